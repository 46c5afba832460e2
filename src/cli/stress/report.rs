//! What a search found: files for a closer look, and a summary for people or for other programs.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Serialize;

use crate::cli::terminal::harmless;
use crate::judge::RunResult;
use crate::judge::verdict::code;
use crate::judge::verdict::{Facts, Verdict};
use crate::stress::{Found, Search};

const INPUT: &str = "input";
const ANSWER: &str = "answer";
/// How much of the input is shown, in characters.
const SHOWN_CHARS: usize = 1000;

/// File names of the candidates, each another one.
pub(super) struct Names(Vec<String>);

impl Names {
    pub(super) fn of(paths: &[PathBuf]) -> anyhow::Result<Names> {
        let mut names: Vec<String> = Vec::with_capacity(paths.len());
        for path in paths {
            let name = path.file_name().and_then(|name| name.to_str());
            let name = name.with_context(|| format!("{} names no file", path.display()))?;
            if names.iter().any(|other| other == name) {
                bail!(
                    "two candidates have the name {name}: rename one, so that it is clear which is meant"
                );
            }
            names.push(name.to_owned());
        }
        Ok(Names(names))
    }

    pub(super) fn as_slice(&self) -> &[String] {
        &self.0
    }
}

#[derive(Serialize)]
struct SearchView<'a> {
    rounds: u64,
    found: Option<FoundView<'a>>,
}

#[derive(Serialize)]
struct FoundView<'a> {
    seed: u64,
    arguments: &'a [String],
    generated_bytes: usize,
    input_bytes: usize,
    input: String,
    answer: String,
    directory: String,
    candidates: Vec<CandidateView<'a>>,
}

#[derive(Serialize)]
struct CandidateView<'a> {
    name: &'a str,
    verdict: Verdict,
    reason: &'a str,
    checker_message: Option<&'a str>,
    cpu_ms: Option<f64>,
}

/// Saves what was found below `directory`, and prints a summary.
pub(super) fn write(
    search: &Search,
    names: &Names,
    json: bool,
    directory: &Path,
) -> anyhow::Result<()> {
    if let Some(found) = &search.found {
        save(found, names, directory)?;
    }
    let text = match json {
        true => serde_json::to_string(&view(search, names, directory))? + "\n",
        false => summary(search, names, directory),
    };
    let printed = io::stdout().lock().write_all(text.as_bytes());
    printed.context("cannot print the result")
}

/// Saves an input on which the search could not go on.
pub(super) fn save_input(directory: &Path, input: &[u8]) -> anyhow::Result<PathBuf> {
    let path = directory.join(INPUT);
    let written = fs::create_dir_all(directory).and_then(|()| fs::write(&path, input));
    written.with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

fn save(found: &Found, names: &Names, directory: &Path) -> anyhow::Result<()> {
    save_input(directory, &found.input)?;
    let outputs = names.0.iter().zip(&found.results);
    let outputs = outputs.map(|(name, result)| (format!("{name}.output"), &result.stdout[..]));
    for (name, bytes) in std::iter::once((ANSWER.to_owned(), &found.answer[..])).chain(outputs) {
        let path = directory.join(name);
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn view<'a>(search: &'a Search, names: &'a Names, directory: &Path) -> SearchView<'a> {
    let candidate = |(name, result): (&'a String, &'a RunResult)| CandidateView {
        name,
        verdict: result.verdict,
        reason: &result.reason,
        checker_message: result.checker_message.as_deref(),
        cpu_ms: result.facts.as_ref().map(Facts::cpu_ms),
    };
    SearchView {
        rounds: search.rounds,
        found: search.found.as_ref().map(|found| FoundView {
            seed: found.seed,
            arguments: &found.arguments,
            generated_bytes: found.generated_bytes,
            input_bytes: found.input.len(),
            input: String::from_utf8_lossy(&found.input).into_owned(),
            answer: String::from_utf8_lossy(&found.answer).into_owned(),
            directory: directory.to_string_lossy().into_owned(),
            candidates: names.0.iter().zip(&found.results).map(candidate).collect(),
        }),
    }
}

fn summary(search: &Search, names: &Names, directory: &Path) -> String {
    let Some(found) = &search.found else {
        return format!("nothing found in {} rounds\n", search.rounds);
    };
    let mut text = format!(
        "round {} with the arguments {:?}\ninput: {} bytes, generated: {} bytes\n",
        found.seed,
        found.arguments.join(" "),
        found.input.len(),
        found.generated_bytes,
    );
    text.push_str(&shown(&found.input));
    for (name, result) in names.0.iter().zip(&found.results) {
        text.push_str(&format!(
            "{name}: {}: {}\n",
            code(&result.verdict),
            result.reason
        ));
        if let Some(message) = &result.checker_message {
            text.push_str(&format!("  {}\n", shown(message.as_bytes()).trim_end()));
        }
    }
    text.push_str(&format!("all of it is in {}\n", directory.display()));
    text
}

/// The beginning of a text, without anything that a terminal would obey.
pub(super) fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let text = harmless(&text, &['\n']);
    let mut beginning: String = text.chars().take(SHOWN_CHARS).collect();
    if beginning.len() < text.len() {
        beginning.push('…');
    }
    if !beginning.ends_with('\n') {
        beginning.push('\n');
    }
    beginning
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_have_names_of_their_own() {
        let names = |paths: &[&str]| {
            let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
            Names::of(&paths)
                .map(|names| names.0)
                .map_err(|error| error.to_string())
        };
        assert_eq!(names(&["x/a.py", "b.py"]).unwrap(), ["a.py", "b.py"]);
        assert!(names(&["x/a.py", "y/a.py"]).unwrap_err().contains("a.py"));
        assert!(names(&[".."]).is_err());
    }

    #[test]
    fn what_is_shown_is_short_and_harmless() {
        assert_eq!(shown(b"1\n\x1b[2J"), "1\n\u{fffd}[2J\n");
        let long = shown(&[b'7'; 5000]);
        assert_eq!(long.chars().count(), SHOWN_CHARS + 2);
    }
}
