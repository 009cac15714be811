//! Calls of methods: answers, late ones, faults, types, what introspection says; and clients that leave.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use super::{daemon_with, fault, wait_for_another};
use crate::support::{TestDaemon, Value, free_port, raw_http, send_signal, until};

#[test]
fn a_method_answers_from_the_first_call_on_and_introspection_knows_it() {
    let mut daemon = daemon_with("depth=%(here)s/7\nALPHA=one", "");
    // The very first call is not too early.
    let echoed = daemon.call("w.echo", &[5.into(), "é☃ <&>".into(), true.into(), Value::Array(vec![])]);
    let expected = Value::Array(vec![5.into(), "é☃ <&>".into(), true.into(), Value::Array(vec![])]);
    assert_eq!(echoed, Ok(expected));
    let told = daemon.call("w.told", &[]).unwrap();
    assert_eq!((told["protocol"].as_int(), told["kind"].as_text(), told["name"].as_text()), (1, "rpcinterface", "w"));
    assert_eq!(told["identifier"].as_text(), "test");
    assert_eq!(told["config"]["depth"].as_text(), daemon.filled_in("{dir}/7"));
    assert_eq!(told["config"]["alpha"].as_text(), "one");
    let Value::Struct(config) = &told["config"] else { panic!("{told:?}") };
    assert_eq!(config.len(), 2, "options of a program are not its own");

    let Value::Array(names) = daemon.call("system.listMethods", &[]).unwrap() else { panic!("a list") };
    let names: Vec<&str> = names.iter().map(Value::as_text).collect();
    assert!(names.contains(&"w.echo") && names.contains(&"supervisor.getState") && names.is_sorted(), "{names:?}");
    let help = daemon.call("system.methodHelp", &["w.slow".into()]).unwrap();
    assert_eq!(help.as_text(), "Does what slow says.");
    assert_eq!(daemon.call("system.methodHelp", &["w.say".into()]), Ok("None".into()));
    let signature = daemon.call("system.methodSignature", &["w.slow".into()]).unwrap();
    assert_eq!(signature, Value::Array(["string", "double", "string"].map(Value::from).to_vec()));
    for method in ["w.fault", "w.nosuch", "nosuch.x"] {
        assert_eq!(fault(&daemon, "system.methodSignature", &[method.into()]).0, 4, "{method}");
    }
    for method in ["w.nosuch", "w._hidden", "w.", "w", "x.echo"] {
        assert_eq!(fault(&daemon, method, &[]).0, 1, "{method}");
    }
    daemon.stop();
}

#[test]
fn faults_are_the_extensions_own() {
    let mut daemon = daemon_with("", "");
    for (code, text) in [(4711, "OUT_OF_PAPER: tray 2"), (10, "BAD_NAME: x"), (-7, "")] {
        assert_eq!(fault(&daemon, "w.fault", &[code.into(), text.into()]), (code, text.to_owned()));
    }
    let (code, text) = fault(&daemon, "w.fault", &[(-32602).into(), "two arguments".into()]);
    assert_eq!((code, &*text), (2, "INCORRECT_PARAMETERS: two arguments"));
    let (code, text) = fault(&daemon, "w.null", &[]);
    assert!(code == 30 && text.contains("with null, which XML-RPC does not have"), "{text}");
    daemon.stop();
}

