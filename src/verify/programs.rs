//! The jury's submissions in the judge's terms: their language, and what compiling them comes to.

use super::{Progress, Verifier};
use crate::judge::package::{CompiledPackage, Entrant, PackageError};
use crate::judge::{Cancel, Judge, JudgeError, JudgeSlot, crew};
use crate::problem::package::{Expectation, JurySubmission, ProgramFiles};
use crate::problem::{ANSWERS, SourceFile};

/// A submission that was compiled, or was refused by its compiler.
#[derive(Debug)]
pub(super) struct Prepared {
    pub path: String,
    pub expectation: Expectation,
    pub program: Result<Entrant, String>,
}

/// Compiles submissions; the inner error says why one cannot be judged here.
pub(super) fn compile_each(
    verifier: &mut Verifier<'_>,
    problem: &CompiledPackage,
    submissions: &[&JurySubmission],
    progress: Progress<'_>,
) -> Result<Vec<Result<Prepared, String>>, PackageError> {
    let sources: Vec<Result<Sources, String>> = submissions
        .iter()
        .map(|submission| match problem.package().takes_answers {
            true => Ok(Sources::answers(submission)),
            false => Sources::of(verifier, submission),
        })
        .collect();
    let (cancel, judge) = (verifier.cancel, verifier.judge);
    let count = submissions.len();
    crew::each(verifier.slots, count, |slot, index| {
        progress("compiling", index + 1, count);
        let attempt = match &sources[index] {
            Ok(sources) => sources.compile(judge, problem, slot, cancel)?,
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

/// The sources of a submission.
struct Sources {
    language: String,
    files: Vec<SourceFile>,
}

impl Sources {
    fn answers(submission: &JurySubmission) -> Sources {
        Sources {
            language: ANSWERS.to_owned(),
            files: submission.files.files.clone(),
        }
    }

    fn of(verifier: &Verifier<'_>, submission: &JurySubmission) -> Result<Sources, String> {
        let language = match &submission.language {
            Some(code) => {
                let found = verifier.languages.find(code);
                found.ok_or_else(|| format!("there is no language {code:?}"))?
            }
            None => {
                let found = verifier.languages.of_program(&submission.files);
                found.ok_or("no language has sources like these")?
            }
        };
        if verifier.judge.languages().find(&language.id).is_none() {
            return Err(format!("{} is not offered here", language.name));
        }
        if language.id == "python" && asks_for_python_2(&submission.files) {
            return Err("Python 2 is not offered".to_owned());
        }
        Ok(Sources {
            files: submission.files.files.clone(),
            language: language.id.clone(),
        })
    }

    fn compile(
        &self,
        judge: &Judge,
        problem: &CompiledPackage,
        slot: &mut JudgeSlot,
        cancel: &Cancel,
    ) -> Result<Attempt, PackageError> {
        let submission = (&*self.language, &self.files[..]);
        match problem.compile_submission(judge, slot, submission, cancel) {
            Ok(compiled) => Ok(Attempt::Compiled(compiled.entrant)),
            Err(error @ JudgeError::File { .. }) => Ok(Attempt::NotJudged(error.to_string())),
            Err(error) => Err(error.into()),
        }
    }
}

/// What came of the wish to compile a submission.
enum Attempt {
    /// A program, or what its compiler says.
    Compiled(Result<Entrant, String>),
    /// Why it cannot be judged here.
    NotJudged(String),
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
