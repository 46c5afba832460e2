//! Judging by a problem package: its programs are compiled once, and then any slot of this machine
//! runs submissions on its cases.
//!
//! Cases run in parallel over the slots that are given, be that many or one. That never changes a
//! verdict or a score: what would not be run if cases ran one after the other does not count, and
//! only such cases are left out.

mod again;
mod answers;
mod checks;
mod entrant;
mod grader;
mod making;
mod outputs;
mod programs;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use again::Rerun;
pub use entrant::{CompiledEntrant, Entrant};
pub use outputs::Opinion;
pub use programs::{PackageError, compile_programs, validation_limits};

use super::grade::{self, Grade, Standing};
use super::verdict::{CaseResult, GroupResult, Judgement, Verdict};
use super::{Cancel, Judge, JudgeError, JudgeSlot, crew};
use crate::problem::package::{Package, Subject};
use crate::problem::{Limits, SourceFile};
use checks::Checks;
use entrant::Form;
use grader::Grader;

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
    /// Runs that are nearer than so many percent to the limit are repeated alone; 0 for none.
    pub band_percent: u16,
}

impl Times {
    /// A run is ended where it is too slow.
    pub fn limit(limit_ms: u64) -> Times {
        Times {
            end_ms: limit_ms,
            limit_ms: Some(limit_ms),
            band_percent: 0,
        }
    }
}

/// How many runs are done, and of how many. May be told on any thread.
pub type Runs<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// Which cases of a program are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Those that can change its verdict or score.
    Deciding,
    /// All, for whoever wants to know; the verdict and the score are the same.
    All,
}

/// What came of a program on the cases of a package.
#[derive(Debug, Clone, PartialEq)]
pub struct Graded {
    /// The verdict of the whole.
    pub verdict: Verdict,
    /// One line that explains it.
    pub reason: String,
    /// The score; `None` where the problem has no points, or where it gets none.
    pub score: Option<f64>,
    /// What came of groups, each before those in it.
    pub groups: Vec<GroupResult>,
    /// One for each case, in order; what was not run is skipped.
    pub cases: Vec<CaseResult>,
    /// Runs that were repeated because they were near the limit, in order.
    pub reruns: Vec<Rerun>,
}

/// A package whose programs are compiled. Cheap to clone; clones share everything.
#[derive(Debug, Clone)]
pub struct CompiledPackage {
    package: Arc<Package>,
    checks: Arc<Checks>,
    grader: Option<Grader>,
}

impl CompiledPackage {
    /// Makes what the package lacks, and compiles what judges the outputs.
    ///
    /// # Errors
    /// What is wrong with the package's programs, or our own failure.
    pub fn compile(
        judge: &Judge,
        slots: &mut [JudgeSlot],
        mut package: Arc<Package>,
        cancel: &Cancel,
    ) -> Result<Self, PackageError> {
        if !package.making.is_empty() {
            making::make(judge, slots, Arc::make_mut(&mut package), cancel)?;
        }
        let checks = Checks::compile(judge, slots, &package, cancel)?;
        let grader = Grader::compile(judge, slots, &package, cancel)?;
        Ok(CompiledPackage {
            package,
            checks: Arc::new(checks),
            grader,
        })
    }

    /// The package.
    pub fn package(&self) -> &Package {
        &self.package
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
        let CompiledEntrant { result, entrant } =
            self.compile_submission(judge, slot, submission, cancel)?;
        let graded = match entrant {
            Err(reason) => self.refused(reason),
            Ok(entrant) => {
                let slots = std::slice::from_mut(slot);
                let entrants = [(entrant, Extent::Deciding)];
                let graded = self.run_all(slots, &entrants, times, &|_, _| {}, cancel)?;
                match graded.into_iter().next() {
                    Some(graded) => graded,
                    None => self.refused("there are no test cases".to_owned()),
                }
            }
        };
        Ok(Judgement {
            verdict: graded.verdict,
            reason: graded.reason,
            score: graded.score,
            groups: graded.groups,
            compile: result,
            cases: graded.cases,
        })
    }

