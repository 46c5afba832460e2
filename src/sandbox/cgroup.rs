//! Control groups: one for each slot, kept and reset between runs.
//!
//! Written by hand rather than with a library, because a run needs what libraries do not offer:
//! descriptors kept open, counters by difference, kernel events, and starting inside a group.

mod absent;
mod v1;
mod v2;

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::sched::{CpuSet, sched_setaffinity};
use nix::sys::resource::Resource;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::container::Share;
use super::message::ReapedUse;
use super::noise::NoiseGauge;
use super::outcome::{SandboxError, SetUpStep};
use super::sys;

/// What a group may use; fixed while the group runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GroupLimits {
    /// CPU time. A group has no such limit: whoever watches it reads its counter.
    pub cpu: Duration,
    /// Memory on top of what the waiting box itself holds, in bytes.
    pub memory_bytes: u64,
    /// Processes and threads, init of the box included.
    pub processes: u64,
}

/// What a group is made for; fixed while it exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GroupShare {
    /// CPUs, at least one.
    pub cpus: Vec<usize>,
    /// The rest.
    pub share: Share,
}

impl GroupShare {
    fn cpu_list(&self) -> String {
        let cpus: Vec<String> = self.cpus.iter().map(usize::to_string).collect();
        cpus.join(",")
    }
}

/// Counters of a group, as differences to the start of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct GroupUsage {
    /// CPU time of all its processes.
    pub cpu: Duration,
    /// Peak memory.
    pub memory_bytes: u64,
    /// How much of it is, at the end, page cache: files of which this group was the first reader.
    pub page_cache_bytes: u64,
    /// Processes killed for lack of memory.
    pub oom_kills: u64,
    /// Forks refused.
    pub forks_refused: u64,
}

/// The hierarchies of this host in which groups can be made.
#[derive(Debug, Clone)]
pub(super) enum Hierarchy {
    /// One tree for each controller.
    V1(v1::Trees),
    /// One tree for all.
    V2(v2::Tree),
    /// None, and none is required.
    Absent,
}

impl Hierarchy {
    /// Finds the hierarchies and makes the parent of all groups.
    /// `parent` names it below the root (v1) or replaces the service's own group (v2).
    pub(super) fn find(parent: Option<&Path>) -> Result<Self, SandboxError> {
        let mounts =
            fs::read_to_string("/proc/self/mountinfo").set_up("read", "/proc/self/mountinfo")?;
        match v1::Trees::find(&mounts, parent)? {
            Some(trees) => Ok(Hierarchy::V1(trees)),
            None => v2::Tree::find(&mounts, parent).map(Hierarchy::V2),
        }
    }

