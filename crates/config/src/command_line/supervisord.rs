//! The command line of supervisord (contract/config.md §6.1).

use supervisor_core::LogLevel;

use super::{convert, set};
use crate::datatypes::{byte_size, existing_directory, existing_dirpath, file_mode, integer, loglevel, octal};
use crate::diagnostics::UsageError;
use crate::getopt::{Occurrence, Switch, getopt, usage_lines};
use crate::python_path::Home;
use crate::python_repr::ReprList;

/// What a command line asks supervisord for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "there is one of it, and it is taken apart at once")]
pub enum SupervisordCommand {
    /// Run with these options.
    Run(SupervisordOptions),
    /// Print this text on standard output and exit with 0.
    Help(String),
    /// Print the version on standard output and exit with 0.
    Version,
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
}

#[rustfmt::skip]
const SWITCHES: [Switch<Id>; 21] = [
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
    Switch { id: Id::Minprocs, short: None, long: Some("minprocs"), argument: Some("COUNT"), help: "processes needed to start" },
    Switch { id: Id::ProfileOptions, short: None, long: Some("profile_options"), argument: Some("LIST"), help: "accepted for compatibility, of no effect" },
    switch(Id::Version, 'v', "version", None, "print the version and exit"),
    switch(Id::Help, 'h', "help", None, "print this text and exit (also -?)"),
    Switch { id: Id::Help, short: Some('?'), long: None, argument: None, help: "" },
];

const fn switch(
    id: Id,
    short: char,
    long: &'static str,
    argument: Option<&'static str>,
    help: &'static str,
) -> Switch<Id> {
    Switch { id, short: Some(short), long: Some(long), argument, help }
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
    Ok(SupervisordCommand::Run(given.into_options()))
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
