//! `/api/v1/events`: events as they happen, for as long as the client stays.
//!
//! The events are the core's ([`supervisor_core::EventRing`]); here a client has a place in them. The supervision plane
//! tells when there are new ones, and they are fetched piece by piece as the client takes them: nothing piles up for
//! one that reads slowly or not at all, and what it misses meanwhile is told to it.

use std::rc::Rc;

use hyper::body::{Bytes, Incoming};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Method, Request, StatusCode};
use supervisor_core::{EventBatch, OwnEventType};
use supervisor_protocol::api::ProblemCode;
use tokio::sync::mpsc;
use tokio::task::spawn_local;
use tokio::time::{Instant, sleep_until};

use super::problem::{Problem, as_problem};
use super::query::Wanted;
use super::server_sent_events::{push_event, push_lost, push_position, push_restarted};
use crate::boundary::followers::FollowedChanges;
use crate::boundary::requests::ReadEvents;
use crate::control::context::Context;
use crate::control::limits;
use crate::control::listener::Section;
use crate::control::log_stream::no_place;
use crate::control::places::Place;
use crate::control::response::{Response, full, stream};

/// `X-Accel-Buffering: no`: proxies that understand it pass each piece on at once.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Answers with a stream.
pub(super) async fn follow(
    request: &Request<Incoming>,
    section: &Section,
    context: &Rc<Context>,
) -> Result<Response, Problem> {
    let understood = |own: &[OwnEventType]| Wanted::read(request.uri().query(), request.headers(), own);
    // Extensions are waited for by those alone who may mean a type of theirs.
    let wanted = match understood(&[]) {
        Ok(wanted) => Ok(wanted),
        Err(_) => understood(&context.extensions.event_types(context).await),
    };
    let wanted = wanted.map_err(|text| Problem::new(ProblemCode::BadRequest, text))?;
    if *request.method() == Method::HEAD {
        return Ok(with_headers(full(StatusCode::OK, "")));
    }
    let Some(stream_place) = section.streams.take() else {
        return Ok(as_problem(ProblemCode::TooManyStreams, no_place(section)));
    };
    let Some(event_place) = section.event_streams.take() else {
        let text = format!("{} clients follow events already", section.event_streams.count());
        return Err(Problem::new(ProblemCode::TooManyStreams, text));
    };
    let place = (stream_place, event_place, Rc::clone(&context.event_followers));
    // Registered before the first reading, so that nothing happens between the two.
    let (changes, follower) = FollowedChanges::new();
    context.sender.follow_events(follower).await;
    let first = read(context, wanted.after).await.ok_or_else(Problem::ending)?;
    let (pieces, body) = mpsc::channel(limits::STREAM_PIECES);
    spawn_local(pump(Reader { context: Rc::clone(context), wanted, pieces, _place: place }, first, changes));
    Ok(with_headers(stream(body)))
}

pub(super) fn with_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
    response
}

/// What follows a serial; `None` when supervisord has ended.
async fn read(context: &Context, after: Option<u64>) -> Option<EventBatch> {
    context.sender.call(ReadEvents { after }).await.ok()
}

/// What a client takes up: a stream, one of those for events, a mark by which it is counted.
type EventPlace = (Place, Place, Rc<()>);

/// One client.
struct Reader {
    context: Rc<Context>,
    wanted: Wanted,
    pieces: mpsc::Sender<Bytes>,
    /// Given back when the client has gone.
    _place: EventPlace,
}

/// Sends what happens until the client goes, supervisord ends or the control plane stops.
async fn pump(reader: Reader, first: EventBatch, changes: FollowedChanges) {
    let mut stopped = reader.context.stopped.clone();
    tokio::select! {
        _ = stopped.wait_for(|stopped| *stopped) => {}
        () = reader.send_all(first, &changes) => {}
    }
    reader.context.sender.unfollow_events(changes);
}

impl Reader {
    async fn send_all(&self, first: EventBatch, changes: &FollowedChanges) {
        let mut batch = first;
        let mut after = self.wanted.after;
        let mut text = String::new();
        push_position(&mut text, "events of supervisord", self.begin(&batch));
        let mut sent_at = Instant::now();
        loop {
            let read_at = Instant::now();
            self.push_batch(&mut text, &batch, after);
            if !text.is_empty() {
                if !self.send(&mut text).await {
                    return;
                }
                sent_at = Instant::now();
            }
            after = Some(batch.position);
            if batch.position >= batch.newest {
                if batch.is_ended || !self.wait(changes, batch.position, &mut sent_at).await {
                    return;
                }
                // In a storm the next reading brings more, and supervision is not asked all the time.
                sleep_until(read_at + limits::EVENT_STREAM_PAUSE).await;
            }
            let Some(next) = read(&self.context, after).await else { return };
            batch = next;
        }
    }

    /// The serial before the first event that the client may get.
    fn begin(&self, batch: &EventBatch) -> u64 {
        self.wanted.after.unwrap_or(batch.position)
    }

