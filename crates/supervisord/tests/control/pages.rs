//! The pages: what their links do, who may follow them, and what browsers are told beside them.

use std::sync::mpsc;

use supervisor_config::{BaseUrl, WebConfig, WebInterface};
use supervisor_core::{Command, Fault, FaultCode, Reply};

use crate::client::{Client, HttpAnswer};
use crate::fake_supervision::{FakeSupervision, Script, Setup};

/// What a browser says of itself.
const BROWSER: &str = "User-Agent: Mozilla/5.0 (X11; Linux x86_64)";

/// Processes `cat` and `web:cat`, for which everything works.
fn script() -> Script {
    Box::new(|command| {
        Some(match command {
            Command::GetAllProcessInfo => Ok(Reply::AllProcessInfo(vec![])),
            Command::GetProcessInfo { name } if !["cat", "web:cat"].contains(&name.as_str()) => {
                Err(Fault::new(FaultCode::BadName, name.clone()))
            }
            _ => Ok(Reply::Done),
        })
    })
}

fn daemon() -> FakeSupervision {
    with_pages(WebConfig::default())
}

fn with_pages(web: WebConfig) -> FakeSupervision {
    FakeSupervision::start(Setup { script: script(), web, ..Setup::default() })
}

/// One request on a connection of its own.
fn ask(daemon: &FakeSupervision, line: &str, headers: &[&str]) -> HttpAnswer {
    let first = format!("{line} HTTP/1.1");
    let lines = [&[first.as_str()], headers, &["", ""]].concat();
    let mut client = Client::tcp(daemon.tcp);
    client.send(lines.join("\r\n"));
    client.receive()
}

fn post(daemon: &FakeSupervision, headers: &[&str], form: &str) -> HttpAnswer {
    let head = ["POST /index.html HTTP/1.1", "Host: localhost:9001", &headers.join("\r\n")].join("\r\n");
    let mut client = Client::tcp(daemon.tcp);
    client.send(format!("{}\r\nContent-Length: {}\r\n\r\n{form}", head.trim_end(), form.len()));
    client.receive()
}

/// Those that change something.
fn effects(daemon: &FakeSupervision) -> Vec<Command> {
    let changes = |command: &&Command| {
        !matches!(command, Command::GetAllProcessInfo | Command::GetProcessInfo { .. } | Command::GetLogFile { .. })
    };
    daemon.seen(|seen| seen.commands.iter().filter(changes).cloned().collect())
}

#[test]
fn links_do_what_they_say_and_lead_back_with_a_message() {
    let start = |name: &str| Command::StartProcess { name: name.to_owned(), wait: true };
    let stop = |name: &str| Command::StopProcess { name: name.to_owned(), wait: true };
    let (stop_all, start_all) = (Command::StopAllProcesses { wait: true }, Command::StartAllProcesses { wait: true });
    for (query, done, message) in [
        ("processname=web%3Acat&action=start", vec![start("web:cat")], "Process%20web%3Acat%20started"),
        ("processname=web:cat&action=stop", vec![stop("web:cat")], "Process%20web%3Acat%20stopped"),
        ("processname=cat&action=restart", vec![stop("cat"), start("cat")], "Process%20cat%20restarted"),
        ("processname=cat&action=clearlog", vec![clear("cat")], "Log%20for%20cat%20cleared"),
        ("action=stopall", vec![stop_all.clone()], "All%20stopped%20at%20"),
        ("action=restartall", vec![stop_all, start_all], "All%20restarted%20at%20"),
        ("action=refresh", vec![], "Page%20refreshed%20at%20"),
        ("processname=n%3Cb%3E%0D%0AX&action=stop", vec![], "No%20such%20process%20named%20n%3Cb%3E%0D%0AX"),
    ] {
        let daemon = daemon();
        let answer = ask(&daemon, &format!("GET /index.html?{query}"), &["Host: box.example:9001"]);
        assert_eq!(answer.status_line, "HTTP/1.1 301 Moved Permanently", "{query}");
        let location = answer.header("location").unwrap();
        assert!(location.starts_with(&format!("http://box.example:9001/?message={message}")), "{location}");
        assert_eq!(answer.header("cache-control"), Some("no-cache"), "{query}");
        assert_eq!(effects(&daemon), done, "{query}");
    }
    for query in ["action=nosuch", "action=start", "action=Stop&processname=cat"] {
        let daemon = daemon();
        assert_eq!(ask(&daemon, &format!("GET /?{query}"), &[]).status(), 500, "{query}");
        assert_eq!(effects(&daemon), [], "{query}");
    }
}

