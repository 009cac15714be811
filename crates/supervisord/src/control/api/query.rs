//! What a request for the event stream asks: `?types=…&since=…`, and the header `Last-Event-ID`.
//!
//! Strict, since a misspelt filter that is ignored looks as if nothing had happened.

use hyper::HeaderMap;
use supervisor_config::nearest;
use supervisor_core::{EventType, OwnEventType};

use crate::control::percent::decode;

/// Sent by clients that come again (WHATWG HTML, «Server-sent events»).
pub(super) const LAST_EVENT_ID: &str = "last-event-id";

/// What is wanted of the stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    types: Vec<EventType>,
    /// The serial of the last event that the client knows; `None`: from now on.
    pub(super) after: Option<u64>,
}

impl Wanted {
    /// Reads the query of a request and its headers. The header is the newer word: a client that comes again asks with
    /// the query of the first time. `own` are the event types of extensions.
    ///
    /// # Errors
    /// What is wrong with it, in words for the client.
    pub(super) fn read(query: Option<&str>, headers: &HeaderMap, own: &[OwnEventType]) -> Result<Self, String> {
        let mut wanted = Self::default();
        for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decode(value);
            match &*decode(name) {
                "types" => wanted.add(&read_types(&value, own)?),
                "since" => wanted.after = Some(read_serial("since", &value)?),
                other => return Err(format!("unknown parameter '{other}'; there are types and since")),
            }
        }
        if let Some(id) = headers.get(LAST_EVENT_ID).filter(|id| !id.is_empty()) {
            wanted.after = Some(read_serial("Last-Event-ID", id.to_str().unwrap_or("?"))?);
        }
        Ok(wanted)
    }

    /// Events of the types of a list, as in a query; `own` are those of extensions.
    ///
    /// # Errors
    /// A name that is no type, in words for the client.
    pub(super) fn of_types(list: &str, own: &[OwnEventType]) -> Result<Self, String> {
        let mut wanted = Self::default();
        wanted.add(&read_types(list, own)?);
        Ok(wanted)
    }

    /// Each type once, however often it is named: each event is compared with all of them.
    fn add(&mut self, types: &[EventType]) {
        for wanted in types {
            if !self.types.contains(wanted) {
                self.types.push(*wanted);
            }
        }
    }

    /// Whether an event of this type is wanted.
    pub(super) fn includes(&self, event: EventType) -> bool {
        self.types.is_empty() || self.types.iter().any(|wanted| event.is_a(*wanted))
    }
}

fn read_types(list: &str, own: &[OwnEventType]) -> Result<Vec<EventType>, String> {
    let names = list.split([',', '+', ' ']).filter(|name| !name.is_empty());
    names.map(|name| read_type(name, own).ok_or_else(|| unknown(name, own))).collect()
}

fn read_type(name: &str, own: &[OwnEventType]) -> Option<EventType> {
    let of_extensions = || own.iter().find(|own| own.as_str().eq_ignore_ascii_case(name));
    let of_the_stream = |event: &EventType| event.is_a(EventType::Event);
    EventType::from_name(name).filter(of_the_stream).or_else(|| of_extensions().copied().map(EventType::Own))
}

fn unknown(name: &str, own: &[OwnEventType]) -> String {
    let mut known: Vec<&str> = EventType::names().collect();
    known.extend(own.iter().map(OwnEventType::as_str));
    let hint = match nearest(&name.to_ascii_uppercase(), known.iter().copied()) {
        Some(near) => format!(", did you mean {near}?"),
        None => format!("; there are {}", known.join(", ")),
    };
    format!("unknown event type '{name}'{hint}")
}

fn read_serial(name: &str, text: &str) -> Result<u64, String> {
    // Without this check a sign would be a number too.
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let serial = text.parse().ok().filter(|_| is_number);
    serial.ok_or_else(|| format!("{name} takes the serial of an event, not '{text}'"))
}

#[cfg(test)]
mod tests {
    use hyper::header::{HeaderName, HeaderValue};

    use super::*;

    fn read(query: &str, last_event_id: Option<&'static str>) -> Result<Wanted, String> {
        let header = |id| (HeaderName::from_static(LAST_EVENT_ID), HeaderValue::from_static(id));
        Wanted::read(
            Some(query),
            &last_event_id.map(header).into_iter().collect(),
            &[OwnEventType::new("DEPTH").unwrap()],
        )
    }

    #[test]
    fn everything_from_now_on_unless_more_is_said() {
        assert_eq!(Wanted::read(None, &HeaderMap::new(), &[]), Ok(Wanted::default()));
        assert_eq!(read("", None), Ok(Wanted::default()));
        assert_eq!(read("types=&since=7&", None), Ok(Wanted { types: vec![], after: Some(7) }));
        assert!(Wanted::default().includes(EventType::Tick5));
    }

    #[test]
    fn events_of_the_second_root_are_refused_since_no_stream_has_them() {
        let error = read("types=EVENT,process_end", None).unwrap_err();
        assert!(error.starts_with("unknown event type 'process_end'"), "{error}");
        assert!(read("types=EXTENDED_EVENT", None).is_err());
    }

    #[test]
    fn types_are_names_in_any_case_and_bring_what_is_below_them() {
        let wanted = read("types=process_state,TICK_5,TICK_5&types=PROCESS%5FGROUP%2C+event,Tick_5", None).unwrap();
        let types = [EventType::ProcessState, EventType::Tick5, EventType::ProcessGroup, EventType::Event];
        assert_eq!(wanted.types, types);
        let wanted = read("types=PROCESS_STATE", None).unwrap();
        assert!(wanted.includes(EventType::ProcessStateExited));
        assert!(!wanted.includes(EventType::Tick5));
    }

    #[test]
    fn types_of_extensions_are_known_too() {
        let own = OwnEventType::new("DEPTH").unwrap();
        assert_eq!(read("types=depth,TICK", None).unwrap().types, [EventType::Own(own), EventType::Tick]);
        assert!(read("types=EVENT", None).unwrap().includes(EventType::Own(own)));
        assert_eq!(read("types=DEPT", None).unwrap_err(), "unknown event type 'DEPT', did you mean DEPTH?");
    }

    #[test]
    fn the_header_is_the_newer_word() {
        assert_eq!(read("since=7", Some("9")).unwrap().after, Some(9));
        assert_eq!(read("since=7", Some("")).unwrap().after, Some(7));
        assert_eq!(read("", Some("18446744073709551615")).unwrap().after, Some(u64::MAX));
    }

    #[test]
    fn what_is_not_understood_is_said() {
        let error = read("types=PROCESS_STATE,NOSUCH", None).unwrap_err();
        assert!(error.starts_with("unknown event type 'NOSUCH'; there are EVENT, PROCESS_STATE, "), "{error}");
        for text in ["", "-1", "+1", "x", "1.5", "99999999999999999999"] {
            let error = read(&format!("since={text}"), None).unwrap_err();
            assert_eq!(error, format!("since takes the serial of an event, not '{text}'"));
        }
        assert_eq!(read("", Some("x")).unwrap_err(), "Last-Event-ID takes the serial of an event, not 'x'");
        assert_eq!(read("type=TICK", None).unwrap_err(), "unknown parameter 'type'; there are types and since");
    }
}
