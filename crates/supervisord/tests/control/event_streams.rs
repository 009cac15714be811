//! Events as they happen, over HTTP; and what became of them.

use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use supervisor_core::{
    Command, EventBatch, EventStatistics, EventType, Fault, FaultCode, PoolStatistics, Reply, RingStatistics,
    StreamEvent,
};

use supervisord::boundary::followers::Follower;

use crate::client::Client;
use crate::fake_supervision::{FakeSupervision, Setup};

/// How many clients may follow events (`EVENT_STREAMS`).
const STREAMS: usize = 64;

/// The events of a scripted supervision plane; serials begin at 101.
#[derive(Clone, Default)]
struct Events(Arc<Mutex<Told>>);

#[derive(Default)]
struct Told {
    events: Vec<StreamEvent>,
    /// How many of the oldest cannot be read any more.
    gone: usize,
    is_ended: bool,
}

impl Events {
    fn push(&self, event_type: EventType, payload: &str) {
        let events = &mut self.0.lock().unwrap().events;
        let serial = 101 + events.len() as u64;
        let time = Duration::from_secs(serial);
        events.push(StreamEvent { serial, time, event_type, payload: payload.into(), omitted_bytes: 0, ended: None });
    }

    fn read(&self, after: Option<u64>) -> EventBatch {
        let told = self.0.lock().unwrap();
        let newest = 100 + told.events.len() as u64;
        let oldest = 101 + told.gone as u64;
        let Some(after) = after else { return EventBatch { position: newest, newest, ..EventBatch::default() } };
        let restarted = after != 0 && !(100..=newest).contains(&after);
        let wanted = if (100..=newest).contains(&after) { after + 1 } else { 101 };
        let events = told.events.iter().filter(|event| event.serial >= wanted.max(oldest)).take(100).cloned();
        let events: Vec<_> = events.collect();
        EventBatch {
            restarted,
            lost: (oldest > wanted).then(|| (wanted, oldest - 1)),
            position: events.last().map_or(newest, |event| event.serial),
            events,
            newest,
            is_ended: told.is_ended,
        }
    }

    fn daemon(&self) -> FakeSupervision {
        FakeSupervision::start(self.setup())
    }

    fn setup(&self) -> Setup {
        let events = self.clone();
        let script = move |command: &Command| match command {
            Command::ReadEvents { after } => Some(Ok(Reply::Events(Box::new(events.read(*after))))),
            _ => Some(Err(Fault::bare(FaultCode::Failed))),
        };
        Setup { script: Box::new(script), ..Setup::default() }
    }

    fn happens(&self, daemon: &FakeSupervision, event_type: EventType, payload: &str) {
        self.push(event_type, payload);
        notify(daemon);
    }
}

/// Tells all followers that something has happened.
fn notify(daemon: &FakeSupervision) {
    daemon.seen(|seen| {
        for follower in &seen.event_followers {
            follower.notify();
        }
    });
}

fn wait_until_all_have_gone(daemon: &FakeSupervision) {
    while !daemon.seen(|seen| seen.event_followers.iter().all(Follower::is_gone)) {
        std::thread::yield_now();
    }
}

/// A client that follows events.
fn follow(daemon: &FakeSupervision, query: &str, headers: &[&str]) -> Stream {
    let mut client = Client::unix(daemon.unix());
    let line = format!("GET /api/v1/events{query} HTTP/1.1");
    let lines = [&[&line, "Host: x"], headers, &["", ""]].concat();
    client.send(lines.join("\r\n"));
    let (status_line, headers) = client.receive_head();
    assert_eq!(status_line, "HTTP/1.1 200 OK");
    for wanted in [("content-type", "text/event-stream"), ("cache-control", "no-store"), ("x-accel-buffering", "no")] {
        assert!(headers.iter().any(|(name, value)| (name.as_str(), value.as_str()) == wanted), "{headers:?}");
    }
    Stream { client, text: String::new() }
}

struct Stream {
    client: Client<std::os::unix::net::UnixStream>,
    text: String,
}

impl Stream {
    /// The next frame, without the empty line behind it; `None` at the end of the stream.
    fn frame(&mut self) -> Option<String> {
        while !self.text.contains("\n\n") {
            self.text.push_str(&self.client.chunk()?);
        }
        let (frame, rest) = self.text.split_once("\n\n")?;
        let frame = frame.to_owned();
        self.text = rest.to_owned();
        Some(frame)
    }

