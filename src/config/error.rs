//! Why the settings cannot be used; each message names the place and the remedy.

use std::io;
use std::path::PathBuf;

use super::DEFAULT_FILE;

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error(
        "cannot read the configuration file {path}: check its path and permissions, or leave out \
         --config and GAVEL_CONFIG to use {DEFAULT_FILE} where it exists"
    )]
    ReadFile {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The file has a wrong key or value. Holds the message only: the parser's own rendering quotes
    /// the offending line, and that line may be a database password.
    #[error("{path}:{line}: {message} (docs/CONFIGURATION.md lists every key)")]
    ParseFile {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// An environment variable has a wrong value. The value itself is not repeated: it may be secret.
    #[error("the environment variable {name} {reason}: correct it or unset it")]
    Variable {
        /// The variable.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// Values that cannot work together.
    #[error("{key} {reason}")]
    Conflict {
        /// The setting.
        key: &'static str,
        /// What it must be.
        reason: &'static str,
    },
    /// A list names something that does not exist.
    #[error("{key}: {name:?} is unknown; known are: {}", .known.join(", "))]
    UnknownName {
        /// The setting.
        key: &'static str,
        /// The name.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// There is no home directory to derive the data directory from.
    #[error(
        "cannot choose a data directory, for neither HOME nor XDG_DATA_HOME is set: pass --data-dir DIR"
    )]
    NoDataDir,
    /// The command needs a database of somebody else's, and none is named.
    #[error(
        "this command needs a database: set DATABASE_URL=postgres://user:password@host/name, or \
         use `gavel up`, which starts one of its own"
    )]
    NoDatabase,
}