    /// Judges entrants on the cases, and grades them. Each gets its results in the order of the
    /// entrants.
    ///
    /// # Errors
    /// Our own failures, and those of the package's programs.
    pub fn run_all(
        &self,
        slots: &mut [JudgeSlot],
        entrants: &[(Entrant, Extent)],
        times: Times,
        progress: Runs<'_>,
        cancel: &Cancel,
    ) -> Result<Vec<Graded>, JudgeError> {
        let limits = limits(&self.package, times.end_ms);
        let cases = &self.package.cases;
        let entries: Vec<Entry> = entrants
            .iter()
            .map(|(entrant, extent)| Entry {
                form: self.form(entrant, &limits),
                limit_ms: times.limit_ms.map(|ms| self.scaled_ms(entrant, ms)),
                extent: *extent,
                known: Mutex::new(vec![None; cases.len()]),
            })
            .collect();
        let mut work = Work {
            results: (0..entries.len() * cases.len()).map(|_| None).collect(),
            reruns: entries.iter().map(|_| Vec::new()).collect(),
            entries,
        };
        self.run_wanted(slots, &mut work, progress, cancel)?;
        // What comes to something else when it is repeated may make other cases count.
        while self.repeat_near(slots, &mut work, times.band_percent, cancel)? {
            self.run_wanted(slots, &mut work, progress, cancel)?;
        }
        let mut results = work.results.into_iter();
        let of_program = |(entry, reruns): (Entry, Vec<Rerun>)| {
            let results: Vec<_> = results.by_ref().take(cases.len()).collect();
            self.graded(slots, entry, (results, reruns), cancel)
        };
        let entries = work.entries.into_iter().zip(work.reruns);
        entries.map(of_program).collect()
    }

    /// Runs what has no result and may count, on all slots.
    fn run_wanted(
        &self,
        slots: &mut [JudgeSlot],
        work: &mut Work,
        progress: Runs<'_>,
        cancel: &Cancel,
    ) -> Result<(), JudgeError> {
        let (cases, entries) = (self.package.cases.len(), &work.entries);
        let all = work.results.len();
        let open: Vec<usize> = (0..all).filter(|&t| work.results[t].is_none()).collect();
        let results = crew::each(slots, open.len(), |slot, place| {
            let task = open[place];
            progress(task + 1, all);
            let (entry, index) = (&entries[task / cases], task % cases);
            if !self.is_wanted(entry, index) {
                return Ok(None);
            }
            match self.run(slot, entry, index, cancel) {
                Ok((result, grade)) => {
                    entry.known()[index] = Some(grade);
                    Ok(Some(Ok(result)))
                }
                // It may be found not to count, and then nobody would have noticed.
                Err(error) if error.is_of_the_problem() => Ok(Some(Err(error))),
                Err(error) => Err(error),
            }
        })?;
        for (task, result) in open.into_iter().zip(results) {
            work.results[task] = result;
        }
        Ok(())
    }

    fn is_wanted(&self, entry: &Entry, index: usize) -> bool {
        let standing = || grade::grade_so_far(&self.package.groups, &entry.known());
        entry.extent == Extent::All || standing().counts[index]
    }

    fn run(
        &self,
        slot: &mut JudgeSlot,
        entry: &Entry,
        index: usize,
        cancel: &Cancel,
    ) -> Result<(CaseResult, Grade), JudgeError> {
        let case = (index, &self.package.cases[index]);
        let (mut result, score) = match (&entry.form, &case.1.subject) {
            (Form::Program(_, program), Subject::Files(arguments)) => {
                let case = (index, case.1, &arguments[..]);
                self.checks.inspect(slot, program, case, cancel)?
            }
            (Form::Program(runnable, _), Subject::Output) => {
                let program = (&**runnable, entry.limit_ms);
                self.checks.run(slot, program, case, cancel)?
            }
            (Form::Answers(answers), _) => {
                let answer = (answers.to(index), self.package.limits.output_bytes);
                self.checks.judge_answer(slot, case, answer, cancel)?
            }
        };
        result.score = self.package.scoring.map(|_| score);
        let verdict = result.verdict;
        Ok((result, Grade { verdict, score }))
    }

