//! TICK events, at the beginning of each slice of time.
//!
//! The timer exists only while a pool subscribes, or somebody else wants them, so that nobody else is woken for it.

use crate::clock::Now;
use crate::event::{Event, EventType};
use crate::host::Host;
use crate::supervisor::Supervisor;
use crate::tick::next_slice;
use crate::timers::Timer;

impl Supervisor {
    /// Sets or takes back the timer, after pools have come or gone.
    pub(crate) fn update_tick_timer(&mut self, now: Now) {
        let is_watched = !self.tick_watchers.is_empty();
        if !is_watched && !self.pools.iter().any(|pool| pool.subscribes_below(EventType::Tick)) {
            self.ticks.end();
            return self.timers.cancel(Timer::Tick);
        }
        if self.ticks.begin(now) {
            self.timers.set(Timer::Tick, next_slice(now));
        }
    }

    /// The timer has passed: raises an event for each slice that has begun.
    pub(crate) fn tick(&mut self, now: Now, host: &mut impl Host) {
        for (period, when) in self.ticks.turn(now) {
            self.notify(&Event::Tick { period, when }, host);
        }
        self.timers.set(Timer::Tick, next_slice(now));
    }
}
