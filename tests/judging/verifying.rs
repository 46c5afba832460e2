//! `gavel verify` on small packages.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

use crate::support::gavel;

fn packages() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/packages")
}

pub(crate) fn verify(arguments: &[&str]) -> Output {
    gavel("verify", arguments, &packages())
}

/// The report and the exit code.
pub(crate) fn verified(arguments: &[&str]) -> (Value, i32) {
    let output = verify(&[arguments, &["--json"]].concat());
    let error = String::from_utf8_lossy(&output.stderr);
    let report = serde_json::from_slice(&output.stdout);
    (
        report.unwrap_or_else(|_| panic!("{error}")),
        output.status.code().expect("a code"),
    )
}

/// A copy of a package that a test may change.
pub(crate) fn copy(name: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    copy_files(&packages().join(name), directory.path());
    directory
}

fn copy_files(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a directory") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            fs::create_dir(&target).expect("a directory");
            copy_files(&path, &target);
        } else {
            fs::copy(&path, &target).expect("a copy");
        }
    }
}

pub(crate) fn submission<'a>(report: &'a Value, path: &str) -> &'a Value {
    let submissions = report["submissions"].as_array().expect("submissions");
    let found = submissions.iter().find(|result| result["path"] == path);
    found.unwrap_or_else(|| panic!("no {path} in {report}"))
}

pub(crate) fn changed(name: &str, file: &str, text: &str) -> (Value, i32) {
    let directory = copy(name);
    let path = directory.path().join(file);
    fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
    fs::write(path, text).expect("a file");
    verified(&[directory.path().to_str().expect("UTF-8")])
}

#[test]
fn submissions_of_every_kind_come_to_what_is_expected() {
    let (report, code) = verified(&["sum"]);
    assert_eq!((code, &report["ok"]), (0, &true.into()), "{report}");
    assert_eq!(
        (&report["time_limit_ms"], &report["time_limit_source"]),
        (&1000.into(), &"given".into())
    );
    for (path, expected, verdict) in [
        ("accepted/sum.sh", "AC", "AC"),
        ("accepted/sum.c", "AC", "AC"),
        ("wrong_answer/narrow.c", "WA", "WA"),
        ("run_time_error/nothing_is_nothing.sh", "RTE", "RTE"),
        ("time_limit_exceeded/waits.sh", "TLE", "TLE"),
        ("compiler_error/unfinished.c", "CE", "CE"),
    ] {
        let result = submission(&report, path);
        assert_eq!(result["expected"], serde_json::json!([expected]), "{path}");
        assert_eq!(result["verdict"], verdict, "{result}");
        assert_eq!(result["as_expected"], true);
        assert_eq!(result["slowest_ms"].is_f64(), verdict != "CE");
    }
    let mixed = submission(&report, "mixed/product.sh");
    assert_eq!(mixed["expected"], serde_json::json!(["WA", "RTE"]));
    assert_eq!(mixed["verdict"], "WA");
}

#[test]
fn a_validator_of_the_package_decides_and_the_limit_is_calculated() {
    let (report, code) = verified(&["root"]);
    assert_eq!((code, &report["ok"]), (0, &true.into()), "{report}");
    assert_eq!(report["time_limit_source"], "calibrated");
    assert_eq!(submission(&report, "accepted/negative.sh")["verdict"], "AC");
    assert_eq!(
        submission(&report, "wrong_answer/three.sh")["verdict"],
        "WA"
    );
}

#[test]
fn submissions_talk_with_an_interactive_validator() {
    let (report, code) = verified(&["guess"]);
    assert_eq!((code, &report["ok"]), (0, &true.into()), "{report}");
    for (path, verdict) in [
        ("accepted/halving.sh", "AC"),
        ("wrong_answer/counts.sh", "WA"),
        ("run_time_error/fails_after_the_end.sh", "RTE"),
        ("time_limit_exceeded/never_guesses.sh", "TLE"),
    ] {
        assert_eq!(submission(&report, path)["verdict"], verdict, "{report}");
    }
}

#[test]
fn submissions_run_as_often_as_a_validator_asks() {
    for (package, submissions) in [("relay", 6), ("echoes", 3)] {
        let (report, code) = verified(&[package]);
        assert_eq!((code, &report["ok"]), (0, &true.into()), "{report}");
        let judged = report["submissions"].as_array().expect("submissions");
        assert_eq!(judged.len(), submissions);
    }
    let (report, _) = verified(&["relay", "-s", "run_time_error/*"]);
    let reason = &report["submissions"][0]["reason"];
    assert_eq!(reason, "test case secret/1: pass 2: ended with exit code 3");
}