    /// Puts the results of a program together, as if its cases had run one after the other.
    fn graded(
        &self,
        slots: &mut [JudgeSlot],
        entry: Entry,
        (results, mut reruns): (Vec<Option<CaseEnd>>, Vec<Rerun>),
        cancel: &Cancel,
    ) -> Result<Graded, JudgeError> {
        let known = entry.known().clone();
        let root = &self.package.groups;
        let counts = grade::grade_so_far(root, &known).counts;
        let mut cases = Vec::with_capacity(results.len());
        for (index, result) in results.into_iter().enumerate() {
            let is_kept = counts[index] || entry.extent == Extent::All;
            cases.push(match result.filter(|_| is_kept) {
                Some(result) => result?,
                None => self.skipped(index),
            });
        }
        let standing = grade::grade(root, &known, &mut |arguments, grades| match (
            &self.grader,
            slots.first_mut(),
        ) {
            (Some(grader), Some(slot)) => grader.grade(slot, arguments, grades, cancel).map(Some),
            _ => Ok(None),
        })?;
        reruns.retain(|rerun| counts[rerun.index] || entry.extent == Extent::All);
        reruns.sort_by_key(|rerun| rerun.index);
        Ok(Graded {
            reruns,
            ..self.told(&standing, cases)
        })
    }

    /// What a standing comes to, in words and in data.
    fn told(&self, standing: &Standing, cases: Vec<CaseResult>) -> Graded {
        let whole = standing.whole().unwrap_or(Grade {
            verdict: Verdict::Skipped,
            score: 0.0,
        });
        let scoring = self.package.scoring;
        let score = scoring.and_then(|scoring| {
            let is_accepted = whole.verdict == Verdict::Accepted;
            scoring.score(is_accepted, whole.score)
        });
        let group = |(name, grade): &(String, Option<Grade>)| GroupResult {
            name: name.clone(),
            verdict: grade.map_or(Verdict::Skipped, |grade| grade.verdict),
            score: grade.filter(|_| scoring.is_some()).map(|grade| grade.score),
            max_score: self.package.max_score_of(name),
        };
        let groups = standing.groups.iter().skip(1).map(group).collect();
        Graded {
            reason: reason(whole.verdict, score, &cases),
            verdict: whole.verdict,
            score,
            groups,
            cases,
            reruns: Vec::new(),
        }
    }

    /// What came of a program that cannot be run.
    pub fn refused(&self, reason: String) -> Graded {
        let scoring = self.package.scoring;
        Graded {
            verdict: Verdict::CompileError,
            reason,
            score: scoring.and_then(|scoring| scoring.score(false, 0.0)),
            groups: Vec::new(),
            cases: (0..self.package.cases.len())
                .map(|index| self.skipped(index))
                .collect(),
            reruns: Vec::new(),
        }
    }

    fn skipped(&self, index: usize) -> CaseResult {
        CaseResult::skipped(index, &self.package.cases[index].name)
    }
}

/// What came of a run; an error is the package's.
type CaseEnd = Result<CaseResult, JudgeError>;

/// The runs of all programs.
struct Work {
    entries: Vec<Entry>,
    /// For each program each case.
    results: Vec<Option<CaseEnd>>,
    /// For each program.
    reruns: Vec<Vec<Rerun>>,
}

struct Entry {
    form: Form,
    limit_ms: Option<u64>,
    extent: Extent,
    /// Of every case, what came of it.
    known: Mutex<Vec<Option<Grade>>>,
}

impl Entry {
    fn known(&self) -> MutexGuard<'_, Vec<Option<Grade>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a program has its verdict, in one line.
fn reason(verdict: Verdict, score: Option<f64>, cases: &[CaseResult]) -> String {
    let explains = |case: &&CaseResult| case.verdict == verdict;
    if verdict != Verdict::Accepted
        && let Some(case) = cases.iter().find(explains)
    {
        return format!("test case {}: {}", case.name, case.reason);
    }
    let run = cases.iter().filter(|case| case.verdict != Verdict::Skipped);
    let right = cases
        .iter()
        .filter(|case| case.verdict == Verdict::Accepted);
    let cases = match (right.count(), run.count()) {
        (right, run) if right == run => format!("all {run} test cases are right"),
        (right, run) => format!("{right} of {run} test cases are right"),
    };
    match score {
        Some(score) => format!("{score} points; {cases}"),
        None => cases,
    }
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
