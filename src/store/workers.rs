//! Workers: who is alive and which languages they offer.

use super::{Store, StoreError};

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
    /// Languages offered by workers seen within the lease time, sorted by id, one entry per id.
    pub async fn list_offered_languages(&self) -> Result<Vec<OfferedLanguage>, StoreError> {
        todo!()
    }

    /// Completes if the database answers (for readiness).
    pub async fn ping(&self) -> Result<(), StoreError> {
        todo!()
    }
}
