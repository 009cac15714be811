//! `[supervisord]` (contract/config.md §5.1).

use std::path::PathBuf;
use std::time::Duration;

use supervisor_core::{EndingConfig, EnvironmentFile, ExitWhen, LogLevel, SignalRewrite};

use crate::command_line::{SdNotify, SupervisordOptions};
use crate::config::{MainLogFile, Subreaper, SupervisordConfig};
use crate::context::{Context, SectionReader};
use crate::datatypes::{list_of_strings, temporary_directory};
use crate::diagnostics::ConfigError;
use crate::environment::{Variables, parse_environment};
use crate::expand::Names;
use crate::options_table::supervisord as rows;
use crate::python_path::{absolute, text_of};
use crate::strictness::Strictness;

/// What the file says.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent switch of the file")]
pub(crate) struct SupervisordSection {
    minfds: i64,
    minprocs: i64,
    directory: Option<String>,
    user: Option<String>,
    umask: u32,
    logfile: String,
    logfile_maxbytes: i64,
    logfile_backups: i64,
    loglevel: LogLevel,
    pidfile: String,
    identifier: String,
    nodaemon: bool,
    silent: bool,
    childlogdir: Option<String>,
    nocleanup: bool,
    strip_ansi: bool,
    shutdown_timeout: Duration,
    start_stagger: Duration,
    signal_rewrite: Box<[SignalRewrite]>,
    /// Files of variables for all programs.
    pub(crate) env_files: Box<[EnvironmentFile]>,
    exit_when: ExitWhen,
    /// The name of a process, a group or a program.
    pub(crate) exit_code_from: Option<String>,
    subreaper: Subreaper,
    strict: bool,
    strict_ignore: Box<str>,
    sd_notify: SdNotify,
    /// Interpreter of Python plug-ins.
    pub(crate) python_host: Option<String>,
    /// Also those run there that are built in.
    pub(crate) python_namespaces: bool,
    /// For all programs.
    pub(crate) environment: Variables,
}

impl SupervisordSection {
    /// How the configuration wants to be read; the command line may be stricter.
    pub(crate) fn strictness(&self, line: &SupervisordOptions) -> Strictness {
        let ignored = list_of_strings(&self.strict_ignore).into_iter().filter(|pattern| !pattern.is_empty());
        Strictness { is_strict: self.strict || line.strict, ignored: ignored.map(Box::from).collect() }
    }
}

/// Reads the section, in upstream's order.
pub(crate) fn read_supervisord(context: &Context) -> Result<SupervisordSection, ConfigError> {
    let section = context.document.section("supervisord").expect("its presence was checked before anything is read");
    let here = [context.here_word()];
    let reader = context.reader(section, &here);
    let text = |row| reader.text(row).map(|text| text.map(std::borrow::Cow::into_owned));
    Ok(SupervisordSection {
        minfds: reader.value(&rows::MINFDS)?,
        minprocs: reader.value(&rows::MINPROCS)?,
        directory: reader.optional(&rows::DIRECTORY)?,
        user: text(&rows::USER)?,
        umask: reader.value(&rows::UMASK)?,
        logfile: reader.value(&rows::LOGFILE)?,
        logfile_maxbytes: reader.value(&rows::LOGFILE_MAXBYTES)?,
        logfile_backups: reader.value(&rows::LOGFILE_BACKUPS)?,
        loglevel: reader.value(&rows::LOGLEVEL)?,
        pidfile: reader.value(&rows::PIDFILE)?,
        identifier: text(&rows::IDENTIFIER)?.unwrap_or_default(),
        nodaemon: reader.value(&rows::NODAEMON)?,
        silent: reader.value(&rows::SILENT)?,
        childlogdir: reader.optional(&rows::CHILDLOGDIR)?,
        nocleanup: reader.value(&rows::NOCLEANUP)?,
        strip_ansi: reader.value(&rows::STRIP_ANSI)?,
        environment: read_environment(context, &reader)?,
        exit_when: reader.value(&rows::EXIT_WHEN)?,
        exit_code_from: text(&rows::EXIT_CODE_FROM)?,
        subreaper: reader.value(&rows::SUBREAPER)?,
        strict: reader.value(&rows::STRICT)?,
        strict_ignore: reader.value(&rows::STRICT_IGNORE)?,
        python_host: python_host(context, &reader)?,
        python_namespaces: reader.value(&rows::PYTHON_NAMESPACES)?,
        shutdown_timeout: reader.value(&rows::SHUTDOWN_TIMEOUT)?,
        start_stagger: reader.value(&rows::START_STAGGER)?,
        signal_rewrite: reader.value(&rows::SIGNAL_REWRITE)?,
        env_files: reader.value(&rows::ENV_FILE)?,
        sd_notify: reader.value(&rows::SD_NOTIFY)?,
    })
}

