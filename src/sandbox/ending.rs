//! How a run ended, in one value that can be shown or stored: the outcome, made more exact by what
//! the kernel refused before the end.

use serde::Serialize;

use super::outcome::{Exit, Limit, Outcome};

/// How a run ended.
///
/// That a program died after a refusal does not prove that it died of it; but who asks why it died
/// wants to hear of the refusal. [`Outcome`] says only what is certain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Ending {
    /// It exited with this code, which it chose.
    Exited {
        /// The code.
        code: i32,
    },
    /// It was ended by this signal.
    Signalled {
        /// The signal.
        signal: i32,
        /// Whether a core was dumped.
        core: bool,
    },
    /// It was ended because of a budget, or died after it could not exceed it.
    LimitHit {
        /// The budget.
        limit: Budget,
    },
    /// It died after a system call was refused, or was killed for one.
    BlockedCall {
        /// The last call that was newly refused; unknown where the filter itself kills.
        name: Option<String>,
    },
    /// The kernel would not execute it.
    NotExecutable {
        /// The errno of execve.
        errno: i32,
    },
    /// Its owner killed it.
    Killed,
}

/// Every budget of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Budget {
    /// CPU time of the process tree.
    Cpu,
    /// Time on the clock.
    Wall,
    /// Time without any CPU use.
    Idle,
    /// Memory of the process tree.
    Memory,
    /// Bytes on standard output.
    Output,
    /// Processes and threads.
    Processes,
    /// Scratch files, all together or one of them.
    Disk,
}

impl From<Limit> for Budget {
    fn from(limit: Limit) -> Self {
        match limit {
            Limit::Cpu => Budget::Cpu,
            Limit::Wall => Budget::Wall,
            Limit::Idle => Budget::Idle,
            Limit::Memory => Budget::Memory,
            Limit::Output => Budget::Output,
        }
    }
}

/// What was found besides the outcome.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Evidence<'a> {
    /// The owner killed it.
    pub was_killed: bool,
    /// A core was dumped.
    pub core: bool,
    /// The process limit refused forks.
    pub forks_refused: bool,
    /// The scratch file system is full.
    pub scratch_is_full: bool,
    /// Calls that were refused.
    pub denied_calls: &'a [String],
}

/// Tells how a run ended.
pub(super) fn ending(outcome: &Outcome, evidence: &Evidence<'_>) -> Ending {
    let exit = match outcome {
        _ if evidence.was_killed => return Ending::Killed,
        Outcome::LimitHit { limit, .. } => {
            return Ending::LimitHit {
                limit: (*limit).into(),
            };
        }
        Outcome::NotExecutable { errno } => return Ending::NotExecutable { errno: *errno },
        Outcome::Ended(exit) => *exit,
    };
    let last_denied = evidence.denied_calls.last().cloned();
    match exit {
        Exit::Code(0) => Ending::Exited { code: 0 },
        Exit::Signal(libc::SIGSYS) => Ending::BlockedCall { name: last_denied },
        Exit::Signal(libc::SIGXFSZ) => Ending::LimitHit {
            limit: Budget::Disk,
        },
        _ if evidence.forks_refused => Ending::LimitHit {
            limit: Budget::Processes,
        },
        _ if evidence.scratch_is_full => Ending::LimitHit {
            limit: Budget::Disk,
        },
        _ if last_denied.is_some() => Ending::BlockedCall { name: last_denied },
        Exit::Code(code) => Ending::Exited { code },
        Exit::Signal(signal) => Ending::Signalled {
            signal,
            core: evidence.core,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_good_end_stays_good_whatever_was_refused() {
        let denied = ["flock".to_owned()];
        let evidence = Evidence {
            forks_refused: true,
            scratch_is_full: true,
            denied_calls: &denied,
            ..Evidence::default()
        };
        let good = Outcome::Ended(Exit::Code(0));
        assert_eq!(ending(&good, &evidence), Ending::Exited { code: 0 });
    }

    #[test]
    fn codes_that_look_like_something_else_are_codes() {
        for code in [125, 126, 127, 137, 159] {
            let outcome = Outcome::Ended(Exit::Code(code));
            assert_eq!(
                ending(&outcome, &Evidence::default()),
                Ending::Exited { code }
            );
        }
    }
}
