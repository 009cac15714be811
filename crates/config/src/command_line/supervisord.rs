//! The command line of supervisord (contract/config.md §6.1).

use supervisor_core::LogLevel;

use super::{CommandSwitch, convert, set, shown};
use crate::datatypes::{
    byte_size, existing_directory, existing_dirpath, file_mode, integer, loglevel, octal, sd_notify,
};
use crate::diagnostics::UsageError;
use crate::getopt::{Occurrence, Rest, Switch, getopt_and_rest, usage_lines};
use crate::python_path::Home;
use crate::python_repr::{Repr, ReprList};

/// What a command line asks supervisord for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SupervisordCommand {
    /// Run with these options.
    Run(SupervisordOptions),
    /// Print this text on standard output and exit with 0.
    Help(String),
    /// Print the version on standard output and exit with 0.
    Version {
        /// With what it was built from and for.
        verbose: bool,
    },
    /// Tell all that is wrong with the configuration, and start nothing.
    Check {
        /// The options that would win over the file.
        options: SupervisordOptions,
        /// Warnings count.
        strict: bool,
        /// How it is printed.
        format: CheckFormat,
    },
    /// Print the configuration with all defaults filled in, and start nothing.
    ShowConfig {
        /// The options that win over the file.
        options: SupervisordOptions,
        /// How it is printed.
        format: ShowConfigFormat,
    },
    /// Write a configuration to begin with, and start nothing.
    Init {
        /// Where, as typed; relative to the current folder.
        file: String,
    },
}

/// How the outcome of a check is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckFormat {
    /// For people: the lines of the file with what is wrong with them.
    Text,
    /// For programs: one object a line.
    Json,
}

/// How a configuration is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShowConfigFormat {
    /// As a configuration file.
    Ini,
    /// For programs: one object.
    Json,
}

/// When the service manager that has started supervisord is told that it is ready (sd_notify(3)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SdNotify {
    /// It is told nothing, and programs inherit its variables, as upstream does.
    #[default]
    Off,
    /// As soon as servers listen and the pidfile is written.
    Started,
    /// When every program with `autostart` has been RUNNING or EXITED besides.
    Ready,
}

impl SdNotify {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Started => "started",
            Self::Ready => "ready",
        }
    }
}

