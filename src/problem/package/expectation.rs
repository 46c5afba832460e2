//! What the jury expects of its submissions: by directory, by tags in their sources, or by rules in
//! `submissions.yaml`.

use serde::Serialize;

/// What a run may come to in the jury's eyes, coarser than a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Expected {
    /// The right output within all limits.
    #[serde(rename = "AC")]
    Accepted,
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

use Expected::{Accepted, CompileError, OutputLimit, RuntimeError, TimeLimit, WrongAnswer};

/// What one rule says of the cases that were run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Every case must come to one of these.
    pub permitted: Vec<Expected>,
    /// At least one case must come to one of these; empty where the rule asks for nothing.
    pub required: Vec<Expected>,
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// All of them must hold; none means that anything is right.
    pub rules: Vec<Rule>,
    /// Its part in finding the time limit.
    pub timing: TimingRole,
}

impl Expectation {
    /// Nothing is expected.
    pub(super) fn anything() -> Self {
        Expectation {
            rules: Vec::new(),
            timing: TimingRole::None,
        }
    }

    pub(super) fn of_rule(rule: Rule) -> Self {
        Expectation {
            timing: rule.timing(),
            rules: vec![rule],
        }
    }

    /// What the submission should come to, for people: what the rules require, or else permit.
    pub fn summary(&self) -> Vec<Expected> {
        let of_rule = |rule: &Rule| match rule.required.is_empty() {
            true => rule.permitted.clone(),
            false => rule.required.clone(),
        };
        let mut all: Vec<Expected> = self.rules.iter().flat_map(of_rule).collect();
        all.sort();
        all.dedup();
        all
    }
}

impl Rule {
    pub(super) fn new(permitted: &[Expected], required: &[Expected]) -> Self {
        Rule {
            permitted: permitted.to_vec(),
            required: required.to_vec(),
        }
    }

    /// The final verdict must be one of these; where it is a failure, the cases before it are right.
    fn final_verdict(verdicts: &[Expected]) -> Self {
        let mut permitted = verdicts.to_vec();
        permitted.push(Accepted);
        permitted.sort();
        permitted.dedup();
        let is_success_fine = verdicts.contains(&Accepted);
        Rule {
            permitted,
            required: if is_success_fine {
                Vec::new()
            } else {
                verdicts.to_vec()
            },
        }
    }

    pub(super) fn timing(&self) -> TimingRole {
        if self.required == [TimeLimit] {
            TimingRole::MustFail
        } else if !self.permitted.contains(&TimeLimit) && self.permitted.contains(&Accepted) {
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

/// What a directory below `submissions` says by its name; `None` where it says nothing.
pub(super) fn of_directory(name: &str) -> Option<Expectation> {
    let failing = |verdict| Rule::new(&[Accepted, verdict], &[verdict]);
    let rule = match name {
        "accepted" | "ac" => Rule::new(&[Accepted], &[]),
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
    let mut expectation = Expectation::of_rule(rule);
    // Only these two directories are there to find the limit.
    if !OFFICIAL.contains(&name) || matches!(name, "wrong_answer" | "run_time_error") {
        expectation.timing = TimingRole::None;
    }
    Some(expectation)
}

const TAG: &str = "@EXPECTED_RESULTS@:";

/// What DOMjudge's tag in a source says, with the words that are not understood.
pub(super) fn of_tag(source: &[u8]) -> Option<(Expectation, Vec<String>)> {
    let start = source
        .windows(TAG.len())
        .position(|window| window == TAG.as_bytes())?;
    let rest = &source[start + TAG.len()..];
    let line = rest.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    // What follows the words ends a comment of the language: */, -->.
    let line = line.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
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
    expectation.timing = TimingRole::None;
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
mod tests {
    use super::*;

    #[test]
    fn directories_say_what_is_expected() {
        let timing = |name| of_directory(name).unwrap().timing;
        assert_eq!(timing("accepted"), TimingRole::MustPass);
        assert_eq!(timing("time_limit_exceeded"), TimingRole::MustFail);
        assert_eq!(timing("wrong_answer"), TimingRole::None);
        assert_eq!(timing("slow_accepted"), TimingRole::None);
        let wrong = of_directory("wrong_answer").unwrap();
        assert_eq!(
            wrong.rules,
            [Rule::new(&[Accepted, WrongAnswer], &[WrongAnswer])]
        );
        assert_eq!(wrong.summary(), [WrongAnswer]);
        assert_eq!(of_directory("accepted").unwrap().summary(), [Accepted]);
        assert_eq!(of_directory("mixed"), None);
    }

    #[test]
    fn a_tag_in_a_comment_says_what_is_expected() {
        for (source, expected) in [
            ("// @EXPECTED_RESULTS@: CORRECT\nint x;", &[Accepted][..]),
            (
                "\u{0}/* @EXPECTED_RESULTS@: WRONG-ANSWER */",
                &[WrongAnswer],
            ),
            (
                "# @EXPECTED_RESULTS@:   RUN_TIME_ERROR , ACCEPTED   \r\n",
                &[Accepted, RuntimeError],
            ),
            (
                "(* @EXPECTED_RESULTS@: TIMELIMIT,NO-OUTPUT *)",
                &[WrongAnswer, TimeLimit],
            ),
            ("@EXPECTED_RESULTS@: COMPILER-ERROR", &[CompileError]),
            ("@EXPECTED_RESULTS@: CHECK-MANUALLY", &[]),
        ] {
            let (expectation, _) = of_tag(source.as_bytes()).unwrap();
            assert_eq!(expectation.summary(), expected, "{source}");
        }
        let (_, unknown) = of_tag(b"@EXPECTED_RESULTS@: FINE").unwrap();
        assert_eq!(unknown, ["FINE"]);
        assert_eq!(of_tag(b"@EXPECTED@"), None);
    }

    #[test]
    fn a_tag_with_success_among_its_words_requires_nothing() {
        let (either, _) = of_tag(b"@EXPECTED_RESULTS@: CORRECT,WRONG-ANSWER").unwrap();
        assert_eq!(either.rules, [Rule::new(&[Accepted, WrongAnswer], &[])]);
        let (failing, _) = of_tag(b"@EXPECTED_RESULTS@: WRONG-ANSWER").unwrap();
        assert_eq!(failing.rules[0].required, [WrongAnswer]);
    }
}
