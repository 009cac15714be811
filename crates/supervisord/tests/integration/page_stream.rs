//! The stream that pages live on, of a real daemon: rows, events, samples and logs over one connection, resumed without
//! a gap; and that nothing wakes when nobody looks.

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value as Json;

use crate::support::{Streamed, TestDaemon, http_get, testing_the_original, until};

/// How long a client waits for what has to come.
const PATIENCE: Duration = Duration::from_mins(1);

const PROGRAMS: &str = "[inet_http_server]
port=127.0.0.1:{port}
[program:talks]
command=/bin/sh -c \"while read line; do echo said $line; done\"
stdout_logfile={dir}/talks.log
startsecs=0
[program:fails]
command=/bin/sh -c \"exit 3\"
startsecs=0
autostart=false
autorestart=false
";

/// A page, as far as its connection goes.
struct Page {
    streamed: Streamed<TcpStream>,
    last_id: String,
}

impl Page {
    fn open(daemon: &TestDaemon, query: &str, last_id: &str) -> Self {
        let mut socket = TcpStream::connect(("127.0.0.1", daemon.port())).expect("supervisord listens");
        socket.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
        write!(socket, "GET /api/v1/stream?{query} HTTP/1.0\r\nHost: localhost\r\nLast-Event-ID: {last_id}\r\n\r\n")
            .expect("it takes a request");
        Self { streamed: Streamed::begun(socket), last_id: String::new() }
    }

    /// Name and data of the next frame; `None` at the end of the stream.
    fn next(&mut self) -> Option<(String, Json)> {
        loop {
            let frame = self.streamed.up_to("\n\n")?;
            let field = |name: &str| frame.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
            if let Some(id) = field("id: ") {
                self.last_id = id;
            }
            if let Some(data) = field("data: ") {
                let name = field("event: ").expect("a frame has a name");
                return Some((name, serde_json::from_str(&data).unwrap_or_else(|error| panic!("{error}: {frame}"))));
            }
        }
    }

    /// Reads on until there is such a frame, and gives its data.
    fn find(&mut self, name: &str, mut is_it: impl FnMut(&Json) -> bool) -> Json {
        loop {
            let (found, data) = self.next().unwrap_or_else(|| panic!("the stream ended without {name}"));
            if found == name && is_it(&data) {
                return data;
            }
        }
    }
}

fn say(daemon: &TestDaemon, word: &str) {
    daemon
        .call("supervisor.sendProcessStdin", &["talks".into(), format!("{word}\n").as_str().into()])
        .expect("it reads");
}

fn fail(daemon: &TestDaemon) {
    daemon.call("supervisor.startProcess", &["fails".into()]).ok();
    daemon.wait_for_state("fails", "EXITED");
}

const EVERYTHING: &str = "processes=*&samples=1&events=PROCESS_STATE&log=talks/stdout&log_from=0&supervisor=true";

#[test]
fn a_page_lives_on_one_connection_and_misses_nothing_between_two() {
    if testing_the_original() {
        return; // it has no such stream
    }
    let mut daemon = TestDaemon::started(PROGRAMS);
    daemon.wait_for_state("talks", "RUNNING");
    let mut page = Page::open(&daemon, EVERYTHING, "");
    let (first, hello) = page.next().expect("a frame");
    assert_eq!((first.as_str(), hello["identifier"].as_str()), ("hello", Some("test")));
    let table = page.find("table", |_| true);
    let names: Vec<_> = table["processes"].as_array().expect("rows").iter().map(|row| &row["name"]).collect();
    assert_eq!(names, ["fails", "talks"]);
    page.find("sample", |sample| sample["values"]["talks"][1].as_u64().is_some_and(|bytes| bytes > 0));
    say(&daemon, "one");
    let line = page.find("log", |log| log["text"] == "said one\n");
    assert_eq!((&line["log"], &line["offset"], &line["length"]), (&"talks/stdout".into(), &0.into(), &9.into()));
    fail(&daemon);
    let event = page.find("event", |event| event["event"] == "PROCESS_STATE_EXITED");
    assert_eq!(event["exit"]["code"], 3);
    drop(page.streamed);

    // While nobody is there.
    let last_id = page.last_id;
    say(&daemon, "two");
    fail(&daemon);
    let mut page = Page::open(&daemon, EVERYTHING, &last_id);
    assert_eq!(page.next().expect("a frame").0, "hello");
    let (mut events, mut rows, mut lines) = (0, 0, String::new());
    while !(events >= 2 && rows > 0 && lines == "said two\n") {
        let (name, data) = page.next().expect("a frame");
        match name.as_str() {
            "event" => events += 1,
            "processes" => rows += data["changed"].as_array().expect("rows").len(),
            "log" => lines.push_str(data["text"].as_str().expect("text")),
            "sample" | "supervisor" => {}
            other => panic!("{other}: {data}"),
        }
    }
    let pid = daemon.pid_of("talks");
    daemon.call("supervisor.shutdown", &[]).expect("it ends");
    assert_eq!(page.find("bye", |_| true)["reason"], "shutdown");
    assert!(page.next().is_none(), "nothing follows, {pid}");
    daemon.stop();
}

