//! The process that runs the plug-ins of the configuration, and the conversation with it.
//!
//! It is the program of `supervisor_protocol::plugin_host`, kind `ctl`; the messages are those of extensions. It has
//! our terminal. It knows no socket: what a plug-in asks of the server it asks us, and each question is answered in a
//! thread of its own ([`super::questions`]), since plug-ins ask in several at once.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use supervisor_config::CtlPluginConfig;
use supervisor_protocol::extension::{ErrorAnswer, Id, Message, PROTOCOL_VERSION, push_request, read_message};
use supervisor_protocol::limits::EXTENSION_LINE_BYTES;
use supervisor_protocol::plugin_host::{BOOTSTRAP, program_line};
use supervisor_protocol::xmlrpc::Value;

use super::Seed;
use super::questions::{self, Question};
use super::search_path::SearchPath;
use crate::actions::ACTIONS;
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::limits::{MAX_PLUGIN_QUESTIONS, PLUGIN_HOST_START, PLUGIN_NAMES};
use crate::world::CallError;

/// See the module. It ends when this is dropped, since its socket does.
pub(super) struct PluginHost {
    child: Child,
    reader: BufReader<UnixStream>,
    writer: Writer,
    /// The commands of all plug-ins.
    commands: Vec<String>,
    /// Threads that answer questions.
    answering: Vec<JoinHandle<()>>,
    last_id: i64,
}

/// The way to it, shared by who answers.
type Writer = Arc<Mutex<UnixStream>>;

/// What it is started for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To carry them out, at our terminal.
    Commands,
    /// To tell what they are called, in silence.
    Names,
}

impl Purpose {
    /// How long it may take to load the plug-ins.
    fn patience(self) -> Duration {
        match self {
            Self::Commands => PLUGIN_HOST_START,
            Self::Names => PLUGIN_NAMES,
        }
    }

    /// Its standard input, output and error.
    fn streams(self) -> [Stdio; 3] {
        match self {
            Self::Commands => [Stdio::inherit(), Stdio::inherit(), Stdio::inherit()],
            Self::Names => [Stdio::null(), Stdio::null(), Stdio::null()],
        }
    }
}

/// What it is asked to do.
#[derive(Debug)]
pub(super) enum Request<'a> {
    Run {
        command: &'a str,
        argument: &'a str,
    },
    /// Empty: the lists of all plug-ins.
    Help {
        topic: &'a str,
    },
}

/// What comes of it.
#[derive(Debug)]
pub(super) enum Said {
    Done {
        /// The session is to end.
        leaves: bool,
        exit_status: u8,
    },
    Failed(Failure),
    /// It is no more: why.
    Ended(String),
}

/// Its code for a command that Ctrl-C has ended.
const INTERRUPTED: i32 = -2;
/// Its code for a command that needs a login.
const UNAUTHORIZED: i32 = -401;

impl PluginHost {
    /// Starts it and loads the plug-ins; with it comes for each plug-in why it cannot be used, if so.
    pub(super) fn start(
        interpreter: &str,
        search_path: &SearchPath,
        plugins: &[CtlPluginConfig],
        seed: &Seed,
        purpose: Purpose,
    ) -> Result<(Self, Vec<Option<String>>), String> {
        let path = if interpreter.contains('/') {
            PathBuf::from(interpreter)
        } else {
            search_path.find(interpreter).ok_or_else(|| format!("{interpreter}, which is to run it, is not in PATH"))?
        };
        let cannot = |error: io::Error| format!("{}, which is to run it, cannot be started: {error}", path.display());
        let (child, socket) = spawn(&path, purpose).map_err(cannot)?;
        let writer = socket.try_clone().map_err(cannot)?;
        socket.set_read_timeout(Some(purpose.patience())).map_err(cannot)?;
        let mut host = Self {
            child,
            reader: BufReader::new(socket),
            writer: Arc::new(Mutex::new(writer)),
            commands: Vec::new(),
            answering: Vec::new(),
            last_id: 0,
        };
        let mut params = context(ExitStatus::Success, seed);
        let ours = ACTIONS.iter().map(|action| Value::from(action.name));
        params.extend(members([
            ("protocol", Value::Int(PROTOCOL_VERSION)),
            ("kind", Value::from("ctl")),
            ("builtin", Value::Array(ours.collect())),
            ("plugins", Value::Array(plugins.iter().map(plugin_params).collect())),
        ]));
        let begun = write(&host.writer, program_line().as_bytes())
            .and_then(|()| host.converse("initialize", params, seed))
            .map_err(|error| host.end(&error))?;
        let told = begun.map_err(|error| error.message)?;
        // A command may take as long as it likes.
        host.reader.get_ref().set_read_timeout(None).map_err(cannot)?;
        let mut troubles = Vec::new();
        for plugin in items(told.member("plugins")) {
            let names = items(plugin.member("commands")).iter().filter_map(|name| name.clone().into_text());
            host.commands.extend(names);
            troubles.push(plugin.member("error").cloned().and_then(Value::into_text));
        }
        Ok((host, troubles))
    }

    /// The commands of all plug-ins.
    pub(super) fn commands(&self) -> &[String] {
        &self.commands
    }

    /// Whether a plug-in has this command.
    pub(super) fn has(&self, command: &str) -> bool {
        self.commands.iter().any(|known| known == command)
    }

