//! Judging by a problem package: its programs are compiled once, and then any slot of this machine
//! runs submissions on its cases.
//!
//! Cases run in parallel over the slots that are given, be that many or one. That never changes a
//! verdict: the first failing case in order decides, and only cases after a failing one are left out.

mod checks;
mod programs;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

pub use programs::{PackageError, compile_programs, validation_limits};

use super::executable::{Compiled, Executable};
use super::run::Runnable;
use super::slot::overall;
use super::verdict::{CaseResult, Judgement, Verdict};
use super::{Cancel, Judge, JudgeError, JudgeSlot, crew, reason};
use crate::problem::package::Package;
use crate::problem::{Limits, SourceFile};
use checks::Checks;

/// Processes that a program of a package may have.
const PROCESSES: u32 = 64;
/// How much of standard error is kept of each run, in bytes.
const STDERR_BYTES: u64 = 4 << 10;
/// Time on the clock: so many times the CPU time, and this much more in milliseconds. It is ample, for
/// a machine that is busy with other things must not make a program too slow.
const WALL_FACTOR: u64 = 4;
const WALL_MARGIN_MS: u64 = 5000;

/// CPU time that a run may use, and beyond which it is too slow; in milliseconds, before the
/// factors of languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// Where a run is ended.
    pub end_ms: u64,
    /// What decides the verdict; `None` as long as that is not known.
    pub limit_ms: Option<u64>,
}

impl Times {
    /// A run is ended where it is too slow.
    pub fn limit(limit_ms: u64) -> Times {
        Times {
            end_ms: limit_ms,
            limit_ms: Some(limit_ms),
        }
    }
}

/// How many runs are done, and of how many. May be told on any thread.
pub type Runs<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// A package whose programs are compiled. Cheap to clone; clones share everything.
#[derive(Debug, Clone)]
pub struct CompiledPackage {
    package: Arc<Package>,
    checks: Arc<Checks>,
}

impl CompiledPackage {
    /// Compiles what judges the outputs.
    ///
    /// # Errors
    /// What is wrong with the package's programs, or our own failure.
    pub fn compile(
        judge: &Judge,
        slots: &mut [JudgeSlot],
        package: Arc<Package>,
        cancel: &Cancel,
    ) -> Result<Self, PackageError> {
        let checks = Checks::compile(judge, slots, &package, cancel)?;
        Ok(CompiledPackage {
            package,
            checks: Arc::new(checks),
        })
    }

    /// The package.
    pub fn package(&self) -> &Package {
        &self.package
    }

    /// Compiles a submission in this language together with the files that the problem puts over its
    /// own. One that is larger than the problem allows is refused as if by its compiler.
    ///
    /// # Errors
    /// Our own failures only; the slot stays usable after each of them.
    pub fn compile_submission(
        &self,
        judge: &Judge,
        slot: &mut JudgeSlot,
        (language, files): (&str, &[SourceFile]),
        cancel: &Cancel,
    ) -> Result<Compiled, JudgeError> {
        let size = files
            .iter()
            .map(|file| file.bytes.len() as u64)
            .sum::<u64>();
        let limit = self.package.limits.code_bytes;
        if size > limit {
            let [size, limit] = [size, limit].map(reason::bytes);
            let reason = format!("the sources have {size} together, and the limit is {limit}");
            return Ok(Compiled {
                result: None,
                executable: Err(reason),
            });
        }
        let mut files = files.to_vec();
        for included in programs::includes(judge, &self.package, language) {
            files.retain(|file| file.name != included.name);
            files.push(included.clone());
        }
        slot.compile(language, &files, cancel)
    }

    /// Whether a program of the package judges outputs, so that it can judge the jury's answers.
    pub fn judges_answers(&self) -> bool {
        self.package.max_passes == 1 && matches!(*self.checks, Checks::Validate(_))
    }

    /// What the package's validators have against the answer of a case; `None` where they accept it.
    ///
    /// # Errors
    /// Our own failures only: that of a validator is a complaint.
    pub fn complaint_of_answer(
        &self,
        slot: &mut JudgeSlot,
        index: usize,
        cancel: &Cancel,
    ) -> Result<Option<String>, JudgeError> {
        match self
            .checks
            .check_answer(slot, &self.package.cases[index], cancel)
        {
            Ok(true) => Ok(None),
            Ok(false) => Ok(Some("is rejected as an output".to_owned())),
            Err(JudgeError::Validator { name, reason, .. }) => {
                Ok(Some(format!("as an output makes {name} fail: it {reason}")))
            }
            Err(error) => Err(error),
        }
    }

