//! Judging one program after another: compile, run the cases in order, stop at the first failure.

mod communication;
mod course;
mod files;
mod output;

use serde::{Deserialize, Serialize};

use super::compile;
use super::executable::{Compiled, Executable};
use super::grade::Points;
use super::language::{Language, scripts};
use super::program::Program;
use super::run::{Finished, Runnable};
use super::validator::{Case, Check, Validator};
use super::verdict::{CaseResult, CompileResult, Facts, Judgement, Verdict};
use super::{Cancel, CaseData, Cases, Judge, JudgeError, Work, interact, passes};
use crate::problem::package::CompilationLimits;
use crate::problem::{ANSWERS, SourceFile};
use crate::sandbox::Slot;

pub(super) use course::Product;
pub use course::{Course, NoOutput};
pub use files::LeftFile;

/// How much of each stream of a test case is kept.
const PREFIX_BYTES: usize = 4 << 10;
/// How much standard error a single run keeps.
const RUN_STDERR_BYTES: u64 = 64 << 10;

/// The right to judge one program at a time.
#[derive(Debug)]
pub struct JudgeSlot {
    judge: Judge,
    slot: Slot,
    /// For the program that a submission talks with, and further processes of its own; taken when they are needed.
    partners: Vec<Slot>,
}

/// The result of a single run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunResult {
    /// The verdict; [`Verdict::Completed`] where nothing was compared.
    pub verdict: Verdict,
    /// One line that explains the verdict.
    pub reason: String,
    /// `None` for languages without a compile step.
    pub compile: Option<CompileResult>,
    /// Measured facts; `None` where it was not compiled.
    pub facts: Option<Facts>,
    /// Where the first difference is.
    pub checker_message: Option<String>,
    /// Standard output, up to its limit.
    pub stdout: Vec<u8>,
    /// The first 64 KiB of standard error.
    pub stderr: Vec<u8>,
}

/// What came of a program on a test case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseRun {
    /// The result of the case, without a score.
    pub result: CaseResult,
    /// What a validator takes the output to be worth.
    pub points: Option<Points>,
    /// The validator rejected it before it ended: how long it ran then says nothing.
    pub was_rejected_first: bool,
}

impl JudgeSlot {
    pub(super) fn new(judge: Judge, slot: Slot) -> Self {
        JudgeSlot {
            judge,
            slot,
            partners: Vec::new(),
        }
    }

    /// Judges a program on test cases, in order. The first that fails decides and the rest are
    /// skipped.
    ///
    /// # Errors
    /// Our own failures only; the slot stays usable after each of them.
    pub fn judge(
        &mut self,
        work: &Work,
        cases: &dyn Cases,
        cancel: &Cancel,
    ) -> Result<Judgement, JudgeError> {
        let Compiled { result, executable } = self.compile(&work.language, &work.files, cancel)?;
        match executable {
            Err(reason) => {
                let skipped = (0..cases.count()).map(|index| skipped(cases, index));
                Ok(Judgement {
                    verdict: Verdict::CompileError,
                    reason,
                    score: None,
                    groups: Vec::new(),
                    compile: result,
                    cases: skipped.collect(),
                })
            }
            Ok(executable) => {
                let runnable = executable.under(&work.limits, PREFIX_BYTES as u64);
                let results = self.run_cases(&runnable, work, cases, cancel)?;
                let (verdict, reason) = overall(&results);
                Ok(Judgement {
                    verdict,
                    reason,
                    score: None,
                    groups: Vec::new(),
                    compile: result,
                    cases: results,
                })
            }
        }
    }

    /// Has a box made for another program in this language. Call it when nobody waits.
    ///
    /// # Errors
    /// Our own failures only; the slot stays usable after each of them.
    pub fn prepare_for(&mut self, language: &str) -> Result<(), JudgeError> {
        if language == ANSWERS {
            return Ok(());
        }
        let language = self.judge.language(language)?;
        let first = match &language.compile {
            Some(compile) => compile.container(language),
            None => language.container(),
        };
        Ok(self.slot.prepare_for(&[&first])?)
    }

    /// Runs a program once.
    ///
    /// # Errors
    /// Our own failures only; the slot stays usable after each of them.
    pub fn run(
        &mut self,
        work: &Work,
        case: CaseData,
        cancel: &Cancel,
    ) -> Result<RunResult, JudgeError> {
        let Compiled { result, executable } = self.compile(&work.language, &work.files, cancel)?;
        match executable {
            Err(reason) => Ok(RunResult {
                verdict: Verdict::CompileError,
                reason,
                compile: result,
                facts: None,
                checker_message: None,
                stdout: Vec::new(),
                stderr: Vec::new(),
            }),
            Ok(executable) => {
                let runnable = executable.under(&work.limits, RUN_STDERR_BYTES);
                let check = Check::Compare(&work.checker);
                let ran = self.run_program(&runnable, case, check, cancel)?;
                Ok(RunResult {
                    compile: result,
                    ..ran
                })
            }
        }
    }

