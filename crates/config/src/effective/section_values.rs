//! The options of one section and their values.

use std::path::Path;

use supervisor_core::{Channel, LogFile, ProcessConfig, SocketAddress};

use super::pieces::Pieces;
use super::{EffectiveOption, EffectiveSection, EffectiveValue, Origin, Secrets};
use crate::command_line::{ClientOptions, SupervisordOptions};
use crate::config::{ClientConfig, Config, HttpServerAddress, MainLogFile};
use crate::context::Context;
use crate::environment::{parse_environment, write_environment};
use crate::expand::Names;
use crate::ini::{Entry, Section, name_after_colon};
use crate::options_table::{DataType, DefaultValue, OptionRow, Reading, SectionType, essential, program};
use crate::python_format::Value;
use crate::python_text::strip;
use crate::recorder::{Made, Recorder};
use crate::secrets::{MASK, ValuesEnd, hides, is_secret_option, is_secret_value, mask};
use crate::sections::supervisorctl::read_supervisorctl;

/// Reads sections again, now that all is known.
pub(super) struct SectionValues<'c> {
    context: &'c Context,
    recorder: &'c Recorder,
    config: &'c Config,
    command_line: &'c SupervisordOptions,
    client: Option<ClientConfig>,
    secrets: Secrets,
}

/// A section, and what the names in it stand for.
struct Scope<'s> {
    section: &'s Section,
    section_type: SectionType,
    words: Vec<(&'static str, Value<'s>)>,
    made: Vec<&'s Made>,
    /// The section of its group, if it is a member of one.
    group: Option<&'s Section>,
}

impl Scope<'_> {
    fn processes(&self) -> impl Iterator<Item = &ProcessConfig> {
        self.made.iter().flat_map(|made| &made.processes).map(|process| &**process)
    }
}

impl<'c> SectionValues<'c> {
    pub(super) fn new(
        context: &'c Context,
        recorder: &'c Recorder,
        config: &'c Config,
        command_line: &'c SupervisordOptions,
        secrets: Secrets,
    ) -> Self {
        let client = context.document.section("supervisorctl");
        // What supervisorctl would not take is shown as it was written.
        let client = client.and_then(|section| read_supervisorctl(context, section, &ClientOptions::default()).ok());
        Self { context, recorder, config, command_line, client, secrets }
    }

    pub(super) fn section(&self, section: &Section) -> EffectiveSection {
        let made = self.recorder.made.borrow();
        let made: Vec<&Made> = made.iter().filter(|made| made.section == section.name).collect();
        let section_type = SectionType::of(&section.name);
        let processes = made
            .iter()
            .flat_map(|made| made.processes.iter().map(|process| format!("{}:{}", made.group, process.name)));
        let processes = processes.collect();
        let options = match section_type {
            // What is inherited means something only where it is.
            Some(SectionType::Template | SectionType::ProgramDefaults) => {
                section.own_options().iter().map(|entry| self.for_others(entry)).collect()
            }
            Some(section_type) => self.options(&self.scope(section, section_type, made)),
            None => section.own_options().iter().map(|entry| self.ignored(entry)).collect(),
        };
        EffectiveSection {
            name: section.name.to_string(),
            place: section.place.clone(),
            section_type,
            processes,
            options,
        }
    }

