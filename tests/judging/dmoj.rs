//! Problems of DMOJ that are more than a checker and test cases: written here, and judged as a worker does.

use gavel::judge::verdict::{Judgement, Verdict};

use crate::packages::Bench;

/// A problem with one case of 10 points, whose input is 21 and whose answer is 42, and these settings and files.
fn problem(settings: &str, files: &[(&str, &str)]) -> Bench {
    let directory = tempfile::tempdir().expect("a directory");
    let init = format!("{settings}\ntest_cases: [{{in: 1.in, out: 1.out, points: 10}}]\n");
    let base = [("init.yml", &*init), ("1.in", "21\n"), ("1.out", "42\n")];
    for (name, text) in base.iter().chain(files) {
        std::fs::write(directory.path().join(name), text).expect("a file");
    }
    Bench::in_directory(directory.path())
}

#[track_caller]
fn assert_comes_to(judged: &Judgement, verdict: Verdict, score: f64) {
    let message = judged
        .cases
        .first()
        .and_then(|case| case.checker_message.clone());
    assert_eq!(judged.verdict, verdict, "{} {message:?}", judged.reason);
    assert_eq!(judged.score, Some(score), "{}", judged.reason);
}

#[test]
fn a_signature_grader_calls_functions_in_c_and_c_plus_plus() {
    let mut bench = problem(
        "signature_grader: {entry: handler.c, header: twice.h}",
        &[
            ("twice.h", "int twice(int);\n"),
            (
                "handler.c",
                "#include <stdio.h>\n#include \"twice.h\"\n\
                 #ifndef SIGNATURE_GRADER\n#error not defined\n#endif\n\
                 int main(void) { int n; if (scanf(\"%d\", &n) == 1) printf(\"%d\\n\", twice(n)); return 0; }\n",
            ),
        ],
    );
    let right = "#ifdef SIGNATURE_GRADER\nint twice(int n) { return n + n; }\n#endif\n";
    let wrong = "int twice(int n) { return n; }\n";
    let with_main = format!("{right}int main(void) {{ return 9; }}\n");
    for (language, text, verdict, score) in [
        ("c", right, Verdict::Accepted, 10.0),
        ("cpp", &with_main, Verdict::Accepted, 10.0),
        ("c", wrong, Verdict::WrongAnswer, 0.0),
        (
            "cpp",
            "int thrice(int n) { return n; }\n",
            Verdict::CompileError,
            0.0,
        ),
        ("python", "print(42)", Verdict::CompileError, 0.0),
    ] {
        let judged = bench.judged_in(language, text).expect("a judgement");
        assert_comes_to(&judged, verdict, score);
    }
}

const GRADER: &str = "from dmoj.graders.interactive import InteractiveGrader\n\
                      from dmoj.result import CheckerResult\n\n\
                      class Grader(InteractiveGrader):\n    def interact(self, case, interactor):\n        \
                      n = int(case.input_data())\n        interactor.writeln(n)\n        \
                      first = interactor.readint(0, 100)\n        \
                      word = interactor.readln().decode()\n        \
                      if word == 'half':\n            return CheckerResult(True, case.points / 2, 'so so')\n        \
                      if word == 'ask':\n            return getattr(self, 'source')\n        \
                      return first == int(case.output_data()) and int(word) == n\n";

#[test]
fn a_grader_in_python_talks_with_submissions() {
    let mut bench = problem("custom_judge: talk.py", &[("talk.py", GRADER)]);
    for (text, verdict, score) in [
        ("read n; echo $((n * 2)); echo $n", Verdict::Accepted, 10.0),
        ("read n; echo $((n * 2)); echo 7", Verdict::WrongAnswer, 0.0),
        (
            "read n; echo 1; echo half; sleep 0.1",
            Verdict::Accepted,
            5.0,
        ),
        ("read n; echo 101", Verdict::WrongAnswer, 0.0),
        ("read n; echo", Verdict::WrongAnswer, 0.0),
        (
            "read n; echo 42; printf '\\377\\n'",
            Verdict::WrongAnswer,
            0.0,
        ),
        ("exit 0", Verdict::WrongAnswer, 0.0),
    ] {
        let judged = bench.judged_in("bash", text).expect("a judgement");
        assert_comes_to(&judged, verdict, score);
        if score == 5.0 {
            let message = judged.cases[0].checker_message.as_deref();
            assert_eq!(message, Some("points 5.0 so so"));
        }
    }
    let asks = bench.judged_in("bash", "read n; echo 42; echo ask");
    let error = asks.expect_err("what it is not told");
    assert!(error.is_of_the_problem(), "{error}");
}

/// A grader that checks what a submission printed, with words that nobody must take for its answer.
const CHECKS: &str = "import sys\nfrom dmoj.graders import StandardGrader\n\
                      from dmoj.result import CheckerResult\n\n\
                      class Grader(StandardGrader):\n    def check_result(self, case, result):\n        \
                      print('points 10')\n        print('ok', file=sys.stderr)\n        \
                      said = int(result.proc_output)\n        \
                      if said == int(case.input_data()):\n            \
                      return CheckerResult(True, case.points / 4, 'only itself')\n        \
                      return said == int(case.output_data())\n";

