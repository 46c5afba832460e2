//! Control groups v1 and hybrid: a directory in the tree of each controller.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::unistd::{AccessFlags, access};

use super::super::container::Share;
use super::super::outcome::{SandboxError, SetUpStep};
use super::{
    ControlFile, GroupLimits, GroupShare, GroupUsage, kill_listed, make_directory, page_cache,
    write_control,
};

const CONTROLLERS: [&str; 4] = ["memory", "cpuacct", "cpuset", "pids"];

/// The parent groups, one for each of [`CONTROLLERS`].
#[derive(Debug, Clone)]
pub(crate) struct Trees {
    parents: [PathBuf; 4],
    /// The parent of the cpu controller: only groups with a share of the CPU are made there,
    /// because each further controller makes entering a group slower.
    cpu: Option<PathBuf>,
}

impl Trees {
    /// Finds the trees; `None` on a host where the memory controller is not on v1.
    pub(crate) fn find(mounts: &str, parent: Option<&Path>) -> Result<Option<Self>, SandboxError> {
        let below = parent.map_or(Path::new("gavel"), |path| {
            path.strip_prefix("/").unwrap_or(path)
        });
        let found = CONTROLLERS.map(|controller| mount_point(mounts, controller));
        if found[0].is_none() {
            return Ok(None);
        }
        let mut parents: [PathBuf; 4] = Default::default();
        for ((slot, root), controller) in parents.iter_mut().zip(found).zip(CONTROLLERS) {
            let root = root.ok_or_else(|| missing(controller))?;
            *slot = root.join(below);
            make_directory(slot)?;
            // Somebody else's is of no use to an ordinary user.
            access(slot, AccessFlags::W_OK).set_up("write to", slot.to_string_lossy())?;
            if controller == "cpuset" {
                inherit_cpuset(&root, slot)?;
            }
        }
        let cpu = mount_point(mounts, "cpu").map(|root| root.join(below));
        Ok(Some(Trees { parents, cpu }))
    }

    /// The directories of a group; those of the parent for an empty name.
    pub(crate) fn directories(&self, name: &str) -> Vec<PathBuf> {
        let parents = self.parents.iter().chain(&self.cpu);
        parents.map(|parent| parent.join(name)).collect()
    }
}

fn missing(controller: &str) -> SandboxError {
    SandboxError::Setting {
        setting: "cgroup",
        reason: format!(
            "the {controller} controller is not mounted; mount it below /sys/fs/cgroup or boot \
             with unified control groups (v2)"
        ),
    }
}

/// The mount point of a v1 controller in `/proc/self/mountinfo`.
fn mount_point(mounts: &str, controller: &str) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let mut after = after.split(' ');
        let is_v1 = after.next()? == "cgroup";
        let options = after.nth(1)?;
        let has_it = options.split(',').any(|option| option == controller);
        let point = before.split(' ').nth(4)?;
        (is_v1 && has_it).then(|| PathBuf::from(point))
    })
}

/// A cpuset group can hold nothing before its CPUs and memory nodes are set.
fn inherit_cpuset(root: &Path, group: &Path) -> Result<(), SandboxError> {
    for name in ["cpuset.cpus", "cpuset.mems"] {
        let value = ControlFile::open(root, name, false)?.read()?;
        // It need not be ours to write to, where it was given to us as it is.
        if ControlFile::open(group, name, false)?.read()? != value {
            write_control(group, name, value.trim())?;
        }
    }
    Ok(())
}

/// The group of a slot.
#[derive(Debug)]
pub(crate) struct Group {
    members: Vec<ControlFile>,
    cpu: ControlFile,
    memory: ControlFile,
    memory_peak: ControlFile,
    memory_statistics: ControlFile,
    memory_limit: ControlFile,
    swap_limit: Option<ControlFile>,
    swap_bytes: u64,
    oom_control: ControlFile,
    oom_event: EventFd,
    processes: ControlFile,
    forks_refused: ControlFile,
    baseline: Baseline,
}

