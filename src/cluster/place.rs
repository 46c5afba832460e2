//! Where the cluster lives: directories, their owners, and the locks. Root works here in places that
//! others may write to, so everything is reached from a directory that was opened, never by a
//! path that could mean another place by now, and no link is followed.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use nix::unistd::{User, geteuid};

use super::error::ClusterError;

/// A directory that was opened.
#[derive(Debug)]
pub(super) struct Directory {
    handle: File,
    path: PathBuf,
}

impl Directory {
    pub(super) fn open(path: &Path) -> Result<Directory, ClusterError> {
        let handle = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_DIRECTORY | libc::O_NOFOLLOW)
            .open(path)
            .map_err(cannot("open the directory", path))?;
        Ok(Directory {
            handle,
            path: path.to_owned(),
        })
    }

    /// The path by which others find it.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A path for our own system calls, which stays inside this directory wherever it is moved.
    pub(super) fn inside(&self, name: &str) -> PathBuf {
        format!("/proc/self/fd/{}/{name}", self.handle.as_raw_fd()).into()
    }

    /// Opens a directory below this one.
    fn open_below(&self, name: &str) -> Result<Directory, ClusterError> {
        let below = Directory::open(&self.inside(name));
        let path = self.path.join(name);
        match below {
            Ok(below) => Ok(Directory { path, ..below }),
            Err(ClusterError::Prepare { step, source, .. }) => {
                Err(ClusterError::Prepare { step, path, source })
            }
            Err(other) => Err(other),
        }
    }

    /// Opens a file to append to, made if missing. It must be ours and have no other name: somebody
    /// may have put a link to another file there.
    pub(super) fn open_own_file(&self, name: &str) -> Result<File, ClusterError> {
        let path = self.path.join(name);
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
            .open(self.inside(name))
            .map_err(cannot("open the file", &path))?;
        let metadata = file.metadata().map_err(cannot("examine the file", &path))?;
        let reason = if metadata.uid() != geteuid().as_raw() {
            format!(
                "belongs to the user {}, and Gavel runs as {}",
                metadata.uid(),
                geteuid()
            )
        } else if !metadata.is_file() || metadata.nlink() != 1 {
            "is not a file of Gavel's own".to_owned()
        } else {
            return Ok(file);
        };
        Err(ClusterError::Foreign { path, reason })
    }

    /// Reads the first `max_bytes` of a small text file; none if there is no such file.
    pub(super) fn read_text(
        &self,
        name: &str,
        max_bytes: u64,
    ) -> Result<Option<String>, ClusterError> {
        let path = self.path.join(name);
        let opened = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
            .open(self.inside(name));
        let file = match opened {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(cannot("open the file", &path))?,
        };
        let mut bytes = Vec::new();
        file.take(max_bytes)
            .read_to_end(&mut bytes)
            .map_err(cannot("read the file", &path))?;
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Makes what happened in this directory survive a power failure.
    pub(super) fn sync(&self) -> Result<(), ClusterError> {
        self.handle
            .sync_all()
            .map_err(cannot("sync the directory", &self.path))
    }
}

/// The user that Postgres runs as.
#[derive(Debug)]
pub(super) struct Owner {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// Whether it is another than ours, to be changed to.
    pub(super) is_other: bool,
}

impl Owner {
    /// Root hands Postgres to the user of that name, everyone else runs it as they are.
    pub(super) fn find(name: &str) -> Result<Owner, ClusterError> {
        let ours = geteuid();
        let (name, found) = if ours.is_root() {
            (name.to_owned(), User::from_name(name))
        } else {
            (ours.to_string(), User::from_uid(ours))
        };
        match found {
            Ok(Some(user)) if user.uid.is_root() => Err(ClusterError::UserIsRoot { name }),
            Ok(Some(user)) => Ok(Owner {
                name: user.name,
                uid: user.uid.as_raw(),
                gid: user.gid.as_raw(),
                is_other: ours.is_root(),
            }),
            // A number in a container, for instance. Postgres itself insists on a name for it.
            Ok(None) => Err(ClusterError::UnknownUser { name }),
            Err(error) => Err(ClusterError::LookUpUser {
                name,
                source: error.into(),
            }),
        }
    }
}

/// Opens the data directory, made if missing. Other users may pass through it, and no more, where
/// Postgres is another user.
pub(super) fn open_data_dir(path: &Path, owner: &Owner) -> Result<Directory, ClusterError> {
    make_directories(path, if owner.is_other { 0o711 } else { 0o700 })?;
    // From here on there is one name for it, whatever links led here.
    let path = fs::canonicalize(path).map_err(cannot("find the directory", path))?;
    let directory = Directory::open(&path)?;
    if owner.is_other {
        refuse_blocked(&path, owner)?;
    }
    Ok(directory)
}

