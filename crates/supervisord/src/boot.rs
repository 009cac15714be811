//! From the command line to the loop and back: the order in which a supervisord comes up, and how it goes
//! (contract/processes.md §9.1).
//!
//! A start that cannot be is one clear line on standard error and exit status 2, before anything of a running
//! instance was touched: sockets are claimed before logs are cleaned away (quirks.md F07).

use std::ffi::OsStr;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use supervisor_config::{
    Config, HttpServerAddress, LoadRequest, MainLogFile, Place, ProgramReader, RpcInterfaceFactory, SdNotify,
    ServerCertificates, Subreaper, SupervisordCommand, SupervisordOptions, UsageError, WebInterface, build_text,
    find_config_file, no_config_file_text, parse_supervisord_command_line, program_path,
};
use supervisor_core::{Handover, LogLevel, ProcessId, Settings, SocketOwner, Supervisor, raw_text};
use supervisor_protocol::method::{Namespace, NamespaceKind, Namespaces};
use supervisor_protocol::terminal::visible;
use supervisor_sys::rlimits::{Raised, Resource, descriptors_allowed, raise};
use supervisor_sys::{Pidfile, PrivilegeChange, SocketError, WaitingCaller, unseen_listener};

use crate::boundary::snapshot::process_snapshot;
use crate::boundary::{inbox, outbox};
use crate::check_command;
use crate::clock;
use crate::control::{
    self, BoundServer, ConfigReader, ControlPlane, ControlSettings, FreshConfig, Identity, Whereabouts,
};
use crate::defect_log;
use crate::http_servers::{self, HttpServers};
use crate::init_command;
use crate::limits::LEAST_DESCRIPTORS;
use crate::name_service::NameService;
use crate::offline::absolute;
use crate::plugin_check::MadePlugins;
use crate::shared_servers::SharedServers;
use crate::show_config_command;
use crate::supervision::child_environment::ChildEnvironment;
use crate::supervision::clean_auto_logs;
use crate::supervision::credentials_folder::RuntimeFolder;
use crate::supervision::event_loop::{Ended, EventLoop};
use crate::supervision::kernel::Kernel;
use crate::supervision::log_file::{LogFileSettings, Rotation};
use crate::supervision::main_log::{MainLog, MainLogSettings, MainLogTarget};
use crate::supervision::os_host::{OsHost, OsHostSettings};
use crate::supervision::restart_config::{ReadConfig, RestartConfigReader};
use crate::supervision::service_manager::{self, ServiceManager};
use crate::{plugin_check, rpc_interfaces};

/// Exit status of a start that cannot be.
const USAGE_STATUS: u8 = 2;

const NO_USER_TEXT: &str = "Supervisor is running as root.  Privileges were not dropped because no user is specified \
in the config file.  If you intend to run as root, you can set user=root in the config file to avoid this message.";

/// Runs supervisord to its end.
pub fn run() -> ExitCode {
    let mut arguments = std::env::args_os().map(|argument| raw_text::to_text(argument.as_bytes()));
    let program = arguments.next().unwrap_or_else(|| "supervisord".to_owned());
    let arguments: Vec<String> = arguments.collect();
    match run_with(&program, &arguments) {
        Ok(status) => status,
        Err(error) => {
            // Scripts compare what is said; people are told where there is more (COMPATIBILITY.md, N95).
            let has_more = io::stderr().is_terminal() && check_says_more(&program, &arguments);
            let more = format!("{program} {} --check says more\n", arguments.join(" "));
            let more = if has_more { more.as_str() } else { "" };
            let text = format!("Error: {}\nFor help, use {program} -h\n{more}", error.0);
            // Without a standard error there is nobody to tell.
            io::stderr().write_all(visible(&text).as_bytes()).ok();
            ExitCode::from(USAGE_STATUS)
        }
    }
}

/// Whether a check of what was to be started has anything to say.
fn check_says_more(program: &str, arguments: &[String]) -> bool {
    match parse_supervisord_command_line(program, arguments) {
        Ok(SupervisordCommand::Run(options)) => check_command::finds_errors(program, &options),
        Ok(
            SupervisordCommand::Help(_)
            | SupervisordCommand::Version { .. }
            | SupervisordCommand::Check { .. }
            | SupervisordCommand::ShowConfig { .. }
            | SupervisordCommand::Init { .. },
        )
        | Err(_) => false,
    }
}

