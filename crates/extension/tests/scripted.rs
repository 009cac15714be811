//! An extension of this crate and a scripted supervisord, over a socket pair. The sibling of
//! `python/test_supervisor_extension.py`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead as _, BufReader, ErrorKind, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use supervisor_extension::{Event, Extension, Fault, Lost, Method, Notification, ProcessState, Supervisor, Value};
use supervisor_protocol::extension::{
    ErrorAnswer, Id, Message, push_error, push_notification, push_request, push_result, read_message,
};

/// The longest that anything here may take, on a slow machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// supervisord's end of the channel.
struct Scripted {
    channel: UnixStream,
    lines: BufReader<UnixStream>,
    thread: JoinHandle<io::Result<()>>,
    description: Value,
}

impl Scripted {
    fn start(extension: Extension) -> Self {
        let (ours, theirs) = UnixStream::pair().expect("a socket pair");
        ours.set_read_timeout(Some(PATIENCE)).expect("it is not zero");
        let thread = thread::spawn(move || extension.run_on(theirs));
        let lines = BufReader::new(ours.try_clone().expect("a descriptor"));
        let mut scripted = Self { channel: ours, lines, thread, description: Value::Nil };
        let config = fields(&[("spool", "/var/spool".into())]);
        let said = [
            ("protocol", 1.into()),
            ("kind", "rpcinterface".into()),
            ("spec", "".into()),
            ("name", "queue".into()),
            ("config", config),
            ("identifier", "box".into()),
            ("version", "4.3.0".into()),
        ];
        scripted.request(1, "initialize", &fields(&said));
        scripted.description = scripted.result_of(1).expect("it describes itself");
        scripted
    }

    fn write(&self, line: impl FnOnce(&mut Vec<u8>)) {
        let mut text = Vec::new();
        line(&mut text);
        (&self.channel).write_all(&text).expect("the extension is there");
    }

    fn request(&self, id: i64, method: &str, params: &Value) {
        self.write(|out| push_request(out, id, method, params));
    }

    fn notify(&self, method: &str, params: &Value) {
        self.write(|out| push_notification(out, method, params));
    }

