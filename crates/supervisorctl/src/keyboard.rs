//! What is typed on a terminal, handed to the line editor one line at a time.
//!
//! The editor's library reads all that is there and forgets what follows the line; but lines are pasted, typed ahead,
//! and written by other programs, and the ones after `fg` or `shutdown` are for whoever asks next. So the editor gets a
//! terminal of its own as standard input, and a thread passes on to it, from the real one, a line, and then the next
//! only if the editor has taken all of it and wants more. What was not passed on stays with the [`LineReader`], which
//! everything else reads from. The real terminal is in raw mode exactly while the editor works, and changing the mode
//! discards nothing (TCSADRAIN; termios(3)).

use std::fs::File;
use std::io::{self, PipeReader, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::thread;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::openpty;
use nix::sys::signal::{Signal, kill, raise};
use nix::sys::termios::{
    ControlFlags, OutputFlags, SetArg, SpecialCharacterIndices, Termios, cfmakeraw, tcgetattr, tcsetattr,
};
use nix::unistd::{Pid, dup2_stdin};
use supervisor_sys::start_thread;

use crate::limits::KEYBOARD_PACE_MILLIS;
use crate::line_reader::{END_OF_INPUT, LineReader, is_line_end};

/// What terminals put around pasted text if they are asked to, which we never do.
const PASTE_MARKS: [&[u8]; 2] = [b"\x1b[200~", b"\x1b[201~"];

/// The editor's own terminal.
pub(crate) struct Keyboard {
    /// Where keys go in.
    keys: File,
    /// The editor's end; standard input too.
    editor: File,
}

impl Keyboard {
    /// Takes over standard input, whose terminal `reader` goes on reading; `None` where no terminal is to be had.
    pub(crate) fn take_over(reader: &LineReader) -> Option<Self> {
        let mut settings = tcgetattr(reader.file()).ok()?;
        cfmakeraw(&mut settings);
        let pair = openpty(None, &settings).ok()?;
        let keyboard = Self { keys: pair.master.into(), editor: pair.slave.into() };
        dup2_stdin(&keyboard.editor).ok()?;
        Some(keyboard)
    }

    /// Lets `edit` read a line from standard input.
    pub(crate) fn while_editing<T>(&mut self, reader: &mut LineReader, edit: impl FnOnce() -> T) -> io::Result<T> {
        let (until, stop) = io::pipe()?;
        reader.take_what_is_there();
        let mode = RawMode::enter(reader.file())?;
        reader.take_what_was_switched();
        let outcome = thread::scope(|scope| {
            let mut passing = Passing { keys: &self.keys, editor: &self.editor, reader: &mut *reader, mode };
            let builder = thread::Builder::new();
            let passing = start_thread(|| builder.spawn_scoped(scope, move || passing.run(&until)))?;
            let outcome = edit();
            drop(stop);
            // What went wrong on its way is seen when the next line is read.
            drop(passing.join());
            Ok::<_, io::Error>(outcome)
        })?;
        reader.put_back(&self.not_taken());
        Ok(outcome)
    }

    /// What the editor has left in its terminal.
    fn not_taken(&self) -> Vec<u8> {
        let mut bytes = [0; 4096];
        let mut editor = &self.editor;
        let count = if is_readable(editor) { editor.read(&mut bytes).unwrap_or(0) } else { 0 };
        bytes.get(..count).unwrap_or_default().to_vec()
    }
}

/// The terminal in raw mode; as it was again when this goes out of scope.
struct RawMode {
    terminal: File,
    before: Termios,
    raw: Termios,
}

impl RawMode {
    fn enter(terminal: &File) -> io::Result<Self> {
        let terminal = terminal.try_clone()?;
        let before = tcgetattr(&terminal)?;
        let mut raw = before.clone();
        cfmakeraw(&mut raw);
        // What is shown goes the usual way.
        raw.output_flags = before.output_flags | OutputFlags::OPOST;
        raw.control_flags = before.control_flags | ControlFlags::CS8;
        tcsetattr(&terminal, SetArg::TCSADRAIN, &raw)?;
        Ok(Self { terminal, before, raw })
    }

    /// The key for it was pressed: stops the job as the terminal would have, in the terminal's own mode.
    fn suspend(&self) {
        let set = |mode| tcsetattr(&self.terminal, SetArg::TCSADRAIN, mode);
        let _ = set(&self.before);
        let _ = kill(Pid::from_raw(0), Signal::SIGTSTP);
        // That may stop another thread first, and this one must not go on.
        let _ = raise(Signal::SIGTSTP);
        let _ = set(&self.raw);
        // The window may be another, and the line has to be shown again.
        let _ = kill(Pid::this(), Signal::SIGWINCH);
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        // A terminal that has gone has no mode.
        let _ = tcsetattr(&self.terminal, SetArg::TCSADRAIN, &self.before);
    }
}

/// The thread's work.
struct Passing<'a> {
    keys: &'a File,
    editor: &'a File,
    reader: &'a mut LineReader,
    /// The thread's own: when it ends, the terminal is as before.
    mode: RawMode,
}

impl Passing<'_> {
    /// Until `until` is closed, or the terminal has gone, which the editor is told.
    fn run(&mut self, until: &PipeReader) -> io::Result<()> {
        let suspend = self.mode.before.control_chars[SpecialCharacterIndices::VSUSP as usize];
        loop {
            let rest = self.reader.typed();
            for mark in PASTE_MARKS {
                while let Some(place) = rest.windows(mark.len()).position(|part| part == mark) {
                    rest.drain(place..place + mark.len());
                }
            }
            if rest.first() == Some(&suspend) {
                rest.remove(0);
                self.mode.suspend();
                continue;
            }
            let end = rest.iter().position(|byte| *byte == suspend).unwrap_or(rest.len());
            let line_end = rest.iter().take(end).position(|byte| is_line_end(*byte));
            let ready: Vec<u8> = rest.drain(..line_end.map_or(end, |place| place + 1)).collect();
            self.keys.write_all(&ready)?;
            if line_end.is_some() {
                while is_readable(self.editor) {
                    if is_closed_within(until, PollTimeout::from(KEYBOARD_PACE_MILLIS)) {
                        return Ok(());
                    }
                }
            }
            if is_closed_within(until, PollTimeout::ZERO) {
                return Ok(());
            }
            if self.reader.typed().is_empty() && !self.wait(until)? {
                return Ok(());
            }
        }
    }

    /// Waits for keys and takes them; `false` when the editor wants no more.
    fn wait(&mut self, until: &PipeReader) -> io::Result<bool> {
        let mut either =
            [PollFd::new(self.mode.terminal.as_fd(), PollFlags::POLLIN), PollFd::new(until.as_fd(), PollFlags::POLLIN)];
        poll(&mut either, PollTimeout::NONE)?;
        if either[1].any() == Some(true) {
            return Ok(false);
        }
        if self.reader.take_keys() == 0 {
            // To the end of the line, away with it, and no more comes.
            self.keys.write_all(&[0x05, 0x15, END_OF_INPUT])?;
            return Ok(false);
        }
        Ok(true)
    }
}

fn is_readable(file: &File) -> bool {
    let mut only = [PollFd::new(file.as_fd(), PollFlags::POLLIN)];
    poll(&mut only, PollTimeout::ZERO).is_ok_and(|count| count > 0)
}

fn is_closed_within(until: &PipeReader, patience: PollTimeout) -> bool {
    let mut only = [PollFd::new(until.as_fd(), PollFlags::POLLIN)];
    poll(&mut only, patience).is_ok_and(|count| count > 0)
}
