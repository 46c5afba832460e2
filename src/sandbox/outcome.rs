//! What happened: plain data and the errors that are our own.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A budget that a run exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// CPU time of the process tree.
    Cpu,
    /// Time on the clock.
    Wall,
    /// Time without any CPU use.
    Idle,
    /// Memory of the process tree.
    Memory,
    /// Bytes on standard output.
    Output,
}

/// How the main process of a run ended by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Exited with this code.
    Code(i32),
    /// Ended by this signal.
    Signal(i32),
}

/// What happened to a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The program ended by itself within all limits.
    Ended(Exit),
    /// A limit was exceeded; `exit` is set where the program ended before it was killed.
    LimitHit {
        /// The limit.
        limit: Limit,
        /// How the program ended, where it did by itself.
        exit: Option<Exit>,
    },
    /// The kernel would not execute the program (missing, not executable, wrong format, too big).
    NotExecutable {
        /// The errno of execve.
        errno: i32,
    },
}

/// Measured figures of a run, from kernel counters of the whole group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Usage {
    /// CPU time, from execve on.
    pub cpu: Duration,
    /// Time on the clock, from execve to the exit of the main process.
    pub wall: Duration,
    /// Peak memory of the group, in bytes.
    pub memory_bytes: u64,
    /// How much of it were files in the scratch file system at the end, in bytes.
    pub scratch_bytes: u64,
    /// Times the kernel killed a process for lack of memory.
    pub oom_kills: u64,
    /// Times a fork was refused by the process limit.
    pub forks_refused: u64,
}

/// What a program wrote to one of its streams.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Captured {
    /// The bytes kept, at most the limit.
    pub bytes: Vec<u8>,
    /// Bytes seen, kept or not.
    pub total_bytes: u64,
}

/// Everything known about a finished run. The box itself is already dead.
#[derive(Debug)]
pub struct Report {
    /// What happened.
    pub outcome: Outcome,
    /// Measured figures.
    pub usage: Usage,
    /// Standard output.
    pub stdout: Captured,
    /// Standard error.
    pub stderr: Captured,
    /// Names of refused system calls, in order of first use.
    pub denied_calls: Vec<String>,
    /// The files the run left in `/box`.
    pub scratch: ScratchDir,
}

/// The dead box's `/box` directory; read safely, beneath a directory descriptor.
#[derive(Debug)]
pub struct ScratchDir {}

impl ScratchDir {
    /// Reads one regular file, following no links.
    pub fn read(&self, _path: &Path, _max_bytes: u64) -> Result<Vec<u8>, CollectError> {
        todo!()
    }

    /// Paths of all regular files (relative to `/box`), sorted; everything else is left out.
    pub fn list(&self, _max_files: usize) -> Result<Vec<PathBuf>, CollectError> {
        todo!()
    }
}

/// Why a file of a dead box cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// There is no such file.
    #[error("{path} does not exist")]
    Missing {
        /// Path relative to `/box`.
        path: PathBuf,
    },
    /// It is a link, directory, device, or has several names.
    #[error("{path} is not a plain file")]
    NotPlain {
        /// Path relative to `/box`.
        path: PathBuf,
    },
    /// It is larger than allowed.
    #[error("{path} is larger than {max_bytes} bytes")]
    TooLarge {
        /// Path relative to `/box`.
        path: PathBuf,
        /// The cap.
        max_bytes: u64,
    },
    /// More files than allowed.
    #[error("more than {max_files} files")]
    TooMany {
        /// The cap.
        max_files: usize,
    },
    /// The kernel refused.
    #[error("cannot read {path}")]
    Io {
        /// Path relative to `/box`.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
}

/// Our own failure; never the program's.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// A setting that cannot be honoured.
    #[error("{setting}: {reason}")]
    Setting {
        /// Name of the setting.
        setting: &'static str,
        /// What is wrong and what to change.
        reason: String,
    },
    /// A set-up step failed.
    #[error("cannot {step} {object}: {source}")]
    SetUp {
        /// The step.
        step: &'static str,
        /// What it was done to.
        object: String,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The run was cancelled by its owner.
    #[error("the run was cancelled")]
    Cancelled,
}
