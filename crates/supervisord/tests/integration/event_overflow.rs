//! What becomes of events and listeners when something is too much or goes wrong: `overflow`, `on_protocol_error`.

use std::time::Duration;

use crate::support::{TestDaemon, python_environment, testing_the_original, until, until_at_most};

/// Long enough for tens of thousands of events on a slow machine.
const LONG: Duration = Duration::from_mins(2);

/// Once it is allowed to, writes down the data of each event, and answers.
const RECORDS: &str = "\
import os, sys, time
while not os.path.exists('go'):
    time.sleep(0.02)
out = sys.stdout.buffer
with open('record', 'ab', buffering=0) as record:
    while True:
        out.write(b'READY\\n'); out.flush()
        header = dict(token.split(b':', 1) for token in sys.stdin.buffer.readline().split())
        data = sys.stdin.buffer.read(int(header[b'len']))
        record.write(header[b'serial'] + b' ' + header[b'poolserial'] + b' ' + data.split(b'\\n', 1)[1] + b'\\n')
        out.write(b'RESULT 2\\nOK'); out.flush()
";

/// A section for that listener.
fn records(options: &str) -> String {
    let python = python_environment().join("bin/python");
    format!(
        "[eventlistener:records]
command={} {{dir}}/records.py
directory={{dir}}
startsecs=0
stdout_logfile=NONE
{options}
",
        python.display()
    )
}

/// The data of the events that were recorded, in their order.
fn recorded(daemon: &TestDaemon) -> Vec<String> {
    let record = daemon.read("record");
    record.lines().filter_map(|line| line.splitn(3, ' ').nth(2)).map(str::to_owned).collect()
}

#[test]
fn block_holds_a_program_that_floods_and_loses_nothing() {
    const COUNT: usize = 20_000;
    if testing_the_original() {
        return; // N45
    }
    let mut daemon = TestDaemon::prepared(&format!(
        "[supervisord]
loglevel=info
[program:floods]
command=/bin/sh -c \"seq -f '<!--XSUPERVISOR:BEGIN-->%%.0f<!--XSUPERVISOR:END-->' {COUNT}; touch {{dir}}/said\"
stdout_logfile=NONE
stdout_capture_maxbytes=1KB
autorestart=false
startsecs=0
[program:free]
command=/bin/sh -c \"seq 100000; touch {{dir}}/free; exec sleep 1000\"
stdout_logfile=NONE
startsecs=0
{}",
        records("events=PROCESS_COMMUNICATION\noverflow=block\nbuffer_size=10")
    ));
    daemon.write("records.py", RECORDS);
    daemon.start();
    daemon.wait_for_log("WARN pool records is full with ");
    until("the other one is done", || daemon.path("free").exists().then_some(()));
    assert!(!daemon.path("said").exists(), "it cannot have said all of that");
    daemon.write("go", "");
    until_at_most(LONG, "all have arrived", || (daemon.read("record").lines().count() >= COUNT).then_some(()));
    let expected: Vec<String> = (1..=COUNT).map(|number| number.to_string()).collect();
    assert_eq!(recorded(&daemon), expected);
    until("it ends", || (daemon.state("floods") == "EXITED").then_some(()));
    daemon.wait_for_log("INFO pool records holds nobody up any more; programs and clients waited for ");
    assert!(!daemon.log().contains("overflowed"));
    daemon.stop();
}

#[test]
fn block_lets_a_client_wait_until_its_event_has_a_place_and_a_shutdown_does_not_wait_for_it() {
    if testing_the_original() {
        return; // N45
    }
    let mut daemon = TestDaemon::prepared(&records("events=REMOTE_COMMUNICATION\noverflow=block\nbuffer_size=1"));
    daemon.write("records.py", RECORDS);
    daemon.start();
    let send = |data: &str| daemon.call("supervisor.sendRemoteCommEvent", &["t".into(), data.into()]);
    send("first").expect("there is room");
    std::thread::scope(|scope| {
        let second = scope.spawn(|| send("second"));
        // It is asked after the second, and answered before.
        until("the second has come to wait", || daemon.log().contains("WARN pool records is full").then_some(()));
        assert_eq!(daemon.state("records"), "RUNNING");
        assert!(!second.is_finished());
        daemon.write("go", "");
        second.join().expect("it ends").expect("it was sent");
    });
    until("both have arrived", || (recorded(&daemon) == ["first", "second"]).then_some(()));
    let pid = daemon.pid_of("records");
    daemon.call("supervisor.signalProcess", &["records".into(), "STOP".into()]).expect("it runs");
    let sent = std::thread::scope(|scope| {
        let threads: Vec<_> = ["third", "fourth", "fifth"].map(|data| scope.spawn(move || send(data))).into();
        until("one is with the listener, one waits, and so does its client", || {
            threads.iter().filter(|thread| thread.is_finished()).count().eq(&2).then_some(())
        });
        daemon.call("supervisor.shutdown", &[]).expect("it is asked for the first time");
        threads.into_iter().map(|thread| thread.join().expect("it ends").is_ok()).collect::<Vec<_>>()
    });
    assert_eq!(sent, [true, true, true]);
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(i32::try_from(pid).expect("a pid")), nix::sys::signal::SIGCONT)
        .ok();
    daemon.assert_ends_clean();
}

