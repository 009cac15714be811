//! `/api/v1/processes` and `/api/v1/processes/{process}`: what is known of each process, by group and name. XML-RPC has
//! a closed set of members for it; what is new is here.

use std::sync::Arc;

use hyper::StatusCode;
use supervisor_core::{
    ExitStatus, Fault, LastExit, ProcessInfo, ProcessState, find_process, make_namespec, signal_name,
};
use supervisor_protocol::json::{self, Object};

use super::parameters::Parameters;
use super::time::time_text;
use super::{document_of, ending, error};
use crate::boundary::requests::GetAllProcessInfo;
use crate::control::attention::needs_attention;
use crate::control::context::Context;
use crate::control::limits;
use crate::control::process_info::ProcessInfoWriter;
use crate::control::resources::Round;
use crate::control::response::Response;

pub(super) async fn tell_all(parameters: &Parameters, context: &Context) -> Response {
    let wanted = match Wanted::read(parameters) {
        Ok(wanted) => wanted,
        Err(text) => return error(StatusCode::BAD_REQUEST, &text),
    };
    let Ok(infos) = infos(context).await else { return ending() };
    let resources = if wanted.resources { resources(&infos, context).await } else { None };
    bounded(list(&wanted, &infos, resources.as_ref()), context)
}

pub(super) async fn tell_one(name: &str, parameters: &Parameters, context: &Context) -> Response {
    let wanted = (parameters.is_wanted("resources"), parameters.is_wanted("history"));
    let (wants_resources, wants_history) = match wanted {
        (Ok(resources), Ok(history)) => (resources, history),
        (Err(text), _) | (_, Err(text)) => return error(StatusCode::BAD_REQUEST, &text),
    };
    let Ok(infos) = infos(context).await else { return ending() };
    let found = find_process(name, |group, process| {
        infos.iter().position(|info| (&*info.group, &*info.config.name) == (group, process))
    });
    let Ok(place) = found else {
        return error(StatusCode::NOT_FOUND, &format!("there is no process {name}"));
    };
    let Some(info) = infos.get(place) else { return ending() };
    let resources = if wants_resources { resources(&infos, context).await } else { None };
    let mut text = String::new();
    json::object(&mut text, |object| {
        push_process(object, info, &mut ProcessInfoWriter::new());
        if let Some(round) = &resources {
            push_resources(object, round, place);
        }
        if wants_history {
            context.sampler.look_at(info);
            let samples = context.sampler.samples_of(info);
            json::array(object.member("samples"), samples, |out, sample| sample.push_array(out));
        }
    });
    bounded(text, context)
}

/// What all processes use; `None` where that cannot be known.
async fn resources(infos: &[Arc<ProcessInfo>], context: &Context) -> Option<Round> {
    context.sampler.sample(infos, limits::SAMPLE_AGE, context).await
}

/// Appends what the process at a place of the list uses.
fn push_resources(object: &mut Object<'_>, round: &Round, place: usize) {
    if let Some(usage) = round.usages.get(place) {
        usage.push_member(object, &time_text(round.at));
    }
}

/// All processes as of one moment, sorted by group, then name. While one of them changes, the supervision plane is
/// asked.
pub(super) async fn infos(context: &Context) -> Result<Vec<Arc<ProcessInfo>>, Fault> {
    match context.processes.all() {
        Some(infos) => Ok(infos),
        None => context.sender.call(GetAllProcessInfo).await,
    }
}

/// The document, if there is room for it beside the answers that others have not taken.
pub(super) fn bounded(mut text: String, context: &Context) -> Response {
    text.push('\n');
    match context.answers.try_take(text.len()) {
        Some(share) => document_of(StatusCode::OK, share.hold(text)),
        None => error(StatusCode::SERVICE_UNAVAILABLE, "too many answers wait to be taken; try again later"),
    }
}

/// What is asked for of the list.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wanted {
    words: Vec<String>,
    group: Option<String>,
    /// Empty: all.
    states: Vec<ProcessState>,
    attention: bool,
    resources: bool,
    limit: Option<usize>,
    /// Group and name.
    after: Option<(String, String)>,
}

