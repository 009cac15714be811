//! The pages of today as a browser without script has them: what they show, what their forms do, and that nothing that
//! others have written is markup.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use supervisor_config::{WebConfig, WebInterface};
use supervisor_core::{
    Command, ExitStatus, Fault, FaultCode, GroupConfig, GroupKind, LastExit, LogPaths, Pid, ProcessConfig, ProcessInfo,
    ProcessState, ReloadDiff, Reply, SupervisorState, Tally,
};
use supervisord::control::{ConfigReader, FreshConfig};

use crate::client::{Client, HttpAnswer};
use crate::fake_supervision::{FakeSupervision, Setup};
use crate::pages::ACCEPTS_HTML;

fn process(group: &str, name: &str, state: ProcessState) -> ProcessInfo {
    ProcessInfo {
        group: group.into(),
        config: Arc::new(ProcessConfig::new(name, "/bin/cat")),
        state,
        pid: Pid::new(4_121).filter(|_| state == ProcessState::Running),
        start: 1_700_000_000,
        stop: 0,
        exit_code: None,
        spawnerr: None,
        logs: LogPaths::default(),
        last_exit: None,
        tally: Tally::default(),
        protocol_error: None,
        starts_at: None,
    }
}

fn failed(info: ProcessInfo, code: u8) -> ProcessInfo {
    let (at, ran_for) = (Duration::from_secs(1_700_000_000), Duration::from_millis(400));
    ProcessInfo { last_exit: Some(LastExit { at, status: ExitStatus::Exited(code), expected: false, ran_for }), ..info }
}

fn all() -> Vec<ProcessInfo> {
    vec![
        process("cat", "cat", ProcessState::Running),
        failed(process("mail", "queue", ProcessState::Fatal), 78),
        process("web", "a", ProcessState::Running),
        process("web", "b", ProcessState::Stopped),
    ]
}

fn daemon_with(infos: Vec<ProcessInfo>, web: WebConfig) -> FakeSupervision {
    let script = Box::new(move |command: &Command| {
        Some(match command {
            Command::GetAllProcessInfo => Ok(Reply::AllProcessInfo(infos.clone())),
            Command::ReadEvents { .. } => Ok(Reply::Events(Box::default())),
            Command::StartProcess { name, .. } if name == "mail:queue" => {
                Err(Fault::new(FaultCode::AbnormalTermination, name.clone()))
            }
            Command::StopProcess { name, .. } if name == "web:b" => {
                Err(Fault::new(FaultCode::NotRunning, name.clone()))
            }
            _ => Ok(Reply::Done),
        })
    });
    FakeSupervision::start(Setup { script, web, ..Setup::default() })
}

fn daemon() -> FakeSupervision {
    daemon_with(all(), WebConfig::default())
}

fn get_as(daemon: &FakeSupervision, path: &str, headers: &[&str]) -> HttpAnswer {
    let first = format!("GET {path} HTTP/1.1");
    let lines = [&[first.as_str(), "Host: localhost:9001"], headers, &["", ""]].concat();
    let mut client = Client::tcp(daemon.tcp);
    client.send(lines.join("\r\n"));
    client.receive()
}

fn get(daemon: &FakeSupervision, path: &str) -> HttpAnswer {
    get_as(daemon, path, &[ACCEPTS_HTML])
}

fn post(daemon: &FakeSupervision, headers: &[&str], form: &str) -> HttpAnswer {
    let first = ["POST /actions HTTP/1.1", "Host: localhost:9001", ACCEPTS_HTML].join("\r\n");
    let rest = headers.iter().map(|header| format!("\r\n{header}")).collect::<Vec<_>>().concat();
    let mut client = Client::tcp(daemon.tcp);
    client.send(format!("{first}{rest}\r\nContent-Length: {}\r\n\r\n{form}", form.len()));
    client.receive()
}

fn token(page: &str) -> &str {
    let value = page.split("name=\"token\" value=\"").nth(1).expect("a page has a form");
    value.split('"').next().unwrap()
}

