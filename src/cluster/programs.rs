//! Finds the programs of Postgres: the versions that a distribution installs side by side, then
//! PATH. A cluster can be opened by the major version that made it and by no other.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::ClusterConfig;
use super::error::ClusterError;

/// The programs of one major version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Programs {
    major: u32,
    directory: PathBuf,
}

impl Programs {
    /// The programs to use for the cluster `path`, which `made_by` a major version or is still to
    /// be made: then the newest is used.
    pub(super) fn find(
        config: &ClusterConfig,
        path: &Path,
        made_by: Option<u32>,
    ) -> Result<Programs, ClusterError> {
        let mut found = installed(&config.installations);
        if !found
            .iter()
            .any(|one| made_by.is_none_or(|major| one.major == major))
        {
            found.extend(
                config
                    .search_path
                    .iter()
                    .filter_map(|directory| in_path(directory)),
            );
        }
        found.sort();
        let Some(newest) = found.last() else {
            return Err(ClusterError::NoPrograms {
                installations: config.installations.clone(),
            });
        };
        let Some(major) = made_by else {
            return Ok(newest.clone());
        };
        let right = found.iter().find(|programs| programs.major == major);
        right.cloned().ok_or_else(|| ClusterError::VersionMissing {
            path: path.to_owned(),
            major,
            found: majors(&found),
        })
    }

    pub(super) fn postgres(&self) -> PathBuf {
        self.directory.join("postgres")
    }

    pub(super) fn initdb(&self) -> PathBuf {
        self.directory.join("initdb")
    }
}

fn majors(found: &[Programs]) -> String {
    let mut majors: Vec<String> = found.iter().map(|one| one.major.to_string()).collect();
    majors.dedup();
    majors.join(", ")
}

/// What stands in `<installations>/<major>/bin`. None is no error: PATH is looked at next.
fn installed(installations: &Path) -> Vec<Programs> {
    let entries = fs::read_dir(installations).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let major = entry.file_name().to_str()?.parse().ok()?;
            let directory = entry.path().join("bin");
            has_programs(&directory).then_some(Programs { major, directory })
        })
        .collect()
}

/// What stands in a directory of PATH. Its version is not in the path, so the program is asked.
fn in_path(directory: &Path) -> Option<Programs> {
    // A relative directory of PATH means another place once the working directory has changed.
    if !directory.is_absolute() || !has_programs(directory) {
        return None;
    }
    let answer = Command::new(directory.join("postgres"))
        .arg("--version")
        .output()
        .ok()?;
    Some(Programs {
        major: major_of(&String::from_utf8_lossy(&answer.stdout))?,
        directory: directory.to_owned(),
    })
}

/// `postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)` → 15; also `17beta1`.
fn major_of(version: &str) -> Option<u32> {
    let number = version.split_once("(PostgreSQL) ")?.1;
    let end = number
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(number.len());
    number[..end].parse().ok()
}

fn has_programs(directory: &Path) -> bool {
    ["postgres", "initdb"].iter().all(|name| {
        fs::metadata(directory.join(name))
            .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// Installations of `majors`, and an empty PATH. No program is run, so any executable will do.
    fn machine(majors: &[&str]) -> (tempfile::TempDir, ClusterConfig) {
        let root = tempfile::tempdir().unwrap();
        for major in majors {
            let bin = root.path().join(major).join("bin");
            fs::create_dir_all(&bin).unwrap();
            symlink("/bin/true", bin.join("postgres")).unwrap();
            symlink("/bin/true", bin.join("initdb")).unwrap();
        }
        let mut config = ClusterConfig::new("/data", "postgres");
        config.installations = root.path().to_owned();
        config.search_path = Vec::new();
        (root, config)
    }

    #[test]
    fn a_new_cluster_is_made_by_the_newest_version_as_numbers_go() {
        let (root, config) = machine(&["9", "15", "common"]);
        let programs = Programs::find(&config, Path::new("/data"), None).unwrap();
        assert_eq!(programs.initdb(), root.path().join("15/bin/initdb"));
    }

    #[test]
    fn an_old_cluster_is_opened_by_the_version_that_made_it() {
        let (root, config) = machine(&["14", "15"]);
        let programs = Programs::find(&config, Path::new("/data"), Some(14)).unwrap();
        assert_eq!(programs.postgres(), root.path().join("14/bin/postgres"));
    }

    #[test]
    fn a_version_that_is_not_installed_is_named_with_its_package() {
        let (_root, config) = machine(&["15", "16"]);
        let error = Programs::find(&config, Path::new("/data"), Some(13)).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("only 15, 16 is installed"), "{text}");
        assert!(text.contains("`postgresql-13`"), "{text}");
    }

    #[test]
    fn without_any_version_the_package_is_named() {
        let (_root, config) = machine(&[]);
        let error = Programs::find(&config, Path::new("/data"), None).unwrap_err();
        assert!(
            error.to_string().contains("the package `postgresql`"),
            "{error}"
        );
    }

    #[test]
    fn a_version_is_read_from_what_the_program_says() {
        assert_eq!(
            major_of("postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)"),
            Some(15)
        );
        assert_eq!(major_of("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(major_of("true (GNU coreutils) 9.1"), None);
    }
}
