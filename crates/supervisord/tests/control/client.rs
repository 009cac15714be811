//! An HTTP client that shows what is on the wire.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use supervisor_protocol::xmlrpc::{Answer, Value, read_answer, write_call};

/// How long a client waits for bytes that have to come.
const PATIENCE: Duration = Duration::from_mins(1);

/// A connection.
pub(crate) struct Client<S: Read + Write> {
    stream: BufReader<S>,
}

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct HttpAnswer {
    /// `HTTP/1.1 200 OK`
    pub(crate) status_line: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl HttpAnswer {
    pub(crate) fn status(&self) -> u16 {
        self.status_line.split(' ').nth(1).unwrap().parse().unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// What the body says, if it is an XML-RPC answer.
    pub(crate) fn answer(&self) -> Answer {
        assert_eq!(self.status_line, "HTTP/1.1 200 OK");
        assert_eq!(self.header("content-type"), Some("text/xml"));
        read_answer(&self.body).unwrap()
    }
}

impl Client<UnixStream> {
    pub(crate) fn unix(path: impl AsRef<Path>) -> Self {
        let stream = UnixStream::connect(path).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { stream: BufReader::new(stream) }
    }

    /// Whether nothing has come by now, and the connection is open.
    pub(crate) fn is_silent(&mut self) -> bool {
        self.stream.get_ref().set_nonblocking(true).unwrap();
        let silent = self.stream.fill_buf().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock);
        self.stream.get_ref().set_nonblocking(false).unwrap();
        silent
    }

    /// Says that nothing more will be sent.
    pub(crate) fn finish_sending(&self) {
        self.stream.get_ref().shutdown(std::net::Shutdown::Write).unwrap();
    }
}

impl Client<TcpStream> {
    pub(crate) fn tcp(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { stream: BufReader::new(stream) }
    }
}

impl<S: Read + Write> Client<S> {
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.get_mut().write_all(bytes.as_ref()).unwrap();
    }

    /// Sends what the server may refuse to take.
    pub(crate) fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes.as_ref())
    }

    /// Sends a request without a body, with these header lines.
    pub(crate) fn request(&mut self, line: &str, headers: &[&str]) -> HttpAnswer {
        let lines = [&[line, "Host: x"], headers, &["", ""]].concat();
        self.send(lines.join("\r\n"));
        self.receive()
    }

    /// Posts a body to `/RPC2`.
    pub(crate) fn post(&mut self, body: &str) -> HttpAnswer {
        self.send(post(body));
        self.receive()
    }

    /// Calls a method.
    pub(crate) fn call(&mut self, method: &str, params: &[Value]) -> Answer {
        self.post(&write_call(method, params)).answer()
    }

    /// Calls a method that has to succeed.
    pub(crate) fn result(&mut self, method: &str, params: &[Value]) -> Value {
        match self.call(method, params) {
            Answer::Result(value) => value,
            fault @ Answer::Fault { .. } => panic!("{method} answered {fault:?}"),
        }
    }

    /// Calls a method that has to be refused.
    pub(crate) fn fault(&mut self, method: &str, params: &[Value]) -> (i64, String) {
        match self.call(method, params) {
            Answer::Fault { code, text } => (code, text),
            result @ Answer::Result(_) => panic!("{method} answered {result:?}"),
        }
    }

    /// Receives a whole answer with a known length.
    pub(crate) fn receive(&mut self) -> HttpAnswer {
        let (status_line, headers) = self.receive_head();
        let mut answer = HttpAnswer { status_line, headers, body: String::new() };
        let length: u64 = answer.header("content-length").expect("a known length").parse().unwrap();
        (&mut self.stream).take(length).read_to_string(&mut answer.body).unwrap();
        assert_eq!(answer.body.len() as u64, length, "the answer was cut off");
        answer
    }

    /// Receives the head of an answer.
    pub(crate) fn receive_head(&mut self) -> (String, Vec<(String, String)>) {
        let status_line = self.line();
        let mut headers = vec![];
        loop {
            let line = self.line();
            if line.is_empty() {
                return (status_line, headers);
            }
            let (name, value) = line.split_once(": ").unwrap();
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
    }

    /// Receives one chunk of a chunked body; `None` at its end.
    pub(crate) fn chunk(&mut self) -> Option<String> {
        let size = u64::from_str_radix(&self.line(), 16).unwrap();
        let mut text = String::new();
        (&mut self.stream).take(size).read_to_string(&mut text).unwrap();
        assert_eq!(self.line(), "");
        (size > 0).then_some(text)
    }

    /// Receives chunks until they say this.
    pub(crate) fn chunks_until(&mut self, wanted: &str) {
        let mut text = String::new();
        while text.len() < wanted.len() {
            text.push_str(&self.chunk().expect("the stream goes on"));
        }
        assert_eq!(text, wanted);
    }

    /// Receives this many bytes.
    pub(crate) fn bytes(&mut self, count: usize) -> String {
        let mut bytes = vec![0; count];
        self.stream.read_exact(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    /// Receives everything up to the end of the connection.
    pub(crate) fn rest(&mut self) -> String {
        let mut text = String::new();
        match self.stream.read_to_string(&mut text) {
            Ok(_) => text,
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => text,
            Err(error) => panic!("the connection stays open: {error}"),
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        assert!(line.ends_with("\r\n"), "the connection ended after {line:?}");
        line.truncate(line.len() - 2);
        line
    }
}

/// A request that posts this body to `/RPC2`.
pub(crate) fn post(body: &str) -> String {
    let length = body.len();
    format!("POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\n\r\n{body}")
}

/// A request that calls a method without parameters.
pub(crate) fn post_call(method: &str) -> String {
    post(&write_call(method, &[]))
}
