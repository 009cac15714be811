//! What an extension says of itself in its answer to `initialize` (docs/extensions.md, «initialize»).
//!
//! Read here for supervisord and for `supervisorctl extension-test` alike, so that what the one refuses the other says.

use std::collections::BTreeMap;

use supervisor_core::limits::EVENT_NAME_BYTES;
use supervisor_core::{EventType, OwnEventType};

use super::{PROTOCOL_VERSION, is_method_name};
use crate::limits;
use crate::xmlrpc::Value;

/// Its methods and event types. Invariant: each name is there once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// In its own order.
    methods: Vec<MethodDescription>,
    /// Where each stands among them.
    places: BTreeMap<Box<str>, usize>,
    /// Sorted.
    event_types: Vec<OwnEventType>,
}

/// One method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MethodDescription {
    /// Without the namespace.
    pub name: Box<str>,
    /// What it does, for people.
    pub help: Option<Box<str>>,
    /// The type of the result, then those of the parameters.
    pub signature: Option<Box<[Box<str>]>>,
}

impl Description {
    /// Reads the result of `initialize`.
    ///
    /// # Errors
    /// What is wrong with it, in words that follow «the answer».
    pub fn read(answer: &Value) -> Result<Self, String> {
        let Value::Struct(_) = answer else { return Err("is no object".to_owned()) };
        check_version(answer.member("protocol"))?;
        let Some(Value::Array(listed)) = answer.member("methods") else {
            return Err("has no methods, which are an array".to_owned());
        };
        if listed.len() > limits::EXTENSION_METHODS {
            return Err(format!("has {} methods, {} at most are allowed", listed.len(), limits::EXTENSION_METHODS));
        }
        let mut read = Self { event_types: event_types(answer.member("events"))?, ..Self::default() };
        for method in listed {
            let method = MethodDescription::read(method)?;
            if read.places.insert(method.name.clone(), read.methods.len()).is_some() {
                return Err(format!("has the method {} twice", method.name));
            }
            read.methods.push(method);
        }
        Ok(read)
    }

    /// The method of this name, without the namespace.
    pub fn find(&self, name: &str) -> Option<&MethodDescription> {
        self.methods.get(*self.places.get(name)?)
    }

    /// All methods, in the order of the extension.
    pub fn methods(&self) -> &[MethodDescription] {
        &self.methods
    }

    /// Event types of its own, sorted.
    pub fn event_types(&self) -> &[OwnEventType] {
        &self.event_types
    }
}

impl MethodDescription {
    fn read(listed: &Value) -> Result<Self, String> {
        let Some(Value::Str(name)) = listed.member("name") else {
            return Err("has a method without a name".to_owned());
        };
        if !is_method_name(name) {
            let most = limits::EXTENSION_NAME_BYTES;
            return Err(format!(
                "has a method with the name {name:?}; it takes a letter, then letters, digits and _, {most} at most"
            ));
        }
        let help = match listed.member("help") {
            None | Some(Value::Nil) => None,
            Some(Value::Str(help)) if help.len() <= limits::EXTENSION_HELP_BYTES => Some(help.as_str().into()),
            Some(_) => {
                let most = limits::EXTENSION_HELP_BYTES;
                return Err(format!("has a help of {name} that is no text of {most} bytes at most"));
            }
        };
        let signature = match listed.member("signature") {
            None | Some(Value::Nil) => None,
            Some(types) => Some(read_signature(types).ok_or_else(|| {
                format!("has a signature of {name} that is no array of types, that of the result first")
            })?),
        };
        Ok(Self { name: name.as_str().into(), help, signature })
    }
}

fn read_signature(types: &Value) -> Option<Box<[Box<str>]>> {
    let Value::Array(types) = types else { return None };
    let text = |kind: &Value| match kind {
        Value::Str(kind) => Some(kind.as_str().into()),
        _ => None,
    };
    types.iter().map(text).collect::<Option<Box<[_]>>>().filter(|types| !types.is_empty())
}

fn check_version(version: Option<&Value>) -> Result<(), String> {
    match version {
        None | Some(Value::Nil) => Ok(()),
        Some(Value::Int(version)) if (1..=PROTOCOL_VERSION).contains(version) => Ok(()),
        Some(version) => Err(format!("wants the protocol {version:?}; {PROTOCOL_VERSION} is spoken here")),
    }
}

