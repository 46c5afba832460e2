//! The writable directory of a box, seen from outside: files are placed before the guest runs and
//! collected after it is dead.
//!
//! Every path is resolved by the kernel beneath a directory descriptor, without following any
//! link (`openat2`), and only plain files with a single name are opened: the class of bug behind
//! CVE-2024-28185 and CVE-2024-28189 has no place to happen.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::{Component, Path, PathBuf};

use nix::dir::{Dir, Type};
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};
use nix::sys::stat::{Mode, fchmod, mkdirat};
use nix::sys::statfs::fstatfs;

use super::outcome::{SandboxError, SetUpStep};
use super::spec::InputFile;

/// What everybody may read and search, and its owner write to.
const SHARED: Mode = Mode::S_IRWXU
    .union(Mode::S_IRGRP)
    .union(Mode::S_IXGRP)
    .union(Mode::S_IROTH)
    .union(Mode::S_IXOTH);
/// Deepest directory that is looked into.
const MAX_DEPTH: usize = 16;

/// The `/box` directory of a box.
#[derive(Debug)]
pub struct ScratchDir {
    directory: OwnedFd,
}

/// How full a scratch file system is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Filled {
    /// Bytes in use.
    pub bytes: u64,
    /// Whether no block or no file is left.
    pub is_full: bool,
}

/// Regular files of a dead box.
#[derive(Debug)]
pub struct Listing {
    /// Paths relative to `/box`, sorted.
    pub paths: Vec<PathBuf>,
    /// Whether there is more than was looked at.
    pub has_more: bool,
}

/// Why a file of a dead box cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// There is no such file.
    #[error("{path} does not exist")]
    Missing {
        /// Path relative to `/box`.
        path: PathBuf,
    },
    /// It is a link, directory, device, has several names, or may not be read.
    #[error("{path} is not a plain file")]
    NotPlain {
        /// Path relative to `/box`.
        path: PathBuf,
    },
    /// It is larger than allowed.
    #[error("{path} is larger than {max_bytes} bytes")]
    TooLarge {
        /// Path relative to `/box`.
        path: PathBuf,
        /// The cap.
        max_bytes: u64,
    },
    /// More files than allowed.
    #[error("there are more than {max_files} files")]
    TooMany {
        /// The cap.
        max_files: usize,
    },
    /// The kernel refused.
    #[error("cannot read {path}")]
    Io {
        /// Path relative to `/box`.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
}

impl ScratchDir {
    pub(super) fn new(directory: OwnedFd) -> Self {
        ScratchDir { directory }
    }

    /// Another handle to the same directory.
    pub(super) fn share(&self) -> Result<Self, SandboxError> {
        let directory = self.directory.try_clone().set_up("share", "/box")?;
        Ok(ScratchDir { directory })
    }

    /// How full the whole scratch file system is.
    pub(super) fn filled(&self) -> Result<Filled, SandboxError> {
        let figures = fstatfs(&self.directory).set_up("measure", "the scratch file system")?;
        let used = figures.blocks().saturating_sub(figures.blocks_free());
        Ok(Filled {
            bytes: used.saturating_mul(u64::try_from(figures.block_size()).unwrap_or(0)),
            is_full: figures.blocks_free() == 0 || figures.files_free() == 0,
        })
    }

    /// Places files, and gives them to `owner`. Only before the guest runs.
    pub(super) fn place_all(
        &self,
        files: &[InputFile],
        owner: Option<u32>,
    ) -> Result<(), SandboxError> {
        files.iter().try_for_each(|file| self.place(file, owner))
    }

