//! What a program is to be: its configuration after expansion, with every default filled in.
//!
//! Plain values, in groups by what they are about, each in a file of its own; a field has the name of its option, where
//! the two mean the same. `Default` and [`ProcessConfig::new`] are what holds of an option that nobody sets. Reading
//! files is the config crate's work, acting on them the process's. Equality is what `reloadConfig` means by «changed»
//! (contract/processes.md §9.10, quirks.md F28).

mod attributes;
mod environment;
mod essential;
mod extension;
mod identity;
mod log;
mod restart;
mod socket;
mod start;
mod stop;

use std::sync::Arc;

pub use attributes::{AttributesConfig, Capabilities, CpuRange, IoPriority, Limit, Resource, ResourceLimit, Scheduler};
pub use environment::{
    Credential, EnvironmentConfig, EnvironmentFile, EnvironmentSources, PASSED_BY_DEFAULT, SecretVariable,
};
pub use essential::{Aftermath, EssentialConfig};
pub use extension::{ExtensionConfig, ExtensionKind};
pub use identity::IdentityConfig;
pub use log::{ChannelConfig, LogConfig, LogFile};
pub use restart::{Autorestart, BackoffConfig, BackoffShape, RestartConfig, RestartLimit, RestartPause};
pub use socket::{SocketAddress, SocketConfig, SocketOwner};
pub use start::StartConfig;
pub use stop::StopConfig;

/// One process: a program section, one number of its `numprocs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessConfig {
    /// Process name, without its group.
    pub name: Box<str>,
    /// The command as configured after expansion; split into words at each spawn.
    pub command: Box<str>,
    /// Order within the group.
    pub priority: i64,
    /// When it starts, and when that is done.
    pub start: StartConfig,
    /// What follows when it ends by itself, or does not start.
    pub restart: RestartConfig,
    /// What its end means to supervisord.
    pub essential: EssentialConfig,
    /// How it is stopped.
    pub stop: StopConfig,
    /// What becomes of its output.
    pub log: LogConfig,
    /// What it is told.
    pub environment: EnvironmentConfig,
    /// As whom it runs, and where.
    pub identity: IdentityConfig,
    /// What it sets of itself.
    pub attributes: AttributesConfig,
    /// The shared socket that is its fd 0, for a FastCGI program.
    pub socket: Option<Arc<SocketConfig>>,
    /// What makes it an extension.
    pub extension: Option<Arc<ExtensionConfig>>,
}

impl ProcessConfig {
    /// A process of which nothing else is configured.
    pub fn new(name: &str, command: &str) -> Self {
        Self {
            name: name.into(),
            command: command.into(),
            priority: 999,
            start: StartConfig::default(),
            restart: RestartConfig::default(),
            essential: EssentialConfig::default(),
            stop: StopConfig::default(),
            log: LogConfig::default(),
            environment: EnvironmentConfig::default(),
            identity: IdentityConfig::default(),
            attributes: AttributesConfig::default(),
            socket: None,
            extension: None,
        }
    }
}
