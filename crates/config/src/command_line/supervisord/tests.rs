//! Lines of options, and what they ask for.

use super::*;
use crate::getopt::getopt;

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
        "--minprocs=6",
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
        ..SupervisordOptions::default()
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

/// A unit says one thing, and what is appended to it another.
#[test]
fn the_last_sd_notify_counts() {
    for (words, when) in [
        (&["--sd-notify=started", "--sd-notify", "ready"][..], SdNotify::Ready),
        (&["--sd-notify=ready", "--sd-notify=started"], SdNotify::Started),
        (&["--sd-notify=started", "--sd-notify=off"], SdNotify::Off),
    ] {
        assert_eq!(options(words), SupervisordOptions { sd_notify: Some(when), ..SupervisordOptions::default() });
    }
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
    let init = |file: &str| Ok(SupervisordCommand::Init { file: file.to_owned() });
    assert_eq!(run(&["--init"]), init("supervisord.conf"));
    assert_eq!(run(&["-c", "a/b.conf", "--init"]), init("a/b.conf"));
    for (arguments, text) in [
        (&["--check", "--show-config"][..], "--check and --show-config exclude each other"),
        (&["--strict", "--show-config"], "--strict is for a start and for --check"),
        (&["--format", "json"], "--format is for --check and --show-config"),
        (&["--check", "--format", "ini"], "invalid value for --format 'ini': it is text or json"),
        (&["--show-config", "--format="], "invalid value for --format '': it is ini or json"),
        (&["--check", "--check"], "conflicting command line option '--check'"),
        (&["--init", "--check"], "--init goes with -c alone"),
        (&["--verbose", "--init"], "--init goes with -c alone"),
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
    assert_eq!(
        (upstream.len(), own.as_slice()),
        (20, &["check", "strict", "show-config", "init", "format", "sd-notify", "exit-code-from", "verbose"][..])
    );
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
        assert_eq!(run(arguments), Ok(SupervisordCommand::Version { verbose: false }), "{arguments:?}");
    }
    for arguments in [&["-v", "--verbose"][..], &["--verbose", "--version"]] {
        assert_eq!(run(arguments), Ok(SupervisordCommand::Version { verbose: true }), "{arguments:?}");
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
        (&["-n", "--verbose"], "--verbose is for --version"),
        (&["--verbose", "--verbose"], "conflicting command line option '--verbose'"),
        (&["--sd-notify=yes"], "invalid value for --sd-notify 'yes': one of off, started, ready"),
        (&["--sd-n", "off"], "option --sd-n not recognized"),
        (&["-n", "--nodaemon"], "conflicting command line option '--nodaemon'"),
        (&["-c", "a", "-c", "b"], "conflicting command line option '-c'"),
        (&["-i", "", "--ident=x"], "conflicting command line option '--identifier'"),
        (&["-z1", "-zx"], "invalid value for -z 'x': invalid literal for int() with base 10: 'x'"),
    ] {
        assert_eq!(run(arguments), Err(text.to_owned()), "{arguments:?}");
    }
}
