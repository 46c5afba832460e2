//! Runs that are so near the time limit that chance decides are repeated alone on this machine, as far
//! as it is ours, and the median decides: what runs at the same time must not change a verdict.

use super::board::{Board, Entry, Ran, Stage};
use super::{CaseResult, CompiledPackage, Entrant, Times};
use crate::judge::crew::Crew;
use crate::judge::verdict::Facts;
use crate::judge::{Cancel, CaseRun, JudgeError};

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
        crew: &Crew<'_>,
        board: &mut Board<'_>,
        cancel: &Cancel,
    ) -> Result<bool, JudgeError> {
        let mut has_changed = false;
        for entry in board.entries() {
            let (Stage::Ready(entrant), Some(times)) = (&entry.stage, entry.times) else {
                continue;
            };
            let program = (&entrant.clone(), times);
            for case in 0..entry.known.len() {
                let Some(first_ms) = self.near_ms(entry, program, case) else {
                    continue;
                };
                let before = entry.known[case];
                let (ran, alone_ms) = self.repeat(crew, program, case, cancel)?;
                has_changed |= ran.grade != before;
                entry.note(&self.package.groups, case, ran);
                entry.reruns.push(Rerun {
                    index: case,
                    first_ms,
                    alone_ms,
                });
            }
        }
        Ok(has_changed)
    }

    /// The CPU time of a run that has to be repeated.
    fn near_ms(
        &self,
        entry: &Entry<'_>,
        (entrant, times): (&Entrant, Times),
        case: usize,
    ) -> Option<f64> {
        let limit_ms = self.scaled(entrant, times).limit_ms?;
        let result = entry.results[case].as_ref()?.as_ref().ok()?;
        let is_done = entry.reruns.iter().any(|rerun| rerun.index == case);
        let is_due = !is_done && entry.is_wanted(case);
        let used_ms = cpu_ms(result);
        (is_due && is_near(used_ms, limit_ms, times.band_percent)).then_some(used_ms)
    }

    /// Runs a case several times; the median is what it comes to.
    fn repeat(
        &self,
        crew: &Crew<'_>,
        program: (&Entrant, Times),
        case: usize,
        cancel: &Cancel,
    ) -> Result<(Ran, Vec<f64>), JudgeError> {
        let mut slot = crew.only_slot();
        let (entrant, times) = program;
        let limit_ms = self.scaled(entrant, times).limit_ms;
        let mut runs: Vec<CaseRun> = Vec::with_capacity(TIMES);
        for _ in 0..TIMES {
            match self.run(&mut slot, entrant, (case, times), cancel) {
                Ok(run) => runs.push(run),
                Err(error) if error.is_of_the_problem() => {
                    return Ok((Ran::failed(error), Vec::new()));
                }
                Err(error) => return Err(error),
            }
        }
        runs.sort_by(|a, b| cpu_ms(&a.result).total_cmp(&cpu_ms(&b.result)));
        let alone_ms = runs.iter().map(|run| cpu_ms(&run.result)).collect();
        let ran = self.judged(case, runs.swap_remove(TIMES / 2), limit_ms);
        Ok((ran, alone_ms))
    }
}

fn cpu_ms(result: &CaseResult) -> f64 {
    result.facts.as_ref().map_or(0.0, Facts::cpu_ms)
}

/// Whether a run is so near the limit that chance decides.
fn is_near(used_ms: f64, limit_ms: u64, band_percent: u16) -> bool {
    let band_ms = limit_ms as f64 * f64::from(band_percent) / 100.0;
    (used_ms - limit_ms as f64).abs() < band_ms
}
