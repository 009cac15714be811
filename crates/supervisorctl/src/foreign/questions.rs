//! What the plug-ins of the configuration ask: methods of the server, and commands of ours.
//!
//! Each question gets a session of its own with the same server, so that several can be answered at once: a plug-in
//! that stops ten programs in ten threads waits for the slowest, not for the sum.

use serde_json::{Value as Json, json};
use supervisor_protocol::xmlrpc::Value;

use super::Seed;
use super::json_value::{from_json, to_json};
use crate::cli;
use crate::controller::{Controller, Flow};
use crate::failure::{Failure, UrlOrigin};
use crate::upcheck::upcheck;
use crate::world::{CallError, ConnectError};

/// A request of the process that runs the plug-ins.
#[derive(Debug)]
pub(super) struct Question {
    id: Json,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// A method of the server.
    Call {
        method: String,
        params: Json,
    },
    /// A line, as if it had been typed.
    Command {
        line: String,
    },
    Upcheck,
    Unknown,
}

impl Question {
    /// `None`: this message is none.
    pub(super) fn read(message: &mut Json) -> Option<Self> {
        let method = message.get("method")?.as_str()?.to_owned();
        let id = message.get_mut("id")?.take();
        let params = &mut message["params"];
        let text = |name: &str| params[name].as_str().unwrap_or_default().to_owned();
        let kind = match method.as_str() {
            "sup.call" => Kind::Call { method: text("method"), params: params["params"].take() },
            "ctl.onecmd" => Kind::Command { line: text("line") },
            "ctl.upcheck" => Kind::Upcheck,
            _ => Kind::Unknown,
        };
        Some(Self { id, kind })
    }
}

/// The answer, once it is there.
pub(super) fn answer(question: Question, seed: Seed) -> Json {
    let Question { id, kind } = question;
    let result = match cli::session(seed) {
        Ok(mut controller) => work(&mut controller, kind),
        Err(error) => Err(json!({"code": 30, "message": error.to_string(), "data": {"kind": "os"}})),
    };
    match result {
        Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
        Err(error) => json!({"jsonrpc": "2.0", "id": id, "error": error}),
    }
}

fn work(controller: &mut Controller, kind: Kind) -> Result<Json, Json> {
    match kind {
        Kind::Call { method, params } => call(controller, &method, params),
        Kind::Command { line } => {
            let flow = controller.execute(&line);
            Ok(json!({"leaves": flow == Flow::Leave, "exitstatus": controller.exit_status.number()}))
        }
        Kind::Upcheck => {
            let understands = upcheck(controller);
            controller.output.flush();
            let understands = understands.map_err(|failure| refusal(controller, &failure))?;
            Ok(json!({"understands": understands, "exitstatus": controller.exit_status.number()}))
        }
        Kind::Unknown => Err(json!({"code": 1, "message": "UNKNOWN_METHOD"})),
    }
}

fn call(controller: &mut Controller, method: &str, params: Json) -> Result<Json, Json> {
    let params = match from_json(params) {
        Ok(Value::Array(params)) => params,
        Ok(_) => return Err(json!({"code": 2, "message": "INCORRECT_PARAMETERS"})),
        Err(what) => return Err(json!({"code": 2, "message": format!("INCORRECT_PARAMETERS: {what}")})),
    };
    match controller.world.call(method, &params) {
        Ok(value) => Ok(to_json(&value)),
        Err(error) => Err(refusal(controller, &Failure::Call { method: "it", error })),
    }
}

/// An exception that a client written in Python knows: a fault, an answer of HTTP, or an error of the system.
fn refusal(controller: &Controller, failure: &Failure) -> Json {
    let words = failure.describe(controller.world.url(), &UrlOrigin::Given);
    let data = match failure {
        Failure::Call { error, .. } => match error {
            CallError::Fault { code, text } => return json!({"code": code.value(), "message": text}),
            CallError::Unauthorized => json!({"kind": "http", "status": 401}),
            CallError::Http { status, .. } => json!({"kind": "http", "status": status}),
            CallError::Connect(ConnectError::Refused) => {
                json!({"kind": "os", "errno": nix::errno::Errno::ECONNREFUSED as i32})
            }
            CallError::Connect(ConnectError::NoSuchFile) => {
                json!({"kind": "os", "errno": nix::errno::Errno::ENOENT as i32})
            }
            CallError::Connect(_)
            | CallError::Broken(_)
            | CallError::BadAnswer(_)
            | CallError::BadUrl
            | CallError::Interrupted
            | CallError::DeadlinePassed => json!({"kind": "os"}),
        },
        Failure::UnknownResult { .. } | Failure::NoAnswer(_) | Failure::Interrupted | Failure::PluginHost(_) => {
            json!({"kind": "os"})
        }
    };
    json!({"code": 30, "message": words, "data": data})
}
