//! `gavel version`: what this binary is, for people or for scripts.

use std::io::{self, Write};

use serde::Serialize;

/// Arguments of `gavel version`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  gavel version\n  gavel version --json")]
pub(super) struct Arguments {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Version {
    version: &'static str,
    os: &'static str,
    arch: &'static str,
}

const VERSION: Version = Version {
    version: env!("CARGO_PKG_VERSION"),
    os: std::env::consts::OS,
    arch: std::env::consts::ARCH,
};

/// Prints the version to standard output.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    write_version(arguments, &mut io::stdout().lock())
}

fn write_version(arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<()> {
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string(&VERSION)?)?;
    } else {
        writeln!(
            out,
            "gavel {} ({}, {})",
            VERSION.version, VERSION.os, VERSION.arch
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_names_the_package_version() {
        let mut out = Vec::new();
        write_version(&Arguments { json: true }, &mut out).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(value["version"], env!("CARGO_PKG_VERSION"));
    }
}
