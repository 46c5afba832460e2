//! A container, resolved against this host and compiled: made once, used for every box.

use std::sync::OnceLock;

use super::container::{
    Access, Container, CpuQuota, Devices, Namespace, Network, Proc, Session, Share, User,
};
use super::message::{BoxPlan, NetworkPlan, Step, UserPlan};
use super::namespaces::NamespaceFact;
use super::outcome::SandboxError;
use super::protection::Protection;
use super::spec::at_least_one;
use super::{landlock, plan, seccomp};

/// Most supplementary groups: each takes a host id.
pub(super) const MAX_GROUPS: u32 = 16;
/// Candidates for the id of a box's init. Root first: what it makes then looks familiar.
const INIT_IDS: [u32; 4] = [0, 65_533, 65_532, 65_531];

/// A resolved container.
#[derive(Debug)]
pub(super) struct Blueprint {
    /// What a launcher is told.
    pub plan: BoxPlan,
    /// The namespaces of the first box, and so of every one.
    pub namespaces: OnceLock<Vec<NamespaceFact>>,
    /// What makes a box weaker than the usual one.
    pub loosened: Vec<String>,
    /// What of Landlock this kernel cannot enforce.
    pub unenforced: Vec<String>,
    /// Protections that boxes lack on this host, with the operator's consent.
    pub degraded: Vec<Protection>,
    /// How many CPUs a box has.
    pub cpus: u32,
}

impl Blueprint {
    /// Resolves a container.
    ///
    /// # Errors
    /// The setting that cannot be honoured.
    pub(super) fn of(
        container: &Container,
        landlock_abi: u32,
        cpus: &[usize],
    ) -> Result<Self, SandboxError> {
        check_shared(container)?;
        check_share(&container.share, cpus)?;
        let shares = |namespace| container.shared_namespaces.contains(&namespace);
        let rlimits = container.rlimits.iter();
        let (landlock, unenforced) = landlock::plan(container, landlock_abi)?;
        let plan = BoxPlan {
            root: plan::root(container)?,
            hostname: hostname(container)?,
            shares_ipc: shares(Namespace::Ipc),
            shares_cgroup: shares(Namespace::Cgroup),
            user: user(&container.user)?,
            working_directory: working_directory(container)?,
            new_session: container.session == Session::New,
            rlimits: rlimits
                .map(|limit| (limit.resource.kernel() as u32, limit.soft, limit.hard))
                .collect(),
            scratch_bytes: at_least_one("scratch_bytes", container.scratch_bytes)?,
            scratch_inodes: at_least_one("scratch_inodes", container.scratch_inodes)?,
            exec_tmp: container.exec_tmp,
            box_is_read_only: container.box_access == Access::ReadOnly,
            network: network(&container.network),
            proc_pids_only: container.proc == Proc::Pids,
            terminals: container.devices == Devices::Terminals,
            filter: seccomp::plan(container)?,
            landlock,
        };
        Ok(Blueprint {
            plan,
            namespaces: OnceLock::new(),
            loosened: container.loosened(),
            unenforced,
            degraded: Vec::new(),
            cpus: u32::try_from(container.share.cpus.len().max(1)).unwrap_or(u32::MAX),
        })
    }

    /// The same for a host that has a single id for all boxes.
    pub(super) fn share_one_id(&mut self) {
        self.plan.user.is_one = true;
        self.loosened
            .push("host ids: all boxes have that of the user who starts them".to_owned());
    }

    /// What a step inside the box was done to, by the number that it reports.
    pub(super) fn object(&self, step: Step, number: u32) -> Option<String> {
        match step {
            Step::EnterDirectory => Some(self.plan.working_directory.clone()),
            Step::SetRlimits => super::launch::RLIMITS
                .iter()
                .find(|resource| **resource as u32 == number)
                .map(|resource| format!("{resource:?}")),
            Step::BuildLandlock => {
                let mut rules = self.plan.landlock.iter().flat_map(|policy| &policy.rules);
                rules.nth(number as usize).map(|(path, _)| path.clone())
            }
            _ => None,
        }
    }
}

fn refused(setting: &'static str, reason: impl Into<String>) -> SandboxError {
    SandboxError::Setting {
        setting,
        reason: reason.into(),
    }
}

fn check_shared(container: &Container) -> Result<(), SandboxError> {
    for namespace in &container.shared_namespaces {
        let reason = match namespace {
            Namespace::Cgroup | Namespace::Ipc | Namespace::Uts => continue,
            Namespace::Network => "the network is shared by the network `host`",
            Namespace::Mount | Namespace::Pid | Namespace::User => {
                "a box always has its own mount, pid and user namespaces"
            }
        };
        return Err(refused("shared_namespaces", reason));
    }
    Ok(())
}

fn check_share(share: &Share, cpus: &[usize]) -> Result<(), SandboxError> {
    let outside = share.cpus.iter().find(|cpu| !cpus.contains(cpu));
    if let Some(cpu) = outside {
        let reason = format!("CPU {cpu} is not one of those of this process: {cpus:?}");
        return Err(refused("share.cpus", reason));
    }
    if share
        .cpu_weight
        .is_some_and(|weight| !(1..=10_000).contains(&weight))
    {
        return Err(refused("share.cpu_weight", "it must be 1 to 10000"));
    }
    let fits =
        |quota: CpuQuota| quota.quota_us >= 1000 && (1000..=1_000_000).contains(&quota.period_us);
    if share.cpu_quota.is_some_and(|quota| !fits(quota)) {
        let reason = "the quota must be at least 1000 us and the period 1000 to 1000000 us";
        return Err(refused("share.cpu_quota", reason));
    }
    if let Some(bytes) = share.memory_reservation_bytes {
        at_least_one("share.memory_reservation_bytes", bytes)?;
    }
    Ok(())
}

