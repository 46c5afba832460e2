//! The time limit, and judging by it. Accepted submissions run first where the limit follows from
//! them; the rest runs once, at a limit that is higher by the safety margin, and is judged by the
//! time that it used: so it shows who is near the limit.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::programs::Entrant;
use super::{Margin, Skipped, SubmissionResult, Work, expect, margin};
use crate::judge::package::{Candidate, CompiledPackage, Graded, PackageError, Times, Timing};
use crate::judge::verdict::{CaseResult, Verdict};
use crate::problem::package::Expectation;

/// What an accepted submission gets while the limit is not known.
const UNLIMITED: Times = Times {
    end_ms: 60_000,
    limit_ms: None,
    band_percent: 0,
};

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

type Judged = (TimeLimit, Vec<String>, Vec<SubmissionResult>, Vec<Skipped>);

/// What came of a submission; the error says why it cannot be judged here.
type End = Result<Graded, String>;

/// Finds the limit and judges all submissions by it.
pub(super) fn judge(
    work: &Work<'_, '_>,
    problem: &CompiledPackage,
    entrants: &[Entrant<'_>],
) -> Result<Judged, PackageError> {
    let rule = &problem.package().time;
    let run = |candidates: &[Candidate], timing: Timing<'_>| {
        let told = |done, all| (work.progress)("judging", done, all);
        let parts = (work.judge, &work.crew);
        let ends = problem.run_all(parts, candidates, timing, &told, work.cancel)?;
        Ok::<Vec<End>, PackageError>(ends.into_iter().map(|end| end.map(of_those_run)).collect())
    };
    let times = |limit_ms| Times {
        end_ms: rule.too_slow_ms(limit_ms),
        limit_ms: Some(limit_ms),
        band_percent: work.band_percent,
    };
    let timing = match rule.limit_ms {
        Some(given) => Timing::Given(times(given)),
        None => Timing::Calibrated {
            first: UNLIMITED,
            then: &|slowest_ms| times(rule.limit_for(slowest_ms)),
        },
    };
    let (keys, candidates) = remembering(work, problem, entrants);
    let ends = run(&candidates, timing)?;
    let recalled: Vec<usize> = candidates.iter().map(recalled).collect();
    let slowest_accepted_ms = slowest_accepted(entrants, &ends);
    let time = match rule.limit_ms {
        Some(limit_ms) => TimeLimit {
            limit_ms,
            source: LimitSource::Given,
            slowest_accepted_ms,
        },
        None => TimeLimit {
            limit_ms: rule.limit_for(slowest_accepted_ms.unwrap_or(0.0)),
            source: LimitSource::Calibrated,
            slowest_accepted_ms,
        },
    };
    let times = times(time.limit_ms);
    let late = late(problem, entrants, &ends);
    let of_late: Vec<Candidate> = late
        .iter()
        .map(|&place| candidates[place].clone())
        .collect();
    let no_limit = Times {
        limit_ms: None,
        ..times
    };
    let longer = run(&of_late, Timing::Given(no_limit))?;
    drop(of_late);
    remember(work, &keys, candidates);
    let mut longer: BTreeMap<usize, End> = late.into_iter().zip(longer).collect();
    let (mut submissions, mut skipped, mut roles) = (Vec::new(), Vec::new(), Vec::new());
    for (place, (entrant, end)) in entrants.iter().zip(ends).enumerate() {
        match end {
            Ok(graded) => {
                let longer = longer.remove(&place).and_then(Result::ok);
                let graded = (graded, longer);
                let limit_ms = work.limit_ms(problem, entrant, time.limit_ms);
                submissions.push(SubmissionResult {
                    cached: recalled[place],
                    ..submission(problem, entrant, graded, limit_ms)
                });
                roles.push(entrant.expectation().timing);
            }
            Err(reason) => skipped.push(Skipped {
                path: entrant.submission.path.clone(),
                reason,
            }),
        }
    }
    let notes = margin::notes(&submissions, &roles, &time, times.end_ms);
    Ok((time, notes, submissions, skipped))
}

