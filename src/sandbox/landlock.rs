//! The Landlock policy: a second layer under the mounts and the seccomp filter.
//!
//! The masks come from the `landlock` crate; the calls are made inside the box by
//! [`super::inside`], where nothing may allocate.

use landlock::{ABI, Access, AccessFs, AccessNet, BitFlags, Scope};

use super::container::{
    Access as MountAccess, Container, Devices, Enforcement, FileSystemKind, LandlockRules,
    PathAccess, PathRule,
};
use super::message::LandlockPlan;
use super::outcome::SandboxError;
use super::sys;

/// The newest version this policy knows.
const NEWEST: u32 = 7;
/// What each version brought, in the words of a report.
const NEWS: [(u32, &str); 6] = [
    (1, "access to files"),
    (2, "moving files between directories"),
    (3, "truncating files"),
    (4, "TCP ports"),
    (5, "commands to devices"),
    (6, "abstract sockets of, and signals to, other boxes"),
];
/// The version that can restrict TCP.
const WITH_TCP: u32 = 4;
/// The version whose restrictions have flags.
const WITH_FLAGS: u32 = 7;
/// Refusals by rules that the program itself makes are not for the log of the host.
const LOG_SUBDOMAINS_OFF: u32 = 1 << 2;

/// The Landlock version of this kernel, 0 where there is none.
pub(super) fn kernel_abi() -> u32 {
    sys::landlock_abi()
}

/// The policies of a container for a kernel, and what of them it cannot enforce.
///
/// # Errors
/// A rule that must be enforced cannot be.
pub(super) fn plan(
    container: &Container,
    kernel_abi: u32,
) -> Result<(Vec<LandlockPlan>, Vec<String>), SandboxError> {
    let missing = NEWS.iter().filter(|(since, _)| kernel_abi < *since);
    let mut unenforced: Vec<String> = missing.map(|(_, what)| (*what).to_owned()).collect();
    let mut policies = Vec::new();
    let abi = abi(kernel_abi);
    if let Some(abi) = abi {
        policies.push(built_in(container, abi, kernel_abi));
    }
    if let Some(rules) = &container.landlock {
        check(rules, kernel_abi, &mut unenforced)?;
        if let Some(abi) = abi {
            policies.push(asked_for(rules, abi, kernel_abi)?);
        }
    }
    Ok((policies, unenforced))
}

/// Notes, or refuses, rules that the kernel does not know.
fn check(
    rules: &LandlockRules,
    kernel_abi: u32,
    unenforced: &mut Vec<String>,
) -> Result<(), SandboxError> {
    let restricts_tcp = rules.tcp_bind.is_some() || rules.tcp_connect.is_some();
    for (is_wanted, since, what) in [
        (!rules.paths.is_empty(), 1, "the rules for paths"),
        (restricts_tcp, WITH_TCP, "the rules for TCP ports"),
    ] {
        if !is_wanted || kernel_abi >= since {
            continue;
        }
        if rules.enforcement == Enforcement::Enforce {
            return Err(refused(format!(
                "{what} need Landlock {since}, and this kernel has {kernel_abi}"
            )));
        }
        unenforced.push(what.to_owned());
    }
    Ok(())
}

fn refused(reason: String) -> SandboxError {
    SandboxError::Setting {
        setting: "landlock",
        reason,
    }
}

/// What is true of every policy.
fn policy(abi: ABI, kernel_abi: u32, attributes: [u64; 3]) -> LandlockPlan {
    LandlockPlan {
        attributes,
        attribute_count: known_attributes(abi),
        file_access: AccessFs::from_file(abi).bits(),
        rules: Vec::new(),
        ports: Vec::new(),
        flags: if kernel_abi >= WITH_FLAGS {
            LOG_SUBDOMAINS_OFF
        } else {
            0
        },
    }
}

fn asked_for(
    rules: &LandlockRules,
    abi: ABI,
    kernel_abi: u32,
) -> Result<LandlockPlan, SandboxError> {
    let files = if rules.paths.is_empty() {
        BitFlags::EMPTY
    } else {
        AccessFs::from_all(abi)
    };
    let known = AccessNet::from_all(abi);
    let mut network = BitFlags::EMPTY;
    let mut ports = Vec::new();
    for (asked, access) in [
        (&rules.tcp_bind, known & AccessNet::BindTcp),
        (&rules.tcp_connect, known & AccessNet::ConnectTcp),
    ] {
        if let Some(asked) = asked {
            network |= access;
            ports.extend(asked.iter().map(|port| (*port, access.bits())));
        }
    }
    ports.retain(|(_, access)| *access != 0);
    let paths = rules.paths.iter().map(|rule| path_rule(rule, abi));
    Ok(LandlockPlan {
        rules: paths.collect::<Result<_, _>>()?,
        ports,
        ..policy(abi, kernel_abi, [files.bits(), network.bits(), 0])
    })
}

fn path_rule(rule: &PathRule, abi: ABI) -> Result<(String, u64), SandboxError> {
    let mut access = BitFlags::EMPTY;
    for kind in &rule.access {
        access |= match kind {
            PathAccess::Read => AccessFs::ReadFile | AccessFs::ReadDir,
            PathAccess::Write => AccessFs::from_write(abi),
            PathAccess::Execute => AccessFs::Execute.into(),
        };
    }
    match rule.path.to_str() {
        Some(path) if rule.path.is_absolute() && !access.is_empty() => {
            Ok((path.to_owned(), access.bits()))
        }
        _ => Err(refused(format!(
            "a rule needs an absolute path and some access: {}",
            rule.path.display()
        ))),
    }
}

