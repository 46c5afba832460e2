//! Judging by a problem package: its programs are compiled once, and then any slot of this machine
//! runs submissions on its cases.
//!
//! Cases run in parallel over the slots that are given, be that many or one. That never changes a
//! verdict or a score: what would not be run if cases ran one after the other does not count, and
//! only such cases are left out.

mod again;
mod answers;
mod board;
mod candidate;
mod checks;
mod entrant;
mod grader;
mod key;
mod known;
mod making;
mod outputs;
mod programs;
mod running;

use std::sync::{Arc, OnceLock};

pub use again::Rerun;
pub use candidate::{Candidate, Extent, Program, Times, Timing};
pub use entrant::{CompiledEntrant, Entrant};
pub use key::{key_of_input, key_of_input_validator};
pub use known::{Fact, Known};
pub use outputs::Opinion;
pub use programs::{PackageError, compile_programs, validation_limits};

use super::crew::{self, Crew};
use super::grade::{self, Grade, Points, Standing};
use super::verdict::{CaseResult, GroupResult, Judgement, Verdict};
use super::{Cancel, Judge, JudgeError, JudgeSlot, Language, Visualizer};
use crate::problem::package::{Format, Package};
use crate::problem::{Limits, SourceFile};
use board::{Board, Entry, Stage, Task};
use checks::Checks;
use grader::Grader;

/// Processes that a program of a package may have.
const PROCESSES: u32 = 64;
/// How much of standard error is kept of each run, in bytes.
const STDERR_BYTES: u64 = 4 << 10;

/// How many runs are done, and of how many. May be told on any thread.
pub type Runs<'a> = &'a (dyn Fn(usize, usize) + Sync);

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
    /// Draws what submissions print.
    visualizer: Option<Visualizer>,
    /// Digests of the cases, once they are asked for.
    case_keys: Arc<OnceLock<Vec<String>>>,
}

impl CompiledPackage {
    /// Makes what the package lacks.
    ///
    /// # Errors
    /// What is wrong with the package's programs, or our own failure.
    pub fn make(
        judge: &Judge,
        crew: &Crew<'_>,
        mut package: Arc<Package>,
        cancel: &Cancel,
    ) -> Result<Arc<Package>, PackageError> {
        if !package.making.is_empty() {
            making::make(judge, crew, Arc::make_mut(&mut package), cancel)?;
        }
        Ok(package)
    }

    /// Makes what the package lacks, and compiles what judges the outputs.
    ///
    /// # Errors
    /// What is wrong with the package's programs, or our own failure.
    pub fn compile(
        judge: &Judge,
        crew: &Crew<'_>,
        package: Arc<Package>,
        cancel: &Cancel,
    ) -> Result<Self, PackageError> {
        let package = CompiledPackage::make(judge, crew, package, cancel)?;
        let checks = Checks::compile(judge, crew, &package, cancel)?;
        let grader = Grader::compile(judge, crew, &package, cancel)?;
        Ok(CompiledPackage {
            package,
            checks: Arc::new(checks),
            grader,
            visualizer: None,
            case_keys: Arc::default(),
        })
    }