/// Counters at the start of a run.
#[derive(Debug, Default)]
struct Baseline {
    cpu_ns: u64,
    memory_bytes: u64,
    oom_kills: u64,
    forks_refused: u64,
}

impl Group {
    /// Makes the directories and opens their files.
    pub(crate) fn make(
        trees: &Trees,
        name: &str,
        wanted: &GroupShare,
    ) -> Result<Self, SandboxError> {
        let directories = trees.parents.each_ref().map(|parent| parent.join(name));
        for directory in &directories {
            make_directory(directory)?;
        }
        let [memory, cpuacct, cpuset, pids] = &directories;
        inherit_cpuset(&trees.parents[2], cpuset)?;
        write_control(cpuset, "cpuset.cpus", wanted.cpu_list())?;
        if let Some(bytes) = wanted.share.memory_reservation_bytes {
            write_control(memory, "memory.soft_limit_in_bytes", bytes)?;
        }
        let swap_limit = ControlFile::open(memory, "memory.memsw.limit_in_bytes", true).ok();
        if swap_limit.is_none() {
            if wanted.share.swap_bytes > 0 {
                return Err(missing("swap part of the memory"));
            }
            write_control(memory, "memory.swappiness", 0)?;
        }
        let oom_control = ControlFile::open(memory, "memory.oom_control", true)?;
        let open =
            |directory: &PathBuf, name: &str, write| ControlFile::open(directory, name, write);
        let mut members = directories
            .iter()
            .map(|directory| open(directory, "cgroup.procs", true))
            .collect::<Result<Vec<_>, _>>()?;
        if let Some(directory) = make_cpu_group(trees, name, &wanted.share)? {
            members.push(open(&directory, "cgroup.procs", true)?);
        }
        Ok(Group {
            oom_event: register_oom_event(memory, &oom_control)?,
            members,
            swap_bytes: wanted.share.swap_bytes,
            cpu: open(cpuacct, "cpuacct.usage", false)?,
            memory: open(memory, "memory.usage_in_bytes", false)?,
            memory_peak: open(memory, "memory.max_usage_in_bytes", true)?,
            memory_statistics: open(memory, "memory.stat", false)?,
            memory_limit: open(memory, "memory.limit_in_bytes", true)?,
            swap_limit,
            oom_control,
            processes: open(pids, "pids.max", true)?,
            forks_refused: open(pids, "pids.events", false)?,
            baseline: Baseline::default(),
        })
    }

    /// Memory that it holds.
    pub(crate) fn held_bytes(&self) -> Result<u64, SandboxError> {
        self.memory.read_number()
    }

    /// Moves a process into the group of every controller.
    pub(crate) fn enter(&self, pid: i32) -> Result<(), SandboxError> {
        self.members
            .iter()
            .try_for_each(|members| members.write(pid))
    }

    /// Kills its processes, as many as one read names.
    pub(crate) fn kill(&self) {
        if let Some(members) = self.members.first() {
            kill_listed(|| {
                let text = members.read().unwrap_or_default();
                text.lines().filter_map(|pid| pid.parse().ok()).collect()
            });
        }
    }

    /// Notes the counters that only grow.
    pub(crate) fn take_baseline(&mut self) -> Result<(), SandboxError> {
        // Forget an event of the previous run. The descriptor does not block: nothing is fine.
        let _ = self.oom_event.read();
        self.baseline = Baseline {
            memory_bytes: 0,
            oom_kills: self.oom_control.read_key("oom_kill")?,
            forks_refused: self.forks_refused.read_key("max")?,
            cpu_ns: self.cpu.read_number()?,
        };
        Ok(())
    }

