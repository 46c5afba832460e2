//! Test cases: a list of files, with batches in it, or patterns of the names in an archive.

use std::sync::Arc;

use super::super::data::TestCase;
use super::super::making::{Generation, Making};
use super::super::report::Findings;
use super::super::yaml::{Node, Pair, Value};
use super::checkers::{self, Judged};
use super::{FILE, Files, patterns, value};

/// The test cases, and what has to be made of them.
pub(super) struct Cases {
    pub all: Vec<TestCase>,
    /// How each is judged.
    pub judged: Vec<Judged>,
    pub making: Making,
}

/// Reads all test cases, pretests first.
pub(super) fn read(files: &Files<'_>, pairs: &[Pair], findings: &mut Findings) -> Cases {
    let mut reader = Reader {
        files,
        findings,
        generators: Vec::new(),
        cases: Cases {
            all: Vec::new(),
            judged: Vec::new(),
            making: Making::default(),
        },
    };
    let settings = Settings::default().under(pairs, &mut reader);
    for (key, prefix) in [("pretest_test_cases", "pretest."), ("test_cases", "")] {
        let listed = value(pairs, key);
        match listed.map(|listed| &listed.value) {
            Some(Value::List(items)) => reader.list(items, &settings, prefix),
            _ if key == "test_cases" => reader.matched(listed, &settings),
            _ => {}
        }
    }
    reader.cases
}

/// What a case inherits.
#[derive(Clone)]
struct Settings {
    judged: Judged,
    generator: Option<usize>,
    generator_args: Vec<String>,
    is_binary: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            judged: checkers::STANDARD,
            generator: None,
            generator_args: Vec::new(),
            is_binary: false,
        }
    }
}

impl Settings {
    /// These, as far as nothing else is said.
    fn under(mut self, pairs: &[Pair], reader: &mut Reader<'_>) -> Settings {
        for pair in pairs {
            match pair.key.as_str() {
                "checker" => self.judged = checkers::read(reader.files, pair, reader.findings),
                "generator" => (self.generator, self.generator_args) = reader.generator(pair),
                "generator_args" => {
                    self.generator_args = pair.value.words().unwrap_or_else(|| {
                        let message = "generator_args must be a list of texts or numbers";
                        reader.findings.error(FILE, Some(pair.line), message);
                        Vec::new()
                    });
                }
                "binary_data" => self.is_binary = checkers::is_true(pair.value.text()),
                _ => {}
            }
        }
        self
    }
}

struct Reader<'a> {
    files: &'a Files<'a>,
    findings: &'a mut Findings,
    /// Lines at which generators are declared.
    generators: Vec<usize>,
    cases: Cases,
}

