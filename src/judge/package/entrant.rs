//! What is judged: a submission that was compiled, or one that is the answers themselves.

use super::answers::Answers;
use super::{CompiledPackage, STDERR_BYTES, Times, limits, programs};
use crate::judge::verdict::CompileResult;
use crate::judge::{Cancel, Compiled, Executable, Judge, JudgeError, JudgeSlot, Runnable, reason};
use crate::problem::{ANSWERS, Limits, SourceFile};

/// A submission that can be judged. Cheap to clone; clones share everything.
#[derive(Debug, Clone)]
pub enum Entrant {
    /// A program.
    Program(Executable),
    /// Answers: nothing of it runs.
    Answers(Answers),
}

/// What compiling a submission came to.
#[derive(Debug)]
pub struct CompiledEntrant {
    /// `None` where nothing was compiled.
    pub result: Option<CompileResult>,
    /// The submission, or one line that says why it cannot be judged.
    pub entrant: Result<Entrant, String>,
}

impl CompiledEntrant {
    /// Whether compiling comes to the same on another day: no limit has ended it.
    pub(super) fn is_lasting(&self) -> bool {
        let limit = self.result.as_ref().and_then(|result| result.facts.limit);
        limit.is_none()
    }
}

/// An entrant under the limits of the problem.
#[derive(Debug)]
pub(super) enum Form {
    /// The second one is for the static validator.
    Program(Box<Runnable>, Executable),
    Answers(Answers),
}

impl CompiledPackage {
    /// Compiles a submission in this language together with the files that the problem puts over its
    /// own. One that is larger than the problem allows, or not of the kind that it takes, is refused as if
    /// by its compiler.
    ///
    /// # Errors
    /// Our own failures only; the slot stays usable after each of them.
    pub fn compile_submission(
        &self,
        judge: &Judge,
        slot: &mut JudgeSlot,
        (language, files): (&str, &[SourceFile]),
        cancel: &Cancel,
    ) -> Result<CompiledEntrant, JudgeError> {
        let refused = |reason| CompiledEntrant {
            result: None,
            entrant: Err(reason),
        };
        let size = files
            .iter()
            .map(|file| file.bytes.len() as u64)
            .sum::<u64>();
        let limit = self.package.limits.code_bytes;
        if size > limit {
            let [size, limit] = [size, limit].map(reason::bytes);
            let reason = format!("the sources have {size} together, and the limit is {limit}");
            return Ok(refused(reason));
        }
        if self.package.takes_answers {
            if language != ANSWERS {
                let reason = format!("the problem takes no programs: send {ANSWERS}");
                return Ok(refused(reason));
            }
            let answers = Answers::of(&self.package, files);
            return Ok(CompiledEntrant {
                result: None,
                entrant: answers.map(Entrant::Answers),
            });
        }
        if let Some(allowed) = &self.package.languages
            && !programs::is_among(judge, allowed, language)
        {
            let allowed = allowed.join(", ");
            let reason = format!("the problem may not be solved in {language}: use {allowed}");
            return Ok(refused(reason));
        }
        let files = programs::with_includes(judge, &self.package, (language, files));
        let promised = &self.package.limits.compilation;
        let compiled = slot.compile_with(language, &files, promised, cancel)?;
        let Compiled { result, executable } = compiled;
        Ok(CompiledEntrant {
            result,
            entrant: executable.map(Entrant::Program),
        })
    }

    pub(super) fn form(&self, entrant: &Entrant, limits: &Limits) -> Form {
        match entrant {
            Entrant::Program(program) => {
                let runnable = program
                    .under(limits, STDERR_BYTES)
                    .counting(self.package.limits.counted)
                    .with_stream_files(&self.package.streams);
                let runnable = match self.package.allow_file_writing {
                    true => runnable,
                    false => runnable.with_read_only_files(),
                };
                Form::Program(Box::new(runnable), program.clone())
            }
            Entrant::Answers(answers) => Form::Answers(answers.clone()),
        }
    }

    /// Times with the factor of the language.
    pub(super) fn scaled(&self, entrant: &Entrant, times: Times) -> Times {
        match entrant {
            Entrant::Program(program) => {
                let scaled = |ms| program.limits(&limits(&self.package, Times::limit(ms)));
                times.map(|ms| scaled(ms).cpu_ms)
            }
            Entrant::Answers(_) => times,
        }
    }
}
