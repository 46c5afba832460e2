//! Benchmarks: ratios measured side by side with the bare machine, for people and as JSON.
//!
//! Absolute times on a shared machine mean little, so every figure of ours stands beside the same
//! program started bare, in turns, in one run. Nothing here is a test: nothing passes or fails.

mod accuracy;
mod bare;
mod latency;
mod programs;
mod report;
mod samples;
mod throughput;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::sandbox::{Cancel, Sandbox, SandboxConfig, SandboxError};
use programs::Programs;
pub use report::{Figure, Report};

/// What to measure and how long.
#[derive(Debug, Clone)]
pub struct SandboxBench {
    /// The sandbox to measure.
    pub sandbox: SandboxConfig,
    /// Counted runs of each program at each gap, after the warm-up.
    pub runs: usize,
    /// Pauses before each run.
    pub gaps: Vec<Duration>,
    /// How long full cycles are counted.
    pub throughput: Duration,
    /// Other sandboxes to measure beside: a name, and a command that the program is appended to.
    pub peers: Vec<Peer>,
    /// Ends the whole, with the error of a run that was cancelled.
    pub cancel: Cancel,
}

/// Another sandbox, as a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Name in the report.
    pub name: String,
    /// Program and arguments; the program to run is appended.
    pub command: Vec<String>,
}

/// Why a benchmark could not be run.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The sandbox failed.
    #[error("the sandbox failed")]
    Sandbox(#[from] SandboxError),
    /// A program to be measured could not be made.
    #[error("cannot {step} {}", .path.display())]
    Program {
        /// What was tried.
        step: &'static str,
        /// With what.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// A program did not do what the benchmark relies on.
    #[error("{program} ended with {outcome}: what it took says nothing")]
    Unexpected {
        /// The program.
        program: String,
        /// What happened.
        outcome: String,
    },
}

/// Measures latency, throughput and accuracy of the sandbox. Takes minutes; `progress` is told
/// each finished part.
pub fn measure_sandbox(
    bench: &SandboxBench,
    progress: &mut dyn FnMut(&Figure),
) -> Result<Report, BenchError> {
    let sandbox = Sandbox::open(&bench.sandbox)?;
    let programs = Programs::build()?;
    let mut report = Report::new("sandbox", &sandbox);
    let mut add = |figures: Vec<Figure>| {
        figures.iter().for_each(&mut *progress);
        report.results.extend(figures);
    };
    for gap in &bench.gaps {
        for program in programs.quick() {
            add(latency::measure(
                bench, &sandbox, &programs, &program, *gap,
            )?);
        }
    }
    add(vec![throughput::measure(bench, &sandbox)?]);
    add(accuracy::measure(bench, &sandbox, &programs)?);
    Ok(report)
}
