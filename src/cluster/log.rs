//! Postgres' log: what it writes to its standard error, kept in the data directory. We write the
//! file, not Postgres, because its own collector bounds the age of a log but not its size.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::error::ClusterError;
use super::place::Directory;

const NAME: &str = "postgres.log";
/// The log before this one. There are no older ones.
const OLD_NAME: &str = "postgres.log.1";
const MAX_BYTES: u64 = 4 << 20;
/// How much of the log's end goes into an error.
const MAX_TAIL_BYTES: usize = 4096;
/// How long a dead program's last words are waited for.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The log file, for one program after another.
#[derive(Debug, Clone)]
pub(super) struct Log {
    directory: Arc<Directory>,
}

/// The end of what one program wrote.
#[derive(Debug, Clone, Default)]
pub(super) struct Tail {
    bytes: Arc<Mutex<Vec<u8>>>,
    is_complete: CancellationToken,
}

impl Log {
    pub(super) fn new(directory: Arc<Directory>) -> Self {
        Log { directory }
    }

    /// Where a person finds it.
    pub(super) fn path(&self) -> PathBuf {
        self.directory.path().join(NAME)
    }

    /// Opens the file, to find out early whether it can be written.
    pub(super) fn open(&self) -> Result<OpenLog, ClusterError> {
        let file = self.directory.open_own_file(NAME)?;
        let written_bytes = file.metadata().map_or(0, |metadata| metadata.len());
        Ok(OpenLog {
            log: self.clone(),
            file,
            written_bytes,
        })
    }
}

/// The log file while a program writes to it.
pub(super) struct OpenLog {
    log: Log,
    file: File,
    written_bytes: u64,
}

impl OpenLog {
    /// Copies until every process that holds the other end of `from` has ended. It reads on when
    /// the file cannot be written: a full pipe would stop Postgres.
    pub(super) fn copy(mut self, mut from: impl Read, tail: &Tail) {
        let mut buffer = [0; 4096];
        loop {
            match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => {
                    let chunk = &buffer[..length];
                    tail.push(chunk);
                    if let Err(error) = self.write(chunk) {
                        tracing::warn!(%error, "cannot write the log of Postgres");
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    tracing::warn!(%error, "cannot read the log of Postgres");
                    break;
                }
            }
        }
        tail.is_complete.cancel();
    }

    fn write(&mut self, chunk: &[u8]) -> io::Result<()> {
        if self.written_bytes + chunk.len() as u64 > MAX_BYTES {
            self.rotate()?;
        }
        self.file.write_all(chunk)?;
        self.written_bytes += chunk.len() as u64;
        Ok(())
    }

    fn rotate(&mut self) -> io::Result<()> {
        let directory = &self.log.directory;
        fs::rename(directory.inside(NAME), directory.inside(OLD_NAME))?;
        self.file = directory.open_own_file(NAME).map_err(io::Error::other)?;
        self.written_bytes = 0;
        Ok(())
    }
}

impl Tail {
    fn push(&self, chunk: &[u8]) {
        let mut bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        bytes.extend_from_slice(chunk);
        let excess = bytes.len().saturating_sub(MAX_TAIL_BYTES);
        bytes.drain(..excess);
    }

    /// The last lines, once there can be no more, or a moment later.
    pub(super) async fn last_lines(&self) -> String {
        let complete = self.is_complete.cancelled();
        // Without it the tail is merely shorter.
        let _ = tokio::time::timeout(LAST_WORDS, complete).await;
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn log_in(root: &Path) -> Log {
        Log::new(Arc::new(Directory::open(root).unwrap()))
    }

    #[test]
    fn a_log_never_grows_beyond_two_files_of_the_limit() {
        let root = tempfile::tempdir().unwrap();
        let tail = Tail::default();
        let text = io::repeat(b'x').take(3 * MAX_BYTES);
        log_in(root.path()).open().unwrap().copy(text, &tail);

        let sizes: Vec<u64> = fs::read_dir(root.path())
            .unwrap()
            .map(|entry| entry.unwrap().metadata().unwrap().len())
            .collect();
        assert_eq!(sizes.len(), 2);
        assert!(sizes.iter().all(|&size| size <= MAX_BYTES), "{sizes:?}");
    }

    #[test]
    fn a_log_counts_what_earlier_starts_wrote() {
        let root = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            let text = io::repeat(b'x').take(MAX_BYTES - 1);
            log_in(root.path())
                .open()
                .unwrap()
                .copy(text, &Tail::default());
        }
        assert_eq!(
            fs::metadata(root.path().join(OLD_NAME)).unwrap().len() / 4096,
            MAX_BYTES / 4096 - 1
        );
    }

    #[tokio::test]
    async fn the_end_of_the_log_is_kept_for_errors() {
        let root = tempfile::tempdir().unwrap();
        let tail = Tail::default();
        let text = format!("{}\nFATAL: last words\n", "x".repeat(MAX_TAIL_BYTES));
        log_in(root.path())
            .open()
            .unwrap()
            .copy(text.as_bytes(), &tail);
        let lines = tail.last_lines().await;
        assert!(lines.ends_with("\nFATAL: last words"), "{lines}");
        assert!(lines.len() <= MAX_TAIL_BYTES);
    }

    #[test]
    fn a_link_in_place_of_the_log_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let victim = root.path().join("victim");
        fs::write(&victim, "kept").unwrap();
        std::os::unix::fs::symlink(&victim, root.path().join(NAME)).unwrap();
        assert!(log_in(root.path()).open().is_err());
        fs::remove_file(root.path().join(NAME)).unwrap();
        fs::hard_link(&victim, root.path().join(NAME)).unwrap();
        assert!(log_in(root.path()).open().is_err());
    }
}
