//! Slots: one program at a time, in a box that was made ahead, is told its command, watched, and
//! let go.

use std::collections::VecDeque;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use super::cancel::Cancel;
use super::cgroup::Group;
use super::child::{Child, Switches};
use super::container::Container;
use super::evidence;
use super::host::Sandbox;
use super::instructions::InstructionCounter;
use super::launch::Pending;
use super::lock::{LANES, SlotLock};
use super::maker::{Maker, Waiting};
use super::noise::NoiseGauge;
use super::outcome::{Report, SandboxError};
use super::shared::SharedDirectory;
use super::spec::{Command, Outputs};
use super::streams::{Pipe, Streams};
use super::supervise::{self, Running};

/// The right to run one program at a time, with a CPU, cgroups and host ids of its own.
#[derive(Debug)]
pub struct Slot {
    sandbox: Sandbox,
    lock: Arc<SlotLock>,
    cpu: usize,
    /// `None` only while dropping.
    maker: Option<Maker>,
    /// What boxes were ordered for that nobody has taken yet, the oldest first.
    ordered: VecDeque<Container>,
    /// Those of them that were waited for ahead, the oldest first.
    ready: VecDeque<Waiting>,
}

impl Slot {
    pub(super) fn new(sandbox: Sandbox, lock: SlotLock, cpu: usize) -> Result<Self, SandboxError> {
        let maker = Maker::start(sandbox.clone(), &lock, cpu)?;
        Ok(Slot {
            sandbox,
            lock: Arc::new(lock),
            cpu,
            maker: Some(maker),
            ordered: VecDeque::new(),
            ready: VecDeque::new(),
        })
    }

    /// The machine-wide number: it names the slot's cgroups.
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

    /// Makes an empty directory for what boxes of this slot share with those of others. It has one at a time: what
    /// was in an earlier one is gone.
    ///
    /// # Errors
    /// Our own failures only.
    pub fn make_shared_directory(&self) -> Result<SharedDirectory, SandboxError> {
        self.sandbox.make_shared_directory(&self.lock)
    }

    /// Has a box made ahead, so that a run in such a container starts almost as quickly as a bare
    /// program: it only has to be told its command. A box is used once. Returns at once; two boxes
    /// can wait, or one while a program runs, and one more is not ordered.
    ///
    /// # Errors
    /// Our own failures only; the slot stays usable after each of them. A box that cannot be made
    /// shows when it is needed.
    pub fn prepare(&mut self, container: &Container) -> Result<(), SandboxError> {
        if self.ordered.len() < LANES as usize {
            self.order(container)?;
        }
        Ok(())
    }

    /// Has boxes made ahead for the next runs, in their order; as many as there is room for. Boxes
    /// that wait for other containers are let go.
    ///
    /// # Errors
    /// As of [`prepare`](Self::prepare).
    pub fn prepare_for(&mut self, upcoming: &[&Container]) -> Result<(), SandboxError> {
        if let Some(next) = upcoming.first() {
            let let_go = self.let_go_unfit(next);
            self.recovered(let_go)?;
        }
        for (index, container) in upcoming.iter().enumerate() {
            if self.ordered.len() == index {
                self.prepare(container)?;
            }
        }
        Ok(())
    }

    /// Waits until every box that was ordered is made.
    ///
    /// # Errors
    /// A box cannot be made; the slot stays usable.
    pub fn wait_until_prepared(&mut self) -> Result<(), SandboxError> {
        while self.ready.len() < self.ordered.len() {
            let made = self.maker()?.receive();
            match made {
                Ok(made) => self.ready.push_back(made),
                Err(error) => {
                    // The failed one is not among those that are still to come.
                    self.ordered.pop_back();
                    self.recover()?;
                    return Err(error);
                }
            }
        }
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
        self.run_with(container, command, &Outputs::default(), cancel)
    }

    /// The same with output that goes elsewhere.
    ///
    /// # Errors
    /// As of [`Slot::run`].
    pub fn run_with(
        &mut self,
        container: &Container,
        command: &Command,
        outputs: &Outputs,
        cancel: &Cancel,
    ) -> Result<Report, SandboxError> {
        self.run_until(None, container, command, outputs.clone(), cancel)
    }

    /// The same, which also ends when `kill` is switched on; what was measured until then is in the
    /// report. Descriptors among the outputs are let go as soon as the program has them.
    ///
    /// # Errors
    /// As of [`Slot::run`].
    pub fn run_until(
        &mut self,
        kill: Option<&Cancel>,
        container: &Container,
        command: &Command,
        outputs: Outputs,
        cancel: &Cancel,
    ) -> Result<Report, SandboxError> {
        command.limits.check()?;
        let switches = Switches { cancel, kill };
        let made = self.take_box(container);
        self.run_taken(made, command, outputs, &switches)
    }

    /// Starts a command on a thread of its own, and gives the slot to it until it ends. If the
    /// box cannot be made, the slot is given back to the machine.
    ///
    /// # Errors
    /// Our own failures only.
    pub fn spawn(
        mut self,
        container: &Container,
        command: Command,
        outputs: Outputs,
    ) -> Result<Child, SandboxError> {
        command.limits.check()?;
        let made = self.take_box(container)?;
        let id = made.pending.pid;
        Child::start(id, move |switches| {
            let report = self.run_taken(Ok(made), &command, outputs, &switches);
            (report, self)
        })
    }

    /// Runs a command in a box, if there is one; the slot is usable afterwards.
    fn run_taken(
        &mut self,
        made: Result<Waiting, SandboxError>,
        command: &Command,
        outputs: Outputs,
        switches: &Switches<'_>,
    ) -> Result<Report, SandboxError> {
        let result = made.and_then(|made| self.run_in(made, command, outputs, switches));
        self.recovered(result)
    }

