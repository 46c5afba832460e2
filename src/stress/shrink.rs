//! Making a found input smaller, for people who have to understand it: lines, words and parts of words
//! are taken away, and numbers lowered, as long as the smaller input is still wanted.
//!
//! Inputs often say how many lines or words follow, so with every part that goes, a number before it
//! may go down by as much. Whether an input is still valid is for the caller to say.

/// How many numbers right before a part that goes, and at the beginning, may be its count.
const COUNTS: usize = 3;

/// An input as lines of words; joined by a space and a line feed each, it is the input again.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Text {
    lines: Vec<Vec<Vec<u8>>>,
}

/// Place of a word: line and word.
type Place = (usize, usize);

/// Says which of these inputs is still wanted: the first one's place. They are many at a time so that
/// they can be tried at the same time.
pub(super) type Choose<'a, E> = &'a mut dyn FnMut(&[Vec<u8>]) -> Result<Option<usize>, E>;

/// Makes an input smaller until nothing goes any more, or so many smaller ones were tried.
pub(super) fn shrink<E>(
    input: &[u8],
    max_tries: usize,
    choose: Choose<'_, E>,
) -> Result<Vec<u8>, E> {
    let mut search = Search {
        text: Text::of(input),
        tries: max_tries,
        choose,
    };
    loop {
        let before = search.text.clone();
        search.remove_lines()?;
        search.remove_words()?;
        search.shorten_words()?;
        search.lower_numbers()?;
        if search.text == before || search.tries == 0 {
            return Ok(search.text.bytes());
        }
    }
}

struct Search<'a, E> {
    text: Text,
    /// How many inputs may still be tried.
    tries: usize,
    choose: Choose<'a, E>,
}

