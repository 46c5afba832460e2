//! Runs that read and write files of the working directory in place of the standard streams. What a program
//! leaves is read out of a dead box, beneath its directory and through no link.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Finished, Runnable};
use crate::judge::verdict::Verdict;
use crate::judge::{JudgeError, reason};
use crate::problem::package::StreamFiles;
use crate::sandbox::{
    CollectError, Command, Container, Exit, InputFile, Limit, Outcome, Report, ScratchDir, Stdin,
};

impl Runnable {
    /// The same program, whose input and output are these files.
    pub fn with_stream_files(self, streams: &StreamFiles) -> Runnable {
        Runnable {
            streams: streams.clone(),
            ..self
        }
    }

    /// The box and the command of a run with this input.
    pub(super) fn given(&self, input: Arc<[u8]>) -> (Container, Command) {
        let (mut container, mut command) = (self.container.clone(), self.command.clone());
        let mut needed = 0;
        if let Some(name) = &self.streams.input {
            let path = PathBuf::from(name);
            needed += input.len() as u64;
            // The file is in the box's memory, and not the program's doing.
            let memory = &mut command.limits.memory_bytes;
            *memory = memory.saturating_add(input.len() as u64);
            command.files.retain(|file| file.path != path);
            command.files.push(InputFile {
                path,
                bytes: Arc::clone(&input),
                mode: 0o644,
            });
        }
        if self.streams.input.is_none() || self.streams.are_further {
            command.stdin = Stdin::Bytes(input);
        }
        if self.streams.output.is_some() {
            needed += self.limits.output_bytes;
        }
        container.scratch_bytes = container.scratch_bytes.max(needed);
        command.limits.file_bytes = container.scratch_bytes;
        (container, command)
    }

    /// Takes the output file for what the program has written, where it ended well. Tells what is odd about it.
    pub(super) fn take_output(&self, report: &mut Report) -> Result<Option<String>, JudgeError> {
        let (Some(name), true) = (&self.streams.output, self.ended_well(report)) else {
            return Ok(None);
        };
        let max_bytes = self.limits.output_bytes;
        let (bytes, odd) = match report.scratch.read(Path::new(name), max_bytes) {
            Ok(bytes) => (bytes, None),
            Err(error @ CollectError::Io { .. }) => return Err(JudgeError::Collect(error)),
            Err(CollectError::TooLarge { .. }) => {
                report.outcome = Outcome::LimitHit {
                    limit: Limit::Output,
                    exit: Some(Exit::Code(0)),
                };
                report.stdout.total_bytes = max_bytes.saturating_add(1);
                let max = reason::bytes(max_bytes);
                return Ok(Some(format!("{name} has more than the limit of {max}")));
            }
            Err(CollectError::Missing { .. }) if self.streams.are_further => return Ok(None),
            Err(CollectError::Missing { .. }) => {
                (Vec::new(), Some(format!("it left no file {name}")))
            }
            // A link, a directory, a device: nothing that it was asked for.
            Err(_) => (Vec::new(), Some(format!("{name} is no plain file"))),
        };
        report.stdout.total_bytes = bytes.len() as u64;
        report.stdout.bytes = bytes;
        Ok(odd)
    }
}

impl Finished {
    /// The same, with what is odd about its output file where that tells why.
    pub(super) fn with_oddity(self, odd: Option<String>) -> Finished {
        let reason = match (odd, self.verdict) {
            (None, _) | (_, Verdict::Accepted) => self.reason,
            (Some(odd), Verdict::OutputLimit) => odd,
            (Some(odd), _) => format!("{}; {odd}", self.reason),
        };
        Finished { reason, ..self }
    }
}

/// The first of these files that there is.
pub(super) fn first_of(
    scratch: &ScratchDir,
    names: &[String],
    max_bytes: u64,
) -> Result<Vec<u8>, CollectError> {
    let mut found = Err(CollectError::Missing {
        path: names.first().map(PathBuf::from).unwrap_or_default(),
    });
    for name in names {
        match scratch.read(Path::new(name), max_bytes) {
            Err(CollectError::Missing { .. }) => {}
            other => {
                found = other;
                break;
            }
        }
    }
    found
}
