//! supervisord's end of the channel: asks, answers what it is asked in between, and notices what no extension may
//! write.
//!
//! Invariant: while it waits it reads, and it never waits to write, so that an extension that writes much and reads
//! late is no trouble.

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use supervisor_protocol::extension::{
    ErrorAnswer, Id, Lines, Message, push_error, push_notification, push_request, push_result, read_message,
};
use supervisor_protocol::xmlrpc::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::questions::Questions;

/// What was answered.
pub(super) type Outcome = Result<Value, ErrorAnswer>;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Silence {
    /// Not in time.
    Late,
    /// The channel has ended.
    Ended,
    /// What came is no message: why. Nothing is read after it.
    Garbage(String),
}

/// The id of `initialize`, which is the first request.
const INITIALIZE: i64 = 1;

pub(super) struct Peer {
    channel: UnixStream,
    incoming: OwnedReadHalf,
    outgoing: UnboundedSender<Vec<u8>>,
    lines: Lines,
    last_id: i64,
    /// Requests of ours that are not answered.
    open: HashSet<i64>,
    /// Answers that nobody has asked for yet.
    answers: HashMap<i64, Outcome>,
    pub(super) questions: Questions,
    /// What ended the reading.
    over: Option<Silence>,
}

impl Peer {
    /// To be called within a runtime.
    pub(super) fn new(channel: UnixStream) -> io::Result<Self> {
        channel.set_nonblocking(true)?;
        let (incoming, writer) = tokio::net::UnixStream::from_std(channel.try_clone()?)?.into_split();
        let (outgoing, lines) = unbounded_channel();
        tokio::spawn(write_all(writer, lines));
        Ok(Self {
            channel,
            incoming,
            outgoing,
            lines: Lines::default(),
            last_id: 0,
            open: HashSet::new(),
            answers: HashMap::new(),
            questions: Questions::default(),
            over: None,
        })
    }

    /// Asks, and does not wait: the id.
    pub(super) fn ask(&mut self, method: &str, params: &Value) -> i64 {
        self.last_id += 1;
        self.open.insert(self.last_id);
        self.write(|line| push_request(line, self.last_id, method, params));
        self.last_id
    }

    /// Calls a method of the extension: the id.
    pub(super) fn call(&mut self, method: &str, arguments: &[Value]) -> i64 {
        let params = [("method", method.into()), ("params", Value::Array(arguments.to_vec()))];
        self.ask("call", &members(&params))
    }

    pub(super) fn notify(&self, method: &str, params: &Value) {
        self.write(|line| push_notification(line, method, params));
    }

    /// Waits for the answer to a request, and no longer than that.
    pub(super) async fn answer_to(&mut self, id: i64, time: Duration) -> Result<Outcome, Silence> {
        let answered = tokio::time::timeout(time, async {
            loop {
                if let Some(outcome) = self.answers.remove(&id) {
                    return Ok(outcome);
                }
                self.read_more().await?;
            }
        });
        answered.await.unwrap_or(Err(Silence::Late))
    }

    /// Waits for the end of the channel: whether it came.
    pub(super) async fn ends_within(&mut self, time: Duration) -> bool {
        let ends = async { while self.read_more().await.is_ok() {} };
        tokio::time::timeout(time, ends).await.is_ok()
    }

    /// Ends the channel for both directions.
    pub(super) fn close(&self) {
        // It fails where the other side has done so already.
        drop(self.channel.shutdown(Shutdown::Both));
    }

    async fn read_more(&mut self) -> Result<(), Silence> {
        if let Some(over) = &self.over {
            return Err(over.clone());
        }
        let mut buffer = vec![0; 64 * 1024];
        let outcome = match self.incoming.read(&mut buffer).await {
            Ok(0) | Err(_) => Err(Silence::Ended),
            Ok(count) => {
                self.lines.push(&buffer[..count]);
                self.take_lines().map_err(Silence::Garbage)
            }
        };
        self.over = outcome.clone().err();
        outcome
    }

    fn take_lines(&mut self) -> Result<(), String> {
        loop {
            let message = match self.lines.next_line().map_err(|error| error.to_string())? {
                None => return Ok(()),
                Some(b"") => continue,
                Some(line) => read_message(line).map_err(|error| {
                    let shown: String = String::from_utf8_lossy(line).chars().take(80).collect();
                    format!("{error}: {shown}")
                })?,
            };
            self.take(message);
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Answer { id: Some(Id::Number(id)), outcome } if self.open.remove(&id) => {
                if id == INITIALIZE {
                    self.questions.begin(outcome.as_ref().ok());
                }
                self.answers.insert(id, outcome);
            }
            Message::Answer { id: Some(id), .. } => {
                self.questions.complain(format!("it answered {id} twice or was never asked it"));
            }
            Message::Answer { id: None, .. } => self.questions.complain("an answer without an id".to_owned()),
            Message::Notification { .. } => {}
            Message::Request { id, method, params } => match self.questions.answer(&id, &method, &params) {
                Ok(result) => self.write(|line| push_result(line, &id, &result)),
                Err(error) => self.write(|line| push_error(line, &id, &error)),
            },
        }
    }

    fn write(&self, line: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = Vec::new();
        line(&mut bytes);
        // Once the channel has ended, the reader says so.
        drop(self.outgoing.send(bytes));
    }
}

async fn write_all(mut writer: OwnedWriteHalf, mut lines: tokio::sync::mpsc::UnboundedReceiver<Vec<u8>>) {
    while let Some(line) = lines.recv().await {
        if writer.write_all(&line).await.is_err() {
            return;
        }
    }
}

/// A struct.
pub(super) fn members(members: &[(&str, Value)]) -> Value {
    Value::Struct(members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
}
