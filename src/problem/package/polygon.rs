//! Packages of Polygon: `problem.xml` says which files are what. Those that Polygon calls standard have
//! no generated tests and no answers; they are to be made.

mod cases;
mod groups;
mod programs;
mod solutions;
mod xml;

use std::collections::BTreeMap;

use super::limits::{PackageLimits, TimeRule};
use super::making::Answers;
use super::report::Findings;
use super::settings::Format;
use super::streams::{StreamFiles, is_stream_name};
use super::tree::Tree;
use super::{Package, SecondRun, Validation, Visualizers};
use crate::problem::groups::Group;
use crate::problem::{Checker, LineSpace, Protocol};
use programs::Programs;
use xml::Element;

/// The file that makes a package one of Polygon's.
pub(super) const FILE: &str = "problem.xml";

/// Polygon has no limit of the output; this is plenty.
const OUTPUT_BYTES: u64 = 64 << 20;

/// Reads the package.
pub(super) fn read(tree: &Tree, findings: &mut Findings) -> Option<Package> {
    let text = tree.text(FILE)?;
    xml::with_root(&text, findings, |root, findings| {
        read_problem(tree, root, findings)
    })?
}

fn read_problem(tree: &Tree, root: Element<'_>, findings: &mut Findings) -> Option<Package> {
    let programs = Programs::new(tree, root, findings);
    let judging = root.child("judging").or_else(|| {
        root.error(findings, "there is no judging: export the package anew");
        None
    })?;
    let testset = testset(judging, findings)?;
    let assets = root.child("assets");
    let streams = streams(judging, assets, findings);
    if judging.attribute("treat-points-from-checker-as-percent") == Some("true") {
        let message =
            "points of the checker that are percents are not supported: have it give points";
        judging.error(findings, message);
    }
    let points = groups::read(testset, findings);
    let submissions = solutions::read(&programs, assets, points.is_some(), findings);
    let mut tests = cases::read(tree, testset, &programs, findings);
    let lacking = std::mem::take(&mut tests.without_answers);
    if !lacking.is_empty() {
        match submissions.main {
            Some(submission) => {
                tests.making.answers = Some(Answers {
                    cases: lacking,
                    submission,
                });
            }
            None => testset.error(
                findings,
                "there are no answers, and no solution with the tag main that could make them",
            ),
        }
    }
    let mut limits = PackageLimits {
        output_bytes: OUTPUT_BYTES,
        ..PackageLimits::default()
    };
    if let Some(bytes) = testset.number("memory-limit", findings) {
        limits.memory_bytes = bytes;
        limits.is_memory_given = true;
    }
    let time = TimeRule {
        limit_ms: testset.number("time-limit", findings),
        ..TimeRule::of(Format::Polygon)
    };
    let (groups, scoring) = match points {
        Some((groups, scoring)) => (groups, Some(scoring)),
        None => (Group::of_cases(tests.cases.len()), None),
    };
    let validators = assets.and_then(|assets| assets.child("validators"));
    let validators = validators.map(|v| v.children("validator"));
    let validators = validators.into_iter().flatten();
    Some(Package {
        format: Format::Polygon,
        names: names(root),
        limits,
        time,
        allow_file_writing: true,
        streams,
        validation: validation(&programs, (judging, assets), tests.cases.len(), findings)?,
        input_validators: validators
            .filter_map(|validator| programs.of(validator, findings))
            .collect(),
        valid_exit_code: 0,
        frames: programs.frames(),
        includes: programs.included,
        grader: None,
        groups,
        scoring,
        cases: tests.cases,
        submissions: submissions.all,
        making: tests.making,
        max_passes: 1,
        invalid_inputs: Vec::new(),
        output_examples: Vec::new(),
        languages: None,
        visualizers: Visualizers::default(),
        takes_answers: false,
        static_validator: None,
    })
}

fn names(root: Element<'_>) -> BTreeMap<String, String> {
    let names = root.child("names").map(|names| names.children("name"));
    let names = names.into_iter().flatten();
    names
        .filter_map(|name| {
            let language = match name.attribute("language")? {
                "english" => "en",
                "russian" => "ru",
                other => other,
            };
            Some((language.to_owned(), name.attribute("value")?.to_owned()))
        })
        .collect()
}

