//! A scripted world: answers from a table, lines from a list, and everything that was said.
#![expect(clippy::unnecessary_wraps, reason = "what a script says is a reply, whether or not it can be an error")]

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Write};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use supervisor_core::FaultCode;
use supervisor_protocol::xmlrpc::Value;

use crate::controller::{Controller, Flow};
use crate::failure::UrlOrigin;
use crate::hash_password;
use crate::output::Output;
use crate::result_code::ResultCode;
use crate::shell;
use crate::world::{CallError, ConnectError, FollowEvent, Following, Line, StreamPiece, Until, World};

/// The URL of the scripted server.
pub(crate) const URL: &str = "unix:///run/s.sock";

/// What a call brings.
type Reply = Result<Value, CallError>;

/// A world to be filled with what will happen.
#[derive(Default)]
pub(crate) struct Scene {
    /// Calls that will come, in any order: `method parameter parameter`, the namespace left out.
    replies: Vec<(String, Reply)>,
    /// What the person will type.
    lines: VecDeque<Line>,
    /// What the streams will bring, each before the next line.
    chunks: VecDeque<&'static str>,
    interactive: bool,
    out_is_terminal: bool,
    /// What comes of opening streams.
    following: Following,
    /// Who asks.
    username: Option<String>,
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Standard output.
    pub(crate) out: String,
    /// Standard error.
    pub(crate) err: String,
    /// The exit status.
    pub(crate) status: u8,
    /// Whether the session goes on.
    pub(crate) flow: Flow,
}

impl Scene {
    /// A server that answers `getVersion` and nothing else, and nobody at the terminal.
    pub(crate) fn new() -> Self {
        Self::default().on("getVersion", text("3.0"))
    }

    /// A server of which nothing is known.
    pub(crate) fn bare() -> Self {
        Self::default()
    }

    /// The server will be asked this, once.
    pub(crate) fn on(mut self, call: &str, reply: Reply) -> Self {
        self.replies.push((call.to_owned(), reply));
        self
    }

    /// There is somebody to ask.
    pub(crate) fn interactive(mut self) -> Self {
        self.interactive = true;
        self
    }

    /// Standard output is a terminal.
    pub(crate) fn at_terminal(mut self) -> Self {
        self.out_is_terminal = true;
        self
    }

    /// The person will type this.
    pub(crate) fn types(mut self, line: &str) -> Self {
        self.lines.push_back(Line::Text(line.to_owned()));
        self
    }

    /// The person will press Ctrl-C.
    pub(crate) fn interrupts(mut self) -> Self {
        self.lines.push_back(Line::Interrupted);
        self
    }

    /// The person will press Ctrl-C before the streams are open.
    pub(crate) fn interrupts_early(mut self) -> Self {
        self.following = Following::Interrupted;
        self
    }

    /// No stream can be opened.
    pub(crate) fn refuses_streams(mut self) -> Self {
        self.following = Following::NotAll;
        self
    }

    /// Somebody with this name asks.
    pub(crate) fn asked_by(mut self, username: &str) -> Self {
        self.username = Some(username.to_owned());
        self
    }

    /// The streams will bring this.
    pub(crate) fn streams(mut self, chunk: &'static str) -> Self {
        self.chunks.push_back(chunk);
        self
    }

    /// Executes a line. Every call that was announced has to come, and no other.
    pub(crate) fn run(self, line: &str) -> Outcome {
        self.play(|controller| controller.execute(line))
    }

    /// Runs the shell to its end.
    pub(crate) fn run_shell(self) -> Outcome {
        self.interactive().play(|controller| {
            shell::run(controller, "supervisor");
            Flow::Leave
        })
    }

    /// Runs `hash-password`.
    pub(crate) fn hash_password(self, from_terminal: bool) -> Outcome {
        let mut status = 0;
        let outcome = self.play(|controller| {
            status = hash_password::run(&mut *controller.world, &mut controller.output, from_terminal);
            Flow::Leave
        });
        Outcome { status, ..outcome }
    }

