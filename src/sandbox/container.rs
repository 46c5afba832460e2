//! What a box is: plain, cloneable data. Nothing happens until a slot makes one of it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A box to run programs in: root file system, namespaces and policies.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Container {
    /// Host name inside the box.
    pub hostname: String,
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
            root: Root::HostToolchains,
            root_access: Access::ReadOnly,
            mounts: Vec::new(),
            file_systems: Vec::new(),
            operations: Vec::new(),
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

/// Network of a box. There is never a way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    /// An empty network namespace; internet sockets are refused.
    None,
    /// A private loopback device only.
    Loopback,
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
