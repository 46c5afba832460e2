//! What the host offers, found out on the host that runs these tests.

use std::process::{Command as Process, Output};

use gavel::sandbox::{SandboxConfig, Status, check_host};

use crate::support::*;

fn check_host_command(prefix: &[&str], args: &[&str]) -> Output {
    let mut words = prefix.to_vec();
    words.extend([env!("CARGO_BIN_EXE_gavel"), "check-host"]);
    words.extend(args);
    Process::new(words[0])
        .args(&words[1..])
        .output()
        .expect("to run it")
}

#[test]
fn a_host_where_these_tests_run_is_fit_and_shows_a_box() {
    let checks = check_host(&SandboxConfig {
        launcher: env!("CARGO_BIN_EXE_gavel").into(),
        ..SandboxConfig::default()
    });
    let refusing: Vec<_> = checks.iter().filter(|check| check.refuses()).collect();
    assert!(refusing.is_empty(), "{refusing:?}");
    let last = checks.last().expect("checks");
    assert_eq!((last.name, last.status), ("box", Status::Pass), "{last:?}");
}

#[test]
fn an_open_sandbox_shows_its_checks_and_a_report_what_was_missing() {
    let sandbox = sandbox();
    let names: Vec<_> = sandbox.checks().iter().map(|check| check.name).collect();
    assert!(names.contains(&"landlock") && names.contains(&"cgroup"));
    assert_eq!(sandbox.degraded(), []);
    assert_eq!(run_once(&shell("true")).degraded, []);
}

#[test]
fn the_command_tells_a_fit_host_by_its_exit_code_and_prints_one_object() {
    let output = check_host_command(&[], &["--json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let view: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(view["fit"], true);
    let checks = view["checks"].as_array().expect("checks");
    for check in checks {
        for key in ["name", "status", "found", "why", "remedy"] {
            assert!(
                check[key].as_str().is_some_and(|text| !text.is_empty()),
                "{check}"
            );
        }
    }
}

#[test]
fn the_probe_tries_doors_from_inside_of_a_box_and_finds_each_shut() {
    let output = check_host_command(&[], &["--json", "--probe"]);
    let view: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let checks = view["checks"].as_array().expect("checks").iter();
    let doors = checks.filter(|check| check["name"].as_str().unwrap().starts_with("door:"));
    let doors: Vec<_> = doors.collect();
    assert!(doors.len() >= 37, "{}", doors.len());
    let open = doors.iter().filter(|door| door["status"] != "pass");
    let open: Vec<_> = open.collect();
    assert!(open.is_empty(), "{open:?}");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_missing_capability_is_named_and_makes_the_command_fail() {
    let output = check_host_command(&["setpriv", "--bounding-set", "-sys_admin"], &[]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("root without SYS_ADMIN"), "{text}");
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("cannot judge: privileges"), "{message}");
}

#[test]
fn an_unknown_protection_is_a_setting_that_cannot_be_used() {
    let output = check_host_command(&[], &["--allow-degraded", "seccomp"]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(
        message.contains("known are: cgroup, landlock, swap"),
        "{message}"
    );
}
