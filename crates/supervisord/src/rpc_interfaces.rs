//! Which `[rpcinterface:x]` cannot be made: upstream hands the other options of the section to its factory, which takes
//! some, all or none (contract/config.md §5.9).
//!
//! It is found out where servers are made; without a server nobody asks, and the start goes on.

use supervisor_config::Config;

/// An interface that cannot be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// `x` of `[rpcinterface:x]`
    pub(crate) name: String,
    /// The option that its factory does not take.
    pub(crate) option: String,
}

impl Refusal {
    /// What the log says about it.
    pub(crate) fn reason(&self) -> String {
        let Self { name, option } = self;
        format!("[rpcinterface:{name}] has the option {option}, which its factory does not take")
    }
}

/// As upstream ends a start with it.
impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Could not make {} rpc interface", self.name)
    }
}

/// Looks for the first interface that cannot be made.
///
/// # Errors
/// That one.
pub(crate) fn check(config: &Config) -> Result<(), Refusal> {
    if config.http_servers.is_empty() {
        return Ok(());
    }
    let refused = config.rpcinterfaces.iter().find_map(|interface| {
        let factory = interface.built_in()?;
        let (option, _) = interface.options.iter().find(|(option, _)| !factory.takes(option))?;
        Some(Refusal { name: interface.name.clone(), option: option.clone() })
    });
    refused.map_or(Ok(()), Err)
}