    fn play(self, act: impl FnOnce(&mut Controller) -> Flow) -> Outcome {
        let (out, err) = (Sink::default(), Sink::default());
        let output = Output::new(Box::new(out.clone()), Box::new(err.clone()), self.out_is_terminal);
        let output = output.with_progress(true);
        let left_over = Rc::new(RefCell::new(self.replies));
        let world = ScriptedWorld {
            url: URL.to_owned(),
            replies: Rc::clone(&left_over),
            lines: self.lines,
            chunks: self.chunks,
            following: self.following,
            username: self.username,
        };
        let origin = UrlOrigin::File(PathBuf::from("/etc/s.conf"));
        let mut controller = Controller::new(Box::new(world), output, self.interactive, origin);
        let flow = act(&mut controller);
        assert_eq!(*left_over.borrow(), [], "not asked for");
        Outcome { out: out.text(), err: err.text(), status: controller.exit_status.number(), flow }
    }
}

impl Outcome {
    /// Standard output and the exit status, when nothing else is to be seen.
    pub(crate) fn words_and_status(self) -> (String, u8) {
        assert_eq!(self.err, "");
        assert_eq!(self.flow, Flow::Continue);
        (self.out, self.status)
    }
}

/// Runs `line` and compares standard output and exit status.
pub(crate) fn check(scene: Scene, line: &str, out: &str, status: u8) {
    assert_eq!(scene.run(line).words_and_status(), (out.to_owned(), status), "{line}");
}

/// `True`
pub(crate) fn done() -> Reply {
    Ok(Value::Bool(true))
}

/// A string.
pub(crate) fn text(text: &str) -> Reply {
    Ok(Value::from(text))
}

/// A fault: `NAME: about`, or the bare name.
pub(crate) fn fault(code: FaultCode, about: &str) -> Reply {
    let text = if about.is_empty() { code.name().to_owned() } else { format!("{}: {about}", code.name()) };
    Err(CallError::Fault { code: ResultCode::Known(code), text })
}

/// No connection.
pub(crate) fn unreachable(why: ConnectError) -> Reply {
    Err(CallError::Connect(why))
}

/// Structs.
pub(crate) fn array(items: impl IntoIterator<Item = Value>) -> Reply {
    Ok(Value::Array(items.into_iter().collect()))
}

/// A struct of `getProcessInfo`.
pub(crate) fn process(group: &str, name: &str, state: (i64, &str), description: &str, pid: i64) -> Value {
    structure(&[
        ("name", Value::from(name)),
        ("group", Value::from(group)),
        ("state", Value::Int(state.0)),
        ("statename", Value::from(state.1)),
        ("description", Value::from(description)),
        ("pid", Value::Int(pid)),
        ("spawnerr", Value::from("")),
    ])
}

/// A result of an operation on several processes.
pub(crate) fn result(group: &str, name: &str, code: FaultCode) -> Value {
    let description = if code == FaultCode::Success { "OK" } else { code.name() };
    structure(&[
        ("name", Value::from(name)),
        ("group", Value::from(group)),
        ("status", Value::Int(code.number().into())),
        ("description", Value::from(description)),
    ])
}

/// An answer of `reloadConfig`.
pub(crate) fn reloaded(added: &[&str], changed: &[&str], removed: &[&str]) -> Reply {
    let names = |names: &[&str]| Value::Array(names.iter().map(|name| Value::from(*name)).collect());
    array([Value::Array([added, changed, removed].map(names).to_vec())])
}

