//! Slots: one box at a time, made, told its command, watched, and let go.

use std::os::fd::{AsFd, OwnedFd};

use super::cancel::Cancel;
use super::cgroup::Group;
use super::host::Sandbox;
use super::launch::{Launcher, Pending};
use super::lock::SlotLock;
use super::message::BoxPlan;
use super::outcome::{Report, SandboxError, SetUpStep};
use super::spec::{Command, Container};
use super::streams::Streams;
use super::supervise::{self, Running};
use super::{evidence, sys};

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
    pub(super) fn new(
        sandbox: Sandbox,
        lock: SlotLock,
        cpu: usize,
        first_id: u32,
    ) -> Result<Self, SandboxError> {
        let group = sandbox.make_group(&lock, cpu)?;
        Ok(Slot {
            sandbox,
            lock,
            first_id,
            cpu,
            group: Some(group),
            launcher: None,
            dying: None,
            prepared: None,
        })
    }

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
        Ok(evidence::report(
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
        if self.group.is_none() {
            self.group = Some(self.sandbox.make_group(&self.lock, self.cpu)?);
        }
        if self.launcher.is_none() {
            self.launcher = Some(self.sandbox.start_launcher()?);
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
        let _ = self.sandbox.remove_group(&self.lock);
    }
}
