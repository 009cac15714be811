//! The real world: a server behind a socket, a person behind a terminal.
//!
//! Everything that waits runs on one runtime of one thread, inside `block_on`; between two calls nothing runs.
//! Ctrl-C ends the process as usual until something asks for it to be caught ([`Interrupts::catch`]): a single
//! command needs no handler, while the shell, a followed log and a password prompt have something to put in order.

use std::convert::Infallible;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use hyper::StatusCode;
use signal_hook::consts::SIGINT;
use tokio::net::UnixStream;
use tokio::runtime::Runtime;
use tokio::time::{Instant, timeout};

use crate::answers::FromValue;
use crate::client::{Account, Client};
use crate::editor::Editor;
use crate::follow::Streams;
use crate::foreign::CommandNames;
use crate::history::History;
use crate::limits::{MOMENT, PACE_OF_PROGRESS, STREAM_SILENCE};
use crate::line_reader::LineReader;
use crate::output::Output;
use crate::terminal::{self, SecretPrompt};
use crate::world::{CallError, FollowEvent, Following, Line, ProcessName, StreamPiece, Until, World};
use supervisor_protocol::xmlrpc::Value;

/// See the module.
pub(crate) struct LiveWorld {
    client: Client,
    streams: Streams,
    interrupts: Interrupts,
    /// Opened when a line is first asked for.
    stdin: Option<LineReader>,
    /// Only in a shell on a terminal.
    history: Option<History>,
    /// Only where the terminal can do that too.
    editor: Option<Editor>,
    /// When calls give up.
    deadline: Option<Instant>,
    runtime: Rc<Runtime>,
}

impl LiveWorld {
    /// Nothing is opened yet.
    pub(crate) fn new(account: Account, runtime: Runtime) -> Self {
        Self {
            client: Client::new(account),
            streams: Streams::default(),
            interrupts: Interrupts::default(),
            stdin: None,
            history: None,
            editor: None,
            deadline: None,
            runtime: Rc::new(runtime),
        }
    }

    /// For the shell: Ctrl-C is caught from now on. On a terminal there is a `history`, and commands are edited.
    pub(crate) fn for_shell(mut self, history: Option<History>, commands: CommandNames) -> Self {
        self.interrupts.catch(&self.runtime);
        let reader = opened(&mut self.stdin);
        self.editor = reader.zip(history.as_ref()).and_then(|(reader, history)| Editor::new(reader, history, commands));
        self.history = history;
        self
    }

    fn read_line(&mut self) -> Line {
        self.interrupts.catch(&self.runtime);
        let Self { runtime, interrupts, stdin, .. } = self;
        let Some(stdin) = opened(stdin) else { return Line::EndOfInput };
        runtime.block_on(async {
            tokio::select! {
                biased;
                () = interrupts.wait() => Line::Interrupted,
                line = stdin.next_line() => line,
            }
        })
    }
}

/// Tells what the server says of all processes, again and again; what it does not say is left out.
async fn watch_on(mut client: Client, watch: &mut dyn FnMut(Duration, Value)) -> Infallible {
    let begin = Instant::now();
    loop {
        tokio::time::sleep(PACE_OF_PROGRESS).await;
        if let Ok(infos) = client.call("supervisor.getAllProcessInfo", &[]).await {
            watch(begin.elapsed(), infos);
        }
    }
}

impl World for LiveWorld {
    fn url(&self) -> &str {
        &self.client.account().url
    }

    fn account(&self) -> Option<&Account> {
        Some(self.client.account())
    }

    fn open(&mut self, url: &str) {
        self.client.set_account(Account { url: url.to_owned(), ..self.client.account().clone() });
    }

    fn username(&self) -> Option<&str> {
        let account = self.client.account();
        account.username.as_deref().filter(|_| account.password.is_some())
    }

    fn catch_interrupts(&mut self) {
        self.interrupts.catch(&self.runtime);
    }

    fn forget_interrupts(&mut self) {
        let Self { runtime, interrupts, .. } = self;
        runtime.block_on(async {
            // What has come lies ready: one look finds it.
            while interrupts.0.is_some() && timeout(MOMENT, interrupts.wait()).await.is_ok() {}
        });
    }

    fn authenticate(&mut self, username: &str, password: &str) {
        let account = Account {
            username: Some(username.to_owned()),
            password: Some(password.to_owned()),
            ..self.client.account().clone()
        };
        self.client.set_account(account);
    }

