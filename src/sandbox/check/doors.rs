//! The doors that known ways out of a box went through, tried from inside of one: sockets of odd families, user
//! namespaces, mounts, io_uring and the like. Only whether a door is shut is found out: nothing is exploited.

use std::ffi::{CStr, c_long};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};

use super::super::container::Container;
use super::super::function::Function;
use super::super::host::SandboxConfig;
use super::super::outcome::{Exit, Outcome, Report, SandboxError, SetUpStep};
use super::super::sys::{self, Argument};
use super::{HostCheck, LIMITS, Status, run_in_box};

/// What `main` must be able to become, so that doors can be tried.
pub const DOORS: Function = Function {
    name: "doors",
    body: tell,
};

/// A door, and how it is tried.
struct Door {
    name: &'static str,
    attempt: Attempt,
    why: &'static str,
}

enum Attempt {
    Call(c_long, &'static [Argument]),
    Read(&'static str),
    Write(&'static str),
    /// A line of /proc/self/status that must be so.
    Status(&'static str, &'static str),
}

use Argument::{Number, Text, Zeros};
use Attempt::{Call, Read, Status as Line, Write as Overwrite};

const fn door(name: &'static str, attempt: Attempt, why: &'static str) -> Door {
    Door { name, attempt, why }
}

const fn socket(family: &'static [Argument]) -> Attempt {
    Call(libc::SYS_socket, family)
}

const OVERLAY: &CStr = c"overlay";
const ZEROS: &str = "0000000000000000";

const TABLE: &[Door] = &[
    door(
        "door:crypto-sockets",
        socket(&[Number(38), Number(5)]),
        "AF_ALG: Copy Fail, CVE-2026-31431",
    ),
    door(
        "door:rxrpc-sockets",
        socket(&[Number(33), Number(2)]),
        "AF_RXRPC: Dirty Frag, CVE-2026-43500",
    ),
    door(
        "door:packet-filter",
        socket(&[Number(16), Number(3), Number(12)]),
        "netlink to nf_tables: CVE-2024-1086",
    ),
    door(
        "door:packet-sockets",
        socket(&[Number(17), Number(3)]),
        "AF_PACKET: CVE-2016-8655",
    ),
    door(
        "door:vsock-sockets",
        socket(&[Number(40), Number(1)]),
        "AF_VSOCK reaches the hypervisor and other boxes",
    ),
    door(
        "door:tipc-sockets",
        socket(&[Number(30), Number(2)]),
        "AF_TIPC: CVE-2021-43267",
    ),
    door(
        "door:internet-sockets",
        socket(&[Number(2), Number(1)]),
        "the network",
    ),
    door(
        "door:user-namespace",
        Call(libc::SYS_unshare, &[Number(0x1000_0000)]),
        "CVE-2022-0185 and most others begin with one",
    ),
    door(
        "door:network-namespace",
        Call(libc::SYS_unshare, &[Number(0x4000_0000)]),
        "all of the network's code with the rights of its administrator",
    ),
    door(
        "door:enter-namespace",
        Call(libc::SYS_setns, &[Number(0), Number(0)]),
        "namespaces of others",
    ),
    door(
        "door:mount-overlay",
        Call(
            libc::SYS_mount,
            &[Text(OVERLAY), Text(c"/tmp"), Text(OVERLAY)],
        ),
        "overlayfs: CVE-2021-3493, CVE-2023-0386",
    ),
    door(
        "door:open-overlay",
        Call(libc::SYS_fsopen, &[Text(OVERLAY)]),
        "the same through the new calls, and CVE-2022-0185",
    ),
    door(
        "door:io-uring",
        Call(libc::SYS_io_uring_setup, &[Number(8), Zeros]),
        "goes around filters of system calls, and most flaws of recent years",
    ),
    door(
        "door:bpf",
        Call(libc::SYS_bpf, &[Number(0), Zeros, Number(128)]),
        "the verifier of bpf programs",
    ),
    door(
        "door:perf-events",
        Call(
            libc::SYS_perf_event_open,
            &[Zeros, Number(0), Number(-1), Number(-1)],
        ),
        "CVE-2013-2094 and others; and what the kernel does",
    ),
    door(
        "door:userfaultfd",
        Call(libc::SYS_userfaultfd, &[Number(1)]),
        "wins every race in the kernel",
    ),
    door(
        "door:keyrings",
        Call(libc::SYS_keyctl, &[Number(0), Number(-3), Number(1)]),
        "CVE-2016-0728; a way around Landlock (CVE-2024-42318), and to other boxes",
    ),
    door(
        "door:tracing",
        Call(libc::SYS_ptrace, &[Number(16), Number(1)]),
        "process 1 of the box",
    ),
    door(
        "door:memory-of-others",
        Call(
            libc::SYS_process_vm_readv,
            &[Number(1), Zeros, Number(1), Zeros, Number(1)],
        ),
        "the memory of process 1 of the box",
    ),
    door(
        "door:files-by-handle",
        Call(libc::SYS_open_by_handle_at, &[Number(0), Zeros]),
        "goes around the root (Shocker)",
    ),
    door(
        "door:load-module",
        Call(libc::SYS_finit_module, &[Number(0), Text(c"")]),
        "code into the kernel",
    ),
    door(
        "door:load-kernel",
        Call(libc::SYS_kexec_load, &[]),
        "another kernel",
    ),
    door(
        "door:own-addresses",
        Call(libc::SYS_personality, &[Number(0x004_0000)]),
        "no random addresses",
    ),
    door(
        "door:set-clock",
        Call(libc::SYS_clock_settime, &[Number(0), Zeros]),
        "the clock of the host",
    ),
    door("door:passwords", Read("/etc/shadow"), "files of the host"),
    door(
        "door:groups",
        Read("/sys/fs/cgroup"),
        "its own limits; release_agent, CVE-2022-0492",
    ),
    door(
        "door:kernel-memory",
        Read("/proc/kcore"),
        "the memory of the kernel",
    ),
    door(
        "door:kernel-symbols",
        Read("/proc/kallsyms"),
        "addresses of the kernel",
    ),
    door(
        "door:core-pattern",
        Overwrite("/proc/sys/kernel/core_pattern"),
        "a program of its choice as root of the host: CVE-2025-31133",
    ),
    door("door:kernel-log", Read("/dev/kmsg"), "what others did"),
    door(
        "door:terminal",
        Overwrite("/dev/tty"),
        "types into it: CVE-2017-5226",
    ),
    door(
        "door:virtual-machines",
        Overwrite("/dev/kvm"),
        "flaws of KVM",
    ),
    door(
        "door:binary",
        Overwrite("/proc/self/exe"),
        "Gavel's own program: CVE-2019-5736",
    ),
    door(
        "door:new-privileges",
        Line("NoNewPrivs", "1"),
        "set-user-id programs",
    ),
    door(
        "door:filter",
        Line("Seccomp", "2"),
        "the filter of system calls",
    ),
    door("door:capabilities", Line("CapEff", ZEROS), "rights of root"),
    door(
        "door:bounding-set",
        Line("CapBnd", ZEROS),
        "rights of root by way of files",
    ),
];

impl Attempt {
    /// Whether the door is shut, and how that is known.
    fn make(&self) -> (bool, String) {
        let result = match self {
            Call(number, arguments) => sys::try_call(*number, arguments).map(drop),
            Read(path) => fs::symlink_metadata(path)
                .and_then(|_| OpenOptions::new().read(true).open(path))
                .map(drop),
            Overwrite(path) => OpenOptions::new().write(true).open(path).map(drop),
            Line(key, wanted) => return line_is(key, wanted),
        };
        // Any other error came from further inside: the door is open.
        const SHUT: [i32; 6] = [
            libc::EPERM,
            libc::EACCES,
            libc::ENOSYS,
            libc::EAFNOSUPPORT,
            libc::ENOENT,
            libc::EROFS,
        ];
        match result {
            Ok(()) => (false, "it succeeded".to_owned()),
            Err(error) => {
                let is_shut = error
                    .raw_os_error()
                    .is_some_and(|errno| SHUT.contains(&errno));
                (is_shut, error.to_string())
            }
        }
    }
}

fn line_is(key: &str, wanted: &str) -> (bool, String) {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut lines = status.lines().filter_map(|line| line.split_once(":\t"));
    let found = lines.find(|(name, _)| *name == key);
    let found = found.map_or("not told", |(_, value)| value);
    (found == wanted, format!("{key} is {found}"))
}

const SHUT: &str = "shut";
const OPEN: &str = "open";

/// Tries every door, inside of a box, and tells each by a line.
fn tell() -> u8 {
    let mut out = io::stdout().lock();
    for Door { name, attempt, .. } in TABLE {
        let (is_shut, found) = attempt.make();
        let word = if is_shut { SHUT } else { OPEN };
        if writeln!(out, "{name}\t{word}\t{found}").is_err() {
            return 1;
        }
    }
    0
}

/// Tries, from inside of a real box, the doors that known ways out went through. Each that is open is a failure.
pub fn check_doors(config: &SandboxConfig) -> Vec<HostCheck> {
    let told = match try_doors(config) {
        Ok(report) if report.outcome == Outcome::Ended(Exit::Code(0)) => {
            String::from_utf8_lossy(&report.stdout.bytes).into_owned()
        }
        Ok(report) => format!("\n{:?}", report.outcome),
        Err(error) => format!("\n{error}"),
    };
    TABLE.iter().map(|door| judged(door, &told)).collect()
}

fn judged(door: &Door, told: &str) -> HostCheck {
    let mut lines = told.lines().filter_map(|line| line.split_once('\t'));
    let line = lines.find(|(name, _)| *name == door.name);
    let (status, found) = match line.and_then(|(_, rest)| rest.split_once('\t')) {
        Some((SHUT, found)) => (Status::Pass, format!("{SHUT}: {found}")),
        Some((word, found)) => (Status::Fail, format!("{word}: {found}")),
        None => (Status::Fail, format!("not tried: {}", told.trim())),
    };
    HostCheck {
        name: door.name,
        status,
        found,
        why: door.why,
        remedy: "run no strangers' programs here, and report it with the version of the kernel",
        required: true,
    }
}

fn try_doors(config: &SandboxConfig) -> Result<Report, SandboxError> {
    let launcher = &config.launcher;
    let binary = fs::canonicalize(launcher).set_up("find", launcher.to_string_lossy())?;
    let container = DOORS.container(&binary, &Container::host_toolchains());
    run_in_box(config, &container, &DOORS.command(LIMITS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_door_is_shut_only_where_the_box_said_so() {
        let door = &TABLE[0];
        for (told, status) in [
            ("door:crypto-sockets\tshut\tdenied\n", Status::Pass),
            (
                "other\tshut\tx\ndoor:crypto-sockets\topen\tsucceeded\n",
                Status::Fail,
            ),
            ("door:crypto-sockets\tshut", Status::Fail),
            ("crypto\tshut\tx", Status::Fail),
            ("", Status::Fail),
        ] {
            assert_eq!(judged(door, told).status, status, "{told:?}");
        }
    }

    #[test]
    fn outside_of_a_box_doors_are_open() {
        // The same attempts tell an open door from one that is shut.
        assert!(!Read("/proc/self/status").make().0);
        assert!(!Overwrite("/dev/null").make().0);
        assert!(!Call(libc::SYS_socket, &[Number(1), Number(1)]).make().0);
        assert!(!Call(libc::SYS_socket, &[Number(1), Number(99)]).make().0);
        assert!(Call(libc::SYS_socket, &[Number(63), Number(1)]).make().0);
        assert!(Read("/nowhere").make().0);
        assert!(!line_is("Seccomp", "2").0);
    }

    #[test]
    fn names_are_used_once() {
        let names: std::collections::BTreeSet<_> = TABLE.iter().map(|door| door.name).collect();
        assert_eq!(names.len(), TABLE.len());
    }
}
