//! Processes of a submission that talk with a manager, as in CMS.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gavel::judge::verdict::{CaseResult, Verdict};
use gavel::judge::{Cancel, CaseData, CaseRun, JudgeError, JudgeSlot, Validator};
use gavel::problem::package::{Channel, Communication};
use gavel::problem::{Limits, Protocol};

use crate::interacting::script;
use crate::packages::Bench;
use crate::support::{LIMITS, assert_verdict, slot};

const SHORT: Limits = Limits {
    cpu_ms: 300,
    wall_ms: 3000,
    output_bytes: 100_000,
    ..LIMITS
};

fn run(how: (u32, Channel), submission: &str, manager: &str) -> Result<CaseRun, JudgeError> {
    run_on(&mut slot(), how, submission, manager)
}

fn run_on(
    slot: &mut JudgeSlot,
    (processes, channel): (u32, Channel),
    submission: &str,
    manager: &str,
) -> Result<CaseRun, JudgeError> {
    let submission = script(submission).under(&SHORT, 1000);
    let manager = Validator::new("check/manager.sh".to_owned(), script(manager), SHORT);
    let manager = manager.speaking(Protocol::Cms).with_points();
    let case = CaseData {
        input: Arc::from(&b"secret\n"[..]),
        answer: None,
    };
    let cancel = Cancel::new().expect("an eventfd");
    let communication = Communication { processes, channel };
    let with = (&manager, communication);
    slot.run_communication(&submission, (0, "1"), case, with, &cancel)
}

fn talk(processes: u32, submission: &str, manager: &str) -> CaseResult {
    let run = run((processes, Channel::Fifos), submission, manager);
    run.expect("a verdict").result
}

/// Opens the FIFOs of two processes, sends each a word, and wants the first one's from the second.
const RELAY: &str = "exec 3<$1 4>$2 5<$3 6>$4; read word < input.txt; echo $word >&4; read up <&3; \
                     echo $up >&6; read last <&5; [ \"$last\" = got-secret ] && echo 1 || echo 0; \
                     echo translate:success >&2";
/// The first process sends the word on with a prefix, and the second what it gets.
const RELAYED: &str = "exec 4>$2 3<$1; read x <&3; if [ $3 = 0 ]; then echo got-$x >&4; else echo $x >&4; fi; echo noise";

#[test]
fn processes_talk_with_the_manager_over_fifos() {
    let result = talk(2, RELAYED, RELAY);
    assert_verdict(&result, Verdict::Accepted, "right");
    let wrong = RELAYED.replace("got-", "lost-");
    let result = talk(2, &wrong, RELAY);
    assert_verdict(&result, Verdict::WrongAnswer, "");
    assert_eq!(
        result.checker_message.as_deref(),
        Some("the output is right")
    );
}

#[test]
fn one_run_after_the_other_has_its_own_conversation() {
    let mut slot = slot();
    for _ in 0..6 {
        let run = run_on(&mut slot, (2, Channel::Fifos), RELAYED, RELAY);
        assert_verdict(&run.expect("a verdict").result, Verdict::Accepted, "");
    }
}

#[test]
fn nothing_of_an_earlier_conversation_is_seen_in_its_fifos() {
    let times = "times=$(stat -c '%.9W %.9X %.9Y %.9Z %s' $1 $2); exec 3<$1 4>$2; echo $times >&4";
    // It ends some time after the last word, so that this is seen in the times.
    let manager = "exec 4>$2 3<$1; read times <&3; now() { echo ${EPOCHREALTIME/./}; }; \
                   end=$(($(now) + 100000)); while [ $(now) -lt $end ]; do :; done; \
                   echo 1; echo $times >&2";
    let mut slot = slot();
    for _ in 0..3 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        // The kernel notes times by a clock that lags behind.
        let began = now.expect("a time") - Duration::from_millis(20);
        let run = run_on(&mut slot, (1, Channel::Fifos), times, manager);
        let result = run.expect("a verdict").result;
        assert_verdict(&result, Verdict::Accepted, "");
        let told = result.checker_message.expect("the times");
        let told: Vec<f64> = told
            .split(' ')
            .map(|time| time.parse().expect("a number"))
            .collect();
        let [up, down] = [&told[..5], &told[5..]];
        for fifo in [up, down] {
            // Some file systems do not know when a file was made.
            let times = fifo[..4].iter().filter(|time| **time != 0.0);
            for time in times {
                assert!(*time >= began.as_secs_f64(), "{time} is before {began:?}");
            }
            assert_eq!(fifo[4], 0.0);
        }
    }
}

