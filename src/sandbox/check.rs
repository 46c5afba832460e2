//! What a host offers for isolation and fair timing: one check for each thing, with what was found,
//! why it matters and what to do about it.
//!
//! A check is a row in a table and a pure function over a [`Host`], so that tests judge hosts that
//! do not exist. Checks that are *required* decide whether boxes run here at all; the others warn.
//! What is not here: measuring (that is the benchmark's), and changing anything.

mod advice;
mod doors;
mod required;
mod this_host;
mod timing;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::cancel::Cancel;
use super::cgroup::Hierarchy;
use super::container::Container;
use super::host::{Sandbox, SandboxConfig};
use super::ids::IdSource;
use super::outcome::{Exit, Outcome, Report, SandboxError};
use super::protection::Protection;
use super::spec::{Command, Limits, Stdin};
pub use doors::{DOORS, check_doors};
use this_host::ThisHost;

/// How good what was found is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// As it should be.
    Pass,
    /// Boxes are isolated without it, but less deeply or with less steady timing.
    Warn,
    /// It is missing.
    Fail,
}

/// One thing of a host, and how it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HostCheck {
    /// What is checked; the name by which a protection is allowed to be missing.
    pub name: &'static str,
    /// How it is.
    pub status: Status,
    /// What was found.
    pub found: String,
    /// Why it matters.
    pub why: &'static str,
    /// What to do where it is not as it should be.
    pub remedy: &'static str,
    /// Whether boxes are refused where it is missing.
    pub required: bool,
}

impl HostCheck {
    /// Whether boxes are refused because of it.
    pub fn refuses(&self) -> bool {
        self.required && self.status == Status::Fail
    }
}

/// What the checks ask of a host.
trait Host {
    /// The text of a file, without surrounding blanks; `None` where it cannot be read.
    fn text(&self, path: &str) -> Option<String>;
    /// Names in a directory; none where it cannot be listed.
    fn names(&self, directory: &str) -> Vec<String>;
    /// The Landlock version; 0 where there is none.
    fn landlock_abi(&self) -> u32;
    /// Who makes the boxes, where that is not root.
    fn ordinary_user(&self) -> Option<&OrdinaryUser>;
    /// Whether instructions can be counted; the error says why not.
    fn instruction_counters(&self) -> io::Result<()>;
    /// The control groups that boxes would be in.
    fn groups(&self) -> Result<&Groups, &str>;
}

/// Somebody who is not root.
#[derive(Debug, Clone, PartialEq, Eq)]
struct OrdinaryUser {
    /// The user id.
    id: u32,
    /// What came of entering a user namespace.
    namespace: Result<(), String>,
    /// The host ids that are lent to this user, or what stands in the way.
    lent: Result<String, String>,
    /// Which host ids the settings ask for.
    source: IdSource,
}

/// Control groups that boxes would be in.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Groups {
    /// "v1" or "v2".
    version: &'static str,
    /// The parent of all groups.
    parent: String,
    /// Whether swapping can be limited.
    limit_swap: bool,
    /// Whether they keep their processes to their CPUs.
    keep_to_cpus: bool,
}

/// What a check found.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    status: Status,
    found: String,
}

fn pass(found: impl Into<String>) -> Finding {
    let (status, found) = (Status::Pass, found.into());
    Finding { status, found }
}

fn warn(found: impl Into<String>) -> Finding {
    let (status, found) = (Status::Warn, found.into());
    Finding { status, found }
}

fn fail(found: impl Into<String>) -> Finding {
    let (status, found) = (Status::Fail, found.into());
    Finding { status, found }
}

/// A row of the table of checks.
struct Rule {
    name: &'static str,
    required: bool,
    look: Look,
    why: &'static str,
    remedy: &'static str,
}

/// How a check looks at a host.
enum Look {
    /// With a function of its own.
    Ask(fn(&dyn Host) -> Finding),
    /// At a number in a file, which should be at least this. A file that is not there belongs to a
    /// feature that the kernel lacks, so that nothing can be done with it.
    AtLeast(&'static str, i64),
}

impl Rule {
    fn check(&self, host: &dyn Host, may_lack: &BTreeSet<Protection>) -> HostCheck {
        let finding = match self.look {
            Look::Ask(look) => look(host),
            Look::AtLeast(path, least) => at_least(host.text(path), least),
        };
        let allowed = Protection::from_name(self.name).is_some_and(|lack| may_lack.contains(&lack));
        HostCheck {
            name: self.name,
            status: finding.status,
            found: finding.found,
            why: self.why,
            remedy: self.remedy,
            required: self.required && !allowed,
        }
    }
}

fn at_least(text: Option<String>, least: i64) -> Finding {
    let Some(text) = text else {
        return pass("not in this kernel");
    };
    match text.parse::<i64>() {
        Ok(number) if number >= least => pass(text),
        _ => warn(text),
    }
}

fn rules() -> impl Iterator<Item = &'static Rule> {
    required::RULES
        .iter()
        .chain(timing::RULES)
        .chain(advice::RULES)
}

