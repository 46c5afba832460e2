//! The other side of starting a program of Postgres: our own binary, executed again, gives up what
//! Postgres must not have, and becomes the program. A process of its own, for after a fork of
//! the large, multi-threaded server next to nothing may be called, while here anything may.

use std::convert::Infallible;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::sys::stat::{Mode, umask};
use nix::unistd::{
    Gid, Pid, ResGid, ResUid, Uid, getgroups, getppid, getresgid, getresuid, setgroups, setresgid,
    setresuid, setsid, setuid,
};

use super::error::ClusterError;

/// What to become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Become {
    /// The user and group to change to; none to stay.
    pub user: Option<(u32, u32)>,
    /// The process that started this one, and without which it must not go on.
    pub parent: i32,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
}

/// Gives up rights and becomes a program of Postgres; returns only if that failed.
pub fn become_program(what: &Become) -> Result<Infallible, ClusterError> {
    umask(Mode::from_bits_truncate(0o077));
    // A Ctrl-C in the terminal is for Gavel, which stops first what uses the database.
    setsid().map_err(failed("start a session"))?;
    if let Some((uid, gid)) = what.user {
        drop_to(Uid::from_raw(uid), Gid::from_raw(gid))?;
    }
    // After the change of user, which the kernel answers by forgetting the signal. SIGINT is
    // Postgres' fast shutdown.
    set_pdeathsig(Signal::SIGINT).map_err(failed("ask for a signal at the parent's death"))?;
    // The parent may have died before it was asked for.
    if getppid() != Pid::from_raw(what.parent) {
        return Err(ClusterError::Orphaned);
    }
    Err(ClusterError::Spawn {
        program: what.program.clone(),
        source: Command::new(&what.program).args(&what.args).exec(),
    })
}

/// Changes to a user for good, and does not believe it before it has looked.
fn drop_to(uid: Uid, gid: Gid) -> Result<(), ClusterError> {
    setgroups(&[]).map_err(failed("drop the supplementary groups"))?;
    setresgid(gid, gid, gid).map_err(failed("change to the database's group"))?;
    setresuid(uid, uid, uid).map_err(failed("change to the database's user"))?;

    let all_uid = ResUid {
        real: uid,
        effective: uid,
        saved: uid,
    };
    let all_gid = ResGid {
        real: gid,
        effective: gid,
        saved: gid,
    };
    let is_dropped = !uid.is_root()
        && getresuid().is_ok_and(|ids| ids == all_uid)
        && getresgid().is_ok_and(|ids| ids == all_gid)
        && getgroups().is_ok_and(|groups| groups.is_empty())
        && setuid(Uid::from_raw(0)).is_err();
    if is_dropped {
        return Ok(());
    }
    Err(ClusterError::Become {
        step: "give up the rights of root",
        source: io::ErrorKind::PermissionDenied.into(),
    })
}

fn failed(step: &'static str) -> impl FnOnce(nix::Error) -> ClusterError {
    move |error| ClusterError::Become {
        step,
        source: error.into(),
    }
}
