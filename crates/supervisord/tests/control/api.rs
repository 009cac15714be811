//! Reads below `/api/v1`: each row of the table of resources is answered, and what is wrong is said.

use supervisor_core::{Command, Reply};
use supervisor_protocol::api::{ProblemCode, ROOT, Resource, TABLE};

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
    for row in TABLE {
        let path = row.path.replace("{group}", "web").replace("{process}", "web:cat");
        let status = match row.resource {
            // Their answers are for the tests of events.
            Resource::Events | Resource::EventPools | Resource::Stream => continue,
            Resource::Group | Resource::Process => 404,
            Resource::Root
            | Resource::ConfigurationWarnings
            | Resource::Groups
            | Resource::Methods
            | Resource::Problems
            | Resource::Processes
            | Resource::Summary
            | Resource::Supervisor => 200,
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
