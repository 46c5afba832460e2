//! Ids that the administrator lends to a user, in `/etc/subuid` and `/etc/subgid`.

use std::fs;
use std::path::Path;

use nix::sys::utsname::uname;
use nix::unistd::{Uid, User};

use super::IDS_OF_SLOTS;

/// Where programs that write maps for others are.
pub(in super::super) const PROGRAMS: &str =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// The first kernel that shows a tmpfs under other ids: files of a program, to whoever started it.
const KERNEL: (u32, u32) = (6, 3);

/// Ids in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Range {
    /// The first one.
    pub first: u32,
    /// How many.
    pub count: u32,
}

/// The user ids and the group ids that are lent to a user, or what stands in the way.
pub(in super::super) fn find(user: Uid) -> Result<(Range, Range), String> {
    for program in ["newuidmap", "newgidmap"] {
        let mut directories = PROGRAMS.split(':');
        if !directories.any(|directory| Path::new(directory).join(program).exists()) {
            return Err(format!(
                "{program} is not installed; install the package uidmap"
            ));
        }
    }
    let release = uname().map(|names| names.release().to_string_lossy().into_owned());
    let release = release.unwrap_or_default();
    if version(&release).is_none_or(|version| version < KERNEL) {
        let (major, minor) = KERNEL;
        return Err(format!(
            "Linux {release} cannot use lent ids; {major}.{minor} can"
        ));
    }
    let name = User::from_uid(user).ok().flatten().map(|user| user.name);
    let look = |file: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        largest(&text, user.as_raw(), name.as_deref()).ok_or_else(|| {
            let name = name.clone().unwrap_or_else(|| user.to_string());
            format!("{file} lends {name} fewer than {IDS_OF_SLOTS} ids in a row")
        })
    };
    Ok((look("/etc/subuid")?, look("/etc/subgid")?))
}

/// Major and minor version in a kernel's release.
fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|number| number.parse().ok());
    Some((numbers.next()?, numbers.next()?))
}

/// The largest range of a user that is large enough. Lines are `user:first:count`, the user by name
/// or by number.
fn largest(text: &str, user: u32, name: Option<&str>) -> Option<Range> {
    let ranges = text.lines().filter_map(|line| {
        let mut fields = line.trim().split(':');
        let owner = fields.next()?;
        let is_ours = Some(owner) == name || owner.parse() == Ok(user);
        let (first, count) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        is_ours.then_some(Range { first, count })
    });
    ranges
        .filter(|range| range.count >= IDS_OF_SLOTS)
        .max_by_key(|range| range.count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_range_of_the_user_is_taken_and_a_small_one_is_none() {
        let text = "anna:100000:65536\nberta:1:9999999\n1000:300000:70000\nanna:1:broken\n";
        let range = |first, count| Some(Range { first, count });
        assert_eq!(largest(text, 1000, Some("anna")), range(300_000, 70_000));
        assert_eq!(largest(text, 7, Some("anna")), range(100_000, 65_536));
        assert_eq!(largest(text, 7, Some("clara")), None);
        assert_eq!(largest(text, 7, None), None);
        let small = format!("anna:100000:{}", IDS_OF_SLOTS - 1);
        assert_eq!(largest(&small, 7, Some("anna")), None);
    }

    #[test]
    fn versions_are_read_as_numbers() {
        assert_eq!(version("6.12.90-cloud-amd64"), Some((6, 12)));
        assert_eq!(version("6.3"), Some((6, 3)));
        assert_eq!(version("unknown"), None);
        assert!(version("6.12.1") > Some(KERNEL));
    }
}
