//! `gavel up`: API, worker and database in one process, for one machine.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::listen::listen;
use super::roles::Roles;
use super::{parts, sample};
use crate::config::Config;

/// Arguments of `gavel up`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gavel up
  gavel up --sample
  gavel up --listen 127.0.0.1:9090 --data-dir /tmp/gavel    a second one beside the first
  DATABASE_URL=postgres://gavel@db/gavel gavel up           with a database of yours

Without a database URL, Gavel starts a Postgres of its own below the data directory. It needs the
Postgres programs to be installed, not a running server, and stops with Gavel. The first Ctrl-C
finishes what is running, the second stops at once; what was submitted is kept either way.")]
pub(super) struct Arguments {
    /// Submit a sample program through the API, print its verdict, and keep serving
    #[arg(long)]
    sample: bool,
}

/// How long connections to a database of our own may take to end: one that is still used then is cut off.
const CLOSING: Duration = Duration::from_secs(1);

/// Runs everything until asked to stop.
pub(super) async fn run(
    arguments: Arguments,
    config: Config,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    // First, for a taken port is the likeliest mistake and the database takes a while to start.
    let listener = listen(config.listen).await?;
    let address = listener.local_addr()?;
    let (store, own_database) = parts::open_or_start_database(&config, &stop).await?;

    let mut roles = Roles::new(stop.clone(), super::stop_timeout(&config));
    let (for_api, api_config, for_the_end) = (store.clone(), config.clone(), store.clone());
    roles.start("API", |stop| {
        parts::serve_api(listener, for_api, api_config, stop)
    });
    roles.start("worker", |stop| parts::work(store, config, stop));
    if arguments.sample {
        roles.start("sample", |stop| show_sample(address, stop));
    }
    let Some(database) = own_database else {
        return roles.join().await;
    };
    let mut joined = pin!(roles.join());
    let end = tokio::select! {
        end = &mut joined => end,
        error = database.ended() => {
            stop.cancel();
            // Whatever the others say without a database, this is why.
            let _ = joined.await;
            Err(error)
        }
    };
    // So that the database ends no connection that somebody takes for a failure.
    let _ = tokio::time::timeout(CLOSING, for_the_end.close()).await;
    // Last, and also after a failure: the others still write to it while they stop.
    end.and(database.stop().await)
}

/// Shows the sample, then waits with the other roles. Its failure is shown and stops nothing: the
/// API is there to look at what happened.
async fn show_sample(address: SocketAddr, stop: CancellationToken) -> anyhow::Result<()> {
    tokio::select! {
        judged = sample::submit(address) => match judged {
            Ok(verdict) => write!(io::stdout(), "{verdict}\n\n{}", sample::next_steps(address))?,
            Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "sample failed"),
        },
        () = stop.cancelled() => return Ok(()),
    }
    stop.cancelled().await;
    Ok(())
}
