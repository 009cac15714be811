//! Events by subscription: each once, in order, resumable, with told gaps.

use super::{ask, daemon_with};
use crate::support::{TestDaemon, Value, until};

const CAT: &str = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\nautostart=false\n";

/// What has come since it was asked last.
fn taken(daemon: &TestDaemon) -> Vec<Value> {
    let Value::Array(events) = daemon.call("w.events", &[]).expect("it answers") else { panic!("an array") };
    events
}

/// Waits until so many have come in all.
fn wait_for(daemon: &TestDaemon, count: usize) -> Vec<Value> {
    let mut events = Vec::new();
    until("they have come", || {
        events.extend(taken(daemon));
        (events.len() >= count).then_some(())
    });
    events
}

fn names(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["name"].as_text()).collect()
}

fn subscribe(daemon: &TestDaemon, event: &str, since: Option<i64>) -> Result<i64, (i64, String)> {
    let mut params = vec![("event", event.into())];
    params.extend(since.map(|since| ("since", since.into())));
    ask(daemon, "sup.subscribe", &params).map(|answer| answer["serial"].as_int())
}

#[test]
fn events_of_a_subscription_come_in_order_each_once_and_end_with_it() {
    let mut daemon = daemon_with("", CAT);
    daemon.wait_for_state("rpcinterface.w", "RUNNING");
    let serial = subscribe(&daemon, "process_state", None).unwrap();
    subscribe(&daemon, "PROCESS_STATE_RUNNING", None).unwrap();
    subscribe(&daemon, "PROCESS_GROUP", None).unwrap();
    daemon.call("supervisor.startProcess", &["cat".into()]).unwrap();
    let events = wait_for(&daemon, 2);
    assert_eq!(names(&events), ["PROCESS_STATE_STARTING", "PROCESS_STATE_RUNNING"]);
    for event in &events {
        assert_eq!((event["group"].as_text(), event["process"].as_text()), ("cat", "cat"));
        assert!(event["payload"].as_text().starts_with("processname:cat groupname:cat from_state:"));
    }
    assert!(serial < events[0]["serial"].as_int() && events[0]["serial"].as_int() < events[1]["serial"].as_int());
    assert_eq!(ask(&daemon, "sup.unsubscribe", &[("event", "PROCESS_STATE".into())]), Ok(true.into()));
    assert_eq!(ask(&daemon, "sup.unsubscribe", &[("event", "PROCESS_STATE".into())]).unwrap_err().0, 3);
    daemon.call("supervisor.stopProcess", &["cat".into()]).unwrap();
    daemon.call("supervisor.startProcess", &["cat".into()]).unwrap();
    assert_eq!(names(&wait_for(&daemon, 1)), ["PROCESS_STATE_RUNNING"]);
    assert_eq!(subscribe(&daemon, "NO_SUCH_TYPE", None).unwrap_err().0, 3);
    daemon.stop();
}

#[test]
fn a_subscription_resumes_behind_a_serial_and_repeats_nothing_to_others() {
    let mut daemon = daemon_with("", CAT);
    daemon.wait_for_state("rpcinterface.w", "RUNNING");
    let begin = subscribe(&daemon, "PROCESS_STATE_STARTING", None).unwrap();
    daemon.call("supervisor.startProcess", &["cat".into()]).unwrap();
    assert_eq!(names(&wait_for(&daemon, 1)), ["PROCESS_STATE_STARTING"]);
    subscribe(&daemon, "PROCESS_STATE_RUNNING", Some(begin)).unwrap();
    assert_eq!(names(&wait_for(&daemon, 1)), ["PROCESS_STATE_RUNNING"]);
    let all = subscribe(&daemon, "PROCESS_GROUP_ADDED", Some(0)).unwrap();
    let events = wait_for(&daemon, 2);
    let groups: Vec<&str> = events.iter().map(|event| event["group"].as_text()).collect();
    assert!(groups.contains(&"cat") && groups.contains(&"rpcinterface.w"), "{groups:?}");
    assert!(events.iter().all(|event| event["serial"].as_int() < all));
    daemon.stop();
}

#[test]
fn a_gap_is_told() {
    let mut daemon = daemon_with("", "");
    daemon.call("w.pid", &[]).unwrap();
    // More than the stream keeps, between the serial and now.
    let begin = subscribe(&daemon, "TICK_3600", None).unwrap();
    let (kind, data) = ("much", "x".repeat(16 << 10));
    for _ in 0..300 {
        daemon.call("supervisor.sendRemoteCommEvent", &[kind.into(), data.as_str().into()]).unwrap();
    }
    subscribe(&daemon, "REMOTE_COMMUNICATION", Some(begin)).unwrap();
    let events = wait_for(&daemon, 100);
    let lost = &events[0];
    assert_eq!((lost["kind"].as_text(), lost["restarted"].clone()), ("lost", false.into()));
    assert_eq!(lost["from"].as_int(), begin + 1);
    assert_eq!(lost["count"].as_int(), lost["to"].as_int() - lost["from"].as_int() + 1);
    assert_eq!(events[1]["serial"].as_int(), lost["to"].as_int() + 1);
    // A serial of an earlier supervisord.
    subscribe(&daemon, "REMOTE_COMMUNICATION", Some(5)).unwrap();
    until("it is told that all may be lost", || {
        let is_told = |event: &Value| event["kind"].as_text() == "lost" && event["restarted"] == true.into();
        taken(&daemon).iter().any(is_told).then_some(())
    });
    daemon.stop();
}

#[test]
fn who_subscribes_to_ticks_gets_them() {
    let mut daemon = daemon_with("", "");
    subscribe(&daemon, "TICK_5", None).unwrap();
    assert_eq!(names(&wait_for(&daemon, 1)), ["TICK_5"]);
    daemon.stop();
}

#[test]
fn there_are_64_subscriptions_at_most() {
    let mut daemon = daemon_with("", "");
    // There are fewer types than that, and one type counts once.
    for _ in 0..70 {
        subscribe(&daemon, "TICK_3600", None).unwrap();
    }
    assert_eq!(ask(&daemon, "sup.unsubscribe", &[("event", "TICK_3600".into())]), Ok(true.into()));
    daemon.stop();
}
