//! The pages over a real supervisord: what they show of processes and logs, and that no text of anybody becomes markup.

use crate::support::{TestDaemon, http_get, raw_http, testing_the_original, until};

const SERVER: &str = "[inet_http_server]\nport=127.0.0.1:{port}\n";

#[track_caller]
fn page(daemon: &TestDaemon, path: &str) -> String {
    let (status, body) = http_get(daemon.port(), path).expect("it answers");
    assert_eq!(status, 200, "{path}: {body}");
    body
}

/// Follows a link of the status page.
#[track_caller]
fn act(daemon: &TestDaemon, query: &str) {
    let (status, body) = http_get(daemon.port(), &format!("/index.html?{query}")).expect("it answers");
    assert_eq!(status, 301, "{query}: {body}");
}

/// The row of a process, its layout taken out.
fn row(page: &str, name: &str) -> String {
    let rows = page.split("<tr").filter(|row| row.contains(&format!(">{name}</a>")));
    rows.map(|row| row.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn a_process_is_driven_by_the_links_of_its_row() {
    let programs = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n\
                    [program:teller]\ncommand=/bin/sh -c \"echo told; exec sleep 1000\"\nstartsecs=0\nautostart=false\n\
                    [program:broken]\ncommand=/nonexistent/x\nautostart=false\n";
    let daemon = TestDaemon::started(&format!("{SERVER}{programs}"));
    daemon.wait_for_state("cat", "RUNNING");
    let shown = row(&page(&daemon, "/"), "cat");
    assert!(shown.contains("<span class=\"statusrunning\">running</span>"), "{shown}");
    assert!(shown.contains(&format!("pid {}, uptime 0:", daemon.pid_of("cat"))), "{shown}");
    assert!(row(&page(&daemon, "/"), "teller").contains("<span>Not started</span>"));

    let before = daemon.pid_of("cat");
    act(&daemon, "processname=cat&action=restart");
    assert_ne!(daemon.pid_of("cat"), before);
    act(&daemon, "processname=cat&action=stop");
    assert_eq!(daemon.state("cat"), "STOPPED");
    assert!(row(&page(&daemon, "/"), "cat").contains("index.html?processname=cat&amp;action=start\" name=\"Start\">"));
    act(&daemon, "processname=teller&action=start");
    until("the log is shown", || {
        page(&daemon, "/tail.html?processname=teller").contains("<pre>told\n</pre>").then_some(())
    });
    act(&daemon, "processname=teller&action=clearlog");
    assert!(page(&daemon, "/tail.html?processname=teller").contains("<pre></pre>"));
    let request = "GET /?processname=broken&action=start HTTP/1.1\r\nHost: box\r\nConnection: close\r\n\r\n";
    let answer = raw_http(daemon.port(), request).expect("it answers");
    assert!(answer.contains("http://box/?message=ERROR%3A%20Process%20broken%3A%20no%20such%20file\r\n"), "{answer}");
    act(&daemon, "action=stopall");
    assert_eq!((daemon.state("cat"), daemon.state("teller")), ("STOPPED".to_owned(), "STOPPED".to_owned()));
}

/// The tags of a page, each once.
fn tags(page: &str) -> Vec<String> {
    let begins = |after: &str| after.chars().take_while(|c| c.is_ascii_alphanumeric() || "!/".contains(*c)).collect();
    let mut found: Vec<String> = page.split('<').skip(1).map(begins).collect();
    found.sort();
    found.dedup();
    found
}

#[test]
fn hostile_names_logs_and_queries_are_text() {
    if testing_the_original() {
        return;
    }
    let name = "x\"'><svg&lt;&{{7*7}}\u{202e}";
    let programs = format!(
        "[program:{name}]\ncommand=/bin/sh evil.sh\nstartsecs=0\ndirectory={{dir}}\n\
         [program:failed]\ncommand=/none<script>alert(1)</script>\nstartretries=0\n"
    );
    let mut daemon = TestDaemon::prepared(&format!("{SERVER}{programs}"));
    daemon.write(
        "evil.sh",
        "printf '</pre></textarea><script>alert(1)</script>\\000\\377&amp;]]>\\033[31m<img src=x onerror=y>\\n'\nexec sleep 1000\n",
    );
    daemon.start();
    daemon.wait_for_state(name, "RUNNING");
    daemon.wait_for_state("failed", "FATAL");

    let known = [
        "!DOCTYPE", "/a", "/body", "/div", "/form", "/head", "/html", "/li", "/pre", "/span", "/strong", "/table",
        "/tbody", "/td", "/th", "/thead", "/title", "/tr", "/ul", "a", "body", "div", "form", "head", "html", "img",
        "input", "li", "link", "meta", "pre", "span", "strong", "table", "tbody", "td", "th", "thead", "title", "tr",
        "ul",
    ];
    let quoted = "x%22%27%3E%3Csvg%26lt%3B%26%7B%7B7*7%7D%7D%E2%80%AE";
    let hostile = "%22%3E%3Cscript%3Ealert(1)%3C/script%3E%3Cimg%20src=x%20onerror=y%3E%00%ff%3C/title%3E";
    for path in [
        "/".to_owned(),
        format!("/?message={hostile}"),
        format!("/?processname={hostile}&message={hostile}"),
        format!("/tail.html?processname={hostile}&limit={hostile}"),
        format!("/tail.html?processname={quoted}"),
    ] {
        let page = page(&daemon, &path);
        let strange: Vec<String> = tags(&page).into_iter().filter(|tag| !known.contains(&tag.as_str())).collect();
        assert!(strange.is_empty(), "{path}: {strange:?}\n{page}");
        assert!(!page.contains("<img src=x") && !page.contains('\0'), "{path}: {page}");
    }
    let status = page(&daemon, "/");
    assert!(status.contains(">x\"'>&lt;svg&amp;lt;&amp;{{7*7}}\u{202e}</a>"), "{status}");
    assert!(status.contains("can't find command '/none&lt;script>alert(1)&lt;/script>'"), "{status}");
    let log = page(&daemon, &format!("/tail.html?processname={quoted}"));
    let shown =
        "<pre>&lt;/pre>&lt;/textarea>&lt;script>alert(1)&lt;/script>\u{fffd}\u{fffd}&amp;amp;]]>\u{1b}[31m&lt;img";
    assert!(log.contains(shown), "{log}");
}

#[test]
fn the_page_of_a_log_ends_with_the_log_and_is_bounded() {
    if testing_the_original() {
        return;
    }
    let program = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile={dir}/cat.log\n";
    let mut daemon = TestDaemon::prepared(&format!("{SERVER}{program}"));
    daemon.write("cat.log", &format!("{}the end\n", "0123456789abcde\n".repeat(400_000)));
    daemon.start();
    daemon.wait_for_state("cat", "RUNNING");
    let shown = |limit: &str| {
        let page = page(&daemon, &format!("/tail.html?processname=cat&limit={limit}"));
        let (_, rest) = page.split_once("<pre>").expect("it is there");
        let (log, rest) = rest.split_once("</pre>").expect("it ends");
        assert!(log.ends_with("the end\n"), "{limit}");
        (log.len(), rest.split("limit=").nth(1).and_then(|rest| rest.split('"').next()).map(str::to_owned))
    };
    for (limit, bytes, again) in [
        ("", 1_024, "1024"),
        ("5", 1_024, "1024"),
        ("-5", 1_024, "1024"),
        ("2000", 2_000, "2000"),
        ("100000000", 4 << 20, "100000000"),
        ("99999999999999999999999", 4 << 20, "18446744073709551615"),
    ] {
        assert_eq!(shown(limit), (bytes, Some(again.to_owned())), "{limit}");
    }
}

#[test]
fn pages_are_switched_off_and_narrowed_by_each_server_and_the_log_says_so() {
    if testing_the_original() {
        return;
    }
    let daemon = TestDaemon::started(&format!("{SERVER}web_interface=off\n"));
    assert_eq!(http_get(daemon.port(), "/").expect("it answers").0, 404);
    assert_eq!(page(&daemon, "/ok.html"), "OK");
    daemon.wait_for_log("Server 'inet_http_server' shows no pages (web_interface=off)");
    let daemon = TestDaemon::started(&format!("{SERVER}web_interface=classic\n"));
    assert!(page(&daemon, "/").contains("No programs to manage"));
    daemon.wait_for_log("shows the pages of Supervisor 4.3 alone (web_interface=classic)");
}
