//! The environment of a child (contract/processes.md §3.3 step 5): supervisord's own, then SUPERVISOR_*, then the
//! configured one, which may override both. SUPERVISOR_TLS_CA and SUPERVISOR_EXT_FD, which names the channel of an
//! extension and is nobody else's, are additions of ours.

use std::borrow::Cow;
use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use supervisor_config::ServerCertificates;
use supervisor_core::{ProcessConfig, raw_text};
use supervisor_sys::CStrArray;

use super::extensions::{CHANNEL, CHANNEL_VARIABLE};

/// The file with the certificate that an https server at SUPERVISOR_SERVER_URL shows.
const TLS_CA: &str = "SUPERVISOR_TLS_CA";

/// What every child inherits.
#[derive(Debug)]
pub struct ChildEnvironment {
    inherited: Vec<Variable>,
    /// For programs that name no `serverurl` of their own.
    server_url: Option<String>,
    certificates: ServerCertificates,
}

#[derive(Debug)]
struct Variable {
    name: Box<[u8]>,
    /// `NAME=value`
    entry: CString,
}

impl ChildEnvironment {
    /// From supervisord's own environment.
    pub fn new(
        inherited: &[(OsString, OsString)],
        server_url: Option<String>,
        certificates: ServerCertificates,
    ) -> Self {
        let inherited = inherited.iter().filter_map(|(name, value)| {
            Some(Variable { name: name.as_bytes().into(), entry: entry(name.as_bytes(), value.as_bytes())? })
        });
        Self { inherited: inherited.collect(), server_url, certificates }
    }

    /// The environment of one process.
    pub fn of(&self, group: &str, config: &ProcessConfig) -> CStrArray {
        let channel = CHANNEL.to_string();
        let mut own: Vec<(&str, &str)> = vec![("SUPERVISOR_ENABLED", "1")];
        let url = config.environment.serverurl.as_deref().or(self.server_url.as_deref());
        own.extend(url.map(|url| ("SUPERVISOR_SERVER_URL", url)));
        let certificate = url.and_then(|url| self.certificates.at(url));
        let certificate = certificate.map(|path| raw_text::to_text(path.as_os_str().as_bytes()));
        own.extend(certificate.as_deref().map(|path| (TLS_CA, path)));
        // That of a supervisord which runs this one says nothing of a server of ours.
        let is_stale = |name: &[u8]| name == TLS_CA.as_bytes() && url.is_some_and(|url| !url.starts_with("https://"));
        own.push(("SUPERVISOR_PROCESS_NAME", &config.name));
        own.push(("SUPERVISOR_GROUP_NAME", group));
        for (name, value) in config.environment.variables.iter() {
            own.retain(|(known, _)| *known != &**name);
            own.push((name, value));
        }
        if config.extension.is_some() {
            own.retain(|(name, _)| *name != CHANNEL_VARIABLE);
            own.push((CHANNEL_VARIABLE, channel.as_str()));
        }
        let is_own = |variable: &&Variable| {
            is_stale(&variable.name)
                || *variable.name == *CHANNEL_VARIABLE.as_bytes()
                || own.iter().any(|(name, _)| *raw_text::to_bytes(name) == *variable.name)
        };
        let inherited =
            self.inherited.iter().filter(|variable| !is_own(variable)).map(|variable| variable.entry.clone());
        inherited
            .chain(own.iter().filter_map(|(name, value)| entry(&raw_text::to_bytes(name), &raw_text::to_bytes(value))))
            .collect()
    }

    /// The PATH that a process will have: its own, else the inherited one.
    pub fn path_of<'a>(&'a self, config: &'a ProcessConfig) -> Option<Cow<'a, OsStr>> {
        let own = config.environment.variables.iter().find(|(name, _)| **name == *"PATH").map(|(_, value)| {
            match raw_text::to_bytes(value) {
                Cow::Borrowed(bytes) => Cow::Borrowed(OsStr::from_bytes(bytes)),
                Cow::Owned(bytes) => Cow::Owned(OsString::from_vec(bytes)),
            }
        });
        own.or_else(|| {
            let inherited = self.inherited.iter().find(|variable| *variable.name == *b"PATH")?;
            Some(Cow::Borrowed(OsStr::from_bytes(&inherited.entry.to_bytes()[b"PATH=".len()..])))
        })
    }
}

/// `NAME=value`; a null byte cannot be passed on, neither to nor by any program.
fn entry(name: &[u8], value: &[u8]) -> Option<CString> {
    let mut entry = OsString::from_vec(name.to_vec());
    entry.push("=");
    entry.push(OsStr::from_bytes(value));
    CString::new(entry.into_vec()).ok()
}
