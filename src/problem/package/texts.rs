//! Whether text is as the format wants it: UTF-8 without a byte-order mark, and lines that end in LF, the last one
//! too; and that no file is larger than version control likes.

use super::report::{Findings, Severity};
use super::settings::Format;
use super::tree::Tree;

/// What tools read: a mistake in it is an error in 2025-09. In all else, of which some need not be text, it is
/// a warning.
const SETTINGS: [&str; 3] = ["yaml", "tex", "md"];
/// Other text: of test cases, and sources.
const OTHERS: [&str; 18] = [
    "in",
    "ans",
    "out",
    "interaction",
    "statement",
    "download",
    "txt",
    "c",
    "cc",
    "cpp",
    "h",
    "hpp",
    "java",
    "kt",
    "py",
    "rs",
    "go",
    "sh",
];

/// Larger files are a trouble for version control and archives.
const MAX_BYTES: usize = 100 << 20;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// Checks all files. Those of one mistake make one finding.
pub(super) fn check(tree: &Tree, format: Format, findings: &mut Findings) {
    let is_new = format == Format::V2025;
    // Legacy packages come from everywhere, and line ends mostly mean no harm.
    let mistakes = if is_new {
        &MISTAKES[..]
    } else {
        &MISTAKES[..2]
    };
    for (endings, are_settings) in [(&SETTINGS[..], true), (&OTHERS, false)] {
        let texts = tree.files().filter(|(path, _)| is_text(path, endings));
        let texts: Vec<(&str, &[u8])> = texts.map(|(path, bytes)| (path, &**bytes)).collect();
        for Mistake {
            is_made,
            severity,
            message,
        } in mistakes
        {
            let severity = match is_new && are_settings {
                true => *severity,
                false => Severity::Warning,
            };
            let wrong = texts.iter().filter(|(_, bytes)| is_made(bytes));
            tell(wrong.map(|(path, _)| *path), (severity, message), findings);
        }
    }
    let large = tree.files().filter(|(_, bytes)| bytes.len() > MAX_BYTES);
    let message = "have more than 100 MiB: make them smaller";
    tell(
        large.map(|(path, _)| path),
        (Severity::Warning, message),
        findings,
    );
}

/// What may be wrong with a text, and how that is told of several.
struct Mistake {
    is_made: fn(&[u8]) -> bool,
    severity: Severity,
    message: &'static str,
}

const MISTAKES: [Mistake; 4] = [
    Mistake {
        is_made: |text| std::str::from_utf8(text).is_err(),
        severity: Severity::Error,
        message: "are not UTF-8: convert them",
    },
    Mistake {
        is_made: |text| text.starts_with(BOM),
        severity: Severity::Error,
        message: "begin with a byte-order mark: remove it",
    },
    Mistake {
        is_made: |text| text.contains(&b'\r'),
        severity: Severity::Error,
        message: "have lines that end in CR: let them end in LF only",
    },
    Mistake {
        is_made: |text| text.last().is_some_and(|last| *last != b'\n'),
        // Everybody's editor does it, and no tool stumbles over it.
        severity: Severity::Warning,
        message: "do not end their last line: add a line end",
    },
];

/// Whether a file is text of this kind. What must be rejected may be anything, and hidden files are no part of a
/// package.
fn is_text(path: &str, endings: &[&str]) -> bool {
    let ending = path.rsplit_once('.').map(|(_, ending)| ending);
    let is_bad = ["data/invalid_input/", "data/invalid_output/"]
        .iter()
        .any(|d| path.starts_with(d));
    let is_hidden = path.split('/').any(|part| part.starts_with('.'));
    !is_bad && !is_hidden && ending.is_some_and(|ending| endings.contains(&ending))
}

fn tell<'a>(
    mut paths: impl Iterator<Item = &'a str>,
    (severity, message): (Severity, &str),
    findings: &mut Findings,
) {
    if let Some(first) = paths.next() {
        let message = format!("the file and {} others {message}", paths.count());
        findings.add(severity, first, None, message);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::tree;
    use super::*;

    fn found(files: &[(&str, &str)], format: Format) -> Vec<String> {
        let mut findings = Findings::default();
        check(&tree(files), format, &mut findings);
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn settings_that_are_no_proper_text_are_errors_and_data_is_told_of() {
        let right = [
            ("problem.yaml", "a\n"),
            ("data/secret/1.in", ""),
            ("x.bin", "\r"),
        ];
        assert_eq!(found(&right, Format::V2025), Vec::<String>::new());
        let hidden = [("data/invalid_input/1.in", "\r"), (".github/x.yaml", "\r")];
        assert_eq!(found(&hidden, Format::V2025), Vec::<String>::new());
        for (text, words, severity) in [
            ("a\r\n", "end in CR", "error"),
            ("\u{feff}a\n", "byte-order mark", "error"),
            ("a", "do not end their last line", "warning"),
        ] {
            let files = [
                ("problem.yaml", text),
                ("data/secret/1.in", text),
                ("data/secret/2.in", text),
            ];
            let found = found(&files, Format::V2025);
            assert_eq!(found.len(), 2, "{found:?}");
            assert!(
                found[0].starts_with(&format!("{severity}: problem.yaml: the file and 0 others")),
                "{found:?}"
            );
            assert!(
                found[1].starts_with("warning: data/secret/1.in: the file and 1 others"),
                "{found:?}"
            );
            assert!(found.iter().all(|found| found.contains(words)), "{found:?}");
        }
    }

    #[test]
    fn what_is_not_utf_8_is_told_in_every_format() {
        let mut tree = tree(&[]);
        let latin = std::sync::Arc::from(&b"gr\xf6\xdfe\n"[..]);
        tree.insert("statement/problem.en.md", latin).unwrap();
        for (format, severity) in [(Format::V2025, "error"), (Format::Legacy, "warning")] {
            let mut findings = Findings::default();
            check(&tree, format, &mut findings);
            let found: Vec<String> = findings.iter().map(ToString::to_string).collect();
            assert!(
                found[0].starts_with(severity) && found[0].contains("not UTF-8"),
                "{found:?}"
            );
        }
    }

    #[test]
    fn line_ends_of_legacy_packages_are_taken_as_they_are() {
        assert_eq!(
            found(&[("a.yaml", "a\r\nb")], Format::Legacy),
            Vec::<String>::new()
        );
    }
}
