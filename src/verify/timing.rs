//! The time limit, and judging by it. Accepted submissions run first where the limit follows from
//! them; the rest runs once, at a limit that is higher by the safety margin, and is judged by the
//! time that it used: so it shows who is near the limit.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::programs::Submitted;
use super::{Margin, Skipped, SubmissionResult, Work, expect, margin};
use crate::judge::package::{
    Candidate, CompiledPackage, Fact, Graded, Known, PackageError, Times, Timing,
};
use crate::judge::verdict::{CaseResult, Verdict};
use crate::problem::package::{Expectation, Format, TimeRule};

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
    fn by(rule: &TimeRule, slowest_accepted_ms: Option<f64>) -> Self {
        let (limit_ms, source) = match rule.limit_ms {
            Some(limit_ms) => (limit_ms, LimitSource::Given),
            None => {
                let slowest_ms = slowest_accepted_ms.unwrap_or(0.0);
                (rule.limit_for(slowest_ms), LimitSource::Calibrated)
            }
        };
        TimeLimit {
            limit_ms,
            source,
            slowest_accepted_ms,
        }
    }

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
    all: &[Submitted<'_>],
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
    let remembered = Remembered::of(work, problem, all);
    let candidates = remembered.candidates(all);
    let (mut asked, setting) = setting_limit(problem, all, candidates.clone());
    asked.extend(setting.iter().map(|(_, candidate)| candidate.clone()));
    let mut ends = run(&asked, timing)?;
    let of_setting: Vec<End> = ends.split_off(all.len());
    let recalled: Vec<usize> = remembered.known.iter().map(|k| k.recalled()).collect();
    // What set the limit may have been judged by it, too.
    let before = setting.iter().map(|(place, _)| *place).zip(&of_setting);
    let before: BTreeMap<usize, &End> = before.collect();
    let slowest_accepted_ms = slowest_accepted(
        all.iter()
            .zip(&ends)
            .enumerate()
            .map(|(place, (submitted, end))| {
                (submitted, before.get(&place).copied().unwrap_or(end))
            }),
    );
    let time = TimeLimit::by(rule, slowest_accepted_ms);
    let times = times(time.limit_ms);
    let late = late(problem, all, &ends);
    let of_late: Vec<Candidate> = late
        .iter()
        .map(|&place| candidates[place].clone())
        .collect();
    let no_limit = Times {
        limit_ms: None,
        ..times
    };
    let longer = run(&of_late, Timing::Given(no_limit))?;
    drop((of_late, candidates, asked, setting));
    remembered.keep(work);
    let mut longer: BTreeMap<usize, End> = late.into_iter().zip(longer).collect();
    let told = all.iter().zip(ends).zip(recalled).enumerate();
    let told = told.map(|(place, ((submitted, end), cached))| Told {
        submitted,
        end,
        longer: longer.remove(&place).and_then(Result::ok),
        limit_ms: work.limit_ms(problem, submitted, time.limit_ms),
        cached,
    });
    let (submissions, must_fail, skipped) = results(problem, told);
    let mut notes = margin::notes(&submissions, &must_fail, &time, times.end_ms);
    notes.extend(too_low(problem, &time));
    Ok((time, notes, submissions, skipped))
}

/// What is known of a submission in the end.
struct Told<'a> {
    submitted: &'a Submitted<'a>,
    end: End,
    /// With the higher limit, where that was tried.
    longer: Option<Graded>,
    limit_ms: u64,
    /// Runs that were known from earlier.
    cached: usize,
}

/// The results of those that were judged, whether each must fail, and the others.
fn results<'a>(
    problem: &CompiledPackage,
    told: impl Iterator<Item = Told<'a>>,
) -> (Vec<SubmissionResult>, Vec<bool>, Vec<Skipped>) {
    let (mut submissions, mut must_fail, mut skipped) = (Vec::new(), Vec::new(), Vec::new());
    for of in told {
        let path = &of.submitted.submission.path;
        match of.end {
            Ok(graded) => {
                let graded = (graded, of.longer);
                submissions.push(SubmissionResult {
                    cached: of.cached,
                    ..submission(problem, of.submitted, graded, of.limit_ms)
                });
                must_fail.push(of.submitted.expectation().must_fail());
            }
            Err(reason) => skipped.push(Skipped {
                path: path.clone(),
                reason,
            }),
        }
    }
    (submissions, must_fail, skipped)
}

/// Where the time limit is lower than the package's own rule would have it.
fn too_low(problem: &CompiledPackage, time: &TimeLimit) -> Option<String> {
    let package = problem.package();
    let least_ms = time.slowest_accepted_ms.unwrap_or(0.0) * package.time.accepted_to_limit;
    let is_given = package.format == Format::V2025 && time.source == LimitSource::Given;
    (is_given && least_ms > time.limit_ms as f64).then(|| {
        format!(
            "the time limit should be {least_ms:.0} ms at least, by ac_to_time_limit and the slowest \
             that must pass"
        )
    })
}

