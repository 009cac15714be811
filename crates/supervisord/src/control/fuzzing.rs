//! The way in for fuzz/, which cannot see what is private: a whole connection, without a network.
//!
//! Bytes go through the same stream, hyper, authentication, router and XML-RPC as those of a client, in front of a
//! supervision plane that has an answer for every command. Time is virtual: a client that waits for hours costs
//! nothing. Not part of the daemon: compiled for fuzzing and for tests alone.

mod answers;
mod supervision;

use std::rc::Rc;
use std::time::Duration;

use supervisor_core::{LogLevel, SupervisorState};
use supervisor_protocol::method::Namespaces;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex, split};
use tokio::runtime::Builder;
use tokio::sync::{Notify, watch};
use tokio::task::LocalSet;
use tokio::time::{sleep, timeout};

use super::audience::Visitor;
use super::connection::{Connection, Peer};
use super::context::Context;
use super::host_names::HostNames;
use super::listener::Section;
use super::password::Password;
use super::settings::{ConfigReader, ControlSettings, FreshConfig, Identity, Whereabouts};
use super::timed_stream::Activity;
use crate::boundary::outbox;
use crate::boundary::snapshot::process_snapshot;
use crate::test_data::{group_config, process_config};
use supervision::Supervision;

/// What the first byte of an input chooses, bit by bit. The default, `@`, is an open unix socket whose client sends
/// all at once and then no more.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent of each other: a bit of the input each")]
struct Circumstances {
    /// Over TCP, where host names matter.
    tcp: bool,
    /// `user` with the password `secret` may come in.
    password: bool,
    /// The client keeps its half open for longer than a head or a body may take.
    stays: bool,
    /// The client sends a few bytes at a time.
    drips: bool,
    /// Little fits between the two.
    narrow: bool,
    /// The client is gone as soon as it has sent everything.
    leaves: bool,
    /// supervisord is stopping (if not set).
    running: bool,
    /// The supervision plane takes its time.
    late: bool,
}

impl From<u8> for Circumstances {
    fn from(byte: u8) -> Self {
        let has = |bit: u8| byte & (1 << bit) != 0;
        Self {
            tcp: has(0),
            password: has(1),
            stays: has(2),
            drips: has(3),
            narrow: has(4),
            leaves: has(5),
            running: has(6),
            late: has(7),
        }
    }
}

/// Bytes at a time of a client that drips, and its pauses.
const DRIP: usize = 7;
const PAUSE: Duration = Duration::from_millis(250);
/// Longer than a client may take for a head or a body, or to take an answer.
const STAY: Duration = Duration::from_secs(70);
/// By then every connection has ended whose client sends no more: answers may be late one by one.
const PATIENCE: Duration = Duration::from_hours(24 * 365);
/// What fits between client and server.
const NARROW: usize = 64;
const WIDE: usize = 64 * 1024;

/// Serves one connection whose client sends these bytes, the first of which says how; returns what was answered.
///
/// # Panics
/// When the connection does not end, or an answer is none.
pub fn connection(input: &[u8]) -> Vec<u8> {
    let Some((&first, bytes)) = input.split_first() else { return vec![] };
    let circumstances = Circumstances::from(first);
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime needs a thread at most");
    let answered = LocalSet::new().block_on(&runtime, async {
        timeout(PATIENCE, converse(circumstances, bytes)).await.expect("the connection ends")
    });
    if !circumstances.leaves {
        answers::check(bytes, &answered);
    }
    answered
}

async fn converse(circumstances: Circumstances, bytes: &[u8]) -> Vec<u8> {
    let (near, far) = duplex(if circumstances.narrow { NARROW } else { WIDE });
    let (_stop, stopped) = watch::channel(false);
    let (supervision, sender) = Supervision::new(circumstances.late);
    let state = if circumstances.running { SupervisorState::Running } else { SupervisorState::Shutdown };
    let (_outbox, notices) = outbox::channel(state);
    let settings = ControlSettings {
        servers: vec![],
        sender,
        notices,
        processes: process_snapshot().1,
        identity: Identity { identifier: "supervisor".to_owned(), pid: 4711, place: Whereabouts::default() },
        extensions: tokio::sync::mpsc::channel(1).1,
        namespaces: Namespaces::default(),
        program_reader: None,
        config_reader: ConfigReader::new(|| Ok(fresh_config())),
        warnings: Vec::new(),
        main_log: Some(supervision::log_file()),
        log_level: LogLevel::Blather,
    };
    let serving = Connection {
        peer: if circumstances.tcp { Peer::Tcp(([127, 0, 0, 1], 9001).into()) } else { Peer::Unix },
        visitor: Visitor::Welcome,
        section: Rc::new(section(circumstances)),
        context: Rc::new(Context::new(settings, stopped).working_in_place()),
        activity: Rc::new(Activity::new(Rc::default())),
        leave: Rc::new(Notify::new()),
    }
    .serve(far);
    tokio::select! {
        ((), answered) = async { tokio::join!(serving, client(circumstances, near, bytes)) } => answered,
        () = supervision.run() => unreachable!("it runs for ever"),
    }
}

