//! Extensions that break the protocol or the rules of good behaviour: each is cut off with a line that says why, comes
//! again, and nobody else notices anything.

use std::fs;
use std::thread;

use super::{CUT_OFF, configuration, daemon_with, fault, wait_for_another};
use crate::support::{TestDaemon, Value, peak_kilobytes, resident_kilobytes, send_signal, until};

/// A script around what an extension does after its handshake: `wire` is the socket, `lines` what it reads.
const BEGINNING: &str = "import json, os, socket, sys, time
wire = socket.socket(fileno=int(os.environ['SUPERVISOR_EXT_FD']))
lines = wire.makefile('r', encoding='utf-8')
def send(text):
    wire.sendall(text.encode() + b'\\n')
def ready():
    lines.readline()
    send('{\"jsonrpc\": \"2.0\", \"id\": 1, \"result\": {\"methods\": [{\"name\": \"x\"}]}}')
def asked():
    return json.loads(lines.readline())['id']
";

/// A daemon with a program and the extension `bad`, which behaves so.
fn with(behaviour: &str) -> TestDaemon {
    let section = "[rpcinterface:bad]\ncommand=python3 {dir}/bad.py\nstopwaitsecs=1\n";
    let mut daemon = TestDaemon::prepared(&format!("{section}[program:cat]\ncommand=/bin/cat\nstartsecs=0\n"));
    daemon.write("bad.py", &format!("{BEGINNING}{behaviour}"));
    daemon.start();
    daemon.wait_for_state("cat", "RUNNING");
    daemon
}

/// Waits for the line that says why, and for the next life; the daemon is as it was.
fn assert_cut_off(daemon: &mut TestDaemon, why: &str) {
    let cat = daemon.pid_of("cat");
    until("it is cut off", || {
        let lines = daemon.log_lines(CUT_OFF);
        assert!(lines.iter().all(|line| line.contains(why)), "{lines:?}");
        (!lines.is_empty()).then_some(())
    });
    until("it is started again", || (daemon.log_lines("spawned: 'rpcinterface.bad'").len() >= 2).then_some(()));
    assert_eq!(daemon.pid_of("cat"), cat);
    let state = daemon.call("supervisor.getState", &[]).expect("it answers");
    assert_eq!(state["statename"].as_text(), "RUNNING");
    daemon.stop();
}

#[test]
fn garbage() {
    let mut daemon = with("ready()\nasked()\nsend('hello \\x1b[31m')\ntime.sleep(1000)\n");
    assert_eq!(fault(&daemon, "bad.x", &[]), (30, "FAILED: extension bad ended during the call".to_owned()));
    assert_cut_off(&mut daemon, "it wrote a line that is no message: ");
}

#[test]
fn bytes_that_are_no_text() {
    let mut daemon =
        with("ready()\nwire.sendall(b'{\"jsonrpc\": \"2.0\", \"method\": \"\\xff\"}\\n')\ntime.sleep(1000)\n");
    assert_cut_off(&mut daemon, "it wrote a line that is no message: ");
}

#[test]
fn two_answers_for_one_id() {
    let mut daemon = with(
        "ready()\nid = asked()\nsend('{\"jsonrpc\": \"2.0\", \"id\": %d, \"result\": 5}' % id)\n\
         send('{\"jsonrpc\": \"2.0\", \"id\": %d, \"result\": 5}' % id)\ntime.sleep(1000)\n",
    );
    assert_eq!(daemon.call("bad.x", &[]), Ok(5.into()));
    assert_cut_off(&mut daemon, "it answered 2 twice or was never asked it");
}

#[test]
fn no_handshake() {
    let mut daemon = with("time.sleep(1000)\n");
    // Whoever calls waits no longer than it may take, and others not at all.
    thread::scope(|scope| {
        let waiting = scope.spawn(|| fault(&daemon, "bad.x", &[]));
        while !waiting.is_finished() {
            daemon.call("supervisor.getState", &[]).unwrap();
        }
        assert_eq!(waiting.join().unwrap(), (30, "FAILED: extension bad is not ready".to_owned()));
    });
    assert_cut_off(&mut daemon, "it has not answered initialize within 10 s");
}

