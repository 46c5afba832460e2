//! Packages of Polygon that are more than programs between the standard streams: `gavel verify` on packages that
//! are written here.

use std::fs;

use serde_json::Value;

use crate::verifying::{submission, verified};

/// What differs from package to package.
#[derive(Default)]
struct Problem<'a> {
    /// Attributes of `judging`.
    judging: &'a str,
    tests: &'a str,
    resources: &'a str,
    executables: &'a [&'a str],
    /// More than solutions.
    assets: &'a str,
    /// Tag and path.
    solutions: &'a [(&'a str, &'a str)],
    files: &'a [(&'a str, &'a str)],
}

/// Compares tokens.
const CHECKER: &str = r#"<checker name="std::wcmp.cpp"><source path="files/check.sh"/></checker>"#;

impl Problem<'_> {
    fn xml(&self) -> String {
        let executable =
            |path: &&str| format!(r#"<executable><source path="{path}"/></executable>"#);
        let solution = |(tag, path): &(&str, &str)| {
            let kind = match path.rsplit_once('.') {
                Some((_, "cpp")) => "cpp.g++17",
                Some((_, "py")) => "python.3",
                _ => "bash",
            };
            format!(r#"<solution tag="{tag}"><source path="{path}" type="{kind}"/></solution>"#)
        };
        let executables: String = self.executables.iter().map(executable).collect();
        let solutions: String = self.solutions.iter().map(solution).collect();
        format!(
            "<problem><judging {}><testset name=\"tests\"><time-limit>2000</time-limit>\
             <memory-limit>268435456</memory-limit><input-path-pattern>tests/%02d</input-path-pattern>\
             <answer-path-pattern>tests/%02d.a</answer-path-pattern><tests>{}</tests></testset></judging>\
             <files><resources>{}</resources><executables>{executables}</executables></files>\
             <assets>{}<solutions>{solutions}</solutions></assets></problem>",
            self.judging, self.tests, self.resources, self.assets
        )
    }

    fn verify(&self) -> (Value, i32) {
        let directory = tempfile::tempdir().expect("a directory");
        let xml = self.xml();
        for (name, text) in [("problem.xml", &*xml)].iter().chain(self.files) {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            fs::write(path, text).expect("a file");
        }
        verified(&[directory.path().to_str().expect("UTF-8")])
    }
}

#[track_caller]
fn assert_verdict(report: &Value, path: &str, verdict: &str, words: &str) {
    let result = submission(report, path);
    let reason = result["reason"].as_str().expect("a reason");
    assert_eq!(result["verdict"], verdict, "{reason}");
    assert!(reason.contains(words), "{reason}");
}

#[test]
fn submissions_read_and_write_the_files_that_the_problem_names() {
    let (report, _) = Problem {
        judging: r#"input-file="sum.in" output-file="sum.out""#,
        tests: r#"<test method="manual"/>"#,
        assets: CHECKER,
        solutions: &[
            ("main", "s/right.sh"),
            ("accepted", "s/both.sh"),
            ("rejected", "s/streams.sh"),
            ("rejected", "s/link.sh"),
            ("rejected", "s/pipe.sh"),
            ("rejected", "s/large.sh"),
            ("rejected", "s/fails.sh"),
        ],
        files: &[
            ("tests/01", "3 4\n"),
            (
                "s/right.sh",
                "read a b < sum.in; echo $((a + b)) > sum.out; read c || exit 0; exit 1",
            ),
            ("s/both.sh", "echo 8; echo 7 > sum.out; rm sum.in"),
            ("s/streams.sh", "echo 7"),
            ("s/link.sh", "echo 7 > a; ln -s a sum.out"),
            ("s/pipe.sh", "mkfifo sum.out"),
            ("s/large.sh", "head -c 67108865 /dev/zero > sum.out"),
            ("s/fails.sh", "echo 7 > sum.out; exit 1"),
        ],
        ..Problem::default()
    }
    .verify();
    assert_verdict(&report, "s/right.sh", "AC", "");
    assert_verdict(&report, "s/both.sh", "AC", "");
    assert_verdict(&report, "s/streams.sh", "WA", "it left no file sum.out");
    assert_verdict(&report, "s/link.sh", "WA", "sum.out is no plain file");
    assert_verdict(&report, "s/pipe.sh", "WA", "sum.out is no plain file");
    assert_verdict(&report, "s/fails.sh", "RTE", "exit code 1");
    assert_verdict(
        &report,
        "s/large.sh",
        "OLE",
        "sum.out has more than the limit of 64 MiB",
    );
}

/// Prints its input.
const ECHO: &str = "cat";

#[test]
fn one_run_of_a_generator_makes_several_tests() {
    let of_file =
        |name: &str| format!(r#"<test cmd="gen 5 'a b'" from-file="{name}" method="generated"/>"#);
    let tests = [
        &of_file("1"),
        "<test method=\"manual\"/>",
        &of_file("3"),
        &of_file("true"),
    ];
    let tests = tests.concat();
    let generated = |generator: &str| {
        Problem {
            tests: &tests,
            executables: &["files/gen.sh"],
            assets: CHECKER,
            solutions: &[("main", "s/echo.sh"), ("rejected", "s/first.sh")],
            files: &[
                ("files/gen.sh", generator),
                ("tests/02", "two\n"),
                ("s/echo.sh", ECHO),
                (
                    "s/first.sh",
                    "read a; [ \"$a\" = 'four a b' ] && exit 1; echo $a",
                ),
            ],
            ..Problem::default()
        }
        .verify()
    };
    let (report, code) =
        generated("[ -e 1 ] && exit 1; echo one > 1; echo three > 03; echo four $2 > 004");
    assert_eq!(code, 0, "{report}");
    assert_verdict(&report, "s/first.sh", "RTE", "test case tests/04");
    for (generator, words) in [
        (
            "echo one > 1; echo four > 4",
            "cannot make tests/01: it ended well, but its file 3 does not exist",
        ),
        (
            "echo one > 1; echo three > 3; ln -s 3 4",
            "its file 4 is not a plain file",
        ),
        ("exit 3", "cannot make tests/01: ended with exit code 3"),
    ] {
        let (report, code) = generated(generator);
        let error = report["error"].as_str().expect("an error");
        assert_eq!(code, 1);
        assert!(
            error.starts_with("files/gen.sh ") && error.contains(words),
            "{error}"
        );
    }
}

#[test]
fn some_files_are_compiled_with_solutions() {
    let of = |types: &str, path: &str| {
        format!(
            r#"<file for-types="{types}" path="{path}"><stages><stage name="COMPILE"/></stages>
            <assets><asset name="SOLUTION"/></assets></file>"#
        )
    };
    let resources = [
        of("cpp.*", "files/grader.cpp"),
        of("cpp.*", "files/twice.h"),
        of("python.*", "files/grader.py"),
    ];
    let (report, code) = Problem {
        tests: r#"<test method="manual"/>"#,
        resources: &resources.concat(),
        assets: CHECKER,
        solutions: &[
            ("main", "s/twice.cpp"),
            ("accepted", "s/twice.py"),
            ("wrong-answer", "s/thrice.cpp"),
            ("wrong-answer", "s/thrice.py"),
        ],
        files: &[
            ("tests/01", "21\n"),
            (
                "files/grader.cpp",
                "#include <cstdio>\n#include \"twice.h\"\n\
                 int main() { int n; if (scanf(\"%d\", &n) == 1) printf(\"%d\\n\", twice(n)); }\n",
            ),
            ("files/twice.h", "int twice(int);\n"),
            (
                "files/grader.py",
                "from solution import twice\nprint(twice(int(input())))\n",
            ),
            (
                "s/twice.cpp",
                "#include \"twice.h\"\nint twice(int n) { return n + n; }\n",
            ),
            ("s/twice.py", "def twice(n): return n + n\n"),
            (
                "s/thrice.cpp",
                "#include \"twice.h\"\nint twice(int n) { return n * 3; }\n",
            ),
            ("s/thrice.py", "def twice(n): return n * 3\n"),
        ],
        ..Problem::default()
    }
    .verify();
    assert_eq!(code, 0, "{report}");
}

/// It says whether the output is the answer; without an answer it fails.
const SAME: (&str, &str) = (
    "files/check.sh",
    "[ -s $3 ] || exit 3; cmp -s $2 $3 || exit 1",
);
const OWN_CHECKER: &str = r#"<checker><source path="files/check.sh"/></checker>"#;

fn interactor(runs: &str) -> String {
    format!(r#"<interactor><source path="files/talk.sh"/>{runs}</interactor>{OWN_CHECKER}"#)
}

#[test]
fn answers_of_an_interactive_problem_are_what_the_interactor_writes_when_it_talks_with_the_main_solution()
 {
    let (report, code) = Problem {
        tests: r#"<test method="manual"/>"#,
        assets: &interactor(""),
        solutions: &[("main", "s/twice.sh"), ("wrong-answer", "s/echo.sh")],
        files: &[
            ("tests/01", "21\n"),
            ("files/talk.sh", "cat $1; read a; echo \"it said $a\" > $2"),
            SAME,
            ("s/twice.sh", "read a; echo $((a * 2))"),
            ("s/echo.sh", "read a; echo $a"),
        ],
        ..Problem::default()
    }
    .verify();
    assert_eq!(code, 0, "{report}");
}

/// Encodes 5 as 6 and decodes what it gets then; the checker compares with the input of the test.
fn run_twice(assets: &str, talk: &str) -> Value {
    let code = "read kind n; if [ $kind = encode ]; then echo $PREFIX$((n + 1)); else";
    let code = match talk {
        "" => code.replace("$PREFIX", "decode\\ "),
        _ => code.replace("$PREFIX", ""),
    };
    let with = |rest: &str| format!("{code} {rest}; fi");
    let (report, _) = Problem {
        judging: r#"run-count="2""#,
        tests: r#"<test method="manual"/>"#,
        assets,
        solutions: &[
            ("main", "s/right.sh"),
            ("rejected", "s/wrong.sh"),
            ("rejected", "s/fails.sh"),
            ("rejected", "s/forgets.sh"),
        ],
        files: &[
            ("tests/01", "encode 5\n"),
            (
                "files/check.sh",
                "[ -s $3 ] || exit 3; read kind n < $1; read m < $2; [ $kind = encode ] && [ $m = $n ] || exit 1",
            ),
            ("files/talk.sh", talk),
            ("s/right.sh", &with("echo $((n - 1))")),
            ("s/wrong.sh", &with("echo $n")),
            ("s/fails.sh", &with("exit 9")),
            ("s/forgets.sh", "read kind n; exit 8"),
        ],
        ..Problem::default()
    }
    .verify();
    assert_verdict(&report, "s/right.sh", "AC", "");
    assert_verdict(&report, "s/wrong.sh", "WA", "rejects the output");
    assert_verdict(
        &report,
        "s/fails.sh",
        "RTE",
        "pass 2: ended with exit code 9",
    );
    report
}

#[test]
fn the_output_of_the_first_run_may_be_the_input_of_a_second() {
    let report = run_twice(OWN_CHECKER, "");
    assert_verdict(
        &report,
        "s/forgets.sh",
        "RTE",
        "tests/01: ended with exit code 8",
    );
}

#[test]
fn what_an_interactor_writes_may_be_the_input_of_a_second_run() {
    let talk = "cat $1; read n && echo decode $n > $2";
    let report = run_twice(&interactor(""), talk);
    // The interactor was the first to tell, for its input ended.
    assert!(
        submission(&report, "s/forgets.sh")["verdict"] != "AC",
        "{report}"
    );
}

#[test]
fn an_interactor_may_talk_in_both_runs() {
    let talk = "read kind n < $1; echo $kind $n; read m || exit 1; \
                [ $kind = encode ] && m=\"decode $m\"; echo $m > $2";
    run_twice(&interactor("<runs><run>1</run><run>2</run></runs>"), talk);
}
