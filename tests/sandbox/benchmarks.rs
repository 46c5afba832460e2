//! `gavel bench sandbox`: not what it measures, but what it leaves.

use std::fs;
use std::path::Path;
use std::process::{Command as Process, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::*;

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("a directory").flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.collect()
}

#[test]
fn a_benchmark_that_is_stopped_leaves_nothing_and_one_that_was_killed_nothing_for_long() {
    let temporary = tempfile::tempdir().expect("a directory");
    let_all_read(temporary.path());
    // No process has such a number.
    fs::create_dir(temporary.path().join("gavel-bench-4194305")).expect("a directory");
    let mut bench = Process::new(env!("CARGO_BIN_EXE_gavel"))
        .args(["bench", "sandbox", "--gaps", "0", "--runs", "100000"])
        .env("TMPDIR", temporary.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("to start it");
    let own = format!("gavel-bench-{}", bench.id());
    eventually("nothing is built", || {
        names(temporary.path()) == [own.clone()]
    });
    let process = Pid::from_raw(bench.id().try_into().expect("a number"));
    kill(process, Signal::SIGTERM).expect("to stop it");
    bench.wait().expect("its end");
    assert!(names(temporary.path()).is_empty());
}
