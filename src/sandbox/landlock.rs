//! The Landlock policy: a second layer under the mounts and the seccomp filter.
//!
//! The masks come from the `landlock` crate; the calls are made inside the box by
//! [`super::inside`], where nothing may allocate.

use landlock::{ABI, Access, AccessFs, AccessNet, Scope};

use super::message::LandlockPlan;
use super::spec::{Container, Network};
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
    let mut rules = vec![
        ("/".to_owned(), read.bits()),
        (
            "/dev".to_owned(),
            (read | (all & AccessFs::WriteFile)).bits(),
        ),
        ("/dev/shm".to_owned(), no_execution.bits()),
        ("/tmp".to_owned(), tmp.bits()),
        ("/box".to_owned(), all.bits()),
    ];
    rules.extend(writable_mounts(container).map(|path| (path, all.bits())));
    let network = match container.network {
        Network::None => AccessNet::from_all(abi).bits(),
        Network::Loopback => 0,
    };
    let (attributes, attribute_count) = ([all.bits(), network, Scope::from_all(abi).bits()], abi);
    Some(LandlockPlan {
        attributes,
        attribute_count: known_attributes(attribute_count),
        rules,
    })
}

fn writable_mounts(container: &Container) -> impl Iterator<Item = String> {
    container
        .mounts
        .iter()
        .filter(|mount| mount.access == super::spec::Access::ReadWrite)
        .map(|mount| mount.target.to_string_lossy().into_owned())
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
