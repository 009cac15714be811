//! Extensions: programs beside supervisord that offer methods of their own (docs/extensions.md).
//!
//! Supervision starts and reaps them as it does every program and hands their sockets over; here they are clients of
//! supervision like all others. One connection for each life of an extension, found by the namespace of its section.
//! Nothing waits for an extension but whoever has called it.
//!
//! Invariant: an extension that is not ready, or not there, is a fault for its callers and nothing for anybody else.

mod allow;
mod arguments;
mod connection;
mod conversation;
mod events;
mod facade;
mod link;
mod pace;
mod process_data;
mod result_handlers;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::sync::Arc;

use supervisor_core::{
    ExtensionConfig, ExtensionKind, FaultCode, Life, OwnEventType, ProcessId, ProcessState, SupervisorState,
};
use supervisor_protocol::SUPERVISOR_VERSION;
use supervisor_protocol::extension::{Description, MethodDescription, PROTOCOL_VERSION};
use supervisor_protocol::plugin_host::program_line;
use supervisor_protocol::xmlrpc::Value;
use tokio::sync::{Notify, mpsc};
use tokio::task::spawn_local;
use tokio::time::{Instant, timeout, timeout_at};

use super::context::Context;
use super::limits;
use super::rpc_fault::RpcFault;
use crate::boundary::outbox::ExtensionNotice;
use conversation::Breach;
use link::{Link, Stage};

/// All extensions, by the names of their processes.
#[derive(Debug, Default)]
pub(super) struct Extensions(RefCell<BTreeMap<Box<str>, Rc<Extension>>>);

/// One extension.
#[derive(Debug)]
pub(super) struct Extension {
    process: ProcessId,
    config: Arc<ExtensionConfig>,
    /// What it said of itself last.
    description: RefCell<Option<Rc<Description>>>,
    /// The life that it has now.
    life: RefCell<Option<Rc<Link>>>,
    /// One of the two has changed, or a start has failed.
    changed: Notify,
}

/// Takes in what supervision tells of extensions, for as long as it does.
pub(super) async fn follow(mut notices: mpsc::Receiver<ExtensionNotice>, context: Rc<Context>) {
    while let Some(notice) = notices.recv().await {
        match notice {
            ExtensionNotice::Added { process, config } => context.extensions.add(process, config),
            ExtensionNotice::Removed { process } => context.extensions.remove(process),
            ExtensionNotice::Started { life, socket } => context.extensions.started(life, socket, &context),
            ExtensionNotice::NotStarted { process } => {
                if let Some(extension) = context.extensions.of_process(process) {
                    extension.changed.notify_waiters();
                }
            }
            ExtensionNotice::Judge(result) => result_handlers::judge(result, &context),
            ExtensionNotice::Stopping { life } => context.extensions.stop(life, &context),
            ExtensionNotice::Ended { life } => {
                if let Some(link) = context.extensions.link_of(life) {
                    link.stage.send_replace(Stage::Ended);
                    if let Some(extension) = context.extensions.of_process(life.process) {
                        extension.life.replace(None);
                        extension.changed.notify_waiters();
                    }
                }
            }
        }
    }
}

