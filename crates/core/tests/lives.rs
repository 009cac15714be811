//! Lives: what comes from an earlier life of a process is never taken for the present one.

use supervisor_core::{Channel, Command, EventType, ExitStatus, Input, Life, ProcessState};

use crate::sim::config::{alone, channel, program, with};
use crate::sim::listeners::pool;
use crate::sim::{Script, Sim};

/// The program `cat`, which has events of its output, in its second life; and its first one.
fn in_its_second_life() -> (Sim, Life) {
    let loud = supervisor_core::ChannelConfig { events_enabled: true, capture_maxbytes: 100, ..channel() };
    let config = with(program("cat"), |it| it.log.stdout = loud);
    let mut sim = Sim::running(config, Script::lives());
    let first = sim.life("cat");
    sim.exit("cat", ExitStatus::Exited(1));
    sim.advance(10.0);
    assert_eq!(sim.life("cat"), Life { number: first.number + 1, ..first });
    sim.take();
    (sim, first)
}

#[test]
fn they_are_counted_from_one_and_a_start_that_fails_is_none() {
    let scripts = [Script::unborn("no"), Script::exits(5.0, 0), Script::lives()];
    let mut sim = Sim::of_scripted(program("cat"), scripts);
    assert_eq!(sim.life("cat").number, 0);
    sim.advance(1.0);
    assert_eq!((sim.state("cat"), sim.life("cat").number), (ProcessState::Starting, 1));
    sim.advance(5.0);
    assert_eq!((sim.state("cat"), sim.life("cat").number), (ProcessState::Exited, 0));
    sim.start("cat");
    assert_eq!(sim.life("cat").number, 2);
}

#[test]
fn what_an_earlier_one_has_left_is_logged_and_is_nothing_else() {
    let (mut sim, first) = in_its_second_life();
    let bytes = b"<!--XSUPERVISOR:BEGIN-->late<!--XSUPERVISOR:END-->";
    sim.feed(Input::Output { life: first, channel: Channel::Stdout, bytes });
    assert_eq!(sim.take().lines(), [format!("stdout cat {:?}", String::from_utf8_lossy(bytes))]);
    // The present one begins where it was: nothing of the other is held back before it.
    sim.output("cat", Channel::Stdout, b"now");
    assert_eq!(sim.take().events().with("LOG").lines().len(), 1);
}

#[test]
fn what_is_meant_for_the_pid_of_an_earlier_one_is_not_done() {
    let mut sim = Sim::running(program("cat"), Script::lives());
    let pid = |sim: &Sim| supervisor_core::Pid::new(sim.pid("cat").expect("it runs")).expect("a pid");
    let stop = |pid| {
        let command = Box::new(Command::StopProcess { name: "cat".to_owned(), wait: false });
        Command::OnlyWithPid { name: "cat".to_owned(), pid, command }
    };
    let first = pid(&sim);
    sim.exit("cat", ExitStatus::Exited(1));
    assert_eq!(sim.ask(stop(first)), "another pid", "it has none");
    sim.advance(10.0);
    assert_eq!(sim.ask(stop(first)), "another pid");
    assert_eq!(sim.state("cat"), ProcessState::Running);
    let second = pid(&sim);
    assert_eq!(sim.ask(stop(second)), "True");
    assert_eq!(sim.state("cat"), ProcessState::Stopping);
}

#[test]
fn the_end_of_an_earlier_one_ends_nothing() {
    let (mut sim, first) = in_its_second_life();
    for number in [0, first.number, first.number + 2] {
        let life = Life { number, ..first };
        sim.feed(Input::Exited { life, status: ExitStatus::Exited(0) });
        assert_eq!(sim.take().lines(), [""; 0], "{number}");
        assert_eq!(sim.state("cat"), ProcessState::Running);
    }
}

#[test]
fn a_listener_does_not_answer_with_the_words_of_an_earlier_one() {
    let mut sim = Sim::with(vec![pool("l", 10, &[EventType::RemoteCommunication], &["l"])]);
    sim.advance(2.0);
    let first = sim.life("l");
    sim.exit("l", ExitStatus::Exited(1));
    sim.advance(2.0);
    sim.say("l", "READY\n");
    sim.send_event("one");
    sim.feed(Input::Output { life: first, channel: Channel::Stdout, bytes: b"RESULT 2\nOK" });
    assert_eq!((sim.statistics("l").delivered, sim.statistics("l").in_progress), (0, 1));
    sim.say("l", "RESULT 2\nOK");
    assert_eq!((sim.statistics("l").delivered, sim.statistics("l").in_progress), (1, 0));
}

#[test]
fn they_are_counted_on_over_a_restart_of_supervisord() {
    let (sim, first) = in_its_second_life();
    let handover = sim.supervisor.hand_over();
    let mut next = Sim::new(supervisor_core::Settings::default());
    next.supervisor.take_over(handover);
    let groups = vec![alone(program("cat")), alone(program("dog"))];
    next.supervisor.configure(groups, &mut next.host).expect("there are no sockets");
    next.feed(Input::Boot);
    assert_eq!((next.life("cat").number, next.life("dog").number), (first.number + 2, 1));
}
