//! Token by token: whitespace separates and otherwise does not matter.

use super::{Comparison, line_at, quote};

/// What white space between tokens means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spacing {
    /// It only separates.
    Free,
    /// Every run of it must be equal, before the first and after the last token too.
    Exact,
}

/// Compares two texts; `is_same` takes a token of the output and one of the answer.
pub(super) fn compare(
    output: &[u8],
    answer: &[u8],
    spacing: Spacing,
    is_same: impl Fn(&[u8], &[u8]) -> bool,
) -> Comparison {
    let (mut found, mut expected) = (Tokens::of(output), Tokens::of(answer));
    loop {
        let (found_space, expected_space) = (found.skip_space(), expected.skip_space());
        if spacing == Spacing::Exact && found_space != expected_space {
            let line = line_at(output, found.at - found_space.len());
            return Comparison::Different {
                place: format!("in the white space in line {line}"),
                message: format!(
                    "line {line}: expected the white space {}, found {}",
                    quote(expected_space),
                    quote(found_space)
                ),
            };
        }
        return match (found.next(), expected.next()) {
            (None, None) => Comparison::Same,
            (Some(found), Some(expected)) if is_same(found.bytes, expected.bytes) => continue,
            (Some(found), expected) => unexpected(output, found, expected),
            (None, Some(expected)) => Comparison::Different {
                place: "by its early end".to_owned(),
                message: format!(
                    "the output ends before {}, which is in line {} of the answer",
                    quote(expected.bytes),
                    line_at(answer, expected.start)
                ),
            },
        };
    }
}

fn unexpected(output: &[u8], found: Token<'_>, expected: Option<Token<'_>>) -> Comparison {
    let line = line_at(output, found.start);
    let expected = expected.map(|expected| quote(expected.bytes));
    let expected = expected.unwrap_or_else(|| "the end of the output".to_owned());
    Comparison::Different {
        place: format!("in line {line}"),
        message: format!(
            "line {line}: expected {expected}, found {}",
            quote(found.bytes)
        ),
    }
}

/// The bytes that C's `isspace` takes as whitespace.
pub(super) fn is_space(byte: u8) -> bool {
    byte == b' ' || (b'\t'..=b'\r').contains(&byte)
}

/// A part of a text without white space.
#[derive(Clone, Copy)]
pub(super) struct Token<'a> {
    pub bytes: &'a [u8],
    start: usize,
}

/// The tokens of a text, in order.
#[derive(Clone)]
pub(super) struct Tokens<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Tokens<'a> {
    pub(super) fn of(text: &'a [u8]) -> Self {
        Tokens { text, at: 0 }
    }

    /// The white space up to the next token or the end.
    fn skip_space(&mut self) -> &'a [u8] {
        let rest = &self.text[self.at..];
        let length = rest.iter().position(|&byte| !is_space(byte));
        let (space, _) = rest.split_at(length.unwrap_or(rest.len()));
        self.at += space.len();
        space
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.skip_space();
        let (start, rest) = (self.at, &self.text[self.at..]);
        if rest.is_empty() {
            return None;
        }
        let length = rest.iter().position(|&byte| is_space(byte));
        let length = length.unwrap_or(rest.len());
        self.at = start + length;
        Some(Token {
            bytes: &rest[..length],
            start,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found_with(spacing: Spacing, output: &str, answer: &str) -> Option<String> {
        let (output, answer) = (output.as_bytes(), answer.as_bytes());
        match compare(output, answer, spacing, |a, b| a == b) {
            Comparison::Different { message, .. } => Some(message),
            _ => None,
        }
    }

    fn found(output: &str, answer: &str) -> Option<String> {
        found_with(Spacing::Free, output, answer)
    }

    #[test]
    fn every_run_of_white_space_can_be_made_to_count() {
        let exact = |output| found_with(Spacing::Exact, output, " 1\t2\n3\n");
        assert_eq!(exact(" 1\t2\n3\n"), None);
        for (output, told) in [
            (
                "1\t2\n3\n",
                "line 1: expected the white space \" \", found \"\"",
            ),
            (
                " 1 2\n3\n",
                "line 1: expected the white space \"\\t\", found \" \"",
            ),
            (
                " 1\t2\r\n3\n",
                "line 1: expected the white space \"\\n\", found \"\\r\\n\"",
            ),
            (
                " 1\t2\n3",
                "line 2: expected the white space \"\\n\", found \"\"",
            ),
            (
                " 1\t2\n3\n\n",
                "line 2: expected the white space \"\\n\", found \"\\n\\n\"",
            ),
        ] {
            assert_eq!(exact(output).as_deref(), Some(told), "{output:?}");
        }
        let told = exact(" 1\t2\n4\n");
        assert_eq!(told.as_deref(), Some("line 2: expected \"3\", found \"4\""));
    }

    #[test]
    fn whitespace_only_separates() {
        for output in ["1 2\n3", "  1\t2\r\n\r\n3  \n", "1\x0b2\x0c3"] {
            assert_eq!(found(output, "1 2\n3\n"), None, "{output:?}");
        }
        assert_eq!(found("", "\n \n"), None);
        assert!(found("12 3", "1 23").is_some());
        assert!(found("1\u{a0}2", "1 2").is_some());
    }

    #[test]
    fn the_first_difference_is_told_with_its_line() {
        let told = found("1\n2\n4", "1\n2\n3");
        assert_eq!(told.as_deref(), Some("line 3: expected \"3\", found \"4\""));
        let told = found("1\n2\n3", "1\n2");
        assert_eq!(
            told.as_deref(),
            Some("line 3: expected the end of the output, found \"3\"")
        );
        let told = found("1\n", "1\n2\n");
        assert_eq!(
            told.as_deref(),
            Some("the output ends before \"2\", which is in line 2 of the answer")
        );
    }
}
