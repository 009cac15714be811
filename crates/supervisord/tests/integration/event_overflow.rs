//! What becomes of events and listeners when something is too much or goes wrong: `on_protocol_error`.

use crate::support::{TestDaemon, testing_the_original, until};

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
    assert!(ended.stderr.contains(text), "{ended:?}");
    let checked = daemon.run(&["--check", "-c", "{dir}/supervisord.conf"]);
    assert_ne!(checked.status, 0);
    assert!(checked.stdout.contains("did you mean `restart`?"), "{checked:?}");
}
