//! What an extension is beyond a process: the channel that its child inherits, and a stop that begins with a word.
//!
//! The other end of the channel goes to the control plane, which speaks there; nothing is read or written here. The
//! signal of a stop is held back until the control plane asks for it, which it does when the extension has had its time
//! or cannot be spoken to. SIGKILL comes in its time whatever the control plane does.

use std::ffi::CString;
use std::io;
use std::os::fd::RawFd;
use std::os::unix::net::UnixStream;

use supervisor_core::{ExtensionConfig, KillTarget, Life, Signal};
use supervisor_protocol::plugin_host::BOOTSTRAP;

use super::os_host::{OsHost, child_of};
use crate::boundary::outbox::ExtensionNotice;

/// The number of the channel in the child, which a plain shell can name too.
pub(super) const CHANNEL: RawFd = 3;

/// The variable that names it.
pub(super) const CHANNEL_VARIABLE: &str = "SUPERVISOR_EXT_FD";

/// Both ends of a channel: ours, which does not block, and that of the child.
pub(super) fn channel() -> io::Result<(UnixStream, UnixStream)> {
    let (ours, theirs) = UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    Ok((ours, theirs))
}

/// The arguments of the plug-in host, behind its interpreter; none for an extension that is a program of its own. The
/// last is for people who look at processes.
pub(super) fn arguments_of_host(extension: &ExtensionConfig) -> impl Iterator<Item = CString> {
    let name = extension.process_name();
    let arguments = ["-c", BOOTSTRAP, &name].map(|argument| CString::new(argument).unwrap_or_default());
    arguments.into_iter().filter(|_| !extension.factory.is_empty())
}

/// The signal that asks an extension to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StopSignal {
    /// It will be held back when it comes.
    ToBeHeld(Signal),
    /// It waits until it is asked for.
    Held(KillTarget, Signal),
    /// It was sent.
    Sent,
}

impl OsHost {
    /// Holds back the signal that asks an extension to stop: it is told in words first. True if it is held.
    pub(super) fn hold_stop_signal(&mut self, target: KillTarget, signal: Signal) -> bool {
        let (KillTarget::Process(pid) | KillTarget::Group(pid)) = target;
        let Some(life) = self.by_pid.get(&pid).copied() else { return false };
        let Some(child) = child_of(&mut self.entries, life) else { return false };
        if child.stop_signal != Some(StopSignal::ToBeHeld(signal)) {
            return false;
        }
        let is_held = self.outbox.tell_of_extension(ExtensionNotice::Stopping { life });
        child.stop_signal = Some(if is_held { StopSignal::Held(target, signal) } else { StopSignal::Sent });
        is_held
    }

    /// Sends the signal that was held back, if it still is.
    pub(super) fn signal_stopping(&mut self, life: Life) {
        let Some(child) = child_of(&mut self.entries, life) else { return };
        if let Some(StopSignal::Held(target, signal)) = child.stop_signal {
            child.stop_signal = Some(StopSignal::Sent);
            // Whatever hinders it, SIGKILL follows in its time.
            supervisor_sys::kill(target, signal).ok();
        }
    }
}
