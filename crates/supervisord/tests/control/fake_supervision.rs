//! A supervision plane that answers by a script: the other end of the inbox.

use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use std::{env, fs, process};

use supervisor_config::WebConfig;
use supervisor_core::{Command, Fault, FaultCode, LogLevel, Reply, SupervisorState};
use supervisor_protocol::method::Namespaces;
use supervisord::boundary::followers::Follower;
use supervisord::boundary::inbox::{self, FollowedLog, Inbox, Message, ReplySlot};
use supervisord::boundary::outbox::{self, Notice, Outbox};
use supervisord::boundary::snapshot::process_snapshot;
use supervisord::control::{
    self, BoundListener, BoundServer, ConfigReader, ControlPlane, ControlSettings, FreshConfig, Identity,
    RememberedLogins, Whereabouts,
};

/// How long a test waits for what has to happen.
const PATIENCE: Duration = Duration::from_mins(1);

/// What a command is answered with; `None`: later, by [`FakeSupervision::release`].
pub(crate) type Script = Box<dyn FnMut(&Command) -> Option<Result<Reply, Fault>> + Send>;

/// What has come in.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) commands: Vec<Command>,
    pub(crate) log: Vec<(LogLevel, String)>,
    pub(crate) followers: Vec<(FollowedLog, Follower)>,
    pub(crate) event_followers: Vec<Follower>,
    pub(crate) identifiers: Vec<String>,
    held: Vec<ReplySlot>,
}

/// A control plane under test and all that it needs.
pub(crate) struct FakeSupervision {
    pub(crate) tcp: SocketAddr,
    pub(crate) state: PublishedState,
    folder: PathBuf,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    control: Option<ControlPlane>,
    wake: mpsc::Sender<()>,
    thread: Option<JoinHandle<()>>,
}

/// The state of supervisord, to be changed by the test.
pub(crate) struct PublishedState(Mutex<Outbox>);

impl PublishedState {
    pub(crate) fn publish(&self, state: SupervisorState) {
        self.0.lock().unwrap().tell(Notice::State(state));
    }
}

/// What a test may choose.
pub(crate) struct Setup {
    pub(crate) script: Script,
    pub(crate) credentials: Option<(&'static str, &'static str)>,
    pub(crate) web: WebConfig,
    pub(crate) namespaces: Namespaces,
    pub(crate) config_reader: ConfigReader,
    pub(crate) log_level: LogLevel,
    /// Makes the next command that is sent panic, on the thread and in the task that sends it.
    pub(crate) defect: Arc<AtomicBool>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            script: Box::new(|_| Some(Ok(Reply::Done))),
            credentials: None,
            web: WebConfig::default(),
            namespaces: Namespaces::default(),
            config_reader: ConfigReader::new(|| {
                Ok(FreshConfig {
                    identifier: "supervisor".to_owned(),
                    groups: vec![],
                    warnings: vec![],
                    program_reader: None,
                })
            }),
            log_level: LogLevel::Info,
            defect: Arc::default(),
        }
    }
}

impl FakeSupervision {
    /// Everything as by default, and commands answered by this script.
    pub(crate) fn answering(script: impl FnMut(&Command) -> Option<Result<Reply, Fault>> + Send + 'static) -> Self {
        Self::start(Setup { script: Box::new(script), ..Setup::default() })
    }

    pub(crate) fn start(setup: Setup) -> Self {
        let Setup { script, credentials, web, namespaces, config_reader, log_level, defect } = setup;
        let folder = new_folder();
        let tcp_listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let tcp = tcp_listener.local_addr().unwrap();
        let unix_listener = UnixListener::bind(folder.join("s.sock")).unwrap();
        let server = |listener, section: &str| BoundServer {
            listener,
            address: supervisor_config::HttpServerAddress::Inet { host: String::new(), port: 1 },
            section: section.to_owned(),
            username: credentials.map(|(username, _)| username.to_owned()),
            password: credentials.map(|(_, password)| password.to_owned()),
            tls: None,
            keeper: None,
            logins: RememberedLogins::default(),
            own_host: None,
            open_door: None,
            allowed_hosts: vec!["allowed.example".to_owned()],
            web: web.clone(),
        };
        let (wake, wakes) = mpsc::channel();
        let wake_up = wake.clone();
        let (sender, inbox) = inbox::channel(Arc::new(move || {
            // A supervision plane that has ended is woken in vain.
            let _woken = wake_up.send(());
            assert!(!defect.swap(false, Ordering::Relaxed), "a defect that the test asked for");
        }));
        let (outbox, notices) = outbox::channel(SupervisorState::Running);
        // Nothing is published: every command is to reach the supervision plane.
        let (_publisher, processes) = process_snapshot();
        let control = control::start(ControlSettings {
            servers: vec![
                server(BoundListener::Tcp(Arc::new(tcp_listener)), "inet_http_server"),
                server(BoundListener::Unix(Arc::new(unix_listener)), "unix_http_server"),
            ],
            sender,
            notices,
            processes,
            identity: Identity { identifier: "supervisor".to_owned(), pid: 4711, place: Whereabouts::default() },
            extensions: tokio::sync::mpsc::channel(1).1,
            namespaces,
            config_reader,
            warnings: vec![],
            program_reader: None,
            main_log: Some(folder.join("main.log")),
            log_level,
        })
        .unwrap();
        let seen = Arc::<(Mutex<Seen>, Condvar)>::default();
        let seen_by_thread = Arc::clone(&seen);
        let thread = thread::spawn(move || supervise(&inbox, &wakes, script, &seen_by_thread));
        Self {
            tcp,
            state: PublishedState(Mutex::new(outbox)),
            folder,
            seen,
            control: Some(control),
            wake,
            thread: Some(thread),
        }
    }

