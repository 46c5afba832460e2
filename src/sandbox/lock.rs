//! Slots: the machine-wide numbers under which boxes run, one at a time each.
//!
//! A slot's number gives its cgroup and its host ids, so no two running boxes share either, even
//! those of different services on one machine. A number is held by a lock on a file: the kernel
//! releases it when the holder dies, however it dies, and the next holder first removes what was
//! left. Nothing is ever touched whose lock somebody holds.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};

use super::cgroup::Hierarchy;
use super::outcome::{SandboxError, SetUpStep};

/// More than any machine has CPUs.
const MAX_SLOTS: u32 = 1024;
/// Host ids of a slot: root of the box and the program's user.
pub(super) const IDS_PER_SLOT: u32 = 2;

/// A held slot number.
#[derive(Debug)]
pub(super) struct SlotLock {
    number: u32,
    _file: Flock<File>,
}

impl SlotLock {
    /// The number.
    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// The name of the slot's cgroup.
    pub(super) fn group_name(&self) -> String {
        group_name(self.number)
    }
}

fn group_name(number: u32) -> String {
    format!("slot-{number}")
}

/// Makes a directory of ours below the runtime directory and refuses one of somebody else.
pub(super) fn make_runtime_directory(path: &Path) -> Result<(), SandboxError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(path)
        .set_up("create", path.to_string_lossy())?;
    let owner = fs::symlink_metadata(path).set_up("inspect", path.to_string_lossy())?;
    if owner.is_dir() && owner.uid() == nix::unistd::geteuid().as_raw() {
        return Ok(());
    }
    Err(SandboxError::Setting {
        setting: "runtime_dir",
        reason: format!(
            "{} is not a directory of this user; remove it",
            path.display()
        ),
    })
}

fn lock_path(directory: &Path, number: u32) -> PathBuf {
    directory.join(format!("{number}.lock"))
}

fn try_lock(directory: &Path, number: u32) -> Result<Option<SlotLock>, SandboxError> {
    let path = lock_path(directory, number);
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .set_up("open", path.to_string_lossy())?;
    match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(file) => Ok(Some(SlotLock {
            number,
            _file: file,
        })),
        Err((_, nix::Error::EWOULDBLOCK)) => Ok(None),
        Err((_, errno)) => Err(io::Error::from(errno)).set_up("lock", path.to_string_lossy()),
    }
}

/// Takes the lowest free number.
pub(super) fn take(directory: &Path) -> Result<SlotLock, SandboxError> {
    for number in 0..MAX_SLOTS {
        if let Some(lock) = try_lock(directory, number)? {
            return Ok(lock);
        }
    }
    Err(SandboxError::Setting {
        setting: "slots",
        reason: format!("all {MAX_SLOTS} slots of this machine are in use; use fewer"),
    })
}

/// Removes the groups of slots that nobody holds: what an earlier crash left.
pub(super) fn sweep(directory: &Path, groups: &Hierarchy) -> Result<(), SandboxError> {
    for name in groups.names()? {
        let Some(number) = name.strip_prefix("slot-").and_then(|n| n.parse().ok()) else {
            continue;
        };
        if let Some(lock) = try_lock(directory, number)? {
            groups.remove(&lock.group_name())?;
        }
    }
    Ok(())
}
