//! Facts of earlier verifications, in files of a directory of one's own. A file stands under the digest of all
//! that its facts depend on; one that is broken, or of another Gavel, counts as none. What this process
//! failed at is no fact.
//!
//! Whoever can write there decides verdicts, so a directory that others can write to is refused, and
//! everything is opened beneath its descriptor: what happens to its path later does not matter.

use std::collections::HashMap;
use std::fs::{DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use nix::dir::Dir;
use nix::fcntl::{OFlag, openat, renameat};
use nix::sys::stat::Mode;
use nix::unistd::{UnlinkatFlags, geteuid, unlinkat};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::judge::package::Known;
use crate::problem::digest;

/// Files are kept up to this size together, and one up to a quarter of it.
const MAX_BYTES: u64 = 256 << 20;
const MAX_FILE_BYTES: u64 = MAX_BYTES / 4;
/// Length of a digest in hexadecimal.
const DIGEST_CHARS: usize = 64;
/// Names of files that are being written begin so.
const UNFINISHED: &str = "unfinished-";

/// Why there is no cache.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// It cannot be made.
    #[error("cannot make the directory {path}")]
    Make {
        /// The directory.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// It cannot be opened.
    #[error("cannot open the directory {path}")]
    Open {
        /// The directory.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// Others could put verdicts there.
    #[error(
        "{path} is another user's or can be written by others, who could put verdicts there: take it \
         from them, or name another directory with --cache"
    )]
    OfOthers {
        /// The directory.
        path: PathBuf,
    },
}

/// A directory of facts, or none.
#[derive(Debug)]
pub struct Cache {
    directory: Option<OwnedFd>,
    /// What all facts depend on beside what their keys say.
    surroundings: String,
    written: AtomicU64,
}

impl Cache {
    /// Nothing is kept.
    pub fn none() -> Cache {
        Cache {
            directory: None,
            surroundings: String::new(),
            written: AtomicU64::new(0),
        }
    }

