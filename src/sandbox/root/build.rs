//! Making a root, step by step. Every path is resolved by the kernel beneath the root and through
//! no link (`openat2`): a given directory may hold links that lead anywhere.

use std::ffi::CStr;
use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{PermissionsExt, chown, fchown};
use std::path::Path;

use nix::NixPath;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, open, openat2};
use nix::mount::{MntFlags, umount2};
use nix::sys::stat::{Mode, mkdirat};
use nix::unistd::{UnlinkatFlags, symlinkat, unlinkat};

use super::super::launcher::LaunchStep;
use super::super::message::{
    LaunchFailure, MountKind, Operation, PlannedMount, RootEntry, RootPlan, RootStep,
};
use super::super::plan::SCRATCH_TARGETS;
use super::super::sys::{self, MountAttr};
use super::{ROOT_OPTIONS, SAFE, attach, c_path, clone_path, make_directory, new_tmpfs};

/// What a root that is made for one box only has of its own.
pub(super) struct Own<'a> {
    /// Host id of the program's user.
    pub user: u32,
    /// Where its scratch file system is attached for now.
    pub scratch_at: &'a Path,
    /// The scratch directories, by number.
    pub directories: &'a [OwnedFd],
    /// Their attributes, which they get at the end.
    pub attributes: [MountAttr; 3],
}

/// A root being made.
pub(super) struct Builder<'a> {
    root: OwnedFd,
    own: Option<Own<'a>>,
    /// Read-only at the end.
    covers: Vec<OwnedFd>,
    overlays: u32,
}

impl<'a> Builder<'a> {
    /// Makes the root at `path`, an empty directory of ours, with what is mounted at `proc` in it.
    pub(super) fn build(
        plan: &RootPlan,
        path: &Path,
        proc: &Path,
        own: Option<Own<'a>>,
    ) -> Result<(), LaunchFailure> {
        let mut builder = Builder {
            root: base(plan, path, own.as_ref())?,
            own,
            covers: Vec::new(),
            overlays: 0,
        };
        attach(&builder.root, path)?;
        for step in &plan.steps {
            builder.take(step)?;
        }
        builder.attach(&clone_path(proc)?, "proc")?;
        builder.finish_scratch()?;
        if !plan.writable {
            builder.covers.push(builder.root);
        }
        for cover in &builder.covers {
            let read_only = SAFE.and(MountAttr::READ_ONLY);
            sys::set_mount_attributes(cover.as_fd(), read_only, false)
                .during("make read-only", path.to_string_lossy())?;
        }
        Ok(())
    }

    fn take(&mut self, step: &RootStep) -> Result<(), LaunchFailure> {
        match step {
            RootStep::Entry(entry) => self.make_entry(entry),
            RootStep::Bind(planned) => self.bind(planned),
            RootStep::Cover(target) => {
                let mount = new_tmpfs(ROOT_OPTIONS, SAFE).during("create", "a tmpfs")?;
                self.attach(&mount, target)?;
                self.covers.push(mount);
                Ok(())
            }
            RootStep::Tmpfs {
                target,
                options,
                execute,
            } => self.mount_tmpfs(target, options, *execute),
            RootStep::Overlay {
                target,
                lower,
                writable,
            } => {
                let mount = match (&self.own, writable) {
                    (Some(own), true) => {
                        self.overlays += 1;
                        let name = format!("overlay{}", self.overlays);
                        writable_overlay(lower, &own.scratch_at.join(name), own.user)?
                    }
                    _ => new_overlay(lower, None)?,
                };
                self.attach(&mount, target)
            }
            RootStep::Scratch(number) => self.attach_scratch(*number),
            RootStep::Operation(operation) => self.operate(operation),
        }
    }

    fn attach(&self, mount: &OwnedFd, target: &str) -> Result<(), LaunchFailure> {
        let path = c_path(target)?;
        attach_beneath(self.root.as_fd(), mount.as_fd(), &path).during("mount", shown(target))
    }

    fn bind(&self, mount: &PlannedMount) -> Result<(), LaunchFailure> {
        let tree = clone_path(Path::new(&mount.source))?;
        let attributes = match mount.kind {
            MountKind::ReadOnly => SAFE.and(MountAttr::READ_ONLY),
            MountKind::ReadWrite => SAFE,
            // Devices can be written to all the same; their times and modes, which all boxes share, not.
            MountKind::Device => MountAttr::NO_SUID
                .and(MountAttr::NO_EXEC)
                .and(MountAttr::READ_ONLY),
        };
        sys::set_mount_attributes(tree.as_fd(), attributes, true)
            .during("set attributes of", &mount.source)?;
        self.attach(&tree, &mount.target)
    }

