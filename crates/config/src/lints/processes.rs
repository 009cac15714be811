//! Programs that cannot work: each process of a section is looked at, what is wrong is told once.

use std::collections::HashSet;

use supervisor_core::ProcessConfig;

use super::{Lint, commands, daemons, permissions, process_logs, restarts, scripts, shell_syntax};
use crate::context::Context;
use crate::limits::PROCESSES_LOOKED_AT;

/// Something that is wrong with an option of a process.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) option: &'static str,
    pub(super) message: String,
    pub(super) hint: Option<String>,
    /// The part of the value that it is about.
    pub(super) part: Option<String>,
}

impl Found {
    pub(super) fn new(option: &'static str, message: impl Into<String>) -> Self {
        Self { option, message: message.into(), hint: None, part: None }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    pub(super) fn part(self, part: impl Into<String>) -> Self {
        Self { part: Some(part.into()), ..self }
    }
}

/// What a process has to do with besides its own configuration.
#[derive(Clone, Copy, Debug)]
pub(super) struct Surroundings<'e> {
    /// The environment of supervisord.
    pub(super) environment: &'e [(String, String)],
    /// Whom supervisord runs as.
    pub(super) uid: u32,
}

/// All that is wrong with the programs, in the order of the sections.
pub(super) fn what_cannot_work(context: &Context, surroundings: Surroundings<'_>) -> Vec<Lint> {
    let Some(recorder) = &context.recorder else { return Vec::new() };
    let mut lints = Vec::new();
    for made in recorder.made.borrow().iter() {
        let Some(section) = context.document.section(&made.section) else { continue };
        let mut told = HashSet::new();
        for process in made.processes.iter().take(PROCESSES_LOOKED_AT) {
            for found in look_at(process, surroundings) {
                if told.insert((found.option, found.message.clone())) {
                    lints.push(
                        Lint::about_option(context, section, found.option, found.message, found.hint).part(found.part),
                    );
                }
            }
        }
    }
    // A program may be a member of two groups.
    let mut told = HashSet::new();
    lints.retain(|lint: &Lint| {
        let problem = &lint.problem;
        told.insert((problem.section.clone(), problem.option.clone(), problem.message.clone()))
    });
    lints
}

fn look_at(process: &ProcessConfig, surroundings: Surroundings<'_>) -> Vec<Found> {
    let mut found = shell_syntax::look_at(&process.command);
    let no_program =
        found.iter().any(|found| found.option == "command" && found.part.as_deref() == first_word(process));
    match commands::program_file(process, surroundings.environment) {
        Ok(file) => {
            found.extend(scripts::look_at(process, &file, surroundings.environment));
            found.extend(permissions::look_at(process, &file, surroundings.uid));
        }
        // It has been told what to write instead.
        Err(_) if no_program => {}
        Err(text) => found.push(Found::new("command", text)),
    }
    found.extend(commands::look_at_directory(process));
    found.extend(daemons::look_at(&process.command));
    found.extend(process_logs::look_at(process));
    found.extend(restarts::look_at(process));
    found
}

fn first_word(process: &ProcessConfig) -> Option<&str> {
    process.command.split_whitespace().next()
}
