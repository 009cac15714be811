//! The commands: one file each, and the table that dispatch, `help` and completion are read from.

mod add;
mod avail;
mod beside_others;
mod clear;
mod events;
mod fg;
mod group_change;
mod help;
mod interruption;
mod logs;
mod maintail;
mod open;
mod operation;
mod options;
mod page_stream;
mod pid;
mod progress;
mod quit;
mod reload;
mod remove;
mod reread;
mod restart;
mod shutdown;
mod signal;
mod start;
mod status;
mod stop;
mod tail;
mod top;
mod update;
mod version;
mod waiting;
mod warnings;
mod why;

use crate::controller::{Controller, Flow};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;

/// A command of the shell and of the command line.
#[derive(Debug)]
pub(crate) struct Action {
    /// What the person types.
    pub(crate) name: &'static str,
    /// The usage lines that `help NAME` shows, and a wrong use too.
    pub(crate) help: &'static str,
    /// What its argument can be completed with.
    pub(crate) completes: Completes,
    /// The options that it takes before the names, for completion: with each value that is known. One that ends in
    /// `=` or a blank wants a value that is not.
    pub(crate) options: &'static [&'static str],
    /// What `NAME --help` shows below the usage lines: new options, examples. Empty: nothing.
    pub(crate) more: &'static str,
    /// Does it, given the rest of the line without blanks around it.
    pub(crate) run: fn(&mut Controller, &str) -> Result<Flow, Failure>,
}

/// The kind of words that follow a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Completes {
    /// None that could be guessed.
    Nothing,
    /// Names of commands.
    Actions,
    /// Names of groups.
    Groups,
    /// Names of groups, or `all`.
    GroupsOrAll,
    /// One namespec.
    OneProcess,
    /// A namespec, then the name of one of its logs.
    ProcessThenChannel,
    /// Namespecs, or `all`.
    ProcessesOrAll,
    /// The name of a signal, then namespecs or `all`.
    SignalThenProcesses,
    /// Types of events.
    EventTypes,
}

/// Every command, sorted by name.
pub(crate) const ACTIONS: [&Action; 28] = [
    &add::ACTION,
    &avail::ACTION,
    &clear::ACTION,
    &events::ACTION,
    &quit::EXIT,
    &fg::ACTION,
    &help::ACTION,
    &why::HISTORY,
    &logs::ACTION,
    &maintail::ACTION,
    &open::ACTION,
    &pid::ACTION,
    &quit::ACTION,
    &reload::ACTION,
    &remove::ACTION,
    &reread::ACTION,
    &why::RESET_FAILED,
    &restart::ACTION,
    &shutdown::ACTION,
    &signal::ACTION,
    &start::ACTION,
    &status::ACTION,
    &stop::ACTION,
    &tail::ACTION,
    &top::ACTION,
    &update::ACTION,
    &version::ACTION,
    &why::WHY,
];

/// The command of this name.
pub(crate) fn find(name: &str) -> Option<&'static Action> {
    ACTIONS.into_iter().find(|action| action.name == name)
}

impl Action {
    /// What it does, in a few words: the end of its first usage line that tells.
    pub(crate) fn summary(&self) -> &'static str {
        self.help.lines().find_map(|line| Some(line.rsplit_once('\t')?.1)).unwrap_or_default()
    }
}

pub(crate) use help::is_word_of_command_line;
/// What `ACTION --help` shows, and `help ACTION` on a terminal.
pub(crate) use help::show as show_help;
/// What Ctrl-C leaves to go on.
pub(crate) use interruption::tell as tell_interruption;
/// Ends the session, as `quit` does.
pub(crate) use quit::leave;

/// Says what is wrong with the arguments, then how they should be.
fn refuse(controller: &mut Controller, action: &Action, complaint: &str, status: ExitStatus) -> Flow {
    controller.output.line(complaint);
    controller.output.line(action.help);
    controller.fail(status);
    Flow::Continue
}

/// For a command without arguments: `true` if there are none, else it has been refused.
fn has_no_argument(controller: &mut Controller, action: &Action, argument: &str) -> bool {
    if !argument.is_empty() {
        let complaint = format!("Error: {} accepts no arguments", action.name);
        refuse(controller, action, &complaint, ExitStatus::Generic);
    }
    argument.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_every_command_has_help() {
        assert!(ACTIONS.is_sorted_by_key(|action| action.name));
        for action in ACTIONS {
            assert!(action.help.starts_with(action.name), "{}", action.name);
            assert!(!action.summary().is_empty() && !action.summary().starts_with(action.name), "{}", action.name);
            assert_eq!(action.more.trim(), action.more, "{}", action.name);
            // These three have nothing to show an example of.
            let needs_none = ["exit", "help", "quit"].contains(&action.name);
            assert_ne!(action.more.contains("Examples:\n"), needs_none, "{}", action.name);
        }
    }
}
