//! HTTP around the calls: routes, statuses, authentication, persistence, limits.

use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use supervisor_core::{Command, Reply};
use supervisor_protocol::xmlrpc::{Value, write_call};

use crate::client::{Client, HttpAnswer, post_call};
use crate::fake_supervision::{FakeSupervision, Setup};

fn daemon() -> FakeSupervision {
    FakeSupervision::answering(|_| Some(Ok(Reply::Done)))
}

fn get_state() -> String {
    write_call("supervisor.getState", &[])
}

/// One request on a connection of its own.
fn once(daemon: &FakeSupervision, request: impl AsRef<[u8]>) -> HttpAnswer {
    let mut client = Client::unix(daemon.unix());
    client.send(request);
    client.receive()
}

#[test]
fn each_path_has_its_methods() {
    let daemon = FakeSupervision::answering(|command| {
        let no_processes = || Reply::AllProcessInfo(vec![]);
        Some(Ok(if *command == Command::GetAllProcessInfo { no_processes() } else { Reply::Done }))
    });
    let body = get_state();
    let length = body.len();
    for (line, status) in [
        ("POST /RPC2", 200),
        ("POST /RPC2/", 200),
        ("POST /RPC2foo?x", 200),
        ("POST /%52PC2", 200),
        ("GET /RPC2", 400),
        ("HEAD /RPC2", 400),
        ("PUT /RPC2", 400),
        ("GET /ok.html", 200),
        ("POST /ok.html", 200),
        ("GET ///ok.html", 200),
        ("GET /ok%2ehtml?x=y", 200),
        ("HEAD /ok.html", 404),
        ("PUT /ok.html", 400),
        ("GET /", 200),
        ("POST /", 200),
        ("GET /index.html", 200),
        ("GET /index.html?action=refresh", 301),
        ("GET /tail.html", 200),
        ("HEAD /", 404),
        ("GET /images/rule.gif", 200),
        ("HEAD /images/rule.gif", 200),
        ("POST /images/rule.gif", 400),
        ("PUT /", 400),
        ("GET /nosuch.html", 404),
        ("POST /nosuch.html", 400),
        ("GET /../../etc/passwd", 404),
        ("GET /%2e%2e/%2e%2e/etc/passwd", 404),
        ("GET /logtail", 404),
        ("HEAD /logtail/x", 400),
        ("POST /logtail/x", 400),
        ("POST /mainlogtail", 400),
        ("GET /mainlogtail", 404),
    ] {
        let mut client = Client::unix(daemon.unix());
        client.send(format!("{line} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{body}"));
        let (status_line, _) = client.receive_head();
        assert!(status_line.starts_with(&format!("HTTP/1.1 {status} ")), "{line}: {status_line}");
    }
}

#[test]
fn ok_html_says_ok() {
    let answer = Client::tcp(daemon().tcp).request("GET /ok.html HTTP/1.1", &[]);
    assert_eq!((answer.body.as_str(), answer.header("content-type")), ("OK", Some("text/plain")));
}

#[test]
fn an_error_has_the_page_of_the_original() {
    let answer = once(&daemon(), "GET /nosuch HTTP/1.1\r\n\r\n");
    assert_eq!(answer.status_line, "HTTP/1.1 404 Not Found");
    assert_eq!(answer.header("content-type"), Some("text/html"));
    let page = "<head>\r\n<title>Error response</title>\r\n</head>\r\n<body>\r\n<h1>Error response</h1>\r\n\
                <p>Error code 404.\r\n<p>Message: Not Found.\r\n</body>\r\n";
    assert_eq!(answer.body, page);
}

