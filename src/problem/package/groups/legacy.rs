//! `testdata.yaml` of the legacy format: every directory is a group, and inherits each setting that
//! it does not make from the nearest directory above it. DOMjudge reads the same words differently.

use super::{directories, name, number, number_of};
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

/// Whose words the settings are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::problem::package) enum Dialect {
    /// Those of Kattis, which the format has them from.
    Kattis,
    /// DOMjudge's: nothing is inherited, a group is worth its points once, and what is not accepted keeps the
    /// points of the groups that it passes.
    DomJudge,
}

pub(super) fn read(
    settings: &Settings,
    root: &Directory,
    (has_grader, dialect): (bool, Dialect),
    findings: &mut Findings,
) -> (Group, Option<Scoring>) {
    let mut reader = Reader {
        is_scoring: settings.kind.is_scoring,
        dialect,
        has_grader,
        overrides: &settings.grading,
        findings,
    };
    let objective = reader.objective();
    let group = reader.group(root, &Config::default(), true);
    let scoring = settings.kind.is_scoring.then_some(Scoring {
        objective,
        needs_acceptance: dialect == Dialect::Kattis,
    });
    (group, scoring)
}

struct Reader<'a> {
    is_scoring: bool,
    dialect: Dialect,
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
        let config = self.config(directory, inherited, is_root);
        let mut rules = rules(&config.flags, is_root);
        let worth = match (self.is_scoring, self.dialect) {
            (true, Dialect::Kattis) => Worth::Fixed {
                accepted: config.accepted,
                rejected: config.rejected,
            },
            (true, Dialect::DomJudge) => as_in_domjudge(directory, &config, &mut rules),
            (false, _) => Worth::NoPoints,
        };
        let none = Config::default();
        let handed_down = match self.dialect {
            Dialect::Kattis => &config,
            Dialect::DomJudge => &none,
        };
        let member = |entry: &Entry| match entry {
            Entry::Case(index) => Member::Case(*index, worth),
            Entry::Directory(below) => Member::Group(self.group(below, handed_down, false)),
        };
        Group {
            members: directory.entries.iter().map(member).collect(),
            name: name(directory),
            on_reject: config.on_reject,
            requires: Vec::new(),
            grading: match config.is_custom {
                true => Grading::Program(config.flags.clone()),
                false => Grading::Rules(rules),
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

/// What the cases of a group are worth in DOMjudge, and how it comes to its score: the group has its `accept_score`
/// once, where it has no groups in it, and else the validator's points count. Those of cases beside groups and in
/// directories without settings do not.
fn as_in_domjudge(directory: &Directory, config: &Config, rules: &mut Rules) -> Worth {
    rules.verdict = VerdictRule::FirstError;
    let settings = &directory.settings;
    if settings.is_empty() || directories(directory).next().is_some() {
        return Worth::Ignored;
    }
    if settings.iter().any(|(_, pair)| pair.key == "accept_score") {
        rules.score = ScoreRule::AllOrNothing(config.accepted);
        return Worth::Ignored;
    }
    Worth::Fixed {
        accepted: 0.0,
        rejected: 0.0,
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
    fn a_tag_of_domjudge_makes_settings_mean_what_they_mean_there() {
        let settings = [
            SCORING,
            (
                "data/testdata.yaml",
                "on_reject: continue\ngrader_flags: max\n",
            ),
            ("data/secret/a/testdata.yaml", "accept_score: 7\n"),
        ];
        let for_kattis = read_files(&settings).0.unwrap();
        assert!(for_kattis.scoring.unwrap().needs_acceptance);
        let tagged = ("submissions/partial/a.py", "# @EXPECTED_SCORE@: 7\n");
        let package = read_files(&[&settings[..], &[tagged]].concat()).0.unwrap();
        assert!(!package.scoring.unwrap().needs_acceptance);
        let root = package.groups;
        let rules_of = |name: &str| match root.find(name).unwrap().grading {
            Grading::Rules(rules) => rules.score,
            Grading::Program(_) => panic!("{name}"),
        };
        assert_eq!(rules_of(""), ScoreRule::Max);
        assert_eq!(rules_of("secret"), ScoreRule::Sum);
        assert_eq!(rules_of("secret/a"), ScoreRule::AllOrNothing(7.0));
        let secret = root.find("secret").unwrap();
        assert_eq!(secret.on_reject, OnReject::Break);
        assert_eq!(secret.members[1], Member::Case(2, Worth::Ignored));
        assert_eq!(
            root.find("sample").unwrap().members,
            [Member::Case(0, Worth::Ignored)]
        );
        let by_validator = ("data/sample/testdata.yaml", "on_reject: continue\n");
        let package = read_files(&[&settings[..], &[tagged, by_validator]].concat())
            .0
            .unwrap();
        let (accepted, rejected) = (0.0, 0.0);
        let worth = Worth::Fixed { accepted, rejected };
        let sample = package.groups.find("sample").unwrap();
        assert_eq!(sample.members, [Member::Case(0, worth)]);
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
