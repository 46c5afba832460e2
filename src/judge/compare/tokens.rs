//! Token by token: whitespace separates and otherwise does not matter.

use super::{Comparison, line_at, quote};

/// Compares two texts; `is_same` takes a token of the output and one of the answer.
pub(super) fn compare(
    output: &[u8],
    answer: &[u8],
    is_same: impl Fn(&[u8], &[u8]) -> bool,
) -> Comparison {
    let (mut found, mut expected) = (Tokens::of(output), Tokens::of(answer));
    loop {
        return match (found.next(), expected.next()) {
            (None, None) => Comparison::Same,
            (Some(found), Some(expected)) if is_same(found.bytes, expected.bytes) => continue,
            (Some(found), expected) => {
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

/// The bytes that C's `isspace` takes as whitespace.
fn is_space(byte: u8) -> bool {
    byte == b' ' || (b'\t'..=b'\r').contains(&byte)
}

#[derive(Clone, Copy)]
struct Token<'a> {
    bytes: &'a [u8],
    start: usize,
}

struct Tokens<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Tokens<'a> {
    fn of(text: &'a [u8]) -> Self {
        Tokens { text, at: 0 }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let rest = &self.text[self.at..];
        let start = self.at + rest.iter().position(|&byte| !is_space(byte))?;
        let rest = &self.text[start..];
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

    fn found(output: &str, answer: &str) -> Option<String> {
        match compare(output.as_bytes(), answer.as_bytes(), |a, b| a == b) {
            Comparison::Same => None,
            Comparison::Different { message, .. } => Some(message),
        }
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
