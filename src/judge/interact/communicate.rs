//! Communication: several processes of one submission talk with a manager of the problem, as in CMS. Each has a box
//! of its own, and shares two FIFOs with the manager, in whatever direction they use them. Where they are its standard
//! streams, we open them in its place and carry what is said, so that there is a transcript.
//!
//! Whoever opens a FIFO waits for the other. Where the other is gone, we open it for a moment in its place, and who
//! waited finds an end.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, Scope};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::AT_FDCWD;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::{FchmodatFlags, Mode, fchmodat};
use nix::unistd::mkfifo;

use super::{CHUNK_BYTES, ENDING, exit_of, joined, lock, pipe, read};
use crate::judge::JudgeError;
use crate::judge::compare::Comparison;
use crate::judge::run::{Finished, Runnable};
use crate::judge::starved::{unless_starved, were_starved};
use crate::judge::transcript::{Speaker, Transcript};
use crate::judge::validator::{Case, Validator};
use crate::problem::package::{Channel, Communication};
use crate::sandbox::{
    Access, Cancel, Container, Exit, Limit, Mount, Outcome, Output, Outputs, Report, SandboxError,
    Slot, Stdin,
};

/// How often we look for somebody who waits for one that is gone.
const LOOKING: Duration = Duration::from_millis(10);

/// How one ends that writes to somebody who reads no more.
const WROTE_TO_NOBODY: Outcome = Outcome::Ended(Exit::Signal(libc::SIGPIPE));

/// Who has ended.
#[derive(Debug)]
struct Ends {
    processes: Vec<bool>,
    manager: bool,
    /// The first process that did not end well by itself.
    failed: Option<usize>,
}

/// Lets processes of a submission talk with a manager, and decides. There is a slot for each of them.
pub(in crate::judge) fn communicate(
    (mut slots, partner): (Vec<&mut Slot>, &mut Slot),
    runnable: &Runnable,
    with: (&Validator, Communication),
    case: &Case,
    cancel: &Cancel,
) -> Result<Finished, JudgeError> {
    let (talk, reports, managed) = unless_starved(
        || {
            let talk = Talk::new(runnable, with, cancel)?;
            let (reports, managed) = talk.run_all(&mut slots, &mut *partner, case)?;
            Ok::<_, JudgeError>((talk, reports, managed))
        },
        |(_, reports, managed)| were_starved(reports.iter().chain([managed])),
    )?;
    let finished = talk.decide(reports, &managed)?;
    Ok(Finished {
        transcript: talk.told(),
        ..finished
    })
}

struct Talk<'a> {
    runnable: &'a Runnable,
    communication: Communication,
    manager: &'a Validator,
    cancel: &'a Cancel,
    /// Nothing counts any more.
    over: Cancel,
    transcript: Mutex<Transcript>,
    ends: Mutex<Ends>,
    ended: Condvar,
}