/// The candidates with what is known of them, and under which keys.
fn remembering(
    work: &Work<'_, '_>,
    problem: &CompiledPackage,
    entrants: &[Entrant<'_>],
) -> (Vec<String>, Vec<Candidate>) {
    let of_entrant = |entrant: &Entrant<'_>| {
        let files = &entrant.submission.files.files[..];
        let key = problem.key_of_submission(work.judge, (&entrant.language, files));
        let candidate = Candidate {
            known: Some(Arc::new(work.cache.load(&key))),
            ..entrant.candidate.clone()
        };
        (key, candidate)
    };
    entrants.iter().map(of_entrant).unzip()
}

fn recalled(candidate: &Candidate) -> usize {
    candidate.known.as_ref().map_or(0, |known| known.recalled())
}

fn remember(work: &Work<'_, '_>, keys: &[String], candidates: Vec<Candidate>) {
    for (key, candidate) in keys.iter().zip(candidates) {
        if let Some(known) = candidate.known.and_then(Arc::into_inner) {
            work.cache.save(key, known);
        }
    }
}

fn of_those_run(mut graded: Graded) -> Graded {
    graded.cases.retain(|case| case.verdict != Verdict::Skipped);
    graded
}

/// The places of submissions that are not as expected, and were slower than the limit without being
/// ended for it: with the time until that, they may be as expected.
fn late(problem: &CompiledPackage, entrants: &[Entrant<'_>], ends: &[End]) -> Vec<usize> {
    let is_late = |graded: &&Graded| {
        let slow = |case: &CaseResult| case.verdict == Verdict::TimeLimit && has_ended(case);
        graded.cases.iter().any(slow)
    };
    let may_be_excused = |&place: &usize| {
        let late = ends[place].as_ref().ok().filter(is_late);
        late.is_some_and(|graded| {
            surprise(problem, entrants[place].expectation(), graded).is_some()
        })
    };
    (0..entrants.len()).filter(may_be_excused).collect()
}

/// Whether the program ended by itself.
fn has_ended(case: &CaseResult) -> bool {
    let facts = case.facts.as_ref();
    facts.is_some_and(|facts| facts.limit.is_none())
}

/// CPU time of the slowest case, in milliseconds, and its place.
fn slowest(results: &[CaseResult]) -> Option<(f64, &CaseResult)> {
    let timed = results
        .iter()
        .filter_map(|case| Some((case.facts.as_ref()?.cpu_ms(), case)));
    timed.max_by(|(a, _), (b, _)| a.total_cmp(b))
}

fn slowest_accepted(entrants: &[Entrant<'_>], ends: &[End]) -> Option<f64> {
    let times = entrants
        .iter()
        .zip(ends)
        .filter(|(entrant, _)| entrant.must_pass())
        .filter_map(|(_, end)| Some(slowest(&end.as_ref().ok()?.cases)?.0));
    times.max_by(f64::total_cmp)
}

fn submission(
    problem: &CompiledPackage,
    entrant: &Entrant<'_>,
    (mut graded, longer): (Graded, Option<Graded>),
    limit_ms: u64,
) -> SubmissionResult {
    let reruns = std::mem::take(&mut graded.reruns).into_iter();
    let cases = &problem.package().cases;
    let reruns = reruns.map(|rerun| (cases[rerun.index].name.clone(), rerun));
    let reruns = reruns.collect();
    let expectation = entrant.expectation();
    let excused = longer.is_some_and(|longer| surprise(problem, expectation, &longer).is_none());
    let surprise = surprise(problem, expectation, &graded).filter(|_| !excused);
    let slowest = slowest(&graded.cases).map(|(ms, case)| (ms, case.name.clone()));
    let mut result = SubmissionResult {
        as_expected: surprise.is_none(),
        surprise,
        expected: expectation.summary(),
        limit_ms,
        margin: slowest.as_ref().map(|(ms, _)| Margin::of(*ms, limit_ms)),
        is_sensitive: false,
        slowest,
        path: entrant.submission.path.clone(),
        verdict: graded.verdict,
        reason: graded.reason,
        score: graded.score,
        groups: graded.groups,
        cases: graded.cases,
        reruns,
        cached: 0,
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