    fn scope<'s>(&'s self, section: &'s Section, section_type: SectionType, made: Vec<&'s Made>) -> Scope<'s> {
        let mut words = vec![self.context.here_word(), self.context.host_node_name_word()];
        words.push(("program_name", Value::Text(strip(name_after_colon(&section.name)))));
        if let [only] = made.as_slice() {
            words.push(("group_name", Value::Text(&only.group)));
        }
        let count = made.first().map_or(0, |made| made.processes.len());
        words.push(("numprocs", Value::Integer(i64::try_from(count).unwrap_or(i64::MAX))));
        if count == 1 && made.len() == 1 {
            let start = self.context.document.get(section, "numprocs_start");
            let names = Names::new(&self.context.environment, &words);
            let start = start.and_then(|entry| Pieces::expand(&entry.value, names, &|_| false));
            let number =
                start.as_ref().and_then(Pieces::plain).map_or(Some(0), |text| crate::datatypes::integer(text).ok());
            words.extend(number.map(|number| ("process_num", Value::Integer(number))));
        }
        let group = made.first().filter(|_| made.len() == 1).and_then(|only| self.section_of_group(&only.group));
        Scope { section, section_type, words, made, group }
    }

    fn section_of_group(&self, group: &str) -> Option<&Section> {
        self.context.document.section(&format!("{}{group}", SectionType::Group.prefix()))
    }

    fn options(&self, scope: &Scope<'_>) -> Vec<EffectiveOption> {
        let known = scope.section_type.options().map(|row| self.option(scope, row));
        let unknown = |entry: &&Entry| scope.section_type.options().all(|row| row.name != &*entry.key);
        if scope.section_type.takes_any_option() {
            let others = self.context.document.options(scope.section).filter(unknown);
            return known.chain(others.map(|entry| self.free_option(entry))).collect();
        }
        let others = scope.section.own_options().iter().filter(unknown);
        known.chain(others.map(|entry| self.ignored(entry))).collect()
    }

    /// An option that nobody knows, as it was written.
    fn ignored(&self, entry: &Entry) -> EffectiveOption {
        EffectiveOption { is_read: false, ..self.option_of(entry, &Pieces::text(&*entry.value)) }
    }

    /// An option that others inherit, as it was written.
    fn for_others(&self, entry: &Entry) -> EffectiveOption {
        let value = Some(self.as_written(&entry.key, entry));
        EffectiveOption { value, ..self.option_of(entry, &Pieces::default()) }
    }

    /// An option of a plug-in.
    fn free_option(&self, entry: &Entry) -> EffectiveOption {
        let names = Names::new(&self.context.environment, &[]);
        let pieces = Pieces::expand(&entry.value, names, &|name| self.is_kept_secret(name, &[]));
        self.option_of(entry, &pieces.unwrap_or_else(|| Pieces::text(&*entry.value)))
    }

    fn option_of(&self, entry: &Entry, pieces: &Pieces) -> EffectiveOption {
        let value = self.value(&entry.key, pieces, 1, Some(entry));
        let origin = Origin::File(self.context.document.key_place(entry));
        EffectiveOption { name: entry.key.to_string(), value: Some(value), origin, inherited_from: None, is_read: true }
    }

    fn option(&self, scope: &Scope<'_>, row: &OptionRow) -> EffectiveOption {
        let found = self.context.document.find(scope.section, scope.group, row.name);
        let entry = found.map(|(entry, _)| entry);
        let base = found.map(|(_, section)| &section.name).filter(|name| **name != scope.section.name);
        let from_entry = || entry.map(|entry| Origin::File(self.context.document.key_place(entry)));
        let is_read = match scope.section_type {
            SectionType::Include => false,
            // Unset, it is -1 for the pool and 999 for its processes, which no file can say.
            SectionType::EventListener => entry.is_some() || row.name != "priority",
            SectionType::Supervisord
            | SectionType::UnixHttpServer
            | SectionType::InetHttpServer
            | SectionType::Program
            | SectionType::FcgiProgram
            | SectionType::Group
            | SectionType::ProgramDefaults
            | SectionType::Template
            | SectionType::Supervisorctl
            | SectionType::RpcInterface
            | SectionType::CtlPlugin => true,
        };
        let option = |value, origin| {
            let inherited_from = base.filter(|_| origin != Origin::CommandLine).map(ToString::to_string);
            EffectiveOption { name: row.name.to_owned(), value, origin, inherited_from, is_read }
        };
        let plain = |text: String| Some(self.value(row.name, &Pieces::text(text), passes(row), entry));
        if scope.section_type == SectionType::Supervisord
            && let Some(text) = given(row.name, self.command_line)
        {
            let text = self.settled(scope, row).unwrap_or(text);
            return option(plain(text), Origin::CommandLine);
        }
        if let Some(text) = self.settled(scope, row) {
            return option(plain(text), from_entry().unwrap_or(Origin::Default));
        }
        if let Some(entry) = entry {
            let all = self.all_variables(scope).filter(|_| row.data_type == DataType::Environment);
            let pieces = self.pieces(scope, row, all.as_deref().unwrap_or(&entry.value));
            let value = match pieces {
                Some(pieces) if row.data_type == DataType::Environment => self.environment(&pieces, entry),
                Some(pieces) => self.value(row.name, &pieces, passes(row), Some(entry)),
                None => self.as_written(row.name, entry),
            };
            return option(Some(value), Origin::File(self.context.document.key_place(entry)));
        }
        let default = match row.default {
            DefaultValue::Text(text) => self.pieces(scope, row, text),
            DefaultValue::Required | DefaultValue::Unset | DefaultValue::Computed(_) => None,
        };
        option(default.map(|pieces| self.value(row.name, &pieces, passes(row), None)), Origin::Default)
    }

    /// The variables of a program and those that it inherits, where there are both, as one list.
    fn all_variables(&self, scope: &Scope<'_>) -> Option<String> {
        let said = self.context.document.all(scope.section, scope.group, program::ENVIRONMENT.name);
        let values = said.iter().map(|(entry, _)| entry.value.trim_end_matches([',', ' ', '\n']));
        let mut values: Vec<&str> = values.take_while(|value| !value.is_empty()).collect();
        values.reverse();
        // A comment in one of them ends with its line.
        (values.len() > 1).then(|| values.join("\n,"))
    }

    /// A value with its names replaced, but for those that differ from process to process and secrets.
    fn pieces(&self, scope: &Scope<'_>, row: &OptionRow, text: &str) -> Option<Pieces> {
        let own = scope.processes().next().map_or(&[][..], |process| &process.environment.variables);
        let own = if is_read_for_each_process(row) { own } else { &[] };
        let names = Names::new(&self.context.environment, &scope.words).with_own(own);
        let differs = |name: &str| {
            let of = |process: &ProcessConfig| {
                process.environment.variables.iter().find(|(known, _)| **known == *name).map(|(_, value)| value.clone())
            };
            let mut values = scope.processes().map(of);
            let first = values.next();
            values.any(|value| Some(value) != first)
        };
        let keep = |name: &str| match name.strip_prefix("ENV_") {
            Some(variable) => self.is_kept_secret(name, own) || (!own.is_empty() && differs(variable)),
            None => scope.words.iter().all(|(word, _)| *word != name),
        };
        let pieces = Pieces::expand(text, names, &keep)?;
        if passes(row) == 1 {
            return Some(pieces);
        }
        match pieces.plain() {
            Some(once) => Pieces::expand(once, names, &keep),
            None if pieces.written(0).split("%(").all(|part| !part.contains('%')) => Some(pieces),
            None => None,
        }
    }

    /// Whether a name stands for a secret; `own` are the program's variables.
    fn is_kept_secret(&self, name: &str, own: &[(Box<str>, Box<str>)]) -> bool {
        let Some(variable) = name.strip_prefix("ENV_").filter(|_| self.secrets == Secrets::Masked) else {
            return false;
        };
        let own = own.iter().rev().find(|(known, _)| **known == *variable).map(|(_, value)| &**value);
        own.or_else(|| self.context.environment.get(variable)).is_some_and(|value| is_secret_value(variable, value))
    }

    fn environment(&self, pieces: &Pieces, entry: &Entry) -> EffectiveValue {
        let (text, words) = pieces.with_words();
        let Ok(mut variables) = parse_environment(&text) else { return self.as_written("environment", entry) };
        let mut is_masked = false;
        for (name, value) in &mut variables {
            if self.secrets == Secrets::Shown {
                continue;
            }
            let shown = if hides(name, value) { MASK.into() } else { mask(value, ValuesEnd::AtBlank) };
            if *shown != **value {
                *value = shown.into();
                is_masked = true;
            }
        }
        let pieces = Pieces::from_words(&write_environment(&variables), &words);
        EffectiveValue { is_masked, ..self.value("environment", &pieces, 1, (!is_masked).then_some(entry)) }
    }

    fn value(&self, name: &str, pieces: &Pieces, passes: u32, entry: Option<&Entry>) -> EffectiveValue {
        let written = pieces.written(passes);
        let text = pieces.plain().map_or_else(|| written.clone(), ToOwned::to_owned);
        // A list of variables has been looked through, one by one.
        if self.secrets == Secrets::Masked && name != "environment" {
            if is_secret_option(name, &text) {
                return masked(&Pieces::text(MASK), 1);
            }
            let (with_words, words) = pieces.with_words();
            let shown = mask(&with_words, ValuesEnd::AtBlank);
            if *shown != *with_words {
                return masked(&Pieces::from_words(&shown, &words), passes);
            }
        }
        let original = entry.map(|entry| entry.value.clone());
        EffectiveValue { text, is_template: pieces.plain().is_none(), is_masked: false, written, original }
    }

    /// A value that cannot be taken apart.
    fn as_written(&self, name: &str, entry: &Entry) -> EffectiveValue {
        let text = entry.value.clone();
        if self.secrets == Secrets::Masked {
            if name == "environment" || is_secret_option(name, &text) {
                return masked(&Pieces::text(MASK), 1);
            }
            let shown = mask(&text, ValuesEnd::AtBlank).into_owned();
            if shown != text {
                return EffectiveValue {
                    is_template: true,
                    written: shown.clone(),
                    text: shown,
                    ..masked(&Pieces::default(), 1)
                };
            }
        }
        EffectiveValue { text: text.clone(), is_template: true, is_masked: false, written: text, original: None }
    }

    /// What was found out about an option while it was read, if that says more than its text.
    fn settled(&self, scope: &Scope<'_>, row: &OptionRow) -> Option<String> {
        let shown = |path: &Path| path.display().to_string();
        match (scope.section_type, row.name) {
            (SectionType::Supervisord, name) => {
                let settings = &self.config.supervisord;
                match name {
                    "logfile" => Some(match &settings.logfile {
                        MainLogFile::Path(path) => shown(path),
                        MainLogFile::Syslog => "syslog".to_owned(),
                    }),
                    "pidfile" => Some(shown(&settings.pidfile)),
                    "childlogdir" => Some(shown(&settings.childlogdir)),
                    "directory" => settings.directory.as_deref().map(shown),
                    _ => None,
                }
            }
            (SectionType::UnixHttpServer, "file") => {
                self.config.http_servers.iter().find(|server| *server.section == *scope.section.name).and_then(
                    |server| match &server.address {
                        HttpServerAddress::Unix { path, .. } => Some(shown(path)),
                        HttpServerAddress::Inet { .. } => None,
                    },
                )
            }
            (SectionType::Supervisorctl, "serverurl") => self.client.as_ref().map(|client| client.server_url.clone()),
            (SectionType::Supervisorctl, "history_file") => self.client.as_ref()?.history_file.as_deref().map(shown),
            (SectionType::FcgiProgram, "socket_mode") => socket_mode(scope.processes().next()?),
            (SectionType::Program | SectionType::FcgiProgram | SectionType::EventListener, name) => {
                settled_process_option(scope.processes().next()?, name)
            }
            (
                SectionType::UnixHttpServer
                | SectionType::InetHttpServer
                | SectionType::Group
                | SectionType::ProgramDefaults
                | SectionType::Template
                | SectionType::Include
                | SectionType::Supervisorctl
                | SectionType::RpcInterface
                | SectionType::CtlPlugin,
                _,
            ) => None,
        }
    }
}

