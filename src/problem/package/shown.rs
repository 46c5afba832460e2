//! What contestants are shown of test cases: files beside an input that take the place of it or of the answer, in
//! statements and for download. No verdict depends on them.

use super::data::{ROOT, TestCase};
use super::report::Findings;
use super::settings::{Format, Kind};
use super::tree::Tree;

/// All that there may be beside an input, but for its answer.
const ENDINGS: [&str; 13] = [
    ".out",
    ".interaction",
    ".in.statement",
    ".ans.statement",
    ".in.download",
    ".ans.download",
    ".hint",
    ".desc",
    ".yaml",
    ".png",
    ".jpg",
    ".jpeg",
    ".svg",
];

/// What is shown, or given to whoever downloads it, in the place of an input or an answer: one of each list at
/// most, and of both or of none.
const OF_INPUTS: [&[&str]; 2] = [&[".in.statement", ".interaction"], &[".in.download"]];
const OF_ANSWERS: [&[&str]; 2] = [
    &[".out", ".ans.statement", ".interaction"],
    &[".out", ".ans.download"],
];
const ILLUSTRATIONS: [&str; 4] = [".png", ".jpg", ".jpeg", ".svg"];

/// Checks the files of all cases, by the rules of 2025-09; other formats have few of them.
pub(super) fn check(
    tree: &Tree,
    (format, kind): (Format, Kind),
    cases: &[TestCase],
    findings: &mut Findings,
) {
    let is_new = format == Format::V2025;
    for case in cases.iter().filter(|case| case.has_data()) {
        let place = Place {
            tree,
            path: format!("{ROOT}/{}", case.name),
        };
        if is_new {
            place.check_counterparts(findings);
        }
        place.refuse_two(&ILLUSTRATIONS, is_new, findings);
    }
    for (path, bytes) in tree.files().filter(|(path, _)| is_of_case(path)) {
        if let Some(stem) = path.strip_suffix(".interaction") {
            check_lines(path, bytes, kind, findings);
            // Legacy problems may show what no case is about.
            if !is_new && tree.file(&format!("{stem}.in")).is_none() {
                continue;
            }
        }
        tell_of_lonely(tree, path, findings);
    }
}

fn is_of_case(path: &str) -> bool {
    ["data/sample/", "data/secret/"]
        .iter()
        .any(|directory| path.starts_with(directory))
}

/// A case: its path in the package without an ending.
struct Place<'a> {
    tree: &'a Tree,
    path: String,
}

impl Place<'_> {
    fn has(&self, ending: &str) -> bool {
        self.tree.file(&format!("{}{ending}", self.path)).is_some()
    }

    /// What is shown and what is downloaded belong together.
    fn check_counterparts(&self, findings: &mut Findings) {
        for (what, [shown, downloaded]) in [("in", OF_INPUTS), ("ans", OF_ANSWERS)] {
            for endings in [shown, downloaded] {
                self.refuse_two(endings, true, findings);
            }
            let first = |endings: &[&'static str]| endings.iter().copied().find(|e| self.has(e));
            let (lonely, missing) = match (first(shown), first(downloaded)) {
                (Some(shown), None) => (shown, format!("{}.{what}.download", self.path)),
                (None, Some(downloaded)) => (downloaded, format!("{}.{what}.statement", self.path)),
                (None, None) | (Some(_), Some(_)) => continue,
            };
            let message = format!(
                "it takes the place of the .{what} file for one of statement and download only: add \
                 {missing}"
            );
            findings.warning(&format!("{}{lonely}", self.path), None, message);
        }
    }

    /// Of these there may be one.
    fn refuse_two(&self, endings: &[&str], is_error: bool, findings: &mut Findings) {
        let mut found = endings.iter().filter(|ending| self.has(ending));
        let (Some(first), Some(second)) = (found.next(), found.next()) else {
            return;
        };
        let path = format!("{}{second}", self.path);
        let message = format!(
            "it is for the same as {}{first}: remove one of them",
            self.path
        );
        match is_error {
            true => findings.error(&path, None, message),
            false => findings.warning(&path, None, message),
        }
    }
}