impl<'a> Talk<'a> {
    fn new(
        runnable: &'a Runnable,
        (manager, communication): (&'a Validator, Communication),
        cancel: &'a Cancel,
    ) -> Result<Self, JudgeError> {
        Ok(Talk {
            runnable,
            communication,
            manager,
            cancel,
            over: Cancel::new()?,
            transcript: Mutex::new(Transcript::new()),
            ends: Mutex::new(Ends {
                processes: vec![false; communication.processes as usize],
                manager: false,
                failed: None,
            }),
            ended: Condvar::new(),
        })
    }

    /// Runs the processes and the manager, until all have ended.
    fn run_all(
        &self,
        slots: &mut [&mut Slot],
        partner: &mut Slot,
        case: &Case,
    ) -> Result<(Vec<Report>, Report), JudgeError> {
        // Gone with everything in it when this talk is over.
        let directory = partner.make_shared_directory()?;
        let pairs = Pair::make(directory.path(), self.communication.processes);
        let pairs = pairs.map_err(JudgeError::Pipe)?;
        let (reports, managed) = thread::scope(|scope| {
            let managing = scope.spawn(|| self.manage(partner, &pairs, case));
            let waking = scope.spawn(|| self.wake(&pairs));
            let processes = slots.iter_mut().zip(&pairs).enumerate();
            let running = processes.map(|(number, (slot, pair))| {
                scope.spawn(move || self.note_end(number, self.run(scope, slot, number, pair)))
            });
            let running: Vec<_> = running.collect();
            let reports: Vec<_> = running.into_iter().map(joined).collect();
            let managed = joined(managing);
            joined(waking);
            (reports, managed)
        });
        Ok((reports.into_iter().collect::<Result<_, _>>()?, managed?))
    }

    fn manage(&self, slot: &mut Slot, pairs: &[Pair], case: &Case) -> Result<Report, SandboxError> {
        let fifos = pairs.iter().flat_map(|pair| [&pair.up, &pair.down]);
        let names: Vec<String> = fifos.map(|fifo| fifo.name.clone()).collect();
        let (container, command) = self.manager.managing(case, &names, self.runnable.wall());
        let container = pairs.iter().fold(container, |all, pair| pair.mount(all));
        let outputs = Outputs::default();
        let result = slot.run_until(Some(&self.over), &container, &command, outputs, self.cancel);
        let accepts = |report| {
            let said = self.manager.said(report);
            said.is_ok_and(|said| said.comparison.is_right())
        };
        let mut ends = lock(&self.ends);
        ends.manager = true;
        self.ended.notify_all();
        if !result.as_ref().is_ok_and(accepts) {
            // What a process did that made the manager end counts more.
            let are_running = |ends: &mut Ends| ends.processes.contains(&false);
            drop(self.ended.wait_timeout_while(ends, ENDING, are_running));
            self.over.cancel();
        }
        result
    }

    /// Notes the end of a process, and whether all is over with it.
    fn note_end(
        &self,
        number: usize,
        result: Result<Report, JudgeError>,
    ) -> Result<Report, JudgeError> {
        let mut ends = lock(&self.ends);
        ends.processes[number] = true;
        let failed = result.as_ref().is_ok_and(|report| {
            report.outcome != WROTE_TO_NOBODY && !self.runnable.ended_well(report)
        });
        if failed && !self.over.is_cancelled() {
            ends.failed.get_or_insert(number);
        }
        if failed || result.is_err() {
            self.over.cancel();
        }
        self.ended.notify_all();
        result
    }

    /// Runs a process.
    fn run<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        slot: &mut Slot,
        number: usize,
        pair: &Pair,
    ) -> Result<Report, JudgeError> {
        let (stdin, stdout) = match self.communication.channel {
            Channel::Fifos => (Stdin::Empty, Output::Captured),
            Channel::StandardStreams => self.streams(scope, number, pair)?,
        };
        let (mut container, mut command) = self.runnable.talking(stdin);
        if self.communication.channel == Channel::Fifos {
            container = pair.mount(container);
            let names = [&pair.down, &pair.up].map(|fifo| (&fifo.name).into());
            command.args.extend(names);
        }
        if self.communication.processes > 1 {
            command.args.push(number.to_string().into());
        }
        let outputs = Outputs {
            stdout,
            ..Outputs::default()
        };
        let over = Some(&self.over);
        Ok(slot.run_until(over, &container, &command, outputs, self.cancel)?)
    }

