//! The exit status of supervisord, for each cause of its end; and commands that are wrapped (docs/containers.md).

use std::fs;

use crate::log_destinations::can_unshare;
use crate::support::{Ended, TestDaemon, send_signal, supervisord, testing_the_original, until};

/// A supervisord with this configuration has ended so.
fn end_of(configuration: &str) -> (i32, Vec<String>) {
    let mut daemon = TestDaemon::prepared(configuration);
    fs::write(daemon.path("plain"), "no program").expect("the folder is ours");
    daemon.launch(&["-n"]);
    let status = daemon.program().wait_for_end().status;
    daemon.assert_nothing_left();
    (status, daemon.log_lines("supervisord ends with status"))
}

#[test]
fn each_cause_has_its_status() {
    if testing_the_original() {
        return; // it runs on, whatever its programs do
    }
    let once = "autorestart=false\nstartsecs=0\n";
    let helper = "[program:helper]\ncommand=/bin/sleep 1000\nstartsecs=0\n";
    let sh = |script: &str| format!("[program:web]\ncommand=/bin/sh -c \"{script}\"\n");
    for (status, name, configuration) in [
        (0, " (web)", format!("{}{once}essential=true\n{helper}", sh("exit 0"))),
        (3, " (web)", format!("{}{once}essential=true\n{helper}", sh("exit 3"))),
        (137, " (web)", format!("{}{once}essential=true\n{helper}", sh("kill -KILL $$"))),
        (139, " (web)", format!("{}{once}on_exit=shutdown\n{helper}", sh("ulimit -c 0; kill -SEGV $$"))),
        (127, " (web)", format!("[program:web]\ncommand=/no/such\nessential=true\nstartretries=0\n{helper}")),
        (126, " (web)", format!("[program:web]\ncommand={{dir}}/plain\non_fatal=shutdown\nstartretries=0\n{helper}")),
        (5, " (web)", format!("{}startsecs=60\nstartretries=0\nessential=true\n", sh("exit 5"))),
        (1, " (web)", format!("{}startsecs=60\nstartretries=0\nessential=true\n", sh("exit 0"))),
        (4, " (web)", format!("[supervisord]\nexit_when=all_exited\n{}{once}", sh("exit 4"))),
        (0, "", format!("[supervisord]\nexit_when=all_exited\n{}{once}", sh("exit 0"))),
        (
            5,
            " (web)",
            format!("[supervisord]\nexit_when=any_fatal\n{}startsecs=60\nstartretries=0\n{helper}", sh("exit 5")),
        ),
        // The job has ended before the one that ends it all.
        (
            9,
            " (job)",
            format!(
                "[supervisord]\nexit_code_from=job\n[program:job]\ncommand=/bin/sh -c \"exit 9\"\n{once}{}{once}\
                 essential=true\n",
                sh("while ! grep -q exited:.job {dir}/supervisord.log; do sleep 0.05; done")
            ),
        ),
    ] {
        let told = format!("INFO supervisord ends with status {status}{name}");
        assert_eq!(end_of(&configuration), (status, vec![told]), "{configuration}");
    }
}

#[test]
fn told_to_end_it_succeeds_whatever_programs_are_like() {
    if testing_the_original() {
        return;
    }
    let mut daemon = TestDaemon::started(
        "[program:web]\ncommand=/bin/sh -c \"trap 'exit 3' TERM; while :; do sleep 0.05; done\"\nessential=true\nautorestart=false\n\
         startsecs=0\n",
    );
    daemon.wait_for_state("web", "RUNNING");
    daemon.stop();
    assert_eq!(daemon.log_lines("ends with status"), Vec::<String>::new());
}

#[test]
fn program_that_wants_a_new_beginning_gets_one() {
    if testing_the_original() {
        return;
    }
    let mut daemon = TestDaemon::started(
        "[program:web]\ncommand=/bin/sh -c \"if [ -e {dir}/again ]; then exec sleep 1000; fi; touch {dir}/again; exit 3\"
autorestart=false\nstartsecs=0\non_exit=restart_supervisor\n",
    );
    until("it has begun anew", || (daemon.log_lines("supervisord started with pid").len() == 2).then_some(()));
    daemon.wait_until_it_answers();
    daemon.wait_for_state("web", "RUNNING");
    let told = daemon.log_lines("essential program");
    assert_eq!(told, ["WARN essential program web has exited (exit status 3), restarting"]);
    daemon.stop();
}

#[test]
fn orphans_of_programs_are_reaped_where_that_is_wished() {
    if testing_the_original() {
        return;
    }
    let mut daemon = TestDaemon::started(
        "[supervisord]\nsubreaper=true\n[program:parent]\ncommand=/bin/sh -c \"(sleep 0.2; exit 7) & exit 0\"
autorestart=false\nstartsecs=0\n",
    );
    daemon.wait_for_log("(exit status 7)");
    assert_eq!(daemon.log_lines("reaped unknown pid").len(), 1);
    daemon.stop();
}

