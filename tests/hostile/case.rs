//! A case: one file, whose comment at the top says what the program does and what must come of it.
//!
//! The header is the comment lines at the top, each `key: value`, up to the first line that is none.
//! An unknown key is an error, so that a misspelt expectation cannot pass for a kept one.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gavel::judge::verdict::Verdict;
use gavel::problem::{Checker, Limits};

/// Where the cases are.
pub(crate) fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile/cases")
}

/// A program, its surroundings and what must come of it.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    /// Row of the catalogue, and a letter where the row has several cases: `CPU-03b`.
    pub id: String,
    /// What the program does.
    pub about: String,
    /// The file.
    pub path: PathBuf,
    /// Extension of the source: that of the file, or of what the file prints.
    pub extension: String,
    /// The file is a Python program that prints the source.
    pub is_generator: bool,
    pub limits: Limits,
    pub stdin: Input,
    /// One of these must come.
    pub expect: Vec<Expected>,
    /// What a right program prints.
    pub answer: String,
    pub checker: Checker,
    pub checks: Vec<Check>,
    /// Each must occur in the reason of the verdict.
    pub reasons: Vec<String>,
    /// Each must be among the refused system calls.
    pub denied: Vec<String>,
    /// Files of `tests/hostile/include` that come with the source.
    pub includes: Vec<String>,
    /// How many test cases it is run on, all with the same input.
    pub tests: usize,
    /// How often it is judged.
    pub repeat: usize,
    pub tier: Tier,
    pub needs: Vec<String>,
    /// Also sent through the HTTP API.
    pub by_api: bool,
    /// Where a case like it was a hole.
    pub reference: Option<String>,
}

/// How often a case is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tier {
    /// With all tests, and on control groups v2 in a virtual machine that is an order slower.
    Quick,
    /// With all tests.
    Usual,
    /// Only where it is asked for.
    Slow,
}

/// Standard input of a case.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Input {
    Empty,
    /// What of the host it may try to reach.
    Targets,
    Text(String),
    Zeros(usize),
}

/// A verdict, with what is known of the end.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expected {
    pub verdict: Verdict,
    pub exit_code: Option<i32>,
    pub signal: Option<i32>,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = serde_json::to_value(self.verdict).map_err(|_| fmt::Error)?;
        f.write_str(verdict.as_str().unwrap_or_default())?;
        match (self.exit_code, self.signal) {
            (Some(code), _) => write!(f, ", exit code {code}"),
            (None, Some(signal)) => write!(f, ", signal {signal}"),
            (None, None) => Ok(()),
        }
    }
}

/// A bound of a measured figure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Check {
    pub figure: String,
    pub is_at_least: bool,
    pub bound: f64,
}

/// What a probe prints once it has found no way out, and nothing else.
pub(crate) const CONTAINED: &str = "CONTAINED";

/// The last is not of the run, but of all that judging it takes.
const FIGURES: [&str; 5] = [
    "cpu_ms",
    "wall_ms",
    "memory_mib",
    "output_bytes",
    "judging_ms",
];

impl Case {
    /// Reads a case; the error says what is wrong with its header.
    pub(crate) fn read(path: &Path) -> Result<Case, String> {
        let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Case::parse(&name, path, &String::from_utf8_lossy(&bytes))
    }

    fn parse(name: &str, path: &Path, text: &str) -> Result<Case, String> {
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        let mut case = Case::named(path, extension);
        for (key, value) in header(extension, text) {
            case.set(key, value)
                .map_err(|error| format!("{key}: {error}"))?;
        }
        if case.id.is_empty() || case.about.is_empty() || case.expect.is_empty() {
            return Err("the header has no id, about or expect".to_owned());
        }
        if !name.starts_with(&format!("{}-", case.id)) {
            return Err(format!("the name does not begin with {}-", case.id));
        }
        Ok(case)
    }

