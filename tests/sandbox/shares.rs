//! A box's part of the machine: row "cgroups" of what the library promises. The same claims hold
//! on both versions of control groups; only where they are read differs.

use std::path::PathBuf;
use std::time::Duration;

use gavel::sandbox::{Container, CpuQuota, Exit, Limit, Outcome, Share, Slot};

use crate::support::*;

fn with(share: Share) -> Container {
    Container {
        share,
        ..Container::host_toolchains()
    }
}

/// What the kernel says about the lanes of a slot: `name` is the file of v1 with its controller,
/// or that of v2.
fn control_files(slot: &Slot, v1: (&str, &str), v2: &str) -> Vec<String> {
    let parents = match slot.sandbox().cgroup_version() {
        "v1" => {
            let parent = std::env::var(GROUP_PARENT).unwrap_or("gavel".to_owned());
            vec![PathBuf::from(format!("/sys/fs/cgroup/{}/{parent}", v1.0))]
        }
        _ => v2_parents(),
    };
    let file = match slot.sandbox().cgroup_version() {
        "v1" => v1.1,
        _ => v2,
    };
    let mut found = Vec::new();
    for parent in parents {
        for lane in 0..2 {
            let path = parent
                .join(format!("slot-{}-{lane}", slot.number()))
                .join(file);
            found.extend(std::fs::read_to_string(path));
        }
    }
    found.iter().map(|text| text.trim().to_owned()).collect()
}

/// Where the groups are is the library's choice: below our own group or at the root.
fn v2_parents() -> Vec<PathBuf> {
    let own = std::fs::read_to_string("/proc/self/cgroup").expect("our group");
    let own = own
        .lines()
        .find_map(|line| line.strip_prefix("0::/"))
        .expect("v2");
    let root = PathBuf::from("/sys/fs/cgroup");
    let own = root.join(own);
    let above = own
        .parent()
        .map(PathBuf::from)
        .unwrap_or_else(|| root.clone());
    [own, above, root]
        .map(|parent| parent.join("gavel"))
        .to_vec()
}

#[test]
fn weight_quota_reservation_and_swap_are_set_and_forgotten_again() {
    let container = with(Share {
        cpu_weight: Some(50),
        cpu_quota: Some(CpuQuota {
            quota_us: 30_000,
            period_us: 100_000,
        }),
        memory_reservation_bytes: Some(64 << 20),
        swap_bytes: 0,
        cpus: Vec::new(),
    });
    let mut slot = slot();
    run_in(&mut slot, &container, &shell("true"));
    let is_v1 = slot.sandbox().cgroup_version() == "v1";
    let weight = control_files(&slot, ("cpu", "cpu.shares"), "cpu.weight");
    assert!(
        weight.contains(&if is_v1 { "512" } else { "50" }.to_owned()),
        "{weight:?}"
    );
    let quota = control_files(&slot, ("cpu", "cpu.cfs_quota_us"), "cpu.max");
    assert!(
        quota.contains(&if is_v1 { "30000" } else { "30000 100000" }.to_owned()),
        "{quota:?}"
    );
    let reserved = ("memory", "memory.soft_limit_in_bytes");
    let reservation = control_files(&slot, reserved, "memory.low");
    assert!(
        reservation.contains(&(64 << 20).to_string()),
        "{reservation:?}"
    );
    // Both lanes, for the usual container.
    for _ in 0..3 {
        run(&mut slot, &shell("true"));
    }
    let reservation = control_files(&slot, reserved, "memory.low");
    assert!(
        !reservation.contains(&(64 << 20).to_string()),
        "{reservation:?}"
    );
}

#[test]
fn swap_is_allowed_on_top_of_memory_only_where_asked_for() {
    let container = with(Share {
        swap_bytes: 8 << 20,
        ..Share::default()
    });
    let mut slot = slot();
    for (container, bytes) in [(container, 8 << 20), (Container::host_toolchains(), 0)] {
        run_in(&mut slot, &container, &shell("true"));
        let limits = control_files(
            &slot,
            ("memory", "memory.memsw.limit_in_bytes"),
            "memory.swap.max",
        );
        let memory = control_files(&slot, ("memory", "memory.limit_in_bytes"), "memory.max");
        let swap = |index: usize| {
            let number = |texts: &[String]| texts[index].parse::<u64>().expect("a number");
            match slot.sandbox().cgroup_version() {
                "v1" => number(&limits) - number(&memory),
                _ => number(&limits),
            }
        };
        assert!(
            (0..limits.len()).any(|lane| swap(lane) == bytes),
            "{limits:?} {memory:?}"
        );
    }
}

#[test]
fn a_cpu_quota_stretches_a_run() {
    let container = with(Share {
        cpu_quota: Some(CpuQuota {
            quota_us: 20_000,
            period_us: 100_000,
        }),
        ..Share::default()
    });
    let spin = "import time\nwhile time.process_time() < 0.2: pass";
    let usage = run_in(&mut slot(), &container, &python(spin)).usage;
    assert!(usage.wall > 3 * usage.cpu, "{usage:?}");
}

#[test]
fn a_box_has_the_cpus_it_was_asked_for() {
    let sandbox = sandbox();
    let cpus = sandbox.cpus().to_vec();
    let mut slot = sandbox.slot().expect("a slot");
    let show = "import os\nprint(sorted(os.sched_getaffinity(0)))";
    let container = with(Share {
        cpus: cpus.clone(),
        ..Share::default()
    });
    assert_eq!(
        stdout(&run_in(&mut slot, &container, &python(show))),
        format!("{cpus:?}\n")
    );
    assert_eq!(
        stdout(&run(&mut slot, &python(show))),
        format!("[{}]\n", slot.cpu())
    );
}

#[test]
fn the_cpu_limit_is_met_in_time_on_several_cpus() {
    let sandbox = sandbox();
    let container = with(Share {
        cpus: sandbox.cpus().to_vec(),
        ..Share::default()
    });
    let spin = "import os\nfor _ in range(3): os.fork()\nwhile True: pass";
    let mut command = python(spin);
    command.limits.cpu = Duration::from_millis(600);
    let report = run_in(&mut sandbox.slot().expect("a slot"), &container, &command);
    let limit = Limit::Cpu;
    assert_eq!(report.outcome, Outcome::LimitHit { limit, exit: None });
    assert!(
        report.usage.cpu < Duration::from_millis(800) * slowness(),
        "{:?}",
        report.usage
    );
}

#[test]
fn figures_come_back_from_a_box_with_a_share() {
    let container = with(Share {
        cpu_weight: Some(10),
        memory_reservation_bytes: Some(1 << 20),
        ..Share::default()
    });
    let script = "import time\nx = bytearray(50 << 20)\nwhile time.process_time() < 0.1: pass";
    let report = run_in(&mut slot(), &container, &python(script));
    assert_eq!(report.outcome, Outcome::Ended(Exit::Code(0)));
    assert!(report.usage.cpu >= Duration::from_millis(90));
    assert!(report.usage.memory_bytes > 50 << 20);
}
