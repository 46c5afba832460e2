//! The seam between the commands and the parts they start: what each part needs from the settings
//! is handed over here and nowhere else.

use std::num::NonZeroU64;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{judging, memory};
use crate::api::{ApiLimits, ApiState, Bound, ConfiguredLanguage, serve};
use crate::cluster::{Cluster, ClusterConfig};
use crate::config::{Config, ConfigError};
use crate::judge::Judge;
use crate::sandbox::{Status, check_host};
use crate::store::{Store, StoreError};
use crate::worker::{self, WorkerConfig};

/// Connections of one process. A worker needs hardly any, an API a few for each CPU; the private
/// cluster of `gavel up` has room for both.
const CONNECTIONS: u32 = 16;
/// Pause between attempts to reach a database that is not there.
const DATABASE_RETRY: Duration = Duration::from_secs(2);
/// Of the time for a graceful stop, what is kept for giving back what still runs.
const GIVING_BACK: Duration = Duration::from_secs(5);

/// A database that this process started, and must shut down when all who use it have ended.
pub(super) struct OwnDatabase(Cluster);

impl OwnDatabase {
    /// Completes when the database ends by itself, and says how.
    pub(super) async fn ended(&self) -> anyhow::Error {
        self.0.ended().await.into()
    }

    /// Shuts the database down and waits for its end.
    pub(super) async fn stop(self) -> anyhow::Result<()> {
        Ok(self.0.stop().await?)
    }
}

/// Connects to the database of the settings, or first starts one of our own below the data
/// directory; then brings the schema up to date.
pub(super) async fn open_or_start_database(
    config: &Config,
    stop: &CancellationToken,
) -> anyhow::Result<(Store, Option<OwnDatabase>)> {
    if config.database_url.is_some() {
        return Ok((open_database(config, stop).await?, None));
    }
    let cluster = ClusterConfig::new(&config.data_dir, &config.postgres_user);
    let cluster = Cluster::start(&cluster).await?;
    match open(&cluster.url()).await {
        Ok(store) => Ok((store, Some(OwnDatabase(cluster)))),
        Err(error) => {
            cluster.stop().await?;
            Err(error.into())
        }
    }
}

/// Connects to the database of the settings, for which it waits, and brings the schema up to date.
pub(super) async fn open_database(
    config: &Config,
    stop: &CancellationToken,
) -> anyhow::Result<Store> {
    let url = config
        .database_url
        .as_ref()
        .ok_or(ConfigError::NoDatabase)?;
    loop {
        match open(url.expose()).await {
            Err(error @ StoreError::Unavailable(_)) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                "cannot reach the database of DATABASE_URL; is it running? Trying again"
            ),
            end => return Ok(end?),
        }
        tokio::select! {
            () = tokio::time::sleep(DATABASE_RETRY) => {}
            () = stop.cancelled() => anyhow::bail!("stopped before the database could be reached"),
        }
    }
}

async fn open(url: &str) -> Result<Store, StoreError> {
    let store = Store::connect(url, CONNECTIONS).await?;
    // Asked first, because whoever may only read and write cannot even look for migrations to run.
    match store.check_schema().await {
        Err(StoreError::SchemaTooOld { found, needed }) => {
            tracing::info!(found, needed, "migrating the database's schema");
            store.migrate().await?;
        }
        other => other?,
    }
    Ok(store)
}

/// Serves the HTTP API until it is asked to stop.
pub(super) async fn serve_api(
    listener: TcpListener,
    store: Store,
    config: Config,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let languages = judging::languages(&config)?;
    let languages = languages.iter().map(|language| ConfiguredLanguage {
        id: language.id.clone(),
        name: language.name.clone(),
        extensions: match language.is_stand_in() {
            true => Vec::new(),
            false => language.extensions.clone(),
        },
    });
    let state = ApiState::new(store, api_limits(&config), languages.collect());
    tracing::info!(address = %listener.local_addr()?, "API ready");
    serve(listener, state, stop.cancelled_owned()).await;
    Ok(())
}

fn api_limits(config: &Config) -> ApiLimits {
    let defaults = ApiLimits::default();
    let up_to = |max: u64, bound: Bound| Bound { max, ..bound };
    let size = |bytes: NonZeroU64| usize::try_from(bytes.get()).unwrap_or(usize::MAX);
    ApiLimits {
        body_bytes: size(config.max_body_bytes),
        archive_bytes: size(config.max_archive_bytes),
        tests: config.max_cases.get() as usize,
        wait_ms: config.max_wait_seconds.get().saturating_mul(1000),
        cpu_ms: up_to(config.max_cpu_ms.get(), defaults.cpu_ms),
        wall_ms: up_to(config.max_wall_ms.get(), defaults.wall_ms),
        memory_bytes: up_to(config.max_memory_bytes.get(), defaults.memory_bytes),
        output_bytes: up_to(config.max_output_bytes.get(), defaults.output_bytes),
        processes: up_to(config.max_processes.get().into(), defaults.processes),
        ..defaults
    }
}

/// Claims and judges until it is asked to stop.
pub(super) async fn work(
    store: Store,
    config: Config,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let (languages, sandbox) = (judging::languages(&config)?, judging::sandbox(&config)?);
    let memory = memory::check(&config);
    if memory.status != Status::Pass {
        tracing::warn!(
            found = memory.found,
            remedy = memory.remedy,
            "{}",
            memory.why
        );
    }
    // Checking runs a program in a box, and opening asks each toolchain for its version.
    let opened = tokio::task::spawn_blocking(move || {
        let mut checks = check_host(&sandbox);
        checks.push(memory);
        let checks = serde_json::to_string(&checks)?;
        anyhow::Ok((checks, Judge::open(languages, &sandbox)?))
    });
    let (checks, judge) = opened.await.context("opening the sandbox panicked")??;
    let settings = WorkerConfig {
        name: config.worker_name.clone(),
        slots: config.slots.get(),
        checks,
        lease: Duration::from_secs(config.lease_seconds.get()),
        heartbeat: Duration::from_secs(config.heartbeat_seconds.get()),
        max_attempts: config.max_attempts.get(),
        grace: super::stop_timeout(&config).saturating_sub(GIVING_BACK),
    };
    Ok(worker::run(store, judge, settings, stop).await?)
}
