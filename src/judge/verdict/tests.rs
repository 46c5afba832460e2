//! The table of [`super::decide`].

use std::time::Duration;

use super::*;

const LIMITS: Limits = Limits {
    cpu_ms: 2000,
    wall_ms: 7000,
    memory_bytes: 256 << 20,
    output_bytes: 16 << 20,
    processes: 64,
};

fn usage(cpu_ms: u64, wall_ms: u64) -> Usage {
    Usage {
        cpu: Duration::from_millis(cpu_ms),
        wall: Duration::from_millis(wall_ms),
        ..Usage::default()
    }
}

fn decided(
    outcome: Outcome,
    usage: &Usage,
    denied_calls: &[&str],
    comparison: Option<&Comparison>,
) -> (Verdict, String) {
    let denied_calls: Vec<String> = denied_calls.iter().map(|&c| c.to_owned()).collect();
    let evidence = Evidence {
        outcome: &outcome,
        usage,
        denied_calls: &denied_calls,
        limits: &LIMITS,
        counted: Counted::StandardOutput,
        image_bytes: 1000,
    };
    decide(&evidence, comparison)
}

fn different() -> Comparison {
    Comparison::Different {
        place: "in line 3".to_owned(),
        message: "line 3: expected \"secret\", found \"4\"".to_owned(),
    }
}

fn hit(limit: Limit, exit: Option<Exit>) -> Outcome {
    Outcome::LimitHit { limit, exit }
}

#[test]
fn every_outcome_has_its_verdict() {
    use Verdict::*;
    let (busy, sleepy) = (usage(6900, 7001), usage(20, 7001));
    let calm = usage(100, 120);
    let code = |code| Outcome::Ended(Exit::Code(code));
    let signal = |signal| Outcome::Ended(Exit::Signal(signal));
    let table: &[(Outcome, &Usage, Verdict, &str)] = &[
        (code(0), &calm, Completed, "ended with exit code 0"),
        (code(1), &calm, RuntimeError, "ended with exit code 1"),
        (code(137), &calm, RuntimeError, "ended with exit code 137"),
        (
            signal(6),
            &calm,
            RuntimeError,
            "was ended by signal 6 (SIGABRT)",
        ),
        (
            signal(9),
            &calm,
            RuntimeError,
            "was ended by signal 9 (SIGKILL)",
        ),
        (
            hit(Limit::Cpu, None),
            &usage(2013, 2100),
            TimeLimit,
            "used 2.013 s of CPU time; the limit is 2 s",
        ),
        (
            hit(Limit::Wall, None),
            &busy,
            WallTimeLimit,
            "ran for 7.001 s on the clock, 6.9 s of it on the CPU; the limit on the clock is 7 s",
        ),
        (
            hit(Limit::Wall, None),
            &sleepy,
            IdleLimit,
            "ran for 7.001 s on the clock, 0.02 s of it on the CPU; the limit on the clock is 7 s",
        ),
        (
            hit(Limit::Idle, None),
            &usage(20, 500),
            IdleLimit,
            "ran for 0.5 s on the clock, 0.02 s of it on the CPU; the limit on the clock is 7 s",
        ),
        (
            hit(Limit::Memory, None),
            &calm,
            MemoryLimit,
            "needed more memory than the limit of 256 MiB",
        ),
        (
            hit(Limit::Output, None),
            &calm,
            OutputLimit,
            "wrote more than the limit of 16 MiB to standard output",
        ),
        (
            Outcome::NotExecutable {
                errno: libc::ENOEXEC,
            },
            &calm,
            RuntimeError,
            "could not be started: Exec format error (os error 8)",
        ),
        (
            Outcome::NotExecutable {
                errno: libc::ENOMEM,
            },
            &calm,
            MemoryLimit,
            "could not be started: Cannot allocate memory (os error 12)",
        ),
    ];
    for (outcome, usage, verdict, reason) in table {
        let found = decided(outcome.clone(), usage, &[], None);
        assert_eq!(found, (*verdict, (*reason).to_owned()), "{outcome:?}");
    }
}

