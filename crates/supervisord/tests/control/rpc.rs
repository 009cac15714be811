//! Calls and their answers.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use supervisor_core::{
    Channel, Command, Fault, FaultCode, LogLevel, ProcessResult, ReloadDiff, Reply, SupervisorState,
};
use supervisor_protocol::method::Namespaces;
use supervisor_protocol::xmlrpc::{Value, write_fault};
use supervisord::control::{ConfigReader, FreshConfig};

use crate::client::{Client, post, post_call};
use crate::fake_supervision::{FakeSupervision, Setup, bad_name};

fn text(text: &str) -> Value {
    Value::from(text)
}

fn call_struct(method: &str, params: Option<Value>) -> Value {
    let mut members = vec![("methodName".to_owned(), text(method))];
    members.extend(params.map(|params| ("params".to_owned(), params)));
    Value::Struct(members)
}

fn fault_struct(code: i64, string: &str) -> Value {
    Value::Struct(vec![("faultCode".to_owned(), Value::Int(code)), ("faultString".to_owned(), text(string))])
}

#[test]
fn what_needs_no_process_is_answered_without_the_supervision_plane() {
    let daemon = FakeSupervision::answering(|command| panic!("{command:?} was sent"));
    let mut client = Client::unix(daemon.unix());
    assert_eq!(client.result("supervisor.getAPIVersion", &[]), text("3.0"));
    assert_eq!(client.result("supervisor.getVersion", &[]), text("3.0"));
    assert_eq!(client.result("supervisor.getSupervisorVersion", &[]), text(env!("CARGO_PKG_VERSION")));
    assert_eq!(client.result("supervisor.getIdentification", &[]), text("supervisor"));
    assert_eq!(client.result("supervisor.getPID", &[]), Value::Int(4711));
    let Value::Array(names) = client.result("system.listMethods", &[]) else { panic!("an array") };
    assert_eq!(names.len(), 41);
    let signature = client.result("system.methodSignature", &[text("supervisor.startProcess")]);
    assert_eq!(signature, Value::Array(vec![text("boolean"), text("string"), text("boolean")]));
    for method in ["system.methodHelp", "system.methodSignature"] {
        assert_eq!(client.fault(method, &[text("supervisor.nosuch")]), (4, "SIGNATURE_UNSUPPORTED".to_owned()));
    }
    let help = client.result("system.methodHelp", &[text("supervisor.getPID")]);
    assert_eq!(help, text("The process id of supervisord.\n\n@return int"));
}

#[test]
fn an_answer_is_the_originals_byte_for_byte() {
    let daemon = FakeSupervision::answering(|_| Some(Err(bad_name("a<b"))));
    for answer in [
        Client::unix(daemon.unix()).post(&supervisor_protocol::xmlrpc::write_call("supervisor.getState", &[])),
        Client::tcp(daemon.tcp).post("<methodCall><methodName>supervisor.getState</methodName></methodCall>"),
    ] {
        assert_eq!(answer.status_line, "HTTP/1.1 200 OK");
        assert_eq!(answer.body, include_str!("../../../protocol/tests/goldens/state.xml"));
    }
    let faulty = supervisor_protocol::xmlrpc::write_call("supervisor.getProcessInfo", &[text("a<b")]);
    assert_eq!(Client::unix(daemon.unix()).post(&faulty).body, write_fault(10, "BAD_NAME: a<b"));
}

#[test]
fn commands_reach_the_supervision_plane_as_they_were_meant() {
    let daemon = FakeSupervision::answering(|_| Some(Ok(Reply::Done)));
    let mut client = Client::unix(daemon.unix());
    assert_eq!(client.result("supervisor.startProcess", &[text("web:cat")]), Value::Bool(true));
    assert_eq!(client.result("supervisor.stopProcess", &[text("web:cat"), Value::Int(0)]), Value::Bool(true));
    assert_eq!(client.result("supervisor.signalProcess", &[text("cat"), Value::Int(15)]), Value::Bool(true));
    assert_eq!(client.result("supervisor.clearLog", &[]), Value::Bool(true));
    let name = || "web:cat".to_owned();
    daemon.seen(|seen| {
        let expected = [
            Command::StartProcess { name: name(), wait: true },
            Command::StopProcess { name: name(), wait: false },
            Command::SignalProcess { name: "cat".to_owned(), signal: "15".to_owned() },
            Command::ClearLog,
        ];
        assert_eq!(seen.commands, expected);
    });
}

