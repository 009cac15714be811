//! Events as the lines of a `text/event-stream` (WHATWG HTML, «Server-sent events»).
//!
//! Each frame is `id`, `event` and `data`, where `data` is an object on one line, and ends with an empty line. The id
//! is the serial from which a client goes on that comes again. Pure functions to text; what a payload says is written
//! as members of their own types.

use std::fmt::{Display, Write as _};

use supervisor_core::{EventType, StreamEvent};
use supervisor_protocol::json::{self, Object};

use super::processes::push_status;
use super::time::time_text;

/// The name of the frame that tells of events which this client does not get.
pub(super) const LOST: &str = "lost";

/// Appends an event.
pub(super) fn push_event(out: &mut String, event: &StreamEvent) {
    push_frame(out, event.serial, event.event_type.name(), |object| event_members(object, event));
}

/// An event as data.
pub(super) fn event_members(object: &mut Object<'_>, event: &StreamEvent) {
    object.number("serial", event.serial);
    object.string("time", &time_text(event.time));
    object.string("event", event.event_type.name());
    push_payload(object, event);
    if let Some(status) = event.ended {
        object.object("exit", |object| push_status(object, status));
    }
    if event.omitted_bytes > 0 {
        object.number("omitted_bytes", event.omitted_bytes);
    }
}

/// Appends that the events from the first to the last serial have happened and cannot be told any more.
pub(super) fn push_lost(out: &mut String, first: u64, last: u64) {
    push_frame(out, last, LOST, |object| lost_members(object, first, last));
}

/// See [`push_lost`].
pub(super) fn lost_members(object: &mut Object<'_>, first: u64, last: u64) {
    object.string("event", LOST);
    object.boolean("restarted", false);
    object.number("from", first);
    object.number("to", last);
    object.number("count", last - first + 1);
}

/// Appends that supervisord was started anew after this serial, so that nobody knows what else has happened meanwhile.
pub(super) fn push_restarted(out: &mut String, after: u64) {
    push_frame(out, 0, LOST, |object| restarted_members(object, after));
}

/// See [`push_restarted`].
pub(super) fn restarted_members(object: &mut Object<'_>, after: u64) {
    object.string("event", LOST);
    object.boolean("restarted", true);
    object.number("from", after.saturating_add(1));
    object.null("to");
    object.null("count");
}

/// Appends a comment with the place that the client has come to: no event, but a sign of life, and nothing that was
/// filtered out is asked for again.
pub(super) fn push_position(out: &mut String, comment: &str, position: impl Display) {
    write!(out, ": {comment}\nid: {position}\n\n").expect("a String takes all");
}

