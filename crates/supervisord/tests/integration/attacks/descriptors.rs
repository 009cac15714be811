//! Strangers that hold connections, of each kind, and what programs and requests have left of the descriptors.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;

use crate::support::{TestDaemon, testing_the_original, until};

/// How many descriptors supervisord has.
fn in_use(daemon: &mut TestDaemon) -> usize {
    let folder = format!("/proc/{}/fd", daemon.program().pid());
    fs::read_dir(folder).expect("it runs").count()
}

#[test]
fn idle_strangers_never_hold_what_a_restart_needs() {
    const LIMIT: usize = 100;
    if testing_the_original() {
        return;
    }
    let mut daemon = TestDaemon::prepared(&format!(
        "[supervisord]\nminfds={LIMIT}\n[inet_http_server]\nport=127.0.0.1:{{port}}\n\
         [program:a]\ncommand=/bin/sleep 1000\nstartsecs=0\nstartretries=0\nautorestart=true\n"
    ));
    daemon.launch_by(&["/bin/sh", "-c", &format!("ulimit -n {LIMIT}; exec \"$@\""), "sh"]);
    daemon.wait_until_it_answers();
    daemon.wait_for_state("a", "RUNNING");
    let mut held: Vec<TcpStream> = Vec::new();
    let mut socket_files = Vec::new();
    for begin in ["", "GET /mainl", "GET /mainlogtail HTTP/1.1\r\nHost: x\r\n\r\n", "GET /logtail/a HTTP/1.1\r\n\r\n"] {
        for _ in 0..LIMIT {
            let mut tcp = TcpStream::connect(("127.0.0.1", daemon.port())).expect("it listens");
            tcp.write_all(begin.as_bytes()).expect("it is taken");
            held.push(tcp);
            // Its queue may be full of those that are let in one by one.
            let mut file = UnixStream::connect(daemon.path("s.sock")).expect("it listens");
            drop(file.write_all(begin.as_bytes()));
            socket_files.push(file);
        }
        assert!(daemon.call("supervisor.getState", &[]).is_ok(), "requests are answered: {begin}");
        let pid = daemon.pid_of("a");
        crate::support::send_signal("KILL", &pid.to_string());
        until("it runs again", || {
            let info = daemon.info("a");
            assert_ne!(info["statename"], "FATAL".into(), "{begin:?}: {info:?}");
            (info["statename"] == "RUNNING".into() && info["pid"].as_int() != pid).then_some(())
        });
        let used = in_use(&mut daemon);
        assert!(used < LIMIT - 10, "{begin:?}: {used} are in use");
    }
    drop((held, socket_files));
    daemon.stop();
}

#[test]
fn half_a_handshake_makes_room() {
    if testing_the_original() {
        return;
    }
    let mut daemon = TestDaemon::prepared(
        "[supervisord]\nminfds=100\n[inet_http_server]\nport=127.0.0.1:{port}\ntls_cert=%(here)s/c.pem\ntls_key=%(here)s/k.pem\n",
    );
    daemon.write("c.pem", include_str!("../../tls/localhost.crt"));
    daemon.write("k.pem", include_str!("../../tls/localhost.key"));
    daemon.launch_by(&["/bin/sh", "-c", "ulimit -n 100; exec \"$@\"", "sh"]);
    daemon.wait_until_it_answers();
    let mut first = TcpStream::connect(("127.0.0.1", daemon.port())).expect("it listens");
    // The first bytes of a record of a handshake that is never finished.
    first.write_all(b"\x16\x03\x01\x02\x00").expect("it is taken");
    let others: Vec<_> = (0..100).map(|_| TcpStream::connect(("127.0.0.1", daemon.port()))).collect();
    assert!(matches!(first.read(&mut [0]), Ok(0) | Err(_)), "the one that was idle for longest has left");
    assert!(in_use(&mut daemon) < 90);
    drop(others);
    daemon.stop();
}

#[test]
fn out_of_descriptors_idle_connections_make_room_and_the_log_stays_short() {
    const CLIENTS: usize = 80;
    if testing_the_original() {
        return;
    }
    let mut daemon = TestDaemon::started("");
    let (pid, few) = (daemon.program().pid(), in_use(&mut daemon) + 4);
    let lowered = daemon.start_script(&format!("exec prlimit --pid={pid} --nofile={few}:")).wait_for_end();
    assert_eq!((lowered.status, lowered.stderr.as_str()), (0, ""), "prlimit of util-linux");
    let idle: Vec<UnixStream> =
        (0..CLIENTS).map(|_| UnixStream::connect(daemon.path("s.sock")).expect("it listens")).collect();
    daemon.wait_for_log("unix_http_server cannot accept a connection: Too many open files");
    for _ in 0..3 {
        assert!(daemon.call("supervisor.getState", &[]).is_ok());
    }
    drop(idle);
    assert!(daemon.call("supervisor.getState", &[]).is_ok());
    let told = daemon.log_lines("cannot accept a connection").len();
    assert!(told <= 2 * CLIENTS, "{told} lines: no more than there were connections");
    daemon.stop();
}
