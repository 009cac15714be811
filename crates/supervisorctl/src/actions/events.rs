//! `events`: what happens, as it happens, and what became of it. New: the original has listeners alone.
//!
//! Read from `/api/v1` of the server, where `supervisor.*` methods are not enough. A stream that breaks is an error
//! that tells how to go on without a gap: whoever reads this, a person or a script, has to decide what then.

use jiff::tz::TimeZone;
use serde_json::Value as Json;
use supervisor_config::{LocalTimeZone, local_time_zone, nearest};
use supervisor_core::{EventType, OwnEventType};

use super::options::value_of;
use super::{Action, Completes, refuse};
use crate::controller::{Controller, Flow};
use crate::event_stream::{Frame, Frames};
use crate::event_view;
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::output::visible_on_one_line;
use crate::upcheck::upcheck;
use crate::world::{CallError, StreamPiece};

pub(super) const ACTION: Action = Action {
    name: "events",
    help: "events\t\t\tShow events as they happen, until Ctrl-C\n\
           events <type> <type>\tShow events of these types as they happen\n\
           events --stats\t\tShow what event listener pools have done with events",
    completes: Completes::EventTypes,
    options: &["--format=json", "--format=text", "--since=", "--stats"],
    more: "Types are those of events= of an [eventlistener:x]; one brings all below it, PROCESS_STATE for instance\n\
           PROCESS_STATE_EXITED. Those of extensions are written in capitals.\n\
           Options:\n\
           --format json\tAn object on a line for each event, or all that is known with --stats\n\
           --since SERIAL\tBegin behind this event, as far as supervisord still has them; 0: with the oldest\n\
           --stats\t\tNo events, but counters\n\
           Examples:\n\
           events PROCESS_STATE_FATAL PROCESS_STATE_EXITED\tWatch what fails\n\
           events --since 0 | grep web:\t\t\tWhat has become of web\n\
           events --format json TICK_60\t\t\tDo something every minute",
    run,
};

const EVENTS: &str = "/api/v1/events";
pub(super) const EVENT_POOLS: &str = "/api/v1/event-pools";

/// How events are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Format {
    #[default]
    Text,
    Json,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Request {
    types: Vec<String>,
    format: Format,
    since: Option<u64>,
    stats: bool,
}

fn run(controller: &mut Controller, argument: &str) -> Result<Flow, Failure> {
    let words: Vec<&str> = argument.split_whitespace().collect();
    let request = match parse(&words) {
        Ok(request) => request,
        Err(complaint) => return Ok(refuse(controller, &ACTION, &complaint, ExitStatus::Generic)),
    };
    controller.output.divert_lines(request.format == Format::Json);
    if !upcheck(controller)? {
        return Ok(Flow::Continue);
    }
    if request.stats { show_statistics(controller, request.format) } else { follow(controller, &request) }
}

fn parse(words: &[&str]) -> Result<Request, String> {
    let mut request = Request::default();
    let mut rest = words;
    while let Some((first, after)) = rest.split_first() {
        rest = if let Some((value, after)) = value_of("--format", rest)? {
            request.format = match value {
                "text" => Format::Text,
                "json" => Format::Json,
                other => return Err(format!("Error: --format takes text or json, not {other}")),
            };
            after
        } else if let Some((value, after)) = value_of("--since", rest)? {
            let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
            let serial = value.parse().ok().filter(|_| is_number);
            request.since = Some(serial.ok_or_else(|| format!("Error: --since takes a serial, not {value}"))?);
            after
        } else if *first == "--stats" {
            request.stats = true;
            after
        } else if first.starts_with('-') {
            return Err(format!("Error: events has no option {first}"));
        } else {
            for name in first.split(',').filter(|name| !name.is_empty()) {
                request.types.push(type_name(name).ok_or_else(|| unknown(name))?);
            }
            after
        };
    }
    if request.stats && (request.since.is_some() || !request.types.is_empty()) {
        return Err("Error: --stats counts all events and takes neither types nor --since".to_owned());
    }
    Ok(request)
}