fn clear(name: &str) -> Command {
    Command::ClearProcessLogs { name: name.to_owned() }
}

#[test]
fn an_action_is_answered_when_it_is_done_and_holds_up_nobody() {
    let mut answers = script();
    let daemon = FakeSupervision::answering(move |command| match command {
        Command::StopProcess { .. } => None,
        other => answers(other),
    });
    let mut stopping = Client::unix(daemon.unix());
    stopping.send("GET /?processname=cat&action=stop HTTP/1.1\r\nHost: x\r\n\r\n");
    daemon.wait_until("the stop is asked for", |seen| seen.commands.len() == 2);
    assert_eq!(ask(&daemon, "GET /", &[]).status(), 200);
    assert_eq!(ask(&daemon, "GET /?action=refresh", &[]).status(), 301);
    assert!(stopping.is_silent());
    daemon.release(&Err(Fault::new(FaultCode::NotRunning, "cat")));
    let location = "http://x/?message=unexpected%20rpc%20fault%20%5B70%5D%20NOT_RUNNING%3A%20cat";
    assert_eq!(stopping.receive().header("location"), Some(location));
}

#[test]
fn nothing_is_shown_or_done_in_a_shutdown_but_that_a_log_cannot_be_read() {
    let daemon = daemon();
    daemon.state.publish(supervisor_core::SupervisorState::Shutdown);
    for path in ["/", "/index.html", "/?action=refresh", "/?action=stopall", "/?processname=cat&action=start"] {
        assert_eq!(ask(&daemon, &format!("GET {path}"), &[]).status(), 500, "{path}");
    }
    let tail = ask(&daemon, "GET /tail.html?processname=cat", &[]);
    assert!(tail.body.contains("<pre>ERROR: unexpected rpc fault [6] SHUTDOWN_STATE</pre>"), "{}", tail.body);
    assert_eq!(ask(&daemon, "GET /ok.html", &[]).body, "OK");
    assert_eq!(effects(&daemon), []);
}

#[test]
fn another_site_has_no_browser_act_nor_read() {
    let daemon = daemon();
    let host = "Host: localhost:9001";
    let image = ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image"];
    let frame = ["Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"];
    let link =
        ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document", "Sec-Fetch-User: ?1"];
    let foreign = ["Origin: http://localhost:3000"];
    for path in
        ["/?action=stopall", "/index.html?processname=cat&action=start", "/?action=refresh", "/?%61ction=stopall"]
    {
        for headers in [&image[..], &frame, &link, &foreign] {
            let answer = ask(&daemon, &format!("GET {path}"), &[&[host, BROWSER], headers].concat());
            assert_eq!(answer.status(), 403, "{path} {headers:?}");
        }
    }
    for headers in [&image[..], &link, &foreign] {
        assert_eq!(post(&daemon, headers, "action=stopall").status(), 403, "{headers:?}");
    }
    for path in ["/", "/index.html", "/tail.html?processname=cat"] {
        for (headers, status) in [(&image[..], 403), (&frame, 403), (&foreign, 403), (&link, 200)] {
            assert_eq!(
                ask(&daemon, &format!("GET {path}"), &[&[host], headers].concat()).status(),
                status,
                "{headers:?}"
            );
        }
        let rebound = ask(&daemon, &format!("GET {path}"), &["Host: evil.example:9001", BROWSER]);
        assert_eq!(rebound.status(), 403, "{path}");
    }
    assert_eq!(effects(&daemon), []);
}

