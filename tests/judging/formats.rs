//! What the format 2025-09 has beside programs that read and write: `gavel verify` on packages that are
//! written here.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::verifying::{submission, verified};

/// A package of these files beside one case, whose answer is its input.
fn package(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let base = [
        ("data/secret/1.in", "1\n"),
        ("data/secret/1.ans", "1\n"),
        (
            "problem.yaml",
            "problem_format_version: 2025-09\nname: A\nlimits: {time_limit: 1}\n",
        ),
    ];
    for (name, text) in base.iter().chain(files) {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, text).expect("a file");
    }
    directory
}

fn verify(files: &[(&str, &str)]) -> (Value, i32) {
    let directory = package(files);
    verified(&[directory.path().to_str().expect("UTF-8")])
}

const ANSWERS: (&str, &str) = (
    "problem.yaml",
    "problem_format_version: 2025-09\nname: A\ntype: [submit-answer, scoring]\nlimits: {output: 1}\n",
);

#[test]
fn answers_are_judged_without_running_anything() {
    let large = "1\n".repeat(1 << 20);
    let (report, code) = verify(&[
        ANSWERS,
        ("data/secret/2.in", "2\n"),
        ("data/secret/2.ans", "2\n"),
        ("data/secret/test_group.yaml", "score_aggregation: sum\n"),
        ("submissions/accepted/all/1.out", "1"),
        ("submissions/accepted/all/secret/2.ans", "2"),
        ("submissions/accepted/all/solve.py", "print(input())"),
        ("submissions/wrong_answer/half/2.out", "2"),
        ("submissions/wrong_answer/large/1.out", &large),
        ("submissions/wrong_answer/large/2.out", "3"),
        ("submissions/compiler_error/typo/3.out", "3"),
        (
            "submissions/submissions.yaml",
            "wrong_answer/half: {score: 50}\naccepted: {score: 100, permitted: [AC]}\n",
        ),
    ]);
    assert_eq!(code, 0, "{report}");
    for (path, verdict, words) in [
        (
            "accepted/all",
            "AC",
            "100 points; all 2 test cases are right",
        ),
        (
            "wrong_answer/half",
            "WA",
            "test case secret/1: there is no answer to it",
        ),
        (
            "wrong_answer/large",
            "OLE",
            "test case secret/1: the answer has 2 MiB",
        ),
        (
            "compiler_error/typo",
            "CE",
            "3.out names no test case: use names such as secret/1.out",
        ),
    ] {
        let result = submission(&report, path);
        assert_eq!(result["verdict"], verdict, "{result}");
        let reason = result["reason"].as_str().expect("a reason");
        assert!(reason.contains(words), "{reason}");
        assert!(result["slowest_ms"].is_null(), "{result}");
    }
}

#[test]
fn a_validator_of_the_package_judges_answers() {
    let (report, code) = verify(&[
        ANSWERS,
        (
            "output_validator/check.sh",
            "read a; [ \"$a\" = one ] && exit 42; exit 43\n",
        ),
        ("submissions/accepted/one.out", "one\n"),
        ("submissions/wrong_answer/two.out", "two\n"),
    ]);
    assert_eq!(code, 0, "{report}");
}

#[test]
fn a_submission_begins_at_its_entry_point_or_at_the_driver_of_the_problem() {
    let echo = ("submissions/accepted/two/echo.sh", "cat\n");
    let wrong = ("submissions/accepted/two/main.sh", "exit 1\n");
    let files = [echo, wrong];
    assert_eq!(verify(&files).1, 1);
    let entry_point = (
        "submissions/submissions.yaml",
        "accepted/two: {entrypoint: echo.sh, language: bash, authors: Ann, model_solution: true}\n",
    );
    let (report, code) = verify(&[&files[..], &[entry_point]].concat());
    assert_eq!(code, 0, "{report}");
    let driver = ("include/bash/main.sh", ". ./echo.sh\n");
    let (report, code) = verify(&[echo, wrong, driver]);
    assert_eq!(code, 0, "{report}");
    let verdict = &submission(&report, "accepted/two")["verdict"];
    assert_eq!(verdict, "AC");
}