/// Why supervisord does not start; the text for the user.
#[derive(Debug)]
struct BootError(String);

impl BootError {
    fn new(text: impl std::fmt::Display) -> Self {
        Self(format!("{text}"))
    }
}

impl From<UsageError> for BootError {
    fn from(error: UsageError) -> Self {
        Self::new(error)
    }
}

fn run_with(program: &str, arguments: &[String]) -> Result<ExitCode, BootError> {
    supervisor_sys::ensure_standard_fds_open().map_err(BootError::new)?;
    let options = match parse_supervisord_command_line(program, arguments)? {
        SupervisordCommand::Run(options) => options,
        SupervisordCommand::Help(text) => return print(&text),
        SupervisordCommand::Version { verbose: false } => return print(concat!(env!("CARGO_PKG_VERSION"), "\n")),
        SupervisordCommand::Version { verbose: true } => return print(&build_text("supervisord")),
        SupervisordCommand::Check { options, strict, format } => {
            return check_command::run(program, &options, strict, format).map_err(BootError::new);
        }
        SupervisordCommand::ShowConfig { options, format } => {
            return show_config_command::run(program, &options, format).map_err(BootError::new);
        }
        SupervisordCommand::Init { file } => return init_command::run(program, &file).map_err(BootError::new),
    };
    let source = ConfigSource::find(program, options)?;
    let mut config = source.read().map_err(BootError)?;
    supervisor_sys::return_large_pieces(crate::limits::RETURNED_BYTES);
    let mut kernel =
        Kernel::new().map_err(|error| require_descriptors().err().unwrap_or_else(|| BootError::new(error)))?;
    let mut start = Start::First;
    // Who was told that it is ready is told of restarts too, whatever a new file says.
    let sd_notify = config.supervisord.sd_notify;
    kernel.service_manager = ServiceManager::of_environment(sd_notify);
    let servers = SharedServers::default();
    loop {
        let (ended, used_kernel) = Generation::run(config, kernel, &source, start, &servers)?;
        match ended {
            Ended::Shutdown { status } => return Ok(ExitCode::from(status)),
            Ended::Restart { config: next, handover } => {
                config = *next;
                config.supervisord.sd_notify = sd_notify;
                start = Start::Again(handover);
            }
        }
        kernel = used_kernel;
    }
}

fn print(text: &str) -> Result<ExitCode, BootError> {
    io::stdout().write_all(text.as_bytes()).map(|()| ExitCode::SUCCESS).map_err(BootError::new)
}

/// Where the configuration comes from, each time it is read.
#[derive(Clone, Debug)]
struct ConfigSource {
    /// Absolute, so that a change of directory does not lose it (quirks.md F17). Empty: there is none.
    path: PathBuf,
    options: SupervisordOptions,
    environment: Vec<(String, String)>,
    /// Learns the users and hosts of whatever is read.
    names: NameService,
}

impl ConfigSource {
    fn find(program: &str, options: SupervisordOptions) -> Result<Self, BootError> {
        let path = if let Some(path) = &options.configuration {
            let file = PathBuf::from(OsStr::from_bytes(&raw_text::to_bytes(path)));
            if !file.exists() {
                return Err(BootError(format!("could not find config file {path}")));
            }
            file
        } else {
            let path_variable = std::env::var("PATH").ok();
            let program = program_path(program, path_variable.as_deref());
            let found = find_config_file(&program);
            // A command that is wrapped needs none.
            let is_needed = found.is_some() || options.wrapped.is_none();
            if nix::unistd::getuid().is_root() && is_needed {
                let warning = format!("{}\n", supervisor_config::ROOT_SEARCH_WARNING);
                io::stderr().write_all(warning.as_bytes()).ok();
            }
            match found {
                None if is_needed => return Err(BootError(no_config_file_text(&program))),
                found => found.unwrap_or_default(),
            }
        };
        let path = absolute(&path).map_err(BootError::new)?;
        let text = |text: std::ffi::OsString| raw_text::to_text(text.as_bytes());
        let environment = std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect();
        Ok(Self { path, options, environment, names: NameService::default() })
    }

