//! Test cases and their points: by `gen/GEN`, where a line is a test case and `#ST: points` begins a subtask, or by
//! `score_type` in `task.yaml`, or the same for each.

use super::super::report::Findings;
use super::super::tree::Tree;
use super::super::yaml::Pair;
use super::score_type::{self, Cases, Refusal, ScoreType, Subtask};
use super::{FILE, case_name, find, points};
use crate::problem::groups::{Group, Member, ScoreRule, Scoring, Worth, points_of};

const GEN: &str = "gen/GEN";
/// Most test cases.
const MAX_CASES: usize = 10_000;
/// Most test cases of all subtasks together, where one may be in several.
const MAX_MEMBERS: usize = 50_000;
/// All points, where nothing says how many.
const TOTAL: f64 = 100.0;

/// The test cases of a task, and what they are worth.
pub(super) struct Subtasks {
    pub cases: usize,
    pub groups: Group,
    pub scoring: Scoring,
}

pub(super) fn read(tree: &Tree, pairs: &[Pair], findings: &mut Findings) -> Subtasks {
    let number = find(pairs, "n_input");
    let wanted = number.and_then(|pair| pair.value.text()?.parse::<usize>().ok());
    let wanted = wanted.filter(|&wanted| wanted <= MAX_CASES);
    if let Some(pair) = number.filter(|_| wanted.is_none()) {
        let message = format!("n_input must be a number up to {MAX_CASES}");
        findings.error(FILE, Some(pair.line), message);
    }
    let own = find(pairs, "score_type").and_then(|kind| {
        let read = score_type::read(kind, find(pairs, "score_type_parameters"));
        read.map_err(|refusal| refuse(refusal, findings)).ok()
    });
    let listed = match own {
        Some(_) => None,
        None => tree.text(GEN).map(|text| listed(&text, findings)),
    };
    let given = |number: usize| {
        let path = format!("input/input{number}.txt");
        tree.file(&path).is_some()
    };
    let given = || (0..MAX_CASES).take_while(|&number| given(number)).count();
    let (subtasks, cases) = match (own, listed) {
        (Some(ScoreType::Groups(subtasks)), _) => {
            let cases = count(&subtasks).unwrap_or_else(|| wanted.unwrap_or_else(given));
            (subtasks, cases)
        }
        (None, Some(listed)) => (listed.subtasks, listed.cases),
        (own, _) => {
            let cases = wanted.unwrap_or_else(given);
            let each = match own {
                Some(ScoreType::Each(points)) => points,
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
    let groups = grouped(&subtasks, cases.min(MAX_CASES), findings);
    Subtasks {
        cases,
        groups,
        scoring: Scoring::PLAIN,
    }
}

fn refuse((line, message): Refusal, findings: &mut Findings) {
    findings.error(FILE, Some(line), message);
}

/// How many test cases subtasks have, where they have numbers of them.
fn count(subtasks: &[Subtask]) -> Option<usize> {
    let count = |subtask: &Subtask| match subtask.cases {
        Cases::Next(count) => Some(count),
        Cases::Matching(_) | Cases::Named(_) => None,
    };
    let mut counts = subtasks.iter().map(count);
    counts.try_fold(0_usize, |sum, count| Some(sum.saturating_add(count?)))
}

/// The tree of subtasks. A test case may be in several, or in none.
fn grouped(subtasks: &[Subtask], cases: usize, findings: &mut Findings) -> Group {
    let names: Vec<String> = (0..cases).map(case_name).collect();
    let mut is_in_one = vec![false; cases];
    let mut members = Vec::new();
    let (mut first, mut all) = (0, 0);
    for (number, subtask) in subtasks.iter().enumerate() {
        let places = match subtask.places(&names, &mut first) {
            Ok(places) => places,
            Err(refusal) => {
                refuse(refusal, findings);
                continue;
            }
        };
        all += places.len();
        if all > MAX_MEMBERS {
            let message = format!(
                "subtasks may have {MAX_MEMBERS} test cases, each counted as often as it is in one"
            );
            refuse((subtask.line, message), findings);
            break;
        }
        places.iter().for_each(|&place| is_in_one[place] = true);
        let name = format!("subtask{number}");
        members.push(Member::Group(match (subtask.rule, &subtask.cases) {
            (ScoreRule::Min, Cases::Next(_)) => {
                Group::of_the_worst(name, &places, fixed(subtask.points))
            }
            (rule, _) => Group::of_parts(name, &places, rule, subtask.points),
        }));
    }
    for (place, name) in names
        .iter()
        .enumerate()
        .filter(|(place, _)| !is_in_one[*place])
    {
        let message = format!("test case {name} is in no subtask, and gives no points");
        findings.warning(FILE, None, message);
        members.push(Member::Case(place, Worth::Ignored));
    }
    Group::adding_up(String::new(), members)
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
                Some(points) => listed.subtasks.push(Subtask {
                    points,
                    cases: Cases::Next(0),
                    rule: ScoreRule::Min,
                    line: number,
                }),
                None => error("the points of a subtask must be a number from 0 on"),
            },
            None if is_case => {
                listed.cases += 1;
                if let Some(Subtask {
                    cases: Cases::Next(count),
                    ..
                }) = listed.subtasks.last_mut()
                {
                    *count += 1;
                }
            }
            None => {}
        }
    }
    listed
}
