//! Makes what a package leaves to be made: inputs by its generators, and answers by a solution of the jury.
//! They are strangers' programs, so each run is in a box like every other.

use std::sync::Arc;

use super::programs::{compile_programs, complaint, validation_limits};
use super::{PackageError, limits};
use crate::judge::crew::Crew;
use crate::judge::verdict::Verdict;
use crate::judge::{Cancel, CaseData, Check, Judge, JudgeSlot, RunResult, Runnable};
use crate::problem::package::{Answers, Generation, Making, Package};
use crate::problem::{Checker, Limits};

/// How much of standard error is kept: a generator may write answers to it.
const STDERR_BYTES: u64 = 64 << 20;
/// The most that one program may write.
const OUTPUT_BYTES: u64 = 256 << 20;
/// The most that all of them may.
const TOTAL_BYTES: usize = 2 << 30;
/// Time for an answer where the package has no limit, in milliseconds.
const LONGEST_MS: u64 = 60_000;
/// So much more than the limit a solution of the jury may take for an answer: it is judged later.
const PATIENCE: u64 = 2;

/// Makes everything that is missing.
pub(super) fn make(
    judge: &Judge,
    crew: &Crew<'_>,
    package: &mut Package,
    cancel: &Cancel,
) -> Result<(), PackageError> {
    let making = std::mem::take(&mut package.making);
    make_inputs(judge, crew, package, &making, cancel)?;
    if let Some(answers) = &making.answers {
        make_answers(judge, crew, package, answers, cancel)?;
    }
    let sizes = package
        .cases
        .iter()
        .map(|case| case.input.len() + case.answer.len());
    match sizes.sum::<usize>() {
        ..=TOTAL_BYTES => Ok(()),
        _ => Err(PackageError::MadeTooMuch {
            max_bytes: TOTAL_BYTES,
        }),
    }
}

fn make_inputs(
    judge: &Judge,
    crew: &Crew<'_>,
    package: &mut Package,
    making: &Making,
    cancel: &Cancel,
) -> Result<(), PackageError> {
    let generators = compile_programs(judge, crew, &making.generators, cancel)?;
    let limits = Limits {
        output_bytes: OUTPUT_BYTES,
        ..validation_limits(package)
    };
    let made = crew.each(making.inputs.len(), |slot, index| {
        let Generation {
            case,
            generator,
            arguments,
            stdin,
            ..
        } = &making.inputs[index];
        let runnable = generators[*generator].under(&limits, STDERR_BYTES);
        let runnable = runnable.with_arguments(arguments);
        let program = &making.generators[*generator].path;
        run(
            slot,
            &runnable,
            stdin,
            (program, &package.cases[*case].name),
            cancel,
        )
    })?;
    for (generation, made) in making.inputs.iter().zip(made) {
        let case = &mut package.cases[generation.case];
        case.input = Arc::from(made.stdout);
        if generation.writes_answer {
            case.answer = Arc::from(made.stderr);
        }
    }
    Ok(())
}

fn make_answers(
    judge: &Judge,
    crew: &Crew<'_>,
    package: &mut Package,
    answers: &Answers,
    cancel: &Cancel,
) -> Result<(), PackageError> {
    let submission = &package.submissions[answers.submission];
    let programs = std::slice::from_ref(&submission.files);
    let programs = compile_programs(judge, crew, programs, cancel)?;
    let limit_ms = package.time.limit_ms.unwrap_or(LONGEST_MS);
    let limits = limits(package, limit_ms.saturating_mul(PATIENCE));
    let made = crew.each(answers.cases.len(), |slot, index| {
        let case = &package.cases[answers.cases[index]];
        let runnable = programs[0]
            .under(&limits, super::STDERR_BYTES)
            .with_stream_files(&package.streams);
        let program = &submission.files.path;
        run(slot, &runnable, &case.input, (program, &case.name), cancel)
    })?;
    for (case, made) in answers.cases.iter().zip(made) {
        package.cases[*case].answer = Arc::from(made.stdout);
    }
    Ok(())
}

/// Runs a program that must end well.
fn run(
    slot: &mut JudgeSlot,
    runnable: &Runnable,
    input: &Arc<[u8]>,
    (program, case): (&str, &str),
    cancel: &Cancel,
) -> Result<RunResult, PackageError> {
    let data = CaseData {
        input: Arc::clone(input),
        // Without an answer nothing is compared.
        answer: None,
    };
    let check = Check::Compare(&Checker::Exact);
    let ran = slot.run_program(runnable, data, check, cancel)?;
    match ran.verdict {
        Verdict::Completed => Ok(ran),
        _ => Err(PackageError::NotMade {
            path: program.to_owned(),
            case: case.to_owned(),
            reason: ran.reason,
            output: complaint(&ran.stderr),
        }),
    }
}
