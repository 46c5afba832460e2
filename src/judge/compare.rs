//! Comparing an output with the answer: bytes in, "same" or the first difference out. One file for
//! each checker. Every comparison is linear in the two, allocates nothing in proportion to them,
//! and takes any bytes, for they are a contestant's.

mod default;
mod exact;
mod float;
mod tokens;

use super::grade::Points;
use crate::problem::Checker;
use tokens::Spacing;

/// What a comparison, or a validator in its place, found.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Comparison {
    /// The output is as good as the answer.
    Same,
    /// A validator of the problem accepts it.
    Accepted {
        /// What it tells judges.
        message: Option<String>,
        /// What it takes the output to be worth.
        points: Option<Points>,
    },
    /// It is not.
    Different {
        /// Where the output differs, without a word of the answer: "in line 3".
        place: String,
        /// Where the first difference is, in one line. It quotes the answer: for judges only.
        message: String,
    },
    /// A validator of the problem says that it is not.
    Rejected {
        /// What it tells judges.
        message: Option<String>,
    },
}

impl Comparison {
    /// Whether the output is right.
    pub(super) fn is_right(&self) -> bool {
        matches!(self, Comparison::Same | Comparison::Accepted { .. })
    }
}

/// Compares an output with the answer as the checker says.
pub(super) fn compare(checker: &Checker, output: &[u8], answer: &[u8]) -> Comparison {
    match *checker {
        Checker::Exact => exact::compare(output, answer),
        Checker::Tokens {
            case_sensitive: true,
        } => tokens::compare(output, answer, Spacing::Free, |found, expected| {
            found == expected
        }),
        Checker::Tokens {
            case_sensitive: false,
        } => tokens::compare(output, answer, Spacing::Free, <[u8]>::eq_ignore_ascii_case),
        Checker::Float { absolute, relative } => {
            let tolerance = float::Tolerance { absolute, relative };
            tokens::compare(output, answer, Spacing::Free, |found, expected| {
                tolerance.accepts(found, expected)
            })
        }
        Checker::Default {
            case_sensitive,
            space_change_sensitive,
            absolute,
            relative,
        } => {
            let spacing = match space_change_sensitive {
                true => Spacing::Exact,
                false => Spacing::Free,
            };
            let tokens = default::Tokens::new(case_sensitive, absolute, relative);
            tokens::compare(output, answer, spacing, |found, expected| {
                tokens.accepts(found, expected)
            })
        }
    }
}

/// Longest quotation of a token, in bytes before escaping.
const QUOTE_BYTES: usize = 40;

/// A token for people: in quotes, shortened, without anything that a terminal would obey.
fn quote(token: &[u8]) -> String {
    let cut = token.get(..QUOTE_BYTES).unwrap_or(token);
    let more = if cut.len() < token.len() { "…" } else { "" };
    let text = match std::str::from_utf8(cut) {
        Ok(text) => text.escape_debug().to_string(),
        // Only the last character was cut in two.
        Err(error) if error.error_len().is_none() && !more.is_empty() => {
            String::from_utf8_lossy(&cut[..error.valid_up_to()])
                .escape_debug()
                .to_string()
        }
        Err(_) => cut.escape_ascii().to_string(),
    };
    format!("\"{text}{more}\"")
}

/// The number of the line that holds this offset, from 1.
fn line_at(text: &[u8], offset: usize) -> usize {
    let before = text.get(..offset).unwrap_or(text);
    1 + before.iter().filter(|&&byte| byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECKERS: [Checker; 5] = [
        Checker::Exact,
        Checker::Tokens {
            case_sensitive: true,
        },
        Checker::Tokens {
            case_sensitive: false,
        },
        Checker::Float {
            absolute: 1e-6,
            relative: 1e-6,
        },
        Checker::Default {
            case_sensitive: false,
            space_change_sensitive: true,
            absolute: Some(1e-6),
            relative: None,
        },
    ];

    /// Bytes that look random but are the same in every run (xorshift64).
    struct Bytes(u64);

    impl Bytes {
        fn next(&mut self) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0
        }

        /// Any bytes, or only those of which numbers and lines are made.
        fn text(&mut self) -> Vec<u8> {
            const NUMBERS: &[u8] = b"0123456789+-.eE \n\t\r";
            let length = self.next() % 60;
            let any = self.next().is_multiple_of(2);
            (0..length)
                .map(|_| match self.next() {
                    byte if any => byte as u8,
                    index => NUMBERS[index as usize % NUMBERS.len()],
                })
                .collect()
        }
    }

    #[test]
    fn no_bytes_make_a_comparison_panic_and_equal_ones_are_the_same() {
        let mut bytes = Bytes(0x9e37_79b9_7f4a_7c15);
        for _ in 0..20_000 {
            let (output, answer) = (bytes.text(), bytes.text());
            for checker in &CHECKERS {
                assert_eq!(compare(checker, &output, &output), Comparison::Same);
                let found = compare(checker, &output, &answer);
                if let Comparison::Different { message, .. } = found {
                    assert!(!message.contains(['\n', '\r', '\x1b']), "{message:?}");
                    assert!(message.len() < 600, "{message}");
                }
            }
        }
    }

    #[test]
    fn a_quotation_is_short_and_printable() {
        assert_eq!(quote(b"42"), "\"42\"");
        assert_eq!(quote(b"a\x1b[31m\"\0"), "\"a\\u{1b}[31m\\\"\\0\"");
        assert_eq!(quote(b"\xff\xfe"), "\"\\xff\\xfe\"");
        assert_eq!(quote("größer".as_bytes()), "\"größer\"");
        let long = quote("ä".repeat(100).as_bytes());
        assert_eq!(long, format!("\"{}…\"", "ä".repeat(20)));
        let odd = quote(format!("a{}", "ä".repeat(100)).as_bytes());
        assert_eq!(odd, format!("\"a{}…\"", "ä".repeat(19)));
    }

    #[test]
    fn lines_count_from_one() {
        assert_eq!(line_at(b"a\nb\nc", 0), 1);
        assert_eq!(line_at(b"a\nb\nc", 4), 3);
        assert_eq!(line_at(b"", 9), 1);
    }
}
