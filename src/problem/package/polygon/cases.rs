//! The tests of a package: files that it brings, or commands that make them.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::data::TestCase;
use super::super::making::{Generation, MadeFile, Makes, Making};
use super::super::report::Findings;
use super::super::tree::Tree;
use super::super::words::words;
use super::programs::Programs;
use super::xml::Element;

/// More tests than these are nobody's.
const MAX_TESTS: usize = 10_000;

/// The tests, and what has to be made of them.
pub(super) struct Tests {
    pub cases: Vec<TestCase>,
    pub making: Making,
    /// Places of cases that have no answer.
    pub without_answers: Vec<usize>,
}

/// Reads the tests of a testset.
pub(super) fn read(
    tree: &Tree,
    testset: Element<'_>,
    programs: &Programs<'_>,
    findings: &mut Findings,
) -> Tests {
    let mut reader = Reader {
        tree,
        programs,
        findings,
        generators: Vec::new(),
        of_files: HashMap::new(),
        has_carriage_returns: false,
        tests: Tests {
            cases: Vec::new(),
            making: Making::default(),
            without_answers: Vec::new(),
        },
    };
    let inputs = Pattern::read(testset, "input-path-pattern", reader.findings);
    let answers = Pattern::read(testset, "answer-path-pattern", reader.findings);
    let tests = testset.child("tests").map(|tests| tests.children("test"));
    let tests: Vec<_> = tests.into_iter().flatten().collect();
    if tests.is_empty() || tests.len() > MAX_TESTS {
        let message = format!("there must be from 1 to {MAX_TESTS} tests");
        testset.error(reader.findings, message);
        return reader.tests;
    }
    if let (Some(inputs), Some(answers)) = (inputs, answers) {
        for (test, number) in tests.into_iter().zip(1..) {
            reader.test(test, inputs.path(number), &answers.path(number), testset);
        }
    }
    if reader.has_carriage_returns {
        let message = "the line ends of Windows in tests are taken for those of other systems";
        testset.warning(reader.findings, message);
    }
    reader.tests
}

struct Reader<'a> {
    tree: &'a Tree,
    programs: &'a Programs<'a>,
    findings: &'a mut Findings,
    /// Names of the generators that are used.
    generators: Vec<String>,
    /// Places of runs that make several tests, by their commands.
    of_files: HashMap<String, usize>,
    has_carriage_returns: bool,
    tests: Tests,
}

impl Reader<'_> {
    fn test(&mut self, test: Element<'_>, path: String, answer: &str, testset: Element<'_>) {
        let case = self.tests.cases.len();
        let input = self.file(&path);
        if input.is_none() {
            match test.attribute("cmd") {
                Some(command) if test.attribute("method") == Some("generated") => {
                    self.generated(test, command, case);
                }
                _ => test.error(self.findings, format!("there is no file {path}")),
            }
        }
        let answer = self.file(answer);
        if answer.is_none() {
            self.tests.without_answers.push(case);
        }
        let words = |name, value: Option<&str>| {
            value
                .map(|value| [name, value].map(str::to_owned))
                .into_iter()
                .flatten()
        };
        let set = words("--testset", testset.attribute("name"));
        let group = words("--group", test.attribute("group").filter(|g| !g.is_empty()));
        self.tests.cases.push(TestCase {
            input_validator_args: set.chain(group).collect(),
            ..TestCase::plain(path, input.unwrap_or_default(), answer.unwrap_or_default())
        });
    }

    fn generated(&mut self, test: Element<'_>, command: &str, case: usize) {
        let file = test.attribute("from-file").filter(|name| *name != "false");
        let file = file.map(|name| MadeFile {
            case,
            names: names_of_file(name, case + 1),
        });
        if let Some(file) = &file
            && let Some(place) = self.of_files.get(command)
            && let Makes::Files(files) = &mut self.tests.making.inputs[*place].makes
        {
            files.push(file.clone());
            return;
        }
        let words = words(command);
        let Some((name, arguments)) = words.split_first() else {
            test.error(self.findings, "the command is empty");
            return;
        };
        let Some(generator) = self.generator(name) else {
            let message = format!("there is no generator {name:?} among the executables");
            test.error(self.findings, message);
            return;
        };
        let inputs = &mut self.tests.making.inputs;
        if file.is_some() {
            self.of_files.insert(command.to_owned(), inputs.len());
        }
        inputs.push(Generation {
            generator,
            arguments: arguments.to_vec(),
            stdin: Arc::from([]),
            makes: match file {
                Some(file) => Makes::Files(vec![file]),
                None => Makes::Case {
                    case,
                    writes_answer: false,
                },
            },
        });
    }

    /// The place of a generator.
    fn generator(&mut self, name: &str) -> Option<usize> {
        if let Some(known) = self.generators.iter().position(|known| known == name) {
            return Some(known);
        }
        let program = self.programs.generator(name, self.findings)?;
        self.generators.push(name.to_owned());
        self.tests.making.generators.push(program);
        Some(self.generators.len() - 1)
    }

    /// A file of the tests, with the line ends of this system.
    fn file(&mut self, path: &str) -> Option<Arc<[u8]>> {
        let bytes = self.tree.file(path)?;
        match without_carriage_returns(bytes) {
            Some(bytes) => {
                self.has_carriage_returns = true;
                Some(bytes)
            }
            None => Some(bytes.clone()),
        }
    }
}

