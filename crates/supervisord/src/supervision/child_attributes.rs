//! From the configuration of a program to what its child sets of itself.

use supervisor_core::ProcessConfig;
use supervisor_sys::ChildAttributes;

/// See above.
pub(super) fn child_attributes(config: &ProcessConfig) -> ChildAttributes {
    ChildAttributes { umask: config.identity.umask }
}