/// A struct with these members.
pub(crate) fn structure(members: &[(&str, Value)]) -> Value {
    Value::Struct(members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
}

struct ScriptedWorld {
    url: String,
    replies: Rc<RefCell<Vec<(String, Reply)>>>,
    lines: VecDeque<Line>,
    chunks: VecDeque<&'static str>,
    following: Following,
    username: Option<String>,
}

impl ScriptedWorld {
    fn next_line(&mut self) -> Line {
        self.lines.pop_front().unwrap_or(Line::EndOfInput)
    }
}

impl World for ScriptedWorld {
    fn url(&self) -> &str {
        &self.url
    }

    fn open(&mut self, url: &str) {
        url.clone_into(&mut self.url);
    }

    fn username(&self) -> Option<&str> {
        self.username.as_deref()
    }

    fn authenticate(&mut self, username: &str, password: &str) {
        assert_eq!((username, password), ("user", "secret"));
        self.username = Some(username.to_owned());
    }

    fn disconnect(&mut self) {}

    /// As if it were a call: `deadline MILLISECONDS`.
    fn set_deadline(&mut self, limit: Duration) {
        let call = format!("supervisor.deadline {}", limit.as_millis());
        self.call(&call, &[]).expect("a deadline is always taken");
    }

    fn call(&mut self, method: &str, parameters: &[Value]) -> Reply {
        let mut call = method.strip_prefix("supervisor.").unwrap_or(method).to_owned();
        for parameter in parameters {
            call.push(' ');
            match parameter {
                Value::Str(text) => call.push_str(text),
                Value::Int(number) => call.push_str(&number.to_string()),
                Value::Bool(truth) => call.push_str(&truth.to_string()),
                other => panic!("{other:?} is never sent"),
            }
        }
        let mut replies = self.replies.borrow_mut();
        let index = replies.iter().position(|(known, _)| *known == call);
        replies.remove(index.unwrap_or_else(|| panic!("unexpected call: {call}"))).1
    }

    /// Every `meanwhile` that was announced comes before the answer, after three seconds each.
    fn call_while(&mut self, method: &str, parameters: &[Value], watch: &mut dyn FnMut(Duration, Value)) -> Reply {
        while self.replies.borrow().iter().any(|(call, _)| call == "meanwhile") {
            watch(Duration::from_secs(3), self.call("supervisor.meanwhile", &[])?);
        }
        self.call(method, parameters)
    }

    /// Takes no time.
    fn pause(&mut self, _: Duration) -> Result<(), CallError> {
        Ok(())
    }

    /// A document that was not announced is not there.
    fn get(&mut self, path: &str) -> Result<String, CallError> {
        let announced = format!("GET {path}");
        if self.replies.borrow().iter().all(|(call, _)| *call != announced) {
            return Err(CallError::Http { status: 404, reason: String::new() });
        }
        match self.call(&format!("supervisor.GET {path}"), &[])? {
            Value::Str(text) => Ok(text),
            other => panic!("{other:?} is no document"),
        }
    }

    /// As if it were a call: `opens PATH`.
    fn open_stream(&mut self, path: &str) -> Result<(), CallError> {
        self.call(&format!("supervisor.opens {path}"), &[]).map(drop)
    }

    fn next_piece(&mut self) -> StreamPiece {
        match (self.chunks.pop_front(), self.lines.pop_front()) {
            (Some(chunk), line) => {
                self.lines.extend(line);
                StreamPiece::Bytes(chunk.as_bytes().to_vec())
            }
            (None, Some(Line::Interrupted)) => StreamPiece::Interrupted,
            (None, Some(Line::Text(_) | Line::EndOfInput) | None) => StreamPiece::Ended,
        }
    }

    fn start_following(&mut self, paths: &[String], output: &mut Output) -> Following {
        for path in paths {
            output.error_line(&format!("opens {path}"));
        }
        self.following
    }

    fn catch_interrupts(&mut self) {}

    fn follow(&mut self, until: Until, output: &mut Output) -> FollowEvent {
        while let Some(chunk) = self.chunks.pop_front() {
            output.raw(chunk.as_bytes());
        }
        match (until, self.lines.pop_front()) {
            (_, Some(line)) => FollowEvent::Input(line),
            (Until::End, None) => FollowEvent::StreamsEnded,
            (Until::Line, None) => FollowEvent::Input(Line::EndOfInput),
        }
    }

    fn stop_following(&mut self) {}

    fn read_command(&mut self, prompt: &str, output: &mut Output) -> Line {
        output.text(prompt);
        let line = self.next_line();
        if !matches!(line, Line::Text(_)) {
            output.line("");
            output.flush();
        }
        line
    }

    fn ask(&mut self, prompt: &str, output: &mut Output) -> Line {
        output.text(prompt);
        self.next_line()
    }

    fn ask_secret(&mut self, prompt: &str, output: &mut Output) -> Line {
        output.text(prompt);
        self.next_line()
    }
}

/// A writer whose bytes can be looked at.
#[derive(Clone, Default)]
pub(crate) struct Sink(Rc<RefCell<Vec<u8>>>);

impl Sink {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.borrow().clone()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.borrow()).into_owned()
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
