//! Calls back to supervisord: XML-RPC over a unix socket, TCP or TLS, one connection a call (contract/rpc.md §1–§3).
//!
//! supervisord tells its children its address and never its credentials: where it asks for some, the program's own
//! `environment` has to give `SUPERVISOR_USERNAME` and `SUPERVISOR_PASSWORD`.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use supervisor_protocol::xmlrpc::{Answer, Value, read_answer, write_call};
use supervisor_sys::{connect_unix, own_uid, peer_uid};

use crate::limits;
use crate::server_url::ServerUrl;
#[cfg(feature = "tls")]
use crate::tls::Tls;
#[cfg(not(feature = "tls"))]
use crate::without_tls::Tls;

/// A supervisord to call.
#[derive(Clone, Debug)]
pub struct Client {
    url: ServerUrl,
    /// `user:password`
    credentials: Option<String>,
    timeout: Option<Duration>,
    tls: Tls,
}

/// Why a call has no result.
#[derive(Debug)]
pub enum CallError {
    /// supervisord refused it.
    Fault {
        /// The code, such as 70 for NOT_RUNNING.
        code: i64,
        /// Its name and what it is about, such as `NOT_RUNNING: cat`.
        text: String,
    },
    /// It was not reached, or answered something else.
    Transport(io::Error),
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault { code, text } => write!(f, "fault {code}: {text}"),
            Self::Transport(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for CallError {}

impl From<io::Error> for CallError {
    fn from(error: io::Error) -> Self {
        Self::Transport(error)
    }
}

impl Client {
    /// The supervisord that runs this process.
    ///
    /// # Errors
    /// `NotFound` when no supervisord does, `InvalidInput` when its address cannot be understood.
    pub fn from_environment() -> io::Result<Self> {
        let variable = |name: &str| std::env::var(name).ok();
        let url = variable("SUPERVISOR_SERVER_URL").ok_or_else(|| {
            io::Error::new(io::ErrorKind::NotFound, "SUPERVISOR_SERVER_URL is not set: supervisord runs this program?")
        })?;
        let url = ServerUrl::parse(&url).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let client = Self { tls: Tls::from_variables(variable), ..Self::new(url) };
        Ok(match (variable("SUPERVISOR_USERNAME"), variable("SUPERVISOR_PASSWORD")) {
            (None, None) => client,
            (user, password) => client.with_credentials(&user.unwrap_or_default(), &password.unwrap_or_default()),
        })
    }

    /// A supervisord at this address. Of an https server the authorities of the system have to know the certificate.
    pub fn new(url: ServerUrl) -> Self {
        Self { url, credentials: None, timeout: None, tls: Tls::default() }
    }

    /// The same, called with these credentials.
    #[must_use]
    pub fn with_credentials(self, user: &str, password: &str) -> Self {
        Self { credentials: Some(format!("{user}:{password}")), ..self }
    }

    /// The same, with a limit for each wait. Without one a call may take as long as supervisord takes, which for
    /// `stopProcess` is as long as the program takes to stop.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout: Some(timeout), ..self }
    }

    /// Calls a method, such as `supervisor.getProcessInfo`.
    ///
    /// # Errors
    /// A fault of supervisord, or of the way to it.
    pub fn call(&self, method: &str, parameters: &[Value]) -> Result<Value, CallError> {
        let request = self.request(&write_call(method, parameters));
        let answer = match &self.url {
            ServerUrl::Unix(path) => {
                let stream = connect_unix(path)?;
                if self.credentials.is_some() {
                    check_peer(&stream, path)?;
                }
                stream.set_read_timeout(self.timeout)?;
                exchange(stream, &request)
            }
            ServerUrl::Http(address) => {
                let stream = TcpStream::connect(address)?;
                stream.set_read_timeout(self.timeout)?;
                exchange(stream, &request)
            }
            ServerUrl::Https(address) => {
                let stream = TcpStream::connect(address)?;
                stream.set_read_timeout(self.timeout)?;
                let stream = self.tls.begin(address, stream)?;
                exchange(stream, &request).map_err(|error| self.tls.explain(address, error))
            }
        }?;
        match read_answer(&body_of(&answer)?).map_err(|error| unusable(&error.to_string()))? {
            Answer::Result(result) => Ok(result),
            Answer::Fault { code, text } => Err(CallError::Fault { code, text }),
        }
    }

    fn request(&self, body: &str) -> String {
        let host = match &self.url {
            ServerUrl::Unix(_) => "localhost",
            ServerUrl::Http(address) | ServerUrl::Https(address) => address,
        };
        let authorization = self.credentials.as_ref().map(|credentials| {
            let encoded = STANDARD.encode(credentials);
            format!("Authorization: Basic {encoded}\r\n")
        });
        format!(
            "POST /RPC2 HTTP/1.0\r\nHost: {host}\r\nContent-Type: text/xml\r\n{}Content-Length: {}\r\n\r\n{body}",
            authorization.unwrap_or_default(),
            body.len()
        )
    }
}

/// A password is for root's server or our own: whoever else listens at the path would get it.
fn check_peer(stream: &UnixStream, path: &Path) -> io::Result<()> {
    let uid = peer_uid(stream)?;
    if uid == 0 || uid == own_uid() {
        return Ok(());
    }
    let path = path.display();
    let text = format!("{path} is served by uid {uid}, who is neither root nor us: no password was sent");
    Err(io::Error::new(io::ErrorKind::PermissionDenied, text))
}

/// Sends a request and reads until the other side closes, which it does with HTTP/1.0.
fn exchange(mut stream: impl Read + Write, request: &str) -> io::Result<Vec<u8>> {
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(limits::ANSWER_BYTES).read_to_end(&mut answer)?;
    Ok(answer)
}

/// The document in an HTTP answer.
fn body_of(answer: &[u8]) -> io::Result<String> {
    let text = std::str::from_utf8(answer).map_err(|_| unusable("an answer that is no text"))?;
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(|| unusable("an answer that was cut off"))?;
    let status_line = head.lines().next().unwrap_or_default();
    match status_line.split(' ').nth(1) {
        Some("200") => {}
        Some("401") => return Err(io::Error::new(io::ErrorKind::PermissionDenied, "supervisord wants credentials")),
        Some(_) | None => return Err(unusable(status_line)),
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    if length.is_some_and(|length| length != body.len()) {
        return Err(unusable("an answer that was cut off"));
    }
    Ok(body.to_owned())
}

fn unusable(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("supervisord gave no usable answer: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_carry_credentials_only_when_there_are_some() {
        let client = Client::new(ServerUrl::Http("box:9001".to_owned()));
        let head = "POST /RPC2 HTTP/1.0\r\nHost: box:9001\r\nContent-Type: text/xml\r\n";
        assert_eq!(client.request("é"), format!("{head}Content-Length: 2\r\n\r\né"));
        let client = client.with_credentials("user", "p@ss:w");
        let authorization = "Authorization: Basic dXNlcjpwQHNzOnc=\r\n";
        assert_eq!(client.request(""), format!("{head}{authorization}Content-Length: 0\r\n\r\n"));
    }

    #[test]
    fn answers_have_a_good_status_and_all_their_bytes() {
        assert_eq!(body_of(b"HTTP/1.0 200 OK\r\nContent-length: 2\r\n\r\nok").unwrap(), "ok");
        assert_eq!(body_of(b"HTTP/1.0 200 OK\r\n\r\nok").unwrap(), "ok");
        let denied = body_of(b"HTTP/1.0 401 Unauthorized\r\n\r\n").unwrap_err();
        assert_eq!(denied.kind(), io::ErrorKind::PermissionDenied);
        for bad in [&b"HTTP/1.0 500 Error\r\n\r\n"[..], b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nok", b"", b"\xff"]
        {
            assert_eq!(body_of(bad).unwrap_err().kind(), io::ErrorKind::InvalidData);
        }
    }
}
