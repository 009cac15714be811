//! The namespaces under which the supervisor methods are offered.
//!
//! `[rpcinterface:x]` with the built-in factory offers the methods of the table as `x.…`; usually `x` is
//! `supervisor`. Without such a section there are the methods of `system` alone, which are always there and which no
//! section can replace (contract/rpc.md §2.3). A namespace with a dot in its name is listed but cannot be called, as
//! in the original.

use std::borrow::Cow;

use supervisor_core::{Fault, FaultCode};

use super::table::TABLE;
use super::{Method, SUPERVISOR, SYSTEM};

/// Which namespaces are offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespaces {
    /// Sorted, each once, without `system`.
    names: Vec<String>,
}

impl Namespaces {
    /// These namespaces, and `system`.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        let mut names: Vec<_> = names.into_iter().filter(|name| name != SYSTEM).collect();
        names.sort();
        names.dedup();
        Self { names }
    }

    /// The method that is called by this name; UNKNOWN_METHOD if there is none.
    pub fn find(&self, name: &str) -> Result<&'static Method, Fault> {
        self.find_if_any(name).ok_or_else(|| Fault::bare(FaultCode::UnknownMethod))
    }

    /// The names of all methods, sorted.
    pub fn method_names(&self) -> Vec<Cow<'static, str>> {
        let mut names: Vec<_> = of_namespace(SYSTEM).map(|method| Cow::Borrowed(method.name)).collect();
        for namespace in &self.names {
            names.extend(of_namespace(SUPERVISOR).map(|method| match namespace.as_str() {
                SUPERVISOR => Cow::Borrowed(method.name),
                other => Cow::Owned(format!("{other}.{}", method.bare_name())),
            }));
        }
        names.sort();
        names
    }

    fn find_if_any(&self, name: &str) -> Option<&'static Method> {
        let (namespace, bare_name) = name.split_once('.')?;
        if namespace == SYSTEM {
            return in_table(name);
        }
        self.names.iter().find(|known| *known == namespace)?;
        match namespace {
            SUPERVISOR => in_table(name),
            _ => in_table(&format!("{SUPERVISOR}.{bare_name}")),
        }
    }
}

/// `supervisor` and `system`, as in the configurations that everybody has.
impl Default for Namespaces {
    fn default() -> Self {
        Self::new([SUPERVISOR.to_owned()])
    }
}

fn of_namespace(namespace: &str) -> impl Iterator<Item = &'static Method> {
    TABLE.iter().filter(move |method| method.namespace() == namespace)
}

fn in_table(name: &str) -> Option<&'static Method> {
    let index = TABLE.binary_search_by(|method| method.name.cmp(name)).ok()?;
    TABLE.get(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn namespaces(names: &[&str]) -> Namespaces {
        Namespaces::new(names.iter().map(|name| (*name).to_owned()))
    }

    fn found(namespaces: &Namespaces, name: &str) -> Option<&'static str> {
        namespaces.find(name).ok().map(|method| method.name)
    }

    #[test]
    fn without_a_section_there_is_system_alone() {
        let none = namespaces(&[]);
        assert_eq!(found(&none, "supervisor.getState"), None);
        assert_eq!(found(&none, "system.listMethods"), Some("system.listMethods"));
        let names = none.method_names();
        assert_eq!(names, ["system.listMethods", "system.methodHelp", "system.methodSignature", "system.multicall"]);
    }

    #[test]
    fn another_name_offers_the_same_methods() {
        let other = namespaces(&["x"]);
        assert_eq!(found(&other, "x.getState"), Some("supervisor.getState"));
        for name in
            ["supervisor.getState", "x.nosuch", "x.listMethods", "getState", "x", "x.", ".getState", "y.x.getState"]
        {
            assert_eq!(found(&other, name), None, "{name}");
        }
        let names = other.method_names();
        assert_eq!(names.len(), TABLE.len());
        assert!(names.iter().any(|name| name == "x.startProcess"));
        assert!(names.is_sorted(), "system comes before x");
    }

    #[test]
    fn several_names_stand_side_by_side() {
        let both = namespaces(&["z", "supervisor", "z"]);
        assert_eq!(found(&both, "z.getPID"), Some("supervisor.getPID"));
        assert_eq!(found(&both, "supervisor.getPID"), Some("supervisor.getPID"));
        let supervisor_methods = TABLE.len() - 4;
        assert_eq!(both.method_names().len(), 2 * supervisor_methods + 4);
    }

    #[test]
    fn system_cannot_be_replaced_and_a_dot_cannot_be_called() {
        let odd = namespaces(&["system", "a.b"]);
        assert_eq!(found(&odd, "system.getPID"), None);
        assert_eq!(found(&odd, "system.multicall"), Some("system.multicall"));
        assert_eq!(found(&odd, "a.b.getPID"), None);
        assert!(odd.method_names().iter().any(|name| name == "a.b.getPID"));
    }
}
