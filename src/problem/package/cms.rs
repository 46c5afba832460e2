//! Tasks of CMS in the Italian format, as `cmsImportTask` reads them: `task.yaml` says little, and most is told by the
//! names of files. What has to be generated is to be there already.

mod programs;
mod score_type;
mod subtasks;

use std::collections::BTreeMap;

use super::limits::{ANSWERS_BYTES, PackageLimits, TimeRule};
use super::making::Making;
use super::programs::ProgramFiles;
use super::report::Findings;
use super::settings::{Format, read_yaml};
use super::streams::{StreamFiles, is_stream_name};
use super::tree::Tree;
use super::yaml::{Node, Pair};
use super::{Channel, Communication, Package, TestCase, Validation, Visualizers};
use crate::problem::groups::points_of;
use crate::problem::{Checker, LineSpace, Protocol};
use programs::Beside;

/// The file that makes a package one of CMS's.
pub(super) const FILE: &str = "task.yaml";

/// CMS limits the output by the size of files only; this is plenty.
const OUTPUT_BYTES: u64 = 64 << 20;
/// Most processes of a submission.
const MAX_PROCESSES: u32 = 16;

/// No limit is more than so many seconds or MiB.
const MAX_NUMBER: f64 = 1e6;

/// Whether submissions are outputs.
const OUTPUT_ONLY: &str = "output_only";
/// Keys of tasks where a submission is a program and outputs, too.
const REFUSED: [&str; 2] = ["output_only_testcases", "output_optional_testcases"];
/// What says no.
const OFF: [&str; 4] = ["", "false", "no", "off"];

/// Reads the package.
pub(super) fn read(tree: &Tree, findings: &mut Findings) -> Option<Package> {
    let root = read_yaml(tree, FILE, findings)?;
    let Some(pairs) = root.pairs() else {
        findings.error(FILE, Some(1), "the file must be a map of settings");
        return None;
    };
    let mut task = Task {
        tree,
        pairs,
        findings,
    };
    task.refuse();
    // Programs that others are compiled or talk with play no part then.
    let takes_answers = task.on(OUTPUT_ONLY).is_some();
    let manager = match takes_answers {
        true => None,
        false => task.program(&[("check", "manager"), ("cor", "manager")]),
    };
    let checker = task.program(&[("check", "checker"), ("cor", "correttore")]);
    let name = task.name();
    let beside = match manager {
        _ if takes_answers => Beside::default(),
        Some(_) => Beside::read(tree, "stub", name),
        None => Beside::read(tree, "grader", name),
    };
    let subtasks = subtasks::read(tree, pairs, task.findings);
    let cases = task.cases(subtasks.cases);
    let streams = match manager {
        None if !takes_answers => task.streams(),
        _ => StreamFiles::default(),
    };
    let validation = match (manager, checker) {
        (Some(manager), _) => Validation::Communication {
            manager,
            communication: task.communication(beside.languages.is_some()),
        },
        (None, Some(checker)) => Validation::Foreign {
            interactor: None,
            checker: Some(checker),
            protocol: Protocol::Cms,
            arguments: None,
            second_run: None,
        },
        (None, None) => Validation::Default(vec![WHITE_DIFF; cases.len()]),
    };
    Some(Package {
        format: Format::Cms,
        names: task.names(),
        limits: task.limits(takes_answers),
        time: task.time(takes_answers),
        languages: beside.languages,
        allow_file_writing: true,
        streams,
        validation,
        max_passes: 1,
        input_validators: Vec::new(),
        valid_exit_code: 0,
        includes: beside.includes,
        frames: beside.frames,
        grader: None,
        groups: subtasks.groups,
        scoring: Some(subtasks.scoring),
        cases,
        invalid_inputs: Vec::new(),
        output_examples: Vec::new(),
        submissions: match takes_answers {
            true => Vec::new(),
            false => programs::solutions(tree, name),
        },
        making: Making::default(),
        static_validator: None,
        visualizers: Visualizers::default(),
        takes_answers,
    })
}

/// How outputs are compared without a checker: the tokens of each line, and blank lines count but at the end.
const WHITE_DIFF: Checker = Checker::Lines {
    space: LineSpace::Free,
    skip_blank: false,
    absolute: None,
    relative: None,
};

struct Task<'a> {
    tree: &'a Tree,
    pairs: &'a [Pair],
    findings: &'a mut Findings,
}

