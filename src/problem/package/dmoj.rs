//! Problems of DMOJ: `init.yml` says which files are what. It has no limits and no solutions, for those
//! are in the site's database.

mod asked;
mod cases;
mod checkers;
mod groups;
mod patterns;
mod python;
mod signature;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::limits::{PackageLimits, TimeRule};
use super::programs::ProgramFiles;
use super::report::Findings;
use super::settings::{Format, read_yaml};
use super::streams::{StreamFiles, is_stream_name};
use super::tree::Tree;
use super::yaml::{Node, Pair};
use super::{Package, Validation, Visualizers};
use crate::problem::SourceFile;
use crate::problem::groups::Group;
use asked::{Asked, Role};
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
    "custom_judge",
    "generator",
    "hints",
    "interactive",
    "meta",
    "output_limit_length",
    "output_prefix_length",
    "points",
    "pretest_test_cases",
    "short_circuit",
    "signature_grader",
    "symlinks",
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
    check_keys(pairs, findings);
    let archive = value(pairs, "archive").and_then(Node::text);
    let files = Files { tree, archive };
    let signature = signature::read(&files, pairs, findings);
    let custom_judge = pairs.iter().find(|pair| pair.key == "custom_judge");
    let grader = custom_judge.and_then(|pair| python::grader(&files, (pair, pairs), findings));
    let cases = cases::read(&files, pairs, grader.as_ref(), findings);
    if cases.all.is_empty() {
        findings.error(
            FILE,
            None,
            "there are no test cases: list them in test_cases",
        );
    }
    let validation = match grader {
        Some(grader) => talking(grader),
        None => validation(&files, pairs, cases.judged, findings)?,
    };
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
    let languages = signature
        .as_ref()
        .map(|signature| signature.languages.clone());
    let signature = signature.unwrap_or_default();
    Some(Package {
        format: Format::Dmoj,
        names: BTreeMap::new(),
        limits,
        time: TimeRule {
            limit_ms: Some(TIME_LIMIT_MS),
            ..TimeRule::of(Format::Dmoj)
        },
        allow_file_writing: true,
        streams: streams(pairs, findings),
        validation,
        input_validators: Vec::new(),
        valid_exit_code: 0,
        includes: signature.includes,
        frames: signature.frames,
        grader: None,
        groups,
        scoring,
        cases: cases.all,
        submissions: Vec::new(),
        making: cases.making,
        max_passes: 1,
        invalid_inputs: Vec::new(),
        output_examples: Vec::new(),
        languages,
        visualizers: Visualizers::default(),
        takes_answers: false,
        static_validator: None,
    })
}

/// Keys that say how submissions are run; a problem has one of them.
const WAYS: [&str; 3] = ["custom_judge", "signature_grader", "interactive"];

fn check_keys(pairs: &[Pair], findings: &mut Findings) {
    for pair in pairs
        .iter()
        .filter(|pair| !KNOWN.contains(&pair.key.as_str()))
    {
        let message = format!("the key {:?} is unknown and ignored", pair.key);
        findings.warning(FILE, Some(pair.line), message);
    }
    let mut ways = pairs
        .iter()
        .filter(|pair| WAYS.contains(&pair.key.as_str()));
    if let (Some(first), Some(second)) = (ways.next(), ways.next()) {
        let message = format!(
            "{} and {} cannot be together: remove one",
            first.key, second.key
        );
        findings.error(FILE, Some(second.line), message);
    }
}

/// Files that are further names of the standard streams.
fn streams(pairs: &[Pair], findings: &mut Findings) -> StreamFiles {
    let mut streams = StreamFiles {
        are_further: true,
        ..StreamFiles::default()
    };
    let Some(pair) = pairs.iter().find(|pair| pair.key == "symlinks") else {
        return StreamFiles::default();
    };
    for link in pair.value.pairs().unwrap_or_default() {
        let stream = match link.value.text() {
            Some("/dev/stdin") => &mut streams.input,
            Some("/dev/stdout") => &mut streams.output,
            _ => {
                let message = "only links to /dev/stdin and /dev/stdout are supported";
                findings.error(FILE, Some(link.line), message);
                continue;
            }
        };
        if stream.is_some() || !is_stream_name(&link.key) {
            let message = "each stream has one more name only, without a directory";
            findings.error(FILE, Some(link.line), message);
        }
        *stream = Some(link.key.clone());
    }
    if let Some(talking) = pairs
        .iter()
        .find(|pair| ["interactive", "custom_judge"].contains(&&*pair.key))
    {
        let message =
            "whoever talks with submissions does so over the standard streams: remove symlinks";
        findings.error(FILE, Some(talking.line), message);
    }
    streams
}

/// A program talks with submissions, and nothing else judges.
fn talking(asked: Asked) -> Validation {
    Validation::Foreign {
        interactor: Some(asked.program),
        checker: None,
        protocol: asked.protocol,
        arguments: asked.arguments,
        second_run: None,
    }
}

fn validation(
    files: &Files<'_>,
    pairs: &[Pair],
    judged: Vec<Judged>,
    findings: &mut Findings,
) -> Option<Validation> {
    if let Some(pair) = pairs.iter().find(|pair| pair.key == "interactive") {
        let settings = (Role::Interactor, pair.value.pairs());
        return asked::bridged(files, pair, settings, findings).map(talking);
    }
    let (mut compared, mut programs) = (Vec::new(), Vec::new());
    for judged in judged {
        match judged {
            Judged::Compared(checker) => compared.push(checker),
            Judged::Asked { line, asked } => programs.push((line, asked)),
        }
    }
    let mut programs = programs.into_iter();
    let Some((first, asked)) = programs.next() else {
        return Some(Validation::Default(compared));
    };
    // All test cases that have the problem's own checker name the same line.
    if !compared.is_empty() || programs.any(|(line, _)| line != first) {
        let message = "test cases with checkers of their own beside this one are not supported";
        findings.error(FILE, Some(first), message);
        return None;
    }
    Some(Validation::Foreign {
        interactor: None,
        checker: Some(asked.program),
        protocol: asked.protocol,
        arguments: asked.arguments,
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
