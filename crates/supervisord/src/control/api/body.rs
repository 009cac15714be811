//! What a request brings along: a JSON object of which every member is known.
//!
//! Only JSON that says so: the three kinds of bodies that a form of another site can send are refused, whatever an old
//! browser tells of where it comes from (reference/web.md §15.2). No body at all is an empty object.

use std::rc::Rc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::body::{Body as _, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::{Request, StatusCode};
use supervisor_protocol::api::{ProblemCode, Row};
use supervisor_protocol::extension::read_value;
use supervisor_protocol::xmlrpc::Value;

use super::problem::Problem;
use crate::control::context::Context;
use crate::control::{limits, request_body};

/// Members by name, each of which the row has.
#[derive(Debug, Default)]
pub(super) struct Body(Vec<(String, Value)>);

impl Body {
    /// Receives it.
    ///
    /// # Errors
    /// It is no such object, too large, or not there in time.
    pub(super) async fn receive(request: Request<Incoming>, row: &Row, context: &Rc<Context>) -> Result<Self, Problem> {
        let kind = request.headers().get(CONTENT_TYPE).cloned();
        let is_empty = request.body().is_end_stream();
        if !(kind.as_ref().is_some_and(|kind| kind.to_str().is_ok_and(is_json)) || kind.is_none() && is_empty) {
            request_body::let_pass(request, context).await;
            return Err(Problem::new(
                ProblemCode::UnsupportedMediaType,
                "the body has to be JSON, and to say so by Content-Type: application/json",
            ));
        }
        if is_empty {
            return Self::of_members(Vec::new(), row);
        }
        let (bytes, _share) = request_body::receive(request, context).await.map_err(not_received)?;
        if bytes.len() > limits::JSON_BODY_BYTES {
            return Err(not_received(StatusCode::PAYLOAD_TOO_LARGE));
        }
        let value = read_value(&bytes)
            .map_err(|error| Problem::new(ProblemCode::BadRequest, format!("the body is no JSON: {error}")))?;
        let Value::Struct(members) = value else {
            return Err(Problem::new(ProblemCode::BadRequest, "the body is no JSON object"));
        };
        Self::of_members(members, row)
    }

    fn of_members(members: Vec<(String, Value)>, row: &Row) -> Result<Self, Problem> {
        for (place, (name, _)) in members.iter().enumerate() {
            row.check_member(name).map_err(|text| {
                let known = row.body.iter().map(|known| known.name);
                let nearest = supervisor_config::nearest(name, known).map(str::to_owned);
                Problem::new(ProblemCode::UnknownMember, text).with_nearest(nearest)
            })?;
            if members.iter().take(place).any(|(earlier, _)| earlier == name) {
                return Err(Problem::new(ProblemCode::BadRequest, format!("{name} is there twice")));
            }
        }
        let body = Self(members);
        match row.body.iter().find(|member| member.required && body.get(member.name).is_none()) {
            Some(missing) => Err(Problem::new(ProblemCode::BadRequest, format!("{} is missing", missing.name))),
            None => Ok(body),
        }
    }

    /// A member; `null` is none.
    fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value).filter(|value| **value != Value::Nil)
    }

    /// A text.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Problem> {
        self.get(name)
            .map(|value| match value {
                Value::Str(text) => Ok(&**text),
                other => Err(wrong(name, "a text", other)),
            })
            .transpose()
    }

    /// A text, or a whole number as one.
    pub(super) fn text_or_number(&self, name: &str) -> Result<Option<String>, Problem> {
        self.get(name)
            .map(|value| match value {
                Value::Str(text) => Ok(text.clone()),
                Value::Int(number) => Ok(number.to_string()),
                other => Err(wrong(name, "a text or a number", other)),
            })
            .transpose()
    }

    /// Texts.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<&str>, Problem> {
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(all @ Value::Array(items)) => items
                .iter()
                .map(|item| if let Value::Str(text) = item { Ok(&**text) } else { Err(wrong(name, "texts", all)) })
                .collect(),
            Some(other) => Err(wrong(name, "a list of texts", other)),
        }
    }

    /// Bytes in base64.
    pub(super) fn bytes(&self, name: &str) -> Result<Option<Vec<u8>>, Problem> {
        let text = self.text(name)?;
        text.map(|text| STANDARD.decode(text))
            .transpose()
            .map_err(|error| Problem::new(ProblemCode::BadRequest, format!("{name} is no base64: {error}")))
    }

    /// False where it is not there.
    pub(super) fn is_set(&self, name: &str) -> Result<bool, Problem> {
        match self.get(name) {
            None => Ok(false),
            Some(Value::Bool(truth)) => Ok(*truth),
            Some(other) => Err(wrong(name, "true or false", other)),
        }
    }

    /// A whole number.
    pub(super) fn integer(&self, name: &str) -> Result<Option<i64>, Problem> {
        self.get(name)
            .map(|value| match value {
                Value::Int(number) => Ok(*number),
                other => Err(wrong(name, "a whole number", other)),
            })
            .transpose()
    }

    /// Seconds, up to [`limits::ACTION_WAIT`].
    pub(super) fn seconds(&self, name: &str) -> Result<Option<Duration>, Problem> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let seconds = match value {
            Value::Int(number) => Duration::try_from_secs_f64(f64::from(i32::try_from(*number).unwrap_or(i32::MAX))),
            Value::Double(number) => Duration::try_from_secs_f64(*number),
            other => return Err(wrong(name, "seconds", other)),
        };
        bounded_wait(name, seconds.ok()).map(Some)
    }
}

