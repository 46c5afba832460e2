//! What is wanted of one run: plain, cloneable data. Nothing happens until a slot runs it.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::cgroup::GroupLimits;
use super::outcome::SandboxError;

/// One program to run in a box.
#[derive(Debug, Clone)]
pub struct Command {
    /// Path of the program inside the box (absolute, or relative to `/box`).
    pub program: PathBuf,
    /// Arguments after the program's name.
    pub args: Vec<OsString>,
    /// The whole environment; nothing is inherited.
    pub env: Vec<(OsString, OsString)>,
    /// Files placed in `/box` before the program starts, owned by its user.
    pub files: Vec<InputFile>,
    /// Standard input.
    pub stdin: Stdin,
    /// Bytes of standard error that are kept; more is dropped and never ends the run.
    pub stderr_bytes: u64,
    /// Budgets of the run.
    pub limits: Limits,
}

/// A file placed in the working directory of a box.
#[derive(Debug, Clone)]
pub struct InputFile {
    /// Path relative to `/box`, without `.` or `..` components.
    pub path: PathBuf,
    /// Contents.
    pub bytes: Arc<[u8]>,
    /// Permission bits, e.g. 0o644.
    pub mode: u32,
}

/// Standard input of a program.
#[derive(Debug, Clone)]
pub enum Stdin {
    /// End of file at once.
    Empty,
    /// A sealed, seekable file with these bytes.
    Bytes(Arc<[u8]>),
    /// A regular file of the host, which the program cannot write to by any way.
    File(PathBuf),
    /// This descriptor. What the program may do with it, it may do.
    Descriptor(Arc<OwnedFd>),
}

/// Where standard output and standard error go.
#[derive(Debug, Clone, Default)]
pub struct Outputs {
    /// Standard output.
    pub stdout: Output,
    /// Standard error.
    pub stderr: Output,
}

/// Where an output stream goes.
#[derive(Debug, Clone, Default)]
pub enum Output {
    /// Into the report, up to the limit of the command.
    #[default]
    Captured,
    /// Nowhere. No limit applies.
    Null,
    /// To this descriptor. No limit applies.
    Descriptor(Arc<OwnedFd>),
}

/// Budgets of one run. Zero is refused everywhere: it never means "unlimited".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// CPU time of the whole process tree.
    pub cpu: Duration,
    /// Time from execve to exit.
    pub wall: Duration,
    /// Time without any CPU use after which the run is ended as idle.
    pub idle: Option<Duration>,
    /// Peak memory of the whole process tree, scratch files included, in bytes.
    pub memory_bytes: u64,
    /// Bytes of standard output; one more ends the run.
    pub stdout_bytes: u64,
    /// Processes and threads at the same time.
    pub processes: u32,
    /// Size of the main thread's stack, in bytes.
    pub stack_bytes: u64,
    /// Open file descriptors of each process.
    pub open_files: u64,
    /// Size of any one file, in bytes.
    pub file_bytes: u64,
}

impl Limits {
    /// Refuses zeros: zero never means unlimited.
    pub(super) fn check(&self) -> Result<(), SandboxError> {
        let idle = self.idle.unwrap_or(Duration::MAX);
        for (setting, is_zero) in [
            ("limits.cpu", self.cpu.is_zero()),
            ("limits.wall", self.wall.is_zero()),
            ("limits.idle", idle.is_zero()),
            ("limits.memory_bytes", self.memory_bytes == 0),
            ("limits.processes", self.processes == 0),
            ("limits.stack_bytes", self.stack_bytes == 0),
            ("limits.open_files", self.open_files == 0),
            ("limits.file_bytes", self.file_bytes == 0),
        ] {
            at_least_one(setting, u64::from(!is_zero))?;
        }
        Ok(())
    }

    pub(super) fn group_limits(&self) -> GroupLimits {
        GroupLimits {
            cpu: self.cpu,
            memory_bytes: self.memory_bytes,
            // Init of the box is one more.
            processes: u64::from(self.processes) + 1,
        }
    }
}

/// Refuses zero, by the name of the setting.
pub(super) fn at_least_one(setting: &'static str, value: u64) -> Result<u64, SandboxError> {
    match value {
        0 => Err(SandboxError::Setting {
            setting,
            reason: "must be at least 1; zero never means unlimited".to_owned(),
        }),
        _ => Ok(value),
    }
}
