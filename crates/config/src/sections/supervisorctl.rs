//! `[supervisorctl]` (contract/config.md §5.8).

use std::borrow::Cow;

use super::pem_files::{pem_path, refuse_alone};
use super::supervisord::python_host;
use crate::command_line::ClientOptions;
use crate::config::{ClientConfig, ClientTlsFiles, CtlPluginConfig, plugin_warning};
use crate::context::{Context, SectionReader};
use crate::diagnostics::ConfigError;
use crate::expand::Names;
use crate::ini::Section;
use crate::options_table::{
    DefaultValue, OptionRow, SectionType, ctlplugin, supervisorctl as rows, supervisord, unix_http_server,
};
use crate::python_path::{Home, text_of};

/// What there is without a file, command line applied.
pub(crate) fn client_defaults(options: &ClientOptions, home: &Home) -> ClientConfig {
    let default = |default| match default {
        DefaultValue::Text(text) => text.to_owned(),
        DefaultValue::Required | DefaultValue::Unset | DefaultValue::Computed(_) => String::new(),
    };
    ClientConfig {
        server_url: options.serverurl.clone().unwrap_or_else(|| default(rows::SERVERURL.default)),
        username: options.username.clone(),
        password: options.password.clone(),
        prompt: default(rows::PROMPT.default),
        history_file: options.history_file.as_ref().filter(|path| !path.is_empty()).map(|path| home.normalize(path)),
        tls: ClientTlsFiles {
            ca: options.tls_ca.as_ref().filter(|path| !path.is_empty()).map(|path| home.normalize(path)),
            identity: None,
        },
        server_users: Vec::new(),
        plugins: Vec::new(),
        python_host: None,
        warnings: Vec::new(),
        path: None,
    }
}

/// Reads the section and the plug-ins, in upstream's order; the command line wins.
pub(crate) fn read_supervisorctl(
    context: &Context,
    section: &Section,
    options: &ClientOptions,
) -> Result<ClientConfig, ConfigError> {
    let here = [context.here_word()];
    let reader = context.reader(section, &[]);
    let reader_with_here = reader.with_names(Names::new(&context.environment, &here));
    let text = |row| reader.text(row).map(|text| text.map(Cow::into_owned));
    let server_url = reader_with_here.text(&rows::SERVERURL)?.unwrap_or_default();
    let server_url = match server_url.strip_prefix("unix://") {
        Some(path) => format!("unix://{}", text_of(&context.home.normalize(path))),
        None => server_url.into_owned(),
    };
    let prompt = text(&rows::PROMPT)?;
    let username = text(&rows::USERNAME)?;
    let password = text(&rows::PASSWORD)?;
    let history_file = reader_with_here.text(&rows::HISTORY_FILE)?.filter(|path| !path.is_empty());
    let tls = read_tls(context, &reader_with_here)?;
    let (plugins, warnings) = read_plugins(context);

    let defaults = client_defaults(options, &context.home);
    Ok(ClientConfig {
        server_url: if options.serverurl.is_some() { defaults.server_url } else { server_url },
        username: defaults.username.or(username),
        password: defaults.password.or(password),
        prompt: prompt.unwrap_or(defaults.prompt),
        history_file: defaults.history_file.or_else(|| history_file.map(|path| context.home.normalize(&path))),
        tls: ClientTlsFiles { ca: defaults.tls.ca.or(tls.ca), ..tls },
        server_users: server_users(context),
        plugins,
        python_host: python_host_of_the_server(context),
        warnings,
        path: None,
    })
}

/// What cannot be understood there is for supervisord to tell.
fn server_users(context: &Context) -> Vec<u32> {
    let named = |section_name: &str, row: &OptionRow| {
        let section = context.document.sections.iter().find(|section| *section.name == *section_name)?;
        let text = context.reader(section, &[]).text(row).ok()??;
        let user = text.split(':').next().unwrap_or_default();
        context.users.uid(user).ok()
    };
    [named("supervisord", &supervisord::USER), named("unix_http_server", &unix_http_server::CHOWN)]
        .into_iter()
        .flatten()
        .collect()
}

/// What cannot be understood there is for supervisord to tell.
fn python_host_of_the_server(context: &Context) -> Option<String> {
    let section = context.document.section("supervisord")?;
    let here = [context.here_word()];
    python_host(context, &context.reader(section, &here)).ok()?
}

/// Each `[ctlplugin:x]`, and a sentence for each that cannot be one: what is wrong with one is no matter of the other
/// commands.
fn read_plugins(context: &Context) -> (Vec<CtlPluginConfig>, Vec<String>) {
    let (mut plugins, mut warnings) = (Vec::new(), Vec::new());
    for section in &context.document.sections {
        let Some(name) = section.name.strip_prefix(SectionType::CtlPlugin.prefix()) else { continue };
        match read_plugin(context, section, name) {
            Ok(plugin) => plugins.push(plugin),
            Err(error) => warnings.push(plugin_warning(&section.name, &section.place, &error.to_string())),
        }
    }
    (plugins, warnings)
}

fn read_plugin(context: &Context, section: &Section, name: &str) -> Result<CtlPluginConfig, ConfigError> {
    let reader = context.reader(section, &[]);
    let row = &ctlplugin::FACTORY;
    let missing = || ConfigError::new(format!("it has no {}", row.name));
    let factory = reader.text(row)?.ok_or_else(missing)?.into_owned();
    let mut options = Vec::new();
    for entry in context.document.options(section).filter(|entry| *entry.key != *row.name) {
        if let Some(value) = reader.free_text(entry)? {
            options.push((entry.key.to_string(), value.into_owned()));
        }
    }
    Ok(CtlPluginConfig { name: name.to_owned(), factory, options, place: section.place.clone() })
}

/// The files for an https server; a certificate and its key come together.
fn read_tls(context: &Context, reader: &SectionReader<'_>) -> Result<ClientTlsFiles, ConfigError> {
    let path = |row| pem_path(context, reader, row);
    let ca = path(&rows::TLS_CA)?;
    let identity = match (path(&rows::TLS_CERT)?, path(&rows::TLS_KEY)?) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (Some(_), None) => refuse_alone(reader, &rows::TLS_CERT, &rows::TLS_KEY).map(|()| None)?,
        (None, Some(_)) => refuse_alone(reader, &rows::TLS_KEY, &rows::TLS_CERT).map(|()| None)?,
        (None, None) => None,
    };
    Ok(ClientTlsFiles { ca, identity })
}