#[test]
fn arguments_files_constants_and_scripts_mean_what_the_format_says() {
    let (report, code) = verified(&["greeting"]);
    assert_eq!((code, &report["ok"]), (0, &true.into()), "{report}");
    for (path, verdict) in [
        ("accepted/greets.sh", "AC"),
        ("run_time_error/takes_notes.sh", "RTE"),
        ("wrong_answer/knows_the_world_only.sh", "WA"),
        ("wrong_answer/speaks_softly.sh", "WA"),
    ] {
        assert_eq!(submission(&report, path)["verdict"], verdict, "{report}");
    }
    let note = report["notes"][0].as_str().expect("a note");
    assert!(
        note.starts_with("input_validators/grammar.ctd is not run"),
        "{note}"
    );
}

#[test]
fn a_program_may_write_files_only_where_the_problem_allows_it() {
    let path = "run_time_error/takes_notes.sh";
    let yaml = packages().join("greeting/problem.yaml");
    let yaml = fs::read_to_string(yaml).expect("settings") + "allow_file_writing: true\n";
    let (report, _) = changed("greeting", "problem.yaml", &yaml);
    assert_eq!(submission(&report, path)["verdict"], "WA", "{report}");
}

#[test]
fn a_script_that_does_not_build_is_an_error_of_the_package() {
    for (script, words) in [
        ("exit 0\n", "its first line must be #!"),
        (
            "#!/bin/sh\necho no luck >&2\nexit 3\n",
            "exit code 3\nno luck",
        ),
        ("#!/bin/sh\nrm run\n", "could not be started"),
        ("#!/bin/sh\ncat /etc/shadow\n", "No such file"),
    ] {
        let (report, code) = changed("greeting", "output_validator/build", script);
        let error = report["error"].as_str().expect("an error");
        assert_eq!(code, 1);
        assert!(
            error.contains(words) && error.contains("output_validator"),
            "{error}"
        );
    }
}

#[test]
fn the_verdicts_are_the_same_however_many_run_at_the_same_time() {
    let verdicts = |jobs| {
        let (report, _) = verified(&["sum", "--jobs", jobs]);
        let submissions = report["submissions"]
            .as_array()
            .expect("submissions")
            .clone();
        let told = submissions
            .into_iter()
            .map(|s| (s["path"].clone(), s["verdict"].clone()));
        told.collect::<Vec<_>>()
    };
    assert_eq!(verdicts("1"), verdicts("4"));
}

#[test]
fn what_is_not_expected_makes_the_command_fail() {
    let (report, code) = changed("sum", "submissions/accepted/three.sh", "echo 3");
    assert_eq!((code, &report["ok"]), (1, &false.into()));
    let three = submission(&report, "accepted/three.sh");
    assert_eq!(
        (&three["verdict"], &three["as_expected"]),
        (&"WA".into(), &false.into())
    );
    assert!(
        three["reason"]
            .as_str()
            .expect("a reason")
            .contains("secret/large/1")
    );
    assert_eq!(submission(&report, "accepted/sum.c")["as_expected"], true);
}

#[test]
fn what_comes_to_what_is_expected_within_the_safety_margin_is_as_expected() {
    // More than the limit of 1 s, and less than twice as much.
    let late = "import time\nwhile time.process_time() < 1.3: pass\n\
                print(sum(map(int, input().split())))\n";
    for (path, as_expected) in [("accepted/late.py", true), ("wrong_answer/late.py", false)] {
        let (report, _) = changed("sum", &format!("submissions/{path}"), late);
        let result = submission(&report, path);
        assert_eq!(
            (&result["verdict"], &result["as_expected"]),
            (&"TLE".into(), &as_expected.into()),
            "{result}"
        );
        let notes = report["notes"].to_string();
        assert!(
            notes.contains(&format!("{path} is near the time limit")),
            "{notes}"
        );
    }
}

