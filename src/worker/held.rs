//! What this worker holds leases for, and the switch that ends each run.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::judge::{Cancel, SandboxError};

/// Why a run was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Another worker has, or will get, the right to the result.
    LeaseLost,
    /// This worker stops; the submission is given back.
    Stopping,
}

#[derive(Debug)]
struct Run {
    cancel: Cancel,
    given_up: CancellationToken,
    ending: Option<Ending>,
}

/// What is being done here, by its lease.
#[derive(Debug)]
pub(super) struct Held<L> {
    runs: Mutex<HashMap<L, Run>>,
}

/// Something that is being done here, until this is dropped: were it forgotten after a panic, its
/// lease would be renewed for ever.
#[derive(Debug)]
pub(super) struct HeldRun<L: AnyLease> {
    held: Arc<Held<L>>,
    lease: L,
    /// Ends the program that runs.
    pub(super) cancel: Cancel,
    /// Cancelled together with `cancel`; for what waits without a program.
    pub(super) given_up: CancellationToken,
}

/// What a lease has to be to be held.
pub(super) trait AnyLease: Copy + Eq + Hash + Debug {}

impl<L: Copy + Eq + Hash + Debug> AnyLease for L {}

impl<L: AnyLease> HeldRun<L> {
    /// Why the run was cancelled, if it was.
    pub(super) fn ending(&self) -> Option<Ending> {
        self.held.lock().get(&self.lease)?.ending
    }
}

impl<L: AnyLease> Drop for HeldRun<L> {
    fn drop(&mut self) {
        self.held.lock().remove(&self.lease);
    }
}

impl<L> Default for Held<L> {
    fn default() -> Self {
        Held {
            runs: Mutex::default(),
        }
    }
}

impl<L: AnyLease> Held<L> {
    /// Adds what was just claimed.
    ///
    /// # Errors
    /// The process is out of descriptors.
    pub(super) fn add(self: &Arc<Self>, lease: L) -> Result<HeldRun<L>, SandboxError> {
        let (cancel, given_up) = (Cancel::new()?, CancellationToken::new());
        let run = Run {
            cancel: cancel.clone(),
            given_up: given_up.clone(),
            ending: None,
        };
        self.lock().insert(lease, run);
        Ok(HeldRun {
            held: Arc::clone(self),
            lease,
            cancel,
            given_up,
        })
    }

    /// Every lease that should be renewed.
    pub(super) fn leases(&self) -> Vec<L> {
        self.lock().keys().copied().collect()
    }

    /// Cancels those of `asked` that are not among `renewed`. What was claimed since the heartbeat
    /// was sent is in neither.
    pub(super) fn cancel_lost(&self, asked: &[L], renewed: &[L]) {
        self.cancel(Ending::LeaseLost, |lease| {
            asked.contains(lease) && !renewed.contains(lease)
        });
    }

    /// Cancels everything.
    pub(super) fn cancel_all(&self, ending: Ending) {
        self.cancel(ending, |_| true);
    }

    fn cancel(&self, ending: Ending, is_meant: impl Fn(&L) -> bool) {
        let mut runs = self.lock();
        let meant = runs.iter_mut().filter(|(lease, _)| is_meant(lease));
        for (lease, run) in meant.filter(|(_, run)| run.ending.is_none()) {
            tracing::warn!(?lease, ?ending, "run cancelled");
            run.ending = Some(ending);
            run.cancel.cancel();
            run.given_up.cancel();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<L, Run>> {
        // Every change is a single insertion, removal or assignment: a panic leaves none half done.
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::store::{Lease, SubmissionId};

    fn lease(number: u128) -> Lease {
        Lease {
            submission: SubmissionId(Uuid::from_u128(number)),
            token: Uuid::from_u128(number + 100),
        }
    }

    fn held(numbers: &[u128]) -> (Arc<Held<Lease>>, Vec<HeldRun<Lease>>) {
        let held = Arc::new(Held::default());
        let runs = numbers
            .iter()
            .map(|number| held.add(lease(*number)).unwrap())
            .collect();
        (held, runs)
    }

    #[test]
    fn only_a_lease_that_was_asked_for_and_not_renewed_is_lost() {
        let (held, runs) = held(&[1, 2, 3]);
        // The third was claimed while the heartbeat was on its way.
        held.cancel_lost(&[lease(1), lease(2)], &[lease(1)]);
        let endings: Vec<_> = runs.iter().map(HeldRun::ending).collect();
        assert_eq!(endings, [None, Some(Ending::LeaseLost), None]);
        let cancelled: Vec<_> = runs.iter().map(|run| run.cancel.is_cancelled()).collect();
        assert_eq!(cancelled, [false, true, false]);
    }

    #[test]
    fn what_ended_is_renewed_no_more() {
        let (held, mut runs) = held(&[1, 2]);
        runs.pop();
        assert_eq!(held.leases(), [lease(1)]);
    }

    #[test]
    fn the_first_reason_of_an_ending_stays() {
        let (held, runs) = held(&[1]);
        held.cancel_all(Ending::LeaseLost);
        held.cancel_all(Ending::Stopping);
        assert!(runs[0].given_up.is_cancelled());
        assert_eq!(runs[0].ending(), Some(Ending::LeaseLost));
    }
}
