//! Plug-ins in Python that are not built in: factories of `[rpcinterface:x]` and result handlers, each in a process of
//! the plug-in host. Real ones are in `conformance/ecosystem.py`.

use std::fs;

use crate::support::{Ended, TestDaemon, Value, python_environment, testing_the_original, until};

/// What people write for Supervisor in Python.
const PLUGIN: &str = r#"
import os, sys, time
from supervisor import events
from supervisor.dispatchers import RejectEvent
from supervisor.http import NOT_DONE_YET
from supervisor.rpcinterface import SupervisorNamespaceRPCInterface
from supervisor.xmlrpc import Faults, RPCError

class QueueDepth(events.Event):
    def __init__(self, depth):
        self.depth = depth

    def payload(self):
        return "depth:%d\nand more" % self.depth

events.register("QUEUE_DEPTH", QueueDepth)

class Interface:
    def __init__(self, supervisord, **config):
        self.supervisord, self.config, self.seen = supervisord, config, []
        self.main = SupervisorNamespaceRPCInterface(supervisord)
        events.subscribe(events.ProcessStateEvent, self._see)
        supervisord.options.logger.info("made by the factory")

    def _see(self, event):
        self.seen.append([event.process.config.name, events.getEventNameByType(event.__class__)])

    def getConfig(self):
        """ The options

        @return struct  of the section
        """
        return self.config

    def getSeen(self):
        return self.seen

    def getPid(self):
        return os.getpid()

    def later(self, seconds):
        due = time.monotonic() + seconds
        def wait():
            return NOT_DONE_YET if time.monotonic() < due else "done"
        wait.delay = 0.05
        return wait

    def states(self):
        return {name: {one: process.get_state() for one, process in group.processes.items()}
                for name, group in self.supervisord.process_groups.items()}

    def stop(self, name):
        return self.main.stopProcess(name)

    def refuse(self):
        raise RPCError(Faults.BAD_NAME, "who")

    def reach(self):
        return self.supervisord.options.httpservers

    def tell(self, depth):
        events.notify(QueueDepth(depth))
        return True

    def none(self):
        return None

    def odd(self):
        raise TypeError("inside")

    def die(self):
        os._exit(3)

def make(supervisord, **config):
    return Interface(supervisord, **config)

def make_more(supervisord):
    return supervisord.options.httpservers

def show(event, response):
    print("shown %s %s" % (events.getEventNameByType(event.__class__), response.decode()), flush=True)

MARK = os.path.join(os.path.dirname(__file__), "judged")

def judge(event, response):
    """Prints what it hears; `again` is refused the first time, `bad` is an error."""
    print("judged %s %s\n" % (event.data, response.decode()), end="", flush=True)
    first = not os.path.exists(MARK)
    if b"die" in response and first:
        open(MARK, "w").close()
        os._exit(1)
    if b"again" in response and first:
        open(MARK, "w").close()
        raise RejectEvent(response)
    if b"bad" in response:
        raise ValueError("no answer")
"#;

/// A listener that answers each event with its data.
const LISTENER: &str = r#"
import sys
while True:
    sys.stdout.write("READY\n"); sys.stdout.flush()
    header = dict(token.split(":") for token in sys.stdin.readline().split())
    data = sys.stdin.read(int(header["len"])).partition("\n")[2]
    sys.stdout.write("RESULT %d\n%s" % (len(data), data)); sys.stdout.flush()
"#;

const CAT: &str = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n";
const INTERFACE: &str = "[rpcinterface:mine]\nsupervisor.rpcinterface_factory = mine:make\nColour = blue\n";
const JUDGED: &str = "[eventlistener:judged]\ncommand=python3 -u {dir}/listener.py\nevents=REMOTE_COMMUNICATION\n\
                      startsecs=0\nresult_handler=mine:judge\n";

