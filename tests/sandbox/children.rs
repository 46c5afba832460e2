//! A handle of a run, and how a run ended: rows "child" and "result" of what the library promises.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use gavel::sandbox::{
    Budget, Child, Command, Container, Ending, Exit, Outcome, Output, Outputs, Resource, Rlimit,
    SandboxError,
};

use nix::unistd::{Pid, getpgid, getpgrp};

use crate::support::*;

/// Starts Python and waits until it has printed a line.
fn spawn(script: &str) -> Child {
    let (mut output, output_end) = std::io::pipe().expect("a pipe");
    let outputs = Outputs {
        stdout: Output::Descriptor(Arc::new(output_end.into())),
        stderr: Output::Captured,
    };
    let script = format!("print('started', flush=True)\n{script}");
    let child = slot()
        .spawn(&Container::host_toolchains(), python(&script), outputs)
        .expect("a child");
    output.read_exact(&mut [0; 8]).expect("a line");
    child
}

const BUSY: &str = "import time\nx = bytearray(30 << 20)\nwhile time.process_time() < 0.2: pass\n\
                    print('measured!', flush=True)\nwhile True: time.sleep(10)";

#[test]
fn a_killed_child_keeps_what_was_measured_and_is_killed_once() {
    let mut child = spawn("import time\nwhile True: time.sleep(10)");
    assert!(child.try_wait().is_none());
    child.kill();
    child.kill();
    let report = child.wait().expect("a report");
    assert_eq!(report.ending, Ending::Killed);
    assert_eq!(report.outcome, Outcome::Ended(Exit::Signal(9)));
    assert!(report.usage.wall > Duration::ZERO && report.usage.memory_bytes > 1 << 20);
    // Asked again it says the same, and killing it again changes nothing.
    child.kill();
    assert_eq!(child.wait().expect("a report").ending, Ending::Killed);
    assert!(child.try_wait().expect("an end").is_ok());
}

#[test]
fn what_a_terminal_sends_to_our_process_group_does_not_reach_boxes() {
    let mut child = spawn("import time\nwhile True: time.sleep(10)");
    let id = i32::try_from(child.id()).expect("a process id");
    let of_box = getpgid(Some(Pid::from_raw(id))).expect("a process group");
    assert_ne!(of_box, getpgrp());
    child.kill();
    child.wait().expect("a report");
}

#[test]
fn a_child_killed_after_work_reports_its_cpu_time_and_memory() {
    let (mut output, output_end) = std::io::pipe().expect("a pipe");
    let outputs = Outputs {
        stdout: Output::Descriptor(Arc::new(output_end.into())),
        stderr: Output::Captured,
    };
    let mut child = slot()
        .spawn(&Container::host_toolchains(), python(BUSY), outputs)
        .expect("a child");
    output.read_exact(&mut [0; 10]).expect("a line");
    child.kill();
    let usage = &child.wait().expect("a report").usage;
    assert!(usage.cpu >= Duration::from_millis(190), "{usage:?}");
    assert!(usage.memory_bytes > 30 << 20, "{usage:?}");
}

#[test]
fn a_dropped_child_is_gone_with_its_box() {
    let child = spawn("import time\nwhile True: time.sleep(10)");
    let path = format!("/proc/{}", child.id());
    assert!(std::path::Path::new(&path).exists());
    drop(child);
    // Init is reaped by the launcher, which is gone too: the slot was the child's.
    assert!(!std::path::Path::new(&path).exists());
}

#[test]
fn a_child_outlives_the_thread_that_started_it_and_is_waited_for_by_another() {
    let started = std::thread::spawn(|| spawn("import time\ntime.sleep(0.2)"));
    let mut child = started.join().expect("a child");
    let waited = std::thread::spawn(move || child.wait().map(|r| r.ending.clone()).ok());
    assert_eq!(
        waited.join().expect("an end"),
        Some(Ending::Exited { code: 0 })
    );
}

#[test]
fn a_finished_child_gives_its_slot_back() {
    let outputs = Outputs::default();
    let mut command = shell("exit 7");
    command.args.push("unused".into());
    let child = slot().spawn(&Container::host_toolchains(), command, outputs);
    let (report, slot) = child.expect("a child").finish();
    assert_eq!(report.expect("a report").ending, Ending::Exited { code: 7 });
    assert_eq!(
        stdout(&run(&mut slot.expect("a slot"), &shell("echo again"))),
        "again\n"
    );
}

fn ending(command: &Command) -> Ending {
    run_once(command).ending
}

