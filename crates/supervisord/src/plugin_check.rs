//! Whether plug-ins that are Python code can be made: they are, once, before a start, a restart or a reread goes on
//! with them (contract/platform.md §2, «failure»); `--check` imports them and no more.
//!
//! Each is made in a process of the plug-in host that ends at once; those that serve are started by supervision. So a
//! module that is not there, an interpreter that is not, or an attribute that supervisord does not have is told where
//! the Python release tells it, and at a restart nothing has been stopped yet.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use supervisor_config::{Config, HostedPlugin, Place, shlex};
use supervisor_core::{ExtensionKind, FaultCode, raw_text};
use supervisor_protocol::SUPERVISOR_VERSION;
use supervisor_protocol::extension::{ErrorAnswer, Message, PROTOCOL_VERSION, push_request, read_message};
use supervisor_protocol::limits::EXTENSION_LINE_BYTES;
use supervisor_protocol::plugin_host::{BOOTSTRAP, program_line};
use supervisor_protocol::xmlrpc::Value;

use crate::limits::PLUGIN_CHECK;

/// A plug-in that cannot be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// What the Python release says of it.
    words: String,
    /// Why it cannot be made.
    why: String,
    /// The section that names it.
    pub(crate) section: String,
    /// Where that begins.
    pub(crate) place: Place,
}

/// What is wrong with a plug-in, and why.
enum Trouble {
    /// There is no such thing.
    NotThere(String),
    /// It is there, and cannot be used.
    NotMade(String),
}

impl Refusal {
    fn of(plugin: &HostedPlugin, trouble: Trouble) -> Self {
        let extension = plugin.extension();
        let section = &plugin.section;
        let (words, why) = match trouble {
            Trouble::NotThere(why) => (format!("{} cannot be resolved within [{section}]", extension.factory), why),
            Trouble::NotMade(why) => (format!("Could not make {} rpc interface", extension.namespace), why),
        };
        Self { words, why, section: section.clone(), place: plugin.place.clone() }
    }

    /// What the log says about it.
    pub(crate) fn reason(&self) -> String {
        let Self { section, place, why, .. } = self;
        format!("[{section}] in {} line {}: {why}", place.file, place.line)
    }

    /// What a check of the configuration says about it, beside its place.
    pub(crate) fn message(&self) -> String {
        format!("{}: {}", self.words, self.why)
    }
}

/// As upstream ends a start with it.
impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.words)
    }
}

/// How far a plug-in is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trial {
    Import,
    Make,
}

/// Looks for the first plug-in that cannot be made. Takes as long as the slowest of them, [`PLUGIN_CHECK`] at most for
/// each.
///
/// # Errors
/// That one.
pub(crate) fn check(config: &Config) -> Result<(), Refusal> {
    refusals(config.hosted_plugins.iter(), config, Trial::Make).into_iter().next().map_or(Ok(()), Err)
}

/// Those that cannot even be imported. Nothing is made.
pub(crate) fn not_imported(config: &Config) -> Vec<Refusal> {
    refusals(config.hosted_plugins.iter(), config, Trial::Import)
}

/// The plug-ins that have been made as they are now. They may run, so none is made a second time beside itself only
/// because the configuration is read again.
#[derive(Debug)]
pub(crate) struct MadePlugins(Mutex<Vec<HostedPlugin>>);

impl MadePlugins {
    /// Those that a start or a restart has tried.
    pub(crate) fn of(config: &Config) -> Self {
        Self(Mutex::new(config.hosted_plugins.clone()))
    }

    /// As [`check`], of those that are new or other ones.
    ///
    /// # Errors
    /// The first that cannot be made.
    pub(crate) fn check(&self, config: &Config) -> Result<(), Refusal> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let is_known = |plugin: &HostedPlugin| {
            known.iter().any(|known| known.section == plugin.section && known.process == plugin.process)
        };
        let new = config.hosted_plugins.iter().filter(|plugin| !is_known(plugin));
        if let Some(refusal) = refusals(new, config, Trial::Make).into_iter().next() {
            return Err(refusal);
        }
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&config.hosted_plugins);
        Ok(())
    }
}

fn refusals<'p>(plugins: impl Iterator<Item = &'p HostedPlugin>, config: &Config, trial: Trial) -> Vec<Refusal> {
    // All at once: what takes long is that interpreters start.
    let attempts: Vec<_> = plugins.map(|plugin| (plugin, begin(plugin, config, trial))).collect();
    let outcomes = attempts.into_iter().map(|(plugin, attempt)| (plugin, attempt.and_then(Attempt::finish)));
    outcomes.filter_map(|(plugin, outcome)| Some(Refusal::of(plugin, outcome.err()?))).collect()
}

