//! The queue: leases with a fencing token, claimed in one `SKIP LOCKED` statement.

use uuid::Uuid;

use super::SubmissionId;

/// Proof of the right to write a submission's result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The submission.
    pub submission: SubmissionId,
    /// Fencing token: every write names it, and a lost lease writes nothing.
    pub token: Uuid,
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
