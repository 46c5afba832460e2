//! Making the cluster, once: beside its place, and moved there when it is complete, so that there is
//! a whole cluster or none.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use super::error::ClusterError;
use super::place::cannot;
use super::process::Process;
use super::programs::Programs;
use super::{Setup, settings};

/// A cluster that is being made.
const NEW: &str = "new";
/// More than a version has digits.
const MAX_VERSION_BYTES: u64 = 16;
const MAX_PID_FILE_BYTES: u64 = 32;

/// What Gavel uses of the cluster: a database, and a role that owns this database and has no other
/// rights, so that nothing that reaches the database reaches its machine.
const BOOTSTRAP: &str = include_str!("bootstrap.sql");

impl Setup<'_> {
    /// Finds the programs for the cluster, which is made if there is none.
    pub(super) async fn open_or_make(&self) -> Result<Programs, ClusterError> {
        self.remove_unfinished()?;
        match self.version()? {
            Some(major) => {
                let programs = self.find_programs(Some(major))?;
                self.remove_stale_pid_file()?;
                Ok(programs)
            }
            None => {
                let programs = self.find_programs(None)?;
                self.make(&programs).await?;
                Ok(programs)
            }
        }
    }

    /// The major version of the cluster, if there is one.
    fn version(&self) -> Result<Option<u32>, ClusterError> {
        let path = self.data_path();
        match fs::symlink_metadata(self.home.inside(settings::DATA)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            found => found.map_err(cannot("examine the directory", &path))?,
        };
        let name = format!("{}/PG_VERSION", settings::DATA);
        let text = self
            .home
            .read_text(&name, MAX_VERSION_BYTES)?
            .unwrap_or_default();
        match text.trim().parse() {
            Ok(major) => Ok(Some(major)),
            Err(_) => Err(ClusterError::VersionUnknown {
                path: path.join("PG_VERSION"),
            }),
        }
    }

    /// Removes what a start that was cut short has left.
    fn remove_unfinished(&self) -> Result<(), ClusterError> {
        match fs::remove_dir_all(self.home.inside(NEW)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(cannot("remove the unfinished", &self.home.path().join(NEW))(error))
            }
            _ => Ok(()),
        }
    }

    /// Removes the file that says which process runs the cluster, if that number is now of a process
    /// that is no Postgres: after a reboot, Postgres would take any process of its user for one
    /// and refuse to start. A Postgres that somebody started by hand is left to Postgres' own check.
    fn remove_stale_pid_file(&self) -> Result<(), ClusterError> {
        let name = format!("{}/postmaster.pid", settings::DATA);
        let text = self
            .home
            .read_text(&name, MAX_PID_FILE_BYTES)?
            .unwrap_or_default();
        let Some(pid) = text
            .lines()
            .next()
            .and_then(|line| line.parse::<u32>().ok())
        else {
            return Ok(());
        };
        match fs::read_to_string(format!("/proc/{pid}/comm")) {
            Ok(program) if program.trim() != "postgres" => fs::remove_file(self.home.inside(&name))
                .map_err(cannot("remove the stale", &self.home.path().join(&name))),
            _ => Ok(()),
        }
    }

    async fn make(&self, programs: &Programs) -> Result<(), ClusterError> {
        tracing::info!(data = %self.data_path().display(), "making the database");
        let new = self.home.path().join(NEW);
        let initdb = self.start(programs.initdb(), initdb_args(&new)).await?;
        finish(initdb, &programs.initdb()).await?;
        self.bootstrap(programs, &new).await?;
        fs::rename(self.home.inside(NEW), self.home.inside(settings::DATA))
            .map_err(cannot("move into place the directory", &new))?;
        self.home.sync()
    }

    /// Runs the bootstrap statements in Postgres' single-user mode, which needs no server.
    async fn bootstrap(&self, programs: &Programs, new: &Path) -> Result<(), ClusterError> {
        let program = programs.postgres();
        let stdin = text_to_read(BOOTSTRAP).map_err(|source| ClusterError::Spawn {
            program: program.clone(),
            source,
        })?;
        let mut args: Vec<OsString> = vec!["--single".into(), "-D".into(), new.into()];
        args.extend(["-c", "exit_on_error=true", "postgres"].map(OsString::from));
        let log = self.log.open()?;
        let single = Process::start(self.program(program.clone(), args), stdin, log).await?;
        finish(single, &program).await
    }
}

fn initdb_args(new: &Path) -> Vec<OsString> {
    let mut args = vec!["-D".into(), new.into()];
    let options = [
        "--username=postgres",
        "--encoding=UTF8",
        // Order by bytes: always there, and unlike a language's order never changed by an upgrade of
        // the C library, which would break indexes.
        "--locale=C",
        "--auth-local=trust",
        "--auth-host=reject",
        "--data-checksums",
    ];
    args.extend(options.map(OsString::from));
    args
}

/// A standard input that says `text`, which must fit into a pipe.
fn text_to_read(text: &str) -> io::Result<std::process::Stdio> {
    let (reader, mut writer) = io::pipe()?;
    writer.write_all(text.as_bytes())?;
    Ok(reader.into())
}

async fn finish(process: Process, program: &Path) -> Result<(), ClusterError> {
    let ended = process.ended().await;
    if ended.is_success() {
        return Ok(());
    }
    Err(ClusterError::Make {
        program: program.to_owned(),
        ended,
        log: process.last_lines().await,
    })
}
