//! Reaping by pidfd, by pid and by sweep. One test, since a sweep takes the children of every test of its process.

mod support;

use std::os::fd::AsFd;

use supervisor_core::{ExitStatus, Signal};
use supervisor_sys::{Spawner, peek_any, reap_any, wait_pid};
use support::{Program, Running, wait_until_readable};

fn wait_until_ended(running: &Running) {
    wait_until_readable(running.child.pidfd.as_ref().expect("this kernel has pidfds").as_fd());
}

#[test]
fn each_child_is_reaped_once_whichever_way() {
    let mut spawner = Spawner::new().unwrap();
    assert_eq!(peek_any().unwrap(), None, "no children");
    assert_eq!(reap_any().unwrap(), None, "no children");

    let still_running = Program::cat().start(&mut spawner);
    assert_eq!(peek_any().unwrap(), None);
    assert_eq!(reap_any().unwrap(), None);
    assert_eq!(wait_pid(still_running.child.pid).unwrap(), None);
    assert!(supervisor_sys::may_adopt_children(), "children from before");

    // By pid; a look before takes nothing away.
    let seven = Program::script("exit 7").start(&mut spawner);
    wait_until_ended(&seven);
    assert_eq!(peek_any().unwrap(), Some(seven.pid()));
    assert_eq!(peek_any().unwrap(), Some(seven.pid()));
    assert_eq!(wait_pid(seven.child.pid).unwrap(), Some(ExitStatus::Exited(7)));
    assert_eq!(wait_pid(seven.child.pid).unwrap_err().raw_os_error(), Some(libc::ECHILD));

    let killed = Program::cat().start(&mut spawner);
    killed.send(Signal::KILL);
    wait_until_ended(&killed);
    let by_kill = ExitStatus::Signaled { signal: libc::SIGKILL, core_dumped: false };
    assert_eq!(wait_pid(killed.child.pid).unwrap(), Some(by_kill));
    assert_eq!(wait_pid(killed.child.pid).unwrap_err().raw_os_error(), Some(libc::ECHILD));

    // By sweep, also a signal without a name.
    let unnamed = Program::script("kill -36 $$").start(&mut spawner);
    wait_until_ended(&unnamed);
    let by_unnamed = ExitStatus::Signaled { signal: 36, core_dumped: false };
    assert_eq!(reap_any().unwrap(), Some((unnamed.pid(), by_unnamed)));
    assert_eq!(reap_any().unwrap(), None);

    still_running.send(Signal::TERM);
    wait_until_ended(&still_running);
    let by_term = ExitStatus::Signaled { signal: libc::SIGTERM, core_dumped: false };
    assert_eq!(reap_any().unwrap(), Some((still_running.pid(), by_term)));
}
