//! What is kept for people of the files that a validator left in its feedback directory: the last pass decides, and
//! what is told elsewhere is left out. Too much is never a failure: it is left out, and told so.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::feedback::{MAX_FILES, NEXT_PASS, TEAM_MESSAGE};
use super::{FEEDBACK, JudgeError, MESSAGE, MULTIPLIER, SCORE, Validator};
use crate::judge::verdict::{Content, FeedbackFile, FeedbackFiles};
use crate::sandbox::{CollectError, Report};

/// What is kept otherwise: as messages, points, and the input of a pass.
const TOLD_ELSEWHERE: [&str; 5] = [MESSAGE, TEAM_MESSAGE, SCORE, MULTIPLIER, NEXT_PASS];

/// What is kept of one test case, in bytes: images and logs for people to look at are smaller.
const CASE_BYTES: u64 = 256 << 10;
/// What is kept of one file, in bytes: one that is large leaves room for others.
const FILE_BYTES: u64 = CASE_BYTES / 2;
/// The most files of one test case that are told of.
const CASE_FILES: usize = 32;
/// The same of all test cases of a submission together, so that problems with thousands of them do not fill
/// memory, the cache and the database.
const SUBMISSION_BYTES: u64 = 16 << 20;
const SUBMISSION_FILES: usize = 8192;
/// The longest name that is told, in bytes: the longest that most file systems have.
const NAME_BYTES: usize = 255;

/// How much of what a validator left is kept of one test case: every one gets the same, so that the order in which
/// they run does not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Share {
    bytes: u64,
    files: usize,
}

impl Share {
    /// Of a problem with so many test cases.
    pub(super) fn among(cases: usize) -> Share {
        let cases = cases.max(1);
        Share {
            bytes: CASE_BYTES.min(SUBMISSION_BYTES / cases as u64),
            files: CASE_FILES.min(SUBMISSION_FILES / cases).max(1),
        }
    }
}

impl Validator {
    /// What it left for people to look at.
    pub(super) fn kept(&self, report: &Report) -> Result<FeedbackFiles, JudgeError> {
        let listing = match report.scratch.list_below(Path::new(FEEDBACK), MAX_FILES) {
            Err(CollectError::Missing { .. }) => return Ok(FeedbackFiles::default()),
            listing => listing.map_err(|error| self.uncollected(error, report))?,
        };
        let mut kept = FeedbackFiles {
            files: Vec::new(),
            has_more: listing.has_more,
        };
        let is_new = |path: &PathBuf| TOLD_ELSEWHERE.iter().all(|told| path != Path::new(told));
        let new = listing.paths.into_iter().filter(is_new);
        let mut new: Vec<(String, PathBuf)> = new.map(|path| (name(&path), path)).collect();
        new.sort();
        let mut room = self.share.bytes;
        for (name, path) in new {
            if kept.files.len() == self.share.files || name.len() > NAME_BYTES {
                kept.has_more = true;
                continue;
            }
            let size = match report.scratch.size(&path) {
                // It has several names, or is closed to us.
                Err(CollectError::NotPlain { .. }) => {
                    kept.has_more = true;
                    continue;
                }
                size => size.map_err(|error| self.uncollected(error, report))?,
            };
            let content = if size <= room.min(FILE_BYTES) {
                let bytes = report.scratch.read(&path, size);
                let bytes = bytes.map_err(|error| self.uncollected(error, report))?;
                room -= size;
                Content::Here(bytes.into())
            } else {
                Content::LeftOut
            };
            kept.files.push(FeedbackFile {
                name,
                size_bytes: size,
                content,
            });
        }
        Ok(kept)
    }
}

/// The name of a file below the feedback directory, as text of which each is another file's: `\x` and two digits stand
/// for a byte that is no text, for each of a control character, and for a backslash.
fn name(path: &Path) -> String {
    let path = path.strip_prefix(FEEDBACK).unwrap_or(path);
    let mut name = String::new();
    let escape = |name: &mut String, bytes: &[u8]| {
        for byte in bytes {
            // Writing to a string does not fail.
            let _ = write!(name, "\\x{byte:02x}");
        }
    };
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        for character in chunk.valid().chars() {
            match character.is_control() || character == '\\' {
                true => escape(&mut name, character.encode_utf8(&mut [0; 4]).as_bytes()),
                false => name.push(character),
            }
        }
        escape(&mut name, chunk.invalid());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    #[test]
    fn names_are_text_whatever_bytes_they_are() {
        for (bytes, expected) in [
            (&b"a/b c.svg"[..], "a/b c.svg"),
            ("größe".as_bytes(), "größe"),
            (b"a\xff\xfeb", "a\\xff\\xfeb"),
            (b"a\\xff", "a\\x5cxff"),
            (b"a\n\x1b[31m\x7f", "a\\x0a\\x1b[31m\\x7f"),
            // A control character of two bytes, and the beginning of one that has no end.
            (b"\xc2\x85 \xe2\x82", "\\xc2\\x85 \\xe2\\x82"),
        ] {
            let path = Path::new(FEEDBACK).join(OsStr::from_bytes(bytes));
            assert_eq!(name(&path), expected);
        }
    }

    #[test]
    fn all_cases_share_what_a_submission_may_leave() {
        let few = Share {
            bytes: CASE_BYTES,
            files: CASE_FILES,
        };
        for cases in [0, 1, 64] {
            assert_eq!(Share::among(cases), few, "{cases}");
        }
        assert_eq!(Share::among(65).bytes, SUBMISSION_BYTES / 65);
        for cases in [100, 257, 1000, 8192] {
            let share = Share::among(cases);
            assert!(share.bytes * cases as u64 <= SUBMISSION_BYTES, "{cases}");
            assert!(share.files * cases <= SUBMISSION_FILES, "{cases}");
        }
        assert_eq!(Share::among(100_000).files, 1);
    }
}
