//! What the jury expects of its submissions: by directory, by tags in their sources, or by rules in
//! `submissions.yaml`.

use serde::Serialize;

use super::glob;
use crate::problem::groups::Range;

/// What a run may come to in the jury's eyes, coarser than a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Expected {
    /// The right output within all limits.
    #[serde(rename = "AC")]
    Accepted,
    /// Accepted, and not with the full score.
    #[serde(rename = "PAC")]
    Partial,
    /// Wrong, too little or too much output.
    #[serde(rename = "WA")]
    WrongAnswer,
    /// Too slow.
    #[serde(rename = "TLE")]
    TimeLimit,
    /// A crash, a wrong exit code or too much memory.
    #[serde(rename = "RTE")]
    RuntimeError,
    /// Too much output, for those who tell it from a wrong answer.
    #[serde(rename = "OLE")]
    OutputLimit,
    /// Cannot be compiled.
    #[serde(rename = "CE")]
    CompileError,
}

use Expected::{
    Accepted, CompileError, OutputLimit, Partial, RuntimeError, TimeLimit, WrongAnswer,
};

/// What a program that was compiled may come to.
pub(super) const ALL: [Expected; 5] = [Accepted, WrongAnswer, TimeLimit, RuntimeError, OutputLimit];

/// What one rule asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// What it is about: a group, or a pattern for names of cases; empty for the whole submission.
    pub scope: String,
    /// Whose verdicts it means.
    pub of: Of,
    /// Every verdict must be one of these.
    pub permitted: Vec<Expected>,
    /// At least one verdict must be one of these; empty where the rule asks for nothing.
    pub required: Vec<Expected>,
    /// The score of the submission or of the group.
    pub score: Option<ExpectedScore>,
    /// At least one case has a message of the validator with this text in it.
    pub message: Option<String>,
}

/// Whose verdicts a rule means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// Those of the cases that were run.
    Cases,
    /// The one of the submission or of the group.
    Whole,
}

/// What score is expected.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ExpectedScore {
    /// The best one, where that is known.
    Full,
    /// Any but the best one.
    NotFull,
    /// One of these.
    Within(Range),
}

/// How a submission takes part in finding the time limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimingRole {
    /// Not at all.
    None,
    /// The limit must leave it time enough.
    MustPass,
    /// The limit must be too short for it.
    MustFail,
}

/// Everything that is expected of a submission.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// All of them must hold; none means that anything is right.
    pub rules: Vec<Rule>,
    /// Its part in finding the time limit.
    pub timing: Vec<Timing>,
}

/// A part in finding the time limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    /// The cases that count, as in a rule.
    pub scope: String,
    /// What the limit must be for them.
    pub role: TimingRole,
}

impl Timing {
    /// What a rule says of it; nothing where that is nothing.
    pub(super) fn of(scope: &str, role: TimingRole) -> Option<Timing> {
        let scope = scope.to_owned();
        (role != TimingRole::None).then_some(Timing { scope, role })
    }
}

impl Expectation {
    /// What is left of it where only some cases are run: nobody need fail there, or come to the score of all.
    pub fn of_some_cases(&mut self) {
        for rule in &mut self.rules {
            rule.required.clear();
            rule.score = None;
            rule.message = None;
        }
    }

    /// Nothing is expected.
    pub(super) fn anything() -> Self {
        Expectation {
            rules: Vec::new(),
            timing: Vec::new(),
        }
    }

    pub(super) fn of_rule(rule: Rule) -> Self {
        Expectation {
            timing: Timing::of(&rule.scope, rule.timing()).into_iter().collect(),
            rules: vec![rule],
        }
    }

    /// Whether the time limit must leave it time enough, on some cases at least.
    pub fn must_pass(&self) -> bool {
        self.timing.iter().any(|t| t.role == TimingRole::MustPass)
    }

    /// Whether the time limit must be too short for it.
    pub fn must_fail(&self) -> bool {
        self.timing.iter().any(|t| t.role == TimingRole::MustFail)
    }

    /// Whether the time limit must leave it time enough on the case of this name.
    pub fn must_pass_on(&self, case: &str) -> bool {
        let is_in = |scope: &str| scope.is_empty() || glob::matches(scope, case) == Some(true);
        let mut timing = self.timing.iter();
        timing.any(|t| t.role == TimingRole::MustPass && is_in(&t.scope))
    }

    /// Whether rules are about cases that need not be run for the verdict.
    pub fn asks_for_cases(&self) -> bool {
        let asks = |rule: &Rule| !rule.scope.is_empty() && rule.of == Of::Cases;
        self.rules.iter().any(asks)
    }

