//! What makes a way out of a box harder to find or less useful: a box does not rely on any of it.

use super::{Finding, Host, Look, Rule, pass, warn};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "page-cache-writers",
        required: false,
        look: Look::Ask(page_cache_writers),
        why: "Copy Fail (CVE-2026-31431), Dirty Frag (CVE-2026-43284, -43500) and Fragnesia \
              (CVE-2026-46300) wrote to files that are only readable, through these modules. Boxes \
              cannot open their sockets; what else runs here can",
        remedy: "keep the kernel patched, and for each module a line `install NAME /bin/false` in \
                 /etc/modprobe.d/gavel.conf, then reboot",
    },
    Rule {
        name: "cpu-flaws",
        required: false,
        look: Look::Ask(cpu_flaws),
        why: "A program can read the memory of others through flaws of the CPU that nothing mitigates",
        remedy: "install the CPU's microcode, and do not boot with mitigations=off",
    },
    Rule {
        name: "core-pattern",
        required: false,
        look: Look::Ask(core_pattern),
        why: "The kernel starts the program behind the | as root of the host for crashes, whatever \
              limit of core files a crashing program set itself",
        remedy: "sysctl kernel.core_pattern=core; to keep it so, remove systemd-coredump or apport",
    },
    Rule {
        name: "terminal-injection",
        required: false,
        look: Look::Ask(terminal_injection),
        why: "TIOCSTI types into the terminal of whoever started a program. Boxes have no terminal",
        remedy: "sysctl dev.tty.legacy_tiocsti=0 (Linux 6.2)",
    },
    Rule {
        name: "io-uring",
        required: false,
        look: Look::AtLeast("/proc/sys/kernel/io_uring_disabled", 2),
        why: "Most of the kernel's flaws of recent years were found here. Boxes have none of it; what \
              else runs here has",
        remedy: "sysctl kernel.io_uring_disabled=2",
    },
    Rule {
        name: "aslr",
        required: false,
        look: Look::AtLeast("/proc/sys/kernel/randomize_va_space", 2),
        why: "Without random addresses a flaw in what serves the boxes is easier to use",
        remedy: "sysctl kernel.randomize_va_space=2",
    },
    Rule {
        name: "setuid-dumps",
        required: false,
        look: Look::Ask(setuid_dumps),
        why: "Dumps of programs with rights of their own hold what others must not read",
        remedy: "sysctl fs.suid_dumpable=0",
    },
    Rule {
        name: "protected-symlinks",
        required: false,
        look: Look::AtLeast("/proc/sys/fs/protected_symlinks", 1),
        why: "Others' links in /tmp lead programs of the host astray",
        remedy: "sysctl fs.protected_symlinks=1",
    },
    Rule {
        name: "protected-hardlinks",
        required: false,
        look: Look::AtLeast("/proc/sys/fs/protected_hardlinks", 1),
        why: "A second name keeps a flawed setuid program alive after its update",
        remedy: "sysctl fs.protected_hardlinks=1",
    },
    Rule {
        name: "protected-fifos",
        required: false,
        look: Look::AtLeast("/proc/sys/fs/protected_fifos", 1),
        why: "Others' pipes in /tmp receive what programs of the host take for a file",
        remedy: "sysctl fs.protected_fifos=2",
    },
    Rule {
        name: "protected-regular",
        required: false,
        look: Look::AtLeast("/proc/sys/fs/protected_regular", 1),
        why: "Others' files in /tmp receive what programs of the host take for their own file",
        remedy: "sysctl fs.protected_regular=2",
    },
    Rule {
        name: "kernel-pointers",
        required: false,
        look: Look::AtLeast("/proc/sys/kernel/kptr_restrict", 1),
        why: "Addresses of the kernel are half of an attack on it",
        remedy: "sysctl kernel.kptr_restrict=2",
    },
    Rule {
        name: "kernel-log",
        required: false,
        look: Look::AtLeast("/proc/sys/kernel/dmesg_restrict", 1),
        why: "The kernel's log tells addresses, and what other programs did",
        remedy: "sysctl kernel.dmesg_restrict=1",
    },
    Rule {
        name: "perf-events",
        required: false,
        look: Look::AtLeast("/proc/sys/kernel/perf_event_paranoid", 2),
        why: "Counters of the CPU tell what the kernel does. Boxes cannot open them",
        remedy: "sysctl kernel.perf_event_paranoid=3",
    },
    Rule {
        name: "unprivileged-bpf",
        required: false,
        look: Look::AtLeast("/proc/sys/kernel/unprivileged_bpf_disabled", 1),
        why: "The verifier of bpf programs had many flaws. Boxes cannot load any",
        remedy: "sysctl kernel.unprivileged_bpf_disabled=1",
    },
    Rule {
        name: "userfaultfd",
        required: false,
        look: Look::Ask(userfaultfd),
        why: "A program that handles faults of the kernel's own accesses wins every race in it",
        remedy: "sysctl vm.unprivileged_userfaultfd=0",
    },
    Rule {
        name: "ptrace-scope",
        required: false,
        look: Look::AtLeast("/proc/sys/kernel/yama/ptrace_scope", 1),
        why: "One broken program of the host can take over the others of its user",
        remedy: "sysctl kernel.yama.ptrace_scope=1",
    },
    Rule {
        name: "lowest-address",
        required: false,
        look: Look::AtLeast("/proc/sys/vm/mmap_min_addr", 4096),
        why: "Where address 0 can be mapped, a null pointer in the kernel is a way in",
        remedy: "sysctl vm.mmap_min_addr=65536",
    },
];

