//! Whether what the settings promise fits into this machine's memory: there is no admission by memory, so that
//! a run never waits for another one's limit, and the sum is the operator's.

use crate::config::Config;
use crate::sandbox::{HostCheck, Status};

/// The largest limits of all slots together, compared with the memory that there is.
pub(super) fn check(config: &Config) -> HostCheck {
    let table = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    judged(
        total_bytes(&table),
        u64::from(config.slots.get()),
        config.max_memory_bytes.get(),
    )
}

fn total_bytes(table: &str) -> Option<u64> {
    let line = table
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib << 10)
}

fn judged(total_bytes: Option<u64>, slots: u64, limit_bytes: u64) -> HostCheck {
    let mib = |bytes: u64| format!("{} MiB", bytes >> 20);
    let needed = slots.saturating_mul(limit_bytes);
    let sum = format!("{slots} slots with {} each", mib(limit_bytes));
    let (status, found) = match total_bytes {
        None => (
            Status::Warn,
            format!("{sum}; how much there is is not known"),
        ),
        Some(total) if needed > total => (Status::Warn, format!("{sum}, of {}", mib(total))),
        Some(total) => (Status::Pass, format!("{sum}, of {}", mib(total))),
    };
    HostCheck {
        name: "memory",
        status,
        found,
        why: "Where all slots are at the largest limit at the same time, memory runs out for the whole machine, \
              and the kernel ends whatever it likes",
        remedy: "fewer slots, a lower max_memory_bytes, or more memory",
        required: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_that_do_not_fit_into_memory_are_warned_of() {
        let total = total_bytes("MemTotal:        4194304 kB\nMemFree: 1 kB\n");
        assert_eq!(total, Some(4 << 30));
        for (slots, limit_bytes, status) in [
            (2, 2 << 30, Status::Pass),
            (2, (2 << 30) + 1, Status::Warn),
            (3, 2 << 30, Status::Warn),
            (u64::MAX, u64::MAX, Status::Warn),
        ] {
            let check = judged(total, slots, limit_bytes);
            assert_eq!(check.status, status, "{slots} {limit_bytes}");
            assert!(!check.refuses());
        }
        assert_eq!(judged(None, 1, 1).status, Status::Warn);
        assert_eq!(total_bytes("MemTotal: x kB"), None);
    }
}
