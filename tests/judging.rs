//! Judging as its users see it: real compilers, the real sandbox, nothing mocked.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails loudly, and says what it could not try"
)]

#[path = "judging/support.rs"]
mod support;

#[path = "judging/checking.rs"]
mod checking;
#[path = "judging/cms.rs"]
mod cms;
#[path = "judging/command.rs"]
mod command;
#[path = "judging/communicating.rs"]
mod communicating;
#[path = "judging/compiling.rs"]
mod compiling;
#[path = "judging/dmoj.rs"]
mod dmoj;
#[path = "judging/folders.rs"]
mod folders;
#[path = "judging/formats.rs"]
mod formats;
#[path = "judging/interacting.rs"]
mod interacting;
#[path = "judging/languages.rs"]
mod languages;
#[path = "judging/packages.rs"]
mod packages;
#[path = "judging/polygon.rs"]
mod polygon;
#[path = "judging/remembering.rs"]
mod remembering;
#[path = "judging/setting.rs"]
mod setting;
#[path = "judging/stressing.rs"]
mod stressing;
#[path = "judging/validating.rs"]
mod validating;
#[path = "judging/verdicts.rs"]
mod verdicts;
#[path = "judging/verifying.rs"]
mod verifying;
#[path = "judging/verifying_data.rs"]
mod verifying_data;
#[path = "judging/verifying_points.rs"]
mod verifying_points;
