//! Brings the files of a problem package into memory: from a directory, or from an archive, which
//! may be a stranger's. Nothing is ever written to disk, so that no name can lead anywhere; sizes
//! and counts are capped by what really comes out, never by what a header says.
//! What the files mean is the matter of `problem::package`.

mod directory;
mod tar;
mod zip;

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::problem::package::{NameError, Tree};

/// What a zip archive begins with.
const ZIP: &[u8] = b"PK";

/// How much a package may be.
#[derive(Debug, Clone, Copy)]
pub struct Caps {
    /// Files in all.
    pub files: usize,
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Bytes of all files together.
    pub total_bytes: u64,
}

impl Caps {
    /// Of packages that are uploaded, which a server and its workers have to hold in memory.
    pub const UPLOAD: Caps = Caps {
        files: 100_000,
        file_bytes: 512 << 20,
        total_bytes: 1 << 30,
    };
}

impl Default for Caps {
    fn default() -> Self {
        Caps {
            files: 100_000,
            file_bytes: 512 << 20,
            total_bytes: 2 << 30,
        }
    }
}

/// Why a package cannot be brought into memory.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    /// The kernel refuses to open or read something.
    #[error("cannot read {path}")]
    Read {
        /// What was read.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// It is neither a directory nor an archive.
    #[error("{path} is neither a directory nor a zip or tar archive")]
    Unknown {
        /// The path.
        path: PathBuf,
    },
    /// Bytes that are no archive.
    #[error("this is neither a zip nor a tar archive: send the package as one")]
    NoArchive,
    /// The zip archive is damaged, or made in a way that is not understood.
    #[error("cannot read the archive")]
    Archive(#[source] ::zip::result::ZipError),
    /// The same of a tar archive.
    #[error("cannot read the archive")]
    Damaged(#[source] io::Error),
    /// Its entries share bytes: an archive bomb.
    #[error("entries of the archive overlap: make it anew")]
    Overlapping,
    /// A name cannot be used.
    #[error("the name {name:?} cannot be used")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        source: NameError,
    },
    /// A name is not UTF-8.
    #[error("the name {0:?} is not UTF-8: rename the file")]
    NotUtf8(String),
    /// It is no plain file.
    #[error("{0:?} is a link, a device or encrypted: put the plain file in its place")]
    NotPlain(String),
    /// One file is too large.
    #[error("{name:?} has more than {max_bytes} bytes")]
    TooLarge {
        /// The name.
        name: String,
        /// The cap.
        max_bytes: u64,
    },
    /// All files together are too large.
    #[error("the files have more than {0} bytes in all")]
    TooMuch(u64),
    /// There are too many files.
    #[error("there are more than {0} files")]
    TooMany(usize),
}

/// Reads the package that a path names.
///
/// # Errors
/// What cannot be read or is refused.
pub fn read(path: &Path, caps: &Caps) -> Result<Tree, UnpackError> {
    let read_error = |source| UnpackError::Read {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(read_error)?;
    let about = file.metadata().map_err(read_error)?;
    if about.is_dir() {
        let around = directory::Around::of(path);
        let tree = directory::read(&file, around.as_ref(), caps)?;
        return with_inner_archives(tree, caps);
    }
    let tree = match about.is_file() {
        true => read_any(file, caps)?,
        false => None,
    };
    tree.ok_or_else(|| UnpackError::Unknown {
        path: path.to_owned(),
    })
}

/// The same package with the archives that DMOJ keeps test data in as directories of the same name. What
/// is in these is counted once more.
fn with_inner_archives(mut tree: Tree, caps: &Caps) -> Result<Tree, UnpackError> {
    if !tree.has_file("init.yml") || tree.has_file("problem.yaml") {
        return Ok(tree);
    }
    let archives: Vec<_> = std::iter::from_fn(|| tree.take_from_root(".zip")).collect();
    let mut collector = Collector {
        tree,
        ..Collector::new(caps)
    };
    for (name, bytes) in archives {
        zip::read_into(&mut collector, io::Cursor::new(bytes), &format!("{name}/"))?;
    }
    Ok(collector.tree)
}

/// Reads the package that is in an archive in memory.
///
/// # Errors
/// What is refused.
pub fn read_archive(archive: &[u8], caps: &Caps) -> Result<Tree, UnpackError> {
    let tree = read_any(io::Cursor::new(archive), caps)?;
    tree.ok_or(UnpackError::NoArchive)
}

/// Reads an archive of any kind; there is none where it is something else.
fn read_any(mut source: impl Read + Seek, caps: &Caps) -> Result<Option<Tree>, UnpackError> {
    let tree = if is_zip(&mut source).map_err(UnpackError::Damaged)? {
        zip::read(source, caps)?
    } else if tar::is_tar(&mut source).map_err(UnpackError::Damaged)? {
        tar::read(source, caps)?
    } else {
        return Ok(None);
    };
    with_inner_archives(tree.without_wrapper(), caps).map(Some)
}

fn is_zip(source: &mut (impl Read + Seek)) -> io::Result<bool> {
    let mut beginning = Vec::new();
    source.by_ref().take(2).read_to_end(&mut beginning)?;
    source.rewind()?;
    Ok(beginning == ZIP)
}

/// Archives made on Windows may have them, and they would mean something else here.
fn refuse_backslash(name: &str) -> Result<(), UnpackError> {
    match name.contains('\\') {
        true => Err(UnpackError::Name {
            name: name.to_owned(),
            source: NameError::Backslash,
        }),
        false => Ok(()),
    }
}

/// Files that were read so far, and how much is left of the caps.
struct Collector {
    tree: Tree,
    caps: Caps,
    files_left: usize,
    bytes_left: u64,
}

impl Collector {
    fn new(caps: &Caps) -> Self {
        Collector {
            tree: Tree::default(),
            caps: *caps,
            files_left: caps.files,
            bytes_left: caps.total_bytes,
        }
    }

    /// Reads one file to its end, or to the first byte too much.
    fn add(&mut self, name: &str, content: impl Read) -> Result<(), UnpackError> {
        self.files_left = self
            .files_left
            .checked_sub(1)
            .ok_or(UnpackError::TooMany(self.caps.files))?;
        let most = self.caps.file_bytes.min(self.bytes_left);
        let mut bytes = Vec::new();
        let read = content.take(most.saturating_add(1)).read_to_end(&mut bytes);
        read.map_err(|source| UnpackError::Read {
            path: name.into(),
            source,
        })?;
        let length = bytes.len() as u64;
        if length > self.caps.file_bytes {
            return Err(UnpackError::TooLarge {
                name: name.to_owned(),
                max_bytes: self.caps.file_bytes,
            });
        }
        self.bytes_left = self
            .bytes_left
            .checked_sub(length)
            .ok_or(UnpackError::TooMuch(self.caps.total_bytes))?;
        let inserted = self.tree.insert(name, Arc::from(bytes));
        inserted.map_err(|source| UnpackError::Name {
            name: name.to_owned(),
            source,
        })
    }
}

#[cfg(test)]
mod tests;
