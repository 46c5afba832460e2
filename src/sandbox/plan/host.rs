//! What every root holds, and the host's toolchains.

use std::fs;
use std::path::Path;

use super::super::container::{Container, Devices, Root};
use super::super::message::{MountKind, RootEntry, RootStep};
use super::super::outcome::SandboxError;
use super::{Cover, Planner};

/// Directories of the host's toolchains; on a merged-/usr host all but the first are links.
const TOOLCHAIN_TREES: [&str; 7] = ["usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32"];
/// What programs need of /etc. The rest tells about the host and stays outside.
pub(super) const ETC_FILES: [&str; 5] = [
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

/// Everything but what the caller asked for by path.
pub(super) fn add_standard(
    planner: &mut Planner,
    container: &Container,
) -> Result<(), SandboxError> {
    for directory in ["box", "proc", "tmp", "dev"] {
        planner.add_mount_point(directory, true)?;
    }
    if planner.base.is_some() {
        // A directory of the host may have anything in its /dev.
        planner.steps.push(RootStep::Cover("dev".to_owned()));
        planner.covers.push(("dev".to_owned(), Cover::Ours));
    }
    planner.add_mount_point("dev/shm", true)?;
    if container.root == Root::HostToolchains {
        add_etc(planner, container)?;
        for tree in TOOLCHAIN_TREES {
            add_toolchain_tree(planner, tree)?;
        }
        for file in ETC_FILES {
            add_if_present(planner, Path::new(file))?;
        }
    }
    add_devices(planner, container.devices)
}

fn add_devices(planner: &mut Planner, devices: Devices) -> Result<(), SandboxError> {
    for device in DEVICES {
        add_device(planner, device)?;
    }
    for (path, target) in DEVICE_LINKS {
        add_link(planner, path, target)?;
    }
    if devices == Devices::Terminals {
        add_device(planner, "tty")?;
        planner.add_mount_point("dev/pts", true)?;
        add_link(planner, "dev/ptmx", "pts/ptmx")?;
    }
    Ok(())
}

fn add_device(planner: &mut Planner, name: &str) -> Result<(), SandboxError> {
    let path = format!("dev/{name}");
    let source = Path::new("/").join(&path);
    planner.add_mount_point(&path, false)?;
    let (step, cover, _) = super::bind("devices", &source, &path, MountKind::Device)?;
    planner.steps.push(step);
    planner.covers.push((path, cover));
    Ok(())
}

fn add_link(planner: &mut Planner, path: &str, target: &str) -> Result<(), SandboxError> {
    planner.add_entry(RootEntry::Link(path.to_owned(), target.to_owned()))
}

/// Names for the ids of the box, and nothing about the host.
fn add_etc(planner: &mut Planner, container: &Container) -> Result<(), SandboxError> {
    let user = &container.user;
    let (uid, gid) = (user.uid, user.gid);
    let mut passwd = format!("box:x:{uid}:{gid}:box:/box:/bin/sh\n");
    let mut group = format!("box:x:{gid}:\n");
    for (name, id, group_name) in [("root", 0, "root"), ("nobody", 65_534, "nogroup")] {
        if id != uid {
            passwd += &format!("{name}:x:{id}:{id}:{name}:/:/usr/sbin/nologin\n");
        }
        if id != gid {
            group += &format!("{group_name}:x:{id}:\n");
        }
    }
    let hosts = "127.0.0.1 localhost\n::1 localhost\n".to_owned();
    let nsswitch = "passwd: files\ngroup: files\nhosts: files\n".to_owned();
    for directory in ["etc", "etc/ssl", "usr"] {
        planner.add_entry(RootEntry::Directory(directory.to_owned()))?;
    }
    if container.network.leads_out() {
        let resolver = fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
        add_file(planner, "etc/resolv.conf", resolver)?;
    }
    let files = [
        ("etc/passwd", passwd),
        ("etc/group", group),
        ("etc/hosts", hosts),
        ("etc/nsswitch.conf", nsswitch),
    ];
    files
        .into_iter()
        .try_for_each(|(path, text)| add_file(planner, path, text))
}

fn add_file(planner: &mut Planner, path: &str, text: String) -> Result<(), SandboxError> {
    planner.add_entry(RootEntry::File(path.to_owned(), text.into_bytes()))
}

fn add_toolchain_tree(planner: &mut Planner, tree: &str) -> Result<(), SandboxError> {
    match fs::read_link(Path::new("/").join(tree)) {
        Ok(target) => add_link(planner, tree, &target.to_string_lossy()),
        Err(_) => add_if_present(planner, Path::new(tree)),
    }
}

/// Binds a host path at the same place, read-only, if it exists.
fn add_if_present(planner: &mut Planner, relative: &Path) -> Result<(), SandboxError> {
    let Ok(source) = fs::canonicalize(Path::new("/").join(relative)) else {
        return Ok(());
    };
    let target = relative.to_string_lossy().into_owned();
    planner.add_mount_point(&target, source.is_dir())?;
    let (step, cover, _) = super::bind("root", &source, &target, MountKind::ReadOnly)?;
    planner.steps.push(step);
    planner.covers.push((target, cover));
    Ok(())
}
