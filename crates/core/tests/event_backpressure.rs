//! `overflow=block`: who waits for a full pool, for how long, and who does not.

use std::sync::Arc;

use supervisor_core::{
    Channel, ChannelConfig, Command, DaemonSignal, EventType, ExitStatus, FaultCode, GroupConfig, Overflow,
    ProcessState, limits,
};

use crate::sim::config::{alone, channel, program, with};
use crate::sim::listeners::{pool, with_options};
use crate::sim::{Script, Sim};

/// Output of programs, and events of clients.
const EVENTS: &[EventType] =
    &[EventType::ProcessCommunicationStdout, EventType::ProcessLog, EventType::RemoteCommunication];

/// Members `l:a` and `l:b` that block at so many events.
fn blocking(buffer_size: usize, events: &[EventType]) -> Arc<GroupConfig> {
    with_options(&pool("l", buffer_size, events, &["a", "b"]), |config| config.overflow = Overflow::Block)
}

/// `talks` makes events of its stdout, `quiet` makes none.
fn programs() -> [Arc<GroupConfig>; 2] {
    let stdout = ChannelConfig { events_enabled: true, ..channel() };
    [alone(with(program("talks"), |it| it.log.stdout = stdout)), alone(program("quiet"))]
}

/// All of them RUNNING; the listeners have said nothing yet.
fn running(buffer_size: usize) -> Sim {
    let mut sim = Sim::with([blocking(buffer_size, EVENTS)].into_iter().chain(programs()).collect());
    sim.advance(2.0);
    sim.take();
    sim
}

/// The listener reads and answers everything, and the programs are read whenever they may be.
fn work(sim: &mut Sim) -> Vec<String> {
    let mut payloads = Vec::new();
    sim.say("l:a", "READY\n");
    loop {
        let sent = sim.deliveries();
        if sent.is_empty() {
            return payloads;
        }
        payloads.extend(sent.into_iter().map(|sent| sent.payload));
        sim.say_done("l:a");
        sim.read_pipes();
    }
}

#[test]
fn a_program_waits_while_the_pool_is_full_and_nothing_is_lost() {
    let mut sim = running(2);
    let text = (100_000..100_100).map(|number| number.to_string()).collect::<Vec<_>>().join("\n") + "\n";
    sim.write("talks", Channel::Stdout, text.as_bytes());
    assert_eq!(sim.unread("talks", Channel::Stdout), 700 - 14, "two events of seven bytes each");
    sim.write("quiet", Channel::Stdout, b"nobody wants this\n");
    assert_eq!(sim.unread("quiet", Channel::Stdout), 0);
    sim.write("talks", Channel::Stderr, b"nor this\n");
    assert_eq!(sim.unread("talks", Channel::Stderr), 0);
    let told = work(&mut sim);
    let lines: String = told.iter().filter_map(|payload| payload.split_once('\n')).map(|(_, data)| data).collect();
    assert_eq!(lines, text);
    assert_eq!(sim.unread("talks", Channel::Stdout), 0);
    let statistics = sim.statistics("l");
    assert_eq!((statistics.delivered, statistics.dropped_by_count, statistics.dropped_by_bytes), (100, 0, 0));
}

#[test]
fn a_message_that_spans_the_wait_is_one_message() {
    let stdout = ChannelConfig { capture_maxbytes: 100, ..channel() };
    let mut sim = Sim::with(vec![blocking(1, EVENTS), alone(with(program("talks"), |it| it.log.stdout = stdout))]);
    sim.advance(2.0);
    let text = "<!--XSUPERVISOR:BEGIN-->one<!--XSUPERVISOR:END-->log<!--XSUPERVISOR:BEGIN-->two<!--XSUPERVISOR:END-->";
    sim.write("talks", Channel::Stdout, text.as_bytes());
    assert!(sim.unread("talks", Channel::Stdout) > 0);
    let told = work(&mut sim);
    let messages: Vec<_> = told.iter().filter_map(|payload| payload.split_once('\n')).map(|(_, data)| data).collect();
    assert_eq!(messages, ["one", "two"]);
}

