//! Problem packages: those of the ICPC and Kattis formats (`legacy`, `legacy-icpc`, `2023-07-draft` and
//! `2025-09`), Polygon's, DMOJ's and CMS's. A package is a stranger's: its files come in memory under checked names
//! ([`Tree`]), and turn into a [`Package`] whose values are valid, or into findings that say what is wrong
//! where.
//!
//! What real packages do against the letter of their format is accepted with a warning. What is not
//! supported is an error: a package that means something else than what is judged must not pass.

mod about;
mod cms;
mod constants;
mod data;
mod dmoj;
mod examples;
mod expectation;
mod frame;
mod glob;
mod groups;
mod limits;
mod making;
mod polygon;
mod programs;
mod report;
mod settings;
mod shown;
mod slips;
mod streams;
mod submissions;
mod texts;
mod tree;
mod validation;
mod words;
mod yaml;

use std::borrow::Cow;
use std::collections::BTreeMap;

pub use data::{Subject, TestCase, only_cases};
pub use examples::OutputExample;
pub use expectation::{Expectation, Expected, ExpectedScore, Of, Rule, Timing, TimingRole};
pub use frame::Frame;
pub use glob::matches as path_matches;
pub use limits::{CompilationLimits, Counted, PackageLimits, TimeRule};
pub use making::{Answers, Generation, MadeFile, Makes, Making};
pub use programs::{ProgramFiles, is_main};
pub use report::{Finding, Findings, Severity};
pub use settings::{Format, Kind};
pub use streams::StreamFiles;
pub use submissions::JurySubmission;
pub use tree::{NameError, Tree};
pub use validation::{ArgumentTemplate, Channel, Communication, SecondRun, Validation};

use super::groups::{Group, Scoring};
use super::{Checker, Repeats, SourceFile};
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
    /// Codes of the languages in which it may be solved; `None` for all.
    pub languages: Option<Vec<String>>,
    /// Whether submissions may write to their working directory.
    pub allow_file_writing: bool,
    /// Files that submissions read and write in place of the standard streams.
    pub streams: StreamFiles,
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
    /// How submissions are fitted into these files, by language.
    pub frames: BTreeMap<String, Frame>,
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
    /// Outputs that are known to be right or wrong.
    pub output_examples: Vec<OutputExample>,
    /// The jury's submissions by path.
    pub submissions: Vec<JurySubmission>,
    /// What of the cases is still to be made.
    pub making: Making,
    /// The program that judges the files of submissions, where a case is about these.
    pub static_validator: Option<ProgramFiles>,
    /// Programs that draw for people.
    pub visualizers: Visualizers,
    /// Submissions are the answers to the cases, and no programs.
    pub takes_answers: bool,
}

/// Programs that draw for people. No verdict depends on them.
#[derive(Debug, Clone, Default)]
pub struct Visualizers {
    /// Draws inputs.
    pub input: Option<ProgramFiles>,
    /// Draws outputs.
    pub output: Option<ProgramFiles>,
}

impl Package {
    /// The programs without which nothing can be judged by it.
    pub fn judging_programs(&self) -> Vec<&ProgramFiles> {
        let mut programs: Vec<&ProgramFiles> = match &self.validation {
            Validation::Default(_) => Vec::new(),
            Validation::Custom(programs) => programs.iter().collect(),
            Validation::Interactive(program)
            | Validation::Communication {
                manager: program, ..
            } => vec![program],
            Validation::Foreign {
                interactor,
                checker,
                ..
            } => interactor.iter().chain(checker).collect(),
        };
        programs.extend(&self.static_validator);
        programs.extend(&self.grader);
        programs.extend(&self.making.generators);
        let solution = self.making.answers.as_ref();
        let solution = solution.and_then(|made| self.submissions.get(made.submission));
        programs.extend(solution.map(|solution| &solution.files));
        programs
    }

    /// The highest score of a group, by its path, or of the whole, by an empty one; `None` where there
    /// are no points, or no end of them.
    pub fn max_score_of(&self, group: &str) -> Option<f64> {
        let max = self.scoring.and(self.groups.find(group))?.range.max;
        max.is_finite().then_some(max)
    }

    /// The lowest score of the whole, likewise.
    pub fn min_score(&self) -> Option<f64> {
        let min = self.scoring.map(|_| self.groups.range.min)?;
        min.is_finite().then_some(min)
    }
}

/// Exit code by which an input validator of the ICPC and Kattis formats takes an input for valid.
const VALID: i32 = 42;

