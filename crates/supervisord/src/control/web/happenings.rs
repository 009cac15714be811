//! Events as people read them: a time, a symbol, a sentence (reference/web.md §7.3). They are read from the ring of the
//! core, as the stream of `/api/v1/events` is.

use std::time::Duration;

use supervisor_core::{EventType, ExitStatus, StreamEvent, make_namespec};

use super::words::{self, Now, Shown};
use crate::boundary::requests::ReadEvents;
use crate::control::context::Context;
use crate::control::limits;

/// What has happened, as far as it is kept.
#[derive(Debug, Default)]
pub(super) struct History {
    /// Oldest first.
    pub(super) events: Vec<StreamEvent>,
    /// How many came before, since supervisord was started, and are not kept any more.
    pub(super) lost: u64,
}

/// An event in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Happening {
    /// Since the Unix epoch.
    pub(super) at: Duration,
    /// The symbol of a state.
    pub(super) shown: Option<Shown>,
    /// Another symbol.
    pub(super) icon: &'static str,
    /// Whom it is about; may be empty.
    pub(super) name: String,
    pub(super) text: String,
    /// What it said, as it was said.
    pub(super) said: String,
    /// What goes into `events=`.
    pub(super) code: String,
    pub(super) kind: Kind,
}

/// What events are chosen by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    States,
    Messages,
    Ticks,
    Other,
}

/// All that is kept; `None`: supervision has ended.
pub(super) async fn read(context: &Context) -> Option<History> {
    let mut history = History::default();
    let mut after = 0;
    for _ in 0..limits::HISTORY_READS {
        let batch = context.sender.call(ReadEvents { after: Some(after) }).await.ok()?;
        history.lost += batch.lost.map_or(0, |(first, last)| last - first + 1);
        history.events.extend(batch.events);
        after = batch.position;
        if after >= batch.newest {
            break;
        }
    }
    Some(history)
}

impl Happening {
    pub(super) fn of(event: &StreamEvent) -> Self {
        let payload = Payload::of(event);
        let kind = event.event_type;
        let name = match (payload.get("groupname"), payload.get("processname")) {
            (Some(group), Some(process)) => make_namespec(group, process),
            (Some(group), None) => group.to_owned(),
            (None, _) => String::new(),
        };
        let (shown, icon, text) = describe(event, &payload);
        Self {
            at: event.time,
            shown,
            icon,
            name,
            text,
            said: first_line(payload.said),
            code: kind.name().to_owned(),
            kind: Kind::of(kind),
        }
    }

    /// With tenths of a second.
    pub(super) fn clock(&self, now: &Now) -> String {
        now.local(self.at).strftime("%H:%M:%S%.1f").to_string()
    }

    pub(super) fn day(&self, now: &Now) -> String {
        let (then, today) = (now.local(self.at).date(), now.local(now.wall).date());
        let date = then.strftime("%Y-%m-%d");
        if then == today {
            format!("Today, {date}")
        } else if today.yesterday().is_ok_and(|yesterday| yesterday == then) {
            format!("Yesterday, {date}")
        } else {
            date.to_string()
        }
    }
}

impl Kind {
    fn of(kind: EventType) -> Self {
        if kind.is_a(EventType::ProcessState) {
            Self::States
        } else if kind.is_a(EventType::Tick) {
            Self::Ticks
        } else if [EventType::ProcessCommunication, EventType::ProcessLog, EventType::RemoteCommunication]
            .into_iter()
            .any(|family| kind.is_a(family))
        {
            Self::Messages
        } else {
            Self::Other
        }
    }
}

/// Keys and values of the first line, and what follows it (contract/events.md §2).
struct Payload<'e> {
    tokens: Vec<(&'e str, &'e str)>,
    said: &'e str,
}

impl<'e> Payload<'e> {
    fn of(event: &'e StreamEvent) -> Self {
        let (head, said) = event.payload.split_once('\n').unwrap_or((&event.payload, ""));
        if event.event_type == EventType::RemoteCommunication {
            // The type is any text.
            return Self { tokens: vec![("type", head.strip_prefix("type:").unwrap_or(head))], said };
        }
        Self { tokens: head.split(' ').filter_map(|token| token.split_once(':')).collect(), said }
    }

    fn get(&self, wanted: &str) -> Option<&'e str> {
        self.tokens.iter().find(|(key, _)| *key == wanted).map(|(_, value)| *value)
    }

    fn text(&self, wanted: &str) -> &'e str {
        self.get(wanted).unwrap_or("?")
    }
}

