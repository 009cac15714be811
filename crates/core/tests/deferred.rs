//! Requests: answered at once, or by the very change of state that they wait for (contract/rpc.md §4).

mod batches;
mod limits;
mod others;
mod start;
mod stop;

use supervisor_core::Command;

fn start(name: &str, wait: bool) -> Command {
    Command::StartProcess { name: name.to_owned(), wait }
}

fn stop(name: &str, wait: bool) -> Command {
    Command::StopProcess { name: name.to_owned(), wait }
}

fn signal(name: &str, signal: &str) -> Command {
    Command::SignalProcess { name: name.to_owned(), signal: signal.to_owned() }
}
