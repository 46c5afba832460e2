//! The files that the command line names, and their language.

use std::fs;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};

use crate::judge::{Language, Languages};
use crate::problem::SourceFile;

/// Reads the files, named as seen from the directory of the first.
pub(super) fn read(paths: &[PathBuf]) -> anyhow::Result<Vec<SourceFile>> {
    let directory = paths.first().and_then(|first| first.parent());
    let directory = directory.unwrap_or(Path::new(""));
    let file = |path: &PathBuf| {
        Ok(SourceFile {
            name: name_below(directory, path)?,
            bytes: read_file(path)?,
        })
    };
    paths.iter().map(file).collect()
}

fn name_below(directory: &Path, path: &Path) -> anyhow::Result<String> {
    let below = path.strip_prefix(directory).unwrap_or(path);
    let below = below.strip_prefix(".").unwrap_or(below);
    let is_plain = |part| matches!(part, Component::Normal(_));
    if !below.components().all(is_plain) {
        let directory = match directory.to_string_lossy() {
            empty if empty.is_empty() => "the current directory".into(),
            other => other,
        };
        bail!(
            "{} is not below {directory}, where the first file is",
            path.display()
        );
    }
    let name = below.to_str();
    let name = name.with_context(|| format!("the name of {} is not UTF-8", path.display()))?;
    Ok(name.to_owned())
}

/// Reads a file.
pub(super) fn read_file(path: &Path) -> anyhow::Result<Arc<[u8]>> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(bytes.into())
}

/// A program of one file is that file, whatever its name: where that is none of the language, the
/// file becomes one that nobody named.
pub(super) fn unname_stranger(language: &Language, files: &mut [SourceFile]) {
    if let [only] = files
        && !language.is_source(&only.name)
    {
        "main".clone_into(&mut only.name);
    }
}

/// Reads a file, or standard input where it is named `-`.
pub(super) fn read_input(path: &Path) -> anyhow::Result<Arc<[u8]>> {
    if path != Path::new("-") {
        return read_file(path);
    }
    let mut bytes = Vec::new();
    let read = io::stdin().lock().read_to_end(&mut bytes);
    read.context("cannot read standard input")?;
    Ok(bytes.into())
}

/// The language that is asked for, else that of the first file.
pub(super) fn language<'a>(
    languages: &'a Languages,
    asked: Option<&str>,
    files: &[SourceFile],
) -> anyhow::Result<&'a Language> {
    let known = || {
        let ids: Vec<&str> = languages
            .iter()
            .map(|language| language.id.as_str())
            .collect();
        ids.join(", ")
    };
    if let Some(asked) = asked {
        return languages
            .find(asked)
            .with_context(|| format!("there is no language {asked:?}; choose one of {}", known()));
    }
    let name = files.first().map_or("", |file| file.name.as_str());
    languages.of_file(name).with_context(|| {
        format!(
            "the name of {name:?} tells no language; choose one with --language: {}",
            known()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_seen_from_the_directory_of_the_first_file() {
        let name =
            |directory: &str, path: &str| name_below(Path::new(directory), Path::new(path)).ok();
        assert_eq!(name("", "a.cpp").as_deref(), Some("a.cpp"));
        assert_eq!(name("", "./a.cpp").as_deref(), Some("a.cpp"));
        assert_eq!(name("src", "src/x/a.h").as_deref(), Some("x/a.h"));
        assert_eq!(name("/tmp/p", "/tmp/p/a.h").as_deref(), Some("a.h"));
        assert_eq!(name("..", "../a.cpp").as_deref(), Some("a.cpp"));
        assert_eq!(name("src", "/src/a.h"), None);
        assert_eq!(name("", "../a.h"), None);
    }

    #[test]
    fn a_language_is_asked_for_or_told_by_the_first_file() {
        let languages = Languages::built_in().unwrap();
        let files = ["a.rs", "b.py"].map(|name| SourceFile {
            name: name.to_owned(),
            bytes: Arc::from([]),
        });
        let id = |asked, files: &[SourceFile]| {
            language(&languages, asked, files).map(|language| language.id.clone())
        };
        assert_eq!(id(None, &files).unwrap(), "rust");
        assert_eq!(id(Some("py"), &files).unwrap(), "python");
        let error = id(Some("pascal"), &files).unwrap_err().to_string();
        assert!(error.contains("python"), "{error}");
        assert!(id(None, &[]).is_err());
    }
}