    fn read(&self) -> Result<Config, String> {
        let request = LoadRequest { path: &self.path, command_line: &self.options, environment: &self.environment };
        let config = supervisor_config::load(&request).map_err(|error| error.to_string())?;
        http_servers::check(&config.http_servers)?;
        self.names.learn(&config.groups);
        Ok(config)
    }

    /// Reads programs that clients add as this configuration does.
    fn program_reader(&self, config: &Config) -> ProgramReader {
        let request = LoadRequest { path: &self.path, command_line: &self.options, environment: &self.environment };
        ProgramReader::new(&request, config)
    }
}

/// Which start of this process it is. Limits and the background are for the first alone.
#[derive(Debug)]
enum Start {
    First,
    /// After a restart.
    Again(Box<Handover>),
}

/// One life of a supervisord, from a configuration to the end of everything that it started.
struct Generation {
    config: Config,
    kernel: Kernel,
    main_log: MainLog,
    servers: Vec<BoundServer>,
}

impl Generation {
    fn run(
        config: Config,
        kernel: Kernel,
        source: &ConfigSource,
        start: Start,
        servers: &SharedServers,
    ) -> Result<(Ended, Kernel), BootError> {
        let is_first = matches!(start, Start::First);
        take_in_orphans(&config)?;
        let mut generation = Self::prepare(config, kernel, is_first, &mut servers.lock())?;
        generation.clean_logs();
        let in_background = is_first && !generation.config.supervisord.nodaemon;
        let (mut caller, background) = if in_background {
            let (caller, lines) = generation.daemonize()?;
            (Some(caller), lines)
        } else {
            (None, Vec::new())
        };
        let ended = generation.supervise(source, start, &background, servers, &mut caller);
        if let (Err(error), Some(caller)) = (&ended, caller) {
            caller.failed(&format!("Error: {}\n", error.0));
        }
        ended
    }

    /// Limits, privileges, main log, sockets: what can refuse a start. A restart was looked at before anything was
    /// stopped ([`read_config`]); what has changed since then, such as a port, costs no program its start.
    fn prepare(
        config: Config,
        mut kernel: Kernel,
        is_first: bool,
        servers: &mut HttpServers,
    ) -> Result<Self, BootError> {
        let mut messages = config.messages.clone();
        let limits = if is_first { raise_limits(&config, &mut kernel)? } else { Vec::new() };
        if is_first {
            refuse_a_second_one(&config)?;
        }
        messages.extend(drop_privileges(&config, servers)?);
        messages.extend(limits);
        if is_first {
            messages.extend(clock::local_zone().problem.iter().map(|problem| (LogLevel::Warn, problem.clone())));
        }
        let settings = main_log_settings(&config);
        defect_log::tell_in(&settings);
        let mut main_log = open_main_log(settings).map_err(BootError)?;
        for wanted in [LogLevel::Critical, LogLevel::Warn, LogLevel::Info] {
            let of_level = messages.iter().filter(|(level, _)| *level == wanted);
            of_level.for_each(|(level, text)| main_log.log(*level, format_args!("{text}")));
        }
        if is_first {
            servers.claim(&config.http_servers).map_err(BootError)?;
        }
        let (servers, messages) = servers.serve(&config.http_servers);
        for (level, text) in messages {
            main_log.log(level, format_args!("{text}"));
        }
        rpc_interfaces::check(&config).map_err(|refusal| {
            main_log.log(LogLevel::Warn, format_args!("{}", refusal.reason()));
            main_log.flush();
            BootError::new(refusal)
        })?;
        // A restart has been told before anything was stopped.
        if is_first {
            plugin_check::check(&config).map_err(|refusal| {
                main_log.log(LogLevel::Warn, format_args!("{}", refusal.reason()));
                main_log.flush();
                BootError::new(refusal)
            })?;
        }
        Ok(Self { config, kernel, main_log, servers })
    }

