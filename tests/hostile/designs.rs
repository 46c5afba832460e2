//! Negative controls of what is no single step: programs in the way that other sandboxes are built, where
//! the cases that our way is for must fail.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::process::{Command as Process, Stdio};
use std::time::Duration;

use gavel::sandbox::{
    Budget, CollectError, Command, Container, Ending, Exit, Limits, Outcome, Report, Slot,
};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::canaries::Canaries;
use crate::case::{self, Case};
use crate::controls::{command, compiled, find, run, slot, without_filter};
use crate::layers::{LANDLOCK, behind_a_gate, faking, with_gate};
use crate::runner::alone;
use crate::sequences::take_all_inotify_twice;

/// Whoever reads a program's output to its end waits for everybody who holds it.
const END_OF_OUTPUT: (&str, &[&str]) = (
    "the end of a box by its death, and not by the end of its output",
    &["PROC-06"],
);

#[test]
fn without_a_box_the_output_of_a_program_stays_open_after_its_end() {
    let cases = case::read_all(None);
    let directory = tempfile::tempdir().expect("a directory");
    let program = directory.path().join("main");
    fs::write(&program, compiled(&find(&cases, END_OF_OUTPUT.1[0]))).expect("a program");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a mode");
    // Whatever it leaves ends with this shell, which tells of the program's end by standard error.
    let mut shell = Process::new("unshare")
        .args(["--pid", "--fork", "--kill-child", "sh", "-c"])
        .arg("exec 3>&1 >&2; ./main >&3 3>&-; exec 3>&-; echo ended; read wait")
        .current_dir(directory.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("unshare");
    let mut told = String::new();
    BufReader::new(shell.stderr.take().expect("a pipe"))
        .read_line(&mut told)
        .expect("the end");
    assert_eq!(told, "ended\n");
    let mut output = shell.stdout.take().expect("a pipe");
    let mut printed = [0; 8];
    let length = output.read(&mut printed).expect("the output");
    assert_eq!(&printed[..length], b"ok\n");
    let mut polled = [PollFd::new(output.as_fd(), PollFlags::POLLIN)];
    let ready = poll(&mut polled, PollTimeout::ZERO).expect("to look");
    shell.kill().expect("to kill it");
    shell.wait().expect("its end");
    assert_eq!(ready, 0, "its end is here already");
}

/// Signals of a process to itself, and orphans. SIGKILL is not among them, for `unshare` may not pass it on.
const PROCESS_1: (&str, &[&str]) = (
    "an init that is process 1, and not the program",
    &[
        "PROC-02b", "PROC-11b", "PROC-11d", "PROC-11e", "PROC-11f", "PROC-11g", "PROC-11h",
        "PROC-11i", "PROC-11j", "PROC-11k", "PROC-11l",
    ],
);

#[test]
fn a_program_that_is_process_1_does_not_end_as_it_should() {
    let _alone = alone();
    let (cases, mut slot) = (case::read_all(None), slot());
    for id in PROCESS_1.1 {
        let case = find(&cases, id);
        let within = in_namespaces(&mut slot, &case, &["--user"]);
        assert!(is_expected(&case, &within.outcome), "{id}: {within:?}");
        let without = in_namespaces(&mut slot, &case, &["--user", "--pid"]);
        assert!(!is_expected(&case, &without.outcome), "{id}: {without:?}");
    }
}

/// How a case ends below namespaces of its own in a box that lets it have them. The first process in one of
/// process ids is number 1.
fn in_namespaces(slot: &mut Slot, case: &Case, namespaces: &[&str]) -> Report {
    let inner = command(case, &Canaries::new());
    let mut args: Vec<_> = namespaces.iter().map(Into::into).collect();
    args.extend(["--fork".into(), "--".into(), inner.program.into()]);
    args.extend(inner.args);
    let outer = Command {
        program: "/usr/bin/unshare".into(),
        args,
        limits: Limits {
            wall: Duration::from_secs(10),
            // One more for whom it starts.
            processes: case.limits.processes + 1,
            ..inner.limits
        },
        ..inner
    };
    run(slot, &without_filter(Container::host_toolchains()), &outer)
}

fn is_expected(case: &Case, outcome: &Outcome) -> bool {
    case.expect.iter().any(|expected| {
        let exit = expected.signal.map_or(Exit::Code(0), Exit::Signal);
        *outcome == Outcome::Ended(exit)
    })
}

/// A shell that waits for its program, and prints what that used as `wait4` has it.
const PRINTS_RUSAGE: &str = "
import resource, subprocess
subprocess.run('./main', stdout=subprocess.DEVNULL, check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime)
";

/// Children whose end their parent ignores are in nobody's figures but in the group's.
const RUSAGE: (&str, &[&str]) = (
    "CPU time of the group, and not of the children that were waited for",
    &["CPU-05c"],
);

#[test]
fn what_was_waited_for_is_less_than_what_was_used() {
    let _alone = alone();
    let case = find(&case::read_all(None), RUSAGE.1[0]);
    let mut counting = command(&case, &Canaries::new());
    counting.program = "/usr/bin/python3".into();
    counting.args = ["-c", PRINTS_RUSAGE].map(Into::into).to_vec();
    let report = run(&mut slot(), &Container::host_toolchains(), &counting);
    let used = report.usage.cpu.as_secs_f64();
    let printed = String::from_utf8_lossy(&report.stdout.bytes).into_owned();
    let waited_for: f64 = printed.trim().parse().expect("seconds");
    // Four children, 50 ms each.
    assert!(used >= 0.2, "{report:?}");
    assert!(waited_for < 0.1, "{waited_for} s of {used} s");
}

/// Whoever waits for a program alone leaves what it started.
const KILL: (&str, &[&str]) = (
    "the end of all that a program started, together with it",
    &["PROC-05"],
);

#[test]
fn without_a_kill_of_the_rest_a_box_lives_as_long_as_a_daemon() {
    let _alone = alone();
    let case = find(&case::read_all(None), KILL.1[0]);
    let mut leaves = command(&case, &Canaries::new());
    leaves.limits.wall = Duration::from_secs(2);
    let usual = Container::host_toolchains();
    let within = run(&mut slot(), &usual, &leaves).ending;
    assert_eq!(within, Ending::Exited { code: 0 });
    // Of all processes but itself; a number of 32 bits, whose upper half says nothing.
    let kill_all = [("kill", Some(u64::MAX)), ("kill", Some(u32::MAX.into()))];
    let without = faking(&kill_all, || run(&mut slot(), &usual, &leaves).ending);
    let limit = Budget::Wall;
    assert_eq!(without, Ending::LimitHit { limit });
}

/// `O_NOFOLLOW` is about the last name of a path.
const NO_FOLLOW: (&str, &[&str]) = (
    "files that are opened through no link at all, and not only at the end of their paths",
    &["FS-04a"],
);

#[test]
fn looking_at_the_last_name_only_opens_a_secret_of_the_host() {
    let _alone = alone();
    let (mut slot, canaries) = (slot(), Canaries::new());
    let linked = Path::new("linked/secret");
    let script = format!("ln -s '{}' linked", canaries.tree().display());
    let any = find(&case::read_all(None), "FS-07");
    let command = behind_a_gate(command(&any, &canaries), &script, "exit 0");
    let opens = |root: &Path, mut gate: File| {
        let path = root.join("box").join(linked);
        let mut options = fs::OpenOptions::new();
        let opened = options.read(true).custom_flags(libc::O_NOFOLLOW).open(path);
        let mut text = String::new();
        let read = opened.and_then(|mut file| file.read_to_string(&mut text));
        gate.write_all(b"go\n").expect("to open the gate");
        read.expect("the secret");
        assert!(text.contains(canaries.secret()));
    };
    let report = with_gate(&mut slot, &command, |root, gate, _| opens(root, gate));
    let refused = report.scratch.read(linked, 1000).expect_err("a refusal");
    assert!(
        matches!(refused, CollectError::NotPlain { .. }),
        "{refused}"
    );
}

/// Mounts a directory of the host over one of a box: the process that it is told of is in there.
const MOUNTS_INTO: &str = "
import ctypes, os, sys
pid, source, target = sys.argv[1:]
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *args):
    result = libc.syscall(number, *args)
    assert result >= 0, (number, os.strerror(ctypes.get_errno()))
    return result