/// The type that is meant. Whether an extension has one of its own by that name is for the server to say.
fn type_name(name: &str) -> Option<String> {
    let known = EventType::from_name(name).filter(|event| event.is_a(EventType::Event));
    let known = known.or_else(|| OwnEventType::new(name).map(EventType::Own));
    known.map(|known| known.name().to_owned())
}

fn unknown(name: &str) -> String {
    let known = EventType::names();
    let hint = match nearest(&name.to_ascii_uppercase(), known) {
        Some(near) => format!(", did you mean {near}?"),
        None => format!("; there are {}", EventType::names().collect::<Vec<_>>().join(", ")),
    };
    format!("Error: unknown event type {name}{hint}")
}

impl Request {
    /// The types as the server takes them.
    fn type_names(&self, separator: &str) -> String {
        self.types.join(separator)
    }

    /// What is asked for.
    fn path(&self) -> String {
        let types = (!self.types.is_empty()).then(|| format!("types={}", self.type_names(",")));
        let since = self.since.map(|since| format!("since={since}"));
        let query: Vec<String> = types.into_iter().chain(since).collect();
        if query.is_empty() { EVENTS.to_owned() } else { format!("{EVENTS}?{}", query.join("&")) }
    }

    /// The command that goes on behind the event with this id.
    fn command_from(&self, id: &str) -> String {
        let types = if self.types.is_empty() { String::new() } else { format!(" {}", self.type_names(" ")) };
        let format = match self.format {
            Format::Text => "",
            Format::Json => " --format json",
        };
        format!("events{types}{format} --since {id}")
    }
}

fn follow(controller: &mut Controller, request: &Request) -> Result<Flow, Failure> {
    controller.output.flush();
    if let Err(error) = controller.world.open_stream(&request.path()) {
        return refused(controller, EVENTS, error);
    }
    let ended = read_on(controller, request);
    controller.world.stop_following();
    match ended {
        Ended::Interrupted if request.format == Format::Text => controller.output.line(""),
        Ended::Interrupted | Ended::NobodyReads => {}
        Ended::Broken { why, last_id } => {
            let url = controller.world.url();
            let hint = last_id.map(|id| format!("; to go on from here: {}", request.command_from(&id)));
            let words = format!("error: {url} {why}{}", hint.unwrap_or_default());
            controller.output.error_line(&visible_on_one_line(&words));
            controller.fail(ExitStatus::Generic);
        }
    }
    Ok(Flow::Continue)
}

/// Why no more events are shown.
enum Ended {
    /// Ctrl-C.
    Interrupted,
    /// Standard output is closed.
    NobodyReads,
    /// The stream has ended. `last_id` is where to go on from.
    Broken { why: &'static str, last_id: Option<String> },
}

fn read_on(controller: &mut Controller, request: &Request) -> Ended {
    let LocalTimeZone { zone, problem } = local_time_zone();
    if let Some(problem) = problem {
        controller.output.error_line(&format!("warning: {problem}"));
    }
    let mut frames = Frames::default();
    let broken = |frames: &Frames, why| Ended::Broken { why, last_id: frames.last_id().map(str::to_owned) };
    loop {
        let bytes = match controller.world.next_piece() {
            StreamPiece::Bytes(bytes) => bytes,
            StreamPiece::Interrupted => return Ended::Interrupted,
            StreamPiece::Ended => return broken(&frames, "has ended the stream of events"),
            StreamPiece::Silent => return broken(&frames, "gives no sign of life any more"),
        };
        let Ok(complete) = frames.push(&bytes) else { return broken(&frames, "sends an event without an end") };
        for frame in complete {
            show(controller, request.format, &frame, &zone);
        }
        controller.output.flush();
        if controller.output.broken().is_some() {
            return Ended::NobodyReads;
        }
    }
}

fn show(controller: &mut Controller, format: Format, frame: &Frame, zone: &TimeZone) {
    match (format, serde_json::from_str::<Json>(&frame.data)) {
        (Format::Text, Ok(Json::Object(event))) => controller.output.line(&event_view::line(&event, zone)),
        // What is no object is of a server that we do not know: it is shown as it is.
        (Format::Text, _) => controller.output.line(&visible_on_one_line(&frame.data)),
        (Format::Json, _) => {
            controller.output.text(&frame.data);
            controller.output.text("\n");
        }
    }
}

fn show_statistics(controller: &mut Controller, format: Format) -> Result<Flow, Failure> {
    controller.output.flush();
    let columns = controller.output.columns();
    let text = match controller.world.get(EVENT_POOLS) {
        Ok(text) => text,
        Err(error) => return refused(controller, EVENT_POOLS, error),
    };
    match (format, serde_json::from_str::<Json>(&text)) {
        (Format::Text, Ok(document)) => controller.output.text(&event_view::statistics(&document, columns)),
        (Format::Json, Ok(_)) => {
            controller.output.text(text.trim_end());
            controller.output.text("\n");
        }
        (_, Err(error)) => {
            let error = CallError::BadAnswer(error.to_string());
            return Err(Failure::Call { method: EVENT_POOLS, error });
        }
    }
    Ok(Flow::Continue)
}

/// The statuses of HTTP that have words of their own.
fn refused(controller: &mut Controller, path: &'static str, error: CallError) -> Result<Flow, Failure> {
    let url = controller.world.url();
    let words = match error {
        CallError::Http { status: 404, .. } => {
            format!("error: {url} has no {path}: this supervisord is too old to tell of events")
        }
        CallError::Http { status: 400 | 403 | 503, reason } => format!("error: {url} refuses: {reason}"),
        error => return Err(Failure::Call { method: path, error }),
    };
    controller.output.line(&visible_on_one_line(&words));
    controller.fail(ExitStatus::Generic);
    Ok(Flow::Continue)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, check, done, text};

