//! What happens inside a box, in order. *The order is the security argument*: each function below
//! is a list of steps, and nothing of it allocates, because it all runs between clone and execve.
//!
//! Three processes take part: the launcher clones **init** (PID 1 of the box), init sets the box
//! up and forks the **program**, which waits for what to run. Init then only reaps. The program
//! is never PID 1: there, default signal actions would not apply to it and orphans would pile up.
//! It shares init's memory until execve, for copying a memory map and dropping the copy is a large
//! part of what a box costs. Init writes nothing meanwhile: it waits for the end of its children.

mod start;

use std::convert::Infallible;
use std::ffi::{CStr, CString, c_char};
use std::io;
use std::mem;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::fcntl::{OFlag, open};
use nix::sched::{CloneFlags, unshare};
use nix::sys::stat::{Mode, SFlag, fstat, umask};
use nix::unistd::{AccessFlags, access, chdir, sethostname, setsid};

use super::message::{
    BoxReport, FilterPlan, LandlockPlan, MAX_STRINGS, PROCEED, ReapedUse, Step, UserPlan,
};
use super::root::{DIRECTORIES, attach_beneath, new_proc};
use super::start_time;
use super::sys::{self, Capability, MAX_FDS, MountAttr};
use start::Start;

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
    /// The scratch file system, detached, and the attributes of its directories; `None` where these
    /// are part of the root.
    pub scratch: Option<(BorrowedFd<'a>, [MountAttr; 3])>,
    /// Host name; `None` where it is the host's.
    pub hostname: Option<&'a str>,
    /// Whether the cgroup namespace is the host's.
    pub shares_cgroup: bool,
    /// Whether loopback is brought up.
    pub loopback: bool,
    /// Who the program is, and who init is. They differ, so that the program can neither signal
    /// nor inspect init.
    pub user: &'a UserPlan,
    /// Where the program starts.
    pub working_directory: &'a CStr,
    /// Whether the program gets a session of its own.
    pub new_session: bool,
    /// Whether proc shows processes only.
    pub proc_pids_only: bool,
    /// Whether the box has terminals of its own.
    pub terminals: bool,
    /// The seccomp filter.
    pub filter: &'a FilterPlan,
    /// The Landlock policies, at most [`MAX_LAYERS`].
    pub landlock: &'a [LandlockLayer],
    /// Where the request to start is received.
    pub buffer: &'a mut [u8],
    /// Where the pointers to its strings are put.
    pub pointers: &'a mut [*const c_char; MAX_STRINGS + 2],
    /// Where the program runs until it is executed.
    pub stack: &'a mut [u8],
}

/// A Landlock policy with C paths.
pub(super) struct LandlockLayer {
    /// The policy.
    pub plan: LandlockPlan,
    /// Its paths and allowed access.
    pub rules: Vec<(CString, u64)>,
}

/// The built-in policy, and one that was asked for.
pub(super) const MAX_LAYERS: usize = 2;

/// Rulesets that are ready to be applied.
type Rulesets = [Option<OwnedFd>; MAX_LAYERS];

/// A step that failed, and the number of what it was done to where there are several.
struct Failure(Step, io::Error, u32);

type StepResult<T> = Result<T, Failure>;

/// Names the step of an error.
trait InStep<T> {
    fn in_step(self, step: Step) -> StepResult<T>;
}

impl<T, E: Into<io::Error>> InStep<T> for Result<T, E> {
    fn in_step(self, step: Step) -> StepResult<T> {
        self.map_err(|error| Failure(step, error.into(), 0))
    }
}

/// Runs as PID 1 of a new box and never returns.
pub(super) fn run_init(inside: &mut Inside<'_>) -> ! {
    let Err(failure) = init(inside);
    give_up(inside.socket, &failure)
}

/// Reports a failure; ending init ends the box.
fn give_up(socket: BorrowedFd<'_>, failure: &Failure) -> ! {
    // The supervising side takes a closed connection as a failure too, so a lost report is safe.
    let _ = sys::send_with_fds(socket, &failure.report().encode(), &[]);
    sys::exit_now(1)
}

impl Failure {
    fn report(&self) -> BoxReport {
        let Failure(step, error, object) = self;
        BoxReport::SetUpFailed(*step, error.raw_os_error().unwrap_or(libc::EIO), *object)
    }
}

