//! `[rpcinterface:x]` with the factories of supervisor_twiddler and supervisor_cache: no Python runs, and the methods
//! are those of the plug-ins. What is compared with the plug-ins themselves is in `conformance/ecosystem.py`.

use crate::support::{TestDaemon, Value, testing_the_original, until};

const CONFIGURATION: &str = "[rpcinterface:twiddler]
supervisor.rpcinterface_factory = supervisor_twiddler.rpcinterface:make_twiddler_rpcinterface
[rpcinterface:cache]
supervisor.rpcinterface_factory = supervisor_cache.rpcinterface:make_cache_rpcinterface
[group:web]
programs=w1
[program:w1]
command=/bin/sleep 1000
startsecs=0
";

fn texts(members: &[(&str, &str)]) -> Value {
    Value::Struct(members.iter().map(|(name, text)| ((*name).to_owned(), Value::from(*text))).collect())
}

fn refusal(daemon: &TestDaemon, method: &str, arguments: &[Value]) -> (i64, String) {
    let fault = daemon.call(method, arguments).expect_err("it is refused");
    (fault.code, fault.text)
}

fn add(daemon: &TestDaemon, program: &str, options: &[(&str, &str)]) {
    let arguments = ["web".into(), program.into(), texts(options)];
    assert_eq!(daemon.call("twiddler.addProgramToGroup", &arguments), Ok(true.into()));
}

#[test]
fn programs_come_to_a_living_group_and_an_update_takes_them_away() {
    if testing_the_original() {
        return; // the plug-in is not installed there
    }
    let mut daemon = TestDaemon::started(CONFIGURATION);
    daemon.wait_for_state("web:w1", "RUNNING");
    let command = ("command", "/bin/sh -c \"echo born in %(here)s; exec sleep 1000\"");
    add(&daemon, "dyn", &[command, ("startsecs", "0")]);
    daemon.wait_for_state("web:dyn", "RUNNING");
    let log = daemon.info("web:dyn")["stdout_logfile"].as_text().to_owned();
    let born = daemon.filled_in("born in {dir}\n");
    until("its AUTO log has what it said", || (std::fs::read_to_string(&log).ok()? == born).then_some(()));
    assert_eq!(
        refusal(&daemon, "twiddler.removeProcessFromGroup", &["web".into(), "dyn".into()]),
        (91, "STILL_RUNNING: dyn".to_owned())
    );
    // Whoever reads the files again finds a group that they do not have, and makes it what they say.
    let pid = daemon.pid_of("web:w1");
    let reread = daemon.ctl(&["reread"]);
    assert_eq!(reread.stdout, "web: changed\n");
    assert_eq!(daemon.pid_of("web:w1"), pid, "a reread touches nothing");
    assert_eq!(daemon.ctl(&["update"]).status, 0);
    daemon.wait_for_state("web:w1", "RUNNING");
    assert_eq!(refusal(&daemon, "supervisor.getProcessInfo", &["web:dyn".into()]).0, 10);
    assert_eq!(daemon.ctl(&["reread"]).stdout, "No config updates to processes\n");
    daemon.stop();
}

#[test]
fn a_restart_forgets_who_came_and_what_was_stored() {
    if testing_the_original() {
        return; // the plug-ins are not installed there
    }
    let mut daemon = TestDaemon::started(CONFIGURATION);
    add(&daemon, "dyn", &[("command", "/bin/sleep 1000"), ("startsecs", "0")]);
    assert_eq!(daemon.call("cache.store", &["k".into(), "v".into()]), Ok(true.into()));
    assert_eq!(daemon.call("cache.fetch", &["k".into()]), Ok("v".into()));
    daemon.wait_for_state("web:dyn", "RUNNING");
    daemon.signal("HUP");
    until("it has been restarted", || (daemon.log_lines("supervisord started with pid").len() == 2).then_some(()));
    daemon.wait_until_it_answers();
    assert_eq!(daemon.call("cache.getCount", &[]), Ok(0.into()));
    assert_eq!(refusal(&daemon, "supervisor.getProcessInfo", &["web:dyn".into()]).0, 10);
    daemon.wait_for_state("web:w1", "RUNNING");
    daemon.stop();
}

#[test]
fn options_that_cannot_be_used_are_refused_and_add_nothing() {
    if testing_the_original() {
        return; // the plug-in is not installed there
    }
    let mut daemon = TestDaemon::started(CONFIGURATION);
    let try_to = |group: &str, program: &str, options: Value| {
        refusal(&daemon, "twiddler.addProgramToGroup", &[group.into(), program.into(), options])
    };
    let good = || texts(&[("command", "/bin/true")]);
    assert_eq!(try_to("ghost", "x", good()), (10, "BAD_NAME: group: ghost".to_owned()));
    assert_eq!(try_to("web", "w1", good()), (10, "BAD_NAME: w1".to_owned()));
    assert_eq!(try_to("web", "x", "no struct".into()), (2, "INCORRECT_PARAMETERS".to_owned()));
    for (options, words) in [
        (texts(&[("autostart", "true")]), "does not specify a command"),
        (texts(&[("command", "/bin/true"), ("startsecs", "soon")]), "invalid literal"),
        (texts(&[("command", "/bin/true"), ("user", "nobody-of-that-name")]), "nobody-of-that-name"),
        (Value::Struct(vec![("command".to_owned(), 5.into())]), "option command must be a string"),
    ] {
        let (code, text) = try_to("web", "x", options);
        assert!(code == 2 && text.contains(words), "{code} {text}");
    }
    assert!(daemon.ctl(&["status", "web:*"]).stdout.lines().count() == 1, "nothing was added");
    daemon.stop();
}

#[test]
fn whitelist_is_all_that_may_be_called() {
    if testing_the_original() {
        return; // the plug-in is not installed there
    }
    let text =
        CONFIGURATION.replacen("make_twiddler_rpcinterface\n", "make_twiddler_rpcinterface\nwhitelist = log,  x\n", 1);
    let mut daemon = TestDaemon::started(&text);
    assert_eq!(daemon.call("twiddler.log", &["a line of ours\nCRIT forged".into(), "WARN".into()]), Ok(true.into()));
    let log = daemon.log();
    let forged: Vec<_> = log.lines().filter(|line| line.contains("CRIT forged")).collect();
    assert_eq!(forged, ["    CRIT forged"], "no line of its own");
    let refused = (230, "UNKNOWN: getGroupNames".to_owned());
    assert_eq!(refusal(&daemon, "twiddler.getGroupNames", &[]), refused);
    assert_eq!(refusal(&daemon, "twiddler.log", &["x".into(), 17.into()]).0, 2);
    daemon.stop();
}
