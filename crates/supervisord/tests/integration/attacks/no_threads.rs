//! The system gives no thread any more: the limit of processes of its user is reached, as by a fork bomb.

use crate::support::{TestDaemon, not_tested, testing_the_original};

/// Has no other process on this machine, so that its limit counts the daemon's threads alone.
const USER: &str = "54321";

#[test]
fn what_needs_a_thread_is_a_fault_and_the_daemon_goes_on() {
    if testing_the_original() {
        return;
    }
    if !nix::unistd::geteuid().is_root() {
        return not_tested("a user without threads: only root can become another user");
    }
    let mut daemon = TestDaemon::prepared("[program:cat]\ncommand=/bin/cat\n");
    let script = format!("chown -R {USER} {{dir}} && exec setpriv --reuid={USER} --regid={USER} --clear-groups \"$@\"");
    daemon.launch_by(&["/bin/sh", "-c", &script, "sh"]);
    daemon.wait_until_it_answers();
    daemon.wait_for_state("cat", "RUNNING");
    limit_processes(&mut daemon, "1");
    let refused = daemon.call("supervisor.readLog", &[0_i64.into(), 0_i64.into()]).unwrap_err();
    assert_eq!(refused.code, 30, "{refused:?}");
    assert!(refused.text.starts_with("FAILED: no thread to do it with: "), "{refused:?}");
    let refused = daemon.call("supervisor.reloadConfig", &[]).unwrap_err();
    assert!(refused.text.contains("no thread to do it with"), "{refused:?}");
    assert_eq!(daemon.state("cat"), "RUNNING");
    limit_processes(&mut daemon, "4096");
    assert!(daemon.call("supervisor.readLog", &[0_i64.into(), 0_i64.into()]).is_ok());
    assert!(daemon.call("supervisor.reloadConfig", &[]).is_ok());
    daemon.stop();
}

fn become_user() -> String {
    format!("setpriv --reuid={USER} --regid={USER} --clear-groups")
}

/// Done by the user itself, since root in a container may be allowed less.
fn limit_processes(daemon: &mut TestDaemon, most: &str) {
    let pid = daemon.program().pid();
    let ended =
        daemon.start_script(&format!("exec {} prlimit --pid {pid} --nproc={most}:", become_user())).wait_for_end();
    assert_eq!(ended.status, 0, "{ended:?}");
}
