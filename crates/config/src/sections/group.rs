//! `[group:x]` (contract/config.md §5.6).

use supervisor_core::{GroupConfig, GroupKind};

use super::fcgi_program::SocketTable;
use crate::context::Context;
use crate::datatypes::list_of_strings;
use crate::diagnostics::{ConfigError, Culprit, Refusal};
use crate::ini::Section;
use crate::options_table::group as rows;
use crate::process_config::{ProcessBuilder, ProcessSource};

/// Reads a group; the names of the sections that become its members are added to `members`.
pub(crate) fn read_group<'c>(
    builder: &mut ProcessBuilder<'c>,
    sockets: &mut SocketTable,
    section: &'c Section,
    members: &mut Vec<&'c str>,
) -> Result<Option<GroupConfig>, ConfigError> {
    let context = builder.context;
    let here = [context.here_word()];
    let reader = context.reader(section, &here);
    let Some(name) = reader.name_of_section()? else { return Ok(None) };
    let programs = reader.text(&rows::PROGRAMS)?.unwrap_or_default();
    let priority = reader.value(&rows::PRIORITY)?;
    let mut processes = Vec::new();
    for program in list_of_strings(&programs) {
        match find_member(context, section, program) {
            Ok(member) => {
                members.push(&member.name);
                let socket = sockets.of_member(context, member)?;
                let source = ProcessSource {
                    section: member,
                    group_name: name,
                    group: Some(section),
                    socket: socket.as_ref(),
                    options: None,
                };
                processes.extend(builder.build(source)?);
            }
            Err(refusal) => reader.refuse(&rows::PROGRAMS, refusal)?,
        }
    }
    Ok(Some(GroupConfig { name: name.into(), priority, kind: GroupKind::Programs, processes }))
}

/// The section of a member. Errors name the group, where upstream names the member before (quirks.md F23).
fn find_member<'c>(context: &'c Context, group: &Section, program: &str) -> Result<&'c Section, Refusal> {
    let plain = context.document.section(&format!("program:{program}"));
    let fcgi = context.document.section(&format!("fcgi-program:{program}"));
    let refuse = |text| Err(Refusal { text, culprit: Some(Culprit::Member(program.to_owned())) });
    match (plain, fcgi) {
        (Some(member), None) | (None, Some(member)) => Ok(member),
        (None, None) => refuse(format!("[{}] names unknown program or fcgi-program {program}", group.name)),
        (Some(_), Some(_)) => {
            refuse(format!("[{}] name {program} is ambiguous (exists as program and fcgi-program)", group.name))
        }
    }
}