    fn mount_tmpfs(
        &self,
        target: &str,
        options: &[(String, String)],
        execute: bool,
    ) -> Result<(), LaunchFailure> {
        let mut owned = Vec::with_capacity(options.len() + 2);
        for (key, value) in options {
            owned.push((c_path(key)?, c_path(value)?));
        }
        if let Some(own) = &self.own {
            let user = c_path(&own.user.to_string())?;
            owned.push((c"uid".to_owned(), user.clone()));
            owned.push((c"gid".to_owned(), user));
        }
        let options: Vec<(&CStr, &CStr)> = owned
            .iter()
            .map(|(key, value)| (key.as_c_str(), value.as_c_str()))
            .collect();
        let attributes = if execute {
            SAFE
        } else {
            SAFE.and(MountAttr::NO_EXEC)
        };
        let mount = new_tmpfs(&options, attributes).during("create a tmpfs for", shown(target))?;
        self.attach(&mount, target)
    }

    fn attach_scratch(&self, number: usize) -> Result<(), LaunchFailure> {
        let directory = self
            .own
            .as_ref()
            .and_then(|own| own.directories.get(number));
        let directory = directory
            .ok_or_else(|| io::Error::from_raw_os_error(libc::EINVAL))
            .during("find", "a scratch directory")?;
        // Itself, not a copy: before Linux 6.15 nothing that is detached can be cloned.
        self.attach(directory, SCRATCH_TARGETS[number])
    }

    fn finish_scratch(&self) -> Result<(), LaunchFailure> {
        let Some(own) = &self.own else {
            return Ok(());
        };
        for (directory, attributes) in own.directories.iter().zip(own.attributes) {
            sys::set_mount_attributes(directory.as_fd(), attributes, false)
                .during("set attributes of", "a scratch directory")?;
        }
        Ok(())
    }

    fn make_entry(&self, entry: &RootEntry) -> Result<(), LaunchFailure> {
        match entry {
            RootEntry::Directory(path) => match self.make_directory(path, 0o755) {
                Err(error) if error.raw_os_error() == Some(libc::EEXIST) => Ok(()),
                other => other.during("create", shown(path)),
            },
            RootEntry::File(path, bytes) => match self.write_new(path, bytes, 0o644) {
                Err(error) if error.raw_os_error() == Some(libc::EEXIST) => Ok(()),
                other => other.during("write", shown(path)),
            },
            RootEntry::Link(path, target) => self.link(path, target).during("link", shown(path)),
        }
    }

    fn operate(&self, operation: &Operation) -> Result<(), LaunchFailure> {
        match operation {
            Operation::Write(path, bytes, mode) => {
                self.replace(path).during("replace", shown(path))?;
                self.write_new(path, bytes, *mode)
                    .during("write", shown(path))
            }
            Operation::Directory(path, mode) => match self.make_directory(path, *mode) {
                Err(error) if error.raw_os_error() == Some(libc::EEXIST) => self
                    .set_owner_and_mode(path, *mode)
                    .during("change", shown(path)),
                other => other.during("create", shown(path)),
            },
            Operation::Link(path, target) => self.link(path, target).during("link", shown(path)),
        }
    }

    /// The directory that a path lies in, and the name in it.
    fn parent<'p>(&self, path: &'p str) -> io::Result<(OwnedFd, &'p str)> {
        let (parent, name) = path.rsplit_once('/').unwrap_or((".", path));
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        Ok((beneath(self.root.as_fd(), parent, flags)?, name))
    }

    fn make_directory(&self, path: &str, mode: u32) -> io::Result<()> {
        let (parent, name) = self.parent(path)?;
        mkdirat(&parent, name, Mode::S_IRWXU)?;
        self.set_owner_and_mode(path, mode)
    }

    fn set_owner_and_mode(&self, path: &str, mode: u32) -> io::Result<()> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let directory = File::from(beneath(self.root.as_fd(), path, flags)?);
        self.finish(&directory, mode)
    }

    /// Removes a file or link, so that nothing it shares an inode with is written to.
    fn replace(&self, path: &str) -> io::Result<()> {
        let (parent, name) = self.parent(path)?;
        match unlinkat(&parent, name, UnlinkatFlags::NoRemoveDir) {
            Err(nix::Error::ENOENT) => Ok(()),
            other => Ok(other?),
        }
    }

    fn write_new(&self, path: &str, bytes: &[u8], mode: u32) -> io::Result<()> {
        let (parent, name) = self.parent(path)?;
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_CLOEXEC;
        let how = OpenHow::new()
            .flags(flags)
            .mode(Mode::S_IRUSR | Mode::S_IWUSR)
            .resolve(ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_SYMLINKS);
        let mut file = File::from(openat2(&parent, name, how)?);
        file.write_all(bytes)?;
        self.finish(&file, mode)
    }

    fn link(&self, path: &str, target: &str) -> io::Result<()> {
        let (parent, name) = self.parent(path)?;
        Ok(symlinkat(target, &parent, name)?)
    }

    /// The owner first: changing it can take bits of the mode away.
    fn finish(&self, file: &File, mode: u32) -> io::Result<()> {
        if let Some(own) = &self.own {
            fchown(file, Some(own.user), Some(own.user))?;
        }
        file.set_permissions(Permissions::from_mode(mode))
    }
}

