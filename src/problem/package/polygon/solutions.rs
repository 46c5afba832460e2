//! The jury's solutions, and what their tags expect of them.

use super::super::expectation::{self, Context, Expectation, Expected, Of, Rule};
use super::super::report::Findings;
use super::super::submissions::JurySubmission;
use super::programs::Programs;
use super::xml::Element;

/// The solutions of a package.
#[derive(Default)]
pub(super) struct Solutions {
    pub all: Vec<JurySubmission>,
    /// Place of the one whose outputs are the answers.
    pub main: Option<usize>,
}

pub(super) fn read(
    programs: &Programs<'_>,
    assets: Option<Element<'_>>,
    is_scoring: bool,
    findings: &mut Findings,
) -> Solutions {
    let solutions = assets.and_then(|assets| assets.child("solutions"));
    let solutions = solutions.map(|solutions| solutions.children("solution"));
    let mut read = Solutions::default();
    for solution in solutions.into_iter().flatten() {
        let tag = solution.attribute("tag").unwrap_or_default();
        if tag == "do-not-run" {
            solution.warning(findings, "the solution is left out, as its tag says");
            continue;
        }
        let Some(files) = programs.of(solution, findings) else {
            continue;
        };
        let kind = solution.child("source").and_then(|s| s.attribute("type"));
        if tag == "main" {
            read.main.get_or_insert(read.all.len());
        }
        read.all.push(JurySubmission {
            path: files.path.clone(),
            files,
            language: kind.map(language),
            expectation: expected(tag, is_scoring).unwrap_or_else(|| {
                let message = format!("the tag {tag:?} is unknown: anything is taken for right");
                solution.warning(findings, message);
                Expectation::anything()
            }),
        });
    }
    if read.all.is_empty() {
        findings.warning(
            super::FILE,
            None,
            "there are no solutions: add at least one",
        );
    }
    read
}

/// What a tag says; `None` where nobody knows.
fn expected(tag: &str, is_scoring: bool) -> Option<Expectation> {
    use Expected::{Accepted, RuntimeError, TimeLimit};
    let slow_or_large = Rule::new(
        &[Accepted, TimeLimit, RuntimeError],
        &[TimeLimit, RuntimeError],
    );
    let directory = match tag {
        "main" | "accepted" => "accepted",
        "wrong-answer" | "presentation-error" => "wrong_answer",
        "time-limit-exceeded" => "time_limit_exceeded",
        "time-limit-exceeded-or-accepted" => "slow_accepted",
        "memory-limit-exceeded" | "runtime-error" => "run_time_error",
        "rejected" | "failed" => "rejected",
        "time-limit-exceeded-or-memory-limit-exceeded" => {
            let of = Of::Whole;
            return Some(Expectation::of_rule(Rule {
                of,
                ..slow_or_large
            }));
        }
        _ => return None,
    };
    let context = Context {
        of: Of::Whole,
        is_scoring,
    };
    expectation::of_directory(directory, context)
}

/// Polygon's name of a compiler, such as `cpp.g++17`, or of several, such as `cpp.*`, as a language's.
pub(super) fn language(kind: &str) -> String {
    let family = kind.split('.').next().unwrap_or_default();
    let family = family.trim_end_matches('*');
    let family = family.trim_end_matches(|c: char| c.is_ascii_digit());
    match family {
        _ if kind.starts_with("python.2") || kind.starts_with("python.pypy2") => "python2",
        "js" | "javascript" => "javascript",
        family => family,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::super::expectation::ExpectedScore;
    use super::*;

    #[test]
    fn tags_say_what_is_expected() {
        use Expected::*;
        for (tag, summary) in [
            ("main", &[Accepted][..]),
            ("wrong-answer", &[WrongAnswer]),
            ("time-limit-exceeded-or-accepted", &[Accepted, TimeLimit]),
            (
                "time-limit-exceeded-or-memory-limit-exceeded",
                &[TimeLimit, RuntimeError],
            ),
            ("memory-limit-exceeded", &[RuntimeError]),
        ] {
            assert_eq!(expected(tag, false).unwrap().summary(), summary, "{tag}");
        }
        assert!(expected("odd", false).is_none());
    }

    #[test]
    fn right_solutions_have_all_points_where_there_are_any() {
        let score = |tag, is_scoring| expected(tag, is_scoring).unwrap().rules[0].score;
        for tag in ["main", "accepted"] {
            assert_eq!(score(tag, true), Some(ExpectedScore::Full));
            assert_eq!(score(tag, false), None);
        }
        assert_eq!(score("wrong-answer", true), None);
    }

    #[test]
    fn compilers_are_known_by_their_language() {
        for (kind, expected) in [
            ("cpp.g++17", "cpp"),
            ("c.gcc", "c"),
            ("python.3", "python"),
            ("python.2", "python2"),
            ("python.pypy3", "python"),
            ("java11", "java"),
            ("java8", "java"),
            ("java*", "java"),
            ("cpp.*", "cpp"),
            ("rust", "rust"),
            ("pas.dpr", "pas"),
        ] {
            assert_eq!(language(kind), expected, "{kind}");
        }
    }
}
