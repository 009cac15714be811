//! Output of a child on its way: through its dispatcher to the log, the main log and events (contract/processes.md
//! §6). The stdout of an event listener is the protocol instead.

use std::sync::Arc;

use crate::channel::Channel;
use crate::clock::Now;
use crate::event::Event;
use crate::goal::{Goal, UpCause};
use crate::group_config::Verdict;
use crate::host::Host;
use crate::limits::PROCESS_LOG_BYTES;
use crate::log_level::LogLevel;
use crate::output_dispatcher::{Piece, strip_ansi};
use crate::process_config::ProcessConfig;
use crate::process_id::{Life, Pid, ProcessId};
use crate::reply::Reply;
use crate::supervisor::Supervisor;
use crate::undecodable::{python_bytes, text_of};

impl Supervisor {
    /// A child wrote something.
    pub(crate) fn output(&mut self, now: Now, life: Life, channel: Channel, bytes: &[u8], host: &mut impl Host) {
        let id = life.process;
        if self.life(id) != Some(life) {
            return self.late_output(life, channel, bytes, host);
        }
        let is_listener = self.processes.get(id).is_some_and(|process| process.listener.is_some());
        if is_listener && channel == Channel::Stdout {
            self.append_protocol(id, bytes, host);
            let is_to_restart = self.listener_output(id, bytes, host);
            return self.after_protocol(now, id, is_to_restart, host);
        }
        self.dispatch_output(id, channel, Some(bytes), host);
    }

    /// The result of a listener has been judged. Of an earlier life it is nobody's business any more.
    pub(crate) fn judge(&mut self, now: Now, life: Life, serial: u64, verdict: Verdict, host: &mut impl Host) -> Reply {
        if self.life(life.process) == Some(life) {
            let is_to_restart = self.listener_judged(life.process, serial, verdict, host);
            self.after_protocol(now, life.process, is_to_restart, host);
        }
        Reply::Done
    }

    /// A listener has moved on in its protocol, or has broken it.
    fn after_protocol(&mut self, now: Now, id: ProcessId, is_to_restart: bool, host: &mut impl Host) {
        if is_to_restart {
            self.processes[id].goal = Goal::Again { cause: UpCause::ProtocolError };
            // What cannot be signalled has become UNKNOWN, and is started again when it has ended.
            self.pursue(now, id, host).ok();
        }
        self.dispatch_for(id, host);
    }

    /// What an earlier life has left is logged, and no more: it is not what the present one says to its pool, in its
    /// messages, or with its pid.
    fn late_output(&mut self, life: Life, channel: Channel, bytes: &[u8], host: &mut impl Host) {
        if self.knows(life.process) {
            host.append_log(life.process, channel, bytes);
        }
    }

    /// Logs what a listener said.
    fn append_protocol(&mut self, id: ProcessId, bytes: &[u8], host: &mut impl Host) {
        host.append_log(id, Channel::Stdout, bytes);
        log_output(&self.processes[id].config, Channel::Stdout, bytes, OutputForm::PythonBytes, host);
    }

    /// The end of a child's output: what its dispatchers hold back.
    pub(crate) fn flush_output(&mut self, id: ProcessId, host: &mut impl Host) {
        for channel in Channel::BOTH {
            self.dispatch_output(id, channel, None, host);
        }
    }

    fn dispatch_output(&mut self, id: ProcessId, channel: Channel, bytes: Option<&[u8]>, host: &mut impl Host) {
        let Some(process) = self.processes.get_mut(id) else { return };
        let config = Arc::clone(&process.config);
        let source = Source { id, channel, group: Arc::clone(&process.group), pid: process.phase.pid(), config };
        // Out of the table for the moment, since its pieces are events of the supervisor it belongs to.
        let mut dispatcher = std::mem::take(process.dispatcher(channel));
        let mut sink = |piece: Piece<'_>| self.dispatch_piece(&source, piece, host);
        match bytes {
            Some(bytes) => dispatcher.feed(bytes, &mut sink),
            None => dispatcher.finish(&mut sink),
        }
        if let Some(process) = self.processes.get_mut(id) {
            *process.dispatcher(channel) = dispatcher;
        }
    }

