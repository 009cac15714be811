//! Calls back: supervisord as an extension may ask it, from any thread.

use std::collections::HashMap;
use std::fmt;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use supervisor_protocol::extension::{ErrorAnswer, Id};
use supervisor_protocol::xmlrpc::Value;

use crate::fault::Fault;
use crate::wire::Writer;

type Outcome = Result<Value, ErrorAnswer>;

/// supervisord. Each request waits for its answer; a refusal is the [`Fault`] that supervisord gives, because of the
/// thing itself, or since `allow=` of the section does not have the method. Cloning it costs nothing.
#[derive(Clone)]
pub struct Supervisor(Arc<Inner>);

struct Inner {
    writer: Arc<Writer>,
    questions: Mutex<Questions>,
}

#[derive(Default)]
struct Questions {
    last: i64,
    open: HashMap<i64, Sender<Outcome>>,
    is_closed: bool,
}

impl fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervisor").finish_non_exhaustive()
    }
}

impl Supervisor {
    pub(crate) fn new(writer: Arc<Writer>) -> Self {
        Self(Arc::new(Inner { writer, questions: Mutex::default() }))
    }

    /// Any method of any namespace, by its full name, such as `supervisor.stopProcess`.
    ///
    /// # Errors
    /// As the method; 30 when it is not allowed.
    pub fn call(&self, method: &str, parameters: &[Value]) -> Result<Value, Fault> {
        self.request("sup.call", &[("method", method.into()), ("params", Value::Array(parameters.to_vec()))])
    }

    /// Members `mood` (1 RUNNING, 0 RESTARTING, -1 SHUTDOWN), `identifier`, `version`, `serverurl`, `configfile`,
    /// `here`.
    ///
    /// # Errors
    /// 30 when it is not allowed.
    pub fn state(&self) -> Result<Value, Fault> {
        self.request("sup.state", &[])
    }

    /// The names of all groups, by priority.
    ///
    /// # Errors
    /// 30 when it is not allowed.
    pub fn groups(&self) -> Result<Vec<String>, Fault> {
        let Value::Array(names) = self.request("sup.groups", &[])? else { return Err(unusable("sup.groups")) };
        names.into_iter().map(|name| name.into_text().ok_or_else(|| unusable("sup.groups"))).collect()
    }

    /// Members `name`, `priority` and `configs` of a group.
    ///
    /// # Errors
    /// 10 for a group that is not there.
    pub fn group(&self, group: &str) -> Result<Value, Fault> {
        self.request("sup.group", &[("group", group.into())])
    }

    /// Members `pid`, `state`, `laststart`, `spawnerr`, `config` and so on of a process.
    ///
    /// # Errors
    /// 10 for one that is not there.
    pub fn process(&self, group: &str, name: &str) -> Result<Value, Fault> {
        self.request("sup.process", &[("group", group.into()), ("name", name.into())])
    }

    /// Adds `[program:NAME]` with these options to a running group, and returns the names of its processes, of which
    /// there are several with `numprocs`. With `autostart` they start at once.
    ///
    /// # Errors
    /// 3 and what is wrong with the options; 10 for a group that is not there; 90 for a process that is.
    pub fn add_program(&self, group: &str, name: &str, options: &[(&str, &str)]) -> Result<Vec<String>, Fault> {
        let options = options.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
        let section = format!("program:{name}");
        let params = [("section", section.into()), ("group", group.into()), ("options", Value::Struct(options))];
        let Value::Array(configs) = self.request("sup.parse_program", &params)? else {
            return Err(unusable("sup.parse_program"));
        };
        let mut names = Vec::new();
        for config in configs {
            let part = |name| config.member(name).cloned().ok_or_else(|| unusable("sup.parse_program"));
            let handle = Value::Struct(vec![("$handle".to_owned(), part("$handle")?)]);
            self.request("sup.add_process", &[("group", group.into()), ("config", handle)])?;
            names.push(part("name")?.into_text().ok_or_else(|| unusable("sup.parse_program"))?);
        }
        Ok(names)
    }

