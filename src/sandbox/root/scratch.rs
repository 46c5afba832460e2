//! The scratch file system of a box: all that it may write to, under one limit. Its directories become
//! mounts with attributes of their own.

use std::ffi::CStr;
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};

use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::{Mode, mkdirat};
use nix::unistd::{Gid, Uid, fchownat};

use super::super::launcher::LaunchStep;
use super::super::message::{BoxPlan, LaunchFailure};
use super::super::sys::{self, MountAttr};
use super::{SAFE, c_path, new_tmpfs};

/// A directory of the scratch file system.
pub(in super::super) struct Directory {
    /// Its name there.
    pub name: &'static CStr,
    /// Where it goes, relative to the root.
    pub target: &'static CStr,
    mode: u32,
}

/// All of them, that of the program's files first.
pub(in super::super) const DIRECTORIES: [Directory; 3] = [
    Directory {
        name: c"box",
        target: c"box",
        mode: 0o755,
    },
    Directory {
        name: c"tmp",
        target: c"tmp",
        mode: 0o1777,
    },
    Directory {
        name: c"shm",
        target: c"dev/shm",
        mode: 0o1777,
    },
];

/// The attributes of their mounts.
pub(in super::super) fn attributes(plan: &BoxPlan) -> [MountAttr; 3] {
    let unless = |is_allowed, attribute| {
        if is_allowed {
            SAFE
        } else {
            SAFE.and(attribute)
        }
    };
    [
        unless(!plan.box_is_read_only, MountAttr::READ_ONLY),
        unless(plan.exec_tmp, MountAttr::NO_EXEC),
        SAFE.and(MountAttr::NO_EXEC),
    ]
}

/// Makes one with its directories, which belong to `user`, detached.
pub(super) fn new(plan: &BoxPlan, user: u32) -> Result<OwnedFd, LaunchFailure> {
    let size = c_path(&plan.scratch_bytes.to_string())?;
    let inodes = c_path(&plan.scratch_inodes.to_string())?;
    let options: &[(&CStr, &CStr)] = &[
        (c"size", &size),
        (c"nr_inodes", &inodes),
        (c"mode", c"0711"),
    ];
    let mount = new_tmpfs(options, SAFE).during("create", "the scratch tmpfs")?;
    let (uid, gid) = (Some(Uid::from_raw(user)), Some(Gid::from_raw(user)));
    for Directory { name, mode, .. } in &DIRECTORIES {
        let shown = name.to_string_lossy();
        mkdirat(&mount, *name, Mode::from_bits_truncate(*mode)).during("create", &shown)?;
        fchownat(&mount, *name, uid, gid, AtFlags::AT_SYMLINK_NOFOLLOW).during("chown", &shown)?;
    }
    Ok(mount)
}

/// Its directories as detached mounts. It must be attached.
pub(super) fn directories(mount: &OwnedFd) -> Result<Vec<OwnedFd>, LaunchFailure> {
    let clone = |directory: &Directory| {
        let shown = directory.name.to_string_lossy();
        sys::clone_tree_at(mount.as_fd(), directory.name).during("clone", shown)
    };
    DIRECTORIES.iter().map(clone).collect()
}

/// Opens `/box` for the supervising side: past its own mount, which may be read-only. A view shows the
/// files as those of somebody else, through a copy, for which the file system must be attached.
pub(super) fn open_work(mount: &OwnedFd, view: Option<&File>) -> Result<OwnedFd, LaunchFailure> {
    let [Directory { name, .. }, ..] = DIRECTORIES;
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let open = |directory: &OwnedFd, name: &CStr| {
        openat(directory, name, flags, Mode::empty()).during("open", "/box")
    };
    let Some(view) = view else {
        return open(mount, name);
    };
    let copy = sys::clone_tree_at(mount.as_fd(), name).during("clone", "/box")?;
    sys::map_ids_of_mount(copy.as_fd(), view.as_fd()).during("map the ids of", "/box")?;
    open(&copy, c".")
}
