//! What an extension says of itself, held against docs/extensions.md, «initialize».

use supervisor_core::limits::EVENT_NAME_BYTES;
use supervisor_core::{EventType, OwnEventType};
use supervisor_protocol::extension::{PROTOCOL_VERSION, is_method_name};
use supervisor_protocol::limits::{
    EXTENSION_EVENT_TYPES, EXTENSION_HELP_BYTES, EXTENSION_METHODS, EXTENSION_NAME_BYTES,
};
use supervisor_protocol::xmlrpc::Value;

/// What an extension offers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Description {
    pub(super) methods: Vec<Method>,
    pub(super) event_types: Vec<String>,
}

/// A method.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Method {
    pub(super) name: String,
    /// Whether it has told a help text.
    pub(super) has_help: bool,
    /// How many parameters it has told.
    pub(super) parameters: Option<usize>,
}

impl Description {
    /// Reads the answer; an error says what is wrong with it.
    pub(super) fn read(answer: &Value) -> Result<Self, String> {
        let Value::Struct(_) = answer else { return Err("the result is no object".to_owned()) };
        match answer.member("protocol") {
            None | Some(Value::Int(PROTOCOL_VERSION)) => {}
            Some(other) => return Err(format!("'protocol' is {other:?}, and supervisord speaks {PROTOCOL_VERSION}")),
        }
        let Some(Value::Array(methods)) = answer.member("methods") else {
            return Err("'methods' is no array".to_owned());
        };
        if methods.len() > EXTENSION_METHODS {
            return Err(format!("{} methods, {EXTENSION_METHODS} are allowed", methods.len()));
        }
        let mut read = Self::default();
        for method in methods {
            let method = read_method(method)?;
            if read.methods.iter().any(|known| known.name == method.name) {
                return Err(format!("the method '{}' is there twice", method.name));
            }
            read.methods.push(method);
        }
        read.event_types = match answer.member("events") {
            None | Some(Value::Nil) => Vec::new(),
            Some(Value::Array(names)) => names.iter().map(read_event_type).collect::<Result<_, _>>()?,
            Some(_) => return Err("'events' is no array of names".to_owned()),
        };
        if read.event_types.len() > EXTENSION_EVENT_TYPES {
            return Err(format!("{} event types, {EXTENSION_EVENT_TYPES} are allowed", read.event_types.len()));
        }
        Ok(read)
    }
}

fn read_method(method: &Value) -> Result<Method, String> {
    let Some(Value::Str(name)) = method.member("name") else { return Err("a method without a 'name'".to_owned()) };
    if !is_method_name(name) {
        return Err(format!(
            "'{name}' is no name of a method: a letter, then letters, digits and _, {EXTENSION_NAME_BYTES} at most"
        ));
    }
    let has_help = match method.member("help") {
        None | Some(Value::Nil) => false,
        Some(Value::Str(help)) if help.len() <= EXTENSION_HELP_BYTES => !help.is_empty(),
        Some(_) => return Err(format!("'help' of '{name}' is no text of {EXTENSION_HELP_BYTES} bytes at most")),
    };
    let parameters = match method.member("signature") {
        None | Some(Value::Nil) => None,
        Some(Value::Array(words)) if !words.is_empty() && words.iter().all(|word| matches!(word, Value::Str(_))) => {
            Some(words.len() - 1)
        }
        Some(_) => return Err(format!("'signature' of '{name}' is no array of types, that of the result first")),
    };
    Ok(Method { name: name.clone(), has_help, parameters })
}

fn read_event_type(name: &Value) -> Result<String, String> {
    let Value::Str(name) = name else { return Err("'events' is no array of names".to_owned()) };
    if EventType::from_name(name).is_some() {
        return Err(format!("the event type '{name}' is one of Supervisor's"));
    }
    if OwnEventType::new(name).is_none() {
        return Err(format!(
            "'{name}' is no name of an event type: capitals, digits and _, {EVENT_NAME_BYTES} at most"
        ));
    }
    Ok(name.clone())
}

#[cfg(test)]
mod tests {
    use supervisor_protocol::extension::read_value;

    use super::*;

    fn read(json: &str) -> Result<Description, String> {
        Description::read(&read_value(json.as_bytes()).unwrap())
    }

    #[test]
    fn what_is_left_out_is_not_missed() {
        let method = Method { name: "a_1".to_owned(), has_help: false, parameters: None };
        let expected = Description { methods: vec![method], event_types: Vec::new() };
        for json in [
            r#"{"methods": [{"name": "a_1"}]}"#,
            r#"{"methods": [{"name": "a_1", "help": null, "signature": null, "later": 1}], "events": null, "protocol": 1}"#,
        ] {
            assert_eq!(read(json).as_ref(), Ok(&expected), "{json}");
        }
        let full =
            read(r#"{"methods": [{"name": "a", "help": "x", "signature": ["int", "int"]}], "events": ["MINE"]}"#);
        let method = Method { name: "a".to_owned(), has_help: true, parameters: Some(1) };
        assert_eq!(full, Ok(Description { methods: vec![method], event_types: vec!["MINE".to_owned()] }));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (json, words) in [
            ("5", "no object"),
            ("{}", "'methods' is no array"),
            (r#"{"methods": [], "protocol": 2}"#, "'protocol'"),
            (r#"{"methods": ["a"]}"#, "without a 'name'"),
            (r#"{"methods": [{"name": "_a"}]}"#, "'_a' is no name"),
            (r#"{"methods": [{"name": "a.b"}]}"#, "'a.b' is no name"),
            (r#"{"methods": [{"name": "a"}, {"name": "a"}]}"#, "'a' is there twice"),
            (r#"{"methods": [{"name": "a", "help": 5}]}"#, "'help' of 'a'"),
            (r#"{"methods": [{"name": "a", "signature": []}]}"#, "'signature' of 'a'"),
            (r#"{"methods": [{"name": "a", "signature": "int"}]}"#, "'signature' of 'a'"),
            (r#"{"methods": [], "events": ["mine"]}"#, "'mine' is no name"),
            (r#"{"methods": [], "events": ["TICK_5"]}"#, "one of Supervisor's"),
            (r#"{"methods": [], "events": "MINE"}"#, "'events'"),
        ] {
            let error = read(json).unwrap_err();
            assert!(error.contains(words), "{json}: {error}");
        }
        let many = format!(r#"{{"methods": [{}]}}"#, vec![r#"{"name": "a"}"#; EXTENSION_METHODS + 1].join(", "));
        assert_eq!(read(&many).unwrap_err(), "1025 methods, 1024 are allowed");
    }
}
