//! Files of the host that must stay as they are, byte by byte and in every attribute.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Files larger than this are compared once for each area, not after each case.
const LARGE_BYTES: u64 = 1 << 20;

/// Attributes of a file, and its bytes where it is small.
#[derive(Debug, PartialEq)]
struct FileState {
    mode: u32,
    owner: (u32, u32),
    links: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
    bytes: Option<Vec<u8>>,
}

/// How files were at one moment.
pub(crate) struct FileStates(BTreeMap<PathBuf, FileState>);

impl FileStates {
    /// Reads the state of files, and of everything below directories.
    pub(crate) fn read(roots: &[PathBuf], with_large: bool) -> FileStates {
        let mut states = BTreeMap::new();
        for root in roots {
            add(root, with_large, &mut states);
        }
        FileStates(states)
    }

    /// What is not as it was.
    pub(crate) fn changes(&self, now: &FileStates) -> Vec<String> {
        let gone = self.0.keys().filter(|path| !now.0.contains_key(*path));
        let gone = gone.map(|path| format!("{} is gone", path.display()));
        let other = now
            .0
            .iter()
            .filter(|(path, state)| self.0.get(*path) != Some(state));
        let other = other.map(|(path, _)| format!("{} was changed", path.display()));
        gone.chain(other).collect()
    }
}

fn add(path: &Path, with_large: bool, states: &mut BTreeMap<PathBuf, FileState>) {
    let Ok(about) = fs::symlink_metadata(path) else {
        return;
    };
    let is_read = about.is_file() && (with_large || about.len() <= LARGE_BYTES);
    let state = FileState {
        mode: about.mode(),
        owner: (about.uid(), about.gid()),
        links: about.nlink(),
        size: about.len(),
        modified: (about.mtime(), about.mtime_nsec()),
        changed: (about.ctime(), about.ctime_nsec()),
        bytes: is_read.then(|| fs::read(path).expect("a canary")),
    };
    states.insert(path.to_owned(), state);
    if about.is_dir() {
        for entry in fs::read_dir(path).expect("a canary") {
            add(&entry.expect("a canary").path(), with_large, states);
        }
    }
}

/// What of the host a box shows or shares: toolchains, our binary, and the names of users.
pub(crate) fn shared_with_boxes() -> Vec<PathBuf> {
    [
        env!("CARGO_BIN_EXE_gavel"),
        "/usr/bin/python3",
        "/usr/bin/bash",
        "/usr/bin/gcc",
        "/usr/bin/env",
        "/usr/lib/x86_64-linux-gnu/libc.so.6",
        "/usr/include/stdio.h",
        "/etc/passwd",
        "/etc/shadow",
        "/etc/hosts",
        "/etc/ld.so.cache",
        "/etc/ld.so.preload",
    ]
    .map(|path| fs::canonicalize(path).unwrap_or_else(|_| PathBuf::from(path)))
    .to_vec()
}

#[test]
fn a_changed_byte_mode_or_name_is_found() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let roots = [directory.path().to_owned()];
    for name in ["byte", "mode", "name"] {
        fs::write(directory.path().join(name), "a").unwrap();
    }
    let before = FileStates::read(&roots, false);
    assert_eq!(before.changes(&FileStates::read(&roots, false)), [""; 0]);
    fs::write(directory.path().join("byte"), "b").unwrap();
    let all = fs::Permissions::from_mode(0o777);
    fs::set_permissions(directory.path().join("mode"), all).unwrap();
    fs::remove_file(directory.path().join("name")).unwrap();
    let changes = before.changes(&FileStates::read(&roots, false)).join(", ");
    for words in ["byte was changed", "mode was changed", "name is gone"] {
        assert!(changes.contains(words), "{changes}");
    }
}
