//! A supervisord in a folder of its own.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, io, process, thread};

use super::rpc::{self, Fault, Value};
use super::{Ended, Mark, Program, project_root, supervisorctl, supervisord, until};

/// What every configuration begins with; a test adds programs, and options by naming a section again.
const COMMON: &str = "\
[supervisord]
logfile={dir}/supervisord.log
pidfile={dir}/supervisord.pid
childlogdir={dir}
loglevel=debug
identifier=test
[unix_http_server]
file={dir}/s.sock
[supervisorctl]
serverurl=unix://{dir}/s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
";

/// A daemon under test. Dropping it ends whatever is left and removes the folder.
#[derive(Debug)]
pub(crate) struct TestDaemon {
    /// The configuration file stands here; removed at the end.
    folder: PathBuf,
    /// Socket, pidfile and logs lie here.
    run_folder: PathBuf,
    socket: &'static str,
    environment: Vec<(String, String)>,
    port: u16,
    mark: Mark,
    program: Option<Program>,
}

impl TestDaemon {
    /// Writes the configuration, with `{dir}` and `{port}` filled in, and starts nothing yet.
    pub(crate) fn prepared(configuration: &str) -> Self {
        let folder = new_folder();
        let daemon = Self::in_folders(folder.clone(), folder, "s.sock");
        daemon.configure(configuration);
        daemon
    }

    /// Takes a copy of an example of this repository, and starts nothing yet.
    pub(crate) fn of_example(name: &str) -> Self {
        let folder = new_folder();
        copy_folder(&project_root().join("examples").join(name), &folder);
        let run_folder = folder.join("run");
        Self::in_folders(folder, run_folder, "supervisor.sock")
    }

    fn in_folders(folder: PathBuf, run_folder: PathBuf, socket: &'static str) -> Self {
        let (environment, port, mark) = (Vec::new(), free_port(), Mark::new(&folder));
        Self { folder, run_folder, socket, environment, port, mark, program: None }
    }

    /// Gives the daemon and its client an environment variable, with `{dir}` and `{port}` filled in.
    pub(crate) fn set_variable(&mut self, name: &str, value: &str) {
        let value = self.filled_in(value);
        self.environment.push((name.to_owned(), value));
    }

    /// Starts a daemon in the foreground and waits until it answers.
    #[track_caller]
    pub(crate) fn started(configuration: &str) -> Self {
        let mut daemon = Self::prepared(configuration);
        daemon.start();
        daemon
    }

    /// Starts the daemon in the foreground and waits until it answers.
    #[track_caller]
    pub(crate) fn start(&mut self) {
        self.launch(&["-n"]);
        self.wait_until_it_answers();
    }

    /// Starts the daemon with these options besides `-c`, and waits for nothing.
    pub(crate) fn launch(&mut self, options: &[&str]) {
        let mut command = self.command(&supervisord());
        command.args(options);
        self.program = Some(Program::start(&mut command, &self.mark, &self.folder, "daemon"));
    }

    /// Starts the daemon in the foreground by way of another program, which is given the daemon's whole command line
    /// after its own words, and waits for nothing.
    pub(crate) fn launch_by(&mut self, words: &[&str]) {
        let mut command = self.plain_command(Path::new(words[0]));
        command.args(words[1..].iter().map(|word| self.filled_in(word)));
        command.arg(supervisord()).arg("-c").arg(self.path("supervisord.conf")).arg("-n");
        self.program = Some(Program::start(&mut command, &self.mark, &self.folder, "daemon"));
    }

    /// Runs supervisord to its end with exactly these options, for start-up errors and for what only prints.
    #[track_caller]
    pub(crate) fn run(&self, options: &[&str]) -> Ended {
        let mut command = self.plain_command(&supervisord());
        command.args(options.iter().map(|option| self.filled_in(option)));
        Program::run(&mut command, &self.mark, &self.folder, "run")
    }