fn effects(daemon: &FakeSupervision) -> Vec<Command> {
    let changes = |command: &&Command| !matches!(command, Command::GetAllProcessInfo | Command::ReadEvents { .. });
    daemon.seen(|seen| seen.commands.iter().filter(changes).cloned().collect())
}

fn stop(name: &str) -> Command {
    Command::StopProcess { name: name.to_owned(), wait: true }
}

fn start(name: &str) -> Command {
    Command::StartProcess { name: name.to_owned(), wait: true }
}

#[test]
fn the_list_shows_what_is_wrong_first_and_is_told_to_people_alone() {
    let daemon = daemon();
    let page = get(&daemon, "/");
    assert_eq!((page.status(), page.header("vary")), (200, Some("Accept")));
    for text in [
        "<title>1 needs attention · supervisor</title>",
        "<b>4</b> in 3 groups, <b>2</b> running",
        "aria-label=\"2 running, 1 fatal, 1 stopped\"",
        "Exited with status 78 after 0.4 s.",
        "href=\"./processes/mail:queue\"",
        "value=\"start process mail:queue\"",
        "value=\"stop group web\"",
        "1 of 2 running",
    ] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    assert_eq!(page.body, get(&daemon, "/processes").body.replace("from\" value=\"processes", "from\" value=\""));
    for accept in ["Accept: */*", "X: y"] {
        assert!(get_as(&daemon, "/", &[accept]).body.contains("<title>Supervisor Status</title>"), "{accept}");
    }
    let new = daemon_with(all(), WebConfig { interface: WebInterface::New, ..WebConfig::default() });
    assert!(get_as(&new, "/", &["Accept: */*"]).body.contains("1 needs attention"));
    assert!(get(&new, "/index.html").body.contains("<title>Supervisor Status</title>"));
    for interface in [WebInterface::Classic, WebInterface::Off] {
        let daemon = daemon_with(all(), WebConfig { interface, ..WebConfig::default() });
        for path in ["/processes", "/help", "/actions"] {
            assert_eq!(get(&daemon, path).status(), 404, "{path}");
        }
    }
}

#[test]
fn a_filter_and_an_order_are_in_the_address() {
    let daemon = daemon();
    let names = |query: &str| {
        let page = get(&daemon, &format!("/processes?{query}")).body;
        page.split("<tr")
            .skip(1)
            .filter_map(|row| row.split("data-name=\"").nth(1)?.split('"').next().map(str::to_owned))
            .collect::<Vec<_>>()
            .join(" ")
    };
    for (query, expected) in [
        ("", "cat mail:queue web:a web:b"),
        ("q=WEB", "web:a web:b"),
        ("q=state%3Afatal", "mail:queue"),
        ("show=running", "cat web:a"),
        ("show=down&q=!mail", "web:b"),
        ("sort=state", "mail:queue cat web:a web:b"),
        ("page=7", "cat mail:queue web:a web:b"),
    ] {
        assert_eq!(names(query), expected, "{query}");
    }
    let none = get(&daemon, "/processes?q=qeue").body;
    assert!(none.contains("Nothing matches “qeue”.") && none.contains("<a href=\"?q=queue\">queue</a>"), "{none}");
    let group = get(&daemon, "/groups/web").body;
    assert!(group.contains("<h1>web</h1>") && !group.contains("data-name=\"cat\""), "{group}");
    let empty = get(&daemon_with(vec![], WebConfig::default()), "/").body;
    assert!(empty.contains("No programs are configured yet."), "{empty}");
}

