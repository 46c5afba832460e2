//! The mount API by descriptor (Linux 5.2, `mount_setattr` 5.12).

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

use super::check;

const OPEN_TREE_CLONE: libc::c_uint = 1;
const OPEN_TREE_CLOEXEC: libc::c_uint = libc::O_CLOEXEC as libc::c_uint;
const MOVE_MOUNT_F_EMPTY_PATH: libc::c_uint = 0x4;
const MOVE_MOUNT_T_EMPTY_PATH: libc::c_uint = 0x40;
const FSOPEN_CLOEXEC: libc::c_uint = 1;
const FSMOUNT_CLOEXEC: libc::c_uint = 1;
const FSCONFIG_SET_FLAG: libc::c_uint = 0;
const FSCONFIG_SET_STRING: libc::c_uint = 1;
const FSCONFIG_CMD_CREATE: libc::c_uint = 6;

/// Mount attributes; the values are the kernel's `MOUNT_ATTR_*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MountAttr(pub u64);

impl MountAttr {
    /// Read-only.
    pub(crate) const READ_ONLY: Self = Self(0x1);
    /// Set-user-id bits have no effect.
    pub(crate) const NO_SUID: Self = Self(0x2);
    /// Device nodes cannot be opened.
    pub(crate) const NO_DEV: Self = Self(0x4);
    /// Files cannot be executed.
    pub(crate) const NO_EXEC: Self = Self(0x8);

    /// Both sets of attributes.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// `struct mount_attr` of the kernel.
#[repr(C)]
#[derive(Default)]
struct KernelMountAttr {
    attr_set: u64,
    attr_clr: u64,
    propagation: u64,
    userns_fd: u64,
}

/// Makes a detached copy of the mount tree at an absolute path.
pub(crate) fn clone_tree(path: &CStr) -> io::Result<OwnedFd> {
    open_tree(libc::AT_FDCWD, path)
}

fn open_tree(directory: RawFd, path: &CStr) -> io::Result<OwnedFd> {
    let flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | libc::AT_RECURSIVE as libc::c_uint;
    // SAFETY: path is a valid C string for the call.
    let fd = check(unsafe { libc::syscall(libc::SYS_open_tree, directory, path.as_ptr(), flags) })?;
    // SAFETY: the kernel returned a fresh descriptor.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

/// Makes a detached copy of the mount tree at a name in a directory.
pub(crate) fn clone_tree_at(directory: BorrowedFd<'_>, name: &CStr) -> io::Result<OwnedFd> {
    open_tree(directory.as_raw_fd(), name)
}

/// Attaches a detached mount at an absolute path.
pub(crate) fn attach_mount(mount: BorrowedFd<'_>, target: &CStr) -> io::Result<()> {
    // SAFETY: both paths are valid C strings for the call.
    check(unsafe {
        libc::syscall(
            libc::SYS_move_mount,
            mount.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_FDCWD,
            target.as_ptr(),
            MOVE_MOUNT_F_EMPTY_PATH,
        )
    })
    .map(drop)
}

/// Attaches a detached mount at the place behind a descriptor.
pub(crate) fn attach_mount_at(mount: BorrowedFd<'_>, target: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: both paths are valid C strings for the call.
    check(unsafe {
        libc::syscall(
            libc::SYS_move_mount,
            mount.as_raw_fd(),
            c"".as_ptr(),
            target.as_raw_fd(),
            c"".as_ptr(),
            MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH,
        )
    })
    .map(drop)
}

/// Sets and clears attributes of a mount, recursively on everything below it if asked.
pub(crate) fn set_mount_attributes(
    mount: BorrowedFd<'_>,
    set: MountAttr,
    recursive: bool,
) -> io::Result<()> {
    let attributes = KernelMountAttr {
        attr_set: set.0,
        propagation: libc::MS_PRIVATE,
        ..KernelMountAttr::default()
    };
    let depth = if recursive { libc::AT_RECURSIVE } else { 0 };
    set_attributes(mount, &attributes, depth)
}

/// Shows the files of a detached mount as those of other ids (tmpfs: Linux 6.3). An id that the user
/// namespace maps is shown as what it maps it to.
pub(crate) fn map_ids_of_mount(
    mount: BorrowedFd<'_>,
    user_namespace: BorrowedFd<'_>,
) -> io::Result<()> {
    const MOUNT_ATTR_IDMAP: u64 = 0x10_0000;
    let attributes = KernelMountAttr {
        attr_set: MOUNT_ATTR_IDMAP,
        userns_fd: user_namespace.as_raw_fd() as u64,
        ..KernelMountAttr::default()
    };
    set_attributes(mount, &attributes, 0)
}

fn set_attributes(
    mount: BorrowedFd<'_>,
    attributes: &KernelMountAttr,
    depth: libc::c_int,
) -> io::Result<()> {
    // SAFETY: the path is a valid C string and `attributes` has the size stated.
    check(unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH | depth,
            ptr::from_ref(attributes),
            size_of::<KernelMountAttr>(),
        )
    })
    .map(drop)
}

/// Opens a context for a new file system of this type.
pub(crate) fn new_file_system(kind: &CStr) -> io::Result<OwnedFd> {
    // SAFETY: kind is a valid C string for the call.
    let fd = check(unsafe { libc::syscall(libc::SYS_fsopen, kind.as_ptr(), FSOPEN_CLOEXEC) })?;
    // SAFETY: the kernel returned a fresh descriptor.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

/// Applies options (an empty value is a flag), creates the file system, and returns it as a
/// detached mount.
pub(crate) fn configure_mount(
    context: BorrowedFd<'_>,
    options: &[(&CStr, &CStr)],
    attributes: MountAttr,
) -> io::Result<OwnedFd> {
    for (key, value) in options {
        configure(context, Some((key, value)))?;
    }
    configure(context, None)?;
    // SAFETY: plain integers only.
    let fd = check(unsafe {
        libc::syscall(
            libc::SYS_fsmount,
            context.as_raw_fd(),
            FSMOUNT_CLOEXEC,
            attributes.0 as libc::c_uint,
        )
    })?;
    // SAFETY: the kernel returned a fresh descriptor.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

/// One `fsconfig` call: an option, or the command that creates the file system.
fn configure(context: BorrowedFd<'_>, option: Option<(&CStr, &CStr)>) -> io::Result<()> {
    let (command, key, value) = match option {
        None => (FSCONFIG_CMD_CREATE, ptr::null(), ptr::null()),
        Some((key, value)) if value.is_empty() => (FSCONFIG_SET_FLAG, key.as_ptr(), ptr::null()),
        Some((key, value)) => (FSCONFIG_SET_STRING, key.as_ptr(), value.as_ptr()),
    };
    // SAFETY: key and value are null or valid C strings for the call, as the command asks.
    check(unsafe {
        libc::syscall(
            libc::SYS_fsconfig,
            context.as_raw_fd(),
            command,
            key,
            value,
            0,
        )
    })
    .map(drop)
}
