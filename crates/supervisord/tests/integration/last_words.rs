//! What a program writes just before its end, whoever else holds its pipe.

use crate::support::{TestDaemon, testing_the_original, until};

#[test]
fn hundred_megabytes_before_an_exit_are_kept_to_the_last_byte() {
    const BYTES: usize = 100_000_000;
    let mut daemon = TestDaemon::started(&format!(
        "[program:burst]
command=python3 -c \"import os; line = b'x' * 99 + b'\\n'; [os.write(1, line * 10000) for part in range({})]\"
stdout_logfile={{dir}}/burst.log
stdout_logfile_maxbytes=0
autorestart=false
startsecs=0
",
        BYTES / 1_000_000
    ));
    daemon.wait_for_state("burst", "EXITED");
    let text = daemon.read("burst.log");
    assert_eq!(text.len(), BYTES);
    assert!(text.lines().all(|line| line.len() == 99));
    daemon.stop();
}

#[test]
fn what_a_dead_program_left_in_an_enlarged_pipe_is_kept() {
    if testing_the_original() {
        return; // it reads 128 KiB once
    }
    let mut daemon = TestDaemon::started(
        "[program:burst]
command=python3 -c \"import fcntl, os; fcntl.fcntl(1, 1031, 1 << 20); open('{dir}/ready', 'w'); os.read(0, 1); os.write(1, b'x' * (1 << 20)); open('{dir}/written', 'w')\"
stdout_logfile={dir}/burst.log
autorestart=false
startsecs=0
",
    );
    until("the program is ready", || daemon.path("ready").exists().then_some(()));
    assert_eq!(daemon.call("supervisor.sendProcessStdin", &["burst".into(), "\n".into()]), Ok(true.into()));
    daemon.signal("STOP");
    // Whether it was read in part before that makes no difference to what has to arrive.
    until("it has written all", || daemon.path("written").exists().then_some(()));
    daemon.signal("CONT");
    daemon.wait_for_state("burst", "EXITED");
    assert_eq!(daemon.read("burst.log").len(), 1 << 20);
    daemon.stop();
}

#[test]
fn grandchild_that_keeps_the_pipe_neither_delays_the_end_nor_costs_a_word() {
    let mut daemon = TestDaemon::started(
        "[program:parent]
command=/bin/sh -c \"sleep 1000 & echo last words; exit 3\"
stdout_logfile={dir}/parent.log
autorestart=false
startsecs=0
killasgroup=true
",
    );
    daemon.wait_for_state("parent", "EXITED");
    assert_eq!(daemon.read("parent.log"), "last words\n");
    assert_eq!(daemon.mark().processes().iter().filter(|process| process.command_line == "sleep 1000").count(), 1);
    daemon.mark().processes().iter().filter(|process| process.command_line == "sleep 1000").for_each(|process| {
        crate::support::send_signal("KILL", &process.pid.to_string());
    });
    daemon.stop();
}

#[test]
fn grandchild_that_writes_without_end_does_not_keep_a_program_from_its_end() {
    let mut daemon = TestDaemon::started(
        "[program:parent]
command=/bin/sh -c \"yes & echo first words; exit 3\"
stdout_logfile={dir}/parent.log
stdout_logfile_maxbytes=0
autorestart=false
startsecs=0
",
    );
    daemon.wait_for_state("parent", "EXITED");
    assert!(daemon.read("parent.log").contains("first words\n"));
    until("the grandchild has noticed that nobody reads it", || {
        daemon.mark().processes().iter().all(|process| process.command_line != "yes").then_some(())
    });
    daemon.stop();
}
