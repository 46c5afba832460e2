//! The worker: claims submissions, judges them on this machine and writes the results under their
//! leases. It decides nothing about programs; that is the judge's business.
//!
//! One dispatcher claims for all slots, so that an idle worker asks the database once and not once
//! for each CPU. What is being judged is in `held`: the heartbeat renews it, and cancels what
//! was lost.

mod dispatch;
mod heartbeat;
mod held;
mod job;
mod packages;
mod retry;
mod verification;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::judge::{Judge, JudgeError, JudgeSlot};
use crate::problem::ANSWERS;
use crate::store::{
    Lease, NewWorker, OfferedLanguage, Store, StoreError, VerificationLease, WorkerId,
};
use held::{Ending, Held};
use packages::Packages;

/// Settings of a worker.
#[derive(Debug, Clone)]
pub struct WorkerConfig {
    /// Name in logs and listings.
    pub name: String,
    /// Programs that run at the same time.
    pub slots: u32,
    /// What the check of this machine found, as JSON.
    pub checks: String,
    /// A worker that is silent for this long has lost its submissions.
    pub lease: Duration,
    /// How often leases are renewed; well below `lease`.
    pub heartbeat: Duration,
    /// Attempts at a submission before it is set aside.
    pub max_attempts: u32,
    /// How long a graceful stop lets programs run on before it gives their submissions back.
    pub grace: Duration,
}

/// Why a worker could not start.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The sandbox refused a slot.
    #[error("cannot make slot {number} of {of}")]
    Slot {
        /// Which one, from 1.
        number: u32,
        /// How many were wanted.
        of: u32,
        /// The cause.
        #[source]
        source: JudgeError,
    },
    /// The worker could not be announced.
    #[error("cannot register the worker")]
    Register(#[source] StoreError),
    /// A part of the worker panicked.
    #[error("a part of the worker panicked")]
    Panicked(#[source] tokio::task::JoinError),
}

/// What all parts of a worker share.
#[derive(Debug)]
struct Shared {
    store: Store,
    config: WorkerConfig,
    /// What it says of itself.
    worker: NewWorker,
    /// Another one after the database has forgotten the worker.
    id: Mutex<WorkerId>,
    /// What it claims submissions in.
    languages: Vec<String>,
    held: Arc<Held<Lease>>,
    verifying: Arc<Held<VerificationLease>>,
    packages: Arc<Packages>,
    /// Makes slots anew that were lost to a panic.
    judge: Judge,
}

impl Shared {
    /// Cancels everything that is being done here.
    fn cancel_all(&self, ending: Ending) {
        self.held.cancel_all(ending);
        self.verifying.cancel_all(ending);
    }

    fn id(&self) -> WorkerId {
        *self.id.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Announces the worker anew.
    async fn register_again(&self) -> Result<(), StoreError> {
        let registered = self
            .store
            .register_worker(&self.worker, self.config.lease)
            .await?;
        *self.id.lock().unwrap_or_else(PoisonError::into_inner) = registered;
        Ok(())
    }
}

/// Judges until `stop` is cancelled and what was claimed is finished or given back.
///
/// # Errors
/// Only at the start: later failures are retried, or recorded with the submission they hit.
pub async fn run(
    store: Store,
    judge: Judge,
    config: WorkerConfig,
    stop: CancellationToken,
) -> Result<(), WorkerError> {
    let slots = make_slots(&judge, config.slots).await?;
    let offered = judge.offered().iter().map(|language| OfferedLanguage {
        id: language.id.clone(),
        name: language.name.clone(),
        version: language.version.clone(),
    });
    let worker = NewWorker {
        name: config.name.clone(),
        slots: config.slots,
        languages: offered.collect(),
        degraded: judge.degraded().iter().map(ToString::to_string).collect(),
        checks: config.checks.clone(),
    };
    let id = retry::while_unavailable(&stop, || store.register_worker(&worker, config.lease))
        .await
        .map_err(WorkerError::Register)?;
    tracing::info!(worker = %id, name = config.name, slots = config.slots, "worker ready");
    let shared = Arc::new(Shared {
        languages: claimed_languages(&worker),
        worker,
        held: Arc::default(),
        verifying: Arc::default(),
        packages: Arc::new(Packages::new(judge.clone())),
        judge,
        store,
        config,
        id: Mutex::new(id),
    });
    work(&shared, slots, &stop).await
}

/// What the worker claims: programs in its languages, and answers, which run nowhere.
fn claimed_languages(worker: &NewWorker) -> Vec<String> {
    let offered = worker.languages.iter().map(|language| language.id.clone());
    offered.chain([ANSWERS.to_owned()]).collect()
}

/// Dispatches until stopped, heartbeats until the last job has ended, then says goodbye.
async fn work(
    shared: &Arc<Shared>,
    slots: Vec<JudgeSlot>,
    stop: &CancellationToken,
) -> Result<(), WorkerError> {
    let idle = CancellationToken::new();
    let heart = tokio::spawn(heartbeat::beat(Arc::clone(shared), idle.clone()));
    dispatch::dispatch(shared, slots, stop).await;
    idle.cancel();
    heart.await.map_err(WorkerError::Panicked)?;
    if let Err(error) = shared.store.remove_worker(shared.id()).await {
        // Its entry runs out by itself.
        retry::warn(&error, "cannot sign off");
    }
    Ok(())
}

/// Slots are made on a thread that may block: a launcher is started for each.
async fn make_slots(judge: &Judge, count: u32) -> Result<Vec<JudgeSlot>, WorkerError> {
    let judge = judge.clone();
    let make = move |number| {
        judge.slot().map_err(|source| WorkerError::Slot {
            number,
            of: count,
            source,
        })
    };
    tokio::task::spawn_blocking(move || (1..=count).map(make).collect())
        .await
        .map_err(WorkerError::Panicked)?
}
