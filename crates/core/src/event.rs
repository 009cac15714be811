//! Event types, their hierarchy as data, and their payloads (contract/events.md §1, §2).

use std::fmt;

use crate::channel::Channel;
use crate::exit_status::ExitStatus;
use crate::extended_event::ExtendedEvent;
use crate::limits;
use crate::process_id::Pid;
use crate::process_state::ProcessState;
use crate::undecodable::text_of;

/// Every type that `events=` accepts, abstract ones included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are the contract's, one table names them all")]
pub enum EventType {
    Event,
    ProcessState,
    ProcessStateStopped,
    ProcessStateExited,
    ProcessStateStarting,
    ProcessStateStopping,
    ProcessStateBackoff,
    ProcessStateFatal,
    ProcessStateRunning,
    ProcessStateUnknown,
    ProcessCommunication,
    ProcessCommunicationStdout,
    ProcessCommunicationStderr,
    ProcessLog,
    ProcessLogStdout,
    ProcessLogStderr,
    RemoteCommunication,
    SupervisorStateChange,
    SupervisorStateChangeRunning,
    SupervisorStateChangeStopping,
    Tick,
    Tick5,
    Tick60,
    Tick3600,
    ProcessGroup,
    ProcessGroupAdded,
    ProcessGroupRemoved,
    ExtendedEvent,
    ProcessEnd,
    ProcessRestart,
    ProcessRestartPlanned,
    ProcessRestartLimit,
    /// A type of an extension's own.
    Own(OwnEventType),
}

impl EventType {
    /// Every type of Supervisor's, with its name.
    const TABLE: [(Self, &'static str); 32] = [
        (Self::Event, "EVENT"),
        (Self::ProcessState, "PROCESS_STATE"),
        (Self::ProcessStateStopped, "PROCESS_STATE_STOPPED"),
        (Self::ProcessStateExited, "PROCESS_STATE_EXITED"),
        (Self::ProcessStateStarting, "PROCESS_STATE_STARTING"),
        (Self::ProcessStateStopping, "PROCESS_STATE_STOPPING"),
        (Self::ProcessStateBackoff, "PROCESS_STATE_BACKOFF"),
        (Self::ProcessStateFatal, "PROCESS_STATE_FATAL"),
        (Self::ProcessStateRunning, "PROCESS_STATE_RUNNING"),
        (Self::ProcessStateUnknown, "PROCESS_STATE_UNKNOWN"),
        (Self::ProcessCommunication, "PROCESS_COMMUNICATION"),
        (Self::ProcessCommunicationStdout, "PROCESS_COMMUNICATION_STDOUT"),
        (Self::ProcessCommunicationStderr, "PROCESS_COMMUNICATION_STDERR"),
        (Self::ProcessLog, "PROCESS_LOG"),
        (Self::ProcessLogStdout, "PROCESS_LOG_STDOUT"),
        (Self::ProcessLogStderr, "PROCESS_LOG_STDERR"),
        (Self::RemoteCommunication, "REMOTE_COMMUNICATION"),
        (Self::SupervisorStateChange, "SUPERVISOR_STATE_CHANGE"),
        (Self::SupervisorStateChangeRunning, "SUPERVISOR_STATE_CHANGE_RUNNING"),
        (Self::SupervisorStateChangeStopping, "SUPERVISOR_STATE_CHANGE_STOPPING"),
        (Self::Tick, "TICK"),
        (Self::Tick5, "TICK_5"),
        (Self::Tick60, "TICK_60"),
        (Self::Tick3600, "TICK_3600"),
        (Self::ProcessGroup, "PROCESS_GROUP"),
        (Self::ProcessGroupAdded, "PROCESS_GROUP_ADDED"),
        (Self::ProcessGroupRemoved, "PROCESS_GROUP_REMOVED"),
        (Self::ExtendedEvent, "EXTENDED_EVENT"),
        (Self::ProcessEnd, "PROCESS_END"),
        (Self::ProcessRestart, "PROCESS_RESTART"),
        (Self::ProcessRestartPlanned, "PROCESS_RESTART_PLANNED"),
        (Self::ProcessRestartLimit, "PROCESS_RESTART_LIMIT"),
    ];

    /// Every type of Supervisor's, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::TABLE.iter().map(|(event, _)| *event)
    }

