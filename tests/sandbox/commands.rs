//! Who a program is, where it starts, its streams and resource limits: rows "user", "rlimits",
//! "command" and "switches" of what the library promises.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use gavel::sandbox::{
    Access, Cancel, Container, Exit, Mount, Outcome, Output, Outputs, Report, Resource, Rlimit,
    SandboxError, Session, Stdin, User,
};

use crate::support::*;

fn run_with(outputs: &Outputs, command: &gavel::sandbox::Command) -> Report {
    let cancel = Cancel::new().expect("an eventfd");
    let container = Container::host_toolchains();
    slot()
        .run_with(&container, command, outputs, &cancel)
        .expect("a run")
}

fn refused(container: &Container) -> SandboxError {
    let cancel = Cancel::new().expect("an eventfd");
    let result = slot().run(container, &shell("true"), &cancel);
    result.expect_err("a container that cannot be")
}

#[test]
fn the_user_and_all_groups_are_those_asked_for_and_foreign_outside() {
    for (uid, gid, groups, shown) in [
        (1234, 5678, vec![7, 99], "1234 5678 5678 7 99\n"),
        (0, 0, vec![], "0 0 0\n"),
        (65_534, 0, vec![3], "65534 0 0 3\n"),
    ] {
        let container = Container {
            user: User { uid, gid, groups },
            ..Container::host_toolchains()
        };
        let report = run_in(
            &mut slot(),
            &container,
            &shell("echo $(id -u) $(id -g) $(id -G); grep Cap /proc/self/status >&2; id -un"),
        );
        assert!(stdout(&report).starts_with(shown), "{}", stdout(&report));
        assert!(stdout(&report).ends_with("box\n"));
        let capabilities = stderr(&report);
        assert_eq!(
            capabilities.matches("0000000000000000").count(),
            5,
            "{capabilities}"
        );
    }
}

#[test]
fn root_of_a_box_can_neither_signal_nor_inspect_its_init() {
    let container = Container {
        user: User {
            uid: 0,
            gid: 0,
            groups: Vec::new(),
        },
        ..Container::host_toolchains()
    };
    let script = "import os\nfor f in [lambda: os.kill(1, 9), lambda: os.setuid(65533), \
                  lambda: open('/proc/1/environ'), lambda: os.chown('/box', 65533, 0)]:\n \
                  try: f(); print('allowed')\n except OSError as e: print('no')";
    let report = run_in(&mut slot(), &container, &python(script));
    assert_eq!(stdout(&report), "no\nno\nno\nno\n", "{}", stderr(&report));
}

#[test]
fn a_program_starts_in_its_working_directory() {
    let container = Container {
        working_directory: "/usr/bin".into(),
        ..Container::host_toolchains()
    };
    let report = run_in(&mut slot(), &container, &command("./pwd", &[]));
    assert_eq!(stdout(&report), "/usr/bin\n");
}

#[test]
fn a_working_directory_that_cannot_be_entered_is_named_with_its_errno() {
    let closed = tempfile::tempdir().expect("a directory");
    fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o700)).expect("a mode");
    let closed = Container::host_toolchains().mount(Mount {
        source: closed.path().to_owned(),
        target: "/closed".into(),
        access: Access::ReadOnly,
    });
    for (container, path, errno) in [
        (Container::host_toolchains(), "/missing", 2),
        (closed, "/closed", 13),
    ] {
        let container = Container {
            working_directory: path.into(),
            ..container
        };
        match refused(&container) {
            SandboxError::Box { object, source, .. } => {
                assert_eq!(object.as_deref(), Some(path));
                assert_eq!(source.raw_os_error(), Some(errno));
            }
            other => panic!("{other}"),
        }
    }
}

#[test]
fn arguments_and_environment_are_bytes() {
    use std::os::unix::ffi::OsStringExt;
    let odd = || std::ffi::OsString::from_vec(b"\xff\xfe a".to_vec());
    let mut command = command("/bin/sh", &["-c", "printf %s \"$1$ODD\"", "sh"]);
    command.args.push(odd());
    command.env.push(("ODD".into(), odd()));
    assert_eq!(run_once(&command).stdout.bytes, b"\xff\xfe a\xff\xfe a");
}

#[test]
fn standard_input_is_a_file_that_cannot_be_written_to() {
    let mut input = tempfile::NamedTempFile::new().expect("a file");
    std::io::Write::write_all(&mut input, b"of the host\n").expect("its contents");
    fs::set_permissions(input.path(), fs::Permissions::from_mode(0o666)).expect("a mode");
    let mut command = shell("cat; (echo changed > /proc/self/fd/0) 2>/dev/null || echo refused");
    command.stdin = Stdin::File(input.path().to_owned());
    assert_eq!(stdout(&run_once(&command)), "of the host\nrefused\n");
    assert_eq!(fs::read(input.path()).expect("the file"), b"of the host\n");
}