    fn disconnect(&mut self) {
        self.client.disconnect();
        self.deadline = None;
    }

    fn set_deadline(&mut self, limit: Duration) {
        self.deadline = Some(Instant::now() + limit);
    }

    fn call(&mut self, method: &str, parameters: &[Value]) -> Result<Value, CallError> {
        let Self { runtime, interrupts, client, deadline, .. } = self;
        runtime.block_on(unless_given_up(interrupts, *deadline, client.call(method, parameters)))
    }

    fn call_while(
        &mut self,
        method: &str,
        parameters: &[Value],
        watch: &mut dyn FnMut(Duration, Value),
    ) -> Result<Value, CallError> {
        let Self { runtime, interrupts, client, deadline, .. } = self;
        let watcher = Client::new(client.account().clone());
        let answer = async {
            tokio::select! {
                biased;
                answer = client.call(method, parameters) => answer,
                never = watch_on(watcher, watch) => match never {},
            }
        };
        runtime.block_on(unless_given_up(interrupts, *deadline, answer))
    }

    fn pause(&mut self, time: Duration) -> Result<(), CallError> {
        let Self { runtime, interrupts, deadline, .. } = self;
        let over = async {
            tokio::time::sleep(time).await;
            Ok(())
        };
        runtime.block_on(unless_given_up(interrupts, *deadline, over))
    }

    fn get(&mut self, path: &str) -> Result<String, CallError> {
        let Self { runtime, interrupts, client, deadline, .. } = self;
        runtime.block_on(unless_given_up(interrupts, *deadline, client.get(path)))
    }

    fn open_stream(&mut self, path: &str) -> Result<(), CallError> {
        self.interrupts.catch(&self.runtime);
        let Self { runtime, interrupts, client, streams, .. } = self;
        runtime.block_on(async {
            tokio::select! {
                biased;
                () = interrupts.wait() => Err(CallError::Interrupted),
                opened = client.open(path) => opened.map(|body| streams.add(body)),
            }
        })
    }

    fn next_piece(&mut self) -> StreamPiece {
        let Self { runtime, interrupts, streams, .. } = self;
        runtime.block_on(async {
            tokio::select! {
                biased;
                () = interrupts.wait() => StreamPiece::Interrupted,
                piece = timeout(STREAM_SILENCE, streams.next_chunk()) => match piece {
                    Ok(Some(bytes)) => StreamPiece::Bytes(bytes.into()),
                    Ok(None) => StreamPiece::Ended,
                    Err(_) => StreamPiece::Silent,
                },
            }
        })
    }

    fn start_following(&mut self, paths: &[String], output: &mut Output) -> Following {
        self.interrupts.catch(&self.runtime);
        let mut following = Following::All;
        for path in paths {
            let Self { runtime, interrupts, client, .. } = self;
            let opened = runtime.block_on(async {
                tokio::select! {
                    biased;
                    () = interrupts.wait() => Err(CallError::Interrupted),
                    opened = client.stream(path) => opened,
                }
            });
            let url = &client.account().url;
            match opened {
                Ok(response) if response.status() == StatusCode::OK => self.streams.add(response.into_body()),
                Ok(response) => {
                    following = Following::NotAll;
                    output.error_line(&format!("{url}{path} Cannot read, status code {}", response.status().as_u16()));
                }
                Err(CallError::Interrupted) => return Following::Interrupted,
                Err(error) => {
                    following = Following::NotAll;
                    output.error_line(&format!("{url}{path} Cannot connect, error: {error}"));
                }
            }
        }
        following
    }

    fn follow(&mut self, until: Until, output: &mut Output) -> FollowEvent {
        let Self { runtime, interrupts, streams, stdin, .. } = self;
        let mut stdin = match until {
            Until::End => None,
            Until::Line => opened(stdin),
        };
        runtime.block_on(async {
            loop {
                if output.broken().is_some() || (until == Until::End && streams.is_empty()) {
                    return FollowEvent::StreamsEnded;
                }
                tokio::select! {
                    biased;
                    () = interrupts.wait() => return FollowEvent::Input(Line::Interrupted),
                    chunk = streams.next_chunk(), if !streams.is_empty() => {
                        output.raw(&chunk.unwrap_or_default());
                        output.flush();
                    }
                    line = next_line(&mut stdin), if until == Until::Line => return FollowEvent::Input(line),
                }
            }
        })
    }

    fn stop_following(&mut self) {
        self.streams = Streams::default();
    }

