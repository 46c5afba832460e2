//! How outputs are judged.

use super::programs::ProgramFiles;
use crate::problem::{Checker, Protocol};

/// How outputs are judged.
#[derive(Debug, Clone)]
pub enum Validation {
    /// The default validator, with a checker for each test case by its arguments.
    Default(Vec<Checker>),
    /// Programs of the package; all must accept.
    Custom(Vec<ProgramFiles>),
    /// A program of the package that talks with the submission.
    Interactive(ProgramFiles),
    /// A program of the package that talks with processes of the submission, by the protocol of CMS.
    Communication {
        /// The program.
        manager: ProgramFiles,
        /// The processes.
        communication: Communication,
    },
    /// Programs of the package that keep to the protocol of another world; at least one of them.
    Foreign {
        /// Talks with the submission.
        interactor: Option<ProgramFiles>,
        /// Judges the output of the submission, or what the interactor writes, where there is one.
        checker: Option<ProgramFiles>,
        /// How they are asked, and how they answer.
        protocol: Protocol,
        /// What they are asked with in place of the arguments of the protocol.
        arguments: Option<ArgumentTemplate>,
        /// Whether a submission is run twice on a case; the checker judges what comes of that.
        second_run: Option<SecondRun>,
    },
}

impl Validation {
    /// Whether a program of the package talks with the submission.
    pub fn is_conversation(&self) -> bool {
        match self {
            Validation::Default(_) | Validation::Custom(_) => false,
            Validation::Interactive(_) | Validation::Communication { .. } => true,
            Validation::Foreign { interactor, .. } => interactor.is_some(),
        }
    }

    /// Its programs, but for those of another world.
    pub(super) fn programs(&self) -> &[ProgramFiles] {
        match self {
            Validation::Default(_)
            | Validation::Foreign { .. }
            | Validation::Communication { .. } => &[],
            Validation::Custom(programs) => programs,
            Validation::Interactive(program) => std::slice::from_ref(program),
        }
    }
}

/// Arguments of a program, in which `{input_file}`, `{output_file}` and `{answer_file}` stand for paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArgumentTemplate(pub Vec<String>);

/// The second run of a submission on a case. Its input is the output of the first, or what the interactor wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondRun {
    /// Without an interactor.
    Alone,
    /// With the interactor, to which the same is the input.
    Talking,
}

/// The processes of a submission on a test case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Communication {
    /// How many there are, at least one. Where there are more, each is told its number, from 0 on.
    pub processes: u32,
    /// How each of them talks with the manager.
    pub channel: Channel,
}

/// How a process talks with the manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// Over its standard streams.
    StandardStreams,
    /// Over two FIFOs that its arguments name: from the manager, and to it.
    Fifos,
}
