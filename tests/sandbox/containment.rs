//! What a guest must not be able to do, one attempt a test.

use std::fs;

use gavel::sandbox::{Container, Exit, Network, Outcome, Proc};

use crate::support::*;

/// Runs Python in a box and returns what it printed.
fn probe(script: &str) -> String {
    printed(&run_once(&python(script)))
}

const CALL: &str = "import ctypes, errno\nlibc = ctypes.CDLL(None, use_errno=True)\n\
    def call(*a):\n r = libc.syscall(*a)\n return errno.errorcode[ctypes.get_errno()] if r == -1 else r\n";

#[test]
fn the_program_has_no_privileges() {
    let status = probe("print(open('/proc/self/status').read())");
    for line in [
        "CapInh:\t0000000000000000",
        "CapPrm:\t0000000000000000",
        "CapEff:\t0000000000000000",
        "CapBnd:\t0000000000000000",
        "CapAmb:\t0000000000000000",
        "NoNewPrivs:\t1",
        "Seccomp:\t2",
        "Uid:\t1000\t1000\t1000\t1000",
        "Gid:\t1000\t1000\t1000\t1000",
        "SigBlk:\t0000000000000000",
    ] {
        assert!(status.contains(line), "{line} not in\n{status}");
    }
    let groups = status.lines().find(|line| line.starts_with("Groups:"));
    assert_eq!(groups.map(str::trim_end), Some("Groups:"));
}

#[test]
fn only_the_three_standard_descriptors_are_open() {
    // The listing itself is the fourth.
    let open = probe("import os\nprint(sorted(map(int, os.listdir('/proc/self/fd'))))");
    assert_eq!(open, "[0, 1, 2, 3]\n");
}

#[test]
fn the_environment_is_what_was_asked_for() {
    assert_eq!(
        stdout(&run_once(&command("/usr/bin/env", &[]))),
        "PATH=/usr/bin:/bin\n"
    );
}

#[test]
fn every_namespace_is_its_own() {
    let inside = probe(
        "import os\nfor n in sorted(os.listdir('/proc/self/ns')): print(n, os.readlink('/proc/self/ns/' + n))",
    );
    for name in ["mnt", "pid", "user", "ipc", "uts", "net", "cgroup"] {
        let ours = fs::read_link(format!("/proc/self/ns/{name}")).expect("a namespace");
        let theirs = inside
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{name} ")));
        let theirs = theirs.expect("a namespace");
        assert_ne!(theirs, ours.to_string_lossy(), "{name}");
    }
}

#[test]
fn the_root_shows_only_what_belongs_there() {
    let mut root: Vec<String> = probe("import os\nprint('\\n'.join(os.listdir('/')))")
        .lines()
        .map(str::to_owned)
        .collect();
    root.retain(|name| !name.starts_with("lib"));
    root.sort();
    assert_eq!(
        root,
        ["bin", "box", "dev", "etc", "proc", "sbin", "tmp", "usr"]
    );
}

#[test]
fn nothing_but_the_scratch_directories_is_writable() {
    let report = run_once(&shell(
        "for d in / /etc /usr /usr/bin /dev /proc /proc/self /proc/sys/kernel; do \
         touch $d/x 2>/dev/null && echo wrote $d; done; \
         for f in /etc/passwd /usr/bin/python3 /proc/self/oom_score_adj; do \
         (echo 0 > $f) 2>/dev/null && echo wrote $f; done; true",
    ));
    assert_eq!(stdout(&report), "");
}

#[test]
fn every_mount_is_nosuid_and_read_only_or_scratch() {
    let container = Container {
        proc: Proc::Masked,
        ..Container::host_toolchains()
    };
    let report = run_in(&mut slot(), &container, &shell("cat /proc/self/mounts"));
    let table = stdout(&report);
    assert!(table.lines().count() > 5, "{table}");
    for line in table.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let options: Vec<&str> = fields[3].split(',').collect();
        assert!(options.contains(&"nosuid"), "{line}");
        let scratch = ["/box", "/tmp", "/dev/shm"].contains(&fields[1]);
        // Device nodes, and /dev/null over masked files of proc.
        let device = fields[2] == "devtmpfs";
        assert!(device || options.contains(&"nodev"), "{line}");
        assert!(scratch || device || options.contains(&"ro"), "{line}");
    }
}

