//! The section of an extension: its options, what can be seen of its process, changes of the file, and how it stops.

use std::fs;

use super::{configuration, daemon_with, fault, prepared, wait_for_another};
use crate::support::{TestDaemon, Value, until};

const CAT: &str = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n";
const NAME: &str = "rpcinterface.w";

#[test]
fn it_is_a_process_like_any_other_but_for_lists() {
    let mut daemon = daemon_with("", CAT);
    let pid = daemon.call("w.pid", &[]).unwrap().as_int();
    daemon.wait_for_state("cat", "RUNNING");
    daemon.wait_for_state(NAME, "RUNNING");
    assert_eq!(daemon.pid_of(NAME), pid);
    let names = |method: &str| {
        let Value::Array(infos) = daemon.call(method, &[]).unwrap() else { panic!("an array") };
        infos.iter().map(|info| info["name"].as_text().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("supervisor.getAllProcessInfo"), ["cat"]);
    assert_eq!(names("supervisor.getAllConfigInfo"), ["cat"]);
    assert_eq!(daemon.ctl(&["status"]).stdout.lines().count(), 1);
    assert!(daemon.ctl(&["status", "--all"]).stdout.lines().nth(1).is_some_and(|line| line.starts_with(NAME)));
    let one = daemon.ctl(&["status", NAME]);
    assert!(one.stdout.starts_with(NAME) && one.stdout.contains("RUNNING"), "{}", one.stdout);
    // What is done to all leaves it alone.
    let Value::Array(stopped) = daemon.call("supervisor.stopAllProcesses", &[]).unwrap() else { panic!("an array") };
    assert_eq!(stopped.len(), 1);
    assert_eq!(daemon.call("w.pid", &[]).unwrap().as_int(), pid);
    // What is done to it is done.
    assert_eq!(daemon.ctl(&["restart", NAME]).status, 0);
    wait_for_another(&daemon, pid);
    daemon.stop();
}

#[test]
fn options_of_a_program_are_in_effect_and_its_output_is_its_own() {
    let options = "directory={dir}\nenvironment=DEPTH=\"7\",SUPERVISOR_EXT_FD=\"9\"\nstdout_logfile={dir}/w.log\n\
                   startsecs=never\nnumprocs=5";
    let mut daemon = daemon_with(options, "");
    let variables = daemon.call("w.variables", &[]).unwrap();
    assert_eq!(variables["DEPTH"].as_text(), "7");
    assert_eq!(variables["SUPERVISOR_EXT_FD"].as_text(), "3");
    assert_eq!(variables["SUPERVISOR_ENABLED"].as_text(), "1");
    let told = daemon.call("w.told", &[]).unwrap();
    assert_eq!(told["config"]["startsecs"].as_text(), "never", "what is not an option is its own");
    assert_eq!(told["config"]["numprocs"].as_text(), "5");
    daemon.call("w.say", &["a line".into()]).unwrap();
    daemon.wait_for_text("w.log", "a line\n");
    let pid = daemon.call("w.pid", &[]).unwrap().as_int();
    let directory = fs::read_link(format!("/proc/{pid}/cwd")).unwrap();
    assert_eq!(directory, fs::canonicalize(daemon.path("")).unwrap());
    let stdin = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count();
    assert!(stdin <= 6, "it has nothing of supervisord's but 0 to 3: {stdin}");
    daemon.stop();
}

#[test]
fn it_is_told_to_stop_before_it_is_signalled() {
    let mut daemon = daemon_with("stdout_logfile={dir}/w.log", "");
    daemon.call("w.pid", &[]).unwrap();
    assert_eq!(daemon.ctl(&["stop", NAME]).status, 0);
    daemon.wait_for_text("w.log", "told to stop\n");
    daemon.wait_for_log("stopped: rpcinterface.w (exit status 0)");
    assert_eq!(fault(&daemon, "w.pid", &[]), (30, "FAILED: extension w is not ready".to_owned()));
    assert_eq!(daemon.ctl(&["start", NAME]).status, 0);
    wait_for_another(&daemon, 0);
    daemon.stop();
    let log = daemon.read("w.log");
    assert_eq!(log.matches("told to stop\n").count(), 2, "at a shutdown too: {log}");
}

#[test]
fn one_that_does_not_listen_gets_the_signal() {
    let deaf = "#!/bin/sh\nread line <&3\n\
                echo '{\"jsonrpc\": \"2.0\", \"id\": 1, \"result\": {\"methods\": []}}' >&3\nexec sleep 1000\n";
    let mut daemon = TestDaemon::prepared("[rpcinterface:w]\ncommand=/bin/sh {dir}/deaf.sh\n");
    daemon.write("deaf.sh", deaf);
    daemon.start();
    daemon.wait_for_log("extension w is ready");
    assert_eq!(daemon.ctl(&["stop", NAME]).status, 0);
    daemon.wait_for_log("stopped: rpcinterface.w (terminated by SIGTERM)");
    daemon.stop();
}

#[test]
fn an_update_of_its_section_restarts_it_and_nothing_else() {
    let other = "[rpcinterface:other]\ncommand=python3 {dir}/worker.py\n";
    let mut daemon = daemon_with("depth=1", &format!("{CAT}{other}"));
    let pid_of_other = daemon.call("other.pid", &[]).unwrap();
    let before = daemon.call("w.pid", &[]).unwrap().as_int();
    daemon.wait_for_state("cat", "RUNNING");
    let cat = daemon.pid_of("cat");
    daemon.configure(&configuration("depth=2", &format!("{CAT}{other}")));
    assert_eq!(daemon.ctl(&["reread"]).stdout, "rpcinterface.w: changed\n");
    assert_eq!(daemon.call("w.pid", &[]).unwrap().as_int(), before, "a reread touches nothing");
    assert_eq!(daemon.ctl(&["update"]).status, 0);
    wait_for_another(&daemon, before);
    assert_eq!(daemon.call("w.told", &[]).unwrap()["config"]["depth"].as_text(), "2");
    assert_eq!(daemon.call("other.pid", &[]), Ok(pid_of_other));
    assert_eq!(daemon.pid_of("cat"), cat);
    // One that is not in the file any more is not there any more, and one that is new is.
    daemon.configure(&format!("{CAT}{other}").replace("other", "third"));
    assert_eq!(daemon.ctl(&["update"]).status, 0);
    assert_eq!(fault(&daemon, "w.pid", &[]).0, 1);
    assert_eq!(fault(&daemon, "other.pid", &[]).0, 1);
    daemon.call("third.pid", &[]).unwrap();
    assert_eq!(daemon.pid_of("cat"), cat);
    daemon.stop();
}

#[test]
fn a_restart_of_supervisord_begins_it_anew() {
    let mut daemon = daemon_with("", CAT);
    let before = daemon.call("w.pid", &[]).unwrap().as_int();
    daemon.signal("HUP");
    until("it has been restarted", || (daemon.log_lines("supervisord started with pid").len() == 2).then_some(()));
    daemon.wait_until_it_answers();
    assert_ne!(daemon.call("w.pid", &[]).unwrap().as_int(), before);
    daemon.stop();
}

#[test]
fn a_section_that_cannot_be_is_refused_with_its_reason() {
    for (section, words) in [
        ("[rpcinterface:system]\ncommand=/bin/true\n", "system cannot be the namespace of an extension"),
        ("[rpcinterface:a.b]\ncommand=/bin/true\n", "a.b cannot be the namespace of an extension"),
        ("[rpcinterface:x]\ncommand=/bin/true\nuser=nobody-of-that-name\n", "nobody-of-that-name"),
        ("[rpcinterface:x]\ncommand=/bin/true\nstopwaitsecs=soon\n", "invalid literal"),
        ("[rpcinterface:x]\ncommand=/bin/true\nown=%(nosuch)s\n", "nosuch"),
        ("[rpcinterface:x]\nallow=\n", "does not specify a supervisor.rpcinterface_factory"),
    ] {
        let daemon = TestDaemon::prepared(section);
        let ended = daemon.run(&["-n"]);
        assert!(ended.status == 2 && ended.stderr.contains(words), "{section}: {}", ended.stderr);
    }
}

#[test]
fn one_that_is_not_there_hurts_nobody() {
    let mut daemon = prepared("", CAT);
    daemon.configure(&format!("[rpcinterface:w]\ncommand=/nowhere/at/all\n{CAT}"));
    daemon.start();
    daemon.wait_for_state("cat", "RUNNING");
    daemon.wait_for_log("spawnerr: can't find command '/nowhere/at/all'");
    assert_eq!(fault(&daemon, "w.pid", &[]), (30, "FAILED: extension w is not ready".to_owned()));
    daemon.call("system.listMethods", &[]).unwrap();
    daemon.stop();
}
