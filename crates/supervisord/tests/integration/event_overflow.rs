//! What becomes of events that are too many for their listeners: `overflow`; and policies that there are not.

mod spill;

use std::time::Duration;

use crate::support::{TestDaemon, python_environment, testing_the_original, until, until_at_most};

/// Long enough for tens of thousands of events on a slow machine.
const LONG: Duration = Duration::from_mins(2);

/// Once it is allowed to, writes down the data of each event, and answers.
const RECORDS: &str = "\
import os, sys, time
while not os.path.exists('go'):
    time.sleep(0.02)
out = sys.stdout.buffer
with open('record', 'ab', buffering=0) as record:
    while True:
        out.write(b'READY\\n'); out.flush()
        header = dict(token.split(b':', 1) for token in sys.stdin.buffer.readline().split())
        data = sys.stdin.buffer.read(int(header[b'len']))
        record.write(header[b'serial'] + b' ' + header[b'poolserial'] + b' ' + data.split(b'\\n', 1)[1] + b'\\n')
        out.write(b'RESULT 2\\nOK'); out.flush()
";

/// A section for that listener.
fn records(options: &str) -> String {
    let python = python_environment().join("bin/python");
    format!(
        "[eventlistener:records]
command={} {{dir}}/records.py
directory={{dir}}
startsecs=0
stdout_logfile=NONE
{options}
",
        python.display()
    )
}

/// The data of the events that were recorded, in their order.
fn recorded(daemon: &TestDaemon) -> Vec<String> {
    let record = daemon.read("record");
    record.lines().filter_map(|line| line.splitn(3, ' ').nth(2)).map(str::to_owned).collect()
}

#[test]
fn block_holds_a_program_that_floods_and_loses_nothing() {
    const COUNT: usize = 20_000;
    if testing_the_original() {
        return; // N45
    }
    let mut daemon = TestDaemon::prepared(&format!(
        "[supervisord]
loglevel=info
[program:floods]
command=/bin/sh -c \"seq -f '<!--XSUPERVISOR:BEGIN-->%%.0f<!--XSUPERVISOR:END-->' {COUNT}; touch {{dir}}/said\"
stdout_logfile=NONE
stdout_capture_maxbytes=1KB
autorestart=false
startsecs=0
[program:free]
command=/bin/sh -c \"seq 100000; touch {{dir}}/free; exec sleep 1000\"
stdout_logfile=NONE
startsecs=0
{}",
        records("events=PROCESS_COMMUNICATION\noverflow=block\nbuffer_size=10")
    ));
    daemon.write("records.py", RECORDS);
    daemon.start();
    daemon.wait_for_log("WARN pool records is full with ");
    until("the other one is done", || daemon.path("free").exists().then_some(()));
    assert!(!daemon.path("said").exists(), "it cannot have said all of that");
    daemon.write("go", "");
    until_at_most(LONG, "all have arrived", || (daemon.read("record").lines().count() >= COUNT).then_some(()));
    let expected: Vec<String> = (1..=COUNT).map(|number| number.to_string()).collect();
    assert_eq!(recorded(&daemon), expected);
    until("it ends", || (daemon.state("floods") == "EXITED").then_some(()));
    daemon.wait_for_log("INFO pool records holds nobody up any more; programs and clients waited for ");
    assert!(!daemon.log().contains("overflowed"));
    daemon.stop();
}

#[test]
fn block_lets_a_client_wait_until_its_event_has_a_place_and_a_shutdown_does_not_wait_for_it() {
    if testing_the_original() {
        return; // N45
    }
    let mut daemon = TestDaemon::prepared(&records("events=REMOTE_COMMUNICATION\noverflow=block\nbuffer_size=1"));
    daemon.write("records.py", RECORDS);
    daemon.start();
    let send = |data: &str| daemon.call("supervisor.sendRemoteCommEvent", &["t".into(), data.into()]);
    send("first").expect("there is room");
    std::thread::scope(|scope| {
        let second = scope.spawn(|| send("second"));
        // It is asked after the second, and answered before.
        until("the second has come to wait", || daemon.log().contains("WARN pool records is full").then_some(()));
        assert_eq!(daemon.state("records"), "RUNNING");
        assert!(!second.is_finished());
        daemon.write("go", "");
        second.join().expect("it ends").expect("it was sent");
    });
    until("both have arrived", || (recorded(&daemon) == ["first", "second"]).then_some(()));
    // An event that was written down is not yet answered; one that is stopped before it is ready takes none.
    until("it is ready for a third", || (daemon.log_lines("records: ACKNOWLEDGED -> READY").len() == 3).then_some(()));
    let pid = daemon.pid_of("records");
    daemon.call("supervisor.signalProcess", &["records".into(), "STOP".into()]).expect("it runs");
    let sent = std::thread::scope(|scope| {
        let threads: Vec<_> = ["third", "fourth", "fifth"].map(|data| scope.spawn(move || send(data))).into();
        until("one is with the listener, one waits, and so does its client", || {
            threads.iter().filter(|thread| thread.is_finished()).count().eq(&2).then_some(())
        });
        daemon.call("supervisor.shutdown", &[]).expect("it is asked for the first time");
        threads.into_iter().map(|thread| thread.join().expect("it ends").is_ok()).collect::<Vec<_>>()
    });
    assert_eq!(sent, [true, true, true]);
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(i32::try_from(pid).expect("a pid")), nix::sys::signal::SIGCONT)
        .ok();
    daemon.assert_ends_clean();
}

