//! What happens inside a box, in order. *The order is the security argument*: each function below
//! is a list of steps, and nothing of it allocates, because it all runs between clone and execve.
//!
//! Three processes take part: the launcher clones **init** (PID 1 of the box), init sets the box
//! up and forks the **program**, which waits for what to run. Init then only reaps. The program
//! is never PID 1: there, default signal actions would not apply to it and orphans would pile up.

use std::ffi::{CStr, CString, c_char};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::fcntl::{OFlag, open};
use nix::mount::{MntFlags, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::sys::resource::{Resource, UsageWho, getrusage, setrlimit};
use nix::sys::stat::{Mode, umask};
use nix::sys::time::TimeValLike;
use nix::unistd::{chdir, fchdir, pivot_root, sethostname, setsid};

use super::message::{BoxReport, MAX_STRINGS, PROCEED, ReapedUse, Step};
use super::sys::{self, CloneRequest, CloneSide, MAX_FDS, MountAttr};

/// Where the new root is attached before it becomes the root. Any directory of the host that
/// every user may search does; the mount is visible in this mount namespace only.
const STAGING: &CStr = c"/tmp";
/// Root of the box's user namespace owns set-up and init; the program has an id of its own, so
/// that it can neither signal nor inspect init.
const BOX_ROOT_ID: u32 = 0;
/// User and group id of the program inside the box.
pub(super) const PROGRAM_ID: u32 = 1000;
/// The descriptor that keeps the connection to the supervising side.
const REPORT_FD: i32 = 3;

/// System-wide files of proc that tell about, or act on, the host.
const MASKED_PROC: &[&CStr] = &[
    c"/proc/kcore",
    c"/proc/keys",
    c"/proc/key-users",
    c"/proc/kmsg",
    c"/proc/kallsyms",
    c"/proc/latency_stats",
    c"/proc/locks",
    c"/proc/sched_debug",
    c"/proc/sysrq-trigger",
    c"/proc/timer_list",
];

/// Everything init needs, made before the clone.
pub(super) struct Inside<'a> {
    /// The box's end of the connection to the supervising side.
    pub socket: BorrowedFd<'a>,
    /// The read-only root, detached.
    pub root: BorrowedFd<'a>,
    /// Detached writable directories and where below [`STAGING`] they go.
    pub scratch: [(BorrowedFd<'a>, &'static CStr); 3],
    /// Host name.
    pub hostname: &'a str,
    /// Whether loopback is brought up.
    pub loopback: bool,
    /// Whether proc shows processes only.
    pub proc_pids_only: bool,
    /// The compiled seccomp filter.
    pub filter: &'a [u8],
    /// The Landlock policy: attributes, how many of them, rules.
    pub landlock: Option<LandlockRules<'a>>,
    /// Where the request to start is received.
    pub buffer: &'a mut [u8],
    /// Where the pointers to its strings are put.
    pub pointers: &'a mut [*const c_char; MAX_STRINGS + 2],
}

/// A Landlock policy with C paths.
pub(super) struct LandlockRules<'a> {
    /// `handled_access_fs`, `handled_access_net`, `scoped`.
    pub attributes: [u64; 3],
    /// How many of them this kernel knows.
    pub attribute_count: usize,
    /// Paths and allowed access.
    pub rules: &'a [(CString, u64)],
}

/// A step that failed.
struct Failure(Step, io::Error);

type StepResult<T> = Result<T, Failure>;

/// Names the step of an error.
trait InStep<T> {
    fn in_step(self, step: Step) -> StepResult<T>;
}

impl<T, E: Into<io::Error>> InStep<T> for Result<T, E> {
    fn in_step(self, step: Step) -> StepResult<T> {
        self.map_err(|error| Failure(step, error.into()))
    }
}

/// Runs as PID 1 of a new box and never returns.
pub(super) fn run_init(inside: &mut Inside<'_>) -> ! {
    if let Err(Failure(step, error)) = init(inside) {
        report_failure(inside.socket, step, &error);
        sys::exit_now(1);
    }
    sys::exit_now(0)
}

