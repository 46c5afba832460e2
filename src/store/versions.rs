//! Versions of problems, numbered from 1. What a version is never changes; whether it can be judged does.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::blobs::insert_blobs;
use super::test_sets::{LimitColumns, insert_test_set};
use super::verifications::insert_verification;
use super::word::{signed, storable, unsigned};
use super::{BlobId, NewTestCase, ProblemId, Store, StoreError, TestCaseRow};
use crate::problem::groups::Objective;
use crate::problem::package::Finding;
use crate::problem::{Checker, Limits};

/// A version to be stored.
#[derive(Debug, Clone)]
pub enum NewVersion {
    /// Test cases, with limits and a checker for all of them.
    Tests {
        /// Limits of every run.
        limits: Limits,
        /// How outputs are compared.
        checker: Checker,
        /// Test cases in judging order; never empty.
        cases: Vec<NewTestCase>,
    },
    /// A problem package.
    Package {
        /// The archive as it was sent, checked to be one.
        archive: Arc<[u8]>,
        /// What it says of itself.
        about: PackageAbout,
    },
}

/// What a package says of itself, for listings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PackageAbout {
    /// Version of the package format, e.g. `2025-09`.
    pub format: String,
    /// Names by language.
    pub names: BTreeMap<String, String>,
    /// `default`, `custom` or `interactive`.
    pub validation: String,
    /// Whether submissions are answers and no programs.
    #[serde(default)]
    pub takes_answers: bool,
    /// Number of test cases.
    pub case_count: u64,
    /// Memory of a submission: what the package says, or else what this installation gives at most.
    pub memory_bytes: u64,
    /// Standard output of a submission.
    pub output_bytes: u64,
    /// CPU time of a test case, where the package gives it.
    pub limit_ms: Option<u64>,
    /// Which scores are better, where it has points.
    #[serde(default)]
    pub objective: Option<Objective>,
    /// The lowest score, where it has points and an end of them.
    #[serde(default)]
    pub min_score: Option<f64>,
    /// The highest score, likewise.
    #[serde(default)]
    pub max_score: Option<f64>,
    /// Languages of its programs without which nothing can be judged by it: only workers that offer all of them do.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Names of the cases of which contestants may see everything.
    #[serde(default)]
    pub full_feedback: Vec<String>,
    /// What may help who failed on a case, by its name.
    #[serde(default)]
    pub hints: BTreeMap<String, String>,
    /// What was found in it.
    pub findings: Vec<Finding>,
}

/// Whether a version can be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "version_state", rename_all = "lowercase")]
pub enum VersionState {
    /// Its time limit is not known yet. Submissions are held.
    Pending,
    /// Submissions are judged.
    Ready,
    /// A program of the problem did not do its part. Submissions are held.
    Error,
}

/// What is wrong with a problem, in words for whoever mends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProblemError {
    /// One line.
    pub cause: String,
    /// The beginning of what its program or a compiler wrote.
    pub evidence: String,
}

/// A stored version of a problem.
#[derive(Debug, Clone)]
pub struct Version {
    /// From 1; the highest is current.
    pub number: i32,
    /// What it is.
    pub content: VersionContent,
    /// Whether it can be judged.
    pub state: VersionState,
    /// Why not, where it is wrong.
    pub error: Option<ProblemError>,
    /// When it was stored.
    pub created_at: OffsetDateTime,
}

/// What a version is.
#[derive(Debug, Clone)]
pub enum VersionContent {
    /// Test cases.
    Tests {
        /// Limits of every run.
        limits: Limits,
        /// How outputs are compared.
        checker: Checker,
        /// Number of test cases.
        case_count: i64,
        /// Test cases in judging order; empty in listings.
        cases: Vec<TestCaseRow>,
    },
    /// A problem package.
    Package {
        /// The archive.
        archive: BlobId,
        /// Its size.
        archive_bytes: i64,
        /// What it says of itself.
        about: PackageAbout,
        /// CPU time of a test case, once that is known.
        limit_ms: Option<u64>,
    },
}

