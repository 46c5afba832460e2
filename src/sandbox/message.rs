//! The messages between the supervising side, the launcher and a box.
//!
//! The launcher is trusted and talks postcard. A box talks fixed-size records that its init and
//! its program-to-be can write without allocating; once the program runs, only init holds the
//! socket, so nothing a guest writes is ever read as a statement of ours.

mod step;

use std::borrow::Cow;
use std::fmt;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde::{Deserialize, Serialize};

pub(super) use step::Step;

/// Sent to a waiting init once its id maps are written and it is in its cgroup.
pub(super) const PROCEED: &[u8] = b"proceed";

/// Largest request to start a program, in bytes: its path, arguments and environment.
pub(super) const MAX_START_BYTES: usize = 128 * 1024;

/// Largest plan of a box, in bytes.
pub(super) const MAX_PLAN_BYTES: usize = 128 * 1024;

/// Most arguments and environment variables together.
pub(super) const MAX_STRINGS: usize = 4096;

/// What a launcher is asked for: a box after a plan, which it is told with the first one.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct BoxRequest<'a> {
    /// Names the plan.
    pub number: usize,
    /// The plan, the first time.
    pub plan: Option<Cow<'a, BoxPlan>>,
    /// Who the box is on the host.
    pub ids: BoxIds,
}

/// The host ids of a box.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct BoxIds {
    /// User and group id of init.
    pub init: u32,
    /// User and group id of the program.
    pub user: u32,
    /// Group id of the first supplementary group, where there are any.
    pub first_group: u32,
}

/// What a box is. Plain data, resolved: nothing is left to decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct BoxPlan {
    /// The root.
    pub root: RootPlan,
    /// Host name inside the box; `None` where it is the host's.
    pub hostname: Option<String>,
    /// Whether the IPC namespace is the host's.
    pub shares_ipc: bool,
    /// Whether the cgroup namespace is the host's.
    pub shares_cgroup: bool,
    /// Who the program is.
    pub user: UserPlan,
    /// Where the program starts.
    pub working_directory: String,
    /// Whether the program gets a session of its own.
    pub new_session: bool,
    /// Resource limits: number, soft and hard limit.
    pub rlimits: Vec<(u32, u64, u64)>,
    /// Size of the scratch file system.
    pub scratch_bytes: u64,
    /// Inodes of the scratch file system.
    pub scratch_inodes: u64,
    /// Whether files below `/tmp` may be executed.
    pub exec_tmp: bool,
    /// Whether `/box` is read-only for the program.
    pub box_is_read_only: bool,
    /// Where the network is from.
    pub network: NetworkPlan,
    /// Whether `/proc` shows processes only.
    pub proc_pids_only: bool,
    /// Whether the box has terminals of its own.
    pub terminals: bool,
    /// The seccomp filter.
    pub filter: FilterPlan,
    /// The Landlock policies, one upon the other.
    pub landlock: Vec<LandlockPlan>,
}

/// Who a program is, and who init has to be so that they differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct UserPlan {
    /// User id of the program.
    pub uid: u32,
    /// Group id of the program.
    pub gid: u32,
    /// Supplementary groups of the program.
    pub groups: Vec<u32>,
    /// User and group id of init.
    pub init: u32,
    /// Whether the host has a single id for the box. Then init is the same user and group as the
    /// program, and the groups of whoever started it stay.
    pub is_one: bool,
}

/// Where the network of a box is from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum NetworkPlan {
    /// The empty namespace of its launcher.
    Empty,
    /// A namespace of its own with loopback.
    Loopback,
    /// The namespace of the host.
    Host,
    /// A namespace of its own, connected by pasta with these arguments.
    Pasta(Vec<String>),
}

/// How a box's root is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RootPlan {
    /// The directory of the host that lies below; without one the root begins empty.
    pub base: Option<String>,
    /// What is made and mounted in it, in order.
    pub steps: Vec<RootStep>,
    /// Whether the root can be written to.
    pub writable: bool,
    /// Whether each box needs one of its own. Otherwise one is made and cloned for every box.
    pub per_box: bool,
}

/// One step of making a root; paths are relative to it and lead through no link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum RootStep {
    /// Something that has to be there.
    Entry(RootEntry),
    /// A tree of the host.
    Bind(PlannedMount),
    /// A file system of ours for what follows below this path, read-only at the end.
    Cover(String),
    /// An empty file system for the program.
    Tmpfs {
        /// Where.
        target: String,
        /// Options of the mount, by name.
        options: Vec<(String, String)>,
        /// Whether files in it can be executed.
        execute: bool,
    },
    /// Directories of the host over one another.
    Overlay {
        /// Where.
        target: String,
        /// Absolute host paths without links, the first one on top.
        lower: Vec<String>,
        /// Whether it can be written to.
        writable: bool,
    },
    /// The scratch directory of this number.
    Scratch(usize),
    /// What was asked for in so many words.
    Operation(Operation),
}

