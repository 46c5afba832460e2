//! Programs of a package in the judge's terms: their language, the files that the problem adds, and
//! what compiling them comes to.

use super::run::at_limit;
use super::{Progress, Verifier, VerifyError, crew};
use crate::judge::verdict::{CaseResult, Verdict};
use crate::judge::{
    Cancel, CaseData, Check, Executable, JudgeError, JudgeSlot, Language, Runnable, Validator,
};
use crate::problem::package::{
    Expectation, JurySubmission, Package, ProgramFiles, TestCase, Validation,
};
use crate::problem::{Checker, Limits, SourceFile};

/// Processes that a program of a package may have.
pub(super) const PROCESSES: u32 = 64;
/// How much of a compiler's complaint is told, in characters.
const COMPLAINT_CHARS: usize = 2000;

/// A submission that was compiled, or was refused by its compiler.
#[derive(Debug)]
pub(super) struct Prepared {
    pub path: String,
    pub expectation: Expectation,
    pub program: Result<Executable, String>,
}

impl Prepared {
    /// The verdict of what cannot be run.
    pub(super) const REFUSED: Verdict = Verdict::CompileError;
}

/// How the outputs of a package are judged.
#[derive(Debug)]
pub(super) enum Checks<'a> {
    Compare(&'a [Checker]),
    Validate(Vec<Validator>),
    Interact(Validator),
}

impl<'a> Checks<'a> {
    /// Compiles what has to be.
    pub(super) fn compile(
        verifier: &mut Verifier<'_>,
        package: &'a Package,
    ) -> Result<Self, VerifyError> {
        let programs = match &package.validation {
            Validation::Default(checkers) => return Ok(Checks::Compare(checkers)),
            Validation::Custom(programs) => &programs[..],
            Validation::Interactive(program) => std::slice::from_ref(program),
        };
        let limits = validation_limits(package);
        let executables = compile_validators(verifier, programs)?;
        let named = programs.iter().zip(executables);
        let validators = named.map(|(program, executable)| {
            Validator::new(program.path.clone(), executable, limits.clone())
        });
        let mut validators: Vec<Validator> = validators.collect();
        Ok(match (&package.validation, validators.pop()) {
            (Validation::Interactive(_), Some(only)) => Checks::Interact(only),
            (_, last) => {
                validators.extend(last);
                Checks::Validate(validators)
            }
        })
    }

    /// Runs a program on a case and judges it, by this limit where there is one.
    pub(super) fn run(
        &self,
        slot: &mut JudgeSlot,
        runnable: &Runnable,
        (index, case): (usize, &TestCase),
        limit_ms: Option<u64>,
        cancel: &Cancel,
    ) -> Result<CaseResult, JudgeError> {
        let data = CaseData {
            input: case.input.clone(),
            answer: Some(case.answer.clone()),
        };
        let name = (index, case.name.as_str());
        let arguments = &case.output_validator_args[..];
        let check = match self {
            Checks::Compare(checkers) => Check::Compare(&checkers[index]),
            Checks::Validate(validators) => Check::Validate {
                validators,
                arguments,
            },
            Checks::Interact(validator) => {
                let partner = (validator, arguments);
                let talk = slot.run_interactive(runnable, name, data, partner, cancel)?;
                // What it did after it was rejected does not count, the time it took neither.
                let limit_ms = limit_ms.filter(|_| !talk.was_rejected_first);
                return Ok(at_limit(talk.result, limit_ms));
            }
        };
        let result = slot.run_case(runnable, name, data, check, cancel)?;
        Ok(at_limit(result, limit_ms))
    }
}

/// Limits of the problem's own programs.
pub(super) fn validation_limits(package: &Package) -> Limits {
    let limits = &package.limits;
    Limits {
        cpu_ms: limits.validation_ms,
        wall_ms: limits.validation_ms.saturating_mul(2),
        memory_bytes: limits.validation_memory_bytes,
        output_bytes: limits.validation_output_bytes,
        processes: PROCESSES,
    }
}

/// Compiles programs that the package cannot do without.
pub(super) fn compile_validators(
    verifier: &mut Verifier<'_>,
    programs: &[ProgramFiles],
) -> Result<Vec<Executable>, VerifyError> {
    let mut languages = Vec::with_capacity(programs.len());
    for program in programs {
        let language = language(verifier, program).ok_or_else(|| VerifyError::Language {
            path: program.path.clone(),
        })?;
        languages.push(language.id.clone());
    }
    let cancel = verifier.cancel;
    crew::each(verifier.slots, programs.len(), |slot, index| {
        let program = &programs[index];
        let compiled = slot.compile(&languages[index], &program.files, cancel)?;
        compiled.executable.map_err(|reason| VerifyError::Compile {
            path: program.path.clone(),
            reason,
            output: compiled
                .result
                .map(|r| complaint(&r.output))
                .unwrap_or_default(),
        })
    })
}

