//! `supervisord -- command arguments`: a command that is supervised as the program `main`, beside those of the
//! configuration file, or alone where there is none.
//!
//! It is added to what was read of the files, as if it stood there, so that everything that holds of programs holds of
//! it. It runs once, and its end is that of supervisord.

use crate::context::Context;
use crate::diagnostics::{ConfigError, Place};
use crate::ini::{Section, name_after_colon};
use crate::options_table::SectionType;
use crate::python_text::strip;
use crate::shlex::quote;

/// The name of the program.
pub(crate) const WRAPPED: &str = "main";

/// What it is beside its command: it runs once, its output is ours, and nothing outlives it.
const PROGRAM: [(&str, &str); 8] = [
    ("essential", "true"),
    ("autorestart", "false"),
    ("startsecs", "0"),
    ("startretries", "0"),
    ("stdout_logfile", "/dev/stdout"),
    ("stdout_logfile_maxbytes", "0"),
    ("stderr_logfile", "/dev/stderr"),
    ("stderr_logfile_maxbytes", "0"),
];

/// What stands in the place of a file: nothing is left behind, and nothing is said unless something is wrong.
const SUPERVISORD: [(&str, &str); 6] = [
    ("logfile", "/dev/stderr"),
    ("logfile_maxbytes", "0"),
    ("loglevel", "warn"),
    ("silent", "true"),
    ("pidfile", "/dev/null"),
    ("nocleanup", "true"),
];

/// Puts what there would be in a file into the document that has none.
pub(crate) fn add_supervisord(context: &mut Context) {
    let options = SUPERVISORD.into_iter();
    // Root stays root, and that is no news.
    let user = nix::unistd::geteuid().is_root().then_some(("user", "0"));
    add_section(context, "supervisord", options.chain(user));
}

/// Adds the program.
///
/// # Errors
/// The file has something of that name.
pub(crate) fn add_program(context: &mut Context, words: &[String]) -> Result<(), ConfigError> {
    if let Some(section) = context.document.sections.iter().find(|section| is_of_that_name(section)) {
        let Place { file, line, .. } = &section.place;
        let text = format!(
            "[{}]: the command on the command line is program {WRAPPED}; rename this one (file {file}, line {line})",
            section.name
        );
        let error = ConfigError::new(text).in_section(&section.name).at(&section.place);
        return context.problems.report(error);
    }
    let command = words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ").replace('%', "%%");
    let options = PROGRAM.into_iter().chain([("command", command.as_str())]);
    add_section(context, &format!("program:{WRAPPED}"), options);
    Ok(())
}

/// Whether a section would make a group of the same name.
fn is_of_that_name(section: &Section) -> bool {
    let makes_a_group = SectionType::of(&section.name).is_some_and(|section_type| {
        matches!(
            section_type,
            SectionType::Program | SectionType::FcgiProgram | SectionType::EventListener | SectionType::Group
        )
    });
    makes_a_group && strip(name_after_colon(&section.name)) == WRAPPED
}

fn add_section<'o>(context: &mut Context, name: &str, options: impl Iterator<Item = (&'o str, &'o str)>) {
    context.document.add_section(name, Place { file: "command line".into(), line: 1, column: 1 });
    for (key, value) in options {
        context.document.add_option(name, key, value);
    }
}
