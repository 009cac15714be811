//! Every payload, exactly as a listener reads it (contract/events.md §2).

use supervisor_core::{Channel, ChannelConfig, EventType, ExitStatus, KillError, ProcessConfig, Settings};

use crate::sim::config::{alone, channel, group, program, with};
use crate::sim::listeners::{Delivery, pool};
use crate::sim::{Script, Sim};

/// A supervisor with this program and a listener that was always ready and did all that came.
struct Watched {
    sim: Sim,
    seen: Vec<Delivery>,
}

impl Watched {
    fn of(process: ProcessConfig, scripts: impl IntoIterator<Item = Script>) -> Self {
        let name = process.name.to_string();
        let mut sim = Sim::configured(vec![pool("l", 1_000, &[EventType::Event], &["l"]), alone(process)]);
        sim.script(&name, scripts);
        sim.feed(supervisor_core::Input::Boot);
        sim.advance(1.0);
        sim.say("l", "READY\n");
        let mut watched = Self { sim, seen: Vec::new() };
        watched.listen();
        watched
    }

    fn listen(&mut self) {
        loop {
            let sent = self.sim.deliveries();
            if sent.is_empty() {
                return;
            }
            self.seen.extend(sent);
            self.sim.say_done("l");
        }
    }

    /// The payloads of what has happened, with the event's names, but for the listener's own.
    fn payloads(&mut self) -> Vec<String> {
        self.listen();
        let seen = std::mem::take(&mut self.seen);
        let of_others = seen.iter().filter(|sent| !sent.payload.starts_with("processname:l "));
        of_others.map(|sent| format!("{} {}", sent.name(), sent.payload)).collect()
    }
}

#[test]
fn from_the_start_to_running() {
    let mut watched = Watched::of(program("cat"), [Script::lives()]);
    assert_eq!(
        watched.payloads(),
        [
            "PROCESS_GROUP_ADDED groupname:l\n",
            "PROCESS_GROUP_ADDED groupname:cat\n",
            "SUPERVISOR_STATE_CHANGE_RUNNING ",
            "PROCESS_STATE_STARTING processname:cat groupname:cat from_state:STOPPED tries:0",
            "PROCESS_STATE_RUNNING processname:cat groupname:cat from_state:STARTING pid:101",
        ]
    );
}

#[test]
fn a_stop_and_an_exit() {
    let mut watched = Watched::of(program("cat"), [Script::lives()]);
    watched.payloads();
    watched.sim.stop("cat");
    watched.sim.advance(0.0);
    assert_eq!(
        watched.payloads(),
        [
            "PROCESS_STATE_STOPPING processname:cat groupname:cat from_state:RUNNING pid:101",
            "PROCESS_STATE_STOPPED processname:cat groupname:cat from_state:STOPPING pid:101",
        ]
    );
    watched.sim.start("cat");
    watched.sim.advance(1.0);
    watched.payloads();
    watched.sim.exit("cat", ExitStatus::Exited(3));
    watched.listen();
    assert_eq!(watched.seen[0].payload, "processname:cat groupname:cat from_state:RUNNING expected:0 pid:102");
    assert_eq!(watched.seen[0].name(), "PROCESS_STATE_EXITED");
}

#[test]
fn failed_starts_to_the_end() {
    let mut watched = Watched::of(with(program("cat"), |it| it.restart.startretries = 1), [Script::exits(0.1, 0)]);
    watched.sim.advance(10.0);
    let payloads = watched.payloads();
    assert_eq!(
        payloads[3..8],
        [
            "PROCESS_STATE_STARTING processname:cat groupname:cat from_state:STOPPED tries:0",
            "PROCESS_STATE_BACKOFF processname:cat groupname:cat from_state:STARTING tries:1",
            "PROCESS_STATE_STARTING processname:cat groupname:cat from_state:BACKOFF tries:1",
            "PROCESS_STATE_BACKOFF processname:cat groupname:cat from_state:STARTING tries:2",
            "PROCESS_STATE_FATAL processname:cat groupname:cat from_state:BACKOFF",
        ]
    );
}

#[test]
fn a_stop_while_it_waits_for_another_try() {
    let mut watched = Watched::of(program("cat"), [Script::exits(0.1, 0)]);
    watched.payloads();
    watched.sim.stop("cat");
    assert_eq!(
        watched.payloads().last().map(String::as_str),
        Some("PROCESS_STATE_STOPPED processname:cat groupname:cat from_state:BACKOFF pid:0")
    );
}

#[test]
fn one_that_cannot_be_signalled() {
    let unreachable = Script::lives().unreachable(KillError::Failed("EPERM".to_owned()));
    let mut watched = Watched::of(program("cat"), [unreachable]);
    watched.payloads();
    watched.sim.stop("cat");
    assert_eq!(
        watched.payloads().last().map(String::as_str),
        Some("PROCESS_STATE_UNKNOWN processname:cat groupname:cat from_state:STOPPING")
    );
}