fn complaint(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    text.trim().chars().take(COMPLAINT_CHARS).collect()
}

/// Compiles submissions; the inner error says why one cannot be judged here.
pub(super) fn compile_each(
    verifier: &mut Verifier<'_>,
    package: &Package,
    submissions: &[&JurySubmission],
    progress: Progress<'_>,
) -> Result<Vec<Result<Prepared, String>>, VerifyError> {
    let sources: Vec<Result<Sources, String>> = submissions
        .iter()
        .map(|submission| Sources::of(verifier, package, submission))
        .collect();
    let cancel = verifier.cancel;
    let count = submissions.len();
    crew::each(verifier.slots, count, |slot, index| {
        progress("compiling", index + 1, count);
        let attempt = match &sources[index] {
            Ok(sources) => sources.compile(slot, cancel)?,
            Err(reason) => Attempt::NotJudged(reason.clone()),
        };
        Ok(match attempt {
            Attempt::NotJudged(reason) => Err(reason),
            Attempt::Compiled(program) => Ok(Prepared {
                path: submissions[index].path.clone(),
                expectation: submissions[index].expectation.clone(),
                program,
            }),
        })
    })
}

/// The sources of a submission together with those that the problem adds.
struct Sources {
    language: String,
    files: Vec<SourceFile>,
}

impl Sources {
    fn of(
        verifier: &Verifier<'_>,
        package: &Package,
        submission: &JurySubmission,
    ) -> Result<Sources, String> {
        let language = match &submission.language {
            Some(code) => verifier.languages.find(code),
            None => verifier.languages.of_program(&submission.files),
        };
        let language = language.ok_or("no language has sources like these")?;
        if !is_offered(verifier, language) {
            return Err(format!("{} is not offered here", language.name));
        }
        if language.id == "python" && asks_for_python_2(&submission.files) {
            return Err("Python 2 is not offered".to_owned());
        }
        let mut files = submission.files.files.clone();
        for included in includes(verifier, package, language) {
            files.retain(|file| file.name != included.name);
            files.push(included.clone());
        }
        Ok(Sources {
            language: language.id.clone(),
            files,
        })
    }

    fn compile(&self, slot: &mut JudgeSlot, cancel: &Cancel) -> Result<Attempt, VerifyError> {
        match slot.compile(&self.language, &self.files, cancel) {
            Ok(compiled) => Ok(Attempt::Compiled(compiled.executable)),
            Err(error @ JudgeError::File { .. }) => Ok(Attempt::NotJudged(error.to_string())),
            Err(error) => Err(error.into()),
        }
    }
}

/// What came of the wish to compile a submission.
enum Attempt {
    /// A program, or what its compiler says.
    Compiled(Result<Executable, String>),
    /// Why it cannot be judged here.
    NotJudged(String),
}

/// The language of a program of the package that is offered.
pub(super) fn language<'a>(
    verifier: &Verifier<'a>,
    program: &ProgramFiles,
) -> Option<&'a Language> {
    let language = verifier.languages.of_program(program);
    language.filter(|language| is_offered(verifier, language))
}

fn is_offered(verifier: &Verifier<'_>, language: &Language) -> bool {
    let mut offered = verifier.judge.offered().iter();
    offered.any(|offered| offered.id == language.id)
}

/// The files that the problem puts over a submission in this language.
fn includes<'a>(
    verifier: &Verifier<'_>,
    package: &'a Package,
    language: &Language,
) -> &'a [SourceFile] {
    let is_of = |code: &str| {
        let named = verifier.languages.find(code);
        named.is_some_and(|named| named.id == language.id)
    };
    let mut includes = package.includes.iter();
    let own = includes
        .find(|(code, _)| is_of(code))
        .map(|(_, files)| files);
    let files = own.or_else(|| package.includes.get("default"));
    files.map_or(&[], Vec::as_slice)
}

/// The legacy format tells Python 2 from Python 3 by the first line.
fn asks_for_python_2(program: &ProgramFiles) -> bool {
    let first = program.files.first();
    first.is_some_and(|file| {
        let line = file.bytes.split(|&byte| byte == b'\n').next();
        let line = String::from_utf8_lossy(line.unwrap_or_default()).into_owned();
        line.starts_with("#!") && line.contains("python2")
    })
}
