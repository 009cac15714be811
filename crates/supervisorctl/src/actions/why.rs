//! `why`, `history` and `reset_failed`: what a process has been through, and what its start waits for.

use supervisor_protocol::xmlrpc::Value;

use super::{Action, Completes, refuse};
use crate::answers::ProcessResult;
use crate::controller::{Controller, Flow};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::result_code::ResultCode::Known;
use crate::upcheck::upcheck;
use crate::world::CallError;

/// `why`
pub(super) const WHY: Action = Action {
    name: "why",
    help: "why <name>\t\tSay what a process waits for, and how it has ended",
    completes: Completes::OneProcess,
    options: &[],
    more: "Examples:\n\
           why worker\t\tEvery gate that its next start has yet to pass, its last end, its failures",
    run: |controller, argument| ask(controller, argument, &WHY, "supervisorx.getProcessDetails", tell_why),
};

/// `history`
pub(super) const HISTORY: Action = Action {
    name: "history",
    help: "history <name>\t\tShow the last lives of a process",
    completes: Completes::OneProcess,
    options: &[],
    more: "Examples:\n\
           history worker\t\tWhen each of its last lives began, how long it took and how it ended",
    run: |controller, argument| ask(controller, argument, &HISTORY, "supervisorx.getHistory", tell_history),
};

/// `reset_failed`
pub(super) const RESET_FAILED: Action = Action {
    name: "reset_failed",
    help: "reset_failed <name>\tForget the failures of a process, FATAL becomes STOPPED\n\
           reset_failed <name> <name>\tThe same for several processes or groups",
    completes: Completes::ProcessesOrAll,
    options: &[],
    more: "Examples:\n\
           reset_failed 'web*'\tAll whose names begin so",
    run: reset_failed,
};

/// Asks about one process; exit status 1 when there is none.
fn ask(
    controller: &mut Controller,
    argument: &str,
    action: &Action,
    method: &'static str,
    tell: fn(&mut Controller, &str, &Value),
) -> Result<Flow, Failure> {
    if argument.is_empty() || argument.contains(char::is_whitespace) {
        let complaint = format!("Error: {} requires one process name", action.name);
        return Ok(refuse(controller, action, &complaint, ExitStatus::Generic));
    }
    if !upcheck(controller)? {
        return Ok(Flow::Continue);
    }
    match controller.try_call::<Value>(method, &[argument.into()]) {
        Ok(value) => tell(controller, argument, &value),
        Err(error) => return refused(controller, argument, method, error),
    }
    Ok(Flow::Continue)
}

fn refused(controller: &mut Controller, name: &str, method: &'static str, error: CallError) -> Result<Flow, Failure> {
    let CallError::Fault { code: Known(code), .. } = &error else { return Err(Failure::Call { method, error }) };
    let why = match code {
        supervisor_core::FaultCode::BadName => "no such process",
        supervisor_core::FaultCode::UnknownMethod => "this supervisord does not know it",
        supervisor_core::FaultCode::ShutdownState => "supervisord is shutting down",
        _ => return Err(Failure::Call { method, error }),
    };
    controller.output.line(&format!("{name}: ERROR ({why})"));
    controller.fail(ExitStatus::Generic);
    Ok(Flow::Continue)
}

fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    let Value::Struct(members) = value else { return None };
    members.iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    match member(value, name) {
        Some(Value::Str(text)) => text,
        Some(_) | None => "",
    }
}

fn number(value: &Value, name: &str) -> i64 {
    match member(value, name) {
        Some(Value::Int(number)) => *number,
        Some(_) | None => 0,
    }
}

fn tell_why(controller: &mut Controller, name: &str, value: &Value) {
    let mut say = |line: String| controller.output.line(&line);
    let (state, description) = (text(value, "statename"), text(value, "description"));
    say(format!("{name}: {state}  {description}").trim_end().to_owned());
    say(format!("  wanted: {} ({})", text(value, "goal"), text(value, "goal_cause")));
    if let Some(Value::Array(gates)) = member(value, "pending").and_then(|pending| member(pending, "waiting_on")) {
        for gate in gates {
            if let Value::Str(gate) = gate {
                say(format!("  waits:  {gate}"));
            }
        }
    }
    if let Some(end) = member(value, "last_end") {
        say(format!("  last end: {}", how_it_ended(end)));
    }
    if !text(value, "spawnerr").is_empty() {
        say(format!("  last failure: {}", text(value, "spawnerr")));
    }
    let restarts = member(value, "restarts").map_or(0, |restarts| number(restarts, "total"));
    say(format!("  failed starts in a row: {}, restarts by itself: {restarts}", number(value, "tries")));
}

fn tell_history(controller: &mut Controller, name: &str, value: &Value) {
    let Value::Array(lives) = value else { return };
    if lives.is_empty() {
        controller.output.line(&format!("{name}: no life of it is over yet"));
    }
    for life in lives {
        let (count, pid) = (number(life, "life"), number(life, "pid"));
        controller.output.line(&format!("{count:>5}  pid {pid:<8} {}", how_it_ended(life)));
    }
}

