//! A changed configuration file: SIGHUP and reload take it over whole, reread and update step by step, and a broken
//! one is refused while everything keeps running.

use std::fs;

use crate::support::{TestDaemon, Value, http_get, testing_the_original, until};

const SLEEPER: &str = "[program:sleeper]\ncommand=/bin/sleep 1000\nstartsecs=0\n";
const SECOND: &str = "[program:second]\ncommand=/bin/sleep 1000\nstartsecs=0\n";

/// Waits until a process runs, across the restart of the daemon during which nobody answers.
#[track_caller]
fn wait_for_running_again(daemon: &TestDaemon, process: &str, before: i64) {
    until(&format!("{process} runs again"), || {
        let info = daemon.try_call("supervisor.getProcessInfo", &[process.into()]).ok()?.ok()?;
        let running = info["statename"] == "RUNNING".into() && info["pid"].as_int() != before;
        running.then_some(())
    });
}

/// Waits until the program of a process has been executed; a signal before that can be lost by the original.
#[track_caller]
fn wait_for_exec(daemon: &TestDaemon, process: &str) {
    daemon.wait_for_state(process, "RUNNING");
    let path = format!("/proc/{}/cmdline", daemon.pid_of(process));
    until("the program is executed", || fs::read(&path).ok()?.starts_with(b"/bin/sleep").then_some(()));
}

#[test]
fn hup_takes_over_a_changed_file() {
    let mut daemon = TestDaemon::started(SLEEPER);
    wait_for_exec(&daemon, "sleeper");
    let (daemon_pid, before) = (daemon.program().pid(), daemon.pid_of("sleeper"));
    daemon.configure_also(SECOND);
    daemon.signal("HUP");
    wait_for_running_again(&daemon, "sleeper", before);
    daemon.wait_for_state("second", "RUNNING");
    assert_eq!(daemon.call("supervisor.getPID", &[]), Ok(i64::from(daemon_pid).into()), "the daemon is the same");
    assert_eq!(daemon.log_lines("WARN received"), ["WARN received SIGHUP indicating restart request"]);
    daemon.stop();
}

#[test]
fn restart_by_rpc_takes_over_a_changed_file() {
    let mut daemon = TestDaemon::started(SLEEPER);
    wait_for_exec(&daemon, "sleeper");
    let before = daemon.pid_of("sleeper");
    daemon.configure_also(SECOND);
    assert_eq!(daemon.call("supervisor.restart", &[]), Ok(true.into()));
    wait_for_running_again(&daemon, "sleeper", before);
    daemon.wait_for_state("second", "RUNNING");
    daemon.stop();
}

/// A broken file is refused: whatever asked for the restart, the same processes keep running.
fn assert_broken_file_is_refused(ask: impl FnOnce(&mut TestDaemon)) {
    if testing_the_original() {
        return; // it stops everything, then itself: quirks F17 and D6
    }
    let mut daemon = TestDaemon::started(SLEEPER);
    daemon.wait_for_state("sleeper", "RUNNING");
    let before = daemon.pid_of("sleeper");
    let good = daemon.read("supervisord.conf");
    daemon.write("supervisord.conf", "[supervisord]\nthis is no option\n");
    ask(&mut daemon);
    daemon.wait_for_log("parsing errors");
    assert!(daemon.log_lines("parsing errors")[0].starts_with("CRIT "), "{}", daemon.log());
    assert_eq!(daemon.call("supervisor.getState", &[]).expect("it answers")["statename"], "RUNNING".into());
    assert_eq!((daemon.state("sleeper").as_str(), daemon.pid_of("sleeper")), ("RUNNING", before));
    // The next request finds a good file again.
    daemon.write("supervisord.conf", &good);
    daemon.configure_also(SECOND);
    daemon.signal("HUP");
    wait_for_running_again(&daemon, "sleeper", before);
    daemon.wait_for_state("second", "RUNNING");
    daemon.stop();
}

