//! `update` (contract/ctl.md §3.11, quirks.md K07).

use std::collections::BTreeSet;

use supervisor_core::FaultCode;

use super::reread::reload_config;
use super::{Action, Completes};
use crate::answers::{ProcessResult, Reloaded};
use crate::controller::{Controller, Flow};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::result_code::ResultCode::Known;
use crate::world::ProcessName;
use supervisor_protocol::xmlrpc::Value;

pub(super) const ACTION: Action = Action {
    name: "update",
    help: "update\t\t\tReload config and add/remove as necessary, and will restart affected programs\n\
           update all\t\tReload config and add/remove as necessary, and will restart affected programs\n\
           update <gname> [...]\tUpdate specific groups",
    completes: Completes::Groups,
    options: &[],
    more: "Examples:\n\
           update\t\t\tMake everything as the configuration says now\n\
           update web\t\tThe same, for the group web alone",
    run,
};

fn run(controller: &mut Controller, argument: &str) -> Result<Flow, Failure> {
    let Some(reloaded) = reload_config(controller, "ERROR: already shutting down")? else {
        return Ok(Flow::Continue);
    };
    let mut wanted: Vec<&str> = argument.split_whitespace().collect();
    if wanted.contains(&"all") {
        wanted.clear();
    }
    if !wanted.is_empty() {
        complain_about_strangers(controller, &wanted, &reloaded.added)?;
    }
    let is_wanted = |group: &&String| wanted.is_empty() || wanted.contains(&group.as_str());
    let Reloaded { added, changed, removed } = &reloaded;
    for group in removed.iter().filter(is_wanted) {
        remove(controller, group)?;
    }
    for group in changed.iter().filter(is_wanted) {
        replace(controller, group)?;
    }
    for group in added.iter().filter(is_wanted) {
        act_on_group(controller, "supervisor.addProcessGroup", group)?;
        controller.output.line(&format!("{group}: added process group"));
    }
    Ok(Flow::Continue)
}

/// A name that is neither active nor new is an error; the others are dealt with all the same.
fn complain_about_strangers(controller: &mut Controller, wanted: &[&str], added: &[String]) -> Result<(), Failure> {
    let active: Vec<ProcessName> = controller.call("supervisor.getAllProcessInfo", &[])?;
    let known: BTreeSet<&str> = active.iter().map(|process| &process.group).chain(added).map(String::as_str).collect();
    let mut named = BTreeSet::new();
    for group in wanted {
        if named.insert(group) && !known.contains(group) {
            controller.output.line(&format!("ERROR: no such group: {group}"));
            controller.fail(ExitStatus::Generic);
        }
    }
    Ok(())
}

fn remove(controller: &mut Controller, group: &str) -> Result<(), Failure> {
    let results = stop(controller, group)?;
    if results.iter().any(|result| result.status == Known(FaultCode::Failed)) {
        controller.output.line(&format!("{group}: has problems; not removing"));
        controller.fail(ExitStatus::Generic);
        return Ok(());
    }
    act_on_group(controller, "supervisor.removeProcessGroup", group)?;
    controller.output.line(&format!("{group}: removed process group"));
    Ok(())
}

fn replace(controller: &mut Controller, group: &str) -> Result<(), Failure> {
    stop(controller, group)?;
    act_on_group(controller, "supervisor.removeProcessGroup", group)?;
    act_on_group(controller, "supervisor.addProcessGroup", group)?;
    controller.output.line(&format!("{group}: updated process group"));
    Ok(())
}

/// Stops a group; the line comes even if nothing ran.
fn stop(controller: &mut Controller, group: &str) -> Result<Vec<ProcessResult>, Failure> {
    let results = controller.call("supervisor.stopProcessGroup", &[Value::from(group)])?;
    controller.output.line(&format!("{group}: stopped"));
    Ok(results)
}

fn act_on_group(controller: &mut Controller, method: &'static str, group: &str) -> Result<(), Failure> {
    controller.call(method, &[Value::from(group)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, array, check, done, fault, process, reloaded, result};

    fn stopped() -> Result<Value, crate::world::CallError> {
        array([result("a", "a", FaultCode::Success)])
    }

    fn all_three() -> Scene {
        Scene::bare()
            .on("reloadConfig", reloaded(&["new"], &["el"], &["a"]))
            .on("stopProcessGroup a", stopped())
            .on("removeProcessGroup a", done())
            .on("stopProcessGroup el", array([]))
            .on("removeProcessGroup el", done())
            .on("addProcessGroup el", done())
            .on("addProcessGroup new", done())
    }

    const ALL_THREE: &str = "a: stopped\na: removed process group\nel: stopped\nel: updated process group\n\
                             new: added process group\n";

    #[test]
    fn removed_then_changed_then_added() {
        for line in ["update", "update all", "update x all"] {
            check(all_three(), line, ALL_THREE, 0);
        }
        check(Scene::bare().on("reloadConfig", reloaded(&[], &[], &[])), "update", "", 0);
    }

    #[test]
    fn names_filter_all_three() {
        let active = || array([process("el", "el", (20, "RUNNING"), "", 1), process("a", "a", (20, "RUNNING"), "", 2)]);
        let scene = || {
            Scene::bare()
                .on("reloadConfig", reloaded(&["new"], &["el"], &["a"]))
                .on("getAllProcessInfo", active())
                .on("addProcessGroup new", done())
        };
        check(scene(), "update new", "new: added process group\n", 0);
        let words = "ERROR: no such group: nosuch\nnew: added process group\n";
        check(scene(), "update nosuch new nosuch", words, 1);
    }

    #[test]
    fn a_group_that_does_not_stop_stays() {
        let scene = Scene::bare()
            .on("reloadConfig", reloaded(&[], &[], &["a"]))
            .on("stopProcessGroup a", array([result("a", "a", FaultCode::Failed)]));
        check(scene, "update", "a: stopped\na: has problems; not removing\n", 1);
    }

    #[test]
    fn refusals() {
        let down = Scene::bare().on("reloadConfig", fault(FaultCode::ShutdownState, ""));
        check(down, "update", "ERROR: already shutting down\n", 1);
        let bad = Scene::bare().on("reloadConfig", fault(FaultCode::CantReread, "no section"));
        check(bad, "update", "ERROR: CANT_REREAD: no section\n", 1);
    }
}
