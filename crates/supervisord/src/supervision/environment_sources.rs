//! What a program is told that stands in no configuration: read from files, anew at each start (programs.md §7.4).
//!
//! Files are read with supervisord's rights; nothing of them is kept, logged or told but their names. Regular files
//! alone, within bounds: nobody waits for a pipe or a device. Files of remote file systems are read by a thread, for
//! whose answer a turn waits a moment: one that comes later is the next attempt's.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;

use nix::fcntl::OFlag;
use supervisor_core::{EnvironmentFile, EnvironmentSources, ProcessId, raw_text};
use supervisor_sys::{MountTable, errno_name, start_thread};

use super::env_file::{self, Variable};
use super::limits;

/// What was read for one start. Not to be printed: it is full of secrets.
#[derive(Default)]
pub(super) struct Gathered {
    /// Of `[supervisord] env_file`.
    pub(super) common: Vec<Variable>,
    /// Of directories and files, in their order of precedence.
    pub(super) files: Vec<Variable>,
    pub(super) secrets: Vec<Variable>,
    /// Names and contents.
    pub(super) credentials: Vec<(Box<str>, Vec<u8>)>,
    /// Files of secrets that everybody can read.
    pub(super) exposed: Vec<PathBuf>,
}

/// What is being read by threads, by who waits for it.
#[derive(Debug, Default)]
pub(super) struct RemoteSources(BTreeMap<ProcessId, Asked>);

#[derive(Debug)]
struct Asked {
    sources: EnvironmentSources,
    answer: Receiver<Result<Gathered, String>>,
}

impl RemoteSources {
    /// Reads all sources of a process, anew; by a thread where one of them is on a remote file system.
    pub(super) fn gather(
        &mut self,
        process: ProcessId,
        sources: &EnvironmentSources,
        mounts: &mut MountTable,
    ) -> Result<Gathered, String> {
        let remote = sources.paths().find(|(_, path)| mounts.is_remote(&path_of(path)));
        let Some((option, path)) = remote else { return gather(sources) };
        let no_answer = || format!("{option} {path}: no answer");
        let asked = match self.0.remove(&process) {
            Some(asked) if asked.sources == *sources => asked,
            Some(_) | None => {
                if self.0.len() == limits::REMOTE_SOURCES {
                    return Err(no_answer());
                }
                ask(sources).map_err(|error| format!("cannot read {option} {path}: {}", words(&error)))?
            }
        };
        match asked.answer.recv_timeout(limits::REMOTE_SOURCES_PATIENCE) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => {
                self.0.insert(process, asked);
                Err(no_answer())
            }
            Err(RecvTimeoutError::Disconnected) => Err(no_answer()),
        }
    }

    /// A process is no more.
    pub(super) fn forget(&mut self, process: ProcessId) {
        self.0.remove(&process);
    }
}

/// Has a thread read; it may never come back.
fn ask(sources: &EnvironmentSources) -> io::Result<Asked> {
    let (sender, answer) = mpsc::channel();
    let theirs = sources.clone();
    let builder = thread::Builder::new().name("environment".to_owned());
    start_thread(|| {
        builder.spawn(move || {
            // Nobody may be there any more who wants to know.
            sender.send(gather(&theirs)).ok();
        })
    })?;
    Ok(Asked { sources: sources.clone(), answer })
}

