//! `testdata.yaml` of the legacy format: every directory is a group, and inherits each setting that
//! it does not make from the nearest directory above it.
//!
//! DOMjudge reads it another way, and packages for it expect that: nothing is inherited; cases of a group are worth its
//! `accept_score` together and not each; a directory without `testdata.yaml`, such as that of the samples, gives
//! no points; and a submission that fails keeps those that it has, with the verdict of its first failure.

use super::{Dialect, directories, name, number, number_of};
use crate::problem::groups::{
    Grading, Group, Member, Objective, OnReject, Range, Rules, ScoreRule, Scoring, VerdictRule,
    Worth,
};
use crate::problem::package::data::{Directory, Entry};
use crate::problem::package::report::Findings;
use crate::problem::package::settings::{FILE, Settings, words};
use crate::problem::package::yaml::Pair;

const IGNORE_SAMPLE: &str = "ignore_sample";

/// Settings of validators, read where the cases are.
const OF_VALIDATORS: [&str; 5] = [
    "input_validator_flags",
    "output_validator_flags",
    "input_validator_args",
    "output_validator_args",
    "args",
];

/// What one directory hands down to those below it.
#[derive(Debug, Clone)]
struct Config {
    on_reject: OnReject,
    is_custom: bool,
    flags: Vec<String>,
    accepted: f64,
    rejected: f64,
    range: Range,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            on_reject: OnReject::Break,
            is_custom: false,
            flags: Vec::new(),
            accepted: 1.0,
            rejected: 0.0,
            range: Range::ANY,
        }
    }
}

pub(super) fn read(
    settings: &Settings,
    (root, dialect): (&Directory, Dialect),
    has_grader: bool,
    findings: &mut Findings,
) -> (Group, Option<Scoring>) {
    let mut reader = Reader {
        dialect,
        is_scoring: settings.kind.is_scoring,
        has_grader,
        overrides: &settings.grading,
        findings,
    };
    let objective = reader.objective();
    let group = reader.group(root, &Config::default(), true);
    let scoring = settings.kind.is_scoring.then_some(Scoring {
        objective,
        needs_acceptance: dialect == Dialect::Standard,
    });
    (group, scoring)
}

struct Reader<'a> {
    dialect: Dialect,
    is_scoring: bool,
    has_grader: bool,
    /// What `grading` in `problem.yaml` says for every group.
    overrides: &'a [Pair],
    findings: &'a mut Findings,
}

