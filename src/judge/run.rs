//! One run of a program: a fresh box, the facts, and the verdict.

mod streams;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::compare::{Comparison, compare};
use super::compile::Artefacts;
use super::grade::Points;
use super::language::{Language, Values};
use super::passes::{self, Pass};
use super::slot::{LeftFile, Product};
use super::validator::{Case, Check, Said, Validator};
use super::verdict::{Evidence, Facts, FeedbackFiles, Verdict, decide, of_output};
use super::{CaseData, JudgeError, starved};
use crate::problem::package::{Counted, StreamFiles};
use crate::problem::{self, SourceFile};
use crate::sandbox::{
    Access, Cancel, CollectError, Command, Container, Exit, InputFile, Limit, Limits, Outcome,
    Report, Slot, Stdin,
};

const OPEN_FILES: u64 = 256;

/// The working directory of every program.
pub(super) const BOX: &str = "/box";

/// A program under its limits, ready to run any number of times.
#[derive(Debug, Clone)]
pub struct Runnable {
    container: Container,
    command: Command,
    limits: problem::Limits,
    counted: Counted,
    image_bytes: u64,
    streams: StreamFiles,
}

/// What one run came to.
pub(super) struct Finished {
    pub verdict: Verdict,
    pub reason: String,
    pub facts: Facts,
    pub checker_message: Option<String>,
    /// What a validator takes the output to be worth.
    pub points: Option<Points>,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    /// A validator rejected it before it ended.
    pub was_rejected_first: bool,
    /// What a validator tells contestants.
    pub team_message: Option<String>,
    /// Files that it left beside its messages.
    pub feedback: FeedbackFiles,
    /// What it and a validator said to each other.
    pub transcript: Option<String>,
}

impl Runnable {
    /// `values` are of the run's own limits; `stderr_bytes` of standard error are kept.
    pub(super) fn new(
        language: &Language,
        limits: problem::Limits,
        values: &Values<'_>,
        artefacts: Artefacts,
        stderr_bytes: u64,
    ) -> Self {
        let container = language.container();
        let image_bytes = artefacts.iter().map(|file| file.bytes.len() as u64).sum();
        let command = Command {
            program: language.run.command.program().into(),
            args: language.run.command.fill(values),
            env: language.environment.clone(),
            files: artefacts,
            stdin: Stdin::Empty,
            stderr_bytes,
            limits: sandbox_limits(&limits, container.scratch_bytes),
        };
        Runnable {
            container,
            command,
            limits,
            counted: Counted::StandardOutput,
            image_bytes,
            streams: StreamFiles::default(),
        }
    }

    /// The same program with more arguments.
    pub fn with_arguments(mut self, arguments: &[String]) -> Runnable {
        self.command.args.extend(arguments.iter().map(Into::into));
        self
    }

    /// The same program with more files beside it, which take the place of those in their way.
    pub fn with_files(mut self, files: &[SourceFile]) -> Runnable {
        let is_in_the_way = |present: &InputFile| {
            let in_the_way =
                |path: &Path| present.path.starts_with(path) || path.starts_with(&present.path);
            files.iter().any(|file| in_the_way(Path::new(&file.name)))
        };
        self.command.files.retain(|present| !is_in_the_way(present));
        self.command
            .files
            .extend(files.iter().map(|file| InputFile {
                path: PathBuf::from(&file.name),
                bytes: Arc::clone(&file.bytes),
                mode: 0o644,
            }));
        self
    }

    /// The same program with its own files in a directory of its working directory.
    pub(super) fn out_of(mut self, directory: &str) -> Runnable {
        let own = Path::new(BOX).join(directory);
        for file in &mut self.command.files {
            file.path = Path::new(directory).join(&file.path);
        }
        self.command.program = own.join(&self.command.program);
        for argument in &mut self.command.args {
            if argument == "." {
                *argument = own.clone().into();
            }
        }
        self
    }

    /// The same program where it cannot write to its working directory.
    pub fn with_read_only_files(mut self) -> Runnable {
        self.container.box_access = Access::ReadOnly;
        self
    }

    /// The same program, of which this counts as output.
    pub fn counting(self, counted: Counted) -> Runnable {
        Runnable { counted, ..self }
    }

    /// The box and the command of a run without input.
    pub(super) fn into_parts(self) -> (Container, Command) {
        (self.container, self.command)
    }

    /// Has boxes made for the next runs, of which there are so many.
    pub(super) fn prepare(&self, slot: &mut Slot, runs: usize) -> Result<(), JudgeError> {
        let upcoming = [&self.container, &self.container];
        Ok(slot.prepare_for(&upcoming[..runs.min(2)])?)
    }

    /// Has a box made for the next run and one for the validator after it.
    pub(super) fn prepare_with(
        &self,
        slot: &mut Slot,
        validators: &[Validator],
    ) -> Result<(), JudgeError> {
        let validator = validators.first().map(Validator::container);
        let upcoming = std::iter::once(&self.container).chain(&validator);
        Ok(slot.prepare_for(&upcoming.collect::<Vec<_>>())?)
    }

