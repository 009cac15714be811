//! Calls that are answered with a part of a log: `readLog`, `readProcessStdoutLog`, `tailProcessStdoutLog` and their
//! like (contract/rpc.md §5).
//!
//! What is short is written at once. What is long is measured first, since its length is announced, and then sent piece
//! by piece as its client takes it: however long a log is and however many clients read it, little is in memory. A log
//! that is cleared meanwhile ends the connection, so that nobody takes a part for the whole.

use std::io;
use std::path::PathBuf;
use std::rc::Rc;

use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use supervisor_core::{Channel, Fault, FaultCode};
use supervisor_protocol::method::LocalRequest;
use supervisor_protocol::xmlrpc::Writer;
use tokio::sync::mpsc;
use tokio::task::spawn_local;

use super::context::Context;
use super::limits;
use super::log_reader::{self, LogText, Tail};
use super::places::Place;
use super::response::{Response, measured};
use super::rpc::{done_by, log_file};

/// A part of a log, found and not yet read.
pub(super) struct LogAnswer {
    text: LogText,
    /// Of the methods that tell more: the next offset, and whether something was left out.
    position: Option<(i64, bool)>,
}

/// Which part of which log.
pub(super) enum LogRequest {
    Main { offset: i64, length: i64 },
    Process { name: String, channel: Channel, offset: i64, length: i64 },
    Tail { name: String, channel: Channel, offset: i64, length: i64 },
}

impl LogRequest {
    /// Whether a request asks for a part of a log.
    pub(super) fn is(request: &LocalRequest) -> bool {
        matches!(
            request,
            LocalRequest::ReadMainLog { .. }
                | LocalRequest::ReadProcessLog { .. }
                | LocalRequest::TailProcessLog { .. }
        )
    }

    /// What such a request asks for.
    ///
    /// # Errors
    /// It asks for something else.
    pub(super) fn of(request: LocalRequest) -> Result<Self, Fault> {
        match request {
            LocalRequest::ReadMainLog { offset, length } => Ok(Self::Main { offset, length }),
            LocalRequest::ReadProcessLog { name, channel, offset, length } => {
                Ok(Self::Process { name, channel, offset, length })
            }
            LocalRequest::TailProcessLog { name, channel, offset, length } => {
                Ok(Self::Tail { name, channel, offset, length })
            }
            LocalRequest::ApiVersion
            | LocalRequest::SupervisorVersion
            | LocalRequest::Identification
            | LocalRequest::State
            | LocalRequest::Pid
            | LocalRequest::History { .. }
            | LocalRequest::ListOwnMethods
            | LocalRequest::ReloadConfig
            | LocalRequest::ListMethods
            | LocalRequest::MethodHelp { .. }
            | LocalRequest::MethodSignature { .. }
            | LocalRequest::Cache(_)
            | LocalRequest::Twiddler(_)
            | LocalRequest::Multicall { .. } => Err(Fault::bare(FaultCode::Failed)),
        }
    }

    /// Finds it.
    pub(super) async fn find(self, context: &Context) -> Result<LogAnswer, Fault> {
        let read = |path: Option<PathBuf>, offset, length| {
            done_by(&context.files, move || {
                let text = log_reader::read(path.as_deref(), offset, length)?;
                Ok(LogAnswer { text, position: None })
            })
        };
        match self {
            Self::Main { offset, length } => read(context.main_log.clone(), offset, length).await,
            Self::Process { name, channel, offset, length } => {
                read(log_file(name, channel, context).await?, offset, length).await
            }
            Self::Tail { name, channel, offset, length } => {
                let path = log_file(name, channel, context).await?;
                let find = move || {
                    let Tail { text, offset, overflow } = log_reader::tail(path.as_deref(), offset, length);
                    Ok(LogAnswer { text, position: Some((offset, overflow)) })
                };
                done_by(&context.files, find).await
            }
        }
    }
}

impl LogAnswer {
    /// Whether it is short enough to be written as a whole.
    pub(super) fn is_short(&self) -> bool {
        self.text.left() <= limits::SHORT_LOG_BYTES
    }