/// Has those set the limit from which it follows. What must be in time on some cases and too slow on others
/// sets it and is judged by it: that comes beside the others, with its place.
fn setting_limit(
    problem: &CompiledPackage,
    all: &[Submitted<'_>],
    mut candidates: Vec<Candidate>,
) -> (Vec<Candidate>, Vec<(usize, Candidate)>) {
    let package = problem.package();
    let mut beside = Vec::new();
    if package.time.limit_ms.is_some() {
        return (candidates, beside);
    }
    for (place, (submitted, candidate)) in all.iter().zip(&mut candidates).enumerate() {
        let expectation = submitted.expectation();
        if !expectation.must_pass() {
            continue;
        }
        let cases = package.cases.iter();
        let sets_limit = cases.map(|case| expectation.must_pass_on(&case.name));
        let setting = Candidate {
            sets_limit: Some(sets_limit.collect()),
            ..candidate.clone()
        };
        match expectation.must_fail() {
            true => beside.push((place, setting)),
            false => *candidate = setting,
        }
    }
    (candidates, beside)
}

/// What is known of submissions, and under which keys.
struct Remembered {
    keys: Vec<String>,
    known: Vec<Arc<Known<Fact>>>,
}

impl Remembered {
    fn of(work: &Work<'_, '_>, problem: &CompiledPackage, all: &[Submitted<'_>]) -> Self {
        let key = |submitted: &Submitted<'_>| {
            let files = &submitted.submission.files.files[..];
            problem.key_of_submission(work.judge, (&submitted.language, files))
        };
        let keys: Vec<String> = all.iter().map(key).collect();
        let known = keys.iter().map(|key| Arc::new(work.cache.load(key)));
        Remembered {
            known: known.collect(),
            keys,
        }
    }

    fn candidates(&self, all: &[Submitted<'_>]) -> Vec<Candidate> {
        let candidate = |(submitted, known): (&Submitted<'_>, &Arc<Known<Fact>>)| Candidate {
            known: Some(Arc::clone(known)),
            ..submitted.candidate.clone()
        };
        all.iter().zip(&self.known).map(candidate).collect()
    }

    fn keep(self, work: &Work<'_, '_>) {
        for (key, known) in self.keys.iter().zip(self.known) {
            if let Some(known) = Arc::into_inner(known) {
                work.cache.save(key, known);
            }
        }
    }
}

fn of_those_run(mut graded: Graded) -> Graded {
    graded.cases.retain(|case| case.verdict != Verdict::Skipped);
    graded
}

/// The places of submissions that are not as expected, and were slower than the limit without being
/// ended for it: with the time until that, they may be as expected.
fn late(problem: &CompiledPackage, all: &[Submitted<'_>], ends: &[End]) -> Vec<usize> {
    let is_late = |graded: &&Graded| {
        let slow = |case: &CaseResult| case.verdict == Verdict::TimeLimit && has_ended(case);
        graded.cases.iter().any(slow)
    };
    let may_be_excused = |&place: &usize| {
        let late = ends[place].as_ref().ok().filter(is_late);
        late.is_some_and(|graded| surprise(problem, all[place].expectation(), graded).is_some())
    };
    (0..all.len()).filter(may_be_excused).collect()
}

/// Whether the program ended by itself.
fn has_ended(case: &CaseResult) -> bool {
    let facts = case.facts.as_ref();
    facts.is_some_and(|facts| facts.limit.is_none())
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

fn slowest_accepted<'a>(ends: impl Iterator<Item = (&'a Submitted<'a>, &'a End)>) -> Option<f64> {
    let times = ends.filter_map(|(submitted, end)| {
        let expectation = submitted.expectation();
        let cases = end.as_ref().ok()?.cases.iter();
        let cases = cases.filter(|case| expectation.must_pass_on(&case.name));
        cases.filter_map(cpu_ms).max_by(f64::total_cmp)
    });
    times.max_by(f64::total_cmp)
}

fn submission(
    problem: &CompiledPackage,
    submitted: &Submitted<'_>,
    (mut graded, longer): (Graded, Option<Graded>),
    limit_ms: u64,
) -> SubmissionResult {
    let reruns = std::mem::take(&mut graded.reruns).into_iter();
    let cases = &problem.package().cases;
    let reruns = reruns.map(|rerun| (cases[rerun.index].name.clone(), rerun));
    let reruns = reruns.collect();
    let expectation = submitted.expectation();
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
        path: submitted.submission.path.clone(),
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
