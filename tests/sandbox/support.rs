//! Running small shell and Python programs in a box.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use gavel::sandbox::{
    Cancel, Command, Container, Exit, IdSource, InputFile, Limits, Outcome, Protection, Report,
    Sandbox, SandboxConfig, Slot, Stdin,
};

/// The binary of which a launcher is made, where a test runs as somebody who cannot read ours.
pub(crate) const LAUNCHER: &str = "GAVEL_TEST_LAUNCHER";
/// Which ids an ordinary user's boxes have.
pub(crate) const IDS: &str = "GAVEL_TEST_IDS";
/// Set where there are no control groups for the boxes of a test.
pub(crate) const NO_GROUPS: &str = "GAVEL_TEST_NO_GROUPS";
/// The parent of the control groups, where it is not the usual one.
pub(crate) const GROUP_PARENT: &str = "GAVEL_TEST_GROUP_PARENT";
/// How the name of a group begins that a test delegates to an ordinary user, who has slots of the same
/// numbers as root.
pub(crate) const DELEGATED: &str = "gavel-test-rootless-";
/// The name of that group, for tests that run in it.
pub(crate) const IN_DELEGATED: &str = "GAVEL_TEST_IN_DELEGATED";
/// The runtime directory of an ordinary user.
pub(crate) const RUNTIME: &str = "GAVEL_TEST_RUNTIME";

pub(crate) fn config() -> SandboxConfig {
    let launcher = std::env::var_os(LAUNCHER);
    let ids = std::env::var(IDS).ok();
    let lacks_groups = std::env::var_os(NO_GROUPS).map(|_| Protection::Cgroup);
    let default = SandboxConfig::default();
    SandboxConfig {
        runtime_dir: std::env::var_os(RUNTIME).map_or(default.runtime_dir, PathBuf::from),
        cgroup_parent: std::env::var_os(GROUP_PARENT).map(PathBuf::from),
        launcher: launcher.map_or(env!("CARGO_BIN_EXE_gavel").into(), PathBuf::from),
        ids: ids.map_or(IdSource::Auto, |name| {
            IdSource::from_name(&name).expect("a source")
        }),
        may_lack: lacks_groups.into_iter().collect(),
    }
}

pub(crate) fn sandbox() -> Sandbox {
    Sandbox::open(&config()).expect("these tests need root and control groups")
}

pub(crate) fn slot() -> Slot {
    sandbox().slot().expect("a free slot")
}

pub(crate) const LIMITS: Limits = Limits {
    cpu: Duration::from_secs(2),
    wall: Duration::from_secs(10),
    idle: None,
    memory_bytes: 256 << 20,
    stdout_bytes: 1 << 20,
    processes: 64,
    stack_bytes: 8 << 20,
    open_files: 256,
    file_bytes: 64 << 20,
};

/// How many times slower than usual the machine is. Limits that a test is about are its own.
pub(crate) fn slowness() -> u32 {
    let told = std::env::var("GAVEL_TEST_SLOWNESS").ok();
    told.map_or(1, |number| number.parse().expect("a whole number"))
}

/// A command with the limits above and a small environment.
pub(crate) fn command(program: &str, args: &[&str]) -> Command {
    Command {
        program: PathBuf::from(program),
        args: args.iter().map(OsString::from).collect(),
        env: vec![("PATH".into(), "/usr/bin:/bin".into())],
        files: Vec::new(),
        stdin: Stdin::Empty,
        stderr_bytes: 64 * 1024,
        limits: Limits {
            cpu: LIMITS.cpu * slowness(),
            wall: LIMITS.wall * slowness(),
            ..LIMITS
        },
    }
}

pub(crate) fn shell(script: &str) -> Command {
    command("/bin/sh", &["-c", script])
}

pub(crate) fn python(script: &str) -> Command {
    command("/usr/bin/python3", &["-c", script])
}

pub(crate) fn file(path: &str, contents: &str, mode: u32) -> InputFile {
    InputFile {
        path: PathBuf::from(path),
        bytes: Arc::from(contents.as_bytes()),
        mode,
    }
}

pub(crate) fn run(slot: &mut Slot, command: &Command) -> Report {
    run_in(slot, &Container::host_toolchains(), command)
}

pub(crate) fn run_in(slot: &mut Slot, container: &Container, command: &Command) -> Report {
    let cancel = Cancel::new().expect("an eventfd");
    slot.run(container, command, &cancel).expect("a run")
}

/// Lets everybody read a tree, whatever the umask of who started these tests.
pub(crate) fn let_all_read(path: &Path) {
    if path.is_symlink() {
        return;
    }
    let is_directory = path.is_dir();
    let mode = if is_directory { 0o755 } else { 0o644 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
    if is_directory {
        for entry in fs::read_dir(path).expect("a directory") {
            let_all_read(&entry.expect("an entry").path());
        }
    }
}

/// Runs in a slot of its own.
pub(crate) fn run_once(command: &Command) -> Report {
    run(&mut slot(), command)
}

pub(crate) fn stdout(report: &Report) -> String {
    String::from_utf8_lossy(&report.stdout.bytes).into_owned()
}

/// What a program printed that ended well.
pub(crate) fn printed(report: &Report) -> String {
    let printed = stdout(report);
    let all = format!("{printed}{}", stderr(report));
    assert_eq!(report.outcome, Outcome::Ended(Exit::Code(0)), "{all}");
    printed
}

pub(crate) fn stderr(report: &Report) -> String {
    String::from_utf8_lossy(&report.stderr.bytes).into_owned()
}

/// Where the groups of a slot are: on v1 below each controller, on v2 wherever the service is.
pub(crate) fn groups_of(slot: u32) -> Vec<PathBuf> {
    let names = [0, 1].map(|lane| format!("slot-{slot}-{lane}"));
    let mut found = Vec::new();
    find(Path::new("/sys/fs/cgroup"), &names, &mut found);
    if let Some(delegated) = std::env::var_os(IN_DELEGATED) {
        found.retain(|path| path.iter().any(|name| name == delegated));
    }
    found
}

fn find(directory: &Path, names: &[String], found: &mut Vec<PathBuf>) {
    // A group may vanish meanwhile.
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
        let name = entry.file_name();
        let is_delegated = name.to_string_lossy().starts_with(DELEGATED);
        let is_elsewhere = is_delegated && std::env::var_os(IN_DELEGATED).is_none();
        if names.iter().any(|wanted| name == wanted.as_str()) {
            found.push(entry.path());
        } else if !is_elsewhere {
            find(&entry.path(), names, found);
        }
    }
}

/// Ids of the processes in the groups of a slot. Where there are no groups, of all boxes of this user.
pub(crate) fn processes_in(slot: u32) -> BTreeSet<String> {
    if std::env::var_os(NO_GROUPS).is_some() {
        return processes_in_boxes();
    }
    groups_of(slot)
        .into_iter()
        .filter_map(|group| fs::read_to_string(group.join("cgroup.procs")).ok())
        .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

/// Processes of this user that see other processes than we do.
fn processes_in_boxes() -> BTreeSet<String> {
    let ours = fs::read_link("/proc/self/ns/pid").expect("a namespace");
    let user = nix::unistd::geteuid().as_raw();
    let all = fs::read_dir("/proc").expect("proc").flatten();
    let all = all.filter(|entry| entry.metadata().is_ok_and(|about| about.uid() == user));
    all.filter(|entry| fs::read_link(entry.path().join("ns/pid")).is_ok_and(|pids| pids != ours))
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

/// Waits until it holds; fails where it takes too long.
pub(crate) fn eventually(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10) * slowness();
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::yield_now();
    }
}
