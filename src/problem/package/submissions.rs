//! The jury's submissions and what is expected of each.

use super::expectation::{
    self, ALL, Context, Expectation, Expected, ExpectedScore, OFFICIAL, Rule, Timing, TimingRole,
};
use super::glob;
use super::programs::{self, ProgramFiles};
use super::report::Findings;
use super::settings::{read_yaml, words};
use super::slips;
use super::tree::Tree;
use super::yaml::Pair;
use crate::problem::groups::{Group, Member, Range};

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
    /// Language that the package names for it; `None` where its files tell.
    pub language: Option<String>,
    /// What should come of it.
    pub expectation: Expectation,
}

/// What rules may speak of.
pub(super) struct Scopes<'a> {
    pub groups: &'a Group,
    /// Names of cases.
    pub cases: Vec<&'a str>,
    /// Names of the files that the problem puts beside submissions.
    pub includes: Vec<&'a str>,
}

impl Scopes<'_> {
    /// Whether a group has this name, or a case is named by this pattern.
    fn has(&self, scope: &str) -> bool {
        let is_named = |name: &&str| glob::matches(scope, name) == Some(true);
        self.groups.find(scope).is_some() || self.cases.iter().any(is_named)
    }

    /// The groups of `secret`, in order.
    fn of_secret(&self) -> Vec<&Group> {
        let secret = self.groups.find("secret");
        let members = secret.map(|secret| &secret.members[..]).unwrap_or_default();
        let groups = members.iter().filter_map(|member| match member {
            Member::Group(group) => Some(group),
            Member::Case(..) => None,
        });
        groups.collect()
    }
}

/// Reads all submissions, by path.
pub(super) fn read(
    tree: &Tree,
    context: Context,
    scopes: &Scopes<'_>,
    findings: &mut Findings,
) -> Vec<JurySubmission> {
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
                expectation: expected(directory.name, &program, (context, scopes), findings),
                files: program,
                language: None,
                path,
            });
        }
    }
    if let Some(rules) = read_yaml(tree, RULES_FILE, findings) {
        for pair in rules.pairs().unwrap_or_default() {
            apply(pair, &mut submissions, scopes, findings);
        }
    }
    warn_of_silence(&submissions, findings);
    if submissions.is_empty() {
        let message = "there are no jury submissions: add at least one to submissions/accepted";
        findings.warning(ROOT, None, message);
    }
    submissions
}

