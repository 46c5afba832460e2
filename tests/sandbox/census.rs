//! A census before and after many runs and a crash in the middle: processes, mounts, control groups,
//! network namespaces, open files and temporary files are as many as before.
//!
//! It is taken in process, mount and IPC namespaces of its own, so that it counts all there is and
//! nobody else's. `GAVEL_SLOW_TESTS=1` makes it 10,000 runs, and `GAVEL_TEST_RUNS` any other number.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, Stdio};
use std::time::Duration;

use gavel::sandbox::{Cancel, Container, Network, Sandbox, SandboxConfig, Slot};
use nix::mount::{MsFlags, mount};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;

use crate::support::*;

/// The role that one of the processes below has, and its argument.
const ROLE: &str = "GAVEL_TEST_CENSUS";
/// The name of the parent of the control groups.
const PARENT: &str = "GAVEL_TEST_CENSUS_GROUP";

/// Enough for each kind of run several times, within half a minute, unless more are asked for.
fn runs() -> usize {
    let told = std::env::var("GAVEL_TEST_RUNS").ok();
    let is_slow = std::env::var_os("GAVEL_SLOW_TESTS").is_some_and(|value| value == "1");
    let usual = if is_slow { 10_000 } else { 600 };
    told.map_or(usual / slowness() as usize, |number| {
        number.parse().expect("a whole number")
    })
}

#[test]
fn many_runs_and_a_kill_leave_the_machine_as_it_was() {
    let group = format!("gavel-census-{}", std::process::id());
    let output = Process::new("unshare")
        .args(["--mount", "--pid", "--ipc", "--fork", "--mount-proc"])
        .arg(std::env::current_exe().expect("this binary"))
        .args(["--exact", "--nocapture", "census::counted_machine"])
        .envs([(ROLE, "counter"), (PARENT, &group)])
        .output()
        .expect("to run it");
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    // The parent stays for the next start of a service. What is below it, the census has counted.
    for directory in named_groups(&group) {
        for child in directories_in(&directory).into_iter().chain([directory]) {
            let _ = fs::remove_dir(child);
        }
    }
    assert!(output.status.success(), "{text}{errors}");
    assert!(text.contains("1 passed"), "{text}");
    eprintln!(
        "{}",
        text.lines()
            .find(|line| line.contains("census"))
            .unwrap_or("")
    );
}

/// Does nothing unless it is the process started by the test above, or the owner that it starts.
#[test]
fn counted_machine() {
    match std::env::var(ROLE).as_deref() {
        Ok("counter") => count(),
        Ok("killed") => own(runs() / 2, true),
        Ok("next") => own(runs() - runs() / 2, false),
        _ => {}
    }
}

/// What there is, each kind by its names.
#[derive(Debug, PartialEq)]
struct Census {
    processes: BTreeSet<u32>,
    mounts: Vec<String>,
    groups: BTreeSet<PathBuf>,
    namespaces: BTreeSet<PathBuf>,
    open_files: usize,
    files: BTreeSet<PathBuf>,
}

impl Census {
    fn take() -> Census {
        reap();
        let processes = processes();
        let namespaces = processes
            .iter()
            .flat_map(|pid| ["net", "mnt", "user", "ipc"].map(|kind| (pid, kind)))
            .filter_map(|(pid, kind)| fs::read_link(format!("/proc/{pid}/ns/{kind}")).ok());
        let mounts = fs::read_to_string("/proc/self/mountinfo").expect("the mounts");
        let mut files = BTreeSet::new();
        for directory in ["/tmp", "/run", "/dev/shm"] {
            add_files(Path::new(directory), &mut files);
        }
        Census {
            namespaces: namespaces.collect(),
            mounts: mounts.lines().map(str::to_owned).collect(),
            groups: groups(),
            open_files: descriptors(),
            files,
            processes,
        }
    }
}

/// Process 1 inherits what others leave, and has to wait for it.
fn reap() {
    while waitpid(Pid::from_raw(-1), Some(WaitPidFlag::WNOHANG))
        .is_ok_and(|status| status.pid().is_some())
    {}
}

fn processes() -> BTreeSet<u32> {
    let entries = fs::read_dir("/proc").expect("/proc");
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.filter_map(|name| name.parse().ok()).collect()
}

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").expect("descriptors").count()
}

fn add_files(directory: &Path, files: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        let about = fs::symlink_metadata(&path);
        // Locks of slots are files that stay, for a lock must not be unlinked while it is taken.
        if path
            .extension()
            .is_some_and(|extension| extension == "lock")
        {
            continue;
        }
        if about.is_ok_and(|about| about.is_dir() && about.dev() == device(directory)) {
            add_files(&path, files);
        }
        files.insert(path);
    }
}

fn device(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |about| about.dev())
}

/// The groups below our parent, in every tree.
fn groups() -> BTreeSet<PathBuf> {
    let name = std::env::var(PARENT).expect("a name");
    let mut groups = BTreeSet::new();
    for parent in named_groups(&name) {
        groups.extend(directories_in(&parent));
    }
    groups
}

fn directories_in(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths.filter(|path| path.is_dir()).collect()
}

