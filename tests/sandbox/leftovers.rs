//! Nothing is left behind: not after a run, not after a failure, not after a crash.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command as Process, Stdio};
use std::time::Duration;

use gavel::sandbox::{Cancel, Container, Mount, SandboxError};

use crate::support::*;

fn mounts() -> usize {
    let table = fs::read_to_string("/proc/self/mountinfo").expect("the mount table");
    table.lines().count()
}

/// Where no groups are made, root may have some of the same number.
fn group_exists(slot: u32) -> bool {
    std::env::var_os(NO_GROUPS).is_none() && !groups_of(slot).is_empty()
}

fn open_descriptors() -> usize {
    fs::read_dir("/proc/self/fd")
        .expect("our descriptors")
        .count()
}

#[test]
fn many_runs_leave_no_mounts_and_no_descriptors() {
    let mut slot = slot();
    run(&mut slot, &shell("true"));
    let before = (mounts(), open_descriptors());
    let runs = 100 / slowness() as usize;
    for _ in 0..runs {
        run(
            &mut slot,
            &shell("sleep 100 & echo x > /tmp/y; mkdir -p a/b/c"),
        );
    }
    // Other tests of this process open and close descriptors meanwhile.
    eventually("descriptors leak", || {
        mounts() <= before.0 && open_descriptors() <= before.1 + runs * 2 / 5
    });
}

#[test]
fn a_dropped_slot_removes_its_group() {
    let mut slot = slot();
    run(&mut slot, &shell("true"));
    let number = slot.number();
    assert!(group_exists(number));
    drop(slot);
    eventually("the group is still there", || {
        !group_exists(number) || is_taken(number)
    });
}

/// Whether somebody else holds the number by now.
fn is_taken(number: u32) -> bool {
    let path = config().runtime_dir.join(format!("slots/{number}.lock"));
    let file = fs::File::open(path).expect("the lock file");
    nix::fcntl::Flock::lock(file, nix::fcntl::FlockArg::LockSharedNonblock).is_err()
}

#[test]
fn a_failed_set_up_names_the_step_and_leaves_the_slot_usable() {
    let mut slot = slot();
    let source = std::env::temp_dir().join(format!("gavel-vanishing-{}", std::process::id()));
    fs::create_dir(&source).expect("a directory");
    let container = Container::host_toolchains().mount(Mount {
        source: source.clone(),
        target: "/opt".into(),
        access: gavel::sandbox::Access::ReadOnly,
    });
    let cancel = Cancel::new().expect("an eventfd");
    slot.run(&container, &shell("true"), &cancel)
        .expect("a run");
    fs::remove_dir(&source).expect("to remove it");
    // The plan is known, the launcher is new: the source is gone when it is needed.
    let mut other = slot.sandbox().slot().expect("a slot");
    match other.run(&container, &shell("true"), &cancel) {
        Err(SandboxError::Box {
            step,
            object,
            source,
        }) => {
            assert!(step.contains("clone"), "{step}");
            assert!(object.is_some_and(|path| path.contains("gavel-vanishing")));
            assert_eq!(source.raw_os_error(), Some(libc::ENOENT));
        }
        other => panic!("{other:?}"),
    }
    run(&mut other, &shell("true"));
}

/// A process of its own that runs an endless program in a box and says where.
fn start_victim() -> (Child, u32) {
    let mut child = Process::new(std::env::current_exe().expect("this binary"))
        .args(["--exact", "leftovers::victim", "--nocapture"])
        .env("GAVEL_TEST_VICTIM", "1")
        .stdout(Stdio::piped())
        .spawn()
        .expect("to start this binary again");
    let output = BufReader::new(child.stdout.take().expect("its output"));
    let slot = output
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.split("VICTIM ").nth(1)?.parse().ok())
        .expect("the number of its slot");
    (child, slot)
}

/// Does nothing unless it is the process started by [`start_victim`].
#[test]
fn victim() {
    if std::env::var_os("GAVEL_TEST_VICTIM").is_none() {
        return;
    }
    let mut slot = slot();
    let shared = slot.make_shared_directory().expect("a directory");
    fs::write(shared.path().join("file"), "").expect("a file");
    println!("VICTIM {}", slot.number());
    let mut endless = shell("while :; do sleep 0.01; done");
    endless.limits.wall = Duration::from_secs(60);
    run(&mut slot, &endless);
}

#[test]
fn a_killed_supervisor_takes_its_boxes_with_it() {
    let (mut supervisor, slot) = start_victim();
    eventually("the guest does not run", || processes_in(slot).len() >= 2);
    supervisor.kill().expect("kill -9");
    supervisor.wait().expect("its end");
    eventually("a guest survived", || processes_in(slot).is_empty());
    // Opening again sweeps what it could not remove itself.
    let _sandbox = sandbox();
    eventually("its group is still there", || {
        !group_exists(slot) || is_taken(slot)
    });
    let shared = config().runtime_dir.join(format!("shared/{slot}"));
    eventually("what it shared is still there", || {
        !shared.exists() || is_taken(slot)
    });
}

#[test]
fn what_a_slot_shares_is_new_each_time_and_gone_afterwards() {
    let slot = slot();
    let shared = slot.make_shared_directory().expect("a directory");
    let path = shared.path().to_owned();
    drop(shared);
    assert!(!path.exists());
    // As after a crash.
    fs::create_dir_all(path.join("directory")).expect("directories");
    fs::write(path.join("directory/file"), "").expect("a file");
    let shared = slot.make_shared_directory().expect("a directory");
    assert_eq!(shared.path(), path);
    assert_eq!(fs::read_dir(&path).expect("its entries").count(), 0);
    let number = slot.number();
    drop(slot);
    assert!(is_taken(number), "somebody else could have the directory");
    drop(shared);
    assert!(!path.exists());
}

#[test]
fn a_killed_launcher_takes_its_box_with_it_and_the_slot_recovers() {
    let mut slot = slot();
    run(&mut slot, &shell("true"));
    let number = slot.number();
    let watcher = std::thread::spawn(move || {
        eventually("the guest does not run", || guest_in(number).is_some());
        kill_launcher_of(&guest_in(number).expect("the guest"));
    });
    let cancel = Cancel::new().expect("an eventfd");
    let result = slot.run(&Container::host_toolchains(), &shell("sleep 30"), &cancel);
    watcher.join().expect("the watcher");
    assert!(matches!(result, Err(SandboxError::Lost(_))), "{result:?}");
    run(&mut slot, &shell("true"));
}

/// The process of a slot that has executed its program.
fn guest_in(slot: u32) -> Option<String> {
    processes_in(slot).into_iter().find(|pid| {
        let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        command.starts_with(b"/bin/sh")
    })
}

/// Walks up from a process in a box to the launcher and kills it.
fn kill_launcher_of(member: &str) {
    let mut pid = member.to_owned();
    loop {
        let command = fs::read(format!("/proc/{pid}/cmdline")).expect("a command line");
        let parent = fs::read_to_string(format!("/proc/{pid}/stat")).expect("a parent");
        let parent = parent
            .rsplit(") ")
            .next()
            .and_then(|rest| rest.split(' ').nth(1));
        let parent = parent.expect("a parent").to_owned();
        let grandparent_is_us = parent == std::process::id().to_string();
        if grandparent_is_us && command.starts_with(b"gavel-launcher") {
            let pid = nix::unistd::Pid::from_raw(pid.parse().expect("a number"));
            nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).expect("to kill it");
            return;
        }
        pid = parent;
    }
}
