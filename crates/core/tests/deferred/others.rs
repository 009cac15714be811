//! Commands that never wait: signals, stdin, events, logs, information (contract/rpc.md §4; quirks.md F06, F12, F30).

use supervisor_core::{
    Autorestart, Channel, ChannelConfig, Command, ExitStatus, Fault, FaultCode, LogFile, ProcessState, StdinError,
};

use super::{signal, stop};
use crate::sim::config::{alone, channel, group, program, with};
use crate::sim::{Script, Sim, WALL_BEGIN};

fn stdin(name: &str, chars: &str) -> Command {
    Command::SendProcessStdin { name: name.to_owned(), chars: chars.as_bytes().to_vec() }
}

#[test]
fn a_signal_is_checked_after_the_name_and_before_the_state() {
    let mut sim = Sim::of(with(program("cat"), |it| it.start.autostart = false));
    assert_eq!(sim.ask(signal("cat", "NOSUCH")), "11 BAD_SIGNAL: NOSUCH");
    assert_eq!(sim.ask(signal("cat", "0")), "11 BAD_SIGNAL: 0");
    assert_eq!(sim.ask(signal("cat", "HUP")), "70 NOT_RUNNING: cat");
    sim.start("cat");
    for name in ["HUP", "sighup", "1", " 1 "] {
        assert_eq!(sim.ask(signal("cat:cat", name)), "True");
    }
}

#[test]
fn backoff_cannot_be_signalled() {
    let mut sim = Sim::of_scripted(program("cat"), [Script::unborn("no")]);
    assert_eq!(sim.ask(signal("cat", "HUP")), "70 NOT_RUNNING: cat");
}

#[test]
fn stdin_is_for_processes_that_run_and_are_not_asked_to_stop() {
    let mut sim = Sim::of_scripted(program("cat"), [Script::exits(0.5, 1), Script::stubborn()]);
    assert_eq!(sim.ask(stdin("cat", "one\n")), "True", "STARTING");
    sim.advance(0.75);
    assert_eq!(sim.ask(stdin("cat", "two\n")), "70 NOT_RUNNING: cat", "BACKOFF");
    sim.advance(5.0);
    assert_eq!(sim.ask(stdin("cat:cat", "three\n")), "True", "RUNNING");
    sim.ask(stop("cat", false));
    assert_eq!(sim.ask(stdin("cat", "four\n")), "70 NOT_RUNNING: cat", "STOPPING");
    sim.run_until_quiet();
    assert_eq!(sim.ask(stdin("cat", "five\n")), "70 NOT_RUNNING: cat", "STOPPED");
    assert_eq!(sim.take().calls().with("stdin").lines(), ["stdin cat \"one\\n\"", "stdin cat \"three\\n\""]);
    assert_eq!(sim.ask(stdin("cat:*", "x")), "10 BAD_NAME: cat:*");
}

#[test]
fn a_stdin_that_is_closed_or_full_is_told() {
    let mut sim = Sim::running(program("cat"), Script::lives());
    sim.host.stdin_errors.insert("cat".to_owned(), StdinError::Closed);
    assert_eq!(sim.ask(stdin("cat", "x")), "20 NO_FILE: cat");
    sim.host.stdin_errors.insert("cat".to_owned(), StdinError::Full);
    assert_eq!(sim.ask(stdin("cat", "x")), "30 FAILED: cat does not read its stdin, its buffer is full");
}

#[test]
fn a_remote_communication_event_carries_what_it_was_given() {
    let mut sim = Sim::with(vec![]);
    sim.take();
    let (kind, data) = ("a type\nof two lines".to_owned(), "d\u{e9}j\u{e0}".to_owned());
    assert_eq!(sim.ask(Command::SendRemoteCommEvent { kind, data }), "True");
    assert_eq!(sim.take().events().lines(), ["REMOTE_COMMUNICATION type:a type\nof two lines \"d\u{e9}j\u{e0}\""]);
}

fn logged(logfile: LogFile) -> ChannelConfig {
    ChannelConfig { logfile, ..channel() }
}