    /// Runs on a case, as often as its validator asks for, and decides.
    pub(super) fn run(
        &self,
        slot: &mut Slot,
        case: CaseData,
        check: Check<'_>,
        cancel: &Cancel,
    ) -> Result<Finished, JudgeError> {
        let Some(answer) = case.answer else {
            let (report, odd) = self.run_once(slot, case.input, cancel)?;
            return Ok(self.finished(report, None).with_oddity(odd));
        };
        let case = Case::new(case.input, answer);
        passes::run(check.asking(), case, |case| {
            let (report, odd) = self.run_once(slot, case.input.clone(), cancel)?;
            if !self.ended_well(&report) {
                return Ok(Pass {
                    finished: self.finished(report, None).with_oddity(odd),
                    next: None,
                });
            }
            let said = checked(slot, check, case, &report.stdout.bytes, cancel)?;
            let finished = self.finished(report, Some(said.comparison));
            Ok(Pass {
                finished: Finished {
                    team_message: said.team_message,
                    feedback: said.feedback,
                    ..finished.with_oddity(odd)
                },
                next: said.next,
            })
        })
    }

    /// The same program with room for so many bytes of files, which are no memory of its own.
    pub fn with_scratch(mut self, bytes: u64) -> Runnable {
        self.container.scratch_bytes = self.container.scratch_bytes.max(bytes);
        let memory = &mut self.command.limits.memory_bytes;
        *memory = memory.saturating_add(bytes);
        self
    }

    /// Runs once without a comparison, and reads of each list of files the first that it left.
    pub(super) fn run_for_files(
        &self,
        slot: &mut Slot,
        input: Arc<[u8]>,
        (wanted, max_bytes): (&[&[String]], u64),
        cancel: &Cancel,
    ) -> Result<(Finished, Vec<LeftFile>), JudgeError> {
        let (report, _) = self.run_once(slot, input, cancel)?;
        let mut files = Vec::new();
        let wanted = if self.ended_well(&report) {
            wanted
        } else {
            &[]
        };
        for names in wanted {
            match streams::first_of(&report.scratch, names, max_bytes) {
                Err(error @ CollectError::Io { .. }) => return Err(JudgeError::Collect(error)),
                file => files.push(file),
            }
        }
        Ok((self.finished(report, None), files))
    }

    /// Runs once: what a checker is asked about afterwards is its output.
    pub(super) fn produce(
        &self,
        slot: &mut Slot,
        input: Arc<[u8]>,
        cancel: &Cancel,
    ) -> Result<Product, JudgeError> {
        let (report, odd) = self.run_once(slot, input, cancel)?;
        let output = self.ended_well(&report);
        let output = output.then(|| Arc::from(&report.stdout.bytes[..]));
        Ok(Product {
            finished: self.finished(report, None).with_oddity(odd),
            output,
        })
    }

    /// Whether what it did is worth a word of the problem's programs.
    pub(super) fn ended_well(&self, report: &Report) -> bool {
        self.evidence(report).ended_well()
    }

    /// Runs it, and tells what is odd about its output file.
    fn run_once(
        &self,
        slot: &mut Slot,
        input: Arc<[u8]>,
        cancel: &Cancel,
    ) -> Result<(Report, Option<String>), JudgeError> {
        let (container, command) = self.given(input);
        let mut report = starved::run(slot, &container, &command, cancel)?;
        self.count(&mut report)?;
        let odd = self.take_output(&mut report)?;
        Ok((report, odd))
    }

    /// Notes in a report that all that counts as output together is too much, where the program ended by
    /// itself.
    pub(super) fn count(&self, report: &mut Report) -> Result<(), JudgeError> {
        let Outcome::Ended(exit) = report.outcome else {
            return Ok(());
        };
        if self.counted == Counted::StandardOutput {
            return Ok(());
        }
        let files = match self.container.box_access {
            Access::ReadOnly => 0,
            _ => {
                let bytes = report.scratch.written_bytes(&self.command.files);
                bytes.map_err(JudgeError::Collect)?
            }
        };
        let streams = [&report.stdout, &report.stderr].map(|stream| stream.total_bytes);
        if streams.iter().sum::<u64>().saturating_add(files) > self.limits.output_bytes {
            let (limit, exit) = (Limit::Output, Some(exit));
            report.outcome = Outcome::LimitHit { limit, exit };
        }
        Ok(())
    }

    /// What a run came to by its report and the comparison.
    pub(super) fn finished(&self, report: Report, comparison: Option<Comparison>) -> Finished {
        let (verdict, reason) = decide(&self.evidence(&report), comparison.as_ref());
        finished(verdict, reason, report, comparison)
    }

