//! An XML document as a sequence of elements and texts: the layer below XML-RPC's grammar.
//!
//! Comments, processing instructions and, where elements are expected, texts are passed over, as Python's parsers
//! do. Refused: a DTD, an XML declaration anywhere but at the start, entities that XML does not define, characters
//! that XML forbids, and anything behind the root element.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memchr3};
use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesText, Event};

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
///
/// What answers consist of (plain tags, texts, references) is taken apart here, borrowed from the document. The rest
/// (tags with attributes, comments, CDATA, instructions) is left to `quick_xml`, one piece at a time.
pub(super) struct Document<'a> {
    whole: &'a str,
    /// What has not been read yet.
    rest: &'a str,
    /// Names of the elements that are open, the outermost first.
    open: Vec<&'a str>,
    /// The innermost element was empty, `<x/>`: its end comes next.
    closes_at_once: bool,
}

impl<'a> Document<'a> {
    pub(super) fn new(text: &'a str) -> Result<Self, ReadError> {
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        if !all_legal(text) {
            return Err(unreadable("a character that XML forbids"));
        }
        Ok(Self { whole: text, rest: text, open: Vec::new(), closes_at_once: false })
    }

    /// The next token, references resolved.
    pub(super) fn next(&mut self) -> Result<Token<'a>, ReadError> {
        if self.closes_at_once {
            self.closes_at_once = false;
            self.open.pop();
            return Ok(Token::Close);
        }
        loop {
            let token = match self.rest.as_bytes() {
                [] => return Ok(Token::End),
                [b'<', b'/', ..] => return self.end_tag(),
                [b'<', b'!' | b'?', ..] => self.markup()?,
                [b'<', ..] => return self.start_tag(),
                [b'&', ..] => return self.reference().map(Token::Text),
                [..] => return Ok(Token::Text(self.run_of_text())),
            };
            if let Some(token) = token {
                return Ok(token);
            }
        }
    }

    /// At a text: up to the next markup or reference.
    fn run_of_text(&mut self) -> Cow<'a, str> {
        let bytes = self.rest.as_bytes();
        let special = memchr3(b'<', b'&', b'\r', bytes);
        if special.is_none_or(|index| bytes.get(index) != Some(&b'\r')) {
            return Cow::Borrowed(self.take(special.unwrap_or(bytes.len())));
        }
        let end = memchr2(b'<', b'&', bytes).unwrap_or(bytes.len());
        BytesText::from_escaped(self.take(end)).xml10_content()
    }

    /// At `&`.
    fn reference(&mut self) -> Result<Cow<'static, str>, ReadError> {
        match memchr(b';', self.rest.as_bytes()) {
            Some(end) => {
                let reference = self.take(end + 1);
                resolve(&BytesRef::new(reference.get(1..end).unwrap_or_default()))
            }
            None => Err(unreadable("a reference without an end")),
        }
    }

    /// At `</`.
    fn end_tag(&mut self) -> Result<Token<'a>, ReadError> {
        let Some(expected) = self.open.pop() else { return Err(unreadable("an end tag without a start tag")) };
        let plain = self.rest.get(2..).and_then(|tag| tag.strip_prefix(expected)).and_then(|tag| tag.strip_prefix('>'));
        if let Some(rest) = plain {
            self.rest = rest;
            return Ok(Token::Close);
        }
        let end = memchr(b'>', self.rest.as_bytes()).ok_or_else(cut_off)?;
        let tag = self.take(end + 1).get(2..end).unwrap_or_default();
        if tag.trim_end_matches(BLANKS) == expected {
            Ok(Token::Close)
        } else {
            Err(unreadable(format!("</{tag}> where </{expected}> is due")))
        }
    }

    /// At `<` and what may be a name.
    fn start_tag(&mut self) -> Result<Token<'a>, ReadError> {
        let end = memchr(b'>', self.rest.as_bytes()).ok_or_else(cut_off)?;
        let name = self.rest.get(1..end).unwrap_or_default();
        let tag = Tag::from_name(name);
        if tag != Tag::Other {
            self.take(end + 1);
            self.open.push(name);
            return Ok(Token::Open(tag));
        }
        self.markup()?.ok_or_else(|| unreadable("a start tag that is none"))
    }

    fn opened(&mut self, name: &'a str, is_empty: bool) -> Token<'a> {
        self.open.push(name);
        self.closes_at_once = is_empty;
        Token::Open(Tag::from_name(name))
    }

    /// At `<`: any piece of markup but an end tag; `None` for one that says nothing.
    fn markup(&mut self) -> Result<Option<Token<'a>>, ReadError> {
        let mut reader = Reader::from_str(self.rest);
        let event = reader.read_event().map_err(|error| unreadable(error.to_string()))?;
        let is_at_start = self.rest.len() == self.whole.len();
        let length = usize::try_from(reader.buffer_position()).map_err(|_| cut_off())?;
        let piece = self.take(length);
        match event {
            Event::Start(tag) => Ok(Some(self.opened(name_in(piece, tag.name().0.len()), false))),
            Event::Empty(tag) => Ok(Some(self.opened(name_in(piece, tag.name().0.len()), true))),
            Event::CData(text) => Ok(Some(Token::Text(Cow::Owned(text.xml10_content().into_owned())))),
            Event::Decl(_) if is_at_start => Ok(None),
            Event::Decl(_) => Err(unreadable("an XML declaration that is not at the start")),
            Event::DocType(_) => Err(unreadable("a document type declaration")),
            Event::Comment(_) | Event::PI(_) => Ok(None),
            Event::End(_) | Event::Text(_) | Event::GeneralRef(_) | Event::Eof => {
                Err(unreadable("markup that is none"))
            }
        }
    }

    /// The next `length` bytes, which end where a character does.
    fn take(&mut self, length: usize) -> &'a str {
        let (piece, rest) = self.rest.split_at(length);
        self.rest = rest;
        piece
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
            // Between elements there is a line end nearly always: no token is made of it.
            if let (false, Some(rest)) = (self.closes_at_once, self.rest.strip_prefix('\n')) {
                self.rest = rest;
            }
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

/// The blanks of XML.
const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

fn is_blank(text: &str) -> bool {
    text.chars().all(|c| BLANKS.contains(&c))
}

/// The name in a tag that begins with `<` and the name.
fn name_in(tag: &str, length: usize) -> &str {
    tag.get(1..=length).unwrap_or_default()
}
