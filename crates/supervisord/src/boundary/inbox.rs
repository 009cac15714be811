//! What the control plane sends to the supervision plane, and how it is answered.
//!
//! Messages go in by a bounded queue and a wake-up, answers come back by a one-shot slot. The control plane waits
//! asynchronously while the queue is full; the supervision plane never waits here at all, and never names the runtime
//! of the other side.
//!
//! Invariants: a request is answered once or its slot is dropped, which the caller sees as SHUTDOWN_STATE; a lost
//! wake-up is harmless, since the inbox is drained after every return of wait.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use supervisor_core::{Channel, Command, Fault, FaultCode, Life, LogLevel, Reply};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::followers::{FollowedChanges, Follower};
use super::requests::Request;
use crate::limits;

/// Makes the supervision loop return from its wait. Called from the control thread after each message.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// What the control plane wants of the supervision plane.
#[derive(Debug)]
pub enum Message {
    /// A client asks for something.
    Request {
        /// What it asks.
        command: Command,
        /// Where the answer goes.
        reply: ReplySlot,
    },
    /// A client follows a log from now on.
    Follow {
        /// Which log.
        log: FollowedLog,
        /// To be notified after each change of that log.
        follower: Follower,
    },
    /// A client follows events from now on.
    FollowEvents {
        /// To be notified after each turn in which something happened.
        follower: Follower,
    },
    /// A client follows processes from now on.
    FollowProcesses {
        /// To be notified after each turn in which something of one has changed.
        follower: Follower,
    },
    /// A line for the main log.
    Log {
        /// Its severity; the control plane has left out what the main log does not show.
        level: LogLevel,
        /// The line, without its end.
        text: String,
    },
    /// An extension that is to end has been told so, and has not ended: it gets the signal.
    SignalStopping {
        /// The life that is to end.
        life: Life,
    },
    /// A reread brought another `identifier` (contract/quirks.md K35).
    IdentifierChanged {
        /// What events and RPC report from now on.
        identifier: String,
    },
}

/// A log that a client can follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FollowedLog {
    /// The main log.
    Main,
    /// A channel of a process.
    Process {
        /// `group:process`, as the client gave it.
        name: String,
        /// Which channel.
        channel: Channel,
    },
}

/// Both ends. `wake` is called after each message.
pub fn channel(wake: Wake) -> (CommandSender, Inbox) {
    let (queue, messages) = mpsc::channel();
    let places = Arc::new(Semaphore::new(limits::INBOX_MESSAGES));
    let lost_lines = Arc::new(AtomicUsize::new(0));
    (CommandSender { queue, places, wake, lost_lines }, Inbox { messages })
}

/// The supervision plane's end.
pub struct Inbox {
    messages: mpsc::Receiver<Envelope>,
}

impl Inbox {
    /// The next message, if there is one. To be called until `None` after every return of wait.
    pub fn try_recv(&self) -> Option<Message> {
        self.messages.try_recv().ok().map(|envelope| envelope.message)
    }
}

/// Where the answer to one request goes.
pub struct ReplySlot(oneshot::Sender<Result<Reply, Fault>>);

impl ReplySlot {
    /// Answers. A client that has gone away meanwhile makes no difference.
    pub fn send(self, answer: Result<Reply, Fault>) {
        // The answer comes back when nobody waits for it any more: there is nothing to do about it.
        drop(self.0.send(answer));
    }

    /// Whether the client has gone away, so that nobody will read the answer.
    pub fn is_abandoned(&self) -> bool {
        self.0.is_closed()
    }
}

/// The control plane's end. Cheap to clone, one for each connection.
#[derive(Clone)]
pub struct CommandSender {
    queue: mpsc::Sender<Envelope>,
    places: Arc<Semaphore>,
    wake: Wake,
    lost_lines: Arc<AtomicUsize>,
}

/// A message and the place it takes in the queue.
struct Envelope {
    message: Message,
    /// Given back when the message is taken out.
    _place: OwnedSemaphorePermit,
}

impl CommandSender {
    /// Asks for something and waits for the answer.
    ///
    /// # Errors
    /// The core's refusal; SHUTDOWN_STATE when the supervision plane has ended; FAILED when the core has answered
    /// something else, which is a defect of it.
    pub async fn call<R: Request>(&self, request: R) -> Result<R::Answer, Fault> {
        let (slot, reply) = oneshot::channel();
        self.send(Message::Request { command: request.into_command(), reply: ReplySlot(slot) }).await;
        let reply = reply.await.unwrap_or_else(|_| Err(Fault::bare(FaultCode::ShutdownState)))?;
        R::answer(reply).ok_or_else(|| Fault::bare(FaultCode::Failed))
    }

    /// Registers a follower of a log.
    pub async fn follow(&self, log: FollowedLog, follower: Follower) {
        self.send(Message::Follow { log, follower }).await;
    }

    /// Registers a follower of events.
    pub async fn follow_events(&self, follower: Follower) {
        self.send(Message::FollowEvents { follower }).await;
    }

    /// Registers a follower of processes.
    pub async fn follow_processes(&self, follower: Follower) {
        self.send(Message::FollowProcesses { follower }).await;
    }

    /// Ends the following of events. The supervision plane is woken to see it, since at its end it waits for that.
    pub fn unfollow_events(&self, changes: FollowedChanges) {
        drop(changes);
        (self.wake)();
    }

