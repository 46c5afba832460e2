//! Directories for what boxes of several slots share, such as FIFOs. Each is new: in what an earlier one held, the times
//! of its files at least would tell of earlier runs. The name is the number of a slot, so what a crash leaves is found.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::lock::{self, SlotLock};
use super::outcome::{SandboxError, SetUpStep};

/// A directory of a slot, which is removed with this value.
#[derive(Debug)]
pub struct SharedDirectory {
    path: PathBuf,
    /// Nobody else has the number until the directory is gone.
    _lock: Arc<SlotLock>,
}

impl SharedDirectory {
    /// Makes that of a slot, and removes what it had before.
    pub(super) fn make(parent: &Path, lock: &Arc<SlotLock>) -> Result<Self, SandboxError> {
        let path = parent.join(lock.number().to_string());
        remove(&path)?;
        let mut builder = DirBuilder::new();
        let made = builder.mode(0o700).create(&path);
        made.set_up("create", path.to_string_lossy())?;
        Ok(SharedDirectory {
            path,
            _lock: Arc::clone(lock),
        })
    }

    /// Where it is on the host. Only this user can look into it.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SharedDirectory {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the next holder of the number.
        let _ = remove(&self.path);
    }
}

fn remove(path: &Path) -> Result<(), SandboxError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result.set_up("remove", path.to_string_lossy()),
    }
}

/// Removes those of slots that nobody holds: what an earlier crash left.
pub(super) fn sweep(parent: &Path, locks: &Path) -> Result<(), SandboxError> {
    let shown = parent.to_string_lossy();
    for entry in fs::read_dir(parent).set_up("list", &shown)? {
        let name = entry.set_up("list", &shown)?.file_name();
        let number = name.to_str().and_then(|name| name.parse().ok());
        let Some(number) = number.filter(|number: &u32| *OsStr::new(&number.to_string()) == *name)
        else {
            continue;
        };
        // Held while it is removed, so that nobody takes the number meanwhile.
        if let Some(_lock) = lock::try_lock(locks, number)? {
            remove(&parent.join(name))?;
        }
    }
    Ok(())
}
