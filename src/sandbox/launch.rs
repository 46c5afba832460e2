//! The supervising side of a launcher: starting it, and asking it for boxes.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};
use std::sync::Arc;

use nix::sys::resource::Resource;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, setsockopt, socketpair, sockopt};

use super::blueprint::Blueprint;
use super::ids::HostIds;
use super::instructions::InstructionCounter;
use super::launcher::{Arguments, LAUNCHER_NAME, Stage};
use super::message::{
    BoxIds, BoxReport, BoxRequest, LaunchReply, MAX_START_BYTES, MAX_STRINGS, PROCEED,
    REPORT_BYTES, encode_start,
};
use super::outcome::{SandboxError, SetUpStep};
use super::pasta::Pasta;
use super::rootless;
use super::scratch::ScratchDir;
use super::spec::Command;
use super::start_time::StartTime;
use super::sys::{self, MAX_FDS};

/// Every rlimit that is set for a program.
pub(super) const RLIMITS: [Resource; 16] = [
    Resource::RLIMIT_AS,
    Resource::RLIMIT_CORE,
    Resource::RLIMIT_CPU,
    Resource::RLIMIT_DATA,
    Resource::RLIMIT_FSIZE,
    Resource::RLIMIT_LOCKS,
    Resource::RLIMIT_MEMLOCK,
    Resource::RLIMIT_MSGQUEUE,
    Resource::RLIMIT_NICE,
    Resource::RLIMIT_NOFILE,
    Resource::RLIMIT_NPROC,
    Resource::RLIMIT_RSS,
    Resource::RLIMIT_RTPRIO,
    Resource::RLIMIT_RTTIME,
    Resource::RLIMIT_SIGPENDING,
    Resource::RLIMIT_STACK,
];

/// A connection that keeps message boundaries.
fn connection() -> Result<(OwnedFd, OwnedFd), SandboxError> {
    let ends = socketpair(
        AddressFamily::Unix,
        SockType::SeqPacket,
        None,
        SockFlag::SOCK_CLOEXEC,
    )
    .set_up("create", "a socket pair")?;
    // The kernel's default holds a start request of the largest size with its bookkeeping only
    // where net.core.wmem_default was not lowered.
    setsockopt(&ends.0, sockopt::SndBuf, &(2 * MAX_START_BYTES)).set_up("size", "a socket")?;
    Ok(ends)
}

/// A running launcher process.
#[derive(Debug)]
pub(super) struct Launcher {
    connection: OwnedFd,
    process: Child,
    /// What it was told, by number.
    told: Vec<Arc<Blueprint>>,
}

impl Launcher {
    /// Executes our own binary (or `binary`) again as a launcher, in a process group of its own: what a
    /// terminal sends to all of ours, such as Ctrl-C, asks us to end in order, and must not end our boxes before.
    pub(super) fn start(
        binary: &Path,
        arguments: &Arguments,
        ids: &HostIds,
    ) -> Result<Self, SandboxError> {
        let (ours, theirs) = connection()?;
        let process = Process::new(binary)
            .arg0(LAUNCHER_NAME)
            .args(arguments.words())
            .env_clear()
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .set_up("start", binary.to_string_lossy())?;
        let launcher = Launcher {
            connection: ours,
            process,
            told: Vec::new(),
        };
        if arguments.stage != Stage::Root {
            rootless::let_enter(&launcher.connection, launcher.process.id(), ids)?;
        }
        Ok(launcher)
    }

    /// Asks for a box; its init waits until [`Pending::proceed`].
    pub(super) fn launch(
        &mut self,
        blueprint: &Arc<Blueprint>,
        ids: BoxIds,
        cgroup: Option<BorrowedFd<'_>>,
    ) -> Result<Pending, SandboxError> {
        let (ours, theirs) = connection()?;
        let known = self
            .told
            .iter()
            .position(|known| Arc::ptr_eq(known, blueprint));
        let request = BoxRequest {
            number: known.unwrap_or(self.told.len()),
            plan: known.is_none().then_some(Cow::Borrowed(&blueprint.plan)),
            ids,
        };
        let bytes = postcard::to_stdvec(&request).map_err(|_| SandboxError::Setting {
            setting: "container",
            reason: "it cannot be encoded".to_owned(),
        })?;
        let fds: Vec<_> = std::iter::once(theirs.as_fd()).chain(cgroup).collect();
        sys::send_with_fds(self.connection.as_fd(), &bytes, &fds).set_up("ask", "the launcher")?;
        drop(theirs);
        let pending = self.await_reply(BoxConnection {
            socket: ours,
            blueprint: Arc::clone(blueprint),
            start_time: StartTime::new()?,
        })?;
        if known.is_none() {
            self.told.push(Arc::clone(blueprint));
        }
        Ok(pending)
    }

