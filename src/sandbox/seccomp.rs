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
mod program;

use std::io::{self, Read, Seek};

use libseccomp::{ScmpArch, ScmpFilterContext, ScmpSyscall, error::SeccompError};
use nix::sys::memfd::{MFdFlags, memfd_create};

use policy::{ALLOWED, FCNTL_ALLOWED, FCNTL_REFUSED, NAMESPACE_FLAGS, REFUSED, WITHOUT_EFFECT};
use program::{Answer, Decision};

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
            program: built_in(&container.network),
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
fn built_in(network: &Network) -> Vec<u8> {
    let allowed = ALLOWED.iter().map(|name| (*name, Answer::Allow));
    let refused = REFUSED.iter().map(|(name, _)| (*name, Answer::Notify));
    let without_effect = WITHOUT_EFFECT.iter().map(|name| (*name, Answer::Errno(0)));
    let always = allowed.chain(refused).chain(without_effect);
    let always = always.map(|(name, answer)| (name, Decision::Always(answer)));
    let by_argument = [
        ("clone", clone()),
        ("socket", socket(network)),
        ("socketpair", socket(network)),
        ("fcntl", fcntl()),
        ("personality", personality()),
        ("prlimit64", prlimit()),
    ];
    // Names of calls that do not exist on this architecture fall out.
    let calls = always.chain(by_argument);
    let calls = calls.filter_map(|(name, decision)| Some((resolve(name)?, decision)));
    program::assemble(&calls.collect(), UNKNOWN)
}

