//! Signals reach a program in its group, and one that has left it.

mod support;

use std::io::Read;
use std::os::fd::AsFd;

use supervisor_core::{ExitStatus, KillTarget, Signal};
use supervisor_sys::{Spawner, kill, wait_pid};
use support::{Program, wait_for_end, wait_until_readable};

/// Leaves its group for the one of its parent; a child of it stays behind if it is told to.
const LEAVER: &str = "my $child = $ARGV[0] eq 'with-child' ? fork : 1; if ($child == 0) { sleep 1000 while 1 } \
                      setpgrp(0, getpgrp(getppid)) or die; syswrite STDOUT, '.'; sleep 1000 while 1";

/// Counts the signals that it gets.
const COUNTER: &str = "$SIG{TERM} = sub { syswrite STDOUT, 'T' }; $SIG{INT} = sub { exit }; \
                       syswrite STDOUT, '.'; sleep 1000 while 1";

fn perl(script: &str, argument: &str) -> Program {
    Program::new("/usr/bin/perl", &["-e", script, argument])
}

const KILLED: ExitStatus = ExitStatus::Signaled { signal: libc::SIGKILL, core_dumped: false };

#[test]
fn a_program_that_has_left_its_group_is_reached_all_the_same() {
    let mut spawner = Spawner::new().unwrap();
    for argument in ["alone", "with-child"] {
        let mut running = perl(LEAVER, argument).start(&mut spawner);
        running.stdout.read_exact(&mut [0]).unwrap();
        assert_eq!(kill(KillTarget::Group(running.child.pid), Signal::KILL), Ok(()), "{argument}");
        assert_eq!(wait_for_end(&running.child), KILLED);
        // The child that stayed behind has ended too: nobody holds the pipe.
        assert_eq!(support::read_all(&mut running.stdout), "", "{argument}");
    }
}

#[test]
fn a_program_in_its_group_gets_a_signal_once() {
    let mut spawner = Spawner::new().unwrap();
    let mut running = perl(COUNTER, "").start(&mut spawner);
    running.stdout.read_exact(&mut [0]).unwrap();
    let group = KillTarget::Group(running.child.pid);
    kill(group, Signal::TERM).unwrap();
    wait_until_readable(running.stdout.as_fd());
    kill(group, Signal::parse("INT").unwrap()).unwrap();
    assert_eq!(wait_for_end(&running.child), ExitStatus::Exited(0));
    assert_eq!(support::read_all(&mut running.stdout), "T");
}

#[test]
fn one_that_has_ended_and_is_not_reaped_is_no_error() {
    let mut spawner = Spawner::new().unwrap();
    let running = perl("setpgrp(0, getpgrp(getppid)) or die", "").start(&mut spawner);
    let pidfd = running.child.pidfd.as_ref().unwrap();
    wait_until_readable(pidfd.as_fd());
    assert_eq!(kill(KillTarget::Group(running.child.pid), Signal::KILL), Ok(()));
    assert_eq!(wait_pid(running.child.pid).unwrap(), Some(ExitStatus::Exited(0)));
}
