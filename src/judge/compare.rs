//! Comparing an output with the answer: bytes in, "same" or the first difference out. One file for
//! each checker. Every comparison takes any bytes, for they are a contestant's; all but those in any
//! order are linear in the two and allocate nothing in proportion to them.

mod default;
mod exact;
mod float;
mod lines;
mod tokens;
mod unordered;

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
        Checker::Lines {
            space,
            skip_blank,
            absolute,
            relative,
        } => {
            let tokens = default::Tokens::new(true, absolute, relative);
            let rule = lines::Rule {
                space,
                skip_blank,
                tokens,
            };
            lines::compare(output, answer, rule)
        }
        Checker::UnorderedTokens { case_sensitive } => {
            unordered::compare_tokens(output, answer, case_sensitive)
        }
        Checker::UnorderedLines => unordered::compare_lines(output, answer),
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
mod tests;
