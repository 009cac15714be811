//! One line as a message: a request, a notification, an answer.

use std::fmt::{self, Write as _};

use super::value::{push_value, read_value};
use crate::json::push_string;
use crate::limits::EXTENSION_ID_BYTES;
use crate::xmlrpc::Value;

/// What names a request, chosen by who asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Id {
    /// As supervisord's own are.
    Number(i64),
    /// As an extension likes.
    Text(String),
}

/// A message.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// Somebody wants an answer.
    Request {
        /// To be repeated in the answer.
        id: Id,
        /// What is asked.
        method: String,
        /// A struct, an array, or [`Value::Nil`] where there are none.
        params: Value,
    },
    /// Nobody wants an answer.
    Notification {
        /// What is told.
        method: String,
        /// As those of a request.
        params: Value,
    },
    /// An answer; an error without an id is none to any request.
    Answer {
        /// That of the request.
        id: Option<Id>,
        /// What it has come to.
        outcome: Result<Value, ErrorAnswer>,
    },
}

/// The answer to a request that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorAnswer {
    /// `faultCode`
    pub code: i32,
    /// `faultString`, whole.
    pub message: String,
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => write!(f, "{text:?}"),
        }
    }
}

/// Reads a line.
///
/// # Errors
/// It is no JSON, or none that is a message of JSON-RPC 2.0. The text is for people.
pub fn read_message(line: &[u8]) -> Result<Message, String> {
    let Value::Struct(members) = read_value(line)? else { return Err("it is no object".to_owned()) };
    let mut parts = Parts::default();
    for (name, value) in members {
        match &*name {
            "jsonrpc" => parts.version = Some(value),
            "id" => parts.id = Some(value),
            "method" => parts.method = Some(value),
            "params" => parts.params = Some(value),
            "result" => parts.result = Some(value),
            "error" => parts.error = Some(value),
            // What a later version may add.
            _ => {}
        }
    }
    parts.message()
}

#[derive(Default)]
struct Parts {
    version: Option<Value>,
    id: Option<Value>,
    method: Option<Value>,
    params: Option<Value>,
    result: Option<Value>,
    error: Option<Value>,
}

impl Parts {
    fn message(self) -> Result<Message, String> {
        if self.version.is_some_and(|version| version.into_text().as_deref() != Some("2.0")) {
            return Err("its jsonrpc is not \"2.0\"".to_owned());
        }
        let id = match self.id {
            None | Some(Value::Nil) => None,
            Some(Value::Int(number)) => Some(Id::Number(number)),
            Some(Value::Str(text)) if text.len() <= EXTENSION_ID_BYTES => Some(Id::Text(text)),
            Some(Value::Str(_)) => return Err(format!("its id has more than {EXTENSION_ID_BYTES} bytes")),
            Some(_) => return Err("its id is neither a number nor a string".to_owned()),
        };
        let Some(method) = self.method else { return answer(id, self.result, self.error) };
        let method = method.into_text().ok_or("its method is no string")?;
        let params = self.params.unwrap_or(Value::Nil);
        let (Value::Struct(_) | Value::Array(_) | Value::Nil) = params else {
            return Err("its params are neither an object nor an array".to_owned());
        };
        Ok(match id {
            Some(id) => Message::Request { id, method, params },
            None => Message::Notification { method, params },
        })
    }
}

fn answer(id: Option<Id>, result: Option<Value>, error: Option<Value>) -> Result<Message, String> {
    match (result, error) {
        (Some(result), None | Some(Value::Nil)) if id.is_some() => Ok(Message::Answer { id, outcome: Ok(result) }),
        (None | Some(Value::Nil), Some(error @ Value::Struct(_))) => {
            let code = match error.member("code") {
                Some(Value::Int(code)) => i32::try_from(*code).ok(),
                _ => None,
            };
            let code = code.ok_or("its error has no code, which is a number of 32 bits")?;
            let Some(Value::Str(message)) = error.member("message").or_else(|| error.member("text")) else {
                return Err("its error has no message, which is a string".to_owned());
            };
            Ok(Message::Answer { id, outcome: Err(ErrorAnswer { code, message: message.clone() }) })
        }
        (Some(_), Some(_)) => Err("it has a result and an error".to_owned()),
        (Some(_), None) => Err("it has a result and no id".to_owned()),
        (None, Some(_)) => Err("its error is no object".to_owned()),
        (None, None) => Err("it has no method, no result and no error".to_owned()),
    }
}

/// Appends a request as a line.
pub fn push_request(out: &mut Vec<u8>, id: i64, method: &str, params: &Value) {
    push_line(out, |text| {
        write!(text, ", \"id\": {id}").expect("a String takes all");
        push_call(text, method, params);
    });
}

/// Appends a notification as a line.
pub fn push_notification(out: &mut Vec<u8>, method: &str, params: &Value) {
    push_line(out, |text| push_call(text, method, params));
}