/// Names that the file of a test may have in the directory of its generator: what the package says, or the
/// number of the test, with zeros before it or without.
fn names_of_file(name: &str, number: usize) -> Vec<String> {
    let name = match name {
        "true" => number.to_string(),
        name => name.to_owned(),
    };
    ["", "0", "00"].map(|zeros| format!("{zeros}{name}")).into()
}

/// A text in which every line ends as on Windows; `None` where none or only some do.
fn without_carriage_returns(bytes: &[u8]) -> Option<Arc<[u8]>> {
    let ends = bytes.iter().filter(|&&byte| byte == b'\n').count();
    let returns = bytes.iter().filter(|&&byte| byte == b'\r').count();
    let pairs = bytes.windows(2).filter(|pair| pair == b"\r\n").count();
    let is_of_windows = pairs > 0 && pairs == ends && pairs == returns;
    is_of_windows.then(|| {
        bytes
            .iter()
            .copied()
            .filter(|&byte| byte != b'\r')
            .collect()
    })
}

/// A path with one `%d` or `%02d` for the number of a test.
struct Pattern {
    before: String,
    width: usize,
    after: String,
}

impl Pattern {
    fn read<'a>(testset: Element<'a>, name: &'a str, findings: &mut Findings) -> Option<Pattern> {
        let pattern = testset.text_of(name).and_then(Pattern::new);
        if pattern.is_none() {
            let message = format!("{name} must be a path with %d or e.g. %02d for the number");
            testset
                .child(name)
                .unwrap_or(testset)
                .error(findings, message);
        }
        pattern
    }

    fn new(text: &str) -> Option<Pattern> {
        let (before, rest) = text.split_once('%')?;
        let (width, after) = rest.split_once('d')?;
        let width = match width {
            "" => 0,
            width => width.strip_prefix('0')?.parse().ok().filter(|&w| w < 10)?,
        };
        Some(Pattern {
            before: before.to_owned(),
            width,
            after: after.to_owned(),
        })
    }

    fn path(&self, number: usize) -> String {
        let Pattern {
            before,
            width,
            after,
        } = self;
        format!("{before}{number:0width$}{after}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_takes_the_number_of_a_test() {
        let path = |pattern, number| Pattern::new(pattern).map(|p| p.path(number));
        assert_eq!(path("tests/%02d", 7).as_deref(), Some("tests/07"));
        assert_eq!(path("tests/%02d.a", 100).as_deref(), Some("tests/100.a"));
        assert_eq!(path("%d", 7).as_deref(), Some("7"));
        for pattern in ["tests/1", "tests/%s", "tests/%2d", "%099d"] {
            assert_eq!(path(pattern, 1), None, "{pattern}");
        }
    }

    #[test]
    fn line_ends_of_windows_are_replaced_where_all_are() {
        assert_eq!(
            without_carriage_returns(b"1\r\n2\r\n").as_deref(),
            Some(&b"1\n2\n"[..])
        );
        for bytes in [&b"1\n2\n"[..], b"1\r\n2\n", b"1\r2\r\n", b"\r", b""] {
            assert_eq!(without_carriage_returns(bytes), None, "{bytes:?}");
        }
    }
}