fn socket_mode(process: &ProcessConfig) -> Option<String> {
    match &process.socket.as_ref()?.address {
        SocketAddress::Unix { mode, .. } => Some(format!("{mode:04o}")),
        SocketAddress::Tcp { .. } => None,
    }
}

fn settled_process_option(process: &ProcessConfig, name: &str) -> Option<String> {
    match name {
        "killasgroup" => Some(process.stop.killasgroup.to_string()),
        "on_exit" => Some(process.essential.on_exit.name().to_owned()),
        "on_fatal" => Some(process.essential.on_fatal.name().to_owned()),
        "stderr_logfile"
            if process.log.redirect_stderr && process.log.channel(Channel::Stderr).logfile == LogFile::None =>
        {
            Some("NONE".to_owned())
        }
        _ => None,
    }
}

/// A value that is masked, or has parts that are: what was written is not told.
fn masked(pieces: &Pieces, passes: u32) -> EffectiveValue {
    let written = pieces.written(passes);
    let text = pieces.plain().map_or_else(|| written.clone(), ToOwned::to_owned);
    EffectiveValue { text, is_template: pieces.plain().is_none(), is_masked: true, written, original: None }
}

/// How often names are replaced in an option (quirks.md K20).
fn passes(row: &OptionRow) -> u32 {
    if row.data_type == DataType::LogFile { 2 } else { 1 }
}

