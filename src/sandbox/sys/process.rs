//! Making, changing and ending processes.

use std::ffi::{CStr, c_char};
use std::io;
use std::mem::zeroed;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use super::check;

const CLONE_PIDFD: u64 = 0x1000;
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;
/// Capability numbers end well below this; the kernel refuses those it does not know.
const CAP_SCAN_END: libc::c_ulong = 64;

/// Size of the kernel's `struct sigaction` in 64-bit words: handler, flags, restorer, mask.
const KERNEL_SIGACTION_WORDS: usize = 4;

/// `struct clone_args` of the kernel, up to and including `cgroup`.
#[repr(C)]
#[derive(Default)]
struct CloneArgs {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
    cgroup: u64,
}

/// A capability that a process of a box can need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Capability {
    /// CAP_KILL.
    Kill = 5,
    /// CAP_SETGID.
    SetGroups = 6,
    /// CAP_SETUID.
    SetUser = 7,
}

/// What to clone.
#[derive(Debug)]
pub(crate) struct CloneRequest<'a> {
    /// `CLONE_NEW*` flags.
    pub namespaces: u64,
    /// The cgroup (v2) to start in.
    pub cgroup: Option<BorrowedFd<'a>>,
}

/// On which side of the clone we are.
#[derive(Debug)]
pub(crate) enum CloneSide {
    /// In the parent, with the child's process id and a descriptor for it.
    Parent {
        /// Process id of the child.
        pid: i32,
        /// Descriptor of the child.
        pidfd: OwnedFd,
    },
    /// In the child.
    Child,
}

/// Clones this process like fork does. The caller must be single-threaded, so that the child
/// finds no lock held by a thread that no longer exists.
pub(crate) fn clone_process(request: &CloneRequest<'_>) -> io::Result<CloneSide> {
    let mut pidfd: RawFd = -1;
    let mut args = CloneArgs {
        flags: request.namespaces | CLONE_PIDFD,
        pidfd: (&raw mut pidfd) as u64,
        exit_signal: libc::SIGCHLD as u64,
        ..CloneArgs::default()
    };
    if let Some(cgroup) = request.cgroup {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = cgroup.as_raw_fd() as u64;
    }
    // SAFETY: without CLONE_VM and with a null stack this behaves like fork; args and pidfd
    // live through the call.
    let pid =
        check(unsafe { libc::syscall(libc::SYS_clone3, &raw mut args, size_of::<CloneArgs>()) })?;
    if pid == 0 {
        return Ok(CloneSide::Child);
    }
    Ok(CloneSide::Parent {
        pid: pid as i32,
        // SAFETY: CLONE_PIDFD stored a fresh descriptor.
        pidfd: unsafe { OwnedFd::from_raw_fd(pidfd) },
    })
}

/// Starts a child that shares this process's memory and runs `child` on `stack` until it executes a
/// program, or ends with what `child` returned as its code. Nothing is copied, so it costs much less than a
/// fork. This process goes on with `parent`, which is told the child's process id, and ends after it, so that
/// whatever `child` borrows outlives it. Meanwhile neither may write what the other uses. Returns only where
/// no child could be started.
///
/// It is not `vfork`: there the parent would sleep uninterruptibly, which counts as load of the machine
/// for as long as a box waits for its run.
pub(crate) fn share_memory_with_child(
    stack: &mut [u8],
    child: &mut dyn FnMut() -> i32,
    parent: impl FnOnce(i32),
) -> io::Error {
    extern "C" fn run(child: *mut libc::c_void) -> libc::c_int {
        let child: *mut &mut dyn FnMut() -> i32 = child.cast();
        // SAFETY: it points to the reference below, which outlives the child's use of this memory,
        // for the caller never leaves the frame that holds it.
        let child = unsafe { &mut *child };
        child()
    }
    const ALIGNMENT: usize = 16;
    let top = stack.as_mut_ptr_range().end;
    let top = top.wrapping_sub(top.addr() % ALIGNMENT);
    let mut child = child;
    let child = (&raw mut child).cast();
    let flags = libc::CLONE_VM | libc::SIGCHLD;
    // SAFETY: `top` is the aligned end of a stack that nobody else uses, and all that the child uses
    // stays where it is, for this process ends here.
    match check(unsafe { libc::clone(run, top.cast(), flags, child) }.into()) {
        Ok(pid) => {
            parent(pid as i32);
            exit_now(0)
        }
        Err(error) => error,
    }
}

