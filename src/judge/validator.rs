//! Output validators of problem packages: programs of a setter that say whether an output is right.
//! Each run has a box of its own, in which nothing of the submission's runs.
//!
//! The protocol: `validator input answer feedback/ [arguments] < output`, exit code 42 for right and
//! 43 for wrong. Whatever else happens is a failure of the validator, and never a verdict.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::compare::Comparison;
use super::executable::Executable;
use super::grade::Points;
use super::{JudgeError, reason};
use crate::problem::{Checker, Limits};
use crate::sandbox::{
    Cancel, CollectError, Command, Container, Exit, InputFile, Limit, Outcome, Report, Slot, Stdin,
};

const ACCEPTED: i32 = 42;
const WRONG: i32 = 43;

/// Where the files of the case are. No file of a program begins with a dot, so none is in the way.
const INPUT: &str = ".case/input";
const ANSWER: &str = ".case/answer";
const FEEDBACK: &str = ".case/feedback";
/// What the validator tells judges. It is there from the beginning, for a box has no empty
/// directories.
const MESSAGE: &str = ".case/feedback/judgemessage.txt";
/// Points, or the part of what the case is worth.
const SCORE: &str = ".case/feedback/score.txt";
const MULTIPLIER: &str = ".case/feedback/score_multiplier.txt";

const BOX: &str = "/box";

/// The most that is kept of a message, in bytes, and of what a failed validator wrote.
const MESSAGE_BYTES: u64 = 64 << 10;
const EVIDENCE_BYTES: u64 = 4 << 10;

/// Scratch space beyond the files of the case.
const FREE_SCRATCH_BYTES: u64 = 64 << 20;

/// How outputs are judged.
#[derive(Debug, Clone, Copy)]
pub enum Check<'a> {
    /// By comparing them with the answer.
    Compare(&'a Checker),
    /// By programs of the problem; all must accept.
    Validate {
        /// The programs, at least one.
        validators: &'a [Validator],
        /// Their arguments for this case.
        arguments: &'a [String],
    },
}

/// A compiled output validator.
#[derive(Debug, Clone)]
pub struct Validator {
    name: String,
    executable: Executable,
    limits: Limits,
}

/// What a validator is told of a case.
#[derive(Clone)]
pub(super) struct Case {
    pub input: Arc<[u8]>,
    pub answer: Arc<[u8]>,
}

impl Validator {
    /// Exit code of a validator that accepts.
    pub(super) const ACCEPTED: i32 = ACCEPTED;

    /// `name` is for people: a path in the package.
    pub fn new(name: String, executable: Executable, limits: Limits) -> Self {
        Validator {
            name,
            executable,
            limits,
        }
    }

    /// The box that it needs for cases that are not large.
    pub(super) fn container(&self) -> Container {
        self.executable.container()
    }

    /// Asks the validator, in a fresh box.
    pub(super) fn validate(
        &self,
        slot: &mut Slot,
        case: &Case,
        (output, arguments): (Arc<[u8]>, &[String]),
        cancel: &Cancel,
    ) -> Result<Comparison, JudgeError> {
        let (container, command) = self.command(case, arguments, Stdin::Bytes(output));
        let report = slot.run(&container, &command, cancel)?;
        self.answer_of(&report)
    }

    /// The box and the command of a validator that talks with a submission, for which it waits as
    /// long as that may take.
    pub(super) fn talking(
        &self,
        case: &Case,
        arguments: &[String],
        stdin: Stdin,
        wait: Duration,
    ) -> (Container, Command) {
        let (container, mut command) = self.command(case, arguments, stdin);
        command.limits.wall = command.limits.wall.saturating_add(wait);
        (container, command)
    }

    /// What a validator says by its end and its files.
    pub(super) fn answer_of(&self, report: &Report) -> Result<Comparison, JudgeError> {
        match report.outcome {
            Outcome::Ended(Exit::Code(code @ (ACCEPTED | WRONG))) => self.answer(code, report),
            _ => Err(self.failure(ending(report), report)),
        }
    }

    fn command(&self, case: &Case, arguments: &[String], stdin: Stdin) -> (Container, Command) {
        let mut limits = self.limits.clone();
        let case_bytes = (case.input.len() + case.answer.len()) as u64;
        // The files of the case are in the box's memory, and not the validator's doing.
        limits.memory_bytes = limits.memory_bytes.saturating_add(case_bytes);
        let runnable = self.executable.under(&limits, EVIDENCE_BYTES);
        let (mut container, mut command) = runnable.into_parts();
        let needed = case_bytes.saturating_add(FREE_SCRATCH_BYTES);
        container.scratch_bytes = container.scratch_bytes.max(needed);
        command.limits.file_bytes = container.scratch_bytes;
        command.stdin = stdin;
        let files = [
            (INPUT, &case.input, 0o444),
            (ANSWER, &case.answer, 0o444),
            (MESSAGE, &Arc::from([]), 0o644),
        ];
        command
            .files
            .extend(files.map(|(path, bytes, mode)| InputFile {
                path: PathBuf::from(path),
                bytes: Arc::clone(bytes),
                mode,
            }));
        let paths = [
            format!("{BOX}/{INPUT}"),
            format!("{BOX}/{ANSWER}"),
            // The protocol has the directory end in a slash.
            format!("{BOX}/{FEEDBACK}/"),
        ];
        command.args.extend(paths.map(Into::into));
        command.args.extend(arguments.iter().map(Into::into));
        (container, command)
    }

