//! Log files that two writers share: their lines are mixed, and the settings of one of them count for both.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use supervisor_core::{Channel, LogFile, ProcessConfig};

use super::about_option;
use crate::context::Context;
use crate::problem::Problem;
use crate::python_path::absolute;

/// Who writes a file.
#[derive(Clone, PartialEq, Eq)]
enum Writer {
    MainLog,
    Process { section: Box<str>, group: Box<str>, process: Box<str>, channel: Channel },
}

/// One warning for each path and section that shares it.
pub(super) fn shared_log_files(context: &Context, main_log: Option<&Path>) -> Vec<Problem> {
    let Some(recorder) = &context.recorder else { return Vec::new() };
    let mut writers: HashMap<PathBuf, Writer> = HashMap::new();
    writers.extend(main_log.filter(|path| may_be_a_file(path)).map(|path| (path.to_owned(), Writer::MainLog)));
    let mut found: Vec<Problem> = Vec::new();
    for made in recorder.made.borrow().iter() {
        for (process, channel, path) in made.processes.iter().flat_map(|process| paths(process)) {
            let writer = Writer::Process {
                section: made.section.clone(),
                group: made.group.clone(),
                process: process.name.clone(),
                channel,
            };
            let Some(first) = writers.get(&path) else {
                writers.insert(path, writer);
                continue;
            };
            let Some(section) = context.document.section(&made.section) else { continue };
            let option = format!("{}_logfile", channel.name());
            let (who, hint) = describe(first, &made.section, channel);
            let problem =
                about_option(context, section, &option, format!("{} is the log of {who}, too", path.display()))
                    .with_hint(Some(hint.to_owned()));
            let is_new = |known: &Problem| (&known.section, &known.option) != (&problem.section, &problem.option);
            if found.iter().rev().take(1).all(is_new) {
                found.push(problem);
            }
        }
    }
    found
}

/// The log files of a process.
fn paths(process: &ProcessConfig) -> impl Iterator<Item = (&ProcessConfig, Channel, PathBuf)> {
    Channel::BOTH.into_iter().filter_map(move |channel| match &process.log.channel(channel).logfile {
        LogFile::Path(path) => {
            let path = absolute(&**path);
            may_be_a_file(&path).then_some((process, channel, path))
        }
        LogFile::None | LogFile::Auto => None,
    })
}

/// Not so: `/dev/stdout` and other devices and pipes, which many may write.
fn may_be_a_file(path: &Path) -> bool {
    let is_special = ["/dev", "/proc"].iter().any(|folder| path.starts_with(folder));
    !is_special && fs::metadata(path).map_or(true, |metadata| metadata.is_file())
}

fn describe(first: &Writer, own_section: &str, own_channel: Channel) -> (String, &'static str) {
    match first {
        Writer::MainLog => ("supervisord itself".to_owned(), "give each its own file"),
        Writer::Process { section, channel, .. } if **section == *own_section && *channel != own_channel => {
            (format!("its {}", channel.name()), "redirect_stderr=true sends stderr to the log of stdout")
        }
        Writer::Process { section, process, group, .. } if **section == *own_section => {
            (format!("{group}:{process}"), "put %(process_num)d or %(group_name)s into the name of the file")
        }
        Writer::Process { section, channel, .. } => {
            (format!("{} of [{section}]", channel.name()), "give each its own file")
        }
    }
}
