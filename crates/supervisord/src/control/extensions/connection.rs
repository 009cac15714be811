//! The socket of one life of an extension: bytes in, bytes out, and when it is over.
//!
//! One task. It waits for whatever comes first, so an extension that reads or writes slowly, or not at all, holds up
//! nobody; what it asks is answered by tasks of their own.

use std::io;
use std::os::unix::net::UnixStream as StdStream;
use std::rc::Rc;

use supervisor_core::LogLevel;
use supervisor_protocol::xmlrpc::Value;
use tokio::net::UnixStream;
use tokio::sync::{mpsc, watch};
use tokio::task::spawn_local;
use tokio::time::{Instant, sleep_until, timeout};

use super::Extension;
use super::conversation::{Breach, Happening};
use super::events::Events;
use super::facade::Facade;
use super::link::{Link, Stage};
use super::pace::Pace;
use crate::boundary::requests::StartAnew;
use crate::control::context::Context;
use crate::control::limits;

/// Serves a life to its end.
pub(super) async fn serve(socket: StdStream, link: Rc<Link>, extension: Rc<Extension>, context: Rc<Context>) {
    // However this task ends, nobody waits for it after that.
    let _ending = Ending { link: &link, extension: &extension };
    let mut stage = link.stage.subscribe();
    let breach = match UnixStream::from_std(socket) {
        Ok(stream) => Connection::new(&stream, &link, &extension, &context).run(&mut stage).await.err(),
        Err(error) => {
            context.log(LogLevel::Critical, || {
                format!("the socket of extension {} is of no use: {error}", extension.name())
            });
            Some(Breach::Hung)
        }
    };
    extension.unlink(&link);
    let breach = match breach {
        Some(breach) => breach,
        // It has closed its end, as it does when it ends.
        None if has_ended(&mut stage).await => return,
        None => Breach::Hung,
    };
    if *stage.borrow() == Stage::Running {
        context.log(LogLevel::Warn, || format!("extension {} is cut off: {breach}", extension.name()));
        // It may have ended just now.
        context.sender.call(StartAnew { life: link.life }).await.ok();
    }
}

/// Whether the process ends, or is to end, soon enough after its channel.
async fn has_ended(stage: &mut watch::Receiver<Stage>) -> bool {
    let over = stage.wait_for(|stage| *stage != Stage::Running);
    timeout(limits::EXTENSION_END, over).await.is_ok()
}

/// Lets go of a life.
struct Ending<'l> {
    link: &'l Rc<Link>,
    extension: &'l Extension,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.extension.unlink(self.link);
    }
}

struct Connection<'l> {
    stream: &'l UnixStream,
    link: &'l Rc<Link>,
    extension: &'l Rc<Extension>,
    context: &'l Rc<Context>,
    facade: Rc<Facade>,
    /// Lines of events that are to be sent.
    events: mpsc::Receiver<Vec<u8>>,
    buffer: Vec<u8>,
    /// Up to when `initialize` is to be answered.
    start_by: Instant,
    pace: Pace,
}

impl<'l> Connection<'l> {
    fn new(stream: &'l UnixStream, link: &'l Rc<Link>, extension: &'l Rc<Extension>, context: &'l Rc<Context>) -> Self {
        let (lines, events) = mpsc::channel(1);
        let facade =
            Facade::new(Rc::clone(extension), Rc::clone(context), Events::new(link.life, Rc::clone(context), lines));
        let buffer = vec![0; limits::EXTENSION_READ_BYTES];
        let now = Instant::now();
        let (start_by, pace) = (now + limits::EXTENSION_START, Pace::new(now));
        Self { stream, link, extension, context, facade: Rc::new(facade), events, buffer, start_by, pace }
    }

    /// Returns when the channel or the process has ended.
    async fn run(mut self, stage: &mut watch::Receiver<Stage>) -> Result<(), Breach> {
        let mut seen = Stage::Running;
        loop {
            if let Some(breach) = self.link.take_breach() {
                return Err(breach);
            }
            if self.send().is_err() {
                return Ok(());
            }
            let (is_ready, unsent) = {
                let conversation = self.link.conversation.borrow();
                (conversation.is_ready(), conversation.unsent())
            };
            tokio::select! {
                readable = self.stream.readable() => match readable.and_then(|()| self.receive()) {
                    Ok(0) | Err(_) => return Ok(()),
                    Ok(_) => {
                        self.take_in()?;
                        let unasked = self.link.conversation.borrow_mut().take_unasked();
                        self.pace.take(unasked, Instant::now())?;
                    }
                },
                _ = self.stream.writable(), if unsent > 0 => {}
                () = self.link.changed.notified() => {}
                Some(lines) = self.events.recv(), if unsent < limits::EXTENSION_EVENT_BYTES => {
                    self.link.conversation.borrow_mut().append(&lines);
                }
                () = sleep_until(self.start_by), if !is_ready && seen == Stage::Running => {
                    return Err(Breach::NotReadyInTime);
                }
                _ = stage.changed() => {
                    seen = *stage.borrow_and_update();
                    match seen {
                        Stage::Running => {}
                        Stage::Stopping => self.link.conversation.borrow_mut().tell("shutdown", &Value::Nil),
                        Stage::Ended => return Ok(()),
                    }
                }
            }
        }
    }

    /// Sends as much as it takes.
    fn send(&self) -> io::Result<()> {
        let mut conversation = self.link.conversation.borrow_mut();
        while conversation.unsent() > 0 {
            match self.stream.try_write(conversation.output()) {
                Ok(count) => conversation.written(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads once. That there is nothing after all counts as something.
    fn receive(&mut self) -> io::Result<usize> {
        match self.stream.try_read(&mut self.buffer) {
            Ok(count) => {
                self.link.conversation.borrow_mut().receive(&self.buffer[..count]);
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(1),
            Err(error) => Err(error),
        }
    }

    /// Goes through what was read.
    fn take_in(&self) -> Result<(), Breach> {
        loop {
            let happening = self.link.conversation.borrow_mut().next()?;
            match happening {
                None => return Ok(()),
                Some(Happening::Ready(description)) => {
                    self.context.extensions.take_description(self.extension, description)?;
                    self.context.log(LogLevel::Info, || format!("extension {} is ready", self.extension.name()));
                }
                // Whoever asked may have gone this very moment.
                Some(Happening::Answered(who, outcome)) => drop(who.send(outcome)),
                Some(Happening::Asked { id, method, params }) => {
                    let (facade, link) = (Rc::clone(&self.facade), Rc::clone(self.link));
                    drop(spawn_local(async move {
                        let outcome = facade.perform(&method, params).await;
                        link.answer(&id, outcome);
                    }));
                }
            }
        }
    }
}
