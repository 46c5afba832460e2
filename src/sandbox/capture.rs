//! Our end of a program's output streams: never blocks, keeps a prefix, counts the rest.

use std::os::fd::{AsFd, BorrowedFd};

use nix::unistd::read;

use super::outcome::{Captured, SandboxError, SetUpStep};
use super::streams::Pipe;

/// Bytes taken from a stream in one go.
pub(super) const CHUNK: usize = 64 * 1024;

/// Our end of one of the program's streams.
pub(super) struct Stream {
    pipe: Option<Pipe>,
    captured: Captured,
    keep: u64,
}

impl Stream {
    /// Without a pipe nothing comes.
    pub(super) fn new(pipe: Option<Pipe>, keep: u64) -> Self {
        Stream {
            pipe,
            captured: Captured::default(),
            keep,
        }
    }

    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.pipe.as_ref().map(|pipe| pipe.ours.as_fd())
    }

    pub(super) fn into_captured(self) -> Captured {
        self.captured
    }

    /// Whether more came than is kept.
    pub(super) fn overflowed(&self) -> bool {
        self.captured.total_bytes > self.keep
    }

    /// Takes one chunk, where there is one.
    pub(super) fn take(&mut self, buffer: &mut [u8]) -> Result<(), SandboxError> {
        let Some(pipe) = &self.pipe else {
            return Ok(());
        };
        match read(&pipe.ours, buffer) {
            Ok(length) => self.keep(&buffer[..length]),
            Err(nix::Error::EAGAIN | nix::Error::EINTR) => {}
            Err(error) => return Err(error).set_up("read", "a stream of the program"),
        }
        Ok(())
    }

    fn keep(&mut self, chunk: &[u8]) {
        let room = self.keep.saturating_sub(self.captured.bytes.len() as u64);
        let kept = chunk.len().min(usize::try_from(room).unwrap_or(usize::MAX));
        self.captured.bytes.extend_from_slice(&chunk[..kept]);
        self.captured.total_bytes += chunk.len() as u64;
    }

    /// Takes what is in the pipe now that nobody writes to it any more.
    pub(super) fn drain(&mut self, buffer: &mut [u8]) -> Result<(), SandboxError> {
        loop {
            let before = self.captured.total_bytes;
            self.take(buffer)?;
            if self.captured.total_bytes == before {
                return Ok(());
            }
        }
    }
}
