//! `gavel stress` as a setter uses it.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::support::gavel;

/// Sums of a list. `skips_negative.sh` is wrong where a number is negative, `stops.sh` where the list is longer
/// than three.
const PROGRAMS: [(&str, &str); 8] = [
    (
        "generate.sh",
        "n=$((1 + ($1 * 7 + $2) % $2)); echo $n; s=; for i in $(seq $n); do s=\"$s $((($1 * i * 37) % 41 - 20))\"; done; echo $s\n",
    ),
    (
        "sum.sh",
        "read n; read l; s=0; for x in $l; do s=$((s + x)); done; echo $s\n",
    ),
    (
        "skips_negative.sh",
        "read n; read l; s=0; for x in $l; do [ $x -lt 0 ] || s=$((s + x)); done; echo $s\n",
    ),
    (
        "stops.sh",
        "read n; read l; [ $n -le 3 ] || exit 1; s=0; for x in $l; do s=$((s + x)); done; echo $s\n",
    ),
    (
        "validate.sh",
        "read n; read l; set -- $l; [ $# = \"$n\" ] && [ \"$n\" -ge 1 ] && [ \"$l\" = \"$*\" ] && exit 42; exit 43\n",
    ),
    ("strict.sh", "exit 43\n"),
    ("fails.sh", "echo oops >&2; exit 7\n"),
    ("accept.sh", "exit 42\n"),
];

fn stress(arguments: &[&str], directory: &Path) -> Output {
    gavel("stress", arguments, directory)
}

fn programs() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, text) in PROGRAMS {
        fs::write(directory.path().join(name), text).expect("a file");
    }
    directory
}

const SEARCH: [&str; 4] = ["--generator", "generate.sh", "--reference", "sum.sh"];

/// The report, and the exit code.
fn searched(arguments: &[&str], directory: &Path) -> (Value, i32) {
    let output = stress(&[&SEARCH, arguments, &["--json"]].concat(), directory);
    let error = String::from_utf8_lossy(&output.stderr);
    let report = serde_json::from_slice(&output.stdout);
    let code = output.status.code().expect("a code");
    (report.unwrap_or_else(|_| panic!("{error}")), code)
}

#[test]
fn a_failing_input_is_found_and_made_small_the_same_each_time() {
    let directory = programs();
    let path = directory.path();
    let arguments = [
        "skips_negative.sh",
        "--validator",
        "validate.sh",
        "--runs",
        "40",
    ];
    let (report, code) = searched(&arguments, path);
    assert_eq!(code, 1);
    let found = &report["found"];
    assert_eq!(
        (&found["input"], &found["answer"]),
        (&"1\n-1".into(), &"-1\n".into())
    );
    assert_eq!(found["candidates"][0]["verdict"], "WA");
    let saved = |name: &str| fs::read_to_string(path.join("stress-found").join(name)).expect(name);
    assert_eq!(saved("input"), "1\n-1");
    assert_eq!(saved("answer"), "-1\n");
    assert_eq!(saved("skips_negative.sh.output"), "0\n");
    let alone = [&arguments[..], &["--jobs", "1"]].concat();
    let again = searched(&alone, path).0;
    for key in ["seed", "input", "answer"] {
        assert_eq!(again["found"][key], found[key]);
    }
}

#[test]
fn without_a_validator_an_input_stays_as_it_was_generated() {
    let directory = programs();
    let (report, _) = searched(&["skips_negative.sh", "--runs", "40"], directory.path());
    let found = &report["found"];
    assert_eq!(found["input_bytes"], found["generated_bytes"]);
}

#[test]
fn the_condition_chooses_what_is_found() {
    let directory = programs();
    let condition = "stops.sh is RTE and skips_negative.sh is AC";
    let arguments = [
        "stops.sh",
        "skips_negative.sh",
        "--find",
        condition,
        "--sizes",
        "4..4",
    ];
    let validated = [&arguments[..], &["--validator", "validate.sh"]].concat();
    let (report, code) = searched(&validated, directory.path());
    assert_eq!((code, &report["found"]["input"]), (1, &"4\n0 0 0 0".into()));
    let verdicts = [0, 1].map(|index| report["found"]["candidates"][index]["verdict"].clone());
    assert_eq!(verdicts, ["RTE", "AC"]);
}

#[test]
fn nothing_is_found_where_there_is_nothing() {
    let directory = programs();
    let (report, code) = searched(&["sum.sh", "--runs", "10"], directory.path());
    assert_eq!((code, &report["rounds"]), (0, &10.into()));
    assert_eq!(report["found"], Value::Null);
    let accepted = ["skips_negative.sh", "--check", "accept.sh", "--runs", "10"];
    assert_eq!(searched(&accepted, directory.path()).1, 0);
}

#[test]
fn a_program_of_the_search_that_fails_is_named_with_what_it_said() {
    let directory = programs();
    for (arguments, words) in [
        (
            &["sum.sh", "--generator", "fails.sh", "--reference", "sum.sh"][..],
            "the generator failed in round 1: ended with exit code 7",
        ),
        (
            &[
                "sum.sh",
                "--generator",
                "generate.sh",
                "--reference",
                "fails.sh",
            ],
            "the reference solution failed in round 1: ended with exit code 7; the input is in \
             stress-found/input\noops",
        ),
        (
            &[
                "sum.sh",
                "--generator",
                "generate.sh",
                "--reference",
                "sum.sh",
                "--validator",
                "strict.sh",
            ],
            "the input of round 1 is not valid: the validator ended with exit code 43",
        ),
        (
            &[
                "sum.sh",
                "--generator",
                "generate.sh",
                "--reference",
                "sum.sh",
                "--find",
                "sum.sh",
            ],
            "--find: expected \"is\", found the end",
        ),
    ] {
        let output = stress(arguments, directory.path());
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1));
        assert!(error.contains(words), "{error}");
    }
}
