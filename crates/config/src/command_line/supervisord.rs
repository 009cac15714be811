//! The command line of supervisord (contract/config.md §6.1).

use supervisor_core::LogLevel;

use super::{convert, set};
use crate::datatypes::{byte_size, existing_directory, existing_dirpath, file_mode, integer, loglevel, octal};
use crate::diagnostics::UsageError;
use crate::getopt::{Occurrence, Switch, getopt, usage_lines};
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
    Version,
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
    Format,
}

#[rustfmt::skip]
const SWITCHES: [Switch<Id>; 25] = [
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
    new_word(Id::Strict, "strict", None, "with --check: a warning makes the exit status 1"),
    new_word(Id::ShowConfig, "show-config", None, "print the configuration with all defaults filled in and exit"),
    new_word(Id::Format, "format", Some("FORM"), "of --check: text or json; of --show-config: ini or json"),
];

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
    let (occurrences, positionals) = getopt(arguments, &SWITCHES)?;
    if !positionals.is_empty() {
        return Err(UsageError(format!("positional arguments are not supported: {}", ReprList(&positionals))));
    }
    let mut given = Given::default();
    for occurrence in &occurrences {
        match occurrence.id {
            Id::Help => return Ok(SupervisordCommand::Help(help(program))),
            Id::Version => return Ok(SupervisordCommand::Version),
            _ => given.take(occurrence)?,
        }
    }
    given.into_command()
}

