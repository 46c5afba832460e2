//! Resource limits that are asked for by name.

use serde::{Deserialize, Serialize};

/// A resource limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rlimit {
    /// What is limited.
    pub resource: Resource,
    /// What the program gets; `u64::MAX` is no limit.
    pub soft: u64,
    /// How far it may raise that.
    pub hard: u64,
}

macro_rules! resources {
    ($($(#[doc = $doc:literal])* $name:ident = $kernel:ident),* $(,)?) => {
        /// What a resource limit limits, each as in `setrlimit(2)`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Resource {
            $($(#[doc = $doc])* $name,)*
        }

        impl Resource {
            /// All of them.
            pub const ALL: &[Resource] = &[$(Resource::$name,)*];

            pub(in super::super) fn kernel(self) -> nix::sys::resource::Resource {
                match self {
                    $(Resource::$name => nix::sys::resource::Resource::$kernel,)*
                }
            }
        }
    };
}

resources! {
    /// Address space of a process, in bytes.
    AddressSpace = RLIMIT_AS,
    /// Size of a core file, in bytes.
    Core = RLIMIT_CORE,
    /// CPU time of a process, in seconds.
    Cpu = RLIMIT_CPU,
    /// Data segment, in bytes.
    Data = RLIMIT_DATA,
    /// Size of a file, in bytes.
    FileSize = RLIMIT_FSIZE,
    /// File locks; without effect in today's kernels.
    Locks = RLIMIT_LOCKS,
    /// Locked memory, in bytes.
    LockedMemory = RLIMIT_MEMLOCK,
    /// POSIX message queues, in bytes.
    MessageQueues = RLIMIT_MSGQUEUE,
    /// 20 less the lowest nice value.
    Nice = RLIMIT_NICE,
    /// Open files.
    OpenFiles = RLIMIT_NOFILE,
    /// Processes of the user.
    Processes = RLIMIT_NPROC,
    /// Resident memory, in bytes; without effect in today's kernels.
    ResidentMemory = RLIMIT_RSS,
    /// Real-time priority.
    RealtimePriority = RLIMIT_RTPRIO,
    /// CPU time without a blocking call under real-time scheduling, in microseconds.
    RealtimeCpu = RLIMIT_RTTIME,
    /// Pending signals.
    PendingSignals = RLIMIT_SIGPENDING,
    /// Stack, in bytes.
    Stack = RLIMIT_STACK,
}
