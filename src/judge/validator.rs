//! Output validators, checkers and interactors of problem packages: programs of a setter that say
//! whether an output is right. Each run has a box of its own, in which nothing of the submission's
//! runs. Those of 2025-09 run among its files, as they were before it ran.
//!
//! There are several protocols ([`Protocol`]), for every world of problems has its own. That of the ICPC:
//! `validator input answer feedback/ [arguments] < output`, exit code 42 for right and 43 for wrong.
//! Whatever a protocol does not know is a failure of the validator, and never a verdict.

mod answer;
mod feedback;
mod kept;
mod manager;
mod points;
mod question;
mod said;
mod visualize;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::compare::Comparison;
use super::executable::{Executable, Submitted};
use super::run::BOX;
use super::{JudgeError, reason, starved};
use crate::problem::package::ArgumentTemplate;
use crate::problem::{Checker, Limits, Protocol};
use crate::sandbox::{
    Cancel, Command, Container, Exit, InputFile, Limit, Outcome, Report, Slot, Stdin,
};
pub(super) use feedback::{Feedback, NextPass};
use kept::Share;
pub(super) use points::Zeros;
use points::points;
pub(super) use question::Case;
use question::{Question, asked_with, given, input_file};
pub(super) use said::Said;
use visualize::Drawing;
pub use visualize::Visualizer;

const ACCEPTED: i32 = 42;
const WRONG: i32 = 43;

/// Where the files of the case are. No file of a program begins with a dot, so none is in the way.
const INPUT: &str = ".case/input";
const ANSWER: &str = ".case/answer";
const OUTPUT: &str = ".case/output";
const FEEDBACK: &str = ".case/feedback";
/// Where a validator itself is that runs among the files of the submission.
const VALIDATOR: &str = ".validator";
/// What the validator tells judges. It is there from the beginning, for a box has no empty
/// directories.
const MESSAGE: &str = ".case/feedback/judgemessage.txt";
/// Points, or the part of what the case is worth.
const SCORE: &str = ".case/feedback/score.txt";
const MULTIPLIER: &str = ".case/feedback/score_multiplier.txt";

/// The most that is kept of what a failed validator wrote, in bytes.
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

impl<'a> Check<'a> {
    /// The validator that may ask for further passes: the last one.
    pub(super) fn asking(self) -> Option<&'a Validator> {
        match self {
            Check::Compare(_) => None,
            Check::Validate { validators, .. } => validators.last(),
        }
    }
}

/// A compiled output validator.
#[derive(Debug, Clone)]
pub struct Validator {
    name: String,
    executable: Executable,
    limits: Limits,
    protocol: Protocol,
    /// What it is asked with in place of the arguments of the protocol.
    arguments: Option<ArgumentTemplate>,
    /// Judges what this one, an interactor, wrote.
    checker: Option<Box<Validator>>,
    /// How often a submission may be run on one case.
    max_passes: u32,
    zeros: Zeros,
    partly_right: PartlyRight,
    /// What is kept of the files that it leaves.
    share: Share,
    /// Draws what it is asked about.
    drawing: Option<Box<Drawing>>,
    /// The files of a submission among which it runs; `None` where it runs beside its own.
    among: Option<Arc<[InputFile]>>,
}

/// What an output comes to that is worth a part of the points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PartlyRight {
    /// Nothing, for there are no points to have.
    Wrong,
    /// That part.
    Accepted,
}

impl Validator {
    /// One that keeps to the protocol of the ICPC. `name` is for people: a path in the package.
    pub fn new(name: String, executable: Executable, limits: Limits) -> Self {
        Validator {
            name,
            executable,
            limits,
            protocol: Protocol::Icpc,
            arguments: None,
            checker: None,
            max_passes: 1,
            zeros: Zeros::Refused,
            partly_right: PartlyRight::Wrong,
            share: Share::among(1),
            drawing: None,
            among: None,
        }
    }

    /// The same program under another protocol.
    pub fn speaking(self, protocol: Protocol) -> Self {
        Validator { protocol, ..self }
    }

    /// The same program, asked with these arguments.
    pub fn asked_with(self, arguments: Option<ArgumentTemplate>) -> Self {
        Validator { arguments, ..self }
    }

