//! Negative controls of layers that no setting takes away: these tests take them away from outside.
//!
//! What a box asks the kernel for is answered with success and not done: by a filter of system calls
//! on the thread that has the box made, which the launcher and every process of the box inherit.
//! Limits of control groups are lifted in their files while the program waits at a gate.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use gavel::sandbox::{Budget, Cancel, Command, Container, Ending, Limits, Report, Slot};
use libseccomp::{ScmpAction, ScmpArgCompare, ScmpCompareOp, ScmpFilterContext, ScmpSyscall};

use crate::canaries::Canaries;
use crate::case::{self, CONTAINED, Case};
use crate::controls::{as_root, command, find, has_found, printed, run, slot, without_filter};
use crate::host::groups_of;
use crate::runner::alone;

/// A system call that is not done, with the first argument that it must have for that.
pub(crate) type Faked = (&'static str, Option<u64>);

pub(crate) const LANDLOCK: Faked = ("landlock_restrict_self", None);
const CAPABILITIES: Faked = ("capset", None);
const BOUNDING_SET: Faked = ("prctl", Some(libc::PR_CAPBSET_DROP as u64));
const NO_NEW_PRIVILEGES: Faked = ("prctl", Some(libc::PR_SET_NO_NEW_PRIVS as u64));

/// A layer that is taken away by faking what it is made of.
struct Layer {
    name: &'static str,
    faked: &'static [Faked],
    /// Another layer that stands before it and is taken away as well, or nobody could notice.
    before: &'static [Faked],
    weaken: fn(Container) -> Container,
    ids: &'static [&'static str],
}

const LAYERS: [Layer; 7] = [
    Layer {
        name: "Landlock, where the filter of system calls is missing",
        faked: &[LANDLOCK],
        before: &[],
        weaken: without_filter,
        ids: &["NET-03"],
    },
    Layer {
        name: "no new privileges, where the program is root and keeps its capabilities, as the kernel wants it",
        faked: &[NO_NEW_PRIVILEGES],
        before: &[CAPABILITIES],
        weaken: as_root,
        ids: &["PROC-16"],
    },
    Layer {
        name: "no capabilities",
        faked: &[CAPABILITIES],
        before: &[],
        weaken: |c| c,
        ids: &["KRN-07"],
    },
    Layer {
        name: "an empty bounding set",
        faked: &[BOUNDING_SET],
        before: &[],
        weaken: |c| c,
        ids: &["FS-14", "PROC-16"],
    },
    Layer {
        name: "ids of its own, which init has not",
        faked: &[
            ("setresuid", None),
            ("setresgid", None),
            ("setgroups", None),
        ],
        before: &[],
        weaken: |c| c,
        ids: &["FS-06", "FS-10", "FS-11", "FS-17", "SID-02"],
    },
    Layer {
        name: "no inherited descriptors",
        faked: &[("close_range", None)],
        before: &[],
        weaken: |c| c,
        ids: &["FS-08"],
    },
    Layer {
        name: "mounts without set-user-id, devices and executing",
        faked: &[("mount_setattr", None)],
        before: &[],
        weaken: |c| c,
        ids: &["FS-07", "FS-18"],
    },
];

/// From here on these calls of this thread, and of what it starts, succeed and do nothing.
fn fake(calls: &[Faked]) {
    let mut filter = ScmpFilterContext::new(ScmpAction::Allow).expect("a filter");
    // Or nothing that is started could ever gain what the controls are about.
    filter.set_ctl_nnp(false).expect("a filter of root's");
    for (name, argument) in calls {
        let call = ScmpSyscall::from_name(name).expect("a system call");
        let is_it = |value| ScmpArgCompare::new(0, ScmpCompareOp::Equal, value);
        let compared: Vec<ScmpArgCompare> = argument.map(is_it).into_iter().collect();
        filter
            .add_rule_conditional(ScmpAction::Errno(0), call, &compared)
            .expect("a rule");
    }
    filter.load().expect("to load it");
}

