//! Which cases fail which of the submissions that must fail, for people.

use super::report::align;
use crate::judge::package::Extent;
use crate::judge::verdict::Verdict;
use crate::judge::verdict::code;
use crate::verify::{CaseSummary, SubmissionResult, Verification};

/// Of so many cases the names are told.
const NAMED: usize = 10;

/// Writes what all cases together say, where all were run, and the whole matrix where it is wanted.
pub(super) fn write(verification: &Verification, is_wanted: bool, text: &mut String) {
    let results = verification.submissions.iter();
    let wrong: Vec<_> = results.filter(|result| result.must_fail()).collect();
    if is_wanted {
        for line in table(&verification.cases, &wrong) {
            text.push_str(&format!("  {line}\n"));
        }
        for (index, result) in wrong.iter().enumerate() {
            text.push_str(&format!("  [{}] {}\n", index + 1, result.path));
        }
    }
    if verification.extent == Extent::All && !wrong.is_empty() {
        write_summary(&verification.cases, &wrong, text);
    }
}

fn write_summary(cases: &[CaseSummary], wrong: &[&SubmissionResult], text: &mut String) {
    let idle = cases.iter().filter(|case| case.kills.is_empty());
    let idle: Vec<&str> = idle.map(|case| case.name.as_str()).collect();
    if !idle.is_empty() {
        let more = if idle.len() > NAMED { ", …" } else { "" };
        text.push_str(&format!(
            "  {} of {} cases fail none of the submissions that must fail: {}{more}\n",
            idle.len(),
            cases.len(),
            idle[..idle.len().min(NAMED)].join(", ")
        ));
    }
    for result in wrong {
        let failing: Vec<_> = result.failing_cases().collect();
        if let [only] = failing[..] {
            let (path, case) = (&result.path, &only.name);
            text.push_str(&format!("  {path} fails on one case only: {case}\n"));
        }
    }
}

/// A row for each case, and a column for each submission that must fail.
fn table(cases: &[CaseSummary], wrong: &[&SubmissionResult]) -> Vec<String> {
    let mut header = vec!["case".to_owned(), "slowest AC".to_owned()];
    header.extend((1..=wrong.len()).map(|number| format!("[{number}]")));
    header.push("kills".to_owned());
    let mut rows = vec![header];
    rows.extend(cases.iter().map(|case| {
        let slowest = case.slowest_accepted.as_ref();
        let slowest = slowest.map_or("-".to_owned(), |run| format!("{:.0} ms", run.ms));
        let mut row = vec![case.name.clone(), slowest];
        row.extend(wrong.iter().map(|result| cell(result, &case.name)));
        row.push(case.kills.len().to_string());
        row
    }));
    align(&rows)
}

fn cell(result: &SubmissionResult, case: &str) -> String {
    let mut cases = result.cases.iter();
    let verdict = cases.find(|ran| ran.name == case).map(|ran| ran.verdict);
    match verdict {
        None | Some(Verdict::Skipped) => "-".to_owned(),
        Some(Verdict::Accepted) => ".".to_owned(),
        Some(verdict) => code(&verdict),
    }
}
