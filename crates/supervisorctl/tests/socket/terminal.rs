//! The shell on a terminal: editing, history, completion, a password that is not shown.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::process::{Child, Command};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::openpty;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::server::{Answer, serve_unix, status, value};
use crate::{Folder, all_processes, one_process, version};

/// How long an expected text may take, in milliseconds: far longer than it does.
const PATIENCE: u16 = 60_000;

/// The client on a terminal, and the person at it.
pub(crate) struct Session {
    child: Child,
    terminal: File,
    /// All that was shown.
    shown: String,
    /// How much of it has been expected.
    seen: usize,
}

impl Session {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self::start_as("xterm", command)
    }

    /// On a terminal of this kind.
    pub(crate) fn start_as(kind: &str, command: &mut Command) -> Self {
        let terminal = openpty(None, None).unwrap();
        let slave = File::from(terminal.slave);
        let child = command
            .env("TERM", kind)
            .stdin(slave.try_clone().unwrap())
            .stdout(slave.try_clone().unwrap())
            .stderr(slave)
            .spawn()
            .unwrap();
        // The command keeps its ends of the terminal open; the end of the client must be seen.
        *command = Command::new("true");
        Self { child, terminal: terminal.master.into(), shown: String::new(), seen: 0 }
    }

    /// The process of the client.
    pub(crate) fn pid(&self) -> i32 {
        self.child.id().cast_signed()
    }

    /// Waits until `text` is shown after what was expected before.
    pub(crate) fn expect(&mut self, text: &str) {
        loop {
            let unseen = self.shown.get(self.seen..).unwrap_or_default();
            if let Some(place) = unseen.find(text) {
                self.seen += place + text.len();
                return;
            }
            assert!(self.read_more(), "{text:?} is not in {:?}", self.shown);
        }
    }

    pub(crate) fn type_in(&mut self, keys: &str) {
        self.terminal.write_all(keys.as_bytes()).unwrap();
    }

    /// As [`Session::type_in`], for more than a terminal takes at once.
    pub(crate) fn type_in_while_reading(&mut self, keys: &str) {
        let mut keys = keys.as_bytes();
        while !keys.is_empty() {
            let mut ready = [PollFd::new(self.terminal.as_fd(), PollFlags::POLLIN | PollFlags::POLLOUT)];
            assert!(poll(&mut ready, PollTimeout::from(PATIENCE)).unwrap() > 0, "{:?}", self.shown);
            let events = ready[0].revents().unwrap();
            if events.contains(PollFlags::POLLIN) {
                self.read_more();
            }
            if events.contains(PollFlags::POLLOUT) {
                let piece = keys.get(..64).unwrap_or(keys);
                let count = self.terminal.write(piece).unwrap();
                keys = keys.get(count..).unwrap_or_default();
            }
        }
    }

    /// All that was shown until the client has ended, successfully.
    pub(crate) fn finish(self) -> String {
        let (shown, status) = self.end();
        assert_eq!(status, Some(0), "{shown}");
        shown
    }

    /// All that was shown until the client has ended, and its exit status.
    pub(crate) fn end(mut self) -> (String, Option<i32>) {
        while self.read_more() {}
        (self.shown, self.child.wait().unwrap().code())
    }

    /// `false` when nobody writes to the terminal any more.
    fn read_more(&mut self) -> bool {
        let mut ready = [PollFd::new(self.terminal.as_fd(), PollFlags::POLLIN)];
        let count = poll(&mut ready, PollTimeout::from(PATIENCE)).unwrap();
        assert!(count > 0, "nothing more is shown after {:?}", self.shown);
        let mut piece = [0; 1024];
        let count = self.terminal.read(&mut piece).unwrap_or(0);
        self.shown.push_str(&String::from_utf8_lossy(&piece[..count]));
        count > 0
    }
}

