//! Editing of commands on a terminal: history and completion.
//!
//! The history file is what readline writes, a line per command, so that it can be shared with the original.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::{DefaultHistory, History as _, SearchDirection};
use rustyline::validate::Validator;
use rustyline::{CompletionType, Config, Context, Helper};

use crate::completion::complete;
use crate::limits::MAX_HISTORY_LINES;
use crate::world::{Line, ProcessName};

/// Terminals without editing; the library would read their lines itself, but not see an interrupt.
const PLAIN_TERMINALS: [&str; 3] = ["dumb", "cons25", "emacs"];

/// Names of processes, on demand.
type Names = Box<dyn Fn() -> Vec<ProcessName>>;

/// An editor for lines.
pub(crate) struct Editor {
    editor: rustyline::Editor<Completions, DefaultHistory>,
    history_file: Option<PathBuf>,
}

impl Editor {
    /// An editor with the history of earlier sessions; `None` if the terminal does not support one. A history
    /// that cannot be read is empty.
    pub(crate) fn new(history_file: Option<PathBuf>) -> Option<Self> {
        if std::env::var("TERM").is_ok_and(|name| PLAIN_TERMINALS.contains(&name.as_str())) {
            return None;
        }
        let config =
            Config::builder().completion_type(CompletionType::List).max_history_size(MAX_HISTORY_LINES).ok()?;
        let mut editor = rustyline::Editor::with_config(config.build()).ok()?;
        editor.set_helper(Some(Completions::default()));
        for line in history_file.iter().flat_map(|path| read_history(path)) {
            editor.add_history_entry(line).ok()?;
        }
        Some(Self { editor, history_file })
    }

    /// Reads a line; `names` is asked at most once, when Tab needs it.
    pub(crate) fn read_line(&mut self, prompt: &str, names: Names) -> Line {
        if let Some(completions) = self.editor.helper_mut() {
            *completions = Completions { names: Some(names), known: RefCell::new(None) };
        }
        match self.editor.readline(prompt) {
            Ok(line) => {
                if !line.trim().is_empty() {
                    // A line that is not remembered is no reason not to execute it.
                    drop(self.editor.add_history_entry(line.as_str()));
                }
                Line::Text(line)
            }
            Err(ReadlineError::Interrupted) => Line::Interrupted,
            Err(_) => Line::EndOfInput,
        }
    }
}

fn read_history(path: &Path) -> Vec<String> {
    let text = std::fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    text.lines().filter(|line| !line.is_empty()).map(ToOwned::to_owned).collect()
}

/// Writes the history when the session ends, whatever ends it. As in the original a file that cannot be written
/// is no error.
impl Drop for Editor {
    fn drop(&mut self) {
        let Some(path) = &self.history_file else { return };
        let history = self.editor.history();
        let mut text = String::new();
        for index in 0..history.len() {
            if let Ok(Some(entry)) = history.get(index, SearchDirection::Forward) {
                text.push_str(&entry.entry);
                text.push('\n');
            }
        }
        drop(std::fs::write(path, text));
    }
}

/// The completer of one line.
#[derive(Default)]
struct Completions {
    names: Option<Names>,
    /// The names, once they have been asked for.
    known: RefCell<Option<Vec<ProcessName>>>,
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
        Ok(complete(line.get(..position).unwrap_or_default(), || self.processes()))
    }
}

impl Hinter for Completions {
    type Hint = String;
}
impl Highlighter for Completions {}
impl Validator for Completions {}
impl Helper for Completions {}
