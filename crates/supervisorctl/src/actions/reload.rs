//! `reload`: restarts supervisord (contract/ctl.md §3.12).

use supervisor_core::FaultCode;

use super::reread::CHECK_IT;
use super::shutdown::confirm;
use super::{Action, Completes, has_no_argument};
use crate::controller::{Controller, Flow};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::result_code::ResultCode::Known;
use crate::world::CallError;

pub(super) const ACTION: Action = Action {
    name: "reload",
    help: "reload \t\tRestart the remote supervisord.",
    completes: Completes::Nothing,
    options: &[],
    more: "A configuration with a mistake is refused, and everything keeps running.\n\
           Examples:\n\
           reload\t\t\tStop everything, read the configuration, start everything\n\
           update\t\t\tRead the configuration and restart only what has changed",
    run,
};

const METHOD: &str = "supervisor.restart";

fn run(controller: &mut Controller, argument: &str) -> Result<Flow, Failure> {
    if !has_no_argument(controller, &ACTION, argument)
        || !confirm(controller, "Really restart the remote supervisord process y/N? ")?
    {
        return Ok(Flow::Continue);
    }
    match controller.try_call::<()>(METHOD, &[]) {
        Ok(()) => controller.output.line("Restarted supervisord"),
        Err(CallError::Fault { code: Known(FaultCode::ShutdownState), .. }) => {
            controller.output.line("ERROR: already shutting down");
            controller.fail(ExitStatus::Generic);
        }
        Err(CallError::Fault { code: Known(FaultCode::CantReread), text }) => {
            controller.output.line(&format!("ERROR: {text}"));
            controller.fail(ExitStatus::Generic);
            controller.advise(CHECK_IT);
        }
        Err(error) => return Err(Failure::Call { method: METHOD, error }),
    }
    Ok(Flow::Continue)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, check, done, fault, unreachable};
    use crate::world::ConnectError;

    #[test]
    fn words_and_status() {
        check(Scene::bare().on("restart", done()), "reload", "Restarted supervisord\n", 0);
        let down = Scene::bare().on("restart", fault(FaultCode::ShutdownState, ""));
        check(down, "reload", "ERROR: already shutting down\n", 1);
        let broken = Scene::bare().on("restart", fault(FaultCode::CantReread, "no section"));
        check(broken, "reload", "ERROR: CANT_REREAD: no section\n", 1);
        let gone = Scene::bare().on("restart", unreachable(ConnectError::Refused));
        let words = "error: unix:///run/s.sock refused connection (serverurl in /etc/s.conf): is supervisord running? \
             If not: supervisord -c /etc/s.conf\n";
        check(gone, "reload", words, 1);
        check(Scene::bare(), "reload x", &format!("Error: reload accepts no arguments\n{}\n", ACTION.help), 1);
    }

    #[test]
    fn a_no_is_respected() {
        let words = "Really restart the remote supervisord process y/N? ";
        check(Scene::bare().interactive().types("n"), "reload", words, 0);
    }
}
