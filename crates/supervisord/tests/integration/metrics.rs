//! `/metrics`, `/healthz` and `/readyz` of a real supervisord, read as Prometheus, Kubernetes and scripts do.

use std::collections::BTreeMap;
use std::thread;

use crate::support::{TestDaemon, http_get, not_tested, project_root, raw_http, testing_the_original, until};

const SERVER: &str = "[inet_http_server]\nport=127.0.0.1:{port}\n";

/// The numbers of an exposition by name and labels as written, and the type of each family.
#[derive(Debug, Default)]
struct Scraped {
    samples: BTreeMap<String, String>,
    types: BTreeMap<String, String>,
}

impl Scraped {
    #[track_caller]
    fn text(&self, sample: &str) -> &str {
        self.samples.get(sample).unwrap_or_else(|| panic!("{sample} is not among {:#?}", self.samples))
    }

    #[track_caller]
    fn number(&self, sample: &str) -> f64 {
        self.text(sample).parse().expect("it was parsed before")
    }

    /// A number that has to be a whole one.
    #[track_caller]
    fn whole(&self, sample: &str) -> i64 {
        self.text(sample).parse().expect("it is a whole number")
    }
}

fn is_name(text: &str) -> bool {
    let begins = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    begins && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The labels behind a name, taken apart strictly: `{a="b",c="d\""}`.
fn are_labels(text: &str) -> bool {
    let Some(mut rest) = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) else { return text.is_empty() };
    loop {
        let Some((name, after)) = rest.split_once("=\"") else { return false };
        let mut escaped = false;
        let end = after.char_indices().find(|(_, c)| {
            let ends = !escaped && *c == '"';
            escaped = !escaped && *c == '\\';
            ends
        });
        let Some((value, after)) = end.and_then(|(place, _)| after.split_at_checked(place)) else { return false };
        if !is_name(name) || value.contains('\n') {
            return false;
        }
        match after.strip_prefix("\",") {
            Some(next) => rest = next,
            None => return after == "\"",
        }
    }
}

/// Reads the text format 0.0.4 and fails on what its specification or `promtool check metrics` would not have.
#[track_caller]
fn parse(text: &str) -> Scraped {
    let mut scraped = Scraped::default();
    let mut current = String::new();
    assert!(text.ends_with('\n'), "the last line ends");
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, words) = help.split_once(' ').expect("a help has words");
            assert!(is_name(name) && words.ends_with('.'), "{line}");
            assert!(!scraped.types.contains_key(name), "a family comes once: {line}");
            name.clone_into(&mut current);
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').expect("a type has a word");
            assert_eq!(name, current, "the help comes first: {line}");
            assert!(["counter", "gauge"].contains(&kind) && (kind == "counter") == name.ends_with("_total"), "{line}");
            assert!(scraped.types.insert(name.to_owned(), kind.to_owned()).is_none(), "{line}");
        } else {
            let (sample, value) = line.rsplit_once(' ').expect("a sample has a value");
            let name = sample.split('{').next().expect("it has a beginning");
            assert_eq!(name, current, "samples of a family stand together: {line}");
            assert!(are_labels(sample.split_at(name.len()).1), "{line}");
            let number: f64 = value.parse().unwrap_or_else(|_| panic!("{line}"));
            assert!(number.is_finite() && (scraped.types[name] == "gauge" || number >= 0.0), "{line}");
            assert!(
                scraped.samples.insert(sample.to_owned(), value.to_owned()).is_none(),
                "a sample comes once: {line}"
            );
        }
    }
    scraped
}

#[track_caller]
fn scrape(daemon: &TestDaemon, query: &str) -> Scraped {
    let (status, text) = http_get(daemon.port(), &format!("/metrics{query}")).expect("it answers");
    assert_eq!(status, 200, "{text}");
    parse(&text)
}

#[test]
fn the_parser_of_this_test_is_strict() {
    assert!(are_labels("") && are_labels("{a=\"b\",c=\"\\\"}\\\\\"}") && are_labels("{a=\"\"}"));
    for wrong in ["{}", "{a=b}", "{a=\"b}", "{a=\"b\",}", "{1=\"b\"}", "{a=\"b\"c=\"d\"}", "{a=\"\\\"}"] {
        assert!(!are_labels(wrong), "{wrong}");
    }
    for wrong in [
        "a 1\n",
        "# HELP a x.\n# TYPE a counter\na 1\n",
        "# HELP a x.\n# TYPE a gauge\na 1\na 2\n",
        "# HELP a x.\n# TYPE a gauge\na one\n",
    ] {
        assert!(thread::spawn(move || parse(wrong)).join().is_err(), "{wrong}");
    }
}