    /// Opens a directory, or makes it. `surroundings` name this Gavel and the machine.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn open(path: &Path, surroundings: String) -> Result<Cache, CacheError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(|source| CacheError::Make {
            path: path.to_owned(),
            source,
        })?;
        let failed = |source| CacheError::Open {
            path: path.to_owned(),
            source,
        };
        let directory = File::open(path).map_err(failed)?;
        let metadata = directory.metadata().map_err(failed)?;
        let is_own = metadata.uid() == geteuid().as_raw();
        if !metadata.is_dir() || !is_own || metadata.mode() & 0o022 != 0 {
            return Err(CacheError::OfOthers {
                path: path.to_owned(),
            });
        }
        Ok(Cache {
            directory: Some(directory.into()),
            surroundings,
            written: AtomicU64::new(0),
        })
    }

    /// The facts under a key; none where they cannot be had.
    pub(super) fn load<T: DeserializeOwned>(&self, key: &str) -> Known<T> {
        let name = self.name(key);
        Known::of(self.read(&name).unwrap_or_default())
    }

    /// Keeps what was added under a key. What cannot be kept is found out again.
    pub(super) fn save<T: Serialize + DeserializeOwned>(&self, key: &str, known: Known<T>) {
        let (new, was_of_use) = known.into_new();
        let name = self.name(key);
        if new.is_empty() {
            if was_of_use {
                self.touch(&name);
            }
            return;
        }
        // Another process may have added some meanwhile.
        let mut facts: HashMap<String, T> = self.read(&name).unwrap_or_default();
        facts.extend(new);
        if let Err(error) = self.write(&name, &facts) {
            tracing::debug!(name, %error, "cannot keep what was found out");
        }
    }

    fn name(&self, key: &str) -> String {
        digest([self.surroundings.as_bytes(), key.as_bytes()])
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Option<HashMap<String, T>> {
        let file = self.file(name, OFlag::O_RDONLY)?;
        let size = file.metadata().ok()?.len();
        if size > MAX_FILE_BYTES {
            return None;
        }
        let mut bytes = Vec::new();
        let limit = MAX_FILE_BYTES + DIGEST_CHARS as u64;
        file.take(limit).read_to_end(&mut bytes).ok()?;
        let (sum, body) = bytes.split_at_checked(DIGEST_CHARS)?;
        (sum == digest([body]).as_bytes()).then_some(())?;
        postcard::from_bytes(body).ok()
    }

    /// Puts a file in place at once, so that others find a whole one or none.
    fn write<T: Serialize>(&self, name: &str, facts: &HashMap<String, T>) -> io::Result<()> {
        let Some(directory) = &self.directory else {
            return Ok(());
        };
        let body = postcard::to_stdvec(facts).map_err(io::Error::other)?;
        if body.len() as u64 > MAX_FILE_BYTES {
            return Ok(());
        }
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        let unfinished = format!("{UNFINISHED}{}-{number}", std::process::id());
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_TRUNC | OFlag::O_NOFOLLOW;
        let flags = flags | OFlag::O_CLOEXEC;
        let mode = Mode::S_IRUSR | Mode::S_IWUSR;
        let mut file = File::from(openat(directory, unfinished.as_str(), flags, mode)?);
        file.write_all(digest([&*body]).as_bytes())?;
        file.write_all(&body)?;
        renameat(directory, unfinished.as_str(), directory, name)?;
        Ok(())
    }

    /// Notes that a file was of use, so that others are removed before it.
    fn touch(&self, name: &str) {
        if let Some(file) = self.file(name, OFlag::O_WRONLY) {
            // It is removed sooner then, which harms nobody.
            let _ = file.set_modified(SystemTime::now());
        }
    }

    fn file(&self, name: &str, flags: OFlag) -> Option<File> {
        let directory = self.directory.as_ref()?;
        let flags = flags | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK;
        let file = openat(directory, name, flags, Mode::empty()).ok()?;
        Some(File::from(file))
    }

    /// Removes the longest unused files, once they are too large together.
    pub(super) fn trim(&self) {
        self.trim_to(MAX_BYTES);
    }

    fn trim_to(&self, max_bytes: u64) {
        let Some(directory) = &self.directory else {
            return;
        };
        let mut files: Vec<(SystemTime, u64, String)> = self
            .names()
            .filter_map(|name| {
                let metadata = self.file(&name, OFlag::O_RDONLY)?.metadata().ok()?;
                Some((metadata.modified().ok()?, metadata.len(), name))
            })
            .collect();
        files.sort();
        let mut bytes: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
        if bytes <= max_bytes {
            return;
        }
        // Some more than must be, so that it is not needed each time.
        for (_, size, name) in files {
            if bytes <= max_bytes / 4 * 3 {
                break;
            }
            // Whoever else trims at the same time may have removed it.
            let _ = unlinkat(directory, name.as_str(), UnlinkatFlags::NoRemoveDir);
            bytes -= size;
        }
    }

    fn names(&self) -> impl Iterator<Item = String> {
        let opened = self.directory.as_ref().and_then(|directory| {
            let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
            Dir::openat(directory.as_fd(), ".", flags, Mode::empty()).ok()
        });
        let entries = opened.into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().to_str().ok().map(str::to_owned));
        names.filter(|name| name.len() == DIGEST_CHARS || name.starts_with(UNFINISHED))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn cache(directory: &Path) -> Cache {
        Cache::open(directory, "here".to_owned()).unwrap()
    }

    fn keep(cache: &Cache, key: &str, name: &str, fact: u32) {
        let known = cache.load(key);
        known.note(name, fact);
        cache.save(key, known);
    }

    fn found(cache: &Cache, key: &str, name: &str) -> Option<u32> {
        cache.load::<u32>(key).recall(name, |fact| Some(*fact))
    }

    #[test]
    fn facts_are_kept_under_their_key_for_the_same_surroundings() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new/cache");
        keep(&cache(&path), "a", "x", 1);
        keep(&cache(&path), "a", "y", 2);
        let other = Cache::open(&path, "elsewhere".to_owned()).unwrap();
        assert_eq!(found(&cache(&path), "a", "x"), Some(1));
        assert_eq!(found(&cache(&path), "a", "y"), Some(2));
        assert_eq!(found(&cache(&path), "b", "x"), None);
        assert_eq!(found(&other, "a", "x"), None);
        assert_eq!(found(&Cache::none(), "a", "x"), None);
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn what_another_process_added_meanwhile_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let (one, other) = (cache(directory.path()), cache(directory.path()));
        let known = one.load::<u32>("a");
        known.note("x", 1);
        keep(&other, "a", "y", 2);
        one.save("a", known);
        assert_eq!(
            (found(&one, "a", "x"), found(&one, "a", "y")),
            (Some(1), Some(2))
        );
    }

    #[test]
    fn a_broken_file_counts_as_none_and_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let cache = cache(directory.path());
        keep(&cache, "a", "x", 1);
        let file = directory.path().join(cache.name("a"));
        let whole = fs::read(&file).unwrap();
        let mut changed = whole.clone();
        *changed.last_mut().unwrap() ^= 1;
        let other = directory.path().join("other");
        fs::write(&other, &whole).unwrap();
        for bytes in [&whole[..whole.len() - 1], &changed[..], &whole[..10], &[]] {
            fs::write(&file, bytes).unwrap();
            assert_eq!(found(&cache, "a", "x"), None);
        }
        fs::remove_file(&file).unwrap();
        symlink(&other, &file).unwrap();
        assert_eq!(found(&cache, "a", "x"), None);
        keep(&cache, "a", "x", 3);
        assert_eq!(found(&cache, "a", "x"), Some(3));
        assert_eq!(fs::read(&other).unwrap(), whole);
    }

    #[test]
    fn a_directory_that_others_can_write_to_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        for mode in [0o770, 0o707, 0o777] {
            fs::set_permissions(directory.path(), fs::Permissions::from_mode(mode)).unwrap();
            let refused = Cache::open(directory.path(), String::new());
            assert!(
                matches!(refused, Err(CacheError::OfOthers { .. })),
                "{mode:o}"
            );
        }
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
        assert!(Cache::open(directory.path(), String::new()).is_ok());
    }

    #[test]
    fn the_longest_unused_files_are_removed() {
        let directory = tempfile::tempdir().unwrap();
        let cache = cache(directory.path());
        let keys = ["a", "b", "c", "d"];
        for (key, seconds) in keys.iter().zip(1..) {
            keep(&cache, key, "x", seconds as u32);
            let file = directory.path().join(cache.name(key));
            let then = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
            File::options()
                .write(true)
                .open(file)
                .unwrap()
                .set_modified(then)
                .unwrap();
        }
        // It is of use, and so newer than the others.
        let known = cache.load::<u32>("a");
        known.recall("x", |fact| Some(*fact));
        cache.save("a", known);
        let bytes: u64 = fs::read_dir(directory.path())
            .unwrap()
            .map(|e| e.unwrap().metadata().unwrap().len())
            .sum();
        cache.trim_to(bytes);
        assert_eq!(keys.map(|key| found(&cache, key, "x").is_some()), [true; 4]);
        cache.trim_to(bytes - 1);
        // A quarter is made free.
        assert_eq!(
            keys.map(|key| found(&cache, key, "x").is_some()),
            [true, false, false, true]
        );
    }
}
