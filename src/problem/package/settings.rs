//! `problem.yaml`: what a problem is, and its limits.

use std::collections::BTreeMap;

use super::constants::{self, Constants};
use super::limits::{self, Counted, PackageLimits, TimeRule};
use super::report::Findings;
use super::tree::Tree;
use super::yaml::{self, Node, Pair, Value};

pub(super) const FILE: &str = "problem.yaml";

/// A version of the ICPC and Kattis package format, or another format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `legacy` and `legacy-icpc`.
    Legacy,
    /// The draft that was completed as `2025-09`.
    Draft2023,
    /// `2025-09`.
    V2025,
    /// Polygon's.
    Polygon,
    /// DMOJ's.
    Dmoj,
    /// The Italian one of CMS.
    Cms,
}

impl Format {
    /// Its name in `problem.yaml`.
    pub fn name(self) -> &'static str {
        match self {
            Format::Legacy => "legacy",
            Format::Draft2023 => "2023-07-draft",
            Format::V2025 => "2025-09",
            Format::Polygon => "polygon",
            Format::Dmoj => "dmoj",
            Format::Cms => "cms",
        }
    }
}

/// What a problem asks of the judge beyond "right or wrong".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kind {
    /// Submissions get points.
    pub is_scoring: bool,
    /// A program of the problem talks with the submission.
    pub is_interactive: bool,
    /// The submission is run several times on what came of the last run.
    pub is_multi_pass: bool,
    /// Submissions are answers and not programs.
    pub is_submit_answer: bool,
}

/// The contents of `problem.yaml`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Settings {
    pub format: Format,
    pub names: BTreeMap<String, String>,
    pub kind: Kind,
    /// Whether the problem asks for its own output validator; `None` where it does not say.
    pub is_custom: Option<bool>,
    pub validator_flags: Vec<String>,
    /// What `grading` says.
    pub grading: Vec<Pair>,
    pub allow_file_writing: bool,
    /// Codes of the languages in which the problem may be solved; `None` for all.
    pub languages: Option<Vec<String>>,
    pub constants: Constants,
    pub limits: PackageLimits,
    pub time: TimeRule,
}

/// Keys that say nothing to a judge.
const INFORMATION: &[&str] = &[
    "uuid",
    "version",
    "author",
    "credits",
    "source",
    "source_url",
    "license",
    "rights_owner",
    "embargo_until",
    "keywords",
    "show_test_data_groups",
    "problem_format_version",
];

/// Reads the settings; what is missing has its default.
pub(super) fn read(tree: &Tree, findings: &mut Findings) -> Settings {
    let root = read_yaml(tree, FILE, findings);
    let pairs = root.as_ref().and_then(Node::pairs).unwrap_or_default();
    if root.as_ref().is_some_and(|root| root.pairs().is_none()) {
        findings.error(FILE, Some(1), "the file must be a map of settings");
    }
    let format = format(pairs, findings);
    let mut settings = Settings {
        format,
        names: BTreeMap::new(),
        kind: Kind::default(),
        is_custom: None,
        validator_flags: Vec::new(),
        grading: Vec::new(),
        allow_file_writing: format == Format::Legacy,
        languages: None,
        constants: Constants::new(),
        limits: PackageLimits {
            counted: Counted::of(format),
            ..PackageLimits::default()
        },
        time: TimeRule::of(format),
    };
    for pair in pairs {
        let line = Some(pair.line);
        match pair.key.as_str() {
            "name" => settings.names = names(&pair.value),
            "type" => kind(pair, &mut settings.kind, findings),
            "validation" => validation(pair, &mut settings, findings),
            "validator_flags" => settings.validator_flags = words(pair, FILE, findings),
            "grading" if format == Format::V2025 => refuse_objective(pair, findings),
            "grading" => settings.grading = pair.value.pairs().unwrap_or_default().to_vec(),
            "allow_file_writing" => settings.allow_file_writing = truth((FILE, pair), findings),
            // In the legacy format it means nothing.
            "languages" if format == Format::Legacy => {}
            "languages" => settings.languages = languages(pair, findings),
            "limits" => limits::read(pair, format, &mut settings, findings),
            "constants" => settings.constants = constants::read(pair, findings),
            key if INFORMATION.contains(&key) => {}
            key => findings.warning(
                FILE,
                line,
                format!("the key {key:?} is unknown and ignored"),
            ),
        }
    }
    limits::read_time_limit(tree, &mut settings, findings);
    limits::warn_of_odd_limit(&settings, findings);
    if settings.kind.is_submit_answer {
        if settings.kind.is_interactive || settings.kind.is_multi_pass {
            let message = "a submit-answer problem is neither interactive nor multi-pass, for nothing \
                           runs: remove that type";
            findings.error(FILE, None, message);
        }
        limits::of_answers(pairs, &mut settings);
    }
    settings
}