    fn await_reply(&self, connection: BoxConnection) -> Result<Pending, SandboxError> {
        let (pid, fds) = receive_reply(self.connection.as_fd())?;
        let [Some(pidfd), Some(work), ..] = fds else {
            return Err(SandboxError::Lost("launcher"));
        };
        Ok(Pending {
            pid,
            connection,
            pidfd,
            pasta: None,
            instructions: None,
            scratch: ScratchDir::new(work),
        })
    }
}

/// Waits for an answer of a launcher.
pub(super) fn receive_reply(
    connection: BorrowedFd<'_>,
) -> Result<(i32, [Option<OwnedFd>; MAX_FDS]), SandboxError> {
    let mut buffer = [0; 1024];
    let mut fds: [Option<OwnedFd>; MAX_FDS] = Default::default();
    let length = sys::recv_with_fds(connection, &mut buffer, &mut fds)
        .set_up("hear from", "the launcher")?;
    if length == 0 {
        return Err(SandboxError::Lost("launcher"));
    }
    let reply: LaunchReply =
        postcard::from_bytes(&buffer[..length]).map_err(|_| SandboxError::Lost("launcher"))?;
    let pid = reply.map_err(|failure| SandboxError::Box {
        step: failure.step,
        object: Some(failure.object),
        source: io::Error::from_raw_os_error(failure.errno),
    })?;
    Ok((pid, fds))
}

