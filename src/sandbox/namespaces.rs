//! Which namespaces a box was asked to have, and which it got: read from the kernel, not believed.

use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::container::{Container, Namespace, Network};
use super::outcome::{SandboxError, SetUpStep};

/// Whose a namespace is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Owner {
    /// The box's own.
    Box,
    /// The host's.
    Host,
}

/// What was asked of one namespace of a box, and what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamespaceFact {
    /// Its kind.
    pub namespace: Namespace,
    /// Whose it was to be.
    pub asked: Owner,
    /// Whose it is.
    pub got: Owner,
}

const KINDS: [(Namespace, &str); 7] = [
    (Namespace::Cgroup, "cgroup"),
    (Namespace::Ipc, "ipc"),
    (Namespace::Mount, "mnt"),
    (Namespace::Network, "net"),
    (Namespace::Pid, "pid"),
    (Namespace::User, "user"),
    (Namespace::Uts, "uts"),
];

/// Compares the namespaces of the init of a box with ours.
///
/// # Errors
/// One is not what was asked for.
pub(super) fn inspect(container: &Container, pid: i32) -> Result<Vec<NamespaceFact>, SandboxError> {
    KINDS
        .iter()
        .map(|(namespace, file)| {
            let read = |process: &str| {
                let path = PathBuf::from(format!("/proc/{process}/ns/{file}"));
                fs::read_link(&path).set_up("read", path.to_string_lossy())
            };
            let is_ours = read("self")? == read(&pid.to_string())?;
            let fact = NamespaceFact {
                namespace: *namespace,
                asked: asked(container, *namespace),
                got: if is_ours { Owner::Host } else { Owner::Box },
            };
            check(fact)
        })
        .collect()
}

fn check(fact: NamespaceFact) -> Result<NamespaceFact, SandboxError> {
    if fact.asked == fact.got {
        return Ok(fact);
    }
    Err(SandboxError::Setting {
        setting: "shared_namespaces",
        reason: format!(
            "the {:?} namespace was to be that of the {:?} and is that of the {:?}",
            fact.namespace, fact.asked, fact.got
        ),
    })
}

fn asked(container: &Container, namespace: Namespace) -> Owner {
    let is_shared = match namespace {
        Namespace::Network => container.network == Network::Host,
        other => container.shared_namespaces.contains(&other),
    };
    if is_shared { Owner::Host } else { Owner::Box }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_that_is_not_what_was_asked_for_is_an_error() {
        let fact = |asked, got| NamespaceFact {
            namespace: Namespace::Ipc,
            asked,
            got,
        };
        assert!(check(fact(Owner::Box, Owner::Box)).is_ok());
        assert!(check(fact(Owner::Box, Owner::Host)).is_err());
        assert!(check(fact(Owner::Host, Owner::Box)).is_err());
    }
}
