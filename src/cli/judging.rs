//! What judging needs from the settings, for every command that judges.

use crate::config::Config;
use crate::judge::{LanguageError, Languages, SandboxConfig};

/// The languages of the settings: a directory of the operator's, or those in the binary.
pub(super) fn languages(config: &Config) -> Result<Languages, LanguageError> {
    match &config.languages_dir {
        Some(directory) => Languages::read(directory),
        None => Languages::built_in(),
    }
}

/// The sandbox of the settings.
pub(super) fn sandbox(config: &Config) -> SandboxConfig {
    SandboxConfig {
        cgroup_parent: config.cgroup_parent.clone(),
        allow_no_landlock: config.allow_degraded.iter().any(|name| name == "landlock"),
        ..SandboxConfig::default()
    }
}
