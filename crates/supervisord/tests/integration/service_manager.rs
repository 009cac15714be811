//! What a service manager is told (sd_notify(3)), over a socket of the test's own.

use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::PathBuf;
use std::time::Duration;

use crate::support::{TestDaemon, testing_the_original, until};

const CAT: &str = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n";

/// The service manager's end.
struct Manager {
    socket: UnixDatagram,
}

impl Manager {
    /// Listens at a path in the daemon's folder, and tells the daemon so.
    fn at_a_path(daemon: &mut TestDaemon) -> Self {
        let socket = UnixDatagram::bind(daemon.path("notify")).expect("the folder is ours");
        daemon.set_variable("NOTIFY_SOCKET", "{dir}/notify");
        Self::patient(socket)
    }

    /// Listens at a name in the abstract namespace, made from the daemon's folder.
    fn at_a_name(daemon: &mut TestDaemon) -> Self {
        let name = daemon.filled_in("{dir}/notify");
        let address = SocketAddr::from_abstract_name(&name).expect("it is short");
        daemon.set_variable("NOTIFY_SOCKET", "@{dir}/notify");
        Self::patient(UnixDatagram::bind_addr(&address).expect("nobody else has it"))
    }

    fn patient(socket: UnixDatagram) -> Self {
        socket.set_read_timeout(Some(Duration::from_mins(1))).expect("a time");
        Self { socket }
    }

    /// The next message.
    #[track_caller]
    fn message(&self) -> String {
        let mut bytes = vec![0; 64 * 1024];
        let count = self.socket.recv(&mut bytes).expect("a message comes");
        String::from_utf8(bytes[..count].to_vec()).expect("it is text")
    }

    /// The next message with a line that begins so; those before it are of no interest.
    #[track_caller]
    fn message_with(&self, line: &str) -> String {
        loop {
            let message = self.message();
            if message.lines().any(|other| other.starts_with(line)) {
                return message;
            }
        }
    }

    #[track_caller]
    fn wait_for_status(&self, status: &str) {
        while self.message_with("STATUS=") != format!("STATUS={status}") {}
    }
}

fn lines(message: &str) -> Vec<&str> {
    message.lines().collect()
}

#[test]
fn ready_reload_and_stop_are_told() {
    if testing_the_original() {
        return; // it knows no --sd-notify
    }
    let mut daemon = TestDaemon::prepared(CAT);
    let manager = Manager::at_a_path(&mut daemon);
    daemon.launch(&["-n", "--sd-notify=started"]);
    let ready = manager.message();
    // It is said when it is true: no second try.
    assert!(daemon.try_call("supervisor.getState", &[]).is_ok());
    let pid = daemon.read("supervisord.pid");
    let pid = pid.trim_end();
    assert_eq!(lines(&ready), ["READY=1", &format!("MAINPID={pid}"), "STATUS=Programs begin to start"]);
    manager.wait_for_status("1 running");

    daemon.signal("HUP");
    let reloading = manager.message_with("RELOADING=1");
    let (_, microseconds) = lines(&reloading)[1].split_once("MONOTONIC_USEC=").expect("systemd wants it");
    let now = nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC).expect("every Linux has it");
    let said = Duration::from_micros(microseconds.parse().expect("a number"));
    assert!(Duration::from(now).saturating_sub(said) < Duration::from_mins(1), "{reloading} at {now}");
    assert_eq!(lines(&reloading)[2], "STATUS=Restarting: stopping programs");
    assert_eq!(lines(&manager.message())[..2], ["READY=1", &format!("MAINPID={pid}")]);

    daemon.signal("TERM");
    assert_eq!(lines(&manager.message_with("STOPPING=1")), ["STOPPING=1", "STATUS=Stopping programs"]);
    // The program's stopwaitsecs, and what supervisord itself may need.
    assert_eq!(manager.message(), "EXTEND_TIMEOUT_USEC=40000000");
    daemon.assert_ends_clean();
    assert_eq!(daemon.log_lines("service manager"), Vec::<String>::new());
}

