//! Compiling, in a box of its own: sources in, artefacts out, and everything that a compiler can do
//! wrong is a compile error.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::language::{Artefact, Compile, CompileLimits, Language};
use super::program::Program;
use super::verdict::CompileResult;
use super::{JudgeError, reason, run, starved};
use crate::sandbox::{
    Cancel, Captured, CollectError, Command, Exit, InputFile, Limit, Limits, Outcome, Report,
    ScratchDir, Slot, Stdin, Usage,
};

/// What is kept of a compiler's output, in bytes.
const OUTPUT_BYTES: u64 = 64 << 10;
/// A compiler that writes more than this to standard output is ended. Messages belong on standard
/// error, which is cut without end.
const STDOUT_BYTES: u64 = 16 << 20;
const STACK_BYTES: u64 = 256 << 20;
const OPEN_FILES: u64 = 1024;

/// Largest artefact, and all together; they have to fit into the scratch space of a run.
const ARTEFACT_BYTES: u64 = 64 << 20;
const ARTEFACTS_BYTES: u64 = 192 << 20;
const ARTEFACTS: usize = 1000;

/// The files of which a run is made.
pub(super) type Artefacts = Vec<InputFile>;

/// Compiles. Without artefacts the program cannot be run, and the result says why.
pub(super) fn compile(
    slot: &mut Slot,
    language: &Language,
    compile: &Compile,
    program: &Program,
    cancel: &Cancel,
) -> Result<(CompileResult, Option<Artefacts>), JudgeError> {
    let container = compile.container(language);
    // The box of the first run is made while the compiler works.
    slot.prepare_for(&[&container, &language.container()])?;
    let command = command(language, compile, program);
    let report = starved::run(slot, &container, &command, cancel)?;
    // What is not ours is the program's own.
    let is_ours = compile.command.program().starts_with('/');
    if let (Outcome::NotExecutable { errno }, true) = (&report.outcome, is_ours) {
        return Err(JudgeError::Toolchain {
            language: language.id.clone(),
            program: compile.command.program().to_owned(),
            source: io::Error::from_raw_os_error(*errno),
        });
    }
    let collected = match failure(&report.outcome, &report.usage, &compile.limits) {
        Some(reason) => Err(reason),
        None if compile.artefacts.is_empty() => Ok(program.input_files()),
        None => collect(&compile.artefacts, &report.scratch)?,
    };
    let (artefacts, reason) = match collected {
        Ok(artefacts) => (Some(artefacts), String::new()),
        Err(reason) => (None, reason),
    };
    let result = CompileResult {
        ok: artefacts.is_some(),
        reason,
        output: output(&report),
        facts: run::facts(&report),
    };
    Ok((result, artefacts))
}

fn command(language: &Language, compile: &Compile, program: &Program) -> Command {
    let limits = &compile.limits;
    let values = program.values(limits.memory_bytes.get());
    Command {
        program: compile.command.program().into(),
        args: compile.command.fill(&values),
        env: language.environment.clone(),
        files: program.input_files(),
        stdin: Stdin::Empty,
        stderr_bytes: OUTPUT_BYTES,
        limits: Limits {
            cpu: Duration::from_millis(limits.cpu_ms.get()),
            wall: Duration::from_millis(limits.wall_ms.get()),
            idle: None,
            memory_bytes: limits.memory_bytes.get(),
            stdout_bytes: STDOUT_BYTES,
            processes: limits.processes.get(),
            stack_bytes: STACK_BYTES,
            open_files: OPEN_FILES,
            file_bytes: limits.scratch_bytes.get(),
        },
    }
}

