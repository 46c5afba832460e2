//! Problem packages: those of the ICPC and Kattis formats (`legacy`, `legacy-icpc`, `2023-07-draft` and
//! `2025-09`), Polygon's and DMOJ's. A package is a stranger's: its files come in memory under checked names ([`Tree`]),
//! and turn into a [`Package`] whose values are valid, or into findings that say what is wrong
//! where.
//!
//! What real packages do against the letter of their format is accepted with a warning. What is not
//! supported is an error: a package that means something else than what is judged must not pass.

mod constants;
mod data;
mod dmoj;
mod expectation;
mod glob;
mod groups;
mod limits;
mod making;
mod polygon;
mod programs;
mod report;
mod settings;
mod submissions;
mod tree;
mod yaml;

use std::collections::BTreeMap;

pub use data::TestCase;
pub use expectation::{Expectation, Expected, ExpectedScore, Of, Rule, TimingRole};
pub use glob::matches as path_matches;
pub use limits::{PackageLimits, TimeRule};
pub use making::{Answers, Generation, Making};
pub use programs::{ProgramFiles, is_main};
pub use report::{Finding, Findings, Severity};
pub use settings::{Format, Kind};
pub use submissions::JurySubmission;
pub use tree::{NameError, Tree};

use super::groups::{Group, Scoring};
use super::{Checker, Protocol, Repeats, SourceFile};
use settings::Settings;

/// A problem as its package describes it.
#[derive(Debug, Clone)]
pub struct Package {
    /// Version of the format.
    pub format: Format,
    /// Names by language.
    pub names: BTreeMap<String, String>,
    /// Limits but for the time limit.
    pub limits: PackageLimits,
    /// The time limit, or how it follows from the jury's submissions.
    pub time: TimeRule,
    /// Whether submissions may write to their working directory.
    pub allow_file_writing: bool,
    /// How outputs are judged.
    pub validation: Validation,
    /// How often a submission may be run on a case, as its validator asks; more than once only in a
    /// multi-pass problem.
    pub max_passes: u32,
    /// Programs that say whether an input is valid; all must agree.
    pub input_validators: Vec<ProgramFiles>,
    /// Exit code by which they say so.
    pub valid_exit_code: i32,
    /// Files that are put over a submission before it is compiled, by language; `default` is for
    /// all others.
    pub includes: BTreeMap<String, Vec<SourceFile>>,
    /// The program that grades groups which ask for it.
    pub grader: Option<ProgramFiles>,
    /// How the cases come to a verdict and a score.
    pub groups: Group,
    /// How scores are to be taken; `None` where the problem gives none.
    pub scoring: Option<Scoring>,
    /// Test cases in judging order.
    pub cases: Vec<TestCase>,
    /// Inputs that at least one input validator must reject.
    pub invalid_inputs: Vec<TestCase>,
    /// The jury's submissions by path.
    pub submissions: Vec<JurySubmission>,
    /// What of the cases is still to be made.
    pub making: Making,
    /// Submissions are the answers to the cases, and no programs.
    pub takes_answers: bool,
}

impl Package {
    /// The highest score of a group, by its path, or of the whole, by an empty one; `None` where there
    /// are no points, or no end of them.
    pub fn max_score_of(&self, group: &str) -> Option<f64> {
        let max = self.scoring.and(self.groups.find(group))?.range.max;
        max.is_finite().then_some(max)
    }
}

/// How outputs are judged.
#[derive(Debug, Clone)]
pub enum Validation {
    /// The default validator, with a checker for each test case by its arguments.
    Default(Vec<Checker>),
    /// Programs of the package; all must accept.
    Custom(Vec<ProgramFiles>),
    /// A program of the package that talks with the submission.
    Interactive(ProgramFiles),
    /// Programs of the package that keep to the protocol of another world; at least one of them.
    Foreign {
        /// Talks with the submission.
        interactor: Option<ProgramFiles>,
        /// Judges the output of the submission, or what the interactor writes, where there is one.
        checker: Option<ProgramFiles>,
        /// How they are asked, and how they answer.
        protocol: Protocol,
    },
}