    /// Takes a process out of its group.
    ///
    /// # Errors
    /// 91 while it runs.
    pub fn remove_process(&self, group: &str, name: &str) -> Result<(), Fault> {
        self.request("sup.remove_process", &[("group", group.into()), ("name", name.into())]).map(drop)
    }

    /// Sends a signal, such as `HUP`, to a process that supervisord runs; with `-pid` to its process group.
    ///
    /// # Errors
    /// 11 for a signal, 70 for a process that is none.
    pub fn kill(&self, pid: i64, signal: &str) -> Result<(), Fault> {
        self.request("sup.kill", &[("pid", pid.into()), ("signal", signal.into())]).map(drop)
    }

    /// Writes to the stdin of a process.
    ///
    /// # Errors
    /// 70 when it does not run, 20 when it reads no more.
    pub fn write(&self, group: &str, name: &str, bytes: &[u8]) -> Result<(), Fault> {
        let bytes = Value::Base64(bytes.to_vec());
        self.request("sup.write", &[("group", group.into()), ("name", name.into()), ("bytes", bytes)]).map(drop)
    }

    /// A line in the main log; `level` is `critical`, `error`, `warn`, `info`, `debug`, `trace` or `blather`.
    ///
    /// # Errors
    /// 2 for another level.
    pub fn log(&self, level: &str, message: &str) -> Result<(), Fault> {
        self.request("sup.log", &[("level", level.into()), ("message", message.into())]).map(drop)
    }

    /// Brings events of this type, and those below it; those behind the serial `since` first. The newest serial.
    ///
    /// # Errors
    /// 3 for a type that is not known.
    pub fn subscribe(&self, event: &str, since: Option<i64>) -> Result<i64, Fault> {
        let since = since.map(|serial| ("since", Value::Int(serial)));
        let params: Vec<_> = std::iter::once(("event", event.into())).chain(since).collect();
        match self.request("sup.subscribe", &params)?.member("serial") {
            Some(Value::Int(serial)) => Ok(*serial),
            Some(_) | None => Err(unusable("sup.subscribe")),
        }
    }

    /// Ends a subscription.
    ///
    /// # Errors
    /// 3 for one that is not there.
    pub fn unsubscribe(&self, event: &str) -> Result<(), Fault> {
        self.request("sup.unsubscribe", &[("event", event.into())]).map(drop)
    }

    /// Sends an event of a type of one's own, which [`crate::Extension::event_type`] has named.
    ///
    /// # Errors
    /// 3 for another.
    pub fn notify(&self, name: &str, payload: &str) -> Result<(), Fault> {
        self.request("sup.notify", &[("name", name.into()), ("payload", payload.into())]).map(drop)
    }

    /// Any request of the protocol, with its parameters by name.
    ///
    /// # Errors
    /// What supervisord answers; 30 when it has gone.
    pub fn request(&self, method: &str, parameters: &[(&str, Value)]) -> Result<Value, Fault> {
        let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let (answered, answer) = channel();
        let id = {
            let mut questions = self.questions();
            if questions.is_closed {
                return Err(Fault::gone());
            }
            questions.last += 1;
            let id = questions.last;
            questions.open.insert(id, answered);
            id
        };
        if let Err(fault) = self.0.writer.request(id, method, &Value::Struct(parameters)) {
            self.questions().open.remove(&id);
            return Err(fault);
        }
        // The other end is dropped without an answer when the channel has ended.
        answer.recv().map_err(|_| Fault::gone())?.map_err(Fault::from)
    }

    /// Gives an answer to whoever waits for it.
    pub(crate) fn answered(&self, id: Option<&Id>, outcome: Outcome) {
        let Some(Id::Number(number)) = id else { return };
        if let Some(waiting) = self.questions().open.remove(number) {
            drop(waiting.send(outcome));
        }
    }

    /// Nobody will answer any more.
    pub(crate) fn close(&self) {
        let mut questions = self.questions();
        questions.is_closed = true;
        questions.open.clear();
    }

    fn questions(&self) -> std::sync::MutexGuard<'_, Questions> {
        self.0.questions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unusable(method: &str) -> Fault {
    Fault::failed(format!("supervisord gave no usable answer to {method}"))
}