    fn answer(&self, code: i32, report: &Report) -> Result<Comparison, JudgeError> {
        let message = self.feedback(report, MESSAGE)?;
        let message = message.filter(|message| !message.is_empty());
        let files = [
            self.feedback(report, SCORE)?,
            self.feedback(report, MULTIPLIER)?,
        ];
        let points = points(code, files).map_err(|reason| self.failure(reason, report))?;
        Ok(match code {
            ACCEPTED => Comparison::Accepted { message, points },
            _ => Comparison::Rejected { message },
        })
    }

    /// The failure of a validator whose answer makes no sense for the problem.
    pub(super) fn misjudges(&self, reason: String) -> JudgeError {
        JudgeError::Validator {
            name: self.name.clone(),
            reason,
            evidence: String::new(),
        }
    }

    /// A file that the validator left; what is not plain or too long is its failure.
    fn feedback(&self, report: &Report, path: &str) -> Result<Option<String>, JudgeError> {
        match report.scratch.read(Path::new(path), MESSAGE_BYTES) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).trim().to_owned())),
            Err(CollectError::Missing { .. }) => Ok(None),
            Err(CollectError::TooLarge { max_bytes, .. }) => {
                let max = reason::bytes(max_bytes);
                Ok(Some(format!("[more than {max}, and not kept]")))
            }
            Err(error @ CollectError::Io { .. }) => Err(JudgeError::Collect(error)),
            Err(odd) => Err(self.failure(format!("left something odd: {odd}"), report)),
        }
    }

    fn failure(&self, reason: String, report: &Report) -> JudgeError {
        let evidence = [&report.stderr, &report.stdout].map(|stream| {
            let text = String::from_utf8_lossy(&stream.bytes);
            text.chars()
                .take(EVIDENCE_BYTES as usize)
                .collect::<String>()
        });
        JudgeError::Validator {
            name: self.name.clone(),
            reason,
            evidence: evidence.concat().trim().to_owned(),
        }
    }
}

/// What a validator takes an output to be worth, by `score.txt` and `score_multiplier.txt`.
fn points(code: i32, files: [Option<String>; 2]) -> Result<Option<Points>, String> {
    let number = |text: String| {
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        number.ok_or_else(|| format!("gave {text:?} for points, which is no number"))
    };
    match files {
        [None, None] => Ok(None),
        _ if code != ACCEPTED => Err("gave points for an output that it rejects".to_owned()),
        [Some(_), Some(_)] => {
            Err("wrote both score.txt and score_multiplier.txt; it must be one".to_owned())
        }
        [Some(score), None] => Ok(Some(Points::Score(number(score)?))),
        [None, Some(part)] => match number(part)? {
            part @ 0.0..=1.0 => Ok(Some(Points::Part(part))),
            part => Err(format!(
                "wrote {part} to score_multiplier.txt; it must be from 0 to 1"
            )),
        },
    }
}

/// How a validator ended that did not answer.
fn ending(report: &Report) -> String {
    match report.outcome {
        Outcome::Ended(Exit::Code(code)) => {
            format!("ended with exit code {code}; it must be 42 for right or 43 for wrong")
        }
        Outcome::Ended(exit) => reason::of_exit(exit),
        Outcome::NotExecutable { errno } => {
            let error = std::io::Error::from_raw_os_error(errno);
            format!("could not be started: {error}")
        }
        Outcome::LimitHit { limit, .. } => match limit {
            Limit::Cpu | Limit::Wall | Limit::Idle => "exceeded its time limit",
            Limit::Memory => "exceeded its memory limit",
            Limit::Output => "wrote more than its limit to standard output",
        }
        .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_one_number_for_an_accepted_output() {
        let of = |code, score: Option<&str>, part: Option<&str>| {
            points(code, [score, part].map(|text| text.map(str::to_owned)))
        };
        assert_eq!(of(42, None, None), Ok(None));
        assert_eq!(of(43, None, None), Ok(None));
        assert_eq!(of(42, Some("12.5"), None), Ok(Some(Points::Score(12.5))));
        assert_eq!(of(42, Some("-1"), None), Ok(Some(Points::Score(-1.0))));
        assert_eq!(of(42, None, Some("1")), Ok(Some(Points::Part(1.0))));
        for (code, score, part, words) in [
            (43, Some("1"), None, "that it rejects"),
            (43, None, Some("1"), "that it rejects"),
            (42, Some("1"), Some("1"), "must be one"),
            (42, Some(""), None, "is no number"),
            (42, Some("1 2"), None, "is no number"),
            (42, Some("nan"), None, "is no number"),
            (42, Some("inf"), None, "is no number"),
            (42, None, Some("1.01"), "from 0 to 1"),
            (42, None, Some("-0.1"), "from 0 to 1"),
        ] {
            let error = of(code, score, part).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}
