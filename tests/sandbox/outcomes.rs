//! What is reported is what happened.

use std::time::{Duration, Instant};

use gavel::sandbox::{Cancel, Container, Exit, HostCheck, Limits, Outcome, SandboxError, Status};

use crate::support::*;

#[test]
fn a_program_runs_and_its_output_is_kept() {
    let report = run_once(&shell("echo out; echo err >&2"));
    assert_eq!(
        report.outcome,
        Outcome::Ended(Exit::Code(0)),
        "{}",
        stderr(&report)
    );
    assert_eq!(
        (stdout(&report).as_str(), stderr(&report).as_str()),
        ("out\n", "err\n")
    );
}

#[test]
fn exit_codes_are_exact() {
    let mut slot = slot();
    for code in [0, 1, 2, 124, 125, 126, 127, 137, 139, 255] {
        let report = run(&mut slot, &shell(&format!("exit {code}")));
        assert_eq!(report.outcome, Outcome::Ended(Exit::Code(code)));
    }
}

#[test]
fn raised_signals_are_reported_as_raised() {
    let mut slot = slot();
    // Those whose default action ends a process, real-time ones included.
    for signal in [
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 31, 33, 64,
    ] {
        let report = run(&mut slot, &shell(&format!("kill -{signal} $$")));
        assert_eq!(report.outcome, Outcome::Ended(Exit::Signal(signal)));
    }
}

#[test]
fn abort_is_signal_6_because_the_program_is_not_pid_1() {
    let report = run_once(&python(
        "import os; print(os.getpid(), flush=True); os.abort()",
    ));
    assert_eq!(report.outcome, Outcome::Ended(Exit::Signal(6)));
    assert_ne!(stdout(&report), "1\n");
}

#[test]
fn a_missing_program_is_not_a_failure_of_ours() {
    let report = run_once(&command("/usr/bin/does-not-exist", &[]));
    assert_eq!(
        report.outcome,
        Outcome::NotExecutable {
            errno: libc::ENOENT
        }
    );
}

#[test]
fn a_file_that_is_no_program_is_not_executable() {
    let mut slot = slot();
    for (contents, errno) in [
        ("\x7fELF and then nothing sensible", libc::ENOEXEC),
        ("", libc::ENOEXEC),
        ("#!/does/not/exist\n", libc::ENOENT),
    ] {
        let mut program = command("./program", &[]);
        program.files.push(file("program", contents, 0o755));
        assert_eq!(
            run(&mut slot, &program).outcome,
            Outcome::NotExecutable { errno }
        );
    }
}

#[test]
fn orphans_are_reaped_and_do_not_delay_the_end() {
    let started = Instant::now();
    let report = run_once(&shell(
        "(sleep 30 &) ; (setsid sleep 30 >/dev/null 2>&1 &) ; echo done",
    ));
    assert_eq!(report.outcome, Outcome::Ended(Exit::Code(0)));
    assert!(started.elapsed() < Duration::from_secs(5) * slowness());
}

#[test]
fn a_surviving_child_cannot_add_output() {
    let mut slot = slot();
    for _ in 0..20 {
        let report = run(
            &mut slot,
            &shell("(while :; do echo late; sleep 0.2; done) & echo first"),
        );
        assert!(stdout(&report).matches("late").count() <= 1);
        assert_eq!(report.outcome, Outcome::Ended(Exit::Code(0)));
    }
}

#[test]
fn zero_limits_are_refused_by_name_and_never_mean_unlimited() {
    let mut slot = slot();
    type Zero = (&'static str, fn(&mut Limits));
    let zeros: [Zero; 5] = [
        ("limits.cpu", |limits| limits.cpu = Duration::ZERO),
        ("limits.wall", |limits| limits.wall = Duration::ZERO),
        ("limits.memory_bytes", |limits| limits.memory_bytes = 0),
        ("limits.processes", |limits| limits.processes = 0),
        ("limits.stack_bytes", |limits| limits.stack_bytes = 0),
    ];
    for (name, set_zero) in zeros {
        let mut command = shell("true");
        set_zero(&mut command.limits);
        let cancel = Cancel::new().expect("an eventfd");
        match slot.run(&Container::host_toolchains(), &command, &cancel) {
            Err(SandboxError::Setting { setting, .. }) => assert_eq!(setting, name),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn a_cancelled_run_ends_at_once_and_the_slot_stays_usable() {
    let mut slot = slot();
    let cancel = Cancel::new().expect("an eventfd");
    let switch = cancel.clone();
    let canceller = std::thread::spawn(move || switch.cancel());
    let started = Instant::now();
    let result = slot.run(&Container::host_toolchains(), &shell("sleep 30"), &cancel);
    canceller.join().expect("the canceller");
    assert!(matches!(result, Err(SandboxError::Cancelled)));
    assert!(started.elapsed() < Duration::from_secs(5) * slowness());
    assert_eq!(
        run(&mut slot, &shell("exit 3")).outcome,
        Outcome::Ended(Exit::Code(3))
    );
}

#[test]
fn a_box_that_waits_for_a_cpu_has_a_noisy_run() {
    let gauge = std::fs::read_to_string("/proc/pressure/cpu");
    if gauge.is_ok_and(|text| !text.starts_with("some ")) {
        eprintln!("not tried here: the kernel does not count who waits for a CPU");
        return;
    }
    // Two that want the one CPU of the box: one of them always waits.
    let both = shell("for i in 1 2; do while :; do :; done & done; sleep 30");
    let report = run_once(&with_cpu(both, Duration::from_millis(400)));
    let noise = report.usage.noise.expect("a gauge");
    let waited = Duration::from_nanos(noise.waited_ns);
    assert!(waited > report.usage.wall / 4, "{noise:?}");
    assert!(waited < report.usage.wall * 2, "{noise:?}");
    let json = serde_json::to_value(&report).expect("JSON");
    assert_eq!(json["usage"]["noise"]["waited_ns"], noise.waited_ns);
}

#[test]
fn instructions_are_counted_where_the_host_can_and_repeat_well() {
    let mut slot = slot();
    let is_counters = |check: &&HostCheck| check.name == "instruction-counters";
    let check = slot.sandbox().checks().iter().find(is_counters);
    let can_count = check.expect("the check").status == Status::Pass;
    let mut counted = |times: u32| {
        let work = format!("i=0; while [ $i -lt {times} ]; do i=$((i + 1)); done");
        let report = run(&mut slot, &shell(&work));
        let json = serde_json::to_value(&report).expect("JSON");
        let told = json["usage"]["instructions"].as_u64();
        assert_eq!(told, report.usage.instructions);
        told
    };
    let (once, again, thrice) = (counted(50_000), counted(50_000), counted(150_000));
    assert!(
        [once, again, thrice]
            .iter()
            .all(|count| count.is_some() == can_count)
    );
    let (Some(once), Some(again), Some(thrice)) = (once, again, thrice) else {
        eprintln!("not tried here: this machine counts no instructions");
        return;
    };
    assert!(once.abs_diff(again) < once / 50, "{once} and {again}");
    assert!(thrice > 2 * once, "{thrice} and {once}");
}

fn with_cpu(command: gavel::sandbox::Command, cpu: Duration) -> gavel::sandbox::Command {
    let limits = Limits {
        cpu,
        ..command.limits
    };
    gavel::sandbox::Command { limits, ..command }
}
