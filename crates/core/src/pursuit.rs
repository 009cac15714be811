//! From what should be done to what is done: each process takes the step that the planner names, and what a transition
//! leads to is drawn from a queue, in one loop.
//!
//! A transition (in [`crate::lifecycle`]) raises its event at once, answers who waited for it, and is noted here; its
//! process is asked for its next step when the loop comes to it. So no transition calls another, however many processes
//! depend on each other: first all is marked, then it is acted upon, as in dinit. The loop ends, since each step leads
//! to a transition or to a time in the future.

use crate::clock::Now;
use crate::consequence::Consequence;
use crate::goal::{Goal, Turn};
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
            self.pursue(now, id, host).ok();
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