/// What the root begins with, detached.
fn base(plan: &RootPlan, path: &Path, own: Option<&Own<'_>>) -> Result<OwnedFd, LaunchFailure> {
    match (&plan.base, own) {
        (Some(lower), Some(own)) if plan.writable => {
            let layers = [lower.clone()];
            writable_overlay(&layers, &own.scratch_at.join("root"), own.user)
        }
        (None, Some(own)) if plan.writable => {
            let path = own.scratch_at.join("root");
            make_directory(&path, 0o755)?;
            chown(&path, Some(own.user), Some(own.user)).during("chown", path.to_string_lossy())?;
            clone_path(&path)
        }
        (None, _) => new_tmpfs(ROOT_OPTIONS, SAFE).during("create", "a tmpfs"),
        (Some(lower), _) => covered_directory(lower, path),
    }
}

/// A directory of the host under an empty one, in which mount points can be made.
fn covered_directory(lower: &str, at: &Path) -> Result<OwnedFd, LaunchFailure> {
    let upper = new_tmpfs(ROOT_OPTIONS, SAFE).during("create", "a tmpfs")?;
    // The directories of an overlay must be mounted while it is made.
    attach(&upper, at)?;
    let made = writable_overlay(&[lower.to_owned()], &at.join("root"), 0);
    umount2(at, MntFlags::MNT_DETACH).during("detach", at.to_string_lossy())?;
    made
}

/// An overlay whose written files go below `place`, which belongs to `user`.
fn writable_overlay(lower: &[String], place: &Path, user: u32) -> Result<OwnedFd, LaunchFailure> {
    make_directory(place, 0o755)?;
    let (upper, work) = (place.join("upper"), place.join("work"));
    make_directory(&upper, 0o755)?;
    make_directory(&work, 0o755)?;
    chown(&upper, Some(user), Some(user)).during("chown", upper.to_string_lossy())?;
    new_overlay(lower, Some((&upper, &work)))
}

fn new_overlay(lower: &[String], upper: Option<(&Path, &Path)>) -> Result<OwnedFd, LaunchFailure> {
    let lower: Vec<OwnedFd> = lower
        .iter()
        .map(|path| open_directory(Path::new(path)))
        .collect::<Result<_, _>>()?;
    // By descriptor: the kernel takes short strings only, in which some characters have a meaning.
    let name = |fd: &OwnedFd| format!("/proc/self/fd/{}", fd.as_raw_fd());
    let layers: Vec<String> = lower.iter().map(name).collect();
    let mut options = vec![(c"lowerdir", c_path(&layers.join(":"))?)];
    let mut held = Vec::new();
    if let Some((upper, work)) = upper {
        for (key, path) in [(c"upperdir", upper), (c"workdir", work)] {
            let directory = open_directory(path)?;
            options.push((key, c_path(&name(&directory))?));
            held.push(directory);
        }
    }
    let options: Vec<(&CStr, &CStr)> = options
        .iter()
        .map(|(key, value)| (*key, value.as_c_str()))
        .collect();
    let context = sys::new_file_system(c"overlay").during("create", "an overlay")?;
    sys::configure_mount(context.as_fd(), &options, SAFE).during("create", "an overlay")
}

fn open_directory(path: &Path) -> Result<OwnedFd, LaunchFailure> {
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    open(path, flags, Mode::empty()).during("open", path.to_string_lossy())
}

/// A descriptor of a path beneath a directory, through no link.
fn beneath<P: ?Sized + NixPath>(
    directory: BorrowedFd<'_>,
    path: &P,
    flags: OFlag,
) -> io::Result<OwnedFd> {
    let how = OpenHow::new().flags(flags).resolve(
        ResolveFlag::RESOLVE_BENEATH
            | ResolveFlag::RESOLVE_NO_SYMLINKS
            | ResolveFlag::RESOLVE_NO_MAGICLINKS,
    );
    Ok(openat2(directory, path, how)?)
}

/// Attaches a detached mount beneath a root, through no link. Allocates nothing.
pub(in super::super) fn attach_beneath(
    root: BorrowedFd<'_>,
    mount: BorrowedFd<'_>,
    target: &CStr,
) -> io::Result<()> {
    let place = beneath(root, target, OFlag::O_PATH | OFlag::O_CLOEXEC)?;
    sys::attach_mount_at(mount, place.as_fd())
}

fn shown(path: &str) -> String {
    format!("/{path}")
}
