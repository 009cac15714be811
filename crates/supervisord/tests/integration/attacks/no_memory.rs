//! There is no memory for what clients size: the address space of a running daemon is bounded close above what it has.

use std::fs;

use crate::support::{TestDaemon, testing_the_original};

/// Address space beside what the daemon has, in KiB: one request of a few megabytes, and no more.
const ROOM_KILOBYTES: u64 = 12 * 1024;

fn address_space_kilobytes(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find(|line| line.starts_with("VmSize:")).expect("proc(5)");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("proc(5)")
}

#[test]
fn what_has_no_memory_is_no_end_of_the_daemon() {
    if testing_the_original() {
        return;
    }
    let mut daemon = TestDaemon::started("[program:a]\ncommand=/bin/sleep 1000\nstartsecs=0\n");
    daemon.wait_for_state("a", "RUNNING");
    let (pid, program) = (daemon.program().pid(), daemon.pid_of("a"));
    let bytes = (address_space_kilobytes(pid) + ROOM_KILOBYTES) * 1024;
    let limited = daemon.start_script(&format!("exec prlimit --pid {pid} --as={bytes}:")).wait_for_end();
    assert_eq!(limited.status, 0, "{limited:?}");
    for megabytes in [1, 5, 20] {
        let name = "<".repeat(megabytes * 1024 * 1024);
        // A fault, a refusal or a connection that ends: whatever it is, there is no such program.
        let answer = daemon.try_call("supervisor.startProcess", &[name.as_str().into()]);
        assert!(!matches!(answer, Ok(Ok(_))), "{megabytes}");
        assert_eq!(daemon.pid_of("a"), program, "{megabytes}");
    }
    daemon.stop();
}
