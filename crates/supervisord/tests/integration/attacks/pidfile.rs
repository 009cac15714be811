//! A pidfile in a folder that others may write to.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, lchown, symlink};

use nix::sys::stat::Mode;

use crate::log_destinations::can_unshare;
use crate::support::{TestDaemon, is_root, testing_the_original, until};

/// Somebody who is not root; the system need not know a name.
const STRANGER: u32 = 54321;

/// A daemon whose pidfile lies in a folder for everybody, and a file of root's.
fn prepared() -> TestDaemon {
    let daemon = TestDaemon::prepared("[supervisord]\npidfile={dir}/tmp/s.pid\n");
    fs::create_dir(daemon.path("tmp")).expect("the folder is ours");
    fs::set_permissions(daemon.path("tmp"), fs::Permissions::from_mode(0o1777)).expect("it is ours");
    daemon.write("secret", "root's own\n");
    daemon
}

fn plant_link(daemon: &TestDaemon) {
    let path = daemon.path("tmp/s.pid");
    symlink(daemon.path("secret"), &path).expect("the name is free");
    lchown(&path, Some(STRANGER), None).expect("we are root");
}

#[test]
fn planted_link_is_replaced_at_the_start_and_at_a_reload_and_nothing_else_is_touched() {
    if testing_the_original() || !is_root("a link of another user") {
        return; // it writes the pid into whatever the link leads to
    }
    let mut daemon = prepared();
    plant_link(&daemon);
    daemon.start();
    let pid = daemon.program().pid();
    assert_eq!(daemon.read("tmp/s.pid"), format!("{pid}\n"));
    fs::remove_file(daemon.path("tmp/s.pid")).expect("it is there");
    plant_link(&daemon);
    daemon.signal("HUP");
    until("the reload is through", || (daemon.log_lines("started with pid").len() == 2).then_some(()));
    assert_eq!(daemon.read("tmp/s.pid"), format!("{pid}\n"));
    assert!(fs::symlink_metadata(daemon.path("tmp/s.pid")).expect("it is there").is_file());
    assert_eq!(daemon.read("secret"), "root's own\n");
    daemon.stop();
    assert!(!daemon.path("tmp/s.pid").exists());
    assert_eq!(daemon.read("secret"), "root's own\n");
}

#[test]
fn pipe_in_the_place_of_the_pidfile_holds_neither_a_reload_nor_the_end() {
    if testing_the_original() || !is_root("a pipe of another user") {
        return; // it reads no pidfile; a start waits for a reader of the pipe
    }
    let mut daemon = prepared();
    daemon.start();
    let path = daemon.path("tmp/s.pid");
    fs::remove_file(&path).expect("it is there");
    nix::unistd::mkfifo(&path, Mode::S_IRWXU).expect("the name is free");
    chown(&path, Some(STRANGER), None).expect("we are root");
    daemon.signal("HUP");
    daemon.wait_for_log("CRIT could not write pidfile");
    daemon.wait_until_it_answers();
    daemon.stop();
}

#[test]
fn full_disk_leaves_no_empty_pidfile_and_spares_an_old_one() {
    if testing_the_original() || !can_unshare(&["-m"]) {
        return; // it leaves an empty one
    }
    let mut daemon = TestDaemon::prepared("[supervisord]\npidfile={dir}/small/s.pid\n");
    fs::create_dir(daemon.path("small")).expect("the folder is ours");
    for old in ["", "printf '99\\n' > {dir}/small/s.pid &&"] {
        let script = format!(
            "mount -t tmpfs -o size=64k none {{dir}}/small && {old} head -c 1m /dev/zero > {{dir}}/small/filler 2> \
             {{dir}}/full; exec \"$@\""
        );
        daemon.launch_by(&["unshare", "-m", "sh", "-c", &script, "sh"]);
        daemon.wait_until_it_answers();
        daemon.wait_for_log("CRIT could not write pidfile");
        daemon.wait_for_log("could not be written: No space left on device");
        let folder = format!("/proc/{}/root{}", daemon.program().pid(), daemon.path("small").display());
        let found = fs::read_to_string(format!("{folder}/s.pid"));
        assert_eq!(found.ok().as_deref(), if old.is_empty() { None } else { Some("99\n") });
        assert_eq!(fs::read_dir(folder).expect("it is there").count(), if old.is_empty() { 1 } else { 2 });
        daemon.stop();
    }
}