/// Exit code by which an input validator of the ICPC and Kattis formats takes an input for valid.
const VALID: i32 = 42;

/// Reads a package. There is none where the findings have errors.
pub fn read(tree: &Tree) -> (Option<Package>, Findings) {
    let mut findings = Findings::default();
    for path in tree.left_out() {
        let message = "the link is ignored, for it leads out of the package or nowhere: put the file \
                       in its place";
        findings.warning(path, None, message);
    }
    let package = read_into(tree, &mut findings);
    (package.filter(|_| !findings.has_errors()), findings)
}

/// Which format a package has is told by the file that every package of this format has.
fn read_into(tree: &Tree, findings: &mut Findings) -> Option<Package> {
    let has = |file| tree.file(file).is_some();
    if has(settings::FILE) || has(limits::DOMJUDGE_FILE) {
        return read_icpc(tree, findings);
    }
    if has(polygon::FILE) {
        return polygon::read(tree, findings);
    }
    if has(dmoj::FILE) {
        return dmoj::read(tree, findings);
    }
    let message = "this is no problem package: there is no problem.yaml (ICPC, Kattis), no problem.xml \
                   (Polygon) and no init.yml (DMOJ)";
    findings.error("", None, message);
    None
}

fn read_icpc(tree: &Tree, findings: &mut Findings) -> Option<Package> {
    let settings = settings::read(tree, findings);
    let tree = &*constants::fill(tree, &settings.constants, findings);
    refuse_unsupported(tree, findings);
    let (cases, root) = data::read(tree, &settings.validator_flags, findings);
    let grader = grader(tree, findings);
    let (groups, scoring) = groups::read(&settings, &root, grader.is_some(), findings);
    if let Some(unused) = grader.as_ref().filter(|_| !groups.has_program()) {
        let message = "the grader is not used: no group says \"grading: custom\"";
        findings.warning(&unused.path, None, message);
    }
    let validation = validation(tree, &settings, &cases, findings);
    let context = expectation::Context {
        of: match settings.format {
            Format::Legacy | Format::Draft2023 => Of::Whole,
            Format::V2025 | Format::Polygon | Format::Dmoj => Of::Cases,
        },
        is_scoring: scoring.is_some(),
    };
    let includes = includes(tree);
    let scopes = submissions::Scopes {
        groups: &groups,
        cases: cases.iter().map(|case| case.name.as_str()).collect(),
        includes: includes
            .values()
            .flatten()
            .map(|file| file.name.as_str())
            .collect(),
    };
    let submissions = submissions::read(tree, context, &scopes, findings);
    let mut input_validators = programs::each_in(tree, "input_validators");
    input_validators.extend(programs::each_in(tree, "input_format_validators"));
    Some(Package {
        format: settings.format,
        names: settings.names,
        limits: settings.limits,
        time: settings.time,
        allow_file_writing: settings.allow_file_writing,
        validation,
        max_passes: match settings.kind.is_multi_pass {
            true => settings.limits.validation_passes,
            false => 1,
        },
        input_validators,
        valid_exit_code: VALID,
        includes,
        grader: grader.filter(|_| groups.has_program()),
        groups,
        scoring,
        cases,
        invalid_inputs: data::read_invalid(tree, findings),
        submissions,
        making: Making::default(),
        takes_answers: settings.kind.is_submit_answer,
    })
}

fn refuse_unsupported(tree: &Tree, findings: &mut Findings) {
    if tree.has_directory("static_validator") {
        let message = "static validators are not supported yet";
        findings.error("static_validator", None, message);
    }
}

