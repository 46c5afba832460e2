//! Things of the host that a program might reach: a secret, files that everybody may write, and
//! listeners that must never hear of anybody.

use crate::runner::alone;
use std::fs;
use std::io::ErrorKind;
use std::net::{TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener};
use std::path::PathBuf;

/// The canaries of this process.
pub(crate) struct Canaries {
    directory: tempfile::TempDir,
    secret: String,
    tcp4: TcpListener,
    tcp6: Option<TcpListener>,
    udp: UdpSocket,
    in_abstract: UnixListener,
    abstract_name: String,
    at_path: UnixListener,
    datagrams: UnixDatagram,
}

impl Canaries {
    /// Sets them up.
    pub(crate) fn new() -> Canaries {
        let directory = tempfile::tempdir().expect("a directory");
        let secret = format!("secret-{:x}", rand());
        let root = directory.path();
        let tree = root.join("tree");
        fs::create_dir(&tree).unwrap();
        fs::write(tree.join("secret"), &secret).unwrap();
        fs::write(tree.join("answer"), &secret).unwrap();
        fs::write(tree.join("script"), "#!/bin/sh\nexit 0\n").unwrap();
        // Nothing but the box keeps a program from them.
        for path in [root.to_owned(), tree.clone()] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
        }
        for name in ["secret", "answer", "script"] {
            fs::set_permissions(tree.join(name), fs::Permissions::from_mode(0o777)).unwrap();
        }
        let abstract_name = format!("gavel-hostile-{:x}", rand());
        let address = SocketAddr::from_abstract_name(&abstract_name).unwrap();
        let canaries = Canaries {
            secret,
            tcp4: TcpListener::bind("127.0.0.1:0").unwrap(),
            tcp6: TcpListener::bind("[::1]:0").ok(),
            udp: UdpSocket::bind("127.0.0.1:0").unwrap(),
            in_abstract: UnixListener::bind_addr(&address).unwrap(),
            abstract_name,
            at_path: UnixListener::bind(root.join("stream")).unwrap(),
            datagrams: UnixDatagram::bind(root.join("datagrams")).unwrap(),
            directory,
        };
        for name in ["stream", "datagrams"] {
            let all = fs::Permissions::from_mode(0o777);
            fs::set_permissions(canaries.directory.path().join(name), all).unwrap();
        }
        canaries.listen_without_waiting();
        canaries
    }

    fn listen_without_waiting(&self) {
        self.tcp4.set_nonblocking(true).unwrap();
        if let Some(tcp6) = &self.tcp6 {
            tcp6.set_nonblocking(true).unwrap();
        }
        self.udp.set_nonblocking(true).unwrap();
        self.in_abstract.set_nonblocking(true).unwrap();
        self.at_path.set_nonblocking(true).unwrap();
        self.datagrams.set_nonblocking(true).unwrap();
    }

    /// The files that must stay as they are.
    pub(crate) fn tree(&self) -> PathBuf {
        self.directory.path().join("tree")
    }

    /// What nobody may print.
    pub(crate) fn secret(&self) -> &str {
        &self.secret
    }

    /// Where everything is, one `key value` a line: the standard input of a program that tries.
    pub(crate) fn targets(&self) -> String {
        let root = self.directory.path().display();
        format!(
            "tcp4 {}\ntcp6 {}\nudp {}\nabstract {}\nstream {root}/stream\ndatagrams {root}/datagrams\n\
             tree {root}/tree\npid {}\n",
            self.tcp4.local_addr().unwrap().port(),
            self.tcp6
                .as_ref()
                .map_or(1, |tcp6| tcp6.local_addr().unwrap().port()),
            self.udp.local_addr().unwrap().port(),
            self.abstract_name,
            std::process::id(),
        )
    }

    /// Which listeners heard of somebody.
    pub(crate) fn heard(&self) -> Vec<String> {
        let mut buffer = [0; 64];
        let tcp6 = self.tcp6.as_ref().map(TcpListener::accept);
        [
            ("tcp4", self.tcp4.accept().map(drop)),
            (
                "tcp6",
                tcp6.map_or(Err(ErrorKind::WouldBlock.into()), |r| r.map(drop)),
            ),
            ("udp", self.udp.recv(&mut buffer).map(drop)),
            ("abstract", self.in_abstract.accept().map(drop)),
            ("stream", self.at_path.accept().map(drop)),
            ("datagrams", self.datagrams.recv(&mut buffer).map(drop)),
        ]
        .into_iter()
        .filter(|(_, heard)| !matches!(heard, Err(error) if error.kind() == ErrorKind::WouldBlock))
        .map(|(name, _)| format!("the listener {name} heard of somebody"))
        .collect()
    }
}

/// Unlike anything else on this machine; it need not be hard to guess.
fn rand() -> u128 {
    uuid::Uuid::new_v4().as_u128()
}

#[test]
fn a_listener_that_heard_of_somebody_says_so() {
    let _alone = alone();
    let canaries = Canaries::new();
    assert_eq!(canaries.heard(), [""; 0]);
    let address = canaries.tcp4.local_addr().unwrap();
    std::net::TcpStream::connect(address).unwrap();
    let stream = canaries.directory.path().join("stream");
    std::os::unix::net::UnixStream::connect(stream).unwrap();
    let heard = canaries.heard();
    assert_eq!(heard.len(), 2, "{heard:?}");
}
