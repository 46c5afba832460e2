//! Programs of a package: their language, the files that the problem adds, and compiling them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::PROCESSES;
use crate::judge::crew::Crew;
use crate::judge::{Cancel, Executable, Judge, JudgeError, Language, program};
use crate::problem::package::{Frame, Package, ProgramFiles, is_main};
use crate::problem::{Limits, SourceFile};

/// How much of a compiler's complaint is told, in characters.
const COMPLAINT_CHARS: usize = 2000;

/// Why submissions cannot be judged by a package. Nearly always it is the package that has to be
/// mended.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// A program of the package is in no language that is offered here.
    #[error("{path}: no language that is offered here has sources like these")]
    Language {
        /// Its path in the package.
        path: String,
    },
    /// A program of the package cannot be compiled.
    #[error("{path} cannot be compiled: {reason}")]
    Compile {
        /// Its path in the package.
        path: String,
        /// Why.
        reason: String,
        /// What the compiler wrote.
        output: String,
    },
    /// A generator, or the solution that writes the answers, did not end well.
    #[error("{path} cannot make {case}: {reason}")]
    NotMade {
        /// Its path in the package.
        path: String,
        /// Name of the test case.
        case: String,
        /// What it did.
        reason: String,
        /// The beginning of what it wrote to standard error.
        output: String,
    },
    /// Inputs and answers that were made are too large.
    #[error("the test cases have more than {max_bytes} bytes in all: make smaller ones")]
    MadeTooMuch {
        /// The cap.
        max_bytes: usize,
    },
    /// The judge failed, or a program of the package did not do its part.
    #[error(transparent)]
    Judge(#[from] JudgeError),
}

impl PackageError {
    /// What a program of the package wrote before it failed; empty where there is nothing.
    pub fn evidence(&self) -> &str {
        match self {
            PackageError::Compile { output, .. } | PackageError::NotMade { output, .. } => output,
            PackageError::Judge(
                JudgeError::Validator { evidence, .. } | JudgeError::Grader { evidence, .. },
            ) => evidence,
            PackageError::Judge(_)
            | PackageError::Language { .. }
            | PackageError::MadeTooMuch { .. } => "",
        }
    }

    /// Whether the package has to be mended; else it is the judge that failed.
    pub fn is_of_the_package(&self) -> bool {
        !matches!(self, PackageError::Judge(error) if !error.is_of_the_problem())
    }
}

/// Limits of the problem's own programs.
pub fn validation_limits(package: &Package) -> Limits {
    let limits = &package.limits;
    Limits {
        cpu_ms: limits.validation_ms,
        wall_ms: limits.validation_ms.saturating_mul(2),
        memory_bytes: limits.validation_memory_bytes,
        output_bytes: limits.validation_output_bytes,
        processes: PROCESSES,
    }
}

/// Compiles programs that a package cannot do without.
///
/// # Errors
/// What is wrong with a program, or our own failure.
pub fn compile_programs(
    judge: &Judge,
    crew: &Crew<'_>,
    programs: &[ProgramFiles],
    cancel: &Cancel,
) -> Result<Vec<Executable>, PackageError> {
    let mut languages = Vec::with_capacity(programs.len());
    for program in programs {
        let language = match program.has_scripts() {
            true => None,
            false => Some(language(judge, program)?),
        };
        languages.push(language);
    }
    crew.each(programs.len(), |slot, index| {
        let program = &programs[index];
        let compiled = match &languages[index] {
            Some(language) => slot.compile(language, &program.files, cancel)?,
            None => slot.compile_scripts(&program.files, cancel)?,
        };
        compiled.executable.map_err(|reason| PackageError::Compile {
            path: program.path.clone(),
            reason,
            output: compiled
                .result
                .map(|r| complaint(&r.output))
                .unwrap_or_default(),
        })
    })
}

/// Id of the language of a program.
fn language(judge: &Judge, program: &ProgramFiles) -> Result<String, PackageError> {
    let language = judge.languages().of_program(program);
    let language = language.ok_or_else(|| PackageError::Language {
        path: program.path.clone(),
    })?;
    Ok(language.id.clone())
}

/// What a program wrote, for people, and not more than they would read.
pub(super) fn complaint(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    text.trim().chars().take(COMPLAINT_CHARS).collect()
}