#[test]
fn bytes_and_times_and_numbers_of_every_size_pass_both_ways() {
    let port = free_port();
    let mut daemon = daemon_with("", &format!("[inet_http_server]\nport=127.0.0.1:{port}\n"));
    let sent = "<value><dateTime.iso8601>20240229T12:30:01</dateTime.iso8601></value>";
    let values = "<value><i8>4294967296</i8></value><value><double>0.1</double></value>";
    let body = format!(
        "<methodCall><methodName>w.echo</methodName><params>{}</params></methodCall>",
        [sent, values].concat().replace("<value>", "<param><value>").replace("</value>", "</value></param>")
    );
    let request = format!(
        "POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = raw_http(port, &request).unwrap();
    for part in [sent, "<i8>4294967296</i8>", "<double>0.1</double>"] {
        assert!(answer.contains(part), "{part}: {answer}");
    }
    // What a client sends as base64 is a text if it is one, as in the original; bytes of an extension stay bytes.
    let bytes = "<value><base64>\nAP8=\n</base64></value>";
    let body = "<methodCall><methodName>w.bytes</methodName></methodCall>";
    let request = format!(
        "POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = raw_http(port, &request).unwrap();
    assert!(answer.contains(bytes), "{answer}");
    daemon.stop();
}

#[test]
fn answers_come_late_and_in_any_order() {
    let mut daemon = daemon_with("", "");
    daemon.call("w.pid", &[]).unwrap();
    thread::scope(|scope| {
        let waiting: Vec<_> = (0..5).map(|_| scope.spawn(|| daemon.call("w.hold", &[]).unwrap().as_int())).collect();
        // Released when all of them are there: the last comes first.
        until("all five were answered", || {
            daemon.call("w.release", &[]).unwrap();
            waiting.iter().all(thread::ScopedJoinHandle::is_finished).then_some(())
        });
        let mut ids: Vec<i64> = waiting.into_iter().map(|call| call.join().unwrap()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 5, "each has an answer of its own");
    });
    daemon.stop();
}

#[test]
#[expect(clippy::disallowed_methods, reason = "it is about how long others wait")]
fn a_method_that_takes_five_seconds_holds_up_nothing() {
    let mut daemon = daemon_with("", "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n");
    daemon.wait_for_state("cat", "RUNNING");
    daemon.call("w.pid", &[]).unwrap();
    let (mut worst, mut calls) = (Duration::ZERO, 0);
    thread::scope(|scope| {
        let slow = scope.spawn(|| {
            let begin = Instant::now();
            (daemon.call("w.slow", &[5.into(), "late".into()]), begin.elapsed())
        });
        while !slow.is_finished() {
            let begin = Instant::now();
            assert_eq!(daemon.call("supervisor.getState", &[]).unwrap()["statename"].as_text(), "RUNNING");
            daemon.call("w.echo", &[]).unwrap();
            worst = worst.max(begin.elapsed());
            calls += 1;
        }
        let (answer, took) = slow.join().unwrap();
        assert_eq!(answer, Ok("late".into()));
        assert!(took >= Duration::from_secs(5), "{took:?}");
    });
    assert!(calls > 100, "{calls} calls meanwhile");
    assert!(worst < Duration::from_secs(2), "one of {calls} took {worst:?}");
    daemon.stop();
}

#[test]
fn a_thousand_slow_calls_at_once_are_all_answered_and_one_more_than_1024_is_refused_at_once() {
    let caller = "[rpcinterface:caller]\ncommand=python3 {dir}/worker.py\n";
    let mut daemon = daemon_with("stdout_logfile={dir}/w.log", caller);
    let pid = daemon.call("w.pid", &[]).unwrap();
    // Servers have fewer connections than that, so another extension asks for them, all at once.
    let many = |count: i64, method: &str, arguments: Vec<Value>| {
        let answer = daemon.call("caller.many", &[count.into(), method.into(), Value::Array(arguments)]).unwrap();
        (answer["results"].as_int(), answer["faults"].as_int())
    };
    assert_eq!(many(1_000, "w.slow", vec![1.into(), "x".into()]), (1_000, 0));
    thread::scope(|scope| {
        let held = scope.spawn(|| many(1_024, "w.hold", vec![]));
        daemon.wait_for_text("w.log", "held 1024\n");
        assert_eq!(fault(&daemon, "w.echo", &[]), (30, "FAILED: 1024 calls are open already".to_owned()));
        assert_eq!(daemon.call("caller.echo", &[]), Ok(Value::Array(vec![])), "each extension has its own");
        send_signal("USR1", &pid.as_int().to_string());
        assert_eq!(held.join().unwrap(), (1_024, 0));
    });
    daemon.call("w.echo", &[]).unwrap();
    daemon.stop();
}

#[test]
fn a_multicall_mixes_extensions_and_methods_that_are_built_in() {
    let mut daemon = daemon_with("", "");
    let call = |method: &str, params: Vec<Value>| {
        super::structure(&[("methodName", method.into()), ("params", Value::Array(params))])
    };
    let calls = vec![
        call("w.slow", vec![1.into(), "late".into()]),
        call("supervisor.getState", vec![]),
        call("w.fault", vec![10.into(), "BAD_NAME: x".into()]),
        call("w.nosuch", vec![]),
        call("w.echo", vec!["x".into()]),
    ];
    let Value::Array(answers) = daemon.call("system.multicall", &[Value::Array(calls)]).unwrap() else {
        panic!("an array")
    };
    assert_eq!(answers[0], "late".into());
    assert_eq!(answers[1]["statename"].as_text(), "RUNNING");
    assert_eq!(answers[2]["faultCode"].as_int(), 10);
    assert_eq!(answers[3]["faultCode"].as_int(), 1);
    assert_eq!(answers[4], Value::Array(vec!["x".into()]));
    daemon.stop();
}

#[test]
fn a_client_that_leaves_has_its_call_cancelled() {
    let mut daemon = daemon_with("", "");
    daemon.call("w.pid", &[]).unwrap();
    let client = client_of(&daemon, "w.never");
    drop(client);
    until("the extension was told", || {
        let Value::Array(cancelled) = daemon.call("w.cancelled", &[]).unwrap() else { panic!("an array") };
        (cancelled.len() == 1).then_some(())
    });
    daemon.stop();
}

#[test]
fn killed_in_the_middle_of_a_call_it_fails_those_that_are_open_and_comes_again() {
    let mut daemon = daemon_with("", "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n");
    daemon.wait_for_state("cat", "RUNNING");
    let before = daemon.call("w.pid", &[]).unwrap().as_int();
    let cat = daemon.pid_of("cat");
    thread::scope(|scope| {
        let open: Vec<_> = (0..3).map(|_| scope.spawn(|| fault(&daemon, "w.never", &[]))).collect();
        assert_eq!(fault(&daemon, "w.die", &[]), (30, "FAILED: extension w ended during the call".to_owned()));
        for call in open {
            let (code, text) = call.join().unwrap();
            assert!(code == 30 && text.starts_with("FAILED: extension w "), "{text}");
        }
    });
    wait_for_another(&daemon, before);
    assert_eq!(daemon.pid_of("cat"), cat);
    daemon.stop();
}

/// A client that calls a method without arguments and does not wait for the answer.
fn client_of(daemon: &TestDaemon, method: &str) -> UnixStream {
    let body = format!("<methodCall><methodName>{method}</methodName></methodCall>");
    let request = format!("POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let mut client = UnixStream::connect(daemon.path("s.sock")).expect("it listens");
    client.write_all(request.as_bytes()).expect("it reads");
    client
}
