//! The service as its users see it: the real binary, real Postgres, real compilers, real sandbox,
//! over HTTP.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails loudly"
)]

#[path = "service/support.rs"]
mod support;

#[path = "service/crashes.rs"]
mod crashes;
#[path = "service/folders.rs"]
mod folders;
#[path = "service/judging.rs"]
mod judging;
#[path = "service/packages.rs"]
mod packages;
#[path = "service/refusals.rs"]
mod refusals;
#[path = "service/starting.rs"]
mod starting;
