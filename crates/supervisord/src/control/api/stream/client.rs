//! One client of the stream: what it knows, and what it is told next.

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use hyper::body::Bytes;
use supervisor_core::{ProcessInfo, SupervisorState};
use supervisor_protocol::json;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::cursor::Cursor;
use super::frames;
use super::log::{StreamedLog, Told};
use super::wanted::{Meant, Wanted};
use crate::boundary::followers::FollowedChanges;
use crate::boundary::requests::ReadEvents;
use crate::boundary::snapshot::{Changes, Others};
use crate::control::api::server_sent_events::{
    event_members, lost_members, push_frame, push_position, restarted_members,
};
use crate::control::api::time::time_text;
use crate::control::context::Context;
use crate::control::limits;
use crate::control::places::Place;

/// What wakes a client.
pub(super) struct Sources {
    pub(super) processes: FollowedChanges,
    pub(super) events: FollowedChanges,
    pub(super) logs: FollowedChanges,
}

/// What a client takes up: a stream, one of those for pages, a mark by which it is counted.
pub(super) type StreamPlace = (Place, Place, Rc<()>);

/// One client.
pub(super) struct Client {
    context: Rc<Context>,
    wanted: Wanted,
    /// `None` while they are being read. The next to be read stands first.
    logs: Option<VecDeque<(usize, StreamedLog)>>,
    pieces: mpsc::Sender<Bytes>,
    /// Where it is.
    cursor: Cursor,
    /// The round of samples that it knows.
    round: u64,
    next_sample: Option<Instant>,
    /// The last that it was told of supervisord.
    supervisor: String,
    due: Due,
    /// Given back when the client has gone.
    place: StreamPlace,
}

/// What may have something new.
#[derive(Clone, Copy, Debug, Default)]
struct Due {
    processes: bool,
    events: bool,
    logs: bool,
}

/// What is sent at a time.
#[derive(Default)]
struct Piece {
    text: String,
    /// A table that others have too, and what follows it.
    table: Option<(Bytes, String)>,
    /// Why nothing follows.
    end: Option<&'static str>,
}

impl Client {
    pub(super) fn new(
        context: Rc<Context>,
        wanted: Wanted,
        logs: Vec<StreamedLog>,
        pieces: mpsc::Sender<Bytes>,
        place: StreamPlace,
    ) -> Self {
        let boot = context.boot();
        let known = wanted.cursor.clone().unwrap_or_default();
        // Versions of another boot say nothing; events know themselves whose they are.
        let version = if known.boot == boot { known.version } else { 0 };
        let places = logs.iter().map(StreamedLog::place).collect();
        let cursor = Cursor { boot, version, event: known.event, logs: places };
        let due = Due { processes: true, events: true, logs: true };
        let next_sample = wanted.samples.map(|_| Instant::now());
        let supervisor = String::new();
        let logs = Some(logs.into_iter().enumerate().collect());
        Self { context, wanted, logs, pieces, cursor, round: 0, next_sample, supervisor, due, place }
    }

