//! Negative controls: with one layer of the box taken away, a probe that needs it must find something.
//! A test of containment that cannot fail would prove nothing.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command as Process;
use std::time::Duration;

use gavel::judge::SandboxConfig;
use gavel::sandbox::{
    Access, Cancel, Command, Container, Devices, InputFile, Limits, Mount, Namespace, Network,
    Proc, Report, Resource, Rlimit, Sandbox, Seccomp, SeccompAction, SeccompProfile, Session, Slot,
    Stdin, User,
};

use crate::canaries::Canaries;
use crate::case::{self, CONTAINED, Case};
use crate::judging;
use crate::runner::alone;

const LIMITS: Limits = Limits {
    cpu: Duration::from_secs(5),
    wall: Duration::from_secs(20),
    idle: None,
    memory_bytes: 256 << 20,
    stdout_bytes: 1 << 20,
    processes: 16,
    stack_bytes: 8 << 20,
    open_files: 256,
    file_bytes: 64 << 20,
};

/// What is weaker in a box.
type Weaken = fn(Container, &Canaries) -> Container;

/// A layer, a box without it, and the probes that must notice.
const CONTROLS: [(&str, Weaken, &[&str]); 14] = [
    (
        "the name of its own",
        |c, _| share(c, Namespace::Uts),
        &["KRN-09", "SID-09"],
    ),
    (
        "control groups of its own",
        |c, _| share(c, Namespace::Cgroup),
        &["KRN-17", "SID-09"],
    ),
    (
        "a network of its own",
        |c, _| Container {
            network: Network::Host,
            ..c
        },
        &["NET-03", "NET-04"],
    ),
    (
        "no loopback",
        |c, _| Container {
            network: Network::Loopback,
            ..c
        },
        &["NET-03"],
    ),
    (
        "a session of its own",
        |c, _| Container {
            session: Session::Shared,
            ..c
        },
        &["IO-15"],
    ),
    (
        "no terminals",
        |c, _| Container {
            devices: Devices::Terminals,
            ..c
        },
        &["FS-07", "FS-13", "IO-15"],
    ),
    (
        "only processes in /proc",
        |c, _| Container {
            proc: Proc::Masked,
            ..c
        },
        &["FS-11", "SID-05"],
    ),
    (
        "no executing from /tmp",
        |c, _| Container {
            exec_tmp: true,
            ..c
        },
        &["FS-18"],
    ),
    (
        "files of its own",
        |c, canaries| c.mount(tree(canaries, Access::ReadOnly)),
        &["FS-06", "FS-20"],
    ),
    (
        "files that are only read",
        |c, canaries| c.mount(tree(canaries, Access::ReadWrite)),
        &["FS-09"],
    ),
    (
        "a root that is only read",
        |c, _| Container {
            root_access: Access::ReadWrite,
            ..c
        },
        &["FS-07"],
    ),
    ("an ordinary user", |c, _| as_root(c), &["FS-17", "KRN-07"]),
    (
        "the filter of system calls",
        |c, _| without_filter(c),
        &[
            "KRN-02", "KRN-03", "KRN-06", "KRN-08", "KRN-11", "KRN-15b", "KRN-21", "MEM-06c",
            "NET-06", "NET-11", "SID-01", "SID-03",
        ],
    ),
    (
        "no core files",
        |c, _| Container {
            rlimits: vec![cores()],
            ..c
        },
        &["PER-01"],
    ),
];

fn share(container: Container, namespace: Namespace) -> Container {
    Container {
        hostname: match namespace {
            Namespace::Uts => String::new(),
            _ => container.hostname,
        },
        shared_namespaces: BTreeSet::from([namespace]),
        ..container
    }
}

fn tree(canaries: &Canaries, access: Access) -> Mount {
    Mount {
        source: canaries.tree(),
        target: canaries.tree(),
        access,
    }
}

pub(crate) fn as_root(container: Container) -> Container {
    Container {
        user: User {
            uid: 0,
            gid: 0,
            groups: Vec::new(),
        },
        ..container
    }
}

pub(crate) fn without_filter(container: Container) -> Container {
    Container {
        seccomp: Seccomp::Custom(SeccompProfile {
            default: SeccompAction::Allow,
            architectures: Vec::new(),
            rules: Vec::new(),
        }),
        ..container
    }
}

fn cores() -> Rlimit {
    Rlimit {
        resource: Resource::Core,
        soft: 1 << 20,
        hard: 1 << 20,
    }
}

