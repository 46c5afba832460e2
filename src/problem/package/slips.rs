//! What looks like a slip of whoever made a package: it can be used as it is, but is hardly meant so.

use super::data::{GROUP_FILES, ROOT, TestCase};
use super::report::Findings;
use super::tree::Tree;

/// Directories that something is read from, and those for people.
const AT_ROOT: [&str; 16] = [
    "attachments",
    "data",
    "generators",
    "graders",
    "include",
    "input_format_validators",
    "input_validators",
    "input_visualizer",
    "output_validator",
    "output_validators",
    "output_visualizer",
    "problem_statement",
    "solution",
    "statement",
    "static_validator",
    "submissions",
];
const OF_DATA: [&str; 5] = [
    "invalid_input",
    "invalid_output",
    "sample",
    "secret",
    "valid_output",
];

/// From here on a name is taken for another one that was misspelt, of 1 for the same.
const ALIKE: f64 = 0.75;

/// Checks names of directories, the order of cases, groups and the sizes of answers.
pub(super) fn check(
    tree: &Tree,
    (cases, output_bytes): (&[TestCase], u64),
    findings: &mut Findings,
) {
    check_names(tree, "", &AT_ROOT, findings);
    check_names(tree, ROOT, &OF_DATA, findings);
    check_groups(tree, findings);
    check_order(cases, findings);
    check_answers(cases, output_bytes, findings);
}

/// The name that was most likely meant by this one, which is none of them.
pub(super) fn meant<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let likeness = |known: &&str| strsim::normalized_damerau_levenshtein(name, known);
    let best = known
        .iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    best.copied()
        .filter(|best| *best != name && likeness(best) >= ALIKE)
}

fn check_names(tree: &Tree, directory: &str, known: &[&str], findings: &mut Findings) {
    let entries = tree.entries(directory);
    let unknown = entries
        .iter()
        .filter(|e| e.is_directory && !known.contains(&e.name));
    for entry in unknown {
        // The other name is there where both are meant.
        let missing =
            meant(entry.name, known).filter(|meant| entries.iter().all(|e| e.name != *meant));
        if let Some(meant) = missing {
            let message = format!("nothing is read from here: if {meant} is meant, rename it");
            let path = [directory, entry.name]
                .into_iter()
                .filter(|part| !part.is_empty());
            findings.warning(&path.collect::<Vec<_>>().join("/"), None, message);
        }
    }
}

/// Warns of groups without cases.
fn check_groups(tree: &Tree, findings: &mut Findings) {
    for (path, _) in tree.below(ROOT) {
        let parts = path.rsplit_once('/');
        let Some((directory, _)) = parts.filter(|(_, name)| GROUP_FILES.contains(name)) else {
            continue;
        };
        let directory = format!("{ROOT}/{directory}");
        if !tree
            .below(&directory)
            .any(|(path, _)| path.ends_with(".in"))
        {
            let message = "the group has settings and no test cases";
            findings.warning(&directory, None, message);
        }
    }
}

/// Warns where cases that are numbered come in another order than that of their numbers.
fn check_order(cases: &[TestCase], findings: &mut Findings) {
    let neighbours = cases
        .windows(2)
        .filter(|pair| pair[0].group() == pair[1].group());
    let is_odd = |pair: &&[TestCase]| is_later(&pair[0].name, &pair[1].name);
    if let Some(pair) = neighbours.into_iter().find(is_odd) {
        let message = format!(
            "cases come in the order of their names, {} before {}: write numbers with equally many digits",
            pair[0].name, pair[1].name
        );
        findings.warning(&format!("{ROOT}/{}", pair[0].group()), None, message);
    }
}

/// Whether two names differ first in a number, and the first one has the larger.
fn is_later(a: &str, b: &str) -> bool {
    let (a, b) = (parts(a), parts(b));
    let first_difference = a.zip(b).find(|(a, b)| a != b);
    matches!(first_difference, Some((Part::Number(a), Part::Number(b))) if a > b)
}