    fn place(&self, file: &InputFile, owner: Option<u32>) -> Result<(), SandboxError> {
        let shown = file.path.to_string_lossy();
        if !is_plain_relative(&file.path) {
            return Err(SandboxError::Setting {
                setting: "files",
                reason: format!("{shown:?} must be a relative path without . and .."),
            });
        }
        self.make_parents(&file.path, owner)
            .set_up("create the directory of", &shown)?;
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_CLOEXEC;
        let opened = openat2(
            &self.directory,
            &file.path,
            beneath(flags).mode(Mode::S_IRUSR),
        );
        let mut out = File::from(opened.set_up("create", &shown)?);
        out.write_all(&file.bytes).set_up("write", &shown)?;
        fchmod(&out, Mode::from_bits_truncate(file.mode)).set_up("chmod", &shown)?;
        fchown(&out, owner, owner).set_up("chown", &shown)
    }

    fn make_parents(&self, path: &Path, owner: Option<u32>) -> io::Result<()> {
        let mut parents: Vec<&Path> = path.ancestors().skip(1).collect();
        // The last ancestor is the empty path: /box itself.
        parents.pop();
        for parent in parents.into_iter().rev() {
            match mkdirat(&self.directory, parent, Mode::S_IRWXU) {
                Err(nix::Error::EEXIST) => continue,
                other => other?,
            }
            let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
            let made = openat2(&self.directory, parent, beneath(flags))?;
            fchown(&made, owner, owner)?;
            // Whatever the umask took away: the program need not be the owner.
            fchmod(&made, SHARED)?;
        }
        Ok(())
    }

    /// Reads one plain file of at most `max_bytes`, following no links.
    pub fn read(&self, path: &Path, max_bytes: u64) -> Result<Vec<u8>, CollectError> {
        let file = self.open_plain(path)?;
        let mut bytes = Vec::new();
        file.take(max_bytes.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|source| io_error(path, source))?;
        if bytes.len() as u64 > max_bytes {
            return Err(CollectError::TooLarge {
                path: path.to_owned(),
                max_bytes,
            });
        }
        Ok(bytes)
    }

    /// Size of one plain file in bytes, following no links.
    pub fn size(&self, path: &Path) -> Result<u64, CollectError> {
        let about = self.open_plain(path)?.metadata();
        Ok(about.map_err(|source| io_error(path, source))?.len())
    }

    fn open_plain(&self, path: &Path) -> Result<File, CollectError> {
        // O_NONBLOCK: opening a FIFO must not wait for a writer.
        let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
        let opened = openat2(&self.directory, path, beneath(flags));
        let file = File::from(opened.map_err(|errno| open_error(path, errno))?);
        let about = file.metadata().map_err(|source| io_error(path, source))?;
        if about.is_file() && about.nlink() == 1 {
            Ok(file)
        } else {
            Err(CollectError::NotPlain {
                path: path.to_owned(),
            })
        }
    }

    /// Size of all regular files that are not as they were placed, in bytes: of each file once, whatever its
    /// names. Those that [`list`](Self::list) leaves out do not count.
    pub fn written_bytes(&self, placed: &[InputFile]) -> Result<u64, CollectError> {
        let mut counted = HashSet::new();
        let mut bytes: u64 = 0;
        for path in self.list(usize::MAX)? {
            let flags = OFlag::O_PATH | OFlag::O_CLOEXEC;
            let file = match openat2(&self.directory, &path, beneath(flags)) {
                Err(nix::Error::EACCES | nix::Error::ENAMETOOLONG) => continue,
                other => File::from(other.map_err(|errno| open_error(&path, errno))?),
            };
            let about = file.metadata().map_err(|source| io_error(&path, source))?;
            let is_as_placed = placed
                .iter()
                .find(|file| file.path == path)
                .is_some_and(|file| self.holds(&path, &file.bytes));
            if !is_as_placed && counted.insert(about.ino()) {
                bytes = bytes.saturating_add(about.len());
            }
        }
        Ok(bytes)
    }

    /// Whether a file has these contents.
    fn holds(&self, path: &Path, bytes: &[u8]) -> bool {
        let found = self.read(path, bytes.len() as u64);
        found.is_ok_and(|found| found == bytes)
    }

