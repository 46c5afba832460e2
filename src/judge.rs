//! Judging: compile once, run every test case in a fresh sandbox, compare, decide.
//! Knows nothing of HTTP, SQL or queues.
//!
//! A [`Judge`] is opened once: it checks the host and which toolchains there are. A [`JudgeSlot`]
//! judges one program at a time. Whatever a program or its compiler does is a verdict; only what
//! fails on our side is a [`JudgeError`], and that is never shown as anybody's verdict.

mod class_name;
mod compare;
mod compile;
pub mod crew;
mod executable;
pub mod grade;
mod interact;
mod language;
pub mod package;
mod passes;
mod probe;
mod program;
mod reason;
mod run;
mod slot;
mod starved;
mod transcript;
mod validator;
pub mod verdict;

use std::error::Error;
use std::sync::Arc;

pub use crate::sandbox::{Cancel, Protection, SandboxConfig, SandboxError};
pub use executable::{Compiled, Executable};
pub use language::{Language, LanguageError, Languages};
pub use probe::OfferedLanguage;
pub use run::Runnable;
pub use slot::{CaseRun, Course, JudgeSlot, LeftFile, NoOutput, RunResult};
pub use validator::{Check, Validator, Visualizer};

use crate::problem::{Checker, Limits, SourceFile};
use crate::sandbox::{CollectError, Sandbox};

/// What is to be judged.
#[derive(Debug, Clone)]
pub struct Work {
    /// Id of a language that is offered.
    pub language: String,
    /// The program. The main file is the first that the language takes for a source; a program
    /// of one file named `main` gets the language's own file name.
    pub files: Vec<SourceFile>,
    /// Limits of each run, before the language's factors.
    pub limits: Limits,
    /// How outputs are compared with answers.
    pub checker: Checker,
}

/// One test case.
#[derive(Debug, Clone)]
pub struct CaseData {
    /// Standard input.
    pub input: Arc<[u8]>,
    /// What the output is compared with; without it, the run has only to end well.
    pub answer: Option<Arc<[u8]>>,
}

/// Test cases in judging order, loaded one at a time.
pub trait Cases {
    /// How many there are.
    fn count(&self) -> usize;
    /// Name of the case at an index below [`count`](Self::count).
    fn name(&self, index: usize) -> &str;
    /// Loads the case at such an index.
    ///
    /// # Errors
    /// Whatever keeps it from being loaded: the judging ends with [`JudgeError::Data`].
    fn load(&self, index: usize) -> Result<CaseData, Box<dyn Error + Send + Sync>>;
}

/// Why something could not be judged: our own failures only.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError {
    /// The sandbox failed.
    #[error("the sandbox failed")]
    Sandbox(#[source] SandboxError),
    /// The judging was cancelled by its owner.
    #[error("the judging was cancelled")]
    Cancelled,
    /// A test case could not be loaded.
    #[error("cannot load test case {name}")]
    Data {
        /// Name of the case.
        name: String,
        /// The cause.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// No such language is offered here.
    #[error("the language {0:?} is not offered here")]
    UnknownLanguage(String),
    /// A source file has a name that cannot be used; whoever accepts programs refuses it earlier.
    #[error("the file {name:?} cannot be used: {reason}")]
    File {
        /// The name.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A toolchain that was there when the judge was opened cannot be started any more.
    #[error("cannot start {program} of {language}")]
    Toolchain {
        /// Id of the language.
        language: String,
        /// Path of the program.
        program: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// What a compiler left cannot be read, though it is there.
    #[error("cannot collect what the compiler left")]
    Collect(#[source] CollectError),
    /// The pipes between two programs cannot be made.
    #[error("cannot make a pipe between two programs")]
    Pipe(#[source] std::io::Error),
    /// A program of the problem did not do its part: the problem has to be mended.
    #[error("the validator {name} {reason}")]
    Validator {
        /// Its path in the package.
        name: String,
        /// What it did.
        reason: String,
        /// The beginning of what it wrote.
        evidence: String,
    },
    /// A grader of the problem did not do its part: the problem has to be mended.
    #[error("the grader {name} {reason}")]
    Grader {
        /// Its path in the package.
        name: String,
        /// What it did.
        reason: String,
        /// The beginning of what it wrote.
        evidence: String,
    },
    /// A language file cannot be used.
    #[error(transparent)]
    Language(#[from] LanguageError),
}

impl JudgeError {
    /// Whether it is the problem that has to be mended.
    pub fn is_of_the_problem(&self) -> bool {
        matches!(
            self,
            JudgeError::Validator { .. } | JudgeError::Grader { .. }
        )
    }
}

impl From<SandboxError> for JudgeError {
    fn from(error: SandboxError) -> Self {
        match error {
            SandboxError::Cancelled => JudgeError::Cancelled,
            error => JudgeError::Sandbox(error),
        }
    }
}

/// An error with its causes, in one line.
pub fn in_words(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        words.push_str(": ");
        words.push_str(&cause.to_string());
        source = cause.source();
    }
    words
}

/// A host that can judge, and its languages. Cheap to clone; clones share everything.
#[derive(Debug, Clone)]
pub struct Judge {
    sandbox: Sandbox,
    languages: Arc<Languages>,
    offered: Arc<[OfferedLanguage]>,
}

impl Judge {
    /// Checks the host, and asks each toolchain for its version in a box. A language whose
    /// toolchain does not answer is not offered; that is logged.
    ///
    /// # Errors
    /// What the host lacks.
    pub fn open(languages: Languages, sandbox: &SandboxConfig) -> Result<Judge, JudgeError> {
        let sandbox = Sandbox::open(sandbox)?;
        let offered = probe::offered(&sandbox, &languages)?;
        let is_offered = |language: &Language| offered.iter().any(|o| o.id == language.id);
        Ok(Judge {
            sandbox,
            languages: Arc::new(languages.filter(is_offered)),
            offered: offered.into(),
        })
    }

    /// The languages whose toolchains are there, sorted by id.
    pub fn offered(&self) -> &[OfferedLanguage] {
        &self.offered
    }

    /// The same languages as data.
    pub fn languages(&self) -> &Languages {
        &self.languages
    }

    /// What programs meet here: languages, toolchains, and protections that boxes lack. What one judge
    /// says is what another of the same identity would, on the same machine.
    pub fn identity(&self) -> String {
        let languages = self.languages.iter().collect::<Vec<_>>();
        format!("{languages:?} {:?} {:?}", self.offered, self.degraded())
    }

    /// The protections that boxes lack on this machine, with the operator's consent.
    pub fn degraded(&self) -> &[Protection] {
        self.sandbox.degraded()
    }

    /// Takes a free slot of this machine.
    ///
    /// # Errors
    /// The sandbox's, e.g. that every slot is taken.
    pub fn slot(&self) -> Result<JudgeSlot, JudgeError> {
        Ok(JudgeSlot::new(self.clone(), self.sandbox.slot()?))
    }

    fn language(&self, id: &str) -> Result<&Language, JudgeError> {
        self.languages
            .iter()
            .find(|language| language.id == id)
            .ok_or_else(|| JudgeError::UnknownLanguage(id.to_owned()))
    }
}