/// Reading everywhere, writing where a box can be written to, and no sockets but its own.
fn built_in(container: &Container, abi: ABI, kernel_abi: u32) -> LandlockPlan {
    let all = AccessFs::from_all(abi);
    let read = AccessFs::from_read(abi);
    let no_execution = all & !AccessFs::Execute;
    let tmp = if container.exec_tmp {
        all
    } else {
        no_execution
    };
    let root = if container.root_access == MountAccess::ReadWrite {
        all
    } else {
        read
    };
    let device = read | (all & AccessFs::WriteFile);
    let mut rules = vec![
        ("/".to_owned(), root.bits()),
        ("/dev".to_owned(), device.bits()),
        ("/dev/shm".to_owned(), no_execution.bits()),
        ("/tmp".to_owned(), tmp.bits()),
        ("/box".to_owned(), all.bits()),
    ];
    if container.devices == Devices::Terminals {
        let terminal = device | (all & AccessFs::IoctlDev);
        rules.push(("/dev/pts".to_owned(), terminal.bits()));
        rules.push(("/dev/tty".to_owned(), terminal.bits()));
    }
    rules.extend(writable_places(container).map(|path| (path, all.bits())));
    let network = if container.network.has_internet_sockets() {
        0
    } else {
        AccessNet::from_all(abi).bits()
    };
    let attributes = [all.bits(), network, Scope::from_all(abi).bits()];
    LandlockPlan {
        rules,
        ..policy(abi, kernel_abi, attributes)
    }
}

/// What can be executed there is a matter of how they are mounted.
fn writable_places(container: &Container) -> impl Iterator<Item = String> {
    let mounts = container.mounts.iter();
    let mounts = mounts.filter(|mount| mount.access == MountAccess::ReadWrite);
    let is_writable = |kind: &FileSystemKind| match kind {
        FileSystemKind::Tmpfs { .. } => true,
        FileSystemKind::Overlay { access, .. } => *access == MountAccess::ReadWrite,
    };
    let file_systems = container.file_systems.iter();
    let file_systems = file_systems.filter(move |made| is_writable(&made.kind));
    mounts
        .map(|mount| &mount.target)
        .chain(file_systems.map(|made| &made.target))
        .map(|path| path.to_string_lossy().into_owned())
}

fn abi(kernel: u32) -> Option<ABI> {
    Some(match kernel.min(NEWEST) {
        0 => return None,
        1 => ABI::V1,
        2 => ABI::V2,
        3 => ABI::V3,
        4 => ABI::V4,
        5 => ABI::V5,
        6 => ABI::V6,
        _ => ABI::V7,
    })
}

/// How many fields of `landlock_ruleset_attr` a version has.
fn known_attributes(abi: ABI) -> u8 {
    match abi {
        ABI::V6 | ABI::V7 => 3,
        ABI::V4 | ABI::V5 => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(enforcement: Enforcement) -> Container {
        Container {
            landlock: Some(LandlockRules {
                paths: vec![PathRule {
                    path: "/usr".into(),
                    access: [PathAccess::Read].into(),
                }],
                tcp_bind: Some(vec![80]),
                tcp_connect: None,
                enforcement,
            }),
            ..Container::host_toolchains()
        }
    }

    #[test]
    fn a_kernel_without_landlock_gets_no_policy_and_everything_is_unenforced() {
        let (policies, unenforced) = plan(&Container::host_toolchains(), 0).unwrap();
        assert!(policies.is_empty());
        assert_eq!(unenforced.len(), NEWS.len());
    }

    #[test]
    fn newer_kernels_get_the_newest_known_policy() {
        let container = Container::host_toolchains();
        let newest = plan(&container, 7).unwrap();
        assert_eq!(newest, plan(&container, 99).unwrap());
        assert!(newest.1.is_empty());
    }

    #[test]
    fn execution_from_tmp_is_allowed_only_on_request() {
        let mut container = Container::host_toolchains();
        let access = |container: &Container| {
            let (policies, _) = plan(container, 3).ok()?;
            let rules = &policies.first()?.rules;
            rules
                .iter()
                .find(|(path, _)| path == "/tmp")
                .map(|rule| rule.1)
        };
        let without = access(&container);
        container.exec_tmp = true;
        assert_ne!(without, access(&container));
    }

    #[test]
    fn a_rule_that_the_kernel_cannot_enforce_is_refused_or_reported() {
        for abi in 0..4 {
            assert!(plan(&rules(Enforcement::Enforce), abi).is_err(), "{abi}");
            let (_, unenforced) = plan(&rules(Enforcement::BestEffort), abi).unwrap();
            assert!(unenforced.contains(&"the rules for TCP ports".to_owned()));
            let paths = "the rules for paths".to_owned();
            assert_eq!(unenforced.contains(&paths), abi == 0);
        }
        let (policies, _) = plan(&rules(Enforcement::Enforce), 4).unwrap();
        assert_eq!((policies.len(), policies[1].ports.len()), (2, 1));
    }
}
