//! The problem's own checks of its test inputs.

use super::python_2::is_python_2;
use super::{Work, junk};
use crate::judge::package::{
    Known, PackageError, compile_programs, key_of_input, key_of_input_validator, validation_limits,
};
use crate::judge::verdict::{CaseResult, Facts};
use crate::judge::{Cancel, CaseData, CaseRun, Check, Executable, JudgeSlot};
use crate::problem::package::{Package, ProgramFiles, TestCase};
use crate::problem::{Checker, Limits};

const STDERR_BYTES: u64 = 1000;

/// What came of the checks.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// What is wrong with the package.
    pub mistakes: Vec<String>,
    /// What was not checked, and hostile inputs that are taken for valid.
    pub notes: Vec<String>,
    /// How many checks are those of earlier.
    pub recalled: usize,
}

/// The input validators that are in a language of ours.
pub(super) struct Validators<'a> {
    programs: Vec<(&'a ProgramFiles, &'a Executable)>,
    /// What each of them said of inputs.
    known: Vec<Known<CaseRun>>,
    limits: Limits,
    valid_exit_code: i32,
}

impl Validators<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.programs.is_empty()
    }

    /// Whether all of them take the input of a case for valid.
    pub(super) fn all_accept(
        &self,
        slot: &mut JudgeSlot,
        case: &TestCase,
        cancel: &Cancel,
    ) -> Result<bool, PackageError> {
        for place in 0..self.programs.len() {
            if self.complaint(slot, case, place, cancel)?.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What the validator at a place has against the input of a case.
    fn complaint(
        &self,
        slot: &mut JudgeSlot,
        case: &TestCase,
        place: usize,
        cancel: &Cancel,
    ) -> Result<Option<String>, PackageError> {
        let (program, executable) = self.programs[place];
        let code = |run: &CaseRun| {
            let facts = run.result.facts.as_ref();
            facts.and_then(|facts: &Facts| facts.exit_code)
        };
        let complaint = |run: &CaseRun| {
            let is_valid = code(run) == Some(self.valid_exit_code);
            (!is_valid).then(|| mistake(&case.name, &program.path, &run.result))
        };
        let key = key_of_input(case, &program.path);
        let known = &self.known[place];
        if let Some(complaint) = known.recall(&key, |run| Some(complaint(run))) {
            return Ok(complaint);
        }
        let runnable = executable.under(&self.limits, STDERR_BYTES);
        let runnable = runnable
            .with_arguments(case.args_of_validator(&program.path))
            .with_arguments(&case.args)
            .with_files(&case.files);
        let data = CaseData {
            input: case.input.clone(),
            answer: None,
        };
        // Without an answer nothing is compared.
        let check = Check::Compare(&Checker::Exact);
        let name = (0, case.name.as_str());
        let run = slot.run_case(&runnable, name, data, check, cancel)?;
        let complaint = complaint(&run);
        if run.is_lasting() {
            known.note(&key, run);
        }
        Ok(complaint)
    }
}

/// Runs every input validator that is in a language of ours on every input, and says which inputs are
/// not valid. Then come hostile inputs.
pub(super) fn check(work: &Work<'_, '_>, package: &Package) -> Result<Checked, PackageError> {
    let is_known = |program: &ProgramFiles| {
        let is_source = work.judge.languages().of_program(program).is_some();
        program.has_scripts() || (is_source && !is_python_2(program, package.format))
    };
    let validators = package.input_validators.iter().cloned();
    // Grammars such as .ctd and .viva are no programs.
    let (known, unknown): (Vec<_>, Vec<_>) = validators.partition(is_known);
    let (mut compiled, mut broken) = (Vec::new(), Vec::new());
    for program in &known {
        match compile(work, program)? {
            Ok(executable) => compiled.push((program, executable)),
            Err(reason) => broken.push(reason),
        }
    }
    let key =
        |(program, _): &(&ProgramFiles, _)| key_of_input_validator(work.judge, package, program);
    let keys: Vec<String> = compiled.iter().map(key).collect();
    let validators = Validators {
        known: keys.iter().map(|key| work.cache.load(key)).collect(),
        programs: compiled
            .iter()
            .map(|(program, executable)| (*program, executable))
            .collect(),
        limits: validation_limits(package),
        valid_exit_code: package.valid_exit_code,
    };
    let is_whole = unknown.is_empty() && broken.is_empty();
    let mistakes = [broken, check_given(work, package, &validators)?].concat();
    let not_run = |program: &ProgramFiles| {
        let path = &program.path;
        format!("{path} is not run: it is in no language that is offered here")
    };
    let mut notes: Vec<String> = unknown.iter().map(not_run).collect();
    // What is not run might reject what the others take.
    if is_whole {
        notes.extend(junk::inputs(work, package, &validators)?);
    }
    let recalled = validators.known.iter().map(Known::recalled).sum();
    for (key, known) in keys.iter().zip(validators.known) {
        work.cache.save(key, known);
    }
    Ok(Checked {
        mistakes,
        notes,
        recalled,
    })
}

/// Compiles an input validator, or says why that cannot be done. This is a mistake of the package and no more:
/// submissions are judged without it.
fn compile(
    work: &Work<'_, '_>,
    program: &ProgramFiles,
) -> Result<Result<Executable, String>, PackageError> {
    let alone = std::slice::from_ref(program);
    match compile_programs(work.judge, &work.crew, alone, work.cancel) {
        Ok(mut executables) => Ok(Ok(executables.remove(0))),
        Err(error @ PackageError::Compile { .. }) => {
            Ok(Err(format!("{error}\n{}", error.evidence())))
        }
        Err(error) => Err(error),
    }
}

/// Checks the inputs that the package brings.
fn check_given(
    work: &Work<'_, '_>,
    package: &Package,
    validators: &Validators<'_>,
) -> Result<Vec<String>, PackageError> {
    let examples = package.output_examples.iter();
    let of_examples = examples.filter(|e| !e.is_beside).map(|e| &e.case);
    let own = package.cases.iter().filter(|case| case.has_data());
    let own: Vec<&TestCase> = own.chain(of_examples).collect();
    let invalid = &package.invalid_inputs;
    let cases: Vec<&TestCase> = own.iter().copied().chain(invalid).collect();
    let per_case = validators.programs.len();
    let count = per_case * cases.len();
    let complaints = work.crew.each(count, |slot, task| {
        (work.progress)("checking inputs", task + 1, count);
        validators.complaint(slot, cases[task / per_case], task % per_case, work.cancel)
    })?;
    let of_case: Vec<&[Option<String>]> = complaints.chunks(per_case.max(1)).collect();
    let (valid, of_invalid) = of_case.split_at(own.len().min(of_case.len()));
    let mut mistakes: Vec<String> = valid.iter().copied().flatten().flatten().cloned().collect();
    for (case, complaints) in invalid.iter().zip(of_invalid) {
        if complaints.iter().all(Option::is_none) {
            let name = &case.name;
            mistakes.push(format!(
                "data/{name}.in must be rejected, and every input validator accepts it"
            ));
        }
    }
    Ok(mistakes)
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
