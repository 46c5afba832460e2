//! What happened: plain data and the errors that are our own.

use std::io;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};

use super::check::Unfit;
use super::ending::Ending;
use super::namespaces::NamespaceFact;
use super::noise::Noise;
use super::protection::Protection;
use super::scratch::ScratchDir;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// Exited with this code.
    Code(i32),
    /// Ended by this signal.
    Signal(i32),
}

/// What happened to a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
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
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Usage {
    /// CPU time, from execve on.
    #[serde(rename = "cpu_ns", serialize_with = "as_nanoseconds")]
    pub cpu: Duration,
    /// Time on the clock, from execve to the exit of the main process.
    #[serde(rename = "wall_ns", serialize_with = "as_nanoseconds")]
    pub wall: Duration,
    /// Peak memory of the group without page cache, in bytes; at least 256 KiB, the batch in which the
    /// kernel counts.
    pub memory_bytes: u64,
    /// How much of it were files in the scratch file system at the end, in bytes.
    pub scratch_bytes: u64,
    /// Times memory ran out: the kernel killed a process, or told us in time to end the run.
    pub oom_kills: u64,
    /// Times a fork was refused by the process limit.
    pub forks_refused: u64,
    /// How much the run was disturbed, where the kernel counts that.
    pub noise: Option<Noise>,
    /// Instructions that the program and all that it started executed in user space, where the processor
    /// counts them.
    pub instructions: Option<u64>,
}

/// What a program wrote to one of its streams.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Captured {
    /// The bytes kept, at most the limit; base64 where it is serialised.
    #[serde(rename = "base64", serialize_with = "as_base64")]
    pub bytes: Vec<u8>,
    /// Bytes seen, kept or not.
    pub total_bytes: u64,
}

/// Everything known about a finished run. The box itself is already dead.
#[derive(Debug, Serialize)]
pub struct Report {
    /// How it ended, by all the evidence.
    pub ending: Ending,
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
    /// Protections that the box lacked, with the operator's consent.
    pub degraded: Vec<Protection>,
    /// Whose namespaces the box had, as asked and as found.
    pub namespaces: Vec<NamespaceFact>,
    /// What made the box weaker than the usual one, as asked for.
    pub loosened: Vec<String>,
    /// What of Landlock this kernel could not enforce, of the built-in rules and of those asked for.
    pub unenforced: Vec<String>,
    /// The files the run left in `/box`.
    #[serde(skip)]
    pub scratch: ScratchDir,
}

fn as_nanoseconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
}

fn as_base64<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&BASE64.encode(bytes))
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
    /// The host lacks something that is required.
    #[error("{0}")]
    Unfit(Unfit),
    /// A set-up step of the supervising side failed.
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
    /// A step of the launcher or inside the box failed.
    #[error("cannot {step}{}: {source}", .object.as_ref().map(|o| format!(" {o}")).unwrap_or_default())]
    Box {
        /// The step.
        step: String,
        /// What it was done to, where that is known.
        object: Option<String>,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The launcher or the init of a box died or broke the protocol.
    #[error("the {0} ended unexpectedly")]
    Lost(&'static str),
    /// The run was cancelled by its owner.
    #[error("the run was cancelled")]
    Cancelled,
}

/// What failed, at what, with which errno; and the message for people.
impl Serialize for SandboxError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (kind, step, object, source) = match self {
            SandboxError::Setting { setting, .. } => ("setting", None, Some(*setting), None),
            SandboxError::Unfit(Unfit { lacking }) => {
                let first = lacking.first().map(|check| check.name);
                ("unfit", None, first, None)
            }
            SandboxError::SetUp {
                step,
                object,
                source,
            } => ("set_up", Some(*step), Some(object.as_str()), Some(source)),
            SandboxError::Box {
                step,
                object,
                source,
            } => ("box", Some(step.as_str()), object.as_deref(), Some(source)),
            SandboxError::Lost(what) => ("lost", None, Some(*what), None),
            SandboxError::Cancelled => ("cancelled", None, None, None),
        };
        let mut fields = serializer.serialize_struct("SandboxError", 5)?;
        fields.serialize_field("kind", kind)?;
        fields.serialize_field("step", &step)?;
        fields.serialize_field("object", &object)?;
        fields.serialize_field("errno", &source.and_then(io::Error::raw_os_error))?;
        fields.serialize_field("message", &self.to_string())?;
        fields.end()
    }
}

/// Names the step of an I/O error.
pub(super) trait SetUpStep<T> {
    /// `step` in words that follow "cannot".
    fn set_up(self, step: &'static str, object: impl AsRef<str>) -> Result<T, SandboxError>;
}

impl<T, E: Into<io::Error>> SetUpStep<T> for Result<T, E> {
    fn set_up(self, step: &'static str, object: impl AsRef<str>) -> Result<T, SandboxError> {
        self.map_err(|error| SandboxError::SetUp {
            step,
            object: object.as_ref().to_owned(),
            source: error.into(),
        })
    }
}