    pub(crate) fn unix(&self) -> PathBuf {
        self.path("s.sock")
    }

    /// A path in the folder of this test; the main log is `main.log`.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.join(name)
    }

    /// Looks at what has come in.
    pub(crate) fn seen<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.seen.0.lock().unwrap())
    }

    /// Waits until what has come in is as wanted.
    pub(crate) fn wait_until(&self, what: &str, mut wanted: impl FnMut(&Seen) -> bool) {
        let seen = self.seen.0.lock().unwrap();
        let (_seen, late) = self.seen.1.wait_timeout_while(seen, PATIENCE, |seen| !wanted(seen)).unwrap();
        assert!(!late.timed_out(), "timed out waiting until {what}");
    }

    /// Waits until this many followers have been registered.
    pub(crate) fn wait_for_followers(&self, count: usize) {
        self.wait_until("all followers have come", |seen| seen.followers.len() == count);
    }

    /// Answers the commands that wait.
    pub(crate) fn release(&self, answer: &Result<Reply, Fault>) {
        for slot in self.seen.0.lock().unwrap().held.drain(..) {
            slot.send(answer.clone());
        }
    }

    /// Stops the control plane and returns when it has ended.
    pub(crate) fn stop_control(&mut self) {
        self.control.take().expect("it is stopped once").stop();
    }

    /// Drops the reply slots of the commands that wait, as a supervision plane does that ends.
    pub(crate) fn drop_waiting(&self) {
        self.seen.0.lock().unwrap().held.clear();
    }
}

impl Drop for FakeSupervision {
    fn drop(&mut self) {
        if let Some(control) = self.control.take() {
            control.stop();
        }
        let (closed, _) = mpsc::channel();
        drop(std::mem::replace(&mut self.wake, closed));
        if let Some(thread) = self.thread.take() {
            let joined = thread.join();
            assert!(joined.is_ok() || thread::panicking(), "the script panicked");
        }
        // A folder that is left behind fails no test.
        drop(fs::remove_dir_all(&self.folder));
    }
}

/// Drains the inbox at each wake-up, until nobody can wake us any more.
fn supervise(inbox: &Inbox, wakes: &mpsc::Receiver<()>, mut script: Script, seen: &(Mutex<Seen>, Condvar)) {
    while wakes.recv().is_ok() {
        while let Some(message) = inbox.try_recv() {
            let mut now = seen.0.lock().unwrap();
            match message {
                Message::Request { command, reply } => {
                    match script(&command) {
                        Some(answer) => reply.send(answer),
                        None => now.held.push(reply),
                    }
                    now.commands.push(command);
                }
                Message::Follow { log, follower } => now.followers.push((log, follower)),
                Message::FollowEvents { follower } | Message::FollowProcesses { follower } => {
                    now.event_followers.push(follower);
                }
                Message::Log { level, text } => now.log.push((level, text)),
                Message::SignalStopping { life } => panic!("there is no extension: {life:?}"),
                Message::IdentifierChanged { identifier } => now.identifiers.push(identifier),
            }
            seen.1.notify_all();
        }
    }
}

fn new_folder() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = env::temp_dir().join(format!("control-plane-{}-{number}", process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// BAD_NAME about this name.
pub(crate) fn bad_name(name: &str) -> Fault {
    Fault::new(FaultCode::BadName, name)
}
