//! A server that is not there, or is none: one line that says which, where its URL was found, and what to try.

use std::io::Write;
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::server::{Answer, serve_tcp, serve_unix, status};
use crate::{Folder, all_processes, run, version};

/// What `avail`, which asks nothing first, says of a server at `url`; `FILE` stands for the configuration file.
fn said(folder: &Folder, url: &str) -> (String, String, i32) {
    let (out, err, status) = run(&mut folder.client(url, &["avail"]));
    assert_eq!(out.lines().count(), 1, "{out}");
    (out.replace(&folder.0.join("s.conf").display().to_string(), "FILE"), err, status)
}

fn error(words: &str) -> (String, String, i32) {
    (format!("error: {words}\n"), String::new(), 1)
}

#[test]
fn a_path_that_is_no_socket() {
    let folder = Folder::new();
    let url = format!("unix://{}", folder.0.display());
    let hint = "(serverurl in FILE): is this the file of its [unix_http_server]?";
    assert_eq!(said(&folder, &url), error(&format!("{url} is a directory, not a socket {hint}")));
    assert_eq!(run(&mut folder.client(&url, &["version"])), (format!("{url} refused connection\n"), String::new(), 4));
    std::fs::write(folder.socket(), "").unwrap();
    let url = folder.url();
    assert_eq!(said(&folder, &url), error(&format!("{url} is a file, not a socket {hint}")));
}

#[test]
fn a_port_where_nobody_listens() {
    let folder = Folder::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let words =
        format!("{url} refused connection (serverurl in FILE): is supervisord running? If not: supervisord -c FILE");
    assert_eq!(said(&folder, &url), error(&words));
}

#[test]
fn a_host_that_is_not_known() {
    let folder = Folder::new();
    let (out, err, status) = said(&folder, "http://no-such-host.invalid:9001");
    assert!(out.starts_with("error: http://no-such-host.invalid:9001 unknown host: "), "{out}");
    assert!(out.ends_with(" (serverurl in FILE): is the name of the host right?\n"), "{out}");
    assert_eq!((err.as_str(), status), ("", 1));
}

#[test]
fn an_http_server_that_is_no_supervisord() {
    let folder = Folder::new();
    for line in ["404 Not Found", "405 Method Not Allowed", "501 Not Implemented"] {
        let (port, _requests) = serve_tcp(vec![status("POST", line)]);
        let url = format!("http://127.0.0.1:{port}");
        let words = format!(
            "{url} answered HTTP {line} to supervisor.getAllConfigInfo: is it supervisord? (serverurl in FILE)"
        );
        assert_eq!(said(&folder, &url), error(&words));
    }
    let page = Answer {
        response: "HTTP/1.1 200 OK\r\nContent-Length: 28\r\n\r\n<html><body>hi</body></html>".to_owned(),
        ..status("POST", "200 OK")
    };
    let (port, _requests) = serve_tcp(vec![page]);
    let (out, ..) = said(&folder, &format!("http://127.0.0.1:{port}"));
    assert!(
        out.contains("that cannot be read (the element Other where it does not belong): is it supervisord?"),
        "{out}"
    );
}

#[test]
fn a_server_that_speaks_something_else() {
    let folder = Folder::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").unwrap();
        // Read until the client has gone, so that it is the banner that is looked at.
        drop(std::io::copy(&mut stream, &mut std::io::sink()));
    });
    let (out, err, status) = said(&folder, &url);
    assert!(out.starts_with(&format!("error: {url} closed the connection without an answer to ")), "{out}");
    assert!(out.ends_with("is it supervisord? (serverurl in FILE)\n"), "{out}");
    assert_eq!((err.as_str(), status), ("", 1));
    server.join().unwrap();
}

#[test]
fn a_server_that_wants_tls() {
    let folder = Folder::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // The request first, so that it is an answer to it; then the alert of a TLS server (RFC 8446 §6).
        std::io::Read::read_exact(&mut stream, &mut [0; 64]).unwrap();
        stream.write_all(b"\x15\x03\x03\x00\x02\x02\x46").unwrap();
        drop(std::io::copy(&mut stream, &mut std::io::sink()));
    });
    let (out, ..) = said(&folder, &url);
    assert!(out.contains("; if it has tls_cert=, the URL begins with https://): is it supervisord?"), "{out}");
    server.join().unwrap();
}

/// Root may do everything, so that the socket is closed to others in vain where the tests run as root.
#[test]
fn a_socket_for_others() {
    let folder = Folder::new();
    drop(UnixListener::bind(folder.socket()).unwrap());
    std::fs::set_permissions(folder.socket(), std::fs::Permissions::from_mode(0o0)).unwrap();
    let url = folder.url();
    let words = if nix::unistd::Uid::effective().is_root() {
        format!("{url} refused connection (serverurl in FILE): is supervisord running? If not: supervisord -c FILE")
    } else {
        format!(
            "{url} permission denied (serverurl in FILE): try as the owner of the socket, or see chmod and chown of \
             [unix_http_server]"
        )
    };
    assert_eq!(said(&folder, &url), error(&words));
}

/// The client as a shell runs it that allows so many open files.
fn limited(folder: &Folder, limit: &str, arguments: &[&str]) -> Command {
    let client = folder.client(&folder.url(), arguments);
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit {limit} && exec \"$@\""), "sh"]).arg(client.get_program());
    command.args(client.get_args()).stdin(Stdio::null());
    command
}

#[test]
fn too_few_descriptors_are_one_clear_error() {
    let folder = Folder::new();
    serve_unix(&folder.socket(), vec![version(), all_processes()]);
    for arguments in [&["status"][..], &["hash-password"], &["stop", "all"], &[]] {
        for limit in 5..=9 {
            let (out, err, status) = run(&mut limited(&folder, &format!("-n {limit}"), arguments));
            let free = limit - 3;
            let words = format!(
                "Error: too few files may be open at once: 7 more are needed, and {free} are left of {limit} (ulimit -n): \
                 raise this limit\n"
            );
            assert!(err.starts_with(&words), "{limit}: {err}");
            assert_eq!((out.as_str(), status), ("", 2), "{limit}");
        }
    }
    let (out, err, status) = run(&mut limited(&folder, "-n 9", &["completion", "words", "fg", ""]));
    assert_eq!((out.as_str(), err.as_str(), status), ("", "", 0));
    for enough in ["-n 10", "-S -n 5"] {
        let (out, err, status) = run(&mut limited(&folder, enough, &["status"]));
        assert_eq!((out.as_str(), err.as_str(), status), (crate::STATUS, "", 0), "{enough}");
    }
}

#[test]
fn a_server_that_ends_before_it_has_taken_the_connection_refuses_it() {
    let folder = Folder::new();
    let url = folder.url();
    for words in [&["version"][..], &["pid", "app"]] {
        let listener = UnixListener::bind(folder.socket()).unwrap();
        let client = folder.client(&url, words).stdout(Stdio::piped()).spawn().unwrap();
        // Its connection waits to be taken, and what nobody takes is reset.
        let mut waiting = [PollFd::new(listener.as_fd(), PollFlags::POLLIN)];
        assert_eq!(poll(&mut waiting, PollTimeout::from(60_000_u16)), Ok(1));
        drop(listener);
        std::fs::remove_file(folder.socket()).unwrap();
        let output = client.wait_with_output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{url} refused connection\n"), "{words:?}");
        assert_eq!(output.status.code(), Some(4));
    }
}
