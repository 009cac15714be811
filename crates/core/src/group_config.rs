//! What a process group is to be: its processes, and what an event listener pool adds to them.
//!
//! Plain values, as [`crate::process_config`]; equality means the same here.

use std::sync::Arc;

use crate::event::EventType;
use crate::process_config::ProcessConfig;

/// A process group: what is added, removed and compared as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupConfig {
    /// Group name.
    pub name: Box<str>,
    /// Order among groups.
    pub priority: i64,
    /// What kind of group it is.
    pub kind: GroupKind,
    /// Its processes, in configuration order.
    pub processes: Vec<Arc<ProcessConfig>>,
}

/// Kinds of process groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupKind {
    /// `[program:x]` or `[group:x]`.
    Programs,
    /// `[fcgi-program:x]`.
    FastCgi,
    /// `[eventlistener:x]`.
    EventListeners(EventListenerPoolConfig),
    /// `[rpcinterface:x]` with a program: lists of processes and operations on all of them leave it out.
    Extension,
}

/// What an `[eventlistener:x]` adds to its processes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventListenerPoolConfig {
    /// Events held back at most; 1 or more.
    pub buffer_size: usize,
    /// What it subscribes to; sorted, each once.
    pub events: Vec<EventType>,
    /// Who judges what its members say of events.
    pub result_handler: ResultHandler,
    /// What becomes of events that find no room.
    pub overflow: Overflow,
    /// What becomes of a listener that breaks the protocol.
    pub on_protocol_error: OnProtocolError,
}

/// Who judges the results of listeners.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ResultHandler {
    /// We do: `OK` is processed, all else is rejected.
    #[default]
    Ours,
    /// A plug-in, `module:attribute` as in the file.
    Plugin(Box<str>),
}

/// What a result handler makes of the result of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The event is done.
    Processed,
    /// The event goes back.
    Rejected,
    /// There is none: the handler has failed.
    Failed,
}

/// What becomes of events that find no room in a pool (docs/events.md).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overflow {
    /// The oldest event is dropped, as upstream.
    #[default]
    DropOldest,
    /// Whoever can wait waits: programs whose output makes events, and clients that send some.
    Block,
    /// Events wait in a journal on disk, and outlive supervisord there.
    Spill,
}

impl Overflow {
    /// The word in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::DropOldest => "drop-oldest",
            Self::Block => "block",
            Self::Spill => "spill",
        }
    }
}

/// What becomes of a listener that breaks the protocol (docs/events.md).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnProtocolError {
    /// It goes on running and gets no more events until it is started anew by hand, as upstream.
    #[default]
    Unknown,
    /// It is stopped, and started again by itself.
    Restart,
}