impl Store {
    /// Lists the versions of a problem, newest first, older than `before`, at most `limit` (1 to 100),
    /// without their test cases.
    pub async fn list_versions(
        &self,
        problem: ProblemId,
        before: Option<i32>,
        limit: i64,
    ) -> Result<Vec<Version>, StoreError> {
        self.in_time(async {
            let mut connection = self.pool.acquire().await?;
            select_versions(&mut connection, problem, before, limit).await
        })
        .await
    }

    /// Finds a version of a problem.
    pub async fn find_version(
        &self,
        problem: ProblemId,
        number: i32,
    ) -> Result<Option<Version>, StoreError> {
        self.in_time(async {
            let mut connection = self.pool.acquire().await?;
            let newest = newest_version(&mut connection, problem, number.checked_add(1)).await?;
            Ok(newest.filter(|version| version.number == number))
        })
        .await
    }

    /// Stores a further version, which is current from then on, and takes over the submissions that
    /// were held.
    ///
    /// # Errors
    /// [`StoreError::UnknownProblem`] where the problem does not exist or was deleted.
    pub async fn create_version(
        &self,
        problem: ProblemId,
        new: &NewVersion,
    ) -> Result<Version, StoreError> {
        self.in_time(async {
            let mut transaction = self.pool.begin().await?;
            // Two at once get two numbers; and nothing is held meanwhile under the version before.
            sqlx::query!(
                "SELECT id FROM problems WHERE id = $1 AND deleted_at IS NULL FOR UPDATE",
                problem.0,
            )
            .fetch_optional(&mut *transaction)
            .await?
            .ok_or(StoreError::UnknownProblem(problem))?;
            let number = insert_version(&mut transaction, problem, new).await?;
            take_over_held(&mut transaction, problem, number).await?;
            let stored = newest_version(&mut transaction, problem, None).await?;
            transaction.commit().await?;
            stored.ok_or(StoreError::UnknownProblem(problem))
        })
        .await
    }
}

/// The newest version before a number, with its test cases.
pub(super) async fn newest_version(
    connection: &mut PgConnection,
    problem: ProblemId,
    before: Option<i32>,
) -> Result<Option<Version>, StoreError> {
    let newest = select_versions(&mut *connection, problem, before, 1).await?;
    let Some(mut version) = newest.into_iter().next() else {
        return Ok(None);
    };
    if let VersionContent::Tests { cases, .. } = &mut version.content {
        *cases = select_cases(connection, problem, version.number).await?;
    }
    Ok(Some(version))
}

async fn select_versions(
    connection: &mut PgConnection,
    problem: ProblemId,
    before: Option<i32>,
    limit: i64,
) -> Result<Vec<Version>, StoreError> {
    let rows = sqlx::query_as!(
        VersionRow,
        r#"SELECT version.problem_id, version.number, version.created_at,
               version.state AS "state: VersionState", version.error, version.evidence,
               version.archive, version.limit_ms,
               version.about AS "about: Json<PackageAbout>",
               octet_length(blobs.bytes)::bigint AS archive_bytes,
               test_set.cpu_ms AS "cpu_ms?", test_set.wall_ms AS "wall_ms?",
               test_set.memory_bytes AS "memory_bytes?",
               test_set.output_bytes AS "output_bytes?",
               test_set.processes AS "processes?",
               test_set.checker AS "checker?: Json<Checker>",
               (SELECT count(*) FROM test_cases
                WHERE test_cases.test_set_id = test_set.id) AS "case_count!"
           FROM problem_versions AS version
           LEFT JOIN test_sets AS test_set ON test_set.id = version.test_set_id
           LEFT JOIN blobs ON blobs.sha256 = version.archive
           WHERE version.problem_id = $1
               AND version.number < COALESCE($2::integer, 2147483647)
           ORDER BY version.number DESC
           LIMIT $3"#,
        problem.0,
        before,
        limit,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Version::try_from).collect()
}

