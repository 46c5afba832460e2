//! `gavel migrate`: brings the database's schema up to this version, and ends.

use tokio_util::sync::CancellationToken;

use super::parts;
use crate::config::Config;

/// Arguments of `gavel migrate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  DATABASE_URL=postgres://gavel@db/gavel gavel migrate

Safe to run twice, and from several machines at once: the migrations take a lock.")]
pub(super) struct Arguments {}

/// Migrates.
pub(super) async fn run(config: Config, stop: CancellationToken) -> anyhow::Result<()> {
    parts::open_database(&config, &stop).await.map(drop)
}