/// What comes of something while these calls are faked: on a thread of its own, for a filter is for ever.
pub(crate) fn faking<T: Send>(calls: &[Faked], work: impl FnOnce() -> T + Send) -> T {
    let faked = || {
        fake(calls);
        work()
    };
    std::thread::scope(|scope| {
        scope
            .spawn(faked)
            .join()
            .expect("what is faked to be survived")
    })
}

/// What each probe of a layer prints in a box that is made while these calls are faked.
fn printed_while(layer: &Layer, faked: &[Faked], cases: &[Case]) -> Vec<(String, String)> {
    faking(faked, || {
        let mut slot = slot();
        let container = (layer.weaken)(Container::host_toolchains());
        let each = |id: &&str| {
            let (case, canaries) = (find(cases, id), Canaries::new());
            let found = printed(&mut slot, &container, &case, &canaries);
            ((*id).to_owned(), found)
        };
        layer.ids.iter().map(each).collect()
    })
}

#[test]
fn without_a_step_of_making_a_box_the_probes_that_need_it_find_something() {
    let _alone = alone();
    let cases = case::read_all(None);
    // Something to inherit, whoever started these tests; the lowest numbers are used by the box.
    let _inherited = [(); 8].map(|()| nix::unistd::dup(std::io::stdin()).expect("a descriptor"));
    for layer in LAYERS {
        for (id, within) in printed_while(&layer, layer.before, &cases) {
            assert_eq!(within.trim_end(), CONTAINED, "{id} with {}", layer.name);
        }
        let both = [layer.before, layer.faked].concat();
        for (id, without) in printed_while(&layer, &both, &cases) {
            assert!(
                has_found(&without),
                "{id} without {}: {without:?}",
                layer.name
            );
        }
    }
}

#[test]
fn a_box_is_not_made_where_the_hosts_root_was_not_left() {
    let _alone = alone();
    let make = || {
        let plan = Command {
            program: "/bin/true".into(),
            ..command(&find(&case::read_all(None), "FS-08"), &Canaries::new())
        };
        let cancel = Cancel::new().expect("a switch");
        slot().run(&Container::host_toolchains(), &plan, &cancel)
    };
    for call in ["pivot_root", "umount2"] {
        let made = faking(&[(call, None)], make);
        let refused = made.expect_err("no box").to_string();
        assert!(refused.contains("cannot pivot into"), "{call}: {refused}");
    }
}

/// A limit of a control group: the files that hold it, what lifts it, and the case that it stops.
struct GroupLimit {
    name: &'static str,
    /// In the order in which they must be written; those that are missing belong to the other version.
    files: &'static [(&'static str, &'static str)],
    /// The kernel counts on.
    again: bool,
    id: &'static str,
    stops: fn(&Report) -> bool,
    version: Option<&'static str>,
}

const GROUP_LIMITS: [GroupLimit; 3] = [
    GroupLimit {
        name: "the limit of a group's memory",
        files: &[
            ("memory.memsw.limit_in_bytes", "-1"),
            ("memory.limit_in_bytes", "-1"),
            ("memory.max", "max"),
        ],
        again: false,
        id: "MEM-05",
        stops: |report| report.usage.oom_kills > 0,
        version: None,
    },
    GroupLimit {
        name: "the limit of a group's processes",
        files: &[("pids.max", "max")],
        again: false,
        id: "PROC-03a",
        stops: |report| report.usage.forks_refused > 0,
        version: None,
    },
    GroupLimit {
        name: "the counter of a group's CPU time (v1, where it can be reset)",
        files: &[("cpuacct.usage", "0")],
        again: true,
        id: "CPU-05a",
        stops: |report| matches!(report.ending, Ending::LimitHit { limit: Budget::Cpu }),
        version: Some("v1"),
    },
];

