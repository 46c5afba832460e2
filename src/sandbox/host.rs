//! A host that was found fit to run boxes: what it offers, and what is shared by all its slots.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use nix::sched::{CpuSet, sched_getaffinity};
use nix::unistd::Pid;

use super::blueprint::Blueprint;
use super::cgroup::{Group, GroupShare, Hierarchy};
use super::check::{self, HostCheck};
use super::container::Container;
use super::ids::{HostIds, IdSource};
use super::instructions::InstructionCounter;
use super::launch::Launcher;
use super::launcher::Arguments;
use super::lock::{self, SlotLock};
use super::noise::NoiseGauge;
use super::outcome::{SandboxError, SetUpStep};
use super::protection::Protection;
use super::shared::SharedDirectory;
use super::slot::Slot;
use super::{landlock, pasta, shared};

/// Where boxes of several slots share something, below the runtime directory.
const SHARED: &str = "shared";

/// Settings of a sandbox.
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// A directory of ours that lives as long as the machine is up: slot locks, mount points. By
    /// default below `/run` for root, and for others below `/run/user` or `/tmp`.
    pub runtime_dir: PathBuf,
    /// The binary that becomes the launcher. Its `main` must call
    /// [`become_launcher_if_asked`](super::become_launcher_if_asked).
    pub launcher: PathBuf,
    /// The parent of all cgroups, relative to the root of the hierarchy; by default a group
    /// `gavel` at the root (v1) or beneath the group that the service was given (v2).
    pub cgroup_parent: Option<PathBuf>,
    /// Which host ids an ordinary user's boxes have.
    pub ids: IdSource,
    /// Protections that this host may lack.
    pub may_lack: BTreeSet<Protection>,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        SandboxConfig {
            runtime_dir: lock::default_runtime_directory(),
            launcher: PathBuf::from("/proc/self/exe"),
            cgroup_parent: None,
            ids: IdSource::Auto,
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
    ids: HostIds,
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
        let checks = check::look_around(&groups, config);
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
        for directory in ["slots", "boxes", SHARED] {
            lock::make_runtime_directory(&config.runtime_dir.join(directory))?;
        }
        let slots = config.runtime_dir.join("slots");
        lock::sweep(&slots, &groups)?;
        shared::sweep(&config.runtime_dir.join(SHARED), &slots)?;
        Ok(Sandbox {
            shared: Arc::new(Shared {
                config: config.clone(),
                groups,
                checks,
                degraded,
                landlock_abi: landlock::kernel_abi(),
                ids: HostIds::find(config.ids)?,
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
        Slot::new(self.clone(), lock, cpu)
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

    /// The host ids of boxes.
    pub(super) fn ids(&self) -> &HostIds {
        &self.shared.ids
    }

    /// Makes the directory of what the boxes of a slot share with others.
    pub(super) fn make_shared_directory(
        &self,
        lock: &Arc<SlotLock>,
    ) -> Result<SharedDirectory, SandboxError> {
        SharedDirectory::make(&self.shared.config.runtime_dir.join(SHARED), lock)
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

    /// Starts a launcher. One of an ordinary user cannot come back to the host's network.
    pub(super) fn start_launcher(&self, stays_in_network: bool) -> Result<Launcher, SandboxError> {
        let config = &self.shared.config;
        let arguments = Arguments {
            staging: config.runtime_dir.join("boxes"),
            stage: self.shared.ids.stage(),
            stays_in_network,
        };
        Launcher::start(&config.launcher, &arguments, &self.shared.ids)
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
        let shared = &self.shared;
        let mut plan = Blueprint::of(container, shared.landlock_abi, &shared.cpus)?;
        plan.degraded = shared.degraded.clone();
        if shared.ids == HostIds::Own {
            plan.share_one_id();
        }
        if !shared.groups.keeps_to_cpus() {
            plan.loosened
                .push("CPUs: a program can leave that of its box".to_owned());
        }
        let plan = Arc::new(plan);
        plans.insert(container.clone(), Arc::clone(&plan));
        Ok(plan)
    }
}

fn allowed_cpus() -> Result<Vec<usize>, SandboxError> {
    let set = sched_getaffinity(Pid::from_raw(0)).set_up("read", "the CPU affinity")?;
    let cpus = (0..CpuSet::count()).filter(|cpu| set.is_set(*cpu).unwrap_or(false));
    Ok(cpus.collect())
}