    /// Compiles a submission and judges it on one slot.
    ///
    /// # Errors
    /// Our own failures, and those of the package's programs.
    pub fn judge(
        &self,
        judge: &Judge,
        slot: &mut JudgeSlot,
        submission: (&str, &[SourceFile]),
        times: Times,
        cancel: &Cancel,
    ) -> Result<Judgement, JudgeError> {
        let Compiled { result, executable } =
            self.compile_submission(judge, slot, submission, cancel)?;
        let (verdict, reason, cases) = match executable {
            Err(reason) => {
                let skipped = self.all_skipped();
                (Verdict::CompileError, reason, skipped)
            }
            Ok(executable) => {
                let slots = std::slice::from_mut(slot);
                let results = self.run_all(slots, &[executable], times, &|_, _| {}, cancel)?;
                let cases = results.into_iter().next().unwrap_or_default();
                let (verdict, reason) = overall(&cases);
                (verdict, reason, cases)
            }
        };
        Ok(Judgement {
            verdict,
            reason,
            compile: result,
            cases,
        })
    }

    /// Runs programs on all cases. Each gets one result for each case, in order; what is after its
    /// first failure is skipped.
    ///
    /// # Errors
    /// Our own failures, and those of the package's programs.
    pub fn run_all(
        &self,
        slots: &mut [JudgeSlot],
        programs: &[Executable],
        times: Times,
        progress: Runs<'_>,
        cancel: &Cancel,
    ) -> Result<Vec<Vec<CaseResult>>, JudgeError> {
        let limits = limits(&self.package, times.end_ms);
        let entries: Vec<Entry> = programs
            .iter()
            .map(|program| Entry {
                runnable: self.runnable(program, &limits),
                limit_ms: times.limit_ms.map(|ms| self.scaled_ms(program, ms)),
                first_failed: AtomicUsize::new(usize::MAX),
            })
            .collect();
        let cases = &self.package.cases;
        let count = entries.len() * cases.len();
        let results = crew::each(slots, count, |slot, task| {
            progress(task + 1, count);
            let (entry, index) = (&entries[task / cases.len()], task % cases.len());
            // Only what comes after a failure is left out, so the first failure is always found.
            if entry.first_failed.load(Ordering::Acquire) < index {
                return Ok(None);
            }
            let case = (index, &cases[index]);
            let program = (&entry.runnable, entry.limit_ms);
            let result = self.checks.run(slot, program, case, cancel)?;
            if result.verdict != Verdict::Accepted {
                entry.first_failed.fetch_min(index, Ordering::AcqRel);
            }
            Ok::<_, JudgeError>(Some(result))
        })?;
        let of_program = results.chunks(cases.len().max(1));
        Ok(of_program.map(|results| self.counted(results)).collect())
    }

    fn runnable(&self, program: &Executable, limits: &Limits) -> Runnable {
        let runnable = program.under(limits, STDERR_BYTES);
        match self.package.allow_file_writing {
            true => runnable,
            false => runnable.with_read_only_files(),
        }
    }

    /// A time limit times the factor of the program's language, in milliseconds.
    pub fn scaled_ms(&self, program: &Executable, limit_ms: u64) -> u64 {
        program.limits(&limits(&self.package, limit_ms)).cpu_ms
    }

    fn all_skipped(&self) -> Vec<CaseResult> {
        let count = self.package.cases.len();
        (0..count).map(|index| self.skipped(index)).collect()
    }

    fn skipped(&self, index: usize) -> CaseResult {
        CaseResult::skipped(index, &self.package.cases[index].name)
    }

    /// What ran beyond the first failure, because another slot was faster, does not count.
    fn counted(&self, results: &[Option<CaseResult>]) -> Vec<CaseResult> {
        let kept = up_to_first_failure(results);
        let kept = |(index, result): (usize, &Option<CaseResult>)| match result {
            Some(result) if index < kept => result.clone(),
            _ => self.skipped(index),
        };
        results.iter().enumerate().map(kept).collect()
    }
}

/// How many results count: those up to the first failure.
fn up_to_first_failure(results: &[Option<CaseResult>]) -> usize {
    let is_failure = |result: &Option<CaseResult>| {
        let result = result.as_ref();
        result.is_none_or(|result| result.verdict != Verdict::Accepted)
    };
    let first = results.iter().position(is_failure);
    first.map_or(results.len(), |first| first + 1)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ran_after_the_first_failure_does_not_count() {
        let counted = |verdicts: &[Option<Verdict>]| {
            let result = |verdict| CaseResult {
                verdict,
                ..CaseResult::skipped(0, "")
            };
            let results: Vec<_> = verdicts.iter().map(|v| v.map(result)).collect();
            up_to_first_failure(&results)
        };
        use Verdict::*;
        let (ac, wa, tle) = (Some(Accepted), Some(WrongAnswer), Some(TimeLimit));
        assert_eq!(counted(&[ac, wa, tle]), 2);
        assert_eq!(counted(&[ac, wa, None, tle]), 2);
        assert_eq!(counted(&[ac, ac]), 2);
    }
}
