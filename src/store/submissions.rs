//! Submissions: stored with their job in one transaction, read with their results.

use time::OffsetDateTime;

use super::{NewTestCase, ProblemId, Store, StoreError, SubmissionId};
use crate::judge::verdict::{CaseResult, CompileResult, Verdict};
use crate::problem::{Checker, Limits, SourceFile};

/// What a submission is judged on.
#[derive(Debug, Clone)]
pub enum Tests {
    /// The test cases, limits and checker of a stored problem.
    Problem(ProblemId),
    /// Test cases of its own.
    Inline {
        /// The test cases in judging order; never empty.
        cases: Vec<NewTestCase>,
        /// Limits of every run.
        limits: Limits,
        /// How outputs are compared.
        checker: Checker,
    },
}

/// A validated submission to be stored.
#[derive(Debug, Clone)]
pub struct NewSubmission {
    /// Language id, e.g. `cpp`.
    pub language: String,
    /// The main file first; never empty.
    pub files: Vec<SourceFile>,
    /// What to judge it on.
    pub tests: Tests,
}

/// Where a submission is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, sqlx::Type)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "submission_state", rename_all = "lowercase")]
pub enum SubmissionState {
    /// Waits for a worker.
    Queued,
    /// A worker compiles or runs it.
    Running,
    /// It has a verdict.
    Finished,
    /// The judge failed on it repeatedly; it has no verdict and an admin must look.
    Failed,
}

/// A submission without sources and case results.
#[derive(Debug, Clone)]
pub struct SubmissionSummary {
    /// Its id.
    pub id: SubmissionId,
    /// Language id.
    pub language: String,
    /// The stored problem, if it was judged on one.
    pub problem_id: Option<ProblemId>,
    /// Where it is on its way.
    pub state: SubmissionState,
    /// The verdict, once finished.
    pub verdict: Option<Verdict>,
    /// One line that explains the verdict.
    pub reason: Option<String>,
    /// Attempts begun so far.
    pub attempts: i32,
    /// When it was accepted for judging.
    pub created_at: OffsetDateTime,
    /// When it got its verdict or failed for good.
    pub finished_at: Option<OffsetDateTime>,
}

/// A submission with everything known about it but its source.
#[derive(Debug, Clone)]
pub struct Submission {
    /// The short form.
    pub summary: SubmissionSummary,
    /// Effective limits.
    pub limits: Limits,
    /// Effective checker.
    pub checker: Checker,
    /// Compile result, once known and where the language compiles.
    pub compile: Option<CompileResult>,
    /// Case results in order; empty until finished.
    pub cases: Vec<CaseResult>,
}

/// Which submissions to list, newest first.
#[derive(Debug, Clone, Default)]
pub struct ListFilter {
    /// Only this language.
    pub language: Option<String>,
    /// Only this problem.
    pub problem_id: Option<ProblemId>,
    /// Only this state.
    pub state: Option<SubmissionState>,
    /// Only this verdict.
    pub verdict: Option<Verdict>,
    /// Only submissions older than this one (keyset pagination).
    pub before: Option<SubmissionId>,
    /// At most this many, 1 to 100.
    pub limit: i64,
}

impl Store {
    /// Stores a submission, its blobs and its job in one transaction; durable on return.
    pub async fn create_submission(
        &self,
        _new: &NewSubmission,
    ) -> Result<SubmissionSummary, StoreError> {
        todo!()
    }

    /// Finds a submission with its results.
    pub async fn find_submission(
        &self,
        _id: SubmissionId,
    ) -> Result<Option<Submission>, StoreError> {
        todo!()
    }

    /// Reads the source files of a submission, main file first.
    pub async fn read_submission_files(
        &self,
        _id: SubmissionId,
    ) -> Result<Vec<SourceFile>, StoreError> {
        todo!()
    }

    /// Lists submissions, newest first.
    pub async fn list_submissions(
        &self,
        _filter: &ListFilter,
    ) -> Result<Vec<SubmissionSummary>, StoreError> {
        todo!()
    }

    /// Completes when the submission is finished or failed; returns at once if it already is or
    /// does not exist. Woken by LISTEN/NOTIFY, with a slow poll as the fallback for lost
    /// notifications. Bound it with a timeout.
    pub async fn wait_until_finished(&self, _id: SubmissionId) -> Result<(), StoreError> {
        todo!()
    }
}
