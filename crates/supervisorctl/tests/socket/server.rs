//! A server that says what it is told, byte for byte, and remembers what it was asked.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

/// What to say to a request.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// Part of the request that it is for.
    pub(crate) to: &'static str,
    /// Another part that must not be missing.
    pub(crate) only_with: &'static str,
    /// The whole response.
    pub(crate) response: String,
    /// Whether the connection is closed after it.
    pub(crate) then_close: bool,
}

/// What was asked: the number of the connection, and the request with its body.
pub(crate) type Requests = Arc<Mutex<Vec<(usize, String)>>>;

/// An answer with this value; the connection stays open.
pub(crate) fn value(to: &'static str, value: &str) -> Answer {
    let body = format!(
        "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value>{value}</value>\n</param>\n</params>\n\
         </methodResponse>\n"
    );
    let length = body.len();
    let response = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nContent-Type: text/xml\r\n\r\n{body}");
    Answer { to, only_with: "", response, then_close: false }
}

/// An answer with this status and no body.
pub(crate) fn status(to: &'static str, status: &str) -> Answer {
    let response = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
    Answer { to, only_with: "", response, then_close: true }
}

/// The beginning of an endless answer.
pub(crate) fn stream(to: &'static str, text: &str) -> Answer {
    let length = text.len();
    let response = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n{text}\r\n");
    Answer { to, only_with: "", response, then_close: false }
}

/// Listens on a socket file until the test ends.
pub(crate) fn serve_unix(path: &Path, answers: Vec<Answer>) -> Requests {
    let listener = UnixListener::bind(path).unwrap();
    serve(answers, move || listener.accept().map(|(stream, _)| stream), UnixStream::try_clone)
}

/// Listens on a port of its own until the test ends; gives the port too.
pub(crate) fn serve_tcp(answers: Vec<Answer>) -> (u16, Requests) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (port, serve(answers, move || listener.accept().map(|(stream, _)| stream), TcpStream::try_clone))
}

fn serve<S: Read + Write + Send + 'static>(
    answers: Vec<Answer>,
    mut accept: impl FnMut() -> io::Result<S> + Send + 'static,
    duplicate: fn(&S) -> io::Result<S>,
) -> Requests {
    let requests = Requests::default();
    let log = Arc::clone(&requests);
    thread::spawn(move || {
        for number in 0.. {
            let Ok(stream) = accept() else { return };
            let (answers, log) = (answers.clone(), Arc::clone(&log));
            thread::spawn(move || {
                let reader = BufReader::new(duplicate(&stream).unwrap());
                converse(number, reader, stream, &answers, &log);
            });
        }
    });
    requests
}

fn converse(number: usize, mut reader: impl BufRead, mut writer: impl Write, answers: &[Answer], log: &Requests) {
    while let Some(request) = read_request(&mut reader) {
        let answer = answers
            .iter()
            .find(|answer| [answer.to, answer.only_with].iter().all(|part| request.contains(part)))
            .cloned();
        log.lock().unwrap().push((number, request));
        let Some(answer) = answer else { return };
        if writer.write_all(answer.response.as_bytes()).is_err() || answer.then_close {
            return;
        }
    }
}

/// Head and body; `None` at the end of the connection.
fn read_request(reader: &mut impl BufRead) -> Option<String> {
    let mut request = String::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        request.push_str(&line);
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    request.push_str(&String::from_utf8(body).ok()?);
    Some(request)
}
