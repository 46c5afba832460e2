//! The time limit, and judging by it. Accepted submissions run first where the limit follows from
//! them; the rest runs once, at a limit that is higher by the safety margin, and is judged by the
//! time that it used: so it shows who is near the limit.

use std::collections::BTreeSet;

use super::programs::Prepared;
use super::{Progress, SubmissionResult, Verifier, expect, must_pass};
use crate::judge::Executable;
use crate::judge::package::{CompiledPackage, Extent, Graded, PackageError, Times};
use crate::judge::verdict::{CaseResult, Verdict};
use crate::problem::package::{Expectation, TimingRole};

/// The most that an accepted submission gets while the limit is not known, in milliseconds.
const LONGEST_MS: u64 = 60_000;

/// Where a time limit comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitSource {
    /// The package gives it.
    Given,
    /// It follows from the slowest accepted submission.
    Calibrated,
}

/// The time limit by which verdicts were decided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimeLimit {
    /// CPU time of a test case, in milliseconds.
    pub limit_ms: u64,
    /// Where it comes from.
    pub source: LimitSource,
    /// CPU time of the slowest submission that must pass, in milliseconds.
    pub slowest_accepted_ms: Option<f64>,
}

impl TimeLimit {
    /// Whether it is given or follows from something.
    pub fn has_reason(&self) -> bool {
        self.source == LimitSource::Given || self.slowest_accepted_ms.is_some()
    }
}

type Judged = (TimeLimit, Vec<String>, Vec<SubmissionResult>);

/// Finds the limit and judges all submissions by it.
pub(super) fn judge(
    verifier: &mut Verifier<'_>,
    problem: &CompiledPackage,
    prepared: Vec<Prepared>,
    progress: Progress<'_>,
) -> Result<Judged, PackageError> {
    let package = problem.package();
    let mut results: Vec<Option<Graded>> = prepared.iter().map(|_| None).collect();
    let mut run =
        |wanted: &dyn Fn(&Prepared) -> bool, times: Times, results: &mut [Option<Graded>]| {
            let (indices, programs) = runnable(&prepared, wanted);
            let told = |done, all| progress("judging", done, all);
            let (slots, cancel) = (&mut *verifier.slots, verifier.cancel);
            let ran = problem.run_all(slots, &programs, times, &told, cancel)?;
            for (index, graded) in indices.into_iter().zip(ran) {
                results[index] = Some(of_those_run(graded));
            }
            Ok::<_, PackageError>(())
        };
    let sets_limit = |p: &Prepared| package.time.limit_ms.is_none() && must_pass(&p.expectation);
    let unlimited = Times {
        end_ms: LONGEST_MS,
        limit_ms: None,
    };
    run(&sets_limit, unlimited, &mut results)?;
    let (limit_ms, source) = match package.time.limit_ms {
        Some(given) => (given, LimitSource::Given),
        None => {
            let slowest = slowest_accepted(&prepared, &results).unwrap_or(0.0);
            (package.time.limit_for(slowest), LimitSource::Calibrated)
        }
    };
    let times = Times {
        end_ms: package.time.too_slow_ms(limit_ms),
        limit_ms: Some(limit_ms),
    };
    run(&|p| !sets_limit(p), times, &mut results)?;
    let late = late(problem, &prepared, &results);
    let mut longer: Vec<Option<Graded>> = prepared.iter().map(|_| None).collect();
    let no_limit = Times {
        limit_ms: None,
        ..times
    };
    run(&|p| late.contains(&p.path), no_limit, &mut longer)?;
    let time = TimeLimit {
        limit_ms,
        source,
        slowest_accepted_ms: slowest_accepted(&prepared, &results),
    };
    let notes = notes(&prepared, &results, &time, times.end_ms);
    let submissions = prepared
        .into_iter()
        .zip(results.into_iter().zip(longer))
        .map(|(prepared, graded)| submission(problem, prepared, graded));
    Ok((time, notes, submissions.collect()))
}

fn of_those_run(mut graded: Graded) -> Graded {
    graded.cases.retain(|case| case.verdict != Verdict::Skipped);
    graded
}

/// The paths of submissions that are not as expected, and were slower than the limit without being
/// ended for it: with the time until that, they may be as expected.
fn late(
    problem: &CompiledPackage,
    prepared: &[Prepared],
    results: &[Option<Graded>],
) -> BTreeSet<String> {
    let is_late = |graded: &Graded| {
        let slow = |case: &CaseResult| case.verdict == Verdict::TimeLimit && has_ended(case);
        graded.cases.iter().any(slow)
    };
    let all = prepared.iter().zip(results);
    all.filter(|(prepared, graded)| {
        let late = graded.as_ref().filter(|graded| is_late(graded));
        late.is_some_and(|graded| surprise(problem, &prepared.expectation, graded).is_some())
    })
    .map(|(prepared, _)| prepared.path.clone())
    .collect()
}

