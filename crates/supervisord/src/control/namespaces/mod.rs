//! The namespaces of plug-ins that are built in: what `[rpcinterface:x]` offers with the factory of
//! supervisor_twiddler or supervisor_cache. Their methods are rows of `protocol/src/method/`.
//!
//! One instance a section, whatever server a client came in by; the Python release makes one for each server, so that
//! what is stored through one is not found through another (contract/quirks.md F36).

mod cache;
mod twiddler;

use supervisor_protocol::method::{Namespace, NamespaceKind};

pub(super) use cache::Caches;
pub(super) use twiddler::perform as perform_twiddler;

use super::rpc_fault::RpcFault;

/// The fault of supervisor_twiddler for a method that its whitelist does not name.
const NOT_IN_WHITELIST: i32 = 230;

/// Whether a method of a namespace may be called.
pub(super) fn admit(namespace: &Namespace, bare_name: &str) -> Result<(), RpcFault> {
    let is_listed = || namespace.whitelist.iter().any(|listed| listed == bare_name);
    match namespace.kind {
        NamespaceKind::Supervisor | NamespaceKind::Cache => Ok(()),
        NamespaceKind::Twiddler if namespace.whitelist.is_empty() || is_listed() => Ok(()),
        NamespaceKind::Twiddler => Err(RpcFault::of_plugin(NOT_IN_WHITELIST, bare_name)),
    }
}
