//! Claiming: whenever a slot is free, the next submission is claimed for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::held::Ending;
use super::retry::{self, Pauses};
use super::{Shared, job, make_slots, verification};
use crate::judge::JudgeSlot;
use crate::store::{Claim, QueueWatch, StoreError, VerificationClaim};

/// An idle worker looks at the queue this often, for a notification can be lost, a lease can run
/// out and a retry can become due without one.
const POLL: Duration = Duration::from_secs(1);

/// The slots of a worker: free ones, and jobs that give theirs back at their end.
struct Slots {
    free: Vec<JudgeSlot>,
    /// When verifications were last looked for, and the right to do one.
    looked_at: Instant,
    verifying: Arc<Semaphore>,
    running: JoinSet<Option<JudgeSlot>>,
}

/// Claims and judges until `stop`, then waits for what is running; after the grace time it gives
/// back what still runs.
pub(super) async fn dispatch(shared: &Arc<Shared>, free: Vec<JudgeSlot>, stop: &CancellationToken) {
    let mut slots = Slots {
        free,
        looked_at: Instant::now(),
        verifying: Arc::new(Semaphore::new(1)),
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
        match slots.claim(shared).await {
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

/// What was claimed.
enum Claimed {
    Submission(Claim),
    Verification(VerificationClaim, OwnedSemaphorePermit),
}

async fn claim_submission(shared: &Shared) -> Result<Option<Claim>, StoreError> {
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
    /// Claims a submission, or a verification where none waits; now and then it looks for that first,
    /// however many submissions wait.
    async fn claim(&mut self, shared: &Shared) -> Result<Option<Claimed>, StoreError> {
        let is_due = self.looked_at.elapsed() >= POLL;
        if is_due && let Some(claimed) = self.claim_verification(shared).await? {
            return Ok(Some(claimed));
        }
        match claim_submission(shared).await? {
            Some(claim) => Ok(Some(Claimed::Submission(claim))),
            None => self.claim_verification(shared).await,
        }
    }

    /// A worker has one at a time, for each may take minutes.
    async fn claim_verification(&mut self, shared: &Shared) -> Result<Option<Claimed>, StoreError> {
        let Ok(turn) = Arc::clone(&self.verifying).try_acquire_owned() else {
            return Ok(None);
        };
        self.looked_at = Instant::now();
        let (store, config) = (&shared.store, &shared.config);
        let languages = &shared.languages;
        let claim = store.claim_verification(languages, config.lease, config.max_attempts);
        let claim = claim.await?;
        Ok(claim.map(|claim| Claimed::Verification(claim, turn)))
    }

    /// Starts a job in a free slot.
    fn start(&mut self, shared: &Arc<Shared>, claimed: Claimed) {
        let Some(slot) = self.free.pop() else { return };
        let shared = Arc::clone(shared);
        match claimed {
            Claimed::Submission(claim) => self.running.spawn(job::judge(shared, claim, slot)),
            Claimed::Verification(claim, turn) => self.running.spawn(async move {
                let _turn = turn;
                verification::verify(shared, claim, slot).await
            }),
        };
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
            shared.cancel_all(Ending::Stopping);
            while self.running.join_next().await.is_some() {}
        }
    }
}