/// A time to wait, if it is one that may be asked for.
pub(super) fn bounded_wait(name: &str, time: Option<Duration>) -> Result<Duration, Problem> {
    let most = limits::ACTION_WAIT;
    time.filter(|time| *time <= most)
        .ok_or_else(|| Problem::new(ProblemCode::BadWait, format!("{name} takes seconds, 0 to {}", most.as_secs())))
}

fn is_json(kind: &str) -> bool {
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

fn not_received(status: StatusCode) -> Problem {
    let (code, detail) = match status {
        StatusCode::PAYLOAD_TOO_LARGE => {
            let most = limits::JSON_BODY_BYTES;
            return Problem::new(ProblemCode::TooLarge, format!("a body has {most} bytes at most"));
        }
        StatusCode::SERVICE_UNAVAILABLE => (ProblemCode::Busy, "requests that are being carried out leave no room"),
        StatusCode::REQUEST_TIMEOUT => (ProblemCode::RequestTimeout, "the body did not come in time"),
        _ => (ProblemCode::BadRequest, "the body did not come as it was announced"),
    };
    Problem::new(code, detail)
}

fn wrong(name: &str, wanted: &str, given: &Value) -> Problem {
    let given = match given {
        Value::Int(_) | Value::Double(_) => "a number",
        Value::Bool(_) => "a truth value",
        Value::Str(_) => "a text",
        Value::Nil => "null",
        Value::DateTime(_) | Value::Base64(_) | Value::Struct(_) => "an object",
        Value::Array(_) => "a list",
    };
    Problem::new(ProblemCode::BadRequest, format!("{name} takes {wanted}, not {given}"))
}

#[cfg(test)]
mod tests {
    use supervisor_protocol::api::{Lookup, find};

    use super::*;

    fn body(path: &str, json: &str) -> Result<Body, String> {
        let Lookup::Found(row, _) = find(path, "POST") else { panic!("{path} is in the table") };
        let Ok(Value::Struct(members)) = read_value(json.as_bytes()) else { panic!("{json}") };
        Body::of_members(members, row).map_err(|problem| problem.detail().to_owned())
    }

    #[test]
    fn every_member_is_known_and_there_once() {
        let read = |json| body("/processes/x/signal", json).map(drop);
        assert_eq!(read(r#"{"signal": 1, "if_pid": 7}"#), Ok(()));
        for (json, detail) in [
            (r#"{"singal": "HUP"}"#, "unknown member 'singal'; there are signal and if_pid"),
            (r#"{"signal": "HUP", "signal": "TERM"}"#, "signal is there twice"),
            (r"{}", "signal is missing"),
            (r#"{"signal": null}"#, "signal is missing"),
        ] {
            assert_eq!(read(json), Err(detail.to_owned()), "{json}");
        }
    }

    #[test]
    fn values_are_what_they_have_to_be() {
        let body = body("/actions", r#"{"action": 5, "processes": ["a", 1], "wait": 0.5, "strict": "yes"}"#).unwrap();
        let detail = |problem: Problem| problem.detail().to_owned();
        assert_eq!(body.text("action").map_err(detail), Err("action takes a text, not a number".to_owned()));
        assert_eq!(body.texts("processes").map_err(detail), Err("processes takes texts, not a list".to_owned()));
        assert_eq!(body.is_set("strict").map_err(detail), Err("strict takes true or false, not a text".to_owned()));
        assert_eq!(body.seconds("wait").map_err(detail), Ok(Some(Duration::from_millis(500))));
        for (json, expected) in
            [("300", true), ("0", true), ("301", false), ("-1", false), ("1e99", false), ("99999999999", false)]
        {
            let body = self::body("/processes/x/start", &format!(r#"{{"wait": {json}}}"#)).unwrap();
            assert_eq!(body.seconds("wait").is_ok(), expected, "{json}");
        }
    }

    #[test]
    fn json_says_that_it_is() {
        for kind in ["application/json", "Application/JSON; charset=utf-8"] {
            assert!(is_json(kind), "{kind}");
        }
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "text/json"] {
            assert!(!is_json(kind), "{kind}");
        }
    }
}
