//! What came of a package as one object for other programs: `gavel verify --json`, and the same from a
//! server.

use serde::Serialize;

use super::{Cached, CaseSummary, LimitSource, Margin, Skipped, SubmissionResult, Verification};
use crate::judge::package::Extent;
use crate::judge::verdict::{CaseResult, GroupResult, Verdict};
use crate::problem::package::Expected;

/// A verification for other programs. Keys stay; there may be more of them.
#[derive(Debug, Default, Serialize)]
pub struct Report<'a> {
    mistakes: &'a [String],
    notes: &'a [String],
    time_limit_ms: Option<u64>,
    time_limit_source: Option<&'static str>,
    submissions: Vec<SubmissionView<'a>>,
    skipped: Vec<SkippedView<'a>>,
    all_cases: bool,
    cached: Option<Cached>,
    cases: Vec<CaseView<'a>>,
    groups: Vec<SlowestView<'a>>,
}

/// A test case: whom it fails, and how slow accepted submissions are on it.
#[derive(Debug, Serialize)]
struct CaseView<'a> {
    name: &'a str,
    kills: &'a [String],
    slowest_accepted_ms: Option<f64>,
    slowest_accepted: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    same_as: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    same_answer: Option<bool>,
}

/// The slowest accepted run on the cases of a group.
#[derive(Debug, Serialize)]
struct SlowestView<'a> {
    name: &'a str,
    slowest_accepted_ms: Option<f64>,
    slowest_accepted: Option<&'a str>,
    slowest_accepted_case: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct RerunView<'a> {
    case: &'a str,
    first_ms: f64,
    alone_ms: &'a [f64],
}

#[derive(Debug, Serialize)]
struct FailingView<'a> {
    case: &'a str,
    verdict: Verdict,
}

#[derive(Debug, Serialize)]
struct SubmissionView<'a> {
    path: &'a str,
    expected: &'a [Expected],
    verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    as_expected: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    surprise: Option<&'a str>,
    reason: &'a str,
    groups: Vec<GroupView<'a>>,
    failing_cases: Vec<FailingView<'a>>,
    reruns: Vec<RerunView<'a>>,
    limit_ms: u64,
    limit_sensitive: bool,
    margin: Option<Margin>,
    slowest_ms: Option<f64>,
    slowest_case: Option<&'a str>,
    of_limit_percent: Option<f64>,
    cached: usize,
}

#[derive(Debug, Serialize)]
struct GroupView<'a> {
    name: &'a str,
    verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    slowest_ms: Option<f64>,
    slowest_case: Option<&'a str>,
    of_limit_percent: Option<f64>,
}

#[derive(Debug, Serialize)]
struct SkippedView<'a> {
    path: &'a str,
    reason: &'a str,
}

impl<'a> Report<'a> {
    /// The report of a verification.
    pub fn of(verification: &'a Verification) -> Self {
        let skipped = verification.skipped.iter();
        let submissions = verification.submissions.iter();
        let time = (!verification.takes_answers).then_some(verification.time);
        Report {
            mistakes: &verification.mistakes,
            notes: &verification.notes,
            time_limit_ms: time.map(|time| time.limit_ms),
            time_limit_source: time.map(|time| source(time.source)),
            submissions: submissions
                .map(|result| submission(verification, result))
                .collect(),
            all_cases: verification.extent == Extent::All,
            cached: Some(verification.cached),
            cases: verification.cases.iter().map(case_view).collect(),
            groups: slowest_views(verification),
            skipped: skipped
                .map(|Skipped { path, reason }| SkippedView { path, reason })
                .collect(),
        }
    }
}

fn case_view(case: &CaseSummary) -> CaseView<'_> {
    let slowest = case.slowest_accepted.as_ref();
    let same_as = case.same_as.as_ref();
    CaseView {
        name: &case.name,
        kills: &case.kills,
        slowest_accepted_ms: slowest.map(|run| run.ms),
        slowest_accepted: slowest.map(|run| run.submission.as_str()),
        same_as: same_as.map(|same| same.name.as_str()),
        same_answer: same_as.map(|same| same.has_same_answer),
    }
}

fn slowest_views(verification: &Verification) -> Vec<SlowestView<'_>> {
    let view = |name| {
        let slowest = verification.slowest_in(name);
        SlowestView {
            name,
            slowest_accepted_ms: slowest.map(|run| run.ms),
            slowest_accepted: slowest.map(|run| run.submission.as_str()),
            slowest_accepted_case: slowest.map(|run| run.case.as_str()),
        }
    };
    verification.groups.iter().map(|name| view(name)).collect()
}

fn group_view<'a>(
    verification: &Verification,
    result: &'a SubmissionResult,
    group: &'a GroupResult,
) -> GroupView<'a> {
    let is_in = |case: &&CaseResult| verification.is_in(&group.name, &case.name);
    let cases = result.cases.iter().filter(is_in);
    let timed = cases.filter_map(|case| Some((case.facts.as_ref()?.cpu_ms(), case)));
    let slowest = timed.max_by(|(a, _), (b, _)| a.total_cmp(b));
    GroupView {
        name: &group.name,
        verdict: group.verdict,
        score: group.score,
        slowest_ms: slowest.map(|(ms, _)| ms),
        slowest_case: slowest.map(|(_, case)| case.name.as_str()),
        of_limit_percent: slowest.map(|(ms, _)| of_limit_percent(ms, result)),
    }
}

fn of_limit_percent(used_ms: f64, result: &SubmissionResult) -> f64 {
    (100.0 * used_ms / result.limit_ms as f64).round()
}

fn submission<'a>(verification: &Verification, result: &'a SubmissionResult) -> SubmissionView<'a> {
    let slowest = result.slowest.as_ref();
    let failing = result.failing_cases().map(|case| FailingView {
        case: &case.name,
        verdict: case.verdict,
    });
    let groups = result.groups.iter();
    let reruns = result.reruns.iter().map(|(case, rerun)| RerunView {
        case,
        first_ms: rerun.first_ms,
        alone_ms: &rerun.alone_ms,
    });
    SubmissionView {
        path: &result.path,
        expected: &result.expected,
        verdict: result.verdict,
        score: result.score,
        as_expected: result.as_expected,
        surprise: result.surprise.as_deref(),
        groups: groups
            .map(|group| group_view(verification, result, group))
            .collect(),
        failing_cases: failing.collect(),
        reruns: reruns.collect(),
        limit_ms: result.limit_ms,
        limit_sensitive: result.is_sensitive,
        margin: result.margin,
        reason: &result.reason,
        slowest_ms: slowest.map(|(ms, _)| *ms),
        slowest_case: slowest.map(|(_, case)| case.as_str()),
        of_limit_percent: slowest.map(|(ms, _)| of_limit_percent(*ms, result)),
        cached: result.cached,
    }
}

fn source(source: LimitSource) -> &'static str {
    match source {
        LimitSource::Given => "given",
        LimitSource::Calibrated => "calibrated",
    }
}
