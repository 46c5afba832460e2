//! How far submissions are from the time limit: another machine might decide otherwise about who is
//! near it.

use super::{LimitSource, SubmissionResult, TimeLimit};
use crate::judge::verdict::{CaseResult, Verdict};
use crate::sandbox::Limit;

/// Within this part of the limit, a run is near it.
const NEAR: f64 = 0.1;
/// From here on a margin is ample: twice as fast as it must be, or as slow.
const AMPLE: f64 = 2.0;

/// How far the slowest run of a submission is from the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Margin {
    /// It is at least twice as fast as it must be, or twice as slow.
    Ample,
    /// It is not.
    Narrow,
    /// It is within a tenth of the limit.
    Near,
}

impl Margin {
    /// The margin of a run that took so many milliseconds.
    pub(super) fn of(used_ms: f64, limit_ms: u64) -> Margin {
        let ratio = used_ms / limit_ms as f64;
        match ratio {
            _ if (ratio - 1.0).abs() <= NEAR => Margin::Near,
            _ if ratio > 1.0 / AMPLE && ratio < AMPLE => Margin::Narrow,
            _ => Margin::Ample,
        }
    }
}

/// Whether the run was not ended at the limit, but used more time than it: with more time it comes to
/// something else.
pub(super) fn is_slow_only(case: &CaseResult) -> bool {
    let limit = case.facts.as_ref().and_then(|facts| facts.limit);
    case.verdict == Verdict::TimeLimit && limit != Some(Limit::Cpu)
}

/// Whether the verdict, or the score where there are points, depends on whether the limit decides or
/// the higher one at which cases were run.
pub(super) fn is_sensitive(result: &SubmissionResult) -> bool {
    let mut failing = result.failing_cases();
    match result.score.is_some() {
        true => failing.any(is_slow_only),
        false => failing.next().is_some_and(is_slow_only),
    }
}

/// Who should be looked at for the time that was used.
pub(super) fn notes(
    submissions: &[SubmissionResult],
    must_fail: &[bool],
    time: &TimeLimit,
    too_slow_ms: u64,
) -> Vec<String> {
    let mut notes = Vec::new();
    if time.slowest_accepted_ms.is_none() && time.source == LimitSource::Calibrated {
        notes.push(
            "no accepted submission was judged: the time limit is the smallest one".to_owned(),
        );
    }
    for (result, must_fail) in submissions.iter().zip(must_fail) {
        let path = &result.path;
        notes.extend(result.reruns.iter().map(|(case, rerun)| {
            let [first, last] = [rerun.alone_ms.first(), rerun.alone_ms.last()];
            let [first, last] = [first, last].map(|ms| ms.copied().unwrap_or_default());
            format!(
                "{path} was repeated alone on {case}, where it took {:.0} ms: {first:.0} to {last:.0} ms",
                rerun.first_ms
            )
        }));
        if let Some(case) = result.failing_cases().find(|case| is_slow_only(case))
            && result.is_sensitive
        {
            let used_ms = case.facts.as_ref().map_or(0.0, |facts| facts.cpu_ms());
            notes.push(format!(
                "{path} is near the time limit: {used_ms:.0} ms on {}, and with {too_slow_ms} ms it \
                 would not be too slow",
                case.name
            ));
        }
        if let Some((used_ms, _)) = result.slowest
            && *must_fail
            && used_ms <= result.limit_ms as f64
            && result.verdict == Verdict::Accepted
        {
            notes.push(format!(
                "{path} should be too slow, and took only {used_ms:.0} ms"
            ));
        }
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_margin_is_near_within_a_tenth_and_ample_from_twice_on() {
        for (used_ms, margin) in [
            (0.0, Margin::Ample),
            (500.0, Margin::Ample),
            (501.0, Margin::Narrow),
            (899.0, Margin::Narrow),
            (901.0, Margin::Near),
            (1099.0, Margin::Near),
            (1101.0, Margin::Narrow),
            (1999.0, Margin::Narrow),
            (2000.0, Margin::Ample),
        ] {
            assert_eq!(Margin::of(used_ms, 1000), margin, "{used_ms}");
        }
    }
}
