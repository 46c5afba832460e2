//! What a limit, a signal or an exit code is called, in one line for people.

use std::io;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::starved;
use super::verdict::Evidence;
use crate::problem::package::Counted;
use crate::sandbox::{Exit, Limit};

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

/// Names of refused calls that are told.
const MAX_CALLS: usize = 5;

/// Which limit a run exceeded, its value, and what was used.
pub(super) fn of_run_limit(limit: Limit, run: &Evidence<'_>) -> String {
    let (limits, usage) = (run.limits, run.usage);
    match limit {
        Limit::Memory => format!(
            "needed more memory than the limit of {}",
            bytes(limits.memory_bytes)
        ),
        Limit::Cpu => format!(
            "used {} of CPU time; the limit is {}",
            seconds(usage.cpu),
            milliseconds(limits.cpu_ms)
        ),
        Limit::Wall | Limit::Idle => format!(
            "ran for {} on the clock, {} of it on the CPU; the limit on the clock is {}{}",
            seconds(usage.wall),
            seconds(usage.cpu),
            milliseconds(limits.wall_ms),
            starved::remark(usage)
        ),
        Limit::Output => format!(
            "wrote more than the limit of {} to {}",
            bytes(limits.output_bytes),
            match run.counted {
                Counted::StandardOutput => "standard output",
                Counted::Everything => "standard output, standard error and files together",
            }
        ),
    }
}

/// How a program ended by itself.
pub(super) fn of_exit(exit: Exit) -> String {
    match exit {
        Exit::Code(code) => format!("ended with exit code {code}"),
        Exit::Signal(number) => format!("was ended by {}", signal(number)),
    }
}

/// Why a program could not be started.
pub(super) fn of_refused_program(errno: i32, run: &Evidence<'_>) -> String {
    if run.image_bytes > run.limits.memory_bytes {
        return format!(
            "could not be started: the program has {}, and the memory limit is {}",
            bytes(run.image_bytes),
            bytes(run.limits.memory_bytes)
        );
    }
    let error = io::Error::from_raw_os_error(errno);
    format!("could not be started: {error}")
}

/// What the sandbox refused a run, to be added to a reason; empty where it was nothing.
pub(super) fn of_refusals(run: &Evidence<'_>) -> String {
    let mut text = String::new();
    let forks = run.usage.forks_refused;
    if forks > 0 {
        let limit = run.limits.processes;
        text.push_str(&format!(
            "; the limit of {limit} processes was reached {forks} times"
        ));
    }
    if !run.denied_calls.is_empty() {
        let told = run.denied_calls.len().min(MAX_CALLS);
        let more = if told < run.denied_calls.len() {
            " and others"
        } else {
            ""
        };
        let names = run.denied_calls[..told].join(", ");
        text.push_str(&format!("; tried {names}{more}, which the sandbox refuses"));
    }
    text
}

/// A signal by number and name.
fn signal(number: i32) -> String {
    const FIRST_REAL_TIME: i32 = 34;
    match Signal::try_from(number) {
        Ok(signal) => format!("signal {number} ({})", signal.as_str()),
        Err(_) if number >= FIRST_REAL_TIME => {
            format!("signal {number} (SIGRTMIN+{})", number - FIRST_REAL_TIME)
        }
        Err(_) => format!("signal {number}"),
    }
}

/// An amount of bytes, in the largest unit that keeps it readable.
pub(super) fn bytes(amount: u64) -> String {
    match amount {
        MIB.. => format!("{} MiB", decimal(amount as f64 / MIB as f64, 1)),
        KIB.. => format!("{} KiB", decimal(amount as f64 / KIB as f64, 1)),
        _ => format!("{amount} bytes"),
    }
}

/// A time in seconds, to the millisecond.
pub(super) fn seconds(time: Duration) -> String {
    format!("{} s", decimal(time.as_secs_f64(), 3))
}

/// A limit in seconds.
pub(super) fn milliseconds(limit_ms: u64) -> String {
    seconds(Duration::from_millis(limit_ms))
}

/// At most so many decimals, without zeros at the end.
fn decimal(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_have_names() {
        assert_eq!(signal(11), "signal 11 (SIGSEGV)");
        assert_eq!(signal(31), "signal 31 (SIGSYS)");
        assert_eq!(signal(36), "signal 36 (SIGRTMIN+2)");
        assert_eq!(signal(32), "signal 32");
    }

    #[test]
    fn amounts_are_short() {
        assert_eq!(bytes(256 << 20), "256 MiB");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(bytes(7), "7 bytes");
        assert_eq!(milliseconds(2000), "2 s");
        assert_eq!(milliseconds(100_000), "100 s");
        assert_eq!(milliseconds(1), "0.001 s");
    }
}
