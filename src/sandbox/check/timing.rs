//! What makes the same program take the same time twice.

use super::{Finding, Host, Look, Rule, pass, warn};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "huge-pages",
        required: false,
        look: Look::Ask(huge_pages),
        why: "Whether memory comes in huge pages depends on what else the machine did, and changes \
              both time and peak memory of a program",
        remedy: "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled, or boot with \
                 transparent_hugepage=madvise",
    },
    Rule {
        name: "cpu-governor",
        required: false,
        look: Look::Ask(governor),
        why: "A CPU that first has to speed up makes the first program slow",
        remedy: "cpupower frequency-set -g performance",
    },
    Rule {
        name: "turbo",
        required: false,
        look: Look::Ask(turbo),
        why: "Turbo makes a program quicker the fewer others run",
        remedy: "echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo, or echo 0 > \
                 /sys/devices/system/cpu/cpufreq/boost, or in the firmware's set-up",
    },
    Rule {
        name: "smt",
        required: false,
        look: Look::Ask(smt),
        why: "Two threads of one core slow each other, and can measure what the other does",
        remedy: "echo off > /sys/devices/system/cpu/smt/control, or boot with nosmt",
    },
    Rule {
        name: "clock-source",
        required: false,
        look: Look::Ask(clock_source),
        why: "A slow clock makes every reading of the time a system call of microseconds",
        remedy: "boot with clocksource=tsc where the CPU's clock is steady",
    },
    Rule {
        name: "noise-gauge",
        required: false,
        look: Look::Ask(noise_gauge),
        why: "Each result says for how long work waited for a CPU meanwhile, so that a noisy run can be \
              told from a slow program",
        remedy: "boot with psi=1",
    },
    Rule {
        name: "instruction-counters",
        required: false,
        look: Look::Ask(instruction_counters),
        why: "The number of instructions of a program hardly depends on what else the machine does, other \
              than its CPU time; each result has it where it can be had",
        remedy: "in a virtual machine, have its host hand on the processor's counters (QEMU: -cpu \
                 host,pmu=on); where it is forbidden and Gavel is not root, sysctl \
                 kernel.perf_event_paranoid=2",
    },
    Rule {
        name: "numa-balancing",
        required: false,
        look: Look::Ask(|host| zero(host, "/proc/sys/kernel/numa_balancing")),
        why: "The kernel takes pages away to learn who uses them, in the middle of a run",
        remedy: "sysctl kernel.numa_balancing=0",
    },
    Rule {
        name: "page-merging",
        required: false,
        look: Look::Ask(|host| zero(host, "/sys/kernel/mm/ksm/run")),
        why: "Merged pages are slower to write to, and tell one program what another has in memory",
        remedy: "echo 0 > /sys/kernel/mm/ksm/run",
    },
    Rule {
        name: "cpus-online",
        required: false,
        look: Look::Ask(cpus),
        why: "With one CPU the worker itself takes time from the program that it measures",
        remedy: "give the machine two CPUs or more",
    },
];

/// The choice in brackets of a file such as `always [madvise] never`.
fn chosen(text: &str) -> &str {
    let choice = text
        .split_once('[')
        .and_then(|(_, rest)| rest.split_once(']'));
    choice.map_or(text, |(choice, _)| choice)
}

fn noise_gauge(host: &dyn Host) -> Finding {
    match host.text("/proc/pressure/cpu") {
        Some(text) if text.starts_with("some ") => pass("waiting for a CPU is counted"),
        _ => warn("waiting for a CPU is not counted, only what other virtual machines take"),
    }
}

fn instruction_counters(host: &dyn Host) -> Finding {
    let Err(error) = host.instruction_counters() else {
        return pass("instructions are counted");
    };
    match error.raw_os_error() {
        Some(libc::ENOENT | libc::EOPNOTSUPP) => warn("the processor shows no counters"),
        Some(libc::ENOSYS) => warn("not in this kernel"),
        Some(libc::EACCES | libc::EPERM) => {
            let level = host.text("/proc/sys/kernel/perf_event_paranoid");
            let level = level.as_deref().unwrap_or("unknown");
            warn(format!("forbidden; kernel.perf_event_paranoid is {level}"))
        }
        _ => warn(error.to_string()),
    }
}

fn huge_pages(host: &dyn Host) -> Finding {
    match host.text("/sys/kernel/mm/transparent_hugepage/enabled") {
        None => pass("not in this kernel"),
        Some(text) if chosen(&text) == "always" => warn("always"),
        Some(text) => pass(chosen(&text)),
    }
}

fn governor(host: &dyn Host) -> Finding {
    let mut governors: Vec<String> = host
        .names("/sys/devices/system/cpu")
        .iter()
        .filter_map(|cpu| {
            host.text(&format!(
                "/sys/devices/system/cpu/{cpu}/cpufreq/scaling_governor"
            ))
        })
        .collect();
    governors.sort();
    governors.dedup();
    match governors.as_slice() {
        [] => pass("not this machine's to choose"),
        [only] if only == "performance" => pass("performance"),
        _ => warn(governors.join(", ")),
    }
}

fn turbo(host: &dyn Host) -> Finding {
    let off = [
        ("/sys/devices/system/cpu/intel_pstate/no_turbo", "1"),
        ("/sys/devices/system/cpu/cpufreq/boost", "0"),
    ];
    for (path, value) in off {
        match host.text(path) {
            Some(text) if text == value => return pass("off"),
            Some(_) => return warn("on"),
            None => {}
        }
    }
    pass("not this machine's to choose")
}

fn smt(host: &dyn Host) -> Finding {
    match host.text("/sys/devices/system/cpu/smt/active").as_deref() {
        Some("1") => warn("on"),
        Some(_) => pass("off"),
        None => pass("not this machine's to choose"),
    }
}

fn clock_source(host: &dyn Host) -> Finding {
    let current = host.text("/sys/devices/system/clocksource/clocksource0/current_clocksource");
    match current {
        None => pass("unknown"),
        Some(slow) if ["acpi_pm", "hpet", "jiffies", "refined-jiffies"].contains(&&*slow) => {
            warn(slow)
        }
        Some(quick) => pass(quick),
    }
}

fn zero(host: &dyn Host, path: &str) -> Finding {
    match host.text(path).as_deref() {
        None => pass("not in this kernel"),
        Some("0") => pass("off"),
        Some(_) => warn("on"),
    }
}

fn cpus(host: &dyn Host) -> Finding {
    let online = host
        .text("/sys/devices/system/cpu/online")
        .unwrap_or_default();
    // A list of numbers and ranges; a single number is a single CPU.
    if online.contains(['-', ',']) {
        pass(online)
    } else {
        warn(format!("only {online}"))
    }
}
