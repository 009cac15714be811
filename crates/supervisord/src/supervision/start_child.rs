//! From a configuration to a running child: its program, its logs, its pipes.
//!
//! Where descriptors run short, pidfds are the first to go: the ends of children show in SIGCHLD too. Then goes what
//! only makes things faster, and our ends of stdins that nobody writes to lose their numbers, until somebody does.

use std::io;
use std::os::fd::AsFd;

use supervisor_core::{IdentityConfig, Life, LogLevel, Pid, ProcessConfig, ProcessId, SpawnError};
use supervisor_sys::{Credentials, FcgiSocket, Login, errno_name};

use super::child_environment::Given;
use super::credentials_folder::{CredentialsFolder, RuntimeFolder};
use super::disk_watch::DiskWatch;
use super::environment_sources::Gathered;
use super::extensions;
use super::kernel::{Descriptors, Start};
use super::os_host::OsHost;
use super::program_search::find_program;
use crate::boundary::outbox::ExtensionNotice;
use crate::name_service::NameService;

/// Why there is no child.
struct NotStarted {
    error: SpawnError,
    /// With more descriptors there would be one.
    for_lack_of_descriptors: bool,
}

impl NotStarted {
    fn because(text: impl Into<String>) -> Self {
        Self { error: SpawnError(text.into()), for_lack_of_descriptors: false }
    }
}

impl OsHost {
    /// Starts the child of a life.
    ///
    /// # Errors
    /// What becomes its `spawnerr`.
    pub(super) fn start_child(&mut self, life: Life, group: &str, config: &ProcessConfig) -> Result<Pid, SpawnError> {
        let pid = loop {
            match self.try_to_start_child(life, group, config) {
                Err(failure) if failure.for_lack_of_descriptors && self.save_descriptors() => {}
                outcome => break outcome,
            }
        };
        let pid = pid.map_err(|failure| {
            if config.extension.is_some() {
                self.outbox.tell_of_extension(ExtensionNotice::NotStarted { process: life.process });
            }
            failure.error
        })?;
        self.by_pid.insert(pid, life);
        self.tell_failed_execs();
        Ok(pid)
    }

    fn try_to_start_child(&mut self, life: Life, group: &str, config: &ProcessConfig) -> Result<Pid, NotStarted> {
        let gathered = self.gather_environment(life.process, config).map_err(NotStarted::because)?;
        let Self { kernel, settings, entries, sockets, logs: table, main_log, outbox, .. } = self;
        let environment = &settings.environment;
        let mut program = find_program(&config.command, environment.path_of(config, &gathered).as_deref())
            .map_err(|bad| NotStarted::because(bad.text()))?;
        let login = login_of(config, &settings.names).map_err(NotStarted::because)?;
        if let Some(extension) = &config.extension {
            program.arguments.extend(extensions::arguments_of_host(extension));
        }
        let Some(entry) = entries.get_mut(life.process.index()).and_then(Option::as_mut) else {
            return Err(NotStarted::because(format!("unknown process '{}'", config.name)));
        };
        let watch = DiskWatch::start();
        entry.logs.open(table, &mut kernel.log_writers).map_err(|(path, error)| {
            let for_lack_of_descriptors = is_lack_of_descriptors(&error);
            if !for_lack_of_descriptors {
                let (name, path) = (&config.name, path.display());
                main_log.log(LogLevel::Warn, format_args!("the log {path} of {name} could not be opened: {error}"));
            }
            NotStarted { error: SpawnError(dispatchers_text(&config.name, &error)), for_lack_of_descriptors }
        })?;
        let opening = watch.too_long();
        let credentials = credentials_of(config, &settings.names);
        let socket = config.socket.as_ref().and_then(|socket| sockets.get(&socket.url)).map(FcgiSocket::fd);
        let channel = config.extension.as_ref().map(|_| extensions::channel()).transpose().map_err(|error| {
            entry.logs.close(table, &mut kernel.log_writers);
            NotStarted {
                for_lack_of_descriptors: is_lack_of_descriptors(&error),
                error: SpawnError(dispatchers_text(&config.name, &error)),
            }
        })?;
        let owner = credentials.as_ref().and_then(|found| found.as_ref().ok());
        let folder = make_credentials(&settings.runtime_folder, config, &gathered, owner).map_err(|text| {
            entry.logs.close(table, &mut kernel.log_writers);
            NotStarted::because(text)
        })?;
        let given = Given {
            gathered: &gathered,
            login: login.as_ref(),
            credentials: folder.as_ref().map(CredentialsFolder::path),
        };
        let envp = environment.of(group, config, &given);
        let given = Descriptors { socket, channel: channel.as_ref().map(|(_, theirs)| theirs.as_fd()) };
        let start = Start { config, program: &program, envp: &envp, credentials: credentials.as_ref(), given };
        let child = kernel.spawn(life, &start);
        let mut child = child.map_err(|failure| {
            entry.logs.close(table, &mut kernel.log_writers);
            let for_lack_of_descriptors = is_lack_of_descriptors(failure.error());
            NotStarted { error: SpawnError(failure.text(&config.name)), for_lack_of_descriptors }
        })?;
        let pid = child.pid;
        child.credentials = folder;
        entry.child = Some(child);
        if let Some((socket, _)) = channel {
            // One that nobody is told of reads the end of its channel.
            outbox.tell_of_extension(ExtensionNotice::Started { life, socket });
        }
        if let Some(took) = opening {
            self.opening_was_slow(life.process, took);
        }
        Ok(pid)
    }

