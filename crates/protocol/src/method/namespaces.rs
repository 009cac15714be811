//! The namespaces under which methods are offered.
//!
//! `[rpcinterface:x]` with a built-in factory offers the methods of that factory's table as `x.…`; usually `x` is the
//! name that they have in the table. Without such a section there are the methods of `system` alone, which are always
//! there and which no section can replace (contract/rpc.md §2.3). A namespace with a dot in its name is listed but
//! cannot be called, as in the original.

use std::borrow::Cow;

use supervisor_core::{Fault, FaultCode};

use super::table::TABLE;
use super::{Method, SUPERVISOR, SYSTEM, cache, supervisorx, twiddler};

/// Which namespaces are offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespaces {
    /// Sorted by name, each once, without `system`.
    list: Vec<Namespace>,
}

/// One section `[rpcinterface:x]` whose factory is built in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    /// `x`
    pub name: String,
    /// What its methods are.
    pub kind: NamespaceKind,
    /// The only methods that may be called, without the namespace; empty: all.
    pub whitelist: Vec<String>,
}

/// What the methods of a namespace are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamespaceKind {
    /// Those about processes.
    Supervisor,
    /// Those of the plug-in supervisor_twiddler.
    Twiddler,
    /// Those of the plug-in supervisor_cache.
    Cache,
}

impl NamespaceKind {
    /// The name that its methods have in their table, and that table.
    fn table(self) -> (&'static str, &'static [Method]) {
        match self {
            Self::Supervisor => (SUPERVISOR, TABLE),
            Self::Twiddler => ("twiddler", twiddler::TABLE),
            Self::Cache => ("cache", cache::TABLE),
        }
    }

    fn methods(self) -> impl Iterator<Item = &'static Method> {
        let (name, table) = self.table();
        table.iter().filter(move |method| method.namespace() == name)
    }

    fn find(self, bare_name: &str) -> Option<&'static Method> {
        let (name, table) = self.table();
        in_table(table, &format!("{name}.{bare_name}"))
    }
}

impl Namespaces {
    /// The supervisor methods under these names, and `system`.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        let namespace = |name| Namespace { name, kind: NamespaceKind::Supervisor, whitelist: Vec::new() };
        Self::of(names.into_iter().map(namespace))
    }

    /// These namespaces, and `system`. Of two with one name the first counts.
    pub fn of(namespaces: impl IntoIterator<Item = Namespace>) -> Self {
        let mut list: Vec<_> = namespaces.into_iter().filter(|namespace| namespace.name != SYSTEM).collect();
        list.sort_by(|a, b| a.name.cmp(&b.name));
        list.dedup_by(|later, first| later.name == first.name);
        Self { list }
    }

    /// The method that is called by this name; UNKNOWN_METHOD if there is none.
    pub fn find(&self, name: &str) -> Result<&'static Method, Fault> {
        self.find_if_any(name).ok_or_else(|| Fault::bare(FaultCode::UnknownMethod))
    }

    /// The namespace that a method's name begins with; `None` for `system` too.
    pub fn of_method(&self, name: &str) -> Option<&Namespace> {
        let (namespace, _) = name.split_once('.')?;
        self.list.iter().find(|known| known.name == namespace)
    }

    /// All of them but `system`, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = &Namespace> {
        self.list.iter()
    }

    /// The names of the methods that come along with `supervisor` and are not listed with it.
    pub fn own_method_names() -> impl Iterator<Item = &'static str> {
        supervisorx::TABLE.iter().map(|method| method.name)
    }

    /// The names of all methods, sorted.
    pub fn method_names(&self) -> Vec<Cow<'static, str>> {
        let system = TABLE.iter().filter(|method| method.namespace() == SYSTEM);
        let mut names: Vec<_> = system.map(|method| Cow::Borrowed(method.name)).collect();
        for Namespace { name, kind, .. } in &self.list {
            names.extend(kind.methods().map(|method| match method.namespace() {
                usual if usual == name => Cow::Borrowed(method.name),
                _ => Cow::Owned(format!("{name}.{}", method.bare_name())),
            }));
        }
        names.sort();
        names
    }

    fn find_if_any(&self, name: &str) -> Option<&'static Method> {
        let (namespace, bare_name) = name.split_once('.')?;
        if namespace == SYSTEM {
            return in_table(TABLE, name);
        }
        let is_supervisors = |known: &Namespace| known.kind == NamespaceKind::Supervisor;
        match self.of_method(name) {
            Some(known) => known.kind.find(bare_name),
            // It comes along with the methods about processes.
            None if namespace == supervisorx::NAME && self.list.iter().any(is_supervisors) => {
                in_table(supervisorx::TABLE, name)
            }
            None => None,
        }
    }
}

/// `supervisor` and `system`, as in the configurations that everybody has.
impl Default for Namespaces {
    fn default() -> Self {
        Self::new([SUPERVISOR.to_owned()])
    }
}

fn in_table(table: &'static [Method], name: &str) -> Option<&'static Method> {
    let index = table.binary_search_by(|method| method.name.cmp(name)).ok()?;
    table.get(index)
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

    #[test]
    fn every_kind_has_its_own_methods_under_any_name() {
        let kinds = [
            ("supervisor", NamespaceKind::Supervisor),
            ("tw", NamespaceKind::Twiddler),
            ("cache", NamespaceKind::Cache),
        ];
        let named = |(name, kind): (&str, _)| Namespace { name: name.to_owned(), kind, whitelist: vec![] };
        let three = Namespaces::of(kinds.map(named));
        assert_eq!(found(&three, "tw.log"), Some("twiddler.log"));
        assert_eq!(found(&three, "cache.store"), Some("cache.store"));
        for name in ["twiddler.log", "tw.store", "cache.log", "tw.getPID", "supervisor.store", "tw.listMethods"] {
            assert_eq!(found(&three, name), None, "{name}");
        }
        let names = three.method_names();
        assert!(names.is_sorted());
        for name in ["tw.addProgramToGroup", "cache.getKeys", "supervisor.getPID", "system.multicall"] {
            assert!(names.iter().any(|known| known == name), "{name}");
        }
    }

    #[test]
    fn what_comes_along_with_supervisor_is_found_and_not_listed() {
        let usual = Namespaces::default();
        assert_eq!(found(&usual, "supervisorx.getHistory"), Some("supervisorx.getHistory"));
        assert_eq!(found(&namespaces(&["x"]), "supervisorx.getHistory"), Some("supervisorx.getHistory"));
        assert_eq!(found(&namespaces(&[]), "supervisorx.getHistory"), None);
        assert_eq!(found(&usual, "supervisorx.nosuch"), None);
        assert!(usual.method_names().iter().all(|name| !name.starts_with("supervisorx.")));
        assert!(Namespaces::own_method_names().collect::<Vec<_>>().is_sorted());
    }

    #[test]
    fn tables_are_sorted_and_their_names_are_those_of_their_kind() {
        for kind in [NamespaceKind::Supervisor, NamespaceKind::Twiddler, NamespaceKind::Cache] {
            let (name, table) = kind.table();
            assert!(table.is_sorted_by_key(|method| method.name), "{name}");
            assert!(kind.methods().count() > 4, "{name}");
        }
    }
}
