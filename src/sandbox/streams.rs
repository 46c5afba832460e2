//! The standard streams of a program.

use std::fs::File;
use std::io::{Seek, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::fchown;

use nix::fcntl::{FcntlArg, OFlag, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::unistd::pipe2;

use super::outcome::{SandboxError, SetUpStep};
use super::spec::Stdin;

/// Both sides of a program's standard streams.
pub(super) struct Streams {
    /// Standard input, output and error of the program.
    pub program: [OwnedFd; 3],
    /// Our end of standard output; does not block.
    pub stdout: OwnedFd,
    /// Our end of standard error; does not block.
    pub stderr: OwnedFd,
}

impl Streams {
    /// Makes the streams for a program of this host user.
    pub(super) fn new(stdin: &Stdin, user: u32) -> Result<Self, SandboxError> {
        let (stdout, stdout_end) = pipe(user)?;
        let (stderr, stderr_end) = pipe(user)?;
        let input = match stdin {
            Stdin::Empty => sealed_file(&[])?,
            Stdin::Bytes(bytes) => sealed_file(bytes)?,
        };
        Ok(Streams {
            program: [input, stdout_end, stderr_end],
            stdout,
            stderr,
        })
    }
}

/// A pipe whose writing end belongs to the program, so that it can open /dev/stdout.
fn pipe(user: u32) -> Result<(OwnedFd, OwnedFd), SandboxError> {
    let (ours, theirs) = pipe2(OFlag::O_CLOEXEC).set_up("create", "a pipe")?;
    fcntl(&ours, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).set_up("configure", "a pipe")?;
    fchown(&theirs, Some(user), Some(user)).set_up("chown", "a pipe")?;
    Ok((ours, theirs))
}

/// A file in memory that can be read, mapped and sought, but never changed or executed.
fn sealed_file(bytes: &[u8]) -> Result<OwnedFd, SandboxError> {
    let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
    // Not known before Linux 6.3; without it the file is executable, which is harmless.
    let no_execution = MFdFlags::from_bits_retain(libc::MFD_NOEXEC_SEAL);
    let memory = memfd_create(c"stdin", flags | no_execution)
        .or_else(|_| memfd_create(c"stdin", flags))
        .set_up("create", "standard input")?;
    let mut file = File::from(memory);
    file.write_all(bytes).set_up("fill", "standard input")?;
    file.rewind().set_up("rewind", "standard input")?;
    let seals = SealFlag::F_SEAL_SEAL
        | SealFlag::F_SEAL_SHRINK
        | SealFlag::F_SEAL_GROW
        | SealFlag::F_SEAL_WRITE;
    fcntl(&file, FcntlArg::F_ADD_SEALS(seals)).set_up("seal", "standard input")?;
    Ok(file.into())
}
