//! The `gavel` binary: hands over to the command line. What must run before any thread exists or
//! any argument is parsed belongs at the top of `main`.

use std::process::ExitCode;

fn main() -> ExitCode {
    gavel::sandbox::become_launcher_if_asked();
    gavel::sandbox::become_function_if_asked(&[gavel::sandbox::DOORS]);
    gavel::cli::main()
}