impl Extensions {
    /// The extension that a method belongs to, and the method's name without its namespace.
    pub(super) fn find<'m>(&self, method: &'m str) -> Option<(Rc<Extension>, &'m str)> {
        let (namespace, name) = method.split_once('.')?;
        let extension = self.0.borrow().get(&*ExtensionConfig::process_name_of(namespace)).map(Rc::clone)?;
        Some((extension, name))
    }

    /// The names of all methods. Waits for extensions that are about to tell theirs for the first time.
    pub(super) async fn method_names(&self, context: &Context) -> Vec<String> {
        let offers_methods = |extension: &&Rc<Extension>| extension.config.kind == ExtensionKind::RpcInterface;
        let all: Vec<_> = self.0.borrow().values().filter(offers_methods).map(Rc::clone).collect();
        let mut names = Vec::new();
        for extension in all {
            let description = extension.description(context).await;
            let methods = description.iter().flat_map(|description| description.methods());
            names.extend(methods.map(|method| format!("{}.{}", extension.name(), method.name)));
        }
        names
    }

    /// The event type of this name, if it is one of an extension's own.
    pub(super) fn event_type(&self, name: &str) -> Option<OwnEventType> {
        self.0.borrow().values().find_map(|extension| extension.event_type(name))
    }

    /// The event types of all extensions. Waits for extensions that are about to tell theirs for the first time.
    pub(super) async fn event_types(&self, context: &Context) -> Vec<OwnEventType> {
        let all: Vec<_> = self.0.borrow().values().map(Rc::clone).collect();
        let mut types = Vec::new();
        for extension in all {
            let description = extension.description(context).await;
            types.extend(description.iter().flat_map(|description| description.event_types()).copied());
        }
        types
    }

    /// What an extension says of itself, which is refused if it has an event type of another one.
    fn take_description(&self, of: &Extension, description: Description) -> Result<(), Breach> {
        let others = self.0.borrow();
        let mut others = others.values().filter(|other| other.process != of.process);
        let is_taken = |name: &&OwnEventType| others.any(|other| other.event_type(name.as_str()).is_some());
        if let Some(taken) = description.event_types().iter().find(is_taken) {
            let why = format!("has the event type {}, which is one of another extension", taken.as_str());
            return Err(Breach::BadDescription(why));
        }
        of.describe(description);
        Ok(())
    }

    fn of_process(&self, process: ProcessId) -> Option<Rc<Extension>> {
        self.0.borrow().values().find(|extension| extension.process == process).map(Rc::clone)
    }

    fn link_of(&self, life: Life) -> Option<Rc<Link>> {
        let extension = self.of_process(life.process)?;
        extension.life.borrow().clone().filter(|link| link.life == life)
    }

    fn add(&self, process: ProcessId, config: Arc<ExtensionConfig>) {
        let extension = Extension {
            process,
            description: RefCell::default(),
            life: RefCell::default(),
            changed: Notify::new(),
            config,
        };
        self.0.borrow_mut().insert(extension.config.process_name().into(), Rc::new(extension));
    }

    fn remove(&self, process: ProcessId) {
        self.0.borrow_mut().retain(|_, extension| extension.process != process);
    }

    fn started(&self, life: Life, socket: UnixStream, context: &Rc<Context>) {
        let Some(extension) = self.of_process(life.process) else { return };
        let program = (!extension.config.factory.is_empty()).then(program_line);
        let link = Rc::new(Link::new(life, program, &extension.parameters(context)));
        extension.life.replace(Some(Rc::clone(&link)));
        extension.changed.notify_waiters();
        // It ends with the life.
        drop(spawn_local(connection::serve(socket, link, extension, Rc::clone(context))));
    }

    /// A life is to end: it is told so, and gets the signal if it has not ended after a while. One that is not
    /// connected gets it at once.
    fn stop(&self, life: Life, context: &Rc<Context>) {
        let link = self.link_of(life);
        let is_connected = link.as_ref().is_some_and(|link| link.is_open());
        if let Some(link) = &link {
            link.stage.send_replace(Stage::Stopping);
        }
        let context = Rc::clone(context);
        drop(spawn_local(async move {
            if let Some(link) = link.filter(|_| is_connected) {
                let mut stage = link.stage.subscribe();
                let ended = stage.wait_for(|stage| *stage == Stage::Ended);
                if timeout(limits::EXTENSION_END, ended).await.is_ok() {
                    return;
                }
            }
            context.sender.signal_stopping(life).await;
        }));
    }
}

impl Extension {
    /// Its namespace, by which it is known.
    pub(super) fn name(&self) -> &str {
        &self.config.namespace
    }

