//! The system call filter: what namespaces and Landlock do not cover.
//!
//! Allowed calls cost nothing extra. Calls in [`WITHOUT_EFFECT`] succeed and do nothing. Calls in
//! [`REPLACED`] fail so that libraries do the same in another way. Calls in [`REFUSED`] are announced to the supervising side, which notes the name and answers with the
//! errno. All others, unknown numbers included, get ENOSYS, so that programs fall back as on an
//! older kernel. Foreign ABIs are killed.
//! Decisions are made on numbers and flags only, never on memory that a second thread could
//! change after the check.

mod custom;
mod docker;
mod policy;
mod program;
#[cfg(test)]
mod tests;

use std::io::{self, Read, Seek};

use libseccomp::{ScmpArch, ScmpFilterContext, ScmpSyscall, error::SeccompError};
use nix::sys::memfd::{MFdFlags, memfd_create};

use policy::{
    ALLOWED, FCNTL_ALLOWED, FCNTL_REFUSED, NAMESPACE_FLAGS, REFUSED, REPLACED, WITHOUT_EFFECT,
};
use program::{Answer, Architecture, Decision};

use super::container::{Container, Network, Seccomp};
use super::message::FilterPlan;
use super::outcome::SandboxError;

/// What calls get that are on no list.
const UNKNOWN: Answer = Answer::Errno(libc::ENOSYS as u16);

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
            program: built_in(Architecture::NATIVE, &container.network),
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

/// The built-in filter.
fn built_in(architecture: Architecture, network: &Network) -> Vec<u8> {
    let allowed = ALLOWED.iter().map(|name| (*name, Answer::Allow));
    let refused = REFUSED.iter().map(|(name, _)| (*name, Answer::Notify));
    let replaced = REPLACED
        .iter()
        .map(|(name, errno)| (*name, Answer::Errno(*errno as u16)));
    let without_effect = WITHOUT_EFFECT.iter().map(|name| (*name, Answer::Errno(0)));
    let always = allowed.chain(refused).chain(replaced).chain(without_effect);
    let always = always.map(|(name, answer)| (name, Decision::Always(answer)));
    let by_argument = [
        ("clone", clone()),
        ("socket", socket(network)),
        ("socketpair", socket(network)),
        ("fcntl", fcntl()),
        ("personality", personality()),
        ("prlimit64", prlimit()),
    ];
    // Names of calls that do not exist on the architecture fall out.
    let calls = always.chain(by_argument);
    let calls = calls.filter_map(|(name, decision)| Some((resolve(architecture, name)?, decision)));
    program::assemble(architecture, &calls.collect(), UNKNOWN)
}

/// The number of a system call; `None` where the architecture does not have it.
fn resolve(architecture: Architecture, name: &str) -> Option<u32> {
    let call = ScmpSyscall::from_name_by_arch(name, architecture.names).ok()?;
    u32::try_from(call.as_raw_syscall()).ok()
}

/// Threads and processes, but no namespaces. clone3 hides its flags behind a pointer, so it is
/// absent and libraries fall back to clone.
fn clone() -> Decision {
    Decision::Bits {
        argument: 0,
        bits: NAMESPACE_FLAGS,
        set: Answer::Notify,
        clear: Answer::Allow,
    }
}

/// Socket families by allow-list; every other family is refused by name of the call.
fn socket(network: &Network) -> Decision {
    let mut allowed = vec![libc::AF_UNIX];
    if network.has_internet_sockets() {
        allowed.extend([libc::AF_INET, libc::AF_INET6]);
    }
    by_value(0, &[(&allowed, Answer::Allow)], Answer::Notify)
}

/// Everything but locks, leases and directory notifications, which would be visible to other
/// boxes through the inodes of the shared toolchains.
fn fcntl() -> Decision {
    let answers = [
        (FCNTL_ALLOWED, Answer::Allow),
        (FCNTL_REFUSED, Answer::Notify),
    ];
    by_value(1, &answers, UNKNOWN)
}

/// Asking for the personality and setting the default one.
fn personality() -> Decision {
    by_value(0, &[(&[0, -1], Answer::Allow)], UNKNOWN)
}

/// Everybody's limits but those of the box's init. Where the host has one id for a box, init is the same
/// user, and the kernel would not mind.
fn prlimit() -> Decision {
    by_value(
        0,
        &[(&[1], Answer::Errno(libc::EPERM as u16))],
        Answer::Allow,
    )
}

fn by_value(argument: u32, listed: &[(&[i32], Answer)], otherwise: Answer) -> Decision {
    let answers = listed
        .iter()
        .flat_map(|(values, answer)| values.iter().map(|value| (*value as u32, *answer)));
    Decision::Value {
        argument,
        answers: answers.collect(),
        otherwise,
    }
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