/// What the client gets.
async fn client(circumstances: Circumstances, stream: tokio::io::DuplexStream, bytes: &[u8]) -> Vec<u8> {
    let (mut reading, mut writing) = split(stream);
    let send = async {
        for piece in bytes.chunks(if circumstances.drips { DRIP } else { bytes.len().max(1) }) {
            // The server may have had enough.
            if writing.write_all(piece).await.is_err() {
                break;
            }
            if circumstances.drips {
                sleep(PAUSE).await;
            }
        }
        if circumstances.stays {
            sleep(STAY).await;
        }
        if !circumstances.leaves {
            // It may have closed meanwhile.
            drop(writing.shutdown().await);
        }
    };
    let mut answered = vec![];
    let receive = async {
        // A connection that breaks off ends as well.
        drop(reading.read_to_end(&mut answered).await);
    };
    if circumstances.leaves {
        tokio::select! {
            () = send => {}
            () = receive => {}
        }
    } else {
        tokio::join!(send, receive);
    }
    answered
}

fn section(circumstances: Circumstances) -> Section {
    let (username, password) = if circumstances.password { (Some("user"), Some("secret")) } else { (None, None) };
    Section {
        username: username.map(str::to_owned),
        password: password.map(|text| Password::parse(text).expect("a plain one")),
        host_names: circumstances.tcp.then(|| HostNames::of_this_machine(["allowed.example".to_owned()])),
        ..Section::unguarded("unix_http_server")
    }
}

fn fresh_config() -> FreshConfig {
    let groups = vec![group_config("cat", vec![process_config("cat").into()]).into()];
    FreshConfig { identifier: "another".to_owned(), groups, warnings: Vec::new(), program_reader: None }
}

#[cfg(test)]
mod tests {
    use supervisor_protocol::xmlrpc::{Value, write_call};

    use super::*;

    const USUAL: u8 = b'@';

    fn post(body: &str) -> String {
        format!("POST /RPC2 HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    }

    fn call(method: &str, params: &[Value]) -> String {
        post(&write_call(method, params))
    }

    fn answered(first: u8, bytes: &str) -> String {
        String::from_utf8_lossy(&connection(&[&[first], bytes.as_bytes()].concat())).into_owned()
    }

    fn conversations() -> Vec<String> {
        let pid = call("supervisor.getPID", &[]);
        let chunked = "POST /RPC2 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<x/>\n\r\n0\r\n\r\n";
        vec![
            String::new(),
            "\r\n\r\n".to_owned(),
            "POST /RPC2 HTTP/1.1\r\nContent-Length: 9\r\n\r\n<".to_owned(),
            format!("{pid}{pid}GET /ok.html HTTP/1.0\r\n\r\n{pid}"),
            format!("{chunked}{pid}"),
            format!("{pid}HEAD /nothing HTTP/1.1\r\n\r\n{pid}"),
            format!("Expect: 100-continue\r\n\r\n{pid}"),
            pid.replace("\r\n\r\n", "\r\nExpect: 100-continue\r\nOrigin: http://x\r\n\r\n"),
            pid.replace("\r\n\r\n", "\r\nAuthorization: Basic dXNlcjpzZWNyZXQ=\r\n\r\n"),
            call("supervisor.readProcessStdoutLog", &["cat".into(), Value::Int(0), Value::Int(0)]),
            call("supervisor.reloadConfig", &[]),
            "GET /logtail/cat HTTP/1.1\r\n\r\n".to_owned(),
            "GET /mainlogtail HTTP/1.0\r\n\r\n".to_owned(),
            // What follows the request for a stream is in hyper's hands, who then does not see the client leave.
            format!("GET /mainlogtail HTTP/1.0\r\n\r\n{pid}"),
            format!("GET /mainlogtail HTTP/1.1\r\n\r\n{pid}"),
            "GET /api/v1/events HTTP/1.1\r\n\r\n".to_owned(),
            format!("GET /api/v1/events?since=0 HTTP/1.1\r\n\r\n{pid}GET /api/v1/event-pools HTTP/1.1\r\n\r\n"),
            "HEAD /api/v1/events?since=0 HTTP/1.1\r\n\r\nGET /api/v1/nothing HTTP/1.1\r\n\r\n".to_owned(),
        ]
    }

    #[test]
    fn every_conversation_ends_under_all_circumstances() {
        for first in 0..=u8::MAX {
            for bytes in conversations() {
                answered(first, &bytes);
            }
        }
    }

    #[test]
    fn answers_of_every_kind_are_seen() {
        let pid = call("supervisor.getPID", &[]);
        let two = answered(USUAL, &format!("{pid}{pid}"));
        assert_eq!(two.matches("<value><int>4711</int></value>").count(), 2, "{two}");
        let log = answered(USUAL, &call("supervisor.readLog", &[Value::Int(0), Value::Int(7)]));
        assert!(log.contains("<value><string>one\ntwo</string></value>"), "{log}");
        let stream = answered(USUAL | 1 << 2, "GET /logtail/cat HTTP/1.1\r\n\r\n");
        assert!(stream.contains("one\ntwo"), "{stream}");
        let events = answered(USUAL | 1 << 2, "GET /api/v1/events?since=0 HTTP/1.1\r\n\r\n");
        assert_eq!(events.matches("\nevent: ").count(), 4, "{events}");
        assert!(answered(USUAL | 2, &pid).starts_with("HTTP/1.1 401 "));
        assert!(answered(USUAL & !(1 << 6), &call("supervisor.restart", &[])).contains("SHUTDOWN_STATE"));
        assert_eq!(answered(USUAL | 1 << 7, &call("supervisor.restart", &[])), "", "nobody waits that long");
    }
}
