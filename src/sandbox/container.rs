//! What a box is: plain, cloneable data. Nothing happens until a slot makes one of it.

mod filter;
mod rlimits;
mod rules;

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use filter::{ArgumentTest, Comparison, Seccomp, SeccompAction, SeccompProfile, SeccompRule};
pub use rlimits::{Resource, Rlimit};
pub use rules::{Enforcement, LandlockRules, PathAccess, PathRule};

/// A box to run programs in: root file system, namespaces and policies.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Container {
    /// Host name inside the box; empty, and only then, where the host's name is shared.
    pub hostname: String,
    /// Namespaces of the host that the box shares: cgroup, ipc and uts can be. The network is
    /// shared by [`Network::Host`], and the others never are.
    pub shared_namespaces: BTreeSet<Namespace>,
    /// Who the program is.
    pub user: User,
    /// Where the program starts.
    pub working_directory: PathBuf,
    /// Whose session the program is in.
    pub session: Session,
    /// Which system calls can be made.
    pub seccomp: Seccomp,
    /// Rules in addition to the built-in ones: what both allow is allowed.
    pub landlock: Option<LandlockRules>,
    /// Its part of the machine; how much it may use is a matter of the limits of each run.
    pub share: Share,
    /// Resource limits in addition to those of a run, or instead of them; the last one wins.
    pub rlimits: Vec<Rlimit>,
    /// What the root is made of.
    pub root: Root,
    /// Whether the root itself may be written to. What is written goes to the scratch file system
    /// of the box, never to the host, and counts against its limits.
    pub root_access: Access,
    /// Trees brought in from the host, parents mounted before children.
    pub mounts: Vec<Mount>,
    /// File systems made for each box. Those and mounts may lie below one another.
    pub file_systems: Vec<FileSystem>,
    /// What is made in the root once everything is mounted, in this order.
    pub operations: Vec<FileOperation>,
    /// Whether the program may write to `/box`. Files of a command are placed there all the same.
    pub box_access: Access,
    /// Size of the scratch file system that holds every writable directory, in bytes.
    pub scratch_bytes: u64,
    /// Number of files and directories that may exist in the scratch file system.
    pub scratch_inodes: u64,
    /// Network of the box.
    pub network: Network,
    /// What of `/proc` is visible.
    pub proc: Proc,
    /// What `/dev` holds.
    pub devices: Devices,
    /// Allow executing files below `/tmp`.
    pub exec_tmp: bool,
}

impl Container {
    /// The host's toolchains (`/usr` and the parts of `/etc` that programs need), read-only.
    /// Writable directories are `/box` (the working directory), `/tmp` and `/dev/shm`.
    pub fn host_toolchains() -> Self {
        Container {
            hostname: "box".to_owned(),
            shared_namespaces: BTreeSet::new(),
            user: User::default(),
            working_directory: PathBuf::from("/box"),
            session: Session::New,
            seccomp: Seccomp::BuiltIn,
            landlock: None,
            share: Share::default(),
            rlimits: Vec::new(),
            root: Root::HostToolchains,
            root_access: Access::ReadOnly,
            mounts: Vec::new(),
            file_systems: Vec::new(),
            operations: Vec::new(),
            box_access: Access::ReadWrite,
            scratch_bytes: 256 << 20,
            scratch_inodes: 16 * 1024,
            network: Network::None,
            proc: Proc::Pids,
            devices: Devices::Standard,
            exec_tmp: false,
        }
    }

    /// The same with nothing of the host in it: only the writable directories, `/dev` and `/proc`.
    pub fn empty() -> Self {
        Container {
            root: Root::Empty,
            ..Container::host_toolchains()
        }
    }

    /// The same with a directory of the host as the root. Two boxes can share one; what they need
    /// in it, such as `/box`, is laid over it and never made in it.
    pub fn directory(path: impl Into<PathBuf>) -> Self {
        Container {
            root: Root::Directory(path.into()),
            ..Container::host_toolchains()
        }
    }

    /// Adds a mount; the last one for a target wins.
    pub fn mount(mut self, mount: Mount) -> Self {
        self.mounts.push(mount);
        self
    }

    /// Adds a file system; the last one for a target wins.
    pub fn file_system(mut self, target: impl Into<PathBuf>, kind: FileSystemKind) -> Self {
        self.file_systems.push(FileSystem {
            target: target.into(),
            kind,
        });
        self
    }

    /// Adds an operation.
    pub fn operation(mut self, operation: FileOperation) -> Self {
        self.operations.push(operation);
        self
    }
}

impl Container {
    /// What is weaker than in the usual box, in words.
    pub(super) fn loosened(&self) -> Vec<String> {
        let mut loosened = Vec::new();
        for namespace in &self.shared_namespaces {
            loosened.push(format!("shared namespace {namespace:?}").to_lowercase());
        }
        match &self.network {
            Network::None | Network::Loopback => {}
            Network::Host => loosened.push("network of the host".to_owned()),
            Network::Pasta(_) => loosened.push("network through pasta".to_owned()),
        }
        if self.seccomp != Seccomp::BuiltIn {
            loosened.push("seccomp profile".to_owned());
        }
        if self.session == Session::Shared {
            loosened.push("session of the host".to_owned());
        }
        if self.devices == Devices::Terminals {
            loosened.push("terminals".to_owned());
        }
        let writable = |mount: &&Mount| mount.access == Access::ReadWrite;
        for mount in self.mounts.iter().filter(writable) {
            loosened.push(format!("writes to {} of the host", mount.source.display()));
        }
        loosened
    }
}

