//! Runs that are so near the time limit that chance decides are repeated alone on this machine, as far
//! as it is ours, and the median decides: what runs at the same time must not change a verdict.

use super::{CaseEnd, CaseResult, CompiledPackage, Entry, Grade, Work};
use crate::judge::verdict::Facts;
use crate::judge::{Cancel, JudgeError, JudgeSlot};

/// How often a run is repeated: the least that has a median beside its extremes.
const TIMES: usize = 3;

/// A run that was repeated.
#[derive(Debug, Clone, PartialEq)]
pub struct Rerun {
    /// Place of the case in judging order.
    pub index: usize,
    /// CPU time of the first run, in milliseconds.
    pub first_ms: f64,
    /// CPU time of those that were alone, the fastest first, in milliseconds. The one in the middle
    /// decided.
    pub alone_ms: Vec<f64>,
}

impl CompiledPackage {
    /// Repeats what is near the limit, counts, and was not repeated yet. Tells whether any grade
    /// changed.
    pub(super) fn repeat_near(
        &self,
        slots: &mut [JudgeSlot],
        work: &mut Work,
        band_percent: u16,
        cancel: &Cancel,
    ) -> Result<bool, JudgeError> {
        let Some(slot) = slots.first_mut() else {
            return Ok(false);
        };
        let cases = self.package.cases.len();
        let mut has_changed = false;
        for task in 0..work.results.len() {
            let (entry, index) = (&work.entries[task / cases], task % cases);
            let Some(Ok(result)) = &work.results[task] else {
                continue;
            };
            let reruns = &mut work.reruns[task / cases];
            let is_done = reruns.iter().any(|rerun| rerun.index == index);
            if is_done || !is_near(result, entry, band_percent) || !self.is_wanted(entry, index) {
                continue;
            }
            let first_ms = cpu_ms(result);
            let before = entry.known()[index];
            let (end, alone_ms) = self.repeat(slot, entry, index, cancel)?;
            work.results[task] = Some(end);
            has_changed |= entry.known()[index] != before;
            reruns.push(Rerun {
                index,
                first_ms,
                alone_ms,
            });
        }
        Ok(has_changed)
    }

    /// Runs a case several times; the median is what it comes to.
    fn repeat(
        &self,
        slot: &mut JudgeSlot,
        entry: &Entry,
        index: usize,
        cancel: &Cancel,
    ) -> Result<(CaseEnd, Vec<f64>), JudgeError> {
        let mut runs: Vec<(CaseResult, Grade)> = Vec::with_capacity(TIMES);
        for _ in 0..TIMES {
            match self.run(slot, entry, index, cancel) {
                Ok(run) => runs.push(run),
                Err(error) if error.is_of_the_problem() => {
                    entry.known()[index] = None;
                    return Ok((Err(error), Vec::new()));
                }
                Err(error) => return Err(error),
            }
        }
        runs.sort_by(|(a, _), (b, _)| cpu_ms(a).total_cmp(&cpu_ms(b)));
        let alone_ms = runs.iter().map(|(result, _)| cpu_ms(result)).collect();
        let (median, grade) = runs.swap_remove(TIMES / 2);
        entry.known()[index] = Some(grade);
        Ok((Ok(median), alone_ms))
    }
}

fn cpu_ms(result: &CaseResult) -> f64 {
    result.facts.as_ref().map_or(0.0, Facts::cpu_ms)
}

fn is_near(result: &CaseResult, entry: &Entry, band_percent: u16) -> bool {
    let is_within = |limit_ms: u64| {
        let band_ms = limit_ms as f64 * f64::from(band_percent) / 100.0;
        (cpu_ms(result) - limit_ms as f64).abs() < band_ms
    };
    entry.limit_ms.is_some_and(is_within)
}
