//! The one place where the client writes: a buffer before standard output, and standard error.
//!
//! Text is collected and written in one go when a command is done, before the server is asked and before the
//! person is, so that a status of any length is one write. What is written to a terminal is free of control
//! characters, because names and fault texts come from outside; log text goes through [`Output::raw`] untouched,
//! as the original does it.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::columns::cut;
use crate::limits::USUAL_COLUMNS;
pub(crate) use supervisor_protocol::terminal::{visible, visible_on_one_line};

/// Standard output and standard error of a session.
pub(crate) struct Output {
    pending: Vec<u8>,
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    out_is_terminal: bool,
    colour: bool,
    progress: Progress,
    /// How wide the terminal is now.
    columns: fn() -> Option<usize>,
    /// How many lines it has.
    lines: fn() -> Option<usize>,
    /// Lines go to standard error.
    diverted: bool,
    broken: Option<io::ErrorKind>,
}

/// A line that tells what happens, and is taken away again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// The terminal cannot take a line away.
    Impossible,
    /// None stands there.
    None,
    /// One stands there.
    Shown,
}

impl Output {
    /// Writes to `out` and `err`; `out_is_terminal` asks for control characters to be shown instead of sent.
    pub(crate) fn new(out: Box<dyn Write>, err: Box<dyn Write>, out_is_terminal: bool) -> Self {
        Self {
            pending: Vec::new(),
            out,
            err,
            out_is_terminal,
            colour: false,
            progress: Progress::Impossible,
            columns: || None,
            lines: || None,
            diverted: false,
            broken: None,
        }
    }

    /// Colours are wanted, if this is a terminal.
    pub(crate) fn with_colour(mut self, wanted: bool) -> Self {
        self.colour = wanted && self.out_is_terminal;
        self
    }

    /// The terminal, if it is one, can take a line away again.
    pub(crate) fn with_progress(mut self, possible: bool) -> Self {
        self.progress = if possible { Progress::None } else { Progress::Impossible };
        self
    }

    /// Tables are to fit a terminal; `columns` tells how wide it is.
    pub(crate) fn with_columns(mut self, columns: fn() -> Option<usize>) -> Self {
        self.columns = columns;
        self
    }

    /// What is drawn is to fit a terminal; `lines` tells how high it is.
    pub(crate) fn with_lines(mut self, lines: fn() -> Option<usize>) -> Self {
        self.lines = lines;
        self
    }

    /// How many lines the terminal has, if this is one and it is known.
    pub(crate) fn lines(&self) -> Option<usize> {
        if self.out_is_terminal { (self.lines)() } else { None }
    }

    /// How wide the terminal is, if this is one and it is known.
    pub(crate) fn columns(&self) -> Option<usize> {
        if self.out_is_terminal { (self.columns)() } else { None }
    }

    /// Whether to use colours.
    pub(crate) fn has_colour(&self) -> bool {
        self.colour
    }

    /// Whether lines, which are for people, go to standard error, since standard output is read by a program.
    pub(crate) fn divert_lines(&mut self, diverted: bool) {
        self.diverted = diverted;
    }

    /// Whether standard output is a terminal, and lines go there.
    pub(crate) fn is_terminal(&self) -> bool {
        self.out_is_terminal && !self.diverted
    }

    /// Whether lines go to a person: a terminal, or standard error where a program reads standard output. Scripts know
    /// the words of the original; people are better served with more.
    pub(crate) fn is_for_people(&self) -> bool {
        self.diverted || self.out_is_terminal
    }

    /// One line, or several if the text has line ends of its own.
    pub(crate) fn line(&mut self, text: &str) {
        if self.diverted {
            self.error_line(text);
            return;
        }
        self.text(text);
        self.pending.push(b'\n');
    }

    /// Text without a line end: a prompt.
    pub(crate) fn text(&mut self, text: &str) {
        let text = if self.out_is_terminal { visible(text) } else { Cow::Borrowed(text) };
        self.pending.extend_from_slice(text.as_bytes());
    }

    /// Whether there is somebody to be shown what happens, at a terminal where a line can be taken away again.
    pub(crate) fn shows_progress(&self) -> bool {
        self.is_terminal() && self.progress != Progress::Impossible
    }

