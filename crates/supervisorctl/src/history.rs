//! The commands of a session on a terminal and of those before it.
//!
//! The file is what readline writes, a line per command, so that it can be shared with the original. It is written when
//! the session ends, whatever ends it; as in the original one that cannot be read is empty, and one that cannot be
//! written is no error.

use std::path::{Path, PathBuf};

use crate::limits::MAX_HISTORY_LINES;

/// See the module.
pub(crate) struct History {
    lines: Vec<String>,
    file: Option<PathBuf>,
}

impl History {
    /// With what earlier sessions have left in `file`; without a file the history ends with the session.
    pub(crate) fn open(file: Option<PathBuf>) -> Self {
        let mut history = Self { lines: Vec::new(), file };
        for line in history.file.as_deref().map(read).unwrap_or_default() {
            history.add(&line);
        }
        history
    }

    /// The commands, oldest first.
    pub(crate) fn lines(&self) -> &[String] {
        &self.lines
    }

    /// Remembers a command, unless it is blank or the same as the one before.
    pub(crate) fn add(&mut self, line: &str) {
        if line.trim().is_empty() || self.lines.last().is_some_and(|last| last == line) {
            return;
        }
        if self.lines.len() == MAX_HISTORY_LINES {
            self.lines.remove(0);
        }
        self.lines.push(line.to_owned());
    }
}

fn read(path: &Path) -> Vec<String> {
    let text = std::fs::read(path).unwrap_or_default();
    String::from_utf8_lossy(&text).lines().map(ToOwned::to_owned).collect()
}

impl Drop for History {
    fn drop(&mut self) {
        let Some(path) = &self.file else { return };
        let text = self.lines.iter().flat_map(|line| [line, "\n"]).collect::<String>();
        drop(std::fs::write(path, text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_there_in_the_next_session() {
        let path = std::env::temp_dir().join(format!("supervisorctl-history-{}", std::process::id()));
        let mut history = History::open(Some(path.clone()));
        for line in ["status", "status", " ", "stop web"] {
            history.add(line);
        }
        drop(history);
        assert_eq!(History::open(Some(path.clone())).lines(), ["status", "stop web"]);
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn the_oldest_lines_go_first() {
        let mut history = History::open(None);
        for number in 0..=MAX_HISTORY_LINES {
            history.add(&number.to_string());
        }
        assert_eq!(history.lines().len(), MAX_HISTORY_LINES);
        assert_eq!(history.lines().first().map(String::as_str), Some("1"));
    }
}
