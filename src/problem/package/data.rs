//! The test data of a package: cases in judging order, and what their groups say.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::glob;
use super::programs;
use super::report::Findings;
use super::settings::{Format, read_yaml, truth, words};
use super::tree::Tree;
use super::yaml::Pair;
use crate::problem::SourceFile;

/// One test case.
#[derive(Debug, Clone)]
pub struct TestCase {
    /// Path below `data` without an ending, e.g. `secret/01`.
    pub name: String,
    /// Standard input.
    pub input: Arc<[u8]>,
    /// Arguments of submissions, and of input validators after their own.
    pub args: Vec<String>,
    /// Files that are put into the working directory of submissions and input validators.
    pub files: Vec<SourceFile>,
    /// The jury's answer.
    pub answer: Arc<[u8]>,
    /// Arguments of output validators, the problem's own first.
    pub output_validator_args: Vec<String>,
    /// Arguments of the visualizer of outputs.
    pub output_visualizer_args: Vec<String>,
    /// Arguments of the visualizer of inputs.
    pub input_visualizer_args: Vec<String>,
    /// Arguments of input validators.
    pub input_validator_args: Vec<String>,
    /// Arguments of input validators by their names, in place of the same for all.
    pub named_validator_args: Option<BTreeMap<String, Vec<String>>>,
    /// Whether contestants may see all of it after they failed on it.
    pub full_feedback: bool,
    /// What may help whoever failed on it.
    pub hint: Option<String>,
    /// What of a submission it is about.
    pub subject: Subject,
}

/// What of a submission a test case is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// Its output.
    Output,
    /// Its files, which the static validator judges with these arguments. Nothing else of the case is used.
    Files(Vec<String>),
}

impl TestCase {
    /// A case without arguments and files.
    pub(super) fn plain(name: String, input: Arc<[u8]>, answer: Arc<[u8]>) -> TestCase {
        TestCase {
            name,
            input,
            args: Vec::new(),
            files: Vec::new(),
            answer,
            output_validator_args: Vec::new(),
            output_visualizer_args: Vec::new(),
            input_visualizer_args: Vec::new(),
            input_validator_args: Vec::new(),
            named_validator_args: None,
            full_feedback: false,
            hint: None,
            subject: Subject::Output,
        }
    }

    /// The arguments of the input validator at a path of the package, whose name is the last part of it, with or
    /// without the ending.
    pub fn args_of_validator(&self, path: &str) -> &[String] {
        let Some(named) = &self.named_validator_args else {
            return &self.input_validator_args;
        };
        let name = path.rsplit('/').next().unwrap_or_default();
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let found = named.get(name).or_else(|| named.get(stem));
        found.map_or(&[], Vec::as_slice)
    }

    /// Whether it has an input and an answer.
    pub fn has_data(&self) -> bool {
        self.subject == Subject::Output
    }

    /// The directory of the case below `data`, e.g. `secret/subtask1`.
    pub fn group(&self) -> &str {
        self.name.rsplit_once('/').map_or("", |(group, _)| group)
    }
}

pub(super) const ROOT: &str = "data";

/// What everybody may see stands here.
const SAMPLE: &str = "sample";

/// Name of the case that the static validator judges, in its group.
const STATIC_CASE: &str = "static_validation";

/// A directory with cases in or below it.
#[derive(Debug)]
pub(super) struct Directory {
    /// Path in the package, e.g. `data/secret`.
    pub path: String,
    /// What its files of settings say, each entry with the path of its file.
    pub settings: Vec<(String, Pair)>,
    /// It has a `test_group.yaml`.
    pub is_group: bool,
    /// Place of the case that the static validator judges.
    pub static_case: Option<usize>,
    /// What is in it, in judging order.
    pub entries: Vec<Entry>,
}

/// What is in a directory of test data.
#[derive(Debug)]
pub(super) enum Entry {
    /// A case: its place among all.
    Case(usize),
    /// A directory with cases.
    Directory(Directory),
}

