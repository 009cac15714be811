//! Output of children: log, main log, events and capture mode (§6, §6.3; quirks.md F08, F09, F10).

use supervisor_core::{Channel, ChannelConfig, ExitStatus, Input, LogLevel, Settings};

use crate::sim::config::{alone, channel, program, with};
use crate::sim::{Script, Sim};

const BEGIN: &str = "<!--XSUPERVISOR:BEGIN-->";
const END: &str = "<!--XSUPERVISOR:END-->";

/// A running `cat` with this stdout; the main log does not show output.
fn cat(stdout: ChannelConfig) -> Sim {
    let mut sim = Sim::running(with(program("cat"), |it| it.log.stdout = stdout), Script::lives());
    sim.host.log_level = LogLevel::Info;
    sim
}

fn capturing(bytes: i64) -> ChannelConfig {
    ChannelConfig { capture_maxbytes: bytes, ..channel() }
}

fn write(sim: &mut Sim, text: &str) {
    sim.output("cat", Channel::Stdout, text.as_bytes());
}

#[test]
fn a_chunk_goes_to_the_log_then_to_the_main_log_then_to_listeners() {
    let mut sim = cat(ChannelConfig { events_enabled: true, ..channel() });
    sim.host.log_level = LogLevel::Debug;
    write(&mut sim, "hello\n");
    assert_eq!(
        sim.take().lines(),
        [
            "stdout cat \"hello\\n\"",
            "DEBG 'cat' stdout output:\nhello\n",
            "PROCESS_LOG_STDOUT cat pid:100 \"hello\\n\"",
        ]
    );
}

#[test]
fn the_main_log_shows_output_only_at_debug_and_events_are_sent_only_where_enabled() {
    let mut sim = cat(channel());
    write(&mut sim, "hello\n");
    assert_eq!(sim.take().lines(), ["stdout cat \"hello\\n\""]);
}

#[test]
fn channels_are_apart() {
    let stderr = ChannelConfig { events_enabled: true, ..capturing(100) };
    let mut sim = Sim::running(with(program("cat"), |it| it.log.stderr = stderr), Script::lives());
    sim.host.log_level = LogLevel::Info;
    sim.output("cat", Channel::Stderr, BEGIN.as_bytes());
    write(&mut sim, "out");
    sim.output("cat", Channel::Stderr, format!("message{END}err").as_bytes());
    assert_eq!(
        sim.take().lines(),
        [
            "stdout cat \"out\"",
            "PROCESS_COMMUNICATION_STDERR cat pid:100 \"message\"",
            "stderr cat \"err\"",
            "PROCESS_LOG_STDERR cat pid:100 \"err\"",
        ]
    );
}

#[test]
fn a_message_is_an_event_and_no_output() {
    let mut sim = cat(ChannelConfig { events_enabled: true, ..capturing(100) });
    sim.host.log_level = LogLevel::Debug;
    write(&mut sim, &format!("a{BEGIN}message{END}b"));
    assert_eq!(
        sim.take().lines(),
        [
            "stdout cat \"a\"",
            "DEBG 'cat' stdout output:\na",
            "PROCESS_LOG_STDOUT cat pid:100 \"a\"",
            "DEBG 'cat' stdout output:\nmessage",
            "PROCESS_COMMUNICATION_STDOUT cat pid:100 \"message\"",
            "DEBG 'cat' stdout emitted a comm event",
            "stdout cat \"b\"",
            "DEBG 'cat' stdout output:\nb",
            "PROCESS_LOG_STDOUT cat pid:100 \"b\"",
        ]
    );
}

#[test]
fn a_message_is_found_however_it_is_split() {
    let text = format!("before{BEGIN}a <message>{END}after");
    for size in 1..text.len() {
        let mut sim = cat(capturing(100));
        for chunk in text.as_bytes().chunks(size) {
            sim.output("cat", Channel::Stdout, chunk);
        }
        let trace = sim.take();
        let events = trace.events().lines();
        assert_eq!(events, ["PROCESS_COMMUNICATION_STDOUT cat pid:100 \"a <message>\""], "chunks of {size}");
        let logged: String = trace.calls().lines().iter().filter_map(|line| line.split('"').nth(1)).collect();
        assert_eq!(logged, "beforeafter", "chunks of {size}");
    }
}