/// With the interpreter that has Supervisor's library.
fn prepared(sections: &str) -> TestDaemon {
    let python = python_environment().join("bin/python");
    let text = format!("[supervisord]\npython_host = {}\n{sections}", python.display());
    let mut daemon = TestDaemon::prepared(&text);
    daemon.write("mine.py", PLUGIN);
    daemon.write("listener.py", LISTENER);
    let folder = daemon.filled_in("{dir}");
    daemon.set_variable("PYTHONPATH", &folder);
    daemon.set_variable("PYTHONDONTWRITEBYTECODE", "1");
    daemon
}

fn started(sections: &str) -> TestDaemon {
    let mut daemon = prepared(sections);
    daemon.start();
    daemon
}

fn fault(daemon: &TestDaemon, method: &str, arguments: &[Value]) -> (i64, String) {
    let fault = daemon.call(method, arguments).expect_err("it is refused");
    (fault.code, fault.text)
}

#[test]
fn methods_of_a_factory_answer_with_introspection_faults_and_late_answers() {
    if testing_the_original() {
        return; // it has the plug-in inside
    }
    let mut daemon = started(&format!("{INTERFACE}{CAT}"));
    let config = daemon.call("mine.getConfig", &[]).unwrap();
    assert_eq!(config["colour"].as_text(), "blue");
    daemon.wait_for_log("made by the factory");
    assert_eq!(daemon.call("mine.later", &[0.into()]), Ok("done".into()));
    assert_eq!(fault(&daemon, "mine.refuse", &[]), (10, "BAD_NAME: who".to_owned()));
    assert_eq!(fault(&daemon, "mine.later", &[]), (2, "INCORRECT_PARAMETERS".to_owned()));
    assert_eq!(fault(&daemon, "mine._see", &[]).0, 1);
    assert_eq!(fault(&daemon, "mine.none", &[]).0, 30);
    assert_eq!(fault(&daemon, "mine.odd", &[]), (30, "FAILED: <class 'TypeError'>:inside".to_owned()));
    let (_, text) = fault(&daemon, "mine.reach", &[]);
    assert!(text.contains("supervisord.options.httpservers is not offered to plug-ins"), "{text}");
    let help = daemon.call("system.methodHelp", &["mine.getConfig".into()]).unwrap();
    assert!(help.as_text().contains("The options"), "{help:?}");
    let signature = daemon.call("system.methodSignature", &["mine.getConfig".into()]);
    assert_eq!(signature, Ok(Value::Array(vec!["struct".into()])));
    daemon.stop();
}

#[test]
fn a_factory_sees_processes_acts_on_them_and_follows_events() {
    if testing_the_original() {
        return; // it has the plug-in inside
    }
    let mut daemon = started(&format!("{INTERFACE}{CAT}"));
    daemon.wait_for_state("cat", "RUNNING");
    assert_eq!(daemon.call("mine.states", &[]).unwrap()["cat"]["cat"].as_int(), 20);
    assert_eq!(daemon.call("mine.stop", &["cat".into()]), Ok(true.into()));
    assert_eq!(daemon.state("cat"), "STOPPED");
    assert_eq!(fault(&daemon, "mine.stop", &["cat".into()]).0, 70);
    until("it has seen the stop", || {
        let seen = daemon.call("mine.getSeen", &[]).ok()?;
        let stop = Value::Array(vec!["cat".into(), "PROCESS_STATE_STOPPED".into()]);
        matches!(seen, Value::Array(events) if events.contains(&stop)).then_some(())
    });
    daemon.stop();
}

#[test]
fn an_event_type_that_a_plugin_registers_reaches_listeners() {
    if testing_the_original() {
        return; // it has the plug-in inside
    }
    let listener = "[eventlistener:deep]\ncommand=python3 -u {dir}/listener.py\nevents=QUEUE_DEPTH\nstartsecs=0\n\
                    result_handler=mine:show\n";
    let mut daemon = started(&format!("{INTERFACE}{listener}"));
    daemon.wait_for_state("deep:deep", "RUNNING");
    assert_eq!(daemon.call("mine.tell", &[7.into()]), Ok(true.into()));
    until_printed(&mut daemon, "shown QUEUE_DEPTH and more", 1);
    daemon.stop();
}

