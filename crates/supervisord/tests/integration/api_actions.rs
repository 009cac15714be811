//! What `/api/v1` does with real processes: one and many, waited for and not, by the pid that the client knows.

use serde_json::{Value as Json, json};

use crate::support::{TestDaemon, raw_http, testing_the_original, until};

const PROGRAMS: &str = "[inet_http_server]
port=127.0.0.1:{port}
[program:web]
command=/bin/sleep 1000
process_name=%(program_name)s_%(process_num)02d
numprocs=3
startsecs=0
[program:late]
command=/bin/sleep 1000
startsecs=2
autostart=false
[program:broken]
command=/bin/sh -c \"echo first; echo 'no port 80' >&2; exit 78\"
startsecs=1
startretries=0
autostart=false
[program:missing]
command=/nonexistent/program
autostart=false
[program:reader]
command=/bin/cat
startsecs=0
";

/// An answer: its status, its head, its document.
struct Answer {
    status: u16,
    head: String,
    body: Json,
}

impl Answer {
    fn of(raw: &str) -> Self {
        let (head, body) = raw.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let body = if body.is_empty() { Json::Null } else { serde_json::from_str(body).expect("JSON") };
        Self { status, head: head.to_owned(), body }
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

fn get(daemon: &TestDaemon, path: &str, headers: &str) -> Answer {
    let request = format!("GET /api/v1{path} HTTP/1.0\r\n{headers}\r\n");
    Answer::of(&raw_http(daemon.port(), &request).expect("an answer"))
}

fn post(daemon: &TestDaemon, path: &str, body: &Json) -> Answer {
    let body = body.to_string();
    let request = format!(
        "POST /api/v1{path} HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    Answer::of(&raw_http(daemon.port(), &request).expect("an answer"))
}

fn started() -> TestDaemon {
    let daemon = TestDaemon::started(PROGRAMS);
    for process in ["web:web_00", "web:web_01", "web:web_02", "reader"] {
        daemon.wait_for_state(process, "RUNNING");
    }
    daemon
}

#[test]
fn one_process_is_started_stopped_and_restarted_by_the_pid_that_is_known() {
    if testing_the_original() {
        return; // there is no such API
    }
    let mut daemon = started();
    let pid = daemon.pid_of("web:web_00");
    let again = post(&daemon, "/processes/web:web_00/start", &json!({}));
    assert_eq!((again.status, &again.body["changed"], &again.body["done"]), (200, &json!(false), &json!(true)));
    let strict = post(&daemon, "/processes/web:web_00/start", &json!({"strict": true}));
    assert_eq!(
        (strict.status, &strict.body["code"], &strict.body["fault"]),
        (409, &json!("already-started"), &json!(60))
    );

    let restarted = post(&daemon, "/processes/web:web_00/restart", &json!({"if_pid": pid}));
    assert_eq!((restarted.status, &restarted.body["state"]), (200, &json!("RUNNING")), "{}", restarted.body);
    let next = daemon.pid_of("web:web_00");
    assert_eq!(restarted.body["pid"], json!(next));
    assert_ne!(next, pid);
    // The page was stale, or the button pressed twice: the successor is left alone.
    for (action, more) in [("restart", json!({})), ("stop", json!({})), ("signal", json!({"signal": "TERM"}))] {
        let mut body = more;
        body["if_pid"] = json!(pid);
        let stale = post(&daemon, &format!("/processes/web:web_00/{action}"), &body);
        assert_eq!((stale.status, &stale.body["code"]), (409, &json!("changed")), "{}", stale.body);
        assert_eq!(stale.body["current"]["pid"], json!(next));
    }
    assert_eq!(daemon.pid_of("web:web_00"), next);

    let stopped = post(&daemon, "/processes/web:web_00/stop", &json!({"if_pid": next, "wait": 30}));
    assert_eq!((stopped.status, &stopped.body["state"], stopped.body.get("pid")), (200, &json!("STOPPED"), None));
    let stopped = post(&daemon, "/processes/web:web_00/stop", &json!({}));
    assert_eq!((stopped.status, &stopped.body["changed"]), (200, &json!(false)));
    let signal = post(&daemon, "/processes/web:web_00/signal", &json!({"signal": "HUP"}));
    assert_eq!((signal.status, &signal.body["code"]), (409, &json!("not-running")));
    let signal = post(&daemon, "/processes/web:web_01/signal", &json!({"signal": "NOSUCH"}));
    assert_eq!((signal.status, &signal.body["code"], &signal.body["fault"]), (422, &json!("bad-signal"), &json!(11)));
    let restarted = post(&daemon, "/processes/web:web_00/restart", &json!({}));
    assert_eq!(
        (restarted.status, &restarted.body["state"]),
        (200, &json!("RUNNING")),
        "one that does not run is started"
    );
    daemon.stop();
}

#[test]
fn a_start_that_fails_says_why_and_what_was_said_last() {
    if testing_the_original() {
        return; // there is no such API
    }
    let mut daemon = started();
    let failed = post(&daemon, "/processes/broken/start", &json!({}));
    assert_eq!((failed.status, &failed.body["code"], &failed.body["fault"]), (422, &json!("cannot-start"), &json!(50)));
    assert_eq!(failed.body["last_output"], json!("no port 80"), "{}", failed.body);
    let failed = post(&daemon, "/processes/missing/start", &json!({"wait": 0}));
    assert_eq!((failed.status, &failed.body["code"], &failed.body["fault"]), (422, &json!("cannot-start"), &json!(20)));
    assert_eq!(failed.header("content-type"), Some("application/problem+json"));
    let unknown = post(&daemon, "/processes/brokn/start", &json!({}));
    assert_eq!((unknown.status, &unknown.body["nearest"]), (404, &json!(["broken"])));
    daemon.stop();
}

#[test]
fn an_outcome_is_waited_for_no_longer_than_wanted_and_then_asked_for() {
    if testing_the_original() {
        return; // there is no such API
    }
    let mut daemon = started();
    let begun = post(&daemon, "/processes/late/start", &json!({"wait": 0}));
    assert_eq!((begun.status, &begun.body["done"], &begun.body["state"]), (202, &json!(false), &json!("STARTING")));
    assert_eq!(begun.header("location"), Some("/api/v1/processes/late:late?until=RUNNING"));
    let reached = get(&daemon, "/processes/late:late?until=RUNNING,FATAL&wait=60", "");
    assert_eq!(
        (reached.status, &reached.body["reached"], &reached.body["state"]),
        (200, &json!(true), &json!("RUNNING"))
    );
    let missed = get(&daemon, "/processes/late?until=FATAL&wait=0.1", "");
    assert_eq!(
        (missed.status, &missed.body["reached"], &missed.body["state"]),
        (200, &json!(false), &json!("RUNNING"))
    );
    let restarted = post(&daemon, "/processes/late/restart", &json!({"wait": 0}));
    assert_eq!((restarted.status, &restarted.body["done"]), (202, &json!(false)));
    until("it was restarted", || (get(&daemon, "/processes/late", "").body["starts"] == json!(2)).then_some(()));
    for (path, code) in [
        ("/processes/late?until=NOSUCH", "bad-request"),
        ("/processes/late?wait=1", "bad-request"),
        ("/processes/late?until=RUNNING&wait=301", "bad-wait"),
        ("/processes/nosuch?until=RUNNING", "no-such-process"),
    ] {
        assert_eq!(get(&daemon, path, "").body["code"], json!(code), "{path}");
    }
    daemon.stop();
}

#[test]
fn many_are_begun_by_patterns_and_each_has_its_result() {
    if testing_the_original() {
        return; // there is no such API
    }
    let mut daemon = started();
    let pids = || ["web:web_00", "web:web_01", "web:web_02"].map(|process| daemon.pid_of(process));
    let before = pids();
    let all_web = json!(["web:*", "web:web_00"]);
    let foretold = post(&daemon, "/actions", &json!({"action": "restart", "processes": all_web, "dry_run": true}));
    assert_eq!((foretold.status, foretold.body["results"].as_array().map(Vec::len)), (200, Some(3)));
    assert_eq!(pids(), before, "nothing was done");

    let restarted = post(&daemon, "/actions", &json!({"action": "restart", "processes": all_web}));
    assert_eq!((restarted.status, &restarted.body["failed"]), (200, &json!(0)), "{}", restarted.body);
    let now = pids();
    assert!(before.iter().all(|pid| !now.contains(pid)), "{before:?} {now:?}");

    let stopped = post(&daemon, "/groups/web/stop", &json!({}));
    let results = stopped.body["results"].as_array().expect("results");
    assert_eq!((stopped.status, results.len()), (200, 3));
    assert!(results.iter().all(|result| result["state"] == json!("STOPPED")), "{results:?}");

    let mixed = json!({"action": "start", "processes": ["web:web_01", "missing", "reader"]});
    let mixed = post(&daemon, "/actions", &mixed);
    assert_eq!((mixed.status, &mixed.body["failed"]), (200, &json!(1)), "{}", mixed.body);
    let of = |name: &str| {
        let results = mixed.body["results"].as_array().expect("results");
        results.iter().find(|result| result["process"] == json!(name)).cloned().unwrap_or_default()
    };
    assert_eq!(of("web:web_01")["changed"], json!(true));
    assert_eq!(of("reader:reader")["changed"], json!(false));
    assert_eq!(of("missing:missing")["problem"]["fault"], json!(20));
    let none = post(&daemon, "/actions", &json!({"action": "stop", "processes": ["web:*", "nosuch*"]}));
    assert_eq!((none.status, &none.body["code"]), (404, &json!("no-such-process")));
    assert_eq!(daemon.state("web:web_01"), "RUNNING", "nothing was begun");
    daemon.stop();
}

#[test]
fn programs_are_written_to_and_their_logs_are_cleared() {
    if testing_the_original() {
        return; // there is no such API
    }
    let mut daemon = started();
    let tail = |daemon: &TestDaemon| {
        let answer = daemon.call("supervisor.readProcessStdoutLog", &["reader".into(), 0.into(), 0.into()]);
        answer.map(|text| text.as_text().to_owned()).unwrap_or_default()
    };
    let pid = daemon.pid_of("reader");
    let written = post(&daemon, "/processes/reader/stdin", &json!({"data": "höre\n", "if_pid": pid}));
    assert_eq!((written.status, &written.body["done"]), (200, &json!(true)), "{}", written.body);
    until("it was read", || (tail(&daemon) == "höre\n").then_some(()));
    assert_eq!(post(&daemon, "/processes/reader/stdin", &json!({"base64": "YnllCg=="})).status, 200);
    until("it was read", || tail(&daemon).ends_with("bye\n").then_some(()));
    assert_eq!(post(&daemon, "/processes/reader/clear-logs", &json!({})).status, 200);
    assert_eq!(tail(&daemon), "");
    daemon.stop();
}

#[test]
fn what_has_not_changed_is_not_sent_again() {
    if testing_the_original() {
        return; // there is no such API
    }
    let mut daemon = started();
    for path in ["/processes", "/processes/reader", "/groups", "/groups/web", "/summary"] {
        let told = until("nothing changes", || Some(get(&daemon, path, "")).filter(|it| it.header("etag").is_some()));
        let tag = told.header("etag").expect("it was seen").to_owned();
        let known = get(&daemon, path, &format!("If-None-Match: {tag}\r\n"));
        assert_eq!((known.status, known.header("etag"), &known.body), (304, Some(tag.as_str()), &Json::Null), "{path}");
        post(&daemon, "/processes/web:web_00/restart", &json!({}));
        assert_eq!(get(&daemon, path, &format!("If-None-Match: {tag}\r\n")).status, 200, "{path}");
    }
    daemon.stop();
}
