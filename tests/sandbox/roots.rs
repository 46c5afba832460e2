//! The root of a box and what is mounted and made in it: rows "root", "overlay mount", "devfs",
//! "tmpfs, procfs" and "file operations" of what the library promises.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use gavel::sandbox::{
    Access, Cancel, Container, Devices, Exit, FileOperation, FileSystemKind, Mount, Outcome,
    Report, SandboxError,
};

use crate::support::*;

const USR: &str = "/usr";

fn bind(source: &Path, target: &str, access: Access) -> Mount {
    Mount {
        source: source.to_owned(),
        target: target.into(),
        access,
    }
}

/// An empty root with just enough to run a shell.
fn with_shell(container: Container) -> Container {
    let link = |name: &str| FileOperation::Symlink {
        path: format!("/{name}").into(),
        target: format!("usr/{name}").into(),
    };
    container
        .mount(bind(Path::new(USR), USR, Access::ReadOnly))
        .operation(link("bin"))
        .operation(link("lib"))
        .operation(link("lib64"))
}

fn show(container: &Container, script: &str) -> String {
    printed(&run_in(&mut slot(), container, &shell(script)))
}

/// A root directory on the host that a shell can run in.
fn host_root() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a directory");
    for name in ["bin", "lib", "lib64"] {
        symlink(format!("usr/{name}"), root.path().join(name)).expect("a link");
    }
    fs::create_dir(root.path().join("usr")).expect("a directory");
    fs::write(root.path().join("mark"), "of the directory\n").expect("a file");
    let_all_read(root.path());
    root
}

fn directory_container(root: &Path) -> Container {
    Container::directory(root).mount(bind(Path::new(USR), USR, Access::ReadOnly))
}

fn names_below(directory: &Path) -> Vec<PathBuf> {
    let mut names: Vec<PathBuf> = fs::read_dir(directory)
        .expect("a directory")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    names.sort();
    names
}

#[test]
fn an_empty_root_holds_nothing_of_the_host() {
    let container = with_shell(Container::empty());
    assert_eq!(
        show(&container, "echo /*"),
        "/bin /box /dev /lib /lib64 /proc /tmp /usr\n"
    );
}

#[test]
fn a_directory_is_the_root_and_is_never_written_to() {
    let root = host_root();
    let before = names_below(root.path());
    let container = directory_container(root.path());
    let report = run_in(
        &mut slot(),
        &container,
        &shell("cat /mark; echo x > /new || echo read-only; echo x > /box/file"),
    );
    assert_eq!(stdout(&report), "of the directory\nread-only\n");
    assert!(stderr(&report).contains("Read-only file system"));
    assert_eq!(names_below(root.path()), before);
}

#[test]
fn two_runs_share_a_root_directory_at_the_same_time() {
    let root = host_root();
    let container = directory_container(root.path());
    let sandbox = sandbox();
    let (mut one, mut two) = (
        sandbox.slot().expect("a slot"),
        sandbox.slot().expect("a slot"),
    );
    // Both boxes exist, waiting, before either runs.
    for slot in [&mut one, &mut two] {
        slot.prepare(&container).expect("a box");
        slot.wait_until_prepared().expect("a box");
    }
    for slot in [&mut one, &mut two] {
        let report = run_in(slot, &container, &shell("cat /mark"));
        assert_eq!(stdout(&report), "of the directory\n");
    }
}

#[test]
fn a_writable_root_keeps_what_is_written_within_the_box() {
    let root = host_root();
    let before = names_below(root.path());
    for container in [
        directory_container(root.path()),
        with_shell(Container::empty()),
        Container::host_toolchains(),
    ] {
        let container = Container {
            root_access: Access::ReadWrite,
            ..container
        };
        let mut slot = slot();
        let written = run_in(&mut slot, &container, &shell("echo x > /new && cat /new"));
        assert_eq!(stdout(&written), "x\n", "{}", stderr(&written));
        let next = run_in(&mut slot, &container, &shell("cat /new || echo gone"));
        assert_eq!(stdout(&next), "gone\n");
    }
    assert_eq!(names_below(root.path()), before);
}