/// Directories of this name in the trees of control groups.
fn named_groups(name: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let root = PathBuf::from("/sys/fs/cgroup");
    let trees = fs::read_dir(&root).expect("control groups").flatten();
    for tree in trees.map(|tree| tree.path()).chain([root]) {
        let group = tree.join(name);
        // On v1 a tree can have a second name, which is a link.
        let is_link = tree
            .symlink_metadata()
            .is_ok_and(|about| about.is_symlink());
        if !is_link && group.is_dir() {
            found.push(group);
        }
    }
    found
}

/// As process 1 of its namespace: counts, has a service run and die and another one after it, and
/// counts again.
fn count() {
    for directory in ["/tmp", "/run", "/dev/shm"] {
        let options = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
        mount(
            Some("tmpfs"),
            directory,
            Some("tmpfs"),
            options,
            Some("mode=1777"),
        )
        .expect("an empty directory");
    }
    let sandbox = open();
    drop(sandbox);
    let before = Census::take();
    kill_in_the_middle(start("killed"));
    let mut next = start("next");
    assert!(next.0.wait().expect("its end").success());
    drop(next);
    eventually("something is left", || Census::take() == before);
    let Census {
        processes,
        mounts,
        groups,
        namespaces,
        open_files,
        files,
    } = before;
    println!(
        "census after {} runs and a kill -9, as before: {} processes, {} mounts, {} control groups, {} namespaces, {open_files} open files, {} temporary files",
        runs(),
        processes.len(),
        mounts.len(),
        groups.len(),
        namespaces.len(),
        files.len()
    );
}

/// A service, and what it says.
struct Service(Child, BufReader<std::process::ChildStdout>);

fn start(role: &str) -> Service {
    let mut child = Process::new(std::env::current_exe().expect("this binary"))
        .args(["--exact", "--nocapture", "census::counted_machine"])
        .env(ROLE, role)
        .stdout(Stdio::piped())
        .spawn()
        .expect("to start this binary again");
    let output = BufReader::new(child.stdout.take().expect("its output"));
    Service(child, output)
}

/// Waits for the program that never ends to run, and kills its owner.
fn kill_in_the_middle(Service(mut child, output): Service) {
    let mut lines = output.lines().map_while(Result::ok);
    assert!(lines.any(|line| line.ends_with("HALF")), "it failed");
    eventually("no guest runs", || !guests().is_empty());
    child.kill().expect("kill -9");
    child.wait().expect("its end");
    eventually("a guest survived", || guests().is_empty());
}

/// Processes that have executed the program that never ends.
fn guests() -> Vec<u32> {
    let is_guest = |pid: &u32| {
        let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        command.starts_with(b"/bin/sleep\x003600")
    };
    processes().into_iter().filter(is_guest).collect()
}

fn open() -> Sandbox {
    let config = SandboxConfig {
        cgroup_parent: Some(PathBuf::from(std::env::var(PARENT).expect("a name"))),
        ..config()
    };
    Sandbox::open(&config).expect("these tests need root and control groups")
}

/// Runs programs of every kind in two slots; then one that never ends, or nothing.
fn own(count: usize, waits_for_death: bool) {
    let sandbox = open();
    let mut slots = [0, 1].map(|_| sandbox.slot().expect("a slot"));
    each_kind_once(&mut slots);
    let before = (descriptors(), threads());
    for number in 0..count {
        let slot = &mut slots[number % 2];
        run_kind(slot, number / 2);
    }
    // What the last box held is let go beside us.
    eventually("descriptors or threads were left", || {
        descriptors() <= before.0 && threads() == before.1
    });
    if waits_for_death {
        // The other slot has boxes that wait.
        slots[1]
            .prepare(&Container::host_toolchains())
            .expect("an order");
        println!("HALF");
        let mut endless = command("/bin/sleep", &["3600"]);
        endless.limits.wall = Duration::from_secs(3600);
        run(&mut slots[0], &endless);
    }
}

fn threads() -> usize {
    fs::read_dir("/proc/self/task").expect("threads").count()
}

const KINDS: usize = 8;

fn each_kind_once(slots: &mut [Slot; 2]) {
    for slot in slots {
        (0..KINDS).for_each(|kind| run_kind(slot, kind));
    }
}

/// Good ends, leftovers, limits, failures of the program's and failures of ours.
fn run_kind(slot: &mut Slot, kind: usize) {
    let usual = Container::host_toolchains();
    let with_loopback = Container {
        network: Network::Loopback,
        ..usual.clone()
    };
    let mut short = shell("sleep 5 & sleep 5");
    short.limits.wall = Duration::from_millis(5) * slowness();
    let mut refused = command("/bin/true", &[]);
    refused.args.push("a\0b".into());
    let (container, command) = match kind % KINDS {
        0 => (usual, command("/bin/true", &[])),
        1 => (
            usual,
            shell("(setsid sleep 100 &) ; echo x > /tmp/y; mkdir -p a/b/c"),
        ),
        2 => (usual, short),
        3 => (usual, shell("exit 3")),
        4 => (usual, command("/usr/bin/does-not-exist", &[])),
        5 => (with_loopback, command("/bin/true", &[])),
        6 => (usual, refused),
        _ => (usual, shell("kill -SEGV $$")),
    };
    let is_refused = kind % KINDS == 6;
    let result = slot.run(&container, &command, &Cancel::new().expect("an eventfd"));
    assert_eq!(result.is_err(), is_refused, "{result:?}");
}