fn all(host: &dyn Host, may_lack: &BTreeSet<Protection>) -> Vec<HostCheck> {
    rules().map(|rule| rule.check(host, may_lack)).collect()
}

/// Every check of this machine but the last, [`check_host`]'s box.
pub(super) fn look_around(
    groups: &Result<Hierarchy, SandboxError>,
    config: &SandboxConfig,
) -> Vec<HostCheck> {
    all(&ThisHost::new(groups, config), &config.may_lack)
}

/// Refuses a host that lacks what is required.
pub(super) fn refuse_unfit(checks: &[HostCheck]) -> Result<(), SandboxError> {
    let lacking: Vec<HostCheck> = checks
        .iter()
        .filter(|check| check.refuses())
        .cloned()
        .collect();
    if lacking.is_empty() {
        Ok(())
    } else {
        Err(SandboxError::Unfit(Unfit { lacking }))
    }
}

/// The protections that are missing with the operator's consent.
pub(super) fn degraded(checks: &[HostCheck]) -> Vec<Protection> {
    let missing = checks.iter().filter(|check| check.status == Status::Fail);
    missing
        .filter_map(|check| Protection::from_name(check.name))
        .collect()
}

/// What a host lacks.
#[derive(Debug)]
pub struct Unfit {
    /// The required checks that failed.
    pub lacking: Vec<HostCheck>,
}

impl std::fmt::Display for Unfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("this machine lacks what boxes need (gavel check-host tells more)")?;
        for check in &self.lacking {
            write!(f, "; {}: {}: {}", check.name, check.found, check.remedy)?;
            if Protection::from_name(check.name).is_some() {
                write!(f, ", or do without: --allow-degraded {}", check.name)?;
            }
        }
        Ok(())
    }
}

/// Checks this machine: all that is read, and then one program in a real box.
pub fn check_host(config: &SandboxConfig) -> Vec<HostCheck> {
    let groups = Hierarchy::find(config.cgroup_parent.as_deref());
    let mut checks = look_around(&groups, config);
    let finding = match try_box(config) {
        Ok(Outcome::Ended(Exit::Code(0))) => pass("a program ran in it and ended well"),
        Ok(outcome) => fail(format!("a program ran in it and ended badly: {outcome:?}")),
        Err(SandboxError::Unfit(_)) => fail("not tried: a required check failed"),
        Err(error) => fail(error.to_string()),
    };
    checks.push(HostCheck {
        name: "box",
        status: finding.status,
        found: finding.found,
        why: "Every check can pass and a box still be impossible, for instance where a container's \
              own filter forbids mounting",
        remedy: "correct what the message names; in a container, see docs/HOST.md",
        required: true,
    });
    checks
}

fn try_box(config: &SandboxConfig) -> Result<Outcome, SandboxError> {
    let report = run_in_box(
        config,
        &Container::host_toolchains(),
        &Command {
            program: PathBuf::from("/bin/true"),
            args: Vec::<OsString>::new(),
            env: Vec::new(),
            files: Vec::new(),
            stdin: Stdin::Empty,
            stderr_bytes: LIMITS.stdout_bytes,
            limits: LIMITS,
        },
    )?;
    Ok(report.outcome)
}

const LIMITS: Limits = Limits {
    cpu: Duration::from_secs(5),
    wall: Duration::from_secs(20),
    idle: None,
    memory_bytes: 64 << 20,
    stdout_bytes: 16 << 10,
    processes: 8,
    stack_bytes: 8 << 20,
    open_files: 64,
    file_bytes: 1 << 20,
};

fn run_in_box(
    config: &SandboxConfig,
    container: &Container,
    command: &Command,
) -> Result<Report, SandboxError> {
    let mut slot = Sandbox::open(config)?.slot()?;
    slot.run(container, command, &Cancel::new()?)
}

#[cfg(test)]
mod tests;
