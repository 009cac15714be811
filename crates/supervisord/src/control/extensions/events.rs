//! Events for an extension: by subscription, resumable, with told gaps (docs/extensions.md).
//!
//! They are read from the event stream piece by piece, as the extension takes them: of what it has not read so much
//! waits in the connection as `limits::EXTENSION_EVENT_BYTES` says, and the rest in the stream. What has left that
//! before it came through here is told as a gap.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use supervisor_core::{EventBatch, EventType, FaultCode, Life};
use supervisor_protocol::extension::push_notification;
use supervisor_protocol::xmlrpc::Value;
use tokio::sync::{Notify, mpsc};
use tokio::task::spawn_local;
use tokio::time::sleep;

use super::arguments::{Arguments, incorrect};
use crate::boundary::followers::FollowedChanges;
use crate::boundary::requests::{ReadEvents, WatchTicks};
use crate::control::context::Context;
use crate::control::limits;
use crate::control::rpc_fault::RpcFault;

/// What one life of an extension is told of events.
pub(super) struct Events {
    life: Life,
    context: Rc<Context>,
    lines: mpsc::Sender<Vec<u8>>,
    subscriptions: RefCell<Vec<Subscription>>,
    /// The serial of the last event that was read.
    position: Cell<u64>,
    /// Subscriptions or the position have changed.
    changed: Notify,
    is_followed: Cell<bool>,
}

/// One type that is wanted, from some event on.
struct Subscription {
    wanted: EventType,
    /// The serial of the last event that is not.
    after: u64,
}

impl Events {
    /// Nobody wants any yet. What is to be sent goes out as `lines`.
    pub(super) fn new(life: Life, context: Rc<Context>, lines: mpsc::Sender<Vec<u8>>) -> Rc<Self> {
        Rc::new(Self {
            life,
            context,
            lines,
            subscriptions: RefCell::default(),
            position: Cell::new(0),
            changed: Notify::new(),
            is_followed: Cell::new(false),
        })
    }

    /// `sup.subscribe`
    pub(super) async fn subscribe(self: &Rc<Self>, given: &mut Arguments) -> Result<Value, RpcFault> {
        let wanted = self.event_type(given)?;
        let since = match given.take_any("since") {
            None => None,
            Some(Value::Int(serial)) => Some(u64::try_from(serial).unwrap_or(0)),
            Some(_) => return Err(incorrect("since must be a serial")),
        };
        self.check_room(wanted)?;
        if wanted == EventType::Event || wanted.is_a(EventType::Tick) {
            self.context.sender.call(WatchTicks { life: self.life }).await?;
        }
        // Followed before the reading, so that nothing happens between the two.
        let changes = if self.is_followed.replace(true) {
            None
        } else {
            let (changes, follower) = FollowedChanges::new();
            self.context.sender.follow_events(follower).await;
            Some(changes)
        };
        let newest = self.context.sender.call(ReadEvents { after: None }).await?.newest;
        let added = self.add(wanted, since, newest);
        if let Some(changes) = changes {
            drop(spawn_local(Rc::clone(self).send_all(changes)));
        }
        added?;
        let serial = i64::try_from(newest).unwrap_or(i64::MAX);
        Ok(Value::Struct(vec![("serial".to_owned(), Value::Int(serial))]))
    }

    fn event_type(&self, given: &mut Arguments) -> Result<EventType, RpcFault> {
        let name = given.text("event")?;
        let own = || self.context.extensions.event_type(&name).map(EventType::Own);
        let unknown = || RpcFault::new(FaultCode::BadArguments, format!("there is no event type {name}"));
        let of_the_stream = |event: &EventType| event.is_a(EventType::Event);
        EventType::from_name(&name).filter(of_the_stream).or_else(own).ok_or_else(unknown)
    }

    /// One type counts once.
    fn check_room(&self, wanted: EventType) -> Result<(), RpcFault> {
        let subscriptions = self.subscriptions.borrow();
        let others = subscriptions.iter().filter(|known| known.wanted != wanted).count();
        if others < limits::EXTENSION_SUBSCRIPTIONS {
            return Ok(());
        }
        let text = format!("there are {} subscriptions already", limits::EXTENSION_SUBSCRIPTIONS);
        Err(RpcFault::new(FaultCode::Failed, text))
    }

    /// Nothing is waited for from here to the answer, so that this comes before the first event.
    fn add(&self, wanted: EventType, since: Option<u64>, newest: u64) -> Result<(), RpcFault> {
        // Others may have come since it was asked for.
        self.check_room(wanted)?;
        let mut subscriptions = self.subscriptions.borrow_mut();
        if subscriptions.is_empty() {
            self.position.set(newest);
        }
        subscriptions.retain(|known| known.wanted != wanted);
        let position = self.position.get();
        if let Some(since) = since.filter(|since| *since < position) {
            // What was sent for the others does not come again.
            subscriptions.iter_mut().for_each(|known| known.after = known.after.max(position));
            self.position.set(since);
        }
        subscriptions.push(Subscription { wanted, after: since.unwrap_or(newest) });
        self.changed.notify_one();
        Ok(())
    }

