//! Verifying a problem package: judges the jury's own submissions, and says whether each came to
//! what its authors expect. The time limit is the package's, or follows from these submissions.
//!
//! Cases are run by the same engine as everywhere else, [`crate::judge::package`].

mod answers;
mod cache;
mod cases;
mod expect;
mod inputs;
mod junk;
mod margin;
mod programs;
mod python_2;
mod report;
mod timing;
mod visualizers;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::thread::{self, ScopedJoinHandle};

use crate::judge::crew::Crew;
use crate::judge::package::{CompiledPackage, Extent, PackageError, Rerun};
use crate::judge::verdict::{CaseResult, GroupResult, Verdict};
use crate::judge::{Cancel, Judge, JudgeSlot, Languages};
use crate::problem::groups::{Group, Member, Range};
use crate::problem::package::{Expected, ExpectedScore, Package};

use answers::Opinions;
pub use cache::{Cache, CacheError};
pub use cases::{CaseSummary, SameCase, Slowest};
use inputs::Checked;
pub use margin::Margin;
use programs::Submitted;
pub use report::Report;
pub use timing::{LimitSource, TimeLimit};

/// What to verify, and with what.
#[derive(Debug)]
pub struct Verifier<'a> {
    /// All languages; those that the judge does not offer are left out.
    pub languages: &'a Languages,
    /// The judge of the slots.
    pub judge: &'a Judge,
    /// Slots of this machine; each works on its own.
    pub slots: &'a mut [JudgeSlot],
    /// Only submissions whose paths this pattern matches.
    pub only: Option<&'a str>,
    /// Which cases are run.
    pub extent: Extent,
    /// Runs that are nearer than so many percent to the time limit are repeated alone; 0 for none.
    pub band_percent: u16,
    /// Whether the package's visualizer draws what submissions print, beside what validators leave.
    pub draws: bool,
    /// What earlier verifications found out.
    pub cache: &'a Cache,
    /// Ends it from another thread.
    pub cancel: &'a Cancel,
}

/// The usual band around the time limit, in percent.
pub const BAND_PERCENT: u16 = 10;

/// A step of the work: what is done, how much of it, and of how much. May be told on any thread.
pub type Progress<'a> = &'a (dyn Fn(&str, usize, usize) + Sync);

/// What came of a package.
#[derive(Debug)]
pub struct Verification {
    /// The time limit by which verdicts were decided.
    pub time: TimeLimit,
    /// What should be looked at although all verdicts are as expected.
    pub notes: Vec<String>,
    /// What is wrong with the package but for its submissions.
    pub mistakes: Vec<String>,
    /// Submissions in the order of their paths.
    pub submissions: Vec<SubmissionResult>,
    /// Submissions that cannot be judged here.
    pub skipped: Vec<Skipped>,
    /// What came of the test cases, in judging order.
    pub cases: Vec<CaseSummary>,
    /// Which of them were run.
    pub extent: Extent,
    /// Names of the groups that have cases of their own, in judging order.
    pub groups: Vec<String>,
    /// Names of the cases in each group and below.
    cases_of: HashMap<String, HashSet<String>>,
    /// Whether the problem gives points.
    pub is_scoring: bool,
    /// Whether submissions are answers: nothing runs, so no time limit plays a part.
    pub takes_answers: bool,
    /// What was known from earlier verifications.
    pub cached: Cached,
}

/// How much was known from earlier verifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Cached {
    /// Of compiling submissions and running them on cases.
    pub runs: usize,
    /// Checks of inputs.
    pub inputs: usize,
    /// Checks of answers.
    pub answers: usize,
}

/// A submission that cannot be judged here.
#[derive(Debug)]
pub struct Skipped {
    /// Path below `submissions`.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// What came of a submission.
#[derive(Debug)]
pub struct SubmissionResult {
    /// Path below `submissions`.
    pub path: String,
    /// What the jury expects.
    pub expected: Vec<Expected>,
    /// The verdict of the first failing case in order, or the right one.
    pub verdict: Verdict,
    /// One line that explains it.
    pub reason: String,
    /// The score; `None` where the problem has no points, or where it gets none.
    pub score: Option<f64>,
    /// What came of groups of cases, each before those in it.
    pub groups: Vec<GroupResult>,
    /// Whether it is what the jury expects.
    pub as_expected: bool,
    /// What is not as expected.
    pub surprise: Option<String>,
    /// The slowest case that was run: CPU time in milliseconds, and its name.
    pub slowest: Option<(f64, String)>,
    /// The time limit in its language, in milliseconds.
    pub limit_ms: u64,
    /// How far its slowest case is from the limit.
    pub margin: Option<Margin>,
    /// Whether it would come to something else with the time at which it ran, which is more than the
    /// limit.
    pub is_sensitive: bool,
    /// The cases that were run, in order; empty where it was not compiled.
    pub cases: Vec<CaseResult>,
    /// Runs near the limit that were repeated, by the names of their cases.
    pub reruns: Vec<(String, Rerun)>,
    /// How much of it was known from earlier verifications.
    pub cached: usize,
}

impl Verification {
    /// The slowest accepted run on the cases below a group.
    pub fn slowest_in(&self, group: &str) -> Option<&Slowest> {
        let in_it = self
            .cases
            .iter()
            .filter(|case| self.is_in(group, &case.name));
        let runs = in_it.filter_map(|case| case.slowest_accepted.as_ref());
        runs.max_by(|a, b| a.ms.total_cmp(&b.ms))
    }