/// Opens the directory of the cluster below the data directory, made if missing. It belongs to
/// Postgres' user, and nobody else may enter: there is no password, so who gets to the socket inside
/// is let in.
pub(super) fn open_home(data_dir: &Directory, owner: &Owner) -> Result<Directory, ClusterError> {
    const NAME: &str = "postgres";
    let path = data_dir.path().join(NAME);
    match DirBuilder::new().mode(0o700).create(data_dir.inside(NAME)) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(cannot("make the directory", &path)(error));
        }
        _ => {}
    }
    let home = data_dir.open_below(NAME)?;
    let metadata = home
        .handle
        .metadata()
        .map_err(cannot("examine the directory", &path))?;
    // Ours and empty: made just now, or by a start that got no further.
    if owner.is_other && metadata.uid() == geteuid().as_raw() && is_empty(&home)? {
        fchown(&home.handle, Some(owner.uid), Some(owner.gid))
            .map_err(cannot("give away the directory", &path))?;
    } else if metadata.uid() != owner.uid {
        let reason = format!(
            "belongs to the user {}, and Postgres is to run as {} ({})",
            metadata.uid(),
            owner.uid,
            owner.name
        );
        return Err(ClusterError::Foreign { path, reason });
    }
    home.handle
        .set_permissions(Permissions::from_mode(0o700))
        .map_err(cannot("restrict the directory", &path))?;
    Ok(home)
}

fn is_empty(directory: &Directory) -> Result<bool, ClusterError> {
    let mut entries = fs::read_dir(directory.inside("."))
        .map_err(cannot("list the directory", &directory.path))?;
    Ok(entries.next().is_none())
}

/// Makes a directory and what is missing above it. The mode is set afterwards, for a strict umask
/// would keep Postgres out.
fn make_directories(path: &Path, mode: u32) -> Result<(), ClusterError> {
    let ancestors: Vec<&Path> = path
        .ancestors()
        .filter(|one| !one.as_os_str().is_empty())
        .collect();
    for ancestor in ancestors.into_iter().rev() {
        match DirBuilder::new().mode(0o700).create(ancestor) {
            Ok(()) => Directory::open(ancestor)?
                .handle
                .set_permissions(Permissions::from_mode(mode))
                .map_err(cannot("set the mode of the directory", ancestor))?,
            Err(_) if ancestor.is_dir() => {}
            Err(error) => return Err(cannot("make the directory", ancestor)(error)),
        }
    }
    Ok(())
}

/// Refuses a path with a directory that Postgres' user cannot pass through, by its mode: Postgres
/// itself would say only that a file is missing. Access lists that allow more are not read.
fn refuse_blocked(path: &Path, owner: &Owner) -> Result<(), ClusterError> {
    for ancestor in path.ancestors() {
        let metadata = fs::metadata(ancestor).map_err(cannot("examine the directory", ancestor))?;
        let pass = if metadata.uid() == owner.uid {
            0o100
        } else if metadata.gid() == owner.gid {
            0o010
        } else {
            0o001
        };
        if metadata.mode() & pass == 0 {
            return Err(ClusterError::Blocked {
                user: owner.name.clone(),
                path: ancestor.to_owned(),
            });
        }
    }
    Ok(())
}

/// The cause of a failed step with a file or directory.
pub(super) fn cannot(step: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ClusterError {
    let path = path.to_owned();
    move |source| ClusterError::Prepare { step, path, source }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// Ourselves, whoever runs the test.
    fn owner() -> Owner {
        Owner {
            name: "tester".to_owned(),
            uid: geteuid().as_raw(),
            gid: nix::unistd::getegid().as_raw(),
            is_other: false,
        }
    }

    #[test]
    fn a_link_in_place_of_the_cluster_is_not_followed() {
        let root = tempfile::tempdir().unwrap();
        let victim = root.path().join("victim");
        fs::create_dir(&victim).unwrap();
        fs::set_permissions(&victim, Permissions::from_mode(0o755)).unwrap();
        symlink(&victim, root.path().join("postgres")).unwrap();

        let data_dir = Directory::open(root.path()).unwrap();
        let error = open_home(&data_dir, &owner()).unwrap_err();
        assert!(matches!(error, ClusterError::Prepare { .. }), "{error}");
        assert_eq!(fs::metadata(&victim).unwrap().mode() & 0o777, 0o755);
    }

    #[test]
    fn a_directory_of_somebody_else_is_refused() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("postgres/data")).unwrap();
        let data_dir = Directory::open(root.path()).unwrap();
        let other = Owner {
            uid: 4321,
            is_other: true,
            ..owner()
        };
        let error = open_home(&data_dir, &other).unwrap_err();
        assert!(matches!(error, ClusterError::Foreign { .. }), "{error}");
    }

    #[test]
    fn the_cluster_is_closed_to_others_even_if_it_was_open() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("postgres");
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o777)).unwrap();
        open_home(&Directory::open(root.path()).unwrap(), &owner()).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_directory_that_keeps_postgres_out_is_named() {
        let root = tempfile::tempdir().unwrap();
        let closed = root.path().join("closed");
        let open = closed.join("open");
        fs::create_dir_all(&open).unwrap();
        fs::set_permissions(root.path(), Permissions::from_mode(0o711)).unwrap();
        fs::set_permissions(&closed, Permissions::from_mode(0o700)).unwrap();
        fs::set_permissions(&open, Permissions::from_mode(0o711)).unwrap();
        let other = Owner {
            uid: 4321,
            gid: 4321,
            is_other: true,
            ..owner()
        };
        match refuse_blocked(&open, &other) {
            Err(ClusterError::Blocked { path, .. }) => assert_eq!(path, closed),
            other => panic!("{other:?}"),
        }
        fs::set_permissions(&closed, Permissions::from_mode(0o711)).unwrap();
        assert!(refuse_blocked(&open, &other).is_ok());
    }
}
