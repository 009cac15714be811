//! `[inet_http_server]` and `[unix_http_server]` (contract/config.md §5.2).

use std::borrow::Cow;

use super::pem_files::{pem_path, refuse_alone};
use crate::config::{AnonymousPaths, BaseUrl, HttpServerAddress, HttpServerConfig, TlsFiles, WebConfig, WebInterface};
use crate::context::{Context, SectionReader};
use crate::datatypes::{file_mode, octal};
use crate::diagnostics::ConfigError;
use crate::expand::Names;
use crate::ini::Section;
use crate::options_table::{OptionRow, Row, SectionType, inet_http_server, unix_http_server};
use crate::python_path::text_of;
use crate::python_text::strip;

/// The servers in the order in which they are opened: inet, then unix, each in file order.
pub(crate) fn read_http_servers(context: &Context) -> Result<Vec<HttpServerConfig>, ConfigError> {
    let sections = |section_type| {
        let is_one = move |section: &&Section| SectionType::of(&section.name) == Some(section_type);
        context.document.sections.iter().filter(is_one)
    };
    let mut servers = Vec::new();
    for section in sections(SectionType::InetHttpServer) {
        servers.extend(read_inet(context, section)?);
    }
    for section in sections(SectionType::UnixHttpServer) {
        servers.extend(read_unix(context, section)?);
    }
    Ok(servers)
}

fn read_inet(context: &Context, section: &Section) -> Result<Option<HttpServerConfig>, ConfigError> {
    let reader = context.reader(section, &[]);
    let (username, password) = read_login(&reader, &inet_http_server::USERNAME, &inet_http_server::PASSWORD)?;
    if reader.entry(&inet_http_server::PORT).is_none() {
        reader.refuse(&inet_http_server::PORT, format!("section [{}] has no port value", section.name))?;
    }
    let address = reader.optional(&inet_http_server::PORT)?;
    let allow_insecure = reader.value(&inet_http_server::ALLOW_INSECURE)?;
    let allowed_hosts = reader.text(&inet_http_server::ALLOWED_HOSTS)?;
    let web = read_web(
        &reader,
        &inet_http_server::WEB_INTERFACE,
        &inet_http_server::BASE_URL,
        &inet_http_server::CLASSIC_ACTIONS,
        &inet_http_server::ANONYMOUS,
    )?;
    let tls = read_tls(context, reader)?;
    Ok(address.map(|address| HttpServerConfig {
        section: section.name.to_string(),
        address: HttpServerAddress::Inet { host: address.host, port: address.port },
        username,
        password,
        place: reader.place(&inet_http_server::PORT),
        allow_insecure,
        allowed_hosts: allowed_hosts.as_deref().map(host_names).unwrap_or_default(),
        tls,
        web,
    }))
}

/// Names with commas between them, in lower case.
fn host_names(text: &str) -> Vec<String> {
    text.split(',').map(|name| strip(name).to_lowercase()).filter(|name| !name.is_empty()).collect()
}

/// Certificate and key: both or neither; authorities only with them.
fn read_tls(context: &Context, reader: SectionReader<'_>) -> Result<Option<TlsFiles>, ConfigError> {
    let here = [context.here_word()];
    let reader = reader.with_names(Names::new(&context.environment, &here));
    let path = |row| pem_path(context, &reader, row);
    let certificate = path(&inet_http_server::TLS_CERT)?;
    let key = path(&inet_http_server::TLS_KEY)?;
    let client_ca = path(&inet_http_server::TLS_CLIENT_CA)?;
    let incomplete = |set, missing| refuse_alone(&reader, set, missing);
    match (certificate, key, client_ca) {
        (Some(certificate), Some(key), client_ca) => return Ok(Some(TlsFiles { certificate, key, client_ca })),
        (Some(_), None, _) => incomplete(&inet_http_server::TLS_CERT, &inet_http_server::TLS_KEY)?,
        (None, Some(_), _) => incomplete(&inet_http_server::TLS_KEY, &inet_http_server::TLS_CERT)?,
        (None, None, Some(_)) => incomplete(&inet_http_server::TLS_CLIENT_CA, &inet_http_server::TLS_CERT)?,
        (None, None, None) => {}
    }
    Ok(None)
}

