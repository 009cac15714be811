//! What `add` and `remove` have in common: a call for each group that is named, and a line for each answer
//! (contract/ctl.md §3.10). One that is refused does not stop the others.

use supervisor_core::FaultCode;
use supervisor_protocol::xmlrpc::Value;

use crate::controller::{Controller, Flow};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::result_code::ResultCode::Known;
use crate::world::CallError;

/// A change of which groups are active.
pub(super) struct GroupChange {
    pub(super) method: &'static str,
    /// What is said of a group behind its name.
    pub(super) done: &'static str,
    /// What a fault means for the group of this name; `None` for those that are shown as they come.
    pub(super) refusal: fn(fault: FaultCode, name: &str) -> Option<Refusal>,
}

/// Why a group is left as it was.
pub(super) enum Refusal {
    /// It is as it should be already.
    Harmless(String),
    /// The command has failed.
    Failed { line: String, advice: String },
}

impl GroupChange {
    pub(super) fn run(&self, controller: &mut Controller, argument: &str) -> Result<Flow, Failure> {
        for name in argument.split_whitespace() {
            self.apply(controller, name)?;
        }
        Ok(Flow::Continue)
    }

    fn apply(&self, controller: &mut Controller, name: &str) -> Result<(), Failure> {
        let error = match controller.try_call::<()>(self.method, &[Value::from(name)]) {
            Ok(()) => {
                controller.output.line(&format!("{name}: {}", self.done));
                return Ok(());
            }
            Err(error) => error,
        };
        let refusal =
            if let CallError::Fault { code: Known(code), .. } = &error { (self.refusal)(*code, name) } else { None };
        match refusal {
            Some(Refusal::Harmless(line)) => controller.output.line(&line),
            Some(Refusal::Failed { line, advice }) => {
                controller.output.line(&line);
                controller.fail(ExitStatus::Generic);
                controller.advise(&advice);
            }
            None => return Err(Failure::Call { method: self.method, error }),
        }
        Ok(())
    }
}
