//! Ctrl-C while a command waits: what goes on without us, and what has been stopped, for a person at a terminal.

use supervisor_core::{Namespec, ProcessState, make_namespec};
use supervisor_protocol::name_pattern::NamePattern;

use super::Action;
use crate::answers::ProcessInfo;
use crate::controller::Controller;
use crate::limits::COMPLETION_TIMEOUT;
use crate::name_pattern::is_pattern;

/// Says so, if this command asks for things that take their time. In silence about what the server does not tell.
pub(crate) fn tell(controller: &mut Controller, action: &Action, argument: &str) {
    let rest = match action.name {
        "start" | "stop" => None,
        "restart" => Some(format!("restart is not finished: start {argument} starts what has been stopped")),
        "update" => Some("update is not finished: update again does the rest".to_owned()),
        _ => return,
    };
    controller.output.line("Interrupted: what supervisord was asked for goes on without us");
    controller.world.set_deadline(COMPLETION_TIMEOUT);
    let infos: Vec<ProcessInfo> = controller.try_call("supervisor.getAllProcessInfo", &[]).unwrap_or_default();
    let concerned: Vec<&ProcessInfo> = infos.iter().filter(|info| is_named(info, action, argument)).collect();
    for (words, state) in [
        ("being stopped", ProcessState::Stopping),
        ("stopped", ProcessState::Stopped),
        ("being started", ProcessState::Starting),
    ] {
        let names = concerned.iter().filter(|info| info.state == state.code());
        let names: Vec<String> = names.map(|info| make_namespec(&info.group, &info.name)).collect();
        if !names.is_empty() {
            controller.advise(&format!("{words}: {}", names.join(", ")));
        }
    }
    if let Some(rest) = rest {
        controller.advise(&rest);
    }
}

fn is_named(info: &ProcessInfo, action: &Action, argument: &str) -> bool {
    let words: Vec<&str> = argument.split_whitespace().collect();
    let names_all = words.contains(&"all") || (action.name == "update" && words.is_empty());
    names_all
        || words.iter().any(|word| {
            let wanted = Namespec::parse(word);
            let is_meant = wanted.process.is_none_or(|process| process == info.name) && wanted.group == info.group;
            is_meant
                || (action.name == "update" && *word == info.group)
                || (is_pattern(word) && NamePattern::new(word).means(&info.group, &info.name))
        })
}

#[cfg(test)]
mod tests {
    use crate::controller::Flow;
    use crate::testing::{Scene, array, process};
    use crate::world::CallError;

    #[test]
    fn what_goes_on_is_told_to_a_person() {
        let states = || {
            array([
                process("a", "a", (0, "STOPPED"), "", 0),
                process("b", "b", (40, "STOPPING"), "", 1),
                process("c", "c", (20, "RUNNING"), "", 1),
                process("web", "one", (40, "STOPPING"), "", 1),
            ])
        };
        for (line, call, told) in [
            ("restart all", "stopAllProcesses", "being stopped: b, web:one\n    stopped: a"),
            ("restart a b", "stopProcess a", "being stopped: b\n    stopped: a"),
            ("restart web:*", "stopProcessGroup web", "being stopped: web:one"),
        ] {
            let scene = Scene::new().at_terminal().on(call, Err(CallError::Interrupted));
            let outcome = scene.on("deadline 2000", crate::testing::done()).on("getAllProcessInfo", states()).run(line);
            let names = line.trim_start_matches("restart ");
            let words = format!(
                "\nInterrupted: what supervisord was asked for goes on without us\n    {told}\n    \
                 restart is not finished: start {names} starts what has been stopped\n"
            );
            assert_eq!((outcome.out, outcome.flow), (words, Flow::Continue));
        }
    }

    #[test]
    fn a_script_sees_an_empty_line_as_ever() {
        let outcome = Scene::new().on("stopAllProcesses", Err(CallError::Interrupted)).run("stop all");
        assert_eq!((outcome.out.as_str(), outcome.flow), ("\n", Flow::Leave));
    }
}