    /// Has something done.
    pub(super) fn ask(&mut self, request: &Request<'_>, exit_status: ExitStatus, seed: &Seed) -> Said {
        let mut params = context(exit_status, seed);
        let method = match request {
            Request::Run { command, argument } => {
                params.extend(members([("command", Value::from(*command)), ("argument", Value::from(*argument))]));
                "run"
            }
            Request::Help { topic } => {
                params.extend(members([("topic", Value::from(*topic))]));
                "help"
            }
        };
        match self.converse(method, params, seed) {
            Ok(Ok(done)) => Said::Done {
                leaves: done.member("leaves") == Some(&Value::Bool(true)),
                // As the kernel takes it from a process that ends.
                exit_status: match done.member("exitstatus") {
                    Some(Value::Int(number)) => number.to_le_bytes()[0],
                    Some(_) | None => 1,
                },
            },
            Ok(Err(ErrorAnswer { code: INTERRUPTED, .. })) => Said::Failed(Failure::Interrupted),
            Ok(Err(ErrorAnswer { code: UNAUTHORIZED, .. })) => {
                Said::Failed(Failure::Call { method: "", error: CallError::Unauthorized })
            }
            Ok(Err(ErrorAnswer { message, .. })) => Said::Failed(Failure::PluginHost(message)),
            Err(error) => Said::Ended(self.end(&error)),
        }
    }

    /// Asks, and answers what it asks until it has answered.
    fn converse(
        &mut self,
        method: &str,
        params: Vec<(String, Value)>,
        seed: &Seed,
    ) -> io::Result<Result<Value, ErrorAnswer>> {
        self.last_id += 1;
        let mut line = Vec::new();
        push_request(&mut line, self.last_id, method, &Value::Struct(params));
        write(&self.writer, &line)?;
        loop {
            match self.next_message()? {
                Message::Request { id, method, params } => self.answer(Question::new(id, &method, &params), seed),
                Message::Answer { id, outcome } if id == Some(Id::Number(self.last_id)) => return Ok(outcome),
                // Of a question that was given up.
                Message::Answer { .. } | Message::Notification { .. } => {}
            }
        }
    }

    /// In a thread of its own; when too many are at work, right here.
    fn answer(&mut self, question: Question, seed: &Seed) {
        self.answering.retain(|thread| !thread.is_finished());
        let (writer, seed) = (Arc::clone(&self.writer), seed.clone());
        // That it has gone is noticed by who reads from it.
        let work = move || drop(write(&writer, &questions::answer(question, seed)));
        if self.answering.len() < MAX_PLUGIN_QUESTIONS {
            self.answering.push(thread::spawn(work));
        } else {
            work();
        }
    }

    fn next_message(&mut self) -> io::Result<Message> {
        let mut line = Vec::new();
        let bound = u64::try_from(EXTENSION_LINE_BYTES + 1).unwrap_or(u64::MAX);
        match (&mut self.reader).take(bound).read_until(b'\n', &mut line)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => read_message(line.trim_ascii_end()).map_err(io::Error::other),
        }
    }

    /// Why the conversation is over.
    fn end(&mut self, error: &io::Error) -> String {
        if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) {
            return format!("the interpreter has not loaded it within {} s", PLUGIN_HOST_START.as_secs());
        }
        // Who ends closes the socket before, or has not written to the end.
        let ends = [io::ErrorKind::UnexpectedEof, io::ErrorKind::BrokenPipe, io::ErrorKind::ConnectionReset];
        let status = if ends.contains(&error.kind()) { self.child.wait().ok() } else { None };
        match status {
            Some(status) => format!("the interpreter ended ({status})"),
            None => format!("the interpreter is lost: {error}"),
        }
    }
}

fn write(writer: &Writer, line: &[u8]) -> io::Result<()> {
    writer.lock().unwrap_or_else(PoisonError::into_inner).write_all(line)
}

/// The interpreter, and our end of its socket.
#[expect(clippy::disallowed_methods, reason = "this is no supervisor: it starts the one program that it talks to")]
fn spawn(path: &Path, purpose: Purpose) -> io::Result<(Child, UnixStream)> {
    let (ours, theirs) = UnixStream::pair()?;
    // Inherited under its number. Nothing else is started at the same time: nobody asks before this is there.
    let theirs = File::from(OwnedFd::from(theirs));
    fcntl(&theirs, FcntlArg::F_SETFD(FdFlag::empty()))?;
    let [stdin, stdout, stderr] = purpose.streams();
    let child = Command::new(path)
        .args(["-c", BOOTSTRAP, "supervisorctl"])
        .stdin(stdin)
        .stdout(stdout)
        .stderr(stderr)
        .env("SUPERVISOR_EXT_FD", theirs.as_raw_fd().to_string())
        .spawn()?;
    Ok((child, ours))
}

/// What may be another time by time: who is logged in, and what has gone wrong so far.
fn context(exit_status: ExitStatus, seed: &Seed) -> Vec<(String, Value)> {
    let Seed { account, interactive, .. } = seed;
    let text = |text: &Option<String>| text.as_deref().map_or(Value::Nil, Value::from);
    let options = members([
        ("serverurl", Value::from(account.url.as_str())),
        ("username", text(&account.username)),
        ("password", text(&account.password)),
        ("interactive", Value::Bool(*interactive)),
    ]);
    members([
        ("exitstatus", Value::Int(exit_status.number().into())),
        ("options", Value::Struct(options.into_iter().collect())),
    ])
    .into_iter()
    .collect()
}

fn plugin_params(plugin: &CtlPluginConfig) -> Value {
    let options = plugin.options.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str())));
    let plugin = members([
        ("name", Value::from(plugin.name.as_str())),
        ("spec", Value::from(plugin.factory.as_str())),
        ("config", Value::Struct(options.collect())),
    ]);
    Value::Struct(plugin.into_iter().collect())
}

/// Members of a struct.
pub(super) fn members<const N: usize>(members: [(&str, Value); N]) -> [(String, Value); N] {
    members.map(|(name, value)| (name.to_owned(), value))
}

/// The items of an array; none of what is no array.
fn items(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::Array(items)) => items,
        Some(_) | None => &[],
    }
}