#[test]
fn results_of_several_processes_are_structs() {
    let daemon = FakeSupervision::answering(|_| {
        let fault = Some(Fault::new(FaultCode::SpawnError, "g:b"));
        Some(Ok(Reply::Results(vec![
            ProcessResult { name: "a".into(), group: "g".into(), fault: None },
            ProcessResult { name: "b".into(), group: "g".into(), fault },
        ])))
    });
    let result = Client::unix(daemon.unix()).result("supervisor.startAllProcesses", &[]);
    let Value::Array(results) = result else { panic!("an array") };
    let told: Vec<_> = results.iter().map(|one| (one.member("status"), one.member("description"))).collect();
    let (ok, failed) = (text("OK"), text("SPAWN_ERROR: g:b"));
    assert_eq!(told, [(Some(&Value::Int(80)), Some(&ok)), (Some(&Value::Int(50)), Some(&failed))]);
}

#[test]
fn wrong_calls_are_faults() {
    let daemon = FakeSupervision::answering(|command| panic!("{command:?} was sent"));
    let mut client = Client::unix(daemon.unix());
    let unknown = (1, "UNKNOWN_METHOD".to_owned());
    for name in ["supervisor.nosuch", "nosuch.getState", "getState", "supervisor._update", "supervisor.a.b", "."] {
        assert_eq!(client.fault(name, &[]), unknown, "{name}");
    }
    let incorrect = (2, "INCORRECT_PARAMETERS".to_owned());
    assert_eq!(client.fault("supervisor.getState", &[Value::Int(1)]), incorrect);
    assert_eq!(client.fault("supervisor.getProcessInfo", &[]), incorrect);
    let (code, string) = client.fault("supervisor.getProcessInfo", &[Value::Int(1)]);
    assert_eq!((code, string.as_str()), (2, "INCORRECT_PARAMETERS: name must be a string"));
}

#[test]
fn a_waiting_call_holds_up_nobody_else() {
    let daemon = FakeSupervision::answering(|command| match command {
        Command::StopProcess { .. } => None,
        _ => Some(Ok(Reply::Done)),
    });
    let mut waiting = Client::unix(daemon.unix());
    waiting.send(post(&supervisor_protocol::xmlrpc::write_call("supervisor.stopProcess", &[text("x")])));
    daemon.wait_until("the stop has come", |seen| seen.commands.len() == 1);
    let mut other = Client::tcp(daemon.tcp);
    assert_eq!(other.result("supervisor.startProcess", &[text("y")]), Value::Bool(true));
    daemon.release(&Ok(Reply::Done));
    assert_eq!(waiting.receive().answer(), supervisor_protocol::xmlrpc::Answer::Result(Value::Bool(true)));
}

#[test]
fn a_client_that_goes_away_only_drops_its_answer() {
    let daemon = FakeSupervision::answering(|_| None);
    let mut client = Client::unix(daemon.unix());
    client.send(post_call("supervisor.stopAllProcesses"));
    daemon.wait_until("the stop has come", |seen| seen.commands.len() == 1);
    drop(client);
    daemon.release(&Ok(Reply::Done));
    assert_eq!(Client::unix(daemon.unix()).result("supervisor.getPID", &[]), Value::Int(4711));
}

#[test]
fn a_client_that_sends_no_more_gets_its_answer() {
    let daemon = FakeSupervision::answering(|_| None);
    let mut client = Client::unix(daemon.unix());
    client.send(post_call("supervisor.stopAllProcesses"));
    client.finish_sending();
    daemon.wait_until("the stop has come", |seen| seen.commands.len() == 1);
    daemon.release(&Ok(Reply::Done));
    assert_eq!(client.receive().status(), 200);
    assert_eq!(client.rest(), "");
}

#[test]
fn during_a_shutdown_only_messages_and_introspection_work() {
    let daemon = FakeSupervision::answering(|_| Some(Ok(Reply::Done)));
    let mut client = Client::unix(daemon.unix());
    for state in [SupervisorState::Shutdown, SupervisorState::Restarting] {
        daemon.state.publish(state);
        for method in ["supervisor.getState", "supervisor.getPID", "supervisor.shutdown", "supervisor.getVersion"] {
            assert_eq!(client.fault(method, &[]), (6, "SHUTDOWN_STATE".to_owned()), "{method}");
        }
        let message = [text("a"), text("b")];
        assert_eq!(client.result("supervisor.sendRemoteCommEvent", &message), Value::Bool(true));
        assert!(matches!(client.result("system.listMethods", &[]), Value::Array(_)));
    }
    daemon.state.publish(SupervisorState::Running);
    assert_eq!(client.result("supervisor.getPID", &[]), Value::Int(4711));
}

