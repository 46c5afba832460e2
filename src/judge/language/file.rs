//! The form of a language file, and the checks that make a [`Language`] of it.

use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroU64};
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use super::arguments::Arguments;
use super::{Artefact, Compile, Language, LanguageError, Run};
use crate::problem::ANSWERS;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: String,
    name: String,
    #[serde(default)]
    aliases: Vec<String>,
    package_code: Option<String>,
    stands_in_for: Option<String>,
    extensions: Vec<String>,
    source_file: String,
    version: Vec<String>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default)]
    mounts: Vec<PathBuf>,
    #[serde(default)]
    exec_tmp: bool,
    #[serde(default)]
    system_proc: bool,
    #[serde(default)]
    named_by_class: bool,
    compile: Option<CompileSection>,
    run: RunSection,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CompileSection {
    command: Vec<String>,
    #[serde(default)]
    artefacts: Vec<String>,
    #[serde(default)]
    limits: CompileLimits,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RunSection {
    command: Vec<String>,
    #[serde(default = "one")]
    time_factor: f64,
    #[serde(default = "one")]
    memory_factor: f64,
    min_processes: Option<NonZeroU32>,
}

fn one() -> f64 {
    1.0
}

/// Budgets of a compiler.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::judge) struct CompileLimits {
    /// CPU time, in milliseconds.
    pub cpu_ms: NonZeroU64,
    /// Time on the clock, in milliseconds.
    pub wall_ms: NonZeroU64,
    /// Memory, scratch files included, in bytes.
    pub memory_bytes: NonZeroU64,
    /// Scratch files, in bytes.
    pub scratch_bytes: NonZeroU64,
    /// Processes and threads at the same time.
    pub processes: NonZeroU32,
}

impl Default for CompileLimits {
    fn default() -> Self {
        let amount = |value| NonZeroU64::new(value).unwrap_or(NonZeroU64::MIN);
        CompileLimits {
            cpu_ms: amount(30_000),
            wall_ms: amount(60_000),
            memory_bytes: amount(1 << 30),
            scratch_bytes: amount(512 << 20),
            processes: NonZeroU32::new(256).unwrap_or(NonZeroU32::MIN),
        }
    }
}

/// Largest factor: more is a mistake.
const MAX_FACTOR: f64 = 100.0;

/// Reads one file.
pub(super) fn parse(file: &str, text: &str) -> Result<Language, LanguageError> {
    let parsed: File = toml::from_str(text).map_err(|error| LanguageError::Parse {
        file: file.to_owned(),
        reason: error.to_string().trim_end().to_owned(),
    })?;
    parsed
        .check()
        .map_err(|(field, reason)| LanguageError::Field {
            file: file.to_owned(),
            field: field.to_owned(),
            reason,
        })
}

