//! What the main log says of a step in the protocol of a listener: in the order of the Python release, unless the
//! listener is restarted for it (docs/events.md).
//!
//! Only words; who logs them is [`crate::event_dispatch`].

use std::fmt;

use crate::group_config::OnProtocolError;
use crate::limits;
use crate::listener_protocol::{ListenerState, Outcome, Step};
use crate::log_level::LogLevel;

/// One line, not written yet, so that one that nobody sees costs nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Remark<'a> {
    pub(crate) level: LogLevel,
    listener: &'a str,
    what: What<'a>,
}

#[derive(Clone, Copy, Debug)]
enum What<'a> {
    /// It broke the protocol of this pool with these words, and is restarted.
    Restarted {
        pool: &'a str,
        written: &'a str,
    },
    Processed,
    Rejected,
    BadResultLine(&'a str),
    NotJudged,
    Moved {
        from: ListenerState,
        to: ListenerState,
    },
    GoneUnknown,
    /// What it wrote in this state.
    Wrote {
        state: ListenerState,
        written: &'a str,
    },
}

/// What is to be said of a step of this listener, a member of this pool.
pub(crate) fn remarks<'a>(
    step: &'a Step,
    listener: &'a str,
    pool: &'a str,
    on_error: OnProtocolError,
) -> impl Iterator<Item = Remark<'a>> {
    let remark = move |level, what| Some(Remark { level, listener, what });
    let told = match (on_error, &step.outcome) {
        (OnProtocolError::Restart, Outcome::NoReady(written) | Outcome::BadResultLine(written)) => {
            [remark(LogLevel::Warn, What::Restarted { pool, written }), None, None, None]
        }
        (
            OnProtocolError::Restart,
            Outcome::NoEvent
            | Outcome::Processed(_)
            | Outcome::Rejected(_)
            | Outcome::ToBeJudged(..)
            | Outcome::NotJudged,
        )
        | (OnProtocolError::Unknown, _) => {
            let of_event = match &step.outcome {
                Outcome::Processed(_) => remark(LogLevel::Debug, What::Processed),
                Outcome::Rejected(_) if step.to == ListenerState::Acknowledged => {
                    remark(LogLevel::Warn, What::Rejected)
                }
                Outcome::BadResultLine(line) => remark(LogLevel::Warn, What::BadResultLine(line)),
                Outcome::NotJudged => remark(LogLevel::Warn, What::NotJudged),
                Outcome::NoEvent | Outcome::NoReady(_) | Outcome::Rejected(_) | Outcome::ToBeJudged(..) => None,
            };
            let (from, to) = (step.from, step.to);
            let moved = if from == to { None } else { remark(LogLevel::Debug, What::Moved { from, to }) };
            let unknown = if step.is_breach() { remark(LogLevel::Warn, What::GoneUnknown) } else { None };
            let said = match &step.outcome {
                Outcome::NoReady(written) => remark(LogLevel::Warn, What::Wrote { state: from, written }),
                Outcome::NoEvent
                | Outcome::Processed(_)
                | Outcome::Rejected(_)
                | Outcome::BadResultLine(_)
                | Outcome::ToBeJudged(..)
                | Outcome::NotJudged => None,
            };
            [of_event, moved, unknown, said]
        }
    };
    told.into_iter().flatten()
}

impl fmt::Display for Remark<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.listener)?;
        match self.what {
            What::Restarted { pool, written } => write!(
                f,
                "broke the event listener protocol of pool {pool} with '{}', and is restarted \
                 (on_protocol_error=restart)",
                excerpt(written)
            ),
            What::Processed => f.write_str("event was processed"),
            What::Rejected => f.write_str("event was rejected"),
            What::NotJudged => f.write_str("event caused an error"),
            What::BadResultLine(line) => write!(f, "bad result line: '{line}'"),
            What::Moved { from, to } => write!(f, "{} -> {}", from.name(), to.name()),
            What::Wrote { state, written } => {
                let why = match state {
                    ListenerState::Acknowledged => "in the place of READY",
                    ListenerState::Ready => "before it was sent an event",
                    ListenerState::Busy | ListenerState::Unknown => "in the place of its result",
                };
                write!(f, "it wrote '{}' {why}", excerpt(written))
            }
            What::GoneUnknown => f.write_str(
                "has entered the UNKNOWN state and will no longer receive events, this usually indicates the \
                 process violated the eventlistener protocol",
            ),
        }
    }
}

/// The beginning of what a listener wrote, on one line.
pub(crate) fn excerpt(written: &str) -> String {
    let shown: String = written.chars().take(limits::LISTENER_EXCERPT_CHARACTERS).collect();
    let more = if shown.len() < written.len() { "..." } else { "" };
    format!("{}{more}", shown.escape_debug())
}
