//! Interactive problems: a submission and the problem's validator talk through pipes, each in a box of
//! its own, with clocks of their own.
//!
//! What one writes is carried to the other by a thread of ours, which decides who sees what end:
//! - Neither sees the other's end before it is noted, so that it is certain who ended first.
//! - A submission that writes to a validator that accepted and ended is not disturbed; to one that
//!   did not accept, it is told by SIGPIPE.
//! - A validator that writes to a submission that ended is never disturbed.
//! - A validator that closes its output while it goes on is heard: some submissions read to the end. Of a
//!   submission that does so, nothing is seen until it ends.

mod communicate;

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use nix::fcntl::OFlag;
use nix::sys::stat::{Mode, fchmod};
use nix::unistd::pipe2;

use super::JudgeError;
use super::passes::Pass;
use super::run::{Finished, Runnable};
use super::slot::Product;
use super::starved::{unless_starved, were_starved};
use super::transcript::{Speaker, Transcript};
use super::validator::{Case, Said, Validator};
use crate::sandbox::{
    Cancel, Command, Container, Exit, Limit, Outcome, Output, Outputs, Report, SandboxError, Slot,
    Stdin,
};

pub(super) use communicate::communicate;

/// How much is carried at once, in bytes.
const CHUNK_BYTES: usize = 64 << 10;
/// How much of what a submission writes is kept, in bytes.
const KEPT_BYTES: usize = 4 << 10;

/// How long after the end of a validator's output its own end may still be noted. The kernel closes
/// the streams of a program that ends before anybody hears of its end; one that takes longer has
/// closed its output itself, and goes on.
const ENDING: Duration = Duration::from_millis(250);

/// Who ended, in order, and how the validator did.
#[derive(Debug, Default)]
struct Ends {
    submission: bool,
    /// Whether it ended before the submission, and its exit.
    validator: Option<(bool, Option<Exit>)>,
}

impl Ends {
    fn has_rejected(&self, validator: &Validator) -> bool {
        self.validator
            .is_some_and(|(_, exit)| !validator.may_accept(exit))
    }
}

/// What was carried from the submission.
struct Carried {
    kept: Vec<u8>,
    total_bytes: u64,
    /// It wrote more than it may, and was cut off before the validator rejected it.
    is_cut: bool,
}

/// Lets a submission and a validator talk, and decides.
pub(super) fn run(
    (own, partner): (&mut Slot, &mut Slot),
    runnable: &Runnable,
    (validator, arguments): (&Validator, &[String]),
    case: &Case,
    cancel: &Cancel,
) -> Result<Pass, JudgeError> {
    let with = (validator, arguments);
    let mut talk = talk((own, partner), runnable, with, case, cancel)?;
    if talk.is_accepted(runnable)
        && let Some(comparison) =
            validator.follow(own, case, (&talk.validated, arguments), cancel)?
    {
        talk.said.comparison = comparison;
    }
    let (team_message, next) = (talk.said.team_message.take(), talk.said.next.take());
    let feedback = std::mem::take(&mut talk.said.feedback);
    Ok(Pass {
        finished: Finished {
            team_message,
            feedback,
            ..talk.finished(runnable)
        },
        next,
    })
}

/// Lets a submission and an interactor talk: what a checker is asked about afterwards is what the interactor wrote.
pub(super) fn produce(
    (own, partner): (&mut Slot, &mut Slot),
    runnable: &Runnable,
    interactor: &Validator,
    case: &Case,
    cancel: &Cancel,
) -> Result<Product, JudgeError> {
    let talk = talk((own, partner), runnable, (interactor, &[]), case, cancel)?;
    let output = match talk.is_accepted(runnable) {
        true => Some(interactor.written(&talk.validated)?),
        false => None,
    };
    Ok(Product {
        finished: talk.finished(runnable),
        output,
    })
}

/// What came of a conversation.
struct Talk {
    submitted: Report,
    validated: Report,
    said: Said,
    /// The validator ended before the submission.
    was_first: bool,
    transcript: String,
}

impl Talk {
    /// Whether the validator accepts, and the submission ended well.
    fn is_accepted(&self, runnable: &Runnable) -> bool {
        self.said.comparison.is_right() && runnable.ended_well(&self.submitted)
    }

