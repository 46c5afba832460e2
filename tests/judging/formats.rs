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
