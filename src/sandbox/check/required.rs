//! What boxes cannot do without, or only where the operator says so.

use super::super::ids::IdSource;
use super::{Finding, Host, Look, Rule, fail, pass, warn};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "privileges",
        required: true,
        look: Look::Ask(privileges),
        why: "Making a box takes root's rights, on the host or in a user namespace; the program in it \
              has none of them",
        remedy: "start it as root, in a container with the capabilities SYS_ADMIN, SETUID, SETGID, \
                 CHOWN and KILL; or let users make namespaces: sysctl user.max_user_namespaces=10000 \
                 and, where there are such, kernel.unprivileged_userns_clone=1 and \
                 kernel.apparmor_restrict_unprivileged_userns=0",
    },
    Rule {
        name: "user-ids",
        required: true,
        look: Look::Ask(user_ids),
        why: "Each box runs under host ids of its own, so that no two share a limit that the kernel \
              keeps for each user",
        remedy: "give the container at least 65536 user ids; for an ordinary user install the package \
                 uidmap, and run `usermod --add-subuids 100000-165535 --add-subgids 100000-165535` \
                 with the user's name",
    },
    Rule {
        name: "kernel",
        required: true,
        look: Look::Ask(kernel),
        why: "Boxes are mounted by descriptor and recursively read-only (Linux 5.12), and the peak \
              of their memory is read (5.19 with control groups v2); processes of a user are counted \
              for each user namespace (5.14, where it is not root who makes them)",
        remedy: "boot a newer kernel",
    },
    Rule {
        name: "cgroup",
        required: true,
        look: Look::Ask(cgroup),
        why: "Limits and figures of CPU time, memory and processes are those of a whole control group",
        remedy: "start it as root, as a systemd service with Delegate=yes, with `systemd-run --user \
                 --scope -p Delegate=yes`, or in a container with a writable control group of its own",
    },
    Rule {
        name: "namespaces",
        required: true,
        look: Look::Ask(namespaces),
        why: "A box has mounts, processes, users, network, messages, host name and groups of its own",
        remedy: "boot a kernel that has them all, and raise user.max_*_namespaces above 0",
    },
    Rule {
        name: "seccomp",
        required: true,
        look: Look::Ask(seccomp),
        why: "System calls that namespaces do not cover are refused by a filter and named in the report",
        remedy: "boot a kernel with CONFIG_SECCOMP_FILTER, 5.0 or newer",
    },
    Rule {
        name: "landlock",
        required: true,
        look: Look::Ask(landlock),
        why: "A second layer around files and sockets, should the first have a hole",
        remedy: "boot with landlock among the names in lsm=…; Linux 6.12 has all that is used of it",
    },
    Rule {
        name: "swap",
        required: true,
        look: Look::Ask(swap),
        why: "A program that is swapped out evades its memory limit, and swapping slows whoever waits",
        remedy: "swapoff -a, and no swap in /etc/fstab; or boot with swapaccount=1, so that boxes at \
                 least cannot use it",
    },
];

/// Capabilities by number and name.
const CAPABILITIES: [(u32, &str); 5] = [
    (0, "CHOWN"),
    (5, "KILL"),
    (6, "SETGID"),
    (7, "SETUID"),
    (21, "SYS_ADMIN"),
];

fn privileges(host: &dyn Host) -> Finding {
    if let Some(user) = host.ordinary_user() {
        return match &user.namespace {
            Ok(()) => pass(format!("user {}, who makes user namespaces", user.id)),
            Err(error) => fail(format!(
                "user {}, and {}",
                user.id,
                no_namespace(host, error)
            )),
        };
    }
    let status = host.text("/proc/self/status").unwrap_or_default();
    let held = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let held = u64::from_str_radix(held.unwrap_or_default().trim(), 16).unwrap_or(0);
    let missing: Vec<&str> = CAPABILITIES
        .iter()
        .filter(|(number, _)| held & (1 << number) == 0)
        .map(|(_, name)| *name)
        .collect();
    if missing.is_empty() {
        pass("root")
    } else {
        fail(format!("root without {}", missing.join(", ")))
    }
}

/// Settings of a kernel that keep ordinary users from making user namespaces, and at which number.
const HINDRANCES: [(&str, &str); 3] = [
    ("kernel/unprivileged_userns_clone", "0"),
    ("kernel/apparmor_restrict_unprivileged_userns", "1"),
    ("user/max_user_namespaces", "0"),
];