    /// The same program, which may or may not give zero points to what it rejects.
    pub(super) fn with_zeros(self, zeros: Zeros) -> Self {
        Validator { zeros, ..self }
    }

    /// The same program as an interactor, after which a checker judges what it wrote.
    pub fn followed_by(self, checker: Validator) -> Self {
        let checker = Some(Box::new(checker));
        Validator { checker, ..self }
    }

    /// The same program for a problem with points, where an output may be right in part.
    pub fn with_points(self) -> Self {
        let partly_right = PartlyRight::Accepted;
        Validator {
            partly_right,
            ..self
        }
    }

    /// The same program for a problem with several passes, so many at most.
    pub fn with_passes(self, max_passes: u32) -> Self {
        Validator { max_passes, ..self }
    }

    /// The same program for a problem with so many test cases, which share what is kept of the files that it leaves.
    pub fn with_cases(self, cases: usize) -> Self {
        let share = Share::among(cases);
        Validator { share, ..self }
    }

    /// The same program where it runs in a directory with the files of a submission, and not with its own.
    pub fn among_submissions(self) -> Self {
        let among = Some(Arc::from([]));
        Validator { among, ..self }
    }

    pub(super) fn is_among_submissions(&self) -> bool {
        self.among.is_some()
    }

    /// The same program for a submission with these files, where it runs among them.
    pub(super) fn among(&self, files: &Arc<[InputFile]>) -> Self {
        Validator {
            among: self.among.as_ref().map(|_| Arc::clone(files)),
            ..self.clone()
        }
    }

    pub(super) fn max_passes(&self) -> u32 {
        self.max_passes
    }

