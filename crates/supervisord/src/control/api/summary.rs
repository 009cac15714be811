//! `/api/v1/summary`: how many processes are how, in a few bytes.

use std::sync::Arc;

use hyper::StatusCode;
use supervisor_core::{ProcessInfo, ProcessState};
use supervisor_protocol::json::{self, Object};

use super::processes::infos;
use super::{document, ending};
use crate::control::attention::needs_attention;
use crate::control::context::Context;
use crate::control::response::Response;

pub(super) async fn tell(context: &Context) -> Response {
    match infos(context).await {
        Ok(infos) => document(StatusCode::OK, text(&infos)),
        Err(_) => ending(),
    }
}

fn text(infos: &[Arc<ProcessInfo>]) -> String {
    let mut text = String::new();
    json::object(&mut text, |object| {
        object.number("processes", infos.len());
        push_states(object, infos);
        object.number("attention", infos.iter().filter(|info| needs_attention(info)).count());
    });
    text
}

/// How many are in which state; those that nobody is in are left out.
pub(super) fn push_states(object: &mut Object<'_>, infos: &[Arc<ProcessInfo>]) {
    object.object("states", |object| {
        for state in ProcessState::ALL {
            let count = infos.iter().filter(|info| info.state == state).count();
            if count > 0 {
                object.number(state.name(), count);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_data::process_info;

    #[test]
    fn states_that_nobody_is_in_are_left_out() {
        assert_eq!(text(&[]), r#"{"processes": 0, "states": {}, "attention": 0}"#);
        let infos = [ProcessState::Running, ProcessState::Fatal, ProcessState::Running]
            .map(|state| Arc::new(ProcessInfo { state, ..process_info("cat") }));
        let expected = r#"{"processes": 3, "states": {"RUNNING": 2, "FATAL": 1}, "attention": 1}"#;
        assert_eq!(text(&infos), expected);
    }
}