#[test]
fn a_client_is_answered_once_its_event_has_a_place() {
    let mut sim = running(2);
    let send = |sim: &mut Sim, data: &str| {
        sim.request(Command::SendRemoteCommEvent { kind: "t".to_owned(), data: data.to_owned() })
    };
    let requests: Vec<_> = ["1", "2", "3", "4"].map(|data| send(&mut sim, data)).into();
    let answers = |sim: &Sim| requests.iter().map(|request| sim.answer(*request)).collect::<Vec<_>>();
    assert_eq!(answers(&sim), ["True", "True", "waits", "waits"]);
    sim.say("l:b", "READY\n");
    assert_eq!(answers(&sim), ["True", "True", "True", "waits"]);
    assert_eq!(work(&mut sim), ["type:t\n1", "type:t\n2", "type:t\n3", "type:t\n4"]);
    assert_eq!(answers(&sim), ["True", "True", "True", "True"]);
}

#[test]
fn what_cannot_wait_is_taken_in() {
    let mut sim = Sim::with(vec![blocking(2, &[EventType::Event]), alone(program("cat"))]);
    sim.advance(2.0);
    let waiting = sim.statistics("l").waiting;
    assert!(waiting > 2);
    sim.exit("cat", ExitStatus::Exited(1));
    assert_eq!(sim.statistics("l").waiting, waiting + 2, "EXITED and STARTING");
    assert_eq!(sim.take().with("overflowed").lines(), Vec::<String>::new());
}

#[test]
fn beyond_the_bound_of_bytes_the_oldest_is_dropped_with_its_line() {
    let mut sim = running(1_000_000);
    let mebibyte = vec![b'x'; 1 << 20];
    let id = sim.id("talks").expect("it runs");
    let mut reads = 0;
    while !sim.supervisor.holds_output(id, Channel::Stdout) {
        sim.output("talks", Channel::Stdout, &mebibyte);
        reads += 1;
    }
    assert_eq!(reads, limits::LISTENER_POOL_BLOCK_BYTES >> 20);
    sim.take();
    // What a program leaves behind is read all the same.
    for _ in 0..reads {
        sim.output("talks", Channel::Stdout, &mebibyte);
    }
    let lines = sim.take().with("ERRO").lines();
    assert_eq!(lines, ["ERRO pool l event buffer overflowed, discarding event 0"]);
    assert_eq!(sim.statistics("l").dropped_by_bytes, 1);
}

#[test]
fn it_is_told_when_it_begins_and_when_it_has_ended() {
    let mut sim = running(1);
    sim.write("talks", Channel::Stdout, &[b'x'; 70]);
    sim.advance(12.0);
    let told = sim.take().with("pool l").log().lines();
    assert_eq!(
        told,
        ["WARN pool l is full with 1 events: programs and clients whose events it wants wait from now on \
          (overflow=block), until its listeners have worked; see to them, or raise its buffer_size"]
    );
    assert!(sim.statistics("l").blocked);
    assert_eq!(work(&mut sim).len(), 10);
    sim.advance(4.9);
    assert_eq!(sim.take().with("pool l").log().lines(), Vec::<String>::new(), "it may be full again");
    sim.advance(0.1);
    assert_eq!(
        sim.take().with("pool l").log().lines(),
        ["INFO pool l holds nobody up any more; programs and clients waited for 12.0 s"]
    );
    assert_eq!((sim.statistics("l").blocked, sim.deadline()), (false, None));
}

#[test]
fn a_program_that_is_asked_to_stop_is_read() {
    let mut sim = Sim::scripted(
        [blocking(1, EVENTS)].into_iter().chain(programs()).collect(),
        [("talks", Script::lives().dying_slowly(3.0))],
    );
    sim.advance(2.0);
    sim.write("talks", Channel::Stdout, &[b'x'; 70]);
    assert!(sim.unread("talks", Channel::Stdout) > 0);
    let request = sim.stop("talks");
    sim.read_pipes();
    assert_eq!(sim.unread("talks", Channel::Stdout), 0);
    sim.advance(3.0);
    assert_eq!(sim.answer(request), "True");
    assert_eq!(sim.statistics("l").dropped_by_count, 0);
}

#[test]
fn listeners_are_never_held() {
    let stderr = ChannelConfig { events_enabled: true, ..channel() };
    let mut group = (*blocking(1, EVENTS)).clone();
    for process in &mut group.processes {
        *process = Arc::new(with((**process).clone(), |it| it.log.stderr = stderr.clone()));
    }
    let mut sim = Sim::with(vec![Arc::new(group)]);
    sim.advance(2.0);
    sim.write("l:a", Channel::Stderr, &[b'x'; 700]);
    assert_eq!(sim.unread("l:a", Channel::Stderr), 0);
    assert_eq!(work(&mut sim).len(), 100);
}

