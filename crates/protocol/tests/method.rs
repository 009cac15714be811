//! The table of methods against Supervisor 4.3.0, and how lenient it is with arguments.

use supervisor_core::{Channel, Command, Fault, FaultCode};
use supervisor_protocol::method::{self, LocalRequest, Namespaces, Request};
use supervisor_protocol::xmlrpc::Value;

/// One line a method: name, type of the result, types of the parameters. See `goldens/signatures.py`.
const SIGNATURES: &str = include_str!("goldens/signatures.txt");

fn request(name: &str, params: &[Value]) -> Result<Request, Fault> {
    Namespaces::default().find(name)?.request(params.to_vec())
}

fn text(text: &str) -> Value {
    Value::from(text)
}

fn incorrect(extra: &str) -> Fault {
    Fault::new(FaultCode::IncorrectParameters, extra)
}

#[test]
fn names_and_signatures_are_the_originals() {
    let ours: Vec<String> = method::methods()
        .iter()
        .map(|method| std::iter::once(method.name).chain(method.signature()).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(ours, SIGNATURES.lines().collect::<Vec<_>>());
    assert_eq!(ours.len(), 41);
}

#[test]
fn every_method_is_found_under_its_name_and_no_other() {
    for method in method::methods() {
        assert_eq!(Namespaces::default().find(method.name).unwrap().name, method.name);
    }
    for name in [
        "",
        ".",
        "getState",
        "supervisor",
        "supervisor.",
        "supervisor.nosuch",
        "supervisor.getstate",
        " supervisor.getState",
        "supervisor.getState ",
        "supervisor.__init__",
        "supervisor._update",
        "supervisor.supervisord.options.mood",
        "system.multicall.x",
        "nosuch.getState",
    ] {
        assert_eq!(Namespaces::default().find(name).unwrap_err(), Fault::bare(FaultCode::UnknownMethod), "{name:?}");
    }
}

#[test]
fn each_row_takes_the_parameters_it_declares() {
    for method in method::all_methods() {
        let given = |count: usize| {
            let sample = |kind| match kind {
                method::Type::Int | method::Type::Integer => Value::Int(1),
                method::Type::Boolean => Value::Bool(true),
                method::Type::String | method::Type::StringOrInt => text("x"),
                method::Type::Array => Value::Array(vec![]),
                method::Type::Struct => Value::Struct(vec![]),
            };
            let mut params: Vec<_> = method.parameters.iter().map(|parameter| sample(parameter.kind)).collect();
            params.resize(count, text("surplus"));
            method.request(params)
        };
        let most = method.parameters.len();
        let least = method.parameters.iter().filter(|parameter| parameter.default.is_none()).count();
        for count in least..=most {
            assert!(given(count).is_ok(), "{} with {count}", method.name);
        }
        let wrong = Err(Fault::bare(FaultCode::IncorrectParameters));
        assert_eq!(given(most + 1), wrong, "{}", method.name);
        if let Some(too_few) = least.checked_sub(1) {
            assert_eq!(given(too_few), wrong, "{}", method.name);
        }
    }
}

#[test]
fn defaults_come_last_and_help_tells_them() {
    for method in method::all_methods() {
        let required = method.parameters.iter().take_while(|parameter| parameter.default.is_none()).count();
        assert!(method.parameters.iter().skip(required).all(|parameter| parameter.default.is_some()));
    }
    assert_eq!(
        Namespaces::default().find("supervisor.startProcess").unwrap().help(),
        "Start a process; for a whole group the result is that of startProcessGroup.\n\n\
         @param string name  `group:process`, or `group:*` for the whole group\n\
         @param boolean wait  answer when it has started or failed to, not at once (default: true)\n\
         @return boolean"
    );
}

#[test]
fn only_messages_to_listeners_and_introspection_work_during_a_shutdown() {
    let always: Vec<_> = method::methods().iter().filter(|method| method.in_shutdown).map(|m| m.name).collect();
    let expected = [
        "supervisor.sendRemoteCommEvent",
        "system.listMethods",
        "system.methodHelp",
        "system.methodSignature",
        "system.multicall",
    ];
    assert_eq!(always, expected);
}

#[test]
fn whether_to_wait_may_be_said_in_any_way_that_python_takes_for_true() {
    let start = |wait| Ok(Request::Command(Command::StartProcess { name: "a:b".to_owned(), wait }));
    assert_eq!(request("supervisor.startProcess", &[text("a:b")]), start(true));
    for (value, wait) in [
        (Value::Bool(true), true),
        (Value::Bool(false), false),
        (Value::Int(1), true),
        (Value::Int(0), false),
        (text("true"), true),
        (text("0"), true),
        (text(""), false),
        (Value::Double(0.5), true),
        (Value::Double(0.0), false),
        (Value::Array(vec![]), false),
        (Value::Struct(vec![]), false),
        (Value::Nil, false),
    ] {
        assert_eq!(request("supervisor.startProcess", &[text("a:b"), value.clone()]), start(wait), "{value:?}");
    }
}

#[test]
fn numbers_may_be_numerals() {
    let read = |offset, length| Ok(Request::Local(LocalRequest::ReadMainLog { offset, length }));
    for (offset, number) in [
        (Value::Int(-5), -5),
        (text("7"), 7),
        (text(" -7 "), -7),
        (Value::Double(2.9), 2),
        (Value::Double(-2.9), -2),
        (Value::Bool(true), 1),
    ] {
        assert_eq!(request("supervisor.readLog", &[offset.clone(), Value::Int(0)]), read(number, 0), "{offset:?}");
    }
    for offset in [text("x"), text(""), text("1.5"), Value::Nil, Value::Array(vec![]), Value::Double(f64::NAN)] {
        let refused = request("supervisor.readLog", &[offset.clone(), Value::Int(0)]);
        assert_eq!(refused, Err(incorrect("offset must be an int")), "{offset:?}");
    }
    let too_big = [Value::Double(9_223_372_036_854_775_808.0), Value::Int(0)];
    assert!(request("supervisor.readLog", &too_big).is_err());
}

#[test]
fn names_are_texts() {
    for name in [Value::Int(1), Value::Bool(true), Value::Nil, Value::Array(vec![text("x")])] {
        let refused = request("supervisor.getProcessInfo", std::slice::from_ref(&name));
        assert_eq!(refused, Err(incorrect("name must be a string")), "{name:?}");
    }
    assert_eq!(request("system.multicall", &[text("x")]), Err(incorrect("calls must be an array")));
}

#[test]
fn a_signal_is_a_name_or_a_number() {
    for (signal, given) in [(text("HUP"), "HUP"), (text("1"), "1"), (Value::Int(1), "1")] {
        let expected = Command::SignalProcess { name: "a".to_owned(), signal: given.to_owned() };
        assert_eq!(request("supervisor.signalProcess", &[text("a"), signal]), Ok(Request::Command(expected)));
    }
    let refused = request("supervisor.signalAllProcesses", &[Value::Double(1.0)]);
    assert_eq!(refused, Err(incorrect("signal must be a string")));
}

#[test]
fn chars_for_a_process_are_text_and_the_fault_tells_what_came_instead() {
    let expected = Command::SendProcessStdin { name: "a".to_owned(), chars: "é\n".into() };
    assert_eq!(request("supervisor.sendProcessStdin", &[text("a"), text("é\n")]), Ok(Request::Command(expected)));
    assert_eq!(request("supervisor.sendProcessStdin", &[text("a"), Value::Int(1)]), Err(incorrect("1")));
    let both_wrong = request("supervisor.sendProcessStdin", &[Value::Int(2), Value::Nil]);
    assert_eq!(both_wrong, Err(incorrect("None")), "the chars are looked at first");
}

#[test]
fn messages_to_listeners_are_made_of_whatever_has_a_text() {
    let expected = Command::SendRemoteCommEvent { kind: "1".to_owned(), data: "True".to_owned() };
    let sent = request("supervisor.sendRemoteCommEvent", &[Value::Int(1), Value::Bool(true)]);
    assert_eq!(sent, Ok(Request::Command(expected)));
    let refused = request("supervisor.sendRemoteCommEvent", &[text("a"), Value::Array(vec![])]);
    assert_eq!(refused, Err(incorrect("data must be a string")));
}

#[test]
fn logs_are_those_of_the_channel_in_the_name() {
    for (name, channel) in [
        ("supervisor.readProcessLog", Channel::Stdout),
        ("supervisor.readProcessStdoutLog", Channel::Stdout),
        ("supervisor.readProcessStderrLog", Channel::Stderr),
    ] {
        let expected = LocalRequest::ReadProcessLog { name: "a".to_owned(), channel, offset: 1, length: 2 };
        let params = [text("a"), Value::Int(1), Value::Int(2)];
        assert_eq!(request(name, &params), Ok(Request::Local(expected)));
    }
    for (name, channel) in [
        ("supervisor.tailProcessLog", Channel::Stdout),
        ("supervisor.tailProcessStdoutLog", Channel::Stdout),
        ("supervisor.tailProcessStderrLog", Channel::Stderr),
    ] {
        let expected = LocalRequest::TailProcessLog { name: "a".to_owned(), channel, offset: 1, length: 2 };
        let params = [text("a"), Value::Int(1), Value::Int(2)];
        assert_eq!(request(name, &params), Ok(Request::Local(expected)));
    }
}

#[test]
fn aliases_ask_for_the_same() {
    for (old, new, params) in [
        ("supervisor.getVersion", "supervisor.getAPIVersion", vec![]),
        ("supervisor.readMainLog", "supervisor.readLog", vec![Value::Int(0), Value::Int(9)]),
        ("supervisor.clearProcessLog", "supervisor.clearProcessLogs", vec![text("a")]),
    ] {
        assert_eq!(request(old, &params).unwrap(), request(new, &params).unwrap());
    }
}
