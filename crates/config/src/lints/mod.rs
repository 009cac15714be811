//! What works and is probably not meant, and what cannot work: told by a check, which looks for it when everything else
//! is read. Nothing here changes what a configuration means, and a start of supervisord does not come by.
//!
//! Files, users and the environment are looked at; nothing is opened for writing, started or asked over a network.

mod commands;
mod control;
mod daemons;
mod endings;
mod log_files;
mod main_files;
mod names;
mod permissions;
mod process_logs;
mod processes;
mod quoting;
mod repeated;
mod restarts;
mod scripts;
mod shell_syntax;

use crate::config::{Config, MainLogFile};
use crate::context::Context;
use crate::diagnostics::ConfigError;
use crate::ini::Section;
use crate::limits::WARNINGS;
use crate::options_table::SectionType;
use crate::problem::Problem;
use crate::spans::Spans;
pub use permissions::may_not_write;
use processes::Surroundings;

/// A problem, and what of it is still to be found in the text.
#[derive(Debug)]
pub(crate) struct Lint {
    problem: Problem,
    underline: Underline,
}

/// What is underlined.
#[derive(Debug)]
enum Underline {
    /// All that stands at the place of the problem.
    Whole,
    /// This part of it, if it is found there.
    Part(String),
    /// What the problem says itself.
    Known,
}

impl Lint {
    fn about(problem: Problem) -> Self {
        Self { problem, underline: Underline::Whole }
    }

    /// Its length is known.
    fn placed(problem: Problem) -> Self {
        Self { problem, underline: Underline::Known }
    }

    /// About an option of a section; about the section, where the option is not set.
    fn about_option(context: &Context, section: &Section, option: &str, message: String, hint: Option<String>) -> Self {
        Self::about(about_option(context, section, option, message).with_hint(hint))
    }

    fn part(self, part: Option<String>) -> Self {
        Self { underline: part.map_or(self.underline, Underline::Part), ..self }
    }

    /// The problem, with what is to be underlined.
    pub(crate) fn underlined(self, spans: &Spans<'_>) -> Problem {
        match self.underline {
            Underline::Whole => spans.underline(self.problem),
            Underline::Part(part) => spans.underline_within(self.problem, &part),
            Underline::Known => self.problem,
        }
    }
}

/// All of it, up to [`WARNINGS`]. `config` is what was read, if it could be; where it had `errors`, something stands in
/// their place.
pub(crate) fn lint(
    context: &Context,
    config: Option<&Config>,
    errors: &[ConfigError],
    environment: &[(String, String)],
) -> Vec<Lint> {
    let main_log = config.and_then(|config| match &config.supervisord.logfile {
        MainLogFile::Path(path) => Some(path.as_path()),
        MainLogFile::Syslog => None,
    });
    let own_uid = nix::unistd::geteuid().as_raw();
    let uid = config.and_then(|config| config.supervisord.user).unwrap_or(own_uid);
    let mut found: Vec<Lint> = names::unknown_sections(context).into_iter().map(Lint::about).collect();
    found.extend(names::unknown_options(context).into_iter().map(Lint::about));
    found.extend(names::programs_in_two_groups(context).into_iter().map(Lint::about));
    found.extend(log_files::shared_log_files(context, main_log).into_iter().map(Lint::about));
    found.extend(repeated::sections_and_options(context));
    for section in &context.document.sections {
        if SectionType::of(&section.name).is_some_and(|known| known.options().any(|row| row.name == "environment")) {
            found.extend(quoting::lost_values(context, section, environment));
        }
    }
    let comments = quoting::comments_within_quotes(context);
    let is_explained = |lint: &Lint| {
        let about = |lint: &Lint| (lint.problem.section.clone(), lint.problem.option.clone());
        lint.problem.message.contains("No closing quotation")
            && comments.iter().any(|comment| about(comment) == about(lint))
    };
    let of_processes = processes::what_cannot_work(context, Surroundings { environment, uid });
    found.extend(of_processes.into_iter().filter(|lint| !is_explained(lint)));
    found.extend(comments);
    if let Some(config) = config.filter(|_| errors.is_empty()) {
        found.extend(control::what_cannot_be_reached(context, config));
        found.extend(main_files::look_at(context, config, own_uid));
        found.extend(endings::look_at(context, config));
    }
    found.truncate(WARNINGS);
    found
}

/// A warning about an option of a section; about the section, where the option is not set.
fn about_option(context: &Context, section: &Section, option: &str, message: String) -> Problem {
    let place = match context.document.get(section, option) {
        Some(entry) => context.document.value_place(entry),
        None => section.place.clone(),
    };
    Problem::warning(message).at(place).in_section(&section.name).in_option(option)
}