fn report_failure(socket: BorrowedFd<'_>, step: Step, error: &io::Error) {
    let errno = error.raw_os_error().unwrap_or(libc::EIO);
    let report = BoxReport::SetUpFailed(step, errno).encode();
    // The supervising side takes a closed connection as a failure too, so a lost report is safe.
    let _ = sys::send_with_fds(socket, &report, &[]);
}

fn init(inside: &mut Inside<'_>) -> StepResult<()> {
    await_proceed(inside.socket).in_step(Step::AwaitProceed)?;
    // The launcher lets its children vanish, init must see them end.
    sys::reap_by_waiting().in_step(Step::ReapByWaiting)?;
    sys::set_parent_death_signal(libc::SIGKILL).in_step(Step::DieWithLauncher)?;
    become_box_root().in_step(Step::BecomeBoxRoot)?;
    unshare(CloneFlags::CLONE_NEWCGROUP).in_step(Step::NewCgroupNamespace)?;
    sethostname(inside.hostname).in_step(Step::SetHostname)?;
    if inside.loopback {
        sys::raise_loopback().in_step(Step::RaiseLoopback)?;
    }
    build_root(inside)?;
    if !inside.proc_pids_only {
        mask_proc().in_step(Step::MaskProc)?;
    }
    close_inherited(inside.socket).in_step(Step::CloseInherited)?;
    let socket = sys::borrow_fd(REPORT_FD);
    let landlock = build_landlock(inside.landlock.as_ref()).in_step(Step::BuildLandlock)?;
    // Once for both: after this nothing in the box can gain a capability by execve.
    sys::drop_bounding_set().in_step(Step::DropBoundingSet)?;
    let program = match fork_program().in_step(Step::ForkProgram)? {
        CloneSide::Child => run_program(inside, socket, landlock),
        CloneSide::Parent { pid, .. } => pid,
    };
    drop(landlock);
    drop_init_privileges().in_step(Step::DropInitPrivileges)?;
    let _ = sys::send_with_fds(socket, &BoxReport::Ready.encode(), &[]);
    reap_until_end(socket, program);
    Ok(())
}

fn await_proceed(socket: BorrowedFd<'_>) -> io::Result<()> {
    let mut bytes = [0; 16];
    let mut fds: [Option<OwnedFd>; MAX_FDS] = Default::default();
    let length = sys::recv_with_fds(socket, &mut bytes, &mut fds)?;
    if bytes.get(..length) == Some(PROCEED) {
        Ok(())
    } else {
        Err(io::ErrorKind::ConnectionAborted.into())
    }
}

fn become_box_root() -> io::Result<()> {
    sys::set_groups_empty()?;
    sys::set_ids(BOX_ROOT_ID, BOX_ROOT_ID)?;
    // Changing ids clears the death signal.
    sys::set_parent_death_signal(libc::SIGKILL)
}

fn build_root(inside: &Inside<'_>) -> StepResult<()> {
    sys::attach_mount(inside.root, STAGING).in_step(Step::AttachRoot)?;
    fchdir(inside.root).in_step(Step::AttachRoot)?;
    mount_proc(inside.proc_pids_only).in_step(Step::MountProc)?;
    for (directory, target) in inside.scratch {
        sys::attach_mount(directory, target).in_step(Step::AttachScratch)?;
    }
    // The old root ends up stacked on the new one and is then let go: after this no path, and
    // after close_inherited no descriptor, leads to the host.
    pivot_root(c".", c".").in_step(Step::PivotRoot)?;
    umount2(c".", MntFlags::MNT_DETACH).in_step(Step::PivotRoot)?;
    chdir(c"/").in_step(Step::PivotRoot)
}

