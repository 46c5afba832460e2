//! The file systems of a box, as its launcher makes them: a root that is prepared once and cloned
//! for every box, or made for one box where it holds something of that box, and a size-limited
//! scratch file system for each.
//!
//! Everything is mounted by descriptor in the launcher's own mount namespace, before a guest
//! exists; no path that a guest could influence is ever looked up.

mod build;
mod views;

use std::ffi::{CStr, CString};
use std::fs::DirBuilder;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use nix::fcntl::{AtFlags, OFlag, openat};
use nix::mount::{MntFlags, umount2};
use nix::sys::stat::{Mode, mkdirat};
use nix::unistd::{Gid, Uid, fchownat};

use super::launcher::{Arguments, LaunchStep};
use super::message::{BoxPlan, LaunchFailure, RootPlan};
use super::sys::{self, MountAttr};
use build::Builder;
pub(super) use build::attach_beneath;
use views::Views;

/// The prepared root itself holds little: entries of /etc and mount points.
const ROOT_OPTIONS: &[(&CStr, &CStr)] = &[
    (c"size", c"4m"),
    (c"nr_inodes", c"4096"),
    (c"mode", c"0755"),
];

const SAFE: MountAttr = MountAttr::NO_SUID.and(MountAttr::NO_DEV);

/// Prepared roots, by plan.
pub(super) struct Roots {
    staging: PathBuf,
    /// How the supervising side is shown `/box`.
    views: Views,
    prepared: Vec<(RootPlan, PathBuf)>,
}

/// The directories of one box that hold what is its own, detached.
pub(super) struct Scratch {
    /// A plain descriptor of `/box`, for the supervising side, which may always write there.
    pub work: OwnedFd,
    directories: [OwnedFd; 3],
    /// Whether they are part of the root already.
    in_root: bool,
}

/// Names in the scratch file system, where they go in a root that [`super::inside`] attaches, and
/// their modes.
const DIRECTORIES: [(&CStr, &CStr, u32); 3] = [
    (BOX, c"box", 0o755),
    (TMP, c"tmp", 0o1777),
    (SHM, c"dev/shm", 0o1777),
];
const BOX: &CStr = c"box";
const TMP: &CStr = c"tmp";
const SHM: &CStr = c"shm";

impl Scratch {
    /// Takes away what the program may not have, once everything is in its place.
    fn finish(&self, plan: &BoxPlan) -> Result<(), LaunchFailure> {
        if !plan.box_is_read_only {
            return Ok(());
        }
        let read_only = SAFE.and(MountAttr::READ_ONLY);
        sys::set_mount_attributes(self.directories[0].as_fd(), read_only, false)
            .during("make read-only", "/box")
    }

    /// The directories that are still to be attached, and their targets relative to the new root.
    pub(super) fn attachments(&self) -> Vec<(BorrowedFd<'_>, &'static CStr)> {
        if self.in_root {
            return Vec::new();
        }
        let targets = DIRECTORIES.iter().map(|(_, target, _)| *target);
        self.directories
            .iter()
            .map(AsFd::as_fd)
            .zip(targets)
            .collect()
    }
}

impl Roots {
    /// Mounts an empty file system at `staging`, visible to this process only.
    pub(super) fn new(arguments: &Arguments) -> Result<Self, LaunchFailure> {
        let staging = arguments.staging.clone();
        let base = new_tmpfs(ROOT_OPTIONS, SAFE).during("create", "a tmpfs")?;
        attach(&base, &staging)?;
        make_directory(&staging.join("scratch"), 0o755)?;
        Ok(Roots {
            staging,
            views: Views::new(arguments.stage),
            prepared: Vec::new(),
        })
    }

    /// The root and the scratch file system of a new box whose program runs as `user`, detached.
    pub(super) fn make(
        &mut self,
        plan: &BoxPlan,
        user: u32,
    ) -> Result<(OwnedFd, Scratch), LaunchFailure> {
        let at = self.staging.join("scratch");
        let scratch = attach_scratch(plan, &at)?;
        let view = self.views.of(user);
        let made = view
            .and_then(|view| scratch_directories(&scratch, user, plan, view))
            .and_then(|scratch| self.make_with_scratch(plan, user, &at, scratch));
        umount2(&at, MntFlags::MNT_DETACH).during("detach", at.to_string_lossy())?;
        made
    }

    fn make_with_scratch(
        &mut self,
        plan: &BoxPlan,
        user: u32,
        scratch_at: &Path,
        mut scratch: Scratch,
    ) -> Result<(OwnedFd, Scratch), LaunchFailure> {
        if plan.root.per_box {
            scratch.in_root = true;
            let root = self.root_of_one_box(plan, user, scratch_at, &scratch)?;
            return Ok((root, scratch));
        }
        scratch.finish(plan)?;
        Ok((self.clone_root(&plan.root)?, scratch))
    }

    /// A detached copy of the root of this plan, prepared at its first use.
    fn clone_root(&mut self, plan: &RootPlan) -> Result<OwnedFd, LaunchFailure> {
        let known = self.prepared.iter().find(|(known, _)| known == plan);
        let path = match known {
            Some((_, path)) => path.clone(),
            None => self.prepare(plan)?,
        };
        clone_path(&path)
    }

