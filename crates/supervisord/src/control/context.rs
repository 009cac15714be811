//! What every connection shares: the way to the supervision plane, who we are, where the main log is.
//!
//! Lives on the control thread alone, hence `Cell`s and no locks.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use supervisor_config::ProgramReader;
use supervisor_core::{FaultCode, LogLevel, ProcessConfig};
use supervisor_protocol::method::Namespaces;
use tokio::sync::{Mutex, Semaphore, watch};

use super::api::SharedTable;
use super::budget::Budget;
use super::crowd::Crowd;
use super::extensions::Extensions;
use super::limits;
use super::namespaces::Caches;
use super::password::Logins;
use super::places::Places;
use super::resources::Sampler;
use super::rpc_fault::RpcFault;
use super::settings::{ConfigReader, ControlSettings, Whereabouts};
use super::traffic::Traffic;
use super::web::FormTokens;
use super::workers::Workers;
use crate::boundary::inbox::CommandSender;
use crate::boundary::outbox::Notices;
use crate::boundary::snapshot::ProcessSnapshot;
use crate::clock;

/// Shared by all connections of all listeners.
pub(super) struct Context {
    pub(super) sender: CommandSender,
    pub(super) notices: Notices,
    pub(super) processes: ProcessSnapshot,
    pub(super) pid: u32,
    /// What extensions are told of supervisord.
    pub(super) place: Whereabouts,
    pub(super) extensions: Extensions,
    pub(super) namespaces: Namespaces,
    pub(super) config_reader: ConfigReader,
    pub(super) main_log: Option<PathBuf>,
    /// True once the control plane is to stop.
    pub(super) stopped: watch::Receiver<bool>,
    /// One reload at a time, so that an older reading never overtakes a newer one.
    pub(super) reload: Mutex<()>,
    /// For requests that are being carried out.
    pub(super) requests: Budget,
    /// For answers that wait to be taken.
    pub(super) answers: Budget,
    /// Places for long parts of logs.
    pub(super) log_answers: Places,
    /// Places for refused requests whose bodies are waited for.
    pub(super) refused_bodies: Semaphore,
    /// Read files.
    pub(super) files: Workers,
    /// Compute slow password hashes.
    pub(super) logins: Logins,
    /// Read the configuration and certificates anew.
    pub(super) rereads: Workers,
    /// Ask the name service before a start.
    pub(super) names: Workers,
    /// All connections of all servers.
    pub(super) crowd: Rc<Crowd>,
    /// Held once more by each client that follows events.
    pub(super) event_followers: Rc<()>,
    /// The same by each stream for a page, and by each log that is followed by itself.
    pub(super) page_streams: Rc<()>,
    pub(super) log_followers: Rc<()>,
    pub(super) stream_table: SharedTable,
    identifier: RefCell<Rc<str>>,
    /// Of the configuration that was read last.
    warnings: RefCell<Rc<[String]>>,
    /// Reads programs as the configuration does that was read last.
    program_reader: RefCell<Option<Arc<ProgramReader>>>,
    pub(super) caches: RefCell<Caches>,
    /// Tell forms of pages of ours from those of others.
    pub(super) form_tokens: FormTokens,
    /// For metrics.
    pub(super) traffic: Traffic,
    pub(super) sampler: Sampler,
    /// When the configuration was read last, since the Unix epoch.
    pub(super) configuration_read: Cell<Duration>,
    /// When this control plane began.
    pub(super) started: Timestamp,
    /// The same exactly, since the Unix epoch.
    started_at: Duration,
    log_level: LogLevel,
}

impl Context {
    /// The servers of `settings` are not ours: listeners are made from them.
    pub(super) fn new(settings: ControlSettings, stopped: watch::Receiver<bool>) -> Self {
        let ControlSettings {
            servers: _,
            extensions: _,
            sender,
            notices,
            processes,
            identity,
            namespaces,
            config_reader,
            warnings,
            program_reader,
            main_log,
            log_level,
        } = settings;
        Self {
            sender,
            notices,
            processes,
            pid: identity.pid,
            place: identity.place.clone(),
            extensions: Extensions::default(),
            namespaces,
            config_reader,
            main_log,
            stopped,
            reload: Mutex::new(()),
            requests: Budget::new(limits::REQUESTS_BYTES),
            answers: Budget::new(limits::ANSWERS_BYTES),
            log_answers: Places::new(limits::LOG_ANSWERS),
            refused_bodies: Semaphore::new(limits::REFUSED_BODIES),
            files: Workers::new("control-file", limits::FILE_READERS),
            logins: Logins::new(Workers::new("control-login", limits::LOGIN_THREADS)),
            rereads: Workers::new("control-reread", limits::REREAD_THREADS),
            names: Workers::new("control-names", limits::NAME_THREADS),
            crowd: Rc::default(),
            event_followers: Rc::default(),
            page_streams: Rc::default(),
            log_followers: Rc::default(),
            stream_table: SharedTable::default(),
            identifier: RefCell::new(identity.identifier.into()),
            warnings: RefCell::new(warnings.into()),
            program_reader: RefCell::new(program_reader.map(Arc::new)),
            caches: RefCell::default(),
            form_tokens: FormTokens::default(),
            traffic: Traffic::default(),
            sampler: Sampler::default(),
            configuration_read: Cell::new(clock::wall_clock()),
            started: clock::local_time(clock::wall_clock(), TimeZone::UTC).timestamp(),
            started_at: clock::wall_clock(),
            log_level,
        }
    }