/// Appends the answer to a request as a line.
pub fn push_result(out: &mut Vec<u8>, id: &Id, result: &Value) {
    push_line(out, |text| {
        push_id(text, id);
        text.push_str(", \"result\": ");
        push_value(text, result);
    });
}

/// Appends the answer to a request that was refused as a line.
pub fn push_error(out: &mut Vec<u8>, id: &Id, error: &ErrorAnswer) {
    push_line(out, |text| {
        push_id(text, id);
        write!(text, ", \"error\": {{\"code\": {}, \"message\": ", error.code).expect("a String takes all");
        push_string(text, &error.message);
        text.push('}');
    });
}

fn push_line(out: &mut Vec<u8>, members: impl FnOnce(&mut String)) {
    let mut text = String::from("{\"jsonrpc\": \"2.0\"");
    members(&mut text);
    text.push_str("}\n");
    out.extend_from_slice(text.as_bytes());
}

fn push_call(text: &mut String, method: &str, params: &Value) {
    text.push_str(", \"method\": ");
    push_string(text, method);
    if *params != Value::Nil {
        text.push_str(", \"params\": ");
        push_value(text, params);
    }
}

fn push_id(text: &mut String, id: &Id) {
    text.push_str(", \"id\": ");
    match id {
        Id::Number(number) => write!(text, "{number}").expect("a String takes all"),
        Id::Text(id) => push_string(text, id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Message, String> {
        read_message(text.as_bytes())
    }

    #[test]
    fn what_we_write_we_read() {
        let params = Value::Struct(vec![("method".to_owned(), Value::from("ping"))]);
        let id = Id::Text("h\"1".to_owned());
        let error = ErrorAnswer { code: 4711, message: "UNKNOWN: mine\n".to_owned() };
        let mut out = Vec::new();
        push_request(&mut out, 7, "call", &params);
        push_notification(&mut out, "shutdown", &Value::Nil);
        push_result(&mut out, &id, &Value::Bool(true));
        push_error(&mut out, &id, &error);
        let expected = [
            Message::Request { id: Id::Number(7), method: "call".to_owned(), params },
            Message::Notification { method: "shutdown".to_owned(), params: Value::Nil },
            Message::Answer { id: Some(id.clone()), outcome: Ok(Value::Bool(true)) },
            Message::Answer { id: Some(id), outcome: Err(error) },
        ];
        let read: Vec<_> = out
            .strip_suffix(b"\n")
            .unwrap()
            .split(|byte| *byte == b'\n')
            .map(|line| read_message(line).unwrap())
            .collect();
        assert_eq!(read, expected);
    }

    #[test]
    fn what_others_leave_out_or_add_is_understood() {
        let nothing = r#"{"jsonrpc":"2.0","id":1,"result":null,"error":null,"extra":[]}"#;
        assert_eq!(read(nothing), Ok(Message::Answer { id: Some(Id::Number(1)), outcome: Ok(Value::Nil) }));
        let no_id = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}"#;
        assert!(matches!(read(no_id), Ok(Message::Answer { id: None, outcome: Err(_) })));
        let other_name = r#"{"id":1,"error":{"code":5,"text":"x"}}"#;
        let expected = ErrorAnswer { code: 5, message: "x".to_owned() };
        assert_eq!(read(other_name), Ok(Message::Answer { id: Some(Id::Number(1)), outcome: Err(expected) }));
        let positional = r#"{"jsonrpc":"2.0","id":"a","method":"sup.state","params":[]}"#;
        assert!(matches!(read(positional), Ok(Message::Request { params: Value::Array(_), .. })));
    }

    #[test]
    fn what_is_no_message_is_refused_with_the_reason() {
        for (line, words) in [
            ("hello", "expected value"),
            ("[]", "no object"),
            (r#"{"jsonrpc":"1.0","id":1,"method":"x"}"#, "jsonrpc"),
            (r#"{"jsonrpc":"2.0","id":1.5,"method":"x"}"#, "its id"),
            (r#"{"jsonrpc":"2.0","id":1,"method":5}"#, "its method"),
            (r#"{"jsonrpc":"2.0","id":1,"method":"x","params":5}"#, "its params"),
            (r#"{"jsonrpc":"2.0","id":1}"#, "no method"),
            (r#"{"jsonrpc":"2.0","result":1}"#, "no id"),
            (r#"{"jsonrpc":"2.0","id":1,"result":1,"error":{"code":1,"message":""}}"#, "a result and an error"),
            (r#"{"jsonrpc":"2.0","id":1,"error":{"message":"x"}}"#, "no code"),
            (r#"{"jsonrpc":"2.0","id":1,"error":{"code":4294967296,"message":"x"}}"#, "no code"),
            (r#"{"jsonrpc":"2.0","id":1,"error":{"code":1}}"#, "no message"),
            (r#"{"jsonrpc":"2.0","id":1,"error":"x"}"#, "no object"),
        ] {
            let error = read(line).unwrap_err();
            assert!(error.contains(words), "{line}: {error}");
        }
    }
}
