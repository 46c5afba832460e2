//! A program of Postgres as a child process: started through our own binary, its log kept, its end
//! noticed.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use tokio::sync::{oneshot, watch};

use super::error::ClusterError;
use super::log::{OpenLog, Tail};
use super::place::Owner;

/// A program to run.
#[derive(Debug)]
pub(super) struct Program<'a> {
    /// Our own binary.
    pub(super) gavel: &'a Path,
    pub(super) owner: &'a Owner,
    pub(super) program: PathBuf,
    pub(super) args: Vec<OsString>,
}

/// How a program ended; unknown if somebody else took the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended(Option<ExitStatus>);

impl Ended {
    pub(super) fn is_success(self) -> bool {
        self.0.is_some_and(|status| status.success())
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(status) => status.fmt(f),
            None => f.write_str("for an unknown reason"),
        }
    }
}

/// A running program. Dropped, it is asked to end.
#[derive(Debug)]
pub(super) struct Process {
    /// None once it has ended: then the number may be another's.
    pid: Arc<Mutex<Option<Pid>>>,
    ended: watch::Receiver<Option<Ended>>,
    tail: Tail,
}

impl Process {
    /// Starts a program.
    pub(super) async fn start(
        program: Program<'_>,
        stdin: Stdio,
        log: OpenLog,
    ) -> Result<Process, ClusterError> {
        let path = program.program.clone();
        let cannot = |source| ClusterError::Spawn {
            program: path,
            source,
        };
        let command = command(program, stdin);
        let (tell_started, started) = oneshot::channel();
        // The kernel sends the parent's death signal when the *thread* that made the child ends, and
        // the runtime's threads come and go. This one lives exactly as long as the child.
        let watcher = thread::Builder::new()
            .name("postgres".to_owned())
            .spawn(move || watch_over(command, log, tell_started));
        match watcher {
            Ok(_) => started
                .await
                .unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into())),
            Err(error) => Err(error),
        }
        .map_err(cannot)
    }

    /// Waits for its end.
    pub(super) async fn ended(&self) -> Ended {
        let mut ended = self.ended.clone();
        let end = ended.wait_for(Option::is_some).await;
        end.map_or(Ended(None), |end| end.unwrap_or(Ended(None)))
    }

    /// How it ended, if it has.
    pub(super) fn has_ended(&self) -> Option<Ended> {
        *self.ended.borrow()
    }

    /// Sends a signal, unless it has ended.
    pub(super) fn signal(&self, signal: Signal) {
        let pid = self.pid.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pid) = *pid
            && let Err(error) = kill(pid, signal)
        {
            tracing::warn!(%error, %pid, signal = signal.as_str(), "cannot signal Postgres");
        }
    }

    /// The end of what it wrote.
    pub(super) async fn last_lines(&self) -> String {
        self.tail.last_lines().await
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::SIGINT);
    }
}

/// `gavel internal postgres …`, which `cli::internal` takes apart again.
fn command(program: Program<'_>, stdin: Stdio) -> Command {
    let mut command = Command::new(program.gavel);
    command.args(["internal", "postgres"]);
    command.arg(format!("--parent={}", std::process::id()));
    if program.owner.is_other {
        command.arg(format!("--uid={}", program.owner.uid));
        command.arg(format!("--gid={}", program.owner.gid));
    }
    command.arg("--").arg(program.program).args(program.args);
    // Our environment holds secrets, and settings of other programs such as PGDATA.
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LC_ALL", "C")
        .env("TZ", "UTC");
    command.current_dir("/");
    command
        .stdin(stdin)
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

fn watch_over(
    mut command: Command,
    log: OpenLog,
    tell_started: oneshot::Sender<io::Result<Process>>,
) {
    let tail = Tail::default();
    let started = command
        .spawn()
        .and_then(|child| keep_log(child, log, &tail));
    let mut child = match started {
        Ok(child) => child,
        Err(error) => {
            // Who asked may have gone meanwhile.
            let _ = tell_started.send(Err(error));
            return;
        }
    };
    // What the command holds of the standard input would keep its lock.
    drop(command);
    let raw_pid = Pid::from_raw(child.id().cast_signed());
    let pid = Arc::new(Mutex::new(Some(raw_pid)));
    let (tell_ended, ended) = watch::channel(None);
    let process = Process {
        pid: Arc::clone(&pid),
        ended,
        tail,
    };
    // If who asked has gone, the process is dropped here, and so asked to end.
    let _ = tell_started.send(Ok(process));

    // Looked at first and reaped last: until it is reaped, its number stays its own.
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
    while waitid(Id::Pid(raw_pid), flags) == Err(Errno::EINTR) {}
    *pid.lock().unwrap_or_else(PoisonError::into_inner) = None;
    let _ = tell_ended.send(Some(Ended(child.wait().ok())));
}

/// Copies the log in a thread of its own, which ends with the last process that writes to it.
fn keep_log(mut child: Child, log: OpenLog, tail: &Tail) -> io::Result<Child> {
    if let Some(stderr) = child.stderr.take() {
        let tail = tail.clone();
        thread::Builder::new()
            .name("postgres-log".to_owned())
            .spawn(move || log.copy(stderr, &tail))?;
    }
    Ok(child)
}
