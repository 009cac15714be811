//! How supervisord ends: what can never come about, and a status that nobody sees.

use supervisor_core::{Aftermath, ExitWhen, ProcessConfig};

use super::Lint;
use crate::config::Config;
use crate::context::Context;

pub(super) fn look_at(context: &Context, config: &Config) -> Vec<Lint> {
    let Some(section) = context.document.section("supervisord") else { return Vec::new() };
    let settings = &config.supervisord;
    let mut processes = config.groups.iter().flat_map(|group| &group.processes);
    let has_essential = processes.any(|process| is_essential(process));
    let exit_when = settings.ending.exit_when;
    let mut found = Vec::new();
    let mut tell = |option, message: &str, hint: &str| {
        found.push(Lint::about_option(context, section, option, message.to_owned(), Some(hint.to_owned())));
    };
    if exit_when == ExitWhen::EssentialExited && !has_essential {
        tell("exit_when", "no program is essential: this never ends supervisord", "write essential=true in a program");
    }
    let has_status = has_essential || exit_when != ExitWhen::Never || !settings.ending.exit_code_from.is_empty();
    if has_status && !settings.nodaemon {
        tell("nodaemon", "nobody sees the exit status of a daemon", "write nodaemon=true, or start it with -n");
    }
    found
}

fn is_essential(process: &ProcessConfig) -> bool {
    [process.essential.on_exit, process.essential.on_fatal].iter().any(|aftermath| *aftermath != Aftermath::None)
}
