//! Functions of the program that uses the sandbox, run in a box: those of `gavel`, for this binary has none.

use std::path::Path;

use gavel::sandbox::{Container, DOORS, Exit, Function, Outcome, Report};

use crate::support::*;

fn run_function(function: Function) -> Report {
    let usual = Container::host_toolchains();
    let container = function.container(Path::new(env!("CARGO_BIN_EXE_gavel")), &usual);
    run_in(&mut slot(), &container, &function.command(LIMITS))
}

#[test]
fn a_function_of_the_caller_runs_in_a_box() {
    let report = run_function(DOORS);
    assert_eq!(report.outcome, Outcome::Ended(Exit::Code(0)), "{report:?}");
    // It was there and not here: this process is not filtered.
    let text = stdout(&report);
    assert!(text.contains("door:filter\tshut\tSeccomp is 2"), "{text}");
    assert_eq!(report.loosened, run_once(&shell("true")).loosened);
}

#[test]
fn a_function_that_the_binary_does_not_have_is_told_by_the_exit_code() {
    let unknown = Function {
        name: "unknown",
        body: || 0,
    };
    let report = run_function(unknown);
    assert_eq!(report.outcome, Outcome::Ended(Exit::Code(127)));
}
