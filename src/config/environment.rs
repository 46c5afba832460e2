//! What the process finds around it. Captured once, so that tests can make one up.

use std::collections::BTreeMap;
use std::ffi::OsString;

use super::error::ConfigError;

/// The surroundings that settings depend on.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// Environment variables.
    pub variables: BTreeMap<String, OsString>,
    /// Whether the process runs as root.
    pub is_root: bool,
    /// CPUs this process may run on.
    pub cpus: u32,
    /// Name of this machine.
    pub hostname: String,
}

impl Environment {
    /// Captures the surroundings of this process.
    pub fn capture() -> Self {
        let cpus = std::thread::available_parallelism().map_or(1, |n| n.get());
        Environment {
            variables: std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
                .collect(),
            is_root: nix::unistd::geteuid().is_root(),
            cpus: u32::try_from(cpus).unwrap_or(u32::MAX),
            hostname: nix::unistd::gethostname()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_else(|_| "localhost".to_owned()),
        }
    }

    /// The value of a variable. An empty one counts as unset: that is what container tools pass
    /// for a variable that nobody filled in.
    pub fn variable(&self, name: &str) -> Result<Option<String>, ConfigError> {
        match self.variables.get(name) {
            None => Ok(None),
            Some(value) if value.is_empty() => Ok(None),
            Some(value) => match value.to_str() {
                Some(text) => Ok(Some(text.to_owned())),
                None => Err(ConfigError::Variable {
                    name: name.to_owned(),
                    reason: "is not valid UTF-8".to_owned(),
                }),
            },
        }
    }
}
