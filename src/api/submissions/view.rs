//! Submissions as answered: every fact that the store has, times in milliseconds.

use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::checker::CheckerBody;
use crate::api::content::{encode, lossy};
use crate::api::limits::LimitsView;
use crate::judge::verdict::{
    CaseResult, CompileResult, Content, Facts, FeedbackFile, GroupResult, Verdict,
};
use crate::problem::SourceFile;
use crate::problem::groups::Objective;
use crate::sandbox::{Limit, Noise, NoiseSource};
use crate::store::{Submission, SubmissionState, SubmissionSummary};

/// A submission as listed.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct SubmissionSummaryView {
    id: Uuid,
    /// Language id.
    language: String,
    /// The problem it is judged on; null where it has test cases of its own.
    problem_id: Option<Uuid>,
    /// The version of the problem that it is judged on.
    problem_version: Option<i32>,
    /// `queued`, `held`: its problem cannot be judged now, `running`, `finished`, or `failed`: the judge failed, an admin must look.
    #[schema(value_type = String, example = "finished")]
    state: SubmissionState,
    /// `AC`, `OK` (ran well, nothing to compare), `WA`, `TLE`, `WTL`, `ILE`, `MLE`, `OLE`, `RTE`
    /// or `CE`; null until finished.
    #[schema(value_type = Option<String>, example = "AC")]
    verdict: Option<Verdict>,
    /// One line that explains the verdict.
    reason: Option<String>,
    /// Its points; null where the problem has none, or where it gets none.
    score: Option<f64>,
    /// Attempts begun so far.
    attempts: i32,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    finished_at: Option<OffsetDateTime>,
}

/// A submission.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct SubmissionView {
    #[serde(flatten)]
    summary: SubmissionSummaryView,
    /// Null where it is judged on a package, whose version has them; otherwise only right after the
    /// creation, and only if the database failed then.
    limits: Option<LimitsView>,
    /// Null as `limits` is.
    checker: Option<CheckerBody>,
    /// While it is queued: languages that it needs, for itself or for its problem's programs, and that no worker
    /// offers now, or none offers together. Empty where it only waits for its turn.
    #[schema(example = json!(["kotlin"]))]
    waiting_for: Vec<String>,
    /// Protections that the machine lacked that gave the verdict, with its operator's consent; null where
    /// that is not known.
    degraded: Option<Vec<String>>,
    /// Whether a higher (`max`) or a lower (`min`) score is better; null where the problem has no points.
    #[schema(value_type = Option<String>, example = "max")]
    objective: Option<Objective>,
    /// The least points that the problem gives; null where it has none, or no end of them.
    min_score: Option<f64>,
    /// The most points that the problem gives, likewise.
    max_score: Option<f64>,
    /// What came of the groups of test cases, each before those in it; empty where there are none.
    groups: Vec<GroupView>,
    /// Null until known, and for languages that do not compile.
    compile: Option<CompileView>,
    /// Null until a test case was run.
    totals: Option<TotalsView>,
    /// Results in judging order; empty until finished.
    cases: Vec<CaseView>,
}

/// The compile step.
#[derive(Debug, Serialize, ToSchema)]
struct CompileView {
    ok: bool,
    reason: String,
    /// What the compiler printed, capped.
    output: String,
    cpu_ms: f64,
    wall_ms: f64,
    memory_bytes: u64,
}

/// The largest figures of all test cases.
#[derive(Debug, Default, Serialize, ToSchema)]
struct TotalsView {
    cpu_ms: f64,
    wall_ms: f64,
    memory_bytes: u64,
}

/// The result of a group of test cases.
#[derive(Debug, Serialize, ToSchema)]
struct GroupView {
    /// Path below the test data.
    #[schema(example = "secret/group1")]
    name: String,
    /// As of a test case.
    #[schema(value_type = String, example = "AC")]
    verdict: Verdict,
    /// Null where the problem has no points.
    score: Option<f64>,
    /// The most points that it gives; left out where there is no end of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_score: Option<f64>,
}

/// For how long work waited for a CPU during a run: a sign of a disturbed measurement.
#[derive(Debug, Serialize, ToSchema)]
struct NoiseView {
    /// Whose work waited: `box_pressure`, of the run itself; `machine_pressure`, of any program on the
    /// machine; `machine_steal`, of the whole machine, for other virtual ones.
    #[schema(value_type = String, example = "machine_pressure")]
    source: NoiseSource,
    waited_ms: f64,
}

/// A file that a validator of the problem left in its feedback directory.
#[derive(Debug, Serialize, ToSchema)]
struct FeedbackFileView {
    /// Path below that directory; `\x` and two digits stand for each byte that is no text.
    #[schema(example = "judgeimage.svg")]
    name: String,
    /// Its size.
    bytes: u64,
    /// It was too much to be kept; left out where it was not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    omitted: bool,
}