#[test]
fn refused_reload_is_not_begun() {
    if testing_the_original() {
        return; // it knows no --sd-notify
    }
    let mut daemon = TestDaemon::prepared(CAT);
    let manager = Manager::at_a_path(&mut daemon);
    daemon.launch(&["-n", "--sd-notify=started"]);
    manager.message_with("READY=1");
    daemon.configure("[program:cat]\n");
    daemon.signal("HUP");
    daemon.wait_for_log("the configuration is not usable");
    daemon.signal("TERM");
    let told = std::iter::from_fn(|| Some(manager.message()).filter(|message| !message.starts_with("STOPPING=1")));
    assert_eq!(told.filter(|message| message.contains("RELOADING")).count(), 0);
    daemon.assert_ends_clean();
}

#[test]
fn a_socket_may_have_an_abstract_name_and_programs_do_not_see_it() {
    if testing_the_original() {
        return; // it knows no --sd-notify
    }
    let mut daemon = TestDaemon::prepared(
        "[program:teller]\ncommand=/bin/sh -c \"env; echo that is all; exec cat\"\nstdout_logfile={dir}/env\nstartsecs=0\n",
    );
    daemon.set_variable("WATCHDOG_USEC", "60000000");
    daemon.set_variable("WATCHDOG_PID", "1");
    let manager = Manager::at_a_name(&mut daemon);
    daemon.launch(&["-n", "--sd-notify=off", "--sd-notify=started"]);
    manager.message_with("READY=1");
    daemon.wait_for_text("env", "that is all");
    let seen = daemon.read("env");
    assert!(seen.contains("SUPERVISOR_ENABLED=1") && !seen.contains("NOTIFY_SOCKET"), "{seen}");
    assert!(!seen.contains("WATCHDOG_"), "{seen}");
    daemon.stop();
}

/// A unit of somebody else's has no switch, and one of ours may be overruled.
#[test]
fn the_file_may_ask_for_it_and_the_command_line_wins() {
    if testing_the_original() {
        return; // it knows no sd_notify
    }
    let text = "[supervisord]\nsd_notify=started\n[program:teller]\nstdout_logfile={dir}/env\nstartsecs=0\n\
                command=/bin/sh -c \"env; echo that is all; exec cat\"\n";
    let mut daemon = TestDaemon::prepared(text);
    let manager = Manager::at_a_path(&mut daemon);
    daemon.launch(&["-n"]);
    manager.message_with("READY=1");
    daemon.wait_for_text("env", "that is all");
    assert!(!daemon.read("env").contains("NOTIFY_SOCKET"));
    daemon.stop();

    let mut daemon = TestDaemon::prepared(text);
    let _manager = Manager::at_a_path(&mut daemon);
    daemon.launch(&["-n", "--sd-notify=off"]);
    daemon.wait_for_text("env", "that is all");
    assert!(daemon.read("env").contains("NOTIFY_SOCKET"));
    daemon.stop();
}