    /// The names of those below `EVENT`, and its own: what may be asked for where those of the second root are not
    /// told.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::TABLE.iter().filter(|(event, _)| event.is_a(Self::Event)).map(|(_, name)| *name)
    }

    /// The type of Supervisor's with this name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::TABLE.iter().find(|(_, known)| known.eq_ignore_ascii_case(name)).map(|(event, _)| *event)
    }

    /// The type with this name: one of Supervisor's, in any case, or one that an extension may have.
    pub fn from_any_name(name: &str) -> Option<Self> {
        Self::from_name(name).or_else(|| OwnEventType::new(name).map(Self::Own))
    }

    /// The name in `events=` and in the header, upper case.
    pub fn name(&self) -> &str {
        match self {
            Self::Own(own) => own.as_str(),
            known => Self::TABLE.iter().find(|(event, _)| event == known).map_or("", |(_, name)| *name),
        }
    }

    /// Whether a subscription to `other` receives this type: the same type or one above it.
    pub fn is_a(self, other: Self) -> bool {
        self == other || self.above().is_some_and(|above| above.is_a(other))
    }

    fn above(self) -> Option<Self> {
        match self {
            Self::Event | Self::ExtendedEvent => None,
            Self::ProcessState
            | Self::ProcessCommunication
            | Self::ProcessLog
            | Self::RemoteCommunication
            | Self::SupervisorStateChange
            | Self::Tick
            | Self::ProcessGroup
            | Self::Own(_) => Some(Self::Event),
            Self::ProcessStateStopped
            | Self::ProcessStateExited
            | Self::ProcessStateStarting
            | Self::ProcessStateStopping
            | Self::ProcessStateBackoff
            | Self::ProcessStateFatal
            | Self::ProcessStateRunning
            | Self::ProcessStateUnknown => Some(Self::ProcessState),
            Self::ProcessCommunicationStdout | Self::ProcessCommunicationStderr => Some(Self::ProcessCommunication),
            Self::ProcessLogStdout | Self::ProcessLogStderr => Some(Self::ProcessLog),
            Self::SupervisorStateChangeRunning | Self::SupervisorStateChangeStopping => {
                Some(Self::SupervisorStateChange)
            }
            Self::Tick5 | Self::Tick60 | Self::Tick3600 => Some(Self::Tick),
            Self::ProcessGroupAdded | Self::ProcessGroupRemoved => Some(Self::ProcessGroup),
            Self::ProcessEnd | Self::ProcessRestart => Some(Self::ExtendedEvent),
            Self::ProcessRestartPlanned | Self::ProcessRestartLimit => Some(Self::ProcessRestart),
        }
    }
}

/// The name of an event type of an extension's own: `[A-Z][A-Z0-9_]*`, and none of Supervisor's. Held in place, so that
/// types are cheap to copy, and nothing of an extension's is left when it has gone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OwnEventType {
    /// Filled up with zeros.
    bytes: [u8; limits::EVENT_NAME_BYTES],
    length: u8,
}

impl OwnEventType {
    /// `None`: it cannot be one.
    pub fn new(name: &str) -> Option<Self> {
        let is_word = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        let begins_well = name.starts_with(|first: char| first.is_ascii_uppercase());
        if !begins_well || !name.bytes().all(is_word) || EventType::from_name(name).is_some() {
            return None;
        }
        let mut bytes = [0; limits::EVENT_NAME_BYTES];
        bytes.get_mut(..name.len())?.copy_from_slice(name.as_bytes());
        Some(Self { bytes, length: u8::try_from(name.len()).ok()? })
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        let name = self.bytes.get(..self.length.into()).unwrap_or_default();
        str::from_utf8(name).unwrap_or_default()
    }
}

impl fmt::Debug for OwnEventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something that happened, with the values it had then. Borrows from the core for the length of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A process changed its state.
    ProcessState {
        /// Process name.
        process: &'a str,
        /// Group name.
        group: &'a str,
        /// The state it is in now.
        to: ProcessState,
        /// The state it came from.
        from: ProcessState,
        /// What else the payload says.
        detail: StateDetail,
        /// The end of its life that led to it, which the payload does not tell.
        ended: Option<ExitStatus>,
    },
    /// A process wrote to its log.
    ProcessLog {
        /// Process name.
        process: &'a str,
        /// Group name.
        group: &'a str,
        /// Its pid.
        pid: Option<Pid>,
        /// The channel.
        channel: Channel,
        /// What it wrote.
        data: &'a [u8],
    },
    /// A process sent a message in capture mode.
    ProcessCommunication {
        /// Process name.
        process: &'a str,
        /// Group name.
        group: &'a str,
        /// Its pid.
        pid: Option<Pid>,
        /// The channel.
        channel: Channel,
        /// The message.
        data: &'a [u8],
    },
    /// A client sent a message.
    RemoteCommunication {
        /// Its type.
        kind: &'a str,
        /// Its data.
        data: &'a str,
    },
    /// supervisord works, or begins to stop.
    SupervisorStateChange {
        /// RUNNING, else STOPPING.
        running: bool,
    },
    /// A slice of time has begun.
    Tick {
        /// 5, 60 or 3600 seconds.
        period: u32,
        /// The slice's first second since the epoch.
        when: i64,
    },
    /// A group was added or removed.
    ProcessGroup {
        /// Group name.
        group: &'a str,
        /// Added, else removed.
        added: bool,
    },
    /// What Supervisor has no event for.
    Extended {
        /// Process name.
        process: &'a str,
        /// Group name.
        group: &'a str,
        /// What it is.
        what: ExtendedEvent,
    },
    /// An extension sent an event of its own.
    Own {
        /// Its type.
        name: OwnEventType,
        /// Its payload, whole.
        payload: &'a str,
    },
}

