//! The command line of supervisorctl (contract/config.md §6.2).

use super::{CommandSwitch, convert, set, shown};
use crate::datatypes::url;
use crate::diagnostics::UsageError;
use crate::getopt::{Switch, getopt, usage_lines};

/// What a command line asks supervisorctl for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SupervisorctlCommand {
    /// Run with these options.
    Run(ClientOptions),
    /// Print this text on standard output and exit with 0.
    Help(String),
    /// Print the version on standard output and exit with 0.
    Version {
        /// With what it was built from and for.
        verbose: bool,
    },
}

/// The options that were given; each wins over the configuration file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientOptions {
    /// The configuration file as typed.
    pub configuration: Option<String>,
    /// `-i` was given, or there is no action.
    pub interactive: bool,
    /// Where supervisord listens, as typed.
    pub serverurl: Option<String>,
    /// Login name.
    pub username: Option<String>,
    /// Password.
    pub password: Option<String>,
    /// History of the shell, as typed.
    pub history_file: Option<String>,
    /// Authorities for an https server, as typed.
    pub tls_ca: Option<String>,
    /// The action and its arguments; its options are its own business.
    pub arguments: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Id {
    Help,
    Version,
    Verbose,
    Configuration,
    Interactive,
    Serverurl,
    Username,
    Password,
    HistoryFile,
    TlsCa,
}

#[rustfmt::skip]
const SWITCHES: [Switch<Id>; 12] = [
    switch(Id::Configuration, Some('c'), "configuration", Some("FILENAME"), "read this file instead of searching for one"),
    switch(Id::Interactive, Some('i'), "interactive", None, "start an interactive session: ask before shutdown and reload, and for a login"),
    switch(Id::Serverurl, Some('s'), "serverurl", Some("URL"), "where supervisord listens, http://localhost:9001 unless set"),
    switch(Id::Username, Some('u'), "username", Some("NAME"), "name to log in with"),
    switch(Id::Password, Some('p'), "password", Some("WORD"), "password to log in with"),
    switch(Id::HistoryFile, Some('r'), "history_file", Some("FILENAME"), "where the shell keeps its history (also --history-file)"),
    switch(Id::HistoryFile, None, "history-file", Some("FILENAME"), ""),
    switch(Id::TlsCa, None, "tls-ca", Some("FILENAME"), "authorities that may have signed the certificate of an https server"),
    switch(Id::Help, Some('h'), "help", None, "print this text and exit (also -?)"),
    Switch { may_be_abbreviated: false, ..switch(Id::Version, None, "version", None, "print the version of supervisorctl and exit") },
    Switch { may_be_abbreviated: false, ..switch(Id::Verbose, None, "verbose", None, "with --version: what it was built from and for") },
    Switch { id: Id::Help, short: Some('?'), long: None, argument: None, help: "", may_be_abbreviated: false },
];

const fn switch(
    id: Id,
    short: Option<char>,
    long: &'static str,
    argument: Option<&'static str>,
    help: &'static str,
) -> Switch<Id> {
    Switch { id, short, long: Some(long), argument, help, may_be_abbreviated: true }
}

/// What `arguments` (the program's own name not included) ask for; `program` is the name for the usage text.
pub fn parse_supervisorctl_command_line(
    program: &str,
    arguments: &[String],
) -> Result<SupervisorctlCommand, UsageError> {
    let (occurrences, positionals) = getopt(arguments, &SWITCHES)?;
    let (mut interactive, mut verbose) = (None, None);
    let mut options = ClientOptions::default();
    for occurrence in &occurrences {
        let text = || occurrence.argument.clone();
        match occurrence.id {
            Id::Help => return Ok(SupervisorctlCommand::Help(help(program))),
            Id::Version => {
                let verbose = occurrences.iter().any(|occurrence| occurrence.id == Id::Verbose);
                return Ok(SupervisorctlCommand::Version { verbose });
            }
            Id::Verbose => set(&mut verbose, occurrence, ())?,
            Id::Interactive => set(&mut interactive, occurrence, ())?,
            Id::Configuration => set(&mut options.configuration, occurrence, text())?,
            Id::Serverurl => {
                let checked = convert(occurrence, |argument| url(argument).map(ToOwned::to_owned))?;
                set(&mut options.serverurl, occurrence, checked)?;
            }
            Id::Username => set(&mut options.username, occurrence, text())?,
            Id::Password => set(&mut options.password, occurrence, text())?,
            Id::TlsCa => set(&mut options.tls_ca, occurrence, text())?,
            Id::HistoryFile => set(&mut options.history_file, occurrence, text())?,
        }
    }
    if verbose.is_some() {
        return Err(UsageError("--verbose is for --version".to_owned()));
    }
    options.interactive = interactive.is_some() || positionals.is_empty();
    options.arguments = positionals;
    Ok(SupervisorctlCommand::Run(options))
}