    /// The same where a validator rejected it before it ended: whatever it did then does not count.
    pub(super) fn rejected(&self, report: Report, comparison: Comparison) -> Finished {
        let reason = "the problem's validator rejected it before it ended".to_owned();
        Finished {
            was_rejected_first: true,
            ..finished(Verdict::WrongAnswer, reason, report, Some(comparison))
        }
    }

    /// The box and the command of a run with this standard input.
    pub(super) fn talking(&self, stdin: Stdin) -> (Container, Command) {
        let command = Command {
            stdin,
            ..self.command.clone()
        };
        (self.container.clone(), command)
    }

    /// The limit of its time on the clock.
    pub(super) fn wall(&self) -> Duration {
        self.command.limits.wall
    }

    /// The limit of its CPU time.
    pub(super) fn cpu(&self) -> Duration {
        self.command.limits.cpu
    }

    /// The limit of its output.
    pub(super) fn output_bytes(&self) -> u64 {
        self.limits.output_bytes
    }

    fn evidence<'a>(&'a self, report: &'a Report) -> Evidence<'a> {
        Evidence {
            outcome: &report.outcome,
            usage: &report.usage,
            denied_calls: &report.denied_calls,
            limits: &self.limits,
            counted: self.counted,
            image_bytes: self.image_bytes,
        }
    }
}

impl Finished {
    /// The same where the checker says this of what it came to.
    pub(super) fn judged(self, comparison: Comparison) -> Finished {
        let (verdict, reason) = of_output(&comparison);
        let (checker_message, points) = told(comparison);
        Finished {
            verdict,
            reason,
            checker_message,
            points,
            ..self
        }
    }
}

fn finished(
    verdict: Verdict,
    reason: String,
    report: Report,
    comparison: Option<Comparison>,
) -> Finished {
    let (checker_message, points) = comparison.map_or((None, None), told);
    Finished {
        verdict,
        reason,
        facts: facts(&report),
        checker_message,
        points,
        stdout: report.stdout.bytes,
        stderr: report.stderr.bytes,
        was_rejected_first: false,
        team_message: None,
        feedback: FeedbackFiles::default(),
        transcript: None,
    }
}

/// What a comparison tells judges, and what it takes the output to be worth.
pub(super) fn told(comparison: Comparison) -> (Option<String>, Option<Points>) {
    match comparison {
        Comparison::Different { message, .. } => (Some(message), None),
        Comparison::Rejected { message } => (message, None),
        Comparison::Accepted { message, points } => (message, points),
        Comparison::Same => (None, None),
    }
}

/// Judges an output.
pub(super) fn checked(
    slot: &mut Slot,
    check: Check<'_>,
    case: &Case,
    output: &[u8],
    cancel: &Cancel,
) -> Result<Said, JudgeError> {
    let (validators, arguments) = match check {
        Check::Compare(checker) => {
            return Ok(Said::only(compare(checker, output, &case.answer)));
        }
        Check::Validate {
            validators,
            arguments,
        } => (validators, arguments),
    };
    let output: Arc<[u8]> = Arc::from(output);
    let mut last = Said::only(Comparison::Same);
    for validator in validators {
        last = validator.validate(slot, case, (output.clone(), arguments), cancel)?;
        if !last.comparison.is_right() {
            break;
        }
    }
    Ok(last)
}

fn sandbox_limits(limits: &problem::Limits, scratch_bytes: u64) -> Limits {
    Limits {
        cpu: Duration::from_millis(limits.cpu_ms),
        wall: Duration::from_millis(limits.wall_ms),
        idle: None,
        memory_bytes: limits.memory_bytes,
        stdout_bytes: limits.output_bytes,
        processes: limits.processes,
        // Nearly all the memory may be stack, as contests expect; but endless recursion must end
        // in a segmentation fault of the stack and not at the limit of the memory.
        stack_bytes: (limits.memory_bytes - limits.memory_bytes / 8).max(1),
        open_files: OPEN_FILES,
        file_bytes: scratch_bytes,
    }
}

/// The measured facts of a run.
pub(super) fn facts(report: &Report) -> Facts {
    let (limit, exit) = match report.outcome {
        Outcome::Ended(exit) => (None, Some(exit)),
        Outcome::LimitHit { limit, exit } => (Some(limit), exit),
        Outcome::NotExecutable { .. } => (None, None),
    };
    let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    Facts {
        exit_code: exit.and_then(|exit| match exit {
            Exit::Code(code) => Some(code),
            Exit::Signal(_) => None,
        }),
        signal: exit.and_then(|exit| match exit {
            Exit::Signal(signal) => Some(signal),
            Exit::Code(_) => None,
        }),
        limit,
        cpu_ns: nanoseconds(report.usage.cpu),
        wall_ns: nanoseconds(report.usage.wall),
        memory_bytes: report.usage.memory_bytes,
        output_bytes: report.stdout.total_bytes,
        denied_calls: report.denied_calls.clone(),
        noise: report.usage.noise,
        instructions: report.usage.instructions,
    }
}
