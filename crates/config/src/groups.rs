//! The process groups of a configuration: built in upstream's order, then sorted (contract/config.md §5.7).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use supervisor_core::{GroupConfig, GroupKind};

use crate::context::Context;
use crate::diagnostics::ConfigError;
use crate::environment::Variables;
use crate::ini::Section;
use crate::options_table::{SectionType, program};
use crate::process_config::{MemberName, ProcessBuilder, ProcessSource};
use crate::sections::eventlistener::read_eventlistener;
use crate::sections::extension::{is_extension, read_extension};
use crate::sections::fcgi_program::{SocketTable, read_fcgi_program};
use crate::sections::group::read_group;

/// All groups, by priority, then name; and the processes of the program that is asked for. `global` are the variables
/// of all programs.
pub(crate) fn read_groups(
    context: &Context,
    global: &Variables,
    program: Option<&str>,
) -> Result<(Vec<Arc<GroupConfig>>, Vec<MemberName>), ConfigError> {
    let mut builder = ProcessBuilder::new(context, global).noting(program);
    let mut sockets = SocketTable::default();
    let mut groups: Vec<(&Section, GroupConfig)> = Vec::new();
    let mut members = Vec::new();
    for section in sections(context, SectionType::Group) {
        let group = read_group(&mut builder, &mut sockets, section, &mut members)?;
        groups.extend(group.map(|group| (section, group)));
    }
    let members: HashSet<&str> = members.into_iter().collect();
    let free = |section: &&Section| !members.contains(&*section.name);
    for section in sections(context, SectionType::Program).filter(free) {
        groups.extend(read_program_group(&mut builder, section)?.map(|group| (section, group)));
    }
    for section in sections(context, SectionType::EventListener) {
        groups.push((section, read_eventlistener(&mut builder, section)?));
    }
    for section in sections(context, SectionType::FcgiProgram).filter(free) {
        groups.extend(read_fcgi_program(&mut builder, &mut sockets, section)?.map(|group| (section, group)));
    }
    for section in sections(context, SectionType::RpcInterface).filter(|section| is_extension(context, section)) {
        groups.extend(read_extension(&mut builder, section)?.map(|group| (section, group)));
    }
    Ok((sort(context, groups), builder.noted))
}

fn sections(context: &Context, section_type: SectionType) -> impl Iterator<Item = &Section> {
    context.document.sections.iter().filter(move |section| section.name.starts_with(section_type.prefix()))
}

/// A program that is no member of a group is one by itself.
fn read_program_group(builder: &mut ProcessBuilder<'_>, section: &Section) -> Result<Option<GroupConfig>, ConfigError> {
    let context = builder.context;
    let here = [context.here_word()];
    let reader = context.reader(section, &here);
    let Some(name) = reader.name_of_section()? else { return Ok(None) };
    let priority = reader.value(&program::PRIORITY)?;
    let processes =
        builder.build(ProcessSource { section, group_name: name, group: None, socket: None, options: None })?;
    Ok(Some(GroupConfig { name: name.into(), priority, kind: GroupKind::Programs, processes }))
}

/// Sorts the groups. Of two with one name the later is left out, with a warning where upstream is silent
/// (quirks.md F42).
fn sort(context: &Context, mut groups: Vec<(&Section, GroupConfig)>) -> Vec<Arc<GroupConfig>> {
    groups.sort_by(|(_, a), (_, b)| (a.priority, &a.name).cmp(&(b.priority, &b.name)));
    let mut seen: HashMap<Box<str>, &Section> = HashMap::new();
    let mut sorted = Vec::with_capacity(groups.len());
    for (section, group) in groups {
        if let Some(first) = seen.get(&group.name) {
            let (name, first, second) = (&group.name, &first.name, &section.name);
            let text =
                format!("Group name \"{name}\" is used by both [{first}] and [{second}], [{second}] is left out");
            context.warn(text, Some(&section.place));
        } else {
            seen.insert(group.name.clone(), section);
            sorted.push(Arc::new(group));
        }
    }
    sorted
}
