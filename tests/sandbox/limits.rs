//! Each limit just under and just over, told apart by evidence.

use std::time::{Duration, Instant};

use gavel::sandbox::{Container, Exit, Limit, Outcome, Outputs, Report};

use crate::support::*;

fn hit(report: &Report) -> Option<Limit> {
    match report.outcome {
        Outcome::LimitHit { limit, .. } => Some(limit),
        _ => None,
    }
}

#[test]
fn a_busy_loop_hits_the_cpu_limit_soon_after_it() {
    let mut busy = shell("while :; do :; done");
    busy.limits.cpu = Duration::from_millis(300);
    let report = run_once(&busy);
    assert_eq!(hit(&report), Some(Limit::Cpu));
    assert!(report.usage.cpu >= busy.limits.cpu);
    assert!(report.usage.cpu < busy.limits.cpu + Duration::from_millis(100) * slowness());
}

#[test]
fn cpu_time_of_children_counts_even_if_nobody_waits_for_them() {
    let mut burner = python(
        "import os, signal\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\n\
         if os.fork() == 0:\n while True: pass\nos.wait()",
    );
    burner.limits.cpu = Duration::from_millis(300);
    assert_eq!(hit(&run_once(&burner)), Some(Limit::Cpu));
}

#[test]
fn a_sleeper_hits_the_wall_limit_without_cpu_time() {
    let mut sleeper = shell("sleep 20");
    sleeper.limits.wall = Duration::from_millis(200);
    let started = Instant::now();
    let report = run_once(&sleeper);
    assert_eq!(hit(&report), Some(Limit::Wall));
    assert!(report.usage.cpu < Duration::from_millis(100) * slowness());
    assert!(started.elapsed() < Duration::from_secs(5) * slowness());
}

#[test]
fn a_stopped_program_hits_the_wall_limit() {
    let mut stopped = shell("kill -STOP $$");
    stopped.limits.wall = Duration::from_millis(200);
    assert_eq!(hit(&run_once(&stopped)), Some(Limit::Wall));
}

#[test]
fn a_sleeper_hits_the_idle_limit_first() {
    let mut sleeper = shell("sleep 20");
    sleeper.limits.idle = Some(Duration::from_millis(300));
    assert_eq!(hit(&run_once(&sleeper)), Some(Limit::Idle));
}

#[test]
fn short_naps_are_not_idle() {
    let mut napper = shell("for i in 1 2 3 4 5 6; do sleep 0.1; done");
    napper.limits.idle = Some(Duration::from_millis(400));
    assert_eq!(run_once(&napper).outcome, Outcome::Ended(Exit::Code(0)));
}

/// Sets the clock of the machine forward or back.
fn set_clock(hours: i32) {
    let argument = format!("--set={hours} hours");
    let status = std::process::Command::new("date").arg(argument).status();
    assert!(status.expect("date").success());
}

#[test]
fn a_clock_that_is_set_during_a_run_changes_neither_limits_nor_figures() {
    if std::env::var_os("GAVEL_TEST_MAY_SET_CLOCK").is_none() {
        eprintln!("not tried here: the clock of this machine is not ours to set");
        return;
    }
    for hours in [1, -1] {
        let slot = slot();
        let number = slot.number();
        let mut sleeper = shell("exec sleep 60");
        sleeper.limits.wall = Duration::from_secs(2);
        let child = slot.spawn(&Container::host_toolchains(), sleeper, Outputs::default());
        let mut child = child.expect("a run");
        let name = |pid: &String| std::fs::read_to_string(format!("/proc/{pid}/comm"));
        let sleeps = |pid: &String| name(pid).is_ok_and(|name| name == "sleep\n");
        eventually("it does not sleep", || {
            processes_in(number).iter().any(sleeps)
        });
        set_clock(hours);
        let report = child.wait().expect("a report");
        assert_eq!(hit(report), Some(Limit::Wall));
        let late = report.usage.wall.saturating_sub(Duration::from_secs(2));
        assert!(
            late < Duration::from_millis(500) * slowness(),
            "{hours}: {late:?}"
        );
    }
}

const MIB: u64 = 1 << 20;

fn touch(mebibytes: u64) -> gavel::sandbox::Command {
    let mut command = python(&format!("x = bytearray({mebibytes} << 20)\nprint(len(x))"));
    command.limits.memory_bytes = 100 * MIB;
    command
}

#[test]
fn touching_less_than_the_memory_limit_is_fine_and_measured() {
    let mut slot = slot();
    run(&mut slot, &touch(1));
    let small = run(&mut slot, &touch(1)).usage.memory_bytes;
    let report = run(&mut slot, &touch(61));
    assert_eq!(report.outcome, Outcome::Ended(Exit::Code(0)));
    let grown = report.usage.memory_bytes - small;
    assert!(grown.abs_diff(60 * MIB) < 2 * MIB, "{grown}");
}

#[test]
fn touching_more_than_the_memory_limit_is_a_memory_limit() {
    let report = run_once(&touch(120));
    assert_eq!(hit(&report), Some(Limit::Memory));
    assert!(report.usage.oom_kills > 0);
    assert!(report.usage.memory_bytes as f64 >= 0.98 * 100.0 * MIB as f64);
}

