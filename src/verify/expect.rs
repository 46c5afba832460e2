//! Whether what came of a submission is what the jury expects.

use crate::judge::verdict::{CaseResult, GroupResult, Verdict, code};
use crate::problem::groups::Range;
use crate::problem::package::{Expectation, Expected, ExpectedScore, Of, Rule, path_matches};
use crate::sandbox::Limit;

/// What came of a submission, as far as rules may ask.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'a> {
    pub verdict: Verdict,
    pub score: Option<f64>,
    /// The best score that there is, where that is known.
    pub full_score: Option<f64>,
    pub groups: &'a [GroupResult],
    /// The cases that were run.
    pub cases: &'a [CaseResult],
}

/// What a verdict is in the jury's coarser eyes. Too much output is also wrong output, and with what writes
/// without end it comes before the end of the time, for which other judges wait.
fn seen_as(verdict: Verdict) -> &'static [Expected] {
    match verdict {
        Verdict::Accepted | Verdict::Completed => &[Expected::Accepted],
        Verdict::WrongAnswer => &[Expected::WrongAnswer],
        Verdict::TimeLimit | Verdict::WallTimeLimit | Verdict::IdleLimit => &[Expected::TimeLimit],
        Verdict::MemoryLimit | Verdict::RuntimeError => &[Expected::RuntimeError],
        Verdict::OutputLimit => &[
            Expected::OutputLimit,
            Expected::WrongAnswer,
            Expected::TimeLimit,
        ],
        Verdict::CompileError => &[Expected::CompileError],
        // What was not run is anything but accepted.
        Verdict::Skipped => &[
            Expected::WrongAnswer,
            Expected::TimeLimit,
            Expected::RuntimeError,
        ],
    }
}

/// Whether with more time than the limit the run came to that of its memory.
fn too_slow_to_fill_memory(case: &CaseResult) -> bool {
    let limit = case.facts.as_ref().and_then(|facts| facts.limit);
    case.verdict == Verdict::TimeLimit && limit == Some(Limit::Memory)
}

/// The first rule that does not hold, in words.
pub(super) fn broken(expectation: &Expectation, seen: &Seen<'_>) -> Option<String> {
    expectation.rules.iter().find_map(|rule| breach(rule, seen))
}

/// What of a rule does not hold.
fn breach(rule: &Rule, seen: &Seen<'_>) -> Option<String> {
    let place = match rule.scope.as_str() {
        "" => String::new(),
        scope => format!(" in {scope}"),
    };
    let verdicts = seen.verdicts(rule);
    // How quickly memory fills is up to the machine: on a slow one the time limit comes first.
    let fills_memory = seen.cases_of(&rule.scope).any(too_slow_to_fill_memory);
    let is_among = |verdict: &Verdict, wanted: &[Expected]| {
        let fills_memory = fills_memory && *verdict == Verdict::TimeLimit;
        seen_as(*verdict).iter().any(|e| wanted.contains(e))
            || fills_memory && wanted.contains(&Expected::RuntimeError)
    };
    if let Some(other) = verdicts.iter().find(|v| !is_among(v, &rule.permitted)) {
        return Some(format!("{}{place} is not expected", code(other)));
    }
    let is_met = |verdict: &Verdict| is_among(verdict, &rule.required);
    if !rule.required.is_empty() && !verdicts.iter().any(is_met) {
        let required: Vec<String> = rule.required.iter().map(code).collect();
        return Some(format!("{} is expected{place}", required.join(" or ")));
    }
    if let Some(expected) = rule.score {
        let breach = seen.score_breach(&rule.scope, expected);
        if let Some(breach) = breach {
            return Some(format!("{breach}{place}"));
        }
    }
    let message = rule.message.as_ref()?;
    let has_it = |case: &CaseResult| {
        let said = case.checker_message.as_ref();
        said.is_some_and(|said| said.contains(message.as_str()))
    };
    let is_said = seen.cases_of(&rule.scope).any(has_it);
    (!is_said).then(|| format!("no message{place} has the text {message:?}"))
}

