//! Verifications of packages: a queue of background jobs under leases, as that of submissions, with
//! progress that can be read and a report at the end.

use std::time::Duration;

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::problem_errors::{lock_problem, set_error};
use super::queue::attempt_count;
use super::versions::release_held;
use super::word::{signed, storable, unsigned};
use super::{BlobId, LeaseState, ProblemError, ProblemId, Store, StoreError, StoredPackage};

/// Where a verification is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, sqlx::Type)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "verification_state", rename_all = "lowercase")]
pub enum VerificationState {
    /// Waits for a worker.
    Queued,
    /// A worker judges the jury's submissions.
    Running,
    /// It has a report, or says what is wrong with the problem.
    Finished,
    /// The judge failed on it repeatedly.
    Failed,
}

/// How far a verification is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerificationProgress {
    /// What is done, e.g. `judging`.
    pub step: String,
    /// How much of it.
    pub done: u64,
    /// Of how much.
    pub total: u64,
}

/// A verification as stored.
#[derive(Debug, Clone)]
pub struct Verification {
    /// Where it is on its way.
    pub state: VerificationState,
    /// Attempts begun so far.
    pub attempts: i32,
    /// How far it is, once it was begun.
    pub progress: Option<VerificationProgress>,
    /// Whether everything is as it should be, once it is finished.
    pub ok: Option<bool>,
    /// What came of the package, as JSON.
    pub report: Option<String>,
    /// Why there is no report.
    pub error: Option<ProblemError>,
    /// When it was asked for.
    pub created_at: OffsetDateTime,
    /// When it ended.
    pub finished_at: Option<OffsetDateTime>,
}

/// Proof of the right to write a verification's result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VerificationLease {
    id: Uuid,
    token: Uuid,
}

/// A claimed verification.
#[derive(Debug, Clone)]
pub struct VerificationClaim {
    /// The lease.
    pub lease: VerificationLease,
    /// What is verified.
    pub package: StoredPackage,
}

/// What a verification came to.
#[derive(Debug, Clone)]
pub enum VerificationEnd {
    /// The jury's submissions were judged.
    Report {
        /// Whether everything is as it should be.
        ok: bool,
        /// As JSON.
        report: String,
        /// The time limit that follows from the jury's submissions, or is given; `None` where none of
        /// them must pass.
        limit_ms: Option<u64>,
    },
    /// The problem cannot be judged.
    Problem(ProblemError),
}

impl Store {
    /// Has a version verified, unless it is being so already. Says whether there is such a version,
    /// and whether it is a package.
    pub async fn request_verification(
        &self,
        problem: ProblemId,
        version: i32,
    ) -> Result<bool, StoreError> {
        self.in_time(async {
            let mut connection = self.pool.acquire().await?;
            insert_verification(&mut connection, problem, version).await
        })
        .await
    }

    /// Finds the last verification of a version.
    pub async fn find_verification(
        &self,
        problem: ProblemId,
        version: i32,
    ) -> Result<Option<Verification>, StoreError> {
        self.in_time(async {
            let row = sqlx::query!(
                r#"SELECT state AS "state: VerificationState", attempt, step, done, total, ok,
                       report::text, error, evidence, created_at, finished_at
                   FROM verifications WHERE problem_id = $1 AND version = $2
                   ORDER BY created_at DESC, id DESC LIMIT 1"#,
                problem.0,
                version,
            )
            .fetch_optional(&self.pool)
            .await?;
            Ok(row.map(|row| Verification {
                state: row.state,
                attempts: row.attempt,
                progress: row.step.map(|step| VerificationProgress {
                    step,
                    done: unsigned(row.done),
                    total: unsigned(row.total),
                }),
                ok: row.ok,
                report: row.report,
                error: row
                    .error
                    .zip(row.evidence)
                    .map(|(cause, evidence)| ProblemError { cause, evidence }),
                created_at: row.created_at,
                finished_at: row.finished_at,
            }))
        })
        .await
    }

