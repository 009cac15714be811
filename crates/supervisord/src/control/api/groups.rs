//! `/api/v1/groups` and `/api/v1/groups/{group}`: groups by what their processes do.

use std::sync::Arc;

use hyper::StatusCode;
use supervisor_core::ProcessInfo;
use supervisor_protocol::json::{self, Object};

use super::processes::{bounded, infos, push_process};
use super::summary::push_states;
use super::{ending, error};
use crate::control::context::Context;
use crate::control::process_info::ProcessInfoWriter;
use crate::control::response::Response;

pub(super) async fn tell_all(context: &Context) -> Response {
    let Ok(infos) = infos(context).await else { return ending() };
    let mut text = String::new();
    json::object(&mut text, |object| {
        // They are sorted by group.
        object.objects("groups", infos.chunk_by(|a, b| a.group == b.group), push_group);
    });
    bounded(text, context)
}

pub(super) async fn tell_one(name: &str, context: &Context) -> Response {
    let Ok(infos) = infos(context).await else { return ending() };
    let Some(members) = infos.chunk_by(|a, b| a.group == b.group).find(|members| &*members[0].group == name) else {
        return error(StatusCode::NOT_FOUND, &format!("there is no group {name} that has processes"));
    };
    let mut text = String::new();
    json::object(&mut text, |object| {
        push_group(object, members);
        let mut descriptions = ProcessInfoWriter::new();
        object.objects("members", members, |object, info| push_process(object, info, &mut descriptions));
    });
    bounded(text, context)
}

/// `members` are all those of one group, of which there is one at least.
fn push_group(object: &mut Object<'_>, members: &[Arc<ProcessInfo>]) {
    object.string("name", members.first().map_or("", |first| &first.group));
    object.number("processes", members.len());
    push_states(object, members);
}
