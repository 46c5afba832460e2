//! Problems and their test cases. Immutable once stored.

use std::sync::Arc;

use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::error::constraint;
use super::test_sets::{LimitColumns, insert_test_set};
use super::word::storable;
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
    pub async fn create_problem(&self, new: &NewProblem) -> Result<Problem, StoreError> {
        self.in_time(async {
            let mut transaction = self.pool.begin().await?;
            let test_set =
                insert_test_set(&mut transaction, &new.limits, &new.checker, &new.cases).await?;
            let id = ProblemId(Uuid::now_v7());
            let created_at = sqlx::query_scalar!(
                "INSERT INTO problems (id, name, test_set_id) VALUES ($1, $2, $3)
                 RETURNING created_at",
                id.0,
                &storable(&new.name),
                test_set,
            )
            .fetch_one(&mut *transaction)
            .await
            .map_err(|error| match constraint(&error) {
                Some("problems_name_is_unique") => StoreError::ProblemNameTaken(new.name.clone()),
                _ => error.into(),
            })?;
            transaction.commit().await?;
            Ok(stored(new, id, created_at))
        })
        .await
    }

    /// Finds a problem with its test cases.
    pub async fn find_problem(&self, id: ProblemId) -> Result<Option<Problem>, StoreError> {
        self.in_time(async {
            let Some(row) = sqlx::query_as!(
                ProblemRow,
                r#"SELECT problems.id, name, created_at,
                       cpu_ms, wall_ms, memory_bytes, output_bytes, processes,
                       checker AS "checker: Json<Checker>",
                       (SELECT count(*) FROM test_cases
                        WHERE test_cases.test_set_id = test_set.id) AS "case_count!"
                   FROM problems JOIN test_sets AS test_set ON test_set.id = test_set_id
                   WHERE problems.id = $1"#,
                id.0,
            )
            .fetch_optional(&self.pool)
            .await?
            else {
                return Ok(None);
            };
            let cases = self.list_problem_cases(id).await?;
            Ok(Some(Problem {
                cases,
                ..row.into()
            }))
        })
        .await
    }

    /// Sizes are read without the contents: Postgres keeps them with the reference.
    async fn list_problem_cases(&self, id: ProblemId) -> Result<Vec<TestCaseRow>, StoreError> {
        let cases = sqlx::query_as!(
            TestCaseRow,
            r#"SELECT test_cases.name,
                   octet_length(input.bytes)::bigint AS "input_bytes!",
                   octet_length(answer.bytes)::bigint AS answer_bytes
               FROM problems
               JOIN test_cases USING (test_set_id)
               JOIN blobs AS input ON input.sha256 = test_cases.input
               LEFT JOIN blobs AS answer ON answer.sha256 = test_cases.answer
               WHERE problems.id = $1
               ORDER BY test_cases.ordinal"#,
            id.0,
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(cases)
    }

    /// Lists problems, newest first, older than `before`, at most `limit` (1 to 100).
    pub async fn list_problems(
        &self,
        before: Option<ProblemId>,
        limit: i64,
    ) -> Result<Vec<Problem>, StoreError> {
        self.in_time(async {
            let rows = sqlx::query_as!(
                ProblemRow,
                r#"SELECT problems.id, name, created_at,
                       cpu_ms, wall_ms, memory_bytes, output_bytes, processes,
                       checker AS "checker: Json<Checker>",
                       (SELECT count(*) FROM test_cases
                        WHERE test_cases.test_set_id = test_set.id) AS "case_count!"
                   FROM problems JOIN test_sets AS test_set ON test_set.id = test_set_id
                   -- The greatest UUID, so that the first page is a range of the index too.
                   WHERE problems.id < COALESCE($1, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
                   ORDER BY problems.id DESC
                   LIMIT $2"#,
                before.map(|id| id.0),
                limit,
            )
            .fetch_all(&self.pool)
            .await?;
            Ok(rows.into_iter().map(Problem::from).collect())
        })
        .await
    }
}

/// A problem as selected, without its test cases.
struct ProblemRow {
    id: Uuid,
    name: String,
    created_at: OffsetDateTime,
    cpu_ms: i64,
    wall_ms: i64,
    memory_bytes: i64,
    output_bytes: i64,
    processes: i64,
    checker: Json<Checker>,
    case_count: i64,
}

impl From<ProblemRow> for Problem {
    fn from(row: ProblemRow) -> Self {
        let limits = LimitColumns {
            cpu_ms: row.cpu_ms,
            wall_ms: row.wall_ms,
            memory_bytes: row.memory_bytes,
            output_bytes: row.output_bytes,
            processes: row.processes,
        };
        Problem {
            id: ProblemId(row.id),
            name: row.name,
            limits: limits.into(),
            checker: row.checker.0,
            cases: Vec::new(),
            case_count: row.case_count,
            created_at: row.created_at,
        }
    }
}

/// What was just stored, as it would be read back.
fn stored(new: &NewProblem, id: ProblemId, created_at: OffsetDateTime) -> Problem {
    let listed = |case: &NewTestCase| TestCaseRow {
        name: case.name.clone(),
        input_bytes: case.input.len() as i64,
        answer_bytes: case.answer.as_ref().map(|answer| answer.len() as i64),
    };
    Problem {
        id,
        name: new.name.clone(),
        limits: new.limits.clone(),
        checker: new.checker.clone(),
        cases: new.cases.iter().map(listed).collect(),
        case_count: new.cases.len() as i64,
        created_at,
    }
}

#[cfg(test)]
mod tests;