    /// Sends what happens until the client goes, supervisord ends or the control plane stops.
    pub(super) async fn serve(mut self, sources: Sources) {
        let mut stopped = self.context.stopped.clone();
        let is_stopped = tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => true,
            () = self.send_all(&sources) => false,
        };
        if is_stopped {
            // Something may have been begun. Whoever has not taken what it has got learns it from the connection.
            let mut bye = frames::FRAME_END.to_owned();
            frames::push_bye(&mut bye, &self.cursor, self.why_it_ends());
            drop(self.pieces.try_send(Bytes::from(bye)));
        }
        let Sources { processes, events, logs } = sources;
        drop((processes, logs));
        self.context.sender.unfollow_events(events);
        let Self { context, place, .. } = self;
        drop(place);
        if Rc::strong_count(&context.page_streams) == 1 {
            context.stream_table.forget();
        }
    }

    async fn send_all(&mut self, sources: &Sources) {
        let mut piece = Piece::default();
        let mut sent_at = Instant::now();
        frames::push_hello(&mut piece.text, &self.cursor, &self.context);
        loop {
            // Nothing is read or rendered before there is room for it.
            let Ok(room) = self.pieces.clone().reserve_owned().await else { return };
            let read_at = Instant::now();
            self.collect(&mut piece).await;
            let is_last = piece.end.is_some();
            if !piece.is_empty() {
                sent_at = Instant::now();
                if !self.send(std::mem::take(&mut piece), room).await {
                    return;
                }
            }
            if is_last {
                return;
            }
            // In a storm the next piece brings more.
            let pause = if self.due.logs { limits::EVENT_STREAM_PAUSE } else { limits::STREAM_PAUSE };
            sleep_until(read_at + pause).await;
            if !self.wait(sources, &mut sent_at, &mut piece.text).await {
                return;
            }
        }
    }

    /// Hands over a piece; false when the client has gone.
    async fn send(&self, piece: Piece, room: mpsc::OwnedPermit<Bytes>) -> bool {
        let Piece { text, table, .. } = piece;
        let pieces = room.send(Bytes::from(text));
        let Some((table, rest)) = table else { return true };
        pieces.send(table).await.is_ok() && pieces.send(Bytes::from(rest)).await.is_ok()
    }

    /// Returns when something is to be told, a sign of life at the latest; false when the client has gone.
    async fn wait(&mut self, sources: &Sources, sent_at: &mut Instant, text: &mut String) -> bool {
        if self.due.processes || self.due.events || self.due.logs {
            return true;
        }
        let sign_of_life = *sent_at + limits::EVENT_STREAM_HEARTBEAT;
        // Others may write to a log too.
        let recheck = (!self.wanted.logs.is_empty()).then(|| Instant::now() + limits::STREAM_RECHECK);
        let soonest = [self.next_sample, recheck].into_iter().flatten().min();
        tokio::select! {
            () = sources.processes.changed() => self.due.processes = true,
            () = sources.events.changed() => (self.due.events, self.due.processes) = (true, true),
            () = sources.logs.changed() => self.due.logs = true,
            () = self.pieces.closed() => return false,
            () = sleep_until(soonest.unwrap_or(sign_of_life).min(sign_of_life)) => {
                self.due.logs = recheck.is_some();
                if sign_of_life <= Instant::now() {
                    push_position(text, "nothing new", &self.cursor);
                }
            }
        }
        true
    }

    /// Adds everything that the client does not know yet, as far as it goes into a piece.
    async fn collect(&mut self, piece: &mut Piece) {
        let due = std::mem::take(&mut self.due);
        if due.events {
            self.collect_events(piece).await;
        }
        if due.processes {
            self.collect_processes(piece);
        }
        if self.next_sample.is_some_and(|next| next <= Instant::now()) {
            self.collect_sample(piece).await;
        }
        if due.logs {
            self.collect_logs(piece).await;
        }
        self.collect_supervisor(piece);
        if let Some(reason) = piece.end {
            frames::push_bye(piece.tail(), &self.cursor, reason);
        }
    }

    async fn collect_events(&mut self, piece: &mut Piece) {
        let after = Some(self.cursor.event).filter(|event| *event > 0);
        if self.wanted.events.is_none() && !self.wanted.supervisor {
            return;
        }
        let Ok(batch) = self.context.sender.call(ReadEvents { after }).await else {
            piece.end = Some(self.why_it_ends());
            return;
        };
        let out = piece.tail();
        if let Some(wanted) = &self.wanted.events {
            if batch.restarted {
                push_frame(out, &self.cursor, "lost", |object| restarted_members(object, after.unwrap_or(0)));
            }
            if let Some((first, last)) = batch.lost {
                self.cursor.event = last;
                push_frame(out, &self.cursor, "lost", |object| lost_members(object, first, last));
            }
            for event in batch.events.iter().filter(|event| wanted.includes(event.event_type)) {
                self.cursor.event = event.serial;
                push_frame(out, &self.cursor, "event", |object| event_members(object, event));
            }
        }
        self.cursor.event = batch.position;
        self.due.events = batch.position < batch.newest;
        if batch.is_ended && !self.due.events {
            piece.end = Some(self.why_it_ends());
        }
    }

    fn collect_processes(&mut self, piece: &mut Piece) {
        let Some(meant) = &self.wanted.processes else { return };
        let known = self.cursor.version;
        if known > 0 {
            // While something changes there is nothing to be told, and a word of it will come.
            let Some(changes) = self.context.processes.since(known) else { return };
            if !matches!(changes.others, Others::Unknown) {
                self.cursor.version = changes.version;
                frames::push_changes(piece.tail(), &self.cursor, &changes, |info| meant.includes(info));
                return;
            }
        }
        let Some(Changes { version, changed: all, .. }) = self.context.processes.since(0) else {
            // The first of all: it is looked for until it is there.
            self.due.processes = true;
            return;
        };
        self.cursor.version = version;
        let answers = &self.context.answers;
        let data = match meant {
            Meant::All => self.context.stream_table.get(version, answers, || frames::table_data(version, all.iter())),
            Meant::These(_) => {
                let text = frames::table_data(version, all.iter().filter(|info| meant.includes(info)));
                answers.try_take(text.len()).map(|share| share.hold(text))
            }
        };
        let Some(data) = data else {
            piece.end = Some("limit");
            return;
        };
        frames::push_table_head(piece.tail(), &self.cursor);
        piece.table = Some((data, frames::FRAME_END.to_owned()));
        // It shows what is used from the beginning.
        self.round = 0;
    }

    async fn collect_sample(&mut self, piece: &mut Piece) {
        let (Some(meant), Some(pause)) = (&self.wanted.processes, self.wanted.samples) else { return };
        let age = pause.max(limits::SAMPLE_PAUSE);
        let Some(all) = self.context.processes.all() else {
            self.next_sample = Some(Instant::now() + limits::STREAM_PAUSE);
            return;
        };
        let sampler = &self.context.sampler;
        // Where nothing can be read, nothing is told; it may be readable later.
        let round = sampler.sample(&all, age, &self.context).await;
        self.next_sample = Some(sampler.next_round(age).unwrap_or_else(|| Instant::now() + age));
        let Some(round) = round else { return };
        let shown: Vec<&Arc<ProcessInfo>> = all.iter().filter(|info| meant.includes(info)).collect();
        for info in shown.iter().filter(|info| meant.names(info)) {
            sampler.look_at(info);
        }
        let (number, values) = sampler.changed_since(self.round, shown.into_iter());
        // Even where nothing has changed it is known that it is so now.
        if number > self.round {
            self.round = number;
            frames::push_sample(piece.tail(), &self.cursor, &time_text(round.at), &values);
        }
    }

    async fn collect_logs(&mut self, piece: &mut Piece) {
        let Some(mut logs) = self.logs.take().filter(|logs| !logs.is_empty()) else { return };
        let room = limits::STREAM_TEXT_BYTES.saturating_sub(piece.text.len());
        let reading = self.context.files.run(move || {
            let mut bytes = 0;
            let mut told = Vec::new();
            for _ in 0..logs.len() {
                let Some((number, mut log)) = logs.pop_front() else { break };
                let more = log.read();
                bytes += more.iter().map(Told::bytes).sum::<usize>();
                let name = log.name().to_owned();
                logs.push_back((number, log));
                told.extend(more.into_iter().map(|more| (number, name.clone(), more)));
                if bytes > room {
                    break;
                }
            }
            (logs, told)
        });
        // Its files are closed then; it may come again.
        let Ok((logs, told)) = reading.await else {
            piece.end = Some("limit");
            return;
        };
        self.logs = Some(logs);
        self.due.logs = !told.is_empty();
        for (number, name, told) in told {
            if let Some(known) = self.cursor.logs.get_mut(number) {
                *known = Some(told.end());
            }
            push_frame(piece.tail(), &self.cursor, told.name(), |object| told.push(object, &name));
        }
    }

    fn collect_supervisor(&mut self, piece: &mut Piece) {
        if !self.wanted.supervisor {
            return;
        }
        let mut data = String::new();
        json::object(&mut data, |object| frames::supervisor_data(object, &self.context));
        if data != self.supervisor {
            push_frame(piece.tail(), &self.cursor, "supervisor", |object| {
                frames::supervisor_data(object, &self.context);
            });
            self.supervisor = data;
        }
    }

    fn why_it_ends(&self) -> &'static str {
        match self.context.notices.state() {
            SupervisorState::Restarting => "reload",
            SupervisorState::Running | SupervisorState::Shutdown => "shutdown",
        }
    }
}

impl Piece {
    fn is_empty(&self) -> bool {
        self.text.is_empty() && self.table.is_none()
    }

    /// Where the next frame goes.
    fn tail(&mut self) -> &mut String {
        match &mut self.table {
            Some((_, rest)) => rest,
            None => &mut self.text,
        }
    }
}

#[cfg(test)]
mod tests;
