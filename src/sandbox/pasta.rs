//! User-mode networking: `pasta` of the package passt stands between a box and the world.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStderr, Command as Process, Stdio};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::Mode;
use nix::unistd::{geteuid, mkfifo};

use super::outcome::{SandboxError, SetUpStep};
use super::sys;

/// Longest wait for pasta to configure the box's network.
const PATIENCE_MS: u16 = 10_000;
/// What keeps host and box apart, each unless the caller gives the same option.
const CLOSED: [(&str, &str, &[&str]); 5] = [
    ("-t", "--tcp-ports", &["none"]),
    ("-u", "--udp-ports", &["none"]),
    ("-T", "--tcp-ns", &["none"]),
    ("-U", "--udp-ns", &["none"]),
    ("--no-map-gw", "--map-gw", &[]),
];

/// A running pasta; ends when dropped, and with the thread that started it.
#[derive(Debug)]
pub(super) struct Pasta {
    process: Child,
    /// Kept open, so that its complaints do not end it.
    /// Kept open, so that a complaint does not end it.
    errors: Option<ChildStderr>,
}

impl Pasta {
    /// Connects the network namespace of a process, and waits until it is configured.
    /// `fifo` is a path of ours for the time of the start.
    pub(super) fn start(fifo: &Path, pid: i32, arguments: &[String]) -> Result<Self, SandboxError> {
        let shown = fifo.to_string_lossy();
        // Left by an earlier crash, perhaps.
        let _ = fs::remove_file(fifo);
        mkfifo(fifo, Mode::S_IRUSR | Mode::S_IWUSR).set_up("create", &shown)?;
        let started = start(fifo, pid, arguments);
        fs::remove_file(fifo).set_up("remove", &shown)?;
        started
    }
}

impl Drop for Pasta {
    fn drop(&mut self) {
        // Gone already is as good as killed.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn start(fifo: &Path, pid: i32, arguments: &[String]) -> Result<Pasta, SandboxError> {
    // Pasta writes its process id there once the network is configured.
    let ready = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(fifo)
        .set_up("open", fifo.to_string_lossy())?;
    let mut command = Process::new("pasta");
    command
        .args(["--config-net", "--foreground", "--quiet"])
        // Root would become nobody, who could not enter the box's namespaces.
        .args(geteuid().is_root().then_some("--runas=0"))
        .arg("--pid")
        .arg(fifo)
        .args(closed(arguments))
        .args(arguments)
        .arg(pid.to_string())
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        // As launchers: Ctrl-C at a terminal is for us alone.
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    sys::die_with_this_thread(&mut command);
    let process = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => SandboxError::Setting {
            setting: "network",
            reason: "pasta is not installed; install the package passt".to_owned(),
        },
        _ => SandboxError::SetUp {
            step: "start",
            object: "pasta".to_owned(),
            source: error,
        },
    })?;
    let mut pasta = Pasta {
        process,
        errors: None,
    };
    pasta.errors = Some(await_ready(&ready, &mut pasta.process)?);
    Ok(pasta)
}

/// The options that the caller does not set.
fn closed(arguments: &[String]) -> impl Iterator<Item = &'static str> {
    let is_set = |short: &str, long: &str| {
        let same = |argument: &String| {
            argument == short || argument == long || argument.starts_with(&format!("{long}="))
        };
        arguments.iter().any(same)
    };
    let wanted = CLOSED
        .iter()
        .filter(move |(short, long, _)| !is_set(short, long));
    let wanted: Vec<&'static str> = wanted
        .flat_map(|(option, _, value)| std::iter::once(*option).chain(value.iter().copied()))
        .collect();
    wanted.into_iter()
}

fn await_ready(ready: &File, process: &mut Child) -> Result<ChildStderr, SandboxError> {
    let Some(mut errors) = process.stderr.take() else {
        return Err(SandboxError::Lost("error stream of pasta"));
    };
    let mut polled = [
        PollFd::new(ready.as_fd(), PollFlags::POLLIN),
        PollFd::new(errors.as_fd(), PollFlags::POLLIN),
    ];
    poll(&mut polled, PollTimeout::from(PATIENCE_MS)).set_up("wait for", "pasta")?;
    let is_ready = |fd: &PollFd<'_>| fd.revents().is_some_and(|e| e.contains(PollFlags::POLLIN));
    if is_ready(&polled[0]) {
        return Ok(errors);
    }
    // It ends with its words, or is ended.
    let _ = process.kill();
    let mut words = Vec::new();
    let _ = errors.by_ref().take(4096).read_to_end(&mut words);
    Err(SandboxError::Setting {
        setting: "network",
        reason: format!(
            "pasta does not start: {}",
            String::from_utf8_lossy(&words).trim()
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_box_are_kept_apart_unless_the_caller_says_otherwise() {
        let given = |arguments: &[&str]| -> Vec<&str> {
            let arguments: Vec<String> = arguments.iter().map(|a| (*a).to_owned()).collect();
            closed(&arguments).collect()
        };
        let all = [
            "-t",
            "none",
            "-u",
            "none",
            "-T",
            "none",
            "-U",
            "none",
            "--no-map-gw",
        ];
        assert_eq!(given(&[]), all);
        assert!(!given(&["-T", "80"]).contains(&"-T"));
        assert!(!given(&["--tcp-ns=80"]).contains(&"-T"));
        assert!(!given(&["--map-gw"]).contains(&"--no-map-gw"));
    }
}
