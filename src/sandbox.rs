//! The sandbox: runs one program in a fresh, single-use box and reports what happened.
//! It is usable on its own and knows nothing of what programs are run for.
//!
//! # Theory of operation
//!
//! A [`Sandbox`] checks the host once. A [`Slot`] is the right to run one box at a time: it has a
//! machine-wide number, and from it one CPU, a cgroup and two host user ids of its own. Each slot
//! talks to a *launcher*, a tiny single-threaded process that is our own binary executed again
//! ([`become_launcher_if_asked`]). For each run the launcher clones the *init* of a new box into
//! fresh namespaces; init builds the root, forks the *program*, and reaps. The program gives up
//! everything, in the order of [`inside`], and executes. Meanwhile the slot's thread sleeps in one
//! poll over the box's reports, its output, refused system calls and the next moment at which a
//! limit can be reached ([`supervise`]).
//!
//! A [`Container`] says what a box is, a [`Command`] what runs in it, a [`Report`] what happened.
//! A program that misbehaves is an [`Outcome`]; only our own failures are a [`SandboxError`].

mod cancel;
mod cgroup;
mod inside;
mod landlock;
mod launch;
mod launcher;
mod message;
mod outcome;
mod plan;
mod root;
mod scratch;
mod seccomp;
mod slot;
mod spec;
mod streams;
mod supervise;
mod sys;

use std::collections::HashMap;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use nix::sched::{CpuSet, sched_getaffinity};
use nix::unistd::{Pid, geteuid};

use cgroup::{Group, GroupLimits, GroupUsage, Hierarchy};
use launch::{Launcher, Pending};
use message::BoxPlan;
use outcome::SetUpStep;
use slot::SlotLock;
use streams::Streams;
use supervise::{Observation, Running};

pub use cancel::Cancel;
pub use launcher::become_launcher_if_asked;
pub use outcome::{Captured, Exit, Limit, Outcome, Report, SandboxError, Usage};
pub use scratch::{CollectError, ScratchDir};
pub use spec::{Access, Command, Container, InputFile, Limits, Mount, Network, Proc, Stdin};

/// Host ids from here on belong to no user, container or service manager by convention
/// (systemd's "Users, Groups, UIDs and GIDs" leaves them unassigned).
const FIRST_ID: u32 = 1_900_000_000;
/// Where only the usual 65536 ids exist, as inside a container with its own user namespace.
const FIRST_ID_OF_SMALL_HOST: u32 = 61_200;

/// Settings of a sandbox.
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// A directory of ours that lives as long as the machine is up: slot locks, mount points.
    pub runtime_dir: PathBuf,
    /// The binary that becomes the launcher. Its `main` must call [`become_launcher_if_asked`].
    pub launcher: PathBuf,
    /// The parent of all cgroups, relative to the root of the hierarchy; by default a group
    /// `gavel` at the root (v1) or beneath the group that the service was given (v2).
    pub cgroup_parent: Option<PathBuf>,
    /// Run although the kernel has no Landlock, which is only a second layer.
    pub allow_no_landlock: bool,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        SandboxConfig {
            runtime_dir: PathBuf::from("/run/gavel"),
            launcher: PathBuf::from("/proc/self/exe"),
            cgroup_parent: None,
            allow_no_landlock: false,
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
    landlock_abi: u32,
    first_id: u32,
    cpus: Vec<usize>,
    plans: Mutex<HashMap<Container, Arc<BoxPlan>>>,
}

impl Sandbox {
    /// Checks the host and removes what an earlier crash left.
    ///
    /// # Errors
    /// What is missing on this host, and how to get it.
    pub fn open(config: &SandboxConfig) -> Result<Self, SandboxError> {
        if !geteuid().is_root() {
            return Err(SandboxError::Setting {
                setting: "user",
                reason: "making isolated boxes needs root here; start the worker as root (it \
                         gives up every privilege before a guest runs) or in a container with \
                         CAP_SYS_ADMIN"
                    .to_owned(),
            });
        }
        let landlock_abi = landlock::kernel_abi();
        if landlock_abi == 0 && !config.allow_no_landlock {
            return Err(SandboxError::Setting {
                setting: "landlock",
                reason: "this kernel has no Landlock; boot with `lsm=landlock,...`, or allow \
                         running without this second layer"
                    .to_owned(),
            });
        }
        slot::make_runtime_directory(&config.runtime_dir)?;
        for directory in ["slots", "boxes"] {
            slot::make_runtime_directory(&config.runtime_dir.join(directory))?;
        }
        let groups = Hierarchy::find(config.cgroup_parent.as_deref())?;
        slot::sweep(&config.runtime_dir.join("slots"), &groups)?;
        Ok(Sandbox {
            shared: Arc::new(Shared {
                config: config.clone(),
                groups,
                landlock_abi,
                first_id: first_id()?,
                cpus: allowed_cpus()?,
                plans: Mutex::default(),
            }),
        })
    }

