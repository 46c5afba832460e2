//! From what is wanted to what is done: resolves a [`Container`] against this host.

use std::fs;
use std::path::{Path, PathBuf};

use super::inside::PROGRAM_ID;
use super::message::{MountKind, PlannedMount, RootEntry, RootPlan};
use super::outcome::SandboxError;
use super::spec::{Access, Container};

/// Directories of the host's toolchains; on a merged-/usr host all but the first are links.
const TOOLCHAIN_TREES: [&str; 7] = ["usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32"];
/// What programs need of /etc. The rest tells about the host and stays outside.
const ETC_FILES: [&str; 5] = [
    "etc/alternatives",
    "etc/ld.so.cache",
    "etc/ld.so.conf",
    "etc/localtime",
    "etc/ssl/certs",
];
const DEVICES: [&str; 5] = ["null", "zero", "full", "random", "urandom"];
const DEVICE_LINKS: [(&str, &str); 4] = [
    ("dev/fd", "/proc/self/fd"),
    ("dev/stdin", "/proc/self/fd/0"),
    ("dev/stdout", "/proc/self/fd/1"),
    ("dev/stderr", "/proc/self/fd/2"),
];
/// Always there; mount points and empty directories.
const DIRECTORIES: [&str; 8] = [
    "box", "dev", "dev/shm", "etc", "etc/ssl", "proc", "tmp", "usr",
];

/// The read-only root of a container.
pub(super) fn root(container: &Container) -> Result<RootPlan, SandboxError> {
    let mut plan = RootPlan {
        entries: DIRECTORIES
            .map(|path| RootEntry::Directory(path.to_owned()))
            .to_vec(),
        mounts: Vec::new(),
    };
    add_etc(&mut plan);
    for tree in TOOLCHAIN_TREES {
        add_toolchain_tree(&mut plan, tree);
    }
    for file in ETC_FILES {
        add_if_present(&mut plan, Path::new(file));
    }
    for device in DEVICES {
        let path = format!("dev/{device}");
        plan.entries.push(RootEntry::File(path.clone(), Vec::new()));
        plan.mounts
            .push(planned(&format!("/{path}"), &path, MountKind::Device));
    }
    for (path, target) in DEVICE_LINKS {
        plan.entries
            .push(RootEntry::Link(path.to_owned(), target.to_owned()));
    }
    for mount in wanted_mounts(container) {
        add_mount(&mut plan, mount)?;
    }
    Ok(plan)
}

fn planned(source: &str, target: &str, kind: MountKind) -> PlannedMount {
    PlannedMount {
        source: source.to_owned(),
        target: target.to_owned(),
        kind,
    }
}

/// Names for the ids of the box, and nothing about the host.
fn add_etc(plan: &mut RootPlan) {
    let passwd = format!(
        "root:x:0:0:root:/:/usr/sbin/nologin\nbox:x:{PROGRAM_ID}:{PROGRAM_ID}:box:/box:/bin/sh\n\
         nobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n"
    );
    let group = format!("root:x:0:\nbox:x:{PROGRAM_ID}:\nnogroup:x:65534:\n");
    let hosts = "127.0.0.1 localhost\n::1 localhost\n".to_owned();
    let nsswitch = "passwd: files\ngroup: files\nhosts: files\n".to_owned();
    let files = [
        ("etc/passwd", passwd),
        ("etc/group", group),
        ("etc/hosts", hosts),
        ("etc/nsswitch.conf", nsswitch),
    ];
    for (path, text) in files {
        plan.entries
            .push(RootEntry::File(path.to_owned(), text.into_bytes()));
    }
}

fn add_toolchain_tree(plan: &mut RootPlan, tree: &str) {
    let host = Path::new("/").join(tree);
    match fs::read_link(&host) {
        Ok(target) => {
            let target = target.to_string_lossy().into_owned();
            plan.entries.push(RootEntry::Link(tree.to_owned(), target));
        }
        Err(_) => add_if_present(plan, Path::new(tree)),
    }
}

/// Binds a host path at the same place, read-only, if it exists.
fn add_if_present(plan: &mut RootPlan, relative: &Path) {
    let Ok(source) = fs::canonicalize(Path::new("/").join(relative)) else {
        return;
    };
    let target = relative.to_string_lossy().into_owned();
    add_mount_point(plan, &target, source.is_dir());
    plan.mounts.push(PlannedMount {
        source: source.to_string_lossy().into_owned(),
        target,
        kind: MountKind::ReadOnly,
    });
}

/// The wanted mounts, one for each target (the last one wins), parents before children.
fn wanted_mounts(container: &Container) -> Vec<&super::spec::Mount> {
    let mut mounts: Vec<&super::spec::Mount> = Vec::new();
    for mount in &container.mounts {
        mounts.retain(|earlier| earlier.target != mount.target);
        mounts.push(mount);
    }
    mounts.sort_by_key(|mount| mount.target.components().count());
    mounts
}