#[test]
fn sources_that_are_larger_than_the_problem_allows_are_refused() {
    let sum = fs::read_to_string(packages().join("sum/submissions/accepted/sum.sh"));
    let sum = sum.expect("a submission") + "\n# ";
    let long = |bytes: usize| sum.clone() + &"x".repeat(bytes - sum.len());
    for (bytes, verdict) in [(256 << 10, "AC"), ((256 << 10) + 1, "CE")] {
        let (report, _) = changed("sum", "submissions/accepted/long.sh", &long(bytes));
        let result = submission(&report, "accepted/long.sh");
        assert_eq!(result["verdict"], verdict, "{result}");
        let reason = result["reason"].as_str().expect("a reason");
        assert_eq!(
            reason.contains("the limit is 256 KiB"),
            verdict == "CE",
            "{reason}"
        );
    }
}

#[test]
fn only_submissions_that_match_are_judged() {
    let (report, code) = verified(&["sum", "-s", "{accepted,mixed}/*.sh"]);
    let submissions = report["submissions"].as_array().expect("submissions");
    let paths: Vec<_> = submissions
        .iter()
        .filter_map(|s| s["path"].as_str())
        .collect();
    assert_eq!(
        (code, paths),
        (0, vec!["accepted/sum.sh", "mixed/product.sh"])
    );
}

#[test]
fn a_broken_validator_is_an_error_of_the_package_and_no_verdict() {
    for (text, words) in [
        ("int main() { return 0; }", "exit code 0"),
        ("int main() { return", "cannot be compiled"),
    ] {
        let (report, code) = changed("root", "output_validator/check.cpp", text);
        assert_eq!((code, &report["ok"]), (1, &false.into()));
        assert_eq!(report["submissions"], serde_json::json!([]));
        let error = report["error"].as_str().expect("an error");
        assert!(
            error.contains(words) && error.contains("output_validator"),
            "{error}"
        );
    }
}

#[test]
fn a_package_that_cannot_be_used_is_told_with_file_and_line() {
    let (report, code) = changed("sum", "problem.yaml", "name: Sum\ntype: relay\n");
    assert_eq!(code, 1);
    let finding = &report["findings"][0];
    assert_eq!(
        (&finding["path"], &finding["line"]),
        (&"problem.yaml".into(), &2.into())
    );
    let (report, code) = verified(&["/nonexistent"]);
    assert_eq!(code, 1);
    assert!(
        report["error"]
            .as_str()
            .expect("an error")
            .contains("/nonexistent")
    );
}

#[test]
fn a_submission_in_an_unknown_language_is_not_judged() {
    let (report, code) = changed("sum", "submissions/accepted/sum.apl", "⎕←+/⎕");
    assert_eq!(code, 0);
    assert_eq!(report["skipped"][0]["path"], "accepted/sum.apl");
}

