//! Under which ids of the host boxes run. As root each lane has two that nobody else has, out of those
//! that the machine leaves unassigned. An ordinary user has ids that are lent to him (`/etc/subuid`
//! and `/etc/subgid`), or else only his own, which all his boxes then share.

mod lent;

use std::fs;

use nix::unistd::{getegid, geteuid};

use super::blueprint::MAX_GROUPS;
use super::launcher::Stage;
use super::lock::{IDS_PER_SLOT, LANES, MAX_SLOTS};
use super::message::BoxIds;
use super::outcome::{SandboxError, SetUpStep};
pub(super) use lent::{PROGRAMS, Range, find as lent_to};

/// Host ids from here on belong to no user, container or service manager by convention
/// (systemd's "Users, Groups, UIDs and GIDs" leaves them unassigned).
const FIRST: u32 = 1_900_000_000;
/// Where only the usual 65536 ids exist, as inside a container with its own user namespace.
const FIRST_OF_SMALL_HOST: u32 = 61_200;
/// Ids of all slots.
const IDS_OF_SLOTS: u32 = MAX_SLOTS * IDS_PER_SLOT;
/// Supplementary groups come after the ids of all slots.
const GROUPS_AFTER: u32 = 8192;
const GROUPS_OF_SLOTS: u32 = MAX_SLOTS * LANES * MAX_GROUPS;
/// In the namespace of a launcher the user is 0, and what is lent to him follows.
const FIRST_LENT: u32 = 1;

/// Which host ids an ordinary user's boxes have. Root's always have some of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IdSource {
    /// Those lent to the user where there are any, otherwise the user's own.
    #[default]
    Auto,
    /// The user's own, for all boxes.
    Own,
    /// Those lent to the user, two for each box.
    Lent,
}

impl IdSource {
    /// All of them.
    pub const ALL: &[IdSource] = &[IdSource::Auto, IdSource::Own, IdSource::Lent];

    /// The name in settings.
    pub fn name(self) -> &'static str {
        match self {
            IdSource::Auto => "auto",
            IdSource::Own => "own",
            IdSource::Lent => "lent",
        }
    }

    /// The one of this name.
    pub fn from_name(name: &str) -> Option<IdSource> {
        let mut all = Self::ALL.iter().copied();
        all.find(|source| source.name() == name)
    }
}

/// The host ids of all boxes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum HostIds {
    /// We are root, and these are unassigned.
    Unassigned {
        /// The first of the first slot.
        first: u32,
    },
    /// What is lent to an ordinary user.
    Lent {
        /// The user and the group that it is lent to.
        user: u32,
        /// User ids.
        uids: Range,
        /// The group of the user.
        group: u32,
        /// Group ids.
        gids: Range,
    },
    /// An ordinary user's own.
    Own,
}

impl HostIds {
    /// Those that this host has for us.
    ///
    /// # Errors
    /// There are none, or not those that were asked for.
    pub(super) fn find(source: IdSource) -> Result<Self, SandboxError> {
        let (user, group) = (geteuid(), getegid());
        if user.is_root() {
            return unassigned();
        }
        let lent = || -> Result<HostIds, String> {
            let (uids, gids) = lent_to(user)?;
            let (user, group) = (user.as_raw(), group.as_raw());
            Ok(HostIds::Lent {
                user,
                uids,
                group,
                gids,
            })
        };
        match source {
            IdSource::Own => Ok(HostIds::Own),
            IdSource::Auto => Ok(lent().unwrap_or(HostIds::Own)),
            IdSource::Lent => lent().map_err(|reason| SandboxError::Setting {
                setting: "box_ids",
                reason,
            }),
        }
    }

    /// How a launcher comes to its rights.
    pub(super) fn stage(&self) -> Stage {
        match self {
            HostIds::Unassigned { .. } => Stage::Root,
            HostIds::Lent { .. } => Stage::EnterLent,
            HostIds::Own => Stage::EnterOwn,
        }
    }

    /// Whether we are not root.
    pub(super) fn are_of_ordinary_user(&self) -> bool {
        !matches!(self, HostIds::Unassigned { .. })
    }

