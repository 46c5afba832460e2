//! Languages as data: what a file in `languages/` says, checked and ready to use.
//! docs/LANGUAGES.md describes the files.

mod arguments;
mod file;
pub(super) mod scripts;

use std::ffi::OsString;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::{fs, io};

pub(super) use arguments::{Arguments, Values};
pub(super) use file::CompileLimits;

use crate::problem;
use crate::problem::package::{CompilationLimits, ProgramFiles};
use crate::sandbox::{Access, Container, Mount, Proc};

/// The files of this repository's `languages/`: name and text.
const BUILT_IN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/languages.rs"));

/// Why a language file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LanguageError {
    /// The directory cannot be read.
    #[error("cannot read the languages in {path}")]
    ReadDirectory {
        /// The directory.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// A file cannot be read.
    #[error("cannot read {path}")]
    ReadFile {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The directory has no language file.
    #[error("there is no .toml file in {path}")]
    NoFiles {
        /// The directory.
        path: PathBuf,
    },
    /// A file is not TOML, or has an unknown, missing or mistyped field.
    #[error("{file}: {reason}")]
    Parse {
        /// Name of the file.
        file: String,
        /// What is wrong, with line and field.
        reason: String,
    },
    /// A field has a value that cannot be used.
    #[error("{file}: {field}: {reason}")]
    Field {
        /// Name of the file.
        file: String,
        /// Name of the field, with its section.
        field: String,
        /// What is wrong and what to change.
        reason: String,
    },
    /// Two languages claim the same id, alias or extension.
    #[error("{file}: {field}: {value:?} already belongs to {other}")]
    Taken {
        /// Name of the file.
        file: String,
        /// Name of the field.
        field: &'static str,
        /// The value.
        value: String,
        /// Id of the language that has it.
        other: String,
    },
}

/// One language.
#[derive(Debug, Clone)]
pub struct Language {
    /// Id that a submission names, e.g. `cpp`.
    pub id: String,
    /// Name for people, e.g. `C++`.
    pub name: String,
    /// Other ids that are understood.
    pub aliases: Vec<String>,
    /// Endings of its source files, without the dot. Upper and lower case differ.
    pub extensions: Vec<String>,
    /// What a program that came without a file name is called.
    pub source_file: String,
    pub(super) version: Vec<String>,
    pub(super) environment: Vec<(OsString, OsString)>,
    pub(super) mounts: Vec<PathBuf>,
    pub(super) exec_tmp: bool,
    pub(super) system_proc: bool,
    /// A file is named after the class in it, as Java wants it.
    pub(super) named_by_class: bool,
    /// What the ICPC package format calls it.
    pub(super) package_code: String,
    /// Id of the language in whose place the jury's submissions of ICPC packages are judged in this one.
    pub(super) stands_in_for: Option<String>,
    pub(super) compile: Option<Compile>,
    pub(super) run: Run,
}

/// How a program is compiled or checked.
#[derive(Debug, Clone)]
pub(super) struct Compile {
    pub command: Arguments,
    /// What is kept; without any, the sources themselves are run.
    pub artefacts: Vec<Artefact>,
    pub limits: CompileLimits,
}

/// Files that a compiler leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Artefact {
    /// The file of this name.
    Named(String),
    /// Every file with this extension, in any directory; at least one.
    Extension(String),
    /// Every file, sources too; at least one.
    Everything,
}

/// How a program is run.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub command: Arguments,
    pub time_factor: f64,
    pub memory_factor: f64,
    /// Processes that the runtime needs for itself.
    pub min_processes: u32,
}

impl Language {
    /// Whether a file of this name is one of its sources.
    pub fn is_source(&self, name: &str) -> bool {
        let extension = name.rsplit_once('.').map(|(_, extension)| extension);
        self.extensions
            .iter()
            .any(|known| Some(known.as_str()) == extension)
    }

    /// Whether its extensions are another language's, by which files are taken for that one.
    pub fn is_stand_in(&self) -> bool {
        self.stands_in_for.is_some()
    }

