//! `gavel run`: compiles and runs one program in the sandbox of this machine, with neither database
//! nor API, and tells what happened.

mod report;

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use tokio_util::sync::CancellationToken;

use super::{judging, program};
use crate::config::Config;
use crate::judge::{Cancel, CaseData, Judge, RunResult, Work};
use crate::problem::{Checker, Limits};
use report::RunAbout;

/// Arguments of `gavel run`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gavel run solution.cpp < input.txt --stdin -
  gavel run solution.py --stdin input.txt --answer answer.txt
  gavel run main.cpp graph.cpp graph.h --time 1.5 --memory 64
  gavel run script --language bash --json

The program's standard output goes to standard output, all else to standard error. With --json one
object goes to standard output and nothing else. The exit code is 0 when the program could be
compiled or run, whatever came of it: the verdict says that.")]
pub(super) struct Arguments {
    /// Source files, the main one first; the others must be in or below its directory
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Language by id or alias [default: by the extension of the first file]
    #[arg(long, value_name = "ID")]
    language: Option<String>,
    /// Give FILE as standard input, - for that of gavel [default: empty]
    #[arg(long, value_name = "FILE")]
    stdin: Option<PathBuf>,
    /// Compare the output with FILE, token by token
    #[arg(long, value_name = "FILE")]
    answer: Option<PathBuf>,
    /// Limit of the CPU time of all its processes
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = seconds)]
    time: NonZeroU64,
    /// Limit of the time on the clock [default: 3 × the CPU time + 1]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    wall: Option<NonZeroU64>,
    /// Limit of the memory of all its processes and scratch files
    #[arg(long, value_name = "MIB", default_value = "256",
          value_parser = clap::value_parser!(u64).range(1..=MAX_MEMORY_MIB))]
    memory: u64,
    /// Limit of what it may write to standard output
    #[arg(long, value_name = "BYTES", default_value = "16777216",
          value_parser = clap::value_parser!(u64).range(1..=MAX_OUTPUT_BYTES))]
    output: u64,
    /// Limit of its processes and threads at the same time
    #[arg(long, value_name = "N", default_value = "64",
          value_parser = clap::value_parser!(u32).range(1..=MAX_PROCESSES))]
    processes: u32,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

const MAX_SECONDS: f64 = 86_400.0;
const MAX_MEMORY_MIB: u64 = 1 << 20;
const MAX_OUTPUT_BYTES: u64 = 1 << 30;
const MAX_PROCESSES: i64 = 32_768;

/// Seconds with a fraction, as milliseconds.
pub(super) fn seconds(text: &str) -> Result<NonZeroU64, String> {
    let value = text.parse::<f64>().ok();
    let milliseconds = value
        .filter(|value| (0.0..=MAX_SECONDS).contains(value))
        // Within the bounds, so the nearest integer is exact.
        .map(|value| (value * 1000.0).round() as u64);
    milliseconds
        .and_then(NonZeroU64::new)
        .ok_or_else(|| format!("must be a number from 0.001 to {MAX_SECONDS}"))
}

impl Arguments {
    fn limits(&self) -> Limits {
        let cpu_ms = self.time.get();
        Limits {
            cpu_ms,
            wall_ms: self.wall.map_or(cpu_ms * 3 + 1000, NonZeroU64::get),
            memory_bytes: self.memory << 20,
            output_bytes: self.output,
            processes: self.processes,
        }
    }
}

/// Runs a program and prints what happened.
pub(super) async fn run(
    arguments: Arguments,
    config: Config,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    judging::on_a_thread(stop, move |cancel| judge(&arguments, &config, cancel)).await
}

fn judge(arguments: &Arguments, config: &Config, cancel: &Cancel) -> anyhow::Result<()> {
    let languages = judging::languages(config)?;
    let mut files = program::read(&arguments.files)?;
    let language = program::language(&languages, arguments.language.as_deref(), &files)?.clone();
    program::unname_stranger(&language, &mut files);
    let case = CaseData {
        input: match &arguments.stdin {
            Some(path) => program::read_input(path)?,
            None => Arc::from([]),
        },
        answer: arguments
            .answer
            .as_deref()
            .map(program::read_file)
            .transpose()?,
    };
    let work = Work {
        language: language.id.clone(),
        files,
        limits: arguments.limits(),
        checker: Checker::default(),
    };
    let only = languages.filter(|other| other.id == language.id);
    let judge = Judge::open(only, &judging::sandbox(config)?)?;
    if judge.offered().is_empty() {
        return Err(anyhow!(
            "{} cannot be used: its toolchain is not installed, or not where a sandbox sees it \
             (below /usr)",
            language.name
        ));
    }
    let result = judge.slot()?.run(&work, case, cancel)?;
    let about = RunAbout {
        language: &language.id,
        degraded: judge.degraded(),
    };
    print(&about, &result, arguments.json).context("cannot print the result")
}

fn print(about: &RunAbout<'_>, result: &RunResult, json: bool) -> anyhow::Result<()> {
    let (stdout, stderr) = (std::io::stdout(), std::io::stderr());
    if json {
        report::write_json(about, result, &mut stdout.lock())
    } else {
        report::write_text(result, &stdout, &stderr)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_above_zero_and_finite() {
        for (text, expected_ms) in [
            ("2", 2000),
            ("0.5", 500),
            ("1e-3", 1),
            ("86400", 86_400_000),
        ] {
            assert_eq!(seconds(text).unwrap().get(), expected_ms, "{text}");
        }
        for text in [
            "0", "-1", "nan", "inf", "1e309", "0.0001", "86401", "", "1s", "-0",
        ] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