/// Why a compiler failed; `None` where it did not.
fn failure(outcome: &Outcome, usage: &Usage, limits: &CompileLimits) -> Option<String> {
    let Outcome::LimitHit { limit, .. } = *outcome else {
        return match *outcome {
            Outcome::Ended(Exit::Code(0)) => None,
            Outcome::Ended(exit) => Some(format!("the compiler {}", reason::of_exit(exit))),
            _ => Some("the script could not be started: its first line must be #!".to_owned()),
        };
    };
    Some(match limit {
        Limit::Cpu => format!(
            "the compiler used more than its limit of {} of CPU time",
            reason::milliseconds(limits.cpu_ms.get())
        ),
        Limit::Wall | Limit::Idle => format!(
            "the compiler took longer than its limit of {} on the clock, with {} of CPU time",
            reason::milliseconds(limits.wall_ms.get()),
            reason::seconds(usage.cpu)
        ),
        Limit::Memory => format!(
            "the compiler needed more memory than its limit of {}",
            reason::bytes(limits.memory_bytes.get())
        ),
        Limit::Output => format!(
            "the compiler wrote more than {} to standard output",
            reason::bytes(STDOUT_BYTES)
        ),
    })
}

/// Standard error and then standard output, where the compiler used both; says what was cut.
fn output(report: &Report) -> Vec<u8> {
    let mut output = report.stderr.bytes.clone();
    let total = report.stderr.total_bytes + report.stdout.total_bytes;
    let room = usize::try_from(OUTPUT_BYTES).unwrap_or(usize::MAX) - output.len();
    let Captured { bytes, .. } = &report.stdout;
    output.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    let cut = total.saturating_sub(output.len() as u64);
    if cut > 0 {
        output.extend_from_slice(format!("\n[{cut} bytes more were cut]\n").as_bytes());
    }
    output
}

/// Reads the artefacts out of a dead box. The inner error is the compiler's, the outer ours.
fn collect(
    wanted: &[Artefact],
    scratch: &ScratchDir,
) -> Result<Result<Artefacts, String>, JudgeError> {
    match read_artefacts(wanted, scratch) {
        Ok(artefacts) => Ok(Ok(artefacts)),
        Err(NotCollected::Refused(reason)) => Ok(Err(reason)),
        Err(NotCollected::Unreadable(error)) => Err(JudgeError::Collect(error)),
    }
}

enum NotCollected {
    Refused(String),
    Unreadable(CollectError),
}

impl From<CollectError> for NotCollected {
    fn from(error: CollectError) -> Self {
        match error {
            CollectError::Io { .. } => NotCollected::Unreadable(error),
            refused => {
                NotCollected::Refused(format!("what the compiler left cannot be used: {refused}"))
            }
        }
    }
}

fn read_artefacts(wanted: &[Artefact], scratch: &ScratchDir) -> Result<Artefacts, NotCollected> {
    let mut files = Vec::new();
    let mut left = ARTEFACTS_BYTES;
    for path in paths(wanted, scratch)? {
        let bytes = scratch.read(&path, ARTEFACT_BYTES)?;
        let Some(rest) = left.checked_sub(bytes.len() as u64) else {
            let max = reason::bytes(ARTEFACTS_BYTES);
            let reason = format!("what the compiler left has more than {max} in all");
            return Err(NotCollected::Refused(reason));
        };
        left = rest;
        files.push(InputFile {
            path,
            bytes: Arc::from(bytes),
            mode: 0o555,
        });
    }
    Ok(files)
}

fn paths(wanted: &[Artefact], scratch: &ScratchDir) -> Result<Vec<PathBuf>, NotCollected> {
    let mut paths = Vec::new();
    for artefact in wanted {
        match artefact {
            Artefact::Named(name) => paths.push(PathBuf::from(name)),
            Artefact::Everything => paths.extend(scratch.list(ARTEFACTS)?),
            Artefact::Extension(extension) => {
                let files = scratch.list(ARTEFACTS)?;
                let has_it = |path: &Path| path.extension().is_some_and(|e| *e == **extension);
                let before = paths.len();
                paths.extend(files.into_iter().filter(|path| has_it(path)));
                if paths.len() == before {
                    let reason = format!("the compiler left no file *.{extension}");
                    return Err(NotCollected::Refused(reason));
                }
            }
        }
    }
    paths.sort();
    paths.dedup();
    Ok(paths)
}