fn init(inside: &mut Inside<'_>) -> StepResult<Infallible> {
    await_proceed(inside.socket).in_step(Step::AwaitProceed)?;
    // The launcher has none.
    umask(Mode::from_bits_truncate(0o022));
    // The launcher lets its children vanish, init must see them end.
    sys::reap_by_waiting().in_step(Step::ReapByWaiting)?;
    sys::set_parent_death_signal(libc::SIGKILL).in_step(Step::DieWithLauncher)?;
    become_box_root(inside.user).in_step(Step::BecomeBoxRoot)?;
    if !inside.shares_cgroup {
        unshare(CloneFlags::CLONE_NEWCGROUP).in_step(Step::NewCgroupNamespace)?;
    }
    if let Some(hostname) = inside.hostname {
        sethostname(hostname).in_step(Step::SetHostname)?;
    }
    if inside.loopback {
        sys::raise_loopback().in_step(Step::RaiseLoopback)?;
    }
    build_root(inside)?;
    if !inside.proc_pids_only {
        mask_proc().in_step(Step::MaskProc)?;
    }
    close_inherited(inside.socket).in_step(Step::CloseInherited)?;
    let socket = sys::borrow_fd(REPORT_FD);
    // What fails from here on is reported there.
    inside.socket = socket;
    let landlock = build_landlock(inside.landlock)?;
    // Once for both: after this nothing in the box can gain a capability by execve.
    sys::drop_bounding_set().in_step(Step::DropBoundingSet)?;
    drop_init_privileges().in_step(Step::DropInitPrivileges)?;
    let stack = mem::take(&mut inside.stack);
    let mut program = || run_program(inside, socket, &landlock);
    let error = sys::share_memory_with_child(stack, &mut program, |program| {
        // The descriptors of the rulesets; the program-to-be has its own.
        let closed = sys::close_from(REPORT_FD as u32 + 1);
        if let Err(failure) = closed.and_then(|()| keep_kill()).in_step(Step::KeepKill) {
            give_up(socket, &failure);
        }
        reap_until_end(socket, program);
    });
    Err(Failure(Step::ForkProgram, error, 0))
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

fn become_box_root(user: &UserPlan) -> io::Result<()> {
    if user.is_one {
        sys::set_ids(user.uid, user.gid)?;
    } else {
        sys::set_groups(&[])?;
        sys::set_ids(user.init, user.init)?;
    }
    // Changing ids clears the death signal.
    sys::set_parent_death_signal(libc::SIGKILL)
}

/// The root is there: the launcher cloned us into it, and no path leads anywhere else.
fn build_root(inside: &Inside<'_>) -> StepResult<()> {
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let root = open(c"/", flags, Mode::empty()).in_step(Step::OpenRoot)?;
    if inside.terminals {
        mount_terminals(root.as_fd()).in_step(Step::MountTerminals)?;
    }
    mount_proc(root.as_fd(), inside.proc_pids_only).in_step(Step::MountProc)?;
    if let Some((scratch, attributes)) = inside.scratch {
        attach_scratch(root.as_fd(), scratch, attributes).in_step(Step::AttachScratch)?;
    }
    Ok(())
}

/// Attaches the file system, for only what is attached can be cloned, at `/box`, where its first
/// directory then covers it.
fn attach_scratch(
    root: BorrowedFd<'_>,
    scratch: BorrowedFd<'_>,
    attributes: [MountAttr; 3],
) -> io::Result<()> {
    let [work, ..] = DIRECTORIES;
    attach_beneath(root, scratch, work.target)?;
    for (directory, attributes) in DIRECTORIES.iter().zip(attributes).rev() {
        let mount = sys::clone_tree_at(scratch, directory.name)?;
        sys::set_mount_attributes(mount.as_fd(), attributes, false)?;
        attach_beneath(root, mount.as_fd(), directory.target)?;
    }
    Ok(())
}

/// A terminal file system of the box's own: none of the host's terminals is in it.
fn mount_terminals(root: BorrowedFd<'_>) -> io::Result<()> {
    let context = sys::new_file_system(c"devpts")?;
    let options: &[(&CStr, &CStr)] = &[(c"ptmxmode", c"0666"), (c"mode", c"0620")];
    let attributes = MountAttr::NO_SUID.and(MountAttr::NO_EXEC);
    let terminals = sys::configure_mount(context.as_fd(), options, attributes)?;
    attach_beneath(root, terminals.as_fd(), c"dev/pts")
}

fn mount_proc(root: BorrowedFd<'_>, pids_only: bool) -> io::Result<()> {
    let options: &[(&CStr, &CStr)] = if pids_only {
        &[(c"hidepid", c"invisible"), (c"subset", c"pid")]
    } else {
        &[(c"hidepid", c"invisible")]
    };
    attach_beneath(root, new_proc(options)?.as_fd(), c"proc")
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

fn build_landlock(layers: &[LandlockLayer]) -> StepResult<Rulesets> {
    let mut rulesets = Rulesets::default();
    let mut number = 0;
    for (ruleset, layer) in rulesets.iter_mut().zip(layers) {
        let plan = &layer.plan;
        let made = sys::landlock_new(&plan.attributes, plan.attribute_count.into())
            .in_step(Step::BuildLandlock)?;
        for (path, access) in &layer.rules {
            add_path_rule(&made, path, *access, plan.file_access)
                .map_err(|error| Failure(Step::BuildLandlock, error, number))?;
            number += 1;
        }
        for (port, access) in &plan.ports {
            sys::landlock_add_port(made.as_fd(), *port, *access).in_step(Step::BuildLandlock)?;
        }
        *ruleset = Some(made);
    }
    Ok(rulesets)
}

/// What concerns directories only is refused by the kernel for a file.
fn add_path_rule(ruleset: &OwnedFd, path: &CStr, access: u64, file_access: u64) -> io::Result<()> {
    let flags = OFlag::O_PATH | OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW;
    let beneath = open(path, flags, Mode::empty())?;
    let kind = SFlag::from_bits_truncate(fstat(&beneath)?.st_mode) & SFlag::S_IFMT;
    let mask = if kind == SFlag::S_IFDIR {
        u64::MAX
    } else {
        file_access
    };
    sys::landlock_add_path(ruleset.as_fd(), beneath.as_fd(), access & mask)
}

/// Before the fork, so that the program-to-be has them no more either, but for what it still needs to
/// become somebody else.
fn drop_init_privileges() -> io::Result<()> {
    sys::set_no_new_privileges()?;
    sys::keep_capabilities(&[Capability::Kill, Capability::SetGroups, Capability::SetUser])?;
    sys::set_not_dumpable()?;
    // Changing capabilities clears the death signal.
    sys::set_parent_death_signal(libc::SIGKILL)
}

/// Init needs nothing but to end processes of the program's user.
fn keep_kill() -> io::Result<()> {
    sys::keep_capabilities(&[Capability::Kill])?;
    sys::set_parent_death_signal(libc::SIGKILL)
}

/// Reaps everything; once the program ended, ends all that is left and reports.
fn reap_until_end(socket: BorrowedFd<'_>, program: i32) {
    let mut ended = None;
    loop {
        match sys::wait_any() {
            Ok((pid, status)) if pid == program => {
                ended = Some((status, sys::monotonic_ns()));
                // Asking first is cheaper: looking for whom to kill goes through all of the machine.
                if sys::has_children() {
                    sys::kill_all_others();
                }
            }
            Ok(_) => {}
            Err(error) if error.raw_os_error() == Some(libc::EINTR) => {}
            // No children are left: the box is empty but for us.
            Err(_) => break,
        }
    }
    if let Some((status, time_ns)) = ended {
        let report = BoxReport::Ended(status, time_ns, ReapedUse::so_far()).encode();
        let _ = sys::send_with_fds(socket, &report, &[]);
        await_end(socket);
    }
}

/// Waits to be killed, or for the end of the supervising side. The kernel takes longer to end a box than
/// many a program runs, and whoever waits for the report may be on the same CPU: he goes first.
fn await_end(socket: BorrowedFd<'_>) {
    sys::give_way();
    let mut fds: [Option<OwnedFd>; MAX_FDS] = Default::default();
    let _ = sys::recv_with_fds(socket, &mut [0], &mut fds);
}

/// The program-to-be: gives up everything, waits for what to run, executes. Returns only a failure,
/// as an exit code.
fn run_program(inside: &mut Inside<'_>, socket: BorrowedFd<'_>, landlock: &Rulesets) -> i32 {
    let filter = inside.filter;
    let started = confine(inside, socket, landlock)
        .and_then(|()| await_start(inside, socket))
        .and_then(|(start, time)| execute(&start, &time, filter, socket));
    let failed = match started {
        Ok(error) => BoxReport::NotExecutable(error.raw_os_error().unwrap_or(libc::EIO)),
        Err(failure) => failure.report(),
    };
    let _ = sys::send_with_fds(socket, &failed.encode(), &[]);
    127
}

/// Announces the start and executes the program; returns only if the kernel refuses to.
fn execute(
    start: &Start<'_>,
    time: &OwnedFd,
    filter: &FilterPlan,
    socket: BorrowedFd<'_>,
) -> StepResult<io::Error> {
    if filter.is_last {
        // Under a filter that allows no report, this could not be told from the program's end.
        if let Err(errno) = access(start.program, AccessFlags::X_OK) {
            return Ok(errno.into());
        }
    }
    start_time::tell(time).in_step(Step::AnnounceStart)?;
    if filter.is_last {
        install_last_filter(filter, socket)?;
    }
    Ok(sys::execute(
        start.program,
        start.arguments,
        start.environment,
    ))
}

/// Everything that does not depend on what will run, so that it is done ahead. The filter comes
/// last: it allows what [`await_start`] still has to do and nothing more than a guest may.
fn confine(inside: &Inside<'_>, socket: BorrowedFd<'_>, landlock: &Rulesets) -> StepResult<()> {
    let user = inside.user;
    new_session(inside.new_session).in_step(Step::NewSession)?;
    if !user.is_one {
        sys::set_groups(&user.groups).in_step(Step::BecomeUser)?;
    }
    sys::set_ids(user.uid, user.gid).in_step(Step::BecomeUser)?;
    // As that user, who may not be allowed to enter it.
    chdir(inside.working_directory).in_step(Step::EnterDirectory)?;
    sys::keep_capabilities(&[]).in_step(Step::DropCapabilities)?;
    for (ruleset, layer) in landlock.iter().flatten().zip(inside.landlock) {
        sys::landlock_restrict(ruleset.as_fd(), layer.plan.flags)
            .in_step(Step::RestrictLandlock)?;
    }
    sys::close_from_on_exec(3).in_step(Step::InstallStreams)?;
    if inside.filter.is_last {
        return announce(socket, BoxReport::Confined, None);
    }
    let listener = sys::install_listening_filter(&inside.filter.program);
    let listener = listener.in_step(Step::InstallFilter)?;
    announce(socket, BoxReport::Confined, Some(listener.as_fd()))
}

fn announce(
    socket: BorrowedFd<'_>,
    report: BoxReport,
    listener: Option<BorrowedFd<'_>>,
) -> StepResult<()> {
    sys::send_with_fds(socket, &report.encode(), listener.as_slice()).in_step(Step::AnnounceStart)
}

/// Installs a filter that may allow nothing but the execve that follows. One with a listener must be
/// in effect before that can be handed over.
fn install_last_filter(filter: &FilterPlan, socket: BorrowedFd<'_>) -> StepResult<()> {
    if filter.listens {
        let listener = sys::install_listening_filter(&filter.program);
        let listener = listener.in_step(Step::InstallFilter)?;
        return announce(socket, BoxReport::Listening, Some(listener.as_fd()));
    }
    sys::install_filter(&filter.program).in_step(Step::InstallFilter)
}

/// Waits for what to run, and what the time of its start is told to; the rlimits are applied last, so that they cannot break our own steps.
fn await_start<'a>(
    inside: &'a mut Inside<'_>,
    socket: BorrowedFd<'_>,
) -> StepResult<(Start<'a>, OwnedFd)> {
    let (streams, time) = receive_start(socket, inside.buffer).in_step(Step::ReceiveStart)?;
    let start = Start::parse(inside.buffer, inside.pointers).in_step(Step::ReceiveStart)?;
    install_streams(&streams).in_step(Step::InstallStreams)?;
    start.set_rlimits()?;
    Ok((start, time))
}

/// Waits for the request; returns the standard streams, and what the time of the start is told to. An
/// orderly end of the supervising side ends this process quietly.
fn receive_start(socket: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<([OwnedFd; 3], OwnedFd)> {
    let mut fds: [Option<OwnedFd>; MAX_FDS] = Default::default();
    let length = sys::recv_with_fds(socket, buffer, &mut fds)?;
    if length == 0 {
        sys::exit_now(0);
    }
    let [Some(stdin), Some(stdout), Some(stderr), Some(time), ..] = fds else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    Ok(([stdin, stdout, stderr], time))
}

fn install_streams(streams: &[OwnedFd; 3]) -> io::Result<()> {
    for (number, stream) in streams.iter().enumerate() {
        sys::copy_fd_open_on_exec(stream.as_raw_fd(), number as i32)?;
    }
    Ok(())
}

fn new_session(is_wanted: bool) -> io::Result<()> {
    if is_wanted {
        setsid()?;
    }
    Ok(())
}
