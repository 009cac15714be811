//! Nobody but supervisord begins a line of its main log, or orders about the terminal that shows it.

use std::fs;

use crate::support::{TestDaemon, raw_http, testing_the_original};

/// A line as supervisord would write it, and an order to the terminal.
const FORGED: &str = "\n2026-01-01 00:00:00,000 INFO forged\r\x1b]0;title\x07";

/// Everything that others have a say in, at the level that shows most.
const CONFIGURATION: &str = r#"
[supervisord]
loglevel=trace
[inet_http_server]
port=127.0.0.1:{port}
[program:talker]
command=/bin/sh -c "printf 'said\n2026-01-01 00:00:00,000 INFO forged\n\033[2J'; exec sleep 1000"
process_name=talker
[program:absent]
command=/nowhere/absent%(ENV_FORGED)s
startretries=0
[eventlistener:liar]
command=/bin/sh -c "printf 'READY\n'; read l; printf 'RESULT \033[2J\r2026-01-01 00:00:00,000 INFO forged\n'; exec sleep 1000"
events=PROCESS_STATE
"#;

/// Whether a line begins with a time and a level.
fn is_entry(line: &str) -> bool {
    let shape: String = line.chars().take(23).map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let level = line.get(24..28).unwrap_or_default();
    shape == "0000-00-00 00:00:00,000" && ["CRIT", "ERRO", "WARN", "INFO", "DEBG", "TRAC", "BLAT"].contains(&level)
}

#[test]
fn whatever_others_say_begins_no_line_and_orders_no_terminal_about() {
    if testing_the_original() {
        return; // it writes what they say as it is
    }
    let mut daemon = TestDaemon::prepared(CONFIGURATION);
    daemon.set_variable("FORGED", FORGED);
    // The leftover of an earlier run that cannot be removed, since it is a folder.
    let leftover = daemon.path(&format!("x{}---test-a.log", FORGED.replace('\x1b', "\u{9b}")));
    fs::create_dir(&leftover).expect("any byte but / and NUL may be in a name");
    daemon.start();
    daemon.wait_for_state("absent", "FATAL");
    daemon.wait_for_state("liar", "RUNNING");
    daemon.wait_for_log("'talker' stdout output:");
    daemon.wait_for_log("liar: ");

    // XML knows no escape character; the C1 controls begin such orders too.
    let text = FORGED.replace('\x1b', "\u{9b}").replace('\x07', "\u{2028}");
    for method in [format!("supervisor.{text}"), format!("x{text}.y")] {
        daemon.call(&method, &[]).expect_err("there is no such method");
    }
    daemon.call("supervisor.startProcess", &[text.as_str().into()]).expect_err("there is no such process");
    let kind = text.as_str();
    daemon.call("supervisor.sendRemoteCommEvent", &[kind.into(), kind.into()]).expect("anybody may");
    for request in [
        "GET /%0A2026-01-01%2000:00:00,000%20INFO%20forged%1B HTTP/1.0\r\nUser-Agent: a\x1bb\r\n\r\n",
        "GET /\u{85}2026\u{2028}\x0b HTTP/1.0\r\n\r\n",
        "POST /RPC2 HTTP/1.0\r\nContent-Length: 9\r\n\r\n<\n\x1b\r\u{85}\u{2028}",
    ] {
        raw_http(daemon.port(), request).expect("there is an answer, if only a refusal");
    }

    let log = daemon.log();
    for kind in ["Failed to clean up", "method called: supervisor.", "'talker' stdout output", "absent", "liar: "] {
        assert!(log.contains(kind), "{kind} is told");
    }
    for line in log.lines() {
        assert!(line.is_empty() || is_entry(line) || line.starts_with("    "), "somebody else's line: {line:?}");
        assert!(!(is_entry(line) && line.get(24..).is_some_and(|rest| rest == "INFO forged")), "forged: {line:?}");
        assert!(!line.chars().any(|c| c.is_control() && c != '\t'), "an order to a terminal: {line:?}");
        assert!(!line.contains(['\u{2028}', '\u{2029}', '\u{85}']), "a line for some readers: {line:?}");
    }
    fs::remove_dir(&leftover).expect("it is ours");
    daemon.stop();
}