    /// The version, for reports: "v1", "v2" or "none".
    pub(super) fn version(&self) -> &'static str {
        match self {
            Hierarchy::V1(_) => "v1",
            Hierarchy::V2(_) => "v2",
            Hierarchy::Absent => "none",
        }
    }

    /// The parent of all groups; on v1 that of the memory controller.
    pub(super) fn parent(&self) -> PathBuf {
        let parent = self.directories("").into_iter().next();
        // Collected anew, for joining an empty name leaves a slash at the end.
        parent.iter().flat_map(|path| path.components()).collect()
    }

    /// Whether swapping can be limited.
    pub(super) fn can_limit_swap(&self) -> bool {
        let file = match self {
            Hierarchy::V1(_) => "memory.memsw.limit_in_bytes",
            Hierarchy::V2(_) => "memory.swap.max",
            Hierarchy::Absent => return false,
        };
        self.parent().join(file).exists()
    }

    /// Whether groups keep their processes to their CPUs. Otherwise programs start there, and can leave.
    pub(super) fn keeps_to_cpus(&self) -> bool {
        match self {
            Hierarchy::V1(_) => true,
            Hierarchy::V2(tree) => tree.has_cpuset(),
            Hierarchy::Absent => false,
        }
    }

    /// Makes a fresh group; whatever an earlier owner of the name left is removed first.
    pub(super) fn make(&self, name: &str, share: &GroupShare) -> Result<Group, SandboxError> {
        self.remove(name)?;
        let controls = match self {
            Hierarchy::V1(trees) => v1::Group::make(trees, name, share).map(Controls::V1),
            Hierarchy::V2(tree) => v2::Group::make(tree, name, share).map(Controls::V2),
            Hierarchy::Absent => absent::Group::new(share).map(Controls::Absent),
        }?;
        Ok(Group {
            controls,
            set: None,
        })
    }

    /// Kills what runs in a group and removes it; one that does not exist is fine.
    pub(super) fn remove(&self, name: &str) -> Result<(), SandboxError> {
        for directory in self.directories(name) {
            remove_group(&directory).set_up("remove", directory.to_string_lossy())?;
        }
        Ok(())
    }

    /// Names of the groups below the parent.
    pub(super) fn names(&self) -> Result<Vec<String>, SandboxError> {
        let mut names = Vec::new();
        for parent in self.directories("").iter().filter(|parent| parent.exists()) {
            let entries = fs::read_dir(parent).set_up("list", parent.to_string_lossy())?;
            for entry in entries.flatten().filter(|entry| entry.path().is_dir()) {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        names.sort();
        names.dedup();
        Ok(names)
    }

    fn directories(&self, name: &str) -> Vec<PathBuf> {
        match self {
            Hierarchy::V1(trees) => trees.directories(name),
            Hierarchy::V2(tree) => vec![tree.directory(name)],
            Hierarchy::Absent => Vec::new(),
        }
    }
}

/// A group without processes that holds more has memory of an earlier box: page cache, or scratch
/// files that somebody still reads.
const LEFT_BYTES: u64 = 1 << 20;

/// Page cache that a group was charged for since it held `before`; nothing where it holds too
/// little for that. Scratch files are in the kernel's `cache` as well, and are not page cache here.
fn page_cache(
    held: &ControlFile,
    before: u64,
    statistics: &ControlFile,
    cache: &str,
) -> Result<u64, SandboxError> {
    let grown = held.read_number()?.saturating_sub(before);
    if grown <= LEFT_BYTES {
        return Ok(0);
    }
    let cache = statistics.read_key(cache)?;
    let cache = cache.saturating_sub(statistics.read_key("shmem")?);
    Ok(cache.min(grown))
}

/// The group of a slot.
#[derive(Debug)]
pub(super) struct Group {
    controls: Controls,
    /// What limits are set, and on top of how much memory.
    set: Option<(u64, GroupLimits)>,
}

/// What a group is controlled by.
#[derive(Debug)]
enum Controls {
    /// One directory for each controller.
    V1(v1::Group),
    /// One directory.
    V2(v2::Group),
    /// Limits and figures of the processes themselves.
    Absent(absent::Group),
}

impl Group {
    /// Prepares for a new box: an empty group.
    pub(super) fn reset(&mut self) -> Result<(), SandboxError> {
        match &mut self.controls {
            Controls::V1(_) | Controls::Absent(_) => Ok(()),
            Controls::V2(group) => group.reset(),
        }
    }

    /// Whether nothing of an earlier box is left in it. What is left would be lost to the limit of the
    /// next one, or given to it: the kernel makes room in the page cache when asked for memory.
    pub(super) fn is_clean(&self) -> bool {
        match self.held_bytes() {
            Ok(held) => held.is_none_or(|bytes| bytes <= LEFT_BYTES),
            Err(_) => false,
        }
    }

    /// Memory that it holds, where the kernel counts that.
    fn held_bytes(&self) -> Result<Option<u64>, SandboxError> {
        match &self.controls {
            Controls::V1(group) => group.held_bytes().map(Some),
            Controls::V2(group) => group.held_bytes().map(Some),
            Controls::Absent(_) => Ok(None),
        }
    }

    /// A directory to clone into, where the kernel can.
    pub(super) fn clone_target(&self) -> Option<BorrowedFd<'_>> {
        match &self.controls {
            Controls::V1(_) | Controls::Absent(_) => None,
            Controls::V2(group) => Some(group.directory()),
        }
    }

    /// Moves a waiting init into the group, where it was not cloned into it, and to its CPUs, where
    /// the group does not see to that.
    pub(super) fn enter(&self, pid: i32) -> Result<(), SandboxError> {
        match &self.controls {
            Controls::V1(group) => group.enter(pid),
            Controls::V2(group) => group.enter(pid),
            Controls::Absent(group) => group.enter(pid),
        }
    }

    /// Notes the counters of a box that waits for its command: usage is measured against them. The limits
    /// of the last run are set, for the next is often like it.
    pub(super) fn take_baseline(&mut self) -> Result<(), SandboxError> {
        match &mut self.controls {
            Controls::V1(group) => group.take_baseline()?,
            Controls::V2(group) => group.take_baseline()?,
            Controls::Absent(group) => group.take_baseline(),
        }
        match self.set.take() {
            Some((_, limits)) => self.start(&limits),
            None => Ok(()),
        }
    }

    /// Sets limits, on top of what the waiting box holds, unless they are set.
    pub(super) fn start(&mut self, limits: &GroupLimits) -> Result<(), SandboxError> {
        let Some(held) = self.held_bytes()? else {
            return Ok(());
        };
        let wanted = Some((held, *limits));
        if self.set == wanted {
            return Ok(());
        }
        match &mut self.controls {
            Controls::V1(group) => group.limit(held, limits)?,
            Controls::V2(group) => group.limit(held, limits)?,
            Controls::Absent(_) => {}
        }
        self.set = wanted;
        Ok(())
    }

    /// Resource limits of the program that stand in for limits of the group, where there is none.
    /// `is_one` says that init is the same user as the program.
    pub(super) fn rlimits(&self, limits: &GroupLimits, is_one: bool) -> Vec<(Resource, u64)> {
        match &self.controls {
            Controls::V1(_) | Controls::V2(_) => Vec::new(),
            Controls::Absent(_) => absent::Group::rlimits(limits, is_one),
        }
    }

    /// CPU time since the start.
    pub(super) fn cpu(&self) -> Result<Duration, SandboxError> {
        match &self.controls {
            Controls::V1(group) => group.cpu(),
            Controls::V2(group) => group.cpu(),
            Controls::Absent(group) => Ok(group.cpu()),
        }
    }

    /// How often memory has to be looked at, where the kernel does not limit it.
    pub(super) fn sampling(&self) -> Option<Duration> {
        matches!(self.controls, Controls::Absent(_)).then(absent::Group::sampling)
    }

    /// Whether it holds more memory than that, where the kernel does not see to it.
    pub(super) fn holds_more_than(&self, bytes: u64) -> bool {
        match &self.controls {
            Controls::V1(_) | Controls::V2(_) => false,
            Controls::Absent(group) => group.holds_more_than(bytes),
        }
    }

    /// All counters since the start. `reaped` stands in for them where there are none.
    pub(super) fn usage(&self, reaped: ReapedUse) -> Result<GroupUsage, SandboxError> {
        match &self.controls {
            Controls::V1(group) => group.usage(),
            Controls::V2(group) => group.usage(),
            Controls::Absent(group) => Ok(group.usage(reaped)),
        }
    }

    /// What tells how long its processes waited for a CPU, where the kernel counts that for groups.
    pub(super) fn noise_gauge(&self) -> Option<&NoiseGauge> {
        match &self.controls {
            Controls::V1(_) | Controls::Absent(_) => None,
            Controls::V2(group) => group.noise_gauge(),
        }
    }

    /// Looks at what is about to be killed, where it could not be counted afterwards.
    pub(super) fn look_before_kill(&self) {
        if let Controls::Absent(group) = &self.controls {
            group.cpu();
        }
    }

    /// Kills everything in it at once. The death of the box's init would do, but that has to be given
    /// a CPU first, which is the one that its programs are busy on.
    pub(super) fn kill(&self) {
        match &self.controls {
            Controls::V1(group) => group.kill(),
            Controls::V2(group) => group.kill(),
            Controls::Absent(group) => group.kill(),
        }
    }

    /// A descriptor that wakes a poll when memory runs out, where one is needed because the
    /// kernel would kill only a single process.
    pub(super) fn out_of_memory_event(&self) -> Option<BorrowedFd<'_>> {
        match &self.controls {
            Controls::V1(group) => Some(group.out_of_memory_event()),
            Controls::V2(_) | Controls::Absent(_) => None,
        }
    }
}

