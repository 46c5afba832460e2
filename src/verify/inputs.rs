//! The problem's own checks of its test inputs.

use super::Work;
use crate::judge::package::{PackageError, compile_programs, validation_limits};
use crate::judge::verdict::{CaseResult, Facts};
use crate::judge::{CaseData, Check, Executable};
use crate::problem::Checker;
use crate::problem::package::{Package, ProgramFiles, TestCase};

const STDERR_BYTES: u64 = 1000;

/// What came of the checks.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// What is wrong with the package.
    pub mistakes: Vec<String>,
    /// What was not checked.
    pub notes: Vec<String>,
}

/// Runs every input validator that is in a language of ours on every input, and says which inputs are
/// not valid.
pub(super) fn check(work: &Work<'_, '_>, package: &Package) -> Result<Checked, PackageError> {
    let is_known = |program: &ProgramFiles| {
        program.has_scripts() || work.judge.languages().of_program(program).is_some()
    };
    let validators = package.input_validators.iter().cloned();
    // Grammars such as .ctd and .viva are no programs.
    let (known, unknown): (Vec<_>, Vec<_>) = validators.partition(is_known);
    let executables = compile_programs(work.judge, &work.crew, &known, work.cancel)?;
    let pairs: Vec<(&ProgramFiles, &Executable)> = known.iter().zip(&executables).collect();
    let limits = validation_limits(package);
    let cases: Vec<&TestCase> = package
        .cases
        .iter()
        .chain(&package.invalid_inputs)
        .collect();
    let count = pairs.len() * cases.len();
    let complaints = work.crew.each(count, |slot, task| {
        (work.progress)("checking inputs", task + 1, count);
        let (case, (program, executable)) = (cases[task / pairs.len()], pairs[task % pairs.len()]);
        let runnable = executable.under(&limits, STDERR_BYTES);
        let runnable = runnable
            .with_arguments(&case.input_validator_args)
            .with_arguments(&case.args)
            .with_files(&case.files);
        let data = CaseData {
            input: case.input.clone(),
            answer: None,
        };
        // Without an answer nothing is compared.
        let check = Check::Compare(&Checker::Exact);
        let name = (0, case.name.as_str());
        let result = slot
            .run_case(&runnable, name, data, check, work.cancel)?
            .result;
        let code = result
            .facts
            .as_ref()
            .and_then(|facts: &Facts| facts.exit_code);
        Ok::<_, PackageError>(
            (code != Some(package.valid_exit_code))
                .then(|| mistake(&case.name, &program.path, &result)),
        )
    })?;
    let of_case: Vec<&[Option<String>]> = complaints.chunks(pairs.len().max(1)).collect();
    let (valid, invalid) = of_case.split_at(package.cases.len().min(of_case.len()));
    let mut mistakes: Vec<String> = valid.iter().copied().flatten().flatten().cloned().collect();
    for (case, complaints) in package.invalid_inputs.iter().zip(invalid) {
        if complaints.iter().all(Option::is_none) {
            let name = &case.name;
            mistakes.push(format!(
                "data/{name}.in must be rejected, and every input validator accepts it"
            ));
        }
    }
    let not_run = |program: &ProgramFiles| {
        format!(
            "{} is not run: it is in no language that is offered here",
            program.path
        )
    };
    Ok(Checked {
        mistakes,
        notes: unknown.iter().map(not_run).collect(),
    })
}

fn mistake(case: &str, validator: &str, result: &CaseResult) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    let said = [text(&result.stderr_prefix), text(&result.stdout_prefix)];
    let said = said.iter().find(|said| !said.is_empty());
    format!(
        "the input of {case} is not valid by {validator}, which {}{}",
        result.reason,
        said.map(|said| format!(": {said}")).unwrap_or_default()
    )
}