    /// The same language, whose compiler gets at least what is promised.
    pub(super) fn with_promised(mut self, promised: &CompilationLimits) -> Language {
        let Some(compile) = &mut self.compile else {
            return self;
        };
        let limits = &mut compile.limits;
        let at_least = |limit: &mut NonZeroU64, least: Option<u64>| {
            if let Some(least) = least.and_then(NonZeroU64::new) {
                *limit = least.max(*limit);
            }
        };
        at_least(&mut limits.cpu_ms, promised.cpu_ms);
        at_least(
            &mut limits.wall_ms,
            promised.cpu_ms.map(|ms| ms.saturating_mul(2)),
        );
        at_least(&mut limits.memory_bytes, promised.memory_bytes);
        self
    }

    /// The limits of a run in this language: those of the problem times the language's factors,
    /// and at least the processes that the runtime needs.
    pub(super) fn run_limits(&self, limits: &problem::Limits) -> problem::Limits {
        let Run {
            time_factor,
            memory_factor,
            min_processes,
            ..
        } = self.run;
        problem::Limits {
            cpu_ms: scaled(limits.cpu_ms, time_factor),
            wall_ms: scaled(limits.wall_ms, time_factor),
            memory_bytes: scaled(limits.memory_bytes, memory_factor),
            output_bytes: limits.output_bytes,
            processes: limits.processes.max(min_processes),
        }
    }

    /// The box in which its programs are compiled and run. Mounts that this machine lacks are left
    /// out: whether the toolchain is there, its version command tells.
    pub(super) fn container(&self) -> Container {
        let mut container = Container::host_toolchains();
        container.exec_tmp = self.exec_tmp;
        if self.system_proc {
            container.proc = Proc::Masked;
        }
        let found = self.mounts.iter().flat_map(|pattern| matches(pattern));
        found.fold(container, |container, path| {
            container.mount(Mount {
                source: path.clone(),
                target: path,
                access: Access::ReadOnly,
            })
        })
    }
}

impl Compile {
    /// The box in which a language's programs are compiled.
    pub(super) fn container(&self, language: &Language) -> Container {
        Container {
            scratch_bytes: self.limits.scratch_bytes.get(),
            ..language.container()
        }
    }
}

/// Exact where the factor is 1, for most are and a limit may be larger than a float is exact.
fn scaled(limit: u64, factor: f64) -> u64 {
    if factor == 1.0 {
        return limit;
    }
    // A float becomes the nearest integer, never a wrapped one.
    (limit as f64 * factor).ceil() as u64
}

/// The paths of this machine that a mount names; `*` stands for anything within one component.
fn matches(pattern: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for component in pattern {
        let component = component.to_string_lossy();
        found = match component.split_once('*') {
            None => found.iter().map(|path| path.join(&*component)).collect(),
            Some((before, after)) => found
                .iter()
                .flat_map(|directory| entries_between(directory, before, after))
                .collect(),
        };
    }
    found.retain(|path| path.exists());
    found
}

fn entries_between(directory: &Path, before: &str, after: &str) -> Vec<PathBuf> {
    // A directory that is not there holds nothing.
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries
        .filter(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let rest = name.strip_prefix(before);
            rest.is_some_and(|rest| rest.ends_with(after))
        })
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    paths
}

/// A set of languages in which no id, alias or extension is claimed twice.
#[derive(Debug, Clone)]
pub struct Languages {
    languages: Vec<Language>,
}

impl Languages {
    /// The languages that come with this binary.
    ///
    /// # Errors
    /// None as long as the tests pass: they read every file.
    pub fn built_in() -> Result<Languages, LanguageError> {
        let files = BUILT_IN.iter();
        Self::parse_all(files.map(|(name, text)| ((*name).to_owned(), (*text).to_owned())))
    }

