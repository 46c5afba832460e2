//! Retrying what failed only because the database could not be reached.

use std::future::Future;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::store::StoreError;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Growing pauses between attempts.
#[derive(Debug)]
pub(super) struct Pauses(Duration);

impl Pauses {
    /// Starts short.
    pub(super) fn new() -> Self {
        Pauses(FIRST_PAUSE)
    }

    /// Waits; the next wait is twice as long, up to a bound.
    pub(super) async fn wait(&mut self) {
        tokio::time::sleep(self.0).await;
        self.0 = (self.0 * 2).min(LONGEST_PAUSE);
    }
}

/// Logs a failure that is tried again or does no harm.
pub(super) fn warn(error: &StoreError, what: &str) {
    tracing::warn!(error = error as &dyn std::error::Error, "{what}");
}

/// Repeats an operation until the database answers, or until `give_up` is cancelled: then the last
/// error is returned.
pub(super) async fn while_unavailable<T, F>(
    give_up: &CancellationToken,
    mut operation: impl FnMut() -> F,
) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let mut pauses = Pauses::new();
    loop {
        match operation().await {
            Err(error @ StoreError::Unavailable(_)) => {
                warn(&error, "the database is unavailable, trying again");
                tokio::select! {
                    () = pauses.wait() => {}
                    () = give_up.cancelled() => return Err(error),
                }
            }
            end => return end,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unavailable() -> StoreError {
        StoreError::Unavailable(sqlx::Error::PoolTimedOut)
    }

    #[tokio::test(start_paused = true)]
    async fn an_operation_is_repeated_until_the_database_is_back() {
        let (mut calls, never) = (0, CancellationToken::new());
        let end = while_unavailable(&never, || {
            calls += 1;
            let call = calls;
            async move {
                if call < 4 {
                    Err(unavailable())
                } else {
                    Ok(call)
                }
            }
        });
        assert_eq!(end.await.unwrap(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_when_nobody_wants_it_any_more() {
        let give_up = CancellationToken::new();
        give_up.cancel();
        let end = while_unavailable::<(), _>(&give_up, async || Err(unavailable())).await;
        assert!(matches!(end, Err(StoreError::Unavailable(_))));
    }
}