    fn finished(self, runnable: &Runnable) -> Finished {
        let comparison = self.said.comparison;
        let finished = match !comparison.is_right() && self.was_first {
            true => runnable.rejected(self.submitted, comparison),
            false => runnable.finished(self.submitted, Some(comparison)),
        };
        Finished {
            transcript: Some(self.transcript),
            ..finished
        }
    }
}

/// What was seen and heard of a conversation.
struct Heard {
    submitted: Report,
    validated: Report,
    carried: Carried,
    ends: Ends,
    transcript: String,
}

/// Lets a submission and a validator talk.
fn talk(
    (own, partner): (&mut Slot, &mut Slot),
    runnable: &Runnable,
    with: (&Validator, &[String]),
    case: &Case,
    cancel: &Cancel,
) -> Result<Talk, JudgeError> {
    let Heard {
        mut submitted,
        validated,
        carried,
        ends,
        transcript,
    } = unless_starved(
        || hear((&mut *own, &mut *partner), runnable, with, case, cancel),
        |heard| were_starved([&heard.submitted, &heard.validated]),
    )?;
    let said = with.0.said(&validated)?;
    if carried.is_cut {
        let exit = exit_of(&submitted);
        let limit = Limit::Output;
        submitted.outcome = Outcome::LimitHit { limit, exit };
    }
    submitted.stdout.bytes = carried.kept;
    submitted.stdout.total_bytes = carried.total_bytes;
    runnable.count(&mut submitted)?;
    // A validator that ends because the submission was cut off is not the first to end it.
    let was_first = !carried.is_cut && ends.validator.is_some_and(|(first, _)| first);
    Ok(Talk {
        submitted,
        validated,
        said,
        was_first,
        transcript,
    })
}

/// Runs both, and carries what they say.
fn hear(
    (own, partner): (&mut Slot, &mut Slot),
    runnable: &Runnable,
    (validator, arguments): (&Validator, &[String]),
    case: &Case,
    cancel: &Cancel,
) -> Result<Heard, JudgeError> {
    let ends = Mutex::new(Ends::default());
    let validator_ended = Condvar::new();
    let transcript = Mutex::new(Transcript::new());
    // Whatever a submission does once it is rejected does not count.
    let rejected = Cancel::new()?;
    let (from_submission, submission_out) = pipe()?;
    let (validator_in, to_validator) = pipe()?;
    let (from_validator, validator_out) = pipe()?;
    let (submission_in, to_submission) = pipe()?;
    let (container, command) = runnable.talking(Stdin::Descriptor(Arc::new(submission_in)));
    let submission = Side::new(container, command, submission_out).heard_at_its_end();
    let stdin = Stdin::Descriptor(Arc::new(validator_in));
    let (container, command) = validator.talking(case, arguments, stdin, runnable.wall());
    let interactor = Side::new(container, command, validator_out);
    let max_bytes = runnable.output_bytes();
    let has_rejected = || lock(&ends).has_rejected(validator);
    let note = |speaker, bytes: &[u8]| lock(&transcript).note(speaker, bytes);
    let (submitted, validated, carried) = thread::scope(|scope| {
        let validating = scope.spawn(|| {
            interactor.run(partner, (cancel, None), |exit| {
                note_validator(&ends, exit);
                validator_ended.notify_all();
                if has_rejected() {
                    rejected.cancel();
                }
            })
        });
        let carrying = scope.spawn(|| {
            carry_up(
                from_submission,
                to_validator,
                max_bytes,
                (&note, has_rejected),
            )
        });
        scope.spawn(|| {
            let to_submission = carry_down(from_validator, to_submission, &note);
            let still_running = |ends: &mut Ends| ends.validator.is_none();
            drop(validator_ended.wait_timeout_while(lock(&ends), ENDING, still_running));
            drop(to_submission);
        });
        let switches = (cancel, Some(&rejected));
        let submitted = submission.run(own, switches, |_| lock(&ends).submission = true);
        (submitted, joined(validating), joined(carrying))
    });
    let (submitted, validated) = (submitted?, validated?);
    let transcript = lock(&transcript).text();
    Ok(Heard {
        submitted,
        validated,
        carried,
        ends: ends.into_inner().unwrap_or_else(PoisonError::into_inner),
        transcript,
    })
}

fn exit_of(report: &Report) -> Option<Exit> {
    match report.outcome {
        Outcome::Ended(exit) => Some(exit),
        Outcome::LimitHit { exit, .. } => exit,
        Outcome::NotExecutable { .. } => None,
    }
}

