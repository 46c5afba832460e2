//! Running roles side by side, API and worker for instance. They stand and fall together: when one
//! ends for whatever reason, the others are asked to stop, for half a Gavel is worse than a restart.

use std::future::Future;
use std::time::Duration;

use anyhow::Context;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

/// The roles of this process.
pub(super) struct Roles {
    tasks: JoinSet<anyhow::Result<()>>,
    stop: CancellationToken,
    stop_timeout: Duration,
}

impl Roles {
    /// No role yet. Cancelling `stop` asks all to stop, which may take `stop_timeout`.
    pub(super) fn new(stop: CancellationToken, stop_timeout: Duration) -> Self {
        Roles {
            tasks: JoinSet::new(),
            stop,
            stop_timeout,
        }
    }

    /// Starts a role. It is expected to end when the token given to it is cancelled.
    pub(super) fn start<F>(&mut self, name: &'static str, role: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let running = role(self.stop.clone());
        self.tasks.spawn(async move {
            let end = running.await.with_context(|| format!("the {name} failed"));
            tracing::info!(role = name, failed = end.is_err(), "role ended");
            end
        });
    }

    /// Waits until every role has ended, and says why the first failing one did. Roles that do not
    /// stop in time are abandoned: their leases run out and their work is done again.
    pub(super) async fn join(mut self) -> anyhow::Result<()> {
        let first = tokio::select! {
            Some(end) = self.tasks.join_next() => flatten(end),
            () = self.stop.cancelled() => Ok(()),
        };
        self.stop.cancel();
        let others = tokio::time::timeout(self.stop_timeout, self.join_rest()).await;
        first.and(others.unwrap_or_else(|_| {
            tracing::warn!(left = self.tasks.len(), "not everything stopped in time");
            Ok(())
        }))
    }

    async fn join_rest(&mut self) -> anyhow::Result<()> {
        let mut result = Ok(());
        while let Some(end) = self.tasks.join_next().await {
            result = result.and(flatten(end));
        }
        result
    }
}

fn flatten(end: Result<anyhow::Result<()>, JoinError>) -> anyhow::Result<()> {
    end.context("a role panicked")?
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    async fn until_stopped(stop: CancellationToken) -> anyhow::Result<()> {
        stop.cancelled().await;
        Ok(())
    }

    #[tokio::test]
    async fn a_failing_role_stops_the_others_and_is_named() {
        let mut roles = Roles::new(CancellationToken::new(), LONG);
        roles.start("api", until_stopped);
        roles.start("worker", async |_| anyhow::bail!("no cgroup"));
        let error = roles.join().await.unwrap_err();
        assert_eq!(format!("{error:#}"), "the worker failed: no cgroup");
    }

    #[tokio::test]
    async fn stopping_ends_every_role_well() {
        let stop = CancellationToken::new();
        let mut roles = Roles::new(stop.clone(), LONG);
        roles.start("api", until_stopped);
        roles.start("worker", until_stopped);
        stop.cancel();
        assert!(roles.join().await.is_ok());
    }

    #[tokio::test]
    async fn a_role_that_panics_is_a_failure() {
        let mut roles = Roles::new(CancellationToken::new(), LONG);
        roles.start("worker", async |_| panic!("bug"));
        assert!(roles.join().await.is_err());
    }

    #[tokio::test]
    async fn a_role_that_does_not_stop_is_abandoned() {
        let stop = CancellationToken::new();
        let mut roles = Roles::new(stop.clone(), Duration::ZERO);
        roles.start("worker", async |_| std::future::pending().await);
        stop.cancel();
        assert!(roles.join().await.is_ok());
    }
}