/// A control file kept open; each read starts at its beginning.
#[derive(Debug)]
struct ControlFile {
    file: File,
    path: PathBuf,
}

impl ControlFile {
    fn open(directory: &Path, name: &str, write: bool) -> Result<Self, SandboxError> {
        let path = directory.join(name);
        let file = OpenOptions::new()
            .read(true)
            .write(write)
            .open(&path)
            .set_up("open", path.to_string_lossy())?;
        Ok(ControlFile { file, path })
    }

    fn read(&self) -> Result<String, SandboxError> {
        let mut buffer = [0; 1024];
        let length = self
            .file
            .read_at(&mut buffer, 0)
            .set_up("read", self.path.to_string_lossy())?;
        Ok(String::from_utf8_lossy(&buffer[..length]).into_owned())
    }

    fn read_number(&self) -> Result<u64, SandboxError> {
        let text = self.read()?;
        text.trim().parse().map_err(|_| self.unexpected(&text))
    }

    /// The number behind a key in a file of `key number` lines; 0 where the key is missing.
    fn read_key(&self, key: &str) -> Result<u64, SandboxError> {
        let text = self.read()?;
        let found = text.lines().find_map(|line| {
            let (name, number) = line.split_once(' ')?;
            (name == key).then_some(number)
        });
        match found {
            None => Ok(0),
            Some(number) => number.trim().parse().map_err(|_| self.unexpected(number)),
        }
    }