/// The only grader.
fn grader(tree: &Tree, findings: &mut Findings) -> Option<ProgramFiles> {
    let mut graders = programs::each_in(tree, "graders");
    for other in graders.iter().skip(1) {
        let message = "there is more than one grader: remove the others";
        findings.error(&other.path, None, message);
    }
    graders.truncate(1);
    graders.pop()
}

/// The format's own directory first; real packages also have the other's.
fn validation(
    tree: &Tree,
    settings: &Settings,
    cases: &[TestCase],
    findings: &mut Findings,
) -> Validation {
    let mut programs = programs::each_in(tree, "output_validators");
    programs.extend(programs::only_in(tree, "output_validator"));
    let is_custom = match (settings.is_custom, settings.format) {
        (Some(is_custom), _) => is_custom,
        (None, Format::Legacy | Format::Polygon | Format::Dmoj) => false,
        (None, Format::Draft2023 | Format::V2025) => !programs.is_empty(),
    };
    let Kind {
        is_interactive,
        is_multi_pass,
        ..
    } = settings.kind;
    let is_custom = is_custom || is_interactive || is_multi_pass;
    if is_custom && programs.is_empty() {
        let message = "there is no output validator: add one to output_validators, or remove \
                       \"validation: custom\"";
        findings.error(settings::FILE, None, message);
    }
    if is_interactive || is_multi_pass {
        for other in programs.drain(programs.len().min(1)..) {
            let message = "an interactive or multi-pass problem has one validator only: remove the \
                           others";
            findings.error(&other.path, None, message);
        }
    }
    if is_custom {
        return match programs.pop() {
            Some(only) if is_interactive => Validation::Interactive(only),
            last => {
                programs.extend(last);
                Validation::Custom(programs)
            }
        };
    }
    for program in programs {
        let message = "the validator is not used: problem.yaml lacks \"validation: custom\"";
        findings.warning(&program.path, None, message);
    }
    Validation::Default(checkers(settings.format, cases, findings))
}

fn checkers(format: Format, cases: &[TestCase], findings: &mut Findings) -> Vec<Checker> {
    let repeats = match format {
        Format::V2025 => Repeats::Refused,
        Format::Legacy | Format::Draft2023 | Format::Polygon | Format::Dmoj => Repeats::LastCounts,
    };
    let mut checkers = Vec::with_capacity(cases.len());
    for case in cases {
        match Checker::default_validator(&case.output_validator_args, repeats) {
            Ok(checker) => checkers.push(checker),
            Err(error) => {
                let path = format!("data/{}", case.name);
                findings.error(&path, None, error.to_string());
                // One example is enough: most cases have the same arguments.
                break;
            }
        }
    }
    checkers
}

