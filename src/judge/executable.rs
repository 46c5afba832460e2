//! Compiled programs: made once, and then run by any slot of this machine, any number of times.

use std::sync::Arc;

use super::compile::Artefacts;
use super::language::{Language, Values};
use super::program::Program;
use super::run::{BOX, Runnable};
use super::verdict::CompileResult;
use crate::problem::Limits;
use crate::sandbox::{Container, InputFile};

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

/// A submission as validators get to see it.
#[derive(Debug)]
pub(super) struct Submitted<'a> {
    /// Code of its language.
    pub language: &'a str,
    /// Name of the main file, or of the class that has `main`.
    pub entry_point: &'a str,
    /// Its files, those that the problem adds, and what the compiler left.
    pub files: Arc<[InputFile]>,
}

/// What compiling came to.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// `None` for languages without a compile step, and where there was nothing to compile.
    pub result: Option<CompileResult>,
    /// The program, or one line that says why there is none.
    pub executable: Result<Executable, String>,
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

    /// The program as the format of problem packages sees it: for validators.
    pub(super) fn submitted(&self) -> Submitted<'_> {
        let Shared {
            language,
            program,
            artefacts,
        } = &*self.shared;
        let mut files = artefacts.clone();
        for file in program.input_files() {
            if !files.iter().any(|present| present.path == file.path) {
                files.push(file);
            }
        }
        Submitted {
            language: &language.package_code,
            entry_point: program.entry_point(language),
            files: Arc::from(files),
        }
    }

    /// The program under limits, with its own files in a directory of its working directory.
    pub(super) fn out_of(&self, directory: &str, limits: &Limits, stderr_bytes: u64) -> Runnable {
        let beneath = format!("{BOX}/{directory}/");
        self.runnable(&beneath, limits, stderr_bytes)
            .out_of(directory)
    }

    /// The program under the limits of a problem; of standard error `stderr_bytes` are kept.
    pub fn under(&self, limits: &Limits, stderr_bytes: u64) -> Runnable {
        self.runnable("", limits, stderr_bytes)
    }

    /// `before_main` is put before the name of its main file.
    fn runnable(&self, before_main: &str, limits: &Limits, stderr_bytes: u64) -> Runnable {
        let Shared {
            language,
            program,
            artefacts,
        } = &*self.shared;
        let limits = language.run_limits(limits);
        let values = program.values(limits.memory_bytes);
        let main = format!("{before_main}{}", values.main);
        let values = Values {
            main: &main,
            ..values
        };
        Runnable::new(language, limits, &values, artefacts.clone(), stderr_bytes)
    }
}
