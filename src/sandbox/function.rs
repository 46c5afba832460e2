//! Functions of the program that uses this library, run in a box. The caller is not forked, with its threads
//! and its memory: its binary is executed again in the box, read-only, and finds the function by its name.
//! Whatever goes in and out goes by the standard streams.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::container::{Access, Container, Mount};
use super::spec::{Command, Limits, Stdin};

/// Where the binary is in the box, and the name under which it is executed there.
const BINARY: &str = "/function-of-the-caller";
/// The exit code of a binary that does not have the function.
const NO_SUCH_FUNCTION: i32 = 127;
/// The most that is kept of standard error.
const STDERR_BYTES: u64 = 64 << 10;

/// A function that can run in a box.
#[derive(Debug, Clone, Copy)]
pub struct Function {
    /// What it is asked for by; no two may have the same.
    pub name: &'static str,
    /// What it does, and the exit code.
    pub body: fn() -> u8,
}

impl Function {
    /// A box like `container`, with the binary in it whose `main` calls [`become_function_if_asked`]: as a
    /// rule [`std::env::current_exe`]. Everybody must be able to read and execute it. The program in the
    /// box can read it, too, so there must be no secrets in it.
    pub fn container(self, binary: &Path, container: &Container) -> Container {
        let mut container = container.clone();
        container.mounts.push(Mount {
            source: binary.to_owned(),
            target: PathBuf::from(BINARY),
            access: Access::ReadOnly,
        });
        container
    }

    /// What runs it in such a box, with empty input and environment.
    pub fn command(self, limits: Limits) -> Command {
        Command {
            program: PathBuf::from(BINARY),
            args: vec![self.name.into()],
            env: Vec::new(),
            files: Vec::new(),
            stdin: Stdin::Empty,
            stderr_bytes: STDERR_BYTES,
            limits,
        }
    }
}

/// Runs the function that this process was executed for and never returns; otherwise does nothing. Belongs at
/// the top of `main`, after [`become_launcher_if_asked`](super::become_launcher_if_asked).
pub fn become_function_if_asked(functions: &[Function]) {
    let mut arguments = std::env::args_os();
    if arguments.next().is_none_or(|binary| binary != BINARY) {
        return;
    }
    let asked = arguments.next().unwrap_or_default();
    let found = functions
        .iter()
        .find(|function| OsStr::new(function.name) == asked);
    let code = found.map_or(NO_SUCH_FUNCTION, |function| i32::from((function.body)()));
    std::process::exit(code)
}