    /// Claims the verification that waits longest, or whose lease ran out.
    pub async fn claim_verification(
        &self,
        languages: &[String],
        lease: Duration,
        max_attempts: u32,
    ) -> Result<Option<VerificationClaim>, StoreError> {
        self.in_time(async {
            let claimed = sqlx::query!(
                r#"WITH candidate AS (
                       SELECT id FROM verifications
                       JOIN problem_versions AS verified
                           ON verified.problem_id = verifications.problem_id AND number = version
                       WHERE finished_at IS NULL AND attempt < $2
                           AND COALESCE(lease_until, not_before) <= now() AND needs <@ $3
                       ORDER BY id LIMIT 1 FOR UPDATE OF verifications SKIP LOCKED
                   )
                   UPDATE verifications
                   SET state = 'running', token = gen_random_uuid(), attempt = attempt + 1,
                       lease_until = now() + make_interval(secs => $1),
                       step = NULL, done = 0, total = 0
                   FROM candidate, problem_versions
                   WHERE verifications.id = candidate.id
                       AND problem_versions.problem_id = verifications.problem_id
                       AND number = version
                   RETURNING verifications.id, token AS "token!", archive AS "archive!",
                       (about ->> 'memory_bytes')::bigint AS "memory_bytes!""#,
                lease.as_secs_f64(),
                attempt_count(max_attempts),
                languages,
            )
            .fetch_optional(&self.pool)
            .await?;
            let claim = claimed.map(|row| {
                Ok(VerificationClaim {
                    lease: VerificationLease {
                        id: row.id,
                        token: row.token,
                    },
                    package: StoredPackage {
                        archive: BlobId::from_column(&row.archive)?,
                        memory_bytes: unsigned(row.memory_bytes),
                    },
                })
            });
            claim.transpose()
        })
        .await
    }

    /// Renews leases of verifications; returns those that still hold.
    pub async fn renew_verifications(
        &self,
        held: &[VerificationLease],
        lease: Duration,
    ) -> Result<Vec<VerificationLease>, StoreError> {
        let ids: Vec<Uuid> = held.iter().map(|lease| lease.id).collect();
        let tokens: Vec<Uuid> = held.iter().map(|lease| lease.token).collect();
        // One that hangs must not hide that the leases run out meanwhile.
        super::within(lease / 2, async {
            let rows = sqlx::query!(
                r#"UPDATE verifications SET lease_until = now() + make_interval(secs => $1)
                   FROM UNNEST($2::uuid[], $3::uuid[]) AS held (id, token)
                   WHERE verifications.id = held.id AND verifications.token = held.token
                   RETURNING verifications.id, verifications.token AS "token!""#,
                lease.as_secs_f64(),
                &ids,
                &tokens,
            )
            .fetch_all(&self.pool)
            .await?;
            let leases = rows.into_iter().map(|row| VerificationLease {
                id: row.id,
                token: row.token,
            });
            Ok(leases.collect())
        })
        .await
    }

    /// Says how far a verification is.
    pub async fn note_progress(
        &self,
        lease: &VerificationLease,
        progress: &VerificationProgress,
    ) -> Result<LeaseState, StoreError> {
        self.in_time(async {
            let noted = sqlx::query!(
                "UPDATE verifications SET step = $3, done = $4, total = $5
                 WHERE id = $1 AND token = $2",
                lease.id,
                lease.token,
                progress.step,
                signed(progress.done),
                signed(progress.total),
            )
            .execute(&self.pool)
            .await?;
            Ok(LeaseState::from_found(noted.rows_affected() > 0))
        })
        .await
    }

    /// Writes what a verification came to. A version that waited for its time limit gets it, and what
    /// was held goes on; or the version is in error.
    pub async fn finish_verification(
        &self,
        lease: &VerificationLease,
        end: &VerificationEnd,
    ) -> Result<LeaseState, StoreError> {
        let (ok, report, error) = match end {
            VerificationEnd::Report { ok, report, .. } => (*ok, Some(report), None),
            VerificationEnd::Problem(error) => (false, None, Some(error)),
        };
        self.in_time(async {
            let mut transaction = self.pool.begin().await?;
            let Some((problem, version)) = self.locked(&mut transaction, lease).await? else {
                return Ok(LeaseState::Lost);
            };
            let ended = sqlx::query!(
                "UPDATE verifications
                 SET state = 'finished', token = NULL, lease_until = NULL, ok = $3,
                     report = $4::text::json, error = $5, evidence = $6, finished_at = now()
                 WHERE id = $1 AND token = $2",
                lease.id,
                lease.token,
                ok,
                report,
                error.map(|error| storable(&error.cause)) as _,
                error.map(|error| storable(&error.evidence)) as _,
            )
            .execute(&mut *transaction)
            .await?;
            if ended.rows_affected() == 0 {
                return Ok(LeaseState::Lost);
            }
            apply(&mut transaction, problem, version, end).await?;
            transaction.commit().await?;
            Ok(LeaseState::Held)
        })
        .await
    }

    /// The version of a verification, whose problem is locked then.
    async fn locked(
        &self,
        connection: &mut PgConnection,
        lease: &VerificationLease,
    ) -> Result<Option<(ProblemId, i32)>, StoreError> {
        let row = sqlx::query!(
            "SELECT problem_id, version FROM verifications WHERE id = $1",
            lease.id
        )
        .fetch_optional(&mut *connection)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let problem = ProblemId(row.problem_id);
        lock_problem(connection, problem).await?;
        Ok(Some((problem, row.version)))
    }

    /// Records that the judge failed: it is tried again after a pause, or has failed.
    pub async fn fail_verification(
        &self,
        lease: &VerificationLease,
        cause: &str,
        max_attempts: u32,
        retry_after: Duration,
    ) -> Result<LeaseState, StoreError> {
        self.in_time(async {
            let failed = sqlx::query!(
                "UPDATE verifications
                 SET token = NULL, lease_until = NULL,
                     not_before = now() + make_interval(secs => $5),
                     state = (CASE WHEN attempt >= $4 THEN 'failed' ELSE 'queued' END)::verification_state,
                     finished_at = CASE WHEN attempt >= $4 THEN now() END,
                     error = CASE WHEN attempt >= $4 THEN $3 END,
                     evidence = CASE WHEN attempt >= $4 THEN '' END
                 WHERE id = $1 AND token = $2",
                lease.id,
                lease.token,
                &storable(cause),
                attempt_count(max_attempts),
                retry_after.as_secs_f64(),
            )
            .execute(&self.pool)
            .await?;
            Ok(LeaseState::from_found(failed.rows_affected() > 0))
        })
        .await
    }

    /// Gives a verification back, because the worker stops. The attempt does not count.
    pub async fn give_back_verification(
        &self,
        lease: &VerificationLease,
    ) -> Result<LeaseState, StoreError> {
        self.in_time(async {
            let returned = sqlx::query!(
                "UPDATE verifications
                 SET state = 'queued', token = NULL, lease_until = NULL, attempt = attempt - 1
                 WHERE id = $1 AND token = $2
                 RETURNING pg_notify('gavel_queued', '')",
                lease.id,
                lease.token,
            )
            .execute(&self.pool)
            .await?;
            Ok(LeaseState::from_found(returned.rows_affected() > 0))
        })
        .await
    }

    /// Fails the verifications whose lease ran out in their last attempt. Returns how many.
    pub async fn set_aside_verifications(&self, max_attempts: u32) -> Result<u64, StoreError> {
        self.in_time(async {
            let set_aside = sqlx::query!(
                "UPDATE verifications
                 SET state = 'failed', token = NULL, lease_until = NULL, finished_at = now(),
                     error = 'the worker vanished: its lease ran out', evidence = ''
                 WHERE finished_at IS NULL AND lease_until <= now() AND attempt >= $1",
                attempt_count(max_attempts),
            )
            .execute(&self.pool)
            .await?;
            Ok(set_aside.rows_affected())
        })
        .await
    }
}

