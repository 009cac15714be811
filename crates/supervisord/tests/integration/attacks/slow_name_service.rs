//! A name service that stops answering, as a directory server or a name server does: nobody waits but who asks it.

use std::process::Command;

use nix::sys::stat::Mode;

use crate::log_destinations::can_unshare;
use crate::support::{Program, TestDaemon, Value, not_tested, send_signal, testing_the_original, until};

/// Users and hosts of a namespace of its own.
const DATABASES: &str = "for name in passwd group hosts nsswitch.conf; do mount --bind $name /etc/$name; done; \
                         exec \"$@\"";

const CONFIGURATION: &str = "[rpcinterface:twiddler]
supervisor.rpcinterface_factory = supervisor_twiddler.rpcinterface:make_twiddler_rpcinterface
[group:g]
programs=p,other
[program:p]
command=/bin/sh -c \"id -u; exec sleep 1000\"
user=somebody
startsecs=0
autorestart=true
stdout_logfile={dir}/p.log
[program:other]
command=/bin/sleep 1000
startsecs=0
[fcgi-program:f]
command=/bin/sleep 1000
socket=tcp://backend.test:{port}
startsecs=0
autorestart=true
";

/// A daemon whose users and hosts are files of its folder.
fn daemon_with_databases() -> Option<TestDaemon> {
    if testing_the_original() {
        return None; // it asks in its loop: N63
    }
    if !nix::unistd::geteuid().is_root() || !can_unshare(&["-m"]) {
        not_tested("a name service of one's own needs root and a mount namespace");
        return None;
    }
    let mut daemon = TestDaemon::prepared(CONFIGURATION);
    daemon.write("passwd", "root:x:0:0:root:/root:/bin/sh\nsomebody:x:54400:54400::/:/bin/sh\n");
    daemon.write("group", "root:x:0:\nsomebody:x:54400:\n");
    daemon.write("hosts", "127.0.0.1 backend.test\n");
    daemon.write("nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n");
    daemon.launch_by(&["unshare", "-m", "sh", "-c", DATABASES, "sh"]);
    daemon.wait_until_it_answers();
    Some(daemon)
}

/// From now on whoever opens these files waits for good: they are FIFOs that nobody writes to.
fn stop_answering(daemon: &mut TestDaemon, names: &[&str]) {
    let pid = daemon.program().pid().to_string();
    for name in names {
        let fifo = daemon.path(&format!("{name}.fifo"));
        nix::unistd::mkfifo(&fifo, Mode::from_bits_truncate(0o644)).expect("the folder is ours");
        let mut mount = Command::new("nsenter");
        mount.args(["-t", &pid, "-m", "mount", "--bind"]).arg(&fifo).arg(format!("/etc/{name}"));
        let ended = Program::run(&mut mount, daemon.mark(), &daemon.path(""), "nsenter");
        assert_eq!(ended.status, 0, "{}", ended.stderr);
    }
}

/// The process ends and comes back by itself.
fn comes_back(daemon: &TestDaemon, process: &str) {
    let pid = daemon.pid_of(process);
    send_signal("KILL", &pid.to_string());
    until("it comes back", || Some(daemon.pid_of(process)).filter(|now| ![0, pid].contains(now)));
}

#[test]
fn programs_start_though_the_name_service_does_not_answer() {
    let Some(mut daemon) = daemon_with_databases() else { return };
    daemon.wait_for_text("p.log", "54400\n");
    daemon.wait_for_state("f", "RUNNING");
    stop_answering(&mut daemon, &["passwd", "group", "hosts"]);
    comes_back(&daemon, "g:p");
    // Before it is stopped again: this life is to be heard too.
    daemon.wait_for_text("p.log", "54400\n54400\n");
    // Its socket has no other user, so it is closed meanwhile.
    comes_back(&daemon, "f");
    for process in ["g:p", "f"] {
        daemon.call("supervisor.stopProcess", &[process.into()]).expect("it stops");
        daemon.call("supervisor.startProcess", &[process.into()]).expect("it starts");
    }
    daemon.wait_for_text("p.log", "54400\n54400\n54400\n");
    daemon.stop();
}

/// A program that a client adds to the group, as a user that no configuration names.
fn addition(name: &str, user: &str) -> [Value; 3] {
    let options = [("command", "/bin/sh -c \"id -u; exec sleep 1000\""), ("user", user), ("startsecs", "0")];
    let options = options.map(|(name, text)| (name.to_owned(), Value::from(text)));
    ["g".into(), name.into(), Value::Struct(options.into_iter().collect())]
}

#[test]
fn a_user_that_only_a_client_names_is_waited_for_by_that_client() {
    let Some(mut daemon) = daemon_with_databases() else { return };
    daemon.wait_for_state("g:p", "RUNNING");
    assert_eq!(daemon.call("twiddler.addProgramToGroup", &addition("first", "54410")), Ok(true.into()));
    daemon.wait_for_state("g:first", "RUNNING");
    let log = daemon.info("g:first")["stdout_logfile"].as_text().to_owned();
    until("it is that user", || (std::fs::read_to_string(&log).ok()? == "54410\n").then_some(()));
    stop_answering(&mut daemon, &["passwd"]);
    let pid = daemon.program().pid().to_string();
    std::thread::scope(|scope| {
        let asking = &daemon;
        let added = scope.spawn(|| asking.try_call("twiddler.addProgramToGroup", &addition("second", "54411")));
        comes_back(&daemon, "g:p");
        daemon.call("supervisor.stopProcess", &["g:other".into()]).expect("it stops");
        assert!(!added.is_finished(), "it waits for the user");
        send_signal("TERM", &pid);
        let added = added.join().expect("no panic");
        assert_ne!(added.ok(), Some(Ok(true.into())), "the end of supervisord has ended the wait");
    });
    daemon.assert_ends_clean();
}