/// The files that submissions read and write.
fn streams(
    judging: Element<'_>,
    assets: Option<Element<'_>>,
    findings: &mut Findings,
) -> StreamFiles {
    let mut file = |attribute| {
        let name = judging.attribute(attribute)?;
        let name = Some(name).filter(|&name| !name.is_empty() && !STANDARD.contains(&name))?;
        if !is_stream_name(name) {
            let message =
                format!("{attribute} must be a name such as input.txt, without a directory");
            judging.error(findings, message);
        }
        Some(name.to_owned())
    };
    let streams = StreamFiles {
        input: file("input-file"),
        output: file("output-file"),
        are_further: false,
    };
    let is_interactive = assets.is_some_and(|assets| assets.child("interactor").is_some());
    if is_interactive && streams != StreamFiles::default() {
        let message =
            "an interactor talks over the standard streams: clear input-file and output-file";
        judging.error(findings, message);
    }
    if streams.input.is_some() && streams.input == streams.output {
        let message = "input-file and output-file are the same: give them two names";
        judging.error(findings, message);
    }
    streams
}

/// What Polygon itself calls the standard streams.
const STANDARD: [&str; 2] = ["stdin", "stdout"];

/// Whether submissions are run twice on a test, and how the second time.
fn second_run(
    judging: Element<'_>,
    interactor: Option<Element<'_>>,
    findings: &mut Findings,
) -> Option<SecondRun> {
    match judging.attribute("run-count") {
        None | Some("1") => None,
        Some("2") => {
            let runs = interactor.and_then(|interactor| interactor.child("runs"));
            let runs = runs.map(|runs| runs.children("run"));
            let mut runs = runs.into_iter().flatten();
            Some(match runs.any(|run| run.text() == Some("2")) {
                true => SecondRun::Talking,
                false => SecondRun::Alone,
            })
        }
        Some(_) => {
            judging.error(findings, "run-count must be 1 or 2");
            None
        }
    }
}

/// The tests by which submissions are judged.
fn testset<'a>(judging: Element<'a>, findings: &mut Findings) -> Option<Element<'a>> {
    let all: Vec<Element<'_>> = judging.children("testset").collect();
    let tests = all
        .iter()
        .find(|set| set.attribute("name") == Some("tests"));
    let Some(tests) = tests.or(all.first()) else {
        judging.error(findings, "there is no testset: export the package anew");
        return None;
    };
    for other in all.iter().filter(|other| *other != tests) {
        other.warning(findings, "only one testset is used, and this one is not");
    }
    Some(*tests)
}

/// How outputs are judged; `None` where nothing says it.
fn validation(
    programs: &Programs<'_>,
    (judging, assets): (Element<'_>, Option<Element<'_>>),
    cases: usize,
    findings: &mut Findings,
) -> Option<Validation> {
    let checker = assets.and_then(|assets| assets.child("checker"));
    let interactor = assets.and_then(|assets| assets.child("interactor"));
    let second_run = second_run(judging, interactor, findings);
    if let (Some(checker), None, None) = (checker, interactor, second_run)
        && let Some(standard) = checker.attribute("name").and_then(standard_checker)
    {
        return Some(Validation::Default(vec![standard; cases]));
    }
    if checker.is_none() && (interactor.is_none() || second_run.is_some()) {
        findings.error(FILE, None, "there is no checker: choose one in Polygon");
        return None;
    }
    let mut program = |element: Option<Element<'_>>| match element {
        Some(element) => programs.of(element, findings).map(Some),
        None => Some(None),
    };
    Some(Validation::Foreign {
        interactor: program(interactor)?,
        checker: program(checker)?,
        protocol: Protocol::Testlib,
        arguments: None,
        second_run,
    })
}

/// What compares like a checker that testlib comes with, by its name.
fn standard_checker(name: &str) -> Option<Checker> {
    let lines = |space| Checker::Lines {
        space,
        skip_blank: false,
        absolute: None,
        relative: None,
    };
    let near = |epsilon| Checker::Float {
        absolute: epsilon,
        relative: epsilon,
    };
    let exactly_near = |epsilon| Checker::Float {
        absolute: epsilon,
        relative: 0.0,
    };
    let name = name.strip_prefix("std::")?.strip_suffix(".cpp")?;
    Some(match name {
        "fcmp" => lines(LineSpace::Exact),
        "lcmp" => lines(LineSpace::Free),
        "wcmp" | "hcmp" | "icmp" | "ncmp" => Checker::Tokens {
            case_sensitive: true,
        },
        "yesno" | "nyesno" => Checker::Tokens {
            case_sensitive: false,
        },
        "uncmp" => Checker::UnorderedTokens {
            case_sensitive: true,
        },
        "dcmp" | "rcmp6" => near(1e-6),
        "rcmp4" => near(1e-4),
        "rcmp9" => near(1e-9),
        "acmp" | "rcmp" => exactly_near(1.5e-6),
        "rncmp" => exactly_near(1.5e-5),
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
