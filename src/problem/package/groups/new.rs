//! `test_group.yaml` of the format 2025-09: groups stand in `data/secret` alone, and inherit nothing
//! of how they are scored.

use super::{cases, directories, name};
use crate::problem::groups::{
    Grading, Group, Member, OnReject, Range, Rules, ScoreRule, Scoring, Worth,
};
use crate::problem::package::data::{Directory, Entry};
use crate::problem::package::report::Findings;
use crate::problem::package::settings::{Settings, words};
use crate::problem::package::yaml::Pair;

const GROUP_FILE: &str = "test_group.yaml";
const SAMPLE: &str = "sample";

/// Keys that a problem without scores must not have.
const OF_SCORING: [&str; 3] = ["max_score", "score_aggregation", "require_pass"];
/// Keys that are read elsewhere or say nothing to a judge.
const OTHERS: [&str; 8] = [
    "args",
    "input_validator_args",
    "output_validator_args",
    "static_validator_args",
    "input_visualizer_args",
    "output_visualizer_args",
    "full_feedback",
    "static_validation_score",
];

/// What the case of the static validator is worth.
#[derive(Debug, Clone, Copy, PartialEq)]
enum StaticScore {
    PassFail,
    Points(f64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Aggregation {
    PassFail,
    Sum,
    Min,
}

/// How the score of `secret` or a group is made.
#[derive(Debug)]
struct Config {
    /// `None` for no bound.
    max: Option<f64>,
    aggregation: Aggregation,
    requires: Vec<String>,
    static_score: Option<StaticScore>,
}

impl Config {
    /// What is left for all other members of a group.
    fn rest(&self) -> Option<f64> {
        let of_static = match self.static_score {
            Some(StaticScore::Points(points)) => points,
            Some(StaticScore::PassFail) | None => 0.0,
        };
        self.max.map(|max| max - of_static)
    }
}

pub(super) fn read(
    settings: &Settings,
    root: &Directory,
    findings: &mut Findings,
) -> (Group, Option<Scoring>) {
    let is_scoring = settings.kind.is_scoring;
    let mut reader = Reader {
        is_scoring,
        findings,
    };
    for (file, pair) in &root.settings {
        let key = pair.key.as_str();
        if OF_SCORING.contains(&key) || key.starts_with("static_") {
            let message =
                format!("{key} stands in data/sample, data/secret or a group: move it there");
            reader.findings.error(file, Some(pair.line), message);
        }
    }
    let members = directories(root)
        .map(|directory| match name(directory).as_str() {
            SAMPLE => reader.sample(directory),
            _ => reader.secret(directory),
        })
        .map(Member::Group)
        .collect::<Vec<_>>();
    let range = members.iter().find_map(|member| match member {
        Member::Group(group) if group.name != SAMPLE => Some(group.range),
        _ => None,
    });
    let on_reject = match is_scoring {
        // Samples are for contestants, and have no part in the score.
        true => OnReject::Continue,
        false => OnReject::Break,
    };
    let group = Group {
        name: String::new(),
        members,
        on_reject,
        requires: Vec::new(),
        grading: Grading::Rules(Rules::PLAIN),
        range: range.unwrap_or(Range::ANY),
    };
    let scoring = is_scoring.then_some(Scoring::PLAIN);
    (group, scoring)
}

struct Reader<'a> {
    is_scoring: bool,
    findings: &'a mut Findings,
}

impl Reader<'_> {
    fn sample(&mut self, directory: &Directory) -> Group {
        self.refuse_groups_below(directory);
        for (file, pair) in &directory.settings {
            if OF_SCORING.contains(&pair.key.as_str()) {
                let message = format!("samples give no points: remove {}", pair.key);
                self.findings.error(file, Some(pair.line), message);
            }
            self.warn_of_unknown(file, pair);
        }
        let (worth, on_reject) = match self.is_scoring {
            true => (Worth::Ignored, OnReject::Continue),
            false => (Worth::NoPoints, OnReject::Break),
        };
        let config = Config {
            max: Some(0.0),
            aggregation: Aggregation::Sum,
            requires: Vec::new(),
            static_score: None,
        };
        let of_static = directory
            .static_case
            .map(|index| Member::Case(index, worth));
        let members = of_static.into_iter().chain(members_of(directory, worth));
        Group {
            on_reject,
            ..group(directory, config, members.collect())
        }
    }

