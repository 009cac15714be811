//! What keeps supervisord from starting: one clear message `Error: …` on stderr, exit status 2, and nothing that
//! belongs to somebody else is touched.

use std::fs;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;

use crate::support::{Ended, TestDaemon, supervisord, testing_the_original};

const SLEEPER: &str = "
[program:sleeper]
command=/bin/sleep 1000
startsecs=0
";

/// The message is all that is said on stderr, followed by where to find help.
#[track_caller]
fn assert_usage_error(ended: &Ended, message: &str) {
    let expected = format!("Error: {message}\nFor help, use {} -h\n", supervisord().display());
    assert_eq!(ended.stderr, expected);
    assert_eq!(ended.status, 2);
}

/// As [`assert_usage_error`]; ours says more after the words of the original: on what, in which section, where.
#[track_caller]
fn assert_server_error(ended: &Ended, message: &str, more: &[&str]) {
    if testing_the_original() {
        return assert_usage_error(ended, message);
    }
    assert!(ended.stderr.starts_with(&format!("Error: {message}")), "{}", ended.stderr);
    let line = ended.stderr.lines().next().unwrap_or_default();
    assert!(more.iter().all(|part| line.contains(part)), "{line}");
    assert_eq!(ended.status, 2);
}

const IN_USE: &str = "Another program is already listening on a port that one of our HTTP servers is configured to use.  \
                      Shut this program down first before starting supervisord.";

#[test]
fn missing_file() {
    let daemon = TestDaemon::prepared("");
    let ended = daemon.run(&["-n", "-c", "{dir}/absent.conf"]);
    assert_usage_error(&ended, &daemon.filled_in("could not find config file {dir}/absent.conf"));
}

#[test]
fn unreadable_file() {
    let daemon = TestDaemon::prepared("");
    let ended = daemon.run(&["-n", "-c", "{dir}"]);
    assert_usage_error(&ended, &daemon.filled_in("could not read config file {dir}"));
}

#[test]
fn file_without_a_supervisord_section() {
    let daemon = TestDaemon::prepared("");
    daemon.write("other.conf", "[program:x]\ncommand=/bin/true\n");
    let ended = daemon.run(&["-n", "-c", "{dir}/other.conf"]);
    assert_usage_error(&ended, ".ini file does not include supervisord section");
}

#[test]
fn text_before_the_first_section() {
    let daemon = TestDaemon::prepared("");
    daemon.write("bad.conf", "foo\n");
    let ended = daemon.run(&["-n", "-c", "{dir}/bad.conf"]);
    let message = "File contains no section headers.\nfile: '{dir}/bad.conf', line: 1\n'foo\\n'";
    assert_usage_error(&ended, &daemon.filled_in(message));
}

#[test]
fn line_that_is_no_option() {
    let daemon = TestDaemon::prepared("");
    daemon.write("bad.conf", "[supervisord]\nfoo\n");
    let ended = daemon.run(&["-n", "-c", "{dir}/bad.conf"]);
    let message = "Source contains parsing errors: '{dir}/bad.conf'\n\t[line  2]: 'foo\\n'";
    assert_usage_error(&ended, &daemon.filled_in(message));
}

#[test]
fn program_without_a_command() {
    let daemon = TestDaemon::prepared("[program:x]\n");
    let ended = daemon.run(&["-n", "-c", "{dir}/supervisord.conf"]);
    let message =
        "program section program:x does not specify a command in section 'program:x' (file: '{dir}/supervisord.conf')";
    assert_usage_error(&ended, &daemon.filled_in(message));
}

/// To the original it is a keyword argument of a function that has none.
#[test]
fn option_that_the_factory_of_an_interface_does_not_take() {
    let daemon = TestDaemon::prepared("[rpcinterface:supervisor]\nretries = 3\n");
    let ended = daemon.run(&["-n", "-c", "{dir}/supervisord.conf"]);
    // A socket that the original left behind may be told of after it.
    assert!(ended.stderr.starts_with("Error: Could not make supervisor rpc interface\nFor help, use "), "{ended:?}");
    assert_eq!(ended.status, 2);
    assert!(daemon.log().contains(" WARN "), "{}", daemon.log());
}