#[test]
fn a_plugin_that_ends_fails_its_call_and_is_started_again() {
    if testing_the_original() {
        return; // there it ends the daemon
    }
    let mut daemon = started(&format!("{INTERFACE}{CAT}"));
    let pid = daemon.call("mine.getPid", &[]).unwrap().as_int();
    assert_eq!(fault(&daemon, "mine.die", &[]), (30, "FAILED: extension mine ended during the call".to_owned()));
    until("another process of it answers", || {
        daemon.call("mine.getPid", &[]).ok().filter(|other| other.as_int() != pid)
    });
    daemon.stop();
}

/// The whole of standard error.
fn refused(daemon: &TestDaemon) -> String {
    let Ended { stderr, status, .. } = daemon.run(&["-n", "-c", "{dir}/supervisord.conf"]);
    assert_eq!(status, 2, "{stderr}");
    stderr
}

#[test]
fn a_factory_that_cannot_be_made_ends_the_start_and_says_which_and_why() {
    if testing_the_original() {
        return; // its words are a traceback
    }
    for (spec, why) in [
        ("no.such.module:make", "ModuleNotFoundError: No module named 'no'"),
        ("mine:nosuch", "AttributeError: module 'mine' has no attribute 'nosuch'"),
        ("mine:make_more", "mine:make_more: supervisord.options.httpservers is not offered to plug-ins"),
    ] {
        let daemon = prepared(&format!("[rpcinterface:x]\nsupervisor.rpcinterface_factory = {spec}\n"));
        let words = if spec.ends_with("make_more") {
            "Could not make x rpc interface".to_owned()
        } else {
            format!("{spec} cannot be resolved within [rpcinterface:x]")
        };
        assert!(refused(&daemon).starts_with(&format!("Error: {words}\n")));
        let told = daemon.log_lines("[rpcinterface:x] in ");
        assert!(told.len() == 1 && told[0].contains(why) && told[0].contains(spec), "{told:?}");
    }
}

#[test]
fn a_result_handler_that_is_not_there_ends_the_start() {
    if testing_the_original() {
        return; // its words are a traceback
    }
    let daemon = prepared(&JUDGED.replace("mine:judge", "no.such:thing"));
    assert!(refused(&daemon).starts_with("Error: no.such:thing cannot be resolved within [eventlistener:judged]\n"));
    let told = daemon.log_lines("[eventlistener:judged] in ");
    assert!(told.len() == 1 && told[0].contains("ModuleNotFoundError"), "{told:?}");
}

#[test]
fn without_an_interpreter_the_start_says_so() {
    if testing_the_original() {
        return; // it is one
    }
    let daemon = TestDaemon::prepared(&format!("[supervisord]\npython_host=/no/such/python\n{INTERFACE}"));
    assert!(refused(&daemon).starts_with("Error: mine:make cannot be resolved within [rpcinterface:mine]\n"));
    let told = daemon.log_lines("/no/such/python, which is to run it, cannot be started");
    assert!(told.len() == 1 && told[0].contains("[rpcinterface:mine]"), "{told:?}");
}

#[test]
fn a_restart_with_a_plugin_that_cannot_be_made_is_refused_and_everything_runs_on() {
    if testing_the_original() {
        return; // there it is the end
    }
    let mut daemon = started(&format!("{INTERFACE}{CAT}"));
    daemon.wait_for_state("cat", "RUNNING");
    let pid = daemon.pid_of("cat");
    daemon.configure_also("[rpcinterface:x]\nsupervisor.rpcinterface_factory = no.such:make\n");
    daemon.signal("HUP");
    daemon.wait_for_log("no.such:make cannot be resolved within [rpcinterface:x]");
    assert_eq!(daemon.pid_of("cat"), pid);
    assert_eq!(daemon.call("mine.later", &[0.into()]), Ok("done".into()));
    daemon.stop();
}