/// Over plain HTTP to a name a browser says nothing of the page that has it ask.
#[test]
fn a_browser_that_cannot_say_from_where_is_asked_whether_it_is_meant() {
    let host = "Host: localhost:9001";
    let stop = "GET /index.html?processname=web:cat&action=stop";
    for (headers, is_done) in [
        (&[][..], true),
        (&["User-Agent: curl/8.9"], true),
        (&["User-Agent: python-requests/2.32", "Referer: http://evil.example/"], true),
        (&[BROWSER, "Sec-Fetch-Site: same-origin"], true),
        (&[BROWSER, "Sec-Fetch-Site: none"], true),
        (&[BROWSER, "Origin: http://localhost:9001"], true),
        (&[BROWSER, "Referer: http://localhost:9001/index.html?message=x"], true),
        (&[BROWSER, "Referer: https://allowed.example/sup/"], true),
        (&[BROWSER], false),
        (&[BROWSER, "Referer: http://evil.example/?http://localhost:9001/"], false),
        (&[BROWSER, "Referer: http://localhost:9001.evil.example/"], false),
        (&[BROWSER, "Referer: "], false),
        // What is typed into the address bar is made ready before Enter is pressed.
        (&[BROWSER, "Sec-Fetch-Site: none", "Sec-Purpose: prefetch;prerender"], false),
        (&[BROWSER, "Sec-Fetch-Site: same-origin", "Sec-Purpose: prefetch"], false),
    ] {
        let daemon = daemon();
        let answer = ask(&daemon, stop, &[&[host], headers].concat());
        assert_eq!(answer.status(), if is_done { 301 } else { 200 }, "{headers:?}");
        assert_eq!(effects(&daemon).len(), usize::from(is_done), "{headers:?}");
        assert_eq!(answer.body.contains("<h1>Stop web:cat?</h1>"), !is_done, "{}", answer.body);
    }
    let daemon = daemon();
    assert_eq!(ask(&daemon, "GET /?action=refresh", &[host, BROWSER]).status(), 301, "it changes nothing");
    let trusting = with_pages(WebConfig { classic_actions: true, ..WebConfig::default() });
    assert_eq!(ask(&trusting, stop, &[host, BROWSER]).status(), 301);
}

#[test]
fn the_form_of_the_question_is_the_answer_to_it() {
    let daemon = daemon();
    let asked = ask(&daemon, "GET /?processname=web:cat&action=stop", &["Host: localhost:9001", BROWSER]);
    assert!(asked.body.contains("<form action=\"index.html\" method=\"post\">"), "{}", asked.body);
    let field = |name: &str| {
        let (_, rest) = asked.body.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    let form = |token: &str| format!("processname={}&action={}&token={token}", field("processname"), field("action"));
    for token in ["", "x", &"A".repeat(43)] {
        assert_eq!(post(&daemon, &[BROWSER], &form(token)).status(), 200, "{token}");
    }
    assert_eq!(effects(&daemon), []);
    assert_eq!(post(&daemon, &[BROWSER], &form(&field("token"))).status(), 301);
    assert_eq!(effects(&daemon), [Command::StopProcess { name: "web:cat".to_owned(), wait: true }]);
    let other = self::daemon();
    assert_eq!(post(&other, &[BROWSER], &form(&field("token"))).status(), 200, "it is of another start");
}

#[test]
fn pages_run_no_script_and_stand_in_no_frame() {
    let daemon = daemon();
    std::fs::write(daemon.path("main.log"), "<script>").unwrap();
    for path in ["/", "/tail.html", "/?action=refresh", "/?action=nosuch"] {
        let answer = ask(&daemon, &format!("GET {path}"), &["Host: localhost:9001"]);
        let policy = answer.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'"),
            "{policy}"
        );
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("script-src"), "{policy}");
        for (header, value) in [
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(header), Some(value), "{path}");
        }
        assert!(!answer.body.contains("<script") && !answer.body.contains("style="), "{}", answer.body);
    }
    assert_eq!(ask(&daemon, "GET /", &["Host: box.example"]).header("cross-origin-opener-policy"), None);
    for path in ["/mainlogtail", "/api/v1/configuration/warnings", "/images/rule.gif"] {
        let mut client = Client::tcp(daemon.tcp);
        client.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        let headers = client.receive_head().1;
        for header in
            [("content-security-policy", "default-src 'none'; sandbox"), ("x-content-type-options", "nosniff")]
        {
            assert!(headers.contains(&(header.0.to_owned(), header.1.to_owned())), "{path}: {headers:?}");
        }
    }
}

/// `Accept` of Chromium.
pub(crate) const ACCEPTS_HTML: &str = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

