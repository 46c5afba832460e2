//! Why the database of our own cannot be had. Each message names the step, the place and the remedy.

use std::io;
use std::path::PathBuf;

use super::process::Ended;

/// Why the database of our own cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// There is no Postgres on this machine.
    #[error(
        "no Postgres programs were found in {installations}/*/bin or in PATH: install the package \
         `postgresql`, or set database_url to a Postgres that runs elsewhere"
    )]
    NoPrograms {
        /// Where versions are installed side by side.
        installations: PathBuf,
    },
    /// The data are of a version that is not installed.
    #[error(
        "the database in {path} was made by Postgres {major}, and only {found} is installed: \
         install the package `postgresql-{major}`; to change the version, convert the data with \
         pg_upgrade, or dump them with pg_dump and load them into a fresh data directory. \
         Nothing was changed"
    )]
    VersionMissing {
        /// The cluster.
        path: PathBuf,
        /// Its major version.
        major: u32,
        /// The major versions that are installed.
        found: String,
    },
    /// What stands in the cluster's place is none, or its version cannot be told.
    #[error(
        "cannot tell the Postgres version of {path}: it should be a number. Nothing was changed"
    )]
    VersionUnknown {
        /// The file that should say it.
        path: PathBuf,
    },
    /// The user who should own the database does not exist.
    #[error(
        "there is no user {name:?} to run Postgres as: install the package `postgresql`, which \
         makes one, or set postgres_user to an unprivileged user"
    )]
    UnknownUser {
        /// The user's name.
        name: String,
    },
    /// The user database cannot be read.
    #[error("cannot look up the user {name:?}")]
    LookUpUser {
        /// The user's name.
        name: String,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The user who should own the database is root.
    #[error("Postgres refuses to run as root: set postgres_user to another user than {name:?}")]
    UserIsRoot {
        /// The user's name.
        name: String,
    },
    /// A file or directory cannot be prepared.
    #[error("cannot {step} {path}")]
    Prepare {
        /// What was to be done.
        step: &'static str,
        /// With which file or directory.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// A file or directory is not what we would have made.
    #[error(
        "{path} {reason}: run Gavel as the user who made it, move it away, or choose another data \
         directory with --data-dir"
    )]
    Foreign {
        /// The file or directory.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The user who owns the database cannot get to it.
    #[error(
        "the user {user:?}, who runs Postgres, may not pass through the directory {path}: choose a \
         data directory elsewhere with --data-dir (/var/lib/gavel, for example), or allow passing \
         with `chmod o+x {path}`"
    )]
    Blocked {
        /// The user.
        user: String,
        /// The directory that lacks the permission.
        path: PathBuf,
    },
    /// The path of the socket would be longer than the kernel allows.
    #[error(
        "the path of the data directory {path} is too long by {excess_bytes} bytes for the socket \
         inside it: choose a shorter one with --data-dir"
    )]
    PathTooLong {
        /// The data directory.
        path: PathBuf,
        /// By how much.
        excess_bytes: usize,
    },
    /// The path cannot be part of a URL.
    #[error("the path of the data directory {path:?} is not UTF-8: choose another with --data-dir")]
    PathNotText {
        /// The data directory.
        path: PathBuf,
    },
    /// Another Gavel uses the data directory.
    #[error(
        "the data directory {path} is in use by another Gavel (process {pid}): stop that one, or \
         start this one with a --data-dir of its own"
    )]
    InUse {
        /// The data directory.
        path: PathBuf,
        /// The other's process id, as it wrote it down.
        pid: String,
    },
    /// The Postgres of a Gavel that is gone does not end.
    #[error(
        "the Postgres of an earlier Gavel still runs in {path} after {waited_seconds} s: look for \
         it with `ps`, and stop it with SIGINT"
    )]
    StillRunning {
        /// The data directory.
        path: PathBuf,
        /// How long its end was waited for.
        waited_seconds: u64,
    },
    /// A program cannot be started.
    #[error("cannot start {program}")]
    Spawn {
        /// The program.
        program: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// Making the cluster failed. What it left is removed by the next start.
    #[error("{program} failed to make the database ({ended}); it said:\n{log}")]
    Make {
        /// The program.
        program: PathBuf,
        /// How it ended.
        ended: Ended,
        /// Its last words.
        log: String,
    },
    /// Postgres ended before it accepted a connection.
    #[error("Postgres ended while starting ({ended}); its log {path} ends with:\n{log}")]
    EndedAtStart {
        /// How it ended.
        ended: Ended,
        /// Its log.
        path: PathBuf,
        /// The end of its log.
        log: String,
    },
    /// Postgres runs, but accepts no connection.
    #[error(
        "Postgres accepts no connection {waited_seconds} s after its start; its log {path} ends \
         with:\n{log}"
    )]
    NotReady {
        /// How long was waited.
        waited_seconds: u64,
        /// Its log.
        path: PathBuf,
        /// The end of its log.
        log: String,
        /// Why the last attempt failed.
        #[source]
        source: sqlx::Error,
    },
    /// Postgres had ended by itself before it was asked to.
    #[error("Postgres ended unasked ({ended}); its log {path} ends with:\n{log}")]
    Ended {
        /// How it ended.
        ended: Ended,
        /// Its log.
        path: PathBuf,
        /// The end of its log.
        log: String,
    },
    /// The process that is to become Postgres cannot prepare itself.
    #[error("cannot {step}")]
    Become {
        /// What was to be done.
        step: &'static str,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The process that is to become Postgres is an orphan already.
    #[error("the Gavel that started this process has ended")]
    Orphaned,
}