/// A descriptor of a process.
pub(crate) fn open_process(pid: i32) -> io::Result<OwnedFd> {
    // SAFETY: plain integers.
    let fd = check(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) })?;
    // SAFETY: the kernel returned a fresh descriptor.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

/// Sends a signal to the process behind a descriptor; a process that is gone is not an error.
pub(crate) fn signal_process(pidfd: BorrowedFd<'_>, signal: i32) -> io::Result<()> {
    // SAFETY: plain integers and a null siginfo.
    let sent = check(unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            pidfd.as_raw_fd(),
            signal,
            std::ptr::null::<libc::siginfo_t>(),
            0,
        )
    });
    match sent {
        Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(()),
        other => other.map(drop),
    }
}

/// Ends this process at once, without running destructors or exit handlers.
pub(crate) fn exit_now(code: i32) -> ! {
    // SAFETY: _exit never returns and touches no memory of ours.
    unsafe { libc::_exit(code) }
}

/// Marks every descriptor from `first` on close-on-exec.
pub(crate) fn close_from_on_exec(first: u32) -> io::Result<()> {
    const CLOSE_RANGE_CLOEXEC: libc::c_uint = 4;
    // SAFETY: plain integers.
    check(unsafe {
        libc::syscall(
            libc::SYS_close_range,
            first,
            libc::c_uint::MAX,
            CLOSE_RANGE_CLOEXEC,
        )
    })
    .map(drop)
}

/// Closes every descriptor from `first` on. The caller must not use any owner of them again.
pub(crate) fn close_from(first: u32) -> io::Result<()> {
    // SAFETY: plain integers; see above for the owners.
    check(unsafe { libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, 0) }).map(drop)
}

/// Makes `to` a close-on-exec copy of `from`.
pub(crate) fn move_fd(from: RawFd, to: RawFd) -> io::Result<()> {
    if from == to {
        return Ok(());
    }
    // SAFETY: plain integers.
    check(unsafe { libc::dup3(from, to, libc::O_CLOEXEC) }.into()).map(drop)
}

/// Makes `to` a copy of `from` that stays open across execve.
pub(crate) fn copy_fd_open_on_exec(from: RawFd, to: RawFd) -> io::Result<()> {
    // SAFETY: plain integers.
    check(unsafe { libc::dup2(from, to) }.into()).map(drop)
}

/// Borrows a descriptor by number. It must stay open for the rest of the process's life.
pub(crate) fn borrow_fd(fd: RawFd) -> BorrowedFd<'static> {
    // SAFETY: the caller promises that the descriptor stays open.
    unsafe { BorrowedFd::borrow_raw(fd) }
}

/// Forbids core dumps of, and access through proc to, this process.
pub(crate) fn set_not_dumpable() -> io::Result<()> {
    // SAFETY: plain integers.
    check(unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) }.into()).map(drop)
}

/// From now on, being woken does not take the CPU from whoever runs on it.
pub(crate) fn give_way() {
    let parameters = libc::sched_param { sched_priority: 0 };
    // Where the kernel refuses, somebody else waits a little longer.
    // SAFETY: `parameters` is a valid structure; 0 is the calling thread.
    unsafe { libc::sched_setscheduler(0, libc::SCHED_BATCH, &raw const parameters) };
}

/// Waits for any child; returns its process id and raw wait status.
pub(crate) fn wait_any() -> io::Result<(i32, i32)> {
    let mut status = 0;
    // SAFETY: `status` is a valid int. The raw status is wanted because real-time signals have
    // no place in nix's type.
    let pid = check(unsafe { libc::waitpid(-1, &raw mut status, 0) }.into())?;
    Ok((pid as i32, status))
}