/// The result of one test case. Figures are null where it was not run.
#[derive(Debug, Serialize, ToSchema)]
struct CaseView {
    name: String,
    /// As of the submission, or `SKIPPED`.
    #[schema(value_type = String, example = "WA")]
    verdict: Verdict,
    reason: String,
    /// Its points; null where the problem has none.
    score: Option<f64>,
    /// CPU time of the process tree.
    cpu_ms: Option<f64>,
    /// Time on the clock.
    wall_ms: Option<f64>,
    /// Peak memory of the process tree.
    memory_bytes: Option<u64>,
    exit_code: Option<i32>,
    /// Number of the signal that ended the program.
    signal: Option<i32>,
    /// `cpu`, `wall`, `idle`, `memory` or `output`, if one was exceeded.
    #[schema(value_type = Option<String>)]
    limit: Option<Limit>,
    /// Bytes written to standard output.
    output_bytes: Option<u64>,
    /// Names of system calls that the sandbox refused.
    denied_calls: Vec<String>,
    /// Null where the kernel of the worker's machine does not tell.
    noise: Option<NoiseView>,
    /// What the checker said.
    checker_message: Option<String>,
    /// What the problem's validator tells contestants.
    team_message: Option<String>,
    /// Files that it left beside its messages. For judges only.
    feedback: Vec<FeedbackFileView>,
    /// Whether it left more files than are told of.
    has_more_feedback: bool,
    /// What the program and an interactive validator said to each other, line by line: seconds since the
    /// start, `>` from the program or `<` to it, and the text; `---` between passes. Where several processes talk with
    /// a manager, the number of the process stands before the sign. For judges only.
    transcript: Option<String>,
    /// Beginning of standard output; bytes that are not UTF-8 are replaced.
    stdout: String,
    stdout_base64: String,
    /// Beginning of standard error; bytes that are not UTF-8 are replaced.
    stderr: String,
    stderr_base64: String,
}

/// One page of submissions, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct SubmissionPage {
    items: Vec<SubmissionSummaryView>,
    /// `before` of the next page; null on the last one.
    next: Option<Uuid>,
}

impl SubmissionPage {
    pub(super) fn new(found: Vec<SubmissionSummary>, limit: i64) -> Self {
        let is_full = found.len() as i64 == limit;
        SubmissionPage {
            next: found.last().filter(|_| is_full).map(|last| last.id.0),
            items: found.into_iter().map(SubmissionSummaryView::from).collect(),
        }
    }
}

/// A source file.
#[derive(Debug, Serialize, ToSchema)]
struct FileView {
    name: String,
    /// Null where the file is not UTF-8.
    content: Option<String>,
    content_base64: String,
}

/// The source files of a submission.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct SourceView {
    /// Main file first.
    files: Vec<FileView>,
}

impl From<Vec<SourceFile>> for SourceView {
    fn from(files: Vec<SourceFile>) -> Self {
        let view = |file: SourceFile| FileView {
            content: std::str::from_utf8(&file.bytes).ok().map(str::to_owned),
            content_base64: encode(&file.bytes),
            name: file.name,
        };
        SourceView {
            files: files.into_iter().map(view).collect(),
        }
    }
}

impl From<SubmissionSummary> for SubmissionSummaryView {
    fn from(summary: SubmissionSummary) -> Self {
        SubmissionSummaryView {
            id: summary.id.0,
            language: summary.language,
            problem_id: summary.problem_id.map(|id| id.0),
            problem_version: summary.problem_version,
            state: summary.state,
            verdict: summary.verdict,
            reason: summary.reason,
            score: summary.score,
            attempts: summary.attempts,
            created_at: summary.created_at,
            finished_at: summary.finished_at,
        }
    }
}

impl From<Submission> for SubmissionView {
    fn from(submission: Submission) -> Self {
        SubmissionView {
            summary: submission.summary.into(),
            limits: submission.limits.map(LimitsView::from),
            checker: submission.checker.map(CheckerBody::from),
            waiting_for: submission.waiting_for,
            degraded: submission.degraded,
            objective: submission.objective,
            min_score: submission.min_score,
            max_score: submission.max_score,
            groups: submission.groups.into_iter().map(GroupView::from).collect(),
            compile: submission.compile.map(CompileView::from),
            totals: totals(&submission.cases),
            cases: submission.cases.into_iter().map(CaseView::from).collect(),
        }
    }
}

impl From<SubmissionSummary> for SubmissionView {
    fn from(summary: SubmissionSummary) -> Self {
        SubmissionView {
            summary: summary.into(),
            limits: None,
            checker: None,
            waiting_for: Vec::new(),
            degraded: None,
            objective: None,
            min_score: None,
            max_score: None,
            groups: Vec::new(),
            compile: None,
            totals: None,
            cases: Vec::new(),
        }
    }
}