    fn prepare(&mut self, plan: &RootPlan) -> Result<PathBuf, LaunchFailure> {
        let path = self.staging.join(format!("root{}", self.prepared.len()));
        make_directory(&path, 0o755)?;
        Builder::build(plan, &path, None)?;
        self.prepared.push((plan.clone(), path.clone()));
        Ok(path)
    }

    fn root_of_one_box(
        &self,
        plan: &BoxPlan,
        user: u32,
        scratch_at: &Path,
        scratch: &Scratch,
    ) -> Result<OwnedFd, LaunchFailure> {
        let path = self.staging.join("own");
        if !path.exists() {
            make_directory(&path, 0o755)?;
        }
        let own = build::Own {
            user,
            scratch_at,
            directories: &scratch.directories,
        };
        let built = Builder::build(&plan.root, &path, Some(own))
            .and_then(|()| scratch.finish(plan))
            .and_then(|()| clone_path(&path));
        // Nothing is mounted there if the first step failed.
        let _ = umount2(&path, MntFlags::MNT_DETACH);
        built
    }
}

/// Attaches a fresh scratch file system, for only what is attached can be cloned.
fn attach_scratch(plan: &BoxPlan, at: &Path) -> Result<OwnedFd, LaunchFailure> {
    let size = c_path(&plan.scratch_bytes.to_string())?;
    let inodes = c_path(&plan.scratch_inodes.to_string())?;
    let options: &[(&CStr, &CStr)] = &[
        (c"size", &size),
        (c"nr_inodes", &inodes),
        (c"mode", c"0711"),
    ];
    let mount = new_tmpfs(options, SAFE).during("create", "the scratch tmpfs")?;
    attach(&mount, at)?;
    Ok(mount)
}

fn scratch_directories(
    file_system: &OwnedFd,
    user: u32,
    plan: &BoxPlan,
    view: Option<BorrowedFd<'_>>,
) -> Result<Scratch, LaunchFailure> {
    let mut directories = Vec::with_capacity(DIRECTORIES.len());
    let (uid, gid) = (Some(Uid::from_raw(user)), Some(Gid::from_raw(user)));
    for (name, target, mode) in DIRECTORIES {
        let shown = target.to_string_lossy();
        mkdirat(file_system, name, Mode::from_bits_truncate(mode)).during("create", &shown)?;
        fchownat(file_system, name, uid, gid, AtFlags::AT_SYMLINK_NOFOLLOW)
            .during("chown", &shown)?;
        let mount = sys::clone_tree_at(file_system.as_fd(), name).during("clone", &shown)?;
        if name == SHM || (name == TMP && !plan.exec_tmp) {
            let attributes = SAFE.and(MountAttr::NO_EXEC);
            sys::set_mount_attributes(mount.as_fd(), attributes, false)
                .during("set attributes of", &shown)?;
        }
        directories.push(mount);
    }
    let directories: [OwnedFd; 3] = directories
        .try_into()
        .map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))
        .during("make", "the scratch directories")?;
    Ok(Scratch {
        work: open_work(file_system, &directories[0], plan, view)?,
        directories,
        in_root: false,
    })
}

/// Opens `/box` for the supervising side: through a mount of its own where that of the box will be
/// read-only, or shows the files as those of somebody else.
fn open_work(
    file_system: &OwnedFd,
    of_box: &OwnedFd,
    plan: &BoxPlan,
    view: Option<BorrowedFd<'_>>,
) -> Result<OwnedFd, LaunchFailure> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let open = |mount: &OwnedFd| openat(mount, c".", flags, Mode::empty()).during("open", "/box");
    if !plan.box_is_read_only && view.is_none() {
        return open(of_box);
    }
    let mount = sys::clone_tree_at(file_system.as_fd(), BOX).during("clone", "/box")?;
    if let Some(view) = view {
        sys::map_ids_of_mount(mount.as_fd(), view).during("map the ids of", "/box")?;
    }
    open(&mount)
}

fn new_tmpfs(options: &[(&CStr, &CStr)], attributes: MountAttr) -> io::Result<OwnedFd> {
    let context = sys::new_file_system(c"tmpfs")?;
    sys::configure_mount(context.as_fd(), options, attributes)
}

fn attach(mount: &OwnedFd, path: &Path) -> Result<(), LaunchFailure> {
    let target = c_path(&path.to_string_lossy())?;
    sys::attach_mount(mount.as_fd(), &target).during("mount", path.to_string_lossy())
}

fn clone_path(path: &Path) -> Result<OwnedFd, LaunchFailure> {
    let source = c_path(&path.to_string_lossy())?;
    sys::clone_tree(&source).during("clone the mounts of", path.to_string_lossy())
}

/// A C string of a path or value that must not contain NUL.
pub(super) fn c_path(path: &str) -> Result<CString, LaunchFailure> {
    CString::new(path)
        .map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))
        .during("use", path.escape_debug().to_string())
}

fn make_directory(path: &Path, mode: u32) -> Result<(), LaunchFailure> {
    // The launcher has no umask that could take bits away.
    let made = DirBuilder::new().mode(mode).create(path);
    made.during("create", path.to_string_lossy())
}