impl Reader<'_> {
    fn objective(&mut self) -> Objective {
        let Some(pair) = self.overrides.iter().find(|pair| pair.key == "objective") else {
            return Objective::Max;
        };
        match pair.value.text() {
            Some("max") => Objective::Max,
            Some("min") => Objective::Min,
            _ => {
                let message = "the objective must be max or min";
                self.findings.error(FILE, Some(pair.line), message);
                Objective::Max
            }
        }
    }

    fn group(&mut self, directory: &Directory, inherited: &Config, is_root: bool) -> Group {
        let is_domjudge = self.dialect == Dialect::Domjudge;
        let inherited = match is_domjudge {
            true => &Config::default(),
            false => inherited,
        };
        let config = self.config(directory, inherited, is_root);
        let (accepted, rejected) = match is_domjudge {
            // Without points of a validator a case has none: it is the group that does.
            true => (0.0, 0.0),
            false => (config.accepted, config.rejected),
        };
        let worth = match self.is_scoring {
            true => Worth::Fixed { accepted, rejected },
            false => Worth::NoPoints,
        };
        let member = |entry: &Entry| match entry {
            Entry::Case(index) => Member::Case(*index, worth),
            Entry::Directory(below) => Member::Group(self.group(below, &config, false)),
        };
        Group {
            members: directory.entries.iter().map(member).collect(),
            name: name(directory),
            on_reject: config.on_reject,
            requires: Vec::new(),
            grading: match config.is_custom {
                true => Grading::Program(config.flags.clone()),
                false if is_domjudge => Grading::Rules(rules_of_domjudge(&config, directory)),
                false => Grading::Rules(rules(&config.flags, is_root)),
            },
            range: config.range,
        }
    }

    fn config(&mut self, directory: &Directory, inherited: &Config, is_root: bool) -> Config {
        let mut config = inherited.clone();
        for (file, pair) in &directory.settings {
            if !self.take(file, pair, &mut config) && !OF_VALIDATORS.contains(&pair.key.as_str()) {
                let message = format!("the key {:?} is unknown and ignored", pair.key);
                self.findings.warning(file, Some(pair.line), message);
            }
            self.refuse_contradiction(file, pair, &config, is_root);
        }
        for pair in self.overrides {
            if matches!(
                pair.key.as_str(),
                "accept_score" | "reject_score" | "range" | "on_reject"
            ) {
                self.take(FILE, pair, &mut config);
            }
        }
        config
    }

    /// Takes over one setting; whether it is known.
    fn take(&mut self, file: &str, pair: &Pair, config: &mut Config) -> bool {
        let line = Some(pair.line);
        if matches!(pair.key.as_str(), "accept_score" | "reject_score" | "range")
            && !self.is_scoring
        {
            let message = format!(
                "{} is ignored, for the problem gives no points: remove it, or add \"type: \
                 scoring\" to problem.yaml",
                pair.key
            );
            self.findings.warning(file, line, message);
            return true;
        }
        match pair.key.as_str() {
            "on_reject" => match pair.value.text() {
                Some("break" | "first_error") => config.on_reject = OnReject::Break,
                Some("continue" | "grade") => config.on_reject = OnReject::Continue,
                _ => {
                    let message = "on_reject must be break or continue";
                    self.findings.error(file, line, message);
                }
            },
            "grading" => match pair.value.text() {
                Some("default") => config.is_custom = false,
                Some("custom") => config.is_custom = true,
                _ => {
                    let message = "grading must be default or custom";
                    self.findings.error(file, line, message);
                }
            },
            "grader_flags" => config.flags = words(pair, file, self.findings),
            "accept_score" => {
                let score = number_of(pair, file, self.findings);
                config.accepted = score.unwrap_or(config.accepted);
            }
            "reject_score" => {
                let score = number_of(pair, file, self.findings);
                config.rejected = score.unwrap_or(config.rejected);
            }
            "range" => match pair.value.text().and_then(range) {
                Some(range) => config.range = range,
                None => {
                    let message = "range must be two numbers, the lower one first, e.g. \"0 100\"";
                    self.findings.error(file, line, message);
                }
            },
            _ => return false,
        }
        true
    }

    /// Refuses what cannot be meant together.
    fn refuse_contradiction(&mut self, file: &str, pair: &Pair, config: &Config, is_root: bool) {
        let line = Some(pair.line);
        if pair.key == "grading" && config.is_custom && !self.has_grader {
            let message = "there is no grader: add one to graders/, or remove \"grading: custom\"";
            self.findings.error(file, line, message);
        }
        let ignores = config.flags.iter().any(|flag| flag == IGNORE_SAMPLE);
        if config.is_custom || !ignores || pair.key != "grader_flags" {
            return;
        }
        if !is_root {
            let message = "ignore_sample can be a flag of data/testdata.yaml only: remove it here";
            self.findings.error(file, line, message);
        } else if config.on_reject == OnReject::Break {
            let message = "with ignore_sample a failed sample would leave out the secret cases: add \
                           \"on_reject: continue\" above this line";
            self.findings.error(file, line, message);
        }
    }
}

