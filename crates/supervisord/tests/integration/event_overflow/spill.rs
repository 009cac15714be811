//! `overflow=spill`: events that wait on disk, over ends of all kinds.

use super::{LONG, RECORDS, recorded, records};
use crate::support::{TestDaemon, testing_the_original, until, until_at_most};

/// Sends events with these numbers as their data.
fn send_numbers(daemon: &TestDaemon, numbers: std::ops::Range<usize>) {
    for number in numbers {
        let data = number.to_string();
        daemon.call("supervisor.sendRemoteCommEvent", &["t".into(), data.as_str().into()]).expect("anybody may send");
    }
}

fn numbers(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|number| number.to_string()).collect()
}

/// Ends the daemon as the kernel does that is out of memory, and waits until its programs have followed.
fn kill(daemon: &mut TestDaemon) {
    let listener = daemon.pid_of("records");
    daemon.signal("KILL");
    daemon.program().wait_for_end();
    let listener = nix::unistd::Pid::from_raw(i32::try_from(listener).expect("a pid"));
    // It would end by itself when it reads or writes again, and might write down one more event before.
    nix::sys::signal::kill(listener, nix::sys::signal::SIGKILL).ok();
    until("the listener has ended", || nix::sys::signal::kill(listener, None).is_err().then_some(()));
}

#[test]
fn spill_keeps_what_waits_over_a_kill_and_a_restart_in_its_order() {
    if testing_the_original() {
        return; // N46
    }
    let mut daemon = TestDaemon::prepared(&records("events=REMOTE_COMMUNICATION\noverflow=spill\nbuffer_size=5"));
    daemon.write("records.py", RECORDS);
    daemon.start();
    send_numbers(&daemon, 0..30);
    assert_eq!(daemon.files(".spill"), ["records-test.spill"]);
    kill(&mut daemon);
    daemon.start();
    daemon.wait_for_log("INFO pool records goes on with 30 events of its journal");
    send_numbers(&daemon, 30..40);
    daemon.call("supervisor.restart", &[]).expect("it is asked for the first time");
    daemon.wait_for_log("INFO pool records goes on with 40 events of its journal");
    daemon.wait_until_it_answers();
    send_numbers(&daemon, 40..41);
    daemon.write("go", "");
    until("all have arrived", || (recorded(&daemon).len() >= 41).then_some(()));
    assert_eq!(recorded(&daemon), numbers(0..41));
    let record = daemon.read("record");
    let serials: Vec<&str> = record.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(serials, numbers(0..41), "no serial comes twice");
    assert!(!daemon.log().contains("overflowed"));
    daemon.stop();
    assert_eq!(daemon.files(".spill"), Vec::<String>::new(), "an empty journal leaves nothing behind");
}

#[test]
fn spill_takes_what_a_program_floods_and_a_kill_in_the_middle_repeats_one_event_at_most() {
    const COUNT: usize = 20_000;
    if testing_the_original() {
        return; // N46
    }
    let mut daemon = TestDaemon::prepared(&format!(
        "[supervisord]
loglevel=info
[program:floods]
command=/bin/sh -c \"test -e said || seq -f '<!--XSUPERVISOR:BEGIN-->%%.0f<!--XSUPERVISOR:END-->' 0 {}; touch said\"
directory={{dir}}
stdout_logfile=NONE
stdout_capture_maxbytes=1KB
autorestart=false
startsecs=0
{}",
        COUNT - 1,
        records("events=PROCESS_COMMUNICATION\noverflow=spill\nbuffer_size=10")
    ));
    daemon.write("records.py", RECORDS);
    daemon.start();
    until_at_most(LONG, "nobody holds it", || (daemon.state("floods") == "EXITED").then_some(()));
    daemon.write("go", "");
    let mut kills = 0;
    while kills < 2 {
        let before = daemon.read("record").lines().count();
        until("it goes on", || (daemon.read("record").lines().count() > before).then_some(()));
        kill(&mut daemon);
        daemon.start();
        kills += 1;
    }
    until_at_most(LONG, "all have arrived", || {
        daemon.read("record").ends_with(&format!(" {}\n", COUNT - 1)).then_some(())
    });
    let mut told = recorded(&daemon);
    let count = told.len();
    told.dedup();
    assert_eq!(told, numbers(0..COUNT));
    assert!(count <= COUNT + kills, "{count} were told");
    daemon.stop();
    assert_eq!(daemon.files(".spill"), Vec::<String>::new());
}

