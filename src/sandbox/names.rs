//! Users by name: as the box itself knows them.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use nix::fcntl::{OFlag, OpenHow, ResolveFlag, open, openat2};
use nix::sys::stat::Mode;

use super::container::{Container, Root, User};
use super::outcome::SandboxError;

/// More than any list of users has.
const MAX_BYTES: u64 = 1 << 20;

impl Container {
    /// A user of the box by name with all its groups, or as `UID` or `UID:GID`. A given root
    /// directory tells its names in its own `/etc/passwd` and `/etc/group`.
    ///
    /// # Errors
    /// There is no such user, or the text is no id.
    pub fn user_named(&self, text: &str) -> Result<User, SandboxError> {
        if text.starts_with(|first: char| first.is_ascii_digit()) {
            return numeric(text).ok_or_else(|| refused(text, "it is not UID or UID:GID"));
        }
        let (users, groups) = match &self.root {
            Root::Directory(root) => {
                let read = |file| {
                    read_in_root(root, file)
                        .map_err(|error| refused(text, &format!("cannot read {file}: {error}")))
                };
                (read("etc/passwd")?, read("etc/group")?)
            }
            Root::HostToolchains | Root::Empty => (
                "box:x:1000:1000:\nroot:x:0:0:\nnobody:x:65534:65534:\n".to_owned(),
                String::new(),
            ),
        };
        find(&users, &groups, text).ok_or_else(|| refused(text, "the box has no such user"))
    }
}

fn refused(user: &str, reason: &str) -> SandboxError {
    SandboxError::Setting {
        setting: "user",
        reason: format!("{user}: {reason}"),
    }
}

fn numeric(text: &str) -> Option<User> {
    let (uid, gid) = text.split_once(':').unwrap_or((text, text));
    Some(User {
        uid: uid.parse().ok()?,
        gid: gid.parse().ok()?,
        groups: Vec::new(),
    })
}

fn find(users: &str, groups: &str, name: &str) -> Option<User> {
    let fields = |line: &str| -> Vec<String> { line.split(':').map(str::to_owned).collect() };
    let user = users
        .lines()
        .map(fields)
        .find(|user| user.first().is_some_and(|n| n == name))?;
    let is_member = |group: &Vec<String>| {
        let members = group.get(3).map(String::as_str).unwrap_or_default();
        members.split(',').any(|member| member == name)
    };
    let groups = groups.lines().map(fields).filter(is_member);
    Some(User {
        uid: user.get(2)?.parse().ok()?,
        gid: user.get(3)?.parse().ok()?,
        groups: groups
            .filter_map(|group| group.get(2)?.parse().ok())
            .collect(),
    })
}

/// Links in a root lead to places in that root.
fn read_in_root(root: &Path, file: &str) -> io::Result<String> {
    let directory = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let root = open(root, directory, Mode::empty())?;
    let how = OpenHow::new()
        .flags(OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)
        .resolve(ResolveFlag::RESOLVE_IN_ROOT | ResolveFlag::RESOLVE_NO_MAGICLINKS);
    let file = File::from(openat2(&root, file, how)?);
    if !file.metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut text = String::new();
    file.take(MAX_BYTES).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_gives_its_ids_and_all_its_groups() {
        let users = "root:x:0:0:root:/root:/bin/sh\nann:x:7:8::/:\nodd:x:y:8::/:\n";
        let groups = "wheel:x:10:root,ann\naudio:x:11:annabel\nvideo:x:12:ann\n";
        let ann = find(users, groups, "ann").unwrap();
        assert_eq!((ann.uid, ann.gid, ann.groups), (7, 8, vec![10, 12]));
        assert!(find(users, groups, "bob").is_none());
        assert!(find(users, groups, "odd").is_none());
    }

    #[test]
    fn ids_are_numbers_and_anything_else_is_an_error() {
        let container = Container::host_toolchains();
        let user = container.user_named("5:6").unwrap();
        assert_eq!((user.uid, user.gid), (5, 6));
        assert_eq!(container.user_named("box").unwrap(), User::default());
        for text in ["5:", "5:x", "99999999999", "", "nobody-here", "5x"] {
            assert!(container.user_named(text).is_err(), "{text:?}");
        }
    }
}
