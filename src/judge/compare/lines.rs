//! Line by line. A carriage return before the end of a line belongs to that end, and blank lines after
//! the last other one never matter.

use super::default::Tokens as Numbers;
use super::tokens::{Tokens, is_space};
use super::{Comparison, quote};
use crate::problem::LineSpace;

/// How lines are compared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    pub space: LineSpace,
    /// Whether blank lines are left out everywhere.
    pub skip_blank: bool,
    /// How tokens are compared, where white space only separates them.
    pub tokens: Numbers,
}

/// Compares all lines in order.
pub(super) fn compare(output: &[u8], answer: &[u8], rule: Rule) -> Comparison {
    let numbered = |text| {
        let lines = lines(without_blank_end(text)).zip(1..);
        lines.filter(|(line, _)| !rule.skip_blank || !is_blank(line))
    };
    let (mut found, mut expected) = (numbered(output), numbered(answer));
    loop {
        match (found.next(), expected.next()) {
            (None, None) => return Comparison::Same,
            (Some((line, _)), Some((expected, _))) if rule.accepts(line, expected) => {}
            (Some((line, number)), expected) => {
                return different(line, number, expected.map(|(line, _)| line));
            }
            (None, Some((line, number))) => return too_short(line, number),
        }
    }
}

/// A text up to the end of its last line that is not blank.
fn without_blank_end(text: &[u8]) -> &[u8] {
    let Some(last) = text.iter().rposition(|&byte| !is_space(byte)) else {
        return &[];
    };
    let rest = text[last..].iter().position(|&byte| byte == b'\n');
    rest.map_or(text, |length| &text[..last + length])
}

/// The lines of a text without their ends; there is none after the last end.
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    text.split_inclusive(|&byte| byte == b'\n').map(|line| {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        line.strip_suffix(b"\r").unwrap_or(line)
    })
}

pub(super) fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|&byte| is_space(byte))
}

impl Rule {
    fn accepts(self, found: &[u8], expected: &[u8]) -> bool {
        match self.space {
            LineSpace::Exact => found == expected,
            LineSpace::Trailing => without_end(found) == without_end(expected),
            LineSpace::Free => {
                let (mut found, mut expected) = (Tokens::of(found), Tokens::of(expected));
                loop {
                    match (found.next(), expected.next()) {
                        (None, None) => return true,
                        (Some(a), Some(b)) if self.tokens.accepts(a.bytes, b.bytes) => {}
                        _ => return false,
                    }
                }
            }
        }
    }
}

fn without_end(line: &[u8]) -> &[u8] {
    let last = line.iter().rposition(|&byte| !is_space(byte));
    &line[..last.map_or(0, |last| last + 1)]
}

fn different(line: &[u8], number: usize, expected: Option<&[u8]>) -> Comparison {
    let expected = expected.map_or_else(|| "the end of the output".to_owned(), quote);
    Comparison::Different {
        place: format!("in line {number}"),
        message: format!("line {number}: expected {expected}, found {}", quote(line)),
    }
}

fn too_short(line: &[u8], number: usize) -> Comparison {
    Comparison::Different {
        place: "by its early end".to_owned(),
        message: format!(
            "the output ends before {}, which is line {number} of the answer",
            quote(line)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(space: LineSpace, skip_blank: bool, output: &str, answer: &str) -> Option<String> {
        let rule = Rule {
            space,
            skip_blank,
            tokens: Numbers::new(true, Some(0.5), None),
        };
        match compare(output.as_bytes(), answer.as_bytes(), rule) {
            Comparison::Different { message, .. } => Some(message),
            _ => None,
        }
    }

    #[test]
    fn white_space_within_a_line_matters_as_much_as_the_rule_says() {
        use LineSpace::*;
        for (output, accepted) in [
            ("a  1\n\nb", &[Exact, Trailing, Free][..]),
            ("a  1\r\n\r\nb\r\n\n \n", &[Exact, Trailing, Free]),
            ("a  1 \n\t\nb  ", &[Trailing, Free]),
            (" a 1\n\nb", &[Free]),
            ("a  1.5\n\nb", &[Free]),
            ("a  1\nb", &[]),
            ("a  1\n\n\nb", &[]),
            ("a\n1\n\nb", &[]),
            ("a  1\n\nB", &[]),
            ("a  1\n", &[]),
            ("a  1\n\nb\nc", &[]),
        ] {
            for space in [Exact, Trailing, Free] {
                let is_accepted = found(space, false, output, "a  1\n\nb\n").is_none();
                assert_eq!(
                    is_accepted,
                    accepted.contains(&space),
                    "{space:?} {output:?}"
                );
            }
        }
    }

    #[test]
    fn blank_lines_can_be_left_out() {
        for output in ["a\nb", "\n\na\n \nb\n\n"] {
            assert_eq!(found(LineSpace::Free, true, output, "a\n\nb"), None);
        }
        assert!(found(LineSpace::Free, true, "a b", "a\nb").is_some());
    }

    #[test]
    fn the_first_difference_is_told_with_its_line() {
        let told = |output| found(LineSpace::Exact, true, output, "a\n\nb\n").unwrap();
        assert_eq!(told("\na\n\nc"), "line 4: expected \"b\", found \"c\"");
        assert_eq!(
            told("a\nb\nc"),
            "line 3: expected the end of the output, found \"c\""
        );
        assert_eq!(
            told("a"),
            "the output ends before \"b\", which is line 3 of the answer"
        );
    }
}