    fn named(path: &Path, extension: &str) -> Case {
        Case {
            id: String::new(),
            about: String::new(),
            path: path.to_owned(),
            extension: extension.to_owned(),
            is_generator: false,
            limits: Limits {
                cpu_ms: 1000,
                wall_ms: 10_000,
                memory_bytes: 64 << 20,
                output_bytes: 64 << 10,
                processes: 16,
            },
            stdin: Input::Empty,
            expect: Vec::new(),
            answer: "ok".to_owned(),
            checker: Checker::default(),
            checks: Vec::new(),
            reasons: Vec::new(),
            denied: Vec::new(),
            includes: Vec::new(),
            tests: 1,
            repeat: 1,
            tier: Tier::Usual,
            needs: Vec::new(),
            by_api: false,
            reference: None,
        }
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "id" => value.clone_into(&mut self.id),
            "about" => value.clone_into(&mut self.about),
            "reference" => self.reference = Some(value.to_owned()),
            "generates" => {
                self.is_generator = true;
                value.clone_into(&mut self.extension);
            }
            "cpu_ms" => self.limits.cpu_ms = number(value)?,
            "wall_ms" => self.limits.wall_ms = number(value)?,
            "memory_mib" => self.limits.memory_bytes = number(value)? << 20,
            "output_kib" => self.limits.output_bytes = number(value)? << 10,
            "processes" => self.limits.processes = number(value)?.try_into().unwrap_or(u32::MAX),
            "stdin" => self.stdin = input(value)?,
            "answer" => value.clone_into(&mut self.answer),
            "expect" => self.expect(value)?,
            "checker" => {
                self.checker = serde_json::from_str(value).map_err(|error| error.to_string())?;
            }
            "check" => self.checks.push(check(value)?),
            "reason" => self.reasons.push(value.to_owned()),
            "denied" => self.denied.extend(words(value)),
            "include" => self.includes.extend(words(value)),
            "tests" => self.tests = number(value)?.try_into().unwrap_or(usize::MAX),
            "repeat" => self.repeat = number(value)?.try_into().unwrap_or(usize::MAX),
            "tier" if value == "slow" => self.tier = Tier::Slow,
            "tier" if value == "quick" => self.tier = Tier::Quick,
            "needs" => self.needs.extend(words(value)),
            "api" if value == "yes" => self.by_api = true,
            _ => return Err(format!("unknown key or value {value:?}")),
        }
        Ok(())
    }

    fn expect(&mut self, value: &str) -> Result<(), String> {
        for alternative in value.split(" or ") {
            if alternative == CONTAINED {
                CONTAINED.clone_into(&mut self.answer);
            }
            self.expect.push(expected(alternative)?);
        }
        Ok(())
    }

    /// The row of the catalogue: the id without a letter at its end.
    pub(crate) fn row(&self) -> &str {
        self.id.trim_end_matches(|c: char| c.is_ascii_lowercase())
    }

    /// The source, as it is submitted.
    pub(crate) fn source(&self) -> Arc<[u8]> {
        if !self.is_generator {
            return std::fs::read(&self.path).expect("a case").into();
        }
        let generated = std::process::Command::new("/usr/bin/python3")
            .arg(&self.path)
            .output()
            .expect("python3");
        assert!(generated.status.success(), "{}: {generated:?}", self.id);
        generated.stdout.into()
    }
}

/// Keys and values of the comment at the top.
fn header<'a>(extension: &str, text: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let mark = match extension {
        "py" | "sh" | "compiled" | "collected" => "# ",
        "rs" => "//! ",
        _ => "// ",
    };
    text.lines()
        .map_while(move |line| line.strip_prefix(mark)?.split_once(": "))
}

fn number(value: &str) -> Result<u64, String> {
    match value.parse() {
        Ok(0) => Err("must be at least 1".to_owned()),
        Ok(number) => Ok(number),
        Err(_) => Err(format!("{value:?} is no whole number")),
    }
}

fn words(value: &str) -> impl Iterator<Item = String> {
    value.split_whitespace().map(str::to_owned)
}

fn input(value: &str) -> Result<Input, String> {
    match value.split_once(' ') {
        None if value == "targets" => Ok(Input::Targets),
        Some(("text", text)) => Ok(Input::Text(text.to_owned())),
        Some(("zeros", count)) => Ok(Input::Zeros(number(count)?.try_into().unwrap_or(0))),
        _ => Err("must be `targets`, `text …` or `zeros N`".to_owned()),
    }
}

