//! What rows of the tables are made with.

use supervisor_core::{Command, Fault};

use super::arguments::Arguments;
use super::request::{LocalRequest, Request};
use super::{DefaultArgument, Method, Parameter, Type};

pub(super) const fn required(name: &'static str, kind: Type, help: &'static str) -> Parameter {
    Parameter { name, kind, default: None, help }
}

/// A truth value that is true when it is left out.
pub(super) const fn optional(name: &'static str, help: &'static str) -> Parameter {
    Parameter { name, kind: Type::Boolean, default: Some(DefaultArgument::Boolean(true)), help }
}

pub(super) const fn row(
    name: &'static str,
    parameters: &'static [Parameter],
    result: Type,
    summary: &'static str,
    request: fn(&mut Arguments) -> Result<Request, Fault>,
) -> Method {
    Method { name, parameters, result, in_shutdown: false, summary, request }
}

impl Method {
    pub(super) const fn in_shutdown(mut self) -> Self {
        self.in_shutdown = true;
        self
    }
}

#[expect(clippy::unnecessary_wraps, reason = "a row ends with it, and a row can fail")]
pub(super) fn command(command: Command) -> Result<Request, Fault> {
    Ok(Request::Command(command))
}

#[expect(clippy::unnecessary_wraps, reason = "a row ends with it, and a row can fail")]
pub(super) fn local(request: LocalRequest) -> Result<Request, Fault> {
    Ok(Request::Local(request))
}
