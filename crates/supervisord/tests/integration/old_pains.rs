//! What has hurt users of the original for years, and must not here. Each test is named for what they miss.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::log_destinations::processor_ticks;
use crate::support::{TestDaemon, not_tested, resident_kilobytes, send_signal, testing_the_original, until};

const STEADY: &str = "[program:steady]\ncommand=/bin/sleep 1000\nstartsecs=0\n";

/// What a daemon holds open.
fn descriptors(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).expect("it runs").count()
}

#[test]
fn closed_and_reused_descriptors_never_keep_the_processor_busy() {
    let mut daemon = TestDaemon::started(&format!(
        "[program:closer]
command=/bin/sh -c \"exec >&- 2>&- <&-; exec sleep 1000\"
startsecs=0
[program:pendulum]
command=/bin/sh -c \"while :; do echo tick; sleep 0.05; done\"
stdout_logfile={{dir}}/pendulum.log
startsecs=0
{STEADY}"
    ));
    let pid = daemon.program().pid();
    for _ in 0..30 {
        for name in ["closer", "steady"] {
            assert_eq!(daemon.call("supervisor.stopProcess", &[name.into()]), Ok(true.into()));
            assert_eq!(daemon.call("supervisor.startProcess", &[name.into()]), Ok(true.into()));
        }
        daemon.signal("USR2");
    }
    daemon.wait_for_state("closer", "RUNNING");
    let ticks = |daemon: &TestDaemon| daemon.read("pendulum.log").lines().count();
    let (open, spent, before) = (descriptors(pid), processor_ticks(pid), ticks(&daemon));
    // A second, so that one which never sleeps would have spent most of it.
    until("twenty lines of another program", || {
        assert_eq!(daemon.call("supervisor.getState", &[]).expect("it answers")["statename"], "RUNNING".into());
        (ticks(&daemon) >= before + 20).then_some(())
    });
    let spent = processor_ticks(pid) - spent;
    assert!(spent <= 25, "{spent} hundredths of a second for a second of questions");
    until("answered connections are closed", || (descriptors(pid) <= open).then_some(()));
    daemon.stop();
}

#[test]
fn group_options_leave_no_descendant_that_stayed_in_its_group() {
    let mut daemon = TestDaemon::started(
        "[program:family]
command=/bin/sh -c \"trap '' TERM; sleep 1001 & (trap '' TERM; sleep 1002 & wait) & wait; sleep 1003\"
stopasgroup=true
killasgroup=true
stopwaitsecs=1
startsecs=0
",
    );
    let sleepers = |daemon: &TestDaemon| {
        daemon.mark().processes().into_iter().filter(|process| process.command_line.starts_with("sleep 100")).count()
    };
    until("the family is complete", || (sleepers(&daemon) == 2).then_some(()));
    assert_eq!(daemon.call("supervisor.stopProcess", &["family".into()]), Ok(true.into()));
    until("nobody is left", || (sleepers(&daemon) == 0).then_some(()));
    daemon.stop();
}

/// As with 4.3.0: nobody is left who could end them, and nothing of theirs stands in the way of the next daemon, which
/// looks after its own.
#[test]
fn programs_of_a_killed_daemon_run_on_and_hinder_the_next_one_in_nothing() {
    let mut daemon = TestDaemon::started(STEADY);
    let pid_of = |daemon: &TestDaemon| u32::try_from(daemon.pid_of("steady")).expect("a pid");
    let sleepers = |daemon: &TestDaemon| {
        let sleepers =
            daemon.mark().processes().into_iter().filter(|process| process.command_line == "/bin/sleep 1000");
        sleepers.map(|process| process.pid).collect::<BTreeSet<u32>>()
    };
    let first = pid_of(&daemon);
    until("the program is executed", || (sleepers(&daemon) == BTreeSet::from([first])).then_some(()));
    daemon.program().kill();
    assert_eq!(sleepers(&daemon), BTreeSet::from([first]));

    daemon.start();
    let second = pid_of(&daemon);
    until("the program of the next daemon is executed", || {
        (sleepers(&daemon) == BTreeSet::from([first, second])).then_some(())
    });
    assert_eq!(daemon.call("supervisor.stopProcess", &["steady".into()]), Ok(true.into()));
    assert_eq!(sleepers(&daemon), BTreeSet::from([first]));
    send_signal("KILL", &first.to_string());
    daemon.stop();
}

