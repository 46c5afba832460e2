//! Problems of DMOJ: `init.yml` says which files are what. It has no limits and no solutions, for those
//! are in the site's database.

mod cases;
mod checkers;
mod groups;
mod patterns;
mod python;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::limits::{PackageLimits, TimeRule};
use super::programs::ProgramFiles;
use super::report::Findings;
use super::settings::{Format, read_yaml};
use super::streams::StreamFiles;
use super::tree::Tree;
use super::yaml::{Node, Pair};
use super::{Package, Validation};
use crate::problem::SourceFile;
use crate::problem::groups::Group;
use checkers::Judged;

/// The file that makes a package one of DMOJ's.
pub(super) const FILE: &str = "init.yml";

/// What a problem gets that does not say.
const TIME_LIMIT_MS: u64 = 2000;
const MEMORY_BYTES: u64 = 256 << 20;
const OUTPUT_BYTES: u64 = 24 << 20;

/// Keys that change no verdict, and those that [`cases`] and [`checkers`] read.
const KNOWN: &[&str] = &[
    "archive",
    "binary_data",
    "checker",
    "generator",
    "hints",
    "interactive",
    "meta",
    "output_limit_length",
    "output_prefix_length",
    "points",
    "pretest_test_cases",
    "short_circuit",
    "test_cases",
    "unbuffered",
    "wall_time_factor",
];

/// Reads the package.
pub(super) fn read(tree: &Tree, findings: &mut Findings) -> Option<Package> {
    let root = read_yaml(tree, FILE, findings)?;
    let Some(pairs) = root.pairs() else {
        findings.error(FILE, Some(1), "the file must be a map of settings");
        return None;
    };
    for pair in pairs {
        refuse_unsupported(pair, findings);
    }
    let archive = value(pairs, "archive").and_then(Node::text);
    let files = Files { tree, archive };
    let cases = cases::read(&files, pairs, findings);
    if cases.all.is_empty() {
        findings.error(
            FILE,
            None,
            "there are no test cases: list them in test_cases",
        );
    }
    let validation = validation(&files, pairs, cases.judged, findings)?;
    let message = "the file has no limits: 2 seconds and 256 MiB are taken";
    findings.warning(FILE, None, message);
    let (groups, scoring) = match cases.points {
        Some((groups, scoring)) => (groups, Some(scoring)),
        None => (Group::of_cases(cases.all.len()), None),
    };
    let mut limits = PackageLimits {
        memory_bytes: MEMORY_BYTES,
        output_bytes: OUTPUT_BYTES,
        ..PackageLimits::default()
    };
    if let Some(pair) = pairs.iter().find(|pair| pair.key == "output_limit_length") {
        match pair.value.text().and_then(|text| text.parse().ok()) {
            Some(bytes @ 1..) => limits.output_bytes = bytes,
            _ => findings.error(FILE, Some(pair.line), "the limit must be a number above 0"),
        }
    }
    Some(Package {
        format: Format::Dmoj,
        names: BTreeMap::new(),
        limits,
        time: TimeRule {
            limit_ms: Some(TIME_LIMIT_MS),
            ..TimeRule::of(Format::Dmoj)
        },
        allow_file_writing: true,
        streams: StreamFiles::default(),
        validation,
        input_validators: Vec::new(),
        valid_exit_code: 0,
        includes: BTreeMap::new(),
        frames: BTreeMap::new(),
        grader: None,
        groups,
        scoring,
        cases: cases.all,
        submissions: Vec::new(),
        making: cases.making,
        max_passes: 1,
        invalid_inputs: Vec::new(),
        output_examples: Vec::new(),
        languages: None,
        takes_answers: false,
        static_validator: None,
    })
}

fn refuse_unsupported(pair: &Pair, findings: &mut Findings) {
    let line = Some(pair.line);
    match pair.key.as_str() {
        "custom_judge" => findings.error(
            FILE,
            line,
            "graders in Python run inside DMOJ itself: write a checker or an interactor instead",
        ),
        "signature_grader" => findings.error(
            FILE,
            line,
            "signature graders are not supported: have submissions read and write themselves",
        ),
        "symlinks" => findings.error(
            FILE,
            line,
            "links to the streams are not supported: have submissions read and write the streams",
        ),
        key if KNOWN.contains(&key) => {}
        key => {
            let message = format!("the key {key:?} is unknown and ignored");
            findings.warning(FILE, line, message);
        }
    }
}

fn validation(
    files: &Files<'_>,
    pairs: &[Pair],
    judged: Vec<Judged>,
    findings: &mut Findings,
) -> Option<Validation> {
    if let Some(pair) = pairs.iter().find(|pair| pair.key == "interactive") {
        let (program, protocol) = checkers::bridged(files, pair, pair.value.pairs(), findings)?;
        return Some(Validation::Foreign {
            interactor: Some(program),
            checker: None,
            protocol,
            second_run: None,
        });
    }
    let (mut compared, mut programs) = (Vec::new(), Vec::new());
    for judged in judged {
        match judged {
            Judged::Compared(checker) => compared.push(checker),
            Judged::Asked { line, program } => programs.push((line, program)),
        }
    }
    let mut programs = programs.into_iter();
    let Some((first, program)) = programs.next() else {
        return Some(Validation::Default(compared));
    };
    // All test cases that have the problem's own checker name the same line.
    if !compared.is_empty() || programs.any(|(line, _)| line != first) {
        let message = "test cases with checkers of their own beside this one are not supported";
        findings.error(FILE, Some(first), message);
        return None;
    }
    let (program, protocol) = *program;
    Some(Validation::Foreign {
        interactor: None,
        checker: Some(program),
        protocol,
        second_run: None,
    })
}

/// The files of the package, those in its archive too.
struct Files<'a> {
    tree: &'a Tree,
    archive: Option<&'a str>,
}

impl Files<'_> {
    fn file(&self, name: &str) -> Option<&Arc<[u8]>> {
        let beside = self.tree.file(name);
        beside.or_else(|| self.tree.file(&format!("{}/{name}", self.archive?)))
    }

    /// A program of these files, the main one first.
    fn program(
        &self,
        pair: &Pair,
        names: &[String],
        findings: &mut Findings,
    ) -> Option<ProgramFiles> {
        let mut files = Vec::new();
        for name in names {
            match self.file(name) {
                Some(bytes) => files.push(SourceFile {
                    name: name.clone(),
                    bytes: bytes.clone(),
                }),
                None => findings.error(FILE, Some(pair.line), format!("there is no file {name}")),
            }
        }
        (!files.is_empty() && files.len() == names.len()).then(|| ProgramFiles {
            path: names[0].clone(),
            files,
        })
    }
}

/// The value of a key.
fn value<'a>(pairs: &'a [Pair], key: &str) -> Option<&'a Node> {
    let found = pairs.iter().find(|pair| pair.key == key);
    found.map(|pair| &pair.value)
}

#[cfg(test)]
mod tests;