#[test]
fn fifos_may_be_used_the_other_way_round() {
    let manager = "exec 4>$1 3<$2; cat >&4; read x <&3; [ \"$x\" = secret ] && echo 0.5 || echo 0";
    let run = run(
        (1, Channel::Fifos),
        "exec 3<$2 4>$1; [ $# = 2 ] && read x <&3 && echo $x >&4",
        manager,
    );
    let run = run.expect("a verdict");
    assert_verdict(&run.result, Verdict::Accepted, "");
    assert!(run.points.is_some());
}

#[test]
fn processes_talk_over_their_standard_streams() {
    for manager in [
        "exec 3<$1 4>$2 5<$3 6>$4; echo 7 >&4; echo 8 >&6; exec 4>&- 6>&-; read a <&3; read b <&5; echo $((a * b == 56))",
        "exec 4>$2 3<$1; echo 7 >&4; exec 4>&-; read a <&3; exec 4>$4 3<$3; echo 8 >&4; exec 4>&-; read b <&3; echo $((a * b == 56))",
    ] {
        // It reads to the end.
        let run = run(
            (2, Channel::StandardStreams),
            "[ $# = 1 ] && x=$(cat) && echo $x",
            manager,
        );
        assert_verdict(&run.expect("a verdict").result, Verdict::Accepted, "");
    }
}

/// What was said, without the times, sorted: processes do not wait for one another.
fn said(result: &CaseResult) -> Vec<String> {
    let transcript = result.transcript.as_deref().expect("a transcript");
    let lines = transcript.lines();
    let mut lines: Vec<String> = lines
        .map(|line| {
            let (time, said) = line.split_once(' ').expect("a time");
            assert!(time.parse::<f64>().is_ok(), "{line}");
            said.to_owned()
        })
        .collect();
    lines.sort();
    lines
}

#[test]
fn what_is_said_over_standard_streams_is_kept() {
    let one = run(
        (1, Channel::StandardStreams),
        "read x; echo $((x + 1)); read x; echo $x",
        "exec 3<$1 4>$2; echo 7 >&4; read a <&3; echo bye >&4; read b <&3; echo 1",
    );
    let one = one.expect("a verdict").result;
    assert_verdict(&one, Verdict::Accepted, "");
    let transcript = one.transcript.as_deref().unwrap_or_default();
    let signs: Vec<&str> = transcript.lines().map(|line| &line[6..]).collect();
    assert_eq!(signs, ["< 7", "> 8", "< bye", "> bye"]);
    let two = run(
        (2, Channel::StandardStreams),
        "read x; echo $x-$1",
        "exec 3<$1 4>$2 5<$3 6>$4; echo a >&4; echo b >&6; read x <&3; read x <&5; echo 0",
    );
    let two = two.expect("a verdict").result;
    assert_verdict(&two, Verdict::WrongAnswer, "");
    assert_eq!(said(&two), ["0< a", "0> a-0", "1< b", "1> b-1"]);
    let fifos = talk(2, RELAYED, RELAY);
    assert_eq!(fifos.transcript, None);
}

#[test]
fn a_failed_process_leaves_what_was_said() {
    // It does not read, and what is said is more than a FIFO holds.
    let manager = "exec 3<$1 4>$2; echo 7 >&4; sleep 9";
    let submission = "read x; head -c 100000 /dev/zero | tr '\\0' x; exit 3";
    let run = run((1, Channel::StandardStreams), submission, manager);
    let result = run.expect("a verdict").result;
    assert_verdict(&result, Verdict::RuntimeError, "");
    let transcript = result.transcript.unwrap_or_default();
    assert!(transcript.contains("< 7\n"), "{transcript}");
    assert!(transcript.ends_with("and not kept]\n"), "{transcript}");
}

#[test]
fn over_standard_streams_each_sees_that_the_other_is_gone() {
    let run = |submission: &str, manager: &str| {
        let run = run((1, Channel::StandardStreams), submission, manager);
        run.expect("a verdict").result
    };
    let talking = "while echo x; do :; done; exit 0";
    // The process is told while the manager goes on, and the manager when the process ends.
    let manager =
        "exec 3<$1 4>$2; read x <&3; exec 3<&-; while echo x >&4; do :; done 2>/dev/null; echo 1";
    let result = run(talking, manager);
    assert_verdict(&result, Verdict::WrongAnswer, "");
    let told = result.checker_message.unwrap_or_default();
    assert!(told.contains("reads no more"), "{told}");
    let result = run(talking, "exec 3<$1 4>$2; read x <&3; echo 1");
    assert_verdict(&result, Verdict::Accepted, "");
    let result = run(
        "cat > /dev/null",
        "exec 3<$1 4>$2; exec 4>&-; read x <&3; echo 1",
    );
    assert_verdict(&result, Verdict::Accepted, "");
    let result = run("exit 0", "exec 3<$1 4>$2; read x <&3 || echo 0.5");
    assert_verdict(&result, Verdict::Accepted, "");
}