    /// Whether a case is in a group, however deep.
    pub fn is_in(&self, group: &str, case: &str) -> bool {
        self.cases_of
            .get(group)
            .is_some_and(|cases| cases.contains(case))
    }

    /// Whether everything is as it should be.
    pub fn is_ok(&self) -> bool {
        self.mistakes.is_empty() && self.submissions.iter().all(|result| result.as_expected)
    }
}

/// What all steps of verifying share.
struct Work<'a, 's> {
    judge: &'a Judge,
    crew: Crew<'s>,
    band_percent: u16,
    cache: &'a Cache,
    progress: Progress<'a>,
    cancel: &'a Cancel,
}

impl Work<'_, '_> {
    /// The same for what nobody waits for.
    fn later(&self) -> Self {
        Work {
            crew: self.crew.later(),
            ..*self
        }
    }

    /// The time limit of a submission, in milliseconds.
    fn limit_ms(&self, problem: &CompiledPackage, submitted: &Submitted<'_>, limit_ms: u64) -> u64 {
        let language = self.judge.languages().find(&submitted.language);
        language.map_or(limit_ms, |language| problem.limit_in_ms(language, limit_ms))
    }
}

impl Verifier<'_> {
    /// Judges the jury's submissions of a package.
    ///
    /// # Errors
    /// Why not all of them could be judged.
    pub fn verify(
        &mut self,
        package: Arc<Package>,
        progress: Progress<'_>,
    ) -> Result<Verification, PackageError> {
        let (judge, cancel, draws) = (self.judge, self.cancel, self.draws);
        let (submitted, mut skipped) =
            programs::submitted((self.languages, judge), &package, (self.only, self.extent));
        let work = Work {
            judge,
            crew: Crew::of(self.slots),
            band_percent: self.band_percent,
            cache: self.cache,
            progress,
            cancel,
        };
        let made = CompiledPackage::make(judge, &work.crew, Arc::clone(&package), cancel)?;
        // Nothing waits for the checks, so they get what judging leaves of the slots.
        let (checked, outputs, judged) = thread::scope(|scope| {
            let checked = scope.spawn(|| inputs::check(&work.later(), &made));
            let problem = CompiledPackage::compile(judge, &work.crew, made.clone(), cancel)?;
            let problem = match draws {
                true => problem.with_drawings(judge, &work.crew, cancel)?,
                false => problem,
            };
            let (outputs, judged) = thread::scope(|scope| {
                let outputs = scope.spawn(|| outputs(&work.later(), &problem));
                let judged = timing::judge(&work, &problem, &submitted);
                (joined(outputs), judged)
            });
            Ok::<_, PackageError>((joined(checked), outputs, judged))
        })?;
        let (time, notes, submissions, not_judged) = judged?;
        let (checked, outputs) = (checked?, outputs?);
        work.cache.trim();
        skipped.extend(not_judged);
        skipped.sort_by(|a, b| a.path.cmp(&b.path));
        let out_of_range = out_of_range(&made.groups, &submissions);
        let not_full = not_full(&made, &submissions);
        let cases = cases::summaries(&made, &submissions);
        Ok(Verification {
            groups: with_cases(&made.groups),
            cases_of: cases_of(&made),
            is_scoring: made.scoring.is_some(),
            takes_answers: made.takes_answers,
            time,
            notes: [
                checked.notes,
                outputs.notes,
                notes,
                not_full,
                cases::notes(&cases),
            ]
            .concat(),
            cached: Cached {
                runs: submissions.iter().map(|result| result.cached).sum(),
                inputs: checked.recalled,
                answers: outputs.recalled,
            },
            cases,
            extent: self.extent,
            mistakes: [checked.mistakes, outputs.mistakes, out_of_range].concat(),
            submissions,
            skipped,
        })
    }
}

