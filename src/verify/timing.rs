//! The time limit, and judging by it. Accepted submissions run first where the limit follows from
//! them; the rest runs once, at a limit that is higher by the safety margin, and is judged by the
//! time that it used: so it shows who is near the limit.

use std::collections::BTreeSet;

use super::programs::Prepared;
use super::{Margin, Progress, SubmissionResult, Verifier, expect, margin};
use crate::judge::package::{CompiledPackage, Entrant, Extent, Graded, PackageError, Times};
use crate::judge::verdict::{CaseResult, Verdict};
use crate::problem::package::{Expectation, Format};

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
    let extent = verifier.extent;
    let mut results: Vec<Option<Graded>> = prepared.iter().map(|_| None).collect();
    let mut run =
        |wanted: &dyn Fn(&Prepared) -> bool, times: Times, results: &mut [Option<Graded>]| {
            let (indices, programs) = runnable(&prepared, wanted, extent);
            let told = |done, all| progress("judging", done, all);
            let (slots, cancel) = (&mut *verifier.slots, verifier.cancel);
            let ran = problem.run_all(slots, &programs, times, &told, cancel)?;
            for (index, graded) in indices.into_iter().zip(ran) {
                results[index] = Some(of_those_run(graded));
            }
            Ok::<_, PackageError>(())
        };
    let sets_limit = |p: &Prepared| package.time.limit_ms.is_none() && p.expectation.must_pass();
    let unlimited = Times {
        end_ms: LONGEST_MS,
        limit_ms: None,
        band_percent: 0,
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
        band_percent: verifier.band_percent,
    };
    // What must be in time on some cases and too slow on others sets the limit and is judged by it.
    let is_judged = |p: &Prepared| !sets_limit(p) || p.expectation.must_fail();
    let slowest_accepted_ms = slowest_accepted(&prepared, &results);
    run(&is_judged, times, &mut results)?;
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
        slowest_accepted_ms: slowest_accepted_ms.or_else(|| slowest_accepted(&prepared, &results)),
    };
    let must_fail: Vec<bool> = prepared.iter().map(|p| p.expectation.must_fail()).collect();
    let submissions: Vec<SubmissionResult> = prepared
        .into_iter()
        .zip(results.into_iter().zip(longer))
        .map(|(prepared, graded)| submission(problem, prepared, graded, limit_ms))
        .collect();
    let mut notes = margin::notes(&submissions, &must_fail, &time, times.end_ms);
    let least_ms = time.slowest_accepted_ms.unwrap_or(0.0) * package.time.accepted_to_limit;
    if package.format == Format::V2025 && source == LimitSource::Given && least_ms > limit_ms as f64
    {
        notes.push(format!(
            "the time limit should be {least_ms:.0} ms at least, by ac_to_time_limit and the slowest \
             that must pass"
        ));
    }
    Ok((time, notes, submissions))
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
    extent: Extent,
) -> (Vec<usize>, Vec<(Entrant, Extent)>) {
    prepared
        .iter()
        .enumerate()
        .filter(|(_, prepared)| wanted(prepared))
        .filter_map(|(index, prepared)| {
            let entrant = prepared.program.as_ref().ok()?;
            let extent = match prepared.expectation.asks_for_cases() {
                true => Extent::All,
                false => extent,
            };
            Some((index, (entrant.clone(), extent)))
        })
        .unzip()
}

fn cpu_ms(case: &CaseResult) -> Option<f64> {
    Some(case.facts.as_ref()?.cpu_ms())
}

/// CPU time of the slowest case, in milliseconds, and its place.
fn slowest(results: &[CaseResult]) -> Option<(f64, &CaseResult)> {
    let timed = results
        .iter()
        .filter_map(|case| Some((cpu_ms(case)?, case)));
    timed.max_by(|(a, _), (b, _)| a.total_cmp(b))
}

fn slowest_accepted(prepared: &[Prepared], results: &[Option<Graded>]) -> Option<f64> {
    let times = prepared
        .iter()
        .zip(results)
        .filter_map(|(prepared, graded)| {
            let cases = graded.as_ref()?.cases.iter();
            let counts = |case: &&CaseResult| prepared.expectation.must_pass_on(&case.name);
            let times = cases.filter(counts).filter_map(cpu_ms);
            times.max_by(f64::total_cmp)
        });
    times.max_by(f64::total_cmp)
}

fn submission(
    problem: &CompiledPackage,
    prepared: Prepared,
    (graded, longer): (Option<Graded>, Option<Graded>),
    limit_ms: u64,
) -> SubmissionResult {
    let limit_ms = match &prepared.program {
        Ok(program) => problem.scaled_ms(program, limit_ms),
        Err(_) => limit_ms,
    };
    let mut graded = match (&prepared.program, graded) {
        (Err(reason), _) => problem.refused(reason.clone()),
        (Ok(_), Some(graded)) => graded,
        (Ok(_), None) => problem.refused("it was not run".to_owned()),
    };
    let reruns = std::mem::take(&mut graded.reruns).into_iter();
    let cases = &problem.package().cases;
    let reruns = reruns.map(|rerun| (cases[rerun.index].name.clone(), rerun));
    let reruns = reruns.collect();
    let graded = of_those_run(graded);
    let excused = longer
        .is_some_and(|g| surprise(problem, &prepared.expectation, &of_those_run(g)).is_none());
    let surprise = surprise(problem, &prepared.expectation, &graded).filter(|_| !excused);
    let slowest = slowest(&graded.cases).map(|(ms, case)| (ms, case.name.clone()));
    let mut result = SubmissionResult {
        as_expected: surprise.is_none(),
        surprise,
        expected: prepared.expectation.summary(),
        limit_ms,
        margin: slowest.as_ref().map(|(ms, _)| Margin::of(*ms, limit_ms)),
        is_sensitive: false,
        slowest,
        path: prepared.path,
        verdict: graded.verdict,
        reason: graded.reason,
        score: graded.score,
        groups: graded.groups,
        cases: graded.cases,
        reruns,
    };
    result.is_sensitive = margin::is_sensitive(&result);
    result
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