impl<'a> Task<'a> {
    /// The first of these keys that says something.
    fn pair(&self, keys: &[&str]) -> Option<&'a Pair> {
        let mut found = keys.iter().filter_map(|key| find(self.pairs, key));
        found.next()
    }

    fn text(&self, keys: &[&str]) -> Option<&'a str> {
        self.pair(keys)?.value.text()
    }

    /// A number above 0 that makes sense.
    fn number(&mut self, keys: &[&str]) -> Option<f64> {
        let pair = self.pair(keys)?;
        let number = pair.value.text().and_then(|text| text.parse::<f64>().ok());
        let number = number.filter(|number| *number > 0.0 && *number <= MAX_NUMBER);
        if number.is_none() {
            let message = format!("{} must be a number above 0, up to {MAX_NUMBER}", pair.key);
            self.findings.error(FILE, Some(pair.line), message);
        }
        number
    }

    fn refuse(&mut self) {
        for key in REFUSED {
            if let Some(pair) = self.on(key) {
                let message = format!(
                    "{key} is not supported: all of a submission is a program, or all of it outputs"
                );
                self.findings.error(FILE, Some(pair.line), message);
            }
        }
    }

    /// The entry of a key that says anything but no.
    fn on(&self, key: &str) -> Option<&'a Pair> {
        self.pair(&[key]).filter(|pair| {
            let text = pair.value.text().unwrap_or("?");
            !OFF.contains(&&*text.to_ascii_lowercase())
        })
    }

    /// The name of the task, and of the source that is submitted.
    fn name(&mut self) -> &'a str {
        let pair = self.pair(&["name", "nome_breve"]);
        let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        let name = pair.and_then(|pair| pair.value.text());
        let name = name.filter(|name| name.bytes().all(is_of_name) && !name.starts_with('-'));
        name.unwrap_or_else(|| {
            let line = pair.map(|pair| pair.line);
            let message = "name must be there, and have letters, digits, _ and - only";
            self.findings.error(FILE, line, message);
            ""
        })
    }

    fn names(&self) -> BTreeMap<String, String> {
        let language = self.text(&["primary_language"]).unwrap_or("it");
        let title = self.text(&["title", "nome"]);
        let names = title.map(|title| (language.to_owned(), title.to_owned()));
        names.into_iter().collect()
    }

    /// The limit that the task gives. Where submissions are outputs it plays no part, and need not be found.
    fn time(&mut self, takes_answers: bool) -> TimeRule {
        let rule = TimeRule::of(Format::Cms);
        let given = self.number(&["time_limit", "timeout"]);
        let given = given.map(|seconds| (seconds * 1000.0).ceil() as u64);
        TimeRule {
            limit_ms: given.or(takes_answers.then_some(rule.resolution_ms)),
            ..rule
        }
    }

    fn limits(&mut self, takes_answers: bool) -> PackageLimits {
        let mut limits = PackageLimits {
            output_bytes: OUTPUT_BYTES,
            ..PackageLimits::default()
        };
        if takes_answers {
            limits.code_bytes = ANSWERS_BYTES;
        }
        if let Some(mebibytes) = self.number(&["memory_limit", "memlimit"]) {
            limits.memory_bytes = (mebibytes * f64::from(1 << 20)) as u64;
            limits.is_memory_given = true;
        }
        limits
    }

    /// The files that submissions read and write; names that are empty mean the standard streams.
    fn streams(&mut self) -> StreamFiles {
        let mut file = |key: &str, usual: &str| {
            let Some(pair) = self.pair(&[key]) else {
                return Some(usual.to_owned());
            };
            let name = pair.value.text().filter(|name| !name.is_empty())?;
            if !is_stream_name(name) {
                let message = format!("{key} must be a name such as {usual}, without a directory");
                self.findings.error(FILE, Some(pair.line), message);
            }
            Some(name.to_owned())
        };
        StreamFiles {
            input: file("infile", "input.txt"),
            output: file("outfile", "output.txt"),
            are_further: false,
        }
    }

    fn communication(&mut self, has_stub: bool) -> Communication {
        let processes = self.pair(&["num_processes"]);
        let count = match processes.map(|pair| pair.value.text().map(str::parse)) {
            None => 1,
            Some(Some(Ok(count @ 1..=MAX_PROCESSES))) => count,
            Some(_) => {
                let message = format!("num_processes must be a number from 1 to {MAX_PROCESSES}");
                let line = processes.map(|pair| pair.line);
                self.findings.error(FILE, line, message);
                1
            }
        };
        let channel = match self
            .pair(&["user_io"])
            .map(|pair| (pair, pair.value.text()))
        {
            Some((_, Some("std_io"))) => Channel::StandardStreams,
            Some((_, Some("fifo_io"))) => Channel::Fifos,
            Some((pair, _)) => {
                let message = "user_io must be std_io or fifo_io";
                self.findings.error(FILE, Some(pair.line), message);
                Channel::Fifos
            }
            None if has_stub => Channel::Fifos,
            None => Channel::StandardStreams,
        };
        Communication {
            processes: count,
            channel,
        }
    }

    fn cases(&mut self, count: usize) -> Vec<TestCase> {
        let mut cases = Vec::new();
        for number in 0..count {
            let paths = ["input", "output"].map(|kind| format!("{kind}/{kind}{number}.txt"));
            let [input, answer] = paths.each_ref().map(|path| self.tree.file(path));
            let (Some(input), Some(answer)) = (input, answer) else {
                let missing = if input.is_none() {
                    &paths[0]
                } else {
                    &paths[1]
                };
                let message = format!(
                    "there is no such file, and the task has {count} test cases: make it with cmsMake or \
                     task-maker, and pack it"
                );
                self.findings.error(missing, None, message);
                break;
            };
            let name = case_name(number);
            cases.push(TestCase::plain(name, input.clone(), answer.clone()));
        }
        if count == 0 {
            let message = "there are no test cases: pack input/input0.txt and output/output0.txt";
            self.findings.error(FILE, None, message);
        }
        cases
    }

    /// The source of a program that CMS takes compiled, by directory and name.
    fn program(&mut self, places: &[(&str, &str)]) -> Option<ProgramFiles> {
        for (directory, name) in places {
            if let Some(program) = programs::source(self.tree, directory, name) {
                return Some(program);
            }
            let compiled = format!("{directory}/{name}");
            if self.tree.file(&compiled).is_some() {
                let message = "there is no source of this program, and what was compiled elsewhere is not run: add \
                               its source, such as checker.cpp or manager.cpp, beside it";
                self.findings.error(&compiled, None, message);
            }
        }
        None
    }
}

/// What CMS calls the test case of this number.
fn case_name(number: usize) -> String {
    format!("{number:03}")
}

/// Points, from 0 on.
fn points(node: &Node) -> Option<f64> {
    node.text().and_then(points_of)
}

/// The entry of a key that says something.
fn find<'a>(pairs: &'a [Pair], key: &str) -> Option<&'a Pair> {
    let found = pairs.iter().find(|pair| pair.key == key);
    found.filter(|pair| pair.value.value != super::yaml::Value::Null)
}

#[cfg(test)]
mod tests;
