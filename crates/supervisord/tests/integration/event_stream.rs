//! The event stream of a real daemon: crashes as they happen, resumed without a gap, to the last event of a shutdown.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use serde_json::Value as Json;

use crate::support::{Streamed, TestDaemon, http_get, supervisorctl, testing_the_original, until};

/// How long a client waits for what has to come.
const PATIENCE: Duration = Duration::from_mins(1);

/// A program that fails when it is told to.
const FAILS: &str = "[program:fails]
command=/bin/sh -c \"read line; exit 3\"
startsecs=0
autorestart=false
";

/// A client that reads the stream as `curl` does.
struct Follower {
    streamed: Streamed<UnixStream>,
}

impl Follower {
    fn new(daemon: &TestDaemon, query: &str) -> Self {
        let mut socket = UnixStream::connect(daemon.path("s.sock")).expect("supervisord listens");
        socket.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
        write!(socket, "GET /api/v1/events{query} HTTP/1.0\r\n\r\n").expect("it takes a request");
        let mut streamed = Streamed::begun(socket);
        streamed.up_to("\n\n").expect("a first sign of life");
        Self { streamed }
    }

    /// The data of the next event; `None` at the end of the stream.
    fn next(&mut self) -> Option<Json> {
        loop {
            let frame = self.streamed.up_to("\n\n")?;
            if let Some((_, data)) = frame.split_once("\ndata: ") {
                return Some(serde_json::from_str(data).expect("data is JSON"));
            }
        }
    }

    /// Reads up to the event of this type, and gives that.
    fn find(&mut self, event: &str) -> Json {
        loop {
            let next = self.next().unwrap_or_else(|| panic!("the stream ended without {event}"));
            if next["event"] == event {
                return next;
            }
        }
    }
}

fn fail(daemon: &TestDaemon) {
    daemon.call("supervisor.startProcess", &["fails".into()]).ok();
    daemon.call("supervisor.sendProcessStdin", &["fails".into(), "\n".into()]).expect("it reads");
    daemon.wait_for_state("fails", "EXITED");
}

fn serial(event: &Json) -> u64 {
    event["serial"].as_u64().unwrap_or_else(|| panic!("a serial in {event}"))
}

#[test]
fn crash_of_a_program_is_told_as_it_happens() {
    if testing_the_original() {
        return; // there is no such stream
    }
    let mut daemon = TestDaemon::started(FAILS);
    let mut follower = Follower::new(&daemon, "?types=PROCESS_STATE_EXITED");
    let pid = daemon.pid_of("fails");
    fail(&daemon);
    let event = follower.next().expect("the stream goes on");
    assert_eq!(event["event"], "PROCESS_STATE_EXITED");
    assert_eq!((&event["processname"], &event["groupname"]), (&"fails".into(), &"fails".into()));
    assert_eq!((&event["from_state"], &event["expected"]), (&"RUNNING".into(), &false.into()));
    assert_eq!(event["pid"].as_i64(), Some(pid));
    assert!(event["time"].as_str().is_some_and(|time| time.len() == "2026-11-22T08:17:47.089Z".len()), "{event}");
    daemon.stop();
}

#[test]
fn stream_is_resumed_without_a_gap_or_a_double() {
    if testing_the_original() {
        return; // there is no such stream
    }
    let mut daemon = TestDaemon::started(FAILS);
    let mut all = Follower::new(&daemon, "?since=0");
    assert_eq!(all.next().expect("the first event")["event"], "PROCESS_GROUP_ADDED");
    let mut last = serial(&all.find("PROCESS_STATE_RUNNING"));
    let mut seen = vec![last];
    for _ in 0..5 {
        // Nobody follows while it happens.
        fail(&daemon);
        let mut again = Follower::new(&daemon, &format!("?since={last}"));
        let exited = again.find("PROCESS_STATE_EXITED");
        last = serial(&exited);
    }
    while seen.last() < Some(&last) {
        seen.push(serial(&all.next().expect("the stream goes on")));
    }
    assert_eq!(seen, (seen[0]..=last).collect::<Vec<_>>());
    daemon.stop();
}

#[test]
fn last_events_of_a_shutdown_arrive_and_the_stream_ends() {
    if testing_the_original() {
        return; // there is no such stream
    }
    let mut daemon = TestDaemon::started("[program:sleeper]\ncommand=sleep 1000\nstartsecs=0\n");
    let mut follower = Follower::new(&daemon, "");
    daemon.signal("TERM");
    let names: Vec<String> = std::iter::from_fn(|| follower.next()).map(|event| event["event"].to_string()).collect();
    let expected = ["SUPERVISOR_STATE_CHANGE_STOPPING", "PROCESS_STATE_STOPPING", "PROCESS_STATE_STOPPED"];
    assert_eq!(names, expected.map(|name| format!("\"{name}\"")));
    daemon.assert_ends_clean();
}

