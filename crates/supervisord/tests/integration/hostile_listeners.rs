//! Listeners that do all they should not: programs beside them are run as ever, memory stays bounded, and who breaks
//! the protocol may be restarted (`on_protocol_error`).

use crate::support::{TestDaemon, python_environment, resident_kilobytes, testing_the_original, until, until_at_most};

/// Long enough for a hundred thousand events on a slow machine.
const LONG: std::time::Duration = std::time::Duration::from_mins(2);

#[test]
fn listeners_that_never_read_or_flood_or_die_harm_nobody() {
    if testing_the_original() {
        return; // the first of them ends it: quirk F13
    }
    let mut daemon = TestDaemon::prepared(
        "[supervisord]
loglevel=info
[program:talks]
command=/bin/sh -c \"while :; do echo 0123456789012345678901234567890123456789; done\"
stdout_logfile=NONE
stdout_events_enabled=true
startsecs=0
[program:victim]
command=/bin/sleep 1000
startsecs=0
[eventlistener:blind]
command=/bin/sh -c \"printf 'READY\\n'; while sleep 0.01; do printf 'RESULT 2\\nOKREADY\\n'; done\"
events=EVENT
stdout_logfile=NONE
startsecs=0
[eventlistener:floods]
command=/usr/bin/yes READY
events=EVENT
stdout_logfile=NONE
startsecs=0
[eventlistener:dies]
command=/bin/sh -c \"printf 'READY\\n'; read -r header; exit 1\"
events=PROCESS_STATE
stdout_logfile=NONE
startsecs=0
autorestart=true
",
    );
    daemon.start();
    for _ in 0..10 {
        let before = daemon.pid_of("victim");
        daemon.call("supervisor.stopProcess", &["victim".into()]).expect("it runs");
        daemon.call("supervisor.startProcess", &["victim".into()]).expect("it has stopped");
        assert_ne!(daemon.pid_of("victim"), before);
    }
    until_at_most(LONG, "the one that dies has died again and again", || {
        (daemon.log().matches("exited: dies").count() >= 20).then_some(())
    });
    assert_eq!(daemon.state("victim"), "RUNNING");
    let memory = resident_kilobytes(daemon.program().pid());
    assert!(memory < 64 * 1024, "supervisord takes {memory} kB");
    daemon.stop();
}

/// Counts events once it is allowed to, and ends what it says with the count.
const COUNTS: &str = "\
import os, sys, time
while not os.path.exists('go'):
    time.sleep(0.02)
count, out = 0, sys.stdout.buffer
while True:
    out.write(b'READY\\n'); out.flush()
    header = dict(token.split(b':', 1) for token in sys.stdin.buffer.readline().split())
    data = sys.stdin.buffer.read(int(header[b'len']))
    assert int(header[b'poolserial']) == count, (header, count)
    count += 1
    if data.endswith(b'last'):
        print(count, file=sys.stderr, flush=True)
    out.write(b'RESULT 2\\nOK'); out.flush()
";

#[test]
fn a_hundred_thousand_events_wait_for_their_listener_and_all_of_them_arrive() {
    let mut daemon = TestDaemon::prepared(&format!(
        "[supervisord]
loglevel=info
[program:talks]
command=/bin/sh -c \"yes '<!--XSUPERVISOR:BEGIN-->message<!--XSUPERVISOR:END-->' | head -n 100000; \
printf '<!--XSUPERVISOR:BEGIN-->last<!--XSUPERVISOR:END-->'; touch {{dir}}/said\"
stdout_logfile=NONE
stdout_capture_maxbytes=1KB
autorestart=false
startsecs=0
[eventlistener:counts]
command={} {{dir}}/counts.py
directory={{dir}}
events=PROCESS_COMMUNICATION
buffer_size=200000
startsecs=0
stdout_logfile=NONE
stderr_logfile={{dir}}/counts.err
",
        python_environment().join("bin/python").display()
    ));
    daemon.write("counts.py", COUNTS);
    daemon.start();
    until_at_most(LONG, "all is said", || (daemon.state("talks") == "EXITED").then_some(()));
    let memory = resident_kilobytes(daemon.program().pid());
    if !testing_the_original() {
        assert!(memory < 64 * 1024, "supervisord takes {memory} kB while they wait");
    }
    daemon.write("go", "");
    until_at_most(LONG, "all have arrived", || (daemon.read("counts.err") == "100001\n").then_some(()));
    assert!(!daemon.log().contains("overflowed"));
    daemon.stop();
}

#[test]
fn listener_that_breaks_the_protocol_is_restarted_and_gets_its_event_again() {
    if testing_the_original() {
        return; // N31
    }
    let mut daemon = TestDaemon::prepared(
        "[eventlistener:weak]
command=/bin/sh {dir}/weak.sh
events=REMOTE_COMMUNICATION
on_protocol_error=restart
startsecs=0
stdout_logfile=NONE
stderr_logfile={dir}/weak.err
",
    );
    daemon.write(
        "weak.sh",
        "\
echo READY
while read -r header; do
    payload=$(head -c \"${header##*len:}\")
    if [ ! -e {dir}/broken ]; then
        touch {dir}/broken
        echo Traceback
        exec sleep 1000
    fi
    echo \"$payload\" >&2
    printf 'RESULT 2\\nOKREADY\\n'
done
",
    );
    daemon.start();
    daemon.wait_for_state("weak", "RUNNING");
    let first = daemon.pid_of("weak");
    for data in ["one", "two"] {
        daemon.call("supervisor.sendRemoteCommEvent", &["test".into(), data.into()]).expect("anybody may send");
    }
    until("both have arrived", || (daemon.read("weak.err") == "type:test\none\ntype:test\ntwo\n").then_some(()));
    assert_ne!(daemon.pid_of("weak"), first);
    assert_eq!(
        daemon.log_lines("WARN"),
        [
            "WARN weak: broke the event listener protocol of pool weak with 'Traceback', and is restarted \
          (on_protocol_error=restart)",
            "WARN stopped: weak (terminated by SIGTERM)"
        ]
    );
    daemon.stop();
}
