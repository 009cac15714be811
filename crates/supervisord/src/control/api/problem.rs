//! Refusals as documents: `application/problem+json` by RFC 9457, with the words of the table of problems.

use std::sync::Arc;

use hyper::StatusCode;
use hyper::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use supervisor_core::{Fault, FaultCode, ProcessInfo};
use supervisor_protocol::api::{ProblemCode, ROOT, Verb};
use supervisor_protocol::json::{self, Object};

use super::document;
use super::processes::push_process;
use crate::control::limits;
use crate::control::process_info::ProcessInfoWriter;
use crate::control::response::{Response, ResponseBody};
use crate::control::traffic::Refusal;

/// Why there is no other answer.
pub(super) struct Problem(Box<Parts>);

struct Parts {
    code: ProblemCode,
    /// A sentence for people.
    detail: String,
    /// What XML-RPC would say.
    fault: Option<FaultCode>,
    /// Which process it is about.
    process: Option<String>,
    /// What was probably meant.
    nearest: Vec<String>,
    /// As the process is now.
    current: Option<Arc<ProcessInfo>>,
    /// Why the last start failed, and the last line that it has written.
    reason: (Option<String>, Option<String>),
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    pub(super) fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        let mut headers = Vec::new();
        match code {
            ProblemCode::ShuttingDown | ProblemCode::TooManyStreams | ProblemCode::Busy => {
                headers.push((RETRY_AFTER, limits::RETRY_AFTER_SECONDS.into()));
            }
            // The body may be on its way still.
            ProblemCode::RequestTimeout | ProblemCode::TooLarge | ProblemCode::UnsupportedMediaType => {
                headers.push((CONNECTION, HeaderValue::from_static("close")));
            }
            ProblemCode::BadRequest
            | ProblemCode::UnknownParameter
            | ProblemCode::UnknownMember
            | ProblemCode::Unauthorized
            | ProblemCode::Forbidden
            | ProblemCode::CrossSite
            | ProblemCode::UnknownHost
            | ProblemCode::NotFound
            | ProblemCode::NoSuchProcess
            | ProblemCode::NoSuchGroup
            | ProblemCode::NoSuchMethod
            | ProblemCode::NoLog
            | ProblemCode::MethodNotAllowed
            | ProblemCode::Changed
            | ProblemCode::StillRunning
            | ProblemCode::AlreadyAdded
            | ProblemCode::AlreadyStarted
            | ProblemCode::NotRunning
            | ProblemCode::StdinClosed
            | ProblemCode::BadRange
            | ProblemCode::BadSignal
            | ProblemCode::BadWait
            | ProblemCode::CannotStart
            | ProblemCode::CannotReread
            | ProblemCode::Failed => {}
        }
        let detail = detail.into();
        let (nearest, reason) = (Vec::new(), (None, None));
        Self(Box::new(Parts { code, detail, fault: None, process: None, nearest, current: None, reason, headers }))
    }

    /// supervisord has ended or is about to.
    pub(super) fn ending() -> Self {
        let mut problem = Self::new(ProblemCode::ShuttingDown, "supervisord is shutting down or restarting");
        problem.0.fault = Some(FaultCode::ShutdownState);
        problem
    }

    /// What supervision refuses, where nothing better is known of it.
    pub(super) fn of_fault(fault: &Fault) -> Self {
        if fault.code == FaultCode::ShutdownState {
            return Self::ending();
        }
        let code = ProblemCode::of_fault(fault.code);
        let detail = match &fault.extra {
            Some(extra) => format!("{}: {extra}", code.title()),
            None => code.title().to_owned(),
        };
        Self::new(code, detail).with_fault(fault.code)
    }

    /// A path that is there, asked for by another method.
    pub(super) fn wrong_method(method: &str, verbs: &[Verb]) -> Self {
        let allow = Verb::allow(verbs);
        let mut problem = Self::new(ProblemCode::MethodNotAllowed, format!("not by {method}; there are {allow}"));
        let allow = HeaderValue::from_str(&allow).expect("names of methods are printable");
        problem.0.headers = vec![(ALLOW, allow), (CONNECTION, HeaderValue::from_static("close"))];
        problem
    }

    pub(super) fn with_fault(mut self, fault: FaultCode) -> Self {
        self.0.fault = Some(fault);
        self
    }

    pub(super) fn with_process(mut self, name: impl Into<String>) -> Self {
        self.0.process = Some(name.into());
        self
    }

    pub(super) fn with_nearest(mut self, nearest: impl IntoIterator<Item = String>) -> Self {
        self.0.nearest.extend(nearest);
        self
    }

    pub(super) fn with_current(mut self, info: Arc<ProcessInfo>) -> Self {
        self.0.current = Some(info);
        self
    }

    /// Of a start that has failed.
    pub(super) fn with_reason(mut self, spawn_error: Option<&str>, last_output: Option<String>) -> Self {
        self.0.reason = (spawn_error.map(str::to_owned), last_output);
        self
    }

    #[cfg(test)]
    pub(super) fn detail(&self) -> &str {
        &self.0.detail
    }

    /// Its members.
    pub(super) fn push(&self, object: &mut Object<'_>) {
        let Parts { code, detail, fault, process, nearest, current, reason, headers: _ } = &*self.0;
        object.string("type", &format!("{ROOT}/problems#{}", code.name()));
        object.string("title", code.title());
        object.number("status", code.status());
        object.string("detail", detail);
        object.string("code", code.name());
        if let Some(fault) = fault {
            object.number("fault", fault.number());
        }
        if let Some(process) = process {
            object.string("process", process);
        }
        if !nearest.is_empty() {
            object.strings("nearest", nearest);
        }
        if let Some(info) = current {
            object.object("current", |object| push_process(object, info, &mut ProcessInfoWriter::new()));
        }
        if let Some(spawn_error) = &reason.0 {
            object.string("spawn_error", spawn_error);
        }
        if let Some(last_output) = &reason.1 {
            object.string("last_output", last_output);
        }
    }

    pub(super) fn answer(self) -> Response {
        let mut text = String::new();
        json::object(&mut text, |object| self.push(object));
        let status = StatusCode::from_u16(self.0.code.status()).expect("the table has statuses of HTTP");
        let mut response = document(status, text);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.extend(self.0.headers);
        response
    }
}

