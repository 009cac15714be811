//! Clients that are loose about types and headers, as many in the field are, over both transports; and the types that
//! strict ones rely on (reference/wants-and-peers.md §5, R1 to R8). True of the Python release as well.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;

use crate::support::TestDaemon;

const PROGRAMS: &str = "[inet_http_server]\nport=127.0.0.1:{port}\n\
    [program:cat]\ncommand=/bin/cat\nstartsecs=0\n\
    [program:teller]\ncommand=/bin/sh -c \"echo hello; exit 200\"\nstartsecs=0\nautorestart=false\n\
    [program:killed]\ncommand=/bin/sh -c \"kill -KILL $$\"\nstartsecs=0\nautorestart=false\n";

fn started() -> TestDaemon {
    let daemon = TestDaemon::started(PROGRAMS);
    daemon.wait_for_state("cat", "RUNNING");
    daemon.wait_for_state("teller", "EXITED");
    daemon.wait_for_state("killed", "EXITED");
    daemon
}

/// What is answered up to the end of the connection, over the socket file and over TCP.
#[track_caller]
fn answers(daemon: &TestDaemon, request: &str) -> [String; 2] {
    let mut unix = UnixStream::connect(daemon.path("s.sock")).expect("it listens");
    let mut tcp = TcpStream::connect(("127.0.0.1", daemon.port())).expect("it listens");
    [conversation(&mut unix, request), conversation(&mut tcp, request)]
}

fn conversation(stream: &mut (impl Read + Write), request: &str) -> String {
    stream.write_all(request.as_bytes()).expect("it is taken");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the connection ends in order");
    answer
}

fn call(method: &str, params: &str) -> String {
    format!("<?xml version='1.0'?><methodCall><methodName>{method}</methodName>{params}</methodCall>")
}

fn params(values: &[&str]) -> String {
    let values: Vec<String> = values.iter().map(|value| format!("<param><value>{value}</value></param>")).collect();
    format!("<params>{}</params>", values.concat())
}

/// A request with these lines in its head.
fn post(path: &str, version: &str, lines: &str, body: &str) -> String {
    format!("POST {path} HTTP/{version}\r\n{lines}Content-Length: {}\r\n\r\n{body}", body.len())
}

#[track_caller]
fn assert_answered(daemon: &TestDaemon, request: &str, expected: &str) {
    for answer in answers(daemon, request) {
        assert!(answer.contains(" 200 OK\r\n") && answer.contains(expected), "{request}\n{expected:?} in\n{answer}");
    }
}

#[test]
fn arguments_may_be_loosely_typed_or_left_out() {
    let mut daemon = started();
    let close = "Connection: close\r\n";
    let already_started = "<value><int>60</int></value>";
    for wait in
        ["<boolean>1</boolean>", "<int>1</int>", "<i4>0</i4>", "<string>1</string>", "1", "<double>1.0</double>"]
    {
        let body = call("supervisor.startProcess", &params(&["<string>cat</string>", wait]));
        assert_answered(&daemon, &post("/RPC2", "1.1", close, &body), already_started);
    }
    for name in ["<string>cat</string>", "cat", "<base64>Y2F0</base64>"] {
        let body = call("supervisor.startProcess", &params(&[name]));
        assert_answered(&daemon, &post("/RPC2", "1.1", close, &body), already_started);
    }
    for zero in ["<int>0</int>", "<i4>0</i4>", "<string>0</string>", "0"] {
        let body = call("supervisor.tailProcessStdoutLog", &params(&["teller", zero, "<int>5</int>"]));
        assert_answered(&daemon, &post("/RPC2", "1.1", close, &body), "<string>ello\n</string>");
    }
    for signal in ["<int>18</int>", "<i4>18</i4>", "<string>18</string>", "CONT"] {
        let body = call("supervisor.signalProcess", &params(&["cat", signal]));
        assert_answered(&daemon, &post("/RPC2", "1.1", close, &body), "<boolean>1</boolean>");
    }
    for none in ["", "<params/>", "<params></params>"] {
        let body = call("supervisor.getAPIVersion", none);
        assert_answered(&daemon, &post("/RPC2", "1.1", close, &body), "<string>3.0</string>");
    }
    daemon.stop();
}

#[test]
fn heads_may_say_what_they_like() {
    let mut daemon = started();
    let body = call("supervisor.getAPIVersion", "");
    let expected = "<string>3.0</string>";
    for lines in [
        "Host: unix\r\n",
        "Host: localhost\r\nContent-Type: text/xml\r\nAccept: text/xml\r\n",
        "Host: 127.0.0.1\r\nContent-Type: application/json\r\nAccept-Encoding: gzip\r\n",
        "Host: what.ever.example:1\r\nContent-Type: application/x-www-form-urlencoded\r\n",
        "User-Agent: x\r\nTE: trailers\r\n",
    ] {
        let closing = format!("{lines}Connection: close\r\n");
        assert_answered(&daemon, &post("/RPC2", "1.1", &closing, &body), expected);
        assert_answered(&daemon, &post("/RPC2", "1.0", lines, &body), expected);
    }
    for path in ["/RPC2", "/RPC2/", "/RPC2foo?x=y", "/RPC2/a/b"] {
        assert_answered(&daemon, &post(path, "1.0", "", &body), expected);
    }
    let kept = post("/RPC2", "1.0", "Connection: keep-alive\r\n", &body) + &post("/RPC2", "1.0", "", &body);
    for answer in answers(&daemon, &kept) {
        assert_eq!(answer.matches(expected).count(), 2, "{answer}");
    }
    daemon.stop();
}

#[test]
fn strict_clients_find_the_types_that_they_rely_on() {
    let mut daemon = started();
    let info = |name: &str| {
        let request = post("/RPC2", "1.0", "", &call("supervisor.getProcessInfo", &params(&[name])));
        let [unix, tcp] = answers(&daemon, &request);
        let members = |answer: &str| answer.split("<member>").skip(1).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(members(&unix).len(), 14, "no member more and none less: {unix}");
        assert_eq!(members(&tcp).len(), 14, "{tcp}");
        tcp
    };
    let running = info("cat");
    for name in ["name", "group", "description", "statename", "spawnerr", "logfile", "stdout_logfile", "stderr_logfile"]
    {
        assert!(running.contains(&format!("<name>{name}</name>\n<value><string>")), "{name}: {running}");
    }
    for name in ["start", "stop", "now", "state", "exitstatus", "pid"] {
        assert!(running.contains(&format!("<name>{name}</name>\n<value><int>")), "{name}: {running}");
    }
    assert!(running.contains("<name>exitstatus</name>\n<value><int>0</int></value>"), "{running}");
    assert!(info("teller").contains("<name>exitstatus</name>\n<value><int>200</int></value>"));
    assert!(info("killed").contains("<name>exitstatus</name>\n<value><int>-1</int></value>"));
    daemon.stop();
}
