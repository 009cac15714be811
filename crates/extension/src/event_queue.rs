//! Events on their way from the reader to the handler, which may be slow. Invariant: there are
//! [`WAITING_EVENTS`] and one gap at most, and what had no room is part of that gap.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};

use supervisor_listener::Event;
use supervisor_protocol::xmlrpc::Value;

use crate::limits::WAITING_EVENTS;

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// Its number among all events of any type; what [`crate::Supervisor::subscribe`] resumes after.
    pub serial: i64,
    /// Its type.
    pub name: String,
    /// The payload as it came.
    pub payload: String,
    /// The same as a type; [`Event::Other`] where its tokens are not those of its type.
    pub event: Event,
}

/// Events that are missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// supervisord has restarted, and nobody knows how many there were.
    pub restarted: bool,
    /// The serial of the first.
    pub from: i64,
    /// The serial of the last, if it is known.
    pub to: Option<i64>,
}

/// What the handler gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Happened {
    Event(Notification),
    Lost(Lost),
}

impl Happened {
    /// Reads the parameters of `event` and `lost`; `None` for what is no such thing.
    pub(crate) fn read(method: &str, params: &Value) -> Option<Self> {
        let number = |name: &str| match params.member(name) {
            Some(Value::Int(number)) => Some(*number),
            Some(_) | None => None,
        };
        let text = |name: &str| params.member(name).cloned().and_then(Value::into_text);
        match method {
            "event" => {
                let (name, payload) = (text("name")?, text("payload")?);
                let event = Event::parse(&name, &payload)
                    .unwrap_or_else(|_| Event::Other { name: name.clone(), payload: payload.clone() });
                Some(Self::Event(Notification { serial: number("serial")?, name, payload, event }))
            }
            "lost" => {
                let restarted = params.member("restarted") == Some(&Value::Bool(true));
                Some(Self::Lost(Lost { restarted, from: number("from")?, to: number("to") }))
            }
            _ => None,
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct EventQueue {
    state: Mutex<State>,
    told: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Happened>,
    /// What had no room since.
    gap: Option<Lost>,
    is_closed: bool,
}

impl EventQueue {
    /// Puts something at the end, or into the gap there.
    pub(crate) fn push(&self, happened: Happened) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.gap.is_none() && state.waiting.len() < WAITING_EVENTS {
            state.waiting.push_back(happened);
        } else {
            let more = match happened {
                Happened::Event(event) => Lost { restarted: false, from: event.serial, to: Some(event.serial) },
                Happened::Lost(lost) => lost,
            };
            let gap = state.gap.take().map_or(more.clone(), |gap| Lost {
                restarted: gap.restarted || more.restarted,
                from: gap.from,
                to: more.to,
            });
            state.gap = Some(gap);
        }
        self.told.notify_one();
    }

    /// The next; waits for it. `None` once it is closed.
    pub(crate) fn pop(&self) -> Option<Happened> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let empty = |state: &mut State| state.waiting.is_empty() && state.gap.is_none() && !state.is_closed;
        let mut state = self.told.wait_while(state, empty).unwrap_or_else(PoisonError::into_inner);
        if state.is_closed {
            return None;
        }
        let next = state.waiting.pop_front();
        next.or_else(|| state.gap.take().map(Happened::Lost))
    }

    /// No more is to come.
    pub(crate) fn close(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).is_closed = true;
        self.told.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tick(serial: i64) -> Happened {
        let (name, payload) = ("TICK_5".to_owned(), "when:5".to_owned());
        Happened::Event(Notification { serial, name, payload, event: Event::Tick { period: 5, when: 5 } })
    }

    #[test]
    fn what_has_no_room_is_told_as_a_gap_in_its_place() {
        let queue = EventQueue::default();
        let bound = i64::try_from(WAITING_EVENTS).unwrap();
        for serial in 1..=bound + 3 {
            queue.push(tick(serial));
        }
        for serial in 1..=bound {
            assert_eq!(queue.pop(), Some(tick(serial)));
        }
        let lost = Lost { restarted: false, from: bound + 1, to: Some(bound + 3) };
        assert_eq!(queue.pop(), Some(Happened::Lost(lost)));
        queue.push(tick(bound + 4));
        assert_eq!(queue.pop(), Some(tick(bound + 4)));
        queue.close();
        assert_eq!(queue.pop(), None);
    }

    #[test]
    fn a_payload_without_its_tokens_is_given_on_as_it_is() {
        let member = |name: &str, value| (name.to_owned(), value);
        let params = Value::Struct(vec![
            member("serial", Value::Int(7)),
            member("name", "TICK_5".into()),
            member("payload", "then".into()),
        ]);
        let Some(Happened::Event(read)) = Happened::read("event", &params) else { panic!("it is one") };
        assert_eq!(read.event, Event::Other { name: "TICK_5".to_owned(), payload: "then".to_owned() });
        assert_eq!(Happened::read("event", &Value::Nil), None);
    }
}
