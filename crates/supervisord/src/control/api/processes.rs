//! `/api/v1/processes` and `/api/v1/processes/{process}`: what is known of each process, by group and name. XML-RPC has
//! a closed set of members for it; what is new is here.

use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use hyper::header::HeaderMap;
use supervisor_core::{
    ExitStatus, FaultCode, LastExit, ProcessInfo, ProcessState, find_process, make_namespec, signal_name,
};
use supervisor_protocol::api::ProblemCode;
use supervisor_protocol::json::{self, Object};

use super::conditional::Tag;
use super::document_of;
use super::parameters::Parameters;
use super::problem::Problem;
use super::time::time_text;
use crate::boundary::requests::GetAllProcessInfo;
use crate::control::attention::needs_attention;
use crate::control::context::Context;
use crate::control::limits;
use crate::control::process_info::ProcessInfoWriter;
use crate::control::resources::Round;
use crate::control::response::Response;

pub(super) async fn tell_all(
    parameters: &Parameters,
    headers: &HeaderMap,
    context: &Context,
) -> Result<Response, Problem> {
    let wanted = Wanted::read(parameters).map_err(|text| Problem::new(ProblemCode::BadRequest, text))?;
    let listing = listing(context).await?;
    if wanted.resources {
        let round = resources(&listing.infos, context).await;
        return bounded(list(&wanted, &listing, round.as_ref()), context);
    }
    listing.answer(headers, context, |listing| list(&wanted, listing, None))
}

pub(super) async fn tell_one(
    name: &str,
    parameters: &Parameters,
    headers: &HeaderMap,
    context: &Context,
) -> Result<Response, Problem> {
    let is_wanted = |what| parameters.is_wanted(what).map_err(|text| Problem::new(ProblemCode::BadRequest, text));
    let (wants_resources, wants_history) = (is_wanted("resources")?, is_wanted("history")?);
    let listing = listing(context).await?;
    let (place, info) = find(name, &listing.infos)?;
    let round = if wants_resources { resources(&listing.infos, context).await } else { None };
    let mut text = String::new();
    json::object(&mut text, |object| {
        push_process(object, info, &mut ProcessInfoWriter::new());
        if let Some(round) = &round {
            push_resources(object, round, place);
        }
        if wants_history {
            context.sampler.look_at(info);
            let samples = context.sampler.samples_of(info);
            json::array(object.member("samples"), samples, |out, sample| sample.push_array(out));
        }
    });
    if wants_resources || wants_history { bounded(text, context) } else { listing.answer(headers, context, |_| text) }
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

/// The process that a name means, `group:process` or the name alone, and its place among all.
///
/// # Errors
/// There is none, and which one was probably meant.
pub(super) fn find<'i>(name: &str, infos: &'i [Arc<ProcessInfo>]) -> Result<(usize, &'i Arc<ProcessInfo>), Problem> {
    let found = find_process(name, |group, process| {
        infos.iter().enumerate().find(|(_, info)| (&*info.group, &*info.config.name) == (group, process))
    });
    found.map_err(|_| {
        let mut known: Vec<String> = infos.iter().map(|info| full_name(info)).collect();
        known.extend(infos.iter().map(|info| make_namespec(&info.group, &info.config.name)));
        let nearest = supervisor_config::nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
        Problem::new(ProblemCode::NoSuchProcess, format!("There is no process {name}."))
            .with_fault(FaultCode::BadName)
            .with_process(name)
            .with_nearest(nearest)
    })
}

/// `group:process`
pub(super) fn full_name(info: &ProcessInfo) -> String {
    format!("{}:{}", info.group, info.config.name)
}

/// All processes as of one moment.
pub(super) struct Listing {
    /// Sorted by group, then name.
    pub(super) infos: Vec<Arc<ProcessInfo>>,
    /// Of the snapshot; `None`: they change just now.
    pub(super) version: Option<u64>,
}

/// All processes. While one of them changes, the supervision plane is asked.
///
/// # Errors
/// supervisord has ended or is about to.
pub(super) async fn listing(context: &Context) -> Result<Listing, Problem> {
    if let Some((version, infos)) = context.processes.all_with_version() {
        return Ok(Listing { infos, version: Some(version) });
    }
    let infos = context.sender.call(GetAllProcessInfo).await.map_err(|_| Problem::ending())?;
    Ok(Listing { infos, version: None })
}