    /// Takes a free slot of this machine.
    pub fn slot(&self) -> Result<Slot, SandboxError> {
        let lock = slot::take(&self.shared.config.runtime_dir.join("slots"))?;
        let cpu = self.shared.cpus[lock.number() as usize % self.shared.cpus.len()];
        let group = self.shared.groups.make(&lock.group_name(), cpu)?;
        Ok(Slot {
            sandbox: self.clone(),
            first_id: self.shared.first_id + lock.number() * slot::IDS_PER_SLOT,
            lock,
            cpu,
            group: Some(group),
            launcher: None,
            dying: None,
            prepared: None,
        })
    }

    /// The cgroup version in use: "v1" or "v2".
    pub fn cgroup_version(&self) -> &'static str {
        self.shared.groups.version()
    }

    /// The Landlock version of the kernel; 0 where there is none.
    pub fn landlock_abi(&self) -> u32 {
        self.shared.landlock_abi
    }

    /// CPUs that boxes may be pinned to.
    pub fn cpus(&self) -> &[usize] {
        &self.shared.cpus
    }

    /// The plan of a container, resolved and compiled at its first use. Ids are filled in later.
    fn plan(&self, container: &Container) -> Result<Arc<BoxPlan>, SandboxError> {
        let mut plans = self
            .shared
            .plans
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(plan) = plans.get(container) {
            return Ok(Arc::clone(plan));
        }
        let plan = Arc::new(self.resolve(container)?);
        plans.insert(container.clone(), Arc::clone(&plan));
        Ok(plan)
    }

    fn resolve(&self, container: &Container) -> Result<BoxPlan, SandboxError> {
        let filter =
            seccomp::compile(container.network).map_err(|error| SandboxError::Setting {
                setting: "seccomp",
                reason: error.to_string(),
            })?;
        Ok(BoxPlan {
            root: plan::root(container)?,
            hostname: container.hostname.clone(),
            scratch_bytes: at_least_one("scratch_bytes", container.scratch_bytes)?,
            scratch_inodes: at_least_one("scratch_inodes", container.scratch_inodes)?,
            exec_tmp: container.exec_tmp,
            loopback: container.network == Network::Loopback,
            proc_pids_only: container.proc == Proc::Pids,
            first_id: 0,
            filter,
            landlock: landlock::plan(container, self.shared.landlock_abi),
        })
    }
}

fn at_least_one(setting: &'static str, value: u64) -> Result<u64, SandboxError> {
    match value {
        0 => Err(SandboxError::Setting {
            setting,
            reason: "must be at least 1; zero never means unlimited".to_owned(),
        }),
        _ => Ok(value),
    }
}

fn allowed_cpus() -> Result<Vec<usize>, SandboxError> {
    let set = sched_getaffinity(Pid::from_raw(0)).set_up("read", "the CPU affinity")?;
    let cpus = (0..CpuSet::count()).filter(|cpu| set.is_set(*cpu).unwrap_or(false));
    Ok(cpus.collect())
}

/// The first host id for boxes, out of those that exist in our own user namespace.
fn first_id() -> Result<u32, SandboxError> {
    let map = std::fs::read_to_string("/proc/self/uid_map").set_up("read", "/proc/self/uid_map")?;
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
        .ok_or_else(|| SandboxError::Setting {
            setting: "user",
            reason: format!(
                "this user namespace maps neither id {FIRST_ID} nor {FIRST_ID_OF_SMALL_HOST}; \
                 give the container at least 65536 ids"
            ),
        })
}

