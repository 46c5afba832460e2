//! Hosts that do not exist, judged.

use std::collections::BTreeMap;

use super::*;

/// A host made of files.
struct MadeUp {
    files: BTreeMap<String, String>,
    landlock_abi: u32,
    ordinary_user: Option<OrdinaryUser>,
    /// The errno of counting instructions.
    counting: Option<i32>,
    groups: Result<Groups, String>,
}

impl Host for MadeUp {
    fn text(&self, path: &str) -> Option<String> {
        self.files.get(path).cloned()
    }

    fn names(&self, directory: &str) -> Vec<String> {
        let prefix = format!("{directory}/");
        let below = self
            .files
            .keys()
            .filter_map(|path| path.strip_prefix(&prefix));
        let mut names: Vec<String> = below
            .filter_map(|path| path.split('/').next().map(str::to_owned))
            .collect();
        names.dedup();
        names
    }

    fn landlock_abi(&self) -> u32 {
        self.landlock_abi
    }

    fn ordinary_user(&self) -> Option<&OrdinaryUser> {
        self.ordinary_user.as_ref()
    }

    fn instruction_counters(&self) -> io::Result<()> {
        match self.counting {
            None => Ok(()),
            Some(errno) => Err(io::Error::from_raw_os_error(errno)),
        }
    }

    fn groups(&self) -> Result<&Groups, &str> {
        self.groups.as_ref().map_err(String::as_str)
    }
}

const GOOD: &[(&str, &str)] = &[
    (
        "/proc/self/status",
        "Name:\tgavel\nUid:\t0\t0\t0\t0\nCapEff:\t000001ffffffffff",
    ),
    ("/proc/self/uid_map", "0 0 4294967295"),
    ("/proc/sys/kernel/osrelease", "6.12.90-cloud-amd64"),
    ("/proc/self/ns/cgroup", ""),
    ("/proc/self/ns/ipc", ""),
    ("/proc/self/ns/mnt", ""),
    ("/proc/self/ns/net", ""),
    ("/proc/self/ns/pid", ""),
    ("/proc/self/ns/user", ""),
    ("/proc/self/ns/uts", ""),
    ("/proc/sys/user/max_user_namespaces", "7000"),
    (
        "/proc/sys/kernel/seccomp/actions_avail",
        "kill_process kill_thread trap errno user_notif trace log allow",
    ),
    ("/proc/swaps", "Filename Type Size Used Priority"),
    (
        "/sys/kernel/mm/transparent_hugepage/enabled",
        "always [madvise] never",
    ),
    (
        "/proc/pressure/cpu",
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=7",
    ),
    ("/sys/devices/system/cpu/online", "0-3"),
    (
        "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor",
        "performance",
    ),
    ("/sys/devices/system/cpu/intel_pstate/no_turbo", "1"),
    ("/sys/devices/system/cpu/smt/active", "0"),
    (
        "/sys/devices/system/cpu/vulnerabilities/meltdown",
        "Not affected",
    ),
    ("/proc/sys/kernel/core_pattern", "core"),
    ("/proc/sys/dev/tty/legacy_tiocsti", "0"),
    ("/proc/sys/kernel/io_uring_disabled", "2"),
    ("/proc/sys/kernel/randomize_va_space", "2"),
    ("/proc/sys/fs/protected_symlinks", "1"),
];

fn host(changes: &[(&str, &str)]) -> MadeUp {
    let files = GOOD.iter().chain(changes);
    MadeUp {
        files: files
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
            .collect(),
        landlock_abi: 6,
        ordinary_user: None,
        counting: None,
        groups: Ok(Groups {
            version: "v2",
            parent: "/sys/fs/cgroup/gavel".to_owned(),
            limit_swap: true,
            keep_to_cpus: true,
        }),
    }
}

fn check(host: &MadeUp, name: &str) -> HostCheck {
    let checks = all(host, &BTreeSet::new());
    checks.into_iter().find(|check| check.name == name).unwrap()
}

fn status(changes: &[(&str, &str)], name: &str) -> Status {
    check(&host(changes), name).status
}

#[test]
fn a_well_prepared_host_passes_every_check() {
    for check in all(&host(&[]), &BTreeSet::new()) {
        assert_eq!(check.status, Status::Pass, "{check:?}");
    }
}

const SWAPPING: &str = "Filename Type\n/dev/sda2 partition";

