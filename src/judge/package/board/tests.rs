//! Who gets which task.

use super::*;
use crate::judge::verdict::CaseResult;
use crate::judge::{Executable, Languages, program};
use crate::problem::SourceFile;
use crate::problem::groups::{Member, OnReject, Worth};
use std::sync::Arc;

const CASES: usize = 4;

/// So many programs of which the first sets the limit, or none does.
fn candidates(count: usize, first_sets_limit: bool) -> Vec<Candidate> {
    let candidate = |place| Candidate {
        program: Program::Sources {
            language: "bash".to_owned(),
            files: Vec::new(),
        },
        extent: Extent::Deciding,
        sets_limit: (first_sets_limit && place == 0).then(|| vec![true; CASES]),
        takes_long: false,
        known: None,
    };
    (0..count).map(candidate).collect()
}

fn nothing(_: usize, _: usize, _: Times) -> Option<Ran> {
    None
}

/// All cases in order, up to the first that fails.
fn groups() -> Group {
    let member = |index| Member::Case(index, Worth::NoPoints);
    Group {
        on_reject: OnReject::Break,
        ..Group::adding_up(String::new(), (0..CASES).map(member).collect())
    }
}

/// What a task is: `c` for compiling or the place of the case, after that of the program.
fn named(task: &Task) -> String {
    match task {
        Task::Compile(entry) => format!("{entry}c"),
        Task::Run(run) => format!("{}{}", run.entry, run.case),
    }
}

fn entrant() -> Entrant {
    let languages = Languages::built_in().unwrap();
    let bash = languages.find("bash").unwrap();
    let file = SourceFile {
        name: "main".to_owned(),
        bytes: Arc::from([]),
    };
    let program = program::Program::new(bash, &[file]).unwrap();
    Entrant::Program(Executable::new(bash, program.unwrap(), Vec::new()))
}

fn end(board: &Board<'_>, task: &Task, verdict: Verdict) -> (usize, usize) {
    match task {
        Task::Compile(entry) => board.compiled(*entry, Ok(Stage::Ready(entrant()))),
        Task::Run(run) => {
            let result = CaseResult {
                verdict,
                facts: Some(Facts {
                    cpu_ns: 7_000_000,
                    ..Facts::default()
                }),
                ..CaseResult::skipped(run.case, "")
            };
            let score = 0.0;
            let ran = Ran {
                end: Ok(result),
                grade: Some(Grade { verdict, score }),
                points: None,
            };
            board.ran(run, Ok(ran))
        }
    }
}

/// Gives out so many tasks.
fn take(board: &Board<'_>, count: usize) -> (Vec<Task>, Vec<String>) {
    let tasks: Vec<Task> = (0..count).map_while(|_| board.next()).collect();
    let names = tasks.iter().map(named).collect();
    (tasks, names)
}

#[test]
fn slots_work_at_different_programs_and_help_only_where_there_is_no_other() {
    let (groups, candidates) = (groups(), candidates(2, false));
    let board = Board::new(
        (&groups, CASES),
        &candidates,
        Timing::Given(Times::limit(1)),
        &nothing,
    );
    let (tasks, names) = take(&board, 2);
    assert_eq!(names, ["0c", "1c"]);
    end(&board, &tasks[0], Verdict::Accepted);
    let (running, names) = take(&board, 1);
    assert_eq!(names, ["00"]);
    end(&board, &tasks[1], Verdict::Accepted);
    let (others, names) = take(&board, 3);
    assert_eq!(names, ["10", "01", "11"]);
    // The first case fails: what follows it does not count.
    end(&board, &running[0], Verdict::WrongAnswer);
    assert_eq!(end(&board, &others[0], Verdict::Accepted), (5, 8));
    let (_, names) = take(&board, 2);
    assert_eq!(names, ["12", "13"]);
}

#[test]
fn others_are_compiled_before_the_limit_is_known_and_run_after_it() {
    let (groups, candidates) = (groups(), candidates(3, true));
    let then = |slowest_ms: f64| Times::limit(slowest_ms as u64 * 10);
    let first = Times::limit(60_000);
    let timing = Timing::Calibrated { first, then: &then };
    let board = Board::new((&groups, CASES), &candidates, timing, &nothing);
    let (tasks, names) = take(&board, 2);
    assert_eq!(names, ["0c", "1c"]);
    end(&board, &tasks[1], Verdict::Accepted);
    end(&board, &tasks[0], Verdict::Accepted);
    let (running, names) = take(&board, CASES + 1);
    assert_eq!(names, ["00", "01", "02", "03", "2c"]);
    for task in &running[..CASES] {
        end(&board, task, Verdict::Accepted);
    }
    // The slowest took 7 ms.
    let (others, names) = take(&board, 1);
    assert_eq!(names, ["10"]);
    assert!(matches!(&others[0], Task::Run(run) if run.times == Times::limit(70)));
}

#[test]
fn what_takes_long_is_begun_first() {
    let (groups, mut candidates) = (groups(), candidates(3, false));
    candidates[1].takes_long = true;
    let board = Board::new(
        (&groups, CASES),
        &candidates,
        Timing::Given(Times::limit(1)),
        &nothing,
    );
    assert_eq!(take(&board, 3).1, ["1c", "0c", "2c"]);
}

#[test]
fn a_failure_of_ours_ends_the_work_and_the_first_is_told() {
    let (groups, candidates) = (groups(), candidates(2, false));
    let mut board = Board::new(
        (&groups, CASES),
        &candidates,
        Timing::Given(Times::limit(1)),
        &nothing,
    );
    let (_, names) = take(&board, 2);
    assert_eq!(names, ["0c", "1c"]);
    let failure = |name: &str| Err(JudgeError::UnknownLanguage(name.to_owned()));
    board.compiled(1, failure("second"));
    board.compiled(0, failure("first"));
    assert!(board.next().is_none());
    let error = board.failure().unwrap_err().to_string();
    assert!(error.contains("first"), "{error}");
}