    /// Waits until the daemon answers; one that has ended will not.
    #[track_caller]
    pub(crate) fn wait_until_it_answers(&mut self) {
        until("supervisord answers", || {
            if let Some(ended) = self.program.as_mut().and_then(Program::try_wait) {
                panic!("supervisord has ended: {ended:?}");
            }
            let state = self.try_call("supervisor.getState", &[]).ok()?;
            (state.ok()?["statename"] == "RUNNING".into()).then_some(())
        });
    }

    /// Replaces the configuration file by the common part and this one.
    pub(crate) fn configure(&self, configuration: &str) {
        self.write("supervisord.conf", &format!("{COMMON}{configuration}"));
    }

    /// Appends to the configuration file.
    pub(crate) fn configure_also(&self, configuration: &str) {
        let text = self.read("supervisord.conf");
        self.write("supervisord.conf", &format!("{text}\n{configuration}"));
    }

    /// Runs supervisorctl against this daemon.
    #[track_caller]
    pub(crate) fn ctl(&self, words: &[&str]) -> Ended {
        self.ctl_of(&supervisorctl(), words)
    }

    /// Runs some other supervisorctl against this daemon.
    #[track_caller]
    pub(crate) fn ctl_of(&self, client: &Path, words: &[&str]) -> Ended {
        Program::run(self.command(client).args(words), &self.mark, &self.folder, "ctl")
    }

    /// Starts some supervisorctl against this daemon without waiting for it.
    pub(crate) fn start_ctl_of(&self, client: &Path, words: &[&str]) -> Program {
        Program::start(self.command(client).args(words), &self.mark, &self.folder, "ctl")
    }

    /// Starts a shell script in the daemon's folder without waiting for it.
    pub(crate) fn start_script(&self, script: &str) -> Program {
        let mut command = self.plain_command(Path::new("/bin/sh"));
        Program::start(command.args(["-c", script]), &self.mark, &self.folder, "script")
    }

