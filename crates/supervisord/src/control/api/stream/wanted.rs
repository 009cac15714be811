//! What a request for the stream asks for: its topics, and where it goes on from.

use std::time::Duration;

use hyper::HeaderMap;
use supervisor_core::{Channel, OwnEventType, ProcessInfo};
use supervisor_protocol::name_pattern::NamePattern;

use super::cursor::Cursor;
use crate::boundary::inbox::FollowedLog;
use crate::control::api::parameters::Parameters;
use crate::control::api::query::{self, LAST_EVENT_ID};
use crate::control::limits;

/// The topics of one client.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) processes: Option<Meant>,
    /// CPU and memory of those processes, so often.
    pub(super) samples: Option<Duration>,
    /// Events of these types.
    pub(super) events: Option<query::Wanted>,
    pub(super) logs: Vec<WantedLog>,
    pub(super) supervisor: bool,
    /// Where a client that comes again has been.
    pub(super) cursor: Option<Cursor>,
}

/// Of which processes rows are wanted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meant {
    All,
    These(Vec<NamePattern>),
}

/// A log that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WantedLog {
    pub(super) log: FollowedLog,
    /// As the client calls it.
    pub(super) name: String,
    /// The first byte, or below zero so many before the end.
    pub(super) from: i64,
}

impl Wanted {
    /// `own` are the event types of extensions.
    ///
    /// # Errors
    /// What cannot be understood, in a sentence.
    pub(super) fn read(parameters: &Parameters, headers: &HeaderMap, own: &[OwnEventType]) -> Result<Self, String> {
        let mut wanted = Self { logs: read_logs(parameters)?, ..Self::default() };
        wanted.processes = parameters.get("processes").map(|text| match text {
            "*" | "" => Meant::All,
            names => Meant::These(NamePattern::list(names)),
        });
        wanted.samples = parameters.get("samples").map(read_seconds).transpose()?;
        if wanted.samples.is_some() && wanted.processes.is_none() {
            return Err("samples are of processes: say which by processes, * for all".to_owned());
        }
        wanted.events = parameters.get("events").map(|types| query::Wanted::of_types(types, own)).transpose()?;
        wanted.supervisor = parameters.is_wanted("supervisor")?;
        if let Some(id) = headers.get(LAST_EVENT_ID).filter(|id| !id.is_empty()) {
            let cursor = id.to_str().ok().and_then(Cursor::parse);
            wanted.cursor = Some(cursor.ok_or("Last-Event-ID takes the id of a frame of this stream")?);
        }
        Ok(wanted)
    }
}

impl Meant {
    pub(super) fn includes(&self, info: &ProcessInfo) -> bool {
        match self {
            Self::All => true,
            Self::These(patterns) => patterns.iter().any(|pattern| means(pattern, info)),
        }
    }

    /// Whether it is named by itself, by no pattern.
    pub(super) fn names(&self, info: &ProcessInfo) -> bool {
        match self {
            Self::All => false,
            Self::These(patterns) => patterns.iter().any(|pattern| pattern.is_name() && means(pattern, info)),
        }
    }
}

fn means(pattern: &NamePattern, info: &ProcessInfo) -> bool {
    pattern.means(&info.group, &info.config.name)
}

fn read_seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds| limits::STREAM_SAMPLE_SECONDS.contains(seconds));
    let (least, most) = limits::STREAM_SAMPLE_SECONDS.into_inner();
    seconds.map(Duration::from_secs).ok_or_else(|| format!("samples takes {least} to {most} seconds, not '{text}'"))
}

fn read_logs(parameters: &Parameters) -> Result<Vec<WantedLog>, String> {
    let mut beginnings = parameters.all("log_from");
    let logs: Result<Vec<_>, String> = parameters
        .all("log")
        .map(|name| {
            let from = beginnings.next().map(read_offset).transpose()?.unwrap_or(limits::STREAM_LOG_FROM);
            Ok(WantedLog { log: read_log(name)?, name: name.to_owned(), from })
        })
        .collect();
    let logs = logs?;
    if logs.len() > limits::STREAM_LOGS {
        return Err(format!("{} logs at most", limits::STREAM_LOGS));
    }
    if beginnings.next().is_some() {
        return Err("there is a log_from without its log".to_owned());
    }
    Ok(logs)
}

