//! TICK events: the beginning of each slice of 5, 60 and 3600 seconds of the wall clock (contract/events.md §2.1).
//!
//! The timer exists only while a pool subscribes, so that nobody else is woken for it.

use std::time::Duration;

use crate::clock::Now;
use crate::event::{Event, EventType};
use crate::host::Host;
use crate::supervisor::Supervisor;
use crate::timers::Timer;

/// Seconds of each slice, in the order in which events are raised. The first divides the others.
const PERIODS: [u32; 3] = [5, 60, 3600];

/// The slices seen last; `None` until the first look, which only remembers.
#[derive(Debug, Default)]
pub(crate) struct Ticks {
    slices: Option<[i64; 3]>,
}

impl Supervisor {
    /// Sets or takes back the timer, after pools have come or gone.
    pub(crate) fn update_tick_timer(&mut self, now: Now) {
        if !self.pools.iter().any(|pool| pool.subscribes_below(EventType::Tick)) {
            self.ticks.slices = None;
            return self.timers.cancel(Timer::Tick);
        }
        if self.ticks.slices.is_none() {
            self.ticks.slices = Some(slices(now));
            self.set_tick_timer(now);
        }
    }

    /// The timer has passed: raises an event for each slice that has begun. A late one skips slices, as upstream.
    pub(crate) fn tick(&mut self, now: Now, host: &mut impl Host) {
        let current = slices(now);
        let last = self.ticks.slices.replace(current);
        for (index, period) in PERIODS.into_iter().enumerate() {
            if last.is_some_and(|last| last[index] != current[index]) {
                let when = current[index] * i64::from(period);
                self.notify(&Event::Tick { period, when }, host);
            }
        }
        self.set_tick_timer(now);
    }

    fn set_tick_timer(&mut self, now: Now) {
        let period = Duration::from_secs(u64::from(PERIODS[0]));
        let into_slice = Duration::new(now.wall.as_secs() % period.as_secs(), now.wall.subsec_nanos());
        self.timers.set(Timer::Tick, now.monotonic.saturating_add(period.saturating_sub(into_slice)));
    }
}

fn slices(now: Now) -> [i64; 3] {
    PERIODS.map(|period| now.epoch_seconds().div_euclid(i64::from(period)))
}