#[test]
fn program_sees_three_descriptors_whatever_the_daemon_was_given() {
    if testing_the_original() {
        return; // it closes those below minfds: pain P7
    }
    let mut daemon = TestDaemon::prepared(
        "[supervisord]\nminfds=64
[program:lister]
command=/bin/sh -c \"ls /proc/self/fd > {dir}/listed; exec sleep 1000\"
startsecs=0
",
    );
    daemon.launch_by(&["bash", "-c", "exec 900</dev/null; exec \"$@\"", "bash"]);
    daemon.wait_until_it_answers();
    // The fourth is the one that ls reads the folder with.
    daemon.wait_for_text("listed", "0\n1\n2\n3\n");
    assert_eq!(daemon.read("listed"), "0\n1\n2\n3\n");
    daemon.stop();
}

#[test]
fn lack_of_descriptors_is_a_failed_start_and_goes_by() {
    if testing_the_original() {
        return; // accepting a connection then fails with a traceback, again and again
    }
    let mut daemon = TestDaemon::prepared(
        "[supervisord]\nminfds=10
[program:p]
command=/bin/sleep 1000
process_name=%(process_num)d
numprocs=20
autostart=false
startsecs=0
startretries=0
",
    );
    daemon.launch_by(&["bash", "-c", "ulimit -n 64; exec \"$@\"", "bash"]);
    daemon.wait_until_it_answers();
    let count_running = |daemon: &TestDaemon| (0..20).filter(|n| daemon.state(&format!("p:{n}")) == "RUNNING").count();
    for number in 0..20 {
        daemon.call("supervisor.startProcess", &[format!("p:{number}").as_str().into(), false.into()]).ok();
    }
    let first = count_running(&daemon);
    assert!((1..20).contains(&first), "{first} of 20 found descriptors");
    assert!(daemon.log().contains("too many open files to spawn"), "{}", daemon.log());
    assert!(daemon.call("supervisor.stopAllProcesses", &[]).is_ok());
    assert_eq!(daemon.call("supervisor.startProcess", &["p:19".into()]), Ok(true.into()));
    daemon.stop();
}

#[test]
fn lack_of_processes_is_a_failed_start_and_goes_by() {
    if !nix::unistd::getuid().is_root() {
        return; // the limit counts what a user runs, and this one runs the tests
    }
    let mut daemon = TestDaemon::prepared(
        "[supervisord]\nminprocs=1
[program:p]
command=/bin/sleep 1000
process_name=%(process_num)d
numprocs=12
startsecs=0
startretries=1000
",
    );
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    fs::set_permissions(daemon.path(""), mode).expect("the folder is ours");
    // A user that nothing else runs as.
    let user = (1_000_000 + std::process::id()).to_string();
    let as_user = ["setpriv", "--reuid", &user, "--regid", &user, "--clear-groups"];
    daemon.launch_by(&[&["prlimit", "--nproc=8"], &as_user[..]].concat());
    daemon.wait_until_it_answers();
    let names: Vec<String> = (0..12).map(|number| format!("p:{number}")).collect();
    let in_state =
        |daemon: &TestDaemon, state: &str| names.iter().filter(|name| daemon.state(name) == state).cloned().collect();
    let refused: Vec<String> = until("some find no room", || {
        let refused: Vec<String> = in_state(&daemon, "BACKOFF");
        (!refused.is_empty()).then_some(refused)
    });
    let number = refused[0].trim_start_matches("p:");
    let text = format!("Too many processes in process table to spawn '{number}'");
    assert_eq!(daemon.info(&refused[0])["spawnerr"], text.as_str().into());
    daemon.wait_for_log(&format!("INFO spawnerr: {text}\n"));
    let running: Vec<String> = in_state(&daemon, "RUNNING");
    assert!(!running.is_empty() && running.len() < 12, "{running:?}");
    for name in &running {
        assert_eq!(daemon.call("supervisor.stopProcess", &[name.as_str().into()]), Ok(true.into()));
    }
    until("those that found none have it now", || {
        let again: Vec<String> = in_state(&daemon, "RUNNING");
        (!again.is_empty()).then_some(())
    });
    daemon.stop();
}