/// The options that were given; each wins over the configuration file, at every (re)reading of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent switch of the command line")]
pub struct SupervisordOptions {
    /// The configuration file as typed.
    pub configuration: Option<String>,
    /// Stay in the foreground.
    pub nodaemon: bool,
    /// Nothing on standard output in the foreground.
    pub silent: bool,
    /// AUTO logs of earlier runs are left alone.
    pub nocleanup: bool,
    /// Escape sequences are removed from what is logged.
    pub strip_ansi: bool,
    /// User name or id; looked up after the configuration file was read, as upstream does.
    pub user: Option<String>,
    /// File mode creation mask.
    pub umask: Option<u32>,
    /// An existing directory, `~` expanded.
    pub directory: Option<String>,
    /// The main log, `~` expanded, or `syslog`; an empty one does not count.
    pub logfile: Option<String>,
    /// Bytes.
    pub logfile_maxbytes: Option<i64>,
    /// Rotated files.
    pub logfile_backups: Option<i64>,
    /// Severity.
    pub loglevel: Option<LogLevel>,
    /// The pid file, `~` expanded; an empty one does not count.
    pub pidfile: Option<String>,
    /// The name that this supervisord answers with.
    pub identifier: Option<String>,
    /// An existing directory, `~` expanded.
    pub childlogdir: Option<String>,
    /// File descriptors.
    pub minfds: Option<i64>,
    /// Processes.
    pub minprocs: Option<i64>,
    /// Accepted for compatibility, of no effect.
    pub profile_options: Option<String>,
    /// What the service manager is told. The last one counts: what is appended to a unit's line overrules it.
    pub sd_notify: Option<SdNotify>,
    /// What is otherwise ignored with a warning keeps supervisord from starting.
    pub strict: bool,
    /// Process, group or program whose exit status is that of supervisord.
    pub exit_code_from: Option<String>,
    /// The words of a command that is run as program `main`, in the foreground; at least one.
    pub wrapped: Option<Vec<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Id {
    Help,
    Version,
    Configuration,
    Nodaemon,
    Silent,
    User,
    Umask,
    Directory,
    Logfile,
    LogfileMaxbytes,
    LogfileBackups,
    Loglevel,
    Pidfile,
    Identifier,
    Childlogdir,
    Nocleanup,
    Minfds,
    StripAnsi,
    Minprocs,
    ProfileOptions,
    Check,
    Strict,
    ShowConfig,
    Init,
    Format,
    SdNotify,
    ExitCodeFrom,
    Verbose,
}

#[rustfmt::skip]
const SWITCHES: [Switch<Id>; 29] = [
    switch(Id::Configuration, 'c', "configuration", Some("FILENAME"), "read this file instead of searching for one"),
    switch(Id::Nodaemon, 'n', "nodaemon", None, "stay in the foreground (nodaemon=true)"),
    switch(Id::Silent, 's', "silent", None, "in the foreground, keep standard output quiet (silent=true)"),
    switch(Id::User, 'u', "user", Some("USER"), "become this user, given by name or id"),
    switch(Id::Umask, 'm', "umask", Some("MASK"), "octal mask of a daemon's new files, 022 unless set"),
    switch(Id::Directory, 'd', "directory", Some("DIR"), "working directory of a daemon"),
    switch(Id::Logfile, 'l', "logfile", Some("FILENAME"), "use FILENAME as the main log; the word syslog stands for the system's"),
    switch(Id::LogfileMaxbytes, 'y', "logfile_maxbytes", Some("BYTES"), "size at which the main log rotates, 0: never"),
    switch(Id::LogfileBackups, 'z', "logfile_backups", Some("COUNT"), "rotated main logs to keep"),
    switch(Id::Loglevel, 'e', "loglevel", Some("LEVEL"), "critical, error, warn, info, debug, trace or blather"),
    switch(Id::Pidfile, 'j', "pidfile", Some("FILENAME"), "where to write the process id"),
    switch(Id::Identifier, 'i', "identifier", Some("NAME"), "name that this supervisord answers with"),
    switch(Id::Childlogdir, 'q', "childlogdir", Some("DIR"), "where AUTO logs of programs go"),
    switch(Id::Nocleanup, 'k', "nocleanup", None, "leave AUTO logs of earlier runs alone"),
    switch(Id::Minfds, 'a', "minfds", Some("COUNT"), "file descriptors needed to start"),
    switch(Id::StripAnsi, 't', "strip_ansi", None, "remove escape sequences from program output"),
    word(Id::Minprocs, "minprocs", Some("COUNT"), "processes needed to start"),
    word(Id::ProfileOptions, "profile_options", Some("LIST"), "accepted for compatibility, of no effect"),
    switch(Id::Version, 'v', "version", None, "print the version and exit"),
    switch(Id::Help, 'h', "help", None, "print this text and exit (also -?)"),
    Switch { id: Id::Help, short: Some('?'), long: None, argument: None, help: "", may_be_abbreviated: false },
    new_word(Id::Check, "check", None, "tell all that is wrong with the configuration and exit"),
    new_word(Id::Strict, "strict", None, "what would be ignored with a warning is an error (strict=true); with --check: a warning makes the exit status 1"),
    new_word(Id::ShowConfig, "show-config", None, "print the configuration with all defaults filled in and exit"),
    new_word(Id::Init, "init", None, "write a small supervisord.conf to begin with (or what -c names) and exit"),
    new_word(Id::Format, "format", Some("FORM"), "of --check: text or json; of --show-config: ini or json"),
    new_word(Id::SdNotify, "sd-notify", Some("WHEN"), "tell the service manager: off, started (servers listen) or ready (programs too)"),
    new_word(Id::ExitCodeFrom, "exit-code-from", Some("NAME"), "process or program whose exit status is that of supervisord (exit_code_from=NAME)"),
    new_word(Id::Verbose, "verbose", None, "with --version: what it was built from and for"),
];

/// What `--init` writes when nothing else is named: a supervisord that is started there finds it.
const INIT_FILE: &str = "supervisord.conf";

const fn switch(
    id: Id,
    short: char,
    long: &'static str,
    argument: Option<&'static str>,
    help: &'static str,
) -> Switch<Id> {
    Switch { id, short: Some(short), long: Some(long), argument, help, may_be_abbreviated: true }
}

const fn word(id: Id, long: &'static str, argument: Option<&'static str>, help: &'static str) -> Switch<Id> {
    Switch { id, short: None, long: Some(long), argument, help, may_be_abbreviated: true }
}

/// An option that upstream does not have.
const fn new_word(id: Id, long: &'static str, argument: Option<&'static str>, help: &'static str) -> Switch<Id> {
    Switch { id, short: None, long: Some(long), argument, help, may_be_abbreviated: false }
}

/// What `arguments` (the program's own name not included) ask for; `program` is the name for the usage text.
/// Errors come in upstream's order: shape of the line, positional arguments, then option by option.
pub fn parse_supervisord_command_line(program: &str, arguments: &[String]) -> Result<SupervisordCommand, UsageError> {
    let (occurrences, rest) = getopt_and_rest(arguments, &SWITCHES)?;
    let wrapped = match rest {
        Rest::Positionals(words) | Rest::AfterDashes(words) if words.is_empty() => None,
        Rest::AfterDashes(words) => Some(words),
        Rest::Positionals(words) => {
            return Err(UsageError(format!("positional arguments are not supported: {}", ReprList(&words))));
        }
    };
    let verbose = occurrences.iter().any(|occurrence| occurrence.id == Id::Verbose);
    let mut given = Given::default();
    given.options.wrapped = wrapped;
    for occurrence in &occurrences {
        if let Some(command) = given.take(occurrence, program, verbose)? {
            return Ok(command);
        }
    }
    given.into_command()
}

/// Every option of supervisord, in the order of its usage text.
pub fn supervisord_switches() -> Vec<CommandSwitch> {
    shown(&SWITCHES)
}

fn help(program: &str) -> String {
    format!(
        "supervisord -- run a set of applications, keep them running, and tell whoever asks.\n\n\
         Usage: {program} [options] [-- command arguments]\n\n\
         A command behind -- is run once, as program main; its exit status is that of supervisord.\n\
         Options win over the configuration file:\n{}",
        usage_lines(&SWITCHES)
    )
}

/// The options while they are being read: a flag given twice is a conflict, so flags are remembered, too.
#[derive(Default)]
struct Given {
    nodaemon: Option<()>,
    silent: Option<()>,
    nocleanup: Option<()>,
    strip_ansi: Option<()>,
    check: Option<()>,
    strict: Option<()>,
    show_config: Option<()>,
    init: Option<()>,
    format: Option<String>,
    verbose: Option<()>,
    options: SupervisordOptions,
}

impl Given {
    /// Takes in an option; one that is a command by itself ends the line.
    fn take(
        &mut self,
        occurrence: &Occurrence<Id>,
        program: &str,
        verbose: bool,
    ) -> Result<Option<SupervisordCommand>, UsageError> {
        let options = &mut self.options;
        let home = Home::of_this_process;
        let text = || occurrence.argument.clone();
        let number = || convert(occurrence, integer);
        let path = || convert(occurrence, |path| existing_dirpath(path, &home()));
        let directory = || convert(occurrence, |path| existing_directory(path, &home()));
        match occurrence.id {
            Id::Help => return Ok(Some(SupervisordCommand::Help(help(program)))),
            Id::Version => return Ok(Some(SupervisordCommand::Version { verbose })),
            Id::Nodaemon => set(&mut self.nodaemon, occurrence, ()),
            Id::Silent => set(&mut self.silent, occurrence, ()),
            Id::Nocleanup => set(&mut self.nocleanup, occurrence, ()),
            Id::StripAnsi => set(&mut self.strip_ansi, occurrence, ()),
            Id::Configuration => set(&mut options.configuration, occurrence, text()),
            Id::User => set(&mut options.user, occurrence, text()),
            Id::Umask => set(&mut options.umask, occurrence, file_mode(convert(occurrence, octal)?)),
            Id::Directory => set(&mut options.directory, occurrence, directory()?),
            Id::Logfile => set(&mut options.logfile, occurrence, path()?),
            Id::LogfileMaxbytes => set(&mut options.logfile_maxbytes, occurrence, convert(occurrence, byte_size)?),
            Id::LogfileBackups => set(&mut options.logfile_backups, occurrence, number()?),
            Id::Loglevel => set(&mut options.loglevel, occurrence, convert(occurrence, loglevel)?),
            Id::Pidfile => set(&mut options.pidfile, occurrence, path()?),
            Id::Identifier => set(&mut options.identifier, occurrence, text()),
            Id::Childlogdir => set(&mut options.childlogdir, occurrence, directory()?),
            Id::Minfds => set(&mut options.minfds, occurrence, number()?),
            Id::Minprocs => set(&mut options.minprocs, occurrence, number()?),
            Id::ProfileOptions => set(&mut options.profile_options, occurrence, text()),
            Id::Check => set(&mut self.check, occurrence, ()),
            Id::Strict => set(&mut self.strict, occurrence, ()),
            Id::ShowConfig => set(&mut self.show_config, occurrence, ()),
            Id::Init => set(&mut self.init, occurrence, ()),
            Id::Format => set(&mut self.format, occurrence, text()),
            Id::Verbose => set(&mut self.verbose, occurrence, ()),
            Id::ExitCodeFrom => set(&mut options.exit_code_from, occurrence, text()),
            Id::SdNotify => convert(occurrence, sd_notify).map(|when| options.sd_notify = Some(when)),
        }
        .map(|()| None)
    }