#[test]
fn stream_goes_on_after_a_reload_and_a_new_daemon_is_told() {
    if testing_the_original() {
        return; // there is no such stream
    }
    let mut daemon = TestDaemon::started(FAILS);
    let mut follower = Follower::new(&daemon, "");
    fail(&daemon);
    let last = serial(&follower.find("PROCESS_STATE_EXITED"));
    daemon.signal("HUP");
    assert_eq!(serial(&follower.find("SUPERVISOR_STATE_CHANGE_STOPPING")), last + 1);
    assert_eq!(follower.next(), None, "a reload closes connections");
    until("it is up again", || (daemon.log_lines("supervisord started with pid").len() == 2).then_some(()));
    daemon.wait_until_it_answers();
    let mut again = Follower::new(&daemon, &format!("?since={}", last + 1));
    let next = again.next().expect("the stream goes on");
    assert_eq!((&next["event"], serial(&next)), (&"PROCESS_GROUP_ADDED".into(), last + 2));
    daemon.stop();
    daemon.start();
    let mut again = Follower::new(&daemon, &format!("?since={last}"));
    let next = again.next().expect("the stream goes on");
    assert_eq!((&next["event"], &next["restarted"]), (&"lost".into(), &true.into()));
    assert_eq!(again.next().expect("the stream goes on")["event"], "PROCESS_GROUP_ADDED");
    daemon.stop();
}

#[test]
fn client_that_never_reads_a_flood_harms_nobody_and_is_told_what_it_missed() {
    if testing_the_original() {
        return; // there is no such stream
    }
    let mut daemon = TestDaemon::started("[inet_http_server]\nport=127.0.0.1:{port}\n");
    let mut deaf = Follower::new(&daemon, "?types=REMOTE_COMMUNICATION");
    let mut other = Follower::new(&daemon, "?types=REMOTE_COMMUNICATION");
    // As large as the ring keeps them whole.
    let data = "x".repeat(15_000);
    let send = |kind: &str, data: &str| {
        let sent = daemon.call("supervisor.sendRemoteCommEvent", &[kind.into(), data.into()]);
        assert_eq!(sent, Ok(true.into()));
    };
    for number in 0..800 {
        send(&number.to_string(), &data);
        let event = other.next().expect("the stream goes on");
        assert_eq!(event["type"], number.to_string().as_str());
    }
    let statistics = http_get(daemon.port(), "/api/v1/event-pools").expect("an answer");
    let statistics: Json = serde_json::from_str(&statistics.1).expect("JSON");
    let stream = &statistics["stream"];
    assert!(stream["bytes"].as_u64() <= stream["max_bytes"].as_u64(), "{stream}");
    assert_eq!(stream["followers"], 2);
    send("last", "");
    let mut lost = 0;
    let mut told = 0;
    loop {
        let event = deaf.next().expect("the stream goes on");
        if event["event"] == "lost" {
            lost += event["count"].as_u64().expect("a number");
        } else if event["type"] == "last" {
            break;
        } else {
            told += 1;
        }
    }
    assert!(lost > 0, "12 MB do not fit into a ring of 4");
    assert_eq!(lost + told, 800, "each one is told or told to be lost");
    daemon.stop();
}

#[test]
fn client_that_never_reads_does_not_keep_supervisord_from_its_end() {
    if testing_the_original() {
        return; // there is no such stream
    }
    let mut daemon = TestDaemon::started("[program:sleeper]\ncommand=sleep 1000\nstartsecs=0\n");
    let deaf = Follower::new(&daemon, "");
    let mut other = Follower::new(&daemon, "?types=PROCESS_STATE");
    let data = "x".repeat(15_000);
    for _ in 0..400 {
        daemon.call("supervisor.sendRemoteCommEvent", &["flood".into(), data.as_str().into()]).expect("an event");
    }
    daemon.signal("TERM");
    assert_eq!(other.find("PROCESS_STATE_STOPPED")["processname"], "sleeper");
    assert_eq!(other.next(), None);
    daemon.assert_ends_clean();
    drop(deaf);
}