/// Runs supervisord with these options where there is no configuration file.
fn wrap(daemon: &TestDaemon, before: &str, options: &str) -> Ended {
    fs::create_dir_all(daemon.path("empty")).expect("the folder is ours");
    let supervisord = supervisord();
    let script = format!("cd {{dir}}/empty && exec {before} {} {options}", supervisord.display());
    daemon.start_script(&daemon.filled_in(&script)).wait_for_end()
}

/// Whether supervisord finds a configuration on this machine without being told where.
fn has_a_configuration() -> bool {
    ["/etc/supervisord.conf", "/etc/supervisor/supervisord.conf"].iter().any(|path| fs::exists(path).unwrap_or(true))
}

#[test]
fn wrapped_command_is_all_there_is_to_be_heard_and_its_status_is_ours() {
    if testing_the_original() || has_a_configuration() {
        return;
    }
    let daemon = TestDaemon::prepared("");
    for (command, status, stdout, stderr) in [
        ("sh -c 'echo out; echo err >&2; exit 3'", 3, "out\n", "err\n"),
        ("printf '%s|' 'a b' \"it's\" 100%", 0, "a b|it's|100%|", ""),
        ("sh -c 'kill -KILL $$'", 137, "", ""),
        ("sh -c 'ulimit -c 0; kill -SEGV $$'", 139, "", ""),
        ("no-such-command", 127, "", ""),
        ("/etc/passwd", 126, "", ""),
    ] {
        let ended = wrap(&daemon, "", &format!("-- {command}"));
        assert_eq!((ended.status, ended.stdout.as_str()), (status, stdout), "{command}: {ended:?}");
        let foreign: String = ended.stderr.split_inclusive('\n').filter(|line| !line.contains(" WARN ")).collect();
        assert_eq!(foreign, stderr, "{command}");
    }
    let left: Vec<_> = fs::read_dir(daemon.path("empty")).expect("the folder is ours").flatten().collect();
    assert!(left.is_empty(), "no log and no pidfile: {left:?}");
}

#[test]
fn wrapped_command_runs_beside_the_programs_of_a_file() {
    if testing_the_original() {
        return;
    }
    let daemon = TestDaemon::prepared(
        "[program:helper]\ncommand=/bin/sh -c \"echo here > {dir}/helped; exec sleep 1000\"\nstartsecs=0\n",
    );
    let ended = wrap(
        &daemon,
        "",
        "-c {dir}/supervisord.conf -- sh -c 'until [ -e {dir}/helped ]; do sleep 0.05; done; exit 4'",
    );
    assert_eq!(ended.status, 4, "{ended:?}");
    assert_eq!(daemon.log_lines("ends with status"), ["INFO supervisord ends with status 4 (main)"]);
    daemon.assert_nothing_left();
}

const AS_FIRST: &str = "unshare --pid --fork --mount-proc --kill-child";

/// A child of a child of the command is left to us; as long as it is a zombie, it is in /proc.
const LEAVES_AN_ORPHAN: &str = "sh -c \"sleep 0.1 & echo \\$! > {dir}/orphan\"; p=$(cat {dir}/orphan);
while [ -e /proc/$p ]; do sleep 0.05; done; echo $$ $PPID";

#[test]
fn wrapped_command_of_the_first_process_of_a_container() {
    if testing_the_original() || has_a_configuration() || !can_unshare(&["--pid", "--fork", "--mount-proc"]) {
        return;
    }
    let daemon = TestDaemon::prepared("");
    let ended = wrap(&daemon, AS_FIRST, &format!("-- sh -c '{LEAVES_AN_ORPHAN}; exit 3'"));
    assert_eq!(ended.status, 3, "{ended:?}");
    assert!(ended.stdout.ends_with(" 1\n"), "its parent is the first process: {ended:?}");
    for (end, status) in [("exit 0", 0), ("kill -KILL $$", 137), ("ulimit -c 0; kill -SEGV $$", 139)] {
        assert_eq!(wrap(&daemon, AS_FIRST, &format!("-- sh -c '{end}'")).status, status, "{end}");
    }
    assert_eq!(wrap(&daemon, AS_FIRST, "-- no-such-command").status, 127);
}

#[test]
fn first_process_that_is_told_to_stop_passes_it_on_and_succeeds() {
    if testing_the_original() || has_a_configuration() || !can_unshare(&["--pid", "--fork", "--mount-proc"]) {
        return;
    }
    let daemon = TestDaemon::prepared("");
    fs::create_dir_all(daemon.path("empty")).expect("the folder is ours");
    let command = "sh -c 'trap \"echo bye; exit 5\" TERM; touch {dir}/ready; while :; do sleep 0.05; done'";
    let script = format!("cd {{dir}}/empty && exec {AS_FIRST} {} -- {command}", supervisord().display());
    let mut wrapped = daemon.start_script(&daemon.filled_in(&script));
    until("the command runs", || daemon.path("ready").exists().then_some(()));
    let inside = crate::containers::inner_pid(&daemon);
    send_signal("TERM", &inside.to_string());
    let ended = wrapped.wait_for_end();
    assert_eq!((ended.status, ended.stdout.as_str()), (0, "bye\n"), "{ended:?}");
}
