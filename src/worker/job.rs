//! One claimed submission, from reading it to writing its result.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::Shared;
use super::held::{Ending, HeldRun};
use super::retry::while_unavailable;
use crate::judge::verdict::Judgement;
use crate::judge::{CaseData, Cases, JudgeError, JudgeSlot, Work};
use crate::store::{BlobId, Claim, ClaimedCase, Lease, LeaseState, Store, StoreError};

/// Pause before a failed attempt is repeated, by any worker.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// How an attempt ended.
enum Attempt {
    Judged(Box<Judgement>),
    /// A failure of ours, in words for the administrator.
    Failed(String),
    /// By the heartbeat or by a stop.
    Cancelled,
}

/// Judges a claimed submission and writes the result. Gives the slot back, unless a panic took it.
pub(super) async fn judge(shared: Arc<Shared>, claim: Claim, slot: JudgeSlot) -> Option<JudgeSlot> {
    let lease = claim.lease;
    tracing::info!(submission = %lease.submission, attempt = claim.attempt, "judging");
    let run = match shared.held.add(lease) {
        Ok(run) => run,
        Err(error) => {
            let never = CancellationToken::new();
            fail(&shared, &lease, &in_words(&error), &never).await;
            return Some(slot);
        }
    };
    let language = claim.language.clone();
    let (slot, attempt) = attempt(&shared.store, claim, slot, &run).await;
    conclude(&shared, &lease, attempt, &run).await;
    let slot = slot?;
    let prepared = tokio::task::spawn_blocking(move || prepared(slot, &language));
    prepared.await.ok()
}

/// A slot that is ready for the likeliest next submission: one in the same language.
fn prepared(mut slot: JudgeSlot, language: &str) -> JudgeSlot {
    if let Err(error) = slot.prepare_for(language) {
        // It shows again when the slot is needed, and is an attempt's failure then.
        tracing::warn!(error = &error as &dyn Error, "cannot make a box ahead");
    }
    slot
}

async fn attempt(
    store: &Store,
    claim: Claim,
    mut slot: JudgeSlot,
    run: &HeldRun,
) -> (Option<JudgeSlot>, Attempt) {
    let read = while_unavailable(&run.given_up, || store.read_work(&claim)).await;
    let claimed = match read {
        Ok(claimed) => claimed,
        Err(error) => return (Some(slot), Attempt::Failed(in_words(&error))),
    };
    let work = Work {
        language: claim.language,
        files: claimed.files,
        limits: claimed.limits,
        checker: claimed.checker,
    };
    let cases = StoredCases {
        store: store.clone(),
        cases: claimed.cases,
        given_up: run.given_up.clone(),
        runtime: Handle::current(),
    };
    let cancel = run.cancel.clone();
    let judging = tokio::task::spawn_blocking(move || {
        let judged = slot.judge(&work, &cases, &cancel);
        (slot, judged)
    });
    match judging.await {
        Ok((slot, judged)) => (Some(slot), judged.into()),
        // What a panic says may quote the program: it is not repeated here.
        Err(_) => (None, Attempt::Failed("the judge panicked".to_owned())),
    }
}

impl From<Result<Judgement, JudgeError>> for Attempt {
    fn from(judged: Result<Judgement, JudgeError>) -> Self {
        match judged {
            Ok(judgement) => Attempt::Judged(Box::new(judgement)),
            Err(JudgeError::Cancelled) => Attempt::Cancelled,
            Err(error) => Attempt::Failed(in_words(&error)),
        }
    }
}

/// Writes how the attempt ended, where this worker still has the right to.
async fn conclude(shared: &Shared, lease: &Lease, attempt: Attempt, run: &HeldRun) {
    let store = &shared.store;
    let judgement = match attempt {
        Attempt::Judged(judgement) => judgement,
        Attempt::Failed(cause) if run.ending().is_none() => {
            return fail(shared, lease, &cause, &run.given_up).await;
        }
        Attempt::Failed(_) | Attempt::Cancelled => {
            if run.ending() == Some(Ending::Stopping) {
                written(lease, "given back", store.give_back(lease).await);
            }
            return;
        }
    };
    let finished =
        while_unavailable(&run.given_up, || store.finish_submission(lease, &judgement)).await;
    match finished {
        // A result that cannot be stored is a failure of ours like any other.
        Err(error @ StoreError::Internal(_)) => {
            fail(shared, lease, &in_words(&error), &run.given_up).await;
        }
        other => written(lease, "judged", other),
    }
}

async fn fail(shared: &Shared, lease: &Lease, cause: &str, given_up: &CancellationToken) {
    tracing::error!(submission = %lease.submission, cause, "attempt failed");
    let max_attempts = shared.config.max_attempts;
    let failed = while_unavailable(given_up, || {
        shared
            .store
            .fail_attempt(lease, cause, max_attempts, RETRY_AFTER)
    });
    written(lease, "failure recorded", failed.await);
}

/// Whatever was not written is done again: the lease runs out.
fn written(lease: &Lease, what: &'static str, end: Result<LeaseState, StoreError>) {
    let submission = lease.submission;
    match end {
        Ok(LeaseState::Held) => tracing::info!(%submission, what, "attempt ended"),
        Ok(LeaseState::Lost) => not_written(lease, what, "the lease was lost"),
        Err(error) => not_written(lease, what, &in_words(&error)),
    }
}

fn not_written(lease: &Lease, what: &'static str, cause: &str) {
    tracing::warn!(submission = %lease.submission, what, cause, "end of the attempt not written");
}

/// An error with its causes.
fn in_words(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        words.push_str(": ");
        words.push_str(&cause.to_string());
        source = cause.source();
    }
    words
}

/// Test data in the database, read when it is needed: a problem can be larger than memory.
struct StoredCases {
    store: Store,
    cases: Vec<ClaimedCase>,
    given_up: CancellationToken,
    runtime: Handle,
}

impl StoredCases {
    fn read(&self, id: BlobId) -> Result<Arc<[u8]>, StoreError> {
        let read = while_unavailable(&self.given_up, || self.store.read_blob(id));
        // On a thread that may block: judging is.
        self.runtime.block_on(read)
    }
}

impl Cases for StoredCases {
    fn count(&self) -> usize {
        self.cases.len()
    }

    fn name(&self, index: usize) -> &str {
        self.cases.get(index).map_or("", |case| &case.name)
    }

    fn load(&self, index: usize) -> Result<CaseData, Box<dyn Error + Send + Sync>> {
        let case = self.cases.get(index).ok_or("no such test case")?;
        Ok(CaseData {
            input: self.read(case.input)?,
            answer: case.answer.map(|id| self.read(id)).transpose()?,
        })
    }
}
