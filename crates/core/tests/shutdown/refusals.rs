//! What a client hears while everything is stopped (§9.8; quirks.md K40).

use supervisor_core::{Channel, Command, DaemonSignal};

use crate::sim::config::program;
use crate::sim::{Script, Sim};

fn name() -> String {
    "cat".to_owned()
}

/// One of each command but `SendRemoteCommEvent` and `GetLogFile`.
fn commands() -> Vec<Command> {
    vec![
        Command::StartProcess { name: name(), wait: true },
        Command::StartProcessGroup { name: name(), wait: true },
        Command::StartAllProcesses { wait: true },
        Command::StopProcess { name: name(), wait: true },
        Command::StopProcessGroup { name: name(), wait: true },
        Command::StopAllProcesses { wait: true },
        Command::SignalProcess { name: name(), signal: "HUP".to_owned() },
        Command::SignalProcessGroup { name: name(), signal: "HUP".to_owned() },
        Command::SignalAllProcesses { signal: "HUP".to_owned() },
        Command::SendProcessStdin { name: name(), chars: b"x".to_vec() },
        Command::GetProcessInfo { name: name() },
        Command::GetAllProcessInfo,
        Command::GetAllConfigInfo,
        Command::ClearProcessLogs { name: name() },
        Command::ClearAllProcessLogs,
        Command::ClearLog,
        Command::ReloadConfig { groups: vec![] },
        Command::AddProcessGroup { name: name() },
        Command::RemoveProcessGroup { name: name() },
        Command::Shutdown,
        Command::Restart,
    ]
}

#[test]
fn every_command_is_refused_and_does_nothing() {
    for restarting in [false, true] {
        let mut sim = Sim::running(program("cat"), Script::stubborn());
        sim.signal(if restarting { DaemonSignal::Hup } else { DaemonSignal::Term });
        for command in commands() {
            sim.take();
            let case = format!("{command:?}");
            assert_eq!(sim.ask(command), "6 SHUTDOWN_STATE", "{case}");
            assert_eq!(sim.take().lines().len(), 1, "{case}");
        }
    }
}

#[test]
fn remote_communication_events_are_still_sent() {
    let mut sim = Sim::running(program("cat"), Script::stubborn());
    sim.signal(DaemonSignal::Term);
    sim.take();
    let (kind, data) = ("farewell".to_owned(), "bye".to_owned());
    assert_eq!(sim.ask(Command::SendRemoteCommEvent { kind, data }), "True");
    assert_eq!(sim.take().events().lines(), ["REMOTE_COMMUNICATION type:farewell \"bye\""]);
}

#[test]
fn a_log_can_still_be_followed() {
    let mut sim = Sim::running(program("cat"), Script::stubborn());
    let ask = |sim: &mut Sim| sim.ask(Command::GetLogFile { name: name(), channel: Channel::Stdout });
    let before = ask(&mut sim);
    sim.signal(DaemonSignal::Term);
    assert_eq!(ask(&mut sim), before);
}
