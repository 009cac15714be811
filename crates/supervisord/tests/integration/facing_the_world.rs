//! Servers that strangers can reach: what opens them, what is refused at the start, and which namespaces there are.

use crate::support::{TestDaemon, testing_the_original};

const SUPERVISOR_NAMESPACE: &str = "[rpcinterface:supervisor]";

#[test]
fn open_door_is_allowed_by_the_administrators_word() {
    let mut daemon = TestDaemon::started("[inet_http_server]\nport=*:{port}\nallow_insecure=true\n");
    assert!(std::net::TcpStream::connect(("127.0.0.1", daemon.port())).is_ok());
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