    const EXITED: &str = "id: 7\nevent: PROCESS_STATE_EXITED\ndata: {\"serial\": 7, \"time\": \"?\", \
         \"event\": \"PROCESS_STATE_EXITED\", \"processname\": \"cat\", \"groupname\": \"cat\", \"pid\": 5}\n\n";

    fn http(status: u16, reason: &str) -> Result<supervisor_protocol::xmlrpc::Value, CallError> {
        Err(CallError::Http { status, reason: reason.to_owned() })
    }

    #[test]
    fn requests() {
        for (words, path) in [
            (&[][..], "/api/v1/events"),
            (&["process_state,TICK_5", "EVENT"], "/api/v1/events?types=PROCESS_STATE,TICK_5,EVENT"),
            (&["--since", "7", "--format=json"], "/api/v1/events?since=7"),
            (&["TICK", "--since=0"], "/api/v1/events?types=TICK&since=0"),
            (&["QUEUE_DEPTH,tick"], "/api/v1/events?types=QUEUE_DEPTH,TICK"),
        ] {
            assert_eq!(parse(words).unwrap().path(), path, "{words:?}");
        }
        assert!(parse(&["--format", "json", "--stats"]).is_ok_and(|it| it.stats && it.format == Format::Json));
    }

    #[test]
    fn complaints() {
        for (words, complaint) in [
            (
                &["proces_state_exited"][..],
                "Error: unknown event type proces_state_exited, did you mean PROCESS_STATE_EXITED?",
            ),
            (&["process_groups"], "Error: unknown event type process_groups, did you mean PROCESS_GROUP?"),
            (&["--since", "x"], "Error: --since takes a serial, not x"),
            (&["--since=-1"], "Error: --since takes a serial, not -1"),
            (&["--since="], "Error: --since takes a serial, not "),
            (&["--since"], "Error: --since requires a value"),
            (&["--format", "xml"], "Error: --format takes text or json, not xml"),
            (&["--follow"], "Error: events has no option --follow"),
            (&["--stats", "TICK"], "Error: --stats counts all events and takes neither types nor --since"),
        ] {
            assert_eq!(parse(words), Err(complaint.to_owned()));
        }
        let far = parse(&["nonsense"]).unwrap_err();
        assert!(far.starts_with("Error: unknown event type nonsense; there are EVENT, PROCESS_STATE, "), "{far}");
        let words = "Error: unknown event type tick_6, did you mean TICK_5?";
        check(Scene::bare(), "events tick_6", &format!("{words}\n{}\n", ACTION.help), 1);
    }

