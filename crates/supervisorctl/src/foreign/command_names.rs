//! The names of foreign commands, for Tab and the completion scripts.
//!
//! Whoever presses Tab wants no errors and no waiting: plug-ins are asked in an interpreter of their own, which is
//! silent and has `limits::PLUGIN_NAMES`, once in a session; those that cannot be loaded are left out.

use std::cell::OnceCell;
use std::rc::Rc;

use supervisor_config::CtlPluginConfig;

use super::plugin_host::{PluginHost, Purpose};
use super::search_path::SearchPath;
use super::{Seed, is_ours};

/// See the module. Clones share what they have learned.
#[derive(Clone)]
pub(crate) struct CommandNames {
    pub(super) plugins: Vec<CtlPluginConfig>,
    pub(super) interpreter: String,
    pub(super) search_path: SearchPath,
    pub(super) seed: Seed,
    pub(super) of_plugins: Rc<OnceCell<Vec<String>>>,
}

impl CommandNames {
    /// All of them, sorted, each once.
    pub(crate) fn list(&self) -> Vec<String> {
        let mut names: Vec<String> = self.search_path.commands().into_iter().map(|(name, _)| name).collect();
        names.extend(self.of_plugins.get_or_init(|| self.ask_plugins()).iter().cloned());
        names.sort();
        names.dedup();
        names
    }

    fn ask_plugins(&self) -> Vec<String> {
        if self.plugins.is_empty() {
            return Vec::new();
        }
        let Self { plugins, interpreter, search_path, seed, .. } = self;
        let started = PluginHost::start(interpreter, search_path, plugins, seed, Purpose::Names);
        let names = started.map_or_else(|_| Vec::new(), |(host, _)| host.commands().to_vec());
        names.into_iter().filter(|name| !is_ours(name)).collect()
    }
}
