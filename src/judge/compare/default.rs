//! Tokens as the default output validator of the ICPC package format takes them: a number in the
//! answer asks for a number within the tolerance, where there is one; all else is text.

use super::float::{Tolerance, number};

/// A tolerance that is not set accepts nothing, not even a distance of zero.
const NOT_SET: f64 = -1.0;

/// How tokens are compared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tokens {
    case_sensitive: bool,
    /// `None` where numbers are text like everything else.
    tolerance: Option<Tolerance>,
}

impl Tokens {
    pub(super) fn new(case_sensitive: bool, absolute: Option<f64>, relative: Option<f64>) -> Self {
        let is_set = absolute.is_some() || relative.is_some();
        let tolerance = is_set.then(|| Tolerance {
            absolute: absolute.unwrap_or(NOT_SET),
            relative: relative.unwrap_or(NOT_SET),
        });
        Tokens {
            case_sensitive,
            tolerance,
        }
    }

    /// Whether a token of the output is as good as that of the answer.
    pub(super) fn accepts(self, found: &[u8], expected: &[u8]) -> bool {
        if let Some(tolerance) = self.tolerance
            && let Some(expected) = number(expected)
        {
            return number(found).is_some_and(|found| tolerance.covers(found, expected));
        }
        if self.case_sensitive {
            found == expected
        } else {
            found.eq_ignore_ascii_case(expected)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Comparison, compare};
    use crate::problem::{Checker, Repeats};

    /// What the default validator with these arguments says: `None` where it accepts.
    fn told(arguments: &str, answer: &str, output: &str) -> Option<String> {
        let arguments: Vec<String> = arguments.split_whitespace().map(str::to_owned).collect();
        let checker = Checker::default_validator(&arguments, Repeats::Refused).unwrap();
        match compare(&checker, output.as_bytes(), answer.as_bytes()) {
            Comparison::Different { message, .. } => Some(message),
            _ => None,
        }
    }

    #[test]
    fn right_outputs_are_accepted() {
        for (arguments, answer, output) in [
            ("", "Yes 1\n", "  yES\n\n1"),
            ("", "", " \r\n"),
            ("case_sensitive", "Yes", "Yes\n"),
            ("space_change_sensitive", "a  b\n", "A  B\n"),
            ("float_absolute_tolerance 0.25", "2", "2.25"),
            ("float_absolute_tolerance 0", "2.0", "2"),
            ("float_relative_tolerance 0.125", "-80", "-90"),
            ("float_relative_tolerance 0", "0", "-0.0e7"),
            ("float_tolerance 0.5", "100 0", "150 -.5"),
            ("float_tolerance 1e-6", "x 1e3", "X 1000.0000001"),
            ("float_tolerance 1", "inf NaN 0x1p3", "INF nan 0X1P3"),
            (
                "case_sensitive space_change_sensitive float_tolerance 1",
                "Pi:\t3",
                "Pi:\t4",
            ),
        ] {
            assert_eq!(
                told(arguments, answer, output),
                None,
                "{arguments}: {output}"
            );
        }
    }

    #[test]
    fn wrong_outputs_are_not() {
        for (arguments, answer, output) in [
            ("", "1 2", "1"),
            ("", "1", "1 2"),
            ("", "1", ""),
            ("", "1.0", "1"),
            ("", "ä", "Ä"),
            ("case_sensitive", "Yes", "yes"),
            ("space_change_sensitive", "a\n", "a"),
            ("space_change_sensitive", "a b", "a\tb"),
            ("float_absolute_tolerance 0.25", "2", "2.26"),
            ("float_absolute_tolerance 0.25", "200", "201"),
            ("float_relative_tolerance 0.125", "80", "91"),
            ("float_relative_tolerance 0.125", "0", "0.001"),
            ("float_tolerance 1", "1", "nan"),
            ("float_tolerance 1", "1", "inf"),
            ("float_tolerance 1", "1", "1e999"),
            ("float_tolerance 1", "1", "1x"),
            ("float_tolerance 1", "1", "0x1"),
            ("float_tolerance 1", "inf", "1"),
            ("float_tolerance 1 case_sensitive", "inf", "INF"),
            (
                "case_sensitive space_change_sensitive float_tolerance 1",
                "Pi: 3",
                "pi: 3",
            ),
        ] {
            assert!(
                told(arguments, answer, output).is_some(),
                "{arguments}: {output}"
            );
        }
    }
}
