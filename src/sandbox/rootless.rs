//! A launcher that an ordinary user starts gets a user namespace of its own, in which it is root and
//! boxes are made as root makes them. It enters it once, before anything else, and executes itself
//! again there: only a program that was executed in a namespace is readable to whoever owns that,
//! and only so can the maps of its children be written.
//!
//! Two sides take part: the launcher enters, the supervising side has more ids lent to it, where there
//! are any, and lets it go on.

use std::convert::Infallible;
use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};

use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};

use super::ids::{HostIds, PROGRAMS, Range};
use super::launch::Launcher;
use super::launcher::{Arguments, LAUNCHER_NAME, LaunchStep, Stage};
use super::message::{LaunchFailure, PROCEED};
use super::outcome::{SandboxError, SetUpStep};
use super::sys::{self, MAX_FDS};

/// The launcher's side: enters a user namespace and becomes the launcher proper. Returns only a
/// failure, or where nobody waits for it any more.
pub(super) fn enter(
    connection: BorrowedFd<'_>,
    arguments: &Arguments,
) -> Result<Infallible, LaunchFailure> {
    let (user, group) = (geteuid(), getegid());
    // The mounts in the same breath: a host may give user namespaces in which nobody has a right.
    let namespaces = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS;
    unshare(namespaces).during("enter", "a user namespace")?;
    if arguments.stage == Stage::EnterOwn {
        // The kernel asks for this of those who write maps by themselves: a group can also take
        // rights away, and must not be dropped.
        write_own("setgroups", "deny")?;
        write_own("uid_map", &format!("0 {user} 1"))?;
        write_own("gid_map", &format!("0 {group} 1"))?;
    }
    super::launcher::reply(connection, &Ok(0), &[]);
    await_proceed(connection).during("hear from", "the supervising side")?;
    if arguments.stage == Stage::EnterLent {
        sys::set_groups(&[]).during("leave", "the groups of the user")?;
    }
    let error = Process::new("/proc/self/exe")
        .arg0(LAUNCHER_NAME)
        .args(arguments.with_stage(Stage::Entered).words())
        .exec();
    Err(error).during("execute", "the launcher in its user namespace")
}

fn write_own(file: &str, text: &str) -> Result<(), LaunchFailure> {
    let path = format!("/proc/self/{file}");
    fs::write(&path, text).during("write", &path)
}

fn await_proceed(connection: BorrowedFd<'_>) -> io::Result<()> {
    let mut bytes = [0; 16];
    let mut fds: [Option<OwnedFd>; MAX_FDS] = Default::default();
    let length = sys::recv_with_fds(connection, &mut bytes, &mut fds)?;
    match bytes.get(..length) {
        Some(PROCEED) => Ok(()),
        _ => Err(io::ErrorKind::ConnectionAborted.into()),
    }
}

/// The supervising side: waits until the launcher is in its namespace, maps what is lent, and lets
/// it go on.
pub(super) fn let_enter(
    connection: &OwnedFd,
    launcher: u32,
    ids: &HostIds,
) -> Result<(), SandboxError> {
    super::launch::receive_reply(connection.as_fd())?;
    if let HostIds::Lent {
        user,
        uids,
        group,
        gids,
    } = ids
    {
        lend("newuidmap", launcher, *user, *uids)?;
        lend("newgidmap", launcher, *group, *gids)?;
    }
    sys::send_with_fds(connection.as_fd(), PROCEED, &[]).set_up("wake", "the launcher")
}

/// Has a launcher enter a user namespace, and go.
///
/// # Errors
/// This host does not let it, or gives it no rights there.
pub(super) fn try_entering(binary: &Path) -> Result<(), SandboxError> {
    let arguments = Arguments {
        // It ends before it looks for that.
        staging: PathBuf::from("/"),
        stage: Stage::EnterOwn,
        stays_in_network: true,
    };
    Launcher::start(binary, &arguments, &HostIds::Own).map(drop)
}

/// Maps root of the namespace to ourselves, and what follows to what is lent to us. That takes a
/// right which these programs have, and they look up what is lent to whom by themselves.
fn lend(program: &'static str, launcher: u32, own: u32, lent: Range) -> Result<(), SandboxError> {
    let numbers = [launcher, 0, own, 1, 1, lent.first, lent.count];
    let output = Process::new(program)
        .args(numbers.map(|number| number.to_string()))
        .env_clear()
        .env("PATH", PROGRAMS)
        .stdin(Stdio::null())
        .output()
        .set_up("start", program)?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    Err(SandboxError::Setting {
        setting: "box_ids",
        reason: format!("{program} refuses: {}", words.trim()),
    })
}
