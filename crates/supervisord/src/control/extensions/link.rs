//! One life of an extension, as those see it who talk to it: calls go in, answers come out. The socket is
//! [`super::connection`]'s.
//!
//! Lives on the control thread alone; nothing is borrowed over a wait.

use std::cell::{Cell, RefCell};

use supervisor_core::Life;
use supervisor_protocol::extension::Id;
use supervisor_protocol::xmlrpc::Value;
use tokio::sync::{Notify, oneshot, watch};

use super::conversation::{Breach, Conversation};
use crate::control::rpc_fault::RpcFault;

type Outcome = Result<Value, RpcFault>;
type Talk = Conversation<oneshot::Sender<Outcome>>;

/// One life of an extension.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) life: Life,
    pub(super) conversation: RefCell<Talk>,
    /// There is something to be sent, or the protocol is broken.
    pub(super) changed: Notify,
    is_open: Cell<bool>,
    breach: RefCell<Option<Breach>>,
    /// How far the process is, as the supervision plane tells.
    pub(super) stage: watch::Sender<Stage>,
}

/// How far a life is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It runs.
    Running,
    /// It is asked to stop.
    Stopping,
    /// It is reaped.
    Ended,
}

impl Link {
    pub(super) fn new(life: Life, program: Option<String>, parameters: &Value) -> Self {
        Self {
            life,
            conversation: RefCell::new(Conversation::begin(program, parameters)),
            changed: Notify::new(),
            is_open: Cell::new(true),
            breach: RefCell::default(),
            stage: watch::channel(Stage::Running).0,
        }
    }

    /// Calls a method and waits for its answer. Whoever waits no more has given the call up.
    ///
    /// # Errors
    /// The fault of the extension; `None`: it has ended meanwhile.
    pub(super) async fn call(&self, method: &str, params: Vec<Value>) -> Result<Value, Option<RpcFault>> {
        self.wait_for(|conversation, who| conversation.call(method, params, who)).await
    }

    /// As [`Link::call`], with a request of another name.
    pub(super) async fn ask(&self, request: &str, parameters: &Value) -> Result<Value, Option<RpcFault>> {
        self.wait_for(|conversation, who| conversation.ask(request, parameters, who)).await
    }

    async fn wait_for(
        &self,
        begin: impl FnOnce(&mut Talk, oneshot::Sender<Outcome>) -> Result<i64, (oneshot::Sender<Outcome>, RpcFault)>,
    ) -> Result<Value, Option<RpcFault>> {
        let (who, answer) = oneshot::channel();
        let called = begin(&mut self.conversation.borrow_mut(), who);
        let id = called.map_err(|(_, fault)| Some(fault))?;
        self.changed.notify_one();
        // What is answered or over is given up in vain.
        let _open = OpenCall { link: self, id };
        answer.await.map_err(|_| None)?.map_err(Some)
    }

    /// Answers one of its questions.
    pub(super) fn answer(&self, id: &Id, outcome: Outcome) {
        let answered = self.conversation.borrow_mut().answer(id, outcome);
        if let Err(breach) = answered {
            *self.breach.borrow_mut() = Some(breach);
        }
        self.changed.notify_one();
    }

    /// How the protocol was broken while an answer was given.
    pub(super) fn take_breach(&self) -> Option<Breach> {
        self.breach.take()
    }

    /// Whether it is connected.
    pub(super) fn is_open(&self) -> bool {
        self.is_open.get()
    }

    /// Whether it is connected, and takes calls.
    pub(super) fn is_ready(&self) -> bool {
        self.is_open() && self.conversation.borrow().is_ready()
    }

    /// Nobody hears from it any more: whoever waits is told so.
    pub(super) fn close(&self) {
        self.is_open.set(false);
        self.conversation.borrow_mut().end().for_each(drop);
    }
}

/// A call that somebody waits for.
struct OpenCall<'l> {
    link: &'l Link,
    id: i64,
}

impl Drop for OpenCall<'_> {
    fn drop(&mut self) {
        if self.link.conversation.borrow_mut().give_up(self.id) {
            self.link.changed.notify_one();
        }
    }
}
