//! YAML as packages need it: text, lists and maps, each with its line. Anchors are refused, for
//! they are what YAML bombs are made of. Of a key that is given twice the last one counts, as in other
//! tools, and the document tells of it.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput};

/// Deepest nesting.
const MAX_DEPTH: usize = 32;
/// Largest file.
const MAX_BYTES: usize = 1 << 20;

/// A value and the line at which it begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub line: usize,
    pub value: Value,
}

/// A value. What a text means (a number, a truth) is for its reader to say.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Text(String),
    List(Vec<Node>),
    Map(Vec<Pair>),
}

/// An entry of a map.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pair {
    pub key: String,
    pub line: usize,
    pub value: Node,
}

/// What a file says.
#[derive(Debug)]
pub(super) struct Document {
    pub root: Node,
    /// Keys that had been given before in the same map, each with its line.
    pub repeated: Vec<(String, usize)>,
}

/// What is wrong with a file, and in which line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct YamlError {
    pub line: usize,
    pub message: String,
}

/// Reads the only document of a file; an empty file is an empty map.
pub(super) fn parse(text: &str) -> Result<Document, YamlError> {
    if text.len() > MAX_BYTES {
        return Err(error(
            1,
            format!("the file has more than {MAX_BYTES} bytes"),
        ));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        repeated: Vec::new(),
    };
    let mut root = None;
    loop {
        let (event, span) = reader.next()?;
        let line = line_of(span);
        match event {
            Event::StreamEnd => break,
            Event::Nothing | Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd => {}
            _ if root.is_some() => {
                return Err(error(line, "there must be one document only"));
            }
            event => root = Some(reader.node(event, line, 0)?),
        }
    }
    let empty = Node {
        line: 1,
        value: Value::Map(Vec::new()),
    };
    Ok(Document {
        root: root
            .filter(|root| root.value != Value::Null)
            .unwrap_or(empty),
        repeated: reader.repeated,
    })
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    repeated: Vec<(String, usize)>,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), YamlError> {
        match self.parser.next_event() {
            Some(Ok(next)) => Ok(next),
            Some(Err(found)) => Err(error(found.marker().line(), found.info())),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn node(&mut self, event: Event<'a>, line: usize, depth: usize) -> Result<Node, YamlError> {
        if depth > MAX_DEPTH {
            let message = format!("values are nested deeper than {MAX_DEPTH}");
            return Err(error(line, message));
        }
        let value = match event {
            Event::Scalar(text, style, ..) => scalar(&text, style),
            Event::SequenceStart(..) => self.list(depth)?,
            Event::MappingStart(..) => self.map(depth)?,
            Event::Alias(_) => {
                let message = "aliases (*name) are not accepted: write the value out";
                return Err(error(line, message));
            }
            _ => return Err(error(line, "the value ends unexpectedly")),
        };
        Ok(Node { line, value })
    }

    fn list(&mut self, depth: usize) -> Result<Value, YamlError> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Value::List(items)),
                (event, span) => items.push(self.node(event, line_of(span), depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Value, YamlError> {
        let mut pairs: Vec<Pair> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        loop {
            let (key, line) = match self.next()? {
                (Event::MappingEnd, _) => return Ok(Value::Map(pairs)),
                (Event::Scalar(key, ..), span) => (key.into_owned(), line_of(span)),
                (_, span) => return Err(error(line_of(span), "a key must be text")),
            };
            let (event, span) = self.next()?;
            let value = self.node(event, line_of(span), depth + 1)?;
            let pair = Pair { key, line, value };
            if let Some(&place) = places.get(&pair.key) {
                self.repeated.push((pair.key.clone(), line));
                pairs[place] = pair;
            } else {
                places.insert(pair.key.clone(), pairs.len());
                pairs.push(pair);
            }
        }
    }
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    match (style, text) {
        (ScalarStyle::Plain, "" | "~" | "null" | "Null" | "NULL") => Value::Null,
        _ => Value::Text(text.to_owned()),
    }
}

fn line_of(span: Span) -> usize {
    span.start.line().max(1)
}

fn error(line: usize, message: impl Into<String>) -> YamlError {
    YamlError {
        line: line.max(1),
        message: message.into(),
    }
}

impl Node {
    /// The text, where it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The entries, where it is a map.
    pub(super) fn pairs(&self) -> Option<&[Pair]> {
        match &self.value {
            Value::Map(pairs) => Some(pairs),
            _ => None,
        }
    }

    /// Words: a list of texts, or one text that white space separates.
    pub(super) fn words(&self) -> Option<Vec<String>> {
        match &self.value {
            Value::Null => Some(Vec::new()),
            Value::Text(text) => Some(text.split_whitespace().map(str::to_owned).collect()),
            Value::List(items) => items
                .iter()
                .map(|item| item.text().map(str::to_owned))
                .collect(),
            Value::Map(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Node {
        parse(text).unwrap().root
    }

    fn refused(text: &str) -> YamlError {
        parse(text).unwrap_err()
    }

    #[test]
    fn values_have_lines() {
        let root = read("# c\na: 1\nb:\n  c: 'x y'\n  d: [u, 'v w']\ne: ~\n");
        let pairs = root.pairs().unwrap();
        assert_eq!((pairs[0].key.as_str(), pairs[0].line), ("a", 2));
        assert_eq!(pairs[0].value.text(), Some("1"));
        let inner = pairs[1].value.pairs().unwrap();
        assert_eq!(inner[0].value.words().unwrap(), ["x", "y"]);
        assert_eq!((inner[0].line, inner[1].line), (4, 5));
        assert_eq!(inner[1].value.words().unwrap(), ["u", "v w"]);
        assert_eq!(pairs[2].value.value, Value::Null);
    }

    #[test]
    fn nothing_is_an_empty_map() {
        for text in ["", "\u{feff}", "# only a comment\n", "---\n"] {
            assert_eq!(read(text).pairs(), Some(&[][..]), "{text:?}");
        }
    }

    #[test]
    fn of_keys_that_are_given_twice_the_last_one_counts() {
        let document = parse("a: 1\nb: {c: 1, c: 2}\na: 3\n").unwrap();
        let pairs = document.root.pairs().unwrap();
        assert_eq!(pairs.len(), 2);
        assert_eq!((pairs[0].value.text(), pairs[0].line), (Some("3"), 3));
        let inner = pairs[1].value.pairs().unwrap();
        assert_eq!(inner[0].value.text(), Some("2"));
        assert_eq!(
            document.repeated,
            [("c".to_owned(), 2), ("a".to_owned(), 3)]
        );
    }

    #[test]
    fn what_makes_bombs_is_refused() {
        assert!(refused("a: &x [1]\nb: *x\n").message.contains("aliases"));
        assert!(refused(&"[".repeat(200)).message.contains("nested"));
        assert!(refused(&"- ".repeat(200)).message.contains("nested"));
        assert!(
            refused(&" ".repeat(MAX_BYTES + 1))
                .message
                .contains("bytes")
        );
    }

    #[test]
    fn errors_have_lines() {
        assert_eq!(refused("a: 1\n---\nb: 2\n").line, 3);
        assert_eq!(refused("a: 1\n[x]: 2\n").line, 2);
        assert!(refused("a: 1\nb: [1\n").line >= 2);
        assert!(refused("a: 'x\n").line >= 1);
    }
}