    fn clean_logs(&mut self) {
        let settings = &self.config.supervisord;
        if !settings.nocleanup {
            for warning in clean_auto_logs(&settings.childlogdir, &settings.identifier) {
                self.main_log.log(LogLevel::Warn, format_args!("{warning}"));
            }
        }
    }

    /// Goes into the background. To be called before there is a second thread. Gives what the main log is told of it,
    /// which is after the groups and the servers.
    fn daemonize(&mut self) -> Result<(WaitingCaller, Vec<(LogLevel, String)>), BootError> {
        self.main_log.flush();
        let caller = supervisor_sys::daemonize().map_err(BootError::new)?;
        let mut lines = vec![(LogLevel::Info, "daemonizing the supervisord process".to_owned())];
        if let Some(directory) = &self.config.supervisord.directory {
            let entered = std::env::set_current_dir(directory);
            let directory = directory.display();
            lines.push(match entered {
                Ok(()) => (LogLevel::Info, format!("set current directory: '{directory}'")),
                Err(error) => (LogLevel::Critical, format!("can't chdir into '{directory}': {error}")),
            });
        }
        supervisor_sys::umask(self.config.supervisord.umask);
        Ok((caller, lines))
    }

    /// Groups, servers, pidfile, loop; and the way back. Lets the caller go once there is nothing left that could fail.
    fn supervise(
        self,
        source: &ConfigSource,
        start: Start,
        background: &[(LogLevel, String)],
        sockets: &SharedServers,
        caller: &mut Option<WaitingCaller>,
    ) -> Result<(Ended, Kernel), BootError> {
        let Self { config, kernel, main_log, servers } = self;
        let wake = kernel.waker();
        let (mut outbox, notices) = outbox::channel(supervisor_core::SupervisorState::Running);
        let extensions = outbox.open_extensions();
        let (publisher, processes) = process_snapshot();
        let mut supervisor = Supervisor::new(Settings {
            strip_ansi: config.supervisord.strip_ansi,
            identifier: config.supervisord.identifier.clone(),
            started: clock::wall_clock(),
            shutdown_timeout: config.supervisord.shutdown_timeout,
            signal_rewrite: config.supervisord.signal_rewrite.clone(),
            start_stagger: config.supervisord.start_stagger,
            ending: config.supervisord.ending.clone(),
        });
        let is_first = matches!(start, Start::First);
        if let Start::Again(handover) = start {
            supervisor.take_over(*handover);
        }
        let main_log_path = main_log.path();
        let mut host = OsHost::new(kernel, main_log, host_settings(&config, source), outbox, publisher);
        for refusal in supervisor.configure(config.groups.clone(), &mut host).err().into_iter().flatten() {
            if is_first {
                return Err(BootError(refusal));
            }
            host.log_line(LogLevel::Critical, format_args!("a group is left out: {refusal}"));
        }
        host.report_unclaimed_journals();
        host.log_servers(&config, &servers);
        for (level, text) in background {
            host.log_line(*level, format_args!("{text}"));
        }
        let (sender, inbox) = inbox::channel(Arc::clone(&wake));
        let pidfile = write_pidfile(&config, &mut host);
        let control = control::start(ControlSettings {
            servers: sockets.kept(servers),
            sender,
            notices,
            processes,
            identity: identity(&config),
            extensions,
            namespaces: namespaces(&config),
            config_reader: config_reader(source, MadePlugins::of(&config)),
            warnings: warnings_of(&config),
            program_reader: Some(source.program_reader(&config)),
            main_log: main_log_path,
            log_level: config.supervisord.loglevel,
        })
        .map_err(|error| no_control_thread(&error))?;
        // Whoever reads the pidfile now finds us, and whoever calls is answered.
        if let Some(caller) = caller.take() {
            caller.ready();
        }
        host.tell_that_it_serves(starting_by_themselves(&config, &supervisor));
        let restart = RestartConfigReader::new(read_config(source, sockets), wake);
        let (ended, host) = EventLoop::new(supervisor, host, inbox, restart).run().map_err(BootError::new)?;
        let kernel = host.into_kernel();
        if let Ended::Shutdown { .. } = ended {
            sockets.lock().close();
        }
        finish(control, pidfile);
        Ok((ended, kernel))
    }
}