/// A field and what is wrong with it.
type Refused = (&'static str, String);

impl File {
    fn check(self) -> Result<Language, Refused> {
        check_id("id", &self.id)?;
        for alias in &self.aliases {
            check_alias(alias)?;
        }
        if self.name.trim().is_empty() || self.name.contains(char::is_control) {
            return refuse("name", "must be a name for people");
        }
        if let Some(code) = &self.package_code {
            check_id("package_code", code)?;
        }
        check_extensions(&self.extensions)?;
        let version = command("version", &self.version)?;
        for path in &self.mounts {
            check_mount(path)?;
        }
        let language = Language {
            environment: environment(self.environment)?,
            compile: self.compile.map(CompileSection::check).transpose()?,
            run: self.run.check()?,
            named_by_class: self.named_by_class,
            package_code: self.package_code.unwrap_or_else(|| self.id.clone()),
            stands_in_for: self.stands_in_for,
            id: self.id,
            name: self.name,
            aliases: self.aliases,
            extensions: self.extensions,
            source_file: self.source_file,
            version,
            mounts: self.mounts,
            exec_tmp: self.exec_tmp,
            system_proc: self.system_proc,
        };
        if !language.is_source(&language.source_file) || language.source_file.contains('/') {
            return refuse(
                "source_file",
                "must be a file name with one of the extensions",
            );
        }
        Ok(language)
    }
}

impl CompileSection {
    fn check(self) -> Result<Compile, Refused> {
        let artefacts = self.artefacts.iter().map(|text| artefact(text));
        Ok(Compile {
            command: arguments("compile.command", &self.command)?,
            artefacts: artefacts.collect::<Result<_, _>>()?,
            limits: self.limits,
        })
    }
}

impl RunSection {
    fn check(self) -> Result<Run, Refused> {
        for (field, factor) in [
            ("run.time_factor", self.time_factor),
            ("run.memory_factor", self.memory_factor),
        ] {
            // A factor below 1 would take from a program what its problem promises.
            if !(1.0..=MAX_FACTOR).contains(&factor) {
                return Err((field, format!("must be from 1 to {MAX_FACTOR}")));
            }
        }
        Ok(Run {
            command: arguments("run.command", &self.command)?,
            time_factor: self.time_factor,
            memory_factor: self.memory_factor,
            min_processes: self.min_processes.map_or(1, NonZeroU32::get),
        })
    }
}

fn refuse<T>(field: &'static str, reason: impl Into<String>) -> Result<T, Refused> {
    Err((field, reason.into()))
}

fn arguments(field: &'static str, argv: &[String]) -> Result<Arguments, Refused> {
    check_no_nul(field, argv)?;
    Arguments::parse(argv).map_err(|reason| (field, reason))
}

/// A command line without placeholders.
fn command(field: &'static str, argv: &[String]) -> Result<Vec<String>, Refused> {
    arguments(field, argv)?;
    if argv.iter().any(|argument| argument.contains(['{', '}'])) {
        return refuse(field, "takes no placeholders: there is no program yet");
    }
    Ok(argv.to_vec())
}

fn check_no_nul(field: &'static str, texts: &[String]) -> Result<(), Refused> {
    if texts.iter().any(|text| text.contains('\0')) {
        return refuse(field, "must not contain a NUL byte");
    }
    Ok(())
}

fn check_id(field: &'static str, id: &str) -> Result<(), Refused> {
    if id == ANSWERS {
        let reason = format!("{id:?} is what submissions name that are no programs");
        return Err((field, reason));
    }
    let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if (1..=32).contains(&id.len()) && id.bytes().all(is_plain) {
        return Ok(());
    }
    let reason = format!("{id:?} must be 1 to 32 lower-case letters, digits and dashes");
    Err((field, reason))
}

fn check_alias(alias: &str) -> Result<(), Refused> {
    let is_plain = |b: u8| b.is_ascii_graphic();
    if (1..=32).contains(&alias.len()) && alias.bytes().all(is_plain) {
        return Ok(());
    }
    let reason = format!("{alias:?} must be 1 to 32 printable characters without spaces");
    Err(("aliases", reason))
}

fn check_extensions(extensions: &[String]) -> Result<(), Refused> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'+';
    let is_valid = |text: &String| !text.is_empty() && text.bytes().all(is_plain);
    if !extensions.is_empty() && extensions.iter().all(is_valid) {
        return Ok(());
    }
    refuse(
        "extensions",
        "must be one or more endings without the dot, of letters, digits and +",
    )
}

fn check_mount(path: &Path) -> Result<(), Refused> {
    let is_plain = |part| matches!(part, Component::Normal(_) | Component::RootDir);
    if path.is_absolute() && path.components().all(is_plain) && path.parent().is_some() {
        return Ok(());
    }
    let reason = format!("{} must be absolute, without ..", path.display());
    Err(("mounts", reason))
}

fn environment(
    variables: BTreeMap<String, String>,
) -> Result<Vec<(std::ffi::OsString, std::ffi::OsString)>, Refused> {
    for (name, value) in &variables {
        if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
            let reason = format!("{name:?} cannot be a variable");
            return Err(("environment", reason));
        }
    }
    let into_os = |(name, value): (String, String)| (name.into(), value.into());
    Ok(variables.into_iter().map(into_os).collect())
}

fn artefact(text: &str) -> Result<Artefact, Refused> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
    let is_name = |text: &str| {
        !text.is_empty() && text.bytes().all(is_plain) && !text.starts_with(['.', '-'])
    };
    match text.strip_prefix("*.") {
        Some(extension) if is_name(extension) => Ok(Artefact::Extension(extension.to_owned())),
        None if is_name(text) => Ok(Artefact::Named(text.to_owned())),
        _ => {
            let reason = format!("{text:?} must be a file name, or *.EXTENSION");
            Err(("compile.artefacts", reason))
        }
    }
}