    /// Runs a compiled program once, and keeps all of its output.
    ///
    /// # Errors
    /// Our own failures, and those of a validator; the slot stays usable after each of them.
    pub fn run_program(
        &mut self,
        runnable: &Runnable,
        case: CaseData,
        check: Check<'_>,
        cancel: &Cancel,
    ) -> Result<RunResult, JudgeError> {
        let run = runnable.run(&mut self.slot, case, check, cancel)?;
        Ok(run_result(run))
    }

    /// Compiles a program; what a compiler refuses is told in the result.
    ///
    /// # Errors
    /// Our own failures only; the slot stays usable after each of them.
    pub fn compile(
        &mut self,
        language: &str,
        files: &[SourceFile],
        cancel: &Cancel,
    ) -> Result<Compiled, JudgeError> {
        self.compile_with(language, files, &CompilationLimits::default(), cancel)
    }

    /// The same with a compiler that gets at least what is promised.
    ///
    /// # Errors
    /// As of [`compile`](Self::compile).
    pub fn compile_with(
        &mut self,
        language: &str,
        files: &[SourceFile],
        promised: &CompilationLimits,
        cancel: &Cancel,
    ) -> Result<Compiled, JudgeError> {
        if language == ANSWERS {
            let reason = "it is no program, and the problem takes nothing else".to_owned();
            return Ok(Compiled {
                result: None,
                executable: Err(reason),
            });
        }
        let judge = self.judge.clone();
        let language = judge.language(language)?.clone().with_promised(promised);
        match Program::new(&language, files)? {
            Some(program) => self.compile_program(&language, program, cancel),
            None => Ok(Compiled {
                result: None,
                executable: Err(no_source(&language)),
            }),
        }
    }

    /// Compiles a program of a problem that brings scripts: `build` is run where there is one, and
    /// then `run` is the program.
    ///
    /// # Errors
    /// Our own failures only; the slot stays usable after each of them.
    pub fn compile_scripts(
        &mut self,
        files: &[SourceFile],
        cancel: &Cancel,
    ) -> Result<Compiled, JudgeError> {
        let language = scripts::language(files, self.judge.languages.iter())?;
        let program = Program::of_scripts(files)?;
        self.compile_program(&language, program, cancel)
    }

    fn compile_program(
        &mut self,
        language: &Language,
        program: Program,
        cancel: &Cancel,
    ) -> Result<Compiled, JudgeError> {
        let (result, artefacts) = match &language.compile {
            None => (None, Some(program.input_files())),
            Some(step) => {
                let slot = &mut self.slot;
                let (result, artefacts) = compile::compile(slot, language, step, &program, cancel)?;
                (Some(result), artefacts)
            }
        };
        let executable = artefacts
            .map(|artefacts| Executable::new(language, program, artefacts))
            .ok_or_else(|| {
                result
                    .as_ref()
                    .map(|r| r.reason.clone())
                    .unwrap_or_default()
            });
        Ok(Compiled { result, executable })
    }

    /// Runs a program on one test case. `index` and `name` are the case's.
    ///
    /// # Errors
    /// Our own failures, and those of a validator; the slot stays usable after each of them.
    pub fn run_case(
        &mut self,
        runnable: &Runnable,
        (index, name): (usize, &str),
        case: CaseData,
        check: Check<'_>,
        cancel: &Cancel,
    ) -> Result<CaseRun, JudgeError> {
        match check {
            // Most often the next run is of the same program.
            Check::Compare(_) => runnable.prepare(&mut self.slot, 2)?,
            Check::Validate { validators, .. } => {
                runnable.prepare_with(&mut self.slot, validators)?;
            }
        }
        let run = runnable.run(&mut self.slot, case, check, cancel)?;
        Ok(case_run(index, name, run))
    }

    /// Runs a program that talks with a validator of the problem, in a box for each.
    ///
    /// # Errors
    /// As of [`run_case`](Self::run_case).
    pub fn run_interactive(
        &mut self,
        runnable: &Runnable,
        (index, name): (usize, &str),
        case: CaseData,
        (validator, arguments): (&Validator, &[String]),
        cancel: &Cancel,
    ) -> Result<CaseRun, JudgeError> {
        let case = Case::new(case.input, case.answer.unwrap_or_default());
        let slots = self.both()?;
        let partnership = (validator, arguments);
        let run = passes::run(Some(validator), case, |case| {
            let slots = (&mut *slots.0, &mut *slots.1);
            interact::run(slots, runnable, partnership, case, cancel)
        })?;
        Ok(case_run(index, name, run))
    }

    /// The slots of a submission and of whom it talks with.
    fn both(&mut self) -> Result<(&mut Slot, &mut Slot), JudgeError> {
        let (own, partners) = self.with_partners(1)?;
        Ok((own, &mut partners[0]))
    }