#[test]
fn commands_are_completed_and_remembered() {
    let folder = Folder::new();
    serve_unix(&folder.socket(), vec![version(), all_processes(), one_process()]);
    let history = folder.0.join("history");
    std::fs::write(&history, "help quit\n").unwrap();
    let mut session = Session::start(folder.client(&folder.url(), &[]).arg("-r").arg(&history));
    session.expect("test> ");
    session.type_in("stat\tc\t\r");
    session.expect("status cat ");
    session.expect("pid 7, uptime 0:00:06\r\n");
    session.expect("test> ");
    session.type_in("\x1b[A\x1b[A\r");
    session.expect("Exit the supervisor shell.\r\n");
    session.expect("test> ");
    session.type_in("\x04");
    session.finish();
    let remembered = std::fs::read_to_string(&history).unwrap();
    assert_eq!(remembered, "help quit\nstatus cat \nhelp quit\n");
}

#[test]
fn who_sits_at_a_terminal_is_told_what_to_try_and_a_script_what_the_original_says() {
    let folder = Folder::new();
    let (url, file) = (folder.url(), folder.0.join("s.conf").display().to_string());
    let mut command = folder.client(&url, &["status"]);
    let mut session = Session::start(&mut command);
    session.expect(&format!(
        "error: {url} no such file (serverurl in {file}): is supervisord running, and is this the file of its \
         [unix_http_server]? If not: supervisord -c {file}\r\n"
    ));
    let (shown, status) = session.end();
    assert_eq!((shown.lines().count(), status), (1, Some(4)), "{shown}");
    let words = format!("{url} no such file\n");
    assert_eq!(crate::run(&mut folder.client(&url, &["status"])), (words, String::new(), 4));
}

#[test]
fn ctrl_c_at_the_prompt_leaves() {
    let folder = Folder::new();
    serve_unix(&folder.socket(), vec![version(), all_processes()]);
    let mut session = Session::start(&mut folder.client(&folder.url(), &[]));
    session.expect("test> ");
    session.type_in("\x03");
    session.finish();
}

#[test]
fn ctrl_c_on_a_half_typed_line_takes_it_away() {
    let folder = Folder::new();
    serve_unix(&folder.socket(), vec![version(), all_processes(), one_process()]);
    let mut session = Session::start(&mut folder.client(&folder.url(), &[]));
    session.expect("test> ");
    session.type_in("half a comm\x03");
    session.expect("half a comm");
    session.expect("test> ");
    session.type_in("status cat\r");
    session.expect("pid 7, uptime");
    session.expect("test> ");
    session.type_in("half\x08\x08\x08\x08\x03");
    let shown = session.finish();
    assert!(!shown.contains("Unknown syntax"), "{shown}");
}

#[test]
fn terminals_without_editing_have_a_history_too() {
    let folder = Folder::new();
    serve_unix(&folder.socket(), vec![version(), all_processes(), one_process()]);
    let history = folder.0.join("history");
    std::fs::write(&history, "help quit\n").unwrap();
    let mut session = Session::start_as("dumb", folder.client(&folder.url(), &[]).arg("-r").arg(&history));
    session.expect("test> ");
    session.type_in("status cat\n");
    session.expect("RUNNING");
    session.expect("test> ");
    session.type_in("exit\n");
    session.finish();
    assert_eq!(std::fs::read_to_string(&history).unwrap(), "help quit\nstatus cat\nexit\n");
}

#[test]
fn a_password_is_asked_for_and_not_shown() {
    let folder = Folder::new();
    let with_password = |answer: Answer| Answer { only_with: "Basic dXNlcjpzZWNyZXQ=", ..answer };
    let refusal = status("POST", "401 Unauthorized");
    serve_unix(&folder.socket(), vec![with_password(version()), with_password(all_processes()), refusal]);
    let mut session = Session::start(&mut folder.client(&folder.url(), &[]));
    session.expect("Server requires authentication\r\nUsername:");
    session.type_in("user\n");
    session.expect("Password:");
    session.type_in("mistaken\n");
    session.expect("Username or password is wrong\r\nUsername:");
    session.type_in("user\n");
    session.expect("Password:");
    session.type_in("secret\n");
    session.expect("RUNNING");
    session.type_in("exit\r");
    let shown = session.finish();
    assert!(shown.contains("user") && !shown.contains("secret") && !shown.contains("mistaken"), "{shown}");
}

