//! What an extension may ask of supervisord: `sup.…` (docs/extensions.md).
//!
//! Everything here goes the way that it would go for a client. Faults are Supervisor's.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use supervisor_core::limits::OWN_EVENT_BYTES;
use supervisor_core::{Command, Fault, FaultCode, LogLevel, Pid, ProcessConfig, raw_text};
use supervisor_protocol::SUPERVISOR_VERSION;
use supervisor_protocol::xmlrpc::{Answer, Value, Writer, read_answer};

use super::allow::admits;
use super::arguments::{Arguments, incorrect};
use super::events::Events;
use super::{Extension, process_data};
use crate::boundary::requests::{AddProcesses, GetGroup, GetProcessDetails, Kill, Log, MethodAnswer, SendOwnEvent};
use crate::control::context::Context;
use crate::control::log_levels::log_level;
use crate::control::rpc_fault::RpcFault;
use crate::control::{limits, rpc};

type Outcome = Result<Value, RpcFault>;

/// What one life of an extension asks.
pub(super) struct Facade {
    extension: Rc<Extension>,
    context: Rc<Context>,
    events: Rc<Events>,
    /// Programs that were parsed and not added, by their handles.
    parsed: RefCell<BTreeMap<i64, Arc<ProcessConfig>>>,
    last_handle: Cell<i64>,
}

impl Facade {
    pub(super) fn new(extension: Rc<Extension>, context: Rc<Context>, events: Rc<Events>) -> Self {
        Self { extension, context, events, parsed: RefCell::default(), last_handle: Cell::new(0) }
    }

    /// Does what is asked.
    ///
    /// # Errors
    /// UNKNOWN_METHOD; FAILED: it is not in `allow=`; those of what is asked.
    pub(super) async fn perform(&self, method: &str, params: Value) -> Outcome {
        let mut given = Arguments::of(params)?;
        if method == "sup.call" {
            return self.call(given).await;
        }
        self.admit(method)?;
        match method {
            "sup.state" => Ok(self.state()),
            "sup.groups" => self.groups().await,
            "sup.group" => self.group(&mut given).await,
            "sup.process" => self.process(&mut given).await,
            "sup.parse_program" => self.parse_program(&mut given).await,
            "sup.add_process" => self.add_process(&mut given).await,
            "sup.remove_process" => self.remove_process(&mut given).await,
            "sup.transition" => self.transition(&mut given).await,
            "sup.kill" => self.kill(&mut given).await,
            "sup.write" => self.write(&mut given).await,
            "sup.log" => self.log(&mut given).await,
            "sup.subscribe" => self.events.subscribe(&mut given).await,
            "sup.notify" => self.notify(&mut given).await,
            "sup.unsubscribe" => self.events.unsubscribe(&mut given),
            _ => Err(RpcFault::bare(FaultCode::UnknownMethod)),
        }
    }

    fn admit(&self, name: &str) -> Result<(), RpcFault> {
        if admits(self.extension.config.allow.as_deref(), name) {
            return Ok(());
        }
        let text = format!("{name} is not in allow= of [rpcinterface:{}]", self.extension.name());
        Err(RpcFault::new(FaultCode::Failed, text))
    }

    /// Any method of any namespace.
    async fn call(&self, mut given: Arguments) -> Outcome {
        let method = given.text("method")?;
        self.admit(&method)?;
        let params = match given.take_any("params") {
            None => Vec::new(),
            Some(Value::Array(params)) => params,
            Some(_) => return Err(incorrect("params of a method must be an array")),
        };
        // What a method answers is written as XML-RPC, and read from there.
        let mut writer = Writer::response(0);
        rpc::perform_whole(&method, params, &self.context, &mut writer).await?;
        match read_answer(&writer.finish_response()) {
            Ok(Answer::Result(result)) => Ok(result),
            Ok(Answer::Fault { .. }) => Err(RpcFault::bare(FaultCode::Failed)),
            Err(error) => Err(RpcFault::new(FaultCode::Failed, error.to_string())),
        }
    }

