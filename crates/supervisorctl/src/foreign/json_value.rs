//! Values of XML-RPC as JSON, both ways (docs/extensions.md, «Values»).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json, json};
use supervisor_protocol::xmlrpc::Value;

/// As JSON. A number that is none is `null`.
pub(super) fn to_json(value: &Value) -> Json {
    match value {
        Value::Int(number) => Json::from(*number),
        Value::Bool(truth) => Json::from(*truth),
        Value::Str(text) => Json::from(text.as_str()),
        Value::Double(number) => Json::from(*number),
        Value::DateTime(text) => json!({ "$when": text }),
        Value::Base64(bytes) => json!({ "$b64": STANDARD.encode(bytes) }),
        Value::Array(items) => items.iter().map(to_json).collect(),
        Value::Struct(members) => {
            members.iter().map(|(name, value)| (name.clone(), to_json(value))).collect::<Map<_, _>>().into()
        }
        Value::Nil => Json::Null,
    }
}

/// From JSON; an error says what it cannot be.
pub(super) fn from_json(json: Json) -> Result<Value, &'static str> {
    Ok(match json {
        Json::Null => Value::Nil,
        Json::Bool(truth) => Value::Bool(truth),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => Value::Int(number),
            (None, Some(double)) if number.is_f64() => Value::Double(double),
            (None, _) => return Err("a number of more than 64 bits"),
        },
        Json::String(text) => Value::Str(text),
        Json::Array(items) => Value::Array(items.into_iter().map(from_json).collect::<Result<_, _>>()?),
        Json::Object(members) => from_object(members)?,
    })
}

fn from_object(members: Map<String, Json>) -> Result<Value, &'static str> {
    if members.len() == 1
        && let Some(text) = members.get("$b64").and_then(Json::as_str)
    {
        return STANDARD.decode(text).map(Value::Base64).map_err(|_| "base64 that is none");
    }
    if members.len() == 1
        && let Some(text) = members.get("$when").and_then(Json::as_str)
    {
        return Ok(Value::DateTime(text.to_owned()));
    }
    let members = members.into_iter().map(|(name, json)| Ok((name, from_json(json)?)));
    Ok(Value::Struct(members.collect::<Result<_, _>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_as_they_went() {
        let value = Value::Struct(vec![
            ("a".to_owned(), Value::Array(vec![Value::Int(-3), Value::Double(3.0), Value::Bool(true), Value::Nil])),
            ("b".to_owned(), Value::Base64(vec![0, 255])),
            ("c".to_owned(), Value::DateTime("20240229T12:30:01".to_owned())),
            ("d".to_owned(), Value::from("é\n")),
        ]);
        let text = r#"{"a":[-3,3.0,true,null],"b":{"$b64":"AP8="},"c":{"$when":"20240229T12:30:01"},"d":"é\n"}"#;
        assert_eq!(to_json(&value).to_string(), text);
        assert_eq!(from_json(serde_json::from_str(text).unwrap()), Ok(value));
    }

    #[test]
    fn what_is_no_value() {
        for text in ["18446744073709551615", r#"{"$b64":"?"}"#] {
            assert!(from_json(serde_json::from_str(text).unwrap()).is_err(), "{text}");
        }
    }
}
