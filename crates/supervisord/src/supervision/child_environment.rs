//! The environment of a child (contract/processes.md §3.3 step 5): supervisord's own, then SUPERVISOR_*, then the
//! configured one, which may override both; and what files say in between (programs.md §7.2). SUPERVISOR_TLS_CA and
//! SUPERVISOR_EXT_FD, which names the channel of an extension and is nobody else's, are additions of ours.

use std::borrow::Cow;
use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use supervisor_config::ServerCertificates;
use supervisor_core::{EnvironmentConfig, PASSED_BY_DEFAULT, ProcessConfig, raw_text};
use supervisor_sys::{CStrArray, Login};

use super::env_file::Variable;
use super::environment_sources::Gathered;
use super::extensions::{CHANNEL, CHANNEL_VARIABLE};

/// The file with the certificate that an https server at SUPERVISOR_SERVER_URL shows.
const TLS_CA: &str = "SUPERVISOR_TLS_CA";

/// The directory with the credentials of a program.
const CREDENTIALS_DIRECTORY: &str = "CREDENTIALS_DIRECTORY";

/// What every child inherits.
#[derive(Debug)]
pub struct ChildEnvironment {
    inherited: Vec<Inherited>,
    /// For programs that name no `serverurl` of their own.
    server_url: Option<String>,
    certificates: ServerCertificates,
}

#[derive(Debug)]
struct Inherited {
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
            Some(Inherited { name: name.as_bytes().into(), entry: entry(name.as_bytes(), value.as_bytes())? })
        });
        Self { inherited: inherited.collect(), server_url, certificates }
    }

    /// The environment of one process, by the precedence of programs.md §7.2.
    pub(super) fn of(&self, group: &str, config: &ProcessConfig, given: &Given<'_>) -> CStrArray {
        let environment = &config.environment;
        let mut own = Own::default();
        own.set_text("SUPERVISOR_ENABLED", "1");
        let url = environment.serverurl.as_deref().or(self.server_url.as_deref());
        if let Some(url) = url {
            own.set_text("SUPERVISOR_SERVER_URL", url);
        }
        if let Some(certificate) = url.and_then(|url| self.certificates.at(url)) {
            own.set(TLS_CA.as_bytes(), certificate.as_os_str().as_bytes());
        }
        own.set_text("SUPERVISOR_PROCESS_NAME", &config.name);
        own.set_text("SUPERVISOR_GROUP_NAME", group);
        if let Some(login) = given.login {
            own.set_login(login);
        }
        own.set_all(&given.gathered.common);
        let is_own = |name: &str| environment.sources.own_names.iter().any(|own| **own == *name);
        let variables = || environment.variables.iter().map(|(name, value)| (&**name, &**value));
        variables().filter(|(name, _)| !is_own(name)).for_each(|(name, value)| own.set_text(name, value));
        own.set_all(&given.gathered.files);
        variables().filter(|(name, _)| is_own(name)).for_each(|(name, value)| own.set_text(name, value));
        own.set_all(&given.gathered.secrets);
        if let Some(folder) = given.credentials {
            own.set(CREDENTIALS_DIRECTORY.as_bytes(), folder.as_os_str().as_bytes());
        }
        if config.extension.is_some() {
            own.set_text(CHANNEL_VARIABLE, &CHANNEL.to_string());
        }
        // That of a supervisord which runs this one says nothing of a server of ours.
        let is_stale = |name: &[u8]| name == TLS_CA.as_bytes() && url.is_some_and(|url| !url.starts_with("https://"));
        let is_replaced = |name: &[u8]| is_stale(name) || *name == *CHANNEL_VARIABLE.as_bytes() || own.has(name);
        let is_left = |name: &[u8]| !is_unset(environment, name);
        let inherited = self.inherited_by(environment);
        let inherited = inherited.filter(|variable| !is_replaced(&variable.name) && is_left(&variable.name));
        let own_entries = own.0.iter().filter(|(name, _)| is_left(name)).filter_map(|(name, value)| entry(name, value));
        inherited.map(|variable| variable.entry.clone()).chain(own_entries).collect()
    }

    /// What comes from supervisord's own environment.
    fn inherited_by(&self, environment: &EnvironmentConfig) -> impl Iterator<Item = &Inherited> {
        let is_passed = |name: &[u8]| match &environment.pass {
            _ if !environment.clear => true,
            Some(patterns) => patterns.iter().any(|pattern| matches(pattern, name)),
            None => PASSED_BY_DEFAULT.iter().any(|pattern| matches(pattern, name)),
        };
        self.inherited.iter().filter(move |variable| is_passed(&variable.name))
    }

    /// The PATH that a process will have, with what was read for it.
    pub(super) fn path_of<'a>(&'a self, config: &'a ProcessConfig, gathered: &'a Gathered) -> Option<Cow<'a, OsStr>> {
        let environment = &config.environment;
        if is_unset(environment, b"PATH") {
            return None;
        }
        let read = |variables: &'a [Variable]| {
            let found = variables.iter().rev().find(|(name, _)| name == b"PATH");
            found.map(|(_, value)| Cow::Borrowed(&**value))
        };
        let configured = environment.variables.iter().find(|(name, _)| **name == *"PATH");
        let configured = configured.map(|(_, value)| raw_text::to_bytes(value));
        let is_own = environment.sources.own_names.iter().any(|name| **name == *"PATH");
        let (own, common) = if is_own { (configured, None) } else { (None, configured) };
        let inherited = || {
            let found = self.inherited_by(environment).find(|variable| *variable.name == *b"PATH")?;
            Some(Cow::Borrowed(&found.entry.to_bytes()[b"PATH=".len()..]))
        };
        let path = read(&gathered.secrets)
            .or(own)
            .or_else(|| read(&gathered.files))
            .or(common)
            .or_else(|| read(&gathered.common))
            .or_else(inherited)?;
        Some(match path {
            Cow::Borrowed(bytes) => Cow::Borrowed(OsStr::from_bytes(bytes)),
            Cow::Owned(bytes) => Cow::Owned(OsString::from_vec(bytes)),
        })
    }
}

