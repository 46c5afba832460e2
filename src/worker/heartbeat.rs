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
    let asked = shared.held.leases();
    let (lease, begun) = (shared.config.lease, Instant::now());
    match shared.store.heartbeat(shared.id(), &asked, lease).await {
        Ok(renewed) => {
            *renewed_at = begun;
            shared.held.cancel_lost(&asked, &renewed);
        }
        // After days of silence, as of a suspended machine, everything it held is lost.
        Err(StoreError::UnknownWorker(_)) => {
            shared.held.cancel_all(Ending::LeaseLost);
            if let Err(error) = shared.register_again().await {
                retry::warn(&error, "cannot register again");
            }
        }
        Err(error) => {
            retry::warn(&error, "heartbeat failed");
            if renewed_at.elapsed() >= lease {
                shared.held.cancel_all(Ending::LeaseLost);
            }
        }
    }
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
}
