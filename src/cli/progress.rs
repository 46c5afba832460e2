//! One line on the terminal that says how far the work is, and how long the rest will take. Nowhere else, for it is no log.

use std::io::{IsTerminal, Write, stderr};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Often enough to be seen moving.
const PAUSE: Duration = Duration::from_millis(100);
/// A guess of what is left needs something to go by.
const GUESS_AFTER: Duration = Duration::from_secs(2);
/// Width of the bar, in characters.
const BAR: usize = 30;

/// A line of progress; it is empty where standard error is no terminal.
pub(super) struct Line {
    name: String,
    is_shown: bool,
    step: Mutex<Option<Step>>,
}

/// The step that is being done.
struct Step {
    what: String,
    began: Instant,
    shown: Instant,
}

impl Line {
    pub(super) fn new(name: &str) -> Self {
        Line {
            name: name.chars().filter(|c| !c.is_control()).collect(),
            is_shown: stderr().is_terminal(),
            step: Mutex::new(None),
        }
    }

    /// Shows how much is done; the end is always shown.
    pub(super) fn show(&self, what: &str, done: usize, all: usize) {
        if !self.is_shown {
            return;
        }
        // Whoever finds the line busy has nothing newer to say.
        let Ok(mut step) = self.step.try_lock() else {
            return;
        };
        let now = Instant::now();
        let (began, is_due) = match &*step {
            Some(step) if step.what == what => (step.began, now - step.shown >= PAUSE),
            _ => (now, true),
        };
        if is_due || done == all {
            *step = Some(Step {
                what: what.to_owned(),
                began,
                shown: now,
            });
            let (bar, left) = (bar(done, all), left(now - began, done, all));
            // Progress that cannot be shown is no reason to stop.
            let _ = write!(
                stderr(),
                "\r\x1b[K{}: {what} [{bar}] {done}/{all}{left}",
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

/// How long the rest will take if it goes on like this; nothing before that can be guessed.
fn left(elapsed: Duration, done: usize, all: usize) -> String {
    if elapsed < GUESS_AFTER || done == 0 || done >= all {
        return String::new();
    }
    let seconds = elapsed.as_secs_f64() * (all - done) as f64 / done as f64;
    match seconds.ceil() as u64 {
        seconds @ 0..=99 => format!(", {seconds} s left"),
        seconds => format!(", {} min left", seconds.div_ceil(60)),
    }
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

    #[test]
    fn the_rest_is_guessed_from_what_is_done() {
        let after = |seconds| Duration::from_secs(seconds);
        assert_eq!(left(after(1), 1, 4), "");
        assert_eq!(left(after(10), 1, 4), ", 30 s left");
        assert_eq!(left(after(100), 1, 4), ", 5 min left");
        assert_eq!(left(after(10), 4, 4), "");
        assert_eq!(left(after(10), 0, 4), "");
    }
}