#[test]
fn an_answer_to_head_has_no_body() {
    let daemon = daemon();
    let mut client = Client::unix(daemon.unix());
    client.send("HEAD /nosuch HTTP/1.1\r\nHost: x\r\n\r\nGET /ok.html HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(client.receive_head().0, "HTTP/1.1 404 Not Found");
    assert_eq!(client.receive_head().0, "HTTP/1.1 200 OK");
}

#[test]
fn a_post_needs_a_length_that_is_within_bounds() {
    let daemon = daemon();
    let without = once(&daemon, "POST /RPC2 HTTP/1.0\r\nContent-Type: text/xml\r\n\r\n");
    assert_eq!(without.status_line, "HTTP/1.0 411 Length Required");
    let too_long = once(&daemon, "POST /RPC2 HTTP/1.1\r\nContent-Length: 8388609\r\n\r\n");
    assert_eq!(too_long.status_line, "HTTP/1.1 413 Payload Too Large");
    let empty = once(&daemon, "POST /RPC2 HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(empty.status_line, "HTTP/1.1 400 Bad Request");
}

#[test]
fn a_chunked_body_is_a_body() {
    let daemon = daemon();
    let body = get_state();
    let (first, second) = body.split_at(20);
    let chunks = format!("{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n", first.len(), second.len());
    let head = "POST /RPC2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(once(&daemon, format!("{head}{chunks}")).status(), 200);
    let mut client = Client::tcp(daemon.tcp);
    client.send(head);
    let megabyte = format!("100000\r\n{}\r\n", "x".repeat(1 << 20));
    // The server may have closed the connection before the last chunk is sent.
    let sent_all = (0..9).all(|_| client.try_send(&megabyte).is_ok());
    if sent_all {
        assert_eq!(client.receive_head().0, "HTTP/1.1 413 Payload Too Large");
    }
}

#[test]
fn a_large_body_that_is_within_bounds_is_read() {
    let params = [Value::from("x".repeat(7 << 20)), Value::from("y")];
    let sent = Client::tcp(daemon().tcp).result("supervisor.sendRemoteCommEvent", &params);
    assert_eq!(sent, Value::Bool(true));
}

#[test]
fn connections_are_kept_as_http_says() {
    let daemon = daemon();
    let body = get_state();
    let length = body.len();
    let request = |version: &str, headers: &str| {
        format!("POST /RPC2 HTTP/{version}\r\nHost: x\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
    };
    for (version, headers, kept) in [
        ("1.1", "", true),
        ("1.1", "Connection: close\r\n", false),
        ("1.0", "", false),
        ("1.0", "Connection: Keep-Alive\r\n", true),
        ("1.0", "Connection: keep-alive\r\n", true),
    ] {
        let mut client = Client::tcp(daemon.tcp);
        client.send(request(version, headers));
        let answer = client.receive();
        assert_eq!(answer.status_line, format!("HTTP/{version} 200 OK"));
        if kept {
            client.send(request(version, headers));
            assert_eq!(client.receive().status(), 200, "{version} {headers}");
        } else {
            assert_eq!(client.rest(), "", "{version} {headers}");
        }
        if version == "1.0" && kept {
            assert!(answer.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("keep-alive")));
        }
    }
}

#[test]
fn requests_that_come_together_are_answered_in_order() {
    let daemon = daemon();
    let mut client = Client::tcp(daemon.tcp);
    let methods = ["supervisor.getPID", "supervisor.getIdentification", "supervisor.getAPIVersion"];
    client.send(methods.map(post_call).concat());
    let answers = [client.receive(), client.receive(), client.receive()].map(|answer| answer.answer());
    let expected = [Value::Int(4711), Value::from("supervisor"), Value::from("3.0")];
    assert_eq!(answers, expected.map(supervisor_protocol::xmlrpc::Answer::Result));
}

#[test]
fn a_request_may_come_in_pieces() {
    let daemon = daemon();
    let mut client = Client::unix(daemon.unix());
    for byte in post_call("supervisor.getPID").bytes() {
        client.send([byte]);
    }
    assert_eq!(client.receive().status(), 200);
}

#[test]
fn clients_with_habits_are_understood() {
    let daemon = daemon();
    let body = get_state();
    let length = body.len();
    for request in [
        format!("POST /RPC2 HTTP/1.1\r\nContent-Length:{length}\r\n\r\n{body}"),
        format!("\r\nPOST /RPC2 HTTP/1.1\r\ncontent-length: {length}\r\ncontent-type: text/plain\r\n\r\n{body}"),
        format!("POST http://unix/RPC2 HTTP/1.1\r\nHost: unix\r\nContent-Length: {length}\r\n\r\n{body}"),
    ] {
        assert_eq!(once(&daemon, &request).status(), 200, "{request}");
    }
    let mut client = Client::unix(daemon.unix());
    client.send(format!("POST /RPC2 HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: {length}\r\n\r\n"));
    assert_eq!(client.receive_head().0, "HTTP/1.1 100 Continue");
    client.send(body);
    assert_eq!(client.receive().status(), 200);
}

#[test]
fn what_is_no_http_is_refused_and_ends_the_connection() {
    let daemon = daemon();
    for request in [
        "GET\r\n\r\n".to_owned(),
        "GET / HTTP/9.9\r\n\r\n".to_owned(),
        "\u{1}\u{2}\u{3}\r\n\r\n".to_owned(),
        "POST /RPC2 HTTP/1.1\r\nContent-Length: x\r\n\r\n".to_owned(),
        "POST /RPC2 HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n".to_owned(),
        format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(70_000)),
        format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(200)),
    ] {
        let mut client = Client::unix(daemon.unix());
        // The server may have answered and closed before all is sent.
        drop(client.try_send(&request));
        let answer = client.rest();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    assert_eq!(once(&daemon, post_call("supervisor.getPID")).status(), 200);
}

#[test]
fn every_path_asks_for_credentials_if_there_are_any() {
    let sha = "{SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d";
    let daemon = FakeSupervision::start(Setup { credentials: Some(("u", sha)), ..Setup::default() });
    for line in ["GET /ok.html", "GET /nosuch", "GET /logtail/x", "GET /mainlogtail", "POST /RPC2", "GET /"] {
        let mut client = Client::tcp(daemon.tcp);
        let answer = client.request(&format!("{line} HTTP/1.1"), &[]);
        assert_eq!(answer.status_line, "HTTP/1.1 401 Unauthorized", "{line}");
        assert_eq!(answer.header("www-authenticate"), Some("Basic realm=\"default\""));
        assert_eq!(answer.header("connection"), Some("close"));
        assert_eq!(client.rest(), "", "the connection is closed");
    }
    let with = |credentials: &str| {
        let mut client = Client::tcp(daemon.tcp);
        client.request("GET /ok.html HTTP/1.1", &[&format!("Authorization: {credentials}")]).status()
    };
    // u:thepassword, u:wrong, u
    assert_eq!(with("Basic dTp0aGVwYXNzd29yZA=="), 200);
    assert_eq!(with("Basic dTp3cm9uZw=="), 401);
    assert_eq!(with("Basic dQ=="), 401);
    assert_eq!(with("Bearer x"), 401);
    assert_eq!(with("Basic !!!"), 400);
}

#[test]
fn calls_that_another_site_makes_a_browser_send_are_refused() {
    let daemon = daemon();
    let body = get_state();
    let length = body.len();
    let with = |headers: &str| {
        let head = format!("POST /RPC2 HTTP/1.1\r\nHost: localhost:9001\r\nContent-Type: text/plain\r\n{headers}");
        once(&daemon, format!("{head}Content-Length: {length}\r\n\r\n{body}")).status_line
    };
    for refused in [
        "Origin: http://evil.example\r\n",
        "Origin: https://localhost:9001\r\n",
        "Origin: null\r\n",
        "Sec-Fetch-Site: cross-site\r\n",
        "Sec-Fetch-Site: same-site\r\nOrigin: http://localhost:3000\r\n",
    ] {
        assert_eq!(with(refused), "HTTP/1.1 403 Forbidden", "{refused}");
    }
    for allowed in ["", "Origin: http://localhost:9001\r\n", "Sec-Fetch-Site: same-origin\r\n"] {
        assert_eq!(with(allowed), "HTTP/1.1 200 OK", "{allowed}");
    }
}

/// An image, a frame or a script of any page is enough to send these.
#[test]
fn what_costs_something_is_refused_to_other_sites_by_get_too() {
    let daemon = daemon();
    std::fs::write(daemon.path("main.log"), "line\n").unwrap();
    let image = ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image"];
    let frame = ["Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"];
    let foreign = ["Origin: http://localhost:3000", "Host: localhost:9001"];
    for path in [
        "/logtail/x",
        "/mainlogtail",
        "/%6dainlogtail",
        "/api/v1/events",
        "/api/v1/event-pools",
        "/api/v1/configuration/warnings",
        "/RPC2",
    ] {
        for headers in [&image[..], &frame, &foreign] {
            let answer = once(&daemon, format!("GET {path} HTTP/1.1\r\n{}\r\n\r\n", headers.join("\r\n")));
            assert_eq!(answer.status(), 403, "{path} {headers:?}");
            assert!(answer.body.contains("another web site"), "{}", answer.body);
        }
    }
    daemon.seen(|seen| assert!(seen.commands.is_empty() && seen.followers.is_empty(), "nothing has come of it"));
    let link = ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"];
    for (path, user, status) in [
        ("/mainlogtail", "Sec-Fetch-User: ?1", 200),
        ("/mainlogtail", "X: y", 403),
        ("/api/v1/events", "Sec-Fetch-User: ?1", 403),
        ("/ok.html", "X: y", 200),
        ("/nosuch", "X: y", 404),
    ] {
        let mut client = Client::tcp(daemon.tcp);
        client.send(format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{}\r\n{user}\r\n\r\n", link.join("\r\n")));
        let (status_line, _) = client.receive_head();
        assert!(status_line.starts_with(&format!("HTTP/1.1 {status} ")), "{path} {user}: {status_line}");
    }
}

/// `fetch("http://u:p@localhost:9001/")` of any page: each would cost a computation.
#[test]
fn no_other_site_makes_us_judge_passwords() {
    let daemon = FakeSupervision::start(Setup { credentials: Some(("u", "p")), ..Setup::default() });
    for (site, status) in [("cross-site", 403), ("same-site", 403), ("same-origin", 401), ("none", 401)] {
        let site = format!("Sec-Fetch-Site: {site}");
        let headers = ["Host: 127.0.0.1", "Authorization: Basic dTp3cm9uZw==", &site];
        for path in ["/ok.html", "/nosuch", "/RPC2", "/mainlogtail"] {
            let answer = once(&daemon, format!("GET {path} HTTP/1.1\r\n{}\r\n\r\n", headers.join("\r\n")));
            assert_eq!(answer.status(), status, "{path} {site}");
        }
    }
}

#[test]
fn a_server_behind_a_proxy_knows_its_own_pages() {
    let daemon = daemon();
    let body = get_state();
    let length = body.len();
    let with = |headers: &str| {
        let mut client = Client::tcp(daemon.tcp);
        client.send(format!("POST /RPC2 HTTP/1.1\r\n{headers}Content-Length: {length}\r\n\r\n{body}"));
        client.receive()
    };
    for (headers, status) in [
        ("Host: 127.0.0.1:9001\r\nOrigin: https://allowed.example\r\n", 200),
        ("Host: allowed.example\r\nOrigin: https://allowed.example\r\n", 200),
        ("Host: 127.0.0.1:9001\r\nOrigin: https://sup.example\r\nSec-Fetch-Site: same-origin\r\n", 200),
        (
            "Host: 127.0.0.1:9001\r\nX-Forwarded-Host: sup.example\r\nX-Forwarded-Proto: https\r\n\
             Origin: https://sup.example\r\n",
            200,
        ),
        ("Host: 127.0.0.1:9001\r\nOrigin: https://sup.example\r\n", 403),
        ("Host: sup.example\r\nX-Forwarded-Proto: https\r\nOrigin: https://sup.example\r\n", 403),
    ] {
        let answer = with(headers);
        assert_eq!(answer.status(), status, "{headers}");
        assert_eq!(answer.body.contains("allowed_hosts=sup.example in [inet_http_server]"), status == 403, "{headers}");
    }
}

#[test]
fn pages_that_call_us_by_a_strange_name_are_refused_over_tcp() {
    let daemon = daemon();
    let ok = |client: &mut Client<_>, headers: &str| {
        client.send(format!("GET /ok.html HTTP/1.1\r\n{headers}\r\n"));
        client.receive()
    };
    let rebound = "Host: evil.example:9001\r\nOrigin: http://evil.example:9001\r\n";
    let answer = ok(&mut Client::tcp(daemon.tcp), rebound);
    assert_eq!(answer.status_line, "HTTP/1.1 403 Forbidden");
    assert_eq!(answer.body.lines().count(), 1);
    assert!(answer.body.contains("allowed_hosts=evil.example in [inet_http_server]"), "{}", answer.body);
    for headers in [
        "Host: evil.example:9001\r\n",
        "Host: evil.example:9001\r\nUser-Agent: Mozilla/5.0+(compatible; a monitor)\r\n",
        "Host: localhost:9001\r\nOrigin: http://localhost:9001\r\n",
        "Host: 127.0.0.1\r\nSec-Fetch-Site: same-origin\r\n",
        "Host: ALLOWED.example\r\nSec-Fetch-Mode: navigate\r\n",
    ] {
        assert_eq!(ok(&mut Client::tcp(daemon.tcp), headers).status(), 200, "{headers}");
    }
    // Over plain HTTP a page's own GET carries neither Origin nor Sec-Fetch-Site.
    for path in ["/mainlogtail", "/logtail/x", "/api/v1/events"] {
        let mut client = Client::tcp(daemon.tcp);
        client.send(format!("GET {path} HTTP/1.1\r\nHost: evil.example\r\nUser-Agent: Mozilla/5.0 (X11)\r\n\r\n"));
        let answer = client.receive();
        assert_eq!(answer.status(), 403, "{path}");
        assert!(answer.body.contains("allowed_hosts=evil.example in [inet_http_server]"), "{}", answer.body);
    }
    let mut unix = Client::unix(daemon.unix());
    unix.send(format!("GET /ok.html HTTP/1.1\r\n{rebound}\r\n"));
    assert_eq!(unix.receive().status(), 200, "no page reaches a unix socket");
}

#[test]
fn a_call_that_meets_a_defect_is_told_so_and_ends_its_connection_alone() {
    let defect = Arc::new(AtomicBool::new(false));
    let daemon = FakeSupervision::start(Setup { defect: Arc::clone(&defect), ..Setup::default() });
    let (mut unlucky, mut other) = (Client::unix(daemon.unix()), Client::unix(daemon.unix()));
    let stop_all = "supervisor.stopAllProcesses";
    assert_eq!(unlucky.result(stop_all, &[]), Value::Bool(true));
    assert_eq!(other.result(stop_all, &[]), Value::Bool(true));
    defect.store(true, Ordering::Relaxed);
    unlucky.send(post_call(stop_all));
    let answer = unlucky.rest();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("Connection: close\r\n"), "{answer}");
    assert!(answer.contains("<string>FAILED: a defect of supervisord</string>"), "{answer}");
    assert_eq!(other.result(stop_all, &[]), Value::Bool(true));
    assert_eq!(Client::unix(daemon.unix()).result(stop_all, &[]), Value::Bool(true));
}

#[test]
fn the_longest_idle_connection_makes_room_for_one_more() {
    let daemon = daemon();
    let mut first = Client::unix(daemon.unix());
    first.result("supervisor.getPID", &[]);
    let mut others: Vec<_> = (1..256).map(|_| Client::unix(daemon.unix())).collect();
    for client in &mut others {
        client.result("supervisor.getPID", &[]);
    }
    assert_eq!(first.result("supervisor.getPID", &[]), Value::Int(4711), "all of them fit");
    let mut newcomer = Client::unix(daemon.unix());
    assert_eq!(newcomer.result("supervisor.getPID", &[]), Value::Int(4711));
    let mut longest_idle = others.remove(0);
    assert_eq!(longest_idle.rest(), "", "it was closed");
    assert_eq!(first.result("supervisor.getPID", &[]), Value::Int(4711));
    let tcp: Client<TcpStream> = Client::tcp(daemon.tcp);
    drop(tcp);
}

#[test]
fn connections_that_wait_for_their_answer_are_never_closed_for_others() {
    let daemon = FakeSupervision::answering(|_| None);
    let mut waiting: Vec<_> = (0..256).map(|_| Client::unix(daemon.unix())).collect();
    for client in &mut waiting {
        client.send(post_call("supervisor.stopAllProcesses"));
    }
    daemon.wait_until("all calls have come", |seen| seen.commands.len() == 256);
    let mut newcomer = Client::unix(daemon.unix());
    newcomer.send(post_call("supervisor.getPID"));
    daemon.release(&Ok(Reply::Done));
    for client in &mut waiting {
        assert_eq!(client.receive().status(), 200);
    }
    assert_eq!(newcomer.receive().status(), 200);
}

#[test]
fn bodies_of_refused_requests_keep_nobody_out() {
    let daemon = FakeSupervision::start(Setup { credentials: Some(("u", "p")), ..Setup::default() });
    let mut flood: Vec<_> = (0..256).map(|_| Client::unix(daemon.unix())).collect();
    for client in &mut flood {
        client.send("POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\n");
    }
    assert_eq!(flood[255].receive().status(), 401);
    let mut newcomer = Client::unix(daemon.unix());
    assert_eq!(newcomer.request("GET /ok.html HTTP/1.1", &["Authorization: Basic dTpw"]).status(), 200);
    let waited_for = flood.iter_mut().map(Client::is_silent).filter(|silent| *silent).count();
    assert_eq!(waited_for, 16, "nobody's patience has come to its end");
}
