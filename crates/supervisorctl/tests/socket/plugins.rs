//! `[ctlplugin:x]`: Python code that others have written, run beside the client and only when it is needed.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::server::{Answer, serve_unix, status, value};
use crate::terminal::Session;
use crate::untested::not_tested;
use crate::{Folder, STATUS, all_processes, run, version};

/// A plug-in as people write them, but for the base class, which is in the library of the Python release.
const PLUGIN: &str = r#"
import signal, sys, threading, time, xmlrpc.client

class Plugin:
    def __init__(self, controller, **config):
        self.ctl, self.config, self.count = controller, config, 0

    def do_help(self, topic):
        self.ctl.output("")
        self.ctl.print_topics("%s commands (type help <topic>):" % self.name, ["count", "say"], 15, 80)

    def do_say(self, arg):
        """say <words>\tSay them"""
        self.ctl.output("%s: %s %r" % (self.name, arg, sorted(self.config.items())))
        self.ctl.exitstatus = 9

    def do_count(self, arg):
        self.count += 1
        self.ctl.output("count %d" % self.count)

    def help_count(self):
        self.ctl.output("count\tCount the calls")

    def do_state(self, arg):
        supervisor = self.ctl.get_supervisor()
        print(supervisor.getState()["statename"], self.ctl.get_server_proxy().supervisor.getPID())
        try:
            supervisor.stopProcess("ghost")
        except xmlrpc.client.Fault as fault:
            print(fault.faultCode, fault.faultString)

    def do_both(self, arg):
        if self.ctl.upcheck():
            threads = [threading.Thread(target=self.ctl.onecmd, args=("status",)) for _ in range(2)]
            [thread.start() for thread in threads]
            [thread.join() for thread in threads]
            self.ctl.onecmd("count")
            self.ctl.onecmd("nosuch")

    def do_raise(self, arg):
        return 1 / 0

    def do_want(self, arg):
        self.ctl.options.logger

    def do_leave(self, arg):
        sys.exit(3)

    def do_status(self, arg):
        self.ctl.output("never")

    def do_wait(self, arg):
        self.ctl.output("waits")
        self.ctl.stdout.flush()
        signal.pause()

    def do_die(self, arg):
        import os
        os._exit(5)

def make(controller, **config):
    return Plugin(controller, **config)
"#;

/// What the configuration says of them.
const SECTION: &str = "[ctlplugin:mine]\nsupervisor.ctl_factory = mine:make\nColour = blue\n";

/// A folder with the plug-in in it. `None`, and a word about it, without Python.
fn prepared() -> Option<Folder> {
    if !run_silently("python3", "--version") {
        not_tested("plug-ins of supervisorctl, which need python3");
        return None;
    }
    let folder = Folder::new();
    std::fs::write(folder.0.join("mine.py"), PLUGIN).unwrap();
    Some(folder)
}

fn run_silently(program: &str, argument: &str) -> bool {
    Command::new(program).arg(argument).output().is_ok_and(|output| output.status.success())
}

