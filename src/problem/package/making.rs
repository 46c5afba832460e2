//! What some formats leave to be made: inputs that a generator of the package writes, and answers that
//! a solution of the jury writes. `judge::package` makes them, in boxes, before anything is judged.

use std::sync::Arc;

use super::programs::ProgramFiles;

/// What a package lacks before it can judge.
#[derive(Debug, Clone, Default)]
pub struct Making {
    /// Programs that write inputs.
    pub generators: Vec<ProgramFiles>,
    /// Inputs that are to be written.
    pub inputs: Vec<Generation>,
    /// Answers that are to be written; after the inputs.
    pub answers: Option<Answers>,
}

/// How inputs are made.
#[derive(Debug, Clone)]
pub struct Generation {
    /// Place of the generator.
    pub generator: usize,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Its standard input.
    pub stdin: Arc<[u8]>,
    /// What it makes.
    pub makes: Makes,
}

/// What a run of a generator makes. Cases are told by their places in the list of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Makes {
    /// Its standard output is the input of a case.
    Case {
        /// The case.
        case: usize,
        /// Whether its standard error is the answer, as some formats have it.
        writes_answer: bool,
    },
    /// Files that it leaves are the inputs of cases.
    Files(Vec<MadeFile>),
}

/// A file that is the input of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeFile {
    /// The case.
    pub case: usize,
    /// Names that the file may have.
    pub names: Vec<String>,
}

impl Makes {
    /// The first case.
    pub fn first(&self) -> Option<usize> {
        match self {
            Makes::Case { case, .. } => Some(*case),
            Makes::Files(files) => files.first().map(|file| file.case),
        }
    }
}

/// How answers are made.
#[derive(Debug, Clone)]
pub struct Answers {
    /// Places of the cases.
    pub cases: Vec<usize>,
    /// Place of the submission whose outputs they are.
    pub submission: usize,
}

impl Making {
    /// Whether there is nothing to make.
    pub fn is_empty(&self) -> bool {
        self.inputs.is_empty() && self.answers.is_none()
    }
}
