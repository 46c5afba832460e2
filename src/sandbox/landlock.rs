//! The Landlock policy: a second layer under the mounts and the seccomp filter.
//!
//! The masks come from the `landlock` crate; the calls are made inside the box by
//! [`super::inside`], where nothing may allocate.

use std::path::Path;

use landlock::{ABI, Access, AccessFs, AccessNet, Scope};

use super::container::{Access as MountAccess, Container, Devices, FileSystemKind};
use super::message::LandlockPlan;
use super::sys;

/// The newest version this policy knows.
const NEWEST: u32 = 6;

/// The Landlock version of this kernel, 0 where there is none.
pub(super) fn kernel_abi() -> u32 {
    sys::landlock_abi()
}

/// The policy of a container for a kernel; `None` where it has no Landlock.
pub(super) fn plan(container: &Container, kernel_abi: u32) -> Option<LandlockPlan> {
    let abi = abi(kernel_abi)?;
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
        rules.push((
            "/dev/tty".to_owned(),
            (all & terminal & AccessFs::from_file(abi)).bits(),
        ));
    }
    rules.extend(writable_mounts(container).map(|(path, is_file)| {
        let access = if is_file {
            all & AccessFs::from_file(abi)
        } else {
            all
        };
        (path, access.bits())
    }));
    rules.extend(writable_file_systems(container).map(|path| (path, all.bits())));
    let network = if container.network.has_internet_sockets() {
        0
    } else {
        AccessNet::from_all(abi).bits()
    };
    let (attributes, attribute_count) = ([all.bits(), network, Scope::from_all(abi).bits()], abi);
    Some(LandlockPlan {
        attributes,
        attribute_count: known_attributes(attribute_count),
        rules,
    })
}

/// Their targets, and whether they are files: those know fewer kinds of access.
fn writable_mounts(container: &Container) -> impl Iterator<Item = (String, bool)> {
    let mounts = container.mounts.iter();
    mounts
        .filter(|mount| mount.access == MountAccess::ReadWrite)
        .map(|mount| (shown(&mount.target), !mount.source.is_dir()))
}

/// What can be executed there is a matter of how they are mounted.
fn writable_file_systems(container: &Container) -> impl Iterator<Item = String> {
    let is_writable = |kind: &FileSystemKind| match kind {
        FileSystemKind::Tmpfs { .. } => true,
        FileSystemKind::Overlay { access, .. } => *access == MountAccess::ReadWrite,
    };
    let file_systems = container.file_systems.iter();
    file_systems
        .filter(move |file_system| is_writable(&file_system.kind))
        .map(|file_system| shown(&file_system.target))
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn abi(kernel: u32) -> Option<ABI> {
    Some(match kernel.min(NEWEST) {
        0 => return None,
        1 => ABI::V1,
        2 => ABI::V2,
        3 => ABI::V3,
        4 => ABI::V4,
        5 => ABI::V5,
        _ => ABI::V6,
    })
}

/// How many fields of `landlock_ruleset_attr` a version has.
fn known_attributes(abi: ABI) -> u8 {
    match abi {
        ABI::V6 => 3,
        ABI::V4 | ABI::V5 => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_without_landlock_gets_no_policy() {
        assert!(plan(&Container::host_toolchains(), 0).is_none());
    }

    #[test]
    fn newer_kernels_get_the_newest_known_policy() {
        let container = Container::host_toolchains();
        assert_eq!(plan(&container, 6), plan(&container, 99));
    }

    #[test]
    fn execution_from_tmp_is_allowed_only_on_request() {
        let mut container = Container::host_toolchains();
        let access = |container: &Container| {
            let plan = plan(container, 3)?;
            plan.rules
                .iter()
                .find(|(path, _)| path == "/tmp")
                .map(|rule| rule.1)
        };
        let without = access(&container);
        container.exec_tmp = true;
        assert_ne!(without, access(&container));
    }
}
