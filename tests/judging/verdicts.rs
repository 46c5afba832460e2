//! Each verdict and its reason, and which case decides.

use std::error::Error;
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::{Duration, Instant};

use gavel::judge::verdict::Verdict;
use gavel::judge::{Cancel, CaseData, Cases, JudgeError};
use gavel::problem::Checker;
use gavel::sandbox::NoiseSource;

use crate::support::*;

#[test]
fn a_right_answer_is_accepted_and_its_facts_are_kept() {
    let right = script("echo 42; echo note >&2");
    assert_verdict(&right, Verdict::Accepted, "right");
    let facts = right.facts.expect("facts");
    assert_eq!(
        (facts.exit_code, facts.signal, facts.limit),
        (Some(0), None, None)
    );
    assert_eq!(facts.output_bytes, 3);
    assert!(facts.cpu_ns > 0 && facts.wall_ns > 0 && facts.memory_bytes > 0);
    assert_eq!(
        (&*right.stdout_prefix, &*right.stderr_prefix),
        (&b"42\n"[..], &b"note\n"[..])
    );
}

#[test]
fn a_wrong_answer_tells_the_place_to_all_and_the_answer_to_judges() {
    let wrong = script("echo; echo 41");
    assert_verdict(&wrong, Verdict::WrongAnswer, "in line 2");
    assert!(!wrong.reason.contains("42"), "{}", wrong.reason);
    let message = wrong.checker_message.expect("a message");
    assert_eq!(message, "line 2: expected \"42\", found \"41\"");
}

#[test]
fn the_checker_of_the_work_decides() {
    let mut work = work("bash", "echo 42.0000001");
    assert_verdict(&result(&work), Verdict::WrongAnswer, "");
    work.checker = Checker::Float {
        absolute: 1e-6,
        relative: 0.0,
    };
    assert_verdict(&result(&work), Verdict::Accepted, "");
    work.checker = Checker::Exact;
    assert_verdict(&result(&work), Verdict::WrongAnswer, "byte 3");
}

#[test]
fn a_case_without_an_answer_has_only_to_end_well() {
    let mut cases = cases(&[("", ""), ("", "42")]);
    cases.0[0].1.answer = None;
    let judgement = judged(&work("bash", "echo 42"), &cases);
    let verdicts: Vec<_> = judgement.cases.iter().map(|case| case.verdict).collect();
    assert_eq!(verdicts, [Verdict::Completed, Verdict::Accepted]);
    assert_eq!(judgement.verdict, Verdict::Accepted);
}

#[test]
fn a_busy_loop_is_a_time_limit() {
    let mut work = work("bash", "echo 42; while :; do :; done");
    work.limits.cpu_ms = 300;
    assert_verdict(&result(&work), Verdict::TimeLimit, "the limit is 0.3 s");
}

#[test]
fn who_waits_until_the_limit_on_the_clock_was_idle_and_who_works_was_not() {
    let mut sleeper = work("bash", "echo 42; sleep 30");
    sleeper.limits.wall_ms = 300;
    assert_verdict(&result(&sleeper), Verdict::IdleLimit, "0.3 s");
    let mut worker = work("bash", "while :; do :; done");
    worker.limits.wall_ms = 300;
    assert_verdict(&result(&worker), Verdict::WallTimeLimit, "0.3 s");
}

