//! Writing documents, byte for byte as Python's `xmlrpc.client.dumps` does.
//!
//! A [`Writer`] appends to one text; an answer of thousands of structs is written straight into it, without a tree
//! of values in between. The caller keeps the order: begin and end belong together, a member holds one value.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::value::Value;
use super::xml_text::push_escaped;
use crate::python::float_repr;

const DECLARATION: &str = "<?xml version='1.0'?>\n";
/// Bytes that fill one line of base64 with 76 characters.
const BASE64_LINE_BYTES: usize = 57;

/// A text that grows by one value at a time.
#[derive(Debug, Default)]
pub struct Writer {
    text: String,
}

/// A response with this result.
pub fn write_response(result: &Value) -> String {
    let mut writer = Writer::response(256);
    writer.value(result);
    writer.finish_response()
}

/// A response that is a fault.
pub fn write_fault(code: i32, text: &str) -> String {
    let mut writer = Writer::default();
    writer.text.push_str(DECLARATION);
    writer.text.push_str("<methodResponse>\n<fault>\n");
    writer.fault_struct(code, text);
    writer.text.push_str("</fault>\n</methodResponse>\n");
    writer.text
}

/// A call of a method.
pub fn write_call(method: &str, params: &[Value]) -> String {
    let mut writer = Writer::default();
    writer.text.push_str(DECLARATION);
    writer.text.push_str("<methodCall>\n<methodName>");
    push_escaped(&mut writer.text, method);
    writer.text.push_str("</methodName>\n<params>\n");
    for param in params {
        writer.text.push_str("<param>\n");
        writer.value(param);
        writer.text.push_str("</param>\n");
    }
    writer.text.push_str("</params>\n</methodCall>\n");
    writer.text
}

impl Writer {
    /// The beginning of a response, with room for this many bytes. One value has to follow.
    pub fn response(capacity: usize) -> Self {
        let mut text = String::with_capacity(capacity);
        text.push_str(DECLARATION);
        text.push_str("<methodResponse>\n<params>\n<param>\n");
        Self { text }
    }

    /// The response as a whole.
    pub fn finish_response(mut self) -> String {
        self.end_response();
        self.text
    }

    /// The end of a response whose beginning was taken already.
    pub fn end_response(&mut self) {
        self.text.push_str("</param>\n</params>\n</methodResponse>\n");
    }

    /// Bytes written so far.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Appends what another writer, made by `default`, has written.
    pub fn append(&mut self, part: Self) {
        if self.text.is_empty() {
            self.text = part.text;
        } else {
            self.text.push_str(&part.text);
        }
    }

    /// Forgets what was written after this many bytes, a count that [`Writer::len`] has told.
    pub fn truncate(&mut self, len: usize) {
        self.text.truncate(len);
    }

    /// Takes what was written so far, to be sent ahead of the rest.
    pub fn take(&mut self) -> String {
        std::mem::take(&mut self.text)
    }

    /// Makes room for this many bytes more, for what others decide the size of.
    ///
    /// # Errors
    /// There is not as much memory.
    pub fn try_reserve(&mut self, bytes: usize) -> Result<(), std::collections::TryReserveError> {
        self.text.try_reserve(bytes)
    }

    /// Makes room for this many bytes more.
    pub fn reserve(&mut self, bytes: usize) {
        self.text.reserve(bytes);
    }

    /// A number. Beyond 32 bits, which standard XML-RPC cannot say, it is an `<i8>`.
    pub fn int(&mut self, number: i64) {
        self.int_between("<value>", number, "</value>\n");
    }

    fn int_between(&mut self, before: &str, number: i64, after: &str) {
        let (open, close) = if i32::try_from(number).is_ok() { ("<int>", "</int>") } else { ("<i8>", "</i8>") };
        self.text.push_str(before);
        self.text.push_str(open);
        push_decimal(&mut self.text, number);
        self.text.push_str(close);
        self.text.push_str(after);
    }

    /// A truth value.
    pub fn boolean(&mut self, truth: bool) {
        self.text.push_str(if truth {
            "<value><boolean>1</boolean></value>\n"
        } else {
            "<value><boolean>0</boolean></value>\n"
        });
    }

    /// A text; characters that XML cannot carry become U+FFFD.
    pub fn string(&mut self, text: &str) {
        self.text.push_str("<value><string>");
        push_escaped(&mut self.text, text);
        self.text.push_str("</string></value>\n");
    }

    /// Begins a text that comes in parts, for [`Writer::part`] to follow.
    pub fn begin_string(&mut self) {
        self.text.push_str("<value><string>");
    }

