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
    /// An array: the last lives of a process.
    History {
        /// `group:process`
        name: String,
    },
    /// An array: the names of the methods of `supervisorx`.
    ListOwnMethods,
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
    /// Of the namespace that was called.
    Cache(CacheRequest),
    /// Of the namespace that was called.
    Twiddler(TwiddlerRequest),
}

/// What is asked of a cache. Keys are looked at there: its faults for them are its own.
#[derive(Clone, Debug, PartialEq)]
pub enum CacheRequest {
    /// A text.
    ApiVersion,
    /// An array of texts, sorted.
    Keys,
    /// A number.
    Count,
    /// Keeps a value.
    Store {
        /// Under what.
        key: Value,
        /// The value.
        data: Value,
    },
    /// A value.
    Fetch {
        /// Of what.
        key: Value,
    },
    /// Forgets a value.
    Delete {
        /// Of what.
        key: Value,
    },
    /// Forgets all.
    Clear,
}

/// What is asked of a twiddler, besides commands.
#[derive(Clone, Debug, PartialEq)]
pub enum TwiddlerRequest {
    /// A text.
    ApiVersion,
    /// Reads options as those of a section `[program:x]`, then `Command::AddProcesses`.
    AddProgram {
        /// The group.
        group: String,
        /// `x`
        program: String,
        /// A struct of texts.
        options: Value,
    },
    /// Writes a line to the main log.
    Log {
        /// The line.
        message: String,
        /// A name or a number.
        level: Value,
    },
}