#[test]
fn the_names_of_node_exporter_come_first_and_say_what_its_collector_says() {
    if testing_the_original() {
        return;
    }
    let programs = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n\
                    [group:web]\nprograms=x\"y\\z\n[program:x\"y\\z]\ncommand=/bin/cat\nstartsecs=0\n\
                    [program:bad]\ncommand=/bin/sh -c \"exit 3\"\nstartsecs=0\nautorestart=false\n\
                    [program:off]\ncommand=/bin/cat\nautostart=false\n";
    let daemon = TestDaemon::started(&format!("{SERVER}{programs}"));
    daemon.wait_for_state("bad", "EXITED");
    daemon.wait_for_state("cat", "RUNNING");
    daemon.wait_for_state("web:x\"y\\z", "RUNNING");
    let scraped = scrape(&daemon, "");
    let of = |name: &str, process: &str| {
        scraped.whole(&format!("node_supervisord_{name}{{name=\"{process}\",group=\"{process}\"}}"))
    };
    for (process, up, state, exit) in [("cat", 1, 20, 0), ("bad", 0, 100, 3), ("off", 0, 0, 0)] {
        assert_eq!(
            [of("up", process), of("state", process), of("exit_status", process)],
            [up, state, exit],
            "{process}"
        );
    }
    assert_eq!(of("start_time_seconds", "cat"), daemon.info("cat")["start"].as_int());
    assert!(!scraped.samples.contains_key("node_supervisord_start_time_seconds{name=\"off\",group=\"off\"}"));
    assert_eq!(scraped.whole("node_supervisord_up{name=\"x\\\"y\\\\z\",group=\"web\"}"), 1);
    assert_eq!(scraped.whole("supervisord_processes{state=\"RUNNING\"}"), 2);
    assert_eq!(scraped.whole("supervisord_processes_needing_attention"), 1);
    assert_eq!(scraped.whole("supervisord_process_exits_total{name=\"bad\",group=\"bad\",expected=\"false\"}"), 1);
    assert_eq!(scraped.whole("supervisord_process_members{name=\"cat\",group=\"cat\"}"), 1);
    assert!(scraped.number("supervisord_process_resident_memory_bytes{name=\"cat\",group=\"cat\"}") > 0.0);
    assert!(scraped.number("process_resident_memory_bytes") > 0.0 && scraped.number("process_open_fds") > 0.0);
    assert!(scraped.number("supervisord_events_total") >= 5.0);
    assert_eq!(scraped.whole("supervisord_state"), 1);
    assert!(scraped.types["supervisord_http_requests_total"] == "counter");

    let page = std::fs::read_to_string(project_root().join("docs/metrics.md")).expect("it is part of the repository");
    for name in scraped.types.keys() {
        assert!(page.contains(&format!("`{name}`")), "docs/metrics.md does not know {name}");
    }

    let narrowed = scrape(&daemon, "?collect=processes&process=ca*");
    assert!(narrowed.samples.keys().all(|sample| sample.contains("name=\"cat\"")), "{:?}", narrowed.samples);
    let refused = http_get(daemon.port(), "/metrics?collect=nosuch").expect("it answers");
    assert_eq!((refused.0, refused.1.contains("there are processes, pools and daemon")), (400, true));
}

#[test]
fn counters_go_on_over_restarts_and_cpu_of_descendants_counts() {
    if testing_the_original() {
        return;
    }
    let work = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done";
    let programs = format!(
        "[program:flap]\ncommand=/bin/false\nstartsecs=0\nautorestart=true\nexitcodes=0\n\
         [program:busy]\ncommand=/bin/sh -c \"sh -c '{work}'; {work}; echo done; exec sleep 1000\"\nstartsecs=0\n\
         stdout_logfile={{dir}}/busy.log\n"
    );
    let daemon = TestDaemon::started(&format!("{SERVER}{programs}"));
    let restarts = "supervisord_process_restarts_total{name=\"flap\",group=\"flap\"}";
    let exits = "supervisord_process_exits_total{name=\"flap\",group=\"flap\",expected=\"false\"}";
    let first = scrape(&daemon, "");
    let later = until("it was restarted", || {
        let now = scrape(&daemon, "");
        (now.number(restarts) >= first.number(restarts) + 2.0).then_some(now)
    });
    assert!(later.number(exits) >= 2.0);
    assert!(later.number("supervisord_process_starts_total{name=\"flap\",group=\"flap\"}") >= later.number(restarts));
    daemon.wait_for_text("busy.log", "done");
    let cpu = "supervisord_process_cpu_seconds_total{name=\"busy\",group=\"busy\"}";
    let used = until("its time is seen", || Some(scrape(&daemon, "").number(cpu)).filter(|seconds| *seconds > 0.0));
    daemon.ctl(&["restart", "busy"]);
    assert!(scrape(&daemon, "").number(cpu) >= used, "the next run adds to it");
    for sample in first.samples.keys() {
        let name = sample.split('{').next().expect("it has a beginning");
        if first.types[name] == "counter" {
            assert!(later.number(sample) >= first.number(sample), "{sample} has decreased");
        }
    }
}