    /// Calls a method, by its name without the namespace.
    ///
    /// # Errors
    /// What the extension has answered; UNKNOWN_METHOD: it has no such method; FAILED: it is not ready, or has ended
    /// meanwhile, or its answer is none for XML-RPC; SHUTDOWN_STATE.
    pub(super) async fn call(&self, method: &str, params: Vec<Value>, context: &Context) -> Result<Value, RpcFault> {
        if context.notices.state() != SupervisorState::Running {
            return Err(RpcFault::bare(FaultCode::ShutdownState));
        }
        let failed = |what: &str| RpcFault::new(FaultCode::Failed, format!("extension {} {what}", self.name()));
        let description = self.description(context).await.ok_or_else(|| failed("is not ready"))?;
        if description.find(method).is_none() {
            return Err(RpcFault::bare(FaultCode::UnknownMethod));
        }
        let link = self.life.borrow().clone().filter(|link| link.is_ready()).ok_or_else(|| failed("is not ready"))?;
        let outcome = link.call(method, params).await;
        let result = outcome.map_err(|fault| fault.unwrap_or_else(|| failed("ended during the call")))?;
        if has_nil(&result) {
            return Err(failed(&format!("has answered {method} with null, which XML-RPC does not have")));
        }
        Ok(result)
    }

    /// What it has said of a method.
    pub(super) async fn method(&self, name: &str, context: &Context) -> Option<MethodDescription> {
        self.description(context).await?.find(name).cloned()
    }

    /// What it has said of itself last. The first time is waited for, as long as it may take.
    async fn description(&self, context: &Context) -> Option<Rc<Description>> {
        let by = Instant::now() + limits::EXTENSION_START;
        loop {
            let changed = self.changed.notified();
            if let Some(description) = &*self.description.borrow() {
                return Some(Rc::clone(description));
            }
            if !self.is_coming_up(context) || timeout_at(by, changed).await.is_err() {
                return None;
            }
        }
    }

    /// Whether it is about to be ready for the first time.
    fn is_coming_up(&self, context: &Context) -> bool {
        if let Some(link) = &*self.life.borrow() {
            return link.is_open();
        }
        // It may be about to be connected, or to be started for the first time.
        let Some(Ok(info)) = context.processes.find(&self.config.process_name()) else { return true };
        match info.state {
            ProcessState::Starting | ProcessState::Running => true,
            ProcessState::Stopped => info.start == 0,
            ProcessState::Backoff
            | ProcessState::Stopping
            | ProcessState::Exited
            | ProcessState::Fatal
            | ProcessState::Unknown => false,
        }
    }

    /// The event type of its own that has this name.
    fn event_type(&self, name: &str) -> Option<OwnEventType> {
        let description = self.description.borrow();
        description.iter().flat_map(|description| description.event_types()).find(|own| own.as_str() == name).copied()
    }

    fn describe(&self, description: Description) {
        self.description.replace(Some(Rc::new(description)));
        self.changed.notify_waiters();
    }

    /// A life is not connected any more.
    fn unlink(&self, link: &Link) {
        link.close();
        self.changed.notify_waiters();
    }

    /// The parameters of `initialize`.
    fn parameters(&self, context: &Context) -> Value {
        let kind = match self.config.kind {
            ExtensionKind::RpcInterface => "rpcinterface",
            ExtensionKind::ResultHandler => "result_handler",
        };
        let text = |text: &str| Value::Str(text.to_owned());
        let member = |name: &str, value| (name.to_owned(), value);
        let options = self.config.options.iter().map(|(name, value)| (name.to_string(), text(value)));
        Value::Struct(vec![
            member("protocol", Value::Int(PROTOCOL_VERSION)),
            member("kind", text(kind)),
            member("spec", text(&self.config.factory)),
            member("name", text(&self.config.namespace)),
            member("config", Value::Struct(options.collect())),
            member("identifier", text(&context.identifier())),
            member("version", text(SUPERVISOR_VERSION)),
            member("serverurl", text(&context.place.server_url)),
            member("configfile", text(&context.place.config_file)),
            member("here", text(&context.place.here)),
        ])
    }
}

fn has_nil(value: &Value) -> bool {
    match value {
        Value::Nil => true,
        Value::Array(items) => items.iter().any(has_nil),
        Value::Struct(members) => members.iter().any(|(_, value)| has_nil(value)),
        Value::Int(_) | Value::Bool(_) | Value::Str(_) | Value::Double(_) | Value::DateTime(_) | Value::Base64(_) => {
            false
        }
    }
}
