//! `/api/v1/summary`: how many processes are how, in a few bytes.

use std::sync::Arc;

use hyper::header::HeaderMap;
use supervisor_core::{ProcessInfo, ProcessState};
use supervisor_protocol::json::{self, Object};

use super::problem::Problem;
use super::processes::{Listing, listing};
use crate::control::attention::needs_attention;
use crate::control::context::Context;
use crate::control::response::Response;

pub(super) async fn tell(headers: &HeaderMap, context: &Context) -> Result<Response, Problem> {
    listing(context).await?.answer(headers, context, text)
}

fn text(listing: &Listing) -> String {
    let infos = &listing.infos;
    let mut text = String::new();
    json::object(&mut text, |object| {
        listing.push_version(object);
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
        let text = |infos: &[Arc<ProcessInfo>], version| text(&Listing { infos: infos.to_vec(), version });
        assert_eq!(text(&[], None), r#"{"processes": 0, "states": {}, "attention": 0}"#);
        let infos = [ProcessState::Running, ProcessState::Fatal, ProcessState::Running]
            .map(|state| Arc::new(ProcessInfo { state, ..process_info("cat") }));
        let expected = r#"{"version": 7, "processes": 3, "states": {"RUNNING": 2, "FATAL": 1}, "attention": 1}"#;
        assert_eq!(text(&infos, Some(7)), expected);
    }
}