    /// The standard streams of a process, once the manager has opened its FIFOs. Threads of the scope carry what is
    /// said, until either side has closed its end or is gone.
    fn streams<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        number: usize,
        pair: &Pair,
    ) -> Result<(Stdin, Output), JudgeError> {
        let (from_manager, to_manager) = pair.open().map_err(JudgeError::Pipe)?;
        let (stdin, to_process) = pipe()?;
        let (from_process, stdout) = pipe()?;
        let (process, manager) = match self.communication.processes {
            1 => (Speaker::Submission, Speaker::Validator),
            _ => (Speaker::Process(number), Speaker::Manager(number)),
        };
        let to_process = File::from(to_process);
        scope.spawn(move || self.carry(manager, from_manager, to_process));
        let from_process = File::from(from_process);
        scope.spawn(move || self.carry(process, from_process, to_manager));
        let [stdin, stdout] = [stdin, stdout].map(Arc::new);
        Ok((Stdin::Descriptor(stdin), Output::Descriptor(stdout)))
    }

    /// Carries what somebody says as if both were the ends of one pipe: each side sees at once that the other is gone.
    fn carry(&self, speaker: Speaker, mut from: File, mut to: File) {
        let mut chunk = vec![0; CHUNK_BYTES];
        while is_heard(&from, &to)
            && let Ok(length @ 1..) = read(&mut from, &mut chunk)
        {
            lock(&self.transcript).note(speaker, &chunk[..length]);
            if to.write_all(&chunk[..length]).is_err() {
                break;
            }
        }
    }

    /// What was said, as far as we have heard it.
    fn told(&self) -> Option<String> {
        match self.communication.channel {
            Channel::Fifos => None,
            Channel::StandardStreams => Some(lock(&self.transcript).text()),
        }
    }

    /// Wakes who waits for one that is gone, until all are.
    fn wake(&self, pairs: &[Pair]) {
        let mut ends = lock(&self.ends);
        while !ends.manager || ends.processes.contains(&false) {
            for (pair, &has_ended) in pairs.iter().zip(&ends.processes) {
                if has_ended != ends.manager {
                    pair.wake();
                }
            }
            ends = match self.ended.wait_timeout(ends, LOOKING) {
                Ok((ends, _)) => ends,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }

    /// What the submission comes to.
    fn decide(&self, reports: Vec<Report>, managed: &Report) -> Result<Finished, JudgeError> {
        let failed = lock(&self.ends).failed;
        let have_ended_well = reports
            .iter()
            .all(|report| self.runnable.ended_well(report));
        let mut whole = together(reports, failed.unwrap_or(0));
        if let Some(number) = failed {
            let finished = self.runnable.finished(whole, None);
            let reason = match self.communication.processes {
                1 => finished.reason,
                _ => format!("process {number}: {}", finished.reason),
            };
            return Ok(Finished { reason, ..finished });
        }
        let comparison = match managed.outcome {
            // It is not to blame for a process that is gone.
            WROTE_TO_NOBODY => Comparison::Rejected {
                message: Some("the manager wrote to a process that reads no more".to_owned()),
            },
            _ => self.manager.said(managed)?.comparison,
        };
        if !have_ended_well && !comparison.is_right() {
            return Ok(self.runnable.rejected(whole, comparison));
        }
        if whole.usage.cpu > self.runnable.cpu() {
            let (limit, exit) = (Limit::Cpu, exit_of(&whole));
            whole.outcome = Outcome::LimitHit { limit, exit };
            return Ok(self.runnable.finished(whole, None));
        }
        if !have_ended_well {
            // It had more to say than the manager wanted to hear.
            return Ok(self.runnable.finished(whole, None).judged(comparison));
        }
        Ok(self.runnable.finished(whole, Some(comparison)))
    }
}

/// The report of one process, with the usage of all: their CPU time counts together, and the most of all else.
fn together(mut reports: Vec<Report>, number: usize) -> Report {
    let mut whole = reports.swap_remove(number);
    for other in &reports {
        whole.usage.cpu += other.usage.cpu;
        whole.usage.wall = whole.usage.wall.max(other.usage.wall);
        whole.usage.memory_bytes = whole.usage.memory_bytes.max(other.usage.memory_bytes);
    }
    whole
}

/// The FIFOs of one process.
struct Pair {
    /// To the manager.
    up: Fifo,
    /// From the manager.
    down: Fifo,
}

struct Fifo {
    path: PathBuf,
    /// Its path in a box.
    name: String,
}

impl Pair {
    /// Those of all processes, which nobody has ever opened: their times would tell of it.
    fn make(directory: &Path, processes: u32) -> io::Result<Vec<Pair>> {
        let fifo = |number: u32, name: String| -> io::Result<Fifo> {
            let path = directory.join(&name);
            mkfifo(&path, Mode::empty())?;
            // Whatever users the boxes have, and whatever mask we have.
            let all = Mode::from_bits_truncate(0o666);
            fchmodat(AT_FDCWD, &path, all, FchmodatFlags::FollowSymlink)?;
            let name = format!("/fifo{number}/{name}");
            Ok(Fifo { path, name })
        };
        let pair = |number| {
            Ok(Pair {
                up: fifo(number, format!("u{number}_to_m"))?,
                down: fifo(number, format!("m_to_u{number}"))?,
            })
        };
        (0..processes).map(pair).collect()
    }

    fn mount(&self, container: Container) -> Container {
        [&self.up, &self.down].iter().fold(container, |all, fifo| {
            all.mount(Mount {
                source: fifo.path.clone(),
                target: PathBuf::from(&fifo.name),
                access: Access::ReadWrite,
            })
        })
    }

    /// The ends of a process: from the manager and to it, once that has opened its own, in whatever order.
    fn open(&self) -> io::Result<(File, File)> {
        let up = || OpenOptions::new().write(true).open(&self.up.path);
        let (from_manager, to_manager) = thread::scope(|scope| {
            let up = scope.spawn(up);
            (File::open(&self.down.path), joined(up))
        });
        Ok((from_manager?, to_manager?))
    }

    /// Ends the waiting of whoever opens one of them.
    fn wake(&self) {
        for fifo in [&self.up, &self.down] {
            let mut options = OpenOptions::new();
            options
                .read(true)
                .write(true)
                .custom_flags(libc::O_NONBLOCK);
            // Where it cannot be opened, nobody waits.
            drop(options.open(&fifo.path));
        }
    }
}

/// Waits until there is something to read, or its end; false where nobody would read what is written.
fn is_heard(from: &File, to: &File) -> bool {
    // Of a writing end the kernel tells an error when no reader is left, whether one asks or not.
    let mut ends = [
        PollFd::new(from.as_fd(), PollFlags::POLLIN),
        PollFd::new(to.as_fd(), PollFlags::empty()),
    ];
    loop {
        match poll(&mut ends, PollTimeout::NONE) {
            Err(Errno::EINTR) => {}
            // Reading tells what is wrong.
            Err(_) => return true,
            Ok(_) => return !ends[1].any().unwrap_or(false),
        }
    }
}
