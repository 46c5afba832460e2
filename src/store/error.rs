//! What can go wrong in the store, and which of it passes by itself.

use sqlx::error::DatabaseError;
use sqlx::migrate::MigrateError;

use super::{BlobId, ProblemId, WorkerId};

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached or cannot work now. Nothing was stored, unless the connection
    /// broke while the commit was on its way. Try again.
    #[error("the database is unavailable")]
    Unavailable(#[source] sqlx::Error),
    /// The URL of the database is none.
    #[error("the URL of the database cannot be understood")]
    BadUrl(#[source] sqlx::Error),
    /// A submission names a problem that does not exist.
    #[error("there is no problem {0}")]
    UnknownProblem(ProblemId),
    /// A submission is a program and the problem takes answers, or the other way round.
    #[error("the problem takes {}", if *.takes_answers { "answers and no programs" } else { "programs and no answers" })]
    OtherKind {
        /// What the problem takes.
        takes_answers: bool,
    },
    /// A problem of this name exists.
    #[error("a problem named {0:?} already exists")]
    ProblemNameTaken(String),
    /// A worker that never registered, or that was silent for so long that it was forgotten.
    #[error("there is no worker {0}")]
    UnknownWorker(WorkerId),
    /// A blob that should be there is not.
    #[error("blob {0} is missing")]
    BlobMissing(BlobId),
    /// A blob's bytes are not those it was stored with.
    #[error("blob {0} is corrupt: its bytes have another SHA-256")]
    BlobCorrupt(BlobId),
    /// The schema is older than this program needs.
    #[error(
        "the database's schema has version {found}, this program needs {needed}: run `gavel migrate`"
    )]
    SchemaTooOld {
        /// Version of the database, 0 where there is no schema at all.
        found: i64,
        /// Version of this program.
        needed: i64,
    },
    /// The schema is newer than this program knows.
    #[error(
        "the database's schema has version {found}, this program knows {known}: run a newer `gavel`"
    )]
    SchemaTooNew {
        /// Version of the database.
        found: i64,
        /// Version of this program.
        known: i64,
    },
    /// The schema was made by a migration of the same number and another text.
    #[error("migration {0} of the database is not the one of this program")]
    SchemaDiffers(i64),
    /// A migration failed; the schema is as before it.
    #[error("the database's schema could not be migrated")]
    Migrate(#[source] MigrateError),
    /// Anything else: our own failure.
    #[error("a database operation failed")]
    Internal(#[source] sqlx::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if passes(&error) {
            StoreError::Unavailable(error)
        } else {
            StoreError::Internal(error)
        }
    }
}

/// Whether the same operation may succeed later, with nobody changing the program.
fn passes(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| passes_with(&code)),
        _ => false,
    }
}

/// By SQLSTATE: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn passes_with(code: &str) -> bool {
    match code {
        // Shut down, crashed, starting up; the statement took too long; the disk is read-only.
        "57P01" | "57P02" | "57P03" | "57P05" | "57014" | "25006" => true,
        // Others were in the way: serialization failure, deadlock, lock not available.
        "40001" | "40P01" | "55P03" => true,
        // The connection broke; disk, memory or connections are used up.
        _ => code.starts_with("08") || code.starts_with("53"),
    }
}

/// The constraint that an error names, to make a typed error of it.
pub(super) fn constraint(error: &sqlx::Error) -> Option<&str> {
    error
        .as_database_error()
        .and_then(<dyn DatabaseError>::constraint)
}

#[cfg(test)]
mod tests {
    use sqlx::PgPool;

    use super::*;

    #[test]
    fn what_passes_by_itself_is_unavailable() {
        for code in [
            "57P01", "57P02", "57P03", "08006", "08P01", "53300", "53100", "40P01", "57014",
        ] {
            assert!(passes_with(code), "{code}");
        }
        for code in ["23505", "42P01", "22021", "28P01", "3D000", "57000"] {
            assert!(!passes_with(code), "{code}");
        }
    }

    #[sqlx::test(migrations = false)]
    async fn a_terminated_session_is_unavailable(pool: PgPool) {
        let error = sqlx::query("SELECT pg_terminate_backend(pg_backend_pid())")
            .execute(&pool)
            .await
            .unwrap_err();
        assert!(matches!(error.into(), StoreError::Unavailable(_)));
    }

    #[sqlx::test(migrations = false)]
    async fn our_own_mistake_is_internal(pool: PgPool) {
        let error = sqlx::query("SELEC").execute(&pool).await.unwrap_err();
        assert!(matches!(error.into(), StoreError::Internal(_)));
    }
}
