//! What a program is to be: its configuration after expansion, with every default filled in.
//!
//! Plain values. Reading files is the config crate's work, acting on them the process's. Equality is what
//! `reloadConfig` means by «changed» (contract/processes.md §9.10, quirks.md F28).

use std::sync::Arc;

use crate::channel::Channel;
use crate::event::EventType;
use crate::signal::Signal;

/// One process: a program section, one number of its `numprocs`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own in the file")]
pub struct ProcessConfig {
    /// Process name, without its group.
    pub name: Box<str>,
    /// The command as configured after expansion; split into words at each spawn.
    pub command: Box<str>,
    /// Directory the child changes to.
    pub directory: Option<Box<str>>,
    /// File mode creation mask of the child.
    pub umask: Option<u32>,
    /// User id the child drops to.
    pub uid: Option<u32>,
    /// Order within the group.
    pub priority: i64,
    /// Started when its group is added.
    pub autostart: bool,
    /// Started again when it ends by itself.
    pub autorestart: Autorestart,
    /// Seconds it has to stay up to be RUNNING; below zero counts as zero.
    pub startsecs: i64,
    /// Failed starts before FATAL, beyond the first.
    pub startretries: i64,
    /// Exit statuses that are expected.
    pub exitcodes: Box<[i32]>,
    /// Signal that asks it to stop.
    pub stopsignal: Signal,
    /// Seconds from the stop signal to SIGKILL.
    pub stopwaitsecs: i64,
    /// The stop signal goes to the whole process group.
    pub stopasgroup: bool,
    /// SIGKILL goes to the whole process group.
    pub killasgroup: bool,
    /// stderr goes where stdout goes.
    pub redirect_stderr: bool,
    /// What becomes of its stdout.
    pub stdout: ChannelConfig,
    /// What becomes of its stderr.
    pub stderr: ChannelConfig,
    /// `[supervisord] environment` and the program's own, merged; in file order, each key once.
    pub environment: Arc<[(Box<str>, Box<str>)]>,
    /// `SUPERVISOR_SERVER_URL` of the child, when the program names its own.
    pub serverurl: Option<Box<str>>,
    /// The shared socket that is its fd 0, for a FastCGI program.
    pub socket: Option<Arc<SocketConfig>>,
}

impl ProcessConfig {
    /// The configuration of one output channel.
    pub fn channel(&self, channel: Channel) -> &ChannelConfig {
        match channel {
            Channel::Stdout => &self.stdout,
            Channel::Stderr => &self.stderr,
        }
    }
}

/// What to do when a RUNNING process ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Autorestart {
    /// Nothing.
    Never,
    /// Start it again unless its status is one of `exitcodes`.
    Unexpected,
    /// Start it again.
    Always,
}

/// What becomes of one output channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelConfig {
    /// The log file.
    pub logfile: LogFile,
    /// Size in bytes at which the log file rotates; 0 or less: never.
    pub maxbytes: i64,
    /// Rotated files that are kept.
    pub backups: i64,
    /// Bound of capture mode in bytes; 0 or less: no capture mode.
    pub capture_maxbytes: i64,
    /// PROCESS_LOG events are sent.
    pub events_enabled: bool,
    /// Output also goes to syslog.
    pub syslog: bool,
}

/// Where a channel is logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogFile {
    /// Nowhere.
    None,
    /// A file in `childlogdir` whose name supervisord chooses.
    Auto,
    /// This file.
    Path(Box<str>),
}

/// The socket of an `[fcgi-program:x]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketConfig {
    /// As in the file, normalised: `unix:///path` or `tcp://host:port`.
    pub url: Box<str>,
    /// Where to bind.
    pub address: SocketAddress,
    /// `listen(2)` backlog; `None`: as much as the kernel gives.
    pub backlog: Option<u32>,
}

/// Where a FastCGI socket is bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketAddress {
    /// A path, with who may reach it.
    Unix {
        /// Absolute path.
        path: Box<str>,
        /// User and group id, when they are to be changed.
        owner: Option<SocketOwner>,
        /// File mode.
        mode: u32,
    },
    /// Host name or address, and port.
    Tcp {
        /// Host name or address.
        host: Box<str>,
        /// Port, 1..=65535.
        port: u16,
    },
}

/// Owner of a socket file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketOwner {
    /// User id.
    pub uid: u32,
    /// Group id; `None`: unchanged.
    pub gid: Option<u32>,
}

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
}

/// What an `[eventlistener:x]` adds to its processes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventListenerPoolConfig {
    /// Events held back at most; 1 or more.
    pub buffer_size: usize,
    /// What it subscribes to; sorted, each once.
    pub events: Vec<EventType>,
    /// `module:attribute` as in the file.
    pub result_handler: Box<str>,
    /// What becomes of events that find no room.
    pub overflow: Overflow,
    /// What becomes of a listener that breaks the protocol.
    pub on_protocol_error: OnProtocolError,
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
