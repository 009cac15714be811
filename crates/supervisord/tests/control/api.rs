//! Reads below `/api/v1`: each row of the table of resources is answered, and what is wrong is said.

use supervisor_core::{Command, Fault, FaultCode, Reply};
use supervisor_protocol::api::{ProblemCode, ROOT, Resource, TABLE, Type, Verb};

use crate::client::{Client, HttpAnswer};
use crate::fake_supervision::FakeSupervision;

const PROBLEM: &str = "application/problem+json";

fn daemon() -> FakeSupervision {
    FakeSupervision::answering(|command| {
        let no_processes = || Reply::AllProcessInfo(vec![]);
        Some(Ok(if *command == Command::GetAllProcessInfo { no_processes() } else { Reply::Done }))
    })
}

fn get(daemon: &FakeSupervision, path: &str) -> HttpAnswer {
    Client::tcp(daemon.tcp).request(&format!("GET {ROOT}{path} HTTP/1.1"), &[])
}

#[test]
fn every_resource_of_the_table_is_answered_and_refuses_parameters_that_it_does_not_have() {
    let daemon = daemon();
    for row in TABLE.iter().filter(|row| row.verb == Verb::Get) {
        let path = row.path.replace("{group}", "web").replace("{process}", "web:cat");
        let status = match row.resource {
            // Their answers are for the tests of events.
            Resource::Events | Resource::EventPools | Resource::Stream => continue,
            Resource::Group | Resource::Process => 404,
            Resource::Root
            | Resource::ConfigurationWarnings
            | Resource::Groups
            | Resource::Methods
            | Resource::OpenApi
            | Resource::Problems
            | Resource::Processes
            | Resource::Summary
            | Resource::Supervisor => 200,
            Resource::Act
            | Resource::ActOn(_)
            | Resource::ActOnGroup(_)
            | Resource::AddGroup
            | Resource::RemoveGroup
            | Resource::ClearMainLog
            | Resource::Reload
            | Resource::Shutdown => panic!("{path} is told"),
        };
        let answer = get(&daemon, &path);
        assert_eq!(answer.status(), status, "{path}: {}", answer.body);
        let kind = if status == 200 { "application/json" } else { PROBLEM };
        assert_eq!(answer.header("content-type"), Some(kind), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        let misspelt = get(&daemon, &format!("{path}?limti=1"));
        assert_eq!(misspelt.status(), 400, "{path}");
        assert!(misspelt.body.contains("unknown parameter 'limti'"), "{}", misspelt.body);
        assert_eq!(misspelt.header("content-type"), Some(PROBLEM), "{path}");
    }
    assert_eq!(get(&daemon, "/nosuch").status(), 404);
    assert_eq!(get(&daemon, "").body, get(&daemon, "/").body);
}

#[test]
fn who_we_are_and_what_can_be_called_is_told() {
    let daemon = daemon();
    let supervisor = get(&daemon, "/supervisor").body;
    let begins = "{\"identifier\": \"supervisor\", \"version\": \"";
    assert!(
        supervisor.starts_with(begins) && supervisor.contains("\"pid\": 4711, \"state\": \"RUNNING\""),
        "{supervisor}"
    );
    let methods = get(&daemon, "/methods").body;
    let start =
        "{\"name\": \"supervisor.startProcess\", \"signature\": [\"boolean\", \"string\", \"boolean\"], \"help\": \"";
    assert!(methods.contains(start), "{methods}");
    assert_eq!(get(&daemon, "/summary").body, "{\"processes\": 0, \"states\": {}, \"attention\": 0}\n");
    assert_eq!(get(&daemon, "/groups").body, "{\"groups\": []}\n");
    let unknown = get(&daemon, "/processes/web%3Acat");
    let expected = concat!(
        r#"{"type": "/api/v1/problems#no-such-process", "title": "No such process", "status": 404, "#,
        r#""detail": "There is no process web:cat.", "code": "no-such-process", "fault": 10, "process": "web:cat"}"#,
        "\n"
    );
    assert_eq!((unknown.status(), unknown.body.as_str()), (404, expected));
}

#[test]
fn the_words_of_refusals_can_be_read() {
    let told = get(&daemon(), "/problems").body;
    for code in ProblemCode::ALL {
        let row = format!(
            "{{\"code\": \"{}\", \"status\": {}, \"title\": \"{}\"}}",
            code.name(),
            code.status(),
            code.title()
        );
        assert!(told.contains(&row), "{row} in {told}");
    }
}

#[test]
fn other_methods_are_told_what_there_is() {
    let daemon = daemon();
    for (method, path, status, allow) in [
        ("POST", "/summary", 405, Some("GET, HEAD, OPTIONS")),
        ("TRACE", "/summary", 405, Some("GET, HEAD, OPTIONS")),
        ("PUT", "/processes/web:cat", 405, Some("GET, HEAD, OPTIONS")),
        ("OPTIONS", "/summary", 204, Some("GET, HEAD, OPTIONS")),
        ("OPTIONS", "/nosuch", 404, None),
        ("HEAD", "/summary", 200, None),
    ] {
        let mut client = Client::tcp(daemon.tcp);
        client.send(format!("{method} {ROOT}{path} HTTP/1.1\r\nHost: x\r\n\r\n"));
        let (status_line, headers) = client.receive_head();
        assert!(status_line.starts_with(&format!("HTTP/1.1 {status} ")), "{method} {path}: {status_line}");
        let told = headers.iter().find(|(name, _)| name == "allow").map(|(_, value)| value.as_str());
        assert_eq!(told, allow, "{method} {path}");
        assert!(headers.iter().all(|(name, _)| !name.starts_with("access-control")), "{headers:?}");
    }
}

/// Whatever changes something.
fn changing() -> impl Iterator<Item = (String, String)> {
    TABLE.iter().filter(|row| row.verb == Verb::Post).map(|row| {
        let path = row.path.replace("{group}", "web").replace("{process}", "web:cat");
        let members = row.body.iter().filter(|member| member.required).map(|member| match member.kind {
            Type::Texts => format!(r#""{}": ["web:*"]"#, member.name),
            _ if member.name == "action" => r#""action": "stop""#.to_owned(),
            _ => format!(r#""{}": "HUP""#, member.name),
        });
        (path, format!("{{{}}}", members.collect::<Vec<_>>().join(", ")))
    })
}

fn post(daemon: &FakeSupervision, path: &str, headers: &[&str], body: &str) -> HttpAnswer {
    let length = format!("Content-Length: {}", body.len());
    let line = format!("POST {ROOT}{path} HTTP/1.1");
    let lines = [&[&*line, &length], headers, &["", body]].concat();
    let mut client = Client::tcp(daemon.tcp);
    client.send(lines.join("\r\n"));
    client.receive()
}

const JSON: &str = "Content-Type: application/json";
const HOST: &str = "Host: localhost:9001";

#[test]
fn no_other_site_makes_a_browser_change_anything() {
    let daemon = daemon();
    for (path, body) in changing() {
        for (headers, code) in [
            (&[HOST, JSON, "Sec-Fetch-Site: cross-site"][..], "cross-site"),
            (&[HOST, JSON, "Sec-Fetch-Site: same-site"], "cross-site"),
            (&[HOST, JSON, "Origin: http://evil.example"], "cross-site"),
            (&[HOST, JSON, "Origin: null"], "cross-site"),
            (&[HOST, JSON, "Origin: http://localhost:3000"], "cross-site"),
            // A name that was pointed at us, as after DNS rebinding.
            (&["Host: evil.example", JSON, "Origin: http://evil.example"], "unknown-host"),
            (&["Host: evil.example", JSON, "Sec-Fetch-Site: same-origin"], "unknown-host"),
            // What a form of an old browser sends, which says nothing of where it comes from.
            (&[HOST, "Content-Type: application/x-www-form-urlencoded"], "unsupported-media-type"),
            (&[HOST, "Content-Type: multipart/form-data; boundary=x"], "unsupported-media-type"),
            (&[HOST, "Content-Type: text/plain"], "unsupported-media-type"),
            (&[HOST], "unsupported-media-type"),
        ] {
            let answer = post(&daemon, &path, headers, &body);
            assert!(answer.body.contains(&format!("\"code\": \"{code}\"")), "{path} {headers:?}: {}", answer.body);
            assert_eq!(answer.header("content-type"), Some(PROBLEM), "{path} {headers:?}");
        }
        let form_without_fields = post(&daemon, &path, &[HOST, "Content-Type: application/x-www-form-urlencoded"], "");
        assert_eq!(form_without_fields.status(), 415, "{path}");
    }
    daemon.seen(|seen| assert!(seen.commands.is_empty(), "nothing has come of it: {:?}", seen.commands));
    let own = ["Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: none", "Origin: http://localhost:9001", "X: y"];
    for header in own {
        let answer = post(&daemon, "/supervisor/clear-log", &[HOST, JSON, header], "{}");
        assert_eq!(answer.status(), 200, "{header}: {}", answer.body);
    }
}

#[test]
fn what_is_asked_for_wrongly_is_said() {
    let daemon = daemon();
    for (path, body, status, code, detail) in [
        ("/supervisor/shutdown", "[]", 400, "bad-request", "the body is no JSON object"),
        ("/supervisor/shutdown", "{", 400, "bad-request", "the body is no JSON: "),
        ("/supervisor/shutdown", r#"{"wait": 1}"#, 400, "unknown-member", "unknown member 'wait'; there are none"),
        ("/supervisor/shutdown?now=1", "{}", 400, "unknown-parameter", "unknown parameter 'now'; there are none"),
        ("/processes/web:cat/start", r#"{"wait": 301}"#, 422, "bad-wait", "wait takes seconds, 0 to 300"),
        ("/processes/web:cat/stop", r#"{"if_pid": 0}"#, 400, "bad-request", "if_pid takes a pid"),
        ("/processes/web:cat/start", "{}", 404, "no-such-process", "There is no process web:cat."),
        ("/processes/web:*/stop", "{}", 404, "no-such-process", "There is no process web:*."),
        ("/processes/x/stdin", r#"{"data": "a", "base64": "YQ=="}"#, 400, "bad-request", "either data or base64"),
        ("/groups/web/stop", "{}", 404, "no-such-group", "There is no group web that has processes."),
        (
            "/actions",
            r#"{"action": "stop", "processes": ["web:*"]}"#,
            404,
            "no-such-process",
            "Nothing is called web:*.",
        ),
        ("/actions", r#"{"action": "stpo", "processes": ["web:*"]}"#, 400, "bad-request", "there is no action 'stpo'"),
        ("/actions", r#"{"action": "stdin", "processes": ["x"]}"#, 400, "bad-request", "there is no action 'stdin'"),
        ("/actions", r#"{"action": "stop", "processes": []}"#, 400, "bad-request", "processes names none"),
        ("/actions", r#"{"action": "signal", "processes": ["x"]}"#, 400, "bad-request", "signal is missing"),
    ] {
        let answer = post(&daemon, path, &[HOST, JSON], body);
        let told = format!("{path} {body}: {}", answer.body);
        assert_eq!(answer.status(), status, "{told}");
        assert!(answer.body.contains(&format!("\"code\": \"{code}\"")), "{told}");
        assert!(answer.body.contains(&format!("\"detail\": \"{detail}")), "{told}");
    }
    let large = format!(r#"{{"wait": {}1}}"#, " ".repeat(1024 * 1024));
    assert_eq!(post(&daemon, "/processes/x/start", &[HOST, JSON], &large).status(), 413);
    daemon
        .seen(|seen| assert!(seen.commands.iter().all(|it| *it == Command::GetAllProcessInfo), "{:?}", seen.commands));
}

#[test]
fn supervisord_and_its_groups_are_commanded() {
    let daemon = FakeSupervision::answering(|command| {
        Some(match command {
            Command::AddProcessGroup { name } if name == "there" => Err(Fault::new(FaultCode::AlreadyAdded, name)),
            Command::AddProcessGroup { name } if name == "no" => Err(Fault::new(FaultCode::BadName, name)),
            Command::RemoveProcessGroup { name } if name == "busy" => Err(Fault::new(FaultCode::StillRunning, name)),
            Command::GetAllProcessInfo => Ok(Reply::AllProcessInfo(vec![])),
            Command::Restart => Err(Fault::new(FaultCode::CantReread, "line 7 is odd")),
            _ => Ok(Reply::Done),
        })
    });
    for (path, body, status, part) in [
        ("/groups/new/add", "", 200, r#"{"group": "new", "changed": true}"#),
        ("/groups/there/add", "", 200, r#"{"group": "there", "changed": false}"#),
        ("/groups/there/add", r#"{"strict": true}"#, 409, "\"code\": \"already-added\", \"fault\": 90"),
        ("/groups/no/add", "", 404, "\"code\": \"no-such-group\", \"fault\": 10"),
        ("/groups/old/remove", "", 200, r#"{"group": "old", "changed": true}"#),
        ("/groups/busy/remove", "", 409, "\"code\": \"still-running\", \"fault\": 91"),
        ("/supervisor/clear-log", "", 200, "{\"changed\": true}"),
        ("/supervisor/reload", "", 422, "\"code\": \"cannot-reread\", \"fault\": 92"),
        ("/supervisor/shutdown", "", 202, "{\"changed\": true}"),
    ] {
        let headers = if body.is_empty() { &[HOST][..] } else { &[HOST, JSON] };
        let answer = post(&daemon, path, headers, body);
        assert_eq!(answer.status(), status, "{path}: {}", answer.body);
        assert!(answer.body.contains(part), "{path}: {}", answer.body);
    }
}