#[test]
fn a_writable_root_is_limited_in_size() {
    let container = Container {
        root_access: Access::ReadWrite,
        scratch_bytes: 1 << 20,
        ..Container::host_toolchains()
    };
    let script = "head -c 900000 /dev/zero > /small && head -c 2000000 /dev/zero > /large";
    let report = run_in(&mut slot(), &container, &shell(script));
    assert_eq!(report.outcome, Outcome::Ended(Exit::Code(1)));
    assert!(stderr(&report).contains("No space left on device"));
}

#[test]
fn a_link_in_a_root_directory_where_something_is_mounted_is_refused() {
    let root = host_root();
    let outside = tempfile::tempdir().expect("a directory");
    symlink(outside.path(), root.path().join("tmp")).expect("a link");
    let error = run_error(&directory_container(root.path()));
    assert!(
        matches!(
            error,
            SandboxError::Setting {
                setting: "root",
                ..
            }
        ),
        "{error}"
    );
}

/// The error of a box that cannot be made.
fn run_error(container: &Container) -> SandboxError {
    let cancel = Cancel::new().expect("an eventfd");
    let result: Result<Report, _> = slot().run(container, &shell("true"), &cancel);
    result.expect_err("a refused container")
}

fn tmpfs(bytes: u64, inodes: u64, mode: u32, execute: bool) -> FileSystemKind {
    FileSystemKind::Tmpfs {
        bytes,
        inodes,
        mode,
        execute,
    }
}

#[test]
fn a_tmpfs_has_the_size_inodes_and_mode_it_was_asked_for() {
    let container =
        Container::host_toolchains().file_system("/data", tmpfs(1 << 20, 10, 0o750, false));
    assert_eq!(
        show(
            &container,
            "stat -c %a-%u /data; head -c 1048576 /dev/zero > /data/a || exit 1; \
             echo x > /data/b 2>/dev/null || echo full; rm /data/*; \
             for i in 1 2 3 4 5 6 7 8 9; do : > /data/$i || exit 1; done; \
             (: > /data/10) 2>/dev/null || echo no inodes",
        ),
        "750-1000\nfull\nno inodes\n"
    );
}

#[test]
fn a_tmpfs_executes_files_only_if_asked_to() {
    let script = "cp /bin/true /data/true; /data/true 2>/dev/null && echo ran || echo refused";
    for (execute, answer) in [(false, "refused\n"), (true, "ran\n")] {
        let kind = tmpfs(1 << 20, 10, 0o755, execute);
        let container = Container::host_toolchains().file_system("/data", kind);
        assert_eq!(show(&container, script), answer);
    }
}

#[test]
fn mounts_and_file_systems_lie_below_one_another_whatever_the_order_of_the_call() {
    let host = tempfile::tempdir().expect("a directory");
    fs::write(host.path().join("file"), "of the host\n").expect("a file");
    let_all_read(host.path());
    let container = Container::host_toolchains()
        .mount(bind(host.path(), "/data/inner", Access::ReadOnly))
        .mount(bind(host.path(), "/box/inner", Access::ReadOnly))
        .file_system("/data", tmpfs(1 << 20, 10, 0o755, false));
    assert_eq!(
        show(
            &container,
            "cat /data/inner/file /box/inner/file; echo x > /data/own && ls /data"
        ),
        "of the host\nof the host\ninner\nown\n"
    );
}

fn overlay(lower: &[&Path], access: Access) -> FileSystemKind {
    FileSystemKind::Overlay {
        lower: lower.iter().map(|path| path.to_path_buf()).collect(),
        access,
    }
}

fn layer(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, text) in files {
        fs::write(directory.path().join(name), text).expect("a file");
    }
    let_all_read(directory.path());
    directory
}

#[test]
fn a_read_only_overlay_shows_the_upper_directory_first() {
    let (top, bottom) = (
        layer(&[("a", "top\n")]),
        layer(&[("a", "no\n"), ("b", "bottom\n")]),
    );
    let kind = overlay(&[top.path(), bottom.path()], Access::ReadOnly);
    let container = Container::host_toolchains().file_system("/data", kind);
    assert_eq!(
        show(
            &container,
            "cat /data/a /data/b; (echo x > /data/c) 2>/dev/null || echo refused"
        ),
        "top\nbottom\nrefused\n"
    );
}

