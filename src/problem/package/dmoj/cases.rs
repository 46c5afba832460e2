//! Test cases: a list of files, with batches in it, or patterns of the names in an archive.

use std::sync::Arc;

use super::super::data::TestCase;
use super::super::making::{Generation, Makes, Making};
use super::super::report::Findings;
use super::super::yaml::{Node, Pair, Value};
use super::asked::Asked;
use super::checkers::{self, Judged};
use super::{FILE, Files, asked, groups, patterns, value};
use crate::problem::groups::{Group, Member, OnReject, Scoring, Worth, points_of};

/// The test cases, and what has to be made of them.
pub(super) struct Cases {
    pub all: Vec<TestCase>,
    /// How each is judged.
    pub judged: Vec<Judged>,
    pub making: Making,
    /// How they are scored; `None` where there are no points.
    pub points: Option<(Group, Scoring)>,
}

/// Reads all test cases, pretests first. Where there is a grader, checkers are not asked.
pub(super) fn read(
    files: &Files<'_>,
    pairs: &[Pair],
    grader: Option<&Asked>,
    findings: &mut Findings,
) -> Cases {
    let grader = grader.map(|asked| Judged::Asked {
        line: 0,
        asked: Box::new(asked.clone()),
    });
    let mut reader = Reader {
        files,
        findings,
        grader,
        generators: Vec::new(),
        cases: Cases {
            all: Vec::new(),
            judged: Vec::new(),
            making: Making::default(),
            points: None,
        },
        members: Vec::new(),
        batches: Vec::new(),
        has_points: false,
    };
    let settings = Settings::default().under(pairs, &mut reader);
    for (key, prefix) in [("pretest_test_cases", "pretest."), ("test_cases", "")] {
        let listed = value(pairs, key);
        let settings = match key {
            "test_cases" => settings.clone(),
            // Whatever is said of them, they are there to stop the rest.
            _ => Settings {
                points: 0.0,
                is_pretest: true,
                ..settings.clone()
            },
        };
        match listed.map(|listed| &listed.value) {
            Some(Value::List(items)) => reader.list(items, &settings, prefix),
            _ if key == "test_cases" => reader.matched(listed, &settings),
            _ => {}
        }
    }
    let short = value(pairs, "short_circuit").and_then(Node::text);
    let on_reject = match checkers::is_true(short) {
        true => OnReject::Break,
        false => OnReject::Continue,
    };
    reader.finish(on_reject)
}

/// What a case inherits.
#[derive(Clone)]
struct Settings {
    judged: Judged,
    generator: Option<usize>,
    generator_args: Vec<String>,
    is_binary: bool,
    points: f64,
    is_pretest: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            judged: checkers::STANDARD,
            generator: None,
            generator_args: Vec::new(),
            is_binary: false,
            points: 1.0,
            is_pretest: false,
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
                "points" if !self.is_pretest => self.points = reader.points(pair),
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
    grader: Option<Judged>,
    /// Lines at which generators are declared.
    generators: Vec<usize>,
    cases: Cases,
    members: Vec<Member>,
    /// Names of the batches so far.
    batches: Vec<String>,
    /// Whether the file says anything of points.
    has_points: bool,
}

