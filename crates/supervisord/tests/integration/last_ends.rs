//! How the last life of each process ended is known, restarted or not, and so is what a listener said when it broke the
//! protocol: in `/api/v1/processes`, the event stream, `status --format json|wide` and `events --stats`.

use serde_json::Value as Json;

use crate::support::{TestDaemon, send_signal, testing_the_original, until};

/// What `status --format json` says of a process.
fn told(daemon: &TestDaemon, process: &str) -> Json {
    let listed = daemon.ctl(&["status", "--format", "json", process]);
    let document: Json = serde_json::from_str(&listed.stdout).unwrap_or_else(|error| panic!("{error}: {listed:?}"));
    document[0].clone()
}

#[test]
fn every_process_that_has_ended_says_how() {
    if testing_the_original() {
        return; // there are no such commands
    }
    let mut daemon = TestDaemon::started(
        "[program:done]
command=/bin/sh -c \"exit 3\"
startsecs=0
autorestart=false
[program:quick]
command=/bin/sh -c \"exit 4\"
startretries=0
[program:again]
command=/bin/sleep 1000
startsecs=0
[program:never]
command=/bin/sleep 1000
autostart=false
[program:stopped]
command=/bin/sleep 1000
startsecs=0
",
    );
    daemon.wait_for_state("done", "EXITED");
    daemon.wait_for_state("quick", "FATAL");
    daemon.wait_for_state("again", "RUNNING");
    daemon.wait_for_state("stopped", "RUNNING");
    let killed = daemon.pid_of("again");
    send_signal("SEGV", &killed.to_string());
    until("it runs again", || (daemon.pid_of("again") != killed).then_some(()));
    daemon.wait_for_state("again", "RUNNING");
    assert_eq!(daemon.ctl(&["stop", "stopped"]).status, 0);

    for (process, exit) in [
        ("done", r#"{"code": 3, "expected": false}"#),
        ("quick", r#"{"code": 4, "expected": false}"#),
        ("again", r#"{"signal": "SIGSEGV", "expected": false}"#),
        ("stopped", r#"{"signal": "SIGTERM", "expected": false}"#),
    ] {
        let expected: Json = serde_json::from_str(exit).expect("it is JSON");
        let said = told(&daemon, process);
        for (name, value) in expected.as_object().expect("an object") {
            assert_eq!(said["exit"][name], *value, "{process}: {said}");
        }
        assert!(said["exit"]["ran"].as_f64().is_some_and(|seconds| seconds < 60.0), "{said}");
    }
    assert_eq!(told(&daemon, "never")["exit"], Json::Null);
    let wide = daemon.ctl(&["status", "--format", "wide", "again"]).stdout;
    assert!(wide.contains("  SIGSEGV  "), "{wide}");
    daemon.stop();
}

#[test]
fn listener_that_broke_the_protocol_is_seen_and_its_words_are_told() {
    if testing_the_original() {
        return; // there are no such commands
    }
    let mut daemon = TestDaemon::started(
        "[eventlistener:chatty]
command=/bin/sh -c \"echo starting up; exec sleep 1000\"
events=TICK_60
startsecs=0
",
    );
    daemon.wait_for_log("has entered the UNKNOWN state");
    daemon.wait_for_log(r"WARN chatty: it wrote 'starting up\n' in the place of READY");
    let said = told(&daemon, "chatty");
    assert_eq!((&said["protocol_error"], &said["statename"]), (&r"starting up\n".into(), &"RUNNING".into()), "{said}");
    assert_eq!(said["event_pool"]["unknown"], 1, "{said}");
    let wide = daemon.ctl(&["status", "--format", "wide"]).stdout;
    assert!(wide.contains("broke the listener protocol: 'starting up"), "{wide}");
    let statistics = daemon.ctl(&["events", "--stats"]).stdout;
    assert!(statistics.contains("UNKNOWN"), "{statistics}");
    // Started anew, it has said nothing wrong yet, until it does so again.
    let before = daemon.pid_of("chatty");
    assert_eq!(daemon.ctl(&["restart", "chatty"]).status, 0);
    assert_ne!(daemon.pid_of("chatty"), before);
    until("the second breach", || (daemon.log().matches("in the place of READY").count() == 2).then_some(()));
    daemon.stop();
}