#[test]
fn cpu_time_counts_together() {
    let manager = "exec 3<$1 4<$3; read x <&3; read x <&4; echo 1";
    let manager_of_one = "exec 3<$1; read x <&3; echo 1";
    // A process may take 300 ms, and both together may, too.
    let busy = |ticks: u32| {
        format!(
            "exec 4>$2; ticks=0; while [ $ticks -lt {ticks} ]; do for i in {{1..2000}}; do :; done; \
             read -ra stat < /proc/self/stat; ticks=${{stat[13]}}; done; echo done >&4"
        )
    };
    let result = talk(1, &busy(19), manager_of_one);
    assert_verdict(&result, Verdict::Accepted, "");
    let result = talk(2, &busy(19), manager);
    assert_verdict(&result, Verdict::TimeLimit, "");
}

#[test]
fn the_first_process_that_fails_decides() {
    let manager = "exec 3<$1 4>$2 5<$3 6>$4; read x <&3; read y <&5; echo 0";
    let result = talk(2, "exec 4>$2 3<$1; [ $3 = 1 ] && exit 3; sleep 9", manager);
    assert_verdict(&result, Verdict::RuntimeError, "process 1: ");
    let result = talk(
        2,
        "exec 4>$2 3<$1; while [ $3 = 1 ]; do :; done; read x <&3",
        manager,
    );
    assert_verdict(&result, Verdict::TimeLimit, "process 1: ");
}

#[test]
fn whoever_ends_without_opening_its_fifos_is_not_waited_for() {
    let manager = "exec 3<$1 4>$2; read x <&3; echo 0";
    let result = talk(1, "exit 0", manager);
    assert_verdict(&result, Verdict::WrongAnswer, "rejects");
    // One waits for a word, and the other has more to say than anybody hears.
    let waiting = "exec 3<$1; read x <&3; exit 0";
    let talking = "exec 4>$2; while echo x; do :; done >&4";
    for submission in [waiting, talking] {
        let result = talk(1, submission, "echo 1");
        assert_verdict(&result, Verdict::Accepted, "");
    }
}

#[test]
fn a_process_that_goes_on_after_the_manager_rejected_is_stopped() {
    let run = run(
        (1, Channel::Fifos),
        "exec 3<$1 4>$2; sleep 9",
        "exec 4>$2 3<$1; echo 0; echo too bad >&2",
    );
    let run = run.expect("a verdict");
    assert_verdict(&run.result, Verdict::WrongAnswer, "before it ended");
    assert!(run.was_rejected_first);
    assert_eq!(run.result.checker_message.as_deref(), Some("too bad"));
}

#[test]
fn a_manager_that_writes_to_a_process_that_ended_is_not_to_blame() {
    let manager = "exec 4>$2 3<$1; while echo x; do :; done >&4; echo 1";
    let result = talk(1, "exec 3<$1 4>$2; exit 0", manager);
    assert_verdict(&result, Verdict::WrongAnswer, "");
}

#[test]
fn a_manager_that_fails_is_an_error_of_the_problem() {
    for manager in [
        "exec 4>$2 3<$1; read x <&3; exit 3",
        "exec 4>$2 3<$1; read x <&3; echo well",
        "exec 4>$2 3<$1; read x <&3; echo 2",
    ] {
        let run = run((1, Channel::Fifos), "exec 3<$1 4>$2; echo x >&4", manager);
        let error = run.expect_err("an error");
        assert!(error.is_of_the_problem(), "{manager}: {error}");
    }
}

#[test]
fn a_task_of_cms_is_judged_by_its_manager() {
    let mut bench = Bench::of("whisper");
    for (language, file, verdict, score) in [
        ("cpp", "solution.cpp", Verdict::Accepted, 100.0),
        ("python", "solution.py", Verdict::Accepted, 100.0),
        ("cpp", "long.cpp", Verdict::Accepted, 50.0),
        ("cpp", "memory.cpp", Verdict::WrongAnswer, 0.0),
    ] {
        let path = format!("tests/packages/whisper/sol/{file}");
        let text = std::fs::read_to_string(path).expect("a solution");
        let judged = bench.judged_in(language, &text).expect("a judgement");
        assert_eq!(judged.verdict, verdict, "{file}: {}", judged.reason);
        assert_eq!(judged.score, Some(score), "{file}");
    }
    let judged = bench.judged_in("bash", "exit 0").expect("a judgement");
    assert_eq!(judged.verdict, Verdict::CompileError, "{}", judged.reason);
}