#[test]
fn during_a_shutdown_calls_that_read_logs_are_refused() {
    let daemon = FakeSupervision::answering(|command| panic!("{command:?} was sent"));
    daemon.state.publish(SupervisorState::Shutdown);
    let mut client = Client::unix(daemon.unix());
    let range = [text("web:cat"), Value::Int(0), Value::Int(0)];
    for method in ["supervisor.readProcessStdoutLog", "supervisor.tailProcessStderrLog", "supervisor.readProcessLog"] {
        assert_eq!(client.fault(method, &range), (6, "SHUTDOWN_STATE".to_owned()), "{method}");
    }
}

#[test]
fn without_a_section_there_is_no_supervisor_namespace() {
    let daemon = FakeSupervision::start(Setup { namespaces: Namespaces::new([]), ..Setup::default() });
    let mut client = Client::unix(daemon.unix());
    let unknown = (1, "UNKNOWN_METHOD".to_owned());
    for method in ["supervisor.getState", "supervisor.getVersion", "supervisor.shutdown"] {
        assert_eq!(client.fault(method, &[]), unknown, "{method}");
        let unsupported = (4, "SIGNATURE_UNSUPPORTED".to_owned());
        assert_eq!(client.fault("system.methodHelp", &[text(method)]), unsupported, "{method}");
    }
    let Value::Array(names) = client.result("system.listMethods", &[]) else { panic!("an array") };
    assert_eq!(names.len(), 4);
    let calls = Value::Array(vec![call_struct("supervisor.getState", None)]);
    let faults = Value::Array(vec![fault_struct(1, "UNKNOWN_METHOD")]);
    assert_eq!(client.result("system.multicall", &[calls]), faults);
    assert!(daemon.seen(|seen| seen.commands.is_empty()));
}

#[test]
fn a_section_offers_the_methods_under_its_own_name() {
    let namespaces = Namespaces::new(["fleet".to_owned()]);
    let daemon = FakeSupervision::start(Setup { namespaces, ..Setup::default() });
    let mut client = Client::unix(daemon.unix());
    assert_eq!(client.result("fleet.getPID", &[]), Value::Int(4711));
    assert_eq!(client.result("fleet.startProcess", &[text("a")]), Value::Bool(true));
    assert_eq!(client.fault("supervisor.getPID", &[]), (1, "UNKNOWN_METHOD".to_owned()));
    let help = client.result("system.methodHelp", &[text("fleet.getPID")]);
    assert_eq!(help, text("The process id of supervisord.\n\n@return int"));
}

#[test]
fn without_a_supervision_plane_commands_are_refused() {
    let daemon = FakeSupervision::answering(|_| None);
    let mut client = Client::unix(daemon.unix());
    client.send(post_call("supervisor.stopAllProcesses"));
    daemon.wait_until("the stop has come", |seen| seen.commands.len() == 1);
    daemon.drop_waiting();
    let (code, string) = match client.receive().answer() {
        supervisor_protocol::xmlrpc::Answer::Fault { code, text } => (code, text),
        result @ supervisor_protocol::xmlrpc::Answer::Result(_) => panic!("{result:?}"),
    };
    assert_eq!((code, string.as_str()), (6, "SHUTDOWN_STATE"));
}

