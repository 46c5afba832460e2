//! Submissions: stored with their job in one transaction, read with their results.

use sqlx::PgConnection;
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::blobs::insert_blobs;
use super::test_sets::{LimitColumns, insert_test_set};
use super::word::{Word, storable};
use super::{NewTestCase, ProblemId, Store, StoreError, SubmissionId, VersionState};
use crate::judge::verdict::{CaseResult, CompileResult, GroupResult, Verdict};
use crate::problem::groups::Objective;
use crate::problem::{ANSWERS, Checker, Limits, SourceFile};

/// What a submission is judged on.
#[derive(Debug, Clone)]
pub enum Tests {
    /// The current version of a stored problem.
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
    /// Waits for its problem, which cannot be judged now.
    Held,
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
    /// The version of the problem that it is judged on.
    pub problem_version: Option<i32>,
    /// Where it is on its way.
    pub state: SubmissionState,
    /// The verdict, once finished.
    pub verdict: Option<Verdict>,
    /// One line that explains the verdict.
    pub reason: Option<String>,
    /// The score; `None` where the problem has no points, or where it gets none.
    pub score: Option<f64>,
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
    /// Effective limits; those of a package are its own.
    pub limits: Option<Limits>,
    /// Effective checker, where it is not a package's.
    pub checker: Option<Checker>,
    /// Languages that it needs and no live worker offers, or none offers together; empty where it does not
    /// wait for these.
    pub waiting_for: Vec<String>,
    /// Protections that the machine lacked that gave the verdict; `None` where there is none, or it is
    /// not known.
    pub degraded: Option<Vec<String>>,
    /// Which scores are better, where the problem's version has points.
    pub objective: Option<Objective>,
    /// The lowest score that the problem's version gives, where it has points and an end of them.
    pub min_score: Option<f64>,
    /// The highest score that it gives, likewise.
    pub max_score: Option<f64>,
    /// What came of the groups of cases, each before those in it; empty until finished.
    pub groups: Vec<GroupResult>,
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
        new: &NewSubmission,
    ) -> Result<SubmissionSummary, StoreError> {
        self.in_time(async {
            let mut transaction = self.pool.begin().await?;
            let are_answers = new.language == ANSWERS;
            let judged_on = find_or_insert_tests(&mut transaction, &new.tests, are_answers).await?;
            let contents: Vec<&[u8]> = new.files.iter().map(|file| &*file.bytes).collect();
            let blobs = insert_blobs(&mut transaction, &contents).await?;
            let blobs: Vec<&[u8]> = blobs.iter().map(|id| id.as_bytes()).collect();
            let names: Vec<_> = new.files.iter().map(|file| storable(&file.name)).collect();
            let id = SubmissionId(Uuid::now_v7());
            let created_at = sqlx::query_scalar!(
                r#"WITH submission AS (
                       INSERT INTO submissions
                           (id, language, problem_id, problem_version, test_set_id, state)
                       VALUES ($1, $2, $3, $4, $5, $6)
                       RETURNING created_at, state
                   ),
                   files AS (
                       INSERT INTO source_files (submission_id, ordinal, name, content)
                       SELECT $1, file.position - 1, file.name, file.content
                       FROM UNNEST($7::text[], $8::bytea[])
                           WITH ORDINALITY AS file (name, content, position)
                   ),
                   job AS (
                       INSERT INTO jobs (submission_id, language, needs)
                       SELECT $1, $2, COALESCE((
                           SELECT needs FROM problem_versions
                           WHERE problem_id = $3 AND number = $4
                       ), '{}')
                       FROM submission WHERE state = 'queued'
                       RETURNING pg_notify('gavel_queued', '')
                   )
                   SELECT created_at FROM submission"#,
                id.0,
                new.language,
                judged_on.problem.map(|id| id.0),
                judged_on.version,
                judged_on.test_set,
                judged_on.state as SubmissionState,
                &names as _,
                &blobs as &[&[u8]],
            )
            .fetch_one(&mut *transaction)
            .await?;
            transaction.commit().await?;
            Ok(SubmissionSummary {
                id,
                language: new.language.clone(),
                problem_id: judged_on.problem,
                problem_version: judged_on.version,
                state: judged_on.state,
                verdict: None,
                reason: None,
                score: None,
                attempts: 0,
                created_at,
                finished_at: None,
            })
        })
        .await
    }

    /// Finds a submission with its results.
    pub async fn find_submission(
        &self,
        id: SubmissionId,
    ) -> Result<Option<Submission>, StoreError> {
        self.in_time(async {
            let Some(row) = sqlx::query!(
                r#"SELECT submissions.id, language, submissions.problem_id, problem_version,
                       submissions.state AS "state: SubmissionState",
                       verdict::text AS "verdict: Word<Verdict>", reason, score, attempts,
                       submissions.created_at, finished_at, degraded,
                       version.about ->> 'objective' AS "objective: Word<Objective>",
                       (version.about ->> 'min_score')::double precision AS min_score,
                       (version.about ->> 'max_score')::double precision AS max_score,
                       cpu_ms AS "cpu_ms?", wall_ms AS "wall_ms?",
                       memory_bytes AS "memory_bytes?", output_bytes AS "output_bytes?",
                       processes AS "processes?", checker AS "checker?: Json<Checker>"
                   FROM submissions
                   LEFT JOIN test_sets ON test_sets.id = submissions.test_set_id
                   LEFT JOIN problem_versions AS version
                       ON version.problem_id = submissions.problem_id
                           AND version.number = submissions.problem_version
                   WHERE submissions.id = $1"#,
                id.0,
            )
            .fetch_optional(&self.pool)
            .await?
            else {
                return Ok(None);
            };
            // Results are written together with the state, so they are there if it says so.
            let (compile, groups, cases) = match row.state {
                SubmissionState::Finished => (
                    self.read_compile_result(id).await?,
                    self.read_group_results(id).await?,
                    self.read_case_results(id).await?,
                ),
                _ => (None, Vec::new(), Vec::new()),
            };
            let waiting_for = match row.state {
                SubmissionState::Queued => self.languages_waited_for(id).await?,
                _ => Vec::new(),
            };
            let limits = || {
                Some(LimitColumns {
                    cpu_ms: row.cpu_ms?,
                    wall_ms: row.wall_ms?,
                    memory_bytes: row.memory_bytes?,
                    output_bytes: row.output_bytes?,
                    processes: row.processes?,
                })
            };
            let limits = limits().map(Limits::from);
            let summary = SummaryRow {
                id: row.id,
                language: row.language,
                problem_id: row.problem_id,
                problem_version: row.problem_version,
                state: row.state,
                verdict: row.verdict,
                reason: row.reason,
                score: row.score,
                attempts: row.attempts,
                created_at: row.created_at,
                finished_at: row.finished_at,
            };
            Ok(Some(Submission {
                summary: summary.into(),
                limits,
                checker: row.checker.map(|checker| checker.0),
                waiting_for,
                degraded: row.degraded,
                objective: row.objective.map(|objective| objective.0),
                min_score: row.min_score,
                max_score: row.max_score,
                groups,
                compile,
                cases,
            }))
        })
        .await
    }

    /// The languages for which a queued submission waits: those that no live worker offers; all that it needs
    /// where each is offered, and no worker offers them together.
    async fn languages_waited_for(&self, id: SubmissionId) -> Result<Vec<String>, StoreError> {
        let needed = sqlx::query!(
            r#"WITH needed AS (
                   SELECT DISTINCT UNNEST(needs || language) AS id
                   FROM jobs WHERE submission_id = $1
               ),
               offered AS (
                   SELECT worker_id, needed.id
                   FROM needed
                   JOIN worker_languages AS language ON language.id = needed.id
                   JOIN workers ON workers.id = worker_id AND alive_until > now()
               )
               SELECT needed.id AS "id!",
                   EXISTS (SELECT FROM offered WHERE offered.id = needed.id) AS "is_offered!"
               FROM needed
               WHERE needed.id <> $2 AND NOT EXISTS (
                   SELECT FROM offered WHERE offered.id <> $2 GROUP BY worker_id
                   HAVING count(*) = (SELECT count(*) FROM needed WHERE needed.id <> $2)
               )
               ORDER BY needed.id"#,
            id.0,
            ANSWERS,
        )
        .fetch_all(&self.pool)
        .await?;
        let is_any_missing = needed.iter().any(|row| !row.is_offered);
        let waited_for = needed.into_iter();
        let waited_for = waited_for.filter(|row| !is_any_missing || !row.is_offered);
        Ok(waited_for.map(|row| row.id).collect())
    }

    /// Lists submissions, newest first.
    pub async fn list_submissions(
        &self,
        filter: &ListFilter,
    ) -> Result<Vec<SubmissionSummary>, StoreError> {
        self.in_time(async {
            let mut transaction = self.pool.begin().await?;
            // A plan for these filters, not one for any: it is what makes the conditions that are
            // not asked for disappear, and lets the others use their index.
            sqlx::query!("SET LOCAL plan_cache_mode = force_custom_plan")
                .execute(&mut *transaction)
                .await?;
            let rows = sqlx::query_as!(
                SummaryRow,
                r#"SELECT id, language, problem_id, problem_version,
                       state AS "state: SubmissionState",
                       verdict::text AS "verdict: Word<Verdict>", reason, score, attempts,
                       created_at, finished_at
                   FROM submissions
                   WHERE ($1::text IS NULL OR language = $1)
                       AND ($2::uuid IS NULL OR problem_id = $2)
                       AND ($3::submission_state IS NULL OR state = $3)
                       AND ($4::text IS NULL OR verdict = $4::verdict)
                       AND ($5::uuid IS NULL OR id < $5)
                   ORDER BY id DESC
                   LIMIT $6"#,
                filter.language.as_deref(),
                filter.problem_id.map(|id| id.0),
                filter.state as Option<SubmissionState>,
                filter.verdict.map(|verdict| Word(verdict).to_string()),
                filter.before.map(|id| id.0),
                filter.limit,
            )
            .fetch_all(&mut *transaction)
            .await?;
            transaction.commit().await?;
            Ok(rows.into_iter().map(SubmissionSummary::from).collect())
        })
        .await
    }
}

