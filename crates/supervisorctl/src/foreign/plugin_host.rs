//! The process that runs the plug-ins of the configuration, and the conversation with it.
//!
//! It is the program of `supervisor_protocol::plugin_host`, kind `ctl`: JSON-RPC, one object a line, questions in both
//! directions. It has our terminal. It knows neither password nor socket: what a plug-in asks of the server it asks us,
//! and each question is answered in a thread of its own ([`super::questions`]), since plug-ins ask in several at once.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use serde_json::{Value as Json, json};
use supervisor_config::CtlPluginConfig;
use supervisor_protocol::plugin_host::{BOOTSTRAP, program_line};

use super::Seed;
use super::questions::{self, Question};
use super::search_path::SearchPath;
use crate::actions::ACTIONS;
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::limits::{MAX_PLUGIN_LINE_BYTES, MAX_PLUGIN_QUESTIONS, PLUGIN_HOST_START};
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
    last_id: u64,
}

/// The way to it, shared by who answers.
pub(super) type Writer = Arc<Mutex<UnixStream>>;

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

impl PluginHost {
    /// Starts it and loads the plug-ins; with it comes for each plug-in why it cannot be used, if so.
    pub(super) fn start(
        interpreter: &str,
        search_path: &SearchPath,
        plugins: &[CtlPluginConfig],
        seed: &Seed,
    ) -> Result<(Self, Vec<Option<String>>), String> {
        let path = if interpreter.contains('/') {
            PathBuf::from(interpreter)
        } else {
            search_path.find(interpreter).ok_or_else(|| format!("{interpreter}, which is to run it, is not in PATH"))?
        };
        let cannot = |error: io::Error| format!("{}, which is to run it, cannot be started: {error}", path.display());
        let (child, socket) = spawn(&path).map_err(cannot)?;
        let writer = socket.try_clone().map_err(cannot)?;
        socket.set_read_timeout(Some(PLUGIN_HOST_START)).map_err(cannot)?;
        let mut host = Self {
            child,
            reader: BufReader::new(socket),
            writer: Arc::new(Mutex::new(writer)),
            commands: Vec::new(),
            answering: Vec::new(),
            last_id: 0,
        };
        let mut params = context(ExitStatus::Success, seed);
        params["protocol"] = json!(1);
        params["kind"] = json!("ctl");
        params["builtin"] = ACTIONS.iter().map(|action| action.name).collect();
        params["plugins"] = plugins.iter().map(plugin_params).collect();
        let begun = host.send(&program_line()).and_then(|()| host.converse("initialize", &params, seed));
        let answer = match begun {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(error["message"].as_str().unwrap_or_default().to_owned()),
            Err(error) => return Err(host.end(&error)),
        };
        // A command may take as long as it likes.
        host.reader.get_ref().set_read_timeout(None).map_err(|error| error.to_string())?;
        let told = answer["plugins"].as_array().map_or(&[][..], Vec::as_slice);
        for command in told.iter().filter_map(|one| one["commands"].as_array()).flatten() {
            host.commands.extend(command.as_str().map(str::to_owned));
        }
        let troubles = told.iter().map(|one| one["error"].as_str().map(str::to_owned)).collect();
        Ok((host, troubles))
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
                params["command"] = json!(command);
                params["argument"] = json!(argument);
                "run"
            }
            Request::Help { topic } => {
                params["topic"] = json!(topic);
                "help"
            }
        };
        match self.converse(method, &params, seed) {
            Ok(Ok(answer)) => Said::Done {
                leaves: answer["leaves"].as_bool().unwrap_or_default(),
                // As the kernel takes it from a process that ends.
                exit_status: answer["exitstatus"]
                    .as_i64()
                    .and_then(|number| u8::try_from(number & 0xff).ok())
                    .unwrap_or(1),
            },
            Ok(Err(error)) => Said::Failed(match error["data"]["kind"].as_str() {
                Some("unauthorized") => Failure::Call { method: "", error: CallError::Unauthorized },
                Some("interrupted") => Failure::Interrupted,
                Some(_) | None => Failure::PluginHost(error["message"].as_str().unwrap_or_default().to_owned()),
            }),
            Err(error) => Said::Ended(self.end(&error)),
        }
    }

    /// Asks, and answers what it asks until it has answered. The inner error is its own.
    fn converse(&mut self, method: &str, params: &Json, seed: &Seed) -> io::Result<Result<Json, Json>> {
        self.last_id += 1;
        let request = json!({"jsonrpc": "2.0", "id": self.last_id, "method": method, "params": params});
        self.send(&format!("{request}\n"))?;
        loop {
            let mut message = self.next_message()?;
            if let Some(question) = Question::read(&mut message) {
                self.answer(question, seed);
            } else if message["id"] == self.last_id {
                return Ok(match message.get_mut("error") {
                    Some(error) => Err(error.take()),
                    None => Ok(message["result"].take()),
                });
            }
        }
    }

    /// In a thread of its own; when too many are at work, right here.
    fn answer(&mut self, question: Question, seed: &Seed) {
        self.answering.retain(|thread| !thread.is_finished());
        let (writer, seed) = (Arc::clone(&self.writer), seed.clone());
        let work = move || write(&writer, &questions::answer(question, seed));
        if self.answering.len() < MAX_PLUGIN_QUESTIONS {
            self.answering.push(thread::spawn(work));
        } else {
            work();
        }
    }

    fn send(&self, line: &str) -> io::Result<()> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes())
    }

    fn next_message(&mut self) -> io::Result<Json> {
        let mut line = Vec::new();
        while line.is_empty() || line == b"\n" {
            line.clear();
            let count = (&mut self.reader).take(MAX_PLUGIN_LINE_BYTES).read_until(b'\n', &mut line)?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        serde_json::from_slice(&line).map_err(io::Error::other)
    }

    /// Why the conversation is over.
    fn end(&mut self, error: &io::Error) -> String {
        let is_late = matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut);
        if is_late {
            return format!("the interpreter has not loaded it within {} s", PLUGIN_HOST_START.as_secs());
        }
        let status = if error.kind() == io::ErrorKind::UnexpectedEof { self.child.wait().ok() } else { None };
        status.map_or_else(
            || format!("the interpreter is lost: {error}"),
            |status| format!("the interpreter ended ({status})"),
        )
    }
}