#[test]
fn a_multicall_makes_its_calls_one_after_the_other() {
    let daemon = FakeSupervision::answering(|command| match command {
        Command::GetProcessInfo { name } => Some(Err(bad_name(name))),
        _ => Some(Ok(Reply::Done)),
    });
    let mut client = Client::unix(daemon.unix());
    let name = |name: &str| Some(Value::Array(vec![text(name)]));
    let calls = Value::Array(vec![
        call_struct("supervisor.getAPIVersion", Some(Value::Array(vec![]))),
        call_struct("supervisor.nosuch", None),
        call_struct("supervisor.startProcess", name("a")),
        call_struct("supervisor.getProcessInfo", name("nosuch")),
        call_struct("supervisor.stopProcess", name("a")),
        call_struct("system.multicall", Some(Value::Array(vec![]))),
        call_struct("system.multicall", Some(Value::Array(vec![Value::Array(vec![])]))),
        Value::Struct(vec![("params".to_owned(), Value::Array(vec![]))]),
        call_struct("supervisor.getState", Some(text("x"))),
        text("supervisor.getState"),
        call_struct("supervisor.getIdentification", None),
    ]);
    let recursive = fault_struct(2, "INCORRECT_PARAMETERS: Recursive system.multicall forbidden");
    let expected = Value::Array(vec![
        text("3.0"),
        fault_struct(1, "UNKNOWN_METHOD"),
        Value::Bool(true),
        fault_struct(10, "BAD_NAME: nosuch"),
        Value::Bool(true),
        recursive.clone(),
        recursive,
        fault_struct(2, "INCORRECT_PARAMETERS: No methodName"),
        fault_struct(2, "INCORRECT_PARAMETERS: params must be an array"),
        fault_struct(2, "INCORRECT_PARAMETERS: a call must be a struct"),
        text("supervisor"),
    ]);
    assert_eq!(client.result("system.multicall", &[calls]), expected);
    let name = || "a".to_owned();
    daemon.seen(|seen| {
        let in_order = [
            Command::StartProcess { name: name(), wait: true },
            Command::GetProcessInfo { name: "nosuch".to_owned() },
            Command::StopProcess { name: name(), wait: true },
        ];
        assert_eq!(seen.commands, in_order);
    });
    assert_eq!(client.result("system.multicall", &[Value::Array(vec![])]), Value::Array(vec![]));
    let refused = (2, "INCORRECT_PARAMETERS: calls must be an array".to_owned());
    assert_eq!(client.fault("system.multicall", &[text("x")]), refused);
}

#[test]
fn logs_are_read_where_the_supervision_plane_says() {
    let log = Arc::new(std::sync::Mutex::new(None::<Arc<str>>));
    let told = Arc::clone(&log);
    let daemon = FakeSupervision::answering(move |command| match command {
        Command::GetLogFile { channel: Channel::Stdout, .. } => Some(Ok(Reply::LogFile(told.lock().unwrap().clone()))),
        Command::GetLogFile { name, .. } => Some(Err(bad_name(name))),
        other => panic!("{other:?} was sent"),
    });
    let mut client = Client::unix(daemon.unix());
    let range = |offset: i64, length: i64| [text("x"), Value::Int(offset), Value::Int(length)];
    assert_eq!(client.fault("supervisor.readProcessLog", &range(0, 0)), (20, "NO_FILE".to_owned()));
    let nothing = Value::Array(vec![text(""), Value::Int(0), Value::Bool(false)]);
    assert_eq!(client.result("supervisor.tailProcessLog", &range(5, 5)), nothing);

    let path = daemon.path("x.log");
    *log.lock().unwrap() = Some(path.to_str().unwrap().into());
    let missing = format!("NO_FILE: {}", path.display());
    assert_eq!(client.fault("supervisor.readProcessStdoutLog", &range(0, 0)), (20, missing));
    fs::write(&path, b"one\ntwo \x1b[1m caf\xe9\n").unwrap();
    let shown = text("one\ntwo \u{FFFD}[1m caf\u{FFFD}\n");
    assert_eq!(client.result("supervisor.readProcessStdoutLog", &range(0, 0)), shown);
    assert_eq!(client.fault("supervisor.readProcessStdoutLog", &range(0, -1)), (3, "BAD_ARGUMENTS".to_owned()));
    let end = Value::Array(vec![text("caf\u{FFFD}\n"), Value::Int(18), Value::Bool(true)]);
    assert_eq!(client.result("supervisor.tailProcessStdoutLog", &range(0, 5)), end);
    assert_eq!(client.fault("supervisor.readProcessStderrLog", &range(0, 0)), (10, "BAD_NAME: x".to_owned()));

    let main_log = daemon.path("main.log");
    let missing = format!("NO_FILE: {}", main_log.display());
    assert_eq!(client.fault("supervisor.readLog", &[Value::Int(0), Value::Int(0)]), (20, missing));
    fs::write(&main_log, "main").unwrap();
    assert_eq!(client.result("supervisor.readMainLog", &[text("1"), text("2")]), text("ai"));
}