/// The keys that a PROCESS_STATE payload has beyond names and `from_state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateDetail {
    /// FATAL, UNKNOWN
    None,
    /// STARTING, BACKOFF: failed starts so far.
    Tries(u64),
    /// RUNNING, STOPPING, STOPPED; 0 when there is none.
    Pid(i32),
    /// EXITED
    Exit {
        /// The exit status is one of `exitcodes`, or the signal one of `exitsignals`.
        expected: bool,
        /// The pid it had.
        pid: i32,
    },
}

impl Event<'_> {
    /// The end of a life that led to it.
    pub(crate) fn ended(&self) -> Option<ExitStatus> {
        match self {
            Self::ProcessState { ended, .. } => *ended,
            Self::ProcessLog { .. }
            | Self::ProcessCommunication { .. }
            | Self::RemoteCommunication { .. }
            | Self::SupervisorStateChange { .. }
            | Self::Tick { .. }
            | Self::ProcessGroup { .. }
            | Self::Extended { .. }
            | Self::Own { .. } => None,
        }
    }

    /// The payload, of output only the beginning that has at most so many bytes; and how many more there were. A flood
    /// of output that nobody subscribes to costs what is kept of it.
    pub(crate) fn beginning_of_payload(&self, limit: usize) -> (String, usize) {
        let Self::ProcessLog { process, group, pid, channel, data } = *self else { return (self.payload(), 0) };
        let Some((kept, omitted)) = data.split_at_checked(limit) else { return (self.payload(), 0) };
        // A character may end behind the limit.
        let whole = match str::from_utf8(kept) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Ok(_) | Err(_) => kept.len(),
        };
        let beginning = Self::ProcessLog { process, group, pid, channel, data: &kept[..whole] };
        (beginning.payload(), omitted.len() + kept.len() - whole)
    }

    /// The payload, exactly as listeners read it (contract/events.md §2).
    pub fn payload(&self) -> String {
        let pid_of = |pid: &Option<Pid>| pid.map_or(0, Pid::get);
        match self {
            Self::ProcessState { process, group, from, detail, .. } => {
                let head = format!("processname:{process} groupname:{group} from_state:{}", from.name());
                match detail {
                    StateDetail::None => head,
                    StateDetail::Tries(tries) => format!("{head} tries:{tries}"),
                    StateDetail::Pid(pid) => format!("{head} pid:{pid}"),
                    StateDetail::Exit { expected, pid } => {
                        format!("{head} expected:{} pid:{pid}", i32::from(*expected))
                    }
                }
            }
            Self::ProcessLog { process, group, pid, channel, data } => format!(
                "processname:{process} groupname:{group} pid:{} channel:{}\n{}",
                pid_of(pid),
                channel.name(),
                text_of(data)
            ),
            Self::ProcessCommunication { process, group, pid, data, .. } => {
                format!("processname:{process} groupname:{group} pid:{}\n{}", pid_of(pid), text_of(data))
            }
            Self::RemoteCommunication { kind, data } => format!("type:{kind}\n{data}"),
            Self::SupervisorStateChange { .. } => String::new(),
            Self::Tick { when, .. } => format!("when:{when}"),
            Self::ProcessGroup { group, .. } => format!("groupname:{group}\n"),
            Self::Extended { process, group, what } => {
                format!("processname:{process} groupname:{group} {}", what.tokens())
            }
            Self::Own { payload, .. } => (*payload).to_owned(),
        }
    }

    /// The concrete type, as the header names it.
    pub fn event_type(&self) -> EventType {
        match self {
            Self::ProcessState { to, .. } => match to {
                ProcessState::Stopped => EventType::ProcessStateStopped,
                ProcessState::Starting => EventType::ProcessStateStarting,
                ProcessState::Running => EventType::ProcessStateRunning,
                ProcessState::Backoff => EventType::ProcessStateBackoff,
                ProcessState::Stopping => EventType::ProcessStateStopping,
                ProcessState::Exited => EventType::ProcessStateExited,
                ProcessState::Fatal => EventType::ProcessStateFatal,
                ProcessState::Unknown => EventType::ProcessStateUnknown,
            },
            Self::ProcessLog { channel: Channel::Stdout, .. } => EventType::ProcessLogStdout,
            Self::ProcessLog { channel: Channel::Stderr, .. } => EventType::ProcessLogStderr,
            Self::ProcessCommunication { channel: Channel::Stdout, .. } => EventType::ProcessCommunicationStdout,
            Self::ProcessCommunication { channel: Channel::Stderr, .. } => EventType::ProcessCommunicationStderr,
            Self::RemoteCommunication { .. } => EventType::RemoteCommunication,
            Self::SupervisorStateChange { running: true } => EventType::SupervisorStateChangeRunning,
            Self::SupervisorStateChange { running: false } => EventType::SupervisorStateChangeStopping,
            Self::Tick { period: 5, .. } => EventType::Tick5,
            Self::Tick { period: 60, .. } => EventType::Tick60,
            Self::Tick { .. } => EventType::Tick3600,
            Self::ProcessGroup { added: true, .. } => EventType::ProcessGroupAdded,
            Self::ProcessGroup { added: false, .. } => EventType::ProcessGroupRemoved,
            Self::Extended { what: ExtendedEvent::End(_), .. } => EventType::ProcessEnd,
            Self::Extended { what: ExtendedEvent::RestartPlanned { .. }, .. } => EventType::ProcessRestartPlanned,
            Self::Extended { what: ExtendedEvent::RestartLimit(_), .. } => EventType::ProcessRestartLimit,
            Self::Own { name, .. } => EventType::Own(*name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Channel, Event, EventType, OwnEventType};
    use crate::limits;

    #[test]
    fn the_beginning_of_output_ends_with_a_character_and_says_what_is_left_out() {
        let beginning = |data: &[u8], limit| {
            let event = Event::ProcessLog { process: "p", group: "g", pid: None, channel: Channel::Stdout, data };
            event.beginning_of_payload(limit)
        };
        let head = "processname:p groupname:g pid:0 channel:stdout\n";
        for (data, limit, expected, omitted) in [
            (&b"0123456789"[..], 10, "0123456789", 0),
            (b"0123456789", 9, "012345678", 1),
            ("aé€".as_bytes(), 2, "a", 5),
            ("aé€".as_bytes(), 3, "aé", 3),
            (b"ab\xffcd", 4, "Undecodable: b'ab\\xffc'", 1),
        ] {
            assert_eq!(beginning(data, limit), (format!("{head}{expected}"), omitted), "{data:?} {limit}");
        }
    }

    #[test]
    fn every_type_has_a_name_by_which_it_is_found() {
        for (event, name) in EventType::TABLE {
            assert_eq!(EventType::from_name(&name.to_lowercase()), Some(event));
            assert_eq!(event.name(), name);
            let roots = [EventType::Event, EventType::ExtendedEvent];
            assert!(roots.into_iter().filter(|root| event.is_a(*root)).count() == 1 && event.is_a(event));
        }
        assert!(EventType::Tick5.is_a(EventType::Tick));
        assert!(!EventType::Tick.is_a(EventType::Tick5));
        assert_eq!(EventType::from_name(""), None);
    }

    #[test]
    fn types_of_extensions_are_names_that_are_none_of_supervisors() {
        let own = OwnEventType::new("QUEUE_DEPTH2").unwrap();
        assert_eq!(own.as_str(), "QUEUE_DEPTH2");
        let event = EventType::Own(own);
        assert_eq!((EventType::from_any_name("QUEUE_DEPTH2"), event.name()), (Some(event), "QUEUE_DEPTH2"));
        assert!(event.is_a(EventType::Event) && event.is_a(event) && !event.is_a(EventType::Tick));
        assert!(OwnEventType::new(&"X".repeat(limits::EVENT_NAME_BYTES)).is_some());
        let long = "X".repeat(limits::EVENT_NAME_BYTES + 1);
        for name in ["", "queue", "2X", "_X", "X-Y", "TICK_5", "EVENT", "É", &long] {
            assert_eq!(OwnEventType::new(name), None, "{name}");
        }
        assert_eq!(EventType::from_any_name("tick_5"), Some(EventType::Tick5));
    }
}
