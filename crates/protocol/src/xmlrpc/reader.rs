//! Reading documents: calls from clients, answers from supervisord.
//!
//! As lenient as Python's parsers where clients depend on it (text without a type, `i4`, missing `<params>`,
//! elements that nobody knows), and strict about the rest. The depth and the number of values are bounded; nothing
//! here recurses deeper than `limits::NESTING`.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::document::{Document, Tag, Token, cut_off, unexpected, unreadable};
use super::value::Value;
use crate::limits;
use crate::python::{parse_float, parse_int};

/// A call: which method, with what.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The name as sent, never empty.
    pub method: String,
    /// The parameters, in order.
    pub params: Vec<Value>,
}

/// An answer to a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The result.
    Result(Value),
    /// A fault.
    Fault {
        /// `faultCode`
        code: i64,
        /// `faultString`
        text: String,
    },
}

/// Why a document cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// It is no XML, or no XML-RPC, or over a bound. The text is for people.
    Unreadable(String),
    /// A call without the name of a method.
    NoMethodName,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(why) => f.write_str(why),
            Self::NoMethodName => f.write_str("no method name"),
        }
    }
}

impl std::error::Error for ReadError {}

/// Reads a `<methodCall>`. Base64 arrives as the text it stands for, as with Python's supervisord; bytes that are
/// no text are an error.
pub fn read_call(document: &str) -> Result<Call, ReadError> {
    let mut reader = ValueReader::new(document, limits::CALL_VALUES, Base64::IsText)?;
    reader.document.root(Tag::MethodCall)?;
    let (mut method, mut params) = (String::new(), Vec::new());
    while let Some(tag) = reader.document.next_child()? {
        if tag == Tag::MethodName {
            method = reader.document.text()?.into_owned();
        } else if tag == Tag::Params {
            params = reader.params()?;
        } else {
            reader.document.skip()?;
        }
    }
    reader.document.end()?;
    if method.is_empty() {
        return Err(ReadError::NoMethodName);
    }
    Ok(Call { method, params })
}

/// Reads a `<methodResponse>`.
pub fn read_answer(document: &str) -> Result<Answer, ReadError> {
    let mut reader = ValueReader::new(document, limits::ANSWER_VALUES, Base64::IsBytes)?;
    reader.document.root(Tag::MethodResponse)?;
    let answer = match reader.document.next_child()? {
        Some(Tag::Params) => match <[Value; 1]>::try_from(reader.params()?) {
            Ok([result]) => Answer::Result(result),
            Err(results) => return Err(unreadable(format!("{} results instead of one", results.len()))),
        },
        Some(Tag::Fault) => fault(&reader.only_value(0)?)?,
        Some(other) => return Err(unexpected(other)),
        None => return Err(unreadable("an empty response")),
    };
    reader.document.no_more_children()?;
    reader.document.end()?;
    Ok(answer)
}

fn fault(value: &Value) -> Result<Answer, ReadError> {
    match (value.member("faultCode"), value.member("faultString")) {
        (Some(Value::Int(code)), Some(Value::Str(text))) => Ok(Answer::Fault { code: *code, text: text.clone() }),
        (_, _) => Err(unreadable("a fault without faultCode and faultString")),
    }
}

/// What base64 stands for.
#[derive(Clone, Copy)]
enum Base64 {
    /// UTF-8 text: [`Value::Str`].
    IsText,
    /// Bytes: [`Value::Base64`].
    IsBytes,
}

/// The grammar of values.
struct ValueReader<'a> {
    document: Document<'a>,
    /// Values that may still come.
    values_left: usize,
    base64: Base64,
}

impl<'a> ValueReader<'a> {
    fn new(document: &'a str, values: usize, base64: Base64) -> Result<Self, ReadError> {
        Ok(Self { document: Document::new(document)?, values_left: values, base64 })
    }

    /// In `<params>`.
    fn params(&mut self) -> Result<Vec<Value>, ReadError> {
        let mut params = Vec::new();
        while let Some(tag) = self.document.next_child()? {
            if tag != Tag::Param {
                return Err(unexpected(tag));
            }
            params.push(self.only_value(0)?);
        }
        Ok(params)
    }

    /// In an element that holds one `<value>`, to its end.
    fn only_value(&mut self, depth: usize) -> Result<Value, ReadError> {
        match self.document.next_child()? {
            Some(Tag::Value) => {}
            Some(other) => return Err(unexpected(other)),
            None => return Err(unreadable("no value")),
        }
        let value = self.value(depth)?;
        self.document.no_more_children()?;
        Ok(value)
    }

