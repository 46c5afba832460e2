//! Programs that bring their own way of being built and run: the scripts `build` and `run` of a
//! validator. To the judge they are one more language, which nobody can submit in.

use std::num::NonZeroU64;
use std::path::PathBuf;

use super::arguments::Arguments;
use super::file::CompileLimits;
use super::{Artefact, Compile, Language, LanguageError, Run};
use crate::problem::SourceFile;

/// Builds the program, if there is one.
const BUILD: &str = "build";
/// The program, which may be what `build` makes.
const RUN: &str = "run";

/// The language of a program of these files: it may use all toolchains and what they need.
pub(in crate::judge) fn language<'a>(
    files: &[SourceFile],
    languages: impl Iterator<Item = &'a Language>,
) -> Result<Language, LanguageError> {
    let (mut mounts, mut min_processes) = (Vec::<PathBuf>::new(), 1);
    for language in languages {
        mounts.extend(language.mounts.iter().cloned());
        min_processes = min_processes.max(language.run.min_processes);
    }
    mounts.sort();
    mounts.dedup();
    let has_build = files.iter().any(|file| file.name == BUILD);
    let compile = Compile {
        command: command(BUILD)?,
        artefacts: vec![Artefact::Everything],
        limits: CompileLimits {
            // The format promises a minute.
            cpu_ms: NonZeroU64::new(60_000).unwrap_or(NonZeroU64::MIN),
            wall_ms: NonZeroU64::new(120_000).unwrap_or(NonZeroU64::MIN),
            ..CompileLimits::default()
        },
    };
    Ok(Language {
        id: "scripts".to_owned(),
        name: "build and run scripts".to_owned(),
        aliases: Vec::new(),
        extensions: Vec::new(),
        source_file: RUN.to_owned(),
        version: Vec::new(),
        environment: [
            ("PATH", "/usr/bin:/bin"),
            ("LANG", "C.UTF-8"),
            ("HOME", "/tmp"),
        ]
        .map(|(name, value)| (name.into(), value.into()))
        .to_vec(),
        mounts,
        exec_tmp: true,
        system_proc: false,
        named_by_class: false,
        package_code: String::new(),
        stands_in_for: None,
        compile: has_build.then_some(compile),
        run: Run {
            command: command(RUN)?,
            time_factor: 1.0,
            memory_factor: 1.0,
            min_processes,
        },
    })
}

fn command(script: &str) -> Result<Arguments, LanguageError> {
    let path = format!("./{script}");
    Arguments::parse(&[path]).map_err(|reason| LanguageError::Field {
        file: "a program of a package".to_owned(),
        field: script.to_owned(),
        reason,
    })
}
