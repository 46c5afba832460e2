//! What was judged, one JSON object a line, each written before the next is begun: whatever stops the
//! judging, the next run goes on from there. The first line says what it was judged on.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::{Program, Row, Submission};

/// What submissions are judged on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The problem, so that nothing is mixed up: a digest, or an address.
    pub problem: String,
    /// The time limit in milliseconds; `None` where the server knows it.
    pub time_limit_ms: Option<u64>,
}

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The kernel refuses.
    #[error("cannot {action} {path}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// It is something else.
    #[error("{path} is no journal of judged submissions: name another file")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// It was judged on something else.
    #[error(
        "{path} has results of another problem, or of another version of it: name another file, or remove it"
    )]
    OtherProblem {
        /// The file.
        path: PathBuf,
    },
    /// It was judged by another time limit.
    #[error("{path} has results by a time limit of {limit_ms} ms: name another file, or remove it")]
    OtherLimit {
        /// The file.
        path: PathBuf,
        /// The time limit.
        limit_ms: u64,
    },
    /// Another run writes to it.
    #[error("{path} is in use by another run")]
    InUse {
        /// The file.
        path: PathBuf,
    },
}

/// An open journal. Rows may be added from any thread.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: Mutex<File>,
    header: Option<Header>,
    /// The last row of each submission.
    rows: HashMap<String, Row>,
}

impl Journal {
    /// Opens a journal, or makes one, and locks it.
    ///
    /// # Errors
    /// Where there is something else in its place.
    pub fn open(path: &Path) -> Result<Journal, JournalError> {
        let failed = |action| {
            move |source| JournalError::Io {
                action,
                path: path.to_owned(),
                source,
            }
        };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(path).map_err(failed("open"))?;
        file.try_lock().map_err(|_| JournalError::InUse {
            path: path.to_owned(),
        })?;
        let Contents { header, rows, end } = read(&file, path)?;
        file.set_len(end).map_err(failed("write"))?;
        file.seek(SeekFrom::Start(end)).map_err(failed("write"))?;
        Ok(Journal {
            path: path.to_owned(),
            file: Mutex::new(file),
            header,
            rows,
        })
    }

    /// What it was judged on; `None` where it is new.
    ///
    /// # Errors
    /// Where that is not this problem, or not by this time limit.
    pub fn resume(
        &self,
        problem: &str,
        time_limit_ms: Option<u64>,
    ) -> Result<Option<&Header>, JournalError> {
        let path = || self.path.clone();
        let Some(header) = &self.header else {
            return Ok(None);
        };
        if header.problem != problem {
            return Err(JournalError::OtherProblem { path: path() });
        }
        match header.time_limit_ms {
            Some(limit_ms) if time_limit_ms.is_some_and(|asked_ms| asked_ms != limit_ms) => {
                Err(JournalError::OtherLimit {
                    path: path(),
                    limit_ms,
                })
            }
            _ => Ok(Some(header)),
        }
    }

    /// Writes the first line of a new journal.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn begin(&mut self, header: Header) -> Result<(), JournalError> {
        self.write(&header)?;
        self.header = Some(header);
        Ok(())
    }

    /// What came of this very submission before.
    pub fn find(&self, submission: &Submission, program: &Program) -> Option<&Row> {
        let row = self.rows.get(&submission.name)?;
        (row.digest == program.digest()).then_some(row)
    }

    /// Adds a row; it is on disk before this returns.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn add(&self, row: &Row) -> Result<(), JournalError> {
        self.write(row)
    }

    fn write(&self, line: &impl Serialize) -> Result<(), JournalError> {
        let failed = |source| JournalError::Io {
            action: "write",
            path: self.path.clone(),
            source,
        };
        let mut text = serde_json::to_vec(line).map_err(|error| failed(error.into()))?;
        text.push(b'\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&text).map_err(failed)?;
        file.sync_data().map_err(failed)
    }
}

/// What is in a journal.
#[derive(Default)]
struct Contents {
    header: Option<Header>,
    rows: HashMap<String, Row>,
    /// Where the last whole line ends.
    end: u64,
}

