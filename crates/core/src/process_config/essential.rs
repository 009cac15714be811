//! What a program's end means to supervisord itself (`essential`, `on_exit`, `on_fatal`).

/// See above.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EssentialConfig {
    /// When it has ended and nothing starts it again.
    pub on_exit: Aftermath,
    /// When it is FATAL.
    pub on_fatal: Aftermath,
}

impl EssentialConfig {
    /// `essential=true`: without it there is nothing to supervise.
    pub const ESSENTIAL: Self = Self { on_exit: Aftermath::Shutdown, on_fatal: Aftermath::Shutdown };
}

/// What becomes of supervisord.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Aftermath {
    /// It goes on.
    #[default]
    None,
    /// It shuts down.
    Shutdown,
    /// It restarts, as of SIGHUP.
    RestartSupervisor,
}

impl Aftermath {
    /// The word in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Shutdown => "shutdown",
            Self::RestartSupervisor => "restart_supervisor",
        }
    }
}