#[test]
fn a_table_has_colours_on_a_terminal_alone() {
    let folder = Folder::new();
    serve_unix(&folder.socket(), vec![version(), all_processes()]);
    let arguments = ["status", "--format", "table"];
    let shown = |command: &mut Command| Session::start(command).finish();
    let coloured = shown(folder.client(&folder.url(), &arguments).env_remove("NO_COLOR"));
    assert!(coloured.contains("cat   \x1b[32mRUNNING\x1b[0m  pid 7"), "{coloured:?}");
    let plain = "NAME  STATE    DESCRIPTION\ncat   RUNNING  pid 7, uptime 0:00:06\n";
    let uncoloured = shown(folder.client(&folder.url(), &arguments).env("NO_COLOR", "1"));
    assert_eq!(uncoloured, plain.replace('\n', "\r\n"));
    assert_eq!(crate::run(&mut folder.client(&folder.url(), &arguments)).0, plain);
    let usual = shown(folder.client(&folder.url(), &["status"]).env_remove("NO_COLOR"));
    assert_eq!(usual, crate::STATUS.replace('\n', "\r\n"), "what runs as it should has none: scripts wait for it");
    assert_eq!(crate::run(folder.client(&folder.url(), &["status"]).env_remove("NO_COLOR")).0, crate::STATUS);
}

#[test]
fn a_password_to_be_hashed_is_not_shown() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_supervisorctl"));
    let mut session = Session::start(command.arg("hash-password"));
    session.expect("Password:");
    session.type_in("secret\n");
    session.expect("Password again:");
    session.type_in("secret\n");
    session.expect("$argon2id$v=19$");
    let shown = session.finish();
    assert!(!shown.contains("secret"), "{shown}");
}

/// A process that takes its time to stop.
fn one_that_stops() -> Answer {
    let members = [("name", "slow"), ("group", "slow"), ("statename", "STOPPING"), ("description", "")]
        .map(|(name, value)| format!("<member><name>{name}</name><value><string>{value}</string></value></member>"));
    let numbers = [("state", 40), ("pid", 7)]
        .map(|(name, value)| format!("<member><name>{name}</name><value><int>{value}</int></value></member>"));
    let members = members.concat() + &numbers.concat();
    value("getAllProcessInfo", &format!("<array><data><value><struct>{members}</struct></value></data></array>"))
}

#[test]
fn what_happens_meanwhile_is_shown_and_taken_away() {
    let folder = Folder::new();
    let endless = crate::server::stream("stopAllProcesses", "<?xml");
    serve_unix(&folder.socket(), vec![version(), one_that_stops(), endless]);
    let mut session = Session::start(&mut folder.client(&folder.url(), &["restart", "all"]));
    session.expect(" s, stopping slow");
    session.expect("\r\x1b[K");
    session.expect(" s, stopping slow");
    kill(Pid::from_raw(session.child.id().cast_signed()), Signal::SIGINT).unwrap();
    session.expect("\r\x1b[K");
    session.expect("Interrupted: what supervisord was asked for goes on without us\r\n");
    session.expect("being stopped: slow\r\n");
    assert_eq!(session.end().1, None);
}

#[test]
fn ctrl_c_while_waiting_says_what_goes_on_and_ends_as_by_the_signal() {
    let folder = Folder::new();
    // The beginning of an answer that never ends.
    let endless = crate::server::stream("stopAllProcesses", "<?xml");
    let requests = serve_unix(&folder.socket(), vec![version(), all_processes(), endless]);
    let mut session = Session::start(&mut folder.client(&folder.url(), &["restart", "all"]));
    while !requests.lock().unwrap().iter().any(|(_, request)| request.contains("stopAllProcesses")) {
        std::thread::yield_now();
    }
    kill(Pid::from_raw(session.child.id().cast_signed()), Signal::SIGINT).unwrap();
    session.expect("Interrupted: what supervisord was asked for goes on without us\r\n");
    session.expect("restart is not finished: start all starts what has been stopped\r\n");
    let (shown, status) = session.end();
    assert_eq!(status, None, "{shown}");
}