/// What each check sees in a host that is good but for one file.
const FLAWS: &[(&str, Status, &str, &str)] = &[
    (
        "user-ids",
        Status::Fail,
        "/proc/self/uid_map",
        "0 100000 1000",
    ),
    (
        "kernel",
        Status::Fail,
        "/proc/sys/kernel/osrelease",
        "5.18.0-1",
    ),
    (
        "namespaces",
        Status::Fail,
        "/proc/sys/user/max_user_namespaces",
        "0",
    ),
    (
        "seccomp",
        Status::Fail,
        "/proc/sys/kernel/seccomp/actions_avail",
        "errno allow",
    ),
    ("swap", Status::Warn, "/proc/swaps", SWAPPING),
    (
        "huge-pages",
        Status::Warn,
        "/sys/kernel/mm/transparent_hugepage/enabled",
        "[always] madvise never",
    ),
    (
        "turbo",
        Status::Warn,
        "/sys/devices/system/cpu/intel_pstate/no_turbo",
        "0",
    ),
    (
        "smt",
        Status::Warn,
        "/sys/devices/system/cpu/smt/active",
        "1",
    ),
    (
        "cpus-online",
        Status::Warn,
        "/sys/devices/system/cpu/online",
        "0",
    ),
    ("noise-gauge", Status::Warn, "/proc/pressure/cpu", ""),
    (
        "clock-source",
        Status::Warn,
        "/sys/devices/system/clocksource/clocksource0/current_clocksource",
        "hpet",
    ),
    (
        "cpu-governor",
        Status::Warn,
        "/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor",
        "powersave",
    ),
    (
        "cpu-flaws",
        Status::Warn,
        "/sys/devices/system/cpu/vulnerabilities/mds",
        "Vulnerable: Clear CPU buffers attempted, no microcode",
    ),
    (
        "core-pattern",
        Status::Warn,
        "/proc/sys/kernel/core_pattern",
        "|/usr/lib/x %P",
    ),
    (
        "terminal-injection",
        Status::Warn,
        "/proc/sys/dev/tty/legacy_tiocsti",
        "1",
    ),
    (
        "io-uring",
        Status::Warn,
        "/proc/sys/kernel/io_uring_disabled",
        "1",
    ),
    (
        "aslr",
        Status::Warn,
        "/proc/sys/kernel/randomize_va_space",
        "1",
    ),
    (
        "protected-symlinks",
        Status::Warn,
        "/proc/sys/fs/protected_symlinks",
        "0",
    ),
    (
        "page-cache-writers",
        Status::Warn,
        "/proc/modules",
        "rxrpc 1 0 - Live 0x0",
    ),
];

#[test]
fn each_flaw_is_seen_by_its_check_and_by_no_other() {
    for &(name, expected, path, text) in FLAWS {
        for check in all(&host(&[(path, text)]), &BTreeSet::new()) {
            let expected = if check.name == name {
                expected
            } else {
                Status::Pass
            };
            assert_eq!(check.status, expected, "{path}: {check:?}");
        }
    }
}

#[test]
fn counters_that_are_missing_and_those_that_are_forbidden_are_told_apart() {
    let mut lacking = host(&[("/proc/sys/kernel/perf_event_paranoid", "3")]);
    for (errno, found) in [
        (libc::ENOENT, "the processor shows no counters"),
        (libc::EACCES, "forbidden; kernel.perf_event_paranoid is 3"),
    ] {
        lacking.counting = Some(errno);
        let check = check(&lacking, "instruction-counters");
        assert_eq!((check.status, &*check.found), (Status::Warn, found));
    }
}

#[test]
fn root_without_a_capability_names_it() {
    // All but CAP_SYS_ADMIN.
    let status = "Uid:\t0\t0\t0\t0\nCapEff:\t000001ffffdfffff";
    let check = check(&host(&[("/proc/self/status", status)]), "privileges");
    assert_eq!(check.found, "root without SYS_ADMIN");
}

fn of_ordinary_user(user: OrdinaryUser) -> MadeUp {
    MadeUp {
        ordinary_user: Some(user),
        ..host(&[("/proc/sys/kernel/unprivileged_userns_clone", "0")])
    }
}

#[test]
fn an_ordinary_user_needs_a_namespace_and_is_told_what_is_in_the_way() {
    let user = OrdinaryUser {
        id: 1000,
        namespace: Ok(()),
        lent: Ok("some".to_owned()),
        source: IdSource::Auto,
    };
    for check in all(&of_ordinary_user(user.clone()), &BTreeSet::new()) {
        assert_eq!(check.status, Status::Pass, "{check:?}");
    }
    let namespace = Err("cannot enter a user namespace".to_owned());
    let check = check(
        &of_ordinary_user(OrdinaryUser { namespace, ..user }),
        "privileges",
    );
    assert!(check.refuses());
    let expected =
        "user 1000, and cannot enter a user namespace; kernel.unprivileged_userns_clone is 0";
    assert_eq!(check.found, expected);
}

#[test]
fn lent_ids_are_required_only_where_they_are_asked_for() {
    let status = |source, lent: Result<&str, &str>| {
        let user = OrdinaryUser {
            id: 1000,
            namespace: Ok(()),
            lent: lent.map(str::to_owned).map_err(str::to_owned),
            source,
        };
        check(&of_ordinary_user(user), "user-ids").status
    };
    assert_eq!(status(IdSource::Auto, Ok("some")), Status::Pass);
    assert_eq!(status(IdSource::Auto, Err("none")), Status::Warn);
    assert_eq!(status(IdSource::Own, Ok("some")), Status::Warn);
    assert_eq!(status(IdSource::Lent, Ok("some")), Status::Pass);
    assert_eq!(status(IdSource::Lent, Err("none")), Status::Fail);
}

