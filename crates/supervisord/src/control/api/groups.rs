//! `/api/v1/groups` and `/api/v1/groups/{group}`: groups by what their processes do.

use std::sync::Arc;

use hyper::header::HeaderMap;
use supervisor_core::{FaultCode, ProcessInfo};
use supervisor_protocol::api::ProblemCode;
use supervisor_protocol::json::{self, Object};

use super::problem::Problem;
use super::processes::{listing, push_process};
use super::summary::push_states;
use crate::control::context::Context;
use crate::control::process_info::ProcessInfoWriter;
use crate::control::response::Response;

pub(super) async fn tell_all(headers: &HeaderMap, context: &Context) -> Result<Response, Problem> {
    listing(context).await?.answer(headers, context, |listing| {
        let mut text = String::new();
        json::object(&mut text, |object| {
            listing.push_version(object);
            object.objects("groups", groups(&listing.infos), push_group);
        });
        text
    })
}

pub(super) async fn tell_one(name: &str, headers: &HeaderMap, context: &Context) -> Result<Response, Problem> {
    let listing = listing(context).await?;
    let members = members(name, &listing.infos)?;
    let mut text = String::new();
    json::object(&mut text, |object| {
        push_group(object, members);
        let mut descriptions = ProcessInfoWriter::new();
        object.objects("members", members, |object, info| push_process(object, info, &mut descriptions));
    });
    listing.answer(headers, context, |_| text)
}

/// All processes, which are sorted by group, group by group.
fn groups(infos: &[Arc<ProcessInfo>]) -> impl Iterator<Item = &[Arc<ProcessInfo>]> {
    infos.chunk_by(|a, b| a.group == b.group)
}

/// The processes of one group.
///
/// # Errors
/// There is none of that name that has processes.
pub(super) fn members<'i>(name: &str, infos: &'i [Arc<ProcessInfo>]) -> Result<&'i [Arc<ProcessInfo>], Problem> {
    groups(infos).find(|members| &*members[0].group == name).ok_or_else(|| {
        let known = groups(infos).map(|members| &*members[0].group);
        let nearest = supervisor_config::nearest(name, known).map(str::to_owned);
        Problem::new(ProblemCode::NoSuchGroup, format!("There is no group {name} that has processes."))
            .with_fault(FaultCode::BadName)
            .with_nearest(nearest)
    })
}

/// `members` are all those of one group, of which there is one at least.
fn push_group(object: &mut Object<'_>, members: &[Arc<ProcessInfo>]) {
    object.string("name", members.first().map_or("", |first| &first.group));
    object.number("processes", members.len());
    push_states(object, members);
}
