//! What a program of the problem says by its exit code and what it writes: pure functions, one for each
//! protocol. What no protocol knows is the program's failure, and never a verdict.

use crate::judge::grade;

/// What a program says of an output.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub judgement: Judgement,
    /// For judges.
    pub message: Option<String>,
}

/// What an output is worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Judgement {
    Right,
    Wrong,
    /// So many points, where the problem gives any.
    Points(f64),
    /// This part of the points, from 0 to 1.
    Part(f64),
}

impl Judgement {
    /// Whether it is good enough for a problem without points: all of what could be had.
    pub(super) fn is_right(self) -> bool {
        match self {
            Judgement::Right => true,
            Judgement::Wrong => false,
            Judgement::Points(points) | Judgement::Part(points) => points >= 1.0,
        }
    }

    /// The points that it gives by itself, where they are more than none: an output that is worth
    /// nothing is wrong.
    pub(super) fn points(self) -> Option<grade::Points> {
        match self {
            Judgement::Points(points) if points > 0.0 => Some(grade::Points::Score(points)),
            Judgement::Part(part) if part > 0.0 => Some(grade::Points::Part(part)),
            _ => None,
        }
    }
}

/// Where testlib's partial results begin, depending on what the checker was built for.
const PARTIAL: [i32; 3] = [0, 16, 50];

/// The answer of a checker or interactor that is made with testlib.
///
/// A partial result is `exit(k)`, which could also mean something else, so that its text decides. Where
/// it was built for another judge (EJUDGE: 4, 5 and 6), its text decides, too.
pub(super) fn testlib(code: i32, stderr: &str) -> Result<Answer, String> {
    let text = stderr.trim();
    let answer = |judgement| {
        Ok(Answer {
            judgement,
            message: (!text.is_empty()).then(|| text.to_owned()),
        })
    };
    if let Some(part) = partial(text)
        && PARTIAL
            .iter()
            .any(|base| base.checked_add(part) == Some(code))
    {
        return match part {
            0..=100 => answer(Judgement::Part(f64::from(part) / 100.0)),
            _ => Err(format!("gives {part} percent of the points")),
        };
    }
    match code {
        0 => answer(Judgement::Right),
        // A wrong answer, one in a wrong form, one with more after its end, one that ends early.
        1 | 2 | 4 | 8 => answer(Judgement::Wrong),
        7 => answer(Judgement::Points(points(text)?)),
        3 => Err("failed (exit code 3)".to_owned()),
        _ if text.starts_with("wrong ") || text.starts_with("unexpected eof") => {
            answer(Judgement::Wrong)
        }
        _ => Err(format!(
            "ended with exit code {code}, which testlib does not have"
        )),
    }
}

/// The number in `partially correct (k)`.
fn partial(text: &str) -> Option<i32> {
    let rest = text.strip_prefix("partially correct (")?;
    rest.split_once(')')?.0.parse().ok()
}

/// The number in `points x`.
fn points(text: &str) -> Result<f64, String> {
    let number = text.strip_prefix("points ");
    let number = number.and_then(|rest| rest.split_whitespace().next());
    let points = number.and_then(|number| number.parse::<f64>().ok());
    points
        .filter(|points| points.is_finite() && *points >= 0.0)
        .ok_or_else(|| "gives points, but no number from 0".to_owned())
}

/// The answer of a checker of DMOJ: 0 or 1.
pub(super) fn dmoj(code: i32, stdout: &str) -> Result<Answer, String> {
    let text = stdout.trim();
    let judgement = match code {
        0 => Judgement::Right,
        1 => Judgement::Wrong,
        _ => {
            return Err(format!(
                "ended with exit code {code}; it must be 0 for right or 1 for wrong"
            ));
        }
    };
    Ok(Answer {
        judgement,
        message: (!text.is_empty()).then(|| text.to_owned()),
    })
}

/// The answer of a program of COCI: as testlib's, but for partial points.
pub(super) fn coci(code: i32, stderr: &str) -> Result<Answer, String> {
    if code != 7 {
        return testlib(code, stderr);
    }
    let part = |line: &str| {
        let (part, whole) = line.strip_prefix("partial ")?.split_once('/')?;
        let [part, whole] = [part, whole].map(|number| number.parse::<u32>().ok());
        let part = f64::from(part?) / f64::from(whole?);
        (0.0..=1.0).contains(&part).then_some(part)
    };
    let part = stderr.lines().find_map(part);
    let part = part.ok_or("gives points, but no line such as \"partial 1/2\"")?;
    Ok(Answer {
        judgement: Judgement::Part(part),
        message: Some(stderr.trim().to_owned()),
    })
}