    /// Sends an extension that is to end the signal that it was spared for a while.
    pub async fn signal_stopping(&self, life: Life) {
        self.send(Message::SignalStopping { life }).await;
    }

    /// Tells the new identifier.
    pub async fn change_identifier(&self, identifier: String) {
        self.send(Message::IdentifierChanged { identifier }).await;
    }

    /// Writes a line to the main log. Never waits: while the inbox is full the line is counted, and the count is
    /// logged with the next line that finds a place.
    pub fn log(&self, level: LogLevel, text: String) {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            let lost = self.lost_lines.swap(0, Ordering::Relaxed);
            let text = match lost {
                0 => text,
                lost => format!("{text} ({lost} lines of the control plane were dropped before this one)"),
            };
            self.push(Message::Log { level, text }, place);
        } else {
            self.lost_lines.fetch_add(1, Ordering::Relaxed);
        }
    }

    async fn send(&self, message: Message) {
        let place = Arc::clone(&self.places).acquire_owned().await.expect("nobody closes this semaphore");
        self.push(message, place);
    }

    fn push(&self, message: Message, place: OwnedSemaphorePermit) {
        // An inbox that is gone drops the message, and with it the reply slot: the caller learns it there.
        drop(self.queue.send(Envelope { message, _place: place }));
        (self.wake)();
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").finish_non_exhaustive()
    }
}

impl fmt::Debug for ReplySlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplySlot").field("is_abandoned", &self.is_abandoned()).finish()
    }
}

impl fmt::Debug for CommandSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandSender").field("free_places", &self.places.available_permits()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::requests::{MethodAnswer, ReadEvents};
    use super::*;

    fn counted() -> (CommandSender, Inbox, Arc<AtomicUsize>) {
        let wakes = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&wakes);
        let (sender, inbox) = channel(Arc::new(move || {
            counter.fetch_add(1, Ordering::Relaxed);
        }));
        (sender, inbox, wakes)
    }

    #[tokio::test]
    async fn a_request_wakes_the_loop_and_gets_its_answer() {
        let (sender, inbox, wakes) = counted();
        let caller = tokio::spawn(async move { sender.call(Command::Shutdown).await });
        tokio::task::yield_now().await;
        assert_eq!(wakes.load(Ordering::Relaxed), 1);
        let Some(Message::Request { command, reply }) = inbox.try_recv() else { panic!("a request was sent") };
        assert_eq!(command, Command::Shutdown);
        reply.send(Ok(Reply::Done));
        assert_eq!(caller.await.unwrap(), Ok(MethodAnswer::Done));
        assert!(inbox.try_recv().is_none());
    }

    #[tokio::test]
    async fn an_inbox_or_a_slot_that_is_dropped_answers_shutdown_state() {
        let (sender, inbox, _) = counted();
        drop(inbox);
        assert_eq!(sender.call(Command::Restart).await, Err(Fault::bare(FaultCode::ShutdownState)));
    }

    #[tokio::test]
    async fn an_answer_to_something_else_is_a_failure() {
        let (sender, inbox, _) = counted();
        let caller = tokio::spawn(async move { sender.call(ReadEvents { after: None }).await });
        tokio::task::yield_now().await;
        let Some(Message::Request { command, reply }) = inbox.try_recv() else { panic!("a request was sent") };
        assert_eq!(command, Command::ReadEvents { after: None });
        reply.send(Ok(Reply::Done));
        assert_eq!(caller.await.unwrap(), Err(Fault::bare(FaultCode::Failed)));
    }

    #[tokio::test]
    async fn a_full_inbox_makes_callers_wait_and_counts_log_lines() {
        let (sender, inbox, _) = counted();
        for number in 0..limits::INBOX_MESSAGES {
            sender.log(LogLevel::Info, number.to_string());
        }
        sender.log(LogLevel::Info, "lost".to_owned());
        let waiting = sender.clone();
        let caller = tokio::spawn(async move { waiting.call(Command::Shutdown).await });
        tokio::task::yield_now().await;
        assert!(matches!(inbox.try_recv(), Some(Message::Log { text, .. }) if text == "0"));
        tokio::task::yield_now().await;
        let rest: Vec<_> = std::iter::from_fn(|| inbox.try_recv()).collect();
        assert_eq!(rest.len(), limits::INBOX_MESSAGES);
        let Some(Message::Request { reply, .. }) = rest.into_iter().next_back() else { panic!("the caller got in") };
        reply.send(Ok(Reply::Done));
        assert_eq!(caller.await.unwrap(), Ok(MethodAnswer::Done));
        sender.log(LogLevel::Info, "next".to_owned());
        let Some(Message::Log { text, .. }) = inbox.try_recv() else { panic!("there is room again") };
        assert_eq!(text, "next (1 lines of the control plane were dropped before this one)");
    }

    #[tokio::test]
    async fn a_slot_knows_when_its_client_is_gone() {
        let (sender, inbox, _) = counted();
        let caller = tokio::spawn(async move { sender.call(Command::Shutdown).await });
        tokio::task::yield_now().await;
        let Some(Message::Request { reply, .. }) = inbox.try_recv() else { panic!("a request was sent") };
        assert!(!reply.is_abandoned());
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
        assert!(reply.is_abandoned());
        reply.send(Ok(Reply::Done));
    }
}
