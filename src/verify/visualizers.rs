//! The package's visualizers: whether they can be used. No verdict depends on them, so what is wrong with one is a note.

use super::Work;
use crate::judge::Visualizer;
use crate::judge::package::{CompiledPackage, PackageError, compile_programs, validation_limits};
use crate::problem::package::{ProgramFiles, Subject, TestCase};

/// Has each visualizer draw the first case of every directory, and says what went wrong.
pub(super) fn check(
    work: &Work<'_, '_>,
    problem: &CompiledPackage,
) -> Result<Vec<String>, PackageError> {
    let package = problem.package();
    let cases = first_cases(&package.cases);
    let mut notes = Vec::new();
    for (program, draws_outputs) in [
        (&package.visualizers.input, false),
        (&package.visualizers.output, true),
    ] {
        let Some(program) = program else {
            continue;
        };
        let visualizer = match compile(work, problem, program)? {
            Ok(visualizer) if draws_outputs => visualizer.among_submissions(),
            Ok(visualizer) => visualizer,
            Err(note) => {
                notes.push(note);
                continue;
            }
        };
        let complaints = work.crew.each(cases.len(), |slot, index| {
            (work.progress)("checking visualizers", index + 1, cases.len());
            let case = cases[index];
            let wrong = match draws_outputs {
                false => problem.draw_input(slot, &visualizer, case, work.cancel)?,
                true => problem.draw_answer(slot, &visualizer, case, work.cancel)?,
            };
            let name = &package.cases[case].name;
            Ok::<_, PackageError>(wrong.map(|wrong| format!("{} {wrong} ({name})", program.path)))
        })?;
        // One is enough to look at.
        notes.extend(complaints.into_iter().flatten().next());
    }
    Ok(notes)
}

fn compile(
    work: &Work<'_, '_>,
    problem: &CompiledPackage,
    program: &ProgramFiles,
) -> Result<Result<Visualizer, String>, PackageError> {
    let alone = std::slice::from_ref(program);
    match compile_programs(work.judge, &work.crew, alone, work.cancel) {
        Ok(mut executables) => Ok(Ok(Visualizer::new(
            program.path.clone(),
            executables.remove(0),
            validation_limits(problem.package()),
        ))),
        Err(error @ PackageError::Compile { .. }) => {
            Ok(Err(format!("{error}\n{}", error.evidence())))
        }
        Err(PackageError::Language { path }) => Ok(Err(format!(
            "{path} is not run: it is in no language that is offered here"
        ))),
        Err(error) => Err(error),
    }
}

/// Places of the first case in each directory.
fn first_cases(cases: &[TestCase]) -> Vec<usize> {
    let mut last = None;
    let mut first = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        if case.subject == Subject::Output && last != Some(case.group()) {
            last = Some(case.group());
            first.push(index);
        }
    }
    first
}