/// The current version of each of these problems, without test cases.
pub(super) async fn current_versions(
    connection: &mut PgConnection,
    problems: &[Uuid],
) -> Result<BTreeMap<ProblemId, Version>, StoreError> {
    let rows = sqlx::query_as!(
        VersionRow,
        r#"SELECT DISTINCT ON (version.problem_id)
               version.problem_id, version.number, version.created_at,
               version.state AS "state: VersionState", version.error, version.evidence,
               version.archive, version.limit_ms,
               version.about AS "about: Json<PackageAbout>",
               octet_length(blobs.bytes)::bigint AS archive_bytes,
               test_set.cpu_ms AS "cpu_ms?", test_set.wall_ms AS "wall_ms?",
               test_set.memory_bytes AS "memory_bytes?",
               test_set.output_bytes AS "output_bytes?",
               test_set.processes AS "processes?",
               test_set.checker AS "checker?: Json<Checker>",
               (SELECT count(*) FROM test_cases
                WHERE test_cases.test_set_id = test_set.id) AS "case_count!"
           FROM problem_versions AS version
           LEFT JOIN test_sets AS test_set ON test_set.id = version.test_set_id
           LEFT JOIN blobs ON blobs.sha256 = version.archive
           WHERE version.problem_id = ANY($1)
           ORDER BY version.problem_id, version.number DESC"#,
        problems,
    )
    .fetch_all(connection)
    .await?;
    let versions = rows
        .into_iter()
        .map(|row| Ok((ProblemId(row.problem_id), Version::try_from(row)?)));
    versions.collect()
}

/// Sizes are read without the contents: Postgres keeps them with the reference.
async fn select_cases(
    connection: &mut PgConnection,
    problem: ProblemId,
    number: i32,
) -> Result<Vec<TestCaseRow>, StoreError> {
    let cases = sqlx::query_as!(
        TestCaseRow,
        r#"SELECT test_cases.name,
               octet_length(input.bytes)::bigint AS "input_bytes!",
               octet_length(answer.bytes)::bigint AS answer_bytes
           FROM problem_versions
           JOIN test_cases USING (test_set_id)
           JOIN blobs AS input ON input.sha256 = test_cases.input
           LEFT JOIN blobs AS answer ON answer.sha256 = test_cases.answer
           WHERE problem_id = $1 AND number = $2
           ORDER BY test_cases.ordinal"#,
        problem.0,
        number,
    )
    .fetch_all(connection)
    .await?;
    Ok(cases)
}

/// Stores the next version of a problem, a package with a verification; returns its number.
pub(super) async fn insert_version(
    connection: &mut PgConnection,
    problem: ProblemId,
    new: &NewVersion,
) -> Result<i32, StoreError> {
    let (test_set, archive, about) = match new {
        NewVersion::Tests {
            limits,
            checker,
            cases,
        } => {
            let test_set = insert_test_set(&mut *connection, limits, checker, cases).await?;
            (Some(test_set), None, None)
        }
        NewVersion::Package { archive, about } => {
            insert_blobs(&mut *connection, &[archive]).await?;
            (None, Some(BlobId::of(archive)), Some(storable_about(about)))
        }
    };
    let limit_ms = about.as_ref().and_then(|about| about.limit_ms);
    let needs = about.as_ref().map(|about| about.needs.clone());
    let state = match (&about, limit_ms) {
        (Some(_), None) => VersionState::Pending,
        _ => VersionState::Ready,
    };
    let number = sqlx::query_scalar!(
        "INSERT INTO problem_versions
             (problem_id, number, test_set_id, archive, about, limit_ms, state, needs)
         SELECT $1, COALESCE(max(number), 0) + 1, $2, $3, $4, $5, $6, $7
         FROM problem_versions WHERE problem_id = $1
         RETURNING number",
        problem.0,
        test_set,
        archive.as_ref().map(|id| id.as_bytes()),
        about.map(Json) as _,
        limit_ms.map(signed),
        state as VersionState,
        &needs.unwrap_or_default(),
    )
    .fetch_one(&mut *connection)
    .await?;
    insert_verification(connection, problem, number).await?;
    Ok(number)
}

