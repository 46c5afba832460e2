//! Strangers' text on a terminal, which obeys what it is shown.

/// The text with U+FFFD in the place of control characters, but for those in `kept`.
pub(super) fn harmless(text: &str, kept: &[char]) -> String {
    let harmless = |c: char| match c.is_control() && !kept.contains(&c) {
        true => '\u{fffd}',
        false => c,
    };
    text.chars().map(harmless).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_kept_is_obeyed() {
        assert_eq!(
            harmless("a\x1b[2J\r\n\tß", &['\n']),
            "a\u{fffd}[2J\u{fffd}\n\u{fffd}ß"
        );
        assert_eq!(harmless("a\n", &[]), "a\u{fffd}");
    }
}