#[test]
fn waiting_becomes_working_at_a_tenth_of_the_time() {
    for (cpu_ms, verdict) in [(699, Verdict::IdleLimit), (700, Verdict::WallTimeLimit)] {
        let found = decided(hit(Limit::Wall, None), &usage(cpu_ms, 7000), &[], None);
        assert_eq!(found.0, verdict, "{cpu_ms}");
    }
}

#[test]
fn a_limit_beats_the_end_and_the_end_beats_the_output() {
    let calm = usage(1, 1);
    let comparisons = [None, Some(Comparison::Same), Some(different())];
    let exits = [
        None,
        Some(Exit::Code(0)),
        Some(Exit::Code(1)),
        Some(Exit::Signal(11)),
    ];
    for comparison in &comparisons {
        let comparison = comparison.as_ref();
        for (limit, verdict) in [
            (Limit::Memory, Verdict::MemoryLimit),
            (Limit::Cpu, Verdict::TimeLimit),
            (Limit::Output, Verdict::OutputLimit),
        ] {
            for exit in exits {
                let found = decided(hit(limit, exit), &calm, &[], comparison);
                assert_eq!(found.0, verdict, "{limit:?} {exit:?} {comparison:?}");
            }
        }
        for exit in [Exit::Code(1), Exit::Signal(11)] {
            let found = decided(Outcome::Ended(exit), &calm, &[], comparison);
            assert_eq!(found.0, Verdict::RuntimeError, "{exit:?} {comparison:?}");
        }
    }
}

#[test]
fn the_comparison_decides_about_a_good_end_and_its_reason_keeps_the_answer_secret() {
    let ended = || Outcome::Ended(Exit::Code(0));
    let calm = usage(1, 1);
    let same = decided(ended(), &calm, &[], Some(&Comparison::Same));
    assert_eq!(same, (Verdict::Accepted, "the output is right".to_owned()));
    let (verdict, reason) = decided(ended(), &calm, &[], Some(&different()));
    assert_eq!(verdict, Verdict::WrongAnswer);
    assert_eq!(reason, "the output differs from the answer in line 3");
}

#[test]
fn what_the_sandbox_refused_is_told_unless_all_is_well() {
    let mut crowded = usage(1, 1);
    crowded.forks_refused = 7;
    let refused = ["socket", "ptrace"];
    let ended = |code| Outcome::Ended(Exit::Code(code));
    let (_, reason) = decided(ended(1), &crowded, &refused, None);
    assert_eq!(
        reason,
        "ended with exit code 1; the limit of 64 processes was reached 7 times; \
         tried socket, ptrace, which the sandbox refuses"
    );
    let (_, reason) = decided(ended(0), &crowded, &refused, Some(&Comparison::Same));
    assert_eq!(reason, "the output is right");
    let many = ["a", "b", "c", "d", "e", "f"];
    let (_, reason) = decided(ended(0), &usage(1, 1), &many, Some(&different()));
    assert_eq!(
        reason,
        "the output differs from the answer in line 3; \
         tried a, b, c, d, e and others, which the sandbox refuses"
    );
}

#[test]
fn a_program_larger_than_the_memory_limit_is_a_memory_limit() {
    let outcome = Outcome::NotExecutable {
        errno: libc::ENOEXEC,
    };
    let evidence = Evidence {
        outcome: &outcome,
        usage: &Usage::default(),
        denied_calls: &[],
        limits: &LIMITS,
        counted: Counted::StandardOutput,
        image_bytes: LIMITS.memory_bytes + 1,
    };
    assert_eq!(decide(&evidence, None).0, Verdict::MemoryLimit);
}

#[test]
fn codes_are_those_of_the_api() {
    use crate::problem::package::Expected;

    assert_eq!(code(&Verdict::TimeLimit), "TLE");
    assert_eq!(code(&Expected::RuntimeError), "RTE");
}
