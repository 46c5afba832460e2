//! The condition of a search, e.g. `greedy.cpp is WA and not slow.py is TLE|WTL`.

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as NoVerdict, StrDeserializer};

use crate::judge::verdict::Verdict;

/// Stands for every verdict but a right one.
const WRONG: &str = "wrong";
/// Deeper conditions are nobody's wish.
const MAX_DEPTH: usize = 64;

/// What the verdicts of the candidates on an input must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// A candidate, by its place, comes to one of these verdicts.
    Is(usize, Wanted),
    /// It does not hold.
    Not(Box<Condition>),
    /// All of them hold.
    All(Vec<Condition>),
    /// At least one of them holds.
    Any(Vec<Condition>),
}

/// A choice of verdicts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Every one but a right one.
    Wrong,
    /// One of these.
    OneOf(Vec<Verdict>),
}

/// Why a text is no condition.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ConditionError {
    /// A name that no candidate has.
    #[error("{name:?} is none of the candidates: {}", known.join(", "))]
    UnknownName {
        /// The name.
        name: String,
        /// Names of the candidates.
        known: Vec<String>,
    },
    /// A word in the place of a verdict.
    #[error(
        "{0:?} is no verdict: write one of AC, WA, TLE, WTL, ILE, MLE, OLE, RTE, or wrong for all but AC"
    )]
    UnknownVerdict(String),
    /// Something else belongs here.
    #[error("expected {expected}, found {found}")]
    Unexpected {
        /// What belongs here.
        expected: &'static str,
        /// What is here.
        found: String,
    },
    /// Too many parentheses or negations within one another.
    #[error("the condition is nested more than {MAX_DEPTH} deep")]
    TooDeep,
}

impl Condition {
    /// At least one candidate does not come to the right answer.
    pub fn any_is_wrong(candidates: usize) -> Condition {
        let wrong = |index| Condition::Is(index, Wanted::Wrong);
        Condition::Any((0..candidates).map(wrong).collect())
    }

    /// Reads a condition upon candidates of these names.
    ///
    /// # Errors
    /// Where the text is none.
    pub fn parse(text: &str, names: &[String]) -> Result<Condition, ConditionError> {
        let mut parser = Parser {
            words: words(text),
            next: 0,
            names,
        };
        let condition = parser.any(0)?;
        match parser.peek() {
            None => Ok(condition),
            Some(_) => Err(parser.unexpected("\"and\", \"or\" or the end")),
        }
    }

    /// Whether it holds for the verdicts of the candidates, in their order.
    pub fn holds(&self, verdicts: &[Verdict]) -> bool {
        match self {
            Condition::Is(index, wanted) => verdicts
                .get(*index)
                .is_some_and(|verdict| wanted.has(*verdict)),
            Condition::Not(other) => !other.holds(verdicts),
            Condition::All(parts) => parts.iter().all(|part| part.holds(verdicts)),
            Condition::Any(parts) => parts.iter().any(|part| part.holds(verdicts)),
        }
    }
}

impl Wanted {
    fn has(&self, verdict: Verdict) -> bool {
        match self {
            Wanted::Wrong => !matches!(verdict, Verdict::Accepted | Verdict::Completed),
            Wanted::OneOf(verdicts) => verdicts.contains(&verdict),
        }
    }
}

/// Names, verdicts, and the signs `(`, `)` and `|`, which stand for themselves.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for part in text.split_whitespace() {
        for piece in part.split_inclusive(['(', ')', '|']) {
            let name = piece.trim_end_matches(['(', ')', '|']);
            let sign = &piece[name.len()..];
            words.extend([name, sign].into_iter().filter(|word| !word.is_empty()));
        }
    }
    words
}