#[test]
fn a_reread_tries_what_is_new_and_refuses_what_cannot_be_made() {
    if testing_the_original() {
        return; // its reread looks at groups alone
    }
    let mut daemon = started(&format!("{INTERFACE}{CAT}"));
    daemon.call("mine.getPid", &[]).unwrap();
    daemon.wait_for_log("made by the factory");
    let made = daemon.log_lines("made by the factory").len();
    let good = daemon.read("supervisord.conf");
    let other =
        "class Other:\n    def ping(self):\n        return 'pong'\ndef make(supervisord):\n    return Other()\n";
    daemon.write("other.py", other);
    assert!(daemon.call("supervisor.reloadConfig", &[]).is_ok());
    daemon.configure_also("[rpcinterface:x]\nsupervisor.rpcinterface_factory = no.such:make\n");
    let (code, text) = fault(&daemon, "supervisor.reloadConfig", &[]);
    assert_eq!(code, 92, "{text}");
    assert!(text.contains("no.such:make cannot be resolved within [rpcinterface:x]: [rpcinterface:x] in "), "{text}");
    assert!(text.contains("No module named 'no'"), "{text}");
    assert_eq!(daemon.call("mine.later", &[0.into()]), Ok("done".into()));
    // What runs already was not made again beside itself.
    assert_eq!(daemon.log_lines("made by the factory").len(), made);
    daemon.write("supervisord.conf", &good);
    daemon.configure_also("[rpcinterface:y]\nsupervisor.rpcinterface_factory = other:make\n");
    daemon.ctl(&["update"]);
    assert_eq!(daemon.call("y.ping", &[]), Ok("pong".into()));
    assert!(daemon.call("supervisor.reloadConfig", &[]).is_ok());
    daemon.stop();
}

#[test]
fn a_check_imports_plugins_and_makes_none() {
    if testing_the_original() {
        return; // it has no check
    }
    let daemon = prepared(
        "[rpcinterface:x]\nsupervisor.rpcinterface_factory = mine:nosuch\n\
         [rpcinterface:y]\nsupervisor.rpcinterface_factory = mine:make_more\n",
    );
    let Ended { stdout, status, .. } = daemon.run(&["-c", "{dir}/supervisord.conf", "--check", "--format", "json"]);
    assert_eq!(status, 2, "{stdout}");
    let told: Vec<&str> = stdout.lines().filter(|line| line.contains("\"error\"")).collect();
    assert!(told.len() == 1 && told[0].contains("\"rpcinterface:x\""), "{stdout}");
    assert!(told[0].contains("module 'mine' has no attribute 'nosuch'"), "{stdout}");
}

fn send(daemon: &TestDaemon, data: &str) {
    assert_eq!(daemon.call("supervisor.sendRemoteCommEvent", &["x".into(), data.into()]), Ok(true.into()));
}

/// On standard output of the daemon, where the main log is indented.
fn until_printed(daemon: &mut TestDaemon, line: &str, times: usize) {
    until("it is judged", || {
        let out = daemon.program().stdout();
        (out.lines().filter(|printed| *printed == line).count() == times).then_some(())
    });
}

#[test]
fn a_result_handler_judges_and_prints_where_supervisord_does() {
    if testing_the_original() {
        return; // it has the plug-in inside
    }
    let mut daemon = started(JUDGED);
    send(&daemon, "fine");
    send(&daemon, "again");
    until_printed(&mut daemon, "judged again again", 2);
    until_printed(&mut daemon, "judged fine fine", 1);
    daemon.wait_for_log("judged: event was rejected");
    daemon.stop();
}

#[test]
fn a_result_handler_that_fails_leaves_the_listener_unknown_and_one_that_ends_does_not() {
    if testing_the_original() {
        return; // it has the plug-in inside
    }
    let mut daemon = started(JUDGED);
    send(&daemon, "die");
    // By another process the second time.
    until_printed(&mut daemon, "judged die die", 2);
    send(&daemon, "bad");
    daemon.wait_for_log("judged: has entered the UNKNOWN state");
    let told = daemon.log_lines("the result_handler of judged has failed for event");
    assert!(told.len() == 1 && told[0].contains("no answer"), "{told:?}");
    daemon.stop();
    assert!(fs::exists(daemon.path("judged")).unwrap());
}
