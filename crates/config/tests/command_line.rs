//! The command line wins over the file, and the file over the defaults.

use std::path::{Path, PathBuf};

use supervisor_config::{MainLogFile, SupervisordCommand, SupervisordOptions, parse_supervisord_command_line};
use supervisor_core::LogLevel;

use crate::folder::{Folder, load};

fn options(arguments: &[&str]) -> SupervisordOptions {
    let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
    match parse_supervisord_command_line("supervisord", &arguments) {
        Ok(SupervisordCommand::Run(options)) => options,
        other => panic!("{other:?}"),
    }
}

#[test]
fn defaults_are_the_contracts() {
    let config = load("").unwrap().supervisord;
    let here = std::env::current_dir().unwrap();
    assert_eq!(config.logfile, MainLogFile::Path(here.join("supervisord.log")));
    assert_eq!(config.pidfile, here.join("supervisord.pid"));
    assert_eq!((config.logfile_maxbytes, config.logfile_backups, config.loglevel), (50 << 20, 10, LogLevel::Info));
    assert_eq!((config.minfds, config.minprocs, config.umask), (1024, 200, 0o22));
    assert_eq!((config.identifier.as_str(), config.user, config.directory), ("supervisor", None, None));
    assert_eq!(config.childlogdir, PathBuf::from("/tmp"));
    assert!(!config.nodaemon && !config.silent && !config.nocleanup && !config.strip_ansi);
}

#[test]
fn the_command_line_wins() {
    let folder = Folder::new();
    folder.write(
        "main.conf",
        "[supervisord]\nlogfile=syslog\nlogfile_maxbytes=1\nlogfile_backups=1\nloglevel=debug\npidfile=/a\nidentifier=file\n\
         minfds=1\nminprocs=1\numask=077\nuser=nosuchuser\ndirectory=/\nchildlogdir=/\n",
    );
    let line = options(&[
        "-l",
        "/tmp/../l",
        "-y2",
        "-z2",
        "-e",
        "trace",
        "-j",
        "/p",
        "-i",
        "line",
        "-a2",
        "--minprocs=2",
        "-m",
        "2",
        "-u",
        "root",
        "-d",
        "/tmp",
        "-q",
        "/tmp",
        "-n",
        "-s",
        "-k",
        "-t",
    ]);
    let config = folder.load_with(&line, &[]).unwrap().supervisord;
    assert_eq!(config.logfile, MainLogFile::Path("/l".into()));
    assert_eq!((config.logfile_maxbytes, config.logfile_backups, config.loglevel), (2, 2, LogLevel::Trace));
    assert_eq!((config.pidfile.as_path(), config.identifier.as_str()), (Path::new("/p"), "line"));
    assert_eq!((config.minfds, config.minprocs, config.umask, config.user), (2, 2, 2, Some(0)));
    assert_eq!(config.directory.as_deref(), Some(Path::new("/tmp")));
    assert_eq!(config.childlogdir, Path::new("/tmp"));
    assert!(config.nodaemon && config.silent && config.nocleanup && config.strip_ansi);
}

#[test]
fn an_empty_log_or_pid_file_on_the_line_does_not_count() {
    let folder = Folder::new();
    folder.write("main.conf", "[supervisord]\nlogfile=syslog\npidfile=/p\nidentifier=file\n");
    let config = folder.load_with(&options(&["-l", "", "-j", "", "-i", ""]), &[]).unwrap().supervisord;
    assert_eq!((config.logfile, config.pidfile), (MainLogFile::Syslog, PathBuf::from("/p")));
    assert_eq!(config.identifier, "");
}

#[test]
fn a_bad_user_is_found_last_whoever_names_it() {
    let folder = Folder::new();
    folder.write("main.conf", "[supervisord]\nuser=nosuchuser\n[inet_http_server]\nport=x\n");
    let said = |line: &[&str]| folder.load_with(&options(line), &[]).unwrap_err().to_string();
    assert_eq!(said(&[]), "not a valid port number: 'x' ");
    folder.write("main.conf", "[supervisord]\nuser=nosuchuser\n");
    assert_eq!(said(&[]), "Invalid user name nosuchuser");
    assert_eq!(said(&["-u", "4294967295"]), "Invalid user id 4294967295");
    assert_eq!(said(&["-u", ""]), "Invalid user name ");
}

#[test]
fn flags_of_the_file_stay_on() {
    let folder = Folder::new();
    folder.write("main.conf", "[supervisord]\nnodaemon=true\nsilent=true\nnocleanup=true\nstrip_ansi=true\n");
    let config = folder.load_with(&options(&[]), &[]).unwrap().supervisord;
    assert!(config.nodaemon && config.silent && config.nocleanup && config.strip_ansi);
}

#[test]
fn the_environment_gives_home_and_the_temporary_directory() {
    let folder = Folder::new();
    folder.write("main.conf", "[supervisord]\nlogfile=~/l\nidentifier=%(ENV_HOME)s\n");
    let home = folder.path().to_str().unwrap().to_owned();
    let environment = [("HOME".to_owned(), home.clone()), ("TMPDIR".to_owned(), home.clone())];
    let config = folder.load_with(&options(&[]), &environment).unwrap().supervisord;
    assert_eq!(config.logfile, MainLogFile::Path(folder.path().join("l")));
    assert_eq!((config.identifier, config.childlogdir), (home, folder.path().to_owned()));
}
