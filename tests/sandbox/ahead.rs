//! Boxes that are made ahead: quicker, and fresh all the same.

use std::collections::BTreeSet;
use std::fs;

use gavel::sandbox::{Access, Cancel, Container, Exit, Mount, Outcome, Proc, SandboxError};

use crate::support::*;

fn usual() -> Container {
    Container::host_toolchains()
}

#[test]
fn a_box_made_ahead_is_used_once() {
    let mut slot = slot();
    let look = shell(
        "readlink /proc/self/ns/mnt /proc/self/ns/pid /proc/self/ns/ipc; ls /box; touch /box/mine /tmp/mine /dev/shm/mine; ls /tmp /dev/shm | wc -l",
    );
    let mut seen = BTreeSet::new();
    for _ in 0..3 {
        slot.prepare(&usual()).expect("an order");
        slot.prepare(&usual()).expect("an order");
        for _ in 0..2 {
            seen.insert(stdout(&run(&mut slot, &look)));
        }
    }
    // Namespace numbers of dead boxes are given again, but never while two boxes exist.
    assert!(seen.len() >= 2, "{seen:?}");
    assert!(seen.iter().all(|found| !found.contains("mine")), "{seen:?}");
}

#[test]
fn a_box_made_for_another_container_is_not_used() {
    let mut slot = slot();
    slot.prepare(&usual()).expect("an order");
    let masked = Container {
        proc: Proc::Masked,
        ..usual()
    };
    let report = run_in(&mut slot, &masked, &shell("test -e /proc/meminfo"));
    assert_eq!(report.outcome, Outcome::Ended(Exit::Code(0)));
    let report = run(&mut slot, &shell("test -e /proc/meminfo"));
    assert_eq!(report.outcome, Outcome::Ended(Exit::Code(1)));
}

#[test]
fn boxes_are_made_for_what_comes_next_and_others_are_let_go() {
    let mut slot = slot();
    let masked = Container {
        proc: Proc::Masked,
        ..usual()
    };
    slot.prepare(&usual()).expect("an order");
    for _ in 0..3 {
        slot.prepare_for(&[&masked, &usual(), &masked])
            .expect("orders");
        slot.wait_until_prepared().expect("boxes");
        let report = run_in(&mut slot, &masked, &shell("test -e /proc/meminfo"));
        assert_eq!(report.outcome, Outcome::Ended(Exit::Code(0)));
        let report = run(&mut slot, &shell("test -e /proc/meminfo"));
        assert_eq!(report.outcome, Outcome::Ended(Exit::Code(1)));
    }
}

#[test]
fn more_boxes_than_there_is_room_for_are_not_ordered() {
    let mut slot = slot();
    for _ in 0..10 {
        slot.prepare(&usual()).expect("an order");
    }
    slot.wait_until_prepared().expect("two boxes");
    for code in 0..5 {
        let report = run(&mut slot, &shell(&format!("exit {code}")));
        assert_eq!(report.outcome, Outcome::Ended(Exit::Code(code)));
    }
}

#[test]
fn a_box_that_cannot_be_made_shows_when_it_is_waited_for() {
    let source = std::env::temp_dir().join(format!("gavel-ahead-{}", std::process::id()));
    fs::create_dir(&source).expect("a directory");
    let container = usual().mount(Mount {
        source: source.clone(),
        target: "/opt".into(),
        access: Access::ReadOnly,
    });
    // Its plan is known to the sandbox, but the launcher of the other slot has to make its root.
    run_in(&mut slot(), &container, &shell("true"));
    fs::remove_dir(&source).expect("to remove it");
    let mut slot = slot();
    slot.prepare(&usual()).expect("an order");
    slot.prepare(&container).expect("an order");
    let failed = slot.wait_until_prepared();
    assert!(matches!(
        failed,
        Err(SandboxError::Setting { .. } | SandboxError::Box { .. })
    ));
    run(&mut slot, &shell("true"));
}

#[test]
fn a_wrong_setting_costs_the_box_and_nothing_else() {
    let mut slot = slot();
    slot.prepare(&usual()).expect("an order");
    let mut escaping = shell("true");
    escaping.files.push(file("../escaped", "", 0o644));
    let cancel = Cancel::new().expect("an eventfd");
    let refused = slot.run(&usual(), &escaping, &cancel);
    assert!(matches!(refused, Err(SandboxError::Setting { .. })));
    for _ in 0..4 {
        run(&mut slot, &shell("true"));
    }
}

/// Boxes without a network live in one empty network namespace after the other.
#[test]
fn abstract_sockets_of_one_run_are_gone_in_the_next() {
    let listen = "import socket, os, time\n\
                  s = socket.socket(socket.AF_UNIX); s.bind('\\0gavel-run'); s.listen(1)\n\
                  if os.fork() == 0:\n    os.setsid(); time.sleep(60)\n\
                  print('bound')";
    let mut slot = slot();
    for _ in 0..5 {
        slot.prepare(&usual()).expect("an order");
        slot.prepare(&usual()).expect("an order");
        // Binding again would fail if the first were alive.
        let report = run(&mut slot, &python(listen));
        assert_eq!(stdout(&report), "bound\n", "{}", stderr(&report));
    }
}