/// A grader that runs a submission in its own way.
const RUNS: &str = "import subprocess\nfrom dmoj.graders.standard import StandardGrader\n\
                    from dmoj.result import Result\n\n\
                    class Grader(StandardGrader):\n    def grade(self, case):\n        \
                    result = Result(case)\n        \
                    self._current_proc = self.binary.launch(time=self.problem.time_limit,\n            \
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,\n            \
                    wall_time=case.config.wall_time_factor * self.problem.time_limit)\n        \
                    output, error = self._current_proc.communicate(case.input_data() * 100000)\n        \
                    self.binary.populate_result(error, result, self._current_proc)\n        \
                    if output.split() == [case.output_data().strip()] * 100000:\n            \
                    result.points = case.points\n        \
                    else:\n            result.result_flag |= Result.WA\n        \
                    return result\n";

#[test]
fn a_grader_in_python_checks_or_runs_submissions() {
    let of = |grader| problem("custom_judge: grade.py", &[("grade.py", grader)]);
    let mut benches = [of(CHECKS), of(RUNS)];
    for (grader, text, verdict, score) in [
        (0, "read n; echo $((n * 2))", Verdict::Accepted, 10.0),
        (0, "cat", Verdict::Accepted, 2.5),
        (0, "echo 41", Verdict::WrongAnswer, 0.0),
        (0, "echo what", Verdict::WrongAnswer, 0.0),
        (0, "echo 42; exit 3", Verdict::RuntimeError, 0.0),
        (1, "sed s/21/42/", Verdict::Accepted, 10.0),
        (1, "cat", Verdict::WrongAnswer, 0.0),
        (1, "echo 42", Verdict::WrongAnswer, 0.0),
    ] {
        let judged = benches[grader]
            .judged_in("bash", text)
            .expect("a judgement");
        assert_comes_to(&judged, verdict, score);
    }
}

#[test]
fn a_grader_in_python_that_gives_no_result_or_runs_twice_is_an_error_of_the_problem() {
    let twice = RUNS.replace(
        "result = Result(case)",
        "result = Result(case); self._launch_process(case)",
    );
    let nothing = format!("{GRADER}    def grade(self, case):\n        pass\n");
    for grader in [&twice, &nothing] {
        let mut bench = problem("custom_judge: talk.py", &[("talk.py", grader)]);
        let error = bench.judged_in("bash", "exit 0").expect_err("no verdict");
        assert!(error.is_of_the_problem(), "{error}");
    }
}

#[test]
fn programs_of_coci_and_peg_give_a_part_of_the_points() {
    for (settings, program) in [
        (
            "checker: {name: bridged, args: {files: check.sh, type: coci}}",
            "cmp -s $2 $3 && exit 0; echo partial 1/4 >&2; exit 7",
        ),
        (
            "checker: {name: bridged, args: {files: check.sh, type: peg}}",
            "cmp -s $1 $2 && exit 0; read a < $3; [ $a = 21 ] && printf '1\\n4\\n'; exit 1",
        ),
        (
            "interactive: {files: check.sh, type: coci}",
            "read a; [ $a = 42 ] && grep -q 42 $2 && exit 0; echo partial 1/4 >&2; exit 7",
        ),
    ] {
        let mut bench = problem(settings, &[("check.sh", program)]);
        let mut judged = |text| bench.judged_in("bash", text).expect("a judgement");
        assert_comes_to(&judged("echo 42"), Verdict::Accepted, 10.0);
        assert_comes_to(&judged("echo 41"), Verdict::Accepted, 2.5);
    }
}

#[test]
fn a_program_is_asked_with_the_arguments_and_compiled_with_the_flags_that_it_has() {
    let settings = "checker:\n  name: bridged\n  args:\n    files: check.c\n    flags: [-DRIGHT=42]\n    \
                    args_format_string: \"'the output' {output_file} --answer={answer_file}\"";
    let program = "#include <stdio.h>\n#include <string.h>\n\
                   int main(int argc, char **argv) {\n\
                   if (argc != 4 || strcmp(argv[1], \"the output\") || strncmp(argv[3], \"--answer=/\", 10)) return 2;\n\
                   int n = 0; FILE *file = fopen(argv[2], \"r\");\n\
                   return !(fscanf(file, \"%d\", &n) == 1 && n == RIGHT); }\n";
    let mut bench = problem(settings, &[("check.c", program)]);
    let mut judged = |text| bench.judged_in("bash", text).expect("a judgement");
    assert_comes_to(&judged("echo 42"), Verdict::Accepted, 10.0);
    assert_comes_to(&judged("echo 41"), Verdict::WrongAnswer, 0.0);
}

#[test]
fn links_are_further_names_of_the_standard_streams() {
    let mut bench = problem("symlinks: {in_link: /dev/stdin, out: /dev/stdout}", &[]);
    for text in [
        "read n < in_link; echo $((n * 2)) > out",
        "read n; echo $((n * 2))",
        "read n < in_link; echo $((n * 2))",
    ] {
        let judged = bench.judged_in("bash", text).expect("a judgement");
        assert_comes_to(&judged, Verdict::Accepted, 10.0);
    }
    let judged = bench
        .judged_in("bash", "echo 41 > out")
        .expect("a judgement");
    assert_comes_to(&judged, Verdict::WrongAnswer, 0.0);
}
