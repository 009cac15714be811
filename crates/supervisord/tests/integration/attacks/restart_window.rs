//! A restart of supervisord opens no gap for others, and is refused before anything stops if it could not be begun.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, chown};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use nix::unistd::geteuid;

use crate::support::{TestDaemon, free_port, testing_the_original, until};

/// Takes a moment to stop, so that a restart has some length.
const SLOW: &str = "[program:slow]
command=/bin/sh -c \"trap 'sleep 0.3; exit' TERM; touch {dir}/ready; while :; do sleep 0.01; done\"
startsecs=0
";

#[track_caller]
fn wait_for_running_again(daemon: &TestDaemon, process: &str, before: i64) {
    until(&format!("{process} runs again"), || {
        let info = daemon.try_call("supervisor.getProcessInfo", &[process.into()]).ok()?.ok()?;
        (info["statename"] == "RUNNING".into() && info["pid"].as_int() != before).then_some(())
    });
}

/// Asks for a restart and checks that it is refused for this reason, and nothing has stopped.
#[track_caller]
fn assert_refused(daemon: &mut TestDaemon, process: &str, reason: &str) {
    let pid = daemon.pid_of(process);
    daemon.signal("HUP");
    daemon.wait_for_log(reason);
    let told = daemon.log_lines("the configuration is not usable, everything stays as it is");
    assert!(told.last().is_some_and(|line| line.starts_with("CRIT ") && line.contains(reason)), "{told:?}");
    assert_eq!((daemon.state(process).as_str(), daemon.pid_of(process)), ("RUNNING", pid));
}

#[test]
fn nobody_gets_a_port_or_a_path_while_supervisord_restarts() {
    if testing_the_original() {
        return; // it closes them
    }
    let mut daemon = TestDaemon::started(&format!("[inet_http_server]\nport=127.0.0.1:{{port}}\n{SLOW}"));
    let (port, before) = (daemon.port(), daemon.pid_of("slow"));
    until("the program can stop", || daemon.path("ready").exists().then_some(()));
    let inode = fs::metadata(daemon.path("s.sock")).expect("it listens").ino();
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        let thief = scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                if TcpListener::bind(("127.0.0.1", port)).is_ok() {
                    return true;
                }
            }
            false
        });
        daemon.signal("HUP");
        wait_for_running_again(&daemon, "slow", before);
        ended.store(true, Ordering::Relaxed);
        assert!(!thief.join().expect("it only binds"), "the port was free for a moment");
    });
    assert_eq!(fs::metadata(daemon.path("s.sock")).expect("it listens").ino(), inode, "the same socket");
    assert_eq!(daemon.call("supervisor.shutdown", &[]), Ok(true.into()));
    daemon.assert_ends_clean();
}

#[test]
fn restart_that_could_not_be_begun_is_refused_before_anything_stops() {
    if testing_the_original() {
        return; // it stops everything and ends
    }
    let mut daemon = TestDaemon::started("[program:a]\ncommand=/bin/sleep 1000\nstartsecs=0\n");
    daemon.wait_for_state("a", "RUNNING");
    let good = daemon.read("supervisord.conf");
    let pid = daemon.pid_of("a");
    let _occupied = TcpListener::bind(("127.0.0.1", daemon.port())).expect("the port is free");
    fs::create_dir(daemon.path("folder")).expect("the folder is ours");
    for (section, reason) in [
        ("[inet_http_server]\nport=127.0.0.1:{port}\n", "Another program is already listening on a port"),
        ("[inet_http_server]\nport=203.0.113.7:{port}\nusername=u\npassword=p\n", "EADDRNOTAVAIL"),
        ("[unix_http_server]\nfile={dir}/absent/s.sock\n", "ENOENT"),
        ("[unix_http_server]\nfile={dir}/folder\n", "EISDIR"),
        ("[supervisord]\nlogfile={dir}/folder\n", "could not open the main log"),
    ] {
        daemon.write("supervisord.conf", &good);
        daemon.configure_also(section);
        assert_refused(&mut daemon, "a", reason);
    }
    // Nothing of what was refused stays behind, and the next one is carried out.
    daemon.write("supervisord.conf", &good);
    daemon.signal("HUP");
    wait_for_running_again(&daemon, "a", pid);
    assert_eq!(daemon.files(".sock"), ["s.sock"]);
    fs::remove_dir(daemon.path("folder")).expect("it is empty");
    daemon.stop();
}