/// In 2025-09 there is no `grading`, and more points are always better: ignored, fewer would be worse.
fn refuse_objective(grading: &Pair, findings: &mut Findings) {
    let mut pairs = grading.value.pairs().unwrap_or_default().iter();
    if let Some(objective) =
        pairs.find(|pair| pair.key == "objective" && pair.value.text() != Some("max"))
    {
        let message = "in 2025-09 more points are always better: remove grading, or let \
                       problem_format_version be legacy";
        findings.error(FILE, Some(objective.line), message);
    } else {
        let message = "the key \"grading\" is unknown and ignored";
        findings.warning(FILE, Some(grading.line), message);
    }
}

/// Reads a YAML file; `None` where there is none or it cannot be read.
pub(super) fn read_yaml(tree: &Tree, path: &str, findings: &mut Findings) -> Option<Node> {
    let bytes = tree.file(path)?;
    let Ok(text) = std::str::from_utf8(bytes) else {
        findings.error(path, None, "the file is not UTF-8: convert it");
        return None;
    };
    match yaml::parse(text) {
        Ok(document) => {
            for (key, line) in document.repeated {
                let message = format!("{key:?} is given twice, and the last one counts: keep one");
                findings.warning(path, Some(line), message);
            }
            Some(document.root)
        }
        Err(error) => {
            findings.error(path, Some(error.line), error.message);
            None
        }
    }
}

/// Words of an entry: a list, or a text that white space separates.
pub(super) fn words(pair: &Pair, path: &str, findings: &mut Findings) -> Vec<String> {
    pair.value.words().unwrap_or_else(|| {
        let message = format!("{} must be text or a list of texts", pair.key);
        findings.error(path, Some(pair.line), message);
        Vec::new()
    })
}

fn format(pairs: &[Pair], findings: &mut Findings) -> Format {
    let Some(pair) = pairs.iter().find(|p| p.key == "problem_format_version") else {
        return Format::Legacy;
    };
    match pair.value.text() {
        None | Some("legacy" | "legacy-icpc") => Format::Legacy,
        Some("2023-07-draft" | "2023-07" | "draft") => Format::Draft2023,
        Some("2025-09" | "2025-09-draft") => Format::V2025,
        Some(other) => {
            let message = format!(
                "the format {other:?} is unknown: use legacy, legacy-icpc, 2023-07-draft or \
                 2025-09"
            );
            findings.error(FILE, Some(pair.line), message);
            Format::Legacy
        }
    }
}

/// A name, or one for each language.
fn names(node: &Node) -> BTreeMap<String, String> {
    match &node.value {
        Value::Text(name) => BTreeMap::from([("en".to_owned(), name.clone())]),
        Value::Map(pairs) => pairs
            .iter()
            .filter_map(|pair| Some((pair.key.clone(), pair.value.text()?.to_owned())))
            .collect(),
        Value::Null | Value::List(_) => BTreeMap::new(),
    }
}

/// What an entry of a file says, which is true or false.
pub(super) fn truth((file, pair): (&str, &Pair), findings: &mut Findings) -> bool {
    match pair.value.text() {
        Some("true") => true,
        Some("false") => false,
        _ => {
            let message = format!("{} must be true or false", pair.key);
            findings.error(file, Some(pair.line), message);
            false
        }
    }
}

fn kind(pair: &Pair, kind: &mut Kind, findings: &mut Findings) {
    let words = words(pair, FILE, findings);
    refuse_contradictions(pair, &words, findings);
    for word in words {
        match word.as_str() {
            "pass-fail" => {}
            "scoring" => kind.is_scoring = true,
            "interactive" => kind.is_interactive = true,
            "multi-pass" => kind.is_multi_pass = true,
            "submit-answer" => kind.is_submit_answer = true,
            other => {
                let message = format!(
                    "the type {other:?} is unknown: use pass-fail, scoring, interactive, \
                     multi-pass or submit-answer"
                );
                findings.error(FILE, Some(pair.line), message);
            }
        }
    }
}

