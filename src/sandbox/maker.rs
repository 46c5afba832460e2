//! Making boxes ahead, on a thread of its own, so that nobody who waits for a run waits for the
//! making of the next box or for the kernel to take down the last one.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use super::cgroup::{Group, GroupShare};
use super::container::{Container, Share};
use super::host::Sandbox;
use super::launch::{Launcher, Pending};
use super::lock::{LANES, SlotLock};
use super::message::{BoxIds, BoxPlan, NetworkPlan};
use super::outcome::{SandboxError, SetUpStep};
use super::streams::Pipes;
use super::{namespaces, supervise, sys};

/// A place for one box: a cgroup and host ids. A slot has [`LANES`] of them, so that a box
/// can be made while another one runs or dies; still only one program of a slot runs at a time.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) number: u32,
    /// The cgroup and what it was made for.
    group: Option<(GroupShare, Group)>,
    /// Init of the previous box, while the kernel still takes it down.
    dying: Option<OwnedFd>,
}

impl Lane {
    /// The cgroup.
    pub(super) fn group(&mut self) -> Result<&mut Group, SandboxError> {
        self.group
            .as_mut()
            .map(|(_, group)| group)
            .ok_or(SandboxError::Lost("control group"))
    }

    /// Ends the box in it, whatever it does now; it has to be gone before the next one is made.
    fn vacate(&mut self, used: Pending) {
        match sys::signal_process(used.pidfd.as_fd(), libc::SIGKILL) {
            Ok(()) => self.dying = Some(used.pidfd),
            // Whoever makes the next group kills what is in this one.
            Err(_) => self.abandon(),
        }
    }

    /// Forgets the cgroup and the box in it, whatever state they are in.
    fn abandon(&mut self) {
        self.group = None;
        self.dying = None;
    }
}

/// A box that waits for its command.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) pending: Pending,
    /// The listener of its seccomp filter.
    pub(super) listener: Option<OwnedFd>,
    /// For input, and output that is captured.
    pub(super) pipes: Pipes,
    pub(super) lane: Lane,
}

#[derive(Debug)]
enum Order {
    Make(Box<Container>),
    Return(Box<Lane>, Option<Box<Pending>>),
    Reset,
}

/// The ordering side.
#[derive(Debug)]
pub(super) struct Maker {
    orders: Option<Sender<Order>>,
    made: Receiver<Result<Waiting, SandboxError>>,
    thread: Option<JoinHandle<()>>,
}

impl Maker {
    /// Starts the thread.
    pub(super) fn start(
        sandbox: Sandbox,
        lock: &SlotLock,
        cpu: usize,
    ) -> Result<Self, SandboxError> {
        let lanes = (0..LANES).map(|number| Lane {
            number,
            group: None,
            dying: None,
        });
        let workshop = Workshop {
            sandbox,
            slot: lock.number(),
            cpu,
            launchers: Launchers::default(),
            lanes: lanes.collect(),
        };
        let (orders, incoming) = channel();
        let (outgoing, made) = channel();
        let thread = std::thread::Builder::new()
            .name(format!("maker-{}", lock.number()))
            .spawn(move || workshop.serve(&incoming, &outgoing))
            .set_up("start", "the thread that makes boxes")?;
        Ok(Maker {
            orders: Some(orders),
            made,
            thread: Some(thread),
        })
    }

    /// Orders a box. At most [`LANES`] may be ordered or in use.
    pub(super) fn order(&self, container: Container) -> Result<(), SandboxError> {
        self.send(Order::Make(Box::new(container)))
    }

    /// Waits for the box that was ordered first.
    pub(super) fn receive(&self) -> Result<Waiting, SandboxError> {
        self.made.recv().unwrap_or(Err(GONE))
    }

    /// Gives back a lane and its box, which is ended and let go; nobody has to wait for that.
    pub(super) fn give_back(&self, lane: Lane, used: Pending) -> Result<(), SandboxError> {
        self.send(Order::Return(Box::new(lane), Some(Box::new(used))))
    }

    /// Gives back the lane of a box that will not be used, or cannot.
    pub(super) fn abandon(&self, mut lane: Lane) -> Result<(), SandboxError> {
        lane.abandon();
        self.send(Order::Return(Box::new(lane), None))
    }

    /// After a failure of ours the next box gets a new launcher and a new group, whatever state
    /// the old ones are in. Every box that waits dies.
    pub(super) fn reset(&self) -> Result<(), SandboxError> {
        self.send(Order::Reset)
    }

    fn send(&self, order: Order) -> Result<(), SandboxError> {
        let sent = self.orders.as_ref().map(|orders| orders.send(order));
        sent.is_some_and(|sent| sent.is_ok())
            .then_some(())
            .ok_or(GONE)
    }
}

const GONE: SandboxError = SandboxError::Lost("thread that makes boxes");

