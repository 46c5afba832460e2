//! What came of a package as one object for other programs: `gavel verify --json`, and the same from a
//! server.

use serde::Serialize;

use super::{LimitSource, Skipped, SubmissionResult, Verification};
use crate::judge::verdict::Verdict;
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
    as_expected: bool,
    reason: &'a str,
    slowest_ms: Option<f64>,
    slowest_case: Option<&'a str>,
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
        Report {
            mistakes: &verification.mistakes,
            notes: &verification.notes,
            time_limit_ms: Some(verification.time.limit_ms),
            time_limit_source: Some(source(verification.time.source)),
            submissions: verification.submissions.iter().map(submission).collect(),
            skipped: skipped
                .map(|Skipped { path, reason }| SkippedView { path, reason })
                .collect(),
        }
    }
}

fn submission(result: &SubmissionResult) -> SubmissionView<'_> {
    SubmissionView {
        path: &result.path,
        expected: &result.expected,
        verdict: result.verdict,
        as_expected: result.as_expected,
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
