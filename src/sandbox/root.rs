//! The file systems of a box, as its launcher makes them: a read-only root that is prepared once
//! and cloned for every box, and a size-limited scratch file system for each box.
//!
//! Everything is mounted by descriptor in the launcher's own mount namespace, before a guest
//! exists; no path that a guest could influence is ever looked up.

use std::ffi::{CStr, CString};
use std::fs::{self, DirBuilder};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use nix::fcntl::{OFlag, openat};
use nix::mount::{MntFlags, umount2};
use nix::sys::stat::Mode;

use super::launcher::LaunchStep;
use super::message::{BoxPlan, LaunchFailure, MountKind, PlannedMount, RootEntry, RootPlan};
use super::sys::{self, MountAttr};

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
    prepared: Vec<(RootPlan, PathBuf)>,
}

/// The writable directories of one box, detached.
pub(super) struct Scratch {
    /// A plain descriptor of `/box`, for the supervising side.
    pub work: OwnedFd,
    directories: [OwnedFd; 3],
}

/// Names in the scratch file system, where they go in a root attached at the staging point of
/// [`super::inside`], and their modes.
const DIRECTORIES: [(&str, &CStr, u32); 3] = [
    ("box", c"box", 0o755),
    ("tmp", c"tmp", 0o1777),
    ("shm", c"dev/shm", 0o1777),
];

impl Scratch {
    /// The directories and their targets relative to the new root.
    pub(super) fn attachments(&self) -> [(BorrowedFd<'_>, &'static CStr); 3] {
        let [work, tmp, shm] = &self.directories;
        [
            (work.as_fd(), DIRECTORIES[0].1),
            (tmp.as_fd(), DIRECTORIES[1].1),
            (shm.as_fd(), DIRECTORIES[2].1),
        ]
    }
}

impl Roots {
    /// Mounts an empty file system at `staging`, visible to this process only.
    pub(super) fn new(staging: PathBuf) -> Result<Self, LaunchFailure> {
        let base = new_tmpfs(ROOT_OPTIONS, SAFE).during("create", "a tmpfs")?;
        attach(&base, &staging)?;
        Ok(Roots {
            staging,
            prepared: Vec::new(),
        })
    }

    /// A detached copy of the root of this plan, prepared at its first use.
    pub(super) fn clone_root(&mut self, plan: &RootPlan) -> Result<OwnedFd, LaunchFailure> {
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
        let root = new_tmpfs(ROOT_OPTIONS, SAFE).during("create", "a tmpfs")?;
        attach(&root, &path)?;
        for entry in &plan.entries {
            make_entry(&path, entry)?;
        }
        for mount in &plan.mounts {
            bind(&path, mount)?;
        }
        let read_only = SAFE.and(MountAttr::READ_ONLY);
        sys::set_mount_attributes(root.as_fd(), read_only, false)
            .during("make read-only", path.to_string_lossy())?;
        self.prepared.push((plan.clone(), path.clone()));
        Ok(path)
    }

    /// A fresh scratch file system whose directories belong to `user`.
    pub(super) fn scratch(&self, plan: &BoxPlan, user: u32) -> Result<Scratch, LaunchFailure> {
        let size = c_path(&plan.scratch_bytes.to_string())?;
        let inodes = c_path(&plan.scratch_inodes.to_string())?;
        let options: &[(&CStr, &CStr)] = &[
            (c"size", &size),
            (c"nr_inodes", &inodes),
            (c"mode", c"0711"),
        ];
        let mount = new_tmpfs(options, SAFE).during("create", "the scratch tmpfs")?;
        let path = self.staging.join("scratch");
        if !path.exists() {
            make_directory(&path, 0o755)?;
        }
        attach(&mount, &path)?;
        let directories = scratch_directories(&path, user, plan.exec_tmp);
        umount2(&path, MntFlags::MNT_DETACH).during("detach", path.to_string_lossy())?;
        let directories = directories?;
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let work = openat(&directories[0], c".", flags, Mode::empty()).during("open", "/box")?;
        Ok(Scratch { work, directories })
    }
}

fn scratch_directories(
    path: &Path,
    user: u32,
    exec_tmp: bool,
) -> Result<[OwnedFd; 3], LaunchFailure> {
    let mut directories = Vec::with_capacity(DIRECTORIES.len());
    for (name, _, mode) in DIRECTORIES {
        let directory = path.join(name);
        make_directory(&directory, mode)?;
        chown(&directory, Some(user), Some(user)).during("chown", directory.to_string_lossy())?;
        let mount = clone_path(&directory)?;
        if name == "shm" || (name == "tmp" && !exec_tmp) {
            let attributes = SAFE.and(MountAttr::NO_EXEC);
            sys::set_mount_attributes(mount.as_fd(), attributes, false)
                .during("set attributes of", directory.to_string_lossy())?;
        }
        directories.push(mount);
    }
    directories
        .try_into()
        .map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))
        .during("make", "the scratch directories")
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
    let made = DirBuilder::new().mode(mode).create(path);
    // The mode again, whatever the umask took away.
    made.and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(mode)))
        .during("create", path.to_string_lossy())
}

fn make_entry(root: &Path, entry: &RootEntry) -> Result<(), LaunchFailure> {
    match entry {
        RootEntry::Directory(path) => make_directory(&root.join(path), 0o755),
        RootEntry::File(path, bytes) => {
            let path = root.join(path);
            fs::write(&path, bytes).during("write", path.to_string_lossy())
        }
        RootEntry::Link(path, target) => {
            let path = root.join(path);
            symlink(target, &path).during("link", path.to_string_lossy())
        }
    }
}

fn bind(root: &Path, mount: &PlannedMount) -> Result<(), LaunchFailure> {
    let tree = clone_path(Path::new(&mount.source))?;
    let attributes = match mount.kind {
        MountKind::ReadOnly => SAFE.and(MountAttr::READ_ONLY),
        MountKind::ReadWrite => SAFE,
        MountKind::Device => MountAttr::NO_SUID.and(MountAttr::NO_EXEC),
    };
    sys::set_mount_attributes(tree.as_fd(), attributes, true)
        .during("set attributes of", &mount.source)?;
    attach(&tree, &root.join(&mount.target))
}