    /// Writes it as one value.
    pub(super) async fn write(self, context: &Context, writer: &mut Writer) -> Result<(), Fault> {
        let Self { mut text, position } = self;
        let written = done_by(&context.files, move || {
            let mut part = Writer::default();
            begin(&mut part, position);
            loop {
                // What can be read in a moment is there as a whole: a log that is cleared just now is shorter.
                match text.write_piece(&mut part) {
                    Ok(true) => part.try_reserve(limits::LOG_PIECE_BYTES).map_err(no_memory)?,
                    Ok(false) => break,
                    Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
                    Err(_) => return Err(Fault::bare(FaultCode::Failed)),
                }
            }
            end(&mut part, position);
            Ok(part)
        });
        let part = written.await?;
        writer.try_reserve(part.len()).map_err(no_memory)?;
        writer.append(part);
        Ok(())
    }

    /// Whether it takes so many bytes at the most when it is written.
    pub(super) async fn fits(&self, most: u64, context: &Context) -> Result<bool, Fault> {
        // Nothing becomes shorter by being written.
        Ok(self.text.left() <= most && self.measure(context).await? <= most)
    }

    /// Bytes that it takes when it is written.
    async fn measure(&self, context: &Context) -> Result<u64, Fault> {
        let mut text = self.text.again().map_err(|_| Fault::bare(FaultCode::Failed))?;
        let mut bytes = 0;
        loop {
            // In parts, so that others come to it, and nothing is read for a client that has gone.
            let work = move || text.measure(limits::MEASURED_PIECES).map(|measured| (text, measured));
            let measured = done_by(&context.files, || work().map_err(|_| Fault::bare(FaultCode::Failed))).await?;
            let (rest, (count, is_all)) = measured;
            text = rest;
            bytes += count;
            if is_all {
                return Ok(bytes);
            }
        }
    }

    /// Answers with it, piece by piece.
    pub(super) async fn send(self, context: &Rc<Context>) -> Result<Response, Fault> {
        let Some(place) = context.log_answers.take() else {
            return Err(Fault::new(FaultCode::Failed, "too many long logs are being read, try again"));
        };
        let bytes = self.measure(context).await?;
        let Self { text, position } = self;
        let mut head = Writer::response(0);
        begin(&mut head, position);
        let mut foot = Writer::default();
        end(&mut foot, position);
        foot.end_response();
        let (head, foot) = (head.take(), foot.take());
        let whole = bytes + (head.len() + foot.len()) as u64;
        let (pieces, body) = mpsc::channel(1);
        let pump = Pump { text, left: bytes, pieces, context: Rc::clone(context), _place: place };
        // It ends with its client.
        drop(spawn_local(pump.send_all(head, foot)));
        let mut response = measured(whole, body);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/xml"));
        Ok(response)
    }
}

fn begin(writer: &mut Writer, position: Option<(i64, bool)>) {
    if position.is_some() {
        writer.begin_array();
    }
    writer.begin_string();
}

fn end(writer: &mut Writer, position: Option<(i64, bool)>) {
    writer.end_string();
    if let Some((offset, overflow)) = position {
        writer.int(offset);
        writer.boolean(overflow);
        writer.end_array();
    }
}

fn no_memory(_: std::collections::TryReserveError) -> Fault {
    Fault::new(FaultCode::Failed, "there is not enough memory for the answer")
}

/// One answer on its way.
struct Pump {
    text: LogText,
    /// Bytes that were announced and not sent yet.
    left: u64,
    pieces: mpsc::Sender<Bytes>,
    context: Rc<Context>,
    _place: Place,
}

impl Pump {
    /// Sends what was announced, or stops short of it.
    async fn send_all(mut self, head: String, foot: String) {
        if self.pieces.send(head.into()).await.is_err() {
            return;
        }
        while self.left > 0 {
            let mut text = std::mem::take(&mut self.text);
            let read = self.context.files.run(move || {
                let mut writer = Writer::default();
                let outcome = text.write_piece(&mut writer);
                (text, outcome, writer.take())
            });
            let Ok((text, Ok(true), piece)) = read.await else { return };
            self.text = text;
            let Some(left) = self.left.checked_sub(piece.len() as u64) else { return };
            self.left = left;
            if self.pieces.send(piece.into()).await.is_err() {
                return;
            }
        }
        // A client that has gone is seen by its connection.
        drop(self.pieces.send(foot.into()).await);
    }
}
