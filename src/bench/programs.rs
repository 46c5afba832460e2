//! The programs that are measured: built once, below a directory that boxes see read-only.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::sync::Arc;
use std::time::Duration;

use super::BenchError;
use crate::sandbox::{Access, Command, Container, Limits, Mount, Outcome, Report, Stdin};

/// How the name of the directory begins; the process that made it comes after.
const NAME: &str = "gavel-bench-";
/// Where boxes see the programs.
const IN_BOX: &str = "/bench";

const STATIC_C: &str = "int main(void) { return 0; }\n";
const HELLO_CPP: &str =
    "#include <iostream>\nint main() { std::cout << \"hello\" << std::endl; }\n";
/// Burns as many milliseconds of CPU time as its argument says; for ever without one.
const BURN_C: &str = r#"
#include <stdlib.h>
#include <time.h>
int main(int argc, char **argv) {
    long long until_ns = argc > 1 ? atoll(argv[1]) * 1000000 : -1;
    struct timespec used;
    do clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    while (until_ns < 0 || used.tv_sec * 1000000000LL + used.tv_nsec < until_ns);
}
"#;
/// Touches as many bytes as its argument says.
const TOUCH_C: &str = r#"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
int main(int argc, char **argv) {
    size_t bytes = argc > 1 ? strtoull(argv[1], 0, 10) : 0;
    if (bytes == 0) return 0;
    char *memory = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return 1;
    memset(memory, 1, bytes);
}
"#;

/// A program under the names it has on the host and in a box.
#[derive(Debug, Clone)]
pub(super) struct Program {
    /// In the report.
    pub(super) name: &'static str,
    /// Path on the host.
    pub(super) on_host: PathBuf,
    /// Path in a box.
    pub(super) in_box: PathBuf,
}

/// The built programs.
#[derive(Debug)]
pub(super) struct Programs {
    directory: PathBuf,
}

impl Programs {
    /// Builds all.
    pub(super) fn build() -> Result<Self, BenchError> {
        let temporary = std::env::temp_dir();
        remove_left(&temporary);
        let directory = temporary.join(format!("{NAME}{}", std::process::id()));
        make_directory(&directory).map_err(|source| failed("create", &directory, source))?;
        let programs = Programs { directory };
        for (name, extension, source) in [
            ("static", "c", STATIC_C),
            ("hello", "cpp", HELLO_CPP),
            ("burn", "c", BURN_C),
            ("touch", "c", TOUCH_C),
        ] {
            programs.build_one(name, extension, source)?;
        }
        Ok(programs)
    }

    fn build_one(&self, name: &str, extension: &str, source: &str) -> Result<(), BenchError> {
        let file = self.directory.join(format!("{name}.{extension}"));
        std::fs::write(&file, source).map_err(|source| failed("write", &file, source))?;
        let is_cpp = extension == "cpp";
        let status = Process::new(if is_cpp { "g++" } else { "gcc" })
            // Only the C++ program is linked to libraries: that is what it is measured for.
            .args(if is_cpp {
                &["-O2"][..]
            } else {
                &["-O2", "-static"]
            })
            .arg("-o")
            .arg(self.directory.join(name))
            .arg(&file)
            .stdin(Stdio::null())
            .status()
            .map_err(|source| failed("run a C compiler on", &file, source))?;
        if status.success() {
            return Ok(());
        }
        Err(failed(
            "compile",
            &file,
            io::Error::other(status.to_string()),
        ))
    }

    /// Those whose start is measured.
    pub(super) fn quick(&self) -> Vec<Program> {
        let usual = Program {
            name: "true",
            on_host: "/bin/true".into(),
            in_box: "/bin/true".into(),
        };
        vec![usual, self.program("static"), self.program("hello")]
    }

    /// One of the built programs.
    pub(super) fn program(&self, name: &'static str) -> Program {
        Program {
            name,
            on_host: self.directory.join(name),
            in_box: Path::new(IN_BOX).join(name),
        }
    }

    /// Boxes that see the programs.
    pub(super) fn container(&self) -> Container {
        Container::host_toolchains().mount(Mount {
            source: self.directory.clone(),
            target: IN_BOX.into(),
            access: Access::ReadOnly,
        })
    }
}

impl Drop for Programs {
    fn drop(&mut self) {
        // What stays behind the next benchmark removes.
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// Removes what a benchmark left that was killed. What cannot be removed is somebody else's.
fn remove_left(temporary: &Path) {
    let entries = std::fs::read_dir(temporary).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix(NAME));
        let process = process.and_then(|process| process.parse::<u32>().ok());
        if process.is_some_and(|process| !Path::new("/proc").join(process.to_string()).exists()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// Boxes run under an id of their own and must be able to enter.
fn make_directory(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().mode(0o755).create(path)
}

fn failed(step: &'static str, path: &Path, source: io::Error) -> BenchError {
    BenchError::Program {
        step,
        path: path.to_owned(),
        source,
    }
}

/// What a judge would allow; every limit is on.
const LIMITS: Limits = Limits {
    cpu: Duration::from_secs(10),
    wall: Duration::from_secs(30),
    idle: Some(Duration::from_secs(20)),
    memory_bytes: 512 << 20,
    stdout_bytes: 1 << 20,
    processes: 64,
    stack_bytes: 64 << 20,
    open_files: 256,
    file_bytes: 64 << 20,
};

/// The command that starts a program with these arguments.
pub(super) fn command(program: &Program, arguments: &[&str]) -> Command {
    Command {
        program: program.in_box.clone(),
        args: arguments.iter().map(OsString::from).collect(),
        env: vec![("PATH".into(), "/usr/bin:/bin".into())],
        files: Vec::new(),
        stdin: Stdin::Bytes(Arc::from([])),
        stderr_bytes: 4096,
        limits: LIMITS,
    }
}

/// Refuses a run that did not end well: what it took says nothing.
pub(super) fn ended_well(program: &Program, report: &Report) -> Result<(), BenchError> {
    use crate::sandbox::Exit;
    if report.outcome == Outcome::Ended(Exit::Code(0)) {
        return Ok(());
    }
    Err(BenchError::Unexpected {
        program: program.name.to_owned(),
        outcome: format!("{:?}", report.outcome),
    })
}
