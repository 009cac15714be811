//! From what should be done to what is done: each process takes the step that the planner names, and what a transition
//! leads to is drawn from a queue, in one loop.
//!
//! A transition (in [`crate::lifecycle`]) raises its event at once, answers who waited for it, and is noted here; its
//! process is asked for its next step when the loop comes to it. So no transition calls another, however many processes
//! depend on each other: first all is marked, then it is acted upon, as in dinit. The loop ends, since each step leads
//! to a transition or to a time in the future.

use crate::clock::Now;
use crate::consequence::Consequence;
use crate::goal::{Goal, PendingStart, PutOff, PutOffReason, Turn, UpCause};
use crate::host::Host;
use crate::planner::{self, Step};
use crate::process::Phase;
use crate::process_id::ProcessId;
use crate::supervisor::Supervisor;
use crate::timers::Timer;

impl Supervisor {
    /// Draws what is noted, and what is noted by that.
    pub(crate) fn draw_consequences(&mut self, now: Now, host: &mut impl Host) {
        while let Some(consequence) = self.consequences.next() {
            match consequence {
                // What cannot be signalled has become UNKNOWN, which is a transition too.
                Consequence::NextStep(id) => self.pursue(now, id, host).unwrap_or_default(),
                Consequence::Release(life) => self.release(life, host),
            }
        }
    }

    /// Lets a process take its next step. The error is what a client is told whose stop it was.
    pub(crate) fn pursue(&mut self, now: Now, id: ProcessId, host: &mut impl Host) -> Result<(), String> {
        let outcome = self.take_step(now, id, host);
        self.tell_start(id, host);
        outcome
    }

    /// Whether and when a process starts is told, where it is not the same as before.
    pub(crate) fn tell_start(&mut self, id: ProcessId, host: &mut impl Host) {
        let Some(process) = self.processes.get(id) else { return };
        let starts_at = process.start_to_tell();
        if starts_at != process.starts_at {
            self.processes.change(id, host).starts_at = starts_at;
        }
    }

    fn take_step(&mut self, now: Now, id: ProcessId, host: &mut impl Host) -> Result<(), String> {
        let Some(process) = self.processes.get(id) else { return Ok(()) };
        match planner::next_step(process, &process.goal, now.monotonic) {
            Step::Nothing => self.timers.cancel(Timer::Process(id)),
            Step::WaitUntil(at) => self.timers.set(Timer::Process(id), at),
            Step::AwaitTurn => self.await_turn(id),
            Step::Spawn => {
                if let Goal::Up { cause, .. } = process.goal {
                    self.spawn(now, id, cause, host);
                }
            }
            Step::Promote => self.promote(now, id, host),
            Step::Stop => return self.stop(now, id, host),
            Step::Kill => return self.kill(now, id, host),
            Step::GiveUp(reason) => self.give_up(now, id, reason, host),
        }
        Ok(())
    }

    /// Its group is there: it awaits its turn if it starts by itself, after its `start_delay`.
    pub(crate) fn begin_autostart(&mut self, id: ProcessId, host: &mut impl Host) {
        let process = &mut self.processes[id];
        if !process.goal.is_up() {
            return;
        }
        let delay = process.config.start.delay;
        if delay.is_zero() {
            return self.await_turn(id);
        }
        let until = self.now.saturating_add(delay);
        process.goal = Goal::start(UpCause::Autostart, Some(PutOff { until, reason: PutOffReason::StartDelay }));
        self.timers.set(Timer::Process(id), until);
        self.tell_start(id, host);
    }

    /// Before the first input there was no time: delays that began then begin now.
    pub(crate) fn count_delays_from_now(&mut self, host: &mut impl Host) {
        for id in self.groups.members_by_name().collect::<Vec<_>>() {
            let put_off = self.processes[id].goal.pending().and_then(|pending| pending.put_off);
            if put_off.is_some_and(|put_off| put_off.reason == PutOffReason::StartDelay) {
                self.begin_autostart(id, host);
            }
        }
    }

    /// A start that nobody asked for and that comes too soon after the one before it is put off.
    fn is_staggered(&mut self, now: Now, id: ProcessId) -> bool {
        let gap = self.settings.start_stagger;
        let Some(process) = self.processes.get_mut(id) else { return false };
        let Goal::Up { cause: UpCause::Autostart, pending: Some(pending) } = &mut process.goal else { return false };
        if gap.is_zero() {
            return false;
        }
        let has_waited = pending.put_off.is_some_and(|put_off| put_off.reason == PutOffReason::Stagger);
        let until = self.stagger.admit(now.monotonic, gap, has_waited);
        let is_put_off = until > now.monotonic;
        if is_put_off {
            let put_off = Some(PutOff { until, reason: PutOffReason::Stagger });
            *pending = PendingStart { put_off, turn: Turn::NotAwaited };
        }
        is_put_off
    }

    /// A pending start goes into the start queue.
    pub(crate) fn await_turn(&mut self, id: ProcessId) {
        self.timers.cancel(Timer::Process(id));
        if let Some(pending) = self.processes.get_mut(id).and_then(|process| process.goal.pending_mut()) {
            pending.turn = Turn::Awaited;
            self.start_queue.push(id);
        }
    }

    /// Starts those of the start queue whose turn it is.
    pub(crate) fn start_queued(&mut self, now: Now, host: &mut impl Host) {
        for id in self.start_queue.take_turn() {
            let Some(process) = self.processes.get_mut(id) else { continue };
            let Some(pending) = process.goal.pending_mut().filter(|pending| pending.turn == Turn::Awaited) else {
                continue;
            };
            pending.turn = Turn::Come;
            let is_staggered = self.is_staggered(now, id);
            self.pursue(now, id, host).ok();
            if is_staggered {
                continue;
            }
            let process = &mut self.processes[id];
            if matches!(process.phase, Phase::Starting { .. }) && process.config.start.startsecs <= 0 {
                process.waits_for_batch = true;
                self.start_queue.wait_for_batch(id);
            }
            // One that has failed for good is FATAL before the next one is started.
            self.draw_consequences(now, host);
        }
        for id in self.start_queue.end_batch() {
            let Some(process) = self.processes.get_mut(id) else { continue };
            process.waits_for_batch = false;
            self.pursue(now, id, host).ok();
        }
    }
}