fn read_offset(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| format!("log_from takes the number of a byte, or below zero from the end, not '{text}'"))
}

fn read_log(text: &str) -> Result<FollowedLog, String> {
    if text == "supervisor" {
        return Ok(FollowedLog::Main);
    }
    let parts = text.split_once('/').filter(|(name, _)| !name.is_empty());
    let channel = parts.and_then(|(_, channel)| Channel::BOTH.into_iter().find(|known| known.name() == channel));
    match (parts, channel) {
        (Some((name, _)), Some(channel)) => Ok(FollowedLog::Process { name: name.to_owned(), channel }),
        (Some(_) | None, Some(_) | None) => {
            Err(format!("log takes process/stdout, process/stderr or supervisor, not '{text}'"))
        }
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;
    use supervisor_protocol::api::{Lookup, find};

    use super::*;
    use crate::test_data::process_info;

    fn read(query: &str, last_event_id: &'static str) -> Result<Wanted, String> {
        let Lookup::Found(row, _) = find("/stream", "GET") else { panic!("it is in the table") };
        let headers = [(LAST_EVENT_ID, HeaderValue::from_static(last_event_id))];
        let headers = headers.map(|(name, value)| (hyper::header::HeaderName::from_static(name), value));
        Wanted::read(
            &Parameters::read(Some(query), row).map_err(|_| "a parameter".to_owned())?,
            &headers.into_iter().collect(),
            &[],
        )
    }

    #[test]
    fn topics_are_what_is_asked_for() {
        let wanted = read("processes=*&samples=2&events=PROCESS_STATE&supervisor=true", "1.2.3").unwrap();
        assert_eq!((wanted.processes, wanted.samples), (Some(Meant::All), Some(Duration::from_secs(2))));
        assert!(wanted.events.is_some() && wanted.supervisor && wanted.logs.is_empty());
        assert_eq!(wanted.cursor.map(|cursor| cursor.event), Some(3));
        let nothing = read("", "").unwrap();
        assert!(nothing.processes.is_none() && nothing.events.is_none() && nothing.cursor.is_none());
    }

    #[test]
    fn each_log_has_its_beginning() {
        let wanted = read("log=web:a/stdout&log=supervisor&log=b/stderr&log_from=5&log_from=-7", "").unwrap();
        let froms: Vec<_> = wanted.logs.iter().map(|log| (log.name.as_str(), log.from)).collect();
        assert_eq!(froms, [("web:a/stdout", 5), ("supervisor", -7), ("b/stderr", limits::STREAM_LOG_FROM)]);
        let b = FollowedLog::Process { name: "b".to_owned(), channel: Channel::Stderr };
        assert_eq!([&wanted.logs[1].log, &wanted.logs[2].log], [&FollowedLog::Main, &b]);
    }

    #[test]
    fn what_is_not_understood_is_said() {
        let many = "&log=a/stdout".repeat(limits::STREAM_LOGS + 1);
        for query in [
            "process=*",
            "processes=*&samples=0",
            "processes=*&samples=61",
            "processes=*&samples=x",
            "samples=2",
            "events=NOSUCH",
            "supervisor=1",
            "log=a",
            "log=/stdout",
            "log=a/stdin",
            "log=a/stdout&log_from=x",
            "log_from=1",
            &many,
        ] {
            assert!(read(query, "").is_err(), "{query}");
        }
        assert!(read("", "x").is_err());
    }

    #[test]
    fn names_and_patterns_are_told_apart() {
        let cat = process_info("cat");
        let meant = |text: &str| Meant::These(NamePattern::list(text));
        for (meant, includes, names) in [
            (Meant::All, true, false),
            (meant("cat"), true, true),
            (meant("dog,c*"), true, false),
            (meant("dog"), false, false),
        ] {
            assert_eq!((meant.includes(&cat), meant.names(&cat)), (includes, names), "{meant:?}");
        }
    }
}