impl Wanted {
    fn read(parameters: &Parameters) -> Result<Self, String> {
        let mut wanted = Self::default();
        let words = parameters.get("q").unwrap_or_default().split_whitespace();
        wanted.words.extend(words.map(str::to_lowercase));
        wanted.group = parameters.get("group").map(str::to_owned);
        for name in parameters.get("state").unwrap_or_default().split(',').filter(|name| !name.is_empty()) {
            let state = ProcessState::ALL.into_iter().find(|state| state.name().eq_ignore_ascii_case(name));
            match state {
                Some(state) => wanted.states.push(state),
                None if name == "attention" => wanted.attention = true,
                None => {
                    let known = ProcessState::ALL.map(ProcessState::name).join(", ");
                    return Err(format!("unknown state '{name}'; there are {known}, and attention"));
                }
            }
        }
        wanted.resources = parameters.is_wanted("resources")?;
        if let Some(limit) = parameters.get("limit") {
            let number = limit.parse().ok().filter(|number| *number > 0);
            wanted.limit = Some(number.ok_or_else(|| format!("limit takes a number above 0, not '{limit}'"))?);
        }
        let after = parameters.get("after").map(|name| name.split_once(':').unwrap_or((name, name)));
        wanted.after = after.map(|(group, name)| (group.to_owned(), name.to_owned()));
        Ok(wanted)
    }

    fn includes(&self, info: &ProcessInfo) -> bool {
        let (group, name) = (&*info.group, &*info.config.name);
        let shown = make_namespec(group, name).to_lowercase();
        let is_behind = self.after.as_ref().is_none_or(|(g, n)| (group, name) > (g.as_str(), n.as_str()));
        let has_state = self.states.contains(&info.state) || self.attention && needs_attention(info);
        is_behind
            && self.group.as_deref().is_none_or(|wanted| wanted == group)
            && (has_state || self.states.is_empty() && !self.attention)
            && self.words.iter().all(|word| shown.contains(word.as_str()))
    }
}

fn list(wanted: &Wanted, infos: &[Arc<ProcessInfo>], resources: Option<&Round>) -> String {
    let mut meant = infos.iter().enumerate().filter(|(_, info)| wanted.includes(info));
    let shown: Vec<_> = meant.by_ref().take(wanted.limit.unwrap_or(usize::MAX)).collect();
    let last = shown.last().filter(|_| meant.next().is_some());
    let mut text = String::new();
    json::object(&mut text, |object| {
        let mut descriptions = ProcessInfoWriter::new();
        object.objects("processes", &shown, |object, (place, info)| {
            push_process(object, info, &mut descriptions);
            if let Some(round) = resources {
                push_resources(object, round, *place);
            }
        });
        if let Some((_, last)) = last {
            object.string("next", &make_namespec(&last.group, &last.config.name));
        }
    });
    text
}

pub(super) fn push_process(object: &mut Object<'_>, info: &ProcessInfo, descriptions: &mut ProcessInfoWriter) {
    object.string("name", &make_namespec(&info.group, &info.config.name));
    object.string("state", info.state.name());
    if let Some(pid) = info.pid {
        object.number("pid", pid);
    }
    let tally = info.tally;
    for (name, count) in
        [("starts", tally.starts), ("restarts", tally.restarts), ("failed_starts", tally.failed_starts)]
    {
        if count > 0 {
            object.number(name, count);
        }
    }
    if let Some(last_exit) = info.last_exit {
        object.object("exit", |object| push_last_exit(object, last_exit));
    }
    if let Some(reason) = &info.spawnerr {
        object.string("spawn_error", reason);
    }
    if let Some(written) = &info.protocol_error {
        object.string("protocol_error", written);
    }
    let description = descriptions.description(info);
    if !description.is_empty() {
        object.string("description", description);
    }
    if needs_attention(info) {
        object.boolean("attention", true);
    }
}

fn push_last_exit(object: &mut Object<'_>, last_exit: LastExit) {
    let LastExit { at, status, expected, ran_for } = last_exit;
    object.string("at", &time_text(at));
    push_status(object, status);
    object.boolean("expected", expected);
    object.number("ran", format_args!("{}.{:03}", ran_for.as_secs(), ran_for.subsec_millis()));
}

