//! Log lines to standard error, through a bounded queue and a thread of their own: a terminal that
//! is scrolled back or a pipe that nobody reads must not stop a worker. Lines that do not fit are
//! dropped and counted, and the count is logged once there is room again.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::LogFormat;

/// Lines that may wait for standard error.
const QUEUE_LINES: usize = 8192;
/// How long the end of the process waits for the last lines.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);
const FLUSH_RETRY: Duration = Duration::from_millis(5);

/// Why logging cannot start.
#[derive(Debug, thiserror::Error)]
pub(super) enum LoggingError {
    /// The filter is malformed.
    #[error("the log filter is malformed; write it like warn,gavel::worker=debug")]
    Filter(#[source] tracing_subscriber::filter::ParseError),
    /// No thread for it.
    #[error("cannot start the logging thread")]
    Thread(#[source] io::Error),
    /// Logging was started before.
    #[error("logging is already set up")]
    Started(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Starts logging. Keep the guard until the end: dropping it writes what is still queued.
pub(super) fn start(format: LogFormat, filter: &str) -> Result<LogGuard, LoggingError> {
    let filter = EnvFilter::try_new(filter).map_err(LoggingError::Filter)?;
    let queue = queue_to(io::stderr(), format, QUEUE_LINES).map_err(LoggingError::Thread)?;
    let guard = LogGuard(queue.clone());
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(queue);
    match format {
        LogFormat::Text => builder.with_ansi(wants_colour()).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    }
    .map_err(LoggingError::Started)?;
    Ok(guard)
}

/// Colours only for eyes; <https://no-color.org> is honoured.
fn wants_colour() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Writes what is still queued when dropped, for at most [`FLUSH_TIMEOUT`].
#[derive(Debug)]
pub(super) struct LogGuard(LogQueue);

impl Drop for LogGuard {
    fn drop(&mut self) {
        self.0.flush();
    }
}

enum Message {
    Line(Vec<u8>),
    Flush(SyncSender<()>),
}

/// The writing end of the queue.
#[derive(Debug, Clone)]
struct LogQueue {
    sender: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
}

fn queue_to(
    out: impl Write + Send + 'static,
    format: LogFormat,
    lines: usize,
) -> io::Result<LogQueue> {
    let (sender, receiver) = sync_channel(lines);
    let dropped = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&dropped);
    thread::Builder::new()
        .name("log".to_owned())
        .spawn(move || write_lines(&receiver, out, format, &counter))?;
    Ok(LogQueue { sender, dropped })
}

/// Ends when the last sender is gone. A failed write is ignored: there is nowhere to report it.
fn write_lines(
    receiver: &Receiver<Message>,
    mut out: impl Write,
    format: LogFormat,
    dropped: &AtomicU64,
) {
    for message in receiver {
        match message {
            Message::Line(line) => _ = out.write_all(&line),
            Message::Flush(done) => _ = out.flush().map(|()| done.send(())),
        }
        let lost = dropped.swap(0, Ordering::Relaxed);
        if lost > 0 {
            _ = out.write_all(lost_lines(format, lost).as_bytes());
        }
    }
}

fn lost_lines(format: LogFormat, lost: u64) -> String {
    match format {
        LogFormat::Text => format!("{lost} log lines were dropped: standard error is too slow\n"),
        LogFormat::Json => format!(
            "{{\"level\":\"WARN\",\"message\":\"log lines were dropped: standard error is too \
             slow\",\"dropped_lines\":{lost}}}\n"
        ),
    }
}

impl LogQueue {
    fn flush(&self) {
        let deadline = Instant::now() + FLUSH_TIMEOUT;
        let (done, is_done) = sync_channel(1);
        let mut message = Message::Flush(done);
        while let Err(TrySendError::Full(unsent)) = self.sender.try_send(message) {
            if Instant::now() >= deadline {
                return;
            }
            message = unsent;
            thread::sleep(FLUSH_RETRY);
        }
        _ = is_done.recv_timeout(deadline.saturating_duration_since(Instant::now()));
    }
}

/// tracing-subscriber formats an event first and then writes it with one call: one line.
impl Write for LogQueue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.sender.try_send(Message::Line(line.to_vec())).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for LogQueue {
    type Writer = LogQueue;

    fn make_writer(&self) -> LogQueue {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::Sender;

    use super::*;

    /// Tells that it was called, then waits for leave to go on: a standard error as slow as a test
    /// wants it.
    struct Slow {
        called: Sender<()>,
        leave: Receiver<()>,
        written: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            _ = self.called.send(());
            _ = self.leave.recv();
            self.written.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_slow_reader_costs_lines_and_no_time() {
        let (called, was_called) = std::sync::mpsc::channel();
        let (go, leave) = std::sync::mpsc::channel();
        let written = Arc::new(Mutex::new(Vec::new()));
        let slow = Slow {
            called,
            leave,
            written: Arc::clone(&written),
        };
        let mut queue = queue_to(slow, LogFormat::Text, 2).unwrap();
        queue.write_all(b"stuck\n").unwrap();
        was_called.recv().unwrap();
        for line in ["second\n", "third\n", "lost\n", "lost\n", "lost\n"] {
            queue.write_all(line.as_bytes()).unwrap();
        }
        drop(go);
        LogQueue::flush(&queue);
        let written = String::from_utf8(written.lock().unwrap().clone()).unwrap();
        assert_eq!(
            written,
            "stuck\n3 log lines were dropped: standard error is too slow\nsecond\nthird\n"
        );
    }

    #[test]
    fn the_json_notice_of_lost_lines_is_json() {
        let line = lost_lines(LogFormat::Json, 7);
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["dropped_lines"], 7);
    }
}