#[test]
fn hup_refuses_an_interface_that_could_not_be_made() {
    if testing_the_original() {
        return; // it stops everything first: D6
    }
    let mut daemon = TestDaemon::started("[program:a]\ncommand=/bin/sleep 1000\nstartsecs=0\n");
    daemon.wait_for_state("a", "RUNNING");
    let pid = daemon.pid_of("a");
    daemon.configure_also("[rpcinterface:supervisor]\nretries = 3\n");
    daemon.signal("HUP");
    daemon.wait_for_log("Could not make supervisor rpc interface");
    let reload = daemon.ctl(&["reload"]);
    assert!(reload.stdout.starts_with("ERROR: CANT_REREAD: Could not make supervisor rpc interface"), "{reload:?}");
    assert_eq!((reload.status, daemon.pid_of("a")), (1, pid));
    daemon.stop();
}

#[test]
fn hup_refuses_a_broken_file_and_everything_keeps_running() {
    assert_broken_file_is_refused(|daemon| daemon.signal("HUP"));
}

#[test]
fn restart_by_rpc_refuses_a_broken_file_and_everything_keeps_running() {
    assert_broken_file_is_refused(|daemon| {
        let refusal = daemon.call("supervisor.restart", &[]).expect_err("it is refused");
        assert!(refusal.code == 92 && refusal.text.contains("parsing errors"), "{refusal:?}");
    });
}

#[test]
fn reload_that_is_refused_says_why() {
    if testing_the_original() {
        return; // it says that it has restarted, and ends: D6
    }
    let mut daemon = TestDaemon::started(SLEEPER);
    daemon.configure_also("[program:second]\ncommand=/bin/sleep 1000\nnumprocs=many\n");
    let ended = daemon.ctl(&["reload"]);
    assert!(ended.stdout.starts_with("ERROR: CANT_REREAD: ") && ended.stdout.contains("many"), "{ended:?}");
    assert_eq!((ended.status, daemon.state("sleeper")), (1, "RUNNING".to_owned()));
    daemon.stop();
}

#[test]
fn reread_tells_what_update_would_change() {
    let mut daemon = TestDaemon::started(&format!(
        "{SLEEPER}[program:changing]\ncommand=/bin/sleep 1000\n[program:leaving]\ncommand=/bin/sleep 1000\n"
    ));
    assert_eq!(daemon.ctl(&["reread"]).stdout, "No config updates to processes\n");
    daemon.configure(&format!("{SLEEPER}{SECOND}[program:changing]\ncommand=/bin/sleep 999\n"));
    assert_eq!(daemon.ctl(&["reread"]).stdout, "changing: changed\nleaving: disappeared\nsecond: available\n");
    assert!(daemon.call("supervisor.getProcessInfo", &["second".into()]).is_err(), "reread starts nothing");
    daemon.stop();
}

#[test]
fn update_changes_what_changed_and_nothing_else() {
    let mut daemon = TestDaemon::started(&format!(
        "{SLEEPER}[program:changing]\ncommand=/bin/sleep 1000\nstartsecs=0\n[program:leaving]\ncommand=/bin/sleep 1000\nstartsecs=0\n"
    ));
    for process in ["sleeper", "changing", "leaving"] {
        wait_for_exec(&daemon, process);
    }
    let (kept, changed) = (daemon.pid_of("sleeper"), daemon.pid_of("changing"));
    daemon.configure(&format!("{SLEEPER}{SECOND}[program:changing]\ncommand=/bin/sleep 999\nstartsecs=0\n"));
    let ended = daemon.ctl(&["update"]);
    assert_eq!(
        ended.stdout,
        "leaving: stopped\nleaving: removed process group\nchanging: stopped\nchanging: updated process group\n\
         second: added process group\n"
    );
    assert_eq!(ended.status, 0);
    daemon.wait_for_state("second", "RUNNING");
    daemon.wait_for_state("changing", "RUNNING");
    assert_eq!(daemon.pid_of("sleeper"), kept);
    assert_ne!(daemon.pid_of("changing"), changed);
    assert!(daemon.call("supervisor.getProcessInfo", &["leaving".into()]).is_err());
    daemon.stop();
}

#[test]
fn reread_of_a_broken_file_is_refused() {
    let mut daemon = TestDaemon::started(SLEEPER);
    daemon.wait_for_state("sleeper", "RUNNING");
    let before = daemon.pid_of("sleeper");
    let good = daemon.read("supervisord.conf");
    daemon.write("supervisord.conf", &good.replace("command=/bin/sleep 1000", "numprocs=many"));
    let fault = daemon.call("supervisor.reloadConfig", &[]).expect_err("it is broken");
    assert_eq!(fault.code, 92);
    assert!(fault.text.starts_with("CANT_REREAD: "), "{}", fault.text);
    assert_eq!((daemon.state("sleeper").as_str(), daemon.pid_of("sleeper")), ("RUNNING", before));
    daemon.stop();
}

