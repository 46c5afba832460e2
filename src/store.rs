//! Postgres: the only place with SQL. Functions are sentences, errors are typed.

mod blobs;
mod problems;
mod queue;
mod submissions;
mod workers;

use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use uuid::Uuid;

pub use problems::{NewProblem, NewTestCase, Problem, TestCaseRow};
pub use queue::{Claim, Lease};
pub use submissions::{
    ListFilter, NewSubmission, Submission, SubmissionState, SubmissionSummary, Tests,
};
pub use workers::OfferedLanguage;

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

/// Everything that talks to the database.
#[derive(Debug, Clone)]
pub struct Store {
    pool: PgPool,
}

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached now; nothing was stored. Try again.
    #[error("the database is unavailable")]
    Unavailable(#[source] sqlx::Error),
    /// A submission names a problem that does not exist.
    #[error("there is no problem {0}")]
    UnknownProblem(ProblemId),
    /// A problem of this name exists.
    #[error("a problem named {0:?} already exists")]
    ProblemNameTaken(String),
    /// Anything else: our own failure.
    #[error("a database operation failed")]
    Internal(#[source] sqlx::Error),
}
