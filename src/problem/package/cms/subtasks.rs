//! Test cases and their points: by `gen/GEN`, where a line is a test case and `#ST: points` begins a subtask, or by
//! `score_type` in `task.yaml`, or the same for each.

use super::super::report::Findings;
use super::super::tree::Tree;
use super::super::yaml::{Node, Pair, Value};
use super::{FILE, find};
use crate::problem::groups::{Group, Member, Scoring, Worth, points_of};

const GEN: &str = "gen/GEN";
/// Most test cases.
const MAX_CASES: usize = 10_000;
/// All points, where nothing says how many.
const TOTAL: f64 = 100.0;

/// The test cases of a task, and what they are worth.
pub(super) struct Subtasks {
    pub cases: usize,
    pub groups: Group,
    pub scoring: Scoring,
}

/// A subtask: its points, and how many test cases it has.
type Subtask = (f64, usize);

pub(super) fn read(tree: &Tree, pairs: &[Pair], findings: &mut Findings) -> Subtasks {
    let number = find(pairs, "n_input");
    let wanted = number.and_then(|pair| pair.value.text()?.parse::<usize>().ok());
    let wanted = wanted.filter(|&wanted| wanted <= MAX_CASES);
    if let Some(pair) = number.filter(|_| wanted.is_none()) {
        let message = format!("n_input must be a number up to {MAX_CASES}");
        findings.error(FILE, Some(pair.line), message);
    }
    let own = match find(pairs, "score_type") {
        Some(pair) => score_type(pair, find(pairs, "score_type_parameters"), findings),
        None => None,
    };
    let listed = match own {
        Some(_) => None,
        None => tree.text(GEN).map(|text| listed(&text, findings)),
    };
    let given = |number: usize| {
        let path = format!("input/input{number}.txt");
        tree.file(&path).is_some()
    };
    let (subtasks, cases) = match (own, listed) {
        (Some(Own::Groups(subtasks)), _) => {
            let cases = subtasks.iter().map(|subtask| subtask.1).sum();
            (subtasks, cases)
        }
        (None, Some(listed)) => (listed.subtasks, listed.cases),
        (own, _) => {
            let cases = wanted.unwrap_or_else(|| (0..).take_while(|&n| given(n)).count());
            let each = match own {
                Some(Own::Each(points)) => points,
                _ => total(pairs, findings) / cases.max(1) as f64,
            };
            return same_for_each(cases, each);
        }
    };
    if let (Some(pair), Some(wanted)) = (number, wanted)
        && wanted != cases
    {
        let message = format!("n_input is {wanted}, but the subtasks have {cases} test cases");
        findings.error(FILE, Some(pair.line), message);
    }
    if subtasks.is_empty() {
        return same_for_each(cases, total(pairs, findings) / cases.max(1) as f64);
    }
    let mut first = 0;
    let members = subtasks
        .iter()
        .enumerate()
        .map(|(number, &(points, count))| {
            let cases: Vec<usize> = (first..first + count).collect();
            first += count;
            let name = format!("subtask{number}");
            Member::Group(Group::of_the_worst(name, &cases, fixed(points)))
        });
    Subtasks {
        cases,
        groups: Group::adding_up(String::new(), members.collect()),
        scoring: Scoring::PLAIN,
    }
}

fn total(pairs: &[Pair], findings: &mut Findings) -> f64 {
    let Some(pair) = find(pairs, "total_value") else {
        return TOTAL;
    };
    points(&pair.value).unwrap_or_else(|| {
        findings.error(
            FILE,
            Some(pair.line),
            "total_value must be a number from 0 on",
        );
        TOTAL
    })
}

fn same_for_each(cases: usize, points: f64) -> Subtasks {
    let members = (0..cases).map(|index| Member::Case(index, fixed(points)));
    Subtasks {
        cases,
        groups: Group::adding_up(String::new(), members.collect()),
        scoring: Scoring::PLAIN,
    }
}

fn fixed(accepted: f64) -> Worth {
    let rejected = 0.0;
    Worth::Fixed { accepted, rejected }
}

fn points(node: &Node) -> Option<f64> {
    node.text().and_then(points_of)
}

/// What `task.yaml` itself says of points.
enum Own {
    /// So many for each test case.
    Each(f64),
    Groups(Vec<Subtask>),
}

fn score_type(kind: &Pair, parameters: Option<&Pair>, findings: &mut Findings) -> Option<Own> {
    let read = parameters.and_then(|parameters| match (kind.value.text()?, &parameters.value) {
        ("Sum", each) => points(each).map(Own::Each),
        (
            "GroupMin",
            Node {
                value: Value::List(groups),
                ..
            },
        ) => {
            let subtasks = groups.iter().map(|group| match &group.value {
                // A third one would be its name.
                Value::List(parts) => match &parts[..] {
                    [worth, count, ..] => Some((points(worth)?, count.text()?.parse().ok()?)),
                    _ => None,
                },
                _ => None,
            });
            let subtasks: Vec<Subtask> = subtasks.collect::<Option<_>>()?;
            let cases = subtasks
                .iter()
                .fold(0_usize, |sum, subtask| sum.saturating_add(subtask.1));
            (cases <= MAX_CASES).then_some(Own::Groups(subtasks))
        }
        _ => None,
    });
    if read.is_none() {
        let message = format!(
            "only score_type Sum with points as score_type_parameters, and GroupMin with a list of [points, number \
             of test cases], up to {MAX_CASES} of them, are supported"
        );
        findings.error(FILE, Some(kind.line), message);
    }
    read
}

/// What `gen/GEN` lists.
struct Listed {
    subtasks: Vec<Subtask>,
    cases: usize,
}

fn listed(text: &str, findings: &mut Findings) -> Listed {
    let mut listed = Listed {
        subtasks: Vec::new(),
        cases: 0,
    };
    for (line, number) in text.lines().zip(1..) {
        let (test, comment) = line.split_once('#').unwrap_or((line, ""));
        let (test, comment) = (test.trim(), comment.trim());
        let mut error = |message: &str| findings.error(GEN, Some(number), message);
        let subtask = comment.strip_prefix("ST:");
        let is_case = !test.is_empty() || comment.starts_with("COPY:");
        match subtask {
            Some(_) if is_case => error("a subtask must begin in a line of its own"),
            Some(points) => match points_of(points.trim()) {
                Some(_) if listed.subtasks.is_empty() && listed.cases > 0 => {
                    error("there are test cases before the first subtask: move them into one");
                }
                Some(points) => listed.subtasks.push((points, 0)),
                None => error("the points of a subtask must be a number from 0 on"),
            },
            None if is_case => {
                listed.cases += 1;
                if let Some((_, count)) = listed.subtasks.last_mut() {
                    *count += 1;
                }
            }
            None => {}
        }
    }
    listed
}