    fn state(&self) -> Value {
        let texts = [
            ("identifier", &*self.context.identifier()),
            ("version", SUPERVISOR_VERSION),
            ("serverurl", &*self.context.place.server_url),
            ("configfile", &*self.context.place.config_file),
            ("here", &*self.context.place.here),
        ]
        .map(|(name, text)| (name.to_owned(), Value::from(text)));
        let mood = ("mood".to_owned(), Value::Int(self.context.notices.state().code().into()));
        Value::Struct([mood].into_iter().chain(texts).collect())
    }

    async fn groups(&self) -> Outcome {
        match self.context.sender.call(Command::GetGroupNames).await? {
            MethodAnswer::GroupNames(names) => {
                Ok(Value::Array(names.iter().map(|name| Value::from(&**name)).collect()))
            }
            MethodAnswer::Done
            | MethodAnswer::Results(_)
            | MethodAnswer::ProcessInfo(_)
            | MethodAnswer::AllProcessInfo(_)
            | MethodAnswer::AllConfigInfo(_)
            | MethodAnswer::ProcessDetails(_)
            | MethodAnswer::AllProcessDetails(_) => Err(RpcFault::bare(FaultCode::Failed)),
        }
    }

    async fn group(&self, given: &mut Arguments) -> Outcome {
        let group = self.context.sender.call(GetGroup { name: given.text("group")? }).await?;
        Ok(process_data::group(&group))
    }

    async fn process(&self, given: &mut Arguments) -> Outcome {
        let details = self.context.sender.call(GetProcessDetails { name: given.process()? }).await?;
        Ok(process_data::process(&details))
    }

    async fn parse_program(&self, given: &mut Arguments) -> Outcome {
        let (section, group) = (given.text("section")?, given.text("group")?);
        let program = section.strip_prefix("program:").ok_or_else(|| incorrect("section must be program:x"))?;
        let Value::Struct(options) = given.take("options")? else { return Err(incorrect("options must be an object")) };
        let text = |(name, value): (String, Value)| match value.into_text() {
            Some(text) => Ok((name, text)),
            None => Err(incorrect(&format!("option {name} must be a string"))),
        };
        let options = options.into_iter().map(text).collect::<Result<Vec<_>, _>>()?;
        let configs = self.context.read_program(&group, program, options).await.map_err(|fault| {
            let beginning = format!("{}: ", FaultCode::IncorrectParameters.name());
            let why = fault.text.strip_prefix(&beginning).map(|why| RpcFault::new(FaultCode::BadArguments, why));
            why.unwrap_or(fault)
        })?;
        Ok(Value::Array(configs.into_iter().map(|config| self.keep(config)).collect()))
    }

    /// Keeps a program that was parsed, and tells its handle.
    fn keep(&self, config: Arc<ProcessConfig>) -> Value {
        let handle = self.last_handle.get() + 1;
        self.last_handle.set(handle);
        let mut members = process_data::config(&config);
        members.push(("$handle".to_owned(), Value::Int(handle)));
        let mut parsed = self.parsed.borrow_mut();
        parsed.insert(handle, config);
        if parsed.len() > limits::EXTENSION_HANDLES {
            parsed.pop_first();
        }
        Value::Struct(members)
    }

    async fn add_process(&self, given: &mut Arguments) -> Outcome {
        let group = given.text("group")?;
        let handle = given.take("config")?;
        let handle = match handle.member("$handle") {
            Some(Value::Int(handle)) => *handle,
            _ => return Err(incorrect("config must have a $handle, which is a number")),
        };
        let bad_handle =
            || RpcFault::new(FaultCode::BadArguments, format!("the handle {handle} is not known, or used"));
        let config = self.parsed.borrow_mut().remove(&handle).ok_or_else(bad_handle)?;
        let processes = vec![Arc::clone(&config)];
        self.context.sender.call(AddProcesses { group, processes }).await.map_err(|fault| {
            let is_there = fault.code == FaultCode::BadName && fault.extra.as_deref() == Some(&*config.name);
            self.parsed.borrow_mut().insert(handle, config);
            if is_there { Fault { code: FaultCode::AlreadyAdded, ..fault } } else { fault }
        })?;
        Ok(Value::Bool(true))
    }