#[test]
fn spill_on_a_full_disk_goes_on_in_memory() {
    if testing_the_original() {
        return; // N46
    }
    let options = "events=REMOTE_COMMUNICATION\noverflow=spill\nbuffer_size=5";
    let mut daemon = TestDaemon::prepared(&format!("[supervisord]\nloglevel=info\n{}", records(options)));
    daemon.write("records.py", RECORDS);
    // No file may grow beyond 32 KiB.
    daemon.launch_by(&["/bin/sh", "-c", "ulimit -f 64; exec \"$@\"", "sh"]);
    daemon.wait_until_it_answers();
    for letter in ["a", "b", "c"] {
        let data = letter.repeat(20_000);
        daemon.call("supervisor.sendRemoteCommEvent", &["t".into(), data.as_str().into()]).expect("anybody may send");
    }
    daemon.wait_for_log("ERRO the journal of pool records cannot be written, further events wait in memory alone");
    assert!(daemon.log().contains("there are too many: EFBIG"));
    daemon.write("go", "");
    until("it has tried to write down the first one", || daemon.read("record").contains("aaa").then_some(()));
    daemon.stop();
}

#[test]
fn spill_goes_on_after_an_update_and_says_what_goes_with_its_section() {
    if testing_the_original() {
        return; // N46
    }
    let section = |size: usize| records(&format!("events=REMOTE_COMMUNICATION\noverflow=spill\nbuffer_size={size}"));
    let mut daemon = TestDaemon::prepared(&section(5));
    daemon.write("records.py", RECORDS);
    daemon.start();
    send_numbers(&daemon, 0..10);
    daemon.configure(&section(6));
    assert_eq!(daemon.ctl(&["update"]).status, 0);
    daemon.wait_for_log("INFO pool records was removed; 10 events wait in its journal until it is there again");
    daemon.wait_for_log("INFO pool records goes on with 10 events of its journal");
    daemon.write("go", "");
    until("all have arrived", || (recorded(&daemon) == numbers(0..10)).then_some(()));
    daemon.write("record", "");
    std::fs::remove_file(daemon.path("go")).expect("it was written");
    daemon.configure(&section(7));
    assert_eq!(daemon.ctl(&["update"]).status, 0);
    send_numbers(&daemon, 0..3);
    daemon.configure("");
    assert_eq!(daemon.ctl(&["update"]).status, 0);
    daemon.wait_for_log("WARN pool records was removed with 3 events that nobody has got");
    assert_eq!(daemon.files(".spill"), Vec::<String>::new());
    daemon.stop();
}

#[test]
fn spill_leaves_the_journal_of_another_supervisord_alone_and_tells_of_one_that_nobody_reads() {
    if testing_the_original() {
        return; // N46
    }
    let section = records("events=REMOTE_COMMUNICATION\noverflow=spill\nbuffer_size=5");
    let mut first = TestDaemon::prepared(&section);
    first.write("records.py", RECORDS);
    first.start();
    send_numbers(&first, 0..10);
    let folder = first.filled_in("{dir}");
    let mut second = TestDaemon::prepared(&format!("[supervisord]\nchildlogdir={folder}\nnocleanup=true\n{section}"));
    second.write("records.py", RECORDS);
    second.start();
    second.wait_for_log(&format!(
        "WARN the journal {folder}/records-test.spill of pool records cannot be used, the pool drops its oldest events \
         when it is full: another supervisord uses it"
    ));
    send_numbers(&second, 100..107);
    second.wait_for_log("ERRO pool records event buffer overflowed, discarding event 0");
    assert!(!second.log().contains("events wait in the journal"), "somebody reads it");
    second.stop();
    first.stop();
    first.configure("");
    first.start();
    first.wait_for_log(&format!("WARN events wait in the journal {folder}/records-test.spill"));
    first.stop();
    first.configure(&section);
    first.write("go", "");
    first.start();
    until("all have arrived", || (recorded(&first) == numbers(0..10)).then_some(()));
    first.stop();
}