#[test]
fn a_handshake_that_is_refused_or_wrong() {
    for (answer, why) in [
        ("\"error\": {\"code\": 1, \"message\": \"too old\"}", "it refused initialize: 1 too old"),
        (
            "\"result\": {\"methods\": [{\"name\": \"_x\"}]}",
            "its answer to initialize has a method with the name \"_x\"",
        ),
    ] {
        let behaviour =
            format!("lines.readline()\nsend('{{\"jsonrpc\": \"2.0\", \"id\": 1, {answer}}}')\ntime.sleep(1000)\n");
        assert_cut_off(&mut with(&behaviour), why);
    }
}

#[test]
fn a_question_before_the_handshake_is_answered() {
    let mut daemon = with("send('{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"sup.state\"}')\ntime.sleep(1000)\n");
    assert_cut_off(&mut daemon, "it asked for sup.state before it answered initialize");
}

#[test]
fn an_endless_line() {
    let mut daemon = with("ready()\npiece = b'x' * (1 << 20)\nwhile True:\n    wire.sendall(piece)\n");
    let before = resident_kilobytes(daemon.program().pid());
    until("it is cut off", || (!daemon.log_lines(CUT_OFF).is_empty()).then_some(()));
    let peak = peak_kilobytes(daemon.program().pid());
    assert!(peak < before + 80 * 1024, "{before} kB before, {peak} kB at most");
    assert_cut_off(&mut daemon, "a line is longer than 16777216 bytes");
}

#[test]
fn values_in_values_and_too_many_of_them() {
    for line in ["'[' * 1000000", "'{\"a\": ' * 100", "'[' + '0,' * 100000 + '0]'"] {
        let mut daemon = with(&format!("ready()\nsend({line})\ntime.sleep(1000)\n"));
        assert_cut_off(&mut daemon, "it wrote a line that is no message: ");
    }
}

#[test]
fn an_exit_at_the_start() {
    let mut daemon = with("sys.exit(7)\n");
    daemon.wait_for_log("exited: rpcinterface.bad (exit status 7; not expected)");
    until("it is tried again and again", || (daemon.log_lines("spawned: 'rpcinterface.bad'").len() >= 3).then_some(()));
    assert_eq!(fault(&daemon, "bad.x", &[]), (30, "FAILED: extension bad is not ready".to_owned()));
    assert!(daemon.log_lines("FATAL").is_empty());
    daemon.stop();
}

#[test]
fn the_end_of_its_channel_while_it_lives() {
    let mut daemon = with("ready()\nlines.close()\nwire.close()\ntime.sleep(1000)\n");
    assert_cut_off(&mut daemon, "it closed its channel and lives on");
}

#[test]
fn one_that_never_reads() {
    // It asks for much in few words, so that it is no flood, and takes nothing of it.
    let mut daemon = with(
        "ready()\nnumber = 0\ncalls = [{'methodName': 'system.listMethods', 'params': []}] * 8\nwhile True:\n    \
         number += 1\n    send(json.dumps({'jsonrpc': '2.0', 'id': number, 'method': 'sup.call', \
         'params': {'method': 'system.multicall', 'params': [calls]}}))\n",
    );
    let before = resident_kilobytes(daemon.program().pid());
    until("it is cut off", || (!daemon.log_lines(CUT_OFF).is_empty()).then_some(()));
    let peak = peak_kilobytes(daemon.program().pid());
    assert!(peak < before + 160 * 1024, "{before} kB before, {peak} kB at most");
    assert_cut_off(&mut daemon, "it does not read, 33554432 bytes wait for it");
}