#[test]
fn a_form_does_what_it_says_and_leads_back_with_a_message() {
    let daemon = daemon();
    let page = get(&daemon, "/processes?q=e").body;
    let token = token(&page);
    let form = |order: &str| format!("token={token}&from=processes%3Fq%3De&{order}");
    // What ends nothing is done at once.
    let started = post(&daemon, &[], &form("do=start+process+web:b"));
    assert_eq!(started.status(), 303);
    assert_eq!(started.header("location"), Some("./processes?q=e&done=start&n=1&of=web%3Ab"));
    let told = get(&daemon, "/processes?q=e&done=start&n=1&of=web%3Ab").body;
    assert!(told.contains("Started web:b."), "{told}");
    // What does not work is told.
    let failed = post(&daemon, &[], &form("do=start+process+mail:queue"));
    assert_eq!(failed.header("location"), Some("./processes?q=e&done=start&failed=1&of=mail%3Aqueue"));
    assert_eq!(effects(&daemon), [start("web:b"), start("mail:queue")]);
    // What ends something is asked about, with who is meant, and done when it is confirmed.
    let question = post(&daemon, &[], &form("do=stop+selected&process=cat&process=web:a"));
    assert_eq!((question.status(), effects(&daemon).len()), (200, 2));
    for text in ["<h1>Stop 2 processes?</h1>", "pid 4121, up ", "Keep running", "SIGKILL after 10 s"] {
        assert!(question.body.contains(text), "{text}: {}", question.body);
    }
    let confirmed = form("do=stop+selected&process=cat&process=web:a&confirmed=yes&pid=4121+cat&pid=4121+web:a");
    let done = post(&daemon, &[], &confirmed);
    assert_eq!(done.header("location"), Some("./processes?q=e&done=stop&n=2"));
    assert_eq!(effects(&daemon)[2..], [stop("cat"), stop("web:a")]);
    // Whose pid is another one by now was not meant.
    let stale = post(&daemon, &[], &form("do=restart+selected&process=cat&confirmed=yes&pid=17+cat"));
    assert!(stale.status() == 200 && stale.body.contains("cat was started anew meanwhile."), "{}", stale.body);
    let nothing = post(&daemon, &[], &form("do=stop+selected"));
    assert_eq!(nothing.header("location"), Some("./processes?q=e&done=none"));
    assert_eq!(post(&daemon, &[], &form("do=nosuch+all")).status(), 400);
    assert_eq!(effects(&daemon).len(), 4);
}

#[test]
fn all_of_a_group_and_a_signal_are_asked_about_and_done() {
    let daemon = daemon();
    let page = get(&daemon, "/").body;
    let token = token(&page);
    let form = |order: &str| post(&daemon, &[], &format!("token={token}&from=&{order}"));
    let question = form("do=restart+group+web").body;
    assert!(question.contains("<h1>Restart 2 processes of group web?</h1>"), "{question}");
    assert!(question.contains("supervisorctl restart web:*"), "{question}");
    let signal = form("do=signal+process+cat&confirmed=yes&signal=nosuch").body;
    assert!(signal.contains("<option>KILL</option>"), "{signal}");
    assert_eq!(effects(&daemon), []);
    assert_eq!(form("do=signal+process+cat&confirmed=yes&signal=HUP").status(), 303);
    assert_eq!(form("do=clear-logs+process+cat&confirmed=yes").status(), 303);
    let restarted = form("do=restart+selected&process=web:b&confirmed=yes");
    assert_eq!(restarted.header("location"), Some("./?done=restart&n=1&of=web%3Ab"));
    let name = || "cat".to_owned();
    let signalled = Command::SignalProcess { name: name(), signal: "HUP".to_owned() };
    let cleared = Command::ClearProcessLogs { name: name() };
    assert_eq!(effects(&daemon), [signalled, cleared, stop("web:b"), start("web:b")]);
}

