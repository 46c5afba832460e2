//! Errors of a problem: they stop its submissions, which are held, and nobody else's. They are no verdict
//! and use up no attempt. When the problem is mended, what was held goes on.

use sqlx::PgConnection;

use super::verifications::insert_verification;
use super::versions::{newest_version, release_held};
use super::word::storable;
use super::{Lease, LeaseState, ProblemError, ProblemId, Store, StoreError, Version, VersionState};

impl Store {
    /// Ends an attempt because of an error of the problem: the submission is held, and so is whatever
    /// else is queued on the same version of the problem.
    pub async fn hold_submission(
        &self,
        lease: &Lease,
        error: &ProblemError,
    ) -> Result<LeaseState, StoreError> {
        self.in_time(async {
            let mut transaction = self.pool.begin().await?;
            // The lock, so that nobody queues a submission on what is about to be in error.
            let version = sqlx::query!(
                r#"SELECT problems.id AS "problem_id!", problem_version AS "number!"
                   FROM problems JOIN submissions ON problem_id = problems.id
                   WHERE submissions.id = $1
                   FOR UPDATE OF problems"#,
                lease.submission.0,
            )
            .fetch_one(&mut *transaction)
            .await?;
            let (problem, number) = (ProblemId(version.problem_id), version.number);
            if !hold_leased(&mut transaction, lease).await? {
                return Ok(LeaseState::Lost);
            }
            set_error(&mut transaction, problem, number, error).await?;
            transaction.commit().await?;
            Ok(LeaseState::Held)
        })
        .await
    }

    /// Lets a version that was in error be judged again, and with it what was held; without a time limit
    /// it is verified first. Returns it as it is then; `None` where there is no such version.
    pub async fn resume_version(
        &self,
        problem: ProblemId,
        number: i32,
    ) -> Result<Option<Version>, StoreError> {
        self.in_time(async {
            let mut transaction = self.pool.begin().await?;
            lock_problem(&mut transaction, problem).await?;
            sqlx::query!(
                "UPDATE problem_versions
                 SET error = NULL, evidence = NULL, state = CASE
                     WHEN archive IS NULL OR limit_ms IS NOT NULL THEN 'ready'::version_state
                     ELSE 'pending' END
                 WHERE problem_id = $1 AND number = $2 AND state = 'error'",
                problem.0,
                number,
            )
            .execute(&mut *transaction)
            .await?;
            release_held(&mut transaction, problem, number).await?;
            let before = number.checked_add(1);
            let newest = newest_version(&mut transaction, problem, before).await?;
            let version = newest.filter(|version| version.number == number);
            if let Some(version) = &version
                && version.state == VersionState::Pending
            {
                insert_verification(&mut transaction, problem, number).await?;
            }
            transaction.commit().await?;
            Ok(version)
        })
        .await
    }
}

/// Whoever changes whether a version can be judged does so under this lock.
pub(super) async fn lock_problem(
    connection: &mut PgConnection,
    problem: ProblemId,
) -> Result<(), StoreError> {
    sqlx::query!(
        "SELECT id FROM problems WHERE id = $1 FOR UPDATE",
        problem.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(())
}

/// The attempt does not count.
async fn hold_leased(connection: &mut PgConnection, lease: &Lease) -> Result<bool, StoreError> {
    let held = sqlx::query!(
        "WITH leased AS (
             DELETE FROM jobs WHERE submission_id = $1 AND token = $2
             RETURNING submission_id, attempt
         )
         UPDATE submissions SET state = 'held', attempts = leased.attempt - 1
         FROM leased WHERE id = leased.submission_id",
        lease.submission.0,
        lease.token,
    )
    .execute(connection)
    .await?;
    Ok(held.rows_affected() > 0)
}

/// Says that a version cannot be judged, and takes what waits for it out of the queue. What runs
/// meanwhile ends by itself: with a verdict, or here again.
pub(super) async fn set_error(
    connection: &mut PgConnection,
    problem: ProblemId,
    number: i32,
    error: &ProblemError,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE problem_versions SET state = 'error', error = $3, evidence = $4
         WHERE problem_id = $1 AND number = $2",
        problem.0,
        number,
        &storable(&error.cause),
        &storable(&error.evidence),
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "WITH queued AS (
             DELETE FROM jobs USING submissions
             WHERE submissions.id = submission_id AND problem_id = $1 AND problem_version = $2
                 AND state IN ('queued', 'held') AND token IS NULL
             RETURNING submission_id
         )
         UPDATE submissions SET state = 'held'
         FROM queued WHERE id = queued.submission_id",
        problem.0,
        number,
    )
    .execute(connection)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests;
