//! Directories. The kernel resolves every path beneath the directory's descriptor: a link may lead
//! to another file of the package, as setters use them, or to a file of what lies beside it, where contests
//! keep what their packages share; but never further.

use std::fs::File;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::dir::{Dir, Type};
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2, readlinkat};

use super::{Caps, Collector, UnpackError};
use crate::problem::package::Tree;

/// How often a path is tried: the kernel cannot follow `..` beneath a directory while anything on the
/// machine is renamed, says EAGAIN, and leaves it to the caller to try again (openat2(2)).
const ATTEMPTS: usize = 1000;

/// Deepest link to a directory that is followed.
const MAX_LINKED_DEPTH: usize = 8;

/// The directory in which a package lies.
pub(super) struct Around {
    directory: File,
    /// What the package is called in it.
    name: String,
}

impl Around {
    /// That of the package at this path; `None` where there is nothing around it.
    pub(super) fn of(path: &Path) -> Option<Around> {
        let path = path.canonicalize().ok()?;
        Some(Around {
            directory: File::open(path.parent()?).ok()?,
            name: path.file_name()?.to_str()?.to_owned(),
        })
    }

    /// The plain file to which a link of the package leads. Nothing hidden: it may be somebody's home.
    fn open(&self, link: &str) -> Option<File> {
        let link = format!("{}/{link}", self.name);
        let target = readlinkat(&self.directory, link.as_str()).ok()?;
        let mut parts = target.to_str()?.split('/');
        if parts.any(|part| part.starts_with('.') && !matches!(part, "." | "..")) {
            return None;
        }
        let file = open(&self.directory, &link, OFlag::O_NONBLOCK).ok()?;
        file.metadata().ok()?.is_file().then_some(file)
    }
}

/// Reads all files of a directory.
pub(super) fn read(root: &File, around: Option<&Around>, caps: &Caps) -> Result<Tree, UnpackError> {
    let mut collector = Collector::new(caps);
    let mut directories_left = caps.files;
    let mut pending = vec![String::new()];
    while let Some(directory) = pending.pop() {
        directories_left = directories_left
            .checked_sub(1)
            .ok_or(UnpackError::TooMany(caps.files))?;
        for (name, kind) in entries(root, &directory)? {
            let path = match directory.as_str() {
                "" => name,
                _ => format!("{directory}/{name}"),
            };
            if kind == Some(Type::Directory) {
                pending.push(path);
                continue;
            }
            let file = match open(root, &path, OFlag::O_NONBLOCK) {
                Err(UnpackError::NotPlain(path)) if kind == Some(Type::Symlink) => {
                    match around.and_then(|around| around.open(&path)) {
                        Some(file) => collector.add(&path, file)?,
                        None => collector.tree.leave_out(&path),
                    }
                    continue;
                }
                other => other?,
            };
            let about = file.metadata().map_err(|error| failed(&path, error))?;
            // A link to a directory is one of the package's; a circle of links ends at the depth.
            if about.is_dir() && path.matches('/').count() < MAX_LINKED_DEPTH {
                pending.push(path);
            } else if about.is_file() {
                collector.add(&path, file)?;
            } else {
                return Err(UnpackError::NotPlain(path));
            }
        }
    }
    Ok(collector.tree)
}

/// What stands in a directory. Version control and the like is left out: it is not the package's.
fn entries(root: &File, directory: &str) -> Result<Vec<(String, Option<Type>)>, UnpackError> {
    let path = match directory {
        "" => ".",
        _ => directory,
    };
    let opened = open(root, path, OFlag::O_DIRECTORY)?;
    let opened = Dir::from_fd(opened.into()).map_err(|errno| failed(path, errno))?;
    let mut entries = Vec::new();
    for entry in opened {
        let entry = entry.map_err(|errno| failed(path, errno))?;
        let name = std::ffi::OsStr::from_bytes(entry.file_name().to_bytes());
        let Some(name) = name.to_str() else {
            return Err(UnpackError::NotUtf8(name.to_string_lossy().into_owned()));
        };
        let is_hidden = name.starts_with('.') && entry.file_type() == Some(Type::Directory);
        if name != "." && name != ".." && !is_hidden {
            entries.push((name.to_owned(), entry.file_type()));
        }
    }
    entries.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(entries)
}

fn open(root: &File, path: &str, flags: OFlag) -> Result<File, UnpackError> {
    let how = OpenHow::new()
        .flags(OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NOCTTY | flags)
        .resolve(ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_MAGICLINKS);
    let mut opened = openat2(root.as_fd(), path, how);
    for _ in 1..ATTEMPTS {
        if !matches!(opened, Err(nix::Error::EAGAIN)) {
            break;
        }
        opened = openat2(root.as_fd(), path, how);
    }
    match opened {
        Ok(opened) => Ok(File::from(opened)),
        // A link that leads out, or one that leads nowhere, or a socket.
        Err(nix::Error::EXDEV | nix::Error::ELOOP | nix::Error::ENOENT | nix::Error::ENXIO) => {
            Err(UnpackError::NotPlain(path.to_owned()))
        }
        Err(errno) => Err(failed(path, errno)),
    }
}

fn failed(path: &str, error: impl Into<std::io::Error>) -> UnpackError {
    UnpackError::Read {
        path: path.into(),
        source: error.into(),
    }
}