#[test]
fn restart_as_a_user_that_we_may_not_become_is_refused_before_anything_stops() {
    if testing_the_original() || !geteuid().is_root() {
        return;
    }
    let mut daemon = TestDaemon::prepared("[program:a]\ncommand=/bin/sleep 1000\nstartsecs=0\n");
    chown(daemon.path(""), Some(65534), Some(65534)).expect("we are root");
    daemon.launch_by(&["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]);
    daemon.wait_until_it_answers();
    daemon.wait_for_state("a", "RUNNING");
    daemon.configure_also("[supervisord]\nuser=root\n");
    assert_refused(&mut daemon, "a", "Can't drop privilege as nonroot user");
    daemon.stop();
}

#[test]
fn restart_that_gives_up_root_gives_the_open_socket_to_the_new_user() {
    if testing_the_original() || !geteuid().is_root() {
        return;
    }
    let mut daemon = TestDaemon::prepared("[program:a]\ncommand=/bin/sleep 1000\nstartsecs=0\n");
    chown(daemon.path(""), Some(65534), Some(65534)).expect("we are root");
    daemon.start();
    daemon.wait_for_state("a", "RUNNING");
    let pid = daemon.pid_of("a");
    let owner = |daemon: &TestDaemon| fs::metadata(daemon.path("s.sock")).expect("it listens").uid();
    assert_eq!(owner(&daemon), 0);
    daemon.configure_also("[supervisord]\nuser=65534\n");
    // Root made them.
    for file in ["supervisord.log", "a-stdout", "a-stderr"].iter().flat_map(|part| daemon.files(part)) {
        chown(daemon.path(&file), Some(65534), Some(65534)).expect("we are root");
    }
    daemon.signal("HUP");
    wait_for_running_again(&daemon, "a", pid);
    assert_eq!(owner(&daemon), 65534);
    daemon.stop();
}

#[test]
fn servers_change_at_a_restart_and_one_that_is_lost_costs_no_program() {
    if testing_the_original() {
        return; // it ends
    }
    let mut daemon = TestDaemon::started(
        "[inet_http_server]\nport=127.0.0.1:{port}\n[program:a]\ncommand=/bin/sleep 1000\nstartsecs=0\n",
    );
    daemon.wait_for_state("a", "RUNNING");
    let (good, port) = (daemon.read("supervisord.conf"), daemon.port());
    let restart = |daemon: &mut TestDaemon, section: &str| {
        let before = daemon.pid_of("a");
        daemon.write("supervisord.conf", &good);
        daemon.configure_also(section);
        daemon.signal("HUP");
        wait_for_running_again(daemon, "a", before);
    };
    // All addresses instead of one: the same port, which is ours to give.
    restart(&mut daemon, "[inet_http_server]\nport=*:{port}\nallow_insecure=true\n");
    assert!(TcpListener::bind(("127.0.0.2", port)).is_err(), "it listens everywhere");
    // Another mode for the same path.
    restart(&mut daemon, "[unix_http_server]\nchmod=0750\n");
    assert_eq!(fs::metadata(daemon.path("s.sock")).expect("it listens").mode() & 0o777, 0o750);
    // A further server that goes again.
    let other = free_port();
    restart(&mut daemon, &format!("[inet_http_server]\nport=127.0.0.1:{other}\n"));
    assert!(TcpListener::bind(("127.0.0.1", port)).is_ok(), "the old port is free");
    assert!(TcpListener::bind(("127.0.0.1", other)).is_err(), "the new one is taken");
    // Who is in the way of an address whose port is ours cannot be told from us; the programs come first.
    let _occupied = TcpListener::bind(("127.0.0.2", other)).expect("it is free");
    restart(&mut daemon, &format!("[inet_http_server]\nport=127.0.0.2:{other}\n"));
    let told = daemon.log_lines("goes on without one of its servers");
    assert!(told.len() == 1 && told[0].starts_with("CRIT "), "{told:?}");
    daemon.stop();
}

#[test]
fn sockets_of_a_restart_that_becomes_a_shutdown_are_removed() {
    if testing_the_original() {
        return;
    }
    let mut daemon = TestDaemon::started(SLOW);
    until("the program can stop", || daemon.path("ready").exists().then_some(()));
    daemon.configure_also("[unix_http_server]\nfile={dir}/other.sock\n");
    daemon.signal("HUP");
    until("the next socket is claimed", || daemon.path("other.sock").exists().then_some(()));
    daemon.stop();
}