#[test]
fn health_is_of_supervisord_and_readiness_of_what_it_runs() {
    if testing_the_original() {
        return;
    }
    let programs = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n\
                    [program:slow]\ncommand=/bin/sh -c \"while [ ! -e {dir}/go ]; do sleep 0.05; done; exit 1\"\nstartsecs=1000\n\
                    startretries=0\n";
    let daemon = TestDaemon::started(&format!("{SERVER}{programs}"));
    daemon.wait_for_state("cat", "RUNNING");
    let get = |path: &str| http_get(daemon.port(), path).expect("it answers");
    let health = get("/healthz");
    assert!(health.0 == 200 && health.1.starts_with("{\"status\": \"ok\", \"loop\": 0."), "{health:?}");
    assert_eq!(get("/readyz"), (503, "{\"status\": \"waiting\", \"for\": [\"slow\"]}\n".to_owned()));
    assert_eq!(get("/readyz?processes=c*"), (200, "{\"status\": \"ready\"}\n".to_owned()));
    assert_eq!(get("/readyz?processes=nosuch").0, 503);
    assert_eq!(get("/readyz?wait=x").0, 400);
    let port = daemon.port();
    let waiting = thread::spawn(move || http_get(port, "/readyz?wait=60").expect("it answers"));
    until("it is followed", || {
        (scrape(&daemon, "?collect=daemon").number("supervisord_http_requests_total{door=\"health\",code=\"5xx\"}")
            >= 2.0)
            .then_some(())
    });
    assert!(!waiting.is_finished());
    daemon.write("go", "");
    assert_eq!(waiting.join().expect("it ends"), (200, "{\"status\": \"ready\"}\n".to_owned()));
    assert_eq!(daemon.state("slow"), "FATAL");
    assert_eq!(get("/readyz?processes=all"), (503, "{\"status\": \"waiting\", \"for\": [\"slow\"]}\n".to_owned()));
    assert_eq!(get("/healthz").0, 200, "a program that fails is no reason to end its supervisor");
    let posted = raw_http(port, "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n").expect("it answers");
    assert!(posted.starts_with("HTTP/1.1 405 ") && posted.contains("Allow: GET, HEAD\r\n"), "{posted}");
}

#[test]
fn what_is_anonymous_is_told_without_a_password_and_nothing_else() {
    if testing_the_original() {
        return;
    }
    let login = "username=u\npassword=p\nanonymous=healthz, metrics\n";
    let daemon = TestDaemon::started(&format!("{SERVER}{login}"));
    for (path, status) in [("/healthz", 200), ("/metrics", 200), ("/readyz", 401), ("/", 401), ("/ok.html", 401)] {
        assert_eq!(http_get(daemon.port(), path).expect("it answers").0, status, "{path}");
    }
    let image = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n";
    let request = format!("GET /metrics HTTP/1.1\r\nHost: localhost\r\n{image}\r\n");
    assert!(raw_http(daemon.port(), &request).expect("it answers").starts_with("HTTP/1.1 403 "));
    let scraped = scrape(&daemon, "");
    assert_eq!(scraped.whole("supervisord_http_refused_total{reason=\"auth\"}"), 3);
    assert_eq!(scraped.whole("supervisord_http_refused_total{reason=\"cross_site\"}"), 1);
}

/// Prometheus' own tool, where `./check` has put it.
#[test]
fn promtool_finds_nothing_wrong_with_the_metrics_nor_with_the_rules_of_the_example() {
    if testing_the_original() {
        return;
    }
    let promtool = project_root().join("target/prometheus/usr/bin/promtool");
    if !promtool.exists() {
        not_tested("what promtool says of metrics and rules: it is not installed (./check does that)");
        return;
    }
    let programs = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n\
                    [eventlistener:watch]\ncommand=/bin/cat\nevents=TICK_5\nstartsecs=0\n";
    let daemon = TestDaemon::started(&format!("{SERVER}{programs}"));
    daemon.wait_for_state("cat", "RUNNING");
    let (_, metrics) = http_get(daemon.port(), "/metrics").expect("it answers");
    daemon.write("metrics", &metrics);
    let (promtool, rules) = (promtool.display(), project_root().join("examples/prometheus"));
    for command in [
        format!("{promtool} check metrics <{}", daemon.path("metrics").display()),
        format!("{promtool} check config --syntax-only {}", rules.join("prometheus.yml").display()),
        format!("{promtool} check rules {}", rules.join("supervisord.rules.yml").display()),
        format!("{promtool} test rules {}", rules.join("supervisord.rules.test.yml").display()),
    ] {
        let ended = daemon.start_script(&command).wait_for_end();
        let said = format!("{}{}", ended.stdout, ended.stderr);
        assert!(ended.status == 0, "{command}: {said}");
        assert!(!command.contains("check metrics") || said.trim().is_empty(), "{command}: {said}");
    }
}