#[test]
fn a_reload_reads_the_configuration_and_tells_the_difference() {
    let readings = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&readings);
    let config_reader = ConfigReader::new(move || match counter.fetch_add(1, Ordering::Relaxed) {
        0 => Err("File contains parsing errors: x".to_owned()),
        1 => Ok(FreshConfig {
            identifier: "supervisor".to_owned(),
            groups: vec![],
            warnings: vec![],
            program_reader: None,
        }),
        2 => {
            Ok(FreshConfig { identifier: "renamed".to_owned(), groups: vec![], warnings: vec![], program_reader: None })
        }
        _ => panic!("a defect in the reader"),
    });
    let script = Box::new(|command: &Command| {
        assert_eq!(*command, Command::ReloadConfig { groups: vec![] });
        let diff = ReloadDiff { added: vec!["new".into()], changed: vec![], removed: vec![] };
        Some(Ok(Reply::Reloaded(diff)))
    });
    let daemon = FakeSupervision::start(Setup { script, config_reader, ..Setup::default() });
    let mut client = Client::unix(daemon.unix());
    let (code, string) = client.fault("supervisor.reloadConfig", &[]);
    assert_eq!((code, string.as_str()), (92, "CANT_REREAD: File contains parsing errors: x"));
    let lists = [vec![text("new")], vec![], vec![]].map(Value::Array);
    let expected = Value::Array(vec![Value::Array(lists.into())]);
    assert_eq!(client.result("supervisor.reloadConfig", &[]), expected);
    daemon.seen(|seen| assert!(seen.identifiers.is_empty()));
    assert_eq!(client.result("supervisor.reloadConfig", &[]), expected);
    daemon.wait_until("the new identifier has come", |seen| seen.identifiers == ["renamed"]);
    assert_eq!(client.result("supervisor.getIdentification", &[]), text("renamed"));
    assert_eq!(client.fault("supervisor.reloadConfig", &[]), (30, "FAILED: a defect of supervisord".to_owned()));
}

#[test]
fn what_is_no_call_is_400_and_logged_in_short() {
    let daemon = FakeSupervision::answering(|command| panic!("{command:?} was sent"));
    let mut client = Client::unix(daemon.unix());
    assert_eq!(client.post("hello 'you'").status(), 400);
    assert_eq!(client.post("<methodCall></methodCall>").status(), 400);
    assert_eq!(client.post("").status(), 400);
    assert_eq!(client.post(&"x".repeat(100_000)).status(), 400);
    client.send(b"POST /RPC2 HTTP/1.1\r\nContent-Length: 4\r\n\r\n\xff\xfe\xfd\xfc");
    assert_eq!(client.receive().status(), 400);
    daemon.wait_until("all is logged", |seen| seen.log.len() == 5);
    daemon.seen(|seen| {
        let lines: Vec<_> = seen.log.iter().map(|(_, line)| line.as_str()).collect();
        assert_eq!(lines[0], "XML-RPC request data 'hello \\'you\\'' is invalid: unmarshallable");
        assert_eq!(lines[1], "XML-RPC request data '<methodCall></methodCall>' is invalid: no method name");
        assert_eq!(lines[2], "XML-RPC request data '' is invalid: unmarshallable");
        assert!(lines[3].len() < 1_000 && lines[3].ends_with("…' is invalid: unmarshallable"), "{}", lines[3]);
        assert_eq!(lines[4], "XML-RPC request data '\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}' is invalid: unmarshallable");
        assert!(seen.log.iter().all(|(level, _)| *level == LogLevel::Error));
    });
}

#[test]
fn a_main_log_that_shows_everything_shows_each_call() {
    let daemon = FakeSupervision::start(Setup { log_level: LogLevel::Trace, ..Setup::default() });
    let mut client = Client::unix(daemon.unix());
    client.result("supervisor.getState", &[]);
    client.fault("supervisor.nosuch", &[]);
    daemon.wait_until("all is logged", |seen| seen.log.len() == 6);
    daemon.seen(|seen| {
        let lines: Vec<_> = seen.log.iter().map(|(_, line)| line.as_str()).collect();
        assert_eq!(lines[0], "XML-RPC method called: supervisor.getState()");
        assert_eq!(lines[1], "XML-RPC method supervisor.getState() returned successfully");
        assert!(lines[2].starts_with("localhost:0 - - ["), "{}", lines[2]);
        assert!(lines[2].contains("] \"POST /RPC2 HTTP/1.1\" 200 "), "{}", lines[2]);
        assert_eq!(lines[4], "XML-RPC method supervisor.nosuch() returned fault: [1] UNKNOWN_METHOD");
        assert!(seen.log.iter().all(|(level, _)| *level == LogLevel::Trace));
    });
}