/// What a process gets besides what is configured and inherited.
pub(super) struct Given<'g> {
    pub(super) gathered: &'g Gathered,
    pub(super) login: Option<&'g Login>,
    /// Where its credentials are.
    pub(super) credentials: Option<&'g Path>,
}

type Bytes<'v> = Cow<'v, [u8]>;

/// The variables that are not inherited, each once; the later ones win.
#[derive(Default)]
struct Own<'v>(Vec<(Bytes<'v>, Bytes<'v>)>);

impl<'v> Own<'v> {
    fn set(&mut self, name: impl Into<Bytes<'v>>, value: impl Into<Bytes<'v>>) {
        let name = name.into();
        self.0.retain(|(known, _)| *known != name);
        self.0.push((name, value.into()));
    }

    fn set_text(&mut self, name: &'v str, value: &str) {
        self.set(raw_text::to_bytes(name), raw_text::to_bytes(value).into_owned());
    }

    fn set_all(&mut self, variables: &'v [Variable]) {
        for (name, value) in variables {
            self.set(&**name, &**value);
        }
    }

    fn set_login(&mut self, login: &'v Login) {
        self.set(&b"HOME"[..], login.home.as_os_str().as_bytes());
        self.set(&b"USER"[..], login.name.as_bytes());
        self.set(&b"LOGNAME"[..], login.name.as_bytes());
        self.set(&b"SHELL"[..], login.shell.as_os_str().as_bytes());
    }

    fn has(&self, name: &[u8]) -> bool {
        self.0.iter().any(|(known, _)| **known == *name)
    }
}

/// Whether `unset_env` takes a variable; what supervisord itself tells of its protocols it cannot.
fn is_unset(environment: &EnvironmentConfig, name: &[u8]) -> bool {
    let is_kept =
        ["SUPERVISOR_ENABLED", CHANNEL_VARIABLE, CREDENTIALS_DIRECTORY].iter().any(|kept| kept.as_bytes() == name);
    !is_kept && environment.unset.iter().any(|pattern| matches(pattern, name))
}

/// Whether a name is the one, or begins with what stands before the `*`.
fn matches(pattern: &str, name: &[u8]) -> bool {
    let pattern = &*raw_text::to_bytes(pattern);
    match pattern.strip_suffix(b"*") {
        Some(beginning) => name.starts_with(beginning),
        None => name == pattern,
    }
}

/// `NAME=value`; a null byte cannot be passed on, neither to nor by any program.
fn entry(name: &[u8], value: &[u8]) -> Option<CString> {
    let mut entry = OsString::from_vec(name.to_vec());
    entry.push("=");
    entry.push(OsStr::from_bytes(value));
    CString::new(entry.into_vec()).ok()
}