/// An entry of the root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum RootEntry {
    /// A directory.
    Directory(String),
    /// A file with these contents, where there is none.
    File(String, Vec<u8>),
    /// A symbolic link: where it is, and where it points.
    Link(String, String),
}

/// An operation on the finished root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Operation {
    /// Writes a file.
    Write(String, Vec<u8>, u32),
    /// Makes a directory.
    Directory(String, u32),
    /// Makes a link: where it is, and where it points.
    Link(String, String),
}

/// A host tree bound into the root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PlannedMount {
    /// Absolute host path, without links.
    pub source: String,
    /// Path relative to the root.
    pub target: String,
    /// What it may be used for.
    pub kind: MountKind,
}

/// What a bound tree may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum MountKind {
    /// Reading and executing.
    ReadOnly,
    /// Writing too.
    ReadWrite,
    /// A device node.
    Device,
}

/// A compiled seccomp filter.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FilterPlan {
    /// An array of `struct sock_filter`.
    pub program: Vec<u8>,
    /// Whether it takes effect after everything else, for it may allow nothing but the program's
    /// start. The built-in one allows what comes after it and takes effect ahead.
    pub is_last: bool,
    /// Whether refused calls are announced.
    pub listens: bool,
}

impl fmt::Debug for FilterPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FilterPlan")
            .field("program_bytes", &self.program.len())
            .field("is_last", &self.is_last)
            .field("listens", &self.listens)
            .finish()
    }
}

/// A Landlock policy with the access masks of the running kernel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LandlockPlan {
    /// `handled_access_fs`, `handled_access_net`, `scoped`.
    pub attributes: [u64; 3],
    /// How many of them this kernel knows.
    pub attribute_count: u8,
    /// What of the access to files concerns plain files.
    pub file_access: u64,
    /// Paths in the box and what is allowed beneath them.
    pub rules: Vec<(String, u64)>,
    /// TCP ports and what is allowed with them.
    pub ports: Vec<(u16, u64)>,
    /// Flags of the restriction itself.
    pub flags: u32,
}

/// The launcher's answer: the process id of the new init, or what failed.
pub(super) type LaunchReply = Result<i32, LaunchFailure>;

/// A step of the launcher that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LaunchFailure {
    /// The step, in words that follow "cannot".
    pub step: String,
    /// What it was done to.
    pub object: String,
    /// The errno.
    pub errno: i32,
}

/// What a box reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BoxReport {
    /// Everything is set up; the program-to-be has given up everything and waits to be started. Carries the seccomp
    /// listener, where the filter is in effect already.
    Confined,
    /// A step failed with an errno, with the object of this number; the box is gone.
    SetUpFailed(Step, i32, u32),
    /// Carries the seccomp listener of a filter that took effect last.
    Listening,
    /// The kernel refused to execute the program.
    NotExecutable(i32),
    /// The program ended with this wait status at this monotonic time, and every other process
    /// of the box is dead.
    Ended(i32, u64, ReapedUse),
}

/// What the init of a box counted of the processes that it reaped: less than a control group
/// counts, so for boxes without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct ReapedUse {
    /// CPU time, in microseconds.
    pub cpu_us: u32,
    /// Peak memory of the largest process, in KiB.
    pub peak_kib: u32,
}

impl ReapedUse {
    /// What this process has reaped so far. Allocates nothing.
    pub(super) fn so_far() -> Self {
        let Ok(usage) = getrusage(UsageWho::RUSAGE_CHILDREN) else {
            return ReapedUse::default();
        };
        let cpu_us = (usage.user_time() + usage.system_time()).num_microseconds();
        ReapedUse {
            cpu_us: u32::try_from(cpu_us).unwrap_or(u32::MAX),
            peak_kib: u32::try_from(usage.max_rss()).unwrap_or(u32::MAX),
        }
    }
}

/// Length of an encoded [`BoxReport`].
pub(super) const REPORT_BYTES: usize = 24;

impl BoxReport {
    /// Encodes without allocating.
    pub(super) fn encode(self) -> [u8; REPORT_BYTES] {
        let (kind, number, value) = match self {
            BoxReport::Confined => (0, 0, 0),
            BoxReport::SetUpFailed(step, errno, object) => (
                1,
                step as i32,
                u64::from(object) << 32 | u64::from(errno as u32),
            ),
            BoxReport::Listening => (2, 0, 0),
            BoxReport::NotExecutable(errno) => (3, errno, 0),
            BoxReport::Ended(status, time_ns, _) => (4, status, time_ns),
        };
        let mut bytes = [0; REPORT_BYTES];
        bytes[0] = kind;
        bytes[4..8].copy_from_slice(&i32::to_ne_bytes(number));
        bytes[8..16].copy_from_slice(&u64::to_ne_bytes(value));
        if let BoxReport::Ended(_, _, reaped) = self {
            bytes[16..20].copy_from_slice(&u32::to_ne_bytes(reaped.cpu_us));
            bytes[20..24].copy_from_slice(&u32::to_ne_bytes(reaped.peak_kib));
        }
        bytes
    }

