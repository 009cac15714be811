//! `exit_code_from`: from the name of a process, a group or a program to the processes whose exit status is that of
//! supervisord.

use std::sync::Arc;

use supervisor_core::{GroupConfig, GroupKind, Namespec};

use crate::command_line::SupervisordOptions;
use crate::context::Context;
use crate::diagnostics::ConfigError;
use crate::nearest::nearest;
use crate::options_table::supervisord::EXIT_CODE_FROM;
use crate::process_config::MemberName;
use crate::python_text::strip;
use crate::wrapped::WRAPPED;

/// The processes that are named; the command line wins. `of_program` are those of the program of this name.
pub(crate) fn settle(
    context: &Context,
    file: Option<&str>,
    line: &SupervisordOptions,
    groups: &[Arc<GroupConfig>],
    of_program: &[MemberName],
) -> Result<Box<[MemberName]>, ConfigError> {
    let wrapped = line.wrapped.as_ref().map(|_| WRAPPED);
    let of_line = line.exit_code_from.as_deref().or(wrapped);
    let Some(name) = of_line.or(file).map(strip).filter(|name| !name.is_empty()) else { return Ok([].into()) };
    let named = named(name, groups, of_program);
    if !named.is_empty() {
        return Ok(named);
    }
    let why = format!("there is no group, process or program {name}");
    let known = groups.iter().filter(|group| group.kind != GroupKind::Extension).map(|group| &*group.name);
    let remedy = nearest(name, known).map(|near| format!("did you mean {near}?"));
    let remedy = remedy.unwrap_or_else(|| "name one that there is".to_owned());
    if of_line.is_some() {
        let error = ConfigError::new(format!("--exit-code-from={name}: {why}; {remedy}"));
        return context.problems.report(error).map(|()| [].into());
    }
    let section = context.document.section("supervisord").expect("the name was read from it");
    context.reader(section, &[]).refuse_meaning(&EXIT_CODE_FROM, name, &why, &remedy).map(|()| [].into())
}

/// The name of the program that `exit_code_from` may mean; looked for while the groups are made.
pub(crate) fn program_name<'n>(file: Option<&'n str>, line: &'n SupervisordOptions) -> Option<&'n str> {
    line.exit_code_from.as_deref().or(file).map(strip).filter(|name| !name.contains(':'))
}

fn named(name: &str, groups: &[Arc<GroupConfig>], of_program: &[MemberName]) -> Box<[MemberName]> {
    let members = |group: &GroupConfig, process: Option<&str>| -> Box<[MemberName]> {
        let wanted = group.processes.iter().filter(|member| process.is_none_or(|process| *member.name == *process));
        wanted.map(|member| (group.name.clone(), member.name.clone())).collect()
    };
    let spec = Namespec::parse(name);
    let Some(group) = groups.iter().find(|group| *group.name == *spec.group) else { return of_program.into() };
    // A bare name is that of a group, too.
    members(group, spec.process.filter(|_| name.contains(':')))
}
