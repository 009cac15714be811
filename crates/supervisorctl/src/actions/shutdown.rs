//! `shutdown` (contract/ctl.md §3.12, quirks.md K30).

use supervisor_core::FaultCode;

use super::{Action, Completes, has_no_argument};
use crate::controller::{Controller, Flow};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::result_code::ResultCode::Known;
use crate::world::{CallError, ConnectError};

pub(super) const ACTION: Action = Action {
    name: "shutdown",
    help: "shutdown \tShut the remote supervisord down.",
    completes: Completes::Nothing,
    options: &[],
    more: "Examples:\n\
           shutdown\t\tStop everything in order, then supervisord itself\n\
           stop all\t\tStop everything; supervisord stays, to start it again",
    run,
};

const METHOD: &str = "supervisor.shutdown";

fn run(controller: &mut Controller, argument: &str) -> Result<Flow, Failure> {
    if !has_no_argument(controller, &ACTION, argument)
        || !confirm(controller, "Really shut the remote supervisord process down y/N? ")?
    {
        return Ok(Flow::Continue);
    }
    let url = controller.world.url().to_owned();
    let line = match controller.try_call::<()>(METHOD, &[]) {
        Ok(()) => {
            controller.output.line("Shut down");
            return Ok(Flow::Continue);
        }
        Err(CallError::Fault { code: Known(FaultCode::ShutdownState), .. }) => {
            controller.output.line("ERROR: already shutting down");
            return Ok(Flow::Continue);
        }
        Err(CallError::Connect(error @ (ConnectError::Refused | ConnectError::NotASocket(_)))) => {
            let words = format!("ERROR: {url} refused connection (already shut down?)");
            controller.words_for_nobody_there(words, error)
        }
        Err(CallError::Connect(error @ ConnectError::NoSuchFile)) => {
            let words = format!("ERROR: {url} no such file (already shut down?)");
            controller.words_for_nobody_there(words, error)
        }
        Err(error) => return Err(Failure::Call { method: METHOD, error }),
    };
    controller.output.line(&line);
    controller.fail(ExitStatus::Generic);
    Ok(Flow::Continue)
}

/// Asks, if there is somebody to ask; only an answer that begins with `y` means yes.
pub(super) fn confirm(controller: &mut Controller, question: &str) -> Result<bool, Failure> {
    if !controller.interactive {
        return Ok(true);
    }
    let answer = controller.ask(question, "this was confirmed")?;
    Ok(answer.starts_with(['y', 'Y']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, check, done, fault, unreachable};

    #[test]
    fn words_and_status() {
        check(Scene::bare().on("shutdown", done()), "shutdown", "Shut down\n", 0);
        let down = Scene::bare().on("shutdown", fault(FaultCode::ShutdownState, ""));
        check(down, "shutdown", "ERROR: already shutting down\n", 0);
        for (why, words) in [
            (ConnectError::NoSuchFile, "ERROR: unix:///run/s.sock no such file (already shut down?)\n"),
            (ConnectError::Refused, "ERROR: unix:///run/s.sock refused connection (already shut down?)\n"),
            (
                ConnectError::PermissionDenied,
                "error: unix:///run/s.sock permission denied (serverurl in /etc/s.conf): try as the owner of the \
                 socket, or see chmod and chown of [unix_http_server]\n",
            ),
        ] {
            check(Scene::bare().on("shutdown", unreachable(why)), "shutdown", words, 1);
        }
        check(Scene::bare(), "shutdown x", &format!("Error: shutdown accepts no arguments\n{}\n", ACTION.help), 1);
    }

    #[test]
    fn only_a_yes_confirms() {
        const QUESTION: &str = "Really shut the remote supervisord process down y/N? ";
        for answer in ["y", "Yes", "yup"] {
            let scene = Scene::bare().interactive().types(answer).on("shutdown", done());
            check(scene, "shutdown", &format!("{QUESTION}Shut down\n"), 0);
        }
        for answer in ["", "n", " y"] {
            check(Scene::bare().interactive().types(answer), "shutdown", QUESTION, 0);
        }
        let words = format!("{QUESTION}\nerror: the input ended before this was confirmed\n");
        check(Scene::bare().interactive(), "shutdown", &words, 1);
    }
}
