//! Which processes somebody should have a look at: one function for metrics and for the API, so that a count and the
//! list behind it never differ.

use supervisor_core::{ProcessInfo, ProcessState};

/// It has failed, or cannot be reached.
pub(super) fn needs_attention(info: &ProcessInfo) -> bool {
    match info.state {
        ProcessState::Fatal | ProcessState::Backoff | ProcessState::Unknown => true,
        ProcessState::Exited => info.last_exit.is_some_and(|last| !last.expected),
        ProcessState::Stopped | ProcessState::Starting | ProcessState::Running | ProcessState::Stopping => false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use supervisor_core::{ExitStatus, LastExit};

    use super::*;
    use crate::test_data::process_info;

    #[test]
    fn what_has_failed_needs_some_and_what_is_done_does_not() {
        let at_all = ProcessState::ALL.map(|state| needs_attention(&ProcessInfo { state, ..process_info("cat") }));
        assert_eq!(at_all.iter().filter(|needs| **needs).count(), 3);
        for expected in [true, false] {
            let (at, ran_for) = (Duration::ZERO, Duration::ZERO);
            let last_exit = Some(LastExit { at, status: ExitStatus::Exited(1), expected, ran_for });
            let ended = ProcessInfo { state: ProcessState::Exited, last_exit, ..process_info("cat") };
            assert_eq!(needs_attention(&ended), !expected);
        }
    }
}
