//! Sockets at paths: publishing, stale and live predecessors, owners (contract/processes.md §7, §9.5).

mod support;

use std::fs;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use supervisor_core::{ExitStatus, SocketAddress, SocketConfig, SocketOwner};
use supervisor_sys::{BoundUnixListener, FcgiSocket, SocketError, SocketStep, Spawner, listen_unix, resolve_host};
use support::{Folder, Program};

/// Talks through a listener, so that it surely is the one at the path.
fn assert_reachable(bound: &BoundUnixListener) {
    let mut client = UnixStream::connect(bound.file.path()).expect("somebody listens");
    client.write_all(b"hello").expect("there is room");
    let mut server = bound.listener.accept().expect("somebody has connected").0;
    let mut text = [0; 5];
    server.read_exact(&mut text).expect("it was written");
    assert_eq!(&text, b"hello");
}

#[test]
fn a_socket_is_published_with_its_mode_and_nothing_else_is_left() {
    let folder = Folder::new();
    let path = folder.path("s.sock");
    let bound = listen_unix(&path, 0o640, None).unwrap();
    assert_eq!(bound.stale_removed, 0);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o640);
    assert_eq!(folder.names(), ["s.sock"]);
    assert_reachable(&bound);
    assert_eq!(fcntl(&bound.listener, FcntlArg::F_GETFD).unwrap(), libc::FD_CLOEXEC);
    assert!(bound.file.remove_if_ours().unwrap());
    assert!(!bound.file.remove_if_ours().unwrap(), "once");
    assert!(folder.names().is_empty());
}

#[test]
fn a_stale_socket_is_cleared_away_and_told() {
    let folder = Folder::new();
    let path = folder.path("s.sock");
    drop(listen_unix(&path, 0o700, None).unwrap());
    assert_eq!(folder.names(), ["s.sock"], "left behind as by a crash");
    let bound = listen_unix(&path, 0o700, None).unwrap();
    assert_eq!(bound.stale_removed, 1);
    assert_reachable(&bound);
    assert_eq!(folder.names(), ["s.sock"]);
}

#[test]
fn a_file_that_is_no_socket_counts_as_stale_but_a_folder_does_not() {
    let folder = Folder::new();
    let path = folder.path("s.sock");
    fs::write(&path, "").unwrap();
    assert_eq!(listen_unix(&path, 0o700, None).unwrap().stale_removed, 1);
    let path = folder.path("folder");
    fs::create_dir(&path).unwrap();
    let refused = listen_unix(&path, 0o700, None).unwrap_err();
    assert_eq!(refused, SocketError::Other { errno: libc::EISDIR, step: SocketStep::Look });
    assert!(path.is_dir());
}

#[test]
fn a_live_instance_that_answers_is_not_harmed() {
    let folder = Folder::new();
    let path = folder.path("s.sock");
    let live = listen_unix(&path, 0o700, None).unwrap();
    let inode = fs::metadata(&path).unwrap().ino();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut probe = live.listener.accept().unwrap().0;
            let mut request = [0; 18];
            probe.read_exact(&mut request).unwrap();
            assert_eq!(&request, b"GET / HTTP/1.0\r\n\r\n");
            probe.write_all(b"H").unwrap();
        });
        assert!(matches!(listen_unix(&path, 0o700, None).unwrap_err(), SocketError::AddressInUse { .. }));
    });
    assert_eq!(fs::metadata(&path).unwrap().ino(), inode);
    assert_eq!(folder.names(), ["s.sock"]);
    assert_reachable(&live);
}

#[test]
fn a_live_instance_that_is_too_busy_to_answer_is_not_harmed() {
    let folder = Folder::new();
    let path = folder.path("s.sock");
    let live = listen_unix(&path, 0o700, None).unwrap();
    assert!(matches!(listen_unix(&path, 0o700, None).unwrap_err(), SocketError::AddressInUse { .. }));
    // The probe waits in its queue, and then somebody real.
    drop(live.listener.accept().unwrap());
    assert_reachable(&live);
}

#[test]
fn a_live_instance_whose_queue_is_full_is_not_harmed() {
    let folder = Folder::new();
    let path = folder.path("s.sock");
    let live = UnixListener::bind(&path).unwrap();
    nix::sys::socket::listen(&live, nix::sys::socket::Backlog::new(0).unwrap()).unwrap();
    let _waiting = UnixStream::connect(&path).unwrap();
    assert!(matches!(listen_unix(&path, 0o700, None).unwrap_err(), SocketError::AddressInUse { .. }));
    live.accept().unwrap();
}

#[test]
fn a_socket_of_another_kind_is_not_harmed() {
    let folder = Folder::new();
    let path = folder.path("log");
    let live = UnixDatagram::bind(&path).unwrap();
    assert!(matches!(listen_unix(&path, 0o700, None).unwrap_err(), SocketError::AddressInUse { .. }));
    UnixDatagram::unbound().unwrap().send_to(b"still here", &path).unwrap();
    assert_eq!(live.recv(&mut [0; 32]).unwrap(), 10);
}