impl Drop for Maker {
    fn drop(&mut self) {
        // The thread ends with its orders, and kills its launcher and every box.
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // A panic there has been reported by itself.
            let _ = thread.join();
        }
    }
}

/// The launchers of a slot, each started at its first use.
#[derive(Default)]
struct Launchers {
    usual: Option<Launcher>,
    /// One that stays in the host's network, where the usual one cannot come back to it.
    in_network: Option<Launcher>,
}

impl Launchers {
    /// The one for boxes with such a network.
    fn of(
        &mut self,
        sandbox: &Sandbox,
        network: &NetworkPlan,
    ) -> Result<&mut Launcher, SandboxError> {
        let stays = *network == NetworkPlan::Host && sandbox.ids().are_of_ordinary_user();
        let launcher = match stays {
            true => &mut self.in_network,
            false => &mut self.usual,
        };
        match launcher {
            Some(launcher) => Ok(launcher),
            none => Ok(none.insert(sandbox.start_launcher(stays)?)),
        }
    }
}

/// The making side.
struct Workshop {
    sandbox: Sandbox,
    slot: u32,
    cpu: usize,
    launchers: Launchers,
    /// Those without a box.
    lanes: Vec<Lane>,
}

impl Workshop {
    fn serve(mut self, orders: &Receiver<Order>, made: &Sender<Result<Waiting, SandboxError>>) {
        for order in orders {
            match order {
                // Nobody receives any more: the slot is being dropped, and the orders end.
                Order::Make(container) => drop(made.send(self.make(&container))),
                Order::Return(mut lane, used) => {
                    if let Some(used) = used {
                        lane.vacate(*used);
                    }
                    self.lanes.push(*lane);
                }
                Order::Reset => self.reset(),
            }
        }
    }

    fn reset(&mut self) {
        self.launchers = Launchers::default();
        self.lanes.iter_mut().for_each(Lane::abandon);
    }

    fn make(&mut self, container: &Container) -> Result<Waiting, SandboxError> {
        let mut lane = self.lanes.pop().ok_or(SandboxError::Lost("free lane"))?;
        match self.make_in(&mut lane, container) {
            Ok((pending, listener, pipes)) => Ok(Waiting {
                pending,
                listener,
                pipes,
                lane,
            }),
            Err(error) => {
                lane.abandon();
                self.lanes.push(lane);
                Err(error)
            }
        }
    }

    fn share(&self, share: &Share) -> GroupShare {
        let cpus = match share.cpus.as_slice() {
            [] => vec![self.cpu],
            cpus => cpus.to_vec(),
        };
        GroupShare {
            cpus,
            share: share.clone(),
        }
    }

    fn ids(&self, lane: &Lane, plan: &BoxPlan) -> Result<BoxIds, SandboxError> {
        let ids = self.sandbox.ids();
        if plan.user.groups.is_empty() {
            return Ok(ids.of_lane(self.slot, lane.number));
        }
        ids.with_groups(self.slot, lane.number)
    }

    fn make_in(
        &mut self,
        lane: &mut Lane,
        container: &Container,
    ) -> Result<(Pending, Option<OwnedFd>, Pipes), SandboxError> {
        let blueprint = self.sandbox.blueprint(container)?;
        let ids = self.ids(lane, &blueprint.plan)?;
        if let Some(dying) = lane.dying.take() {
            supervise::wait_until_gone(dying.as_fd())?;
        }
        let share = self.share(&container.share);
        // One that was made for something else, or is not clean, is made anew.
        let is_kept =
            |(made_for, group): &(GroupShare, Group)| *made_for == share && group.is_clean();
        let kept = lane.group.take().filter(is_kept);
        let (_, group) = lane.group.insert(match kept {
            Some(kept) => kept,
            None => {
                let group = self.sandbox.make_group(self.slot, lane.number, &share)?;
                (share, group)
            }
        });
        let launcher = self.launchers.of(&self.sandbox, &blueprint.plan.network)?;
        group.reset()?;
        let mut pending = launcher.launch(&blueprint, ids, group.clone_target())?;
        group.enter(pending.pid)?;
        if let NetworkPlan::Pasta(arguments) = &blueprint.plan.network {
            let name = format!("pasta-{}-{}", self.slot, lane.number);
            pending.pasta = Some(self.sandbox.start_pasta(&name, pending.pid, arguments)?);
        }
        // While init waits: it has started nothing yet.
        pending.instructions = self.sandbox.instruction_counter(pending.pid);
        let listener = pending.proceed()?;
        if blueprint.namespaces.get().is_none() {
            let facts = namespaces::inspect(container, pending.pid)?;
            // Somebody else has found the same in the meantime, perhaps.
            let _ = blueprint.namespaces.set(facts);
        }
        group.take_baseline()?;
        Ok((pending, listener, Pipes::new()?))
    }
}
