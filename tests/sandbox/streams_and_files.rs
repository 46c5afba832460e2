//! Standard streams, and files that go in and come out.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gavel::sandbox::{
    Access, Cancel, CollectError, Container, Exit, Outcome, Report, SandboxError, Stdin,
};

use crate::support::*;

#[test]
fn input_arrives_byte_for_byte_and_can_be_sought() {
    let bytes: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    let mut reader = python(
        "import sys, os, hashlib\nd = sys.stdin.buffer.read()\nos.lseek(0, 1, 0)\n\
         print(len(d), d == bytes(range(256)) * (len(d) // 256) + bytes(range(len(d) % 256)), os.read(0, 1))",
    );
    reader.stdin = Stdin::Bytes(Arc::from(bytes));
    assert_eq!(stdout(&run_once(&reader)), "300000 True b'\\x01'\n");
}

#[test]
fn an_empty_input_is_at_its_end() {
    assert_eq!(stdout(&run_once(&shell("wc -c"))).trim(), "0");
}

#[test]
fn the_input_cannot_be_changed_through_proc() {
    let mut writer = shell("echo changed > /dev/stdin; echo changed > /proc/self/fd/0; cat");
    writer.stdin = Stdin::Bytes(Arc::from(&b"original"[..]));
    assert_eq!(stdout(&run_once(&writer)), "original");
}

#[test]
fn the_output_can_be_opened_again_by_name() {
    assert_eq!(stdout(&run_once(&shell("echo x > /dev/stdout"))), "x\n");
}

#[test]
fn placed_files_belong_to_the_program_and_keep_their_mode() {
    let mut lister =
        shell("cat sub/deep/input; ./tool; stat -c '%U %a' tool sub/deep/input; id -un");
    lister.files = vec![
        file("sub/deep/input", "data\n", 0o644),
        file("tool", "#!/bin/sh\necho tool\n", 0o755),
    ];
    let report = run_once(&lister);
    assert_eq!(
        stdout(&report),
        "data\ntool\nbox 755\nbox 644\nbox\n",
        "{}",
        stderr(&report)
    );
}

#[test]
fn a_read_only_box_holds_files_that_the_program_can_neither_change_nor_add_to() {
    let container = Container {
        box_access: Access::ReadOnly,
        ..Container::host_toolchains()
    };
    let mut writer = shell(
        "cat data/x; ./run; chmod 777 . data data/x; echo 1 > new; echo 1 > data/new; echo 1 > data/x
         rm -f data/x; mv data moved; echo tmp > /tmp/x && cat /tmp/x; ls -R",
    );
    writer.files = vec![
        file("data/x", "text\n", 0o644),
        file("run", "#!/bin/sh\necho ran\n", 0o555),
    ];
    let report = run_in(&mut slot(), &container, &writer);
    assert_eq!(
        stdout(&report),
        "text\nran\ntmp\n.:\ndata\nrun\n\n./data:\nx\n",
        "{}",
        stderr(&report)
    );
    let kept = report.scratch.read(Path::new("data/x"), 100);
    assert_eq!(kept.expect("a file"), b"text\n");
}

#[test]
fn a_file_name_cannot_leave_the_box() {
    let mut slot = slot();
    for path in ["../x", "/etc/x", "a/../../x", ""] {
        let mut command = shell("true");
        command.files.push(file(path, "", 0o644));
        let cancel = Cancel::new().expect("an eventfd");
        let result = slot.run(&Container::host_toolchains(), &command, &cancel);
        assert!(
            matches!(
                result,
                Err(SandboxError::Setting {
                    setting: "files",
                    ..
                })
            ),
            "{path}"
        );
    }
}

#[test]
fn files_of_a_dead_box_can_be_read_and_listed() {
    let report = run_once(&shell(
        "mkdir -p d/e; echo one > a; echo two > d/e/b; ln -s a link",
    ));
    let files = report.scratch.list(10).expect("a list");
    assert_eq!(files, [PathBuf::from("a"), PathBuf::from("d/e/b")]);
    assert_eq!(
        report
            .scratch
            .read(Path::new("d/e/b"), 100)
            .expect("a file"),
        b"two\n"
    );
}

fn read(report: &Report, path: &str) -> Result<Vec<u8>, CollectError> {
    report.scratch.read(Path::new(path), 100)
}

#[test]
fn links_devices_pipes_and_second_names_are_never_collected() {
    let report = run_once(&shell(
        "ln -s /etc/passwd abs; ln -s ../../etc/passwd rel; ln -s /proc/self/exe magic; \
         ln -s /etc dirlink; mkfifo fifo; mkdir dir; echo x > one; ln one two; ln -s loop loop; \
         ln -s /dev/zero zero",
    ));
    assert_eq!(
        report.outcome,
        Outcome::Ended(Exit::Code(0)),
        "{}",
        stderr(&report)
    );
    for path in [
        "abs",
        "rel",
        "magic",
        "dirlink/passwd",
        "fifo",
        "dir",
        "one",
        "two",
        "loop",
        "zero",
        "../etc/passwd",
        "/etc/passwd",
    ] {
        let result = read(&report, path);
        assert!(
            matches!(result, Err(CollectError::NotPlain { .. })),
            "{path}: {result:?}"
        );
    }
    assert!(matches!(
        read(&report, "nothing"),
        Err(CollectError::Missing { .. })
    ));
}