    /// Paths of all regular files relative to `/box`, sorted. Links and special files, and what
    /// lies deeper than 16 directories, has too long a path or may not be read, are left out.
    pub fn list(&self, max_files: usize) -> Result<Vec<PathBuf>, CollectError> {
        let listing = self.list_below(Path::new("."), max_files)?;
        match listing.has_more {
            true => Err(CollectError::TooMany { max_files }),
            false => Ok(listing.paths),
        }
    }

    /// The same of a directory, as far as it is looked into: that ends where there are more.
    pub fn list_below(&self, directory: &Path, max_files: usize) -> Result<Listing, CollectError> {
        let mut found = Vec::new();
        // A stack instead of recursion: the depth is the guest's choice.
        let mut pending = vec![directory.to_owned()];
        let mut has_more = false;
        while let Some(directory) = pending.pop().filter(|_| !has_more) {
            for (name, kind) in self.entries(&directory, max_files, &mut has_more)? {
                let path = directory.join(name);
                match kind {
                    Type::File => found.push(path),
                    Type::Directory if path.components().count() <= MAX_DEPTH => pending.push(path),
                    _ => {}
                }
            }
            has_more |= found.len() + pending.len() > max_files;
        }
        let mut paths: Vec<PathBuf> = found
            .iter()
            .map(|path| path.strip_prefix(".").unwrap_or(path).to_owned())
            .collect();
        paths.sort();
        Ok(Listing { paths, has_more })
    }

    fn entries(
        &self,
        directory: &Path,
        max_entries: usize,
        has_more: &mut bool,
    ) -> Result<Vec<(PathBuf, Type)>, CollectError> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let opened =
            openat2(self.directory.as_fd(), directory, beneath(flags)).and_then(Dir::from_fd);
        let opened = match opened {
            Err(nix::Error::EACCES | nix::Error::ENAMETOOLONG) => return Ok(Vec::new()),
            other => other.map_err(|errno| open_error(directory, errno))?,
        };
        let mut entries = Vec::new();
        for entry in opened {
            let entry = entry.map_err(|errno| io_error(directory, errno.into()))?;
            let name = std::ffi::OsStr::from_bytes(entry.file_name().to_bytes());
            if name == "." || name == ".." {
                continue;
            }
            if entries.len() >= max_entries {
                *has_more = true;
                break;
            }
            if let Some(kind) = entry.file_type() {
                entries.push((PathBuf::from(name), kind));
            }
        }
        Ok(entries)
    }
}

/// Resolution that stays beneath the directory and follows nothing.
fn beneath(flags: OFlag) -> OpenHow {
    OpenHow::new().flags(flags).resolve(
        ResolveFlag::RESOLVE_BENEATH
            | ResolveFlag::RESOLVE_NO_SYMLINKS
            | ResolveFlag::RESOLVE_NO_MAGICLINKS
            | ResolveFlag::RESOLVE_NO_XDEV,
    )
}

fn is_plain_relative(path: &Path) -> bool {
    let plain = |component| matches!(component, Component::Normal(_));
    path.components().next().is_some() && path.components().all(plain)
}

fn open_error(path: &Path, errno: nix::Error) -> CollectError {
    let path = path.to_owned();
    match errno {
        nix::Error::ENOENT => CollectError::Missing { path },
        // A link, something beyond a link or a mount, or a socket; or what the program may not read
        // itself, where we have no more rights than it had; or what has no path that the kernel takes.
        nix::Error::ELOOP
        | nix::Error::EXDEV
        | nix::Error::ENXIO
        | nix::Error::ENOTDIR
        | nix::Error::ENAMETOOLONG
        | nix::Error::EACCES => CollectError::NotPlain { path },
        other => io_error(&path, other.into()),
    }
}

fn io_error(path: &Path, source: io::Error) -> CollectError {
    CollectError::Io {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_relative_paths_are_placed() {
        for path in ["a", "a/b.c", "a b"] {
            assert!(is_plain_relative(Path::new(path)), "{path}");
        }
        for path in ["", "/a", "../a", "a/../b", "./a", "."] {
            assert!(!is_plain_relative(Path::new(path)), "{path}");
        }
    }
}
