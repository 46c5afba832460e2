//! Verdicts as plain data, and the one pure function that decides the verdict of a run.

mod feedback;

use serde::{Deserialize, Serialize};

use super::compare::Comparison;
use super::reason;
use crate::problem::Limits;
use crate::problem::package::Counted;
use crate::sandbox::{Exit, Limit, Noise, Outcome, Usage};

pub use feedback::{Content, FeedbackFile, FeedbackFiles};

/// What a contestant is told about a run, a test case or a submission.
///
/// Failures of the judge itself are deliberately absent: they are never a contestant's verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Verdict {
    /// The output matches the answer.
    #[serde(rename = "AC")]
    Accepted,
    /// The program ended well and there was nothing to compare with.
    #[serde(rename = "OK")]
    Completed,
    /// The output differs from the answer.
    #[serde(rename = "WA")]
    WrongAnswer,
    /// CPU time limit exceeded.
    #[serde(rename = "TLE")]
    TimeLimit,
    /// Wall-clock limit exceeded while the program was working.
    #[serde(rename = "WTL")]
    WallTimeLimit,
    /// Wall-clock limit exceeded while the program was waiting or sleeping.
    #[serde(rename = "ILE")]
    IdleLimit,
    /// Memory limit exceeded.
    #[serde(rename = "MLE")]
    MemoryLimit,
    /// Output limit exceeded.
    #[serde(rename = "OLE")]
    OutputLimit,
    /// The program died of a signal or ended with a non-zero exit code.
    #[serde(rename = "RTE")]
    RuntimeError,
    /// The source could not be compiled within the compile limits.
    #[serde(rename = "CE")]
    CompileError,
    /// Not run, because an earlier test case already decided the verdict.
    #[serde(rename = "SKIPPED")]
    Skipped,
}

/// The code under which a verdict, or what is expected of one, goes everywhere else.
pub fn code(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

/// The measured facts of one run, kept whatever the verdict.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Facts {
    /// Exit code, if the program exited by itself.
    pub exit_code: Option<i32>,
    /// Signal number, if a signal ended the program.
    pub signal: Option<i32>,
    /// The limit that ended the run or was found exceeded.
    pub limit: Option<Limit>,
    /// CPU time of the whole process tree, in nanoseconds.
    pub cpu_ns: u64,
    /// Time from execve to exit, in nanoseconds.
    pub wall_ns: u64,
    /// Peak memory of the whole process tree, in bytes.
    pub memory_bytes: u64,
    /// Bytes written to standard output, counted up to the moment the run ended.
    pub output_bytes: u64,
    /// Names of system calls the sandbox refused.
    pub denied_calls: Vec<String>,
    /// How much the run was disturbed, where the kernel counts that.
    pub noise: Option<Noise>,
    /// Instructions executed in user space, where the processor counts them. The server does not keep them.
    pub instructions: Option<u64>,
}

impl Facts {
    /// CPU time in milliseconds.
    pub fn cpu_ms(&self) -> f64 {
        milliseconds(self.cpu_ns)
    }

    /// Time from execve to exit in milliseconds.
    pub fn wall_ms(&self) -> f64 {
        milliseconds(self.wall_ns)
    }
}

fn milliseconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e6
}

/// The result of one test case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseResult {
    /// Position in judging order, from 0.
    pub ordinal: u32,
    /// Name of the test case.
    pub name: String,
    /// Verdict of this case alone.
    pub verdict: Verdict,
    /// One line that explains the verdict.
    pub reason: String,
    /// What the case is worth; `None` where the problem has no points, and where it was skipped.
    #[serde(default)]
    pub score: Option<f64>,
    /// Measured facts; `None` where the case was skipped.
    pub facts: Option<Facts>,
    /// What the checker said, e.g. where the first difference is. For judges only.
    pub checker_message: Option<String>,
    /// What a validator of the problem tells contestants.
    pub team_message: Option<String>,
    /// Files that it left beside its messages. For judges only.
    #[serde(default)]
    pub feedback: FeedbackFiles,
    /// What the program and an interactive validator said to each other, line by line: seconds since the
    /// start, `>` from the program or `<` to it, and the text. `---` is between passes. Where several processes talk
    /// with a manager, the number of the process stands before the sign. For judges only.
    pub transcript: Option<String>,
    /// The first bytes of standard output.
    pub stdout_prefix: Vec<u8>,
    /// The first bytes of standard error.
    pub stderr_prefix: Vec<u8>,
}

impl CaseResult {
    /// What is not run is told apart from what was.
    pub(crate) fn skipped(index: usize, name: &str) -> CaseResult {
        CaseResult {
            ordinal: u32::try_from(index).unwrap_or(u32::MAX),
            name: name.to_owned(),
            verdict: Verdict::Skipped,
            reason: "not run: the verdict was decided before".to_owned(),
            score: None,
            facts: None,
            checker_message: None,
            team_message: None,
            feedback: FeedbackFiles::default(),
            transcript: None,
            stdout_prefix: Vec::new(),
            stderr_prefix: Vec::new(),
        }
    }
}

