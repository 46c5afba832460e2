//! The queue: leases with a fencing token, claimed in one `SKIP LOCKED` statement. The database's
//! clock is the only one, and each operation is one short transaction.

use std::time::Duration;

use uuid::Uuid;

use super::error::constraint;
use super::results::insert_results;
use super::word::{Word, storable};
use super::{Store, StoreError, SubmissionId, WorkerId, within};
use crate::judge::verdict::Judgement;

/// Proof of the right to write a submission's result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The submission.
    pub submission: SubmissionId,
    /// Fencing token: every write names it, and a lost lease writes nothing.
    pub token: Uuid,
}

/// Whether a lease still held when it was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseState {
    /// It held, and what was to be written is.
    Held,
    /// Somebody else has the job, or had and finished it. Nothing was written.
    Lost,
}

impl LeaseState {
    /// From whether the statement with the token found its job.
    pub(super) fn from_found(found: bool) -> Self {
        if found {
            LeaseState::Held
        } else {
            LeaseState::Lost
        }
    }
}

/// A claimed job.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The lease.
    pub lease: Lease,
    /// Language id.
    pub language: String,
    /// Which attempt this is, from 1.
    pub attempt: i32,
}

impl Store {
    /// Claims the job that waits longest among those in these languages, or none; the programs of its
    /// problem must be in them, too. A job whose lease
    /// ran out comes first, if it has attempts left; the attempt that ended so is recorded.
    pub async fn claim_next_submission(
        &self,
        worker: WorkerId,
        languages: &[String],
        lease: Duration,
        max_attempts: u32,
    ) -> Result<Option<Claim>, StoreError> {
        // The oldest job of each language is found by index, whatever queues up in the languages
        // of others; then they are tried from the oldest on, and only the one that is taken is
        // locked: both branches stop at their first row.
        let claim = sqlx::query!(
            r#"WITH candidate AS (
                   SELECT * FROM (
                       SELECT submission_id, attempt, worker_id, token FROM jobs
                       WHERE token IS NOT NULL AND lease_until <= now()
                           AND attempt < $4 AND language = ANY($2) AND needs <@ $2
                       ORDER BY lease_until
                       LIMIT 1 FOR UPDATE SKIP LOCKED
                   ) AS expired
                   UNION ALL
                   SELECT * FROM (
                       SELECT queued.* FROM (
                           SELECT language, (
                               SELECT submission_id FROM jobs
                               WHERE token IS NULL AND not_before <= now()
                                   AND jobs.language = offered.language AND needs <@ $2
                               ORDER BY submission_id
                               LIMIT 1
                           ) AS oldest
                           FROM UNNEST($2::text[]) AS offered (language)
                           ORDER BY oldest
                       ) AS line
                       CROSS JOIN LATERAL (
                           SELECT submission_id, attempt, worker_id, token FROM jobs
                           WHERE token IS NULL AND not_before <= now()
                               AND jobs.language = line.language AND needs <@ $2
                           ORDER BY submission_id
                           LIMIT 1 FOR UPDATE SKIP LOCKED
                       ) AS queued
                       LIMIT 1
                   ) AS queued
                   LIMIT 1
               ),
               vanished AS (
                   INSERT INTO attempt_failures (submission_id, attempt, worker_name, cause)
                   SELECT submission_id, attempt, COALESCE(workers.name, 'unknown'),
                       'the worker vanished: its lease ran out'
                   FROM candidate LEFT JOIN workers ON workers.id = worker_id
                   WHERE token IS NOT NULL
               ),
               claimed AS (
                   UPDATE jobs
                   SET worker_id = $1, token = gen_random_uuid(), attempt = jobs.attempt + 1,
                       lease_until = now() + make_interval(secs => $3)
                   FROM candidate WHERE jobs.submission_id = candidate.submission_id
                   RETURNING jobs.submission_id, jobs.token, jobs.language, jobs.attempt
               )
               UPDATE submissions SET state = 'running', attempts = claimed.attempt
               FROM claimed WHERE id = claimed.submission_id
               RETURNING id, claimed.token AS "token!", claimed.language, claimed.attempt"#,
            worker.0,
            languages,
            lease.as_secs_f64(),
            attempt_count(max_attempts),
        );
        let claimed = self
            .in_time(async {
                claim
                    .fetch_optional(&self.pool)
                    .await
                    .map_err(|error| match constraint(&error) {
                        Some("jobs_worker_id_fkey") => StoreError::UnknownWorker(worker),
                        _ => error.into(),
                    })
            })
            .await?;
        Ok(claimed.map(|row| Claim {
            lease: Lease {
                submission: SubmissionId(row.id),
                token: row.token,
            },
            language: row.language,
            attempt: row.attempt,
        }))
    }

    /// Says that a worker lives, and renews its leases from now on. Returns those that still hold;
    /// whoever runs under another must stop.
    pub async fn heartbeat(
        &self,
        worker: WorkerId,
        held: &[Lease],
        lease: Duration,
    ) -> Result<Vec<Lease>, StoreError> {
        let submissions: Vec<Uuid> = held.iter().map(|lease| lease.submission.0).collect();
        let tokens: Vec<Uuid> = held.iter().map(|lease| lease.token).collect();
        // The left join keeps a row for the worker where no lease holds.
        let renewal = sqlx::query!(
            r#"WITH seen AS (
                   UPDATE workers
                   SET seen_at = now(), alive_until = now() + make_interval(secs => $2)
                   WHERE id = $1
                   RETURNING id
               ),
               renewed AS (
                   UPDATE jobs SET lease_until = now() + make_interval(secs => $2)
                   FROM UNNEST($3::uuid[], $4::uuid[]) AS held (submission_id, token)
                   WHERE jobs.submission_id = held.submission_id AND jobs.token = held.token
                   RETURNING jobs.submission_id, jobs.token
               )
               SELECT renewed.submission_id AS "submission_id?", renewed.token AS "token?"
               FROM seen LEFT JOIN renewed ON true"#,
            worker.0,
            lease.as_secs_f64(),
            &submissions,
            &tokens,
        );
        // One that hangs must not hide that the leases run out meanwhile.
        let rows = within(lease / 2, async {
            Ok(renewal.fetch_all(&self.pool).await?)
        })
        .await?;
        if rows.is_empty() {
            return Err(StoreError::UnknownWorker(worker));
        }
        let renewed = rows.into_iter().filter_map(|row| {
            Some(Lease {
                submission: SubmissionId(row.submission_id?),
                token: row.token?,
            })
        });
        Ok(renewed.collect())
    }

    /// Writes a judgement, which ends the job, and wakes those who wait for it.
    ///
    /// After [`StoreError::Unavailable`] it may be tried again: had it been written all the same,
    /// the lease is lost.
    pub async fn finish_submission(
        &self,
        lease: &Lease,
        judgement: &Judgement,
    ) -> Result<LeaseState, StoreError> {
        self.in_time(async {
            let mut transaction = self.pool.begin().await?;
            let ended = sqlx::query!(
                r#"WITH held AS (
                       DELETE FROM jobs WHERE submission_id = $1 AND token = $2
                       RETURNING submission_id, worker_id
                   )
                   UPDATE submissions
                   SET state = 'finished', verdict = $3::text::verdict, reason = $4,
                       score = $5, finished_at = now(),
                       degraded = (SELECT degraded FROM workers WHERE workers.id = worker_id)
                   FROM held WHERE id = held.submission_id
                   RETURNING pg_notify('gavel_ended', id::text)"#,
                lease.submission.0,
                lease.token,
                Word(judgement.verdict).to_string(),
                &storable(&judgement.reason),
                judgement.score,
            )
            .execute(&mut *transaction)
            .await?;
            if ended.rows_affected() == 0 {
                return Ok(LeaseState::Lost);
            }
            insert_results(&mut transaction, lease.submission, judgement).await?;
            transaction.commit().await?;
            Ok(LeaseState::Held)
        })
        .await
    }
}

/// A number of attempts as SQL has it.
pub(super) fn attempt_count(attempts: u32) -> i32 {
    i32::try_from(attempts).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests;
