//! Rules for files and ports in addition to the built-in ones: row "landlock" of what the library
//! promises.

use std::path::PathBuf;

use gavel::sandbox::{
    Cancel, Container, Enforcement, LandlockRules, Network, PathAccess, PathRule, SandboxError,
};

use crate::support::*;

use PathAccess::{Execute, Read, Write};

fn rules(paths: &[(&str, &[PathAccess])]) -> LandlockRules {
    let rule = |(path, access): &(&str, &[PathAccess])| PathRule {
        path: PathBuf::from(path),
        access: access.iter().copied().collect(),
    };
    LandlockRules {
        paths: paths.iter().map(rule).collect(),
        tcp_bind: None,
        tcp_connect: None,
        enforcement: Enforcement::Enforce,
    }
}

fn with(landlock: LandlockRules) -> Container {
    Container {
        landlock: Some(landlock),
        ..Container::host_toolchains()
    }
}

#[test]
fn reading_writing_and_executing_are_allowed_apart() {
    let script = "cat /box/in/file 2>/dev/null || echo not read; \
                  (echo x > /box/in/new) 2>/dev/null || echo not written; \
                  /box/in/true 2>/dev/null || echo not executed; \
                  (echo x > /tmp/new) 2>/dev/null || echo nothing elsewhere";
    let usr: (&str, &[PathAccess]) = ("/usr", &[Read, Execute]);
    let dev: (&str, &[PathAccess]) = ("/dev", &[Read, Write]);
    let mut slot = slot();
    for (access, answer) in [
        (
            &[Read][..],
            "text\nnot written\nnot executed\nnothing elsewhere\n",
        ),
        (&[Write], "not read\nnot executed\nnothing elsewhere\n"),
        (&[Read, Execute], "text\nnot written\nnothing elsewhere\n"),
    ] {
        let etc: (&str, &[PathAccess]) = ("/etc/ld.so.cache", &[Read]);
        let container = with(rules(&[usr, dev, etc, ("/box/in", access)]))
            .operation(gavel::sandbox::FileOperation::MakeDirectory {
                path: "/box/in".into(),
                mode: 0o755,
            })
            .operation(gavel::sandbox::FileOperation::WriteFile {
                path: "/box/in/true".into(),
                bytes: b"#!/bin/sh\n".to_vec(),
                mode: 0o755,
            });
        let mut command = shell(script);
        command.files = vec![file("in/file", "text\n", 0o644)];
        let report = run_in(&mut slot, &container, &command);
        assert_eq!(stdout(&report), answer, "{}", stderr(&report));
    }
}

#[test]
fn asked_for_rules_never_allow_what_the_built_in_ones_refuse() {
    let everything = rules(&[("/", &[Read, Write, Execute])]);
    let script = "cp /bin/true /tmp/true && /tmp/true 2>/dev/null || echo refused";
    let report = run_in(&mut slot(), &with(everything), &shell(script));
    assert_eq!(stdout(&report), "refused\n");
}

#[test]
fn a_rule_for_a_missing_path_is_named() {
    let cancel = Cancel::new().expect("an eventfd");
    let container = with(rules(&[("/usr", &[Read]), ("/missing", &[Read])]));
    match slot().run(&container, &shell("true"), &cancel) {
        Err(SandboxError::Box { object, source, .. }) => {
            assert_eq!(object.as_deref(), Some("/missing"));
            assert_eq!(source.raw_os_error(), Some(2));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn ports_are_bound_and_connected_to_by_number() {
    let script = "import socket\ndef bind(p):\n s = socket.socket()\n \
                  try: s.bind(('127.0.0.1', p)); s.listen(); return s\n \
                  except OSError as e: print('bind', p, e.errno)\n\
                  def connect(p):\n \
                  try: socket.create_connection(('127.0.0.1', p)); print('connected', p)\n \
                  except OSError as e: print('connect', p, e.errno)\n\
                  a = bind(4001); b = bind(4002); c = bind(4003); connect(4001); connect(4002)";
    let container = Container {
        network: Network::Loopback,
        ..with(LandlockRules {
            tcp_bind: Some(vec![4001, 4002]),
            tcp_connect: Some(vec![4002]),
            ..rules(&[])
        })
    };
    let mut slot = slot();
    let report = run_in(&mut slot, &container, &python(script));
    if slot.sandbox().landlock_abi() < 4 {
        eprintln!("this kernel cannot restrict ports");
        return;
    }
    assert_eq!(
        stdout(&report),
        "bind 4003 13\nconnect 4001 13\nconnected 4002\n",
        "{}",
        stderr(&report)
    );
    assert!(report.unenforced.is_empty() || slot.sandbox().landlock_abi() < 6);
}
