//! Control groups v2: one directory, and children only where no processes are.

use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::unistd::{AccessFlags, access};

use super::super::container::Share;
use super::super::noise::NoiseGauge;
use super::super::outcome::{SandboxError, SetUpStep};
use super::{
    ControlFile, GroupLimits, GroupShare, GroupUsage, make_directory, open_directory, page_cache,
    pin, remove_group, write_control,
};

/// Without these there are no groups for boxes.
const REQUIRED: [&str; 2] = ["memory", "pids"];
/// What systemd does not hand on to a user unless it is told to.
const WANTED: [&str; 2] = ["cpu", "cpuset"];
/// Where the service's own processes go, because a group with children holds none.
const SERVICE_LEAF: &str = "gavel-service";

/// The parent of all groups.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    parent: PathBuf,
}

impl Tree {
    /// Finds a group beneath which controllers can be handed to children: the configured one, the
    /// service's own, or one of ours at the root.
    pub(crate) fn find(mounts: &str, parent: Option<&Path>) -> Result<Self, SandboxError> {
        let root = mount_point(mounts).ok_or_else(|| SandboxError::Setting {
            setting: "cgroup",
            reason: "no control groups are mounted below /sys/fs/cgroup; run `mount -t cgroup2 \
                     none /sys/fs/cgroup`"
                .to_owned(),
        })?;
        let candidates = candidates(&root, parent)?;
        let mut refusals = Vec::new();
        for candidate in candidates {
            match delegate(&root, &candidate) {
                Ok(()) => return Ok(Tree { parent: candidate }),
                Err(error) => refusals.push(format!("{}: {error}", candidate.display())),
            }
        }
        Err(SandboxError::Setting {
            setting: "cgroup",
            reason: format!(
                "no control group is delegated to this process ({}); start it as a systemd \
                 service with Delegate=yes, with `systemd-run --scope -p Delegate=yes`, or as root",
                refusals.join("; ")
            ),
        })
    }

    /// Whether groups are kept to their CPUs.
    pub(crate) fn has_cpuset(&self) -> bool {
        let enabled = fs::read_to_string(self.parent.join("cgroup.subtree_control"));
        enabled.is_ok_and(|enabled| enabled.split_whitespace().any(|name| name == "cpuset"))
    }

    /// The directory of a group; of the parent for an empty name.
    pub(crate) fn directory(&self, name: &str) -> PathBuf {
        self.parent.join(name)
    }
}

/// The mount point of the unified tree in `/proc/self/mountinfo`.
fn mount_point(mounts: &str) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let point = before.split(' ').nth(4)?;
        after.starts_with("cgroup2 ").then(|| PathBuf::from(point))
    })
}

fn candidates(root: &Path, parent: Option<&Path>) -> Result<Vec<PathBuf>, SandboxError> {
    if let Some(parent) = parent {
        return Ok(vec![root.join(parent.strip_prefix("/").unwrap_or(parent))]);
    }
    let own = fs::read_to_string("/proc/self/cgroup").set_up("read", "/proc/self/cgroup")?;
    let own = own.lines().find_map(|line| line.strip_prefix("0::/"));
    let own = root.join(own.unwrap_or_default());
    // Started again below our own leaf: the parent is the one that was delegated.
    let own = match own.file_name() {
        Some(name) if name == SERVICE_LEAF => own.parent().map(Path::to_owned).unwrap_or(own),
        _ => own,
    };
    Ok(vec![own.join("gavel"), root.join("gavel")])
}

/// Makes `group` and hands it every controller from its parent on; moves our own processes out
/// of the parent if they are in the way.
fn delegate(root: &Path, group: &Path) -> Result<(), SandboxError> {
    let parent = group.parent().unwrap_or(root);
    make_directory(group)?;
    // Somebody else's is of no use to an ordinary user.
    access(group, AccessFlags::W_OK).set_up("write to", group.to_string_lossy())?;
    if enable_controllers(parent).is_err() {
        make_room(parent)?;
        enable_controllers(parent)?;
    }
    enable_controllers(group)
}

