//! What a box shares with the host and what it does not: rows "namespaces", "hostname" and
//! "network" of what the library promises.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpListener;

use gavel::sandbox::{Cancel, Container, Namespace, Network, Owner, SandboxError};

use crate::support::*;

const LIST: &str = "import os\nfor n in ('cgroup', 'ipc', 'mnt', 'net', 'pid', 'user', 'uts'): \
                    print(os.readlink('/proc/self/ns/' + n))";

fn share(namespace: Namespace) -> Container {
    let usual = Container::host_toolchains();
    Container {
        hostname: match namespace {
            Namespace::Uts => String::new(),
            _ => usual.hostname.clone(),
        },
        shared_namespaces: BTreeSet::from([namespace]),
        ..usual
    }
}

#[test]
fn each_namespace_is_as_asked_and_the_report_says_so() {
    let host = Container {
        network: Network::Host,
        ..Container::host_toolchains()
    };
    let mut slot = slot();
    for (container, shared) in [
        (Container::host_toolchains(), None),
        (share(Namespace::Cgroup), Some(Namespace::Cgroup)),
        (share(Namespace::Ipc), Some(Namespace::Ipc)),
        (share(Namespace::Uts), Some(Namespace::Uts)),
        (host, Some(Namespace::Network)),
    ] {
        let report = run_in(&mut slot, &container, &python(LIST));
        let inside = stdout(&report);
        let ours = ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"]
            .map(|name| std::fs::read_link(format!("/proc/self/ns/{name}")).expect("a link"));
        assert_eq!(report.namespaces.len(), 7);
        for ((fact, theirs), ours) in report.namespaces.iter().zip(inside.lines()).zip(&ours) {
            let wanted = if Some(fact.namespace) == shared {
                Owner::Host
            } else {
                Owner::Box
            };
            assert_eq!((fact.asked, fact.got), (wanted, wanted), "{fact:?}");
            assert_eq!(
                ours.to_string_lossy() == theirs,
                wanted == Owner::Host,
                "{fact:?}"
            );
        }
        assert_eq!(report.loosened.len(), usize::from(shared.is_some()));
    }
}

#[test]
fn a_host_name_is_set_inside_only() {
    let container = Container {
        hostname: "elsewhere".to_owned(),
        ..Container::host_toolchains()
    };
    let mut slot = slot();
    let report = run_in(&mut slot, &container, &shell("uname -n"));
    assert_eq!(stdout(&report), "elsewhere\n");
    let shared = run_in(&mut slot, &share(Namespace::Uts), &shell("uname -n"));
    let ours = nix::unistd::gethostname().expect("a host name");
    assert_eq!(stdout(&shared).trim(), ours.to_string_lossy());
    assert_ne!(ours, "elsewhere");
}

#[test]
fn memory_shared_with_the_host_is_found_only_where_asked_for() {
    let script =
        "import ctypes\nlibc = ctypes.CDLL(None)\nprint(libc.shmget(0x6761, 4096, 0o666) >= 0)";
    let make = "import ctypes\nlibc = ctypes.CDLL(None)\nprint(libc.shmget(0x6761, 4096, 0o1666))";
    let id = std::process::Command::new("python3")
        .args(["-c", make])
        .output()
        .expect("python");
    let id = String::from_utf8_lossy(&id.stdout).trim().to_owned();
    let mut slot = slot();
    let apart = stdout(&run(&mut slot, &python(script)));
    let shared = stdout(&run_in(&mut slot, &share(Namespace::Ipc), &python(script)));
    let removed = std::process::Command::new("ipcrm")
        .args(["-m", &id])
        .status();
    assert!(removed.expect("ipcrm").success());
    assert_eq!((apart.as_str(), shared.as_str()), ("False\n", "True\n"));
}

/// A listener that answers one connection.
fn greeter() -> (u16, std::thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let port = listener.local_addr().expect("its address").port();
    let answer = std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().expect("a connection");
        connection.write_all(b"hello").expect("to answer");
        let _ = connection.read(&mut [0; 1]);
    });
    (port, answer)
}

fn connect(port: u16) -> String {
    format!(
        "import socket\ntry:\n s = socket.create_connection(('127.0.0.1', {port}), 3)\n \
         print(s.recv(5))\nexcept OSError as e: print(e.errno)"
    )
}

#[test]
fn the_network_of_the_host_reaches_what_listens_there() {
    let (port, answer) = greeter();
    let container = Container {
        network: Network::Host,
        ..Container::host_toolchains()
    };
    let report = run_in(&mut slot(), &container, &python(&connect(port)));
    assert_eq!(stdout(&report), "b'hello'\n", "{}", stderr(&report));
    answer.join().expect("an answer");
}

fn pasta(arguments: &[&str]) -> Container {
    Container {
        network: Network::Pasta(arguments.iter().map(|a| (*a).to_owned()).collect()),
        ..Container::host_toolchains()
    }
}

fn is_installed(program: &str) -> bool {
    let directories = ["/usr/bin", "/usr/sbin", "/bin", "/sbin"];
    directories
        .iter()
        .any(|directory| std::path::Path::new(directory).join(program).exists())
}

#[test]
fn pasta_lets_through_what_its_arguments_say_or_names_its_package() {
    let cancel = Cancel::new().expect("an eventfd");
    let (port, answer) = greeter();
    let open = pasta(&["-T", &port.to_string()]);
    let mut slot = slot();
    let result = slot.run(&open, &python(&connect(port)), &cancel);
    if !is_installed("pasta") {
        eprintln!("pasta is not installed: only its error is tested");
        let error = result.expect_err("no pasta").to_string();
        assert!(error.contains("package passt"), "{error}");
        return;
    }
    let routes = std::fs::read_to_string("/proc/net/route").expect("the routes");
    if routes.lines().count() < 2 {
        eprintln!("this machine has no network that pasta could stand for");
        assert!(result.is_err());
        return;
    }
    let report = result.expect("a run");
    assert_eq!(stdout(&report), "b'hello'\n", "{}", stderr(&report));
    answer.join().expect("an answer");
    // Without arguments host and box are apart, though the box has an address.
    let (port, _answer) = greeter();
    let list = "print(len(open('/proc/net/dev').read().splitlines()) - 2)";
    let closed = Container {
        proc: gavel::sandbox::Proc::Masked,
        ..pasta(&[])
    };
    let report = run_in(
        &mut slot,
        &closed,
        &python(&format!("{list}\n{}", connect(port))),
    );
    assert_eq!(stdout(&report), "2\n111\n", "{}", stderr(&report));
}

#[test]
fn pasta_that_refuses_its_arguments_says_why() {
    if !is_installed("pasta") {
        eprintln!("pasta is not installed: nothing to test");
        return;
    }
    let cancel = Cancel::new().expect("an eventfd");
    let result = slot().run(&pasta(&["--no-such-option"]), &shell("true"), &cancel);
    match result {
        Err(SandboxError::Setting { setting, reason }) => {
            assert_eq!(setting, "network");
            assert!(reason.contains("no-such-option"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
}
