//! What programs use, as `/api/v1/processes` tells it: measured for whoever asks, with all their descendants.

use serde_json::Value as Json;

use crate::support::{TestDaemon, http_get, testing_the_original, until};

const PROGRAMS: &str = "[inet_http_server]
port=127.0.0.1:{port}
[program:busy]
command=/bin/sh -c \"while :; do :; done & while :; do :; done\"
startsecs=0
stopasgroup=true
killasgroup=true
[program:never]
command=/bin/sleep 1000
autostart=false
";

fn told(daemon: &TestDaemon, path: &str) -> Json {
    let (status, text) = http_get(daemon.port(), path).expect("an answer");
    assert_eq!(status, 200, "{path}: {text}");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}: {text}"))
}

#[test]
fn cpu_and_memory_of_a_program_are_those_of_all_its_processes() {
    if testing_the_original() {
        return; // it has no such thing
    }
    let mut daemon = TestDaemon::started(PROGRAMS);
    daemon.wait_for_state("busy", "RUNNING");
    let path = "/api/v1/processes/busy?resources=true&history=true";
    assert!(told(&daemon, "/api/v1/processes/busy").get("resources").is_none(), "nobody has asked for it");
    // The first look has nothing to compare with; the shell needs a moment to have its child.
    let known = until("two looks", || {
        let known = told(&daemon, path);
        let resources = &known["resources"];
        (resources["cpu"].as_f64().is_some_and(|cpu| cpu > 0.0) && resources["processes"] == 2).then_some(known)
    });
    let resources = &known["resources"];
    assert!(resources["memory"].as_u64().is_some_and(|bytes| bytes > 100_000), "{known}");
    assert!(resources["cpu_seconds"].as_f64().is_some_and(|seconds| seconds > 0.0), "{known}");
    let samples = known["samples"].as_array().expect("what was seen is kept");
    assert!(samples.len() >= 2 && samples[0][1].is_null(), "{known}");

    let all = told(&daemon, "/api/v1/processes?resources=true");
    assert_eq!(all["processes"][0]["name"], "busy");
    assert!(all["processes"][0]["resources"]["at"].is_string(), "{all}");
    assert!(all["processes"][1].get("resources").is_none(), "it has never run: {all}");
    let refused = http_get(daemon.port(), "/api/v1/processes?resources=yes").expect("an answer");
    assert_eq!(refused.0, 400, "{refused:?}");
    daemon.stop();
}