    /// Ids and names of the next frames: `101 TICK_5`.
    fn frames(&mut self, count: usize) -> Vec<String> {
        let short = |frame: String| {
            let field = |name: &str| frame.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
            format!("{} {}", field("id: ").unwrap_or_default(), field("event: ").unwrap_or_default())
        };
        (0..count).map(|_| short(self.frame().expect("the stream goes on"))).collect()
    }
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn events_are_told_as_they_happen() {
    let events = Events::default();
    events.push(EventType::Tick5, "when:5");
    let daemon = events.daemon();
    let mut stream = follow(&daemon, "", &[]);
    assert_eq!(stream.frame().unwrap(), ": events of supervisord\nid: 101", "from now on");
    let payload = "processname:cat groupname:g from_state:RUNNING expected:0 pid:7";
    events.happens(&daemon, EventType::ProcessStateExited, payload);
    assert_eq!(
        stream.frame().unwrap(),
        "id: 102\nevent: PROCESS_STATE_EXITED\ndata: {\"serial\": 102, \"time\": \"1970-01-01T00:01:42.000Z\", \
         \"event\": \"PROCESS_STATE_EXITED\", \"processname\": \"cat\", \"groupname\": \"g\", \
         \"from_state\": \"RUNNING\", \"expected\": false, \"pid\": 7}"
    );
    events.happens(&daemon, EventType::ProcessLogStdout, "processname:c groupname:g pid:7 channel:stdout\na\n\nb");
    let frame = stream.frame().unwrap();
    let (_, data) = frame.split_once("data: ").unwrap();
    assert_eq!(json(data)["data"], "a\n\nb");
}

#[test]
fn a_client_that_comes_again_goes_on_where_it_was() {
    let events = Events::default();
    for _ in 0..250 {
        events.push(EventType::Tick5, "when:5");
    }
    let daemon = events.daemon();
    let all: Vec<String> = (101..=350).map(|serial| format!("{serial} TICK_5")).collect();
    let mut first = follow(&daemon, "?since=0", &[]);
    assert_eq!(first.frames(1), ["0 "]);
    assert_eq!(first.frames(100), all[..100]);
    drop(first);
    let mut again = follow(&daemon, "?since=0", &["Last-Event-ID: 200"]);
    assert_eq!(again.frames(1), ["200 "]);
    assert_eq!(again.frames(150), all[100..]);
    events.happens(&daemon, EventType::Tick60, "when:60");
    assert_eq!(again.frames(1), ["351 TICK_60"]);
    let mut since = follow(&daemon, "?since=349", &[]);
    assert_eq!(since.frames(3), ["349 ", "350 TICK_5", "351 TICK_60"]);
}

#[test]
fn only_the_wanted_types_are_told() {
    let events = Events::default();
    let daemon = events.daemon();
    let mut stream = follow(&daemon, "?types=process_group,TICK_60&since=0", &[]);
    events.push(EventType::Tick5, "when:60");
    events.push(EventType::Tick60, "when:60");
    events.push(EventType::ProcessStateExited, "processname:x");
    events.happens(&daemon, EventType::ProcessGroupAdded, "groupname:g\n");
    assert_eq!(stream.frames(3), ["0 ", "102 TICK_60", "104 PROCESS_GROUP_ADDED"]);
}

#[test]
fn what_cannot_be_told_any_more_is_told_to_be_lost() {
    let events = Events::default();
    for _ in 0..10 {
        events.push(EventType::Tick5, "when:5");
    }
    events.0.lock().unwrap().gone = 7;
    let daemon = events.daemon();
    let mut stream = follow(&daemon, "?since=102&types=TICK_60", &[]);
    stream.frame().unwrap();
    let lost = "{\"event\": \"lost\", \"restarted\": false, \"from\": 103, \"to\": 107, \"count\": 5}";
    assert_eq!(stream.frame().unwrap(), format!("id: 107\nevent: lost\ndata: {lost}"));
    for since in [99, 111, u64::MAX] {
        let mut stream = follow(&daemon, "", &[&format!("Last-Event-ID: {since}")]);
        stream.frame().unwrap();
        let frame = stream.frame().unwrap();
        let (_, data) = frame.split_once("data: ").unwrap();
        assert_eq!((&json(data)["event"], &json(data)["restarted"]), (&"lost".into(), &true.into()), "{data}");
        assert_eq!(stream.frames(2), ["107 lost", "108 TICK_5"]);
    }
}

#[test]
fn the_last_events_are_told_before_the_stream_ends() {
    let events = Events::default();
    let mut daemon = events.daemon();
    let mut stream = follow(&daemon, "", &[]);
    stream.frame().unwrap();
    events.0.lock().unwrap().is_ended = true;
    events.happens(&daemon, EventType::ProcessStateStopped, "processname:cat groupname:cat");
    assert_eq!(stream.frames(1), ["101 PROCESS_STATE_STOPPED"]);
    assert_eq!(stream.frame(), None);
    wait_until_all_have_gone(&daemon);
    events.0.lock().unwrap().is_ended = false;
    let mut stream = follow(&daemon, "", &[]);
    stream.frame().unwrap();
    daemon.stop_control();
    assert_eq!(stream.frame(), None, "or when nobody serves it any more");
}

#[test]
fn what_is_wrong_is_said_in_a_document() {
    let daemon = Events::default().daemon();
    for (line, headers, status, text) in [
        ("GET /api/v1/events?types=NOSUCH", &[][..], 400, "unknown event type 'NOSUCH'; there are EVENT, "),
        ("GET /api/v1/events?since=x", &[], 400, "since takes the serial of an event, not 'x'"),
        ("GET /api/v1/events?nosuch", &[], 400, "unknown parameter 'nosuch'; there are types and since"),
        ("GET /api/v1/events", &["Last-Event-ID: x"], 400, "Last-Event-ID takes the serial of an event, not 'x'"),
        ("GET /api/v1/events", &["Sec-Fetch-Site: cross-site"], 403, "another web site"),
        ("GET /api/v1/events", &["Origin: http://evil.example"], 403, "another web site"),
        ("POST /api/v1/events", &["Content-Length: 0"], 405, "not by POST; there are GET, HEAD, OPTIONS"),
        ("DELETE /api/v1/event-pools", &[], 405, "not by DELETE; there are GET, HEAD, OPTIONS"),
        (
            "GET /api/v1/nosuch",
            &[],
            404,
            "there is no /api/v1/nosuch; there are /api/v1/, /api/v1/actions, /api/v1/configuration/warnings, ",
        ),
        ("GET /api/v1/event-pools", &[], 503, "supervisord is shutting down or restarting"),
    ] {
        let answer = Client::unix(daemon.unix()).request(&format!("{line} HTTP/1.1"), headers);
        assert_eq!(
            (answer.status(), answer.header("content-type")),
            (status, Some("application/problem+json")),
            "{line}"
        );
        let error = json(&answer.body)["detail"].as_str().unwrap().to_owned();
        assert!(error.starts_with(text), "{line}: {error}");
        assert_eq!(answer.header("allow"), (status == 405).then_some("GET, HEAD, OPTIONS"));
    }
    daemon.seen(|seen| assert_eq!(seen.event_followers.len(), 0));
}

#[test]
fn strangers_are_not_admitted() {
    let setup = Setup { credentials: Some(("user", "secret")), ..Events::default().setup() };
    let daemon = FakeSupervision::start(setup);
    for path in ["/api/v1/events", "/api/v1/event-pools", "/api/v1/nosuch"] {
        let answer = Client::unix(daemon.unix()).request(&format!("GET {path} HTTP/1.1"), &[]);
        assert_eq!((answer.status(), &json(&answer.body)["code"]), (401, &"unauthorized".into()));
        assert_eq!(answer.header("www-authenticate"), Some("Basic realm=\"default\""));
        assert_eq!(answer.header("connection"), Some("close"));
    }
    let mut stream = follow(&daemon, "", &["Authorization: Basic dXNlcjpzZWNyZXQ="]);
    assert!(stream.frame().is_some());
    let rebound = ["Host: evil.example", "Origin: http://evil.example"].join("\r\n");
    let mut client = Client::tcp(daemon.tcp);
    client.send(format!("GET /api/v1/events HTTP/1.1\r\n{rebound}\r\n\r\n"));
    let answer = client.receive();
    assert_eq!(answer.status(), 403);
    assert!(json(&answer.body)["detail"].as_str().unwrap().starts_with("'evil.example' is not known"), "{answer:?}");
    daemon.seen(|seen| assert_eq!(seen.event_followers.len(), 1));
}

#[test]
fn a_head_is_answered_and_follows_nothing() {
    let daemon = Events::default().daemon();
    let mut client = Client::unix(daemon.unix());
    client.send("HEAD /api/v1/events HTTP/1.1\r\nHost: x\r\n\r\n");
    let (status_line, headers) = client.receive_head();
    assert_eq!(status_line, "HTTP/1.1 200 OK");
    assert!(headers.contains(&("content-type".to_owned(), "text/event-stream".to_owned())), "{headers:?}");
    client.send("HEAD /api/v1/nosuch HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(client.receive_head().0, "HTTP/1.1 404 Not Found");
    daemon.seen(|seen| assert_eq!(seen.event_followers.len(), 0));
}

#[test]
fn so_many_clients_may_follow_and_a_place_that_is_left_is_given_away() {
    let events = Events::default();
    let daemon = events.daemon();
    let mut streams: Vec<Stream> = (0..STREAMS).map(|_| follow(&daemon, "", &[])).collect();
    let refused = Client::unix(daemon.unix()).request("GET /api/v1/events HTTP/1.1", &[]);
    assert_eq!((refused.status(), refused.header("retry-after")), (503, Some("10")));
    let problem = json(&refused.body);
    assert_eq!(problem["code"], "too-many-streams");
    assert_eq!(problem["detail"], "64 clients follow events already");
    events.happens(&daemon, EventType::Tick5, "when:5");
    for stream in &mut streams {
        assert_eq!(stream.frames(2), ["100 ", "101 TICK_5"]);
    }
    drop(streams);
    wait_until_all_have_gone(&daemon);
    assert_eq!(follow(&daemon, "", &[]).frames(1), ["101 "]);
}

#[test]
fn a_client_that_never_reads_holds_up_nobody_and_little_waits_for_it() {
    let events = Events::default();
    let daemon = events.daemon();
    let mut deaf = std::os::unix::net::UnixStream::connect(daemon.unix()).unwrap();
    deaf.write_all(b"GET /api/v1/events?types=REMOTE_COMMUNICATION HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    daemon.wait_until("it follows", |seen| seen.event_followers.len() == 1);
    let mut other = follow(&daemon, "?types=TICK", &[]);
    assert_eq!(other.frames(1), ["100 "]);
    let payload = format!("type:flood\n{}", "x".repeat(10_000));
    let mut serial = 100;
    let mut fetched = 0;
    // 60 MB in all; the deaf client fetches until its pipe is full, and then nothing more.
    for _ in 0..60 {
        for _ in 0..99 {
            events.push(EventType::RemoteCommunication, &payload);
        }
        events.happens(&daemon, EventType::Tick5, "when:5");
        serial += 100;
        assert_eq!(other.frames(1), [format!("{serial} TICK_5")]);
        let reads = |seen: &crate::fake_supervision::Seen| {
            seen.commands.iter().filter(|command| matches!(command, Command::ReadEvents { .. })).count()
        };
        fetched = daemon.seen(reads);
    }
    // The other client has fetched 60 times; the deaf one could have as often.
    assert!(fetched < 60 + 20, "{fetched} readings");
    let mut begin = [0; 15];
    deaf.read_exact(&mut begin).unwrap();
    assert_eq!(&begin, b"HTTP/1.1 200 OK");
}

#[test]
fn statistics_of_pools_are_a_document() {
    let pool = PoolStatistics {
        name: "watch".into(),
        overflow: supervisor_core::Overflow::DropOldest,
        accepted: 9,
        delivered: 1,
        rejected: 2,
        dropped_by_count: 3,
        dropped_by_bytes: 4,
        unreadable: 0,
        waiting: 0,
        waiting_bytes: 0,
        spilled: 0,
        spilled_bytes: 0,
        in_progress: 1,
        unknown: 1,
        blocked: false,
    };
    let statistics =
        EventStatistics { pools: vec![pool], ring: RingStatistics { first: 1, oldest: 1, newest: 5, bytes: 9 } };
    let daemon = FakeSupervision::answering(move |command| match command {
        Command::GetEventStatistics => Some(Ok(Reply::EventStatistics(Box::new(statistics.clone())))),
        other => panic!("{other:?} was sent"),
    });
    let answer = Client::unix(daemon.unix()).request("GET /api/v1/event-pools HTTP/1.1", &[]);
    assert_eq!((answer.status(), answer.header("content-type")), (200, Some("application/json")));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let document = json(&answer.body);
    assert_eq!(document["pools"][0]["name"], "watch");
    assert_eq!(document["pools"][0]["dropped_by_bytes"], 4);
    assert_eq!((&document["stream"]["events"], &document["stream"]["followers"]), (&5.into(), &0.into()));
}