#[test]
fn who_came_to_the_limit_on_the_clock_while_work_waited_for_a_cpu_is_run_again() {
    // Two for one CPU: one of them always waits.
    let busy = [
        "-c",
        "0",
        "nice",
        "-n",
        "19",
        "sh",
        "-c",
        "while :; do :; done",
    ];
    let load = [0; 2].map(|_| Ended(Command::new("taskset").args(busy).spawn().expect("taskset")));
    let mut sleeper = work("bash", "sleep 30");
    sleeper.limits.wall_ms = 300;
    let started = Instant::now();
    let result = result(&sleeper);
    let elapsed = started.elapsed();
    drop(load);
    assert_eq!(result.verdict, Verdict::IdleLimit);
    let source = result
        .facts
        .and_then(|facts| facts.noise)
        .map(|noise| noise.source);
    // Other kernels tell of the box's own work alone, and that slept.
    let is_repeated = source == Some(NoiseSource::MachinePressure);
    assert_eq!(
        result.reason.ends_with("in each of 3 runs"),
        is_repeated,
        "{}",
        result.reason
    );
    assert!(
        !is_repeated || elapsed >= Duration::from_millis(900),
        "{elapsed:?}"
    );
}

/// A process that is ended with the test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.kill().expect("it is there");
        self.0.wait().expect("its end");
    }
}

#[test]
fn memory_above_the_limit_is_a_memory_limit_whatever_the_exit_code() {
    let mut hog = work(
        "bash",
        "x=$(head -c 100000000 /dev/zero | tr '\\0' x); exit 0",
    );
    hog.limits.memory_bytes = 64 << 20;
    assert_verdict(&result(&hog), Verdict::MemoryLimit, "64 MiB");
}

#[test]
fn output_above_the_limit_is_an_output_limit_even_if_it_begins_right() {
    let mut flood = work("bash", "echo 42; yes ''");
    flood.limits.output_bytes = 1000;
    let result = result(&flood);
    assert_verdict(&result, Verdict::OutputLimit, "1000 bytes");
    assert!(result.stdout_prefix.starts_with(b"42\n"));
}

#[test]
fn a_signal_is_a_runtime_error_by_name() {
    for (script_text, reason) in [
        ("echo 42; kill -SEGV $$", "signal 11 (SIGSEGV)"),
        ("echo 42; kill -ABRT $$", "signal 6 (SIGABRT)"),
        ("echo 42; kill -KILL $$", "signal 9 (SIGKILL)"),
    ] {
        assert_verdict(&script(script_text), Verdict::RuntimeError, reason);
    }
}

#[test]
fn an_exit_code_is_a_runtime_error_even_if_the_output_is_right_or_it_looks_like_a_signal() {
    for code in [1, 137, 139] {
        let result = script(&format!("echo 42; exit {code}"));
        assert_verdict(&result, Verdict::RuntimeError, &format!("exit code {code}"));
        assert_eq!(result.facts.expect("facts").exit_code, Some(code));
    }
}

#[test]
fn abort_and_endless_recursion_in_c_are_signals() {
    let abort = work("c", "#include <stdlib.h>\nint main(void) { abort(); }");
    assert_verdict(&result(&abort), Verdict::RuntimeError, "signal 6 (SIGABRT)");
    let deep = work(
        "c",
        "int f(int n) { volatile char b[64]; b[0] = n; return f(n + 1) + b[0]; }\n\
         int main(void) { return f(0); }",
    );
    assert_verdict(&result(&deep), Verdict::RuntimeError, "signal 11 (SIGSEGV)");
}

#[test]
fn deep_recursion_has_nearly_all_the_memory() {
    let deep = work(
        "c",
        "#include <stdio.h>\nint f(int n) { volatile char b[64]; b[0] = 1; \
         return n ? f(n - 1) + b[0] - b[0] : 42; }\n\
         int main(void) { printf(\"%d\", f(1500000)); }",
    );
    assert_verdict(&result(&deep), Verdict::Accepted, "");
}

#[test]
fn refused_system_calls_are_told() {
    let network = work(
        "python",
        "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_STREAM)",
    );
    assert_verdict(&result(&network), Verdict::RuntimeError, "tried socket");
}

#[test]
fn the_process_limit_is_told() {
    let mut forker = work(
        "bash",
        "for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; exit 1",
    );
    forker.limits.processes = 4;
    assert_verdict(
        &result(&forker),
        Verdict::RuntimeError,
        "limit of 4 processes",
    );
}