    /// The same where the package's visualizer of outputs draws, beside what validators leave. One that cannot be
    /// compiled draws nothing.
    ///
    /// # Errors
    /// Our own failures.
    pub fn with_drawings(
        self,
        judge: &Judge,
        crew: &Crew<'_>,
        cancel: &Cancel,
    ) -> Result<Self, PackageError> {
        let Some(program) = &self.package.visualizers.output else {
            return Ok(self);
        };
        let compiled = compile_programs(judge, crew, std::slice::from_ref(program), cancel);
        let limits = validation_limits(&self.package);
        let visualizer = match compiled {
            Ok(mut executables) => {
                let visualizer =
                    Visualizer::new(program.path.clone(), executables.remove(0), limits);
                Some(visualizer.among_submissions())
            }
            Err(error) if error.is_of_the_package() => {
                tracing::warn!("{error}; it draws nothing");
                None
            }
            Err(error) => return Err(error),
        };
        Ok(CompiledPackage { visualizer, ..self })
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
                let crew = Crew::of(std::slice::from_mut(slot));
                let candidates = [Candidate::compiled(entrant)];
                let timing = Timing::Given(times);
                let ends = self.run_all((judge, &crew), &candidates, timing, &|_, _| {}, cancel)?;
                match ends.into_iter().next() {
                    Some(Ok(graded)) => graded,
                    Some(Err(reason)) => self.refused(reason),
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

    /// Compiles programs where they are not, runs them on the cases, and grades them. Each gets its
    /// results in the order of the programs; the inner error says why one cannot be judged here.
    ///
    /// # Errors
    /// Our own failures, and those of the package's programs.
    pub fn run_all(
        &self,
        (judge, crew): (&Judge, &Crew<'_>),
        candidates: &[Candidate],
        timing: Timing<'_>,
        progress: Runs<'_>,
        cancel: &Cancel,
    ) -> Result<Vec<Result<Graded, String>>, JudgeError> {
        let (groups, cases) = (&self.package.groups, self.package.cases.len());
        let recall = |place: usize, case: usize, times: Times| {
            self.recalled(judge, &candidates[place], case, times)
        };
        let mut board = Board::new((groups, cases), candidates, timing, &recall);
        loop {
            crew::in_parallel(crew.size(), || {
                while let Some(task) = board.next() {
                    let slot = &mut crew.slot();
                    let (done, all) = match task {
                        Task::Compile(place) => {
                            let stage = self.compiled(judge, slot, &candidates[place], cancel);
                            board.compiled(place, stage)
                        }
                        Task::Run(run) => {
                            let known = candidates[run.entry].known.as_deref();
                            board.ran(&run, self.ran(slot, &run, known, cancel))
                        }
                    };
                    progress(done, all);
                }
            });
            board.failure()?;
            // What comes to something else when it is repeated may make other cases count.
            if !self.repeat_near(crew, &mut board, cancel)? {
                break;
            }
        }
        let entries = board.into_entries();
        self.gave_one_kind_of_points(&entries)?;
        let standings = crew.each(entries.len(), |slot, place| {
            self.standing(slot, &entries[place], cancel)
        })?;
        let graded = entries.into_iter().zip(&standings);
        graded
            .map(|(entry, standing)| self.graded(entry, standing))
            .collect()
    }

    /// What a program comes to; the package's grader is asked where groups want that.
    fn standing(
        &self,
        slot: &mut JudgeSlot,
        entry: &Entry<'_>,
        cancel: &Cancel,
    ) -> Result<Standing, JudgeError> {
        grade::grade(&self.package.groups, &entry.known, &mut |flags, grades| {
            let grader = self.grader.as_ref();
            let asked = grader.map(|grader| grader.grade(slot, flags, grades, cancel));
            asked.transpose()
        })
    }

    /// Refuses a validator that gives points for one case and a part of the points for another, which 2025-09
    /// forbids: most likely it has taken one for the other.
    fn gave_one_kind_of_points(&self, entries: &[Entry<'_>]) -> Result<(), JudgeError> {
        if self.package.format != Format::V2025 {
            return Ok(());
        }
        for is_output in [true, false] {
            let first = |of_kind: fn(&Points) -> bool| {
                let given = entries.iter().flat_map(Entry::points);
                let mut given = given.map(|(index, points)| (&self.package.cases[index], points));
                given
                    .find(|(case, points)| case.has_data() == is_output && of_kind(points))
                    .map(|(case, _)| case)
            };
            let scored = first(|points| matches!(points, Points::Score(_)));
            let shared = first(|points| matches!(points, Points::Part(_)));
            if let (Some(scored), Some(shared)) = (scored, shared) {
                let reason = format!(
                    "wrote score.txt for one test case and score_multiplier.txt for another, {}; it \
                     must be the same for all",
                    shared.name
                );
                return Err(self.checks.misjudges(scored, &reason));
            }
        }
        Ok(())
    }

    /// Puts the results of a program together, as if its cases had run one after the other.
    fn graded(
        &self,
        mut entry: Entry<'_>,
        standing: &Standing,
    ) -> Result<Result<Graded, String>, JudgeError> {
        match entry.stage {
            Stage::NotJudged(reason) => return Ok(Err(reason)),
            Stage::Refused(reason) => return Ok(Ok(self.refused(reason))),
            Stage::Sources | Stage::Compiling | Stage::Ready(_) => {}
        }
        let mut cases = Vec::with_capacity(entry.results.len());
        for (index, result) in std::mem::take(&mut entry.results).into_iter().enumerate() {
            cases.push(match result.filter(|_| entry.is_wanted(index)) {
                Some(result) => result?,
                None => self.skipped(index),
            });
        }
        let mut reruns = std::mem::take(&mut entry.reruns);
        reruns.retain(|rerun| entry.is_wanted(rerun.index));
        reruns.sort_by_key(|rerun| rerun.index);
        Ok(Ok(Graded {
            reruns,
            ..self.told(standing, cases)
        }))
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
            score: scoring.zip(*grade).and_then(|(scoring, grade)| {
                scoring.score_of_part(grade.verdict == Verdict::Accepted, grade.score)
            }),
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

    /// A time limit times the factor of a language, in milliseconds.
    pub fn limit_in_ms(&self, language: &Language, limit_ms: u64) -> u64 {
        let limits = limits(&self.package, Times::limit(limit_ms));
        language.run_limits(&limits).cpu_ms
    }

    fn skipped(&self, index: usize) -> CaseResult {
        CaseResult::skipped(index, &self.package.cases[index].name)
    }
}

/// What came of a run; an error is the package's.
type CaseEnd = Result<CaseResult, JudgeError>;

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

/// Who talks has so many times the time on the clock, for the other needs some of it, and so do we to carry what
/// is said.
const TALKING: u64 = 2;

fn limits(package: &Package, times: Times) -> Limits {
    let factor = match package.validation.is_conversation() {
        true => TALKING,
        false => 1,
    };
    Limits {
        cpu_ms: times.end_ms,
        wall_ms: times.wall_ms().saturating_mul(factor),
        memory_bytes: package.limits.memory_bytes,
        output_bytes: package.limits.output_bytes,
        processes: PROCESSES,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::package::{self, Tree};

    #[test]
    fn who_talks_has_twice_the_time_on_the_clock() {
        for (validation, wall_ms) in [
            ("default", 6000),
            ("custom", 6000),
            ("custom interactive", 12_000),
        ] {
            let mut tree = Tree::default();
            let settings = format!("name: A\nvalidation: {validation}\n");
            for (path, text) in [
                ("problem.yaml", settings.as_str()),
                ("data/secret/1.in", ""),
                ("data/secret/1.ans", ""),
                ("output_validators/a.py", ""),
            ] {
                tree.insert(path, text.as_bytes().into()).unwrap();
            }
            let package = package::read(&tree).0.expect("a package");
            let limits = limits(&package, Times::limit(1000));
            assert_eq!(
                (limits.cpu_ms, limits.wall_ms),
                (1000, wall_ms),
                "{validation}"
            );
        }
    }
}