impl<E> Search<'_, E> {
    fn remove_lines(&mut self) -> Result<(), E> {
        let all = |text: &Text| text.lines.len();
        self.remove_chunks(all, |text, at, size| {
            text.lines.drain(at..at + size);
            (at, 0)
        })
    }

    fn remove_words(&mut self) -> Result<(), E> {
        let mut line = 0;
        while line < self.text.lines.len() {
            let all = |text: &Text| text.lines[line].len();
            self.remove_chunks(all, |text, at, size| {
                text.lines[line].drain(at..at + size);
                (line, at)
            })?;
            line += 1;
        }
        Ok(())
    }

    fn shorten_words(&mut self) -> Result<(), E> {
        for place in self.text.places() {
            if number(self.text.word(place)).is_some() {
                continue;
            }
            let all = |text: &Text| text.word(place).len();
            self.remove_chunks(all, |text, at, size| {
                text.lines[place.0][place.1].drain(at..at + size);
                place
            })?;
        }
        Ok(())
    }

    /// Takes chunks away, large ones first. `remove` does it and says before which word it was.
    fn remove_chunks(
        &mut self,
        all: impl Fn(&Text) -> usize,
        remove: impl Fn(&mut Text, usize, usize) -> Place,
    ) -> Result<(), E> {
        let mut size = all(&self.text).div_ceil(2);
        while size > 0 {
            let mut at = 0;
            while at + size <= all(&self.text) {
                let mut smaller = self.text.clone();
                let place = remove(&mut smaller, at, size);
                let texts = smaller.with_counts_lowered(place, size);
                if !self.takes_one_of(texts)? {
                    at += size;
                }
            }
            size /= 2;
        }
        Ok(())
    }

    fn lower_numbers(&mut self) -> Result<(), E> {
        for place in self.text.places() {
            while let Some(value) = number(self.text.word(place)) {
                let mut values = vec![0, value / 2, value - value.signum()];
                values.dedup();
                values.retain(|lower| lower.unsigned_abs() < value.unsigned_abs());
                let texts = values.iter().map(|lower| self.text.with(place, *lower));
                let texts = texts.collect();
                if !self.takes_one_of(texts)? {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Goes on with the first of these texts that is still wanted.
    fn takes_one_of(&mut self, mut texts: Vec<Text>) -> Result<bool, E> {
        texts.truncate(self.tries);
        if texts.is_empty() {
            return Ok(false);
        }
        self.tries -= texts.len();
        let inputs: Vec<Vec<u8>> = texts.iter().map(Text::bytes).collect();
        let chosen = (self.choose)(&inputs)?;
        let taken = chosen.and_then(|index| texts.into_iter().nth(index));
        let is_taken = taken.is_some();
        if let Some(text) = taken {
            self.text = text;
        }
        Ok(is_taken)
    }
}

impl Text {
    fn of(input: &[u8]) -> Text {
        let words = |line: &[u8]| {
            line.split(|&byte| byte == b' ')
                .map(<[u8]>::to_vec)
                .collect()
        };
        Text {
            lines: input.split(|&byte| byte == b'\n').map(words).collect(),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let lines: Vec<Vec<u8>> = self.lines.iter().map(|words| words.join(&b' ')).collect();
        lines.join(&b'\n')
    }

    fn places(&self) -> Vec<Place> {
        let of_line = |(line, words): (usize, &Vec<Vec<u8>>)| {
            (0..words.len())
                .map(move |word| (line, word))
                .collect::<Vec<_>>()
        };
        self.lines.iter().enumerate().flat_map(of_line).collect()
    }

    fn word(&self, (line, word): Place) -> &[u8] {
        &self.lines[line][word]
    }

    fn with(&self, (line, word): Place, value: i64) -> Text {
        let mut text = self.clone();
        text.lines[line][word] = value.to_string().into_bytes();
        text
    }

    /// The text itself, and with each number lowered that may count what went from before `end`.
    fn with_counts_lowered(self, end: Place, by: usize) -> Vec<Text> {
        let Ok(by) = i64::try_from(by) else {
            return vec![self];
        };
        let before = self.places();
        let before = before.into_iter().take_while(|place| *place < end);
        let counts: Vec<(Place, i64)> = before
            .filter_map(|place| Some((place, number(self.word(place))?)))
            .filter(|(_, value)| *value >= by)
            .collect();
        let near = counts.iter().rev().take(COUNTS);
        let first = counts
            .iter()
            .take(counts.len().saturating_sub(COUNTS).min(COUNTS));
        let lowered = near
            .chain(first)
            .map(|(place, value)| self.with(*place, value - by));
        let lowered: Vec<Text> = lowered.collect();
        std::iter::once(self).chain(lowered).collect()
    }
}

/// The word as a whole number in its plain form.
fn number(word: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(word).ok()?;
    let value = text.parse::<i64>().ok()?;
    (value.to_string() == text).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    fn shrunk(input: &str, max_tries: usize, is_wanted: impl Fn(&str) -> bool) -> String {
        let mut choose = |inputs: &[Vec<u8>]| -> Result<Option<usize>, Infallible> {
            let wanted = |input: &Vec<u8>| is_wanted(std::str::from_utf8(input).unwrap());
            Ok(inputs.iter().position(wanted))
        };
        let Ok(smaller) = shrink(input.as_bytes(), max_tries, &mut choose);
        String::from_utf8(smaller).unwrap()
    }

    fn numbers(text: &str) -> Option<Vec<i64>> {
        text.split_whitespace()
            .map(|word| word.parse().ok())
            .collect()
    }

    /// A count, and in the next line so many numbers.
    fn list(text: &str) -> Option<Vec<i64>> {
        let mut lines = text.lines();
        let count = lines.next()?.parse::<usize>().ok()?;
        let list = numbers(lines.next()?)?;
        (lines.next().is_none() && list.len() == count && count > 0).then_some(list)
    }

    #[test]
    fn counts_go_down_with_what_they_count() {
        let wanted = |text: &str| list(text).is_some_and(|list| list.iter().any(|n| *n > 100));
        assert_eq!(shrunk("5\n3 900 4 77 -12\n", 10_000, wanted), "1\n101");
        let lines = |text: &str| {
            let lines: Vec<&str> = text.lines().collect();
            let count = lines.first().and_then(|first| first.parse::<usize>().ok());
            count == Some(lines.len() - 1) && lines[1..].contains(&"7 7")
        };
        assert_eq!(shrunk("4\n1 2\n7 7\n3 4\n5 6", 10_000, lines), "1\n7 7");
    }

    #[test]
    fn words_lose_letters_together_with_their_length() {
        let wanted = |text: &str| {
            let words: Vec<&str> = text.split_whitespace().collect();
            matches!(words[..], [n, word] if n == word.len().to_string() && word.contains("xy"))
        };
        assert_eq!(shrunk("9\nabcxydefg", 10_000, wanted), "2\nxy");
    }

    #[test]
    fn numbers_go_down_towards_zero_from_either_side() {
        let wanted =
            |text: &str| numbers(text).is_some_and(|n| matches!(n[..], [a, b] if a > 41 && b < -6));
        assert_eq!(shrunk("1000000 -500", 10_000, wanted), "42 -7");
    }

    #[test]
    fn no_more_are_tried_than_allowed_and_what_is_unwanted_is_never_chosen() {
        let mut tried = 0;
        let mut choose = |inputs: &[Vec<u8>]| -> Result<Option<usize>, Infallible> {
            tried += inputs.len();
            Ok(None)
        };
        let input = b"3\n1 2 3\nabc\n";
        let Ok(same) = shrink(input, 10, &mut choose);
        assert_eq!((same.as_slice(), tried), (&input[..], 10));
    }

    #[test]
    fn a_failure_ends_it() {
        let failed = shrink(b"1 2", 100, &mut |_: &[Vec<u8>]| Err("broken"));
        assert_eq!(failed, Err("broken"));
    }
}