/// A plug-in that is being made.
struct Attempt {
    child: Child,
    socket: UnixStream,
}

fn begin(plugin: &HostedPlugin, config: &Config, trial: Trial) -> Result<Attempt, Trouble> {
    let words = shlex::split(&plugin.process.command).unwrap_or_default();
    let interpreter = words.first().map_or("", String::as_str);
    let cannot =
        |error: io::Error| Trouble::NotThere(format!("{interpreter}, which is to run it, cannot be started: {error}"));
    let (child, socket) = spawn(interpreter, plugin).map_err(cannot)?;
    let mut attempt = Attempt { child, socket };
    let mut lines = program_line().into_bytes();
    push_request(&mut lines, 1, "initialize", &parameters(plugin, config, trial));
    // Where it has ended already, its end tells more than this error.
    attempt.socket.write_all(&lines).ok();
    Ok(attempt)
}

#[expect(clippy::disallowed_methods, reason = "nothing is supervised by it, and its exit status tells nothing")]
fn spawn(interpreter: &str, plugin: &HostedPlugin) -> io::Result<(Child, UnixStream)> {
    let (ours, theirs) = UnixStream::pair()?;
    ours.set_read_timeout(Some(PLUGIN_CHECK))?;
    ours.set_write_timeout(Some(PLUGIN_CHECK))?;
    let theirs = File::from(OwnedFd::from(theirs));
    fcntl(&theirs, FcntlArg::F_SETFD(FdFlag::empty()))?;
    let text = |text: &str| OsString::from_vec(raw_text::to_bytes(text).into_owned());
    let variables = plugin.process.environment.variables.iter().map(|(name, value)| (text(name), text(value)));
    let child = Command::new(text(interpreter))
        .args(["-c", BOOTSTRAP, &plugin.extension().process_name()])
        .envs(variables)
        .env("SUPERVISOR_EXT_FD", theirs.as_raw_fd().to_string())
        .stdin(Stdio::null())
        .spawn()?;
    Ok((child, ours))
}

/// Those of `initialize`, as the control plane has them too, and how far it is to go.
fn parameters(plugin: &HostedPlugin, config: &Config, trial: Trial) -> Value {
    let extension = plugin.extension();
    let kind = match extension.kind {
        ExtensionKind::RpcInterface => "rpcinterface",
        ExtensionKind::ResultHandler => "result_handler",
    };
    let options = extension.options.iter().map(|(name, value)| (name.to_string(), Value::from(&**value)));
    let members = [
        ("protocol", Value::Int(PROTOCOL_VERSION)),
        ("kind", Value::from(kind)),
        ("spec", Value::from(&*extension.factory)),
        ("name", Value::from(&*extension.namespace)),
        ("config", Value::Struct(options.collect())),
        ("identifier", Value::from(config.supervisord.identifier.as_str())),
        ("version", Value::from(SUPERVISOR_VERSION)),
        ("only_import", Value::Bool(trial == Trial::Import)),
    ];
    Value::Struct(members.map(|(name, value)| (name.to_owned(), value)).into())
}

impl Attempt {
    /// Waits for the answer.
    fn finish(mut self) -> Result<(), Trouble> {
        let mut line = Vec::new();
        let bound = u64::try_from(EXTENSION_LINE_BYTES).unwrap_or(u64::MAX);
        let read = BufReader::new(&self.socket).take(bound).read_until(b'\n', &mut line);
        // The end of the channel is its end; one that is caught in an import ends with its process.
        drop(self.socket.shutdown(std::net::Shutdown::Both));
        let is_late = read.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::ConnectionReset);
        if is_late {
            drop(self.child.kill());
        }
        // Its status may be gone already: who reaps strangers was faster.
        drop(self.child.wait());
        let silent = || "its process has ended without a word, but for those on standard error".to_owned();
        let message = match read {
            Err(_) if is_late => Err(format!("it was not made within {} s", PLUGIN_CHECK.as_secs())),
            Ok(0) | Err(_) => Err(silent()),
            Ok(_) => read_message(line.trim_ascii_end()),
        };
        match message.map_err(Trouble::NotMade)? {
            Message::Answer { outcome: Ok(_), .. } => Ok(()),
            Message::Answer { outcome: Err(ErrorAnswer { code, message }), .. }
                if code == FaultCode::NoFile.number() =>
            {
                Err(Trouble::NotThere(message))
            }
            Message::Answer { outcome: Err(error), .. } => Err(Trouble::NotMade(error.message)),
            Message::Request { .. } | Message::Notification { .. } => Err(Trouble::NotMade(silent())),
        }
    }
}