#[test]
fn without_a_limit_of_control_groups_the_cases_that_it_stops_go_on() {
    let _alone = alone();
    let cases = case::read_all(None);
    let mut slot = slot();
    let version = slot.sandbox().cgroup_version();
    for limit in GROUP_LIMITS {
        if limit.version.is_some_and(|needed| needed != version) {
            eprintln!("not tried here: {}", limit.name);
            continue;
        }
        let case = find(&cases, limit.id);
        let within = through_the_gate(&mut slot, &case, None);
        assert!((limit.stops)(&within), "{within:?}");
        let without = through_the_gate(&mut slot, &case, Some(&limit));
        let went_on = !(limit.stops)(&without);
        assert!(went_on, "without {}: {without:?}", limit.name);
    }
}

fn lift(limit: &GroupLimit, groups: &[PathBuf]) {
    for (file, value) in limit.files {
        let paths = groups.iter().map(|group| group.join(file));
        for path in paths.filter(|path| path.exists()) {
            fs::write(&path, value).expect("to lift a limit");
        }
    }
}

/// Runs a case once a limit is lifted that had been set for it.
fn through_the_gate(slot: &mut Slot, case: &Case, lifted: Option<&GroupLimit>) -> Report {
    let number = slot.number();
    let mut command = behind_a_gate(command(case, &Canaries::new()), "", "exec ./main");
    command.limits = Limits {
        cpu: Duration::from_millis(case.limits.cpu_ms),
        wall: Duration::from_secs(2),
        memory_bytes: case.limits.memory_bytes,
        processes: case.limits.processes,
        ..command.limits
    };
    with_gate(slot, &command, |_, mut gate, ended| {
        let lift_all = || {
            lifted
                .iter()
                .for_each(|limit| lift(limit, &groups_of(number)))
        };
        lift_all();
        gate.write_all(b"go\n").expect("to open the gate");
        while lifted.is_some_and(|limit| limit.again) && !ended.load(Ordering::SeqCst) {
            lift_all();
            std::thread::yield_now();
        }
    })
}

/// The same command, done by a shell with something before and something after a gate that it waits at.
pub(crate) fn behind_a_gate(command: Command, before: &str, after: &str) -> Command {
    let script = format!("{before}\nmkfifo gate; read go < gate\n{after}");
    Command {
        program: "/bin/sh".into(),
        args: vec!["-c".into(), script.into()],
        ..command
    }
}

/// Runs a command behind a gate. Its keeper is told the root of the box as the host sees it, the gate that he
/// has to write a line to, and, later, whether the run has ended.
pub(crate) fn with_gate(
    slot: &mut Slot,
    command: &Command,
    keeper: impl FnOnce(&Path, File, &AtomicBool) + Send,
) -> Report {
    let (number, ended) = (slot.number(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let (root, gate) = gate_of(number);
            keeper(&root, gate, &ended);
        });
        let report = run(slot, &Container::host_toolchains(), command);
        ended.store(true, Ordering::SeqCst);
        report
    })
}

/// The root of a slot's box, and the pipe that its program waits at.
fn gate_of(slot: u32) -> (PathBuf, File) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while Instant::now() < deadline {
        for group in groups_of(slot) {
            let roots = || {
                let members = fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
                let of = |pid: &str| PathBuf::from(format!("/proc/{pid}/root"));
                members.lines().map(of).collect::<Vec<_>>()
            };
            // Opening it waits for the program to do so, too.
            let open = |root: PathBuf| OpenOptions::new().write(true).open(root.join("box/gate"));
            let opened = roots().into_iter().find_map(|root| open(root).ok());
            // Who made it may be gone by now, but not who opened it.
            let root = roots()
                .into_iter()
                .find(|root| root.join("box/gate").exists());
            if let Some(found) = root.zip(opened) {
                return found;
            }
        }
    }
    panic!("the program does not come to its gate");
}

/// What is taken away, and what must notice it: for the document.
pub(crate) fn table() -> Vec<(&'static str, Vec<&'static str>)> {
    let layers = LAYERS.iter().map(|layer| (layer.name, layer.ids.to_vec()));
    let limits = GROUP_LIMITS
        .iter()
        .map(|limit| (limit.name, vec![limit.id]));
    layers.chain(limits).collect()
}