/// The library that gives a program a clock of its own, if it is installed; says so if not.
fn faketime() -> Option<String> {
    let folders = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let mut libraries = folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"));
    let found = libraries.find(|library| library.exists());
    if found.is_none() {
        not_tested("libfaketime is not installed");
    }
    found.map(|library| library.display().to_string())
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the test program is no supervisor: std may read the clock")]
fn clock_that_is_set_moves_no_deadline() {
    let Some(library) = faketime().filter(|_| !testing_the_original()) else {
        return; // its deadlines are those of the wall clock: quirk F33
    };
    let mut daemon = TestDaemon::prepared(
        "[supervisord]
environment=LD_PRELOAD=\"\"
[program:slow]
command=/bin/sleep 1000
startsecs=2
autostart=false
[program:deaf]
command=/bin/sh -c \"trap '' TERM; echo deaf; exec sleep 1000\"
stdout_logfile={dir}/deaf.log
stopwaitsecs=2
startsecs=0
[program:failing]
command=/bin/false
startretries=1
autostart=false
",
    );
    let set_clock = |daemon: &TestDaemon, offset: &str| {
        daemon.write("clock.new", offset);
        fs::rename(daemon.path("clock.new"), daemon.path("clock")).expect("the folder is ours");
    };
    set_clock(&daemon, "+0");
    for (name, value) in [
        ("LD_PRELOAD", library.as_str()),
        ("FAKETIME_TIMESTAMP_FILE", "{dir}/clock"),
        ("FAKETIME_NO_CACHE", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ] {
        daemon.set_variable(name, value);
    }
    daemon.start();
    daemon.wait_for_text("deaf.log", "deaf");
    for (forth, back) in [("+3600", "-3600"), ("+11y", "-56y")] {
        let begun = Instant::now();
        for (method, name) in [("start", "slow"), ("start", "failing"), ("stop", "deaf")] {
            daemon.call(&format!("supervisor.{method}Process"), &[name.into(), false.into()]).expect("it begins");
        }
        set_clock(&daemon, forth);
        daemon.wait_for_state("failing", "BACKOFF");
        assert_eq!([daemon.state("slow"), daemon.state("deaf")], ["STARTING", "STOPPING"]);
        set_clock(&daemon, back);
        daemon.wait_for_state("slow", "RUNNING");
        assert!(begun.elapsed() >= Duration::from_secs(2), "no sooner than startsecs say");
        daemon.wait_for_state("deaf", "STOPPED");
        assert!(begun.elapsed() >= Duration::from_secs(2), "no sooner than stopwaitsecs say");
        daemon.wait_for_state("failing", "FATAL");
        assert!(daemon.call("supervisor.stopProcess", &["slow".into()]).is_ok());
        assert!(daemon.call("supervisor.startProcess", &["deaf".into()]).is_ok());
    }
    let years = |year: &str| daemon.log().lines().filter(|line| line.starts_with(year)).count();
    assert!(years("1970-") > 0, "the daemon has seen it");
    daemon.stop();
}

#[test]
fn taken_port_is_one_clear_line_and_not_a_crash() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).expect("the loopback interface has ports");
    let port = taken.local_addr().expect("it is bound").port();
    let mut daemon = TestDaemon::prepared(&format!("[inet_http_server]\nport=127.0.0.1:{port}\n{STEADY}"));
    daemon.launch(&["-n"]);
    let ended = daemon.program().wait_for_end();
    assert_eq!(ended.status, 2);
    assert!(ended.stderr.contains("Another program is already listening on a port"), "{ended:?}");
    assert!(!ended.stderr.contains("Traceback"), "{ended:?}");
}