/// Two numbers, either of which may be infinite.
fn range(text: &str) -> Option<Range> {
    let end = |word: &str| match word.trim_start_matches(['+', '-']) {
        "inf" | "infinity" | "Infinity" => word.parse::<f64>().ok(),
        _ => number(word),
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    let [min, max] = words[..] else {
        return None;
    };
    let (min, max) = (end(min)?, end(max)?);
    (min <= max).then_some(Range { min, max })
}

/// The default grader's flags: of those that exclude each other the last one counts, and words that
/// are none are left alone, for packages have them for other tools.
fn rules(flags: &[String], is_root: bool) -> Rules {
    let mut rules = Rules {
        verdict: VerdictRule::WorstError,
        ..Rules::PLAIN
    };
    for flag in flags {
        match flag.as_str() {
            "worst_error" | "no_errors" => rules.verdict = VerdictRule::WorstError,
            "first_error" => rules.verdict = VerdictRule::FirstError,
            "always_accept" => rules.verdict = VerdictRule::AlwaysAccept,
            "sum" => rules.score = ScoreRule::Sum,
            "avg" => rules.score = ScoreRule::Average,
            "min" => rules.score = ScoreRule::Min,
            "max" => rules.score = ScoreRule::Max,
            "accept_if_any_accepted" => rules.accept_if_any = true,
            // It is inherited like all others, and means something at the root only.
            IGNORE_SAMPLE => rules.only_last = is_root,
            _ => {}
        }
    }
    rules
}

/// How DOMjudge grades a group.
fn rules_of_domjudge(config: &Config, directory: &Directory) -> Rules {
    let has_groups = directories(directory).next().is_some();
    let gives = |key: &str| directory.settings.iter().any(|(_, pair)| pair.key == key);
    let plain = rules(&config.flags, false);
    let score = match directory.settings.is_empty() {
        true => ScoreRule::AllOrNothing(0.0),
        false if !has_groups && gives("accept_score") => ScoreRule::AllOrNothing(config.accepted),
        false => plain.score,
    };
    Rules {
        verdict: VerdictRule::FirstError,
        score,
        ..plain
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tree::tests::tree;
    use super::super::super::{Package, read};
    use super::*;

    const CASES: [(&str, &str); 7] = [
        ("data/sample/1.in", ""),
        ("data/sample/1.ans", ""),
        ("data/secret/a/1.in", ""),
        ("data/secret/a/1.ans", ""),
        ("data/secret/b.in", ""),
        ("data/secret/b.ans", ""),
        ("submissions/accepted/a.py", ""),
    ];

    fn read_files(files: &[(&str, &str)]) -> (Option<Package>, Vec<String>) {
        let (package, findings) = read(&tree(&[&CASES, files].concat()));
        (package, findings.iter().map(ToString::to_string).collect())
    }

    const SCORING: (&str, &str) = ("problem.yaml", "name: A\ntype: scoring\n");

    #[test]
    fn packages_for_domjudge_are_read_as_it_does() {
        let files = [
            SCORING,
            (
                "data/testdata.yaml",
                "on_reject: continue\ngrader_flags: sum\n",
            ),
            ("data/secret/testdata.yaml", "on_reject: continue\n"),
            ("data/secret/a/testdata.yaml", "accept_score: 30\n"),
        ];
        let tagged = ("submissions/partial/b.py", "# @EXPECTED_SCORE@: 30\n");
        let groups = |files: &[(&str, &str)]| {
            let package = read_files(files).0.unwrap();
            let needs_acceptance = package.scoring.unwrap().needs_acceptance;
            (package.groups, needs_acceptance)
        };
        let (root, needs_acceptance) = groups(&[&files[..], &[tagged]].concat());
        assert!(!needs_acceptance);
        let rules = |name: &str| match &root.find(name).unwrap().grading {
            Grading::Rules(rules) => *rules,
            Grading::Program(_) => panic!("no rules"),
        };
        assert_eq!(rules("secret/a").score, ScoreRule::AllOrNothing(30.0));
        assert_eq!(rules("sample").score, ScoreRule::AllOrNothing(0.0));
        assert_eq!(rules("secret").score, ScoreRule::Sum);
        assert_eq!(rules("secret").verdict, VerdictRule::FirstError);
        let a = root.find("secret/a").unwrap();
        assert_eq!(a.on_reject, OnReject::Break, "it inherits nothing");
        // Without the tag it is a package like all others.
        assert!(groups(&files).1);
    }

    #[test]
    fn a_group_inherits_what_it_does_not_say() {
        let (package, found) = read_files(&[
            SCORING,
            (
                "data/testdata.yaml",
                "on_reject: continue\nrange: 0 100\ngrader_flags: ignore_sample subtask_score=12\n",
            ),
            ("data/secret/testdata.yaml", "accept_score: 7\n"),
            (
                "data/secret/a/testdata.yaml",
                "on_reject: break\nrange: -inf 7.5\nreject_score: 1\ngrader_flags: first_error min max\n",
            ),
        ]);
        assert_eq!(found, Vec::<String>::new());
        let root = package.unwrap().groups;
        let [sample, secret, a] = ["sample", "secret", "secret/a"].map(|n| root.find(n).unwrap());
        let plain = Rules {
            verdict: VerdictRule::WorstError,
            ..Rules::PLAIN
        };
        let only_last = Rules {
            only_last: true,
            ..plain
        };
        assert_eq!(root.grading, Grading::Rules(only_last));
        assert_eq!(sample.grading, Grading::Rules(plain));
        assert_eq!(secret.on_reject, OnReject::Continue);
        assert_eq!((secret.range.min, secret.range.max), (0.0, 100.0));
        let fixed = |accepted, rejected| Worth::Fixed { accepted, rejected };
        assert_eq!(secret.members[1], Member::Case(2, fixed(7.0, 0.0)));
        assert_eq!(a.members, [Member::Case(1, fixed(7.0, 1.0))]);
        assert_eq!(a.on_reject, OnReject::Break);
        assert_eq!((a.range.min, a.range.max), (f64::NEG_INFINITY, 7.5));
        let last_of_each = Rules {
            verdict: VerdictRule::FirstError,
            score: ScoreRule::Max,
            ..Rules::PLAIN
        };
        assert_eq!(a.grading, Grading::Rules(last_of_each));
    }

    #[test]
    fn every_word_of_the_default_grader_is_known() {
        let of = |text: &str| {
            let flags: Vec<String> = text.split(' ').map(str::to_owned).collect();
            rules(&flags, true)
        };
        for (text, verdict) in [
            ("first_error worst_error", VerdictRule::WorstError),
            ("first_error no_errors", VerdictRule::WorstError),
            ("worst_error first_error", VerdictRule::FirstError),
            ("always_accept", VerdictRule::AlwaysAccept),
            ("magic", VerdictRule::WorstError),
        ] {
            assert_eq!(of(text).verdict, verdict, "{text}");
        }
        for (text, score) in [
            ("min sum", ScoreRule::Sum),
            ("avg", ScoreRule::Average),
            ("min", ScoreRule::Min),
            ("min max", ScoreRule::Max),
        ] {
            assert_eq!(of(text).score, score, "{text}");
        }
        assert!(of("accept_if_any_accepted").accept_if_any && of("ignore_sample").only_last);
    }

    #[test]
    fn settings_in_problem_yaml_are_for_every_group() {
        let yaml = "type: scoring\ngrading: {objective: min, on_reject: grade, accept_score: 3}\n";
        let (package, found) = read_files(&[
            ("problem.yaml", yaml),
            ("data/secret/a/testdata.yaml", "accept_score: 5\n"),
        ]);
        assert_eq!(found, Vec::<String>::new());
        let package = package.unwrap();
        assert_eq!(package.scoring.unwrap().objective, Objective::Min);
        let a = package.groups.find("secret/a").unwrap();
        let (accepted, rejected) = (3.0, 0.0);
        let worth = Worth::Fixed { accepted, rejected };
        assert_eq!(a.members, [Member::Case(1, worth)]);
        assert_eq!(a.on_reject, OnReject::Continue);
    }

    #[test]
    fn what_cannot_be_meant_is_named_with_file_and_line() {
        for (text, words) in [
            ("on_reject: stop", "on_reject must be"),
            ("grading: magic", "grading must be"),
            ("grading: custom", "there is no grader"),
            ("accept_score: many", "accept_score must be a number"),
            ("accept_score: inf", "accept_score must be a number"),
            ("range: 1 0", "range must be"),
            ("range: 0", "range must be"),
            ("grader_flags: ignore_sample", "data/testdata.yaml only"),
        ] {
            let file = ("data/secret/testdata.yaml", text);
            let (package, found) = read_files(&[SCORING, file]);
            assert!(package.is_none(), "{text}");
            let place = "error: data/secret/testdata.yaml:1: ";
            let is_it = |found: &String| found.starts_with(place) && found.contains(words);
            assert!(found.iter().any(is_it), "{text}: {found:?}");
        }
        let root = ("data/testdata.yaml", "grader_flags: ignore_sample");
        assert!(read_files(&[SCORING, root]).1[0].contains("on_reject: continue"));
    }

    #[test]
    fn scores_without_a_scoring_problem_are_ignored_with_a_warning() {
        let file = ("data/secret/testdata.yaml", "accept_score: 5\nodd: 1\n");
        let (package, found) = read_files(&[("problem.yaml", "name: A\n"), file]);
        assert!(found[0].starts_with("warning") && found[0].contains("gives no points"));
        assert!(found[1].contains("\"odd\" is unknown"));
        let package = package.unwrap();
        assert_eq!(package.scoring, None);
        let secret = package.groups.find("secret").unwrap();
        assert_eq!(secret.members[1], Member::Case(2, Worth::NoPoints));
    }
}