#[test]
fn no_other_site_has_a_form_sent() {
    let daemon = daemon();
    let page = get(&daemon, "/").body;
    let form = format!("token={}&do=start+process+web:b", token(&page));
    for headers in [
        &["Sec-Fetch-Site: cross-site"][..],
        &["Sec-Fetch-Site: same-site"],
        &["Origin: http://evil.example"],
        &["Origin: null"],
        &["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document", "Sec-Fetch-User: ?1"],
    ] {
        assert_eq!(post(&daemon, headers, &form).status(), 403, "{headers:?}");
    }
    // Where browsers say nothing, a form of ours has its proof; without it a person is asked, also before a start.
    for form in ["do=start+process+web:b", "token=x&do=stop+all&confirmed=yes", "confirmed=yes&do=stop+process+cat"] {
        let question = post(&daemon, &[], form);
        assert!(question.status() == 200 && question.body.contains("name=\"confirmed\""), "{form}");
    }
    assert_eq!(effects(&daemon), []);
    assert_eq!(post(&daemon, &["Sec-Fetch-Site: same-origin", "Origin: http://localhost:9001"], &form).status(), 303);
    let answer = get(&daemon, "/actions");
    assert_eq!((answer.status(), answer.header("allow")), (405, Some("POST")));
}

fn daemon_with_files() -> FakeSupervision {
    let group = |name: &str, command: &str| {
        let processes = vec![Arc::new(ProcessConfig::new(name, command))];
        Arc::new(GroupConfig { name: name.into(), priority: 999, kind: GroupKind::Programs, processes })
    };
    let (old, new) = (group("cat", "/bin/cat"), group("cat", "/bin/cat -u"));
    let fresh = vec![new, group("thumbs", "/bin/thumbs")];
    let script = Box::new(move |command: &Command| {
        Some(match command {
            Command::GetAllProcessInfo => Ok(Reply::AllProcessInfo(all())),
            Command::GetGroupNames => Ok(Reply::GroupNames(vec!["cat".into()])),
            Command::GetGroup { .. } => Ok(Reply::Group(Arc::clone(&old))),
            Command::ReloadConfig { .. } => Ok(Reply::Reloaded(ReloadDiff::default())),
            Command::StopProcessGroup { .. } => Ok(Reply::Results(vec![])),
            _ => Ok(Reply::Done),
        })
    });
    let config_reader = ConfigReader::new(move || {
        Ok(FreshConfig {
            identifier: "supervisor".to_owned(),
            groups: fresh.clone(),
            warnings: vec!["<b>misspelt</b>".to_owned()],
            program_reader: None,
        })
    });
    FakeSupervision::start(Setup { script, config_reader, ..Setup::default() })
}

