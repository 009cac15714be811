//! Events as types, read from their names and payloads (contract/events.md §1, §2).

use std::fmt;

use supervisor_core::{Channel, ProcessState};

use crate::tokens::{Tokens, event_data};

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// `PROCESS_STATE_*`: a process changed its state.
    ProcessState {
        /// Process name.
        process: String,
        /// Group name.
        group: String,
        /// The state it came from.
        from: ProcessState,
        /// The state it is in now.
        to: ProcessState,
        /// RUNNING, STOPPING, EXITED, STOPPED: its pid, 0 when it had none.
        pid: Option<u32>,
        /// STARTING, BACKOFF: failed starts so far.
        tries: Option<u64>,
        /// EXITED: the exit status is one of `exitcodes`, or the signal one of `exitsignals`.
        expected: Option<bool>,
    },
    /// `PROCESS_LOG_*`: a process wrote to its log.
    ProcessLog {
        /// Process name.
        process: String,
        /// Group name.
        group: String,
        /// Its pid.
        pid: u32,
        /// The channel.
        channel: Channel,
        /// What it wrote. Bytes that are no UTF-8 come as `Undecodable: b'…'`.
        data: String,
    },
    /// `PROCESS_COMMUNICATION_*`: a process sent a message, see [`crate::send_message`].
    ProcessCommunication {
        /// Process name.
        process: String,
        /// Group name.
        group: String,
        /// Its pid.
        pid: u32,
        /// The channel.
        channel: Channel,
        /// The message.
        data: String,
    },
    /// `REMOTE_COMMUNICATION`: a client called `supervisor.sendRemoteCommEvent`.
    RemoteCommunication {
        /// Its type.
        kind: String,
        /// Its data.
        data: String,
    },
    /// `SUPERVISOR_STATE_CHANGE_*`: supervisord works, or begins to stop.
    SupervisorStateChange {
        /// RUNNING, else STOPPING.
        running: bool,
    },
    /// `TICK_*`: a slice of time has begun.
    Tick {
        /// 5, 60 or 3600 seconds.
        period: u32,
        /// The slice's first second since the epoch.
        when: i64,
    },
    /// `PROCESS_GROUP_*`: a group was added or removed.
    ProcessGroup {
        /// Group name.
        group: String,
        /// Added, else removed.
        added: bool,
    },
    /// An event of an extension.
    Other {
        /// Its type.
        name: String,
        /// Its payload as it is.
        payload: String,
    },
}

/// A payload that is not what its event's type promises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventError {
    name: String,
    key: &'static str,
}

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a payload of {} without a good '{}'", self.name, self.key)
    }
}

impl std::error::Error for EventError {}

impl Event {
    /// Reads an event from its name in the header and its payload.
    ///
    /// # Errors
    /// When a known type lacks a key. A type that is not known is [`Event::Other`].
    pub fn parse(name: &str, payload: &str) -> Result<Self, EventError> {
        let (tokens, data) = event_data(payload);
        let reader = Reader { name, tokens, data };
        if let Some(state) = name.strip_prefix("PROCESS_STATE_") {
            return reader.process_state(state);
        }
        match name {
            "PROCESS_LOG_STDOUT" => reader.process_log(Channel::Stdout),
            "PROCESS_LOG_STDERR" => reader.process_log(Channel::Stderr),
            "PROCESS_COMMUNICATION_STDOUT" => reader.process_communication(Channel::Stdout),
            "PROCESS_COMMUNICATION_STDERR" => reader.process_communication(Channel::Stderr),
            // The type is not escaped: it is all of the first line, whatever stands in it.
            "REMOTE_COMMUNICATION" => {
                let (line, data) = payload.split_once('\n').unwrap_or((payload, ""));
                let kind = line.strip_prefix("type:").ok_or_else(|| reader.lacks("type"))?;
                Ok(Self::RemoteCommunication { kind: kind.to_owned(), data: data.to_owned() })
            }
            "SUPERVISOR_STATE_CHANGE_RUNNING" => Ok(Self::SupervisorStateChange { running: true }),
            "SUPERVISOR_STATE_CHANGE_STOPPING" => Ok(Self::SupervisorStateChange { running: false }),
            "TICK_5" => reader.tick(5),
            "TICK_60" => reader.tick(60),
            "TICK_3600" => reader.tick(3600),
            "PROCESS_GROUP_ADDED" => Ok(Self::ProcessGroup { group: reader.text("groupname")?, added: true }),
            "PROCESS_GROUP_REMOVED" => Ok(Self::ProcessGroup { group: reader.text("groupname")?, added: false }),
            _ => Ok(Self::Other { name: name.to_owned(), payload: payload.to_owned() }),
        }
    }
}

