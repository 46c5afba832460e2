//! Writing what validators left to a directory of the user, for him to look at: SUBMISSION/CASE/FILE below it. The names
//! are strangers', so each part is opened beneath the last without following links, and none leads elsewhere. What was
//! there under the same name is replaced, and nothing else is touched.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use anyhow::Context;
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::{Mode, mkdirat};
use nix::unistd::{UnlinkatFlags, unlinkat};

use super::terminal::harmless;
use crate::judge::verdict::{CaseResult, Content};

/// A directory for the files of validators.
#[derive(Debug)]
pub(super) struct FeedbackDir {
    path: PathBuf,
    directory: OwnedFd,
}

impl FeedbackDir {
    /// Opens a directory, or makes it.
    pub(super) fn open(path: &Path) -> anyhow::Result<FeedbackDir> {
        let opened = fs::create_dir_all(path).and_then(|()| File::open(path));
        let directory = opened.with_context(|| format!("cannot use {}", path.display()))?;
        Ok(FeedbackDir {
            path: path.to_owned(),
            directory: directory.into(),
        })
    }

    /// Writes what validators left at a submission, and tells what they left and is not kept.
    pub(super) fn write(&self, submission: &str, cases: &[CaseResult]) -> anyhow::Result<()> {
        for case in cases {
            let at = format!("{submission}/{}", case.name);
            for file in &case.feedback.files {
                let name = format!("{at}/{}", file.name);
                let Content::Here(bytes) = &file.content else {
                    let (name, size) = (harmless(&name, &[]), file.size_bytes);
                    tracing::warn!("{name} is too much to be kept: it has {size} bytes");
                    continue;
                };
                let written = self.write_file(&name, bytes);
                let shown = || format!("cannot write {}", self.path.join(&name).display());
                written.with_context(|| harmless(&shown(), &[]))?;
            }
            if case.feedback.has_more {
                let at = harmless(&at, &[]);
                tracing::warn!("{at}: the validator left more files than are kept");
            }
        }
        Ok(())
    }

    fn write_file(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let (directories, name) = name.rsplit_once('/').unwrap_or_default();
        let mut directory = self.directory.try_clone()?;
        for part in directories.split('/') {
            directory = below(&directory, plain(part)?)?;
        }
        let name = plain(name)?;
        match unlinkat(&directory, name, UnlinkatFlags::NoRemoveDir) {
            Ok(()) | Err(Errno::ENOENT) => {}
            Err(error) => return Err(error.into()),
        }
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_CLOEXEC;
        let file = openat(&directory, name, flags, Mode::from_bits_truncate(0o666))?;
        File::from(file).write_all(bytes)
    }
}

/// A directory in another, which is made where it is not there.
fn below(directory: &OwnedFd, name: &str) -> io::Result<OwnedFd> {
    match mkdirat(directory, name, Mode::from_bits_truncate(0o777)) {
        Ok(()) | Err(Errno::EEXIST) => {}
        Err(error) => return Err(error.into()),
    }
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    Ok(openat(directory, name, flags, Mode::empty())?)
}

/// A part of a path that is a name and leads nowhere else.
fn plain(part: &str) -> io::Result<&str> {
    match part {
        "" | "." | ".." => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("{part:?} is no name of a file"),
        )),
        part => Ok(part),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::judge::verdict::{FeedbackFile, FeedbackFiles};

    fn case(name: &str, files: &[(&str, &[u8])]) -> CaseResult {
        let files = files.iter().map(|(name, bytes)| FeedbackFile {
            name: (*name).to_owned(),
            size_bytes: bytes.len() as u64,
            content: Content::Here((*bytes).into()),
        });
        CaseResult {
            feedback: FeedbackFiles {
                files: files.collect(),
                has_more: false,
            },
            ..CaseResult::skipped(0, name)
        }
    }

    #[test]
    fn files_stand_below_their_submission_and_case_and_replace_what_was_there() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new/out");
        let out = FeedbackDir::open(&path).unwrap();
        let left = |text: &'static str| case("secret/1", &[("a/b", text.as_bytes()), ("c", b"")]);
        for text in ["one", "2"] {
            out.write("accepted/x.c", &[left(text)]).unwrap();
            let at = path.join("accepted/x.c/secret/1");
            assert_eq!(fs::read_to_string(at.join("a/b")).unwrap(), text);
            assert_eq!(fs::read(at.join("c")).unwrap(), b"");
        }
    }

    #[test]
    fn no_name_leads_out_of_the_directory_and_no_link_is_followed() {
        let directory = tempfile::tempdir().unwrap();
        let elsewhere = directory.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        fs::write(elsewhere.join("file"), "mine").unwrap();
        let path = directory.path().join("out");
        let out = FeedbackDir::open(&path).unwrap();
        for name in ["../x", "..", ".", "", "a/../../x", "/x", "a//x", "a/"] {
            assert!(
                out.write("s", &[case("1", &[(name, b"x")])]).is_err(),
                "{name:?}"
            );
        }
        for (submission, of) in [("..", "1"), ("s", ".."), ("", "1"), ("s", "a/..")] {
            assert!(out.write(submission, &[case(of, &[("x", b"x")])]).is_err());
        }
        symlink(&elsewhere, path.join("linked")).unwrap();
        assert!(out.write("linked", &[case("1", &[("x", b"x")])]).is_err());
        fs::create_dir_all(path.join("t/1")).unwrap();
        symlink(elsewhere.join("file"), path.join("t/1/file")).unwrap();
        out.write("t", &[case("1", &[("file", b"new")])]).unwrap();
        assert_eq!(fs::read(path.join("t/1/file")).unwrap(), b"new");
        assert_eq!(fs::read(elsewhere.join("file")).unwrap(), b"mine");
        assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 1);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
    }
}
