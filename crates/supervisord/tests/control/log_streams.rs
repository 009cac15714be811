//! Logs as they grow.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use supervisor_core::{Channel, Command, Reply};
use supervisord::boundary::inbox::FollowedLog;

use crate::client::Client;
use crate::fake_supervision::{FakeSupervision, bad_name};

/// Process `x` logs its stdout to `x.log` and its stderr nowhere; there is no other.
fn daemon() -> FakeSupervision {
    let folder = std::sync::Arc::new(std::sync::OnceLock::<String>::new());
    let path = std::sync::Arc::clone(&folder);
    let daemon = FakeSupervision::answering(move |command| match command {
        Command::GetLogFile { name, channel: Channel::Stdout } if name == "g:x" => {
            Some(Ok(Reply::LogFile(Some(path.get().unwrap().as_str().into()))))
        }
        Command::GetLogFile { name, channel: Channel::Stderr } if name == "g:x" => Some(Ok(Reply::LogFile(None))),
        Command::GetLogFile { name, .. } => Some(Err(bad_name(name))),
        other => panic!("{other:?} was sent"),
    });
    folder.set(daemon.path("x.log").to_str().unwrap().to_owned()).unwrap();
    daemon
}

fn append(path: &Path, text: &str) {
    OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

/// Tells all followers that their log has changed.
fn notify(daemon: &FakeSupervision) {
    daemon.seen(|seen| {
        let told = seen.followers.iter().filter(|(_, follower)| follower.notify());
        assert!(told.count() > 0, "somebody follows");
    });
}

/// How many clients of one server may follow (`STREAMS`), and have a connection (`CONNECTIONS`).
const STREAMS: usize = 128;
const CONNECTIONS: usize = 256;

#[test]
fn followers_never_take_the_places_of_requests() {
    let daemon = daemon();
    fs::write(daemon.path("main.log"), "line\n").unwrap();
    let follow = || {
        let mut client = Client::tcp(daemon.tcp);
        client.send("GET /mainlogtail HTTP/1.1\r\nHost: x\r\n\r\n");
        let (status_line, headers) = client.receive_head();
        (client, status_line, headers)
    };
    let mut followers = vec![];
    for number in 0..CONNECTIONS {
        let (client, status_line, headers) = follow();
        let refused = number >= STREAMS;
        assert_eq!(status_line.contains(" 503 "), refused, "{number}: {status_line}");
        assert_eq!(headers.contains(&("retry-after".to_owned(), "10".to_owned())), refused, "{headers:?}");
        followers.push(client);
    }
    let refused = Client::tcp(daemon.tcp).request("GET /logtail/g:x HTTP/1.1", &[]);
    assert_eq!(refused.status(), 503);
    assert!(refused.body.starts_with("128 clients of [inet_http_server] follow logs or events already"), "{refused:?}");
    let refused = Client::tcp(daemon.tcp).request("GET /api/v1/events HTTP/1.1", &[]);
    assert!(refused.body.contains("\"detail\": \"128 clients of [inet_http_server] follow"), "{refused:?}");
    assert_eq!(Client::tcp(daemon.tcp).request("GET /ok.html HTTP/1.1", &[]).body, "OK", "requests are answered");
    let mut other_door = Client::unix(daemon.unix());
    other_door.send("GET /mainlogtail HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(other_door.receive_head().0, "HTTP/1.1 200 OK", "each server has places of its own");
    daemon.wait_for_followers(STREAMS + 1);
    drop(followers);
    while !follow().1.contains(" 200 ") {
        std::thread::yield_now();
    }
}

#[test]
fn a_stream_begins_with_the_end_of_the_log_and_goes_on() {
    let daemon = daemon();
    let log = daemon.path("x.log");
    fs::write(&log, "x".repeat(2000) + "end\n").unwrap();
    for path in ["/logtail/g:x", "/logtail/g%3Ax/stdout", "/logtail/g%253Ax"] {
        let mut client = Client::unix(daemon.unix());
        client.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"));
        let (status_line, headers) = client.receive_head();
        assert_eq!(status_line, "HTTP/1.1 200 OK");
        let header = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        assert_eq!(header("content-type"), Some("text/plain;charset=utf-8"));
        assert_eq!(header("x-accel-buffering"), Some("no"));
        assert_eq!(header("transfer-encoding"), Some("chunked"));
        assert!(header("last-modified").is_some_and(|date| date.ends_with(" GMT")));
        let first = client.chunk().unwrap();
        assert_eq!((first.len(), first.ends_with("xend\n")), (1024, true));
    }
    let mut client = Client::unix(daemon.unix());
    client.send("GET /logtail/g:x HTTP/1.1\r\n\r\n");
    client.receive_head();
    client.chunk().unwrap();
    daemon.wait_for_followers(4);
    append(&log, "one more\n");
    notify(&daemon);
    client.chunks_until("one more\n");
    let expected = FollowedLog::Process { name: "g:x".to_owned(), channel: Channel::Stdout };
    daemon.seen(|seen| assert!(seen.followers.iter().all(|(log, _)| *log == expected)));
}

#[test]
fn a_change_that_nobody_told_about_is_found() {
    let daemon = daemon();
    let log = daemon.path("x.log");
    fs::write(&log, "").unwrap();
    let mut client = Client::unix(daemon.unix());
    client.send("GET /logtail/g:x HTTP/1.1\r\n\r\n");
    assert_eq!(client.receive_head().0, "HTTP/1.1 200 OK", "the head comes although there is nothing to read");
    append(&log, "by a stranger\n");
    client.chunks_until("by a stranger\n");
}

#[test]
fn rotation_clearing_and_truncation_are_followed() {
    let daemon = daemon();
    let log = daemon.path("x.log");
    fs::write(&log, "first\n").unwrap();
    let mut client = Client::unix(daemon.unix());
    client.send("GET /logtail/g:x HTTP/1.1\r\n\r\n");
    client.receive_head();
    client.chunks_until("first\n");
    daemon.wait_for_followers(1);

    append(&log, "last words\n");
    fs::rename(&log, daemon.path("x.log.1")).unwrap();
    append(&log, "rotated\n");
    notify(&daemon);
    client.chunks_until("last words\nrotated\n");

    fs::remove_file(&log).unwrap();
    append(&log, "cleared\n");
    notify(&daemon);
    client.chunks_until("cleared\n");

    fs::write(&log, "").unwrap();
    notify(&daemon);
    client.chunks_until("==> File truncated <==\n");
    append(&log, "from the start\n");
    notify(&daemon);
    client.chunks_until("from the start\n");
}

#[test]
fn much_output_arrives_whole() {
    let daemon = daemon();
    let log = daemon.path("x.log");
    fs::write(&log, "").unwrap();
    let mut client = Client::tcp(daemon.tcp);
    client.send("GET /logtail/g:x HTTP/1.1\r\n\r\n");
    client.receive_head();
    daemon.wait_for_followers(1);
    let lines = (0..200_000).map(|number| number.to_string()).collect::<Vec<_>>().join("\n");
    append(&log, &lines);
    notify(&daemon);
    client.chunks_until(&lines);
}

#[test]
fn a_log_that_is_not_there_is_404() {
    let daemon = daemon();
    for path in [
        "/logtail",
        "/logtail/",
        "/logtail/nosuch",
        "/logtail/g:*",
        "/logtail/g:x/stderr",
        "/logtail/g:x/stdin",
        "/logtail/g:x",
        "/mainlogtail",
    ] {
        let answer = Client::unix(daemon.unix()).request(&format!("GET {path} HTTP/1.1"), &[]);
        assert_eq!(answer.status_line, "HTTP/1.1 404 Not Found", "{path}");
    }
    daemon.seen(|seen| assert!(seen.followers.is_empty()));
}

#[test]
fn the_main_log_is_streamed_too() {
    let daemon = daemon();
    let log = daemon.path("main.log");
    fs::write(&log, "spawned\n").unwrap();
    let mut client = Client::unix(daemon.unix());
    client.send("GET /mainlogtail HTTP/1.1\r\n\r\n");
    let (status_line, headers) = client.receive_head();
    assert_eq!(status_line, "HTTP/1.1 200 OK");
    assert!(headers.iter().all(|(name, _)| name != "x-accel-buffering"));
    client.chunks_until("spawned\n");
    daemon.wait_for_followers(1);
    daemon.seen(|seen| assert_eq!(seen.followers.first().map(|(log, _)| log), Some(&FollowedLog::Main)));
}

#[test]
fn an_old_client_gets_a_stream_without_chunks() {
    let daemon = daemon();
    let log = daemon.path("x.log");
    fs::write(&log, "first\n").unwrap();
    let mut client = Client::unix(daemon.unix());
    client.send("GET /logtail/g:x HTTP/1.0\r\n\r\n");
    let (status_line, headers) = client.receive_head();
    assert_eq!(status_line, "HTTP/1.0 200 OK");
    assert!(headers.iter().all(|(name, _)| name != "transfer-encoding"));
    assert_eq!(client.bytes(6), "first\n");
    daemon.wait_for_followers(1);
    append(&log, "second\n");
    notify(&daemon);
    assert_eq!(client.bytes(7), "second\n");
}

#[test]
fn a_client_that_goes_away_is_followed_no_more() {
    let daemon = daemon();
    fs::write(daemon.path("x.log"), "first\n").unwrap();
    let mut client = Client::unix(daemon.unix());
    client.send("GET /logtail/g:x HTTP/1.1\r\n\r\n");
    client.receive_head();
    client.chunks_until("first\n");
    daemon.wait_for_followers(1);
    daemon.seen(|seen| assert!(!seen.followers[0].1.is_gone()));
    drop(client);
    while daemon.seen(|seen| seen.followers[0].1.notify()) {
        std::thread::yield_now();
    }
}
