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

/// How an input is made.
#[derive(Debug, Clone)]
pub struct Generation {
    /// Place of the case in the list of all.
    pub case: usize,
    /// Place of the generator.
    pub generator: usize,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Its standard input.
    pub stdin: Arc<[u8]>,
    /// Whether its standard error is the answer, as some formats have it.
    pub writes_answer: bool,
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