#[test]
fn a_pool_that_is_removed_lets_everybody_go() {
    let mut sim = running(1);
    sim.write("talks", Channel::Stdout, &[b'x'; 70]);
    sim.advance(1.0);
    let request = sim.request(Command::SendRemoteCommEvent { kind: "t".to_owned(), data: "d".to_owned() });
    sim.stop("l:*");
    sim.advance(0.0);
    assert_eq!(sim.answer(request), "waits");
    sim.take();
    assert_eq!(sim.ask(Command::RemoveProcessGroup { name: "l".to_owned() }), "True");
    assert_eq!(sim.answer(request), "True");
    assert_eq!(
        sim.take().with("pool l").log().lines(),
        [
            "WARN pool l was removed with 1 events that nobody has got",
            "INFO pool l holds nobody up any more; programs and clients waited for 1.0 s",
        ]
    );
    sim.read_pipes();
    assert_eq!((sim.unread("talks", Channel::Stdout), sim.deadline()), (0, None));
}

#[test]
fn a_shutdown_answers_everybody_and_ends() {
    for signal in [DaemonSignal::Term, DaemonSignal::Hup] {
        let mut sim = running(1);
        sim.write("talks", Channel::Stdout, &[b'x'; 70]);
        let requests: Vec<_> = (0..3)
            .map(|_| sim.request(Command::SendRemoteCommEvent { kind: "t".to_owned(), data: "d".to_owned() }))
            .collect();
        sim.signal(signal);
        sim.read_pipes();
        assert_eq!(sim.unread("talks", Channel::Stdout), 0);
        assert!(requests.iter().all(|request| sim.answer(*request) == "True"));
        sim.advance(1.0);
        assert!(sim.supervisor.is_finished());
        let waiting = sim.statistics("l").waiting;
        assert_eq!(
            sim.take().with("nobody has got").log().lines(),
            [format!("WARN pool l ends with {waiting} events that nobody has got")]
        );
    }
}

#[test]
fn so_many_events_wait_and_no_more() {
    let mut sim = running(1);
    sim.host.trace = None;
    let send = |sim: &mut Sim, data: String| sim.request(Command::SendRemoteCommEvent { kind: "t".to_owned(), data });
    for number in 0..=limits::WAITING_EVENTS {
        send(&mut sim, number.to_string());
    }
    let refused = send(&mut sim, "too many".to_owned());
    match &sim.host.answers[&refused] {
        Err(fault) => assert_eq!(fault.code, FaultCode::Failed),
        answer @ Ok(_) => panic!("{answer:?}"),
    }
    assert!(sim.answer(refused).contains("too many events are waiting for room in pool l"));
    assert_eq!(work(&mut sim).len(), limits::WAITING_EVENTS + 1);
    assert_eq!(sim.host.witness.open_requests(), 0);
    send(&mut sim, "for the listener".to_owned());
    send(&mut sim, "fills the pool".to_owned());
    send(&mut sim, "x".repeat(limits::WAITING_EVENT_BYTES));
    let refused = send(&mut sim, "too large".to_owned());
    assert!(sim.answer(refused).contains("too many events"));
}

#[test]
fn a_pool_without_listeners_holds_what_it_wants_and_nothing_else() {
    let mut sim = running(1);
    for listener in ["l:a", "l:b"] {
        sim.stop(listener);
        sim.advance(0.0);
        assert_eq!(sim.state(listener), ProcessState::Stopped);
    }
    sim.write("talks", Channel::Stdout, &[b'x'; 70]);
    sim.write("quiet", Channel::Stdout, &[b'x'; 70]);
    sim.advance(1_000.0);
    sim.read_pipes();
    assert!(sim.unread("talks", Channel::Stdout) > 0);
    assert_eq!(sim.unread("quiet", Channel::Stdout), 0);
    let request = sim.start("l:a");
    sim.advance(1.0);
    assert_eq!(sim.answer(request), "True");
    assert_eq!(work(&mut sim).len(), 10);
}
