//! What the pages of processes ask the rest of the control plane for: the processes, what they use, and the end of what
//! they have said.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use supervisor_core::{Fault, ProcessInfo, raw_text};
use tokio::time::timeout;

use super::log_text;
use super::rows::Process;
use crate::boundary::requests::GetAllProcessInfo;
use crate::control::context::Context;
use crate::control::published_processes::is_listed;
use crate::control::{limits, log_reader};

/// All processes that lists have, sorted by group, then name, with what they use.
///
/// # Errors
/// supervisord has ended.
pub(super) async fn processes(context: &Context) -> Result<Vec<Process>, Fault> {
    let infos = match context.processes.all() {
        Some(infos) => infos,
        None => context.sender.call(GetAllProcessInfo).await?,
    };
    let round = context.sampler.sample(&infos, limits::SAMPLE_AGE, context).await;
    let mut used = round.map(|round| round.usages).unwrap_or_default().into_iter();
    let process = |info: Arc<ProcessInfo>| Process { info, used: used.next().and_then(|usage| usage.now) };
    let all = infos.into_iter().map(process);
    Ok(all.filter(|process| is_listed(&process.info)).collect())
}

/// A path that a process has for a log, as the system knows it.
pub(super) fn log_path(path: &str) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(&raw_text::to_bytes(path)))
}

/// The last line that is not blank of what a process has said on stderr, else on stdout; empty where there is none, or
/// where the disk does not answer in time.
pub(super) async fn last_line(info: &ProcessInfo, context: &Context) -> String {
    let paths: Vec<PathBuf> =
        [&info.logs.stderr, &info.logs.stdout].into_iter().flatten().map(|path| log_path(path)).collect();
    let read = move || paths.iter().find_map(|path| last_line_of(path)).unwrap_or_default();
    match timeout(limits::LAST_LINE_PATIENCE, context.files.run(read)).await {
        Ok(Ok(line)) => line,
        Ok(Err(_)) | Err(_) => String::new(),
    }
}

fn last_line_of(path: &Path) -> Option<String> {
    let part = log_reader::part(path, None, limits::LAST_LINE_BYTES).ok()?;
    let lines = log_text::lines(&part.bytes);
    let text = lines.iter().rev().map(log_text::Line::plain).find(|text| !text.trim().is_empty())?;
    Some(text.chars().take(limits::LAST_LINE_CHARACTERS).collect())
}