#[test]
fn option_of_an_interface_that_no_server_offers_is_ignored() {
    let mut daemon = TestDaemon::prepared("");
    let configuration = "[supervisord]\nlogfile={dir}/supervisord.log\npidfile={dir}/supervisord.pid\n\
                         [rpcinterface:supervisor]\nretries = 3\n\
                         supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n";
    daemon.write("supervisord.conf", configuration);
    daemon.launch(&["-n"]);
    daemon.wait_for_log("supervisord started");
    daemon.stop();
}

#[test]
fn unknown_option() {
    let daemon = TestDaemon::prepared("");
    assert_usage_error(&daemon.run(&["--bogus"]), "option --bogus not recognized");
}

#[test]
fn positional_argument() {
    let daemon = TestDaemon::prepared("");
    let ended = daemon.run(&["-c", "{dir}/supervisord.conf", "status"]);
    assert_usage_error(&ended, "positional arguments are not supported: ['status']");
}

#[test]
fn version_is_all_that_version_prints() {
    let daemon = TestDaemon::prepared("");
    let ended = daemon.run(&["--version"]);
    let words: Vec<&str> = ended.stdout.trim_end().split('.').collect();
    assert_eq!(words.len(), 3, "a version of the form X.Y.Z: {:?}", ended.stdout);
    assert!(words.iter().all(|word| word.parse::<u32>().is_ok()), "{:?}", ended.stdout);
    assert_eq!((ended.status, ended.stderr.as_str()), (0, ""));
}

#[test]
fn version_with_verbose_says_what_it_was_built_from() {
    if testing_the_original() {
        return; // it knows no --verbose
    }
    let ended = TestDaemon::prepared("").run(&["--version", "--verbose"]);
    assert!(ended.stdout.starts_with(concat!("supervisord ", env!("CARGO_PKG_VERSION"), "\ncompatible with: ")));
    for name in ["commit", "target", "linked"] {
        assert!(ended.stdout.contains(&format!("\n{name}: ")), "{}", ended.stdout);
    }
    assert_eq!((ended.status, ended.stderr.as_str()), (0, ""));
}

#[test]
fn busy_port() {
    let daemon = TestDaemon::prepared("[inet_http_server]\nport=127.0.0.1:{port}\n");
    let _occupied = TcpListener::bind(("127.0.0.1", daemon.port())).expect("the port is free");
    let ended = daemon.run(&["-n", "-c", "{dir}/supervisord.conf"]);
    let who = format!(" is in use by the process with pid {}", std::process::id());
    let address = format!(".  127.0.0.1, port {{port}},{who} ([inet_http_server] in {{dir}}/supervisord.conf, line ");
    assert_server_error(&ended, IN_USE, &[&daemon.filled_in(&address)]);
}

#[test]
fn second_instance_leaves_the_first_alone() {
    let mut first =
        TestDaemon::started("[program:talker]\ncommand=/bin/sh -c \"echo hello; exec sleep 1000\"\nstartsecs=0\n");
    first.wait_for_state("talker", "RUNNING");
    let auto_logs = first.files("talker-stdout");
    let pidfile = first.read("supervisord.pid");
    let ended = first.run(&["-n", "-c", "{dir}/supervisord.conf"]);
    let who = format!("s.sock is in use by the process with pid {} ([unix_http_server] in ", first.program().pid());
    assert_server_error(&ended, IN_USE, &[&who]);
    assert_eq!(first.read("supervisord.pid"), pidfile);
    assert_eq!(first.state("talker"), "RUNNING");
    if !testing_the_original() {
        assert_eq!(first.files("talker-stdout"), auto_logs, "the AUTO logs of the first instance");
        let text = first.call("supervisor.readProcessStdoutLog", &["talker".into(), 0.into(), 0.into()]);
        assert_eq!(text, Ok("hello\n".into()));
    }
    first.stop();
}

#[test]
fn stale_socket_is_taken_over() {
    let mut daemon = TestDaemon::prepared(SLEEPER);
    drop(UnixListener::bind(daemon.path("s.sock")).expect("the folder is ours"));
    daemon.start();
    daemon.wait_for_state("sleeper", "RUNNING");
    let said = daemon.filled_in("Unlinking stale socket {dir}/s.sock\n");
    assert_eq!(daemon.program().stderr(), said);
    daemon.stop();
}

#[test]
fn file_in_the_place_of_the_socket_is_no_socket_of_a_live_daemon() {
    let mut daemon = TestDaemon::prepared(SLEEPER);
    daemon.write("s.sock", "not a socket");
    daemon.start();
    daemon.wait_for_state("sleeper", "RUNNING");
    daemon.stop();
}