/// A probe, as the judge would run it, in any box.
pub(crate) fn command(case: &Case, canaries: &Canaries) -> Command {
    let is_compiled = case.extension == "c";
    let (program, args): (&str, &[&str]) = match is_compiled {
        true => ("/box/main", &[]),
        false => ("/usr/bin/python3", &["-s", "-E", "-B", "main.py"]),
    };
    let files = match is_compiled {
        true => vec![("main".to_owned(), compiled(case).into(), 0o555)],
        false => {
            let mut files = judging::work(case, "python").files;
            // The first is the program, which has a name only where it has a companion.
            files[0].name = "main.py".to_owned();
            let files = files.into_iter();
            files.map(|file| (file.name, file.bytes, 0o444)).collect()
        }
    };
    Command {
        program: PathBuf::from(program),
        args: args.iter().map(Into::into).collect(),
        env: vec![
            ("PATH".into(), "/usr/bin:/bin".into()),
            ("LANG".into(), "C.UTF-8".into()),
        ],
        files: files
            .into_iter()
            .map(|(name, bytes, mode)| InputFile {
                path: PathBuf::from(name),
                bytes,
                mode,
            })
            .collect(),
        stdin: Stdin::Bytes(judging::input(case, canaries).into()),
        stderr_bytes: 4096,
        limits: LIMITS,
    }
}

/// The program of a case in C.
pub(crate) fn compiled(case: &Case) -> Vec<u8> {
    let directory = tempfile::tempdir().expect("a directory");
    for file in judging::work(case, "c").files {
        std::fs::write(directory.path().join(file.name), &file.bytes).expect("a file");
    }
    let output = Process::new("gcc")
        .args(["-O1", "-pthread", "-w", "-o", "main", "main.c"])
        .current_dir(directory.path())
        .output()
        .expect("gcc");
    assert!(output.status.success(), "{}: {output:?}", case.id);
    std::fs::read(directory.path().join("main")).expect("a program")
}

pub(crate) fn run(slot: &mut Slot, container: &Container, command: &Command) -> Report {
    let cancel = Cancel::new().expect("an eventfd");
    slot.run(container, command, &cancel).expect("a run")
}

/// What a probe prints in a box.
pub(crate) fn printed(
    slot: &mut Slot,
    container: &Container,
    case: &Case,
    canaries: &Canaries,
) -> String {
    let report = run(slot, container, &command(case, canaries));
    String::from_utf8_lossy(&[report.stdout.bytes, report.stderr.bytes].concat()).into_owned()
}

pub(crate) fn find(cases: &[Case], id: &str) -> Case {
    let case = cases.iter().find(|case| case.id == id);
    let case = case.unwrap_or_else(|| panic!("there is no {id}"));
    // A source of a name that is its own comes with a companion.
    assert!(
        case.extension == "py" || case.extension == "c" && !case.includes.is_empty(),
        "{id} cannot be run here"
    );
    case.clone()
}

pub(crate) fn slot() -> Slot {
    let config = SandboxConfig {
        launcher: PathBuf::from(env!("CARGO_BIN_EXE_gavel")),
        ..SandboxConfig::default()
    };
    let sandbox = Sandbox::open(&config).expect("these tests need root and control groups");
    sandbox.slot().expect("a free slot")
}

#[test]
fn without_a_layer_the_probes_that_need_it_find_something() {
    let _alone = alone();
    let cases = case::read_all(None);
    let mut slot = slot();
    let usual = Container::host_toolchains();
    for (layer, weaken, ids) in CONTROLS {
        for id in ids {
            let case = find(&cases, id);
            let canaries = Canaries::new();
            let within = printed(&mut slot, &usual, &case, &canaries);
            assert_eq!(within.trim_end(), CONTAINED, "{id}");
            let weak = weaken(usual.clone(), &canaries);
            let without = printed(&mut slot, &weak, &case, &canaries);
            assert!(has_found(&without), "{id} without {layer}: {without:?}");
        }
    }
}

/// Whether a probe found something, and did not merely fail.
pub(crate) fn has_found(printed: &str) -> bool {
    !printed.is_empty() && printed.trim_end() != CONTAINED && !printed.contains("Traceback")
}

/// System V objects that a box left on the host, for it had no namespace of its own for them.
struct LeftObjects;

impl Drop for LeftObjects {
    fn drop(&mut self) {
        let keys = ["-M", "4242", "-Q", "4242", "-S", "4242"];
        let _ = Process::new("ipcrm").args(keys).status();
    }
}

#[test]
fn without_ipc_of_its_own_one_run_finds_what_another_left() {
    let _alone = alone();
    let case = find(&case::read_all(None), "PER-01");
    let (mut slot, canaries, _left) = (slot(), Canaries::new(), LeftObjects);
    let weak = share(Container::host_toolchains(), Namespace::Ipc);
    let first = printed(&mut slot, &weak, &case, &canaries);
    assert_eq!(first.trim_end(), CONTAINED);
    let second = printed(&mut slot, &weak, &case, &canaries);
    assert!(second.contains("shared memory"), "{second:?}");
}

/// What is taken away, and what must notice it: for the document.
pub(crate) fn table() -> Vec<(&'static str, Vec<&'static str>)> {
    let controls = CONTROLS
        .iter()
        .map(|(layer, _, ids)| (*layer, ids.to_vec()));
    let ipc = ("objects of System V of its own", vec!["PER-01"]);
    controls.chain([ipc]).collect()
}