/// Codes of languages; `None` for all.
fn languages(pair: &Pair, findings: &mut Findings) -> Option<Vec<String>> {
    if pair.value.text() == Some("all") {
        return None;
    }
    let codes = words(pair, FILE, findings);
    if codes.is_empty() {
        let message = "languages must be all, or a list of at least one";
        findings.error(FILE, Some(pair.line), message);
    }
    Some(codes)
}

/// Types that cannot be meant together, and those that are named twice.
fn refuse_contradictions(pair: &Pair, words: &[String], findings: &mut Findings) {
    let has = |word: &str| words.iter().any(|w| w == word);
    if has("pass-fail") && has("scoring") {
        let message = "the types pass-fail and scoring exclude each other: remove one";
        findings.error(FILE, Some(pair.line), message);
    }
    for (index, word) in words.iter().enumerate() {
        if words[..index].contains(word) {
            let message = format!("the type {word:?} is named twice");
            findings.error(FILE, Some(pair.line), message);
        }
    }
}

/// The word of the legacy format for what `type` says later.
fn validation(pair: &Pair, settings: &mut Settings, findings: &mut Findings) {
    for word in words(pair, FILE, findings) {
        match word.as_str() {
            "default" => settings.is_custom = Some(false),
            "custom" => settings.is_custom = Some(true),
            "interactive" => settings.kind.is_interactive = true,
            "multi-pass" => settings.kind.is_multi_pass = true,
            "score" => settings.kind.is_scoring = true,
            other => {
                let message = format!(
                    "the validation {other:?} is unknown: use default, or custom with interactive \
                     or score"
                );
                findings.error(FILE, Some(pair.line), message);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::tree;
    use super::*;

    fn read_text(text: &str) -> (Settings, Vec<String>) {
        let mut findings = Findings::default();
        let settings = read(&tree(&[(FILE, text)]), &mut findings);
        let shown = findings.iter().map(ToString::to_string).collect();
        (settings, shown)
    }

    #[test]
    fn a_legacy_problem_is_read() {
        let (settings, found) = read_text(
            "name: A\nvalidation: custom interactive\nvalidator_flags: 'a  b'\nuuid: 1\nodd: 1\n",
        );
        assert_eq!(
            found,
            ["warning: problem.yaml:5: the key \"odd\" is unknown and ignored"]
        );
        assert_eq!(settings.format, Format::Legacy);
        assert_eq!(settings.names["en"], "A");
        assert_eq!(settings.is_custom, Some(true));
        assert!(settings.kind.is_interactive && !settings.kind.is_scoring);
        assert_eq!(settings.validator_flags, ["a", "b"]);
    }

    #[test]
    fn the_types_of_the_new_format_are_read() {
        let (settings, found) = read_text(
            "problem_format_version: 2025-09\nname: {en: A, sv: B}\ntype: [interactive, multi-pass]\n",
        );
        assert_eq!(found, Vec::<String>::new());
        assert_eq!(settings.format, Format::V2025);
        assert_eq!(settings.names["sv"], "B");
        assert!(settings.kind.is_interactive && settings.kind.is_multi_pass);
        assert_eq!(settings.is_custom, None);
    }

    #[test]
    fn fewer_points_are_better_in_the_legacy_format_only() {
        let of = |format: &str, objective: &str| {
            let text =
                format!("problem_format_version: {format}\ngrading:\n  objective: {objective}\n");
            read_text(&text)
        };
        let (settings, found) = of("legacy", "min");
        assert_eq!((settings.grading.len(), found.len()), (1, 0), "{found:?}");
        let refused = "error: problem.yaml:3: in 2025-09 more points are always better";
        assert!(of("2025-09", "min").1[0].starts_with(refused));
        let ignored = "warning: problem.yaml:2: the key \"grading\" is unknown and ignored";
        assert_eq!(of("2025-09", "max").1, [ignored]);
    }

    #[test]
    fn mistakes_are_named_with_their_lines() {
        let (_, found) = read_text(
            "problem_format_version: 2030\ntype: relay\nvalidation: magic\nallow_file_writing: 1\n",
        );
        for (found, beginning) in found.iter().zip([
            "error: problem.yaml:1: the format \"2030\"",
            "error: problem.yaml:2: the type \"relay\"",
            "error: problem.yaml:3: the validation \"magic\"",
            "error: problem.yaml:4: allow_file_writing must",
        ]) {
            assert!(found.starts_with(beginning), "{found}");
        }
        assert_eq!(found.len(), 4);
        assert!(read_text("- a\n").1[0].contains("must be a map"));
        assert!(read_text("name: 'x\n").1[0].starts_with("error: problem.yaml:"));
    }
}
