//! Graders of packages: programs that make the verdict and the score of a group from those of its
//! members, each run in a box of its own.
//!
//! The protocol: the arguments are the group's flags; standard input has a line `VERDICT score` for
//! each member, in order; standard output must be one such line, and the exit code 0. Whatever else
//! happens is a failure of the grader.

use super::{Package, PackageError, compile_programs, validation_limits};
use crate::judge::crew::Crew;
use crate::judge::grade::Grade;
use crate::judge::verdict::Verdict;
use crate::judge::{Cancel, CaseData, Check, Executable, Judge, JudgeError, JudgeSlot};
use crate::problem::{Checker, Limits};

const STDERR_BYTES: u64 = 4 << 10;

/// A compiled grader.
#[derive(Debug, Clone)]
pub(super) struct Grader {
    name: String,
    executable: Executable,
    limits: Limits,
}

impl Grader {
    /// Compiles the package's grader, where it has one.
    pub(super) fn compile(
        judge: &Judge,
        crew: &Crew<'_>,
        package: &Package,
        cancel: &Cancel,
    ) -> Result<Option<Self>, PackageError> {
        let Some(program) = &package.grader else {
            return Ok(None);
        };
        let programs = std::slice::from_ref(program);
        let executables = compile_programs(judge, crew, programs, cancel)?;
        let grader = |executable| Grader {
            name: program.path.clone(),
            executable,
            limits: validation_limits(package),
        };
        Ok(executables.into_iter().next().map(grader))
    }

    /// Asks for the grade of a group.
    pub(super) fn grade(
        &self,
        slot: &mut JudgeSlot,
        arguments: &[String],
        grades: &[Grade],
        cancel: &Cancel,
    ) -> Result<Grade, JudgeError> {
        let runnable = self.executable.under(&self.limits, STDERR_BYTES);
        let data = CaseData {
            input: input(grades).into_bytes().into(),
            answer: None,
        };
        // Without an answer nothing is compared.
        let check = Check::Compare(&Checker::Exact);
        let runnable = runnable.with_arguments(arguments);
        let run = slot.run_case(&runnable, (0, &self.name), data, check, cancel)?;
        let output = String::from_utf8_lossy(&run.result.stdout_prefix).into_owned();
        let grade = match run.result.verdict {
            Verdict::Completed => answer(&output),
            _ => Err(run.result.reason),
        };
        grade.map_err(|reason| JudgeError::Grader {
            name: self.name.clone(),
            reason,
            evidence: format!(
                "{}\n{output}",
                String::from_utf8_lossy(&run.result.stderr_prefix)
            )
            .trim()
            .to_owned(),
        })
    }
}

fn input(grades: &[Grade]) -> String {
    let line = |grade: &Grade| format!("{} {}\n", code(grade.verdict), grade.score);
    grades.iter().map(line).collect()
}

/// A verdict as graders know it.
fn code(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted | Verdict::Completed => "AC",
        Verdict::WrongAnswer | Verdict::Skipped => "WA",
        Verdict::TimeLimit | Verdict::WallTimeLimit | Verdict::IdleLimit => "TLE",
        Verdict::MemoryLimit => "MLE",
        Verdict::OutputLimit => "OLE",
        Verdict::RuntimeError | Verdict::CompileError => "RTE",
    }
}

fn answer(output: &str) -> Result<Grade, String> {
    let words: Vec<&str> = output.split_whitespace().collect();
    let [verdict, score] = words[..] else {
        return Err("must print one line with a verdict and a score".to_owned());
    };
    let verdict = match verdict {
        "AC" => Verdict::Accepted,
        "WA" | "PE" => Verdict::WrongAnswer,
        "TLE" => Verdict::TimeLimit,
        "MLE" => Verdict::MemoryLimit,
        "OLE" => Verdict::OutputLimit,
        "RTE" => Verdict::RuntimeError,
        "JE" | "IF" => return Err(format!("says {verdict}, that it cannot grade")),
        other => return Err(format!("printed {other:?}, which is no verdict")),
    };
    let score = score.parse::<f64>().ok().filter(|score| score.is_finite());
    let score = score.ok_or("printed a score that is no number")?;
    Ok(Grade { verdict, score })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grader_gets_a_line_for_each_member_and_answers_with_one() {
        let grade = |verdict, score| Grade { verdict, score };
        let grades = [
            grade(Verdict::Accepted, 12.5),
            grade(Verdict::IdleLimit, 0.0),
        ];
        assert_eq!(input(&grades), "AC 12.5\nTLE 0\n");
        assert_eq!(answer("AC 12.50\n"), Ok(grades[0]));
        assert_eq!(answer("WA -1"), Ok(grade(Verdict::WrongAnswer, -1.0)));
        for (output, words) in [
            ("", "must print one line"),
            ("AC", "must print one line"),
            ("AC 1\nAC 2\n", "must print one line"),
            ("OK 1", "\"OK\""),
            ("JE 0", "cannot grade"),
            ("AC x", "no number"),
            ("AC inf", "no number"),
        ] {
            let error = answer(output).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn whatever_a_grader_prints_is_a_grade_with_a_number_or_its_failure() {
        let words = ["AC", "JE", "1e999", "nan", "-inf", "\u{a0}", "\n"];
        crate::fuzz::try_changes(
            50_000,
            (&[b"WA 12.5\n", b"AC 1e3"], &words),
            |printed, _| {
                if let Ok(grade) = answer(&String::from_utf8_lossy(printed)) {
                    assert!(grade.score.is_finite());
                }
            },
        );
    }
}