#[test]
fn supervisorctl_shows_a_crash_as_a_line_and_as_an_object() {
    if testing_the_original() {
        return; // it knows no such command
    }
    let mut daemon = TestDaemon::started(FAILS);
    daemon.wait_for_state("fails", "RUNNING");
    let pid = daemon.pid_of("fails");
    for (words, parts) in [
        (
            &["events", "PROCESS_STATE_EXITED", "--since", "0"][..],
            [" PROCESS_STATE_EXITED   fails from_state:RUNNING expected:false pid:".to_owned(), pid.to_string()],
        ),
        (
            &["events", "--format", "json", "--since", "0", "PROCESS_STATE_EXITED"],
            [
                r#", "event": "PROCESS_STATE_EXITED", "processname": "fails", "#.to_owned(),
                format!("\"pid\": {pid}, \"exit\": {{\"code\": 3}}}}\n"),
            ],
        ),
    ] {
        let mut follower = daemon.start_ctl_of(&supervisorctl(), words);
        if daemon.state("fails") == "RUNNING" {
            fail(&daemon);
        }
        until("the crash is shown", || follower.stdout().ends_with('\n').then_some(()));
        let shown = follower.stdout();
        assert!(parts.iter().all(|part| shown.contains(part)) && shown.lines().count() == 1, "{shown}");
        follower.signal("INT");
        assert_eq!(follower.wait_for_end().status, 0);
    }
    let mut follower = daemon.start_ctl_of(&supervisorctl(), &["events", "--since", "0", "--format", "json"]);
    until("it follows", || follower.stdout().contains("PROCESS_STATE_EXITED").then_some(()));
    daemon.stop();
    let ended = follower.wait_for_end();
    let last: Json = serde_json::from_str(ended.stdout.lines().last().expect("events")).expect("an object");
    assert_eq!((&last["event"], ended.status), (&"SUPERVISOR_STATE_CHANGE_STOPPING".into(), 1));
    let hint = format!("; to go on from here: events --format json --since {}\n", serial(&last));
    assert!(ended.stderr.starts_with("error: unix://") && ended.stderr.ends_with(&hint), "{}", ended.stderr);
}

#[test]
fn drops_are_counted_for_everybody_to_see() {
    if testing_the_original() {
        return; // it counts nothing
    }
    let mut daemon = TestDaemon::started(
        "[eventlistener:deaf]
command=sleep 1000
events=REMOTE_COMMUNICATION
buffer_size=2
startsecs=0
[program:other]
command=sleep 1000
startsecs=0
",
    );
    for _ in 0..5 {
        daemon.call("supervisor.sendRemoteCommEvent", &["kind".into(), "data".into()]).expect("an event");
    }
    let shown = daemon.ctl(&["events", "--stats"]);
    let row: Vec<&str> = shown.stdout.lines().nth(1).expect("a pool").split_whitespace().take(6).collect();
    assert_eq!((row, shown.status), (vec!["deaf", "5", "0", "0", "3", "0"], 0), "{}", shown.stdout);
    let document: Json =
        serde_json::from_str(&daemon.ctl(&["events", "--stats", "--format", "json"]).stdout).expect("JSON");
    assert_eq!((&document["pools"][0]["dropped_by_count"], &document["pools"][0]["waiting"]), (&3.into(), &2.into()));
    let status: Json = serde_json::from_str(&daemon.ctl(&["status", "--format", "json"]).stdout).expect("JSON");
    assert_eq!((&status[0]["name"], &status[0]["event_pool"]["dropped_by_count"]), (&"deaf".into(), &3.into()));
    assert_eq!((&status[1]["name"], status[1].get("event_pool")), (&"other".into(), None));
    daemon.stop();
}

#[test]
fn events_are_for_those_who_may_come_in() {
    if testing_the_original() {
        return; // there is no such stream
    }
    let server = "[inet_http_server]\nport=127.0.0.1:{port}\nusername=user\npassword=secret\n";
    let mut daemon = TestDaemon::started(server);
    for path in ["/api/v1/events?since=0", "/api/v1/event-pools"] {
        let (status, body) = http_get(daemon.port(), path).expect("an answer");
        let problem: Json = serde_json::from_str(&body).expect("JSON");
        assert_eq!((status, &problem["code"]), (401, &"unauthorized".into()), "{body}");
    }
    let url = format!("http://127.0.0.1:{}", daemon.port());
    let refused = daemon.ctl(&["-s", &url, "events"]);
    assert_eq!((refused.stdout.as_str(), refused.status), ("Server requires authentication\n", 1));
    let words = ["-s", &url, "-u", "user", "-p", "secret", "events", "--since", "0"];
    let mut follower = daemon.start_ctl_of(&supervisorctl(), &words);
    until("it follows", || follower.stdout().contains(" SUPERVISOR_STATE_CHANGE_RUNNING\n").then_some(()));
    follower.signal("INT");
    assert_eq!(follower.wait_for_end().status, 0);
    daemon.stop();
}