    fn push_batch(&self, text: &mut String, batch: &EventBatch, after: Option<u64>) {
        if batch.restarted {
            push_restarted(text, after.unwrap_or(0));
        }
        if let Some((first, last)) = batch.lost {
            push_lost(text, first, last);
        }
        for event in batch.events.iter().filter(|event| self.wanted.includes(event.event_type)) {
            push_event(text, event);
        }
    }

    /// Returns when something has happened, with a sign of life when nothing was sent for long; false when the client
    /// has gone.
    async fn wait(&self, changes: &FollowedChanges, position: u64, sent_at: &mut Instant) -> bool {
        loop {
            tokio::select! {
                () = changes.changed() => return true,
                () = self.pieces.closed() => return false,
                () = sleep_until(*sent_at + limits::EVENT_STREAM_HEARTBEAT) => {
                    *sent_at = Instant::now();
                    let mut text = String::new();
                    push_position(&mut text, "nothing new", position);
                    if !self.send(&mut text).await {
                        return false;
                    }
                }
            }
        }
    }

    /// Hands over a piece, as soon as the client has taken those before; false when the client has gone.
    async fn send(&self, text: &mut String) -> bool {
        self.pieces.send(Bytes::from(std::mem::take(text))).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use supervisor_core::{Command, EventType, Reply, StreamEvent};
    use tokio::sync::mpsc::Receiver;
    use tokio::task::LocalSet;

    use super::*;
    use crate::boundary::followers::Follower;
    use crate::boundary::inbox::{Inbox, Message};

    /// A client that wants TICK events, and knows those up to 10.
    struct Followed {
        inbox: Inbox,
        pieces: Receiver<Bytes>,
        follower: Follower,
        _stop: tokio::sync::watch::Sender<bool>,
    }

    fn followed() -> Followed {
        let (context, stop, inbox) = Context::for_tests();
        let context = Rc::new(context);
        let wanted = Wanted::read(Some("types=TICK&since=10"), &hyper::HeaderMap::new(), &[]).unwrap();
        let section = Section::unguarded("unix_http_server");
        let places = (section.streams.take().unwrap(), section.event_streams.take().unwrap());
        let place = (places.0, places.1, Rc::clone(&context.event_followers));
        let (sender, pieces) = mpsc::channel(limits::STREAM_PIECES);
        let (changes, follower) = FollowedChanges::new();
        let first = EventBatch { position: 10, newest: 10, ..EventBatch::default() };
        spawn_local(pump(Reader { context, wanted, pieces: sender, _place: place }, first, changes));
        Followed { inbox, pieces, follower, _stop: stop }
    }

    impl Followed {
        async fn next(&mut self) -> Option<String> {
            self.pieces.recv().await.map(|piece| String::from_utf8(piece.into()).unwrap())
        }

        /// Something has happened: an event of this type, which is read.
        async fn happens(&self, serial: u64, event_type: EventType) {
            assert!(self.follower.notify());
            let reply = loop {
                match self.inbox.try_recv() {
                    Some(Message::Request { command: Command::ReadEvents { after }, reply }) => {
                        assert_eq!(after, Some(serial - 1));
                        break reply;
                    }
                    Some(other) => panic!("{other:?}"),
                    None => tokio::time::sleep(limits::EVENT_STREAM_PAUSE).await,
                }
            };
            let event = StreamEvent {
                serial,
                time: std::time::Duration::ZERO,
                event_type,
                payload: "".into(),
                omitted_bytes: 0,
                ended: None,
            };
            let batch = EventBatch { events: vec![event], position: serial, newest: serial, ..EventBatch::default() };
            reply.send(Ok(Reply::Events(Box::new(batch))));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_broken_by_a_sign_of_life() {
        LocalSet::new()
            .run_until(async {
                let mut followed = followed();
                assert_eq!(followed.next().await.unwrap(), ": events of supervisord\nid: 10\n\n");
                for _ in 0..3 {
                    let begin = Instant::now();
                    assert_eq!(followed.next().await.unwrap(), ": nothing new\nid: 10\n\n");
                    assert_eq!(begin.elapsed(), limits::EVENT_STREAM_HEARTBEAT);
                }
            })
            .await;
    }

    #[tokio::test(start_paused = true)]
    async fn events_that_are_not_wanted_are_no_sign_of_life_but_move_the_place() {
        LocalSet::new()
            .run_until(async {
                let mut followed = followed();
                followed.next().await.unwrap();
                let begin = Instant::now();
                followed.happens(11, EventType::ProcessStateExited).await;
                assert_eq!(followed.next().await.unwrap(), ": nothing new\nid: 11\n\n");
                assert_eq!(begin.elapsed(), limits::EVENT_STREAM_HEARTBEAT);
                followed.happens(12, EventType::Tick5).await;
                assert!(followed.next().await.unwrap().starts_with("id: 12\nevent: TICK_5\ndata: {"));
            })
            .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_goes_is_followed_no_more() {
        LocalSet::new()
            .run_until(async {
                let mut followed = followed();
                followed.next().await.unwrap();
                followed.pieces.close();
                while !followed.follower.is_gone() {
                    tokio::task::yield_now().await;
                }
            })
            .await;
    }
}
