//! What an extension says of itself in its answer to `initialize`, and what introspection is answered from.

use supervisor_core::{EventType, OwnEventType};
use supervisor_protocol::extension::{PROTOCOL_VERSION, is_method_name};
use supervisor_protocol::limits;
use supervisor_protocol::xmlrpc::Value;

/// Its methods and event types.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Description {
    /// Sorted by name.
    methods: Vec<MethodDescription>,
    /// Event types of its own, sorted.
    pub(super) events: Vec<OwnEventType>,
}

/// One method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::control) struct MethodDescription {
    /// Without the namespace.
    pub(in crate::control) name: Box<str>,
    pub(in crate::control) help: Option<Box<str>>,
    /// The type of the result, then those of the parameters.
    pub(in crate::control) signature: Option<Box<[Box<str>]>>,
}

impl Description {
    /// Reads the result of `initialize`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(answer: &Value) -> Result<Self, String> {
        let Value::Struct(_) = answer else { return Err("is no object".to_owned()) };
        check_version(answer.member("protocol"))?;
        let Some(Value::Array(listed)) = answer.member("methods") else {
            return Err("has no methods, which are an array".to_owned());
        };
        if listed.len() > limits::EXTENSION_METHODS {
            return Err(format!("has more than {} methods", limits::EXTENSION_METHODS));
        }
        let mut methods = listed.iter().map(MethodDescription::read).collect::<Result<Vec<_>, _>>()?;
        methods.sort_by(|a, b| a.name.cmp(&b.name));
        if let Some([twice, _]) = methods.array_windows().find(|[a, b]| a.name == b.name) {
            return Err(format!("has the method {} twice", twice.name));
        }
        Ok(Self { methods, events: own_events(answer.member("events"))? })
    }

    /// The method of this name, without the namespace.
    pub(super) fn find(&self, name: &str) -> Option<&MethodDescription> {
        let place = self.methods.binary_search_by(|method| (*method.name).cmp(name)).ok()?;
        self.methods.get(place)
    }

    /// All methods, sorted by name.
    pub(super) fn methods(&self) -> impl Iterator<Item = &MethodDescription> {
        self.methods.iter()
    }
}

impl MethodDescription {
    fn read(listed: &Value) -> Result<Self, String> {
        let Some(Value::Str(name)) = listed.member("name") else {
            return Err("has a method without a name".to_owned());
        };
        if !is_method_name(name) {
            return Err(format!("has a method with the name {name:?}"));
        }
        let help = match listed.member("help") {
            None | Some(Value::Nil) => None,
            Some(Value::Str(help)) if help.len() <= limits::EXTENSION_HELP_BYTES => Some(help.as_str().into()),
            Some(Value::Str(_)) => return Err(format!("has a help text of {name} that is too long")),
            Some(_) => return Err(format!("has a help of {name} that is no text")),
        };
        let signature = match listed.member("signature") {
            None | Some(Value::Nil) => None,
            Some(Value::Array(types)) => {
                let texts = types.iter().map(|kind| match kind {
                    Value::Str(kind) => Ok(kind.as_str().into()),
                    _ => Err(format!("has a signature of {name} with something that is no text")),
                });
                Some(texts.collect::<Result<Box<[_]>, _>>()?)
            }
            Some(_) => return Err(format!("has a signature of {name} that is no array")),
        };
        Ok(Self { name: name.as_str().into(), help, signature })
    }
}

fn check_version(version: Option<&Value>) -> Result<(), String> {
    match version {
        None | Some(Value::Nil) => Ok(()),
        Some(Value::Int(version)) if (1..=PROTOCOL_VERSION).contains(version) => Ok(()),
        Some(version) => Err(format!("wants the protocol {version:?}, which is not spoken here")),
    }
}

fn own_events(listed: Option<&Value>) -> Result<Vec<OwnEventType>, String> {
    let listed = match listed {
        None | Some(Value::Nil) => return Ok(Vec::new()),
        Some(Value::Array(listed)) => listed,
        Some(_) => return Err("has events that are no array".to_owned()),
    };
    if listed.len() > limits::EXTENSION_EVENT_TYPES {
        return Err(format!("has more than {} event types", limits::EXTENSION_EVENT_TYPES));
    }
    let mut events = Vec::with_capacity(listed.len());
    for name in listed {
        let Value::Str(name) = name else { return Err("has an event type that is no text".to_owned()) };
        if EventType::from_name(name).is_some() {
            return Err(format!("has the event type {name}, which is one of Supervisor's"));
        }
        let own = OwnEventType::new(name).ok_or_else(|| format!("has an event type with the name {name:?}"))?;
        events.push(own);
    }
    events.sort();
    events.dedup();
    Ok(events)
}

#[cfg(test)]
mod tests {
    use supervisor_protocol::extension::read_value;

    use super::*;

    fn read(json: &str) -> Result<Description, String> {
        Description::read(&read_value(json.as_bytes()).unwrap())
    }

    #[test]
    fn methods_are_found_by_name() {
        let description = read(
            r#"{"methods": [{"name": "b", "signature": ["int", "string"]}, {"name": "a", "help": "Does.\n\nMore."}],
                "events": ["Z_1", "A", "Z_1"], "later": {}}"#,
        )
        .unwrap();
        let names: Vec<&str> = description.methods().map(|method| &*method.name).collect();
        assert_eq!(names, ["a", "b"]);
        let found = description.find("a").unwrap();
        assert_eq!((found.help.as_deref(), &found.signature), (Some("Does.\n\nMore."), &None));
        let signature = description.find("b").unwrap().signature.as_ref().unwrap();
        assert_eq!(signature.iter().map(|kind| &**kind).collect::<Vec<_>>(), ["int", "string"]);
        assert_eq!(description.find("c"), None);
        assert_eq!(description.events.iter().map(OwnEventType::as_str).collect::<Vec<_>>(), ["A", "Z_1"]);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let many = format!(r#"{{"methods": [{}{{}}]}}"#, "{},".repeat(limits::EXTENSION_METHODS));
        let long = "x".repeat(limits::EXTENSION_NAME_BYTES + 1);
        let long_name = format!(r#"{{"methods": [{{"name": "{long}"}}]}}"#);
        for (json, words) in [
            ("5", "no object"),
            ("{}", "no methods"),
            (r#"{"methods": {}}"#, "no methods"),
            (r#"{"methods": [], "protocol": 2}"#, "protocol"),
            (r#"{"methods": [], "protocol": "1"}"#, "protocol"),
            (r#"{"methods": [5]}"#, "without a name"),
            (r#"{"methods": [{"name": ""}]}"#, "with the name"),
            (r#"{"methods": [{"name": "_hidden"}]}"#, "with the name"),
            (r#"{"methods": [{"name": "a.b"}]}"#, "with the name"),
            (r#"{"methods": [{"name": "a"}, {"name": "a"}]}"#, "twice"),
            (r#"{"methods": [{"name": "a", "help": 5}]}"#, "no text"),
            (r#"{"methods": [{"name": "a", "signature": "int"}]}"#, "no array"),
            (r#"{"methods": [{"name": "a", "signature": [5]}]}"#, "no text"),
            (r#"{"methods": [], "events": ["queue"]}"#, "with the name"),
            (r#"{"methods": [], "events": ["TICK_5"]}"#, "one of Supervisor's"),
            (&many, "more than 1024 methods"),
            (&long_name, "with the name"),
        ] {
            let error = read(json).unwrap_err();
            assert!(error.contains(words), "{json}: {error}");
        }
    }
}
