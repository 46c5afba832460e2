//! Judging by a problem package, as a worker does.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use gavel::judge::crew::Crew;
use gavel::judge::package::{CompiledPackage, Times};
use gavel::judge::verdict::{Judgement, Verdict};
use gavel::judge::{Cancel, Judge, JudgeError, JudgeSlot, Languages};
use gavel::problem::{SourceFile, package};
use gavel::unpack::{self, Caps};

use crate::support::{file, judge};

fn path(package: &str) -> PathBuf {
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/packages");
    packages.join(package)
}

/// A package that is ready to judge by, and one slot.
pub(crate) struct Bench {
    judge: Judge,
    slot: JudgeSlot,
    pub(crate) problem: CompiledPackage,
    cancel: Cancel,
}

impl Bench {
    pub(crate) fn of(package: &str) -> Bench {
        Bench::in_directory(&path(package))
    }

    pub(crate) fn in_directory(directory: &Path) -> Bench {
        let tree = unpack::read(directory, &Caps::default()).expect("a directory");
        let package = Arc::new(package::read(&tree).0.expect("a package"));
        let judge = judge(Languages::built_in().expect("languages"));
        let mut slot = judge.slot().expect("a free slot");
        let cancel = Cancel::new().expect("an eventfd");
        let crew = Crew::of(std::slice::from_mut(&mut slot));
        let problem = CompiledPackage::compile(&judge, &crew, package, &cancel);
        drop(crew);
        Bench {
            problem: problem.expect("its programs"),
            judge,
            slot,
            cancel,
        }
    }

    /// What a program of the shell comes to with a second of time.
    fn judged(&mut self, text: &str) -> Judgement {
        self.judged_in("bash", text).expect("a judgement")
    }

    /// The same in another language.
    pub(crate) fn judged_in(
        &mut self,
        language: &str,
        text: &str,
    ) -> Result<Judgement, JudgeError> {
        self.judged_files(language, &[file("main", text)])
    }

    /// The same with several files.
    pub(crate) fn judged_files(
        &mut self,
        language: &str,
        files: &[SourceFile],
    ) -> Result<Judgement, JudgeError> {
        let (submission, times) = ((language, files), Times::limit(1000));
        self.problem
            .judge(&self.judge, &mut self.slot, submission, times, &self.cancel)
    }
}

#[test]
fn one_slot_judges_a_submission_by_a_package() {
    let mut bench = Bench::of("root");
    let verdicts = |judgement: &Judgement| {
        let cases = judgement.cases.iter();
        cases.map(|case| case.verdict).collect::<Vec<_>>()
    };
    let wrong = bench.judged("echo no root");
    assert_eq!(wrong.verdict, Verdict::WrongAnswer, "{}", wrong.reason);
    let mut expected = vec![Verdict::Skipped; bench.problem.package().cases.len()];
    expected[0] = Verdict::WrongAnswer;
    assert_eq!(verdicts(&wrong), expected);
    let right = std::fs::read_to_string(path("root").join("submissions/accepted/negative.sh"));
    let right = bench.judged(&right.expect("a submission"));
    assert_eq!(right.verdict, Verdict::Accepted, "{}", right.reason);
    assert_eq!(verdicts(&right), vec![Verdict::Accepted; expected.len()]);
}

/// A problem of DMOJ with one case of 10 points and this answer.
fn of_dmoj(checker: &str, answer: &str) -> Bench {
    let directory = tempfile::tempdir().expect("a directory");
    let init = format!("checker: {checker}\ntest_cases: [{{in: 1.in, out: 1.out, points: 10}}]\n");
    let python = "from dmoj.result import CheckerResult\n\
                  def check(process_output, judge_output, judge_input, point_value, bonus, **kwargs):\n    \
                  if process_output == b'crash\\n':\n        return kwargs['result'].max_memory > 0\n    \
                  right = process_output.split() == judge_output.split() + judge_input.split()\n    \
                  return CheckerResult(right, point_value * bonus if right else 0, 'my word')\n";
    for (name, text) in [
        ("init.yml", &*init),
        ("1.in", "7\n"),
        ("1.out", answer),
        ("check.py", python),
    ] {
        std::fs::write(directory.path().join(name), text).expect("a file");
    }
    Bench::in_directory(directory.path())
}

#[test]
fn checkers_of_dmoj_in_python_give_their_points() {
    for (checker, answer, text, score) in [
        ("easy", "Ab c\n", "echo c b a", 10.0),
        ("easy", "Ab c\n", "echo c b", 0.0),
        ("linecount", "1\n2\n", "echo 1; echo 3", 5.0),
        ("linecount", "1\n2\n", "echo 1; echo 2; echo 3", 0.0),
        (
            "{name: linematches, args: {point_distribution: [1, 4]}}",
            "1\n2\n",
            "echo 0; echo 2",
            8.0,
        ),
        (
            "{name: check.py, args: {bonus: 0.5}}",
            "1\n",
            "echo 1 7",
            5.0,
        ),
        ("{name: check.py, args: {bonus: 0.5}}", "1\n", "echo 1", 0.0),
    ] {
        let judged = of_dmoj(checker, answer).judged(text);
        assert_eq!(judged.score, Some(score), "{checker}: {}", judged.reason);
        if score == 5.0 && checker.contains("check.py") {
            assert_eq!(judged.cases[0].checker_message.as_deref(), Some("my word"));
        }
    }
}

#[test]
fn a_checker_that_asks_for_what_nobody_tells_it_is_an_error_of_the_problem() {
    let mut bench = of_dmoj("{name: check.py, args: {bonus: 1}}", "1\n");
    let judged = bench.judged_in("bash", "echo crash");
    let error = judged.expect_err("an error");
    assert!(error.is_of_the_problem(), "{error}");
}

#[test]
fn a_problem_of_dmoj_is_made_whole_and_judged() {
    let mut bench = Bench::of("dmoj");
    let made = &bench.problem.package().cases[2];
    assert_eq!(
        (&made.input[..], &made.answer[..]),
        (&b"7 1000\n"[..], &b"1007\n"[..])
    );
    for (text, verdict, score) in [
        ("read a b; echo $((a + b))", Verdict::Accepted, 100.0),
        (
            "read a b; echo $(((a + b) % 1000))",
            Verdict::WrongAnswer,
            10.0,
        ),
        (
            "read a b; echo $((a + b > 100 ? a + b : 0))",
            Verdict::WrongAnswer,
            90.0,
        ),
    ] {
        let judged = bench.judged(text);
        assert_eq!(judged.verdict, verdict, "{}", judged.reason);
        assert_eq!(judged.score, Some(score), "{}", judged.reason);
        if score == 10.0 {
            let message = judged.cases[2].checker_message.as_deref();
            assert_eq!(message, Some("7 and not 1007"), "{}", judged.reason);
        }
    }
}