/// Whether any process is left that this one would have to wait for. For init of a pid namespace that
/// is any other in it: whoever loses its parent becomes init's child.
pub(crate) fn has_children() -> bool {
    let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT | libc::__WALL;
    // SAFETY: the kernel takes a null pointer for not being asked who ended.
    let found = unsafe { libc::waitid(libc::P_ALL, 0, std::ptr::null_mut(), flags) };
    found == 0
}

/// Kills every process of this pid namespace but init, which must be the caller.
pub(crate) fn kill_all_others() {
    // SAFETY: plain integers. As PID 1 of a namespace the reach of -1 ends at the namespace.
    unsafe { libc::kill(-1, libc::SIGKILL) };
}

/// Nanoseconds on the monotonic clock, comparable between all processes of the machine.
pub(crate) fn monotonic_ns() -> u64 {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `now` is a valid timespec; CLOCK_MONOTONIC always exists.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// Gives every signal its default action and unblocks all.
pub(crate) fn reset_signals() -> io::Result<()> {
    // The raw call: libc refuses to touch the two signals it uses itself, and its posix_spawn
    // leaves them ignored in the child.
    let default = [0_u64; KERNEL_SIGACTION_WORDS];
    for signal in 1..=64 {
        // SAFETY: an all-zero kernel sigaction is the default action; numbers that cannot be
        // changed fail harmlessly.
        unsafe {
            libc::syscall(
                libc::SYS_rt_sigaction,
                signal,
                default.as_ptr(),
                std::ptr::null::<u64>(),
                size_of::<u64>(),
            )
        };
    }
    // SAFETY: an all-zero sigset_t is the empty set on Linux.
    let empty: libc::sigset_t = unsafe { zeroed() };
    // SAFETY: `empty` lives through the call; the old mask is not wanted.
    let result =
        unsafe { libc::sigprocmask(libc::SIG_SETMASK, &raw const empty, std::ptr::null_mut()) };
    check(result.into()).map(drop)
}

/// Gives SIGCHLD its default action again, so that ended children are waited for.
pub(crate) fn reap_by_waiting() -> io::Result<()> {
    // SAFETY: an all-zero sigaction is the default action with an empty mask.
    let action: libc::sigaction = unsafe { zeroed() };
    // SAFETY: `action` lives through the call; the old action is not wanted.
    let result = unsafe { libc::sigaction(libc::SIGCHLD, &raw const action, std::ptr::null_mut()) };
    check(result.into()).map(drop)
}

/// Lets ended children vanish without being waited for.
pub(crate) fn reap_automatically() -> io::Result<()> {
    // SAFETY: an all-zero sigaction is valid: default action, empty mask.
    let mut action: libc::sigaction = unsafe { zeroed() };
    action.sa_flags = libc::SA_NOCLDWAIT;
    // SAFETY: `action` lives through the call; the old action is not wanted.
    let result = unsafe { libc::sigaction(libc::SIGCHLD, &raw const action, std::ptr::null_mut()) };
    check(result.into()).map(drop)
}

/// Asks the kernel to send `signal` to this process when its parent thread dies.
pub(crate) fn set_parent_death_signal(signal: i32) -> io::Result<()> {
    // SAFETY: plain integers.
    check(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, signal as libc::c_ulong) }.into()).map(drop)
}

/// Has a program killed when the thread that spawns it ends.
pub(crate) fn die_with_this_thread(command: &mut std::process::Command) {
    let ask = || set_parent_death_signal(libc::SIGKILL);
    // SAFETY: the closure makes one system call and allocates nothing on success.
    unsafe { std::os::unix::process::CommandExt::pre_exec(command, ask) };
}

/// Sets the supplementary groups.
pub(crate) fn set_groups(groups: &[libc::gid_t]) -> io::Result<()> {
    // SAFETY: the kernel reads as many ids as the slice has. The raw call avoids libc's signalling
    // of threads.
    check(unsafe { libc::syscall(libc::SYS_setgroups, groups.len(), groups.as_ptr()) }).map(drop)
}

/// Sets real, effective and saved user and group ids.
pub(crate) fn set_ids(uid: u32, gid: u32) -> io::Result<()> {
    // SAFETY: plain integers.
    check(unsafe { libc::syscall(libc::SYS_setresgid, gid, gid, gid) })?;
    // SAFETY: plain integers.
    check(unsafe { libc::syscall(libc::SYS_setresuid, uid, uid, uid) }).map(drop)
}