OPEN_TREE, MOVE_MOUNT = 428, 429
CLONE, EMPTY_PATH, NEW_NAMESPACE, HERE = 1, 4, 0x20000, -100
tree = call(OPEN_TREE, HERE, source.encode(), CLONE)
namespace = os.open(f'/proc/{pid}/ns/mnt', os.O_RDONLY)
assert libc.setns(namespace, NEW_NAMESPACE) == 0, os.strerror(ctypes.get_errno())
call(MOVE_MOUNT, tree, b'', HERE, target.encode(), EMPTY_PATH)
";

/// What one box leaves there the next one finds. Landlock knows the directory that was there when the box was made.
const SHARED_MEMORY: (&str, &[&str]) = (
    "a /dev/shm of its own, where Landlock is missing",
    &["PER-01"],
);

#[test]
fn with_a_shared_directory_for_memory_one_run_finds_what_another_left() {
    let _alone = alone();
    let [first, second] = faking(&[LANDLOCK], || {
        let shared = tempfile::tempdir().expect("a directory");
        fs::set_permissions(shared.path(), fs::Permissions::from_mode(0o1777)).expect("a mode");
        let mut slot = slot();
        [(); 2].map(|()| printed_with(&mut slot, shared.path()))
    });
    assert_eq!(first.trim_end(), case::CONTAINED);
    assert!(second.contains("/dev/shm: "), "{second:?}");
}