#[test]
fn unwritable_main_log() {
    let daemon = TestDaemon::prepared("");
    fs::create_dir(daemon.path("folder")).expect("the folder is ours");
    let ended = daemon.run(&["-n", "-c", "{dir}/supervisord.conf", "-l", "{dir}/folder"]);
    if testing_the_original() {
        assert_eq!(ended.status, 1, "a traceback");
        return;
    }
    let first = ended.stderr.lines().next().unwrap_or_default();
    assert!(first.starts_with("Error: ") && first.contains("folder"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("Traceback") && !ended.stderr.contains("panicked"), "{}", ended.stderr);
    assert_eq!(ended.status, 2);
}

#[test]
fn log_in_a_folder_that_is_not_there() {
    let daemon = TestDaemon::prepared("");
    let ended = daemon.run(&["-n", "-c", "{dir}/supervisord.conf", "-l", "{dir}/absent/x.log"]);
    let message = "invalid value for -l '{dir}/absent/x.log': The directory named as part of the path \
                   {dir}/absent/x.log does not exist";
    assert_usage_error(&ended, &daemon.filled_in(message));
}

#[test]
fn unwritable_pidfile_is_reported_and_the_work_goes_on() {
    let mut daemon = TestDaemon::prepared(SLEEPER);
    fs::create_dir(daemon.path("folder")).expect("the folder is ours");
    let pidfile = daemon.filled_in("{dir}/folder");
    daemon.launch(&["-n", "-j", &pidfile]);
    daemon.wait_until_it_answers();
    daemon.wait_for_state("sleeper", "RUNNING");
    assert_eq!(daemon.log_lines("pidfile"), [format!("CRIT could not write pidfile {pidfile}")]);
    daemon.stop();
}

#[test]
fn fastcgi_socket_that_cannot_be_made() {
    let daemon = TestDaemon::prepared("[fcgi-program:fc]\ncommand=/bin/cat\nsocket=unix:///no/such/folder/fc.sock\n");
    let ended = daemon.run(&["-n", "-c", "{dir}/supervisord.conf"]);
    if testing_the_original() {
        assert_eq!(ended.status, 1, "a traceback");
        return;
    }
    let start = "Error: Could not create FastCGI socket unix:///no/such/folder/fc.sock: ";
    assert!(ended.stderr.starts_with(start), "{}", ended.stderr);
    assert_eq!(ended.status, 2);
}

/// What is said on a terminal, line by line.
fn said_on_a_terminal(daemon: &TestDaemon, arguments: &[&str]) -> Vec<String> {
    let typescript = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]))";
    #[expect(clippy::disallowed_methods, reason = "the test program is no supervisor: std may run programs")]
    let output = std::process::Command::new("python3")
        .args(["-c", typescript])
        .arg(supervisord())
        .args(arguments.iter().map(|argument| daemon.filled_in(argument)))
        .output()
        .expect("Python is there");
    String::from_utf8_lossy(&output.stdout).lines().map(ToOwned::to_owned).collect()
}

/// Quirk N95: to scripts nothing is said that the original would not say.
#[test]
fn people_are_told_that_a_check_says_more_where_it_does() {
    if testing_the_original() {
        return;
    }
    let daemon = TestDaemon::prepared("[program:x]\n");
    daemon.write("folder.conf", "[supervisord]\nlogfile={dir}\npidfile={dir}/s.pid\n");
    daemon.write("socket.conf", "[supervisord]\nlogfile={dir}/s.log\n[unix_http_server]\nfile={dir}/no/such/s.sock\n");
    for file in ["supervisord.conf", "absent.conf", "folder.conf", "socket.conf"] {
        let path = daemon.filled_in(&format!("{{dir}}/{file}"));
        let said = said_on_a_terminal(&daemon, &["-n", "-c", &path]);
        let more = format!("{} -n -c {path} --check says more", supervisord().display());
        assert_eq!(said.last(), Some(&more), "{said:?}");
        assert!(said.iter().any(|line| line.starts_with("Error: ")), "{said:?}");
        let ended = daemon.run(&["-n", "-c", &path]);
        assert!(!ended.stderr.contains("says more"), "{ended:?}");
    }
    // A check would not even begin.
    let said = said_on_a_terminal(&daemon, &["--bogus"]);
    assert!(said.iter().all(|line| !line.contains("says more")) && said.len() == 2, "{said:?}");
}