/// Names of a group's settings, in the legacy and the new format.
pub(super) const GROUP_FILES: [&str; 2] = ["testdata.yaml", "test_group.yaml"];

/// Keys that the settings of a case may have.
const OF_CASES: [&str; 10] = [
    "args",
    "input_validator_args",
    "input_validator_flags",
    "output_validator_args",
    "output_validator_flags",
    "input_visualizer_args",
    "output_visualizer_args",
    "full_feedback",
    "hint",
    "description",
];

/// Arguments that a group hands down.
#[derive(Debug, Clone, Default)]
struct Arguments {
    submission: Vec<String>,
    output_validator: Vec<String>,
    output_visualizer: Vec<String>,
    input_visualizer: Vec<String>,
    input_validator: Vec<String>,
    named_validators: Option<BTreeMap<String, Vec<String>>>,
    full_feedback: bool,
}

/// Reads all cases: samples first, each directory by name. They come with the directories in which
/// they are.
pub(super) fn read(
    tree: &Tree,
    (format, flags): (Format, &[String]),
    findings: &mut Findings,
) -> (Vec<TestCase>, Directory) {
    let mut reader = Reader {
        tree,
        flags,
        findings,
        needs_answers: true,
        has_static_cases: format == Format::V2025,
        cases: Vec::new(),
    };
    let (arguments, settings) = reader.group(ROOT, Arguments::default());
    let mut root = Directory {
        path: ROOT.to_owned(),
        settings,
        is_group: false,
        static_case: None,
        entries: Vec::new(),
    };
    for name in [SAMPLE, "secret"] {
        let arguments = Arguments {
            // What everybody sees can be explained to everybody.
            full_feedback: arguments.full_feedback || name == SAMPLE,
            ..arguments.clone()
        };
        let directory = reader.directory(&format!("{ROOT}/{name}"), &arguments);
        root.entries.extend(directory.map(Entry::Directory));
    }
    let cases = reader.cases;
    if cases.is_empty() {
        let message = "there are no test cases: data/secret needs pairs of .in and .ans files";
        findings.error(ROOT, None, message);
    }
    (cases, root)
}

/// Reads the cases of another directory of the test data, such as inputs that input validators must reject.
pub(super) fn read_beside(
    tree: &Tree,
    (directory, flags): (&str, &[String]),
    needs_answers: bool,
    findings: &mut Findings,
) -> Vec<TestCase> {
    let mut reader = Reader {
        tree,
        flags,
        findings,
        needs_answers,
        has_static_cases: false,
        cases: Vec::new(),
    };
    let (arguments, _) = reader.group(ROOT, Arguments::default());
    reader.directory(&format!("{ROOT}/{directory}"), &arguments);
    reader.cases
}

/// The same package with only those test cases that a pattern names, or whose directories it names, as in rules
/// of submissions; `None` where it names none. Only where cases are files of the package there are any.
pub fn only_cases(tree: &Tree, pattern: &str) -> Option<Tree> {
    let is_judged = |name: &&str| name.starts_with("sample/") || name.starts_with("secret/");
    let inputs = tree
        .below(ROOT)
        .filter_map(|(path, _)| path.strip_suffix(".in"));
    let (named, others): (Vec<&str>, Vec<&str>) = inputs
        .filter(is_judged)
        .partition(|name| glob::matches(pattern, name) == Some(true));
    // Beside an input stands what has its name with another ending.
    let is_of = |path: &str, case: &str| {
        path.strip_prefix(case)
            .is_some_and(|rest| rest.starts_with('.'))
    };
    let length = |path: &str, cases: &[&str]| {
        let of = cases.iter().filter(|case| is_of(path, case));
        of.map(|case| case.len()).max()
    };
    let kept = tree.keep(|path| {
        let path = path
            .strip_prefix(ROOT)
            .and_then(|path| path.strip_prefix('/'));
        path.is_none_or(|path| length(path, &named) >= length(path, &others))
    });
    (!named.is_empty()).then_some(kept)
}