impl From<CompileResult> for CompileView {
    fn from(compile: CompileResult) -> Self {
        CompileView {
            ok: compile.ok,
            reason: compile.reason,
            output: lossy(&compile.output),
            cpu_ms: milliseconds(compile.facts.cpu_ns),
            wall_ms: milliseconds(compile.facts.wall_ns),
            memory_bytes: compile.facts.memory_bytes,
        }
    }
}

impl From<GroupResult> for GroupView {
    fn from(group: GroupResult) -> Self {
        GroupView {
            name: group.name,
            verdict: group.verdict,
            score: group.score,
            max_score: group.max_score,
        }
    }
}

impl From<Noise> for NoiseView {
    fn from(noise: Noise) -> Self {
        NoiseView {
            source: noise.source,
            waited_ms: milliseconds(noise.waited_ns),
        }
    }
}

impl From<FeedbackFile> for FeedbackFileView {
    fn from(file: FeedbackFile) -> Self {
        FeedbackFileView {
            name: file.name,
            bytes: file.size_bytes,
            omitted: file.content == Content::LeftOut,
        }
    }
}

impl From<CaseResult> for CaseView {
    fn from(case: CaseResult) -> Self {
        let facts = case.facts.as_ref();
        CaseView {
            name: case.name,
            verdict: case.verdict,
            reason: case.reason,
            score: case.score,
            cpu_ms: facts.map(|f| milliseconds(f.cpu_ns)),
            wall_ms: facts.map(|f| milliseconds(f.wall_ns)),
            memory_bytes: facts.map(|f| f.memory_bytes),
            exit_code: facts.and_then(|f| f.exit_code),
            signal: facts.and_then(|f| f.signal),
            limit: facts.and_then(|f| f.limit),
            output_bytes: facts.map(|f| f.output_bytes),
            denied_calls: facts.map(|f| f.denied_calls.clone()).unwrap_or_default(),
            noise: facts.and_then(|f| f.noise).map(NoiseView::from),
            checker_message: case.checker_message,
            team_message: case.team_message,
            has_more_feedback: case.feedback.has_more,
            feedback: case
                .feedback
                .files
                .into_iter()
                .map(FeedbackFileView::from)
                .collect(),
            transcript: case.transcript,
            stdout: lossy(&case.stdout_prefix),
            stdout_base64: encode(&case.stdout_prefix),
            stderr: lossy(&case.stderr_prefix),
            stderr_base64: encode(&case.stderr_prefix),
        }
    }
}

fn totals(cases: &[CaseResult]) -> Option<TotalsView> {
    let facts = || cases.iter().filter_map(|case| case.facts.as_ref());
    let largest = |figure: fn(&Facts) -> u64| facts().map(figure).max();
    Some(TotalsView {
        cpu_ms: milliseconds(largest(|f| f.cpu_ns)?),
        wall_ms: milliseconds(largest(|f| f.wall_ns)?),
        memory_bytes: largest(|f| f.memory_bytes)?,
    })
}

/// Rounded to microseconds: three decimals.
fn milliseconds(ns: u64) -> f64 {
    ns.saturating_add(500).div_euclid(1000) as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::verdict::FeedbackFiles;

    fn case(cpu_ns: u64, memory_bytes: u64) -> CaseResult {
        CaseResult {
            ordinal: 0,
            name: "1".to_owned(),
            verdict: Verdict::WrongAnswer,
            reason: String::new(),
            score: None,
            facts: Some(Facts {
                cpu_ns,
                memory_bytes,
                ..Facts::default()
            }),
            checker_message: None,
            team_message: None,
            feedback: FeedbackFiles::default(),
            transcript: None,
            stdout_prefix: vec![b'a', 0xff, 0],
            stderr_prefix: Vec::new(),
        }
    }

    #[test]
    fn milliseconds_have_at_most_three_decimals() {
        let shown = |ns| serde_json::to_string(&milliseconds(ns)).unwrap();
        assert_eq!(shown(0), "0.0");
        assert_eq!(shown(1_234_567), "1.235");
        assert_eq!(shown(1_999_999_999), "2000.0");
        assert_eq!(shown(u64::MAX), "18446744073709.55");
    }

    #[test]
    fn totals_are_the_largest_figures_of_any_case() {
        let cases = [case(2_000_000, 10), case(1_000_000, 20)];
        let totals = totals(&cases).unwrap();
        assert_eq!((totals.cpu_ms, totals.memory_bytes), (2.0, 20));
    }

    #[test]
    fn cases_that_were_not_run_have_no_totals() {
        let mut skipped = case(0, 0);
        skipped.facts = None;
        assert!(totals(&[skipped]).is_none());
        assert!(totals(&[]).is_none());
    }

    #[test]
    fn output_that_is_not_text_is_kept_in_base64() {
        let view = serde_json::to_value(CaseView::from(case(0, 0))).unwrap();
        assert_eq!(view["stdout"], "a\u{fffd}\0");
        assert_eq!(view["stdout_base64"], "Yf8A");
        assert_eq!(view["verdict"], "WA");
        assert_eq!(view["signal"], serde_json::Value::Null);
    }
}
