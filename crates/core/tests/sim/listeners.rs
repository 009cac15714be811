//! Event listeners of a simulation: what they are sent, taken apart, and what they say.

use std::collections::BTreeMap;
use std::sync::Arc;

use supervisor_core::{
    Autorestart, Channel, Command, EventListenerPoolConfig, EventType, GroupConfig, GroupKind, Input, OnProtocolError,
    Overflow, PoolStatistics, ResultHandler,
};

use super::Sim;
use super::config::{program, with};

/// An event as a listener reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// The name of the listener process.
    pub(crate) to: String,
    pub(crate) header: BTreeMap<String, String>,
    pub(crate) payload: String,
}

impl Delivery {
    fn parse(to: String, envelope: &str) -> Self {
        let (line, payload) = envelope.split_once('\n').expect("a header ends with a line feed");
        let tokens = line.split(' ').map(|token| token.split_once(':').expect("a token has a colon"));
        let header: BTreeMap<_, _> = tokens.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        assert_eq!(header["len"], payload.chars().count().to_string(), "len counts characters");
        Self { to, header, payload: payload.to_owned() }
    }

    pub(crate) fn serial(&self) -> u64 {
        self.header["serial"].parse().expect("a serial is a number")
    }

    pub(crate) fn poolserial(&self) -> u64 {
        self.header["poolserial"].parse().expect("a serial is a number")
    }

    pub(crate) fn name(&self) -> &str {
        &self.header["eventname"]
    }
}

/// An `[eventlistener:x]` with these processes, which are restarted whatever happens.
pub(crate) fn pool(name: &str, buffer_size: usize, events: &[EventType], members: &[&str]) -> Arc<GroupConfig> {
    let member = |name: &&str| {
        Arc::new(with(program(name), |it| {
            it.priority = -1;
            it.restart.autorestart = Autorestart::Always;
        }))
    };
    let config = EventListenerPoolConfig {
        buffer_size,
        events: events.to_vec(),
        result_handler: ResultHandler::Ours,
        overflow: Overflow::DropOldest,
        on_protocol_error: OnProtocolError::Unknown,
    };
    Arc::new(GroupConfig {
        name: name.into(),
        priority: -1,
        kind: GroupKind::EventListeners(config),
        processes: members.iter().map(member).collect(),
    })
}

/// The same pool with other options.
pub(crate) fn with_options(pool: &GroupConfig, change: impl FnOnce(&mut EventListenerPoolConfig)) -> Arc<GroupConfig> {
    let mut pool = pool.clone();
    if let GroupKind::EventListeners(config) = &mut pool.kind {
        change(config);
    }
    Arc::new(pool)
}

impl Sim {
    /// A listener writes to its stdout. It is named by its full name.
    pub(crate) fn say(&mut self, listener: &str, text: &str) {
        self.output(listener, Channel::Stdout, text.as_bytes());
    }

    /// A listener has done what it was sent, and asks for more.
    pub(crate) fn say_done(&mut self, listener: &str) {
        self.say(listener, "RESULT 2\nOKREADY\n");
    }

    /// A client sends an event with this data.
    pub(crate) fn send_event(&mut self, data: &str) {
        self.request(Command::SendRemoteCommEvent { kind: "test".to_owned(), data: data.to_owned() });
    }

    /// A listener has read everything that waited for its stdin.
    pub(crate) fn read_stdin(&mut self, listener: &str) {
        let life = self.life(listener);
        self.host.stdin_errors.clear();
        self.feed(Input::StdinTaken { life });
    }

    /// What listeners were sent since the last call.
    pub(crate) fn deliveries(&mut self) -> Vec<Delivery> {
        let sent = std::mem::take(&mut self.host.sent);
        sent.into_iter().map(|(to, envelope)| Delivery::parse(to, &envelope)).collect()
    }

    /// The same, in short: `a 7`.
    pub(crate) fn serials_sent(&mut self) -> Vec<String> {
        self.deliveries().iter().map(|sent| format!("{} {}", sent.to, sent.serial())).collect()
    }

    /// The counters of a pool.
    pub(crate) fn statistics(&self, pool: &str) -> PoolStatistics {
        let found = self.supervisor.pool_statistics().find(|statistics| &*statistics.name == pool);
        found.expect("the pool is active")
    }
}