    async fn remove_process(&self, given: &mut Arguments) -> Outcome {
        let command = Command::RemoveProcess { group: given.text("group")?, process: given.text("name")? };
        self.context.sender.call(command).await?;
        Ok(Value::Bool(true))
    }

    /// What is to happen to a group happens by itself.
    async fn transition(&self, given: &mut Arguments) -> Outcome {
        self.context.sender.call(GetGroup { name: given.text("group")? }).await?;
        Ok(Value::Bool(true))
    }

    async fn kill(&self, given: &mut Arguments) -> Outcome {
        let number = given.int("pid")?;
        let signal = match given.take("signal")? {
            Value::Int(signal) => signal.to_string(),
            Value::Str(signal) => signal,
            _ => return Err(incorrect("signal must be a number or a name")),
        };
        let pid = i32::try_from(number.unsigned_abs()).ok().and_then(Pid::new);
        let pid = pid.ok_or_else(|| RpcFault::new(FaultCode::NotRunning, number.to_string()))?;
        self.context.sender.call(Kill { pid, as_group: number < 0, signal }).await?;
        Ok(Value::Bool(true))
    }

    async fn write(&self, given: &mut Arguments) -> Outcome {
        let name = given.process()?;
        let chars = match given.take("bytes")? {
            Value::Str(text) => raw_text::to_bytes(&text).into_owned(),
            Value::Base64(bytes) => bytes,
            _ => return Err(incorrect("bytes must be a string or $b64")),
        };
        self.context.sender.call(Command::SendProcessStdin { name, chars }).await?;
        Ok(Value::Bool(true))
    }

    async fn notify(&self, given: &mut Arguments) -> Outcome {
        let (name, payload) = (given.text("name")?, given.text("payload")?);
        let bad = |why: String| RpcFault::new(FaultCode::BadArguments, why);
        let name = self.extension.event_type(&name).ok_or_else(|| bad(format!("{name} is not one of its events")))?;
        if payload.len() > OWN_EVENT_BYTES {
            return Err(bad(format!("the payload takes more than {OWN_EVENT_BYTES} bytes")));
        }
        self.context.sender.call(SendOwnEvent { name, payload }).await?;
        Ok(Value::Bool(true))
    }

    async fn log(&self, given: &mut Arguments) -> Outcome {
        let level = given.take("level")?;
        let level = log_level(&level, LogLevel::name).ok_or_else(|| incorrect("level is no level of the main log"))?;
        let message = one_line(&given.text("message")?);
        self.context.sender.call(Log { level, message }).await?;
        Ok(Value::Bool(true))
    }
}

/// A message as a line of the main log.
fn one_line(message: &str) -> String {
    let end = message.floor_char_boundary(limits::EXTENSION_LOG_BYTES);
    message.get(..end).unwrap_or_default().replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_have_names_and_numbers() {
        for (level, expected) in [
            (Value::from("critical"), Some(LogLevel::Critical)),
            (Value::from("warn"), Some(LogLevel::Warn)),
            (Value::Int(40), Some(LogLevel::Error)),
            (Value::Int(3), Some(LogLevel::Blather)),
            (Value::Int(17), None),
            (Value::from("loud"), None),
            (Value::Nil, None),
        ] {
            assert_eq!(log_level(&level, LogLevel::name), expected, "{level:?}");
        }
    }

    #[test]
    fn a_message_is_one_line_of_a_bounded_length() {
        assert_eq!(one_line("a\nb\n"), "a b ");
        let long = "é".repeat(limits::EXTENSION_LOG_BYTES);
        assert_eq!(one_line(&long).len(), limits::EXTENSION_LOG_BYTES);
    }
}