#[test]
fn standard_input_must_be_a_regular_file() {
    for path in ["/dev/zero", "/", "/does-not-exist"] {
        let mut command = shell("true");
        command.stdin = Stdin::File(path.into());
        let cancel = Cancel::new().expect("an eventfd");
        let result = slot().run(&Container::host_toolchains(), &command, &cancel);
        assert!(result.is_err(), "{path}");
    }
}

#[test]
fn streams_can_be_descriptors() {
    let (input, input_end) = std::io::pipe().expect("a pipe");
    let (mut output, output_end) = std::io::pipe().expect("a pipe");
    std::io::Write::write_all(&mut &input_end, b"through pipes\n").expect("to fit");
    drop(input_end);
    let mut command = shell("cat; echo error >&2");
    command.stdin = Stdin::Descriptor(Arc::new(input.into()));
    let outputs = Outputs {
        stdout: Output::Descriptor(Arc::new(output_end.into())),
        stderr: Output::Captured,
    };
    let report = run_with(&outputs, &command);
    drop(outputs);
    let mut text = String::new();
    output.read_to_string(&mut text).expect("to read");
    assert_eq!(text, "through pipes\n");
    assert_eq!(
        (stdout(&report).as_str(), stderr(&report).as_str()),
        ("", "error\n")
    );
}

#[test]
fn output_to_nowhere_has_no_limit() {
    let mut command = shell("head -c 3000000 /dev/zero; echo kept >&2");
    command.limits.stdout_bytes = 10;
    let outputs = Outputs {
        stdout: Output::Null,
        stderr: Output::Captured,
    };
    let report = run_with(&outputs, &command);
    assert_eq!(report.outcome, Outcome::Ended(Exit::Code(0)));
    assert_eq!(report.stdout.total_bytes, 0);
    assert_eq!(stderr(&report), "kept\n");
}

#[test]
fn a_session_is_new_unless_the_hosts_is_asked_for() {
    let script = "import os\nprint(os.getsid(0) == os.getpid())";
    let mut slot = slot();
    assert_eq!(stdout(&run(&mut slot, &python(script))), "True\n");
    let container = Container {
        session: Session::Shared,
        ..Container::host_toolchains()
    };
    let shared = run_in(&mut slot, &container, &python(script));
    assert_eq!(stdout(&shared), "False\n");
    assert_eq!(shared.loosened, ["session of the host"]);
}

#[test]
fn each_of_the_sixteen_resource_limits_can_be_set() {
    // As `resource` of Python names them, and a value each that is below what a process has.
    let names = [
        "AS",
        "CORE",
        "CPU",
        "DATA",
        "FSIZE",
        "10",
        "MEMLOCK",
        "MSGQUEUE",
        "NICE",
        "NOFILE",
        "NPROC",
        "RSS",
        "RTPRIO",
        "RTTIME",
        "SIGPENDING",
        "STACK",
    ];
    assert_eq!(Resource::ALL.len(), names.len());
    let limit = |index: usize| match names[index] {
        "AS" | "DATA" | "STACK" | "RSS" | "FSIZE" => (1_u64 << 32) + index as u64,
        "NICE" | "RTPRIO" | "CORE" => 0,
        _ => 40 + index as u64,
    };
    let rlimits = Resource::ALL
        .iter()
        .enumerate()
        .map(|(index, resource)| Rlimit {
            resource: *resource,
            soft: limit(index),
            hard: limit(index),
        });
    let container = Container {
        rlimits: rlimits.collect(),
        ..Container::host_toolchains()
    };
    let script = format!(
        "import resource\nfor n in {names:?}:\n \
         print(*resource.getrlimit(int(n) if n.isdigit() else \
         getattr(resource, 'RLIMIT_' + n, {{'RTTIME': 15}}.get(n))))"
    );
    let report = run_in(&mut slot(), &container, &python(&script));
    let wanted: String = (0..names.len())
        .map(|index| format!("{0} {0}\n", limit(index)))
        .collect();
    assert_eq!(stdout(&report), wanted, "{}", stderr(&report));
}

#[test]
fn a_resource_limit_above_what_the_host_allows_is_named() {
    let (_, hard) = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE)
        .expect("a limit");
    let container = Container {
        rlimits: vec![Rlimit {
            resource: Resource::OpenFiles,
            soft: hard + 1,
            hard: hard + 1,
        }],
        ..Container::host_toolchains()
    };
    match refused(&container) {
        SandboxError::Box { object, .. } => assert_eq!(object.as_deref(), Some("RLIMIT_NOFILE")),
        other => panic!("{other}"),
    }
}