/// The answer of a program of PEG: two lines one after the other that are numbers say which part of the points it
/// gives, whatever the exit code.
pub(super) fn peg(code: i32, text: &str) -> Result<Answer, String> {
    let numbers: Vec<_> = text
        .lines()
        .map(|line| line.trim().parse::<f64>())
        .collect();
    let mut parts = numbers.windows(2).filter_map(|pair| match pair {
        [Ok(part), Ok(whole)] => Some(part / whole).filter(|part| *part > 0.0 && part.is_finite()),
        _ => None,
    });
    match parts.next() {
        _ if !matches!(code, 0 | 1) => dmoj(code, text),
        Some(part) if part > 1.0 => Err(format!("gives {part} times all points")),
        Some(part) => Ok(Answer {
            judgement: Judgement::Part(part),
            message: Some(text.trim().to_owned()),
        }),
        None => dmoj(code, text),
    }
}

/// The answer of a checker of CMS: the first line of each stream is the outcome and the text.
pub(super) fn cms(code: i32, stdout: &str, stderr: &str) -> Result<Answer, String> {
    if code != 0 {
        return Err(format!("ended with exit code {code}; it must be 0"));
    }
    let first = |text: &str| text.lines().next().unwrap_or_default().trim().to_owned();
    let outcome = first(stdout).parse::<f64>().ok();
    let outcome = outcome.filter(|outcome| (0.0..=1.0).contains(outcome));
    let outcome = outcome
        .ok_or_else(|| "does not begin its standard output with a number from 0 to 1".to_owned())?;
    let text = first(stderr);
    let text = match text.as_str() {
        "translate:success" => "the output is right",
        "translate:partial" => "the output is partly right",
        "translate:wrong" => "the output is wrong",
        text => text,
    };
    Ok(Answer {
        judgement: Judgement::Part(outcome),
        message: (!text.is_empty()).then(|| text.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::Judgement::*;
    use super::*;

    fn judgement(answer: Result<Answer, String>) -> Result<Judgement, String> {
        answer.map(|answer| answer.judgement)
    }

    #[test]
    fn coci_gives_parts_as_fractions() {
        for (code, stderr, expected) in [
            (0, "", Right),
            (1, "no", Wrong),
            (7, "so so\npartial 1/4\n", Part(0.25)),
        ] {
            assert_eq!(judgement(coci(code, stderr)), Ok(expected), "{stderr}");
        }
        for text in [
            "",
            "partial 3/2",
            "partial 1/0",
            "partial -1/2",
            "x partial 1/2",
            "points 1",
        ] {
            assert!(coci(7, text).is_err(), "{text}");
        }
        assert!(coci(3, "partial 1/2").is_err());
    }

    #[test]
    fn peg_gives_parts_as_two_lines_of_numbers() {
        for (code, text, expected) in [
            (0, "", Right),
            (1, "no\n", Wrong),
            (1, "well\n1\n4\n", Part(0.25)),
            (0, "0\n4\n", Right),
            (0, "4\n0\n2\n", Right),
        ] {
            assert_eq!(judgement(peg(code, text)), Ok(expected), "{text}");
        }
        assert!(peg(0, "3\n2\n").is_err());
        assert!(peg(2, "1\n2\n").is_err());
    }

    #[test]
    fn testlib_answers_by_its_exit_code() {
        for (code, stderr, expected) in [
            (0, "ok 3 numbers", Right),
            (0, "", Right),
            (1, "wrong answer 1st numbers differ", Wrong),
            (2, "wrong output format Unexpected end of file", Wrong),
            (4, "", Wrong),
            (8, "unexpected eof ", Wrong),
            (7, "points 12.5 well done", Points(12.5)),
            (7, "points 0", Points(0.0)),
        ] {
            assert_eq!(
                judgement(testlib(code, stderr)),
                Ok(expected),
                "{code} {stderr}"
            );
        }
    }

    #[test]
    fn a_partial_result_of_testlib_is_told_by_its_text() {
        for (code, stderr, expected) in [
            (0, "partially correct (0) nothing", Part(0.0)),
            (1, "partially correct (1)", Part(0.01)),
            (3, "partially correct (3) little", Part(0.03)),
            (7, "partially correct (7)", Part(0.07)),
            (66, "partially correct (50)", Part(0.5)),
            (100, "partially correct (50)", Part(0.5)),
            (100, "partially correct (100)", Part(1.0)),
            // The text is another's: its program only says so.
            (1, "partially correct (2)", Wrong),
            (0, "ok partially correct (0)", Right),
        ] {
            assert_eq!(
                judgement(testlib(code, stderr)),
                Ok(expected),
                "{code} {stderr}"
            );
        }
    }

    #[test]
    fn a_checker_that_was_built_for_another_judge_is_told_by_its_text() {
        assert_eq!(judgement(testlib(5, "wrong answer x")), Ok(Wrong));
        assert_eq!(judgement(testlib(4, "wrong output format x")), Ok(Wrong));
        assert!(testlib(6, "FAIL x").is_err());
        assert!(testlib(5, "").is_err());
    }

    #[test]
    fn what_testlib_does_not_say_is_no_answer() {
        for (code, stderr) in [
            (3, "FAIL the answer is odd"),
            (7, ""),
            (7, "points nan"),
            (7, "points -1"),
            (7, "points inf"),
            (20, ""),
            (134, "terminate called"),
            (101, "partially correct (101)"),
            (16, "wrongly"),
        ] {
            assert!(testlib(code, stderr).is_err(), "{code} {stderr}");
        }
    }

    #[test]
    fn cms_answers_by_first_lines() {
        let answer = cms(0, " 0.5 \nmore", "translate:partial\nmore").unwrap();
        assert_eq!(answer.judgement, Part(0.5));
        assert_eq!(
            answer.message.as_deref(),
            Some("the output is partly right")
        );
        assert_eq!(judgement(cms(0, "1", "")), Ok(Part(1.0)));
        for (code, stdout) in [
            (1, "1.0"),
            (0, ""),
            (0, "\n1.0"),
            (0, "1.1"),
            (0, "-1"),
            (0, "nan"),
        ] {
            assert!(cms(code, stdout, "").is_err(), "{code} {stdout}");
        }
    }

    #[test]
    fn dmoj_answers_by_zero_and_one() {
        let answer = dmoj(1, "line 3\n").unwrap();
        assert_eq!(
            (answer.judgement, answer.message.as_deref()),
            (Wrong, Some("line 3"))
        );
        assert_eq!(judgement(dmoj(0, "")), Ok(Right));
        assert!(dmoj(2, "").is_err());
    }

    #[test]
    fn whatever_a_checker_says_is_an_answer_within_bounds_or_its_failure() {
        let good = [
            &b"partially correct (50) words"[..],
            b"points 12.5 words",
            b"wrong answer 1st",
            b"0.5\ntranslate:partial",
        ];
        let words = [
            "partially correct (",
            "2147483647)",
            "-2147483648)",
            "points ",
            "1e999",
            "nan",
            "-0",
            "0x1p3",
            "1e-400",
        ];
        crate::fuzz::try_changes(50_000, (&good, &words), |said, random| {
            let said = String::from_utf8_lossy(said);
            let code = match random.below(3) {
                0 => random.below(256) as i32,
                _ => *random.of_all(&[0, 1, 7, 16, 50, 66]),
            };
            for answer in [
                testlib(code, &said),
                dmoj(code, &said),
                cms(code, &said, &said),
            ] {
                match judgement(answer) {
                    Ok(Points(points)) => assert!(points.is_finite() && points >= 0.0),
                    Ok(Part(part)) => assert!((0.0..=1.0).contains(&part)),
                    _ => {}
                }
            }
        });
    }

    #[test]
    fn points_are_given_where_there_are_more_than_none() {
        use grade::Points::{Part as Share, Score};
        for (judgement, points) in [
            (Right, None),
            (Wrong, None),
            (Points(12.5), Some(Score(12.5))),
            (Points(0.0), None),
            (Part(0.01), Some(Share(0.01))),
            (Part(0.0), None),
        ] {
            assert_eq!(judgement.points(), points, "{judgement:?}");
        }
    }

    #[test]
    fn without_points_only_all_of_them_is_right() {
        for (judgement, is_right) in [
            (Right, true),
            (Wrong, false),
            (Points(1.0), true),
            (Points(0.99), false),
            (Part(1.0), true),
            (Part(0.99), false),
        ] {
            assert_eq!(judgement.is_right(), is_right, "{judgement:?}");
        }
    }
}
