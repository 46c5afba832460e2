//! The sandbox: runs one program in a fresh, single-use container and reports what happened.
//! It knows nothing of verdicts, problems, languages, HTTP or SQL.

mod outcome;
mod spec;

pub use outcome::{
    Captured, CollectError, Exit, Limit, Outcome, Report, SandboxError, ScratchDir, Usage,
};
pub use spec::{Access, Command, Container, InputFile, Limits, Mount, Network, Proc, Stdin};
