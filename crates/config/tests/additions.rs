//! Options that Python does not know.

use supervisor_core::Signal;

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
