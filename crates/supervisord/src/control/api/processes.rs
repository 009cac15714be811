//! `/api/v1/processes`: what is known of each process, by group and name. XML-RPC has a closed set of members for it;
//! what is new is here.

use std::borrow::Borrow;

use hyper::StatusCode;
use supervisor_core::{ExitStatus, LastExit, ProcessInfo, make_namespec, signal_name};
use supervisor_protocol::json::{self, Object};

use super::time::time_text;
use super::{document_of, ending, error};
use crate::boundary::requests::GetAllProcessInfo;
use crate::control::context::Context;
use crate::control::response::Response;

pub(super) async fn tell(context: &Context) -> Response {
    if let Some(infos) = context.processes.all() {
        return bounded(text(&infos), context);
    }
    // While one of them changes, the supervision plane is asked.
    let Ok(infos) = context.sender.call(GetAllProcessInfo).await else {
        return ending();
    };
    bounded(text(&infos), context)
}

/// The document, if there is room for it beside the answers that others have not taken.
fn bounded(mut text: String, context: &Context) -> Response {
    text.push('\n');
    match context.answers.try_take(text.len()) {
        Some(share) => document_of(StatusCode::OK, share.hold(text)),
        None => error(StatusCode::SERVICE_UNAVAILABLE, "too many answers wait to be taken; try again later"),
    }
}

fn text<T: Borrow<ProcessInfo>>(infos: &[T]) -> String {
    let mut text = String::new();
    json::object(&mut text, |object| {
        object.objects("processes", infos, |object, info| push_process(object, info.borrow()));
    });
    text
}

fn push_process(object: &mut Object<'_>, info: &ProcessInfo) {
    object.string("name", &make_namespec(&info.group, &info.config.name));
    object.string("state", info.state.name());
    if let Some(pid) = info.pid {
        object.number("pid", pid);
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
    use std::sync::Arc;
    use std::time::Duration;

    use supervisor_core::{Pid, ProcessState};

    use super::*;
    use crate::test_data::process_info;

    #[test]
    fn what_there_is_nothing_to_say_of_is_absent() {
        let expected = r#"{"processes": [{"name": "cat", "state": "STOPPED"}]}"#;
        assert_eq!(text(&[process_info("cat")]), expected);
    }

    #[test]
    fn the_last_end_is_told_whatever_came_after_it() {
        let at = Duration::from_millis(1_795_335_467_089);
        let ended = |status, expected| LastExit { at, status, expected, ran_for: Duration::from_millis(61_004) };
        let restarted = ProcessInfo {
            state: ProcessState::Running,
            pid: Pid::new(7),
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
            r#"{"processes": [{"name": "cat", "state": "RUNNING", "pid": 7, "exit": {"at": "2026-11-22T08:17:47.089Z", "#,
            r#""signal": "SIGSEGV", "core_dumped": true, "expected": false, "ran": 61.004}}, "#,
            r#"{"name": "dog", "state": "BACKOFF", "exit": {"at": "2026-11-22T08:17:47.089Z", "code": 2, "#,
            r#""expected": true, "ran": 61.004}, "spawn_error": "Exited too quickly", "protocol_error": "hello"}]}"#
        );
        assert_eq!(text(&[restarted, failed]), expected);
    }
}
