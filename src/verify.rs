//! Verifying a problem package: judges the jury's own submissions, and says whether each came to
//! what its authors expect. The time limit is the package's, or follows from these submissions.
//!
//! Cases are run by the same engine as everywhere else, [`crate::judge::package`].

mod answers;
mod cases;
mod expect;
mod inputs;
mod junk;
mod margin;
mod programs;
mod report;
mod timing;

use std::sync::Arc;

use crate::judge::package::{CompiledPackage, Extent, PackageError, Rerun};
use crate::judge::verdict::{CaseResult, GroupResult, Verdict};
use crate::judge::{Cancel, Judge, JudgeSlot, Languages};
use crate::problem::groups::{Group, Member, Range};
use crate::problem::package::{Expected, ExpectedScore, Package, path_matches};

pub use cases::{CaseSummary, SameCase, Slowest};
pub use margin::Margin;
use programs::Prepared;
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
    /// Whether the problem gives points.
    pub is_scoring: bool,
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
}

impl Verification {
    /// The slowest accepted run on the cases below a group.
    pub fn slowest_in(&self, group: &str) -> Option<&Slowest> {
        cases::slowest_in(group, &self.cases)
    }

    /// Whether everything is as it should be.
    pub fn is_ok(&self) -> bool {
        self.mistakes.is_empty() && self.submissions.iter().all(|result| result.as_expected)
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
        let problem = CompiledPackage::compile(self.judge, self.slots, package, self.cancel)?;
        let checked = inputs::check(self, problem.package(), progress)?;
        let of_answers = answers::check(self, &problem, progress)?;
        let of_examples = answers::check_examples(self, &problem, progress)?;
        let hostile = junk::outputs(self, &problem, progress)?;
        let (prepared, skipped) = self.compile_submissions(&problem, progress)?;
        let (time, notes, submissions) = timing::judge(self, &problem, prepared, progress)?;
        let package = problem.package();
        let out_of_range = out_of_range(&package.groups, &submissions);
        let not_full = not_full(package, &submissions);
        let cases = cases::summaries(package, &submissions);
        Ok(Verification {
            groups: with_cases(&package.groups),
            is_scoring: package.scoring.is_some(),
            time,
            notes: [
                checked.notes,
                of_answers,
                hostile,
                notes,
                not_full,
                cases::notes(&cases),
            ]
            .concat(),
            cases,
            extent: self.extent,
            mistakes: [checked.mistakes, of_examples, out_of_range].concat(),
            submissions,
            skipped,
        })
    }

    fn compile_submissions(
        &mut self,
        problem: &CompiledPackage,
        progress: Progress<'_>,
    ) -> Result<(Vec<Prepared>, Vec<Skipped>), PackageError> {
        let only = self.only;
        let is_wanted =
            |path: &str| only.is_none_or(|pattern| path_matches(pattern, path) == Some(true));
        let wanted: Vec<_> = problem
            .package()
            .submissions
            .iter()
            .filter(|submission| is_wanted(&submission.path))
            .collect();
        let results = programs::compile_each(self, problem, &wanted, progress)?;
        let (mut prepared, mut skipped) = (Vec::new(), Vec::new());
        for (submission, result) in wanted.iter().zip(results) {
            match result {
                Ok(program) => prepared.push(program),
                Err(reason) => skipped.push(Skipped {
                    path: submission.path.clone(),
                    reason,
                }),
            }
        }
        Ok((prepared, skipped))
    }
}

fn with_cases(root: &Group) -> Vec<String> {
    let is_case = |member: &Member| matches!(member, Member::Case(..));
    let groups = root.all().into_iter();
    groups
        .filter(|group| group.members.iter().any(is_case))
        .map(|group| group.name.clone())
        .collect()
}

/// Groups to which a submission came with a score that their range does not include, each told
/// once.
fn out_of_range(root: &Group, submissions: &[SubmissionResult]) -> Vec<String> {
    let told = |group: &Group| {
        let score = |result: &SubmissionResult| {
            let mut groups = result.groups.iter();
            let of_group = groups.find(|of| of.name == group.name)?.score;
            of_group.filter(|score| !group.range.includes(*score))
        };
        let mut outside = submissions
            .iter()
            .filter_map(|r| Some((&r.path, score(r)?)));
        let (path, score) = outside.next()?;
        let Range { min, max } = group.range;
        Some(format!(
            "{path} comes to {score} points in {}, whose range is {min} to {max}: mend the range or \
             the scores",
            group.name
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
