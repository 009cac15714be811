//! Events, over real connections: as they come, until Ctrl-C, until the reader or the server goes.

use crate::server::{Answer, serve_tcp, serve_unix, status, stream};
use crate::{Folder, Session, run, version};

const FRAMES: &str = ": events of supervisord\nid: 6\n\n\
     id: 7\nevent: TICK_5\ndata: {\"serial\": 7, \"time\": \"2026-11-22T08:17:47.089Z\", \"event\": \"TICK_5\", \"when\": 5}\n\n";

const JSON: &str = "{\"serial\": 7, \"time\": \"2026-11-22T08:17:47.089Z\", \"event\": \"TICK_5\", \"when\": 5}\n";

/// A refusal in a document.
fn refusal(to: &'static str, status: &str, document: &str) -> Answer {
    let length = document.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
    Answer { to, only_with: "", response: head + document, then_close: true }
}

#[test]
fn each_event_is_written_at_once_until_ctrl_c() {
    let folder = Folder::new();
    serve_unix(&folder.socket(), vec![version(), stream("GET /api/v1/events?types=TICK ", FRAMES)]);
    let mut client = folder.client(&folder.url(), &["events", "tick"]);
    let mut session = Session::start(client.env("TZ", "UTC"));
    assert_eq!(session.next_line(), "2026-11-22 08:17:47.089 TICK_5                 when:5\n");
    session.press_ctrl_c();
    let (out, err, status) = session.finish();
    assert_eq!((out.as_str(), err.as_str(), status.code()), ("\n", "", Some(0)));
}

#[test]
fn objects_come_over_tcp_with_credentials_and_the_end_tells_how_to_go_on() {
    let folder = Folder::new();
    let ending = Answer { then_close: true, only_with: "Basic dTpw", ..stream("GET /api/v1/events?since=3 ", FRAMES) };
    let (port, requests) = serve_tcp(vec![version(), ending]);
    let url = format!("http://127.0.0.1:{port}");
    let arguments = ["-u", "u", "-p", "p", "events", "--format", "json", "--since", "3"];
    let words =
        format!("error: {url} has ended the stream of events; to go on from here: events --format json --since 7\n");
    assert_eq!(run(&mut folder.client(&url, &arguments)), (JSON.to_owned(), words, 1));
    let requests = requests.lock().unwrap();
    let (_, request) = requests.iter().find(|(_, request)| request.starts_with("GET ")).unwrap();
    assert!(request.to_ascii_lowercase().contains(&format!("host: 127.0.0.1:{port}\r\n")), "{request}");
}

#[test]
fn a_reader_that_goes_ends_it_without_a_word() {
    let folder = Folder::new();
    serve_unix(&folder.socket(), vec![version(), stream("GET /api/v1/events ", &FRAMES.repeat(10_000))]);
    let mut client = folder.client(&folder.url(), &["events", "--format", "json"]);
    let mut session = Session::start(&mut client);
    assert_eq!(session.next_line(), JSON);
    let (err, status) = session.close_and_finish();
    assert_eq!((err.as_str(), status.code()), ("", Some(0)));
}

#[test]
fn refusals_are_one_line() {
    let folder = Folder::new();
    let url = folder.url();
    serve_unix(
        &folder.socket(),
        vec![
            version(),
            refusal("GET /api/v1/events?types=TICK ", "503 Service Unavailable", "{\"detail\": \"too many\"}\n"),
            refusal("GET /api/v1/events ", "404 Not Found", "<head>"),
            status("GET /api/v1/event-pools ", "401 Unauthorized"),
        ],
    );
    for (arguments, words) in [
        (&["events", "TICK"][..], format!("error: {url} refuses: too many\n")),
        (&["events"], format!("error: {url} has no /api/v1/events: this supervisord is too old to tell of events\n")),
        (&["events", "--stats"], "Server requires authentication\n".to_owned()),
    ] {
        assert_eq!(run(&mut folder.client(&url, arguments)), (words, String::new(), 1));
    }
}
