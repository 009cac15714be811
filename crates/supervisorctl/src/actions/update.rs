//! `update` (contract/ctl.md §3.11, quirks.md K07).

use std::collections::BTreeSet;

use supervisor_core::{FaultCode, ProcessState};

use super::beside_others::pause;
use super::reread::reload_config;
use super::{Action, Completes, progress, warnings};
use crate::answers::{ProcessInfo, ProcessResult, Reloaded};
use crate::controller::{Controller, Flow};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::limits::MAX_NEW_BEGINNINGS;
use crate::result_code::ResultCode::Known;
use crate::world::{CallError, ProcessName};
use supervisor_protocol::xmlrpc::Value;

pub(super) const ACTION: Action = Action {
    name: "update",
    help: "update\t\t\tReload config and add/remove as necessary, and will restart affected programs\n\
           update all\t\tReload config and add/remove as necessary, and will restart affected programs\n\
           update <gname> [...]\tUpdate specific groups",
    completes: Completes::GroupsOrAll,
    options: &[],
    more: "Examples:\n\
           update\t\t\tMake everything as the configuration says now\n\
           update web\t\tThe same, for the group web alone",
    run,
};

fn run(controller: &mut Controller, argument: &str) -> Result<Flow, Failure> {
    let Some(reloaded) = reload_config(controller, SHUTTING_DOWN)? else { return Ok(Flow::Continue) };
    warnings::tell(controller)?;
    let mut wanted: Vec<&str> = argument.split_whitespace().collect();
    if wanted.contains(&"all") {
        wanted.clear();
    }
    if !wanted.is_empty() {
        complain_about_strangers(controller, &wanted, &reloaded)?;
    }
    let is_wanted = |group: &str| wanted.is_empty() || wanted.contains(&group);
    for (group, change) in changes(&reloaded).filter(|(group, _)| is_wanted(group)) {
        match make(controller, group, change)? {
            Outcome::Done(words) => controller.output.line(&format!("{group}: {words}")),
            Outcome::Refused => {}
            Outcome::Overtaken => catch_up(controller, group, change)?,
        }
    }
    Ok(Flow::Continue)
}

const SHUTTING_DOWN: &str = "ERROR: already shutting down";

/// What is to be done to a group.
#[derive(Clone, Copy)]
enum Change {
    Remove,
    Replace,
    Add,
}

impl Change {
    /// What is said when it is so, whoever has done it.
    fn words(self) -> &'static str {
        match self {
            Self::Remove => "removed process group",
            Self::Replace => "updated process group",
            Self::Add => "added process group",
        }
    }
}