fn hostname(container: &Container) -> Result<Option<String>, SandboxError> {
    let name = &container.hostname;
    let shared = container.shared_namespaces.contains(&Namespace::Uts);
    match (shared, name.is_empty()) {
        (true, true) => Ok(None),
        (false, false) if name.len() <= 64 && !name.contains('\0') => Ok(Some(name.clone())),
        (true, false) => Err(refused(
            "hostname",
            "it cannot be set where the uts namespace is shared; leave it empty",
        )),
        (false, _) => Err(refused(
            "hostname",
            "it must have 1 to 64 bytes without NUL",
        )),
    }
}

fn user(user: &User) -> Result<UserPlan, SandboxError> {
    let ids = || {
        [user.uid, user.gid]
            .into_iter()
            .chain(user.groups.iter().copied())
    };
    // The kernel takes the highest number for "unchanged".
    if ids().any(|id| id == u32::MAX) {
        return Err(refused("user", format!("{} is not an id", u32::MAX)));
    }
    let mut groups = user.groups.clone();
    groups.sort_unstable();
    groups.dedup();
    if groups.len() > MAX_GROUPS as usize {
        let reason = format!("at most {MAX_GROUPS} supplementary groups are possible");
        return Err(refused("user", reason));
    }
    let init = INIT_IDS
        .into_iter()
        .find(|id| ids().all(|taken| taken != *id));
    Ok(UserPlan {
        uid: user.uid,
        gid: user.gid,
        groups,
        init: init.ok_or_else(|| refused("user", "the groups leave no id for the box itself"))?,
        is_one: false,
    })
}

fn working_directory(container: &Container) -> Result<String, SandboxError> {
    let path = &container.working_directory;
    match path.to_str() {
        Some(text) if path.is_absolute() && !text.contains('\0') => Ok(text.to_owned()),
        _ => Err(refused(
            "working_directory",
            format!(
                "{} must be absolute, UTF-8 and without NUL bytes",
                path.display()
            ),
        )),
    }
}

fn network(network: &Network) -> NetworkPlan {
    match network {
        Network::None => NetworkPlan::Empty,
        Network::Loopback => NetworkPlan::Loopback,
        Network::Host => NetworkPlan::Host,
        Network::Pasta(arguments) => NetworkPlan::Pasta(arguments.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting_refused(change: impl FnOnce(&mut Container)) -> Option<&'static str> {
        let mut container = Container::host_toolchains();
        change(&mut container);
        match Blueprint::of(&container, 6, &[0, 1]) {
            Err(SandboxError::Setting { setting, .. }) => Some(setting),
            _ => None,
        }
    }

    #[test]
    fn a_setting_whose_namespace_is_missing_is_refused_by_name() {
        let share = |namespace| {
            setting_refused(move |container| {
                container.shared_namespaces.insert(namespace);
            })
        };
        assert_eq!(share(Namespace::Uts), Some("hostname"));
        for namespace in [
            Namespace::Network,
            Namespace::Mount,
            Namespace::Pid,
            Namespace::User,
        ] {
            assert_eq!(share(namespace), Some("shared_namespaces"));
        }
        assert_eq!(share(Namespace::Ipc), None);
    }

    #[test]
    fn names_ids_and_directories_that_cannot_be_are_refused_by_name() {
        let hostname = |name: &str| setting_refused(|c| c.hostname = name.to_owned());
        assert_eq!(hostname(""), Some("hostname"));
        assert_eq!(hostname(&"x".repeat(65)), Some("hostname"));
        assert_eq!(hostname(&"x".repeat(64)), None);
        assert_eq!(setting_refused(|c| c.user.uid = u32::MAX), Some("user"));
        assert_eq!(
            setting_refused(|c| c.user.groups = (1..=17).collect()),
            Some("user")
        );
        assert_eq!(
            setting_refused(|c| c.share.cpus = vec![7]),
            Some("share.cpus")
        );
        let weight = |weight| setting_refused(move |c| c.share.cpu_weight = Some(weight));
        assert_eq!((weight(0), weight(1)), (Some("share.cpu_weight"), None));
        assert_eq!(
            (weight(10_001), weight(10_000)),
            (Some("share.cpu_weight"), None)
        );
        let quota = |quota_us, period_us| {
            let quota = CpuQuota {
                quota_us,
                period_us,
            };
            setting_refused(move |c| c.share.cpu_quota = Some(quota))
        };
        assert_eq!(quota(1000, 1000), None);
        assert_eq!(quota(999, 1000), Some("share.cpu_quota"));
        assert_eq!(quota(1000, 1_000_001), Some("share.cpu_quota"));
        let directory = |path: &str| setting_refused(|c| c.working_directory = path.into());
        assert_eq!(directory("tmp"), Some("working_directory"));
    }

    #[test]
    fn the_ids_of_init_and_the_program_differ() -> Result<(), SandboxError> {
        let of = |uid, gid, groups: &[u32]| {
            let groups = groups.to_vec();
            user(&User { uid, gid, groups }).map(|plan| plan.init)
        };
        assert_eq!(of(1000, 1000, &[])?, 0);
        assert_eq!(of(0, 1000, &[])?, 65_533);
        assert_eq!(of(1000, 1000, &[0, 65_533])?, 65_532);
        Ok(())
    }
}
