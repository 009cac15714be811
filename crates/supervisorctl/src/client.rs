//! The HTTP client: XML-RPC calls over one connection, streams and documents over one each (contract/ctl.md §4).
//!
//! A connection lasts from the first call of a command to its last. Nothing is sent twice, except when hyper says
//! that the first time it was not sent at all.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use nix::errno::Errno;
use supervisor_protocol::xmlrpc::{Answer, Value, read_answer, write_call};
use supervisor_sys::{SocketPath, own_uid, peer_uid};
use tokio::net::{TcpStream, UnixStream, lookup_host};

use crate::limits::{CONNECT_TIMEOUT, MAX_ANSWER_BYTES, MAX_REFUSAL_BYTES};
use crate::result_code::ResultCode;
use crate::server_url::Endpoint;
use crate::tls::{self, Tls};
use crate::world::{CallError, ConnectError};

/// What is sent: whole, in memory.
type Sender = SendRequest<Full<Bytes>>;

/// Who asks whom.
#[derive(Clone)]
pub(crate) struct Account {
    /// As it was given.
    pub(crate) url: String,
    /// Sent along only together with `password`.
    pub(crate) username: Option<String>,
    /// In clear.
    pub(crate) password: Option<String>,
    /// For an https server.
    pub(crate) tls: Tls,
    /// Users besides root and us who may be served by: a password is sent to no other on a unix socket.
    pub(crate) server_users: Vec<u32>,
}

/// A client of one server.
pub(crate) struct Client {
    account: Account,
    connection: Option<Sender>,
}

impl Client {
    /// Connects at the first call.
    pub(crate) fn new(account: Account) -> Self {
        Self { account, connection: None }
    }

    /// Who asks whom.
    pub(crate) fn account(&self) -> &Account {
        &self.account
    }

    /// From now on other credentials, or another server.
    pub(crate) fn set_account(&mut self, account: Account) {
        *self = Self::new(account);
    }

    /// Forgets the connection.
    pub(crate) fn disconnect(&mut self) {
        self.connection = None;
    }

    /// Calls a method.
    pub(crate) async fn call(&mut self, method: &str, parameters: &[Value]) -> Result<Value, CallError> {
        let document = Bytes::from(write_call(method, parameters));
        let (mut sender, is_fresh) = match self.connection.take().filter(|sender| !sender.is_closed()) {
            Some(sender) => (sender, false),
            None => (self.connect().await?, true),
        };
        let response = match self.post(&mut sender, document.clone()).await {
            Err(error) if error.is_canceled() && !is_fresh => {
                sender = self.connect().await?;
                self.post(&mut sender, document).await
            }
            response => response,
        };
        let answer = read(response.map_err(|error| self.broken(&error))?).await?;
        self.connection = Some(sender);
        match read_answer(&answer) {
            Ok(Answer::Result(value)) => Ok(value),
            Ok(Answer::Fault { code, text }) => Err(CallError::Fault { code: ResultCode::from_number(code), text }),
            Err(error) => Err(CallError::BadAnswer(error.to_string())),
        }
    }

    /// Opens a log stream over a connection of its own. Any HTTP status is an answer.
    pub(crate) async fn stream(&self, path: &str) -> Result<Response<Incoming>, CallError> {
        let mut sender = self.connect().await?;
        let request = self.request(Method::GET, &encode_path(path)).header(ACCEPT, "*/*");
        let request = request.body(Full::default()).expect("the path has been encoded");
        sender.send_request(request).await.map_err(|error| self.broken(&error))
    }

    /// Brings a document, over a connection of its own.
    pub(crate) async fn get(&self, path: &str) -> Result<String, CallError> {
        text(self.open(path).await?).await
    }

    /// Opens what is at a path with its query, over a connection of its own. Only status 200 is an answer; the words of
    /// another status are the server's own if it says some.
    pub(crate) async fn open(&self, path: &str) -> Result<Incoming, CallError> {
        let mut sender = self.connect().await?;
        let request = self.request(Method::GET, path).header(ACCEPT, "*/*").body(Full::default());
        let request = request.map_err(|error| CallError::Broken(error.to_string()))?;
        let response = sender.send_request(request).await.map_err(|error| self.broken(&error))?;
        let error = match response.status() {
            StatusCode::OK => return Ok(response.into_body()),
            StatusCode::UNAUTHORIZED => return Err(CallError::Unauthorized),
            status => {
                let reason = status.canonical_reason().unwrap_or_default();
                CallError::Http { status: status.as_u16(), reason: own_words(response, reason).await }
            }
        };
        Err(error)
    }