impl Seen<'_> {
    fn cases_of(&self, scope: &str) -> impl Iterator<Item = &CaseResult> {
        let is_in = move |name: &str| scope.is_empty() || path_matches(scope, name) == Some(true);
        self.cases.iter().filter(move |case| is_in(&case.name))
    }

    fn group(&self, scope: &str) -> Option<&GroupResult> {
        self.groups.iter().find(|group| group.name == scope)
    }

    /// The verdicts that a rule means.
    fn verdicts(&self, rule: &Rule) -> Vec<Verdict> {
        if rule.of == Of::Cases {
            let verdicts: Vec<Verdict> = self.cases_of(&rule.scope).map(|c| c.verdict).collect();
            if !verdicts.is_empty() {
                return verdicts;
            }
        }
        match rule.scope.as_str() {
            "" => vec![self.verdict],
            scope => vec![
                self.group(scope)
                    .map_or(Verdict::Skipped, |group| group.verdict),
            ],
        }
    }

    fn score_breach(&self, scope: &str, expected: ExpectedScore) -> Option<String> {
        let score = match scope {
            "" => self.score,
            scope => self.group(scope).and_then(|group| group.score),
        };
        let told = score.map_or("no score".to_owned(), |score| format!("the score {score}"));
        let full = self.full_score.map(|full| Range {
            min: full,
            max: full,
        });
        match expected {
            // Of a heuristic problem nobody may come to it: that is for people to look at.
            ExpectedScore::Full => None,
            ExpectedScore::NotFull => {
                let is_full = score.is_some_and(|score| full.is_some_and(|f| f.includes(score)));
                is_full.then(|| format!("{told} is the full one, which is not expected"))
            }
            ExpectedScore::Within(range) => {
                let is_within = score.is_some_and(|score| range.includes(score));
                let wanted = match range.min == range.max {
                    true => format!("{}", range.min),
                    false => format!("{} to {}", range.min, range.max),
                };
                (!is_within).then(|| format!("{told} is not the expected {wanted}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::verdict::Facts;
    use Expected as E;
    use Verdict::*;

    fn rule(permitted: &[Expected], required: &[Expected]) -> Rule {
        Rule {
            scope: String::new(),
            of: Of::Cases,
            permitted: permitted.to_vec(),
            required: required.to_vec(),
            score: None,
            message: None,
        }
    }

    fn case(name: &str, verdict: Verdict) -> CaseResult {
        CaseResult {
            verdict,
            ..CaseResult::skipped(0, name)
        }
    }

    fn holds(rule: &Rule, verdicts: &[Verdict]) -> bool {
        let cases: Vec<CaseResult> = verdicts.iter().map(|v| case("secret/1", *v)).collect();
        let seen = Seen {
            verdict: verdicts[verdicts.len() - 1],
            score: None,
            full_score: None,
            groups: &[],
            cases: &cases,
        };
        breach(rule, &seen).is_none()
    }

    #[test]
    fn every_case_must_be_permitted_and_one_required() {
        let wrong = rule(&[E::Accepted, E::WrongAnswer], &[E::WrongAnswer]);
        for (verdicts, expected) in [
            (&[Accepted, WrongAnswer][..], true),
            (&[Accepted, OutputLimit], true),
            (&[Accepted, Accepted], false),
            (&[TimeLimit, WrongAnswer], false),
            (&[CompileError], false),
        ] {
            assert_eq!(holds(&wrong, verdicts), expected, "{verdicts:?}");
        }
        let of_the_whole = Rule {
            of: Of::Whole,
            ..wrong
        };
        assert!(holds(&of_the_whole, &[TimeLimit, WrongAnswer]));
        assert!(!holds(&of_the_whole, &[WrongAnswer, TimeLimit]));
    }

    #[test]
    fn a_run_that_fills_memory_too_slowly_has_the_run_time_error_that_is_expected() {
        let mut slow = case("secret/1", TimeLimit);
        let fails = rule(&[E::RuntimeError], &[E::RuntimeError]);
        for (limit, expected) in [(Limit::Memory, true), (Limit::Cpu, false)] {
            slow.facts = Some(Facts {
                limit: Some(limit),
                ..Facts::default()
            });
            let seen = Seen {
                verdict: TimeLimit,
                score: None,
                full_score: None,
                groups: &[],
                cases: std::slice::from_ref(&slow),
            };
            assert_eq!(breach(&fails, &seen).is_none(), expected, "{limit:?}");
            let wrong = rule(&[E::WrongAnswer], &[]);
            assert!(breach(&wrong, &seen).is_some());
        }
    }

    #[test]
    fn verdicts_are_seen_as_the_jury_sees_them() {
        for (verdict, expected) in [
            (IdleLimit, E::TimeLimit),
            (WallTimeLimit, E::TimeLimit),
            (MemoryLimit, E::RuntimeError),
            (OutputLimit, E::OutputLimit),
            (OutputLimit, E::TimeLimit),
            (CompileError, E::CompileError),
        ] {
            assert!(
                holds(&rule(&[expected], &[expected]), &[verdict]),
                "{verdict:?}"
            );
        }
    }

    #[test]
    fn scores_messages_and_groups_must_be_right_too() {
        let group = |name: &str, verdict, score| GroupResult {
            name: name.to_owned(),
            verdict,
            score: Some(score),
            max_score: None,
        };
        let groups = [
            group("secret/a", Accepted, 40.0),
            group("secret/b", Skipped, 0.0),
        ];
        let mut cases = [case("secret/a/1", Accepted), case("secret/c/1", TimeLimit)];
        cases[1].checker_message = Some("it is too slow".to_owned());
        let seen = Seen {
            verdict: Accepted,
            score: Some(40.0),
            full_score: Some(100.0),
            groups: &groups,
            cases: &cases,
        };
        let any = rule(&[E::Accepted, E::TimeLimit, E::WrongAnswer], &[]);
        let with = |scope: &str, score, message: Option<&str>| Rule {
            scope: scope.to_owned(),
            score,
            message: message.map(str::to_owned),
            ..any.clone()
        };
        let within = |min, max| Some(ExpectedScore::Within(Range { min, max }));
        let (full, not_full) = (Some(ExpectedScore::Full), Some(ExpectedScore::NotFull));
        for (rule, words) in [
            (with("", within(40.0, 40.0), None), None),
            (
                with("", within(0.0, 39.0), None),
                Some("not the expected 0 to 39"),
            ),
            (with("", full, None), None),
            (with("", not_full, None), None),
            (with("secret/a", within(1.0, 50.0), None), None),
            (
                with("secret/a", within(0.0, 1.0), None),
                Some("in secret/a"),
            ),
            (with("", None, Some("too slow")), None),
            (
                with("secret/a", None, Some("too slow")),
                Some("no message in secret/a"),
            ),
        ] {
            let found = breach(&rule, &seen);
            let is_right = match (&found, words) {
                (Some(found), Some(words)) => found.contains(words),
                (found, words) => found.is_none() && words.is_none(),
            };
            assert!(is_right, "{rule:?}: {found:?}");
        }
        let full_seen = Seen {
            score: Some(100.0),
            ..seen
        };
        assert!(breach(&with("", full, None), &full_seen).is_none());
        assert!(breach(&with("", not_full, None), &full_seen).is_some());
        // A group that was not run is not accepted.
        let accepted = Rule {
            scope: "secret/b".to_owned(),
            ..rule(&[E::Accepted], &[])
        };
        assert!(breach(&accepted, &seen).is_some());
        assert!(breach(&with("secret/b", None, None), &seen).is_none());
    }
}