    fn dispatch_piece(&mut self, source: &Source, piece: Piece<'_>, host: &mut impl Host) {
        let Source { id, channel, config, pid, group } = source;
        let (channel, pid, process) = (*channel, *pid, &*config.name);
        let stripped;
        let (Piece::Log(data) | Piece::Captured(data) | Piece::Message(data)) = &piece;
        let data = if self.settings.strip_ansi && !matches!(piece, Piece::Message(_)) {
            stripped = strip_ansi(data);
            &stripped
        } else {
            *data
        };
        match piece {
            Piece::Log(_) => {
                host.append_log(*id, channel, data);
                log_output(config, channel, data, OutputForm::Text, host);
                if config.log.channel(channel).events_enabled {
                    for data in parts_for_events(data) {
                        self.notify(&Event::ProcessLog { process, group, pid, channel, data }, host);
                    }
                }
            }
            Piece::Captured(_) => log_output(config, channel, data, OutputForm::Text, host),
            Piece::Message(_) => {
                self.notify(&Event::ProcessCommunication { process, group, pid, channel, data }, host);
                let name = channel.name();
                host.log(LogLevel::Debug, format_args!("'{process}' {name} emitted a comm event"));
            }
        }
    }
}

/// What is read at a time may be more than listeners are used to. No character is cut if it is text.
fn parts_for_events(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = data;
    std::iter::from_fn(move || {
        let mut end = rest.len().min(PROCESS_LOG_BYTES);
        if let Some(after) = rest.get(end) {
            // A character has four bytes at most, and the last three do not begin one.
            let begins = |place: usize| rest[place] & 0b1100_0000 != 0b1000_0000;
            let first_of_character =
                if after & 0b1100_0000 == 0b1000_0000 { (end - 3..end).rev().find(|it| begins(*it)) } else { None };
            end = first_of_character.unwrap_or(end);
        }
        let (part, later) = rest.split_at(end);
        rest = later;
        (!part.is_empty()).then_some(part)
    })
}

/// Where a piece of output comes from.
struct Source {
    id: ProcessId,
    channel: Channel,
    config: Arc<ProcessConfig>,
    group: Arc<str>,
    pid: Option<Pid>,
}

/// Output of a child in the main log, at debug.
fn log_output(config: &ProcessConfig, channel: Channel, data: &[u8], form: OutputForm, host: &mut impl Host) {
    if host.log_enabled(LogLevel::Debug) {
        let text = match form {
            OutputForm::Text => text_of(data),
            OutputForm::PythonBytes => python_bytes(data).into(),
        };
        host.log(LogLevel::Debug, format_args!("'{}' {} output:\n{text}", config.name, channel.name()));
    }
}

/// How output is shown in the main log.
#[derive(Clone, Copy)]
enum OutputForm {
    Text,
    /// As Python shows bytes: the protocol of a listener.
    PythonBytes,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_bounded_and_cut_no_character() {
        for (character, lead) in ["a", "é", "日", "🦀"].into_iter().flat_map(|it| [(it, ""), (it, "x")]) {
            let text = lead.to_owned() + &character.repeat(PROCESS_LOG_BYTES * 2 / character.len() + 5);
            let parts: Vec<&[u8]> = parts_for_events(text.as_bytes()).collect();
            assert!(parts.concat() == text.as_bytes());
            assert!(parts.iter().all(|part| part.len() <= PROCESS_LOG_BYTES && std::str::from_utf8(part).is_ok()));
            assert!(parts[0].len() > PROCESS_LOG_BYTES - 4, "{character}");
        }
        let no_text = vec![0x80; PROCESS_LOG_BYTES + 1];
        assert_eq!(parts_for_events(&no_text).map(<[u8]>::len).collect::<Vec<_>>(), [PROCESS_LOG_BYTES, 1]);
        assert_eq!(parts_for_events(b"").count(), 0);
    }
}