#[test]
fn memory_of_a_killed_child_decides_even_if_the_parent_ends_well() {
    let mut parent = python(
        "import os\npid = os.fork()\nif pid == 0:\n x = bytearray(200 << 20)\n os._exit(0)\n\
         os.waitpid(pid, 0)\nprint('fine')",
    );
    parent.limits.memory_bytes = 100 * MIB;
    assert_eq!(hit(&run_once(&parent)), Some(Limit::Memory));
}

#[test]
fn reserving_without_touching_costs_nothing() {
    let reserve = python(
        "import mmap\nx = mmap.mmap(-1, 50 << 30, flags=mmap.MAP_PRIVATE | 0x4000)\nx[0] = 1",
    );
    let report = run_once(&reserve);
    assert_eq!(
        report.outcome,
        Outcome::Ended(Exit::Code(0)),
        "{}",
        stderr(&report)
    );
}

#[test]
fn scratch_files_count_as_memory_and_have_their_own_cap() {
    let mut slot = slot();
    let mut filler = shell("head -c 50000000 /dev/zero > /tmp/x; head -c 10 /tmp/x | wc -c");
    filler.limits.memory_bytes = 100 * MIB;
    let report = run(&mut slot, &filler);
    assert_eq!(
        report.outcome,
        Outcome::Ended(Exit::Code(0)),
        "{}",
        stderr(&report)
    );
    assert!(report.usage.memory_bytes > 47 * MIB);
    assert!(report.usage.scratch_bytes > 47 * MIB);
    let mut container = Container::host_toolchains();
    container.scratch_bytes = 10 * MIB;
    let report = run_in(&mut slot, &container, &filler);
    assert!(
        stderr(&report).contains("No space left"),
        "{}",
        stderr(&report)
    );
    filler.limits.memory_bytes = 20 * MIB;
    let report = run(&mut slot, &filler);
    assert_eq!(hit(&report), Some(Limit::Memory));
}

#[test]
fn output_at_the_limit_is_fine_and_one_byte_more_is_not() {
    let mut slot = slot();
    let mut writer = shell("head -c 1000 /dev/zero");
    writer.limits.stdout_bytes = 1000;
    let report = run(&mut slot, &writer);
    assert_eq!(report.outcome, Outcome::Ended(Exit::Code(0)));
    assert_eq!(report.stdout.bytes.len(), 1000);
    writer.limits.stdout_bytes = 999;
    let report = run(&mut slot, &writer);
    assert_eq!(hit(&report), Some(Limit::Output));
    assert_eq!(report.stdout.bytes.len(), 999);
}

#[test]
fn a_flood_on_stdout_is_stopped_at_the_limit() {
    let report = run_once(&shell("yes"));
    assert_eq!(hit(&report), Some(Limit::Output));
    assert_eq!(report.stdout.bytes.len() as u64, LIMITS.stdout_bytes);
}

#[test]
fn a_flood_on_stderr_is_cut_and_changes_nothing() {
    let report = run_once(&shell("head -c 10000000 /dev/zero >&2; echo right"));
    assert_eq!(report.outcome, Outcome::Ended(Exit::Code(0)));
    assert_eq!(stdout(&report), "right\n");
    assert_eq!(report.stderr.bytes.len(), 64 * 1024);
    assert_eq!(report.stderr.total_bytes, 10_000_000);
}

const FORKER: &str = "import os, sys, time\n\
    made = 0\n\
    for _ in range(int(sys.argv[1])):\n\
    \x20 try: pid = os.fork()\n\
    \x20 except OSError as error:\n\
    \x20  print('refused', error.errno); break\n\
    \x20 if pid == 0: time.sleep(5); os._exit(0)\n\
    \x20 made += 1\n\
    print('made', made)";

#[test]
fn exactly_as_many_processes_as_allowed() {
    let mut slot = slot();
    for (children, expected) in [("9", "made 9\n"), ("10", "refused 11\nmade 9\n")] {
        let mut forker = command("/usr/bin/python3", &["-c", FORKER, children]);
        forker.limits.processes = 10;
        let report = run(&mut slot, &forker);
        assert_eq!(stdout(&report), expected);
        assert_eq!(
            report.usage.forks_refused > 0,
            expected.starts_with("refused")
        );
    }
}

#[test]
fn a_fork_bomb_hits_the_process_limit_and_ends() {
    let mut bomb = shell("b() { b | b & }; b; while :; do :; done");
    bomb.limits.cpu = Duration::from_millis(500);
    let started = Instant::now();
    let report = run_once(&bomb);
    assert!(hit(&report).is_some() || report.usage.forks_refused > 0);
    assert!(started.elapsed() < Duration::from_secs(10) * slowness());
}

#[test]
fn the_stack_limit_ends_in_a_segmentation_fault() {
    let mut deep = command("/usr/bin/python3", &["-c", RECURSE]);
    deep.limits.stack_bytes = 1 << 20;
    assert_eq!(run_once(&deep).outcome, Outcome::Ended(Exit::Signal(11)));
}

const RECURSE: &str = "import sys\nsys.setrecursionlimit(10**9)\n\
    class A:\n def __getattr__(self, n): return getattr(self, n + 'x')\nA().a";

#[test]
fn open_files_are_limited() {
    let mut opener = python("fds = [open('/dev/null') for _ in range(100)]");
    opener.limits.open_files = 50;
    assert!(stderr(&run_once(&opener)).contains("Too many open files"));
}