fn includes(tree: &Tree) -> BTreeMap<String, Vec<SourceFile>> {
    let languages = tree.entries("include").into_iter();
    languages
        .filter(|entry| entry.is_directory)
        .map(|entry| {
            let program = programs::of_directory(tree, &format!("include/{}", entry.name));
            (entry.name.to_owned(), program.files)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::tree::tests::tree;
    use super::*;

    const CASE: [(&str, &str); 2] = [("data/secret/1.in", ""), ("data/secret/1.ans", "")];

    fn read_files(files: &[(&str, &str)]) -> (Option<Package>, Vec<String>) {
        let (package, findings) = read(&tree(&[&CASE, files].concat()));
        (package, findings.iter().map(ToString::to_string).collect())
    }

    const AC: (&str, &str) = ("submissions/accepted/a.py", "");

    #[test]
    fn a_small_package_is_read() {
        let yaml = (
            "problem.yaml",
            "name: A\nvalidator_flags: float_tolerance 0.5\n",
        );
        let include = ("include/cpp/lib.h", "x");
        let (package, found) = read_files(&[yaml, AC, include]);
        assert_eq!(found, Vec::<String>::new());
        let package = package.unwrap();
        assert_eq!(package.includes["cpp"][0].name, "lib.h");
        assert_eq!((package.cases.len(), package.submissions.len()), (1, 1));
        let Validation::Default(checkers) = package.validation else {
            panic!("not the default validator");
        };
        let half = Some(0.5);
        assert!(matches!(checkers[..], [Checker::Default { absolute, .. }] if absolute == half));
    }

    #[test]
    fn a_validator_is_used_where_the_format_says_so() {
        let validator = ("output_validators/v/v.cc", "");
        let single = ("output_validator/v.cc", "");
        let legacy = ("problem.yaml", "name: A\n");
        let custom = ("problem.yaml", "validation: custom\n");
        let new = ("problem.yaml", "problem_format_version: 2025-09\n");
        let used = |yaml, files: &[_]| {
            let (package, found) = read_files(&[&[yaml, AC], files].concat());
            (
                package.map(|p| matches!(p.validation, Validation::Custom(_))),
                found.len(),
            )
        };
        assert_eq!(used(custom, &[validator]), (Some(true), 0));
        assert_eq!(used(custom, &[single]), (Some(true), 0));
        assert_eq!(used(new, &[single]), (Some(true), 0));
        assert_eq!(used(new, &[]), (Some(false), 0));
        assert_eq!(used(legacy, &[validator]), (Some(false), 1));
        assert_eq!(used(custom, &[]), (None, 1));
    }

    #[test]
    fn a_multi_pass_problem_has_one_validator_and_a_number_of_passes() {
        let one = ("output_validators/v/v.cc", "");
        let two = ("output_validators/w/w.cc", "");
        let yaml = (
            "problem.yaml",
            "validation: custom multi-pass\nlimits: {validation_passes: 26}\n",
        );
        assert_eq!(read_files(&[yaml, one, AC]).0.unwrap().max_passes, 26);
        let twice = ("problem.yaml", "validation: custom multi-pass\n");
        assert_eq!(read_files(&[twice, one, AC]).0.unwrap().max_passes, 2);
        let once = ("problem.yaml", "validation: custom\n");
        assert_eq!(read_files(&[once, one, two, AC]).0.unwrap().max_passes, 1);
        let (package, found) = read_files(&[yaml, one, two, AC]);
        assert!(
            package.is_none() && found[0].contains("output_validators/w: "),
            "{found:?}"
        );
        for passes in ["1", "2.5", "100000"] {
            let text =
                format!("validation: custom multi-pass\nlimits: {{validation_passes: {passes}}}\n");
            let (package, found) = read_files(&[("problem.yaml", &text), one, AC]);
            assert!(
                package.is_none() && found[0].contains("from 2 to"),
                "{found:?}"
            );
        }
    }

    #[test]
    fn what_is_not_supported_is_refused() {
        for (path, text, words) in [
            (
                "problem.yaml",
                "validation: custom interactive\n",
                "there is no output validator",
            ),
            (
                "problem.yaml",
                "type: [multi-pass]\n",
                "there is no output validator",
            ),
            (
                "problem.yaml",
                "type: [submit-answer, multi-pass]\n",
                "nothing runs",
            ),
            (
                "problem.yaml",
                "type: [pass-fail, scoring]\n",
                "exclude each other",
            ),
            ("problem.yaml", "type: [scoring, scoring]\n", "twice"),
            (
                "problem.yaml",
                "validator_flags: fuzzy\n",
                "\"fuzzy\" is no argument",
            ),
            ("static_validator/s.py", "", "static validators"),
        ] {
            let yaml = ("problem.yaml", "name: A\n");
            let files = match path {
                "problem.yaml" => vec![(path, text), AC],
                _ => vec![(path, text), yaml, AC],
            };
            let (package, found) = read_files(&files);
            assert!(package.is_none(), "{text}");
            assert!(found.iter().any(|found| found.contains(words)), "{found:?}");
        }
        assert!(read_files(&[AC]).1[0].contains("no problem.yaml"));
    }
}
