//! The built-in filter, run as the kernel runs it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::*;

#[test]
fn no_call_is_both_allowed_and_not() {
    let refused = REFUSED.iter().chain(REPLACED).map(|(name, _)| name);
    for name in refused.chain(WITHOUT_EFFECT) {
        assert!(!ALLOWED.contains(name), "{name}");
    }
}

#[test]
fn every_listed_name_is_known_to_libseccomp() {
    let refused = REFUSED.iter().chain(REPLACED).map(|(name, _)| name);
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

const BOTH: [Architecture; 2] = [Architecture::X86_64, Architecture::AARCH64];
const ENOSYS: u32 = libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32;
const EINVAL: u32 = libc::SECCOMP_RET_ERRNO | libc::EINVAL as u32;
const KILL: u32 = libc::SECCOMP_RET_KILL_PROCESS;

/// What a call with one argument is answered on an architecture.
fn answer_to(architecture: Architecture, name: &str, argument: usize, value: u64) -> u32 {
    let mut arguments = [0; 6];
    arguments[argument] = value;
    let program = built_in(architecture, &Network::None);
    let number = resolve(architecture, name).unwrap();
    answer(&program, architecture.code, number, arguments)
}

/// Calls that are answered by their arguments.
const BY_ARGUMENT: [&str; 6] = [
    "clone",
    "socket",
    "socketpair",
    "fcntl",
    "personality",
    "prlimit64",
];

/// The name of a number; `None` where libseccomp does not know it.
fn name_of(architecture: Architecture, number: u32) -> Option<String> {
    let call = ScmpSyscall::from(number as i32);
    call.get_name_by_arch(architecture.names).ok()
}

#[test]
fn every_number_gets_the_answer_of_its_list() {
    for architecture in BOTH {
        let program = built_in(architecture, &Network::None);
        for number in (0..2000).chain([0x3fff_ffff, u32::MAX]) {
            let name = name_of(architecture, number).unwrap_or_default();
            let name = name.as_str();
            if BY_ARGUMENT.contains(&name) {
                continue;
            }
            let expected = if ALLOWED.contains(&name) {
                libc::SECCOMP_RET_ALLOW
            } else if REFUSED.iter().any(|(refused, _)| *refused == name) {
                libc::SECCOMP_RET_USER_NOTIF
            } else if WITHOUT_EFFECT.contains(&name) {
                libc::SECCOMP_RET_ERRNO
            } else if REPLACED.iter().any(|(replaced, _)| *replaced == name) {
                EINVAL
            } else {
                ENOSYS
            };
            let found = answer(&program, architecture.code, number, [0; 6]);
            assert_eq!(found, expected, "{name} of {architecture:?}");
        }
    }
}

/// A line for each call that is not unknown, with all arguments zero.
fn map(architecture: Architecture) -> String {
    let program = built_in(architecture, &Network::None);
    let mut map =
        "What src/sandbox/seccomp/tests.rs expects; every other number is ENOSYS.\n".to_owned();
    for number in 0..2000 {
        let answer = match answer(&program, architecture.code, number, [0; 6]) {
            ENOSYS => continue,
            libc::SECCOMP_RET_ALLOW => "the kernel answers",
            libc::SECCOMP_RET_USER_NOTIF => "refused and reported",
            libc::SECCOMP_RET_ERRNO => "succeeds and does nothing",
            EINVAL => "EINVAL",
            other => unreachable!("{number}: {other:#x}"),
        };
        let name = name_of(architecture, number).unwrap();
        writeln!(map, "{number} {name}: {answer}").unwrap();
    }
    map
}

/// KRN-11 for an architecture that these tests may not run on: the program is the same whoever makes it. Where a
/// change is meant, `GAVEL_UPDATE_GOLDEN=1` writes what is.
#[test]
fn every_call_of_aarch64_is_answered_as_it_was_looked_at() {
    let found = map(Architecture::AARCH64);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sandbox/calls-aarch64.golden");
    if std::env::var_os("GAVEL_UPDATE_GOLDEN").is_some() {
        fs::write(&path, &found).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap();
    let differences: Vec<&str> = expected
        .lines()
        .filter(|line| !found.lines().any(|found| found == *line))
        .chain(
            found
                .lines()
                .filter(|line| !expected.lines().any(|known| known == *line)),
        )
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// The kernel's own numbers, not those of libseccomp.
#[test]
fn the_calls_that_matter_most_have_their_numbers_of_aarch64() {
    let program = built_in(Architecture::AARCH64, &Network::None);
    let (allowed, refused) = (libc::SECCOMP_RET_ALLOW, libc::SECCOMP_RET_USER_NOTIF);
    let numbers = BTreeMap::from([
        (56, ("openat", allowed)),
        (221, ("execve", allowed)),
        (220, ("clone", allowed)),
        (222, ("mmap", allowed)),
        (435, ("clone3", ENOSYS)),
        (425, ("io_uring_setup", ENOSYS)),
        (117, ("ptrace", refused)),
        (97, ("unshare", refused)),
        (268, ("setns", refused)),
        (40, ("mount", refused)),
        (219, ("keyctl", refused)),
        (280, ("bpf", refused)),
        (241, ("perf_event_open", refused)),
        (282, ("userfaultfd", refused)),
        (32, ("flock", refused)),
    ]);
    for (number, (name, expected)) in numbers {
        let found = answer(&program, Architecture::AARCH64.code, number, [0; 6]);
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn calls_of_other_architectures_are_killed() {
    const OF_32_BITS: u32 = 0x4000_0003;
    for native in BOTH {
        let program = built_in(native, &Network::None);
        let others = BOTH.map(|architecture| architecture.code);
        let others = others.into_iter().chain([OF_32_BITS, native.code ^ 1, 0]);
        for code in others.filter(|code| *code != native.code) {
            assert_eq!(answer(&program, code, 1, [0; 6]), KILL, "{code:#x}");
        }
        for number in [0x4000_0000, 0x4000_0001, u32::MAX - 1] {
            let found = answer(&program, native.code, number, [0; 6]);
            let expected = if native.has_x32 { KILL } else { ENOSYS };
            assert_eq!(found, expected, "{number:#x}");
        }
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
        for architecture in BOTH {
            let found = answer_to(architecture, "clone", 0, bit.into());
            assert_eq!(found, expected, "{bit:#x} of {architecture:?}");
        }
    }
}

#[test]
fn arguments_are_looked_at_as_the_kernel_takes_them() {
    BOTH.into_iter().for_each(looks_at_arguments);
}

fn looks_at_arguments(architecture: Architecture) {
    let answer_to = |name, argument, value| answer_to(architecture, name, argument, value);
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
    let native = Architecture::NATIVE;
    let number = resolve(native, "socket").unwrap();
    for family in [libc::AF_INET, libc::AF_INET6] {
        let arguments = [family as u64, 0, 0, 0, 0, 0];
        let found = |network| answer(&built_in(native, &network), native.code, number, arguments);
        assert_eq!(found(Network::None), libc::SECCOMP_RET_USER_NOTIF);
        assert_eq!(found(Network::Loopback), libc::SECCOMP_RET_ALLOW);
    }
}

#[test]
fn the_filter_is_short_for_it_is_compiled_for_every_box() {
    for architecture in BOTH {
        assert!(built_in(architecture, &Network::Loopback).len() <= 8 * 160);
    }
}
