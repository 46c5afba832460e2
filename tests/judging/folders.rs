//! `gavel judge` on folders of submissions.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::support::gavel;

const RIGHT: &str = "read a b; echo $((a + b))\n";

fn package(name: &str) -> String {
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/packages");
    packages.join(name).to_string_lossy().into_owned()
}

/// A directory with a folder of submissions; the journal and reports go beside it.
fn homework(submissions: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, text) in submissions {
        let path = directory.path().join("homework").join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, text).expect("a file");
    }
    directory
}

fn judge(problem: &str, arguments: &[&str], directory: &Path) -> Output {
    gavel(
        "judge",
        &[&[problem, "homework"], arguments].concat(),
        directory,
    )
}

fn report(problem: &str, arguments: &[&str], directory: &Path) -> Value {
    let output = judge(problem, &[arguments, &["--json"]].concat(), directory);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{error}");
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

fn verdicts(report: &Value) -> Vec<(&str, &str)> {
    let rows = report["submissions"].as_array().expect("submissions");
    rows.iter()
        .map(|row| {
            let text = |key: &str| row[key].as_str().expect("a text");
            (text("submission"), text("verdict"))
        })
        .collect()
}

#[test]
fn a_folder_of_answers_is_judged_where_the_problem_takes_these() {
    let directory = homework(&[
        ("ann/1.out", "1"),
        ("ann/2.out", "4"),
        ("bo/2.out", "4"),
        ("cy.sh", "echo 1"),
    ]);
    for (name, text) in [
        (
            "problem.yaml",
            "problem_format_version: 2025-09\ntype: submit-answer\n",
        ),
        ("data/secret/1.in", "1"),
        ("data/secret/1.ans", "1"),
        ("data/secret/2.in", "2"),
        ("data/secret/2.ans", "4"),
    ] {
        let path = directory.path().join("squares").join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, text).expect("a file");
    }
    let report = report("squares", &[], directory.path());
    let expected = [("ann", "AC"), ("bo", "WA"), ("cy.sh", "CE")];
    assert_eq!(verdicts(&report), expected, "{report}");
    let reason = report["submissions"][2]["reason"].as_str();
    let words = "no file is an answer, and the problem takes no programs";
    assert!(
        reason.is_some_and(|reason| reason.contains(words)),
        "{report}"
    );

    for (problem, language, words) in [
        (
            "squares",
            "bash",
            "takes answers and no programs: leave out --language bash",
        ),
        (&package("sum"), "answers", "takes programs and no answers"),
    ] {
        let output = judge(problem, &["--language", language], directory.path());
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn every_submission_of_a_folder_gets_its_verdict() {
    let directory = homework(&[
        ("Ann Lee.sh", RIGHT),
        (
            "bo/main.c",
            "#include \"read.h\"\nint main(void) { return add(); }\n",
        ),
        (
            "bo/read.h",
            "#include <stdio.h>\nint add(void) { int a, b; scanf(\"%d %d\", &a, &b); printf(\"%d\\n\", a); return 0; }\n",
        ),
        ("cy.c", "int main(void) { return }\n"),
        ("notes.pdf", "no program"),
    ]);
    let path = directory.path();
    let files = ["--csv", "marks.csv", "--junit", "report.xml"];
    let report = report(&package("sum"), &files, path);
    assert_eq!(
        verdicts(&report),
        [("Ann Lee.sh", "AC"), ("bo", "WA"), ("cy.c", "CE")]
    );
    assert!(report["unjudged"]["notes.pdf"].is_string(), "{report}");
    assert_eq!(report["time_limit_ms"], 1000);
    let csv = fs::read_to_string(path.join("marks.csv")).expect("the table");
    assert!(csv.contains("\r\nbo,c,WA,"), "{csv}");
    let xml = fs::read_to_string(path.join("report.xml")).expect("the report");
    assert!(
        xml.contains(r#"tests="4" failures="2" errors="0" skipped="1""#),
        "{xml}"
    );
}

#[test]
fn what_was_judged_is_not_judged_again_unless_it_changed() {
    let directory = homework(&[("a.sh", RIGHT), ("b.sh", RIGHT)]);
    let (path, sum) = (directory.path(), package("sum"));
    report(&sum, &[], path);
    let journal = path.join("gavel-judge.jsonl");
    let text = fs::read_to_string(&journal).expect("the journal");
    // Whoever is judged again does not keep this verdict.
    fs::write(&journal, text.replace("\"AC\"", "\"MLE\"")).expect("the journal");
    fs::write(path.join("homework/b.sh"), "echo 7\n").expect("a file");
    fs::write(path.join("homework/c.sh"), RIGHT).expect("a file");
    assert_eq!(
        verdicts(&report(&sum, &[], path)),
        [("a.sh", "MLE"), ("b.sh", "WA"), ("c.sh", "AC")]
    );
}

#[test]
fn results_of_another_problem_or_limit_are_not_mixed() {
    let directory = homework(&[("a.sh", RIGHT)]);
    let path = directory.path();
    report(&package("sum"), &[], path);
    for (problem, arguments, words) in [
        ("root", &[][..], "another problem"),
        ("sum", &["--time", "3"], "a time limit of 1000 ms"),
    ] {
        let output = judge(&package(problem), arguments, path);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1));
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn an_empty_folder_and_a_missing_package_are_explained() {
    let directory = homework(&[(".hidden", "")]);
    let output = judge(&package("sum"), &[], directory.path());
    assert!(String::from_utf8_lossy(&output.stderr).contains("no submissions"));
    let directory = homework(&[("a.sh", RIGHT)]);
    let output = judge("nothing", &[], directory.path());
    assert!(String::from_utf8_lossy(&output.stderr).contains("nothing"));
}

#[test]
fn points_are_told_also_where_fewer_are_better() {
    let directory = homework(&[
        ("ann.sh", "echo abc"),
        ("bo.sh", "echo"),
        ("cy.sh", "echo a"),
    ]);
    let path = directory.path();
    let report = report(&package("shortest"), &["--csv", "marks.csv"], path);
    let scores: Vec<&Value> = report["submissions"]
        .as_array()
        .expect("submissions")
        .iter()
        .map(|row| &row["score"])
        .collect();
    assert_eq!(scores, [&3.0.into(), &Value::Null, &1.0.into()], "{report}");
    let csv = fs::read_to_string(path.join("marks.csv")).expect("the table");
    for row in ["ann.sh,bash,AC,3,", "bo.sh,bash,WA,,", "cy.sh,bash,AC,1,"] {
        assert!(csv.contains(row), "{row}: {csv}");
    }
}

#[test]
fn files_that_validators_leave_are_written_for_each_submission() {
    let directory = homework(&[("ann.sh", "echo 1"), ("bo.sh", "echo 2")]);
    for (name, text) in [
        (
            "problem.yaml",
            "problem_format_version: 2025-09\nlimits: {time_limit: 2}\n",
        ),
        ("data/secret/a.in", "1"),
        ("data/secret/a.ans", "1"),
        (
            "data/secret/test_group.yaml",
            "static_validation_score: pass-fail\n",
        ),
        (
            "static_validator/check.py",
            "import sys\nopen(sys.argv[3] + 'language', 'w').write(sys.argv[1])\nsys.exit(42)\n",
        ),
        (
            "output_validator/check.py",
            "import sys\nopen(sys.argv[3] + 'said', 'w').write(sys.stdin.read())\nsys.exit(42)\n",
        ),
    ] {
        let path = directory.path().join("said").join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, text).expect("a file");
    }
    report("said", &["--feedback", "out"], directory.path());
    for (submission, said) in [("ann.sh", "1\n"), ("bo.sh", "2\n")] {
        let out = directory.path().join("out").join(submission).join("secret");
        let read = |file| fs::read_to_string(out.join(file)).expect("a file");
        assert_eq!(read("a/said"), said);
        assert_eq!(read("static_validation/language"), "bash");
    }
}