/// Floods, and has much to say when it is asked to end.
const SAYS_GOODBYE: &str = "\
import os, signal
def goodbye(*_):
    for _ in range(10000):
        os.write(1, b'<!--XSUPERVISOR:BEGIN-->goodbye<!--XSUPERVISOR:END-->')
    open('goodbye', 'w').close()
    os._exit(0)
signal.signal(signal.SIGTERM, goodbye)
while True:
    os.write(1, b'<!--XSUPERVISOR:BEGIN-->message<!--XSUPERVISOR:END-->')
";

#[test]
fn block_holds_up_no_stop_no_restart_and_no_shutdown() {
    if testing_the_original() {
        return; // N45
    }
    let mut daemon = TestDaemon::prepared(&format!(
        "[supervisord]
loglevel=info
[program:floods]
command={} {{dir}}/floods.py
directory={{dir}}
stdout_logfile=NONE
stdout_capture_maxbytes=1KB
startsecs=0
{}",
        python_environment().join("bin/python").display(),
        records("events=PROCESS_COMMUNICATION\noverflow=block\nbuffer_size=10")
    ));
    daemon.write("records.py", RECORDS);
    daemon.write("floods.py", SAYS_GOODBYE);
    daemon.start();
    daemon.wait_for_log("WARN pool records is full with ");
    daemon.call("supervisor.stopProcess", &["floods".into()]).expect("it runs");
    assert!(daemon.path("goodbye").exists(), "it has said all that it had to say");
    daemon.wait_for_log("INFO stopped: floods (exit status 0)");
    daemon.call("supervisor.restart", &[]).expect("it is asked for the first time");
    until("it is full again", || (daemon.log_lines("WARN pool records is full with ").len() == 2).then_some(()));
    daemon.stop();
    assert!(!daemon.log().contains("SIGKILL") && !daemon.log().contains("overflowed"));
    assert_eq!(daemon.log_lines("WARN pool records ends with ").len(), 2, "at the restart and at the end");
}

#[test]
fn policies_that_do_not_exist_are_refused_with_those_that_do() {
    if testing_the_original() {
        return; // N31
    }
    let daemon =
        TestDaemon::prepared("[eventlistener:a]\ncommand=/bin/cat\nevents=TICK_5\non_protocol_error=retsart\n");
    let ended = daemon.run(&["-n", "-c", "{dir}/supervisord.conf"]);
    assert_eq!(ended.status, 2);
    let text =
        "[eventlistener:a] section sets invalid on_protocol_error (retsart), it has to be one of unknown, restart";
    assert!(ended.stderr.contains(&format!("{text} (file ")), "{ended:?}");
    daemon.configure("[eventlistener:a]\ncommand=/bin/cat\nevents=TICK_5\noverflow=drop\n");
    let ended = daemon.run(&["-n", "-c", "{dir}/supervisord.conf"]);
    let text = "[eventlistener:a] section sets invalid overflow (drop), it has to be one of drop-oldest, block, spill";
    assert!(ended.stderr.contains(&format!("{text} (file ")), "{ended:?}");
    daemon.configure("[eventlistener:a]\ncommand=/bin/cat\nevents=TICK_5\non_protocol_error=retsart\n");
    let checked = daemon.run(&["--check", "-c", "{dir}/supervisord.conf"]);
    assert_ne!(checked.status, 0);
    assert!(checked.stdout.contains("did you mean `restart`?"), "{checked:?}");
}
