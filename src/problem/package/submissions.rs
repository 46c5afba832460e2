//! The jury's submissions and what is expected of each.

use super::expectation::{self, Expectation, Expected, OFFICIAL, Rule, TimingRole};
use super::glob;
use super::programs::{self, ProgramFiles};
use super::report::Findings;
use super::settings::{read_yaml, words};
use super::tree::Tree;
use super::yaml::Pair;

const ROOT: &str = "submissions";
const RULES_FILE: &str = "submissions/submissions.yaml";

/// What stands beside submissions and is none.
const NO_PROGRAMS: [&str; 4] = ["md", "txt", "pdf", "yaml"];

/// One submission of the jury.
#[derive(Debug, Clone)]
pub struct JurySubmission {
    /// Path below `submissions`, e.g. `accepted/a.cpp`.
    pub path: String,
    /// Its files.
    pub files: ProgramFiles,
    /// Language that the package names for it, else that of its files.
    pub language: Option<String>,
    /// What should come of it.
    pub expectation: Expectation,
}

/// Reads all submissions, by path.
pub(super) fn read(tree: &Tree, findings: &mut Findings) -> Vec<JurySubmission> {
    let mut submissions = Vec::new();
    for directory in tree.entries(ROOT).iter().filter(|e| e.is_directory) {
        for program in programs::each_in(tree, &format!("{ROOT}/{}", directory.name)) {
            let path = program.path[ROOT.len() + 1..].to_owned();
            let is_single = tree.file(&program.path).is_some();
            let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
            if is_single && NO_PROGRAMS.contains(&ending) {
                continue;
            }
            submissions.push(JurySubmission {
                expectation: expected(directory.name, &program, findings),
                files: program,
                language: None,
                path,
            });
        }
    }
    if let Some(rules) = read_yaml(tree, RULES_FILE, findings) {
        for pair in rules.pairs().unwrap_or_default() {
            apply(pair, &mut submissions, findings);
        }
    }
    if submissions.is_empty() {
        let message = "there are no jury submissions: add at least one to submissions/accepted";
        findings.warning(ROOT, None, message);
    }
    submissions
}

/// What the directory says, or outside the official ones a tag in a source.
fn expected(directory: &str, program: &ProgramFiles, findings: &mut Findings) -> Expectation {
    if !OFFICIAL.contains(&directory) {
        let tag = |file: &crate::problem::SourceFile| expectation::of_tag(&file.bytes);
        if let Some((expectation, unknown)) = program.files.iter().find_map(tag) {
            if !unknown.is_empty() {
                let message = format!(
                    "the tag @EXPECTED_RESULTS@ has words that tell no verdict: {}",
                    unknown.join(", ")
                );
                findings.warning(&program.path, None, message);
            }
            return expectation;
        }
    }
    expectation::of_directory(directory).unwrap_or_else(|| {
        let message = format!(
            "neither the directory {directory:?} nor a tag says what is expected: anything is \
             taken for right"
        );
        findings.warning(&program.path, None, message);
        Expectation::anything()
    })
}

/// Applies one rule of `submissions.yaml` to what its pattern names.
fn apply(entry: &Pair, submissions: &mut [JurySubmission], findings: &mut Findings) {
    let mut pattern_is_wrong = false;
    let mut is_used = false;
    for submission in submissions {
        match glob::matches(&entry.key, &submission.path) {
            Some(true) => {
                is_used = true;
                change(entry, submission, findings);
            }
            Some(false) => {}
            None => pattern_is_wrong = true,
        }
    }
    if pattern_is_wrong {
        let message = format!(
            "{:?} is no pattern: braces must match, and not be many",
            entry.key
        );
        findings.error(RULES_FILE, Some(entry.line), message);
    } else if !is_used {
        let message = format!("no submission matches {:?}", entry.key);
        findings.warning(RULES_FILE, Some(entry.line), message);
    }
}

fn change(entry: &Pair, submission: &mut JurySubmission, findings: &mut Findings) {
    // Naming a directory replaces what its name says; any other pattern adds to it.
    let replaces = !entry.key.contains('/');
    let (mut permitted, mut required, mut timing) = (None, None, None);
    for pair in entry.value.pairs().unwrap_or_default() {
        match pair.key.as_str() {
            "permitted" => permitted = Some(verdicts(pair, findings)),
            "required" => required = Some(verdicts(pair, findings)),
            "language" => submission.language = pair.value.text().map(str::to_owned),
            "use_for_time_limit" => timing = timing_role(pair, findings),
            "entrypoint" | "authors" | "model_solution" | "score" | "message" => {}
            key => {
                let message = format!("the rule {key:?} is unknown or for groups, and ignored");
                findings.warning(RULES_FILE, Some(pair.line), message);
            }
        }
    }
    let expectation = &mut submission.expectation;
    if permitted.is_some() || required.is_some() {
        let all = [
            Expected::Accepted,
            Expected::WrongAnswer,
            Expected::TimeLimit,
            Expected::RuntimeError,
        ];
        let rule = Rule {
            permitted: permitted.unwrap_or(all.to_vec()),
            required: required.unwrap_or_default(),
        };
        if replaces {
            *expectation = Expectation::of_rule(rule);
        } else {
            if rule.timing() == TimingRole::MustFail {
                expectation.timing = TimingRole::MustFail;
            }
            expectation.rules.push(rule);
        }
    }
    if let Some(timing) = timing {
        expectation.timing = timing;
    }
}