    /// In `<value>`, to its end. A value without a type is a text.
    fn value(&mut self, depth: usize) -> Result<Value, ReadError> {
        self.values_left = self.values_left.checked_sub(1).ok_or_else(|| unreadable("too many values"))?;
        if depth == limits::NESTING {
            return Err(unreadable("values nested too deeply"));
        }
        let mut untyped = String::new();
        loop {
            match self.document.next()? {
                Token::Text(text) => untyped.push_str(&text),
                Token::Close => return Ok(Value::Str(untyped)),
                Token::Open(tag) => {
                    let value = self.typed(tag, depth)?;
                    self.document.no_more_children()?;
                    return Ok(value);
                }
                Token::End => return Err(cut_off()),
            }
        }
    }

    /// In the element of a type, to its end.
    fn typed(&mut self, tag: Tag, depth: usize) -> Result<Value, ReadError> {
        match tag {
            Tag::Array => self.array(depth).map(Value::Array),
            Tag::Struct => self.members(depth).map(Value::Struct),
            Tag::Int
            | Tag::Boolean
            | Tag::String
            | Tag::Double
            | Tag::DateTime
            | Tag::Base64
            | Tag::Name
            | Tag::Other => {
                let text = self.document.text()?;
                scalar(tag, &text, self.base64).ok_or_else(|| unreadable(format!("{tag:?} with the text {text:?}")))
            }
            Tag::MethodCall
            | Tag::MethodResponse
            | Tag::MethodName
            | Tag::Params
            | Tag::Param
            | Tag::Fault
            | Tag::Value
            | Tag::Data
            | Tag::Member => Err(unexpected(tag)),
        }
    }

    fn array(&mut self, depth: usize) -> Result<Vec<Value>, ReadError> {
        match self.document.next_child()? {
            Some(Tag::Data) => {}
            Some(other) => return Err(unexpected(other)),
            None => return Err(unreadable("an array without data")),
        }
        let mut items = Vec::new();
        while let Some(tag) = self.document.next_child()? {
            if tag != Tag::Value {
                return Err(unexpected(tag));
            }
            items.push(self.value(depth + 1)?);
        }
        self.document.no_more_children()?;
        Ok(items)
    }

    fn members(&mut self, depth: usize) -> Result<Vec<(String, Value)>, ReadError> {
        let mut members = Vec::new();
        while let Some(tag) = self.document.next_child()? {
            if tag != Tag::Member {
                return Err(unexpected(tag));
            }
            match self.document.next_child()? {
                Some(Tag::Name) => {}
                Some(other) => return Err(unexpected(other)),
                None => return Err(unreadable("a member without a name")),
            }
            let name = self.document.text()?.into_owned();
            members.push((name, self.only_value(depth + 1)?));
        }
        Ok(members)
    }
}

/// The value of an element that holds nothing but text; `None` if the text does not fit the type.
fn scalar(tag: Tag, text: &str, base64: Base64) -> Option<Value> {
    match tag {
        Tag::Int => parse_int(text).map(Value::Int),
        Tag::Boolean => Some(Value::Bool(text == "1")),
        Tag::Double => parse_float(text).map(Value::Double),
        Tag::DateTime => is_date_time(text).then(|| Value::DateTime(text.to_owned())),
        Tag::Base64 => {
            let bytes = decode_base64(text)?;
            match base64 {
                Base64::IsText => String::from_utf8(bytes).ok().map(Value::Str),
                Base64::IsBytes => Some(Value::Base64(bytes)),
            }
        }
        // An unknown type is a text, and nothing when it is empty: `<nil/>` (contract/rpc.md §2.1).
        Tag::Other if text.is_empty() => Some(Value::Nil),
        Tag::String | Tag::Other => Some(Value::Str(text.to_owned())),
        Tag::MethodCall
        | Tag::MethodResponse
        | Tag::MethodName
        | Tag::Params
        | Tag::Param
        | Tag::Fault
        | Tag::Value
        | Tag::Array
        | Tag::Data
        | Tag::Struct
        | Tag::Member
        | Tag::Name => None,
    }
}

/// `YYYYMMDDTHH:MM:SS`, each part within its range.
fn is_date_time(text: &str) -> bool {
    let shape = "00000000T00:00:00";
    let fits = |(byte, model): (u8, u8)| if model == b'0' { byte.is_ascii_digit() } else { byte == model };
    if text.len() != shape.len() || !text.bytes().zip(shape.bytes()).all(fits) {
        return false;
    }
    let in_range = |from: usize, to: usize, low: u32, high: u32| {
        text.get(from..to).and_then(|part| part.parse().ok()).is_some_and(|number| (low..=high).contains(&number))
    };
    in_range(4, 6, 1, 12)
        && in_range(6, 8, 1, 31)
        && in_range(9, 11, 0, 23)
        && in_range(12, 14, 0, 59)
        && in_range(15, 17, 0, 61)
}

/// Base64 as Python's `decodebytes` reads it: whatever is not of its alphabet does not count.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let of_alphabet = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let digits: Vec<u8> = text.bytes().filter(of_alphabet).collect();
    STANDARD.decode(digits).ok()
}