/// The client with these sections too.
fn client(folder: &Folder, sections: &str, arguments: &[&str]) -> Command {
    let mut command = folder.client(&folder.url(), arguments);
    let file = folder.0.join("s.conf");
    let text = std::fs::read_to_string(&file).unwrap() + sections;
    std::fs::write(&file, text).unwrap();
    // A module in the working directory is not meant, whoever has put it there.
    let trap = folder.0.join("trap");
    std::fs::create_dir_all(&trap).unwrap();
    std::fs::write(trap.join("mine.py"), "raise SystemExit('from the working directory')").unwrap();
    command.current_dir(trap).env("PYTHONPATH", &folder.0).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

fn said(folder: &Folder, words: &[&str]) -> (String, String, i32) {
    run(&mut client(folder, SECTION, words))
}

#[test]
fn commands_of_a_plugin_run_with_their_words_options_and_exit_status() {
    let Some(folder) = prepared() else { return };
    let words = "mine: hello  you [('colour', 'blue')]\n";
    assert_eq!(said(&folder, &["say", "hello ", "you"]), (words.to_owned(), String::new(), 9));
    assert_eq!(said(&folder, &["leave"]), (String::new(), String::new(), 3));
    assert_eq!(said(&folder, &["nosuch"]), ("*** Unknown syntax: nosuch\n".to_owned(), String::new(), 1));
    let (out, err, status) = said(&folder, &["raise"]);
    assert!(out.starts_with("error: <class 'ZeroDivisionError'>, division by zero: file: "), "{out}");
    assert_eq!((err.as_str(), status), ("", 1));
    let (out, _, status) = said(&folder, &["want"]);
    let words = "controller.options.logger is not offered to plug-ins";
    assert!(out.contains(words) && status == 1, "{out}");
}

#[test]
fn help_of_a_plugin_stands_below_ours() {
    let Some(folder) = prepared() else { return };
    let (out, err, status) = said(&folder, &["help"]);
    let list = "clear  maintail  quit  reread  signal    stop    version\n\n\nmine commands (type help <topic>):\n\
                ==================================\ncount  say\n\n";
    assert!(out.contains(list), "{out}");
    assert_eq!((err.as_str(), status), ("", 0));
    assert_eq!(said(&folder, &["help", "count"]).0, "count\tCount the calls\n");
    assert_eq!(said(&folder, &["help", "say"]).0, "say <words>\tSay them\n");
    assert_eq!(said(&folder, &["help", "raise"]).0, "*** No help on raise\n");
    assert_eq!(said(&folder, &["help", "nosuch"]).0, "*** No help on nosuch\n");
    assert!(said(&folder, &["help", "status"]).0.starts_with("status <name>"));
}

#[test]
fn a_plugin_reaches_the_server_and_our_commands() {
    let Some(folder) = prepared() else { return };
    let state = "<struct><member><name>statename</name><value><string>RUNNING</string></value></member></struct>";
    let body = "<?xml version='1.0'?><methodResponse><fault><value><struct><member><name>faultCode</name><value><int>10\
                </int></value></member><member><name>faultString</name><value><string>BAD_NAME: ghost</string></value>\
                </member></struct></value></fault></methodResponse>";
    let length = body.len();
    let response = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nContent-Type: text/xml\r\n\r\n{body}");
    let fault = Answer { response, ..value("stopProcess", "") };
    let answers = vec![version(), all_processes(), value("getState", state), value("getPID", "<int>77</int>"), fault];
    serve_unix(&folder.socket(), answers);
    assert_eq!(said(&folder, &["state"]), ("RUNNING 77\n10 BAD_NAME: ghost\n".to_owned(), String::new(), 0));
    let words = format!("{STATUS}{STATUS}count 1\n*** Unknown syntax: nosuch\n");
    assert_eq!(said(&folder, &["both"]), (words, String::new(), 1));
    // Ours win.
    assert_eq!(said(&folder, &["status"]).0, STATUS);
}

#[test]
fn a_plugin_is_told_when_nobody_is_there() {
    let Some(folder) = prepared() else { return };
    assert_eq!(said(&folder, &["both"]), (format!("{} no such file\n", folder.url()), String::new(), 7));
    let (out, _, status) = said(&folder, &["state"]);
    assert!(out.starts_with("error: <class 'FileNotFoundError'>, [Errno 2] ") && status == 1, "{out}");
}

/// An interpreter that leaves a trace of its start.
fn watched_interpreter(folder: &Folder) -> (PathBuf, PathBuf) {
    let (program, trace) = (folder.0.join("watched"), folder.0.join("trace"));
    std::fs::write(&program, format!("#!/bin/sh\necho >>{}\nexec python3 \"$@\"\n", trace.display())).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    (program, trace)
}

#[test]
fn no_interpreter_runs_before_a_command_that_is_not_ours() {
    let Some(folder) = prepared() else { return };
    serve_unix(&folder.socket(), vec![version(), all_processes()]);
    let (program, trace) = watched_interpreter(&folder);
    let sections = format!("{SECTION}[supervisord]\npython_host = {}\n", program.display());
    for words in [&["status"][..], &["help", "status"], &["nosuch", "--help"]] {
        let (out, err, _) = run(&mut client(&folder, &sections, words));
        assert!(!out.is_empty() && err.is_empty(), "{out} {err}");
        assert_eq!(trace.exists(), words[0] == "nosuch", "{words:?}");
    }
}

#[test]
fn a_plugin_that_cannot_be_loaded_costs_its_commands_and_a_warning() {
    let Some(folder) = prepared() else { return };
    serve_unix(&folder.socket(), vec![version(), all_processes()]);
    let sections = format!("[ctlplugin:gone]\nsupervisor.ctl_factory=no_such_module:make\n{SECTION}");
    assert_eq!(run(&mut client(&folder, &sections, &["status"])), (STATUS.to_owned(), String::new(), 0));
    let (out, err, status) = run(&mut client(&folder, &sections, &["count"]));
    assert_eq!((out.as_str(), status), ("count 1\n", 0));
    let begin = format!(
        "warning: [ctlplugin:gone] in {} line 4: no_such_module:make cannot be imported by ",
        folder.0.join("s.conf").display()
    );
    let end = ": ModuleNotFoundError: No module named 'no_such_module'; its commands are missing\n";
    assert!(err.starts_with(&begin) && err.ends_with(end) && err.lines().count() == 1, "{err}");
}

#[test]
fn tab_knows_the_commands_of_plugins_and_says_nothing_of_those_that_cannot_be_loaded() {
    let Some(folder) = prepared() else { return };
    let file = folder.0.join("s.conf").display().to_string();
    std::fs::write(folder.0.join("loud.py"), "print('loud')\nraise ValueError('loud')\n").unwrap();
    let gone = "[ctlplugin:gone]\nsupervisor.ctl_factory=no_such_module:make\n\
                [ctlplugin:loud]\nsupervisor.ctl_factory=loud:make\n";
    for (words, expected) in [(&["cou"][..], "count\n"), (&["help", "cou"], "count\n"), (&["count", ""], "")] {
        let arguments = [&["completion", "words", "-c", &file], words].concat();
        // Whoever presses Tab waits no longer than for a moment; a machine with much to do may need another try.
        let said = || run(&mut client(&folder, &format!("{gone}{SECTION}"), &arguments));
        let expected = (expected.to_owned(), String::new(), 0);
        let found = (0..20).map(|_| said()).find(|said| said.0 == expected.0);
        assert_eq!(found, Some(expected), "{words:?}");
    }
}

#[test]
fn without_an_interpreter_ours_work_and_each_plugin_costs_a_warning() {
    let folder = Folder::new();
    serve_unix(&folder.socket(), vec![version(), all_processes()]);
    let sections = format!("{SECTION}[supervisord]\npython_host=/no/such/python\n");
    assert_eq!(run(&mut client(&folder, &sections, &["status"])), (STATUS.to_owned(), String::new(), 0));
    let (out, err, status) = run(&mut client(&folder, &sections, &["count"]));
    assert_eq!((out.as_str(), status), ("*** Unknown syntax: count\n", 1));
    let why = ": /no/such/python, which is to run it, cannot be started: No such file or directory (os error 2); its \
               commands are missing\n";
    assert!(err.starts_with("warning: [ctlplugin:mine] in ") && err.ends_with(why), "{err}");
}

#[test]
fn the_environment_names_the_interpreter_where_the_file_does_not() {
    let Some(folder) = prepared() else { return };
    let (program, trace) = watched_interpreter(&folder);
    let mut command = client(&folder, SECTION, &["count"]);
    assert_eq!(run(command.env("SUPERVISOR_PLUGIN_PYTHON", &program)).0, "count 1\n");
    assert!(trace.exists());
}

#[test]
fn in_the_shell_one_interpreter_serves_all_commands_and_is_replaced_when_it_dies() {
    let Some(folder) = prepared() else { return };
    serve_unix(&folder.socket(), vec![version(), all_processes()]);
    let mut session = Session::start(&mut client(&folder, SECTION, &[]));
    session.expect("test> ");
    for number in 1..=2 {
        session.type_in("count\r");
        session.expect(&format!("count {number}\r\n"));
        session.expect("test> ");
    }
    session.type_in("die\r");
    session.expect("the interpreter ended (exit status: 5)\r\n");
    session.expect("test> ");
    session.type_in("count\r");
    session.expect("count 1\r\n");
    session.expect("test> ");
    session.type_in("exit\r");
    session.finish();
}

#[test]
fn ctrl_c_ends_a_command_of_a_plugin_and_not_the_shell() {
    let Some(folder) = prepared() else { return };
    serve_unix(&folder.socket(), vec![version(), all_processes()]);
    let mut session = Session::start(client(&folder, SECTION, &[]).process_group(0));
    session.expect("test> ");
    session.type_in("wait\r");
    session.expect("waits\r\n");
    // As the terminal does it: to everybody in the foreground.
    killpg(Pid::from_raw(session.pid()), Signal::SIGINT).unwrap();
    session.expect("test> ");
    session.type_in("count\r");
    session.expect("count 1\r\n");
    session.expect("test> ");
    session.type_in("exit\r");
    session.finish();
}

#[test]
fn a_password_that_a_plugin_needs_is_asked_for() {
    let Some(folder) = prepared() else { return };
    let with_password = |answer: Answer| Answer { only_with: "Basic dXNlcjpzZWNyZXQ=", ..answer };
    let state = "<struct><member><name>statename</name><value><string>RUNNING</string></value></member></struct>";
    let answers = vec![
        with_password(value("getState", state)),
        with_password(value("getPID", "<int>77</int>")),
        with_password(value("stopProcess", "<boolean>1</boolean>")),
        status("POST", "401 Unauthorized"),
    ];
    serve_unix(&folder.socket(), answers);
    let words = "Server requires authentication\n";
    assert_eq!(said(&folder, &["state"]), (words.to_owned(), String::new(), 1));
    let mut session = Session::start(&mut client(&folder, SECTION, &["-i", "state"]));
    session.expect("Server requires authentication\r\nUsername:");
    session.type_in("user\n");
    session.expect("Password:");
    session.type_in("secret\n");
    session.expect("RUNNING 77\r\n");
    session.finish();
}
