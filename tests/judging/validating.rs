//! Output validators of a problem: right, wrong, broken and hostile ones.

use std::sync::Arc;

use gavel::judge::verdict::{CaseResult, Content, FeedbackFiles, Verdict};
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
    let validators: Vec<Validator> = validators
        .iter()
        .map(|text| Validator::new("check.sh".to_owned(), script(text), VALIDATOR_LIMITS))
        .collect();
    judged_by(&validators, "echo leak > left; printf output", arguments)
}

fn judged_by(
    validators: &[Validator],
    program: &str,
    arguments: &[&str],
) -> Result<CaseResult, JudgeError> {
    let program = script(program).under(&LIMITS, 1000);
    let arguments: Vec<String> = arguments.iter().map(|&text| text.to_owned()).collect();
    let case = CaseData {
        input: Arc::from(&b"input"[..]),
        answer: Some(Arc::from(&b"answer"[..])),
    };
    let check = Check::Validate {
        validators,
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

/// What a validator of a problem with at most three passes says of a submission that repeats its input.
fn passed(text: &str) -> Result<CaseResult, JudgeError> {
    let validator = Validator::new("check.sh".to_owned(), script(text), VALIDATOR_LIMITS);
    judged_by(&[validator.with_passes(3)], "cat; echo $RANDOM > left", &[])
}

#[test]
fn a_validator_asks_for_another_pass_and_finds_what_it_left() {
    let result = passed(
        "[ $(cat $2) = answer ] || exit 1
         if [ -e $3/deep/kept ]; then
             [ $(cat $1) = second ] && [ $(cat) = second ] && [ ! -e $3/nextpass.in ] && exit 42
             exit 43
         fi
         [ $(cat) = input ] || exit 1
         mkdir $3/deep; echo x > $3/deep/kept; echo one > $3/judgemessage.txt
         printf second > $3/nextpass.in; exit 42",
    );
    let result = result.expect("an answer");
    assert_eq!(result.verdict, Verdict::Accepted, "{}", result.reason);
    assert_eq!(result.reason, "the output is right in each of 2 passes");
    assert_eq!(result.stdout_prefix, b"second");
}

#[test]
fn the_figures_of_passes_are_the_largest_of_any_and_the_failing_one_is_named() {
    let text = "[ $(cat $1) = second ] && exit 43; printf second > $3/nextpass.in; exit 42";
    let validator = Validator::new("check.sh".to_owned(), script(text), VALIDATOR_LIMITS);
    let submission = "read x; echo $x; [ $x = second ] || printf %1000s";
    let result = judged_by(&[validator.with_passes(2)], submission, &[]);
    let result = result.expect("an answer");
    assert_eq!(result.verdict, Verdict::WrongAnswer);
    assert!(result.reason.starts_with("pass 2: "), "{}", result.reason);
    assert_eq!(result.facts.expect("facts").output_bytes, 1006);
}

#[test]
fn passes_against_the_rules_are_no_verdict() {
    for (text, words) in [
        ("echo > $3/nextpass.in; exit 42", "more than 3 passes"),
        ("echo > $3/nextpass.in; exit 43", "wrote nextpass.in"),
        ("ln -s $2 $3/nextpass.in; exit 42", "odd"),
        (
            "echo > $3/nextpass.in; ln -s $2 $3/judgemessage.txt; exit 42",
            "more than 3 passes",
        ),
        (
            "echo > $3/nextpass.in; for i in {1..5000}; do : > $3/$i; done; exit 42",
            "odd",
        ),
    ] {
        match passed(text) {
            Err(JudgeError::Validator { reason, .. }) => {
                assert!(reason.contains(words), "{text}: {reason}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn only_a_problem_with_passes_has_another() {
    assert_says(&["echo > $3/nextpass.in; exit 42"], Verdict::Accepted);
}

#[test]
fn a_message_for_contestants_is_kept() {
    let told = |text| assert_says(&[text], Verdict::Accepted).team_message;
    let text = "echo well done > $3/teammessage.txt; exit 42";
    assert_eq!(told(text).as_deref(), Some("well done"));
    assert_eq!(told("exit 42"), None);
}

/// What is kept of the files that a validator left: name, size, and contents as text where they are kept.
fn kept(result: &CaseResult) -> Vec<(&str, u64, Option<&[u8]>)> {
    let files = result.feedback.files.iter();
    let told = files.map(|file| {
        let content = match &file.content {
            Content::Here(bytes) => Some(&bytes[..]),
            Content::Stored | Content::LeftOut => None,
        };
        (file.name.as_str(), file.size_bytes, content)
    });
    told.collect()
}

#[test]
fn files_that_a_validator_leaves_are_kept_beside_its_messages() {
    let result = assert_says(
        &[
            "cd $3; for i in judgemessage teammessage nextpass; do echo > $i.txt; done; rm nextpass.txt
             mkdir -p deep/er; printf 'a\\0\\377' > deep/er/bytes; : > empty; printf x > $'b\\xff'
             ln -s /etc/passwd link; ln -s deep dirlink; mkfifo fifo; exit 43",
        ],
        Verdict::WrongAnswer,
    );
    let expected = [
        ("b\\xff", 1, Some(&b"x"[..])),
        ("deep/er/bytes", 3, Some(b"a\0\xff")),
        ("empty", 0, Some(b"")),
    ];
    assert_eq!(kept(&result), expected);
    assert!(!result.feedback.has_more);
}

#[test]
fn points_and_messages_are_not_kept_twice_and_a_validator_that_leaves_nothing_has_nothing_kept() {
    let text = "echo 1 > $3/score.txt; echo x > $3/teammessage.txt; echo > $3/nextpass.in; exit 42";
    for text in [text, "rm -r $3; exit 42"] {
        let result = assert_says(&[text], Verdict::Accepted);
        assert_eq!(result.feedback, FeedbackFiles::default(), "{text}");
    }
}

#[test]
fn what_is_too_much_of_a_validators_files_is_told_and_is_no_failure_of_it() {
    let result = assert_says(
        &[
            "cd $3; for i in a b c d; do head -c 131073 /dev/zero > $i; done
             for i in e f g; do head -c 131072 /dev/zero > $i; done; truncate -s 1T huge || true
             : > $(printf %0240d/%0240d 1 2) || true; exit 42",
        ],
        Verdict::Accepted,
    );
    let sizes: Vec<_> = kept(&result)
        .into_iter()
        .map(|(name, size, content)| (name.to_owned(), size, content.map(<[u8]>::len)))
        .collect();
    let expected = [
        ("a", 131_073, None),
        ("b", 131_073, None),
        ("c", 131_073, None),
        ("d", 131_073, None),
        ("e", 131_072, Some(131_072)),
        ("f", 131_072, Some(131_072)),
        ("g", 131_072, None),
    ];
    let expected = expected.map(|(name, size, length)| (name.to_owned(), size, length));
    assert_eq!(sizes[..7], expected);
}

#[test]
fn more_files_than_are_told_of_are_no_failure_of_a_validator() {
    let text = "for i in {1..10}; do : > $3/$i; done; exit 42";
    assert_eq!(kept(&assert_says(&[text], Verdict::Accepted)).len(), 10);
    let long = "cd $3; : > x; mkdir $(printf %0200d 1); : > $(printf %0200d/%0200d 1 2); exit 42";
    let second_name = "cd $3; : > x; : > a; ln a b; exit 42";
    let many = "cd $3; for i in {1..32}; do : > $i; done; exit 42";
    let too_many = "cd $3; for i in {1..33}; do : > $i; done; exit 42";
    let far_too_many = "cd $3; for i in {1..5000}; do : > $i; done; exit 42";
    for (text, count, has_more) in [
        (long, 1, true),
        (second_name, 1, true),
        (many, 32, false),
        (too_many, 32, true),
        (far_too_many, 32, true),
    ] {
        let result = assert_says(&[text], Verdict::Accepted);
        assert_eq!(kept(&result).len(), count, "{text}");
        assert_eq!(result.feedback.has_more, has_more, "{text}");
    }
}

#[test]
fn the_last_pass_decides_which_files_are_kept() {
    let result = passed(
        "cd $3; if [ -e first ]; then rm first; echo two > note; exit 43; fi
         echo > first; echo one > note; echo x > old; echo > nextpass.in; exit 42",
    );
    let result = result.expect("an answer");
    let expected = [("note", 4, Some(&b"two\n"[..])), ("old", 2, Some(b"x\n"))];
    assert_eq!(kept(&result), expected);
}
