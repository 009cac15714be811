//! What the extension asks, and how a supervisord answers that has no program. It remembers what was wrong about it.

use std::collections::HashSet;

use supervisor_protocol::SUPERVISOR_VERSION;
use supervisor_protocol::extension::{ErrorAnswer, Id};
use supervisor_protocol::xmlrpc::Value;

use crate::limits::MAX_EXTENSION_COMPLAINTS;

/// What it has asked, by its ids, and what nobody should ask.
#[derive(Debug, Default)]
pub(super) struct Questions {
    /// `initialize` has been answered, before which there may be no request.
    has_begun: bool,
    /// Names of its own event types.
    event_types: Vec<String>,
    used: HashSet<Id>,
    complaints: Vec<String>,
}

impl Questions {
    /// `initialize` has been answered: from now on the extension may ask.
    pub(super) fn begin(&mut self, description: Option<&Value>) {
        self.has_begun = true;
        if let Some(Value::Array(names)) = description.and_then(|description| description.member("events")) {
            self.event_types = names.iter().cloned().filter_map(Value::into_text).collect();
        }
    }

    /// The answer to a request.
    pub(super) fn answer(&mut self, id: &Id, method: &str, params: &Value) -> Result<Value, ErrorAnswer> {
        if !self.has_begun {
            self.complain(format!("it asked {method} before it had answered initialize"));
        }
        if !self.used.insert(id.clone()) {
            self.complain(format!("it used the id {id} for two requests"));
        }
        let text = |name: &str| params.member(name).cloned().and_then(Value::into_text).unwrap_or_default();
        match method {
            "sup.state" => Ok(state()),
            "sup.groups" => Ok(Value::Array(Vec::new())),
            "sup.log" | "sup.transition" | "sup.unsubscribe" => Ok(Value::Bool(true)),
            "sup.subscribe" => Ok(Value::Struct(vec![("serial".to_owned(), Value::Int(0))])),
            "sup.notify" => {
                let name = text("name");
                if self.event_types.contains(&name) {
                    return Ok(Value::Bool(true));
                }
                self.complain(format!("it sent an event '{name}', which is not in its events"));
                Err(refusal(3, format!("BAD_ARGUMENTS: {name}")))
            }
            "sup.group" | "sup.process" | "sup.parse_program" | "sup.add_process" | "sup.remove_process"
            | "sup.write" => Err(refusal(10, format!("BAD_NAME: {}", text("group")))),
            "sup.kill" => Err(refusal(70, "NOT_RUNNING".to_owned())),
            "sup.call" => Err(refusal(30, format!("FAILED: extension-test has no {}", text("method")))),
            other => {
                self.complain(format!("it asked '{other}', which no supervisord knows"));
                Err(refusal(1, "UNKNOWN_METHOD".to_owned()))
            }
        }
    }

    /// Remembers what was wrong.
    pub(super) fn complain(&mut self, complaint: String) {
        if self.complaints.len() < MAX_EXTENSION_COMPLAINTS {
            self.complaints.push(complaint);
        }
    }

    /// What was wrong since this was asked last.
    pub(super) fn take_complaints(&mut self) -> Vec<String> {
        std::mem::take(&mut self.complaints)
    }
}

fn refusal(code: i32, message: String) -> ErrorAnswer {
    ErrorAnswer { code, message }
}

fn state() -> Value {
    let member = |name: &str, value| (name.to_owned(), value);
    Value::Struct(vec![
        member("mood", Value::Int(1)),
        member("identifier", "extension-test".into()),
        member("version", SUPERVISOR_VERSION.into()),
        member("serverurl", "".into()),
        member("configfile", "".into()),
        member("here", "".into()),
    ])
}
