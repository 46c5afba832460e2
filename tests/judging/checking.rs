//! Checkers of other worlds: testlib's, CMS' and DMOJ's, and interactors that a checker follows.

use std::sync::Arc;

use gavel::judge::grade::Points;
use gavel::judge::verdict::{CaseResult, Verdict};
use gavel::judge::{Cancel, CaseData, CaseRun, Check, Executable, JudgeError, Validator};
use gavel::problem::{Limits, Protocol};

use crate::support::{LIMITS, assert_verdict, file, slot};

const CHECKER_LIMITS: Limits = Limits {
    cpu_ms: 500,
    wall_ms: 2000,
    output_bytes: 1000,
    ..LIMITS
};

/// A checker as testlib makes them, without testlib: the first line of its input says how it ends.
const LIKE_TESTLIB: &str = r#"
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>

static std::string all(const char *path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

int main(int argc, char **argv) {
    if (argc != 5 || std::string(argv[4]) != "--strict" || std::cin.get() != EOF) return 3;
    std::string input = all(argv[1]), output = all(argv[2]), answer = all(argv[3]);
    if (output != "output" || answer != "answer") return 3;
    int code = std::atoi(input.c_str());
    std::cerr << input.substr(input.find(' ') + 1) << std::endl;
    return code;
}
"#;

fn compiled(language: &str, text: &str) -> Executable {
    let cancel = Cancel::new().expect("an eventfd");
    let compiled = slot().compile(language, &[file("main", text)], &cancel);
    compiled.expect("compiled").executable.expect("a program")
}

fn case(input: &str) -> CaseData {
    CaseData {
        input: Arc::from(input.as_bytes()),
        answer: Some(Arc::from(&b"answer"[..])),
    }
}

/// What a checker says of a submission that prints `output`.
fn checked(
    checker: &Executable,
    protocol: Protocol,
    input: &str,
) -> Result<CaseResult, JudgeError> {
    let checker = Validator::new("check".to_owned(), checker.clone(), CHECKER_LIMITS);
    Ok(asked(checker.speaking(protocol), input)?.result)
}

fn asked(checker: Validator, input: &str) -> Result<CaseRun, JudgeError> {
    let program = compiled("bash", "printf output").under(&LIMITS, 1000);
    let check = Check::Validate {
        validators: &[checker],
        arguments: &["--strict".to_owned()],
    };
    let cancel = Cancel::new().expect("an eventfd");
    slot().run_case(&program, (0, "1"), case(input), check, &cancel)
}

#[track_caller]
fn assert_fails(result: Result<CaseResult, JudgeError>, words: &str) {
    match result {
        Err(JudgeError::Validator { reason, .. }) => assert!(reason.contains(words), "{reason}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_checker_of_testlib_gets_input_output_and_answer_and_its_exit_code_decides() {
    let checker = compiled("cpp", LIKE_TESTLIB);
    let says = |input| checked(&checker, Protocol::Testlib, input);
    for (input, verdict) in [
        ("0 ok fine", Verdict::Accepted),
        ("1 wrong answer 1st lines differ", Verdict::WrongAnswer),
        (
            "2 wrong output format expected a number",
            Verdict::WrongAnswer,
        ),
        (
            "4 wrong output format more after the end",
            Verdict::WrongAnswer,
        ),
        ("8 unexpected eof", Verdict::WrongAnswer),
        ("7 points 0.5", Verdict::WrongAnswer),
        ("7 points 1", Verdict::Accepted),
        ("0 partially correct (0) nothing", Verdict::WrongAnswer),
        ("100 partially correct (100)", Verdict::Accepted),
    ] {
        let result = says(input).expect("a verdict");
        assert_verdict(&result, verdict, "");
        let told = (verdict != Verdict::Accepted)
            .then(|| input[input.find(' ').unwrap() + 1..].to_owned());
        assert_eq!(result.checker_message, told);
    }
    assert_fails(says("3 FAIL the answer is odd"), "exit code 3");
    assert_fails(says("77"), "exit code 77");
}

#[test]
fn a_checker_of_cms_gets_input_answer_and_output_and_its_outcome_decides() {
    let text = r#"[ "$(cat $2 $3)" = answeroutput ] || exit 9; eval "$(cat $1)""#;
    let checker = compiled("bash", text);
    let says = |input| checked(&checker, Protocol::Cms, input);
    let right = says("echo 1.0; echo translate:success >&2").expect("a verdict");
    assert_verdict(&right, Verdict::Accepted, "");
    let wrong = says("echo 0.25; echo half a line is missing >&2").expect("a verdict");
    assert_verdict(&wrong, Verdict::WrongAnswer, "");
    assert_eq!(
        wrong.checker_message.as_deref(),
        Some("half a line is missing")
    );
    assert_fails(says("echo fine"), "number from 0 to 1");
    assert_fails(says("echo 1.0; exit 1"), "exit code 1");
    assert_fails(says("kill -SEGV $$"), "SIGSEGV");
    assert_fails(says("while :; do :; done"), "time limit");
}

#[test]
fn an_output_that_is_partly_right_is_accepted_where_there_are_points() {
    let like_testlib = compiled("cpp", LIKE_TESTLIB);
    let like_cms = compiled("bash", r#"cat "$1"; echo told >&2"#);
    for (protocol, checker, input, verdict, points) in [
        (
            Protocol::Testlib,
            &like_testlib,
            "7 points 12.5",
            Verdict::Accepted,
            Some(Points::Score(12.5)),
        ),
        (
            Protocol::Testlib,
            &like_testlib,
            "50 partially correct (50)",
            Verdict::Accepted,
            Some(Points::Part(0.5)),
        ),
        (
            Protocol::Testlib,
            &like_testlib,
            "7 points 0",
            Verdict::WrongAnswer,
            None,
        ),
        (
            Protocol::Testlib,
            &like_testlib,
            "0 ok",
            Verdict::Accepted,
            None,
        ),
        (
            Protocol::Cms,
            &like_cms,
            "0.25",
            Verdict::Accepted,
            Some(Points::Part(0.25)),
        ),
        (Protocol::Cms, &like_cms, "0.0", Verdict::WrongAnswer, None),
    ] {
        let checker = Validator::new("check".to_owned(), checker.clone(), CHECKER_LIMITS);
        let run = asked(checker.speaking(protocol).with_points(), input).expect("a verdict");
        assert_verdict(&run.result, verdict, "");
        assert_eq!(run.points, points, "{input}");
        assert!(input == "0 ok" || run.result.checker_message.is_some());
    }
}

#[test]
fn a_checker_of_dmoj_gets_input_output_and_answer_and_says_0_or_1() {
    let text = r#"[ "$(cat $2 $3)" = outputanswer ] || exit 9; exit $(cat $1)"#;
    let checker = compiled("bash", text);
    let says = |input| checked(&checker, Protocol::Dmoj, input);
    assert_verdict(&says("0").expect("a verdict"), Verdict::Accepted, "");
    assert_verdict(&says("1").expect("a verdict"), Verdict::WrongAnswer, "");
    assert_fails(says("2"), "exit code 2");
}

/// An interactor of testlib asks for a word and passes it on; a checker follows.
fn talk(submission: &str, interactor: &str, checker: &str) -> Result<CaseResult, JudgeError> {
    let submission = compiled("bash", submission).under(&LIMITS, 1000);
    let named = |text| Validator::new("talk".to_owned(), compiled("bash", text), CHECKER_LIMITS);
    let checker = named(checker).speaking(Protocol::Testlib);
    let interactor = named(interactor).speaking(Protocol::Testlib);
    let interactor = interactor.followed_by(checker);
    let cancel = Cancel::new().expect("an eventfd");
    let partner = (&interactor, &[][..]);
    let talk = slot().run_interactive(&submission, (0, "1"), case("word"), partner, &cancel)?;
    assert!(!talk.was_rejected_first || talk.result.verdict == Verdict::WrongAnswer);
    Ok(talk.result)
}

const PASSES_ON: &str = r#"[ "$(cat $3)" = answer ] || exit 3; cat $1; echo; read x; echo $x > $2"#;
const WANTS_WORD: &str = r#"[ "$(cat $2)" = word ] || { echo wrong answer >&2; exit 1; }"#;

#[test]
fn what_an_interactor_writes_is_judged_by_the_checker_that_follows() {
    let right = talk("read x; echo $x", PASSES_ON, WANTS_WORD);
    assert_verdict(&right.expect("a verdict"), Verdict::Accepted, "");
    let wrong = talk("read x; echo no", PASSES_ON, WANTS_WORD).expect("a verdict");
    assert_verdict(&wrong, Verdict::WrongAnswer, "");
    assert_eq!(wrong.checker_message.as_deref(), Some("wrong answer"));
}

#[test]
fn a_checker_follows_only_where_both_have_ended_well() {
    let broken = "exit 3";
    let crashed = talk("read x; echo $x; exit 5", PASSES_ON, broken);
    assert_verdict(&crashed.expect("a verdict"), Verdict::RuntimeError, "5");
    let refused = "read x; echo wrong answer >&2; exit 1";
    let wrong = talk("echo x", refused, broken).expect("a verdict");
    assert_verdict(&wrong, Verdict::WrongAnswer, "");
    assert_fails(talk("read x; echo $x", PASSES_ON, broken), "exit code 3");
}

#[test]
fn an_interactor_that_leaves_something_odd_or_much_has_failed() {
    for left in [
        "rm $2; ln -s /etc/passwd $2",
        "rm $2",
        "head -c 1001 /dev/zero > $2",
    ] {
        assert_fails(talk("echo x", &format!("read x; {left}"), "exit 0"), "odd");
    }
}