#[test]
fn groups_that_leave_programs_their_choice_of_cpus_are_a_warning() {
    let mut loose = host(&[]);
    if let Ok(groups) = &mut loose.groups {
        groups.keep_to_cpus = false;
    }
    assert_eq!(check(&loose, "cgroup").status, Status::Warn);
}

#[test]
fn an_older_kernel_does_with_control_groups_v1() {
    let mut older = host(&[("/proc/sys/kernel/osrelease", "5.12.0")]);
    assert_eq!(check(&older, "kernel").status, Status::Fail);
    if let Ok(groups) = &mut older.groups {
        groups.version = "v1";
    }
    assert_eq!(check(&older, "kernel").status, Status::Pass);
    assert_eq!(
        status(&[("/proc/sys/kernel/osrelease", "5.11.99")], "kernel"),
        Status::Fail
    );
}

#[test]
fn swap_that_cannot_be_limited_is_refused() {
    let mut swapping = host(&[("/proc/swaps", SWAPPING)]);
    if let Ok(groups) = &mut swapping.groups {
        groups.limit_swap = false;
    }
    assert!(check(&swapping, "swap").refuses());
}

#[test]
fn a_module_that_could_be_loaded_counts_unless_modprobe_is_told_otherwise() {
    let can_load = (
        "/lib/modules/6.12.90-cloud-amd64/modules.dep",
        "kernel/net/ipv4/esp4.ko.xz:\nkernel/crypto/algif_aead.ko:",
    );
    let found = check(&host(&[can_load]), "page-cache-writers").found;
    assert_eq!(
        found,
        "6.12.90-cloud-amd64 has or can load algif_aead, esp4"
    );
    let told = (
        "/etc/modprobe.d/gavel.conf",
        "install algif-aead /bin/false\ninstall esp4 /bin/false",
    );
    assert_eq!(
        status(&[can_load, told], "page-cache-writers"),
        Status::Pass
    );
    let listed = ("/etc/modprobe.d/gavel.conf", "blacklist algif_aead");
    assert_eq!(
        status(&[can_load, listed], "page-cache-writers"),
        Status::Warn
    );
    let families = ("/proc/net/protocols", "protocol  size\nALG        936");
    let found = check(&host(&[families]), "page-cache-writers").found;
    assert_eq!(found, "6.12.90-cloud-amd64 has or can load af_alg");
    let sealed = ("/proc/sys/kernel/modules_disabled", "1");
    assert_eq!(
        status(&[can_load, sealed], "page-cache-writers"),
        Status::Pass
    );
}

#[test]
fn a_missing_protection_refuses_until_it_is_allowed_and_then_is_told() {
    let mut bare = host(&[]);
    bare.landlock_abi = 0;
    let strict = all(&bare, &BTreeSet::new());
    let message = refuse_unfit(&strict).unwrap_err().to_string();
    assert!(message.contains("--allow-degraded landlock"), "{message}");
    let lax = all(&bare, &BTreeSet::from([Protection::Landlock]));
    assert!(refuse_unfit(&lax).is_ok());
    assert_eq!(degraded(&lax), [Protection::Landlock]);
}

#[test]
fn what_boxes_cannot_do_without_cannot_be_allowed_to_be_missing() {
    let mut bare = host(&[("/proc/sys/kernel/seccomp/actions_avail", "errno")]);
    bare.groups = Err("not mounted".to_owned());
    let everything = Protection::ALL.iter().copied().collect();
    let message = refuse_unfit(&all(&bare, &everything))
        .unwrap_err()
        .to_string();
    assert!(message.contains("seccomp: without"), "{message}");
    assert!(!message.contains("cgroup"), "{message}");
    assert!(!message.contains("--allow-degraded"), "{message}");
}

#[test]
fn every_protection_that_may_be_missing_is_a_required_check() {
    for protection in Protection::ALL {
        let rule = rules().find(|rule| rule.name == protection.name());
        assert!(rule.is_some_and(|rule| rule.required), "{protection}");
        assert_eq!(Protection::from_name(protection.name()), Some(*protection));
    }
}

#[test]
fn names_are_unique_and_documented() {
    let document = include_str!("../../../docs/HOST.md");
    let mut seen = BTreeSet::new();
    for name in rules().map(|rule| rule.name).chain(["box"]) {
        assert!(seen.insert(name), "{name} twice");
        assert!(
            document.contains(&format!("| `{name}` |")),
            "docs/HOST.md lacks {name}"
        );
    }
}