    /// Decodes; `None` for anything that is not a report.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; REPORT_BYTES] = bytes.try_into().ok()?;
        let number = i32::from_ne_bytes(bytes[4..8].try_into().ok()?);
        let value = u64::from_ne_bytes(bytes[8..16].try_into().ok()?);
        Some(match bytes[0] {
            0 => BoxReport::Confined,
            1 => {
                let step = *Step::ALL.get(number as usize)?;
                BoxReport::SetUpFailed(step, value as i32, (value >> 32) as u32)
            }
            2 => BoxReport::Listening,
            3 => BoxReport::NotExecutable(number),
            4 => {
                let reaped = ReapedUse {
                    cpu_us: u32::from_ne_bytes(bytes[16..20].try_into().ok()?),
                    peak_kib: u32::from_ne_bytes(bytes[20..24].try_into().ok()?),
                };
                BoxReport::Ended(number, value, reaped)
            }
            _ => return None,
        })
    }
}

/// Encodes a request to start a program: rlimits, then counted, NUL-terminated strings.
pub(super) fn encode_start(
    rlimits: &[(u32, u64, u64)],
    program: &[u8],
    arguments: &[&[u8]],
    environment: &[Vec<u8>],
) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(4096);
    for count in [rlimits.len(), arguments.len(), environment.len()] {
        bytes.extend_from_slice(&(count as u32).to_ne_bytes());
    }
    for (resource, soft, hard) in rlimits {
        bytes.extend_from_slice(&resource.to_ne_bytes());
        bytes.extend_from_slice(&soft.to_ne_bytes());
        bytes.extend_from_slice(&hard.to_ne_bytes());
    }
    let strings = std::iter::once(program)
        .chain(arguments.iter().copied())
        .chain(environment.iter().map(Vec::as_slice));
    for string in strings {
        bytes.extend_from_slice(string);
        bytes.push(0);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz;

    #[test]
    fn reports_survive_encoding() {
        let reports = [
            BoxReport::Confined,
            BoxReport::SetUpFailed(Step::AnnounceStart, 13, 70_000),
            BoxReport::Listening,
            BoxReport::NotExecutable(2),
            BoxReport::Ended(
                0x8b,
                7,
                ReapedUse {
                    cpu_us: u32::MAX,
                    peak_kib: 9,
                },
            ),
        ];
        for report in reports {
            assert_eq!(BoxReport::decode(&report.encode()), Some(report));
        }
    }

    #[test]
    fn garbage_is_not_a_report() {
        assert_eq!(BoxReport::decode(&[9; REPORT_BYTES]), None);
        assert_eq!(BoxReport::decode(&[0; 3]), None);
        let mut unknown_step = BoxReport::SetUpFailed(Step::MaskProc, 1, 0).encode();
        unknown_step[4] = 250;
        assert_eq!(BoxReport::decode(&unknown_step), None);
    }

    #[test]
    fn whatever_a_box_sends_is_no_report_or_one_that_is_sent_alike() {
        let ended = BoxReport::Ended(9, 7, ReapedUse::default()).encode();
        let failed = BoxReport::SetUpFailed(Step::MaskProc, 13, 3).encode();
        fuzz::try_changes(200_000, (&[&ended, &failed], &[]), |bytes, _| {
            if let Some(report) = BoxReport::decode(bytes) {
                assert_eq!(BoxReport::decode(&report.encode()), Some(report));
            }
        });
    }

    #[test]
    fn whatever_a_launcher_sends_or_is_sent_is_refused_or_sent_alike() {
        let failure = LaunchFailure {
            step: "mount".to_owned(),
            object: "/usr".to_owned(),
            errno: 13,
        };
        let replies: [LaunchReply; 2] = [Ok(7), Err(failure)];
        let replies = replies.map(|reply| postcard::to_stdvec(&reply).unwrap());
        let request = BoxRequest {
            number: 3,
            plan: None,
            ids: BoxIds {
                init: 1,
                user: 2,
                first_group: 3,
            },
        };
        let request = postcard::to_stdvec(&request).unwrap();
        let good = [&replies[0][..], &replies[1], &request];
        fuzz::try_changes(100_000, (&good, &[]), |bytes, _| {
            if let Ok(reply) = postcard::from_bytes::<LaunchReply>(bytes) {
                let again = postcard::to_stdvec(&reply).unwrap();
                assert_eq!(postcard::from_bytes(&again), Ok(reply));
            }
            let _ = postcard::from_bytes::<BoxRequest<'_>>(bytes);
        });
    }
}
