//! What only a terminal can do: keep a typed password to itself, and have a width.

use std::fs::File;
use std::io::{self, Write as _};

use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};

/// A terminal with its echo switched off; switched on again when this goes out of scope. What was typed before and
/// after it is kept: it may be the password, or the next command, from a program that does not wait for a question.
pub(crate) struct SecretPrompt {
    terminal: File,
    settings: Termios,
}

impl SecretPrompt {
    /// On this terminal.
    pub(crate) fn on(terminal: &File) -> io::Result<Self> {
        let terminal = terminal.try_clone()?;
        let settings = tcgetattr(&terminal)?;
        let mut silent = settings.clone();
        silent.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(&terminal, SetArg::TCSADRAIN, &silent)?;
        Ok(Self { terminal, settings })
    }

    /// Prints the prompt.
    pub(crate) fn show(&mut self, prompt: &str) {
        // A terminal that cannot be written cannot be told so either; the read that follows ends.
        drop(self.terminal.write_all(prompt.as_bytes()));
    }
}

impl Drop for SecretPrompt {
    fn drop(&mut self) {
        // A terminal that has gone needs no echo.
        let _ = tcsetattr(&self.terminal, SetArg::TCSADRAIN, &self.settings);
        drop(self.terminal.write_all(b"\n"));
    }
}

/// The controlling terminal, for when commands come from a file and the password does not have to.
pub(crate) fn controlling() -> Option<File> {
    File::options().read(true).write(true).open("/dev/tty").ok()
}

/// How wide the terminal behind standard output is now. The editor's library asks it without `unsafe`.
pub(crate) fn columns() -> Option<usize> {
    let (columns, _) = rustyline::DefaultEditor::new().ok()?.dimensions()?;
    Some(columns.into())
}

/// How many lines it has now.
pub(crate) fn lines() -> Option<usize> {
    let (_, lines) = rustyline::DefaultEditor::new().ok()?.dimensions()?;
    Some(lines.into())
}