/// What the probe prints in a box over whose /dev/shm a directory of the host is mounted.
fn printed_with(slot: &mut Slot, shared: &Path) -> String {
    let case = find(&case::read_all(None), SHARED_MEMORY.1[0]);
    let probe = command(&case, &Canaries::new());
    let probe = behind_a_gate(probe, "", "rm gate; exec /usr/bin/python3 -s -E -B main.py");
    let report = with_gate(slot, &probe, |root, mut gate, _| {
        mount_into(root, shared, "/dev/shm");
        gate.write_all(b"go\n").expect("to open the gate");
    });
    let printed = [report.stdout.bytes, report.stderr.bytes].concat();
    String::from_utf8_lossy(&printed).into_owned()
}

/// Mounts a directory of the host into the box whose root is `/proc/PID/root`.
fn mount_into(root: &Path, source: &Path, target: &str) {
    let pid = root.parent().and_then(Path::file_name).expect("a process");
    let output = Process::new("python3")
        .args(["-c", MOUNTS_INTO])
        .arg(pid)
        .arg(source)
        .arg(target)
        .output()
        .expect("python3");
    assert!(output.status.success(), "{output:?}");
}

/// The kernel counts for each user of the host.
const IDS: (&str, &[&str]) = ("host ids that no other box has", &["SID-07"]);

#[test]
fn with_the_same_ids_one_box_takes_what_is_counted_for_both() {
    let _alone = alone();
    let calls = ["setresuid", "setresgid", "setgroups"].map(|call| (call, None));
    let accepted = faking(&calls, take_all_inotify_twice);
    assert!(accepted.contains(&false), "both have all");
}

/// What is done in another way, and what must notice it: for the document.
pub(crate) fn table() -> Vec<(&'static str, Vec<&'static str>)> {
    let all = [
        END_OF_OUTPUT,
        PROCESS_1,
        RUSAGE,
        KILL,
        NO_FOLLOW,
        SHARED_MEMORY,
        IDS,
    ];
    all.map(|(name, ids)| (name, ids.to_vec())).to_vec()
}
