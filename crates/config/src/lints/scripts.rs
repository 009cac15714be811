//! Programs that the kernel cannot execute: scripts with the line ends of Windows, without `#!`, or with an interpreter
//! that is not there.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use supervisor_core::ProcessConfig;

use super::commands::{find, search_path};
use super::processes::Found;
use crate::limits::SCRIPT_BYTES;
use crate::shlex::split;

/// What reads the file that is its first argument.
const SHELLS: [&str; 6] = ["sh", "bash", "dash", "zsh", "ksh", "ash"];

/// Programs whose first argument is a script, too, which may have any line ends.
const INTERPRETERS: [&str; 6] = ["python", "perl", "ruby", "node", "php", "lua"];

/// `file` is what would be executed.
pub(super) fn look_at(process: &ProcessConfig, file: &Path, environment: &[(String, String)]) -> Option<Found> {
    let path = search_path(process, environment);
    let told = |text: String, hint: Option<String>| {
        let found = Found::new("command", text);
        Some(match hint {
            Some(hint) => found.hint(hint),
            None => found,
        })
    };
    if let Some((text, hint)) = begin_of(file).and_then(|begin| cannot_be_executed(file, &begin, path)) {
        return told(text, hint);
    }
    let (script, is_of_a_shell) = script_argument(process)?;
    if !script.exists() {
        return told(format!("there is no {}", script.display()), None);
    }
    let has_windows_line_ends = is_of_a_shell && begin_of(&script)?.lines().next()?.ends_with('\r');
    let text = || format!("{} has the line ends of Windows (CRLF), which no shell takes", script.display());
    has_windows_line_ends.then(|| told(text(), Some(strip_hint(&script))))?
}

/// Whether the kernel runs an interpreter for a file.
pub(super) fn is_script(file: &Path) -> bool {
    begin_of(file).is_some_and(|begin| begin.0.starts_with("#!"))
}

/// The begin of a regular file, with what ends lines in it; `None`: it cannot be read, or is a binary.
fn begin_of(file: &Path) -> Option<Begin> {
    let opened = File::options().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(file).ok()?;
    opened.metadata().ok().filter(std::fs::Metadata::is_file)?;
    let mut bytes = Vec::new();
    opened.take(SCRIPT_BYTES).read_to_end(&mut bytes).ok()?;
    let is_binary = bytes.starts_with(b"\x7fELF") || (!bytes.starts_with(b"#!") && bytes.contains(&0));
    (!is_binary).then(|| Begin(String::from_utf8_lossy(&bytes).into_owned()))
}

struct Begin(String);

impl Begin {
    /// Without their line feeds.
    fn lines(&self) -> impl Iterator<Item = &str> {
        self.0.split('\n')
    }
}

fn strip_hint(file: &Path) -> String {
    format!("sed -i 's/\\r$//' {} takes them away", file.display())
}

fn cannot_be_executed(file: &Path, begin: &Begin, path: &str) -> Option<(String, Option<String>)> {
    let shown = file.display();
    let Some(line) = begin.0.strip_prefix("#!") else {
        if begin.0.starts_with("\u{feff}#!") {
            let hint = "save it as UTF-8 without a BOM: the kernel looks at the first two bytes";
            return Some((format!("{shown} begins with a byte order mark before its `#!`"), Some(hint.to_owned())));
        }
        let text = format!("{shown} has no `#!` line: the kernel does not know what to run it with");
        return Some((
            text,
            Some("begin it with a line like #!/bin/sh, or name the interpreter in the command".to_owned()),
        ));
    };
    let line = line.split('\n').next().unwrap_or_default();
    if line.ends_with('\r') {
        let interpreter = line.split_whitespace().next().unwrap_or_default();
        let text = format!("{shown} has the line ends of Windows (CRLF): the kernel looks for `{interpreter}\\r`");
        return Some((text, Some(strip_hint(file))));
    }
    let mut words = line.split_whitespace();
    let interpreter = words.next().unwrap_or_default();
    if !Path::new(interpreter).is_file() {
        return Some((format!("the interpreter of {shown} is not there: {interpreter}"), None));
    }
    let program = words.find(|word| !word.starts_with('-') && !word.contains('='))?;
    let is_missing = interpreter.ends_with("/env") && !program.contains('/') && find(program, path).is_none();
    let text = || format!("the interpreter of {shown} is not there: no {program} in {path}");
    is_missing.then(|| (text(), Some("environment=PATH=\"…\" sets where it is searched".to_owned())))
}

/// The script that an interpreter is given, and whether a shell reads it.
fn script_argument(process: &ProcessConfig) -> Option<(PathBuf, bool)> {
    let words = split(&process.command).ok()?;
    let program = words.first()?.rsplit('/').next()?.trim_end_matches(|end: char| end.is_ascii_digit() || end == '.');
    let is_of_a_shell = SHELLS.contains(&program);
    if !is_of_a_shell && !INTERPRETERS.contains(&program) {
        return None;
    }
    // Options may have values: only what comes first is sure to be a file.
    let script = Path::new(words.get(1).filter(|word| !word.starts_with('-'))?);
    let folder = process.identity.directory.as_deref().map(Path::new);
    let script = match folder {
        _ if script.is_absolute() => script.to_owned(),
        Some(folder) if folder.is_dir() => folder.join(script),
        // Where supervisord is started is not known.
        Some(_) | None => return None,
    };
    Some((script, is_of_a_shell))
}
