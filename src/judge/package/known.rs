//! What earlier runs came to, so that nothing is run again that cannot have changed. What a fact depends on
//! is in the digests under which it is known; whoever keeps it sees to that.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::Times;
use crate::judge::CaseRun;
use crate::judge::verdict::{Facts, Verdict};
use crate::sandbox::Limit;

/// Nearer than so many percent to the limit, another run might come to something else.
const CLEAR_PERCENT: u16 = 10;

/// Under this stands what compiling came to: no digest is so short.
pub(super) const COMPILING: &str = "compiling";

/// Facts by digest. They may be asked for and added on any thread.
#[derive(Debug)]
pub struct Known<T> {
    state: Mutex<State<T>>,
}

#[derive(Debug)]
struct State<T> {
    old: HashMap<String, T>,
    new: HashMap<String, T>,
    recalled: usize,
}

impl<T> Default for Known<T> {
    fn default() -> Self {
        Known::of(HashMap::new())
    }
}

impl<T> Known<T> {
    /// Facts of earlier.
    pub fn of(old: HashMap<String, T>) -> Self {
        let (new, recalled) = (HashMap::new(), 0);
        let state = State { old, new, recalled };
        Known {
            state: Mutex::new(state),
        }
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        let state = self.state();
        state.old.is_empty() && state.new.is_empty()
    }

    /// How many answers came from facts of earlier.
    pub fn recalled(&self) -> usize {
        self.state().recalled
    }

    /// Notes a fact.
    pub fn note(&self, key: &str, fact: T) {
        self.state().new.insert(key.to_owned(), fact);
    }

    /// What is made of a fact, where there is one that is of use.
    pub fn recall<U>(&self, key: &str, of_use: impl Fn(&T) -> Option<U>) -> Option<U> {
        let mut state = self.state();
        if let Some(found) = state.new.get(key).and_then(&of_use) {
            return Some(found);
        }
        let found = state.old.get(key).and_then(&of_use)?;
        state.recalled += 1;
        Some(found)
    }

