//! JSON as our programs write it: objects on one line, members in the order in which they are given.
//!
//! Only writing: what others send is read elsewhere. What a terminal obeys is escaped wherever it stands, since names
//! and output of programs are shown to people by whatever reads this (RFC 8259 §7 allows it).

use std::fmt::{Display, Write as _};

use crate::terminal::is_obeyed;

/// Appends a string with its quotes. Controls, DEL and C1 among them, and the marks that change the direction in which
/// text is shown are escaped.
pub fn push_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_obeyed(c) => {
                write!(out, "\\u{:04x}", u32::from(c)).expect("a String takes all");
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// An object that is being written.
#[derive(Debug)]
pub struct Object<'o> {
    out: &'o mut String,
    is_empty: bool,
}

impl<'o> Object<'o> {
    /// Begins an object at the end of a text.
    pub fn begin(out: &'o mut String) -> Self {
        out.push('{');
        Self { out, is_empty: true }
    }

    /// A string.
    pub fn string(&mut self, name: &str, text: &str) {
        push_string(self.member(name), text);
    }

    /// An array of strings.
    pub fn strings(&mut self, name: &str, texts: impl IntoIterator<Item = impl AsRef<str>>) {
        array(self.member(name), texts, |out, text| push_string(out, text.as_ref()));
    }

    /// An integer.
    pub fn number(&mut self, name: &str, number: impl Display) {
        write!(self.member(name), "{number}").expect("a String takes all");
    }

    /// `true` or `false`
    pub fn boolean(&mut self, name: &str, truth: bool) {
        self.member(name).push_str(if truth { "true" } else { "false" });
    }

    /// `null`
    pub fn null(&mut self, name: &str) {
        self.member(name).push_str("null");
    }

    /// An object.
    pub fn object(&mut self, name: &str, write: impl FnOnce(&mut Object<'_>)) {
        object(self.member(name), write);
    }

    /// An array of objects.
    pub fn objects<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Object<'_>, T),
    ) {
        array(self.member(name), items, |out, item| object(out, |object| write(object, item)));
    }

    /// Ends it.
    pub fn end(self) {
        self.out.push('}');
    }

    /// Begins a member. Its value, one and no more, is for the caller to append.
    pub fn member(&mut self, name: &str) -> &mut String {
        if !std::mem::take(&mut self.is_empty) {
            self.out.push_str(", ");
        }
        push_string(self.out, name);
        self.out.push_str(": ");
        self.out
    }
}

/// Appends an object.
pub fn object(out: &mut String, write: impl FnOnce(&mut Object<'_>)) {
    let mut object = Object::begin(out);
    write(&mut object);
    object.end();
}

/// Appends an array; each item is written by itself.
pub fn array<T>(out: &mut String, items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut String, T)) {
    out.push('[');
    for (index, item) in items.into_iter().enumerate() {
        out.push_str(if index == 0 { "" } else { ", " });
        write(out, item);
    }
    out.push(']');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_has_its_members_in_their_order() {
        let mut text = String::new();
        object(&mut text, |object| {
            object.string("b", "x");
            object.number("a", -1);
            object.boolean("t", true);
            object.null("n");
            object.object("o", |_| {});
            object.objects("l", [1, 2], |object, number| object.number("i", number));
        });
        assert_eq!(text, r#"{"b": "x", "a": -1, "t": true, "n": null, "o": {}, "l": [{"i": 1}, {"i": 2}]}"#);
    }

    #[test]
    fn what_a_terminal_might_obey_is_escaped() {
        let mut text = String::new();
        push_string(&mut text, "a\"b\\\n\r\t\u{1}\u{7f}\u{9b}\u{202e}é😀");
        assert_eq!(text, r#""a\"b\\\n\r\t\u0001\u007f\u009b\u202eé😀""#);
    }
}
