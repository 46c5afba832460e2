//! Files that a validator left in its feedback directory, as plain data.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a validator left beside its messages and points.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FeedbackFiles {
    /// In the order of their names, each of which is there once.
    pub files: Vec<FeedbackFile>,
    /// It left more files than are told of: too many, too long names, or what is no plain file of one name.
    pub has_more: bool,
}

/// A file that a validator left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedbackFile {
    /// Its path below the feedback directory. Bytes that are no text, control characters and backslashes are
    /// `\x` and two digits for each byte.
    pub name: String,
    /// Its size.
    pub size_bytes: u64,
    /// What is in it.
    pub content: Content,
}

/// What is known of the contents of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content {
    /// All of it.
    Here(#[serde(serialize_with = "as_bytes", deserialize_with = "from_bytes")] Arc<[u8]>),
    /// The store has it, and gives it when it is asked for.
    Stored,
    /// Nothing: the validator left too much.
    LeftOut,
}

fn as_bytes<S: Serializer>(bytes: &Arc<[u8]>, serializer: S) -> Result<S::Ok, S::Error> {
    bytes[..].serialize(serializer)
}

fn from_bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<[u8]>, D::Error> {
    Vec::deserialize(deserializer).map(Arc::from)
}