    /// What is asked for, now that all options are known.
    fn into_command(self) -> Result<SupervisordCommand, UsageError> {
        let refuse = |text: &str| Err(UsageError(text.to_owned()));
        let bad_format = |format: &str, known: &str| {
            Err(UsageError(format!("invalid value for --format {}: it is {known}", Repr(format))))
        };
        let (strict, format) = (self.strict.is_some(), self.format.clone());
        if self.init.is_some() {
            let others = [self.check, self.show_config, self.strict, self.verbose];
            if format.is_some() || others.iter().any(Option::is_some) {
                return refuse("--init goes with -c alone");
            }
            let file = self.options.configuration.unwrap_or_else(|| INIT_FILE.to_owned());
            return Ok(SupervisordCommand::Init { file });
        }
        match (self.check, self.show_config) {
            (Some(()), Some(())) => refuse("--check and --show-config exclude each other"),
            (_, _) if self.verbose.is_some() => refuse("--verbose is for --version"),
            (None, Some(())) if strict => refuse("--strict is for a start and for --check"),
            (None, None) if format.is_some() => refuse("--format is for --check and --show-config"),
            (None, None) => Ok(SupervisordCommand::Run(SupervisordOptions { strict, ..self.into_options() })),
            (Some(()), None) => {
                let format = match format.as_deref() {
                    None | Some("text") => CheckFormat::Text,
                    Some("json") => CheckFormat::Json,
                    Some(other) => return bad_format(other, "text or json"),
                };
                Ok(SupervisordCommand::Check { options: self.into_options(), strict, format })
            }
            (None, Some(())) => {
                let format = match format.as_deref() {
                    None | Some("ini") => ShowConfigFormat::Ini,
                    Some("json") => ShowConfigFormat::Json,
                    Some(other) => return bad_format(other, "ini or json"),
                };
                Ok(SupervisordCommand::ShowConfig { options: self.into_options(), format })
            }
        }
    }

    fn into_options(self) -> SupervisordOptions {
        SupervisordOptions {
            nodaemon: self.nodaemon.is_some() || self.options.wrapped.is_some(),
            silent: self.silent.is_some(),
            nocleanup: self.nocleanup.is_some(),
            strip_ansi: self.strip_ansi.is_some(),
            ..self.options
        }
    }
}

#[cfg(test)]
mod tests;