fn add_mount(plan: &mut RootPlan, mount: &super::spec::Mount) -> Result<(), SandboxError> {
    let source = fs::canonicalize(&mount.source)
        .map_err(|error| mount_error(&mount.source, &error.to_string()))?;
    let target = mount_target(&mount.target)?;
    // Below a bound host tree there is no mount point of ours, and none is made on the host.
    let below = |m: &&PlannedMount| Path::new(&target).starts_with(&m.target);
    let covering = plan
        .mounts
        .iter()
        .filter(below)
        .max_by_key(|m| m.target.len());
    match covering {
        None => add_mount_point(plan, &target, source.is_dir()),
        Some(covering) if covering.target == target => {}
        Some(covering) => require_mount_point(covering, &target)?,
    }
    plan.mounts.push(PlannedMount {
        source: source.to_string_lossy().into_owned(),
        target,
        kind: match mount.access {
            Access::ReadOnly => MountKind::ReadOnly,
            Access::ReadWrite => MountKind::ReadWrite,
        },
    });
    Ok(())
}

fn require_mount_point(covering: &PlannedMount, target: &str) -> Result<(), SandboxError> {
    let inner = Path::new(target)
        .strip_prefix(&covering.target)
        .unwrap_or(Path::new(""));
    let on_host = Path::new(&covering.source).join(inner);
    if fs::symlink_metadata(&on_host).is_ok_and(|about| !about.is_symlink()) {
        return Ok(());
    }
    Err(mount_error(
        Path::new(target),
        "it lies below another mount and does not exist there; choose a target outside",
    ))
}

fn mount_error(path: &Path, reason: &str) -> SandboxError {
    SandboxError::Setting {
        setting: "mounts",
        reason: format!("{}: {reason}", path.display()),
    }
}

fn mount_target(target: &Path) -> Result<String, SandboxError> {
    let relative = target
        .strip_prefix("/")
        .map_err(|_| mount_error(target, "the target must be absolute"))?;
    let plain = |c| matches!(c, std::path::Component::Normal(_));
    if relative.components().next().is_none() || !relative.components().all(plain) {
        return Err(mount_error(target, "the target must not contain . or .."));
    }
    Ok(relative.to_string_lossy().into_owned())
}

/// Makes the mount point in the root, with its parents.
fn add_mount_point(plan: &mut RootPlan, target: &str, is_directory: bool) {
    let path = PathBuf::from(target);
    let mut parents: Vec<&Path> = path.ancestors().skip(1).collect();
    parents.pop();
    for parent in parents.into_iter().rev() {
        add_entry(
            plan,
            RootEntry::Directory(parent.to_string_lossy().into_owned()),
        );
    }
    let entry = if is_directory {
        RootEntry::Directory(target.to_owned())
    } else {
        RootEntry::File(target.to_owned(), Vec::new())
    };
    add_entry(plan, entry);
}

fn add_entry(plan: &mut RootPlan, entry: RootEntry) {
    let path = |entry: &RootEntry| match entry {
        RootEntry::Directory(path) | RootEntry::File(path, _) | RootEntry::Link(path, _) => {
            path.clone()
        }
    };
    let wanted = path(&entry);
    if !plan.entries.iter().any(|known| path(known) == wanted) {
        plan.entries.push(entry);
    }
}

#[cfg(test)]
mod tests {
    use super::super::spec::Mount;
    use super::*;

    fn mount(source: &str, target: &str) -> Mount {
        Mount {
            source: source.into(),
            target: target.into(),
            access: Access::ReadOnly,
        }
    }

    fn targets(container: &Container) -> Result<Vec<String>, SandboxError> {
        Ok(root(container)?
            .mounts
            .into_iter()
            .map(|m| m.target)
            .collect())
    }

    #[test]
    fn the_last_mount_for_a_target_wins() -> Result<(), SandboxError> {
        let container = Container::host_toolchains()
            .mount(mount("/usr/bin", "/opt/x"))
            .mount(mount("/usr/lib", "/opt/x"));
        let plan = root(&container)?;
        let found: Vec<_> = plan.mounts.iter().filter(|m| m.target == "opt/x").collect();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].source, "/usr/lib");
        Ok(())
    }

    #[test]
    fn parents_are_mounted_before_children() -> Result<(), SandboxError> {
        let container = Container::host_toolchains()
            .mount(mount("/usr/lib", "/opt/lib"))
            .mount(mount("/usr", "/opt"));
        let targets = targets(&container)?;
        let place = |name| targets.iter().position(|target| target == name);
        assert!(place("opt") < place("opt/lib"));
        Ok(())
    }

    #[test]
    fn a_mount_point_is_never_made_on_the_host() {
        let container =
            Container::host_toolchains().mount(mount("/usr/bin", "/usr/gavel-does-not-exist"));
        assert!(matches!(
            root(&container),
            Err(SandboxError::Setting {
                setting: "mounts",
                ..
            })
        ));
    }

    #[test]
    fn missing_sources_and_odd_targets_are_refused_by_name() {
        for (source, target) in [
            ("/does-not-exist", "/opt"),
            ("/usr", "opt"),
            ("/usr", "/"),
            ("/usr", "/opt/../etc"),
        ] {
            let container = Container::host_toolchains().mount(mount(source, target));
            assert!(root(&container).is_err(), "{source} at {target}");
        }
    }

    #[test]
    fn etc_says_nothing_about_the_host() -> Result<(), SandboxError> {
        for mount in root(&Container::host_toolchains())?.mounts {
            let allowed = ETC_FILES.contains(&mount.target.as_str());
            assert!(
                allowed || !mount.target.starts_with("etc"),
                "{}",
                mount.target
            );
        }
        Ok(())
    }
}
