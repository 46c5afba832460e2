//! The command line: arguments in, exit code out. One file for each command; what they share is
//! how settings are loaded, how log lines leave, and how a signal stops things.

mod listen;
mod logging;
mod options;
mod roles;
mod sample;
mod signals;
mod version;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::ConfigError;
use options::Options;

/// Exit code of a command that failed.
pub const EXIT_FAILURE: u8 = 1;
/// Exit code of a command line that makes no sense; clap's own choice.
pub const EXIT_USAGE: u8 = 2;
/// Exit code of settings that cannot be used.
pub const EXIT_CONFIG: u8 = 3;

const EXIT_CODES: &str = "\
Exit codes:
  0        done, or stopped as asked
  1        failed; the reason is on standard error
  2        the command line makes no sense
  3        a setting cannot be used
  129-143  stopped at once by a second signal (128 + its number)

Examples:
  gavel up                               everything on this machine, database included
  gavel up --listen 0.0.0.0:9090         the same, reachable from elsewhere
  gavel serve                            only the HTTP API, with DATABASE_URL in the environment
  gavel worker --slots 4                 only a worker, four runs at the same time

Settings also come from /etc/gavel/gavel.toml and GAVEL_* variables: see docs/CONFIGURATION.md.";

/// An online judge: takes programs over HTTP, runs each in a fresh sandbox, and says the verdict.
#[derive(Debug, Parser)]
#[command(name = "gavel", version, after_help = EXIT_CODES, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the version and what it was built for
    Version(version::Arguments),
}

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    // clap prints its own help and errors, and ends with 0 or `EXIT_USAGE`.
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            exit_code(&error)
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Command::Version(arguments) => version::run(&arguments),
    }
}

/// The one place that writes an error for people; logging may not be up yet.
#[expect(clippy::print_stderr, reason = "the last words of a failed command")]
fn report(error: &anyhow::Error) {
    eprintln!("gavel: {error:#}");
}

fn exit_code(error: &anyhow::Error) -> ExitCode {
    match error.downcast_ref::<ConfigError>() {
        Some(_) => EXIT_CONFIG.into(),
        None => EXIT_FAILURE.into(),
    }
}
