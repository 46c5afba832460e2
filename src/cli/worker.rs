//! `gavel worker`: claims submissions and judges them on this machine.

use tokio_util::sync::CancellationToken;

use super::parts;
use super::roles::Roles;
use crate::config::Config;

/// Arguments of `gavel worker`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  DATABASE_URL=postgres://gavel@db/gavel gavel worker
  gavel worker --slots 4 --log-format json

One worker for each machine: it takes all CPUs unless --slots says otherwise. It refuses to start
where the machine lacks a protection of the sandbox, and names it; --allow-degraded NAME starts it
nevertheless.")]
pub(super) struct Arguments {}

/// Judges until asked to stop.
pub(super) async fn run(config: Config, stop: CancellationToken) -> anyhow::Result<()> {
    let store = parts::open_database(&config, &stop).await?;
    let mut roles = Roles::new(stop, super::stop_timeout(&config));
    roles.start("worker", |stop| parts::work(store, config, stop));
    roles.join().await
}
