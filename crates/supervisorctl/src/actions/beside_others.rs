//! Other clients may do the same at the same time: several deploys, each with `update` or `restart all`.
//!
//! A start then meets a process that another client is stopping, or has stopped again, and the server calls that an
//! abnormal termination. What counts is what was wanted: whoever restarts wants it running, whoever did it.

use supervisor_core::{FaultCode, ProcessState, make_namespec};
use supervisor_protocol::xmlrpc::Value;

use crate::answers::{ProcessInfo, ProcessResult};
use crate::controller::Controller;
use crate::failure::Failure;
use crate::limits::{MAX_NEW_BEGINNINGS, PACE_BESIDE_OTHERS};
use crate::result_code::ResultCode::Known;
use crate::world::CallError;

const INFO: &str = "supervisor.getProcessInfo";
const START: &str = "supervisor.startProcess";

/// The result of a start that has ended early: as it was if the process itself is to blame, or else what becomes of it
/// when the others have finished, and it was started again where they have left it stopped.
pub(super) fn start_again(controller: &mut Controller, result: &ProcessResult) -> Result<ProcessResult, Failure> {
    let name = make_namespec(&result.group, &result.name);
    let running = || ProcessResult { status: Known(FaultCode::Success), ..result.clone() };
    let mut beginnings = 0;
    while beginnings < MAX_NEW_BEGINNINGS {
        match state(controller, &name)? {
            Some(ProcessState::Running) => return Ok(running()),
            Some(ProcessState::Starting | ProcessState::Stopping) => pause(controller, INFO)?,
            Some(ProcessState::Stopped) => {
                beginnings += 1;
                match controller.try_call::<()>(START, &[Value::from(name.as_str())]) {
                    Ok(()) => return Ok(running()),
                    Err(CallError::Fault { .. }) => {}
                    Err(error) => return Err(Failure::Call { method: START, error }),
                }
            }
            // It is being replaced by an update.
            None => {
                beginnings += 1;
                pause(controller, INFO)?;
            }
            Some(ProcessState::Backoff | ProcessState::Exited | ProcessState::Fatal | ProcessState::Unknown) => break,
        }
    }
    Ok(result.clone())
}

/// Lets the others go on for a moment.
pub(super) fn pause(controller: &mut Controller, method: &'static str) -> Result<(), Failure> {
    controller.output.flush();
    controller.world.pause(PACE_BESIDE_OTHERS).map_err(|error| Failure::Call { method, error })
}

/// `None`: there is no such process.
fn state(controller: &mut Controller, name: &str) -> Result<Option<ProcessState>, Failure> {
    match controller.try_call::<ProcessInfo>(INFO, &[Value::from(name)]) {
        Ok(info) => {
            let state = ProcessState::ALL.into_iter().find(|state| state.code() == info.state);
            Ok(Some(state.unwrap_or(ProcessState::Unknown)))
        }
        Err(CallError::Fault { code: Known(FaultCode::BadName), .. }) => Ok(None),
        Err(error) => Err(Failure::Call { method: INFO, error }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, array, check, done, fault, process, result};

    fn cut_short() -> Scene {
        Scene::new()
            .on("stopProcess x", fault(FaultCode::NotRunning, "x"))
            .on("startProcess x", fault(FaultCode::AbnormalTermination, "x"))
    }

    fn is(scene: Scene, state: (i64, &str)) -> Scene {
        scene.on("getProcessInfo x", Ok(process("x", "x", state, "", 0)))
    }

    const STARTED: &str = "x: ERROR (not running)\nx: started\n";

    #[test]
    fn what_another_client_stops_is_started_when_it_has_stopped() {
        let stopped = is(is(cut_short(), (40, "STOPPING")), (0, "STOPPED"));
        check(stopped.on("startProcess x", done()), "restart x", STARTED, 0);
    }

    #[test]
    fn what_another_client_has_started_is_started() {
        check(is(is(cut_short(), (10, "STARTING")), (20, "RUNNING")), "restart x", STARTED, 0);
        let update = cut_short().on("getProcessInfo x", fault(FaultCode::BadName, "x"));
        check(is(update, (20, "RUNNING")), "restart x", STARTED, 0);
        let scene = Scene::new()
            .on("stopAllProcesses", array([]))
            .on("startAllProcesses", array([result("x", "x", FaultCode::AbnormalTermination)]));
        check(is(scene, (20, "RUNNING")), "restart all", "x: started\n", 0);
    }

    #[test]
    fn a_process_that_ends_by_itself_is_an_error() {
        for state in [(30, "BACKOFF"), (100, "EXITED"), (200, "FATAL"), (1000, "UNKNOWN")] {
            let words = "x: ERROR (not running)\nx: ERROR (abnormal termination)\n";
            check(is(cut_short(), state), "restart x", words, 7);
        }
        let start = Scene::new().on("startProcess x", fault(FaultCode::AbnormalTermination, "x"));
        check(start, "start x", "x: ERROR (abnormal termination)\n", 7);
    }
}
