//! The database that `gavel up` brings along: a private Postgres cluster below the data directory,
//! started and stopped with Gavel. It knows nothing of what is stored.
//!
//! ```text
//! <data_dir>/postgres/            of Postgres' user, mode 0700: the only protection, see below
//!            postgres/data/       the cluster, as initdb makes it
//!            postgres/new/        one that is being made; removed by the next start
//!            postgres/.s.PGSQL.…  the socket
//!            postgres.log         what Postgres says, bounded
//!            postgres.lock        held by Gavel, with its process id
//!            postgres.running     held by every process of Postgres
//! ```
//!
//! There is no password, for a secret that the same files give away protects nothing. Postgres does
//! not listen on TCP, and only its own user and root can reach the socket: the kernel checks the
//! directory's mode. A program in a sandbox sees neither the directory nor the network.
//!
//! However Gavel ends, Postgres follows: asked by [`Cluster::stop`], or by the kernel's signal at the
//! parent's death, which is the same fast shutdown.

mod child;
mod error;
mod locks;
mod log;
mod make;
mod place;
mod process;
mod programs;
mod settings;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::Signal;
use sqlx::{Connection, PgConnection};
use tokio::time::{Instant, sleep, timeout};

pub use child::{Become, become_program};
pub use error::ClusterError;
pub use process::Ended;

use locks::Locks;
use log::Log;
use place::{Directory, Owner};
use process::{Process, Program};
use programs::Programs;

/// Recovery after a crash replays at most `max_wal_size`, which takes seconds.
const MAX_START: Duration = Duration::from_secs(60);
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const MAX_PAUSE: Duration = Duration::from_millis(250);

/// How a stop grows harder: fast (sessions are ended, everything is written), immediate (recovery at
/// the next start), and what cannot be ignored. Data are safe with each.
const STOPS: &[(Signal, Duration)] = &[
    (Signal::SIGINT, Duration::from_secs(30)),
    (Signal::SIGQUIT, Duration::from_secs(5)),
    (Signal::SIGKILL, Duration::from_secs(5)),
];

/// What a cluster needs to know.
#[derive(Debug, Clone)]
pub struct ClusterConfig {
    /// The data directory; the cluster is in `postgres` below it.
    pub data_dir: PathBuf,
    /// The user to run Postgres as, if we are root.
    pub postgres_user: String,
    /// Our own binary, to be executed again.
    pub program: PathBuf,
    /// Where the versions of Postgres are installed side by side, as `<major>/bin`.
    pub installations: PathBuf,
    /// Where Postgres is looked for if not there.
    pub search_path: Vec<PathBuf>,
}

impl ClusterConfig {
    /// A cluster below `data_dir`, with the programs of this machine.
    pub fn new(data_dir: impl Into<PathBuf>, postgres_user: impl Into<String>) -> Self {
        let search_path = std::env::var_os("PATH").unwrap_or_default();
        ClusterConfig {
            data_dir: data_dir.into(),
            postgres_user: postgres_user.into(),
            program: "/proc/self/exe".into(),
            installations: "/usr/lib/postgresql".into(),
            search_path: std::env::split_paths(&search_path).collect(),
        }
    }
}

/// A running cluster. Dropped, it is asked to shut down, but not waited for.
#[derive(Debug)]
pub struct Cluster {
    postgres: Process,
    url: String,
    log: Log,
    /// Last, so that it is let go last.
    _locks: Locks,
}

/// What starting a program needs.
struct Setup<'a> {
    config: &'a ClusterConfig,
    owner: &'a Owner,
    home: &'a Directory,
    log: &'a Log,
    locks: &'a Locks,
}

