//! The seam between the commands and the parts they start: what each part needs from the settings
//! is handed over here and nowhere else.

use std::ffi::OsString;

use anyhow::bail;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::store::Store;

/// A database that this process started, and must shut down when all who use it have ended.
pub(super) struct OwnDatabase;

impl OwnDatabase {
    /// Shuts the database down and waits for its end.
    pub(super) async fn stop(self) -> anyhow::Result<()> {
        Ok(())
    }
}

/// Connects to the database of the settings, or first starts one of our own below the data
/// directory; then brings the schema up to date.
pub(super) async fn open_or_start_database(
    _config: &Config,
) -> anyhow::Result<(Store, Option<OwnDatabase>)> {
    bail!("this build has no database")
}

/// Connects to the database of the settings.
pub(super) async fn open_database(_config: &Config) -> anyhow::Result<Store> {
    bail!("this build has no database")
}

/// Brings the schema of the database up to this version.
pub(super) async fn migrate(_config: &Config) -> anyhow::Result<()> {
    bail!("this build has no database")
}

/// Serves the HTTP API until it is asked to stop.
pub(super) async fn serve_api(
    _listener: TcpListener,
    _store: Store,
    _config: Config,
    _stop: CancellationToken,
) -> anyhow::Result<()> {
    bail!("this build has no API")
}

/// Claims and judges until it is asked to stop.
pub(super) async fn work(
    _store: Store,
    _config: Config,
    _stop: CancellationToken,
) -> anyhow::Result<()> {
    bail!("this build has no worker")
}

/// Becomes a Postgres program of the cluster that `gavel up` keeps.
pub(super) fn exec_postgres(_args: &[OsString]) -> anyhow::Result<()> {
    bail!("this build has no database")
}