#[test]
fn people_get_a_table_of_submissions_by_groups() {
    let output = verify(&["sum", "root"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{text}");
    let has = |line: &str| {
        let found = text.lines().any(|l| {
            l.split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
                .starts_with(line)
        });
        assert!(found, "{line}: {text}");
    };
    has("submission expected verdict sample secret/large secret/small slowest of limit case");
    has("accepted/sum.c AC AC AC AC AC");
    has("wrong_answer/narrow.c WA WA AC WA -");
    has("time limit: 1000 ms, as given");
    has("time limit: 1000 ms, calculated");
    assert_eq!(text.matches("\n  ok\n").count(), 2);
}

#[test]
fn a_standard_package_of_polygon_is_made_whole_and_judged() {
    let (report, code) = verified(&["polygon"]);
    assert_eq!((code, &report["ok"]), (0, &true.into()), "{report}");
    assert_eq!(report["time_limit_ms"], 1000);
    for (path, verdict) in [
        ("solutions/half.cpp", "AC"),
        ("solutions/one_less.py", "AC"),
        ("solutions/twice.cpp", "WA"),
        ("solutions/searches.cpp", "TLE"),
    ] {
        assert_eq!(submission(&report, path)["verdict"], verdict, "{report}");
    }
    let wrong = submission(&report, "solutions/twice.cpp");
    let reason = wrong["reason"].as_str().expect("a reason");
    assert!(reason.starts_with("test case tests/01: "), "{reason}");
}

#[test]
fn a_generator_that_fails_is_an_error_of_the_package() {
    let text = "int main() { return 9; }";
    let (report, code) = changed("polygon", "files/gen.cpp", text);
    assert_eq!(code, 1);
    let error = report["error"].as_str().expect("an error");
    let beginning = "files/gen.cpp cannot make tests/02: ended with exit code 9";
    assert!(error.starts_with(beginning), "{error}");
}

#[test]
fn a_problem_with_points_comes_to_the_points_that_are_expected() {
    let (report, code) = verified(&["points"]);
    assert_eq!((code, &report["ok"]), (0, &true.into()), "{report}");
    for (path, verdict, score) in [
        ("accepted/sum.sh", "AC", 100.0),
        ("partially_accepted/narrow.sh", "AC", 40.0),
        ("wrong_answer/three.sh", "WA", 0.0),
    ] {
        let result = submission(&report, path);
        assert_eq!(result["verdict"], verdict, "{result}");
        assert_eq!(result["score"], score, "{result}");
    }
    let narrow = submission(&report, "partially_accepted/narrow.sh");
    assert_eq!(narrow["expected"], serde_json::json!(["PAC"]));
    let groups = narrow["groups"].as_array().expect("groups");
    let told: Vec<_> = groups
        .iter()
        .map(|group| {
            (
                group["name"].as_str().expect("a name"),
                &group["verdict"],
                &group["score"],
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("sample", &"AC".into(), &0.0.into()),
            ("secret", &"AC".into(), &40.0.into()),
            ("secret/large", &"WA".into(), &0.0.into()),
            ("secret/small", &"AC".into(), &40.0.into()),
        ]
    );
    assert!(groups[3]["slowest_ms"].is_f64() && groups[3]["of_limit_percent"].is_f64());
    assert_eq!(groups[2]["slowest_case"], "secret/large/1");
}

#[test]
fn shares_of_points_requirements_and_rules_about_groups_are_kept() {
    let (report, code) = verified(&["shares"]);
    assert_eq!((code, &report["ok"]), (0, &true.into()), "{report}");
    let score = |path| submission(&report, path)["score"].clone();
    assert_eq!(score("accepted/sum.sh"), 100.0);
    assert_eq!(score("mixed/off.sh"), 77.5);
    assert_eq!(score("mixed/seven.sh"), 0.0);
    let seven = submission(&report, "mixed/seven.sh");
    assert_eq!(seven["groups"][3]["verdict"], "SKIPPED", "{seven}");
}

#[test]
fn scores_that_are_not_expected_are_told() {
    for (package, file, text, words) in [
        (
            "points",
            "submissions/partially_accepted/sum.sh",
            "read -r a b; echo $((a + b))",
            "partially_accepted/sum.sh: the score 100 is the full one",
        ),
        (
            "points",
            "submissions/mixed/sum.sh",
            "# @EXPECTED_SCORE@: 40\nread -r a b; echo $((a + b))",
            "mixed/sum.sh: the score 100 is not the expected 40",
        ),
        (
            "points",
            "data/secret/small/testdata.yaml",
            "accept_score: 40\nrange: 0 30\ngrading: default\ngrader_flags: min\n",
            "points in secret/small, whose range is 0 to 30",
        ),
    ] {
        let directory = copy(package);
        let path = directory.path().join(file);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, text).expect("a file");
        let output = verify(&[directory.path().to_str().expect("UTF-8")]);
        let text = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn an_accepted_submission_without_the_full_score_is_noted_and_no_failure() {
    let narrow = "read -r a b; echo $(((a + b) % 1000000000))";
    let (report, code) = changed("points", "submissions/accepted/narrow.sh", narrow);
    assert_eq!((code, &report["ok"]), (0, &true.into()), "{report}");
    let notes = report["notes"].to_string();
    assert!(
        notes.contains("accepted/narrow.sh: the score 40 is not the full one of 100"),
        "{notes}"
    );
}

#[test]
fn a_grader_or_a_validator_that_gives_points_wrongly_is_an_error_of_the_package() {
    for (package, file, text, words) in [
        (
            "points",
            "graders/any.sh",
            "echo AC",
            "graders/any.sh must print one line",
        ),
        (
            "points",
            "graders/any.sh",
            "exit 3",
            "graders/any.sh ended with exit code 3",
        ),
        (
            "shares",
            "output_validator/check.sh",
            "echo 1 > $3/score.txt; exit 43",
            "gave points for an output that it rejects",
        ),
        (
            "shares",
            "output_validator/check.sh",
            "echo 1 > $3/score.txt; exit 42",
            "gave points, though there are none to give (test case secret/a/1)",
        ),
    ] {
        let (report, code) = changed(package, file, text);
        assert_eq!((code, &report["ok"]), (1, &false.into()));
        assert_eq!(report["submissions"], serde_json::json!([]));
        let error = report["error"].as_str().expect("an error");
        assert!(error.contains(words), "{error}");
    }
}
