//! Slots: the machine-wide numbers under which boxes run, one at a time each.
//!
//! A slot's number gives its cgroup and its host ids, so no two running boxes share either, even
//! those of different services on one machine. A number is held by a lock on a file: the kernel
//! releases it when the holder dies, however it dies, and the next holder first removes what was
//! left. Nothing is ever touched whose lock somebody holds.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};

use super::cgroup::Hierarchy;
use super::outcome::{SandboxError, SetUpStep};

/// More than any machine has CPUs.
pub(super) const MAX_SLOTS: u32 = 1024;
/// Places for a box in a slot: one for the box that runs, one for the next.
pub(super) const LANES: u32 = 2;
/// Host ids of a slot: root of a box and the program's user, for each lane.
pub(super) const IDS_PER_SLOT: u32 = 2 * LANES;

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

    /// The names of the slot's cgroups.
    pub(super) fn group_names(&self) -> impl Iterator<Item = String> {
        let number = self.number;
        (0..LANES).map(move |lane| group_name(number, lane))
    }
}

/// The name of the cgroup of a lane.
pub(super) fn group_name(number: u32, lane: u32) -> String {
    format!("slot-{number}-{lane}")
}

/// The number of the slot that a cgroup's name tells.
fn slot_of(group_name: &str) -> Option<u32> {
    let (number, _lane) = group_name.strip_prefix("slot-")?.split_once('-')?;
    number.parse().ok()
}

/// A directory of ours below one that only root, or only this user, can write to; or of a name that
/// others can take first in vain, for it is looked at before it is used.
pub(super) fn default_runtime_directory() -> PathBuf {
    let user = nix::unistd::geteuid();
    if user.is_root() {
        return PathBuf::from("/run/gavel");
    }
    let own = PathBuf::from(format!("/run/user/{user}"));
    match fs::metadata(&own) {
        Ok(about) if about.uid() == user.as_raw() => own.join("gavel"),
        _ => PathBuf::from(format!("/tmp/gavel-{user}")),
    }
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

pub(super) fn try_lock(directory: &Path, number: u32) -> Result<Option<SlotLock>, SandboxError> {
    let path = lock_path(directory, number);
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        // Whoever could read it could lock it.
        .mode(0o600)
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
        let Some(number) = slot_of(&name) else {
            continue;
        };
        // Held while it is removed, so that nobody takes the number meanwhile.
        if let Some(_lock) = try_lock(directory, number)? {
            groups.remove(&name)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_tells_its_slot_and_strangers_tell_none() {
        assert_eq!(slot_of(&group_name(17, 1)), Some(17));
        for stranger in ["slot-", "slot-1", "slot-x-0", "slots-1-0", "user.slice"] {
            assert_eq!(slot_of(stranger), None, "{stranger}");
        }
    }
}