/// Why there is no user namespace: an error, and what is known to lead to it.
fn no_namespace(host: &dyn Host, error: &str) -> String {
    let is_set = |(file, number): &(&str, &str)| {
        let text = host.text(&format!("/proc/sys/{file}"));
        text.is_some_and(|text| text == *number)
    };
    let mut found = error.to_owned();
    for (file, number) in HINDRANCES.iter().filter(|hindrance| is_set(hindrance)) {
        found += &format!("; {} is {number}", file.replace('/', "."));
    }
    found
}

fn user_ids(host: &dyn Host) -> Finding {
    let Some(user) = host.ordinary_user() else {
        let map = host.text("/proc/self/uid_map").unwrap_or_default();
        return match super::super::ids::first_free(&map) {
            Some(first) => pass(format!("from {first} on")),
            None => fail(format!("too few: {map:?}")),
        };
    };
    match (&user.lent, user.source) {
        (_, IdSource::Own) => warn(format!("{} for all boxes, as the settings say", user.id)),
        (Ok(lent), _) => pass(lent),
        (Err(reason), IdSource::Auto) => warn(format!("{} for all boxes: {reason}", user.id)),
        (Err(reason), IdSource::Lent) => fail(reason),
    }
}

fn kernel(host: &dyn Host) -> Finding {
    let release = host.text("/proc/sys/kernel/osrelease").unwrap_or_default();
    let least = match (host.groups(), host.ordinary_user()) {
        (Ok(groups), _) if groups.version == "v2" => (5, 19),
        (_, Some(_)) => (5, 14),
        _ => (5, 12),
    };
    let mut numbers = release
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|number| number.parse::<u32>().ok());
    match (numbers.next(), numbers.next()) {
        (Some(major), Some(minor)) if (major, minor) >= least => pass(release),
        _ => fail(format!("{release}; {}.{} is needed here", least.0, least.1)),
    }
}

fn cgroup(host: &dyn Host) -> Finding {
    match host.groups() {
        Ok(groups) if !groups.keep_to_cpus => warn(format!(
            "{}, in {}, without cpuset: a program can leave the CPU of its box",
            groups.version, groups.parent
        )),
        Ok(groups) => pass(format!("{}, in {}", groups.version, groups.parent)),
        Err(reason) => fail(reason),
    }
}

/// Names of namespaces in /proc/self/ns and of their limits.
const NAMESPACES: [&str; 7] = ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"];

fn namespaces(host: &dyn Host) -> Finding {
    let present = host.names("/proc/self/ns");
    let is_missing = |name: &&str| !present.iter().any(|other| other == name);
    let is_forbidden = |name: &&str| {
        let limit = host.text(&format!("/proc/sys/user/max_{name}_namespaces"));
        limit.is_some_and(|limit| limit == "0")
    };
    let lacking: Vec<&str> = NAMESPACES
        .into_iter()
        .filter(|name| is_missing(name) || is_forbidden(name))
        .collect();
    if lacking.is_empty() {
        pass(NAMESPACES.join(", "))
    } else {
        fail(format!("without {}", lacking.join(", ")))
    }
}

fn seccomp(host: &dyn Host) -> Finding {
    let actions = host
        .text("/proc/sys/kernel/seccomp/actions_avail")
        .unwrap_or_default();
    let lacking: Vec<&str> = ["kill_process", "errno", "user_notif", "allow"]
        .into_iter()
        .filter(|action| !actions.split(' ').any(|other| other == *action))
        .collect();
    if lacking.is_empty() {
        pass(actions)
    } else {
        fail(format!("without {}", lacking.join(", ")))
    }
}

/// The version that knows scopes of abstract sockets and of signals.
const ABI_WITH_SCOPES: u32 = 6;

fn landlock(host: &dyn Host) -> Finding {
    match host.landlock_abi() {
        0 => fail("none"),
        abi if abi < ABI_WITH_SCOPES => warn(format!(
            "version {abi}: without the scopes of abstract sockets and signals"
        )),
        abi => pass(format!("version {abi}")),
    }
}

fn swap(host: &dyn Host) -> Finding {
    let table = host.text("/proc/swaps").unwrap_or_default();
    // The first line is a heading.
    if table.lines().count() <= 1 {
        return pass("off");
    }
    match host.groups() {
        Ok(groups) if groups.limit_swap => warn("on, though boxes cannot use it"),
        _ => fail("on, and its use cannot be limited"),
    }
}