    /// The facts that were added, and whether any of earlier were of use.
    pub fn into_new(self) -> (HashMap<String, T>, bool) {
        let state = self.state.into_inner();
        let state = state.unwrap_or_else(PoisonError::into_inner);
        (state.new, state.recalled > 0)
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A fact of a submission.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Fact {
    /// Its compiler refused it; why.
    Refused(String),
    /// It was run on a case.
    Ran {
        /// Where it would have been ended, in milliseconds of CPU time.
        end_ms: u64,
        /// What came of it.
        run: Box<CaseRun>,
    },
}

impl Fact {
    /// What a run comes to under these times, which are those of the submission's language; `None` where
    /// another one would have to tell.
    pub(super) fn run(&self, times: Times) -> Option<&CaseRun> {
        let Fact::Ran { end_ms, run } = self else {
            return None;
        };
        let facts = run.result.facts.as_ref()?;
        let is_settled = match facts.limit {
            Some(Limit::Cpu) => times.end_ms <= *end_ms && is_over(times, *end_ms as f64),
            _ => is_within(times, facts) && is_under(times, facts),
        };
        is_settled.then_some(&**run)
    }
}

impl CaseRun {
    /// Whether it says the same on another day: what the clock ended does not.
    pub fn is_lasting(&self) -> bool {
        let by_the_clock = [Verdict::WallTimeLimit, Verdict::IdleLimit];
        let limit = self.result.facts.as_ref().and_then(|facts| facts.limit);
        let is_timed = matches!(limit, Some(Limit::Wall | Limit::Idle));
        !is_timed && !by_the_clock.contains(&self.result.verdict)
    }
}

/// Whether it would not have been ended.
fn is_within(times: Times, facts: &Facts) -> bool {
    facts.cpu_ms() < times.end_ms as f64 && facts.wall_ms() < times.wall_ms() as f64
}

/// Whether it is well below the limit, if there is one.
fn is_under(times: Times, facts: &Facts) -> bool {
    let clear = 100 - times.band_percent.max(CLEAR_PERCENT);
    let is_clear = |limit_ms: u64| facts.cpu_ms() * 100.0 < limit_ms as f64 * f64::from(clear);
    times.limit_ms.is_none_or(is_clear)
}

/// Whether it is well above the limit, if there is one.
fn is_over(times: Times, used_ms: f64) -> bool {
    let clear = 100 + times.band_percent.max(CLEAR_PERCENT);
    let is_clear = |limit_ms: u64| used_ms * 100.0 > limit_ms as f64 * f64::from(clear);
    times.limit_ms.is_none_or(is_clear)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::verdict::CaseResult;

    fn fact(end_ms: u64, cpu_ms: u64, limit: Option<Limit>) -> Fact {
        let facts = Facts {
            cpu_ns: cpu_ms * 1_000_000,
            limit,
            ..Facts::default()
        };
        let result = CaseResult {
            facts: Some(facts),
            ..CaseResult::skipped(0, "")
        };
        Fact::Ran {
            end_ms,
            run: Box::new(CaseRun {
                result,
                points: None,
                was_rejected_first: false,
            }),
        }
    }

    fn times(end_ms: u64, limit_ms: Option<u64>) -> Times {
        Times {
            end_ms,
            limit_ms,
            band_percent: 0,
        }
    }

    #[test]
    fn a_run_holds_under_other_limits_as_far_as_it_tells_of_them() {
        let well = fact(2000, 500, None);
        assert!(well.run(times(2000, Some(1000))).is_some());
        assert!(well.run(times(60_000, None)).is_some());
        assert!(well.run(times(600, None)).is_some());
        assert!(well.run(times(500, None)).is_none());
        let ended = fact(2000, 2001, Some(Limit::Cpu));
        assert!(ended.run(times(2000, Some(1000))).is_some());
        assert!(ended.run(times(1500, Some(750))).is_some());
        assert!(ended.run(times(2001, Some(1000))).is_none());
    }

    #[test]
    fn a_run_that_took_its_time_on_the_clock_does_not_hold_where_it_would_have_been_ended() {
        let Fact::Ran { end_ms, mut run } = fact(4000, 500, None) else {
            panic!("no run");
        };
        let facts = run.result.facts.as_mut().expect("facts");
        facts.wall_ns = 8_000_000_000;
        let slow = Fact::Ran { end_ms, run };
        assert!(slow.run(times(4000, Some(2000))).is_some());
        assert!(slow.run(times(2000, Some(1000))).is_none());
    }

    #[test]
    fn a_run_near_the_limit_or_slower_than_it_is_measured_again() {
        for (cpu_ms, band_percent, is_known) in [
            (899, 10, true),
            (901, 10, false),
            (1050, 10, false),
            // Another run might be fast enough.
            (1500, 10, false),
            (899, 20, false),
            (799, 20, true),
            (899, 0, true),
            (901, 0, false),
        ] {
            let times = Times {
                band_percent,
                ..times(2000, Some(1000))
            };
            let run = fact(2000, cpu_ms, None);
            assert_eq!(
                run.run(times).is_some(),
                is_known,
                "{cpu_ms} {band_percent}"
            );
        }
        let at_the_limit = fact(1000, 1001, Some(Limit::Cpu));
        assert!(at_the_limit.run(times(1000, Some(1000))).is_none());
    }

    #[test]
    fn what_the_clock_ended_is_not_kept() {
        for (limit, is_lasting) in [
            (None, true),
            (Some(Limit::Cpu), true),
            (Some(Limit::Memory), true),
            (Some(Limit::Wall), false),
            (Some(Limit::Idle), false),
        ] {
            let Fact::Ran { run, .. } = fact(2000, 500, limit) else {
                panic!("no run");
            };
            assert_eq!(run.is_lasting(), is_lasting, "{limit:?}");
        }
    }

    #[test]
    fn facts_of_earlier_are_counted_and_those_of_now_are_not() {
        let known = Known::of(HashMap::from([("a".to_owned(), 1)]));
        known.note("b", 2);
        let any = |key| known.recall(key, |fact| Some(*fact));
        assert_eq!((any("a"), any("b"), any("c")), (Some(1), Some(2), None));
        assert_eq!(known.recall("a", |_| None::<()>), None);
        assert_eq!(known.recalled(), 1);
        assert_eq!(
            known.into_new(),
            (HashMap::from([("b".to_owned(), 2)]), true)
        );
    }
}