/// The result of a group of test cases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupResult {
    /// Path below the test data, e.g. `secret/group1`.
    pub name: String,
    /// Its verdict; [`Verdict::Skipped`] where it was not run.
    pub verdict: Verdict,
    /// Its score; `None` where the problem has no points.
    pub score: Option<f64>,
    /// The highest score that it may have; `None` where there is no bound.
    #[serde(default)]
    pub max_score: Option<f64>,
}

/// The result of compiling.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompileResult {
    /// Whether an artefact was produced.
    pub ok: bool,
    /// One line that explains a failure.
    pub reason: String,
    /// What the compiler printed, capped.
    pub output: Vec<u8>,
    /// Measured facts of the compiler.
    pub facts: Facts,
}

/// The final judgement of a submission.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// The verdict of the first failing case in order, or `Accepted`.
    pub verdict: Verdict,
    /// One line that explains the verdict.
    pub reason: String,
    /// The score; `None` where the problem has no points, or where it gets none.
    #[serde(default)]
    pub score: Option<f64>,
    /// What came of groups of cases, each before those in it; empty where there are none.
    #[serde(default)]
    pub groups: Vec<GroupResult>,
    /// `None` for languages without a compile step.
    pub compile: Option<CompileResult>,
    /// One entry for each test case, in order.
    pub cases: Vec<CaseResult>,
}

/// Everything that the verdict of a run depends on, but for the comparison.
#[derive(Debug, Clone, Copy)]
pub(super) struct Evidence<'a> {
    pub outcome: &'a Outcome,
    pub usage: &'a Usage,
    pub denied_calls: &'a [String],
    /// The limits that the run had.
    pub limits: &'a Limits,
    /// What counts towards the limit of the output.
    pub counted: Counted,
    /// Size of the program's files, in bytes.
    pub image_bytes: u64,
}

impl Evidence<'_> {
    /// Whether the output is worth a comparison.
    pub(super) fn ended_well(&self) -> bool {
        *self.outcome == Outcome::Ended(Exit::Code(0))
    }
}

/// Decides the verdict of a run and explains it in one line. The sandbox has already told by the
/// kernel's counters which limit was exceeded, memory before CPU time before the clock before
/// output; a limit comes before the program's own end, and that before its output.
pub(super) fn decide(run: &Evidence<'_>, comparison: Option<&Comparison>) -> (Verdict, String) {
    let (verdict, mut reason) = match *run.outcome {
        Outcome::LimitHit { limit, .. } => {
            (exceeded(limit, run.usage), reason::of_run_limit(limit, run))
        }
        Outcome::NotExecutable { errno } => not_executable(errno, run),
        Outcome::Ended(Exit::Code(0)) => return compared(comparison, run),
        Outcome::Ended(exit) => (Verdict::RuntimeError, reason::of_exit(exit)),
    };
    reason.push_str(&reason::of_refusals(run));
    (verdict, reason)
}

/// Less CPU time than this part of the time on the clock is waiting, not working.
const IDLE_PART: u32 = 10;

fn exceeded(limit: Limit, usage: &Usage) -> Verdict {
    match limit {
        Limit::Memory => Verdict::MemoryLimit,
        Limit::Cpu => Verdict::TimeLimit,
        Limit::Wall if usage.cpu >= usage.wall / IDLE_PART => Verdict::WallTimeLimit,
        Limit::Wall | Limit::Idle => Verdict::IdleLimit,
        Limit::Output => Verdict::OutputLimit,
    }
}

/// A program that does not fit is told from one that is none.
fn not_executable(errno: i32, run: &Evidence<'_>) -> (Verdict, String) {
    let is_too_large = errno == libc::ENOMEM || run.image_bytes > run.limits.memory_bytes;
    let verdict = if is_too_large {
        Verdict::MemoryLimit
    } else {
        Verdict::RuntimeError
    };
    (verdict, reason::of_refused_program(errno, run))
}

fn compared(comparison: Option<&Comparison>, run: &Evidence<'_>) -> (Verdict, String) {
    let Some(comparison) = comparison else {
        return (Verdict::Completed, "ended with exit code 0".to_owned());
    };
    let (verdict, mut reason) = of_output(comparison);
    if verdict == Verdict::WrongAnswer {
        reason.push_str(&reason::of_refusals(run));
    }
    (verdict, reason)
}

/// The verdict of an output alone, and why.
pub(super) fn of_output(comparison: &Comparison) -> (Verdict, String) {
    match comparison {
        Comparison::Same | Comparison::Accepted { .. } => {
            (Verdict::Accepted, "the output is right".to_owned())
        }
        Comparison::Different { place, .. } => {
            let reason = format!("the output differs from the answer {place}");
            (Verdict::WrongAnswer, reason)
        }
        Comparison::Rejected { .. } => {
            let reason = "the problem's validator rejects the output";
            (Verdict::WrongAnswer, reason.to_owned())
        }
    }
}

#[cfg(test)]
mod tests;