fn verdicts(pair: &Pair, findings: &mut Findings) -> Vec<Expected> {
    let words = words(pair, RULES_FILE, findings);
    let mut verdicts = Vec::new();
    for word in words {
        match expectation::of_code(&word) {
            Some(verdict) => verdicts.push(verdict),
            None => {
                let message = format!("{word:?} is no verdict: use AC, WA, TLE or RTE");
                findings.error(RULES_FILE, Some(pair.line), message);
            }
        }
    }
    verdicts
}

fn timing_role(pair: &Pair, findings: &mut Findings) -> Option<TimingRole> {
    match pair.value.text() {
        Some("false") => Some(TimingRole::None),
        Some("lower") => Some(TimingRole::MustPass),
        Some("upper") => Some(TimingRole::MustFail),
        // As the other rules have it.
        Some("true") => None,
        _ => {
            let message = "use_for_time_limit must be true, false, lower or upper";
            findings.error(RULES_FILE, Some(pair.line), message);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::tree;
    use super::Expected::*;
    use super::*;

    fn read_files(files: &[(&str, &str)]) -> (Vec<JurySubmission>, Vec<String>) {
        let mut findings = Findings::default();
        let submissions = read(&tree(files), &mut findings);
        (
            submissions,
            findings.iter().map(ToString::to_string).collect(),
        )
    }

    #[test]
    fn the_directory_says_what_is_expected_and_a_tag_only_elsewhere() {
        let (submissions, found) = read_files(&[
            (
                "submissions/accepted/a.py",
                "# @EXPECTED_RESULTS@: WRONG-ANSWER",
            ),
            ("submissions/accepted/b/main.cc", ""),
            ("submissions/accepted/README.md", ""),
            ("submissions/mixed/c.py", "# @EXPECTED_RESULTS@: TIMELIMIT"),
            ("submissions/mixed/d.py", "# @EXPECTED_RESULTS@: FINE"),
            ("submissions/odd/e.py", ""),
        ]);
        let summary: Vec<_> = submissions
            .iter()
            .map(|s| (s.path.as_str(), s.expectation.summary()))
            .collect();
        assert_eq!(
            summary,
            [
                ("accepted/a.py", vec![Accepted]),
                ("accepted/b", vec![Accepted]),
                ("mixed/c.py", vec![TimeLimit]),
                ("mixed/d.py", vec![]),
                ("odd/e.py", vec![]),
            ]
        );
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("submissions/mixed/d.py: the tag"));
        assert!(found[1].contains("\"odd\""));
    }

    #[test]
    fn rules_replace_a_directory_or_add_to_it() {
        let (submissions, found) = read_files(&[
            ("submissions/accepted/a.py", ""),
            ("submissions/rejected/b.py", ""),
            ("submissions/rejected/c.py", ""),
            (
                RULES_FILE,
                "rejected: {permitted: [AC, TLE], required: [TLE]}\n\
                 'rejected/c*': {permitted: [TLE], language: cpp, use_for_time_limit: false}\n\
                 none/*: {required: [WA]}\n",
            ),
        ]);
        assert!(found.len() == 1 && found[0].contains("submissions.yaml:3: no submission"));
        let [a, b, c] = &submissions[..] else {
            panic!("{submissions:?}");
        };
        assert_eq!(a.expectation.summary(), [Accepted]);
        assert_eq!(
            b.expectation.rules,
            [Rule::new(&[Accepted, TimeLimit], &[TimeLimit])]
        );
        assert_eq!(b.expectation.timing, TimingRole::MustFail);
        assert_eq!(c.expectation.rules.len(), 2);
        assert_eq!(c.expectation.timing, TimingRole::None);
        assert_eq!(c.language.as_deref(), Some("cpp"));
    }

    #[test]
    fn rules_that_make_no_sense_are_refused() {
        let (_, found) = read_files(&[
            ("submissions/accepted/a.py", ""),
            (
                RULES_FILE,
                "accepted: {permitted: [FINE], use_for_time_limit: maybe}\n'{a': {}\n",
            ),
        ]);
        for words in [
            "\"FINE\" is no verdict",
            "use_for_time_limit must",
            "is no pattern",
        ] {
            assert!(
                found
                    .iter()
                    .any(|f| f.starts_with("error") && f.contains(words)),
                "{found:?}"
            );
        }
    }
}
