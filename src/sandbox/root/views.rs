//! How the supervising side is shown the files of a program. Root may do everything with them. An
//! ordinary user has no right to files of an id that is lent to him; but a mount can show them as his
//! own, and what he makes there belongs to the program.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::{self, File};
use std::path::PathBuf;
use std::rc::Rc;

use nix::fcntl::OFlag;
use nix::sched::CloneFlags;
use nix::unistd::{pipe2, read};

use super::super::launcher::{LaunchStep, Stage};
use super::super::message::LaunchFailure;
use super::super::sys::{self, CloneRequest, CloneSide};

/// Root of a launcher's user namespace: whoever started it.
const STARTER: u32 = 0;

/// The views of all programs' users, each made at its first use.
pub(super) struct Views {
    stage: Stage,
    /// A user namespace with nothing in it but the map between a user and the starter.
    by_user: HashMap<u32, Rc<File>>,
}

impl Views {
    /// Those of a launcher at this stage.
    pub(super) fn new(stage: Stage) -> Self {
        Views {
            stage,
            by_user: HashMap::new(),
        }
    }

    /// The map with which files of this user are to be shown; `None` where they can be shown as
    /// they are.
    pub(super) fn of(&mut self, user: u32) -> Result<Option<Rc<File>>, LaunchFailure> {
        if self.stage == Stage::Root || user == STARTER {
            return Ok(None);
        }
        let view = match self.by_user.entry(user) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(Rc::new(map(user)?)),
        };
        Ok(Some(Rc::clone(view)))
    }
}

/// A user namespace that maps this user to the starter. It outlives the process that it is made with.
fn map(user: u32) -> Result<File, LaunchFailure> {
    let (end, keeps_waiting) = pipe2(OFlag::O_CLOEXEC).during("create", "a pipe")?;
    let request = CloneRequest {
        namespaces: CloneFlags::CLONE_NEWUSER.bits() as u32 as u64,
        cgroup: None,
    };
    let cloned = sys::clone_process(&request).during("clone", "a process for a map of ids")?;
    let CloneSide::Parent { pid, .. } = cloned else {
        // Its own copy is closed first, so that it also ends with the launcher.
        drop(keeps_waiting);
        let _ = read(&end, &mut [0]);
        sys::exit_now(0);
    };
    for file in ["uid_map", "gid_map"] {
        let path = PathBuf::from(format!("/proc/{pid}/{file}"));
        let map = format!("{user} {STARTER} 1");
        fs::write(&path, map).during("write", path.to_string_lossy())?;
    }
    let path = PathBuf::from(format!("/proc/{pid}/ns/user"));
    File::open(&path).during("open", path.to_string_lossy())
}