#[test]
fn caps_on_collected_files_hold() {
    let report = run_once(&shell(
        "head -c 101 /dev/zero > big; for i in 1 2 3 4 5; do echo > f$i; done",
    ));
    assert!(matches!(
        read(&report, "big"),
        Err(CollectError::TooLarge { .. })
    ));
    assert!(matches!(
        report.scratch.list(5),
        Err(CollectError::TooMany { .. })
    ));
    assert_eq!(report.scratch.list(6).expect("a list").len(), 6);
}

#[test]
fn a_directory_is_listed_alone_and_as_far_as_is_asked_for() {
    let report = run_once(&shell(
        "mkdir -p d/e; head -c 7 /dev/zero > d/e/b; echo > a; ln -s d link; for i in 1 2 3; do echo > d/f$i; done",
    ));
    let list = |directory, max| report.scratch.list_below(Path::new(directory), max);
    let listing = list("d", 4).expect("a list");
    assert_eq!(
        (listing.paths, listing.has_more),
        (
            ["d/e/b", "d/f1", "d/f2", "d/f3"]
                .map(PathBuf::from)
                .to_vec(),
            false
        )
    );
    assert!(list("d", 3).expect("a list").has_more);
    assert!(matches!(list("no", 9), Err(CollectError::Missing { .. })));
    assert!(matches!(
        list("link", 9),
        Err(CollectError::NotPlain { .. })
    ));
    let size = |path| report.scratch.size(Path::new(path));
    assert_eq!(size("d/e/b").expect("a size"), 7);
    assert!(matches!(size("link"), Err(CollectError::NotPlain { .. })));
}

#[test]
fn a_sparse_giant_is_not_read() {
    let report = run_once(&shell("truncate -s 60000000 sparse"));
    assert!(matches!(
        read(&report, "sparse"),
        Err(CollectError::TooLarge { .. })
    ));
}

#[test]
fn collecting_survives_what_a_guest_can_do_to_directories() {
    let report = run_once(&python(
        "import os\nfor i in range(200):\n os.mkdir('d'); os.chdir('d')\nopen('deep', 'w')\n\
         os.chdir('/box'); os.mkdir('locked'); open('locked/x', 'w'); os.chmod('locked', 0)",
    ));
    assert_eq!(
        report.outcome,
        Outcome::Ended(Exit::Code(0)),
        "{}",
        stderr(&report)
    );
    report.scratch.list(1000).expect("a list");
}

#[test]
fn files_that_are_made_or_changed_are_measured_whatever_their_names() {
    let written = |text: &str| {
        let mut shell = shell(text);
        shell.files = vec![
            file("kept", "12345", 0o644),
            file("changed", "12345", 0o644),
        ];
        let report = run_once(&shell);
        let bytes = report.scratch.written_bytes(&shell.files);
        bytes.expect("a size")
    };
    assert_eq!(written("echo 54321 > /tmp/x; touch kept; : > empty"), 0);
    assert_eq!(written("printf 54321 > changed; ln -s kept link"), 5);
    assert_eq!(written("mkdir d; printf 123 > d/new; ln d/new other"), 3);
    assert_eq!(written("rm kept; truncate -s 1000000 kept"), 1_000_000);
}

#[test]
fn a_path_that_is_too_long_for_the_kernel_is_passed_over() {
    let report = run_once(&python(
        "import os\nfor i in range(20):\n os.mkdir('d' * 255); os.chdir('d' * 255); open('x', 'w').write('x')",
    ));
    assert_eq!(
        report.outcome,
        Outcome::Ended(Exit::Code(0)),
        "{}",
        stderr(&report)
    );
    assert_eq!(report.scratch.list(1000).expect("a list").len(), 15);
    assert_eq!(report.scratch.written_bytes(&[]).expect("a size"), 15);
}

#[test]
fn each_run_starts_with_fresh_directories() {
    let mut slot = slot();
    run(
        &mut slot,
        &shell("echo secret | tee /tmp/x /dev/shm/x /box/x"),
    );
    let report = run(&mut slot, &shell("ls -A /tmp /dev/shm /box"));
    assert_eq!(stdout(&report), "/box:\n\n/dev/shm:\n\n/tmp:\n");
}

#[test]
fn an_executable_written_just_before_is_never_busy() {
    let mut slot = slot();
    for _ in 0..50 {
        let mut tool = command("./tool", &[]);
        tool.files.push(file("tool", "#!/bin/sh\necho ok\n", 0o755));
        assert_eq!(stdout(&run(&mut slot, &tool)), "ok\n");
    }
}

#[test]
fn a_read_write_mount_is_writable_and_a_read_only_one_is_not() {
    let directory = std::env::temp_dir().join(format!("gavel-mount-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory");
    std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(0o777)).expect("a mode");
    let mut slot = slot();
    for (access, written) in [(Access::ReadOnly, false), (Access::ReadWrite, true)] {
        let container = Container::host_toolchains().mount(gavel::sandbox::Mount {
            source: directory.clone(),
            target: "/data".into(),
            access,
        });
        let report = run_in(&mut slot, &container, &shell("echo x > /data/file"));
        assert_eq!(
            directory.join("file").exists(),
            written,
            "{}",
            stderr(&report)
        );
    }
    std::fs::remove_dir_all(&directory).expect("to clean up");
}