/// Floods, and has much to say when it is asked to end.
const SAYS_GOODBYE: &str = "\
import os, signal
def goodbye(*_):
    for _ in range(10000):
        os.write(1, b'<!--XSUPERVISOR:BEGIN-->goodbye<!--XSUPERVISOR:END-->')
    open('goodbye', 'w').close()
    os._exit(0)
signal.signal(signal.SIGTERM, goodbye)
while True:
    os.write(1, b'<!--XSUPERVISOR:BEGIN-->message<!--XSUPERVISOR:END-->')
";

#[test]
fn block_holds_up_no_stop_no_restart_and_no_shutdown() {
    if testing_the_original() {
        return; // N45
    }
    let mut daemon = TestDaemon::prepared(&format!(
        "[supervisord]
loglevel=info
[program:floods]
command={} {{dir}}/floods.py
directory={{dir}}
stdout_logfile=NONE
stdout_capture_maxbytes=1KB
startsecs=0
{}",
        python_environment().join("bin/python").display(),
        records("events=PROCESS_COMMUNICATION\noverflow=block\nbuffer_size=10")
    ));
    daemon.write("records.py", RECORDS);
    daemon.write("floods.py", SAYS_GOODBYE);
    daemon.start();
    daemon.wait_for_log("WARN pool records is full with ");
    daemon.call("supervisor.stopProcess", &["floods".into()]).expect("it runs");
    assert!(daemon.path("goodbye").exists(), "it has said all that it had to say");
    daemon.wait_for_log("INFO stopped: floods (exit status 0)");
    daemon.call("supervisor.restart", &[]).expect("it is asked for the first time");
    until("it is full again", || (daemon.log_lines("WARN pool records is full with ").len() == 2).then_some(()));
    daemon.stop();
    assert!(!daemon.log().contains("SIGKILL") && !daemon.log().contains("overflowed"));
    assert_eq!(daemon.log_lines("WARN pool records ends with ").len(), 2, "at the restart and at the end");
}

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
    second.wait_for_log("ERRO pool records event buffer overflowed, discarding event 1");
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

#[test]
fn listener_that_breaks_the_protocol_is_restarted_and_gets_its_event_again() {
    if testing_the_original() {
        return; // N31
    }
    let mut daemon = TestDaemon::prepared(
        "[eventlistener:weak]
command=/bin/sh {dir}/weak.sh
events=REMOTE_COMMUNICATION
on_protocol_error=restart
startsecs=0
stdout_logfile=NONE
stderr_logfile={dir}/weak.err
",
    );
    daemon.write(
        "weak.sh",
        "\
echo READY
while read -r header; do
    payload=$(head -c \"${header##*len:}\")
    if [ ! -e {dir}/broken ]; then
        touch {dir}/broken
        echo Traceback
        exec sleep 1000
    fi
    echo \"$payload\" >&2
    printf 'RESULT 2\\nOKREADY\\n'
done
",
    );
    daemon.start();
    daemon.wait_for_state("weak", "RUNNING");
    let first = daemon.pid_of("weak");
    for data in ["one", "two"] {
        daemon.call("supervisor.sendRemoteCommEvent", &["test".into(), data.into()]).expect("anybody may send");
    }
    until("both have arrived", || (daemon.read("weak.err") == "type:test\none\ntype:test\ntwo\n").then_some(()));
    assert_ne!(daemon.pid_of("weak"), first);
    assert_eq!(
        daemon.log_lines("WARN"),
        [
            "WARN weak: broke the event listener protocol of pool weak with 'Traceback', and is restarted \
          (on_protocol_error=restart)",
            "WARN stopped: weak (terminated by SIGTERM)"
        ]
    );
    daemon.stop();
}

#[test]
fn policies_that_do_not_exist_are_refused_with_those_that_do() {
    if testing_the_original() {
        return; // N31
    }
    let daemon =
        TestDaemon::prepared("[eventlistener:a]\ncommand=/bin/cat\nevents=TICK_5\non_protocol_error=retsart\n");
    let ended = daemon.run(&["-n", "-c", "{dir}/supervisord.conf"]);
    assert_eq!(ended.status, 2);
    let text =
        "[eventlistener:a] section sets invalid on_protocol_error (retsart), it has to be one of unknown, restart";
    assert!(ended.stderr.contains(&format!("{text} (file ")), "{ended:?}");
    daemon.configure("[eventlistener:a]\ncommand=/bin/cat\nevents=TICK_5\noverflow=drop\n");
    let ended = daemon.run(&["-n", "-c", "{dir}/supervisord.conf"]);
    let text = "[eventlistener:a] section sets invalid overflow (drop), it has to be one of drop-oldest, block, spill";
    assert!(ended.stderr.contains(&format!("{text} (file ")), "{ended:?}");
    daemon.configure("[eventlistener:a]\ncommand=/bin/cat\nevents=TICK_5\non_protocol_error=retsart\n");
    let checked = daemon.run(&["--check", "-c", "{dir}/supervisord.conf"]);
    assert_ne!(checked.status, 0);
    assert!(checked.stdout.contains("did you mean `restart`?"), "{checked:?}");
}