/// What the directory says, or outside the official ones a tag in a source.
fn expected(
    directory: &str,
    program: &ProgramFiles,
    (context, scopes): (Context, &Scopes<'_>),
    findings: &mut Findings,
) -> Expectation {
    let mut expectation = of_place(directory, program, context, findings);
    if context.is_scoring {
        let rules = tagged(directory, program, scopes, findings);
        expectation.rules.extend(rules);
    }
    expectation
}

/// Whether a source says by DOMjudge's tag to which score it comes.
pub(super) fn has_score_tags(tree: &Tree) -> bool {
    let mut files = tree.below(ROOT);
    files.any(|(_, bytes)| matches!(expectation::of_score_tag(bytes), Some(Ok(_))))
}

/// What tags in the sources say of scores and groups.
fn tagged(
    directory: &str,
    program: &ProgramFiles,
    scopes: &Scopes<'_>,
    findings: &mut Findings,
) -> Vec<Rule> {
    let mut rules = Vec::new();
    let sources = || program.files.iter().map(|file| &file.bytes[..]);
    if !OFFICIAL.contains(&directory)
        && let Some(score) = sources().find_map(expectation::of_score_tag)
    {
        match score {
            Ok(rule) => rules.push(rule),
            Err(text) => {
                let message = format!("the tag @EXPECTED_SCORE@ has {text:?}, which is no number");
                findings.warning(&program.path, None, message);
            }
        }
    }
    if let Some(grades) = sources().find_map(expectation::of_grades_tag) {
        let groups = scopes.of_secret();
        if grades.len() == groups.len() {
            let named = groups.iter().zip(grades);
            rules.extend(named.map(|(group, grade)| Rule::of_group(&group.name, grade)));
        } else {
            let message = format!(
                "the tag @EXPECTED_GRADES@ is ignored, for it has {} verdicts, and secret has {} \
                 groups",
                grades.len(),
                groups.len()
            );
            findings.warning(&program.path, None, message);
        }
    }
    rules
}

fn of_place(
    directory: &str,
    program: &ProgramFiles,
    context: Context,
    findings: &mut Findings,
) -> Expectation {
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
    expectation::of_directory(directory, context).unwrap_or_else(Expectation::anything)
}

/// Warns of submissions of which nothing says what is expected.
fn warn_of_silence(submissions: &[JurySubmission], findings: &mut Findings) {
    let is_silent = |submission: &&JurySubmission| submission.expectation.rules.is_empty();
    for submission in submissions.iter().filter(is_silent) {
        let directory = submission.path.split('/').next().unwrap_or_default();
        let hint = match slips::meant(directory, &OFFICIAL) {
            Some(meant) => format!("; if {meant} is meant, rename it"),
            None => String::new(),
        };
        let message = format!(
            "neither the directory {directory:?} nor a tag or a rule says what is expected: anything \
             is taken for right{hint}"
        );
        findings.warning(&submission.files.path, None, message);
    }
}

/// Applies one rule of `submissions.yaml` to what its pattern names.
fn apply(
    entry: &Pair,
    submissions: &mut [JurySubmission],
    scopes: &Scopes<'_>,
    findings: &mut Findings,
) {
    let mut pattern_is_wrong = false;
    let mut is_used = false;
    for submission in submissions {
        match glob::matches(&entry.key, &submission.path) {
            Some(true) => {
                is_used = true;
                change(entry, submission, scopes, findings);
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

fn change(
    entry: &Pair,
    submission: &mut JurySubmission,
    scopes: &Scopes<'_>,
    findings: &mut Findings,
) {
    // Naming a directory replaces what its name says; any other pattern adds to it.
    let replaces = !entry.key.contains('/');
    let pairs = entry.value.pairs().unwrap_or_default();
    for pair in pairs {
        match pair.key.as_str() {
            "language" => submission.language = pair.value.text().map(str::to_owned),
            "entrypoint" => start_with(pair, &mut submission.files, scopes, findings),
            "model_solution" => refuse_no_truth(pair, findings),
            // Who wrote it says nothing to a judge.
            "authors" => {}
            key if OF_RULES.contains(&key) => {}
            scope if pair.value.pairs().is_some() && scopes.has(scope) => {}
            key => {
                let message =
                    format!("{key:?} is neither a known rule nor a group or a case, and ignored");
                findings.warning(RULES_FILE, Some(pair.line), message);
            }
        }
    }
    let JurySubmission {
        expectation, path, ..
    } = submission;
    let base = expectation.rules.iter().find(|rule| rule.scope.is_empty());
    let base = match base.filter(|_| replaces) {
        // What it does not say stays as it is by default.
        Some(base) => base.clone(),
        None => Rule::new(&ALL, &[]),
    };
    if replaces
        && pairs
            .iter()
            .any(|pair| OF_RULES.contains(&pair.key.as_str()))
    {
        expectation.rules.retain(|rule| !rule.scope.is_empty());
        expectation.timing.retain(|timing| !timing.scope.is_empty());
    }
    apply_rule((base, entry.line), pairs, (path, expectation), findings);
    for pair in pairs.iter().filter(|pair| scopes.has(&pair.key)) {
        let base = Rule {
            scope: pair.key.clone(),
            ..Rule::new(&ALL, &[])
        };
        let pairs = pair.value.pairs().unwrap_or_default();
        apply_rule((base, pair.line), pairs, (path, expectation), findings);
    }
}

/// Applies a rule, and what stands beside it about the time limit.
fn apply_rule(
    (base, line): (Rule, usize),
    pairs: &[Pair],
    (path, expectation): (&str, &mut Expectation),
    findings: &mut Findings,
) {
    let scope = base.scope.clone();
    let rule = rule(base, pairs, findings);
    let asked = pairs.iter().find(|pair| pair.key == "use_for_time_limit");
    let asked = asked.and_then(|pair| timing_role(pair, findings));
    if asked == Some(TimingRole::None) {
        expectation.timing.retain(|timing| timing.scope != scope);
    }
    let role = asked.or(rule.as_ref().map(Rule::timing));
    let timing = role.and_then(|role| Timing::of(&scope, role));
    expectation.timing.extend(timing);
    if let Some(rule) = rule {
        add(rule, line, path, expectation, findings);
    }
}

/// Has a submission begin at the file that its rules name. One that the problem puts beside every
/// submission comes first by its own name.
fn start_with(
    pair: &Pair,
    program: &mut ProgramFiles,
    scopes: &Scopes<'_>,
    findings: &mut Findings,
) {
    let entry_point = pair.value.text().unwrap_or_default();
    let is_only = program.files.len() == 1;
    if !program.start_with(entry_point) && !is_only && !scopes.includes.contains(&entry_point) {
        let message = format!(
            "{} has no file for the entry point {entry_point:?}",
            program.path
        );
        findings.error(RULES_FILE, Some(pair.line), message);
    }
}

fn refuse_no_truth(pair: &Pair, findings: &mut Findings) {
    if !matches!(pair.value.text(), Some("true" | "false" | "True" | "False")) {
        let message = format!("{} must be true or false", pair.key);
        findings.error(RULES_FILE, Some(pair.line), message);
    }
}

/// Adds a rule, unless it cannot hold together with another one.
fn add(
    rule: Rule,
    line: usize,
    path: &str,
    expectation: &mut Expectation,
    findings: &mut Findings,
) {
    let others = expectation.rules.iter().chain([&rule]);
    let contradictions = others.map(|other| rule.contradicts(other));
    if let Some(why) = contradictions.flatten().next() {
        let message = format!("the rules for {path} contradict each other: {why}");
        findings.error(RULES_FILE, Some(line), message);
    }
    expectation.rules.push(rule);
}

/// Keys of a rule, for a submission or within a group.
const OF_RULES: [&str; 5] = [
    "permitted",
    "required",
    "score",
    "message",
    "use_for_time_limit",
];

/// The rule that entries make of another; `None` where they are about something else.
fn rule(mut rule: Rule, pairs: &[Pair], findings: &mut Findings) -> Option<Rule> {
    let is_of_all = rule.scope.is_empty();
    let mut is_one = false;
    for pair in pairs {
        match pair.key.as_str() {
            "permitted" => rule.permitted = verdicts(pair, findings),
            "required" => rule.required = verdicts(pair, findings),
            "score" => rule.score = score(pair, findings),
            "message" => rule.message = pair.value.text().map(str::to_owned),
            key => {
                if !is_of_all && key != "use_for_time_limit" {
                    let message = format!("the rule {key:?} is unknown here and ignored");
                    findings.warning(RULES_FILE, Some(pair.line), message);
                }
                continue;
            }
        }
        is_one = true;
    }
    is_one.then_some(rule)
}

/// A number, or a list of the lowest and the highest one.
fn score(pair: &Pair, findings: &mut Findings) -> Option<ExpectedScore> {
    let words = pair.value.words().unwrap_or_default();
    let number = |text: &String| text.parse::<f64>().ok().filter(|number| number.is_finite());
    let numbers: Option<Vec<f64>> = words.iter().map(number).collect();
    match numbers.as_deref() {
        Some(&[only]) => Some(ExpectedScore::Within(Range {
            min: only,
            max: only,
        })),
        Some(&[min, max]) if min <= max => Some(ExpectedScore::Within(Range { min, max })),
        _ => {
            let message = "score must be a number or a list of two, the lower one first";
            findings.error(RULES_FILE, Some(pair.line), message);
            None
        }
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
mod tests;