/// What a new submission is judged on, and whether it can be now.
struct JudgedOn {
    problem: Option<ProblemId>,
    version: Option<i32>,
    test_set: Option<Uuid>,
    state: SubmissionState,
}

async fn find_or_insert_tests(
    connection: &mut PgConnection,
    tests: &Tests,
    are_answers: bool,
) -> Result<JudgedOn, StoreError> {
    match tests {
        Tests::Problem(id) => find_current_version(connection, *id, are_answers).await,
        Tests::Inline {
            cases,
            limits,
            checker,
        } => Ok(JudgedOn {
            problem: None,
            version: None,
            test_set: Some(insert_test_set(connection, limits, checker, cases).await?),
            state: SubmissionState::Queued,
        }),
    }
}

async fn find_current_version(
    connection: &mut PgConnection,
    id: ProblemId,
    are_answers: bool,
) -> Result<JudgedOn, StoreError> {
    // Whoever changes what can be judged locks the problem first: a submission that is held now is
    // there when the others are released.
    sqlx::query!(
        "SELECT id FROM problems WHERE id = $1 AND deleted_at IS NULL FOR SHARE",
        id.0
    )
    .fetch_optional(&mut *connection)
    .await?
    .ok_or(StoreError::UnknownProblem(id))?;
    let current = sqlx::query!(
        r#"SELECT number, test_set_id, state AS "state: VersionState",
               COALESCE((about ->> 'takes_answers')::boolean, false) AS "takes_answers!"
           FROM problem_versions WHERE problem_id = $1
           ORDER BY number DESC LIMIT 1"#,
        id.0,
    )
    .fetch_one(connection)
    .await?;
    let takes_answers = current.takes_answers;
    if takes_answers != are_answers {
        return Err(StoreError::OtherKind { takes_answers });
    }
    Ok(JudgedOn {
        problem: Some(id),
        version: Some(current.number),
        test_set: current.test_set_id,
        state: match current.state {
            VersionState::Ready => SubmissionState::Queued,
            VersionState::Pending | VersionState::Error => SubmissionState::Held,
        },
    })
}

/// A row of `submissions` as selected.
struct SummaryRow {
    id: Uuid,
    language: String,
    problem_id: Option<Uuid>,
    problem_version: Option<i32>,
    state: SubmissionState,
    verdict: Option<Word<Verdict>>,
    reason: Option<String>,
    score: Option<f64>,
    attempts: i32,
    created_at: OffsetDateTime,
    finished_at: Option<OffsetDateTime>,
}

impl From<SummaryRow> for SubmissionSummary {
    fn from(row: SummaryRow) -> Self {
        SubmissionSummary {
            id: SubmissionId(row.id),
            language: row.language,
            problem_id: row.problem_id.map(ProblemId),
            problem_version: row.problem_version,
            state: row.state,
            verdict: row.verdict.map(|word| word.0),
            reason: row.reason,
            score: row.score,
            attempts: row.attempts,
            created_at: row.created_at,
            finished_at: row.finished_at,
        }
    }
}

#[cfg(test)]
mod tests;
