//! What the main log is told of events that a pool drops: the first few one by one, in the words that watchers of the
//! Python release look for, then once a second how many more, while it goes on. A line for each would be a flood of its
//! own; at the debug level there is one.
//!
//! Decides nothing about events, and counts nothing for clients ([`crate::event_listener_pool`] does). Invariants: each
//! dropped event is in exactly one of the ERRO lines; nothing is waited for once a second has passed without a drop.

use std::time::Duration;

use crate::host::Host;
use crate::limits;
use crate::log_level::LogLevel;
use crate::timers::after;

/// Seconds between two counts.
const COUNT_SECONDS: i64 = 1;

/// What is still to be told of one pool.
#[derive(Clone, Debug, Default)]
pub(crate) struct DropReport {
    flood: Option<Flood>,
}

/// Events are being dropped, or were a moment ago.
#[derive(Clone, Debug)]
struct Flood {
    /// When they are counted; `None`: the input that has begun it is not over yet.
    due: Option<Duration>,
    /// Lines about a single event so far.
    lines: u32,
    /// Dropped since the last line.
    untold: u64,
}

impl DropReport {
    /// An event is dropped.
    pub(crate) fn dropped(&mut self, pool: &str, serial: u64, host: &mut impl Host) {
        let flood = self.flood.get_or_insert(Flood { due: None, lines: 0, untold: 0 });
        if flood.lines < limits::OVERFLOW_LINES {
            flood.lines += 1;
            host.log(LogLevel::Error, format_args!("pool {pool} event buffer overflowed, discarding event {serial}"));
        } else {
            flood.untold += 1;
            host.log(LogLevel::Debug, format_args!("pool {pool} discards event {serial}"));
        }
    }

    /// Tells what is due. Gives when there may be more to tell.
    pub(crate) fn tell(&mut self, pool: &str, now: Duration, host: &mut impl Host) -> Option<Duration> {
        let flood = self.flood.as_mut()?;
        let due = *flood.due.get_or_insert(after(now, COUNT_SECONDS));
        if now < due {
            return Some(due);
        }
        if flood.untold == 0 {
            self.flood = None;
            return None;
        }
        self.tell_rest(pool, host);
        let due = after(now, COUNT_SECONDS);
        self.flood = Some(Flood { due: Some(due), lines: limits::OVERFLOW_LINES, untold: 0 });
        Some(due)
    }

    /// Tells what has not been told: the pool ends.
    pub(crate) fn tell_rest(&self, pool: &str, host: &mut impl Host) {
        let untold = self.flood.as_ref().map_or(0, |flood| flood.untold);
        if untold > 0 {
            host.log(
                LogLevel::Error,
                format_args!("pool {pool} event buffer overflowed, discarding {untold} more events within a second"),
            );
        }
    }
}
