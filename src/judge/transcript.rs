//! What a submission and a program of the problem said to each other, and when: for judges.

use std::fmt::Write;
use std::time::{Duration, Instant};

/// How much of what was said is kept, in bytes.
const MAX_BYTES: usize = 16 << 10;
/// Most parts that are kept: each takes more than its bytes.
const MAX_PARTS: usize = 1000;

/// Who says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaker {
    Submission,
    Validator,
    /// One process of a submission that has several.
    Process(usize),
    /// The manager, to that process.
    Manager(usize),
}

/// What was said so far.
#[derive(Debug)]
pub(super) struct Transcript {
    start: Instant,
    parts: Vec<Part>,
    room: usize,
    is_cut: bool,
}

#[derive(Debug)]
struct Part {
    at: Duration,
    speaker: Speaker,
    bytes: Vec<u8>,
}

impl Transcript {
    /// Begins now.
    pub(super) fn new() -> Self {
        Transcript {
            start: Instant::now(),
            parts: Vec::new(),
            room: MAX_BYTES,
            is_cut: false,
        }
    }

    /// Notes that something is said now.
    pub(super) fn note(&mut self, speaker: Speaker, bytes: &[u8]) {
        self.note_at(self.start.elapsed(), speaker, bytes);
    }

    fn note_at(&mut self, at: Duration, speaker: Speaker, bytes: &[u8]) {
        let kept = bytes.len().min(self.room);
        self.room -= kept;
        self.is_cut |= kept < bytes.len();
        let bytes = &bytes[..kept];
        let count = self.parts.len();
        match self.parts.last_mut() {
            // The rest of a line.
            Some(last) if last.speaker == speaker && !last.bytes.ends_with(b"\n") => {
                last.bytes.extend_from_slice(bytes);
            }
            _ if kept == 0 => {}
            _ if count == MAX_PARTS => {
                self.is_cut = true;
                self.room = 0;
            }
            _ => self.parts.push(Part {
                at,
                speaker,
                bytes: bytes.to_vec(),
            }),
        }
    }

    /// One line for each that was said: seconds, `>` from the submission or `<` to it, after the number of the process
    /// where there are several, and the text.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for Part { at, speaker, bytes } in &self.parts {
            let sign = match speaker {
                Speaker::Submission => ">".to_owned(),
                Speaker::Validator => "<".to_owned(),
                Speaker::Process(number) => format!("{number}>"),
                Speaker::Manager(number) => format!("{number}<"),
            };
            let at = at.as_secs_f64();
            for line in String::from_utf8_lossy(bytes).lines() {
                // Writing to a text cannot fail.
                let _ = writeln!(text, "{at:.3} {sign} {line}");
            }
        }
        if self.is_cut {
            text.push_str("[more was said, and not kept]\n");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::Speaker::*;
    use super::*;

    #[test]
    fn lines_have_time_and_direction_and_parts_of_one_line_are_one() {
        let mut transcript = Transcript::new();
        for (ms, speaker, text) in [
            (1, Validator, "5\n"),
            (20, Submission, "gu"),
            (25, Submission, "ess 3\nguess 4"),
            (30, Validator, "lower\n"),
            (31, Validator, "higher\n"),
        ] {
            transcript.note_at(Duration::from_millis(ms), speaker, text.as_bytes());
        }
        assert_eq!(
            transcript.text(),
            "0.001 < 5\n0.020 > guess 3\n0.020 > guess 4\n0.030 < lower\n0.031 < higher\n"
        );
    }

    #[test]
    fn processes_have_numbers_and_lines_of_their_own() {
        let mut transcript = Transcript::new();
        for (ms, speaker, text) in [
            (1, Manager(1), "5\n"),
            (2, Process(1), "a"),
            (3, Process(0), "b\n"),
            (4, Process(1), "c\n"),
        ] {
            transcript.note_at(Duration::from_millis(ms), speaker, text.as_bytes());
        }
        assert_eq!(
            transcript.text(),
            "0.001 1< 5\n0.002 1> a\n0.003 0> b\n0.004 1> c\n"
        );
    }

    #[test]
    fn endless_talk_is_cut() {
        let mut long = Transcript::new();
        long.note(Submission, &vec![b'x'; MAX_BYTES]);
        assert!(!long.text().contains("not kept"));
        long.note(Submission, b"x");
        assert!(long.text().ends_with("x\n[more was said, and not kept]\n"));
        let mut often = Transcript::new();
        for _ in 0..=MAX_PARTS {
            often.note(Validator, b"\n");
        }
        assert_eq!(often.parts.len(), MAX_PARTS);
        assert!(often.is_cut);
    }
}