    /// In place of the progress shown before, at once; nothing if it is empty.
    pub(crate) fn progress(&mut self, text: &str) {
        self.end_progress();
        if !text.is_empty() {
            // One column is left, since a terminal may begin a new line behind the last.
            let room = self.columns().unwrap_or(USUAL_COLUMNS).saturating_sub(1);
            let text = visible_on_one_line(text);
            self.pending.extend_from_slice(cut(&text, room).as_bytes());
            self.flush();
            self.progress = Progress::Shown;
        }
    }

    /// Takes the progress away.
    pub(crate) fn end_progress(&mut self) {
        if self.progress == Progress::Shown {
            self.progress = Progress::None;
            self.pending.extend_from_slice(b"\r\x1b[K");
            self.flush();
        }
    }

    /// Bytes of a log, as they are.
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
    }

    /// One line on standard error, at once.
    pub(crate) fn error_line(&mut self, text: &str) {
        self.flush();
        let mut line = visible(text).into_owned();
        line.push('\n');
        // A standard error that cannot be written leaves nowhere to say so.
        drop(self.err.write_all(line.as_bytes()).and_then(|()| self.err.flush()));
    }

    /// Hands over what was collected.
    pub(crate) fn flush(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let written = self.out.write_all(&self.pending).and_then(|()| self.out.flush());
        self.pending.clear();
        let Err(error) = written else { return };
        // A reader that has gone (`| head`) has all it wanted; anything else is worth a word, once.
        if self.broken.is_none() && error.kind() != io::ErrorKind::BrokenPipe {
            self.error_line(&format!("error: cannot write to standard output: {error}"));
        }
        self.broken = Some(error.kind());
    }

    /// Standard output no longer takes anything: why.
    pub(crate) fn broken(&self) -> Option<io::ErrorKind> {
        self.broken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Sink;

    fn output(terminal: bool) -> (Output, Sink, Sink) {
        let (out, err) = (Sink::default(), Sink::default());
        (Output::new(Box::new(out.clone()), Box::new(err.clone()), terminal), out, err)
    }

    #[test]
    fn nothing_is_written_before_the_flush() {
        let (mut output, out, _) = output(false);
        output.line("one");
        output.text("two");
        assert_eq!(out.text(), "");
        output.flush();
        assert_eq!(out.text(), "one\ntwo");
    }

    #[test]
    fn escapes_reach_a_file_but_no_terminal() {
        for (terminal, expected) in [(false, "a\x1b[2Jb\tc\n"), (true, "a\\x1b[2Jb\tc\n")] {
            let (mut output, out, _) = output(terminal);
            output.line("a\x1b[2Jb\tc");
            output.flush();
            assert_eq!(out.text(), expected);
        }
    }

    #[test]
    fn lines_for_people_can_be_kept_away_from_a_program() {
        let (mut output, out, err) = output(false);
        output.divert_lines(true);
        output.line("for people");
        output.raw(b"[]\n");
        output.divert_lines(false);
        output.line("for all");
        output.flush();
        assert_eq!((out.text().as_str(), err.text().as_str()), ("[]\nfor all\n", "for people\n"));
    }

    #[test]
    fn colours_are_for_terminals() {
        for (terminal, wanted, has) in [(true, true, true), (true, false, false), (false, true, false)] {
            assert_eq!(output(terminal).0.with_colour(wanted).has_colour(), has);
        }
    }

    #[test]
    fn a_log_goes_through_untouched() {
        let (mut output, out, _) = output(true);
        output.raw(b"\x1b[31mred\xff");
        output.flush();
        assert_eq!(out.bytes(), b"\x1b[31mred\xff");
    }

    #[test]
    fn errors_come_after_what_was_said_before() {
        let (mut output, out, err) = output(false);
        output.line("said");
        output.error_line("wrong");
        assert_eq!((out.text().as_str(), err.text().as_str()), ("said\n", "wrong\n"));
    }

    #[test]
    fn a_reader_that_has_gone_is_no_error() {
        struct Gone(io::ErrorKind);
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(self.0.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        for (kind, words) in [(io::ErrorKind::BrokenPipe, ""), (io::ErrorKind::StorageFull, "error: cannot write")] {
            let err = Sink::default();
            let mut output = Output::new(Box::new(Gone(kind)), Box::new(err.clone()), false);
            output.line("x");
            output.flush();
            assert_eq!(output.broken(), Some(kind));
            assert!(err.text().starts_with(words), "{}", err.text());
            assert_eq!(err.text().is_empty(), words.is_empty());
        }
    }
}