    /// Passes a result on; after a failure of ours the slot is made usable again first.
    fn recovered<T>(&mut self, result: Result<T, SandboxError>) -> Result<T, SandboxError> {
        if let Err(SandboxError::SetUp { .. } | SandboxError::Box { .. } | SandboxError::Lost(_)) =
            result
        {
            self.recover()?;
        }
        result
    }

    fn maker(&self) -> Result<&Maker, SandboxError> {
        self.maker.as_ref().ok_or(SandboxError::Lost("maker"))
    }

    fn order(&mut self, container: &Container) -> Result<(), SandboxError> {
        self.maker()?.order(container.clone())?;
        self.ordered.push_back(container.clone());
        Ok(())
    }

    /// The oldest box that was ordered for such a container; without one, a new one.
    fn take_box(&mut self, container: &Container) -> Result<Waiting, SandboxError> {
        self.let_go_unfit(container)?;
        if self.ordered.pop_front().is_none() {
            self.maker()?.order(container.clone())?;
        }
        self.receive()
    }

    /// Lets go the boxes that were ordered before the first one for such a container.
    fn let_go_unfit(&mut self, container: &Container) -> Result<(), SandboxError> {
        while self
            .ordered
            .front()
            .is_some_and(|ordered| ordered != container)
        {
            self.ordered.pop_front();
            let unfit = self.receive()?;
            self.retire(unfit)?;
        }
        Ok(())
    }

    fn receive(&mut self) -> Result<Waiting, SandboxError> {
        match self.ready.pop_front() {
            Some(ready) => Ok(ready),
            None => self.maker()?.receive(),
        }
    }

    /// Ends a box that will not be used.
    fn retire(&mut self, unused: Waiting) -> Result<(), SandboxError> {
        self.maker()?.give_back(unused.lane, unused.pending)
    }

    /// Makes the slot usable again after a failure of ours.
    fn recover(&mut self) -> Result<(), SandboxError> {
        while self.ordered.pop_front().is_some() {
            if let Ok(unused) = self.receive() {
                self.maker()?.abandon(unused.lane)?;
            }
        }
        self.maker()?.reset()
    }

    fn run_in(
        &mut self,
        made: Waiting,
        command: &Command,
        outputs: Outputs,
        switches: &Switches<'_>,
    ) -> Result<Report, SandboxError> {
        let Waiting {
            pending,
            listener,
            pipes,
            mut lane,
        } = made;
        let ids = self.sandbox.ids().of_lane(self.number(), lane.number);
        let placed = pending
            .scratch
            .place_all(&command.files, self.sandbox.ids().owner_of_files(ids));
        let result = placed.and_then(|()| {
            let streams = Streams::new(&command.stdin, &outputs, pipes)?;
            drop(outputs);
            let group = lane.group()?;
            start(&pending, group, command, &streams)?;
            // What the program does not wait for comes after its start.
            let gauge = group.noise_gauge().or(self.sandbox.noise_gauge());
            let quiet = gauge.and_then(NoiseGauge::read);
            let captured = streams.into_captured();
            let mut report = watch(&pending, listener, group, command, captured, switches)?;
            let noise = gauge.and_then(NoiseGauge::read);
            report.usage.noise = noise.zip(quiet).map(|(now, quiet)| now.since(quiet));
            Ok(report)
        });
        match result {
            // After a wrong setting it still waits for its command.
            Ok(_) | Err(SandboxError::Cancelled | SandboxError::Setting { .. }) => {
                self.maker()?.give_back(lane, pending)?;
            }
            Err(_) => self.maker()?.abandon(lane)?,
        }
        result
    }
}

/// Tells a box its command, and gives it the program's ends of the streams.
fn start(
    pending: &Pending,
    group: &mut Group,
    command: &Command,
    streams: &Streams,
) -> Result<(), SandboxError> {
    let limits = command.limits.group_limits();
    group.start(&limits)?;
    let in_place = group.rlimits(&limits, pending.connection.blueprint.plan.user.is_one);
    pending
        .connection
        .start(command, &in_place, streams.of_program())
}

/// Watches a box to its end.
fn watch(
    pending: &Pending,
    listener: Option<OwnedFd>,
    group: &Group,
    command: &Command,
    captured: [Option<Pipe>; 2],
    switches: &Switches<'_>,
) -> Result<Report, SandboxError> {
    let running = Running {
        connection: &pending.connection,
        pidfd: pending.pidfd.as_fd(),
        group,
        limits: &command.limits,
        cpus: pending.connection.blueprint.cpus,
        cancel: switches.cancel,
        kill: switches.kill,
    };
    let observed = supervise::supervise(&running, captured, command.stderr_bytes, listener)?;
    let usage = group.usage(observed.reaped)?;
    let filled = pending.scratch.filled()?;
    let scratch = pending.scratch.share()?;
    let limits = &command.limits;
    let mut report = evidence::report(
        observed,
        &usage,
        limits,
        scratch,
        filled,
        &pending.connection.blueprint,
    );
    let counter = pending.instructions.as_ref();
    report.usage.instructions = counter.and_then(InstructionCounter::read);
    Ok(report)
}

impl Drop for Slot {
    fn drop(&mut self) {
        // The launcher first: every box dies with it.
        self.maker = None;
        self.ready.clear();
        // What cannot be removed now is swept by the next holder of the number.
        let _ = self.sandbox.remove_groups(&self.lock);
    }
}
