//! Running submissions on all cases, with a verdict that does not depend on what ran when.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::programs::{Checks, PROCESSES, Prepared};
use super::{Progress, Verifier, VerifyError, crew};
use crate::judge::verdict::{CaseResult, Facts, Verdict};
use crate::judge::{Executable, Runnable};
use crate::problem::Limits;
use crate::problem::package::Package;

/// How much of standard error is kept of each run, in bytes.
const STDERR_BYTES: u64 = 4 << 10;
/// Time on the clock: so many times the CPU time, and this much more in milliseconds. It is ample, for
/// a machine that is busy with other things must not make a program too slow.
const WALL_FACTOR: u64 = 4;
const WALL_MARGIN_MS: u64 = 5000;

/// CPU time that a run may use, and beyond which it is too slow; in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// Where a run is ended.
    pub end_ms: u64,
    /// What decides the verdict; `None` as long as that is not known.
    pub limit_ms: Option<u64>,
}

/// Case results of one submission, in order, up to the first failing one.
pub(super) type Results = Vec<CaseResult>;

/// Runs programs on all cases.
pub(super) fn all(
    verifier: &mut Verifier<'_>,
    package: &Package,
    checks: &Checks<'_>,
    programs: &[(&Prepared, &Executable)],
    times: Times,
    progress: Progress<'_>,
) -> Result<Vec<Results>, VerifyError> {
    let limits = limits(package, times.end_ms);
    let entries: Vec<Entry> = programs
        .iter()
        .map(|(_, executable)| Entry {
            runnable: executable.under(&limits, STDERR_BYTES),
            limit_ms: times.limit_ms.map(|ms| scaled(executable, package, ms)),
            first_failed: AtomicUsize::new(usize::MAX),
        })
        .collect();
    let cases = &package.cases;
    let count = entries.len() * cases.len();
    let cancel = verifier.cancel;
    let results = crew::each(verifier.slots, count, |slot, task| {
        progress("judging", task + 1, count);
        let (entry, index) = (&entries[task / cases.len()], task % cases.len());
        // Only what comes after a failure is left out, so the first failure is always found.
        if entry.first_failed.load(Ordering::Acquire) < index {
            return Ok(None);
        }
        let case = (index, &cases[index]);
        let result = checks.run(slot, &entry.runnable, case, entry.limit_ms, cancel)?;
        if result.verdict != Verdict::Accepted {
            entry.first_failed.fetch_min(index, Ordering::AcqRel);
        }
        Ok(Some(result))
    })?;
    Ok(results
        .chunks(cases.len())
        .map(up_to_first_failure)
        .collect())
}

struct Entry {
    runnable: Runnable,
    limit_ms: Option<u64>,
    /// Index of the first case that is known to fail.
    first_failed: AtomicUsize,
}

fn limits(package: &Package, cpu_ms: u64) -> Limits {
    Limits {
        cpu_ms,
        wall_ms: cpu_ms
            .saturating_mul(WALL_FACTOR)
            .saturating_add(WALL_MARGIN_MS),
        memory_bytes: package.limits.memory_bytes,
        output_bytes: package.limits.output_bytes,
        processes: PROCESSES,
    }
}

/// A time limit times the factor of the program's language.
pub(super) fn scaled(executable: &Executable, package: &Package, limit_ms: u64) -> u64 {
    executable.limits(&limits(package, limit_ms)).cpu_ms
}

/// What ran beyond the first failure, because another slot was faster, does not count.
fn up_to_first_failure(results: &[Option<CaseResult>]) -> Results {
    let is_failure = |result: &Option<CaseResult>| {
        let result = result.as_ref();
        result.is_none_or(|result| result.verdict != Verdict::Accepted)
    };
    let first = results.iter().position(is_failure);
    let kept = first.map_or(results, |first| &results[..=first]);
    kept.iter().flatten().cloned().collect()
}

/// CPU time in milliseconds.
pub(super) fn cpu_ms(facts: &Facts) -> f64 {
    facts.cpu_ns as f64 / 1e6
}

/// The result under a lower limit than that at which it ran.
pub(super) fn at_limit(mut result: CaseResult, limit_ms: Option<u64>) -> CaseResult {
    let used_ms = result.facts.as_ref().map_or(0.0, cpu_ms);
    if let Some(limit_ms) = limit_ms
        && used_ms > limit_ms as f64
        && result.verdict != Verdict::TimeLimit
    {
        result.reason = format!(
            "used {used_ms:.0} ms of CPU time; the limit is {limit_ms} ms; with more time: {}",
            result.reason
        );
        result.verdict = Verdict::TimeLimit;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(verdict: Verdict, cpu_ms: u64) -> CaseResult {
        CaseResult {
            ordinal: 0,
            name: String::new(),
            verdict,
            reason: "why".to_owned(),
            facts: Some(Facts {
                cpu_ns: cpu_ms * 1_000_000,
                ..Facts::default()
            }),
            checker_message: None,
            stdout_prefix: Vec::new(),
            stderr_prefix: Vec::new(),
        }
    }

    #[test]
    fn a_run_that_used_more_than_the_limit_is_too_slow_whatever_came_of_it() {
        for verdict in [
            Verdict::Accepted,
            Verdict::WrongAnswer,
            Verdict::RuntimeError,
        ] {
            assert_eq!(at_limit(result(verdict, 1000), Some(1000)).verdict, verdict);
            let slow = at_limit(result(verdict, 1001), Some(1000));
            assert_eq!(slow.verdict, Verdict::TimeLimit);
            assert!(
                slow.reason.ends_with("with more time: why"),
                "{}",
                slow.reason
            );
            assert_eq!(at_limit(result(verdict, 1001), None).verdict, verdict);
        }
    }

    #[test]
    fn what_ran_after_the_first_failure_does_not_count() {
        let run = |verdicts: &[Option<Verdict>]| {
            let results = verdicts.iter().map(|v| v.map(|verdict| result(verdict, 0)));
            let kept = up_to_first_failure(&results.collect::<Vec<_>>());
            kept.iter().map(|result| result.verdict).collect::<Vec<_>>()
        };
        use Verdict::*;
        let (ac, wa, tle) = (Some(Accepted), Some(WrongAnswer), Some(TimeLimit));
        assert_eq!(run(&[ac, wa, tle]), [Accepted, WrongAnswer]);
        assert_eq!(run(&[ac, wa, None, tle]), [Accepted, WrongAnswer]);
        assert_eq!(run(&[ac, ac]), [Accepted, Accepted]);
    }
}
