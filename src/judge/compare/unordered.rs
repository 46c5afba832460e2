//! Tokens or lines in any order, each as often as in the answer.
//!
//! Unlike the other comparisons this one takes memory and more than linear time: in proportion to the
//! answer's parts, for an output with more or fewer of them is refused before.

use std::cmp::Ordering;

use super::lines::{is_blank, lines};
use super::tokens::Tokens;
use super::{Comparison, quote};

/// Compares tokens.
pub(super) fn compare_tokens(output: &[u8], answer: &[u8], case_sensitive: bool) -> Comparison {
    let tokens = |text| Tokens::of(text).map(|token| token.bytes);
    let order = |a: &[u8], b: &[u8]| match case_sensitive {
        true => a.cmp(b),
        false => lower(a).cmp(lower(b)),
    };
    compare("tokens", tokens(output), tokens(answer), order)
}

/// Compares lines by their tokens; blank lines do not matter.
pub(super) fn compare_lines(output: &[u8], answer: &[u8]) -> Comparison {
    let filled = |text| lines(text).filter(|line| !is_blank(line));
    let tokens = |line| Tokens::of(line).map(|token| token.bytes);
    let order = |a, b| tokens(a).cmp(tokens(b));
    compare("lines", filled(output), filled(answer), order)
}

fn lower(token: &[u8]) -> impl Iterator<Item = u8> {
    token.iter().map(u8::to_ascii_lowercase)
}

fn compare<'a>(
    what: &str,
    found: impl Iterator<Item = &'a [u8]> + Clone,
    expected: impl Iterator<Item = &'a [u8]> + Clone,
    order: impl Fn(&'a [u8], &'a [u8]) -> Ordering,
) -> Comparison {
    let (found_count, expected_count) = (found.clone().count(), expected.clone().count());
    if found_count != expected_count {
        return Comparison::Different {
            place: format!("in the number of its {what}"),
            message: format!("expected {expected_count} {what}, found {found_count}"),
        };
    }
    let (mut found, mut expected): (Vec<_>, Vec<_>) = (found.collect(), expected.collect());
    found.sort_unstable_by(|a, b| order(a, b));
    expected.sort_unstable_by(|a, b| order(a, b));
    let mut pairs = found.iter().zip(&expected);
    // The smaller of two that differ is missing on the other side.
    match pairs.find_map(|(found, expected)| match order(found, expected) {
        Ordering::Equal => None,
        Ordering::Less => Some(format!("{} is found too often", quote(found))),
        Ordering::Greater => Some(format!("{} is not found often enough", quote(expected))),
    }) {
        None => Comparison::Same,
        Some(message) => Comparison::Different {
            place: format!("in its {what}"),
            message,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(comparison: Comparison) -> Option<String> {
        match comparison {
            Comparison::Different { message, .. } => Some(message),
            _ => None,
        }
    }

    #[test]
    fn tokens_may_come_in_any_order_but_as_often() {
        let found =
            |output: &str, is_exact| told(compare_tokens(output.as_bytes(), b"b a\nb", is_exact));
        assert_eq!(found("a b b\n", true), None);
        assert_eq!(found("B\nA b", false), None);
        assert_eq!(found("B a b", true).unwrap(), "\"B\" is found too often");
        assert_eq!(found("a a b", true).unwrap(), "\"a\" is found too often");
        assert_eq!(
            found("c b b", true).unwrap(),
            "\"a\" is not found often enough"
        );
        assert_eq!(found("a b", true).unwrap(), "expected 3 tokens, found 2");
    }

    #[test]
    fn lines_may_come_in_any_order_but_stay_whole() {
        let found = |output: &str| told(compare_lines(output.as_bytes(), b"1 2\n\n3\n"));
        assert_eq!(found("3\r\n 1  2\r\n"), None);
        assert_eq!(
            found("3\n2 1").unwrap(),
            "\"1 2\" is not found often enough"
        );
        assert_eq!(found("1\n2 3").unwrap(), "\"1\" is found too often");
        assert_eq!(found("1 2 3").unwrap(), "expected 2 lines, found 1");
    }
}
