//! Commands and arguments that a package has as one text.

/// Words of a command: white space separates them, quotes hold them together.
pub(super) fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for character in command.chars() {
        match (character, quote) {
            (end, Some(begun)) if end == begun => quote = None,
            ('"' | '\'', None) => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (space, None) if space.is_whitespace() => words.extend(word.take()),
            (character, _) => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_split_into_words() {
        assert_eq!(words(" gen  1\t-n 5 "), ["gen", "1", "-n", "5"]);
        assert_eq!(
            words("gen 'a b' \"c'd\" '' x\"y\""),
            ["gen", "a b", "c'd", "", "xy"]
        );
        assert!(words("  ").is_empty());
    }
}
