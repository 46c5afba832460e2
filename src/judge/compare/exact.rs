//! Byte by byte.

use super::{Comparison, line_at, quote};

/// Compares all bytes.
pub(super) fn compare(output: &[u8], answer: &[u8]) -> Comparison {
    if output == answer {
        return Comparison::Same;
    }
    let differs = output.iter().zip(answer).position(|(a, b)| a != b);
    // Without a differing byte the shorter one is the beginning of the other.
    let at = differs.unwrap_or(output.len().min(answer.len()));
    let line = line_at(output, at);
    let (found, expected) = (rest_of(output, at), rest_of(answer, at));
    if found.is_empty() {
        return Comparison::Different {
            place: "by its early end".to_owned(),
            message: format!(
                "the output ends after {at} bytes, before {}",
                quote(expected)
            ),
        };
    }
    let expected = match expected {
        [] => "the end of the output".to_owned(),
        _ => quote(expected),
    };
    let place = format!("line {line}, byte {}", at + 1);
    Comparison::Different {
        message: format!("{place}: expected {expected}, found {}", quote(found)),
        place: format!("in {place}"),
    }
}

fn rest_of(text: &[u8], at: usize) -> &[u8] {
    text.get(at..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(output: &str, answer: &str) -> Option<String> {
        match compare(output.as_bytes(), answer.as_bytes()) {
            Comparison::Different { message, .. } => Some(message),
            _ => None,
        }
    }

    #[test]
    fn every_byte_counts() {
        assert_eq!(found("a b\n", "a b\n"), None);
        let told = found("a\nb ", "a\nb\n");
        assert_eq!(
            told.as_deref(),
            Some("line 2, byte 4: expected \"\\n\", found \" \"")
        );
    }

    #[test]
    fn a_missing_or_spare_end_is_told() {
        let told = found("a", "a\n");
        assert_eq!(
            told.as_deref(),
            Some("the output ends after 1 bytes, before \"\\n\"")
        );
        let told = found("a\n\n", "a\n");
        assert_eq!(
            told.as_deref(),
            Some("line 2, byte 3: expected the end of the output, found \"\\n\"")
        );
    }
}
