//! `maintail`: the log of supervisord itself (contract/ctl.md §3.5).

use super::tail::{Amount, bad_argument, follow, offset_from_end, parse_amount, read_lines, show_log, take_lines};
use super::{Action, Completes, refuse};
use crate::controller::{Controller, Flow};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::limits::DEFAULT_TAIL_BYTES;
use crate::upcheck::upcheck;
use supervisor_protocol::xmlrpc::Value;

pub(super) const ACTION: Action = Action {
    name: "maintail",
    help: "maintail -f \tContinuous tail of supervisor main log file (Ctrl-C to exit)\n\
           maintail -100\tlast 100 *bytes* of supervisord main log file\n\
           maintail\tlast 1600 *bytes* of supervisor main log file\n",
    completes: Completes::Nothing,
    options: &["-f", "-n "],
    more: "Options:\n\
           -n <lines>\t\tThe last lines instead of bytes\n\
           Examples:\n\
           maintail -f\t\tWatch the log of supervisord, until Ctrl-C",
    run,
};

const METHOD: &str = "supervisor.readLog";

fn run(controller: &mut Controller, argument: &str) -> Result<Flow, Failure> {
    if !upcheck(controller)? {
        return Ok(Flow::Continue);
    }
    let words: Vec<&str> = argument.split_whitespace().collect();
    let (lines, words) = match take_lines(&words) {
        Ok(taken) => taken,
        Err(complaint) => {
            controller.output.line(&complaint);
            controller.fail(ExitStatus::Generic);
            return Ok(Flow::Continue);
        }
    };
    let amount = match words {
        [] if lines.is_some() => lines.map(Amount::Lines),
        [] => Some(Amount::Last(DEFAULT_TAIL_BYTES)),
        [word] => parse_amount(word),
        [..] => return Ok(refuse(controller, &ACTION, "Error: too many arguments", ExitStatus::Generic)),
    };
    match amount {
        None => {
            controller.output.line(&bad_argument(argument));
            controller.fail(ExitStatus::Generic);
            controller.advise("such as maintail -f, or maintail -n 20");
            Ok(Flow::Continue)
        }
        Some(Amount::Follow) => {
            follow(controller, "/mainlogtail");
            Ok(Flow::Continue)
        }
        Some(Amount::Lines(lines)) => {
            let read = read_lines(controller, METHOD, None, lines);
            show_log(controller, METHOD, read, "supervisord", None)
        }
        Some(Amount::Last(bytes)) => {
            let read = controller.try_call(METHOD, &[offset_from_end(bytes), Value::Int(0)]);
            show_log(controller, METHOD, read, "supervisord", None)
        }
    }
}

#[cfg(test)]
mod tests {
    use supervisor_core::FaultCode;

    use super::*;
    use crate::testing::{Scene, check, fault, text};

    #[test]
    fn the_log_of_supervisord() {
        check(Scene::new().on("readLog -1600 0", text("log\n")), "maintail", "log\n\n", 0);
        check(Scene::new().on("readLog -20 0", text("log")), "maintail -20", "log\n", 0);
        check(Scene::new().on("readLog -200 0", text("1\n2\n")), "maintail -n 1", "2\n", 0);
        for (code, words) in [
            (FaultCode::NoFile, "supervisord: ERROR (no log file)\n"),
            (FaultCode::Failed, "supervisord: ERROR (unknown error reading log)\n"),
            (FaultCode::BadName, "error: unix:///run/s.sock refused supervisor.readLog: BAD_NAME (fault 10)\n"),
        ] {
            check(Scene::new().on("readLog -1600 0", fault(code, "")), "maintail", words, 1);
        }
    }

    #[test]
    fn wrong_words() {
        check(Scene::new(), "maintail a b", &format!("Error: too many arguments\n{}\n", ACTION.help), 1);
        check(Scene::new(), "maintail foo", "Error: bad argument foo\n", 1);
        check(Scene::new(), "maintail -x", "Error: bad argument -x\n", 1);
    }

    #[test]
    fn following() {
        let outcome = Scene::new().streams("log\n").interrupts().run("maintail -f");
        assert_eq!(outcome.out, "==> Press Ctrl-C to exit <==\nlog\n\n");
        assert_eq!((outcome.err.as_str(), outcome.status), ("opens /mainlogtail\n", 0));
    }
}