fn enable_controllers(group: &Path) -> Result<(), SandboxError> {
    let read = |file| ControlFile::open(group, file, false)?.read();
    let (enabled, offered) = (read("cgroup.subtree_control")?, read("cgroup.controllers")?);
    let is_in =
        |list: &str, controller: &str| list.split_whitespace().any(|name| name == controller);
    let wanted = WANTED.into_iter().filter(|name| is_in(&offered, name));
    for controller in REQUIRED.into_iter().chain(wanted) {
        if !is_in(&enabled, controller) {
            write_control(group, "cgroup.subtree_control", format!("+{controller}"))?;
        }
    }
    Ok(())
}

/// Moves the processes of a group into a leaf below it, if they are all ours.
fn make_room(group: &Path) -> Result<(), SandboxError> {
    let members =
        fs::read_to_string(group.join("cgroup.procs")).set_up("read", group.to_string_lossy())?;
    let members: Vec<&str> = members.lines().collect();
    if let Some(stranger) = members.iter().find(|pid| !is_ours(pid)) {
        return Err(SandboxError::SetUp {
            step: "use",
            object: format!("{} (process {stranger} is in it)", group.display()),
            source: io::ErrorKind::ResourceBusy.into(),
        });
    }
    let leaf = group.join(SERVICE_LEAF);
    make_directory(&leaf)?;
    members
        .iter()
        .try_for_each(|pid| write_control(&leaf, "cgroup.procs", pid))
}

/// This process, its ancestors in the same group (a shell or init of the container that only
/// waits for us) and its descendants.
fn is_ours(pid: &&str) -> bool {
    let own = std::process::id().to_string();
    is_ancestor(pid, &own) || is_ancestor(&own, pid)
}

fn is_ancestor(ancestor: &str, of: &str) -> bool {
    let mut current = of.to_owned();
    while current != "0" && !current.is_empty() {
        if current == ancestor {
            return true;
        }
        current = parent_of(&current).unwrap_or_default();
    }
    false
}

fn parent_of(pid: &str) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
    Some(line.trim().to_owned())
}

/// The group of a slot.
#[derive(Debug)]
pub(crate) struct Group {
    path: PathBuf,
    wanted: GroupShare,
    files: Files,
    peak_resets: bool,
    baseline: Baseline,
}

#[derive(Debug)]
struct Files {
    directory: OwnedFd,
    has_cpuset: bool,
    cpu: ControlFile,
    memory: ControlFile,
    memory_peak: ControlFile,
    memory_statistics: ControlFile,
    memory_limit: ControlFile,
    memory_events: ControlFile,
    processes: ControlFile,
    forks_refused: ControlFile,
    noise: Option<NoiseGauge>,
}

/// Counters at the start of a run.
#[derive(Debug, Default)]
struct Baseline {
    cpu_us: u64,
    memory_bytes: u64,
    oom_kills: u64,
    forks_refused: u64,
}

impl Group {
    /// Makes the directory and opens its files.
    pub(crate) fn make(tree: &Tree, name: &str, wanted: &GroupShare) -> Result<Self, SandboxError> {
        let path = tree.directory(name);
        let files = Files::make(&path, wanted)?;
        // Writable since Linux 6.12; the reset is per open descriptor, so ours stays open.
        let peak_resets = files.memory_peak.write("reset").is_ok();
        Ok(Group {
            path,
            wanted: wanted.clone(),
            files,
            peak_resets,
            baseline: Baseline::default(),
        })
    }

    /// A group whose peak cannot be reset is made anew.
    pub(crate) fn reset(&mut self) -> Result<(), SandboxError> {
        if !self.peak_resets {
            remove_group(&self.path).set_up("remove", self.path.to_string_lossy())?;
            self.files = Files::make(&self.path, &self.wanted)?;
        }
        Ok(())
    }

    /// Memory that it holds.
    pub(crate) fn held_bytes(&self) -> Result<u64, SandboxError> {
        self.files.memory.read_number()
    }

    /// What tells how long its processes waited for a CPU.
    pub(crate) fn noise_gauge(&self) -> Option<&NoiseGauge> {
        self.files.noise.as_ref()
    }

