//! Programs that are to be judged, and by what times.

use std::sync::Arc;

use super::Entrant;
use super::known::{self, Fact, Known};
use crate::problem::SourceFile;

/// CPU time that a run may use, and beyond which it is too slow; in milliseconds, before the
/// factors of languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// Where a run is ended.
    pub end_ms: u64,
    /// What decides the verdict; `None` as long as that is not known.
    pub limit_ms: Option<u64>,
    /// Runs that are nearer than so many percent to the limit are repeated alone; 0 for none.
    pub band_percent: u16,
}

impl Times {
    /// The same with other milliseconds for those that it has.
    pub(super) fn map(self, change: impl Fn(u64) -> u64) -> Times {
        Times {
            end_ms: change(self.end_ms),
            limit_ms: self.limit_ms.map(&change),
            ..self
        }
    }

    /// Where a run is ended on the clock, in milliseconds: ample, but nobody who sleeps for ten seconds to be too
    /// slow passes by the usual limits. What the machine starved is repeated.
    pub(super) fn wall_ms(self) -> u64 {
        let of_limit = self.limit_ms.unwrap_or(self.end_ms).saturating_mul(3);
        of_limit
            .saturating_add(3000)
            .max(self.end_ms.saturating_mul(2))
    }

    /// A run is ended where it is too slow.
    pub fn limit(limit_ms: u64) -> Times {
        Times {
            end_ms: limit_ms,
            limit_ms: Some(limit_ms),
            band_percent: 0,
        }
    }
}

/// By what times programs are judged.
#[derive(Clone, Copy)]
pub enum Timing<'a> {
    /// All by the same.
    Given(Times),
    /// Some set the limit for the others.
    Calibrated {
        /// Those that set it run under these.
        first: Times,
        /// The others' by the CPU time of the slowest run of those, in milliseconds.
        then: &'a (dyn Fn(f64) -> Times + Sync),
    },
}

/// A program that is to be judged.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The program.
    pub program: Program,
    /// Which cases are run.
    pub extent: Extent,
    /// Where the limit of others follows from the time that it takes: on which cases.
    pub sets_limit: Option<Vec<bool>>,
    /// Whether it is expected to take long: then it is begun before others, so that nobody waits for it
    /// in the end.
    pub takes_long: bool,
    /// What is known of it, and where what is found is noted.
    pub known: Option<Arc<Known<Fact>>>,
}

/// A program, which may not be compiled yet.
#[derive(Debug, Clone)]
pub enum Program {
    /// It is.
    Compiled(Entrant),
    /// It is not.
    Sources {
        /// Id of its language.
        language: String,
        /// Its files.
        files: Vec<SourceFile>,
    },
}

impl Candidate {
    /// Why its compiler refuses it, where that is known.
    pub(super) fn refusal(&self) -> Option<String> {
        let reason = |fact: &Fact| match fact {
            Fact::Refused(reason) => Some(reason.clone()),
            Fact::Ran { .. } => None,
        };
        self.known.as_ref()?.recall(known::COMPILING, reason)
    }

    /// Whether nothing is known of it.
    pub(super) fn is_unknown(&self) -> bool {
        self.known.as_ref().is_none_or(|known| known.is_empty())
    }

    /// A compiled program that is run as far as that decides.
    pub(super) fn compiled(entrant: Entrant) -> Candidate {
        Candidate {
            program: Program::Compiled(entrant),
            extent: Extent::Deciding,
            sets_limit: None,
            takes_long: false,
            known: None,
        }
    }
}

/// Which cases of a program are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Those that can change its verdict or score.
    Deciding,
    /// All, for whoever wants to know; the verdict and the score are the same.
    All,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_sleeps_for_ten_seconds_is_ended_and_who_works_has_time() {
        let times = |limit_ms: u64, end_ms: u64| Times {
            end_ms,
            ..Times::limit(limit_ms)
        };
        for (times, wall_ms) in [
            (times(1000, 2000), 6000),
            (times(2000, 4000), 9000),
            (times(1000, 4000), 8000),
            (times(10_000, 15_000), 33_000),
            (times(1, 10_000), 20_000),
        ] {
            assert_eq!(times.wall_ms(), wall_ms, "{times:?}");
        }
        let unknown = Times {
            limit_ms: None,
            ..Times::limit(60_000)
        };
        assert_eq!(unknown.wall_ms(), 183_000);
    }
}