    fn unexpected(&self, text: &str) -> SandboxError {
        SandboxError::SetUp {
            step: "understand",
            object: format!("{} ({text:?})", self.path.display()),
            source: io::ErrorKind::InvalidData.into(),
        }
    }

    fn write(&self, value: impl ToString) -> Result<(), SandboxError> {
        self.file
            .write_all_at(value.to_string().as_bytes(), 0)
            .set_up("write", self.path.to_string_lossy())
    }
}

/// Lets a process, and all that it will start, run on these CPUs only.
fn pin(pid: i32, cpus: &[usize]) -> Result<(), SandboxError> {
    let mut set = CpuSet::new();
    for cpu in cpus {
        set.set(*cpu).set_up("choose", "a CPU")?;
    }
    sched_setaffinity(Pid::from_raw(pid), &set).set_up("pin", "the init of a box")
}

fn write_control(directory: &Path, name: &str, value: impl ToString) -> Result<(), SandboxError> {
    let path = directory.join(name);
    fs::write(&path, value.to_string()).set_up("write", path.to_string_lossy())
}

fn make_directory(path: &Path) -> Result<(), SandboxError> {
    match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other.set_up("create", path.to_string_lossy()),
    }
}

fn open_directory(path: &Path) -> Result<OwnedFd, SandboxError> {
    File::open(path)
        .map(OwnedFd::from)
        .set_up("open", path.to_string_lossy())
}

/// Longest wait for killed processes to leave a group.
const EMPTYING: Duration = Duration::from_secs(5);

/// Kills what runs in a group and removes its directory. Ends within [`EMPTYING`].
fn remove_group(directory: &Path) -> io::Result<()> {
    let deadline = Instant::now() + EMPTYING;
    loop {
        match fs::remove_dir(directory) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) if Instant::now() > deadline => return Err(error),
            Err(_) => kill_members(directory),
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Kills what a list of members names. Each process is held by a descriptor before it is looked for
/// once more, so that a number that was given to a stranger meanwhile harms nobody.
fn kill_listed(listed: impl Fn() -> Vec<i32>) {
    let held: Vec<(i32, OwnedFd)> = listed()
        .into_iter()
        .filter_map(|pid| Some((pid, sys::open_process(pid).ok()?)))
        .collect();
    let still_listed = listed();
    for (_, process) in held.iter().filter(|(pid, _)| still_listed.contains(pid)) {
        // Whoever is left dies with the box's init.
        let _ = sys::signal_process(process.as_fd(), libc::SIGKILL);
    }
}

fn kill_members(directory: &Path) {
    let members = fs::read_to_string(directory.join("cgroup.procs")).unwrap_or_default();
    for pid in members.lines().filter_map(|line| line.parse().ok()) {
        // Already gone is as good as killed.
        let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
    }
}
