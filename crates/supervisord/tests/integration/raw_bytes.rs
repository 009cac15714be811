//! Bytes that are no UTF-8, in folders, names of files, arguments and variables: they reach the program as they were.

#![expect(clippy::disallowed_methods, reason = "the test program is no supervisor: std may run programs")]

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::process::Command;

use crate::support::{TestDaemon, supervisorctl, supervisord, testing_the_original, until};

const CONFIGURATION: &str = "[supervisord]
logfile=%(here)s/main.log
pidfile=%(here)s/s.pid
nodaemon=true
[unix_http_server]
file=%(here)s/s.sock
[supervisorctl]
serverurl=unix://%(here)s/s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[program:w]
command=/bin/sh -c 'printf %%s \"$1\" > argument; printf %%s \"$OWN\" > own; printf %%s \"$RAW\" > inherited; \
pwd | tr -d \"\\n\" > folder; echo said; exec sleep 1000' sh %(ENV_RAW)s
environment=OWN=\"%(ENV_RAW)s %(here)s\"
directory=%(here)s/%(ENV_RAW)s
stdout_logfile=%(here)s/%(ENV_RAW)s.log
[include]
files=%(here)s/conf.d/*.conf
";

/// Latin-1, half of a character, and the bytes that no text has.
const RAW: &[u8] = b"caf\xe9-\xc3-\xff\xfe";

/// N99
#[test]
fn bytes_that_are_no_text_reach_the_program_as_they_were() {
    if testing_the_original() {
        return; // it takes them, too, but its answers break off
    }
    let daemon = TestDaemon::prepared("");
    let folder = daemon.path("x").with_file_name(OsStr::from_bytes(RAW));
    let inner = folder.join(OsStr::from_bytes(RAW));
    fs::create_dir_all(&inner).expect("a folder");
    fs::create_dir_all(folder.join("conf.d")).expect("a folder");
    let included = folder.join("conf.d").join(OsStr::from_bytes(b"\xe9.conf"));
    fs::write(included, "[program:included]\ncommand=/bin/sleep 1000\nstartsecs=0\n").expect("a file");
    fs::write(folder.join("s.conf"), CONFIGURATION.replace("\\\n", "")).expect("a file");
    for relative in [false, true] {
        let configuration = if relative { PathBuf::from("s.conf") } else { folder.join("s.conf") };
        let mut command = Command::new(supervisord());
        daemon.mark().put_on(&mut command);
        let mut supervisord = command
            .arg("-c")
            .arg(configuration)
            .current_dir(&folder)
            .env("RAW", OsStr::from_bytes(RAW))
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("it is there");
        let read = |name: &str| until(name, || fs::read(inner.join(name)).ok().filter(|bytes| !bytes.is_empty()));
        let here = folder.as_os_str().as_bytes();
        assert_eq!(read("folder"), inner.as_os_str().as_bytes());
        assert_eq!(read("argument"), RAW);
        assert_eq!(read("inherited"), RAW);
        assert_eq!(read("own"), [RAW, b" ", here].concat());
        let log = folder.join(OsString::from_vec([RAW, b".log"].concat()));
        until("the log", || fs::read(&log).ok().filter(|bytes| bytes == b"said\n"));
        // Answers stay well-formed.
        let answer = until("an answer", || info(&folder));
        assert!(answer.contains("included") && answer.contains("</methodResponse>"), "{answer}");
        let client = Command::new(supervisorctl())
            .arg("-c")
            .arg(folder.join("s.conf"))
            .args(["tail", "w"])
            .env("RAW", OsStr::from_bytes(RAW))
            .output()
            .expect("it is there");
        assert_eq!(client.stdout, b"said\n\n", "{client:?}");
        assert!(fs::read(folder.join("main.log")).is_ok_and(|log| !log.is_empty()));
        nix::sys::signal::kill(
            nix::unistd::Pid::from_raw(i32::try_from(supervisord.id()).expect("a pid")),
            nix::sys::signal::Signal::SIGTERM,
        )
        .expect("it runs");
        assert!(supervisord.wait().expect("it ends").success());
        for name in ["folder", "argument", "inherited", "own"] {
            fs::remove_file(inner.join(name)).expect("it was written");
        }
        fs::remove_file(log).expect("it was written");
    }
}

/// `getAllConfigInfo` through the socket in the folder.
fn info(folder: &std::path::Path) -> Option<String> {
    use std::io::{Read, Write};
    let body = "<?xml version='1.0'?><methodCall><methodName>supervisor.getAllConfigInfo</methodName></methodCall>";
    let mut socket = std::os::unix::net::UnixStream::connect(folder.join("s.sock")).ok()?;
    let length = body.len();
    write!(socket, "POST /RPC2 HTTP/1.0\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\n\r\n{body}").ok()?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer).ok()?;
    Some(answer)
}
