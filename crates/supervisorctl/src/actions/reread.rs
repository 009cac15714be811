//! `reread` (contract/ctl.md §3.9).

use supervisor_core::FaultCode;

use super::{Action, Completes, has_no_argument, warnings};
use crate::answers::Reloaded;
use crate::controller::{Controller, Flow};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::result_code::ResultCode::Known;
use crate::world::CallError;

pub(super) const ACTION: Action = Action {
    name: "reread",
    help: "reread \t\t\tReload the daemon's configuration files without add/remove",
    completes: Completes::Nothing,
    options: &[],
    more: "Examples:\n\
           reread\t\t\tSee what update would do",
    run,
};

fn run(controller: &mut Controller, argument: &str) -> Result<Flow, Failure> {
    if !has_no_argument(controller, &ACTION, argument) {
        return Ok(Flow::Continue);
    }
    if let Some(reloaded) = reload_config(controller, "ERROR: supervisor shutting down")? {
        warnings::tell(controller)?;
        let lines = lines(&reloaded);
        if lines.is_empty() {
            controller.output.line("No config updates to processes");
        }
        for line in lines {
            controller.output.line(&line);
        }
    }
    Ok(Flow::Continue)
}

/// A line per group, sorted by name.
fn lines(reloaded: &Reloaded) -> Vec<String> {
    let lists = [(&reloaded.added, "available"), (&reloaded.changed, "changed"), (&reloaded.removed, "disappeared")];
    let mut changes: Vec<(&str, &str)> =
        lists.iter().flat_map(|(names, word)| names.iter().map(|name| (name.as_str(), *word))).collect();
    changes.sort_unstable();
    changes.into_iter().map(|(name, word)| format!("{name}: {word}")).collect()
}

/// What to try where a configuration is refused.
pub(super) const CHECK_IT: &str = "supervisord --check -c FILE shows all that is wrong, with its lines";

/// Lets the server read its configuration; `None` after a line that says why it could not (`update` does the same,
/// quirks.md F20).
pub(super) fn reload_config(controller: &mut Controller, shutting_down: &str) -> Result<Option<Reloaded>, Failure> {
    const METHOD: &str = "supervisor.reloadConfig";
    let line = match controller.try_call(METHOD, &[]) {
        Ok(reloaded) => return Ok(Some(reloaded)),
        Err(CallError::Fault { code: Known(FaultCode::ShutdownState), .. }) => shutting_down.to_owned(),
        Err(CallError::Fault { code: Known(FaultCode::CantReread), text }) => format!("ERROR: {text}"),
        Err(error) => return Err(Failure::Call { method: METHOD, error }),
    };
    controller.output.line(&line);
    controller.fail(ExitStatus::Generic);
    if !line.starts_with(shutting_down) {
        controller.advise(CHECK_IT);
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, check, fault, reloaded};

    #[test]
    fn what_changed_sorted_by_name() {
        let scene = Scene::bare().on("reloadConfig", reloaded(&["new", "b"], &["a"], &["old"]));
        check(scene, "reread", "a: changed\nb: available\nnew: available\nold: disappeared\n", 0);
        let scene = Scene::bare().on("reloadConfig", reloaded(&[], &[], &[]));
        check(scene, "reread", "No config updates to processes\n", 0);
    }

    #[test]
    fn refusals() {
        let bad = Scene::bare().on("reloadConfig", fault(FaultCode::CantReread, "no section"));
        check(bad, "reread", "ERROR: CANT_REREAD: no section\n", 1);
        let bad = Scene::bare().at_terminal().on("reloadConfig", fault(FaultCode::CantReread, "no section"));
        check(bad, "reread", &format!("ERROR: CANT_REREAD: no section\n    {CHECK_IT}\n"), 1);
        let down = Scene::bare().on("reloadConfig", fault(FaultCode::ShutdownState, ""));
        check(down, "reread", "ERROR: supervisor shutting down\n", 1);
        check(Scene::bare(), "reread x", &format!("Error: reread accepts no arguments\n{}\n", ACTION.help), 1);
    }
}
