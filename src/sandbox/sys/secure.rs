//! no_new_privs, seccomp filters with a listener, and Landlock.

use std::io;
use std::mem::zeroed;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use super::check;

/// `_IOWR('!', 0, struct seccomp_notif)` and `_IOWR('!', 1, struct seccomp_notif_resp)`.
const SECCOMP_IOCTL_NOTIF_RECV: libc::c_ulong = 0xc050_2100;
const SECCOMP_IOCTL_NOTIF_SEND: libc::c_ulong = 0xc018_2101;
const LANDLOCK_CREATE_RULESET_VERSION: u32 = 1;
const LANDLOCK_RULE_PATH_BENEATH: libc::c_int = 1;
const LANDLOCK_RULE_NET_PORT: libc::c_int = 2;

/// From now on execve never grants privileges.
pub(crate) fn set_no_new_privileges() -> io::Result<()> {
    // SAFETY: plain integers.
    check(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }.into()).map(drop)
}

/// Installs a compiled filter (an array of `struct sock_filter`) and returns the descriptor on
/// which refused calls are announced.
pub(crate) fn install_listening_filter(program: &[u8]) -> io::Result<OwnedFd> {
    let fd = set_filter(program, libc::SECCOMP_FILTER_FLAG_NEW_LISTENER)?;
    // SAFETY: the kernel returned a fresh descriptor.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

/// Installs a compiled filter that announces nothing.
pub(crate) fn install_filter(program: &[u8]) -> io::Result<()> {
    set_filter(program, 0).map(drop)
}

fn set_filter(program: &[u8], flags: libc::c_ulong) -> io::Result<libc::c_long> {
    let instructions = program.len() / size_of::<libc::sock_filter>();
    let filter = libc::sock_fprog {
        len: instructions as u16,
        filter: program.as_ptr().cast_mut().cast(),
    };
    // SAFETY: `filter` describes `program`, whose length is a whole number of instructions; the
    // kernel copies and verifies it.
    check(unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            flags,
            &raw const filter,
        )
    })
}

/// A system call that waits for our answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Notification {
    /// Identifies the call in the answer.
    pub id: u64,
    /// System call number.
    pub number: i32,
}

/// Takes the next refused call; `None` if its process died in the meantime.
pub(crate) fn receive_notification(listener: BorrowedFd<'_>) -> io::Result<Option<Notification>> {
    // SAFETY: the kernel requires an all-zero seccomp_notif.
    let mut notification: libc::seccomp_notif = unsafe { zeroed() };
    // SAFETY: the request writes one seccomp_notif.
    let result = check(
        unsafe {
            libc::ioctl(
                listener.as_raw_fd(),
                SECCOMP_IOCTL_NOTIF_RECV as _,
                &raw mut notification,
            )
        }
        .into(),
    );
    match result {
        Ok(_) => Ok(Some(Notification {
            id: notification.id,
            number: notification.data.nr,
        })),
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Answers a call with an errno; a caller that died in the meantime is not an error.
pub(crate) fn refuse_notification(listener: BorrowedFd<'_>, id: u64, errno: i32) -> io::Result<()> {
    let response = libc::seccomp_notif_resp {
        id,
        val: 0,
        error: -errno,
        flags: 0,
    };
    // SAFETY: the request reads one seccomp_notif_resp.
    let result = check(
        unsafe {
            libc::ioctl(
                listener.as_raw_fd(),
                SECCOMP_IOCTL_NOTIF_SEND as _,
                &raw const response,
            )
        }
        .into(),
    );
    match result {
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(()),
        other => other.map(drop),
    }
}

/// The Landlock version of the kernel; 0 where it is missing or switched off.
pub(crate) fn landlock_abi() -> u32 {
    // SAFETY: a null attribute with the version flag only asks.
    let version = unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            std::ptr::null::<u8>(),
            0usize,
            LANDLOCK_CREATE_RULESET_VERSION,
        )
    };
    u32::try_from(version).unwrap_or(0)
}

/// Makes a ruleset. `attributes` are the kernel's `handled_access_fs`, `handled_access_net` and
/// `scoped`; only the first `count` are passed, because older kernels refuse a longer structure.
pub(crate) fn landlock_new(attributes: &[u64; 3], count: usize) -> io::Result<OwnedFd> {
    let bytes = count.min(attributes.len()) * size_of::<u64>();
    // SAFETY: the kernel reads `bytes` bytes of the array.
    let fd = check(unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            attributes.as_ptr(),
            bytes,
            0u32,
        )
    })?;
    // SAFETY: the kernel returned a fresh descriptor.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

/// Allows `access` on everything beneath a path.
pub(crate) fn landlock_add_path(
    ruleset: BorrowedFd<'_>,
    beneath: BorrowedFd<'_>,
    access: u64,
) -> io::Result<()> {
    #[repr(C, packed)]
    struct PathBeneath {
        allowed_access: u64,
        parent_fd: i32,
    }
    let rule = PathBeneath {
        allowed_access: access,
        parent_fd: beneath.as_raw_fd(),
    };
    // SAFETY: the rule type reads one landlock_path_beneath_attr, which is packed.
    check(unsafe {
        libc::syscall(
            libc::SYS_landlock_add_rule,
            ruleset.as_raw_fd(),
            LANDLOCK_RULE_PATH_BENEATH,
            &raw const rule,
            0u32,
        )
    })
    .map(drop)
}

/// Allows `access` to a TCP port.
pub(crate) fn landlock_add_port(ruleset: BorrowedFd<'_>, port: u16, access: u64) -> io::Result<()> {
    // `struct landlock_net_port_attr`: allowed access, port.
    let rule = [access, u64::from(port)];
    // SAFETY: the rule type reads two 64-bit words.
    check(unsafe {
        libc::syscall(
            libc::SYS_landlock_add_rule,
            ruleset.as_raw_fd(),
            LANDLOCK_RULE_NET_PORT,
            rule.as_ptr(),
            0u32,
        )
    })
    .map(drop)
}

/// Applies a ruleset to this thread and everything it becomes.
pub(crate) fn landlock_restrict(ruleset: BorrowedFd<'_>, flags: u32) -> io::Result<()> {
    // SAFETY: plain integers.
    check(unsafe { libc::syscall(libc::SYS_landlock_restrict_self, ruleset.as_raw_fd(), flags) })
        .map(drop)
}
