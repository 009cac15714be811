//! Plug-ins that are Python code: each runs in a process of the plug-in host, which to the daemon is an extension.
//!
//! All options of their sections are their own, or their listener's, so nothing about that process can be configured
//! but the interpreter.

use std::sync::Arc;

use supervisor_core::{ExtensionConfig, ExtensionKind, GroupConfig, GroupKind, LogFile, ProcessConfig, ResultHandler};

use super::extension::as_extension;
use super::plugins::Plugin;
use crate::config::HostedPlugin;
use crate::context::Context;
use crate::diagnostics::Place;
use crate::environment::Variables;
use crate::ini::name_after_colon;
use crate::options_table::SectionType;
use crate::python_text::strip;
use crate::shlex::quote;

/// Names the interpreter where `python_host` does not.
const INTERPRETER_VARIABLE: &str = "SUPERVISOR_PLUGIN_PYTHON";

/// Where a result handler prints: what it shows of the output of programs is for who looks at supervisord's own.
const OWN_OUTPUT: [&str; 2] = ["/dev/stdout", "/dev/stderr"];

/// The interpreter of plug-ins: that of `python_host=`, else that of `SUPERVISOR_PLUGIN_PYTHON`, else the usual one. A
/// name without a slash is to be looked for in `PATH`.
pub fn plugin_interpreter<'e>(configured: Option<&str>, variable: impl FnOnce(&str) -> Option<&'e str>) -> String {
    let chosen = configured.or_else(|| variable(INTERPRETER_VARIABLE)).filter(|chosen| !chosen.is_empty());
    chosen.unwrap_or("python3").to_owned()
}

/// Those of a configuration, in file order; `groups` are its others. `global` are the variables of all programs.
pub(crate) fn hosted_plugins(
    context: &Context,
    interfaces: &[Plugin],
    groups: &[Arc<GroupConfig>],
    interpreter: &str,
    global: &Variables,
) -> Vec<HostedPlugin> {
    let make = |extension, section: String, place: Place| {
        let mut process = ProcessConfig::new("", &quote(interpreter));
        process.environment.variables = global.as_slice().into();
        let extension: Arc<ExtensionConfig> = Arc::new(extension);
        match extension.kind {
            ExtensionKind::RpcInterface => {}
            ExtensionKind::ResultHandler => {
                for (channel, path) in [&mut process.log.stdout, &mut process.log.stderr].into_iter().zip(OWN_OUTPUT) {
                    (channel.logfile, channel.maxbytes) = (LogFile::Path(path.into()), 0);
                }
            }
        }
        let process = as_extension(process, &extension.process_name(), &extension);
        HostedPlugin { section, place, process: Arc::new(process) }
    };
    let interfaces = interfaces.iter().filter(|plugin| plugin.is_hosted).map(|plugin| {
        let options = plugin.options.iter().map(|(name, value)| (name.as_str().into(), value.as_str().into()));
        let extension = ExtensionConfig {
            kind: ExtensionKind::RpcInterface,
            namespace: plugin.name.as_str().into(),
            factory: plugin.factory.as_str().into(),
            options: options.collect(),
            allow: None,
        };
        make(extension, format!("rpcinterface:{}", plugin.name), plugin.place.clone())
    });
    let handlers = groups.iter().filter_map(|group| {
        let GroupKind::EventListeners(pool) = &group.kind else { return None };
        let ResultHandler::Plugin(factory) = &pool.result_handler else { return None };
        let is_its_section = |name: &str| {
            name.starts_with(SectionType::EventListener.prefix()) && strip(name_after_colon(name)) == &*group.name
        };
        let section = context.document.sections.iter().find(|section| is_its_section(&section.name))?;
        let extension = ExtensionConfig {
            kind: ExtensionKind::ResultHandler,
            namespace: group.name.clone(),
            factory: factory.clone(),
            options: [].into(),
            allow: None,
        };
        Some(make(extension, section.name.to_string(), section.place.clone()))
    });
    interfaces.chain(handlers).collect()
}

impl HostedPlugin {
    /// The group of its process.
    pub(crate) fn group(&self) -> GroupConfig {
        let process = Arc::clone(&self.process);
        let (name, priority) = (process.name.clone(), process.priority);
        GroupConfig { name, priority, kind: GroupKind::Extension, processes: vec![process] }
    }

    /// What makes it.
    pub fn extension(&self) -> &ExtensionConfig {
        self.process.extension.as_ref().expect("that is how it was made")
    }
}