#[test]
fn endings_tell_codes_signals_limits_and_blocked_calls_apart() {
    assert_eq!(ending(&shell("exit 125")), Ending::Exited { code: 125 });
    let aborted = Ending::Signalled {
        signal: 6,
        core: false,
    };
    assert_eq!(ending(&shell("kill -ABRT $$")), aborted);
    let mut forks =
        python("import os\nwhile True:\n if os.fork() == 0: import time; time.sleep(5)");
    forks.limits.processes = 5;
    let limit = |limit| Ending::LimitHit { limit };
    assert_eq!(ending(&forks), limit(Budget::Processes));
    let mut large = shell("exec head -c 3000000 /dev/zero > /box/large");
    large.limits.file_bytes = 1 << 20;
    assert_eq!(ending(&large), limit(Budget::Disk));
    let mut slow = shell("sleep 5");
    slow.limits.wall = Duration::from_millis(100);
    assert_eq!(ending(&slow), limit(Budget::Wall));
    let blocked = "import ctypes, sys\nsys.exit(ctypes.CDLL(None).unshare(0x10000000) != 0)";
    let name = Some("unshare".to_owned());
    assert_eq!(ending(&python(blocked)), Ending::BlockedCall { name });
    assert_eq!(
        ending(&command("/bin/missing", &[])),
        Ending::NotExecutable { errno: 2 }
    );
}

#[test]
fn a_full_scratch_file_system_is_told() {
    let container = Container {
        scratch_bytes: 1 << 20,
        ..Container::host_toolchains()
    };
    let script = shell("head -c 3000000 /dev/zero > /tmp/large");
    let report = run_in(&mut slot(), &container, &script);
    let limit = Budget::Disk;
    assert_eq!(report.ending, Ending::LimitHit { limit });
}

#[test]
fn a_core_dump_is_told() {
    let pattern = std::fs::read_to_string("/proc/sys/kernel/core_pattern").expect("a pattern");
    if pattern.starts_with(['|', '/', '@']) {
        eprintln!("cores of this machine do not go to the working directory: nothing to test");
        return;
    }
    let container = Container {
        rlimits: vec![Rlimit {
            resource: Resource::Core,
            soft: 64 << 20,
            hard: 64 << 20,
        }],
        ..Container::host_toolchains()
    };
    let report = run_in(&mut slot(), &container, &shell("kill -ABRT $$"));
    let core = true;
    assert_eq!(report.ending, Ending::Signalled { signal: 6, core });
}

#[test]
fn reports_and_errors_are_serialised_with_their_facts() {
    let report = run_once(&shell("printf 'a\\377'; exit 3"));
    let json = serde_json::to_value(&report).expect("JSON");
    assert_eq!(json["ending"]["kind"], "exited");
    assert_eq!(json["ending"]["code"], 3);
    assert_eq!(json["stdout"]["base64"], "Yf8=");
    assert!(json["usage"]["cpu_ns"].as_u64().is_some_and(|ns| ns > 0));
    assert_eq!(json["namespaces"][0]["got"], "box");
    let error = SandboxError::Box {
        step: "enter the working directory".to_owned(),
        object: Some("/missing".to_owned()),
        source: std::io::Error::from_raw_os_error(2),
    };
    let json = serde_json::to_value(&error).expect("JSON");
    assert_eq!(json["object"], "/missing");
    assert_eq!(json["errno"], 2);
}

/// The size of the address space of a box's init, in KiB, and what was reported of small runs: the
/// median peak and the least CPU time.
fn cost_of_small_runs() -> (u64, u64, Duration) {
    let child = spawn("import time\nwhile True: time.sleep(10)");
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()));
    let status = status.expect("the init of a running box");
    let size = status.lines().find_map(|line| line.strip_prefix("VmSize:"));
    let size = size.and_then(|size| size.split_whitespace().next());
    let size_kib = size.and_then(|size| size.parse().ok()).expect("a size");
    drop(child);
    let mut slot = slot();
    let runs = (0..15).map(|_| run(&mut slot, &command("/bin/true", &[])).usage);
    let runs: Vec<_> = runs.collect();
    let mut peaks: Vec<u64> = runs.iter().map(|usage| usage.memory_bytes).collect();
    peaks.sort_unstable();
    let cpu = runs.iter().map(|usage| usage.cpu).min().expect("runs");
    (size_kib, peaks[peaks.len() / 2], cpu)
}

#[test]
fn a_parent_of_300_mb_changes_neither_speed_nor_figures() {
    let before = cost_of_small_runs();
    let large = std::hint::black_box(vec![1_u8; 300 << 20]);
    let after = cost_of_small_runs();
    drop(large);
    // What making a box costs grows with what has to be copied for it.
    assert!(after.0.abs_diff(before.0) < 4 << 10, "{before:?} {after:?}");
    // The kernel charges in batches.
    assert!(
        after.1.abs_diff(before.1) <= 1 << 20,
        "{before:?} {after:?}"
    );
    assert!(
        after.2 < 2 * before.2 + Duration::from_millis(1),
        "{before:?} {after:?}"
    );
}