#[test]
fn log_files_are_told_with_the_names_that_were_chosen() {
    let config = with(program("cat"), |it| {
        it.log.stdout = logged(LogFile::Auto);
        it.log.stderr = logged(LogFile::Path("/var/log/cat.err".into()));
    });
    let mut sim = Sim::with(vec![alone(config), alone(program("mute"))]);
    let file = |name: &str, channel| Command::GetLogFile { name: name.to_owned(), channel };
    assert_eq!(sim.ask(file("cat", Channel::Stdout)), "log file Some(\"/auto/cat-stdout-1.log\")");
    assert_eq!(sim.ask(file("cat:cat", Channel::Stderr)), "log file Some(\"/var/log/cat.err\")");
    assert_eq!(sim.ask(file("mute", Channel::Stdout)), "log file None");
    assert_eq!(sim.ask(file("cat:*", Channel::Stdout)), "10 BAD_NAME: cat:*");
    assert_eq!(sim.info("cat").logs.stdout.as_deref(), Some("/auto/cat-stdout-1.log"));
}

#[test]
fn logs_are_cleared_whether_the_process_runs_or_not() {
    let off = with(program("off"), |it| it.start.autostart = false);
    let mut sim = Sim::with(vec![group("g", 1, [program("on"), off]), alone(program("bad"))]);
    sim.host.clear_errors.insert("bad".to_owned(), "EACCES".to_owned());
    sim.take();
    let clear = |name: &str| Command::ClearProcessLogs { name: name.to_owned() };
    assert_eq!(sim.ask(clear("g:off")), "True");
    assert_eq!(sim.take().calls().lines(), ["clear logs off"]);
    assert_eq!(sim.ask(clear("bad")), "30 FAILED: bad");
    assert_eq!(sim.take().log().lines(), ["ERRO could not clear the logs of bad: EACCES"]);
    assert_eq!(sim.ask(clear("g:*")), "10 BAD_NAME: g:*");
    assert_eq!(sim.ask(Command::ClearAllProcessLogs), "[g:on OK, g:off OK, bad 30 FAILED: bad]");
}

#[test]
fn the_main_log_is_cleared_or_the_reason_is_told() {
    let mut sim = Sim::with(vec![]);
    assert_eq!(sim.ask(Command::ClearLog), "True");
    sim.host.main_log_error = Some(Fault::bare(FaultCode::NoFile));
    assert_eq!(sim.ask(Command::ClearLog), "20 NO_FILE");
}

#[test]
fn information_follows_the_life_of_a_process() {
    let config = with(program("cat"), |it| it.restart.autorestart = Autorestart::Never);
    let mut sim = Sim::of_scripted(with(config, |it| it.start.autostart = false), [Script::exits(5.0, 3)]);
    let seen = |sim: &mut Sim| {
        let info = sim.info("cat");
        let since = |time: i64| if time == 0 { 0 } else { time - WALL_BEGIN };
        (info.state, info.pid.map(supervisor_core::Pid::get), since(info.start), since(info.stop), info.exit_code)
    };
    assert_eq!(seen(&mut sim), (ProcessState::Stopped, None, 0, 0, None));
    sim.advance(7.0);
    sim.start("cat");
    sim.advance(2.0);
    assert_eq!(seen(&mut sim), (ProcessState::Running, Some(100), 7, 0, None));
    sim.advance(5.0);
    assert_eq!(seen(&mut sim), (ProcessState::Exited, None, 7, 12, Some(3)));
    sim.start("cat");
    assert_eq!(seen(&mut sim), (ProcessState::Starting, Some(101), 14, 12, None));
    sim.exit("cat", ExitStatus::Exited(0));
    assert_eq!(seen(&mut sim), (ProcessState::Backoff, None, 14, 14, None));
}

#[test]
fn a_spawn_that_failed_has_a_start_and_no_stop() {
    let mut sim = Sim::of_scripted(program("cat"), [Script::unborn("no")]);
    let info = sim.info("cat");
    assert_eq!((info.start, info.stop), (WALL_BEGIN, 0));
    sim.ask(stop("cat", true));
    assert_eq!(sim.info("cat").stop, 0, "it never had a pid that could be reaped");
}

#[test]
fn a_child_that_is_none_of_ours_is_only_told_of() {
    let mut sim = Sim::of(program("cat"));
    sim.take();
    sim.feed(supervisor_core::Input::StrangerExited { pid: 4711, status: ExitStatus::Exited(0) });
    assert_eq!(sim.take().lines(), ["INFO reaped unknown pid 4711 (exit status 0)"]);
}