    async fn post(&self, sender: &mut Sender, document: Bytes) -> hyper::Result<Response<Incoming>> {
        let request = self.request(Method::POST, "/RPC2").header(CONTENT_TYPE, "text/xml").header(ACCEPT, "text/xml");
        let request = request.body(Full::new(document)).expect("every part is a constant or has been checked");
        sender.ready().await?;
        sender.send_request(request).await
    }

    fn request(&self, method: Method, path: &str) -> hyper::http::request::Builder {
        let host = Endpoint::parse(&self.account.url).map(|endpoint| endpoint.host_header()).unwrap_or_default();
        let host = HeaderValue::from_str(&host).unwrap_or(HeaderValue::from_static("localhost"));
        let request = Request::builder().method(method).uri(path).header(HOST, host);
        match (&self.account.username, &self.account.password) {
            (Some(username), Some(password)) => {
                let credentials = STANDARD.encode(format!("{username}:{password}"));
                request.header(AUTHORIZATION, format!("Basic {credentials}"))
            }
            (None, _) | (_, None) => request,
        }
    }

    fn broken(&self, error: &hyper::Error) -> CallError {
        let endpoint = Endpoint::parse(&self.account.url);
        let is_encrypted = matches!(endpoint, Some(Endpoint::Inet { encrypted: true, .. }));
        broken(error, is_encrypted, self.account.tls.has_identity())
    }

    async fn connect(&self) -> Result<Sender, CallError> {
        match Endpoint::parse(&self.account.url).ok_or(CallError::BadUrl)? {
            Endpoint::Unix(path) => {
                let reachable = SocketPath::new(&path).map_err(|error| CallError::Connect(error.into()))?;
                let connect = within(CONNECT_TIMEOUT, UnixStream::connect(reachable.as_path())).await;
                let stream = connect.map_err(|error| what_is_there(error, &path))?;
                if self.account.username.is_some() && self.account.password.is_some() {
                    check_peer(&stream, &path, &self.account.server_users).map_err(CallError::Connect)?;
                }
                begin(stream).await
            }
            Endpoint::Inet { encrypted, host, port } => {
                let unknown = |error: io::Error| CallError::Connect(ConnectError::UnknownHost(error.to_string()));
                let addresses: Vec<_> = lookup_host((host.as_str(), port)).await.map_err(unknown)?.collect();
                let stream = within(CONNECT_TIMEOUT, TcpStream::connect(addresses.as_slice())).await?;
                // A call is one small packet: waiting for more to send would only delay it.
                drop(stream.set_nodelay(true));
                if encrypted {
                    let tls = self.account.tls.connect(&self.account.url, &host, stream);
                    return begin(tls.await.map_err(CallError::Connect)?).await;
                }
                begin(stream).await
            }
        }
    }
}

/// Speaks HTTP on a new connection; its driver ends when the connection does.
async fn begin<S>(stream: S) -> Result<Sender, CallError>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
{
    let begun = handshake(TokioIo::new(stream)).await;
    let (sender, driver) = begun.map_err(|error| CallError::Broken(error.to_string()))?;
    tokio::spawn(async move {
        // What ends a connection is told to the request that is waiting on it.
        drop(driver.await);
    });
    Ok(sender)
}

impl From<io::Error> for ConnectError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // Reset while we still connect: nobody has taken it.
            io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => Self::Refused,
            io::ErrorKind::NotFound => Self::NoSuchFile,
            io::ErrorKind::PermissionDenied => Self::PermissionDenied,
            io::ErrorKind::TimedOut => Self::TimedOut,
            _ if is_out_of_descriptors(&error) => Self::NoDescriptors,
            _ => Self::Other(error.to_string()),
        }
    }
}

fn is_out_of_descriptors(error: &io::Error) -> bool {
    error.raw_os_error().map(Errno::from_raw).is_some_and(|errno| matches!(errno, Errno::EMFILE | Errno::ENFILE))
}

async fn within<S>(limit: Duration, connect: impl Future<Output = io::Result<S>>) -> Result<S, CallError> {
    let error = match tokio::time::timeout(limit, connect).await {
        Ok(Ok(stream)) => return Ok(stream),
        Ok(Err(error)) => error.into(),
        Err(_) => ConnectError::TimedOut,
    };
    Err(CallError::Connect(error))
}

/// A password is for root's server, our own, one of a user that the configuration names, or one in a folder where
/// nobody but its owner could have put it. Whoever else listens at the path would get it: in /tmp anybody may.
fn check_peer(stream: &UnixStream, path: &Path, known: &[u32]) -> Result<(), ConnectError> {
    let uid = peer_uid(stream).map_err(|error| ConnectError::Other(error.to_string()))?;
    let owns_the_folder = || {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::metadata(parent).is_ok_and(|folder| folder.uid() == uid && folder.mode() & 0o022 == 0)
    };
    let is_known = uid == 0 || uid == own_uid() || known.contains(&uid);
    if is_known || owns_the_folder() { Ok(()) } else { Err(ConnectError::Stranger(uid)) }
}

