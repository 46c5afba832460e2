//! Two locks in the data directory. Gavel holds one, so that there is one Gavel to a directory. The
//! processes of Postgres hold the other, as their standard input: it is free when the last of them
//! has ended, whatever killed whom in which order. The kernel lets go of both, so none can be stale.

use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::process::Stdio;
use std::time::Duration;

use super::error::ClusterError;
use super::place::{Directory, cannot};

const OURS: &str = "postgres.lock";
const OF_POSTGRES: &str = "postgres.running";
/// A fast shutdown that is under way, and the checkpoint in it, may take this long.
const MAX_WAIT: Duration = Duration::from_secs(60);
const RETRY: Duration = Duration::from_millis(50);
/// More than a process id has digits.
const MAX_PID_BYTES: u64 = 20;

/// The right to run the cluster of a data directory.
#[derive(Debug)]
pub(super) struct Locks {
    /// Held until closed.
    _ours: File,
    of_postgres: File,
}

impl Locks {
    /// Takes our lock at once or not at all; then waits until what an earlier Gavel left has ended.
    pub(super) async fn take(data_dir: &Directory) -> Result<Locks, ClusterError> {
        let ours = take_ours(data_dir)?;
        let of_postgres = data_dir.open_own_file(OF_POSTGRES)?;
        let end = tokio::time::Instant::now() + MAX_WAIT;
        while !try_lock(&of_postgres, data_dir, OF_POSTGRES)? {
            if tokio::time::Instant::now() >= end {
                return Err(ClusterError::StillRunning {
                    path: data_dir.path().to_owned(),
                    waited_seconds: MAX_WAIT.as_secs(),
                });
            }
            tokio::time::sleep(RETRY).await;
        }
        Ok(Locks {
            _ours: ours,
            of_postgres,
        })
    }

    /// The standard input for a program that shall hold the lock of Postgres.
    pub(super) fn stdin(&self) -> io::Result<Stdio> {
        // A duplicate shares the lock, which ends when the last duplicate is closed.
        Ok(self.of_postgres.try_clone()?.into())
    }
}

fn take_ours(data_dir: &Directory) -> Result<File, ClusterError> {
    let mut ours = data_dir.open_own_file(OURS)?;
    if !try_lock(&ours, data_dir, OURS)? {
        let pid = data_dir.read_text(OURS, MAX_PID_BYTES)?.unwrap_or_default();
        return Err(ClusterError::InUse {
            path: data_dir.path().to_owned(),
            pid: pid.trim().to_owned(),
        });
    }
    let path = data_dir.path().join(OURS);
    ours.set_len(0).map_err(cannot("write the file", &path))?;
    writeln!(ours, "{}", std::process::id()).map_err(cannot("write the file", &path))?;
    Ok(ours)
}

fn try_lock(file: &File, data_dir: &Directory, name: &str) -> Result<bool, ClusterError> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => {
            Err(cannot("lock the file", &data_dir.path().join(name))(error))
        }
    }
}