/// Such as an event listener that tells the unit's readiness itself: people have these.
#[test]
fn without_the_option_programs_inherit_the_socket_and_nothing_is_told() {
    let mut daemon = TestDaemon::prepared(
        "[program:teller]\ncommand=/bin/sh -c \"env; echo that is all; exec cat\"\nstdout_logfile={dir}/env\nstartsecs=0\n",
    );
    let manager = Manager::at_a_path(&mut daemon);
    daemon.start();
    daemon.wait_for_text("env", "that is all");
    assert!(daemon.read("env").contains(&daemon.filled_in("NOTIFY_SOCKET={dir}/notify\n")));
    daemon.stop();
    manager.socket.set_nonblocking(true).expect("it can be");
    let silence = manager.socket.recv(&mut [0; 64]).expect_err("nothing was said");
    assert_eq!(silence.kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn ready_waits_for_the_programs_that_start_by_themselves() {
    if testing_the_original() {
        return; // it knows no --sd-notify
    }
    // Up for a second it would be RUNNING; until it may stay it ends at once.
    let mut daemon = TestDaemon::prepared(
        "[program:late]\ncommand=/bin/sh -c \"if [ -e {dir}/go ]; then exec cat; fi\"\nstartsecs=1\nstartretries=1000
[program:done]\ncommand=/bin/sh -c \"sleep 1.5\"\nautorestart=false
[program:never]\ncommand=/bin/cat\nautostart=false\n",
    );
    let manager = Manager::at_a_path(&mut daemon);
    daemon.launch(&["-n", "--sd-notify=ready"]);
    daemon.wait_until_it_answers();
    daemon.wait_for_state("done", "EXITED");
    let early = std::iter::from_fn(|| Some(manager.message()).filter(|message| !message.contains("1 exited")));
    assert_eq!(early.filter(|message| message.contains("READY=1")).count(), 0);
    daemon.write("go", "");
    let ready = manager.message_with("READY=1");
    assert_eq!(lines(&ready)[2], "STATUS=1 running, 1 stopped, 1 exited");
    assert_eq!(daemon.state("late"), "RUNNING");
    daemon.stop();
}

#[test]
fn a_watchdog_hears_of_it_and_a_foreign_one_does_not() {
    if testing_the_original() {
        return; // it knows no --sd-notify
    }
    let mut daemon = TestDaemon::prepared("");
    daemon.set_variable("WATCHDOG_USEC", "400000");
    let manager = Manager::at_a_path(&mut daemon);
    daemon.launch(&["-n", "--sd-notify=started"]);
    manager.message_with("READY=1");
    for _ in 0..3 {
        manager.message_with("WATCHDOG=1");
    }
    daemon.stop();
    daemon.set_variable("WATCHDOG_PID", "1");
    daemon.launch(&["-n", "--sd-notify=started"]);
    manager.message_with("READY=1");
    daemon.stop();
    let told = std::iter::from_fn(|| Some(manager.message()).filter(|message| !message.starts_with("STOPPING=1")));
    assert_eq!(told.filter(|message| message.contains("WATCHDOG")).count(), 0);
}

#[test]
fn nobody_at_the_socket_costs_one_line() {
    if testing_the_original() {
        return; // it knows no --sd-notify
    }
    for (socket, reason) in [
        ("{dir}/notify", "No such file or directory (os error 2)"),
        ("@{dir}/notify", "Connection refused (os error 111)"),
        ("notify", "neither a path nor an abstract name"),
    ] {
        let mut daemon = TestDaemon::prepared(CAT);
        daemon.set_variable("NOTIFY_SOCKET", socket);
        daemon.launch(&["-n", "--sd-notify=started"]);
        daemon.wait_until_it_answers();
        daemon.wait_for_state("cat", "RUNNING");
        daemon.signal("HUP");
        let started = || daemon.log_lines("supervisord started with pid").len() == 2;
        until("it has started twice", || started().then_some(()));
        daemon.stop();
        let socket = daemon.filled_in(socket);
        let line =
            format!("WARN the service manager at NOTIFY_SOCKET={socket} is not told how supervisord is: {reason}");
        assert_eq!(daemon.log_lines("service manager"), [line]);
    }
}

#[test]
fn one_that_does_not_read_holds_up_nothing() {
    if testing_the_original() {
        return; // it knows no --sd-notify
    }
    let mut daemon = TestDaemon::prepared(CAT);
    let manager = Manager::at_a_path(&mut daemon);
    // As many as the kernel keeps for a reader.
    let filler = UnixDatagram::unbound().expect("it can be had");
    filler.set_nonblocking(true).expect("it can be");
    let path: PathBuf = daemon.path("notify");
    let full = (0..).find_map(|_| filler.send_to(b"x", &path).err()).expect("it is full at last");
    assert_eq!(full.kind(), std::io::ErrorKind::WouldBlock);
    daemon.launch(&["-n", "--sd-notify=started"]);
    daemon.wait_until_it_answers();
    daemon.wait_for_state("cat", "RUNNING");
    daemon.stop();
    assert_eq!(daemon.log_lines("Resource temporarily unavailable (os error 11)").len(), 1);
    drop(manager);
}

#[test]
fn daemon_in_the_background_tells_its_own_pid() {
    if testing_the_original() {
        return; // it knows no --sd-notify
    }
    let mut daemon = TestDaemon::prepared(CAT);
    let manager = Manager::at_a_path(&mut daemon);
    let ended = daemon.run(&["-c", "{dir}/supervisord.conf", "--sd-notify=started"]);
    assert_eq!(ended.status, 0, "{ended:?}");
    let ready = manager.message_with("READY=1");
    let pid = daemon.read("supervisord.pid");
    assert_eq!(lines(&ready)[1], format!("MAINPID={}", pid.trim_end()));
    crate::support::send_signal("TERM", pid.trim_end());
    manager.message_with("STOPPING=1");
    daemon.assert_nothing_left();
}