/// A path refuses connections too when it is no socket at all.
fn what_is_there(error: CallError, path: &Path) -> CallError {
    let kind = std::fs::metadata(path).map(|metadata| metadata.file_type());
    match (&error, kind) {
        (CallError::Connect(ConnectError::Refused), Ok(kind)) if kind.is_dir() => {
            CallError::Connect(ConnectError::NotASocket("a directory"))
        }
        (CallError::Connect(ConnectError::Refused), Ok(kind)) if kind.is_file() => {
            CallError::Connect(ConnectError::NotASocket("a file"))
        }
        (_, _) => error,
    }
}

/// What a server of ours says in a refusal, or else the usual words.
async fn own_words(refusal: Response<Incoming>, usual: &str) -> String {
    let body = Limited::new(refusal.into_body(), MAX_REFUSAL_BYTES).collect().await.ok();
    let document = body.and_then(|body| serde_json::from_slice::<serde_json::Value>(&body.to_bytes()).ok());
    let words = document.as_ref().and_then(|document| document.get("detail")).and_then(serde_json::Value::as_str);
    words.unwrap_or(usual).to_owned()
}

/// The text of an answer with status 200.
async fn read(response: Response<Incoming>) -> Result<String, CallError> {
    match response.status() {
        StatusCode::OK => {}
        StatusCode::UNAUTHORIZED => return Err(CallError::Unauthorized),
        status => {
            let reason = status.canonical_reason().unwrap_or_default().to_owned();
            return Err(CallError::Http { status: status.as_u16(), reason });
        }
    }
    text(response.into_body()).await
}

async fn text(body: Incoming) -> Result<String, CallError> {
    let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await;
    let bytes = body.map_err(|error| CallError::Broken(error.to_string()))?.to_bytes();
    String::from_utf8(bytes.into()).map_err(|_| CallError::BadAnswer("not UTF-8".to_owned()))
}

/// Why there is no answer. Whoever wants no TLS from us, or more of it, ends the connection too; the kernel may lose
/// the words of that (tcp(7), a reset overtakes data), so that it is a guess at times.
fn broken(error: &hyper::Error, is_encrypted: bool, has_certificate: bool) -> CallError {
    if let Some(refusal) = tls::refusal(error) {
        return CallError::Connect(refusal);
    }
    if is_reset(error) {
        return CallError::Connect(ConnectError::Refused);
    }
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    let guess = match (is_encrypted, has_certificate) {
        (false, _) if error.is_parse() => "; if it has tls_cert=, the URL begins with https://",
        (true, false) => "; if it has tls_client_ca=, set tls_cert and tls_key in [supervisorctl]",
        (false, _) | (true, true) => "",
    };
    CallError::Broken(format!("{error}{cause}{guess}"))
}

/// Whether the connection was reset without a byte of an answer: it waited in the queue of a server that ended (a
/// restart), or its request was not read to the end. Whoever has read a request closes in order, which is no reset.
fn is_reset(error: &hyper::Error) -> bool {
    // A request that was not written when it happened has the end of its connection for a cause, and that the reset;
    // one that is written then meets a broken pipe (unix(7)).
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    let mut errors = causes.filter_map(|cause| cause.downcast_ref::<io::Error>());
    errors.any(|cause| matches!(cause.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe))
}

/// A path with everything escaped that may not stand in a request line, and `%`, which begins no escape in a name.
///
/// Escaped twice: both servers decode the path of a log twice (`http.py`, `split_uri` and the handler), the original's
/// splits it at `?` and `#` in between.
fn encode_path(path: &str) -> String {
    escape(&escape(path))
}

fn escape(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'%' | b'?' | b'#' | b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' => {
                push_escaped(&mut encoded, byte);
            }
            b'!'..=b'~' => encoded.push(char::from(byte)),
            _ => push_escaped(&mut encoded, byte),
        }
    }
    encoded
}

fn push_escaped(encoded: &mut String, byte: u8) {
    use std::fmt::Write as _;
    write!(encoded, "%{byte:02X}").expect("a String takes all");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_fit_for_a_request_line() {
        for (path, encoded) in [
            ("/logtail/web:cat/stdout", "/logtail/web:cat/stdout"),
            ("/logtail/a?b#c/stdout", "/logtail/a%253Fb%2523c/stdout"),
            ("/logtail/é%41/stdout", "/logtail/%25C3%25A9%252541/stdout"),
            ("/logtail/p:100%20fast 1/stdout", "/logtail/p:100%252520fast%25201/stdout"),
        ] {
            assert_eq!(encode_path(path), encoded);
        }
    }
}