fn note_validator(ends: &Mutex<Ends>, exit: Option<Exit>) {
    let mut ends = lock(ends);
    let is_first = !ends.submission;
    ends.validator = Some((is_first, exit));
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn joined<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    // A panic is a mistake of ours, and goes on where it can be seen.
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// One of the two programs with the streams that it is given.
struct Side {
    container: Container,
    command: Command,
    outputs: Outputs,
    /// A copy of its output, so that nobody sees an end of that before its own.
    held: Option<Output>,
}

impl Side {
    fn new(container: Container, command: Command, stdout: OwnedFd) -> Self {
        let outputs = Outputs {
            stdout: Output::Descriptor(Arc::new(stdout)),
            ..Outputs::default()
        };
        Side {
            container,
            command,
            outputs,
            held: None,
        }
    }

    /// The same, of which others see that its output ends only when it has ended itself.
    fn heard_at_its_end(self) -> Self {
        let held = Some(self.outputs.stdout.clone());
        Side { held, ..self }
    }

    /// Runs it. `note` is told of its end before its input is closed, and its output where that is
    /// held.
    fn run(
        self,
        slot: &mut Slot,
        (cancel, kill): (&Cancel, Option<&Cancel>),
        note: impl FnOnce(Option<Exit>),
    ) -> Result<Report, SandboxError> {
        let result = slot.run_until(kill, &self.container, &self.command, self.outputs, cancel);
        note(result.as_ref().ok().and_then(exit_of));
        drop(self.held);
        result
    }
}

/// A pipe: its reading and its writing end. Programs may open theirs again as /dev/stdin and
/// /dev/stdout, whatever user they have; nobody else can reach it.
fn pipe() -> Result<(OwnedFd, OwnedFd), JudgeError> {
    let made = pipe2(OFlag::O_CLOEXEC).and_then(|(read, write)| {
        let all = Mode::from_bits_truncate(0o666);
        fchmod(&read, all)?;
        Ok((read, write))
    });
    made.map_err(|errno| JudgeError::Pipe(errno.into()))
}

/// Is told what somebody says before the other can read it.
type Hear<'a> = dyn Fn(Speaker, &[u8]) + Sync + 'a;

/// Carries what the submission writes to the validator.
fn carry_up(
    from: OwnedFd,
    to: OwnedFd,
    max_bytes: u64,
    (hear, has_rejected): (&Hear<'_>, impl Fn() -> bool),
) -> Carried {
    let (mut from, mut to) = (File::from(from), Some(File::from(to)));
    let mut carried = Carried {
        kept: Vec::new(),
        total_bytes: 0,
        is_cut: false,
    };
    let mut chunk = vec![0; CHUNK_BYTES];
    // A pipe ends when all writers are gone; an error is the same to us.
    while let Ok(length @ 1..) = read(&mut from, &mut chunk) {
        let bytes = &chunk[..length];
        let room = KEPT_BYTES - carried.kept.len();
        carried.kept.extend_from_slice(&bytes[..length.min(room)]);
        carried.total_bytes += length as u64;
        if carried.total_bytes > max_bytes {
            carried.is_cut = !has_rejected();
            break;
        }
        hear(Speaker::Submission, bytes);
        if let Some(open) = &mut to
            && open.write_all(bytes).is_err()
        {
            to = None;
        }
        // Only a validator that is gone reads no more, for until then its end is held open.
        if to.is_none() && has_rejected() {
            break;
        }
    }
    carried
}

/// Carries what the validator writes to the submission, and away once that is gone. At the end the
/// submission's input is still open, unless it reads no more.
fn carry_down(from: OwnedFd, to: OwnedFd, hear: &Hear<'_>) -> Option<File> {
    let (mut from, mut to) = (File::from(from), Some(File::from(to)));
    let mut chunk = vec![0; CHUNK_BYTES];
    while let Ok(length @ 1..) = read(&mut from, &mut chunk) {
        hear(Speaker::Validator, &chunk[..length]);
        if let Some(open) = &mut to
            && open.write_all(&chunk[..length]).is_err()
        {
            to = None;
        }
    }
    to
}

fn read(from: &mut File, chunk: &mut [u8]) -> io::Result<usize> {
    loop {
        match from.read(chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
