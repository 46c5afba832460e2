//! Output validators of a problem: right, wrong, broken and hostile ones.

use std::sync::Arc;

use gavel::judge::verdict::{CaseResult, Verdict};
use gavel::judge::{Cancel, CaseData, Check, Executable, JudgeError, Validator};
use gavel::problem::Limits;

use crate::support::{LIMITS, file, slot};

/// Quick, so that an endless validator does not make the tests endless.
const VALIDATOR_LIMITS: Limits = Limits {
    cpu_ms: 500,
    wall_ms: 2000,
    memory_bytes: 64 << 20,
    output_bytes: 1000,
    processes: 8,
};

fn script(text: &str) -> Executable {
    let cancel = Cancel::new().expect("an eventfd");
    let files = [file("main", text)];
    let compiled = slot().compile("bash", &files, &cancel).expect("compiled");
    compiled.executable.expect("a program")
}

/// What the validators say of a submission that prints `output`.
fn validated(validators: &[&str], arguments: &[&str]) -> Result<CaseResult, JudgeError> {
    let program = script("echo leak > left; printf output").under(&LIMITS, 1000);
    let validators: Vec<Validator> = validators
        .iter()
        .map(|text| Validator::new("check.sh".to_owned(), script(text), VALIDATOR_LIMITS))
        .collect();
    let arguments: Vec<String> = arguments.iter().map(|&text| text.to_owned()).collect();
    let case = CaseData {
        input: Arc::from(&b"input"[..]),
        answer: Some(Arc::from(&b"answer"[..])),
    };
    let check = Check::Validate {
        validators: &validators,
        arguments: &arguments,
    };
    let cancel = Cancel::new().expect("an eventfd");
    let run = slot().run_case(&program, (0, "1"), case, check, &cancel)?;
    Ok(run.result)
}

#[track_caller]
fn assert_says(validators: &[&str], verdict: Verdict) -> CaseResult {
    let result = validated(validators, &["a b", "c"]).expect("an answer");
    assert_eq!(result.verdict, verdict, "{:?}", result.checker_message);
    result
}

#[test]
fn a_validator_gets_input_answer_feedback_arguments_and_the_output() {
    assert_says(
        &[
            r#"[ $# = 5 ] && [ "$(cat "$1")" = input ] && [ "$(cat "$2")" = answer ] || exit 1
             [ -d "$3" ] && [ "${3: -1}" = / ] && echo note > "$3"teammessage.txt || exit 2
             [ "$4" = 'a b' ] && [ "$5" = c ] && [ "$(cat)" = output ] || exit 3
             exit 42"#,
        ],
        Verdict::Accepted,
    );
}

#[test]
fn a_validator_rejects_with_a_message_for_judges() {
    let result = assert_says(
        &[r#"echo "line 1 is odd" > "$3/judgemessage.txt"; exit 43"#],
        Verdict::WrongAnswer,
    );
    assert_eq!(result.checker_message.as_deref(), Some("line 1 is odd"));
    assert!(result.reason.contains("validator"), "{}", result.reason);
    assert_eq!(
        assert_says(&["exit 43"], Verdict::WrongAnswer).checker_message,
        None
    );
}

#[test]
fn all_validators_must_accept() {
    assert_says(&["exit 42", "exit 42"], Verdict::Accepted);
    assert_says(&["exit 42", "exit 43"], Verdict::WrongAnswer);
    assert_says(&["exit 43", "exit 1"], Verdict::WrongAnswer);
}

#[test]
fn a_validator_that_does_not_answer_is_no_verdict() {
    for (text, words) in [
        ("exit 0", "exit code 0"),
        ("exit 1", "exit code 1"),
        ("kill -SEGV $$", "SIGSEGV"),
        ("while :; do :; done", "time limit"),
        ("sleep 100", "time limit"),
        (
            "head -c 100000000 /dev/zero > $3/big; exit 42",
            "memory limit",
        ),
        ("while :; do echo xxxxxxxxxxxxxxxx; done", "standard output"),
        ("echo 1 > $3/score.txt; exit 42", "score.txt"),
        (
            "rm $3/judgemessage.txt; ln -s /etc/passwd $3/judgemessage.txt; exit 43",
            "odd",
        ),
        ("echo broken >&2; exit 3", "exit code 3"),
    ] {
        match validated(&[text], &[]) {
            Err(JudgeError::Validator {
                name,
                reason,
                evidence,
            }) => {
                assert_eq!(name, "check.sh");
                assert!(reason.contains(words), "{text}: {reason}");
                assert_eq!(evidence == "broken", text.contains("broken"), "{evidence}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn a_huge_message_is_not_kept() {
    let result = assert_says(
        &["head -c 1000000 /dev/zero > $3/judgemessage.txt; exit 43"],
        Verdict::WrongAnswer,
    );
    let message = result.checker_message.expect("a note");
    assert!(message.contains("not kept"), "{message}");
}

#[test]
fn nothing_of_the_submission_is_in_the_box_of_the_validator() {
    assert_says(
        &["[ ! -e left ] && [ ! -e /tmp/left ] && exit 42"],
        Verdict::Accepted,
    );
}