/// Reads a package. There is none where the findings have errors.
pub fn read(tree: &Tree) -> (Option<Package>, Findings) {
    let mut findings = Findings::default();
    for path in tree.left_out() {
        let message = "the link is ignored, for it leads neither to a file of the package nor to one that \
                       lies beside it: put the file in its place";
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
    if has(cms::FILE) {
        return cms::read(tree, findings);
    }
    let message = "this is no problem package: there is no problem.yaml (ICPC, Kattis), no problem.xml \
                   (Polygon), no init.yml (DMOJ) and no task.yaml (CMS)";
    findings.error("", None, message);
    None
}

fn read_icpc(tree: &Tree, findings: &mut Findings) -> Option<Package> {
    let settings = settings::read(tree, findings);
    let tree = &*match settings.format {
        Format::V2025 => Cow::Owned(with_plain_names(tree, findings)),
        _ => Cow::Borrowed(tree),
    };
    about::check(tree, settings.format, findings);
    let tree = &*constants::fill(tree, &settings.constants, findings);
    let flags = &settings.validator_flags[..];
    let (cases, root) = data::read(tree, (settings.format, flags), findings);
    shown::check(tree, (settings.format, settings.kind), &cases, findings);
    let static_validator = static_validator(tree, &settings, &cases, findings);
    let grader = grader(tree, findings);
    let (groups, scoring) = {
        // DOMjudge has no graders of packages.
        let may_be = settings.kind.is_scoring && grader.is_none();
        let dialect = match may_be && submissions::has_score_tags(tree) {
            true => groups::Dialect::DomJudge,
            false => groups::Dialect::Kattis,
        };
        groups::read(&settings, &root, (grader.is_some(), dialect), findings)
    };
    let grader = used_grader(grader, &groups, findings);
    let validation = validation(tree, &settings, &cases, findings);
    let of_cases = (&cases[..], repeats(settings.format));
    let examples = examples::read(tree, &settings, of_cases, findings);
    let context = expectation::Context {
        of: match settings.format {
            Format::Legacy | Format::Draft2023 => Of::Whole,
            Format::V2025 | Format::Polygon | Format::Dmoj | Format::Cms => Of::Cases,
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
    let input_validators = input_validators(tree);
    if settings.format == Format::V2025 {
        let programs = input_validators.iter().chain(validation.programs());
        programs::tell_of_languages(programs.chain(&static_validator), findings);
    }
    texts::check(tree, settings.format, findings);
    slips::check(tree, (&cases, settings.limits.output_bytes), findings);
    Some(Package {
        format: settings.format,
        names: settings.names,
        limits: settings.limits,
        time: settings.time,
        languages: settings.languages,
        allow_file_writing: settings.allow_file_writing,
        streams: StreamFiles::default(),
        validation,
        max_passes: match settings.kind.is_multi_pass {
            true => settings.limits.validation_passes,
            false => 1,
        },
        input_validators,
        valid_exit_code: VALID,
        includes,
        frames: BTreeMap::new(),
        grader,
        groups,
        scoring,
        cases,
        invalid_inputs: data::read_beside(tree, ("invalid_input", &[]), false, findings),
        output_examples: examples,
        submissions,
        making: Making::default(),
        visualizers: visualizers(tree),
        takes_answers: settings.kind.is_submit_answer,
        static_validator,
    })
}

fn input_validators(tree: &Tree) -> Vec<ProgramFiles> {
    let directories = ["input_validators", "input_format_validators"].into_iter();
    directories
        .flat_map(|directory| programs::each_in(tree, directory))
        .collect()
}

fn visualizers(tree: &Tree) -> Visualizers {
    Visualizers {
        input: programs::only_in(tree, "input_visualizer"),
        output: programs::only_in(tree, "output_visualizer"),
    }
}

/// The grader, where a group asks for it.
fn used_grader(
    grader: Option<ProgramFiles>,
    groups: &Group,
    findings: &mut Findings,
) -> Option<ProgramFiles> {
    if let Some(unused) = grader.as_ref().filter(|_| !groups.has_program()) {
        let message = "the grader is not used: no group says \"grading: custom\"";
        findings.warning(&unused.path, None, message);
    }
    grader.filter(|_| groups.has_program())
}

/// The package as if there were no names but those of the format.
fn with_plain_names(tree: &Tree, findings: &mut Findings) -> Tree {
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    // Hidden ones are left out without a word, for tools make them.
    let is_plain =
        |name: &str| name.len() < 256 && !name.starts_with('-') && name.bytes().all(is_of_name);
    let mut odd = Vec::new();
    let kept = tree.keep(|path| {
        let is_kept = path.split('/').all(is_plain);
        if !is_kept {
            odd.push(path.to_owned());
        }
        is_kept
    });
    if let Some((first, others)) = odd.split_first() {
        let message = format!(
            "the file, and {} others, are ignored for their names: use letters, digits, _, . and - only",
            others.len()
        );
        findings.warning(first, None, message);
    }
    kept
}

/// The program that judges the files of submissions; there is one exactly where it has something to judge.
fn static_validator(
    tree: &Tree,
    settings: &Settings,
    cases: &[TestCase],
    findings: &mut Findings,
) -> Option<ProgramFiles> {
    const DIRECTORY: &str = "static_validator";
    let program = programs::only_in(tree, DIRECTORY);
    let case = cases.iter().find(|case| !case.has_data());
    let (is_error, message) = match (&program, case) {
        (Some(_), _) if settings.format != Format::V2025 => (
            true,
            "only the format 2025-09 has static validators: let problem_format_version be 2025-09",
        ),
        (Some(_), _) if settings.kind.is_submit_answer => (
            true,
            "the problem takes answers, so there is no source to validate: remove it",
        ),
        (Some(_), None) => (
            false,
            "the static validator is not used: no group has a static_validation_score",
        ),
        (None, Some(_)) => (
            true,
            "a group has a static_validation_score, and there is no such program: add it",
        ),
        (Some(_), Some(_)) | (None, None) => return program,
    };
    match is_error {
        true => findings.error(DIRECTORY, None, message),
        false => findings.warning(DIRECTORY, None, message),
    }
    None
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
        (None, Format::Legacy | Format::Polygon | Format::Dmoj | Format::Cms) => false,
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

/// What the default validator does about arguments that come twice.
fn repeats(format: Format) -> Repeats {
    match format {
        Format::V2025 => Repeats::Refused,
        _ => Repeats::LastCounts,
    }
}

fn checkers(format: Format, cases: &[TestCase], findings: &mut Findings) -> Vec<Checker> {
    let repeats = repeats(format);
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
mod changed;
#[cfg(test)]
mod tests;
