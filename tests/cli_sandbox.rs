//! `gavel sandbox run` as its users see it: each flag, profiles, exit codes, and JSON. The binary
//! itself is run; what the flags stand for is tested in tests/sandbox.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails loudly"
)]

use std::fs;
use std::process::{Command, Output, Stdio};

fn gavel(flags: &[&str], program: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gavel"))
        .args(["sandbox", "run"])
        .args(flags)
        .arg("--")
        .args(program)
        .stdin(Stdio::null())
        .output()
        .expect("to run gavel")
}

fn shell(flags: &[&str], script: &str) -> Output {
    gavel(flags, &["/bin/sh", "-c", script])
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
fn prints(flags: &[&str], script: &str, wanted: &str) {
    let output = shell(flags, script);
    assert_eq!(stdout(&output), wanted, "{flags:?}: {}", stderr(&output));
}

#[test]
fn flags_for_files_reach_the_box() {
    let host = tempfile::tempdir().expect("a directory");
    let path = host.path().to_str().expect("a path");
    fs::write(host.path().join("a"), "text\n").expect("a file");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    fs::set_permissions(host.path(), mode).expect("a mode");
    let at = |target: &str| format!("{path}:{target}");
    prints(
        &["--mount", &at("/in")],
        "cat /in/a; touch /in/b || echo no",
        "text\nno\n",
    );
    prints(
        &["--mount-writable", &at("/in")],
        "touch /in/b && echo yes",
        "yes\n",
    );
    let overlay = format!("/in={path}");
    prints(&["--overlay", &overlay], "cat /in/a", "text\n");
    prints(
        &["--overlay-writable", &overlay],
        "echo x > /in/new && echo yes",
        "yes\n",
    );
    assert!(!host.path().join("new").exists());
    prints(
        &["--tmpfs", "/t:mode=700,bytes=4096,inodes=5"],
        "stat -c %a /t",
        "700\n",
    );
    prints(
        &[
            "--operation",
            "directory:/opt:755",
            "--operation",
            "write:/opt/f:600:a:b",
        ],
        "cat /opt/f; stat -c %a /opt/f",
        "a:b600\n",
    );
    prints(
        &["--operation", "link:/l:/etc/passwd"],
        "readlink /l",
        "/etc/passwd\n",
    );
    prints(&["--writable-root"], "echo x > /new && echo yes", "yes\n");
    prints(
        &["--exec-tmp"],
        "cp /bin/true /tmp/t && /tmp/t && echo yes",
        "yes\n",
    );
    prints(
        &["--proc", "masked"],
        "test -e /proc/meminfo && echo yes",
        "yes\n",
    );
    prints(
        &["--devices", "terminals"],
        "test -e /dev/ptmx && echo yes",
        "yes\n",
    );
    prints(
        &["--scratch", "1"],
        "head -c 2000000 /dev/zero > /box/x || echo full",
        "full\n",
    );
    prints(
        &["--scratch-inodes", "8"],
        "touch 1 2 3 4 5 6 7 8 2>/dev/null || echo full",
        "full\n",
    );
    let placed = host.path().join("a");
    let placed = placed.to_str().expect("a path");
    prints(
        &["--file", placed, "--file", &format!("{placed}:d/b")],
        "cat a d/b",
        "text\ntext\n",
    );
}

#[test]
fn a_root_directory_knows_its_own_users() {
    let root = tempfile::tempdir().expect("a directory");
    for directory in ["usr", "etc"] {
        fs::create_dir(root.path().join(directory)).expect("a directory");
    }
    for name in ["bin", "lib", "lib64"] {
        std::os::unix::fs::symlink(format!("usr/{name}"), root.path().join(name)).expect("a link");
    }
    fs::write(root.path().join("etc/passwd"), "ann:x:7:8::/:\n").expect("a file");
    fs::write(root.path().join("etc/group"), "audio:x:9:ann\n").expect("a file");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(root.path(), mode).expect("a mode");
    let path = root.path().to_str().expect("a path");
    let flags = ["--root", path, "--mount", "/usr", "--user", "ann"];
    prints(&flags, "id -u; id -G", "7\n8 9\n");
    let output = shell(&["--root", "empty", "--user", "ann"], "true");
    assert_eq!(output.status.code(), Some(125));
    assert!(stderr(&output).contains("no such user"));
}

#[test]
fn flags_for_the_program_reach_it() {
    prints(
        &["--user", "5:6", "--group", "70"],
        "id -u; id -G",
        "5\n6 70\n",
    );
    prints(&["--directory", "/usr"], "pwd", "/usr\n");
    prints(&["--env", "A=b=c"], "echo $A", "b=c\n");
    prints(&["--stdin", "/etc/hostname"], "cat | wc -l", "1\n");
    // A session that began outside has no number inside.
    let session = "cut -d' ' -f6 /proc/self/stat";
    prints(&["--session", "shared"], session, "0\n");
    assert_ne!(stdout(&shell(&["--session", "new"], session)), "0\n");
    prints(&["--output", "null"], "echo unseen", "");
    prints(&["--output", "inherited"], "echo seen", "seen\n");
}

#[test]
fn flags_for_namespaces_reach_the_box() {
    let ours = |name: &str| {
        let link = fs::read_link(format!("/proc/self/ns/{name}")).expect("a namespace");
        format!("{}\n", link.to_string_lossy())
    };
    for name in ["cgroup", "ipc", "uts"] {
        prints(
            &["--share", name],
            &format!("readlink /proc/self/ns/{name}"),
            &ours(name),
        );
    }
    prints(
        &["--network", "host"],
        "readlink /proc/self/ns/net",
        &ours("net"),
    );
    prints(&["--hostname", "elsewhere"], "uname -n", "elsewhere\n");
    let loopback = "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print('bound')";
    let output = gavel(
        &["--network", "loopback"],
        &["/usr/bin/python3", "-c", loopback],
    );
    assert_eq!(stdout(&output), "bound\n", "{}", stderr(&output));
    let output = shell(&["--pasta=-T", "--pasta", "80"], "true");
    assert!(stderr(&output).contains("--network pasta"));
}

#[test]
fn flags_for_limits_and_rules_reach_the_box() {
    prints(
        &["--rlimit", "open-files=50:60"],
        "ulimit -Sn; ulimit -Hn",
        "50\n60\n",
    );
    prints(
        &["--cpu", "0"],
        "grep Cpus_allowed_list /proc/self/status | cut -f2",
        "0\n",
    );
    let shares = [
        "--cpu-weight",
        "10",
        "--cpu-quota",
        "50000/100000",
        "--swap",
        "1",
    ];
    prints(&shares, "echo ran", "ran\n");
    prints(&["--memory-reservation", "16"], "echo ran", "ran\n");
    for (flags, script) in [
        (&["--time", "0.1"][..], "while :; do :; done"),
        (&["--wall", "0.1"], "sleep 5"),
        (&["--idle", "0.1"], "sleep 5"),
        (&["--memory", "8"], "head -c 50000000 /dev/zero | tail"),
        (&["--output-bytes", "3"], "echo long"),
    ] {
        let output = shell(flags, script);
        assert_eq!(
            output.status.code(),
            Some(124),
            "{flags:?}: {}",
            stderr(&output)
        );
        assert!(stderr(&output).contains("limit exceeded"));
    }
    let output = shell(&["--processes", "2"], "sleep 1 & sleep 1 & sleep 1 & wait");
    assert!(stderr(&output).contains("Processes"), "{}", stderr(&output));
    let rules = ["--landlock", "/usr=rx", "--landlock", "/etc/ld.so.cache=r"];
    prints(&rules, "cat /etc/passwd 2>/dev/null || echo no", "no\n");
    let bind = "import socket; s = socket.socket(); s.bind(('127.0.0.1', 81))";
    let ports = [
        "--network",
        "loopback",
        "--landlock-bind",
        "80",
        "--landlock-connect",
        "80",
        "--landlock-best-effort",
    ];
    let output = gavel(&ports, &["/usr/bin/python3", "-c", bind]);
    assert!(
        stderr(&output).contains("Permission denied"),
        "{}",
        stderr(&output)
    );
    let profile = tempfile::NamedTempFile::new().expect("a file");
    let text = r#"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["uname"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}]}"#;
    fs::write(profile.path(), text).expect("a profile");
    let path = profile.path().to_str().expect("a path");
    prints(
        &["--seccomp", path],
        "uname -n 2>/dev/null || echo refused",
        "refused\n",
    );
}

#[test]
fn exit_codes_are_the_programs_own_and_ours_are_told_apart_in_json() {
    let code = |output: &Output| output.status.code();
    assert_eq!(code(&shell(&[], "exit 7")), Some(7));
    assert_eq!(code(&shell(&[], "kill -TERM $$")), Some(128 + 15));
    assert_eq!(code(&gavel(&[], &["/bin/missing"])), Some(127));
    assert_eq!(code(&gavel(&[], &["/etc/passwd"])), Some(126));
    let chosen = shell(&["--json"], "exit 125");
    let failed = shell(&["--json", "--directory", "/missing"], "true");
    assert_eq!((code(&chosen), code(&failed)), (Some(125), Some(125)));
    let json = |output: &Output| serde_json::from_slice::<serde_json::Value>(&output.stdout);
    let chosen = json(&chosen).expect("JSON");
    assert_eq!(
        chosen["ending"],
        serde_json::json!({"kind": "exited", "code": 125})
    );
    let failed = json(&failed).expect("JSON");
    assert_eq!(failed["error"]["object"], "/missing");
    assert_eq!(failed["error"]["errno"], 2);
}

#[test]
fn a_profile_has_the_names_of_the_flags_and_flags_come_first() {
    let directory = tempfile::tempdir().expect("a directory");
    let base = directory.path().join("base.toml");
    fs::write(&base, "hostname = 'base'\nenv = ['A=1']\nuser = '5'\n").expect("a profile");
    let top = directory.path().join("top.toml");
    fs::write(
        &top,
        "include = ['base.toml']\nexec-tmp = true\nenv = ['B=2']\n",
    )
    .expect("a profile");
    let top = top.to_str().expect("a path");
    prints(
        &["--profile", top, "--hostname", "flag"],
        "uname -n; echo $A$B; id -u",
        "flag\n12\n5\n",
    );
    fs::write(&base, "unknown = 1\n").expect("a profile");
    let output = shell(&["--profile", top], "true");
    assert_eq!(output.status.code(), Some(125));
    assert!(stderr(&output).contains("unknown"), "{}", stderr(&output));
}

#[test]
fn a_dry_run_shows_the_whole_plan_and_starts_nothing() {
    let output = shell(&["--dry-run", "--network", "loopback"], "echo started");
    let text = stdout(&output);
    for word in [
        "network: Loopback",
        "scratch_bytes",
        "/bin/sh",
        "landlock",
        "program_bytes",
    ] {
        assert!(text.contains(word), "{word} not in {text}");
    }
    assert!(!text.lines().any(|line| line == "started"));
}

#[test]
fn words_that_make_no_sense_are_named() {
    for (flags, word) in [
        (["--network", "wide"], "wide"),
        (["--tmpfs", "/t:size=1"], "size=1"),
        (["--rlimit", "files=1"], "files"),
        (["--share", "pid"], "pid"),
        (["--seccomp", "no-such-profile"], "no-such-profile.json"),
        (["--time", "0"], "above zero"),
        (["--memory", "0"], "limits.memory_bytes"),
    ] {
        let output = shell(&flags, "true");
        assert_eq!(output.status.code(), Some(125), "{flags:?}");
        assert!(
            stderr(&output).contains(word),
            "{flags:?}: {}",
            stderr(&output)
        );
    }
}

#[test]
fn every_flag_is_documented() {
    let help = Command::new(env!("CARGO_BIN_EXE_gavel"))
        .args(["sandbox", "run", "--help"])
        .output()
        .expect("to run gavel");
    let document = include_str!("../docs/SANDBOX.md");
    let text = stdout(&help);
    // Those of every command are described elsewhere.
    let (text, _) = text
        .split_once("Common options:")
        .expect("the options in common");
    let flags = text
        .split_whitespace()
        .filter(|word| word.starts_with("--") && word.len() > 2);
    for flag in flags {
        let flag = flag.trim_end_matches(|c: char| !c.is_ascii_lowercase());
        let name = flag.split(['[', '=', '<', '`', ',']).next().unwrap_or(flag);
        if !["--help", "--version"].contains(&name) {
            assert!(document.contains(name), "the documentation lacks {name}");
        }
    }
}
