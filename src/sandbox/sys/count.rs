//! Counters of the processor, by `perf_event_open`.

use std::io;
use std::os::fd::{FromRawFd, OwnedFd};

use super::check;

/// What can be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Countable {
    /// Instructions that were executed to their end.
    Instructions,
    /// Nanoseconds of CPU time, which the kernel counts on every machine.
    #[cfg(test)]
    CpuTime,
}

impl Countable {
    /// `PERF_TYPE_*` and `PERF_COUNT_*`.
    fn kind_and_config(self) -> (u32, u64) {
        match self {
            Countable::Instructions => (0, 1),
            #[cfg(test)]
            Countable::CpuTime => (1, 1),
        }
    }
}

/// The first version of `struct perf_event_attr`, which every kernel knows.
#[repr(C)]
#[derive(Default)]
struct PerfEventAttr {
    kind: u32,
    size: u32,
    config: u64,
    sample_period: u64,
    sample_type: u64,
    read_format: u64,
    flags: u64,
    wakeup_events: u32,
    breakpoint_type: u32,
    breakpoint: u64,
}

/// Counts what a process's descendants do in user space, each from its first execve on, and what
/// they start in turn. `pid` 0 is this process. Reading the descriptor gives three numbers of 64 bits: the count,
/// and for how many nanoseconds it was wanted and was really going on.
pub(crate) fn count_from_execve(what: Countable, pid: i32) -> io::Result<OwnedFd> {
    const TIME_ENABLED_AND_RUNNING: u64 = 1 | 1 << 1;
    const DISABLED: u64 = 1;
    const INHERIT: u64 = 1 << 1;
    const EXCLUDE_KERNEL: u64 = 1 << 5;
    const EXCLUDE_HYPERVISOR: u64 = 1 << 6;
    const ENABLE_ON_EXEC: u64 = 1 << 12;
    const CLOSE_ON_EXEC: libc::c_ulong = 1 << 3;
    const ANY_CPU: libc::c_int = -1;
    const NO_GROUP: libc::c_int = -1;
    let (kind, config) = what.kind_and_config();
    let attr = PerfEventAttr {
        kind,
        size: size_of::<PerfEventAttr>() as u32,
        config,
        read_format: TIME_ENABLED_AND_RUNNING,
        flags: DISABLED | INHERIT | EXCLUDE_KERNEL | EXCLUDE_HYPERVISOR | ENABLE_ON_EXEC,
        ..PerfEventAttr::default()
    };
    // SAFETY: `attr` says its size and lives through the call; the rest are plain integers.
    let fd = check(unsafe {
        libc::syscall(
            libc::SYS_perf_event_open,
            &raw const attr,
            pid,
            ANY_CPU,
            NO_GROUP,
            CLOSE_ON_EXEC,
        )
    })?;
    // SAFETY: the kernel returned a fresh descriptor.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}
