//! The problem's own checks of its test inputs.

use std::collections::BTreeMap;

use super::Work;
use crate::judge::package::{
    Known, PackageError, compile_programs, key_of_input, key_of_input_validator, validation_limits,
};
use crate::judge::verdict::CaseResult;
use crate::judge::{CaseData, CaseRun, Check, Executable, JudgeError, JudgeSlot, Runnable};
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
    /// How many checks are those of earlier.
    pub recalled: usize,
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
    let cases: Vec<&TestCase> = package
        .cases
        .iter()
        .chain(&package.invalid_inputs)
        .collect();
    let (complaints, recalled) = complaints(work, package, &known, &cases)?;
    let of_case: Vec<&[Option<String>]> = complaints.chunks(known.len().max(1)).collect();
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
        recalled,
    })
}

/// What validators have against inputs, for each input each of them; and how many of that were known.
fn complaints(
    work: &Work<'_, '_>,
    package: &Package,
    validators: &[ProgramFiles],
    cases: &[&TestCase],
) -> Result<(Vec<Option<String>>, usize), PackageError> {
    let key = |validator| key_of_input_validator(work.judge, package, validator);
    let keys: Vec<String> = validators.iter().map(key).collect();
    let known: Vec<Known<CaseRun>> = keys.iter().map(|key| work.cache.load(key)).collect();
    let inputs: Vec<String> = match validators {
        [] => Vec::new(),
        _ => cases.iter().map(|case| key_of_input(case)).collect(),
    };
    let count = validators.len() * cases.len();
    let complaint = |task: usize, run: &CaseRun| {
        let (case, validator) = (cases[task / known.len()], &validators[task % known.len()]);
        let facts = run.result.facts.as_ref();
        let is_valid = facts.and_then(|f| f.exit_code) == Some(package.valid_exit_code);
        (!is_valid).then(|| mistake(&case.name, &validator.path, &run.result))
    };
    let recalled = |task: usize| {
        let known = &known[task % known.len()];
        known.recall(&inputs[task / validators.len()], |run| {
            Some(complaint(task, run))
        })
    };
    let told: Vec<_> = (0..count).map(recalled).collect();
    // Whoever has nothing to say that is not known need not be compiled.
    let is_needed = |place: usize| {
        let mut own = told.iter().skip(place).step_by(validators.len());
        own.any(Option::is_none)
    };
    let needed: Vec<usize> = (0..validators.len())
        .filter(|&place| is_needed(place))
        .collect();
    let programs: Vec<_> = needed
        .iter()
        .map(|&place| validators[place].clone())
        .collect();
    let executables = compile_programs(work.judge, &work.crew, &programs, work.cancel)?;
    let executables: BTreeMap<usize, Executable> = needed.into_iter().zip(executables).collect();
    let limits = validation_limits(package);
    let complaints = work.crew.each_unless(
        count,
        |task| told[task].clone(),
        |slot, task| {
            (work.progress)("checking inputs", task + 1, count);
            let (input, place) = (task / validators.len(), task % validators.len());
            let Some(executable) = executables.get(&place) else {
                return Ok(None);
            };
            let run = run(
                work,
                slot,
                &executable.under(&limits, STDERR_BYTES),
                cases[input],
            )?;
            if run.is_lasting() {
                known[place].note(&inputs[input], run.clone());
            }
            Ok::<_, PackageError>(complaint(task, &run))
        },
    )?;
    let recalled = known.iter().map(Known::recalled).sum();
    for (key, known) in keys.iter().zip(known) {
        work.cache.save(key, known);
    }
    Ok((complaints, recalled))
}

fn run(
    work: &Work<'_, '_>,
    slot: &mut JudgeSlot,
    validator: &Runnable,
    case: &TestCase,
) -> Result<CaseRun, JudgeError> {
    let runnable = validator
        .clone()
        .with_arguments(&case.input_validator_args)
        .with_arguments(&case.args)
        .with_files(&case.files);
    let data = CaseData {
        input: case.input.clone(),
        answer: None,
    };
    // Without an answer nothing is compared.
    let check = Check::Compare(&Checker::Exact);
    slot.run_case(&runnable, (0, &case.name), data, check, work.cancel)
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
