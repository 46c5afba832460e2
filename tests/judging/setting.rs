//! What `gavel verify` tells setters beside verdicts.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::verifying::{copy, submission, verified, verify};

/// Files of a package that is changed by a test.
fn write(directory: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = directory.join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, text).expect("a file");
    }
}

#[test]
fn junit_has_a_suite_for_each_package_and_a_test_for_each_submission() {
    let package = copy("sum");
    write(
        package.path(),
        &[
            ("submissions/accepted/three.sh", "echo 3"),
            ("submissions/accepted/sum.apl", "⎕←+/⎕"),
        ],
    );
    let path = package.path().to_str().expect("UTF-8");
    let report = package.path().join("report.xml");
    let junit = report.to_str().expect("UTF-8");
    verified(&[path, "-s", "accepted/*", "--junit", junit]);
    let text = fs::read_to_string(&report).expect("a report");
    let has = |words: &str| assert!(text.contains(words), "{words}: {text}");
    has(r#"tests="5" failures="1" errors="0" skipped="1""#);
    has(r#"name="accepted/three.sh" time="0."#);
    has(r#"<failure message="WA is not expected: test case secret/large/1: "#);
    has("<skipped message=\"no language has sources like these\"/>");

    verify(&[path, "/nonexistent", "-s", "accepted/*", "--junit", junit]);
    let text = fs::read_to_string(&report).expect("a report");
    let suite = r#"<testsuite name="/nonexistent" tests="1" failures="0" errors="1""#;
    assert!(text.contains(suite), "{text}");
}

fn case<'a>(report: &'a Value, name: &str) -> &'a Value {
    let cases = report["cases"].as_array().expect("cases");
    let found = cases.iter().find(|case| case["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {report}"))
}

#[test]
fn with_all_cases_it_is_known_which_cases_fail_whom() {
    let (report, _) = verified(&["sum", "-s", "{accepted,wrong_answer,run_time_error}/*"]);
    assert_eq!(report["all_cases"], false);
    let (report, code) = verified(&["sum", "--all-cases"]);
    assert_eq!((code, &report["all_cases"]), (0, &true.into()), "{report}");
    let kills = |name| case(&report, name)["kills"].as_array().expect("paths");
    let narrow = Value::from("wrong_answer/narrow.c");
    assert!(kills("secret/large/1").contains(&narrow), "{report}");
    assert!(!kills("sample/1").contains(&narrow), "{report}");
    assert!(!kills("secret/large/1").contains(&"accepted/sum.c".into()));
    let of_narrow = &submission(&report, "wrong_answer/narrow.c")["failing_cases"];
    assert_eq!(
        of_narrow,
        &json!([{"case": "secret/large/1", "verdict": "WA"}])
    );
    let ran = |name| case(&report, name)["slowest_accepted_ms"].is_f64();
    assert!(ran("sample/1") && ran("secret/small/2"), "{report}");
    let large = &report["groups"][1];
    assert_eq!(large["name"], "secret/large");
    assert_eq!(large["slowest_accepted_case"], "secret/large/1");

    let output = verify(&["sum", "--all-cases", "--table"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let is_there = |words: &[&str]| {
        let mut lines = text.lines();
        let found = lines.any(|line| line.split_whitespace().eq(words.iter().copied()));
        assert!(found, "{words:?}: {text}");
    };
    is_there(&["[4]", "wrong_answer/narrow.c"]);
    let narrow_alone = "wrong_answer/narrow.c fails on one case only: secret/large/1";
    is_there(&narrow_alone.split(' ').collect::<Vec<_>>());
}

#[test]
fn equal_inputs_are_told_with_whether_their_answers_are_equal() {
    let package = copy("sum");
    let read = |name: &str| fs::read_to_string(package.path().join(name)).expect("a file");
    let (input, answer) = (read("data/sample/1.in"), read("data/sample/1.ans"));
    write(
        package.path(),
        &[
            ("data/secret/small/8.in", &input),
            ("data/secret/small/8.ans", &answer),
            ("data/secret/small/9.in", &input),
            ("data/secret/small/9.ans", &format!("{answer}\n")),
        ],
    );
    let path = package.path().to_str().expect("UTF-8");
    let (report, code) = verified(&[path, "-s", "accepted/sum.sh"]);
    assert_eq!(code, 0, "{report}");
    for (name, is_same) in [("secret/small/8", true), ("secret/small/9", false)] {
        let case = case(&report, name);
        assert_eq!(
            (&case["same_as"], &case["same_answer"]),
            (&"sample/1".into(), &is_same.into())
        );
    }
    assert!(case(&report, "sample/1").get("same_as").is_none());
    let note = "the input of an earlier case comes again: secret/small/8 that of sample/1; \
                secret/small/9 that of sample/1, with another answer";
    let notes = report["notes"].as_array().expect("notes");
    assert!(notes.contains(&note.into()), "{report}");
}

/// Uses so much CPU time, an expression of C, and is right.
fn busy(ms: impl std::fmt::Display) -> String {
    format!(
        "#include <stdio.h>\n#include <time.h>\n\
         int main(void) {{ long a, b; scanf(\"%ld %ld\", &a, &b);\n\
         long ms = {ms};\n\
         while (clock() < ms * (CLOCKS_PER_SEC / 1000)) {{}}\n\
         printf(\"%ld\\n\", a + b); return 0; }}\n"
    )
}

#[test]
fn a_verdict_that_depends_on_the_limit_is_told() {
    let package = copy("sum");
    write(
        package.path(),
        &[
            ("submissions/slow/between.c", &busy(1400)),
            ("submissions/slow/half.c", &busy(700)),
            ("submissions/slow/endless.c", &busy(60_000)),
        ],
    );
    let path = package.path().to_str().expect("UTF-8");
    let (report, _) = verified(&[path, "-s", "{slow/*,accepted/sum.c}"]);
    for (path, verdict, is_sensitive, margin) in [
        ("slow/between.c", "TLE", true, "narrow"),
        ("slow/half.c", "AC", false, "narrow"),
        ("slow/endless.c", "TLE", false, "ample"),
        ("accepted/sum.c", "AC", false, "ample"),
    ] {
        let result = submission(&report, path);
        assert_eq!(result["verdict"], verdict, "{result}");
        assert_eq!(result["limit_sensitive"], is_sensitive, "{result}");
        assert_eq!(result["margin"], margin, "{result}");
    }
    let notes = report["notes"].as_array().expect("notes");
    let mut notes = notes.iter().filter_map(Value::as_str);
    assert!(notes.any(|note| note.starts_with("slow/between.c is near the time limit: 14")));
}

/// A limit of 400 ms.
const SHORT: &str = "name: Sum\nlimits:\n  memory: 256\n  time_limit: 0.4\n";

#[test]
fn a_run_near_the_limit_is_repeated_alone_three_times() {
    let package = copy("sum");
    write(
        package.path(),
        &[
            ("problem.yaml", SHORT),
            ("submissions/slow/just_in.c", &busy(384)),
            ("submissions/slow/just_out.c", &busy(416)),
            ("submissions/slow/in.c", &busy(320)),
        ],
    );
    let path = package.path().to_str().expect("UTF-8");
    let (report, _) = verified(&[path, "-s", "slow/*"]);
    for (path, verdict, repeated) in [
        ("slow/just_in.c", "AC", 4),
        // Its later cases do not count.
        ("slow/just_out.c", "TLE", 1),
        ("slow/in.c", "AC", 0),
    ] {
        let result = submission(&report, path);
        assert_eq!(result["verdict"], verdict, "{result}");
        let reruns = result["reruns"].as_array().expect("reruns");
        assert_eq!(reruns.len(), repeated, "{result}");
        for rerun in reruns {
            let alone = rerun["alone_ms"].as_array().expect("times");
            let alone: Vec<f64> = alone.iter().filter_map(Value::as_f64).collect();
            assert!(alone.len() == 3 && alone.is_sorted(), "{result}");
        }
    }
    let (report, _) = verified(&[path, "-s", "slow/just_out.c", "--band", "0"]);
    assert_eq!(report["submissions"][0]["reruns"], json!([]), "{report}");
}

/// From 372 to 427 by chance.
const BY_CHANCE: &str = "({ struct timespec t; clock_gettime(CLOCK_REALTIME, &t); \
                         372 + t.tv_nsec / 1000 % 56; })";

#[test]
fn near_the_limit_the_median_decides_and_what_then_counts_is_run() {
    let package = copy("sum");
    write(
        package.path(),
        &[
            ("problem.yaml", SHORT),
            ("submissions/slow/by_chance.c", &busy(BY_CHANCE)),
        ],
    );
    let path = package.path().to_str().expect("UTF-8");
    let (report, _) = verified(&[path, "-s", "slow/*"]);
    let result = submission(&report, "slow/by_chance.c");
    let reruns = result["reruns"].as_array().expect("reruns");
    let is_slow = |rerun: &&Value| rerun["alone_ms"][1].as_f64().expect("a time") > 400.0;
    match reruns.iter().find(is_slow) {
        None => assert_eq!((&result["verdict"], reruns.len()), (&"AC".into(), 4)),
        Some(rerun) => {
            let failing = json!([{"case": rerun["case"], "verdict": "TLE"}]);
            assert_eq!(result["failing_cases"], failing, "{result}");
            assert_eq!(reruns.last(), Some(rerun), "{result}");
        }
    }
}

#[test]
fn a_watched_package_is_verified_again_when_it_changes() {
    let package = copy("sum");
    let mut child = Command::new(env!("CARGO_BIN_EXE_gavel"))
        .args(["verify", "--watch", "--json", "-s", "accepted/sum.sh"])
        .arg(package.path())
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("gavel");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let mut next = || {
        let line = lines.next().expect("a report").expect("text");
        let report: Value = serde_json::from_str(&line).expect("one object");
        report["submissions"][0]["verdict"].clone()
    };
    assert_eq!(next(), "AC");
    write(package.path(), &[("submissions/accepted/sum.sh", "echo 3")]);
    assert_eq!(next(), "WA");
    let pid = i32::try_from(child.id()).expect("a process");
    kill(Pid::from_raw(pid), Signal::SIGINT).expect("a signal");
    assert_eq!(child.wait().expect("its end").code(), Some(0));
}
