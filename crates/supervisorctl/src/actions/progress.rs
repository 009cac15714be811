//! What happens while supervisord starts or stops something: a line at a terminal that changes with it, and is gone
//! when the answer is there. Scripts see nothing of it, and the server is not asked for it.

use std::fmt::Write as _;
use std::time::Duration;

use supervisor_core::{ProcessState, make_namespec};
use supervisor_protocol::xmlrpc::Value;

use crate::answers::{FromValue, ProcessInfo};
use crate::controller::Controller;
use crate::world::CallError;

/// As [`Controller::try_call`]; meanwhile those of all processes are shown that are meant, and change.
pub(super) fn try_call<T: FromValue>(
    controller: &mut Controller,
    method: &'static str,
    parameters: &[Value],
    is_meant: &dyn Fn(&ProcessInfo) -> bool,
) -> Result<T, CallError> {
    if !controller.output.shows_progress() {
        return controller.try_call(method, parameters);
    }
    controller.output.flush();
    let Controller { world, output, .. } = controller;
    let answer = world.call_while(method, parameters, &mut |time, value| {
        // What cannot be read is of a server that we do not know.
        let infos: Vec<ProcessInfo> = Vec::from_value(value).unwrap_or_default();
        output.progress(&words(&infos, is_meant, time));
    });
    output.end_progress();
    T::from_value(answer?).map_err(|expected| CallError::BadAnswer(format!("expected {expected}")))
}

/// Who changes, and for how long it has been waited for; empty if nobody does.
fn words(infos: &[ProcessInfo], is_meant: &dyn Fn(&ProcessInfo) -> bool, time: Duration) -> String {
    let mut words = String::new();
    for (title, state) in
        [("stopping", ProcessState::Stopping), ("starting", ProcessState::Starting), ("failing", ProcessState::Backoff)]
    {
        let is_shown = |info: &&ProcessInfo| info.state == state.code() && is_meant(info);
        let names: Vec<String> =
            infos.iter().filter(is_shown).map(|info| make_namespec(&info.group, &info.name)).collect();
        if !names.is_empty() {
            write!(words, ", {title} {}", names.join(" ")).expect("a String takes all");
        }
    }
    if words.is_empty() { words } else { format!("{} s{words}", time.as_secs()) }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Scene, array, done, process, result};
    use crate::world::CallError;
    use supervisor_core::FaultCode;
    use supervisor_protocol::xmlrpc::Value;

    const ERASED: &str = "\r\u{1b}[K";

    fn processes() -> Result<Value, CallError> {
        array([
            process("a", "a", (0, "STOPPED"), "", 0),
            process("b", "b", (40, "STOPPING"), "", 1),
            process("c", "c", (20, "RUNNING"), "", 1),
            process("d", "d", (30, "BACKOFF"), "", 0),
            process("web", "one", (40, "STOPPING"), "", 1),
            process("web", "two", (10, "STARTING"), "", 1),
        ])
    }

    #[test]
    fn those_who_change_are_shown_until_the_answer_is_there() {
        let stopped = || array([result("web", "one", FaultCode::Success)]);
        for (line, call, answer, shown, words) in [
            (
                "stop all",
                "stopAllProcesses",
                stopped(),
                "stopping b web:one, starting web:two, failing d",
                "web:one: stopped",
            ),
            ("stop web:*", "stopProcessGroup web", stopped(), "stopping web:one, starting web:two", "web:one: stopped"),
            ("stop web:one", "stopProcess web:one", done(), "stopping web:one", "web:one: stopped"),
            ("start b", "startProcess b", done(), "stopping b", "b: started"),
        ] {
            let scene = Scene::new().at_terminal().on(call, answer).on("meanwhile", processes());
            let outcome = scene.on("meanwhile", processes()).run(line);
            let shown = format!("3 s, {shown}");
            assert_eq!(outcome.out, format!("{shown}{ERASED}{shown}{ERASED}{words}\n"), "{line}");
        }
    }

    #[test]
    fn nothing_is_shown_where_nothing_changes_and_nothing_asked_for_a_script() {
        let stopped = array([result("c", "c", FaultCode::Success)]);
        let scene = Scene::new().at_terminal().on("stopAllProcesses", stopped.clone()).on("meanwhile", array([]));
        assert_eq!(scene.on("meanwhile", Ok(Value::Int(7))).run("stop all").out, "c: stopped\n");
        assert_eq!(Scene::new().on("stopAllProcesses", stopped).run("stop all").out, "c: stopped\n");
    }
}
