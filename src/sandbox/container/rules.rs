//! Rules for files and ports.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What may be done with files and TCP ports; enforced by the kernel's Landlock.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LandlockRules {
    /// What may be done with files beneath paths of the box; nothing elsewhere. Without any, files
    /// are not restricted.
    pub paths: Vec<PathRule>,
    /// The ports that may be bound; `None` for any.
    pub tcp_bind: Option<Vec<u16>>,
    /// The ports that may be connected to; `None` for any.
    pub tcp_connect: Option<Vec<u16>>,
    /// What to do on a kernel that cannot enforce a rule.
    pub enforcement: Enforcement,
}

/// What may be done beneath a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PathRule {
    /// An absolute path in the box, which must exist.
    pub path: PathBuf,
    /// What is allowed.
    pub access: BTreeSet<PathAccess>,
}

/// A kind of access to files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PathAccess {
    /// Reading files and listing directories.
    Read,
    /// Everything that changes something.
    Write,
    /// Executing files.
    Execute,
}

/// What to do on a kernel that cannot enforce a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Enforcement {
    /// Refuse to run.
    Enforce,
    /// Run, and say in the report what was not enforced.
    BestEffort,
}
