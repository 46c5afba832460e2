//! The standard streams of a program.

use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
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

/// Our end, which does not block, and the program's.
type Pipe = (OwnedFd, OwnedFd);

/// What output that is captured goes through. They are made ahead, with the box.
#[derive(Debug)]
pub(super) struct Pipes {
    stdout: Pipe,
    stderr: Pipe,
}

impl Pipes {
    pub(super) fn new() -> Result<Self, SandboxError> {
        Ok(Pipes {
            stdout: pipe()?,
            stderr: pipe()?,
        })
    }
}

/// Both sides of a program's standard streams.
pub(super) struct Streams {
    /// Standard input, output and error of the program.
    pub program: [OwnedFd; 3],
    /// Our end of standard output, where it is captured; does not block.
    pub stdout: Option<OwnedFd>,
    /// Our end of standard error, where it is captured; does not block.
    pub stderr: Option<OwnedFd>,
}

impl Streams {
    /// Makes the streams of a program; output that is captured goes through `pipes`.
    pub(super) fn new(
        stdin: &Stdin,
        outputs: &Outputs,
        pipes: Pipes,
    ) -> Result<Self, SandboxError> {
        let (stdout, stdout_end) = output(&outputs.stdout, pipes.stdout)?;
        let (stderr, stderr_end) = output(&outputs.stderr, pipes.stderr)?;
        let input = match stdin {
            Stdin::Empty => sealed_file(io::empty())?,
            Stdin::Bytes(bytes) => sealed_file(&bytes[..])?,
            Stdin::File(path) => read_only_file(path)?,
            Stdin::Descriptor(fd) => share(fd)?,
        };
        Ok(Streams {
            program: [input, stdout_end, stderr_end],
            stdout,
            stderr,
        })
    }
}

fn output(output: &Output, pipe: Pipe) -> Result<(Option<OwnedFd>, OwnedFd), SandboxError> {
    Ok(match output {
        Output::Captured => (Some(pipe.0), pipe.1),
        Output::Null => {
            let null = OpenOptions::new().write(true).open("/dev/null");
            (None, null.set_up("open", "/dev/null")?.into())
        }
        Output::Descriptor(fd) => (None, share(fd)?),
    })
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
    Ok((ours, theirs))
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