/// Options in which a program's own variables are names, too (contract/config.md §3.2).
fn is_read_for_each_process(row: &OptionRow) -> bool {
    let mut readings = program::READINGS.iter().chain(essential::READINGS);
    readings.find(|(name, _)| *name == row.name).is_some_and(|(_, reading)| match reading {
        Reading::Process(_) | Reading::Together => true,
        Reading::Section(_) => false,
    })
}

/// An option of `[supervisord]` as the command line has it.
fn given(name: &str, line: &SupervisordOptions) -> Option<String> {
    let flag = |on: bool| on.then(|| "true".to_owned());
    let number = |number: Option<i64>| number.map(|number| number.to_string());
    let path = |path: &Option<String>| path.clone().filter(|path| !path.is_empty());
    match name {
        "nodaemon" => flag(line.nodaemon),
        "silent" => flag(line.silent),
        "nocleanup" => flag(line.nocleanup),
        "strip_ansi" => flag(line.strip_ansi),
        "user" => line.user.clone(),
        "umask" => line.umask.map(|umask| format!("{umask:03o}")),
        "directory" => line.directory.clone(),
        "logfile" => path(&line.logfile),
        "logfile_maxbytes" => number(line.logfile_maxbytes),
        "logfile_backups" => number(line.logfile_backups),
        "loglevel" => line.loglevel.map(|level| level.name().to_owned()),
        "pidfile" => path(&line.pidfile),
        "identifier" => line.identifier.clone(),
        "childlogdir" => line.childlogdir.clone(),
        "minfds" => number(line.minfds),
        "minprocs" => number(line.minprocs),
        "sd_notify" => line.sd_notify.map(|when| when.name().to_owned()),
        "profile_options" => line.profile_options.clone(),
        "exit_code_from" => line.exit_code_from.clone(),
        _ => None,
    }
}