/// The number of a system call on this architecture; `None` where it does not exist.
fn resolve(name: &str) -> Option<u32> {
    let call = ScmpSyscall::from_name(name).ok()?;
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

    /// What a filter answers to a call, as the kernel runs it.
    fn answer(program: &[u8], architecture: u32, number: u32, arguments: [u64; 6]) -> u32 {
        let mut call = Vec::new();
        call.extend(number.to_ne_bytes());
        call.extend(architecture.to_ne_bytes());
        call.extend(0_u64.to_ne_bytes());
        call.extend(arguments.iter().flat_map(|argument| argument.to_ne_bytes()));
        let word = |bytes: &[u8]| u32::from_ne_bytes(bytes.try_into().unwrap());
        let (mut at, mut loaded) = (0, 0);
        loop {
            let instruction = &program[8 * at..8 * at + 8];
            let code = u32::from(u16::from_ne_bytes([instruction[0], instruction[1]]));
            let value = word(&instruction[4..]);
            let jump = |is_true: bool| usize::from(instruction[if is_true { 2 } else { 3 }]);
            at += 1;
            match (code & 0x07, code & 0xf0) {
                (libc::BPF_LD, _) => loaded = word(&call[value as usize..value as usize + 4]),
                (libc::BPF_RET, _) => return value,
                (libc::BPF_JMP, libc::BPF_JA) => at += value as usize,
                (libc::BPF_JMP, libc::BPF_JEQ) => at += jump(loaded == value),
                (libc::BPF_JMP, libc::BPF_JGE) => at += jump(loaded >= value),
                (libc::BPF_JMP, libc::BPF_JSET) => at += jump(loaded & value != 0),
                _ => unreachable!("instruction {code:#x}"),
            }
        }
    }

    const NATIVE: u32 = if cfg!(target_arch = "x86_64") {
        0xc000_003e
    } else {
        0xc000_00b7
    };
    const ENOSYS: u32 = libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32;

    fn answer_to(name: &str, argument: usize, value: u64) -> u32 {
        let mut arguments = [0; 6];
        arguments[argument] = value;
        let program = built_in(&Network::None);
        answer(&program, NATIVE, resolve(name).unwrap(), arguments)
    }

    #[test]
    fn every_number_gets_the_answer_of_its_list() {
        let program = built_in(&Network::None);
        let by_argument = [
            "clone",
            "socket",
            "socketpair",
            "fcntl",
            "personality",
            "prlimit64",
        ];
        for number in (0..2000).chain([0x3fff_ffff, u32::MAX]) {
            let (name, _) = refusal(number as i32);
            let name = name.as_str();
            if by_argument.contains(&name) {
                continue;
            }
            let expected = if ALLOWED.contains(&name) {
                libc::SECCOMP_RET_ALLOW
            } else if REFUSED.iter().any(|(refused, _)| *refused == name) {
                libc::SECCOMP_RET_USER_NOTIF
            } else if WITHOUT_EFFECT.contains(&name) {
                libc::SECCOMP_RET_ERRNO
            } else {
                ENOSYS
            };
            let found = answer(&program, NATIVE, number, [0; 6]);
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn calls_of_other_architectures_are_killed() {
        let program = built_in(&Network::None);
        for (architecture, number) in [(0x4000_0003, 1), (NATIVE ^ 1, 1), (0, 0)] {
            let found = answer(&program, architecture, number, [0; 6]);
            assert_eq!(found, libc::SECCOMP_RET_KILL_PROCESS);
        }
        for number in [0x4000_0000, 0x4000_0001, u32::MAX - 1] {
            let found = answer(&program, NATIVE, number, [0; 6]);
            let is_x32 = cfg!(target_arch = "x86_64");
            let expected = if is_x32 {
                libc::SECCOMP_RET_KILL_PROCESS
            } else {
                ENOSYS
            };
            assert_eq!(found, expected, "{number:#x}");
        }
    }

    #[test]
    fn clones_are_allowed_without_new_namespaces() {
        let (allowed, refused) = (libc::SECCOMP_RET_ALLOW, libc::SECCOMP_RET_USER_NOTIF);
        for bit in (0..32).map(|shift| 1_u32 << shift) {
            let expected = if NAMESPACE_FLAGS & bit == 0 {
                allowed
            } else {
                refused
            };
            assert_eq!(answer_to("clone", 0, bit.into()), expected, "{bit:#x}");
        }
    }

    #[test]
    fn arguments_are_looked_at_as_the_kernel_takes_them() {
        let (allowed, refused) = (libc::SECCOMP_RET_ALLOW, libc::SECCOMP_RET_USER_NOTIF);
        let high = 1_u64 << 40;
        for family in 0..64 {
            let is_unix = family == libc::AF_UNIX as u64;
            let expected = if is_unix { allowed } else { refused };
            for name in ["socket", "socketpair"] {
                assert_eq!(answer_to(name, 0, family), expected, "{family}");
                assert_eq!(answer_to(name, 0, family | high), expected, "{family}");
            }
        }
        for command in 0..2048 {
            let expected = if FCNTL_ALLOWED.contains(&command) {
                allowed
            } else if FCNTL_REFUSED.contains(&command) {
                refused
            } else {
                ENOSYS
            };
            assert_eq!(answer_to("fcntl", 1, command as u64), expected, "{command}");
        }
        for (persona, expected) in [
            (0, allowed),
            (0xffff_ffff, allowed),
            (u64::MAX, allowed),
            (0x0040_0000, ENOSYS),
            (1, ENOSYS),
        ] {
            assert_eq!(answer_to("personality", 0, persona), expected);
        }
        let refused = libc::SECCOMP_RET_ERRNO | libc::EPERM as u32;
        for (process, expected) in [
            (0, allowed),
            (1, refused),
            (1 | high, refused),
            (2, allowed),
        ] {
            assert_eq!(answer_to("prlimit64", 0, process), expected, "{process}");
        }
    }

    #[test]
    fn only_boxes_with_a_network_have_its_sockets() {
        let number = resolve("socket").unwrap();
        for family in [libc::AF_INET, libc::AF_INET6] {
            let arguments = [family as u64, 0, 0, 0, 0, 0];
            let found = |network| answer(&built_in(&network), NATIVE, number, arguments);
            assert_eq!(found(Network::None), libc::SECCOMP_RET_USER_NOTIF);
            assert_eq!(found(Network::Loopback), libc::SECCOMP_RET_ALLOW);
        }
    }

    #[test]
    fn the_filter_is_short_for_it_is_compiled_for_every_box() {
        assert!(built_in(&Network::Loopback).len() <= 8 * 160);
    }
}
