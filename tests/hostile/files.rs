//! Files of the host that must stay as they are, byte by byte and in every attribute.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
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

/// Files whose bytes on the disk are not those that everybody reads from the page cache: somebody wrote
/// to a page that he could only read. Where a file system cannot be read past the cache, nothing.
pub(crate) fn differences_from_disk(roots: &[PathBuf]) -> Vec<String> {
    let is_file = |path: &&PathBuf| fs::symlink_metadata(path).is_ok_and(|about| about.is_file());
    let differs = |path: &&PathBuf| {
        let cached = fs::read(path).expect("a canary");
        on_disk(path, cached.len()).is_some_and(|bytes| bytes != cached)
    };
    let files = roots.iter().filter(is_file).filter(differs);
    files
        .map(|path| format!("{} is not what is on the disk", path.display()))
        .collect()
}

/// The bytes of a file past the page cache.
fn on_disk(path: &Path, length: usize) -> Option<Vec<u8>> {
    const BLOCK: usize = 4096;
    let mut options = fs::OpenOptions::new();
    let mut file = options
        .read(true)
        .custom_flags(libc::O_DIRECT)
        .open(path)
        .ok()?;
    // The kernel wants whole blocks, at an address that is a multiple of one.
    let mut buffer = vec![0; length.next_multiple_of(BLOCK) + BLOCK];
    let start = buffer.as_ptr().align_offset(BLOCK);
    let blocks = &mut buffer[start..start + length.next_multiple_of(BLOCK)];
    let mut filled = 0;
    while filled < length {
        match file.read(&mut blocks[filled..]).ok()? {
            0 => break,
            count => filled += count,
        }
    }
    Some(blocks[..filled].to_vec())
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

#[test]
fn the_disk_is_read_past_what_is_remembered_of_it() {
    // Nobody maps it, so that it can be forgotten.
    let path = Path::new("/usr/include/stdio.h");
    let cached = fs::read(path).unwrap();
    let resident = || {
        let output = std::process::Command::new("fincore")
            .args(["--bytes", "--noheadings", "--output", "PAGES"])
            .arg(path)
            .output()
            .unwrap();
        let pages = String::from_utf8(output.stdout).unwrap();
        pages.trim().parse::<usize>().unwrap()
    };
    let before = resident();
    let file = fs::File::open(path).unwrap();
    let forget = nix::fcntl::PosixFadviseAdvice::POSIX_FADV_DONTNEED;
    nix::fcntl::posix_fadvise(&file, 0, 0, forget).unwrap();
    let forgotten = resident();
    assert!(forgotten < before, "{forgotten} of {before} pages");
    let Some(read) = on_disk(path, cached.len()) else {
        eprintln!("not tried: this file system cannot be read past the cache");
        return;
    };
    assert!(read == cached);
    assert!(resident() < before / 2, "{} of {before} pages", resident());
}
