//! An XML document as a sequence of elements and texts: the layer below XML-RPC's grammar.
//!
//! Comments, processing instructions and, where elements are expected, texts are passed over, as Python's parsers
//! do. Refused: a DTD, an XML declaration anywhere but at the start, entities that XML does not define, characters
//! that XML forbids, and anything behind the root element.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::{BytesRef, Event};

use super::reader::ReadError;
use super::xml_text::{all_legal, is_legal};

/// The elements of XML-RPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    MethodCall,
    MethodResponse,
    MethodName,
    Params,
    Param,
    Fault,
    Value,
    Int,
    Boolean,
    String,
    Double,
    DateTime,
    Base64,
    Array,
    Data,
    Struct,
    Member,
    Name,
    /// Any that XML-RPC does not have, such as `<nil/>`.
    Other,
}

impl Tag {
    fn from_name(name: &str) -> Self {
        match name {
            "methodCall" => Self::MethodCall,
            "methodResponse" => Self::MethodResponse,
            "methodName" => Self::MethodName,
            "params" => Self::Params,
            "param" => Self::Param,
            "fault" => Self::Fault,
            "value" => Self::Value,
            "int" | "i4" | "i8" => Self::Int,
            "boolean" => Self::Boolean,
            "string" => Self::String,
            "double" => Self::Double,
            "dateTime.iso8601" => Self::DateTime,
            "base64" => Self::Base64,
            "array" => Self::Array,
            "data" => Self::Data,
            "struct" => Self::Struct,
            "member" => Self::Member,
            "name" => Self::Name,
            _ => Self::Other,
        }
    }
}

/// What comes next.
pub(super) enum Token<'a> {
    Open(Tag),
    Close,
    Text(Cow<'a, str>),
    End,
}

/// A document that is being read from its beginning to its end.
pub(super) struct Document<'a> {
    reader: Reader<&'a [u8]>,
}

impl<'a> Document<'a> {
    pub(super) fn new(text: &'a str) -> Result<Self, ReadError> {
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        if !all_legal(text) {
            return Err(unreadable("a character that XML forbids"));
        }
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        Ok(Self { reader })
    }

    /// The next token, references resolved.
    pub(super) fn next(&mut self) -> Result<Token<'a>, ReadError> {
        loop {
            let position = self.reader.buffer_position();
            match self.reader.read_event().map_err(|error| unreadable(error.to_string()))? {
                Event::Start(start) => return Ok(Token::Open(Tag::from_name(start.name().into_inner()))),
                Event::End(_) => return Ok(Token::Close),
                Event::Text(text) => return Ok(Token::Text(text.xml10_content())),
                Event::CData(text) => return Ok(Token::Text(text.xml10_content())),
                Event::GeneralRef(reference) => return resolve(&reference).map(Token::Text),
                Event::Decl(_) if position == 0 => {}
                Event::Decl(_) => return Err(unreadable("an XML declaration that is not at the start")),
                Event::DocType(_) => return Err(unreadable("a document type declaration")),
                Event::Comment(_) | Event::PI(_) => {}
                Event::Empty(_) => return Err(unreadable("an empty element that was not expanded")),
                Event::Eof => return Ok(Token::End),
            }
        }
    }

    /// Goes to the root element, which has to be this one.
    pub(super) fn root(&mut self, tag: Tag) -> Result<(), ReadError> {
        loop {
            match self.next()? {
                Token::Open(found) if found == tag => return Ok(()),
                Token::Open(found) => return Err(unexpected(found)),
                Token::Text(text) if is_blank(&text) => {}
                Token::Text(_) | Token::Close | Token::End => return Err(unreadable("no root element")),
            }
        }
    }

    /// Makes sure that nothing follows the root element.
    pub(super) fn end(&mut self) -> Result<(), ReadError> {
        loop {
            match self.next()? {
                Token::End => return Ok(()),
                Token::Text(text) if is_blank(&text) => {}
                Token::Text(_) | Token::Open(_) | Token::Close => {
                    return Err(unreadable("something behind the root element"));
                }
            }
        }
    }

    /// The next element in the current one; `None` at its end.
    pub(super) fn next_child(&mut self) -> Result<Option<Tag>, ReadError> {
        loop {
            match self.next()? {
                Token::Open(tag) => return Ok(Some(tag)),
                Token::Close => return Ok(None),
                Token::Text(_) => {}
                Token::End => return Err(cut_off()),
            }
        }
    }

    /// Goes to the end of the current element, in which no further element may come.
    pub(super) fn no_more_children(&mut self) -> Result<(), ReadError> {
        match self.next_child()? {
            Some(tag) => Err(unexpected(tag)),
            None => Ok(()),
        }
    }

    /// The text of the current element to its end, blanks included; no element may be in it.
    pub(super) fn text(&mut self) -> Result<Cow<'a, str>, ReadError> {
        let mut whole = Cow::Borrowed("");
        loop {
            match self.next()? {
                Token::Text(piece) if whole.is_empty() => whole = piece,
                Token::Text(piece) => whole.to_mut().push_str(&piece),
                Token::Close => return Ok(whole),
                Token::Open(tag) => return Err(unexpected(tag)),
                Token::End => return Err(cut_off()),
            }
        }
    }

    /// Passes over the current element to its end.
    pub(super) fn skip(&mut self) -> Result<(), ReadError> {
        let mut depth = 1_usize;
        while depth > 0 {
            match self.next()? {
                Token::Open(_) => depth += 1,
                Token::Close => depth -= 1,
                Token::Text(_) => {}
                Token::End => return Err(cut_off()),
            }
        }
        Ok(())
    }
}

/// The character that a reference stands for.
fn resolve(reference: &BytesRef<'_>) -> Result<Cow<'static, str>, ReadError> {
    let named = match &**reference {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        _ => "",
    };
    if !named.is_empty() {
        return Ok(Cow::Borrowed(named));
    }
    match reference.resolve_char_ref() {
        Ok(Some(c)) if is_legal(c) => Ok(Cow::Owned(c.to_string())),
        Ok(_) | Err(_) => Err(unreadable(format!("the reference &{};", &**reference))),
    }
}

pub(super) fn unreadable(why: impl Into<String>) -> ReadError {
    ReadError::Unreadable(why.into())
}

pub(super) fn unexpected(tag: Tag) -> ReadError {
    unreadable(format!("the element {tag:?} where it does not belong"))
}

pub(super) fn cut_off() -> ReadError {
    unreadable("the end of the document within an element")
}

fn is_blank(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}