    /// `sup.unsubscribe`
    pub(super) fn unsubscribe(&self, given: &mut Arguments) -> Result<Value, RpcFault> {
        let wanted = self.event_type(given)?;
        let mut subscriptions = self.subscriptions.borrow_mut();
        let before = subscriptions.len();
        subscriptions.retain(|known| known.wanted != wanted);
        if subscriptions.len() == before {
            return Err(RpcFault::new(FaultCode::BadArguments, format!("{} is not subscribed to", wanted.name())));
        }
        Ok(Value::Bool(true))
    }

    /// Sends what happens for as long as the extension is connected.
    async fn send_all(self: Rc<Self>, changes: FollowedChanges) {
        tokio::select! {
            () = self.lines.closed() => {}
            () = self.read_on(&changes) => {}
        }
        self.context.sender.unfollow_events(changes);
    }

    async fn read_on(&self, changes: &FollowedChanges) {
        loop {
            if self.subscriptions.borrow().is_empty() {
                self.changed.notified().await;
                continue;
            }
            let position = self.position.get();
            let Ok(batch) = self.context.sender.call(ReadEvents { after: Some(position) }).await else { return };
            if self.position.get() != position {
                // Somebody wants earlier ones meanwhile.
                continue;
            }
            self.position.set(batch.position);
            let lines = self.lines_of(&batch, position);
            if !lines.is_empty() && self.lines.send(lines).await.is_err() {
                return;
            }
            if batch.position >= batch.newest {
                if batch.is_ended {
                    return;
                }
                tokio::select! {
                    () = changes.changed() => sleep(limits::EVENT_STREAM_PAUSE).await,
                    () = self.changed.notified() => {}
                }
            }
        }
    }

    fn lines_of(&self, batch: &EventBatch, position: u64) -> Vec<u8> {
        let mut lines = Vec::new();
        if batch.restarted {
            push_notification(&mut lines, "lost", &lost(true, position.saturating_add(1), None));
        }
        if let Some((first, last)) = batch.lost {
            push_notification(&mut lines, "lost", &lost(false, first, Some(last)));
        }
        let subscriptions = self.subscriptions.borrow();
        for event in &batch.events {
            let matches = |known: &Subscription| event.serial > known.after && event.event_type.is_a(known.wanted);
            if subscriptions.iter().any(matches) {
                let told = told(event.serial, event.event_type, &event.payload);
                push_notification(&mut lines, "event", &told);
            }
        }
        lines
    }
}

fn number(number: u64) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

/// The parameters of `lost`.
fn lost(restarted: bool, from: u64, to: Option<u64>) -> Value {
    let count = to.map(|to| to.saturating_sub(from) + 1);
    Value::Struct(vec![
        ("restarted".to_owned(), Value::Bool(restarted)),
        ("from".to_owned(), number(from)),
        ("to".to_owned(), to.map_or(Value::Nil, number)),
        ("count".to_owned(), count.map_or(Value::Nil, number)),
    ])
}

/// The parameters of `event`.
pub(super) fn told(serial: u64, event_type: EventType, payload: &str) -> Value {
    let mut members = vec![
        ("serial".to_owned(), number(serial)),
        ("name".to_owned(), Value::from(event_type.name())),
        ("payload".to_owned(), Value::from(payload)),
    ];
    let about =
        [EventType::ProcessState, EventType::ProcessCommunication, EventType::ProcessLog, EventType::ProcessGroup];
    if about.iter().any(|above| event_type.is_a(*above)) {
        let head = payload.lines().next().unwrap_or_default();
        for (token, name) in [("groupname:", "group"), ("processname:", "process")] {
            let value = head.split(' ').find_map(|part| part.strip_prefix(token));
            members.extend(value.map(|value| (name.to_owned(), Value::from(value))));
        }
    }
    Value::Struct(members)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use supervisor_core::StreamEvent;

    use super::*;

    #[test]
    fn an_event_tells_whom_it_is_about() {
        let event = |event_type, payload: &str| StreamEvent {
            serial: 7,
            time: Duration::ZERO,
            event_type,
            payload: payload.into(),
            omitted_bytes: 0,
            ended: None,
        };
        let member = |event: &StreamEvent, name: &str| {
            told(event.serial, event.event_type, &event.payload).member(name).cloned()
        };
        let state = event(EventType::ProcessStateExited, "processname:cat groupname:pets from_state:RUNNING");
        assert_eq!(member(&state, "process"), Some(Value::from("cat")));
        assert_eq!(member(&state, "group"), Some(Value::from("pets")));
        let group = event(EventType::ProcessGroupAdded, "groupname:pets\n");
        assert_eq!((member(&group, "group"), member(&group, "process")), (Some(Value::from("pets")), None));
        let message = event(EventType::RemoteCommunication, "type:x\nprocessname:cat");
        assert_eq!(member(&message, "process"), None);
    }

    #[test]
    fn a_gap_is_told_with_its_ends() {
        let gap = lost(false, 5, Some(9));
        assert_eq!((gap.member("count"), gap.member("to")), (Some(&Value::Int(5)), Some(&Value::Int(9))));
        assert_eq!(lost(true, 5, None).member("to"), Some(&Value::Nil));
    }
}
