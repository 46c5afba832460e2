//! Protections that a host may lack where its operator says so, by the names of their checks.
//! Only those are here without which boxes really run.

use std::fmt;

use serde::Serialize;

/// A protection that a host may lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protection {
    /// Limits and figures of whole boxes; without, those of each process.
    Cgroup,
    /// The second layer around files and sockets.
    Landlock,
    /// Memory limits that swapping cannot evade.
    Swap,
}

impl Protection {
    /// All of them.
    pub const ALL: &[Protection] = &[Protection::Cgroup, Protection::Landlock, Protection::Swap];

    /// The name: that of the check in `gavel check-host`.
    pub fn name(self) -> &'static str {
        match self {
            Protection::Cgroup => "cgroup",
            Protection::Landlock => "landlock",
            Protection::Swap => "swap",
        }
    }

    /// The protection of this name.
    pub fn from_name(name: &str) -> Option<Protection> {
        Self::ALL
            .iter()
            .copied()
            .find(|protection| protection.name() == name)
    }
}

impl fmt::Display for Protection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
