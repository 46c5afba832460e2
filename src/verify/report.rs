//! What came of a package as one object for other programs: `gavel verify --json`, and the same from a
//! server.

use serde::Serialize;

use super::{LimitSource, Skipped, SubmissionResult, Verification};
use crate::judge::verdict::{GroupResult, Verdict};
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
    slowest_ms: Option<f64>,
    slowest_case: Option<&'a str>,
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
        let limit_ms = verification.time.limit_ms as f64;
        Report {
            mistakes: &verification.mistakes,
            notes: &verification.notes,
            time_limit_ms: Some(verification.time.limit_ms),
            time_limit_source: Some(source(verification.time.source)),
            submissions: submissions.map(|s| submission(s, limit_ms)).collect(),
            skipped: skipped
                .map(|Skipped { path, reason }| SkippedView { path, reason })
                .collect(),
        }
    }
}

fn group_view<'a>(
    result: &'a SubmissionResult,
    group: &'a GroupResult,
    limit_ms: f64,
) -> GroupView<'a> {
    let below = format!("{}/", group.name);
    let cases = result
        .cases
        .iter()
        .filter(|case| case.name.starts_with(&below));
    let timed = cases.filter_map(|case| Some((case.facts.as_ref()?.cpu_ms(), case)));
    let slowest = timed.max_by(|(a, _), (b, _)| a.total_cmp(b));
    GroupView {
        name: &group.name,
        verdict: group.verdict,
        score: group.score,
        slowest_ms: slowest.map(|(ms, _)| ms),
        slowest_case: slowest.map(|(_, case)| case.name.as_str()),
        of_limit_percent: slowest.map(|(ms, _)| (100.0 * ms / limit_ms).round()),
    }
}

fn submission(result: &SubmissionResult, limit_ms: f64) -> SubmissionView<'_> {
    let groups = result.groups.iter();
    SubmissionView {
        path: &result.path,
        expected: &result.expected,
        verdict: result.verdict,
        score: result.score,
        as_expected: result.as_expected,
        surprise: result.surprise.as_deref(),
        groups: groups.map(|g| group_view(result, g, limit_ms)).collect(),
        reason: &result.reason,
        slowest_ms: result.slowest.as_ref().map(|(ms, _)| *ms),
        slowest_case: result.slowest.as_ref().map(|(_, case)| case.as_str()),
    }
}

fn source(source: LimitSource) -> &'static str {
    match source {
        LimitSource::Given => "given",
        LimitSource::Calibrated => "calibrated",
    }
}
