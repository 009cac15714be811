//! What the plug-ins of the configuration ask: methods of the server, and commands of ours.
//!
//! Each question gets a session of its own with the same server, so that several can be answered at once: a plug-in
//! that stops ten programs in ten threads waits for the slowest, not for the sum.

use nix::errno::Errno;
use supervisor_protocol::extension::{ErrorAnswer, Id, push_error, push_result};
use supervisor_protocol::xmlrpc::Value;

use super::Seed;
use super::plugin_host::members;
use crate::cli;
use crate::controller::{Controller, Flow};
use crate::failure::{Failure, UrlOrigin};
use crate::upcheck::upcheck;
use crate::world::{CallError, ConnectError};

/// A request of the process that runs the plug-ins.
#[derive(Debug)]
pub(super) struct Question {
    id: Id,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// A method of the server.
    Call {
        method: String,
        params: Vec<Value>,
    },
    /// A line, as if it had been typed.
    Command {
        line: String,
    },
    Upcheck,
    Unknown,
}

/// Codes for what is no fault of the server: the negative of an HTTP status, or of `ERRNO` and an error of the system.
const OTHER: i32 = -1;
const ERRNO: i32 = 1000;

impl Question {
    pub(super) fn new(id: Id, method: &str, params: &Value) -> Self {
        let text = |name: &str| params.member(name).cloned().and_then(Value::into_text).unwrap_or_default();
        let kind = match (method, params.member("params")) {
            ("sup.call", Some(Value::Array(params))) => Kind::Call { method: text("method"), params: params.clone() },
            ("ctl.onecmd", _) => Kind::Command { line: text("line") },
            ("ctl.upcheck", _) => Kind::Upcheck,
            _ => Kind::Unknown,
        };
        Self { id, kind }
    }
}

/// The answer as a line, once it is there.
pub(super) fn answer(question: Question, seed: Seed) -> Vec<u8> {
    let Question { id, kind } = question;
    let outcome = match cli::session(seed) {
        Ok(mut controller) => work(&mut controller, kind),
        Err(error) => Err(ErrorAnswer { code: OTHER, message: error.to_string() }),
    };
    let mut line = Vec::new();
    match outcome {
        Ok(result) => push_result(&mut line, &id, &result),
        Err(error) => push_error(&mut line, &id, &error),
    }
    line
}

fn work(controller: &mut Controller, kind: Kind) -> Result<Value, ErrorAnswer> {
    let result = match kind {
        Kind::Call { method, params } => {
            let answer = controller.world.call(&method, &params);
            return answer.map_err(|error| refusal(controller, &Failure::Call { method: "it", error }));
        }
        Kind::Command { line } => ("leaves", controller.execute(&line) == Flow::Leave),
        Kind::Upcheck => {
            let understands = upcheck(controller);
            controller.output.flush();
            ("understands", understands.map_err(|failure| refusal(controller, &failure))?)
        }
        Kind::Unknown => return Err(ErrorAnswer { code: 1, message: "UNKNOWN_METHOD".to_owned() }),
    };
    let exit_status = Value::Int(controller.exit_status.number().into());
    Ok(Value::Struct(members([(result.0, Value::Bool(result.1)), ("exitstatus", exit_status)]).into()))
}

/// As an exception that a client written in Python knows: a fault, an answer of HTTP, or an error of the system.
fn refusal(controller: &Controller, failure: &Failure) -> ErrorAnswer {
    let message = failure.describe(controller.world.url(), &UrlOrigin::Given);
    let code = match failure {
        Failure::Call { error, .. } => match error {
            CallError::Fault { code, text } => {
                let code = i32::try_from(code.value()).unwrap_or(OTHER);
                return ErrorAnswer { code, message: text.clone() };
            }
            CallError::Unauthorized => -401,
            CallError::Http { status, .. } => -i32::from(*status),
            CallError::Connect(ConnectError::Refused) => -(ERRNO + Errno::ECONNREFUSED as i32),
            CallError::Connect(ConnectError::NoSuchFile) => -(ERRNO + Errno::ENOENT as i32),
            CallError::Connect(_)
            | CallError::Broken(_)
            | CallError::BadAnswer(_)
            | CallError::BadUrl
            | CallError::Interrupted
            | CallError::DeadlinePassed => OTHER,
        },
        Failure::UnknownResult { .. } | Failure::NoAnswer(_) | Failure::Interrupted | Failure::PluginHost(_) => OTHER,
    };
    ErrorAnswer { code, message }
}