    /// What the submission should come to, for people: what the rules require, or else permit.
    pub fn summary(&self) -> Vec<Expected> {
        let of_rule = |rule: &Rule| match (rule.score, rule.required.is_empty()) {
            (Some(ExpectedScore::NotFull), _) => vec![Partial],
            (_, true) => rule.permitted.clone(),
            (_, false) => rule.required.clone(),
        };
        let of_the_whole = self.rules.iter().filter(|rule| rule.scope.is_empty());
        let mut all: Vec<Expected> = of_the_whole.flat_map(of_rule).collect();
        all.sort();
        all.dedup();
        all
    }
}

impl Rule {
    pub(super) fn new(permitted: &[Expected], required: &[Expected]) -> Self {
        Rule {
            scope: String::new(),
            of: Of::Cases,
            permitted: permitted.to_vec(),
            required: required.to_vec(),
            score: None,
            message: None,
        }
    }

    /// A rule for nothing but the score.
    pub(super) fn of_score(score: ExpectedScore) -> Self {
        Rule {
            score: Some(score),
            ..Rule::new(&ALL, &[])
        }
    }

    /// A rule for the verdict of a group.
    pub(super) fn of_group(group: &str, verdict: Expected) -> Self {
        Rule {
            scope: group.to_owned(),
            of: Of::Whole,
            ..Rule::new(&[verdict], &[])
        }
    }

    /// Why two rules cannot both hold, where they cannot.
    pub(super) fn contradicts(&self, other: &Rule) -> Option<&'static str> {
        let is_same = self.scope == other.scope;
        let is_within = |inner: &Rule, outer: &Rule| {
            outer.scope.is_empty() || inner.scope.starts_with(&format!("{}/", outer.scope))
        };
        let overlap = is_same || is_within(self, other) || is_within(other, self);
        let disjoint = |a: &[Expected], b: &[Expected]| !a.iter().any(|e| b.contains(e));
        if overlap && self.of == other.of && disjoint(&self.permitted, &other.permitted) {
            return Some("they permit nothing in common");
        }
        let asks_too_much =
            |a: &Rule, b: &Rule| !a.required.is_empty() && disjoint(&a.required, &b.permitted);
        if is_same && (asks_too_much(self, other) || asks_too_much(other, self)) {
            return Some("one requires what the other does not permit");
        }
        match (self.score, other.score) {
            (Some(ExpectedScore::Within(a)), Some(ExpectedScore::Within(b)))
                if is_same && (a.max < b.min || b.max < a.min) =>
            {
                Some("no score is right for both")
            }
            _ => None,
        }
    }

    /// The final verdict must be one of these; where it is a failure, the cases before it are right.
    fn final_verdict(verdicts: &[Expected]) -> Self {
        let mut permitted = verdicts.to_vec();
        permitted.push(Accepted);
        permitted.sort();
        permitted.dedup();
        let is_success_fine = verdicts.contains(&Accepted);
        let required = match is_success_fine {
            true => &[],
            false => verdicts,
        };
        Rule {
            of: Of::Whole,
            ..Rule::new(&permitted, required)
        }
    }

    pub(super) fn timing(&self) -> TimingRole {
        if self.required == [TimeLimit] {
            TimingRole::MustFail
        } else if !self
            .permitted
            .iter()
            .any(|e| matches!(e, TimeLimit | CompileError))
        {
            TimingRole::MustPass
        } else {
            TimingRole::None
        }
    }
}

/// The directories of all formats; what stands in them means the same in each.
pub(super) const OFFICIAL: [&str; 4] = [
    "accepted",
    "wrong_answer",
    "time_limit_exceeded",
    "run_time_error",
];

/// What it depends on what a directory means.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context {
    /// The legacy formats speak of the verdict of a submission, the later one of those of its cases.
    pub of: Of,
    /// Submissions get points.
    pub is_scoring: bool,
}