impl Reader<'_> {
    fn list(&mut self, items: &[Node], inherited: &Settings, prefix: &str) {
        for (item, number) in items.iter().zip(1..) {
            let pairs = item.pairs().unwrap_or_default();
            let settings = inherited.clone().under(pairs, self);
            let name = format!("{prefix}{number}");
            match value(pairs, "batched").map(|batched| &batched.value) {
                None => self.case(item.line, pairs, &settings, name),
                Some(Value::List(items)) if !prefix.ends_with('-') => {
                    self.list(items, &settings, &format!("{name}-"));
                }
                Some(_) => {
                    let message = "a batch must be a list of test cases, and no batches";
                    self.findings.error(FILE, Some(item.line), message);
                }
            }
        }
    }

    fn case(&mut self, line: usize, pairs: &[Pair], settings: &Settings, name: String) {
        let text = |key| value(pairs, key).and_then(Node::text);
        let index = self.cases.all.len();
        let input = text("in").map(|name| self.data(line, name, settings));
        let answer = text("out").map(|name| self.data(line, name, settings));
        if let (None, Some(generator)) = (&input, settings.generator) {
            let stdin = text("generator_in").map(|name| self.data(line, name, settings));
            self.cases.making.inputs.push(Generation {
                case: index,
                generator,
                arguments: settings.generator_args.clone(),
                stdin: stdin.unwrap_or_default(),
                writes_answer: answer.is_none(),
            });
        }
        self.cases.judged.push(settings.judged.clone());
        self.cases.all.push(TestCase {
            name,
            input: input.unwrap_or_default(),
            args: Vec::new(),
            files: Vec::new(),
            answer: answer.unwrap_or_default(),
            output_validator_args: Vec::new(),
            input_validator_args: Vec::new(),
        });
    }

    fn data(&mut self, line: usize, name: &str, settings: &Settings) -> Arc<[u8]> {
        match self.files.file(name) {
            Some(bytes) if settings.is_binary => bytes.clone(),
            Some(bytes) => normalized(bytes),
            None => {
                let message = format!("there is no file {name}, neither here nor in the archive");
                self.findings.error(FILE, Some(line), message);
                Arc::default()
            }
        }
    }

    /// The place of a generator and its arguments.
    fn generator(&mut self, pair: &Pair) -> (Option<usize>, Vec<String>) {
        let pairs = pair.value.pairs().unwrap_or_default();
        let arguments = value(pairs, "args").and_then(Node::words);
        let arguments = arguments.unwrap_or_default();
        if let Some(known) = self.generators.iter().position(|line| *line == pair.line) {
            return (Some(known), arguments);
        }
        let flags = value(pairs, "flags").and_then(Node::words);
        if flags.is_some_and(|flags| !flags.is_empty()) {
            let message = "flags of a generator's compiler are not supported: have it do without";
            self.findings.error(FILE, Some(pair.line), message);
        }
        let source = value(pairs, "source").unwrap_or(&pair.value);
        let names = source.words().unwrap_or_default();
        let Some(program) = self.files.program(pair, &names, self.findings) else {
            let message = "a generator must name its sources";
            self.findings.error(FILE, Some(pair.line), message);
            return (None, arguments);
        };
        self.generators.push(pair.line);
        self.cases.making.generators.push(program);
        (Some(self.generators.len() - 1), arguments)
    }

    /// Test cases by patterns of names in the archive; without patterns, by those that DMOJ has.
    fn matched(&mut self, listed: Option<&Node>, settings: &Settings) {
        let line = listed.map_or(1, |listed| listed.line);
        let pairs = listed.and_then(Node::pairs).unwrap_or_default();
        let Some(archive) = self.files.archive else {
            let message = "without a list of test cases there must be an archive";
            self.findings.error(FILE, Some(line), message);
            return;
        };
        let names = self.files.tree.below(archive).map(|(name, _)| name);
        let format = |key| value(pairs, key).and_then(Node::text);
        let formats = (format("input_format"), format("output_format"));
        match patterns::matched(names, formats) {
            Err(message) => self.findings.error(FILE, Some(line), message),
            Ok(found) => {
                for found in found {
                    let input = found.input.map(|name| self.data(line, name, settings));
                    let answer = found.output.map(|name| self.data(line, name, settings));
                    self.cases.judged.push(settings.judged.clone());
                    self.cases.all.push(TestCase {
                        name: found.name,
                        input: input.unwrap_or_default(),
                        args: Vec::new(),
                        files: Vec::new(),
                        answer: answer.unwrap_or_default(),
                        output_validator_args: Vec::new(),
                        input_validator_args: Vec::new(),
                    });
                }
            }
        }
    }
}

/// Lines end as on this system, the last one too.
fn normalized(bytes: &Arc<[u8]>) -> Arc<[u8]> {
    let is_normal = !bytes.contains(&b'\r') && bytes.last().is_none_or(|&byte| byte == b'\n');
    if is_normal {
        return bytes.clone();
    }
    let mut normal = Vec::with_capacity(bytes.len() + 1);
    let mut bytes = bytes.iter().peekable();
    while let Some(&byte) = bytes.next() {
        if byte == b'\r' {
            bytes.next_if(|&&next| next == b'\n');
            normal.push(b'\n');
        } else {
            normal.push(byte);
        }
    }
    if normal.last() != Some(&b'\n') {
        normal.push(b'\n');
    }
    normal.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_line_ends_are_made_the_same() {
        for (text, expected) in [
            ("1\r\n2\r3", "1\n2\n3\n"),
            ("1\n", "1\n"),
            ("", ""),
            ("\r", "\n"),
            ("1", "1\n"),
        ] {
            let normal = normalized(&Arc::from(text.as_bytes()));
            assert_eq!(&normal[..], expected.as_bytes(), "{text:?}");
        }
    }
}