/// JSON in the database holds no NUL either.
fn storable_about(about: &PackageAbout) -> PackageAbout {
    let mut about = about.clone();
    let names = std::mem::take(&mut about.names).into_iter();
    let text = |text: &str| storable(text).into_owned();
    about.names = names.map(|(k, name)| (text(&k), text(&name))).collect();
    for hint in about.hints.values_mut() {
        *hint = text(hint);
    }
    for finding in &mut about.findings {
        finding.path = text(&finding.path);
        finding.message = text(&finding.message);
    }
    about
}

/// What was held under an earlier version was not judged: it is of the new one now.
async fn take_over_held(
    connection: &mut PgConnection,
    problem: ProblemId,
    number: i32,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE submissions
         SET problem_version = version.number, test_set_id = version.test_set_id
         FROM problem_versions AS version
         WHERE version.problem_id = $1 AND version.number = $2
             AND submissions.problem_id = $1 AND submissions.state = 'held'",
        problem.0,
        number,
    )
    .execute(&mut *connection)
    .await?;
    release_held(connection, problem, number).await
}

/// Queues what is held under a version, if that can be judged. Call it under the problem's lock.
pub(super) async fn release_held(
    connection: &mut PgConnection,
    problem: ProblemId,
    number: i32,
) -> Result<(), StoreError> {
    sqlx::query!(
        "WITH released AS (
             UPDATE submissions SET state = 'queued'
             FROM problem_versions AS version
             WHERE version.problem_id = $1 AND version.number = $2 AND version.state = 'ready'
                 AND submissions.problem_id = $1 AND problem_version = $2
                 AND submissions.state = 'held'
             RETURNING id, language, attempts, version.needs
         )
         INSERT INTO jobs (submission_id, language, attempt, needs)
         SELECT id, language, attempts, needs FROM released
         RETURNING pg_notify('gavel_queued', '')",
        problem.0,
        number,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A version as selected.
struct VersionRow {
    problem_id: Uuid,
    number: i32,
    created_at: OffsetDateTime,
    state: VersionState,
    error: Option<String>,
    evidence: Option<String>,
    archive: Option<Vec<u8>>,
    limit_ms: Option<i64>,
    about: Option<Json<PackageAbout>>,
    archive_bytes: Option<i64>,
    cpu_ms: Option<i64>,
    wall_ms: Option<i64>,
    memory_bytes: Option<i64>,
    output_bytes: Option<i64>,
    processes: Option<i64>,
    checker: Option<Json<Checker>>,
    case_count: i64,
}

impl VersionRow {
    /// The schema has it complete: tests or an archive.
    fn content(&mut self) -> Result<Option<VersionContent>, StoreError> {
        if let (Some(archive), Some(about)) = (&self.archive, self.about.take()) {
            return Ok(Some(VersionContent::Package {
                archive: BlobId::from_column(archive)?,
                archive_bytes: self.archive_bytes.unwrap_or_default(),
                about: about.0,
                limit_ms: self.limit_ms.map(unsigned),
            }));
        }
        let tests = || {
            let limits = LimitColumns {
                cpu_ms: self.cpu_ms?,
                wall_ms: self.wall_ms?,
                memory_bytes: self.memory_bytes?,
                output_bytes: self.output_bytes?,
                processes: self.processes?,
            };
            Some(VersionContent::Tests {
                limits: limits.into(),
                checker: self.checker.as_ref()?.0.clone(),
                case_count: self.case_count,
                cases: Vec::new(),
            })
        };
        Ok(tests())
    }
}

impl TryFrom<VersionRow> for Version {
    type Error = StoreError;

    fn try_from(mut row: VersionRow) -> Result<Self, StoreError> {
        let content = row.content()?.ok_or(sqlx::Error::RowNotFound)?;
        let error = row.error.zip(row.evidence);
        Ok(Version {
            number: row.number,
            content,
            state: row.state,
            error: error.map(|(cause, evidence)| ProblemError { cause, evidence }),
            created_at: row.created_at,
        })
    }
}

#[cfg(test)]
mod tests;
