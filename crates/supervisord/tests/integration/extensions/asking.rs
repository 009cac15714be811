//! What an extension may ask of supervisord: each request, and what `allow=` lets through.

use super::{ask, daemon_with, fault, structure};
use crate::support::{TestDaemon, Value, until};

const PROGRAMS: &str = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile={dir}/cat.log\n\
                        [group:web]\nprograms=w1\n[program:w1]\ncommand=/bin/sleep 1000\nstartsecs=0\npriority=7\n";

fn started() -> TestDaemon {
    let daemon = daemon_with("", PROGRAMS);
    daemon.wait_for_state("cat", "RUNNING");
    daemon.wait_for_state("web:w1", "RUNNING");
    daemon
}

fn of<'t>(group: &'t str, name: &'t str) -> [(&'static str, Value); 2] {
    [("group", group.into()), ("name", name.into())]
}

#[test]
fn it_calls_methods_of_every_namespace_and_gets_their_faults() {
    let mut daemon = started();
    let call = |method: &str, params: Vec<Value>| {
        ask(&daemon, "sup.call", &[("method", method.into()), ("params", Value::Array(params))])
    };
    assert_eq!(call("supervisor.getState", vec![]).unwrap()["statename"].as_text(), "RUNNING");
    assert_eq!(call("supervisor.stopProcess", vec!["cat".into()]), Ok(true.into()));
    assert_eq!(call("supervisor.stopProcess", vec!["cat".into()]), Err((70, "NOT_RUNNING: cat".to_owned())));
    assert_eq!(call("w.echo", vec!["of itself".into()]), Ok(Value::Array(vec!["of itself".into()])));
    assert_eq!(call("w.fault", vec![4711.into(), "MINE".into()]), Err((4711, "MINE".to_owned())));
    let Ok(Value::Array(names)) = call("system.listMethods", vec![]) else { panic!("an array") };
    assert!(names.contains(&"w.echo".into()));
    let calls = vec![structure(&[("methodName", "supervisor.getState".into())])];
    let Ok(Value::Array(answers)) = call("system.multicall", vec![Value::Array(calls)]) else { panic!("an array") };
    assert_eq!(answers[0]["statecode"].as_int(), 1);
    assert_eq!(call("no.such", vec![]).unwrap_err().0, 1);
    assert_eq!(ask(&daemon, "sup.call", &[]).unwrap_err().0, 2);
    let bad_params = [("method", "supervisor.getState".into()), ("params", 5.into())];
    assert_eq!(ask(&daemon, "sup.call", &bad_params).unwrap_err().0, 2);
    assert_eq!(ask(&daemon, "sup.nosuch", &[]).unwrap_err().0, 1);
    assert_eq!(ask(&daemon, "anything", &[]).unwrap_err().0, 1);
    daemon.stop();
}

#[test]
fn it_sees_the_state_of_supervisord_its_groups_and_its_processes() {
    let mut daemon = started();
    let state = ask(&daemon, "sup.state", &[]).unwrap();
    assert_eq!((state["mood"].as_int(), state["identifier"].as_text()), (1, "test"));
    assert_eq!(state["serverurl"].as_text(), daemon.filled_in("unix://{dir}/s.sock"));
    assert_eq!(state["here"].as_text(), daemon.filled_in("{dir}"));
    assert!(state["configfile"].as_text().starts_with(state["here"].as_text()));
    assert_eq!(ask(&daemon, "sup.groups", &[]), Ok(Value::Array(vec!["cat".into(), "web".into()])));
    let group = ask(&daemon, "sup.group", &[("group", "web".into())]).unwrap();
    assert_eq!((group["name"].as_text(), group["priority"].as_int()), ("web", 999));
    let Value::Array(configs) = &group["configs"] else { panic!("an array") };
    assert_eq!(configs[0]["name"].as_text(), "w1");
    assert_eq!(configs[0]["command"].as_text(), "/bin/sleep 1000");
    assert_eq!((configs[0]["priority"].as_int(), configs[0]["autostart"].clone()), (7, true.into()));
    let process = ask(&daemon, "sup.process", &of("cat", "cat")).unwrap();
    assert_eq!((process["pid"].as_int(), process["state"].as_int()), (daemon.pid_of("cat"), 20));
    assert_eq!(process["config"]["stdout_logfile"].as_text(), daemon.filled_in("{dir}/cat.log"));
    assert_eq!((process["administrative_stop"].clone(), process["killing"].clone()), (false.into(), false.into()));
    daemon.call("supervisor.stopProcess", &["cat".into()]).unwrap();
    let process = ask(&daemon, "sup.process", &of("cat", "cat")).unwrap();
    assert_eq!((process["pid"].as_int(), process["administrative_stop"].clone()), (0, true.into()));
    assert!(process["laststart"].as_int() > 0 && process["laststop"].as_int() >= process["laststart"].as_int());
    for (method, params) in [("sup.group", vec![("group", "no".into())]), ("sup.process", of("web", "no").to_vec())] {
        assert_eq!(ask(&daemon, method, &params).unwrap_err().0, 10, "{method}");
        assert_eq!(ask(&daemon, method, &[]).unwrap_err().0, 2, "{method}");
    }
    daemon.stop();
}