/// Lets capabilities alone when user ids change; needs CAP_SETPCAP.
pub(crate) fn keep_capabilities_of_ids() -> io::Result<()> {
    const SECBIT_NO_SETUID_FIXUP: libc::c_ulong = 1 << 2;
    // SAFETY: plain integers.
    let result = unsafe { libc::prctl(libc::PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0) };
    check(result.into()).map(drop)
}

/// Sets the effective user id alone.
pub(crate) fn set_effective_uid(uid: u32) -> io::Result<()> {
    const SAME: u32 = u32::MAX;
    // SAFETY: plain integers.
    check(unsafe { libc::syscall(libc::SYS_setresuid, SAME, uid, SAME) }).map(drop)
}

/// Leaves only these in the effective and permitted sets, and nothing in the inheritable one.
pub(crate) fn keep_capabilities(kept: &[Capability]) -> io::Result<()> {
    set_capabilities(kept.iter().fold(0, |set, kept| set | 1 << *kept as u32))
}

/// Empties the bounding and ambient sets; needs CAP_SETPCAP.
pub(crate) fn drop_bounding_set() -> io::Result<()> {
    for capability in 0..CAP_SCAN_END {
        // SAFETY: plain integers.
        let result = unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) };
        match check(result.into()) {
            Ok(_) => {}
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => break,
            Err(error) => return Err(error),
        }
    }
    // SAFETY: plain integers.
    check(
        unsafe {
            libc::prctl(
                libc::PR_CAP_AMBIENT,
                libc::PR_CAP_AMBIENT_CLEAR_ALL,
                0,
                0,
                0,
            )
        }
        .into(),
    )
    .map(drop)
}

fn set_capabilities(low: u32) -> io::Result<()> {
    #[repr(C)]
    struct Header {
        version: u32,
        pid: i32,
    }
    #[repr(C)]
    #[derive(Clone, Copy)]
    struct Data {
        effective: u32,
        permitted: u32,
        inheritable: u32,
    }
    const VERSION_3: u32 = 0x2008_0522;
    let header = Header {
        version: VERSION_3,
        pid: 0,
    };
    let empty = Data {
        effective: 0,
        permitted: 0,
        inheritable: 0,
    };
    let data = [
        Data {
            effective: low,
            permitted: low,
            ..empty
        },
        empty,
    ];
    // SAFETY: version 3 reads one header and two data elements, both live here.
    check(unsafe { libc::syscall(libc::SYS_capset, &raw const header, data.as_ptr()) }).map(drop)
}

/// Brings the loopback device of the current network namespace up.
pub(crate) fn raise_loopback() -> io::Result<()> {
    // SAFETY: plain integers.
    let fd = check(
        unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) }.into(),
    )?;
    // SAFETY: the kernel returned a fresh descriptor.
    let socket = unsafe { OwnedFd::from_raw_fd(fd as i32) };
    // SAFETY: an all-zero ifreq is valid.
    let mut request: libc::ifreq = unsafe { zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        *to = *from as c_char;
    }
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as i16;
    // SAFETY: SIOCSIFFLAGS reads an ifreq.
    check(
        unsafe {
            libc::ioctl(
                socket.as_raw_fd(),
                libc::SIOCSIFFLAGS as _,
                &raw const request,
            )
        }
        .into(),
    )
    .map(drop)
}

/// Replaces this process by a program; returns only on failure.
/// `arguments` and `environment` must be null-terminated arrays of C strings.
pub(crate) fn execute(
    program: &CStr,
    arguments: &[*const c_char],
    environment: &[*const c_char],
) -> io::Error {
    debug_assert!(arguments.last().is_some_and(|end| end.is_null()));
    debug_assert!(environment.last().is_some_and(|end| end.is_null()));
    // SAFETY: the caller passes null-terminated arrays whose strings live in the start request,
    // which outlives the call.
    unsafe { libc::execve(program.as_ptr(), arguments.as_ptr(), environment.as_ptr()) };
    io::Error::last_os_error()
}