    fn secret(&mut self, directory: &Directory) -> Group {
        let config = self.config(
            directory,
            Some(100.0),
            Aggregation::Sum,
            &[SAMPLE.to_owned()],
        );
        if self.is_scoring && config.max.is_none() && config.aggregation == Aggregation::PassFail {
            let message = "secret is pass-fail, so it needs a max_score that is a number";
            let path = format!("{}/{GROUP_FILE}", directory.path);
            self.findings.error(&path, None, message);
        }
        let has_groups = directories(directory).any(|below| below.is_group);
        if !has_groups {
            self.refuse_groups_below(directory);
            return self.of_cases(directory, config);
        }
        let mut groups: Vec<Group> = Vec::new();
        for entry in &directory.entries {
            match entry {
                Entry::Directory(below) if below.is_group => {
                    self.refuse_groups_below(below);
                    let group = self.group(below, &config, &groups);
                    groups.push(group);
                }
                Entry::Directory(other) => {
                    let message = "it stands beside groups and is none: add a test_group.yaml, which \
                                   may be empty";
                    self.findings.error(&other.path, None, message);
                }
                Entry::Case(_) => {
                    let message = "there are cases beside groups: move them into a group";
                    self.findings.error(&directory.path, None, message);
                }
            }
        }
        self.refuse_impossible_sum(directory, &config, &groups);
        let are_decided_by_failing = |group: &Group| group.on_reject == OnReject::Break;
        // A group whose cases add up may be worth something though one of them fails.
        let decides = groups.iter().all(are_decided_by_failing);
        let of_static = self.static_member(directory, &config);
        let groups = groups.into_iter().map(Member::Group);
        let members = of_static.into_iter().chain(groups).collect();
        let mut secret = group(directory, config, members);
        if !decides {
            secret.on_reject = OnReject::Continue;
        }
        self.without_scores(secret)
    }

    fn group(&mut self, directory: &Directory, secret: &Config, earlier: &[Group]) -> Group {
        let can_be_required: Vec<String> = earlier
            .iter()
            .filter(|group| is_pass_fail(group))
            .map(|group| group.name.clone())
            .chain([SAMPLE.to_owned()])
            .collect();
        let mut config = self.config(directory, None, Aggregation::PassFail, &can_be_required);
        let path = format!("{}/{GROUP_FILE}", directory.path);
        if secret.aggregation == Aggregation::PassFail {
            if config.aggregation != Aggregation::PassFail {
                let message = "secret is pass-fail, so its groups must be, too: remove \
                               score_aggregation here or there";
                self.findings.error(&path, None, message);
            }
            // Only the whole has a score.
            config.max = Some(config.max.unwrap_or(0.0));
        } else if self.is_scoring && config.max.is_none() && secret.max.is_some() {
            let message = "the group needs a max_score, because secret has one: add it, or make \
                           secret unbounded";
            self.findings.error(&path, None, message);
        } else if self.is_scoring
            && config.max.is_none()
            && config.aggregation == Aggregation::PassFail
        {
            let message = "a pass-fail group is worth its max_score: add it, or make the group's \
                           score_aggregation sum or min";
            self.findings.error(&path, None, message);
        }
        self.of_cases(directory, config)
    }

