//! Makes what a package leaves to be made: inputs by its generators, and answers by a solution of the jury.
//! They are strangers' programs, so each run is in a box like every other.

use std::sync::Arc;

use super::checks::course_of_answers;
use super::programs::{compile_programs, complaint, validation_limits, with_includes};
use super::{PackageError, Times, limits};
use crate::judge::crew::Crew;
use crate::judge::verdict::Verdict;
use crate::judge::{Cancel, CaseData, Check, Judge, JudgeSlot, NoOutput, RunResult, Runnable};
use crate::problem::package::{Answers, MadeFile, Makes, Making, Package, ProgramFiles};
use crate::problem::{Checker, Limits};
use crate::sandbox::CollectError;

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
        let generation = &making.inputs[index];
        let case = generation.makes.first().map(|case| &package.cases[case]);
        let program = &making.generators[generation.generator].path;
        let what = (&**program, case.map_or("nothing", |case| &case.name));
        let runnable = generators[generation.generator].under(&limits, STDERR_BYTES);
        let runnable = runnable.with_arguments(&generation.arguments);
        match &generation.makes {
            Makes::Case { .. } => {
                let made = run(slot, &runnable, &generation.stdin, what, cancel)?;
                Ok(vec![made.stdout, made.stderr])
            }
            Makes::Files(files) => {
                let runnable = runnable.with_scratch(OUTPUT_BYTES);
                let input = (&generation.stdin, &files[..]);
                run_for_files(slot, &runnable, input, what, cancel)
            }
        }
    })?;
    for (generation, made) in making.inputs.iter().zip(made) {
        let mut made = made.into_iter();
        let mut next = || Arc::from(made.next().unwrap_or_default());
        match &generation.makes {
            Makes::Case {
                case,
                writes_answer,
            } => {
                package.cases[*case].input = next();
                if *writes_answer {
                    package.cases[*case].answer = next();
                }
            }
            Makes::Files(files) => {
                for file in files {
                    package.cases[file.case].input = next();
                }
            }
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
    let programs = [with_includes_of(judge, package, &submission.files)];
    let programs = compile_programs(judge, crew, &programs, cancel)?;
    let limit_ms = package.time.limit_ms.unwrap_or(LONGEST_MS);
    let limits = limits(package, Times::limit(limit_ms.saturating_mul(PATIENCE)));
    let course = course_of_answers(judge, crew, package, cancel)?;
    let made = crew.each(answers.cases.len(), |slot, index| {
        let case = &package.cases[answers.cases[index]];
        let runnable = programs[0]
            .under(&limits, super::STDERR_BYTES)
            .with_stream_files(&package.streams);
        let made = slot.output_of(&runnable, case.input.clone(), &course, cancel)?;
        made.map_err(|NoOutput { reason, stderr }| PackageError::NotMade {
            path: submission.files.path.clone(),
            case: case.name.clone(),
            reason,
            output: complaint(&stderr),
        })
    })?;
    for (case, made) in answers.cases.iter().zip(made) {
        package.cases[*case].answer = made;
    }
    Ok(())
}

/// A program of the jury, with what the problem adds to submissions.
fn with_includes_of(judge: &Judge, package: &Package, program: &ProgramFiles) -> ProgramFiles {
    let files = match judge.languages().of_program(program) {
        Some(language) => with_includes(judge, package, (&language.id, &program.files)),
        None => program.files.clone(),
    };
    let path = program.path.clone();
    ProgramFiles { path, files }
}

/// Runs a generator that must leave a file for each of these cases.
fn run_for_files(
    slot: &mut JudgeSlot,
    runnable: &Runnable,
    (input, files): (&Arc<[u8]>, &[MadeFile]),
    (program, case): (&str, &str),
    cancel: &Cancel,
) -> Result<Vec<Vec<u8>>, PackageError> {
    let wanted: Vec<&[String]> = files.iter().map(|file| &file.names[..]).collect();
    let (ran, found) = slot.run_for_files(runnable, input, (&wanted, OUTPUT_BYTES), cancel)?;
    let not_made = |reason| PackageError::NotMade {
        path: program.to_owned(),
        case: case.to_owned(),
        reason,
        output: complaint(&ran.stderr),
    };
    if ran.verdict != Verdict::Completed {
        return Err(not_made(ran.reason.clone()));
    }
    let read = |file: Result<Vec<u8>, CollectError>| {
        file.map_err(|error| not_made(format!("it ended well, but its file {error}")))
    };
    found.into_iter().map(read).collect()
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
