//! Digests of all that the runs of a package's programs depend on, but for Gavel itself and the machine:
//! whoever keeps facts adds those.

use super::{CompiledPackage, programs};
use crate::judge::Judge;
use crate::problem::package::{Package, ProgramFiles, TestCase, Validation};
use crate::problem::{SourceFile, digest};

impl CompiledPackage {
    /// What the runs of a submission come to depends on this, and on the cases.
    pub fn key_of_submission(
        &self,
        judge: &Judge,
        (language, files): (&str, &[SourceFile]),
    ) -> String {
        let files = programs::with_includes(judge, &self.package, (language, files));
        let judging = self.key_of_judging(judge);
        let drawing = self.key_of_drawing();
        let words = ["submission", language, &judging, &drawing].map(str::as_bytes);
        digest(words.into_iter().chain(parts(&files)))
    }

    /// What is drawn depends on this, on the cases, and on what is judged.
    fn key_of_drawing(&self) -> String {
        let drawing = self.visualizer.as_ref();
        let Some(program) = drawing.and(self.package.visualizers.output.as_ref()) else {
            return String::new();
        };
        let cases = self.package.cases.iter();
        let arguments = cases.flat_map(|case| &case.output_visualizer_args);
        let files = key_of_files(program);
        digest(std::iter::once(files.as_bytes()).chain(arguments.map(|text| text.as_bytes())))
    }

    /// What outputs come to depends on this, and on the cases.
    pub fn key_of_judging(&self, judge: &Judge) -> String {
        let package = &*self.package;
        let (programs, kind) = match &package.validation {
            Validation::Default(_) => (Vec::new(), "default".to_owned()),
            Validation::Custom(programs) => (programs.iter().collect(), "custom".to_owned()),
            Validation::Interactive(program) => (vec![program], "interactive".to_owned()),
            Validation::Communication {
                manager,
                communication,
            } => (vec![manager], format!("{communication:?}")),
            Validation::Foreign {
                interactor,
                checker,
                protocol,
                arguments,
                second_run,
            } => {
                let programs = interactor.iter().chain(checker).collect();
                let has = (interactor.is_some(), checker.is_some());
                let kinds = (has, protocol, arguments, second_run);
                (programs, format!("{kinds:?}"))
            }
        };
        let settings = format!(
            "{kind} {:?} {:?} {:?} {:?} {} {} {} {}",
            package.format,
            package.streams,
            package.limits,
            package.languages,
            package.takes_answers,
            package.max_passes,
            package.allow_file_writing,
            package.scoring.is_some()
        );
        let programs = programs.into_iter().chain(&package.static_validator);
        let programs = programs.map(key_of_files).collect::<Vec<_>>();
        let identity = judge.identity();
        let words = ["judging", &identity, &settings].into_iter();
        let words = words.chain(programs.iter().map(String::as_str));
        digest(words.map(str::as_bytes))
    }

    /// What a case gives to programs and validators.
    pub fn key_of_case(&self, index: usize) -> &str {
        let keys = self.case_keys.get_or_init(|| {
            let cases = self.package.cases.iter().enumerate();
            let checker = |index: usize| match &self.package.validation {
                Validation::Default(checkers) => format!("{:?}", checkers.get(index)),
                _ => String::new(),
            };
            cases
                .map(|(index, case)| {
                    key_of_case(case, &case.output_validator_args, &checker(index))
                })
                .collect()
        });
        keys.get(index).map_or("", String::as_str)
    }
}

/// What an input validator says depends on this, and on the inputs.
pub fn key_of_input_validator(judge: &Judge, package: &Package, program: &ProgramFiles) -> String {
    let (identity, files) = (judge.identity(), key_of_files(program));
    let limits = format!("{:?}", package.limits);
    digest(["input validator", &identity, &files, &limits].map(str::as_bytes))
}

/// What a case gives to the input validator at this path.
pub fn key_of_input(case: &TestCase, validator: &str) -> String {
    key_of_case(case, case.args_of_validator(validator), "")
}

fn key_of_case(case: &TestCase, validator_args: &[String], checker: &str) -> String {
    let arguments = |arguments: &[String]| digest(arguments.iter().map(String::as_bytes));
    let (own, of_validator) = (arguments(&case.args), arguments(validator_args));
    let files = digest(parts(&case.files));
    let subject = format!("{:?}", case.subject);
    let words = [&own, &of_validator, &files, &subject, checker].map(str::as_bytes);
    digest(words.into_iter().chain([&*case.input, &*case.answer]))
}

fn key_of_files(program: &ProgramFiles) -> String {
    digest(parts(&program.files))
}

fn parts(files: &[SourceFile]) -> impl Iterator<Item = &[u8]> {
    let parts = files.iter().map(|file| [file.name.as_bytes(), &file.bytes]);
    parts.flatten()
}