/// Queues a verification of a package, unless there is one already. Says whether it is a package.
pub(super) async fn insert_verification(
    connection: &mut PgConnection,
    problem: ProblemId,
    version: i32,
) -> Result<bool, StoreError> {
    let is_package = sqlx::query_scalar!(
        "SELECT number FROM problem_versions
         WHERE problem_id = $1 AND number = $2 AND archive IS NOT NULL",
        problem.0,
        version,
    )
    .fetch_optional(&mut *connection)
    .await?
    .is_some();
    if is_package {
        sqlx::query!(
            "INSERT INTO verifications (id, problem_id, version) VALUES ($1, $2, $3)
             ON CONFLICT (problem_id, version) WHERE finished_at IS NULL DO NOTHING
             RETURNING pg_notify('gavel_queued', '')",
            Uuid::now_v7(),
            problem.0,
            version,
        )
        .execute(connection)
        .await?;
    }
    Ok(is_package)
}

/// What a version becomes by its verification. Call it under the problem's lock.
async fn apply(
    connection: &mut PgConnection,
    problem: ProblemId,
    version: i32,
    end: &VerificationEnd,
) -> Result<(), StoreError> {
    let limit_ms = match end {
        VerificationEnd::Problem(error) => {
            return set_error(connection, problem, version, error).await;
        }
        VerificationEnd::Report { limit_ms, .. } => *limit_ms,
    };
    if let Some(limit_ms) = limit_ms {
        // A limit that is there stays: it decided verdicts already.
        sqlx::query!(
            "UPDATE problem_versions SET limit_ms = COALESCE(limit_ms, $3), state = 'ready'
             WHERE problem_id = $1 AND number = $2 AND state = 'pending'",
            problem.0,
            version,
            signed(limit_ms),
        )
        .execute(&mut *connection)
        .await?;
        return release_held(connection, problem, version).await;
    }
    let is_pending = sqlx::query_scalar!(
        "SELECT number FROM problem_versions
         WHERE problem_id = $1 AND number = $2 AND state = 'pending'",
        problem.0,
        version,
    )
    .fetch_optional(&mut *connection)
    .await?
    .is_some();
    if is_pending {
        let error = ProblemError {
            cause: "no submission of the jury that must pass could be judged, from which the time \
                    limit would follow: add one, or give a limit"
                .to_owned(),
            evidence: String::new(),
        };
        set_error(connection, problem, version, &error).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