    /// Sets limits on top of the memory that it holds, and resets the peak.
    pub(crate) fn limit(&mut self, held: u64, limits: &GroupLimits) -> Result<(), SandboxError> {
        self.processes.write(limits.processes)?;
        self.limit_memory(held.saturating_add(limits.memory_bytes))?;
        self.memory_peak.write(0)?;
        self.baseline.memory_bytes = held;
        Ok(())
    }

    /// The second limit is on memory and swap together. The pair must
    /// never be out of order, so the second is opened wide first.
    fn limit_memory(&self, bytes: u64) -> Result<(), SandboxError> {
        if let Some(swap_limit) = &self.swap_limit {
            swap_limit.write(-1)?;
        }
        self.memory_limit.write(bytes)?;
        match &self.swap_limit {
            Some(swap_limit) => swap_limit.write(bytes.saturating_add(self.swap_bytes)),
            None => Ok(()),
        }
    }

    /// CPU time since the start.
    pub(crate) fn cpu(&self) -> Result<Duration, SandboxError> {
        let used = self.cpu.read_number()?;
        Ok(Duration::from_nanos(
            used.saturating_sub(self.baseline.cpu_ns),
        ))
    }

    /// All counters since the start.
    pub(crate) fn usage(&self) -> Result<GroupUsage, SandboxError> {
        let start = &self.baseline;
        Ok(GroupUsage {
            cpu: self.cpu()?,
            memory_bytes: self
                .memory_peak
                .read_number()?
                .saturating_sub(start.memory_bytes),
            page_cache_bytes: page_cache(
                &self.memory,
                start.memory_bytes,
                &self.memory_statistics,
                "cache",
            )?,
            oom_kills: self
                .oom_control
                .read_key("oom_kill")?
                .saturating_sub(start.oom_kills),
            forks_refused: self
                .forks_refused
                .read_key("max")?
                .saturating_sub(start.forks_refused),
        })
    }

    /// Readable once memory ran out.
    pub(crate) fn out_of_memory_event(&self) -> BorrowedFd<'_> {
        self.oom_event.as_fd()
    }
}

/// Makes the group of the cpu controller, where a share of the CPU is wanted.
fn make_cpu_group(
    trees: &Trees,
    name: &str,
    share: &Share,
) -> Result<Option<PathBuf>, SandboxError> {
    if share.cpu_weight.is_none() && share.cpu_quota.is_none() {
        return Ok(None);
    }
    let parent = trees.cpu.as_ref().ok_or_else(|| missing("cpu"))?;
    make_directory(parent)?;
    let directory = parent.join(name);
    make_directory(&directory)?;
    if let Some(weight) = share.cpu_weight {
        // Here the usual weight is 1024, and the least one 2.
        let shares = (u64::from(weight) * 1024 / 100).max(2);
        write_control(&directory, "cpu.shares", shares)?;
    }
    if let Some(quota) = share.cpu_quota {
        write_control(&directory, "cpu.cfs_period_us", quota.period_us)?;
        write_control(&directory, "cpu.cfs_quota_us", quota.quota_us)?;
    }
    Ok(Some(directory))
}

fn register_oom_event(memory: &Path, oom_control: &ControlFile) -> Result<EventFd, SandboxError> {
    let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
    let event = EventFd::from_flags(flags).set_up("create", "an eventfd")?;
    let registration = format!(
        "{} {}",
        event.as_fd().as_raw_fd(),
        oom_control.file.as_raw_fd()
    );
    write_control(memory, "cgroup.event_control", registration)?;
    Ok(event)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HYBRID: &str = "\
26 22 0:23 / /sys/fs/cgroup rw - tmpfs cgroup rw,mode=755
27 26 0:24 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
31 26 0:28 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
36 26 0:33 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
";

    #[test]
    fn controllers_are_found_by_their_mount_options() {
        assert_eq!(
            mount_point(HYBRID, "cpuacct"),
            Some(PathBuf::from("/sys/fs/cgroup/cpu,cpuacct"))
        );
        assert_eq!(mount_point(HYBRID, "pids"), None);
    }
}
