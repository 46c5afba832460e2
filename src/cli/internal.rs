//! `gavel internal`: what Gavel runs of itself in another process. Not for people, so hidden, and
//! free to change in any version.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Subcommand;

use crate::cluster::{Become, become_program};

/// Commands that only Gavel itself runs.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Becomes a program of the database cluster; `cluster` writes these arguments
    Postgres {
        /// The process without which it must not go on
        #[arg(long)]
        parent: i32,
        /// The user to change to
        #[arg(long, requires = "gid")]
        uid: Option<u32>,
        /// The group to change to
        #[arg(long, requires = "uid")]
        gid: Option<u32>,
        /// The program
        program: PathBuf,
        /// Arguments of that program
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
}

/// Runs an internal command.
pub(super) fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Postgres {
            parent,
            uid,
            gid,
            program,
            args,
        } => {
            let user = uid.zip(gid);
            match become_program(&Become {
                user,
                parent,
                program,
                args,
            })? {}
        }
    }
}
