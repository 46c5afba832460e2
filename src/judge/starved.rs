//! Runs that the machine itself starved: the clock ran out while work waited for a CPU. That says nothing of
//! a program, so they are repeated. Those that are starved each time count, for somebody has to come to an end.

use std::time::Duration;

use super::reason;
use crate::sandbox::{
    Cancel, Command, Container, Limit, Outcome, Report, SandboxError, Slot, Usage,
};

/// How often a run is done at most.
const MAX_RUNS: usize = 3;

/// Runs a program by itself.
pub(super) fn run(
    slot: &mut Slot,
    container: &Container,
    command: &Command,
    cancel: &Cancel,
) -> Result<Report, SandboxError> {
    unless_starved(
        || slot.run(container, command, cancel),
        |report| were_starved([report]),
    )
}

/// Does something that runs programs, and again where that tells of nothing but the machine.
pub(super) fn unless_starved<T, E>(
    mut run: impl FnMut() -> Result<T, E>,
    was_starved: impl Fn(&T) -> bool,
) -> Result<T, E> {
    for _ in 1..MAX_RUNS {
        let ran = run()?;
        if !was_starved(&ran) {
            return Ok(ran);
        }
        tracing::info!(
            "a run came to its limit on the clock while work waited for a CPU: it is repeated"
        );
    }
    run()
}

/// Whether one of these, which ran together, came to its limit on the clock because of the machine. Each may have
/// waited for what another one did not get.
pub(super) fn were_starved<'a>(reports: impl IntoIterator<Item = &'a Report> + Clone) -> bool {
    let waited = reports
        .clone()
        .into_iter()
        .map(|report| waited(&report.usage));
    let waited = waited.max().unwrap_or_default();
    reports
        .into_iter()
        .any(|report| is_by_clock(&report.outcome) && is_much(waited, &report.usage))
}

/// What is added to the reason of a run that came to its limit on the clock.
pub(super) fn remark(usage: &Usage) -> String {
    let waited = waited(usage);
    if !is_much(waited, usage) {
        return String::new();
    }
    format!(
        "; work waited for a CPU for {} of that, in each of {MAX_RUNS} runs",
        reason::seconds(waited)
    )
}

fn is_by_clock(outcome: &Outcome) -> bool {
    let by_clock = |limit| matches!(limit, Limit::Wall | Limit::Idle);
    matches!(*outcome, Outcome::LimitHit { limit, .. } if by_clock(limit))
}

fn waited(usage: &Usage) -> Duration {
    let waited_ns = usage.noise.map_or(0, |noise| noise.waited_ns);
    Duration::from_nanos(waited_ns)
}

/// Whether it was at least half of the time in which the program did not run, and made a difference.
fn is_much(waited: Duration, usage: &Usage) -> bool {
    let idle = usage.wall.saturating_sub(usage.cpu);
    !waited.is_zero() && waited >= idle / 2 && waited >= usage.wall / 10
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::{Noise, NoiseSource};

    /// A run that came to its limit on the clock, with these milliseconds.
    fn usage(cpu: u64, wall: u64, waited: u64) -> Usage {
        Usage {
            cpu: Duration::from_millis(cpu),
            wall: Duration::from_millis(wall),
            noise: Some(Noise {
                source: NoiseSource::BoxPressure,
                waited_ns: waited * 1_000_000,
            }),
            ..Usage::default()
        }
    }

    #[test]
    fn work_that_waited_for_half_of_the_time_in_which_it_did_not_run_was_starved() {
        for (cpu, wall, waited, is_starved) in [
            (1000, 7000, 3000, true),
            (1000, 7000, 2999, false),
            (0, 7000, 0, false),
            (7000, 7000, 0, false),
            (6900, 7000, 100, false),
            (5600, 7000, 700, true),
        ] {
            let usage = usage(cpu, wall, waited);
            assert_eq!(
                is_much(super::waited(&usage), &usage),
                is_starved,
                "{usage:?}"
            );
            assert_eq!(remark(&usage).is_empty(), !is_starved);
        }
        let unknown = Usage {
            noise: None,
            ..usage(0, 7000, 7000)
        };
        assert_eq!(remark(&unknown), "");
    }

    #[test]
    fn what_is_starved_is_done_three_times_at_most() {
        for (starved, expected) in [(0, 1), (1, 2), (2, 3), (9, 3)] {
            let mut runs = 0;
            let ran = unless_starved(
                || {
                    runs += 1;
                    Ok::<_, ()>(runs)
                },
                |&run| run <= starved,
            );
            assert_eq!(ran, Ok(expected));
        }
    }
}