#[test]
fn groups_that_come_and_go_are_told_and_a_restart_begins_with_a_table() {
    if testing_the_original() {
        return;
    }
    let mut daemon = TestDaemon::started(PROGRAMS);
    let mut page = Page::open(&daemon, "processes=*", "");
    page.find("table", |_| true);
    daemon.call("supervisor.removeProcessGroup", &["fails".into()]).expect("it does not run");
    let removed = page.find("processes", |data| data.get("removed").is_some());
    assert_eq!(
        (&removed["removed"], &removed["order"]),
        (&serde_json::json!(["fails"]), &serde_json::json!(["talks"]))
    );
    daemon.call("supervisor.addProcessGroup", &["fails".into()]).expect("it is configured");
    let added = page.find("processes", |data| data.get("order").is_some());
    assert_eq!(added["order"], serde_json::json!(["fails", "talks"]));
    daemon.call("supervisor.restart", &[]).expect("it restarts");
    assert_eq!(page.find("bye", |_| true)["reason"], "reload");
    daemon.wait_until_it_answers();
    let mut again = Page::open(&daemon, "processes=*", &page.last_id);
    again.next();
    assert_eq!(again.next().expect("a frame").0, "table");
    daemon.stop();
}

/// How often threads of a process have gone to sleep.
fn sleeps(pid: i32) -> Vec<(String, u64)> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).expect("it runs");
    let mut sleeps: Vec<_> = threads
        .filter_map(|thread| {
            let status = fs::read_to_string(thread.ok()?.path().join("status")).ok()?;
            let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
            Some((field("Name:")?.to_owned(), field("voluntary_ctxt_switches:")?.parse().ok()?))
        })
        .collect();
    sleeps.sort();
    sleeps
}

#[expect(clippy::disallowed_methods, reason = "that nothing happens is seen over time alone")]
fn watch_for(time: Duration) {
    std::thread::sleep(time);
}

#[test]
fn nothing_wakes_when_the_last_page_is_closed() {
    if testing_the_original() {
        return;
    }
    let mut daemon = TestDaemon::started(PROGRAMS);
    daemon.wait_for_state("talks", "RUNNING");
    let mut page = Page::open(&daemon, EVERYTHING, "");
    page.find("sample", |_| true);
    page.find("sample", |_| true);
    drop(page);
    until("nobody follows", || {
        let (_, text) = http_get(daemon.port(), "/metrics?collect=daemon").expect("an answer");
        text.contains("supervisord_streams{kind=\"stream\"} 0").then_some(())
    });
    let pid: i32 = daemon.read("supervisord.pid").trim().parse().expect("a pid");
    // Threads that read files end when they have had nothing to do for a while.
    until("its threads have ended", || (sleeps(pid).len() == 2).then_some(()));
    let before = sleeps(pid);
    // Samples would come every second or two.
    watch_for(Duration::from_secs(5));
    assert_eq!(sleeps(pid), before);
    daemon.stop();
}