#[test]
fn of_many_that_start_at_once_on_a_stale_socket_one_wins() {
    let mut spawner = Spawner::new().unwrap();
    let folder = Folder::new();
    for round in 0..20 {
        let path = folder.path(&format!("{round}.sock"));
        drop(listen_unix(&path, 0o700, None).unwrap());
        let starter = Program::probe(&["listen-unix", path.to_str().unwrap()]);
        let mut starters: Vec<_> = (0..6).map(|_| starter.start(&mut spawner)).collect();
        for starter in &mut starters {
            starter.stdin.as_mut().unwrap().write_all(b"go\n").unwrap();
        }
        let mut outcomes = Vec::new();
        for starter in &mut starters {
            support::wait_until_readable(starter.stdout.as_fd());
            let mut outcome = [0; 64];
            let length = starter.stdout.read(&mut outcome).unwrap();
            outcomes.push(String::from_utf8(outcome[..length].to_vec()).unwrap());
        }
        outcomes.sort();
        assert_eq!(outcomes[..5], ["in use\n"; 5], "round {round}");
        assert!(outcomes[5].starts_with("listening"), "{outcomes:?}");
        let mut answer = [0];
        UnixStream::connect(&path).unwrap().read_exact(&mut answer).unwrap();
        for starter in starters {
            assert_eq!(starter.finish().status, ExitStatus::Exited(0));
        }
        assert!(!path.exists(), "removed by its owner");
        assert!(folder.names().is_empty());
    }
}

#[test]
fn the_file_of_a_successor_is_not_ours_to_remove() {
    let folder = Folder::new();
    let path = folder.path("s.sock");
    let first = listen_unix(&path, 0o700, None).unwrap();
    let first_file = first.file.clone();
    drop(first.listener);
    let second = listen_unix(&path, 0o700, None).unwrap();
    assert!(!first_file.remove_if_ours().unwrap());
    assert_reachable(&second);
}

#[test]
fn an_owner_is_given_the_socket() {
    if !support::is_root("giving a socket away") {
        return;
    }
    let folder = Folder::new();
    let path = folder.path("s.sock");
    let bound = listen_unix(&path, 0o700, Some(SocketOwner { uid: 33, gid: Some(34) })).unwrap();
    let found = fs::metadata(&path).unwrap();
    assert_eq!((found.uid(), found.gid()), (33, 34));
    bound.file.remove_if_ours().unwrap();
    let _bound = listen_unix(&path, 0o700, Some(SocketOwner { uid: 33, gid: None })).unwrap();
    let found = fs::metadata(&path).unwrap();
    assert_eq!((found.uid(), found.gid()), (33, nix::unistd::getegid().as_raw()));
}

#[test]
fn where_a_socket_cannot_be_the_number_says_why() {
    let folder = Folder::new();
    let missing = listen_unix(&folder.path("no/such/s.sock"), 0o700, None).unwrap_err();
    assert_eq!(missing, SocketError::Other { errno: libc::ENOENT, step: SocketStep::Place });
    let long = listen_unix(&folder.path(&"x".repeat(200)), 0o700, None).unwrap_err();
    assert_eq!(long, SocketError::Other { errno: libc::ENAMETOOLONG, step: SocketStep::Place });
}

fn fcgi(address: SocketAddress, backlog: Option<u32>) -> SocketConfig {
    SocketConfig { url: "a url".into(), address, backlog }
}

#[test]
fn a_fastcgi_socket_listens_blocks_and_takes_its_file_along() {
    let folder = Folder::new();
    let path = folder.path("f.sock");
    let address = SocketAddress::Unix { path: path.to_str().unwrap().into(), owner: None, mode: 0o660 };
    for backlog in [None, Some(0), Some(5), Some(u32::MAX)] {
        fs::write(&path, "something else").unwrap();
        let socket = FcgiSocket::open(&fcgi(address.clone(), backlog), resolve_host).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o660);
        let flags = OFlag::from_bits_retain(fcntl(socket.fd(), FcntlArg::F_GETFL).unwrap());
        assert!(!flags.contains(OFlag::O_NONBLOCK));
        UnixStream::connect(&path).unwrap();
        drop(socket);
        assert!(folder.names().is_empty(), "backlog {backlog:?}");
    }
}

#[test]
fn a_fastcgi_socket_leaves_the_file_of_a_successor() {
    let folder = Folder::new();
    let path = folder.path("f.sock");
    let address = SocketAddress::Unix { path: path.to_str().unwrap().into(), owner: None, mode: 0o700 };
    let first = FcgiSocket::open(&fcgi(address.clone(), None), resolve_host).unwrap();
    let second = FcgiSocket::open(&fcgi(address, None), resolve_host).unwrap();
    drop(first);
    UnixStream::connect(&path).unwrap();
    drop(second);
}

#[test]
fn a_fastcgi_port_in_use_is_told_as_python_tells_it() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let address = SocketAddress::Tcp { host: "127.0.0.1".into(), port };
    let error = FcgiSocket::open(&fcgi(address.clone(), None), resolve_host).unwrap_err();
    assert_eq!(error, "[Errno 98] Address already in use");
    drop(taken);
    let _socket = FcgiSocket::open(&fcgi(address, Some(5)), resolve_host).unwrap();
    std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
}

#[test]
fn a_fastcgi_socket_that_cannot_be_given_away_is_told_and_removed() {
    let folder = Folder::new();
    let missing: Box<str> = folder.path("no/such/f.sock").to_str().unwrap().into();
    let address = SocketAddress::Unix { path: missing, owner: None, mode: 0o700 };
    let error = FcgiSocket::open(&fcgi(address, None), resolve_host).unwrap_err();
    assert_eq!(error, "[Errno 2] No such file or directory");
    if nix::unistd::geteuid().is_root() {
        return;
    }
    let path = folder.path("f.sock");
    let path = path.to_str().unwrap();
    let owner = Some(SocketOwner { uid: 0, gid: Some(0) });
    let address = SocketAddress::Unix { path: path.into(), owner, mode: 0o700 };
    let error = FcgiSocket::open(&fcgi(address, None), resolve_host).unwrap_err();
    let expected = format!("Could not change ownership of socket file: [Errno 1] Operation not permitted: '{path}'");
    assert_eq!(error, expected);
    assert!(folder.names().is_empty());
}