    /// A group of cases only, in whatever directories they are.
    fn of_cases(&mut self, directory: &Directory, config: Config) -> Group {
        let count = cases(directory).len() as f64;
        let worth = match (config.aggregation, config.max, config.rest()) {
            _ if !self.is_scoring => Worth::NoPoints,
            (Aggregation::PassFail, ..) => Worth::NoPoints,
            (Aggregation::Sum, _, Some(rest)) => Worth::UpTo(rest / count),
            (Aggregation::Min, Some(max), _) => Worth::UpTo(max),
            (_, _, None) | (_, None, _) => Worth::Unbounded,
        };
        let of_static = self.static_member(directory, &config);
        let members = of_static.into_iter().chain(members_of(directory, worth));
        let group = group(directory, config, members.collect());
        self.without_scores(group)
    }

    /// The case of the static validator, where the group has one.
    fn static_member(&self, directory: &Directory, config: &Config) -> Option<Member> {
        let worth = match config.static_score {
            Some(StaticScore::Points(points)) if self.is_scoring => Worth::UpTo(points),
            _ => Worth::NoPoints,
        };
        Some(Member::Case(directory.static_case?, worth))
    }

    /// In a problem without scores the first failure ends everything.
    fn without_scores(&self, group: Group) -> Group {
        if self.is_scoring {
            return group;
        }
        Group {
            on_reject: OnReject::Break,
            grading: Grading::Rules(Rules::PLAIN),
            range: Range::ANY,
            ..group
        }
    }

    fn config(
        &mut self,
        directory: &Directory,
        max: Option<f64>,
        aggregation: Aggregation,
        can_be_required: &[String],
    ) -> Config {
        let mut config = Config {
            max,
            aggregation,
            requires: Vec::new(),
            static_score: None,
        };
        for (file, pair) in &directory.settings {
            let line = Some(pair.line);
            if !self.is_scoring && OF_SCORING.contains(&pair.key.as_str()) {
                let message = format!(
                    "the problem gives no points: remove {}, or add \"type: scoring\" to \
                     problem.yaml",
                    pair.key
                );
                self.findings.error(file, line, message);
                continue;
            }
            match pair.key.as_str() {
                "max_score" => self.take_max(file, pair, &mut config),
                "score_aggregation" => match pair.value.text() {
                    Some("pass-fail") => config.aggregation = Aggregation::PassFail,
                    Some("sum") => config.aggregation = Aggregation::Sum,
                    Some("min") => config.aggregation = Aggregation::Min,
                    _ => {
                        let message = "score_aggregation must be pass-fail, sum or min";
                        self.findings.error(file, line, message);
                    }
                },
                "require_pass" => {
                    config.requires = words(pair, file, self.findings);
                    self.refuse_requirements(file, pair, &config.requires, can_be_required);
                }
                "static_validation_score" => self.take_static_score(file, pair, &mut config),
                _ => self.warn_of_unknown(file, pair),
            }
        }
        self.refuse_static_score(directory, &config);
        config
    }

    fn take_static_score(&mut self, file: &str, pair: &Pair, config: &mut Config) {
        let text = pair.value.text().unwrap_or_default();
        config.static_score = match (text, text.parse::<u32>()) {
            ("pass-fail", _) => Some(StaticScore::PassFail),
            (_, Ok(points)) => Some(StaticScore::Points(f64::from(points))),
            _ => {
                let message =
                    "static_validation_score must be a whole number from 0 on, or pass-fail";
                self.findings.error(file, Some(pair.line), message);
                None
            }
        };
    }

    /// Points for the files of a submission must be among those that the group has to give, and are there for
    /// nobody in a group that is all or nothing.
    fn refuse_static_score(&mut self, directory: &Directory, config: &Config) {
        let is_pass_fail = !self.is_scoring || config.aggregation == Aggregation::PassFail;
        let message = match config.static_score {
            Some(StaticScore::Points(_)) if is_pass_fail => {
                "the group is pass-fail: let static_validation_score be pass-fail, too"
            }
            Some(StaticScore::PassFail) if !is_pass_fail => {
                "the group gives points: let static_validation_score be a number, or score_aggregation \
                 pass-fail"
            }
            Some(StaticScore::Points(points)) if config.max.is_some_and(|max| points > max) => {
                "static_validation_score is more than the max_score of the group"
            }
            _ => return,
        };
        let mut settings = directory.settings.iter();
        let found = settings.find(|(_, pair)| pair.key == "static_validation_score");
        if let Some((file, pair)) = found {
            self.findings.error(file, Some(pair.line), message);
        }
    }