#[test]
fn a_mount_below_a_read_only_mount_is_read_only_too() {
    let directory = std::env::temp_dir().join(format!("gavel-sub-{}", std::process::id()));
    let inner = directory.join("inner");
    fs::create_dir_all(&inner).expect("directories");
    let_all_read(&directory);
    let flags = nix::mount::MsFlags::empty();
    nix::mount::mount(Some("x"), &inner, Some("tmpfs"), flags, Some("mode=777")).expect("a tmpfs");
    let container = Container::host_toolchains().mount(gavel::sandbox::Mount {
        source: directory.clone(),
        target: "/data".into(),
        access: gavel::sandbox::Access::ReadOnly,
    });
    let report = run_in(&mut slot(), &container, &shell("echo x > /data/inner/file"));
    nix::mount::umount(&inner).expect("to unmount");
    fs::remove_dir_all(&directory).expect("to clean up");
    assert!(
        stderr(&report).contains("Read-only file system"),
        "{}",
        stderr(&report)
    );
}

#[test]
fn host_secrets_do_not_exist() {
    let listing = probe(
        "import os\nfor p in ['/etc/shadow', '/root', '/home', '/run', '/var', '/sys', '/boot', '/work', \
         '/etc/hostname', '/etc/ssh', '/proc/kcore', '/proc/sys', '/dev/mem', '/dev/kmsg', '/dev/tty', '/dev/fuse']:\n \
         if os.path.exists(p): print(p)",
    );
    assert_eq!(listing, "");
}

#[test]
fn other_processes_are_invisible() {
    let pids = probe("import os\nprint([p for p in os.listdir('/proc') if p.isdigit()])");
    assert_eq!(pids, "['2']\n");
}

#[test]
fn init_can_be_neither_signalled_nor_inspected() {
    let answers = probe(
        "import os\nfor f in [lambda: os.kill(1, 9), lambda: os.kill(1, 19), lambda: open('/proc/1/environ'), \
         lambda: os.readlink('/proc/1/exe')]:\n try: f(); print('allowed')\n except OSError as e: print('no')",
    );
    assert_eq!(answers, "no\nno\nno\nno\n");
}

#[test]
fn killing_everything_reaches_only_the_own_processes() {
    let report = run_once(&shell("kill -9 -1; echo alive"));
    assert_eq!(report.outcome, Outcome::Ended(Exit::Code(0)));
    assert_eq!(stdout(&report), "alive\n");
}

#[test]
fn devices_cannot_be_made() {
    let answer = probe(
        "import os, stat\ntry: os.mknod('/box/null', stat.S_IFCHR | 0o666, os.makedev(1, 3)); print('made')\n\
         except OSError as e: print(e.errno)",
    );
    assert_eq!(answer, "1\n");
}

#[test]
fn tmp_is_not_executable_unless_asked_for() {
    let script = "cp /bin/true /tmp/t && /tmp/t";
    let mut slot = slot();
    let denied = run(&mut slot, &shell(script));
    assert_eq!(denied.outcome, Outcome::Ended(Exit::Code(126)));
    let container = Container {
        exec_tmp: true,
        ..Container::host_toolchains()
    };
    let allowed = run_in(&mut slot, &container, &shell(script));
    assert_eq!(allowed.outcome, Outcome::Ended(Exit::Code(0)));
}

#[test]
fn refused_system_calls_get_an_errno_and_are_named() {
    let script = format!(
        "{CALL}\
         print(call(101, 0, 0, 0, 0), call(250, 0, 0, 0), call(272, 0x10000000), call(165, 0, 0, 0, 0, 0), \
         call(321, 0, 0, 0), call(298, 0, 0, 0, 0, 0))"
    );
    let report = run_once(&python(&script));
    assert_eq!(
        stdout(&report),
        "EPERM ENOSYS EPERM EPERM EPERM EPERM\n",
        "{}",
        stderr(&report)
    );
    let named = [
        "ptrace",
        "keyctl",
        "unshare",
        "mount",
        "bpf",
        "perf_event_open",
    ];
    assert_eq!(report.denied_calls, named);
}

#[test]
fn io_uring_clone3_and_unknown_calls_do_not_exist() {
    let answers = probe(&format!(
        "{CALL}print(call(425, 1, 0), call(435, 0, 0), call(599), call(100000))"
    ));
    assert_eq!(answers, "ENOSYS ENOSYS ENOSYS ENOSYS\n");
}

#[test]
fn a_namespace_cannot_be_made_with_clone() {
    // CLONE_NEWUSER | SIGCHLD and CLONE_NEWNET | SIGCHLD.
    let answers = probe(&format!(
        "{CALL}print(call(56, 0x10000011, 0, 0, 0, 0), call(56, 0x40000011, 0, 0, 0, 0))"
    ));
    assert_eq!(answers, "EPERM EPERM\n");
}

