//! Problems whose submissions are functions in C or C++: the problem's own file has `main`, and calls them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::frame::Frame;
use super::super::report::Findings;
use super::super::yaml::{Node, Pair};
use super::asked::with_preamble;
use super::{FILE, Files, checkers, value};
use crate::problem::SourceFile;

/// What is compiled with submissions, and how.
#[derive(Debug, Default)]
pub(super) struct Signature {
    pub includes: BTreeMap<String, Vec<SourceFile>>,
    pub frames: BTreeMap<String, Frame>,
    /// The languages of submissions.
    pub languages: Vec<String>,
}

/// Names in place of the entry's and the submission's own, for both are compiled in the language of the submission.
const ENTRY: &str = "signature_grader";
const SUBMISSION: &str = "submission";

/// What tells every source that it is compiled with others.
const DEFINED: &str = "#define SIGNATURE_GRADER\n";

/// Reads `signature_grader`, where there is one.
pub(super) fn read(
    files: &Files<'_>,
    pairs: &[Pair],
    findings: &mut Findings,
) -> Option<Signature> {
    let pair = pairs.iter().find(|pair| pair.key == "signature_grader")?;
    let settings = pair.value.pairs().unwrap_or_default();
    let mut file = |key| {
        let name = value(settings, key).and_then(Node::text);
        let bytes = name.and_then(|name| files.file(name));
        if bytes.is_none() {
            let message = format!("signature_grader must name a file as its {key}");
            findings.error(FILE, Some(pair.line), message);
        }
        Some((name?, bytes?))
    };
    let (entry, header) = (file("entry"), file("header"));
    let ((entry_name, entry), (header_name, header)) = (entry?, header?);
    if header_name.contains(['"', '\n', '\\']) {
        let message = "the name of the header must be one that #include takes";
        findings.error(FILE, Some(pair.line), message);
    }
    let languages: &[&str] = match entry_name.rsplit_once('.') {
        Some((_, "c")) => &["c", "cpp"],
        _ => &["cpp"],
    };
    let allow_main = checkers::is_true(value(settings, "allow_main").and_then(Node::text));
    let hidden = match allow_main {
        true => "",
        false => "#define main main_of_the_submission\n",
    };
    let mut signature = Signature::default();
    for &language in languages {
        let entry = SourceFile {
            name: format!("{ENTRY}.{language}"),
            bytes: Arc::clone(entry),
        };
        let header = SourceFile {
            name: header_name.to_owned(),
            bytes: Arc::clone(header),
        };
        let frame = Frame {
            main: entry.name.clone(),
            submission: format!("{SUBMISSION}.{language}"),
            preamble: format!("{DEFINED}#include \"{header_name}\"\n{hidden}#line 1\n"),
        };
        let included = vec![with_preamble(&entry, DEFINED), header];
        signature.includes.insert(language.to_owned(), included);
        signature.frames.insert(language.to_owned(), frame);
        signature.languages.push(language.to_owned());
    }
    Some(signature)
}