/// A run of digits or of other characters.
#[derive(Debug, PartialEq)]
enum Part<'a> {
    /// How many digits it has without zeros before them, and these.
    Number((usize, &'a [u8])),
    Word(&'a [u8]),
}

fn parts(name: &str) -> impl Iterator<Item = Part<'_>> {
    let alike = |a: &u8, b: &u8| a.is_ascii_digit() == b.is_ascii_digit();
    name.as_bytes().chunk_by(alike).map(|run| match run[0] {
        b'0'..=b'9' => {
            let zeros = run.iter().take_while(|digit| **digit == b'0').count();
            Part::Number((run.len() - zeros, &run[zeros..]))
        }
        _ => Part::Word(run),
    })
}

/// Warns of answers for which the limit of the output leaves little or no room.
fn check_answers(cases: &[TestCase], output_bytes: u64, findings: &mut Findings) {
    let bytes = |case: &&TestCase| case.answer.len() as u64;
    let Some(largest) = cases.iter().max_by_key(bytes) else {
        return;
    };
    let needed = bytes(&largest);
    let words = match needed {
        _ if needed > output_bytes => "more than limits.output allows",
        _ if needed > output_bytes / 2 => "more than half of what limits.output allows",
        _ => return,
    };
    let message = format!("the answer has {needed} bytes, {words}: raise the limit");
    findings.warning(&format!("{ROOT}/{}.ans", largest.name), None, message);
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::tree;
    use super::*;

    fn case(name: &str, answer: &str) -> TestCase {
        let bytes = answer.as_bytes().into();
        TestCase::plain(name.to_owned(), [].into(), bytes)
    }

    fn found(files: &[(&str, &str)], cases: &[TestCase]) -> Vec<String> {
        let mut findings = Findings::default();
        check(&tree(files), (cases, 10), &mut findings);
        findings
            .iter()
            .map(|found| format!("{}: {}", found.path, found.message))
            .collect()
    }

    #[test]
    fn a_directory_that_is_nearly_called_like_one_that_is_read_is_told() {
        for (path, meant) in [
            (
                "submission/accepted/a.py",
                "submission: nothing is read from here: if submissions is",
            ),
            (
                "output_vaildators/a.py",
                "output_vaildators: nothing is read from here: if output_validator",
            ),
            (
                "data/secert/1.in",
                "data/secert: nothing is read from here: if secret is",
            ),
        ] {
            let found = found(&[(path, "")], &[]);
            assert!(found.len() == 1 && found[0].starts_with(meant), "{found:?}");
        }
        let fine = [
            ("submissions/accepted/a.py", ""),
            ("submission/old/a.py", ""),
            ("output_validator/a.py", ""),
            ("scripts/x", ""),
            ("data/secret/1.in", ""),
            ("data/manual/1.in", ""),
        ];
        assert_eq!(found(&fine, &[]), Vec::<String>::new());
    }

    #[test]
    fn a_group_with_settings_needs_a_case_somewhere_below() {
        let files = [
            ("data/secret/testdata.yaml", ""),
            ("data/secret/a/test_group.yaml", ""),
            ("data/secret/b/testdata.yaml", ""),
            ("data/secret/b/1.in", ""),
        ];
        assert_eq!(
            found(&files, &[]),
            ["data/secret/a: the group has settings and no test cases"]
        );
    }

    #[test]
    fn numbers_of_cases_that_do_not_come_in_order_are_told_once() {
        let cases = |names: &[&str]| names.iter().map(|name| case(name, "")).collect::<Vec<_>>();
        let odd = cases(&["secret/1", "secret/10", "secret/2", "secret/20", "secret/3"]);
        let told = found(&[], &odd);
        assert!(
            told.len() == 1 && told[0].contains("secret/10 before secret/2"),
            "{told:?}"
        );
        for names in [
            &["secret/01", "secret/02", "secret/10"][..],
            &["secret/1-a10", "secret/1-b2"],
            &["secret/a-1", "secret/a1"],
            &["secret/10/1", "secret/2/1"],
            &["sample/9", "secret/1"],
        ] {
            assert_eq!(found(&[], &cases(names)), Vec::<String>::new());
        }
    }

    #[test]
    fn an_answer_that_needs_more_than_half_of_the_output_is_told() {
        for (bytes, words) in [
            (5, None),
            (6, Some("more than half")),
            (10, Some("half")),
            (11, Some("more than limits")),
        ] {
            let told = found(
                &[],
                &[case("secret/1", ""), case("secret/2", &"x".repeat(bytes))],
            );
            match words {
                None => assert_eq!(told, Vec::<String>::new()),
                Some(words) => assert!(
                    told[0].contains(words) && told[0].contains("secret/2.ans"),
                    "{told:?}"
                ),
            }
        }
    }
}