/// Appends a frame.
pub(super) fn push_frame(out: &mut String, id: impl Display, name: &str, write: impl FnOnce(&mut Object<'_>)) {
    write!(out, "id: {id}\nevent: {name}\ndata: ").expect("a String takes all");
    json::object(out, write);
    out.push_str("\n\n");
}

/// What the payload says (contract/events.md §2): its keys as members, its body as `data`.
fn push_payload(object: &mut Object<'_>, event: &StreamEvent) {
    let payload = &*event.payload;
    let kind = event.event_type;
    if kind == EventType::RemoteCommunication {
        // The type is any text.
        let (kind, data) = payload.split_once('\n').unwrap_or((payload, ""));
        object.string("type", kind.strip_prefix("type:").unwrap_or(kind));
        object.string("data", data);
        return;
    }
    let has_body = kind.is_a(EventType::ProcessLog) || kind.is_a(EventType::ProcessCommunication);
    let (tokens, body) = payload.split_once('\n').unwrap_or((payload, ""));
    for (key, value) in tokens.split(' ').filter_map(|token| token.split_once(':')) {
        match (key, value.parse::<i64>()) {
            ("pid" | "tries" | "when", Ok(number)) => object.number(key, number),
            ("expected", Ok(number)) => object.boolean(key, number != 0),
            (_, _) => object.string(key, value),
        }
    }
    if has_body {
        object.string("data", body);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use supervisor_core::ExitStatus;

    use super::*;

    fn data(event_type: EventType, payload: &str, omitted_bytes: usize) -> String {
        let time = Duration::from_millis(1_795_335_467_089);
        let mut text = String::new();
        let event = StreamEvent { serial: 7, time, event_type, payload: payload.into(), omitted_bytes, ended: None };
        push_event(&mut text, &event);
        let name = event_type.name();
        let head = format!("id: 7\nevent: {name}\ndata: {{\"serial\": 7, \"time\": \"2026-11-22T08:17:47.089Z\", ");
        let rest = text.strip_prefix(&head).unwrap_or_else(|| panic!("{text}"));
        rest.strip_prefix(&format!("\"event\": \"{name}\"")).unwrap().trim_start_matches(", ").to_owned()
    }

    #[test]
    fn payloads_are_members_of_their_own_types() {
        for (event_type, payload, expected) in [
            (
                EventType::ProcessStateExited,
                "processname:cat groupname:g from_state:RUNNING expected:0 pid:2766",
                r#""processname": "cat", "groupname": "g", "from_state": "RUNNING", "expected": false, "pid": 2766}"#,
            ),
            (
                EventType::ProcessStateBackoff,
                "processname:7 groupname:g from_state:STARTING tries:1",
                r#""processname": "7", "groupname": "g", "from_state": "STARTING", "tries": 1}"#,
            ),
            (
                EventType::ProcessLogStdout,
                "processname:cat groupname:g pid:7 channel:stdout\na b:c\n\x1b[2J\n",
                r#""processname": "cat", "groupname": "g", "pid": 7, "channel": "stdout", "data": "a b:c\n\u001b[2J\n"}"#,
            ),
            (
                EventType::ProcessCommunicationStderr,
                "processname:cat groupname:g pid:7\n",
                r#""processname": "cat", "groupname": "g", "pid": 7, "data": ""}"#,
            ),
            (EventType::RemoteCommunication, "type:a b:c\nd\ne", r#""type": "a b:c", "data": "d\ne"}"#),
            (EventType::Tick5, "when:1700000005", r#""when": 1700000005}"#),
            (EventType::ProcessGroupAdded, "groupname:g\n", r#""groupname": "g"}"#),
            (EventType::SupervisorStateChangeRunning, "", "}"),
        ] {
            assert_eq!(data(event_type, payload, 0), format!("{expected}\n\n"));
        }
        let cut = data(EventType::RemoteCommunication, "type:t\nx", 9);
        assert_eq!(cut, "\"type\": \"t\", \"data\": \"x\", \"omitted_bytes\": 9}\n\n");
    }

    #[test]
    fn the_end_of_a_life_is_told_beside_the_payload() {
        let mut text = String::new();
        let event = StreamEvent {
            serial: 7,
            time: Duration::ZERO,
            event_type: EventType::ProcessStateExited,
            payload: "processname:cat".into(),
            omitted_bytes: 0,
            ended: Some(ExitStatus::Signaled { signal: 9, core_dumped: false }),
        };
        push_event(&mut text, &event);
        assert!(text.ends_with("\"processname\": \"cat\", \"exit\": {\"signal\": \"SIGKILL\"}}\n\n"), "{text}");
    }

    #[test]
    fn what_is_missing_is_told() {
        let mut text = String::new();
        push_lost(&mut text, 3, 7);
        assert_eq!(
            text,
            "id: 7\nevent: lost\n\
             data: {\"event\": \"lost\", \"restarted\": false, \"from\": 3, \"to\": 7, \"count\": 5}\n\n"
        );
        text.clear();
        push_restarted(&mut text, 9);
        assert_eq!(
            text,
            "id: 0\nevent: lost\n\
             data: {\"event\": \"lost\", \"restarted\": true, \"from\": 10, \"to\": null, \"count\": null}\n\n"
        );
    }

    #[test]
    fn a_sign_of_life_is_a_comment_and_a_place() {
        let mut text = String::new();
        push_position(&mut text, "x", 5);
        assert_eq!(text, ": x\nid: 5\n\n");
    }
}
