//! One line on the terminal that says how far the work is. Nowhere else, for it is no log.

use std::io::{IsTerminal, Write, stderr};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Often enough to be seen moving.
const PAUSE: Duration = Duration::from_millis(100);
/// Width of the bar, in characters.
const BAR: usize = 30;

/// A line of progress; it is empty where standard error is no terminal.
pub(super) struct Line {
    name: String,
    is_shown: bool,
    last: Mutex<Option<Instant>>,
}

impl Line {
    pub(super) fn new(name: &str) -> Self {
        Line {
            name: name.chars().filter(|c| !c.is_control()).collect(),
            is_shown: stderr().is_terminal(),
            last: Mutex::new(None),
        }
    }

    /// Shows how much is done; the end is always shown.
    pub(super) fn show(&self, what: &str, done: usize, all: usize) {
        if !self.is_shown {
            return;
        }
        // Whoever finds the line busy has nothing newer to say.
        let Ok(mut last) = self.last.try_lock() else {
            return;
        };
        let is_due = last.is_none_or(|last| last.elapsed() >= PAUSE);
        if is_due || done == all {
            *last = Some(Instant::now());
            let bar = bar(done, all);
            // Progress that cannot be shown is no reason to stop.
            let _ = write!(
                stderr(),
                "\r\x1b[K{}: {what} [{bar}] {done}/{all}",
                self.name
            );
        }
    }

    /// Leaves nothing of the line.
    pub(super) fn clear(&self) {
        if self.is_shown {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }
}

fn bar(done: usize, all: usize) -> String {
    let filled = (BAR * done.min(all)).checked_div(all).unwrap_or(BAR);
    format!("{}{}", "#".repeat(filled), ".".repeat(BAR - filled))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_full_as_the_work_is_done() {
        assert_eq!(bar(0, 4), ".".repeat(BAR));
        assert_eq!(bar(2, 4), "#".repeat(BAR / 2) + &".".repeat(BAR / 2));
        assert_eq!(bar(9, 4), "#".repeat(BAR));
        assert_eq!(bar(0, 0), "#".repeat(BAR));
    }
}
