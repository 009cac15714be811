//! Events by subscription: each once, in order, resumable, with told gaps.

use super::{ask, daemon_with};
use crate::support::{TestDaemon, Value, resident_kilobytes, send_signal, supervisorctl, until};

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
    // There are fewer types of Supervisor's than that, but an extension has up to 64 of its own.
    let own: Vec<String> = (0..64).map(|number| format!("OWN_{number}")).collect();
    let mut daemon = daemon_with(&format!("environment=OWN_EVENTS=\"{}\"", own.join(",")), "");
    daemon.call("w.pid", &[]).unwrap();
    for name in &own {
        subscribe(&daemon, name, None).unwrap();
    }
    let refused = subscribe(&daemon, "TICK_3600", None);
    assert_eq!(refused, Err((30, "FAILED: there are 64 subscriptions already".to_owned())));
    // One type counts once.
    subscribe(&daemon, "OWN_0", Some(0)).unwrap();
    assert_eq!(ask(&daemon, "sup.unsubscribe", &[("event", "OWN_0".into())]), Ok(true.into()));
    subscribe(&daemon, "TICK_3600", None).unwrap();
    daemon.stop();
}

#[test]
fn of_what_an_extension_leaves_unread_8_mib_wait_and_then_a_gap_is_told() {
    let mut daemon = daemon_with("", "");
    let pid = daemon.call("w.pid", &[]).unwrap().as_int().to_string();
    subscribe(&daemon, "REMOTE_COMMUNICATION", None).unwrap();
    let before = resident_kilobytes(daemon.program().pid());
    send_signal("STOP", &pid);
    let (count, data) = (1_200, "x".repeat(16_000));
    for _ in 0..count {
        daemon.call("supervisor.sendRemoteCommEvent", &["much".into(), data.as_str().into()]).unwrap();
    }
    let after = resident_kilobytes(daemon.program().pid());
    assert!(after < before + 48 * 1024, "{before} kB before, {after} kB after");
    send_signal("CONT", &pid);
    let (mut heard, mut lost) = (0, 0);
    until("all have come, or are told as lost", || {
        for event in taken(&daemon) {
            match event["kind"].as_text() {
                "lost" => lost += event["count"].as_int(),
                _ => heard += 1,
            }
        }
        // A tick among the lost counts too: whether it was wanted is not known any more.
        (heard + lost >= count).then_some(())
    });
    let bytes = heard * 16_000;
    assert!(lost > 0 && (8 << 20..14 << 20).contains(&bytes), "{heard} heard, {lost} lost");
    daemon.stop();
}

const LISTENER: &str = "#!/usr/bin/env python3
import sys
with open(sys.argv[1], 'a') as seen:
    while True:
        print('READY', flush=True)
        head = dict(token.split(':') for token in sys.stdin.readline().split())
        seen.write('%s %s\\n' % (head['eventname'], sys.stdin.read(int(head['len']))))
        seen.flush()
        print('RESULT 2\\nOK', end='', flush=True)
";

#[test]
fn events_of_its_own_reach_listeners_the_stream_and_other_extensions() {
    let other = "[rpcinterface:other]\ncommand=python3 {dir}/worker.py\n";
    let listeners = "[eventlistener:its]\ncommand=python3 {dir}/listener.py {dir}/its.txt\nevents=QUEUE_DEPTH\n\
                     [eventlistener:spilled]\ncommand=python3 {dir}/listener.py {dir}/spilled.txt\n\
                     events=QUEUE_DEPTH\noverflow=spill\n";
    let mut daemon =
        super::prepared("environment=OWN_EVENTS=\"QUEUE_DEPTH,QUEUE_EMPTY\"", &format!("{other}{listeners}"));
    daemon.write("listener.py", LISTENER);
    daemon.start();
    daemon.call("w.pid", &[]).unwrap();
    daemon.call("other.pid", &[]).unwrap();
    let subscribed = daemon.call(
        "other.ask",
        &["sup.subscribe".into(), super::structure(&[("event", "QUEUE_DEPTH".into()), ("since", 0.into())])],
    );
    assert!(subscribed.is_ok(), "{subscribed:?}");
    let notify =
        |name: &str, payload: Value| ask(&daemon, "sup.notify", &[("name", name.into()), ("payload", payload)]);
    assert_eq!(notify("QUEUE_DEPTH", "queue:mail depth:17".into()), Ok(true.into()));
    assert_eq!(notify("QUEUE_EMPTY", "".into()), Ok(true.into()));
    for file in ["its.txt", "spilled.txt"] {
        daemon.wait_for_text(file, "QUEUE_DEPTH queue:mail depth:17\n");
    }
    let Value::Array(events) = until("it has come", || {
        let events = daemon.call("other.events", &[]).unwrap();
        (events != Value::Array(vec![])).then_some(events)
    }) else {
        panic!("an array")
    };
    assert_eq!(events[0]["name"].as_text(), "QUEUE_DEPTH");
    assert_eq!(events[0]["payload"].as_text(), "queue:mail depth:17");
    for (name, payload) in
        [("TICK_5", "x".into()), ("OTHER", "x".into()), ("QUEUE_DEPTH", "x".repeat((1 << 20) + 1).as_str().into())]
    {
        assert_eq!(notify(name, payload).unwrap_err().0, 3, "{name}");
    }
    assert_eq!(subscribe(&daemon, "QUEUE_LENGTH", None).unwrap_err().0, 3);
    daemon.stop();
}

#[test]
fn the_event_stream_can_be_asked_for_types_of_extensions() {
    let mut daemon = daemon_with("environment=OWN_EVENTS=\"QUEUE_DEPTH,QUEUE_EMPTY\"", "");
    // The first question waits for what extensions have to say of themselves.
    let mut follower = daemon.start_ctl_of(&supervisorctl(), &["events", "QUEUE_DEPTH", "--since", "0"]);
    for name in ["QUEUE_EMPTY", "QUEUE_DEPTH"] {
        let notified = ask(&daemon, "sup.notify", &[("name", name.into()), ("payload", "depth:17".into())]);
        assert_eq!(notified, Ok(true.into()));
    }
    let shown = until("it is shown", || Some(follower.stdout()).filter(|shown| shown.contains("depth:17")));
    assert!(shown.contains("QUEUE_DEPTH") && !shown.contains("QUEUE_EMPTY"), "{shown}");
    follower.signal("INT");
    follower.wait_for_end();
    let refused = daemon.ctl(&["events", "QUEUE_DEPHT"]);
    assert_eq!(refused.status, 1);
    assert!(refused.stdout.contains("unknown event type 'QUEUE_DEPHT', did you mean QUEUE_DEPTH?"), "{refused:?}");
    daemon.stop();
}

#[test]
fn an_event_type_belongs_to_one_extension() {
    let other = "[rpcinterface:z]\ncommand=python3 {dir}/worker.py\nenvironment=OWN_EVENTS=\"MINE\"\n";
    let mut daemon = super::prepared("environment=OWN_EVENTS=\"MINE\"", other);
    daemon.start();
    daemon.wait_for_log(
        "is cut off: its answer to initialize has the event type MINE, which is one of another extension",
    );
    daemon.stop();
}