struct Parser<'a> {
    words: Vec<&'a str>,
    next: usize,
    names: &'a [String],
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.words.get(self.next).copied()
    }

    /// Takes the next word if it is this one.
    fn takes(&mut self, word: &str) -> bool {
        let is_next = self.peek() == Some(word);
        self.next += usize::from(is_next);
        is_next
    }

    fn unexpected(&self, expected: &'static str) -> ConditionError {
        let found = match self.peek() {
            Some(word) => format!("{word:?}"),
            None => "the end".to_owned(),
        };
        ConditionError::Unexpected { expected, found }
    }

    fn any(&mut self, depth: usize) -> Result<Condition, ConditionError> {
        let mut parts = vec![self.all(depth)?];
        while self.takes("or") {
            parts.push(self.all(depth)?);
        }
        Ok(only_or(parts, Condition::Any))
    }

    fn all(&mut self, depth: usize) -> Result<Condition, ConditionError> {
        let mut parts = vec![self.part(depth)?];
        while self.takes("and") {
            parts.push(self.part(depth)?);
        }
        Ok(only_or(parts, Condition::All))
    }

    fn part(&mut self, depth: usize) -> Result<Condition, ConditionError> {
        if depth > MAX_DEPTH {
            return Err(ConditionError::TooDeep);
        }
        if self.takes("not") {
            return Ok(Condition::Not(Box::new(self.part(depth + 1)?)));
        }
        if self.takes("(") {
            let inner = self.any(depth + 1)?;
            return match self.takes(")") {
                true => Ok(inner),
                false => Err(self.unexpected("\")\"")),
            };
        }
        let index = self.candidate()?;
        match self.takes("is") {
            true => Ok(Condition::Is(index, self.wanted()?)),
            false => Err(self.unexpected("\"is\"")),
        }
    }

    fn candidate(&mut self) -> Result<usize, ConditionError> {
        let Some(name) = self.peek() else {
            return Err(self.unexpected("the name of a candidate"));
        };
        let found = self.names.iter().position(|known| known == name);
        self.next += 1;
        found.ok_or_else(|| ConditionError::UnknownName {
            name: name.to_owned(),
            known: self.names.to_vec(),
        })
    }

    fn wanted(&mut self) -> Result<Wanted, ConditionError> {
        if self.takes(WRONG) {
            return Ok(Wanted::Wrong);
        }
        let mut verdicts = vec![self.verdict()?];
        while self.takes("|") {
            verdicts.push(self.verdict()?);
        }
        Ok(Wanted::OneOf(verdicts))
    }

    fn verdict(&mut self) -> Result<Verdict, ConditionError> {
        let Some(word) = self.peek() else {
            return Err(self.unexpected("a verdict"));
        };
        self.next += 1;
        let code: StrDeserializer<'_, NoVerdict> = word.into_deserializer();
        Verdict::deserialize(code).map_err(|_| ConditionError::UnknownVerdict(word.to_owned()))
    }
}

/// One part alone is itself.
fn only_or(mut parts: Vec<Condition>, join: fn(Vec<Condition>) -> Condition) -> Condition {
    match (parts.pop(), parts.is_empty()) {
        (Some(only), true) => only,
        (Some(last), false) => {
            parts.push(last);
            join(parts)
        }
        (None, _) => join(parts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{Accepted, RuntimeError, TimeLimit, WrongAnswer};

    fn names() -> Vec<String> {
        vec!["a.cpp".to_owned(), "b.py".to_owned()]
    }

    fn holds(text: &str, verdicts: [Verdict; 2]) -> bool {
        Condition::parse(text, &names()).unwrap().holds(&verdicts)
    }

    #[test]
    fn verdicts_are_joined_by_and_before_or() {
        let text = "a.cpp is WA and b.py is AC or b.py is TLE|RTE";
        assert!(holds(text, [WrongAnswer, Accepted]));
        assert!(!holds(text, [Accepted, Accepted]));
        assert!(holds(text, [Accepted, TimeLimit]));
        assert!(holds(text, [WrongAnswer, RuntimeError]));
        let text = "a.cpp is WA and (b.py is AC or b.py is TLE)";
        assert!(!holds(text, [Accepted, TimeLimit]));
        assert!(holds("not(a.cpp is AC)", [WrongAnswer, Accepted]));
    }

    #[test]
    fn wrong_is_everything_but_right() {
        assert!(holds("a.cpp is wrong", [TimeLimit, Accepted]));
        assert!(!holds("a.cpp is wrong", [Accepted, TimeLimit]));
        let any = Condition::any_is_wrong(2);
        assert!(any.holds(&[Accepted, WrongAnswer]));
        assert!(!any.holds(&[Accepted, Accepted]));
    }

    #[test]
    fn what_is_no_condition_is_explained() {
        for (text, words) in [
            ("", "expected the name of a candidate, found the end"),
            ("c.py is WA", "none of the candidates: a.cpp, b.py"),
            ("a.cpp is XX", "\"XX\" is no verdict"),
            ("a.cpp WA", "expected \"is\", found \"WA\""),
            ("a.cpp is WA|", "expected a verdict"),
            ("(a.cpp is WA", "expected \")\""),
            ("a.cpp is WA b.py is WA", "\"and\", \"or\" or the end"),
        ] {
            let error = Condition::parse(text, &names()).unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
        let deep = "not ".repeat(100) + "a.cpp is WA";
        let error = Condition::parse(&deep, &names()).unwrap_err();
        assert_eq!(error, ConditionError::TooDeep);
    }
}