/// Whether the program ended by itself.
fn has_ended(case: &CaseResult) -> bool {
    let facts = case.facts.as_ref();
    facts.is_some_and(|facts| facts.limit.is_none())
}

/// Those that can be run and are wanted, with their places.
fn runnable(
    prepared: &[Prepared],
    wanted: &dyn Fn(&Prepared) -> bool,
) -> (Vec<usize>, Vec<(Executable, Extent)>) {
    prepared
        .iter()
        .enumerate()
        .filter(|(_, prepared)| wanted(prepared))
        .filter_map(|(index, prepared)| {
            let executable = prepared.program.as_ref().ok()?;
            let extent = match prepared.expectation.asks_for_cases() {
                true => Extent::All,
                false => Extent::Deciding,
            };
            Some((index, (executable.clone(), extent)))
        })
        .unzip()
}

/// CPU time of the slowest case, in milliseconds, and its place.
fn slowest(results: &[CaseResult]) -> Option<(f64, &CaseResult)> {
    let timed = results
        .iter()
        .filter_map(|case| Some((case.facts.as_ref()?.cpu_ms(), case)));
    timed.max_by(|(a, _), (b, _)| a.total_cmp(b))
}

fn slowest_accepted(prepared: &[Prepared], results: &[Option<Graded>]) -> Option<f64> {
    let times = prepared
        .iter()
        .zip(results)
        .filter(|(prepared, _)| must_pass(&prepared.expectation))
        .filter_map(|(_, graded)| Some(slowest(&graded.as_ref()?.cases)?.0));
    times.max_by(f64::total_cmp)
}

/// Who is so near the limit that another machine might decide otherwise.
fn notes(
    prepared: &[Prepared],
    results: &[Option<Graded>],
    time: &TimeLimit,
    too_slow_ms: u64,
) -> Vec<String> {
    let mut notes = Vec::new();
    if time.slowest_accepted_ms.is_none() && time.source == LimitSource::Calibrated {
        notes.push(
            "no accepted submission was judged: the time limit is the smallest one".to_owned(),
        );
    }
    for (prepared, results) in prepared.iter().zip(results) {
        let cases = results.as_ref().map(|graded| &graded.cases[..]);
        let Some((used_ms, case)) = cases.and_then(slowest) else {
            continue;
        };
        let path = &prepared.path;
        // It ended by itself, later than the limit and before its run was ended.
        if has_ended(case) && case.verdict == Verdict::TimeLimit {
            notes.push(format!(
                "{path} is near the time limit: {used_ms:.0} ms on {}, and with {too_slow_ms} ms it \
                 would not be too slow",
                case.name
            ));
        }
        let must_fail = prepared.expectation.timing == TimingRole::MustFail;
        if must_fail && used_ms <= time.limit_ms as f64 && case.verdict == Verdict::Accepted {
            notes.push(format!(
                "{path} should be too slow, and took only {used_ms:.0} ms"
            ));
        }
    }
    notes
}

fn submission(
    problem: &CompiledPackage,
    prepared: Prepared,
    (graded, longer): (Option<Graded>, Option<Graded>),
) -> SubmissionResult {
    let graded = match (&prepared.program, graded) {
        (Err(reason), _) => of_those_run(problem.refused(reason.clone())),
        (Ok(_), Some(graded)) => graded,
        (Ok(_), None) => of_those_run(problem.refused("it was not run".to_owned())),
    };
    let excused = longer.is_some_and(|g| surprise(problem, &prepared.expectation, &g).is_none());
    let surprise = surprise(problem, &prepared.expectation, &graded).filter(|_| !excused);
    SubmissionResult {
        as_expected: surprise.is_none(),
        surprise,
        expected: prepared.expectation.summary(),
        slowest: slowest(&graded.cases).map(|(ms, case)| (ms, case.name.clone())),
        path: prepared.path,
        verdict: graded.verdict,
        reason: graded.reason,
        score: graded.score,
        groups: graded.groups,
        cases: graded.cases,
    }
}

/// What is not as expected.
fn surprise(
    problem: &CompiledPackage,
    expectation: &Expectation,
    graded: &Graded,
) -> Option<String> {
    let package = problem.package();
    let scoring = package.scoring;
    let seen = expect::Seen {
        verdict: graded.verdict,
        score: graded.score,
        full_score: scoring.and_then(|scoring| scoring.full_score(&package.groups)),
        groups: &graded.groups,
        cases: &graded.cases,
    };
    expect::broken(expectation, &seen)
}