#[test]
fn output_and_messages() {
    let talks = ChannelConfig { events_enabled: true, capture_maxbytes: 1_000, ..channel() };
    let config = with(program("cat"), |it| {
        it.log.stdout = talks.clone();
        it.log.stderr = talks;
    });
    let mut watched = Watched::of(config, [Script::lives()]);
    watched.payloads();
    let text = "é <!--XSUPERVISOR:BEGIN-->two\nlines<!--XSUPERVISOR:END-->";
    watched.sim.output("cat", Channel::Stdout, text.as_bytes());
    watched.sim.output("cat", Channel::Stderr, text.as_bytes());
    assert_eq!(
        watched.payloads(),
        [
            "PROCESS_LOG_STDOUT processname:cat groupname:cat pid:101 channel:stdout\né ",
            "PROCESS_COMMUNICATION_STDOUT processname:cat groupname:cat pid:101\ntwo\nlines",
            "PROCESS_LOG_STDERR processname:cat groupname:cat pid:101 channel:stderr\né ",
            "PROCESS_COMMUNICATION_STDERR processname:cat groupname:cat pid:101\ntwo\nlines",
        ]
    );
}

#[test]
fn output_that_is_no_text_and_characters_of_several_bytes() {
    let stdout = ChannelConfig { events_enabled: true, ..channel() };
    let mut watched = Watched::of(with(program("cat"), |it| it.log.stdout = stdout), [Script::lives()]);
    watched.payloads();
    let head = "processname:cat groupname:cat pid:101 channel:stdout\n";
    for (bytes, shown, characters) in [
        (&b"caf\xe9\n"[..], "Undecodable: b'caf\\xe9\\n'", 25),
        ("café\n".as_bytes(), "café\n", 5),
        ("日本語".as_bytes(), "日本語", 3),
        ("🦀".as_bytes(), "🦀", 1),
        ("e\u{301}".as_bytes(), "e\u{301}", 2),
        (&"é".as_bytes()[..1], "Undecodable: b'\\xc3'", 20),
    ] {
        watched.sim.output("cat", Channel::Stdout, bytes);
        watched.listen();
        let event = watched.seen.pop().expect("it was told of");
        assert_eq!(event.payload, format!("{head}{shown}"));
        assert_eq!(event.header["len"], (head.len() + characters).to_string(), "{shown}");
    }
}

#[test]
fn no_event_carries_more_output_than_listeners_are_used_to() {
    let stdout = ChannelConfig { events_enabled: true, ..channel() };
    let mut watched = Watched::of(with(program("cat"), |it| it.log.stdout = stdout), [Script::lives()]);
    watched.payloads();
    let text = "x".repeat(256 * 1024);
    watched.sim.output("cat", Channel::Stdout, text.as_bytes());
    let head = "PROCESS_LOG_STDOUT processname:cat groupname:cat pid:101 channel:stdout\n";
    let part = head.to_owned() + &"x".repeat(128 * 1024);
    assert!(watched.payloads() == [part.clone(), part]);
}

#[test]
fn messages_of_clients_are_not_escaped() {
    let mut watched = Watched::of(program("cat"), [Script::lives()]);
    watched.payloads();
    let (kind, data) = ("a type\nwith a line".to_owned(), "dätä\n".to_owned());
    watched.sim.request(supervisor_core::Command::SendRemoteCommEvent { kind, data });
    assert_eq!(watched.payloads(), ["REMOTE_COMMUNICATION type:a type\nwith a line\ndätä\n"]);
}

#[test]
fn groups_that_come_and_go() {
    let mut watched = Watched::of(program("cat"), [Script::lives()]);
    watched.payloads();
    let idle = group("g", 999, [with(program("x"), |it| it.start.autostart = false)]);
    watched.sim.request(supervisor_core::Command::ReloadConfig { groups: vec![idle] });
    watched.sim.request(supervisor_core::Command::AddProcessGroup { name: "g".to_owned() });
    watched.sim.request(supervisor_core::Command::RemoveProcessGroup { name: "g".to_owned() });
    assert_eq!(watched.payloads(), ["PROCESS_GROUP_ADDED groupname:g\n", "PROCESS_GROUP_REMOVED groupname:g\n"]);
}

#[test]
fn the_end_of_supervisord() {
    let mut watched = Watched::of(program("cat"), [Script::lives()]);
    watched.payloads();
    watched.sim.signal(supervisor_core::DaemonSignal::Term);
    let payloads = watched.payloads();
    assert_eq!(payloads[0], "SUPERVISOR_STATE_CHANGE_STOPPING ");
}

#[test]
fn the_header_is_exactly_this() {
    let settings = Settings { identifier: "box-7".to_owned(), ..Settings::default() };
    let mut sim = Sim::new(settings);
    sim.count_events_from(41);
    let groups = vec![pool("mail", 10, &[EventType::RemoteCommunication], &["mail"])];
    sim.supervisor.configure(groups, &mut sim.host).expect("there are no sockets");
    sim.feed(supervisor_core::Input::Boot);
    sim.advance(2.0);
    sim.say("mail", "READY\n");
    sim.send_event("ü");
    let header = "ver:3.0 server:box-7 serial:41 pool:mail poolserial:0 eventname:REMOTE_COMMUNICATION len:11";
    assert_eq!(sim.host.sent, [("mail".to_owned(), format!("{header}\ntype:test\nü"))]);
    // The identifier is the one of the moment: a reread may change it while events wait (K35).
    sim.send_event("");
    sim.supervisor.change_identifier("box-8".to_owned());
    sim.say_done("mail");
    let second = sim.deliveries().pop().expect("it was ready");
    assert_eq!((second.header["server"].as_str(), second.serial(), second.poolserial()), ("box-8", 42, 1));
}