    fn take_max(&mut self, file: &str, pair: &Pair, config: &mut Config) {
        let text = pair.value.text().unwrap_or_default();
        match (text, text.parse::<u32>()) {
            ("unbounded", _) => config.max = None,
            (_, Ok(max)) => config.max = Some(f64::from(max)),
            _ => {
                let message = "max_score must be a whole number from 0 on, or unbounded";
                self.findings.error(file, Some(pair.line), message);
            }
        }
    }

    fn refuse_requirements(
        &mut self,
        file: &str,
        pair: &Pair,
        requires: &[String],
        can_be_required: &[String],
    ) {
        for required in requires {
            if !can_be_required.contains(required) {
                let message = format!(
                    "{required:?} cannot be required here: name {}",
                    can_be_required.join(", ")
                );
                self.findings.error(file, Some(pair.line), message);
            }
        }
    }

    fn refuse_impossible_sum(&mut self, directory: &Directory, config: &Config, groups: &[Group]) {
        let sum: f64 = groups.iter().map(|group| group.range.max).sum();
        let path = format!("{}/{GROUP_FILE}", directory.path);
        if let Some(max) = config.rest()
            && self.is_scoring
            && config.aggregation == Aggregation::Sum
            && sum > max
            && sum.is_finite()
        {
            let message = format!(
                "the groups are worth {sum} together, and secret has at most {max} for them: let its \
                 max_score be {}",
                sum + config.max.unwrap_or_default() - max
            );
            self.findings.error(&path, None, message);
        }
    }

    fn refuse_groups_below(&mut self, directory: &Directory) {
        for below in directories(directory) {
            if below.is_group {
                let message = "groups stand in data/secret only, and not in each other: remove the \
                               test_group.yaml";
                self.findings.error(&below.path, None, message);
            }
            self.refuse_groups_below(below);
        }
    }

    fn warn_of_unknown(&mut self, file: &str, pair: &Pair) {
        let key = pair.key.as_str();
        if !OF_SCORING.contains(&key) && !OTHERS.contains(&key) {
            let message = format!("the key {key:?} is unknown and ignored");
            self.findings.warning(file, Some(pair.line), message);
        }
    }
}

/// A group of these members. Where a failure decides its score, what follows is not run.
fn group(directory: &Directory, config: Config, members: Vec<Member>) -> Group {
    let max = config.max.unwrap_or(f64::INFINITY);
    let (score, on_reject) = match config.aggregation {
        Aggregation::PassFail => (ScoreRule::AllOrNothing(max), OnReject::Break),
        Aggregation::Sum => (ScoreRule::Sum, OnReject::Continue),
        Aggregation::Min => (ScoreRule::Min, OnReject::Break),
    };
    Group {
        name: name(directory),
        members,
        on_reject,
        requires: config.requires,
        grading: Grading::Rules(Rules {
            score,
            ..Rules::PLAIN
        }),
        range: Range { min: 0.0, max },
    }
}

fn members_of(directory: &Directory, worth: Worth) -> Vec<Member> {
    let cases = cases(directory).into_iter();
    cases.map(|index| Member::Case(index, worth)).collect()
}

fn is_pass_fail(group: &Group) -> bool {
    match &group.grading {
        Grading::Rules(rules) => matches!(rules.score, ScoreRule::AllOrNothing(_)),
        Grading::Program(_) => false,
    }
}

#[cfg(test)]
mod tests;
