//! A mount namespace for each root, with nothing else in it. What is cloned there begins with its root in
//! place: no mount of the host has to be copied for a box, covered, and let go again, each of which
//! the kernel makes wait for all CPUs.

use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use nix::mount::{MntFlags, umount2};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::stat::stat;
use nix::unistd::{chdir, pivot_root};

use super::super::launcher::LaunchStep;
use super::super::message::LaunchFailure;
use super::super::sys::{self, CloneRequest, CloneSide, MountAttr};
use super::attach;

const OWN_MOUNTS: &str = "/proc/self/ns/mnt";

/// The launcher's own mount namespace, in which it makes roots.
pub(in super::super) struct Home(File);

impl Home {
    /// That of this process.
    pub(in super::super) fn here() -> Result<Self, LaunchFailure> {
        own_namespace().map(Home)
    }

    /// Enters that of a root.
    pub(in super::super) fn leave_for(&self, root: &File) -> Result<(), LaunchFailure> {
        setns(root, CloneFlags::CLONE_NEWNS).during("enter", "the mount namespace of a root")
    }

    /// Comes back from wherever it is.
    pub(in super::super) fn come_back(&self) -> Result<(), LaunchFailure> {
        setns(&self.0, CloneFlags::CLONE_NEWNS).during("enter", OWN_MOUNTS)
    }

    /// Makes one of what is mounted at a path.
    pub(super) fn namespace_of(&self, root: &Path) -> Result<File, LaunchFailure> {
        unshare(CloneFlags::CLONE_NEWNS).during("make", "a mount namespace")?;
        let made = self.shrink_to(root);
        self.come_back()?;
        made
    }

    /// Lets go all of the present one but what is mounted at a path.
    fn shrink_to(&self, root: &Path) -> Result<File, LaunchFailure> {
        let (namespace, shown) = (own_namespace()?, root.to_string_lossy());
        let wanted = stat(root).during("look at", &shown)?;
        leave_all_but(root).during("pivot into", &shown)?;
        // Everything that follows rests on this: whoever enters it finds this root, and not the host's.
        self.leave_for(&namespace)?;
        let found = stat(c"/").during("look at", &shown)?;
        let is_root = (found.st_dev, found.st_ino) == (wanted.st_dev, wanted.st_ino);
        let checked = is_root.then_some(namespace).ok_or(nix::Error::EXDEV);
        checked.during("pivot into", &shown)
    }
}

fn own_namespace() -> Result<File, LaunchFailure> {
    File::open(OWN_MOUNTS).during("open", OWN_MOUNTS)
}

/// Afterwards no path leads to the host.
fn leave_all_but(root: &Path) -> nix::Result<()> {
    chdir(root)?;
    // The old root ends up stacked on the new one and is then let go.
    pivot_root(c".", c".")?;
    umount2(c".", MntFlags::MNT_DETACH)?;
    chdir(c"/")
}

/// Mounts a proc of process ids that nobody has. A box can mount its own, over this one, only where the
/// kernel finds one in its mount namespace already.
pub(super) fn mount_proc_of_nobody(at: &Path) -> Result<(), LaunchFailure> {
    let request = CloneRequest {
        namespaces: CloneFlags::CLONE_NEWPID.bits() as u32 as u64,
        cgroup: None,
    };
    let cloned = sys::clone_process(&request).during("clone", "a process for a proc")?;
    if let CloneSide::Child = cloned {
        sys::exit_now(match mount_own_proc(at) {
            Ok(()) => 0,
            Err(failure) => failure.errno,
        });
    }
    let (_, status) = sys::wait_any().during("wait for", "a process for a proc")?;
    match libc::WEXITSTATUS(status) {
        0 if libc::WIFEXITED(status) => Ok(()),
        errno => Err(io::Error::from_raw_os_error(errno)).during(
            "mount",
            "a proc (is the host's own /proc covered by other mounts?)",
        ),
    }
}

fn mount_own_proc(at: &Path) -> Result<(), LaunchFailure> {
    attach(&new_proc(&[]).during("create", "a proc")?, at)
}

/// A proc of the caller's pid namespace, detached. Allocates nothing.
pub(in super::super) fn new_proc(options: &[(&CStr, &CStr)]) -> io::Result<OwnedFd> {
    let attributes = MountAttr::READ_ONLY
        .and(MountAttr::NO_SUID)
        .and(MountAttr::NO_DEV)
        .and(MountAttr::NO_EXEC);
    let context = sys::new_file_system(c"proc")?;
    sys::configure_mount(context.as_fd(), options, attributes)
}
