//! The extension: what it offers, and the loop that serves it.

use std::fmt;
use std::io::{self, ErrorKind};
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};
use std::thread;

use supervisor_protocol::extension::{Id, Message, PROTOCOL_VERSION, is_method_name};
use supervisor_protocol::xmlrpc::Value;
use supervisor_sys::inherited_socket;

use crate::call::{Call, Section};
use crate::event_queue::{EventQueue, Happened, Lost, Notification};
use crate::fault::Fault;
use crate::limits;
use crate::method::Method;
use crate::open_calls::OpenCalls;
use crate::supervisor::Supervisor;
use crate::wire::{Reader, Writer};

type OnStart = Box<dyn FnOnce(&Supervisor, &Section) + Send>;
type OnEvent = Box<dyn FnMut(&Supervisor, &Notification) + Send>;
type OnLost = Box<dyn FnMut(&Supervisor, &Lost) + Send>;

/// What a program offers as an extension.
#[derive(Default)]
pub struct Extension {
    methods: Vec<Method>,
    event_types: Vec<String>,
    hooks: Hooks,
}

/// What is called besides methods.
#[derive(Default)]
struct Hooks {
    start: Option<OnStart>,
    events: Vec<(String, Option<i64>, OnEvent)>,
    lost: Option<OnLost>,
}

impl fmt::Debug for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { methods, event_types, hooks: _ } = self;
        f.debug_struct("Extension").field("methods", methods).field("event_types", event_types).finish_non_exhaustive()
    }
}

impl Extension {
    /// One that offers nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Offers a method; one of the same name is replaced.
    ///
    /// # Panics
    /// When no method can have its name.
    #[must_use]
    pub fn method(mut self, method: Method) -> Self {
        assert!(is_method_name(&method.name), "`{}` is no name: a letter, then letters, digits and `_`", method.name);
        self.methods.retain(|known| known.name != method.name);
        self.methods.push(method);
        self
    }

    /// Names a type of events of its own, for [`Supervisor::notify`].
    #[must_use]
    pub fn event_type(mut self, name: &str) -> Self {
        self.event_types.push(name.to_owned());
        self
    }

    /// Once supervisord may be called, does this in a thread of its own.
    #[must_use]
    pub fn at_start(mut self, work: impl FnOnce(&Supervisor, &Section) + Send + 'static) -> Self {
        self.hooks.start = Some(Box::new(work));
        self
    }

    /// Gives every event of this type, and those below it, to a function, one after the other; those behind the serial
    /// `since` first, which is 0 for all that supervisord still has.
    #[must_use]
    pub fn on_event(
        mut self,
        event: &str,
        since: Option<i64>,
        work: impl FnMut(&Supervisor, &Notification) + Send + 'static,
    ) -> Self {
        self.hooks.events.push((event.to_owned(), since, Box::new(work)));
        self
    }

    /// Tells a function where events are missing.
    #[must_use]
    pub fn on_lost(mut self, work: impl FnMut(&Supervisor, &Lost) + Send + 'static) -> Self {
        self.hooks.lost = Some(Box::new(work));
        self
    }

    /// Serves the supervisord that has started this process, until it asks for the end or goes.
    ///
    /// # Errors
    /// `NotFound` when no supervisord has; `InvalidData` when it writes what is no message.
    pub fn run(self) -> io::Result<()> {
        let number = std::env::var("SUPERVISOR_EXT_FD").map_err(|_| {
            let text = "SUPERVISOR_EXT_FD is not set: supervisord starts this program, as command= of a section \
                        [rpcinterface:x]; to try it without, supervisorctl extension-test";
            io::Error::new(ErrorKind::NotFound, text)
        })?;
        let number = number.parse().map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))?;
        self.run_on(inherited_socket(number)?)
    }

    /// The same over any channel.
    ///
    /// # Errors
    /// `InvalidData` when what comes is no message.
    pub fn run_on(self, channel: UnixStream) -> io::Result<()> {
        let writer = Arc::new(Writer::new(channel.try_clone()?));
        let served = Served {
            methods: self.methods,
            event_types: self.event_types,
            supervisor: Supervisor::new(Arc::clone(&writer)),
            writer,
            section: OnceLock::new(),
            open: OpenCalls::default(),
            events: EventQueue::default(),
        };
        Arc::new(served).serve(&mut Reader::new(channel), self.hooks)
    }
}

/// What all threads of a running extension share.
#[derive(Debug)]
struct Served {
    methods: Vec<Method>,
    event_types: Vec<String>,
    supervisor: Supervisor,
    writer: Arc<Writer>,
    section: OnceLock<Arc<Section>>,
    open: OpenCalls,
    events: EventQueue,
}