    /// The slot of a submission, and so many more.
    fn with_partners(&mut self, count: usize) -> Result<(&mut Slot, &mut [Slot]), JudgeError> {
        while self.partners.len() < count {
            self.partners.push(self.judge.sandbox.slot()?);
        }
        Ok((&mut self.slot, &mut self.partners[..count]))
    }

    fn run_cases(
        &mut self,
        runnable: &Runnable,
        work: &Work,
        cases: &dyn Cases,
        cancel: &Cancel,
    ) -> Result<Vec<CaseResult>, JudgeError> {
        let mut results = Vec::with_capacity(cases.count());
        let mut has_failed = false;
        for index in 0..cases.count() {
            if has_failed {
                results.push(skipped(cases, index));
                continue;
            }
            let name = cases.name(index);
            let case = cases.load(index).map_err(|source| JudgeError::Data {
                name: name.to_owned(),
                source,
            })?;
            // The box of the next run is made while this one runs.
            runnable.prepare(&mut self.slot, cases.count() - index)?;
            let check = Check::Compare(&work.checker);
            let run = runnable.run(&mut self.slot, case, check, cancel)?;
            has_failed = !is_success(run.verdict);
            results.push(case_result(index, name, run));
        }
        Ok(results)
    }
}

fn run_result(run: Finished) -> RunResult {
    RunResult {
        verdict: run.verdict,
        reason: run.reason,
        compile: None,
        facts: Some(run.facts),
        checker_message: run.checker_message,
        stdout: run.stdout,
        stderr: run.stderr,
    }
}

fn no_source(language: &Language) -> String {
    let extensions: Vec<String> = language
        .extensions
        .iter()
        .map(|e| format!(".{e}"))
        .collect();
    format!(
        "no file is {} source: its name would end in {}",
        language.name,
        extensions.join(" or ")
    )
}

fn is_success(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Accepted | Verdict::Completed)
}

/// The first failing case in order decides.
fn overall(results: &[CaseResult]) -> (Verdict, String) {
    if let Some(failed) = results.iter().find(|case| !is_success(case.verdict)) {
        let reason = format!("test case {}: {}", failed.name, failed.reason);
        return (failed.verdict, reason);
    }
    match results {
        [] => (Verdict::Completed, "there are no test cases".to_owned()),
        [only] => (only.verdict, only.reason.clone()),
        // Right answers are what Accepted is about: without one there is nothing to accept.
        _ if results.iter().any(|r| r.verdict == Verdict::Accepted) => (
            Verdict::Accepted,
            format!("all {} test cases are right", results.len()),
        ),
        _ => (
            Verdict::Completed,
            format!("all {} test cases ended well", results.len()),
        ),
    }
}

fn case_run(index: usize, name: &str, run: Finished) -> CaseRun {
    CaseRun {
        points: run.points,
        was_rejected_first: run.was_rejected_first,
        result: case_result(index, name, run),
    }
}

fn case_result(index: usize, name: &str, run: Finished) -> CaseResult {
    let prefix = |mut bytes: Vec<u8>| {
        bytes.truncate(PREFIX_BYTES);
        bytes.shrink_to_fit();
        bytes
    };
    CaseResult {
        ordinal: ordinal(index),
        name: name.to_owned(),
        verdict: run.verdict,
        reason: run.reason,
        score: None,
        facts: Some(run.facts),
        checker_message: run.checker_message,
        team_message: run.team_message,
        feedback: run.feedback,
        transcript: run.transcript,
        stdout_prefix: prefix(run.stdout),
        stderr_prefix: prefix(run.stderr),
    }
}

fn skipped(cases: &dyn Cases, index: usize) -> CaseResult {
    CaseResult::skipped(index, cases.name(index))
}

fn ordinal(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A worker opens one judge and hands a slot to each of its threads.
    #[test]
    fn a_judge_is_shared_by_threads_and_a_slot_moves_to_one() {
        fn is_shared<T: Clone + Send + Sync>() {}
        fn moves<T: Send>() {}
        is_shared::<Judge>();
        moves::<JudgeSlot>();
    }

    fn case(name: &str, verdict: Verdict) -> CaseResult {
        CaseResult {
            verdict,
            reason: "why".to_owned(),
            ..CaseResult::skipped(0, name)
        }
    }

    #[test]
    fn only_a_right_answer_makes_accepted() {
        use Verdict::*;
        for (verdicts, expected) in [
            (&[][..], Completed),
            (&[Completed, Completed], Completed),
            (&[Completed, Accepted], Accepted),
            (&[Accepted, TimeLimit, Skipped], TimeLimit),
        ] {
            let cases: Vec<_> = verdicts.iter().map(|v| case("a", *v)).collect();
            assert_eq!(overall(&cases).0, expected, "{verdicts:?}");
        }
    }

    #[test]
    fn the_reason_names_the_case_unless_all_are_right() {
        let (_, reason) = overall(&[case("a", Verdict::WrongAnswer), case("b", Verdict::Skipped)]);
        assert_eq!(reason, "test case a: why");
    }
}
