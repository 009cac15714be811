//! Options that Python does not know.

use std::time::Duration;

use supervisor_core::{DaemonSignal, Signal, SignalRewrite};

use crate::folder::load;

#[test]
fn exitsignals_are_read_for_each_process_with_its_own_names() {
    let config = load(
        "[program:a]\ncommand=x\nnumprocs=2\nprocess_name=%(process_num)d\n\
         environment=LAST=\"1%(process_num)d\"\nexitsignals=TERM, %(ENV_LAST)s,\n",
    )
    .unwrap();
    let processes = config.groups[0].processes.iter();
    let signals: Vec<Vec<&str>> =
        processes.map(|process| process.restart.exitsignals.iter().map(|signal| signal.name()).collect()).collect();
    assert_eq!(signals, [["SIGTERM", "SIGUSR1"], ["SIGTERM", "SIGSEGV"]]);
}

#[test]
fn a_listener_may_have_exitsignals_too() {
    let config = load("[eventlistener:l]\ncommand=x\nevents=EVENT\nexitsignals=kill\n").unwrap();
    assert_eq!(*config.groups[0].processes[0].restart.exitsignals, [Signal::KILL]);
}

#[test]
fn what_is_no_signal_ends_the_start() {
    let error = load("[program:a]\ncommand=x\nexitsignals=TERM,NOSUCH\n").unwrap_err();
    let expected = "value 'NOSUCH' is not a valid signal name in section 'program:a' (file: ";
    assert!(error.starts_with(expected), "{error}");
}

/// What is said of a program with these options, from the section on.
fn refused(options: &str) -> String {
    load(&format!("[program:a]\ncommand=x\n{options}\n")).unwrap_err()
}

#[test]
fn kill_mode_says_who_gets_both_signals() {
    for (options, as_group) in [
        ("kill_mode=process", (false, false)),
        ("kill_mode=Group", (true, true)),
        ("kill_mode=group\nstopasgroup=true", (true, true)),
        ("kill_mode=group\nkillasgroup=true", (true, true)),
        ("kill_mode=process\nstopasgroup=false\nkillasgroup=off", (false, false)),
        ("killasgroup=true", (false, true)),
    ] {
        let config = load(&format!("[program:a]\ncommand=x\n{options}\n")).unwrap();
        let stop = &config.groups[0].processes[0].stop;
        assert_eq!((stop.stopasgroup, stop.killasgroup), as_group, "{options}");
    }
    let contradicts = "[program:a] kill_mode=process: it contradicts killasgroup=true; keep one (file ";
    let error = refused("kill_mode=process\nkillasgroup=true");
    assert!(error.starts_with(contradicts) && error.ends_with("main.conf, line 4)"), "{error}");
    let error = refused("kill_mode=group\nstopasgroup=false");
    assert!(error.starts_with("[program:a] kill_mode=group: it contradicts stopasgroup=false; keep one"), "{error}");
    let error = refused("kill_mode=tree");
    let expected = "[program:a] section sets invalid kill_mode (tree), it has to be one of process, group (file ";
    assert!(error.starts_with(expected) && error.ends_with("main.conf, line 4)"), "{error}");
}

#[test]
fn how_supervisord_itself_ends_is_read() {
    let config = load("shutdown_timeout=1.5m\nsignal_rewrite=QUIT:TERM, usr1:Ignore,\n").unwrap();
    assert_eq!(config.supervisord.shutdown_timeout, Duration::from_secs(90));
    let rewrites = [
        SignalRewrite { from: DaemonSignal::Quit, to: Some(DaemonSignal::Term) },
        SignalRewrite { from: DaemonSignal::Other(10), to: None },
    ];
    assert_eq!(*config.supervisord.signal_rewrite, rewrites);
    let error = load("shutdown_timeout=5x\n").unwrap_err();
    let expected = "[supervisord] section sets invalid shutdown_timeout (5x), it has to be a number of seconds, or a \
                    number with ms, s, m, h or d (file {dir}/main.conf, line 2)";
    assert_eq!(error, expected);
}