/// Every option of supervisorctl, in the order of its usage text.
pub fn supervisorctl_switches() -> Vec<CommandSwitch> {
    shown(&SWITCHES)
}

fn help(program: &str) -> String {
    format!(
        "supervisorctl -- control applications run by supervisord from the command line.\n\n\
         Usage: {program} [options] [action [arguments]]\n\n\
         Options win over the configuration file:\n{}\n\
         Without an action a shell opens that takes one action a line; the action \"help\" lists them all.\n",
        usage_lines(&SWITCHES)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(arguments: &[&str]) -> Result<SupervisorctlCommand, String> {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        parse_supervisorctl_command_line("ctl", &arguments).map_err(|error| error.to_string())
    }

    fn options(arguments: &[&str]) -> ClientOptions {
        match run(arguments) {
            Ok(SupervisorctlCommand::Run(options)) => options,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn options_end_where_the_action_begins() {
        let given = options(&[
            "-c",
            "x",
            "-s",
            "unix:///s",
            "-u",
            "me",
            "-p",
            "pw",
            "-r",
            "h",
            "--tls-ca=a.pem",
            "tail",
            "-f",
            "web",
        ]);
        let expected = ClientOptions {
            configuration: Some("x".into()),
            interactive: false,
            serverurl: Some("unix:///s".into()),
            username: Some("me".into()),
            password: Some("pw".into()),
            history_file: Some("h".into()),
            tls_ca: Some("a.pem".into()),
            arguments: vec!["tail".into(), "-f".into(), "web".into()],
        };
        assert_eq!(given, expected);
        assert!(options(&[]).interactive);
        assert!(options(&["-i", "status"]).interactive);
        for spelling in ["--history_file=h", "--history-file=h", "--hist=h"] {
            assert_eq!(options(&[spelling]).history_file.as_deref(), Some("h"));
        }
    }

    #[test]
    fn the_version_is_asked_for_by_its_whole_name() {
        assert_eq!(run(&["--version"]), Ok(SupervisorctlCommand::Version { verbose: false }));
        for words in [["--version", "--verbose"], ["--verbose", "--version"]] {
            assert_eq!(run(&words), Ok(SupervisorctlCommand::Version { verbose: true }));
        }
        assert_eq!(run(&["--verbose", "status"]), Err("--verbose is for --version".to_owned()));
        assert_eq!(run(&["--vers"]), Err("option --vers not recognized".to_owned()));
    }

    #[test]
    fn help_lists_every_switch() {
        let Ok(SupervisorctlCommand::Help(text)) = run(&["-?"]) else { panic!("no help") };
        for switch in &SWITCHES {
            assert!(switch.short.is_none_or(|letter| text.contains(&format!("-{letter}"))));
            assert!(switch.long.is_none_or(|word| text.contains(&format!("--{word}"))));
        }
    }

    #[test]
    fn errors_have_upstreams_texts() {
        for (arguments, text) in [
            (&["-v"][..], "option -v not recognized"),
            (&["--h"], "option --h not a unique prefix"),
            (&["-s", "localhost"], "invalid value for -s 'localhost': value 'localhost' is not a URL"),
            (&["-u", "a", "--user", "b"], "conflicting command line option '--username'"),
            (&["-r", "a", "--history-file", "b"], "conflicting command line option '--history-file'"),
        ] {
            assert_eq!(run(arguments), Err(text.to_owned()), "{arguments:?}");
        }
    }
}
