//! What only a terminal can do: keep a typed password to itself.

use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::os::fd::AsFd as _;

use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};

use crate::line_reader::LineReader;
use crate::world::Line;

/// The terminal of the session with its echo switched off; switched on again when this goes out of scope.
pub(crate) struct SecretPrompt {
    terminal: File,
    reader: LineReader,
    settings: Termios,
}

impl SecretPrompt {
    /// Standard input if that is a terminal, or else the controlling terminal, so that commands may come from a
    /// file and the password does not have to; `None` if there is neither.
    pub(crate) fn open() -> Option<Self> {
        let terminal = if io::stdin().is_terminal() {
            io::stdin().as_fd().try_clone_to_owned().ok()?.into()
        } else {
            File::options().read(true).write(true).open("/dev/tty").ok()?
        };
        let settings = tcgetattr(&terminal).ok()?;
        let reader = LineReader::new(terminal.try_clone().ok()?);
        let mut silent = settings.clone();
        silent.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(&terminal, SetArg::TCSAFLUSH, &silent).ok()?;
        Some(Self { terminal, reader, settings })
    }

    /// Prints the prompt.
    pub(crate) fn show(&mut self, prompt: &str) {
        // A terminal that cannot be written cannot be told so either; the read that follows ends.
        drop(self.terminal.write_all(prompt.as_bytes()));
    }

    /// What is typed, up to the end of the line.
    pub(crate) async fn read_line(&mut self) -> Line {
        self.reader.next_line().await
    }
}

impl Drop for SecretPrompt {
    fn drop(&mut self) {
        // A terminal that has gone needs no echo.
        let _ = tcsetattr(&self.terminal, SetArg::TCSAFLUSH, &self.settings);
        drop(self.terminal.write_all(b"\n"));
    }
}
