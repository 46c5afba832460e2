//! Settings: one documented struct, filled from defaults, a file, the environment and flags, where
//! the later source wins. Nothing here opens anything but the configuration file.

mod environment;
mod error;
mod layer;
mod secret;

use std::num::{NonZeroU32, NonZeroU64};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use environment::Environment;
pub use error::ConfigError;
pub use layer::{Config, Layer};
pub use secret::Secret;

/// Where the configuration file is looked for when nothing names one.
pub const DEFAULT_FILE: &str = "/etc/gavel/gavel.toml";

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people: time, level, message, fields.
    Text,
    /// For machines: one JSON object on each line.
    Json,
}

impl Config {
    /// Reads every source. `file` is the one named by `--config`; `flags` are the other flags.
    pub fn load(
        file: Option<&Path>,
        flags: Layer,
        environment: &Environment,
    ) -> Result<Config, ConfigError> {
        let from_file = match config_file(file, environment)? {
            Some(path) => Layer::read(&path)?,
            None => Layer::default(),
        };
        let from_variables = Layer::from_variables(environment)?;
        let mut config = flags
            .over(from_variables)
            .over(from_file)
            .complete(environment)?;
        if config.cache_dir.is_none() {
            config.cache_dir = default_cache_dir(environment)?;
        }
        if config.runtime_dir.is_none() {
            config.runtime_dir = own_runtime_dir(environment, &config.data_dir)?;
        }
        config.check()?;
        Ok(config)
    }

    /// Refuses values that are each fine but cannot work together.
    fn check(&self) -> Result<(), ConfigError> {
        if self.heartbeat_seconds.get() > self.lease_seconds.get() / 2 {
            return Err(ConfigError::Conflict {
                key: "heartbeat_seconds",
                reason: "must be at most half of lease_seconds, so that one late heartbeat does \
                         not lose the lease",
            });
        }
        Ok(())
    }
}

/// The file to read: `--config`, else `$GAVEL_CONFIG`, else the default path if it exists.
/// A file that was asked for must exist; the default one need not.
fn config_file(
    flag: Option<&Path>,
    environment: &Environment,
) -> Result<Option<PathBuf>, ConfigError> {
    if let Some(path) = flag {
        return Ok(Some(path.to_owned()));
    }
    if let Some(path) = environment.variable("GAVEL_CONFIG")? {
        return Ok(Some(path.into()));
    }
    let path = PathBuf::from(DEFAULT_FILE);
    Ok(path.exists().then_some(path))
}

/// The default data directory: the system's for root, the user's own for everyone else.
fn default_data_dir(environment: &Environment) -> Result<PathBuf, ConfigError> {
    if environment.is_root {
        return Ok("/var/lib/gavel".into());
    }
    if let Some(dir) = environment.variable("XDG_DATA_HOME")? {
        return Ok(Path::new(&dir).join("gavel"));
    }
    match environment.variable("HOME")? {
        Some(home) => Ok(Path::new(&home).join(".local/share/gavel")),
        None => Err(ConfigError::NoDataDir),
    }
}

/// The default cache directory: the user's own, if there is such a user.
fn default_cache_dir(environment: &Environment) -> Result<Option<PathBuf>, ConfigError> {
    if let Some(dir) = environment.variable("XDG_CACHE_HOME")? {
        return Ok(Some(Path::new(&dir).join("gavel")));
    }
    let home = environment.variable("HOME")?;
    Ok(home.map(|home| Path::new(&home).join(".cache/gavel")))
}

/// A runtime directory that is an ordinary user's own.
fn own_runtime_dir(
    environment: &Environment,
    data_dir: &Path,
) -> Result<Option<PathBuf>, ConfigError> {
    if environment.is_root {
        return Ok(None);
    }
    let session = environment.variable("XDG_RUNTIME_DIR")?;
    Ok(Some(match session {
        Some(session) => Path::new(&session).join("gavel"),
        None => data_dir.join("run"),
    }))
}

const fn count(value: u32) -> NonZeroU32 {
    match NonZeroU32::new(value) {
        Some(value) => value,
        None => NonZeroU32::MIN,
    }
}

const fn amount(value: u64) -> NonZeroU64 {
    match NonZeroU64::new(value) {
        Some(value) => value,
        None => NonZeroU64::MIN,
    }
}

#[cfg(test)]
mod tests;
