//! A host that was found fit to run boxes: what it offers, and what is shared by all its slots.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use nix::sched::{CpuSet, sched_getaffinity};
use nix::unistd::Pid;

use super::blueprint::{Blueprint, MAX_GROUPS};
use super::cgroup::{Group, GroupShare, Hierarchy};
use super::check::{self, HostCheck};
use super::container::Container;
use super::instructions::InstructionCounter;
use super::launch::Launcher;
use super::lock::{self, SlotLock};
use super::noise::NoiseGauge;
use super::outcome::{SandboxError, SetUpStep};
use super::protection::Protection;
use super::slot::Slot;
use super::{landlock, pasta};

/// Host ids from here on belong to no user, container or service manager by convention
/// (systemd's "Users, Groups, UIDs and GIDs" leaves them unassigned).
const FIRST_ID: u32 = 1_900_000_000;
/// Host group ids for supplementary groups: after those of all slots.
const FIRST_GROUP: u32 = FIRST_ID + 8192;
/// Where only the usual 65536 ids exist, as inside a container with its own user namespace.
const FIRST_ID_OF_SMALL_HOST: u32 = 61_200;

/// Settings of a sandbox.
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// A directory of ours that lives as long as the machine is up: slot locks, mount points.
    pub runtime_dir: PathBuf,
    /// The binary that becomes the launcher. Its `main` must call
    /// [`become_launcher_if_asked`](super::become_launcher_if_asked).
    pub launcher: PathBuf,
    /// The parent of all cgroups, relative to the root of the hierarchy; by default a group
    /// `gavel` at the root (v1) or beneath the group that the service was given (v2).
    pub cgroup_parent: Option<PathBuf>,
    /// Protections that this host may lack.
    pub may_lack: BTreeSet<Protection>,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        SandboxConfig {
            runtime_dir: PathBuf::from("/run/gavel"),
            launcher: PathBuf::from("/proc/self/exe"),
            cgroup_parent: None,
            may_lack: BTreeSet::new(),
        }
    }
}

/// A host that was found fit to run boxes. Cheap to clone; clones share everything.
#[derive(Debug, Clone)]
pub struct Sandbox {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    config: SandboxConfig,
    groups: Hierarchy,
    checks: Vec<HostCheck>,
    degraded: Vec<Protection>,
    landlock_abi: u32,
    first_id: u32,
    cpus: Vec<usize>,
    plans: Mutex<HashMap<Container, Arc<Blueprint>>>,
    noise: Option<NoiseGauge>,
    counts_instructions: bool,
}

impl Sandbox {
    /// Checks the host and removes what an earlier crash left.
    ///
    /// # Errors
    /// What is missing on this host, and how to get it.
    pub fn open(config: &SandboxConfig) -> Result<Self, SandboxError> {
        let groups = Hierarchy::find(config.cgroup_parent.as_deref());
        let checks = check::look_around(&groups, &config.may_lack);
        check::refuse_unfit(&checks)?;
        let degraded = check::degraded(&checks);
        let groups = match groups {
            // Refused above unless it is allowed.
            Err(_) if degraded.contains(&Protection::Cgroup) => Hierarchy::Absent,
            found => found?,
        };
        for protection in &degraded {
            tracing::warn!(
                protection = protection.name(),
                "boxes lack a protection, as the settings allow: results say so"
            );
        }
        lock::make_runtime_directory(&config.runtime_dir)?;
        for directory in ["slots", "boxes"] {
            lock::make_runtime_directory(&config.runtime_dir.join(directory))?;
        }
        lock::sweep(&config.runtime_dir.join("slots"), &groups)?;
        Ok(Sandbox {
            shared: Arc::new(Shared {
                config: config.clone(),
                groups,
                checks,
                degraded,
                landlock_abi: landlock::kernel_abi(),
                first_id: first_id()?,
                cpus: allowed_cpus()?,
                plans: Mutex::default(),
                noise: NoiseGauge::of_machine(),
                counts_instructions: InstructionCounter::look_for().is_ok(),
            }),
        })
    }

    /// Takes a free slot of this machine.
    pub fn slot(&self) -> Result<Slot, SandboxError> {
        let lock = lock::take(&self.shared.config.runtime_dir.join("slots"))?;
        let shared = &self.shared;
        let cpu = shared.cpus[lock.number() as usize % shared.cpus.len()];
        let first_id = shared.first_id + lock.number() * lock::IDS_PER_SLOT;
        Slot::new(self.clone(), lock, cpu, first_id)
    }

    /// What tells how noisy the machine is.
    pub(super) fn noise_gauge(&self) -> Option<&NoiseGauge> {
        self.shared.noise.as_ref()
    }

