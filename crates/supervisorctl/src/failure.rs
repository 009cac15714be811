//! What ends a command early, and the one line that says so (contract/ctl.md §2.2, quirks.md F20).
//!
//! The original prints a class name and a source line of its own; here the line names the server, where its URL
//! was found and what to try. It always starts with `error: `, is one line, and leaves exit status 1.

use std::fmt;
use std::path::PathBuf;

use supervisor_core::FaultCode;

use crate::result_code::ResultCode;
use crate::world::{CallError, ConnectError};

/// Why a command ended before it was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The server could not be asked, or refused in a way that the command has no words for.
    Call {
        /// Full name of the method.
        method: &'static str,
        /// What went wrong.
        error: CallError,
    },
    /// A result that the command has no words for: namespec, code, and the server's words.
    UnknownResult {
        /// Which process.
        namespec: String,
        /// The code of the result.
        code: ResultCode,
        /// The server's words.
        description: String,
    },
    /// A question was not answered: the input ended.
    NoAnswer(&'static str),
    /// Ctrl-C.
    Interrupted,
    /// Nothing can be had of the plug-ins: why.
    PluginHost(String),
}

/// Where the server's URL was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum UrlOrigin {
    /// `-s`, or `open` in the shell.
    Given,
    /// `serverurl` of `[supervisorctl]` in this file.
    File(PathBuf),
    /// There is no configuration file: the built-in default.
    Default,
}

impl fmt::Display for UrlOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given => f.write_str("as given"),
            Self::File(path) => write!(f, "serverurl in {}", path.display()),
            Self::Default => f.write_str("the default, as no configuration file was found"),
        }
    }
}

impl Failure {
    /// The server wants to know who asks.
    pub(crate) fn is_unauthorized(&self) -> bool {
        matches!(self, Self::Call { error: CallError::Unauthorized, .. })
    }

    /// The person wants it to end.
    pub(crate) fn is_interruption(&self) -> bool {
        matches!(self, Self::Interrupted | Self::Call { error: CallError::Interrupted, .. })
    }

    /// The time that was set for the command is up.
    pub(crate) fn is_lateness(&self) -> bool {
        matches!(self, Self::Call { error: CallError::DeadlinePassed, .. })
    }

    /// The line without its `error: `, for a server at `url`.
    pub(crate) fn describe(&self, url: &str, origin: &UrlOrigin) -> String {
        match self {
            Self::Call { method, error } => describe_call(method, error, url, origin),
            Self::UnknownResult { namespec, code, description } => {
                format!("{namespec}: {description} (unknown result code {code})")
            }
            Self::NoAnswer(question) => format!("the input ended before {question}"),
            Self::Interrupted => "interrupted".to_owned(),
            Self::PluginHost(why) => format!("plug-ins of {origin}: {why}").replace("serverurl in ", ""),
        }
    }
}

/// The HTTP status that supervisord itself gives when something went wrong in it.
const INTERNAL_SERVER_ERROR: u16 = 500;

fn describe_call(method: &str, error: &CallError, url: &str, origin: &UrlOrigin) -> String {
    match error {
        CallError::Fault { code, text } => match code {
            ResultCode::Known(FaultCode::ShutdownState) => {
                format!("{url} is shutting down or restarting ({text}): try again when supervisord is up")
            }
            ResultCode::Known(_) | ResultCode::Other(_) => format!("{url} refused {method}: {text} (fault {code})"),
        },
        CallError::Unauthorized => "Server requires authentication".to_owned(),
        CallError::Http { status, reason } => {
            let reason = if reason.is_empty() { String::new() } else { format!(" {reason}") };
            if *status == INTERNAL_SERVER_ERROR {
                format!("{url} answered HTTP {status}{reason} to {method}: the log of supervisord may say why")
            } else {
                format!("{url} answered HTTP {status}{reason} to {method}: is it supervisord? ({origin})")
            }
        }
        CallError::Connect(error) => describe_connect(error, url, origin),
        CallError::Broken(why) => {
            format!("{url} closed the connection without an answer to {method} ({why}): is it supervisord? ({origin})")
        }
        CallError::BadAnswer(why) => {
            format!("{url} gave an answer to {method} that cannot be read ({why}): is it supervisord? ({origin})")
        }
        CallError::BadUrl => {
            format!(
                "Unknown protocol for serverurl {url} ({origin}): use http://HOST:PORT, https://HOST:PORT or unix://PATH"
            )
        }
        CallError::Interrupted => "interrupted".to_owned(),
        CallError::DeadlinePassed => format!("{url} has not answered {method} in time ({origin})"),
    }
}

