//! The test data of a package: cases in judging order, and what their groups say.

use std::sync::Arc;

use super::programs;
use super::report::Findings;
use super::settings::{read_yaml, words};
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
    /// Arguments of input validators.
    pub input_validator_args: Vec<String>,
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
            input_validator_args: Vec::new(),
        }
    }

    /// The directory of the case below `data`, e.g. `secret/subtask1`.
    pub fn group(&self) -> &str {
        self.name.rsplit_once('/').map_or("", |(group, _)| group)
    }
}

pub(super) const ROOT: &str = "data";

/// A directory with cases in or below it.
#[derive(Debug)]
pub(super) struct Directory {
    /// Path in the package, e.g. `data/secret`.
    pub path: String,
    /// What its files of settings say, each entry with the path of its file.
    pub settings: Vec<(String, Pair)>,
    /// It has a `test_group.yaml`.
    pub is_group: bool,
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
const GROUP_FILES: [&str; 2] = ["testdata.yaml", "test_group.yaml"];

/// Arguments that a group hands down.
#[derive(Debug, Clone, Default)]
struct Arguments {
    submission: Vec<String>,
    output_validator: Vec<String>,
    input_validator: Vec<String>,
}

/// Reads all cases: samples first, each directory by name. They come with the directories in which
/// they are.
pub(super) fn read(
    tree: &Tree,
    flags: &[String],
    findings: &mut Findings,
) -> (Vec<TestCase>, Directory) {
    let mut reader = Reader {
        tree,
        flags,
        findings,
        needs_answers: true,
        cases: Vec::new(),
    };
    let (arguments, settings) = reader.group(ROOT, Arguments::default());
    let mut root = Directory {
        path: ROOT.to_owned(),
        settings,
        is_group: false,
        entries: Vec::new(),
    };
    for name in ["sample", "secret"] {
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

/// Reads inputs that input validators must reject.
pub(super) fn read_invalid(tree: &Tree, findings: &mut Findings) -> Vec<TestCase> {
    let mut reader = Reader {
        tree,
        flags: &[],
        findings,
        needs_answers: false,
        cases: Vec::new(),
    };
    reader.directory(&format!("{ROOT}/invalid_input"), &Arguments::default());
    reader.cases
}

struct Reader<'a> {
    tree: &'a Tree,
    flags: &'a [String],
    findings: &'a mut Findings,
    needs_answers: bool,
    cases: Vec<TestCase>,
}

impl Reader<'_> {
    /// Reads a directory; `None` where there are no cases in or below it.
    fn directory(&mut self, path: &str, inherited: &Arguments) -> Option<Directory> {
        let (arguments, settings) = self.group(path, inherited.clone());
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
        (!read.is_empty()).then(|| Directory {
            path: path.to_owned(),
            settings,
            is_group: self
                .tree
                .file(&format!("{path}/{}", GROUP_FILES[1]))
                .is_some(),
            entries: read,
        })
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
        let (arguments, _) = self.settings(&format!("{path}.yaml"), group.clone());
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
            input_validator_args: arguments.input_validator,
        });
        true
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
                // Flags by name of the validator are for one among several.
                "input_validator_flags" | "input_validator_args"
                    if pair.value.pairs().is_none() =>
                {
                    arguments.input_validator = words(pair, path, self.findings);
                }
                "args" => arguments.submission = words(pair, path, self.findings),
                "static_validation_score" => {
                    let message = "static validators are not supported yet";
                    self.findings.error(path, Some(pair.line), message);
                }
                _ => {}
            }
        }
        let pairs = root.as_ref().and_then(|root| root.pairs());
        (arguments, pairs.unwrap_or_default().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::tree;
    use super::*;

    fn read_files(files: &[(&str, &str)]) -> (Vec<TestCase>, Vec<String>) {
        let mut findings = Findings::default();
        let (cases, _) = read(&tree(files), &["own".to_owned()], &mut findings);
        (cases, findings.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn cases_come_in_judging_order() {
        let (cases, found) = read_files(&[
            ("data/secret/b.in", ""),
            ("data/secret/b.ans", ""),
            ("data/secret/a-b/1.in", ""),
            ("data/secret/a-b/1.ans", ""),
            ("data/secret/a/2.in", "in"),
            ("data/secret/a/2.ans", "out"),
            ("data/secret/a/10.in", ""),
            ("data/secret/a/10.ans", ""),
            ("data/secret/a/10.desc", ""),
            ("data/sample/z.in", ""),
            ("data/sample/z.ans", ""),
            ("data/invalid_input/x.in", ""),
        ]);
        let names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "sample/z",
                "secret/a/10",
                "secret/a/2",
                "secret/a-b/1",
                "secret/b"
            ]
        );
        assert_eq!(
            (cases[2].group(), &cases[2].input[..]),
            ("secret/a", &b"in"[..])
        );
        assert_eq!(&cases[2].answer[..], b"out");
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn arguments_are_inherited_until_they_are_changed() {
        let (cases, found) = read_files(&[
            (
                "data/testdata.yaml",
                "output_validator_flags: x y\ninput_validator_flags: i\n",
            ),
            (
                "data/secret/a/test_group.yaml",
                "output_validator_args: ['p q']\n",
            ),
            ("data/secret/a/1.in", ""),
            ("data/secret/a/1.ans", ""),
            ("data/secret/a/2.in", ""),
            ("data/secret/a/2.ans", ""),
            ("data/secret/a/2.yaml", "output_validator_args: []\n"),
            ("data/secret/b/1.in", ""),
            ("data/secret/b/1.ans", ""),
        ]);
        assert_eq!(found, Vec::<String>::new());
        let arguments = |index: usize| cases[index].output_validator_args.join(",");
        assert_eq!(arguments(0), "own,p q");
        assert_eq!(arguments(1), "own");
        assert_eq!(arguments(2), "own,x,y");
        assert_eq!(cases[0].input_validator_args, ["i"]);
    }

    #[test]
    fn a_case_has_arguments_and_files_of_its_own() {
        let (cases, found) = read_files(&[
            ("data/test_group.yaml", "args: [all]\n"),
            ("data/secret/1.in", ""),
            ("data/secret/1.ans", ""),
            ("data/secret/1.yaml", "args: [own, 'a b']\n"),
            ("data/secret/1.files/lib/x.txt", "x"),
            ("data/secret/1.files/.hidden", ""),
            ("data/secret/2.in", ""),
            ("data/secret/2.ans", ""),
        ]);
        assert_eq!(found, Vec::<String>::new());
        assert_eq!(cases[0].args, ["own", "a b"]);
        assert_eq!(cases[1].args, ["all"]);
        let [only] = &cases[0].files[..] else {
            panic!("{:?}", cases[0].files);
        };
        assert_eq!(
            (only.name.as_str(), &only.bytes[..]),
            ("lib/x.txt", &b"x"[..])
        );
        assert!(cases[1].files.is_empty());
    }

    #[test]
    fn what_is_missing_is_named() {
        let (_, found) = read_files(&[
            ("data/secret/1.in", ""),
            ("data/secret/2.ans", ""),
            ("data/secret/3.files/x", ""),
            ("data/secret/4.in", ""),
            ("data/secret/4.ans", ""),
        ]);
        let has = |words: &str| found.iter().any(|found| found.contains(words));
        assert!(
            has("error: data/secret/1.in: there is no answer"),
            "{found:?}"
        );
        assert!(has("warning: data/secret/2.ans: the answer is not used"));
        assert!(has("warning: data/secret/3.files: the files are not used"));
        assert!(read_files(&[]).1[0].contains("there are no test cases"));
    }
}
