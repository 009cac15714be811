//! What a full pool of event listeners with `overflow=block` means for the programs whose output makes its events:
//! their output is not read until there is room again, so it waits in their own pipes.
//!
//! The core knows who is held up and why; here is only which streams are not read meanwhile. A stream that its log
//! holds up too (`log_backpressure.rs`) is held by one of both, and asked about the other when it is to be read again.
//! Nothing polls: room comes with an input of the core, and each turn of the loop ends with a look at what is held.

use supervisor_core::{Channel, Life, ProcessId};

use super::child::Visit;
use super::os_host::{OsHost, child_of};

impl OsHost {
    /// Stops to read a stream.
    pub(super) fn hold_for_events(&mut self, life: Life, channel: Channel) {
        let Self { kernel, entries, held_for_events, .. } = self;
        let stream = child_of(entries, life).and_then(|child| child.stream(channel).as_mut());
        if let Some(stream) = stream
            && kernel.hold(life, channel, stream)
        {
            held_for_events.push((life, channel));
        }
    }

    /// Reads the streams again that are held up no more: as many as there is room for events, the others in the next
    /// turn. If all were read for one place that is free, all but one would be held again.
    pub(super) fn resume_for_events(&mut self, room: usize, is_held: impl Fn(ProcessId, Channel) -> bool) {
        let Self { kernel, entries, held_for_events, .. } = self;
        let (mut resumed, mut has_more) = (0, false);
        held_for_events.retain(|(life, channel)| {
            // It may have ended meanwhile.
            let stream = child_of(entries, *life).and_then(|child| child.stream(*channel).as_mut());
            let Some(stream) = stream.filter(|stream| stream.visit == Visit::Held) else { return false };
            if is_held(life.process, *channel) {
                return true;
            }
            has_more |= resumed == room;
            if resumed < room {
                resumed += 1;
                kernel.resume(*life, *channel, stream);
                return false;
            }
            true
        });
        if has_more {
            kernel.wake();
        }
    }
}
