//! Workers: who is alive and which languages they offer.

use std::time::Duration;

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
}

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
                     INSERT INTO workers (id, name, slots, alive_until)
                     VALUES ($1, $2, $3, now() + make_interval(secs => $4))
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
