//! One claimed submission, from reading it to writing its result.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::Shared;
use super::held::{Ending, HeldRun};
use super::packages::{Blobs, LoadError};
use super::retry::while_unavailable;
use crate::judge::package::{PackageError, Times};
use crate::judge::verdict::Judgement;
use crate::judge::{Cancel, CaseData, Cases, JudgeError, JudgeSlot, Work, in_words};
use crate::store::{Claim, ClaimedCase, ClaimedTests, Lease, LeaseState, ProblemError, StoreError};

/// Pause before a failed attempt is repeated, by any worker.
pub(super) const RETRY_AFTER: Duration = Duration::from_secs(1);

/// How an attempt ended.
enum Attempt {
    Judged(Box<Judgement>),
    /// A failure of ours, in words for the administrator.
    Failed(String),
    /// A failure of the problem's own programs.
    ProblemError(ProblemError),
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
    let (slot, attempt) = attempt(&shared, claim, slot, &run).await;
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
    shared: &Shared,
    claim: Claim,
    slot: JudgeSlot,
    run: &HeldRun<Lease>,
) -> (Option<JudgeSlot>, Attempt) {
    let store = &shared.store;
    let read = while_unavailable(&run.given_up, || store.read_work(&claim)).await;
    let claimed = match read {
        Ok(claimed) => claimed,
        Err(error) => return (Some(slot), Attempt::Failed(in_words(&error))),
    };
    let blobs = Blobs {
        store: store.clone(),
        given_up: run.given_up.clone(),
        runtime: Handle::current(),
    };
    let submission = (claim.language, claimed.files);
    match claimed.tests {
        ClaimedTests::Cases {
            limits,
            checker,
            cases,
        } => {
            let (language, files) = submission;
            let work = Work {
                language,
                files,
                limits,
                checker,
            };
            let cases = StoredCases { blobs, cases };
            on_slot(slot, run, move |slot, cancel| {
                slot.judge(&work, &cases, cancel).into()
            })
            .await
        }
        ClaimedTests::Package { package, limit_ms } => {
            let packages = Arc::clone(&shared.packages);
            on_slot(slot, run, move |slot, cancel| {
                let package = match packages.get(package, &blobs, slot, cancel) {
                    Ok(package) => package,
                    Err(error) => return error.into(),
                };
                let (language, files) = submission;
                let (submission, times) = ((&*language, &files[..]), Times::limit(limit_ms));
                let judged = package.judge(packages.judge(), slot, submission, times, cancel);
                judged.into()
            })
            .await
        }
    }
}

/// Judges on a thread that may block.
async fn on_slot(
    slot: JudgeSlot,
    run: &HeldRun<Lease>,
    judge: impl FnOnce(&mut JudgeSlot, &Cancel) -> Attempt + Send + 'static,
) -> (Option<JudgeSlot>, Attempt) {
    match on_thread(slot, &run.cancel, judge).await {
        Some((slot, judged)) => (Some(slot), judged),
        None => (None, Attempt::Failed(PANICKED.to_owned())),
    }
}

/// What is recorded of a panic; what it says may quote the program, and is not repeated.
pub(super) const PANICKED: &str = "the judge panicked";

/// Works with a slot on a thread that may block; `None` after a panic, which takes the slot.
pub(super) async fn on_thread<T: Send + 'static>(
    mut slot: JudgeSlot,
    cancel: &Cancel,
    work: impl FnOnce(&mut JudgeSlot, &Cancel) -> T + Send + 'static,
) -> Option<(JudgeSlot, T)> {
    let cancel = cancel.clone();
    let working = tokio::task::spawn_blocking(move || {
        let done = work(&mut slot, &cancel);
        (slot, done)
    });
    working.await.ok()
}

impl From<Result<Judgement, JudgeError>> for Attempt {
    fn from(judged: Result<Judgement, JudgeError>) -> Self {
        match judged {
            Ok(judgement) => Attempt::Judged(Box::new(judgement)),
            Err(error) => LoadError::Package(error.into()).into(),
        }
    }
}

impl From<LoadError> for Attempt {
    fn from(error: LoadError) -> Self {
        if let LoadError::Package(PackageError::Judge(JudgeError::Cancelled)) = error {
            return Attempt::Cancelled;
        }
        match error.of_the_problem() {
            Some(error) => Attempt::ProblemError(error),
            None => Attempt::Failed(in_words(&error)),
        }
    }
}

/// Writes how the attempt ended, where this worker still has the right to.
async fn conclude(shared: &Shared, lease: &Lease, attempt: Attempt, run: &HeldRun<Lease>) {
    let store = &shared.store;
    let judgement = match attempt {
        Attempt::Judged(judgement) => judgement,
        Attempt::Failed(cause) if run.ending().is_none() => {
            return fail(shared, lease, &cause, &run.given_up).await;
        }
        Attempt::ProblemError(error) => return hold(shared, lease, &error, run).await,
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

/// The problem has to be mended: its submissions wait, all others go on.
async fn hold(shared: &Shared, lease: &Lease, error: &ProblemError, run: &HeldRun<Lease>) {
    tracing::error!(submission = %lease.submission, cause = error.cause, "problem error");
    let store = &shared.store;
    let held = while_unavailable(&run.given_up, || store.hold_submission(lease, error)).await;
    written(lease, "held", held);
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

/// Test data in the database, read when it is needed: a problem can be larger than memory.
struct StoredCases {
    blobs: Blobs,
    cases: Vec<ClaimedCase>,
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
            input: self.blobs.read(case.input)?,
            answer: case.answer.map(|id| self.blobs.read(id)).transpose()?,
        })
    }
}