#[test]
fn the_first_failing_case_decides_and_the_rest_are_skipped() {
    let program = work("bash", "read x; [ $x = 3 ] && exit 7; echo $x");
    let cases = cases(&[("1", "1"), ("2", "0"), ("3", "3"), ("4", "4")]);
    let judgement = judged(&program, &cases);
    let verdicts: Vec<_> = judgement.cases.iter().map(|case| case.verdict).collect();
    assert_eq!(
        verdicts,
        [
            Verdict::Accepted,
            Verdict::WrongAnswer,
            Verdict::Skipped,
            Verdict::Skipped
        ]
    );
    assert_eq!(judgement.verdict, Verdict::WrongAnswer);
    assert!(
        judgement.reason.starts_with("test case 2: "),
        "{}",
        judgement.reason
    );
    assert!(judgement.cases[3].facts.is_none());
    assert_eq!(judgement.cases[3].ordinal, 3);
}

#[test]
fn one_run_leaves_nothing_to_the_next() {
    let program = work(
        "bash",
        "ls /box /tmp | grep -c left; touch /box/left /tmp/left",
    );
    let judgement = judged(&program, &cases(&[("", "0"), ("", "0"), ("", "0")]));
    assert_eq!(judgement.verdict, Verdict::Accepted, "{}", judgement.reason);
}

/// Cases whose data is gone.
struct Gone;

impl Cases for Gone {
    fn count(&self) -> usize {
        1
    }

    fn name(&self, _: usize) -> &str {
        "lost"
    }

    fn load(&self, _: usize) -> Result<CaseData, Box<dyn Error + Send + Sync>> {
        Err("the blob is not there".into())
    }
}

#[test]
fn failures_of_ours_are_errors_and_no_verdicts() {
    let lost = try_judge(&work("bash", "echo"), &Gone);
    assert!(
        matches!(lost, Err(JudgeError::Data { ref name, .. }) if name == "lost"),
        "{lost:?}"
    );
    let unknown = try_judge(&work("cobol", ""), &cases(&[]));
    assert!(
        matches!(unknown, Err(JudgeError::UnknownLanguage(_))),
        "{unknown:?}"
    );
    let mut odd = work("bash", "");
    odd.files[0].name = "../x.sh".to_owned();
    let odd = try_judge(&odd, &cases(&[]));
    assert!(matches!(odd, Err(JudgeError::File { .. })), "{odd:?}");
}

#[test]
fn a_cancelled_judging_ends_at_once_and_the_slot_stays_usable() {
    let mut slot = slot();
    let cancel = Cancel::new().expect("an eventfd");
    let switch = cancel.clone();
    let sleeper = work("bash", "sleep 30");
    let canceller = std::thread::spawn(move || switch.cancel());
    let cancelled = slot.judge(&sleeper, &cases(&[("", "")]), &cancel);
    canceller.join().expect("the canceller");
    assert!(
        matches!(cancelled, Err(JudgeError::Cancelled)),
        "{cancelled:?}"
    );
    let next = Cancel::new().expect("an eventfd");
    let judgement = slot.judge(&work("bash", "echo 1"), &cases(&[("", "1")]), &next);
    assert_eq!(judgement.expect("a judgement").verdict, Verdict::Accepted);
}

#[test]
fn a_single_run_keeps_all_output_and_compares_nothing_without_an_answer() {
    let mut slot = slot();
    let cancel = Cancel::new().expect("an eventfd");
    let case = CaseData {
        input: Arc::from(&b"x"[..]),
        answer: None,
    };
    let program = work(
        "bash",
        "cat; head -c 100000 /dev/zero; head -c 100000 /dev/zero >&2",
    );
    let run = slot.run(&program, case, &cancel).expect("a run");
    assert_eq!(run.verdict, Verdict::Completed);
    assert_eq!((run.stdout.len(), run.stderr.len()), (100_001, 64 << 10));
    assert!(run.compile.expect("a syntax check").ok);
}
