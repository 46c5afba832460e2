//! `gavel sandbox`: the sandbox by itself, with everything that the library can do.

mod parse;
mod resolve;
mod wishes;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use super::judging;
use super::options::Options;
use crate::config::Environment;
use crate::sandbox::{Cancel, Ending, Exit, Outcome, Report, Sandbox, SandboxError};
use wishes::Wishes;

/// Exit code where we failed, not the program.
const EXIT_OURS: u8 = 125;
/// Exit code of a program that was ended because of a budget.
const EXIT_LIMIT: u8 = 124;
/// Exit codes of a program that cannot be executed, or does not exist.
const EXIT_NOT_EXECUTABLE: u8 = 126;
const EXIT_MISSING: u8 = 127;

/// Arguments of `gavel sandbox`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gavel sandbox run -- /usr/bin/id
  gavel sandbox run --root /srv/alpine --user nobody -- /bin/sh -c 'echo hello'
  gavel sandbox run --help

Everything is described in docs/SANDBOX.md.")]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Run one program in a fresh box
    Run(Box<RunArguments>),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes:
  the program's own, or 128 + the number of the signal that ended it
  124  a budget was exceeded
  125  the box could not be made, or a flag makes no sense: the program did not run
  126  the program cannot be executed
  127  there is no such program
A program can choose any of these codes; --json tells what really happened.

Examples:
  gavel sandbox run --time 1 --memory 64 -- /usr/bin/python3 -c 'print(6 * 7)'
  gavel sandbox run --file a.out --stdin input.txt -- ./a.out
  gavel sandbox run --profile strict.toml --json -- /bin/true
  gavel sandbox run --network loopback --dry-run -- /bin/true")]
struct RunArguments {
    #[command(flatten)]
    wishes: Wishes,
    /// Take wishes from a TOML file too, whose keys are these flags; those of flags come first
    #[arg(long, value_name = "FILE")]
    profile: Vec<PathBuf>,
    /// Print what happened as one JSON object, and nothing else
    #[arg(long)]
    json: bool,
    /// Print everything that would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// The program and its arguments
    #[arg(required = true, last = true, value_name = "PROGRAM")]
    words: Vec<OsString>,
}

/// Runs the action; the exit code is the program's where there is one.
pub(super) fn run(arguments: Arguments, options: Options) -> ExitCode {
    let Action::Run(arguments) = arguments.action;
    let result = run_program(&arguments, options);
    match result {
        Ok(code) => code,
        Err(error) => {
            if arguments.json {
                // Where this fails too, the exit code is all that is left.
                let _ = print_json(&failure(&error));
            } else {
                super::report(&error);
            }
            ExitCode::from(EXIT_OURS)
        }
    }
}

fn run_program(arguments: &RunArguments, options: Options) -> anyhow::Result<ExitCode> {
    let mut wishes = Wishes::default();
    for profile in &arguments.profile {
        wishes = Wishes::read(profile)?.over(wishes);
    }
    let wishes = arguments.wishes.clone().over(wishes);
    let container = resolve::container(&wishes)?;
    let command = resolve::command(&wishes, &arguments.words)?;
    let (outputs, is_captured) = resolve::outputs(&wishes)?;
    let config = options.load(&Environment::capture())?;
    let sandbox = Sandbox::open(&judging::sandbox(&config)?)?;
    if arguments.dry_run {
        let plan = sandbox.explain(&container)?;
        writeln!(io::stdout(), "{container:#?}\n{command:#?}\n{plan}")?;
        return Ok(ExitCode::SUCCESS);
    }
    let report = sandbox
        .slot()?
        .run_with(&container, &command, &outputs, &Cancel::new()?)?;
    if arguments.json {
        print_json(&report)?;
    } else if is_captured {
        io::stdout().write_all(&report.stdout.bytes)?;
        io::stderr().write_all(&report.stderr.bytes)?;
    }
    if !arguments.json {
        explain(&report)?;
    }
    Ok(exit_code(&report.outcome))
}

fn print_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    let text = serde_json::to_string(value)?;
    Ok(writeln!(io::stdout(), "{text}")?)
}

/// What failed, with the facts where it was the sandbox.
fn failure(error: &anyhow::Error) -> serde_json::Value {
    match error.downcast_ref::<SandboxError>() {
        Some(error) => serde_json::json!({ "error": error }),
        None => {
            serde_json::json!({ "error": { "kind": "usage", "message": format!("{error:#}") } })
        }
    }
}

/// Why the exit code is not the program's.
fn explain(report: &Report) -> io::Result<()> {
    let mut out = io::stderr().lock();
    match &report.ending {
        Ending::Exited { .. } => Ok(()),
        Ending::Signalled { signal, .. } => writeln!(out, "gavel: ended by signal {signal}"),
        Ending::LimitHit { limit } => writeln!(out, "gavel: limit exceeded: {limit:?}"),
        Ending::BlockedCall { name } => {
            let name = name.as_deref().unwrap_or("unknown");
            writeln!(out, "gavel: ended after a blocked system call: {name}")
        }
        Ending::NotExecutable { errno } => {
            let cause = io::Error::from_raw_os_error(*errno);
            writeln!(out, "gavel: the program cannot be executed: {cause}")
        }
        Ending::Killed => writeln!(out, "gavel: killed"),
    }?;
    for what in &report.unenforced {
        writeln!(out, "gavel: this kernel does not restrict {what}")?;
    }
    Ok(())
}

fn exit_code(outcome: &Outcome) -> ExitCode {
    let code = match outcome {
        Outcome::Ended(Exit::Code(code)) => u8::try_from(*code).unwrap_or(u8::MAX),
        Outcome::Ended(Exit::Signal(signal)) => {
            128_u8.saturating_add(u8::try_from(*signal).unwrap_or(0))
        }
        Outcome::LimitHit { .. } => EXIT_LIMIT,
        Outcome::NotExecutable {
            errno: libc::ENOENT,
        } => EXIT_MISSING,
        Outcome::NotExecutable { .. } => EXIT_NOT_EXECUTABLE,
    };
    ExitCode::from(code)
}