    #[test]
    fn events_are_shown_until_ctrl_c() {
        let scene = || Scene::new().on("opens /api/v1/events?types=PROCESS_STATE", done()).interrupts();
        let line = "? PROCESS_STATE_EXITED   cat pid:5\n";
        check(scene().streams(": x\nid: 6\n\n").streams(EXITED), "events PROCESS_STATE", &format!("{line}\n"), 0);
        let json = "{\"serial\": 7, \"time\": \"?\", \"event\": \"PROCESS_STATE_EXITED\", \"processname\": \"cat\", \
                    \"groupname\": \"cat\", \"pid\": 5}\n";
        check(scene().streams(EXITED), "events PROCESS_STATE --format json", json, 0);
    }

    #[test]
    fn escapes_of_the_server_reach_a_file_but_no_terminal() {
        let data = "id: 7\ndata: {\"event\": \"\u{9b}2J\"}\n\n";
        let pools = "{\"pools\": [{\"name\": \"l\", \"\u{9b}2J\": 1}]}";
        let events = || Scene::new().on("opens /api/v1/events", done()).streams(data).interrupts();
        let statistics = || Scene::new().on("GET /api/v1/event-pools", text(pools));
        for (scene, words) in [
            (&events as &dyn Fn() -> Scene, "events --format json"),
            (&statistics, "events --stats --format json"),
            (&statistics, "events --stats"),
        ] {
            let shown = scene().at_terminal().run(words).out;
            assert!(shown.contains("\\x9b2J") && !shown.contains('\u{9b}'), "{words}: {shown:?}");
            if words.ends_with("json") {
                assert!(scene().run(words).out.contains("\u{9b}2J"), "{words}");
            }
        }
    }

    #[test]
    fn a_stream_that_ends_tells_how_to_go_on() {
        let scene = Scene::new().on("opens /api/v1/events?types=TICK", done()).streams(EXITED).streams("id: 9\n\n");
        let outcome = scene.run("events --format=json TICK");
        assert_eq!(outcome.status, 1);
        assert_eq!(
            outcome.err,
            "error: unix:///run/s.sock has ended the stream of events; to go on from here: \
             events TICK --format json --since 9\n"
        );
        let outcome = Scene::new().on("opens /api/v1/events", done()).run("events");
        assert_eq!(outcome.err, "error: unix:///run/s.sock has ended the stream of events\n");
    }

    #[test]
    fn refusals() {
        let opens = |reply| Scene::new().on("opens /api/v1/events", reply);
        let old = "error: unix:///run/s.sock has no /api/v1/events: this supervisord is too old to tell of events\n";
        check(opens(http(404, "Not Found")), "events", old, 1);
        let full = "error: unix:///run/s.sock refuses: 64 clients follow events already\n";
        check(opens(http(503, "64 clients follow events already")), "events", full, 1);
        let why = "unknown event type 'TICK_6', did you mean TICK_5?";
        let unknown = Scene::new().on("opens /api/v1/events?types=TICK_6", http(400, why));
        check(unknown, "events TICK_6", &format!("error: unix:///run/s.sock refuses: {why}\n"), 1);
        check(opens(Err(CallError::Unauthorized)), "events", "Server requires authentication\n", 1);
        let outcome = opens(http(404, "Not Found")).run("events --format json");
        assert_eq!((outcome.out.as_str(), outcome.err.as_str()), ("", old));
    }

    #[test]
    fn statistics() {
        let document = r#"{"pools": [{"name": "l", "accepted": 3}], "stream": {}}"#;
        let scene = || Scene::new().on("GET /api/v1/event-pools", text(&format!("{document}\n")));
        check(scene(), "events --stats --format json", &format!("{document}\n"), 0);
        let (words, status) = scene().run("events --stats").words_and_status();
        assert!(words.starts_with("POOL  ACCEPTED\nl            3\n\nstream: "), "{words}");
        assert_eq!(status, 0);
        let old =
            "error: unix:///run/s.sock has no /api/v1/event-pools: this supervisord is too old to tell of events\n";
        check(Scene::new().on("GET /api/v1/event-pools", http(404, "")), "events --stats", old, 1);
        let bad = Scene::new().on("GET /api/v1/event-pools", text("<html>")).run("events --stats");
        assert!(bad.out.contains("gave an answer to /api/v1/event-pools that cannot be read"), "{bad:?}");
    }
}