/// `exit status 3 after 2.5 seconds (exit)`
fn how_it_ended(end: &Value) -> String {
    let how = match text(end, "signal") {
        "" => format!("exit status {}", number(end, "exit_code")),
        signal => format!("terminated by {signal}"),
    };
    let runtime = match member(end, "runtime") {
        Some(Value::Double(seconds)) => *seconds,
        Some(_) | None => 0.0,
    };
    format!("{how} after {runtime} seconds ({})", text(end, "reason"))
}

fn reset_failed(controller: &mut Controller, argument: &str) -> Result<Flow, Failure> {
    const METHOD: &str = "supervisorx.resetFailed";
    let names: Vec<&str> = argument.split_whitespace().collect();
    if names.is_empty() {
        let complaint = "Error: reset_failed requires a process name";
        return Ok(refuse(controller, &RESET_FAILED, complaint, ExitStatus::Generic));
    }
    if !upcheck(controller)? {
        return Ok(Flow::Continue);
    }
    for name in controller.expand(&names) {
        match controller.try_call::<Vec<ProcessResult>>(METHOD, &[name.as_str().into()]) {
            Ok(results) => {
                for ProcessResult { group, name, status, .. } in results {
                    let spec = supervisor_core::make_namespec(&group, &name);
                    let word = if status == Known(supervisor_core::FaultCode::Success) { "reset" } else { "ERROR" };
                    controller.output.line(&format!("{spec}: {word}"));
                }
            }
            Err(error) => drop(refused(controller, &name, METHOD, error)?),
        }
    }
    Ok(Flow::Continue)
}

#[cfg(test)]
mod tests {
    use supervisor_core::FaultCode;

    use super::*;
    use crate::testing::{Scene, array, check, fault, structure};

    fn end() -> Vec<(&'static str, Value)> {
        vec![
            ("exit_code", Value::Int(-1)),
            ("signal", Value::from("SIGSEGV")),
            ("reason", Value::from("exit")),
            ("runtime", Value::Double(2.5)),
        ]
    }

    #[test]
    fn why_tells_every_gate_the_last_end_and_the_failures() {
        let gates = Value::Array(
            [Value::from("starts in 3 seconds (storm guard)"), Value::from("its turn in the start queue")].into(),
        );
        let details = structure(&[
            ("statename", Value::from("EXITED")),
            ("description", Value::from("Nov 22 08:17 AM")),
            ("goal", Value::from("up")),
            ("goal_cause", Value::from("autorestart")),
            ("tries", Value::Int(2)),
            ("spawnerr", Value::from("Bad exit code -1")),
            ("pending", structure(&[("waiting_on", gates)])),
            ("last_end", structure(&end())),
            ("restarts", structure(&[("total", Value::Int(9))])),
        ]);
        let words = "worker: EXITED  Nov 22 08:17 AM\n\
                     \x20 wanted: up (autorestart)\n\
                     \x20 waits:  starts in 3 seconds (storm guard)\n\
                     \x20 waits:  its turn in the start queue\n\
                     \x20 last end: terminated by SIGSEGV after 2.5 seconds (exit)\n\
                     \x20 last failure: Bad exit code -1\n\
                     \x20 failed starts in a row: 2, restarts by itself: 9\n";
        check(Scene::new().on("supervisorx.getProcessDetails worker", Ok(details)), "why worker", words, 0);
    }

    #[test]
    fn history_has_a_line_for_each_life() {
        let mut life = vec![("life", Value::Int(4)), ("pid", Value::Int(801))];
        life.extend(end());
        let lives = array([structure(&life)]);
        let words = "    4  pid 801      terminated by SIGSEGV after 2.5 seconds (exit)\n";
        check(Scene::new().on("supervisorx.getHistory worker", lives), "history worker", words, 0);
        let none = Scene::new().on("supervisorx.getHistory worker", array([]));
        check(none, "history worker", "worker: no life of it is over yet\n", 0);
    }

    #[test]
    fn reset_failed_says_what_was_reset() {
        let result = structure(&[
            ("group", Value::from("g")),
            ("name", Value::from("worker")),
            ("status", Value::Int(80)),
            ("description", Value::from("OK")),
        ]);
        let scene = Scene::new().on("supervisorx.resetFailed g:worker", array([result]));
        check(scene, "reset_failed g:worker", "g:worker: reset\n", 0);
    }

    #[test]
    fn refusals() {
        let unknown = || Scene::new().on("supervisorx.getHistory x", fault(FaultCode::BadName, "x"));
        check(unknown(), "history x", "x: ERROR (no such process)\n", 1);
        let old = Scene::new().on("supervisorx.getProcessDetails x", fault(FaultCode::UnknownMethod, ""));
        check(old, "why x", "x: ERROR (this supervisord does not know it)\n", 1);
        let usage = format!("Error: why requires one process name\n{}\n", WHY.help);
        check(Scene::bare(), "why", &usage, 1);
    }
}