#[test]
fn crash_loop_with_startsecs_of_zero_is_never_given_up() {
    let mut daemon =
        TestDaemon::started("[program:loop]\ncommand=/bin/false\nstartsecs=0\nstartretries=2\nautorestart=true\n");
    until("it was started ten times", || (daemon.log_lines("spawned: 'loop'").len() >= 10).then_some(()));
    assert_eq!(daemon.log_lines("gave up").len(), 0);
    assert!(daemon.call("supervisor.getState", &[]).is_ok(), "it answers all the while");
    daemon.stop();
}

#[test]
fn thousand_rereads_cost_no_memory() {
    if testing_the_original() {
        return; // its memory was mended once; a thousand rereads take a minute
    }
    let mut daemon = TestDaemon::started(STEADY);
    let pid = daemon.program().pid();
    let reread = |daemon: &TestDaemon| daemon.call("supervisor.reloadConfig", &[]).expect("nothing is wrong with it");
    (0..200).for_each(|_| drop(reread(&daemon)));
    let before = resident_kilobytes(pid);
    (0..1000).for_each(|_| drop(reread(&daemon)));
    let after = resident_kilobytes(pid);
    assert!(after <= before + 1024, "from {before} to {after} KiB");
    daemon.stop();
}

#[test]
fn log_removed_while_it_is_written_goes_on_at_its_next_rotation() {
    let mut daemon = TestDaemon::started(
        "[program:chatty]
command=/bin/sh -c \"i=0; while :; do i=$((i+1)); echo line $i; sleep 0.005; done\"
stdout_logfile={dir}/chatty.log
stdout_logfile_maxbytes=2000
stdout_logfile_backups=3
startsecs=0
",
    );
    daemon.wait_for_text("chatty.log", "line 5\n");
    fs::remove_file(daemon.path("chatty.log")).expect("it is there");
    until("there is a log again", || daemon.path("chatty.log").exists().then_some(()));
    daemon.wait_for_text("chatty.log.2", "line ");
    assert_eq!(daemon.state("chatty"), "RUNNING");
    daemon.stop();
    // What came after the removal and before the next rotation went with the file; nothing else did.
    let text = ["chatty.log.3", "chatty.log.2", "chatty.log.1", "chatty.log"].map(|name| daemon.read(name)).concat();
    let numbers: Vec<u32> =
        text.lines().map(|line| line.trim_start_matches("line ").parse().expect("a whole line")).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
}

#[test]
fn first_program_starts_without_a_second_of_waiting() {
    if testing_the_original() {
        return; // it polls for a second first: quirk F03
    }
    let mut daemon = TestDaemon::started(STEADY);
    daemon.wait_for_state("steady", "RUNNING");
    let milliseconds = |part: &str| -> i64 {
        let log = daemon.log();
        let line = log.lines().find(|line| line.contains(part)).expect("it was logged").to_owned();
        let (clock, rest) = line.split_once(',').expect("a time stamp");
        let clock = clock.split_once(' ').expect("a day before the time").1;
        let seconds = clock.split(':').fold(0, |sum, part| sum * 60 + part.parse::<i64>().expect("a number"));
        let fraction = rest.split_once(' ').expect("a level behind the time").0;
        seconds * 1000 + fraction.parse::<i64>().expect("milliseconds")
    };
    let waited = milliseconds("spawned: 'steady'") - milliseconds("supervisord started with pid");
    // A day ends now and then.
    assert!((0..500).contains(&waited.rem_euclid(86_400_000)), "{waited} ms");
    daemon.stop();
}

#[test]
fn program_leads_a_group_of_its_own_in_the_session_of_the_daemon() {
    let mut daemon = TestDaemon::started(STEADY);
    daemon.wait_for_state("steady", "RUNNING");
    let ids = |pid: &str| -> Vec<String> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
        let fields = stat.rsplit(") ").next().expect("a name in brackets comes before").split(' ');
        fields.skip(2).take(2).map(str::to_owned).collect()
    };
    let program = daemon.pid_of("steady").to_string();
    let (group_and_session, of_daemon) = (ids(&program), ids(&daemon.program().pid().to_string()));
    assert_eq!(group_and_session, [program, of_daemon[1].clone()]);
    daemon.stop();
}
