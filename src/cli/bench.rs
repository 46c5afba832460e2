//! `gavel bench`: how fast and how exact this machine judges, side by side with bare programs.

use std::io::{self, Write};
use std::time::Duration;

use clap::Subcommand;
use tokio_util::sync::CancellationToken;

use super::judging;
use crate::bench::{Peer, SandboxBench, measure_sandbox};
use crate::config::Config;
use crate::sandbox::Cancel;

/// Arguments of `gavel bench`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gavel bench sandbox
  gavel bench sandbox --gaps 0,10 --runs 500 --json > before.json
  gavel bench sandbox --peer 'bwrap=bwrap --unshare-all --ro-bind / / --dev /dev --proc /proc'

Needs a C and a C++ compiler, and an idle machine: every figure is a ratio to the same program
started bare in the same minute, but a busy machine blurs both.")]
pub(super) struct Arguments {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// A fresh sandbox with everything on: latency, throughput, accuracy
    Sandbox(SandboxArguments),
}

#[derive(Debug, clap::Args)]
struct SandboxArguments {
    /// Counted runs of each program at each gap
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    runs: u32,
    /// Pauses before each run, in milliseconds
    #[arg(
        long,
        value_name = "MS,…",
        value_delimiter = ',',
        default_value = "0,1,10,100"
    )]
    gaps: Vec<u16>,
    /// How long throughput is measured, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=3600))]
    throughput: u32,
    /// Another sandbox to measure beside; the program is appended to its command
    #[arg(long, value_name = "NAME=COMMAND", value_parser = parse_peer)]
    peer: Vec<Peer>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Words separated by blanks; whoever needs more gives a script.
fn parse_peer(text: &str) -> Result<Peer, &'static str> {
    let (name, command) = text.split_once('=').ok_or("must be NAME=COMMAND")?;
    let command: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
    if name.is_empty() || command.is_empty() {
        return Err("must have a name and a command");
    }
    Ok(Peer {
        name: name.to_owned(),
        command,
    })
}

/// Runs a benchmark and prints what it found, until it is stopped.
pub(super) async fn run(
    arguments: Arguments,
    config: Config,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let Bench::Sandbox(arguments) = arguments.bench;
    judging::on_a_thread(stop, move |cancel| measure(arguments, &config, cancel)).await
}

fn measure(arguments: SandboxArguments, config: &Config, cancel: &Cancel) -> anyhow::Result<()> {
    let bench = SandboxBench {
        sandbox: judging::sandbox(config)?,
        runs: arguments.runs as usize,
        gaps: arguments
            .gaps
            .iter()
            .map(|ms| Duration::from_millis(u64::from(*ms)))
            .collect(),
        throughput: Duration::from_secs(u64::from(arguments.throughput)),
        peers: arguments.peer,
        cancel: cancel.clone(),
    };
    let mut out = io::stdout().lock();
    let mut shown = Ok(());
    let report = measure_sandbox(&bench, &mut |figure| {
        if !arguments.json && shown.is_ok() {
            shown = writeln!(out, "{figure}");
        }
    })?;
    shown?;
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_has_a_name_and_a_command() {
        let peer = parse_peer("bwrap=bwrap --ro-bind / /").unwrap();
        assert_eq!((peer.name.as_str(), peer.command.len()), ("bwrap", 4));
        for text in ["", "bwrap", "=x", "x=", "x= "] {
            assert!(parse_peer(text).is_err(), "{text:?}");
        }
    }
}
