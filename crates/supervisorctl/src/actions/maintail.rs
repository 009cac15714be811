//! `maintail`: the log of supervisord itself (contract/ctl.md §3.5).

use super::tail::{Amount, bad_argument, follow, offset_from_end, parse_amount, show_log};
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
    run,
};

const METHOD: &str = "supervisor.readLog";

fn run(controller: &mut Controller, argument: &str) -> Result<Flow, Failure> {
    if !upcheck(controller)? {
        return Ok(Flow::Continue);
    }
    let words: Vec<&str> = argument.split_whitespace().collect();
    let amount = match words.as_slice() {
        [] => Some(Amount::Last(DEFAULT_TAIL_BYTES)),
        [word] => parse_amount(word),
        [..] => return Ok(refuse(controller, &ACTION, "Error: too many arguments", ExitStatus::Generic)),
    };
    match amount {
        None => {
            controller.output.line(&bad_argument(argument));
            controller.fail(ExitStatus::Generic);
            Ok(Flow::Continue)
        }
        Some(Amount::Follow) => Ok(follow(controller, "/mainlogtail")),
        Some(Amount::Last(bytes)) => {
            let read = controller.try_call(METHOD, &[offset_from_end(bytes), Value::Int(0)]);
            show_log(controller, METHOD, read, "supervisord", None)
        }
    }
}
