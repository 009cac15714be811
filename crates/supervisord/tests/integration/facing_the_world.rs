//! Servers that strangers can reach: what is refused at the start and at a reread, and which namespaces there are.

use std::os::unix::net::UnixStream;
use std::path::Path;

use crate::support::{TestDaemon, testing_the_original};

const SUPERVISOR_NAMESPACE: &str = "[rpcinterface:supervisor]";

/// The text of the refusal, for a server of `main.conf` at this line.
fn refusal(port: u16, line: usize) -> String {
    format!(
        "[inet_http_server] listens on every address, port {port}, where other machines can reach it, and asks for no \
         password, so that anybody there could start, stop and remove programs (file {{dir}}/supervisord.conf, line \
         {line}). Set username= and password= in [inet_http_server]; or listen on this machine alone with \
         port=127.0.0.1:{port} or a [unix_http_server]; or, if something else keeps strangers away, set \
         allow_insecure=true in [inet_http_server]"
    )
}

/// The line of the configuration, from 1, that begins so.
fn line_of(daemon: &TestDaemon, begin: &str) -> usize {
    let text = daemon.read("supervisord.conf");
    text.lines().position(|line| line.starts_with(begin)).expect("the line is there") + 1
}

#[test]
fn open_door_is_refused_before_anything_is_touched() {
    if testing_the_original() {
        return;
    }
    let daemon = TestDaemon::prepared("[inet_http_server]\nport=*:{port}\n");
    let ended = daemon.run(&["-n", "-c", "{dir}/supervisord.conf"]);
    let expected = daemon.filled_in(&refusal(daemon.port(), line_of(&daemon, "port=")));
    assert!(ended.stderr.starts_with(&format!("Error: {expected}\n")), "{}", ended.stderr);
    assert_eq!(ended.status, 2);
    assert!(!Path::new(&daemon.path("supervisord.log")).exists(), "no log was begun");
}

#[test]
fn open_door_is_allowed_by_the_administrators_word() {
    let mut daemon = TestDaemon::started("[inet_http_server]\nport=*:{port}\nallow_insecure=true\n");
    assert!(std::net::TcpStream::connect(("127.0.0.1", daemon.port())).is_ok());
    daemon.stop();
}

#[test]
fn open_door_in_a_reread_is_refused_and_everything_keeps_running() {
    if testing_the_original() {
        return;
    }
    let mut daemon = TestDaemon::started("[program:a]\ncommand=/bin/sleep 1000\nstartsecs=0\n");
    daemon.wait_for_state("a", "RUNNING");
    let pid = daemon.pid_of("a");
    daemon.configure_also("[inet_http_server]\nport=*:{port}\n");
    let reread = daemon.call("supervisor.reloadConfig", &[]).unwrap_err();
    assert!(reread.text.starts_with("CANT_REREAD: [inet_http_server] listens on every address"), "{}", reread.text);
    daemon.signal("HUP");
    daemon.wait_for_log("[inet_http_server] listens on every address");
    assert_eq!(daemon.pid_of("a"), pid);
    daemon.stop();
}

#[test]
fn without_the_section_the_client_says_that_the_namespace_is_missing() {
    let mut daemon = TestDaemon::prepared("");
    let configuration = daemon.read("supervisord.conf");
    let (before, after) = configuration.split_once(SUPERVISOR_NAMESPACE).expect("it is there");
    let after = after.trim_start().split_once('\n').map_or("", |(_factory, rest)| rest);
    daemon.write("supervisord.conf", &format!("{before}\n{after}"));
    daemon.launch(&["-n"]);
    daemon.wait_for_log("supervisord started with pid");
    let status = daemon.ctl(&["status"]);
    assert!(status.stdout.starts_with("Sorry, supervisord responded but did not recognize"), "{}", status.stdout);
    assert!(daemon.call("system.listMethods", &[]).is_ok());
    assert_eq!(daemon.call("supervisor.getState", &[]).unwrap_err().text, "UNKNOWN_METHOD");
    daemon.stop();
}

/// Of `password`; from the tests of the reference implementation.
const ARGON2: &str = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

#[test]
fn argon2_hash_in_the_configuration_admits_whoever_knows_the_password() {
    if testing_the_original() {
        return;
    }
    let server = format!("[inet_http_server]\nport=*:{{port}}\nusername=u\npassword={ARGON2}\n");
    let mut daemon = TestDaemon::started(&server);
    let url = format!("http://127.0.0.1:{}", daemon.port());
    let version = |password: &str| daemon.ctl(&["-s", &url, "-u", "u", "-p", password, "version"]);
    for _ in 0..2 {
        assert_eq!(version("password").stdout, format!("{}\n", env!("CARGO_PKG_VERSION")));
        assert_ne!(version("wrong").status, 0);
    }
    daemon.stop();
}

#[test]
fn bad_argon2_hash_is_refused_without_being_shown() {
    if testing_the_original() {
        return;
    }
    let daemon = TestDaemon::prepared("[inet_http_server]\nport={port}\nusername=u\npassword=$argon2id$v=19$secret\n");
    let ended = daemon.run(&["-n", "-c", "{dir}/supervisord.conf"]);
    let expected = "Error: password= in [inet_http_server] is no argon2 hash, though it looks like one: it is not \
                    $argon2id$v=19$m=…,t=…,p=…$salt$hash (file {dir}/supervisord.conf)\n";
    assert!(ended.stderr.starts_with(&daemon.filled_in(expected)), "{}", ended.stderr);
    assert_eq!(ended.status, 2);
}

#[test]
fn out_of_descriptors_idle_connections_make_room_and_the_log_stays_short() {
    const LIMIT: usize = 40;
    if testing_the_original() {
        return;
    }
    let mut daemon = TestDaemon::prepared(&format!("[supervisord]\nminfds={LIMIT}\n"));
    let script = format!("ulimit -n {LIMIT}; exec \"$@\"");
    daemon.launch_by(&["/bin/sh", "-c", &script, "sh"]);
    daemon.wait_until_it_answers();
    let idle: Vec<UnixStream> =
        (0..2 * LIMIT).map(|_| UnixStream::connect(daemon.path("s.sock")).expect("it listens")).collect();
    daemon.wait_for_log("unix_http_server cannot accept a connection: Too many open files");
    for _ in 0..3 {
        assert!(daemon.call("supervisor.getState", &[]).is_ok());
    }
    drop(idle);
    assert!(daemon.call("supervisor.getState", &[]).is_ok());
    let told = daemon.log_lines("cannot accept a connection").len();
    assert!(told <= 2 * LIMIT, "{told} lines: no more than there were connections");
    daemon.stop();
}