/// Asks the validators about outputs that no submission made.
fn outputs(work: &Work<'_, '_>, problem: &CompiledPackage) -> Result<Checked, PackageError> {
    let key = format!("outputs {}", problem.key_of_judging(work.judge));
    let known = work.cache.load(&key);
    let opinions = Opinions::of(problem, &known);
    let of_answers = answers::check(work, &opinions)?;
    let of_examples = answers::check_examples(work, problem)?;
    let hostile = junk::outputs(work, problem, &opinions)?;
    let of_visualizers = visualizers::check(work, problem)?;
    let recalled = known.recalled();
    work.cache.save(&key, known);
    Ok(Checked {
        mistakes: of_examples,
        notes: [of_answers, hostile, of_visualizers].concat(),
        recalled,
    })
}

/// The time limit that follows from the jury's submissions that must pass, which alone are judged for it.
///
/// # Errors
/// Why not all of them could be judged.
pub fn time_limit(
    (languages, judge, crew): (&Languages, &Judge, &Crew<'_>),
    problem: &CompiledPackage,
    cancel: &Cancel,
) -> Result<TimeLimit, PackageError> {
    let (mut submitted, _) = programs::submitted(
        (languages, judge),
        problem.package(),
        (None, Extent::Deciding),
    );
    submitted.retain(|submitted| submitted.expectation().must_pass());
    let work = Work {
        judge,
        crew: Crew::clone(crew),
        band_percent: 0,
        cache: &Cache::none(),
        progress: &|_, _, _| {},
        cancel,
    };
    Ok(timing::judge(&work, problem, &submitted)?.0)
}

/// What came of a thread. A panic is a mistake of ours, and goes on where it can be seen.
fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    let end = thread.join();
    end.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn with_cases(root: &Group) -> Vec<String> {
    let is_case = |member: &Member| matches!(member, Member::Case(..));
    let groups = root.all().into_iter();
    groups
        .filter(|group| group.members.iter().any(is_case))
        .map(|group| group.name.clone())
        .collect()
}

fn cases_of(package: &Package) -> HashMap<String, HashSet<String>> {
    let names = |group: &Group| {
        let cases = group.cases().into_iter();
        cases
            .map(|index| package.cases[index].name.clone())
            .collect()
    };
    let groups = package.groups.all().into_iter();
    groups
        .map(|group| (group.name.clone(), names(group)))
        .collect()
}

/// Groups to which a submission came with a score that their range does not include, each told
/// once.
fn out_of_range(root: &Group, submissions: &[SubmissionResult]) -> Vec<String> {
    let told = |group: &Group| {
        let score = |result: &SubmissionResult| {
            let mut groups = result.groups.iter();
            let of_group = match group.name.as_str() {
                // What is not accepted as a whole may have no points in a range without zero.
                "" => result.score.filter(|_| result.verdict == Verdict::Accepted),
                name => groups.find(|of| of.name == name)?.score,
            };
            of_group.filter(|score| !group.range.includes(*score))
        };
        let mut outside = submissions
            .iter()
            .filter_map(|r| Some((&r.path, score(r)?)));
        let (path, score) = outside.next()?;
        let Range { min, max } = group.range;
        let name = match group.name.as_str() {
            "" => "all",
            name => name,
        };
        Some(format!(
            "{path} comes to {score} points in {name}, whose range is {min} to {max}: mend the range or \
             the scores"
        ))
    };
    root.all().into_iter().filter_map(told).collect()
}

/// Submissions that are right as a whole, and come to less than the full score that is expected.
fn not_full(package: &Package, submissions: &[SubmissionResult]) -> Vec<String> {
    let scoring = package.scoring;
    let Some(full) = scoring.and_then(|scoring| scoring.full_score(&package.groups)) else {
        return Vec::new();
    };
    let is_expected = |result: &&SubmissionResult| {
        let mut of_jury = package.submissions.iter();
        let found = of_jury.find(|submission| submission.path == result.path);
        let rules = found.map(|found| &found.expectation.rules);
        rules.is_some_and(|rules| rules.iter().any(|r| r.score == Some(ExpectedScore::Full)))
    };
    let told = |result: &SubmissionResult| {
        let score = result.score.filter(|_| result.as_expected)?;
        let range = Range {
            min: full,
            max: full,
        };
        (!range.includes(score)).then(|| {
            format!(
                "{}: the score {score} is not the full one of {full}; is it one for \
                 partially_accepted?",
                result.path
            )
        })
    };
    let expected = submissions.iter().filter(is_expected);
    expected.filter_map(told).collect()
}