#[test]
fn it_adds_programs_to_a_living_group_and_takes_them_out() {
    let mut daemon = started();
    let parse = |options: &[(&str, &str)]| {
        let options: Vec<_> = options.iter().map(|(name, text)| (*name, Value::from(*text))).collect();
        let params = [("section", "program:dyn".into()), ("group", "web".into()), ("options", structure(&options))];
        ask(&daemon, "sup.parse_program", &params)
    };
    let add = |config: &Value| ask(&daemon, "sup.add_process", &[("group", "web".into()), ("config", config.clone())]);
    let Ok(Value::Array(configs)) = parse(&[
        ("command", "/bin/sleep 1000"),
        ("startsecs", "0"),
        ("numprocs", "2"),
        ("process_name", "%(program_name)s%(process_num)d"),
    ]) else {
        panic!("an array")
    };
    assert_eq!(configs.len(), 2);
    assert_eq!(configs[1]["name"].as_text(), "dyn1");
    for config in &configs {
        assert_eq!(add(config), Ok(true.into()));
    }
    daemon.wait_for_state("web:dyn0", "RUNNING");
    daemon.wait_for_state("web:dyn1", "RUNNING");
    let used = add(&configs[0]).unwrap_err();
    assert!(used.0 == 3 && used.1.contains("not known, or used"), "{}", used.1);
    let Ok(Value::Array(again)) = parse(&[("command", "/bin/true"), ("process_name", "dyn0")]) else { panic!() };
    assert_eq!(add(&again[0]), Err((90, "ALREADY_ADDED: dyn0".to_owned())));
    let (code, text) = parse(&[("command", "/bin/true"), ("startsecs", "soon")]).unwrap_err();
    assert!(code == 3 && text.contains("invalid literal"), "{code} {text}");
    let running = ask(&daemon, "sup.remove_process", &of("web", "dyn0"));
    assert_eq!(running, Err((91, "STILL_RUNNING: dyn0".to_owned())));
    daemon.call("supervisor.stopProcess", &["web:dyn0".into()]).unwrap();
    assert_eq!(ask(&daemon, "sup.remove_process", &of("web", "dyn0")), Ok(true.into()));
    assert_eq!(fault(&daemon, "supervisor.getProcessInfo", &["web:dyn0".into()]).0, 10);
    assert_eq!(ask(&daemon, "sup.transition", &[("group", "web".into())]), Ok(true.into()));
    assert_eq!(ask(&daemon, "sup.transition", &[("group", "no".into())]).unwrap_err().0, 10);
    daemon.stop();
}

#[test]
fn it_signals_processes_by_pid_and_nobody_else() {
    let mut daemon = started();
    let kill = |pid: i64, signal: Value| ask(&daemon, "sup.kill", &[("pid", pid.into()), ("signal", signal)]);
    let pid = daemon.pid_of("cat");
    assert_eq!(kill(pid, "NOSUCH".into()), Err((11, "BAD_SIGNAL: NOSUCH".to_owned())));
    assert_eq!(kill(pid, "KILL".into()), Ok(true.into()));
    until("it has died", || (daemon.pid_of("cat") != pid).then_some(()));
    let sleeper = daemon.pid_of("web:w1");
    assert_eq!(kill(-sleeper, 9.into()), Ok(true.into()));
    until("its group has died", || (daemon.pid_of("web:w1") != sleeper).then_some(()));
    for stranger in [i64::from(std::process::id()), 1, 0, -1, i64::MAX, i64::MIN] {
        assert_eq!(kill(stranger, 9.into()).unwrap_err().0, 70, "{stranger}");
    }
    daemon.stop();
}

#[test]
fn it_writes_to_programs_and_to_the_main_log() {
    let mut daemon = started();
    let write = |name: &str, bytes: Value| {
        ask(&daemon, "sup.write", &[("group", name.into()), ("name", name.into()), ("bytes", bytes)])
    };
    assert_eq!(write("cat", "a text é\n".into()), Ok(true.into()));
    daemon.wait_for_text("cat.log", "a text é\n");
    assert_eq!(write("cat", 5.into()).unwrap_err().0, 2);
    daemon.call("supervisor.stopProcess", &["cat".into()]).unwrap();
    assert_eq!(write("cat", "x".into()), Err((70, "NOT_RUNNING: cat:cat".to_owned())));
    let log = |level: Value, message: &str| ask(&daemon, "sup.log", &[("level", level), ("message", message.into())]);
    assert_eq!(log("warn".into(), "forged\nCRIT by me"), Ok(true.into()));
    assert_eq!(log(40.into(), "by number"), Ok(true.into()));
    assert_eq!(daemon.log_lines(" WARN forged CRIT by me").len(), 1, "one line");
    assert_eq!(daemon.log_lines(" ERRO by number").len(), 1);
    assert_eq!(log("loud".into(), "x").unwrap_err().0, 2);
    daemon.stop();
}

#[test]
fn allow_is_all_that_it_may_ask_for() {
    let mut daemon = daemon_with("allow=sup.state, supervisor.getS*", PROGRAMS);
    assert!(ask(&daemon, "sup.state", &[]).is_ok());
    let call = |method: &str| ask(&daemon, "sup.call", &[("method", method.into())]);
    assert!(call("supervisor.getState").is_ok());
    let refused = |name: &str| (30, format!("FAILED: {name} is not in allow= of [rpcinterface:w]"));
    assert_eq!(call("supervisor.shutdown"), Err(refused("supervisor.shutdown")));
    assert_eq!(call("w.pid"), Err(refused("w.pid")));
    assert_eq!(ask(&daemon, "sup.groups", &[]), Err(refused("sup.groups")));
    assert_eq!(ask(&daemon, "sup.kill", &[]), Err(refused("sup.kill")));
    daemon.stop();
    let mut daemon = daemon_with("allow=", "");
    assert_eq!(ask(&daemon, "sup.state", &[]), Err(refused("sup.state")));
    daemon.stop();
}
