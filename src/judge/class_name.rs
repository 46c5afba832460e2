//! What a Java program calls its classes: the compiler wants a public class in a file of its name, and
//! the runtime wants to know which class has `main`. Submissions come under any file name.

/// The class after which the file of a program should be named: its public one, else the one that
/// has `main`. `None` where there is neither.
pub(super) fn of_source(source: &[u8]) -> Option<String> {
    let mut scan = Scan::default();
    for word in Words::of(source) {
        scan.take(word);
    }
    scan.public.or(scan.main)
}

/// The package that a source says its classes are in: they are called by it and their own names.
pub(super) fn package_of(source: &[u8]) -> Option<String> {
    let mut words = Words::of(source);
    if words.next() != Some(b"package") {
        return None;
    }
    let name = words
        .take_while(|word| *word != b";")
        .collect::<Vec<_>>()
        .concat();
    Some(String::from_utf8_lossy(&name).into_owned())
}

/// Whether a source has a method `main` that can be run.
pub(super) fn has_main(source: &[u8]) -> bool {
    let mut scan = Scan::default();
    for word in Words::of(source) {
        scan.take(word);
    }
    scan.main.is_some()
}

/// What is known after some words.
#[derive(Default)]
struct Scan<'a> {
    depth: usize,
    previous: &'a [u8],
    is_public: bool,
    /// The class at the outermost level that was named last.
    class: Option<String>,
    public: Option<String>,
    main: Option<String>,
}

impl<'a> Scan<'a> {
    fn take(&mut self, word: &'a [u8]) {
        match word {
            b"{" => self.depth += 1,
            b"}" => self.depth = self.depth.saturating_sub(1),
            b";" => self.is_public = false,
            b"public" if self.depth == 0 => self.is_public = true,
            b"main" if self.depth == 1 && self.previous == b"void" => {
                self.main = self.main.take().or_else(|| self.class.clone());
            }
            name if self.depth == 0 && is_declaration(self.previous) && is_name(name) => {
                let name = String::from_utf8_lossy(name).into_owned();
                if self.is_public {
                    self.public = Some(name.clone());
                }
                self.is_public = false;
                self.class = Some(name);
            }
            _ => {}
        }
        self.previous = word;
    }
}

fn is_declaration(word: &[u8]) -> bool {
    matches!(word, b"class" | b"interface" | b"enum" | b"record")
}

fn is_name(word: &[u8]) -> bool {
    word.first().is_some_and(is_of_name)
}

fn is_of_name(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_$".contains(byte) || *byte >= 0x80
}

/// Names and single other bytes, without white space, comments and literals.
struct Words<'a> {
    rest: &'a [u8],
}

impl<'a> Words<'a> {
    fn of(source: &'a [u8]) -> Self {
        Words { rest: source }
    }

    /// Skips what is no word; whether there was anything to skip.
    fn skip(&mut self) -> bool {
        let length = match self.rest {
            [first, ..] if first.is_ascii_whitespace() => 1,
            [b'/', b'/', ..] => end_of(self.rest, b"\n"),
            [b'/', b'*', rest @ ..] => 2 + end_of(rest, b"*/"),
            [b'"', b'"', b'"', rest @ ..] => 3 + end_of(rest, b"\"\"\""),
            [quote @ (b'"' | b'\''), rest @ ..] => 1 + end_of_literal(rest, *quote),
            _ => return false,
        };
        self.rest = self.rest.get(length..).unwrap_or_default();
        true
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while self.skip() {}
        let name = self.rest.iter().take_while(|byte| is_of_name(byte)).count();
        let length = name.max(1).min(self.rest.len());
        let (word, rest) = self.rest.split_at(length);
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }
}

/// How far it is to the end of the next `end`.
fn end_of(text: &[u8], end: &[u8]) -> usize {
    let found = text.windows(end.len()).position(|window| window == end);
    found.map_or(text.len(), |start| start + end.len())
}

fn end_of_literal(text: &[u8], quote: u8) -> usize {
    let mut bytes = text.iter().enumerate();
    while let Some((index, &byte)) = bytes.next() {
        match byte {
            b'\\' => {
                bytes.next();
            }
            // A literal ends with its line at the latest.
            byte if byte == quote || byte == b'\n' => return index + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_named_after_the_public_class_or_that_with_main() {
        let main = "public static void main(String[] a) {}";
        for (source, expected) in [
            (format!("public class A {{ {main} }}"), Some("A")),
            (
                format!("class B {{ }} class A {{ {main} }} class C {{}}"),
                Some("A"),
            ),
            (
                format!("class B {{ {main} }} public final class A {{}}"),
                Some("A"),
            ),
            (
                format!("import x; class A {{ class B {{ {main} }} }}"),
                None,
            ),
            (
                format!("// public class B\n/* class C {{ */ class A {{ {main} }}"),
                Some("A"),
            ),
            (
                format!("class A {{ String s = \"}} class B {{\\\"\"; char c = '}}'; {main} }}"),
                Some("A"),
            ),
            (format!("class A {{ int class_ = 1; {main} }}"), Some("A")),
            (
                "record R(int x) { static void main(String[] a) {} }".to_owned(),
                Some("R"),
            ),
            ("class A { void f() { main(); } }".to_owned(), None),
            ("\"unfinished".to_owned(), None),
            ("/* unfinished".to_owned(), None),
            ("\\'".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(
                of_source(source.as_bytes()).as_deref(),
                expected,
                "{source}"
            );
        }
    }

    #[test]
    fn any_bytes_are_read_to_their_end() {
        for byte in 0..=255 {
            of_source(&[byte; 9]);
            of_source(&[b'"', b'\\', byte]);
        }
    }

    #[test]
    fn whatever_a_source_is_its_class_is_a_word() {
        let good = b"package p; /* x */ public class Main { String s = \"}\"; char c = '\\'';\n\
            // y\nclass In { public static void main(String[] a) {} } }";
        let words = [
            "class", "public", "main", "/*", "*/", "//", "\"\"\"", "{", "}", "\\",
        ];
        crate::fuzz::try_changes(50_000, (&[good], &words), |source, _| {
            let name = of_source(source).unwrap_or_else(|| "A".to_owned());
            let is_word = |c: char| c.is_alphanumeric() || "_$".contains(c) || !c.is_ascii();
            assert!(!name.is_empty() && name.chars().all(is_word), "{name:?}");
            package_of(source);
            has_main(source);
        });
    }
}
