//! `[rpcinterface:x]` with `command=`: a program that offers the methods of the namespace `x` (docs/extensions.md).
//!
//! Few options of a program are options here, so that all other names are the extension's own. It is always started,
//! started again whenever it ends, and never given up. Its process and the group of that bear a name which says where
//! it is from, and which no process has by chance.

use std::sync::Arc;

use supervisor_core::{
    Autorestart, ExtensionConfig, ExtensionKind, GroupConfig, GroupKind, ProcessConfig, RestartPause,
};

use super::plugins::RpcInterfaceFactory;
use crate::context::{Context, SectionReader};
use crate::datatypes::list_of_strings;
use crate::diagnostics::ConfigError;
use crate::environment::Variables;
use crate::ini::Section;
use crate::options_table::{SectionType, rpcinterface as rows};
use crate::process_config::{ProcessBuilder, ProcessSource};

/// The order of its group among groups: it starts before the programs that call it, and stops after them.
const PRIORITY: i64 = 0;

/// The options that it has as a program.
const PROGRAM_OPTIONS: &[&str] = &[
    "command",
    "directory",
    "environment",
    "redirect_stderr",
    "stderr_logfile",
    "stderr_logfile_backups",
    "stderr_logfile_maxbytes",
    "stderr_syslog",
    "stdout_logfile",
    "stdout_logfile_backups",
    "stdout_logfile_maxbytes",
    "stdout_syslog",
    "stopwaitsecs",
    "user",
];

/// Whether a section is one of an extension. A factory takes all options, one called `command` too.
pub(crate) fn is_extension(context: &Context, section: &Section) -> bool {
    section.name.starts_with(SectionType::RpcInterface.prefix())
        && context.document.get(section, rows::FACTORY.name).is_none()
        && context.document.get(section, rows::COMMAND.name).is_some()
}

/// Whether a configuration has extensions, or plug-ins that are hosted, which may have event types of their own.
pub(crate) fn has_extensions(context: &Context) -> bool {
    let is_hosted = |section: &Section| {
        section.name.starts_with(SectionType::RpcInterface.prefix())
            && context
                .document
                .get(section, rows::FACTORY.name)
                .is_some_and(|entry| RpcInterfaceFactory::of(&entry.value).is_none())
    };
    context.document.sections.iter().any(|section| is_extension(context, section) || is_hosted(section))
}

/// Reads one; `None`: it cannot be used, which has been said.
pub(crate) fn read_extension(
    builder: &mut ProcessBuilder<'_>,
    section: &Section,
) -> Result<Option<GroupConfig>, ConfigError> {
    let context = builder.context;
    let words = [context.here_word(), context.host_node_name_word()];
    let reader = context.reader(section, &words);
    let Some(namespace) = reader.name_of_section()? else { return Ok(None) };
    if namespace == "system" || namespace.contains('.') {
        reader.refuse_section(format!("{namespace} cannot be the namespace of an extension"))?;
        return Ok(None);
    }
    let extension = Arc::new(ExtensionConfig {
        kind: ExtensionKind::RpcInterface,
        namespace: namespace.into(),
        factory: "".into(),
        options: own_options(&reader)?.into(),
        allow: reader.text(&rows::ALLOW)?.map(|list| list_of_strings(&list).into_iter().map(Box::from).collect()),
    });
    let name = extension.process_name();
    let source =
        ProcessSource { section, group_name: &name, group: None, socket: None, options: Some(PROGRAM_OPTIONS) };
    let processes = builder.build(source)?;
    let processes = processes.into_iter().map(|process| {
        let process = Arc::unwrap_or_clone(process);
        Arc::new(as_extension(process, &name, &extension))
    });
    let processes = processes.collect();
    Ok(Some(GroupConfig { name: name.into(), priority: PRIORITY, kind: GroupKind::Extension, processes }))
}

fn own_options(reader: &SectionReader<'_>) -> Result<Variables, ConfigError> {
    let mut options = Vec::new();
    for entry in reader.context.document.options(reader.section) {
        if PROGRAM_OPTIONS.contains(&&*entry.key) || *entry.key == *rows::ALLOW.name {
            continue;
        }
        if let Some(value) = reader.free_text(entry)? {
            options.push((Box::from(&*entry.key), Box::from(&*value)));
        }
    }
    Ok(options)
}

/// A process that is started again whenever it ends, and never given up.
pub(crate) fn as_extension(process: ProcessConfig, name: &str, extension: &Arc<ExtensionConfig>) -> ProcessConfig {
    let mut process = ProcessConfig { name: name.into(), priority: PRIORITY, ..process };
    process.restart.autorestart = Autorestart::Always;
    process.restart.startretries = i64::MAX;
    process.restart.pause = RestartPause::Growing;
    process.extension = Some(Arc::clone(extension));
    process
}
