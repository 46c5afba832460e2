//! The thin reader: this machine as the checks see it. It only reads.

use std::fs;
use std::io::{self, Read};

use nix::unistd::geteuid;

use super::super::cgroup::Hierarchy;
use super::super::host::SandboxConfig;
use super::super::ids::{self, Range};
use super::super::instructions::InstructionCounter;
use super::super::outcome::SandboxError;
use super::super::{landlock, rootless};
use super::{Groups, Host, OrdinaryUser};

/// The most that is read of a file: modules.dep of a distribution has half a megabyte.
const MAX_BYTES: u64 = 4 << 20;

/// This machine.
pub(super) struct ThisHost {
    ordinary_user: Option<OrdinaryUser>,
    groups: Result<Groups, String>,
}

impl ThisHost {
    pub(super) fn new(groups: &Result<Hierarchy, SandboxError>, config: &SandboxConfig) -> Self {
        let groups = match groups {
            Ok(groups) => Ok(Groups {
                version: groups.version(),
                parent: groups.parent().to_string_lossy().into_owned(),
                limit_swap: groups.can_limit_swap(),
                keep_to_cpus: groups.keeps_to_cpus(),
            }),
            // The name of the setting is that of the check.
            Err(SandboxError::Setting { reason, .. }) => Err(reason.clone()),
            Err(error) => Err(error.to_string()),
        };
        ThisHost {
            ordinary_user: ordinary_user(config),
            groups,
        }
    }
}

fn ordinary_user(config: &SandboxConfig) -> Option<OrdinaryUser> {
    let user = geteuid();
    if user.is_root() {
        return None;
    }
    // Whether a namespace is any good is known only once one was entered.
    let namespace = rootless::try_entering(&config.launcher);
    let lent = ids::lent_to(user).map(|(uids, gids)| {
        let Range { first, count } = uids;
        format!(
            "{count} users from {first} and {} groups from {} on are lent to {user}",
            gids.count, gids.first
        )
    });
    Some(OrdinaryUser {
        id: user.as_raw(),
        namespace: namespace.map_err(|error| error.to_string()),
        lent,
        source: config.ids,
    })
}

impl Host for ThisHost {
    fn text(&self, path: &str) -> Option<String> {
        let mut bytes = Vec::new();
        let file = fs::File::open(path).ok()?;
        file.take(MAX_BYTES).read_to_end(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes).trim().to_owned())
    }

    fn names(&self, directory: &str) -> Vec<String> {
        let entries = fs::read_dir(directory).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    fn landlock_abi(&self) -> u32 {
        landlock::kernel_abi()
    }

    fn ordinary_user(&self) -> Option<&OrdinaryUser> {
        self.ordinary_user.as_ref()
    }

    fn instruction_counters(&self) -> io::Result<()> {
        InstructionCounter::look_for()
    }

    fn groups(&self) -> Result<&Groups, &str> {
        self.groups.as_ref().map_err(String::as_str)
    }
}
