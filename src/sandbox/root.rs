//! The file systems of a box, as its launcher makes them: a root that is prepared once and serves every
//! box, or is made for one box where it holds something of that box, and a size-limited scratch file
//! system for each.
//!
//! Everything is mounted in mount namespaces of the launcher, before a guest exists; no path that a
//! guest could influence is ever looked up.

mod build;
mod namespace;
mod scratch;
mod views;

use std::ffi::{CStr, CString};
use std::fs::{DirBuilder, File};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use nix::mount::{MntFlags, umount2};

use super::launcher::{Arguments, LaunchStep};
use super::message::{BoxPlan, LaunchFailure, RootPlan};
use super::sys::{self, MountAttr};
pub(super) use build::attach_beneath;
use build::{Builder, Own};
pub(super) use namespace::{Home, new_proc};
pub(super) use scratch::{DIRECTORIES, attributes};
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
    home: Rc<Home>,
    /// Where a root is made.
    root_at: PathBuf,
    /// Where a scratch file system is attached while something is made of it.
    scratch_at: PathBuf,
    /// The proc that every root begins with.
    proc_at: PathBuf,
    /// How the supervising side is shown `/box`.
    views: Views,
    prepared: Vec<(RootPlan, Rc<File>)>,
}

/// What a box is made of.
pub(super) struct BoxFiles {
    /// The mount namespace that its init begins in: the root, and nothing else.
    pub namespace: Rc<File>,
    /// The scratch file system, detached, whose directories [`super::inside`] attaches; `None` where
    /// they are part of the root already.
    pub scratch: Option<OwnedFd>,
    /// A plain descriptor of `/box`, for the supervising side, which may always write there.
    pub work: OwnedFd,
}

impl Roots {
    /// Mounts an empty file system at the staging directory, visible to this process only.
    pub(super) fn new(arguments: &Arguments, home: Rc<Home>) -> Result<Self, LaunchFailure> {
        let staging = &arguments.staging;
        let base = new_tmpfs(ROOT_OPTIONS, SAFE).during("create", "a tmpfs")?;
        attach(&base, staging)?;
        let roots = Roots {
            home,
            root_at: staging.join("root"),
            scratch_at: staging.join("scratch"),
            proc_at: staging.join("proc"),
            views: Views::new(arguments.stage),
            prepared: Vec::new(),
        };
        for path in [&roots.root_at, &roots.scratch_at, &roots.proc_at] {
            make_directory(path, 0o755)?;
        }
        namespace::mount_proc_of_nobody(&roots.proc_at)?;
        Ok(roots)
    }

    /// The root and the scratch file system of a new box whose program runs as `user`.
    pub(super) fn make(&mut self, plan: &BoxPlan, user: u32) -> Result<BoxFiles, LaunchFailure> {
        let view = self.views.of(user)?;
        let scratch = scratch::new(plan, user)?;
        if plan.root.per_box {
            let scratch_at = &self.scratch_at;
            return attached(&scratch, scratch_at, || {
                let own = Own {
                    user,
                    scratch_at,
                    directories: &scratch::directories(&scratch)?,
                    attributes: attributes(plan),
                };
                Ok(BoxFiles {
                    namespace: Rc::new(self.build(&plan.root, Some(own))?),
                    scratch: None,
                    work: scratch::open_work(&scratch, view.as_deref())?,
                })
            });
        }
        let namespace = self.prepared(&plan.root)?;
        let (scratch, work) = match view {
            None => {
                let work = scratch::open_work(&scratch, None)?;
                (scratch, work)
            }
            // What shows it is a copy, and before Linux 6.15 only what is attached can be copied; what
            // was attached here, however, cannot be given away, but another copy can.
            Some(view) => attached(&scratch, &self.scratch_at, || {
                let copy = sys::clone_tree_at(scratch.as_fd(), c".");
                let copy = copy.during("clone", "the scratch tmpfs")?;
                Ok((copy, scratch::open_work(&scratch, Some(&view))?))
            })?,
        };
        Ok(BoxFiles {
            namespace,
            scratch: Some(scratch),
            work,
        })
    }

    /// The root of this plan, made at its first use.
    fn prepared(&mut self, plan: &RootPlan) -> Result<Rc<File>, LaunchFailure> {
        let known = self.prepared.iter().find(|(known, _)| known == plan);
        if let Some((_, namespace)) = known {
            return Ok(Rc::clone(namespace));
        }
        let namespace = Rc::new(self.build(plan, None)?);
        self.prepared.push((plan.clone(), Rc::clone(&namespace)));
        Ok(namespace)
    }

    fn build(&self, plan: &RootPlan, own: Option<Own<'_>>) -> Result<File, LaunchFailure> {
        let built = Builder::build(plan, &self.root_at, &self.proc_at, own)
            .and_then(|()| self.home.namespace_of(&self.root_at));
        // Nothing is mounted there if the first step failed.
        let _ = umount2(&self.root_at, MntFlags::MNT_DETACH);
        built
    }
}

/// Attaches a mount for as long as something is made of it.
fn attached<T>(
    mount: &OwnedFd,
    at: &Path,
    make: impl FnOnce() -> Result<T, LaunchFailure>,
) -> Result<T, LaunchFailure> {
    attach(mount, at)?;
    let made = make();
    umount2(at, MntFlags::MNT_DETACH).during("detach", at.to_string_lossy())?;
    made
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
