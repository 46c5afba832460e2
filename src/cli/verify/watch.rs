//! Waiting until a package changes. By looking at the times of its files, for that works on every file
//! system and with every editor; nothing but the watching waits for it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use crate::judge::Cancel;

/// Between two looks. What has changed must be the same in the next one: an editor writes several files.
const PAUSE: Duration = Duration::from_millis(300);

/// Files of a package by path: size and time of the last change.
type Files = BTreeMap<PathBuf, (u64, Option<SystemTime>)>;

/// Packages as they were when they were last looked at.
pub(super) struct Watch {
    packages: Vec<(PathBuf, Files)>,
}

impl Watch {
    /// Notes how packages are, before they are read.
    pub(super) fn of(paths: &[PathBuf]) -> Watch {
        let look = |path: &PathBuf| (path.clone(), files(path));
        Watch {
            packages: paths.iter().map(look).collect(),
        }
    }

    /// Waits until packages have changed and are at rest, and says which; none where it was cancelled.
    pub(super) fn wait(&mut self, cancel: &Cancel) -> Vec<PathBuf> {
        let mut last = self.look();
        while !cancel.is_cancelled() {
            thread::sleep(PAUSE);
            let now = self.look();
            let is_at_rest = now == last;
            last = now;
            let changed = self.packages.iter().zip(&last);
            let changed = changed.filter(|((_, before), now)| before != *now);
            let changed: Vec<PathBuf> = changed.map(|((path, _), _)| path.clone()).collect();
            if is_at_rest && !changed.is_empty() {
                for ((_, before), now) in self.packages.iter_mut().zip(last) {
                    *before = now;
                }
                return changed;
            }
        }
        Vec::new()
    }

    fn look(&self) -> Vec<Files> {
        self.packages.iter().map(|(path, _)| files(path)).collect()
    }
}

/// What is gone or cannot be read is not among them, which is a change, too.
fn files(path: &Path) -> Files {
    let mut files = Files::new();
    add(path, &mut files);
    files
}

fn add(path: &Path, files: &mut Files) {
    // What a package was named by may be a link; within it, none is followed.
    let about = match files.is_empty() {
        true => fs::metadata(path),
        false => fs::symlink_metadata(path),
    };
    let Ok(about) = about else {
        return;
    };
    files.insert(path.to_owned(), (about.len(), about.modified().ok()));
    if about.is_dir() {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        entries.for_each(|entry| add(&entry.path(), files));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_change_is_seen_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        fs::create_dir(path.join("data")).unwrap();
        fs::write(path.join("data/1.in"), "1").unwrap();
        let before = files(path);
        assert_eq!(files(path), before);
        fs::write(path.join("data/1.in"), "12").unwrap();
        let longer = files(path);
        assert_ne!(longer, before);
        fs::write(path.join("data/2.in"), "").unwrap();
        let more = files(path);
        assert_ne!(more, longer);
        fs::remove_file(path.join("data/1.in")).unwrap();
        assert_ne!(files(path), more);
        drop(directory);
    }
}
