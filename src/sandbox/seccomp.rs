//! The system call filter: what namespaces and Landlock do not cover.
//!
//! Allowed calls cost nothing extra. Calls in [`WITHOUT_EFFECT`] succeed and do nothing. Calls in
//! [`REFUSED`] are announced to the supervising side, which notes the name and answers with the
//! errno. All others, unknown numbers included, get ENOSYS, so that programs fall back as on an
//! older kernel. Foreign ABIs are killed.
//! Decisions are made on numbers and flags only, never on memory that a second thread could
//! change after the check.

mod custom;
mod docker;
mod policy;

use std::collections::BTreeSet;
use std::io::{self, Read, Seek};

use libseccomp::{
    ScmpAction, ScmpArch, ScmpArgCompare, ScmpCompareOp, ScmpFilterContext, ScmpSyscall,
    error::SeccompError,
};
use nix::sys::memfd::{MFdFlags, memfd_create};

use policy::{ALLOWED, FCNTL_ALLOWED, FCNTL_REFUSED, NAMESPACE_FLAGS, REFUSED, WITHOUT_EFFECT};

use super::container::{Container, Network, Seccomp};
use super::message::FilterPlan;
use super::outcome::SandboxError;

/// Why the filter could not be compiled.
#[derive(Debug, thiserror::Error)]
pub(super) enum FilterError {
    /// libseccomp refused a rule.
    #[error("libseccomp refused a rule")]
    Rule(#[from] SeccompError),
    /// The profile says something that cannot be.
    #[error("{0}")]
    Profile(String),
    /// The compiled program could not be read back.
    #[error("cannot read the filter: {0}")]
    Export(#[from] io::Error),
}

impl From<FilterError> for SandboxError {
    fn from(error: FilterError) -> Self {
        SandboxError::Setting {
            setting: "seccomp",
            reason: error.to_string(),
        }
    }
}

/// The filter of a container.
pub(super) fn plan(container: &Container) -> Result<FilterPlan, FilterError> {
    match &container.seccomp {
        Seccomp::BuiltIn => Ok(FilterPlan {
            program: compile(&container.network)?,
            is_last: false,
            listens: true,
        }),
        Seccomp::Custom(profile) => Ok(FilterPlan {
            program: custom::compile(profile)?,
            is_last: true,
            listens: profile.notifies(),
        }),
    }
}

/// Compiles the built-in filter to an array of `struct sock_filter`.
fn compile(network: &Network) -> Result<Vec<u8>, FilterError> {
    let mut filter = ScmpFilterContext::new(ScmpAction::Errno(libc::ENOSYS))?;
    filter.set_act_badarch(ScmpAction::KillProcess)?;
    // A binary tree instead of a list: a call is found in a few steps.
    filter.set_ctl_optimize(2)?;
    for name in ALLOWED {
        if let Some(call) = resolve(name) {
            filter.add_rule(ScmpAction::Allow, call)?;
        }
    }
    for (name, _) in REFUSED {
        if let Some(call) = resolve(name) {
            filter.add_rule(ScmpAction::Notify, call)?;
        }
    }
    for name in WITHOUT_EFFECT {
        if let Some(call) = resolve(name) {
            filter.add_rule(ScmpAction::Errno(0), call)?;
        }
    }
    add_clone(&mut filter)?;
    add_sockets(&mut filter, network)?;
    add_fcntl(&mut filter)?;
    add_personality(&mut filter)?;
    export(&filter)
}

/// The number of a system call on this architecture; `None` where it does not exist.
fn resolve(name: &str) -> Option<ScmpSyscall> {
    let call = ScmpSyscall::from_name(name).ok()?;
    (call.as_raw_syscall() >= 0).then_some(call)
}

fn argument(index: u32, op: ScmpCompareOp, value: u64) -> ScmpArgCompare {
    ScmpArgCompare::new(index, op, value)
}

/// Threads and processes, but no namespaces. clone3 hides its flags behind a pointer, so it is
/// absent and libraries fall back to clone.
fn add_clone(filter: &mut ScmpFilterContext) -> Result<(), FilterError> {
    let Some(clone) = resolve("clone") else {
        return Ok(());
    };
    let plain = argument(0, ScmpCompareOp::MaskedEqual(NAMESPACE_FLAGS), 0);
    filter.add_rule_conditional(ScmpAction::Allow, clone, &[plain])?;
    for bit in (0..64).map(|shift| 1_u64 << shift) {
        if NAMESPACE_FLAGS & bit != 0 {
            let set = argument(0, ScmpCompareOp::MaskedEqual(bit), bit);
            filter.add_rule_conditional(ScmpAction::Notify, clone, &[set])?;
        }
    }
    Ok(())
}

/// Socket families by allow-list; every other family is refused by name of the call. The gaps
/// between the allowed ones are few, so the filter stays short: it is compiled for every box.
fn add_sockets(filter: &mut ScmpFilterContext, network: &Network) -> Result<(), FilterError> {
    let mut allowed = BTreeSet::from([libc::AF_UNIX as u64]);
    if network.has_internet_sockets() {
        allowed.extend([libc::AF_INET as u64, libc::AF_INET6 as u64]);
    }
    let highest = allowed.last().copied().unwrap_or_default();
    for name in ["socket", "socketpair"] {
        let Some(call) = resolve(name) else { continue };
        for family in 0..=highest {
            let action = if allowed.contains(&family) {
                ScmpAction::Allow
            } else {
                ScmpAction::Notify
            };
            let equal = argument(0, ScmpCompareOp::Equal, family);
            filter.add_rule_conditional(action, call, &[equal])?;
        }
        let above = argument(0, ScmpCompareOp::Greater, highest);
        filter.add_rule_conditional(ScmpAction::Notify, call, &[above])?;
    }
    Ok(())
}

/// Everything but locks, leases and directory notifications, which would be visible to other
/// boxes through the inodes of the shared toolchains.
fn add_fcntl(filter: &mut ScmpFilterContext) -> Result<(), FilterError> {
    let Some(fcntl) = resolve("fcntl") else {
        return Ok(());
    };
    let rules = FCNTL_ALLOWED
        .iter()
        .map(|command| (ScmpAction::Allow, *command))
        .chain(FCNTL_REFUSED.iter().map(|c| (ScmpAction::Notify, *c)));
    for (action, command) in rules {
        let equal = argument(1, ScmpCompareOp::Equal, command as u64);
        filter.add_rule_conditional(action, fcntl, &[equal])?;
    }
    Ok(())
}

/// Asking for the personality and setting the default one.
fn add_personality(filter: &mut ScmpFilterContext) -> Result<(), FilterError> {
    if let Some(personality) = resolve("personality") {
        for value in [0, 0xffff_ffff] {
            let equal = argument(0, ScmpCompareOp::Equal, value);
            filter.add_rule_conditional(ScmpAction::Allow, personality, &[equal])?;
        }
    }
    Ok(())
}

fn export(filter: &ScmpFilterContext) -> Result<Vec<u8>, FilterError> {
    let memory = memfd_create(c"filter", MFdFlags::MFD_CLOEXEC).map_err(io::Error::from)?;
    let mut file = std::fs::File::from(memory);
    filter.export_bpf(&mut file)?;
    file.rewind()?;
    let mut program = Vec::new();
    file.read_to_end(&mut program)?;
    Ok(program)
}

/// The name of a refused system call and the errno it gets.
pub(super) fn refusal(number: i32) -> (String, i32) {
    let call = ScmpSyscall::from(number);
    let name = call
        .get_name_by_arch(ScmpArch::Native)
        .unwrap_or_else(|_| format!("syscall {number}"));
    let errno = match name.as_str() {
        "socket" | "socketpair" => libc::EAFNOSUPPORT,
        _ => REFUSED
            .iter()
            .find(|(refused, _)| *refused == name)
            .map_or(libc::EPERM, |(_, errno)| *errno),
    };
    (name, errno)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_call_is_both_allowed_and_not() {
        for name in REFUSED.iter().map(|(name, _)| name).chain(WITHOUT_EFFECT) {
            assert!(!ALLOWED.contains(name), "{name}");
        }
    }

    #[test]
    fn every_listed_name_is_known_to_libseccomp() {
        let refused = REFUSED.iter().map(|(name, _)| name);
        let names = ALLOWED.iter().chain(WITHOUT_EFFECT).chain(refused);
        for name in names {
            assert!(ScmpSyscall::from_name(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn filters_compile_for_both_networks() -> Result<(), FilterError> {
        for network in [Network::None, Network::Loopback] {
            let program = compile(&network)?;
            assert!(program.len() > 100 && program.len() % 8 == 0);
        }
        Ok(())
    }
}