impl Cluster {
    /// Starts the cluster, made first if there is none, and waits until it accepts connections.
    pub async fn start(config: &ClusterConfig) -> Result<Cluster, ClusterError> {
        let owner = Owner::find(&config.postgres_user)?;
        let data_dir = Arc::new(place::open_data_dir(&config.data_dir, &owner)?);
        settings::refuse_long_path(data_dir.path())?;
        let locks = Locks::take(&data_dir).await?;
        let home = place::open_home(&data_dir, &owner)?;
        let url = settings::url(home.path())?;
        let log = Log::new(data_dir);
        let setup = Setup {
            config,
            owner: &owner,
            home: &home,
            log: &log,
            locks: &locks,
        };

        let programs = setup.open_or_make().await?;
        let args = settings::args(home.path());
        let postgres = setup.start(programs.postgres(), args).await?;
        wait_until_ready(&postgres, &url, &log).await?;
        tracing::info!(data = %home.path().display(), "database started");
        Ok(Cluster {
            postgres,
            url,
            log,
            _locks: locks,
        })
    }

    /// Where to connect to. Holds no secret.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Waits until Postgres has ended by itself.
    pub async fn ended(&self) -> ClusterError {
        let ended = self.postgres.ended().await;
        self.ended_unasked(ended).await
    }

    /// Shuts the cluster down and waits for its end, which is bounded.
    pub async fn stop(self) -> Result<(), ClusterError> {
        if let Some(ended) = self.postgres.has_ended() {
            return Err(self.ended_unasked(ended).await);
        }
        for (signal, patience) in STOPS {
            self.postgres.signal(*signal);
            if let Ok(ended) = timeout(*patience, self.postgres.ended()).await {
                tracing::info!(%ended, "database stopped");
                return Ok(());
            }
            tracing::warn!(signal = signal.as_str(), "the database does not stop");
        }
        Err(ClusterError::StillRunning {
            path: self.log.path(),
            waited_seconds: STOPS.iter().map(|(_, patience)| patience.as_secs()).sum(),
        })
    }

    async fn ended_unasked(&self, ended: Ended) -> ClusterError {
        ClusterError::Ended {
            ended,
            path: self.log.path(),
            log: self.postgres.last_lines().await,
        }
    }
}

impl Setup<'_> {
    /// Starts a program that holds the lock of Postgres.
    async fn start(&self, program: PathBuf, args: Vec<OsString>) -> Result<Process, ClusterError> {
        let stdin = self.locks.stdin().map_err(|source| ClusterError::Spawn {
            program: program.clone(),
            source,
        })?;
        Process::start(self.program(program, args), stdin, self.log.open()?).await
    }

    fn program(&self, program: PathBuf, args: Vec<OsString>) -> Program<'_> {
        Program {
            gavel: &self.config.program,
            owner: self.owner,
            program,
            args,
        }
    }

    fn find_programs(&self, made_by: Option<u32>) -> Result<Programs, ClusterError> {
        Programs::find(self.config, &self.data_path(), made_by)
    }

    fn data_path(&self) -> PathBuf {
        self.home.path().join(settings::DATA)
    }
}

/// Tries to connect until it works. Postgres tells only a service manager when it is ready.
async fn wait_until_ready(postgres: &Process, url: &str, log: &Log) -> Result<(), ClusterError> {
    let end = Instant::now() + MAX_START;
    let mut pause = FIRST_PAUSE;
    loop {
        let attempt = tokio::select! {
            attempt = PgConnection::connect(url) => attempt,
            ended = postgres.ended() => return Err(ClusterError::EndedAtStart {
                ended,
                path: log.path(),
                log: postgres.last_lines().await,
            }),
        };
        match attempt {
            Ok(connection) => {
                // It proved what it should; how it ends does not matter.
                let _ = connection.close().await;
                return Ok(());
            }
            Err(source) if Instant::now() >= end => {
                return Err(ClusterError::NotReady {
                    waited_seconds: MAX_START.as_secs(),
                    path: log.path(),
                    log: postgres.last_lines().await,
                    source,
                });
            }
            Err(_) => sleep(pause).await,
        }
        pause = (pause * 2).min(MAX_PAUSE);
    }
}
