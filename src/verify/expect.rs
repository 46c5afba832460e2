//! Whether what came of a submission is what the jury expects.

use crate::judge::verdict::Verdict;
use crate::problem::package::{Expectation, Expected, Rule};

/// What a verdict is in the jury's coarser eyes; too much output is also wrong output.
fn seen_as(verdict: Verdict) -> &'static [Expected] {
    match verdict {
        Verdict::Accepted | Verdict::Completed => &[Expected::Accepted],
        Verdict::WrongAnswer => &[Expected::WrongAnswer],
        Verdict::TimeLimit | Verdict::WallTimeLimit | Verdict::IdleLimit => &[Expected::TimeLimit],
        Verdict::MemoryLimit | Verdict::RuntimeError => &[Expected::RuntimeError],
        Verdict::OutputLimit => &[Expected::OutputLimit, Expected::WrongAnswer],
        Verdict::CompileError => &[Expected::CompileError],
        Verdict::Skipped => &[],
    }
}

/// Whether the verdicts of the cases that were run (or the only one, where none was) meet all rules.
pub(super) fn meets(expectation: &Expectation, verdicts: &[Verdict]) -> bool {
    expectation.rules.iter().all(|rule| holds(rule, verdicts))
}

fn holds(rule: &Rule, verdicts: &[Verdict]) -> bool {
    let is_among = |verdict: &Verdict, wanted: &[Expected]| {
        seen_as(*verdict).iter().any(|e| wanted.contains(e))
    };
    let is_permitted = verdicts
        .iter()
        .all(|verdict| is_among(verdict, &rule.permitted));
    let is_met = |verdict| is_among(verdict, &rule.required);
    is_permitted && (rule.required.is_empty() || verdicts.iter().any(is_met))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Expected as E;
    use Verdict::*;

    fn rule(permitted: &[Expected], required: &[Expected]) -> Rule {
        Rule {
            permitted: permitted.to_vec(),
            required: required.to_vec(),
        }
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
    }

    #[test]
    fn verdicts_are_seen_as_the_jury_sees_them() {
        for (verdict, expected) in [
            (IdleLimit, E::TimeLimit),
            (WallTimeLimit, E::TimeLimit),
            (MemoryLimit, E::RuntimeError),
            (OutputLimit, E::OutputLimit),
            (CompileError, E::CompileError),
        ] {
            assert!(
                holds(&rule(&[expected], &[expected]), &[verdict]),
                "{verdict:?}"
            );
        }
    }
}
