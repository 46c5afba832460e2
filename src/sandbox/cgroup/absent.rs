//! Without control groups, where the operator allows it: figures of what can be seen of a box's
//! processes from time to time, and limits of each process for what comes in between. A program that
//! wants to can use more than it may for a moment, and hide CPU time by not waiting for its children;
//! the limits of time on the clock and of output hold as ever.

use std::cell::Cell;
use std::fs;
use std::time::Duration;

use nix::sys::resource::Resource;
use nix::unistd::{SysconfVar, sysconf};

use super::super::container::Share;
use super::super::message::ReapedUse;
use super::super::outcome::SandboxError;
use super::{GroupLimits, GroupShare, GroupUsage, kill_listed, pin};

/// Addresses that a process may have on top of its memory: heaps of Go, Java and JavaScript and stacks
/// of threads are reserved, and mostly never used.
const RESERVED_BYTES: u64 = 16 << 30;
/// How often memory is looked at. In between a program can touch some ten megabytes.
const SAMPLING: Duration = Duration::from_millis(20);

/// What stands in for the group of a slot.
#[derive(Debug)]
pub(crate) struct Group {
    cpus: Vec<usize>,
    /// Init of the current box; 0 before the first.
    init: Cell<i32>,
    /// CPU time of the box when the run started.
    baseline: Cell<Duration>,
    /// The most that was ever seen of this run.
    seen: Cell<Seen>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    cpu: Duration,
    memory_bytes: u64,
}

impl Group {
    /// # Errors
    /// A share of the machine was asked for that only a control group can give.
    pub(crate) fn new(share: &GroupShare) -> Result<Self, SandboxError> {
        let without_cpus = Share {
            cpus: Vec::new(),
            ..share.share.clone()
        };
        if without_cpus != Share::default() {
            return Err(SandboxError::Setting {
                setting: "share",
                reason: "this machine gives no control groups, so that weights, quotas, \
                         reservations and swap cannot be had"
                    .to_owned(),
            });
        }
        Ok(Group {
            cpus: share.cpus.clone(),
            init: Cell::new(0),
            baseline: Cell::default(),
            seen: Cell::default(),
        })
    }

    /// Pins a waiting init, and with it everything that will be in the box, to its CPUs.
    pub(crate) fn enter(&self, pid: i32) -> Result<(), SandboxError> {
        pin(pid, &self.cpus)?;
        self.init.set(pid);
        Ok(())
    }

    /// Notes what usage is measured against.
    pub(crate) fn take_baseline(&self) {
        let started = look_at(self.init.get());
        self.baseline.set(started.cpu);
        self.seen.set(Seen::default());
    }

    /// What limits the program, and every process that it will make, in the place of a group.
    /// `is_one` says that init is the same user.
    pub(crate) fn rlimits(limits: &GroupLimits, is_one: bool) -> Vec<(Resource, u64)> {
        let processes = limits.processes - u64::from(!is_one);
        vec![
            (Resource::RLIMIT_CPU, limits.cpu.as_secs() + 1),
            (
                Resource::RLIMIT_AS,
                limits.memory_bytes.saturating_add(RESERVED_BYTES),
            ),
            // Of the user in this box: no other has the user, or since Linux 5.14 the kernel counts
            // for each user namespace.
            (Resource::RLIMIT_NPROC, processes),
        ]
    }

    /// CPU time since the start, as far as it can be seen.
    pub(crate) fn cpu(&self) -> Duration {
        let now = look_at(self.init.get());
        let seen = self.seen.get();
        self.seen.set(Seen {
            cpu: seen.cpu.max(now.cpu.saturating_sub(self.baseline.get())),
            memory_bytes: seen.memory_bytes.max(now.memory_bytes),
        });
        self.seen.get().cpu
    }

    /// How often it wants to be looked at.
    pub(crate) fn sampling() -> Duration {
        SAMPLING
    }

    /// Whether the processes of the box hold more memory than that.
    pub(crate) fn holds_more_than(&self, bytes: u64) -> bool {
        let init = self.init.get();
        let sum = |held: fn(i32) -> u64| members(init).filter(|pid| *pid != init).map(held).sum();
        // What processes share is in each one's figure, so that the sum is only a reason to take a closer
        // look, which takes the kernel a while.
        let all: u64 = sum(held_alone_or_shared);
        all > bytes && sum(held_by_share) > bytes
    }

