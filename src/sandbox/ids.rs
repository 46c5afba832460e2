//! Under which ids of the host boxes run. As root each lane has two that nobody else has, out of those
//! that the machine leaves unassigned.

use std::fs;

use super::blueprint::MAX_GROUPS;
use super::lock::{IDS_PER_SLOT, LANES};
use super::message::BoxIds;
use super::outcome::{SandboxError, SetUpStep};

/// Host ids from here on belong to no user, container or service manager by convention
/// (systemd's "Users, Groups, UIDs and GIDs" leaves them unassigned).
const FIRST: u32 = 1_900_000_000;
/// Host group ids for supplementary groups: after those of all slots.
const FIRST_GROUP: u32 = FIRST + 8192;
/// Where only the usual 65536 ids exist, as inside a container with its own user namespace.
const FIRST_OF_SMALL_HOST: u32 = 61_200;

/// The host ids of all boxes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HostIds {
    /// The first of the first slot.
    first: u32,
}

impl HostIds {
    /// Those that this host has for us.
    pub(super) fn find() -> Result<Self, SandboxError> {
        let map = fs::read_to_string("/proc/self/uid_map").set_up("read", "/proc/self/uid_map")?;
        let first = first_free(&map).ok_or(SandboxError::Lost("range of host ids"))?;
        Ok(HostIds { first })
    }

    /// Those of a lane of a slot.
    pub(super) fn of_lane(&self, slot: u32, lane: u32) -> BoxIds {
        let init = self.first + slot * IDS_PER_SLOT + 2 * lane;
        BoxIds {
            init,
            user: init + 1,
            first_group: 0,
        }
    }

    /// The same with ids for supplementary groups.
    pub(super) fn with_groups(&self, slot: u32, lane: u32) -> Result<BoxIds, SandboxError> {
        if self.first != FIRST {
            return Err(SandboxError::Setting {
                setting: "user",
                reason: format!(
                    "supplementary groups need host ids from {FIRST_GROUP} on, which this user \
                     namespace does not map"
                ),
            });
        }
        Ok(BoxIds {
            first_group: FIRST_GROUP + (slot * LANES + lane) * MAX_GROUPS,
            ..self.of_lane(slot, lane)
        })
    }
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