#[test]
fn people_are_offered_more_and_programs_get_the_page_as_it_was() {
    let daemon = daemon();
    let page = |path: &str, accept: &str| ask(&daemon, &format!("GET {path}"), &["Host: localhost:9001", accept]);
    for accept in ["Accept: */*", "X: y", "Accept: application/json"] {
        let (status, tail) = (page("/", accept), page("/tail.html?processname=cat", accept));
        assert!(status.body.contains("No programs to manage") && status.header("vary") == Some("Accept"));
        assert!(!status.body.contains("mainlogtail") && !tail.body.contains("logtail"), "{accept}");
    }
    assert!(page("/index.html", ACCEPTS_HTML).body.contains("<a href=\"mainlogtail\">"));
    assert!(page("/tail.html?processname=web:cat", ACCEPTS_HTML).body.contains("<a href=\"logtail/web%3Acat\">"));
    // What leads back holds behind any proxy.
    let location = page("/index.html?processname=cat&action=stop", ACCEPTS_HTML);
    assert_eq!(location.header("location"), Some("./?message=Process%20cat%20stopped"));

    let classic = with_pages(WebConfig { interface: WebInterface::Classic, ..WebConfig::default() });
    let plain = ask(&classic, "GET /", &["Host: localhost:9001"]);
    let asked = ask(&classic, "GET /", &["Host: localhost:9001", ACCEPTS_HTML]);
    assert_eq!((&asked.body, asked.header("vary")), (&plain.body, None));
    let location = ask(&classic, "GET /?processname=cat&action=stop", &["Host: localhost:9001", ACCEPTS_HTML]);
    assert_eq!(location.header("location"), Some("http://localhost:9001/?message=Process%20cat%20stopped"));
}

#[test]
fn what_is_said_to_be_our_address_is_where_actions_lead_and_is_ours() {
    let base = BaseUrl { url: "https://sup.example/box".to_owned(), authority: "sup.example".to_owned() };
    let daemon = with_pages(WebConfig { base_url: Some(base), ..WebConfig::default() });
    for headers in [&["Host: 127.0.0.1:9001"][..], &["Host: sup.example", ACCEPTS_HTML, "Origin: https://sup.example"]]
    {
        let answer = ask(&daemon, "GET /?processname=cat&action=stop", headers);
        assert_eq!(answer.header("location"), Some("https://sup.example/box/?message=Process%20cat%20stopped"));
    }
}

#[test]
fn a_server_without_pages_answers_all_else() {
    let daemon = with_pages(WebConfig { interface: WebInterface::Off, ..WebConfig::default() });
    for path in ["/", "/index.html?action=stopall", "/tail.html", "/images/rule.gif"] {
        assert_eq!(ask(&daemon, &format!("GET {path}"), &[]).status(), 404, "{path}");
    }
    assert_eq!(ask(&daemon, "GET /ok.html", &[]).body, "OK");
    assert_eq!(effects(&daemon), []);
}

#[test]
fn forms_and_messages_are_bounded() {
    let daemon = daemon();
    let long = "x".repeat(70_000);
    assert_eq!(post(&daemon, &[], &format!("processname={long}&action=stop")).status(), 413);
    let name = "x".repeat(60_000);
    let answer = post(&daemon, &[], &format!("processname={name}&action=stop"));
    assert_eq!((answer.status(), answer.header("location").unwrap().len() < 5_000), (301, true));
    let mut client = Client::tcp(daemon.tcp);
    client.send("POST / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(client.receive().status(), 411);
}

#[test]
fn a_fault_without_a_sentence_is_told_with_its_number() {
    let (sender, receiver) = mpsc::channel();
    let daemon = FakeSupervision::answering(move |command| {
        sender.send(command.clone()).unwrap();
        Some(Err(Fault::new(FaultCode::Failed, "on purpose")))
    });
    let answer = ask(&daemon, "GET /?processname=cat&action=stop", &["Host: x"]);
    let location = "http://x/?message=unexpected%20rpc%20fault%20%5B30%5D%20FAILED%3A%20on%20purpose";
    assert_eq!(answer.header("location"), Some(location));
    assert_eq!(receiver.try_iter().count(), 1, "a name that cannot be looked up is left alone");
}