fn read(file: &File, path: &Path) -> Result<Contents, JournalError> {
    let foreign = || JournalError::Foreign {
        path: path.to_owned(),
    };
    let mut reader = BufReader::new(file);
    let mut contents = Contents::default();
    loop {
        let mut line = Vec::new();
        let length = reader.read_until(b'\n', &mut line);
        let length = length.map_err(|source| JournalError::Io {
            action: "read",
            path: path.to_owned(),
            source,
        })?;
        let is_whole = line.last() == Some(&b'\n');
        if contents.header.is_none() && length > 0 {
            let first = serde_json::from_slice(&line).ok().filter(|_| is_whole);
            contents.header = Some(first.ok_or_else(foreign)?);
        } else if is_whole {
            let row: Row = serde_json::from_slice(&line).map_err(|_| foreign())?;
            contents.rows.insert(row.submission.clone(), row);
        } else {
            // It was being written when everything stopped.
            return Ok(contents);
        }
        contents.end += length as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::verdict::Verdict;

    fn program(text: &str) -> Program {
        Program {
            language: "c".to_owned(),
            files: vec![crate::problem::SourceFile {
                name: "main".to_owned(),
                bytes: text.as_bytes().into(),
            }],
        }
    }

    fn submission(name: &str, text: &str) -> Submission {
        Submission {
            name: name.to_owned(),
            program: Ok(program(text)),
        }
    }

    fn row(name: &str, text: &str) -> Row {
        Row {
            submission: name.to_owned(),
            digest: program(text).digest(),
            language: "c".to_owned(),
            verdict: Verdict::Accepted,
            reason: "why".to_owned(),
            score: Some(0.5),
            slowest_ms: Some(1.5),
            memory_bytes: None,
            cases: Vec::new(),
        }
    }

    fn header(limit_ms: u64) -> Header {
        Header {
            problem: "p".to_owned(),
            time_limit_ms: Some(limit_ms),
        }
    }

    #[test]
    fn whole_rows_survive_a_stop_and_a_broken_one_is_cut_off() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("j");
        let mut journal = Journal::open(&path).unwrap();
        assert_eq!(journal.resume("p", None).unwrap(), None);
        journal.begin(header(7)).unwrap();
        journal.add(&row("a", "1")).unwrap();
        assert!(matches!(
            Journal::open(&path),
            Err(JournalError::InUse { .. })
        ));
        drop(journal);
        let mut text = std::fs::read(&path).unwrap();
        text.extend(b"{\"submission\": \"b");
        std::fs::write(&path, text).unwrap();
        let journal = Journal::open(&path).unwrap();
        assert_eq!(journal.resume("p", None).unwrap(), Some(&header(7)));
        journal.add(&row("c", "3")).unwrap();
        drop(journal);
        let journal = Journal::open(&path).unwrap();
        let found = |name, text| {
            journal
                .find(&submission(name, text), &program(text))
                .cloned()
        };
        assert_eq!(found("a", "1"), Some(row("a", "1")));
        assert_eq!(found("c", "3"), Some(row("c", "3")));
        assert_eq!(found("a", "changed"), None);
        assert_eq!(found("b", "2"), None);
    }

    #[test]
    fn what_was_judged_on_something_else_is_not_mixed_in() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("j");
        let mut journal = Journal::open(&path).unwrap();
        journal.begin(header(7)).unwrap();
        let other = journal.resume("q", None).unwrap_err();
        assert!(matches!(other, JournalError::OtherProblem { .. }));
        let slower = journal.resume("p", Some(8)).unwrap_err();
        assert!(matches!(
            slower,
            JournalError::OtherLimit { limit_ms: 7, .. }
        ));
        assert!(journal.resume("p", Some(7)).is_ok());
    }

    #[test]
    fn another_file_is_left_as_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("j");
        for text in ["a\n", "a", "{\"problem\": \"p\"", "{}\n"] {
            std::fs::write(&path, text).unwrap();
            let error = Journal::open(&path).unwrap_err();
            assert!(matches!(error, JournalError::Foreign { .. }), "{text}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }
}