    /// Kills its processes, as many as are found.
    pub(crate) fn kill(&self) {
        let init = self.init.get();
        kill_listed(|| members(init).filter(|pid| *pid != init).collect());
    }

    /// Everything since the start: what was seen, or what init counted of those it reaped.
    pub(crate) fn usage(&self, reaped: ReapedUse) -> GroupUsage {
        let seen = self.seen.get();
        GroupUsage {
            cpu: seen.cpu.max(Duration::from_micros(reaped.cpu_us.into())),
            memory_bytes: seen.memory_bytes.max(u64::from(reaped.peak_kib) << 10),
            ..GroupUsage::default()
        }
    }
}

/// Sums up the processes of a box. Those that end meanwhile are counted by their parents.
fn look_at(init: i32) -> Seen {
    let mut sum = Seen::default();
    for pid in members(init) {
        let read = |file| fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
        sum.cpu += cpu_of(&read("stat"));
        if pid != init {
            sum.memory_bytes += peak_of(&read("status"));
        }
    }
    sum
}

/// A process and all its descendants, each looked for when it is needed.
fn members(init: i32) -> impl Iterator<Item = i32> {
    let mut known = vec![init];
    std::iter::from_fn(move || {
        let pid = known.pop()?;
        known.extend(children(pid));
        Some(pid)
    })
}

fn children(pid: i32) -> Vec<i32> {
    let threads = fs::read_dir(format!("/proc/{pid}/task"))
        .into_iter()
        .flatten();
    let lists = threads
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| {
            list.split(' ')
                .filter_map(|pid| pid.trim().parse().ok())
                .collect::<Vec<_>>()
        })
        .collect()
}

/// CPU time of a process and of the children that it waited for, from its `stat`.
fn cpu_of(stat: &str) -> Duration {
    let Some((_, after_name)) = stat.rsplit_once(") ") else {
        return Duration::ZERO;
    };
    // utime, stime, cutime, cstime: fields 14 to 17, of which the third comes first here.
    let ticks: u64 = after_name
        .split(' ')
        .skip(11)
        .take(4)
        .filter_map(|ticks| ticks.parse::<u64>().ok())
        .sum();
    let per_second = sysconf(SysconfVar::CLK_TCK).ok().flatten().unwrap_or(100);
    Duration::from_secs_f64(ticks as f64 / per_second as f64)
}

/// Peak memory of a process in bytes, from its `status`.
fn peak_of(status: &str) -> u64 {
    kib_field(status, "VmHWM:") << 10
}

/// Memory of a process but for files, in bytes.
fn held_alone_or_shared(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    (kib_field(&status, "RssAnon:") + kib_field(&status, "RssShmem:")) << 10
}

/// The same with what is shared divided by the number of those who share it.
fn held_by_share(pid: i32) -> u64 {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    (kib_field(&rollup, "Pss_Anon:") + kib_field(&rollup, "Pss_Shmem:")) << 10
}

/// A field in KiB of a file of proc; 0 where it is missing.
fn kib_field(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
    kib.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_process_includes_that_of_children_it_waited_for() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 90 0 0 0 100 20 3 4 20 0 1 0 5 0 0";
        let per_second = sysconf(SysconfVar::CLK_TCK).unwrap().unwrap();
        let expected = Duration::from_secs_f64(127.0 / per_second as f64);
        assert_eq!(cpu_of(stat), expected);
        assert_eq!(cpu_of(""), Duration::ZERO);
    }

    #[test]
    fn the_peak_of_a_process_is_in_its_status() {
        assert_eq!(
            peak_of("Name:\ta\nVmHWM:\t    1234 kB\nVmRSS:\t 1 kB"),
            1234 << 10
        );
        assert_eq!(peak_of("Name:\ta"), 0);
    }

    #[test]
    fn children_are_found_through_whichever_thread_made_them() {
        let mut child = std::process::Command::new("cat")
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let us = i32::try_from(std::process::id()).unwrap();
        assert!(children(us).contains(&(child.id() as i32)));
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