/// The files of a submission in this language, with those that the problem puts beside or over them. A
/// driver among these is what the program begins with.
pub(super) fn with_includes(
    judge: &Judge,
    package: &Package,
    (language, submitted): (&str, &[SourceFile]),
) -> Vec<SourceFile> {
    let includes = of_language(judge, &package.includes, language).map_or(&[][..], Vec::as_slice);
    let frame = of_language(judge, &package.frames, language);
    let mut files = match judge.languages().find(language) {
        // Beside others it needs an ending.
        Some(language) if !includes.is_empty() => {
            let files = program::named(language, submitted, includes);
            match frame {
                Some(frame) => framed(language, files, frame),
                None => files,
            }
        }
        _ => submitted.to_vec(),
    };
    for included in includes {
        match files.iter_mut().find(|file| file.name == included.name) {
            Some(present) => present.bytes = included.bytes.clone(),
            None => files.push(included.clone()),
        }
    }
    let driver = match frame {
        Some(frame) => includes.iter().find(|file| file.name == frame.main),
        None => driver(judge.languages().find(language), includes, submitted),
    };
    if let Some(driver) = driver
        && let Some(place) = files.iter().position(|file| file.name == driver.name)
    {
        files[..=place].rotate_right(1);
    }
    files
}

/// The file beside a submission with which the program begins: the one that is called so, or the one that names
/// the submission and is not named by it, as in old packages. Java has its own way to tell.
fn driver<'a>(
    language: Option<&Language>,
    includes: &'a [SourceFile],
    submitted: &[SourceFile],
) -> Option<&'a SourceFile> {
    let called_so = includes.iter().find(|file| is_main(&file.name));
    let calls = || {
        let language = language.filter(|language| !language.named_by_class)?;
        let mut sources = submitted
            .iter()
            .filter(|file| language.is_source(&file.name));
        let main = sources.next().filter(|main| !is_main(&main.name))?;
        let mut sources = includes
            .iter()
            .filter(|file| language.is_source(&file.name));
        sources.find(|file| names(file, main) && !names(main, file))
    };
    called_so.or_else(calls)
}

/// Whether a source has the name of another one in it, without its ending, as a word.
fn names(source: &SourceFile, other: &SourceFile) -> bool {
    let name = other.name.rsplit('/').next().unwrap_or_default();
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let is_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let mut words = source.bytes.split(|byte| !is_of_word(byte));
    words.any(|word| word == stem.as_bytes())
}

/// The files of a submission as a frame wants them.
fn framed(language: &Language, mut files: Vec<SourceFile>, frame: &Frame) -> Vec<SourceFile> {
    let sources = files
        .iter_mut()
        .filter(|file| language.is_source(&file.name));
    for (source, place) in sources.zip(0..) {
        if place == 0 {
            source.name.clone_from(&frame.submission);
        }
        if !frame.preamble.is_empty() {
            let text = [frame.preamble.as_bytes(), &source.bytes];
            source.bytes = Arc::from(text.concat());
        }
    }
    files
}

/// What the problem has for this language, or for all.
fn of_language<'a, T>(
    judge: &Judge,
    values: &'a BTreeMap<String, T>,
    language: &str,
) -> Option<&'a T> {
    let mut of_codes = values.iter();
    let own = of_codes.find(|(code, _)| is_called(judge, language, code));
    own.map(|(_, value)| value)
        .or_else(|| values.get("default"))
}

/// Whether a language is among those of these codes.
pub(super) fn is_among(judge: &Judge, codes: &[String], language: &str) -> bool {
    codes.iter().any(|code| is_called(judge, language, code))
}

/// Whether a package means this language by a code.
fn is_called(judge: &Judge, language: &str, code: &str) -> bool {
    let named = judge.languages().find(code);
    named.is_some_and(|named| {
        named.id == language || judge.languages().of_jury(named).id == language
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::Languages;

    #[test]
    fn a_driver_names_the_submission_and_is_not_named_by_it() {
        let file = |name: &str, text: &str| SourceFile {
            name: name.to_owned(),
            bytes: text.as_bytes().into(),
        };
        let languages = Languages::built_in().unwrap();
        let python = languages.find("python");
        for (included, submitted, is_driver) in [
            (
                ("grader.py", "import cake"),
                ("cake.py", "def f(): pass"),
                true,
            ),
            (("main.py", ""), ("cake.py", ""), true),
            (
                ("grader.py", "import cake"),
                ("cake.py", "import grader"),
                false,
            ),
            (("lib.py", "cakes = 1"), ("cake.py", "import lib"), false),
            (("grader.py", "import main"), ("main.py", ""), false),
            (("notes.txt", "cake"), ("cake.py", ""), false),
        ] {
            let includes = [file(included.0, included.1)];
            let submitted = [file(submitted.0, submitted.1)];
            let found = driver(python, &includes, &submitted);
            assert_eq!(found.is_some(), is_driver, "{included:?} {submitted:?}");
        }
        let java = languages.find("java");
        let includes = [file("grader.java", "cake.f()")];
        assert!(driver(java, &includes, &[file("cake.java", "")]).is_none());
    }
}