/// What a root is made of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Root {
    /// The host's toolchains, and of its `/etc` what programs need.
    HostToolchains,
    /// Nothing.
    Empty,
    /// This directory of the host.
    Directory(PathBuf),
}

/// A host file or directory made visible inside the box; always nosuid, and recursive.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Mount {
    /// Absolute path on the host.
    pub source: PathBuf,
    /// Absolute path in the box.
    pub target: PathBuf,
    /// Read-only or read-write.
    pub access: Access,
}

/// Access to a mount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Read-only, recursively.
    ReadOnly,
    /// Read and write.
    ReadWrite,
}

/// A file system that is made for each box.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FileSystem {
    /// Absolute path in the box.
    pub target: PathBuf,
    /// What it is.
    pub kind: FileSystemKind,
}

/// What a file system is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileSystemKind {
    /// An empty one in memory that belongs to the program's user.
    Tmpfs {
        /// Its size.
        bytes: u64,
        /// Files and directories that may exist in it.
        inodes: u64,
        /// Permission bits of its root, e.g. 0o755.
        mode: u32,
        /// Whether files in it may be executed.
        execute: bool,
    },
    /// Directories of the host over one another, the first one on top. Written files go to the
    /// scratch file system, never to the host.
    Overlay {
        /// The directories.
        lower: Vec<PathBuf>,
        /// Whether it may be written to.
        access: Access,
    },
}

/// Something made in the root of a box. Every path is absolute, in the box, and leads through no
/// link; what is made belongs to the program's user.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileOperation {
    /// Writes a new file; one that exists is replaced.
    WriteFile {
        /// Where.
        path: PathBuf,
        /// Contents.
        bytes: Vec<u8>,
        /// Permission bits.
        mode: u32,
    },
    /// Makes a directory; one that exists gets the mode.
    MakeDirectory {
        /// Where.
        path: PathBuf,
        /// Permission bits.
        mode: u32,
    },
    /// Makes a symbolic link.
    Symlink {
        /// Where.
        path: PathBuf,
        /// Where it points, whatever is there.
        target: PathBuf,
    },
}

/// Network of a box.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    /// An empty network namespace; internet sockets are refused.
    None,
    /// A private loopback device only.
    Loopback,
    /// The host's network with all that listens on it.
    Host,
    /// A private network with a way out through `pasta`, which speaks to the world as an ordinary
    /// program of the host. Neither side can reach ports of the other unless these arguments of
    /// pasta say so.
    Pasta(Vec<String>),
}

impl Network {
    /// Whether internet sockets have a use.
    pub(super) fn has_internet_sockets(&self) -> bool {
        *self != Network::None
    }

    /// Whether names of the world can be resolved.
    pub(super) fn leads_out(&self) -> bool {
        matches!(self, Network::Host | Network::Pasta(_))
    }
}

/// A kind of namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Namespace {
    /// Control groups.
    Cgroup,
    /// System V IPC and POSIX message queues.
    Ipc,
    /// Mounts.
    Mount,
    /// Network.
    Network,
    /// Process ids.
    Pid,
    /// User ids.
    User,
    /// Host name.
    Uts,
}

/// Who a program is inside its box. Outside it is always an id that only this box has.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct User {
    /// User id.
    pub uid: u32,
    /// Primary group id.
    pub gid: u32,
    /// Supplementary group ids, at most 16.
    pub groups: Vec<u32>,
}

impl Default for User {
    fn default() -> Self {
        User {
            uid: 1000,
            gid: 1000,
            groups: Vec::new(),
        }
    }
}

/// A box's part of the machine, next to others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Share {
    /// Weight when CPUs are scarce, 1 to 10000; others have 100.
    pub cpu_weight: Option<u32>,
    /// How much CPU time it gets, however idle the machine is.
    pub cpu_quota: Option<CpuQuota>,
    /// Memory that is taken from it last when the machine runs short, in bytes.
    pub memory_reservation_bytes: Option<u64>,
    /// Swap that it may use besides its memory, in bytes.
    pub swap_bytes: u64,
    /// Its CPUs; empty for the one of its slot.
    pub cpus: Vec<usize>,
}

/// CPU time in each period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CpuQuota {
    /// CPU time of all processes together, at least 1000.
    pub quota_us: u32,
    /// Length of a period, 1000 to 1000000.
    pub period_us: u32,
}

/// Whose session a program is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Session {
    /// One of its own, without a terminal.
    New,
    /// That of the process that opened the sandbox, with its terminal: for a person at it.
    Shared,
}

/// What of `/proc` is visible; always the box's own processes only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proc {
    /// Process directories only (`subset=pid`).
    Pids,
    /// Also the system-wide files, with the dangerous ones masked.
    Masked,
}

/// What `/dev` holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Devices {
    /// null, zero, full, random, urandom, the standard streams, fd and shm.
    Standard,
    /// Also tty, ptmx, and terminals of the box's own in pts.
    Terminals,
}
