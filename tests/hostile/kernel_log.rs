//! The log of the kernel: what a program has it write.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;

use crate::runner::alone;

/// A report of a process that was killed for its memory has a hundred, and other work on the machine
/// writes to it, too.
const MAX_LINES: usize = 1000;

/// Words of the kernel about faults of its own.
const ALARMS: [&str; 7] = [
    "BUG: ",
    "Oops",
    "WARNING: ",
    "Kernel panic",
    "blocked for more than",
    "rcu_sched detected stalls",
    "soft lockup",
];

/// The log from some moment on.
pub(crate) struct KernelLog(File);

impl KernelLog {
    /// Its end now; nothing where it cannot be read.
    pub(crate) fn open() -> Option<KernelLog> {
        let mut options = OpenOptions::new();
        let options = options.read(true).custom_flags(libc::O_NONBLOCK);
        let mut file = options.open("/dev/kmsg").ok()?;
        file.seek(SeekFrom::End(0)).ok()?;
        Some(KernelLog(file))
    }

    /// The lines that were written since.
    fn news(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut record = [0; 8192];
        loop {
            match self.0.read(&mut record) {
                Ok(length) => {
                    let text = String::from_utf8_lossy(&record[..length]).into_owned();
                    // What comes after the first line are properties of a device.
                    let line = text.lines().next().unwrap_or_default();
                    let message = line.split_once(';').map_or(line, |(_, message)| message);
                    lines.push(message.to_owned());
                }
                // Some were overwritten before we came.
                Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
                Err(_) => return lines,
            }
        }
    }

    /// Faults of the kernel itself, and floods.
    pub(crate) fn complaints(&mut self) -> Vec<String> {
        complaints(&self.news())
    }
}

fn complaints(news: &[String]) -> Vec<String> {
    let is_alarm = |line: &&String| ALARMS.iter().any(|words| line.contains(words));
    let alarms = news.iter().filter(is_alarm);
    let mut found: Vec<String> = alarms
        .map(|line| format!("the kernel says {line:?}"))
        .collect();
    if news.len() > MAX_LINES {
        found.push(format!("the kernel wrote {} lines", news.len()));
    }
    found
}

#[test]
fn a_fault_of_the_kernel_and_a_flood_are_complained_about() {
    let line = |text: &str| vec![text.to_owned()];
    assert_eq!(complaints(&line("Memory cgroup out of memory")), [""; 0]);
    for alarm in [
        "BUG: unable to handle",
        "WARNING: CPU: 0 PID: 1",
        "INFO: task x blocked for more than 120 seconds",
    ] {
        assert_eq!(complaints(&line(alarm)).len(), 1, "{alarm}");
    }
    assert_eq!(complaints(&vec![String::new(); MAX_LINES + 1]).len(), 1);
}

#[test]
fn what_is_written_to_the_log_is_read_once() {
    let _alone = alone();
    let mut log = KernelLog::open().expect("root reads the log of the kernel");
    log.news();
    let mark = format!("gavel: a test was here, {}", std::process::id());
    // Without an end of line the record would still be open.
    std::fs::write("/dev/kmsg", format!("{mark}\n")).expect("root writes to the log of the kernel");
    let ours = |news: Vec<String>| news.iter().filter(|line| **line == mark).count();
    assert_eq!((ours(log.news()), ours(log.news())), (1, 0));
}