/// A payload that is taken apart.
struct Reader<'a> {
    name: &'a str,
    tokens: Tokens<'a>,
    data: &'a str,
}

impl Reader<'_> {
    fn process_state(&self, to: &str) -> Result<Event, EventError> {
        Ok(Event::ProcessState {
            process: self.text("processname")?,
            group: self.text("groupname")?,
            from: state(self.tokens.get("from_state").unwrap_or_default()).ok_or_else(|| self.lacks("from_state"))?,
            to: state(to).ok_or_else(|| self.lacks("state"))?,
            pid: self.tokens.number("pid"),
            tries: self.tokens.number("tries"),
            expected: self.tokens.get("expected").map(|expected| expected == "1"),
        })
    }

    fn process_log(&self, channel: Channel) -> Result<Event, EventError> {
        let (process, group, pid) = self.source()?;
        Ok(Event::ProcessLog { process, group, pid, channel, data: self.data.to_owned() })
    }

    fn process_communication(&self, channel: Channel) -> Result<Event, EventError> {
        let (process, group, pid) = self.source()?;
        Ok(Event::ProcessCommunication { process, group, pid, channel, data: self.data.to_owned() })
    }

    fn tick(&self, period: u32) -> Result<Event, EventError> {
        let when = self.tokens.number("when").ok_or_else(|| self.lacks("when"))?;
        Ok(Event::Tick { period, when })
    }

    fn source(&self) -> Result<(String, String, u32), EventError> {
        let pid = self.tokens.number("pid").ok_or_else(|| self.lacks("pid"))?;
        Ok((self.text("processname")?, self.text("groupname")?, pid))
    }

    fn text(&self, key: &'static str) -> Result<String, EventError> {
        self.tokens.get(key).map(str::to_owned).ok_or_else(|| self.lacks(key))
    }

    fn lacks(&self, key: &'static str) -> EventError {
        EventError { name: self.name.to_owned(), key }
    }
}

fn state(name: &str) -> Option<ProcessState> {
    ProcessState::ALL.into_iter().find(|state| state.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(name: &str, payload: &str) -> Event {
        Event::parse(name, payload).unwrap()
    }

    #[test]
    fn what_supervisord_writes_is_what_is_read() {
        use supervisor_core::{Event as Raised, Pid, StateDetail};
        let (process, group, pid) = ("cat", "g", Pid::new(7));
        let raised = [
            Raised::ProcessState {
                process,
                group,
                to: ProcessState::Exited,
                from: ProcessState::Running,
                detail: StateDetail::Exit { expected: false, pid: 7 },
                ended: None,
            },
            Raised::ProcessLog { process, group, pid, channel: Channel::Stderr, data: "é\nx:y".as_bytes() },
            Raised::ProcessCommunication { process, group, pid, channel: Channel::Stdout, data: b"hi" },
            Raised::RemoteCommunication { kind: "a: b", data: "c\n" },
            Raised::SupervisorStateChange { running: false },
            Raised::Tick { period: 60, when: 120 },
            Raised::ProcessGroup { group, added: true },
        ];
        let (process, group) = (process.to_owned(), group.to_owned());
        let read = [
            Event::ProcessState {
                process: process.clone(),
                group: group.clone(),
                from: ProcessState::Running,
                to: ProcessState::Exited,
                pid: Some(7),
                tries: None,
                expected: Some(false),
            },
            Event::ProcessLog {
                process: process.clone(),
                group: group.clone(),
                pid: 7,
                channel: Channel::Stderr,
                data: "é\nx:y".to_owned(),
            },
            Event::ProcessCommunication {
                process,
                group: group.clone(),
                pid: 7,
                channel: Channel::Stdout,
                data: "hi".to_owned(),
            },
            Event::RemoteCommunication { kind: "a: b".to_owned(), data: "c\n".to_owned() },
            Event::SupervisorStateChange { running: false },
            Event::Tick { period: 60, when: 120 },
            Event::ProcessGroup { group, added: true },
        ];
        for (raised, read) in raised.iter().zip(read) {
            assert_eq!(parse(raised.event_type().name(), &raised.payload()), read);
        }
    }

    #[test]
    fn events_of_extensions_are_given_on_as_they_are() {
        let event = parse("MY_EVENT", "any\nthing");
        assert_eq!(event, Event::Other { name: "MY_EVENT".to_owned(), payload: "any\nthing".to_owned() });
    }

    #[test]
    fn a_payload_without_its_keys_is_an_error_that_names_one() {
        let error = Event::parse("TICK_5", "then:1").unwrap_err();
        assert_eq!(error.to_string(), "a payload of TICK_5 without a good 'when'");
        assert!(Event::parse("PROCESS_STATE_NEW", "processname:a groupname:a from_state:RUNNING").is_err());
    }
}