/// How a life ended: `code`, or `signal` by its name, or by its number if it has none.
pub(super) fn push_status(object: &mut Object<'_>, status: ExitStatus) {
    match status {
        ExitStatus::Exited(code) => object.number("code", code),
        ExitStatus::Signaled { signal, core_dumped } => {
            match signal_name(signal) {
                Some(name) => object.string("signal", name),
                None => object.string("signal", &signal.to_string()),
            }
            if core_dumped {
                object.boolean("core_dumped", true);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use supervisor_core::{Pid, Tally};
    use supervisor_protocol::api::find;

    use super::*;
    use crate::test_data::process_info;

    fn text(infos: impl IntoIterator<Item = ProcessInfo>) -> String {
        let infos: Vec<_> = infos.into_iter().map(Arc::new).collect();
        list(&Wanted::default(), &infos, None)
    }

    #[test]
    fn what_there_is_nothing_to_say_of_is_absent() {
        let starting = ProcessInfo { state: ProcessState::Starting, ..process_info("cat") };
        assert_eq!(text([starting]), r#"{"processes": [{"name": "cat", "state": "STARTING"}]}"#);
    }

    fn wanted(query: &str) -> Result<Wanted, String> {
        let row = find("/processes").unwrap().0;
        Wanted::read(&Parameters::read(Some(query), row)?)
    }

    #[test]
    fn a_list_is_narrowed_and_goes_on_where_it_ended() {
        let process =
            |group: &str, name: &str, state| Arc::new(ProcessInfo { group: group.into(), state, ..process_info(name) });
        let infos = [
            process("cat", "cat", ProcessState::Running),
            process("web", "a", ProcessState::Fatal),
            process("web", "b", ProcessState::Running),
            process("web", "c", ProcessState::Stopped),
        ];
        let names = |query: &str| {
            let text = list(&wanted(query).unwrap(), &infos, None);
            let mut names: Vec<_> =
                text.split("\"name\": \"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
            let next = text.split("\"next\": \"").nth(1).map(|rest| rest.split('"').next().unwrap());
            names.extend(next);
            names.join(" ")
        };
        for (query, expected) in [
            ("", "cat web:a web:b web:c"),
            ("group=web&state=running,STOPPED", "web:b web:c"),
            ("state=attention", "web:a"),
            ("state=attention,STOPPED", "web:a web:c"),
            ("q=WEB+c", "web:c"),
            ("q=x", ""),
            ("limit=2", "cat web:a web:a"),
            ("limit=2&after=web:a", "web:b web:c"),
            ("limit=1&after=web%3Ab", "web:c"),
            ("after=cat&group=cat", ""),
            ("after=dog", "web:a web:b web:c"),
        ] {
            assert_eq!(names(query), expected, "{query}");
        }
        for query in ["state=nosuch", "limit=0", "limit=x", "sort=name"] {
            assert!(wanted(query).is_err(), "{query}");
        }
    }

    #[test]
    fn the_last_end_is_told_whatever_came_after_it() {
        let at = Duration::from_millis(1_795_335_467_089);
        let ended = |status, expected| LastExit { at, status, expected, ran_for: Duration::from_millis(61_004) };
        let restarted = ProcessInfo {
            state: ProcessState::Stopping,
            pid: Pid::new(7),
            tally: Tally { starts: 4, restarts: 1, ..Tally::default() },
            last_exit: Some(ended(ExitStatus::Signaled { signal: 11, core_dumped: true }, false)),
            ..process_info("cat")
        };
        let failed = ProcessInfo {
            state: ProcessState::Backoff,
            last_exit: Some(ended(ExitStatus::Exited(2), true)),
            spawnerr: Some(Arc::from("Exited too quickly")),
            protocol_error: Some(Arc::from("hello")),
            ..process_info("dog")
        };
        let expected = concat!(
            r#"{"processes": [{"name": "cat", "state": "STOPPING", "pid": 7, "starts": 4, "restarts": 1, "exit": {"at": "2026-11-22T08:17:47.089Z", "#,
            r#""signal": "SIGSEGV", "core_dumped": true, "expected": false, "ran": 61.004}}, "#,
            r#"{"name": "dog", "state": "BACKOFF", "exit": {"at": "2026-11-22T08:17:47.089Z", "code": 2, "#,
            r#""expected": true, "ran": 61.004}, "spawn_error": "Exited too quickly", "protocol_error": "hello", "#,
            r#""description": "Exited too quickly", "attention": true}]}"#
        );
        assert_eq!(text([restarted, failed]), expected);
    }
}
