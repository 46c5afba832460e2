//! XML as Polygon writes it: elements with their lines. A document type is refused, for its entities are
//! what XML bombs are made of.

use roxmltree::{Document, Node, ParsingOptions};

use super::super::report::Findings;
use super::FILE;

/// Largest file.
const MAX_BYTES: usize = 16 << 20;
/// Most elements and texts.
const MAX_NODES: u32 = 1 << 20;

/// Reads the document and hands its root on; `None` where it cannot be read.
pub(super) fn with_root<T>(
    text: &str,
    findings: &mut Findings,
    read: impl FnOnce(Element<'_>, &mut Findings) -> T,
) -> Option<T> {
    if text.len() > MAX_BYTES {
        let message = format!("the file has more than {MAX_BYTES} bytes");
        findings.error(FILE, None, message);
        return None;
    }
    let options = ParsingOptions {
        nodes_limit: MAX_NODES,
        ..ParsingOptions::default()
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match Document::parse_with_options(text, options) {
        Ok(document) => Some(read(Element(document.root_element()), findings)),
        Err(error) => {
            let line = usize::try_from(error.pos().row).ok();
            findings.error(FILE, line, format!("the file is no XML: {error}"));
            None
        }
    }
}

/// An element of the file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Element<'a>(Node<'a, 'a>);

impl<'a> Element<'a> {
    pub(super) fn child(self, name: &'a str) -> Option<Element<'a>> {
        self.children(name).next()
    }

    pub(super) fn children(self, name: &'a str) -> impl Iterator<Item = Element<'a>> {
        let children = self.0.children().map(Element);
        children.filter(move |child| child.0.has_tag_name(name))
    }

    pub(super) fn attribute(self, name: &str) -> Option<&'a str> {
        self.0.attribute(name)
    }

    /// Its text.
    pub(super) fn text(self) -> Option<&'a str> {
        self.0.text().map(str::trim)
    }

    /// The text of a child.
    pub(super) fn text_of(self, name: &'a str) -> Option<&'a str> {
        self.child(name)?.text()
    }

    /// The number in a child, which must be above zero.
    pub(super) fn number(self, name: &'a str, findings: &mut Findings) -> Option<u64> {
        let number = self.text_of(name).and_then(|text| text.parse().ok());
        let number = number.filter(|&number| number > 0);
        if number.is_none() {
            let at = self.child(name).unwrap_or(self);
            at.error(findings, format!("{name} must be a whole number above 0"));
        }
        number
    }

    pub(super) fn error(self, findings: &mut Findings, message: impl Into<String>) {
        findings.error(FILE, Some(self.line()), message);
    }

    pub(super) fn warning(self, findings: &mut Findings, message: impl Into<String>) {
        findings.warning(FILE, Some(self.line()), message);
    }

    fn line(self) -> usize {
        let position = self.0.document().text_pos_at(self.0.range().start);
        position.row as usize
    }
}