fn write(writer: &Writer, answer: &Json) {
    let line = format!("{answer}\n");
    // It has gone, which whoever reads from it notices.
    drop(writer.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes()));
}

/// The interpreter, and our end of its socket.
#[expect(clippy::disallowed_methods, reason = "this is no supervisor: it starts the one program that it talks to")]
fn spawn(path: &std::path::Path) -> io::Result<(Child, UnixStream)> {
    let (ours, theirs) = UnixStream::pair()?;
    // Inherited under its number. We have one thread now, and start nothing else at the same time.
    let theirs = File::from(OwnedFd::from(theirs));
    fcntl(&theirs, FcntlArg::F_SETFD(FdFlag::empty()))?;
    let child = Command::new(path)
        .args(["-c", BOOTSTRAP, "supervisorctl"])
        .env("SUPERVISOR_EXT_FD", theirs.as_raw_fd().to_string())
        .spawn()?;
    Ok((child, ours))
}

/// What may be another time by time: who is logged in, and what has gone wrong so far.
fn context(exit_status: ExitStatus, seed: &Seed) -> Json {
    let Seed { account, interactive, .. } = seed;
    json!({
        "exitstatus": exit_status.number(),
        "options": {
            "serverurl": account.url,
            "username": account.username,
            "password": account.password,
            "interactive": interactive,
        },
    })
}

fn plugin_params(plugin: &CtlPluginConfig) -> Json {
    let config: serde_json::Map<String, Json> =
        plugin.options.iter().map(|(name, value)| (name.clone(), Json::from(value.as_str()))).collect();
    json!({"name": plugin.name, "spec": plugin.factory, "config": config})
}