struct Reader<'a> {
    tree: &'a Tree,
    flags: &'a [String],
    findings: &'a mut Findings,
    needs_answers: bool,
    /// Groups may have cases for the static validator.
    has_static_cases: bool,
    cases: Vec<TestCase>,
}

impl Reader<'_> {
    /// Reads a directory; `None` where there are no cases in or below it.
    fn directory(&mut self, path: &str, inherited: &Arguments) -> Option<Directory> {
        let (arguments, settings) = self.group(path, inherited.clone());
        let static_case = self.static_case(path, &settings);
        // A case is sorted by its name without the ending, between the directories.
        let mut entries: Vec<(&str, bool)> = Vec::new();
        for entry in self.tree.entries(path) {
            match entry.name.strip_suffix(".in") {
                _ if entry.is_directory && entry.name.ends_with(".files") => {
                    self.lonely(path, entry.name, "files are");
                }
                _ if entry.is_directory => entries.push((entry.name, true)),
                Some(name) => entries.push((name, false)),
                None => self.lonely(path, entry.name, "answer is"),
            }
        }
        entries.sort();
        let mut read = Vec::new();
        for (name, is_directory) in entries {
            let path = format!("{path}/{name}");
            if is_directory {
                let directory = self.directory(&path, &arguments);
                read.extend(directory.map(Entry::Directory));
            } else if self.case(&path, &arguments) {
                read.push(Entry::Case(self.cases.len() - 1));
            }
        }
        (!read.is_empty() || static_case.is_some()).then(|| Directory {
            path: path.to_owned(),
            settings,
            static_case,
            is_group: self
                .tree
                .file(&format!("{path}/{}", GROUP_FILES[1]))
                .is_some(),
            entries: read,
        })
    }

    /// The case for the static validator that a group asks for, before all others of the group: nothing has to
    /// be run for it.
    fn static_case(&mut self, directory: &str, settings: &[(String, Pair)]) -> Option<usize> {
        if !self.has_static_cases {
            return None;
        }
        let find = |key: &str| settings.iter().find(|(_, pair)| pair.key == key);
        let arguments = find("static_validator_args");
        if find("static_validation_score").is_none() {
            if let Some((file, pair)) = arguments {
                let message = "static_validator_args are for nothing without static_validation_score: \
                               add it";
                self.findings.error(file, Some(pair.line), message);
            }
            return None;
        }
        let path = format!("{directory}/{STATIC_CASE}");
        if self.tree.file(&format!("{path}.in")).is_some() {
            let message = "the static validator's case has this name: rename this one";
            self.findings.error(&format!("{path}.in"), None, message);
        }
        let arguments = arguments.map(|(file, pair)| words(pair, file, self.findings));
        let (input, answer) = (Arc::from([]), Arc::from([]));
        self.cases.push(TestCase {
            subject: Subject::Files(arguments.unwrap_or_default()),
            ..TestCase::plain(path[ROOT.len() + 1..].to_owned(), input, answer)
        });
        Some(self.cases.len() - 1)
    }

    /// Warns of an answer or files for which there is no input.
    fn lonely(&mut self, directory: &str, name: &str, what: &str) {
        let endings = [".ans", ".files"].into_iter();
        let Some(stem) = endings.filter_map(|e| name.strip_suffix(e)).next() else {
            return;
        };
        if self.tree.file(&format!("{directory}/{stem}.in")).is_none() {
            let path = format!("{directory}/{name}");
            let message = format!("the {what} not used, for there is no {stem}.in");
            self.findings.warning(&path, None, message);
        }
    }

    /// Reads a case; whether there is one.
    fn case(&mut self, path: &str, group: &Arguments) -> bool {
        let (input, answer) = (format!("{path}.in"), format!("{path}.ans"));
        let (arguments, own) = self.settings(&format!("{path}.yaml"), group.clone());
        self.warn_of_unknown(&format!("{path}.yaml"), &own);
        let hint = own.iter().find(|pair| pair.key == "hint");
        let hint = hint.and_then(|pair| pair.value.text().map(str::to_owned));
        let Some(input) = self.tree.file(&input) else {
            return false;
        };
        let none = Arc::from([]);
        let found = self.tree.file(&answer);
        let Some(answer) = found.or((!self.needs_answers).then_some(&none)) else {
            let message = format!("there is no answer: add {answer}, which may be empty");
            self.findings.error(&format!("{path}.in"), None, message);
            return false;
        };
        self.cases.push(TestCase {
            name: path[ROOT.len() + 1..].to_owned(),
            input: input.clone(),
            args: arguments.submission,
            files: programs::of_directory(self.tree, &format!("{path}.files")).files,
            answer: answer.clone(),
            output_validator_args: [self.flags, &arguments.output_validator[..]].concat(),
            output_visualizer_args: arguments.output_visualizer,
            input_visualizer_args: arguments.input_visualizer,
            input_validator_args: arguments.input_validator,
            named_validator_args: arguments.named_validators,
            full_feedback: arguments.full_feedback,
            hint: hint.or_else(|| self.tree.text(&format!("{path}.hint"))),
            subject: Subject::Output,
        });
        true
    }

    /// Warns of what the settings of a case say to nobody.
    fn warn_of_unknown(&mut self, path: &str, pairs: &[Pair]) {
        for pair in pairs.iter().filter(|pair| !OF_CASES.contains(&&*pair.key)) {
            let message = format!("the key {:?} is unknown and ignored", pair.key);
            self.findings.warning(path, Some(pair.line), message);
        }
    }

    /// What a directory says: its arguments and all its settings.
    fn group(
        &mut self,
        directory: &str,
        mut arguments: Arguments,
    ) -> (Arguments, Vec<(String, Pair)>) {
        let mut settings = Vec::new();
        for name in GROUP_FILES {
            let path = format!("{directory}/{name}");
            let pairs;
            (arguments, pairs) = self.settings(&path, arguments);
            settings.extend(pairs.into_iter().map(|pair| (path.clone(), pair)));
        }
        (arguments, settings)
    }

    /// What a settings file changes of what it inherits, and everything that it says.
    fn settings(&mut self, path: &str, mut arguments: Arguments) -> (Arguments, Vec<Pair>) {
        let root = read_yaml(self.tree, path, self.findings);
        for pair in root
            .as_ref()
            .and_then(|root| root.pairs())
            .unwrap_or_default()
        {
            match pair.key.as_str() {
                "output_validator_flags" | "output_validator_args" => {
                    arguments.output_validator = words(pair, path, self.findings);
                }
                "input_validator_flags" | "input_validator_args" => match pair.value.pairs() {
                    Some(named) => {
                        let of = |pair: &Pair, findings: &mut _| words(pair, path, findings);
                        let named = named
                            .iter()
                            .map(|pair| (pair.key.clone(), of(pair, self.findings)));
                        arguments.named_validators = Some(named.collect());
                    }
                    None => {
                        arguments.input_validator = words(pair, path, self.findings);
                        arguments.named_validators = None;
                    }
                },
                "output_visualizer_args" => {
                    arguments.output_visualizer = words(pair, path, self.findings);
                }
                "input_visualizer_args" => {
                    arguments.input_visualizer = words(pair, path, self.findings);
                }
                "full_feedback" => {
                    arguments.full_feedback = truth((path, pair), self.findings);
                }
                "args" => arguments.submission = words(pair, path, self.findings),
                _ => {}
            }
        }
        let pairs = root.as_ref().and_then(|root| root.pairs());
        (arguments, pairs.unwrap_or_default().to_vec())
    }
}

#[cfg(test)]
mod tests;