fn describe_connect(error: &ConnectError, url: &str, origin: &UrlOrigin) -> String {
    let hint = match error {
        ConnectError::Refused => ": is supervisord running?",
        ConnectError::NoSuchFile => ": is supervisord running, and is this the file of its [unix_http_server]?",
        ConnectError::PermissionDenied => {
            ": try as the owner of the socket, or see chmod and chown of [unix_http_server]"
        }
        ConnectError::Stranger(_) => {
            ": no password was sent; if that is right, name the user as user= in [supervisord] or chown= in \
             [unix_http_server]"
        }
        ConnectError::NotASocket(_) => ": is this the file of its [unix_http_server]?",
        ConnectError::UnknownHost(_) => ": is the name of the host right?",
        ConnectError::TimedOut => ": are host and port right, and does a firewall let them through?",
        ConnectError::TlsFiles(_) => "",
        ConnectError::Distrusted(_) => {
            ": set tls_ca in [supervisorctl], or --tls-ca, to the file of the authority that has signed it"
        }
        ConnectError::Unwelcome(_) => {
            ": set tls_cert and tls_key in [supervisorctl] to a certificate that an authority of its tls_client_ca has \
             signed"
        }
        ConnectError::NoTls(_) => {
            ": does its [inet_http_server] set tls_cert, and tls_client_ca our certificate's authority?"
        }
        ConnectError::NoDescriptors => ": raise the limit (ulimit -n), or see who has so many open",
        ConnectError::Other(_) => ": is the address right?",
    };
    let is_down = matches!(error, ConnectError::Refused | ConnectError::NoSuchFile);
    let start = if is_down && is_of_this_machine(url) { how_to_start(origin) } else { String::new() };
    format!("{url} {error} ({origin}){hint}{start}")
}

fn is_of_this_machine(url: &str) -> bool {
    ["unix://", "http://localhost:", "http://127.", "https://localhost:"].iter().any(|start| url.starts_with(start))
}

/// What would have brought up the server that is not there.
fn how_to_start(origin: &UrlOrigin) -> String {
    match origin {
        UrlOrigin::Given => String::new(),
        UrlOrigin::File(path) => format!(" If not: supervisord -c {}", path.display()),
        UrlOrigin::Default => {
            " If it is, name its configuration with -c; if not: supervisord --init writes one to begin with".to_owned()
        }
    }
}

/// The cause in a few words, for a line that already says what was attempted.
impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault { text, .. } => f.write_str(text),
            Self::Unauthorized => f.write_str("Server requires authentication"),
            Self::Http { status, reason } => write!(f, "HTTP {status} {reason}"),
            Self::Connect(error) => error.fmt(f),
            Self::Broken(why) | Self::BadAnswer(why) => f.write_str(why),
            Self::BadUrl => f.write_str("unknown protocol"),
            Self::Interrupted => f.write_str("interrupted"),
            Self::DeadlinePassed => f.write_str("the time is up"),
        }
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("refused connection"),
            Self::NoSuchFile => f.write_str("no such file"),
            Self::NotASocket(what) => write!(f, "is {what}, not a socket"),
            Self::PermissionDenied => f.write_str("permission denied"),
            Self::Stranger(uid) => write!(f, "is served by uid {uid}, who is neither root nor you nor named there"),
            Self::UnknownHost(why) => write!(f, "unknown host: {why}"),
            Self::TimedOut => f.write_str("does not accept connections in time"),
            Self::TlsFiles(why) => f.write_str(why),
            Self::Unwelcome(what) => f.write_str(what),
            Self::Distrusted(why) => write!(f, "has a certificate that cannot be trusted: {why}"),
            Self::NoTls(why) => write!(f, "cannot be spoken to by TLS: {why}"),
            Self::NoDescriptors => f.write_str("cannot be reached: too many files are open"),
            Self::Other(why) => write!(f, "cannot be reached: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server elsewhere is started elsewhere.
    #[test]
    fn who_finds_no_server_here_is_told_how_to_start_one() {
        let said = |url: &str, origin: &UrlOrigin| describe_connect(&ConnectError::Refused, url, origin);
        let file = UrlOrigin::File(PathBuf::from("/etc/s.conf"));
        let start = " (serverurl in /etc/s.conf): is supervisord running? If not: supervisord -c /etc/s.conf";
        assert_eq!(said("http://127.0.0.1:9001", &file), format!("http://127.0.0.1:9001 refused connection{start}"));
        assert!(said("http://box:9001", &file).ends_with("(serverurl in /etc/s.conf): is supervisord running?"));
        assert!(said("http://localhost:9001", &UrlOrigin::Given).ends_with("(as given): is supervisord running?"));
        let nothing = said("http://localhost:9001", &UrlOrigin::Default);
        let words = "If it is, name its configuration with -c; if not: supervisord --init writes one to begin with";
        assert!(nothing.ends_with(words), "{nothing}");
    }
}
