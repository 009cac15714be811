//! XML-RPC and HTTP as a client sees them. Written for the tests alone and on purpose not the product's own codec:
//! a mistake that reader and writer share would stay unseen.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::ops::Index;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// A value as it travels.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Int(i64),
    Bool(bool),
    Text(String),
    Array(Vec<Value>),
    Struct(Vec<(String, Value)>),
}

/// A call that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) code: i64,
    pub(crate) text: String,
}

impl Value {
    pub(crate) fn as_int(&self) -> i64 {
        match self {
            Self::Int(number) => *number,
            other => panic!("not an int: {other:?}"),
        }
    }

    pub(crate) fn as_text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            other => panic!("not a string: {other:?}"),
        }
    }
}

impl Index<&str> for Value {
    type Output = Value;

    fn index(&self, member: &str) -> &Value {
        let Self::Struct(members) = self else { panic!("not a struct: {self:?}") };
        let found = members.iter().find(|(name, _)| name == member);
        &found.unwrap_or_else(|| panic!("no {member} in {self:?}")).1
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

/// Calls a method over a unix socket. The outer error is a transport's: nobody listens, or no sensible answer.
pub(crate) fn call(socket: &Path, method: &str, arguments: &[Value]) -> io::Result<Result<Value, Fault>> {
    let body = request(method, arguments);
    let head = format!(
        "POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let answer = exchange(UnixStream::connect(socket)?, &(head + &body))?;
    let (status, body) = split_answer(&answer)?;
    if status != 200 {
        return Err(io::Error::other(format!("HTTP status {status}: {body}")));
    }
    let mut reader = Reader { rest: &body };
    reader.skip_to("<methodResponse>");
    if reader.takes("<fault>") {
        let fault = reader.value();
        let text = fault["faultString"].as_text().to_owned();
        return Ok(Err(Fault { code: fault["faultCode"].as_int(), text }));
    }
    reader.skip_to("<param>");
    Ok(Ok(reader.value()))
}

/// Gets a page from a port of this machine: its status and its body.
pub(crate) fn http_get(port: u16, path: &str) -> io::Result<(u16, String)> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    split_answer(&exchange(TcpStream::connect(("127.0.0.1", port))?, &request)?)
}

/// Sends these bytes to a port of this machine and brings the answer as it is.
pub(crate) fn raw_http(port: u16, request: &str) -> io::Result<String> {
    let answer = exchange(TcpStream::connect(("127.0.0.1", port))?, request)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// What can be given a time limit for reading.
trait Stream: Read + Write {
    fn limit(&self, limit: Duration) -> io::Result<()>;
}

impl Stream for UnixStream {
    fn limit(&self, limit: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(limit))
    }
}

impl Stream for TcpStream {
    fn limit(&self, limit: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(limit))
    }
}

/// Sends a request and reads to the end of the connection, or to the end that Content-Length announces.
fn exchange(mut stream: impl Stream, request: &str) -> io::Result<Vec<u8>> {
    stream.limit(Duration::from_secs(30))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    let mut chunk = [0; 16 * 1024];
    while !is_complete(&answer) {
        match stream.read(&mut chunk)? {
            0 => break,
            count => answer.extend_from_slice(&chunk[..count]),
        }
    }
    Ok(answer)
}

fn is_complete(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let announced = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    announced.is_some_and(|length| body.len() >= length)
}

fn split_answer(answer: &[u8]) -> io::Result<(u16, String)> {
    let text = String::from_utf8_lossy(answer);
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(|| io::Error::other("no complete HTTP head"))?;
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
    Ok((status.ok_or_else(|| io::Error::other("no HTTP status"))?, body.to_owned()))
}

fn request(method: &str, arguments: &[Value]) -> String {
    let params = joined(arguments, |value| format!("<param>{}</param>", written(value)));
    format!("<?xml version='1.0'?><methodCall><methodName>{method}</methodName><params>{params}</params></methodCall>")
}

fn written(value: &Value) -> String {
    let inner = match value {
        Value::Int(number) => format!("<int>{number}</int>"),
        Value::Bool(flag) => format!("<boolean>{}</boolean>", u8::from(*flag)),
        Value::Text(text) => format!("<string>{}</string>", escaped(text)),
        Value::Array(values) => format!("<array><data>{}</data></array>", joined(values, written)),
        Value::Struct(members) => {
            let member = |(name, value): &(_, _)| format!("<member><name>{name}</name>{}</member>", written(value));
            format!("<struct>{}</struct>", joined(members, member))
        }
    };
    format!("<value>{inner}</value>")
}

fn joined<T>(parts: &[T], text: impl Fn(&T) -> String) -> String {
    parts.iter().map(text).collect::<Vec<_>>().concat()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

/// Reads what a server writes; panics on anything else, since that is a failed test.
struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn value(&mut self) -> Value {
        self.skip_to("<value>");
        let value = if self.takes("<int>") {
            Value::Int(self.text_to("</int>").parse().expect("an int"))
        } else if self.takes("<i8>") {
            Value::Int(self.text_to("</i8>").parse().expect("an int"))
        } else if self.takes("<boolean>") {
            Value::Bool(self.text_to("</boolean>") == "1")
        } else if self.takes("<string>") {
            Value::Text(unescaped(self.text_to("</string>")))
        } else if self.takes("<string/>") {
            Value::Text(String::new())
        } else if self.takes("<array>") {
            self.array()
        } else if self.takes("<struct>") {
            self.members()
        } else {
            panic!("a value of a type that no method of ours answers: {}", self.rest)
        };
        self.skip_to("</value>");
        value
    }

    fn array(&mut self) -> Value {
        let mut values = Vec::new();
        self.skip_to("<data>");
        while !self.takes("</data>") {
            values.push(self.value());
        }
        self.skip_to("</array>");
        Value::Array(values)
    }

    fn members(&mut self) -> Value {
        let mut members = Vec::new();
        while !self.takes("</struct>") {
            self.skip_to("<name>");
            let name = self.text_to("</name>").to_owned();
            members.push((name, self.value()));
            self.skip_to("</member>");
        }
        Value::Struct(members)
    }

    fn takes(&mut self, tag: &str) -> bool {
        let rest = self.rest.trim_start().strip_prefix(tag);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn skip_to(&mut self, tag: &str) {
        self.text_to(tag);
    }

    fn text_to(&mut self, tag: &str) -> &'a str {
        let (text, rest) = self.rest.split_once(tag).unwrap_or_else(|| panic!("no {tag} in {}", self.rest));
        self.rest = rest;
        text
    }
}