fn mount_proc(pids_only: bool) -> io::Result<()> {
    let context = sys::new_file_system(c"proc")?;
    let options: &[(&CStr, &CStr)] = if pids_only {
        &[(c"hidepid", c"invisible"), (c"subset", c"pid")]
    } else {
        &[(c"hidepid", c"invisible")]
    };
    let attributes = MountAttr::READ_ONLY
        .and(MountAttr::NO_SUID)
        .and(MountAttr::NO_DEV)
        .and(MountAttr::NO_EXEC);
    let proc = sys::configure_mount(context.as_fd(), options, attributes)?;
    sys::attach_mount(proc.as_fd(), c"proc")
}

fn mask_proc() -> io::Result<()> {
    for path in MASKED_PROC {
        let null = sys::clone_tree(c"/dev/null")?;
        match sys::attach_mount(null.as_fd(), path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => other?,
        }
    }
    Ok(())
}

/// Leaves four descriptors: /dev/null as the standard streams and the connection.
fn close_inherited(socket: BorrowedFd<'_>) -> io::Result<()> {
    sys::move_fd(socket.as_raw_fd(), REPORT_FD)?;
    sys::close_from(REPORT_FD as u32 + 1)?;
    let null = open(
        c"/dev/null",
        OFlag::O_RDWR | OFlag::O_CLOEXEC,
        Mode::empty(),
    )?;
    for stream in 0..=2 {
        sys::move_fd(null.as_raw_fd(), stream)?;
    }
    Ok(())
}

fn build_landlock(policy: Option<&LandlockRules<'_>>) -> io::Result<Option<OwnedFd>> {
    let Some(policy) = policy else {
        return Ok(None);
    };
    let ruleset = sys::landlock_new(&policy.attributes, policy.attribute_count)?;
    for (path, access) in policy.rules {
        let flags = OFlag::O_PATH | OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW;
        let beneath = open(path.as_c_str(), flags, Mode::empty())?;
        sys::landlock_add_path(ruleset.as_fd(), beneath.as_fd(), *access)?;
    }
    Ok(Some(ruleset))
}

fn fork_program() -> io::Result<CloneSide> {
    sys::clone_process(&CloneRequest {
        namespaces: 0,
        cgroup: None,
    })
}

fn drop_init_privileges() -> io::Result<()> {
    sys::set_no_new_privileges()?;
    sys::drop_capabilities_except_kill()?;
    sys::set_not_dumpable()?;
    // Changing capabilities clears the death signal.
    sys::set_parent_death_signal(libc::SIGKILL)
}

/// Reaps everything; once the program ended, ends all that is left and reports.
fn reap_until_end(socket: BorrowedFd<'_>, program: i32) {
    let mut ended = None;
    loop {
        match sys::wait_any() {
            Ok((pid, status)) if pid == program => {
                ended = Some((status, sys::monotonic_ns()));
                sys::kill_all_others();
            }
            Ok(_) => {}
            Err(error) if error.raw_os_error() == Some(libc::EINTR) => {}
            // No children are left: the box is empty but for us.
            Err(_) => break,
        }
    }
    if let Some((status, time_ns)) = ended {
        let report = BoxReport::Ended(status, time_ns, reaped_use()).encode();
        let _ = sys::send_with_fds(socket, &report, &[]);
    }
}

fn reaped_use() -> ReapedUse {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_CHILDREN) else {
        return ReapedUse::default();
    };
    let cpu_us = (usage.user_time() + usage.system_time()).num_microseconds();
    ReapedUse {
        cpu_us: u32::try_from(cpu_us).unwrap_or(u32::MAX),
        peak_kib: u32::try_from(usage.max_rss()).unwrap_or(u32::MAX),
    }
}