fn event_types(listed: Option<&Value>) -> Result<Vec<OwnEventType>, String> {
    let listed = match listed {
        None | Some(Value::Nil) => return Ok(Vec::new()),
        Some(Value::Array(listed)) => listed,
        Some(_) => return Err("has events that are no array of names".to_owned()),
    };
    if listed.len() > limits::EXTENSION_EVENT_TYPES {
        let most = limits::EXTENSION_EVENT_TYPES;
        return Err(format!("has {} event types, {most} at most are allowed", listed.len()));
    }
    let mut types = listed.iter().map(event_type).collect::<Result<Vec<_>, _>>()?;
    types.sort();
    types.dedup();
    Ok(types)
}

fn event_type(name: &Value) -> Result<OwnEventType, String> {
    let Value::Str(name) = name else { return Err("has events that are no array of names".to_owned()) };
    if EventType::from_name(name).is_some() {
        return Err(format!("has the event type {name}, which is one of Supervisor's"));
    }
    OwnEventType::new(name).ok_or_else(|| {
        format!("has an event type with the name {name:?}; it takes capitals, digits and _, {EVENT_NAME_BYTES} at most")
    })
}

#[cfg(test)]
mod tests {
    use super::super::read_value;
    use super::*;

    fn read(json: &str) -> Result<Description, String> {
        Description::read(&read_value(json.as_bytes()).unwrap())
    }

    #[test]
    fn methods_are_found_by_name_and_stand_in_their_order() {
        let description = read(
            r#"{"methods": [{"name": "b", "signature": ["int", "string"]}, {"name": "a", "help": "Does.\n\nMore."}],
                "events": ["Z_1", "A", "Z_1"], "later": {}}"#,
        )
        .unwrap();
        let names: Vec<&str> = description.methods().iter().map(|method| &*method.name).collect();
        assert_eq!(names, ["b", "a"]);
        let found = description.find("a").unwrap();
        assert_eq!((found.help.as_deref(), &found.signature), (Some("Does.\n\nMore."), &None));
        let signature = description.find("b").unwrap().signature.as_ref().unwrap();
        assert_eq!(signature.iter().map(|kind| &**kind).collect::<Vec<_>>(), ["int", "string"]);
        assert_eq!(description.find("c"), None);
        assert_eq!(description.event_types().iter().map(OwnEventType::as_str).collect::<Vec<_>>(), ["A", "Z_1"]);
    }

    #[test]
    fn what_is_left_out_is_not_missed() {
        let short = read(r#"{"methods": [{"name": "a_1"}]}"#);
        let nulls = r#"{"methods": [{"name": "a_1", "help": null, "signature": null, "later": 1}], "events": null,
                        "protocol": null}"#;
        assert!(short.is_ok());
        assert_eq!(read(nulls), short);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let many = format!(r#"{{"methods": [{}{{}}]}}"#, "{},".repeat(limits::EXTENSION_METHODS));
        let long = "x".repeat(limits::EXTENSION_NAME_BYTES + 1);
        let long_name = format!(r#"{{"methods": [{{"name": "{long}"}}]}}"#);
        let many_types = format!(r#"{{"methods": [], "events": [{}"B"]}}"#, r#""A","#.repeat(64));
        for (json, words) in [
            ("5", "is no object"),
            ("{}", "has no methods"),
            (r#"{"methods": {}}"#, "has no methods"),
            (r#"{"methods": [], "protocol": 2}"#, "wants the protocol"),
            (r#"{"methods": [], "protocol": "1"}"#, "wants the protocol"),
            (r#"{"methods": [5]}"#, "without a name"),
            (r#"{"methods": [{"name": ""}]}"#, "with the name"),
            (r#"{"methods": [{"name": "_hidden"}]}"#, "with the name"),
            (r#"{"methods": [{"name": "a.b"}]}"#, "with the name"),
            (r#"{"methods": [{"name": "a"}, {"name": "a"}]}"#, "has the method a twice"),
            (r#"{"methods": [{"name": "a", "help": 5}]}"#, "a help of a that is no text"),
            (r#"{"methods": [{"name": "a", "signature": "int"}]}"#, "a signature of a that is no array"),
            (r#"{"methods": [{"name": "a", "signature": []}]}"#, "a signature of a that is no array"),
            (r#"{"methods": [{"name": "a", "signature": [5]}]}"#, "a signature of a that is no array"),
            (r#"{"methods": [], "events": "MINE"}"#, "events that are no array"),
            (r#"{"methods": [], "events": ["queue"]}"#, "an event type with the name"),
            (r#"{"methods": [], "events": ["TICK_5"]}"#, "one of Supervisor's"),
            (&many, "has 1025 methods, 1024 at most"),
            (&long_name, "with the name"),
            (&many_types, "has 65 event types, 64 at most"),
        ] {
            let error = read(json).unwrap_err();
            assert!(error.contains(words), "{json}: {error}");
        }
    }
}
