//! What the daemon does to its own process: background, standard descriptors, user, limits, signals (contract/
//! processes.md §9). Each in a process of its own, the helper `examples/sys_probe.rs`.

mod support;

use std::fs::{self, File};
use std::os::fd::AsFd;

use supervisor_core::ExitStatus;
use supervisor_sys::Spawner;
use support::{Folder, Program};

/// Runs the helper from a shell script, in which `$0` is the helper and `$1` is `argument`.
fn probe_from(script: &str, argument: &str) -> Program {
    let helper = Program::probe(&[]);
    let mut program = Program::script(script);
    program.argv.extend([helper.executable, support::c_string(argument)]);
    program
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

#[test]
fn the_daemon_leads_its_own_session_on_dev_null_and_its_parent_has_ended_well() {
    let mut spawner = Spawner::new().unwrap();
    let folder = Folder::new();
    let report = folder.path("report");
    nix::unistd::mkfifo(&report, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let program = Program::probe(&["daemonize", report.to_str().unwrap()]);
    let running = program.start(&mut spawner);
    let launcher = running.pid();
    let text = support::read_all(&mut File::open(&report).unwrap());
    assert_eq!(running.finish().output(), "", "the launcher ends with status 0 and nothing to say");
    let words: Vec<&str> = text.split_whitespace().collect();
    let [pid, group, session, standard @ ..] = &words[..] else { panic!("{text}") };
    assert_eq!((group, session), (pid, pid));
    assert_ne!(**pid, launcher.to_string());
    assert_eq!(standard, ["/dev/null"; 3]);
}

#[test]
fn a_daemon_that_cannot_start_is_told_to_its_caller() {
    let mut spawner = Spawner::new().unwrap();
    for (how, text) in [
        ("told", "Error: no luck\n"),
        ("untold", "Error: supervisord has ended before it was ready; its log may tell why\n"),
    ] {
        let ended = Program::probe(&["daemonize-in-vain", how]).run(&mut spawner);
        assert_eq!((ended.status, ended.stderr.as_str()), (ExitStatus::Exited(2), text), "{how}");
    }
}

#[test]
fn going_into_the_background_with_threads_is_refused() {
    let mut spawner = Spawner::new().unwrap();
    let output = Program::probe(&["daemonize-with-threads"]).run(&mut spawner).output();
    assert_eq!(output, "cannot go into the background with more than one thread\n");
}

#[test]
fn closed_standard_descriptors_are_opened() {
    let mut spawner = Spawner::new().unwrap();
    let folder = Folder::new();
    let report = folder.path("report");
    for closing in ["<&-", ">&- 2>&-", "<&- >&- 2>&-"] {
        let program = probe_from(&format!("\"$0\" standard-fds \"$1\" {closing}"), report.to_str().unwrap());
        program.run(&mut spawner).output();
        let found = fs::read_to_string(&report).unwrap();
        let targets: Vec<&str> = found.split(' ').collect();
        assert_eq!(targets.len(), 3, "{closing}: {found}");
        let expected = closing.matches('-').count();
        assert_eq!(targets.iter().filter(|target| **target == "/dev/null").count(), expected, "{closing}: {found}");
    }
}

#[test]
fn privileges_are_dropped_for_good() {
    if !support::is_root("dropping privileges") {
        return;
    }
    let mut spawner = Spawner::new().unwrap();
    let nobody = nix::unistd::User::from_name("nobody").unwrap().expect("this system has nobody");
    let uid = nobody.uid.to_string();
    // The helper may lie where nobody may go, so it is root until it drops.
    let output = Program::probe(&["drop-privileges", &uid]).run(&mut spawner).output();
    let gid = nobody.gid.to_string();
    let expected = [
        "Ok(Dropped)".to_owned(),
        format!("Uid: {}", [uid.as_str(); 4].join(" ")),
        format!("Gid: {}", [gid.as_str(); 4].join(" ")),
        format!("Groups: {gid}"),
        "Err(EPERM)".to_owned(),
    ];
    assert_eq!(lines(&output), expected);
}

#[test]
fn our_own_user_is_no_change_and_a_number_without_a_name_is_a_user() {
    let mut spawner = Spawner::new().unwrap();
    let own = nix::unistd::getuid().to_string();
    let output = Program::probe(&["drop-privileges", &own]).run(&mut spawner).output();
    assert_eq!(lines(&output)[0], "Ok(AlreadyThatUser)");
    let output = Program::probe(&["drop-privileges", "4000000001"]).run(&mut spawner).output();
    let root = nix::unistd::getuid().is_root();
    let refused = "Err(\"Can't drop privilege as nonroot user\")";
    assert_eq!(lines(&output)[0], if root { "Ok(Dropped)" } else { refused });
}

#[test]
fn a_limit_is_raised_within_the_hard_one_and_the_hard_one_is_named() {
    let mut spawner = Spawner::new().unwrap();
    let script = "ulimit -Sn 100; ulimit -Hn 400; exec \"$0\" raise-nofile $1";
    let output = probe_from(script, "300").run(&mut spawner).output();
    assert_eq!(lines(&output), ["Increased RLIMIT_NOFILE limit to 300", "(300, 400)"]);
    let output = probe_from(script, "100").run(&mut spawner).output();
    assert_eq!(lines(&output), ["", "(100, 400)"]);
    // More than any process may have (proc(5), nr_open), so that root is refused too.
    let output = probe_from(script, "9000000000").run(&mut spawner).output();
    let [text, limits] = lines(&output)[..] else { panic!("{output}") };
    assert!(text.starts_with("The minimum number of file descriptors required to run this process is 9000000000 "));
    assert!(text.contains("will only allow you to open 400 file descriptors.  Either raise"), "{text}");
    assert_eq!(limits, "(100, 400)");
}

#[test]
fn a_lack_of_descriptors_costs_the_pidfd_and_no_child() {
    let mut spawner = Spawner::new().unwrap();
    let output = Program::probe(&["spawn-without-descriptors"]).run(&mut spawner).output();
    assert_eq!(lines(&output), ["[Ok(false), Ok(false), Ok(false)]", "[Ok(true), Ok(true), Ok(true)]"]);
}

#[test]
fn a_shelf_loses_nothing_for_lack_of_descriptors() {
    let mut spawner = Spawner::new().unwrap();
    let output = Program::probe(&["shelf-without-descriptors"]).run(&mut spawner).output();
    assert_eq!(lines(&output), ["Err(Some(24))", "Err(Some(24))", "Ok(())", "Err(WouldBlock)"]);
}

#[test]
fn where_calls_are_refused_another_way_is_found_and_kept() {
    let mut spawner = Spawner::new().unwrap();
    let missing = "supervisor: couldn't exec x: ENOENT\nsupervisor: child process was not spawned\n";
    let table: [(&[&str], bool); 7] = [
        (&[], true),
        (&["pidfd_open"], true),
        (&["clone"], true),
        (&["close_range"], true),
        (&["close_range-by-filter"], true),
        (&["close_range", "pidfd_open"], false),
        (&["clone", "close_range"], true),
    ];
    for (method, (refused, pidfd)) in ["shared", "copied"].iter().flat_map(|method| table.map(|row| (method, row))) {
        let program = Program::probe(&[&["spawn-refused", method], refused].concat());
        let finished = program.run(&mut spawner);
        // ls(1) itself opens fd 3.
        let listed = format!("0\n1\n2\n3\n5\nexit status 0, pidfd {pidfd}, []\n");
        let failed = format!("exit status 127, pidfd {pidfd}, [\"couldn't exec x: ENOENT\"]\n");
        assert_eq!(finished.stdout, format!("{listed}{listed}{failed}"), "{refused:?}: {}", finished.stderr);
        assert_eq!(finished.stderr, missing, "{refused:?}");
        assert_eq!(finished.status, ExitStatus::Exited(0), "{refused:?}");
    }
    // Without any list of descriptors: ls(1) cannot list either, but is there.
    let program = Program::probe(&["spawn-refused", "shared", "close_range", "/proc"]);
    let finished = program.run(&mut spawner);
    assert_eq!(finished.stdout.matches("pidfd true, [").count(), 3, "{finished:?}");
}

#[test]
fn threads_start_where_the_newer_call_is_refused() {
    let mut spawner = Spawner::new().unwrap();
    let output = Program::probe(&["thread-refused"]).run(&mut spawner).output();
    assert_eq!(lines(&output), ["Operation not permitted (os error 1)", "42"]);
}

#[test]
fn waiting_works_without_the_newer_call() {
    let mut spawner = Spawner::new().unwrap();
    let output = Program::probe(&["wait-refused"]).run(&mut spawner).output();
    assert_eq!(lines(&output), ["[]", "[]", "[]", "[(3, true, false)]"]);
}

#[test]
fn the_slots_are_the_lowest_descriptors() {
    let mut spawner = Spawner::new().unwrap();
    let output = Program::probe(&["slots"]).run(&mut spawner).output();
    assert_eq!(output, "0 1 2 3 4 5 6\n");
}

#[test]
fn inherited_signal_state_is_undone_and_nothing_pending_is_lost() {
    let mut spawner = Spawner::new().unwrap();
    // perl(1) is on every Debian; it can block a signal for what it executes.
    let script = "use POSIX; $SIG{HUP} = $SIG{CHLD} = 'IGNORE'; \
                  sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGUSR2, SIGTERM)); \
                  kill USR2 => $$; exec @ARGV";
    let mut program = Program::new("/usr/bin/perl", &["-e", script]);
    program.argv.extend(Program::probe(&["signals"]).argv);
    let output = program.run(&mut spawner).output();
    let ignored = support::mask_of(&[libc::SIGPIPE, libc::SIGXFSZ]);
    let real_time = support::mask_of(&(libc::SIGRTMIN()..=libc::SIGRTMAX()).collect::<Vec<_>>());
    let expected = [format!("[{}]", libc::SIGUSR2), format!("SigBlk: {real_time}"), format!("SigIgn: {ignored}")];
    // What was pending is delivered by the call that unblocks.
    assert_eq!(lines(&output), expected);
}

#[test]
fn children_that_are_not_ours_are_expected_where_they_can_come() {
    let mut spawner = Spawner::new().unwrap();
    let output = Program::probe(&["adopt"]).run(&mut spawner).output();
    assert_eq!(lines(&output), ["false", "true", "false"]);
    // A shell that has a child and becomes us.
    let running = probe_from("cat & exec \"$0\" adopt", "").start(&mut spawner);
    let group = supervisor_core::KillTarget::Group(running.child.pid);
    support::wait_until_readable(running.stdout.as_fd());
    let status = support::wait_for_end(&running.child);
    assert_eq!(status, ExitStatus::Exited(0));
    supervisor_sys::kill(group, supervisor_core::Signal::KILL).unwrap();
    let mut stdout = running.stdout;
    assert_eq!(lines(&support::read_all(&mut stdout)), ["true"; 3]);
}
