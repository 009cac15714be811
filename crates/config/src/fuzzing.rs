//! Ways in for fuzz/, which cannot see what is private; nobody else calls them. Each states what has to hold.

use crate::effective::expand_to_text;
use crate::environment::{parse_environment, write_environment};
use crate::expand::{EnvironmentNames, Label, Names, expand};
use crate::ini::{Document, lines};
use crate::python_format::Value;

/// Reads a text as a file; every place is in it.
pub fn ini(text: &str) {
    let mut document = Document::default();
    if document.read("file", text).is_err() {
        return;
    }
    let count = lines(text).count();
    for section in &document.sections {
        for entry in section.own_options() {
            let place = document.value_place(entry);
            let line = lines(text).nth(place.line as usize - 1).expect("the line is in the text");
            assert!(place.column as usize <= line.chars().count() + 1 && place.line as usize <= count);
        }
    }
    document.expand_here("/etc");
}

/// Replaces names; taking the value apart gives the same.
pub fn expansion(text: &str) {
    let environment = EnvironmentNames::new(&[("X".to_owned(), "50%".to_owned())]);
    let words = [("here", Value::Text("/etc")), ("process_num", Value::Integer(7))];
    let names = Names::new(&environment, &words);
    let Ok(whole) = expand(text, names, Label::Word("text")) else { return };
    if let Some(parts) = expand_to_text(text, names) {
        assert_eq!(whole, parts);
    }
}

/// Reads a list of variables; written again, it reads the same.
pub fn environment(text: &str) {
    let Ok(variables) = parse_environment(text) else { return };
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if variables.iter().all(|(name, _)| is_name(name)) {
        assert_eq!(parse_environment(&write_environment(&variables)), Ok(variables));
    }
}