    /// The directory, to clone into.
    pub(crate) fn directory(&self) -> BorrowedFd<'_> {
        self.files.directory.as_fd()
    }

    /// Pins a process that was cloned into the group to its CPUs, where the group does not.
    pub(crate) fn enter(&self, pid: i32) -> Result<(), SandboxError> {
        match self.files.has_cpuset {
            true => Ok(()),
            false => pin(pid, &self.wanted.cpus),
        }
    }

    /// Kills its processes.
    pub(crate) fn kill(&self) {
        // Since Linux 5.14; before, they die with the box's init alone.
        let _ = write_control(&self.path, "cgroup.kill", 1);
    }

    /// Notes the counters that only grow.
    pub(crate) fn take_baseline(&mut self) -> Result<(), SandboxError> {
        let files = &self.files;
        self.baseline = Baseline {
            memory_bytes: 0,
            oom_kills: files.memory_events.read_key("oom_kill")?,
            forks_refused: files.forks_refused.read_key("max")?,
            cpu_us: files.cpu.read_key("usage_usec")?,
        };
        Ok(())
    }

    /// Sets limits on top of the memory that it holds, and resets the peak.
    pub(crate) fn limit(&mut self, held: u64, limits: &GroupLimits) -> Result<(), SandboxError> {
        let files = &self.files;
        files.processes.write(limits.processes)?;
        files
            .memory_limit
            .write(held.saturating_add(limits.memory_bytes))?;
        if self.peak_resets {
            files.memory_peak.write("reset")?;
        }
        self.baseline.memory_bytes = held;
        Ok(())
    }

    /// CPU time since the start.
    pub(crate) fn cpu(&self) -> Result<Duration, SandboxError> {
        let used = self.files.cpu.read_key("usage_usec")?;
        Ok(Duration::from_micros(
            used.saturating_sub(self.baseline.cpu_us),
        ))
    }

    /// All counters since the start.
    pub(crate) fn usage(&self) -> Result<GroupUsage, SandboxError> {
        let (files, start) = (&self.files, &self.baseline);
        let memory = files.memory_peak.read_number()?;
        Ok(GroupUsage {
            cpu: self.cpu()?,
            memory_bytes: memory.saturating_sub(start.memory_bytes),
            page_cache_bytes: page_cache(
                &files.memory,
                start.memory_bytes,
                &files.memory_statistics,
                "file",
            )?,
            oom_kills: files
                .memory_events
                .read_key("oom_kill")?
                .saturating_sub(start.oom_kills),
            forks_refused: files
                .forks_refused
                .read_key("max")?
                .saturating_sub(start.forks_refused),
        })
    }
}

impl Files {
    fn make(path: &Path, wanted: &GroupShare) -> Result<Self, SandboxError> {
        make_directory(path)?;
        let has_cpuset = path.join("cpuset.cpus").exists();
        if has_cpuset {
            write_control(path, "cpuset.cpus", wanted.cpu_list())?;
        }
        write_share(path, &wanted.share)?;
        write_control(path, "memory.oom.group", 1)?;
        // Absent on kernels without swap, where there is nothing to limit.
        let swap_bytes = wanted.share.swap_bytes;
        if swap_bytes > 0 || path.join("memory.swap.max").exists() {
            write_control(path, "memory.swap.max", swap_bytes)?;
        }
        let peak_writable = ControlFile::open(path, "memory.peak", true);
        Ok(Files {
            directory: open_directory(path)?,
            has_cpuset,
            cpu: ControlFile::open(path, "cpu.stat", false)?,
            memory: ControlFile::open(path, "memory.current", false)?,
            memory_peak: match peak_writable {
                Ok(file) => file,
                Err(_) => ControlFile::open(path, "memory.peak", false)?,
            },
            memory_statistics: ControlFile::open(path, "memory.stat", false)?,
            memory_limit: ControlFile::open(path, "memory.max", true)?,
            memory_events: ControlFile::open(path, "memory.events", false)?,
            processes: ControlFile::open(path, "pids.max", true)?,
            forks_refused: ControlFile::open(path, "pids.events", false)?,
            noise: NoiseGauge::of_group(path),
        })
    }
}

fn write_share(path: &Path, share: &Share) -> Result<(), SandboxError> {
    if let Some(weight) = share.cpu_weight {
        write_control(path, "cpu.weight", weight)?;
    }
    if let Some(quota) = share.cpu_quota {
        let text = format!("{} {}", quota.quota_us, quota.period_us);
        write_control(path, "cpu.max", text)?;
    }
    if let Some(bytes) = share.memory_reservation_bytes {
        write_control(path, "memory.low", bytes)?;
    }
    Ok(())
}
