//! The commands of a session on a terminal and of those before it.
//!
//! The file is what readline writes, a line per command, so that it can be shared with the original. It is written when
//! the session ends, whatever ends it; as in the original one that cannot be read is empty, and one that cannot be
//! written is no error. It is its owner's alone (commands may hold secrets), and no link that somebody else has made in
//! its place is followed.

use std::fs::Permissions;
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use supervisor_sys::FilePlace;

use crate::limits::{MAX_HISTORY_BYTES, MAX_HISTORY_LINES};

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
    let mut text = Vec::new();
    if let Ok(file) = FilePlace::find(path).and_then(|place| place.read()) {
        // What can be read is better than nothing.
        file.take(MAX_HISTORY_BYTES).read_to_end(&mut text).ok();
    }
    String::from_utf8_lossy(&text).lines().map(ToOwned::to_owned).collect()
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let place = FilePlace::find(path)?;
    let mut file = match place.write() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => place.create_new(0o600)?,
        other => other?,
    };
    if file.metadata()?.is_file() {
        // One that is another user's stays as it is.
        file.set_permissions(Permissions::from_mode(0o600)).ok();
        file.set_len(0)?;
    }
    file.write_all(text.as_bytes())
}

impl Drop for History {
    fn drop(&mut self) {
        let Some(path) = &self.file else { return };
        let text = self.lines.iter().flat_map(|line| [line, "\n"]).collect::<String>();
        drop(write(path, &text));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

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
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn it_is_its_owners_alone_whatever_it_was_and_waits_for_nothing_that_lies_in_its_place() {
        let folder = std::env::temp_dir().join(format!("supervisorctl-private-{}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let (new, old, link) = (folder.join("new"), folder.join("old"), folder.join("link"));
        fs::write(&old, "a line that is longer\n").unwrap();
        fs::set_permissions(&old, Permissions::from_mode(0o644)).unwrap();
        std::os::unix::fs::symlink("old", &link).unwrap();
        for (path, file) in [(&new, &new), (&old, &old), (&link, &old)] {
            write(path, "status\n").unwrap();
            assert_eq!((mode(file), read(path)), (0o600, vec!["status".to_owned()]));
        }
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        let fifo = folder.join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(read(&fifo), Vec::<String>::new());
        write(&fifo, "status\n").unwrap_err();
        fs::remove_dir_all(&folder).unwrap();
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
