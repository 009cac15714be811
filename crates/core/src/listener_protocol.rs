//! The line protocol of an event listener's stdout, byte by byte (contract/events.md §4.1, §4.2; quirks.md F34).
//!
//! Knows neither pools nor pipes, and logs nothing: what is to be said of a step is [`crate::listener_remark`].
//! Invariants: any fragmentation of the same bytes means the same; an event that was begun is given back exactly once,
//! as processed or as rejected; what a listener may make us hold is bounded.

use crate::event_buffer::PoolEvent;
use crate::group_config::{ResultHandler, Verdict};
use crate::limits;

const READY: &[u8] = b"READY\n";
const RESULT: &[u8] = b"RESULT ";

/// What a listener said last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ListenerState {
    /// Its last event is done; it has not asked for another.
    #[default]
    Acknowledged,
    /// It waits for an event.
    Ready,
    /// It works on an event.
    Busy,
    /// It broke the protocol, and is not listened to until it is started anew.
    Unknown,
}

impl ListenerState {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Acknowledged => "ACKNOWLEDGED",
            Self::Ready => "READY",
            Self::Busy => "BUSY",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// The protocol's side of one listener process.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listener {
    phase: Phase,
    /// Read, and not understood yet.
    buffer: Vec<u8>,
    /// How often it has broken the protocol since its last result; outlives its process.
    breaches: u32,
    /// Its results are judged by somebody else, who takes time for it.
    is_judged_elsewhere: bool,
}

#[derive(Clone, Debug, Default)]
enum Phase {
    #[default]
    Acknowledged,
    Ready,
    Busy {
        event: PoolEvent,
        /// Bytes of the result that are to come, once its line was read.
        length: Option<usize>,
    },
    /// Its result is there, and somebody else judges it.
    Judged {
        event: PoolEvent,
    },
    Unknown,
}

/// A step of the protocol: a change of state and what it means for the event.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) from: ListenerState,
    pub(crate) to: ListenerState,
    pub(crate) outcome: Outcome,
}

/// What a step means for the event that the listener had.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// It had none.
    NoEvent,
    /// It had none, and this is not what it may say.
    NoReady(String),
    /// It is done.
    Processed(PoolEvent),
    /// It goes back to its pool.
    Rejected(PoolEvent),
    /// It goes back to its pool, since this line is no result. Given on as [`Outcome::Rejected`] after the warning.
    BadResultLine(String),
    /// Somebody else is to judge this result of it.
    ToBeJudged(PoolEvent, Vec<u8>),
    /// It goes back to its pool, since nobody could judge its result. Given on as [`Outcome::Rejected`].
    NotJudged,
}

impl Listener {
    /// One of a pool with this result handler.
    pub(crate) fn of_pool(handler: &ResultHandler) -> Self {
        let is_judged_elsewhere = match handler {
            ResultHandler::Ours => false,
            ResultHandler::Plugin(_) => true,
        };
        Self { is_judged_elsewhere, ..Self::default() }
    }

    pub(crate) fn state(&self) -> ListenerState {
        match self.phase {
            Phase::Acknowledged => ListenerState::Acknowledged,
            Phase::Ready => ListenerState::Ready,
            Phase::Busy { .. } | Phase::Judged { .. } => ListenerState::Busy,
            Phase::Unknown => ListenerState::Unknown,
        }
    }

    /// Its process was started: it has to say READY first.
    pub(crate) fn start(&mut self) {
        (self.phase, self.buffer) = (Phase::Acknowledged, Vec::new());
    }

    /// How often it has broken the protocol since its last result.
    pub(crate) fn breaches(&self) -> u32 {
        self.breaches
    }

    /// An event was sent to it.
    pub(crate) fn begin(&mut self, event: PoolEvent) {
        self.phase = Phase::Busy { event, length: None };
    }

    /// The process has ended; the event it worked on, if any.
    pub(crate) fn end(&mut self) -> Option<PoolEvent> {
        self.buffer = Vec::new();
        self.take_event(Phase::default())
    }

    /// The result of the event with this serial has been judged; what was read meanwhile is taken now. One that it has
    /// no more is nobody's.
    pub(crate) fn judged(&mut self, serial: u64, verdict: Verdict, mut sink: impl FnMut(Step)) {
        let Phase::Judged { event } = &self.phase else { return };
        if event.serial != serial {
            return;
        }
        match verdict {
            Verdict::Processed => self.acknowledge(Outcome::Processed, &mut sink),
            Verdict::Rejected => self.acknowledge(Outcome::Rejected, &mut sink),
            Verdict::Failed => self.break_off(Outcome::NotJudged, &mut sink),
        }
        self.feed(&[], sink);
    }

    /// Takes what was read and gives the steps it leads to, in order.
    pub(crate) fn feed(&mut self, bytes: &[u8], mut sink: impl FnMut(Step)) {
        if let Phase::Unknown = self.phase {
            return;
        }
        self.buffer.extend_from_slice(bytes);
        while !self.buffer.is_empty() && self.step(&mut sink) {}
    }

