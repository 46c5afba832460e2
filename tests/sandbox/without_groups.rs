//! A host without control groups: refused unless that is allowed, and then told with each result.

use std::process::Command as Process;
use std::time::Duration;

use gavel::sandbox::{Cancel, Container, Exit, Limit, Outcome, Protection, Report, Sandbox, Slot};

use crate::support::*;

const INSIDE: &str = "GAVEL_TEST_WITHOUT_GROUPS";

/// Runs [`on_such_a_host`] where no control groups are mounted.
#[test]
fn a_host_without_control_groups_runs_boxes_only_if_allowed_and_says_so() {
    let output = Process::new("unshare")
        .args(["--mount", "sh", "-c"])
        .arg("umount --recursive --lazy /sys/fs/cgroup && exec \"$0\" --exact --nocapture \"$1\"")
        .arg(std::env::current_exe().expect("this binary"))
        .arg("without_groups::on_such_a_host")
        .env(INSIDE, "1")
        .output()
        .expect("to run it");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(text.contains("1 passed"), "{text}");
}

/// Does nothing unless it is the process started by the test above.
#[test]
fn on_such_a_host() {
    if std::env::var_os(INSIDE).is_none() {
        return;
    }
    let refused = Sandbox::open(&config())
        .map(drop)
        .expect_err("a refusal")
        .to_string();
    assert!(refused.contains("--allow-degraded cgroup"), "{refused}");
    let mut config = config();
    config.may_lack.insert(Protection::Cgroup);
    let sandbox = Sandbox::open(&config).expect("it is allowed");
    assert_eq!(sandbox.cgroup_version(), "none");
    let mut slot = sandbox.slot().expect("a slot");
    figures_are_those_of_the_processes(&mut slot);
    limits_are_those_of_each_process(&mut slot);
    nothing_survives(&mut slot);
}

fn run_here(slot: &mut Slot, command: &gavel::sandbox::Command) -> Report {
    let cancel = Cancel::new().expect("an eventfd");
    let report = slot
        .run(&Container::host_toolchains(), command, &cancel)
        .expect("a run");
    assert_eq!(report.degraded, [Protection::Cgroup]);
    report
}

fn figures_are_those_of_the_processes(slot: &mut Slot) {
    let report = run_here(
        slot,
        &python("import time\nx = bytearray(60 << 20)\nwhile time.process_time() < 0.2: pass"),
    );
    assert_eq!(
        report.outcome,
        Outcome::Ended(Exit::Code(0)),
        "{}",
        stderr(&report)
    );
    assert!(
        report.usage.cpu >= Duration::from_millis(200),
        "{:?}",
        report.usage
    );
    assert!(report.usage.memory_bytes > 60 << 20, "{:?}", report.usage);
    // The box is pinned all the same.
    let cpus = run_here(slot, &python("import os\nprint(os.sched_getaffinity(0))"));
    assert_eq!(stdout(&cpus), format!("{{{}}}\n", slot.cpu()));
}

fn limits_are_those_of_each_process(slot: &mut Slot) {
    for script in ["while :; do :; done", "sh -c 'while :; do :; done'; true"] {
        let mut busy = shell(script);
        busy.limits.cpu = Duration::from_millis(300);
        let report = run_here(slot, &busy);
        let is_hit = matches!(
            report.outcome,
            Outcome::LimitHit {
                limit: Limit::Cpu,
                ..
            }
        );
        assert!(is_hit, "{script}: {:?}", report.outcome);
    }
    // In one process, and in two; what is only reserved, and what both share, is no memory of theirs.
    for script in [
        "x = b'x' * (300 << 20)\ntime.sleep(9)",
        "os.fork()\nx = b'x' * (150 << 20)\ntime.sleep(9)",
    ] {
        let report = run_here(slot, &python(&format!("import os, time\n{script}")));
        let is_hit = matches!(
            report.outcome,
            Outcome::LimitHit {
                limit: Limit::Memory,
                ..
            }
        );
        assert!(is_hit, "{script}: {:?}", report.outcome);
    }
    let shares = "import mmap, os, time\nx = b'x' * (150 << 20)\ny = mmap.mmap(-1, 1 << 30)\n\
                  child = os.fork()\ntime.sleep(0.3)\nif child: os.wait()";
    let report = run_here(slot, &python(shares));
    assert_eq!(report.outcome, Outcome::Ended(Exit::Code(0)), "{shares}");
    let mut forks = python(
        "import os, signal\nmade = 1\ntry:\n while True:\n  if os.fork() == 0: signal.pause()\n  made += 1\n\
         except BlockingIOError: print(made)",
    );
    forks.limits.processes = 7;
    assert_eq!(stdout(&run_here(slot, &forks)), "7\n");
    let mut sleeper = shell("sleep 20");
    sleeper.limits.wall = Duration::from_millis(200);
    let report = run_here(slot, &sleeper);
    assert!(matches!(
        report.outcome,
        Outcome::LimitHit {
            limit: Limit::Wall,
            ..
        }
    ));
}

fn nothing_survives(slot: &mut Slot) {
    let mark = format!("4{}", std::process::id());
    run_here(slot, &shell(&format!("setsid sleep {mark} & exit 0")));
    eventually("a process survived", || {
        let all = std::fs::read_dir("/proc").expect("proc").flatten();
        let mut commands = all.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
        let wanted = format!("sleep\0{mark}\0");
        !commands.any(|command| command == wanted.as_bytes())
    });
}
