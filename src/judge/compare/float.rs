//! Numbers within a tolerance; what is not a number in the answer is compared as text.

/// How far a number may be off; either bound is enough.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tolerance {
    pub absolute: f64,
    pub relative: f64,
}

impl Tolerance {
    /// Whether a token of the output is as good as that of the answer.
    pub(super) fn accepts(self, found: &[u8], expected: &[u8]) -> bool {
        if found == expected {
            return true;
        }
        let (Some(found), Some(expected)) = (number(found), number(expected)) else {
            return false;
        };
        self.covers(found, expected)
    }

    /// Whether a number is near enough to that of the answer.
    pub(super) fn covers(self, found: f64, expected: f64) -> bool {
        let distance = (found - expected).abs();
        distance <= self.absolute || distance <= self.relative * expected.abs()
    }
}

/// A decimal number by the grammar of the ICPC package format,
/// `[+-]?(\d*\.\d+|\d+\.|\d+)([eE][+-]?\d+)?`. Infinities, NaN and hexadecimal numbers are text.
pub(super) fn number(token: &[u8]) -> Option<f64> {
    let rest = after_sign(token);
    let (whole, rest) = digits(rest);
    let (fraction, rest) = match rest.strip_prefix(b".") {
        Some(rest) => digits(rest),
        None => (0, rest),
    };
    if whole + fraction == 0 {
        return None;
    }
    if let Some((b'e' | b'E', exponent)) = rest.split_first() {
        let (length, rest) = digits(after_sign(exponent));
        if length == 0 || !rest.is_empty() {
            return None;
        }
    } else if !rest.is_empty() {
        return None;
    }
    let value: f64 = std::str::from_utf8(token).ok()?.parse().ok()?;
    // What overflows is as far from everything as infinity is.
    value.is_finite().then_some(value)
}

fn after_sign(text: &[u8]) -> &[u8] {
    match text {
        [b'+' | b'-', rest @ ..] => rest,
        _ => text,
    }
}

/// How many digits there are at the beginning, and what follows them.
fn digits(text: &[u8]) -> (usize, &[u8]) {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (length, &text[length..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_takes_decimal_numbers_only() {
        for (text, value) in [
            ("1", 1.0),
            ("+1.", 1.0),
            ("-.5", -0.5),
            ("1.5e3", 1500.0),
            ("1E-2", 0.01),
            ("007", 7.0),
        ] {
            assert_eq!(number(text.as_bytes()), Some(value), "{text}");
        }
        for text in [
            "", ".", "+", "-.", "e5", "1e", "1e+", "1.2.3", "0x10", "inf", "nan", "infinity",
            "1_000", "1f", "--1", "１",
        ] {
            assert_eq!(number(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn either_bound_is_enough_and_just_over_both_is_not() {
        let tolerance = Tolerance {
            absolute: 0.5,
            relative: 0.25,
        };
        for (found, expected, is_accepted) in [
            ("1.5", "1", true),
            ("1.51", "1", false),
            ("125", "100", true),
            ("125.1", "100", false),
            ("-125", "-100", true),
            ("1e0", "1.0", true),
        ] {
            let accepted = tolerance.accepts(found.as_bytes(), expected.as_bytes());
            assert_eq!(accepted, is_accepted, "{found} for {expected}");
        }
    }

    #[test]
    fn infinities_and_text_must_be_equal_as_text() {
        let wide = Tolerance {
            absolute: f64::MAX,
            relative: f64::MAX,
        };
        assert!(wide.accepts(b"inf", b"inf"));
        assert!(!wide.accepts(b"1e999", b"1e998"));
        assert!(!wide.accepts(b"1", b"1e999"));
        assert!(!wide.accepts(b"nan", b"1"));
        assert!(!wide.accepts(b"1", b"nan"));
        assert!(!wide.accepts(b"YES", b"yes"));
    }
}