fn read_unix(context: &Context, section: &Section) -> Result<Option<HttpServerConfig>, ConfigError> {
    let reader = context.reader(section, &[]);
    let here = [context.here_word()];
    if reader.entry(&unix_http_server::FILE).is_none() {
        reader.refuse(&unix_http_server::FILE, format!("section [{}] has no file value", section.name))?;
    }
    let file = reader.with_names(Names::new(&context.environment, &here)).text(&unix_http_server::FILE)?;
    let path = file.map(|file| context.home.normalize(strip(&file)));
    let (username, password) = read_login(&reader, &unix_http_server::USERNAME, &unix_http_server::PASSWORD)?;
    let web = read_web(
        &reader,
        &unix_http_server::WEB_INTERFACE,
        &unix_http_server::BASE_URL,
        &unix_http_server::CLASSIC_ACTIONS,
        &unix_http_server::ANONYMOUS,
    )?;
    let owner = reader.optional_as(&unix_http_server::CHOWN, |value| {
        context.users.owner(value).map_err(|_| format!("Invalid sockchown value {value}"))
    })?;
    let mode = reader
        .value_as(&unix_http_server::CHMOD, |value| octal(value).map_err(|_| format!("Invalid chmod value {value}")))?;
    Ok(path.map(|path| HttpServerConfig {
        section: section.name.to_string(),
        address: HttpServerAddress::Unix { path, mode: file_mode(mode), owner },
        username,
        password,
        place: reader.place(&unix_http_server::FILE),
        allow_insecure: false,
        allowed_hosts: Vec::new(),
        tls: None,
        web,
    }))
}

fn read_web(
    reader: &SectionReader<'_>,
    interface: &Row<WebInterface>,
    base_url: &Row<Option<BaseUrl>>,
    classic_actions: &Row<bool>,
    anonymous: &Row<AnonymousPaths>,
) -> Result<WebConfig, ConfigError> {
    Ok(WebConfig {
        interface: reader.value(interface)?,
        base_url: reader.optional(base_url)?.flatten(),
        classic_actions: reader.value(classic_actions)?,
        anonymous: reader.value(anonymous)?,
    })
}

type Login = (Option<String>, Option<String>);

/// Name and password: both or neither.
fn read_login(reader: &SectionReader<'_>, username: &OptionRow, password: &OptionRow) -> Result<Login, ConfigError> {
    let login = [reader.text(username)?, reader.text(password)?].map(|text| text.map(Cow::into_owned));
    let [name, word] = login;
    if name.is_some() != word.is_some() {
        reader.refuse_section(format!(
            "Section [{}] contains incomplete authentication: If a username or a password is specified, both the \
             username and password must be specified",
            reader.section.name
        ))?;
    }
    Ok((name, word))
}

/// What children and plug-ins are told: the first unix server, else the last inet one.
pub(crate) fn fallback_server_url(servers: &[HttpServerConfig]) -> Option<String> {
    let unix = servers.iter().find_map(|server| match &server.address {
        HttpServerAddress::Unix { path, .. } => Some(format!("unix://{}", text_of(path))),
        HttpServerAddress::Inet { .. } => None,
    });
    let inet = || {
        servers.iter().rev().find_map(|server| match &server.address {
            HttpServerAddress::Inet { host, port } => {
                let scheme = if server.tls.is_some() { "https" } else { "http" };
                // Without brackets it would be no URL; of plain HTTP it is upstream's, to the letter.
                if server.tls.is_some() && host.contains(':') && !host.starts_with('[') {
                    return Some(format!("{scheme}://[{host}]:{port}"));
                }
                let host = if host.is_empty() { "localhost" } else { host };
                Some(format!("{scheme}://{host}:{port}"))
            }
            HttpServerAddress::Unix { .. } => None,
        })
    };
    unix.or_else(inet)
}
