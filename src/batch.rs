//! A folder of submissions, judged on one problem: a class's homework, a contest to be judged again.
//! What was judged is kept in a journal, so that a stopped run goes on where it was.

mod folder;
mod journal;

use serde::{Deserialize, Serialize};

use crate::judge::crew::Crew;
use crate::judge::package::{CompiledPackage, Times};
use crate::judge::verdict::{CaseResult, Facts, Judgement, Verdict};
use crate::judge::{Cancel, Judge, JudgeError, JudgeSlot, in_words};

pub use folder::{FolderError, Program, Submission, read_folder};
pub use journal::{Header, Journal, JournalError};

/// What came of a submission.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Its name in the folder.
    pub submission: String,
    /// Digest of its files, in hexadecimal: a submission that has changed is judged again.
    pub digest: String,
    /// Language id.
    pub language: String,
    /// The verdict of the first failing case in order, or the right one.
    pub verdict: Verdict,
    /// One line that explains it.
    pub reason: String,
    /// Its points; `None` where the problem has none, or where it gets none.
    #[serde(default)]
    pub score: Option<f64>,
    /// CPU time of the slowest case, in milliseconds.
    pub slowest_ms: Option<f64>,
    /// Peak memory of all cases, in bytes.
    pub memory_bytes: Option<u64>,
    /// The cases in order.
    pub cases: Vec<CaseRow>,
}

/// What came of a submission on a test case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseRow {
    /// Name of the case.
    pub name: String,
    /// Its verdict.
    pub verdict: Verdict,
    /// Its points; `None` where the problem has none, and where it was not run.
    #[serde(default)]
    pub score: Option<f64>,
    /// CPU time in milliseconds; `None` where it was not run.
    pub cpu_ms: Option<f64>,
}

/// How the judging of a submission ended.
#[derive(Debug)]
pub enum Judged {
    /// With a verdict.
    Row {
        /// What is noted of it.
        row: Row,
        /// What came of its cases, where they were judged here.
        results: Vec<CaseResult>,
    },
    /// It cannot be judged; why, in words.
    Unjudged(String),
    /// The judge failed, which is no verdict; why, in words.
    Failed(String),
}

impl Row {
    /// A judgement of this machine.
    pub fn of(submission: &Submission, program: &Program, judgement: &Judgement) -> Row {
        let facts = || {
            judgement
                .cases
                .iter()
                .filter_map(|case| case.facts.as_ref())
        };
        Row {
            submission: submission.name.clone(),
            digest: program.digest(),
            language: program.language.clone(),
            verdict: judgement.verdict,
            score: judgement.score,
            slowest_ms: facts().map(Facts::cpu_ms).max_by(f64::total_cmp),
            memory_bytes: facts().map(|facts| facts.memory_bytes).max(),
            cases: judgement.cases.iter().map(CaseRow::of).collect(),
            reason: judgement.reason.clone(),
        }
    }
}

impl CaseRow {
    fn of(case: &CaseResult) -> CaseRow {
        CaseRow {
            name: case.name.clone(),
            verdict: case.verdict,
            score: case.score,
            cpu_ms: case.facts.as_ref().map(Facts::cpu_ms),
        }
    }
}

/// How submissions are judged on this machine.
#[derive(Debug)]
pub struct LocalJudge<'a> {
    /// The judge of the slots.
    pub judge: &'a Judge,
    /// What they are judged on.
    pub problem: &'a CompiledPackage,
    /// The time limit.
    pub times: Times,
    /// Ends it from another thread.
    pub cancel: &'a Cancel,
}

impl LocalJudge<'_> {
    /// Judges submissions, one on each slot at a time. `judged` is told of each as soon as it is
    /// judged, on any thread.
    ///
    /// # Errors
    /// Where the problem has to be mended, the work was cancelled, or `judged` fails. What was told
    /// before stays true.
    pub fn judge_all<E: From<JudgeError> + Send>(
        &self,
        crew: &Crew<'_>,
        submissions: &[&Submission],
        judged: &(dyn Fn(&Submission, Judged) -> Result<(), E> + Sync),
    ) -> Result<(), E> {
        crew.each(submissions.len(), |slot, index| {
            let submission = submissions[index];
            let end = match &submission.program {
                Err(reason) => Judged::Unjudged(reason.clone()),
                Ok(program) => ended(
                    submission,
                    program,
                    self.attempts(slot, submission, program),
                )?,
            };
            judged(submission, end)
        })?;
        Ok(())
    }

    /// What is nobody's fault may not happen again.
    fn attempts(
        &self,
        slot: &mut JudgeSlot,
        submission: &Submission,
        program: &Program,
    ) -> Result<Judgement, JudgeError> {
        let mut attempt = || {
            let files = (program.language.as_str(), &program.files[..]);
            self.problem
                .judge(self.judge, slot, files, self.times, self.cancel)
        };
        match attempt() {
            Err(error) if is_ours(&error) => {
                let cause = in_words(&error);
                tracing::warn!(submission = submission.name, cause, "judging it again");
                attempt()
            }
            end => end,
        }
    }
}

fn ended(
    submission: &Submission,
    program: &Program,
    end: Result<Judgement, JudgeError>,
) -> Result<Judged, JudgeError> {
    match end {
        Ok(judgement) => Ok(Judged::Row {
            row: Row::of(submission, program, &judgement),
            results: judgement.cases,
        }),
        Err(error @ (JudgeError::File { .. } | JudgeError::UnknownLanguage(_))) => {
            Ok(Judged::Unjudged(error.to_string()))
        }
        Err(error) if is_ours(&error) => Ok(Judged::Failed(in_words(&error))),
        Err(error) => Err(error),
    }
}

/// Whether neither the submission nor the problem nor a stop is the cause.
fn is_ours(error: &JudgeError) -> bool {
    let has_other_cause = matches!(
        error,
        JudgeError::Cancelled | JudgeError::File { .. } | JudgeError::UnknownLanguage(_)
    );
    !has_other_cause && !error.is_of_the_problem()
}