/// The program-to-be: gives up everything, waits for what to run, executes. Never returns.
fn run_program(inside: &mut Inside<'_>, socket: BorrowedFd<'_>, landlock: Option<OwnedFd>) -> ! {
    let filter = inside.filter;
    let started = confine(socket, filter, landlock).and_then(|()| await_start(inside, socket));
    let failed = match started {
        Ok(start) => {
            let error = sys::execute(start.program, start.arguments, start.environment);
            BoxReport::NotExecutable(error.raw_os_error().unwrap_or(libc::EIO))
        }
        Err(Failure(step, error)) => {
            BoxReport::SetUpFailed(step, error.raw_os_error().unwrap_or(libc::EIO))
        }
    };
    let _ = sys::send_with_fds(socket, &failed.encode(), &[]);
    sys::exit_now(127)
}

/// Everything that does not depend on what will run, so that it is done ahead. The filter comes
/// last: it allows what [`await_start`] still has to do and nothing more than a guest may.
fn confine(socket: BorrowedFd<'_>, filter: &[u8], landlock: Option<OwnedFd>) -> StepResult<()> {
    new_session().in_step(Step::NewSession)?;
    chdir(c"/box").in_step(Step::EnterDirectory)?;
    sys::set_groups_empty().in_step(Step::BecomeUser)?;
    sys::set_ids(PROGRAM_ID, PROGRAM_ID).in_step(Step::BecomeUser)?;
    sys::drop_all_capabilities().in_step(Step::DropCapabilities)?;
    sys::set_no_new_privileges().in_step(Step::NoNewPrivileges)?;
    if let Some(ruleset) = landlock {
        sys::landlock_restrict(ruleset.as_fd()).in_step(Step::RestrictLandlock)?;
    }
    sys::close_from_on_exec(3).in_step(Step::InstallStreams)?;
    let listener = sys::install_filter(filter).in_step(Step::InstallFilter)?;
    let confined = BoxReport::Confined.encode();
    sys::send_with_fds(socket, &confined, &[listener.as_fd()]).in_step(Step::AnnounceStart)
}

/// Waits for what to run; the rlimits are applied last, so that they cannot break our own steps.
fn await_start<'a>(inside: &'a mut Inside<'_>, socket: BorrowedFd<'_>) -> StepResult<Start<'a>> {
    let streams = receive_start(socket, inside.buffer).in_step(Step::ReceiveStart)?;
    let start = Start::parse(inside.buffer, inside.pointers).in_step(Step::ReceiveStart)?;
    install_streams(&streams).in_step(Step::InstallStreams)?;
    start.set_rlimits().in_step(Step::SetRlimits)?;
    let starting = BoxReport::Starting(sys::monotonic_ns()).encode();
    sys::send_with_fds(socket, &starting, &[]).in_step(Step::AnnounceStart)?;
    Ok(start)
}

/// Waits for the request; returns the standard streams. An orderly end of the supervising side
/// ends this process quietly.
fn receive_start(socket: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<[OwnedFd; 3]> {
    let mut fds: [Option<OwnedFd>; MAX_FDS] = Default::default();
    let length = sys::recv_with_fds(socket, buffer, &mut fds)?;
    if length == 0 {
        sys::exit_now(0);
    }
    let [Some(stdin), Some(stdout), Some(stderr), ..] = fds else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    Ok([stdin, stdout, stderr])
}

fn install_streams(streams: &[OwnedFd; 3]) -> io::Result<()> {
    for (number, stream) in streams.iter().enumerate() {
        sys::copy_fd_open_on_exec(stream.as_raw_fd(), number as i32)?;
    }
    Ok(())
}

fn new_session() -> io::Result<()> {
    setsid()?;
    umask(Mode::from_bits_truncate(0o022));
    Ok(())
}

/// A parsed request to start, pointing into the receive buffer.
struct Start<'a> {
    program: &'a CStr,
    arguments: &'a [*const c_char],
    environment: &'a [*const c_char],
    rlimits: &'a [u8],
}

const RLIMIT_BYTES: usize = 12;

