//! What a supervisor decides.
//!
//! A synchronous state machine: [`Supervisor::handle`] takes the time, one [`Input`] and the [`Host`] to act
//! through, and draws all consequences of that input. It does no I/O, reads no clock, knows no file
//! descriptor, no HTTP and no configuration file, and has no dependencies; so every rule with a time in it is
//! a unit test on a virtual clock.
//!
//! Invariants, held after each `handle`:
//! - a process has a pid exactly in STARTING, RUNNING and STOPPING (and keeps it in UNKNOWN);
//! - every request is answered exactly once;
//! - with nothing to wait for, [`Supervisor::next_deadline`] is `None`: an idle supervisor asks for no wake-up;
//! - a shutdown ends;
//! - what was published of processes ([`Publication`]) is what a client would be told.
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate self as supervisor_core;

/// Configurations for tests in here, which are those of `tests/`.
#[cfg(test)]
#[path = "../tests/sim/config.rs"]
#[expect(dead_code, reason = "the tests in here need few of them")]
mod test_config;

mod channel;
mod clock;
mod command;
mod command_handler;
mod consequence;
mod deferred;
mod ending;
mod essential;
mod event;
mod event_backpressure;
mod event_buffer;
mod event_dispatch;
mod event_drop_report;
mod event_intake;
mod event_journal;
mod event_listener_pool;
mod event_pool_reports;
mod event_ring;
mod event_spill;
mod exit_status;
mod extended_event;
mod fault;
mod fcgi_sockets;
mod goal;
mod group_config;
mod handover;
mod host;
mod input;
mod input_handler;
mod last_exit;
mod life_record;
mod lifecycle;
pub mod limits;
mod listener_protocol;
mod listener_remark;
mod log_level;
mod membership;
mod namespec;
mod operation;
mod output;
mod output_dispatcher;
mod percent;
mod planner;
mod process;
mod process_config;
mod process_group;
mod process_id;
mod process_state;
mod publication;
mod pursuit;
pub mod raw_text;
mod reload;
mod reply;
mod restart_policy;
mod restart_window;
mod shutdown;
mod shutdown_progress;
mod signal;
mod stagger;
mod start_queue;
mod supervisor;
mod tally;
mod tick;
mod tick_events;
mod timers;
mod undecodable;
mod waiting_events;

pub use channel::Channel;
pub use clock::Now;
pub use command::Command;
pub use ending::{EndingConfig, ExitWhen};
pub use event::{Event, EventType, OwnEventType, StateDetail};
pub use event_buffer::{JournalKey, PoolEvent};
pub use event_journal::{JournalBacklog, JournalError, JournalFate, JournalRead};
pub use event_ring::{EventBatch, EventRing, RingStatistics, StreamEvent};
pub use exit_status::ExitStatus;
pub use extended_event::ExtendedEvent;
pub use fault::{Fault, FaultCode};
pub use goal::{DownCause, Gate, Goal, PendingStart, PutOff, PutOffReason, Turn, UpCause};
pub use group_config::{
    EventListenerPoolConfig, GroupConfig, GroupKind, OnProtocolError, Overflow, ResultHandler, Verdict,
};
pub use handover::{Handover, ProcessHandover};
pub use host::{BadCommand, Host, KillError, KillTarget, SpawnError, StdinError};
pub use input::{DaemonSignal, Input, SignalRewrite};
pub use last_exit::LastExit;
pub use life_record::{EndReason, LifeRecord};
pub use log_level::LogLevel;
pub use namespec::{Namespec, find_process, make_namespec};
pub use percent::Percent;
pub use process_config::{
    Aftermath, AttributesConfig, Autorestart, BackoffConfig, BackoffShape, Capabilities, ChannelConfig, CpuRange,
    Credential, EnvironmentConfig, EnvironmentFile, EnvironmentSources, EssentialConfig, ExtensionConfig,
    ExtensionKind, IdentityConfig, IoPriority, Limit, LogConfig, LogFile, PASSED_BY_DEFAULT, ProcessConfig, Resource,
    ResourceLimit, RestartConfig, RestartLimit, RestartPause, Scheduler, SecretVariable, SocketAddress, SocketConfig,
    SocketOwner, StartConfig, StopConfig,
};
pub use process_id::{Life, Pid, ProcessId, RequestId};
pub use process_state::{ProcessState, SupervisorState};
pub use publication::Publication;
pub use reply::{
    ConfigInfo, EventStatistics, LogPaths, PoolStatistics, ProcessDetails, ProcessInfo, ProcessResult, ReloadDiff,
    Reply,
};
pub use signal::{Signal, signal_name};
pub use supervisor::{Settings, Supervisor};
pub use tally::Tally;
pub use timers::Timer;