impl Drop for Launcher {
    fn drop(&mut self) {
        // It would end by itself once the connection closes; killing spares the wait.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A box whose init waits to be moved into its cgroup.
#[derive(Debug)]
pub(super) struct Pending {
    /// Process id of init, valid as long as `pidfd` is not signalled.
    pub pid: i32,
    /// The connection to the box.
    pub connection: BoxConnection,
    /// Descriptor of init.
    pub pidfd: OwnedFd,
    /// What connects it to the world.
    pub pasta: Option<Pasta>,
    /// What counts the instructions of its program, where the machine can.
    pub instructions: Option<InstructionCounter>,
    /// The writable directory.
    pub scratch: ScratchDir,
}

impl Pending {
    /// Lets init set the box up, waits until the program can be started and returns the seccomp
    /// listener, where there is one yet.
    pub(super) fn proceed(&self) -> Result<Option<OwnedFd>, SandboxError> {
        sys::send_with_fds(self.connection.socket.as_fd(), PROCEED, &[])
            .set_up("wake", "the init of a box")?;
        match self.connection.receive()? {
            Some((BoxReport::Confined, listener)) => Ok(listener),
            Some((other, _)) => Err(self.connection.failure_of(other)),
            None => Err(SandboxError::Lost("init of a box")),
        }
    }
}

/// The connection to a box.
#[derive(Debug)]
pub(super) struct BoxConnection {
    /// Becomes readable when the box reports.
    pub socket: OwnedFd,
    /// What the box was made from.
    pub blueprint: Arc<Blueprint>,
    /// When its program was executed.
    pub start_time: StartTime,
}

impl BoxConnection {
    /// The next report, and the seccomp listener where it carries one; `None` once every process
    /// that could report is gone.
    pub(super) fn receive(&self) -> Result<Option<(BoxReport, Option<OwnedFd>)>, SandboxError> {
        let mut bytes = [0; REPORT_BYTES];
        let mut fds: [Option<OwnedFd>; MAX_FDS] = Default::default();
        let length = sys::recv_with_fds(self.socket.as_fd(), &mut bytes, &mut fds)
            .set_up("hear from", "a box")?;
        if length == 0 {
            return Ok(None);
        }
        let report = BoxReport::decode(&bytes[..length]);
        let report = report.ok_or(SandboxError::Lost("init of a box"))?;
        Ok(Some((report, fds[0].take())))
    }

    /// What a report means where it is not expected.
    pub(super) fn failure_of(&self, report: BoxReport) -> SandboxError {
        match report {
            BoxReport::SetUpFailed(step, errno, number) => SandboxError::Box {
                step: step.words().to_owned(),
                object: self.blueprint.object(step, number),
                source: io::Error::from_raw_os_error(errno),
            },
            _ => SandboxError::Lost("init of a box"),
        }
    }

    /// Starts the program with these standard streams.
    pub(super) fn start(
        &self,
        command: &Command,
        of_group: &[(Resource, u64)],
        [stdin, stdout, stderr]: [BorrowedFd<'_>; 3],
    ) -> Result<(), SandboxError> {
        let rlimits = rlimits(command, of_group, &self.blueprint.plan.rlimits);
        let request = start_request(command, &rlimits)?;
        let fds = [stdin, stdout, stderr, self.start_time.fd()];
        sys::send_with_fds(self.socket.as_fd(), &request, &fds).set_up("start", "the program")
    }
}

fn start_request(command: &Command, rlimits: &[(u32, u64, u64)]) -> Result<Vec<u8>, SandboxError> {
    let program = command.program.as_os_str();
    let strings = command.args.len() + 1 + command.env.len();
    let arguments: Vec<&[u8]> = std::iter::once(program)
        .chain(command.args.iter().map(|argument| argument.as_os_str()))
        .map(OsStr::as_bytes)
        .collect();
    let environment: Vec<Vec<u8>> = command
        .env
        .iter()
        .map(|(name, value)| [name.as_bytes(), b"=", value.as_bytes()].concat())
        .collect();
    let contains_nul = arguments.iter().any(|bytes| bytes.contains(&0))
        || environment.iter().any(|bytes| bytes.contains(&0));
    if contains_nul {
        return Err(command_error(
            "an argument or variable contains a NUL byte".to_owned(),
        ));
    }
    let request = encode_start(rlimits, program.as_bytes(), &arguments, &environment);
    if request.len() > MAX_START_BYTES || strings > MAX_STRINGS {
        return Err(command_error(format!(
            "arguments and environment have {strings} strings and {} bytes; at most {MAX_STRINGS} \
             and {MAX_START_BYTES} are possible",
            request.len()
        )));
    }
    Ok(request)
}

fn command_error(reason: String) -> SandboxError {
    SandboxError::Setting {
        setting: "command",
        reason,
    }
}

/// The rlimits of a program: ours, those in the place of a group, and those that were asked for.
/// Otherwise CPU time, memory and processes are the group's business: an rlimit counts one process,
/// or one user, at a time.
fn rlimits(
    command: &Command,
    of_group: &[(Resource, u64)],
    asked: &[(u32, u64, u64)],
) -> Vec<(u32, u64, u64)> {
    let limits = &command.limits;
    let ours = [
        (Resource::RLIMIT_CORE, 0),
        (Resource::RLIMIT_STACK, limits.stack_bytes),
        (Resource::RLIMIT_NOFILE, limits.open_files),
        (Resource::RLIMIT_FSIZE, limits.file_bytes),
        (Resource::RLIMIT_MEMLOCK, 64 * 1024),
        (Resource::RLIMIT_MSGQUEUE, 0),
        (Resource::RLIMIT_NICE, 0),
        (Resource::RLIMIT_RTPRIO, 0),
        (Resource::RLIMIT_SIGPENDING, 1024),
    ];
    let ours = ours.iter().chain(of_group);
    let ours = ours.map(|(resource, value)| (*resource as u32, *value, *value));
    let mut all: Vec<(u32, u64, u64)> = Vec::with_capacity(RLIMITS.len());
    for limit in ours.chain(asked.iter().copied()) {
        all.retain(|(resource, ..)| *resource != limit.0);
        all.push(limit);
    }
    all
}