#[test]
fn a_flood_of_requests_whose_answers_are_read() {
    let mut daemon = with(
        "ready()\nimport threading\n\
         def drain():\n    while wire.recv(1 << 16):\n        pass\n\
         threading.Thread(target=drain, daemon=True).start()\n\
         number = 0\nwhile True:\n    number += 100\n    \
         send('\\n'.join('{\"id\": %d, \"method\": \"sup.state\"}' % (number + n) for n in range(100)))\n",
    );
    let before = resident_kilobytes(daemon.program().pid());
    until("it is cut off", || {
        assert_eq!(daemon.call("supervisor.getState", &[]).unwrap()["statename"].as_text(), "RUNNING");
        (!daemon.log_lines(CUT_OFF).is_empty()).then_some(())
    });
    let peak = peak_kilobytes(daemon.program().pid());
    assert!(peak < before + 64 * 1024, "{before} kB before, {peak} kB at most");
    assert_cut_off(&mut daemon, "it floods supervisord with more than 2000 messages a second");
}

#[test]
fn a_flood_of_notifications_or_of_nothing() {
    for line in ["{\"method\": \"later\"}", ""] {
        let mut daemon = with(&format!("ready()\nwhile True:\n    send('{line}\\n' * 1000)\n"));
        assert_cut_off(&mut daemon, "it floods supervisord with more than 2000 messages a second");
    }
}

#[test]
fn sigstop_keeps_its_callers_waiting_and_nobody_else() {
    let mut daemon = daemon_with("", "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n");
    let pid = daemon.call("w.pid", &[]).unwrap().as_int();
    send_signal("STOP", &pid.to_string());
    thread::scope(|scope| {
        let waiting = scope.spawn(|| daemon.call("w.echo", &["late".into()]));
        for _ in 0..100 {
            daemon.call("supervisor.getState", &[]).unwrap();
        }
        assert!(!waiting.is_finished());
        send_signal("CONT", &pid.to_string());
        assert_eq!(waiting.join().unwrap(), Ok(Value::Array(vec!["late".into()])));
    });
    assert_eq!(daemon.call("w.pid", &[]).unwrap().as_int(), pid);
    // A stop gets through to one that is stopped: SIGKILL does.
    send_signal("STOP", &pid.to_string());
    daemon.stop();
}

#[test]
fn killed_while_a_child_of_it_holds_the_channel() {
    let mut daemon = with(
        "ready()\nos.set_inheritable(wire.fileno(), True)\n\
         os.posix_spawn('/bin/sleep', ['sleep', '1000'], os.environ)\nasked()\nos.kill(os.getpid(), 9)\n",
    );
    assert_eq!(fault(&daemon, "bad.x", &[]), (30, "FAILED: extension bad ended during the call".to_owned()));
    until("it is started again", || (daemon.log_lines("extension bad is ready").len() >= 2).then_some(()));
    daemon.mark().end_all();
    daemon.program().wait_for_end();
}

#[test]
fn pauses_grow_for_one_that_is_cut_off_again_and_again() {
    let mut daemon = with("ready()\nsend('no')\ntime.sleep(1000)\n");
    until("it was cut off three times", || (daemon.log_lines(CUT_OFF).len() >= 3).then_some(()));
    let log = daemon.log();
    let spawned = log.matches("spawned: 'rpcinterface.bad'").count();
    assert!(spawned <= 4, "{spawned} starts:\n{log}");
    daemon.stop();
}

#[test]
fn a_good_one_beside_bad_ones_is_not_touched() {
    let mut daemon = daemon_with("", "[rpcinterface:bad]\ncommand=/bin/sh -c \"echo no >&3; exec sleep 1000\"\n");
    let pid = daemon.call("w.pid", &[]).unwrap();
    daemon.configure(&configuration("", "[rpcinterface:bad]\ncommand=/bin/false\n"));
    daemon.ctl(&["update"]);
    assert_eq!(daemon.call("w.pid", &[]), Ok(pid.clone()));
    wait_for_another(&daemon, 0);
    assert_eq!(daemon.call("w.pid", &[]), Ok(pid));
    assert!(fs::metadata(daemon.path("supervisord.log")).unwrap().len() < 1 << 20);
    daemon.stop();
}