#[test]
fn several_messages_in_one_chunk_are_several_events() {
    let mut sim = cat(capturing(100));
    write(&mut sim, &format!("{BEGIN}one{END}{BEGIN}{END}{BEGIN}{BEGIN}three{END}"));
    assert_eq!(
        sim.take().events().lines(),
        [
            "PROCESS_COMMUNICATION_STDOUT cat pid:100 \"one\"",
            "PROCESS_COMMUNICATION_STDOUT cat pid:100 \"\"",
            "PROCESS_COMMUNICATION_STDOUT cat pid:100 \"<!--XSUPERVISOR:BEGIN-->three\"",
        ]
    );
}

#[test]
fn a_message_keeps_its_last_bytes() {
    let mut sim = cat(capturing(4));
    write(&mut sim, &format!("{BEGIN}0123456789"));
    write(&mut sim, &format!("ab{END}"));
    assert_eq!(sim.take().events().lines(), ["PROCESS_COMMUNICATION_STDOUT cat pid:100 \"89ab\""]);
}

#[test]
fn short_output_is_logged_at_once() {
    let mut sim = cat(capturing(100));
    write(&mut sim, "hi\n");
    assert_eq!(sim.take().lines(), ["stdout cat \"hi\\n\""]);
}

#[test]
fn what_looked_like_a_token_is_logged_when_the_process_ends_and_before_its_event() {
    let mut sim = cat(capturing(100));
    write(&mut sim, "x<!--XSUPER");
    assert_eq!(sim.take().lines(), ["stdout cat \"x\""]);
    sim.exit("cat", ExitStatus::Exited(0));
    assert_eq!(
        sim.take().lines(),
        [
            "stdout cat \"<!--XSUPER\"",
            "PROCESS_STATE_EXITED cat from_state:RUNNING expected:1 pid:100",
            "INFO exited: cat (exit status 0; expected)",
            "release cat",
        ]
    );
}

#[test]
fn nothing_of_one_life_is_left_in_the_next() {
    let mut sim = cat(capturing(100));
    write(&mut sim, &format!("{BEGIN}unfinished"));
    sim.exit("cat", ExitStatus::Exited(1));
    sim.take();
    write(&mut sim, &format!("{END}text"));
    let trace = sim.take();
    assert_eq!(trace.lines(), ["stdout cat \"<!--XSUPERVISOR:END-->text\""]);
}

#[test]
fn output_of_a_stopping_process_is_output() {
    let config = with(program("cat"), |it| it.log.stdout = ChannelConfig { events_enabled: true, ..channel() });
    let mut sim = Sim::running(config, Script::stubborn());
    sim.host.log_level = LogLevel::Info;
    sim.stop("cat");
    sim.take();
    write(&mut sim, "bye\n");
    assert_eq!(sim.take().lines(), ["stdout cat \"bye\\n\"", "PROCESS_LOG_STDOUT cat pid:100 \"bye\\n\""]);
}

#[test]
fn escape_sequences_are_stripped_from_output_and_not_from_messages() {
    let mut sim = Sim::new(Settings { strip_ansi: true, ..Settings::default() });
    let stdout = ChannelConfig { events_enabled: true, ..capturing(100) };
    let groups = vec![alone(with(program("cat"), |it| it.log.stdout = stdout))];
    sim.supervisor.configure(groups, &mut sim.host).expect("there are no sockets");
    sim.feed(Input::Boot);
    sim.take();
    write(&mut sim, &format!("\x1b[31mred\x1b[0m\n{BEGIN}\x1b[31mmessage{END}"));
    assert_eq!(
        sim.take().lines(),
        [
            "stdout cat \"red\\n\"",
            "DEBG 'cat' stdout output:\nred\n",
            "PROCESS_LOG_STDOUT cat pid:100 \"red\\n\"",
            "DEBG 'cat' stdout output:\nmessage",
            "PROCESS_COMMUNICATION_STDOUT cat pid:100 \"\\u{1b}[31mmessage\"",
            "DEBG 'cat' stdout emitted a comm event",
        ]
    );
}

#[test]
fn output_changes_no_state_and_sets_no_deadline() {
    let mut sim = cat(capturing(100));
    for _ in 0..1_000 {
        write(&mut sim, "text that is no message, again and again\n");
    }
    assert_eq!(sim.deadline(), None);
    assert_eq!(sim.take().lines().len(), 1_000);
}
