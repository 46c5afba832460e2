//! One test for each area of the catalogue; a failure names the ids.

use crate::runner::run_area;

#[test]
fn cpu_and_clocks() {
    run_area("cpu");
}

#[test]
fn processes_and_signals() {
    run_area("processes");
}

#[test]
fn memory() {
    run_area("memory");
}

#[test]
fn files_and_descriptors() {
    run_area("files");
}

#[test]
fn streams() {
    run_area("streams");
}

#[test]
fn containment() {
    run_area("containment");
}

#[test]
fn network_and_other_processes() {
    run_area("network");
}

#[test]
fn kernel_surface() {
    run_area("kernel");
}

#[test]
fn compilers() {
    run_area("compilers");
}

#[test]
fn between_runs() {
    run_area("between");
}
