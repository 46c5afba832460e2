//! The bare machine: the same program by `posix_spawn` and wait, with nothing around it.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::BenchError;

/// Runs a command to its end and says how long that took.
pub(super) fn run(command: &[String]) -> Result<Duration, BenchError> {
    let Some((program, arguments)) = command.split_first() else {
        return Ok(Duration::ZERO);
    };
    let failed = |source| BenchError::Program {
        step: "run",
        path: program.into(),
        source,
    };
    let begun = Instant::now();
    // No `pre_exec`, user or directory is set, so the standard library takes posix_spawn.
    let status = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map_err(failed)?;
    let took = begun.elapsed();
    if status.success() {
        return Ok(took);
    }
    Err(BenchError::Unexpected {
        program: command.join(" "),
        outcome: status.to_string(),
    })
}
