//! Compiled programs: made once, and then run by any slot of this machine, any number of times.

use std::sync::Arc;

use super::compile::Artefacts;
use super::language::Language;
use super::program::Program;
use super::run::Runnable;
use super::verdict::CompileResult;
use crate::problem::Limits;
use crate::sandbox::Container;

/// A program that can be run. Cheap to clone; clones share everything.
#[derive(Debug, Clone)]
pub struct Executable {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    language: Language,
    program: Program,
    artefacts: Artefacts,
}

/// What compiling came to.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// `None` for languages without a compile step, and where there was nothing to compile.
    pub result: Option<CompileResult>,
    /// The program, or one line that says why there is none.
    pub executable: Result<Executable, String>,
}

impl Compiled {
    /// Whether compiling comes to the same on another day: no limit has ended it.
    pub(super) fn is_lasting(&self) -> bool {
        let limit = self.result.as_ref().and_then(|result| result.facts.limit);
        limit.is_none()
    }
}

impl Executable {
    pub(super) fn new(language: &Language, program: Program, artefacts: Artefacts) -> Self {
        Executable {
            shared: Arc::new(Shared {
                language: language.clone(),
                program,
                artefacts,
            }),
        }
    }

    /// The limits of its runs: those of the problem times its language's factors.
    pub fn limits(&self, limits: &Limits) -> Limits {
        self.shared.language.run_limits(limits)
    }

    /// The box in which it runs.
    pub(super) fn container(&self) -> Container {
        self.shared.language.container()
    }

    /// The program under the limits of a problem; of standard error `stderr_bytes` are kept.
    pub fn under(&self, limits: &Limits, stderr_bytes: u64) -> Runnable {
        let Shared {
            language,
            program,
            artefacts,
        } = &*self.shared;
        let limits = language.run_limits(limits);
        let values = program.values(limits.memory_bytes);
        Runnable::new(language, limits, &values, artefacts.clone(), stderr_bytes)
    }
}
