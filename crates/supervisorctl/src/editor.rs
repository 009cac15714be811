//! Editing of commands on a terminal: keys, history and completion.

use std::cell::RefCell;

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::Validator;
use rustyline::{CompletionType, Config, Context, Helper};

use crate::completion::complete;
use crate::foreign::CommandNames;
use crate::history::History;
use crate::keyboard::Keyboard;
use crate::limits::MAX_HISTORY_LINES;
use crate::line_reader::LineReader;
use crate::world::{Line, ProcessName};

/// Terminals without editing.
const PLAIN_TERMINALS: [&str; 3] = ["dumb", "cons25", "emacs"];

/// Names of processes, on demand.
type Names = Box<dyn Fn() -> Vec<ProcessName>>;

/// An editor for lines.
pub(crate) struct Editor {
    rustyline: rustyline::Editor<Completions, DefaultHistory>,
    commands: CommandNames,
    keyboard: Keyboard,
}

impl Editor {
    /// An editor for the terminal behind `reader`, which offers these commands too; `None` if it does not support one.
    pub(crate) fn new(reader: &LineReader, history: &History, commands: CommandNames) -> Option<Self> {
        if std::env::var("TERM").is_ok_and(|name| PLAIN_TERMINALS.contains(&name.as_str())) {
            return None;
        }
        let config =
            Config::builder().completion_type(CompletionType::List).max_history_size(MAX_HISTORY_LINES).ok()?;
        // Lines that are pasted are lines: each is carried out as it comes.
        let mut editor = rustyline::Editor::with_config(config.bracketed_paste(false).build()).ok()?;
        editor.set_helper(Some(Completions::default()));
        for line in history.lines() {
            editor.add_history_entry(line).ok()?;
        }
        Some(Self { rustyline: editor, commands, keyboard: Keyboard::take_over(reader)? })
    }

    /// Reads a line; `names` is asked at most once, when Tab needs it. Ctrl-C on a line that is not empty takes it
    /// away, and begins another.
    pub(crate) fn read_line(&mut self, prompt: &str, reader: &mut LineReader, names: Names) -> Line {
        if let Some(completions) = self.rustyline.helper_mut() {
            let commands = Some(self.commands.clone());
            *completions = Completions { names: Some(names), commands, ..Completions::default() };
        }
        loop {
            let Self { rustyline, keyboard, .. } = self;
            match keyboard.while_editing(reader, || rustyline.readline(prompt)) {
                Ok(Ok(line)) => {
                    if !line.trim().is_empty() {
                        // A line that is not remembered is no reason not to execute it.
                        drop(rustyline.add_history_entry(line.as_str()));
                    }
                    return Line::Text(line);
                }
                Ok(Err(ReadlineError::Interrupted)) if self.had_text() => {}
                Ok(Err(ReadlineError::Interrupted)) => return Line::Interrupted,
                Ok(Err(_)) | Err(_) => return Line::EndOfInput,
            }
        }
    }

    /// Whether there was something on the line, when it ended.
    fn had_text(&self) -> bool {
        self.rustyline.helper().is_some_and(|helper| !std::mem::take(&mut *helper.line.borrow_mut()).is_empty())
    }
}

/// The completer of one line.
#[derive(Default)]
struct Completions {
    names: Option<Names>,
    /// The commands of others.
    commands: Option<CommandNames>,
    /// The names, once they have been asked for.
    known: RefCell<Option<Vec<ProcessName>>>,
    /// What is on the line.
    line: RefCell<String>,
}

impl Completions {
    fn processes(&self) -> Vec<ProcessName> {
        let mut known = self.known.borrow_mut();
        known.get_or_insert_with(|| self.names.as_ref().map(|names| names()).unwrap_or_default()).clone()
    }
}

impl Completer for Completions {
    type Candidate = String;

    fn complete(&self, line: &str, position: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        let commands = || self.commands.as_ref().map(CommandNames::list).unwrap_or_default();
        Ok(complete(line.get(..position).unwrap_or_default(), || self.processes(), commands))
    }
}

/// Has no hints; it is told of every change of the line.
impl Hinter for Completions {
    type Hint = String;

    fn hint(&self, line: &str, _: usize, _: &Context<'_>) -> Option<String> {
        line.clone_into(&mut self.line.borrow_mut());
        None
    }
}
impl Highlighter for Completions {}
impl Validator for Completions {}
impl Helper for Completions {}