    /// The same without threads.
    #[cfg(any(test, fuzzing))]
    pub(super) fn working_in_place(self) -> Self {
        let [files, logins, rereads, names] = [(); 4].map(|()| Workers::in_place());
        Self { files, logins: Logins::new(logins), rereads, names, ..self }
    }

    /// How many clients follow events.
    pub(super) fn event_followers(&self) -> usize {
        Rc::strong_count(&self.event_followers) - 1
    }

    /// How many clients follow something, by what.
    pub(super) fn followers(&self) -> [(&'static str, usize); 3] {
        let count = |mark| Rc::strong_count(mark) - 1;
        [("events", self.event_followers()), ("log", count(&self.log_followers)), ("stream", count(&self.page_streams))]
    }

    /// By which clients that come again tell us from the control plane before: microseconds since the Unix epoch.
    pub(super) fn boot(&self) -> u64 {
        u64::try_from(self.started_at.as_micros()).unwrap_or(u64::MAX)
    }

    /// `identifier` as of now.
    pub(super) fn identifier(&self) -> Rc<str> {
        Rc::clone(&self.identifier.borrow())
    }

    /// Takes over the identifier of a reread; true when it is another one.
    pub(super) fn set_identifier(&self, identifier: &str) -> bool {
        if *self.identifier() == *identifier {
            return false;
        }
        *self.identifier.borrow_mut() = identifier.into();
        true
    }

    /// What is probably not meant in the configuration that was read last.
    pub(super) fn warnings(&self) -> Rc<[String]> {
        Rc::clone(&self.warnings.borrow())
    }

    /// Takes over the warnings of a reread, and tells them to the main log as a start does.
    pub(super) fn set_warnings(&self, warnings: Vec<String>) {
        for warning in &warnings {
            self.log(LogLevel::Warn, || warning.clone());
        }
        *self.warnings.borrow_mut() = warnings.into();
    }

    /// From now on programs are read as this configuration does.
    pub(super) fn set_program_reader(&self, reader: Option<ProgramReader>) {
        *self.program_reader.borrow_mut() = reader.map(Arc::new);
    }

    /// The processes of a program in a group, from its options.
    ///
    /// # Errors
    /// INCORRECT_PARAMETERS: an option cannot be used.
    pub(super) async fn read_program(
        &self,
        group: &str,
        program: &str,
        options: Vec<(String, String)>,
    ) -> Result<Vec<Arc<ProcessConfig>>, RpcFault> {
        let Some(reader) = self.program_reader.borrow().clone() else {
            return Err(RpcFault::bare(FaultCode::Failed));
        };
        let (group, program) = (group.to_owned(), program.to_owned());
        let names = self.config_reader.names.clone();
        // It looks up users, and folders of logs.
        let read = self
            .rereads
            .run(move || reader.read(&group, &program, &options).inspect(|processes| names.learn_processes(processes)));
        let processes = read.await.map_err(|why| RpcFault::new(FaultCode::Failed, why.to_string()))?;
        processes.map_err(|error| RpcFault::new(FaultCode::IncorrectParameters, error))
    }

    /// Writes a line to the main log, which is made only when the log shows that level.
    pub(super) fn log(&self, level: LogLevel, line: impl FnOnce() -> String) {
        if level <= self.log_level {
            self.sender.log(level, line());
        }
    }
}

#[cfg(test)]
impl Context {
    /// A context without servers, whose supervision plane is the inbox; the sender stops it.
    pub(super) fn for_tests() -> (Self, watch::Sender<bool>, crate::boundary::inbox::Inbox) {
        use supervisor_core::SupervisorState;

        let (stop, stopped) = watch::channel(false);
        let (sender, inbox) = crate::boundary::inbox::channel(Arc::new(|| {}));
        let settings = ControlSettings {
            servers: vec![],
            sender,
            notices: crate::boundary::outbox::channel(SupervisorState::Running).1,
            processes: crate::boundary::snapshot::process_snapshot().1,
            identity: super::settings::Identity {
                identifier: "supervisor".to_owned(),
                pid: 1,
                place: Whereabouts::default(),
            },
            extensions: tokio::sync::mpsc::channel(1).1,
            namespaces: Namespaces::default(),
            config_reader: ConfigReader::new(|| Err("never read".to_owned())),
            warnings: Vec::new(),
            program_reader: None,
            main_log: None,
            log_level: LogLevel::Info,
        };
        (Self::new(settings, stopped).working_in_place(), stop, inbox)
    }
}