/// What a directory below `submissions` says by its name; `None` where it says nothing.
pub(super) fn of_directory(name: &str, context: Context) -> Option<Expectation> {
    let failing = |verdict| Rule::new(&[Accepted, verdict], &[verdict]);
    let score = match name {
        "accepted" if context.is_scoring && context.of == Of::Whole => Some(ExpectedScore::Full),
        "partially_accepted" => Some(ExpectedScore::NotFull),
        _ => None,
    };
    let rule = match name {
        "accepted" | "ac" => Rule::new(&[Accepted], &[]),
        "partially_accepted" if context.of == Of::Whole => Rule::new(&[Accepted], &[]),
        "partially_accepted" => Rule::new(&ALL, &[]),
        "wrong_answer" | "wa" | "no_output" => failing(WrongAnswer),
        "time_limit_exceeded" | "tle" => failing(TimeLimit),
        "run_time_error" | "runtime_error" | "run_time_exception" | "rte" => failing(RuntimeError),
        "rejected" => Rule::new(
            &[Accepted, WrongAnswer, TimeLimit, RuntimeError, OutputLimit],
            &[WrongAnswer, TimeLimit, RuntimeError, OutputLimit],
        ),
        "brute_force" => Rule::new(
            &[Accepted, TimeLimit, RuntimeError],
            &[TimeLimit, RuntimeError],
        ),
        "output_limit" => failing(OutputLimit),
        "compiler_error" => Rule::new(&[CompileError], &[CompileError]),
        // Right, but slower than the limit has to allow.
        "slow_accepted" => Rule::new(&[Accepted, TimeLimit], &[]),
        _ => return None,
    };
    let of = context.of;
    let mut expectation = Expectation::of_rule(Rule { of, score, ..rule });
    // In the legacy formats, only two directories are there to find the limit.
    let is_for_other_things = match name {
        "wrong_answer" | "run_time_error" => context.of == Of::Whole,
        name => !OFFICIAL.contains(&name),
    };
    if is_for_other_things {
        expectation.timing.clear();
    }
    Some(expectation)
}

const TAG: &str = "@EXPECTED_RESULTS@:";
const SCORE_TAG: &str = "@EXPECTED_SCORE@:";
/// What olympiads in Sweden have in their packages: the verdict of each group of secret.
const GRADES_TAG: &str = "@EXPECTED_GRADES@";

/// What follows a tag in its line.
fn tagged(source: &[u8], tag: &str) -> Option<String> {
    let start = source
        .windows(tag.len())
        .position(|window| window == tag.as_bytes())?;
    let rest = &source[start + tag.len()..];
    let line = rest.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    // What follows the words ends a comment of the language: */, -->.
    let line = line.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
    Some(line.trim().to_owned())
}

/// What DOMjudge's tag says of the score; the inner error is a text that is no number.
pub(super) fn of_score_tag(source: &[u8]) -> Option<Result<Rule, String>> {
    let text = tagged(source, SCORE_TAG)?;
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    let within = |number| {
        let (min, max) = (number, number);
        Rule::of_score(ExpectedScore::Within(Range { min, max }))
    };
    Some(number.map(within).ok_or(text))
}

/// What a tag says of the verdicts of groups, in order.
pub(super) fn of_grades_tag(source: &[u8]) -> Option<Vec<Expected>> {
    let text = tagged(source, GRADES_TAG)?;
    let text = text.trim_start_matches(':');
    text.split_whitespace().map(of_code).collect()
}

/// What DOMjudge's tag in a source says, with the words that are not understood.
pub(super) fn of_tag(source: &[u8]) -> Option<(Expectation, Vec<String>)> {
    let line = tagged(source, TAG)?;
    let (mut expected, mut unknown) = (Vec::new(), Vec::new());
    for word in line
        .split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty())
    {
        match of_domjudge(word) {
            Some(verdict) => expected.push(verdict),
            None => unknown.push(word.to_owned()),
        }
    }
    if expected.is_empty() {
        return Some((Expectation::anything(), unknown));
    }
    let rule = match expected.as_slice() {
        [CompileError] => Rule::new(&[CompileError], &[CompileError]),
        verdicts => Rule::final_verdict(verdicts),
    };
    let mut expectation = Expectation::of_rule(rule);
    expectation.timing.clear();
    Some((expectation, unknown))
}

fn of_domjudge(word: &str) -> Option<Expected> {
    Some(match word.to_ascii_uppercase().replace('_', "-").as_str() {
        "CORRECT" | "ACCEPTED" => Accepted,
        "WRONG-ANSWER" | "NO-OUTPUT" => WrongAnswer,
        "TIMELIMIT" | "TIME-LIMIT-EXCEEDED" => TimeLimit,
        "RUN-ERROR" | "RUN-TIME-ERROR" | "MEMORY-LIMIT" => RuntimeError,
        "OUTPUT-LIMIT" => OutputLimit,
        "COMPILER-ERROR" => CompileError,
        _ => return None,
    })
}

/// A verdict as `submissions.yaml` writes it.
pub(super) fn of_code(code: &str) -> Option<Expected> {
    Some(match code {
        "AC" => Accepted,
        "WA" => WrongAnswer,
        "TLE" => TimeLimit,
        "RTE" => RuntimeError,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
