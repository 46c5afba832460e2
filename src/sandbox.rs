//! The sandbox: runs one program in a fresh, single-use box and reports what happened.
//! It is usable on its own and knows nothing of what programs are run for.
//!
//! # Theory of operation
//!
//! A [`Sandbox`] checks the host once. A [`Slot`] is the right to run one program at a time: it has
//! a machine-wide number, and from it one CPU and two *lanes*, each with a cgroup and two host user
//! ids of its own, so that one box is made while another runs. Each slot talks to a *launcher*, a tiny single-threaded process that is our own binary executed again
//! ([`become_launcher_if_asked`]). For each run the launcher clones the *init* of a new box into
//! fresh namespaces; init builds the root, forks the *program*, and reaps. The program gives up
//! everything, in the order of `inside`, and executes. Meanwhile the slot's thread sleeps in one
//! poll over the box's reports, its output, refused system calls and the next moment at which a
//! limit can be reached (`supervise`).
//!
//! A [`Container`] says what a box is, a [`Command`] what runs in it, a [`Report`] what happened.
//! A program that misbehaves is an [`Outcome`]; only our own failures are a [`SandboxError`].

/// The example there is run as a test.
#[cfg(doctest)]
#[doc = include_str!("../docs/SANDBOX.md")]
struct Documentation;

mod blueprint;
mod cancel;
mod capture;
mod cgroup;
mod check;
mod child;
mod container;
mod ending;
mod evidence;
mod function;
mod host;
mod ids;
mod inside;
mod instructions;
mod landlock;
mod launch;
mod launcher;
mod lock;
mod maker;
mod message;
mod names;
mod namespaces;
mod noise;
mod outcome;
mod pasta;
mod plan;
mod protection;
mod refused;
mod root;
mod rootless;
mod scratch;
mod seccomp;
mod shared;
mod slot;
mod spec;
mod start_time;
mod streams;
mod supervise;
mod sys;

pub use cancel::Cancel;
pub use check::{DOORS, HostCheck, Status, Unfit, check_doors, check_host};
pub use child::Child;
pub use container::{
    Access, ArgumentTest, Comparison, Container, CpuQuota, Devices, Enforcement, FileOperation,
    FileSystem, FileSystemKind, LandlockRules, Mount, Namespace, Network, PathAccess, PathRule,
    Proc, Resource, Rlimit, Root, Seccomp, SeccompAction, SeccompProfile, SeccompRule, Session,
    Share, User,
};
pub use ending::{Budget, Ending};
pub use function::{Function, become_function_if_asked};
pub use host::{Sandbox, SandboxConfig};
pub use ids::IdSource;
pub use launcher::become_launcher_if_asked;
pub use namespaces::{NamespaceFact, Owner};
pub use noise::{Noise, NoiseSource};
pub use outcome::{Captured, Exit, Limit, Outcome, Report, SandboxError, Usage};
pub use protection::Protection;
pub use scratch::{CollectError, Listing, ScratchDir};
pub use shared::SharedDirectory;
pub use slot::Slot;
pub use spec::{Command, InputFile, Limits, Output, Outputs, Stdin};