fn expected(alternative: &str) -> Result<Expected, String> {
    let mut words = alternative.split(' ');
    let verdict = match words.next().unwrap_or_default() {
        CONTAINED | "AC" => Verdict::Accepted,
        "WA" => Verdict::WrongAnswer,
        "TLE" => Verdict::TimeLimit,
        "WTL" => Verdict::WallTimeLimit,
        "ILE" => Verdict::IdleLimit,
        "MLE" => Verdict::MemoryLimit,
        "OLE" => Verdict::OutputLimit,
        "RTE" => Verdict::RuntimeError,
        "CE" => Verdict::CompileError,
        other => return Err(format!("no verdict {other:?}")),
    };
    let (kind, value) = (words.next(), words.next());
    let value = value.and_then(|value| value.parse().ok());
    let (exit_code, signal) = match kind {
        None => (None, None),
        Some("exit") if value.is_some() => (value, None),
        Some("signal") if value.is_some() => (None, value),
        Some(other) => return Err(format!("{other:?} is neither `exit N` nor `signal N`")),
    };
    Ok(Expected {
        verdict,
        exit_code,
        signal,
    })
}

fn check(value: &str) -> Result<Check, String> {
    let words: Vec<&str> = value.split(' ').collect();
    let [figure, sign, bound] = words[..] else {
        return Err("must be `FIGURE <= N` or `FIGURE >= N`".to_owned());
    };
    if !FIGURES.contains(&figure) {
        return Err(format!("no figure {figure:?}"));
    }
    let is_at_least = match sign {
        ">=" => true,
        "<=" => false,
        _ => return Err(format!("no sign {sign:?}")),
    };
    let bound = bound.parse().map_err(|_| format!("no number {bound:?}"))?;
    Ok(Check {
        figure: figure.to_owned(),
        is_at_least,
        bound,
    })
}

/// Every case below an area, or below all of them, sorted by id.
pub(crate) fn read_all(area: Option<&str>) -> Vec<Case> {
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(directory()).expect("the cases") {
        let folder = entry.expect("an area").path();
        if area.is_none_or(|area| folder.file_name().is_some_and(|name| name == area)) {
            for file in std::fs::read_dir(&folder).expect("an area") {
                let path = file.expect("a case").path();
                let case = Case::read(&path);
                cases.push(case.unwrap_or_else(|error| panic!("{}: {error}", path.display())));
            }
        }
    }
    cases.sort_by(|one, other| one.id.cmp(&other.id));
    cases
}

#[test]
fn a_header_is_read_up_to_the_first_other_line() {
    let text = "// id: CPU-01b\n// about: spins\n// expect: TLE or RTE signal 9\n\
                // check: cpu_ms <= 350\n\n// cpu_ms: 7\nint main;";
    let case = Case::parse("CPU-01b-spin.c", Path::new("x"), text).unwrap();
    assert_eq!((case.row(), case.limits.cpu_ms), ("CPU-01", 1000));
    assert_eq!(case.expect.len(), 2);
    assert_eq!(case.expect[1].signal, Some(9));
    assert!(!case.checks[0].is_at_least);
}

#[test]
fn a_wrong_header_is_an_error_that_says_what() {
    let begin = "# id: CPU-01\n# about: x\n";
    for (name, header, words) in [
        ("CPU-01-x.sh", "", "no id, about or expect"),
        ("CPU-02-x.sh", "# expect: AC\n", "begin with CPU-01-"),
        ("CPU-01-x.sh", "# expect: IE\n", "no verdict"),
        ("CPU-01-x.sh", "# expect: AC\n# cpu: 1\n", "unknown key"),
        ("CPU-01-x.sh", "# expect: AC\n# cpu_ms: 0\n", "at least 1"),
        ("CPU-01-x.sh", "# expect: RTE signal x\n", "neither"),
        ("CPU-01-x.sh", "# check: cpu <= 1\n", "no figure"),
    ] {
        let error = Case::parse(name, Path::new("x"), &format!("{begin}{header}")).unwrap_err();
        assert!(error.contains(words), "{header:?}: {error}");
    }
}
