use gavel::sandbox::*;
use std::time::*;
fn main() {
    become_launcher_if_asked();
    let sb = Sandbox::open(&SandboxConfig::default()).unwrap();
    let mut slot = sb.slot().unwrap();
    let c = Container::host_toolchains();
    let cmd = Command {
        program: "/bin/true".into(),
        args: vec![],
        env: vec![],
        files: vec![],
        stdin: Stdin::Empty,
        stderr_bytes: 1000,
        limits: Limits {
            cpu: Duration::from_secs(1),
            wall: Duration::from_secs(2),
            idle: None,
            memory_bytes: 64 << 20,
            stdout_bytes: 1000,
            processes: 10,
            stack_bytes: 8 << 20,
            open_files: 64,
            file_bytes: 1 << 20,
        },
    };
    let cancel = Cancel::new().unwrap();
    for gap in [0u64, 10, 100] {
        let mut a = vec![];
        let mut b = vec![];
        let mut w = vec![];
        for i in 0..220 {
            let t = Instant::now();
            let r = slot.run(&c, &cmd, &cancel).unwrap();
            let e = t.elapsed();
            slot.prepare(&c).unwrap();
            std::thread::sleep(Duration::from_millis(gap));
            let t = Instant::now();
            std::process::Command::new("/bin/true")
                .stdin(std::process::Stdio::null())
                .status()
                .unwrap();
            let f = t.elapsed();
            std::thread::sleep(Duration::from_millis(gap));
            if i >= 20 {
                a.push(e);
                b.push(f);
                w.push(r.usage.wall);
            }
            if gap == 100 && i > 100 {
                break;
            }
        }
        a.sort();
        b.sort();
        w.sort();
        let p = |v: &Vec<Duration>, q: usize| v[v.len() * q / 100];
        println!(
            "gap {gap}: sandbox p50 {:?} p99 {:?} | bare p50 {:?} p99 {:?} | inside wall p50 {:?}",
            p(&a, 50),
            p(&a, 99),
            p(&b, 50),
            p(&b, 99),
            p(&w, 50)
        );
    }
}
