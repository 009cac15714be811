//! Whoever has seen an effect of a change is not told what was before it: the caller that got the answer, the program
//! that runs, the one that got a signal, the listener that got the event.

use crate::support::{TestDaemon, Value, until};

const ROUNDS: i64 = 200;

#[test]
fn the_caller_of_a_change_is_told_of_it_at_once() {
    let daemon = TestDaemon::started(
        "[program:cat]\ncommand=/bin/cat\nautostart=false\nstartsecs=0\n\
         [program:slow]\ncommand=/bin/cat\nautostart=false\nstartsecs=100\n",
    );
    let call = |method: &str, name: &str| {
        let result = daemon.call(&format!("supervisor.{method}"), &[name.into()]);
        result.unwrap_or_else(|fault| panic!("{method} {name}: {fault:?}"));
    };
    let all = || match daemon.call("supervisor.getAllProcessInfo", &[]) {
        Ok(Value::Array(infos)) => infos,
        other => panic!("{other:?}"),
    };
    for round in 0..ROUNDS {
        call("startProcess", "cat");
        let info = daemon.info("cat");
        assert_eq!(info["statename"].as_text(), "RUNNING", "round {round}");
        assert!(info["pid"].as_int() > 0, "round {round}");
        assert_eq!(all()[0]["pid"], info["pid"], "round {round}");
        call("stopProcess", "cat");
        let info = daemon.info("cat");
        assert_eq!((info["statename"].as_text(), info["pid"].as_int()), ("STOPPED", 0), "round {round}");
        let began = daemon.call("supervisor.startProcess", &["slow".into(), false.into()]);
        assert!(began.is_ok(), "{began:?}");
        assert_eq!(daemon.state("slow"), "STARTING", "round {round}");
        call("stopProcess", "slow");
        call("removeProcessGroup", "cat");
        assert_eq!(daemon.call("supervisor.getProcessInfo", &["cat".into()]).map_err(|fault| fault.code), Err(10));
        assert_eq!(all().len(), 1, "round {round}");
        call("addProcessGroup", "cat");
        assert_eq!(daemon.state("cat"), "STOPPED", "round {round}");
        assert_eq!(all().len(), 2, "round {round}");
    }
}

/// Asks for a process: itself when it begins and when it gets SIGTERM, and as a listener for the one that an event is
/// of. Writes down what it was told.
const ASKER: &str = r"
import os, signal, socket, sys

def told(name):
    value = '<value><string>%s</string></value>' % name
    body = ('<methodCall><methodName>supervisor.getProcessInfo</methodName><params><param>' + value +
            '</param></params></methodCall>')
    server = socket.socket(socket.AF_UNIX)
    server.connect('{dir}/s.sock')
    head = 'POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n' % len(body)
    server.sendall((head + body).encode())
    answer = b''
    while piece := server.recv(65536):
        answer += piece
    text = answer.decode()
    member = lambda name: text.split('<name>%s</name>' % name)[1].split('</')[0].split('>')[-1]
    return member('statename'), int(member('pid'))

def note(name, state, pid):
    with open('{dir}/told', 'a') as notes:
        notes.write('%s %s %s\n' % (name, state, pid))

def program():
    def stopped(*_):
        note('stop', *told('many:asker'))
        os._exit(0)
    signal.signal(signal.SIGTERM, stopped)
    state, pid = told('many:asker')
    note('start', state, pid == os.getpid())
    while True:
        signal.pause()

def listener():
    while True:
        print('READY', flush=True)
        header = dict(pair.split(':') for pair in sys.stdin.readline().split())
        payload = dict(pair.split(':') for pair in sys.stdin.read(int(header['len'])).split())
        if payload['processname'] == 'asker':
            note(header['eventname'], *told('many:asker'))
        print('RESULT 2\nOK', end='', flush=True)

program() if sys.argv[1] == 'program' else listener()
";

/// An input that takes long: it starts, or stops, many programs.
const MANY: &str = "
[group:many]
programs=asker,others
[program:asker]
command=python3 -S -I {dir}/asker.py program
autostart=false
startsecs=0
priority=1
[program:others]
command=/bin/sleep 1000
process_name=%(program_name)s_%(process_num)03d
numprocs=120
autostart=false
startsecs=0
priority=2
stdout_logfile=NONE
stderr_logfile=NONE
";

/// How often the file of notes says this.
fn notes(daemon: &TestDaemon, line: &str) -> usize {
    daemon.read("told").lines().filter(|it| it.starts_with(line)).count()
}

#[test]
fn a_program_is_told_its_own_state_while_others_are_still_started() {
    let mut daemon = TestDaemon::prepared(MANY);
    daemon.write("asker.py", ASKER);
    daemon.start();
    for round in 1..=5 {
        let started = daemon.call("supervisor.startProcessGroup", &["many".into()]);
        assert!(started.is_ok(), "{started:?}");
        until("the program has asked", || (notes(&daemon, "start ") == round).then_some(()));
        assert_eq!(notes(&daemon, "start RUNNING True"), round, "{}", daemon.read("told"));
        let stopped = daemon.call("supervisor.stopProcessGroup", &["many".into()]);
        assert!(stopped.is_ok(), "{stopped:?}");
        assert_eq!(notes(&daemon, "stop STOPPING"), round, "{}", daemon.read("told"));
    }
}

#[test]
fn a_listener_is_told_what_its_event_says_while_others_are_still_started() {
    let mut daemon = TestDaemon::prepared(&format!(
        "{MANY}[eventlistener:listener]\ncommand=python3 -S -I {{dir}}/asker.py listener\n\
         events=PROCESS_STATE_RUNNING,PROCESS_STATE_STOPPED\nbuffer_size=1000\n"
    ));
    daemon.write("asker.py", ASKER);
    daemon.start();
    daemon.wait_for_state("listener", "RUNNING");
    daemon.wait_for_log("listener: ACKNOWLEDGED -> READY");
    for round in 1..=5 {
        let started = daemon.call("supervisor.startProcessGroup", &["many".into()]);
        assert!(started.is_ok(), "{started:?}");
        until("the listener has asked", || (notes(&daemon, "PROCESS_STATE_RUNNING ") == round).then_some(()));
        assert_eq!(notes(&daemon, "PROCESS_STATE_RUNNING RUNNING"), round, "{}", daemon.read("told"));
        until("the program has asked", || (notes(&daemon, "start ") == round).then_some(()));
        let stopped = daemon.call("supervisor.stopProcessGroup", &["many".into()]);
        assert!(stopped.is_ok(), "{stopped:?}");
        until("the listener has asked", || (notes(&daemon, "PROCESS_STATE_STOPPED ") == round).then_some(()));
        assert_eq!(notes(&daemon, "PROCESS_STATE_STOPPED STOPPED 0"), round, "{}", daemon.read("told"));
        // It is through with the events of this round: two of each program, and one of its own.
        until("all events were handled", || {
            let handled = daemon.log_lines("listener: event was processed").len();
            (handled == 1 + round * 2 * 121).then_some(())
        });
    }
}