/// The modules through which files that are only readable were written.
const WRITERS: [&str; 5] = ["af_alg", "algif_aead", "esp4", "esp6", "rxrpc"];

/// Socket families that show a module even where the kernel tells nothing of its modules.
const FAMILIES: [(&str, &str); 2] = [("af_alg", "ALG"), ("rxrpc", "RXRPC")];

fn page_cache_writers(host: &dyn Host) -> Finding {
    let release = host.text("/proc/sys/kernel/osrelease").unwrap_or_default();
    let list = |name: &str| host.text(&format!("/lib/modules/{release}/{name}"));
    let loaded = host.text("/proc/modules").unwrap_or_default();
    let built_in = list("modules.builtin").unwrap_or_default();
    let loadable = list("modules.dep").unwrap_or_default();
    let is_sealed = host.text("/proc/sys/kernel/modules_disabled").as_deref() == Some("1");
    let forbidden = forbidden_modules(host);
    let families = host.text("/proc/net/protocols").unwrap_or_default();
    let is_reachable = |module: &&str| {
        let file = format!("/{module}.ko");
        let can_load = loadable.contains(&file)
            && !is_sealed
            && !forbidden.iter().any(|other| other == module);
        let is_loaded = loaded
            .lines()
            .any(|line| line.split(' ').next() == Some(module));
        let is_open = FAMILIES.iter().any(|(of, family)| {
            of == module
                && families
                    .lines()
                    .any(|line| line.split(' ').next() == Some(family))
        });
        is_loaded || is_open || built_in.contains(&file) || can_load
    };
    let reachable: Vec<&str> = WRITERS.into_iter().filter(is_reachable).collect();
    if !reachable.is_empty() {
        return warn(format!(
            "{release} has or can load {}",
            reachable.join(", ")
        ));
    }
    pass(format!("{release} shows none of {}", WRITERS.join(", ")))
}

/// Modules that modprobe is told to do something else for.
fn forbidden_modules(host: &dyn Host) -> Vec<String> {
    let directories = ["/etc/modprobe.d", "/run/modprobe.d", "/usr/lib/modprobe.d"];
    let files = directories.into_iter().flat_map(|directory| {
        let names = host.names(directory).into_iter();
        names.map(move |name| format!("{directory}/{name}"))
    });
    let mut forbidden = Vec::new();
    for text in files.filter_map(|path| host.text(&path)) {
        for line in text.lines() {
            let mut words = line.split_whitespace();
            let (command, module, replacement) = (words.next(), words.next(), words.next());
            let is_nothing =
                replacement.is_some_and(|path| path.ends_with("/false") || path.ends_with("/true"));
            if let (Some("install"), Some(module), true) = (command, module, is_nothing) {
                forbidden.push(module.replace('-', "_"));
            }
        }
    }
    forbidden
}

fn cpu_flaws(host: &dyn Host) -> Finding {
    const DIRECTORY: &str = "/sys/devices/system/cpu/vulnerabilities";
    let open: Vec<String> = host
        .names(DIRECTORY)
        .into_iter()
        .filter(|flaw| {
            let state = host.text(&format!("{DIRECTORY}/{flaw}"));
            state.is_some_and(|state| state.starts_with("Vulnerable"))
        })
        .collect();
    if open.is_empty() {
        pass("none open that the kernel knows")
    } else {
        warn(format!("open: {}", open.join(", ")))
    }
}

fn core_pattern(host: &dyn Host) -> Finding {
    match host.text("/proc/sys/kernel/core_pattern") {
        Some(pattern) if pattern.starts_with('|') => warn(pattern),
        Some(pattern) => pass(pattern),
        None => pass("not in this kernel"),
    }
}

fn terminal_injection(host: &dyn Host) -> Finding {
    match host.text("/proc/sys/dev/tty/legacy_tiocsti").as_deref() {
        Some("0") => pass("off"),
        Some(_) => warn("on"),
        None => warn("on: this kernel cannot switch it off"),
    }
}

fn setuid_dumps(host: &dyn Host) -> Finding {
    match host.text("/proc/sys/fs/suid_dumpable").as_deref() {
        None | Some("0") => pass("off"),
        // Readable by root only.
        Some("2") => pass("for root only"),
        Some(_) => warn("on"),
    }
}

fn userfaultfd(host: &dyn Host) -> Finding {
    match host
        .text("/proc/sys/vm/unprivileged_userfaultfd")
        .as_deref()
    {
        None => pass("not in this kernel"),
        Some("0") => pass("for root only"),
        Some(_) => warn("for everybody"),
    }
}
