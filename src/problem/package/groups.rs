//! Groups of test cases and their scoring, by the settings of their directories.

mod legacy;
mod new;

use super::data::{Directory, Entry, ROOT};
use super::report::Findings;
use super::settings::{Format, Settings};
use super::yaml::Pair;
use crate::problem::groups::{Group, Scoring};
pub(super) use legacy::Dialect;

/// Reads the tree of groups, and how it is scored where the problem gives points.
pub(super) fn read(
    settings: &Settings,
    root: &Directory,
    (has_grader, dialect): (bool, Dialect),
    findings: &mut Findings,
) -> (Group, Option<Scoring>) {
    match settings.format {
        // The tools that know the draft of 2023 read its groups like those of legacy.
        // Those of other worlds have no such settings, and never come here.
        Format::Legacy | Format::Draft2023 | Format::Polygon | Format::Dmoj | Format::Cms => {
            legacy::read(settings, root, (has_grader, dialect), findings)
        }
        Format::V2025 => new::read(settings, root, findings),
    }
}

/// The name of the group in a directory: its path below `data`.
fn name(directory: &Directory) -> String {
    let below = directory.path.strip_prefix(ROOT).unwrap_or_default();
    below.trim_start_matches('/').to_owned()
}

/// All cases in and below a directory.
fn cases(directory: &Directory) -> Vec<usize> {
    let of_entry = |entry: &Entry| match entry {
        Entry::Case(index) => vec![*index],
        Entry::Directory(directory) => cases(directory),
    };
    directory.entries.iter().flat_map(of_entry).collect()
}

fn directories(directory: &Directory) -> impl Iterator<Item = &Directory> {
    directory.entries.iter().filter_map(|entry| match entry {
        Entry::Directory(directory) => Some(directory),
        Entry::Case(_) => None,
    })
}

/// A decimal number; what else floats may be is none.
fn number(text: &str) -> Option<f64> {
    let number: f64 = text.parse().ok()?;
    number.is_finite().then_some(number)
}

/// The number that a setting must be.
fn number_of(pair: &Pair, file: &str, findings: &mut Findings) -> Option<f64> {
    let found = pair.value.text().and_then(number);
    if found.is_none() {
        let message = format!("{} must be a number", pair.key);
        findings.error(file, Some(pair.line), message);
    }
    found
}