    fn read(&mut self) -> Message {
        let mut line = Vec::new();
        self.lines.read_until(b'\n', &mut line).expect("a line in time");
        assert!(line.starts_with(br#"{"jsonrpc": "2.0""#), "{}", String::from_utf8_lossy(&line));
        read_message(line.strip_suffix(b"\n").expect("a whole line")).expect("a message")
    }

    /// The next message has to be the answer to this request.
    fn result_of(&mut self, id: i64) -> Result<Value, (i32, String)> {
        let Message::Answer { id: Some(Id::Number(answered)), outcome } = self.read() else { panic!("no answer") };
        assert_eq!(answered, id);
        outcome.map_err(|error| (error.code, error.message))
    }

    /// The next message has to be a question: its id, method and parameters.
    fn question(&mut self) -> (Id, String, Value) {
        let Message::Request { id, method, params } = self.read() else { panic!("no question") };
        (id, method, params)
    }

    fn begin(&self, id: i64, method: &str, parameters: &[Value]) {
        let params = [("method", method.into()), ("params", Value::Array(parameters.to_vec()))];
        self.request(id, "call", &fields(&params));
    }

    fn call(&mut self, method: &str, parameters: &[Value]) -> Result<Value, (i32, String)> {
        self.begin(7, method, parameters);
        self.result_of(7)
    }

    fn end(self) {
        self.notify("shutdown", &Value::Nil);
        self.ended().expect("a good end");
    }

    fn ended(self) -> io::Result<()> {
        self.thread.join().expect("it does not panic")
    }
}

fn fields(members: &[(&str, Value)]) -> Value {
    Value::Struct(members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
}

fn echo() -> Method {
    Method::new("echo", |call| Ok(call.parameters()[0].clone()))
}

#[test]
fn names_help_and_signatures_are_what_supervisord_is_told() {
    let take = Method::new("take", |_| Ok(true.into())).help("What it does.").signature("boolean", &["int", "string"]);
    let config = Method::new("config", |call| {
        let section = call.section();
        Ok(format!("{} {} {:?}", section.name, section.identifier, section.config).into())
    });
    let mut supervisord = Scripted::start(Extension::new().event_type("QUEUE_DEPTH").method(take).method(config));
    let method =
        |name: &str, help, signature| fields(&[("name", name.into()), ("help", help), ("signature", signature)]);
    let words = ["boolean", "int", "string"].map(Value::from).to_vec();
    let methods =
        [method("take", "What it does.".into(), Value::Array(words)), method("config", Value::Nil, Value::Nil)];
    let expected = [
        ("protocol", 1.into()),
        ("methods", Value::Array(methods.to_vec())),
        ("events", Value::Array(vec!["QUEUE_DEPTH".into()])),
    ];
    assert_eq!(supervisord.description, fields(&expected));
    assert_eq!(supervisord.call("config", &[]), Ok(r#"queue box {"spool": "/var/spool"}"#.into()));
    supervisord.end();
}

#[test]
fn values_of_every_type_come_and_go() {
    let mut supervisord = Scripted::start(Extension::new().method(echo()));
    for value in [
        Value::Int(i64::MIN),
        Value::Double(3.0),
        Value::Bool(false),
        "日本語 \n\"\u{2028}".into(),
        Value::Base64(vec![0, 255]),
        Value::DateTime("20240229T12:30:01".to_owned()),
        Value::Array(vec![Value::Int(1), Value::Array(vec![])]),
        fields(&[("k", fields(&[("$b64", "x".into()), ("more", Value::Int(1))]))]),
    ] {
        assert_eq!(supervisord.call("echo", std::slice::from_ref(&value)), Ok(value));
    }
    supervisord.end();
}

#[test]
fn what_xmlrpc_has_no_form_for_is_a_fault_and_no_end() {
    let give = Method::new("give", |call| {
        Ok(match call.parameters() {
            [Value::Int(1)] => Value::Nil,
            [Value::Int(2)] => Value::Double(f64::NAN),
            _ => Value::Array(vec![fields(&[("k", Value::Nil)])]),
        })
    });
    let mut supervisord = Scripted::start(Extension::new().method(give));
    for number in 1..=3 {
        let text = "FAILED: the result has a value that XML-RPC has no form for".to_owned();
        assert_eq!(supervisord.call("give", &[number.into()]), Err((30, text)));
    }
    supervisord.end();
}

#[test]
fn arguments_are_checked_against_the_signature() {
    let take = Method::new("take", |_| Ok(true.into())).signature("boolean", &["int", "double", "string"]);
    let mut supervisord = Scripted::start(Extension::new().method(take));
    let good = [Value::Int(1), Value::Int(2), "x".into()];
    assert_eq!(supervisord.call("take", &good), Ok(true.into()));
    let mut more = good.to_vec();
    more.push(1.into());
    for bad in [&[][..], &good[..2], &more, &[Value::Double(1.0), Value::Int(2), "x".into()]] {
        let text = "INCORRECT_PARAMETERS: take(int, double, string)".to_owned();
        assert_eq!(supervisord.call("take", bad), Err((2, text)));
    }
    assert_eq!(supervisord.call("give", &[]), Err((1, "UNKNOWN_METHOD".to_owned())));
    supervisord.end();
}

#[test]
fn faults_have_their_own_code_and_a_panic_is_one_too() {
    let refuse = Method::new("refuse", |_| Err(Fault::new(4711, "OUT_OF_PAPER: tray 2")));
    let stumble = Method::new("stumble", |_| panic!("on purpose"));
    let read = Method::new("read", |_| Ok(std::fs::read_to_string("/no/such/file")?.into()));
    let mut supervisord = Scripted::start(Extension::new().method(refuse).method(stumble).method(read));
    assert_eq!(supervisord.call("refuse", &[]), Err((4711, "OUT_OF_PAPER: tray 2".to_owned())));
    let panicked = "FAILED: the method panicked; its log says more".to_owned();
    assert_eq!(supervisord.call("stumble", &[]), Err((30, panicked)));
    assert_eq!(supervisord.call("read", &[]).unwrap_err().0, 30);
    supervisord.end();
}

#[test]
fn a_thousand_slow_calls_are_open_at_once_and_answered_in_any_order() {
    const CALLS: i64 = 1000;
    let gate = Arc::new(Barrier::new(1001));
    let at_gate = Arc::clone(&gate);
    let slow = Method::new("slow", move |call| {
        at_gate.wait();
        Ok(call.parameters()[0].clone())
    });
    let quick = Method::new("quick", |_| Ok("at once".into()));
    let mut supervisord = Scripted::start(Extension::new().method(slow).method(quick));
    for number in 0..CALLS {
        supervisord.begin(100 + number, "slow", &[number.into()]);
    }
    assert_eq!(supervisord.call("quick", &[]), Ok("at once".into()));
    gate.wait();
    let mut answers = BTreeMap::new();
    for _ in 0..CALLS {
        let Message::Answer { id: Some(Id::Number(id)), outcome } = supervisord.read() else { panic!("no answer") };
        assert_eq!(answers.insert(id, outcome.unwrap()), None);
    }
    assert!(answers.into_iter().eq((0..CALLS).map(|number| (100 + number, Value::Int(number)))));
    supervisord.end();
}

fn patient() -> Method {
    Method::new("slow", |call| {
        let given_up = call.is_cancelled_within(PATIENCE);
        assert_eq!(call.is_cancelled(), given_up);
        if given_up { Err(Fault::failed("given up")) } else { Ok(true.into()) }
    })
}

#[test]
fn a_call_that_is_cancelled_learns_of_it_and_is_answered_once() {
    let mut supervisord = Scripted::start(Extension::new().method(patient()));
    supervisord.begin(2, "slow", &[]);
    for id in [3, 2] {
        supervisord.notify("cancel", &fields(&[("id", id.into())]));
    }
    assert_eq!(supervisord.result_of(2), Err((30, "FAILED: given up".to_owned())));
    supervisord.notify("cancel", &fields(&[("id", 2.into())]));
    assert_eq!(supervisord.call("nothing", &[]).unwrap_err().0, 1, "and nothing before it");
    supervisord.end();
}

#[test]
fn a_shutdown_lets_open_calls_answer() {
    let mut supervisord = Scripted::start(Extension::new().method(patient()));
    supervisord.begin(2, "slow", &[]);
    supervisord.notify("shutdown", &Value::Nil);
    assert_eq!(supervisord.result_of(2), Err((30, "FAILED: given up".to_owned())));
    assert_eq!(supervisord.lines.read_until(b'\n', &mut Vec::new()).unwrap(), 0);
    supervisord.ended().unwrap();
}

#[test]
fn the_end_of_the_channel_ends_it_and_who_waits_learns_of_it() {
    let (sender, told) = channel();
    let extension = Extension::new().at_start(move |supervisor, _| {
        for _ in 0..2 {
            sender.send(supervisor.state()).unwrap();
        }
    });
    let mut supervisord = Scripted::start(extension);
    assert_eq!(supervisord.question().1, "sup.state");
    supervisord.channel.shutdown(Shutdown::Both).unwrap();
    supervisord.ended().unwrap();
    let gone = Err(Fault::failed("supervisord has ended the channel"));
    assert_eq!([told.recv().unwrap(), told.recv().unwrap()], [gone.clone(), gone]);
}

#[test]
fn a_method_calls_back_while_others_are_asked() {
    let add = Method::new("add", |call| {
        let names = call.supervisor().add_program("workers", "w", &[("command", "/bin/cat")])?;
        Ok(names.join(" ").into())
    });
    let mut supervisord = Scripted::start(Extension::new().method(add).method(echo()));
    supervisord.begin(2, "add", &[]);
    let (id, method, params) = supervisord.question();
    let options = fields(&[("command", "/bin/cat".into())]);
    let expected = fields(&[("section", "program:w".into()), ("group", "workers".into()), ("options", options)]);
    assert_eq!((method.as_str(), params), ("sup.parse_program", expected));
    assert_eq!(supervisord.call("echo", &[5.into()]), Ok(5.into()));
    let config = fields(&[("name", "w".into()), ("priority", 999.into()), ("$handle", 5.into())]);
    supervisord.write(|out| push_result(out, &id, &Value::Array(vec![config])));
    let (id, method, params) = supervisord.question();
    let expected = fields(&[("group", "workers".into()), ("config", fields(&[("$handle", 5.into())]))]);
    assert_eq!((method.as_str(), params), ("sup.add_process", expected));
    supervisord.write(|out| push_result(out, &id, &true.into()));
    assert_eq!(supervisord.result_of(2), Ok("w".into()));
    supervisord.end();
}

#[test]
fn a_refusal_is_a_fault_with_its_code() {
    let stop = Method::new("stop", |call| {
        let refused = call.supervisor().call("supervisor.stopProcess", &["cat".into()]).unwrap_err();
        Ok(refused.to_string().into())
    });
    let mut supervisord = Scripted::start(Extension::new().method(stop));
    supervisord.begin(2, "stop", &[]);
    let (id, _, _) = supervisord.question();
    let error = ErrorAnswer { code: 70, message: "NOT_RUNNING: cat".to_owned() };
    supervisord.write(|out| push_error(out, &id, &error));
    assert_eq!(supervisord.result_of(2), Ok("fault 70: NOT_RUNNING: cat".into()));
    supervisord.end();
}

/// Every request, and its parameters as docs/extensions.md has them.
type Asks = fn(&Supervisor) -> Result<(), Fault>;

#[test]
fn every_request_has_the_parameters_of_the_specification() {
    let process = [("group", Value::from("g")), ("name", "p".into())];
    let group = fields(&process[..1]);
    let bytes = [process[0].clone(), process[1].clone(), ("bytes", Value::Base64(vec![0]))];
    let params = [("method", "supervisor.stopProcess".into()), ("params", Value::Array(vec!["cat".into()]))];
    let asked: [(&str, Value, Asks); 13] = [
        ("sup.call", fields(&params), |to| to.call("supervisor.stopProcess", &["cat".into()]).map(drop)),
        ("sup.state", fields(&[]), |to| to.state().map(drop)),
        ("sup.groups", fields(&[]), |to| to.groups().map(drop)),
        ("sup.group", group.clone(), |to| to.group("g").map(drop)),
        ("sup.process", fields(&process), |to| to.process("g", "p").map(drop)),
        ("sup.remove_process", fields(&process), |to| to.remove_process("g", "p")),
        ("sup.kill", fields(&[("pid", Value::Int(-7)), ("signal", "HUP".into())]), |to| to.kill(-7, "HUP")),
        ("sup.write", fields(&bytes), |to| to.write("g", "p", &[0])),
        ("sup.log", fields(&[("level", "info".into()), ("message", "é".into())]), |to| to.log("info", "é")),
        ("sup.subscribe", fields(&[("event", "TICK".into())]), |to| to.subscribe("TICK", None).map(drop)),
        ("sup.unsubscribe", fields(&[("event", "TICK".into())]), |to| to.unsubscribe("TICK")),
        ("sup.notify", fields(&[("name", "X".into()), ("payload", "a:b".into())]), |to| to.notify("X", "a:b")),
        ("sup.transition", group, |to| to.request("sup.transition", &[("group", "g".into())]).map(drop)),
    ];
    let asks = asked.clone().map(|(_, _, ask)| ask);
    let ask = Method::new("ask", move |call| {
        let [Value::Int(index)] = call.parameters() else { return Err(Fault::incorrect_parameters("ask(index)")) };
        asks[usize::try_from(*index).unwrap()](call.supervisor()).map(|()| true.into())
    });
    let mut supervisord = Scripted::start(Extension::new().method(ask));
    let mut seen = BTreeSet::from(["sup.parse_program", "sup.add_process"]);
    for (index, (name, params, _)) in (0..).zip(asked) {
        supervisord.begin(2, "ask", &[Value::Int(index)]);
        let (id, method, given) = supervisord.question();
        assert_eq!((method.as_str(), given), (name, params));
        let answer = match name {
            "sup.subscribe" => fields(&[("serial", 9.into())]),
            "sup.groups" => Value::Array(vec![]),
            _ => true.into(),
        };
        supervisord.write(|out| push_result(out, &id, &answer));
        assert_eq!(supervisord.result_of(2), Ok(true.into()));
        seen.insert(name);
    }
    supervisord.end();
    let page = include_str!("../../../docs/extensions.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `sup."));
    let specified: Vec<String> = rows.filter_map(|row| Some(format!("sup.{}", row.split_once("` |")?.0))).collect();
    assert!(
        specified.iter().all(|name| seen.contains(name.as_str())) && specified.len() == seen.len(),
        "{specified:?}"
    );
}

#[derive(Debug, PartialEq)]
enum Seen {
    Event(Notification),
    Lost(Lost),
}

fn watched(sender: &Sender<Seen>) -> impl FnMut(&Supervisor, &Notification) + Send + 'static {
    let sender = sender.clone();
    move |_, event| {
        sender.send(Seen::Event(event.clone())).expect("the test waits");
        assert!(event.serial != 6, "a hook that panics ends nothing");
    }
}

#[test]
fn events_come_in_order_to_those_that_want_them_and_gaps_are_told() {
    let (sender, seen): (_, Receiver<Seen>) = channel();
    let (changed, ticked) = (watched(&sender), watched(&sender));
    let extension = Extension::new()
        .on_event("PROCESS_STATE", Some(5), changed)
        .on_event("TICK_5", None, ticked)
        .on_lost(move |_, lost| sender.send(Seen::Lost(lost.clone())).unwrap());
    let mut supervisord = Scripted::start(extension);
    let resumed = fields(&[("event", "PROCESS_STATE".into()), ("since", 5.into())]);
    for params in [resumed, fields(&[("event", "TICK_5".into())])] {
        let (id, method, given) = supervisord.question();
        assert_eq!((method.as_str(), given), ("sup.subscribe", params));
        supervisord.write(|out| push_result(out, &id, &fields(&[("serial", 9.into())])));
    }
    let event = |serial: i64, name: &str, payload: &str| {
        fields(&[("serial", serial.into()), ("name", name.into()), ("payload", payload.into()), ("later", 1.into())])
    };
    let changed = "processname:cat groupname:g from_state:RUNNING expected:1 pid:7";
    supervisord.notify("event", &event(6, "PROCESS_STATE_EXITED", changed));
    for (restarted, from, to) in [(false, 7, Value::Int(8)), (true, 9, Value::Nil)] {
        let lost = [("restarted", restarted.into()), ("from", Value::Int(from)), ("to", to.clone()), ("count", to)];
        supervisord.notify("lost", &fields(&lost));
    }
    supervisord.notify("event", &event(10, "TICK_5", "when:5"));
    let seen: Vec<Seen> = (0..4).map(|_| seen.recv_timeout(PATIENCE).unwrap()).collect();
    let notification = |serial, name: &str, payload: &str, event| {
        Seen::Event(Notification { serial, name: name.to_owned(), payload: payload.to_owned(), event })
    };
    let exited = Event::ProcessState {
        process: "cat".to_owned(),
        group: "g".to_owned(),
        from: ProcessState::Running,
        to: ProcessState::Exited,
        pid: Some(7),
        tries: None,
        expected: Some(true),
    };
    let expected = [
        notification(6, "PROCESS_STATE_EXITED", changed, exited),
        Seen::Lost(Lost { restarted: false, from: 7, to: Some(8) }),
        Seen::Lost(Lost { restarted: true, from: 9, to: None }),
        notification(10, "TICK_5", "when:5", Event::Tick { period: 5, when: 5 }),
    ];
    assert_eq!(seen, expected);
    supervisord.end();
}

#[test]
fn what_is_not_known_is_let_pass_or_refused() {
    let mut supervisord = Scripted::start(Extension::new());
    supervisord.notify("later", &fields(&[("a", 1.into())]));
    supervisord.write(|out| push_result(out, &Id::Number(99), &"nobody has asked".into()));
    supervisord.write(|out| out.push(b'\n'));
    supervisord.request(2, "later", &Value::Nil);
    assert_eq!(supervisord.result_of(2), Err((1, "UNKNOWN_METHOD".to_owned())));
    supervisord.request(3, "initialize", &fields(&[("protocol", 0.into())]));
    assert_eq!(supervisord.result_of(3), Err((30, "FAILED: this extension speaks protocol 1".to_owned())));
    supervisord.end();
}

#[test]
fn a_line_that_is_no_message_ends_it_with_an_error() {
    for line in [b"{\n".as_slice(), b"[]\n", b"\xff\n"] {
        let supervisord = Scripted::start(Extension::new());
        supervisord.write(|out| out.extend_from_slice(line));
        assert_eq!(supervisord.ended().unwrap_err().kind(), ErrorKind::InvalidData);
    }
}

#[test]
fn the_transcript_of_the_specification_is_made_of_messages_and_every_question_is_answered_once() {
    let page = include_str!("../../../docs/extensions.md");
    let (_, transcript) = page.split_once("transcript: begin").unwrap();
    let (transcript, _) = transcript.split_once("transcript: end").unwrap();
    // The questions that are open, by who has asked.
    let (mut of_supervisord, mut of_extension) = (Vec::new(), Vec::new());
    let mut seen = 0;
    for line in transcript.lines() {
        let Some((who, text)) = line.split_once(' ').filter(|(_, text)| text.starts_with('{')) else { continue };
        let (mine, theirs) = match who {
            "→" => (&mut of_supervisord, &mut of_extension),
            "←" => (&mut of_extension, &mut of_supervisord),
            _ => panic!("{line}"),
        };
        match read_message(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {line}")) {
            Message::Request { id, .. } => mine.push(id),
            Message::Notification { .. } => {}
            Message::Answer { id, .. } => {
                let place = theirs.iter().position(|open| Some(open) == id.as_ref());
                theirs.remove(place.unwrap_or_else(|| panic!("nobody has asked: {line}")));
            }
        }
        seen += 1;
    }
    assert!(seen > 20 && of_supervisord.is_empty() && of_extension.is_empty(), "{of_supervisord:?} {of_extension:?}");
}
