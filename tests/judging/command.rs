//! `gavel run` as a person or a script uses it.

use std::fs;
use std::path::Path;
use std::process::Output;

use crate::support::gavel;

fn run(arguments: &[&str], directory: &Path) -> Output {
    gavel("run", arguments, directory)
}

/// A directory with some programs.
fn programs() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, text) in [
        ("echo.sh", "cat; echo note >&2"),
        ("broken.sh", "if"),
        ("fail.sh", "exit 3"),
        ("odd.sh", "printf '\\377'"),
        ("text", "echo 1"),
        ("input", "1 2\n"),
        ("answer", "1  2"),
    ] {
        fs::write(directory.path().join(name), text).expect("a file");
    }
    directory
}

fn json(arguments: &[&str]) -> serde_json::Value {
    let directory = programs();
    let output = run(&[arguments, &["--json"]].concat(), directory.path());
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{error}");
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

#[test]
fn json_tells_what_happened() {
    let ran = json(&["echo.sh", "--stdin", "input"]);
    assert_eq!(ran["verdict"], "OK");
    assert_eq!((&ran["exit_code"], &ran["signal"]), (&0.into(), &().into()));
    assert_eq!(
        (&ran["stdout"], &ran["stderr"]),
        (&"1 2\n".into(), &"note\n".into())
    );
    assert!(ran["cpu_ms"].is_f64() && ran["memory_bytes"].is_u64());
    assert_eq!(
        (&ran["language"], &ran["compile"]["ok"]),
        (&"bash".into(), &true.into())
    );
}

#[test]
fn a_verdict_is_no_failure_of_the_command() {
    for (arguments, verdict) in [
        (&["broken.sh"][..], "CE"),
        (&["fail.sh"], "RTE"),
        (&["echo.sh", "--stdin", "input", "--answer", "answer"], "AC"),
        (&["echo.sh", "--answer", "answer"], "WA"),
        (&["echo.sh", "--stdin", "input", "--output", "3"], "OLE"),
        (&["text", "--language", "sh"], "OK"),
    ] {
        assert_eq!(json(arguments)["verdict"], verdict, "{arguments:?}");
    }
}

#[test]
fn output_that_is_not_text_is_kept() {
    assert_eq!(json(&["odd.sh"])["stdout_base64"], "/w==");
}

#[test]
fn people_get_the_output_and_a_summary() {
    let directory = programs();
    let output = run(&["echo.sh", "--stdin", "input"], directory.path());
    assert_eq!(output.stdout, b"1 2\n");
    let summary = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        summary.contains("note\nOK: ended with exit code 0\n"),
        "{summary}"
    );
}

#[test]
fn bad_input_is_an_error_that_says_what_is_wrong() {
    let directory = programs();
    for (arguments, code, words) in [
        (&["missing.sh"][..], 1, "cannot read missing.sh"),
        (&["text"], 1, "choose one with --language"),
        (
            &["echo.sh", "--language", "cobol"],
            1,
            "no language \"cobol\"",
        ),
        (&["echo.sh", "--stdin", "missing"], 1, "cannot read missing"),
        (&["echo.sh", "echo.sh"], 1, "another file of this name"),
        (
            &["echo.sh", "../x.sh"],
            1,
            "not below the current directory",
        ),
        (&["echo.sh", "--time", "0"], 2, "0.001"),
        (&["echo.sh", "--time", "nan"], 2, "0.001"),
        (&["echo.sh", "--wall=-1"], 2, "0.001"),
        (&["echo.sh", "--wall", "1e309"], 2, "0.001"),
        (&["echo.sh", "--memory", "0"], 2, "0 is not in"),
        (
            &["echo.sh", "--memory", "18446744073709551615"],
            2,
            "is not in",
        ),
        (&["echo.sh", "--output", "0"], 2, "0 is not in"),
        (&[], 2, "FILE"),
    ] {
        let output = run(arguments, directory.path());
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
        assert!(error.contains(words), "{arguments:?}: {error}");
        assert!(output.stdout.is_empty());
    }
}