/// A thread needs memory and a place among the processes of its user and container; its reactor needs descriptors.
fn no_control_thread(error: &io::Error) -> BootError {
    let remedy = match error.kind() {
        io::ErrorKind::WouldBlock => {
            "raise the number of processes that it may have (`ulimit -u`, TasksMax= of systemd, --pids-limit of docker)"
        }
        _ => "it needs clone(2), epoll_create1(2) and eventfd2(2), which a filter (seccomp) may refuse",
    };
    BootError(format!("could not start the control thread: {error}: {remedy}"))
}

/// The end of a generation: clients, pidfile.
fn finish(control: ControlPlane, pidfile: Option<Pidfile>) {
    control.stop();
    if let Some(pidfile) = pidfile {
        // One that was taken away meanwhile needs no removing.
        pidfile.remove().ok();
    }
}

/// Raises the limits while we may still be root, which upstream does too late to be of use.
fn raise_limits(config: &Config, kernel: &mut Kernel) -> Result<Vec<(LogLevel, String)>, BootError> {
    let wanted = [(Resource::NoFile, config.supervisord.minfds), (Resource::NProc, config.supervisord.minprocs)];
    let mut messages = Vec::new();
    for (resource, minimum) in wanted {
        match raise(resource, minimum).map_err(BootError::new)? {
            Raised::Unchanged => {}
            raised @ Raised::To { .. } => messages.push((LogLevel::Info, raised.to_string())),
            unknown @ Raised::Unknown { .. } => messages.push((LogLevel::Warn, unknown.to_string())),
        }
    }
    // Programs get what it is by now.
    kernel.take_all_descriptors();
    require_descriptors()?;
    Ok(messages)
}

/// Makes us the parent of orphans among the descendants of programs. What was taken in once stays ours to reap, so this
/// is never taken back.
fn take_in_orphans(config: &Config) -> Result<(), BootError> {
    match config.supervisord.subreaper {
        Subreaper::On => supervisor_sys::set_subreaper(true)
            .map_err(|error| BootError(format!("could not become a subreaper (subreaper=true): {error}"))),
        Subreaper::Auto | Subreaper::Off => Ok(()),
    }
}

/// One clear error rather than one of many at whatever comes first.
fn require_descriptors() -> Result<(), BootError> {
    let (least, allowed) = (LEAST_DESCRIPTORS, descriptors_allowed());
    if allowed >= least {
        return Ok(());
    }
    Err(BootError(format!(
        "supervisord needs {least} file descriptors at least, and may open {allowed}: raise the limit that it is \
         started with (`ulimit -n`, LimitNOFILE= of systemd, --ulimit nofile= of docker)"
    )))
}

/// A supervisord whose socket was swept away listens no more where a second one looks for it, and its programs must not
/// be started twice: the lock on its pidfile tells, or the kernel's list of sockets. To be called while we may still be
/// root, who sees the processes of all users.
fn refuse_a_second_one(config: &Config) -> Result<(), BootError> {
    let pidfile = &config.supervisord.pidfile;
    let swept: Vec<&Path> = unix_paths(config).filter(|path| fs::symlink_metadata(path).is_err()).collect();
    for path in swept {
        let by_socket = || unseen_listener(path, config.supervisord.user).map(|pid| (pid, String::new()));
        let by_lock = || {
            let pid = Pidfile::holder(pidfile, &[path.as_os_str().as_bytes()])?;
            Some((pid, format!(" (it holds {})", pidfile.display())))
        };
        if let Some((pid, how)) = by_lock().or_else(by_socket) {
            let (in_use, path) = (SocketError::AddressInUse { listener: None }, path.display());
            return Err(BootError(format!(
                "{in_use}: {path} is not there, but the supervisord with pid {pid} that made it runs{how}"
            )));
        }
    }
    Ok(())
}

fn unix_paths(config: &Config) -> impl Iterator<Item = &Path> {
    config.http_servers.iter().filter_map(|server| match &server.address {
        HttpServerAddress::Unix { path, .. } => Some(path.as_path()),
        HttpServerAddress::Inet { .. } => None,
    })
}