/// `environment=`: names are replaced once, under a label of its own (quirks.md D1).
fn read_environment(context: &Context, reader: &SectionReader<'_>) -> Result<Variables, ConfigError> {
    let Some(entry) = reader.entry(&rows::ENVIRONMENT) else { return Ok(Variables::new()) };
    let words = [context.here_word(), context.host_node_name_word()];
    let reader = reader.with_names(Names::new(&context.environment, &words));
    let Some(text) = reader.expand(&rows::ENVIRONMENT, &entry.value, "environment")? else {
        return Ok(Variables::new());
    };
    match parse_environment(&text) {
        Ok(variables) => Ok(variables),
        Err(text) => reader.refuse(&rows::ENVIRONMENT, text).map(|()| Variables::new()),
    }
}

/// Applies the command line, which wins, and finds out what names and relative paths stand for.
pub(crate) fn settle(
    context: &Context,
    file: SupervisordSection,
    line: &SupervisordOptions,
    environment: &[(String, String)],
) -> Result<SupervisordConfig, ConfigError> {
    let user = settle_user(context, file.user, line.user.as_deref())?;
    let given = |path: &Option<String>| path.clone().filter(|path| !path.is_empty());
    let logfile = given(&line.logfile).unwrap_or(file.logfile);
    let logfile =
        if logfile == "syslog" { MainLogFile::Syslog } else { MainLogFile::Path(context.home.normalize(&logfile)) };
    let childlogdir = match line.childlogdir.clone().or(file.childlogdir) {
        Some(path) => absolute(path),
        None => temporary_directory(environment),
    };
    Ok(SupervisordConfig {
        logfile,
        logfile_maxbytes: line.logfile_maxbytes.unwrap_or(file.logfile_maxbytes),
        logfile_backups: line.logfile_backups.unwrap_or(file.logfile_backups),
        loglevel: line.loglevel.unwrap_or(file.loglevel),
        pidfile: context.home.normalize(&given(&line.pidfile).unwrap_or(file.pidfile)),
        identifier: line.identifier.clone().unwrap_or(file.identifier),
        nodaemon: line.nodaemon || file.nodaemon,
        silent: line.silent || file.silent,
        minfds: line.minfds.unwrap_or(file.minfds),
        minprocs: line.minprocs.unwrap_or(file.minprocs),
        umask: line.umask.unwrap_or(file.umask),
        user,
        directory: line.directory.clone().or(file.directory).map(PathBuf::from),
        childlogdir,
        nocleanup: line.nocleanup || file.nocleanup,
        strip_ansi: line.strip_ansi || file.strip_ansi,
        environment: file.environment,
        python_host: file.python_host,
        shutdown_timeout: file.shutdown_timeout,
        start_stagger: file.start_stagger,
        signal_rewrite: file.signal_rewrite,
        env_files: file.env_files,
        // Whose status it is can be told when the groups are known.
        ending: EndingConfig { exit_when: file.exit_when, exit_code_from: [].into() },
        subreaper: file.subreaper,
        sd_notify: line.sd_notify.unwrap_or(file.sd_notify),
    })
}

/// `python_host=`: a name to be looked for in PATH, or a path.
pub(crate) fn python_host(context: &Context, reader: &SectionReader<'_>) -> Result<Option<String>, ConfigError> {
    let text = reader.text(&rows::PYTHON_HOST)?.filter(|text| !text.is_empty());
    Ok(text.map(|text| if text.contains('/') { text_of(&context.home.normalize(&text)) } else { text.into_owned() }))
}

/// The user's id. A bad one in the file is blamed on its line, though upstream finds it last of all.
fn settle_user(context: &Context, file: Option<String>, line: Option<&str>) -> Result<Option<u32>, ConfigError> {
    if let Some(user) = line {
        return context.problems.part(context.users.uid(user).map_err(ConfigError::new));
    }
    let Some(user) = file else { return Ok(None) };
    match context.users.uid(&user) {
        Ok(uid) => Ok(Some(uid)),
        Err(text) => {
            let section = context.document.section("supervisord").expect("the user was read from it");
            context.reader(section, &[]).refuse(&rows::USER, text).map(|()| None)
        }
    }
}
