//! What ended a run, told by evidence: one pure function over what was observed and counted.

use super::blueprint::Blueprint;
use super::cgroup::GroupUsage;
use super::ending::{Evidence, ending};
use super::outcome::{Exit, Limit, Outcome, Report, Usage};
use super::scratch::{Filled, ScratchDir};
use super::spec::Limits;
use super::supervise::Observation;

/// The kernel charges memory in batches of 64 pages for each CPU, so a smaller use cannot be told
/// from none at all.
const CHARGE_BATCH_BYTES: u64 = 256 << 10;

/// What happened, in the words of the public types.
pub(super) fn report(
    observed: Observation,
    usage: &GroupUsage,
    limits: &Limits,
    scratch: ScratchDir,
    filled: Filled,
    blueprint: &Blueprint,
) -> Report {
    let told_of_oom = observed.killed_for == Some(Limit::Memory);
    let outcome = outcome(&observed, usage, limits);
    let memory_bytes = memory(&outcome, usage).max(CHARGE_BATCH_BYTES);
    let evidence = Evidence {
        was_killed: observed.was_killed,
        core: observed.core,
        forks_refused: usage.forks_refused > 0,
        scratch_is_full: filled.is_full,
        denied_calls: &observed.denied_calls,
    };
    Report {
        ending: ending(&outcome, &evidence),
        outcome,
        usage: Usage {
            cpu: usage.cpu,
            wall: observed.wall,
            memory_bytes,
            scratch_bytes: filled.bytes,
            // Told by event we are often quicker than the kernel's own kill.
            oom_kills: usage.oom_kills.max(u64::from(told_of_oom)),
            forks_refused: usage.forks_refused,
            // Read beside the run.
            noise: None,
            instructions: None,
        },
        stdout: observed.stdout,
        stderr: observed.stderr,
        denied_calls: observed.denied_calls,
        degraded: blueprint.degraded.clone(),
        namespaces: blueprint.namespaces.get().cloned().unwrap_or_default(),
        loosened: blueprint.loosened.clone(),
        unenforced: blueprint.unenforced.clone(),
        scratch,
    }
}

/// The peak without page cache, which is charged to whoever reads a file first. A run that ran out
/// of memory was at its limit: the kernel lets page cache go before that.
fn memory(outcome: &Outcome, usage: &GroupUsage) -> u64 {
    match outcome {
        Outcome::LimitHit {
            limit: Limit::Memory,
            ..
        } => usage.memory_bytes,
        _ => usage.memory_bytes.saturating_sub(usage.page_cache_bytes),
    }
}

/// Tells by evidence what ended a run: kernel counters before our own reason for a kill, and
/// never the exit code, which the program chooses.
fn outcome(observed: &Observation, usage: &GroupUsage, limits: &Limits) -> Outcome {
    let died = !matches!(observed.exit, Some(Exit::Code(0)));
    // At the limit without an OOM kill: page cache that could be reclaimed, unless it also died,
    // as a program does whose allocation in the kernel was refused.
    let out_of_memory = usage.oom_kills > 0 || (died && usage.memory_bytes >= limits.memory_bytes);
    let limit = if out_of_memory || observed.killed_for == Some(Limit::Memory) {
        Some(Limit::Memory)
    } else if usage.cpu > limits.cpu {
        Some(Limit::Cpu)
    } else if observed.killed_for.is_none() && observed.wall > limits.wall {
        Some(Limit::Wall)
    } else {
        observed.killed_for
    };
    match (limit, observed.not_executable, observed.exit) {
        (Some(limit), _, exit) => Outcome::LimitHit { limit, exit },
        (None, Some(errno), _) => Outcome::NotExecutable { errno },
        (None, None, Some(exit)) => Outcome::Ended(exit),
        // Without a limit and a status our own kill is the only end left.
        (None, None, None) => Outcome::Ended(Exit::Signal(libc::SIGKILL)),
    }
}