#[test]
fn what_is_written_to_an_overlay_is_limited_and_never_reaches_the_host() {
    let lower = layer(&[("a", "lower\n")]);
    let container = Container {
        scratch_bytes: 1 << 20,
        ..Container::host_toolchains()
    };
    let container = container.file_system("/data", overlay(&[lower.path()], Access::ReadWrite));
    let mut slot = slot();
    let script = "echo more > /data/b && rm /data/a && ls /data; \
                  head -c 2000000 /dev/zero > /data/large 2>/dev/null || echo full";
    let report = run_in(&mut slot, &container, &shell(script));
    assert_eq!(stdout(&report), "b\nfull\n", "{}", stderr(&report));
    assert_eq!(
        stdout(&run_in(&mut slot, &container, &shell("ls /data"))),
        "a\n"
    );
    assert_eq!(names_below(lower.path()), [lower.path().join("a")]);
}

#[test]
fn file_operations_happen_in_order_with_their_bytes_and_modes() {
    let write = |bytes: &[u8], mode| FileOperation::WriteFile {
        path: "/opt/data/file".into(),
        bytes: bytes.to_vec(),
        mode,
    };
    let directory = |path: &str, mode| FileOperation::MakeDirectory {
        path: path.into(),
        mode,
    };
    let container = Container::host_toolchains()
        .operation(directory("/opt", 0o755))
        .operation(directory("/opt/data", 0o711))
        .operation(write(b"first", 0o644))
        .operation(write(b"\xff\0last", 0o600))
        .operation(FileOperation::Symlink {
            path: "/opt/link".into(),
            target: "data/file".into(),
        });
    assert_eq!(
        show(
            &container,
            "stat -c %a-%U /opt/data /opt/data/file; od -An -tx1 /opt/link"
        ),
        "711-box\n600-box\n ff 00 6c 61 73 74\n"
    );
}

#[test]
fn file_operations_follow_no_link() {
    let outside = layer(&[("file", "untouched")]);
    let root = host_root();
    symlink(outside.path(), root.path().join("out")).expect("a link");
    for (link, path) in [("/made", "/made/file"), ("/other", "/out/file")] {
        let container = Container {
            root_access: Access::ReadWrite,
            ..directory_container(root.path())
        };
        let container = container
            .operation(FileOperation::Symlink {
                path: link.into(),
                target: outside.path().to_owned(),
            })
            .operation(FileOperation::WriteFile {
                path: path.into(),
                bytes: b"overwritten".to_vec(),
                mode: 0o644,
            });
        let error = run_error(&container);
        match &error {
            SandboxError::Box { object, source, .. } => {
                assert_eq!(object.as_deref(), Some(path));
                assert_eq!(source.raw_os_error(), Some(40), "{error}");
            }
            other => panic!("{other}"),
        }
    }
    let text = fs::read_to_string(outside.path().join("file")).expect("the file");
    assert_eq!(text, "untouched");
}

#[test]
fn terminals_exist_only_when_asked_for_and_are_the_boxs_own() {
    let script = "import os\nmaster, slave = os.openpty()\nprint(os.ttyname(slave))\n\
                  os.write(slave, b'x\\n'); came = os.read(master, 1)\n\
                  while not came.endswith(b'\\n'): came += os.read(master, 1)\n\
                  print(came)\n\
                  print(sorted(os.listdir('/dev/pts')))";
    let container = Container {
        devices: Devices::Terminals,
        ..Container::host_toolchains()
    };
    let mut slot = slot();
    let with = run_in(&mut slot, &container, &python(script));
    assert_eq!(
        stdout(&with),
        "/dev/pts/0\nb'x\\r\\n'\n['0', 'ptmx']\n",
        "{}",
        stderr(&with)
    );
    let without = run(&mut slot, &python("import os\nos.openpty()"));
    assert_eq!(without.outcome, Outcome::Ended(Exit::Code(1)));
}

#[test]
fn the_devices_of_a_root_directory_are_not_its_own() {
    let root = host_root();
    fs::create_dir(root.path().join("dev")).expect("a directory");
    fs::write(root.path().join("dev/null"), "no device").expect("a file");
    fs::write(root.path().join("dev/other"), "").expect("a file");
    assert_eq!(
        show(
            &directory_container(root.path()),
            "echo x > /dev/null; cat /dev/null; ls /dev"
        ),
        "fd\nfull\nnull\nrandom\nshm\nstderr\nstdin\nstdout\nurandom\nzero\n"
    );
}
