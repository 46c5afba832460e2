//! Problems and their test cases. Immutable once stored.

use std::sync::Arc;

use time::OffsetDateTime;

use super::{ProblemId, Store, StoreError};
use crate::problem::{Checker, Limits};

/// A test case to be stored.
#[derive(Debug, Clone)]
pub struct NewTestCase {
    /// Name, unique within its set.
    pub name: String,
    /// Standard input.
    pub input: Arc<[u8]>,
    /// Expected output; `None` where nothing is compared.
    pub answer: Option<Arc<[u8]>>,
}

/// A problem to be stored.
#[derive(Debug, Clone)]
pub struct NewProblem {
    /// Unique name.
    pub name: String,
    /// Limits of every run.
    pub limits: Limits,
    /// How outputs are compared.
    pub checker: Checker,
    /// Test cases in judging order; never empty.
    pub cases: Vec<NewTestCase>,
}

/// A test case as listed: sizes, not contents.
#[derive(Debug, Clone)]
pub struct TestCaseRow {
    /// Name.
    pub name: String,
    /// Size of the input in bytes.
    pub input_bytes: i64,
    /// Size of the answer in bytes, where there is one.
    pub answer_bytes: Option<i64>,
}

/// A stored problem.
#[derive(Debug, Clone)]
pub struct Problem {
    /// Its id.
    pub id: ProblemId,
    /// Unique name.
    pub name: String,
    /// Limits of every run.
    pub limits: Limits,
    /// How outputs are compared.
    pub checker: Checker,
    /// Test cases in judging order; empty in listings.
    pub cases: Vec<TestCaseRow>,
    /// Number of test cases.
    pub case_count: i64,
    /// When it was stored.
    pub created_at: OffsetDateTime,
}

impl Store {
    /// Stores a problem with its test cases.
    pub async fn create_problem(&self, _new: &NewProblem) -> Result<Problem, StoreError> {
        todo!()
    }

    /// Finds a problem with its test cases.
    pub async fn find_problem(&self, _id: ProblemId) -> Result<Option<Problem>, StoreError> {
        todo!()
    }

    /// Lists problems, newest first, older than `before`, at most `limit` (1 to 100).
    pub async fn list_problems(
        &self,
        _before: Option<ProblemId>,
        _limit: i64,
    ) -> Result<Vec<Problem>, StoreError> {
        todo!()
    }
}
