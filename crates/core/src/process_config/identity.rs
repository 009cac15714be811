//! As whom a program runs, and where.

/// See above.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdentityConfig {
    /// User id the child drops to; of the option `user`.
    pub uid: Option<u32>,
    /// Group id of the option `group`; `None`: the user's own.
    pub gid: Option<u32>,
    /// Supplementary groups; `None`: those that the group database has for the user.
    pub groups: Option<Box<[u32]>>,
    /// Directory the child changes to.
    pub directory: Option<Box<str>>,
    /// File mode creation mask of the child.
    pub umask: Option<u32>,
}