/// Each line of an interaction says who speaks.
fn check_lines(path: &str, bytes: &[u8], kind: Kind, findings: &mut Findings) {
    let text = String::from_utf8_lossy(bytes);
    let is_odd = |line: &str| match line {
        "---" => !kind.is_multi_pass,
        line => !line.starts_with(['<', '>']),
    };
    let odd = text.lines().position(|line| is_odd(line.trim_end()));
    if let Some(index) = odd {
        let message = "lines begin with < for what the judge says and > for what the submission says; in \
                       multi-pass problems --- is between passes";
        findings.warning(path, Some(index + 1), message);
    }
}

/// Warns of what belongs to a case that is not there.
fn tell_of_lonely(tree: &Tree, path: &str, findings: &mut Findings) {
    let Some(stem) = ENDINGS.iter().find_map(|ending| path.strip_suffix(ending)) else {
        return;
    };
    let name = stem.rsplit('/').next().unwrap_or_default();
    let is_of_group = matches!(name, "testdata" | "test_group");
    if !is_of_group && tree.file(&format!("{stem}.in")).is_none() {
        let message = format!("it is not used, for there is no {name}.in");
        findings.warning(path, None, message);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::tree;
    use super::*;

    fn found(format: Format, files: &[&str]) -> Vec<String> {
        let files: Vec<(String, &str)> = files
            .iter()
            .map(|file| file.split_once(' ').unwrap_or((file, "")))
            .map(|(name, text)| (format!("data/sample/{name}"), text))
            .collect();
        let files: Vec<(&str, &str)> = files.iter().map(|(n, t)| (n.as_str(), *t)).collect();
        let tree = tree(&files);
        let none = || std::sync::Arc::from([]);
        let case = TestCase::plain("sample/1".to_owned(), none(), none());
        let mut findings = Findings::default();
        let kind = Kind::default();
        check(&tree, (format, kind), &[case], &mut findings);
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_shown_is_also_what_is_downloaded() {
        let of = |files| found(Format::V2025, files);
        for fine in [
            &[
                "1.in",
                "1.ans",
                "1.out",
                "1.yaml",
                "1.png",
                "test_group.yaml",
            ][..],
            &["1.in", "1.in.statement", "1.in.download"],
            &["1.in", "1.ans.statement", "1.ans.download"],
            &[
                "1.in",
                "1.interaction < 1\n> 2\n",
                "1.in.download",
                "1.ans.download",
            ],
        ] {
            assert_eq!(of(fine), Vec::<String>::new(), "{fine:?}");
        }
        for (files, beginning) in [
            (
                &["1.in", "1.in.statement"][..],
                "warning: data/sample/1.in.statement: it takes the place of the .in file for one",
            ),
            (
                &["1.in", "1.ans.download"],
                "warning: data/sample/1.ans.download: it takes the place of the .ans file for one",
            ),
            (
                &["1.in", "1.out", "1.ans.statement", "1.ans.download"],
                "error: data/sample/1.ans.statement: it is for the same as data/sample/1.out",
            ),
            (
                &["1.in", "1.png", "1.svg"],
                "error: data/sample/1.svg: it is for the same as data/sample/1.png",
            ),
        ] {
            let found = of(files);
            assert!(
                found.first().is_some_and(|f| f.starts_with(beginning)),
                "{found:?}"
            );
        }
    }

    #[test]
    fn an_interaction_says_who_speaks() {
        for (text, line) in [
            ("2.interaction > 1\n1\n", 2),
            ("2.interaction < 1\n---\n", 2),
        ] {
            let found = found(Format::Legacy, &["1.in", text]);
            let place = format!("warning: data/sample/2.interaction:{line}: lines begin");
            assert!(
                found.len() == 1 && found[0].starts_with(&place),
                "{found:?}"
            );
        }
    }

    #[test]
    fn what_belongs_to_no_case_is_told() {
        for name in ["2.out", "2.in.statement", "2.desc", "2.yaml"] {
            let words =
                format!("warning: data/sample/{name}: it is not used, for there is no 2.in");
            assert_eq!(found(Format::V2025, &["1.in", name]), [words]);
        }
        assert_eq!(found(Format::V2025, &["1.in", "2.interaction"]).len(), 1);
        assert_eq!(found(Format::Legacy, &["1.in", "2.interaction"]).len(), 0);
    }
}
