//! Claiming: whenever a slot is free, the next submission is claimed for it.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::held::Ending;
use super::retry::{self, Pauses};
use super::{Shared, job, make_slots};
use crate::judge::JudgeSlot;
use crate::store::{Claim, QueueWatch, StoreError};

/// An idle worker looks at the queue this often, for a notification can be lost, a lease can run
/// out and a retry can become due without one.
const POLL: Duration = Duration::from_secs(1);

/// The slots of a worker: free ones, and jobs that give theirs back at their end.
struct Slots {
    free: Vec<JudgeSlot>,
    running: JoinSet<Option<JudgeSlot>>,
}

/// Claims and judges until `stop`, then waits for what is running; after the grace time it gives
/// back what still runs.
pub(super) async fn dispatch(shared: &Arc<Shared>, free: Vec<JudgeSlot>, stop: &CancellationToken) {
    let mut slots = Slots {
        free,
        running: JoinSet::new(),
    };
    let mut queue = shared.store.watch_queue();
    let mut pauses = Pauses::new();
    while !stop.is_cancelled() {
        slots.restore(shared).await;
        if slots.free.is_empty() {
            slots.until_something(stop, std::future::pending()).await;
            continue;
        }
        // Awaited to its end whatever else happens: a claim must not be dropped half made.
        match claim(shared).await {
            Ok(Some(claim)) => {
                pauses = Pauses::new();
                slots.start(shared, claim);
            }
            Ok(None) => {
                pauses = Pauses::new();
                slots.until_something(stop, until_queued(&mut queue)).await;
            }
            Err(error) => {
                retry::warn(&error, "cannot claim, trying again");
                slots.until_something(stop, pauses.wait()).await;
            }
        }
    }
    slots.finish(shared).await;
}

async fn claim(shared: &Shared) -> Result<Option<Claim>, StoreError> {
    let config = &shared.config;
    shared
        .store
        .claim_next_submission(
            shared.id(),
            &shared.languages,
            config.lease,
            config.max_attempts,
        )
        .await
}

async fn until_queued(queue: &mut QueueWatch) {
    // Either way the queue is looked at next.
    let _ = tokio::time::timeout(POLL, queue.changed()).await;
}

impl Slots {
    /// Starts a job in a free slot.
    fn start(&mut self, shared: &Arc<Shared>, claim: Claim) {
        if let Some(slot) = self.free.pop() {
            self.running
                .spawn(job::judge(Arc::clone(shared), claim, slot));
        }
    }

    /// Waits for `event`, the end of a job, or `stop`.
    async fn until_something(&mut self, stop: &CancellationToken, event: impl Future<Output = ()>) {
        tokio::select! {
            () = event => {}
            Some(ended) = self.running.join_next() => self.take_back(ended),
            () = stop.cancelled() => {}
        }
    }

    fn take_back(&mut self, ended: Result<Option<JudgeSlot>, JoinError>) {
        match ended {
            Ok(slot) => self.free.extend(slot),
            // Its lease runs out, and the submission is judged again.
            Err(error) => tracing::error!(%error, "a job panicked"),
        }
    }

    /// Makes the slots anew that were lost to a panic.
    async fn restore(&mut self, shared: &Shared) {
        while let Some(ended) = self.running.try_join_next() {
            self.take_back(ended);
        }
        let there = self.free.len() + self.running.len();
        let missing = (shared.config.slots as usize).saturating_sub(there);
        if missing > 0 {
            match make_slots(&shared.judge, missing as u32).await {
                Ok(made) => self.free.extend(made),
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(error, missing, "cannot make slots anew");
                }
            }
        }
    }

    /// Lets jobs run to their end for the grace time, then gives them back.
    async fn finish(mut self, shared: &Shared) {
        let grace = shared.config.grace;
        let all_ended = async { while self.running.join_next().await.is_some() {} };
        if tokio::time::timeout(grace, all_ended).await.is_err() {
            shared.held.cancel_all(Ending::Stopping);
            while self.running.join_next().await.is_some() {}
        }
    }
}
