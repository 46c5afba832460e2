//! The standard streams of a program.

use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::fcntl::{FcntlArg, OFlag, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::stat::{Mode, SFlag, fchmod, fstat};
use nix::unistd::pipe2;

use super::outcome::{SandboxError, SetUpStep};
use super::spec::{Output, Outputs, Stdin};
use super::sys::{self, MountAttr};

/// A pipe for output. The program's end stays open on our side as well: nobody waits for the end of
/// a stream, and to be woken by it, just when the program ends, would delay what is waited for.
#[derive(Debug)]
pub(super) struct Pipe {
    /// Does not block.
    pub ours: OwnedFd,
    theirs: OwnedFd,
}

/// What input, and output that is captured, goes through. They are made ahead, with the box.
#[derive(Debug)]
pub(super) struct Pipes {
    /// An empty file.
    stdin: OwnedFd,
    stdout: Pipe,
    stderr: Pipe,
}

impl Pipes {
    pub(super) fn new() -> Result<Self, SandboxError> {
        Ok(Pipes {
            stdin: sealed_file(io::empty())?,
            stdout: pipe()?,
            stderr: pipe()?,
        })
    }
}

/// A program's standard streams.
pub(super) struct Streams {
    stdin: OwnedFd,
    stdout: Sink,
    stderr: Sink,
}

/// Where output goes.
enum Sink {
    Captured(Pipe),
    Elsewhere(OwnedFd),
}

impl Streams {
    /// Makes the streams of a program; output that is captured goes through `pipes`.
    pub(super) fn new(
        stdin: &Stdin,
        outputs: &Outputs,
        pipes: Pipes,
    ) -> Result<Self, SandboxError> {
        Ok(Streams {
            stdin: match stdin {
                Stdin::Empty => pipes.stdin,
                Stdin::Bytes(bytes) => sealed_file(&bytes[..])?,
                Stdin::File(path) => read_only_file(path)?,
                Stdin::Descriptor(fd) => share(fd)?,
            },
            stdout: Sink::new(&outputs.stdout, pipes.stdout)?,
            stderr: Sink::new(&outputs.stderr, pipes.stderr)?,
        })
    }

    /// What the program gets.
    pub(super) fn of_program(&self) -> [BorrowedFd<'_>; 3] {
        [self.stdin.as_fd(), self.stdout.end(), self.stderr.end()]
    }

    /// Lets go what is not captured once the program has it; returns the pipes of output and errors.
    pub(super) fn into_captured(self) -> [Option<Pipe>; 2] {
        [self.stdout.into_pipe(), self.stderr.into_pipe()]
    }
}

impl Sink {
    fn new(output: &Output, pipe: Pipe) -> Result<Self, SandboxError> {
        Ok(match output {
            Output::Captured => Sink::Captured(pipe),
            Output::Null => {
                let null = OpenOptions::new().write(true).open("/dev/null");
                Sink::Elsewhere(null.set_up("open", "/dev/null")?.into())
            }
            Output::Descriptor(fd) => Sink::Elsewhere(share(fd)?),
        })
    }

    fn end(&self) -> BorrowedFd<'_> {
        match self {
            Sink::Captured(pipe) => pipe.theirs.as_fd(),
            Sink::Elsewhere(fd) => fd.as_fd(),
        }
    }

    fn into_pipe(self) -> Option<Pipe> {
        match self {
            Sink::Captured(pipe) => Some(pipe),
            Sink::Elsewhere(_) => None,
        }
    }
}

fn share(fd: &OwnedFd) -> Result<OwnedFd, SandboxError> {
    fd.try_clone().set_up("share", "a stream")
}

/// A regular file through a mount that is read-only: a descriptor alone can be opened again for
/// writing, by way of proc, whatever it was opened for. Who may not mount gives a copy.
fn read_only_file(path: &Path) -> Result<OwnedFd, SandboxError> {
    let shown = path.to_string_lossy();
    let c_path = CString::new(path.as_os_str().as_bytes()).map_err(|_| not_a_file(path))?;
    let tree = match sys::clone_tree(&c_path) {
        Err(error) if error.raw_os_error() == Some(libc::EPERM) => return copied_file(path),
        other => other.set_up("open", &shown)?,
    };
    let about = fstat(&tree).set_up("inspect", &shown)?;
    if SFlag::from_bits_truncate(about.st_mode) & SFlag::S_IFMT != SFlag::S_IFREG {
        return Err(not_a_file(path));
    }
    sys::set_mount_attributes(tree.as_fd(), MountAttr::READ_ONLY, false)
        .set_up("make read-only", &shown)?;
    let file = File::open(format!("/proc/self/fd/{}", tree.as_raw_fd()));
    Ok(file.set_up("open", &shown)?.into())
}

fn copied_file(path: &Path) -> Result<OwnedFd, SandboxError> {
    let shown = path.to_string_lossy();
    let mut options = OpenOptions::new();
    // Opening a FIFO must not wait for a writer.
    options
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
    let file = options.open(path).set_up("open", &shown)?;
    match file.metadata().set_up("inspect", &shown)?.is_file() {
        true => sealed_file(file),
        false => Err(not_a_file(path)),
    }
}

fn not_a_file(path: &Path) -> SandboxError {
    SandboxError::Setting {
        setting: "stdin",
        reason: format!("{} is not a regular file", path.display()),
    }
}

/// A pipe that whoever holds an end of it can open again: the program, as /dev/stdout.
fn pipe() -> Result<Pipe, SandboxError> {
    let (ours, theirs) = pipe2(OFlag::O_CLOEXEC).set_up("create", "a pipe")?;
    fcntl(&ours, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).set_up("configure", "a pipe")?;
    let mode = Mode::from_bits_truncate(0o666);
    fchmod(&theirs, mode).set_up("chmod", "a pipe")?;
    Ok(Pipe { ours, theirs })
}

/// A file in memory that can be read, mapped and sought, but never changed or executed.
fn sealed_file(mut contents: impl Read) -> Result<OwnedFd, SandboxError> {
    let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
    // Not known before Linux 6.3; without it the file is executable, which is harmless.
    let no_execution = MFdFlags::from_bits_retain(libc::MFD_NOEXEC_SEAL);
    let memory = memfd_create(c"stdin", flags | no_execution)
        .or_else(|_| memfd_create(c"stdin", flags))
        .set_up("create", "standard input")?;
    let mut file = File::from(memory);
    io::copy(&mut contents, &mut file).set_up("fill", "standard input")?;
    file.rewind().set_up("rewind", "standard input")?;
    let seals = SealFlag::F_SEAL_SEAL
        | SealFlag::F_SEAL_SHRINK
        | SealFlag::F_SEAL_GROW
        | SealFlag::F_SEAL_WRITE;
    fcntl(&file, FcntlArg::F_ADD_SEALS(seals)).set_up("seal", "standard input")?;
    Ok(file.into())
}