#[test]
fn only_unix_sockets_exist_without_a_network() {
    let answers = probe(
        "import socket\nmade = []\nfor family in range(64):\n for kind in (1, 2, 3, 5):\n  \
         try: socket.socket(family, kind).close(); made.append(family)\n  except OSError: pass\n\
         print(sorted(set(made)))",
    );
    assert_eq!(answers, "[1]\n");
}

#[test]
fn loopback_reaches_only_the_own_box() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a listener");
    let port = listener.local_addr().expect("its address").port();
    let script = format!(
        "import socket\ns = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()\n\
         c = socket.create_connection(s.getsockname()); print('own')\n\
         try: socket.create_connection(('127.0.0.1', {port}), 1); print('host')\n\
         except OSError as e: print(e.errno)\n\
         try: socket.create_connection(('192.0.2.1', 80), 1); print('world')\n\
         except OSError as e: print(e.errno)"
    );
    let container = Container {
        network: Network::Loopback,
        ..Container::host_toolchains()
    };
    let report = run_in(&mut slot(), &container, &python(&script));
    assert_eq!(stdout(&report), "own\n111\n101\n", "{}", stderr(&report));
}

#[test]
fn abstract_sockets_of_the_host_are_out_of_reach() {
    use std::os::linux::net::SocketAddrExt;
    let name = format!("gavel-test-{}", std::process::id());
    let address = std::os::unix::net::SocketAddr::from_abstract_name(&name).expect("a name");
    let _listener = std::os::unix::net::UnixListener::bind_addr(&address).expect("a listener");
    let answer = probe(&format!(
        "import socket\ns = socket.socket(socket.AF_UNIX)\n\
         try: s.connect('\\0{name}'); print('reached')\nexcept OSError as e: print('refused')"
    ));
    assert_eq!(answer, "refused\n");
}

#[test]
fn shared_memory_of_one_run_is_gone_in_the_next() {
    let mut slot = slot();
    let make = format!("{CALL}print(call(29, 4242, 4096, 0o1666) != 'EINVAL')");
    let find = format!("{CALL}print(call(29, 4242, 4096, 0o666))");
    assert_eq!(stdout(&run(&mut slot, &python(&make))), "True\n");
    assert_eq!(stdout(&run(&mut slot, &python(&find))), "ENOENT\n");
}

#[test]
fn file_locks_are_refused_because_other_boxes_would_see_them() {
    let answers = probe(
        "import fcntl\nf = open('/usr/bin/python3')\n\
         for lock in (lambda: fcntl.flock(f, fcntl.LOCK_SH), lambda: fcntl.lockf(f, fcntl.LOCK_SH)):\n \
         try: lock(); print('locked')\n except OSError as e: print(e.errno)",
    );
    assert_eq!(answers, "38\n1\n");
}

#[test]
fn there_is_no_terminal() {
    let answers = probe(
        "import os, fcntl, termios\n\
         try: open('/dev/tty'); print('tty')\nexcept OSError as e: print(e.errno)\n\
         for fd in (0, 1, 2):\n try: fcntl.ioctl(fd, termios.TIOCSTI, b'x'); print('pushed')\n \
         except OSError as e: print('no')\n\
         print(os.getsid(0) == os.getpid())",
    );
    assert_eq!(answers, "2\nno\nno\nno\nTrue\n");
}

#[test]
fn a_program_of_another_architecture_is_killed_by_its_first_call() {
    // exit(0) by int 0x80, the entry of 32-bit programs.
    let mut assembler = shell(
        "printf '\\t.globl _start\\n_start:\\n\\tmov $1, %%eax\\n\\tmov $0, %%ebx\\n\\tint $0x80\\n' > a.s && \
         as a.s -o a.o && ld a.o -o a && exec ./a",
    );
    assembler.limits.cpu = std::time::Duration::from_secs(5);
    let report = run_once(&assembler);
    assert_eq!(
        report.outcome,
        Outcome::Ended(Exit::Signal(31)),
        "{}",
        stderr(&report)
    );
}

#[test]
fn concurrent_boxes_have_different_host_ids_and_cpus_of_their_slots() {
    let sandbox = sandbox();
    let (mut one, mut two) = (
        sandbox.slot().expect("a slot"),
        sandbox.slot().expect("a slot"),
    );
    let show = "print(open('/proc/self/uid_map').read().split(), open('/proc/self/status').read().split('Cpus_allowed_list:')[1].split()[0])";
    let first = stdout(&run(&mut one, &python(show)));
    let second = stdout(&run(&mut two, &python(show)));
    assert_ne!(first.split(']').next(), second.split(']').next());
    assert!(first.trim().ends_with(&one.cpu().to_string()), "{first}");
}