    /// What counts the instructions of a box's program, where the machine can.
    pub(super) fn instruction_counter(&self, init: i32) -> Option<InstructionCounter> {
        // It is an extra figure: a box without it is better than none.
        let open = || InstructionCounter::of_box(init).ok();
        self.shared.counts_instructions.then(open).flatten()
    }

    /// Makes the cgroup of a lane of a slot.
    pub(super) fn make_group(
        &self,
        slot: u32,
        lane: u32,
        share: &GroupShare,
    ) -> Result<Group, SandboxError> {
        self.shared
            .groups
            .make(&lock::group_name(slot, lane), share)
    }

    /// Removes the cgroups of a slot.
    pub(super) fn remove_groups(&self, lock: &SlotLock) -> Result<(), SandboxError> {
        lock.group_names()
            .try_for_each(|name| self.shared.groups.remove(&name))
    }

    /// The first host group id for the supplementary groups of a lane.
    pub(super) fn first_group(&self, slot: u32, lane: u32) -> Result<u32, SandboxError> {
        if self.shared.first_id != FIRST_ID {
            return Err(SandboxError::Setting {
                setting: "user",
                reason: format!(
                    "supplementary groups need host ids from {FIRST_GROUP} on, which this user \
                     namespace does not map"
                ),
            });
        }
        Ok(FIRST_GROUP + (slot * lock::LANES + lane) * MAX_GROUPS)
    }

    /// Connects the network of a box to the world.
    pub(super) fn start_pasta(
        &self,
        name: &str,
        pid: i32,
        arguments: &[String],
    ) -> Result<pasta::Pasta, SandboxError> {
        let fifo = self.shared.config.runtime_dir.join("boxes").join(name);
        pasta::Pasta::start(&fifo, pid, arguments)
    }

    /// Starts a launcher.
    pub(super) fn start_launcher(&self) -> Result<Launcher, SandboxError> {
        let config = &self.shared.config;
        Launcher::start(&config.launcher, &config.runtime_dir.join("boxes"))
    }

    /// The cgroup version in use: "v1", "v2" or "none".
    pub fn cgroup_version(&self) -> &'static str {
        self.shared.groups.version()
    }

    /// The Landlock version of the kernel; 0 where there is none.
    pub fn landlock_abi(&self) -> u32 {
        self.shared.landlock_abi
    }

    /// What the checks of this host found at the start.
    pub fn checks(&self) -> &[HostCheck] {
        &self.shared.checks
    }

    /// The protections that boxes lack here, with the operator's consent.
    pub fn degraded(&self) -> &[Protection] {
        &self.shared.degraded
    }

    /// CPUs that boxes may be pinned to.
    pub fn cpus(&self) -> &[usize] {
        &self.shared.cpus
    }

    /// Everything that would be done to make such a box, for people. Nothing is started.
    ///
    /// # Errors
    /// The setting that cannot be honoured.
    pub fn explain(&self, container: &Container) -> Result<String, SandboxError> {
        Ok(format!("{:#?}", self.blueprint(container)?))
    }

    /// A container, resolved and compiled at its first use.
    pub(super) fn blueprint(&self, container: &Container) -> Result<Arc<Blueprint>, SandboxError> {
        let mut plans = self
            .shared
            .plans
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(plan) = plans.get(container) {
            return Ok(Arc::clone(plan));
        }
        let plan = Arc::new(Blueprint {
            degraded: self.shared.degraded.clone(),
            ..Blueprint::of(container, self.shared.landlock_abi, &self.shared.cpus)?
        });
        plans.insert(container.clone(), Arc::clone(&plan));
        Ok(plan)
    }
}

fn allowed_cpus() -> Result<Vec<usize>, SandboxError> {
    let set = sched_getaffinity(Pid::from_raw(0)).set_up("read", "the CPU affinity")?;
    let cpus = (0..CpuSet::count()).filter(|cpu| set.is_set(*cpu).unwrap_or(false));
    Ok(cpus.collect())
}

fn first_id() -> Result<u32, SandboxError> {
    let map = std::fs::read_to_string("/proc/self/uid_map").set_up("read", "/proc/self/uid_map")?;
    first_free_id(&map).ok_or(SandboxError::Lost("range of host ids"))
}

/// The first host id for boxes, out of those that exist in a user namespace with this map.
pub(super) fn first_free_id(map: &str) -> Option<u32> {
    let exists =
        |id: u64| {
            map.lines().any(|line| {
            let mut numbers = line.split_whitespace().filter_map(|n| n.parse::<u64>().ok());
            let (inside, _, count) = (numbers.next(), numbers.next(), numbers.next());
            matches!((inside, count), (Some(from), Some(count)) if id >= from && id - from < count)
        })
        };
    [FIRST_ID, FIRST_ID_OF_SMALL_HOST]
        .into_iter()
        .find(|id| exists(u64::from(*id)))
}
