//! What `start`, `stop`, `signal` and `clear` have in common: names, groups or `all`, and a line per process.

use supervisor_core::{FaultCode, Namespec};

use crate::answers::ProcessResult;
use crate::controller::{Controller, Flow};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::format;
use crate::result_code::ResultCode::{self, Known};
use crate::world::CallError;
use supervisor_protocol::xmlrpc::Value;

/// An operation on processes: the methods, and what their answers mean.
#[derive(Debug)]
pub(super) struct Operation {
    /// Method for `all`.
    pub(super) all: &'static str,
    /// Method for `group:*`; `None`: the server knows none, so the group form is a name like any other.
    pub(super) group: Option<&'static str>,
    /// Method for one process.
    pub(super) one: &'static str,
    /// The words for a result.
    pub(super) line: fn(&ProcessResult) -> Result<String, Failure>,
    /// The fault that says that the wanted state was already there (quirks.md K04).
    pub(super) ignored: Option<FaultCode>,
    /// Exit status for a group that is not there.
    pub(super) no_such_group: ExitStatus,
}

impl Operation {
    /// Does it to each of the names, or to everything if `all` is one of them. `extra` follows the name in the
    /// parameters of each call.
    pub(super) fn run(&self, controller: &mut Controller, names: &[&str], extra: &[Value]) -> Result<Flow, Failure> {
        if names.contains(&"all") {
            let results: Vec<ProcessResult> = controller.call(self.all, extra)?;
            self.show_all(controller, &results)?;
            return Ok(Flow::Continue);
        }
        for name in names {
            let namespec = Namespec::parse(name);
            match (namespec.process, self.group) {
                (None, Some(method)) => self.run_group(controller, method, namespec.group, extra)?,
                (None, None) => self.run_one(controller, name, namespec.group, "*", extra)?,
                (Some(process), _) => self.run_one(controller, name, namespec.group, process, extra)?,
            }
        }
        Ok(Flow::Continue)
    }

    fn run_group(
        &self,
        controller: &mut Controller,
        method: &'static str,
        group: &str,
        extra: &[Value],
    ) -> Result<(), Failure> {
        match controller.try_call::<Vec<ProcessResult>>(method, &with_name(group, extra)) {
            Ok(results) => self.show_all(controller, &results),
            Err(CallError::Fault { code: Known(FaultCode::BadName), .. }) => {
                controller.output.line(&format::error_line(group, "no such group"));
                controller.fail(self.no_such_group);
                Ok(())
            }
            Err(error) => Err(Failure::Call { method, error }),
        }
    }

    fn run_one(
        &self,
        controller: &mut Controller,
        name: &str,
        group: &str,
        process: &str,
        extra: &[Value],
    ) -> Result<(), Failure> {
        let (status, description) = match controller.try_call::<()>(self.one, &with_name(name, extra)) {
            Ok(()) => (Known(FaultCode::Success), String::new()),
            Err(CallError::Fault { code, text }) => (code, text),
            Err(error) => return Err(Failure::Call { method: self.one, error }),
        };
        let result = ProcessResult { group: group.to_owned(), name: process.to_owned(), status, description };
        self.show(controller, &result)
    }

    fn show_all(&self, controller: &mut Controller, results: &[ProcessResult]) -> Result<(), Failure> {
        results.iter().try_for_each(|result| self.show(controller, result))
    }

    fn show(&self, controller: &mut Controller, result: &ProcessResult) -> Result<(), Failure> {
        let line = (self.line)(result)?;
        controller.output.line(&line);
        let status = match result.status {
            Known(code) => ExitStatus::of_result(code, self.ignored),
            ResultCode::Other(_) => Some(ExitStatus::Generic),
        };
        if let Some(status) = status {
            controller.fail(status);
        }
        Ok(())
    }
}

fn with_name(name: &str, extra: &[Value]) -> Vec<Value> {
    std::iter::once(Value::from(name)).chain(extra.iter().cloned()).collect()
}
