//! One claimed verification of a package, from reading it to writing its report. Its progress is noted
//! while it runs, but not for every run of a program.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;

use super::Shared;
use super::held::{Ending, HeldRun};
use super::job::{PANICKED, RETRY_AFTER, on_thread};
use super::packages::{Blobs, LoadError, load};
use super::retry::{self, while_unavailable};
use crate::judge::package::{Extent, PackageError};
use crate::judge::{Cancel, Judge, JudgeError, JudgeSlot, in_words};
use crate::store::{
    LeaseState, StoreError, StoredPackage, VerificationClaim, VerificationEnd, VerificationLease,
    VerificationProgress,
};
use crate::verify::{BAND_PERCENT, Cache, Report, Verifier};

/// Progress is written at most this often.
const NOTE_EVERY: Duration = Duration::from_millis(300);

/// Verifies and writes the report. Gives the slot back, unless a panic took it.
pub(super) async fn verify(
    shared: Arc<Shared>,
    claim: VerificationClaim,
    slot: JudgeSlot,
) -> Option<JudgeSlot> {
    let lease = claim.lease;
    tracing::info!(?lease, "verifying");
    let run = match shared.verifying.add(lease) {
        Ok(run) => run,
        // The lease runs out, and it is tried again.
        Err(error) => {
            tracing::error!(error = in_words(&error), "cannot verify");
            return Some(slot);
        }
    };
    let (slot, end) = attempt(&shared, &claim, slot, &run).await;
    log_end(&lease, conclude(&shared, &lease, end, &run).await);
    slot
}

/// Writes how the attempt ended, where this worker still has the right to.
async fn conclude(
    shared: &Shared,
    lease: &VerificationLease,
    end: Result<VerificationEnd, String>,
    run: &HeldRun<VerificationLease>,
) -> Result<LeaseState, StoreError> {
    let store = &shared.store;
    let max_attempts = shared.config.max_attempts;
    match (&end, run.ending()) {
        (Ok(end), _) => {
            while_unavailable(&run.given_up, || store.finish_verification(lease, end)).await
        }
        (Err(_), Some(Ending::LeaseLost)) => Ok(LeaseState::Lost),
        (Err(_), Some(Ending::Stopping)) => store.give_back_verification(lease).await,
        (Err(cause), None) => {
            while_unavailable(&run.given_up, || {
                store.fail_verification(lease, cause, max_attempts, RETRY_AFTER)
            })
            .await
        }
    }
}

fn log_end(lease: &VerificationLease, written: Result<LeaseState, StoreError>) {
    match written {
        Ok(LeaseState::Held) => tracing::info!(?lease, "verification ended"),
        Ok(LeaseState::Lost) => tracing::warn!(?lease, "end of a verification not written"),
        Err(error) => retry::warn(&error, "end of a verification not written"),
    }
}

/// What it came to, or what failed on our side.
async fn attempt(
    shared: &Shared,
    claim: &VerificationClaim,
    slot: JudgeSlot,
    run: &HeldRun<VerificationLease>,
) -> (Option<JudgeSlot>, Result<VerificationEnd, String>) {
    let blobs = Blobs {
        store: shared.store.clone(),
        given_up: run.given_up.clone(),
        runtime: Handle::current(),
    };
    let (progress, noted) = watch::channel(None);
    let (package, judge) = (claim.package, shared.judge.clone());
    let verifying = on_thread(slot, &run.cancel, move |slot, cancel| {
        report(package, &blobs, (&judge, slot), &progress, cancel)
    });
    let (verified, ()) = tokio::join!(verifying, note(shared, &claim.lease, noted));
    match verified {
        Some((slot, end)) => (Some(slot), end),
        None => (None, Err(PANICKED.to_owned())),
    }
}

fn report(
    package: StoredPackage,
    blobs: &Blobs,
    (judge, slot): (&Judge, &mut JudgeSlot),
    progress: &watch::Sender<Option<VerificationProgress>>,
    cancel: &Cancel,
) -> Result<VerificationEnd, String> {
    let verified = load(package, blobs).and_then(|package| {
        let mut verifier = Verifier {
            languages: judge.languages(),
            judge,
            slots: std::slice::from_mut(slot),
            only: None,
            extent: Extent::Deciding,
            band_percent: BAND_PERCENT,
            draws: false,
            cache: &Cache::none(),
            cancel,
        };
        let tell = |step: &str, done: usize, total: usize| {
            progress.send_replace(Some(VerificationProgress {
                step: step.to_owned(),
                done: done as u64,
                total: total as u64,
            }));
        };
        Ok(verifier.verify(Arc::new(package), &tell)?)
    });
    let verification = match verified {
        Ok(verification) => verification,
        Err(LoadError::Package(PackageError::Judge(JudgeError::Cancelled))) => {
            return Err("it was cancelled".to_owned());
        }
        Err(error) => {
            let of_problem = error.of_the_problem().map(VerificationEnd::Problem);
            return of_problem.ok_or_else(|| in_words(&error));
        }
    };
    let report = serde_json::to_string(&Report::of(&verification));
    Ok(VerificationEnd::Report {
        ok: verification.is_ok(),
        report: report.map_err(|error| in_words(&error))?,
        limit_ms: verification
            .time
            .has_reason()
            .then_some(verification.time.limit_ms),
    })
}

/// Writes progress until there is no more.
async fn note(
    shared: &Shared,
    lease: &VerificationLease,
    mut noted: watch::Receiver<Option<VerificationProgress>>,
) {
    while noted.changed().await.is_ok() {
        let progress = noted.borrow_and_update().clone();
        if let Some(progress) = progress
            && let Err(error) = shared.store.note_progress(lease, &progress).await
        {
            retry::warn(&error, "cannot note progress");
        }
        tokio::time::sleep(NOTE_EVERY).await;
    }
}
