//! `[rpcinterface:x]` and `[ctlplugin:x]`: sections that name a factory and whose other options belong to what
//! it makes (contract/config.md §5.9); and which factories there are. Those with a program instead are extensions.

use super::extension::is_extension;
use crate::context::Context;
use crate::diagnostics::{ConfigError, Place};
use crate::ini::Section;
use crate::options_table::{OptionRow, SectionType};
use crate::python_text::strip;

/// The specification of the `supervisor` RPC namespace.
pub(crate) const MAIN_RPCINTERFACE: &str = "supervisor.rpcinterface:make_main_rpcinterface";
/// The specification of the default judge of listener results.
pub(crate) const DEFAULT_RESULT_HANDLER: &str = "supervisor.dispatchers:default_handler";

/// A section that names a factory.
#[derive(Debug)]
pub(crate) struct Plugin {
    /// All after the first colon of the section's name.
    pub(crate) name: String,
    /// `module:attribute`
    pub(crate) factory: String,
    /// All other options.
    pub(crate) options: Vec<(String, String)>,
    /// It is not built in, and runs in the plug-in host.
    pub(crate) is_hosted: bool,
    /// Where the section begins.
    pub(crate) place: Place,
}

/// The specification of the namespace of the plug-in supervisor_twiddler.
const TWIDDLER_RPCINTERFACE: &str = "supervisor_twiddler.rpcinterface:make_twiddler_rpcinterface";
/// The specification of the namespace of the plug-in supervisor_cache.
const CACHE_RPCINTERFACE: &str = "supervisor_cache.rpcinterface:make_cache_rpcinterface";

/// The factories of `[rpcinterface:x]` that are built in: no Python is needed for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RpcInterfaceFactory {
    /// The methods about processes.
    Supervisor,
    /// The methods of supervisor_twiddler 1.0.0.
    Twiddler,
    /// The methods of supervisor_cache 1.1.0.
    Cache,
}

impl RpcInterfaceFactory {
    const ALL: [Self; 3] = [Self::Supervisor, Self::Twiddler, Self::Cache];

    /// The one that a specification names.
    pub fn of(specification: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| names(specification, known.specification()))
    }

    fn specification(self) -> &'static str {
        match self {
            Self::Supervisor => MAIN_RPCINTERFACE,
            Self::Twiddler => TWIDDLER_RPCINTERFACE,
            Self::Cache => CACHE_RPCINTERFACE,
        }
    }

    /// Whether it takes an option of this name, as the factory of the original takes an argument.
    pub fn takes(self, option: &str) -> bool {
        match self {
            Self::Supervisor => false,
            Self::Twiddler => option == "whitelist",
            // It takes all, and looks at none.
            Self::Cache => true,
        }
    }
}

/// Whether a specification names something that is built in. Upstream would import a Python module here.
pub(crate) fn is_known_factory(specification: &str) -> bool {
    RpcInterfaceFactory::of(specification).is_some() || names(specification, DEFAULT_RESULT_HANDLER)
}

/// Whether a text can name something in a module of others. Whether it is there is found out by who imports it. What
/// there is of Supervisor's own modules is built in.
pub(crate) fn is_specification(text: &str) -> bool {
    let Some((module, attribute)) = text.split_once(':') else { return false };
    let package = strip(module).split('.').next().unwrap_or_default();
    !package.is_empty() && package != "supervisor" && !strip(attribute).is_empty()
}

/// Whether a specification is this one, blanks aside. To upstream it is an entry point, which may end with extras in
/// brackets; they mean nothing here.
fn names(specification: &str, known: &str) -> bool {
    let Some((module, attribute)) = specification.split_once(':') else { return false };
    let extras = strip(attribute).ends_with(']').then(|| attribute.split_once('[')).flatten();
    let attribute = extras.map_or(attribute, |(attribute, _)| attribute);
    known.split_once(':') == Some((strip(module), strip(attribute)))
}

/// The sections of a type, in file order. `factory` is the option that names the factory. With `prefers_python`
/// plug-ins of others run as they are, though they are built in.
pub(crate) fn read_plugins(
    context: &Context,
    section_type: SectionType,
    factory: &OptionRow,
    prefers_python: bool,
) -> Result<Vec<Plugin>, ConfigError> {
    let mut plugins = Vec::new();
    for section in &context.document.sections {
        if is_extension(context, section) {
            continue;
        }
        if let Some(name) = section.name.strip_prefix(section_type.prefix()) {
            plugins.extend(read_plugin(context, section, name, factory, prefers_python)?);
        }
    }
    Ok(plugins)
}

fn read_plugin(
    context: &Context,
    section: &Section,
    name: &str,
    row: &OptionRow,
    prefers_python: bool,
) -> Result<Option<Plugin>, ConfigError> {
    let reader = context.reader(section, &[]);
    if reader.entry(row).is_none() {
        reader.refuse(row, format!("section [{}] does not specify a {}", section.name, row.name))?;
        return Ok(None);
    }
    let Some(factory) = reader.text(row)? else { return Ok(None) };
    let is_hosted = match RpcInterfaceFactory::of(&factory) {
        Some(RpcInterfaceFactory::Supervisor) => false,
        Some(RpcInterfaceFactory::Twiddler | RpcInterfaceFactory::Cache) => prefers_python,
        None => !is_known_factory(&factory),
    };
    if is_hosted && !is_specification(&factory) {
        reader.refuse(row, format!("{factory} cannot be resolved within [{}]", section.name))?;
    }
    let mut options = Vec::new();
    for entry in context.document.options(section).filter(|entry| *entry.key != *row.name) {
        if let Some(value) = reader.free_text(entry)? {
            options.push((entry.key.to_string(), value.into_owned()));
        }
    }
    let place = section.place.clone();
    Ok(Some(Plugin { name: name.to_owned(), factory: factory.into_owned(), options, is_hosted, place }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factories_that_are_built_in() {
        for known in [MAIN_RPCINTERFACE, " supervisor.rpcinterface : make_main_rpcinterface ", DEFAULT_RESULT_HANDLER] {
            assert!(is_known_factory(known), "{known}");
        }
        for (specification, factory) in [
            // Extras mean nothing.
            ("supervisor.rpcinterface:make_main_rpcinterface\n[include]", RpcInterfaceFactory::Supervisor),
            (TWIDDLER_RPCINTERFACE, RpcInterfaceFactory::Twiddler),
            (" supervisor_cache.rpcinterface:make_cache_rpcinterface", RpcInterfaceFactory::Cache),
        ] {
            assert_eq!(RpcInterfaceFactory::of(specification), Some(factory), "{specification}");
        }
        assert_eq!(RpcInterfaceFactory::of(DEFAULT_RESULT_HANDLER), None);
        for unknown in ["", "supervisor.rpcinterface", "no:where", "supervisor.rpcinterface:make_main_rpcinterface]"] {
            assert!(!is_known_factory(unknown), "{unknown}");
        }
    }
}
