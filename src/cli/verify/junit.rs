//! What came of packages as suites of JUnit: each submission is a test, and the package is one itself.

use super::Checked;
use crate::cli::junit::{self, End, Test};
use crate::problem::package::Severity;
use crate::verify::{Skipped, SubmissionResult, Verification};

/// The test that stands for all but the submissions.
const PACKAGE: &str = "package";

/// One suite for each package.
pub(super) fn document(all: &[Checked]) -> String {
    let names: Vec<_> = all.iter().map(|c| c.path.to_string_lossy()).collect();
    let suites = names.iter().zip(all);
    let suites: Vec<_> = suites.map(|(name, c)| (&**name, suite(c))).collect();
    junit::document(&suites)
}

fn suite(checked: &Checked) -> Vec<Test<'_>> {
    let mut tests = vec![package(checked)];
    if let Ok(Verification {
        submissions,
        skipped,
        ..
    }) = &checked.result
    {
        tests.extend(submissions.iter().map(submission));
        tests.extend(skipped.iter().map(|Skipped { path, reason }| Test {
            name: path,
            time: 0.0,
            end: End::Skipped(reason.into()),
        }));
    }
    tests
}

/// What is wrong with a package but for its submissions is an error.
fn package(checked: &Checked) -> Test<'_> {
    let findings = checked.findings.iter();
    let errors = findings.filter(|finding| finding.severity == Severity::Error);
    let mut wrong: Vec<String> = errors.map(ToString::to_string).collect();
    match &checked.result {
        Ok(verification) => wrong.extend(verification.mistakes.iter().cloned()),
        Err(error) => wrong.push(error.clone()),
    }
    Test {
        name: PACKAGE,
        time: 0.0,
        end: match wrong.is_empty() {
            true => End::Passed,
            false => End::Errored(wrong.join("\n").into()),
        },
    }
}

fn submission(result: &SubmissionResult) -> Test<'_> {
    let facts = result.cases.iter().filter_map(|case| case.facts.as_ref());
    Test {
        name: &result.path,
        time: facts.map(|facts| facts.cpu_ms()).sum::<f64>() / 1000.0,
        end: match &result.surprise {
            None => End::Passed,
            Some(surprise) => End::Failed(format!("{surprise}: {}", result.reason).into()),
        },
    }
}
