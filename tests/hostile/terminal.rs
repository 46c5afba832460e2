//! `gavel run` at a real terminal: whatever the program does, nothing is typed into the terminal and
//! its settings stay as they are.

use std::process::Command;

use crate::case::{self, CONTAINED};
use crate::judging;
use crate::runner::alone;

/// Runs a command with a terminal as its controlling one, prints what it wrote, and fails if there
/// is input or another setting afterwards.
const AT_A_TERMINAL: &str = r#"
import fcntl, os, pty, sys, termios, threading, time
ours, theirs = pty.openpty()
settings = termios.tcgetattr(theirs)
pid = os.fork()
if pid == 0:
    os.setsid()
    fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)
    for fd in (0, 1, 2):
        os.dup2(theirs, fd)
    os.execv(sys.argv[1], sys.argv[1:])
shown = bytearray()
def show():
    while block := os.read(ours, 4096):
        shown.extend(block)
threading.Thread(target=show, daemon=True).start()
_, status = os.waitpid(pid, 0)
assert status == 0, status
assert termios.tcgetattr(theirs) == settings, "other settings"
termios.tcsetattr(theirs, termios.TCSADRAIN, settings[:3] + [settings[3] & ~termios.ICANON] + settings[4:])
os.set_blocking(theirs, False)
try:
    typed = os.read(theirs, 100)
except BlockingIOError:
    typed = b""
assert not typed, typed
os.write(theirs, b"end\n")
while b"end\r\n" not in shown:
    time.sleep(0.001)
sys.stdout.buffer.write(shown)
"#;

#[test]
fn a_program_types_nothing_into_the_terminal_of_who_runs_it() {
    let _alone = alone();
    let cases = case::read_all(None);
    let case = cases.iter().find(|case| case.id == "IO-15").expect("IO-15");
    let directory = tempfile::tempdir().expect("a directory");
    let files = judging::work(case, "python").files.into_iter().map(|file| {
        let path = directory.path().join(file.name);
        std::fs::write(&path, &file.bytes).expect("a file");
        path
    });
    let output = Command::new("/usr/bin/python3")
        .args(["-c", AT_A_TERMINAL, env!("CARGO_BIN_EXE_gavel"), "run"])
        .args(files)
        .output()
        .expect("python3");
    let shown = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{shown}{errors}");
    assert!(shown.lines().any(|line| line == CONTAINED), "{shown}");
}
