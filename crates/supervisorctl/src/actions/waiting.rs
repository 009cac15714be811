//! What `start`, `stop` and `restart` share beyond their operations: the words, the patterns, the wait.

use super::operation::Operation;
use super::options::{Wait, take_wait};
use super::{Action, refuse};
use crate::controller::{Controller, Flow};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::upcheck::upcheck;

/// Does the operations one after the other to the processes that the words name. `unnamed` is the exit status if
/// they name none.
pub(super) fn run(
    controller: &mut Controller,
    action: &Action,
    operations: &[&Operation],
    argument: &str,
    unnamed: ExitStatus,
) -> Result<Flow, Failure> {
    let words: Vec<&str> = argument.split_whitespace().collect();
    let taken = take_wait(&words);
    if let Ok((Wait::AtMost(limit), _)) = &taken {
        controller.world.set_deadline(*limit);
    }
    if !upcheck(controller)? {
        return Ok(Flow::Continue);
    }
    let (wait, names) = match taken {
        Ok(taken) => taken,
        Err(complaint) => return Ok(refuse(controller, action, &complaint, unnamed)),
    };
    if names.is_empty() {
        let complaint = format!("Error: {} requires a process name", action.name);
        return Ok(refuse(controller, action, &complaint, unnamed));
    }
    let names = controller.expand(names);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for (index, operation) in operations.iter().enumerate() {
        // What follows builds on it, so that only the last one need not be waited for.
        let is_last = index + 1 == operations.len();
        let patience = if is_last || wait != Wait::No { wait } else { Wait::Done };
        operation.run_with(controller, &names, &[], patience)?;
    }
    Ok(Flow::Continue)
}

#[cfg(test)]
mod tests {
    use supervisor_core::FaultCode;
    use supervisor_protocol::xmlrpc::Value;

    use crate::testing::{Scene, array, check, done, fault, process, result, text};
    use crate::world::CallError;

    fn late() -> Result<Value, CallError> {
        Err(CallError::DeadlinePassed)
    }

    /// A scene whose server has to answer within five seconds.
    fn hurried() -> Scene {
        Scene::new().on("deadline 5000", done())
    }

    #[test]
    fn what_is_not_waited_for_is_under_way() {
        check(Scene::new().on("startProcess x false", done()), "start --no-wait x", "x: starting\n", 0);
        check(Scene::new().on("stopProcess x false", done()), "stop --no-wait x", "x: stopping\n", 0);
        let all = array([result("a", "a", FaultCode::Success), result("g", "b", FaultCode::SpawnError)]);
        let words = "a: starting\ng:b: ERROR (spawn error)\n";
        check(Scene::new().on("startAllProcesses false", all), "start --no-wait all", words, 7);
        let group = array([result("g", "a", FaultCode::Success)]);
        check(Scene::new().on("stopProcessGroup g false", group), "stop --no-wait g:*", "g:a: stopping\n", 0);
        let unknown = Scene::new().on("startProcess x false", fault(FaultCode::BadName, "x"));
        check(unknown, "start --no-wait x", "x: ERROR (no such process)\n", 1);
    }

    #[test]
    fn a_restart_waits_for_its_stop_in_any_case() {
        let scene = Scene::new().on("stopProcess x", done()).on("startProcess x false", done());
        check(scene, "restart --no-wait x", "x: stopped\nx: starting\n", 0);
    }

    #[test]
    fn in_time_nothing_is_different() {
        check(hurried().on("stopProcess x", done()), "stop --wait --timeout 5 x", "x: stopped\n", 0);
        check(Scene::new().on("stopProcess x", done()), "stop --wait x", "x: stopped\n", 0);
    }

    #[test]
    fn what_takes_too_long_is_told_and_the_rest_is_left() {
        let scene = hurried().on("stopProcess a", done()).on("stopProcess b", late());
        let words = "a: stopped\nb: ERROR (not done within 5 seconds)\n\
                     c: ERROR (not asked for, since the time was up)\n";
        check(scene, "stop --timeout=5 a b c", words, 7);
        check(
            hurried().on("startAllProcesses", late()),
            "start --timeout 5 a all",
            "all: ERROR (not done within 5 seconds)\n",
            7,
        );
        let scene = hurried().on("stopProcessGroup g", late()).on("startProcessGroup g", late());
        let line = "g:*: ERROR (not done within 5 seconds)\n";
        check(scene, "restart --timeout 5 g:*", &line.repeat(2), 7);
    }

    #[test]
    fn a_server_that_does_not_answer_at_all_is_late_too() {
        let scene = Scene::bare().on("deadline 5000", done()).on("getVersion", late());
        let words =
            "error: unix:///run/s.sock has not answered supervisor.getVersion in time (serverurl in /etc/s.conf)\n";
        check(scene, "start --timeout 5 x", words, 7);
    }

    #[test]
    fn patterns_are_replaced_by_what_they_mean() {
        let list = || {
            array([
                process("web", "one", (20, "RUNNING"), "", 1),
                process("web", "two", (20, "RUNNING"), "", 2),
                process("x", "x", (0, "STOPPED"), "", 0),
            ])
        };
        let scene = Scene::new()
            .on("getAllProcessInfo", list())
            .on("stopProcess web:one", done())
            .on("stopProcess web:two", done());
        check(scene, "stop web*", "web:one: stopped\nweb:two: stopped\n", 0);
        let scene = Scene::new()
            .on("getAllProcessInfo", list())
            .on("stopProcess web:two", done())
            .on("startProcess web:two", done());
        check(scene, "restart *:t?o", "web:two: stopped\nweb:two: started\n", 0);
        let scene = Scene::new().on("getAllProcessInfo", list()).on("signalProcess x HUP", done());
        check(scene, "signal HUP [x-z]", "x: signalled\n", 0);
        let scene = Scene::new().on("getAllProcessInfo", list()).on("clearProcessLogs x", done());
        check(scene, "clear x*", "x: cleared\n", 0);
        let one = process("web", "two", (20, "RUNNING"), "", 2);
        let scene = Scene::new().on("getAllProcessInfo", list()).on("getProcessInfo web:two", Ok(one));
        check(scene, "pid *two", "2\n", 0);
    }

    #[test]
    fn patterns_without_a_match_are_refused_as_names() {
        for reply in [array([process("x", "x", (0, "STOPPED"), "", 0)]), fault(FaultCode::ShutdownState, "")] {
            let scene =
                Scene::new().on("getAllProcessInfo", reply).on("startProcess no*", fault(FaultCode::BadName, "no*"));
            check(scene, "start no*", "no*: ERROR (no such process)\n", 1);
        }
        let scene = Scene::new().on("startProcessGroup w*", fault(FaultCode::BadName, "w*"));
        check(scene, "start w*:*", "w*: ERROR (no such group)\n", 2);
        let scene = Scene::new().on("stopAllProcesses", array([]));
        check(scene, "stop w* all", "", 0);
    }

    #[test]
    fn a_wrong_option_is_a_wrong_use() {
        for (line, status) in [("start --timeout", 2), ("stop --timeout 0 x", 1), ("restart --wait --no-wait x", 1)] {
            let outcome = Scene::new().run(line);
            assert!(outcome.out.starts_with("Error: --"), "{outcome:?}");
            assert!(outcome.out.contains(" <name>\t"), "{outcome:?}");
            assert_eq!(outcome.status, status, "{line}");
        }
        let scene =
            Scene::bare().on("getVersion", text("3.0")).on("startProcess --wait", fault(FaultCode::BadName, ""));
        check(scene, "start -- --wait", "--wait: ERROR (no such process)\n", 1);
    }
}
