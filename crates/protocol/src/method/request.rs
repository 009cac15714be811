//! What a call asks for, once its arguments are understood.

use supervisor_core::{Channel, Command};

use crate::xmlrpc::Value;

/// What a call asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// The core answers it.
    Command(Command),
    /// The control plane answers it, if need be with the help of commands of its own.
    Local(LocalRequest),
}

/// What the control plane answers.
#[derive(Clone, Debug, PartialEq)]
pub enum LocalRequest {
    /// A text: [`crate::API_VERSION`].
    ApiVersion,
    /// A text: [`crate::SUPERVISOR_VERSION`].
    SupervisorVersion,
    /// A text: `identifier`.
    Identification,
    /// A struct: `statecode`, `statename`.
    State,
    /// A number.
    Pid,
    /// A text: bytes of the main log.
    ReadMainLog {
        /// First byte; below zero: from the end.
        offset: i64,
        /// How many; zero: to the end.
        length: i64,
    },
    /// A text: bytes of a log of a process.
    ReadProcessLog {
        /// `group:process`
        name: String,
        /// Which log.
        channel: Channel,
        /// First byte; below zero: from the end.
        offset: i64,
        /// How many; zero: to the end.
        length: i64,
    },
    /// An array: text, size of the log, overflow.
    TailProcessLog {
        /// `group:process`
        name: String,
        /// Which log.
        channel: Channel,
        /// Up to where the client has read.
        offset: i64,
        /// How many bytes at most.
        length: i64,
    },
    /// An array: reads the files, then `Command::ReloadConfig`.
    ReloadConfig,
    /// An array: the names of all methods, sorted.
    ListMethods,
    /// A text.
    MethodHelp {
        /// `namespace.method`
        name: String,
    },
    /// An array of texts.
    MethodSignature {
        /// `namespace.method`
        name: String,
    },
    /// An array: the results of several calls, one after the other.
    Multicall {
        /// Structs with `methodName` and `params`, as sent.
        calls: Vec<Value>,
    },
}
