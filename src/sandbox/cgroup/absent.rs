//! Without control groups, where the operator allows it: limits of each process instead of the whole
//! box, and figures of what can still be seen of its processes. A program that wants to can use
//! more than it may, up to its limits for each of its processes, and hide CPU time by not waiting
//! for its children; the limits of time on the clock and of output hold as ever.

use std::cell::Cell;
use std::fs;
use std::time::Duration;

use nix::sched::{CpuSet, sched_setaffinity};
use nix::sys::resource::Resource;
use nix::unistd::{Pid, SysconfVar, sysconf};

use super::super::container::Share;
use super::super::message::ReapedUse;
use super::super::outcome::{SandboxError, SetUpStep};
use super::{GroupLimits, GroupShare, GroupUsage};

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
        let mut cpus = CpuSet::new();
        for cpu in &self.cpus {
            cpus.set(*cpu).set_up("choose", "a CPU")?;
        }
        sched_setaffinity(Pid::from_raw(pid), &cpus).set_up("pin", "the init of a box")?;
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
            (Resource::RLIMIT_AS, limits.memory_bytes),
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
    let mut members = vec![init];
    while let Some(pid) = members.pop() {
        let read = |file| fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
        sum.cpu += cpu_of(&read("stat"));
        if pid != init {
            sum.memory_bytes += peak_of(&read("status"));
        }
        members.extend(children(pid));
    }
    sum
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
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.unwrap_or(0) << 10
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