    /// One step; `false` when there is not enough for one.
    fn step(&mut self, sink: &mut impl FnMut(Step)) -> bool {
        match &mut self.phase {
            // READY may come behind the result, and is all that may.
            Phase::Judged { .. } if self.buffer.len() > limits::LISTENER_RESULT_LINE_BYTES => {
                let written = String::from_utf8_lossy(&self.buffer).into_owned();
                self.break_off(Outcome::NoReady(written), sink);
                false
            }
            Phase::Judged { .. } | Phase::Unknown => false,
            Phase::Acknowledged if self.buffer.len() < READY.len() => false,
            Phase::Acknowledged if self.buffer.starts_with(READY) => {
                self.buffer.drain(..READY.len());
                self.enter(Phase::Ready, Outcome::NoEvent, sink);
                true
            }
            Phase::Acknowledged | Phase::Ready => {
                let written = String::from_utf8_lossy(&self.buffer).into_owned();
                self.break_off(Outcome::NoReady(written), sink);
                false
            }
            Phase::Busy { length: Some(length), .. } => {
                let length = *length;
                if self.buffer.len() < length {
                    return false;
                }
                let result: Vec<u8> = self.buffer.drain(..length).collect();
                self.finish(&result, sink);
                true
            }
            Phase::Busy { length, .. } => {
                let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') else {
                    if self.buffer.len() > limits::LISTENER_RESULT_LINE_BYTES {
                        let line = String::from_utf8_lossy(&self.buffer).into_owned();
                        self.break_off(Outcome::BadResultLine(line), sink);
                    }
                    return false;
                };
                let line: Vec<u8> = self.buffer.drain(..=end).take(end).collect();
                match result_length(&line) {
                    // An empty result needs no further byte to be complete (quirks.md F34).
                    Some(0) => self.finish(&[], sink),
                    Some(known) => *length = Some(known),
                    None => {
                        let line = String::from_utf8_lossy(&line).into_owned();
                        self.break_off(Outcome::BadResultLine(line), sink);
                        return false;
                    }
                }
                true
            }
        }
    }

    /// A result is there: the default handler takes `OK` for processed and anything else for rejected.
    fn finish(&mut self, result: &[u8], sink: &mut impl FnMut(Step)) {
        if !self.is_judged_elsewhere {
            let outcome = if result == b"OK" { Outcome::Processed } else { Outcome::Rejected };
            return self.acknowledge(outcome, sink);
        }
        let Some(event) = self.take_event(Phase::Acknowledged) else { return };
        self.phase = Phase::Judged { event: event.clone() };
        let outcome = Outcome::ToBeJudged(event, result.to_vec());
        sink(Step { from: ListenerState::Busy, to: ListenerState::Busy, outcome });
    }

    /// The event is over, one way or the other.
    fn acknowledge(&mut self, outcome: impl FnOnce(PoolEvent) -> Outcome, sink: &mut impl FnMut(Step)) {
        let Some(event) = self.take_event(Phase::Acknowledged) else { return };
        self.breaches = 0;
        sink(Step { from: ListenerState::Busy, to: ListenerState::Acknowledged, outcome: outcome(event) });
    }

    /// Goes on with `phase`; the event that it had before, if it had one.
    fn take_event(&mut self, phase: Phase) -> Option<PoolEvent> {
        match std::mem::replace(&mut self.phase, phase) {
            Phase::Busy { event, .. } | Phase::Judged { event } => Some(event),
            Phase::Acknowledged | Phase::Ready | Phase::Unknown => None,
        }
    }

    /// The protocol is broken: nothing more is heard from this process.
    fn break_off(&mut self, outcome: Outcome, sink: &mut impl FnMut(Step)) {
        // Not only cleared: it may have been a flood.
        self.buffer = Vec::new();
        self.breaches = self.breaches.saturating_add(1);
        let from = self.state();
        let event = self.take_event(Phase::Unknown);
        sink(Step { from, to: ListenerState::Unknown, outcome });
        if let Some(event) = event {
            sink(Step { from: ListenerState::Unknown, to: ListenerState::Unknown, outcome: Outcome::Rejected(event) });
        }
    }

    fn enter(&mut self, phase: Phase, outcome: Outcome, sink: &mut impl FnMut(Step)) {
        let from = self.state();
        self.phase = phase;
        sink(Step { from, to: self.state(), outcome });
    }
}

impl Step {
    /// Whether the protocol was broken with it.
    pub(crate) fn is_breach(&self) -> bool {
        self.to == ListenerState::Unknown && self.from != self.to
    }
}

/// The length in `RESULT <length>`, within the bound. Blanks around it do not count, nor does a carriage return.
fn result_length(line: &[u8]) -> Option<usize> {
    let digits = line.strip_prefix(RESULT)?.trim_ascii();
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let length: usize = std::str::from_utf8(digits).ok()?.parse().ok()?;
    (length <= limits::LISTENER_RESULT_BYTES).then_some(length)
}
