//! Programs that leave the process group they were given, and so the way of signals to it.

use crate::support::{TestDaemon, testing_the_original, until};

/// Leaves its group for the one of supervisord; deaf to SIGTERM if it is told to. Says when it is done.
const LEAVER: &str = "$SIG{TERM} = 'IGNORE' if $ARGV[0] eq 'deaf'; \
                      setpgrp(0, getpgrp(getppid)) or die; syswrite STDOUT, \"left\\n\"; sleep 1000 while 1\n";

fn daemon_with(options: &str) -> TestDaemon {
    let mut daemon = TestDaemon::prepared(&format!(
        "[program:leaver]\ncommand=/usr/bin/perl {{dir}}/leaver {options}\nstopwaitsecs=1\nstartsecs=0
stdout_logfile={{dir}}/leaver.log\n"
    ));
    daemon.write("leaver", LEAVER);
    daemon.start();
    daemon.wait_for_text("leaver.log", "left\n");
    daemon
}

#[test]
fn a_program_that_has_left_its_group_is_stopped_all_the_same() {
    if testing_the_original() {
        return; // it signals the empty group for ever: N61
    }
    for options in ["well\nstopasgroup=true", "deaf\nstopasgroup=true", "deaf\nkillasgroup=true"] {
        let mut daemon = daemon_with(options);
        daemon.call("supervisor.stopProcess", &["leaver".into()]).expect("it is stopped");
        assert_eq!(daemon.state("leaver"), "STOPPED", "{options}");
        daemon.stop();
    }
}

#[test]
fn a_shutdown_ends_programs_that_have_left_their_groups() {
    if testing_the_original() {
        return; // N61
    }
    for options in ["well\nstopasgroup=true", "deaf\nstopasgroup=true", "deaf\nkillasgroup=true"] {
        daemon_with(options).stop();
    }
}

#[test]
fn a_child_that_leads_its_own_session_does_not_hold_up_the_end() {
    let mut daemon = TestDaemon::started(
        "[program:parent]\ncommand=/bin/sh -c \"setsid sleep 1001 & exec sleep 1002\"
stopasgroup=true\nstartsecs=0\n",
    );
    let sleepers = |daemon: &TestDaemon| {
        let all = daemon.mark().processes();
        all.into_iter().filter(|process| process.command_line.starts_with("sleep 100")).collect::<Vec<_>>()
    };
    until("both are there", || (sleepers(&daemon).len() == 2).then_some(()));
    daemon.signal("TERM");
    assert_eq!(daemon.program().wait_for_end().status, 0);
    // Nobody can know that it is the program's: as with 4.3.0 it goes on.
    let left = sleepers(&daemon);
    assert_eq!(left.len(), 1);
    crate::support::send_signal("KILL", &left[0].pid.to_string());
    daemon.assert_nothing_left();
}