    fn read_command(&mut self, prompt: &str, output: &mut Output) -> Line {
        let Self { editor, runtime, client, stdin, .. } = self;
        let line = if let (Some(editor), Some(stdin)) = (editor, stdin) {
            output.flush();
            editor.read_line(prompt, stdin, process_names(Rc::clone(runtime), client.account().clone()))
        } else {
            let line = self.ask(prompt, output);
            if !matches!(line, Line::Text(_)) {
                output.line("");
                output.flush();
            }
            line
        };
        if let (Some(history), Line::Text(text)) = (&mut self.history, &line) {
            history.add(text);
        }
        line
    }

    fn ask(&mut self, prompt: &str, output: &mut Output) -> Line {
        output.text(prompt);
        output.flush();
        let is_unseen = self.stdin.as_ref().is_some_and(LineReader::has_unseen_line);
        let line = self.read_line();
        if let (true, Line::Text(text)) = (is_unseen, &line) {
            output.line(text);
        }
        line
    }

    fn ask_secret(&mut self, prompt: &str, output: &mut Output) -> Line {
        output.flush();
        self.interrupts.catch(&self.runtime);
        let Self { runtime, interrupts, stdin, .. } = self;
        let mut other = terminal::controlling().map(LineReader::new);
        let reader = opened(stdin).filter(|stdin| stdin.is_terminal()).or(other.as_mut());
        let Some((reader, mut secret)) =
            reader.and_then(|reader| SecretPrompt::on(reader.file()).ok().map(|secret| (reader, secret)))
        else {
            return self.ask(prompt, output);
        };
        secret.show(prompt);
        runtime.block_on(async {
            tokio::select! {
                biased;
                () = interrupts.wait() => Line::Interrupted,
                line = reader.next_line() => line,
            }
        })
    }
}

/// Standard input, opened at first use; `None` if it cannot be.
fn opened(stdin: &mut Option<LineReader>) -> Option<&mut LineReader> {
    if stdin.is_none() {
        *stdin = LineReader::stdin().ok();
    }
    stdin.as_mut()
}

/// What comes of the work, unless somebody presses Ctrl-C or the deadline passes before.
async fn unless_given_up<T>(
    interrupts: &mut Interrupts,
    deadline: Option<Instant>,
    work: impl Future<Output = Result<T, CallError>>,
) -> Result<T, CallError> {
    tokio::select! {
        biased;
        () = interrupts.wait() => Err(CallError::Interrupted),
        () = passed(deadline) => Err(CallError::DeadlinePassed),
        result = work => result,
    }
}

/// Returns at that time, or never.
async fn passed(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

async fn next_line(stdin: &mut Option<&mut LineReader>) -> Line {
    match stdin {
        Some(reader) => reader.next_line().await,
        None => Line::EndOfInput,
    }
}

/// Asks the server for the names of all processes, for completion: over a connection of its own, and silently.
fn process_names(runtime: Rc<Runtime>, account: Account) -> Box<dyn Fn() -> Vec<ProcessName>> {
    Box::new(move || {
        let mut client = Client::new(account.clone());
        let answer = runtime.block_on(client.call("supervisor.getAllProcessInfo", &[]));
        answer.ok().and_then(|value| Vec::from_value(value).ok()).unwrap_or_default()
    })
}

/// Brings a byte for each Ctrl-C. The runtime's own way costs descriptors in every program that is built with it.
fn interrupts() -> io::Result<UnixStream> {
    let (reader, writer) = std::os::unix::net::UnixStream::pair()?;
    reader.set_nonblocking(true)?;
    signal_hook::low_level::pipe::register(SIGINT, writer)?;
    UnixStream::from_std(reader)
}

/// Ctrl-C, once it is caught.
#[derive(Default)]
struct Interrupts(Option<UnixStream>);

impl Interrupts {
    /// From now on Ctrl-C ends a wait instead of the process.
    fn catch(&mut self, runtime: &Runtime) {
        if self.0.is_none() {
            let _context = runtime.enter();
            self.0 = interrupts().ok();
        }
    }

    /// Returns at the next Ctrl-C, or never.
    async fn wait(&mut self) {
        if let Some(interrupts) = &mut self.0 {
            while interrupts.readable().await.is_ok() {
                match interrupts.try_read(&mut [0; 64]) {
                    Ok(1..) => return,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Ok(0) | Err(_) => break,
                }
            }
        }
        std::future::pending::<()>().await;
    }
}
