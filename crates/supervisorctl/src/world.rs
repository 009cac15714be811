//! What the commands ask of the world outside: the server, and the person at the terminal.
//!
//! One trait, so that every command is tested against a scripted world (`testing.rs`) and runs against the
//! real one ([`crate::live`]). All calls return when the answer is there; nothing here prints.

use std::time::Duration;

use supervisor_protocol::xmlrpc::Value;

use crate::client::Account;
use crate::output::Output;
use crate::result_code::ResultCode;

/// Why a call brought no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CallError {
    /// The server refused: `faultCode` and `faultString`.
    Fault {
        /// Which one.
        code: ResultCode,
        /// What the server says about it.
        text: String,
    },
    /// HTTP 401.
    Unauthorized,
    /// Any other HTTP status than 200.
    Http {
        /// The number.
        status: u16,
        /// The words beside it, if the number has any, or the server's own.
        reason: String,
    },
    /// No connection.
    Connect(ConnectError),
    /// The connection ended before the answer was complete.
    Broken(String),
    /// An answer that is no XML-RPC, or not of the expected shape.
    BadAnswer(String),
    /// The server's URL is of a kind that cannot be used.
    BadUrl,
    /// Ctrl-C.
    Interrupted,
    /// The time that [`World::set_deadline`] has set is up.
    DeadlinePassed,
}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ConnectError {
    /// Nobody listens.
    Refused,
    /// The socket file is not there.
    NoSuchFile,
    /// Something else than a socket is in its place: what.
    NotASocket(&'static str),
    /// The socket file is not for this user.
    PermissionDenied,
    /// It is served by this user, who is nobody that a password may be sent to.
    Stranger(u32),
    /// The host name means nothing, in the words of the resolver.
    UnknownHost(String),
    /// No answer in time.
    TimedOut,
    /// A file for TLS is of no use: which, and why.
    TlsFiles(String),
    /// The server's certificate is not to be trusted: why.
    Distrusted(String),
    /// It speaks TLS and wants another certificate of ours: what it says.
    Unwelcome(&'static str),
    /// It does not speak TLS, or not with us: why.
    NoTls(String),
    /// No more files may be open at once.
    NoDescriptors,
    /// Anything else, in the words of the system.
    Other(String),
}

/// What came from the person, or from the file in their place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// A line, without its end.
    Text(String),
    /// Ctrl-D, or the end of the file.
    EndOfInput,
    /// Ctrl-C.
    Interrupted,
}

/// What ended a wait for log streams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FollowEvent {
    /// A line came in; the streams are still open.
    Input(Line),
    /// Every stream has ended.
    StreamsEnded,
}

/// What comes next on an event stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StreamPiece {
    /// Some of it.
    Bytes(Vec<u8>),
    /// The server has ended it, or the connection broke.
    Ended,
    /// Nothing for so long that the server must be gone.
    Silent,
    /// Ctrl-C.
    Interrupted,
}

/// What came of opening streams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Following {
    /// All of them are open.
    #[default]
    All,
    /// Some could not be opened, or none, which has been said.
    NotAll,
    /// Ctrl-C came before.
    Interrupted,
}

/// What to wait for besides the streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// The end of the streams, or Ctrl-C. Input is left alone.
    End,
    /// A line of input, its end, or Ctrl-C. The end of the streams is no reason to return.
    Line,
}

/// Group and name of a process, for completion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProcessName {
    /// Name of its group.
    pub(crate) group: String,
    /// Its own name.
    pub(crate) name: String,
}

/// The server and the person.
pub(crate) trait World {
    /// The server's URL, as it was given.
    fn url(&self) -> &str;

    /// Who asks whom; `None` in a world that is none.
    fn account(&self) -> Option<&Account> {
        None
    }

    /// From now on talks to another server.
    fn open(&mut self, url: &str);

    /// Who asks, if the server is told.
    fn username(&self) -> Option<&str>;

    /// From now on says who asks.
    fn authenticate(&mut self, username: &str, password: &str);

    /// Forgets the connection and the deadline, so that no command meets one that died while the person was thinking.
    fn disconnect(&mut self);

    /// Calls a method by its full name (`supervisor.getState`).
    fn call(&mut self, method: &str, parameters: &[Value]) -> Result<Value, CallError>;

    /// As [`World::call`]. While there is no answer, `watch` gets from time to time how long that has been, and what
    /// the server says of all processes.
    fn call_while(
        &mut self,
        method: &str,
        parameters: &[Value],
        watch: &mut dyn FnMut(Duration, Value),
    ) -> Result<Value, CallError>;

    /// All calls together may take this long from now on, to the end of the command ([`World::disconnect`]).
    fn set_deadline(&mut self, limit: Duration);

    /// Lets time pass, for what others are about to finish. Ends early with the deadline, and with Ctrl-C.
    fn pause(&mut self, time: Duration) -> Result<(), CallError>;

    /// Brings a document of `/api/v1`.
    fn get(&mut self, path: &str) -> Result<String, CallError>;

    /// Opens a stream of `/api/v1`, given with its query, to be closed by [`World::stop_following`].
    fn open_stream(&mut self, path: &str) -> Result<(), CallError>;

    /// Waits for what comes next on it.
    fn next_piece(&mut self) -> StreamPiece;

    /// Opens a log stream per path (`/logtail/cat/stdout`). One that cannot be opened is reported on standard
    /// error.
    fn start_following(&mut self, paths: &[String], output: &mut Output) -> Following;

    /// From now on Ctrl-C ends a wait, as [`CallError::Interrupted`], instead of us.
    fn catch_interrupts(&mut self);

    /// A Ctrl-C that has come was for somebody else.
    fn forget_interrupts(&mut self) {}

    /// Copies the streams to `output` until something ends the wait.
    fn follow(&mut self, until: Until, output: &mut Output) -> FollowEvent;

    /// Closes the streams.
    fn stop_following(&mut self);

    /// Reads a command in the shell, with history and completion where there is a terminal. When none comes any
    /// more, what follows is printed on a new line.
    fn read_command(&mut self, prompt: &str, output: &mut Output) -> Line;

    /// Asks a question and reads the answer.
    fn ask(&mut self, prompt: &str, output: &mut Output) -> Line;

    /// As [`World::ask`], and the answer is not shown.
    fn ask_secret(&mut self, prompt: &str, output: &mut Output) -> Line;
}
