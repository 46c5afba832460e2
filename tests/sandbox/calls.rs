//! What becomes of every system call: the map of the built-in filter, compared with the one that
//! was looked at (KRN-11). Where a change is meant, `GAVEL_UPDATE_GOLDEN=1` writes what is.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command as Process;
use std::sync::Arc;
use std::time::Duration;

use gavel::sandbox::InputFile;
use libseccomp::{ScmpArch, ScmpSyscall};

use crate::support::*;

/// The program that makes every call.
fn caller() -> InputFile {
    let directory = tempfile::tempdir().expect("a directory");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sandbox/calls.c");
    let output = Process::new("gcc")
        .args(["-O1", "-w", "-o", "calls"])
        .arg(source)
        .current_dir(directory.path())
        .output()
        .expect("gcc");
    assert!(output.status.success(), "{output:?}");
    InputFile {
        path: "calls".into(),
        bytes: Arc::from(fs::read(directory.path().join("calls")).expect("a program")),
        mode: 0o555,
    }
}

/// uretprobe and uprobe: of the kernel's own trampolines, past every filter since Linux 6.14 and 6.18, and unknown
/// before.
const PAST_FILTERS: [&str; 2] = ["335 ", "336 "];

/// A line for each call: what refuses it, or that the kernel answers.
fn map(printed: &str) -> String {
    let mut map = "What tests/sandbox/calls.rs expects: numbers, names and answers.\n".to_owned();
    for line in printed.lines() {
        let (number, answer) = line.split_once(' ').expect("an answer");
        let number: i32 = number.parse().expect("a number");
        let name = ScmpSyscall::from(number).get_name_by_arch(ScmpArch::Native);
        let answer = match answer.parse().expect("an errno") {
            libc::EPERM => "EPERM",
            libc::ENOSYS => "ENOSYS",
            libc::EAFNOSUPPORT => "EAFNOSUPPORT",
            _ => "the kernel answers",
        };
        let name = name.unwrap_or_else(|_| "unknown".to_owned());
        writeln!(map, "{number} {name}: {answer}").expect("memory");
    }
    map
}

#[test]
fn every_system_call_is_answered_as_it_was_looked_at() {
    if !cfg!(target_arch = "x86_64") {
        eprintln!("not tried here: the map is that of x86-64");
        return;
    }
    let mut command = command("/box/calls", &[]);
    command.files = vec![caller()];
    command.limits.wall = Duration::from_secs(30) * slowness();
    let report = run_once(&command);
    let found = map(&stdout(&report));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sandbox/calls.golden");
    if std::env::var_os("GAVEL_UPDATE_GOLDEN").is_some() {
        fs::write(&path, &found).expect("to write");
    }
    let expected = fs::read_to_string(&path).expect("the golden file");
    let other = found.lines().filter(|line| {
        let is_past_filters = PAST_FILTERS.iter().any(|start| line.starts_with(start));
        !is_past_filters && !expected.lines().any(|known| known == *line)
    });
    let other: Vec<&str> = other.collect();
    assert!(
        other.is_empty(),
        "{:?}: {}",
        report.ending,
        other.join("\n")
    );
    assert_eq!(
        found.lines().count(),
        expected.lines().count(),
        "{:?}",
        report.ending
    );
}