fn describe(event: &StreamEvent, payload: &Payload<'_>) -> (Option<Shown>, &'static str, String) {
    let state = |shown, text: String| (Some(shown), "", text);
    let expected = payload.get("expected") == Some("1");
    match event.event_type {
        EventType::ProcessStateStarting => state(Shown::Starting, "starting".to_owned()),
        EventType::ProcessStateRunning => state(Shown::Running, format!("running, pid {}", payload.text("pid"))),
        EventType::ProcessStateBackoff => {
            state(Shown::Backoff, format!("failed to start, attempt {}", payload.text("tries")))
        }
        EventType::ProcessStateFatal => state(Shown::Fatal, "given up".to_owned()),
        EventType::ProcessStateStopping => state(Shown::Stopping, "asked to end".to_owned()),
        EventType::ProcessStateStopped => {
            let how = event.ended.map(|status| format!(", {}", end_of(status))).unwrap_or_default();
            state(Shown::Stopped, format!("stopped{how}"))
        }
        EventType::ProcessStateExited => {
            let how = event.ended.map_or_else(|| "ended".to_owned(), end_of);
            let (shown, word) =
                if expected { (Shown::Exited, "expected") } else { (Shown::Unexpected, "not expected") };
            state(shown, format!("{how}, {word}"))
        }
        EventType::ProcessStateUnknown => state(Shown::Unknown, "could not be signalled".to_owned()),
        EventType::ProcessLogStdout | EventType::ProcessCommunicationStdout => {
            (None, "log", "said on stdout".to_owned())
        }
        EventType::ProcessLogStderr | EventType::ProcessCommunicationStderr => {
            (None, "log", "said on stderr".to_owned())
        }
        EventType::RemoteCommunication => (None, "log", format!("A client said, as {}", payload.text("type"))),
        EventType::SupervisorStateChangeRunning => (None, "host", "supervisord runs".to_owned()),
        EventType::SupervisorStateChangeStopping => (None, "host", "supervisord stops".to_owned()),
        EventType::Tick5 => (None, "clock", "5 seconds have begun".to_owned()),
        EventType::Tick60 => (None, "clock", "A minute has begun".to_owned()),
        EventType::Tick3600 => (None, "clock", "An hour has begun".to_owned()),
        EventType::ProcessGroupAdded => (None, "list", "added as a group".to_owned()),
        EventType::ProcessGroupRemoved => (None, "list", "removed as a group".to_owned()),
        EventType::Own(_) => (None, "log", "An extension said".to_owned()),
        EventType::Event
        | EventType::ExtendedEvent
        | EventType::ProcessEnd
        | EventType::ProcessRestart
        | EventType::ProcessRestartPlanned
        | EventType::ProcessRestartLimit
        | EventType::ProcessState
        | EventType::ProcessCommunication
        | EventType::ProcessLog
        | EventType::SupervisorStateChange
        | EventType::Tick
        | EventType::ProcessGroup => (None, "log", "happened".to_owned()),
    }
}

fn end_of(status: ExitStatus) -> String {
    match status {
        ExitStatus::Exited(code) => format!("exited with status {code}"),
        ExitStatus::Signaled { signal, .. } => format!("killed by {}", words::signal_text(signal)),
    }
}

/// The first line that is not blank, cut.
fn first_line(text: &str) -> String {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let plain = super::log_text::lines(line.as_bytes()).first().map(super::log_text::Line::plain).unwrap_or_default();
    plain.chars().take(limits::LAST_LINE_CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn happening(event_type: EventType, payload: &str, ended: Option<ExitStatus>) -> Happening {
        let time = Duration::from_millis(1_795_335_467_489);
        Happening::of(&StreamEvent { serial: 7, time, event_type, payload: payload.into(), omitted_bytes: 0, ended })
    }

    #[test]
    fn events_are_sentences() {
        let killed = Some(ExitStatus::Signaled { signal: 9, core_dumped: false });
        for (event_type, payload, ended, name, text, said) in [
            (
                EventType::ProcessStateExited,
                "processname:cat groupname:web from_state:RUNNING expected:0 pid:7",
                killed,
                "web:cat",
                "killed by SIGKILL, not expected",
                "",
            ),
            (
                EventType::ProcessStateRunning,
                "processname:cat groupname:cat from_state:STARTING pid:7",
                None,
                "cat",
                "running, pid 7",
                "",
            ),
            (
                EventType::ProcessCommunicationStdout,
                "processname:cat groupname:web pid:7\n\n<b>\x1b[31mdisk\nx",
                None,
                "web:cat",
                "said on stdout",
                "<b>disk",
            ),
            (EventType::RemoteCommunication, "type:a b\nhello", None, "", "A client said, as a b", "hello"),
            (EventType::ProcessGroupAdded, "groupname:web\n", None, "web", "added as a group", ""),
            (EventType::Tick60, "when:1", None, "", "A minute has begun", ""),
        ] {
            let happening = happening(event_type, payload, ended);
            assert_eq!((happening.name.as_str(), happening.text.as_str(), happening.said.as_str()), (name, text, said));
            assert_eq!(happening.code, event_type.name());
        }
    }

    #[test]
    fn times_have_tenths_and_days_names() {
        let now = Now { wall: Duration::from_secs(1_795_335_467), zone: TimeZone::UTC };
        let tick = happening(EventType::Tick5, "when:1", None);
        assert_eq!((tick.clock(&now), tick.day(&now)), ("08:17:47.4".to_owned(), "Today, 2026-11-22".to_owned()));
        let later = Now { wall: now.wall + Duration::from_hours(20), ..now };
        assert_eq!(tick.day(&later), "Yesterday, 2026-11-22");
    }
}