/// The right to run one box at a time, with a CPU, a cgroup and host ids of its own.
#[derive(Debug)]
pub struct Slot {
    sandbox: Sandbox,
    lock: SlotLock,
    first_id: u32,
    cpu: usize,
    /// `None` only while it is made anew after a failure, and while dropping.
    group: Option<Group>,
    launcher: Option<Launcher>,
    /// Init of the previous box, while the kernel still takes it down.
    dying: Option<OwnedFd>,
    /// A box made ahead, and what it was made for.
    prepared: Option<(Container, Pending)>,
}

impl Slot {
    /// The machine-wide number: it names the slot's cgroup.
    pub fn number(&self) -> u32 {
        self.lock.number()
    }

    /// The sandbox that the slot belongs to.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// The CPU that boxes of this slot are pinned to.
    pub fn cpu(&self) -> usize {
        self.cpu
    }

    /// Makes a box ahead, so that the next run in such a container starts almost as quickly as a
    /// bare program: it only has to be told its command. A box is used once; this takes the place
    /// of one prepared earlier. Call it when nobody waits for the slot.
    ///
    /// # Errors
    /// Our own failures only; the slot stays usable after each of them.
    pub fn prepare(&mut self, container: &Container) -> Result<(), SandboxError> {
        let made = self
            .retire_prepared()
            .and_then(|()| self.make_box(container));
        let made = self.recover(made)?;
        self.prepared = Some((container.clone(), made));
        Ok(())
    }

    /// Runs a command in a fresh box and waits for its end.
    ///
    /// # Errors
    /// Our own failures only; the slot stays usable after each of them.
    pub fn run(
        &mut self,
        container: &Container,
        command: &Command,
        cancel: &Cancel,
    ) -> Result<Report, SandboxError> {
        command.limits.check()?;
        let result = self.try_run(container, command, cancel);
        self.recover(result)
    }

    /// After a failure of ours the next run gets a new launcher and a new group, whatever state
    /// the old ones are in.
    fn recover<T>(&mut self, result: Result<T, SandboxError>) -> Result<T, SandboxError> {
        if let Err(SandboxError::SetUp { .. } | SandboxError::Box { .. } | SandboxError::Lost(_)) =
            result
        {
            self.prepared = None;
            self.launcher = None;
            self.group = None;
            self.dying = None;
        }
        result
    }

    fn try_run(
        &mut self,
        container: &Container,
        command: &Command,
        cancel: &Cancel,
    ) -> Result<Report, SandboxError> {
        let pending = self.take_box(container)?;
        let user = self.first_id + 1;
        for file in &command.files {
            pending.scratch.place(file, user)?;
        }
        let streams = Streams::new(&command.stdin, user)?;
        let group = self
            .group
            .as_mut()
            .ok_or(SandboxError::Lost("control group"))?;
        group.start(&command.limits.group_limits())?;
        pending.connection.start(command, &streams.program)?;
        drop(streams.program);
        let running = Running {
            connection: &pending.connection,
            pidfd: pending.pidfd.as_fd(),
            group,
            limits: &command.limits,
            cancel,
        };
        let observed = supervise::supervise(
            &running,
            streams.stdout,
            streams.stderr,
            command.stderr_bytes,
        );
        let usage = group.usage();
        let Pending { pidfd, scratch, .. } = pending;
        self.dying = Some(pidfd);
        let (observed, usage) = (observed?, usage?);
        let scratch_bytes = scratch.used_bytes()?;
        Ok(report(
            observed,
            &usage,
            &command.limits,
            scratch,
            scratch_bytes,
        ))
    }

    /// The prepared box if it fits, a new one otherwise.
    fn take_box(&mut self, container: &Container) -> Result<Pending, SandboxError> {
        match self.prepared.take() {
            Some((made_for, pending)) if made_for == *container => Ok(pending),
            unfit => {
                self.prepared = unfit;
                self.retire_prepared()?;
                self.make_box(container)
            }
        }
    }

    /// Ends a box that will not be used.
    fn retire_prepared(&mut self) -> Result<(), SandboxError> {
        if let Some((_, Pending { pidfd, .. })) = self.prepared.take() {
            sys::signal_process(pidfd.as_fd(), libc::SIGKILL).set_up("kill", "a box")?;
            self.dying = Some(pidfd);
        }
        Ok(())
    }