/// Reads all of them. The error is what becomes a `spawnerr`.
fn gather(sources: &EnvironmentSources) -> Result<Gathered, String> {
    let mut gathered = Gathered::default();
    for file in &sources.common_files {
        gathered.common.extend(read_env_file(file)?);
    }
    for directory in &sources.directories {
        gathered.files.extend(read_directory(directory)?);
    }
    for file in &sources.files {
        gathered.files.extend(read_env_file(file)?);
    }
    for secret in &sources.secrets {
        let read = read_file("secret_env", &secret.file.path, secret.file.is_optional, limits::SECRET_BYTES)?;
        let Some(Content { mut bytes, is_exposed }) = read else { continue };
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
        }
        if bytes.contains(&0) {
            return Err(format!("secret_env {}: there is a zero byte", secret.file.path));
        }
        gathered.exposed.extend(is_exposed.then(|| path_of(&secret.file.path)));
        gathered.secrets.push((raw_text::to_bytes(&secret.name).into_owned(), bytes));
    }
    for credential in &sources.credentials {
        let read = read_file("credential", &credential.path, false, limits::CREDENTIAL_BYTES)?;
        let Some(Content { bytes, is_exposed }) = read else { continue };
        gathered.exposed.extend(is_exposed.then(|| path_of(&credential.path)));
        gathered.credentials.push((credential.name.clone(), bytes));
    }
    Ok(gathered)
}

fn read_env_file(file: &EnvironmentFile) -> Result<Vec<Variable>, String> {
    let read = read_file("env_file", &file.path, file.is_optional, limits::ENV_FILE_BYTES)?;
    let Some(content) = read else { return Ok(Vec::new()) };
    env_file::parse(&content.bytes).map_err(|bad| format!("env_file {}, line {}: {}", file.path, bad.line, bad.what))
}

/// A variable for each file, by its name; its value is the first line. Names that begin with a dot are no variables,
/// nor are folders.
fn read_directory(directory: &EnvironmentFile) -> Result<Vec<Variable>, String> {
    let path = &directory.path;
    let failed = |error: io::Error| format!("cannot read env_dir {path}: {}", words(&error));
    let entries = match path_of(path).read_dir() {
        Ok(entries) => entries,
        Err(error) if directory.is_optional && error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(failed)?.file_name();
        if name.as_bytes().first() != Some(&b'.') && !name.as_bytes().contains(&b'=') {
            names.push(name);
        }
        if names.len() > limits::ENV_VARIABLES {
            return Err(format!("env_dir {path}: there are too many files"));
        }
    }
    names.sort();
    let mut variables = Vec::new();
    for name in names {
        let file = path_of(path).join(&name);
        if file.is_dir() {
            continue;
        }
        let shown = raw_text::to_text(file.as_os_str().as_bytes());
        let Some(content) = read_file("env_dir", &shown, false, limits::SECRET_BYTES)? else { continue };
        let line = content.bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.contains(&0) {
            return Err(format!("env_dir {shown}: there is a zero byte"));
        }
        variables.push((name.into_vec(), line.to_vec()));
    }
    Ok(variables)
}

/// What stands in a file.
struct Content {
    bytes: Vec<u8>,
    /// Everybody can read it.
    is_exposed: bool,
}

/// Reads a regular file; `None`: it is missing, which it may.
fn read_file(option: &str, path: &str, may_be_missing: bool, bound: u64) -> Result<Option<Content>, String> {
    let failed = |error: io::Error| format!("cannot read {option} {path}: {}", words(&error));
    let flags = OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let file: File = match OpenOptions::new().read(true).custom_flags(flags.bits()).open(path_of(path)) {
        Ok(file) => file,
        Err(error) if may_be_missing && error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_dir() {
        return Err(failed(io::Error::from(nix::errno::Errno::EISDIR)));
    }
    if !metadata.is_file() {
        return Err(format!("{option} {path}: it is no regular file"));
    }
    let mut bytes = Vec::new();
    file.take(bound + 1).read_to_end(&mut bytes).map_err(failed)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > bound {
        return Err(format!("{option} {path}: it is larger than {bound} bytes"));
    }
    Ok(Some(Content { bytes, is_exposed: metadata.mode() & 0o004 != 0 }))
}

fn words(error: &io::Error) -> &'static str {
    error.raw_os_error().map_or("EIO", errno_name)
}

fn path_of(text: &str) -> PathBuf {
    Path::new(&OsString::from_vec(raw_text::to_bytes(text).into_owned())).to_owned()
}
