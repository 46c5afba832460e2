//! `gavel internal`: what Gavel runs of itself in another process. Not for people, so hidden, and
//! free to change in any version.

use std::ffi::OsString;

use clap::Subcommand;

use super::parts;

/// Commands that only Gavel itself runs.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Becomes a program of the database cluster
    Postgres {
        /// Arguments of that program
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
}

/// Runs an internal command.
pub(super) fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Postgres { args } => parts::exec_postgres(&args),
    }
}
