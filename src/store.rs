//! Postgres: the only place with SQL. Functions are sentences, errors are typed.

mod attempts;
mod blobs;
mod error;
mod feedback;
mod problem_errors;
mod problems;
mod queue;
mod results;
mod schema;
mod signals;
mod submissions;
mod test_sets;
mod verifications;
mod versions;
mod word;
mod work;
mod workers;

#[cfg(test)]
mod fixtures;

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use signals::Signals;

pub use blobs::BlobId;
pub use error::StoreError;
pub use problems::{NewProblem, NewTestCase, Problem, TestCaseRow};
pub use queue::{Claim, Lease, LeaseState};
pub use signals::QueueWatch;
pub use submissions::{
    ListFilter, NewSubmission, Submission, SubmissionState, SubmissionSummary, Tests,
};
pub use verifications::{
    Verification, VerificationClaim, VerificationEnd, VerificationLease, VerificationProgress,
    VerificationState,
};
pub use versions::{NewVersion, PackageAbout, ProblemError, Version, VersionContent, VersionState};
pub use work::{ClaimedCase, ClaimedTests, ClaimedWork, StoredPackage};
pub use workers::{NewWorker, OfferedLanguage, Worker};

/// How long to wait for a free or new connection: whoever asks rather hears soon that there is
/// none.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

/// The server gives up a statement after this long.
const STATEMENT_TIMEOUT: &str = "20s";

/// We give up an operation after this long, also when the server cannot be heard any more.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(30);

/// How often those who wait for a submission are looked after, in case a notification was lost.
const FALLBACK_POLL: Duration = Duration::from_secs(3);

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type)]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// Identifies a submission (UUID v7: sorts by creation time).
    SubmissionId
);
id!(
    /// Identifies a problem (UUID v7).
    ProblemId
);
id!(
    /// Identifies one start of a worker process.
    WorkerId
);

/// Everything that talks to the database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pool: PgPool,
    signals: Arc<Signals>,
}

impl Store {
    /// Connects, with one attempt, to the database at `postgres://…`. Uses at most one connection
    /// more than `max_connections`: the one that listens.
    pub async fn connect(url: &str, max_connections: u32) -> Result<Store, StoreError> {
        let options: PgConnectOptions = url.parse().map_err(StoreError::BadUrl)?;
        let pool = PgPoolOptions::new()
            .max_connections(max_connections.saturating_add(1))
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_with(session_options(options))
            .await?;
        Ok(Store::from_pool(pool))
    }

    /// A store over a pool, of which one connection listens. Must be called within a Tokio runtime.
    pub fn from_pool(pool: PgPool) -> Store {
        Store::polling_every(pool, FALLBACK_POLL)
    }

    fn polling_every(pool: PgPool, interval: Duration) -> Store {
        let signals = Arc::new(Signals::start(pool.clone(), interval));
        Store { pool, signals }
    }

    /// Ends all connections, once those that are used are given back. Nothing can be asked afterwards.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Completes if the database answers (for readiness).
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.in_time(async {
            sqlx::query!("SELECT 1 AS one")
                .fetch_one(&self.pool)
                .await?;
            Ok(())
        })
        .await
    }

    /// Bounds an operation: a peer that vanished without a word would otherwise hold it, and its
    /// connection, for as long as TCP hopes.
    async fn in_time<T>(
        &self,
        operation: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        within(OPERATION_TIMEOUT, operation).await
    }
}

/// Bounds an operation by a time of its own.
async fn within<T>(
    time: Duration,
    operation: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    tokio::time::timeout(time, operation)
        .await
        .unwrap_or_else(|_| {
            let error = std::io::Error::from(std::io::ErrorKind::TimedOut);
            Err(sqlx::Error::Io(error).into())
        })
}

/// Settings of every session.
fn session_options(options: PgConnectOptions) -> PgConnectOptions {
    options.application_name("gavel").options([
        ("statement_timeout", STATEMENT_TIMEOUT),
        ("idle_in_transaction_session_timeout", STATEMENT_TIMEOUT),
        // Plans are kept with the connection. One that was made while a table was nearly empty
        // must not read all of it when it has a million rows; every statement has its index. What
        // has none is priced so high that it would be compiled first.
        ("enable_seqscan", "off"),
        ("jit", "off"),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The URL of a test's database.
    fn url(pool: &PgPool) -> String {
        let options = pool.connect_options();
        format!(
            "postgres:///{}?host={}&user={}",
            options.get_database().unwrap(),
            options.get_socket().unwrap().display(),
            options.get_username()
        )
    }

    #[sqlx::test]
    async fn sessions_are_bounded_and_use_indexes(pool: PgPool) {
        let store = Store::connect(&url(&pool), 2).await.unwrap();
        store.check_schema().await.unwrap();
        for (setting, value) in [
            ("statement_timeout", "20s"),
            ("idle_in_transaction_session_timeout", "20s"),
            ("enable_seqscan", "off"),
            ("jit", "off"),
        ] {
            let shown: String = sqlx::query_scalar("SELECT current_setting($1)")
                .bind(setting)
                .fetch_one(&store.pool)
                .await
                .unwrap();
            assert_eq!(shown, value, "{setting}");
        }
        store.pool.close().await;
    }

    #[sqlx::test]
    async fn sessions_that_the_server_ended_are_replaced_unseen(pool: PgPool) {
        let store = Store::connect(&url(&pool), 3).await.unwrap();
        for _ in 0..3 {
            let (a, b, c) = tokio::join!(store.ping(), store.ping(), store.ping());
            a.and(b).and(c).unwrap();
            sqlx::query(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
                 WHERE datname = current_database() AND application_name = 'gavel'",
            )
            .execute(&pool)
            .await
            .unwrap();
        }
        store.ping().await.unwrap();
        store.pool.close().await;
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_unavailable_soon() {
        let url = "postgres://gavel@127.0.0.1:1/gavel";
        let connecting = Store::connect(url, 2);
        let error = tokio::time::timeout(ACQUIRE_TIMEOUT * 3, connecting).await;
        let error = error.unwrap().unwrap_err();
        assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    }

    #[tokio::test]
    async fn a_bad_url_is_told_without_its_password() {
        let error = Store::connect("postgres://a:secret@host:none/x", 2).await;
        let error = error.unwrap_err();
        assert!(matches!(error, StoreError::BadUrl(_)));
        assert!(
            !format!("{error} {error:?}").contains("secret"),
            "{error:?}"
        );
    }
}