/// What has become of a change.
enum Outcome {
    /// It is so: what is to be said.
    Done(&'static str),
    /// It cannot be, and that has been said.
    Refused,
    /// Another client came in between: what is there now has to be looked at.
    Overtaken,
}

/// All changes, in the order in which they are made.
fn changes(Reloaded { added, changed, removed }: &Reloaded) -> impl Iterator<Item = (&str, Change)> {
    let removed = removed.iter().map(|group| (group.as_str(), Change::Remove));
    let changed = changed.iter().map(|group| (group.as_str(), Change::Replace));
    removed.chain(changed).chain(added.iter().map(|group| (group.as_str(), Change::Add)))
}

fn make(controller: &mut Controller, group: &str, change: Change) -> Result<Outcome, Failure> {
    let done = Ok(Outcome::Done(change.words()));
    match change {
        Change::Remove | Change::Replace => match take_away(controller, group, change)? {
            None => {}
            Some(outcome) => return Ok(outcome),
        },
        Change::Add => return if add(controller, group)? { done } else { Ok(Outcome::Overtaken) },
    }
    match change {
        Change::Replace if !add(controller, group)? => Ok(Outcome::Overtaken),
        Change::Replace | Change::Remove | Change::Add => done,
    }
}

/// Another deploy does the same: goes on from what the server says now, until there is nothing left to do.
fn catch_up(controller: &mut Controller, group: &str, wanted: Change) -> Result<(), Failure> {
    let mut beginnings = 0;
    while beginnings < MAX_NEW_BEGINNINGS {
        if !is_stopping(controller, group)? {
            beginnings += 1;
        }
        pause(controller, "supervisor.reloadConfig")?;
        let Some(now) = reload_config(controller, SHUTTING_DOWN)? else { return Ok(()) };
        let left = changes(&now).find(|(name, _)| *name == group);
        let outcome = match left {
            Some((_, change)) => make(controller, group, change)?,
            None => Outcome::Done(wanted.words()),
        };
        match outcome {
            Outcome::Done(words) => {
                controller.output.line(&format!("{group}: {words}"));
                return Ok(());
            }
            Outcome::Refused => return Ok(()),
            Outcome::Overtaken => {}
        }
    }
    controller.output.line(&format!("ERROR: other clients keep changing the group {group}: update again"));
    controller.fail(ExitStatus::Generic);
    Ok(())
}

/// Whether something of the group has been stopped and still runs, which takes as long as its `stopwaitsecs` says.
fn is_stopping(controller: &mut Controller, group: &str) -> Result<bool, Failure> {
    let all: Vec<ProcessInfo> = controller.call("supervisor.getAllProcessInfo", &[])?;
    Ok(all.iter().any(|info| info.group == group && info.state == ProcessState::Stopping.code()))
}

/// A name that is neither active nor new is an error; the others are dealt with all the same.
fn complain_about_strangers(controller: &mut Controller, wanted: &[&str], reloaded: &Reloaded) -> Result<(), Failure> {
    let active: Vec<ProcessName> = controller.call("supervisor.getAllProcessInfo", &[])?;
    // What was to be changed a moment ago may be gone for as long as another client replaces it.
    let changing = changes(reloaded).map(|(group, _)| group);
    let known: BTreeSet<&str> = active.iter().map(|process| process.group.as_str()).chain(changing).collect();
    let mut named = BTreeSet::new();
    for group in wanted {
        if named.insert(group) && !known.contains(group) {
            controller.output.line(&format!("ERROR: no such group: {group}"));
            controller.fail(ExitStatus::Generic);
            controller.advise("update takes names of groups; avail shows them before the colon");
        }
    }
    Ok(())
}

/// Stops a group and removes it; `None` when it is gone. The line of the stop comes even if nothing ran.
fn take_away(controller: &mut Controller, group: &str, change: Change) -> Result<Option<Outcome>, Failure> {
    const STOP: &str = "supervisor.stopProcessGroup";
    const REMOVE: &str = "supervisor.removeProcessGroup";
    let is_meant = |info: &ProcessInfo| info.group == group;
    let results: Vec<ProcessResult> = match progress::try_call(controller, STOP, &[Value::from(group)], &is_meant) {
        Err(CallError::Fault { code: Known(FaultCode::BadName), .. }) => return Ok(Some(Outcome::Overtaken)),
        results => results.map_err(|error| Failure::Call { method: STOP, error })?,
    };
    controller.output.line(&format!("{group}: stopped"));
    let has_problems = results.iter().any(|result| result.status == Known(FaultCode::Failed));
    if has_problems && matches!(change, Change::Remove) {
        controller.output.line(&format!("{group}: has problems; not removing"));
        controller.fail(ExitStatus::Generic);
        return Ok(Some(Outcome::Refused));
    }
    match controller.try_call::<()>(REMOVE, &[Value::from(group)]) {
        Ok(()) => Ok(None),
        Err(CallError::Fault { code: Known(FaultCode::BadName), .. }) => Ok(Some(Outcome::Overtaken)),
        Err(CallError::Fault { code: Known(FaultCode::StillRunning), .. }) if !has_problems => {
            Ok(Some(Outcome::Overtaken))
        }
        Err(error) => Err(Failure::Call { method: REMOVE, error }),
    }
}

/// `false`: it is there already, or the configuration does not have it any more.
fn add(controller: &mut Controller, group: &str) -> Result<bool, Failure> {
    const ADD: &str = "supervisor.addProcessGroup";
    match controller.try_call::<()>(ADD, &[Value::from(group)]) {
        Ok(()) => Ok(true),
        Err(CallError::Fault { code: Known(FaultCode::AlreadyAdded | FaultCode::BadName), .. }) => Ok(false),
        Err(error) => Err(Failure::Call { method: ADD, error }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, array, check, done, fault, process, reloaded, result};

    fn stopped() -> Result<Value, CallError> {
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

    /// After each way in which another client may come in between: what is there then, and what is said.
    #[test]
    fn what_another_client_does_at_the_same_time_is_no_error() {
        let begun = || Scene::bare().on("reloadConfig", reloaded(&[], &["a"], &[]));
        let nothing_left =
            |scene: Scene| scene.on("getAllProcessInfo", array([])).on("reloadConfig", reloaded(&[], &[], &[]));
        let gone = begun().on("stopProcessGroup a", fault(FaultCode::BadName, "a"));
        check(nothing_left(gone), "update", "a: updated process group\n", 0);
        let removed = begun().on("stopProcessGroup a", stopped());
        let removed = removed.on("removeProcessGroup a", fault(FaultCode::BadName, "a"));
        check(nothing_left(removed), "update", "a: stopped\na: updated process group\n", 0);
        let started = begun().on("stopProcessGroup a", stopped());
        let started = started.on("removeProcessGroup a", fault(FaultCode::StillRunning, "a"));
        check(nothing_left(started), "update", "a: stopped\na: updated process group\n", 0);
        let added = begun().on("stopProcessGroup a", stopped()).on("removeProcessGroup a", done());
        let added = added.on("addProcessGroup a", fault(FaultCode::AlreadyAdded, "a"));
        check(nothing_left(added), "update", "a: stopped\na: updated process group\n", 0);
        let lost = begun().on("stopProcessGroup a", fault(FaultCode::BadName, "a"));
        let lost = lost.on("getAllProcessInfo", array([])).on("reloadConfig", reloaded(&["a"], &[], &[]));
        check(lost.on("addProcessGroup a", done()), "update", "a: added process group\n", 0);
    }

    #[test]
    fn what_another_client_keeps_running_is_an_error_in_the_end() {
        let mut scene = Scene::bare().on("reloadConfig", reloaded(&[], &[], &["a"]));
        for _ in 0..MAX_NEW_BEGINNINGS {
            scene = scene
                .on("stopProcessGroup a", array([]))
                .on("removeProcessGroup a", fault(FaultCode::StillRunning, "a"))
                .on("getAllProcessInfo", array([]))
                .on("reloadConfig", reloaded(&[], &[], &["a"]));
        }
        scene =
            scene.on("stopProcessGroup a", array([])).on("removeProcessGroup a", fault(FaultCode::StillRunning, "a"));
        let words = "a: stopped\n".repeat(21) + "ERROR: other clients keep changing the group a: update again\n";
        check(scene, "update", &words, 1);
    }

    #[test]
    fn refusals() {
        let down = Scene::bare().on("reloadConfig", fault(FaultCode::ShutdownState, ""));
        check(down, "update", "ERROR: already shutting down\n", 1);
        let bad = Scene::bare().on("reloadConfig", fault(FaultCode::CantReread, "no section"));
        check(bad, "update", "ERROR: CANT_REREAD: no section\n", 1);
    }
}
