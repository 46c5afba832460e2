//! Running small shell and Python programs in a box.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use gavel::sandbox::{
    Cancel, Command, Container, InputFile, Limits, Report, Sandbox, SandboxConfig, Slot, Stdin,
};

pub(crate) fn sandbox() -> Sandbox {
    Sandbox::open(&SandboxConfig {
        launcher: PathBuf::from(env!("CARGO_BIN_EXE_gavel")),
        ..SandboxConfig::default()
    })
    .expect("these tests need root and control groups")
}

pub(crate) fn slot() -> Slot {
    sandbox().slot().expect("a free slot")
}

pub(crate) const LIMITS: Limits = Limits {
    cpu: Duration::from_secs(2),
    wall: Duration::from_secs(10),
    idle: None,
    memory_bytes: 256 << 20,
    stdout_bytes: 1 << 20,
    processes: 64,
    stack_bytes: 8 << 20,
    open_files: 256,
    file_bytes: 64 << 20,
};

/// A command with the limits above and a small environment.
pub(crate) fn command(program: &str, args: &[&str]) -> Command {
    Command {
        program: PathBuf::from(program),
        args: args.iter().map(OsString::from).collect(),
        env: vec![("PATH".into(), "/usr/bin:/bin".into())],
        files: Vec::new(),
        stdin: Stdin::Empty,
        stderr_bytes: 64 * 1024,
        limits: LIMITS,
    }
}

pub(crate) fn shell(script: &str) -> Command {
    command("/bin/sh", &["-c", script])
}

pub(crate) fn python(script: &str) -> Command {
    command("/usr/bin/python3", &["-c", script])
}

pub(crate) fn file(path: &str, contents: &str, mode: u32) -> InputFile {
    InputFile {
        path: PathBuf::from(path),
        bytes: Arc::from(contents.as_bytes()),
        mode,
    }
}

pub(crate) fn run(slot: &mut Slot, command: &Command) -> Report {
    run_in(slot, &Container::host_toolchains(), command)
}

pub(crate) fn run_in(slot: &mut Slot, container: &Container, command: &Command) -> Report {
    let cancel = Cancel::new().expect("an eventfd");
    slot.run(container, command, &cancel).expect("a run")
}

/// Runs in a slot of its own.
pub(crate) fn run_once(command: &Command) -> Report {
    run(&mut slot(), command)
}

pub(crate) fn stdout(report: &Report) -> String {
    String::from_utf8_lossy(&report.stdout.bytes).into_owned()
}

pub(crate) fn stderr(report: &Report) -> String {
    String::from_utf8_lossy(&report.stderr.bytes).into_owned()
}
