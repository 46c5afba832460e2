//! Attempts that ended without a judgement. Failures of the judge are recorded, tried again, and
//! after the last attempt set aside for a person: they never become a verdict.

use std::time::Duration;

use super::queue::attempt_count;
use super::word::storable;
use super::{Lease, LeaseState, Store, StoreError};

impl Store {
    /// Records that the judge failed. The job is queued again, to be claimed after `retry_after`;
    /// or, if this was the last of `max_attempts`, the submission has failed.
    pub async fn fail_attempt(
        &self,
        lease: &Lease,
        cause: &str,
        max_attempts: u32,
        retry_after: Duration,
    ) -> Result<LeaseState, StoreError> {
        let failure = sqlx::query!(
            r#"WITH held AS (
                   SELECT submission_id, attempt, worker_id, attempt >= $4 AS is_last FROM jobs
                   WHERE submission_id = $1 AND token = $2
                   FOR UPDATE
               ),
               recorded AS (
                   INSERT INTO attempt_failures (submission_id, attempt, worker_name, cause)
                   SELECT submission_id, attempt, COALESCE(workers.name, 'unknown'), $3
                   FROM held LEFT JOIN workers ON workers.id = worker_id
               ),
               queued AS (
                   UPDATE jobs
                   SET token = NULL, lease_until = NULL, worker_id = NULL,
                       not_before = now() + make_interval(secs => $5)
                   FROM held WHERE jobs.submission_id = held.submission_id AND NOT is_last
               ),
               removed AS (
                   DELETE FROM jobs
                   USING held WHERE jobs.submission_id = held.submission_id AND is_last
               )
               UPDATE submissions
               SET state = (CASE WHEN is_last THEN 'failed' ELSE 'queued' END)::submission_state,
                   finished_at = CASE WHEN is_last THEN now() END
               FROM held WHERE id = held.submission_id
               RETURNING CASE WHEN is_last
                   THEN pg_notify('gavel_ended', id::text)
                   ELSE pg_notify('gavel_queued', '')
               END"#,
            lease.submission.0,
            lease.token,
            &storable(cause),
            attempt_count(max_attempts),
            retry_after.as_secs_f64(),
        );
        self.in_time(async {
            let done = failure.execute(&self.pool).await?;
            Ok(LeaseState::from_found(done.rows_affected() > 0))
        })
        .await
    }

    /// Gives a job back that was not begun or not ended, because the worker stops. It keeps its
    /// place in the queue, and the attempt does not count.
    pub async fn give_back(&self, lease: &Lease) -> Result<LeaseState, StoreError> {
        let return_job = sqlx::query!(
            r#"WITH returned AS (
                   UPDATE jobs
                   SET token = NULL, lease_until = NULL, worker_id = NULL, attempt = attempt - 1
                   WHERE submission_id = $1 AND token = $2
                   RETURNING submission_id, attempt
               )
               UPDATE submissions SET state = 'queued', attempts = returned.attempt
               FROM returned WHERE id = returned.submission_id
               RETURNING pg_notify('gavel_queued', '')"#,
            lease.submission.0,
            lease.token,
        );
        self.in_time(async {
            let done = return_job.execute(&self.pool).await?;
            Ok(LeaseState::from_found(done.rows_affected() > 0))
        })
        .await
    }

    /// Fails the submissions whose lease ran out in their last attempt. Returns how many.
    pub async fn set_aside_exhausted(&self, max_attempts: u32) -> Result<u64, StoreError> {
        let set_aside = sqlx::query!(
            r#"WITH exhausted AS (
                   SELECT submission_id FROM jobs
                   WHERE token IS NOT NULL AND lease_until <= now() AND attempt >= $1
                   FOR UPDATE SKIP LOCKED
               ),
               removed AS (
                   DELETE FROM jobs
                   USING exhausted WHERE jobs.submission_id = exhausted.submission_id
                   RETURNING jobs.submission_id, jobs.attempt, jobs.worker_id
               ),
               recorded AS (
                   INSERT INTO attempt_failures (submission_id, attempt, worker_name, cause)
                   SELECT submission_id, attempt, COALESCE(workers.name, 'unknown'),
                       'the worker vanished: its lease ran out'
                   FROM removed LEFT JOIN workers ON workers.id = worker_id
               )
               UPDATE submissions SET state = 'failed', finished_at = now()
               FROM removed WHERE id = removed.submission_id
               RETURNING pg_notify('gavel_ended', id::text)"#,
            attempt_count(max_attempts),
        );
        self.in_time(async { Ok(set_aside.execute(&self.pool).await?.rows_affected()) })
            .await
    }
}

#[cfg(test)]
mod tests;
