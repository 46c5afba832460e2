//! The heartbeat: renews the leases, cancels what was lost, and sets aside what killed its workers.

use std::sync::Arc;
use std::time::Instant;

use tokio_util::sync::CancellationToken;

use super::Shared;
use super::held::Ending;
use super::retry;
use crate::store::StoreError;

/// Beats until `idle` is cancelled: a stopping worker still holds leases.
pub(super) async fn beat(shared: Arc<Shared>, idle: CancellationToken) {
    let mut ticks = tokio::time::interval(shared.config.heartbeat);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut renewed_at = Instant::now();
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = idle.cancelled() => return,
        }
        renew(&shared, &mut renewed_at).await;
        set_aside(&shared).await;
    }
}

/// Renews. When that fails for as long as a lease lasts, all leases are lost: another worker may
/// have them already.
async fn renew(shared: &Shared, renewed_at: &mut Instant) {
    let begun = Instant::now();
    match renew_all(shared).await {
        Ok(()) => *renewed_at = begun,
        // After days of silence, as of a suspended machine, everything it held is lost.
        Err(StoreError::UnknownWorker(_)) => {
            shared.cancel_all(Ending::LeaseLost);
            if let Err(error) = shared.register_again().await {
                retry::warn(&error, "cannot register again");
            }
        }
        Err(error) => {
            retry::warn(&error, "heartbeat failed");
            if renewed_at.elapsed() >= shared.config.lease {
                shared.cancel_all(Ending::LeaseLost);
            }
        }
    }
}

async fn renew_all(shared: &Shared) -> Result<(), StoreError> {
    let lease = shared.config.lease;
    let asked = shared.held.leases();
    let renewed = shared.store.heartbeat(shared.id(), &asked, lease).await?;
    shared.held.cancel_lost(&asked, &renewed);
    let asked = shared.verifying.leases();
    if !asked.is_empty() {
        let renewed = shared.store.renew_verifications(&asked, lease).await?;
        shared.verifying.cancel_lost(&asked, &renewed);
    }
    Ok(())
}

async fn set_aside(shared: &Shared) {
    let max_attempts = shared.config.max_attempts;
    match shared.store.set_aside_exhausted(max_attempts).await {
        Ok(0) => {}
        Ok(count) => tracing::error!(
            count,
            "submissions failed: their workers vanished each time"
        ),
        Err(error) => retry::warn(&error, "cannot look for exhausted submissions"),
    }
    match shared.store.set_aside_verifications(max_attempts).await {
        Ok(0) => {}
        Ok(count) => tracing::error!(count, "verifications failed: their workers vanished"),
        Err(error) => retry::warn(&error, "cannot look for exhausted verifications"),
    }
}
