//! Tests of planning a root.

use std::error::Error;

use super::host::ETC_FILES;
use super::*;

fn mount(source: &str, target: &str) -> Mount {
    Mount {
        source: source.into(),
        target: target.into(),
        access: Access::ReadOnly,
    }
}

fn binds(container: &Container) -> Result<Vec<PlannedMount>, SandboxError> {
    let steps = root(container)?.steps.into_iter();
    Ok(steps
        .filter_map(|step| match step {
            RootStep::Bind(planned) => Some(planned),
            _ => None,
        })
        .collect())
}

fn targets(container: &Container) -> Result<Vec<String>, SandboxError> {
    Ok(binds(container)?.into_iter().map(|m| m.target).collect())
}

#[test]
fn the_last_mount_for_a_target_wins() -> Result<(), SandboxError> {
    let container = Container::host_toolchains()
        .mount(mount("/usr/bin", "/opt/x"))
        .mount(mount("/usr/lib", "/opt/x"));
    let binds = binds(&container)?;
    let found: Vec<_> = binds.iter().filter(|m| m.target == "opt/x").collect();
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
        ("/usr", "/box"),
        ("/usr", "/proc/self"),
    ] {
        let container = Container::host_toolchains().mount(mount(source, target));
        assert!(root(&container).is_err(), "{source} at {target}");
    }
}

#[test]
fn etc_says_nothing_about_the_host() -> Result<(), SandboxError> {
    for mount in binds(&Container::host_toolchains())? {
        let allowed = ETC_FILES.contains(&mount.target.as_str());
        assert!(
            allowed || !mount.target.starts_with("etc"),
            "{}",
            mount.target
        );
    }
    Ok(())
}

#[test]
fn only_boxes_with_something_of_their_own_get_a_root_of_their_own() -> Result<(), Box<dyn Error>> {
    let tmpfs = FileSystemKind::Tmpfs {
        bytes: 4096,
        inodes: 4,
        mode: 0o755,
        execute: false,
    };
    let shared = Container::host_toolchains();
    assert!(!root(&shared)?.per_box);
    assert!(!root(&shared.clone().mount(mount("/usr", "/opt")))?.per_box);
    assert!(root(&shared.clone().mount(mount("/usr", "/box/usr")))?.per_box);
    assert!(root(&shared.clone().file_system("/data", tmpfs))?.per_box);
    let directory = tempfile::tempdir()?;
    let fifo = directory.path().join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRUSR)?;
    let fifo = fifo.to_str().ok_or("a name that is no text")?;
    assert!(root(&shared.clone().mount(mount(fifo, "/fifo")))?.per_box);
    let writable = Container {
        root_access: Access::ReadWrite,
        ..shared
    };
    assert!(root(&writable)?.per_box);
    Ok(())
}

#[test]
fn settings_that_cannot_be_honoured_are_refused_by_name() {
    let tmpfs = |bytes, mode| FileSystemKind::Tmpfs {
        bytes,
        inodes: 4,
        mode,
        execute: false,
    };
    let overlay = |lower: &[&str]| FileSystemKind::Overlay {
        lower: lower.iter().map(PathBuf::from).collect(),
        access: Access::ReadWrite,
    };
    let write = |path: &str| FileOperation::WriteFile {
        path: path.into(),
        bytes: Vec::new(),
        mode: 0o644,
    };
    let basis = Container::host_toolchains;
    for (container, name) in [
        (Container::directory("/does-not-exist"), "root"),
        (Container::directory("/etc/passwd"), "root"),
        (Container::directory("etc"), "root"),
        (
            basis().file_system("/a", tmpfs(0, 0o755)),
            "file_systems.bytes",
        ),
        (
            basis().file_system("/a", tmpfs(1, 0o4755)),
            "file_systems.mode",
        ),
        (basis().file_system("/a", overlay(&[])), "file_systems"),
        (
            basis().file_system("/a", overlay(&["/does-not-exist"])),
            "file_systems",
        ),
        (basis().file_system("/usr/x-new", tmpfs(1, 0o755)), "mounts"),
        (
            basis()
                .mount(mount("/usr", "/a"))
                .file_system("/a", tmpfs(1, 0o755)),
            "file_systems",
        ),
        (basis().operation(write("/usr/bin/x")), "operations"),
        (basis().operation(write("relative")), "operations"),
        (basis().mount(mount("/usr", "/bin/x")), "mounts"),
    ] {
        match root(&container) {
            Err(SandboxError::Setting { setting, .. }) => assert_eq!(setting, name),
            other => unreachable!("{name}: {other:?}"),
        }
    }
}
