//! The sandbox as its users see it: real kernel, real programs, nothing mocked.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test fails loudly, and its processes talk to each other by standard output"
)]

#[path = "sandbox/support.rs"]
mod support;

#[path = "sandbox/ahead.rs"]
mod ahead;
#[path = "sandbox/benchmarks.rs"]
mod benchmarks;
#[path = "sandbox/calls.rs"]
mod calls;
#[path = "sandbox/census.rs"]
mod census;
#[path = "sandbox/children.rs"]
mod children;
#[path = "sandbox/commands.rs"]
mod commands;
#[path = "sandbox/containment.rs"]
mod containment;
#[path = "sandbox/faults.rs"]
mod faults;
#[path = "sandbox/filters.rs"]
mod filters;
#[path = "sandbox/functions.rs"]
mod functions;
#[path = "sandbox/host.rs"]
mod host;
#[path = "sandbox/landlock.rs"]
mod landlock;
#[path = "sandbox/leftovers.rs"]
mod leftovers;
#[path = "sandbox/limits.rs"]
mod limits;
#[path = "sandbox/namespaces.rs"]
mod namespaces;
#[path = "sandbox/outcomes.rs"]
mod outcomes;
#[path = "sandbox/posture.rs"]
mod posture;
#[path = "sandbox/rootless.rs"]
mod rootless;
#[path = "sandbox/roots.rs"]
mod roots;
#[path = "sandbox/shares.rs"]
mod shares;
#[path = "sandbox/streams_and_files.rs"]
mod streams_and_files;
#[path = "sandbox/without_groups.rs"]
mod without_groups;
