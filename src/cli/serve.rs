//! `gavel serve`: the HTTP API alone. It runs no programs and needs no rights.

use tokio_util::sync::CancellationToken;

use super::listen::listen;
use super::parts;
use super::roles::Roles;
use crate::config::Config;

/// Arguments of `gavel serve`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  DATABASE_URL=postgres://gavel@db/gavel gavel serve
  gavel serve --listen 0.0.0.0:8080 --config /etc/gavel/gavel.toml

An older schema is brought up to this version first; several processes may start at once.")]
pub(super) struct Arguments {}

/// Serves until asked to stop.
pub(super) async fn run(config: Config, stop: CancellationToken) -> anyhow::Result<()> {
    let listener = listen(config.listen).await?;
    let store = parts::open_database(&config, &stop).await?;
    let mut roles = Roles::new(stop, super::stop_timeout(&config));
    roles.start("API", |stop| {
        parts::serve_api(listener, store, config, stop)
    });
    roles.join().await
}