fn drop_privileges(config: &Config, servers: &HttpServers) -> Result<Option<(LogLevel, String)>, BootError> {
    let Some(uid) = config.supervisord.user else {
        let message = nix::unistd::getuid().is_root().then(|| (LogLevel::Critical, NO_USER_TEXT.to_owned()));
        return Ok(message);
    };
    let credentials = supervisor_sys::resolve_user(uid).map_err(BootError)?;
    // Those that are open already: before a restart root may have been who we are.
    servers.give_to(SocketOwner { uid: credentials.uid, gid: Some(credentials.gid) }).map_err(BootError::new)?;
    match supervisor_sys::drop_privileges(&credentials).map_err(BootError)? {
        PrivilegeChange::AlreadyThatUser | PrivilegeChange::Dropped => {
            Ok(Some((LogLevel::Info, format!("Set uid to user {uid} succeeded"))))
        }
    }
}

fn main_log_settings(config: &Config) -> MainLogSettings {
    let settings = &config.supervisord;
    let target = match &settings.logfile {
        MainLogFile::Syslog => MainLogTarget::Syslog,
        MainLogFile::Path(path) => MainLogTarget::File(LogFileSettings {
            path: path.clone(),
            rotation: Rotation {
                maxbytes: u64::try_from(settings.logfile_maxbytes).unwrap_or(0),
                backups: u32::try_from(settings.logfile_backups).unwrap_or(0),
            },
        }),
    };
    MainLogSettings { level: settings.loglevel, target, to_stdout: settings.nodaemon && !settings.silent }
}

fn host_settings(config: &Config, source: &ConfigSource) -> OsHostSettings {
    let is_passed_on = |name: &OsStr| match config.supervisord.sd_notify {
        SdNotify::Off => true,
        SdNotify::Started | SdNotify::Ready => !service_manager::VARIABLES.iter().any(|used| name == *used),
    };
    let inherited: Vec<_> = std::env::vars_os().filter(|(name, _)| is_passed_on(name)).collect();
    OsHostSettings {
        identifier: config.supervisord.identifier.clone(),
        childlogdir: config.supervisord.childlogdir.clone(),
        environment: ChildEnvironment::new(
            &inherited,
            config.server_url.clone(),
            ServerCertificates::of_servers(&config.http_servers),
        ),
        runtime_folder: RuntimeFolder::new(
            &config.supervisord.identifier,
            std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from),
            &config.supervisord.childlogdir,
        ),
        names: source.names.clone(),
    }
}

/// The processes that are to run without anybody asking.
fn starting_by_themselves(config: &Config, supervisor: &Supervisor) -> Vec<ProcessId> {
    let processes = config.groups.iter().flat_map(|group| group.processes.iter().map(move |process| (group, process)));
    let wanted = processes.filter(|(_, process)| process.start.autostart);
    wanted.filter_map(|(group, process)| supervisor.find_id(&format!("{}:{}", group.name, process.name))).collect()
}

/// Upstream's order: no `supervisord started` line without a pidfile.
fn write_pidfile(config: &Config, host: &mut OsHost) -> Option<Pidfile> {
    let path = &config.supervisord.pidfile;
    let pid = std::process::id();
    match Pidfile::write(path, pid) {
        Ok(mut pidfile) => {
            let names: Vec<&[u8]> = unix_paths(config).map(|path| path.as_os_str().as_bytes()).collect();
            // A file system without locks knows no second one by this.
            pidfile.hold(&names).ok();
            host.log_line(LogLevel::Info, format_args!("supervisord started with pid {pid}"));
            Some(pidfile)
        }
        Err(error) => {
            let path = path.display();
            host.log_line(LogLevel::Critical, format_args!("could not write pidfile {path}"));
            host.log_line(LogLevel::Warn, format_args!("{path} could not be written: {error}"));
            None
        }
    }
}

/// Each section with a built-in factory offers the methods of that factory under its name.
fn namespaces(config: &Config) -> Namespaces {
    Namespaces::of(config.rpcinterfaces.iter().filter_map(|interface| {
        let kind = match interface.built_in()? {
            RpcInterfaceFactory::Supervisor => NamespaceKind::Supervisor,
            RpcInterfaceFactory::Twiddler => NamespaceKind::Twiddler,
            RpcInterfaceFactory::Cache => NamespaceKind::Cache,
        };
        Some(Namespace { name: interface.name.clone(), kind, whitelist: interface.whitelist() })
    }))
}

