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
    assert!(report["time_limit_ms"].is_null(), "{report}");
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
fn python_of_the_jury_is_run_by_pypy_and_is_python_to_the_package() {
    let program = "import platform\nassert platform.python_implementation() == 'PyPy'\nimport added\nprint(input())\n";
    let (report, code) = verify(&[
        (
            "problem.yaml",
            "problem_format_version: 2025-09\nname: A\nlimits: {time_limit: 1}\nlanguages: [python3]\n",
        ),
        ("include/python3/added.py", ""),
        ("submissions/accepted/a.py", program),
        ("submissions/accepted/b.py", program),
        (
            "submissions/submissions.yaml",
            "accepted/b.py: {language: python3}\n",
        ),
    ]);
    assert_eq!(code, 0, "{report}");
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

/// It stands beside the files of the submission, and knows a word that must not be in them.
const STATIC_VALIDATOR: (&str, &str) = (
    "static_validator/check.py",
    "import os, sys\n\
     language, entry_point, feedback, word = sys.argv[1:]\n\
     text = open(entry_point).read()\n\
     if language == 'c' and 'main' not in os.listdir('.'):\n    sys.exit(1)\n\
     if word in text:\n    open(feedback + 'judgemessage.txt', 'w').write(f'{word} in {language}')\n    sys.exit(43)\n\
     if len(text) > 5:\n    open(feedback + 'score_multiplier.txt', 'w').write('0.5')\n\
     sys.exit(42)\n",
);

#[test]
fn a_static_validator_judges_the_files_of_a_submission() {
    let of_secret = "score_aggregation: sum\nstatic_validation_score: 40\n\
                     static_validator_args: [exec]\n";
    let files = [
        (
            "problem.yaml",
            "problem_format_version: 2025-09\nname: A\ntype: scoring\nlimits: {time_limit: 1}\n",
        ),
        STATIC_VALIDATOR,
        ("data/secret/test_group.yaml", of_secret),
        ("submissions/accepted/short.sh", "cat\n"),
        (
            "submissions/accepted/long.c",
            "int puts(const char *); int main(void) { puts(\"1\"); return 0; }\n",
        ),
        ("submissions/wrong_answer/forbidden.sh", "exec cat\n"),
        (
            "submissions/submissions.yaml",
            "accepted/short.sh: {score: 100}\naccepted/long.c: {score: 80}\n\
             wrong_answer:\n  score: 60\n  required: [WA]\n  message: exec in bash\n  \
             secret/static_validation: {permitted: [WA]}\n",
        ),
    ];
    let (report, code) = verify(&files);
    assert_eq!(code, 0, "{report}");
    let pass_fail = [
        (
            "problem.yaml",
            "problem_format_version: 2025-09\nname: A\nlimits: {time_limit: 1}\n",
        ),
        (
            "data/secret/test_group.yaml",
            "static_validation_score: pass-fail\nstatic_validator_args: [exec]\n",
        ),
        ("submissions/submissions.yaml", ""),
    ];
    let (report, code) = verify(&[&files[..], &pass_fail].concat());
    assert_eq!(code, 1, "{report}");
    let error = report["error"].as_str().expect("an error");
    assert!(
        error.contains("static_validator gave points, though"),
        "{error}"
    );
}

#[test]
fn output_validators_run_among_the_files_of_the_submission_as_they_were_before_it_ran() {
    let yaml = |more: &str| {
        format!(
            "problem_format_version: 2025-09\nname: A\nlimits: {{time_limit: 1}}\n\
             allow_file_writing: true\n{more}"
        )
    };
    // What it has of its own it finds by its own path.
    let run = "#!/bin/sh\n. \"$(dirname \"$0\")/words.sh\"\n\
               [ \"$(ls)\" = \"$WORD.sh\" ] && ! grep -q changed $WORD.sh && read a || exit 43\n\
               echo \"$a\"; exit 42\n";
    for more in ["", "type: interactive\n"] {
        let (report, code) = verify(&[
            ("problem.yaml", &yaml(more)),
            ("output_validator/run", run),
            ("output_validator/words.sh", "WORD=echoes\n"),
            (
                "submissions/accepted/echoes.sh",
                "w=chan; echo x; rm -f echoes.sh; echo ${w}ged > echoes.sh; echo x > new\n",
            ),
            ("submissions/wrong_answer/other.sh", "echo x\n"),
        ]);
        assert_eq!(code, 0, "{report}");
    }
    let (report, code) = verify(&[
        (
            "problem.yaml",
            "validation: custom\nlimits: {time_limit: 1}\n",
        ),
        (
            "output_validators/v/run",
            "#!/bin/sh\n[ \"$(ls)\" = run ] && exit 42\n",
        ),
        ("submissions/accepted/echo.sh", "cat\n"),
    ]);
    assert_eq!(code, 0, "{report}");
}

#[test]
fn a_validator_gives_points_or_parts_of_them_and_not_both() {
    let verify = |second: &str| {
        let validator = format!(
            "read a; [ $a = 1 ] && echo 50 > $3/score.txt; [ $a = 2 ] && {second}; exit 42\n"
        );
        verify(&[
            (
                "problem.yaml",
                "problem_format_version: 2025-09\nname: A\ntype: scoring\nlimits: {time_limit: 1}\n",
            ),
            ("data/secret/2.in", "2\n"),
            ("data/secret/2.ans", "2\n"),
            ("output_validator/check.sh", &validator),
            ("submissions/accepted/echo.sh", "cat\n"),
        ])
    };
    let (report, code) = verify("echo 50 > $3/score.txt");
    assert_eq!(code, 0, "{report}");
    let (report, code) = verify("echo 1 > $3/score_multiplier.txt");
    assert_eq!(code, 1, "{report}");
    let error = report["error"].as_str().expect("an error");
    assert!(
        error.contains("score_multiplier.txt for another, secret/2") && error.contains("secret/1"),
        "{error}"
    );
}

#[test]
fn standard_output_standard_error_and_files_count_as_output_together() {
    const WRITES: &str =
        "cat; head -c \"$1\" /dev/zero >&2; head -c \"$2\" /dev/zero > x; exit 0\n";
    let verdict = |(stderr, file): (u32, u32), yaml: &str| {
        let arguments = format!("args: ['{stderr}', '{file}']\n");
        let (report, _) = verify(&[
            ("problem.yaml", yaml),
            ("data/secret/1.yaml", &arguments),
            ("submissions/accepted/writes.sh", WRITES),
        ]);
        let result = submission(&report, "accepted/writes.sh");
        let [verdict, reason] = ["verdict", "reason"].map(|key| result[key].to_string());
        (verdict.trim_matches('"').to_owned(), reason)
    };
    let of_format = |format: &str, writing: bool| {
        format!(
            "problem_format_version: {format}\nname: A\nlimits: {{time_limit: 1, output: 1}}\n\
             allow_file_writing: {writing}\n"
        )
    };
    let new = of_format("2025-09", true);
    // The answer has two bytes.
    for (sizes, expected) in [
        ((0, (1 << 20) - 2), "AC"),
        (((1 << 20) - 2, 0), "AC"),
        ((1 << 19, 1 << 19), "OLE"),
        ((0, 1 << 20), "OLE"),
        ((1 << 20, 0), "OLE"),
    ] {
        let (verdict, reason) = verdict(sizes, &new);
        assert_eq!(verdict, expected, "{sizes:?}: {reason}");
        let words = "limit of 1 MiB to standard output, standard error and files together";
        assert_eq!(reason.contains(words), expected == "OLE", "{reason}");
    }
    assert_eq!(
        verdict((1 << 20, 1 << 20), &of_format("legacy", true)).0,
        "AC"
    );
}

#[test]
fn a_problem_may_be_solved_in_its_languages_only() {
    let yaml = "problem_format_version: 2025-09\nname: A\nlimits: {time_limit: 1}\n\
                languages: [c, python3]\n";
    let (report, code) = verify(&[
        ("problem.yaml", yaml),
        ("submissions/accepted/echo.py", "print(input())\n"),
        ("submissions/compiler_error/echo.sh", "cat\n"),
    ]);
    assert_eq!(code, 0, "{report}");
    let reason = submission(&report, "compiler_error/echo.sh")["reason"].to_string();
    assert!(
        reason.contains("may not be solved in bash: use c, python3"),
        "{reason}"
    );
}

#[test]
fn a_submission_in_time_on_some_cases_and_too_slow_on_others_sets_the_limit_and_is_judged_by_it() {
    let rules = "mixed/waits.sh:\n  sample: {permitted: [AC], required: [AC]}\n  \
                 secret: {permitted: [AC, TLE], required: [TLE]}\n";
    let (report, code) = verify(&[
        ("problem.yaml", "problem_format_version: 2025-09\nname: A\n"),
        ("data/sample/2.in", "2\n"),
        ("data/sample/2.ans", "2\n"),
        ("submissions/submissions.yaml", rules),
        (
            "submissions/mixed/waits.sh",
            "read a; i=0\nwhile [ $a = 1 ] && [ $i != 1500000 ]; do i=$((i + 1)); done\necho $a\n",
        ),
    ]);
    assert_eq!(code, 0, "{report}");
    assert_eq!(report["time_limit_ms"], 1000);
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

/// A package whose examples of outputs are these.
fn with_examples(valid: &str, invalid: &str, more: &[(&str, &str)]) -> Value {
    let files = [
        ("data/valid_output/v.in", "1\n"),
        ("data/valid_output/v.ans", "one\n"),
        ("data/valid_output/v.out", valid),
        ("data/invalid_output/w.in", "1\n"),
        ("data/invalid_output/w.ans", "one\n"),
        ("data/invalid_output/w.out", invalid),
        ("submissions/accepted/echo.sh", "cat\n"),
    ];
    verify(&[&files[..], more].concat()).0
}

#[test]
fn examples_of_outputs_must_be_judged_as_their_directories_say() {
    let mistakes = |report: Value| report["mistakes"].to_string();
    assert_eq!(mistakes(with_examples("ONE", "two", &[])), "[]");
    let swapped = mistakes(with_examples("two", "ONE", &[]));
    for words in [
        "data/valid_output/v.out must be accepted: the output differs",
        "data/invalid_output/w.out must be rejected, and is accepted",
    ] {
        assert!(swapped.contains(words), "{swapped}");
    }
    let beside = ("data/secret/1.out", "3\n");
    let found = mistakes(with_examples("one", "two", &[beside]));
    assert!(
        found.contains("data/secret/1.out must be accepted"),
        "{found}"
    );
    let own = [
        (
            "output_validator/check.sh",
            "read a; [ \"$a\" = yes ] && exit 42; exit 43\n",
        ),
        ("data/secret/1.ans", "yes\n"),
        (
            "input_validators/small.sh",
            "read a; [ ${#a} = 1 ] && exit 42\n",
        ),
        ("data/valid_output/v.in", "12\n"),
        ("submissions/accepted/echo.sh", "echo yes\n"),
    ];
    let found = mistakes(with_examples("yes", "yes", &own));
    for words in [
        "invalid_output/w.out must be rejected",
        "the input of valid_output/v is not valid",
    ] {
        assert!(found.contains(words), "{found}");
    }
    assert!(!found.contains("v.out"), "{found}");
}

#[test]
fn hostile_bytes_show_validators_that_take_them_or_fail_at_them() {
    let verify = |input_validator: &str, output_validator: &str| {
        let (report, code) = verify(&[
            ("input_validators/v.sh", input_validator),
            ("output_validator/v.sh", output_validator),
            ("submissions/accepted/echo.sh", "cat\n"),
        ]);
        (
            report["notes"].to_string(),
            report["mistakes"].to_string(),
            code,
        )
    };
    let careful = "[ \"$(od -An -tx1)\" = ' 31 0a' ] && exit 42; exit 43\n";
    assert_eq!(
        verify(careful, careful),
        ("[]".to_owned(), "[]".to_owned(), 0)
    );
    let (notes, mistakes, code) = verify("read a; [ -n \"$a\" ] && exit 42\n", "exit 42\n");
    for words in [
        "with another line at its end",
        "an empty file is accepted as an output",
    ] {
        assert!(notes.contains(words), "{notes}");
    }
    assert!(!notes.contains("rejects an empty file"), "{notes}");
    assert_eq!((mistakes.as_str(), code), ("[]", 0));
    let fails = "read a; [ \"$a\" = 1/0 ] && exit 1; [ \"$a\" = 1 ] && exit 42; exit 43\n";
    let (notes, mistakes, code) = verify(careful, fails);
    let words = "outputs such as \\\"1/0\\\" make output_validator fail: it ended with exit code 1";
    assert!(notes.contains(words), "{notes}");
    assert_eq!((mistakes.as_str(), code), ("[]", 0));
}
