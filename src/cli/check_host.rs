//! `gavel check-host`: whether this machine can judge, how fairly, and what to do about the rest.

use std::io::{self, Write};

use anyhow::{Context, bail};
use serde::Serialize;

use super::options::Options;
use super::{judging, memory};
use crate::config::Environment;
use crate::sandbox::{HostCheck, Status, check_doors, check_host};

/// Arguments of `gavel check-host`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gavel check-host
  gavel check-host --json | jq '.checks[] | select(.status != \"pass\") | .remedy'
  gavel check-host --allow-degraded landlock
  gavel check-host --probe

Each check says PASS, WARN or FAIL and what was found; for the last two also why it matters and the
remedy. At last a program is run in a real box. A worker refuses to start where a required check
fails, unless --allow-degraded names a protection that it can do without. The exit code is 0 where
no required check fails, whatever warnings there are, and 1 otherwise. Run it as the user
who will make boxes. With --probe, the doors that known ways out went through are tried from
inside of a box; one that is open fails. docs/HOST.md explains each check.")]
pub(super) struct Arguments {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Try from inside of a box what must not work there
    #[arg(long)]
    probe: bool,
}

#[derive(Serialize)]
struct HostView<'a> {
    fit: bool,
    checks: &'a [HostCheck],
}

/// Checks this machine and prints what was found.
pub(super) fn run(arguments: &Arguments, options: Options) -> anyhow::Result<()> {
    let config = options.load(&Environment::capture())?;
    let sandbox = judging::sandbox(&config)?;
    let mut checks = check_host(&sandbox);
    checks.push(memory::check(&config));
    if arguments.probe {
        checks.extend(check_doors(&sandbox));
    }
    let mut out = io::stdout().lock();
    let written = if arguments.json {
        write_json(&checks, &mut out)
    } else {
        write_text(&checks, &mut out)
    };
    written.context("cannot print the checks")?;
    let refusing: Vec<&str> = refusing(&checks).collect();
    if refusing.is_empty() {
        return Ok(());
    }
    bail!("this machine cannot judge: {}", refusing.join(", "))
}

fn refusing(checks: &[HostCheck]) -> impl Iterator<Item = &'static str> {
    let refusing = checks.iter().filter(|check| check.refuses());
    refusing.map(|check| check.name)
}

fn write_json(checks: &[HostCheck], out: &mut dyn Write) -> anyhow::Result<()> {
    let view = HostView {
        fit: refusing(checks).next().is_none(),
        checks,
    };
    writeln!(out, "{}", serde_json::to_string(&view)?)?;
    Ok(())
}

fn write_text(checks: &[HostCheck], out: &mut dyn Write) -> anyhow::Result<()> {
    let width = checks.iter().map(|check| check.name.len()).max();
    let width = width.unwrap_or_default();
    for check in checks {
        let status = word(check.status);
        writeln!(out, "{status}  {:width$}  {}", check.name, check.found)?;
        if check.status != Status::Pass {
            writeln!(out, "      {:width$}  why: {}", "", check.why)?;
            writeln!(out, "      {:width$}  remedy: {}", "", check.remedy)?;
        }
    }
    let count = |status| checks.iter().filter(|check| check.status == status).count();
    writeln!(
        out,
        "{} passed, {} warnings, {} failed",
        count(Status::Pass),
        count(Status::Warn),
        count(Status::Fail)
    )?;
    Ok(())
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Pass => "PASS",
        Status::Warn => "WARN",
        Status::Fail => "FAIL",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: Status, required: bool) -> HostCheck {
        HostCheck {
            name: "landlock",
            status,
            found: "none".to_owned(),
            why: "a second layer",
            remedy: "boot with it",
            required,
        }
    }

    fn text(check: HostCheck) -> String {
        let mut out = Vec::new();
        write_text(&[check], &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_remedy_is_shown_where_one_is_needed() {
        assert!(!text(check(Status::Pass, true)).contains("remedy"));
        for status in [Status::Warn, Status::Fail] {
            assert!(text(check(status, true)).contains("remedy: boot with it"));
        }
    }

    #[test]
    fn only_a_required_check_that_fails_makes_a_machine_unfit() {
        for (status, required, fit) in [
            (Status::Fail, true, false),
            (Status::Fail, false, true),
            (Status::Warn, true, true),
        ] {
            let mut out = Vec::new();
            write_json(&[check(status, required)], &mut out).unwrap();
            let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
            assert_eq!(value["fit"], fit, "{status:?}");
        }
    }
}