fn identity(config: &Config) -> Identity {
    let place = Whereabouts {
        server_url: config.server_url.clone().unwrap_or_default(),
        config_file: raw_text::to_text(config.path.as_os_str().as_bytes()),
        here: config.here.clone(),
    };
    Identity { identifier: config.supervisord.identifier.clone(), pid: std::process::id(), place }
}

/// `made` are the plug-ins that this generation has begun with.
fn config_reader(source: &ConfigSource, made: MadePlugins) -> ConfigReader {
    let (source, names) = (source.clone(), source.names.clone());
    let reader = ConfigReader::new(move || {
        let config = source.read()?;
        made.check(&config).map_err(|refusal| format!("{refusal}: {}", refusal.reason()))?;
        let program_reader = Some(source.program_reader(&config));
        let warnings = warnings_of(&config);
        Ok(FreshConfig { identifier: config.supervisord.identifier, groups: config.groups, warnings, program_reader })
    });
    reader.with_names(names)
}

/// What is probably not meant in a configuration.
fn warnings_of(config: &Config) -> Vec<String> {
    let warnings = config.messages.iter().filter(|(level, _)| *level == LogLevel::Warn);
    warnings.map(|(_, text)| text.clone()).collect()
}

/// Reads the configuration for a restart, and refuses what could not be begun with it: nothing has been stopped yet.
/// Its sockets are claimed here, and stay open.
fn read_config(source: &ConfigSource, servers: &SharedServers) -> ReadConfig {
    let (source, servers) = (source.clone(), servers.clone());
    Arc::new(move || {
        let config = source.read()?;
        rpc_interfaces::check(&config).map_err(|refusal| format!("{refusal}: {}", refusal.reason()))?;
        plugin_check::check(&config).map_err(|refusal| format!("{refusal}: {}", refusal.reason()))?;
        if let Some(uid) = config.supervisord.user {
            supervisor_sys::resolve_user(uid).and_then(|credentials| supervisor_sys::may_become(&credentials))?;
        }
        open_main_log(MainLogSettings { to_stdout: false, ..main_log_settings(&config) })?;
        servers.lock().claim(&config.http_servers)?;
        Ok(config)
    })
}

fn open_main_log(settings: MainLogSettings) -> Result<MainLog, String> {
    let place = match &settings.target {
        MainLogTarget::File(file) => file.path.display().to_string(),
        MainLogTarget::Syslog => "syslog".to_owned(),
    };
    MainLog::open(settings).map_err(|error| format!("could not open the main log {place}: {error}"))
}

impl OsHost {
    /// What is said of the servers before they are opened, of each with the namespaces that it serves.
    fn log_servers(&mut self, config: &Config, bound: &[BoundServer]) {
        for server in &config.http_servers {
            for interface in &config.rpcinterfaces {
                self.log_line(LogLevel::Info, format_args!("RPC interface '{}' initialized", interface.name));
            }
            let pages = match server.web.interface {
                WebInterface::Auto | WebInterface::New => None,
                WebInterface::Classic => Some("shows the pages of Supervisor 4.3 alone (web_interface=classic)"),
                WebInterface::Off => Some("shows no pages (web_interface=off)"),
            };
            if let Some(pages) = pages {
                self.log_line(LogLevel::Info, format_args!("Server '{}' {pages}", server.section));
            }
            if server.username.as_deref().is_none_or(str::is_empty) {
                let section = &server.section;
                self.log_line(
                    LogLevel::Critical,
                    format_args!("Server '{section}' running without any HTTP authentication checking"),
                );
                let bound = bound.iter().find(|bound| bound.section == *section);
                if let Some(open_door) = bound.and_then(|bound| bound.open_door.as_deref()) {
                    let Place { file, line, .. } = &server.place;
                    self.log_line(LogLevel::Critical, format_args!("{open_door} (file {file}, line {line})"));
                }
            }
        }
    }
}