fn help(program: &str) -> String {
    format!(
        "supervisord -- run a set of applications, keep them running, and tell whoever asks.\n\n\
         Usage: {program} [options]\n\n\
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
    format: Option<String>,
    options: SupervisordOptions,
}

impl Given {
    fn take(&mut self, occurrence: &Occurrence<Id>) -> Result<(), UsageError> {
        let options = &mut self.options;
        let text = || occurrence.argument.clone();
        let home = Home::of_this_process;
        match occurrence.id {
            Id::Help | Id::Version => Ok(()),
            Id::Nodaemon => set(&mut self.nodaemon, occurrence, ()),
            Id::Silent => set(&mut self.silent, occurrence, ()),
            Id::Nocleanup => set(&mut self.nocleanup, occurrence, ()),
            Id::StripAnsi => set(&mut self.strip_ansi, occurrence, ()),
            Id::Configuration => set(&mut options.configuration, occurrence, text()),
            Id::User => set(&mut options.user, occurrence, text()),
            Id::Umask => set(&mut options.umask, occurrence, file_mode(convert(occurrence, octal)?)),
            Id::Directory => {
                set(&mut options.directory, occurrence, convert(occurrence, |v| existing_directory(v, &home()))?)
            }
            Id::Logfile => {
                set(&mut options.logfile, occurrence, convert(occurrence, |v| existing_dirpath(v, &home()))?)
            }
            Id::LogfileMaxbytes => set(&mut options.logfile_maxbytes, occurrence, convert(occurrence, byte_size)?),
            Id::LogfileBackups => set(&mut options.logfile_backups, occurrence, convert(occurrence, integer)?),
            Id::Loglevel => set(&mut options.loglevel, occurrence, convert(occurrence, loglevel)?),
            Id::Pidfile => {
                set(&mut options.pidfile, occurrence, convert(occurrence, |v| existing_dirpath(v, &home()))?)
            }
            Id::Identifier => set(&mut options.identifier, occurrence, text()),
            Id::Childlogdir => {
                set(&mut options.childlogdir, occurrence, convert(occurrence, |v| existing_directory(v, &home()))?)
            }
            Id::Minfds => set(&mut options.minfds, occurrence, convert(occurrence, integer)?),
            Id::Minprocs => set(&mut options.minprocs, occurrence, convert(occurrence, integer)?),
            Id::ProfileOptions => set(&mut options.profile_options, occurrence, text()),
            Id::Check => set(&mut self.check, occurrence, ()),
            Id::Strict => set(&mut self.strict, occurrence, ()),
            Id::ShowConfig => set(&mut self.show_config, occurrence, ()),
            Id::Format => set(&mut self.format, occurrence, text()),
        }
    }

    /// What is asked for, now that all options are known.
    fn into_command(self) -> Result<SupervisordCommand, UsageError> {
        let refuse = |text: &str| Err(UsageError(text.to_owned()));
        let bad_format = |format: &str, known: &str| {
            Err(UsageError(format!("invalid value for --format {}: it is {known}", Repr(format))))
        };
        let (strict, format) = (self.strict.is_some(), self.format.clone());
        match (self.check, self.show_config) {
            (Some(()), Some(())) => refuse("--check and --show-config exclude each other"),
            (None, _) if strict => refuse("--strict is for --check"),
            (None, None) if format.is_some() => refuse("--format is for --check and --show-config"),
            (None, None) => Ok(SupervisordCommand::Run(self.into_options())),
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
            nodaemon: self.nodaemon.is_some(),
            silent: self.silent.is_some(),
            nocleanup: self.nocleanup.is_some(),
            strip_ansi: self.strip_ansi.is_some(),
            ..self.options
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(arguments: &[&str]) -> Result<SupervisordCommand, String> {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        parse_supervisord_command_line("sd", &arguments).map_err(|error| error.to_string())
    }

    fn options(arguments: &[&str]) -> SupervisordOptions {
        match run(arguments) {
            Ok(SupervisordCommand::Run(options)) => options,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_option_arrives_in_its_place() {
        let short = options(&[
            "-c",
            "x.conf",
            "-nskt",
            "-u",
            "root",
            "-m077",
            "-d/",
            "-l",
            "/tmp/l",
            "-y",
            "1KB",
            "-z3",
            "-e",
            "DEBUG",
            "-j",
            "p.pid",
            "-i",
            "",
            "-q/tmp",
            "-a",
            "5",
            "--minprocs",
            "6",
            "--profile",
            "calls",
        ]);
        let expected = SupervisordOptions {
            configuration: Some("x.conf".into()),
            nodaemon: true,
            silent: true,
            nocleanup: true,
            strip_ansi: true,
            user: Some("root".into()),
            umask: Some(0o77),
            directory: Some("/".into()),
            logfile: Some("/tmp/l".into()),
            logfile_maxbytes: Some(1024),
            logfile_backups: Some(3),
            loglevel: Some(LogLevel::Debug),
            pidfile: Some("p.pid".into()),
            identifier: Some(String::new()),
            childlogdir: Some("/tmp".into()),
            minfds: Some(5),
            minprocs: Some(6),
            profile_options: Some("calls".into()),
        };
        assert_eq!(short, expected);
        let long = options(&[
            "--configuration=x.conf",
            "--nodaemon",
            "--silent",
            "--nocleanup",
            "--strip_ansi",
            "--user=root",
            "--umask=077",
            "--directory=/",
            "--logfile=/tmp/l",
            "--logfile_maxbytes=1kb",
            "--logfile_backups=3",
            "--loglevel=debug",
            "--pidfile=p.pid",
            "--identifier=",
            "--childlogdir=/tmp",
            "--minfds=5",
            "--minprocs=6",
            "--profile_options=calls",
        ]);
        assert_eq!(long, expected);
        assert_eq!(options(&[]), SupervisordOptions::default());
    }

    #[test]
    fn commands_that_start_nothing() {
        let quiet = SupervisordOptions { nodaemon: true, ..SupervisordOptions::default() };
        let check =
            |strict, format| Ok(SupervisordCommand::Check { options: SupervisordOptions::default(), strict, format });
        assert_eq!(run(&["--check"]), check(false, CheckFormat::Text));
        assert_eq!(run(&["--format=json", "--strict", "--check"]), check(true, CheckFormat::Json));
        assert_eq!(
            run(&["-n", "--show-config"]),
            Ok(SupervisordCommand::ShowConfig { options: quiet, format: ShowConfigFormat::Ini })
        );
        for (arguments, text) in [
            (&["--check", "--show-config"][..], "--check and --show-config exclude each other"),
            (&["--strict"], "--strict is for --check"),
            (&["--strict", "--show-config"], "--strict is for --check"),
            (&["--format", "json"], "--format is for --check and --show-config"),
            (&["--check", "--format", "ini"], "invalid value for --format 'ini': it is text or json"),
            (&["--show-config", "--format="], "invalid value for --format '': it is ini or json"),
            (&["--check", "--check"], "conflicting command line option '--check'"),
            (&["--check=1"], "option --check must not have an argument"),
        ] {
            assert_eq!(run(arguments), Err(text.to_owned()), "{arguments:?}");
        }
    }

    /// What getopt says of each prefix of each word when it knows upstream's words alone, unless it is one of our own.
    #[test]
    fn every_abbreviation_means_what_it_means_upstream() {
        let words = || SWITCHES.iter().filter_map(|switch| Some((switch.long?, switch)));
        let upstream: Vec<_> = words().filter(|(_, switch)| switch.may_be_abbreviated).collect();
        let own: Vec<&str> = words().filter(|(_, switch)| !switch.may_be_abbreviated).map(|(word, _)| word).collect();
        assert_eq!((upstream.len(), own.as_slice()), (20, &["check", "strict", "show-config", "format"][..]));
        for (word, _) in words() {
            for end in 1..=word.len() {
                let prefix = word.get(..end).unwrap();
                let exact = upstream.iter().find(|(known, _)| *known == prefix);
                let matching: Vec<_> = upstream.iter().filter(|(known, _)| known.starts_with(prefix)).collect();
                let said = getopt(&[format!("--{prefix}"), "x".to_owned()], &SWITCHES).map(|(found, _)| found[0].id);
                let said = said.map_err(|error| error.to_string());
                match (exact, matching.as_slice()) {
                    _ if own.contains(&prefix) => assert!(said.is_ok(), "--{prefix}"),
                    (Some((_, switch)), _) | (None, [(_, switch)]) => assert_eq!(said, Ok(switch.id), "--{prefix}"),
                    (None, []) => assert_eq!(said, Err(format!("option --{prefix} not recognized"))),
                    (None, _) => assert_eq!(said, Err(format!("option --{prefix} not a unique prefix"))),
                }
            }
        }
    }

    #[test]
    fn help_and_version_answer_where_they_stand() {
        for arguments in [&["-h"][..], &["-?"], &["--help"], &["-n", "--h", "-z", "bad"]] {
            assert!(matches!(run(arguments), Ok(SupervisordCommand::Help(_))), "{arguments:?}");
        }
        for arguments in [&["-v"][..], &["--version"], &["--v", "-h"]] {
            assert_eq!(run(arguments), Ok(SupervisordCommand::Version), "{arguments:?}");
        }
        assert!(run(&["-z", "bad", "-h"]).is_err());
    }

    #[test]
    fn the_usage_text_lists_every_switch() {
        let text = help("/usr/bin/supervisord");
        assert!(text.contains("Usage: /usr/bin/supervisord [options]"));
        for switch in &SWITCHES {
            assert!(switch.short.is_none_or(|letter| text.contains(&format!("-{letter}"))));
            assert!(switch.long.is_none_or(|word| text.contains(&format!("--{word}"))));
        }
    }

    #[test]
    fn errors_have_upstreams_texts() {
        for (arguments, text) in [
            (&["x"][..], "positional arguments are not supported: ['x']"),
            (&["-n", "x", "it's"], "positional arguments are not supported: ['x', \"it's\"]"),
            (&["-z", "a", "x"], "positional arguments are not supported: ['x']"),
            (&["-b", "-z", "a"], "option -b not recognized"),
            (&["--log", "x"], "option --log not a unique prefix"),
            (&["-a", "x"], "invalid value for -a 'x': invalid literal for int() with base 10: 'x'"),
            (&["--minp=x"], "invalid value for --minprocs 'x': invalid literal for int() with base 10: 'x'"),
            (&["-e", "loud"], "invalid value for -e 'loud': bad logging level name 'loud'"),
            (&["-m", "9"], "invalid value for -m '9': 9 can not be converted to an octal type"),
            (&["-d", "/no/such"], "invalid value for -d '/no/such': /no/such is not an existing directory"),
            (
                &["-l", "/no/such/x"],
                "invalid value for -l '/no/such/x': The directory named as part of the path /no/such/x does not exist",
            ),
            (&["-y", "1k"], "invalid value for -y '1k': invalid literal for int() with base 10: '1k'"),
            (&["-n", "--nodaemon"], "conflicting command line option '--nodaemon'"),
            (&["-c", "a", "-c", "b"], "conflicting command line option '-c'"),
            (&["-i", "", "--ident=x"], "conflicting command line option '--identifier'"),
            (&["-z1", "-zx"], "invalid value for -z 'x': invalid literal for int() with base 10: 'x'"),
        ] {
            assert_eq!(run(arguments), Err(text.to_owned()), "{arguments:?}");
        }
    }
}
