//! The methods that clients can call: one table, from which everything about them is read.
//!
//! Dispatch, checks of number and type of arguments, `system.listMethods`, `methodHelp`, `methodSignature` and the
//! documentation come from the rows in `table.rs`; a name that is no row does not exist, so there is nothing to
//! traverse (contract/rpc.md §2.3–§6). What a method does is not here: a row ends in a [`Request`].

mod arguments;
mod cache;
mod namespaces;
mod request;
mod row;
mod supervisorx;
mod table;
mod twiddler;

use std::fmt::{self, Write as _};

use supervisor_core::{Fault, FaultCode};

use crate::xmlrpc::Value;
use arguments::Arguments;
pub use namespaces::{Namespace, NamespaceKind, Namespaces};
pub use request::{CacheRequest, LocalRequest, Request, TwiddlerRequest};
use table::TABLE;

/// The namespace of everything that is about processes, unless a section gives it another name.
const SUPERVISOR: &str = "supervisor";

/// The namespace of what the interface tells about itself.
const SYSTEM: &str = "system";

/// A type as signatures name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `int`
    Int,
    /// `integer`, as one plug-in has it
    Integer,
    /// `boolean`
    Boolean,
    /// `string`
    String,
    /// `array`
    Array,
    /// `struct`
    Struct,
    /// `string|int`
    StringOrInt,
}

impl Type {
    /// The name in signatures and help texts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Integer => "integer",
            Self::Boolean => "boolean",
            Self::String => "string",
            Self::Array => "array",
            Self::Struct => "struct",
            Self::StringOrInt => "string|int",
        }
    }
}

/// What a parameter is when it is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultArgument {
    /// A truth value.
    Boolean(bool),
    /// A text.
    Text(&'static str),
}

impl fmt::Display for DefaultArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(truth) => truth.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

/// A parameter of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name, for people.
    pub name: &'static str,
    /// Its type.
    pub kind: Type,
    /// What it is when it is left out; `None`: it has to be given.
    pub default: Option<DefaultArgument>,
    /// What it means.
    pub help: &'static str,
}

/// A method.
#[derive(Clone, Copy)]
pub struct Method {
    /// `namespace.method`
    pub name: &'static str,
    /// Its parameters; those with a default come last.
    pub parameters: &'static [Parameter],
    /// The type of its result.
    pub result: Type,
    /// Whether it can be called while supervisord shuts down or restarts; otherwise that is SHUTDOWN_STATE.
    pub in_shutdown: bool,
    /// What it does, in a sentence or two.
    summary: &'static str,
    request: fn(&mut Arguments) -> Result<Request, Fault>,
}

/// Every method of `supervisor` and `system`, sorted by name.
pub fn methods() -> &'static [Method] {
    TABLE
}

/// Every method of every namespace that is built in, each namespace under its usual name.
pub fn all_methods() -> impl Iterator<Item = &'static Method> {
    [TABLE, supervisorx::TABLE, cache::TABLE, twiddler::TABLE].into_iter().flatten()
}

impl Method {
    /// What stands before the dot.
    pub fn namespace(&self) -> &'static str {
        self.name.split_once('.').map_or("", |(namespace, _)| namespace)
    }

    /// What stands behind the dot.
    pub fn bare_name(&self) -> &'static str {
        self.name.split_once('.').map_or("", |(_, name)| name)
    }

    /// What it does, in a sentence or two.
    pub fn summary(&self) -> &'static str {
        self.summary
    }

    /// INCORRECT_PARAMETERS if a call with this many parameters fits no form of the method.
    pub fn check_arity(&self, count: usize) -> Result<(), Fault> {
        let required = self.parameters.iter().filter(|parameter| parameter.default.is_none()).count();
        if (required..=self.parameters.len()).contains(&count) {
            Ok(())
        } else {
            Err(Fault::bare(FaultCode::IncorrectParameters))
        }
    }

    /// What a call with these parameters asks for. INCORRECT_PARAMETERS if they are too many, too few or of a type
    /// that cannot be meant.
    pub fn request(&self, params: Vec<Value>) -> Result<Request, Fault> {
        self.check_arity(params.len())?;
        (self.request)(&mut Arguments::new(self.parameters, params))
    }

    /// The signature: the type of the result, then those of the parameters.
    pub fn signature(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.result.name()).chain(self.parameters.iter().map(|parameter| parameter.kind.name()))
    }

    /// The help text, with a line for each parameter and for the result.
    pub fn help(&self) -> String {
        let mut text = format!("{}\n\n", self.summary);
        for Parameter { name, kind, default, help } in self.parameters {
            let optional = default.map_or_else(String::new, |default| format!(" (default: {default})"));
            writeln!(text, "@param {} {name}  {help}{optional}", kind.name()).expect("a String takes everything");
        }
        write!(text, "@return {}", self.result.name()).expect("a String takes everything");
        text
    }
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Method")
            .field("name", &self.name)
            .field("parameters", &self.parameters)
            .field("result", &self.result)
            .field("in_shutdown", &self.in_shutdown)
            .finish_non_exhaustive()
    }
}