#[test]
fn what_the_files_say_is_shown_and_taken_over_group_by_group() {
    let daemon = daemon_with_files();
    let page = get(&daemon, "/configuration").body;
    for text in [
        "Update 2 groups…",
        "<del>/bin/cat</del>",
        "<ins>/bin/cat -u</ins>",
        "new, 1 process, starts by itself",
        "name=\"group\" value=\"thumbs\"",
        "&#60;b&#62;misspelt",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let changes = |command: &Command| {
        !matches!(command, Command::GetAllProcessInfo | Command::GetGroupNames | Command::GetGroup { .. })
    };
    let done = || daemon.seen(|seen| seen.commands.iter().filter(|it| changes(it)).cloned().collect::<Vec<_>>());
    assert_eq!(done(), [], "reading changes nothing");
    let digest = page.split("name=\"digest\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let form = |rest: &str| format!("token={}&from=configuration&do=update+groups&{rest}", token(&page));
    let question = post(&daemon, &[], &form(&format!("digest={digest}&group=cat"))).body;
    assert!(question.contains("<h1>Update group cat?</h1>") && question.contains("Restarts"), "{question}");
    let stale = post(&daemon, &[], &form("digest=0&group=cat&confirmed=yes")).body;
    assert!(stale.contains("The files have changed since the page was made."), "{stale}");
    assert_eq!(done(), []);
    let updated = post(&daemon, &[], &form(&format!("digest={digest}&group=cat&confirmed=yes")));
    assert_eq!(updated.header("location"), Some("./configuration?done=update%20groups&n=1"));
    let cat = || "cat".to_owned();
    let rest = [
        Command::StopProcessGroup { name: cat(), wait: true },
        Command::RemoveProcessGroup { name: cat() },
        Command::AddProcessGroup { name: cat() },
    ];
    assert_eq!(done()[1..], rest);
    assert!(get(&daemon, "/configuration?done=update%20groups&n=1").body.contains("Updated 1 group."));
}

#[test]
fn supervisord_itself_ends_only_when_that_is_meant() {
    let daemon = daemon();
    let page = get(&daemon, "/daemon").body;
    assert!(page.contains("pid 4711"), "{page}");
    let form = |rest: &str| post(&daemon, &[], &format!("token={}&from=daemon&{rest}", token(&page)));
    assert!(form("do=shutdown").body.contains("<h1>Shut down supervisor?</h1>"));
    assert!(form("do=reload").body.contains("supervisorctl reload"));
    assert!(post(&daemon, &[], "do=shutdown&confirmed=yes").body.contains("<h1>Shut down supervisor?</h1>"));
    assert_eq!(form("do=clear-main-log&confirmed=yes").header("location"), Some("./daemon?done=clear-main-log&n=1"));
    assert!(form("do=shutdown&confirmed=yes").body.contains("supervisord shuts down."));
    assert_eq!(effects(&daemon), [Command::ClearLog, Command::Shutdown]);
    let many = (0..21).map(|number| process("many", &format!("p{number}"), ProcessState::Running)).collect();
    let daemon = daemon_with(many, WebConfig::default());
    let page = get(&daemon, "/daemon").body;
    let form = |rest: &str| post(&daemon, &[], &format!("token={}&do=shutdown&confirmed=yes&{rest}", token(&page)));
    assert!(form("identifier=x").body.contains("To go on, type <b>supervisor</b>"));
    assert_eq!(effects(&daemon), []);
    assert!(form("identifier=supervisor").body.contains("supervisord shuts down."));
}

/// Markup, script, templates, what ends attributes, what turns text around, and NUL.
const HOSTILE: &str = "\"><img src=x onerror=alert(1)></textarea></script>{{7*7}}'\u{202e}&amp;\0";

#[test]
fn no_text_of_others_is_markup() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("hostile-pages-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let log = folder.join("log");
    fs::write(&log, format!("one\n{HOSTILE}\n")).unwrap();
    let logs = LogPaths { stdout: Some(log.to_str().unwrap().into()), stderr: None };
    let name = HOSTILE.replace(['/', '\0'], "");
    let mut config = ProcessConfig::new(name.as_str(), HOSTILE);
    config.environment.variables = [(HOSTILE.into(), "the secret value".into())].into();
    let info = failed(process(&name, &name, ProcessState::Fatal), 1);
    let spawnerr = Some(HOSTILE.into());
    let info = ProcessInfo { config: Arc::new(config), spawnerr, logs, ..info };
    let daemon = daemon_with(vec![info], WebConfig::default());
    let quoted = name.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
    for path in [
        "/".to_owned(),
        format!("/processes/{quoted}"),
        format!("/processes/{quoted}?q={quoted}"),
        format!("/groups/{quoted}"),
        format!("/processes?q={quoted}"),
        format!("/processes/nosuch{quoted}"),
        format!("/?message={quoted}"),
        format!("/?done=start&failed=1&of={quoted}"),
        format!("/nosuch{quoted}"),
    ] {
        let page = get(&daemon, &path);
        for markup in ["<img", "<textarea", "</textarea", "<script>"] {
            assert!(!page.body.contains(markup), "{path}: {markup}: {}", page.body);
        }
        assert!(!page.body.contains("the secret value"), "{path}");
        assert!(!page.body.contains("style=") && !page.body.contains(" onclick"), "{path}");
    }
    let shown = get(&daemon, &format!("/processes/{quoted}")).body;
    assert!(shown.contains("<span class=\"ctl\">U+202E</span>") && shown.contains("<span class=\"ctl\">NUL</span>"));
    let answer = post(&daemon, &[], &format!("do=stop+process+{quoted}&from={quoted}&confirmed=yes"));
    assert!(!answer.body.contains("<img"), "{}", answer.body);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn browsers_are_told_what_pages_may_do() {
    let daemon = daemon();
    for path in ["/", "/processes/cat", "/nosuch", "/help"] {
        let page = get(&daemon, path);
        let policy = page.header("content-security-policy").unwrap();
        for rule in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "require-trusted-types-for 'script'",
        ] {
            assert!(policy.contains(rule), "{path}: {policy}");
        }
        for (header, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(page.header(header), Some(value), "{path}");
        }
        assert!(!page.body.contains("<script>") && !page.body.contains("href=\"/"), "{path}: {}", page.body);
    }
    let page = get(&daemon, "/").body;
    let style = page.split("href=\"./").find(|part| part.contains("style.css\"")).unwrap().split('"').next().unwrap();
    let answer = get(&daemon, &format!("/{style}"));
    assert_eq!((answer.status(), answer.header("content-type")), (200, Some("text/css")));
    assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(get(&daemon, "/assets/000000000000/style.css").status(), 404);
}

#[test]
fn what_is_not_there_is_told_with_the_way_back() {
    let daemon = daemon();
    let page = get(&daemon, "/processes/web:c");
    assert_eq!(page.status(), 404);
    assert!(page.body.contains("There is no process web:c.") && page.body.contains("href=\"../processes/web:a\""));
    assert!(get(&daemon, "/groups/wbe").body.contains("href=\"../groups/web\">web</a>"));
    let nowhere = get(&daemon, "/no/such");
    assert!(nowhere.status() == 404 && nowhere.body.contains("href=\"../processes\""), "{}", nowhere.body);
    assert!(get_as(&daemon, "/no/such", &["Accept: */*"]).body.contains("Error code 404."));
    let stranger = {
        let mut client = Client::tcp(daemon.tcp);
        client.send(format!(
            "GET /processes HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://evil.example\r\n{ACCEPTS_HTML}\r\n\r\n"
        ));
        client.receive()
    };
    assert_eq!(stranger.status(), 403);
    assert!(stranger.body.contains("allowed_hosts=evil.example"), "{}", stranger.body);
    daemon.state.publish(SupervisorState::Shutdown);
    for path in ["/", "/processes/cat"] {
        let ending = get(&daemon, path);
        assert_eq!((ending.status(), ending.header("retry-after")), (503, Some("10")), "{path}");
    }
}

#[test]
fn who_is_not_admitted_is_asked_and_learns_nothing() {
    let script = Box::new(|_: &Command| Some(Ok(Reply::AllProcessInfo(all()))));
    let daemon = FakeSupervision::start(Setup { script, credentials: Some(("ops", "secret")), ..Setup::default() });
    let page = get(&daemon, "/");
    assert_eq!((page.status(), page.header("www-authenticate")), (401, Some("Basic realm=\"default\"")));
    assert!(!page.body.contains("ops") && !page.body.contains("cat"), "{}", page.body);
    let admitted = get_as(&daemon, "/", &[ACCEPTS_HTML, "Authorization: Basic b3BzOnNlY3JldA=="]);
    assert!(admitted.body.contains("<b>ops</b>"), "{}", admitted.body);
}

/// reference/web.md §16: the pages as they are sent.
#[test]
fn pages_are_small() {
    let infos = (0..1_000).map(|number| {
        let name = format!("worker_{number:03}");
        let info = process(&format!("group_{:02}", number / 20), &name, ProcessState::Running);
        if number % 97 == 0 { failed(ProcessInfo { state: ProcessState::Fatal, ..info }, 1) } else { info }
    });
    let daemon = daemon_with(infos.collect(), WebConfig::default());
    let list = get(&daemon, "/").body.len();
    assert!(list <= 150 << 10, "{list}");
    let process = get(&daemon, "/processes/group_00:worker_001").body.len();
    assert!(process <= 60 << 10, "{process}");
    let frame = get(&daemon, "/help").body.len();
    assert!(frame <= 12 << 10, "{frame}");
}
