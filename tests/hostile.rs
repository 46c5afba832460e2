//! Hostile and awkward programs, one file for each in `tests/hostile/cases`, run through the judge with
//! real compilers in real boxes. After each, what must remain true of the host is checked.
//!
//! `GAVEL_SLOW_TESTS=1` runs the slow tier, too: bombs and races, repeated. `GAVEL_HOSTILE=CPU-03`
//! runs only cases whose id begins so.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails loudly, and says what it could not try"
)]

#[path = "hostile/areas.rs"]
mod areas;
#[path = "hostile/canaries.rs"]
mod canaries;
#[path = "hostile/case.rs"]
mod case;
#[path = "hostile/catalogue.rs"]
mod catalogue;
#[path = "hostile/controls.rs"]
mod controls;
#[path = "hostile/crowd.rs"]
mod crowd;
#[path = "hostile/designs.rs"]
mod designs;
#[path = "hostile/files.rs"]
mod files;
#[path = "hostile/host.rs"]
mod host;
#[path = "hostile/judging.rs"]
mod judging;
#[path = "hostile/kernel_log.rs"]
mod kernel_log;
#[path = "hostile/layers.rs"]
mod layers;
#[path = "hostile/neighbour.rs"]
mod neighbour;
#[path = "hostile/runner.rs"]
mod runner;
#[path = "hostile/sequences.rs"]
mod sequences;
#[path = "hostile/service.rs"]
mod service;
#[path = "service/support.rs"]
#[allow(dead_code, reason = "only a part of it is needed here")]
mod service_support;
#[path = "hostile/terminal.rs"]
mod terminal;
#[path = "hostile/validators.rs"]
mod validators;