impl Listing {
    /// The document that is made of it, unless the client has that of this version.
    pub(super) fn answer(
        &self,
        headers: &HeaderMap,
        context: &Context,
        text: impl FnOnce(&Self) -> String,
    ) -> Result<Response, Problem> {
        let tag = self.version.map(|version| Tag::of(version, context));
        if let Some(known) = tag.as_ref().and_then(|tag| tag.not_modified(headers)) {
            return Ok(known);
        }
        let response = bounded(text(self), context)?;
        Ok(match tag {
            Some(tag) => tag.mark(response),
            None => response,
        })
    }

    pub(super) fn push_version(&self, object: &mut Object<'_>) {
        if let Some(version) = self.version {
            object.number("version", version);
        }
    }
}

/// The document, if there is room for it beside the answers that others have not taken.
fn bounded(mut text: String, context: &Context) -> Result<Response, Problem> {
    text.push('\n');
    let share = context.answers.try_take(text.len());
    let share =
        share.ok_or_else(|| Problem::new(ProblemCode::Busy, "too many answers wait to be taken; try again later"))?;
    Ok(document_of(StatusCode::OK, share.hold(text)))
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
            let most = limits::LIST_ROWS;
            let number = limit.parse().ok().filter(|number| (1..=most).contains(number));
            wanted.limit = Some(number.ok_or_else(|| format!("limit takes a number from 1 to {most}, not '{limit}'"))?);
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

fn list(wanted: &Wanted, listing: &Listing, resources: Option<&Round>) -> String {
    let mut meant = listing.infos.iter().enumerate().filter(|(_, info)| wanted.includes(info));
    let shown: Vec<_> = meant.by_ref().take(wanted.limit.unwrap_or(usize::MAX)).collect();
    let last = shown.last().filter(|_| meant.next().is_some());
    let mut text = String::new();
    json::object(&mut text, |object| {
        listing.push_version(object);
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
    if let Some(since) = since(info) {
        object.string("since", &time_text(since));
    }
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

/// The start of the run while it has a pid, else the end of the last one; `None`: it has never run.
fn since(info: &ProcessInfo) -> Option<Duration> {
    let seconds = |seconds: i64| u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).map(Duration::from_secs);
    if info.pid.is_some() { seconds(info.start) } else { info.last_exit.map(|last| last.at).or(seconds(info.stop)) }
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
    use supervisor_core::{Pid, Tally};
    use supervisor_protocol::api::{Lookup, find as find_row};

    use super::*;
    use crate::test_data::process_info;

    fn text(infos: impl IntoIterator<Item = ProcessInfo>) -> String {
        let infos = infos.into_iter().map(Arc::new).collect();
        list(&Wanted::default(), &Listing { infos, version: None }, None)
    }

    #[test]
    fn what_there_is_nothing_to_say_of_is_absent() {
        let starting = ProcessInfo { state: ProcessState::Starting, ..process_info("cat") };
        assert_eq!(text([starting]), r#"{"processes": [{"name": "cat", "state": "STARTING"}]}"#);
    }

    fn wanted(query: &str) -> Result<Wanted, String> {
        let Lookup::Found(row, _) = find_row("/processes", "GET") else { panic!("it is in the table") };
        Wanted::read(&Parameters::read(Some(query), row).map_err(|_| "unknown parameter")?)
    }

    #[test]
    fn a_list_is_narrowed_and_goes_on_where_it_ended() {
        let process =
            |group: &str, name: &str, state| Arc::new(ProcessInfo { group: group.into(), state, ..process_info(name) });
        let infos = vec![
            process("cat", "cat", ProcessState::Running),
            process("web", "a", ProcessState::Fatal),
            process("web", "b", ProcessState::Running),
            process("web", "c", ProcessState::Stopped),
        ];
        let listing = Listing { infos, version: None };
        let names = |query: &str| {
            let text = list(&wanted(query).unwrap(), &listing, None);
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
        for query in ["state=nosuch", "limit=0", "limit=5001", "limit=x", "sort=name"] {
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
            r#"{"name": "dog", "state": "BACKOFF", "since": "2026-11-22T08:17:47.089Z", "exit": {"at": "2026-11-22T08:17:47.089Z", "code": 2, "#,
            r#""expected": true, "ran": 61.004}, "spawn_error": "Exited too quickly", "protocol_error": "hello", "#,
            r#""description": "Exited too quickly", "attention": true}]}"#
        );
        assert_eq!(text([restarted, failed]), expected);
    }
}
