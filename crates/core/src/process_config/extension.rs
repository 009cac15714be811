//! What makes a process an extension: it speaks to the control plane over a socket of its own (docs/extensions.md). To
//! the core it is a process like any other.

/// The section of an extension, as far as it is about more than a process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExtensionConfig {
    /// What it is asked for.
    pub kind: ExtensionKind,
    /// What stands before the dot in the names of its methods: `x` of `[rpcinterface:x]`. Of a result handler the name
    /// of its pool.
    pub namespace: Box<str>,
    /// The factory, for a plug-in that runs in a host; empty: the program is the extension itself.
    pub factory: Box<str>,
    /// The options of the section that are its own, in file order.
    pub options: Box<[(Box<str>, Box<str>)]>,
    /// What it may ask for: names, with `*` at the end for anything; `None`: everything.
    pub allow: Option<Box<[Box<str>]>>,
}

impl ExtensionConfig {
    /// The name of the process of a namespace, and of its group.
    pub fn process_name_of(namespace: &str) -> String {
        format!("rpcinterface.{namespace}")
    }

    /// The name of its process, and of the group of that.
    pub fn process_name(&self) -> String {
        match self.kind {
            ExtensionKind::RpcInterface => Self::process_name_of(&self.namespace),
            ExtensionKind::ResultHandler => Self::process_name_of_handler(&self.namespace),
        }
    }

    /// The name of the process of the result handler of a pool, and of its group.
    pub fn process_name_of_handler(pool: &str) -> String {
        format!("result_handler.{pool}")
    }
}

/// Kinds of extensions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExtensionKind {
    /// It offers methods.
    #[default]
    RpcInterface,
    /// It judges what the listeners of a pool say of events.
    ResultHandler,
}
