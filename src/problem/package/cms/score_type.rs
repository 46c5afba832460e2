//! `score_type` and `score_type_parameters` of `task.yaml`: which test cases make a subtask, and how it comes to its
//! points by what each of them is worth, from 0 to 1.

use regex::RegexBuilder;

use super::super::yaml::{Node, Pair, Value};
use super::points;
use crate::problem::groups::ScoreRule;

/// Most subtasks.
const MAX_SUBTASKS: usize = 1000;
/// Largest compiled pattern, in bytes.
const MAX_PATTERN_BYTES: usize = 1 << 20;

/// What is wrong, and in which line.
pub(super) type Refusal = (usize, String);

/// How a task gives points.
pub(super) enum ScoreType {
    /// So many for each test case.
    Each(f64),
    Groups(Vec<Subtask>),
}

/// A subtask.
pub(super) struct Subtask {
    pub points: f64,
    pub cases: Cases,
    /// How its test cases come to the part of its points.
    pub rule: ScoreRule,
    pub line: usize,
}

/// The test cases of a subtask.
pub(super) enum Cases {
    /// So many, after those of the subtasks before it.
    Next(usize),
    /// Those whose names begin with a match of this pattern.
    Matching(String),
    /// Those of these names.
    Named(Vec<String>),
}

/// Reads both keys.
pub(super) fn read(kind: &Pair, parameters: Option<&Pair>) -> Result<ScoreType, Refusal> {
    let refuse = |message: &str| (kind.line, message.to_owned());
    let Some(parameters) = parameters else {
        return Err(refuse("score_type needs score_type_parameters"));
    };
    let rule: fn(Option<f64>) -> Option<ScoreRule> = match kind.value.text() {
        Some("Sum") => {
            let message = "score_type_parameters of Sum must be the points of a test case, a number from 0 on";
            let each = points(&parameters.value).map(ScoreType::Each);
            return each.ok_or_else(|| refuse(message));
        }
        Some("GroupMin") => |_| Some(ScoreRule::Min),
        Some("GroupMul") => |_| Some(ScoreRule::Product),
        Some("GroupThreshold") => |limit| {
            let limit = limit.filter(|limit| *limit <= 1.0)?;
            Some(ScoreRule::Threshold { limit, score: 1.0 })
        },
        _ => {
            let message = "score_type must be Sum, GroupMin, GroupMul or GroupThreshold";
            return Err(refuse(message));
        }
    };
    let Value::List(groups) = &parameters.value.value else {
        return Err(refuse(
            "score_type_parameters must be a list of subtasks, such as [[40, 3], [60, 5]]",
        ));
    };
    if groups.len() > MAX_SUBTASKS {
        return Err(refuse(&format!(
            "there are more than {MAX_SUBTASKS} subtasks"
        )));
    }
    let subtasks = groups.iter().map(|group| subtask(group, rule));
    let subtasks: Vec<Subtask> = subtasks.collect::<Result<_, _>>()?;
    let kinds = |subtask: &Subtask| std::mem::discriminant(&subtask.cases);
    match subtasks.windows(2).find(|two| kinds(&two[0]) != kinds(&two[1])) {
        Some(two) => Err((
            two[1].line,
            "test cases must be given in the same way for all subtasks: by number, pattern or names"
                .to_owned(),
        )),
        None => Ok(ScoreType::Groups(subtasks)),
    }
}

/// `[points, cases, threshold]`, or the same as a map.
fn subtask(group: &Node, rule: fn(Option<f64>) -> Option<ScoreRule>) -> Result<Subtask, Refusal> {
    let refuse = |message: &str| (group.line, message.to_owned());
    let place = |number: usize, key: &str| match &group.value {
        Value::List(parts) => parts.get(number),
        Value::Map(pairs) => pairs
            .iter()
            .find(|pair| pair.key == key)
            .map(|pair| &pair.value),
        Value::Null | Value::Text(_) => None,
    };
    let worth = place(0, "max_score").and_then(points);
    let worth =
        worth.ok_or_else(|| refuse("a subtask must begin with its points, a number from 0 on"))?;
    let cases = match place(1, "testcases").map(|cases| &cases.value) {
        // A name such as 001 is a pattern.
        Some(Value::Text(text)) => Some(match text.parse::<usize>() {
            Ok(count) if count.to_string() == *text => Cases::Next(count),
            _ => Cases::Matching(text.clone()),
        }),
        Some(Value::List(names)) => {
            let names = names.iter().map(|name| name.text().map(str::to_owned));
            names.collect::<Option<_>>().map(Cases::Named)
        }
        _ => None,
    };
    let cases = cases.ok_or_else(|| {
        refuse("after its points a subtask must have a number of test cases, a pattern for their names, or a list of these")
    })?;
    let limit = place(2, "threshold").and_then(points);
    let rule = rule(limit).ok_or_else(|| {
        refuse("a subtask of GroupThreshold must end with its threshold, a number from 0 to 1: checkers give no more")
    })?;
    Ok(Subtask {
        points: worth,
        cases,
        rule,
        line: group.line,
    })
}

impl Subtask {
    /// The places of its test cases among those of these names; those before `first` are of earlier subtasks.
    pub(super) fn places(
        &self,
        names: &[String],
        first: &mut usize,
    ) -> Result<Vec<usize>, Refusal> {
        let refuse = |message: String| (self.line, message);
        match &self.cases {
            Cases::Next(count) => {
                let places = *first..first.saturating_add(*count).min(names.len());
                *first = places.end;
                Ok(places.collect())
            }
            Cases::Matching(pattern) => {
                let mut builder = RegexBuilder::new(pattern);
                let regex = builder.size_limit(MAX_PATTERN_BYTES).build();
                let regex = regex.map_err(|error| {
                    refuse(format!(
                        "{pattern} is no pattern that is understood here: {error}"
                    ))
                })?;
                // The first match of all is at the beginning, where there is one.
                let is_it = |name: &String| {
                    let found = regex.find(name);
                    found.is_some_and(|found| found.start() == 0)
                };
                let places = (0..names.len()).filter(|&place| is_it(&names[place]));
                let places: Vec<usize> = places.collect();
                match places.is_empty() {
                    true => Err(refuse(format!(
                        "no test case is named by the pattern {pattern}"
                    ))),
                    false => Ok(places),
                }
            }
            Cases::Named(wanted) => {
                let place = |wanted: &String| {
                    let place = names.iter().position(|name| name == wanted);
                    place.ok_or_else(|| {
                        refuse(format!(
                            "there is no test case {wanted}: they are named 000, 001 and so on, which YAML \
                             wants in quotes"
                        ))
                    })
                };
                wanted.iter().map(place).collect()
            }
        }
    }
}