impl Reader<'_> {
    fn list(&mut self, items: &[Node], inherited: &Settings, prefix: &str) {
        for (item, number) in items.iter().zip(1..) {
            let pairs = item.pairs().unwrap_or_default();
            let settings = inherited.clone().under(pairs, self);
            let name = format!("{prefix}{number}");
            match value(pairs, "batched").map(|batched| &batched.value) {
                None => {
                    self.case(item.line, pairs, &settings, name);
                    let worth = Worth::UpTo(settings.points);
                    self.members
                        .push(Member::Case(self.cases.all.len() - 1, worth));
                }
                Some(Value::List(items)) if !prefix.ends_with('-') => {
                    let requires = self.dependencies(pairs);
                    let before = self.members.len();
                    self.list(items, &settings, &format!("{name}-"));
                    self.batch(name, before, settings.points, requires);
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
                generator,
                arguments: settings.generator_args.clone(),
                stdin: stdin.unwrap_or_default(),
                makes: Makes::Case {
                    case: index,
                    writes_answer: answer.is_none(),
                },
            });
        }
        let (input, answer) = (input.unwrap_or_default(), answer.unwrap_or_default());
        self.push(
            TestCase::plain(name, input, answer),
            settings,
            settings.points,
        );
    }

    fn push(&mut self, case: TestCase, settings: &Settings, points: f64) {
        let number = self.cases.all.len() + 1;
        let judged = self.grader.as_ref().unwrap_or(&settings.judged);
        self.cases.all.push(TestCase {
            output_validator_args: judged.arguments(points, number, settings.is_binary),
            ..case
        });
        self.cases.judged.push(judged.clone());
    }

    fn points(&mut self, pair: &Pair) -> f64 {
        self.has_points = true;
        let points = pair.value.text().and_then(points_of);
        points.unwrap_or_else(|| {
            let message = "points must be a number from 0 on";
            self.findings.error(FILE, Some(pair.line), message);
            0.0
        })
    }

    /// Makes a batch of all members from this one on.
    fn batch(&mut self, name: String, first: usize, points: f64, requires: Vec<String>) {
        let members = self.members.split_off(first);
        let index = |member: &Member| match member {
            Member::Case(index, _) => Some(*index),
            Member::Group(_) => None,
        };
        let cases: Vec<usize> = members.iter().filter_map(index).collect();
        self.batches.push(name.clone());
        let batch = groups::batch(name, &cases, points, requires);
        self.members.push(Member::Group(batch));
    }

    /// Names of the batches without which one is not run. They are numbered from 1.
    fn dependencies(&mut self, pairs: &[Pair]) -> Vec<String> {
        let Some(pair) = pairs.iter().find(|pair| pair.key == "dependencies") else {
            return Vec::new();
        };
        let batch = |word: String| {
            self.batches
                .get(word.parse::<usize>().ok()?.checked_sub(1)?)
        };
        let words = pair.value.words();
        let found =
            words.and_then(|words| words.into_iter().map(batch).collect::<Option<Vec<_>>>());
        match found {
            Some(found) => found.into_iter().cloned().collect(),
            None => {
                let message = "dependencies must be numbers of earlier batches, from 1 on";
                self.findings.error(FILE, Some(pair.line), message);
                Vec::new()
            }
        }
    }

    /// All cases, and how they are scored.
    fn finish(mut self, on_reject: OnReject) -> Cases {
        let most: f64 = self.members.iter().map(Member::most).sum();
        if self.has_points && most > 0.0 {
            match groups::root(self.members, on_reject) {
                Ok(root) => self.cases.points = Some((root, Scoring::PLAIN)),
                Err(message) => self.findings.error(FILE, None, message),
            }
        }
        self.cases
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
        let source = value(pairs, "source").unwrap_or(&pair.value);
        let names = source.words().unwrap_or_default();
        let Some(mut program) = self.files.program(pair, &names, self.findings) else {
            let message = "a generator must name its sources";
            self.findings.error(FILE, Some(pair.line), message);
            return (None, arguments);
        };
        asked::take_flags(&mut program, pairs, self.findings);
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
                let points = self.points_in_order(pairs);
                self.take_found(found, settings, line, points);
            }
        }
    }

    /// What `case_points` says of batches and of cases outside of them, in order.
    fn points_in_order(&mut self, pairs: &[Pair]) -> Option<Vec<f64>> {
        let pair = pairs.iter().find(|pair| pair.key == "case_points")?;
        self.has_points = true;
        let words = pair.value.words();
        let points = words.and_then(|words| words.iter().map(|word| points_of(word)).collect());
        if points.is_none() {
            let message = "case_points must be a list of numbers from 0 on";
            self.findings.error(FILE, Some(pair.line), message);
        }
        points
    }

    fn take_found(
        &mut self,
        found: Vec<patterns::Found<'_>>,
        settings: &Settings,
        line: usize,
        points: Option<Vec<f64>>,
    ) {
        let mut points = points.map(Vec::into_iter);
        let batches = found.chunk_by(|a, b| a.batch.is_some() && a.batch == b.batch);
        for batch in batches {
            let points = match &mut points {
                None => settings.points,
                Some(points) => points.next().unwrap_or_else(|| {
                    let message = "case_points has too few numbers: one for each batch and for each \
                                   case outside of them";
                    self.findings.error(FILE, Some(line), message);
                    0.0
                }),
            };
            let before = self.members.len();
            for found in batch {
                self.found(found, settings, line, points);
            }
            if let Some(name) = batch.first().and_then(|found| found.batch.clone()) {
                self.batch(name, before, points, Vec::new());
            }
        }
    }

    fn found(
        &mut self,
        found: &patterns::Found<'_>,
        settings: &Settings,
        line: usize,
        points: f64,
    ) {
        let input = found.input.map(|name| self.data(line, name, settings));
        let answer = found.output.map(|name| self.data(line, name, settings));
        let worth = Worth::UpTo(points);
        self.members.push(Member::Case(self.cases.all.len(), worth));
        let case = TestCase::plain(
            found.name.clone(),
            input.unwrap_or_default(),
            answer.unwrap_or_default(),
        );
        self.push(case, settings, points);
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
