//! Lines that a terminal brings faster than they are carried out: typed ahead, pasted, written by another program.

use crate::server::{Requests, serve_unix, status, stream, value};
use crate::terminal::Session;
use crate::{Folder, all_processes, one_process, version};

/// Kinds of terminals: with line editing, without, and one that nobody knows.
const KINDS: [&str; 6] = ["xterm", "vt100", "screen-256color", "dumb", "emacs", "nosuch"];

/// What Enter sends: to a terminal in raw mode, and what programs write.
const LINE_ENDS: [&str; 2] = ["\r", "\n"];

fn folder() -> (Folder, Requests) {
    let folder = Folder::new();
    let requests = serve_unix(
        &folder.socket(),
        vec![
            version(),
            all_processes(),
            one_process(),
            value("getSupervisorVersion", "<string>4.3.0</string>"),
            stream("GET /logtail/cat/stdout ", "out\n"),
            status("GET /logtail/cat/stderr ", "404 Not Found"),
            value("sendProcessStdin", "<boolean>1</boolean>"),
        ],
    );
    (folder, requests)
}

/// Types all of it at once, before or after the first prompt, and expects each line to be carried out.
fn carries_out(keys: &str, expected: &[&str]) {
    for kind in KINDS {
        for line_end in LINE_ENDS {
            for waits in [true, false] {
                let (folder, _) = folder();
                let mut session = Session::start_as(kind, &mut folder.client(&folder.url(), &[]));
                if waits {
                    session.expect("test> ");
                }
                session.type_in(&keys.replace('\n', line_end));
                for text in expected {
                    session.expect(text);
                }
                session.finish();
            }
        }
    }
}

#[test]
fn every_line_is_carried_out() {
    carries_out(
        "first\nversion\n\nsecond\n  status cat\nthird\nquit\n",
        &["syntax: first", "4.3.0", "syntax: second", "RUNNING", "syntax: third"],
    );
}

#[test]
fn the_end_of_the_input_is_seen_behind_the_lines() {
    carries_out("first\nsecond\n\x04", &["syntax: first", "syntax: second"]);
}

#[test]
fn an_answer_goes_to_its_question() {
    carries_out("shutdown\nno\nfirst\nquit\n", &["shut the remote supervisord process down", "syntax: first"]);
}

#[test]
fn lines_after_fg_are_for_the_process() {
    for kind in ["xterm", "dumb"] {
        let (folder, requests) = folder();
        let mut session = Session::start_as(kind, &mut folder.client(&folder.url(), &[]));
        session.expect("test> ");
        session.type_in("fg cat\nshutdown\nhello\n\x04first\nquit\n");
        session.expect("Exiting foreground");
        session.expect("syntax: first");
        session.finish();
        let requests = requests.lock().unwrap();
        let sent: Vec<&str> = requests.iter().filter_map(|(_, request)| request.split("<string>").nth(2)).collect();
        assert!(sent.len() == 2 && sent[0].starts_with("shutdown\n") && sent[1].starts_with("hello\n"), "{sent:?}");
    }
}

#[test]
fn a_long_paste_is_carried_out_to_its_end() {
    for kind in ["xterm", "dumb"] {
        let (folder, requests) = folder();
        let mut session = Session::start_as(kind, &mut folder.client(&folder.url(), &[]));
        session.expect("test> ");
        session.type_in_while_reading(&format!("{}quit\n", "version\n".repeat(500)));
        session.finish();
        let requests = requests.lock().unwrap();
        let answered = requests.iter().filter(|(_, request)| request.contains("getSupervisorVersion")).count();
        assert_eq!(answered, 500, "{kind}");
    }
}

#[test]
fn marks_around_a_paste_are_no_part_of_it() {
    let (folder, _) = folder();
    let mut session = Session::start(&mut folder.client(&folder.url(), &[]));
    session.expect("test> ");
    session.type_in("\x1b[200~first\rsecond\r\x1b[201~third\r\x1b[200~fourth\x1b[201~\rquit\r");
    for word in ["first", "second", "third", "fourth"] {
        session.expect(&format!("syntax: {word}\r\n"));
    }
    session.finish();
}

#[test]
fn names_and_passwords_are_taken_as_they_come() {
    for kind in ["xterm", "dumb"] {
        let folder = Folder::new();
        let with_password =
            |answer: crate::server::Answer| crate::server::Answer { only_with: "Basic dXNlcjpzZWNyZXQ=", ..answer };
        let answers =
            vec![with_password(version()), with_password(all_processes()), status("POST", "401 Unauthorized")];
        serve_unix(&folder.socket(), answers);
        let mut session = Session::start_as(kind, &mut folder.client(&folder.url(), &[]));
        session.type_in("user\nsecret\nfirst\nquit\n");
        session.expect("Password:");
        session.expect("RUNNING");
        session.expect("syntax: first");
        session.finish();
    }
}