impl<'a> Start<'a> {
    /// The inverse of [`super::message::encode_start`].
    fn parse(
        bytes: &'a [u8],
        pointers: &'a mut [*const c_char; MAX_STRINGS + 2],
    ) -> io::Result<Self> {
        let invalid = || io::Error::from(io::ErrorKind::InvalidData);
        let count = |index: usize| -> Option<usize> {
            let word = bytes.get(index * 4..index * 4 + 4)?;
            Some(u32::from_ne_bytes(word.try_into().ok()?) as usize)
        };
        let rlimits = count(0).ok_or_else(invalid)?;
        let arguments = count(1).ok_or_else(invalid)?;
        let environment = count(2).ok_or_else(invalid)?;
        if arguments.saturating_add(environment) > MAX_STRINGS || rlimits > 16 {
            return Err(invalid());
        }
        let strings_at = 12 + rlimits * RLIMIT_BYTES;
        let mut strings = Strings(bytes.get(strings_at..).ok_or_else(invalid)?);
        let program = strings.next().ok_or_else(invalid)?;
        let (argument_slots, environment_slots) = pointers.split_at_mut(arguments + 1);
        let arguments = strings
            .fill(argument_slots, arguments)
            .ok_or_else(invalid)?;
        let environment = strings
            .fill(environment_slots, environment)
            .ok_or_else(invalid)?;
        Ok(Start {
            program,
            arguments,
            environment,
            rlimits: &bytes[12..strings_at],
        })
    }

    fn set_rlimits(&self) -> io::Result<()> {
        for entry in self.rlimits.chunks_exact(RLIMIT_BYTES) {
            let (resource, value) = entry.split_at(4);
            let (Ok(resource), Ok(value)) = (resource.try_into(), value.try_into()) else {
                return Err(io::ErrorKind::InvalidData.into());
            };
            let resource = rlimit_by_number(u32::from_ne_bytes(resource))?;
            let value = u64::from_ne_bytes(value);
            setrlimit(resource, value, value)?;
        }
        Ok(())
    }
}

fn rlimit_by_number(number: u32) -> io::Result<Resource> {
    super::launch::RLIMITS
        .iter()
        .find(|resource| **resource as u32 == number)
        .copied()
        .ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// Takes NUL-terminated strings from the front.
struct Strings<'a>(&'a [u8]);

impl<'a> Strings<'a> {
    fn next(&mut self) -> Option<&'a CStr> {
        let string = CStr::from_bytes_until_nul(self.0).ok()?;
        self.0 = self.0.get(string.count_bytes() + 1..)?;
        Some(string)
    }

    /// Fills a null-terminated array of `count` pointers.
    fn fill(
        &mut self,
        slots: &'a mut [*const c_char],
        count: usize,
    ) -> Option<&'a [*const c_char]> {
        let slots = slots.get_mut(..=count)?;
        for slot in &mut slots[..count] {
            *slot = self.next()?.as_ptr();
        }
        slots[count] = std::ptr::null();
        Some(slots)
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::encode_start;
    use super::*;

    #[test]
    fn a_start_request_survives_encoding() {
        let bytes = encode_start(
            &[(Resource::RLIMIT_NOFILE as u32, 64)],
            b"/bin/echo",
            &[b"echo", b"", b"\xff"],
            &[b"A=1".to_vec()],
        );
        let mut pointers = [std::ptr::null(); MAX_STRINGS + 2];
        let start = Start::parse(&bytes, &mut pointers).unwrap_or_else(|_| unreachable!());
        assert_eq!(start.program, c"/bin/echo");
        assert_eq!(start.arguments.len(), 4);
        assert_eq!(start.environment.len(), 2);
        assert!(start.arguments[3].is_null() && start.environment[1].is_null());
    }

    #[test]
    fn a_torn_start_request_is_refused() {
        let bytes = encode_start(&[], b"/bin/echo", &[b"echo"], &[b"A=1".to_vec()]);
        for length in 0..bytes.len() {
            let mut pointers = [std::ptr::null(); MAX_STRINGS + 2];
            assert!(Start::parse(&bytes[..length], &mut pointers).is_err());
        }
    }
}