    /// What people call it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether one that ended like this may have accepted; what else it says decides.
    pub(super) fn may_accept(&self, exit: Option<Exit>) -> bool {
        let Some(Exit::Code(code)) = exit else {
            return false;
        };
        match self.protocol {
            Protocol::Icpc => code == ACCEPTED,
            // Points are something, too.
            Protocol::Testlib | Protocol::Coci => !matches!(code, 1..=6 | 8),
            Protocol::Peg => matches!(code, 0 | 1),
            Protocol::Cms | Protocol::Dmoj => code == 0,
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
    ) -> Result<Said, JudgeError> {
        let (input, answer) = (given(INPUT, &case.input), given(ANSWER, &case.answer));
        let question = match self.protocol {
            Protocol::Icpc => Question {
                files: vec![input, answer],
                paths: &[INPUT, ANSWER, FEEDBACK],
                stdin: Stdin::Bytes(Arc::clone(&output)),
                submission: None,
            },
            other => Question {
                files: vec![input, answer, given(OUTPUT, &output)],
                paths: match other {
                    Protocol::Cms => &[INPUT, ANSWER, OUTPUT],
                    Protocol::Peg => &[ANSWER, OUTPUT, INPUT],
                    _ => &[INPUT, OUTPUT, ANSWER],
                },
                stdin: Stdin::Empty,
                submission: None,
            },
        };
        let (container, command) = self.command(question, &case.feedback, arguments);
        let report = starved::run(slot, &container, &command, cancel)?;
        let mut said = self.said(&report)?;
        if let Some(drawing) = &self.drawing
            && let Some(drawn) = drawing.draw(slot, (case, &output), (self, &report), cancel)?
        {
            said.feedback = drawn;
        }
        Ok(said)
    }

    /// Asks a static validator, in a fresh box, where it runs among the submission's files.
    pub(super) fn inspect(
        &self,
        slot: &mut Slot,
        submitted: &Submitted<'_>,
        arguments: &[String],
        cancel: &Cancel,
    ) -> Result<Said, JudgeError> {
        let question = Question {
            files: Vec::new(),
            paths: &[FEEDBACK],
            stdin: Stdin::Empty,
            submission: Some(submitted),
        };
        let inspector = self.among(&submitted.files);
        let (container, command) = inspector.command(question, &Feedback::default(), arguments);
        let report = starved::run(slot, &container, &command, cancel)?;
        self.said(&report)
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
        let question = Question {
            files: vec![given(INPUT, &case.input), given(ANSWER, &case.answer)],
            submission: None,
            paths: match self.protocol {
                Protocol::Icpc => &[INPUT, ANSWER, FEEDBACK],
                Protocol::Testlib => &[INPUT, OUTPUT, ANSWER],
                Protocol::Cms | Protocol::Dmoj | Protocol::Coci | Protocol::Peg => &[INPUT, ANSWER],
            },
            stdin,
        };
        let (container, mut command) = self.command(question, &case.feedback, arguments);
        command.limits.wall = command.limits.wall.saturating_add(wait);
        (container, command)
    }

    fn command(
        &self,
        mut question: Question<'_>,
        feedback: &Feedback,
        arguments: &[String],
    ) -> (Container, Command) {
        let mut limits = self.limits.clone();
        let read_only = |file: &InputFile| InputFile {
            mode: 0o444,
            ..file.clone()
        };
        let among = self.among.iter().flat_map(|files| files.iter());
        question.files.extend(among.map(read_only));
        let files = question.files.iter().map(|file| file.bytes.len());
        let kept = feedback.files.iter().map(|file| file.bytes.len());
        let case_bytes = files.chain(kept).sum::<usize>() as u64;
        // The files of the case are in the box's memory, and not the validator's doing.
        limits.memory_bytes = limits.memory_bytes.saturating_add(case_bytes);
        let runnable = match self.among {
            None => self.executable.under(&limits, EVIDENCE_BYTES),
            Some(_) => self.executable.out_of(VALIDATOR, &limits, EVIDENCE_BYTES),
        };
        let (mut container, mut command) = runnable.into_parts();
        let needed = case_bytes.saturating_add(FREE_SCRATCH_BYTES);
        container.scratch_bytes = container.scratch_bytes.max(needed);
        command.limits.file_bytes = container.scratch_bytes;
        command.stdin = question.stdin;
        command.files.extend(question.files);
        command.files.extend(feedback.files.iter().cloned());
        // What it may write is there from the beginning.
        let is_given = |path: &str| {
            command
                .files
                .iter()
                .any(|file| file.path == Path::new(path))
        };
        let written = question.paths.iter().filter_map(|&path| match path {
            FEEDBACK => (!is_given(MESSAGE)).then_some(MESSAGE),
            path if !is_given(path) => Some(path),
            _ => None,
        });
        let written: Vec<_> = written.map(|path| (path, Arc::from([]), 0o644)).collect();
        command.files.extend(written.into_iter().map(input_file));
        let asked = asked_with(self.arguments.as_ref(), question.paths);
        if let Some(Submitted {
            language,
            entry_point,
            ..
        }) = question.submission
        {
            command.args.extend([language, entry_point].map(Into::into));
        }
        command.args.extend(asked.into_iter().map(Into::into));
        command.args.extend(arguments.iter().map(Into::into));
        (container, command)
    }

    /// The failure of a validator whose answer makes no sense for the problem.
    pub(super) fn misjudges(&self, reason: String) -> JudgeError {
        JudgeError::Validator {
            name: self.name.clone(),
            reason,
            evidence: String::new(),
        }
    }

    /// What the checker that follows says, where there is one: an interactor has accepted, and the
    /// submission has ended well.
    pub(super) fn follow(
        &self,
        slot: &mut Slot,
        case: &Case,
        (report, arguments): (&Report, &[String]),
        cancel: &Cancel,
    ) -> Result<Option<Comparison>, JudgeError> {
        let Some(checker) = &self.checker else {
            return Ok(None);
        };
        let written = self.written(report)?;
        let said = checker.validate(slot, case, (written, arguments), cancel)?;
        Ok(Some(said.comparison))
    }

    /// What an interactor wrote to its output file.
    pub(super) fn written(&self, report: &Report) -> Result<Arc<[u8]>, JudgeError> {
        let max_bytes = self.limits.output_bytes;
        let written = report.scratch.read(Path::new(OUTPUT), max_bytes);
        let written = written.map_err(|error| self.uncollected(error, report))?;
        Ok(Arc::from(written))
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

/// How a validator ended that has no exit code.
fn ending(report: &Report) -> String {
    match report.outcome {
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
