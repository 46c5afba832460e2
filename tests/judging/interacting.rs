//! Submissions that talk with a validator: who ends first, and how.

use std::sync::Arc;

use gavel::judge::verdict::{CaseResult, Verdict};
use gavel::judge::{Cancel, CaseData, Executable, JudgeError, Validator};
use gavel::problem::Limits;

use crate::support::{LIMITS, assert_verdict, file, slot};

/// Quick, for some wait until the clock ends them.
const SHORT: Limits = Limits {
    cpu_ms: 200,
    wall_ms: 3000,
    output_bytes: 100_000,
    ..LIMITS
};

/// A program in bash.
pub(crate) fn script(text: &str) -> Executable {
    let cancel = Cancel::new().expect("an eventfd");
    let compiled = slot().compile("bash", &[file("main", text)], &cancel);
    compiled.expect("compiled").executable.expect("a program")
}

fn talk(submission: &str, validator: &str) -> Result<CaseResult, JudgeError> {
    let submission = script(submission).under(&SHORT, 1000);
    let validator = Validator::new("talk.sh".to_owned(), script(validator), SHORT);
    let case = CaseData {
        input: Arc::from(&b"secret\n"[..]),
        answer: None,
    };
    let cancel = Cancel::new().expect("an eventfd");
    let partner = (&validator, &["argument".to_owned()][..]);
    let talk = slot().run_interactive(&submission, (0, "1"), case, partner, &cancel)?;
    let reason = &talk.result.reason;
    assert_eq!(
        talk.was_rejected_first,
        reason.contains("before it ended"),
        "{reason}"
    );
    Ok(talk.result)
}

#[track_caller]
fn assert_comes_to(submission: &str, validator: &str, verdict: Verdict, words: &str) {
    let result = talk(submission, validator).expect("a verdict");
    assert_verdict(&result, verdict, words);
}

#[test]
fn both_see_what_the_other_writes() {
    let result = talk(
        "read x; echo got $x",
        "[ $4 = argument ] && cat $1 && read x && [ \"$x\" = 'got secret' ] && exit 42; exit 43",
    );
    let result = result.expect("a verdict");
    assert_verdict(&result, Verdict::Accepted, "");
    assert_eq!(result.stdout_prefix, b"got secret\n");
}

#[test]
fn what_was_said_is_kept_with_times_and_directions() {
    let result = talk(
        "read x; echo got $x; exit 3",
        "cat $1; read x; echo too bad > $3/teammessage.txt; echo > $3/note; exit 42",
    );
    let result = result.expect("a verdict");
    assert_verdict(&result, Verdict::RuntimeError, "exit code 3");
    let transcript = result.transcript.expect("a transcript");
    let said: Vec<(&str, &str)> = transcript
        .lines()
        .filter_map(|line| line.split_once(' '))
        .collect();
    let (times, said): (Vec<&str>, Vec<&str>) = said.into_iter().unzip();
    assert_eq!(said, ["< secret", "> got secret"]);
    assert!(times.iter().all(|time| time.parse::<f64>().is_ok()) && times[0] <= times[1]);
    assert_eq!(result.team_message.as_deref(), Some("too bad"));
    let left = result.feedback.files.iter().map(|file| file.name.as_str());
    assert_eq!(left.collect::<Vec<_>>(), ["note"]);
}

#[test]
fn a_submission_that_fails_after_it_was_accepted_has_failed() {
    assert_comes_to(
        "cat; exit 3",
        "exit 42",
        Verdict::RuntimeError,
        "exit code 3",
    );
    assert_comes_to(
        "cat; while :; do :; done",
        "exit 42",
        Verdict::TimeLimit,
        "CPU time",
    );
}

#[test]
fn a_submission_that_was_rejected_first_is_wrong_whatever_it_does_then() {
    for then in [
        "exit 3",
        "kill -SEGV $$",
        "while :; do :; done",
        "while echo x; do :; done",
    ] {
        let result = talk(&format!("cat; {then}"), "exit 43").expect("a verdict");
        assert_verdict(&result, Verdict::WrongAnswer, "before it ended");
        // It is ended at once, and not by a limit.
        assert_eq!(result.facts.expect("facts").limit, None, "{then}");
    }
}

#[test]
fn a_submission_that_failed_first_has_failed() {
    assert_comes_to(
        "exit 3",
        "cat; exit 43",
        Verdict::RuntimeError,
        "exit code 3",
    );
    assert_comes_to(
        "exit 0",
        "cat; exit 43",
        Verdict::WrongAnswer,
        "rejects the output",
    );
    assert_comes_to("exit 0", "cat; exit 42", Verdict::Accepted, "");
}

#[test]
fn writing_to_a_validator_that_accepted_is_no_mistake() {
    let write = "cat; for i in 1 2 3 4 5 6 7 8; do printf %10000s x; done";
    assert_comes_to(write, "exit 42", Verdict::Accepted, "");
}

#[test]
fn a_validator_may_write_to_a_submission_that_is_gone() {
    assert_comes_to(
        "exit 0",
        "cat; for i in {1..300}; do printf %1000s x; done; exit 42",
        Verdict::Accepted,
        "",
    );
}

#[test]
fn who_waits_for_each_other_is_ended_by_the_clock() {
    assert_comes_to(
        "read x",
        "read x; exit 43",
        Verdict::IdleLimit,
        "on the clock",
    );
}

#[test]
fn a_submission_sees_the_end_of_what_a_validator_writes_while_that_goes_on() {
    assert_comes_to(
        "echo $(cat)",
        "echo 1; exec >&-; read x; [ $x = 1 ] && exit 42; exit 43",
        Verdict::Accepted,
        "",
    );
}

#[test]
fn a_validator_sees_the_end_of_what_a_submission_writes_with_its_end_alone() {
    assert_comes_to(
        "exec >&-; read x; exit 3",
        "cat; echo; exit 42",
        Verdict::IdleLimit,
        "on the clock",
    );
}

#[test]
fn endless_output_is_cut() {
    let endless = "while printf %1000s x; do :; done";
    assert_comes_to(
        endless,
        "cat > /dev/null; exit 43",
        Verdict::OutputLimit,
        "standard output",
    );
}

#[test]
fn a_validator_that_does_not_answer_is_no_verdict() {
    for validator in [
        "exit 1",
        "kill -KILL $$",
        "cat; exit 0",
        "while :; do :; done",
    ] {
        let end = talk("echo x", validator);
        assert!(
            matches!(end, Err(JudgeError::Validator { .. })),
            "{validator}: {end:?}"
        );
    }
}