    /// Reads what a program is told that stands in no configuration.
    fn gather_environment(&mut self, process: ProcessId, config: &ProcessConfig) -> Result<Gathered, String> {
        let sources = &config.environment.sources;
        if sources.is_empty() {
            return Ok(Gathered::default());
        }
        let gathered = self.remote_sources.gather(process, sources, &mut self.kernel.log_writers.mounts)?;
        for path in &gathered.exposed {
            self.warn_once(format!("{}, with a secret of {}, can be read by everybody", path.display(), config.name));
        }
        if !sources.credentials.is_empty() && !self.settings.runtime_folder.is_in_memory() {
            self.warn_once(format!("credentials of {} lie on a disk", config.name));
        }
        Ok(gathered)
    }

    /// Of each file and program once.
    fn warn_once(&mut self, text: String) {
        if !self.told_of_secrets.contains(&text) {
            self.main_log.log(LogLevel::Warn, format_args!("{text}"));
            self.told_of_secrets.insert(text);
        }
    }

    /// Frees descriptors, the dearest last. False if there is none left that could be done without.
    fn save_descriptors(&mut self) -> bool {
        self.give_up_pidfds() || self.shelve_stdins()
    }

    /// False if that has freed none.
    fn shelve_stdins(&mut self) -> bool {
        let Self { kernel, entries, .. } = self;
        kernel.live_on_little();
        let children = entries.iter_mut().flatten().filter_map(|entry| entry.child.as_mut());
        children.filter_map(|child| kernel.shelve_stdin(child).then_some(())).count() > 0
    }

    /// Gives back the pidfds of all children, for good. False if there was none.
    fn give_up_pidfds(&mut self) -> bool {
        let Self { kernel, entries, .. } = self;
        let children = entries.iter_mut().flatten().filter_map(|entry| entry.child.as_mut());
        let count = children.filter_map(|child| kernel.give_up_pidfd(child).then_some(())).count();
        if count > 0 {
            self.main_log.log(
                LogLevel::Warn,
                format_args!(
                    "file descriptors run short: supervisord does without {count} of its own from now on; raise the \
                     limit that it is started with"
                ),
            );
        }
        count > 0
    }
}

/// Who a program is to be, or why it cannot; `None`: who we are.
fn credentials_of(config: &ProcessConfig, names: &NameService) -> Option<Result<Credentials, String>> {
    let IdentityConfig { uid, gid, groups, .. } = &config.identity;
    let user = match uid {
        Some(uid) => names.user(*uid).map_err(|reason| format!("couldn't setuid to {uid}: {reason}")),
        None if gid.is_none() && groups.is_none() => return None,
        None => Ok(Credentials::own()),
    };
    Some(user.map(|user| {
        let gid = gid.unwrap_or(user.gid);
        let others = match groups {
            Some(groups) => groups.to_vec(),
            // The first is the user's own, in whose place the other one comes.
            None => user.groups.into_iter().skip(1).collect(),
        };
        let groups = [gid].into_iter().chain(others.into_iter().filter(|group| *group != gid)).collect();
        Credentials { uid: user.uid, gid, groups }
    }))
}

/// The entry of the user of a program that is to be told of it.
fn login_of(config: &ProcessConfig, names: &NameService) -> Result<Option<Login>, String> {
    let uid = config.identity.uid.filter(|_| config.environment.login);
    uid.map(|uid| names.login(uid).map_err(|reason| format!("login_env: {reason}"))).transpose()
}

/// Puts the credentials of a program where it finds them.
fn make_credentials(
    runtime_folder: &RuntimeFolder,
    config: &ProcessConfig,
    gathered: &Gathered,
    owner: Option<&Credentials>,
) -> Result<Option<CredentialsFolder>, String> {
    if gathered.credentials.is_empty() {
        return Ok(None);
    }
    runtime_folder.fill(&gathered.credentials, owner).map(Some).map_err(|(path, error)| {
        let errno = error.raw_os_error().map_or("EIO", errno_name);
        format!("cannot put the credentials of {} at {}: {errno}", config.name, path.display())
    })
}

fn is_lack_of_descriptors(error: &io::Error) -> bool {
    error.raw_os_error().map(errno_name) == Some("EMFILE")
}

/// contract/processes.md §3.4
fn dispatchers_text(name: &str, error: &io::Error) -> String {
    if is_lack_of_descriptors(error) {
        return format!("too many open files to spawn '{name}'");
    }
    let errno = match error.raw_os_error() {
        Some(errno) => errno_name(errno),
        // A refusal of ours.
        None if error.kind() == io::ErrorKind::PermissionDenied => "EACCES",
        None => "EIO",
    };
    format!("unknown error making dispatchers for '{name}': {errno}")
}
