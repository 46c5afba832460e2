//! Checkers and graders in Python, and those checkers of DMOJ that are easiest said in it. DMOJ has them run inside
//! itself; here small programs of ours ask them, in a box, and answer by the protocols of CMS and testlib.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::super::programs::ProgramFiles;
use super::super::report::Findings;
use super::super::yaml::{Node, Pair, Value};
use super::asked::Asked;
use super::{FILE, Files};
use crate::problem::{Protocol, SourceFile};

/// Asks a checker that is named in [`SETTINGS`].
const PROGRAM: &str = include_str!("ask_checker.py");
const PROGRAM_NAME: &str = "ask_checker.py";
const SETTINGS: &str = "checker.json";

/// Checkers that [`PROGRAM`] has itself.
const BUILT_IN: [&str; 3] = ["easy", "linecount", "linematches"];

/// Whether the checker of this name is asked by a program of ours.
pub(super) fn is_asked(name: &str) -> bool {
    BUILT_IN.contains(&name) || name.ends_with(".py")
}

/// Has a grader talk, whose file is [`GRADER_OF_THEIRS`].
const GRADER: &str = include_str!("ask_grader.py");
const GRADER_NAME: &str = "ask_grader.py";
const GRADER_OF_THEIRS: &str = "grader.py";

/// Classes of which a grader must be one.
const GRADERS: [&str; 3] = ["InteractiveGrader", "StandardGrader", "BaseGrader"];

/// What graders say who need DMOJ around them, and what that is.
const INSIDE: [(&str, &str); 6] = [
    ("_generate_binary", "compiles submissions in its own way"),
    ("executors", "compiles or runs programs itself"),
    ("judgeenv", "reads the settings or files of the judge"),
    ("self.source", "asks for the source of submissions"),
    ("self.language", "asks for the language of submissions"),
    ("self.judge", "asks for the judge itself"),
];

/// Reads `custom_judge`: a grader that runs a submission once, talks with it or checks what it says.
pub(super) fn grader(
    files: &Files<'_>,
    (pair, all): (&Pair, &[Pair]),
    findings: &mut Findings,
) -> Option<Asked> {
    let name = pair.value.text().unwrap_or_default();
    let Some(bytes) = files.file(name) else {
        findings.error(FILE, Some(pair.line), format!("there is no file {name}"));
        return None;
    };
    let text = String::from_utf8_lossy(bytes);
    if !GRADERS.iter().any(|class| text.contains(class)) {
        let message =
            "this is no grader: its class Grader must be a StandardGrader or an InteractiveGrader";
        findings.error(FILE, Some(pair.line), message);
        return None;
    }
    refuse_inside((name, &text), findings);
    let has_checker_asked = !["InteractiveGrader", "def check_result", "def grade("]
        .iter()
        .any(|words| text.contains(words));
    if let Some(checker) = has_checker_asked
        .then(|| find_key(all, "checker"))
        .flatten()
    {
        let message = format!(
            "{name} would have this checker judge, and it is not asked beside a grader: have check_result of \
             the grader judge"
        );
        findings.error(FILE, Some(checker.line), message);
    }
    let files = vec![
        file(GRADER_NAME, Arc::from(GRADER.as_bytes())),
        file(PROGRAM_NAME, Arc::from(PROGRAM.as_bytes())),
        file(GRADER_OF_THEIRS, Arc::clone(bytes)),
    ];
    let path = name.to_owned();
    Some(Asked {
        program: ProgramFiles { path, files },
        protocol: Protocol::Testlib,
        arguments: None,
        is_told_of_cases: true,
    })
}

/// Refuses what only works inside DMOJ itself.
fn refuse_inside((name, text): (&str, &str), findings: &mut Findings) {
    for (index, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default();
        if let Some((_, what)) = INSIDE.iter().find(|(words, _)| line.contains(words)) {
            let message = format!(
                "this grader {what}, which works inside DMOJ only: have it run the submission once and judge \
                 by what that says, or write a checker or an interactor"
            );
            findings.error(name, Some(index + 1), message);
        }
    }
}

/// The first entry with this key, however deep.
fn find_key<'a>(pairs: &'a [Pair], key: &str) -> Option<&'a Pair> {
    fn below<'a>(node: &'a Node, key: &str) -> Option<&'a Pair> {
        match &node.value {
            Value::Map(pairs) => find_key(pairs, key),
            Value::List(items) => items.iter().find_map(|item| below(item, key)),
            Value::Null | Value::Text(_) => None,
        }
    }
    pairs.iter().find_map(|pair| match pair.key == key {
        true => Some(pair),
        false => below(&pair.value, key),
    })
}

fn file(name: &str, bytes: Arc<[u8]>) -> SourceFile {
    SourceFile {
        name: name.to_owned(),
        bytes,
    }
}

/// The program that asks a checker, with the checker's own file where it has one.
pub(super) fn checker(name: &str, arguments: &[Pair], own: Option<&Arc<[u8]>>) -> Asked {
    let settings = serde_json::json!({ "name": name, "arguments": json_of_map(arguments) });
    let settings = settings.to_string();
    let mut files = vec![
        file(PROGRAM_NAME, Arc::from(PROGRAM.as_bytes())),
        file(SETTINGS, Arc::from(settings.as_bytes())),
    ];
    files.extend(own.map(|bytes| file(name, Arc::clone(bytes))));
    let path = match own {
        Some(_) => name.to_owned(),
        None => format!("{FILE}, checker {name}"),
    };
    Asked {
        program: ProgramFiles { path, files },
        protocol: Protocol::Cms,
        arguments: None,
        is_told_of_cases: true,
    }
}

/// What the program is told of a case beside its files.
pub(super) fn arguments(points: f64, number: usize, is_binary: bool) -> Vec<String> {
    vec![
        points.to_string(),
        number.to_string(),
        is_binary.to_string(),
    ]
}

fn json_of_map(pairs: &[Pair]) -> Map<String, Json> {
    let entry = |pair: &Pair| (pair.key.clone(), json(&pair.value));
    pairs.iter().map(entry).collect()
}

/// A value as YAML means it.
fn json(node: &Node) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::List(items) => Json::Array(items.iter().map(json).collect()),
        Value::Map(pairs) => Json::Object(json_of_map(pairs)),
        Value::Text(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => Json::Bool(true),
            "false" | "no" | "off" => Json::Bool(false),
            _ => match (text.parse::<i64>(), text.parse::<f64>()) {
                (Ok(number), _) => Json::from(number),
                (_, Ok(number)) if number.is_finite() => Json::from(number),
                _ => Json::from(text.as_str()),
            },
        },
    }
}