    /// Calls a method; trouble with the connection fails the test.
    #[track_caller]
    pub(crate) fn call(&self, method: &str, arguments: &[Value]) -> Result<Value, Fault> {
        self.try_call(method, arguments).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Calls a method of a daemon that may not listen just now.
    pub(crate) fn try_call(&self, method: &str, arguments: &[Value]) -> io::Result<Result<Value, Fault>> {
        rpc::call(&self.run_folder.join(self.socket), method, arguments)
    }

    /// What `supervisor.getProcessInfo` says.
    #[track_caller]
    pub(crate) fn info(&self, process: &str) -> Value {
        self.call("supervisor.getProcessInfo", &[process.into()]).expect("the process exists")
    }

    #[track_caller]
    pub(crate) fn state(&self, process: &str) -> String {
        self.info(process)["statename"].as_text().to_owned()
    }

    #[track_caller]
    pub(crate) fn pid_of(&self, process: &str) -> i64 {
        self.info(process)["pid"].as_int()
    }

    #[track_caller]
    pub(crate) fn wait_for_state(&self, process: &str, state: &str) {
        until(&format!("{process} is {state}"), || (self.state(process) == state).then_some(()));
    }

    /// The main log.
    pub(crate) fn log(&self) -> String {
        self.read("supervisord.log")
    }

    /// The lines of the main log that contain `part`, without their time stamps.
    pub(crate) fn log_lines(&self, part: &str) -> Vec<String> {
        let log = self.log();
        let lines = log.lines().filter(|line| line.contains(part));
        lines.map(|line| line.get("2026-11-22 08:41:49,629 ".len()..).unwrap_or(line).to_owned()).collect()
    }

    #[track_caller]
    pub(crate) fn wait_for_log(&self, part: &str) {
        self.wait_for_text("supervisord.log", part);
    }

    #[track_caller]
    pub(crate) fn wait_for_text(&self, file: &str, part: &str) {
        until(&format!("{file} contains {part:?}"), || self.read(file).contains(part).then_some(()));
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn mark(&self) -> &Mark {
        &self.mark
    }

    /// A path in the daemon's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes a file into the daemon's folder, with `{dir}` and `{port}` filled in.
    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), self.filled_in(text)).expect("the folder is ours");
    }

    /// Fills in `{dir}` and `{port}`.
    pub(crate) fn filled_in(&self, text: &str) -> String {
        let folder = self.folder.to_str().expect("the temporary folder's name is plain");
        text.replace("{dir}", folder).replace("{port}", &self.port.to_string())
    }

    /// A file of the daemon's folder; empty when there is none.
    pub(crate) fn read(&self, name: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.path(name)).unwrap_or_default()).into_owned()
    }

    /// The names beside the daemon's log that contain `part`, in order.
    pub(crate) fn files(&self, part: &str) -> Vec<String> {
        let entries = fs::read_dir(&self.run_folder).expect("the folder is ours");
        let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
        let mut found: Vec<String> = names.filter(|name| name.contains(part)).collect();
        found.sort();
        found
    }

    /// The running daemon.
    #[track_caller]
    pub(crate) fn program(&mut self) -> &mut Program {
        self.program.as_mut().expect("the daemon was started")
    }

    #[track_caller]
    pub(crate) fn signal(&mut self, signal: &str) {
        self.program().signal(signal);
    }

    /// Ends the daemon as an init system does, and checks that it leaves nothing behind.
    #[track_caller]
    pub(crate) fn stop(&mut self) {
        self.signal("TERM");
        self.assert_ends_clean();
    }

    /// Waits for the end of a daemon that was told to end, and checks that it leaves nothing behind.
    #[track_caller]
    pub(crate) fn assert_ends_clean(&mut self) {
        assert_eq!(self.program().wait_for_end().status, 0, "the exit status of supervisord");
        self.assert_nothing_left();
    }

    /// No process, no socket, no pidfile.
    #[track_caller]
    pub(crate) fn assert_nothing_left(&self) {
        self.mark.assert_gone();
        assert_eq!(self.files(".sock"), Vec::<String>::new(), "sockets left behind");
        assert_eq!(self.files(".pid"), Vec::<String>::new(), "pidfiles left behind");
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = self.plain_command(program);
        command.arg("-c").arg(self.path("supervisord.conf"));
        command
    }

    fn plain_command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.folder).env("TERM", "dumb").env("HOME", &self.folder);
        command.env("PYTHONIOENCODING", "utf-8").envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// What a failed test wants to know.
    #[expect(clippy::print_stderr, reason = "the test runner shows it with the failed test")]
    fn tell(&self) {
        for folder in BTreeSet::from([&self.folder, &self.run_folder]) {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let text = fs::read(entry.path()).unwrap_or_default();
                eprintln!("---- {}\n{}", entry.path().display(), String::from_utf8_lossy(&text));
            }
        }
    }
}

impl Drop for TestDaemon {
    fn drop(&mut self) {
        if thread::panicking() {
            self.tell();
        }
        if let Some(program) = &mut self.program {
            program.kill();
        }
        self.mark.end_all();
        // A folder that stays behind does no harm, and a second panic would hide the first.
        drop(fs::remove_dir_all(&self.folder));
    }
}

/// A port of the loopback interface that nobody listens on.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("the loopback interface has ports");
    listener.local_addr().expect("it is bound").port()
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("it is part of the repository").flatten() {
        let copy = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir(&copy).expect("the folder is ours");
            copy_folder(&entry.path(), &copy);
        } else {
            fs::copy(entry.path(), copy).expect("the folder is ours");
        }
    }
}

fn new_folder() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let name = format!("supervisor-test-{}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = env::temp_dir().join(name);
        match fs::create_dir(&folder) {
            Ok(()) => return folder,
            // A test that failed left it, and its pid is used again.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => panic!("the temporary folder cannot be written to: {error}"),
        }
    }
}