    /// The languages of the `.toml` files in a directory.
    ///
    /// # Errors
    /// What cannot be read or used, by file and field.
    pub fn read(directory: &Path) -> Result<Languages, LanguageError> {
        let unreadable = |source| LanguageError::ReadDirectory {
            path: directory.to_owned(),
            source,
        };
        let mut paths = Vec::new();
        for entry in fs::read_dir(directory).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.extension().is_some_and(|ending| ending == "toml") {
                paths.push(path);
            }
        }
        if paths.is_empty() {
            let path = directory.to_owned();
            return Err(LanguageError::NoFiles { path });
        }
        paths.sort();
        let mut files = Vec::new();
        for path in paths {
            match fs::read_to_string(&path) {
                Ok(text) => files.push((path.to_string_lossy().into_owned(), text)),
                Err(source) => return Err(LanguageError::ReadFile { path, source }),
            }
        }
        Self::parse_all(files.into_iter())
    }

    fn parse_all(
        files: impl Iterator<Item = (String, String)>,
    ) -> Result<Languages, LanguageError> {
        let mut languages: Vec<Language> = Vec::new();
        let mut stand_ins = Vec::new();
        for (file, text) in files {
            let language = file::parse(&file, &text)?;
            refuse_taken(&file, &language, &languages)?;
            if let Some(other) = &language.stands_in_for {
                stand_ins.push((file, other.clone()));
            }
            languages.push(language);
        }
        for (file, other) in stand_ins {
            let is_it = |known: &Language| known.id == other && !known.is_stand_in();
            if !languages.iter().any(is_it) {
                return Err(LanguageError::Field {
                    file,
                    field: "stands_in_for".to_owned(),
                    reason: format!("there is no language {other:?} with extensions of its own"),
                });
            }
        }
        languages.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(Languages { languages })
    }

    /// All languages, sorted by id.
    pub fn iter(&self) -> impl Iterator<Item = &Language> {
        self.languages.iter()
    }

    /// The language of this id, alias, or code in problem packages.
    pub fn find(&self, name: &str) -> Option<&Language> {
        let is_called = |language: &&Language| {
            let mut names = std::iter::once(&language.id).chain(&language.aliases);
            names.any(|known| known == name)
        };
        let is_coded = |language: &&Language| language.package_code == name;
        self.iter()
            .find(is_called)
            .or_else(|| self.iter().find(is_coded))
    }

    /// In which language the jury's submissions in this one are judged where their package does not
    /// say more: one that stands in for it, if there is one.
    pub fn of_jury<'a>(&'a self, language: &'a Language) -> &'a Language {
        let stands_in =
            |other: &&Language| other.stands_in_for.as_deref() == Some(language.id.as_str());
        self.iter().find(stands_in).unwrap_or(language)
    }

    /// The language of a source file of this name.
    pub fn of_file(&self, name: &str) -> Option<&Language> {
        let mut found = self.iter().filter(|language| language.is_source(name));
        found.find(|language| !language.is_stand_in())
    }

    /// The language of a program: that of its first file that is a source.
    pub fn of_program(&self, program: &ProgramFiles) -> Option<&Language> {
        let mut files = program.files.iter();
        files.find_map(|file| self.of_file(&file.name))
    }

    /// These languages without those that are refused.
    pub fn filter(mut self, is_wanted: impl Fn(&Language) -> bool) -> Languages {
        self.languages.retain(is_wanted);
        self
    }
}

fn refuse_taken(file: &str, new: &Language, known: &[Language]) -> Result<(), LanguageError> {
    let names = |language: &Language| {
        let ids = [("id", language.id.clone())].into_iter();
        let aliases = language.aliases.iter().map(|a| ("aliases", a.clone()));
        ids.chain(aliases).collect::<Vec<_>>()
    };
    let taken = |field, value, other: &Language| LanguageError::Taken {
        file: file.to_owned(),
        field,
        value,
        other: other.id.clone(),
    };
    for other in known {
        let of_other = names(other);
        for (field, value) in names(new) {
            if of_other.iter().any(|(_, name)| *name == value) {
                return Err(taken(field, value, other));
            }
        }
        let are_alike = |one: &Language, other: &Language| {
            one.stands_in_for.as_deref() == Some(other.id.as_str())
        };
        if are_alike(new, other) || are_alike(other, new) {
            continue;
        }
        for extension in &new.extensions {
            if other.extensions.contains(extension) {
                return Err(taken("extensions", extension.clone(), other));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
