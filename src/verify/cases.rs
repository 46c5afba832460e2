//! What the test cases of a package are good for: whom they fail, which are equal, and how slow accepted
//! submissions are on them. Nothing is run for that.

use std::collections::HashMap;

use super::SubmissionResult;
use crate::judge::verdict::{CaseResult, Verdict};
use crate::problem::package::{Expected, Package, TestCase};

/// Of so many cases a note tells the names.
const NAMED: usize = 3;

/// What a test case is good for.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseSummary {
    /// Its name.
    pub name: String,
    /// Submissions that must fail, and fail on it; all of them only where all cases were run.
    pub kills: Vec<String>,
    /// The slowest run of an accepted submission.
    pub slowest_accepted: Option<Slowest>,
    /// The first case with the same input, arguments and files.
    pub same_as: Option<SameCase>,
}

/// An earlier case that gives a program the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SameCase {
    /// Its name.
    pub name: String,
    /// Whether it has the same answer, too.
    pub has_same_answer: bool,
}

/// The slowest run of an accepted submission.
#[derive(Debug, Clone, PartialEq)]
pub struct Slowest {
    /// CPU time in milliseconds.
    pub ms: f64,
    /// Path of the submission.
    pub submission: String,
    /// Name of the case.
    pub case: String,
}

impl SubmissionResult {
    /// Whether test cases should fail it. What need not even be compiled tells nothing of them.
    pub fn must_fail(&self) -> bool {
        let expected = &self.expected;
        let is_let_off = |e: &Expected| matches!(e, Expected::Accepted | Expected::CompileError);
        !expected.is_empty() && !expected.iter().any(is_let_off)
    }

    /// Cases that were run and are not right, in order.
    pub fn failing_cases(&self) -> impl Iterator<Item = &CaseResult> {
        let is_right = |case: &CaseResult| {
            let right = [Verdict::Accepted, Verdict::Completed, Verdict::Skipped];
            right.contains(&case.verdict)
        };
        self.cases.iter().filter(move |case| !is_right(case))
    }
}

/// One summary for each case, in order.
pub(super) fn summaries(package: &Package, submissions: &[SubmissionResult]) -> Vec<CaseSummary> {
    let mut kills: HashMap<&str, Vec<String>> = HashMap::new();
    for result in submissions.iter().filter(|result| result.must_fail()) {
        for case in result.failing_cases() {
            let of_case = kills.entry(&case.name).or_default();
            of_case.push(result.path.clone());
        }
    }
    let mut slowest: HashMap<&str, Slowest> = HashMap::new();
    for (result, case) in accepted_runs(submissions) {
        let Some(ms) = case.facts.as_ref().map(|facts| facts.cpu_ms()) else {
            continue;
        };
        if slowest.get(&*case.name).is_none_or(|known| known.ms < ms) {
            let (submission, case_name) = (result.path.clone(), case.name.clone());
            let run = Slowest {
                ms,
                submission,
                case: case_name,
            };
            slowest.insert(&case.name, run);
        }
    }
    let same = same_cases(&package.cases);
    let summary = |(case, same_as): (&TestCase, Option<SameCase>)| CaseSummary {
        kills: kills.remove(&*case.name).unwrap_or_default(),
        slowest_accepted: slowest.remove(&*case.name),
        name: case.name.clone(),
        same_as,
    };
    package.cases.iter().zip(same).map(summary).collect()
}

fn accepted_runs(
    submissions: &[SubmissionResult],
) -> impl Iterator<Item = (&SubmissionResult, &CaseResult)> {
    let accepted = submissions
        .iter()
        .filter(|result| result.verdict == Verdict::Accepted);
    accepted.flat_map(|result| result.cases.iter().map(move |case| (result, case)))
}

/// Of each case the first one that gives a program the same.
fn same_cases(cases: &[TestCase]) -> Vec<Option<SameCase>> {
    let mut first: HashMap<_, &TestCase> = HashMap::new();
    let mut same = Vec::with_capacity(cases.len());
    for case in cases {
        if !case.has_data() {
            same.push(None);
            continue;
        }
        let files = case.files.iter().map(|file| (&file.name, &file.bytes));
        let given = (&case.input, &case.args, files.collect::<Vec<_>>());
        let known = *first.entry(given).or_insert(case);
        same.push((known.name != case.name).then(|| SameCase {
            name: known.name.clone(),
            has_same_answer: known.answer == case.answer,
        }));
    }
    same
}

/// What of the cases should be looked at: the same input twice.
pub(super) fn notes(cases: &[CaseSummary]) -> Vec<String> {
    let same: Vec<(&str, &SameCase)> = cases
        .iter()
        .filter_map(|case| Some((&*case.name, case.same_as.as_ref()?)))
        .collect();
    if same.is_empty() {
        return Vec::new();
    }
    let told = same.iter().take(NAMED).map(|(name, same)| {
        let answer = match same.has_same_answer {
            true => "",
            false => ", with another answer",
        };
        format!("{name} that of {}{answer}", same.name)
    });
    let told = told.collect::<Vec<_>>().join("; ");
    let others = match same.len().saturating_sub(NAMED) {
        0 => String::new(),
        others => format!("; and {others} others"),
    };
    vec![format!(
        "the input of an earlier case comes again: {told}{others}"
    )]
}