/// What refuses a request before it is looked at, as a problem; headers stay.
pub(in crate::control) fn of_refusal(why: Refusal, refusal: Response) -> Response {
    let code = match why {
        Refusal::Auth if refusal.status() == StatusCode::BAD_REQUEST => ProblemCode::BadRequest,
        Refusal::Auth => ProblemCode::Unauthorized,
        Refusal::Host => ProblemCode::UnknownHost,
        Refusal::CrossSite => ProblemCode::CrossSite,
        Refusal::Limit => ProblemCode::Busy,
        Refusal::OtherMachine => ProblemCode::Forbidden,
    };
    as_problem(code, refusal)
}

/// The same answer with our document for its body.
pub(in crate::control) fn as_problem(code: ProblemCode, refusal: Response) -> Response {
    let (mut head, body) = refusal.into_parts();
    let is_text = head.headers.get(CONTENT_TYPE).is_some_and(|kind| kind == "text/plain");
    let text = match body {
        ResponseBody::Full(Some(bytes)) if is_text => String::from_utf8_lossy(&bytes).trim_end().to_owned(),
        ResponseBody::Full(_) | ResponseBody::Measured(_) | ResponseBody::Stream(_) => code.title().to_owned(),
    };
    let (own_head, body) = Problem::new(code, text).answer().into_parts();
    head.headers.extend(own_head.headers);
    head.status = own_head.status;
    Response::from_parts(head, body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_what_it_is_about() {
        let problem = Problem::new(ProblemCode::NoSuchProcess, "There is no process web:wbe.")
            .with_fault(FaultCode::BadName)
            .with_process("web:wbe")
            .with_nearest(["web:web".to_owned()]);
        let mut text = String::new();
        json::object(&mut text, |object| problem.push(object));
        let expected = concat!(
            r#"{"type": "/api/v1/problems#no-such-process", "title": "No such process", "status": 404, "#,
            r#""detail": "There is no process web:wbe.", "code": "no-such-process", "fault": 10, "#,
            r#""process": "web:wbe", "nearest": ["web:web"]}"#
        );
        assert_eq!(text, expected);
        assert_eq!(Problem::ending().answer().headers()[RETRY_AFTER], "10");
    }
}