impl Served {
    fn serve(self: Arc<Self>, reader: &mut Reader, hooks: Hooks) -> io::Result<()> {
        let mut hooks = Some(hooks);
        let outcome = loop {
            match reader.next() {
                Ok(Some(Message::Notification { method, .. })) if method == "shutdown" => break Ok(()),
                Ok(Some(message)) => self.handle(message, &mut hooks),
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        self.events.close();
        self.open.cancel_all();
        self.open.wait_for_answers(limits::LAST_ANSWERS);
        self.supervisor.close();
        self.writer.close();
        outcome
    }

    fn handle(self: &Arc<Self>, message: Message, hooks: &mut Option<Hooks>) {
        match message {
            Message::Answer { id, outcome } => self.supervisor.answered(id.as_ref(), outcome),
            Message::Notification { method, params } => self.notified(&method, &params),
            Message::Request { id, method, params } => match method.as_str() {
                "initialize" => self.initialize(&id, &params, hooks),
                "call" => self.call(&id, params),
                _ => self.writer.answer(&id, Err(Fault::unknown_method())),
            },
        }
    }

    fn notified(&self, method: &str, params: &Value) {
        if method == "cancel" {
            match params.member("id") {
                Some(Value::Int(number)) => self.open.cancel(&Id::Number(*number)),
                Some(Value::Str(text)) => self.open.cancel(&Id::Text(text.clone())),
                Some(_) | None => {}
            }
        } else if let Some(happened) = Happened::read(method, params) {
            self.events.push(happened);
        }
    }

    fn initialize(self: &Arc<Self>, id: &Id, params: &Value, hooks: &mut Option<Hooks>) {
        if !matches!(params.member("protocol"), Some(Value::Int(PROTOCOL_VERSION..))) {
            let fault = Fault::failed(format!("this extension speaks protocol {PROTOCOL_VERSION}"));
            return self.writer.answer(id, Err(fault));
        }
        let section = Arc::clone(self.section.get_or_init(|| Arc::new(section_of(params))));
        let methods = self.methods.iter().map(Method::describe).collect();
        let events = self.event_types.iter().map(|name| Value::from(name.as_str())).collect();
        let member = |name: &str, value| (name.to_owned(), value);
        let description = Value::Struct(vec![
            member("protocol", Value::Int(PROTOCOL_VERSION)),
            member("methods", Value::Array(methods)),
            member("events", Value::Array(events)),
        ]);
        self.writer.answer(id, Ok(description));
        if let Some(mut hooks) = hooks.take() {
            let begin = hooks.start.take();
            let supervisor = self.supervisor.clone();
            let subscriptions: Vec<_> = hooks.events.iter().map(|(event, since, _)| (event.clone(), *since)).collect();
            thread::spawn(move || {
                if let Some(begin) = begin {
                    guard(|| begin(&supervisor, &section));
                }
                for (event, since) in subscriptions {
                    match supervisor.subscribe(&event, since) {
                        Ok(_) => {}
                        // Which the reader notices too.
                        Err(fault) if fault == Fault::gone() => return,
                        Err(fault) => report(&format!("no events of type {event}: {fault}")),
                    }
                }
            });
            let served = Arc::clone(self);
            thread::spawn(move || served.work_on_events(hooks));
        }
    }

    /// Begins to work on a call, in a thread of its own.
    fn call(self: &Arc<Self>, id: &Id, params: Value) {
        let cancellation = self.open.begin(id.clone());
        let served = Arc::clone(self);
        let (of_thread, of_call) = (id.clone(), Arc::clone(&cancellation));
        let work = move || {
            let call = |parameters| Call {
                parameters,
                section: served.section.get().cloned().unwrap_or_default(),
                supervisor: served.supervisor.clone(),
                cancellation: Arc::clone(&of_call),
            };
            let outcome = catch_unwind(AssertUnwindSafe(|| served.outcome_of(params, call)));
            let outcome = outcome.unwrap_or_else(|_| Err(Fault::failed("the method panicked; its log says more")));
            served.writer.answer(&of_thread, outcome);
            served.open.end(&of_thread, &of_call);
        };
        if let Err(error) = thread::Builder::new().spawn(work) {
            self.writer.answer(id, Err(Fault::failed(format!("no thread for the call: {error}"))));
            self.open.end(id, &cancellation);
        }
    }

    fn outcome_of(&self, params: Value, call: impl FnOnce(Vec<Value>) -> Call) -> Result<Value, Fault> {
        let name = params.member("method");
        let method = self.methods.iter().find(|method| name == Some(&Value::from(method.name.as_str())));
        let parameters = match params.member("params") {
            Some(Value::Array(parameters)) => parameters.clone(),
            Some(_) | None => Vec::new(),
        };
        drop(params);
        method.ok_or_else(Fault::unknown_method)?.perform(&call(parameters))
    }

    fn work_on_events(&self, mut hooks: Hooks) {
        while let Some(happened) = self.events.pop() {
            match happened {
                Happened::Lost(lost) => {
                    if let Some(work) = &mut hooks.lost {
                        guard(|| work(&self.supervisor, &lost));
                    }
                }
                Happened::Event(event) => {
                    for (_, _, work) in hooks.events.iter_mut().filter(|(wanted, ..)| is_below(&event.name, wanted)) {
                        guard(|| work(&self.supervisor, &event));
                    }
                }
            }
        }
    }
}

/// A hook that panics ends nothing; its words are in the log.
fn guard(work: impl FnOnce()) {
    drop(catch_unwind(AssertUnwindSafe(work)));
}

/// Whether an event is of this type, or of one below it.
fn is_below(name: &str, wanted: &str) -> bool {
    wanted == "EVENT" || name.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
}

fn section_of(params: &Value) -> Section {
    let text = |name: &str| params.member(name).cloned().and_then(Value::into_text).unwrap_or_default();
    let config = match params.member("config") {
        Some(Value::Struct(options)) => options.clone(),
        Some(_) | None => Vec::new(),
    };
    let config = config.into_iter().filter_map(|(name, value)| Some((name, value.into_text()?))).collect();
    Section { name: text("name"), config, identifier: text("identifier") }
}

/// A line for the log.
#[expect(clippy::print_stderr, reason = "supervisord keeps it in the log of this program")]
fn report(line: &str) {
    eprintln!("{line}");
}