    /// A part of such a text.
    pub fn part(&mut self, text: &str) {
        push_escaped(&mut self.text, text);
    }

    /// Ends such a text.
    pub fn end_string(&mut self) {
        self.text.push_str("</string></value>\n");
    }

    /// Begins an array, for values to follow.
    pub fn begin_array(&mut self) {
        self.text.push_str("<value><array><data>\n");
    }

    /// Ends an array.
    pub fn end_array(&mut self) {
        self.text.push_str("</data></array></value>\n");
    }

    /// Begins a struct, for members to follow.
    pub fn begin_struct(&mut self) {
        self.text.push_str("<value><struct>\n");
    }

    /// Ends a struct.
    pub fn end_struct(&mut self) {
        self.text.push_str("</struct></value>\n");
    }

    /// A member of a struct; `value` writes exactly one value. A name that is part of the program needs no escapes.
    pub fn member(&mut self, name: &'static str, value: impl FnOnce(&mut Self)) {
        self.text.push_str("<member>\n<name>");
        self.text.push_str(name);
        self.text.push_str("</name>\n");
        value(self);
        self.text.push_str("</member>\n");
    }

    /// A member that is a number.
    pub fn int_member(&mut self, name: &'static str, number: i64) {
        self.text.push_str("<member>\n<name>");
        self.text.push_str(name);
        self.int_between("</name>\n<value>", number, "</value>\n</member>\n");
    }

    /// A member that is a truth value.
    pub fn boolean_member(&mut self, name: &'static str, truth: bool) {
        self.member(name, |writer| writer.boolean(truth));
    }

    /// A member that is a text.
    pub fn string_member(&mut self, name: &'static str, text: &str) {
        self.text.push_str("<member>\n<name>");
        self.text.push_str(name);
        self.text.push_str("</name>\n<value><string>");
        push_escaped(&mut self.text, text);
        self.text.push_str("</string></value>\n</member>\n");
    }

    /// The struct that stands for a fault, in a response that is one and in the results of `system.multicall`.
    pub fn fault_struct(&mut self, code: i32, text: &str) {
        self.begin_struct();
        self.int_member("faultCode", i64::from(code));
        self.string_member("faultString", text);
        self.end_struct();
    }

    /// Any value.
    pub fn value(&mut self, value: &Value) {
        match value {
            Value::Int(number) => self.int(*number),
            Value::Bool(truth) => self.boolean(*truth),
            Value::Str(text) => self.string(text),
            Value::Double(number) => self.simple("double", &float_repr(*number)),
            Value::DateTime(text) => self.simple("dateTime.iso8601", text),
            Value::Base64(bytes) => self.base64(bytes),
            Value::Array(items) => {
                self.begin_array();
                for item in items {
                    self.value(item);
                }
                self.end_array();
            }
            Value::Struct(members) => {
                self.begin_struct();
                for (name, member) in members {
                    self.text.push_str("<member>\n<name>");
                    push_escaped(&mut self.text, name);
                    self.text.push_str("</name>\n");
                    self.value(member);
                    self.text.push_str("</member>\n");
                }
                self.end_struct();
            }
            Value::Nil => self.text.push_str("<value><nil/></value>"),
        }
    }

    fn simple(&mut self, tag: &str, text: &str) {
        writeln!(self.text, "<value><{tag}>{text}</{tag}></value>").expect("a String takes everything");
    }

    fn base64(&mut self, bytes: &[u8]) {
        self.text.push_str("<value><base64>\n");
        for line in bytes.chunks(BASE64_LINE_BYTES) {
            STANDARD.encode_string(line, &mut self.text);
            self.text.push('\n');
        }
        self.text.push_str("</base64></value>\n");
    }
}

/// Appends the digits of a number. Answers are full of numbers, and `write!` takes several times as long.
fn push_decimal(out: &mut String, number: i64) {
    if number < 0 {
        out.push('-');
    }
    let mut digits = [b'0'; 19];
    let mut first = digits.len();
    let mut rest = number.unsigned_abs();
    loop {
        first -= 1;
        digits[first] += u8::try_from(rest % 10).expect("a digit is below 10");
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    let digits = digits.get(first..).expect("no number of 64 bits has more digits");
    out.push_str(std::str::from_utf8(digits).expect("digits are ASCII"));
}

#[cfg(test)]
mod tests {
    use super::push_decimal;

    #[test]
    fn numbers_are_written_in_full() {
        for number in [0, 1, -1, 9, 10, -10, 1_795_335_467, i64::MAX, i64::MIN] {
            let mut text = String::new();
            push_decimal(&mut text, number);
            assert_eq!(text, number.to_string());
        }
    }
}
