//! The command line: arguments in, exit code out. One file for each command; what they share is
//! how settings are loaded, how log lines leave, and how a signal stops things.

mod bench;
mod check_host;
mod client;
mod feedback;
mod internal;
mod judge;
mod judging;
mod junit;
mod listen;
mod logging;
mod memory;
mod migrate;
mod options;
mod parts;
mod program;
mod progress;
mod roles;
mod run;
mod sample;
mod sandbox;
mod serve;
mod signals;
mod stress;
mod terminal;
mod up;
mod verify;
mod version;
mod worker;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::{Parser, Subcommand};
use tokio_util::sync::CancellationToken;

use crate::config::{Config, ConfigError, Environment, Layer};
use logging::LoggingError;
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
  130, 143 stopped at once by a second SIGINT or SIGTERM

Examples:
  gavel up                               everything on this machine, database included
  gavel up --listen 0.0.0.0:9090         the same, reachable from elsewhere
  gavel serve                            only the HTTP API, with DATABASE_URL in the environment
  gavel check-host                       whether this machine can judge, and what to improve
  gavel worker --slots 4                 only a worker, four runs at the same time
  gavel run solution.cpp                 one program, without database or API
  gavel verify problems/*                what the jury's submissions come to
  gavel judge problems/sum homework/     a folder of submissions
  gavel stress a.cpp --generator gen.py --reference ok.py   an input that a.cpp answers wrong

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
    /// Run everything on this machine: API, worker and database
    Up(up::Arguments),
    /// Serve the HTTP API only
    Serve(serve::Arguments),
    /// Judge submissions only
    Worker(worker::Arguments),
    /// Compile and run one program, without database or API
    Run(run::Arguments),
    /// Judge the jury's submissions of problem packages
    Verify(verify::Arguments),
    /// Judge a folder of submissions on one problem
    Judge(judge::Arguments),
    /// Look for an input on which programs fail
    Stress(stress::Arguments),
    /// Bring the database's schema up to this version
    Migrate(migrate::Arguments),
    /// Check what this machine offers for isolation and fair timing
    CheckHost(check_host::Arguments),
    /// Measure this machine: how fast and how exact the sandbox is
    Bench(bench::Arguments),
    /// Run a program in a sandbox of your own making
    Sandbox(sandbox::Arguments),
    /// Print the version and what it was built for
    Version(version::Arguments),
    /// What Gavel runs of itself
    #[command(hide = true, subcommand)]
    Internal(internal::Command),
}

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    // clap prints its own help and errors, and ends with 0 or `EXIT_USAGE`.
    let cli = Cli::parse();
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            report(&error);
            exit_code(&error)
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let options = cli.options;
    let done = match cli.command {
        // Its exit code is the program's.
        Command::Sandbox(arguments) => return Ok(sandbox::run(arguments, options)),
        Command::Up(arguments) => start(options, |config, stop| up::run(arguments, config, stop)),
        Command::Serve(_) => start(options, serve::run),
        Command::Worker(_) => start(options, worker::run),
        Command::Run(arguments) => start(options, |config, stop| run::run(arguments, config, stop)),
        Command::Verify(arguments) => {
            start(options, |config, stop| verify::run(arguments, config, stop))
        }
        Command::Judge(arguments) => {
            start(options, |config, stop| judge::run(arguments, config, stop))
        }
        Command::Stress(arguments) => {
            start(options, |config, stop| stress::run(arguments, config, stop))
        }
        Command::Migrate(_) => start(options, migrate::run),
        Command::CheckHost(arguments) => check_host::run(&arguments, options),
        Command::Bench(arguments) => {
            start(options, |config, stop| bench::run(arguments, config, stop))
        }
        Command::Version(arguments) => version::run(&arguments),
        Command::Internal(command) => internal::run(command),
    };
    done.map(|()| ExitCode::SUCCESS)
}

/// Runs a command that needs settings, logging, signals and an async runtime.
fn start<F>(
    options: Options,
    command: impl FnOnce(Config, CancellationToken) -> F,
) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>>,
{
    let environment = Environment::capture();
    let config = options.load(&environment)?;
    let _guard = logging::start(config.log_format, &config.log_filter)?;
    for name in Layer::unknown_variables(&environment) {
        tracing::warn!(name, "this environment variable is unknown and ignored");
    }
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    let end = runtime.block_on(async {
        let stop = signals::watch().context("cannot watch for signals")?;
        command(config, stop).await
    });
    // A blocking call that never returns must not keep the process from ending.
    runtime.shutdown_background();
    end
}

fn stop_timeout(config: &Config) -> Duration {
    Duration::from_secs(config.stop_timeout_seconds)
}

/// The one place that writes an error for people; logging may not be up yet.
#[expect(clippy::print_stderr, reason = "the last words of a failed command")]
fn report(error: &anyhow::Error) {
    eprintln!("gavel: {error:#}");
}

fn exit_code(error: &anyhow::Error) -> ExitCode {
    let is_setting =
        error.is::<ConfigError>() || matches!(error.downcast_ref(), Some(LoggingError::Filter(_)));
    ExitCode::from(if is_setting {
        EXIT_CONFIG
    } else {
        EXIT_FAILURE
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_for_people_teaches_by_example() {
        for command in Cli::command()
            .get_subcommands()
            .filter(|command| !command.is_hide_set())
        {
            let help = command
                .get_after_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            assert!(
                help.contains("Examples:"),
                "{} has no examples",
                command.get_name()
            );
        }
    }

    #[test]
    fn every_command_for_people_is_documented() {
        let document = include_str!("../docs/CLI.md");
        for command in Cli::command()
            .get_subcommands()
            .filter(|command| !command.is_hide_set())
        {
            let row = format!("| `gavel {}` |", command.get_name());
            assert!(document.contains(&row), "docs/CLI.md lacks {row}");
        }
    }

    #[test]
    fn a_wrong_setting_and_another_failure_have_codes_of_their_own() {
        let code = |error: anyhow::Error| format!("{:?}", exit_code(&error));
        assert_eq!(
            code(ConfigError::NoDataDir.into()),
            format!("{:?}", ExitCode::from(3))
        );
        assert_eq!(
            code(anyhow::anyhow!("other")),
            format!("{:?}", ExitCode::from(1))
        );
    }
}
