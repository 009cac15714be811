//! What the main log is told of pools: who is held up by a full one and for how long, how many events are dropped, and
//! what a pool leaves undone at its end.
//!
//! Looks at the pools at the end of each input. Invariant: what is held up for longer than a moment is told.

use std::time::Duration;

use crate::event_journal::JournalFate;
use crate::event_listener_pool::{Blocking, EventListenerPool};
use crate::group_config::Overflow;
use crate::host::Host;
use crate::log_level::LogLevel;
use crate::supervisor::Supervisor;
use crate::timers::{Timer, after};

/// Seconds that a pool has to have had room before that is told: one that is full again and again is told once.
const RELIEF_SECONDS: i64 = 5;

impl Supervisor {
    /// Tells when a pool begins to hold others up, and when it has ended to.
    pub(crate) fn report_blocking(&mut self, host: &mut impl Host) {
        let (now, released) = (self.now, self.shutdown.is_some());
        let mut next: Option<Duration> = None;
        for pool in &mut self.pools {
            let full = pool.is_full();
            if pool.blocking.is_none() && !full {
                continue;
            }
            let ends = pool.report_blocking(full && !released, released, now, host);
            next = [next, ends].into_iter().flatten().min();
        }
        if let Some(next) = next {
            self.timers.set(Timer::PoolRelief, next);
        }
    }

    /// Tells what is due of all pools; to be called at the end of each input.
    pub(crate) fn report_dropped_events(&mut self, host: &mut impl Host) {
        let now = self.now;
        let dues = self.pools.iter_mut().filter_map(|pool| pool.drop_report.tell(&pool.name, now, host));
        if let Some(due) = dues.min() {
            self.timers.set(Timer::DroppedEvents, due);
        }
    }
}

impl EventListenerPool {
    /// What a pool that is removed leaves undone.
    pub(crate) fn report_removal(&self, fate: JournalFate, now: Duration, host: &mut impl Host) {
        let (name, held) = (&self.name, self.held());
        self.drop_report.tell_rest(name, host);
        let kept = match fate {
            JournalFate::Kept => held.in_journal,
            JournalFate::Deleted => 0,
        };
        let lost = held.in_journal + held.in_memory_alone - kept;
        if self.config.overflow != Overflow::DropOldest && lost > 0 {
            host.log(LogLevel::Warn, format_args!("pool {name} was removed with {lost} events that nobody has got"));
        }
        if kept > 0 {
            host.log(
                LogLevel::Info,
                format_args!("pool {name} was removed; {kept} events wait in its journal until it is there again"),
            );
        }
        if self.spill.is_some() {
            host.close_journal(name, fate);
        }
        if let Some(blocking) = &self.blocking {
            blocking.report_end(name, now, host);
        }
    }

    /// What supervisord leaves undone when it ends.
    pub(crate) fn report_end(&self, host: &mut impl Host) {
        let (name, held) = (&self.name, self.held());
        self.drop_report.tell_rest(name, host);
        if self.config.overflow != Overflow::DropOldest && held.in_memory_alone > 0 {
            let lost = held.in_memory_alone;
            host.log(LogLevel::Warn, format_args!("pool {name} ends with {lost} events that nobody has got"));
        }
        if held.in_journal > 0 {
            let kept = held.in_journal;
            host.log(
                LogLevel::Info,
                format_args!("{kept} events of pool {name} wait in its journal for the next start"),
            );
        }
    }

    /// The time at which it has had room for long enough.
    fn report_blocking(&mut self, full: bool, released: bool, now: Duration, host: &mut impl Host) -> Option<Duration> {
        let name = &self.name;
        let Some(blocking) = &mut self.blocking else {
            if full {
                self.blocking = Some(Blocking { since: now, relieved: None });
                let waiting = self.buffer.len();
                host.log(
                    LogLevel::Warn,
                    format_args!(
                        "pool {name} is full with {waiting} events: programs and clients whose events it wants wait \
                         from now on (overflow=block), until its listeners have worked; see to them, or raise its \
                         buffer_size"
                    ),
                );
            }
            return None;
        };
        if full {
            blocking.relieved = None;
            return None;
        }
        let ends = after(*blocking.relieved.get_or_insert(now), RELIEF_SECONDS);
        if now < ends && !released {
            return Some(ends);
        }
        blocking.report_end(name, now, host);
        self.blocking = None;
        None
    }
}

impl Blocking {
    /// How long others have been held up.
    fn length(&self, now: Duration) -> Duration {
        self.relieved.unwrap_or(now).saturating_sub(self.since)
    }

    pub(crate) fn report_end(&self, pool: &str, now: Duration, host: &mut impl Host) {
        let seconds = self.length(now).as_secs_f64();
        host.log(
            LogLevel::Info,
            format_args!("pool {pool} holds nobody up any more; programs and clients waited for {seconds:.1} s"),
        );
    }
}