    /// Those of a lane of a slot, as its launcher sees them.
    pub(super) fn of_lane(&self, slot: u32, lane: u32) -> BoxIds {
        let first = match self {
            HostIds::Unassigned { first } => *first,
            HostIds::Lent { .. } => FIRST_LENT,
            HostIds::Own => {
                return BoxIds {
                    init: 0,
                    user: 0,
                    first_group: 0,
                };
            }
        };
        let init = first + slot * IDS_PER_SLOT + 2 * lane;
        BoxIds {
            init,
            user: init + 1,
            first_group: 0,
        }
    }

    /// The same with ids for supplementary groups.
    ///
    /// # Errors
    /// There are not as many.
    pub(super) fn with_groups(&self, slot: u32, lane: u32) -> Result<BoxIds, SandboxError> {
        let first = match self {
            HostIds::Unassigned { first: FIRST } => FIRST,
            HostIds::Lent { gids, .. } if gids.count >= GROUPS_AFTER + GROUPS_OF_SLOTS => {
                FIRST_LENT
            }
            _ => {
                return Err(SandboxError::Setting {
                    setting: "user",
                    reason: format!(
                        "supplementary groups need host ids: for root {GROUPS_OF_SLOTS} from {} \
                         on, for others {} in /etc/subgid",
                        FIRST + GROUPS_AFTER,
                        GROUPS_AFTER + GROUPS_OF_SLOTS
                    ),
                });
            }
        };
        Ok(BoxIds {
            first_group: first + GROUPS_AFTER + (slot * LANES + lane) * MAX_GROUPS,
            ..self.of_lane(slot, lane)
        })
    }

    /// To whom files for the program are given. Nobody may give anything to others but root, whose
    /// files are for the program where the launcher sees to it.
    pub(super) fn owner_of_files(&self, ids: BoxIds) -> Option<u32> {
        (!self.are_of_ordinary_user()).then_some(ids.user)
    }
}

fn unassigned() -> Result<HostIds, SandboxError> {
    let map = fs::read_to_string("/proc/self/uid_map").set_up("read", "/proc/self/uid_map")?;
    let first = first_free(&map).ok_or(SandboxError::Lost("range of host ids"))?;
    Ok(HostIds::Unassigned { first })
}

/// The first host id for boxes, out of those that exist in a user namespace with this map.
pub(super) fn first_free(map: &str) -> Option<u32> {
    let exists =
        |id: u64| {
            map.lines().any(|line| {
            let mut numbers = line.split_whitespace().filter_map(|n| n.parse::<u64>().ok());
            let (inside, _, count) = (numbers.next(), numbers.next(), numbers.next());
            matches!((inside, count), (Some(from), Some(count)) if id >= from && id - from < count)
        })
        };
    [FIRST, FIRST_OF_SMALL_HOST]
        .into_iter()
        .find(|id| exists(u64::from(*id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lent(count: u32) -> HostIds {
        let range = Range {
            first: 100_000,
            count,
        };
        HostIds::Lent {
            user: 1000,
            uids: range,
            group: 1000,
            gids: range,
        }
    }

    #[test]
    fn no_two_lanes_share_an_id_but_where_there_is_only_one() {
        for ids in [lent(65_536), HostIds::Unassigned { first: FIRST }] {
            let lanes = (0..MAX_SLOTS).flat_map(|slot| (0..LANES).map(move |lane| (slot, lane)));
            let mut all: Vec<u32> = lanes
                .flat_map(|(slot, lane)| {
                    let ids = ids
                        .with_groups(slot, lane)
                        .unwrap_or_else(|_| unreachable!());
                    let groups = ids.first_group..ids.first_group + MAX_GROUPS;
                    [ids.init, ids.user].into_iter().chain(groups)
                })
                .collect();
            let count = all.len();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), count);
            // Nobody is the user who started it.
            assert!(!all.contains(&0));
        }
        let own = HostIds::Own.of_lane(3, 1);
        assert_eq!((own.init, own.user), (0, 0));
    }

    #[test]
    fn supplementary_groups_take_ids_that_a_host_may_not_have() {
        assert!(lent(65_536).with_groups(0, 0).is_ok());
        assert!(lent(GROUPS_AFTER).with_groups(0, 0).is_err());
        assert!(HostIds::Own.with_groups(0, 0).is_err());
        let small = HostIds::Unassigned {
            first: FIRST_OF_SMALL_HOST,
        };
        assert!(small.with_groups(0, 0).is_err());
    }
}