#[test]
fn relative_configuration_path_is_found_again_from_another_directory() {
    if testing_the_original() {
        return; // it looks in the new directory and ends: quirk F17
    }
    let mut daemon = TestDaemon::prepared(&format!("[supervisord]\ndirectory=/usr\n{SLEEPER}"));
    let ended = daemon.run(&["-c", "supervisord.conf"]);
    assert_eq!(ended.status, 0, "{ended:?}");
    daemon.wait_until_it_answers();
    daemon.wait_for_state("sleeper", "RUNNING");
    assert_eq!(daemon.ctl(&["reread"]).stdout, "No config updates to processes\n");
    assert_eq!(daemon.call("supervisor.shutdown", &[]), Ok(true.into()));
    daemon.assert_nothing_left();
}

/// N97: what a start would warn of, a reread and a restart tell, too, in the main log and to clients.
#[test]
fn warnings_are_told_by_whatever_reads_the_file() {
    if testing_the_original() {
        return;
    }
    let server = "[inet_http_server]\nport=127.0.0.1:{port}\n";
    let mut daemon = TestDaemon::started(&format!("{SLEEPER}{server}[progam:first]\ncommand=/bin/cat\n"));
    let log_lines = |daemon: &TestDaemon| -> Vec<String> {
        let lines = daemon.log_lines("did you mean").into_iter();
        lines.map(|line| line.replace(&daemon.filled_in("{dir}"), "")).collect()
    };
    let told = |daemon: &TestDaemon| http_get(daemon.port(), "/api/v1/configuration/warnings").expect("an answer").1;
    let (before, at_start) = (daemon.pid_of("sleeper"), told(&daemon));
    let first = "is ignored, did you mean 'program:first'?";
    assert!(log_lines(&daemon).len() == 1 && log_lines(&daemon)[0].starts_with("WARN Unknown section 'progam:first'"));
    assert!(at_start.contains(first) && at_start.ends_with("}], \"more\": 0}\n"), "{at_start}");

    // A reread: the answer has its old shape, and only what it means to change.
    daemon.configure(&format!("{SLEEPER}{server}[program second]\ncommand=/bin/cat\n[include]\nfiles=none/*.conf\n"));
    let changes = daemon.call("supervisor.reloadConfig", &[]).expect("it is read");
    assert_eq!(changes, Value::Array(vec![Value::Array(vec![Value::Array(vec![]); 3])]));
    daemon.wait_for_log("did you mean 'program:second'?");
    assert_eq!(daemon.log_lines("No file matches via include").len(), 1);
    let at_reread = told(&daemon);
    assert!(at_reread.contains("program second") && !at_reread.contains("progam:first"), "{at_reread}");
    assert!(at_reread.contains("No file matches via include"), "{at_reread}");

    // The client tells them beside what scripts read, once for each command.
    for (action, words) in [("reread", "No config updates to processes\n"), ("update", "")] {
        let shown = daemon.ctl(&[action]);
        assert_eq!((shown.stdout.as_str(), shown.status), (words, 0), "{action}");
        assert_eq!(shown.stderr.matches("did you mean 'program:second'?").count(), 1, "{action}: {}", shown.stderr);
        assert!(shown.stderr.lines().all(|line| line.starts_with("warning: ")), "{action}: {}", shown.stderr);
    }

    // One that is refused leaves what was told.
    daemon.configure("[supervisord]\nminfds=x\n");
    assert!(daemon.call("supervisor.reloadConfig", &[]).is_err());
    assert_eq!(told(&daemon), at_reread);

    daemon.configure(&format!("{SLEEPER}{server}[eventlistner:third]\ncommand=/bin/cat\n"));
    daemon.signal("HUP");
    wait_for_running_again(&daemon, "sleeper", before);
    assert!(told(&daemon).contains("did you mean 'eventlistener:third'?"));
    assert_eq!(daemon.log_lines("did you mean 'eventlistener:third'?").len(), 1);
    daemon.stop();
}
