//! Workers: who is alive and which languages they offer.

use std::collections::BTreeMap;
use std::time::Duration;

use time::OffsetDateTime;
use uuid::Uuid;

use super::word::storable;
use super::{Store, StoreError, WorkerId};

/// A worker process that starts.
#[derive(Debug, Clone)]
pub struct NewWorker {
    /// Name for people, e.g. of its machine.
    pub name: String,
    /// Runs at the same time.
    pub slots: u32,
    /// What it can judge.
    pub languages: Vec<OfferedLanguage>,
    /// Names of the protections that its machine lacks.
    pub degraded: Vec<String>,
    /// What the check of its machine found, as JSON.
    pub checks: String,
}

/// A worker as listed.
#[derive(Debug, Clone)]
pub struct Worker {
    /// Its id.
    pub id: WorkerId,
    /// Name for people.
    pub name: String,
    /// Runs at the same time.
    pub slots: i32,
    /// When it started.
    pub started_at: OffsetDateTime,
    /// When it was last heard of.
    pub seen_at: OffsetDateTime,
    /// Whether it counts as alive.
    pub is_alive: bool,
    /// Names of the protections that its machine lacks.
    pub degraded: Vec<String>,
    /// What the check of its machine found, as JSON.
    pub checks: String,
    /// What it can judge, sorted by id.
    pub languages: Vec<OfferedLanguage>,
}

/// More workers are not listed.
const MOST_LISTED: i64 = 1000;

/// A language that at least one live worker offers.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct OfferedLanguage {
    /// Language id, e.g. `cpp`.
    pub id: String,
    /// Name for people, e.g. `C++`.
    pub name: String,
    /// What the toolchain said of its version, one line.
    pub version: String,
}

impl Store {
    /// Registers a worker. It counts as alive for the time of a lease; heartbeats prolong that.
    pub async fn register_worker(
        &self,
        worker: &NewWorker,
        lease: Duration,
    ) -> Result<WorkerId, StoreError> {
        self.in_time(async {
            self.forget_old_workers().await?;
            let id = WorkerId(Uuid::now_v7());
            let column = |text: fn(&OfferedLanguage) -> &String| -> Vec<_> {
                let texts = worker.languages.iter().map(text);
                texts.map(|text| storable(text)).collect()
            };
            sqlx::query!(
                "WITH registered AS (
                     INSERT INTO workers (id, name, slots, alive_until, degraded, checks)
                     VALUES ($1, $2, $3, now() + make_interval(secs => $4), $8, $9::text::json)
                     RETURNING id
                 )
                 INSERT INTO worker_languages (worker_id, id, name, version)
                 SELECT registered.id, offered.id, offered.name, offered.version
                 FROM registered, UNNEST($5::text[], $6::text[], $7::text[])
                     AS offered (id, name, version)",
                id.0,
                &storable(&worker.name),
                i32::try_from(worker.slots).unwrap_or(i32::MAX),
                lease.as_secs_f64(),
                &column(|language| &language.id) as _,
                &column(|language| &language.name) as _,
                &column(|language| &language.version) as _,
                &worker.degraded,
                worker.checks,
            )
            .execute(&self.pool)
            .await?;
            Ok(id)
        })
        .await
    }

    /// A worker that was killed leaves its row. A week is long enough to look into it.
    async fn forget_old_workers(&self) -> Result<(), StoreError> {
        sqlx::query!("DELETE FROM workers WHERE alive_until < now() - interval '7 days'")
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Says that a worker has stopped: what it offered is not offered any more. Give back its
    /// leases first.
    pub async fn remove_worker(&self, worker: WorkerId) -> Result<(), StoreError> {
        self.in_time(async {
            sqlx::query!("DELETE FROM workers WHERE id = $1", worker.0)
                .execute(&self.pool)
                .await?;
            Ok(())
        })
        .await
    }

    /// Lists workers, those that were heard of last first. One that was killed stays for a week.
    pub async fn list_workers(&self) -> Result<Vec<Worker>, StoreError> {
        self.in_time(async {
            let rows = sqlx::query!(
                r#"SELECT id, name, slots, started_at, seen_at, degraded, checks::text AS "checks!",
                       alive_until > now() AS "is_alive!"
                   FROM workers ORDER BY seen_at DESC LIMIT $1"#,
                MOST_LISTED,
            )
            .fetch_all(&self.pool)
            .await?;
            let mut languages = self.languages_by_worker().await?;
            let workers = rows.into_iter().map(|row| Worker {
                id: WorkerId(row.id),
                name: row.name,
                slots: row.slots,
                started_at: row.started_at,
                seen_at: row.seen_at,
                is_alive: row.is_alive,
                degraded: row.degraded,
                checks: row.checks,
                languages: languages.remove(&row.id).unwrap_or_default(),
            });
            Ok(workers.collect())
        })
        .await
    }

    async fn languages_by_worker(
        &self,
    ) -> Result<BTreeMap<Uuid, Vec<OfferedLanguage>>, StoreError> {
        let rows = sqlx::query!(
            "SELECT worker_id, id, name, version FROM worker_languages ORDER BY worker_id, id"
        )
        .fetch_all(&self.pool)
        .await?;
        let mut languages: BTreeMap<Uuid, Vec<OfferedLanguage>> = BTreeMap::new();
        for row in rows {
            let offered = languages.entry(row.worker_id).or_default();
            offered.push(OfferedLanguage {
                id: row.id,
                name: row.name,
                version: row.version,
            });
        }
        Ok(languages)
    }

    /// Languages offered by workers seen within the lease time, sorted by id, one entry per id.
    /// Where workers differ, the one that started last is heard.
    pub async fn list_offered_languages(&self) -> Result<Vec<OfferedLanguage>, StoreError> {
        self.in_time(async {
            let offered = sqlx::query_as!(
                OfferedLanguage,
                "SELECT DISTINCT ON (language.id) language.id, language.name, language.version
                 FROM worker_languages AS language
                 JOIN workers ON workers.id = language.worker_id
                 WHERE workers.alive_until > now()
                 ORDER BY language.id, workers.started_at DESC",
            )
            .fetch_all(&self.pool)
            .await?;
            Ok(offered)
        })
        .await
    }
}

#[cfg(test)]
mod tests;
