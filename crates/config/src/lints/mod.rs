//! What works and is probably not meant: told by a check, which looks for it when everything else is read. Nothing
//! here changes what a configuration means, and a start of supervisord does not come by.

mod commands;
mod log_files;
mod names;

use crate::config::{Config, MainLogFile};
use crate::context::Context;
use crate::ini::Section;
use crate::limits::WARNINGS;
use crate::problem::Problem;

/// All of it, up to [`WARNINGS`]. `config` is what was read, if it could be.
pub(crate) fn lint(context: &Context, config: Option<&Config>, environment: &[(String, String)]) -> Vec<Problem> {
    let main_log = config.and_then(|config| match &config.supervisord.logfile {
        MainLogFile::Path(path) => Some(path.as_path()),
        MainLogFile::Syslog => None,
    });
    let mut found = names::unknown_sections(context);
    found.extend(names::unknown_options(context));
    found.extend(names::programs_in_two_groups(context));
    found.extend(log_files::shared_log_files(context, main_log));
    found.extend(commands::what_is_not_there(context, environment));
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