    /// A box that waits for its command.
    fn make_box(&mut self, container: &Container) -> Result<Pending, SandboxError> {
        let mut plan = BoxPlan::clone(&*self.sandbox.plan(container)?);
        plan.first_id = self.first_id;
        if let Some(dying) = self.dying.take() {
            supervise::wait_until_gone(dying.as_fd())?;
        }
        self.restore()?;
        let (Some(launcher), Some(group)) = (&self.launcher, &mut self.group) else {
            return Err(SandboxError::Lost("launcher"));
        };
        group.reset()?;
        let pending = launcher.launch(&plan, group.clone_target())?;
        group.enter(pending.pid)?;
        pending.proceed()?;
        Ok(pending)
    }

    /// Makes what is missing: at the first run, and after a failure.
    fn restore(&mut self) -> Result<(), SandboxError> {
        let shared = &self.sandbox.shared;
        if self.group.is_none() {
            self.group = Some(shared.groups.make(&self.lock.group_name(), self.cpu)?);
        }
        if self.launcher.is_none() {
            let staging = shared.config.runtime_dir.join("boxes");
            self.launcher = Some(Launcher::start(&shared.config.launcher, &staging)?);
        }
        Ok(())
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        // The launcher first: every box dies with it.
        self.launcher = None;
        self.group = None;
        // What cannot be removed now is swept by the next holder of the number.
        let _ = self.sandbox.shared.groups.remove(&self.lock.group_name());
    }
}

impl Limits {
    /// Refuses zeros: zero never means unlimited.
    fn check(&self) -> Result<(), SandboxError> {
        let idle = self.idle.unwrap_or(std::time::Duration::MAX);
        for (setting, is_zero) in [
            ("limits.cpu", self.cpu.is_zero()),
            ("limits.wall", self.wall.is_zero()),
            ("limits.idle", idle.is_zero()),
            ("limits.memory_bytes", self.memory_bytes == 0),
            ("limits.processes", self.processes == 0),
            ("limits.stack_bytes", self.stack_bytes == 0),
            ("limits.open_files", self.open_files == 0),
            ("limits.file_bytes", self.file_bytes == 0),
        ] {
            at_least_one(setting, u64::from(!is_zero))?;
        }
        Ok(())
    }

    fn group_limits(&self) -> GroupLimits {
        GroupLimits {
            memory_bytes: self.memory_bytes,
            // Init of the box is one more.
            processes: u64::from(self.processes) + 1,
        }
    }
}

fn report(
    observed: Observation,
    usage: &GroupUsage,
    limits: &Limits,
    scratch: ScratchDir,
    scratch_bytes: u64,
) -> Report {
    Report {
        outcome: outcome(&observed, usage, limits),
        usage: Usage {
            cpu: usage.cpu,
            wall: observed.wall,
            memory_bytes: usage.memory_bytes,
            scratch_bytes,
            oom_kills: usage.oom_kills,
            forks_refused: usage.forks_refused,
        },
        stdout: observed.stdout,
        stderr: observed.stderr,
        denied_calls: observed.denied_calls,
        scratch,
    }
}

/// Tells by evidence what ended a run: kernel counters before our own reason for a kill, and
/// never the exit code, which the program chooses.
fn outcome(observed: &Observation, usage: &GroupUsage, limits: &Limits) -> Outcome {
    let died = !matches!(observed.exit, Some(Exit::Code(0)));
    // At the limit without an OOM kill: page cache that could be reclaimed, unless it also died,
    // as a program does whose allocation in the kernel was refused.
    let out_of_memory = usage.oom_kills > 0 || (died && usage.memory_bytes >= limits.memory_bytes);
    let limit = if out_of_memory || observed.killed_for == Some(Limit::Memory) {
        Some(Limit::Memory)
    } else if usage.cpu > limits.cpu {
        Some(Limit::Cpu)
    } else if observed.killed_for.is_none() && observed.wall > limits.wall {
        Some(Limit::Wall)
    } else {
        observed.killed_for
    };
    match (limit, observed.not_executable, observed.exit) {
        (Some(limit), _, exit) => Outcome::LimitHit { limit, exit },
        (None, Some(errno), _) => Outcome::NotExecutable { errno },
        (None, None, Some(exit)) => Outcome::Ended(exit),
        // Without a limit and a status our own kill is the only end left.
        (None, None, None) => Outcome::Ended(Exit::Signal(libc::SIGKILL)),
    }
}
